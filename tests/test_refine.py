"""Refining keeps the value wherever the facts hold, is idempotent, and applies each rule only where it should."""

from __future__ import annotations

from fractions import Fraction
from functools import cache

import numpy as np
import pytest
from corpus import TASKS, UNKNOWN, Task, draw
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from naive import (
    VARIABLES,
    Point,
    assert_equal,
    contraction,
    elementwise_nodes,
    fact_point,
    graphs,
    naive,
    product_nodes,
    random_point,
    sum_nodes,
)

import matcalc
from matcalc.assumptions import Facts
from matcalc.expr import (
    Delta,
    Node,
    Number,
    Size,
    add,
    apply_elementwise,
    apply_matrix,
    expand,
    ones,
    power,
    product,
    scale,
    transpose,
    zero,
)
from matcalc.refine import refine
from matcalc.tensor import Tensor
from matcalc.traversal import postorder

A, B, C, D, S, T = (VARIABLES[name] for name in "ABCDST")
s, t, x, y, z = (VARIABLES[name] for name in "stxyz")
HALF = Fraction(1, 2)
d_n = Delta.make("n")


def facts(**properties: str) -> Facts:
    """`facts(S="symmetric")`: properties by name, words."""
    return Facts({name: frozenset(words.split()) for name, words in properties.items()})


def f(name: str, *nodes: Node) -> Node:
    return apply_elementwise(name, *nodes)


def inv(node: Node) -> Node:
    return apply_matrix("inv", node, (1, 1))


softmax = apply_matrix("softmax", x, (1,))
NONE = facts()
C_ = contraction

#: What a rule does: a node, facts, and the node that it becomes.
RULES: dict[str, tuple[Node, Facts, Node]] = {
    # powers of one factor at one index
    "power-merging-to-one": (C_("i,i->i", x, power(x, Fraction(-1))), NONE, ones(("n",))),
    "power-merging-in-company": (C_("i,i,i->i", x, y, power(x, Fraction(-1))), NONE, y),
    "power-merging-of-roots": (C_("i,i->i", power(x, HALF), power(x, HALF)), NONE, x),
    "power-merging-of-scalars": (C_(",->", s, s), NONE, power(s, Fraction(2))),
    "power-merging-of-a-norm": (
        C_(",->", power(C_("i,i->", x, x), HALF), power(C_("i,i->", x, x), HALF)), NONE, C_("i,i->", x, x),
    ),
    # inverses
    "inverse-cancelling-left": (C_("ij,jk->ik", inv(S), S), NONE, d_n),
    "inverse-cancelling-right": (C_("ij,jk->ik", S, inv(S)), NONE, d_n),
    "inverse-cancelling-transposed": (C_("ji,kj->ik", S, inv(S)), NONE, d_n),
    "inverse-cancelling-in-a-chain": (C_("ij,jk,kl,l->i", T, inv(S), S, x), NONE, C_("ij,j->i", T, x)),
    "inverse-cancelling-in-a-trace": (C_("ij,ji->", inv(S), S), NONE, Size.make("n")),
    "inverse-of-an-inverse": (inv(inv(S)), NONE, S),
    "inverse-of-orthogonal": (inv(S), facts(S="orthogonal"), transpose(S, (1, 0))),
    # sums that are 1
    "simplex-sum": (C_("i->", y), facts(y="simplex"), Number.make(1)),
    "simplex-sum-in-company": (C_("i,j->j", y, x), facts(y="simplex"), x),
    "simplex-rows": (C_("ij->i", A), facts(A="simplex"), ones(("m",))),
    "simplex-rows-in-company": (C_("ij,i->i", A, z), facts(A="simplex"), z),
    "softmax-sum": (C_("i->", softmax), NONE, Number.make(1)),
    "softmax-rows": (C_("ij->", apply_matrix("softmax", A, (1,))), NONE, Size.make("m")),
    # orthogonal matrices
    "orthogonal-left": (C_("ki,kj->ij", S, S), facts(S="orthogonal"), d_n),
    "orthogonal-right": (C_("ik,jk->ij", S, S), facts(S="orthogonal"), d_n),
    "orthogonal-in-a-chain": (C_("i,ki,kj,j->", x, S, S, y), facts(S="orthogonal"), C_("i,i->", x, y)),
    # skew matrices
    "skew-trace": (C_("ii->", S), facts(S="skew"), Number.make(0)),
    "skew-diagonal": (C_("ii->i", S), facts(S="skew"), zero(("n",))),
    "skew-sum": (add([S, transpose(S, (1, 0))]), facts(S="skew"), zero(("n", "n"))),
    # symmetric matrices
    "symmetric-sum": (C_("i,ij->j", x, S) + C_("i,ji->j", x, S), facts(S="symmetric"), scale(2, C_("i,ij->j", x, S))),
    "symmetric-difference": (C_("i,ij->j", x, S) - C_("i,ji->j", x, S), facts(S="symmetric"), zero(("n",))),
    # signs
    "absolute-value-of-positive": (f("abs", x), facts(x="positive"), x),
    "relu-of-positive": (f("relu", x), facts(x="positive"), x),
    "sign-of-positive": (f("sign", x), facts(x="positive"), ones(("n",))),
    "step-of-positive": (f("step", f("exp", A)), NONE, ones(("m", "n"))),
    "root-of-a-square": (power(power(x, Fraction(2)), HALF), facts(x="positive"), x),
    # sums
    "like-terms-in-another-order": (C_("ij,ij->", A, D) + C_("ij,ij->", D, A), NONE, scale(2, C_("ij,ij->", A, D))),
    "cyclic-traces": (C_("ij,ji->", S, T) - C_("ij,ji->", T, S), NONE, Number.make(0)),
    "sum-in-a-sum": (add([f("sin", y), add([x, f("cos", y)])]), NONE, add([f("sin", y), x, f("cos", y)])),
    "sum-of-a-difference": (
        add([C_("i,i->i", x, y), add([f("exp", x), scale(-1, C_("i,i->i", y, x))])]), NONE, f("exp", x),
    ),
    # products
    "product-in-a-product": (C_("ij,jk->ik", C_("ij,jk->ik", A, B), C), NONE, C_("ij,jk,kl->il", A, B, C)),
    "identity-multiplied-out": (
        C_("ij,j->i", add([d_n, scale(-1, C_("i,j->ij", y, y))]), x), NONE, x - C_("i,j,j->i", y, y, x),
    ),
}  # fmt: skip

