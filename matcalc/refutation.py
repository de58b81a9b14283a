"""The numeric stage of a verification: the sides of a claim are compared at random points, which may refute it.

A claim is refuted by proof: at one point the values of two sides lie in intervals without a common number (see
`matcalc.intervals`).  Double precision only finds the points: where two sides agree to 12 digits there, that is counted;
where they do not, they are computed again with 40 digits, and then with intervals.  One ordinary point of every claim
is computed with 40 digits in any case, so that what is false by a factor of 1 + 1e-15 is not counted as agreeing.

Where a side is not defined, a point says nothing.  Agreement at all points is no proof.

The engine has no part in this: the sides are typed forms, and `matcalc.evaluate` reads them.
"""

from __future__ import annotations

import math
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, pairwise

import numpy as np

from matcalc.counterexample import Counterexample, function_in_words, plain, shown
from matcalc.errors import DimensionError
from matcalc.evaluate import Context, evaluate_at_points
from matcalc.form import Form
from matcalc.intervals import distance, enclosures, meet
from matcalc.jets import Array
from matcalc.measure import AGREE, SMALL, Measure, is_defined, relative_width
from matcalc.points import Batch, Source, work
from matcalc.precision import decimals
from matcalc.sampling import Program, Variable, ties_of, unknowns_of
from matcalc.solving import Equations, equations

__all__ = ["Comparison", "Counterexample", "compare"]

#: The relative difference up to which two sides agree with 40 digits.
AGREE_PRECISELY = 1e-30

#: The part of a difference in double precision that is left with 40 digits if it was rounding.
VANISHED = 1e-18

#: Digits of a precise evaluation, and of the intervals, one after the other.
DIGITS, ENCLOSURES = 40, (40, 80, 200)

#: A relative difference that may be looked for in double precision.
CLEAR = 1e-6

#: How wide an interval may be, beside the size of the numbers, to show that two sides agree.
NARROW = 1e-20

#: The most batches of ordinary points, and how many of them are wanted.
MOST_BATCHES, WANTED_BATCHES = 9, 1

#: The most points of a batch at which a difference is looked into, and the most that are enclosed in intervals at all.
MOST_LOOKS, MOST_ENCLOSURES = 3, 40

#: The most choices of sizes, and the points of each, at which a simpler counterexample is looked for.
SIMPLE_SIZES, SIMPLE_POINTS = 4, 8

#: The most numbers that are computed for a point: for a simple one, with 40 digits, at all.
SIMPLE_WORK, PRECISE_WORK, LARGEST_WORK = 30_000, 300_000, 1_000_000

NO_SOLUTION = "no point satisfies the assumptions"
NO_POINT = "no point was found where both sides are defined"
NO_TIME = "the time was up before a point was found"
TOO_LARGE = "the arrays are too large"


@dataclass(frozen=True)
class Comparison:
    """What the comparison of the sides of a claim at random points came to."""

    counterexample: Counterexample | None
    #: The number of points at which all sides are defined and equal.
    points: int
    #: To how many digits the least exact comparison agreed.
    digits: int
    #: Why no point was found, or nothing.
    reason: str = ""
    #: That one side was seen to be defined where another is not, or nothing.
    one_sided: str = ""
    #: Whether two sides seemed to differ at a point with 40 digits, and no interval showed whether they do.
    unsettled: bool = False


def compare(
    program: Program,
    sides: Sequence[Form],
    assume: Sequence[tuple[Form, Form]] = (),
    *,
    points: int = 4,
    seed: int = 0,
    deadline: float | None = None,
    sizes: Mapping[str, int] | None = None,
    precise: bool = False,
    confirm: bool = True,
) -> Comparison:
    """Compare the sides of a claim, typed forms of one shape or the number 0, at random points that `seed` selects.

    `points` is the number of ordinary points with values of all signs for each choice of sizes; there are further and
    special ones.  At all of them the equations of `assume` hold; derivatives in the sides are taken around such a
    point, not along it.  `sizes` fixes dimensions; `deadline` is a time of `time.monotonic`.  With `precise` every
    comparison is one of 40 digits, one of them is confirmed by intervals, and small sizes come last.  Without `confirm`
    sides that agree in double precision are not compared again with 40 digits.

    A counterexample is certain: no rounding, cancellation or singular matrix makes a true claim appear as refuted.
    Raises MatcalcError where a side has no meaning.
    """
    compared = Sides(program, tuple(sides), tuple(assume))
    forms = [*sides, *(side for equation in assume for side in equation)]
    source = Source(program, forms, dict(sizes or {}), np.random.default_rng(seed), work(program, forms))
    until = math.inf if deadline is None else deadline
    return Trial(compared, source, max(1, points), precise, until, confirmed=not (confirm or precise)).run()


