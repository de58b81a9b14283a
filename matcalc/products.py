"""Products with a derivative that is never formed: J·v, u·J and the Hessian times v.

J·v is a differential: the rules of the calculus pushed along one direction, tangents having the axes of their nodes and
no more.  u·J is the derivative of the scalar <u, F>, which reverse mode finds.  H·v is the differential of a gradient.
Entries that are tied move together: a direction is tied before it is pushed, a result after it is pulled back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from matcalc.differentiate import derivative, push
from matcalc.expr import Node, Variable, product, zero
from matcalc.structure import tied
from matcalc.tensor import Tensor
from matcalc.traversal import postorder

__all__ = ["Point", "differential", "gradient", "pullback"]


@dataclass(frozen=True)
class Point:
    """What a function is differentiated by: the value of the variable, and the properties that tie its entries."""

    value: Tensor
    ties: frozenset[str] = frozenset()

    def moved(self, node: Node) -> Node:
        """A tensor with the axes of the variable as its entries move: tied ones together."""
        return tied(Tensor(node, self.value.groups), self.ties).node if self.ties else node


def differential(function: Node, directions: Mapping[Variable, Point]) -> Node:
    """The differential of a function: the sum over the points of its derivative times the direction that is the key."""
    tangents = {point.value.node: point.moved(direction) for direction, point in directions.items()}
    variables = frozenset(tangents)
    for node in postorder(function):
        if node not in variables and any(operand in tangents for operand in node.operands):
            tangents[node] = push(node, tangents, 0)
    return tangents.get(function) or zero(function.shape)


def pullback(function: Node, point: Point, cotangent: Variable) -> Node:
    """The derivative of <u, F>, u being the cotangent, with the axes of the variable."""
    axes = range(function.order)
    inner = product(1, [(cotangent, axes), (function, axes)], [])
    return gradient(inner, point)


def gradient(function: Node, point: Point) -> Node:
    """The derivative of a scalar, with the axes of the variable."""
    return point.moved(derivative(function, point.value.node))
