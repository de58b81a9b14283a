"""Causes of refutations: each usual one is found, and what is said of it is true by the numeric interpreter.

Each table holds wrong claims with what is said of them and with what makes them right.  That is checked at points drawn
here: the wrong claim fails at one of them, the right one holds at all.
"""

from __future__ import annotations

import re
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import matcalc  # noqa: F401  (fills the registry)
from matcalc.causes import cause, search
from matcalc.causes.candidate import Candidate
from matcalc.claim import Claim, read_claim
from matcalc.decision import disagreement
from matcalc.errors import MatcalcError
from matcalc.sampling import Point, sample, value_at
from matcalc.verification import verify

FOLDER = Path(__file__).parent.parent / "identities"

Move = Callable[[Mapping[str, Any]], Mapping[str, Any]]


def differences(claim: Claim, *, step: int = 1, sizes: Mapping[str, int] | None = None, move: Move = dict) -> list[float]:
    """The relative differences of the two sides of a step at random points where both are finite."""
    left, right = claim.sides[step - 1], claim.sides[step]
    program = replace(claim.program, output=left, extra=(left, right))
    found = []
    for seed in range(4):
        point = sample(program, seed=seed, sizes=sizes)
        point = Point(point.sizes, move(point.values), point.functions)
        a, b = np.broadcast_arrays(value_at(program, left, point), value_at(program, right, point))
        scale = max(np.abs(a).max(initial=0), np.abs(b).max(initial=0), 1e-6)
        found.append(float(np.abs(a - b).max(initial=0) / scale))
    return [d for d in found if np.isfinite(d)]


def holds(claim: Claim, **options: Any) -> bool:
    """Whether the sides agree at all points, of which there are some."""
    found = differences(claim, **options)
    return bool(found) and max(found) < 1e-7


def is_refuted(claim: Claim) -> bool:
    found = disagreement(claim)
    return found is not None and found.verdict == "refuted"


# ---- Changes of what is written -------------------------------------------------------------------------------------

A, B, X = "A: matrix(n, n)", "B: matrix(n, n)", "X: matrix(n, n)"
SOFTMAX = {"where": ["p = softmax(W*x)", "J = crossentropy(y, p)"]}
NETWORK = ["x: vector(D)", "W: matrix(C, D)", "y: vector(C) simplex"]
LINEAR = {"where": ["z = A*x"]}
UPSTREAM = {"where": ["Y = X*W'"]}

