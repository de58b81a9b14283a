"""Walking a shared graph of nodes: children before parents, each node once, without recursion."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from matcalc.expr import Node, rebuild

__all__ = ["postorder", "transform", "substitute", "uses"]


def postorder(*roots: Node, stop: Node | None = None) -> list[Node]:
    """Every node below the roots once, operands before their users; below `stop` nothing is visited."""
    done: dict[Node, None] = {}
    stack = list(reversed(roots))
    while stack:
        node = stack[-1]
        if node in done:
            stack.pop()
            continue
        pending = [o for o in node.operands if o not in done] if node is not stop else []
        if pending:
            stack.extend(reversed(pending))
        else:
            stack.pop()
            done[node] = None
    return list(done)


def transform(root: Node, rule: Callable[[Node], Node], memo: dict[Node, Node] | None = None) -> Node:
    """Rebuild a graph from its leaves up, with `rule` applied to each rebuilt node."""
    memo = {} if memo is None else memo
    for node in postorder(root):
        if node not in memo:
            memo[node] = rule(rebuild(node, tuple([memo[o] for o in node.operands])))
    return memo[root]


def substitute(root: Node, replacements: dict[Node, Node]) -> Node:
    """Replace nodes by others of the same shape, everywhere, at once."""
    return root.xreplace(replacements)


def uses(roots: Iterable[Node]) -> dict[Node, int]:
    """How many times each node is an operand (a root counts as one more)."""
    tops = list(roots)
    counts: dict[Node, int] = {}
    for node in postorder(*tops):
        counts.setdefault(node, 0)
        for operand in node.operands:
            counts[operand] = counts.get(operand, 0) + 1
    for top in tops:
        counts[top] += 1
    return counts
