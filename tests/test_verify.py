"""Verdicts: what must be proved, what must be refuted, and what must not be said."""

from __future__ import annotations

import pytest

from matcalc.errors import MatcalcError
from matcalc.verification import Verdict, verify

DECLARE = (
    "alpha: scalar; beta: scalar; s: scalar; t: scalar; x: vector(n); y: vector(n); z: vector(m); a: vector(n); b: vector(n)",
    "A: matrix(m, n); B: matrix(n, m); X: matrix(n, n); Y: matrix(n, n); Z: matrix(n, n); S: matrix(n, n) symmetric",
    "K: matrix(n, n) skew; Q: matrix(n, n) orthogonal; D: matrix(n, n) diagonal; P: matrix(n, n) positive-definite",
    "p: vector(n) simplex; q: vector(n) positive; R: matrix(m, n) simplex; f: function; g: function",
)


def verdict_of(claim: str, **options: object) -> str:
    return verify(claim, DECLARE, **options).verdict


# ---- Domain traps -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("claim", [
    "sqrt(x.^2) = abs(x)", "sqrt(s^2) = abs(s)", "sqrt(q.^2) = q", "sqrt(s)*sqrt(s) = s", "sqrt(s^3) = s*sqrt(s)",
    "sqrt(s)^2 = s", "(s^2)^2 = s^4", "log(s^2) = 2*log(abs(s))", "log(s^2) = 2*log(s)", "log(s*t) = log(s) + log(t)",
    "exp(log(s)) = s", "log(exp(s)) = s", "s/s = 1", "s^2/abs(s) = abs(s)", "abs(s)^2 = s^2",
    "abs(s*t) = abs(s)*abs(t)", "sign(s)^3 = sign(s)", "s*sign(s) = abs(s)", "s*sign(s)^2 = s",
    "relu(s) - relu(-s) = s", "relu(s) + relu(-s) = abs(s)", "step(s) = (sign(s) + sign(s)^2)/2",
    "relu(relu(s)) = relu(s)", "sqrt(s) + sqrt(s^2) = sqrt(s) + s", "log(s) + abs(s) = log(s) + s",
    "sqrt(alpha^2*x'*x) = abs(alpha)*norm2(x)", "maximum(s, t) + minimum(s, t) = s + t",
    "maximum(s, t) - minimum(s, t) = abs(s - t)", "softplus(s) = relu(s) + log(1 + exp(-abs(s)))",
])  # fmt: skip
def test_what_is_true_on_the_domain_is_proved(claim: str) -> None:
    assert verdict_of(claim) == "proved"


@pytest.mark.parametrize("claim", [
    "sqrt(x.^2) = x", "sqrt(s^2) = s", "sqrt(s^4) = s^2*sign(s)", "abs(s) = s", "sign(s)^2 = 1",
    "sign(x).^2 = ones(n)", "step(s) = (1 + sign(s))/2", "step(s) + step(-s) = 1",
    "d(relu(s))/d(s) = (1 + sign(s))/2", "d(abs(s))/d(s) = 1", "d(relu(s))/d(s) = 1 - step(-s)",
    "d((s + abs(s))/2)/d(s) = step(s)", "relu(s)/s = 1", "log(s^2) + sqrt(s^2) = log(s^2) + s",
    "log(abs(s)) + s = log(abs(s)) + abs(s)", "sqrt(s^2*t) = s*sqrt(t)", "(s^2)^(1/2) + s^2 = s + s^2",
    "sign(s)*sign(t) = 1", "abs(s + t) = abs(s) + abs(t)", "maximum(s, t) = s", "asin(sin(s)) = s",
    "sqrt(s^2 + t^2) = s + t", "sigmoid(s) + sigmoid(t) = 1", "norm2(x + y) = norm2(x) + norm2(y)",
    "d(maximum(s, t))/d(s) = step(s - t)",
])  # fmt: skip
def test_what_fails_at_zero_a_tie_or_a_negative_value_is_refuted(claim: str) -> None:
    assert verdict_of(claim) == "refuted"


@pytest.mark.parametrize("claim", [
    "sqrt(-1 - s^2) = s", "sqrt(-1 - s^2) = sqrt(-1 - s^2)", "log(-exp(s)) = log(-exp(s)) + 1", "asin(2 + s^2) = 0",
    "inv(x*z')*z = x", "log(sum(p) - 2) = s", "inv(X - X) = X", "inv(x*y' + a*b' - x*y' - a*b') = X",
])  # fmt: skip
def test_a_claim_about_nothing_is_neither_proved_nor_refuted(claim: str) -> None:
    try:
        found = verify(claim, DECLARE)
    except MatcalcError:
        return  # such as the inverse of a matrix that is not square
    assert found.verdict == "undecided"
    assert found.message


