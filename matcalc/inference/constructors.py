"""Constructors: the functions whose arguments are sizes or one value, and sizes as forms."""

from __future__ import annotations

from matcalc.errors import KindError, Span
from matcalc.form import Axis, Form, name, number

__all__ = ["CONSTRUCTORS", "SIZED", "USAGE", "size_axis", "size_form"]

#: How many arguments each constructor takes; those of `vector` and `matrix` are scalars, the others sizes.
CONSTRUCTORS: dict[str, tuple[int, ...]] = {
    "eye": (0, 1),
    "ones": (1, 2),
    "zeros": (1, 2),
    "vector": (1,),
    "matrix": (1,),
    "commutation": (2,),
}
SIZED = frozenset(CONSTRUCTORS) - {"vector", "matrix"}
#: How each is written.
USAGE = {
    "eye": "eye or eye(n)",
    "ones": "ones(n) or ones(m, n)",
    "zeros": "zeros(n) or zeros(m, n)",
    "vector": "vector(c)",
    "matrix": "matrix(c)",
    "commutation": "commutation(m, n)",
}


def size_axis(form: Form) -> Axis:
    """The axis that a size stands for: a positive whole number, a name, or a product of them."""
    if form.head == "name":
        return (form.value,)
    if form.head == "number" and form.value.denominator == 1 and form.value > 0:
        return (int(form.value),)
    if form.head == "mul":
        return tuple(item for arg in form.args for item in size_axis(arg))
    hint = "write ones(3), ones(n) or ones(m, n)"
    raise KindError("a size is a positive whole number or a name", form.span, hint=hint)


def size_form(axis: Axis, span: Span | None) -> Form:
    """The typed form of a size."""
    parts = tuple(
        number(item, span) if isinstance(item, int) else name(item, "scalar", (), span) for item in axis
    )
    return parts[0] if len(parts) == 1 else Form("mul", parts, kind="scalar", shape=(), span=span)
