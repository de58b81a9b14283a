"""Writing rules of what is written by entries: tensors, sums, entries, deltas, cases.  Indices count from 0."""

from __future__ import annotations

from itertools import product
from math import prod
from typing import Any

import sympy

from matcalc.errors import UnsupportedError
from matcalc.form import Form
from matcalc.interop.writer import Rule, Writer, placed
from matcalc.lowering import close_over_deltas, index_axes
from matcalc.notation.text import to_text

__all__ = ["RULES"]

#: A tensor with more entries than this is a Lambda even if all its sizes are numbers.
LARGEST_ARRAY = 20_000


def index_symbol(word: str) -> Any:
    return sympy.Symbol(word, integer=True)


def _tensor(writer: Writer, form: Form) -> Any:
    """A tensor by entries: a FunctionMatrix, an array of explicit entries, or a Lambda of the indices."""
    sizes = [writer.size(axis) for axis in form.shape or ()]
    writer.axes = dict(zip(form.value, form.shape or (), strict=True))
    if len(sizes) > 2 and all(size.is_Integer for size in sizes) and prod(map(int, sizes)) <= LARGEST_ARRAY:
        return sympy.ImmutableDenseNDimArray(_written_out(writer, form, sizes), tuple(map(int, sizes)))
    symbols = [index_symbol(word) for word in form.value]
    body = writer.body(form, symbols)
    if len(sizes) > 2:
        return sympy.Lambda(tuple(symbols), body)
    slots = placed(form.kind, symbols, index_symbol("_"))
    return sympy.FunctionMatrix(*writer.shape(form), sympy.Lambda(slots, body))


def _bound_sum(writer: Writer, form: Form) -> Any:
    """A Sum; the sum written out where the places of all outer indices are numbers."""
    axes = dict(writer.axes) | index_axes(form.args[0])
    close_over_deltas(form.args[0], axes)
    sizes = [writer.size(axes[word]) for word in form.value]
    if writer.at and all(value.is_Integer for value in (*writer.at.values(), *sizes)):
        return sympy.Add(*_written_out(writer, form, sizes))
    symbols = [index_symbol(word) for word in form.value]
    limits = [(symbol, 0, size - 1) for symbol, size in zip(symbols, sizes, strict=True)]
    return sympy.Sum(writer.body(form, symbols), *limits)


def _written_out(writer: Writer, form: Form, sizes: list[Any]) -> list[Any]:
    """The body of a tensor or of a sum at each place, the last index running fastest."""
    places = product(*(map(sympy.Integer, range(int(size))) for size in sizes))
    return [writer.body(form, place) for place in places]


def _entry(writer: Writer, form: Form) -> Any:
    parent = form.args[0]
    indices = [writer.at[i] if isinstance(i, str) else sympy.Integer(i - 1) for i in form.value]
    if parent.head == "tensor":
        return writer.body(parent, indices)
    if parent.kind == "tensor":
        raise UnsupportedError(f"SymPy has no entries of the tensor `{to_text(parent)}`")
    return writer.closed(parent)[placed(parent.kind, indices, 0)]


def _delta(writer: Writer, form: Form) -> Any:
    return sympy.KroneckerDelta(*(writer.at[i] for i in form.value))


def _cases(writer: Writer, form: Form) -> Any:
    chosen, other = map(writer.value, form.args)
    return sympy.Piecewise((chosen, _condition(writer, form.value)), (other, True))


def _condition(writer: Writer, condition: tuple[Any, ...]) -> Any:
    head, *parts = condition
    if head in ("==", "!="):
        return {"==": sympy.Eq, "!=": sympy.Ne}[head](*(writer.at[i] for i in parts))
    return {"and": sympy.And, "or": sympy.Or, "not": sympy.Not}[head](*(_condition(writer, part) for part in parts))


RULES: dict[str, Rule] = {
    "tensor": _tensor,
    "bsum": _bound_sum,
    "entry": _entry,
    "delta": _delta,
    "cases": _cases,
}