@pytest.mark.parametrize("assume", [
    ["sum(y) = 1", "sum(y) = 2"], ["s = 1", "s = 2"], ["s = 1", "s^2 = 2"], ["x'*x = -1"],
    ["X = Y", "X = Y + eye(n)"], ["q = zeros(n)"], ["p = zeros(n)"],
])  # fmt: skip
def test_contradictory_assumptions_show_nothing(assume: list[str]) -> None:
    found = verify("s + sum(x) + sum(y) + tr(X) + sum(q) + sum(p) = 5*t", DECLARE, assume=assume)
    assert found.verdict == "undecided"
    assert "assum" in found.message
    assert verify("x'*y = y'*x", DECLARE, assume=assume).verdict == "undecided"


def test_a_condition_guards_the_domain() -> None:
    """Where i != j nothing is taken of log(X[i,j]), so it says nothing of the sign of that entry."""
    claim = "[i,j: log(X[i,j]) if i == j else sqrt(X[i,j]^2)] = [i,j: log(X[i,j]) if i == j else X[i,j]]"
    assert verdict_of(claim) == "refuted"
    assert verdict_of(claim.replace("else X[i,j]]", "else abs(X[i,j])]")) == "proved"


def test_assumptions_hold_at_points_and_are_not_differentiated() -> None:
    assert verdict_of("d(sum(y)*x)/d(y) = x*ones(n)'", assume=["sum(y) = 1"]) == "proved"
    assert verdict_of("d(sum(y)*x)/d(y) = zeros(n, n)", assume=["sum(y) = 1"]) == "refuted"
    assert verdict_of("d(s^2)/d(s) = 4", assume=["s = 2"]) == "proved"
    assert verdict_of("d(s^2)/d(s) = 0", assume=["s = 2"]) == "refuted"
    assert verdict_of("d(tr(K*X))/d(K) = X'") == "proved"
    assert verdict_of("d(tr(K*X))/d(K) = -X'") == "refuted"


# ---- Shapes and sizes ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("claim", [
    "x = x'", "x*a' = a*x'", "x'*a = x*a'", "A = A'", "d(x'*a)/d(x) = a", "grad(x'*a, x) = a'", "x = z", "s = x",
    "A*B = B*A", "eye(n) = eye(m)", "sum(X, 0) = sum(X, 1)", "vec(A) = vec(A')", "A.*A = A'*A",
])  # fmt: skip
def test_sides_of_other_shape_or_orientation_are_refuted(claim: str) -> None:
    assert verdict_of(claim) == "refuted"


@pytest.mark.parametrize("claim", [
    "tr(X)*Y = X*Y", "det(X) = tr(X)", "X*Y = Y*X", "X = X'", "n*x = m*x", "n*x = 5*x", "2*n = n^2 + 1",
    "sum(X) = n^2*mean(X) + n - 1", "x*x' = x'*x*eye(n)", "det(2*X) = 2*det(X)", "det(-X) = -det(X)",
    "det(X + Y) = det(X) + det(Y)", "(X*Y)' = X'*Y'", "norm2(x) = norm1(x)", "tr(X*Y*Z) = tr(X*Z*Y)",
    "tr(X*X*Y) = tr(X*X'*Y)", "kron(X, Y) = kron(Y, X)", "tr(X^6) = tr(X^3)^2",
    "tr(X*X*X*X'*X*X') = tr(X*X*X'*X*X*X')", "sum(R, 0) = ones(n)'", "inv(X + Y) = inv(X) + inv(Y)",
    "exp(X + Y) = exp(X)*exp(Y)", "vec(X*Y*Z) = kron(Z, X)*vec(Y)", "adj(X*Y) = adj(X)*adj(Y)", "x'*X*x = x'*X'*y",
    "n - m = 0", "1/n = 1/m",
])  # fmt: skip
def test_what_holds_at_few_sizes_only_is_refuted(claim: str) -> None:
    assert verdict_of(claim) == "refuted"


def test_zero_is_the_zero_of_any_shape() -> None:
    assert verdict_of("X - X = 0") == "proved"
    assert verdict_of("d(a)/d(x) = 0") == "proved"
    assert verdict_of("X + X' = 0") == "refuted"
    assert verdict_of("x'*K*x = 0") == "proved"


@pytest.mark.parametrize("claim", ["det(A) = 1", "inv(A) = A", "A*x' = 0", "x*y = 0", "tr(A) = 0", "X*z = z"])
def test_what_has_no_meaning_is_an_error_with_a_place(claim: str) -> None:
    with pytest.raises(MatcalcError) as caught:
        verify(claim, DECLARE)
    assert "^" in caught.value.render()


