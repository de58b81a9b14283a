"""Rows: values and signals that are rows of the program, in forms that were raised with columns.

    u.*f'(z), as a row               u'.*f'(z)'
    V*delta.*(1 - a.^2), a a row     V*delta.*(1 - a.^2)'
"""

from __future__ import annotations

from collections.abc import Collection

from matcalc.build import negate, total, transposed, transposes
from matcalc.form import Form, name, rewritten
from matcalc.operation import find_operation

__all__ = ["as_row", "with_rows"]

#: What acts entry by entry, so that it may as well act on the transpose.
ENTRYWISE = frozenset({"add", "times", "div", "rdiv", "elpower", "unknown"})


def with_rows(form: Form, rows: Collection[str]) -> Form:
    """The form with the columns of some names, which are rows, written as the transposes of those."""

    def rule(part: Form) -> Form:
        if part.head == "name" and part.value in rows and part.kind == "column":
            return transposed(name(part.value, "row", part.shape))
        if part.head == "transpose" and is_turned_row(part.args[0]):
            return part.args[0].args[0]
        if part.head == "entry" and is_turned_row(part.args[0]):
            return retyped(part, (part.args[0].args[0],))
        return turned_outside(part)

    return rewritten(form, rule) if rows else form


def is_turned_row(form: Form) -> bool:
    """True for the transpose of a row."""
    return form.head == "transpose" and form.args[0].kind == "row"


def row_of(form: Form) -> Form | None:
    """The row whose transpose a form is, up to a sign; None if it is none."""
    if form.head == "neg":
        row = row_of(form.args[0])
        return None if row is None else negate(row)
    return form.args[0] if is_turned_row(form) else None


def turned_outside(form: Form) -> Form:
    """f(a') as f(a)', where f acts entry by entry and all of its vectors are transposes of rows."""
    record = find_operation(form.value) if form.head == "call" else None
    entrywise = form.head in ENTRYWISE or (record is not None and record.keeps_shape)
    if form.kind != "column" or not entrywise:
        return form
    rows = [row_of(arg) if arg.kind != "scalar" else arg for arg in form.args]
    args = tuple(row for row in rows if row is not None)
    return transposed(retyped(form, args, "row")) if len(args) == len(rows) else form


def retyped(form: Form, args: tuple[Form, ...], kind: str | None = None) -> Form:
    """The form with other arguments, and perhaps of another kind."""
    return Form(form.head, args, form.value, kind=kind or form.kind, shape=form.shape, span=form.span)


def as_row(form: Form) -> Form:
    """The transpose of a column; each vector of a product entry by entry is turned where it stands."""
    if form.head in ("times", "rdiv"):
        return retyped(form, tuple(as_row(arg) if arg.kind == "column" else arg for arg in form.args), "row")
    if form.head == "neg":
        return negate(as_row(form.args[0]))
    if form.head == "div":
        return retyped(form, (as_row(form.args[0]), form.args[1]), "row")
    if form.head == "add" and all(arg.kind == "column" for arg in form.args):
        termwise, whole = total([as_row(arg) for arg in form.args]), transposed(form)
        return termwise if transposes(termwise) <= transposes(whole) else whole
    if form.head == "mul" and form.args[-1].head in ("times", "rdiv"):
        scalars = [arg for arg in form.args if arg.kind == "scalar"]
        matrices = [transposed(arg) for arg in reversed(form.args[:-1]) if arg.kind != "scalar"]
        return retyped(form, (*scalars, as_row(form.args[-1]), *matrices), "row")
    return transposed(form)
