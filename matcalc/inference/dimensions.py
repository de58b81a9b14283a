"""Dimensions: axes with unknown parts, the solver that makes them equal, and names for what is left unknown.

Each axis is a list of dimensions and unknowns.  Unification binds the unknowns; two different declared names, or two
different numbers, are never equal.  Unknowns that are left at the end get names that read well: rows m and columns n of
the first matrix, n for a square one, then p, q, r, ...
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

from matcalc.errors import MatcalcError, Span
from matcalc.form import Dimension, Form

__all__ = ["Unknown", "Axis", "Axes", "Solver", "Names", "axes", "kind_of"]

#: Names for dimensions that were not given, in the order in which they are taken.
_POOL = tuple("nmpqrsklhtuvwg")
_KIND_OF_ORDER = ("scalar", "column", "matrix")


class Unknown:
    """A part of an axis that is not known: bound to a list of items at `place` once it is.

    An axis that was declared with a number has that `size`, but its parts are unknown: a vector(6) can be as long as
    vec(X) of a 2 x 3 matrix, whose axis has the parts 3 and 2.
    """

    __slots__ = ("items", "place", "size")

    def __init__(self, size: int | None = None) -> None:
        self.items: Axis | None = None
        self.place: Span | None = None
        self.size = size


#: An axis while it is being solved, and the axes of a value.
Axis = tuple[Dimension | Unknown, ...]
Axes = tuple[Axis, ...]


class Solver:
    """Unification of axes, each a list of dimensions and unknowns."""

    def __init__(self) -> None:
        #: The unknowns in the order in which they were bound.
        self.trail: list[Unknown] = []
        #: True while bindings may be taken back.
        self.tentative = False
        #: Equations between lists of different lengths, which wait until more is known.
        self.waiting: list[tuple[Axis, Axis, Callable[[], MatcalcError]]] = []

    def resolve(self, axis: Axis) -> Axis:
        """The axis with bound unknowns replaced."""
        if len(axis) == 1:
            item = axis[0]
            if not isinstance(item, Unknown) or item.items is None:
                return axis
            return self.follow(item)
        return tuple(part for item in axis for part in self.resolve((item,)))

    def follow(self, unknown: Unknown) -> Axis:
        """What a bound unknown stands for.  Chains are cut short, except while bindings may be taken back."""
        chain = [unknown]
        items = unknown.items or ()
        while len(items) == 1 and isinstance(items[0], Unknown) and items[0].items is not None:
            chain.append(items[0])
            items = items[0].items
        if len(items) > 1:
            return self.resolve(items)
        if not self.tentative:
            for link in chain:
                link.items, link.place = items, chain[-1].place
        return items

    def unify(self, left: Axis, right: Axis, place: Span | None) -> bool | None:
        """Make two axes equal: True if they are, False if they cannot be, None if that cannot be told yet."""
        left, right = self.resolve(left), self.resolve(right)
        while left and right and left[0] == right[0]:
            left, right = left[1:], right[1:]
        while left and right and left[-1] == right[-1]:
            left, right = left[:-1], right[:-1]
        if not left or not right:
            return not left and not right
        if len(left) == 1 and isinstance(left[0], Unknown):
            return self.bind(left[0], right, place)
        if len(right) == 1 and isinstance(right[0], Unknown):
            return self.bind(right[0], left, place)
        return self.unify_lists(left, right, place)

    def unify_lists(self, left: Axis, right: Axis, place: Span | None) -> bool | None:
        """Make two lists equal, neither of them a single unknown; an unknown stands for at least one dimension."""
        if len(left) != len(right):
            shorter = min(left, right, key=len)
            return None if any(isinstance(item, Unknown) for item in shorter) else False
        if len(left) == 1:
            return False
        verdicts = [self.unify((a,), (b,), place) for a, b in zip(left, right, strict=True)]
        return False if False in verdicts else None if None in verdicts else True

    def bind(self, unknown: Unknown, items: Axis, place: Span | None) -> bool | None:
        """Let an unknown stand for a list, if it can; None if that cannot be told yet."""
        if unknown in items:
            return False
        if unknown.size is not None:
            other = items[0]
            if len(items) == 1 and isinstance(other, Unknown) and other.size is None:
                return self.bind(other, (unknown,), place)
            if (total := self.total(items)) is None:
                return False if any(isinstance(item, str) for item in items) else None
            if total != unknown.size:
                return False
        unknown.items, unknown.place = items, place
        self.trail.append(unknown)
        return True

    def total(self, items: Axis) -> int | None:
        """The product of the sizes, or None if it is not a known number."""
        sizes = [item.size if isinstance(item, Unknown) else item for item in items]
        return prod(size for size in sizes if isinstance(size, int)) if all(isinstance(s, int) for s in sizes) else None

    def is_one(self, axis: Axis) -> bool:
        """True if an axis has the size 1."""
        return self.total(self.resolve(axis)) == 1

    def attempt(self, pairs: Sequence[tuple[Axis, Axis]], place: Span | None) -> bool:
        """Make all pairs of axes equal, or change nothing."""
        mark, self.tentative = len(self.trail), True
        equal = all(self.unify(left, right, place) for left, right in pairs)
        self.tentative = False
        if equal:
            return True
        for unknown in self.trail[mark:]:
            unknown.items = None
        del self.trail[mark:]
        return False

    def settle(self) -> None:
        """Solve the equations that wait; where several solutions exist, pair from the left."""
        progress = True
        while self.waiting and progress:
            before, self.waiting = self.waiting, []
            for left, right, error in before:
                self.equate(left, right, None, error)
            progress = len(self.waiting) < len(before)
        for left, right, error in self.waiting:
            if not self.pair(self.resolve(left), self.resolve(right)):
                raise error()

    def pair(self, left: Axis, right: Axis) -> bool:
        """Pair two lists from the left; the last unknown of the shorter one takes the rest."""
        shorter, longer = sorted((left, right), key=len)
        at = max((i for i, item in enumerate(shorter) if isinstance(item, Unknown)), default=len(shorter))
        rest = len(longer) - len(shorter) + 1
        groups = [longer[i : i + 1] for i in range(at)] + [longer[at : at + rest]]
        groups += [longer[i : i + 1] for i in range(at + rest, len(longer))]
        return len(groups) == len(shorter) and all(
            self.unify((item,), group, None) for item, group in zip(shorter, groups, strict=True)
        )

    def equate(self, left: Axis, right: Axis, place: Span | None, error: Callable[[], MatcalcError]) -> None:
        """Make two axes equal; raise the error if they cannot be."""
        verdict = self.unify(left, right, place)
        if verdict is None:
            self.waiting.append((left, right, error))
        elif not verdict:
            raise error()


class Names:
    """Names for the dimensions that were not given."""

    def __init__(self, solver: Solver, taken: set[str]) -> None:
        self.solver = solver
        self.taken = taken
        self.given: list[str] = []
        self.count = 0

    def take(self, *wishes: str) -> str:
        """A new name, the first of the wishes that is free."""
        for word in (*wishes, *_POOL):
            if word not in self.taken:
                break
        else:
            word = ""
            while not word or word in self.taken:
                self.count += 1
                word = f"n{self.count}"
        self.taken.add(word)
        self.given.append(word)
        return word

    def first_matrix(self, rows: Axis, columns: Axis) -> bool:
        """Name rows m and columns n, n alone if they are equal; False if both are known."""
        r, c = self.solver.resolve(rows), self.solver.resolve(columns)
        free = [item for item in r + c if isinstance(item, Unknown) and item.size is None]
        if r != c and len(r) == len(c) == 1 and len(free) == 2:
            self.solver.bind(free[0], (self.take("m"),), None)
            self.solver.bind(free[1], (self.take("n"),), None)
        return bool(free)

    def solved(self, shape: Axes) -> Axes:
        """The shape with names for what is left unknown."""
        return tuple(map(self.solved_axis, shape))

    def solved_axis(self, axis: Axis) -> Axis:
        result = self.solver.resolve(axis)
        for item in result:
            if isinstance(item, Unknown) and item.items is None:
                item.items = (item.size or self.take(),)
        return self.solver.resolve(result)


def axes(form: Form) -> tuple[Any, ...]:
    """The axes of a typed form; while it is being solved they hold unknowns."""
    return form.shape or ()


def kind_of(shape: Axes) -> str:
    """The kind of a tensor by its order; one axis is a column."""
    return _KIND_OF_ORDER[len(shape)] if len(shape) < 3 else "tensor"