# ---- Proofs -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("claim", [
    "d(x'*X*x)/d(x) = x'*(X + X')", "hessian(x'*X*x, x) = X + X'", "X*inv(X) = eye(n)", "inv(X*Y) = inv(Y)*inv(X)",
    "inv(X)' = inv(X')", "S = S'", "Q'*Q = eye(n)", "inv(Q) = Q'", "det(Q)^2 = 1", "D*D' = D.*D", "K' = -K",
    "tr(K) = 0", "sum(p) = 1", "R*ones(n) = ones(m)", "det(2*X) = 2^n*det(X)", "det(-X) = (-1)^n*det(X)",
    "det(X*Y) = det(Y)*det(X)", "det(A*B) = det((A*B)')", "det(eye(m) + A*B) = det(eye(n) + B*A)",
    "inv(eye(m) + A*B)*A = A*inv(eye(n) + B*A)", "logdet(X*Y) = logdet(X) + logdet(Y)",
    "det(X + x*y') = det(X)*(1 + y'*inv(X)*x)", "kron(X, Y)*kron(Y, X) = kron(X*Y, Y*X)",
    "inv(kron(X, Y)) = kron(inv(X), inv(Y))", "vec(X*Y*Z) = kron(Z', X)*vec(Y)", "commutation(m, n)*vec(A) = vec(A')",
    "f(x + y) = f(y + x)", "d(f(x))/d(x) = diag(f'(x))", "sum(sin(x*ones(n)' - ones(n)*x')) = 0",
    "cos(s)^2 + sin(s)^2 = 1", "sin(2*s) = 2*sin(s)*cos(s)", "tanh(s) = 2*sigmoid(2*s) - 1",
    "softmax(x + alpha*ones(n)) = softmax(x)", "d(softmax(x))/d(x) = diag(softmax(x)) - softmax(x)*softmax(x)'",
    "hessian(logsumexp(x), x) = diag(softmax(x)) - softmax(x)*softmax(x)'", "d(logdet(X))/d(X) = inv(X)'",
    "adj(X)*X = det(X)*eye(n)", "(s + t)^8 = (s^2 + 2*s*t + t^2)^4", "(x'*x)^3/(x'*x) = norm2(x)^4",
    "exp(s)^2*exp(-s) = exp(s)", "2^s*2^t = 2^(s + t)", "det(P) = exp(logdet(P))",
    "[i,j: X[i,j] if i != j else 0] = X - diag(diag(X))",
])  # fmt: skip
def test_true_claims_are_proved_for_all_sizes(claim: str) -> None:
    assert verdict_of(claim) == "proved"


def test_the_hypothesis_decides() -> None:
    for claim in ("d(x'*S*x)/d(x) = 2*x'*S", "Q*Q' = eye(n)", "sum(p)*x = x", "D*Y = diag(D).*Y"):
        assert verdict_of(claim) == "proved"
        bare = claim.replace("S", "X").replace("Q", "X").replace("D", "X").replace("p", "y")
        assert verdict_of(bare) == "refuted"


@pytest.mark.parametrize(("claim", "assume"), [
    ("inv(X)*Y = Y*inv(X)", ["X*Y = Y*X"]), ("(X + Y)*(X - Y) = X*X - Y*Y", ["X*Y = Y*X"]), ("X^5 = X", ["X^2 = X"]),
    ("x'*x*y = y", ["norm2(x) = 1"]), ("(eye(n) - 2*x*x')^2 = eye(n)", ["x'*x = 1"]), ("X' = X", ["X' = X"]),
    ("d(x'*X*x)/d(x) = 2*x'*X", ["X = X'"]), ("X*X' = eye(n)", ["X'*X = eye(n)"]), ("tr(X*Y) = tr(Y*Z)", ["X = Z"]),
    ("x'*X*y = -y'*X*x", ["X' = -X"]), ("s^3 = 8", ["s = t", "t = 2"]), ("abs(s) = 2", ["sqrt(s) = sqrt(2)"]),
])  # fmt: skip
def test_assumptions_are_used(claim: str, assume: list[str]) -> None:
    assert verdict_of(claim, assume=assume) == "proved"
    assert verdict_of(claim) == "refuted"


def test_a_chain_names_its_first_wrong_step() -> None:
    found = verify("d(x'*X*x)/d(x) = x'*(X + X') = x'*X + x'*X' = 2*x'*X", DECLARE)
    assert found.verdict == "refuted"
    assert "step 3" in found.message


