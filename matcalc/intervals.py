"""Intervals that certainly hold the value of a real expression: with them a claim is refuted, and never wrongly.

Within `with enclosures(40):` the numeric interpreter computes with intervals whose ends are decimal numbers of 40
digits, rounded outward after every operation.  So whatever cancels, however ill-conditioned a matrix is: if the
intervals of two sides have no point in common, the sides differ.  An interval may be wide, and says little then.

What is not certainly defined has no value: a quotient by an interval that holds 0, a logarithm of one that is not
positive, an overflow.  `UNDEFINED` stands for it and passes through all operations.  A comparison is true if it is
certain; at a kink or a jump that an interval straddles, the value of step, sign or relu spans both branches.

Source: R. E. Moore, R. B. Kearfott, M. J. Cloud, Introduction to Interval Analysis (2009), chapters 2, 4 and 5.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from fractions import Fraction
from functools import cache, partial
from typing import Any, ClassVar, Self

from matcalc import precision
from matcalc.precision import NAN, Arithmetic, computing, context

__all__ = ["Interval", "enclosures", "meet"]

#: Digits with which the functions are computed beyond those of the intervals; their last two are not relied on.
GUARD = 4

#: Digits of the largest whole power that is found by squaring.
LONGEST_POWER = 30

#: More than any number that is too small to be told from 0.
TINY = Decimal(f"1e-{precision.LARGEST_EXPONENT - 10}")


def with_whole_numbers(operator: Callable[[Any, Interval], Interval]) -> Callable[[Any, Interval | int], Interval]:
    """An operator whose other operand may be a whole number; all else is left to the operand itself, an array say."""

    def applied(self: Any, other: Interval | int) -> Interval:
        if isinstance(other, Interval):
            return operator(self, other)
        return operator(self, self.of(other)) if isinstance(other, int) else NotImplemented

    return applied


class Interval:
    """All numbers from `lo` to `hi`, both finite; or `UNDEFINED`, whose ends are not numbers."""

    __slots__ = ("lo", "hi")

    #: How the ends are rounded; set in the class for a number of digits.
    down: ClassVar[Context]
    up: ClassVar[Context]

    def __init__(self, lo: Decimal, hi: Decimal) -> None:
        whole = lo.is_finite() and hi.is_finite()
        self.lo, self.hi = (lo, hi) if whole else (NAN, NAN)

    @classmethod
    def of(cls, x: Any) -> Self:
        """The interval of a number, or of an interval of another precision."""
        if isinstance(x, Interval):
            return cls(cls.down.plus(x.lo), cls.up.plus(x.hi))
        if isinstance(x, (int, float, Decimal)):
            exact = Decimal(x)
            return cls(cls.down.plus(exact), cls.up.plus(exact))
        ratio = x if isinstance(x, Fraction) else Fraction(*x.as_integer_ratio())
        numerator, denominator = Decimal(ratio.numerator), Decimal(ratio.denominator)
        return cls(cls.down.divide(numerator, denominator), cls.up.divide(numerator, denominator))

    def __repr__(self) -> str:
        return f"[{self.lo}, {self.hi}]" if self.is_defined else "undefined"

    @property
    def is_defined(self) -> bool:
        return not self.lo.is_nan()

    @property
    def middle(self) -> Decimal:
        return (self.lo + self.hi) / 2

    def __float__(self) -> float:
        return float(self.middle)

    def __int__(self) -> int:
        return int(self.middle)

    # Sums, products, quotients

    def __neg__(self) -> Self:
        return type(self)(self.hi.copy_negate(), self.lo.copy_negate())

    def __abs__(self) -> Self:
        if self.lo >= 0:
            return self
        return -self if self.hi <= 0 else type(self)(Decimal(0), max(self.hi, self.lo.copy_negate()))

    @with_whole_numbers
    def __add__(self, other: Interval) -> Interval:
        return type(self)(self.down.add(self.lo, other.lo), self.up.add(self.hi, other.hi))

    @with_whole_numbers
    def __sub__(self, other: Interval) -> Interval:
        return type(self)(self.down.subtract(self.lo, other.hi), self.up.subtract(self.hi, other.lo))

    def __rsub__(self, other: int) -> Interval:
        return -self + other

    @with_whole_numbers
    def __mul__(self, other: Interval) -> Interval:
        a, b, c, d = self.lo, self.hi, other.lo, other.hi
        if a.is_nan() or c.is_nan():
            return type(self)(NAN, NAN)
        down, up = self.down.multiply, self.up.multiply
        if a >= 0 and c >= 0:
            return type(self)(down(a, c), up(b, d))
        return type(self)(
            min(down(a, c), down(a, d), down(b, c), down(b, d)), max(up(a, c), up(a, d), up(b, c), up(b, d))
        )

    def reciprocal(self) -> Self:
        if not (self.lo > 0 or self.hi < 0):
            return type(self)(NAN, NAN)
        return type(self)(self.down.divide(1, self.hi), self.up.divide(1, self.lo))

    @with_whole_numbers
    def __truediv__(self, other: Interval) -> Interval:
        c, d = other.lo, other.hi
        if not (c > 0 or d < 0) or self.lo.is_nan():
            return type(self)(NAN, NAN)
        ends = [(x, y) for x in (self.lo, self.hi) for y in (c, d)]
        return type(self)(min(self.down.divide(*e) for e in ends), max(self.up.divide(*e) for e in ends))

    def __rtruediv__(self, other: int) -> Interval:
        return self.of(other) / self

    __radd__, __rmul__ = __add__, __mul__

    def __pow__(self, exponent: int) -> Self:
        """A whole power, by squaring the ends: on each side of 0 it is monotone."""
        if exponent < 0:
            return (self**-exponent).reciprocal()
        base = abs(self) if exponent % 2 == 0 else self
        ends = (raised(base.lo, exponent, self.down, self.up), raised(base.hi, exponent, self.up, self.down))
        return type(self)(*ends)

    # Comparisons that are true if they are certain

    def __lt__(self, other: Interval | int) -> bool:
        return self.hi < (other if isinstance(other, int) else other.lo)

    def __le__(self, other: Interval | int) -> bool:
        return self.hi <= (other if isinstance(other, int) else other.lo)

    def __gt__(self, other: Interval | int) -> bool:
        return self.lo > (other if isinstance(other, int) else other.hi)

    def __ge__(self, other: Interval | int) -> bool:
        return self.lo >= (other if isinstance(other, int) else other.hi)

    def __eq__(self, other: object) -> bool:
        """Whether both have the same ends; with a number, whether this is that number.  `UNDEFINED` equals nothing."""
        low, high = (other.lo, other.hi) if isinstance(other, Interval) else (other, other)
        return bool(self.lo == low and self.hi == high)

    __hash__ = None  # type: ignore[assignment]


def raised(x: Decimal, exponent: int, outward: Context, inward: Context) -> Decimal:
    """A whole power of an end, rounded in the direction of `outward`; that of a negative number is minus that of -x."""
    if x < 0 and exponent % 2:
        return raised(x.copy_negate(), exponent, inward, outward).copy_negate()
    result, base = Decimal(1), x
    while exponent:
        if exponent % 2:
            result = outward.multiply(result, base)
        exponent //= 2
        base = outward.multiply(base, base) if exponent else base
    return result


def meet(x: Interval, y: Interval) -> bool:
    """Whether two intervals may hold the same number."""
    return not (x.lo > y.hi or y.lo > x.hi)


# ---- Functions ------------------------------------------------------------------------------------------------------


def around(cls: type[Interval], low: Decimal, high: Decimal) -> Interval:
    """The interval between two computed numbers, widened by what their last digits are in doubt."""
    margin = Decimal(10) ** (1 - cls.down.prec)
    below, above = abs(low) * margin + TINY, abs(high) * margin + TINY
    return cls(cls.down.subtract(low, below), cls.up.add(high, above))


def increasing(name: str, x: Interval) -> Interval:
    """A function that grows; it is exact at 0 if it vanishes there."""
    function = precision.FUNCTIONS[name]
    low, high = function(x.lo), function(x.hi)
    if not low and not high and not x.lo and not x.hi:
        return type(x)(low, high)
    return around(type(x), low, high)


def jump(name: str, x: Interval) -> Interval:
    """A function that grows and is exact: step, sign, relu."""
    function = precision.FUNCTIONS[name]
    return type(x)(function(x.lo), function(x.hi))


def wave(name: str, x: Interval) -> Interval:
    """sin or cos, whose slope is at most 1."""
    function = precision.FUNCTIONS[name]
    value = function(x.lo)
    if x.lo == x.hi and not value:
        return type(x)(value, value)
    width = x.up.subtract(x.hi, x.lo)
    near = around(type(x), value, value)
    return type(x)(max(Decimal(-1), x.down.subtract(near.lo, width)), min(Decimal(1), x.up.add(near.hi, width)))


def arccosine(x: Interval) -> Interval:
    return around(type(x), precision.FUNCTIONS["acos"](x.hi), precision.FUNCTIONS["acos"](x.lo))


def cosine_hyperbolic(x: Interval) -> Interval:
    y = increasing("exp", x)
    return (y + y.reciprocal()) / 2


def power(x: Interval, p: Interval) -> Interval:
    """x^p: a whole power; or exp(p·log x), for x > 0."""
    if not x.is_defined or not p.is_defined:
        return type(x)(NAN, NAN)
    if p.lo == p.hi and p.lo == p.lo.to_integral_value() and p.lo.adjusted() < LONGEST_POWER:
        return x ** int(p.lo)
    if x.lo == 0 == x.hi and p.lo > 0:
        return x
    return increasing("exp", p * increasing("log", x))


def circle(cls: type[Interval]) -> Interval:
    """The number pi."""
    value = precision.decimal_pi()
    return around(cls, value, value)


GROWING = ("exp", "log", "sqrt", "asin", "atan", "sinh", "tanh", "sigmoid", "softplus", "erf", "normal")

FUNCTIONS: dict[str, Callable[..., Interval]] = {
    **{name: partial(increasing, name) for name in GROWING},
    **{name: partial(jump, name) for name in ("step", "sign", "relu")},
    "power": power,
    "reciprocal": Interval.reciprocal,
    "abs": abs,
    "sin": partial(wave, "sin"),
    "cos": partial(wave, "cos"),
    "tan": lambda x: wave("sin", x) / wave("cos", x),
    "acos": arccosine,
    "cosh": cosine_hyperbolic,
    "gelu": lambda x: x * increasing("normal", x),
    "silu": lambda x: x * increasing("sigmoid", x),
}


# ---- The arithmetic -------------------------------------------------------------------------------------------------


@cache
def interval_class(digits: int) -> type[Interval]:
    """Intervals whose ends have so many digits."""
    rounding = {"down": context(digits, ROUND_FLOOR), "up": context(digits, ROUND_CEILING)}
    return type(f"Interval{digits}", (Interval,), {"__slots__": (), **rounding})


@cache
def interval_arithmetic(digits: int) -> Arithmetic:
    cls = interval_class(digits)
    functions: dict[str, Callable[..., Interval]] = {**FUNCTIONS, "pi": partial(circle, cls)}
    return Arithmetic(digits, cls.of, functions, 0)


@contextmanager
def enclosures(digits: int) -> Iterator[None]:
    """Let the interpreter compute with intervals whose ends have so many digits."""
    with computing(interval_arithmetic(digits), digits + GUARD):
        yield
