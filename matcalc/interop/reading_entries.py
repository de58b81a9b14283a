"""Reading rules of what is written by entries: sums, entries, deltas, and the indices that they bind."""

from __future__ import annotations

from typing import Any

import sympy
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.matrices.expressions.slice import MatrixSlice

from matcalc.form import Form
from matcalc.interop.matrix_expressions import orientation
from matcalc.interop.reader import Reader, Rule
from matcalc.interop.untyped import chain, transposed

__all__ = ["RULES"]


def _bound_sum(reader: Reader, expr: Any) -> Form:
    """A sum over entries, each index running over a whole axis from 0."""
    body, *limits = expr.args
    if reader.element and expr.has(reader.element[0]):
        reader.refuse(expr, "an element-wise function has no sum inside")
    for index, lower, upper in limits:
        if lower != 0 or index in reader.indices or (upper + 1).has(*[limit[0] for limit in limits]):
            reader.refuse(expr, "a sum runs over a whole axis, (i, 0, n - 1)")
    used = [(index, upper + 1) for index, _, upper in limits if body.has(index)]
    counts = [reader.scalar(sympy.expand(upper + 1)) for index, _, upper in limits if not body.has(index)]
    with reader.binding(used) as words:
        inner = reader.scalar(body)
    return chain("mul", [*counts, Form("bsum", (inner,), words) if words else inner])


def _entry(reader: Reader, expr: Any) -> Form:
    """M[i, j]; at a fixed place it is a product with a unit vector."""
    parent, i, j = expr.args
    rows, columns = parent.shape
    kind = orientation(parent.shape)
    form = reader.matrix(parent)
    if kind == "scalar":
        return form
    if kind == "column":
        return _vector_entry(reader, form, i, rows, expr)
    if kind == "row":
        return _vector_entry(reader, transposed(form), j, columns, expr)
    if i in reader.indices and j in reader.indices:
        return Form("entry", (form,), (_index(reader, i, rows, expr), _index(reader, j, columns, expr)))
    if i in reader.indices:
        column = Form("mul", (form, _unit(reader, columns, j, expr)))
        return _vector_entry(reader, column, i, rows, expr)
    column = Form("mul", (transposed(form), _unit(reader, rows, i, expr)))
    return _vector_entry(reader, column, j, columns, expr)


def _vector_entry(reader: Reader, column: Form, index: Any, size: Any, expr: Any) -> Form:
    """An entry of a column of this size."""
    if index in reader.indices:
        return Form("entry", (column,), (_index(reader, index, size, expr),))
    return Form("mul", (transposed(column), _unit(reader, size, index, expr)))


def _index(reader: Reader, symbol: Any, size: Any, expr: Any) -> str:
    """The name of a bound index, which runs over an axis of this size."""
    word, range_size = reader.indices[symbol]
    if sympy.expand(range_size - size) != 0:
        reader.refuse(expr, f"the index {symbol} takes {range_size} values, but the axis has {size}")
    return word


def _unit(reader: Reader, size: Any, index: Any, expr: Any) -> Form:
    """The unit vector with a 1 at a fixed place."""
    if reader.variable is None:
        reader.refuse(expr, "an entry at a fixed place is no expression of the language")
    if sympy.sympify(index).has(reader.variable, *reader.indices):
        reader.refuse(expr, "an index is fixed, or that of a Sum over the whole axis")
    if sympy.sympify(size).is_Integer and sympy.sympify(index).is_Integer:
        vector = sympy.ImmutableMatrix(size, 1, lambda i, _: int(i == index))
        return reader.declare(vector, f"e{int(index) + 1}", vector.shape)
    vector = MatrixSlice(sympy.Identity(size), (0, size, 1), (index, index + 1, 1))
    return reader.declare(vector, "e", (size, sympy.S.One))


def _delta(reader: Reader, expr: Any) -> Form:
    i, j = expr.args[:2]
    if i in reader.indices and j in reader.indices:
        return Form("delta", (), (reader.indices[i][0], reader.indices[j][0]))
    return reader.constant(expr, "the indices of a KroneckerDelta are those of a Sum")


RULES: dict[type, Rule] = {
    sympy.Sum: _bound_sum,
    MatrixElement: _entry,
    sympy.KroneckerDelta: _delta,
}
