"""A second opinion on a claim: whether it is false, by plain numbers.

It shares nothing with what it judges but the interpreter of typed forms: points of its own, in long double, with values
of their own for the unknown functions, and thresholds with much room.  At each point all is computed in double precision
as well; how far the two are apart says how much of a difference is rounding.

    false      the sides differ in shape, or at a point by much more than rounding
    true       they agree at all points where they are defined, ordinary and special ones
    unclear    they differ by little more than rounding
    no point   there are not enough points where they are defined, or where the hypotheses hold
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from matcalc.claim import Claim
from matcalc.evaluate import interpret
from matcalc.form import Form, subforms

__all__ = ["Opinion", "opinion", "opinion_at"]

Array = np.ndarray
Values = dict[str, Array]
Long = np.longdouble

#: How values are drawn at ordinary points, and at those with zeros, ties, sizes 1, equal sizes, negative values.
ORDINARY = ("real",) * 4 + ("positive",) * 3 + ("small",) + ("small positive",) * 2 + ("mixed",) * 2
SPECIAL = (
    "integers", "zeros", "ties", "negative", "negative ties", "sizes 1", "equal sizes", "integers", "zeros",
    "equal integers", "sizes 1 negative", "positive integers",
)  # fmt: skip
#: Further ordinary points, as long as fewer than `ENOUGH` were defined.
FURTHER, ENOUGH = ("mixed",) * 30, 4
RANGES = {
    "real": (-1.7, 1.7), "positive": (0.2, 1.9), "small": (-0.4, 0.4), "small positive": (0.04, 0.45),
    "large": (1.2, 2.9), "negative": (-1.8, -0.2), "sizes 1": (-1.7, 1.7), "equal sizes": (-1.7, 1.7),
    "sizes 1 negative": (-1.8, -0.2),
}  # fmt: skip
CHOICES = {
    "integers": (-2, -1, 0, 1, 2), "zeros": (0, 0, 0, 0, 1), "ties": (0.5,), "negative ties": (-1,),
    "equal integers": (-1, 0, 1), "positive integers": (1, 2, 3),
}  # fmt: skip
#: A difference decides if it is so large beside the entries, and beside what rounding in double precision does.
RELATIVE, BEYOND_ROUNDING = 1e-11, 1000
#: Agreement to so much beside the entries, or to what rounding in double precision does.
AGREEMENT = 1e-14
LARGEST = 1e200
#: How well Newton's method solves the assumptions.
RESIDUAL = 1e-17
#: Functions that are not defined everywhere: their derivatives may be defined where they are not.
PARTIAL = frozenset({"log", "sqrt", "asin", "acos", "arcsin", "arccos", "crossentropy"})


@dataclass(frozen=True)
class Point:
    """Sizes and values."""

    sizes: dict[str, int]
    values: Values

    def __str__(self) -> str:
        stated = {**self.sizes, **{name: np.asarray(v, dtype=float).tolist() for name, v in self.values.items()}}
        return ", ".join(f"{name} = {value}" for name, value in stated.items())


@dataclass
class Opinion:
    """What was seen of a claim; `ordinary` and `special` count the points of agreement."""

    outcome: str
    #: Where it is false: the manner of the point, or "shape".
    manner: str = ""
    point: Point | None = None
    difference: float = 0.0
    values: list[Any] = field(default_factory=list)
    ordinary: int = 0
    special: int = 0


# ---- Values ---------------------------------------------------------------------------------------------------------


def drawn(random: np.random.Generator, manner: str, shape: tuple[int, ...]) -> Array:
    if manner == "mixed":
        manner = str(random.choice(["real", "positive", "small", "small positive", "large", "negative"]))
    if manner in CHOICES:
        return np.asarray(random.choice(CHOICES[manner], shape)).astype(Long)
    return np.asarray(random.uniform(*RANGES[manner], shape)).astype(Long)


def orthogonal(random: np.random.Generator, n: int, properties: frozenset[str]) -> Array:
    """An orthogonal matrix to the last digit of long double."""
    if properties & {"diagonal", "lower", "upper"}:
        return np.diag(random.choice([-1.0, 1.0], n)).astype(Long)
    if "symmetric" in properties:
        v = random.normal(size=n).astype(Long)
        return np.eye(n, dtype=Long) - 2 * np.outer(v, v) / (v @ v)
    q = np.linalg.qr(random.normal(size=(n, n)))[0].astype(Long)
    for _ in range(3):
        q = q @ (3 * np.eye(n, dtype=Long) - q.T @ q) / 2
    return q


def positive(x: Array) -> Array:
    return np.where(x == 0, Long(0.25), np.abs(x))


def dominant(x: Array) -> Array:
    """A matrix that is well invertible: skew ones as they are, others with a larger diagonal."""
    skew = np.array_equal(x, -x.T)
    return x if skew or np.linalg.cond(x.astype(float)) < 30 else x + 3 * np.eye(len(x), dtype=Long)


def shares(x: Array) -> Array:
    """Entries that sum to 1, in each row."""
    x = np.abs(x)
    x = np.where(x.sum(axis=-1, keepdims=True) == 0, Long(1), x)
    return np.asarray(x / x.sum(axis=-1, keepdims=True))


GIVEN: dict[str, Callable[[Array], Array]] = {
    "positive": positive,
    "symmetric": lambda x: (x + x.T) / 2,
    "skew": lambda x: (x - x.T) / 2,
    "lower": np.tril,
    "upper": np.triu,
    "diagonal": lambda x: x * np.eye(len(x), dtype=Long),
    "positive-definite": lambda x: x @ x.T + np.eye(len(x), dtype=Long),
    "invertible": dominant,
    "simplex": shares,
}
CLOSE = 1e-15
HOLDS: dict[str, Callable[[Array], bool]] = {
    "positive": lambda x: bool((x > 0).all()),
    "symmetric": lambda x: bool(np.abs(x - x.T).max() <= CLOSE),
    "skew": lambda x: bool(np.abs(x + x.T).max() <= CLOSE),
    "lower": lambda x: np.array_equal(x, np.tril(x)),
    "upper": lambda x: np.array_equal(x, np.triu(x)),
    "diagonal": lambda x: np.array_equal(x, x * np.eye(len(x))),
    "positive-definite": lambda x: bool(np.linalg.eigvalsh(x.astype(float)).min() > 0.01),
    "invertible": lambda x: bool(np.linalg.cond(x.astype(float)) < 1e4),
    "simplex": lambda x: bool((x >= 0).all() and np.abs(x.sum(axis=-1) - 1).max() <= CLOSE),
    "orthogonal": lambda x: bool(np.abs(x.T @ x - np.eye(len(x))).max() <= CLOSE),
}


def value_of(random: np.random.Generator, manner: str, shape: tuple[int, ...], properties: frozenset[str]) -> Array:
    """A value that is made to have the properties one after the other; `holds` tells whether it has all of them."""
    if "orthogonal" in properties:
        return orthogonal(random, shape[0], properties)
    x = drawn(random, manner, shape)
    for name, rule in GIVEN.items():
        x = np.asarray(rule(x) if name in properties else x)
    return x


def holds(x: Array, properties: frozenset[str]) -> bool:
    return all(HOLDS[name](x) for name in properties)


# ---- Points ---------------------------------------------------------------------------------------------------------


def sizes_of(claim: Claim, manner: str, random: np.random.Generator) -> dict[str, int]:
    """Different sizes from 2 on at ordinary points, any from 1 to 3 at special ones."""
    names = claim.program.dimensions
    if manner.startswith("sizes 1"):
        return dict.fromkeys(names, 1)
    if manner.startswith("equal"):
        return dict.fromkeys(names, int(random.integers(2, 4)))
    if manner in CHOICES or manner == "negative":
        return {name: int(random.integers(1, 4)) for name in names}
    choice = random.permutation(np.arange(2, 2 + max(2, len(names))))
    return {name: int(size) for name, size in zip(names, choice, strict=False)}


def point_of(claim: Claim, manner: str, fixed: Mapping[str, int], random: np.random.Generator) -> Point | None:
    """A point where all hypotheses hold, if this attempt finds one; some sizes may be fixed."""
    sizes = {**sizes_of(claim, manner, random), **fixed}
    values: Values = {}
    for name, variable in sorted(claim.program.variables.items()):
        if variable.kind == "function" or variable.arguments:
            continue
        shape = tuple(math.prod(d if isinstance(d, int) else sizes[d] for d in axis) for axis in variable.shape)
        values[name] = value_of(random, manner, shape, variable.properties)
    point = Point(sizes, values)
    if claim.assume and not solved(claim, point, random):
        return None
    properties = {name: claim.program.variables[name].properties for name in values}
    return point if all(holds(value, properties[name]) for name, value in values.items()) else None


def solved(claim: Claim, point: Point, random: np.random.Generator) -> bool:
    """Move some of the values by Newton's method until the assumptions hold; whether they do."""
    names = sorted({p.value for pair in claim.assume for side in pair for p in subforms(side) if p.head == "name"})
    free = [name for name in names if name in point.values]

    def residual() -> Array:
        sides = [[evaluated(claim, side, point, point.values)[1] for side in pair] for pair in claim.assume]
        return np.concatenate([np.ravel(a - b) for a, b in sides])

    for _ in range(40):
        here = residual()
        if not np.isfinite(here.astype(float)).all():
            return False
        if np.abs(here).max() < RESIDUAL:
            return True
        step = np.linalg.lstsq(slopes(residual, point.values, free, here), -here.astype(float), rcond=1e-9)[0]
        for name in free:
            count = point.values[name].size
            point.values[name] = point.values[name] + step[:count].reshape(point.values[name].shape)
            step = step[count:]
    return False


