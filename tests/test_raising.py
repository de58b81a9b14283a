"""Raising: patterns of contractions and the text that they become, and no form that has another value than its node."""

from __future__ import annotations

from fractions import Fraction
from itertools import permutations

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from naive import (
    SIZES,
    UNKNOWN,
    VARIABLES,
    Point,
    assert_equal,
    contraction,
    fact_point,
    graphs,
    naive,
    product_nodes,
    random_point,
)

from matcalc.assumptions import Facts
from matcalc.evaluate import interpret
from matcalc.expr import (
    Constant,
    Delta,
    Derivative,
    Node,
    Number,
    Unknown,
    Variable,
    add,
    apply_elementwise,
    apply_matrix,
    ones,
    power,
    product,
    scale,
    zero,
)
from matcalc.form import Form
from matcalc.notation.text import to_text
from matcalc.raising import Raising
from matcalc.reduction import Groups

A, B, C, D, S, T = (VARIABLES[name] for name in "ABCDST")
s, t, x, y, z = (VARIABLES[name] for name in "stxyz")
u = Variable.make("u", ("p",))
HALF = Fraction(1, 2)
C_ = contraction
f = apply_elementwise
d_n = Delta.make("n")
D_T = C_("ij->ji", D)
L = Variable.make("L", (), [("x", x), ("A", A), ("s", s)])
V = Variable.make("V", ("m",), [("x", x), ("s", s)])


def inv(node: Node) -> Node:
    return apply_matrix("inv", node, (1, 1))


def raised(node: Node, facts: Facts | None = None, layout: str = "numerator") -> Form | None:
    return Raising(facts or Facts(), layout).form(node)


def text(form: Form | None) -> str | None:
    return form and to_text(form)


