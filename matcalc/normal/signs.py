"""A difference of functions entry by entry, decided for each sign of one of its variables.

Where u is positive sign(u) is 1, where it is negative -1, where it is 0 both it and u are 0.  So D vanishes if it does
in each of the three cases.  At u = 0 an entry of u is replaced, which says nothing of its other entries; so nothing may
be summed, and there may be one axis at most.
"""

from __future__ import annotations

from matcalc.expr import Apply, Node, Product, Variable, zero
from matcalc.normal.atoms import with_sign
from matcalc.normal.clearing import vanishes
from matcalc.normal.naming import Factor
from matcalc.normal.normalize import Normalizer
from matcalc.normal.ring import Polynomial
from matcalc.traversal import postorder, substitute

__all__ = ["vanishes_by_sign"]

#: How many variables are told apart by sign, one within the other.
DEPTH = 3


def vanishes_by_sign(normalizer: Normalizer, difference: Polynomial, depth: int = DEPTH) -> bool:
    """Whether a difference vanishes whatever the signs of its variables."""
    ring = normalizer.ring
    if vanishes(ring, difference):
        return True
    variable = signed_variable(difference) if depth else None
    if variable is None:
        return False
    ring.note("cases-by-sign")
    sign = Factor(Apply._intern(("sign", None), (variable,), variable.shape), tuple(range(variable.order)), 1)
    at_zero = substitute(difference.node, {variable: zero(variable.shape)})
    parts = [*(with_sign(ring, difference, sign, s) for s in (1, -1)), normalizer(at_zero)]
    return all(vanishes_by_sign(normalizer, part, depth - 1) for part in parts)


def signed_variable(difference: Polynomial) -> Node | None:
    """A variable whose sign occurs, where all is entry by entry; None if there is none."""
    nodes = postorder(difference.node)
    if len(difference.shape) > 1 or any(sums(node) for node in nodes):
        return None
    signs = [n.operands[0] for n in nodes if isinstance(n, Apply) and n.name == "sign"]
    variables = [v for v in signs if isinstance(v, Variable) and not v.operands and v.shape in ((), difference.shape)]
    return min(variables, key=lambda v: v.digest, default=None)


def sums(node: Node) -> bool:
    """Whether a node sums over an index, or is no function entry by entry."""
    if isinstance(node, Product):
        return any(label >= node.order for labels in node.labels for label in labels)
    return isinstance(node, Apply) and node.groups is not None
