"""Traced values: the form of an array that a function computes, with the axes that NumPy would give it.

How axes correspond to kinds of the language:

    NumPy's shape       kind of the form
    (), (1,), (1, 1)    scalar
    (n,), (n, 1)        column
    (1, n)              row
    (m, n)              matrix

so a one-dimensional array is a column, and a row where NumPy expands it along the last axis of a matrix.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NoReturn, Protocol

from matcalc.errors import DimensionError, UnsupportedError
from matcalc.form import Form, name, number
from matcalc.interop.untyped import call, transposed
from matcalc.tracing.sizes import Axes, Size, shown, unify

__all__ = [
    "Maker", "Value", "aligned", "full", "is_matrix", "is_scalar", "joined", "make_equal", "reduced", "refuse", "size_form",
]  # fmt: skip


class Maker(Protocol):
    """What makes traced values: see `matcalc.tracing.trace.Trace`."""

    def lift(self, thing: object, where: str) -> Value: ...
    def made(self, form: Form, axes: Axes, *, boolean: bool = False) -> Value: ...
    def selection(self, key: tuple[str, object], size: Size, axes: Axes, recipe: Callable[[], object]) -> Form: ...


class Value:
    """A form and its axes.  `boolean` values are 1 where a condition holds, else 0."""

    __slots__ = ("run", "form", "axes", "boolean")

    def __init__(self, run: Maker, form: Form, axes: Axes, *, boolean: bool = False) -> None:
        self.run = run
        self.form = form
        self.axes = axes
        self.boolean = boolean


def refuse(what: str, hint: str | None = None) -> NoReturn:
    """Raise the error that a Python operation cannot be traced."""
    raise UnsupportedError(f"{what} cannot be traced", hint=hint)


def is_scalar(axes: Axes) -> bool:
    """True if the form of a value with these axes is a scalar."""
    return not any(axes)


def is_matrix(axes: Axes) -> bool:
    """True if the form of a value with these axes is a matrix."""
    return len(axes) == 2 and None not in axes


def size_form(size: Size) -> Form:
    """A size as a scalar, which gets its name when the function has run."""
    return name(size)  # type: ignore[arg-type]


# --- expansion ------------------------------------------------------------------------------------------------------


def aligned(value: Value, count: int) -> Form:
    """The form of a value that is expanded to so many axes: a vector is a row beside a matrix."""
    return transposed(value.form) if count == 2 and len(value.axes) == 1 and value.axes[0] else value.form


def joined(values: Sequence[Value], where: str) -> Axes:
    """The axes of values that are expanded over each other as NumPy does."""
    count = max(len(value.axes) for value in values)
    result: list[Size | None] = [None] * count
    for value in values:
        for place, size in enumerate(value.axes, count - len(value.axes)):
            if size is not None and result[place] is not None:
                make_equal(size, result[place], where, values)
            result[place] = result[place] or size
    return tuple(result)


def make_equal(left: Size | None, right: Size | None, where: str, values: Sequence[Value]) -> None:
    """Make two axes equal, one of length 1 only to another; raises DimensionError with the shapes of the values."""
    if (left is None) == (right is None) and (left is None or right is None or unify(left, right)):
        return
    shapes = " and ".join(shown(value.axes) for value in values)
    named = all(size is not None and size.root.name for size in (left, right))
    hint = "two declared names are two different sizes: use one name for both if they are equal" if named else None
    raise DimensionError(f"sizes differ in {where}: the shapes are {shapes}", hint=hint)


# --- axes of length 1 -----------------------------------------------------------------------------------------------


def full(value: Value) -> Form:
    """The form with every axis: a column for one axis, a matrix for two, of length 1 too."""
    one = call("ones", number(1))
    if value.axes == (None,):
        return Form("mul", (value.form, one))
    if value.axes == (None, None):
        return Form("mul", (value.form, call("ones", number(1), number(1))))
    if len(value.axes) == 2 and None in value.axes:
        parts = (value.form, transposed(one)) if value.axes[1] is None else (one, value.form)
        return Form("mul", parts)
    return value.form


def reduced(form: Form, axes: Axes) -> Form:
    """The opposite of `full`: a form with every axis as the form of a value with these axes."""
    if None not in axes:
        return form
    one = call("ones", number(1))
    if axes == (None,) or axes[0] is None:
        form = Form("mul", (transposed(one), form))
    return Form("mul", (form, one)) if len(axes) == 2 and axes[1] is None else form
