"""Operations of the registry applied to traced values, by their signatures."""

from __future__ import annotations

from collections.abc import Sequence

from matcalc.errors import KindError
from matcalc.form import Form, number
from matcalc.interop.untyped import transposed
from matcalc.operation import Operation, Overload, operation
from matcalc.tracing.arithmetic import applied, multiply
from matcalc.tracing.sizes import Axes, Size, product_of, shown
from matcalc.tracing.value import Value, full, make_equal, reduced

__all__ = ["apply", "called", "kron", "reduce", "stacked"]


def called(word: str, *values: Value) -> Value:
    """An operation of the registry by its name."""
    return apply(operation(word), values)


def apply(record: Operation, values: Sequence[Value]) -> Value:
    """An operation applied to values, whose result has the axes that NumPy would give it."""
    if len(values) != record.arity:
        raise KindError(f"`{record.name}` takes {record.arity} arguments, not {len(values)}")
    if record.name == "kron":
        return kron(*values)
    if record.axis:
        return reduce(record.name, values[0], None, keep=False)
    if record.elementwise:
        return applied(record.name, *values)
    for overload in record.overloads:
        if all(accepts(overload, i, value) for i, value in enumerate(values)):
            return by_overload(record, overload, values)
    shapes = " and ".join(shown(value.axes) for value in values)
    raise KindError(f"`{record.name}` takes {record.signature.replace('|', ' or ')}, not the shapes {shapes}")


def accepts(overload: Overload, i: int, value: Value) -> bool:
    """True if an argument has as many axes as the signature says."""
    count = len(value.axes)
    return overload.any or (count in (1, 2) if overload.rows else count == len(overload.inputs[i]))


def by_overload(record: Operation, overload: Overload, values: Sequence[Value]) -> Value:
    """The result that one signature describes."""
    trace = values[0].run
    if overload.any:
        for value in values[1:]:
            same_axes(values[0], value, record.name)
        return trace.made(Form("call", tuple(value.form for value in values), record.name), ())
    axes = result_axes(record, overload, values)
    form = Form("call", tuple(full(value) for value in values), record.name)
    return trace.made(reduced(form, axes), axes)


def same_axes(first: Value, other: Value, where: str) -> None:
    """Two values of one shape."""
    if len(first.axes) != len(other.axes):
        raise KindError(f"`{where}` takes arrays of one shape, not {shown(first.axes)} and {shown(other.axes)}")
    for left, right in zip(first.axes, other.axes, strict=True):
        make_equal(left, right, where, (first, other))


def result_axes(record: Operation, overload: Overload, values: Sequence[Value]) -> Axes:
    """The axes of a result, axes of one letter made equal."""
    if overload.rows:
        return values[0].axes if overload.output else values[0].axes[:-1]
    found: dict[str, Size | None] = {}
    for value, letters in zip(values, overload.inputs, strict=True):
        for (letter,), size in zip(letters, value.axes, strict=True):
            if letter in found:
                make_equal(found[letter], size, record.name, values)
            found[letter] = size
    return tuple(product_of(tuple(found[letter] for letter in axis)) for axis in overload.output)


def kron(a: Value, b: Value) -> Value:
    """The Kronecker product; a vector beside a matrix is a row, as NumPy has it."""
    if not a.axes or not b.axes:
        return multiply(a, b)
    count = max(len(a.axes), len(b.axes))
    first, second = ((None,) * (count - len(value.axes)) + value.axes for value in (a, b))
    axes = tuple(product_of(pair) for pair in zip(first, second, strict=True))
    parts = [transposed(v.form) if len(v.axes) < count and v.axes[0] else v.form for v in (a, b)]
    return a.run.made(Form("kron", tuple(parts)), axes)


def stacked(value: Value, *, columns: bool = False) -> Value:
    """All entries in one axis, row by row as NumPy has them, or column by column."""
    if len(value.axes) < 2 or None in value.axes:
        axis = next((axis for axis in value.axes if axis is not None), None)
        row = len(value.axes) == 2 and value.axes[0] is None and axis is not None
        return value.run.made(transposed(value.form) if row else value.form, (axis,))
    form = value.form if columns else transposed(value.form)
    return value.run.made(Form("call", (form,), "vec"), (product_of(value.axes[::-1] if columns else value.axes),))


# --- sums and means -------------------------------------------------------------------------------------------------


def reduce(word: str, value: Value, axis: object, *, keep: bool) -> Value:
    """`sum` or `mean` over all axes, over one, or over some, which stay as axes of length 1 if they are kept."""
    gone = places(axis, len(value.axes), word)
    long = [place for place, size in enumerate(value.axes) if size is not None]
    over = [place for place in long if place in gone]
    axes = tuple(None if at in gone else size for at, size in enumerate(value.axes) if keep or at not in gone)
    form = value.form
    if len(over) == len(long) > 0:
        form = Form("call", (form,), word)
    elif over:
        form = Form("call", (form, number(over[0])), word)
    return value.run.made(turned(form, value.axes, over, axes), axes)


def turned(form: Form, before: Axes, over: Sequence[int], after: Axes) -> Form:
    """A form with one long axis left, a row or a column as its new axes have it."""
    left = [place for place, size in enumerate(before) if size is not None and place not in over]
    if len(left) != 1 or len(before) < 2:
        return form
    is_row, wants_row = left[0] == 1, len(after) == 2 and after[0] is None
    return transposed(form) if is_row != wants_row else form


def places(axis: object, count: int, where: str) -> set[int]:
    """The axes that an argument `axis` names."""
    if axis is None:
        return set(range(count))
    chosen = axis if isinstance(axis, tuple) else (axis,)
    if not all(isinstance(place, int) and -count <= place < count for place in chosen):
        raise KindError(f"{where}: an array of {count} axes has no axis {axis}")
    return {place % count for place in chosen if isinstance(place, int)}


