"""No false claim is proved and no true one refuted: wrong twins of the library, which an oracle of plain numbers judges.

The twins are a sample that never changes; `python -m tests.mutations --all` tries every one of them.
"""

from __future__ import annotations

from collections import defaultdict

import pytest

from matcalc.claim import read_claim
from matcalc.decision import decide
from tests.mutations import SAMPLE, Trial, contradiction, described, sample, tried, wrong_proof
from tests.oracle import opinion, opinion_at
from tests.twins import RULES, Statement, Twin, statements

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")

KINDS = (*RULES, "near factor", "dimension", "exchange", "property", "assumption", "layout", "structure")
#: Every so many false twins the prover alone is asked, for so many seconds.
EVERY, SECONDS = 10, 0.5

LIBRARY = [pytest.param(statement, id=f"{statement.file}/{statement.name}") for statement in statements()]


@pytest.fixture(scope="module")
def twins() -> dict[str, list[Twin]]:
    """The sample by kind of mutation."""
    found = defaultdict(list)
    for twin in sample():
        found[twin.kind].append(twin)
    return found


def wrong(trials: list[Trial]) -> str:
    return "\n\n".join(described(trial) for trial in trials if contradiction(trial))


# ---- The oracle ---------------------------------------------------------------------------------------------------------

FALSE = [
    ("x'*A*x = x'*A'*x*(1 + 1/1000000000)", ["x: vector(n)", "A: matrix(n, n)"]),
    ("A*B = B*A", ["A: matrix(n, n)", "B: matrix(n, n)"]),
    ("d(x'*x)/d(x) = 2*x", ["x: vector(n)"]),
    ("sign(x).^2 = ones(n)", ["x: vector(n)"]),
    ("step(x) = (1 + sign(x))/2", ["x: vector(n)"]),
    ("d(relu(x))/d(x) = (1 + sign(x))/2", ["x: scalar"]),
    ("sqrt(x^2) = x", ["x: scalar"]),
    ("det(A)*sum(A) = tr(A)*det(A)", ["A: matrix(n, n)"]),
    ("n*(n - 2) = 0*n", ["x: vector(n)"]),
    ("x'*y = 1", ["x: vector(n)", "y: vector(n) simplex"]),
]
TRUE = [
    ("x'*A*x = x'*A'*x", ["x: vector(n)", "A: matrix(n, n)"]),
    ("A*inv(A) = inv(A)*A = eye(n)", ["A: matrix(n, n)"]),
    ("A*B = B*A", ["A: matrix(n, n) diagonal", "B: matrix(n, n) diagonal"]),
    ("sqrt(x^2) = abs(x)", ["x: scalar"]),
    ("log(a*b) = log(a) + log(b)", ["a: scalar", "b: scalar"]),
    ("A'*A = A*A'", ["A: matrix(n, n) orthogonal"]),
    ("sum(y) = 1", ["y: vector(n) simplex"]),
    ("d(f(x))/d(x) = diag(f'(x))", ["f: function", "x: vector(n)"]),
    ("d(tr(A))/d(alpha) = tr(d(A)/d(alpha))", ["A(alpha): matrix(n, n)"]),
]


@pytest.mark.parametrize(("claim", "declare"), FALSE)
def test_the_oracle_sees_what_is_false(claim: str, declare: list[str]) -> None:
    assert opinion(read_claim(claim, declare)).outcome == "false"


@pytest.mark.parametrize(("claim", "declare"), TRUE)
def test_the_oracle_sees_what_is_true(claim: str, declare: list[str]) -> None:
    assert opinion(read_claim(claim, declare)).outcome == "true"


def test_the_oracle_looks_where_the_assumptions_hold() -> None:
    declare = ["x: vector(n)", "y: vector(n)"]
    assert opinion(read_claim("(x + y)'*y = y'*y", declare, assume=["x'*y = 0"])).outcome == "true"
    assert opinion(read_claim("(x + y)'*y = y'*y", declare, assume=["x'*y = 1"])).outcome == "false"
    assert opinion(read_claim("x'*y = 2", declare, assume=["x'*y = 1", "y'*x = 3"])).outcome == "no point"


