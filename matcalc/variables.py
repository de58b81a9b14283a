"""What a derivative is taken by: `x`, `vec(X)`, or several names one after another, `x,Y`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations_with_replacement

from matcalc.assumptions import Facts
from matcalc.errors import KindError
from matcalc.expr import transpose
from matcalc.form import Form
from matcalc.notation.text import to_text
from matcalc.parser import parse_expression
from matcalc.refine import refine
from matcalc.tensor import Tensor

__all__ = [
    "LARGEST_ORDER",
    "blocks_of",
    "derivative_form",
    "differentiated_form",
    "exchanged",
    "name_form",
    "spelled",
    "split_names",
    "target_of",
    "variables_of",
]

#: The highest order of a derivative.
LARGEST_ORDER = 50

OPENING, CLOSING = "([{", ")]}"


def variables_of(wrt: str, order: int | None = None) -> tuple[Form, ...]:
    """The untyped variables of a derivative, as many as its order is.

    One name stands for `order` equal ones (1 if there is no order); the order of several names is their number.
    Raises KindError.
    """
    check_order(order)
    variables = [variable_of(name) for name in split_names(wrt)]
    if len(variables) == 1:
        return tuple(variables * (order or 1))
    for variable in variables:
        if variable.head != "name":
            hint = "differentiate by the name alone, and ask for the form `vec`"
            raise KindError("several names to differentiate by are bare ones", variable.span, hint=hint)
    if order not in (None, len(variables)):
        message = f"the derivative by `{wrt.strip()}` is of order {len(variables)}, not {order}"
        raise KindError(message, hint="name each variable as often as it is to be differentiated by, and leave out the order")
    return tuple(variables)


def check_order(order: int | None) -> None:
    """Refuse what is no order."""
    if order is not None and (not isinstance(order, int) or isinstance(order, bool) or not 1 <= order <= LARGEST_ORDER):
        raise KindError(f"the order of a derivative is a whole number from 1 to {LARGEST_ORDER}, not {order!r}")


def variable_of(wrt: str) -> Form:
    """The untyped form of one name or vec of one."""
    if not wrt.strip():
        raise KindError("there is no name to differentiate by", hint="give one, such as `x`")
    variable = parse_expression(wrt)
    target = variable.args[0] if variable.head == "call" and variable.value == "vec" and variable.args else variable
    if target.head != "name":
        raise KindError(f"`{wrt}` is not a name", variable.span, hint="differentiate by a name, such as `--wrt x`")
    return variable


def split_names(wrt: str) -> list[str]:
    """The parts of a text between its commas, but for those inside of brackets; at most `LARGEST_ORDER`."""
    depth, start, parts = 0, 0, []
    for position, character in enumerate(wrt):
        depth += (character in OPENING) - (character in CLOSING)
        if character == "," and depth == 0:
            parts.append(wrt[start:position])
            start = position + 1
    if len(parts) >= LARGEST_ORDER:
        raise KindError(f"the order of a derivative is at most {LARGEST_ORDER}, and these are {len(parts) + 1} names")
    return [*parts, wrt[start:]]


def blocks_of(names: list[str]) -> Iterator[str]:
    """What the blocks of a Hessian by several names are by, each pair once: `x`, `x,Y`, `Y`."""
    for first, second in combinations_with_replacement(dict.fromkeys(names), 2):
        yield first if first == second else f"{first},{second}"


def name_form(text: str) -> Form:
    """An untyped name."""
    return Form("name", (), text)


def derivative_form(function: Form, variables: Sequence[Form], *, scalar: bool = False) -> Form:
    """The untyped form of a derivative by variables, in this order; `scalar` tells that the function is a scalar."""
    (first, *rest), span = variables, function.span
    if not rest:
        return Form("derivative", (function, first), "d", span=span)
    if first.value == rest[0].value:
        form, rest = Form("derivative", (function, first), "hessian", span=span), rest[1:]
    else:
        form = Form("derivative", (function, first), "grad" if scalar else "jacobian", span=span)
    for variable in rest:
        form = Form("derivative", (form, variable), "jacobian", span=span)
    return form


def differentiated_form(derivative: Form, order: int) -> Form:
    """What a form of `derivative_form` is the derivative of."""
    while order > 0:
        order -= 2 if derivative.value == "hessian" else 1
        derivative = derivative.args[0]
    return derivative


def spelled(variables: Sequence[Form]) -> str:
    """Variables as they are printed: `x` for several that are one, else all of them, `x,Y`."""
    names = [to_text(variable) for variable in variables]
    return names[0] if len(set(names)) == 1 else ",".join(names)


def target_of(variable: Form) -> str:
    """The name in what is differentiated by: X of `X` and of `vec(X)`."""
    return str(variable.args[0].value if variable.head == "call" else variable.value)


def exchanged(tensor: Tensor, first: tuple[int, ...], second: tuple[int, ...]) -> Tensor:
    """A tensor whose last axes, those of `first` and then those of `second`, change places."""
    order, last = tensor.node.order, sum(second)
    own = order - sum(first) - last
    axes = [*range(own), *range(order - last, order), *range(own, order - last)]
    count = len(tensor.groups) - len(first) - len(second)
    return Tensor(refine(transpose(tensor.node, axes), Facts()), (*tensor.groups[:count], *second, *first))