#: The wrong claim, its declarations, what is said of it, the right claim, further arguments of both.
WRITTEN: list[tuple[str, list[str], str, str, dict[str, Any]]] = [
    # a side transposed
    ("d(tr(A*X))/d(X) = A", [A, X], "with the right side transposed", "d(tr(A*X))/d(X) = A'", {}),
    ("d(a'*X*b)/d(X) = b*a'", ["X: matrix(m, n)"], "with the right side transposed", "d(a'*X*b)/d(X) = (b*a')'", {}),
    ("d(logdet(X))/d(X) = inv(X)", [X], "with the right side transposed", "d(logdet(X))/d(X) = inv(X)'", {}),
    (
        "d(L)/d(W) = X'*d(L)/d(Y)",
        ["X: matrix(N, n)", "W: matrix(m, n)", "L(Y): scalar"],
        "with the right side transposed",
        "d(L)/d(W) = (X'*d(L)/d(Y))'",
        UPSTREAM,
    ),
    ("(A*x)' = A*x", ["A: matrix(m, n)"], "with the right side transposed", "(A*x)' = (A*x)'", {}),
    ("d(J)/d(W) = x*(p - y)'", NETWORK, "with the right side transposed", "d(J)/d(W) = (x*(p - y)')'", SOFTMAX),
    # a part transposed
    ("norm2(A)^2 = tr(A*A)", [A], "with `A` transposed", "norm2(A)^2 = tr(A'*A)", {}),
    ("(A*B*C)' = C'*B*A'", [A, B, "C: matrix(n, n)"], "with `B` transposed", "(A*B*C)' = C'*B'*A'", {}),
    (
        "vec(A*X*B) = kron(B, A)*vec(X)",
        ["A: matrix(m, n)", "X: matrix(n, p)", "B: matrix(p, p)"],
        "with `B` transposed",
        "vec(A*X*B) = kron(B', A)*vec(X)",
        {},
    ),
    (
        "d(norm2(X - U*V')^2)/d(V) = -2*(X - U*V')*U",
        [X, "U: matrix(n, k)", "V: matrix(n, k)"],
        "with `X - U*V'` transposed",
        "d(norm2(X - U*V')^2)/d(V) = -2*(X - U*V')'*U",
        {},
    ),
    (
        "d(x'*A*x)/d(x) = x'*(A + A)",
        [A],
        "with `A` transposed",
        "d(x'*A*x)/d(x) = x'*(A' + A)",
        {},
    ),
    (
        "d(x'*A*x)/d(x) = (A + A)*x",
        [A],
        "with `A` transposed",
        "d(x'*A*x)/d(x) = (A' + A)*x",
        {"layout": "denominator"},
    ),
    ("tr(A'*B) = sum(A'.*B)", [A, B], "without the transpose of `A`", "tr(A'*B) = sum(A.*B)", {}),
    ("d(z'*z)/d(x) = 2*z'*A'", [A], "without the transpose of `A`", "d(z'*z)/d(x) = 2*z'*A", LINEAR),
    # an unknown function for its derivative
    ("d(f(x))/d(x) = diag(f(x))", ["f: function"], "with `f'(x)` in place of `f(x)`", "d(f(x))/d(x) = diag(f'(x))", {}),
    (
        "d(g(h(x)))/d(x) = g'(h(x))*h(x)",
        ["x: scalar", "g: function", "h: function"],
        "with `h'(x)` in place of `h(x)`",
        "d(g(h(x)))/d(x) = g'(h(x))*h'(x)",
        {},
    ),
    # a sign
    ("d(cos(x))/d(x) = diag(sin(x))", [], "with the other sign on the right side", "d(cos(x))/d(x) = -diag(sin(x))", {}),
    (
        "d(inv(X)*b)/d(alpha) = inv(X)*d(X)/d(alpha)*inv(X)*b",
        ["X(alpha): matrix(n, n) invertible", "b: vector(n)"],
        "with the other sign on the right side",
        "d(inv(X)*b)/d(alpha) = -inv(X)*d(X)/d(alpha)*inv(X)*b",
        {},
    ),
    ("d(J)/d(W) = (y - p)*x'", NETWORK, "with the other sign on the right side", "d(J)/d(W) = -(y - p)*x'", SOFTMAX),
    ("d(tr(X))/d(X) = -eye(n)", [X], "with the other sign on the right side", "d(tr(X))/d(X) = eye(n)", {}),
    (
        "jacobian(A*x, A) = [i,k,l: -delta(i,k)*x[l]]",
        ["A: matrix(m, n)"],
        "with the other sign on the right side",
        "jacobian(A*x, A) = [i,k,l: delta(i,k)*x[l]]",
        {},
    ),
    (
        "d(softmax(x))/d(x) = diag(p) + p*p'",
        [],
        "with `-` in front of `p*p'`",
        "d(softmax(x))/d(x) = diag(p) - p*p'",
        {"where": ["p = softmax(x)"]},
    ),
    ("sigmoid(x) = 1./(1 + exp(x))", [], "with `-` in front of `x`", "sigmoid(x) = 1./(1 + exp(-x))", {}),
    ("d(x'*A*x)/d(x) = x'*(A - A')", [A], "with `+` in front of `A'`", "d(x'*A*x)/d(x) = x'*(A + A')", {}),
    (
        "norm2(a - b)^2 = a'*a + 2*a'*b + b'*b",
        ["a: vector(n)", "b: vector(n)"],
        "with `-` in front of `2*a'*b`",
        "norm2(a - b)^2 = a'*a - 2*a'*b + b'*b",
        {},
    ),
    # a factor of a side
    ("d(x'*x)/d(x) = x'", [], "with the factor 2 on the right side", "d(x'*x)/d(x) = 2*x'", {}),
    ("d(x'*x)/d(x) = x", [], "with the factor 2 on the right side", "d(x'*x)/d(x) = 2*x", {"layout": "denominator"}),
    ("d(x'*x/2)/d(x) = 2*x'", [], "without the factor 2 on the right side", "d(x'*x/2)/d(x) = x'", {}),
    ("hessian(x'*A*x, x) = (A + A')/2", [A], "with the factor 2 on the right side", "hessian(x'*A*x, x) = A + A'", {}),
    ("d(norm2(X)^2)/d(X) = 3*X", [], "with the factor 2/3 on the right side", "d(norm2(X)^2)/d(X) = 2*X", {}),
    ("d(tr(X^3))/d(X) = -(X^2)'/2", [], "with the factor -6 on the right side", "d(tr(X^3))/d(X) = 3*(X^2)'", {}),
    (
        "d(det(X'*A*X))/d(X) = det(X'*A*X)*A*X*(X'*A*X)^-1",
        ["X: matrix(m, n)", "A: matrix(m, m) symmetric"],
        "with the factor 2 on the right side",
        "d(det(X'*A*X))/d(X) = 2*det(X'*A*X)*A*X*(X'*A*X)^-1",
        {},
    ),
    ("d(z'*z)/d(x) = z'*A", ["A: matrix(m, n)"], "with the factor 2 on the right side", "d(z'*z)/d(x) = 2*z'*A", LINEAR),
    ("d(mean(x))/d(x) = ones(n)'", [], "with the factor 1/n on the right side", "d(mean(x))/d(x) = ones(n)'/n", {}),
    ("sum(X) = mean(X)", ["X: matrix(m, n)"], "with the factor m*n on the right side", "sum(X) = m*n*mean(X)", {}),
    ("sum(A*x) = sum(A, 0)*x/m", ["A: matrix(m, n)"], "with the factor m on the right side", "sum(A*x) = sum(A, 0)*x", {}),
    (
        "d(norm2(X*w - y)^2/N)/d(w) = (X*w - y)'*X",
        ["X: matrix(N, D)"],
        "with the factor 2/N on the right side",
        "d(norm2(X*w - y)^2/N)/d(w) = 2*(X*w - y)'*X/N",
        {},
    ),
    # a factor of a part
    (
        "norm2(a + b)^2 = a'*a + a'*b + b'*b",
        ["a: vector(n)", "b: vector(n)"],
        "with the factor 2 in front of `a'*b`",
        "norm2(a + b)^2 = a'*a + 2*a'*b + b'*b",
        {},
    ),
    (
        "d(x'*A*x + b'*x)/d(x) = x'*(A + A') + b'/2",
        [A],
        "with the factor 2 in front of `b'/2`",
        "d(x'*A*x + b'*x)/d(x) = x'*(A + A') + b'",
        {},
    ),
    (
        "sum((x + alpha).^2) = x'*x + 2*alpha*sum(x) + alpha^2",
        ["x: vector(n)"],
        "with the factor n in front of `alpha^2`",
        "sum((x + alpha).^2) = x'*x + 2*alpha*sum(x) + n*alpha^2",
        {},
    ),
    (
        "d(x'*A*x)/d(x) = x'*(A + A') + x'",
        [A],
        "without the term `x'` on the right side",
        "d(x'*A*x)/d(x) = x'*(A + A')",
        {},
    ),
    ("tanh(x) = 2*sigmoid(x) - 1", [], "with the factor 2 in front of `x`", "tanh(x) = 2*sigmoid(2*x) - 1", {}),
    (
        "jacobian(x.^2, x) = [i,j: x[i] if i==j else 0]",
        ["x: vector(n)"],
        "with the factor 2 on the right side",
        "jacobian(x.^2, x) = [i,j: 2*(x[i] if i==j else 0)]",
        {},
    ),
    # an order
    ("(A*B)' = A'*B'", [A, B], "with `A'` and `B'` swapped", "(A*B)' = B'*A'", {}),
    ("inv(A*B) = inv(A)*inv(B)", [A, B], "with `inv(A)` and `inv(B)` swapped", "inv(A*B) = inv(B)*inv(A)", {}),
    ("d(tr(A*X*B))/d(X) = B'*A'", [A, X, B], "with `B'` and `A'` swapped", "d(tr(A*X*B))/d(X) = A'*B'", {}),
    ("kron(A, B)' = kron(B', A')", [A, B], "with `B'` and `A'` swapped", "kron(A, B)' = kron(A', B')", {}),
    (
        "d(X*Y)/d(alpha) = Y*d(X)/d(alpha) + X*d(Y)/d(alpha)",
        ["X(alpha): matrix(n, n)", "Y(alpha): matrix(n, n)"],
        "with `Y` and `d(X)/d(alpha)` swapped",
        "d(X*Y)/d(alpha) = d(X)/d(alpha)*Y + X*d(Y)/d(alpha)",
        {},
    ),
]