#: A node, and the texts that a person would write for it: one, or several that are equally plain.
PATTERNS: dict[str, list[tuple[Node, str]]] = {
    "series": [
        (A, "A"),
        (C_("ij->ji", A), "A'"),
        (C_("ij,j->i", A, x), "A*x"),
        (C_("ij,i->j", A, z), "A'*z"),
        (C_("ij,jk->ik", A, B), "A*B"),
        (C_("ij,jk->ki", A, B), "B'*A'"),
        (C_("ij,jk,kl->il", A, B, C), "A*B*C"),
        (C_("ij,jk,k->i", A, B, u), "A*B*u"),
        (C_("ji,jk->ik", A, A), "A'*A"),
        (C_("ij,jk->ik", S, S), "S^2"),
        (C_("ij,jk,kl->il", S, S, S), "S^3"),
        (C_("ij,jk,kl->li", S, S, S), "(S^3)'"),
        (C_("ij,j,jk->ik", A, x, B), "A*diag(x)*B"),
        (C_("ij,j,kj->ik", A, x, D), "A*diag(x)*D'"),
        (C_("ij,jj,jk->ik", A, S, B), "A*diag(diag(S))*B"),
        (C_("ij,jk->ik", inv(S), T), "inv(S)*T"),
    ],
    "scalars": [
        (C_("i,ij,j->", z, A, x), "z'*A*x"),
        (C_("i,i->", x, y), "x'*y"),
        (C_("i,i->", x, x), "x'*x"),
        (C_("i->", x), "sum(x)"),
        (C_("i,j->", z, x), "sum(z)*sum(x)"),
        (C_("i,i,i->", x, y, x), "x'*(y.*x)"),
        (C_("ij->", A), "sum(A)"),
        (C_("->", i="n", j="m"), "n*m"),
        (C_("i->", x, j="m"), "m*sum(x)"),
        (C_("i,i->", x, power(y, Fraction(-1))), "sum(x./y)"),
    ],
    "pendants": [
        (C_("ij->i", A), "sum(A, 1)"),
        (C_("ij->j", A), "sum(A, 0)'"),
        (C_("ij,i->i", A, z), "sum(A, 1).*z"),
        (C_("ij,ik->i", A, D), "sum(A, 1).*sum(D, 1)"),
    ],
    "loops": [
        (C_("ii->i", S), "diag(S)"),
        (C_("ii,i->i", S, x), "diag(S).*x"),
        (C_("ii,ij->j", S, T), "T'*diag(S)"),
    ],
    "traces": [
        (C_("ii->", S), "tr(S)"),
        (C_("ij,ij->", A, D), "tr(A'*D)"),
        (C_("ij,ij->", A, A), "tr(A'*A)"),
    ],
    "parallel": [
        (C_("ij,ij->ij", A, D), "A.*D"),
        (C_("ij,ij->ij", A, A), "A.^2"),
        (C_("ij,ij,ij->ij", A, D, A), "A.*D.*A"),
        (C_("ij,ji->ij", S, T), "S.*T'"),
        (C_("ij,ij->i", A, D), "sum(A.*D, 1)"),
        (C_("ij,jk,ij->ik", S, T, T), "S.*T*T"),
        (C_("ij,jk,ik->ik", S, T, T), "S*T.*T"),
        (C_("ij,ij->ij", A, power(D, Fraction(-1))), "A./D"),
    ],
    "hyper-indices": [
        (C_("ai,aj,ak,i,j,k->a", S, S, S, x, y, x), "(S*x).^2.*(S*y)"),
        (C_("ab,bc,ca,ad,db->", S, T, S, T, S), "sum(S.*(S'*T').*(T*S))"),
    ],
    "diagonals": [
        (C_("i,ij->ij", z, A), "diag(z)*A"),
        (C_("j,ij->ij", x, A), "A*diag(x)"),
        (C_("i,ij,j->ij", z, A, x), "diag(z)*A*diag(x)"),
        (C_("i,ij->ij", x, d_n), "diag(x)"),
        (C_("i,i,ij->ij", x, y, d_n), "diag(x.*y)"),
        (d_n, "eye(n)"),
    ],
    "outer": [
        (C_("i,j->ij", z, x), "z*x'"),
        (C_("i->ij", z, j="n"), "z*ones(n)'"),
        (C_("j->ij", x, i="m"), "ones(m)*x'"),
        (C_("->ij", s, i="m", j="n"), "s*ones(m, n)"),
        (ones(("m", "n")), "ones(m, n)"),
        (ones(("m",), 3), "3*ones(m)"),
        (zero(("m", "n")), "zeros(m, n)"),
        (zero(()), "0"),
    ],
    "numbers": [
        (scale(Fraction(3, 2), A), "3*A/2"),
        (scale(-1, C_("ij,j->i", A, x)), "-A*x"),
        (C_("i,i->", x, y, coefficient=Fraction(-2, 3)), "-2*x'*y/3"),
        (C_(",ij->ij", s, A), "s*A"),
        (C_(",->", s, t), "s*t"),
        (C_(",ij->ij", power(s, Fraction(-1)), A), "A/s"),
        (Constant.make("pi"), "pi"),
        (Number.make(Fraction(-7, 3)), "-7/3"),
    ],
    "powers": [
        (power(x, Fraction(-1)), "1./x"),
        (power(x, Fraction(2)), "x.^2"),
        (power(x, HALF), "sqrt(x)"),
        (power(s, Fraction(-3, 2)), "1/s^(3/2)"),
        (power(C_("i,i->", x, x), HALF), "norm2(x)"),
        (power(C_("i,i->", x, x), Fraction(-1)), "1/norm2(x)^2"),
        (power(C_("ij,ij->", A, A), Fraction(3, 2)), "norm2(A)^3"),
        (C_("i,->i", x, power(C_("i,i->", x, x), Fraction(-1, 2))), "x/norm2(x)"),
        (f("pow", s, t), "s^t"),
        (f("pow", x, y), "x.^y"),
    ],
    "sums": [
        (S + C_("ij->ji", S), "S + S'"),
        (S - T, "S - T"),
        (scale(-1, S) + T, "T - S"),
        (x + s, "x + s"),
        (x + 1, "x + 1"),
        (A + s, "A + s"),
        (A + C_("i->ij", z, j="n"), "A + z"),
        (A + C_("j->ij", x, i="m"), "A + x'"),
        (d_n - C_("i,j->ij", x, x), "eye(n) - x*x'"),
    ],
    "factoring": [
        (scale(2, S) + scale(2, T), "2*(S + T)"),
        (scale(2, S) - scale(2, T), "2*(S - T)"),
        (C_(",ij->ij", s, S) + C_(",ij->ij", s, T), "s*(S + T)"),
        (C_("ij,j->i", A, x) + C_("ij,j->i", A, y), "A*(x + y)"),
        (C_("ij,j->i", A, x) + C_("ij,j->i", D, x), "(A + D)*x"),
        (C_("ij,j->i", S, x) + C_("ji,j->i", S, x), "(S + S')*x"),
        (C_("ij,jk,kl->il", A, S, D_T) + C_("ij,jk,kl->il", A, T, D_T), "A*(S + T)*D'"),
        (S + T, "S + T"),
    ],
    "functions": [
        (f("exp", A), "exp(A)"),
        (f("exp", C_("ij->ji", A)), "exp(A')"),
        (f("maximum", x, y), "maximum(x, y)"),
        (f("tanh", C_("ij,j->i", A, x) + z), "tanh(A*x + z)"),
        (Unknown.make("f", 0, x), "f(x)"),
        (Unknown.make("f", 2, C_("ij,j->i", A, x)), "f''(A*x)"),
        (inv(S), "inv(S)"),
        (apply_matrix("det", S + T, (1, 1)), "det(S + T)"),
        (apply_matrix("softmax", A, (1,)), "softmax(A)"),
        (apply_matrix("logsumexp", A, (1,)), "logsumexp(A)"),
        (apply_matrix("softmax", A, (2,)), "exp(A)/sum(exp(A))"),
        (apply_matrix("logsumexp", A, (2,)), "logsumexp(vec(A))"),
    ],
}
CASES = [pytest.param(node, shown, id=f"{family}-{shown}") for family, rows in PATTERNS.items() for node, shown in rows]


