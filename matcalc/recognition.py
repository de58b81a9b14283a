"""Powers, quotients and the functions that they spell out.

1/(1 + exp(-u)), log(1 + exp u), log Σ exp u, exp(u)/Σ exp u and log softmax u are recognised as sigmoid, softplus,
logsumexp, softmax and logsoftmax.  Each is equal to its atom for all real u, so a derivative may be taken of either; the
atom's is a polynomial in atoms, and its code does not overflow.
"""

from __future__ import annotations

from matcalc.errors import UnsupportedError
from matcalc.expr import (
    Add,
    Apply,
    Node,
    Number,
    Product,
    apply_elementwise,
    apply_matrix,
    identity,
    ones,
    scale,
)
from matcalc.form import Form
from matcalc.tensor import Tensor, contract, elementwise, matrix_function

__all__ = ["general_power", "is_softmax", "matrix_power", "reciprocal", "recognise"]

#: The largest integer power of a matrix that is written out as a product.
LARGEST_POWER = 64


def reciprocal(value: Tensor) -> Tensor:
    """1/u, recognising 1/(1 + exp(-u)) as the logistic function."""
    argument = one_plus_exp(value.node)
    if argument is not None:
        return Tensor(apply_elementwise("sigmoid", scale(-1, argument)), value.groups, value.indices)
    return value**-1


def general_power(base: Tensor, exponent: Tensor) -> Tensor:
    """base^exponent entry by entry, for a scalar exponent."""
    if isinstance(exponent.node, Number):
        if exponent.node.value == -1:
            return reciprocal(base)
        return base**exponent.node.value
    return elementwise("pow", base, exponent)


def matrix_power(base: Tensor, exponent: int, form: Form) -> Tensor:
    """An integer power of a square matrix as a product of equal factors."""
    if abs(exponent) > LARGEST_POWER:
        raise UnsupportedError(f"matrix powers go up to {LARGEST_POWER}; this one is {exponent}", form.span)
    if exponent == 0:
        axis = (form.args[0].shape or ())[0]
        return Tensor(identity(axis), base.groups, ())
    factor = matrix_function("inv", base) if exponent < 0 else base
    if exponent in (1, -1):
        return factor
    letters = [chr(ord("a") + k) if k < 26 else chr(0x100 + k) for k in range(abs(exponent) + 1)]
    specification = ",".join(letters[k] + letters[k + 1] for k in range(abs(exponent)))
    return contract(f"{specification}->{letters[0]}{letters[-1]}", *[factor] * abs(exponent))


def one_plus_exp(node: Node) -> Node | None:
    """u if the node is 1 + exp(u), else None."""
    if isinstance(node, Add) and len(node.operands) == 2:
        for first, second in (node.operands, node.operands[::-1]):
            if first is ones(node.shape) and isinstance(second, Apply) and second.name == "exp":
                return second.operands[0]
    return None


def summed_exp(node: Node) -> Node | None:
    """The node exp(u) if the node is its sum over all axes, or over the last axis of at least two; else None."""
    if isinstance(node, Product) and node.coefficient == 1 and len(node.operands) == 1:
        (inner,) = node.operands
        if isinstance(inner, Apply) and inner.name == "exp" and node.labels[0][: node.order] == tuple(range(node.order)):
            return inner
    return None


def is_softmax(above: Node, below: Node) -> bool:
    """True for exp(u) over the sum of all its entries."""
    return isinstance(above, Apply) and above.name == "exp" and below.order == 0 and summed_exp(below) is above


def recognise(value: Tensor) -> Tensor:
    """log(1 + exp u), log Σ exp u and log softmax u as the functions that they are."""
    node = value.node
    if not (isinstance(node, Apply) and node.name == "log"):
        return value
    argument = node.operands[0]
    u = one_plus_exp(argument)
    if u is not None:
        return Tensor(apply_elementwise("softplus", u), value.groups, value.indices)
    if isinstance(argument, Apply) and argument.name == "softmax":
        return Tensor(apply_matrix("logsoftmax", argument.operands[0], argument.groups or ()), value.groups, value.indices)
    exponential = summed_exp(argument)
    if exponential is not None:
        u = exponential.operands[0]
        return Tensor(apply_matrix("logsumexp", u, (u.order - argument.order,)), value.groups, value.indices)
    return value