@pytest.mark.parametrize(("wrong", "declare", "words", "right", "options"), WRITTEN, ids=[row[0] for row in WRITTEN])
def test_a_change_of_what_is_written(wrong: str, declare: list[str], words: str, right: str, options: dict) -> None:
    claim = read_claim(wrong, declare, **options)
    assert is_refuted(claim)
    assert cause(claim) == f"holds {words}: {right}"
    assert holds(read_claim(right, declare, **options))


#: The wrong claim, its declarations, the layout in which it is right, further arguments.
LAYOUTS: list[tuple[str, list[str], str, dict[str, Any]]] = [
    ("d(x'*a)/d(x) = a", [], "denominator", {}),
    ("d(A*x)/d(x) = A'", ["A: matrix(m, n)"], "denominator", {}),
    ("d(A*x)/d(x) = A", [A], "numerator", {}),
    ("d(x'*A*x)/d(x) = (A + A')*x", [A], "denominator", {}),
    ("d(sum(x.^2))/d(x) = 2*x'", [], "numerator", {}),
    ("d(a)/d(x) = zeros(n)", ["x: vector(n)", "a: scalar"], "denominator", {}),
    ("d(softplus(z))/d(x) = diag(s)*A", ["A: matrix(m, n)"], "numerator", {"where": ["z = A*x", "s = sigmoid(z)"]}),
]


