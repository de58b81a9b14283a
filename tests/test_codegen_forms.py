"""The forms that emitted code takes: those that a person would write by hand, and their values."""

from __future__ import annotations

import ast
import inspect
import math
import shlex
import time
import tracemalloc
import warnings
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import matcalc
from matcalc.__main__ import main
from matcalc.assumptions import Facts
from matcalc.codegen import compile_function
from matcalc.codegen.command import command_lines
from matcalc.codegen.distribution import distributed
from matcalc.codegen.gram import find_gram
from matcalc.codegen.graph import computed
from matcalc.codegen.separation import separated
from matcalc.codegen.signs import Signs
from matcalc.differentiate import derivative
from matcalc.expr import (
    Delta,
    Node,
    Number,
    Product,
    Size,
    Variable,
    add,
    apply_elementwise,
    apply_matrix,
    ones,
    power,
    product,
    scale,
)
from matcalc.operation import load_operations, operations
from tests.test_codegen import SIZES, arguments, body, by_letters, emitted, naive, random_values

load_operations()


def statements(source: str) -> list[str]:
    """The statements of an emitted function after those that make arrays of its arguments."""
    lines = [line.strip() for line in body(source).splitlines() if line.strip()]
    return [line for line in lines if "_array(" not in line and "_arrays(" not in line]


def derived(source: str, wrt: str, declare: str, order: int = 1) -> Any:
    return matcalc.derive(source, wrt=wrt, declare=declare, order=order)


LOGISTIC = "sum(log(1 + exp(-y.*(X*w))))"
FACTORS = "norm2(T - U*V')^2"
FACTORED = "T: matrix(m, n); U: matrix(m, k); V: matrix(n, k)"
GAUSSIAN = "1/2*logdet(S) + 1/2*(x - mu)'*inv(S)*(x - mu)"

