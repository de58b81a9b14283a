"""Products with a derivative that is never formed: J·v, u·J and the Hessian times v.

J·v is a differential: the rules of the calculus pushed along one direction, tangents having the axes of their nodes and
no more.  u·J is the derivative of the scalar <u, F>, which reverse mode finds.  H·v is the differential of a gradient.
Entries that are tied move together: a direction is tied before it is pushed, a result after it is pulled back.  By vec(X),
a direction and a result are vectors of the entries of X, columns first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from matcalc.differentiate import derivative, push
from matcalc.expr import Node, Variable, product, transpose, zero
from matcalc.form import Shape
from matcalc.structure import tied
from matcalc.tensor import Tensor
from matcalc.traversal import postorder

__all__ = ["Differentiated", "Point", "axes_of", "differential", "gradient", "pullback"]


@dataclass(frozen=True)
class Point:
    """What a function is differentiated by: the value of the variable, and the properties that tie its entries.

    With `columns` it is vec of the variable, the vector of its entries, columns first.
    """

    value: Tensor
    ties: frozenset[str] = frozenset()
    columns: bool = False

    @property
    def like(self) -> Tensor:
        """A tensor with the axes that a direction has, and a result."""
        return Tensor(self.turned(self.value.node), (self.value.node.order,)) if self.columns else self.value

    def turned(self, node: Node) -> Node:
        """From the axes of the variable to those of a direction, and back."""
        return transpose(node, range(node.order)[::-1]) if self.columns else node

    def shaped(self, gradient: Node) -> Node:
        """A gradient by the variable with its tied entries added up, on the axes of a direction."""
        return self.turned(self.moved(gradient))

    def moved(self, node: Node) -> Node:
        """A tensor with the axes of the variable as its entries move: tied ones together."""
        return tied(Tensor(node, self.value.groups), self.ties).node if self.ties else node


@dataclass(frozen=True)
class Differentiated:
    """What a derivative is taken of, by what, and the values of names that are held while it is.

    `transposed`: the derivative has the axes of the variable first.
    """

    function: Tensor
    point: Point
    held: Mapping[Node, Node]
    transposed: bool = False

    @property
    def name(self) -> str:
        """The name of what is differentiated by."""
        variable = self.point.value.node
        assert isinstance(variable, Variable)
        return variable.name


def axes_of(tensor: Tensor) -> Shape:
    """The shape of a tensor, its axes joined as `groups` says."""
    remaining = iter(tensor.node.shape)
    return tuple(tuple(next(remaining) for _ in range(n)) for n in tensor.groups)


def differential(function: Node, directions: Mapping[Variable, Point]) -> Node:
    """The differential of a function: the sum over the points of its derivative times the direction that is the key."""
    tangents = {point.value.node: point.moved(point.turned(direction)) for direction, point in directions.items()}
    variables = frozenset(tangents)
    for node in postorder(function):
        if node not in variables and any(operand in tangents for operand in node.operands):
            tangents[node] = push(node, tangents, 0)
    return tangents.get(function) or zero(function.shape)


def pullback(function: Node, point: Point, cotangent: Variable) -> Node:
    """The derivative of <u, F>, u being the cotangent, with the axes of a direction."""
    axes = range(function.order)
    inner = product(1, [(cotangent, axes), (function, axes)], [])
    return gradient(inner, point)


def gradient(function: Node, point: Point) -> Node:
    """The derivative of a scalar, with the axes of a direction."""
    return point.shaped(derivative(function, point.value.node))
