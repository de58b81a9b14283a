"""Writing rules of calls: matrix functions one by one, element-wise functions by their records, unknown functions."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import sympy

from matcalc.errors import UnsupportedError
from matcalc.form import Form
from matcalc.interop.matrix_expressions import (
    applied,
    diagonal_matrix,
    flipped,
    inner,
    inner_product,
    is_matrix,
    multiplied,
    sum_of,
    total,
)
from matcalc.interop.writer import Rule, Writer
from matcalc.operation import Operation, operation

__all__ = ["RULES", "general_power", "kronecker"]


def _call(writer: Writer, form: Form) -> Any:
    rule = CALL_RULES.get(form.value)
    if rule is not None:
        return rule(writer, form)
    record = operation(form.value)
    if not record.elementwise:
        hint = "ask for explicit entries: D.elements(m=2, n=3)"
        raise UnsupportedError(f"SymPy has no `{form.value}` of a symbolic matrix", hint=hint)
    return _elementwise(writer, form, scalar_function(record))


# --- element-wise functions -----------------------------------------------------------------------------------------


def _elementwise(writer: Writer, form: Form, function: Callable[..., Any]) -> Any:
    """A function of scalars, applied to each entry; of several arguments at most one is no scalar."""
    values = [writer.value(arg) for arg in form.args]
    places = [k for k, arg in enumerate(form.args) if arg.kind != "scalar"]
    if not places:
        return function(*values)
    if len(places) > 1:
        return _of_two(writer, form)
    (place,) = places
    before, after = values[:place], values[place + 1 :]
    return applied(lambda d: function(*before, d, *after), values[place], *before, *after)


def _of_two(writer: Writer, form: Form) -> Any:
    """max(a, b) = (a + b + |a - b|)/2, min with a minus."""
    if form.value == "pow":
        return general_power(writer, form)
    signs = {"maximum": 1, "minimum": -1}
    if form.value not in signs:
        raise UnsupportedError(f"SymPy has no `{form.value}` of two symbolic matrices")
    a, b = (writer.expanded(arg, form) for arg in form.args)
    distance = applied(sympy.Abs, sum_of([a, multiplied(-1, b)]))
    return multiplied(sympy.S.Half, sum_of([a, b, multiplied(signs[form.value], distance)]))


def general_power(writer: Writer, form: Form) -> Any:
    """x.^p by exp(p.*log(x)): SymPy transposes a HadamardPower with a matrix exponent wrongly."""
    base, exponent = form.args
    if base.kind == "scalar":
        c = writer.value(base)
        return applied(lambda d: c**d, writer.value(exponent), c)
    logarithm = writer.expand(applied(sympy.log, writer.value(base)), base, form)
    return applied(sympy.exp, sympy.HadamardProduct(writer.expanded(exponent, form), logarithm))


def scalar_function(record: Operation) -> Callable[..., Any]:
    """The function of scalars that an element-wise operation is in SymPy."""
    if record.name == "step":
        return lambda x: sympy.Heaviside(x, 0)
    if callable(record.sympy):
        rule = record.sympy
        return lambda *args: rule(sympy, *args)
    return getattr(sympy, record.sympy or record.name)  # type: ignore[no-any-return]


def _unknown(writer: Writer, form: Form) -> Any:
    word, order = form.value
    function = writer.names.get(word) or sympy.Function(word)

    def derived(x: Any) -> Any:
        slot = sympy.Dummy("x")
        return function(x) if order == 0 else function(slot).diff(slot, order).subs(slot, x)

    value = writer.value(form.args[0])
    return derived(value) if form.kind == "scalar" else applied(derived, value)


# --- sums of entries ------------------------------------------------------------------------------------------------


def _sum(writer: Writer, form: Form) -> Any:
    """The sum of all entries, or with an axis the row of column sums or the column of row sums."""
    arg = form.args[0]
    value = writer.value(arg)
    if arg.kind == "scalar":
        return value
    if len(form.args) == 1 or arg.kind != "matrix":
        return total(value)
    return _column_sums(value) if form.args[1].value == 0 else _row_sums(value)


def _column_sums(value: Any) -> Any:
    return multiplied(sympy.OneMatrix(1, value.shape[0]), value)


def _row_sums(value: Any) -> Any:
    return multiplied(value, sympy.OneMatrix(value.shape[1], 1))


def _mean(writer: Writer, form: Form) -> Any:
    sizes = list(map(writer.size, form.args[0].shape or ()))
    count = [sizes[int(form.args[1].value)]] if len(form.args) == 2 else sizes
    return multiplied(_sum(writer, form), prod(count, start=sympy.S.One) ** -1)


def _norm1(writer: Writer, form: Form) -> Any:
    value = writer.value(form.args[0])
    return total(applied(sympy.Abs, value)) if is_matrix(value) else sympy.Abs(value)


def _norm2(writer: Writer, form: Form) -> Any:
    value = writer.value(form.args[0])
    return sympy.sqrt(inner_product(value, value))


def _crossentropy(writer: Writer, form: Form) -> Any:
    y, p = map(writer.value, form.args)
    return -inner_product(y, applied(sympy.log, p) if is_matrix(p) else sympy.log(p))


def _softmax(writer: Writer, form: Form) -> Any:
    """exp(x)/sum(exp(x)), of a matrix row by row."""
    exponential = applied(sympy.exp, writer.value(form.args[0]))
    if form.kind != "matrix":
        return multiplied(exponential, total(exponential) ** -1)
    below = sympy.HadamardPower(_row_sums(exponential), -1)
    return sympy.HadamardProduct(exponential, multiplied(below, sympy.OneMatrix(1, exponential.shape[1])))


def _logsumexp(writer: Writer, form: Form) -> Any:
    """log(sum(exp(x))), of a matrix row by row."""
    exponential = applied(sympy.exp, writer.value(form.args[0]))
    return sympy.log(total(exponential)) if form.kind == "scalar" else applied(sympy.log, _row_sums(exponential))


def _logsoftmax(writer: Writer, form: Form) -> Any:
    """x - log(sum(exp(x))), of a matrix row by row."""
    value = writer.value(form.args[0])
    exponential = applied(sympy.exp, value)
    rows, columns = value.shape
    if form.kind != "matrix":
        return sum_of([value, multiplied(-sympy.log(total(exponential)), sympy.OneMatrix(rows, columns))])
    sums = applied(sympy.log, _row_sums(exponential))
    return sum_of([value, multiplied(-1, sums, sympy.OneMatrix(1, columns))])


# --- vectors and matrices -------------------------------------------------------------------------------------------


def _log_determinant(writer: Writer, form: Form) -> Any:
    return sympy.log(sympy.Abs(sympy.Determinant(writer.value(form.args[0]))))


def _adjugate(writer: Writer, form: Form) -> Any:
    """det(X) inv(X)."""
    value = writer.value(form.args[0])
    return multiplied(sympy.Determinant(value), value**-1)


def _diagonal(writer: Writer, form: Form) -> Any:
    """The diagonal matrix of a vector, the diagonal of a matrix."""
    value = writer.value(form.args[0])
    if form.args[0].kind == "matrix":
        # SymPy cannot evaluate DiagonalOf of an explicit matrix.
        return _row_sums(sympy.HadamardProduct(sympy.Identity(value.shape[0]), value))
    return diagonal_matrix(_column(writer, form.args[0]))


def kronecker(writer: Writer, form: Form) -> Any:
    """The Kronecker product, as a call and between typed forms."""
    first, second = map(writer.value, form.args)
    if "scalar" in (form.args[0].kind, form.args[1].kind):
        return multiplied(first, second)
    return sympy.KroneckerProduct(first, second)


def _dot(writer: Writer, form: Form) -> Any:
    x, y = (_column(writer, arg) for arg in form.args)
    return inner(multiplied(flipped(x), y))


def _outer(writer: Writer, form: Form) -> Any:
    x, y = (_column(writer, arg) for arg in form.args)
    return multiplied(x, flipped(y))


def _column(writer: Writer, form: Form) -> Any:
    """The value of a vector as a column."""
    value = writer.value(form)
    return flipped(value) if form.kind == "row" else value


def _filled(writer: Writer, form: Form) -> Any:
    """vector(c), matrix(c)."""
    return writer.expanded(form.args[0], form)


CALL_RULES: dict[str, Rule] = {
    "sum": _sum,
    "mean": _mean,
    "norm1": _norm1,
    "norm2": _norm2,
    "crossentropy": _crossentropy,
    "softmax": _softmax,
    "logsoftmax": _logsoftmax,
    "logsumexp": _logsumexp,
    "tr": lambda writer, form: sympy.Trace(writer.value(form.args[0])),
    "inv": lambda writer, form: writer.value(form.args[0]) ** -1,
    "det": lambda writer, form: sympy.Determinant(writer.value(form.args[0])),
    "logdet": _log_determinant,
    "adj": _adjugate,
    "diag": _diagonal,
    "kron": kronecker,
    "dot": _dot,
    "outer": _outer,
    "eye": lambda writer, form: sympy.Identity(writer.shape(form)[0]),
    "ones": lambda writer, form: sympy.OneMatrix(*writer.shape(form)),
    "zeros": lambda writer, form: sympy.ZeroMatrix(*writer.shape(form)),
    "vector": _filled,
    "matrix": _filled,
}

RULES: dict[str, Rule] = {
    "call": _call,
    "unknown": _unknown,
}
