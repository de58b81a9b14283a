"""Names for bound indices: a term has one way to be written, whatever the order of its factors and names.

The indices are coloured by what they meet, the colours refined until nothing changes; where indices stay alike one of
them is singled out, and of all ways the least one is taken (McKay's scheme of canonical labelling).  Indices that may
change places without any effect are tried once.  A sign -1 under which a term goes over into itself makes it zero.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from matcalc.expr import Node

__all__ = ["Factor", "canonical", "components"]

#: How many ways to single out indices are tried at most; a term beyond that may have several forms.
LEAVES = 96

Symmetry = tuple[tuple[int, ...], int]


class Factor(NamedTuple):
    """atom^exponent at some indices."""

    atom: Node
    labels: tuple[int, ...]
    exponent: int | Fraction


#: A factor under one permutation of its slots: its sign and, for each slot, the label.
Arrangement = tuple[int, tuple[int, ...]]
Key = tuple[bytes, str]
Colours = dict[int, int]
Leaf = tuple[tuple[tuple[Key, tuple[int, ...]], ...], int, list[Factor]]


def components(factors: Sequence[Factor], free: Mapping[int, int]) -> Iterator[list[Factor]]:
    """The factors in groups that share no bound index."""
    group: dict[int, int] = {}

    def root(k: int) -> int:
        while group.setdefault(k, k) != k:
            k = group[k]
        return k

    owner: dict[int, int] = {}
    for k, factor in enumerate(factors):
        for label in factor.labels:
            if label not in free:
                group[root(k)] = root(owner.setdefault(label, k))
    found: dict[int, list[Factor]] = {}
    for k, factor in enumerate(factors):
        found.setdefault(root(k), []).append(factor)
    yield from found.values()


def canonical(
    factors: Sequence[Factor], free: Mapping[int, int], symmetries: Callable[[Node], Sequence[Symmetry]]
) -> tuple[int, list[Factor]]:
    """The sign and the factors of one component in canonical order, bound labels renamed to `len(free)`, ..

    `free` maps the free labels to their positions.  The sign is 0 if the component equals its own negative.
    """
    if len(factors) == 1 and len(set(factors[0].labels)) == len(factors[0].labels) and not has_bound(factors, free):
        return least_arrangement(factors[0], free, symmetries(factors[0].atom))
    search = Search(factors, free, symmetries)
    return search.result()


def has_bound(factors: Sequence[Factor], free: Mapping[int, int]) -> bool:
    return any(label not in free for factor in factors for label in factor.labels)


def least_arrangement(
    factor: Factor, rank: Mapping[int, int], symmetries: Sequence[Symmetry]
) -> tuple[int, list[Factor]]:
    """One factor whose indices have ranks, at the least of its arrangements."""
    ranks = [rank[label] for label in factor.labels]
    least = min(tuple([ranks[k] for k in order]) for order, _ in symmetries)
    signs = {sign for order, sign in symmetries if tuple([ranks[k] for k in order]) == least}
    sign = signs.pop() if len(signs) == 1 or factor.exponent % 2 == 0 else 0
    if factor.exponent % 2 == 0:
        sign = 1
    return sign, [Factor(factor.atom, least, factor.exponent)]


class Search:
    """The search for the least way to write one component."""

    def __init__(
        self, factors: Sequence[Factor], free: Mapping[int, int], symmetries: Callable[[Node], Sequence[Symmetry]]
    ) -> None:
        self.free = free
        self.factors = factors
        self.keys: list[Key] = [(f.atom.digest, str(f.exponent)) for f in factors]
        self.arrangements: list[list[Arrangement]] = []
        for factor in factors:
            odd = factor.exponent % 2 == 1
            rows = [
                (sign if odd else 1, tuple([factor.labels[k] for k in order])) for order, sign in symmetries(factor.atom)
            ]
            self.arrangements.append(rows)
        labels = dict.fromkeys(label for factor in factors for label in factor.labels)
        self.bound = [label for label in labels if label not in free]
        dimension = {label: str(d) for f in factors for label, d in zip(f.labels, f.atom.shape, strict=True)}
        self.start: dict[int, Hashable] = {
            label: (0, free[label], "") if label in free else (1, 0, dimension[label]) for label in labels
        }
        self.leaves = 0
        self.best: Leaf | None = None
        self.zero = False

    def result(self) -> tuple[int, list[Factor]]:
        self.descend(self.refine(ranked(self.start)))
        if self.zero or self.best is None:
            return 0, []
        _, sign, factors = self.best
        return sign, factors

    def refine(self, colours: Colours) -> Colours:
        """Colours that tell indices apart by what they meet."""
        while True:
            incident: dict[int, list[tuple[Any, ...]]] = {label: [] for label in colours}
            for key, rows in zip(self.keys, self.arrangements, strict=True):
                views = [(tuple([colours[x] for x in labels]), labels) for _, labels in rows]
                least = min(view for view, _ in views)
                for label in set(rows[0][1]):
                    places = sorted((view, [k for k, x in enumerate(labels) if x == label]) for view, labels in views)
                    incident[label].append((key, least, tuple([(view, tuple(slots)) for view, slots in places])))
            updated = ranked({label: (colours[label], tuple(sorted(incident[label]))) for label in colours})
            if len(set(updated.values())) == len(set(colours.values())):
                return updated
            colours = updated

    def descend(self, colours: Colours) -> None:
        """Single out one of the indices that are alike, until all differ."""
        if self.zero or self.leaves >= LEAVES:
            return
        classes: dict[int, list[int]] = {}
        for label in self.bound:
            classes.setdefault(colours[label], []).append(label)
        alike = [colour for colour, members in classes.items() if len(members) > 1]
        if not alike:
            self.leaf(colours)
            return
        members = classes[min(alike)]
        tried: list[int] = []
        for label in members:
            if not any(self.twins(label, other) for other in tried):
                tried.append(label)
                singled: dict[int, Hashable] = {x: (c, x != label) for x, c in colours.items()}
                self.descend(self.refine(ranked(singled)))

    def twins(self, a: int, b: int) -> bool:
        """Whether the two indices may change places."""
        swap = {a: b, b: a}
        before, sign = self.written(lambda x: x)
        after, other = self.written(lambda x: swap.get(x, x))
        self.zero |= before == after and sign != other
        return before == after

    def written(self, name: Callable[[int], int]) -> tuple[list[tuple[Key, tuple[int, ...]]], int]:
        """The factors under a renaming, sorted, and their sign."""
        sign, rows = 1, []
        for key, arrangements in zip(self.keys, self.arrangements, strict=True):
            least = min((tuple([name(x) for x in labels]), -s) for s, labels in arrangements)
            sign *= -least[1]
            rows.append((key, least[0]))
        return sorted(rows), sign

    def leaf(self, colours: Colours) -> None:
        """One way to write the component; the least one is kept."""
        self.leaves += 1
        sign, rows = 1, []
        for k, arrangements in enumerate(self.arrangements):
            views = [(tuple([colours[x] for x in labels]), s, labels) for s, labels in arrangements]
            least = min(view[0] for view in views)
            signs = {s for view, s, _ in views if view == least}
            self.zero |= len(signs) > 1
            sign *= min(signs)
            rows.append((self.keys[k], least, k, next(labels for view, _, labels in views if view == least)))
        rows.sort(key=lambda row: row[:2])
        numbers: dict[int, int] = dict(self.free.items())
        factors, key = [], []
        for factor_key, _, k, labels in rows:
            for label in labels:
                numbers.setdefault(label, len(numbers))
            renamed = tuple([numbers[label] for label in labels])
            key.append((factor_key, renamed))
            factors.append(Factor(self.factors[k].atom, renamed, self.factors[k].exponent))
        found = (tuple(key), sign, factors)
        if self.best is None or found[0] < self.best[0]:
            self.best = found
        elif found[0] == self.best[0] and sign != self.best[1]:
            self.zero = True


def ranked(values: Mapping[int, Hashable]) -> Colours:
    """Values as numbers, in their order."""
    order = {value: k for k, value in enumerate(sorted(set(values.values())))}  # type: ignore[type-var]
    return {label: order[value] for label, value in values.items()}
