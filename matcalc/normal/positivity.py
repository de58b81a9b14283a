"""Signs that are known: of atoms, of factors, of sums."""

from __future__ import annotations

from fractions import Fraction

from matcalc.expr import Add, Apply, Node, Number, Power, Product
from matcalc.normal.naming import Factor
from matcalc.normal.ring import Ring

__all__ = ["is_positive", "is_nonnegative"]


def is_positive(ring: Ring, factor: Factor) -> bool:
    """Whether a factor is greater than 0 at every entry."""
    return node_is_positive(ring, factor.atom)


def is_nonnegative(ring: Ring, factor: Factor) -> bool:
    """Whether a factor is at least 0 at every entry."""
    return is_even(factor.exponent) or node_is_nonnegative(ring, factor.atom)


def is_even(exponent: Fraction | int) -> bool:
    """Whether an exponent is an even whole number, as an int or as a fraction."""
    return exponent % 2 == 0


def node_is_positive(ring: Ring, node: Node) -> bool:
    if node in ring.positive or ring.facts.positive(node):
        return True
    if isinstance(node, Apply) and node.name == "det":
        return ring.facts.has(node.operands[0], "positive-definite")
    if isinstance(node, Apply) and node.name == "pow":
        return node_is_positive(ring, node.operands[0])
    if isinstance(node, Power):
        return node_is_positive(ring, node.operands[0])
    if isinstance(node, Product):
        return node.data[0] > 0 and all(node_is_positive(ring, o) for o in node.operands)
    if isinstance(node, Add):
        strict = any(node_is_positive(ring, o) for o in node.operands)
        return strict and all(node_is_nonnegative(ring, o) for o in node.operands)
    return False


def node_is_nonnegative(ring: Ring, node: Node) -> bool:
    if node in ring.nonnegative or node_is_positive(ring, node):
        return True
    if isinstance(node, Number):
        return bool(node.data[0] >= 0)
    if isinstance(node, Apply):
        return node.name == "abs"
    if isinstance(node, Power):
        exponent = node.exponent
        return exponent.denominator > 1 or is_even(exponent) or node_is_nonnegative(ring, node.operands[0])
    if isinstance(node, Product):
        return node.data[0] >= 0 and all(node_is_nonnegative(ring, o) for o in node.operands)
    return isinstance(node, Add) and all(node_is_nonnegative(ring, o) for o in node.operands)
