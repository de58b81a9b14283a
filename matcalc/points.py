"""Points at which the sides of a claim are compared, several of the same sizes at once.

Ordinary points are there to find any difference: sizes pairwise different and different from every whole number of the
claim, values of both signs without a property that is not declared, and in other ranges for log, sqrt and asin.
Special ones find what is false in places only: zeros, ties, equal values, equal sizes, sizes 1.  Simple ones, small
sizes and small whole numbers, are for people to read.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np

from matcalc.form import Form, Shape, subforms
from matcalc.jets import Array
from matcalc.sampling import MIXTURE, Program, Variable, size_of, written_sizes
from matcalc.values import draw, has_properties

__all__ = ["Batch", "Source", "work"]

#: How the entries of the points of an ordinary batch are drawn, after those of all signs; "mixed": each variable its own.
FURTHER = ("positive", "small positive", "mixed", "mixed")

#: The manners of a special point: that of a variable is one of the first four, in turn.
TURNS, ALIKE = ("zero", "special", "halves", "real"), ("tied", "one")

#: The most numbers that may be computed for one point, and the most parts of forms that are counted for it.
MOST_WORK, MOST_PARTS = 30_000, 20_000

#: Functions of a matrix whose cost grows as the square of its number of entries, or nearly so.
ELIMINATIONS = frozenset({"det", "adj", "inv", "logdet"})

#: Whole numbers above this one in a claim are not mistaken for sizes.
LARGEST_SIZE = 12


@dataclass(frozen=True)
class Batch:
    """Several points with the same sizes: each value has a first axis that runs over the points."""

    sizes: Mapping[str, int]
    values: Mapping[str, Array]
    count: int

    @cached_property
    def size(self) -> Array:
        """The size of the values of the variables at each point, at least 1."""
        rows = [np.ones((self.count, 1)), *(v.reshape(self.count, -1) for v in self.values.values())]
        return np.asarray(np.abs(np.concatenate(rows, axis=1)).astype(float, copy=False).max(axis=1))

    def take(self, places: Sequence[int] | Array) -> Batch:
        """Some of the points."""
        places = np.asarray(places, dtype=int)
        return Batch(self.sizes, {name: v[places] for name, v in self.values.items()}, len(places))


@dataclass(frozen=True)
class Source:
    """Where the points of one claim come from."""

    program: Program
    forms: Sequence[Form]
    fixed: Mapping[str, int]
    random: np.random.Generator
    #: About how many numbers are computed at one point of these sizes.
    work: Callable[[Mapping[str, int]], int]

    # Sizes

    @property
    def free(self) -> list[str]:
        """The dimensions whose sizes are not fixed."""
        return [name for name in self.program.dimensions if name not in self.fixed]

    def ordinary_sizes(self, count: int) -> Iterator[dict[str, int]]:
        """Sizes without a coincidence, from 3: two by two matrices satisfy identities that others do not.

        From one to the next each dimension has another size.
        """
        free = self.free
        taken = {*self.fixed.values(), *written_sizes(self.program), *written_numbers(self.forms)}
        allowed = [n for n in range(3, 5 + len(free) + len(taken)) if n not in taken][: len(free) + 1]
        order = list(self.random.permutation(allowed).tolist())
        for turn in range(count):
            if turn and turn % len(order) == 0:
                order = list(self.random.permutation(allowed).tolist())
            turned = order[turn % len(order) :] + order[: turn % len(order)]
            yield self.bounded({**dict(zip(free, turned, strict=False)), **self.fixed})

    def special_sizes(self) -> list[dict[str, int]]:
        """All sizes 1, all equal, and every second one 1."""
        free = self.free
        patterns = [(1,), (2,)] if len(free) < 2 else [(1,), (2,), (1, 2), (2, 1)]
        sizes = [{name: p[i % len(p)] for i, name in enumerate(free)} | dict(self.fixed) for p in patterns]
        return sizes if free else sizes[:1]

    def simple_sizes(self, count: int) -> list[dict[str, int]]:
        """Sizes from 1 to 3, the smallest first."""
        free = self.free
        few = free[:4]
        choices = sorted(product((1, 2, 3), repeat=len(few)), key=lambda s: (sum(s), s))[:count]
        choices += [c for c in [(2,) * len(few), (3,) * len(few)] if c not in choices]
        return [{**dict.fromkeys(free, 2), **dict(zip(few, s, strict=True)), **self.fixed} for s in choices]

    def bounded(self, sizes: dict[str, int]) -> dict[str, int]:
        """The sizes, or smaller ones where arrays would be too large: different ones from 2 in the same order, then less."""
        ranks = {n: 2 + rank for rank, n in enumerate(sorted({sizes[name] for name in self.free}))}
        for most in (max(sizes.values(), default=1), *range(max(ranks.values(), default=1), 0, -1)):
            if self.work(sizes) <= MOST_WORK:
                break
            sizes = {name: min(ranks.get(n, n), most) if name in self.free else n for name, n in sizes.items()}
            ranks = {}
        return sizes

    # Values

    def variables(self) -> list[tuple[str, Variable]]:
        """The variables that have values of their own, in the order of their names."""
        variables = sorted(self.program.variables.items())
        return [(name, v) for name, v in variables if v.kind != "function" and not v.arguments]

    def ordinary(self, sizes: Mapping[str, int], points: int) -> Batch:
        """Points of all signs, and further ones for the domains of functions."""
        manners = ("real",) * points + FURTHER
        batch = self.drawn(sizes, [[self.own(m) for m in manners] for _ in self.variables()])
        scalars = [name for name, v in self.variables() if not v.shape and not v.properties]
        for number, name in enumerate(scalars, 1):
            signs = np.array([-1.0 if (number & at).bit_count() % 2 else 1.0 for at in range(points)])
            batch.values[name][:points] = np.abs(batch.values[name][:points]) * signs
        return admissible(self.program, batch)

    def own(self, manner: str) -> str:
        """The manner of one variable at a point of this manner."""
        return MIXTURE[int(self.random.integers(len(MIXTURE)))] if manner == "mixed" else manner

    def special(self, sizes: Mapping[str, int]) -> Batch:
        """Points with zeros and ties: each variable is wholly zero once, and once all are equal."""
        rows = [[TURNS[(i + j) % len(TURNS)] for j in range(len(TURNS))] + [*ALIKE] for i, _ in enumerate(self.variables())]
        return admissible(self.program, self.drawn(sizes, rows))

    def simple(self, sizes: Mapping[str, int], count: int) -> Batch:
        """Points with small whole numbers."""
        rows = [["one"] + ["whole"] * (count - 1) for _ in self.variables()]
        return admissible(self.program, self.drawn(sizes, rows))

    def drawn(self, sizes: Mapping[str, int], manners: Sequence[Sequence[str]]) -> Batch:
        """A point for each manner that the variables have there."""
        values = {
            name: draw(self.random, row, tuple(size_of(axis, sizes) for axis in v.shape), v.properties)
            for (name, v), row in zip(self.variables(), manners, strict=True)
        }
        return Batch(sizes, values, len(manners[0]) if manners else 1)


def admissible(program: Program, batch: Batch) -> Batch:
    """The points at which all declared properties hold."""
    holds = np.ones(batch.count, dtype=bool)
    for name, value in batch.values.items():
        properties = program.variables[name].properties
        holds = holds & has_properties(value, properties) if properties else holds
    return batch if holds.all() else batch.take(np.flatnonzero(holds))


def written_numbers(forms: Collection[Form]) -> set[int]:
    """The whole numbers that stand in forms and might be sizes."""
    found = {int(n.value) for form in forms for n in subforms(form) if n.head == "number" and n.value.denominator == 1}
    return {n for n in found if n <= LARGEST_SIZE}


# ---- Work -----------------------------------------------------------------------------------------------------------

#: The product of a number and of dimensions; `LARGEST` stands for the largest of them all.
Monomial = tuple[int, tuple[str, ...]]
LARGEST = "*"


def work(program: Program, forms: Sequence[Form]) -> Callable[[Mapping[str, int]], int]:
    """About how many numbers the values of forms and their parts are, as a function of the sizes.

    A derivative is taken in all directions at once and has the value beside it; a bound index makes as many copies as
    it has values.
    """
    terms, seen = Counter[tuple[str, ...]](), set[tuple[int, tuple[str, ...]]]()
    stack: list[tuple[Form, Monomial]] = [(form, (1, ())) for form in forms]
    while stack:
        form, (number, names) = stack.pop()
        if (id(form), names) in seen or len(seen) > MOST_PARTS:
            continue
        seen.add((id(form), names))
        for shape in costs(program, form):
            count, own = times(number, names, shape)
            terms[own] += count
        copies = repeated(number, names, form)
        stack.extend((part, copies) for part in parts(program, form))

    def at(sizes: Mapping[str, int]) -> int:
        known = {**sizes, LARGEST: max([1, *sizes.values()])}
        return sum(count * math.prod([known[name] for name in names]) for names, count in terms.items())

    return at


def costs(program: Program, form: Form) -> list[Shape]:
    """Shapes with as many entries as numbers are computed for a form: those of its value, and what it takes besides."""
    own = form.shape or ()
    if form.head == "call" and form.value in ELIMINATIONS:
        return [own, (form.args[0].shape or ()) * 2]
    variable = program.variables.get(form.value) if form.head == "name" else None
    if variable is None or not variable.arguments:
        return [own]
    # A dependent variable is a sum of waves, as many as it and its arguments have entries.
    inner = [program.variables[a].shape for a in variable.arguments if a in program.variables]
    return [shape + other for shape in (own, *inner) for other in (own, *inner)]


def times(number: int, names: tuple[str, ...], shape: Shape) -> Monomial:
    """A monomial times the number of entries of a shape."""
    dimensions = [d for axis in shape for d in axis]
    own = [d for d in dimensions if isinstance(d, str)]
    return number * math.prod([d for d in dimensions if isinstance(d, int)]), tuple(sorted((*names, *own)))


def parts(program: Program, form: Form) -> Sequence[Form]:
    """What a form is made of: its arguments, or what is assigned to a name."""
    if form.head == "derivative":
        return form.args[:1]
    assigned = program.assignments.get(form.value) if form.head == "name" else None
    return form.args if assigned is None else (assigned,)


def repeated(number: int, names: tuple[str, ...], form: Form) -> Monomial:
    """How many times over the arguments of a form are computed, if the form itself is so many times."""
    if form.head == "tensor":
        return times(number, names, form.shape or ())
    if form.head == "bsum":
        return number, (*names, *(LARGEST,) * len(form.value))
    if form.head == "derivative":
        for _ in range(2 if form.value == "hessian" else 1):
            number, names = times(2 * number, names, form.args[1].shape or ())
    return number, names
