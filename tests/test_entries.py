"""Entries at given sizes have the values of their node, are tied as properties say, and are few where parts are shared."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scalar_values import named_entries, scalars_at, values

from matcalc.assumptions import Facts
from matcalc.claim import Claim, read_claim
from matcalc.errors import DimensionError, MatcalcError
from matcalc.expr import (
    Derivative,
    Node,
    Number,
    Variable,
    apply_elementwise,
    apply_matrix,
    identity,
    ones,
    power,
    product,
    transpose,
    zero,
)
from matcalc.lowering import lower
from matcalc.normal import Budget, BudgetExceeded, Normalizer
from matcalc.normal.entries import Entries
from matcalc.operation import operations
from matcalc.sampling import Point, inverted, sample, value_at
from matcalc.traversal import postorder

FOLDER = Path(__file__).parent.parent / "identities"
#: Each with an order in which sizes are dealt out to its dimensions: all pairs are different, one is 1 if there are three.
ORDERS = ((3, 2, 1), (2, 3, 1), (3, 1, 2))
IDENTITIES = [
    pytest.param(identity, ORDERS[k % len(ORDERS)], id=identity["name"])
    for path in sorted(FOLDER.glob("*.toml"))
    for k, identity in enumerate(tomllib.loads(path.read_text(encoding="utf-8"))["identity"])
]

def facts_of(program: Any) -> Facts:
    """What is declared of the variables; of those with compound axes, properties do not speak of axes of the core."""
    return Facts(
        {
            v.name: v.properties if all(len(axis) == 1 for axis in v.shape) else v.properties & {"positive"}
            for v in program.variables.values()
        }
    )


def points(program: Any, order: Sequence[int]) -> Iterator[Point]:
    """Points at sizes 1, 2, 3 in some order, then in the other orders, as far as the program has a value there."""
    for choice in sorted(permutations((1, 2, 3)), key=lambda sizes: sizes != tuple(order)):
        sizes = dict(zip(program.dimensions, choice * len(program.dimensions), strict=False))
        with suppress(MatcalcError):
            yield sample(program, seed=1, sizes=sizes)


def has_inverses(program: Any, point: Point) -> bool:
    """Whether the matrices whose determinants are taken are invertible: the engine's derivatives hold there only."""
    return all(np.isfinite(value_at(program, form, point)).all() for form in inverted(program))


def check_values(claim: Claim, order: Sequence[int]) -> None:
    """The entries of each side have the values that the numeric interpreter finds."""
    program = replace(claim.program, output=claim.sides[0])
    regular = (p for p in points(program, order) if has_inverses(program, p))
    point = next(regular, None) or next(points(program, order))
    environment = lower(program, claim.layout)
    nodes = [environment.lower(side).node for side in claim.sides]
    entries, at = Entries(point.sizes, facts_of(program), largest=100_000), scalars_at(program, nodes, point)
    for side, node in zip(claim.sides, nodes, strict=True):
        wanted = np.asarray(value_at(program, side, point))
        found = np.reshape(values(entries(node), at), wanted.shape)
        np.testing.assert_allclose(found, wanted, rtol=1e-7, atol=1e-9)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(("identity", "order"), IDENTITIES)
def test_entries_have_the_values_of_their_node(identity: dict, order: tuple[int, ...]) -> None:
    keys = ("declare", "layout", "where", "assume")
    given = {key: identity[key] for key in keys if key in identity}
    check_values(read_claim(identity["claim"], **given, structured=identity.get("structured", False)), order)


