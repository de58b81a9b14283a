"""The numeric stage: what is false is refuted wherever it is false, and what is true never is."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from matcalc.claim import Claim, read_claim
from matcalc.counterexample import Counterexample, plain
from matcalc.evaluate import evaluate
from matcalc.points import Source, work
from matcalc.refutation import Comparison, compare
from matcalc.sampling import ties_of, unknowns_of
from matcalc.solving import is_zero
from matcalc.values import ORDINARY, SPECIAL, draw, has_properties

pytestmark = pytest.mark.filterwarnings("error")


def comparison(claim: Claim, **options: Any) -> Comparison:
    return compare(claim.program, claim.sides, claim.assume, **options)


def compared(text: str, *declare: str, assume: tuple[str, ...] = (), where: tuple[str, ...] = (), **options: Any) -> Comparison:
    """The comparison of the sides of a claim."""
    return comparison(read_claim(text, declare, where=where, assume=assume), **options)


def reevaluated(claim: Claim, example: Counterexample) -> list[np.ndarray]:
    """The values of the two sides at a counterexample that went through JSON, by the interpreter in double precision."""
    data = json.loads(json.dumps(example.to_json()))
    values = {name: np.array(value, dtype=float) for name, value in data["values"].items()}
    program = claim.program
    return [
        evaluate(
            claim.sides[side], values, data["sizes"], assignments=program.assignments, layout=program.layout,
            unknowns=unknowns_of(program), structured=ties_of(program),
        )
        for side in data["step"]
    ]  # fmt: skip


# ---- What is false --------------------------------------------------------------------------------------------------

FALSE = {
    # sizes
    "n*y = 5*y": ["y: vector(n)"],
    "n*y = 4*y": ["y: vector(n)"],
    "n*y = m*y": ["y: vector(n)", "A: matrix(m, n)"],
    "m*y = (n + 1)*y": ["y: vector(n)", "A: matrix(m, n)"],
    "step(n - 1.5)*x = x": ["x: vector(n)"],
    "step(1.5 - n)*x = x": ["x: vector(n)"],
    "step(m - 1.5)*A = A": ["A: matrix(n, m)"],
    "step(n - 1.5)*A = A": ["A: matrix(n, m)"],
    "step(abs(n - m) - 0.5)*A = A": ["A: matrix(n, m)"],
    "step(0.5 - abs(n - m))*A = A": ["A: matrix(n, m)"],
    "A*B = B*A": ["A: matrix(n, n)", "B: matrix(n, n)"],
    "det(X'*X) = 0": ["X: matrix(m, n)"],
    "(A*B - B*A)^2*C = C*(A*B - B*A)^2": ["A: matrix(n, n)", "B: matrix(n, n)", "C: matrix(n, n)"],
    "tr(M*M*M'*M*M'*M') = tr(M*M*M'*M'*M*M')": ["M: matrix(n, n)"],
    # zeros, ties, signs
    "sign(x).^2 = ones(n)": ["x: vector(n)"],
    "sign(s)^2 = 1": ["s: scalar"],
    "sign(s)^2*t = t": ["s: scalar", "t: scalar"],
    "sign(norm1(x))*s = s": ["x: vector(n)", "s: scalar"],
    "d(sum(relu(x)))/d(x) = ones(n)'": ["x: vector(n)"],
    "d(relu(s))/d(s) = (1 + sign(s))/2": ["s: scalar"],
    "d(relu(s))/d(s) = d((s + abs(s))/2)/d(s)": ["s: scalar"],
    "d(maximum(s, t))/d(s) = step(s - t)": ["s: scalar", "t: scalar"],
    "abs(s) = s": ["s: scalar"],
    "abs(s + t) = abs(s) + abs(t)": ["s: scalar", "t: scalar"],
    "sqrt(s^2) = s": ["s: scalar"],
    "step(s) + step(-s) = 1": ["s: scalar"],
    # properties that are not declared
    "A = A'": ["A: matrix(n, n)"],
    "inv(A) = A'": ["A: matrix(n, n)"],
    "Q = Q'": ["Q: matrix(n, n) orthogonal"],
    "det(Q) = 1": ["Q: matrix(n, n) orthogonal"],
    "K = 0": ["K: matrix(n, n) skew"],
    "tr(A) = sum(A)": ["A: matrix(n, n)"],
    "sum(y.^2) = 1": ["y: vector(n) simplex"],
    "sum(S, 0)' = sum(S, 1)": ["S: matrix(n, n) simplex"],
    # small differences
    "x = x*(1 + 1e-9)": ["x: vector(n)"],
    "x = x*(1 + 1e-15)": ["x: vector(n)"],
    "x'*A*x = x'*A*x*(1 + 1e-13)": ["x: vector(n)", "A: matrix(n, n)"],
    "pi*x = 3.141592653589793*x": ["x: vector(n)"],
    "x + 1e-20 = x": ["x: vector(n)"],
    "1 + 1e-30*s - 1 = 0": ["s: scalar"],
    "sum(softmax(x)) = 1 + 1e-25": ["x: vector(n)"],
    "hessian(s^3, s) = 6*s*(1 + 1e-17)": ["s: scalar"],
    "A*inv(A) - eye(n) = 1e-18*ones(n, n)": ["A: matrix(n, n)"],
    "exp(-1000*s^2) = 0": ["s: scalar"],
    "exp(-10^9*s^2) = 0": ["s: scalar positive"],
    "relu(s) = (s + abs(s))/2 + 1e-9*step(s)": ["s: scalar"],
    "log(s) = log(s)*(1 + 1e-14)": ["s: scalar"],
    # values that may be either of two, and whole numbers that are quotients
    "maximum(norm2(x), norm2(x)) = norm1(x)": ["x: vector(n)"],
    "maximum(exp(s), exp(s)) = 2*exp(s)": ["s: scalar"],
    "minimum(exp(s), exp(t)) = exp(s) + exp(t)": ["s: scalar", "t: scalar"],
    "d(maximum(exp(s), exp(s)))/d(s) = 2*exp(s)": ["s: scalar"],
    "abs(sum(softmax(x)) - 1) = 1": ["x: vector(n)"],
    "relu(sum(softmax(x)) - 1) = 1": ["x: vector(n)"],
    "(-1)^((n - n + 9)*(1/3)) = 1": ["x: vector(n)"],
    "(-1)^(6/3) = -1": [],
    "(-s)^(9*(1/3)) = s^3": ["s: scalar"],
    # narrow domains
    "log(s*t) = log(s) + log(t) + log(2)": ["s: scalar", "t: scalar"],
    "sqrt(x) + asin(y - 1) = x": ["x: scalar", "y: scalar"],
    "log(log(s)) = s": ["s: scalar"],
    "inv(X'*X)*X' = X'": ["X: matrix(m, n)"],
    # unknown functions
    "f'(s) = f(s)": ["s: scalar", "f: function"],
    "f(-s) = f(s)": ["s: scalar", "f: function"],
    "d(A)/d(alpha) = A": ["alpha: scalar", "A(alpha): matrix(m, m)"],
    "d(d(L)/d(x))/d(x) = 0": ["x: vector(n)", "L(x): scalar"],
    # chains and constants
    "2/4 = 1/3": [],
    "A = A = B": ["A: matrix(n, n)", "B: matrix(n, n)"],
    "0 = s": ["s: scalar"],
}


@pytest.mark.parametrize("text", FALSE)
def test_what_is_false_is_refuted(text: str) -> None:
    claim = read_claim(text, FALSE[text])
    found = comparison(claim).counterexample
    assert found is not None
    left, right = reevaluated(claim, found)
    np.testing.assert_allclose(np.broadcast_to(left, np.shape(found.left)), found.left, rtol=1e-9, atol=1e-14)
    np.testing.assert_allclose(np.broadcast_to(right, np.shape(found.right)), found.right, rtol=1e-9, atol=1e-14)
    assert Decimal(found.difference) > 0


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("text", [text for text in FALSE if "(" in text])
def test_what_is_false_is_refuted_whatever_the_seed(text: str, seed: int) -> None:
    assert compared(text, *FALSE[text], seed=1000 + seed).counterexample is not None


def test_counterexamples_by_hand() -> None:
    """Re-computed with NumPy alone."""
    example = compared("A*B = B*A", "A: matrix(n, n)", "B: matrix(n, n)").counterexample
    assert example is not None
    A, B = np.array(example.values["A"]), np.array(example.values["B"])
    np.testing.assert_array_equal(A @ B, example.left)
    np.testing.assert_array_equal(B @ A, example.right)
    assert not np.array_equal(A @ B, B @ A)
    example = compared("d(x'*A*x)/d(x) = 2*x'*A", "x: vector(n)", "A: matrix(n, n)").counterexample
    assert example is not None
    x, A = np.array(example.values["x"]), np.array(example.values["A"])
    np.testing.assert_array_equal(x @ (A + A.T), example.left)
    np.testing.assert_array_equal(2 * x @ A, example.right)


# ---- What is true, and delicate -------------------------------------------------------------------------------------

TRUE = {
    # cancellation, and terms that vanish beside others
    "A*inv(A) = eye(n)": ["A: matrix(n, n)"],
    "A*inv(A) - eye(n) = 0": ["A: matrix(n, n)"],
    "tr(A*B - B*A) = 0": ["A: matrix(n, n)", "B: matrix(n, n)"],
    "(1 + 1e-30*s) - 1 = 1e-30*s": ["s: scalar"],
    "(1 + 1e-100*s) - 1 = 1e-100*s": ["s: scalar"],
    "(1 + 1e-100*s) - (1 + 2e-100*s) = -1e-100*s": ["s: scalar"],
    "log(1 + exp(-exp(exp(2*s)))) = softplus(-exp(exp(2*s)))": ["s: scalar"],
    "cosh(s)^2 - sinh(s)^2 = 1": ["s: scalar"],
    "cosh(100*s)^2 - sinh(100*s)^2 = 1": ["s: scalar"],
    "exp(1000*s)*exp(-1000*s) = 1": ["s: scalar"],
    "exp(exp(10*s))*exp(-exp(10*s)) = 1": ["s: scalar"],
    "inv(x*x' + 1e-18*eye(n))*(x*x' + 1e-18*eye(n)) = eye(n)": ["x: vector(n)"],
    "10^400*s = s*10^400": ["s: scalar"],
    "sin(pi*n) = 0": ["x: vector(n)"],
    # jumps of what is exactly zero, but not in any precision
    "sign(sum(softmax(x)) - 1) = 0": ["x: vector(n)"],
    "step(norm2(x)^2 - x'*x) = 0": ["x: vector(n)"],
    "sign(A*inv(A) - eye(n)) = 0": ["A: matrix(n, n)"],
    "norm1(A*inv(A) - eye(n)) = 0": ["A: matrix(n, n)"],
    "step(tr(Q'*Q) - n) = 0": ["Q: matrix(n, n) orthogonal"],
    "maximum(sum(softmax(x)), 1) = 1": ["x: vector(n)"],
    "d(maximum(sum(softmax(x)), 1))/d(x) = 0": ["x: vector(n)"],
    "sign(atan(s) + atan(1/s) - sign(s)*pi/2) = 0": ["s: scalar"],
    # singular matrices
    "det(A)*inv(A) = adj(A)": ["A: matrix(n, n)"],
    "adj(A)*A = det(A)*eye(n)": ["A: matrix(n, n)"],
    "x*x'*inv(x*x') = eye(n)": ["x: vector(n)"],
    "inv(X'*X)*X'*X = eye(n)": ["X: matrix(m, n)"],
    "det(x*y') = x'*y*step(1.5 - n)": ["x: vector(n)", "y: vector(n)"],
    "logdet(A*B) = logdet(A) + logdet(B)": ["A: matrix(n, n)", "B: matrix(n, n)"],
    # domains: true where both sides are defined
    "d(log(s))/d(s) = 1/abs(s)": ["s: scalar"],
    "log(s*t) = log(s) + log(t)": ["s: scalar", "t: scalar"],
    "log(s^2) = 2*log(s)": ["s: scalar"],
    "sqrt(s)^2 = s": ["s: scalar"],
    "sqrt(s)*sqrt(t) = sqrt(s*t)": ["s: scalar", "t: scalar"],
    "s/s = 1": ["s: scalar"],
    "0*log(s) = 0": ["s: scalar"],
    "s^t = exp(t*log(s))": ["s: scalar", "t: scalar"],
    "d(norm2(x))/d(x) = x'/norm2(x)": ["x: vector(n)"],
    "hessian(norm2(x)^2, x) = 2*eye(n)": ["x: vector(n)"],
    "d(log(log(x)))/d(x) = diag(1./(x.*log(x)))": ["x: vector(n)"],
    # kinks, by the rules of the language
    "relu(s) = (s + abs(s))/2": ["s: scalar"],
    "d(abs(s))/d(s) = sign(s)": ["s: scalar"],
    "d(abs(s)^3)/d(s) = 3*abs(s)^2*sign(s)": ["s: scalar"],
    "d(maximum(s, t))/d(s) + d(maximum(s, t))/d(t) = 1": ["s: scalar", "t: scalar"],
    "x.^0 = ones(n)": ["x: vector(n)"],
    # properties
    "Q*Q' = eye(n)": ["Q: matrix(n, n) orthogonal"],
    "inv(Q) = Q": ["Q: matrix(n, n) orthogonal symmetric"],
    "Q^2 = -eye(n)": ["Q: matrix(n, n) orthogonal skew"],
    "x'*K*x = 0": ["K: matrix(n, n) skew", "x: vector(n)"],
    "sum(S, 1) = ones(n)": ["S: matrix(n, m) simplex"],
    "S = S'": ["S: matrix(n, n) positive-definite"],
    "log(det(P)) = logdet(P)": ["P: matrix(n, n) positive-definite"],
    "abs(y) = y": ["y: vector(n) positive"],
    # unknown functions
    "d(f(s*t))/d(s) = t*f'(s*t)": ["s: scalar", "t: scalar", "f: function"],
    "d(inv(A))/d(alpha) = -inv(A)*d(A)/d(alpha)*inv(A)": ["alpha: scalar", "A(alpha): matrix(m, m)"],
    "d(Q'*Q)/d(alpha) = 0": ["alpha: scalar", "Q(alpha): matrix(m, m) orthogonal"],
    # high orders
    "d(d(d(d(sum(x.^4))/d(x))/d(x))/d(x))/d(x) = [i,j,k,l: 24*delta(i,j)*delta(j,k)*delta(k,l)]": ["x: vector(n)"],
    "tanh(s) = (exp(s) - exp(-s))/(exp(s) + exp(-s))": ["s: scalar"],
}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("text", TRUE)
def test_what_is_true_is_not_refuted(text: str, seed: int) -> None:
    found = compared(text, *TRUE[text], seed=seed)
    assert found.counterexample is None
    assert found.points > 0
    assert found.digits >= 6
    assert found.reason == ""


@pytest.mark.parametrize("text", TRUE)
def test_with_forty_digits_at_all_points(text: str) -> None:
    found = compared(text, *TRUE[text], precise=True)
    assert found.counterexample is None
    assert found.points == 0 or found.digits >= 15


# ---- What the digits are enough for ---------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["s = s*(1 + 1/10^35)", "s = s*(1 + 1/10^60)", "s + 1/3 = s + 1/3 + 1e-300"])
def test_one_point_is_confirmed_in_intervals(text: str) -> None:
    """What 40 digits can hardly show, or not at all, where every comparison is one of 40 digits."""
    assert compared(text, "s: scalar").counterexample is None
    found = compared(text, "s: scalar", precise=True).counterexample
    assert found is not None
    assert 0 < Decimal(found.difference) < Decimal("1e-34")


@pytest.mark.parametrize("text", ["x = x*(1 + 1/10^18)", "pi*x = 3.141592653589793*x", "x'*y + 1e-20 = y'*x"])
def test_what_agrees_in_double_precision_may_be_left_to_a_later_comparison(text: str) -> None:
    declare = ["x: vector(n)", "y: vector(n)"]
    found = compared(text, *declare, confirm=False)
    assert (found.counterexample, found.unsettled) == (None, False)
    assert found.points > 0
    assert compared(text, *declare).counterexample is not None
    assert compared(text, *declare, confirm=False, precise=True).counterexample is not None


def test_small_sizes_are_looked_at_in_the_end() -> None:
    """n(n-1)/3 is whole and odd half of n(n-1)/2 at n = 3, which is no ordinary size since 3 is in the claim."""
    for text in ("det(commutation(n, n)) = (-1)^(n*(n - 1)/3)", "(-1)^(n*(n - 1)*(1/6)) = 1"):
        found = compared(text, "x: vector(n)", precise=True).counterexample
        assert found is not None
        assert found.sizes == {"n": 3}


def test_a_difference_that_no_interval_settles_is_reported() -> None:
    found = compared("sign(atan(s) + atan(1/s) - sign(s)*pi/2) = 0", "s: scalar", precise=True)
    assert found.counterexample is None
    assert found.unsettled
    for text in ("exp(s)*exp(-s) = 1", "sign(s - s) = 0", "sqrt(s^2) = abs(s)"):
        assert not compared(text, "s: scalar", precise=True).unsettled


def test_at_exact_points_rational_expressions_are_settled() -> None:
    """A·inv(A) is exactly the unit matrix in intervals of rational numbers, so what jumps there is certain."""
    for text in ("sign(A*inv(A) - eye(n)) = 0", "step(det(A)*det(inv(A)) - 1) = 0"):
        found = compared(text, "A: matrix(n, n)", precise=True)
        assert (found.counterexample, found.unsettled) == (None, False)
        assert found.points > 0
    assert compared("sign(A*inv(A) - eye(n)) = 1e-9", "A: matrix(n, n)").counterexample is not None


# ---- Assumptions ----------------------------------------------------------------------------------------------------

ASSUMED = [
    ("sum(y)*x = x", ["x: vector(n)", "y: vector(n)"], ["sum(y) = 1"]),
    ("d(sum(y)^2)/d(y) = 2*ones(n)'", ["y: vector(n)"], ["sum(y) = 1"]),
    ("step(sum(y) - 1) = 0", ["y: vector(n)"], ["sum(y) = 1"]),
    ("x'*x = 1", ["x: vector(n)"], ["norm2(x) = 1"]),
    ("A^2*B = B*A^2", ["A: matrix(n, n)", "B: matrix(n, n)"], ["A*B = B*A"]),
    ("Q*Q' = eye(n)", ["Q: matrix(n, n)"], ["Q'*Q = eye(n)"]),
    ("Q*Q'*Q = Q", ["Q: matrix(m, n)"], ["Q'*Q = eye(n)"]),
    ("alpha*x = 2*x", ["x: vector(n)", "alpha: scalar"], ["alpha = 2"]),
    ("x.^alpha = x.*x", ["x: vector(n)", "alpha: scalar"], ["alpha = 2"]),
    ("step(3*alpha - 1) = 0", ["alpha: scalar"], ["alpha = 1/3"]),
    ("B*A = eye(n)", ["A: matrix(n, n)", "B: matrix(n, n)"], ["inv(A) = B"]),
    ("norm2(x + y)^2 = x'*x + y'*y", ["x: vector(n)", "y: vector(n)"], ["x'*y = 0"]),
    ("x'*K*x = 0", ["x: vector(n)", "K: matrix(n, n)"], ["K' = -K"]),
    ("x = 0", ["x: vector(n)"], ["x'*x = 0"]),
    ("P^3 = P", ["P: matrix(n, n) symmetric"], ["P*P = P"]),
    ("det(A)*s = s", ["A: matrix(n, n)", "s: scalar"], ["det(A) = 1"]),
    ("x'*A*x = lambda*x'*x", ["A: matrix(n, n)", "x: vector(n)", "lambda: scalar"], ["A*x = lambda*x"]),
    ("Q*x = x", ["Q: matrix(n, n) orthogonal", "x: vector(n)"], ["Q*x = x"]),
    ("abs(y) = y", ["y: vector(n) positive"], ["sum(y) = 1"]),
    ("P = P'", ["P: matrix(n, n) positive-definite"], ["tr(P) = 3"]),
    ("sum(y) = 1", ["y: vector(n) simplex"], ["y'*y = 0.7"]),
    ("n*s = 2*s", ["x: vector(n)", "s: scalar"], ["n = 2"]),
    ("d(x'*A*x)/d(x) = 2*(A*x)'", ["A: matrix(n, n)", "x: vector(n)"], ["A' = A"]),
    ("d(x'*A*x)/d(A) = x*x'", ["A: matrix(n, n)", "x: vector(n)"], ["A' = A"]),
    ("exp(U) = 2", ["t: scalar", "U(t): scalar"], ["exp(U) = 2"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "declare", "assume"), ASSUMED)
def test_what_is_true_under_an_assumption(text: str, declare: list[str], assume: list[str]) -> None:
    for precise in (False, True):
        found = compared(text, *declare, assume=tuple(assume), precise=precise)
        assert found.counterexample is None
        assert found.points > 0 or "step" in text


@pytest.mark.parametrize(("text", "declare", "assume"), [
    ("y = ones(n)/n", ["y: vector(n)"], ["sum(y) = 1"]),
    ("sum(y)*x = 2*x", ["x: vector(n)", "y: vector(n)"], ["sum(y) = 1"]),
    ("sum(y)*s = s*(1 + 1e-15)", ["s: scalar", "y: vector(n)"], ["sum(y) = 1"]),
    ("d(sum(y)^2)/d(y) = 0", ["y: vector(n)"], ["sum(y) = 1"]),
    ("A = B", ["A: matrix(n, n)", "B: matrix(n, n)"], ["A*B = B*A"]),
    ("A = A'", ["A: matrix(n, n)", "B: matrix(n, n)"], ["A*B = B*A"]),
    ("Q*Q' = eye(m)", ["Q: matrix(m, n)"], ["Q'*Q = eye(n)"]),
    ("norm2(x + y) = norm2(x) + norm2(y)", ["x: vector(n)", "y: vector(n)"], ["x'*y = 0"]),
    ("x'*K*y = 0", ["x: vector(n)", "y: vector(n)", "K: matrix(n, n)"], ["K' = -K"]),
    ("P = P'", ["P: matrix(n, n)"], ["P*P = P"]),
    ("A = A'", ["A: matrix(n, n)", "x: vector(n)", "lambda: scalar"], ["A*x = lambda*x"]),
    ("x = 2*x", ["Q: matrix(n, n) orthogonal", "x: vector(n)"], ["Q*x = x"]),
    ("y'*y = 1", ["y: vector(n) positive"], ["sum(y) = 1"]),
])  # fmt: skip
def test_what_is_false_under_an_assumption(text: str, declare: list[str], assume: list[str]) -> None:
    claim = read_claim(text, declare, assume=assume)
    found = comparison(claim).counterexample
    assert found is not None
    left, right = reevaluated(claim, found)
    np.testing.assert_allclose(np.broadcast_to(left, np.shape(found.left)), found.left, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(np.broadcast_to(right, np.shape(found.right)), found.right, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("declare", "assume"), [
    (["s: vector(n)"], ["sum(s) = 1", "sum(s) = 2"]),
    (["s: scalar"], ["s^2 = -1"]),
    (["s: scalar"], ["exp(-s) = 0"]),
    (["s: scalar positive"], ["s = -1"]),
    (["s: scalar"], ["log(s) = log(-s)"]),
    (["s: vector(3)"], ["sum(s) = 1", "s = zeros(3)"]),
])  # fmt: skip
def test_assumptions_that_contradict_each_other(declare: list[str], assume: list[str]) -> None:
    start = time.monotonic()
    found = compared("s = 2*s", *declare, assume=tuple(assume))
    assert (found.counterexample, found.points) == (None, 0)
    assert found.reason == "no point satisfies the assumptions"
    assert time.monotonic() - start < 5


def test_properties_that_cannot_be_had() -> None:
    found = compared("A = 2*A", "A: matrix(3, 3) skew invertible")
    assert (found.counterexample, found.points) == (None, 0)
    assert found.reason == "no point satisfies the assumptions"


def test_no_point_of_the_domain() -> None:
    found = compared("log(-s^2) = s", "s: scalar")
    assert (found.counterexample, found.points, found.digits) == (None, 0, 0)
    assert found.reason == "no point was found where both sides are defined"


# ---- What a comparison tells ----------------------------------------------------------------------------------------


def test_counterexamples_are_simple() -> None:
    """Sizes up to 3 and whole numbers from -2 to 3, where such a point is found."""
    for text in ("A*B = B*A", "A = A'", "sign(x).^2 = ones(n)", "abs(s + t) = abs(s) + abs(t)", "tr(A) = sum(A)"):
        found = compared(text, *FALSE[text]).counterexample
        assert found is not None
        assert set(found.sizes.values()) <= {1, 2, 3}
        entries = {entry for value in found.values.values() for entry in np.ravel(value).tolist()}
        assert entries <= {-2, -1, 0, 1, 2, 3}


def test_a_counterexample_in_words() -> None:
    found = str(compared("x.^2 = x.^3", "x: vector(n)", sizes={"n": 2}).counterexample)
    assert found.startswith("at n = 2, x = [")
    assert "left side [" in found
    assert "right side [" in found
    assert str(compared("2/4 = 1/3").counterexample) == "everywhere: left side 0.5, right side 0.333333"
    small = str(compared("x = x*(1 + 1e-15)", "x: scalar").counterexample)
    assert small.endswith("(they differ by 1.0e-15)")
    tiny = str(compared("exp(-1000*s^2) = 0", "s: scalar positive").counterexample)
    assert tiny == "at s = 1: left side 0, right side 0 (they differ by 5.1e-435)"
    chain = compared("A = A = B", *FALSE["A = A = B"]).counterexample
    assert chain is not None
    assert chain.step == (1, 2)
    assert "side 2 [" in str(chain)
    assert "side 3 [" in str(chain)


def test_a_counterexample_with_unknown_functions_says_what_they_stood_for() -> None:
    found = compared("f'(s) = f(s)", "s: scalar", "f: function").counterexample
    assert found is not None
    assert "sin(" in found.functions["f"]
    assert "f: " in str(found)
    found = compared("d(A)/d(alpha) = A", *FALSE["d(A)/d(alpha) = A"]).counterexample
    assert found is not None
    assert found.functions == {"A": "a fixed smooth function of alpha"}


def test_large_values_are_cut_and_lines_are_short() -> None:
    example = Counterexample({"n": 40}, {"A": np.ones((40, 40)).tolist()}, plain(np.ones(40)), 0, (0, 1), {})
    lines = str(example).splitlines()
    assert len(lines) < 8
    assert max(map(len, lines)) <= 80
    assert "..." in str(example)


def test_json_holds_plain_types() -> None:
    found = compared("A*B = B*A", *FALSE["A*B = B*A"]).counterexample
    assert found is not None
    data = found.to_json()
    assert json.loads(json.dumps(data)) == data
    assert set(data) == {"sizes", "values", "left", "right", "step", "functions", "difference"}
    assert plain(np.array([1.0, 0.5, -0.0])) == [1, 0.5, 0]


def test_a_side_that_is_defined_where_the_other_is_not() -> None:
    found = compared("log(s^2) = 2*log(s)", "s: scalar")
    assert found.one_sided.startswith("the left side is defined at points where the right side is not, such as s = -")
    found = compared("1 = s/s", "s: scalar")
    assert found.one_sided == "the left side is defined at points where the right side is not, such as s = 0"
    assert compared("exp(s)*exp(-s) = 1", "s: scalar").one_sided == ""


def test_the_seed_decides() -> None:
    for text, declare in [*FALSE.items(), ("log(s^2) = 2*log(s)", ["s: scalar"]), ("A*inv(A) = eye(n)", ["A: matrix(n, n)"])]:
        assert compared(text, *declare, seed=5) == compared(text, *declare, seed=5)


def test_sizes_can_be_fixed() -> None:
    assert compared("n*y = 5*y", "y: vector(n)", sizes={"n": 5}).counterexample is None
    found = compared("n*y = 5*y", "y: vector(n)", sizes={"n": 7}).counterexample
    assert found is not None
    assert found.sizes == {"n": 7}


def test_a_deadline_is_kept() -> None:
    found = compared("A*inv(A) = eye(n)", "A: matrix(n, n)", deadline=time.monotonic() - 1)
    assert (found.points, found.counterexample) == (0, None)
    assert found.reason == "the time was up before a point was found"


def test_a_structured_derivative() -> None:
    claim = read_claim("d(tr(A*X))/d(X) = A'", ["A: matrix(n, n)", "X: matrix(n, n) symmetric"], structured=True)
    assert comparison(claim).counterexample is not None
    claim = read_claim(
        "d(tr(A*X))/d(X) = A + A' - diag(diag(A))", ["A: matrix(n, n)", "X: matrix(n, n) symmetric"], structured=True
    )
    assert comparison(claim).counterexample is None


def test_memory_is_bounded() -> None:
    """A derivative of order six, one of matrices by matrices three times over, and one that is too large."""
    sixth = "d(d(d(d(d(d(sum(x.^3)^2)/d(x))/d(x))/d(x))/d(x))/d(x))/d(x)"
    assert compared(f"{sixth} = {sixth}", "x: vector(n)").points > 0
    third = "d(d(d(A*B*C)/d(A))/d(B))/d(C)"
    declare = ["A: matrix(a, b)", "B: matrix(b, c)", "C: matrix(c, d)"]
    assert compared(f"{third} = {third}", *declare).points > 0
    assert compared(f"{third} = 2*{third}", *declare).counterexample is not None
    huge = compared("d(A*A)/d(A) = 0", "A: matrix(100, 100)")
    assert (huge.points, huge.reason) == (0, "the arrays are too large")


# ---- Where points come from -----------------------------------------------------------------------------------------


def source(claim: Claim) -> Source:
    return Source(claim.program, claim.sides, {}, np.random.default_rng(3), work(claim.program, claim.sides))


def test_ordinary_sizes_avoid_each_other_and_the_numbers_of_the_claim() -> None:
    claim = read_claim("A*B*x = 4*n*A*B*x*5/5", ["A: matrix(m, n)", "B: matrix(n, 6)", "x: vector(6)"])
    for sizes in source(claim).ordinary_sizes(6):
        assert len(set(sizes.values())) == 2
        assert not set(sizes.values()) & {1, 2, 4, 5, 6}


def test_special_points_have_zeros_ties_and_sizes_of_one() -> None:
    here = source(read_claim("A*x + y + s*y = y", ["A: matrix(m, n)", "x: vector(n)", "y: vector(m)", "s: scalar"]))
    sizes = here.special_sizes()
    assert {"m": 1, "n": 1} in sizes
    assert {"m": 1, "n": 2} in sizes
    assert {"m": 2, "n": 1} in sizes
    assert {"m": 2, "n": 2} in sizes
    batch = here.special({"m": 2, "n": 2})
    for value in batch.values.values():
        assert any(not np.any(v) for v in value)
    assert any(np.array_equal(x, y) and np.any(x) for x, y in zip(batch.values["x"], batch.values["y"], strict=True))


def test_scalars_of_ordinary_points_have_all_signs() -> None:
    here = source(read_claim("s + t = s", ["s: scalar", "t: scalar"]))
    batch = here.ordinary({}, 4)
    signs = set(zip(np.sign(batch.values["s"][:4]), np.sign(batch.values["t"][:4]), strict=True))
    assert signs == {(1, 1), (1, -1), (-1, 1), (-1, -1)}


@pytest.mark.parametrize("properties", [
    (), ("positive",), ("simplex",), ("symmetric",), ("skew",), ("lower",), ("upper",), ("diagonal",), ("orthogonal",),
    ("positive-definite", "symmetric"), ("invertible",), ("symmetric", "invertible"), ("symmetric", "simplex"),
    ("orthogonal", "symmetric"), ("orthogonal", "skew"), ("orthogonal", "diagonal"), ("positive", "simplex"),
    ("lower", "invertible"), ("symmetric", "lower"), ("skew", "upper"), ("diagonal", "positive-definite", "symmetric"),
], ids=" ".join)  # fmt: skip
def test_drawn_values_are_exact_and_have_their_properties(properties: tuple[str, ...]) -> None:
    manners = [m for m in (*ORDINARY, *SPECIAL, "tied") if "positive" not in properties or m in ORDINARY]
    drawn = draw(np.random.default_rng(1), manners, (4, 4), frozenset(properties))
    assert has_properties(drawn[: len(ORDINARY)], properties).all()
    fractions = drawn * 2.0**24
    assert "orthogonal" in properties or np.array_equal(fractions, np.round(fractions))


def test_an_orthogonal_matrix_is_a_turn_or_a_reflection() -> None:
    drawn = draw(np.random.default_rng(1), ["real"] * 30, (2, 2), frozenset({"orthogonal"}))
    assert set(np.sign(np.linalg.det(drawn))) == {1.0, -1.0}


# ---- The source documents -------------------------------------------------------------------------------------------

FOLDER = Path(__file__).parents[1] / "identities"


def claim_of(table: dict[str, Any]) -> Claim:
    return read_claim(
        table["claim"], table.get("declare", ()), table.get("layout", "numerator"), table.get("where", ()),
        table.get("assume", ()), structured=table.get("structured", False),
    )  # fmt: skip


def has_sides_of_one_shape(table: dict[str, Any]) -> bool:
    """Whether a claim is not refuted by its shapes already."""
    return len({(side.kind, side.shape) for side in claim_of(table).sides if not is_zero(side)}) <= 1


TABLES = [t for p in sorted(FOLDER.glob("source-*.toml")) for t in tomllib.loads(p.read_text("utf-8"))["identity"]]
IDENTITIES = [pytest.param(table, id=table["name"]) for table in TABLES if has_sides_of_one_shape(table)]


def test_nearly_all_identities_have_sides_of_one_shape() -> None:
    assert len(IDENTITIES) >= len(TABLES) - 5 >= 285


@pytest.mark.parametrize("table", IDENTITIES)
def test_identities_agree_unless_they_are_refuted(table: dict[str, Any]) -> None:
    found = comparison(claim_of(table))
    expected = table.get("expect") == "refuted"
    assert (found.counterexample is not None) is expected
    assert expected or (found.points >= 4 and found.digits >= 6)


@pytest.mark.parametrize("table", IDENTITIES[::6])
def test_identities_with_a_factor_near_one_are_refuted(table: dict[str, Any]) -> None:
    """The wrong twin of every identity that is not 0 = 0: one side times 1 + 1e-13."""
    true = claim_of(table)
    twin = claim_of({**table, "claim": " = ".join([f"({table['claim'].split(' = ')[0]})*(1 + 1e-13)", table["claim"]])})
    zero = claim_of({**table, "claim": f"{table['claim'].split(' = ')[0]} = 0"})
    vanishes = comparison(zero).counterexample is None
    assert vanishes or comparison(true).counterexample is not None or comparison(twin).counterexample is not None


def test_the_numeric_stage_imports_nothing_of_the_engine() -> None:
    """In a process of its own: no node, no lowering, no differentiation, no SymPy."""
    code = (
        "import sys, types; package = types.ModuleType('matcalc'); package.__path__ = ['matcalc'];"
        "sys.modules['matcalc'] = package; import matcalc.refutation;"
        "print(sorted(m for m in sys.modules if m.startswith('matcalc.') or m in ('sympy', 'mpmath')))"
    )
    root = Path(__file__).parents[1]
    printed = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True).stdout
    assert "matcalc.refutation" in printed
    engine = ("expr", "lowering", "differentiate", "refine", "normal", "operations", "canonical", "reduction", "raising")
    assert [name for name in engine if f"'matcalc.{name}'" in printed] == []
    assert "sympy" not in printed
    assert "mpmath" not in printed