# ---- The sides at points --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sides:
    """The sides of a claim, and what holds where they are compared."""

    program: Program
    forms: tuple[Form, ...]
    assume: tuple[tuple[Form, Form], ...]

    @cached_property
    def unknowns_and_ties(self) -> tuple[Mapping[str, Variable], Mapping[str, Collection[str]]]:
        return unknowns_of(self.program), ties_of(self.program)

    def values(self, batch: Batch) -> list[Array]:
        """The values of all sides in the arithmetic in force, one axis of points first; the number 0 has any shape."""
        program, (unknowns, ties) = self.program, self.unknowns_and_ties
        context = Context(
            batch.values, batch.sizes, program.assignments, unknowns, {}, program.layout, np.float64, ties, 1, strict=True
        )
        found = evaluate_at_points(self.forms, context, batch.count)
        shape = max((v.shape for v in found), key=len)
        return [np.broadcast_to(v.reshape(-1, *(1,) * (len(shape) - 1)), shape) if v.ndim == 1 else v for v in found]

    def solved(self, batch: Batch) -> Batch:
        """The points of a batch, moved to where the assumptions hold, as far as that can be."""
        system = equations(self.program, self.assume, batch) if self.assume and batch.count else None
        return system.solved(batch) if system else batch

    def exact(self, batch: Batch) -> tuple[Array, Batch, Equations | None]:
        """The places of the points that can be made exact, these points, and the equations that double precision rounds."""
        system = equations(self.program, self.assume, batch)
        if system is None or not system.names or not batch.count:
            return np.arange(batch.count), batch, None
        exact, good = system.polished(batch)
        places = np.flatnonzero(good)
        return places, exact.take(places), system


@dataclass(frozen=True)
class Proof:
    """Two sides that differ at the one point of a batch, as intervals without a common number."""

    batch: Batch
    step: int
    left: Array
    right: Array

    def counterexample(self, program: Program) -> Counterexample:
        left, right = (np.frompyfunc(float, 1, 1)(side[0]) for side in (self.left, self.right))
        functions = {n: function_in_words(n, v.arguments) for n, v in program.variables.items() if is_unknown(v)}
        with decimals(2 * max(ENCLOSURES)):
            gap = max(map(distance, self.left.flat, self.right.flat))
        return Counterexample(
            dict(self.batch.sizes), {name: plain(v[0]) for name, v in self.batch.values.items()}, plain(left),
            plain(right), (self.step, self.step + 1), functions, f"{gap:.1e}",
        )  # fmt: skip


def is_unknown(variable: Variable) -> bool:
    return variable.kind == "function" or bool(variable.arguments)


# ---- The trial of a claim -------------------------------------------------------------------------------------------


