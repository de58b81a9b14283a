"""The numbers with which the numeric interpreter computes: NumPy's own, or decimal numbers of as many digits as wanted.

By default nothing here does anything.  Within `with decimals(40):` every number that the interpreter makes or is given
is a `decimal.Decimal` of 40 digits in an array of objects; a double becomes a decimal number exactly.  The arithmetic in
force belongs to the thread or task, as the context of the module `decimal` does.

Sums, products and quotients of such arrays are NumPy's, entry by entry in C.  Functions go by their name through
`entrywise`; where a real function is undefined, the value is NaN or an infinity, never complex, never an exception.
exp, log and sqrt are those of `decimal`, the others those of mpmath, which is imported when the first of them is called.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Context, Decimal, getcontext, localcontext
from fractions import Fraction
from functools import cache
from typing import Any, cast, overload

import numpy as np
from numpy.typing import NDArray

__all__ = ["Arithmetic", "decimals", "computing", "is_precise", "numbers", "entrywise", "pi", "root", "rounding"]

Array = NDArray[Any]

#: The largest exponent of ten of a number; what is larger is infinite.
LARGEST_EXPONENT = 10**12

#: The exponents of ten beyond which a function is told by its limit.
FAR = 1000

NAN, INFINITY = Decimal("nan"), Decimal("inf")

#: The functions of two numbers; "hull" is any number between both, for an arithmetic that can say so.
BINARY = frozenset({"power", "maximum", "minimum", "hull"})


# ---- The arithmetic in force ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Arithmetic:
    """A kind of numbers in arrays of objects."""

    digits: int
    #: The number of an int, float, Fraction, Decimal or number of another precision; exact, or rounded to the digits.
    make: Callable[[Any], Any]
    #: Functions of numbers by name.
    functions: Mapping[str, Callable[..., Any]]
    #: A number that is so small beside another that it may be rounding alone.
    rounding: Any
    #: `functions` and `make` as functions of arrays, as far as they were asked for.
    of_arrays: dict[str, Any] = field(default_factory=dict)

    def on_arrays(self, name: str) -> Any:
        """A function, or "make", entry by entry."""
        if name not in self.of_arrays:
            function = self.make if name == "make" else self.functions[name]
            self.of_arrays[name] = np.frompyfunc(function, 2 if name in BINARY else 1, 1)
        return self.of_arrays[name]


_IN_FORCE: ContextVar[Arithmetic | None] = ContextVar("arithmetic", default=None)


def context(digits: int, rounding: str = ROUND_HALF_EVEN) -> Context:
    """Decimal numbers of so many digits, with NaN and infinities instead of exceptions."""
    return Context(digits, rounding, -LARGEST_EXPONENT, LARGEST_EXPONENT, 1, 0, [], [])


@contextmanager
def computing(arithmetic: Arithmetic, digits: int) -> Iterator[None]:
    """Put an arithmetic in force, and decimal numbers of so many digits below it."""
    token = _IN_FORCE.set(arithmetic)
    try:
        with localcontext(context(digits)):
            yield
    finally:
        _IN_FORCE.reset(token)


@contextmanager
def decimals(digits: int) -> Iterator[None]:
    """Let the interpreter compute with decimal numbers of so many digits."""
    with computing(decimal_arithmetic(digits), digits):
        yield


@cache
def decimal_arithmetic(digits: int) -> Arithmetic:
    return Arithmetic(digits, decimal, FUNCTIONS, Decimal(10) ** (2 - digits))


def is_precise() -> bool:
    """Whether an arithmetic other than NumPy's own is in force."""
    return _IN_FORCE.get() is not None


@overload
def numbers(x: Array) -> Array: ...
@overload
def numbers(x: float) -> float: ...