def slopes(residual: Callable[[], Array], values: Values, free: Sequence[str], here: Array) -> Array:
    """The Jacobian matrix of the residual by all entries of the free values, by differences."""
    columns = []
    for name in free:
        kept = values[name]
        for k in range(kept.size):
            moved = kept.copy().reshape(-1)
            moved[k] += Long(1e-8)
            values[name] = moved.reshape(kept.shape)
            columns.append((residual() - here) / Long(1e-8))
        values[name] = kept
    return np.array(columns, dtype=float).T.reshape(len(here), -1)


# ---- Values of the sides --------------------------------------------------------------------------------------------


def unknown_function(name: str, order: int) -> Callable[[Array], Array]:
    """The derivative of this order of sin(au + b) + c·u² + d·u, whose constants the name selects."""
    a, b, c, d = np.random.default_rng(zlib.crc32(f"oracle {name}".encode())).uniform(0.3, 1.2, 4)
    polynomial = (lambda u: c * u**2 + d * u, lambda u: 2 * c * u + d, lambda u: 2 * c + 0 * u)

    def function(u: Array) -> Array:
        wave = (np.sin, np.cos, lambda x: -np.sin(x), lambda x: -np.cos(x))[order % 4](a * u + b)
        return np.asarray(a**order * wave + (polynomial[order](u) if order < 3 else 0))

    return function


