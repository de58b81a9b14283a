"""Typing rules of calls: operations by their signatures, constructors, unknown functions."""

from __future__ import annotations

from dataclasses import replace

from matcalc.errors import KindError, MatcalcError, UnknownNameError
from matcalc.form import Form, number
from matcalc.inference.algebra import expand, literal
from matcalc.inference.constructors import CONSTRUCTORS, SIZED, USAGE, size_axis, size_form
from matcalc.inference.context import Context, Place, Rule
from matcalc.inference.dimensions import Axes, Unknown, axes, kind_of
from matcalc.inference.environment import Variable
from matcalc.inference.wording import a_kind, shown, text_of
from matcalc.operation import Operation, Overload, find_operation, operations
from matcalc.parser import nearest

__all__ = ["RULES", "construct"]


def _call(context: Context, form: Form) -> Form:
    word: str = form.value
    if context.environment.is_function(word):
        return _apply_unknown(context, form, word, 0)
    if word in CONSTRUCTORS:
        return construct(context, form)
    record = find_operation(word)
    if record is None:
        raise _no_function(context, form)
    if record.axis and len(form.args) == 2:
        return _reduced(context, form, record)
    if len(form.args) != record.arity:
        raise _wrong_count(form, record)
    return _applied(context, form, record, tuple([context.type(arg) for arg in form.args]))


def _no_function(context: Context, form: Form) -> MatcalcError:
    """The error that a name which is called is no function."""
    word: str = form.value
    environment = context.environment
    name_span = replace(form.span, length=len(word)) if form.span else None
    inner = text_of(form)[len(word) :] or "(...)"
    declaration = environment.declarations.get(word)
    if declaration is not None and declaration.arguments:
        hint = f"a dependent variable is used by its bare name: write {word}"
        return KindError(f"`{word}` is a variable, not a function", name_span, hint=hint)
    if declaration is not None or word in environment.assignments or word in environment.variables:
        hint = f"write {word}*{inner} for a product"
        return KindError(f"`{word}` is a variable, not a function", name_span, hint=hint)
    names = [key for record in operations() for key in (record.name, *record.aliases)]
    near = nearest(word, [*names, "grad", "jacobian", "hessian", *CONSTRUCTORS])
    hint = f"did you mean `{near}`? " if near else ""
    if word == "d":
        hint += "a derivative is d(E)/d(X)"
    elif word == "delta":
        hint += "delta(i, j) takes two indices"
    else:
        hint += f"an unknown function is declared, `{word}: function`; a product is written {word}*{inner}"
    return UnknownNameError(f"there is no function `{word}`", name_span, hint=hint)


# --- operations -----------------------------------------------------------------------------------------------------


def _applied(context: Context, form: Form, record: Operation, args: tuple[Form, ...]) -> Form:
    """A call of an operation by the first overload that takes arguments of these kinds."""
    if record.elementwise:
        kind, shape = expand(context, form, args)
        return context.node(form, kind, shape, args, record.name)
    for overload in record.overloads:
        if all(_accepts(overload, i, arg) for i, arg in enumerate(args)):
            result, shape = _by_overload(context, form, overload, args)
            return context.node(form, result, shape, args, record.name)
    raise _wrong_kind(form, record, args)


def _accepts(overload: Overload, i: int, arg: Form) -> bool:
    """True if the argument has the order that the signature asks for."""
    if overload.any:
        return True
    order = len(axes(arg))
    return order in (1, 2) if overload.rows else order == len(overload.inputs[i]) and arg.kind != "tensor"


def _by_overload(
    context: Context, form: Form, overload: Overload, args: tuple[Form, ...]
) -> tuple[str | None, Axes]:
    """Kind and shape of a result, by the signature."""
    if overload.any:
        _same_shape(context, form, args)
        return "scalar", ()
    if overload.rows:
        (arg,) = args
        return (arg.kind, axes(arg)) if overload.output else (kind_of(axes(arg)[:-1]), axes(arg)[:-1])
    seen: dict[str, Place] = {}
    for arg, names in zip(args, overload.inputs, strict=True):
        for i, axis in enumerate(names):
            seen[axis[0]] = context.joined(seen.get(axis[0]), (arg, i), form)
    sizes = {name: axes(arg)[i] for name, (arg, i) in seen.items()}
    shape = tuple(tuple(item for name in axis for item in sizes[name]) for axis in overload.output)
    return kind_of(shape), shape


def _same_shape(context: Context, form: Form, args: tuple[Form, ...]) -> None:
    """Several arguments of any one shape."""
    first = args[0]
    for arg in args[1:]:
        if arg.kind != first.kind:
            raise KindError(
                f"`{form.value}` takes arguments of one shape, but {shown(first)} is {a_kind(first)} and "
                f"{shown(arg)} is {a_kind(arg)}",
                form.span,
            )
        for i in range(len(axes(first))):
            context.agree(first, i, arg, i, form)


