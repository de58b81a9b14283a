"""Typing rules of what is written by entries: tensors, sums, entries, deltas, cases, and the indices that they bind."""

from __future__ import annotations

from collections.abc import Sequence

from matcalc.errors import DimensionError, KindError, UnknownNameError
from matcalc.form import Form
from matcalc.inference.context import Context, Rule
from matcalc.inference.dimensions import Axes, Unknown, axes, kind_of
from matcalc.inference.environment import Index
from matcalc.inference.wording import a_kind, shown
from matcalc.parser import nearest

__all__ = ["RULES"]


# --- indices --------------------------------------------------------------------------------------------------------


def _index(context: Context, word: str, form: Form) -> Index:
    """The index of a name, which must be bound around the place."""
    found = context.environment.indices.get(word)
    if found is None:
        near = nearest(word, context.environment.indices)
        hint = f"did you mean `{near}`? " if near else ""
        raise UnknownNameError(
            f"`{word}` is not an index here",
            form.span,
            hint=f"{hint}indices are bound by [{word}: ...] or sum[{word}: ...]",
        )
    found.used = True
    return found


def _run_over(context: Context, word: str, arg: Form, i: int, form: Form) -> None:
    """An index runs over axis i of a value."""
    index = _index(context, word, form)
    axis, before = axes(arg)[i], index.use

    def error() -> DimensionError:
        related = ((f"`{word}` runs over {before[0]} here", before[1]),) if before and before[1] else ()
        sizes = f"{context.size(index.axis)} and {context.size(axis)}"
        message = f"the index `{word}` runs over axes of two sizes, {sizes}"
        return DimensionError(message, form.span, related=related)

    context.solver.equate(index.axis, axis, form.span, error)
    index.use = before or (_measured(arg, i), form.span)


def _measured(arg: Form, i: int) -> str:
    """The rows of `A`."""
    parts = {"matrix": ("rows", "columns")}.get(arg.kind or "", ("entries",))
    return f"the {parts[min(i, len(parts) - 1)]} of {shown(arg)}"


def _compare(context: Context, left: str, right: str, form: Form) -> None:
    """Two indices that are compared run over axes of one size."""
    a, b = _index(context, left, form), _index(context, right, form)

    def error() -> DimensionError:
        related = tuple(
            (f"`{word}` runs over {index.use[0]} here", index.use[1])
            for word, index in ((left, a), (right, b))
            if index.use and index.use[1]
        )
        sizes = f"{context.size(a.axis)} and {context.size(b.axis)}"
        message = f"the indices `{left}` and `{right}` run over axes of two sizes, {sizes}"
        return DimensionError(message, form.span, related=related)

    context.solver.equate(a.axis, b.axis, form.span, error)


# --- scalars made of entries ----------------------------------------------------------------------------------------


def _entry(context: Context, form: Form) -> Form:
    arg = context.type(form.args[0])
    words: tuple[str, ...] = form.value
    order = len(axes(arg))
    if order != len(words):
        takes = f"takes {order} {'index' if order == 1 else 'indices'}" if order else "has no entries"
        raise KindError(f"{shown(arg)} is {a_kind(arg)} and {takes}, not {len(words)}", form.span)
    for i, word in enumerate(words):
        _run_over(context, word, arg, i, form)
    return context.node(form, "scalar", (), (arg,), words)


def _delta(context: Context, form: Form) -> Form:
    left, right = form.value
    if not context.environment.indices:
        raise KindError(
            "delta(i, j) stands only inside of [..: ...] or sum[..: ...]",
            form.span,
            hint="its arguments are bound indices, as in [i,j: delta(i,j)*x[j]]; the identity matrix is eye",
        )
    _compare(context, left, right, form)
    return context.node(form, "scalar", (), (), (left, right))


def _cases(context: Context, form: Form) -> Form:
    hint = "write entries: x[i], A[i,j]"
    value, otherwise = (context.scalar(arg, "each case", hint) for arg in form.args)
    stack = [form.value]
    while stack:
        operator, *parts = stack.pop()
        if operator in ("==", "!="):
            _compare(context, parts[0], parts[1], form)
        else:
            stack.extend(reversed(parts))
    return context.node(form, "scalar", (), (value, otherwise), form.value)


# --- what binds indices ---------------------------------------------------------------------------------------------


def _tensor(context: Context, form: Form) -> Form:
    """A tensor by entries."""
    body, indices = _bound(context, form)
    shape = tuple(index.axis for index in indices)
    return context.node(form, kind_of(shape), shape, (body,), form.value)


def _bound_sum(context: Context, form: Form) -> Form:
    body, indices = _bound(context, form)
    _check_used(form, indices)
    return context.node(form, "scalar", (), (body,), form.value)


def _bound(context: Context, form: Form) -> tuple[Form, list[Index]]:
    """The typed body of what binds indices, and those indices."""
    environment = context.environment
    words: tuple[str, ...] = form.value
    for word in words:
        if word in environment.indices:
            hint = "give the inner index another name"
            raise KindError(f"the index `{word}` is bound already", form.span, hint=hint)
    outer = environment.indices
    environment.index_names.update(words)
    indices = [Index((Unknown(),)) for _ in words]
    environment.indices = {**outer, **dict(zip(words, indices, strict=True))}
    body = context.scalar(form.args[0], "what stands after `:`", "write entries: x[i], A[i,j]")
    environment.indices = outer
    return body, indices


def _check_used(form: Form, indices: Sequence[Index]) -> None:
    """The indices of a sum stand in it, or nobody knows over what they run."""
    for word, index in zip(form.value, indices, strict=True):
        if not index.used:
            raise KindError(
                f"the index `{word}` does not occur in the sum, so its range is not known",
                form.span,
                hint=f"write an entry such as x[{word}]; the size of a declared dimension n is the scalar n",
            )


# --- compound axes --------------------------------------------------------------------------------------------------


def _join(context: Context, form: Form) -> Form:
    """A tensor whose axes are joined to compound ones."""
    inner = context.type(form.args[0])
    parts = iter(axes(inner))
    shape = tuple(tuple(item for _ in range(n) for item in next(parts)) for n in form.value)
    return context.node(form, kind_of(shape), shape, (inner,), form.value)


def _split(context: Context, form: Form) -> Form:
    """A value whose compound axes are taken apart, for an entry."""
    inner = context.type(form.args[0])
    if len(axes(inner)) != len(form.value):
        raise KindError(f"{shown(inner)} is {a_kind(inner)}, not one with {len(form.value)} axes", form.span)
    shape: Axes = ()
    for axis, n in zip(axes(inner), form.value, strict=True):
        parts = tuple(Unknown() for _ in range(n))
        error = DimensionError(f"an axis of {shown(inner)} is not made of {n} dimensions", form.span)
        context.solver.equate(parts, axis, form.span, lambda error=error: error)  # type: ignore[misc]
        shape += tuple((part,) for part in parts)
    return context.node(form, kind_of(shape), shape, (inner,), form.value)


RULES: dict[str, Rule] = {
    "entry": _entry,
    "delta": _delta,
    "tensor": _tensor,
    "bsum": _bound_sum,
    "join": _join,
    "split": _split,
    "cases": _cases,
}
