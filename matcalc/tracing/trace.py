"""One run of a function: the variables and constants that it meets, and the names that they get."""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from dataclasses import dataclass
from fractions import Fraction
from numbers import Complex, Integral, Real
from typing import Any

import numpy as np

from matcalc.errors import KindError
from matcalc.form import Form, name, number
from matcalc.interop.names import Names
from matcalc.interop.untyped import call, transposed
from matcalc.tracing.sizes import Axes, Size
from matcalc.tracing.value import Value, is_matrix, refuse

__all__ = ["Entry", "Trace", "active", "check_plain"]

#: The most significant digits of a float that is written out; one of more digits is a constant with a name.
DIGITS = 6
LARGEST = 10**12
#: The largest numerator and denominator of a whole or broken number.
LARGEST_EXACT = 10**100
#: The largest numerator and denominator of a multiple of pi that is recognised.
MULTIPLE = 12


@dataclass(frozen=True)
class Entry:
    """A name of a trace that is no result: a variable or a constant, and where its value comes from."""

    axes: Axes
    properties: frozenset[str] = frozenset()
    value: Callable[[], object] | None = None


class Trace:
    """What one run of a function has met.  `array` makes the traced values; `known` are names of objects by identity."""

    def __init__(self, array: Callable[..., Value], reserved: Iterable[str] = ()) -> None:
        self.array = array
        self.names = Names()
        self.entries: dict[str, Entry] = {}
        #: Names that stand for values while something is differentiated by them.
        self.bindings: dict[str, Form] = {}
        self.known: dict[int, tuple[object, str]] = {}
        #: Arrays by identity, each with a copy of what it was.
        self.captured: dict[int, list[tuple[object, np.ndarray[Any, Any], Value]]] = {}
        #: Numbers with names, by value.
        self.numbers: dict[float, Value] = {}
        self.selections: dict[tuple[str, object], list[tuple[Size, Form]]] = {}
        for word in reserved:
            self.names.meaning.setdefault(word, None)

    # --- names ------------------------------------------------------------------------------------------------------

    def fresh(self, wish: str) -> str:
        """A name that nothing has; none ends with an underscore, which emitted code adds where it must."""
        return self.names.fresh(wish.rstrip("_") or "x")

    def variable(self, wish: str, axes: Axes, value: object = None, properties: frozenset[str] = frozenset()) -> Value:
        """A new variable with these axes."""
        return self.entry(wish, Entry(axes, properties, lambda: value))

    def entry(self, wish: str, entry: Entry) -> Value:
        """A new name that stands for a value of its own; one that is a row is written as the transpose of a column."""
        word = self.fresh(wish)
        self.entries[word] = entry
        return self.named(word, entry.axes)

    def named(self, word: str, axes: Axes) -> Value:
        """The value of a name, whose form is a scalar, a column or a matrix."""
        form = name(word)
        return self.made(transposed(form) if len(axes) == 2 and axes[0] is None and axes[1] else form, axes)

    def bind(self, wish: str, value: Value) -> tuple[str, Value]:
        """A name for a value, by which something is differentiated; and the value of that name."""
        word = self.fresh(wish)
        row = len(value.axes) == 2 and value.axes[0] is None and value.axes[1] is not None
        self.bindings[word] = transposed(value.form) if row else value.form
        return word, self.named(word, value.axes)

    def selection(self, key: tuple[str, object], size: Size, axes: Axes, recipe: Callable[[], object]) -> Form:
        """A constant that is made from a size at each call, such as a unit vector; it is called by the first of the key."""
        made = self.selections.setdefault(key, [])
        for other, form in made:
            if other.root is size.root:
                return form
        made.append((size, self.entry(key[0], Entry(axes, value=recipe)).form))
        return made[-1][1]

    # --- values -----------------------------------------------------------------------------------------------------

    def made(self, form: Form, axes: Axes, *, boolean: bool = False) -> Value:
        """A value of this trace."""
        return self.array(self, form, axes, boolean=boolean)

    def lift(self, thing: object, where: str) -> Value:
        """What a function met, as a value: a traced one as it is, a number written out, an array as a constant."""
        if isinstance(thing, Value):
            if thing.run is not self:
                refuse(f"a value of another run in {where}", "a traced value cannot be kept for another call")
            return thing
        if isinstance(thing, bool | np.bool_):
            return self.made(number(int(thing)), (), boolean=True)
        if isinstance(thing, Complex | Fraction):
            return self.number(thing, where)
        return self.constant(thing, where)

    def number(self, thing: Any, where: str) -> Value:
        """A number: exact if it is short, a multiple of pi if it is one, else a constant with a name."""
        if isinstance(thing, Integral | Fraction):
            value = Fraction(thing)
            if max(abs(value.numerator), value.denominator) > LARGEST_EXACT:
                refuse(f"the number in {where}, which has too many digits,")
            return self.made(number(value), ())
        if not isinstance(thing, Real) or not cmath.isfinite(thing):
            refuse(f"{type(thing).__name__} {thing} in {where}", "values are real and finite")
        return self.float(float(thing))

    def float(self, value: float) -> Value:
        """A number in double precision."""
        form = exact(value) or multiple_of_pi(value)
        if form is not None:
            return self.made(form, ())
        if value not in self.numbers:
            self.numbers[value] = self.entry("c", Entry((), value=lambda: value))
        return self.numbers[value]

    def constant(self, thing: object, where: str) -> Value:
        """An array that the function did not get as an argument to be traced; one that has changed is another."""
        array = array_of(thing, where)
        if array.ndim == 0 and array.dtype.kind != "b":
            return self.lift(array.item(), where)
        for known, copy, value in self.captured.get(id(thing), ()):
            if known is thing and np.array_equal(copy, array, equal_nan=array.dtype.kind == "f"):
                return value
        base = array.base
        if array.ndim == 2 and isinstance(base, np.ndarray) and is_transpose(array, base):
            value = self.constant(base, where)
            value = self.made(transposed(value.form), value.axes[::-1], boolean=value.boolean)
            copy = array.copy()
        else:
            copy = array.copy()
            value = self.capture(thing, copy)
        self.captured.setdefault(id(thing), []).append((thing, copy, value))
        return value

    def capture(self, thing: object, array: np.ndarray[Any, Any]) -> Value:
        """A name for an array: the one by which the function knows it, if that is seen."""
        axes = axes_of(array)
        wish = self.known[id(thing)][1] if id(thing) in self.known else "C" if is_matrix(axes) else "c"
        value = self.entry(wish, Entry(axes, value=lambda: array))
        return self.made(value.form, axes, boolean=array.dtype.kind == "b")