def _reduced(context: Context, form: Form, record: Operation) -> Form:
    """A call with a NumPy axis: sum(X, 0) is a row, sum(X, 1) a column."""
    arg = context.type(form.args[0])
    order = len(axes(arg))
    value = literal(form.args[1])
    axis = None if value is None or value.denominator != 1 else int(value)
    if arg.kind == "tensor" or axis is None or not -order <= axis < order:
        choices = {0: "a scalar has no axis", 1: "the axis of a vector is 0", 2: "the axes of a matrix are 0 and 1"}
        hint = choices.get(order, "sum a tensor by entries: [i,j: sum[k: T[i,j,k]]]")
        raise KindError(f"`{form.value}` has no such axis here", form.args[1].span or form.span, hint=hint)
    axis %= order
    args = (arg, number(axis, form.args[1].span))
    if order == 1:
        return context.node(form, "scalar", (), args, record.name)
    kind = "row" if axis == 0 else "column"
    return context.node(form, kind, (axes(arg)[1 - axis],), args, record.name)


def _wrong_count(form: Form, record: Operation) -> KindError:
    """The error that an operation takes another number of arguments."""
    expected = f"{record.arity} argument{'s' * (record.arity != 1)}"
    if record.axis:
        expected += " and at most one axis"
    message = f"`{form.value}` takes {expected}, not {len(form.args)}"
    return KindError(message, form.span, hint=_usage(record))


def _wrong_kind(form: Form, record: Operation, args: tuple[Form, ...]) -> KindError:
    """The error that no overload takes arguments of these kinds."""
    overload = record.overloads[0]
    at = next((i for i, arg in enumerate(args) if not _accepts(overload, i, arg)), 0)
    wanted = " or ".join(dict.fromkeys(_parameter(o, at) for o in record.overloads))
    message = f"`{form.value}` takes {wanted}, but {shown(args[at])} is {a_kind(args[at])}"
    return KindError(message, args[at].span or form.span, hint=_usage(record))


def _parameter(overload: Overload, i: int) -> str:
    """An argument of a signature in words."""
    if overload.rows:
        return "a vector or matrix"
    names = overload.inputs[i]
    if len(names) == 2:
        return "a square matrix" if names[0] == names[1] else "a matrix"
    return "a vector" if names else "a scalar"


def _usage(record: Operation) -> str:
    """The name, signature and summary of an operation."""
    return f"{record.name}: {record.signature.replace('|', ' or ')}, {record.summary}"


# --- constructors ---------------------------------------------------------------------------------------------------


def construct(context: Context, form: Form) -> Form:
    """A constructor: `eye`, `ones`, ... with sizes, `vector(c)` and `matrix(c)` with a value."""
    word: str = form.value
    if len(form.args) not in CONSTRUCTORS[word]:
        hint = f"write {USAGE[word]}"
        raise KindError(f"`{word}` does not take {len(form.args)} arguments", form.span, hint=hint)
    if word not in SIZED:
        entry = context.scalar(form.args[0], f"the entries of {word}(c)", "sizes are inferred; ones(n) takes a size")
        shape: Axes = tuple((Unknown(),) for _ in range(1 if word == "vector" else 2))
        return context.node(form, word if word == "matrix" else "column", shape, (entry,), word)
    sizes = tuple(size_axis(arg) for arg in form.args)
    args = tuple(size_form(size, arg.span) for size, arg in zip(sizes, form.args, strict=True))
    if word == "commutation":
        shape = (sizes[0] + sizes[1], sizes[1] + sizes[0])
    elif word == "eye":
        shape = ((sizes or ((Unknown(),),))[0],) * 2
    else:
        shape = sizes
    return context.node(form, kind_of(shape), shape, args, word)


# --- unknown functions ----------------------------------------------------------------------------------------------


def _unknown_function(context: Context, form: Form) -> Form:
    """`f'(E)`."""
    word, order = form.value
    if not context.environment.is_function(word):
        if find_operation(word) is not None:
            hint = f"write d({word}(x))/d(x) for its derivative"
        else:
            hint = f"declare it, `{word}: function`; for a transpose times a bracket write {word}'*(...)"
        raise UnknownNameError(f"`{word}` is not an unknown function", form.span, hint=hint)
    return _apply_unknown(context, form, word, order)


def _apply_unknown(context: Context, form: Form, word: str, order: int) -> Form:
    """An unknown function of one value, applied to each entry."""
    if len(form.args) != 1:
        raise KindError(f"the unknown function `{word}` takes one argument, not {len(form.args)}", form.span)
    environment = context.environment
    if word not in environment.variables:
        environment.variables[word] = Variable("function", (), environment.declarations[word])
    arg = context.type(form.args[0])
    typed = context.node(form, arg.kind, axes(arg), (arg,), (word, order))
    typed.head = "unknown"
    return typed


RULES: dict[str, Rule] = {"call": _call, "unknown": _unknown_function}