@pytest.mark.parametrize(("wrong", "declare", "layout", "options"), LAYOUTS, ids=[row[0] for row in LAYOUTS])
def test_the_other_layout(wrong: str, declare: list[str], layout: str, options: dict) -> None:
    other = {"numerator": "denominator", "denominator": "numerator"}[layout]
    claim = read_claim(wrong, declare, other, **options)
    assert is_refuted(claim)
    assert cause(claim) == f"holds in {layout} layout"
    assert holds(read_claim(wrong, declare, layout, **options))


# ---- Hypotheses -----------------------------------------------------------------------------------------------------

#: The wrong claim, its declarations, what is said of it, the declarations that make it right, further arguments.
PROPERTIES: list[tuple[str, list[str], str, list[str], dict[str, Any]]] = [
    ("d(x'*W*x)/d(x) = 2*x'*W", ["W: matrix(n, n)"], "W is symmetric", ["W: matrix(n, n) symmetric"], {}),
    ("d(x'*W*x)/d(x) = 2*x'*W", [], "W is symmetric", ["W: matrix symmetric"], {}),
    ("d(x'*W*x)/d(x) = 2*W*x", [], "W is symmetric", ["W: matrix symmetric"], {"layout": "denominator"}),
    ("hessian(x'*A*x, x) = 2*A", [A], "A is symmetric", [A + " symmetric"], {}),
    ("A' = A", [A], "A is symmetric", [A + " symmetric"], {}),
    (
        "tr(A*A) + tr(B*B) = norm2(A)^2 + norm2(B)^2",
        [A, B],
        "A and B are symmetric",
        [A + " symmetric", B + " symmetric"],
        {},
    ),
    ("d(z'*W*z)/d(x) = 2*z'*W*A", ["A: matrix(m, n)"], "W is symmetric", ["A: matrix(m, n); W: matrix(m, m) symmetric"],
     {"where": ["z = A*x"]}),
    ("d(J)/d(W) = (p - y)*x'", [*NETWORK[:2], "y: vector(C)"], "y sums to 1", NETWORK, SOFTMAX),
    (
        "d(-sum(Y.*logsoftmax(Z)))/d(Z) = softmax(Z) - Y",
        ["Y: matrix(N, C)"],
        "the rows of Y sum to 1",
        ["Y: matrix(N, C) simplex"],
        {},
    ),
    ("sum(y.*(x + alpha)) = y'*x + alpha", ["y: vector(n)"], "y sums to 1", ["y: vector(n) simplex"], {}),
    ("norm2(Q*x) = norm2(x)", ["Q: matrix(n, n)"], "Q is orthogonal", ["Q: matrix(n, n) orthogonal"], {}),
    ("inv(Q) = Q'", [], "Q is orthogonal", ["Q: matrix orthogonal"], {}),
    ("tr(Q*A*Q') = tr(A)", [], "Q is orthogonal", ["A: matrix", "Q: matrix orthogonal"], {}),
    ("sqrt(x.^2) = x", [], "the entries of x are positive", ["x: vector positive"], {}),
    ("abs(alpha) = alpha", [], "alpha is positive", ["alpha: scalar positive"], {}),
    ("d(relu(x))/d(x) = eye(n)", [], "the entries of x are positive", ["x: vector(n) positive"], {}),
    ("abs(x.*y) = x.*y", [], "x and y are positive", ["x: vector positive", "y: vector positive"], {}),
    ("x'*K*x = 0", [], "K is skew-symmetric", ["K: matrix skew"], {}),
    ("K' = -K", [], "K is skew-symmetric", ["K: matrix skew"], {}),
    ("D = diag(diag(D))", [], "D is diagonal", ["D: matrix diagonal"], {}),
    ("d(A^-1)/d(alpha) = -A^-2*d(A)/d(alpha)", ["A(alpha): matrix invertible"], "A is diagonal",
     ["A(alpha): matrix invertible diagonal"], {}),
    ("sum(abs(y)) = 1", ["y: vector(n)"], "y sums to 1 and no entry is negative", ["y: vector(n) simplex"], {}),
]  # fmt: skip