#: Where no rule may fire: the node stays as it is.
STAYS: dict[str, tuple[Node, Facts]] = {
    "square-entry-by-entry": (C_("i,i->i", x, x), NONE),
    "powers-at-different-indices": (C_("i,j->ij", x, power(x, Fraction(-1))), NONE),
    "powers-of-transposes": (C_("ij,ji->ij", S, power(S, Fraction(-1))), NONE),
    "root-of-a-square-of-any-sign": (power(power(x, Fraction(2)), HALF), NONE),
    "inverse-of-another": (C_("ij,jk->ik", inv(S), T), NONE),
    "inverse-beside-the-transpose": (C_("ij,kj->ik", inv(S), S), NONE),
    "inverse-entry-by-entry": (C_("ij,ij->ij", inv(S), S), NONE),
    "inverse-with-a-weight-between": (C_("ij,j,jk->ik", inv(S), x, S), NONE),
    "inverse-with-an-index-kept": (C_("ij,jk->ijk", inv(S), S), NONE),
    "inverse-of-a-sum": (C_("ij,jk->ik", inv(S + T), S), NONE),
    "inverse-of-plain": (inv(S), NONE),
    "sum-of-a-plain-vector": (C_("i->", y), facts(x="simplex")),
    "weighted-sum-of-a-simplex": (C_("i,i->", y, x), facts(y="simplex")),
    "columns-of-a-row-simplex": (C_("ij->j", A), facts(A="simplex")),
    "logsoftmax-sum": (C_("i->", apply_matrix("logsoftmax", x, (1,))), NONE),
    "squares-of-a-simplex": (C_("i,i->", y, y), facts(y="simplex")),
    "orthogonal-twice-without-transpose": (C_("ij,jk->ik", S, S), facts(S="orthogonal")),
    "two-orthogonal-matrices": (C_("ki,kj->ij", S, T), facts(S="orthogonal", T="orthogonal")),
    "gram-of-plain": (C_("ki,kj->ij", S, S), facts(T="orthogonal")),
    "orthogonal-with-a-weight-between": (C_("ki,k,kj->ij", S, x, S), facts(S="orthogonal")),
    "orthogonal-entry-by-entry": (C_("ij,ij->ij", S, S), facts(S="orthogonal")),
    "trace-of-symmetric": (C_("ii->", S), facts(S="symmetric")),
    "form-of-plain": (C_("i,ij,j->", x, S, x), facts(T="skew")),
    "skew-form-of-two-vectors": (C_("i,ij,j->", x, S, y), facts(S="skew")),
    "absolute-value-of-any-sign": (f("abs", x), facts(y="positive")),
    "absolute-value-of-positive-definite": (f("abs", S), facts(S="positive-definite")),
    "sign-of-a-difference": (f("sign", x - y), facts(x="positive", y="positive")),
    "sign-of-a-root-argument": (f("sign", power(x, Fraction(2))), NONE),
    "sum-with-the-transpose": (add([S, transpose(S, (1, 0))]), NONE),
    "bilinear-forms": (C_("i,ij,j->", x, S, y) + C_("i,ij,j->", y, S, x), NONE),
    "sums-that-need-not-be-multiplied-out": (C_("ij,j->i", S, add([x, y])), NONE),
    "square-of-a-sum": (C_("i,i->", add([x, scale(-1, y)]), add([x, scale(-1, y)])), NONE),
}


