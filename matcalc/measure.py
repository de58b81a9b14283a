"""How far apart the sides of a claim are at points, in whatever numbers they were computed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from matcalc.jets import Array
from matcalc.points import Batch

__all__ = ["Measure", "AGREE", "SMALL", "is_defined", "relative_width"]

#: The relative difference up to which two sides agree in double precision.
AGREE = 1e-12

#: The size of sides, beside that of the variables, below which they count as differences of larger terms.
SMALL = 1e-6

#: The largest exponent of ten of a number that is compared as a double.
RANGE = 250


@dataclass(frozen=True)
class Measure:
    """How far apart the sides are: for each step from one side to the next and each point of a batch."""

    #: The largest difference of two entries, infinite where a side is not defined.
    apart: Array
    #: The largest entry of the two sides.
    scale: Array
    #: Whether each side is defined at each point.
    defined: Array
    #: The size of the values of the variables at each point, at least 1.
    size: Array

    @staticmethod
    def of(values: Sequence[Array], batch: Batch) -> Measure:
        values = within_range(values) if values[0].dtype == object else values
        rows = np.array(values).reshape(len(values), batch.count, -1)
        with np.errstate(all="ignore"):
            largest, apart = greatest(rows), greatest(rows[1:] - rows[:-1])
        scale = np.maximum(largest[:-1], largest[1:])
        return Measure(np.where(np.isfinite(apart), apart, np.inf), scale, np.isfinite(largest), batch.size)

    def ratio(self, floor: float) -> Array:
        """The differences beside the size of the sides; 0 where a side is not defined."""
        scale = np.where(self.scale <= AGREE * self.size, self.size, np.maximum(self.scale, floor * self.size))
        with np.errstate(all="ignore"):
            return np.where(np.isfinite(self.apart), self.apart / scale, 0)

    def telling(self, good: Array) -> Array:
        """The good points, those first at which no two sides are zero."""
        order = np.argsort(~(self.scale > 0).all(axis=0), kind="stable")
        return np.asarray(order[good[order]])

    def doubtful(self, agree: Array) -> Array:
        """The points at which two sides are defined and do not agree, those with the largest difference first."""
        if agree.all():
            return np.arange(0)
        ratio = np.where(agree, 0, self.ratio(SMALL)).max(axis=0)
        order = np.argsort(-ratio, kind="stable")
        return np.asarray(order[ratio[order] > 0])


def within_range(values: Sequence[Array]) -> list[Array]:
    """Decimal values with a common factor at each point, where the largest is too large or too small for a double."""
    factors = np.ones(len(values[0]), dtype=object)
    for place, entries in enumerate(np.concatenate([v.reshape(len(v), -1) for v in values], axis=1)):
        largest = max([abs(x) for x in entries if x.is_finite()], default=Decimal(0))
        if largest and abs(largest.adjusted()) > RANGE:
            factors[place] = 1 / largest
    return [v * factors.reshape(-1, *(1,) * (v.ndim - 1)) for v in values]


def greatest(rows: Array) -> Array:
    """The largest entry of each row, in double precision."""
    return np.asarray(np.abs(rows).astype(float, copy=False).max(axis=-1, initial=0))


# ---- Intervals ------------------------------------------------------------------------------------------------------


def is_defined(side: Array) -> bool:
    """Whether every entry has a certain value."""
    return all(x.is_defined for x in side.flat)


def relative_width(side: Array) -> float:
    """The width of the widest interval beside the largest number."""
    return max(float(x.hi - x.lo) for x in side.flat) / max(float(greatest(side.reshape(-1))), SMALL)
