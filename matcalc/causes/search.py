"""The search for what makes a refuted claim true: the likeliest first, within a limit of time."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice

from matcalc.causes.candidate import Candidate, Candidates
from matcalc.causes.changes import factors_of_parts, layouts, primes, signs, swaps, transposed_parts, transposed_side
from matcalc.causes.factors import factors_of_sides, factors_of_terms
from matcalc.causes.hypotheses import angles, common_properties, commuting, properties, sizes
from matcalc.causes.points import Points
from matcalc.claim import Claim
from matcalc.decision import decide, disagreement, same_shape
from matcalc.errors import MatcalcError
from matcalc.form import Dimension, Form, number, with_arguments
from matcalc.notation.text import to_text

__all__ = ["cause"]

#: Seconds for all candidates, for those that change what is written, and for the decision of one.
SECONDS, SECONDS_FOR_CHANGES, SECONDS_FOR_ONE = 1.5, 0.9, 0.5
#: The longest claim that is printed after the words.
LONGEST = 300

Group = Callable[[Claim, Points], Candidates]

#: What is tried, in this order, and how many candidates of each at most: changes of what is written,
CHANGES: tuple[tuple[Group, int], ...] = (
    (lambda claim, _: layouts(claim), 2),
    (lambda claim, _: transposed_side(claim), 1),
    (lambda claim, _: transposed_parts(claim), 26),
    (lambda claim, _: primes(claim), 6),
    (lambda claim, _: signs(claim), 20),
    (factors_of_sides, 1),
    (factors_of_terms, 6),
    (lambda claim, _: factors_of_parts(claim), 20),
    (lambda claim, _: swaps(claim), 16),
)
#: what may have been forgotten,
HYPOTHESES: tuple[tuple[Group, int], ...] = (
    (lambda claim, _: properties(claim), 40),
    (lambda claim, _: commuting(claim), 6),
    (lambda claim, _: common_properties(claim), 3),
    (lambda claim, _: angles(claim), 8),
)
#: and what is hardly ever meant.
SIZES: tuple[tuple[Group, int], ...] = ((lambda claim, _: sizes(claim), 10),)


def cause(claim: Claim, deadline: float | None = None) -> str:
    """The usual cause that makes a refuted claim true, "" if none is found.

    It reads after "refuted; ": "holds in denominator layout", "holds if W is symmetric", "step 2 holds with ...".  Of a
    chain the first wrong step is looked at.  A cause that agrees at all points without being proved "seems to hold".
    """
    now = time.monotonic()
    limit = now + SECONDS if deadline is None else min(deadline, now + SECONDS)
    try:
        step, number = wrong_step(claim, limit)
    except MatcalcError:  # the step has no type without the rest of the chain
        return ""
    found = Search(step, limit, Points(step)).found()
    return f"step {number} {found}" if found and len(claim.sides) > 2 else found


def wrong_step(claim: Claim, deadline: float) -> tuple[Claim, int]:
    """The two sides of the first wrong step, as a claim, and the number of the step."""
    if len(claim.sides) == 2:
        return claim, 1
    odd = next((k for k in range(1, len(claim.sides)) if not same_shape(claim.sides[0], claim.sides[k])), None)
    if odd is None:
        found = disagreement(claim, deadline)
        left, right = found.counterexample["step"] if found and found.counterexample else (0, 1)
    else:
        left, right = (odd - 1 if not same_shape(claim.sides[odd - 1], claim.sides[odd]) else 0), odd
    written = claim.written.sides
    return claim.changed(sides=(written[left], written[right])), right


@dataclass
class Search:
    """One search, for a claim of two sides."""

    claim: Claim
    deadline: float
    points: Points

    def found(self) -> str:
        """The first cause."""
        until = min(self.deadline, time.monotonic() + SECONDS_FOR_CHANGES)
        return self.best(CHANGES, until) or self.best(HYPOTHESES, self.deadline) or self.best(SIZES, self.deadline)

    def best(self, groups: Sequence[tuple[Group, int]], until: float) -> str:
        """The first candidate that is proved, else the first that seems to hold."""
        seeming = ""
        for candidate in self.candidates(groups):
            if time.monotonic() > until:
                break
            verdict, clause = self.tried(candidate)
            if verdict in ("proved", "proved-at-sizes"):
                return f"holds {clause}"
            if verdict == "numeric" and not seeming:
                seeming = f"seems to hold {clause}"
        return seeming

    def candidates(self, groups: Sequence[tuple[Group, int]]) -> Candidates:
        """All candidates of some groups; a group that fails ends."""
        for group, most in groups:
            with suppress(Exception):
                yield from islice(group(self.claim, self.points), most)

    def tried(self, candidate: Candidate) -> tuple[str, str]:
        """The verdict of a candidate and its words; nothing is said of one with an error, which was written by nobody."""
        with suppress(Exception):
            claim = self.claim.changed(**candidate.changes)
            if self.is_worth_it(claim, candidate):
                found = decide(claim, min(self.deadline, time.monotonic() + SECONDS_FOR_ONE))
                if found.verdict != "refuted":
                    return found.verdict, self.words(candidate) + (shown(claim) if candidate.shows else "")
        return "undecided", ""

    def words(self, candidate: Candidate) -> str:
        """The words that are right for a candidate that holds."""
        if candidate.weaker is None or disagreement(self.claim.changed(**candidate.weaker), self.deadline) is None:
            return candidate.words
        return candidate.otherwise

    def is_worth_it(self, claim: Claim, candidate: Candidate) -> bool:
        """Whether a candidate says something, of as many sizes as before, and holds at a point."""
        if candidate.shows and is_trivial(claim) and self.claim.sides[0].kind == self.claim.sides[1].kind:
            return False  # of a row and a column, one may be the other
        if not candidate.narrows and len(sizes_of(claim)) < len(sizes_of(self.claim)):
            return False
        return same_shape(*claim.sides) and self.points.may_hold(claim)


def sizes_of(claim: Claim) -> set[Dimension]:
    """The different sizes of the variables."""
    return {d for v in claim.program.variables.values() for axis in v.shape for d in axis}


def shown(claim: Claim) -> str:
    """The changed claim, if it is not long."""
    text = f"{claim.side_text(0)} = {claim.side_text(1)}"
    return f": {text}" if len(text) <= LONGEST else ""


def is_trivial(claim: Claim) -> bool:
    """Whether both sides have the same terms, or one is 0 and those of the other cancel."""
    total: dict[str, Fraction] = {}
    for sign, side in zip((1, -1), claim.sides, strict=True):
        for term in side.args if side.head == "add" else (side,):
            coefficient, rest = parted(term)
            text = to_text(rest)
            total[text] = total.get(text, Fraction(0)) + sign * coefficient
    return not any(total.values())


def parted(term: Form) -> tuple[Fraction, Form]:
    """A term as a number times the rest."""
    first, *others = term.args or (term,)
    if term.head == "number":
        return Fraction(term.value), number(1)
    if term.head == "neg":
        coefficient, rest = parted(first)
        return -coefficient, rest
    if term.head == "mul" and first.head == "number":
        return Fraction(first.value), others[0] if len(others) == 1 else with_arguments(term, tuple(others))
    if term.head == "div" and others[0].head == "number":
        coefficient, rest = parted(first)
        return coefficient / others[0].value, rest
    return Fraction(1), term
