"""Entries and parts of traced values, as products with unit vectors and selections of rows of the identity.

    x[i]  e_i'*x     X[i]  X'*e_i     X[:, j]  X*e_j     X[i, j]  e_i'*X*e_j     x[1:]  S*x     x[:, None]  a column
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from numbers import Integral
from typing import Any

import numpy as np

from matcalc.errors import KindError
from matcalc.form import Form
from matcalc.interop.untyped import transposed
from matcalc.tracing.sizes import Axes, Size, shown
from matcalc.tracing.value import Value, is_scalar, refuse

__all__ = ["indexed", "with_axes"]


def indexed(value: Value, key: object) -> Value:
    """value[key] for whole numbers, slices, `None` and `...`."""
    keys = completed(key if isinstance(key, tuple) else (key,), len(value.axes))
    kept: list[Size | None] = []
    taken = [k for k in keys if k is not None]
    for place, chosen in enumerate(taken):
        value, gone = along(value, place, chosen)
        kept += [] if gone else [value.axes[place]]
    remaining = iter(kept)
    axes = [None if k is None else next(remaining) for k in keys if k is None or isinstance(k, slice)]
    return with_axes(value, tuple(axes))


def completed(keys: Sequence[object], count: int) -> list[Any]:
    """The keys with `...` written out, one for each axis beside the new ones."""
    for key in keys:
        if key is not None and key is not Ellipsis and not isinstance(key, slice) and not is_whole(key):
            refuse(f"x[{type(key).__name__}]", "indices are whole numbers, slices, None and `...`")
    given = sum(key is not None and key is not Ellipsis for key in keys)
    if given > count:
        raise KindError(f"x[...] takes at most {count} indices, not {given}")
    full = [slice(None)] * (count - given)
    if Ellipsis not in keys:
        return [*keys, *full]
    at = keys.index(Ellipsis)
    return [*keys[:at], *full, *keys[at + 1 :]]


def is_whole(key: object) -> bool:
    """True for a whole number, and for a size, which becomes one."""
    return not isinstance(key, bool) and (isinstance(key, Integral) or hasattr(key, "whole"))


def along(value: Value, place: int, chosen: Any) -> tuple[Value, bool]:
    """A value with one of its axes reduced to an entry or to a slice; an axis of an entry stays, with length 1."""
    size = value.axes[place]
    if isinstance(chosen, slice):
        return (value if chosen == slice(None) else sliced(value, place, chosen)), False
    at = chosen.__index__()
    known = 1 if size is None else size.root.value
    if known is not None and not -known <= at < known:
        raise KindError(f"x[{at}]: the axis has {known} entries")
    if size is None:
        return value, True
    wish = f"e{at + 1}" if at >= 0 else "e_last" if at == -1 else "e"
    unit = selection(value, (wish, at), size, (size,), lambda: np.eye(size.root.value or 0)[at])
    return contracted(value, place, unit, None), True


def sliced(value: Value, place: int, chosen: slice) -> Value:
    """The entries of a slice: a product with rows of the identity matrix."""
    size = value.axes[place]
    known = 1 if size is None else size.root.value
    if known is None:
        refuse("a slice of an axis without a known size", "it can be taken at a call, or declare x: vector(5)")
    picked = np.arange(known)[chosen]
    if not len(picked):
        refuse("an empty slice")
    if size is None:
        return value
    length = None if len(picked) == 1 else Size(len(picked))
    axes: Axes = (size,) if length is None else (length, size)
    key = (chosen.start, chosen.stop, chosen.step)
    rows = selection(value, ("S", key), size, axes, lambda: np.eye(known)[picked[0] if length is None else picked])
    return contracted(value, place, rows, length)


def selection(value: Value, key: tuple[str, object], size: Size, axes: Axes, recipe: Callable[[], object]) -> Form:
    """A vector or matrix of zeros and ones."""
    return value.run.selection(key, size, axes, recipe)


def contracted(value: Value, place: int, chosen: Form, length: Size | None) -> Value:
    """A value with one axis multiplied by a unit vector (no length) or by a matrix of selected rows."""
    axes = (*value.axes[:place], length, *value.axes[place + 1 :])
    rows = transposed(chosen) if length is None else chosen
    if place == 0:
        return value.run.made(Form("mul", (rows, value.form)), axes)
    return value.run.made(Form("mul", (value.form, transposed(rows))), axes)


def with_axes(value: Value, axes: Axes) -> Value:
    """A value with axes of length 1 dropped or added; the long ones stay in order."""
    long = [axis for axis in value.axes if axis is not None]
    if len(axes) > 2:
        refuse(f"an array of {len(axes)} axes", "traced arrays have at most two axes")
    if is_scalar(value.axes) or len(long) == 2:
        return value.run.made(value.form, axes)
    was_row = len(value.axes) == 2 and value.axes[0] is None
    wants_row = len(axes) == 2 and axes[0] is None
    form = transposed(value.form) if was_row != wants_row else value.form
    if [axis for axis in axes if axis is not None] != long:
        raise KindError(f"an array of shape {shown(value.axes)} has not the shape {shown(axes)}")
    return value.run.made(form, axes, boolean=value.boolean)