EXPRESSIONS = {
    "power with a vector as exponent": ("x.^y", ["x: vector(n) positive", "y: vector(n)"]),
    "derivative of a power by its exponent": ("d(sum(x.^y))/d(y)", ["x: vector(n) positive", "y: vector(n)"]),
    "general scalar power": ("a^b*x", ["a: scalar positive", "b: scalar", "x: vector(n)"]),
    "maximum": ("maximum(x, y)'*A", ["x: vector(m)", "A: matrix(m, n)"]),
    "derivative of a minimum": ("jacobian(minimum(A*x, y), x)", ["A: matrix(m, n)"]),
    "condition": ("[i,j,k: A[i,j] if i==j or not (i!=k and j!=k) else x[k]*A[i,j]]", ["A: matrix(n, n)", "x: vector(n)"]),
    "nested conditions": ("[i,j,k: (A[i,k] if k!=j else x[i]) if i!=k else 2*x[j]]", ["A: matrix(n, n)"]),
    "bound sum": ("[i: sum[j: A[i,j]^2*(x[j] if i!=j else 1)]]", ["A: matrix(n, n)"]),
    "functions of a number": ("(exp(0*x) + cos(0*x) + sigmoid(0*x)).*x", ["x: vector(n)"]),
    "determinant for each row": ("[k: det(x[k]*A + B)]", ["A: matrix(n, n)", "B: matrix(n, n)", "x: vector(m)"]),
    "inverse for each row": ("[k,i,j: inv(x[k]*A + B)[i,j]]", ["A: matrix(n, n)", "B: matrix(n, n)", "x: vector(m)"]),
    "inverse of a Kronecker product and a sum": ("inv(kron(A, B) + kron(A', eye))", ["A: matrix(m, m)", "B: matrix(n, n)"]),
    "trace and diagonal": ("tr(A)*diag(A*B)", ["A: matrix(n, n)", "B: matrix(n, n)"]),
    "adjugate": ("adj(A)*B", ["A: matrix(n, n)", "B: matrix(n, m)"]),
    "log-determinant of a small matrix": ("logdet(A*A' + eye)", ["A: matrix(m, n)"]),
    "softmax row by row": ("softmax(A*B)", ["A: matrix(m, n)", "B: matrix(n, p)"]),
    "logsoftmax row by row": ("logsoftmax(A)*x", ["A: matrix(m, n)"]),
    "logsumexp row by row": ("logsumexp(A)", ["A: matrix(m, n)"]),
    "softmax of a compound vector": ("softmax(vec(A))", ["A: matrix(m, n)"]),
    "triangles": ("tril(A) - 2*triu(A')'", ["A: matrix(m, n)"]),
    "triangle of a Kronecker product": ("tril(kron(A, B))", ["A: matrix(m, n)", "B: matrix(n, m)"]),
    "compound variables": ("A*x + vec(B)", ["A: matrix(m*n, m*n) symmetric", "x: vector(m*n)", "B: matrix(n, m)"]),
    "sizes as numbers": ("m*x/n + 2^n*x", ["x: vector(n)", "y: vector(m)"]),
    "unknown functions": ("d(sum(f(A*x)))/d(x)", ["A: matrix(m, n)", "f: function"]),
    "second derivative of an unknown function": ("hessian(sum(f(A*x)), x)", ["A: matrix(m, n)", "f: function"]),
    "dependent matrix": ("d(inv(A))/d(alpha)", ["A(alpha): matrix(n, n)"]),
    "dependent symmetric matrix": ("d(A*x)/d(alpha) + A*x", ["A(alpha): matrix(n, n) symmetric", "x: vector(n)"]),
    "dependent skew matrix": ("d(A*B)/d(alpha)", ["A(alpha): matrix(n, n) skew", "B: matrix(n, n)"]),
    "dependent positive definite matrix": ("d(logdet(A))/d(x)", ["A(x): matrix(n, n) positive-definite", "x: vector(m)"]),
    "dependent triangular matrix": ("d(A*A')/d(x)", ["A(x): matrix(n, n) lower", "x: vector(m)"]),
    "dependent simplex": ("jacobian(y.*log(y), x)", ["y(x): vector(n) simplex positive", "x: vector(m)"]),
    "mixed second derivatives": ("d(d(U)/d(x))/d(Y)", ["U(x, Y): scalar", "x: vector(m)", "Y: matrix(n, m)"]),
    "derivative by a matrix": ("d(L)/d(Y)*W'", ["L(Y): scalar", "Y: matrix(m, p)", "W: matrix(n, p)"]),
}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("order", [(2, 3, 1), (3, 1, 2), (1, 2, 3)])
@pytest.mark.parametrize("key", EXPRESSIONS)
def test_entries_of_all_kinds_of_nodes(key: str, order: tuple[int, ...]) -> None:
    expression, declare = EXPRESSIONS[key]
    check_values(read_claim(f"{expression} = {expression}", declare), order)