@pytest.mark.parametrize(("wrong", "declare", "words", "more", "options"), PROPERTIES, ids=[row[0] for row in PROPERTIES])
def test_a_missing_property(wrong: str, declare: list[str], words: str, more: list[str], options: dict) -> None:
    claim = read_claim(wrong, declare, **options)
    assert is_refuted(claim)
    assert re.sub("^(seems to hold|holds) ", "", cause(claim)) == f"if {words}"
    assert holds(read_claim(wrong, more, **options))


def commuting(values: Mapping[str, Any]) -> dict[str, Any]:
    """B is made a polynomial of A."""
    a = values["A"]
    return {**values, "B": 0.3 * a @ a + 0.7 * a - 0.2 * np.eye(len(a))}


def of_length_one(values: Mapping[str, Any]) -> dict[str, Any]:
    return {**values, "x": values["x"] / np.linalg.norm(values["x"])}


def at_right_angles(values: Mapping[str, Any]) -> dict[str, Any]:
    a, b = values["a"], values["b"]
    return {**values, "b": b - a * (a @ b) / (a @ a)}


EQUATIONS: list[tuple[str, list[str], str, Move]] = [
    ("(A + B)^2 = A^2 + 2*A*B + B^2", [A, B], "A and B commute", commuting),
    ("(A + B)*(A - B) = A^2 - B^2", [A, B], "A and B commute", commuting),
    ("(A*B)^2 = A^2*B^2", [A, B], "A and B commute", commuting),
    ("A*B = B*A", [A, B], "A and B commute", commuting),
    ("d(norm2(x))/d(x) = x'", [], "x has length 1", of_length_one),
    ("x*x'*x = x", [], "x has length 1", of_length_one),
    ("norm2(a + b)^2 = norm2(a)^2 + norm2(b)^2", [], "a and b are orthogonal", at_right_angles),
]