def point_for(node: Node, facts: Facts | None = None) -> Point:
    """Values above 0, so that powers and logarithms have values too."""
    drawn = random_point(node, low=0.4, high=1.6)
    return Point({**drawn.values, **(fact_point(facts.properties).values if facts else {})})


def value_of(form: Form, point: Point) -> tuple[str, np.ndarray]:
    """The kind and the array of a form, by the numeric interpreter."""
    return interpret(form, point.values, SIZES, functions=UNKNOWN)


@pytest.mark.parametrize(("node", "shown"), CASES)
def test_a_contraction_is_written_as_a_person_would(node: Node, shown: str) -> None:
    assert text(raised(node)) == shown


@pytest.mark.parametrize(("node", "shown"), CASES)
def test_what_is_written_has_the_value_of_the_node(node: Node, shown: str) -> None:
    point = point_for(node)
    kind, value = value_of(raised(node), point)
    assert kind == ("scalar", "column", "matrix")[node.order]
    assert_equal(value, naive(node, point))


#: Equal ways to write a trace or a diagonal: which factor comes first is a matter of taste.
TASTES = [
    (C_("ij,ji->", S, T), {"tr(S*T)", "tr(T*S)"}),
    (C_("ij,ji->i", S, T), {"diag(S*T)"}),
    (C_("ij,ij->j", A, D), {"diag(A'*D)", "sum(A.*D, 0)'"}),
    (C_("ij,jk,ki->", A, B, C), {"tr(A*B*C)", "tr(B*C*A)", "tr(C*A*B)"}),
    (C_("ij,jk,ki->i", A, B, C), {"diag(A*B*C)"}),
    (C_("ij,ik,jk->", S, T, S), {"tr(T'*S^2)", "tr(S^2*T')", "tr(S*T'*S)"}),
    (C_("i->ij", z, j="n") + C_("j->ij", x, i="m"), {"z + x'", "z*ones(n)' + ones(m)*x'"}),
    (d_n + S, {"eye(n) + S", "S + eye(n)"}),
]


@pytest.mark.parametrize(("node", "shown"), TASTES)
def test_a_contraction_that_can_be_written_in_several_ways(node: Node, shown: set[str]) -> None:
    point = point_for(node)
    form = raised(node)
    assert text(form) in shown
    assert_equal(value_of(form, point)[1], naive(node, point))


