"""The algebra of single entries: scalar nodes, of which a zero is seen and a function of numbers is calculated.

What has no value at any point is a ZeroDivisionError: a negative power of zero, a logarithm of zero, the square root
of -1.  A zero that only the normal form sees, such as x - x written in two ways, is not noticed here.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from functools import cache

import sympy

from matcalc.expr import Node, Number, add, apply_elementwise, is_zero, power, product
from matcalc.normal.budget import Budget
from matcalc.operation import operation

__all__ = ["Scalars", "ONE", "ZERO"]

ZERO, ONE = Number.make(0), Number.make(1)


class Scalars:
    """Scalar nodes; every operation on them costs one step of a budget, one that makes no new node too."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget

    def times(self, *factors: Node) -> Node:
        """The product."""
        self.budget.spend()
        if any(map(is_zero, factors)):
            return ZERO
        rest = [factor for factor in factors if factor is not ONE]
        if len(rest) < 2:
            return rest[0] if rest else ONE
        return product(1, [(factor, ()) for factor in rest], ())

    def plus(self, terms: Iterable[Node]) -> Node:
        """The sum."""
        self.budget.spend()
        rest = [term for term in terms if not is_zero(term)]
        if len(rest) < 2:
            return rest[0] if rest else ZERO
        return add(rest)

    def negative(self, scalar: Node) -> Node:
        """-u."""
        return self.times(Number.make(-1), scalar)

    def power(self, base: Node, exponent: Fraction) -> Node:
        """u^p."""
        self.budget.spend()
        if not isinstance(base, Number) or not exponent:
            return power(base, exponent)
        if base.value == 0 and exponent < 0:
            raise ZeroDivisionError("a negative power of zero")
        if base.value < 0 and exponent.denominator != 1:
            raise ZeroDivisionError("a root of a negative number")
        return base if base.value in (0, 1) else power(base, exponent)

    def apply(self, name: str, *arguments: Node) -> Node:
        """An element-wise operation; a power with a number as exponent is one of `power`."""
        last = arguments[-1]
        if name == "pow" and isinstance(last, Number):
            return self.power(arguments[0], last.value)
        self.budget.spend()
        numbers = tuple(argument.value for argument in arguments if isinstance(argument, Number))
        value = value_at(name, numbers) if len(numbers) == len(arguments) else None
        return apply_elementwise(name, *arguments) if value is None else Number.make(value)


@cache
def value_at(name: str, arguments: tuple[Fraction, ...]) -> Fraction | None:
    """The value of an element-wise operation at numbers, as its SymPy form has it; None unless it is rational.

    Raises ZeroDivisionError where it is not a real number.
    """
    form = operation(name).sympy
    numbers = [sympy.Rational(number.numerator, number.denominator) for number in arguments]
    value = getattr(sympy, form)(*numbers) if isinstance(form, str) else form(sympy, *numbers)
    if value.is_real is False or value is sympy.nan:
        raise ZeroDivisionError(f"`{name}` has no value at {', '.join(map(str, arguments))}")
    return Fraction(int(value.p), int(value.q)) if value.is_Rational else None