@pytest.mark.parametrize(("wrong", "declare", "words", "move"), EQUATIONS, ids=[row[0] for row in EQUATIONS])
def test_a_missing_equation(wrong: str, declare: list[str], words: str, move: Move) -> None:
    claim = read_claim(wrong, declare)
    assert is_refuted(claim)
    assert cause(claim) == f"holds if {words}"
    assert holds(claim, move=move)
    assert not holds(claim)


SIZES: list[tuple[str, list[str], str, dict[str, int]]] = [
    ("A*inv(A'*A)*A' = eye(m)", ["A: matrix(m, n)"], "m = n", {"m": 3, "n": 3}),
    (
        "d(det(A*X*B))/d(X) = det(A*X*B)*(X^-1)'",
        ["A: matrix(m, n)", "X: matrix(n, n)", "B: matrix(n, m)"],
        "m = n",
        {"m": 2, "n": 2},
    ),
    ("tr(A*B) = tr(A)*tr(B)", [A, B], "n = 1", {"n": 1}),
    ("det(A + B) = det(A) + det(B)", [A, B], "n = 1", {"n": 1}),
    ("kron(A, B) = kron(B, A)", ["A: matrix(m, n)", "B: matrix(m, n)"], "1 x 1 matrices", {"m": 1, "n": 1}),
    ("norm1(X*w) = norm1(X)*norm1(w)", ["X: matrix(m, n)"], "n = 1", {"n": 1}),
]


@pytest.mark.parametrize(("wrong", "declare", "words", "sizes"), SIZES, ids=[row[0] for row in SIZES])
def test_sizes_at_which_it_holds(wrong: str, declare: list[str], words: str, sizes: dict) -> None:
    claim = read_claim(wrong, declare)
    assert is_refuted(claim)
    assert cause(claim) == f"holds for {words}"
    assert holds(claim, sizes=sizes)
    assert not holds(claim)


STRUCTURED = [
    ("d(logdet(X))/d(X) = 2*X^-1 - X^-1.*eye(n)", [X + " symmetric"], False, "if tied entries move together (`structured`)"),
    ("d(tr(A*X))/d(X) = A + A' - A.*eye(n)", [X + " symmetric"], False, "if tied entries move together (`structured`)"),
    ("d(tr(A*X))/d(X) = A'", [X + " symmetric"], True, "if all entries move alone"),
]


@pytest.mark.parametrize(("wrong", "declare", "structured", "words"), STRUCTURED)
def test_structured_or_not(wrong: str, declare: list[str], structured: bool, words: str) -> None:
    claim = read_claim(wrong, declare, structured=structured)
    assert is_refuted(claim)
    assert cause(claim) == f"holds {words}"
    assert holds(read_claim(wrong, declare, structured=not structured))


# ---- Chains ---------------------------------------------------------------------------------------------------------

CHAINS = [
    ("d(x'*x)/d(x) = x' = 2*x'", [], "step 1 holds with the factor 2 on the right side: d(x'*x)/d(x) = 2*x'"),
    ("d(x'*x)/d(x) = 2*x' = 2*x", [], "step 2 holds with the right side transposed: 2*x' = (2*x)'"),
    ("d(A*x)/d(x) = A = eye(n)*A'", [A], "step 2 holds with the right side transposed: A = (eye(n)*A')'"),
    ("norm2(A*x)^2 = x'*A'*A*x = x'*A*A'*x", [A], "step 2 holds if A is symmetric"),
    ("d(x'*A*x)/d(x) = x'*A + x'*A' = 2*x'*A", [A], "step 2 holds if A is symmetric"),
    ("tr(A*B) = tr(B*A) = sum(A.*B)", [A, B], "step 2 holds with `A` transposed: tr(B*A) = sum(A'.*B)"),
    ("d(a'*x)/d(x) = a = a", [], "step 1 holds in denominator layout"),
    ("d(cos(x))/d(x) = diag(sin(x)) = -diag(sin(x))", [],
     "step 1 holds with the other sign on the right side: d(cos(x))/d(x) = -diag(sin(x))"),
]  # fmt: skip


