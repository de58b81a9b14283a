"""Facts that follow from declared properties: each holds for values with the property, and has a twin that is false."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from naive import (
    VARIABLES,
    Point,
    assert_equal,
    contraction,
    elementwise_nodes,
    fact_point,
    naive,
    power_nodes,
    product_nodes,
    sum_nodes,
)

from matcalc.assumptions import Facts
from matcalc.canonical import label_colours, product_key
from matcalc.expr import (
    Constant,
    Delta,
    Node,
    Number,
    Product,
    Size,
    Unknown,
    Variable,
    apply_elementwise,
    apply_matrix,
    expand,
    power,
    product,
    scale,
    transpose,
)

A, B, S, T = (VARIABLES[name] for name in "ABST")
s, x, y, z = (VARIABLES[name] for name in "sxyz")
HALF = Fraction(1, 2)


def facts(**properties: str) -> Facts:
    """`facts(S="symmetric")`: properties by name, words."""
    return Facts({name: frozenset(words.split()) for name, words in properties.items()})


def f(name: str, *nodes: Node) -> Node:
    return apply_elementwise(name, *nodes)


def inv(node: Node) -> Node:
    return apply_matrix("inv", node, (1, 1))


# Symmetric


SYMMETRIC: dict[str, tuple[Node, Facts]] = {
    "declared": (S, facts(S="symmetric")),
    "positive-definite": (S, facts(S="positive-definite")),
    "diagonal": (S, facts(S="diagonal")),
    "identity": (Delta.make("n"), facts()),
    "gram": (contraction("ki,kj->ij", A, A), facts()),
    "gram-scaled": (contraction("ki,kj->ij", A, A, coefficient=-3), facts()),
    "gram-weighted": (contraction("ki,k,kj->ij", A, z, A), facts()),
    "outer-square": (contraction("i,j->ij", x, x), facts()),
    "congruence": (contraction("ik,kl,jl->ij", T, S, T), facts(S="symmetric")),
    "diagonal-matrix": (contraction("i,ij->ij", x, Delta.make("n")), facts()),
    "hadamard-with-transpose": (contraction("ij,ji->ij", S, S), facts()),
    "inverse": (inv(S), facts(S="symmetric")),
    "adjugate": (apply_matrix("adj", S, (1, 1)), facts(S="symmetric")),
    "entrywise-function": (f("exp", S), facts(S="symmetric")),
    "entrywise-power": (power(S, Fraction(-1)), facts(S="symmetric")),
    "unknown-function": (Unknown.make("f", 0, S), facts(S="symmetric")),
    "square": (contraction("ij,jk->ik", S, S), facts(S="symmetric")),
    "sum": (S + scale(2, T), facts(S="symmetric", T="positive-definite")),
    "expanded": (expand(s, ("n", "n")), facts()),
}


def test_a_sandwich_of_symmetric_matrices_is_symmetric() -> None:
    assert facts(S="symmetric", T="symmetric").symmetric(contraction("ij,jk,kl->il", S, T, S))


NOT_SYMMETRIC: dict[str, tuple[Node, Facts]] = {
    "undeclared": (S, facts()),
    "another-declared": (S, facts(T="symmetric")),
    "skew": (S, facts(S="skew")),
    "orthogonal": (S, facts(S="orthogonal")),
    "lower": (S, facts(S="lower")),
    "rectangle": (A, facts(S="symmetric")),
    "product-of-symmetric": (contraction("ij,jk->ik", S, T), facts(S="symmetric", T="symmetric")),
    "square-of-plain": (contraction("ij,jk->ik", S, S), facts()),
    "outer": (contraction("i,j->ij", x, y), facts()),
    "scaled-rows": (contraction("i,ij->ij", x, S), facts(S="symmetric")),
    "congruence-of-plain": (contraction("ik,kl,jl->ij", T, S, T), facts()),
    "crossed-congruence": (contraction("ik,kl,lj->ij", T, S, T), facts(S="symmetric")),
    "inverse-of-plain": (inv(S), facts()),
    "softmax-of-symmetric": (apply_matrix("softmax", S, (1,)), facts(S="symmetric")),
    "sum-with-plain": (S + T, facts(S="symmetric")),
    "vector": (x, facts(x="symmetric")),
    "columns-expanded": (contraction("i->ij", x, j="n"), facts()),
}


def matrix_point(known: Facts) -> Point:
    return fact_point(known.properties)


@pytest.mark.parametrize("name", SYMMETRIC)
def test_symmetric_values_are_known(name: str) -> None:
    node, known = SYMMETRIC[name]
    value = naive(node, matrix_point(known))
    np.testing.assert_allclose(value, value.T, rtol=1e-9)
    assert known.symmetric(node)


@pytest.mark.parametrize("name", NOT_SYMMETRIC)
def test_what_is_not_known_to_be_symmetric(name: str) -> None:
    node, known = NOT_SYMMETRIC[name]
    assert not known.symmetric(node)


@pytest.mark.parametrize("name", [name for name in NOT_SYMMETRIC if NOT_SYMMETRIC[name][0].shape == ("n", "n")])
def test_what_is_not_known_to_be_symmetric_is_not(name: str) -> None:
    node, known = NOT_SYMMETRIC[name]
    value = naive(node, matrix_point(known))
    assert np.abs(value - value.T).max() > 1e-3


SQUARES = [S, T, inv(S), inv(T), f("exp", S), f("tanh", T), Delta.make("n"), x, y]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_symmetry_of_random_nodes_is_never_claimed_wrongly(data: st.DataObject) -> None:
    pool = list(SQUARES)
    for _ in range(3):
        makers = (product_nodes(pool, orders=(2,), most=4), sum_nodes(pool), elementwise_nodes(pool))
        pool.append(data.draw(st.one_of(*makers)))
    known = facts(S="positive-definite")
    claimed = [node for node in pool if node.shape == ("n", "n") and known.symmetric(node)]
    for node in claimed:
        value = naive(node, matrix_point(known))
        assert_equal(value, value.T)


# The other properties


def test_skew_and_orthogonal_are_properties_of_variables() -> None:
    known = facts(S="skew", T="orthogonal")
    assert [known.skew(node) for node in (S, T, scale(-1, S), f("sin", S))] == [True, False, False, False]
    assert [known.orthogonal(node) for node in (S, T, inv(T))] == [False, True, False]


@pytest.mark.parametrize(("node", "known", "expected"), [
    (x, facts(x="simplex"), True),
    (A, facts(A="simplex"), True),
    (apply_matrix("softmax", x, (1,)), facts(), True),
    (apply_matrix("softmax", A, (1,)), facts(), True),
    (x, facts(y="simplex"), False),
    (x, facts(x="positive"), False),
    (scale(2, x), facts(x="simplex"), False),
    (f("exp", x), facts(x="simplex"), False),
    (apply_matrix("softmax", A, (2,)), facts(), False),
    (apply_matrix("logsoftmax", x, (1,)), facts(), False),
    (transpose(A, (1, 0)), facts(A="simplex"), False),
    (s, facts(s="simplex"), False),
])  # fmt: skip
def test_what_sums_to_one_along_its_last_axis(node: Node, known: Facts, expected: bool) -> None:
    assert known.sums_to_one(node) is expected


POSITIVE: list[tuple[Node, Facts]] = [
    (x, facts(x="positive")),
    (Size.make("n"), facts()),
    (Number.make(HALF), facts()),
    (f("exp", x), facts()),
    (f("cosh", x), facts()),
    (f("sigmoid", x), facts()),
    (f("softplus", x), facts()),
    (apply_matrix("softmax", x, (1,)), facts()),
    (x + f("exp", y), facts(x="positive")),
    (x + 1, facts(x="positive")),
    (contraction("i,i->", x, y, coefficient=3), facts(x="positive", y="positive")),
    (power(x, Fraction(-1, 2)), facts(x="positive")),
    (contraction("ij,j->i", A, x), facts(A="positive", x="positive")),
]
NOT_POSITIVE: list[tuple[Node, Facts]] = [
    (x, facts()),
    (x, facts(y="positive")),
    (S, facts(S="positive-definite")),
    (Number.make(0), facts()),
    (Number.make(-2), facts()),
    (f("abs", x), facts()),
    (f("relu", x), facts()),
    (f("sin", x), facts(x="positive")),
    (f("log", x), facts(x="positive")),
    (x - y, facts(x="positive", y="positive")),
    (scale(-1, x), facts(x="positive")),
    (contraction("i,i->i", x, y), facts(x="positive")),
    (power(x, Fraction(2)), facts()),
    (apply_matrix("logsumexp", x, (1,)), facts(x="positive")),
    (apply_matrix("inv", S, (1, 1)), facts(S="positive")),
    (Delta.make("n"), facts()),
    (contraction("i,ij->ij", x, Delta.make("n")), facts(x="positive")),
    (Unknown.make("f", 0, x), facts(x="positive")),
]


@pytest.mark.parametrize(("node", "known"), POSITIVE)
def test_positive_values_are_known(node: Node, known: Facts) -> None:
    assert known.positive(node)
    assert (naive(node, matrix_point(known)) > 0).all()


@pytest.mark.parametrize(("node", "known"), NOT_POSITIVE)
def test_what_is_not_known_to_be_positive(node: Node, known: Facts) -> None:
    assert not known.positive(node)


def test_pi_is_a_constant_of_which_nothing_is_claimed_wrongly() -> None:
    assert not facts().symmetric(Constant.make("pi"))


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_positivity_of_random_nodes_is_never_claimed_wrongly(data: st.DataObject) -> None:
    pool: list[Node] = [x, y, f("exp", y), f("sigmoid", x), s, Number.make(2), A]
    for _ in range(4):
        makers = (product_nodes(pool), sum_nodes(pool), power_nodes(pool), elementwise_nodes(pool))
        pool.append(data.draw(st.one_of(*makers)))
    known = facts(x="positive", s="positive")
    values = [naive(node, matrix_point(known)) for node in pool if known.positive(node)]
    assert all((value > 0).all() for value in values)


# The key of a product


def cycle(*turned: bool) -> Node:
    """The trace of a product of S and S': True stands for a transposed factor."""
    n = len(turned)
    places = [((k + 1) % n, k) if t else (k, (k + 1) % n) for k, t in enumerate(turned)]
    return product(1, [(S, place) for place in places], [])


