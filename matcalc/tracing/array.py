"""Traced arrays as a function sees them: the operators, methods and protocols of a NumPy array."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from math import prod
from numbers import Integral
from typing import Any

import numpy as np

from matcalc.errors import UnsupportedError
from matcalc.form import Form
from matcalc.notation.text import to_text
from matcalc.tracing import arithmetic
from matcalc.tracing.array_functions import HINTS, RULES, call_function, transpose
from matcalc.tracing.indexing import indexed
from matcalc.tracing.sizes import Size, shown
from matcalc.tracing.ufuncs import called_ufunc
from matcalc.tracing.value import Maker, Value, refuse, size_form

__all__ = ["Array", "MissingError", "Whole"]


class MissingError(UnsupportedError, AttributeError):
    """An attribute of NumPy's arrays that traced ones do not have."""

    name: Any = None  # Python sets it on an AttributeError


def binary(rule: Callable[[Value, Value], Value], sign: str) -> Callable[[Value, object], Any]:
    """The method of an operator, the value on its left."""
    return lambda self, other: rule(self, self.run.lift(other, f"`{sign}`"))


def reflected(rule: Callable[[Value, Value], Value], sign: str) -> Callable[[Value, object], Any]:
    """The method of an operator, the value on its right."""
    return lambda self, other: rule(self.run.lift(other, f"`{sign}`"), self)


def in_place(rule: Callable[[Value, Value], Value], sign: str) -> Callable[[Value, object], Any]:
    """`s += x` for a number, which NumPy binds anew; an array would change in place."""

    def method(self: Value, other: object) -> Value:
        if self.axes:
            refuse(f"`{sign}=` of an array, which changes in place,", f"write x = x {sign} y")
        return rule(self, self.run.lift(other, f"`{sign}=`"))

    return method


def refused(what: str, hint: str | None = None) -> Callable[..., Any]:
    """A method that raises the error that an operation cannot be traced."""

    def method(self: Value, *args: object, **kwargs: object) -> Any:
        refuse(what, hint)

    return method


def function(word: str) -> Callable[..., Any]:
    """The method that is a function of NumPy."""
    rule = RULES[word]
    return lambda self, *args, **kwargs: rule(self.run, self, *args, **kwargs)


def bitwise(word: str) -> Callable[..., Any]:
    """`&`, `|`, `^` of conditions."""
    ufunc = getattr(np, word)
    return lambda self, other: called_ufunc(ufunc, (self, self.run.lift(other, f"np.{word}")))


CHOICE = "a choice by value is np.where(x > 0, .., ..), np.maximum, or a function such as matcalc.functions.relu"
NUMBER = "use NumPy's functions, np.exp instead of math.exp"
WHOLE = "the function is differentiated for all values; sizes are x.shape[0]"