@pytest.mark.parametrize(("wrong", "declare", "said"), CHAINS)
def test_the_first_wrong_step_of_a_chain(wrong: str, declare: list[str], said: str) -> None:
    claim = read_claim(wrong, declare)
    assert is_refuted(claim)
    assert cause(claim) == said


def test_steps_before_the_wrong_one_are_right() -> None:
    claim = read_claim("norm2(A*x)^2 = x'*A'*A*x = x'*A*A'*x", [A])
    assert [holds(claim, step=step) for step in (1, 2)] == [True, False]
    assert holds(read_claim(claim.text, [A + " symmetric"]), step=2)


# ---- No cause -------------------------------------------------------------------------------------------------------

NOTHING: list[tuple[str, list[str]]] = [
    ("inv(A + B) = inv(A) + inv(B)", [A, B]),
    ("exp(x + y) = exp(x) + exp(y)", []),
    ("gelu(x) = x", []),
    ("A*B = A", ["A: matrix(m, n)"]),
    ("d(x'*A*x)/d(x) = x'", [A]),
    ("log(det(A*A')) = det(A)", [A]),
    ("norm2(x) = norm1(x) + 1", []),
    # each would be true for the price of saying nothing: X = X, 0 = 0, a root that is defined at 0 alone
    ("alpha*X = 2*alpha*X", ["X: matrix(m, n)"]),
    ("x'*K*x = 2*x'*K*x", []),
    ("sqrt(alpha^2 + 1) = alpha", []),
]


@pytest.mark.parametrize(("wrong", "declare"), NOTHING, ids=[row[0] for row in NOTHING])
def test_no_cause(wrong: str, declare: list[str]) -> None:
    claim = read_claim(wrong, declare)
    assert is_refuted(claim)
    assert cause(claim) == ""


@pytest.mark.parametrize(
    ("wrong", "declare"),
    [
        ("norm1(Q*x) = 1 + norm1(x)", ["Q: matrix(n, n) orthogonal"]),  # skew too, there are such Q for even n only
        ("d(A^-1)/d(alpha) = -A^-2*d(A)/d(alpha) + eye(n)", ["A(alpha): matrix(n, n) orthogonal"]),
        ("A = A'", [A + " skew"]),  # symmetric too, it is zero
        ("A = -A", [A + " symmetric"]),
    ],
)
def test_no_hypothesis_that_leaves_nothing(wrong: str, declare: list[str]) -> None:
    said = cause(read_claim(wrong, declare))
    assert "symmetric" not in said
    assert "skew" not in said


# ---- All that is said of wrong twins is true ------------------------------------------------------------------------

#: What stands before the equation that is printed.
EQUATION = re.compile(r"(?:holds|seems to hold) with(?:out)?(?:[^`:]|`[^`]*`)*: (.*)", re.DOTALL)


def twins(text: str) -> Iterator[str]:
    """The right side of a claim without one transpose, one sign, one factor 2."""
    start = text.rindex("=")
    for pattern, other in ((r"'", ""), (r" \+ ", " - "), (r" - ", " + "), (r"\b2\*", "")):
        for match in re.finditer(pattern, text[start:]):
            yield text[: start + match.start()] + other + text[start + match.end() :]


def wrong_twins() -> Iterator[tuple[str, dict[str, Any]]]:
    """One twin of every tenth identity of the library."""
    paths = sorted(FOLDER.glob("*.toml"))
    library = [row for path in paths for row in tomllib.loads(path.read_text(encoding="utf-8"))["identity"]]
    for at, row in enumerate(library[::10]):
        found = [] if "expect" in row or row.get("assume") or "=" not in row["claim"] else list(twins(row["claim"]))
        for twin in found[at % len(found) :][:1] if found else ():
            keys = ("declare", "layout", "where", "structured")
            yield twin, {key: row[key] for key in keys if key in row}