def test_the_oracle_looks_at_a_point_that_is_given() -> None:
    claim = read_claim("maximum(abs(det(A)), norm2(A)) = norm2(A)", ["A: matrix(n, n) symmetric"])
    assert opinion_at(claim, {"n": 1}, {"A": [[3]]}).outcome == "true"
    assert opinion_at(claim, {"n": 2}, {"A": [[3, 0], [0, 4]]}).outcome == "false"
    assert opinion_at(claim, {"n": 2}, {"A": [[3, 1], [0, 4]]}).outcome == "no point"


# ---- The trial ----------------------------------------------------------------------------------------------------------


def test_the_sample_is_large(twins: dict[str, list[Twin]]) -> None:
    assert set(twins) == set(KINDS)
    assert sum(map(len, twins.values())) == SAMPLE
    assert {twin.statement.file for group in twins.values() for twin in group} == {s.file for s in statements()}


@pytest.mark.parametrize("kind", KINDS)
def test_twins_that_are_false_are_refuted_and_no_others(kind: str, twins: dict[str, list[Twin]]) -> None:
    trials = [tried(twin.statement, kind) for twin in twins[kind]]
    assert not wrong(trials)
    false = [trial for trial in trials if trial.outcome == "false"]
    assert len(false) >= 3
    assert not any(trial.outcome == "not evaluated" for trial in trials)
    # The prover must be sound by itself: points refute these claims before it is asked.
    by_values = [trial for trial in false if trial.opinion is not None and trial.opinion.manner != "shape"]
    proofs = {str(trial.statement): wrong_proof(trial.statement.typed(), SECONDS) for trial in by_values[::EVERY]}
    assert {text: proof for text, proof in proofs.items() if proof} == {}


#: Claims that were judged wrongly once, or are near to what was.
NAMED = [
    ("maximum(norm2(x), norm2(x)) = norm1(x)", ["x: vector(n)"], "refuted"),
    ("maximum(exp(x), exp(x)) = 2*exp(x)", ["x: vector(n)"], "refuted"),
    ("maximum(exp(x), exp(x)) = exp(x)", ["x: vector(n)"], "proved"),
    ("det(commutation(n, n)) = (-1)^(n*(n-1)/3)", ["x: vector(n)"], "refuted"),
    ("det(commutation(n, n)) = (-1)^(n*(n-1)*(1/3))", ["x: vector(n)"], "refuted"),
    ("det(commutation(n, n)) = (-1)^(n*(n-1)/2)", ["x: vector(n)"], "proved-at-sizes"),
    ("pi*x = 3.141592653589793*x", ["x: scalar"], "refuted"),
    ("x = x*(1 + 1/10^18)", ["x: scalar"], "refuted"),
    ("x = x*(1 + 1/10^45)", ["x: scalar"], "refuted"),
    ("x = x = x*(1 + 1/10^18)", ["x: vector(n)"], "refuted"),
    ("maximum(abs(s + t), abs(s) + abs(t)) = (abs(s) + abs(t))*(1 + 1/10^20)", ["s: scalar", "t: scalar"], "refuted"),
    ("maximum(norm2(x + y), norm2(x) + norm2(y)) = norm2(x) + norm2(y)", ["x: vector(n)", "y: vector(n)"], "numeric"),
    ("sign(atan(s) + atan(1/s) - sign(s)*pi/2) = 0", ["s: scalar"], "undecided"),
]


@pytest.mark.parametrize(("claim", "declare", "verdict"), NAMED)
def test_claims_by_name(claim: str, declare: list[str], verdict: str) -> None:
    assert decide(read_claim(claim, declare)).verdict == verdict


def test_a_difference_that_nothing_settles_is_said() -> None:
    found = decide(read_claim("sign(atan(s) + atan(1/s) - sign(s)*pi/2) = 0", ["s: scalar"]))
    assert "seem to differ" in found.message
    chain = decide(read_claim("x = x = x*(1 + 1/10^18)", ["x: vector(n)"]))
    assert chain.message.startswith("step 2, ")


@pytest.mark.parametrize("statement", LIBRARY)
def test_what_the_library_says_is_refuted_only_where_that_is_expected(statement: Statement) -> None:
    assert (decide(statement.typed()).verdict == "refuted") == (statement.expect == "refuted")