@pytest.mark.parametrize("factor", [
    "(1 + 1/10^6)", "(1 + 1/10^9)", "(1 + 1/10^12)", "(1 + 1/10^15)", "(1 + 1/10^18)", "(1 + 1/10^25)",
])  # fmt: skip
@pytest.mark.parametrize("claim", [
    "d(tanh(s))/d(s) = 1 - tanh(s)^2", "d(x'*X*x)/d(x) = x'*(X + X')", "erf(s) + s = s + erf(s)",
])  # fmt: skip
def test_a_near_miss_is_refuted(claim: str, factor: str) -> None:
    left, right = claim.split(" = ")
    assert verdict_of(f"{left} = ({right})*{factor}") == "refuted"


def test_fixed_sizes_are_proved_entry_by_entry() -> None:
    two = ["A: matrix(2, 2)", "B: matrix(2, 2)"]
    assert verify("A^2 - tr(A)*A + det(A)*eye(2) = 0", two).verdict == "proved"
    assert verify("det(A) = (tr(A)^2 - tr(A^2))/2", two).verdict == "proved"
    assert verify("det(A) = (tr(A)^2 - tr(A^2))/2", ["A: matrix(3, 3)"]).verdict == "refuted"


def test_a_weak_verdict_says_what_was_looked_at() -> None:
    found = verify("det(commutation(n, n)) = (-1)^(n*(n-1)/2)")
    assert found.verdict == "proved-at-sizes"
    assert "n = 2" in found.method
    found = verify("maximum(norm2(x + y), norm2(x) + norm2(y)) = norm2(x) + norm2(y)", DECLARE)
    assert found.verdict == "numeric"
    assert "points" in found.method


def test_layouts() -> None:
    assert verdict_of("d(x'*a)/d(x) = a'", layout="numerator") == "proved"
    assert verdict_of("d(x'*a)/d(x) = a", layout="denominator") == "proved"
    assert verdict_of("d(x'*a)/d(x) = a", layout="numerator") == "refuted"


def test_programs_dependents_and_unknowns() -> None:
    where = ["Y = A*X", "V = d(L)/d(Y)"]
    declare = ["A: matrix(m, n)", "X: matrix(n, k)", "L(Y): scalar"]
    assert verify("d(L)/d(X) = A'*V", declare, where=where).verdict == "proved"
    assert verify("d(L)/d(X) = -A'*V", declare, where=where).verdict == "refuted"
    moving = ["alpha: scalar", "M(alpha): matrix(n, n)"]
    assert verify("d(M^-1)/d(alpha) = -M^-1*d(M)/d(alpha)*M^-1", moving).verdict == "proved"
    assert verify("d(M^-1)/d(alpha) = -M^-1*M^-1*d(M)/d(alpha)", moving).verdict == "refuted"


def test_structured_derivatives() -> None:
    assert verdict_of("d(tr(X*S))/d(S) = X + X' - X.*eye(n)", structured=True) == "proved"
    assert verdict_of("d(tr(X*S))/d(S) = X'", structured=True) == "refuted"
    assert verdict_of("d(tr(X*S))/d(S) = X'") == "proved"
    assert verdict_of("d(tr(X*D))/d(D) = X.*eye(n)", structured=True) == "proved"
    assert verdict_of("d(tr(X*K))/d(K) = X' - X", structured=True) == "proved"


def test_a_timeout_ends_in_a_verdict() -> None:
    hard = "det(X + Y + Z)*det(X - Y)*(s + t)^30 = tr(X*Y*Z)^9 - tr(X*Y*Z)^9 + det(X + Y + Z)*det(X - Y)*(s + t)^30*cos(0)"
    found = verify(hard, DECLARE, timeout=0.001)
    assert isinstance(found, Verdict)
    assert found.verdict in ("undecided", "numeric", "proved")


@pytest.mark.parametrize(("claim", "law"), [
    ("norm2(Q*x) = norm2(x)", "orthogonal"),
    ("x'*X*inv(X)*y = x'*y", "inverse-cancels"),
    ("log(s*t) = log(s) + log(t)", "log-of"),
])  # fmt: skip
def test_a_proof_states_the_laws_that_it_used(claim: str, law: str) -> None:
    assert any(rule.startswith(law) for rule in verify(claim, DECLARE).rules)


def test_a_refutation_says_that_functions_of_a_matrix_act_entry_by_entry() -> None:
    wrong = verify("d(exp(t*A))/d(t) = A*exp(t*A)", ["A: matrix(n, n)", "t: scalar"])
    assert wrong.verdict == "refuted"
    assert "`exp` of a square matrix acts entry by entry" in wrong.message
    assert verify("d(exp(t*A))/d(t) = A.*exp(t*A)", ["A: matrix(n, n)", "t: scalar"]).verdict == "proved"