TWINS = list(wrong_twins())


def test_there_are_twins() -> None:
    assert len(TWINS) > 40


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_what_is_printed_is_true() -> None:
    checked, explained, refuted = 0, 0, 0
    for twin, given in TWINS:
        try:
            claim = read_claim(twin, **given)
            wrong = is_refuted(claim)
        except MatcalcError:  # without its transpose it has no meaning
            continue
        refuted += wrong
        said = cause(claim) if wrong else ""
        explained += bool(said)
        printed = EQUATION.fullmatch(said)
        if printed is not None:
            assert holds(read_claim(printed[1], **given)), said
            checked += 1
    assert checked > 20
    assert explained > 0.85 * refuted


# ---- The search -----------------------------------------------------------------------------------------------------

WRONG = read_claim("d(x'*W*x)/d(x) = 2*x'*W", ["W: matrix(n, n)"])


def test_a_deadline_is_kept() -> None:
    assert cause(WRONG, time.monotonic() - 1) == ""
    start = time.monotonic()
    cause(read_claim("d(tr(inv(A + X'*X)*X'*X))/d(X) = X*inv(A + X'*X)^2*A + X", [A, "X: matrix(m, n)"]), start + 0.05)
    assert time.monotonic() - start < 1


def test_the_number_of_candidates_is_bounded() -> None:
    assert sum(most for _, most in (*search.CHANGES, *search.HYPOTHESES, *search.SIZES)) <= 170


def test_an_error_of_a_candidate_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ValueError("no")

    monkeypatch.setattr(search, "decide", fail)
    assert cause(WRONG) == ""


def test_an_error_of_a_group_ends_the_group_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def group(*_: object) -> Iterator[Candidate]:
        yield Candidate("by magic", {"layout": "diagonal"})
        raise ValueError("no")

    monkeypatch.setattr(search, "CHANGES", ((group, 3),))
    assert cause(WRONG) == "holds if W is symmetric"


def test_what_is_only_numeric_seems_to_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    decide = search.decide
    monkeypatch.setattr(search, "decide", lambda *given: replace(decide(*given), verdict="numeric"))
    assert cause(WRONG) == "seems to hold if W is symmetric"


def test_a_proof_comes_before_what_seems_to_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    decide = search.decide

    def weaker(claim: Claim, deadline: float) -> Any:
        found = decide(claim, deadline)
        symmetric = "symmetric" in claim.program.variables["W"].properties
        return replace(found, verdict="numeric") if symmetric and found.verdict == "proved" else found

    monkeypatch.setattr(search, "decide", weaker)
    assert cause(WRONG) == "holds if W is diagonal"


# ---- In the message of a verdict ------------------------------------------------------------------------------------


def test_a_message_begins_with_the_cause() -> None:
    verdict = verify("d(x'*W*x)/d(x) = 2*x'*W", ["W: matrix(n, n)"])
    first, second = verdict.message.split("\n")[:2]
    assert (verdict.verdict, first) == ("refuted", "holds if W is symmetric")
    assert second.startswith("the sides differ at")
    assert verdict.counterexample is not None


def test_a_message_about_shapes_ends_with_the_cause() -> None:
    verdict = verify("(A*x)' = A*x", ["A: matrix(m, n)"])
    shapes, _, clause = verdict.message.partition("; ")
    assert shapes.startswith("the left side is a row")
    assert clause == "holds with the right side transposed: (A*x)' = (A*x)'"


def test_no_help_is_given_where_none_is_wanted() -> None:
    verdict = verify("d(x'*W*x)/d(x) = 2*x'*W", ["W: matrix(n, n)"], help=False)
    assert verdict.verdict == "refuted"
    assert verdict.message.startswith("the sides differ at")


def test_a_true_claim_needs_no_help() -> None:
    assert verify("d(x'*a)/d(x) = a'").message == ""