def evaluated(claim: Claim, form: Form, point: Point, values: Mapping[str, Array]) -> tuple[str, Array]:
    """The kind and the array of a form."""
    program = claim.program
    functions = {
        (name, order): unknown_function(name, order)
        for name, variable in program.variables.items()
        for order in range(6)
        if variable.kind == "function"
    }
    return interpret(
        form, values, point.sizes, assignments=program.assignments, layout=program.layout, functions=functions,
        unknowns={name: v for name, v in program.variables.items() if v.arguments},
        structured={name: v.properties for name, v in program.variables.items()} if program.structured else {},
    )  # fmt: skip


def is_zero(form: Form) -> bool:
    return form.head == "number" and form.value == 0


def side_values(claim: Claim, point: Point, number: type) -> list[Array]:
    """All sides in one precision; a constant that needs no value takes its precision from one that nobody reads."""
    values = {name: value.astype(number) for name, value in point.values.items()} | {" ": np.asarray(number(0))}
    return [evaluated(claim, side, point, values)[1] for side in claim.sides]


def compared(claim: Claim, point: Point) -> tuple[str, float, list[Array]]:
    """Whether the sides are "false", "true", "unclear" or "undefined" at a point, how far apart, and their values."""
    fine, rough = side_values(claim, point, Long), side_values(claim, point, np.float64)
    if not all(np.isfinite(v).all() and np.abs(v).max(initial=0) < LARGEST for v in (*fine, *rough)):
        return "undefined", 0.0, fine
    if not all(np.isfinite(evaluated(claim, form, point, point.values)[1]).all() for form in differentiated(claim)):
        return "undefined", 0.0, fine
    worst, largest = "true", 0.0
    for (a, b), (c, d) in zip(steps(fine), steps(rough), strict=True):
        rounding = np.abs(a - c).max(initial=0) + np.abs(b - d).max(initial=0) + RESIDUAL * len(claim.assume)
        found, apart = judged(np.abs(a - b), np.maximum(np.abs(a), np.abs(b)), float(rounding))
        worst = min(worst, found, key=("false", "unclear", "true").index)
        largest = max(largest, apart)
    return worst, largest, fine


