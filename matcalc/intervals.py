"""Intervals that certainly hold the value of a real expression: with them a claim is refuted, and never wrongly.

Within `with enclosures(40):` the numeric interpreter computes with intervals whose ends are decimal numbers of 40
digits, rounded outward after every operation.  So whatever cancels, however ill-conditioned a matrix is: if the
intervals of two sides have no point in common, the sides differ.  An interval may be wide, and says little then.

What is not certainly defined has no value: a quotient by an interval that holds 0, a logarithm of one that is not
positive, an overflow.  `UNDEFINED` stands for it and passes through all operations.  A comparison is true if it is
certain; at a kink or a jump that an interval straddles, the value of step, sign or relu spans both branches.

An interval that is a single rational number knows it, as a fraction, so long as that is not too long: sums, products,
quotients and whole powers of such numbers are exact, and A·inv(A) is exactly the unit matrix at a point.

Source: R. E. Moore, R. B. Kearfott, M. J. Cloud, Introduction to Interval Analysis (2009), chapters 2, 4 and 5.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from fractions import Fraction
from functools import cache, partial
from math import isqrt
from typing import Any, ClassVar, Self

from matcalc import precision
from matcalc.precision import NAN, Arithmetic, computing, context

__all__ = ["Interval", "enclosures", "meet", "distance"]

#: Digits with which the functions are computed beyond those of the intervals; their last two are not relied on.
GUARD = 4

#: A whole power is found by squaring up to this exponent.
LARGEST_POWER = 10**30

#: More than any number that is too small to be told from 0.
TINY = Decimal(f"1e-{precision.LARGEST_EXPONENT - 10}")

#: The most binary digits of numerator and denominator of a number that is kept as a fraction, and the largest exponent
#: of ten of a decimal number that becomes one.
MOST_BITS, FAR = 4000, 300


def arithmetic(
    exactly: Callable[[Fraction, Fraction], Fraction],
) -> Callable[[Callable[[Any, Interval], Interval]], Callable[[Any, Interval | int], Interval]]:
    """An operator on intervals, with what it is on fractions.

    The other operand may be a whole number; all else is left to the operand itself, an array say.
    """

    def decorated(operation: Callable[[Any, Interval], Interval]) -> Callable[[Any, Interval | int], Interval]:
        def applied(self: Any, other: Interval | int) -> Interval:
            if not isinstance(other, (Interval, int)):
                return NotImplemented
            second: Interval = self.of(other) if isinstance(other, int) else other
            x, y = self.exact, second.exact
            if x is None or y is None or (not y and exactly is operator.truediv):
                return operation(self, second)
            result: Interval = self.rational(exactly(x, y))
            return result

        return applied

    return decorated


def certain(relation: Callable[[Any, Any], bool], *, below: bool) -> Callable[[Interval, Interval | int], bool]:
    """A comparison that is true if it holds of all numbers in two intervals."""

    def compared(self: Interval, other: Interval | int) -> bool:
        y = other if isinstance(other, int) else other.exact
        if self.exact is not None and y is not None:
            return relation(self.exact, y)
        if isinstance(other, int):
            return relation(self.hi if below else self.lo, other)
        return relation(self.hi, other.lo) if below else relation(self.lo, other.hi)

    return compared


class Interval:
    """All numbers from `lo` to `hi`, both finite, or the single one `exact`; or `UNDEFINED`, whose ends are not numbers."""

    __slots__ = ("lo", "hi", "exact")

    #: How the ends are rounded; set in the class for a number of digits.
    down: ClassVar[Context]
    up: ClassVar[Context]

    def __init__(self, lo: Decimal, hi: Decimal, exact: Fraction | None = None) -> None:
        whole = lo.is_finite() and hi.is_finite()
        self.lo, self.hi = (lo, hi) if whole else (NAN, NAN)
        self.exact = fraction(lo) if exact is None and lo == hi else exact

    @classmethod
    def of(cls, x: Any) -> Self:
        """The interval of a number, or of an interval of another precision."""
        if isinstance(x, Interval):
            return cls(cls.down.plus(x.lo), cls.up.plus(x.hi)) if x.exact is None else cls.rational(x.exact)
        if isinstance(x, (int, float, Decimal)):
            exact = Decimal(x)
            return cls(cls.down.plus(exact), cls.up.plus(exact), fraction(exact))
        return cls.rational(x if isinstance(x, Fraction) else Fraction(*x.as_integer_ratio()))

    @classmethod
    def rational(cls, x: Fraction) -> Self:
        """The interval of a fraction, which is kept if it is not too long."""
        numerator, denominator = Decimal(x.numerator), Decimal(x.denominator)
        ends = cls.down.divide(numerator, denominator), cls.up.divide(numerator, denominator)
        return cls(*ends, x if length(x) <= MOST_BITS else None)

    def __repr__(self) -> str:
        return f"[{self.lo}, {self.hi}]" if self.is_defined else "undefined"

    @property
    def is_defined(self) -> bool:
        return not self.lo.is_nan()

    @property
    def middle(self) -> Decimal:
        """Half the sum of the ends; of a number beyond all that a decimal holds, an end."""
        try:
            return (self.lo + self.hi) / 2
        except ArithmeticError:
            return self.hi if self.hi.is_finite() else self.lo

    def __float__(self) -> float:
        return float(self.middle)

    def __int__(self) -> int:
        return int(self.middle)

    # Sums, products, quotients

    def __neg__(self) -> Self:
        return type(self)(self.hi.copy_negate(), self.lo.copy_negate(), None if self.exact is None else -self.exact)

    def __abs__(self) -> Self:
        if self.lo >= 0:
            return self
        return -self if self.hi <= 0 else type(self)(Decimal(0), max(self.hi, self.lo.copy_negate()))

    @arithmetic(operator.add)
    def __add__(self, other: Interval) -> Interval:
        return type(self)(self.down.add(self.lo, other.lo), self.up.add(self.hi, other.hi))

    @arithmetic(operator.sub)
    def __sub__(self, other: Interval) -> Interval:
        return type(self)(self.down.subtract(self.lo, other.hi), self.up.subtract(self.hi, other.lo))

    def __rsub__(self, other: int) -> Interval:
        return -self + other

    @arithmetic(operator.mul)
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

    def reciprocal(self) -> Interval:
        return self.of(1) / self

    @arithmetic(operator.truediv)
    def __truediv__(self, other: Interval) -> Interval:
        c, d = other.lo, other.hi
        if not (c > 0 or d < 0) or self.lo.is_nan():
            return type(self)(NAN, NAN)
        ends = [(x, y) for x in (self.lo, self.hi) for y in (c, d)]
        return type(self)(min(self.down.divide(*e) for e in ends), max(self.up.divide(*e) for e in ends))

    def __rtruediv__(self, other: int) -> Interval:
        return self.of(other) / self

    __radd__, __rmul__ = __add__, __mul__

    def __pow__(self, exponent: int) -> Interval:
        """A whole power, by squaring the ends: on each side of 0 it is monotone."""
        if not self.is_defined:
            return self
        if exponent < 0:
            return (self**-exponent).reciprocal()
        if self.exact is not None and exponent * length(self.exact) <= MOST_BITS:
            return self.rational(self.exact**exponent)
        base = abs(self) if exponent % 2 == 0 else self
        ends = (raised(base.lo, exponent, self.down, self.up), raised(base.hi, exponent, self.up, self.down))
        return type(self)(*ends)

    # Comparisons that are true if they are certain

    __lt__, __le__ = certain(operator.lt, below=True), certain(operator.le, below=True)
    __gt__, __ge__ = certain(operator.gt, below=False), certain(operator.ge, below=False)

    def __eq__(self, other: object) -> bool:
        """Whether both have the same ends; with a number, whether this is that number.  `UNDEFINED` equals nothing."""
        exact = other.exact if isinstance(other, Interval) else other
        if self.exact is not None and exact is not None:
            return bool(self.exact == exact)
        low, high = (other.lo, other.hi) if isinstance(other, Interval) else (other, other)
        return bool(self.lo == low and self.hi == high)

    __hash__ = None  # type: ignore[assignment]


def length(x: Fraction) -> int:
    """The number of binary digits of a fraction."""
    return x.numerator.bit_length() + x.denominator.bit_length()


def fraction(x: Decimal) -> Fraction | None:
    """A decimal number as a fraction, if it is one of moderate length."""
    if not x:
        return Fraction(0)
    return Fraction(x) if x.is_finite() and abs(x.adjusted()) < FAR else None


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
    if x.exact is not None and y.exact is not None:
        return x.exact == y.exact
    return not (x.lo > y.hi or y.lo > x.hi)


def distance(x: Interval, y: Interval) -> Decimal:
    """About how far two numbers are apart, in the decimal context."""
    if x.exact is not None and y.exact is not None:
        return abs(precision.decimal(x.exact - y.exact))
    return abs(x.middle - y.middle)


# ---- Functions ------------------------------------------------------------------------------------------------------


def around(cls: type[Interval], low: Decimal, high: Decimal) -> Interval:
    """The interval between two computed numbers, widened by what their last digits are in doubt."""
    margin = Decimal(10) ** (1 - cls.down.prec)
    below, above = abs(low) * margin + TINY, abs(high) * margin + TINY
    return cls(cls.down.subtract(low, below), cls.up.add(high, above))


def increasing(name: str, x: Interval) -> Interval:
    """A function that grows."""
    function = precision.FUNCTIONS[name]
    return around(type(x), function(x.lo), function(x.hi))


def jump(name: str, x: Interval) -> Interval:
    """A function that grows and is exact: step, sign."""
    function = precision.FUNCTIONS[name]
    return type(x)(function(x.lo), function(x.hi))


def positive_part(x: Interval) -> Interval:
    return x if x.lo >= 0 else jump("relu", x)


def square_root(x: Interval) -> Interval:
    """The root, which is exact for the square of a fraction."""
    if x.exact is not None and x.exact >= 0:
        root = Fraction(isqrt(x.exact.numerator), isqrt(x.exact.denominator))
        if root * root == x.exact:
            return type(x).rational(root)
    return increasing("sqrt", x)


def wave(name: str, x: Interval) -> Interval:
    """sin or cos, whose slope is at most 1."""
    if not x.is_defined:
        return x
    value, width = precision.FUNCTIONS[name](x.lo), x.up.subtract(x.hi, x.lo)
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
    if p.exact is not None and p.exact.denominator == 1 and abs(p.exact) < LARGEST_POWER:
        return x ** int(p.exact)
    if x.lo == 0 == x.hi and p.lo > 0:
        return x
    return increasing("exp", p * increasing("log", x))


def maximum(x: Interval, y: Interval) -> Interval:
    """The larger of two numbers, whichever it is."""
    known = x.is_defined and y.is_defined
    return type(x)(max(x.lo, y.lo), max(x.hi, y.hi)) if known else type(x)(NAN, NAN)


def minimum(x: Interval, y: Interval) -> Interval:
    return -maximum(-x, -y)


def hull(x: Interval, y: Interval) -> Interval:
    """One of two numbers, it is not known which."""
    known = x.is_defined and y.is_defined
    return type(x)(min(x.lo, y.lo), max(x.hi, y.hi)) if known else type(x)(NAN, NAN)


def circle(cls: type[Interval]) -> Interval:
    """The number pi."""
    value = precision.decimal_pi()
    return around(cls, value, value)


GROWING = ("exp", "log", "asin", "atan", "sinh", "tanh", "sigmoid", "softplus", "erf", "normal")

#: Where a function has a rational value, and which.
KNOWN = {
    **{name: (0, Fraction(0)) for name in ("asin", "atan", "sinh", "tanh", "erf", "sin", "tan", "gelu", "silu")},
    **{name: (0, Fraction(1)) for name in ("exp", "cos", "cosh")},
    **{name: (0, Fraction(1, 2)) for name in ("sigmoid", "normal")},
    **{name: (1, Fraction(0)) for name in ("log", "acos")},
}


def exact_where_known(name: str, function: Callable[[Interval], Interval]) -> Callable[[Interval], Interval]:
    """A function that has its exact value where that is known."""
    place, value = KNOWN[name]
    return lambda x: type(x).rational(value) if x.exact == place else function(x)


ENCLOSED: dict[str, Callable[[Interval], Interval]] = {
    **{name: partial(increasing, name) for name in GROWING},
    "sin": partial(wave, "sin"),
    "cos": partial(wave, "cos"),
    "tan": lambda x: wave("sin", x) / wave("cos", x),
    "acos": arccosine,
    "cosh": cosine_hyperbolic,
    "gelu": lambda x: x * increasing("normal", x),
    "silu": lambda x: x * increasing("sigmoid", x),
}

FUNCTIONS: dict[str, Callable[..., Interval]] = {
    **{name: exact_where_known(name, f) if name in KNOWN else f for name, f in ENCLOSED.items()},
    "step": partial(jump, "step"),
    "sign": partial(jump, "sign"),
    "relu": positive_part,
    "sqrt": square_root,
    "abs": abs,
    "reciprocal": Interval.reciprocal,
    "power": power,
    "maximum": maximum,
    "minimum": minimum,
    "hull": hull,
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