P3 = Variable.make("P", ("m", "n", "p"))


@pytest.mark.parametrize("node", [
    C_("ai,bi,ci,ab,bc,ca->", S, S, S, T, T, T),  # K4: every index has three matrices to different others
    C_("ai,bi,ci,ab,bc,ca,a->", S, S, S, T, T, T, x),
    C_("ij,kj,lj->ikl", A, A, A),
    C_("ik,jl->ijkl", A, B),
    C_("ijk,ijk->", P3, P3),
    C_("ijk->ij", P3),
    f("exp", C_("ai,bi,ci,ab,bc,ca->a", S, S, S, T, T, T)),
    apply_matrix("logsoftmax", A, (2,)),
], ids=[
    "k4", "k4-weighted", "three-axes", "four-axes", "tensor", "tensor-sum", "inside-a-function", "joint-logsoftmax",
])  # fmt: skip
def test_what_has_no_matrix_form_gets_none(node: Node) -> None:
    assert raised(node) is None


def test_a_variable_with_a_compound_axis_has_no_plain_form() -> None:
    node = Variable.make("W", ("m", "n"))
    assert Raising(Facts(), "numerator", compound=frozenset({"W"})).form(node) is None


@pytest.mark.parametrize("node", [
    C_(",,ij->ij", s, s, A) + C_(",ij->ij", s, A),
    C_("i,j,k->k", x, x, y) + C_("i,j->j", x, x),
    C_("ii,jj,kl->kl", S, S, T) + C_("ii,kl->kl", S, d_n),
    C_(",,ij->ij", power(s, Fraction(-1)), power(s, Fraction(-1)), A) + C_(",ij->ij", power(s, Fraction(-1)), D),
], ids=["scalars", "sums", "traces", "below"])  # fmt: skip
def test_what_terms_share_is_counted(node: Node) -> None:
    """s*s*A + s*D shares s once."""
    point = point_for(node)
    assert_equal(value_of(raised(node), point)[1], naive(node, point))


# Facts


FACTS = Facts({"S": frozenset({"symmetric"})})


@pytest.mark.parametrize(("node", "shown"), [
    (C_("ji,j->i", S, x), "S*x"),
    (C_("ij,kj->ik", T, S), "T*S"),
    (C_("ij,kj->ki", T, S), "S*T'"),
    (C_("ij,jk->ki", inv(S), S), "S*inv(S)"),
    (C_("ji->ij", f("exp", S)), "exp(S)"),
    (C_("ji->ij", T), "T'"),
])  # fmt: skip
def test_a_symmetric_matrix_is_never_transposed(node: Node, shown: str) -> None:
    point = point_for(node, FACTS)
    form = raised(node, FACTS)
    assert text(form) == shown
    assert_equal(value_of(form, point)[1], naive(node, point))


# Names


def test_a_named_part_stands_by_its_name() -> None:
    inner = f("tanh", C_("ij,j->i", A, x))
    raising = Raising(Facts(), "numerator", lambda node, form: {inner: "h"}.get(node))
    form = raising.form(C_("i,i->", inner, inner) + C_("i,i->", z, inner))
    assert text(form) in ("h'*h + z'*h", "(h + z)'*h")
    assert {name: to_text(given) for name, given in raising.named.items()} == {"h": "tanh(A*x)"}


# Symbols of derivatives


@pytest.mark.parametrize(("node", "numerator", "denominator"), [
    (Derivative.make(L, (2,)), "d(L)/d(s)", "d(L)/d(s)"),
    (Derivative.make(L, (0,)), "(d(L)/d(x))'", "d(L)/d(x)"),
    (Derivative.make(L, (1,)), "d(L)/d(A)", "d(L)/d(A)"),
    (Derivative.make(L, (0, 0)), "hessian(L, x)", "hessian(L, x)"),
    (Derivative.make(V, (0,)), "d(V)/d(x)", "(d(V)/d(x))'"),
    (Derivative.make(V, (1,)), "d(V)/d(s)", "d(V)/d(s)"),
    (Derivative.make(V, (1, 1)), "d(d(V)/d(s))/d(s)", "d(d(V)/d(s))/d(s)"),
    (Derivative.make(L, (1, 1)), None, None),
    (Derivative.make(V, (0, 0)), None, None),
])  # fmt: skip
def test_symbols_of_derivatives_follow_the_layout(node: Node, numerator: str | None, denominator: str | None) -> None:
    """A node of one axis is a column, d(L)/d(x) in numerator layout a row."""
    assert text(raised(node)) == numerator
    assert text(raised(node, layout="denominator")) == denominator


