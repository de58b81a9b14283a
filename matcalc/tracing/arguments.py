"""Arguments of a traced function: which are variables, of what kinds, and how they are put back together.

A leaf is a number or an array in an argument, or in a dict, list or tuple that is one.  Leaves by which is differentiated
and floats are variables; whole numbers, texts, arrays of whole numbers and all else reach the function as they are.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any

import numpy as np

from matcalc.claim import texts
from matcalc.errors import DeclarationError, DimensionError, KindError, UnknownNameError
from matcalc.form import Dimension
from matcalc.lexer import GREEK, spell
from matcalc.parser import Declaration, nearest, parse_declarations
from matcalc.tracing.sizes import Axes, Size, product_of
from matcalc.tracing.trace import Trace, check_plain
from matcalc.tracing.value import Value, refuse

__all__ = [
    "Argument", "Declared", "Leaf", "bound", "chosen", "is_variable", "known_names", "new_axes", "numbers_of", "parameters",
    "rebuilt", "signature_of", "tree",
]  # fmt: skip

KINDS = ("scalar", "vector", "matrix")
SMALL_GREEK = frozenset(word for word in GREEK.values() if word.islower())


@dataclass(frozen=True)
class Argument:
    """An argument: the label by which it is called, its value, and where it stands in the call."""

    label: str
    value: Any
    parameter: inspect.Parameter
    key: Any = None


@dataclass(frozen=True)
class Leaf:
    """A number or an array in an argument, and its label."""

    label: str
    value: Any


# --- the call -------------------------------------------------------------------------------------------------------


def signature_of(function: Callable[..., Any]) -> inspect.Signature:
    """The signature of a function; a ufunc takes x, or x and y."""
    if not callable(function):
        raise KindError(f"a function is differentiated, not {type(function).__name__}", hint="matcalc.derive takes text")
    if isinstance(function, np.ufunc):
        names = ["x", "y", "z", "w"][: function.nin]
        return inspect.Signature([inspect.Parameter(word, inspect.Parameter.POSITIONAL_ONLY) for word in names])
    try:
        return inspect.signature(function)
    except (ValueError, TypeError):
        refuse(f"{function!r}, whose parameters are not known,", "wrap it: lambda x: f(x)")


def bound(signature: inspect.Signature, args: Sequence[Any], kwargs: Mapping[str, Any]) -> list[Argument]:
    """The arguments of a call, defaults too."""
    try:
        given = signature.bind(*args, **kwargs)
    except TypeError as error:
        raise KindError(f"the arguments do not fit the function: {error}") from None
    given.apply_defaults()
    found = []
    for word, value in given.arguments.items():
        parameter = signature.parameters[word]
        if parameter.kind is parameter.VAR_POSITIONAL:
            found += [Argument(f"{word}_{k}", part, parameter, k) for k, part in enumerate(value, 1)]
        elif parameter.kind is parameter.VAR_KEYWORD:
            found += [Argument(key, part, parameter, key) for key, part in value.items()]
        else:
            found.append(Argument(word, value, parameter))
    return found


def parameters(arguments: Iterable[Argument], values: Iterable[Any]) -> tuple[list[Any], dict[str, Any]]:
    """The arguments as a call takes them, with other values."""
    positional: list[Any] = []
    named: dict[str, Any] = {}
    for argument, value in zip(arguments, values, strict=True):
        parameter = argument.parameter
        if parameter.kind in (parameter.KEYWORD_ONLY, parameter.VAR_KEYWORD):
            named[argument.label] = value
        else:
            positional.append(value)
    return positional, named


def chosen(argnums: Any, arguments: Sequence[Argument]) -> list[int]:
    """The positions of the arguments by which is differentiated."""
    if argnums in ((), []):
        raise KindError("argnums names no argument", hint="give the position of one, such as 0")
    return [position(number, arguments) for number in (argnums if isinstance(argnums, tuple | list) else (argnums,))]


def position(number: Any, arguments: Sequence[Argument]) -> int:
    """The position of an argument that is given by number or by name."""
    labels = [argument.label for argument in arguments]
    if isinstance(number, str):
        if number not in labels:
            near = nearest(number, labels)
            hint = f"did you mean `{near}`?" if near else f"the arguments are {', '.join(labels)}"
            raise UnknownNameError(f"the function has no argument `{number}`", hint=hint)
        return labels.index(number)
    if not isinstance(number, int) or isinstance(number, bool) or not -len(labels) <= number < len(labels):
        raise KindError(f"argnums={number!r}: the function has {len(labels)} arguments", hint="they count from 0")
    return number % len(labels)


# --- leaves ---------------------------------------------------------------------------------------------------------


def tree(label: str, value: Any) -> Iterator[Leaf]:
    """The leaves of an argument, in order."""
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield from tree(str(key), part)
    elif isinstance(value, list | tuple):
        for key, part in zip(getattr(value, "_fields", range(1, len(value) + 1)), value, strict=True):
            yield from tree(f"{label}_{key}", part)
    else:
        yield Leaf(label, value)


def rebuilt(value: Any, leaves: Iterator[Any]) -> Any:
    """An argument of the same structure with other leaves."""
    if isinstance(value, Mapping):
        return {key: rebuilt(part, leaves) for key, part in value.items()}
    if isinstance(value, list | tuple):
        parts = [rebuilt(part, leaves) for part in value]
        return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
    return next(leaves)


# --- kinds ----------------------------------------------------------------------------------------------------------


class Declared:
    """What is declared of arguments, by `declare` and by annotations such as "matrix(m, n)"."""

    def __init__(self, declare: Iterable[str] | str, signature: inspect.Signature) -> None:
        self.by_name = dict(parse_declarations(texts(declare, "declarations")))
        #: Arguments that are numbers by their annotation, as long as no array is given.
        self.floats = {spell(word) for word, p in signature.parameters.items() if p.annotation in (float, "float")}
        for word, parameter in signature.parameters.items():
            line = annotation_line(spell(word), parameter.annotation)
            if line and spell(word) not in self.by_name:
                self.by_name |= parse_declarations([line])
        for found in self.by_name.values():
            if found.kind == "function" or found.arguments:
                raise DeclarationError(f"an argument is a number or an array, not `{found.kind}`", found.span)

    @property
    def dimensions(self) -> set[str]:
        """The names of sizes."""
        axes = [axis for found in self.by_name.values() for axis in found.axes]
        parts = [part for axis in axes for part in (axis if isinstance(axis, tuple) else (axis,))]
        return {part for part in parts if isinstance(part, str)}

    def arrays(self, arguments: Iterable[Argument]) -> list[Argument]:
        """The arguments, lists that are declared to be vectors and matrices as arrays."""
        return [replace(a, value=np.asarray(a.value)) if self.is_array(a) else a for a in arguments]

    def is_array(self, argument: Argument) -> bool:
        """True for a list of numbers that is declared."""
        value = argument.value
        if spell(argument.label) not in self.by_name or not isinstance(value, list | tuple):
            return False
        return all(isinstance(leaf.value, Real) for leaf in tree("", value)) and len({np.shape(row) for row in value}) == 1

    def check_used(self, labels: Iterable[str]) -> None:
        """Refuse declarations of what is no argument."""
        known = {spell(label) for label in labels}
        for word, found in self.by_name.items():
            if word not in known:
                near = nearest(word, known)
                hint = f"did you mean `{near}`?" if near else f"the arguments are {', '.join(sorted(known))}"
                raise UnknownNameError(f"`{word}` is declared, but it is no argument", found.span, hint=hint)

    def variable(self, trace: Trace, sizes: dict[str, Size], leaf: Leaf) -> Value:
        """The variable that a number or an array is."""
        array = numbers_of(leaf)
        found = self.by_name.get(spell(leaf.label))
        axes = declared_axes(found, array.shape, sizes) if found else new_axes(array.shape)
        return trace.variable(leaf.label, axes, array, found.properties if found else frozenset())

    def symbol(self, trace: Trace, sizes: dict[str, Size], leaf: Leaf) -> Value:
        """The variable of an argument that has no value yet."""
        word = spell(leaf.label)
        found = self.by_name.get(word)
        if found:
            axes = tuple(None if axis == 1 else size_of(axis, None, sizes) for axis in found.axes)
            return trace.variable(leaf.label, axes, None, found.properties)
        scalar = word in SMALL_GREEK or word in self.floats or isinstance(leaf.value, float)
        count = 2 if word[0].isupper() and not scalar else 0 if scalar else 1
        return trace.variable(leaf.label, tuple(Size() for _ in range(count)), leaf.value)


def annotation_line(word: str, annotation: object) -> str:
    """The declaration that an annotation is, if it is one: a text that begins with a kind."""
    stated = isinstance(annotation, str) and annotation.strip("'\" ").partition("(")[0].partition(" ")[0] in KINDS
    return f"{word}: {str(annotation).strip(chr(39) + chr(34))}" if stated else ""


def numbers_of(leaf: Leaf) -> np.ndarray[Any, Any]:
    """The array of a leaf by which is differentiated or which is traced."""
    check_plain(leaf.value, f"the argument `{leaf.label}`")
    try:
        array = np.asarray(leaf.value)
    except (TypeError, ValueError):
        array = np.empty(0, dtype=object)
    if array.dtype.kind not in "iuf":
        what = type(leaf.value).__name__ if array.dtype.kind == "O" else f"an array of {array.dtype}"
        raise KindError(f"the argument `{leaf.label}` is {what}", hint="give real numbers, or arrays of them")
    if array.ndim > 2:
        raise KindError(f"the argument `{leaf.label}` has {array.ndim} axes", hint="arrays of at most two axes are traced")
    return array


def is_variable(value: object) -> bool:
    """True for what is traced although nothing is differentiated by it: floats and arrays of them."""
    if isinstance(value, bool | int) or value is None or isinstance(value, str | bytes):
        return False
    if isinstance(value, Real):
        return True
    if not isinstance(value, np.ndarray) and not hasattr(value, "__array__"):
        return False
    array = np.asarray(value)
    return array.dtype.kind == "f" and array.ndim <= 2


def new_axes(shape: Sequence[int]) -> Axes:
    """Sizes of their own for the axes of an array."""
    return tuple(None if length == 1 else Size(length) for length in shape)


def declared_axes(found: Declaration, shape: Sequence[int], sizes: dict[str, Size]) -> Axes:
    """The axes of an array that is declared, which must be as declared."""
    if len(shape) != len(found.axes):
        text = f"`{found.name}` is declared a {found.kind}, but the argument has {len(shape)} axes"
        raise KindError(text, found.span)
    made = [size_of(axis, length, sizes, found) for axis, length in zip(found.axes, shape, strict=True)]
    return tuple(None if length == 1 else size for size, length in zip(made, shape, strict=True))


def size_of(
    axis: Dimension | tuple[Dimension, ...] | None, length: int | None, sizes: dict[str, Size], found: Declaration | None = None
) -> Size:
    """The size that a declaration names, which has one value for all arguments."""
    if axis is None:
        return Size(length)
    if isinstance(axis, tuple):
        joined = product_of(tuple(size_of(part, None, sizes) for part in axis))
        assert joined is not None
        joined.value = length if joined.value is None else joined.value
        size = joined
    elif isinstance(axis, int):
        size = Size(axis, pinned=True)
    else:
        size = sizes.setdefault(axis, Size(name=axis))
        size.value = length if size.value is None else size.value
    if length is not None and size.value != length:
        span = found.span if found else None
        raise DimensionError(f"the size `{axis}` is {size.value}, but an argument has {length} entries there", span)
    return size


# --- names of what a function uses ----------------------------------------------------------------------------------


def known_names(function: Any, arguments: Iterable[Leaf]) -> dict[int, tuple[object, str]]:
    """The names of the arrays that a function uses beside its variables, by identity."""
    found = {id(leaf.value): (leaf.value, leaf.label) for leaf in arguments}
    while not hasattr(function, "__code__") and (inner := getattr(function, "func", getattr(function, "__wrapped__", None))):
        function = inner
    code = getattr(function, "__code__", None)
    if code is None:
        return found
    cells = getattr(function, "__closure__", None) or ()
    pairs = [(word, cell_contents(cell)) for word, cell in zip(code.co_freevars, cells, strict=True)]
    globals_ = getattr(function, "__globals__", {})
    pairs += [(word, globals_[word]) for word in code.co_names if word in globals_]
    return found | {id(value): (value, word) for word, value in pairs if isinstance(value, np.ndarray)}


def cell_contents(cell: Any) -> object:
    """What a closure holds, if anything yet."""
    try:
        return cell.cell_contents
    except ValueError:
        return None
