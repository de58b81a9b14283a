"""Random arrays with declared properties, many at once: whole numbers over a small power of two, which every precision holds.

A manner says what the entries are like.  Ordinary ones are "real" and ranges of it, for the domains of log, sqrt and
asin; special ones have zeros, ties and small whole numbers.  Nothing that is not declared is a property of an ordinary
matrix; what is declared holds exactly, but for an orthogonal matrix, which holds to rounding.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matcalc.directions import completed

__all__ = ["draw", "has_properties", "is_exact", "ORDINARY", "SPECIAL"]

Array = NDArray[Any]

#: The smallest step between two entries of an ordinary value.
STEP = 2.0**-10

#: Between which numbers the entries of an ordinary value lie.
ORDINARY = {
    "real": (-1.625, 1.625),
    "positive": (0.25, 1.75),
    "small": (-0.4375, 0.4375),
    "small positive": (0.0625, 0.4375),
    "large": (1.25, 3.0),
}

#: From which numbers the entries of a special value are chosen.
SPECIAL = {
    "zero": (0.0,),
    "one": (1.0,),
    "special": (-1.0, 0.0, 0.0, 0.5, 1.0, 1.0),
    "special positive": (0.5, 1.0, 1.0, 2.0),
    "halves": (-1.0, -0.5, 0.5, 1.0, 2.0),
    "whole": (-2.0, -1.0, 0.0, 1.0, 2.0, 3.0),
    "whole positive": (1.0, 1.0, 2.0, 3.0),
}

#: The entries of a "tied" value, over and over: arrays of one shape are equal.
TIED = (1.0, -1.0, 0.0, 1.0, 2.0)

#: What becomes of a manner where entries are positive.
POSITIVE = {
    "real": "positive",
    "small": "small positive",
    "zero": "one",
    "tied": "one",
    "special": "special positive",
    "halves": "special positive",
    "whole": "whole positive",
}

#: Into how many parts the sum 1 of special values is divided: 1 makes unit vectors.
DIVISION = {"one": 1.0, "special positive": 4.0, "whole positive": 2.0}


def draw(random: np.random.Generator, manners: Sequence[str], shape: tuple[int, ...], properties: Collection[str]) -> Array:
    """Values of a shape, one for each manner along a first axis; see `has_properties` for those that cannot be had."""
    if not properties:
        return entries(random, manners, shape)
    wanted = completed(properties)
    if wanted & {"positive", "simplex"}:
        manners = [POSITIVE.get(manner, manner) for manner in manners]
    x = entries(random, manners, shape)
    if "orthogonal" in wanted:
        return orthogonal(random, x, wanted)
    for name, rule in STRUCTURE.items():
        x = rule(x) if name in wanted else x
    if {"symmetric", "skew"} <= wanted:
        x = x * 0
    if "simplex" in wanted:
        x = on_simplex(x, [DIVISION.get(manner, 2.0**14) for manner in manners])
    return regular(x, wanted) if "invertible" in wanted else x


def entries(random: np.random.Generator, manners: Sequence[str], shape: tuple[int, ...]) -> Array:
    """Entries drawn in each manner."""
    x = random.random((len(manners), math.prod(shape)))
    low, steps, choices = ranges(tuple(manners))
    result = low + STEP * np.floor(x * steps)
    for at, choice in choices:
        result[at] = choice[(x[at] * len(choice)).astype(int)]
    for at, manner in enumerate(manners):
        if manner == "tied":
            result[at] = tied_entries(x.shape[1])
    return np.asarray(result.reshape(-1, *shape))


@lru_cache(maxsize=64)
def tied_entries(count: int) -> Array:
    """The entries of a tied value."""
    return np.resize(TIED, count)


@lru_cache(maxsize=256)
def ranges(manners: tuple[str, ...]) -> tuple[Array, Array, tuple[tuple[int, Array], ...]]:
    """The least entry of each manner, the number of steps above it, and what the special ones choose from."""
    low, high = np.array([ORDINARY.get(manner, (0.0, 1.0)) for manner in manners]).T[:, :, None]
    special = ((at, np.array(SPECIAL[manner])) for at, manner in enumerate(manners) if manner in SPECIAL)
    return low, (high - low) / STEP, tuple(special)


# ---- Properties that are given --------------------------------------------------------------------------------------


def turned(x: Array) -> Array:
    """The transpose of each matrix."""
    return np.asarray(np.swapaxes(x, -1, -2))


def definite(x: Array) -> Array:
    """A positive-definite matrix: its own square over a power of two, and 1/2 on the diagonal."""
    n = x.shape[-1]
    return np.asarray(x @ turned(x) / 2 ** math.ceil(math.log2(n)) + np.eye(n) / 2)


#: How a declared property is given to matrices, in this order.
STRUCTURE: dict[str, Callable[[Array], Array]] = {
    "skew": lambda x: np.tril(x, -1) - turned(np.tril(x, -1)),
    "symmetric": lambda x: np.tril(x) + turned(np.tril(x, -1)),
    "lower": np.tril,
    "upper": np.triu,
    "diagonal": lambda x: x * np.eye(x.shape[-1]),
    "positive-definite": definite,
}


def on_simplex(x: Array, parts: Sequence[float]) -> Array:
    """Vectors or rows that sum to 1: multiples of a fraction 1/parts, but for the largest entry, which takes up the rest.

    In a symmetric matrix the diagonal takes it up, and so it stays symmetric.
    """
    if x.ndim == 3 and x.shape[-1] == x.shape[-2] and np.array_equal(x, turned(x)):
        off = x * (1 - np.eye(x.shape[-1]))
        off = off / 2.0 ** (1 + np.ceil(np.log2(1 + off.sum(axis=-1).max(axis=-1))))[:, None, None]
        return np.asarray(off + (1 - off.sum(axis=-1))[..., None] * np.eye(x.shape[-1]))
    unit = np.reshape(parts, (-1,) + (1,) * (x.ndim - 1))
    with np.errstate(all="ignore"):
        scaled = np.floor(unit * x / x.sum(axis=-1, keepdims=True)) / unit
    first = x == x.max(axis=-1, keepdims=True)
    first = first & (first.cumsum(axis=-1) == 1)
    return np.asarray(scaled + first * (1 - scaled.sum(axis=-1, keepdims=True)))


def orthogonal(random: np.random.Generator, x: Array, properties: Collection[str]) -> Array:
    """Orthogonal matrices: reflections if symmetric, turns by 90° if skew, signs if diagonal; permuted if x is special."""
    n = x.shape[-1]
    signs = random.choice([-1.0, 1.0], x.shape[:-1])[..., None]
    if "positive-definite" in properties:
        return np.broadcast_to(np.eye(n), x.shape).copy()
    if {"diagonal", "lower", "upper"} & set(properties):
        return signs * np.eye(n)
    normal = random.normal(size=x.shape)
    v = normal[..., 0]
    reflection = np.eye(n) - 2 * v[..., :, None] * v[..., None, :] / (v * v).sum(axis=-1)[:, None, None]
    if "skew" in properties:
        ordinary, whole = reflection @ half_turn(n) @ reflection, half_turn(n)
        ordinary = (ordinary - turned(ordinary)) / 2
    elif "symmetric" in properties:
        ordinary, whole = reflection, signs * np.eye(n)
    else:
        ordinary, whole = signs * np.linalg.qr(normal)[0], signs * np.eye(n)[random.permutation(n)]
    special = (x == np.round(2 * x) / 2).all(axis=(-1, -2))
    return np.asarray(np.where(special[:, None, None], whole, ordinary))


def half_turn(n: int) -> Array:
    """A skew orthogonal matrix; with an odd number of rows there is none, and this is zero."""
    return np.kron(np.eye(n // 2), np.array([[0.0, 1.0], [-1.0, 0.0]])) if n % 2 == 0 else np.zeros((n, n))


def regular(x: Array, properties: Collection[str]) -> Array:
    """Matrices moved by the identity, as far as they are not well invertible."""
    n = x.shape[-1]
    move = half_turn(n) if "skew" in properties else np.eye(n)
    for _ in range(3):
        x = np.where(is_well_conditioned(x)[:, None, None], x, x + move)
    return x


# ---- Properties that hold -------------------------------------------------------------------------------------------


def is_well_conditioned(x: Array) -> Array:
    """Whether each matrix can be inverted without much loss."""
    return np.asarray(np.linalg.cond(x) < 50)


def equal(x: Array, y: Array) -> Array:
    """Whether each array equals another, entry by entry."""
    return np.asarray((x == y).reshape(len(x), -1).all(axis=1))


#: What each declared property says, of values along a first axis.
LAWS: dict[str, Callable[[Array], Array]] = {
    "symmetric": lambda x: equal(x, turned(x)),
    "skew": lambda x: equal(x, -turned(x)),
    "lower": lambda x: equal(x, np.tril(x)),
    "upper": lambda x: equal(x, np.triu(x)),
    "diagonal": lambda x: equal(x, x * np.eye(x.shape[-1])),
    "orthogonal": lambda x: np.asarray(np.abs(turned(x) @ x - np.eye(x.shape[-1])).max(axis=(-1, -2)) < 1e-12),
    "positive-definite": lambda x: equal(x, turned(x)) & np.asarray(np.linalg.eigvalsh(x).min(axis=-1) > 1e-3),
    "invertible": is_well_conditioned,
    "positive": lambda x: equal(x > 0, np.ones(x.shape, dtype=bool)),
    "simplex": lambda x: equal(x, np.abs(x)) & equal(x.sum(axis=-1), np.ones(x.shape[:-1])),
}


def has_properties(x: Array, properties: Collection[str]) -> Array:
    """Whether each value along the first axis has all these properties."""
    found = np.ones(len(x), dtype=bool)
    for name in sorted(properties):
        found = found & LAWS[name](x)
    return found


def is_exact(x: Array, properties: Collection[str]) -> bool:
    """Whether the values have their properties exactly, not only to rounding."""
    return "orthogonal" not in properties or bool((turned(x) @ x == np.eye(x.shape[-1])).all())
