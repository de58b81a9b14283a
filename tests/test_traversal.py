"""Walks over shared graphs: each node once, operands first, in linear time and without recursion."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import cache

import numpy as np
import pytest
from naive import VARIABLES, Point, contraction, naive

from matcalc.assumptions import Facts
from matcalc.differentiate import derivative, forward, reverse
from matcalc.expr import Node, Unknown, Variable, add, apply_elementwise, apply_matrix, power, scale, zero
from matcalc.refine import refine
from matcalc.traversal import postorder, substitute, transform, uses

A, S, x, y, s = (VARIABLES[name] for name in ("A", "S", "x", "y", "s"))
SHARED_DEPTH = 64
DEPTH = 3000


def shared(start: Node, depth: int = SHARED_DEPTH) -> Node:
    """max(u, u) of max(u, u) of ...: as a tree it has 2^depth leaves."""
    node = start
    for _ in range(depth):
        node = apply_elementwise("maximum", node, node)
    return node


# Order


def test_operands_stand_before_their_users_and_each_node_once() -> None:
    inner = contraction("ij,j->i", S, x)
    root = contraction("i,i,i->", inner, apply_elementwise("exp", inner), x)
    order = postorder(root)
    assert len(order) == len(set(order)) == 5
    assert order[-1] is root
    assert all(order.index(operand) < order.index(node) for node in order for operand in node.operands)
    assert order == [S, x, inner, apply_elementwise("exp", inner), root]


def test_several_roots_are_walked_in_order() -> None:
    assert postorder(x + y, y, s) == [x, y, x + y, s]
    assert postorder(s, x + y) == [s, x, y, x + y]


def test_nothing_is_visited_below_the_stop() -> None:
    inner = contraction("ij,j->i", S, x)
    root = inner + y
    assert postorder(root, stop=inner) == [inner, y, root]


def test_uses_counts_operands_and_roots() -> None:
    inner = apply_elementwise("exp", x)
    root = apply_elementwise("maximum", inner, inner)
    assert uses([root]) == {x: 1, inner: 2, root: 1}
    assert uses([root, inner]) == {x: 1, inner: 3, root: 1}


# Rewriting


def test_transform_applies_its_rule_to_rebuilt_nodes() -> None:
    """exp becomes sin below, so the rule sees max(sin(x), sin(x))."""
    seen: list[Node] = []

    def rule(node: Node) -> Node:
        seen.append(node)
        return {apply_elementwise("exp", x): apply_elementwise("sin", x)}.get(node, node)

    inner = apply_elementwise("exp", x)
    changed = apply_elementwise("maximum", apply_elementwise("sin", x), apply_elementwise("sin", x))
    assert transform(apply_elementwise("maximum", inner, inner), rule) is changed
    assert seen == [x, inner, changed]


def test_transform_looks_into_its_memo_first() -> None:
    assert transform(apply_elementwise("exp", x), lambda node: node, {x: y}) is apply_elementwise("exp", y)


def test_transform_without_a_change_gives_the_node_itself() -> None:
    root = contraction("ij,j->i", S, apply_elementwise("exp", x)) + y
    assert transform(root, lambda node: node) is root


def test_substitution_is_simultaneous() -> None:
    root = contraction("i,ij,j->", x, S, apply_elementwise("exp", y))
    assert substitute(root, {x: y, y: x}) is contraction("i,ij,j->", y, S, apply_elementwise("exp", x))


def test_substitution_does_not_look_into_what_it_puts_in() -> None:
    assert substitute(apply_elementwise("exp", x), {x: x + y}) is apply_elementwise("exp", x + y)


def test_substitution_normalizes_what_it_makes() -> None:
    assert substitute(x - y, {y: x}) is zero(("n",))
    assert substitute(x + y, {y: scale(2, x)}) is scale(3, x)


def test_substitution_reaches_the_arguments_of_dependent_variables() -> None:
    before, after = (Variable.make("U", (), [("x", value)]) for value in (x, y))
    assert substitute(before, {x: y}) is after


# Linear in the number of nodes.  As trees these graphs have 2^64 leaves, so a walk that is not linear does not end.


def test_a_shared_graph_has_one_node_a_level() -> None:
    order = postorder(shared(x))
    assert len(order) == SHARED_DEPTH + 1
    assert order[0] is x


def test_each_node_of_a_shared_graph_is_rewritten_once() -> None:
    calls: list[Node] = []
    transform(shared(x), lambda node: calls.append(node) or node)
    assert len(calls) == SHARED_DEPTH + 1


def test_a_shared_graph_is_substituted() -> None:
    assert substitute(shared(x), {x: y}) is shared(y)


def test_a_shared_graph_has_a_digest() -> None:
    assert shared(x).digest != shared(y).digest


def test_a_shared_graph_is_counted() -> None:
    counts = uses([shared(x)])
    assert sorted(counts.values()) == [1] + [2] * SHARED_DEPTH


SHARED: dict[str, tuple[Callable[[Node], Node], float]] = {
    "maximum": (lambda u: apply_elementwise("maximum", u, u), 1.0),
    "product": (lambda u: apply_elementwise("tanh", u) * apply_elementwise("tanh", u), 0.0),
    "sum": (lambda u: scale(1, apply_elementwise("sin", u)) + scale(-1, apply_elementwise("tanh", u)), 0.0),
    "matrix": (lambda u: contraction("ij,jk->ik", u, u), 0.0),
}


@pytest.mark.parametrize("name", SHARED)
@pytest.mark.parametrize("mode", [forward, reverse], ids=["forward", "reverse"])
def test_the_derivative_of_a_shared_graph_is_of_its_size(name: str, mode: Callable[[Node, Node], Node]) -> None:
    """Each level adds the same number of nodes, whatever the depth."""
    sizes = []
    for depth in (16, 32, SHARED_DEPTH):
        node = S
        for _ in range(depth):
            node = SHARED[name][0](node)
        sizes.append(len(postorder(mode(node, S))))
    assert (sizes[1] - sizes[0]) * 2 == pytest.approx(sizes[2] - sizes[1], abs=8)


@pytest.mark.parametrize("name", SHARED)
def test_a_shared_graph_is_refined_to_its_size(name: str) -> None:
    node = S
    for _ in range(SHARED_DEPTH):
        node = SHARED[name][0](node)
    assert len(postorder(refine(node, Facts()))) <= len(postorder(node))


# Depth 3,000: no recursion


STEPS: dict[str, Callable[[Node], Node]] = {
    "function": lambda u: apply_elementwise("tanh", u),
    "unknown": lambda u: Unknown.make("f", 0, u),
    "power-and-sum": lambda u: power(u + x, Fraction(2)),
    "product": lambda u: contraction("ij,j->i", S, u),
    "softmax": lambda u: apply_matrix("softmax", u, (1,)),
    "function-of-product": lambda u: apply_elementwise("tanh", contraction("ij,j->i", S, u)),
    "dependent": lambda u: Variable.make("v", ("n",), [("u", u)]),
}


@cache
def chain(name: str, start: Node = x, depth: int = DEPTH) -> Node:
    node = start
    for _ in range(depth):
        node = STEPS[name](node)
    return node


@pytest.mark.parametrize("name", STEPS)
def test_a_deep_chain_is_walked(name: str) -> None:
    assert postorder(chain(name))[-1] is chain(name)
    assert len(postorder(chain(name))) >= DEPTH + 1


@pytest.mark.parametrize("name", STEPS)
def test_a_deep_chain_is_rewritten(name: str) -> None:
    """The rule is applied to every node, and puts the other start in."""
    again = transform(chain(name), lambda node: {S: S}.get(node, node))
    assert again is chain(name)
    assert substitute(chain(name, y), {y: x}) is chain(name, x)


@pytest.mark.parametrize("name", STEPS)
def test_a_deep_chain_has_a_digest(name: str) -> None:
    assert chain(name).digest != chain(name, depth=DEPTH - 1).digest


@pytest.mark.parametrize("name", STEPS)
@pytest.mark.parametrize("mode", [forward, reverse], ids=["forward", "reverse"])
def test_a_deep_chain_is_differentiated(name: str, mode: Callable[[Node, Node], Node]) -> None:
    made = mode(chain(name), x)
    assert made.shape == ("n", "n")
    assert len(postorder(made)) < 20 * DEPTH


@pytest.mark.parametrize("mode", [forward, reverse], ids=["forward", "reverse"])
def test_the_derivative_of_a_deep_chain_is_right(mode: Callable[[Node, Node], Node]) -> None:
    """d tanh(tanh(..)) is the product of 1 - tanh² at every level."""
    start = np.array([0.3, -0.9, 1.4])
    u, expected = start, np.ones(3)
    for _ in range(DEPTH):
        u = np.tanh(u)
        expected = expected * (1 - u**2)
    found = naive(mode(chain("function"), x), Point({"x": start}))
    np.testing.assert_allclose(found, np.diag(expected), rtol=1e-9)


@pytest.mark.parametrize("name", STEPS)
def test_a_deep_chain_is_refined(name: str) -> None:
    assert refine(chain(name), Facts()).shape == ("n",)


@pytest.mark.parametrize("facts", [Facts(), Facts({"S": frozenset({"symmetric"}), "x": frozenset({"positive"})})],
                         ids=["no-facts", "facts"])  # fmt: skip
@pytest.mark.parametrize("name", ["function", "function-of-product", "power-and-sum"])
def test_the_derivative_of_a_deep_chain_is_refined(name: str, facts: Facts) -> None:
    made = derivative(contraction("i->", chain(name)), x)
    assert refine(made, facts).shape == ("n",)


@pytest.mark.parametrize("last", ["abs", "sign", "relu"])
def test_facts_are_found_at_the_end_of_a_deep_chain(last: str) -> None:
    """Positive powers of sums of positive values are positive, however many there are."""
    facts = Facts({"x": frozenset({"positive"})})
    assert facts.positive(chain("power-and-sum"))
    assert refine(apply_elementwise(last, chain("power-and-sum")), facts).shape == ("n",)


def test_symmetry_is_found_at_the_end_of_a_deep_chain() -> None:
    facts = Facts({"S": frozenset({"symmetric"})})
    assert facts.symmetric(chain("function", S))
    assert not facts.symmetric(chain("function", VARIABLES["T"]))


def test_a_sum_of_many_terms_is_differentiated() -> None:
    """A thousand terms of one variable; each is there in the end."""
    terms = [apply_elementwise("sin", scale(k, x)) for k in range(1, 1001)]
    start = np.array([0.3, -0.9, 1.4])
    found = naive(reverse(contraction("i->", add(terms)), x), Point({"x": start}))
    np.testing.assert_allclose(found, sum(k * np.cos(k * start) for k in range(1, 1001)), rtol=1e-9, atol=1e-7)