# ---- Ties ---------------------------------------------------------------------------------------------------------------

RANDOM = np.random.default_rng(3).uniform(0.2, 1.5, (4, 4))
R, ROWS = RANDOM[:3, :3], RANDOM[:3, :2] / RANDOM[:3, :2].sum(axis=1, keepdims=True)
TURN = np.array([[0.6, -0.8], [0.8, 0.6]])

#: By properties, a value that has them, and how many scalar variables its entries are made of.
TIES = {
    "symmetric": (R + R.T, 6),
    "skew": (R - R.T, 3),
    "diagonal": (np.diag(R[0]), 3),
    "lower": (np.tril(R), 6),
    "upper": (np.triu(R), 6),
    "lower, wide": (np.tril(R[:2]), 3),
    "upper, tall": (np.triu(R[:, :2]), 3),
    "positive-definite": (R @ R.T, 6),
    "positive": (R[:2], 6),
    "orthogonal": (TURN, 4),
    "invertible": (R, 9),
    "simplex": (ROWS, 3),
    "simplex, a vector": (RANDOM[0] / RANDOM[0].sum(), 3),
    "simplex, one entry": (np.ones(1), 0),
    "symmetric lower": (np.diag(R[0]), 3),
    "skew upper": (np.zeros((3, 3)), 0),
    "skew diagonal": (np.zeros((3, 3)), 0),
    "lower upper": (np.diag(R[0]), 3),
    "diagonal simplex": (np.eye(3), 0),
    "lower simplex": (np.array([[1, 0, 0], [0.3, 0.7, 0], [0.2, 0.5, 0.3]]), 3),
    "symmetric simplex positive": (np.array([[0.2, 0.3, 0.5], [0.3, 0.6, 0.1], [0.5, 0.1, 0.4]]), 3),
}


@pytest.mark.parametrize("key", TIES)
def test_properties_tie_entries(key: str) -> None:
    array, free = TIES[key]
    facts = Facts({"X": frozenset(key.partition(",")[0].split())})
    scalars = Entries({}, facts)(Variable.make("X", array.shape))
    np.testing.assert_allclose(values(scalars, dict(named_entries("X", array))), array.ravel(), atol=1e-12)
    assert sum(isinstance(node, Variable) for node in postorder(*scalars)) == free


def test_names_count_from_one() -> None:
    entries = Entries({"n": 2}, Facts({"S": frozenset({"symmetric"})}))
    assert [node.data[0] for node in entries(Variable.make("S", ("n", "n")))] == ["S[1,1]", "S[1,2]", "S[1,2]", "S[2,2]"]
    assert entries(Variable.make("alpha", ())) == [Variable.make("alpha", ())]


def test_facts_of_entries() -> None:
    entries = Entries({}, Facts({"x": frozenset({"positive"}), "S": frozenset({"positive-definite"})}))
    x, s = entries(Variable.make("x", (2,))), entries(Variable.make("S", (2, 2)))
    (y,) = entries(Variable.make("y", (1,)))
    assert [entries.facts.positive(node) for node in [*x, *s, y]] == [True, True, True, False, False, True, False]


ALPHA, Y = Variable.make("alpha", ()), Variable.make("Y", (2, 2))


def test_derivatives_are_tied_as_the_variable() -> None:
    skew = Variable.make("A", (2, 2), [("alpha", ALPHA)])
    simplex = Variable.make("p", (2,), [("alpha", ALPHA)])
    entries = Entries({}, Facts({"A": frozenset({"skew"}), "p": frozenset({"simplex", "positive"})}))
    slope = Variable.make("dA[1,2]/dalpha", ())
    assert entries(Derivative.make(skew, [0])) == [zero(()), slope, -slope, zero(())]
    bend = Variable.make("d2p[1]/dalphadalpha", ())
    assert entries(Derivative.make(simplex, [0, 0])) == [bend, -bend]
    assert not entries.facts.positive(bend)