# Grouped axes: Kronecker products


def grouped_value(node: Node, groups: Groups, point: Point) -> np.ndarray:
    """The naive value with the axes of each group joined."""
    value = naive(node, point).transpose([k for group in groups for k in group])
    return value.reshape([int(np.prod([SIZES[node.shape[k]] for k in group])) for group in groups])


ROWS_AND_COLUMNS = ((0, 1), (2, 3))
F, G = Variable.make("F", ("m", "n")), Variable.make("G", ("p", "q"))
PAIRINGS = {"".join(order): product(1, [(F, "ab"), (G, "cd")], order) for order in permutations("abcd")}


@pytest.mark.parametrize("name", PAIRINGS)
def test_every_pairing_of_four_indices_has_a_kronecker_form(name: str) -> None:
    """Straight, crossed (with the commutation matrix), and both indices of a matrix on one side (with vec)."""
    node = PAIRINGS[name]
    point = random_point(node)
    kind, value = value_of(Raising(Facts(), "numerator").grouped(node, ROWS_AND_COLUMNS), point)
    assert kind == "matrix"
    assert_equal(value, grouped_value(node, ROWS_AND_COLUMNS, point))


@pytest.mark.parametrize(("node", "groups", "shown"), [
    (C_("ik,jl->ijkl", F, G), ((0, 1), (2, 3)), "kron(F, G)"),
    (C_("ik,jl->ijkl", F, G), ((1, 0), (3, 2)), "kron(G, F)"),
    (C_("ki,jl->ijkl", F, G), ((0, 1), (2, 3)), "kron(F', G)"),
    (C_("ik,jl->ijkl", F, Delta.make("p")), ((0, 1), (2, 3)), "kron(F, eye(p))"),
    (C_("ik,jl->ijkl", Delta.make("m"), Delta.make("n")), ((0, 1), (2, 3)), "kron(eye(m), eye(n))"),
    (C_("il,jk->ijkl", F, G), ((0, 1), (2, 3)), "kron(F, G)*commutation(n, q)"),
    (C_("ij,kl->ijkl", F, G), ((0, 1), (2, 3)), "vec(F')*vec(G')'"),
    (C_("ij,kl->ijkl", F, G), ((1, 0), (3, 2)), "vec(F)*vec(G)'"),
    (C_("ik,jl->ijkl", F, G, coefficient=2), ((0, 1), (2, 3)), "2*kron(F, G)"),
    (C_("ik,j->ijk", F, u), ((0, 1), (2,)), "kron(F, u)"),
    (F, ((1, 0),), "vec(F)"),
    (scale(2, F), ((1, 0),), "2*vec(F)"),
    (C_("i,j->ij", z, x), ((0, 1),), "kron(z, x)"),
])  # fmt: skip
def test_kronecker_forms(node: Node, groups: Groups, shown: str) -> None:
    point = random_point(node)
    form = Raising(Facts(), "numerator").grouped(node, groups)
    assert text(form) == shown
    assert_equal(value_of(form, point)[1], grouped_value(node, groups, point))


def test_a_sum_with_a_crossed_term_has_a_form() -> None:
    """The derivative of X'X: (I + K)(I ⊗ X') up to the order of its factors."""
    node = C_("jl,ki->ijkl", d_n, A) + C_("il,kj->ijkl", d_n, A)
    point = random_point(node)
    form = Raising(Facts(), "numerator").grouped(node, ((1, 0), (3, 2)))
    assert_equal(value_of(form, point)[1], grouped_value(node, ((1, 0), (3, 2)), point))


