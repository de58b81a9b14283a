"""Chains of products: what the order in which they are multiplied is worth.

A chain is a product of three or more factors each of which shares one summed index with the next: A*B*x, x'*A*B*y,
tr(A*B*C).  The order that code takes (`matcalc.codegen.order`) is compared with the two that come to mind.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from matcalc.codegen.graph import computed
from matcalc.codegen.order import path
from matcalc.codegen.scale import scales
from matcalc.cost.amounts import Amount, amount, product_of, total
from matcalc.expr import Delta, Node, Product

__all__ = ["Chain", "chains"]

Labels = tuple[int, ...]
Pairs = list[tuple[int, int]]

#: The longest chain that is looked at.
LONGEST = 40


@dataclass(frozen=True, slots=True)
class Chain:
    """A product, and the flops of its chosen order, from the left and from the right."""

    node: Node
    chosen: Amount
    from_left: Amount
    from_right: Amount


def chains(roots: Sequence[Node], sizes: Mapping[str, int]) -> list[Chain]:
    """The chains among the products below some nodes, operands first."""
    products = [node for node in computed(roots) if isinstance(node, Product)]
    found = ((node, in_order(node)) for node in products)
    return [compared(node, factors, sizes) for node, factors in found if factors is not None]


def in_order(node: Product) -> list[Labels] | None:
    """The labels of the factors of a chain from one end to the other; None if the product is none."""
    factors = [labels for operand, labels in node.factors if operand.order]
    if not 3 <= len(factors) <= LONGEST or any(isinstance(operand, Delta) for operand in node.operands):
        return None
    counts = Counter(label for labels in factors for label in labels)
    pairs = all(counts[k] == (2 if k >= node.order else 1) for k in counts)
    if not pairs or any(len(labels) > 2 or len(set(labels)) < len(labels) for labels in factors):
        return None
    walked = follow(factors, start_of(factors, node.order))
    return walked if len(walked) == len(factors) else None


def start_of(factors: Sequence[Labels], order: int) -> int:
    """The factor that a chain begins with: that of the first axis of the result, else a vector, else the first."""
    ends = [k for k, labels in enumerate(factors) if len(labels) == 1 or min(labels) < order]
    return min(ends, key=lambda k: (0 not in factors[k] or order == 0, k)) if ends else 0


def follow(factors: Sequence[Labels], start: int) -> list[Labels]:
    """The factors that are reached from one by labels that two of them share."""
    left = dict(enumerate(factors))
    walked = [left.pop(start)]
    while True:
        following = [k for k, labels in left.items() if set(labels) & set(walked[-1])]
        if not following:
            return walked
        walked.append(left.pop(following[0]))


def compared(node: Product, factors: Sequence[Labels], sizes: Mapping[str, int]) -> Chain:
    """The flops of three orders of a chain."""
    dimensions = node.dimensions()
    out = frozenset(range(node.order))
    by_label = [lambda label, scale=scale: scale(dimensions[label]) for scale in scales(dimensions.values(), sizes)]

    def flops(pairs: Pairs) -> Amount:
        return contraction_flops(factors, pairs, out, lambda label: amount(dimensions[label], sizes))

    last = len(factors) - 1
    from_left = [(0, 1), *((last + k, k + 1) for k in range(1, last))]
    from_right = [(last - 1, last), *((last - 1 - k, last + k) for k in range(1, last))]
    return Chain(node, flops(path(factors, out, by_label)), flops(from_left), flops(from_right))


def contraction_flops(
    factors: Sequence[Labels], pairs: Pairs, out: frozenset[int], size: Callable[[int], Amount]
) -> Amount:
    """The flops of a contraction in some order: 2 for each combination of indices of a pair, 1 where nothing is summed."""
    sets = {k: frozenset(labels) for k, labels in enumerate(factors)}
    amounts = []
    for number, (first, second) in enumerate(pairs, len(factors)):
        a, b = sets.pop(first), sets.pop(second)
        kept = (a | b) & out.union(*sets.values())
        sets[number] = kept
        amounts.append((2 if kept != a | b else 1) * product_of(size(label) for label in sorted(a | b)))
    return total(amounts)
