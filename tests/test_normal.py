"""The normal form against values: what it says of a node has the value of the node, wherever the node has one.

What is false is never shown, what is equal has one form, and the work stays bounded.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from naive import VARIABLES, graphs
from normal_values import Values, points
from strategies import Expression, well_typed

from matcalc import assumptions
from matcalc.assumptions import Facts
from matcalc.claim import Claim, read_claim
from matcalc.decision import Proof
from matcalc.expr import Add, Apply, Node, Product, Variable, add, product, scale
from matcalc.lowering import lower
from matcalc.normal import Budget, BudgetExceeded, Normalizer
from matcalc.normal.assuming import use
from matcalc.normal.domain import arguments_with_a_sign, use_signs
from matcalc.normal.signs import vanishes_by_sign
from matcalc.traversal import postorder

FOLDER = Path(__file__).parent.parent / "identities"
IDENTITIES = [
    pytest.param(identity, id=identity["name"])
    for path in sorted(FOLDER.glob("*.toml"))
    for identity in tomllib.loads(path.read_text(encoding="utf-8"))["identity"]
]
#: The steps of a normal form that is compared; numbers above `LARGEST` are taken for rounding.
STEPS, LARGEST = 30_000, 1e6

random_nodes = settings(
    max_examples=150, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)  # fmt: skip


def lowered(claim: Claim) -> list[Node]:
    environment = lower(claim.program, claim.layout)
    return [environment.lower(side).node for side in claim.sides]


def facts_of(claim: Claim) -> Facts:
    return assumptions.facts_of(claim.program.variables.values())


def normal(node: Node, facts: Facts | None = None, *, continuous: bool = False) -> Node | None:
    """The normal form; None where the budget does not suffice or there is no value anywhere."""
    try:
        return Normalizer(facts or Facts(), Budget(STEPS), continuous=continuous)(node).node
    except (BudgetExceeded, ZeroDivisionError):
        return None


def assert_one_value(claim: Claim, nodes: Sequence[Node]) -> None:
    """The normal form of each node has its value, wherever that exists."""
    forms = [(node, form) for node in nodes if (form := normal(node, facts_of(claim))) is not None]
    for sizes, values in points(claim):
        plain, inside = Values(sizes, values, inside=False), Values(sizes, values, inside=True)
        for node, form in forms:
            wanted = plain(node)
            if np.isnan(wanted).any() or np.abs(wanted).max(initial=0) > LARGEST:
                continue
            found = inside(form)
            defined = ~np.isnan(found)
            np.testing.assert_allclose(found[defined], wanted[defined], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("identity", IDENTITIES)
def test_sides_of_identities_keep_their_value(identity: dict) -> None:
    options = {key: identity[key] for key in ("layout", "where", "assume", "structured") if key in identity}
    claim = read_claim(identity["claim"], identity.get("declare", ()), **options)
    assert_one_value(claim, lowered(claim))


@random_nodes
@given(well_typed((), ("n",), ("m", "n"), ("p", "p")))
def test_random_expressions_keep_their_value(expression: Expression) -> None:
    claim = read_claim(f"{expression.text} = {expression.text}", expression.declare)
    assert_one_value(claim, lowered(claim)[:1])


# ---- One form ---------------------------------------------------------------------------------------------------------


@random_nodes
@given(graphs())
def test_a_normal_form_is_its_own(node: Node) -> None:
    form = normal(node)
    again = normal(form) if form is not None else None
    assert again is None or again is form


def shuffled(root: Node, random: Any) -> Node:
    """The node with terms and factors in another order, and bound labels by other names."""
    memo: dict[Node, Node] = {}
    for node in postorder(root):
        below = {o: memo[o] for o in node.operands}
        if isinstance(node, Add):
            memo[node] = add(random.sample([below[o] for o in node.operands], len(node.operands)))
        elif isinstance(node, Product):
            factors = [(below[o], [f"{label}" for label in labels]) for o, labels in node.factors]
            out = [f"{axis}" for axis in range(node.order)]
            memo[node] = product(
                node.data[0], random.sample(factors, len(factors)), out, dict(zip(out, node.shape, strict=True))
            )
        else:
            memo[node] = node.xreplace(below)
    return memo[root]


@random_nodes
@given(graphs(), st.randoms(use_true_random=False))
def test_order_and_names_do_not_matter(node: Node, random: Any) -> None:
    assert normal(node) is normal(shuffled(node, random))


@random_nodes
@given(graphs(), graphs(steps=3))
def test_what_is_equal_stays_equal(node: Node, other: Node) -> None:
    """u + v - v has the form of u; u v is that of v u, and u v + u v that of 2 u v."""
    s = VARIABLES["s"]
    form = normal(node)
    if form is None or node.shape != other.shape:
        other, form = node, normal(node)
    assert normal(add([add([node, other]), scale(-1, other)])) in (form, None)
    assert normal(node * s + s * node) is normal(scale(2, node * s))


# ---- What is equal and what is not --------------------------------------------------------------------------------------


def shown(text: str, declare: str = "", assume: Sequence[str] = (), *, continuous: bool = False) -> bool:
    """Whether the normal form alone, without any point, shows a claim under its assumptions and the domain of its sides."""
    claim = read_claim(text, [line for line in declare.split("; ") if line], assume=assume)
    environment = lower(claim.program, claim.layout)
    normalizer = Normalizer(facts_of(claim), Budget(STEPS), continuous=continuous)
    nodes = lowered(claim)
    inverted = (n.operands[0] for n in postorder(*nodes) if isinstance(n, Apply) and n.name == "inv")
    normalizer.ring.invertible.update(inverted)
    try:
        for left, right in claim.assume:
            use(normalizer, environment.lower(left).node, environment.lower(right).node)
        return agrees(normalizer, nodes) or (not assume and agrees_on_domain(normalizer, nodes))
    except (BudgetExceeded, ZeroDivisionError):
        return False


def agrees(normalizer: Normalizer, nodes: Sequence[Node]) -> bool:
    left, right = map(normalizer, nodes)
    left = left if left.terms or right.shape == left.shape else right.scaled(0)
    right = right if right.terms or right.shape == left.shape else left.scaled(0)
    return left.node is right.node or vanishes_by_sign(normalizer, normalizer.ring.subtract(left, right))


def agrees_on_domain(normalizer: Normalizer, nodes: Sequence[Node]) -> bool:
    known = [(normalizer(node), strict) for node, strict in arguments_with_a_sign(nodes).items()]
    used = use_signs(normalizer.ring, normalizer.rules, known)
    normalizer.memo.clear()
    return used and agrees(normalizer, nodes)


SCALARS = "x: scalar; y: scalar; p: scalar; q: scalar"
SQUARE = "; ".join([f"{name}: matrix(n, n)" for name in "ABMS"] + ["x: vector(n)", "y: vector(n)", "z: vector(n)", "c: scalar"])
SKEW = "K: matrix(n, n) skew; x: vector(n)"

#: A claim and its declarations.
TRUE = [
    ("n*x + m*x = (n + m)*x", "x: vector(n); B: matrix(n, m)"),
    ("tr(M*M*M) = tr(M'*M'*M')", SQUARE),
    ("tr(M*M*M'*M*M'*M') = tr(M'*M*M*M'*M*M')", SQUARE),
    ("X - X' = 0", "X: matrix symmetric"),
    ("x*y'*z = (y'*z)*x", SQUARE),
    ("x'*K*x = 0", SKEW), ("tr(K*K*K) = 0", SKEW), ("diag(K) = 0", SKEW),
    ("sum[i,j: sin(x[i] - x[j])] = 0", "x: vector(n)"),
    ("sqrt(x^2) = abs(x)", SCALARS), ("(x^6)^(1/3) = x^2", SCALARS), ("sqrt(x)*sqrt(x) = x", SCALARS),
    ("log(x^2*y) = 2*log(x) + log(y)", SCALARS), ("exp(log(x^2)/2) = abs(x)", SCALARS),
    ("relu(x) - relu(-x) = x", SCALARS), ("step(x)^2 = step(x)", SCALARS), ("sign(x)^3 = sign(x)", SCALARS),
    ("abs(x)*abs(y) = abs(x*y)", SCALARS), ("x^p*x^q = x^(p + q)", SCALARS),
    ("inv(A*B) = inv(B)*inv(A)", SQUARE), ("det(c*A) = c^n*det(A)", SQUARE), ("det(A*B) = det(B*A)", SQUARE),
    ("logdet(-A) = logdet(A)", SQUARE),
    ("Q'*Q = eye(n)", "Q: matrix(n, n) orthogonal"), ("sum(Q.*Q) = n", "Q: matrix(n, n) orthogonal"),
    ("inv(diag(x)) = diag(1./x)", "x: vector(n)"), ("D*E = E*D", "D: matrix(n, n) diagonal; E: matrix(n, n) diagonal"),
    ("sum(P, 1) = ones(m)", "P: matrix(m, n) simplex"),
    ("inv(A)*diag(x) = inv(A).*(x*ones(n)')'", SQUARE),
]  # fmt: skip

#: Claims that are false somewhere where both sides are defined.
FALSE = [
    ("n*x - m*x = 0", "x: vector(n); B: matrix(n, m)"), ("n*x - 5*x = 0", "x: vector(n)"),
    ("tr(M*M*M*M*M*M) = tr(M*M*M)^2", SQUARE), ("tr(M*M*M'*M*M'*M') = tr(M*M*M'*M'*M*M')", SQUARE),
    ("X - X' = 0", "X: matrix(n, n)"), ("x*y' = y*x'", SQUARE),
    ("tr(K*K) = 0", SKEW), ("K.*K = 0", SKEW), ("det(K) = 0", SKEW),
    ("sum[i,j: cos(x[i] - x[j])] = 0", "x: vector(n)"),
    ("sqrt(x^2) = x", SCALARS), ("(x^4)^(1/4) = x", SCALARS), ("sqrt(x^6) = x^3", SCALARS),
    ("exp(log(x^2)/2) = x", SCALARS), ("sqrt(x^2*y) = x*sqrt(y)", SCALARS),
    ("sign(x)^2 = 1", SCALARS), ("step(x) + step(-x) = 1", SCALARS), ("sign(x^2 + y^2) = 1", SCALARS),
    ("abs(x^3) = x^3", SCALARS), ("relu(x^3) = x^3", SCALARS), ("abs(x*y) = x*y", SCALARS),
    ("inv(A*A') = inv(A)*inv(A')", "A: matrix(n, n)"),
    ("det(c*A) = c*det(A)", SQUARE), ("det(-A) = det(A)", SQUARE), ("det(diag(abs(x))) = det(diag(x))", SQUARE),
    ("inv(A)*diag(x)*A = diag(x)", SQUARE), ("inv(A).*inv(B) = inv(A.*B)", SQUARE),
    ("sum(P, 0) = ones(n)'", "P: matrix(m, n) simplex"), ("sum(y.*y) = 1", "y: vector simplex"),
    ("Q = Q'", "Q: matrix(n, n) orthogonal"), ("det(Q) = 1", "Q: matrix(n, n) orthogonal"),
    # A law of matrices where an index is carried by another factor, too.
    ("diag(x)*inv(S) = inv(S)*diag(x)", SQUARE), ("inv(S)*D = D*inv(S)", "S: matrix(n, n); D: matrix(n, n) diagonal"),
    ("inv(A).*(x*ones(n)') = inv(A)*diag(x)", SQUARE),
    # The number of a base under a power.
    ("x*y*(-x*y)^(-1/2) = (-x*y)^(1/2)", SCALARS),
    ("(2*x)^p*(2*x)^(1 - p) = x", SCALARS), ("(2*x)^p*(2*x)^(2 - p) = x^2", SCALARS), ("(-x)^p*(-x)^(1 - p) = x", SCALARS),
    # Whole numbers: 2/n need not be one.
    ("(-1)^(2/n)*(-1)^(4/n)*x = x", "x: vector(n)"), ("(-1)^(16/n)*(-1)^(32/n)*x = x", "x: vector(n)"),
    # A denominator that stands in one case only, and is zero in another.
    ("x/(x + 1 - sign(x)^2) = 1", SCALARS), ("(x - 17)/(x - 17 + 1 - sign(x - 17)^2) = 1", SCALARS),
    ("[i,j: (x[i]-x[j])*(x[i]^2-x[j]^2+delta(i,j))^-1*(x[i]+x[j])] = ones(n,n)", "x: vector(n)"),
    ("[i,j: (x[i]-x[j])/(x[i]-x[j]+delta(i,j))] = ones(n,n)", "x: vector(n)"),
    ("(1 - sign(x - 17)^2)/(sign(y) + x - 18) = 0", SCALARS),
    # A scalar that may be zero.
    ("det(c*eye(2) - A)*(1 - sign(c)^2) = 0", "A: matrix(2, 2); c: scalar"),
    # A fact of some entries is none of all.
    ("sum(log(diag(A)))*abs(A) = sum(log(diag(A)))*A", SQUARE),
    ("vec(A)'*y*sum(y) = n*(vec(A)'*y)", "A: matrix(m, n); y: vector simplex"),
]  # fmt: skip

#: False claims under assumptions.
FALSE_UNDER = [
    ("adj(A) = zeros(n, n)", "A: matrix(n, n)", "det(A) = 0"),
    ("x'*adj(A)*x = 0", "A: matrix(n, n); x: vector(n)", "det(A) = 0"),
    ("log(x) = y", SCALARS, "log(y) = x"),
]


@pytest.mark.parametrize(("claim", "declare"), TRUE)
def test_what_is_true_is_shown(claim: str, declare: str) -> None:
    assert shown(claim, declare)


@pytest.mark.parametrize(("claim", "declare"), FALSE)
def test_what_is_false_is_not_shown(claim: str, declare: str) -> None:
    assert not shown(claim, declare)
    assert not shown(claim, declare, continuous=not {"sign", "step", "abs", "relu"} & set(claim.replace("(", " ").split()))


@pytest.mark.parametrize(("claim", "declare", "assumption"), FALSE_UNDER)
def test_what_does_not_follow_is_not_shown(claim: str, declare: str, assumption: str) -> None:
    """No law by continuity is used beside an assumption: the points that satisfy it may be few."""
    assert not shown(claim, declare, [assumption])
    assert Proof(read_claim(claim, declare.split("; "), assume=[assumption])).verdict().verdict in ("numeric", "refuted")


#: Zero, but only shown by multiplying with its denominators.
HIDDEN_ZERO = "(1/(a + b) + 1/(a - b) - 2*a/(a^2 - b^2))"
REALS = "a: scalar; b: scalar; c: scalar; z: scalar; p: scalar; q: scalar; A: matrix(n, n); t: scalar; F(t): matrix(n, n)"

#: False claims that some stage of a proof could take for true, with what is assumed.
NEVER_PROVED = [
    # (u^(2 p))^(1/2) is |u|^p, not u^p: a root of a power has no exponent that could be added to others.
    ("sqrt((c^p)^2)*c^q = c^(p + q)", ()), ("sqrt(c^(2*p))*c^p = c^(2*p)", ()), ("(c^(4*p))^(1/4)*c^q = c^(p + q)", ()),
    ("sqrt(det(c*eye(n))^2)*c^n = c^(2*n) + 0*tr(A)", ()), ("norm2(c^n)*c = c^(n + 1) + 0*tr(A)", ()),
    # A pole in one case of a sign, where the function of the whole has none.
    (f"tan((pi/2 + z)*(1 - sign(c)^2))*{HIDDEN_ZERO} + (1 - sign(sin(z))^2)*sign(c)^2 = 0", ()),
    # A pole that a condition hides.
    (f"[i,j: {HIDDEN_ZERO}/A[i,j] if i != j else 1 - sign(A[i,j])^2] = zeros(n, n)", ()),
    # The trace reads the diagonal of log(A) only, which has a value whatever the other entries are.
    ("sum[i: log(A)[i,i]]*abs(A) = sum[i: log(A)[i,i]]*A", ()), ("tr(log(A))*abs(A) = tr(log(A))*A", ()),
    # log |u| is written log(u) in a normal form, which says nothing of the sign of u.
    ("c*log(z) + abs(b) = c*log(z) + b", ("c = log(abs(b))",)), ("c*log(z) + abs(b) = c*log(z) + b", ("c = log(b^2)",)),
    ("c*log(z) + abs(det(A)) = c*log(z) + det(A)", ("c = logdet(A)",)),
    ("abs(a)*sqrt(c) = a*sqrt(c)", ("b = log(a^2)", "c = b")),
    # Derivatives are taken before anything is assumed.
    ("d(F)/d(t) = d(F')/d(t)", ("F = F'",)), ("d(F*F)/d(t) = d(F*F')/d(t)", ("F = F'",)),
    ("d(F)/d(t) = zeros(n, n)", ("F = A",)), ("d(F)/d(t) = A", ("F = t*A",)),
]  # fmt: skip


@pytest.mark.parametrize(("claim", "assume"), NEVER_PROVED)
def test_what_is_false_is_never_proved(claim: str, assume: Sequence[str]) -> None:
    verdict = Proof(read_claim(claim, REALS.split("; "), assume=assume)).verdict().verdict
    assert verdict in ("numeric", "refuted", "undecided")


def test_a_dependent_variable_may_be_assumed_to_be_another() -> None:
    claim = read_claim("d(F)/d(t)*A = d(F)/d(t)*F", REALS.split("; "), assume=["F = A"])
    assert Proof(claim).verdict().verdict in ("proved", "numeric")


@pytest.mark.parametrize("assumption", ["X = [i,j: X[i,i]]", "X = sum(X, 1)*ones(n)'", "(X.^2)'*X = eye(n)", "X.*X = X'.*X'"])
def test_a_property_is_read_off_its_own_equation_only(assumption: str) -> None:
    claim = read_claim("X = X", ["X: matrix(n, n)"], assume=[assumption])
    environment = lower(claim.program, claim.layout)
    left, right = (environment.lower(side).node for side in claim.assume[0])
    assert not use(Normalizer(Facts()), left, right).properties


# ---- Work ---------------------------------------------------------------------------------------------------------------


def cost(text: str, declare: str = "") -> int:
    """The steps that the normal form of an expression takes."""
    claim = read_claim(f"{text} = 0", [line for line in declare.split("; ") if line])
    budget = Budget(10**7)
    Normalizer(facts_of(claim), budget)(lowered(claim)[0])
    return 10**7 - budget.steps


def sum_of(terms: int) -> str:
    return " + ".join(f"sin(c{k}'*x)*d{k % 7}" for k in range(1, terms + 1))


GROWTH: list[tuple[str, str, int]] = [
    (sum_of(200), "x: vector(n); " + "; ".join(f"d{k}: scalar" for k in range(7)), 40_000),
    (sum_of(400), "x: vector(n); " + "; ".join(f"d{k}: scalar" for k in range(7)), 80_000),
    ("(alpha + beta)^20", "", 3_000),
    ("A*B*A*B*A*B*A*B*A*B*A*B", "A: matrix(n, n); B: matrix(n, n)", 500),
    ("(A*A').^6", "A: matrix(m, n)", 500),
    ("(x'*A*x)^8", "x: vector(n); A: matrix(n, n)", 500),
    ("*".join(["tr(M*M*M)"] * 8), "M: matrix(n, n)", 500),
    ("sum[i,j,k,l,m,n,o,p: x[i]*x[j]*x[k]*x[l]*x[m]*x[n]*x[o]*x[p]*S[i,j]*S[j,k]*S[k,l]*S[l,m]*S[m,n]*S[n,o]*S[o,p]*S[p,i]]",
     "x: vector(N); S: matrix(N, N) symmetric", 500),
]  # fmt: skip


@pytest.mark.parametrize(("text", "declare", "most"), GROWTH)
def test_work_is_bounded(text: str, declare: str, most: int) -> None:
    assert cost(text, declare) < most


def test_a_budget_that_is_too_small_is_an_error() -> None:
    claim = read_claim("(alpha + beta)^20 = 0")
    with pytest.raises(BudgetExceeded):
        Normalizer(Facts(), Budget(20))(lowered(claim)[0])


def test_a_number_of_a_million_digits_is_not_calculated() -> None:
    with pytest.raises(BudgetExceeded):
        Normalizer(Facts(), Budget(STEPS))(lowered(read_claim("(3*alpha)^(-2000000) = 0"))[0])


def test_a_contraction_of_equal_vectors_in_a_cycle_has_one_form() -> None:
    """Whatever the order of the factors: eight equal indices are told apart in few steps."""
    x, s = Variable.make("x", ("n",)), Variable.make("S", ("n", "n"))
    factors: list[tuple[Node, Callable[[int], list[int]]]] = [(x, lambda k: [k]), (s, lambda k: [k, (k + 1) % 8])]
    forms = set()
    for step in (1, 3, 5):
        pairs = [(node, labels(k * step % 8)) for k in range(8) for node, labels in factors]
        forms.add(normal(product(1, pairs, ()), Facts({"S": frozenset({"symmetric"})})))
    assert len(forms) == 1
    assert None not in forms
