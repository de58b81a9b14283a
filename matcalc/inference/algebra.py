"""Typing rules of the operators: sums, products, quotients, powers, transposes."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from matcalc.errors import KindError
from matcalc.form import Form, number
from matcalc.inference.context import Context, Place, Rule
from matcalc.inference.dimensions import Axes, Axis, axes
from matcalc.inference.wording import a_kind, factor_text, shown, text_of, transposed_text

__all__ = ["RULES", "expand", "literal"]

_VECTORS = frozenset({"column", "row"})


def _negative(context: Context, form: Form) -> Form:
    arg = context.type(form.args[0])
    return context.node(form, arg.kind, axes(arg), (arg,))


# --- element by element ---------------------------------------------------------------------------------------------


def _elementwise(context: Context, form: Form) -> Form:
    args = tuple([context.type(arg) for arg in form.args])
    kind, shape = expand(context, form, args)
    return context.node(form, kind, shape, args)


def expand(context: Context, form: Form, args: Sequence[Form]) -> tuple[str, Axes]:
    """Kind and shape of an element-wise operation: scalars, rows and columns expand over matrices."""
    if any(arg.kind == "tensor" for arg in args):
        return _expand_tensors(context, form, args)
    rows: Place | None = None
    columns: Place | None = None
    for arg in args:
        kind = arg.kind
        if kind in ("column", "matrix"):
            rows = context.joined(rows, (arg, 0), form)
        if kind in ("row", "matrix"):
            columns = context.joined(columns, (arg, 0 if kind == "row" else 1), form)
    shape = tuple(axes(side[0])[side[1]] for side in (rows, columns) if side is not None)
    return "matrix" if len(shape) == 2 else "column" if rows else "row" if columns else "scalar", shape


def _expand_tensors(context: Context, form: Form, args: Sequence[Form]) -> tuple[str, Axes]:
    """A tensor goes with scalars and with tensors of its own shape."""
    first = next(arg for arg in args if arg.kind == "tensor")
    for arg in args:
        if arg.kind != "scalar" and len(axes(arg)) != len(axes(first)):
            raise KindError(
                f"{shown(first)} has order {len(axes(first))} and {shown(arg)} has order {len(axes(arg))}",
                form.span,
                hint="a tensor goes with scalars and tensors of its own order",
            )
        if arg.kind == "tensor" and arg is not first:
            for axis in range(len(axes(first))):
                context.agree(first, axis, arg, axis, form)
    return "tensor", axes(first)


# --- products -------------------------------------------------------------------------------------------------------


def _product(context: Context, form: Form) -> Form:
    args = tuple([context.type(arg) for arg in form.args])
    left = args[0]
    for right in args[1:]:
        kind, shape = _multiplied(context, left, right, form)
        span = left.span.through(right.span) if left.span and right.span else form.span
        left = Form("mul", kind=kind, shape=shape, span=span)  # type: ignore[arg-type]
    return context.node(form, left.kind, axes(left), args)


def _multiplied(context: Context, left: Form, right: Form, place: Form) -> tuple[str | None, Axes]:
    """Kind and shape of the product of two values."""
    a, b = axes(left), axes(right)
    match left.kind, right.kind:
        case "scalar", kind:
            return kind, b
        case kind, "scalar":
            return kind, a
        case "row", "column":
            context.agree(left, 0, right, 0, place)
            return "scalar", ()
        case "column", "row":
            return "matrix", (a[0], b[0])
        case "matrix", "column":
            context.agree(left, 1, right, 0, place)
            return "column", (a[0],)
        case "row", "matrix":
            context.agree(left, 0, right, 0, place)
            return "row", (b[1],)
        case "matrix", "matrix":
            context.agree(left, 1, right, 0, place)
            return "matrix", (a[0], b[1])
        case "column", "matrix" if context.solver.is_one(b[0]):
            return "matrix", (a[0], b[1])
        case "matrix", "row" if context.solver.is_one(a[1]):
            return "matrix", (a[0], b[0])
    raise _bad_product(left, right)


def _bad_product(left: Form, right: Form) -> KindError:
    """The error of a product that is not defined, with what may have been meant."""
    x, y = factor_text(left), factor_text(right)
    x_t, y_t = transposed_text(left), transposed_text(right)
    span = left.span.through(right.span) if left.span and right.span else left.span
    if "tensor" in (left.kind, right.kind):
        hint = "write products of tensors by entries: [i,j: sum[k: A[i,k]*T[k,j,i]]]"
    elif left.kind == right.kind == "column":
        hint = f"write {x_t}*{y} for the inner product, {x}.*{y} entry by entry, or {x}*{y_t} for the outer product"
    elif left.kind == right.kind == "row":
        hint = f"write {x}*{y_t} for the inner product, or {x}.*{y} entry by entry"
    elif left.kind == "column":
        hint = f"write {x_t}*{y} for a row times a matrix, or {x}.*{y} to scale its rows"
    else:
        hint = f"write {x}*{y_t} for a matrix times a column, or {x}.*{y} to scale its columns"
    return KindError(f"`{x}*{y}` multiplies {a_kind(left)} by {a_kind(right)}", span, hint=hint)


def _quotient(context: Context, form: Form) -> Form:
    left, right = map(context.type, form.args)
    if right.kind != "scalar":
        x, y = factor_text(left), factor_text(right)
        hint = f"write {x}./{y} to divide entry by entry"
        if right.kind == "matrix":
            hint += f", or {x}*inv({y})"
        raise KindError(f"`/` divides by a scalar, but {shown(right)} is {a_kind(right)}", right.span, hint=hint)
    return context.node(form, left.kind, axes(left), (left, right))


def _kronecker(context: Context, form: Form) -> Form:
    left, right = map(context.type, form.args)
    if "tensor" in (left.kind, right.kind):
        raise KindError("kron takes no tensor of order 3 or more", form.span)
    if "scalar" in (left.kind, right.kind):
        other = right if left.kind == "scalar" else left
        return context.node(form, other.kind, axes(other), (left, right))
    rows = _rows(left) + _rows(right)
    columns = _columns(left) + _columns(right)
    if left.kind == right.kind and left.kind in _VECTORS:
        return context.node(form, left.kind, (rows or columns,), (left, right))
    return context.node(form, "matrix", (rows, columns), (left, right))


def _rows(form: Form) -> Axis:
    """The rows of a vector or matrix; a row has one, on the empty axis."""
    axis: Axis = () if form.kind == "row" else axes(form)[0]
    return axis


def _columns(form: Form) -> Axis:
    """The columns of a vector or matrix; a column has one, on the empty axis."""
    axis: Axis = () if form.kind == "column" else axes(form)[-1]
    return axis


# --- powers and transposes ------------------------------------------------------------------------------------------


def _power(context: Context, form: Form) -> Form:
    base, exponent = context.type(form.args[0]), form.args[1]
    if base.kind == "scalar":
        hint = f"write {factor_text(base)}.^... to raise entry by entry"
        exponent = context.scalar(exponent, "the exponent", hint)
        return context.node(form, "scalar", (), (base, exponent))
    if base.kind != "matrix":
        raise _bad_power(form, base, exponent)
    exponent = _whole(exponent, base)
    context.agree(base, 0, base, 1, form)
    return context.node(form, "matrix", axes(base), (base, exponent))


def _bad_power(form: Form, base: Form, exponent: Form) -> KindError:
    """The error of a power of a vector or tensor."""
    x, y = factor_text(base), exponent.value if exponent.head == "number" else text_of(exponent)
    hint = f"write {x}.^{y} to raise each entry"
    if base.kind == "column" and exponent.head == "number" and exponent.value == 2:
        hint += f", or {x}'*{x}"
    message = f"{shown(base)} is {a_kind(base)}, and `^` raises scalars and matrices"
    return KindError(message, form.span, hint=hint)


def _whole(exponent: Form, base: Form) -> Form:
    """The exponent of a matrix as a number form, which must be a whole number."""
    value = literal(exponent)
    if value is None or value.denominator != 1:
        x, y = factor_text(base), text_of(exponent)
        raise KindError(
            f"the exponent of the matrix {shown(base)} must be a whole number",
            exponent.span,
            hint=f"write {x}^2 or {x}^-1, or {x}.^{y} to raise each entry",
        )
    return number(value, exponent.span)


def literal(form: Form) -> Fraction | None:
    """The value of a number with or without a sign, or None."""
    minus = form.head == "neg"
    inner = form.args[0] if minus else form
    if inner.head != "number":
        return None
    value: Fraction = inner.value
    return -value if minus else value


def _transpose(context: Context, form: Form) -> Form:
    arg = context.type(form.args[0])
    if arg.kind == "tensor":
        hint = "write the axes in another order: [i,j,k: T[k,j,i]]"
        raise KindError(f"{shown(arg)} has order {len(axes(arg))} and no transpose", form.span, hint=hint)
    if arg.kind == "scalar" and text_of(form).endswith("^T") and context.environment.is_known("T"):
        hint = "write ^(T) for the power"
        raise KindError("`^T` is the transpose, not a power, and T is a name here", form.span, hint=hint)
    kind = {"column": "row", "row": "column"}.get(arg.kind or "", arg.kind)
    return context.node(form, kind, axes(arg)[::-1], (arg,))


RULES: dict[str, Rule] = {
    "neg": _negative,
    "add": _elementwise,
    "times": _elementwise,
    "rdiv": _elementwise,
    "elpower": _elementwise,
    "mul": _product,
    "div": _quotient,
    "kron": _kronecker,
    "power": _power,
    "transpose": _transpose,
}
