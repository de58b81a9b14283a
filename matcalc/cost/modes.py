"""Derivatives along one direction: the tangent and the adjoint of a function, of which no Jacobian is part.

    tangent    J v      of the shape of the value       a Jacobian-vector product, forward mode
    adjoint    u' J     of the shape of the variable    a vector-Jacobian product, reverse mode: the gradient of <u, F>
"""

from __future__ import annotations

from matcalc.differentiate import dependents, push
from matcalc.expr import Node, product, zero

__all__ = ["paired", "tangent"]


def tangent(function: Node, variable: Node, direction: Node) -> Node:
    """∂function/∂variable applied to a direction of the shape of the variable."""
    tangents = {variable: direction}
    for node in dependents(function, variable):
        if node is not variable:
            tangents[node] = push(node, tangents, 0)
    return tangents.get(function) or zero(function.shape)


def paired(function: Node, direction: Node) -> Node:
    """<u, F>, whose gradient is the direction u applied to ∂F/∂X from the left; a scalar itself, with u = 1."""
    axes = range(function.order)
    return product(1, [(function, axes), (direction, axes)], ()) if function.order else function
