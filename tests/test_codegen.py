"""Emitted NumPy against a naive evaluation of core nodes: nested loops over all labels, no broadcasting, no order chosen."""

from __future__ import annotations

import inspect
import itertools
import keyword
import math
import os
import subprocess
import sys
import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matcalc.codegen import Parameter, Source, compile_function, generate, parameters_of, python_name
from matcalc.differentiate import derivative
from matcalc.errors import MatcalcError
from matcalc.expr import (
    Add,
    Apply,
    Constant,
    Delta,
    Derivative,
    Node,
    Number,
    Power,
    Product,
    Size,
    Unknown,
    Variable,
    add,
    apply_elementwise,
    identity,
    ones,
    power,
    product,
    scale,
    transpose,
    zero,
)
from matcalc.form import Shape
from matcalc.operation import load_operations, operations
from matcalc.tensor import Tensor, contract, matrix_function, plain
from matcalc.traversal import postorder

load_operations()

SIZES = {"k": 2, "m": 3, "n": 4, "p": 5, "q": 2, "r": 3}


# ---- The naive evaluation ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Info:
    """A variable as a program knows it."""

    kind: str
    shape: Shape
    arguments: tuple[str, ...] = ()


def sizes_of(shape: tuple[int | str, ...]) -> tuple[int, ...]:
    return tuple(d if isinstance(d, int) else SIZES[d] for d in shape)


def loop(node: Product, values: list[Any]) -> Any:
    sizes = {label: sizes_of((d,))[0] for label, d in node.dimensions().items()}
    result = np.zeros(sizes_of(node.shape), dtype=complex)
    labels = sorted(sizes)
    for place in itertools.product(*(range(sizes[label]) for label in labels)):
        at = dict(zip(labels, place, strict=True))
        entries = [v[tuple(at[k] for k in group)] for v, group in zip(values, node.labels, strict=True)]
        result[tuple(at[k] for k in range(node.order))] += float(node.coefficient) * math.prod(entries)
    return result


def softmax(x: Any) -> Any:
    return np.exp(x) / np.exp(x).sum(axis=-1, keepdims=True)


def adjugate(x: Any) -> Any:
    def cofactor(i: int, j: int) -> Any:
        return (-1) ** (i + j) * np.linalg.det(np.delete(np.delete(x, i, 0), j, 1))

    return np.array([[cofactor(j, i) for j in range(len(x))] for i in range(len(x))])


FUNCTIONS = {
    **{n: getattr(np, n) for n in ("exp", "log", "abs", "sign", "sin", "cos", "tan", "sinh", "cosh", "tanh")},
    **{"maximum": np.maximum, "minimum": np.minimum, "asin": np.arcsin, "acos": np.arccos, "atan": np.arctan, "pow": np.power},
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "softplus": lambda x: np.log(1 + np.exp(x)),
    "silu": lambda x: x / (1 + np.exp(-x)),
    "relu": lambda x: np.where(x > 0, x, 0),
    "step": lambda x: np.where(x > 0, 1.0, 0.0),
    "erf": np.vectorize(math.erf),
    "gelu": lambda x: x * (1 + np.vectorize(math.erf)(x / math.sqrt(2))) / 2,
    "inv": np.linalg.inv,
    "det": np.linalg.det,
    "logdet": lambda x: np.log(np.abs(np.linalg.det(x))),
    "adj": adjugate,
    "softmax": softmax,
    "logsoftmax": lambda x: np.log(softmax(x)),
    "logsumexp": lambda x: np.log(np.exp(x).sum(axis=-1)),
    "f": lambda x: x**3,
    "df": lambda x: 3 * x**2,
}


def matrix_value(node: Apply, x: Any) -> Any:
    """A matrix operation, compound axes joined, one row at a time."""
    ends = list(itertools.accumulate((1,) * node.rows + (node.groups or ()), initial=0))
    joined = x.reshape([math.prod(x.shape[a:b]) for a, b in itertools.pairwise(ends)])
    places = list(np.ndindex(joined.shape[: node.rows]))
    return np.array([FUNCTIONS[node.name](joined[place]) for place in places]).reshape(sizes_of(node.shape))


def naive(root: Node, given_values: Mapping[str, Any]) -> Any:
    values: dict[Node, Any] = {}
    for node in postorder(root):
        below = [values[operand] for operand in node.operands]
        if isinstance(node, Variable):
            value = given_values[node.name]
        elif isinstance(node, Number):
            value = float(node.value)
        elif isinstance(node, Size):
            value = float(SIZES[node.dimension])
        elif isinstance(node, Constant):
            value = math.pi
        elif isinstance(node, Delta):
            value = np.eye(sizes_of(node.shape)[0])
        elif isinstance(node, Add):
            value = sum(below)
        elif isinstance(node, Product):
            value = np.real_if_close(loop(node, below))
        elif isinstance(node, Power):
            value = below[0] ** float(node.exponent)
        elif isinstance(node, Unknown):
            value = FUNCTIONS["d" * node.derivative_order + node.name](below[0])
        elif isinstance(node, Apply):
            value = FUNCTIONS[node.name](*below) if node.groups is None else matrix_value(node, below[0])
        else:
            raise NotImplementedError(node)
        values[node] = np.asarray(value)
    return values[root]


# ---- Comparison -------------------------------------------------------------------------------------------------------