class Array(Value):
    """A traced array: everything that is done to it becomes part of its form."""

    __slots__ = ()
    __hash__ = refused("hash(x)", "traced values are no keys")

    __add__ = __radd__ = binary(arithmetic.add, "+")
    __sub__, __rsub__ = binary(arithmetic.subtract, "-"), reflected(arithmetic.subtract, "-")
    __mul__, __rmul__ = binary(arithmetic.multiply, "*"), reflected(arithmetic.multiply, "*")
    __truediv__, __rtruediv__ = binary(arithmetic.divide, "/"), reflected(arithmetic.divide, "/")
    __pow__, __rpow__ = binary(arithmetic.power, "**"), reflected(arithmetic.power, "**")
    __matmul__, __rmatmul__ = binary(arithmetic.matmul, "@"), reflected(arithmetic.matmul, "@")
    __radd__ = reflected(arithmetic.add, "+")
    __and__ = __rand__ = bitwise("bitwise_and")
    __or__ = __ror__ = bitwise("bitwise_or")
    __xor__ = __rxor__ = bitwise("bitwise_xor")
    __iadd__, __isub__ = in_place(arithmetic.add, "+"), in_place(arithmetic.subtract, "-")
    __imul__, __itruediv__ = in_place(arithmetic.multiply, "*"), in_place(arithmetic.divide, "/")
    __ipow__ = in_place(arithmetic.power, "**")
    __imatmul__ = refused("`@=`", "write x = x @ y")
    __floordiv__ = __rfloordiv__ = refused("`//`", "it is piecewise constant")
    __mod__ = __rmod__ = refused("`%`")
    __divmod__ = __rdivmod__ = refused("divmod")
    __lshift__ = __rlshift__ = __rshift__ = __rrshift__ = refused("a shift of bits")
    __round__ = __floor__ = __ceil__ = __trunc__ = refused("rounding", "it is piecewise constant")
    __bool__ = refused("`if x`, `while x`, `and`, `or`, `not` and bool(x)", CHOICE)
    __float__ = refused("float(x), and with it the functions of `math`,", NUMBER)
    __int__ = refused("int(x)", WHOLE)
    __index__ = refused("x as an index or as a whole number", WHOLE)
    __complex__ = refused("complex(x)", "values are real")
    __setitem__ = refused("x[..] = y, which changes an array in place,", "build the array by operations on whole arrays")
    __delitem__ = refused("del x[..]")
    __contains__ = refused("`in`")
    __array__ = refused("np.array(x), np.asarray(x) and x as an index", "x is an array already: leave a conversion out")

    def __neg__(self) -> Any:
        return arithmetic.negative(self)

    def __pos__(self) -> Any:
        return arithmetic.number_of(self)

    def __abs__(self) -> Any:
        return arithmetic.applied("abs", self)

    def __invert__(self) -> Any:
        return called_ufunc(np.invert, (self,))

    def __gt__(self, other: object) -> Any:
        return arithmetic.compare(">", self, self.run.lift(other, "`>`"))

    def __ge__(self, other: object) -> Any:
        return arithmetic.compare(">=", self, self.run.lift(other, "`>=`"))

    def __lt__(self, other: object) -> Any:
        return arithmetic.compare("<", self, self.run.lift(other, "`<`"))

    def __le__(self, other: object) -> Any:
        return arithmetic.compare("<=", self, self.run.lift(other, "`<=`"))

    def __eq__(self, other: object) -> Any:
        return arithmetic.compare("==", self, self.run.lift(other, "`==`"))

    def __ne__(self, other: object) -> Any:
        return arithmetic.compare("!=", self, self.run.lift(other, "`!=`"))

    # --- parts ------------------------------------------------------------------------------------------------------

    def __getitem__(self, key: object) -> Any:
        return indexed(self, key)

    def __len__(self) -> int:
        if not self.axes:
            refuse("len() of a scalar")
        return int(self.shape[0])

    def __iter__(self) -> Iterator[Any]:
        """The entries or rows, for loops over them: their number is that of the call."""
        return iter([self[k] for k in range(len(self))])

    def __copy__(self) -> Array:
        return self

    def __deepcopy__(self, memo: object) -> Array:
        return self

    # --- attributes -------------------------------------------------------------------------------------------------

    @property
    def shape(self) -> tuple[Any, ...]:
        """The lengths of the axes: 1, or a size, which is a symbol in arithmetic and a number where one is needed."""
        return tuple(1 if size is None else Whole(self.run, size_form(size), size.root.value, (size,)) for size in self.axes)

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.axes)

    @property
    def size(self) -> Any:
        """The number of entries."""
        return prod(self.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """float64, but bool for a condition."""
        return np.dtype(bool if self.boolean else float)

    @property
    def T(self) -> Any:
        """The transpose."""
        return transpose(self)

    @property
    def mT(self) -> Any:
        """The transpose of a matrix."""
        if len(self.axes) < 2:
            refuse(f"x.mT of the shape {shown(self.axes)}")
        return transpose(self)

    def __getattr__(self, word: str) -> Any:
        if word.startswith("__"):
            raise AttributeError(word)
        raise MissingError(f"x.{word} cannot be traced", hint=HINTS.get(word))

    def __format__(self, specification: str) -> str:
        return repr(self)

    def __repr__(self) -> str:
        return f"<traced {to_text(self.form)} of shape {shown(self.axes)}>"

    # --- methods ----------------------------------------------------------------------------------------------------

    sum, mean, var, std = function("sum"), function("mean"), function("var"), function("std")
    dot, trace, clip, ravel = function("dot"), function("trace"), function("clip"), function("ravel")
    squeeze, swapaxes, diagonal, flatten = function("squeeze"), function("swapaxes"), function("diagonal"), function("ravel")

    def reshape(self, *shape: Any, order: object = "C") -> Any:
        """As the method of NumPy's arrays."""
        return RULES["reshape"](self.run, self, shape[0] if len(shape) == 1 else shape, order)

    def transpose(self, *axes: Any) -> Any:
        """As the method of NumPy's arrays."""
        return RULES["transpose"](self.run, self, (axes[0] if len(axes) == 1 else axes) or None)

    def astype(self, dtype: Any, **options: object) -> Any:
        """As the method of NumPy's arrays, to floats of double precision."""
        if np.dtype(dtype) != np.dtype(float):
            refuse(f"x.astype({dtype})", "values are floats of double precision")
        return arithmetic.number_of(self)

    def copy(self, order: object = "C") -> Any:
        """Itself: a traced array never changes."""
        return self

    # --- protocols of NumPy -----------------------------------------------------------------------------------------

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method != "__call__":
            refuse(f"np.{ufunc.__name__}.{method}", "write np.sum or np.outer")
        if kwargs:
            refuse(f"np.{ufunc.__name__}(.., {', '.join(kwargs)}=..)")
        return called_ufunc(ufunc, tuple(self.run.lift(value, f"np.{ufunc.__name__}") for value in inputs))

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return call_function(self.run, func, args, kwargs)


def whole(rule: Callable[[int, int], int], plain: Callable[..., Any]) -> Callable[[Any, Any], Any]:
    """An operator of two whole numbers that gives a whole number again."""

    def method(self: Whole, other: Any) -> Any:
        result = plain(self, other)
        if not is_whole(other):
            return result
        known = other.whole if isinstance(other, Whole) else int(other)
        sizes = self.sizes + (other.sizes if isinstance(other, Whole) else ())
        value = None if self.whole is None or known is None else rule(self.whole, known)
        return Whole(self.run, result.form, value, sizes)

    return method


def concrete(rule: Callable[[Any, Any], Any], plain: Callable[..., Any]) -> Callable[[Any, Any], Any]:
    """An operator that works on the number that a size is."""

    def method(self: Whole, other: Any) -> Any:
        if not is_whole(other) and not isinstance(other, float):
            return plain(self, other)
        if rule in (operator.eq, operator.ne) and isinstance(other, Whole) and same_size(self, other):
            return rule is operator.eq
        return rule(self.__index__(), other.__index__() if isinstance(other, Whole) else other)

    return method


def is_whole(thing: object) -> bool:
    """True for a size and for a whole number."""
    return isinstance(thing, Whole | Integral) and not isinstance(thing, bool)


def same_size(a: Whole, b: Whole) -> bool:
    """True if two sizes are one."""
    return len(a.sizes) == len(b.sizes) == 1 and a.sizes[0].root is b.sizes[0].root and a.form.head == b.form.head == "name"


class Whole(Array):
    """A size, or a whole number made of sizes: a symbol in arithmetic, a number where Python needs one.

    Where it becomes a number, the derivative is made for that size.
    """

    __slots__ = ("whole", "sizes")

    def __init__(self, run: Maker, form: Form, whole: int | None, sizes: tuple[Size, ...]) -> None:
        super().__init__(run, form, ())
        self.whole = whole
        self.sizes = sizes

    __add__ = __radd__ = whole(operator.add, Array.__add__)
    __sub__ = whole(operator.sub, Array.__sub__)
    __rsub__ = whole(lambda a, b: b - a, Array.__rsub__)
    __mul__ = __rmul__ = whole(operator.mul, Array.__mul__)
    __floordiv__, __mod__ = concrete(operator.floordiv, Array.__floordiv__), concrete(operator.mod, Array.__mod__)
    __rfloordiv__ = concrete(lambda a, b: b // a, Array.__rfloordiv__)
    __rmod__ = concrete(lambda a, b: b % a, Array.__rmod__)
    __eq__, __ne__ = concrete(operator.eq, Array.__eq__), concrete(operator.ne, Array.__ne__)
    __lt__, __le__ = concrete(operator.lt, Array.__lt__), concrete(operator.le, Array.__le__)
    __gt__, __ge__ = concrete(operator.gt, Array.__gt__), concrete(operator.ge, Array.__ge__)

    def __index__(self) -> int:
        if self.whole is None:
            refuse("a size that is not known yet, as a number,", "it is known at a call; or declare x: vector(5)")
        for size in self.sizes:
            size.pin()
        return self.whole

    __int__ = __index__

    def __array__(self, *args: Any, **kwargs: Any) -> np.ndarray[Any, Any]:
        return np.array(self.__index__())

    def __float__(self) -> float:
        return float(self.__index__())

    def __bool__(self) -> bool:
        return bool(self.__index__())

    def __hash__(self) -> int:
        return hash(self.__index__())