@pytest.mark.parametrize("node", [
    C_("ik,jk->ijk", A, S), C_("ij,ik,il->ijkl", S, S, S), C_("ik,kj,jl,li->ijkl", S, S, S, S),
])  # fmt: skip
def test_grouped_axes_without_a_kronecker_form_give_none(node: Node) -> None:
    groups = ((0, 1), tuple(range(2, node.order)))
    assert Raising(Facts(), "numerator").grouped(node, groups) is None


# A wrong form must never appear.  None is fine; a form has the value of its node.


POOL = [
    A, B, C, D, S, T, x, y, z, u, s, d_n, f("exp", A), power(D, Fraction(-1)), power(x, Fraction(-2)),
    power(s, Fraction(-1)), inv(3 * d_n + S), S + T, add([x, scale(-2, y)]), f("tanh", C_("ij,j->i", A, x)),
]  # fmt: skip
MANY = settings(
    max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


def forms_and_values(node: Node, facts: Facts, groups: Groups | None = None) -> list[tuple[np.ndarray, np.ndarray]]:
    """The value of the form of a node, if it has one, beside the naive value."""
    raising = Raising(facts, "numerator")
    form = raising.form(node) if groups is None else raising.grouped(node, groups)
    point = point_for(node, facts)
    expected = naive(node, point) if groups is None else grouped_value(node, groups, point)
    assume(np.isfinite(expected).all() and np.abs(expected).max(initial=0) < 1e9)
    return [(value_of(form, point)[1], expected)] if form is not None else []


@MANY
@given(product_nodes(POOL, most=5))
def test_random_products_have_no_wrong_form(node: Node) -> None:
    for found, expected in forms_and_values(node, Facts()):
        assert_equal(found, expected, rtol=1e-8)


def difference(first: Node, second: Node) -> Node:
    """The first less three times the second; the first if they cannot be added."""
    return add([first, scale(-3, second)]) if first.shape == second.shape else first


@MANY
@given(product_nodes([S, S, T, x, y], most=5), product_nodes([S, S, T, x, y], most=4))
@example(C_("i,j,k->k", x, x, y), C_("i,j->j", x, x))
def test_random_products_of_symmetric_factors_have_no_wrong_form(first: Node, second: Node) -> None:
    """And sums of two of one shape."""
    for found, expected in forms_and_values(difference(first, second), FACTS):
        assert_equal(found, expected, rtol=1e-8)


@MANY
@given(graphs(6))
def test_random_nodes_have_no_wrong_form(node: Node) -> None:
    for found, expected in forms_and_values(node, Facts()):
        assert_equal(found, expected, rtol=1e-7)


@st.composite
def grouped_nodes(draw: st.DrawFn) -> tuple[Node, Groups]:
    """Products and sums of products of three and four axes, with the axes of a column or a matrix."""
    terms = [draw(product_nodes(POOL[:15], orders=(3, 4), most=4)) for _ in range(draw(st.integers(1, 2)))]
    alike = [term for term in terms if term.shape == terms[0].shape]
    node = add([scale(k - 2, term) for k, term in enumerate(alike)])
    axes = draw(st.permutations(range(node.order)))
    cut = draw(st.integers(1, 2))
    return node, tuple(group for group in (tuple(axes[:cut]), tuple(axes[cut:])) if group)


@MANY
@given(grouped_nodes())
@example((C_(",,ik->ijk", s, s, A, j="n") + C_(",ik->ijk", s, A, j="n"), ((0,), (1, 2))))
def test_random_grouped_products_have_no_wrong_form(case: tuple[Node, Groups]) -> None:
    node, groups = case
    for found, expected in forms_and_values(node, Facts(), groups):
        assert_equal(found, expected, rtol=1e-8)


def test_most_random_products_of_few_factors_have_a_form() -> None:
    """So that the tests above do not pass by refusing: all contractions of three matrices in a chain or a ring."""
    rings = [product(1, [(S, order[0:2]), (T, order[1:3]), (S, order[2:4])], out)
             for order in permutations("abcd") for out in ("", "a", "ad")]  # fmt: skip
    assert all(raised(node) is not None for node in rings)
