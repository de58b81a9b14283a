"""Directions in which a matrix with tied entries moves, for numbers: they share no code with the symbolic engine.

An entry (k, l) that may be chosen freely moves along the matrix of the same structure whose entry (k, l) is 1, and the
other entries are 0 but for the tied one.  An entry that is fixed at 0 does not move.  (Matrix Cookbook 2.8)
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matcalc.errors import UnsupportedError

__all__ = ["completed", "tied"]

Array = NDArray[Any]


def completed(properties: Collection[str]) -> set[str]:
    """The properties, with `diagonal` for a triangular matrix that is symmetric or skew."""
    given = set(properties)
    mirrored = given & {"symmetric", "positive-definite", "skew"}
    return given | {"diagonal"} if mirrored and given & {"lower", "upper"} else given


def tied(units: Array, rank: int, properties: Collection[str]) -> Array:
    """The directions of a value with these properties; `units` has one entry 1 in the last `rank` axes of each.

    Raises UnsupportedError where no direction belongs to an entry.
    """
    for name in ("orthogonal", "simplex"):
        if name in properties:
            raise UnsupportedError(f"an entry of a variable that is {name} has no direction of its own")
    if rank != 2:
        return units
    places: Array = np.indices(units.shape[-2:])
    row, column = places[0], places[1]
    symmetric = "symmetric" in properties or "positive-definite" in properties
    skew = "skew" in properties
    free = free_entries(row, column, properties)
    if symmetric or skew:
        free = free & free.T & (not (symmetric and skew))
    moves = units * free
    mirrored = np.swapaxes(moves, -1, -2) * (row != column) if symmetric or skew else 0
    return moves - mirrored if skew else moves + mirrored


def free_entries(row: Array, column: Array, properties: Collection[str]) -> Array:
    """Where the entries are not fixed at 0."""
    kept = {"lower": row >= column, "upper": row <= column, "diagonal": row == column, "skew": row != column}
    free = np.ones(row.shape, dtype=bool)
    for name, where in kept.items():
        free = free & where if name in properties else free
    return free