M, W = False, True  # S and its transpose

TWINS: dict[str, tuple[Node, Node]] = {
    "words-with-equal-letters": (cycle(M, M, W, M, W, W), cycle(M, M, W, W, M, W)),
    "one-cycle-or-two": (cycle(M, M, M, M, M, M), contraction("ab,bc,ca,de,ef,fd->", S, S, S, S, S, S)),
    "transpose": (contraction("ij,jk->ik", S, T), contraction("ji,jk->ik", S, T)),
    "transposed-result": (contraction("ij,jk->ik", S, T), contraction("ij,jk->ki", S, T)),
    "order-of-a-product": (contraction("ij,jk->ik", S, T), contraction("ij,jk->ik", T, S)),
    "hadamard-or-product": (contraction("ij,ij->ij", S, T), contraction("ij,ji->ij", S, T)),
    "trace-or-total": (contraction("ii->", S), contraction("ij->", S)),
    "shared-index": (contraction("i,i,j->", x, x, y), contraction("i,j,j->", x, x, y)),
    "diagonal-side": (contraction("i,ij->ij", x, S), contraction("j,ij->ij", x, S)),
    "square-of-a-sum-or-sum-of-squares": (contraction("i,i->", x, x), contraction("i,j->", x, x)),
    "long-path-with-a-turn": (
        contraction("ab,bc,cd,de,fe,fg,gh,hi->ai", *[S] * 8), contraction("ab,bc,cd,ed,ef,fg,gh,hi->ai", *[S] * 8),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TWINS)
def test_the_key_tells_products_apart(name: str) -> None:
    """Their values differ, so their keys must."""
    first, second = TWINS[name]
    values = [naive(node, matrix_point(facts())) for node in (first, second)]
    assert np.abs(values[0] - values[1]).max() > 1e-3
    assert product_key(first, facts()) != product_key(second, facts())


SAME: dict[str, tuple[Node, Node, Facts]] = {
    "factors-in-another-order": (contraction("ij,jk->ik", S, T), contraction("jk,ij->ik", T, S), facts()),
    "three-factors": (contraction("i,ij,j->", x, S, y), contraction("ij,j,i->", S, y, x), facts()),
    "cyclic": (cycle(M, M, W), cycle(M, W, M), facts()),
    "cyclic-of-two": (contraction("ij,ji->", S, T), contraction("ij,ji->", T, S), facts()),
    "trace-of-the-transpose": (cycle(M, M, W, W), cycle(W, W, M, M), facts()),
    "symmetric-factor": (contraction("ij,jk->ik", S, T), contraction("ji,jk->ik", S, T), facts(S="symmetric")),
    "symmetric-form": (contraction("i,ij,j->", x, S, y), contraction("i,ij,j->", y, S, x), facts(S="diagonal")),
}


@pytest.mark.parametrize("name", SAME)
def test_the_key_does_not_depend_on_the_order_of_factors(name: str) -> None:
    first, second, known = SAME[name]
    assert_equal(naive(first, matrix_point(known)), naive(second, matrix_point(known)))
    assert product_key(first, known) == product_key(second, known)


def test_the_key_of_a_symmetric_factor_needs_the_fact() -> None:
    first, second = contraction("i,ij,j->", x, S, y), contraction("i,ij,j->", y, S, x)
    assert product_key(first, facts()) != product_key(second, facts())


def test_colours_do_not_depend_on_the_order_of_factors() -> None:
    """Labels are numbered differently, but a colour belongs to a place of the graph."""
    first = product(1, [(S, (0, "a")), (T, ("a", "b")), (x, ("b",))], [0])
    second = product(1, [(x, ("b",)), (T, ("a", "b")), (S, (0, "a"))], [0])
    one, other = label_colours(first, facts()), label_colours(second, facts())
    assert [one[label] for label in (0, *first.labels[1])] == [other[label] for label in (0, *second.labels[1])]
    assert len(set(one.values())) == 3


@st.composite
def alike_products(draw: st.DrawFn) -> list[Product]:
    """Products of the same few factors at random labels, so that equal ones are likely."""
    factors = draw(st.lists(st.sampled_from([S, S, T, x]), min_size=2, max_size=4))
    made = []
    for _ in range(30):
        labels = [[draw(st.integers(0, 2)) for _ in node.shape] for node in draw(st.permutations(factors))]
        ordered = sorted(factors, key=lambda node: node.order)
        labels.sort(key=len)
        made.append(product(1, zip(ordered, labels, strict=True), []))
    return [node for node in made if isinstance(node, Product)]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(alike_products(), st.sampled_from([facts(), facts(S="symmetric")]))
def test_products_with_one_key_have_one_value(made: list[Product], known: Facts) -> None:
    point = matrix_point(known)
    groups: dict[object, list[float]] = {}
    for node in made:
        groups.setdefault(product_key(node, known), []).append(float(naive(node, point)))
    assert all(np.ptp(values) <= 1e-9 * (1 + max(map(abs, values))) for values in groups.values())


@settings(max_examples=80, deadline=None)
@given(st.permutations(range(5)))
def test_a_product_without_symmetries_has_one_key_in_every_order(order: list[int]) -> None:
    factors = [(A, (0, "n")), (S, ("n", "k")), (T, ("l", "k")), (B, ("l", 1)), (x, ("k",))]
    node = product(1, factors, [0, 1])
    again = product(1, [factors[k] for k in order], [0, 1])
    assert product_key(again, facts()) == product_key(node, facts())


def test_a_variable_of_the_same_name_and_another_shape_shares_its_properties() -> None:
    """Facts go by name; names are unique in a program."""
    assert facts(A="positive").positive(Variable.make("A", ("n",)))