def differentiated(claim: Claim) -> list[Form]:
    """What is differentiated, where it stands under no index, if anything in the claim is not defined everywhere."""
    stack, found = [*claim.sides, *claim.program.assignments.values()], []
    if not any(is_partial(part) for form in stack for part in subforms(form)):
        return []
    while stack:
        form = stack.pop()
        stack.extend(form.args if form.head not in ("tensor", "bsum") else ())
        if form.head == "derivative":
            found.append(form.args[0])
    return found


def is_partial(form: Form) -> bool:
    return (form.head == "call" and form.value in PARTIAL) or form.head in ("power", "elpower")


def steps(sides: Sequence[Array]) -> Iterator[tuple[Array, Array]]:
    """The sides of each equation of a chain, a zero in the shape of the other side."""
    for a, b in pairwise(sides):
        yield tuple(np.broadcast_arrays(a, b))


def judged(apart: Array, scale: Array, rounding: float) -> tuple[str, float]:
    """What the differences of two sides say."""
    largest = float(apart.max(initial=0))
    if (apart > np.maximum(RELATIVE * scale, BEYOND_ROUNDING * rounding)).any():
        return "false", largest
    agree = (apart <= 2 * rounding + AGREEMENT * scale).all()
    return "true" if agree else "unclear", largest


# ---- The opinion ----------------------------------------------------------------------------------------------------


def opinion(claim: Claim, *, sizes: Mapping[str, int] | None = None, seed: int = 0) -> Opinion:
    """Whether a claim is false, perhaps at given sizes; raises MatcalcError where a side cannot be evaluated."""
    shaped = [side for side in claim.sides if not is_zero(side)]
    if len({(side.kind, side.shape) for side in shaped}) > 1:
        return Opinion("false", "shape")
    result, unclear = Opinion("no point"), False
    for turn, manner in enumerate((*ORDINARY, *SPECIAL, *FURTHER)):
        if manner == "mixed" and turn >= len(ORDINARY) and result.ordinary >= ENOUGH:
            break
        ordinary = manner not in SPECIAL
        point = point_of(claim, manner, sizes or {}, np.random.default_rng([seed, turn]))
        found, apart, values = compared(claim, point) if point else ("undefined", 0.0, [])
        if found == "false":
            return Opinion("false", manner, point, apart, values, result.ordinary, result.special)
        unclear = unclear or (found == "unclear" and ordinary)
        result.ordinary += found == "true" and ordinary
        result.special += found == "true" and not ordinary
    result.outcome = "unclear" if unclear else "true" if result.ordinary >= ENOUGH else "no point"
    return result


def opinion_at(claim: Claim, sizes: Mapping[str, int], values: Mapping[str, Any]) -> Opinion:
    """What the sides say at one point that somebody else has found: an inequality may fail where few points lie."""
    point = Point(dict(sizes), {name: np.asarray(value, dtype=Long) for name, value in values.items()})
    if not all(holds(value, claim.program.variables[name].properties) for name, value in point.values.items()):
        return Opinion("no point", "given", point)
    given = [a - b for pair in claim.assume for a, b in steps([evaluated(claim, s, point, point.values)[1] for s in pair])]
    if any(np.abs(x).max(initial=0) > CLOSE for x in given):
        return Opinion("no point", "given", point)
    found, apart, sides = compared(claim, point)
    return Opinion(found, "given", point, apart, sides)
