"""Scalar forms, of which index notation is made: fractions, entries, deltas, sums over indices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import partial

from matcalc.errors import UnsupportedError
from matcalc.expr import Constant, Delta, Derivative, Node, Number, Size, Variable
from matcalc.form import Dimension, Form, number, rewritten, subforms

__all__ = ["Fractional", "scalar", "leaf", "entry", "bound_sum"]


def scalar(head: str, *args: Form, value: object = None) -> Form:
    """A scalar form."""
    return Form(head, args, value, kind="scalar", shape=())


# ---- Fractions ------------------------------------------------------------------------------------------------------


class Fractional:
    """A product of scalar forms: a number, and the factors above and below the line."""

    def __init__(self, coefficient: Fraction) -> None:
        self.coefficient = coefficient
        self.above: list[Form] = []
        self.below: list[Form] = []

    def multiply(self, form: Form, exponent: Fraction) -> None:
        """Multiply by a power of a form; what is a product, a quotient or a negative is taken apart."""
        whole = exponent.denominator == 1
        if form.head == "neg" and whole:
            self.coefficient *= (-1) ** int(exponent)
            self.multiply(form.args[0], exponent)
        elif form.head == "mul" and whole and all(arg.kind == "scalar" for arg in form.args):
            for arg in form.args:
                self.multiply(arg, exponent)
        elif form.head == "div" and whole:
            self.multiply(form.args[0], exponent)
            self.multiply(form.args[1], -exponent)
        elif form.head == "number" and whole and form.value:
            self.coefficient *= form.value ** int(exponent)
        else:
            side = self.above if exponent > 0 else self.below
            side.append(raised(form, abs(exponent)))

    def form(self) -> Form:
        """The product as a form."""
        size = abs(self.coefficient)
        above = [number(size.numerator)] * (size.numerator != 1 or not self.above) + self.above
        below = [number(size.denominator)] * (size.denominator != 1) + self.below
        result = scalar("div", times(above), times(below)) if below else times(above)
        return scalar("neg", result) if self.coefficient < 0 else result


def times(factors: Sequence[Form]) -> Form:
    """The product of at least one scalar form."""
    return factors[0] if len(factors) == 1 else scalar("mul", *factors)


def raised(form: Form, exponent: Fraction) -> Form:
    """A positive power of a scalar form."""
    if exponent == 1:
        return form
    if exponent == Fraction(1, 2):
        return scalar("call", form, value="sqrt")
    if form.head == "power" and form.args[1].head == "number" and exponent.denominator == 1:
        return scalar("power", form.args[0], number(form.args[1].value * exponent))
    return scalar("power", form, number(exponent))


def bound_sum(fraction: Fractional, body: Form, names: Mapping[str, Dimension]) -> None:
    """Multiply a fraction by the sum of a body; over an index that the body does not have, that is a factor."""
    ranging = {index for part in subforms(body) if part.head == "entry" for index in part.value}
    body = rewritten(body, partial(delta_entry, names={n: d for n, d in names.items() if n not in ranging}))
    used = {index for part in subforms(body) if part.head in ("entry", "delta") for index in part.value}
    for index, dimension in names.items():
        if index not in used:
            size = number(dimension) if isinstance(dimension, int) else scalar("name", value=dimension)
            fraction.multiply(size, Fraction(1))
    summed = tuple(index for index in names if index in used)
    fraction.above.append(scalar("bsum", body, value=summed) if summed else body)


def delta_entry(form: Form, names: Mapping[str, Dimension]) -> Form:
    """A delta of two bound indices that stand in deltas only, as an entry of the identity, which tells their range."""
    if form.head != "delta" or not set(form.value) <= set(names):
        return form
    axis = (names[form.value[0]],)
    size = number(axis[0]) if isinstance(axis[0], int) else scalar("name", value=axis[0])
    eye = Form("call", (size,), "eye", kind="matrix", shape=(axis, axis))
    return scalar("entry", eye, value=form.value)


# ---- Entries --------------------------------------------------------------------------------------------------------


def leaf(node: Node, indices: tuple[str, ...]) -> Form:
    """The entry of a node that is no function of others."""
    if isinstance(node, Number):
        return number(node.value)
    if isinstance(node, Size):
        return scalar("name", value=node.dimension)
    if isinstance(node, Constant):
        return scalar("name", value=node.name)
    if isinstance(node, Delta):
        i, j = sorted(indices)
        return number(1) if i == j else scalar("delta", value=(i, j))
    if isinstance(node, Derivative):
        return partial_derivative(node, indices)
    if isinstance(node, Variable):
        return entry(variable_form(node.name, node), indices)
    raise NotImplementedError(f"no entry of {type(node).__name__}")


def variable_form(name: str, node: Node) -> Form:
    """A name with the kind and shape of a node."""
    kind = {0: "scalar", 1: "column", 2: "matrix"}.get(node.order, "tensor")
    return Form("name", (), name, kind=kind, shape=tuple((d,) for d in node.shape))


def partial_derivative(node: Derivative, indices: tuple[str, ...]) -> Form:
    """The entry d(L[..])/d(Y[i,j]) of the derivative of an unknown function."""
    variable = node.operands[0]
    assert isinstance(variable, Variable)
    form = entry(variable_form(variable.name, variable), indices[: variable.order])
    start = variable.order
    for position in node.positions:
        argument = variable.operands[position]
        by = variable_form(variable.argument_names[position], argument)
        form = scalar("derivative", form, entry(by, indices[start : start + argument.order]), value="d")
        start += argument.order
    return form


def entry(form: Form, indices: tuple[str, ...]) -> Form:
    """The entry of a form at some indices; that of a transpose or of a negative is one of its operand.

    A scalar stands for a tensor whose entries all are that scalar.
    """
    if form.kind == "scalar":
        return form
    if form.head == "transpose":
        return entry(form.args[0], indices[::-1])
    if form.head == "neg":
        return scalar("neg", entry(form.args[0], indices))
    if form.head == "tensor":
        raise UnsupportedError("an entry of a tensor by entries")
    if form.head == "call" and form.value == "eye":
        return scalar("delta", value=tuple(sorted(indices)))
    return scalar("entry", form, value=indices)
