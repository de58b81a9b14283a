"""One run of a function on traced arguments, at a call or before any."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import prod
from typing import Any

import numpy as np

from matcalc.errors import KindError, MatcalcError
from matcalc.form import Form
from matcalc.interop.untyped import transposed
from matcalc.lexer import spell
from matcalc.tracing.arguments import Argument, Declared, Leaf, is_variable, known_names, parameters, rebuilt, tree
from matcalc.tracing.array import Array
from matcalc.tracing.program import Ended
from matcalc.tracing.sizes import Axes, Size
from matcalc.tracing.trace import Entry, Trace, active
from matcalc.tracing.value import Value

__all__ = ["UNKNOWN", "Run", "length", "output_of", "upright"]

#: The value of an argument before any call.
UNKNOWN = object()


class Run:
    """A function that has run on variables: its output, and the names of the variables of each chosen argument.

    With `values`, leaves that are floats or arrays become variables with these values; without, every argument is a
    symbol, of the kind that is declared or that its name tells.
    """

    def __init__(
        self, function: Callable[..., Any], arguments: Sequence[Argument], chosen: Sequence[int], declared: Declared,
        *, values: bool,
    ) -> None:  # fmt: skip
        self.trace = Trace(Array, declared.dimensions)
        self.declared = declared
        self.sizes: dict[str, Size] = {}
        self.axes: dict[str, Axes] = {}
        #: The names of the variables of each chosen argument.
        self.names: dict[int, list[str]] = {place: [] for place in chosen}
        leaves = [list(tree(argument.label, argument.value)) for argument in arguments]
        everything = [leaf for group in leaves for leaf in group]
        declared.check_used(leaf.label for leaf in everything)
        self.trace.known = known_names(function, everything)
        given = [
            rebuilt(argument.value, iter([self.leaf(leaf, place, values=values) for leaf in group]))
            for place, (argument, group) in enumerate(zip(arguments, leaves, strict=True))
        ]
        self.output = output_of(self.trace, function, arguments, given)
        self.ended = Ended(self.trace, upright(self.output))

    def leaf(self, leaf: Leaf, place: int, *, values: bool) -> Any:
        """What the function gets for a leaf."""
        wanted = place in self.names
        stated = wanted or leaf.value is UNKNOWN or spell(leaf.label) in self.declared.by_name
        if not stated and not is_variable(leaf.value):
            return leaf.value
        made = (self.declared.variable if values else self.declared.symbol)(self.trace, self.sizes, leaf)
        word = next(reversed(self.trace.entries))
        if wanted:
            self.names[place].append(word)
        self.axes[word] = made.axes
        return made

    @property
    def wrt(self) -> list[str]:
        """The names of all variables by which is differentiated, in order."""
        return [word for names in self.names.values() for word in names]

    @property
    def given(self) -> dict[str, Any]:
        """The values of all variables, constants and sizes by name, in the shapes of the language."""
        found: dict[str, Any] = {name: root.value for root, name in self.ended.dimensions.items()}
        return found | {word: in_language(word, entry) for word, entry in self.trace.entries.items()}

    def shape(self, *words: str) -> tuple[int, ...]:
        """The shape of a derivative by some names, as NumPy has it."""
        return tuple(length(size) for axes in (self.output.axes, *(self.axes[word] for word in words)) for size in axes)


def length(size: Size | None) -> int:
    """The number of entries of an axis, which is known at a call."""
    if size is None:
        return 1
    root = size.root
    known = root.value if root.value is not None or not root.parts else prod(map(length, root.parts))
    if known is None:
        raise MatcalcError(f"the size {size} is not known")
    return known


def in_language(word: str, entry: Entry) -> Any:
    """The value of a name without its axes of length 1."""
    array = np.asarray(entry.value() if entry.value is not None else None)
    if array.dtype.kind not in "biuf":
        raise MatcalcError(f"`{word}` has no value")
    return array.reshape(tuple(length(size) for size in entry.axes if size is not None)).astype(float, copy=False)


def output_of(trace: Trace, function: Callable[..., Any], arguments: Iterable[Argument], given: Iterable[Any]) -> Value:
    """What a function returns for some arguments, as a value."""
    positional, named = parameters(arguments, given)
    with running(trace):
        found = function(*positional, **named)
    if found is None or isinstance(found, tuple | list | Mapping):
        what = "nothing" if found is None else f"a {type(found).__name__}"
        raise KindError(f"the function returns {what}", hint="a function that is differentiated returns one number or array")
    return trace.lift(found, "the value of the function")


@contextmanager
def running(trace: Trace) -> Iterator[None]:
    """Let derivatives that are taken inside belong to this run."""
    token = active.set(trace)
    try:
        yield
    except RecursionError:
        raise MatcalcError("the function calls itself too deeply") from None
    except (ValueError, TypeError) as error:
        if isinstance(error.__cause__, MatcalcError):  # NumPy says so where an array takes a traced value
            raise error.__cause__ from None
        raise
    finally:
        active.reset(token)


def upright(value: Value) -> Form:
    """The form of a value, a row as a column."""
    row = len(value.axes) == 2 and value.axes[0] is None and value.axes[1] is not None
    return transposed(value.form) if row else value.form