def test_partial_derivatives_commute() -> None:
    loss = Variable.make("L", (), [("alpha", ALPHA), ("Y", Y)])
    second = np.reshape(Entries({}, Facts())(Derivative.make(loss, [1, 1])), (4, 4))
    assert (second == second.T).all()
    assert len(set(second.ravel())) == 10
    assert second[1, 2].name == "d2L/dY[1,2]dY[2,1]"
    mixed = Entries({}, Facts())(Derivative.make(loss, [1, 0]))
    assert mixed[2].name == "d2L/dalphadY[2,1]"


def test_a_variable_of_other_arguments_is_another() -> None:
    entries = Entries({}, Facts())
    first, second = (entries(Variable.make("L", (), [("alpha", a)])) for a in (ALPHA, 2 * ALPHA))
    assert first != second
    assert entries(Variable.make("L", (), [("alpha", ALPHA)])) == first


# ---- What has no value, and what is too large ---------------------------------------------------------------------------

x, A = Variable.make("x", (2,)), Variable.make("A", ("n", "n"))
ZEROS = zero(("n", "n"))


def power_of(base: int, exponent: int) -> Node:
    return apply_elementwise("pow", Number.make(base), Number.make(exponent))


NOWHERE = {
    "a negative power": power(ZEROS, -1),
    "a general power": power_of(0, -2),
    "a logarithm": apply_elementwise("log", product(0, [(x, "i")], "i")),
    "a logarithm of an entry": apply_elementwise("log", identity(("n",))),
    "a logarithm of a negative number": apply_elementwise("log", Number.make(-1)),
    "a root": power(Number.make(-2), 1 / Number.make(2).value),
    "an inverse": apply_matrix("inv", ZEROS, (1, 1)),
    "a log-determinant": apply_matrix("logdet", product(1, [(x, "i")], "ij", {"i": 2, "j": 2}) * zero((2, 2)), (1, 1)),
    "an arc sine": apply_elementwise("asin", Number.make(2)),
}


@pytest.mark.parametrize("key", NOWHERE)
def test_what_has_no_value_is_an_error(key: str) -> None:
    with pytest.raises(ZeroDivisionError):
        Entries({"n": 2}, Facts())(NOWHERE[key])


def test_functions_of_numbers_are_numbers() -> None:
    cases = {"exp": (0, 1), "cos": (0, 1), "sign": (-3, -1), "step": (0, 0), "relu": (-2, 0), "log": (1, 0), "abs": (-2, 2)}
    for function, (argument, wanted) in cases.items():
        assert Entries({}, Facts())(apply_elementwise(function, Number.make(argument))) == [Number.make(wanted)]
    assert Entries({}, Facts())(power_of(0, 2)) == [Number.make(0)]
    assert Entries({}, Facts())(power(zero((1,)), Number.make(1).value / 2)) == [Number.make(0)]


def test_a_size_that_is_missing() -> None:
    with pytest.raises(DimensionError, match="`n` has no size"):
        Entries({}, Facts())(A)


TRIANGLE = apply_matrix("tril", ones((30, 30)), (1, 1))
LARGE = {
    "a determinant": apply_matrix("det", Variable.make("X", (14, 14)), (1, 1)),
    "a determinant of ones and twos": apply_matrix("det", TRIANGLE + transpose(TRIANGLE, (1, 0)), (1, 1)),
    "a determinant with many zeros": apply_matrix("det", transpose(TRIANGLE, (1, 0)), (1, 1)),
    "a tensor": identity((40, 40, 40)),
    "ones": ones((100, 100, 100)),
    "a sum of many": product(1, [(Variable.make(k, (60, 60)), v) for k, v in (("B", "ij"), ("C", "jk"))], "ik"),
}


@pytest.mark.parametrize("key", LARGE)
def test_what_is_too_large_is_refused_at_once(key: str) -> None:
    with pytest.raises(BudgetExceeded):
        Entries({}, Facts())(LARGE[key])


