"""A key of a product that does not depend on the order of its factors.

Each label gets a colour from how it is connected, refined over a few rounds; factors are sorted by content and colours.
Equal keys mean equal products; equal products may, rarely, get different keys, which costs a simplification only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Protocol

from matcalc.expr import Node, Product, add, scale, split_coefficient, zero

__all__ = ["collect", "label_colours", "product_key"]


#: How often colours are refined at most; a path of so many matrices from either end is told apart.
ROUNDS = 12


class SymmetryFacts(Protocol):
    """What is known of the symmetry of factors."""

    def symmetric(self, node: Node) -> bool: ...
    def skew(self, node: Node) -> bool: ...


class NothingKnown:
    """No factor is known to be symmetric or skew."""

    def symmetric(self, node: Node) -> bool:
        return False

    def skew(self, node: Node) -> bool:
        return False


NOTHING_KNOWN = NothingKnown()


def label_colours(node: Product, facts: SymmetryFacts) -> dict[int, int]:
    """A rank for each label that depends on how it is connected, not on the order of factors."""
    dimensions = node.dimensions()
    colour: dict[int, tuple[object, ...]] = {
        label: (0, label, "") if label < node.order else (1, 0, str(d)) for label, d in dimensions.items()
    }
    ranks = rank(colour)
    # What a label meets: the factor, the slot in it, and its labels; a symmetric factor has no first and second slot.
    incident: dict[int, list[tuple[bytes, int, tuple[int, ...]]]] = {label: [] for label in dimensions}
    for factor, labels in node.factors:
        alike = facts.symmetric(factor) or facts.skew(factor)
        for slot, label in enumerate(labels):
            seen = (label, labels[1 - slot]) if alike else labels
            incident[label].append((factor.digest, 0 if alike else slot, seen))
    for _ in range(min(len(dimensions), ROUNDS)):
        colour = {
            label: (ranks[label], *sorted((d, s, tuple([ranks[x] for x in labels])) for d, s, labels in incident[label]))
            for label in dimensions
        }
        updated = rank(colour)
        if updated == ranks:
            break
        ranks = updated
    return ranks


def rank(colour: dict[int, tuple[object, ...]]) -> dict[int, int]:
    """Colours as numbers, in their order."""
    numbers = {value: k for k, value in enumerate(sorted(set(colour.values())))}
    return {label: numbers[value] for label, value in colour.items()}


def product_key(node: Product, facts: SymmetryFacts) -> object:
    """A key of a product up to the order of its factors and, for symmetric factors, of their indices."""
    colours = label_colours(node, facts)

    def ordered(factor: Node, labels: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(sorted(labels, key=lambda x: colours[x])) if facts.symmetric(factor) else labels

    arranged = [(factor, ordered(factor, labels)) for factor, labels in node.factors]
    arranged.sort(key=lambda item: (item[0].digest, [colours[label] for label in item[1]]))
    numbers: dict[int, int] = {label: label for label in range(node.order)}
    key = []
    for factor, labels in arranged:
        for label in labels:
            numbers.setdefault(label, len(numbers))
        key.append((factor, tuple([numbers[label] for label in labels])))
    return (node.shape, tuple(key))


def collect(terms: Sequence[Node], facts: SymmetryFacts = NOTHING_KNOWN) -> Node:
    """The sum of terms; products that differ in the order of their factors are like terms."""
    split = [split_coefficient(term) for term in terms]
    # Only products of the same factors can be alike, so only those need a key.
    factors = [tuple(sorted(map(id, base.operands))) if isinstance(base, Product) else base for _, base in split]
    counts = Counter(factors)
    first: dict[object, Node] = {}
    result = []
    for (coefficient, base), same in zip(split, factors, strict=True):
        alike = counts[same] > 1 and isinstance(base, Product) and len(base.operands) > 1
        key = product_key(base, facts) if alike and isinstance(base, Product) else base
        result.append(scale(coefficient, first.setdefault(key, base)))
    return add(result) if result else zero(terms[0].shape)