def numbers(x: Any) -> Any:
    """An array, or a single number, in the arithmetic in force: itself by default.

    A single number passes for a float with the type checker, whatever it is.
    """
    arithmetic = _IN_FORCE.get()
    if arithmetic is None:
        return x
    if not isinstance(x, np.ndarray):
        return arithmetic.make(x)
    return np.asarray(arithmetic.on_arrays("make")(x.astype(object)), dtype=object)


def entrywise(name: str, *arrays: Array) -> Array:
    """A function by its name, entry by entry on arrays of the numbers in force."""
    arithmetic = _IN_FORCE.get()
    if arithmetic is None:
        raise TypeError(f"no arithmetic is in force for `{name}` of objects")
    return np.asarray(arithmetic.on_arrays(name)(*arrays), dtype=object)


def pi() -> float:
    """The number pi in the arithmetic in force: a float by default."""
    arithmetic = _IN_FORCE.get()
    return math.pi if arithmetic is None else cast(float, arithmetic.functions["pi"]())


def root(x: float) -> float:
    """The square root of a single number."""
    arithmetic = _IN_FORCE.get()
    return math.sqrt(x) if arithmetic is None else cast(float, arithmetic.functions["sqrt"](arithmetic.make(x)))


def rounding(a: Array) -> Any:
    """The relative size of the rounding of the entries of an array."""
    arithmetic = _IN_FORCE.get()
    return np.finfo(a.dtype).eps if arithmetic is None or a.dtype != object else arithmetic.rounding


# ---- Decimal numbers ------------------------------------------------------------------------------------------------


def decimal(x: Any) -> Decimal:
    """The decimal number of an int, a float or a Fraction, or of another decimal number, rounded to the context."""
    if isinstance(x, (int, float, Decimal)):
        return +Decimal(x)
    exact = x if isinstance(x, Fraction) else Fraction(*x.as_integer_ratio())
    return Decimal(exact.numerator) / Decimal(exact.denominator)


def step(x: Decimal) -> Decimal:
    return NAN if x.is_nan() else Decimal(int(x > 0))


def sign(x: Decimal) -> Decimal:
    return NAN if x.is_nan() else Decimal((x > 0) - (x < 0))


def relu(x: Decimal) -> Decimal:
    return x if x.is_nan() or x > 0 else Decimal(0)


def sigmoid(x: Decimal) -> Decimal:
    return 1 / (1 + (-x).exp())


def softplus(x: Decimal) -> Decimal:
    """log(1 + exp(x)) = x + log(1 + exp(-x)); with y = exp(x) small it is y - y²/2, to within y³."""
    if x > 0:
        return x + softplus(-x)
    y = x.exp()
    if y.adjusted() < -getcontext().prec:
        return y - y * y / 2
    with localcontext() as wide:
        wide.prec += 2 - y.adjusted() if y else 0
        result = (1 + y).ln()
    return +result


def gelu(x: Decimal) -> Decimal:
    return x * normal(x)


def silu(x: Decimal) -> Decimal:
    return x * sigmoid(x)


def power(x: Decimal, p: Decimal) -> Decimal:
    """x^p, which is 1 for p = 0, as NumPy has it; not a number for x < 0 unless p is whole."""
    if x.is_nan() or p.is_nan():
        return NAN
    if p == 0:
        return Decimal(1)
    return x**p


def maximum(x: Decimal, y: Decimal) -> Decimal:
    return NAN if x.is_nan() or y.is_nan() else max(x, y)


def minimum(x: Decimal, y: Decimal) -> Decimal:
    return NAN if x.is_nan() or y.is_nan() else min(x, y)


# ---- The functions of mpmath ----------------------------------------------------------------------------------------


@cache
def library() -> Any:
    """The plain functions of mpmath."""
    from mpmath import libmp

    return libmp


def bits() -> int:
    """Binary digits that are more than enough for those of the context."""
    return getcontext().prec * 10 // 3 + 20