def variables_of(*nodes: Node) -> dict[str, Info]:
    found = [node for node in postorder(*nodes) if isinstance(node, Variable)]
    return {v.name: Info("matrix", tuple((d,) for d in v.shape), v.argument_names) for v in found}


def emitted(node: Node, **options: Any) -> Source:
    return generate({"X": plain(node)}, parameters_of([node], variables_of(node)), docstring="An answer.", **options)


def random_values(*nodes: Node, seed: int = 0) -> dict[str, Any]:
    random = np.random.default_rng(seed)
    shapes = {node.name: sizes_of(node.shape) for node in postorder(*nodes) if isinstance(node, Variable)}
    return {name: random.uniform(0.3, 1.5, shapes[name]) for name in sorted(shapes)}


def arguments(function: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    known = {**SIZES, **{n: FUNCTIONS[n] for n in ("f", "df")}, **values}
    return {name: known[name] for name in inspect.signature(function).parameters}


def assert_right(node: Node, seed: int = 0) -> str:
    """The emitted function agrees with the naive evaluation, in value, shape and type, and leaves its arguments alone."""
    source = emitted(node)
    function = compile_function(source)
    values = random_values(node, seed=seed)
    passed = {name: np.copy(value) for name, value in values.items()}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = function(**arguments(function, passed))
    expected = naive(node, values)
    assert np.shape(result) == sizes_of(node.shape), source
    assert np.asarray(result).dtype == float, source
    assert not isinstance(result, np.ndarray) or (result.flags.writeable and result.ndim), source
    np.testing.assert_allclose(result, expected, rtol=1e-9, atol=1e-9, err_msg=source)
    for name, value in values.items():
        np.testing.assert_array_equal(passed[name], value)
        assert not np.shares_memory(result, passed[name]), source
    return str(source)


def body(source: str) -> str:
    """The statements of the function, without its docstring."""
    return source[source.index("def derivative") :].split('"""')[2]


# ---- The language of core nodes ---------------------------------------------------------------------------------------

A, B, C = (Variable.make(name, shape) for name, shape in (("A", ("m", "n")), ("B", ("m", "n")), ("C", ("n", "p"))))
S, T = Variable.make("S", ("n", "n")), Variable.make("T", ("n", "n"))
x, y, z = Variable.make("x", ("n",)), Variable.make("y", ("n",)), Variable.make("z", ("m",))
alpha, beta = Variable.make("alpha", ()), Variable.make("beta", ())


def by_letters(specification: str, *nodes: Node) -> Node:
    return contract(specification, *map(plain, nodes)).node


def on_matrix(name: str, node: Node) -> Node:
    return matrix_function(name, plain(node)).node


PLAIN = {
    "matrix-vector": (by_letters("ij,j->i", A, x), "A @ x"),
    "row-matrix": (by_letters("ij,i->j", A, z), "z @ A"),
    "inner": (by_letters("i,i->", x, y), "x @ y"),
    "outer": (by_letters("i,j->ij", z, x), "np.outer(z, x)"),
    "product": (by_letters("ij,jk->ik", A, C), "A @ C"),
    "transposed-product": (by_letters("ij,jk->ki", A, C), "(A @ C).T"),
    "gram": (by_letters("ki,kj->ij", A, A), "A.T @ A"),
    "vector-first": (by_letters("ij,jk,k->i", A, C, Variable.make("u", ("p",))), "A @ (C @ u)"),
    "scaled-rows": (by_letters("ij,i->ij", A, z), "A * z[:, None]"),
    "scaled-columns": (by_letters("ij,j->ij", A, x), "A * x"),
    "hadamard": (by_letters("ij,ij->ij", A, B), "A * B"),
    "row-sums": (by_letters("ij->i", A), "A.sum(axis=1)"),
    "total": (by_letters("ij->", A), "A.sum()"),
    "trace": (by_letters("ii->", S), "np.trace(S)"),
    "trace-of-product": (by_letters("ij,ji->", S, T), 'np.einsum("ij,ji->", S, T)'),
    "row-products": (by_letters("ij,ij->i", A, B), 'np.einsum("ij,ij->i", A, B)'),
    "diagonal": (by_letters("ii->i", S), 'np.einsum("ii->i", S).copy()'),
    "transpose": (transpose(A, (1, 0)), "A.T.copy()"),
    "itself": (A, "A.copy()"),
    "scalar": (alpha, "alpha[()]"),
    "twice": (scale(2, A), "2 * A"),
    "third": (scale(Fraction(1, 3), A), "A / 3"),
    "two-thirds": (scale(Fraction(-2, 3), A), "-2 * A / 3"),
    "half": (scale(Fraction(1, 2), A), "0.5 * A"),
    "number": (Number.make(3), "3.0"),
    "size": (by_letters("->", product(2, [], [], {"i": "n"})), "float(2 * n)"),
    "zeros": (zero(("m", "n")), "np.zeros((m, n))"),
    "ones": (ones(("m", "n")), "np.ones((m, n))"),
    "filled": (ones(("m",), Fraction(5, 2)), "np.full(m, 2.5)"),
    "identity": (Delta.make("n"), "np.eye(n)"),
    "diagonal-matrix": (by_letters("i,ij->ij", x, Delta.make("n")), None),
    "square": (power(A, Fraction(2)), "A**2"),
    "root": (power(A, Fraction(1, 2)), "np.sqrt(A)"),
    "one-over-root": (power(alpha, Fraction(-1, 2)), "1 / np.sqrt(alpha)"),
    "quotient": (by_letters("ij,i->ij", A, power(z, Fraction(-1))), "A / z[:, None]"),
    "norm-gradient": (by_letters("i,->i", x, power(by_letters("i,i->", x, x), Fraction(-1, 2))), "x / np.sqrt(x @ x)"),
    "pi": (by_letters("i,->i", x, Constant.make("pi")), "np.pi * x"),
    "difference": (add([scale(-1, A), B]), "B - A"),
    "affine": (add([ones(("n",)), scale(-2, x)]), "1 - 2 * x"),
    "broadcast-sum": (by_letters("ij->ij", add([A, by_letters("i,ij->ij", z, ones(("m", "n")))])), "A + z[:, None]"),
    "solve": (by_letters("ij,j->i", on_matrix("inv", S), x), "np.linalg.solve(S, x)"),
    "solve-transposed": (by_letters("ji,j->i", on_matrix("inv", S), x), "np.linalg.solve(S.T, x)"),
    "solve-right": (by_letters("ij,jk->ik", A, on_matrix("inv", S)), "np.linalg.solve(S.T, A.T).T"),
    "identity-in-inverse": (on_matrix("inv", add([Delta.make("n"), S])), "np.linalg.inv(np.eye(n) + S)"),
    "power-of-matrix": (by_letters("ab,bc,cd,de,ef->af", S, S, S, S, S), "np.linalg.matrix_power(S, 5)"),
    "logistic-hessian": (by_letters("ki,k,kj->ij", A, z, A), "A.T @ (z[:, None] * A)"),
}


@pytest.mark.parametrize("name", PLAIN)
def test_a_node_is_the_expression_that_a_person_would_write(name: str) -> None:
    node, expected = PLAIN[name]
    source = assert_right(node)
    assert expected is None or source.rstrip().endswith("return " + expected), body(source)


RIGHT = {
    "kronecker": by_letters("ik,jl->ijkl", S, A),
    "crossed": by_letters("il,kj->ijkl", S, A),
    "negative-kronecker": scale(-1, by_letters("ik,lj->ijkl", S, S)),
    "scaled-kronecker": by_letters(",ik,jl->ijkl", alpha, S, A),
    "hyper-index": by_letters("ia,ib,ic->abc", A, A, A),
    "batched": by_letters("bij,bjk->bik", Variable.make("P", ("k", "m", "n")), Variable.make("Q", ("k", "n", "p"))),
    "batched-last": by_letters("ijb,kjb->bki", Variable.make("P", ("m", "n", "k")), Variable.make("Q", ("p", "n", "k"))),
    "tensordot": by_letters("ijk,jkl->il", Variable.make("P", ("m", "n", "k")), Variable.make("Q", ("n", "k", "p"))),
    "tensordot-crossed": by_letters("kij,jkl->li", Variable.make("P", ("k", "m", "n")), Variable.make("Q", ("n", "k", "p"))),
    "tensor-vector": by_letters("ijk,k->ij", Variable.make("P", ("k", "m", "n")), x),
    "tensor-middle": by_letters("ijk,j->ki", Variable.make("P", ("k", "n", "m")), x),
    "tensor-permuted": by_letters("ijk->kij", Variable.make("P", ("k", "n", "m"))),
    "tensor-sums": by_letters("ijk->j", Variable.make("P", ("k", "n", "m"))),
    "tensor-trace": by_letters("iij->j", Variable.make("P", ("n", "n", "m"))),
    "trace-times": by_letters("ii,jk->jk", S, A),
    "two-scalars": by_letters("i,i,jk,jk,ab->ab", x, y, A, B, S),
    "cubes": power(A, Fraction(3)),
    "fourth": power(A, Fraction(-4)),
    "fractional": power(A, Fraction(-5, 3)),
    "reciprocal-cube": by_letters("ij,i->ij", A, power(z, Fraction(-3))),
    "sixth": power(alpha, Fraction(6)),
    "ones-axes": product(2, [(z, "b")], "abc", {"a": "n", "c": "p"}),
    "scalar-everywhere": product(-1, [(alpha, "")], "ab", {"a": "n", "b": "p"}),
    "size-everywhere": product(3, [(Size.make("n"), "")], "ab", {"a": "n", "b": "p"}),
    "sum-of-broadcast": by_letters("ij,j->i", add([product(1, [(z, "i")], "ij", {"j": "n"}), ones(("m", "n"))]), x),
    "counted": by_letters("ij->i", power(product(1, [(z, "i")], "ij", {"j": "n"}), Fraction(2))),
    "function-of-broadcast": apply_elementwise("exp", product(1, [(z, "i")], "ij", {"j": "n"})),
    "function-of-transpose": apply_elementwise("maximum", transpose(A, (1, 0)), transpose(B, (1, 0))),
    "mixed-transpose": add([transpose(A, (1, 0)), Variable.make("N", ("n", "m"))]),
    "delta-sum": add([Delta.make("n"), scale(-2, S)]),
    "delta-in-function": apply_elementwise("exp", by_letters("i,ij->ij", x, Delta.make("n"))),
    "delta-difference": add([S, scale(-1, by_letters("i,ij->ij", x, Delta.make("n")))]),
    "delta-of-two": by_letters("ik,jl->ijkl", Delta.make("m"), Delta.make("n")),
    "delta-of-three": product(3, [(Delta.make("n"), "ab"), (Delta.make("n"), "bc"), (x, "a")], "abc"),
    "delta-and-ones": product(-1, [(Delta.make("n"), "ab")], "abc", {"c": "m"}),
    "deltas-of-one-pattern": add(
        [by_letters("ik,j->ijk", Delta.make("n"), z), by_letters("ik,,j->ijk", Delta.make("n"), alpha, z)]
    ),
    "deltas-of-patterns": add(
        [by_letters("ik,jl->ijkl", Delta.make("n"), S), scale(-3, by_letters("jl,ik->ijkl", Delta.make("n"), T))]
    ),
    "delta-and-parameter": add([by_letters("ik,j->ijk", Delta.make("n"), x), Variable.make("P", ("n", "n", "n"))]),
    "delta-in-inner-tensor": apply_elementwise("exp", by_letters("ik,j->ijk", Delta.make("n"), z)),
    "deltas-of-one-pattern-contracted": by_letters(
        "ijk,kl->ijl", add([by_letters("ik,j->ijk", Delta.make("n"), v) for v in (z, apply_elementwise("exp", z))]), S
    ),
    "deltas-of-one-pattern-traced": by_letters(
        "iji->j", add([by_letters("ik,j->ijk", Delta.make("n"), v) for v in (z, apply_elementwise("exp", z))])
    ),
    "sum-over-ones-of-a-product": by_letters("ij->i", product(1, [(x, "a"), (y, "a")], "ab", {"b": "m"})),
    "sum-in-sum": add(
        [transpose(S, (1, 0)), power(T, Fraction(2)), scale(-1, by_letters("ij,->ij", Delta.make("n"), alpha))]
    ),
    "product-of-transposed": by_letters("ij,jk->ki", by_letters("ij,kj->ki", A, A), add([A, B])),
    "vector-in-the-middle": by_letters("ijk,j->ik", Variable.make("P", ("k", "n", "m")), x),
    "tensor-times-matrix": by_letters("ijk,lk->ijl", Variable.make("P", ("k", "m", "n")), Variable.make("Q", ("p", "n"))),
    "unknown": by_letters("i,i->i", Unknown.make("f", 1, x), Unknown.make("f", 0, x)),
    "deep-product": by_letters("ij,jk->ik", by_letters("ij,jk->ik", A, C), transpose(C, (1, 0))),
    "inverse-twice": by_letters("ij,jk->ik", on_matrix("inv", S), on_matrix("inv", T)),
    "inverse-of-sum": by_letters("ji,jk->ik", on_matrix("inv", add([S, transpose(T, (1, 0))])), C),
    "softmax-rows": on_matrix("softmax", x),
    "rows-passed": matrix_function("logsumexp", plain(A), rows=1).node,
    "compound-inverse": matrix_function("inv", Tensor(Variable.make("P", ("k", "m", "k", "m")), (2, 2))).node,
    "compound-determinant": matrix_function("det", Tensor(Variable.make("P", ("k", "m", "k", "m")), (2, 2))).node,
    "compound-softmax": matrix_function("softmax", Tensor(Variable.make("P", ("k", "m", "n")), (1, 2)), rows=1).node,
    "integer-dimensions": by_letters("ij,jk->ik", Variable.make("P", (2, 3)), Variable.make("Q", (3, "n"))),
    "huge-number": scale(Fraction(10) ** 30, A),
    "ugly-number": scale(Fraction(2**40 + 1, 3**30), A),
    "long-sum": add([scale(k, power(A, Fraction(k))) for k in range(5, 25)]),
    "long-product": by_letters("ij,jk,kl,lm,mn,no,op,pq->iq", *[S, T] * 4),
    "long-chain-and-vector": by_letters("ij,jk,kl,lm,mn,no,op,p->i", *[S, T] * 3, S, x),
    "many-scalars": by_letters(",,,,,,,,->", *(Variable.make(f"s{k}", ()) for k in range(9))),
    "powers-and-trace": by_letters("ij,jk,kl,lm,mi->", S, S, S, S, S),
    "two-runs": by_letters("ij,jk,kl,lm,ab,bc,cd,de->imae", *[S] * 8),
}


@pytest.mark.parametrize("name", RIGHT)
def test_emitted_code_agrees_with_nested_loops(name: str) -> None:
    assert_right(RIGHT[name])


def domain_argument(domain: str, node: Node) -> Node:
    return scale(Fraction(1, 2), node) if domain == "(-1, 1)" else node


@pytest.mark.parametrize("record", [o for o in operations() if o.derivative], ids=repr)
def test_every_elementwise_operation_and_its_derivative(record: Any) -> None:
    nodes = [domain_argument(record.domain, node) for node in (A, B)][: record.arity]
    node = apply_elementwise(record.name, *nodes)
    assert_right(node)
    assert_right(derivative(by_letters("ij->", node), A))


@pytest.mark.parametrize("record", [o for o in operations() if o.jacobian], ids=repr)
def test_every_matrix_operation_and_its_derivative(record: Any) -> None:
    variable = x if len(record.overloads[0].inputs[0]) == 1 else S
    node = on_matrix(record.name, variable)
    assert_right(node)
    assert_right(derivative(node, variable))


DERIVATIVES = {
    "product-by-matrix": (by_letters("ij,j->i", A, x), A),
    "gram": (by_letters("ki,kj->ij", B, B), B),
    "inverse": (on_matrix("inv", S), S),
    "softmax": (on_matrix("softmax", x), x),
    "sandwich": (by_letters("ij,jk,lk->il", S, T, S), T),
    "cube": (by_letters("ij,jk,kl->il", S, S, S), S),
    "elementwise": (apply_elementwise("tanh", A), A),
    "scaled-rows": (by_letters("i,ij->ij", apply_elementwise("exp", z), A), z),
    "itself": (A, A),
}


@pytest.mark.parametrize("name", DERIVATIVES)
def test_no_identity_matrix_is_made_in_a_derivative(name: str) -> None:
    source = assert_right(derivative(*DERIVATIVES[name]))
    assert "np.eye" not in source
    assert "np.diag" not in source


# ---- Random products --------------------------------------------------------------------------------------------------


@st.composite
def products(draw: st.DrawFn) -> Node:
    """Products of random factors: repeated labels, hyper-indices, ones axes, deltas, summed labels that nothing has."""
    letters = "abcdef"
    dimension = {letter: draw(st.sampled_from(["k", "q", "m", 3])) for letter in letters}
    factors: list[tuple[Node, str]] = []
    for number in range(draw(st.integers(0, 5))):
        labels = draw(st.text(letters[: draw(st.integers(1, 6))], max_size=3))
        shape = tuple(dimension[c] for c in labels)
        variable = Variable.make(f"V{number}_" + "_".join(map(str, shape)), shape)
        factors.append((draw(st.sampled_from([variable, apply_elementwise("exp", variable)])), labels))
    pairs = [(c, d) for c, d in itertools.combinations(letters, 2) if dimension[c] == dimension[d]]
    if pairs:
        factors += [(Delta.make(dimension[c]), c + d) for c, d in draw(st.lists(st.sampled_from(pairs), max_size=2))]
    out = draw(st.text(letters, max_size=4).map(lambda text: "".join(dict.fromkeys(text))))
    return product(draw(st.sampled_from([1, -1, 2, Fraction(-2, 3)])), factors, out, dimension)


SETTINGS = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@SETTINGS
@given(products(), st.integers(0, 100))
def test_random_products(node: Node, seed: int) -> None:
    assert_right(node, seed)


@SETTINGS
@given(st.lists(products(), min_size=2, max_size=4), st.integers(0, 100))
def test_random_sums_of_products(nodes: list[Node], seed: int) -> None:
    alike = [node for node in nodes if node.order == nodes[0].order and sizes_of(node.shape) == sizes_of(nodes[0].shape)]
    terms = [transpose(node, range(node.order)) for node in alike if node.shape == nodes[0].shape]
    assert_right(add(terms), seed)
    assert_right(power(add([*terms, ones(nodes[0].shape, 1000)]), Fraction(2)), seed)


@SETTINGS
@given(products(), st.integers(0, 1))
def test_random_products_of_sums(node: Node, which: int) -> None:
    summed = by_letters("ab->", by_letters("a,b->ab", ones(("m",)), ones(("n",))))
    outer = product(1, [(add([node, ones(node.shape, 2)]), range(node.order)), (summed, ())], range(node.order))
    assert_right(by_letters(f"{'abcd'[: node.order]}->{'abcd'[: node.order * which]}", outer))


@st.composite
def nested_products(draw: st.DrawFn) -> Node:
    """Products and sums of products of random products, so that products stand in products."""
    nodes = [draw(products()) for _ in range(draw(st.integers(1, 3)))]
    for _ in range(draw(st.integers(1, 2))):
        factors = []
        for node in nodes:
            labels = [(d, draw(st.integers(0, 1))) for d in node.shape]
            factors.append((node, labels))
        carried = sorted({label for _, labels in factors for label in labels}, key=str)
        out = draw(st.lists(st.sampled_from(carried), max_size=3, unique=True)) if carried else []
        made = product(draw(st.sampled_from([1, -1, 3])), factors, out)
        nodes = [made, Variable.make("W_" + "_".join(map(str, made.shape)), made.shape)]
    return draw(st.sampled_from([nodes[0], add([nodes[0], scale(-2, nodes[1])])]))


@SETTINGS
@given(nested_products(), st.integers(0, 100))
def test_random_nested_products(node: Node, seed: int) -> None:
    assert_right(node, seed)


# ---- Parameters -------------------------------------------------------------------------------------------------------


def signature_of(node: Node, variables: Mapping[str, Info]) -> list[str]:
    return [parameter.python_name for parameter in parameters_of([node], variables)]


def test_all_free_variables_are_parameters_used_or_not() -> None:
    assert signature_of(zero(("n",)), {"x": Info("column", (("n",),)), "A": Info("matrix", (("n",), ("n",)))}) == ["A", "x"]


def test_unknown_functions_are_passed_as_far_as_they_are_needed() -> None:
    node = by_letters("i,i->i", Unknown.make("f", 2, x), Unknown.make("g", 0, x))
    assert signature_of(node, {"x": Info("column", (("n",),)), "f": Info("function", ()), "h": Info("function", ())}) == [
        "d2f",
        "g",
        "x",
    ]


def test_dependent_variables_are_passed_by_the_values_that_are_needed() -> None:
    dependent = Variable.make("M", ("m", "m"), [("alpha", alpha)])
    inverse = on_matrix("inv", dependent)
    infos = {"M": Info("matrix", (("m",), ("m",)), ("alpha",)), "alpha": Info("scalar", ())}
    answer = derivative(inverse, alpha)
    assert signature_of(answer, infos) == ["M", "alpha", "dM_dalpha"]
    function = compile_function(generate({"alpha": plain(answer)}, parameters_of([answer], infos), docstring=""))
    random = np.random.default_rng(0)
    value, slope = random.random((3, 3)), random.random((3, 3))
    result = function(value, 0.5, slope)
    np.testing.assert_allclose(result, -np.linalg.inv(value) @ slope @ np.linalg.inv(value))
    (only,) = (parameter for parameter in parameters_of([answer], {}) if parameter.kind != "array" or "/" in parameter.name)
    assert only == Parameter("d(M)/d(alpha)", "array", (("m",), ("m",)), "dM_dalpha")


def test_mixed_and_higher_derivatives_have_names() -> None:
    dependent = Variable.make("U", (), [("s", alpha), ("t", beta)])
    for positions, expected in (((0, 1), "d2U_dsdt"), ((0, 0), "d2U_ds2"), ((0, 1, 1), "d3U_dsdt2")):
        assert signature_of(Derivative.make(dependent, positions), {}) == [expected]


def test_a_dependent_scalar_by_a_matrix() -> None:
    loss = Variable.make("L", (), [("S", S)])
    node = derivative(derivative(loss, S), S)
    (parameter,) = parameters_of([node], {})
    assert (parameter.python_name, parameter.shape) == ("d2L_dS2", (("n",),) * 4)


def test_sizes_that_no_array_tells_are_parameters() -> None:
    node = by_letters("ij,->ij", ones(("m", "n")), Size.make("p"))
    assert signature_of(node, {"x": Info("column", (("n",),))}) == ["m", "p", "x"]
    assert_right(node)


def test_compound_axes_arrive_and_leave_flattened_in_row_major_order() -> None:
    flat = Variable.make("x", ("m", "n"))
    infos = {"x": Info("column", (("m", "n"),)), "A": Info("matrix", (("m",), ("n",)))}
    node = by_letters("ij,ij->ij", A, flat)
    answer = generate({"x": Tensor(node, (2,))}, parameters_of([node], infos), docstring="")
    matrix = np.arange(12.0).reshape(3, 4)
    np.testing.assert_array_equal(compile_function(answer)(matrix, matrix.ravel()), (matrix**2).ravel())


def test_a_dimension_is_read_from_a_compound_axis_when_the_others_are_known() -> None:
    flat = Variable.make("x", ("m", "n", 2))
    infos = {"x": Info("column", (("m", "n", 2),)), "z": Info("column", (("m",),))}
    node = by_letters("ijk->jik", flat)
    parameters = parameters_of([node], infos)
    assert [p.python_name for p in parameters] == ["x", "z"]
    result = compile_function(generate({"x": plain(node)}, parameters, docstring=""))(np.arange(24), np.zeros(3))
    np.testing.assert_array_equal(result, np.arange(24.0).reshape(3, 4, 2).transpose(1, 0, 2))


def test_two_unknown_dimensions_of_one_axis_are_parameters() -> None:
    infos = {"x": Info("column", (("m", "n"),))}
    assert signature_of(Variable.make("x", ("m", "n")), infos) == ["m", "n", "x"]


HOSTILE = [
    *keyword.kwlist, "np", "special", "derivative", "dtype", "float", "_array", "_softmax", "_sigmoid", "__import__",
    "__debug__", "__builtins__", "__name__", "t1", "t2", "out", "print", "exec", "eval", "self", "match", "case", "type",
    "_", "__", "l", "O", "I", "e", "inv_S", "softmax", "len", "open", "n", "m", "lambda_", "A", "result", "a" * 300,
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_of_variables_are_harmless(name: str) -> None:
    variable = Variable.make(name, ("n", "n"))
    other = Variable.make(name + "_", ("n",))
    softmax_ = on_matrix("softmax", by_letters("ij,j->i", on_matrix("inv", variable), other))
    node = derivative(by_letters("i,i->i", softmax_, apply_elementwise("sigmoid", softmax_)), other)
    node = add([node, by_letters("ij,->ij", Delta.make("n"), by_letters("ij,ij->", variable, variable))])
    source = emitted(node)
    function = compile_function(source)
    names = list(inspect.signature(function).parameters)
    assert len(names) == 2
    assert not any(keyword.iskeyword(n) or n in ("np", "derivative", "__import__") for n in names)
    values = random_values(node)
    by_python_name = {p.python_name: values[p.name] for p in parameters_of([node], variables_of(node))}
    np.testing.assert_allclose(function(**by_python_name), naive(node, values), rtol=1e-8, err_msg=source)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_of_dimensions_are_harmless(name: str) -> None:
    vector = Variable.make("x", (name,))
    source = emitted(derivative(on_matrix("softmax", vector), vector))
    assert compile_function(source)([1.0, 2.0]).shape == (2, 2)
    full = emitted(product(1, [(Size.make(name), ())], "ab", {"a": name, "b": 5}))
    np.testing.assert_array_equal(compile_function(full)(3), np.full((3, 5), 3.0))


@pytest.mark.parametrize(
    "name", ["", "a b", "x; import os", "x)", "1x", "x\n", "é", "λ", "x.y", "a-b", '"', "x'", "\0", "x=1", "*x", "ｎｐ", "f(x)"]
)
def test_what_is_no_identifier_is_refused(name: str) -> None:
    with pytest.raises(MatcalcError):
        python_name(name)
    with pytest.raises(MatcalcError):
        emitted(Variable.make(name, ("n",)))
    with pytest.raises(MatcalcError):
        emitted(ones((name, 2)))


def test_a_keyword_gets_an_underscore_and_no_two_names_become_one() -> None:
    both = by_letters(",->", Variable.make("lambda", ()), Variable.make("lambda_", ()))
    assert [(p.name, p.python_name) for p in parameters_of([both], variables_of(both))] == [
        ("lambda_", "lambda_"),
        ("lambda", "lambda__"),
    ]
    assert python_name("lambda") == "lambda_"
    assert python_name("softmax") == "softmax"


TEXTS = ['"""', "\\", '"', '\\"""', "a\nb", "\0", "\u202e", "\ud800", "x" * 500, "w " * 200, "'''", "{}%s", ""]


@pytest.mark.parametrize("text", TEXTS)
def test_the_docstring_is_text_whatever_is_in_it(text: str) -> None:
    source = generate({"X": plain(A)}, parameters_of([A], variables_of(A)), docstring=text)
    assert compile_function(source)(np.ones((2, 3))).shape == (2, 3)
    source.encode("utf-8")


def test_only_generated_text_is_executed() -> None:
    with pytest.raises(TypeError):
        compile_function("def derivative(): pass")  # type: ignore[arg-type]


# ---- What a function takes and returns ----------------------------------------------------------------------------------


def test_lists_integers_and_complex_numbers_are_welcome() -> None:
    function = compile_function(emitted(by_letters("ij,j->i", power(A, Fraction(-1)), x)))
    np.testing.assert_allclose(function([[1, 2], [4, 5]], [1, 2]), [2.0, 0.65])
    assert function(np.ones((2, 2)) + 1j, [1, 2]).dtype == complex
    assert function(np.ones((2, 2), np.float32), np.ones(2, np.float32)).dtype == np.float32


@pytest.mark.parametrize(
    "node",
    [
        by_letters("i,i->", on_matrix("softmax", x), y),
        by_letters("i->", apply_elementwise("sigmoid", x)),
        by_letters("i->", apply_elementwise("gelu", x)),
        by_letters("i->", apply_elementwise("silu", x)),
        on_matrix("logsumexp", x),
        power(by_letters("i,i->", x, x), Fraction(1, 2)),
        derivative(on_matrix("logsoftmax", x), x),
        add([by_letters("i,j,ij->ij", y, y, ones(("n", "n"))), by_letters("i,ij->ij", x, Delta.make("n"))]),
    ],
)
def test_a_complex_step_differentiates_what_is_emitted(node: Node) -> None:
    function = compile_function(emitted(node))
    values = random_values(node)
    exact = compile_function(emitted(derivative(node, x)))
    step = np.zeros(4, complex)
    step[1] = 1e-30j
    moved = function(**arguments(function, {**values, "x": values["x"] + step}))
    expected = exact(**arguments(exact, values))[..., 1]
    np.testing.assert_allclose(np.imag(moved) / 1e-30, expected, rtol=1e-12, atol=1e-15)


def test_several_answers_are_a_dict_and_share_their_work() -> None:
    residual = add([by_letters("ij,j->i", A, x), scale(-1, z)])
    loss = by_letters("i,i->", residual, residual)
    answers = {name: plain(derivative(loss, v)) for name, v in (("x", x), ("A", A))}
    parameters = parameters_of([t.node for t in answers.values()], variables_of(loss))
    source = generate(answers, parameters, docstring="", single=False, value=plain(loss))
    values = random_values(loss)
    value, found = compile_function(source)(**values)
    assert source.count("A @ x") == 1
    assert list(found) == ["x", "A"]
    np.testing.assert_allclose(value, naive(loss, values))
    for name, tensor in answers.items():
        np.testing.assert_allclose(found[name], naive(tensor.node, values), rtol=1e-12)


def test_two_equal_answers_are_two_arrays() -> None:
    answers = {name: plain(apply_elementwise("exp", A)) for name in ("x", "y")}
    source = generate(answers, parameters_of([A], variables_of(A)), docstring="", single=False)
    found = compile_function(source)(np.ones((2, 2)))
    assert not np.shares_memory(found["x"], found["y"])


def test_hostile_names_of_answers_are_literals() -> None:
    source = generate({'"] + "\n\\': plain(A)}, parameters_of([A], variables_of(A)), docstring="", single=False)
    assert list(compile_function(source)([[1.0]])) == ['"] + "\n\\']


def test_scalars_are_floats() -> None:
    for node in (Number.make(2), Size.make("n"), alpha, by_letters("ij,ij->", A, B), by_letters("ii->", S)):
        function = compile_function(emitted(node))
        assert isinstance(function(**arguments(function, random_values(node))), float)


EXTREME = np.array([-800.0, -40.0, 0.0, 40.0, 800.0])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("sigmoid", [0.0, 4.248354255291589e-18, 0.5, 1.0, 1.0]),
        ("softplus", [0.0, 4.248354255291589e-18, math.log(2), 40.0, 800.0]),
        ("silu", [0.0, -1.6993417021166355e-16, 0.0, 40.0, 800.0]),
        ("gelu", [0.0, -0.0, 0.0, 40.0, 800.0]),
    ],
)
def test_extreme_arguments_of_elementwise_functions(name: str, expected: list[float]) -> None:
    function = compile_function(emitted(apply_elementwise(name, x)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_allclose(function(EXTREME), expected, rtol=1e-14, atol=1e-300)


def test_extreme_arguments_of_softmax_and_its_logarithms() -> None:
    results = {n: compile_function(emitted(on_matrix(n, x)))(EXTREME) for n in ("softmax", "logsoftmax", "logsumexp")}
    np.testing.assert_allclose(results["softmax"], [0, 0, 0, 0, 1], atol=1e-300)
    np.testing.assert_allclose(results["logsoftmax"], EXTREME - 800)
    assert results["logsumexp"] == 800


def test_the_adjugate_of_a_singular_matrix() -> None:
    function = compile_function(emitted(on_matrix("adj", S)))
    for rank in (2, 3, 4):
        matrix = np.random.default_rng(rank).random((4, rank)) @ np.random.default_rng(rank + 9).random((rank, 4))
        np.testing.assert_allclose(function(matrix), adjugate(matrix), atol=1e-12)


def test_log_of_a_determinant_beyond_the_range_of_floats() -> None:
    function = compile_function(emitted(on_matrix("logdet", S)))
    assert function(np.eye(400) * 1e-3) == pytest.approx(400 * math.log(1e-3))


# ---- The text ---------------------------------------------------------------------------------------------------------


def network(depth: int) -> tuple[Node, Node]:
    layer = x
    first = Variable.make("W1", ("n", "n"))
    for k in range(1, depth + 1):
        weights = first if k == 1 else Variable.make(f"W{k}", ("n", "n"))
        layer = apply_elementwise("tanh", by_letters("ij,j->i", weights, layer))
    residual = add([layer, scale(-1, y)])
    return by_letters("i,i->", residual, residual), first


SAMPLES = {
    **{name: node for name, (node, _) in PLAIN.items()},
    **RIGHT,
    **{"d-" + name: derivative(*pair) for name, pair in DERIVATIVES.items()},
    "network": derivative(*network(6)),
    "every-helper": add([apply_elementwise(n, x) for n in ("sigmoid", "silu", "gelu", "erf")] + [on_matrix("logsoftmax", x)]),
    "ambiguous": by_letters(",,->", *(Variable.make(n, ()) for n in "lOI")),
}


def test_emitted_modules_pass_ruff(tmp_path: Any) -> None:
    for number, node in enumerate(SAMPLES.values()):
        (tmp_path / f"module{number}.py").write_text(emitted(node))
    ran = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--isolated", "--quiet", tmp_path], capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")


@pytest.mark.parametrize("name", SAMPLES)
def test_lines_are_short_and_clean(name: str) -> None:
    lines = emitted(SAMPLES[name]).split("\n")
    assert max(map(len, lines)) <= 100
    assert [line for line in lines if line != line.rstrip()] == []
    assert lines[-1] == ""
    assert lines[-2] != ""


def test_the_text_does_not_depend_on_the_hash_seed() -> None:
    code = (
        "import sys; sys.path[:0] = ['.', 'tests']\n"
        "import test_codegen as t\n"
        "print(hash('seed')); print(*(t.emitted(node) for node in t.SAMPLES.values()), file=sys.stderr)"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        )
        for seed in ("1", "2")
    ]
    assert runs[0].stdout != runs[1].stdout
    assert runs[0].stderr == runs[1].stderr