#: Expression, variable, declarations, order, and the statements that a person would write.
FORMS = {
    "logistic gradient": (LOGISTIC, "w", "X: matrix(m, n)", 1, ["return -((_sigmoid(-y * (X @ w)) * y) @ X)"]),
    "logistic Hessian": (
        LOGISTIC, "w", "X: matrix(m, n)", 2,
        ["t1 = _sigmoid(-y * (X @ w))", "t2 = np.sqrt(y**2 * t1 * (1 - t1))[:, None] * X", "return t2.T @ t2"],
    ),
    "labels in one factor": (
        "sum(log(1 + exp(X*w))) - y'*X*w", "w", "X: matrix(m, n)", 1, ["return (_sigmoid(X @ w) - y) @ X"],
    ),
    "sign unknown": ("sum(c.*(X*w).^2)", "w", "X: matrix(m, n)", 2, ["return X.T @ ((2 * c)[:, None] * X)"]),
    "sign declared": (
        "sum(c.*(X*w).^2)", "w", "X: matrix(m, n); c: vector(m) positive", 2,
        ["t1 = np.sqrt(2 * c)[:, None] * X", "return t1.T @ t1"],
    ),
    "residual gradient": (FACTORS, "U", FACTORED, 1, ["return 2 * ((U @ V.T - T) @ V)"]),
    "factorization Hessian": (
        FACTORS, "U", FACTORED, 2,
        [
            "m = T.shape[0]",
            "k = U.shape[1]",
            "out = np.zeros((m, k, m, k), V.dtype)",
            'np.einsum("ijik->ijk", out)[...] = 2 * (V.T @ V)',
            "return out",
        ],
    ),
    "least squares": ("norm2(A*x - b)^2", "x", "A: matrix(m, n)", 1, ["return 2 * ((A @ x - b) @ A)"]),
    "least squares Hessian": ("norm2(A*x - b)^2", "x", "A: matrix(m, n)", 2, ["out = A.T @ A", "out *= 2", "return out"]),
    "quadratic form": ("x'*A*x", "x", "A: matrix(n, n)", 1, ["out = A @ x", "out += x @ A", "return out"]),
    "Gram matrix": (
        "B'*B", "B", "B: matrix(m, n)", 1,
        [
            "m, n = B.shape",
            "out = np.zeros((n, n, m, n), B.dtype)",
            'np.einsum("ijki->ijk", out)[...] = B.T',
            'np.einsum("ijkj->ijk", out)[...] += B.T[:, None, :]',
            "return out",
        ],
    ),
    "inverse": (
        "inv(X)", "X", "X: matrix(n, n)", 1,
        ["inv_X = np.linalg.inv(X)", "return (-inv_X)[:, None, :, None] * inv_X.T[:, None, :]"],
    ),
    "softmax": (
        "softmax(x)", "x", "x: vector(n)", 1,
        [
            "softmax_x = _softmax(x)",
            "out = np.outer(-softmax_x, softmax_x)",
            'np.einsum("ii->i", out)[...] += softmax_x',
            "return out",
        ],
    ),
    "softmax of a product": (
        "softmax(A*x)", "x", "A: matrix(m, n)", 1,
        ["t1 = _softmax(A @ x)", "out = A - t1 @ A", "out *= t1[:, None]", "return out"],
    ),
    "logsumexp Hessian": (
        "logsumexp(A*x)", "x", "A: matrix(m, n)", 2,
        [
            "t1 = _softmax(A @ x)",
            "t2 = np.sqrt(t1)[:, None] * A",
            "t3 = t1 @ A",
            "t2 = t2.T @ t2",
            "t2 -= np.outer(t3, t3)",
            "return t2",
        ],
    ),
    "covariance": (
        GAUSSIAN, "S", "S: matrix(n, n) positive-definite; x: vector(n); mu: vector(n)", 1,
        [
            "if not S.dtype == mu.dtype == x.dtype:",
            "inv_S = np.linalg.inv(S)",
            "t1 = inv_S @ (x - mu)",
            "out = 0.5 * inv_S",
            "out -= np.outer(0.5 * t1, t1)",
            "return out",
        ],
    ),
    "mean": (
        GAUSSIAN, "mu", "S: matrix(n, n) positive-definite; x: vector(n); mu: vector(n)", 1,
        ["return -np.linalg.solve(S, x - mu)"],
    ),
    "two solutions": (
        "a'*inv(S)*b", "S", "S: matrix(n, n); a: vector(n); b: vector(n)", 1,
        ["return np.outer(-np.linalg.solve(S.T, a), np.linalg.solve(S, b))"],
    ),
    "solutions together": (
        "(a'*inv(S)*b)*exp(a'*inv(S)*c)", "a", "S: matrix(n, n); a: vector(n); b: vector(n); c: vector(n)", 1,
        [
            "t1 = np.linalg.solve(S, np.column_stack((c, b)))",
            "t2 = np.exp(a @ t1[:, 0])",
            "return t2 * t1[:, 1] + (a @ t1[:, 1]) * t2 * t1[:, 0]",
        ],
    ),
    "symmetric solve": (
        "logdet(A*A')", "A", "A: matrix(m, n)", 1, ["return 2 * np.linalg.solve(A @ A.T, A)"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FORMS)
def test_the_form_is_the_one_that_a_person_would_write(name: str) -> None:
    source, wrt, declare, order, expected = FORMS[name]
    assert statements(derived(source, wrt, declare, order).numpy()) == expected


@pytest.mark.parametrize("name", FORMS)
def test_its_values_agree_with_differences(name: str) -> None:
    source, wrt, declare, order, _ = FORMS[name]
    assert derived(source, wrt, declare, order).check().agrees


@pytest.mark.parametrize("name", FORMS)
def test_its_values_agree_with_nested_loops(name: str) -> None:
    source, wrt, declare, order, _ = FORMS[name]
    D = derived(source, wrt, declare, order)
    values = random_values(D.node)
    for variable in D.program.variables.values():
        if variable.name in values and "positive-definite" in variable.properties:
            values[variable.name] = values[variable.name] @ values[variable.name].T + np.eye(4)
    for variable in D.free_variables.values():
        values.setdefault(variable.name, np.ones([SIZES[d] for (d,) in variable.shape]))
    names = inspect.signature(D.function()).parameters
    found = D.function()(**{name: values[name] for name in names})
    np.testing.assert_allclose(found, naive(D.node, values), rtol=1e-10, atol=1e-12)


def test_a_symmetric_inverse_behind_a_matrix_is_solved_without_a_transpose_of_its_matrix() -> None:
    D = derived("logdet(X'*X)", "X", "X: matrix(m, n)")
    assert statements(D.numpy()) == ["return 2 * np.linalg.solve(X.T @ X, X.T).T"]
    assert D.check(sizes={"m": 6, "n": 3}).agrees


NETWORK = "H = tanh(X*V)\nL = -sum(Y.*logsoftmax(H*W))"


def test_a_network_shares_its_work_whatever_is_transposed() -> None:
    D = matcalc.derive(NETWORK, wrt=["V", "W"], declare="X: matrix(b, d); V: matrix(d, h); W: matrix(h, c); Y: matrix(b, c)")
    assert statements(D.numpy()) == [
        "Z_H = X @ V",
        "H = np.tanh(Z_H)",
        "Z_L = H @ W",
        "delta_1 = Y.sum(axis=1)[:, None] * _softmax(Z_L) - Y",
        "delta_2 = (delta_1 @ W.T) * (1 - H**2)",
        "return {",
        '"V": X.T @ delta_2,',
        '"W": H.T @ delta_1,',
        "}",
    ]


def test_a_vector_of_the_input_is_multiplied_in_last() -> None:
    D = derived("logsumexp(W*tanh(V*x))", "V", "W: matrix(c, h); V: matrix(h, d); x: vector(d)", 2)
    lines = statements(D.numpy())
    assert lines[-1].startswith("return np.outer(x, x)[:, None, :] * ")
    assert not any("None, :, None" in line for line in lines[:-1])


# ---- Symmetric products ---------------------------------------------------------------------------------------------


def test_the_half_of_a_long_product_is_computed_once() -> None:
    A, B = Variable.make("A", ("m", "n")), Variable.make("B", ("n", "p"))
    weight = apply_elementwise("exp", Variable.make("v", ("m",)))
    node = by_letters("mi,ip,m,mj,jq->pq", A, B, weight, A, B)
    source = emitted(node)
    assert source.count("A @ B") == 1
    assert "np.sqrt" in source
    check_value(node, source)


@pytest.mark.parametrize("specification", ["mi,m,mj->ij", "im,m,jm->ij", "mi,m,mj->ji", "im,m,jm->ji"])
def test_every_orientation_of_a_symmetric_product(specification: str) -> None:
    A = Variable.make("A", ("n", "n"))
    node = by_letters(specification, A, apply_elementwise("exp", Variable.make("v", ("n",))), A)
    source = emitted(node)
    assert "np.sqrt(np.exp(v))" in source
    check_value(node, source)


@pytest.mark.parametrize("coefficient", [3, -3, Fraction(1, 2), Fraction(-1, 2)])
def test_a_coefficient_goes_under_the_root_and_its_sign_does_not(coefficient: Fraction) -> None:
    A, v = Variable.make("A", ("m", "n")), apply_elementwise("exp", Variable.make("v", ("m",)))
    node = product(coefficient, [(A, "mi"), (v, "m"), (A, "mj")], "ij")
    check_value(node, emitted(node))
    check_value(add([node, by_letters("mi,mj->ij", A, A)]), emitted(add([node, by_letters("mi,mj->ij", A, A)])))


NOT_SYMMETRIC = {
    "two matrices": ("mi,m,mj->ij", "A v B"),
    "another place": ("mi,m,jm->ij", "S v S"),
    "a cycle": ("ij,ji->", "S S"),
    "one end": ("mi,mj,j->i", "A A x"),
    "no middle": ("i,j->ij", "x x"),
    "two joints": ("mni,mnj->ij", "G G"),
    "entries": ("ij,ij->ij", "S S"),
}


@pytest.mark.parametrize("name", NOT_SYMMETRIC)
def test_what_is_no_symmetric_product_is_none(name: str) -> None:
    specification, heads = NOT_SYMMETRIC[name]
    inputs, out = specification.split("->")
    labels = [tuple(map(ord, group)) for group in inputs.split(",")]
    assert find_gram(heads.split(), labels, [ord(c) for c in out], lambda k: False) is None


def test_a_symmetric_factor_may_stand_either_way_round() -> None:
    labels = [(3, 0), (3, 4), (1, 4)]
    assert find_gram(["S", "D", "S"], labels, [0, 1], lambda k: False) is None
    labels = [(2, 0), (1, 2)]
    assert find_gram(["S", "S"], labels, [0, 1], lambda k: False) is None
    found = find_gram(["S", "S"], labels, [0, 1], lambda k: True)
    assert found is not None
    assert (found.label, found.ends) == (2, (0, 1))


def check_value(node: Node, source: Any, seed: int = 0) -> None:
    function, values = compile_function(source), random_values(node, seed=seed)
    found = function(**arguments(function, values))
    np.testing.assert_allclose(found, naive(node, values), rtol=1e-10, atol=1e-10, err_msg=source)


# ---- Signs ----------------------------------------------------------------------------------------------------------

u, v = Variable.make("u", ("n",)), Variable.make("v", ("n",))


def sigmoid(x: Node) -> Node:
    return apply_elementwise("sigmoid", x)


SIGNS: dict[str, tuple[Node, bool]] = {
    "variable": (u, False),
    "square": (power(u, Fraction(2)), True),
    "cube": (power(u, Fraction(3)), False),
    "reciprocal": (power(u, Fraction(-1)), False),
    "root": (power(u, Fraction(1, 2)), True),
    "exponential": (apply_elementwise("exp", u), True),
    "one less sigmoid": (1 - sigmoid(u), True),
    "one less two sigmoids": (1 - 2 * sigmoid(u), False),
    "half less sigmoid": (add([ones(("n",), Fraction(1, 2)), scale(-1, sigmoid(u))]), False),
    "one less tanh": (1 - apply_elementwise("tanh", u), True),
    "one less tanh squared": (1 - power(apply_elementwise("tanh", u), Fraction(2)), True),
    "one less tangent squared": (1 - power(apply_elementwise("tan", u), Fraction(2)), False),
    "one less two cosines": (1 - apply_elementwise("cos", u) - apply_elementwise("sin", u), False),
    "sigmoid less one": (sigmoid(u) - 1, False),
    "pair": (by_letters("i,i,i->i", u, sigmoid(u), u), True),
    "odd": (by_letters("i,i,i->i", u, u, u), False),
    "different": (by_letters("i,i->i", u, v), False),
    "square of a sum": (by_letters("i,i->", u, u), True),
    "not at one place": (by_letters("i,j->ij", u, u), False),
    "negative": (scale(-1, sigmoid(u)), False),
    "sum": (sigmoid(u) + power(v, Fraction(2)), True),
    "sum with unknown": (sigmoid(u) + v, False),
    "size": (Size.make("n"), True),
    "number": (Number.make(-1), False),
    "softmax": (1 - apply_matrix("softmax", u, (1,)), True),
}


def known_signs(node: Node, facts: Facts | None = None) -> bool:
    signs = Signs(facts or Facts())
    for below in computed([node]):
        signs.note(below)
    return signs.nonnegative(node)


@pytest.mark.parametrize("name", SIGNS)
def test_which_values_are_known_to_be_nonnegative(name: str) -> None:
    node, expected = SIGNS[name]
    assert known_signs(node) is expected


def test_a_declared_simplex_is_nonnegative_and_its_complement_is_not_relied_on() -> None:
    facts = Facts({"u": frozenset({"simplex"})})
    assert known_signs(u, facts)
    assert not known_signs(1 - u, facts)


@pytest.mark.parametrize("record", [o for o in operations() if "bounded" in o.facts], ids=repr)
def test_bounded_operations_are_bounded_after_rounding(record: Any) -> None:
    x = np.concatenate([np.linspace(-60, 60, 4001), [-800.0, 800.0, 1e-300, 5e-324]])
    argument = Variable.make("x", (len(x),))
    node = apply_elementwise(record.name, argument) if record.derivative else apply_matrix(record.name, argument, (1,))
    assert (np.abs(compile_function(emitted(node))(x)) <= 1).all()


# ---- Rewriting keeps values -----------------------------------------------------------------------------------------

HEADS = {
    **{name: Variable.make(name, ("n", "n")) for name in "ABS"},
    **{name: Variable.make(name, ("n",)) for name in "uvw"},
    "G": Variable.make("G", ("n", "n", "n")),
}


@st.composite
def terms(draw: st.DrawFn, out: str) -> Node:
    """A product of few heads to some axes."""
    names = draw(st.lists(st.sampled_from(sorted(HEADS)), min_size=1, max_size=4))
    factors = [(HEADS[n], draw(st.text("ijkab", min_size=HEADS[n].order, max_size=HEADS[n].order))) for n in names]
    if draw(st.booleans()) and len(out) > 1:
        factors.append((Delta.make("n"), out[:2]))
    return product(draw(st.sampled_from([1, -2, Fraction(1, 2)])), factors, out, dict.fromkeys(out, "n"))


@st.composite
def products_over_sums(draw: st.DrawFn) -> Node:
    """A sum of products over a sum."""
    inner_out, out = draw(st.sampled_from(["ij", "ijk", "i"])), draw(st.sampled_from(["ij", "ijk", "i", "ik"]))
    inner = add(draw(st.lists(terms(inner_out), min_size=2, max_size=3)))
    other = draw(terms("ij"))
    labels = draw(st.text("ijkab", min_size=inner.order, max_size=inner.order))
    whole = product(1, [(inner, labels), (other, "ib")], out, dict.fromkeys(out, "n"))
    return add([whole, draw(terms(out))]) if draw(st.booleans()) else whole


RANDOM = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)


@RANDOM
@given(products_over_sums())
def test_separation_and_distribution_keep_values(node: Node) -> None:
    values = random_values(node, seed=1)
    expected = naive(node, values)
    (apart,) = separated([node])
    np.testing.assert_allclose(naive(apart, values), expected, rtol=1e-9, atol=1e-9)
    signs = Signs(Facts())
    for below in computed([apart]):
        signs.note(below)
    (made,) = distributed([apart], signs, {})
    np.testing.assert_allclose(naive(made, values), expected, rtol=1e-9, atol=1e-9)


@RANDOM
@given(products_over_sums())
def test_emitted_code_of_products_over_sums(node: Node) -> None:
    check_value(node, emitted(node, facts=Facts({"S": frozenset({"symmetric"})} if "S" not in str(node) else {})))


@RANDOM
@given(products_over_sums(), st.integers(0, 3))
def test_symmetric_facts_change_no_value(node: Node, seed: int) -> None:
    values = random_values(node, seed=seed)
    if "S" in values:
        values["S"] = values["S"] + values["S"].T
    function = compile_function(emitted(node, facts=Facts({"S": frozenset({"symmetric"})})))
    np.testing.assert_allclose(function(**arguments(function, values)), naive(node, values), rtol=1e-9, atol=1e-9)


def test_a_common_factor_is_taken_out_once() -> None:
    A, B = Variable.make("A", ("m", "n")), Variable.make("B", ("m", "n"))
    x = Variable.make("x", ("p",))
    (node,) = separated([add([by_letters("mn,p->mnp", A, x), by_letters("mn,p->mnp", B, x)])])
    assert isinstance(node, Product)
    assert {o.order for o in node.operands} == {1, 2}


def test_a_tensor_times_a_vector_is_transposed_as_a_whole() -> None:
    A, G, u = HEADS["A"], HEADS["G"], HEADS["u"]
    n = dict.fromkeys(range(3), "n")
    inner = add([
        product(1, [(A, (3, 3))], range(3), n),
        product(1, [(Delta.make("n"), (0, 1)), (A, (3, 4)), (G, (2, 0, 4))], range(3)),
        product(-2, [(G, (1, 3, 2)), (u, (2,)), (A, (4, 4))], range(3), n),
    ])
    node = product(-2, [(inner, (2, 0, 1)), (A, (3, 3)), (Size.make("n"), ())], range(2))
    check_value(node, emitted(node))


# ---- Inverses -------------------------------------------------------------------------------------------------------


def solved(source: str, wrt: str, declare: str, order: int = 1) -> tuple[int, int]:
    """How many solutions and inverses are computed, after the values were compared with differences."""
    D = derived(source, wrt, declare, order)
    assert D.check().agrees
    text = "\n".join(statements(D.numpy()))
    return text.count("linalg.solve("), text.count("linalg.inv(")


SQUARE = "S: matrix(n, n); a: vector(n); b: vector(n); c: vector(n); d: vector(n)"


@pytest.mark.parametrize(
    ("source", "wrt", "declare", "expected"),
    [
        ("a'*inv(S)*b", "a", SQUARE, (1, 0)),
        ("a'*inv(S)*b", "S", SQUARE, (2, 0)),
        ("a'*inv(S)*inv(S)*b", "a", SQUARE, (2, 0)),
        ("a'*inv(S)*inv(S)*b", "S", SQUARE, (0, 1)),
        ("(a'*inv(S)*b)*(c'*inv(S)*d)*exp(a'*inv(S)*c)", "a", SQUARE, (1, 0)),
        ("tr(S*inv(S + l*eye(n)))", "l", "S: matrix(n, n) symmetric; l: scalar", (0, 1)),
        ("a'*inv(S)*a", "S", "S: matrix(n, n) symmetric; a: vector(n)", (1, 0)),
        ("inv(S)*a", "S", SQUARE, (0, 1)),
    ],
)
def test_inverses_that_only_meet_vectors_are_solutions(
    source: str, wrt: str, declare: str, expected: tuple[int, int]
) -> None:
    assert solved(source, wrt, declare) == expected


# ---- Extreme input, memory, time ------------------------------------------------------------------------------------

EXTREME = np.array([-800.0, -40.0, 0.0, 40.0, 800.0])

#: Functions of a vector x of which values and derivatives are finite, however large its entries are.
STABLE = ["log(1 + exp(x))", "softplus(x)", "sigmoid(x)", "1./(1 + exp(-x))", "logsumexp(x)", "softmax(x)", "log(softmax(x))"]


@pytest.mark.parametrize("source", STABLE)
@pytest.mark.parametrize("order", [1, 2])
def test_extreme_arguments_give_finite_derivatives(source: str, order: int) -> None:
    scalar = source if source == "logsumexp(x)" else f"sum(({source}).*c)"
    function = derived(scalar, "x", "x: vector(n); c: vector(n)", order).function()
    values = {"x": EXTREME, "c": np.arange(1.0, 6.0)}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = function(**{name: values[name] for name in inspect.signature(function).parameters})
    assert np.isfinite(found).all()


def test_the_logistic_hessian_at_extreme_scores() -> None:
    function = derived(LOGISTIC, "w", "X: matrix(m, n)", 2).function()
    X, y = np.diag(EXTREME + 1.0), np.ones(5)
    found = function(X=X, w=np.ones(5), y=y)
    s = 1 / (1 + np.exp(-np.clip(EXTREME + 1.0, -700, 700)))
    np.testing.assert_allclose(found, X.T @ np.diag(s * (1 - s)) @ X, rtol=1e-9, atol=1e-12)


def test_a_complex_step_passes_through_a_symmetric_product() -> None:
    random = np.random.default_rng(3)
    X, w, y = random.standard_normal((6, 3)), random.standard_normal(3), np.sign(random.standard_normal(6))
    hessian = derived(LOGISTIC, "w", "X: matrix(m, n)", 2).function()
    third = derived(LOGISTIC, "w", "X: matrix(m, n)", 3).function()(X=X, w=w, y=y)
    for k in range(3):
        moved = w.astype(complex)
        moved[k] += 1e-30j
        np.testing.assert_allclose(np.imag(hessian(X=X, w=moved, y=y)) / 1e-30, third[:, :, k], rtol=1e-10, atol=1e-14)


def peak(function: Callable[..., Any], arguments: Mapping[str, Any]) -> int:
    tracemalloc.start()
    function(**arguments)
    found = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return found


LARGE = {
    "inv(X)": (1, lambda n: 8 * n**4),
    "logdet(X)": (2, lambda n: 8 * n**4),
    "X'*X": (1, lambda n: 8 * n**4),
    "norm2(X'*X)^2": (1, lambda n: 3 * 8 * n**2),
}


@pytest.mark.parametrize("source", LARGE)
def test_peak_memory_is_that_of_the_answer(source: str) -> None:
    order, needed = LARGE[source]
    n = 40
    function = derived(source, "X", "X: matrix(n, n)", order).function()
    X = np.random.default_rng(0).random((n, n)) + 3 * np.eye(n)
    assert peak(function, {"X": X}) <= 1.2 * needed(n)


@pytest.mark.parametrize("name", FORMS)
def test_emission_takes_less_than_50_ms(name: str) -> None:
    source, wrt, declare, order, _ = FORMS[name]
    D = derived(source, wrt, declare, order)
    assert D.text
    best = math.inf
    for _ in range(3):
        start = time.process_time()
        D.numpy()
        best = min(best, time.process_time() - start)
    assert best < 0.05


def test_a_deep_network_is_emitted_in_linear_time() -> None:
    layer: Node = Variable.make("x", ("n",))
    weights = [Variable.make(f"W{k}", ("n", "n")) for k in range(120)]
    for weight in weights:
        layer = apply_elementwise("tanh", by_letters("ij,j->i", weight, layer))
    gradient = derivative(by_letters("i,i->", layer, layer), weights[0])
    start = time.process_time()
    emitted(gradient)
    assert time.process_time() - start < 3.0


# ---- The docstring --------------------------------------------------------------------------------------------------

COMMANDS: list[tuple[str, list[str], dict[str, Any], dict[str, Any]]] = [
    ("x'*A*x", ["x"], {}, {}),
    ("x'*A*x", ["x"], {"order": 2, "layout": "denominator"}, {}),
    ("h = A*x; L = sum(h)", ["x", "A"], {"of": "h"}, {}),
    ("h = A*x\nL = sum(h.^2)", ["x"], {}, {"value": True}),
    ("A: matrix(n, n) symmetric\nlogdet(A)", ["A"], {"structured": True}, {}),
    (r"\mathbf{x}^\top \mathbf{A} \mathbf{x}", ["x"], {"syntax": "latex"}, {}),
]


@pytest.mark.parametrize(("source", "names", "options", "code"), COMMANDS)
def test_the_command_of_the_docstring_makes_the_module_again(
    source: str, names: list[str], options: dict[str, Any], code: dict[str, Any]
) -> None:
    module = matcalc.derive(source, wrt=names if len(names) > 1 else names[0], **options).numpy(**code)
    docstring = ast.get_docstring(ast.parse(module)) or ""
    words = shlex.split(docstring[docstring.index("matcalc derive") :])
    ran = CliRunner().invoke(main, words[1:])
    assert (ran.exit_code, strip_docstring(ran.stdout)) == (0, strip_docstring(module))


def strip_docstring(module: str) -> str:
    """A module from its imports on."""
    return module[module.index("import numpy") :].strip()


@pytest.mark.parametrize("source", ["x'*x # rm -rf\n", 'x \t', "$(x)", "`x`", "x; exit", "-x", "x!y", 'x"y', "x\\"])
def test_a_source_is_one_word_of_the_shell(source: str) -> None:
    lines = command_lines(source, ["x"], ["x: vector(n)"], ["--emit numpy"])
    if lines:
        words = shlex.split(" ".join(lines))
        assert words[:2] == ["matcalc", "derive"]
        assert words[3:] == ["--wrt", "x", "--declare", "x: vector(n)", "--emit", "numpy"]


def test_a_coefficient_that_all_terms_have_stands_before_the_sum() -> None:
    declare = ["T: matrix(m, n); U: matrix(m, k); V: matrix(n, k)"]
    derivative = matcalc.derive("norm2(T - U*V')^2", "U", declare)
    lines = statements(derivative.code(sizes={"m": 800, "n": 800, "k": 10}))
    assert lines[1:] == ["t1 = U @ (V.T @ V)", "t1 -= T @ V", "return 2 * t1"]
    assert "return 2 * ((U @ V.T - T) @ V)" in derivative.code()