def into_binary(x: Decimal) -> Any:
    """A decimal number as mpmath has it, to twice the digits, so that a zero or a pole nearby does no harm."""
    numerator, denominator = x.as_integer_ratio()
    return library().from_rational(numerator, denominator, 2 * bits() + 4 * abs(x.adjusted()), "n")


def from_binary(y: Any) -> Decimal:
    """A number of mpmath as a decimal one, rounded to the context."""
    negative, mantissa, exponent, _ = y
    value = Decimal(-int(mantissa) if negative else int(mantissa))
    if abs(exponent) < 5 * FAR:
        scale = Decimal(1 << abs(exponent))
        return value * scale if exponent > 0 else value / scale
    with localcontext() as wide:
        wide.prec += 20
        result = value * Decimal(2) ** int(exponent)
    return +result


def by_mpmath(
    name: str, near: Callable[[Decimal], Decimal], far: Callable[[Decimal], Decimal], beyond: int = FAR
) -> Callable[[Decimal], Decimal]:
    """A function of mpmath on decimal numbers; `near` is its value at tiny numbers, `far` at those from 10^beyond."""

    def function(x: Decimal) -> Decimal:
        if not x.is_finite():
            return NAN
        if not x or x.adjusted() < -FAR:
            return near(x)
        if x.adjusted() >= beyond:
            return far(x)
        return from_binary(getattr(library(), name)(into_binary(x), bits()))

    return function


def within_one(function: Callable[[Decimal], Decimal]) -> Callable[[Decimal], Decimal]:
    """A function whose domain is -1 to 1."""
    return lambda x: function(x) if abs(x) <= 1 else NAN


def decimal_pi() -> Decimal:
    return from_binary(library().mpf_pi(bits()))


def itself(x: Decimal) -> Decimal:
    return x


def one(x: Decimal) -> Decimal:
    return Decimal(1)


def unit(x: Decimal) -> Decimal:
    return Decimal(1).copy_sign(x)


def undefined(x: Decimal) -> Decimal:
    return NAN


def half_pi(x: Decimal) -> Decimal:
    return decimal_pi() / 2


def normal(x: Decimal) -> Decimal:
    """The normal distribution function erfc(-x/√2)/2; far out it doubles each digit that its argument lacks."""
    with localcontext() as wide:
        wide.prec += 15
        result = complementary(-x * Decimal("0.5").sqrt()) / 2
    return +result


complementary = by_mpmath("mpf_erfc", one, lambda x: Decimal(0) if x > 0 else Decimal(2), beyond=6)

FUNCTIONS: dict[str, Callable[..., Decimal]] = {
    "pi": decimal_pi,
    "power": power,
    "maximum": maximum,
    "minimum": minimum,
    "hull": lambda x, y: x if x == y else NAN,
    "reciprocal": lambda x: 1 / x,
    "exp": Decimal.exp,
    "log": Decimal.ln,
    "sqrt": Decimal.sqrt,
    "abs": abs,
    "sign": sign,
    "step": step,
    "relu": relu,
    "sin": by_mpmath("mpf_sin", itself, undefined),
    "cos": by_mpmath("mpf_cos", one, undefined),
    "tan": by_mpmath("mpf_tan", itself, undefined),
    "asin": within_one(by_mpmath("mpf_asin", itself, undefined)),
    "acos": within_one(by_mpmath("mpf_acos", half_pi, undefined)),
    "atan": by_mpmath("mpf_atan", itself, lambda x: half_pi(x).copy_sign(x)),
    "sinh": by_mpmath("mpf_sinh", itself, lambda x: INFINITY.copy_sign(x)),
    "cosh": by_mpmath("mpf_cosh", one, lambda x: INFINITY),
    "tanh": by_mpmath("mpf_tanh", itself, unit),
    "sigmoid": sigmoid,
    "softplus": softplus,
    "erf": by_mpmath("mpf_erf", lambda x: 2 * x / decimal_pi().sqrt(), unit),
    "normal": normal,
    "gelu": gelu,
    "silu": silu,
}