@pytest.mark.parametrize("name", RULES)
def test_a_rule_does_what_it_says(name: str) -> None:
    node, known, expected = RULES[name]
    assert refine(node, known) is expected
    assert node is not expected


@pytest.mark.parametrize("name", RULES)
def test_a_rule_is_an_equality_where_the_facts_hold(name: str) -> None:
    node, known, expected = RULES[name]
    point = fact_point({**{v: frozenset({"positive"}) for v in "stxyz"}, **known.properties})
    found = naive(expected, point)
    np.testing.assert_allclose(naive(node, point), found, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", STAYS)
def test_a_rule_does_not_fire_where_it_must_not(name: str) -> None:
    node, known = STAYS[name]
    assert refine(node, known) is node


def test_shared_products_of_many_factors_stay_shared() -> None:
    """A product of more than three factors that two others use is laid open in neither."""
    long = C_("ij,jk,kl,lm->im", S, T, S, T)
    root = C_("ij,j->i", long, x) + C_("ji,j->i", long, y)
    assert long in postorder(refine(root, NONE))


def test_facts_of_one_run_do_not_leak_into_another() -> None:
    node = C_("i->", y)
    assert refine(node, facts(y="simplex")) is Number.make(1)
    assert refine(node, NONE) is node


# On the corpus: what a derivative is refined from


def task_point(task: Task) -> Point:
    functions = {(name, k): g for name in task.functions for k, g in enumerate(UNKNOWN[name].derivatives)}
    return Point(draw(task), task.sizes, functions)


@cache
def raw(task_name: str) -> tuple[Tensor, Facts]:
    """The derivative of a task as it is before it is refined, and the facts."""
    (task,) = (task for task in PLAIN_TASKS if task.name == task_name)
    derived = matcalc.derive(task.source, wrt=task.wrt, declare=task.declare, layout=task.layout, order=task.order)
    return derived.environment.lower(derived.form), derived.facts


PLAIN_TASKS = [task for task in TASKS if not task.dependents]
DECLARED_TASKS = [task for task in PLAIN_TASKS if task.declared]


def task_name(task: Task) -> str:
    return task.name


@pytest.mark.parametrize("task", DECLARED_TASKS, ids=task_name)
def test_refining_keeps_the_value_of_a_derivative(task: Task) -> None:
    """At points that have the declared properties."""
    tensor, known = raw(task.name)
    refined, point = refine(tensor.node, known), task_point(task)
    assert refined.shape == tensor.node.shape
    assert_equal(naive(refined, point), naive(tensor.node, point), rtol=1e-8)


@pytest.mark.parametrize("task", PLAIN_TASKS, ids=[task.name for task in PLAIN_TASKS])
def test_refining_a_derivative_twice_changes_nothing(task: Task) -> None:
    tensor, known = raw(task.name)
    refined = refine(tensor.node, known)
    assert refine(refined, known) is refined


# On random nodes

random_nodes = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@random_nodes
@given(graphs(7))
def test_refining_keeps_the_value_of_a_random_node(node: Node) -> None:
    point = random_point(node)
    value = naive(node, point)
    assume(np.isfinite(value).all())
    assert_equal(naive(refine(node, NONE), point), value, rtol=1e-7)


@random_nodes
@given(graphs(7))
def test_refining_a_random_node_twice_changes_nothing(node: Node) -> None:
    refined = refine(node, NONE)
    assert refine(refined, NONE) is refined


PROPERTIES: dict[str, Facts] = {
    "symmetric": facts(S="symmetric", T="symmetric"),
    "skew": facts(S="skew", T="skew"),
    "skew-and-symmetric": facts(S="skew", T="symmetric"),
    "diagonal": facts(S="diagonal", T="diagonal"),
    "orthogonal": facts(S="orthogonal", T="orthogonal"),
    "invertible": facts(S="invertible", T="invertible"),
    "positive-definite": facts(S="positive-definite", T="symmetric"),
    "triangular": facts(S="lower", T="upper"),
    "positive": facts(S="positive", x="positive", y="positive", s="positive"),
    "simplex": facts(S="simplex", x="simplex", y="simplex"),
}


#: A skew-symmetric matrix of odd size has no inverse.
INVERSES = {name: [inv(S), inv(T)] for name in PROPERTIES} | {
    name: [inv(3 * d_n + S), inv(3 * d_n + T)] for name in ("skew", "skew-and-symmetric")
}


@st.composite
def nested_products(draw: st.DrawFn, inverses: list[Node]) -> Node:
    """Products and sums of few square matrices and vectors, so that rules meet their patterns often."""
    pool: list[Node] = [S, S, T, x, y, *inverses, softmax, d_n]
    for _ in range(draw(st.integers(1, 4))):
        recent = pool[-2:] + pool
        products = product_nodes(recent, most=5)
        others = (sum_nodes(recent), elementwise_nodes(recent), signs(recent))
        pool.append(draw(draw(st.sampled_from([products, products, *others]))))
    return pool[-1]


def signs(pool: list[Node]) -> st.SearchStrategy[Node]:
    return st.builds(apply_elementwise, st.sampled_from(["abs", "sign", "relu", "step"]), st.sampled_from(pool))


@pytest.mark.parametrize("name", PROPERTIES)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_refining_under_facts_keeps_the_value_where_they_hold(name: str, data: st.DataObject) -> None:
    known, node = PROPERTIES[name], data.draw(nested_products(INVERSES[name]))
    point = fact_point({"S": frozenset({"invertible"}), "T": frozenset({"invertible"}), **known.properties})
    value = naive(node, point)
    assume(np.isfinite(value).all() and np.abs(value).max(initial=0) < 1e8)
    found = naive(refine(node, known), point)
    np.testing.assert_allclose(found, value, rtol=1e-6, atol=1e-6 * max(1.0, np.abs(value).max(initial=0)))


@pytest.mark.parametrize("name", PROPERTIES)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_refining_under_facts_twice_changes_nothing(name: str, data: st.DataObject) -> None:
    refined = refine(data.draw(nested_products(INVERSES[name])), PROPERTIES[name])
    assert refine(refined, PROPERTIES[name]) is refined


def test_an_expanded_scalar_stays_one() -> None:
    node = expand(C_("i,i->", x, y), ("m", "n"))
    assert refine(node, NONE) is product(1, [(x, "i"), (y, "i")], "ab", {"a": "m", "b": "n"})