def array_of(thing: object, where: str) -> np.ndarray[Any, Any]:
    """An array of at most two axes of real numbers."""
    if isinstance(thing, str | bytes | dict | set | type(None)) or callable(thing):
        refuse(f"{type(thing).__name__} in {where}")
    check_plain(thing, where)
    try:
        array = np.asarray(thing)
    except (ValueError, TypeError):
        refuse(f"{type(thing).__name__} in {where}", "arrays have real numbers for entries")
    if array.dtype.kind not in "biuf":
        raise KindError(f"an array of {array.dtype} in {where}", hint="arrays have real numbers for entries")
    if array.ndim > 2:
        refuse(f"an array of {array.ndim} axes in {where}", "traced arrays have at most two axes")
    return array


def check_plain(thing: object, where: str) -> None:
    """Refuse arrays of NumPy with an arithmetic of their own: matrices and masked arrays."""
    if isinstance(thing, np.matrix | np.ma.MaskedArray):
        refuse(f"{type(thing).__name__} in {where}", "use plain arrays")


def is_transpose(array: np.ndarray[Any, Any], base: np.ndarray[Any, Any]) -> bool:
    """True if one array is the transpose of the other, whose memory it shares."""
    same = array.shape == base.shape[::-1] and array.strides == base.strides[::-1]
    return same and array.dtype == base.dtype and array.__array_interface__["data"] == base.__array_interface__["data"]


def axes_of(array: np.ndarray[Any, Any]) -> Axes:
    """New sizes for the axes of an array."""
    return tuple(None if length == 1 else Size(length) for length in array.shape)


def exact(value: float) -> Form | None:
    """A float as the number that its digits say, if these are few."""
    digits = len(repr(value).partition("e")[0].replace(".", "").strip("-0"))
    small = value == 0 or 1 / LARGEST <= abs(value) <= LARGEST
    return number(Fraction(repr(value))) if small and digits <= DIGITS else None


def multiple_of_pi(value: float) -> Form | None:
    """`pi`, `2*pi`, `pi/2` and so on, for the very float that Python computes for it; e as exp(1)."""
    if value == math.e:
        return call("exp", number(1))
    ratio = Fraction(value / math.pi).limit_denominator(MULTIPLE)
    if not 0 < abs(ratio.numerator) <= MULTIPLE or ratio.numerator * math.pi / ratio.denominator != value:
        return None
    return name("pi") if ratio == 1 else Form("mul", (number(ratio), name("pi")))


#: The trace of the function that is running, for derivatives that are taken inside of it.
active: ContextVar[Trace | None] = ContextVar("active", default=None)

