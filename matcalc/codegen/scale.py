"""Scales: what dimensions count for where code is chosen by its cost.

A dimension has the size that is given.  Where none is, nothing tells which of several is the large one, a batch or a
number of classes: each counts for `USUAL`, and then each by itself for `LARGE` and for `SMALL`.  Of two ways the one is
taken that costs less in the geometric mean over all these scales.  So no way is taken that is a little cheaper where all
sizes are equal and far dearer where one of them is not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial

from matcalc.form import Dimension

__all__ = ["LARGE", "SMALL", "USUAL", "Scale", "scales", "usual"]

#: What a dimension counts for where no size is given.
USUAL, LARGE, SMALL = 100, 1000, 10

#: The largest number of dimensions that are changed one by one.
MOST = 8

#: The size of a dimension.
Scale = Callable[[Dimension], int]


def usual(dimension: Dimension, sizes: Mapping[str, int]) -> int:
    """The size of a dimension, as it is given or else the usual one."""
    return dimension if isinstance(dimension, int) else sizes.get(dimension, USUAL)


def scales(dimensions: Iterable[Dimension], sizes: Mapping[str, int]) -> list[Scale]:
    """The scales at which code with some dimensions is judged, the usual one first."""
    free = sorted({d for d in dimensions if isinstance(d, str) and d not in sizes})
    varied = [{**sizes, d: size} for d in free for size in (LARGE, SMALL)] if 1 < len(free) <= MOST else []
    return [partial(usual, sizes=known) for known in (sizes, *varied)]
