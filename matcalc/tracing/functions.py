"""Functions of Python made from the operations of the registry: numbers for numbers, formulas for traced values."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from matcalc.assumptions import facts_of
from matcalc.codegen import compile_function, generate, parameters_of
from matcalc.errors import KindError
from matcalc.form import Form, number
from matcalc.inference import infer
from matcalc.lowering import lower
from matcalc.operation import Operation, operations
from matcalc.parser import Program
from matcalc.refine import refine
from matcalc.tensor import Tensor
from matcalc.tracing.arguments import Leaf, new_axes, numbers_of
from matcalc.tracing.array import Array, Whole
from matcalc.tracing.derived import called
from matcalc.tracing.operations import apply, reduce
from matcalc.tracing.program import Ended, program_of
from matcalc.tracing.runs import in_language, length, upright
from matcalc.tracing.sizes import Axes, Size, product_of
from matcalc.tracing.trace import Trace, active
from matcalc.tracing.value import Value, size_form

__all__ = ["function_of", "names"]

#: Constructors whose arguments are sizes; `vector(c)` and `matrix(c)` have theirs from the context, so they are no functions.
SIZED = {"eye": (1,), "ones": (1, 2), "zeros": (1, 2), "commutation": (2,)}

#: Compiled functions by operation and the kinds of their arguments.
computed: dict[Any, Callable[..., Any]] = {}


def names() -> list[str]:
    """The names of all functions, aliases too."""
    records = [record for record in operations() if record.signature != "new" or record.name in SIZED]
    return sorted(word for record in records for word in (record.name, *record.aliases))


@cache
def function_of(record: Operation) -> Callable[..., Any]:
    """The function that an operation is."""
    if record.name in SIZED:
        return sized_function(record)

    def function(*args: Any, axis: int | None = None, keepdims: bool = False) -> Any:
        trace = next((value.run for value in args if isinstance(value, Value)), None)
        if isinstance(trace, Trace):
            return applied(record, [trace.lift(value, record.name) for value in args[: record.arity]], *args[record.arity :],
                           axis=axis, keep=keepdims)
        return evaluated(record, args, axis=axis, keep=keepdims)

    return described(function, record)


def described(function: Callable[..., Any], record: Operation) -> Callable[..., Any]:
    """A function with the name and the summary of its operation."""
    function.__name__ = function.__qualname__ = record.name
    function.__doc__ = f"{record.name}: {record.summary}.  Signature: {record.signature}."
    return function


def applied(record: Operation, values: list[Value], *more: Any, axis: Any, keep: bool) -> Value:
    """An operation of values; sums and means take an axis."""
    if record.axis and len(more) <= 1 and len(values) == 1:
        return reduce(record.name, values[0], more[0] if more else axis, keep=keep)
    if more or axis is not None or keep:
        raise KindError(f"`{record.name}` takes {record.arity} arguments" + " and an axis" * record.axis)
    return apply(record, values)


def evaluated(record: Operation, args: tuple[Any, ...], *, axis: Any, keep: bool) -> Any:
    """An operation of numbers and arrays: the emitted code of its value."""
    trace = Trace(Array)
    arrays = [numbers_of(Leaf(f"x_{k}", value)) for k, value in enumerate(args[: record.arity], 1)]
    values = [trace.variable("x", new_axes(array.shape), array) for array in arrays]
    result = applied(record, values, *args[record.arity :], axis=axis, keep=keep)
    ended = Ended(trace, upright(result))
    if ended.key not in computed:
        computed[ended.key] = value_function(program_of(ended))
    given = {word: in_language(word, entry) for word, entry in trace.entries.items()}
    found = called(computed[ended.key], given | {name: root.value for root, name in ended.dimensions.items()})
    shape = tuple(map(length, result.axes))
    return np.asarray(found).reshape(shape) if shape else float(found)


def value_function(program: Program) -> Callable[..., Any]:
    """The emitted function of the value of a program."""
    typed = infer(program)
    made = lower(typed).lower(typed.output)
    tensor = Tensor(refine(made.node, facts_of(typed.variables.values())), made.groups)
    source = generate({"value": tensor}, parameters_of([tensor.node], typed.variables), docstring=f"Value of {program.source}.")
    return compile_function(source)


# --- constructors ---------------------------------------------------------------------------------------------------


def sized_function(record: Operation) -> Callable[..., Any]:
    """The function of a constructor: an array of numbers, or a formula where a size is a symbol."""

    def function(*sizes: Any) -> Any:
        if len(sizes) not in SIZED[record.name]:
            raise KindError(f"`{record.name}` does not take {len(sizes)} sizes")
        trace = next((size.run for size in sizes if isinstance(size, Whole)), active.get())
        if isinstance(trace, Trace):
            return constructed(trace, record.name, [size_of(size, record.name) for size in sizes])
        return explicit(record.name, [whole(size, record.name) for size in sizes])

    return described(function, record)


def size_of(size: Any, word: str) -> Size | None:
    """The size that an argument is."""
    if isinstance(size, Whole) and len(size.sizes) == 1 and size.form.head == "name":
        return size.sizes[0]
    number_ = whole(size, word)
    return None if number_ == 1 else Size(number_, pinned=True)


def whole(size: Any, word: str) -> int:
    """A size as a number."""
    if not isinstance(size, int | np.integer | Whole) or isinstance(size, bool) or int(size) < 1:
        raise KindError(f"the sizes of `{word}` are positive whole numbers")
    return int(size)


def constructed(trace: Trace, word: str, sizes: list[Size | None]) -> Value:
    """A constructor as a formula."""
    forms = tuple(number(1) if size is None else size_form(size) for size in sizes)
    axes: Axes = tuple(sizes)
    if word == "eye":
        axes = (sizes[0], sizes[0])
    if word == "commutation":
        axes = (product_of((sizes[0], sizes[1])), product_of((sizes[1], sizes[0])))
    made = Array(trace, Form("call", forms, word), axes)
    return made if None not in axes else trace.lift(explicit(word, [length(size) for size in sizes]), word)


def explicit(word: str, sizes: list[int]) -> Any:
    """A constructor as an array."""
    if word == "eye":
        return np.eye(sizes[0])
    if word == "commutation":
        m, n = sizes
        return np.eye(m * n).reshape(m, n, m, n).transpose(1, 0, 2, 3).reshape(m * n, m * n).T
    return np.ones(sizes) if word == "ones" else np.zeros(sizes)
