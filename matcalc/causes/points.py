"""A few points at which most candidates fail at once: the same for all candidates with the same variables.

They decide nothing: what fails at them is not looked at any further, what holds at one is decided with care.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import Any

import numpy as np

from matcalc.claim import Claim
from matcalc.evaluate import Context, evaluate_at_points
from matcalc.form import Form, subforms
from matcalc.jets import Array
from matcalc.notation.text import to_text
from matcalc.points import Batch, Source, work
from matcalc.sampling import ties_of, unknowns_of
from matcalc.solving import equations

__all__ = ["Points", "largest", "values_at"]

#: The relative difference up to which two sides may agree.
NEAR = 1e-7
#: What counts as small, and as 0, beside values near 1.
SMALL, ZERO = 1e-3, 1e-9
#: Points with values of all signs, of which there are a few more in other ranges.
COUNT = 2
#: How many choices of sizes there are, and how many are looked at where a matrix may be singular for want of rows.
TURNS, LOOKS = 6, 3
#: Operations that are defined for matrices without a kernel.
INVERSES = frozenset({"inv", "logdet"})


@dataclass(frozen=True)
class Compared:
    """The values of two sides at the points of a batch, at all of which they are defined."""

    batch: Batch
    left: Array
    right: Array


@dataclass
class Points:
    """Batches of points for each set of variables and equations, for the candidates of one claim."""

    claim: Claim
    known: dict[Any, Batch] = field(default_factory=dict)

    def batch(self, claim: Claim, turn: int = 0) -> Batch:
        """Points for the variables of a claim at which what it assumes holds; of another size for each turn."""
        program = claim.program
        given = tuple((to_text(left), to_text(right)) for left, right in claim.assume)
        key = (tuple(map(str, program.variables.values())), program.dimensions, given, turn)
        if key not in self.known:
            forms = [*claim.sides, *(side for equation in claim.assume for side in equation)]
            source = Source(program, forms, {}, np.random.default_rng(turn), work(program, forms))
            sizes = list(source.ordinary_sizes(turn + 1))[turn]
            self.known[key] = solved(claim, source.ordinary(sizes, COUNT))
        return self.known[key]

    def compared(self, claim: Claim) -> Iterator[Compared]:
        """The sides of a claim at batches in turn, where they are defined."""
        for turn in range(TURNS):
            batch = self.batch(claim, turn)
            left, right = sides_at(claim, batch)
            with np.errstate(all="ignore"):
                places = np.flatnonzero(np.isfinite(largest(left)) & np.isfinite(largest(right)))
            if len(places):
                yield Compared(batch.take(places), left[places].astype(float), right[places].astype(float))

    # The refuted claim

    @cached_property
    def inverted(self) -> bool:
        """Whether the claim may be undefined at some sizes, where a matrix has no inverse for want of rows."""
        forms = [*self.claim.sides, *self.claim.program.assignments.values()]
        return any(is_inverse(part) for form in forms for part in subforms(form))

    @cached_property
    def several(self) -> list[Compared]:
        """The sides of the refuted claim at points of two sizes, or of more where at some of them they make no sense."""
        return list(islice(self.compared(self.claim), TURNS if self.inverted else 2))

    @cached_property
    def zeros(self) -> set[str]:
        """The variables that are 0 by what the refuted claim assumes."""
        return zeros(self.batch(self.claim))

    @cached_property
    def about_zero(self) -> bool:
        """Whether the refuted claim says that something is 0."""
        return self.vanishes(self.claim)

    # Candidates

    def may_hold(self, claim: Claim) -> bool:
        """Whether the sides agree at a point where both are defined, and are news: neither they nor a variable become 0."""
        for found in islice(self.compared(claim), LOOKS if self.inverted else 1):
            scale = np.maximum(largest(found.left), largest(found.right))
            if (largest(found.left - found.right) <= NEAR * np.maximum(scale, SMALL)).any():
                return zeros(found.batch) <= self.zeros and (self.about_zero or not self.vanishes(claim))
        return False

    def vanishes(self, claim: Claim) -> bool:
        """Whether a side, which need not have the shape of the other, is 0 at all points."""
        batch = self.batch(claim)
        return any(largest(values).max(initial=0) < ZERO for values in values_at(claim, claim.sides, batch))


def zeros(batch: Batch) -> set[str]:
    """The variables that are 0 at all points."""
    return {name for name, values in batch.values.items() if values.size and not values.any()}


def solved(claim: Claim, batch: Batch) -> Batch:
    """The points, moved to where the equations of the claim hold."""
    system = equations(claim.program, claim.assume, batch) if claim.assume and batch.count else None
    return system.solved(batch) if system else batch


def sides_at(claim: Claim, batch: Batch) -> list[Array]:
    """The values of both sides, of one shape; the number 0 has any."""
    found = values_at(claim, claim.sides, batch)
    shape = max((v.shape for v in found), key=len)
    return [np.broadcast_to(v.reshape(-1, *(1,) * (len(shape) - 1)), shape) if v.ndim == 1 else v for v in found]


def values_at(claim: Claim, forms: Sequence[Form], batch: Batch) -> list[Array]:
    """The values of forms of a claim, points first."""
    program = claim.program
    context = Context(
        batch.values, batch.sizes, program.assignments, unknowns_of(program), {}, program.layout, np.float64,
        ties_of(program), 1,
    )  # fmt: skip
    return evaluate_at_points(forms, context, batch.count)


def is_inverse(form: Form) -> bool:
    """Whether a part of a form is the inverse of a matrix, or is defined only where there is one."""
    if form.head == "power":
        return form.kind == "matrix" and form.args[1].head in ("neg", "number") and to_text(form.args[1]).startswith("-")
    return form.head == "call" and form.value in INVERSES


def largest(values: Array) -> Array:
    """The largest entry at each point."""
    return np.asarray(np.abs(values).max(axis=tuple(range(1, values.ndim)), initial=0))
