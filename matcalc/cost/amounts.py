"""Amounts: counts of entries, bytes and flops, as numbers where all sizes are known and as polynomials where not.

A size that is not given is a symbol, so the formulas of `matcalc.cost.counting` are written once for both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from math import prod
from typing import Any, NamedTuple, TypeVar

from sympy import Add, Expr, Max, Poly, Rational, Symbol, expand, sstr

from matcalc.errors import UnknownNameError
from matcalc.form import Axis, Dimension

__all__ = [
    "Amount",
    "ITEM_BYTES",
    "Size",
    "amount",
    "bytes_text",
    "count_text",
    "entries_and_bytes",
    "exact",
    "flops_text",
    "item_bytes",
    "largest",
    "polynomial_text",
    "product_of",
    "total",
]

#: A number, or a polynomial in sizes (of SymPy).
Amount = Any
#: The coefficients of a polynomial by monomial.
Coefficients = Mapping[Expr, Fraction]
T = TypeVar("T")

#: The bytes of one entry.
ITEM_BYTES = {"float32": 4, "float64": 8}

#: The largest number of polynomials whose maximum is told exactly.
FEW = 6

#: From these numbers on, entries, and numbers of the largest unit, are written with a power of ten.
LONG, LARGE = 10**9, 10**6


class Size(NamedTuple):
    """How many entries an array has, and how many bytes they take."""

    entries: int
    bytes: int


def entries_and_bytes(shape: Sequence[Dimension | Axis], sizes: Mapping[str, int], dtype: str = "float64") -> Size:
    """The entries of an array and the bytes that they take.

    `shape` has a dimension for each axis, or a tuple of dimensions for an axis that several make; `sizes` gives each
    dimension that is a name.  `dtype` is "float32" or "float64".  Raises UnknownNameError where a size is missing or
    the type is another.
    """
    dimensions = [d for axis in shape for d in (axis if isinstance(axis, tuple) else (axis,))]
    missing = sorted({d for d in dimensions if isinstance(d, str) and d not in sizes})
    if missing:
        names = ", ".join(f"`{name}`" for name in missing)
        raise UnknownNameError(f"the size of {names} is not known", hint=f"give it, as in `{missing[0]}=100`")
    entries = prod(d if isinstance(d, int) else sizes[d] for d in dimensions)
    return Size(entries, entries * item_bytes(dtype))


def item_bytes(dtype: str) -> int:
    """The bytes of one number of a type."""
    if not isinstance(dtype, str) or dtype not in ITEM_BYTES:
        raise UnknownNameError(f"there is no type `{dtype}` of numbers here", hint=f"one of {', '.join(ITEM_BYTES)}")
    return ITEM_BYTES[dtype]


def amount(dimension: Dimension, sizes: Mapping[str, int]) -> Amount:
    """A dimension as a number, or as a symbol where its size is not given."""
    if isinstance(dimension, int):
        return dimension
    return sizes[dimension] if dimension in sizes else Symbol(dimension, integer=True, positive=True)


def product_of(shape: Iterable[Amount]) -> Amount:
    """The entries of an array of this shape."""
    return prod(shape)


def total(amounts: Iterable[Amount]) -> Amount:
    """The sum; of polynomials as one polynomial."""
    result = sum(amounts)
    return expand(result) if isinstance(result, Expr) else result


def exact(value: Amount) -> int | str:
    """A number as the nearest whole one, a polynomial as text: for JSON."""
    return polynomial_text(value) if isinstance(value, Expr) and not value.is_Integer else round(value)


# ---- The largest of several -----------------------------------------------------------------------------------------


def largest(amounts: Iterable[Amount]) -> Amount:
    """The largest; among polynomials the maximum of those that no other one exceeds at all sizes.

    The coefficients of the polynomials must be nonnegative.  Where more than `FEW` compete, it is a bound instead: the
    polynomial whose every coefficient is the largest of theirs.
    """
    distinct = list(dict.fromkeys(amounts))
    if not any(isinstance(value, Expr) for value in distinct):
        return max(distinct, default=0)
    # The cheap comparison comes first: there may be thousands of polynomials, of many sizes.
    candidates = undominated([coefficients(value) for value in distinct], covers)
    if len(candidates) > FEW:
        return polynomial(bound(candidates))
    kept = undominated([polynomial(c) for c in candidates], dominates)
    return kept[0] if len(kept) == 1 else Max(*kept, evaluate=False)


def undominated(candidates: Iterable[T], exceeds: Callable[[T, T], bool]) -> list[T]:
    """The candidates that none of the others exceeds."""
    kept: list[T] = []
    for value in candidates:
        if not any(exceeds(other, value) for other in kept):
            kept = [other for other in kept if not exceeds(value, other)] + [value]
    return kept


def coefficients(value: Amount) -> Coefficients:
    """The coefficients of a polynomial by monomial."""
    return {monomial: Fraction(c.p, c.q) for monomial, c in expand(value).as_coefficients_dict().items()}


def polynomial(found: Coefficients) -> Amount:
    """The polynomial that has these coefficients."""
    return Add(*(Rational(c) * monomial for monomial, c in found.items()))


def covers(first: Coefficients, second: Coefficients) -> bool:
    """True if every coefficient of the first polynomial is at least that of the second."""
    return all(first.get(monomial, 0) >= c for monomial, c in second.items())


def bound(polynomials: Iterable[Coefficients]) -> Coefficients:
    """The least polynomial that covers some."""
    found: dict[Expr, Fraction] = {}
    for coefficients_of in polynomials:
        for monomial, c in coefficients_of.items():
            found[monomial] = max(c, found.get(monomial, c))
    return found


def dominates(first: Amount, second: Amount) -> bool:
    """True only if the first amount is at least the second whatever the sizes, which are 1 or larger.

    With each size written as 1 + s, a polynomial whose coefficients are nonnegative is nonnegative for all s >= 0.
    """
    difference = first - second
    if not isinstance(difference, Expr) or not difference.free_symbols:
        return bool(difference >= 0)
    symbols = sorted(difference.free_symbols, key=str)
    moved = difference.subs({s: s + 1 for s in symbols}, simultaneous=True)
    return all(c >= 0 for c in Poly(moved, *symbols).coeffs())


# ---- Text -----------------------------------------------------------------------------------------------------------


def polynomial_text(value: Amount) -> str:
    """A polynomial as in the language, n^2 + 2*n."""
    text: str = sstr(value) if isinstance(value, Expr) else str(value)
    return text.replace("Max(", "max(").replace("**", "^")


def scaled(value: Amount, base: int, units: Sequence[str]) -> str:
    """A number to three digits in the largest unit in which it is at least 1."""
    number, power = Fraction(value), 0
    while number >= base and power < len(units) - 1:
        number /= base
        power += 1
    if number >= LARGE:
        text = with_exponent(round(number))
    else:
        text = f"{float(number):.3g}" if power and number < 999 else f"{round(number):,}"
    return f"{text} {units[power]}"


def short(number: int) -> str:
    """A whole number, a long one by its leading digits and a power of ten."""
    return f"{number:,}" if number < LONG else with_exponent(number)


def with_exponent(number: int) -> str:
    """A whole number of two digits or more by two leading digits and a power of ten, 6.9e10."""
    digits = len(str(number)) - 1
    leading = round(Fraction(number, 10 ** (digits - 1)))
    if leading == 100:
        leading, digits = 10, digits + 1
    return f"{leading // 10}.{leading % 10}e{digits}"


def count_text(value: Amount) -> str:
    """A number of entries."""
    return short(round(value))


def bytes_text(value: Amount) -> str:
    """A number of bytes."""
    return scaled(value, 1024, ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"))


def flops_text(value: Amount) -> str:
    """A number of floating-point operations."""
    return scaled(value, 1000, ("flop", "kflop", "Mflop", "Gflop", "Tflop", "Pflop", "Eflop"))
