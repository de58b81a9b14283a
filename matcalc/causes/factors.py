"""Factors of a side or of one of its terms, read off the values: rational numbers, sizes and what divides by them.

If left - right is c times a term of the right side at all points, the term lacks the factor 1 + c.  Where c changes with
the sizes, a size or its inverse is looked for in it.  What is read off so is a candidate like any other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations_with_replacement
from math import prod

import numpy as np

from matcalc.causes.candidate import RIGHT_FIRST, Candidate, Candidates, quoted, with_side
from matcalc.causes.changes import scaled
from matcalc.causes.hypotheses import with_all_declared
from matcalc.causes.points import Points, values_at
from matcalc.claim import Claim
from matcalc.decision import same_shape
from matcalc.form import Form, name, with_arguments
from matcalc.jets import Array
from matcalc.notation.text import to_text

__all__ = ["factors_of_sides", "factors_of_terms"]

#: The relative error up to which values are proportional, and the largest number in a factor.
EXACT, LARGEST = 1e-9, 12

SIDE = ("on the left side", "on the right side")


@dataclass(frozen=True)
class Factor:
    """A number times sizes over sizes."""

    number: Fraction
    above: tuple[str, ...] = ()
    below: tuple[str, ...] = ()

    def times(self, form: Form) -> Form:
        """The form with this factor."""
        result = scaled(form, self.number)
        for word in reversed(self.above):
            result = multiplied(result, word)
        for word in self.below:
            result = Form("div", (result, name(word)))
        return result

    def __str__(self) -> str:
        above = "*".join([str(self.number.numerator)] * (self.number.numerator != 1 or not self.above) + [*self.above])
        below = "*".join([str(self.number.denominator)] * (self.number.denominator != 1) + [*self.below])
        return above if not below else f"{above}/({below})" if "*" in below else f"{above}/{below}"


def multiplied(form: Form, size: str) -> Form:
    """A size times a form; of what is divided by that size the numerator."""
    if form.head == "div" and form.args[1].head == "name" and form.args[1].value == size:
        return form.args[0]
    return Form("mul", (name(size), *(form.args if form.head == "mul" else (form,))))


def factors_of_sides(claim: Claim, points: Points) -> Candidates:
    """The factor that the right side lacks; a left side that is 0 tells nothing of it."""
    if not same_shape(*claim.sides):
        return
    factor = factor_of([(found.batch.sizes, ratio(found.left, found.right)) for found in points.several])
    if factor is not None and factor.number:
        right = claim.written.sides[1]
        yield candidate(claim, 1, factor, words_of_side(right, factor), factor.times(right))


def words_of_side(side: Form, factor: Factor) -> str:
    """With the factor, or without the one that is there."""
    former = side.args[0].value if side.head == "mul" and side.args[0].head == "number" else None
    if former and factor == Factor(1 / former):
        return f"without the factor {former} on the right side"
    return f"with the factor {factor} on the right side"


def factors_of_terms(claim: Claim, points: Points) -> Candidates:
    """The factor that one term of a side lacks, or that there is a term too many."""
    for side in RIGHT_FIRST:
        form, typed = claim.written.sides[side], claim.sides[side]
        if form.head != "add" or not same_shape(*claim.sides):
            continue
        for k, factor in enumerate(lacking(claim, points, side, typed.args)):
            term = quoted(to_text(form.args[k]))
            before, after = form.args[:k], form.args[k + 1 :]
            if factor is not None and factor.number:
                changed = with_arguments(form, (*before, factor.times(form.args[k]), *after))
                yield candidate(claim, side, factor, f"with the factor {factor} in front of {term}", changed)
            elif factor is not None:
                rest = (*before, *after)
                changed = rest[0] if len(rest) == 1 else with_arguments(form, rest)
                yield candidate(claim, side, factor, f"without the term {term} {SIDE[side]}", changed)


def candidate(claim: Claim, side: int, factor: Factor, words: str, form: Form) -> Candidate:
    """The claim with another side; all is declared if sizes occur as numbers."""
    changes = with_side(claim, side, form)
    if factor.above or factor.below:
        changes["program"] = with_all_declared(claim)
    return Candidate(words, changes, shows=True)


# ---- Values ---------------------------------------------------------------------------------------------------------


def lacking(claim: Claim, points: Points, side: int, terms: Sequence[Form]) -> Iterator[Factor | None]:
    """The factor that would mend each term of a sum alone."""
    found = points.several
    gaps = [(c.right - c.left if side == 0 else c.left - c.right) for c in found]
    addends = [values_at(claim, terms, c.batch) for c in found]
    for k, term in enumerate(terms):
        if term.kind not in ("scalar", claim.sides[side].kind):
            yield None
            continue
        ratios = [ratio(gap, like(own[k], gap)) for gap, own in zip(gaps, addends, strict=True)]
        yield factor_of([(c.batch.sizes, None if r is None else 1 + r) for c, r in zip(found, ratios, strict=True)])


def like(values: Array, other: Array) -> Array:
    """The values with the axes of others, over which scalars are expanded."""
    return values if values.ndim == other.ndim else values.reshape(-1, *(1,) * (other.ndim - 1)) * np.ones(other.shape)


def ratio(left: Array, right: Array) -> float | None:
    """The number c with left = c right at all points; None if there is none."""
    left, right = left.ravel(), right.ravel()
    length = float(right @ right)
    if not length:
        return None
    c = float(left @ right) / length
    if not np.isfinite(c):
        return None
    return c if np.abs(left - c * right).max() <= EXACT * np.abs(right).max() * max(1.0, abs(c)) else None


def factor_of(ratios: Sequence[tuple[Mapping[str, int], float | None]]) -> Factor | None:
    """The factor that has these values at two sizes at least; at a size without one a matrix may be singular."""
    known = [(sizes, c) for sizes, c in ratios if c is not None]
    if len(known) < 2:
        return None
    names = list(known[0][0])
    products = [(), *((word,) for word in names), *combinations_with_replacement(names, 2)]
    for above, below in [((), ()), *((p, ()) for p in products[1:]), *(((), p) for p in products[1:])]:
        numbers = {nice(c * prod(s[d] for d in below) / prod(s[d] for d in above)) for s, c in known}
        if len(numbers) == 1 and (number := numbers.pop()) is not None:
            return Factor(number, above, below)
    return None


def nice(value: float) -> Fraction | None:
    """The fraction of small numbers that a value is."""
    near = Fraction(value).limit_denominator(LARGEST)
    return near if abs(near.numerator) <= LARGEST and abs(value - near) <= EXACT * max(1.0, abs(value)) else None