def test_a_deep_graph() -> None:
    node: Node = x
    for _ in range(1500):
        node = apply_elementwise("tanh", by_letters("ij,j->i", S, node))
    function = compile_function(emitted(node))
    value = np.ones(4)
    for _ in range(1500):
        value = np.tanh(np.full((4, 4), 0.1) @ value)
    np.testing.assert_allclose(function(np.full((4, 4), 0.1), np.ones(4)), value)


def test_a_wide_sum_and_a_wide_product() -> None:
    vectors = [Variable.make(f"v{k}", ("n",)) for k in range(1000)]
    total = compile_function(emitted(add(vectors)))
    np.testing.assert_allclose(total(*[np.ones(4)] * 1000), np.full(4, 1000.0))
    factors = compile_function(emitted(product(1, [(v, "i") for v in vectors], "i")))
    np.testing.assert_allclose(factors(*[np.ones(4)] * 1000), np.ones(4))


def test_a_shared_graph_is_computed_once() -> None:
    node: Node = S
    for _ in range(64):
        node = by_letters("ij,jk->ik", node, node)
    source = emitted(node)
    assert source.count("@") == 64


def test_emission_is_fast() -> None:
    loss, weights = network(64)
    gradient = derivative(loss, weights)
    emitted(gradient)
    start = time.perf_counter()
    emitted(gradient)
    assert time.perf_counter() - start < 1.0


def test_given_sizes_choose_the_order() -> None:
    node = by_letters("ij,jk,kl->il", A, C, Variable.make("E", ("p", "q")))
    assert body(emitted(node, sizes={"m": 2, "n": 90, "p": 90, "q": 90})).rstrip().endswith("return A @ C @ E")
    assert body(emitted(node, sizes={"m": 90, "n": 90, "p": 90, "q": 2})).rstrip().endswith("return A @ (C @ E)")


def test_identity_factors_are_products_of_deltas() -> None:
    source = assert_right(identity(("m", "n")))
    assert 'np.einsum("ijij->ij", out)[...] = 1' in source
