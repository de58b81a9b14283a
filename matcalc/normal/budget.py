"""The work that a decision may cost: a number of steps and a time."""

from __future__ import annotations

import time
from fractions import Fraction

__all__ = ["Budget", "BudgetExceeded", "power_of_number"]

#: How many steps are taken between two looks at the clock.
BETWEEN = 64
#: The most bits of a power that is calculated.
MOST_BITS = 20_000


class BudgetExceeded(Exception):
    """The budget is used up; what was not decided stays undecided."""


class Budget:
    """At most `steps` steps, and none after `deadline` (of `time.monotonic`)."""

    def __init__(self, steps: int = 200_000, deadline: float | None = None) -> None:
        self.steps = steps
        self.deadline = deadline

    def spend(self, steps: int = 1) -> None:
        """Take steps; raises BudgetExceeded when none is left."""
        before = self.steps
        self.steps -= steps
        if self.steps < 0:
            raise BudgetExceeded("too many terms")
        if self.deadline is not None and before // BETWEEN != self.steps // BETWEEN and time.monotonic() > self.deadline:
            raise BudgetExceeded("too little time")


def power_of_number(number: Fraction | int, exponent: int) -> Fraction:
    """number^exponent; raises BudgetExceeded where that has too many digits."""
    number = Fraction(number)
    bits = max(abs(number.numerator), number.denominator).bit_length()
    if bits > 1 and bits * abs(exponent) > MOST_BITS:
        raise BudgetExceeded("a number with too many digits")
    return number**exponent