@dataclass
class Trial:
    """The search for a point at which two sides of a claim differ, and what was seen on the way."""

    sides: Sides
    source: Source
    points: int
    precise: bool
    deadline: float
    counted: int = 0
    digits: float = math.inf
    reason: str = NO_SOLUTION
    one_sided: str = ""
    looks_at_domains: int = 0
    enclosures: int = 0
    tried_simple: bool = False
    unsettled: bool = False
    #: Whether a point was compared with more digits (40, or in intervals if all are compared with 40), and whether one
    #: satisfies the assumptions to many digits.
    confirmed: bool = False
    solvable: bool = False

    def run(self) -> Comparison:
        proof = next(filter(None, map(self.examined, self.batches())), None)
        if proof is None and not self.counted and self.reason == NO_POINT and not self.precise:
            self.precise = True  # what overflows in double precision has a value of 40 digits
            proof = next(filter(None, map(self.examined, islice(self.batches(), WANTED_BATCHES))), None)
        if proof is not None:
            found = proof if self.tried_simple else self.simple(clear=False)
            example = (found or proof).counterexample(self.sides.program)
            return Comparison(example, self.counted, int(self.digits) if self.counted else 0, "", self.one_sided)
        digits, reason = (int(self.digits), "") if self.counted else (0, self.reason)
        return Comparison(None, self.counted, digits, reason, self.one_sided, self.unsettled)

    def batches(self) -> Iterator[Batch]:
        """All points; small sizes, of which ordinary ones may have none in the domain, where nothing else will follow."""
        yield from self.ordinary_and_special()
        if self.precise:
            few = self.possible(self.source.simple_sizes(SIMPLE_SIZES))
            yield from (self.source.simple(sizes, self.points) for sizes in few)

    def ordinary_and_special(self) -> Iterator[Batch]:
        """Ordinary points, special ones, and more ordinary ones as long as few lie in the domain."""
        good = 0
        for turn, sizes in enumerate(self.source.ordinary_sizes(MOST_BATCHES)):
            if turn == WANTED_BATCHES:
                yield from map(self.source.special, self.possible(self.source.special_sizes()))
            if turn >= WANTED_BATCHES and good >= WANTED_BATCHES:
                return
            before = self.counted
            yield from (self.source.ordinary(one, self.points) for one in self.possible([sizes]))
            good += self.counted > before

    def possible(self, choices: Iterable[Mapping[str, int]]) -> Iterator[Mapping[str, int]]:
        """The sizes for which time and memory suffice."""
        for sizes in choices:
            if time.monotonic() > self.deadline:
                self.reason = NO_TIME
            elif self.source.work(sizes) > LARGEST_WORK:
                self.reason = TOO_LARGE
            else:
                yield sizes

    def examined(self, batch: Batch) -> Proof | None:
        """Compare the sides at the points of a batch; a proof that they differ, if they do."""
        batch = self.sides.solved(batch)
        if not batch.count or not self.is_solvable(batch):
            return None
        self.reason = NO_POINT
        try:
            return self.compared_precisely(batch) if self.precise else self.compared(batch)
        except DimensionError:
            return None  # an entry such as A[1,2] that there is not at these sizes

    def is_solvable(self, batch: Batch) -> bool:
        """Whether the assumptions hold near the points to many digits: exp(-s) = 0 is satisfied to a few by large s."""
        self.solvable = self.solvable or self.sides.exact(batch.take(range(min(batch.count, MOST_LOOKS))))[1].count > 0
        return self.solvable

    def compared(self, batch: Batch) -> Proof | None:
        """Compare in double precision; what differs there is compared again, and one point of those that agree."""
        measure = Measure.of(self.sides.values(batch), batch)
        agree = (measure.apart <= AGREE * measure.scale) | (measure.scale <= AGREE * measure.size)
        good = self.count(measure, agree & np.isfinite(measure.apart))
        doubtful = measure.doubtful(agree)[:MOST_LOOKS]
        clear = len(doubtful) > 0 and bool(measure.ratio(SMALL)[:, doubtful].max() > CLEAR)
        proof = self.simple(clear=True) if clear else None
        if proof is None and len(doubtful):
            proof = self.compared_precisely(batch.take(doubtful), former=measure.apart[:, doubtful])
        if proof is None and not self.confirmed and good.any():
            proof = self.compared_precisely(batch.take(measure.telling(good)[:1]), again=True)
        if proof is None and not self.one_sided and self.looks_at_domains < MOST_LOOKS:
            self.look_at_domains(batch, measure)
        return proof

    def compared_precisely(self, batch: Batch, *, former: Array | None = None, again: bool = False) -> Proof | None:
        """Compare with 40 digits; what differs there is enclosed in intervals, which decide.

        `former` holds the differences in double precision: one that has all but vanished was rounding.
        """
        found, exact, system = self.sides.exact(batch)
        if not len(found) or self.source.work(batch.sizes) > PRECISE_WORK:
            return None
        batch = batch.take(found)
        with decimals(DIGITS):
            measure = Measure.of(self.sides.values(exact), batch)
        agree = measure.apart <= AGREE_PRECISELY * np.maximum(measure.scale, SMALL * measure.size)
        if former is not None:
            agree |= measure.apart <= VANISHED * np.where(np.isfinite(former), former, 0)[:, found]
        good = self.count(measure, agree & np.isfinite(measure.apart), again=again)
        if again:  # the size of the terms is no excuse where only few points are looked at
            agree = measure.apart <= AGREE_PRECISELY * measure.scale
        places = measure.doubtful(agree)[:MOST_LOOKS]
        proof = self.decided(batch.take(places), exact.take(places), system)
        if proof is None and self.precise and not self.confirmed and good.any():
            telling = measure.telling(good)[:1]
            proof = self.enclosed(batch.take(telling), exact.take(telling), system)[0]
        self.confirmed = self.confirmed or bool(good.any())
        return proof

    def decided(self, batch: Batch, exact: Batch, system: Equations | None) -> Proof | None:
        """The first proof of a difference at exact points where the sides seem to differ."""
        for place in range(batch.count):
            proof, agree = self.enclosed(batch.take([place]), exact.take([place]), system)
            if proof is not None:
                return proof
            if agree:
                self.counted += 1
                self.digits = min(self.digits, -math.log10(NARROW))
            self.unsettled = self.unsettled or not agree
        return None

    def count(self, measure: Measure, agree: Array, *, again: bool = False) -> Array:
        """Count the points at which all sides are defined and agree, unless they were counted before."""
        good = np.asarray(agree.all(axis=0))
        if good.any() and not again:
            self.counted += int(good.sum())
            ratio = float(measure.ratio(SMALL)[:, good].max())
            self.digits = min(self.digits, -math.log10(max(ratio, 10.0**-DIGITS if self.precise else 1e-15)))
        return good

    def enclosed(self, batch: Batch, exact: Batch, system: Equations | None) -> tuple[Proof | None, bool]:
        """Enclose the sides at a single point: a proof that they differ, if intervals do not meet; whether they agree."""
        self.enclosures += 1
        point = system.enclosed(exact) if system else exact
        for digits in ENCLOSURES if self.enclosures <= MOST_ENCLOSURES else ():
            with enclosures(digits):
                values = self.sides.values(point)
                for step, (left, right) in enumerate(pairwise(values)):
                    if is_defined(left) and is_defined(right) and not all(map(meet, left.flat, right.flat)):
                        return Proof(batch, step, left, right), False
                if all(map(is_defined, values)) and max(map(relative_width, values)) < NARROW:
                    return None, True
        return None, False

    def look_at_domains(self, batch: Batch, measure: Measure) -> None:
        """Take note of a point at which one side of a step is defined and the other is not."""
        if measure.defined.all():
            return
        for step, (left, right) in enumerate(pairwise(measure.defined)):
            for place in np.flatnonzero(left != right)[:1]:
                self.looks_at_domains += 1
                point = batch.take([place])
                found, exact, _ = self.sides.exact(point)
                with decimals(DIGITS):
                    here = Measure.of(self.sides.values(exact), point.take(found)).defined
                if len(found) and (here[step, 0], here[step + 1, 0]) == (left[place], right[place]):
                    self.one_sided = domains_in_words(point, step, left_is_defined=bool(left[place]))
                    return

    # A counterexample to read

    def simple(self, *, clear: bool) -> Proof | None:
        """A proof with small sizes and small whole numbers, if a few tries find one.

        A `clear` difference is seen in double precision.
        """
        tries = () if self.tried_simple else self.source.simple_sizes(SIMPLE_SIZES)
        self.tried_simple = True
        for sizes in tries:
            if time.monotonic() > self.deadline or self.source.work(sizes) > SIMPLE_WORK:
                break
            batch = self.sides.solved(self.source.simple(sizes, SIMPLE_POINTS))
            found = self.at_simple_points(batch, clear=clear) if batch.count else None
            if found is not None:
                return found
        return None

    def at_simple_points(self, batch: Batch, *, clear: bool) -> Proof | None:
        try:
            if not clear:
                return self.compared_precisely(batch, again=True)
            measure = Measure.of(self.sides.values(batch), batch)
            places = measure.doubtful(measure.ratio(SMALL) <= CLEAR)
            batch = batch.take(np.sort(places)[:MOST_LOOKS])
            found, exact, system = self.sides.exact(batch)
            return self.decided(batch.take(found), exact, system)
        except DimensionError:
            return None


def domains_in_words(point: Batch, step: int, *, left_is_defined: bool) -> str:
    """That at a point one side is defined and the other is not."""
    defined, undefined = (step, step + 1) if left_is_defined else (step + 1, step)
    names = {0: "the left side", 1: "the right side"} if step == 0 else {}
    one, other = (names.get(side, f"side {side + 1}") for side in (defined, undefined))
    values = [(name, plain(value[0])) for name, value in point.values.items()]
    stated = ", ".join(f"{name} = {shown(value)}" for name, value in [*point.sizes.items(), *values])
    return f"{one} is defined at points where {other} is not" + (f", such as {stated}" if stated else "")