def test_the_budget_is_a_parameter() -> None:
    X = Variable.make("X", (3, 3))
    assert len(Entries({}, Facts(), largest=40)(apply_matrix("det", X, (1, 1)))) == 1
    with pytest.raises(BudgetExceeded):
        Entries({}, Facts(), largest=20)(apply_matrix("det", X, (1, 1)))


# ---- Sharing ------------------------------------------------------------------------------------------------------------


def test_minors_are_shared() -> None:
    X = Variable.make("X", (4, 4))
    entries = Entries({}, Facts())
    both = [*entries(apply_matrix("det", X, (1, 1))), *entries(apply_matrix("inv", X, (1, 1)))]
    assert len(postorder(*both)) < 200


def test_shared_nodes_are_done_once() -> None:
    node: Node = Variable.make("x", (2,))
    for _ in range(64):
        node = apply_elementwise("sin", node + node * node)
    entries = Entries({}, Facts())(node)
    assert len(postorder(*entries)) < 600


def test_deep_nodes_need_no_recursion() -> None:
    node: Node = Variable.make("x", (2,))
    for _ in range(3000):
        node = apply_elementwise("sin", node)
    assert len(Entries({}, Facts())(node)) == 2


def test_every_matrix_operation_has_entries() -> None:
    X = Variable.make("X", (2, 2))
    for record in operations():
        if record.jacobian is not None:
            width = len(record.overloads[0].inputs[0])
            assert Entries({}, Facts())(apply_matrix(record.name, X, (1,) * width))


# ---- Decisions ----------------------------------------------------------------------------------------------------------

DECIDED = {
    "inv(A)*A = eye(n)": ["A: matrix(n, n)"],
    "det(A*B) = det(A)*det(B)": ["A: matrix(n, n)", "B: matrix(n, n)"],
    "A*adj(A) = det(A)*eye(n)": ["A: matrix(n, n)"],
    "x'*K*x = 0": ["x: vector(n)", "K: matrix(n, n) skew"],
    "sum(Y*x) = sum(sum(Y, 0)*x)": ["Y: matrix(m, n)", "x: vector(n)"],
    "sum(P, 1) = ones(m)": ["P: matrix(m, n) simplex"],
    "S = S'": ["S: matrix(n, n) symmetric"],
    "tr(L)*L = tr(L)*tril(L)": ["L: matrix(n, n) lower"],
    "sum(softmax(x)) = 1": ["x: vector(n)"],
}
#: The same with a mistake.
WRONG = {
    "inv(A)*A = 2*eye(n)": ["A: matrix(n, n)"],
    "det(A*B) = det(A)*det(A)": ["A: matrix(n, n)", "B: matrix(n, n)"],
    "A*adj(A) = det(A)*A": ["A: matrix(n, n)"],
    "x'*K*y = 0": ["x: vector(n)", "y: vector(n)", "K: matrix(n, n) skew"],
    "sum(Y*x) = sum(sum(Y, 0)*(x.^2))": ["Y: matrix(m, n)", "x: vector(n)"],
    "sum(P, 0)' = ones(n)": ["P: matrix(m, n) simplex"],
    "S = S'": ["S: matrix(n, n) invertible"],
    "tr(L)*L = tr(L)*tril(L)": ["L: matrix(n, n) upper"],
    "sum(softmax(x)) = n": ["x: vector(n)"],
}


def agree(claim: Claim) -> bool:
    """Whether the normal forms of all entries of both sides are equal at m = 3, n = 2."""
    environment = lower(claim.program, claim.layout)
    entries = Entries({"m": 3, "n": 2}, facts_of(claim.program))
    left, right = (environment.lower(side).node for side in claim.sides)
    rows = entries(left), entries(right if right.shape == left.shape else zero(left.shape))
    normalizer = Normalizer(entries.facts, Budget())
    return all(normalizer(a).node is normalizer(b).node for a, b in zip(*rows, strict=True))


@pytest.mark.parametrize("text", DECIDED)
def test_the_normal_form_decides_entry_by_entry(text: str) -> None:
    assert agree(read_claim(text, DECIDED[text]))


@pytest.mark.parametrize("text", WRONG)
def test_the_normal_form_is_not_fooled(text: str) -> None:
    assert not agree(read_claim(text, WRONG[text]))
