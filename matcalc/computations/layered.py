"""Layers: where the boxes and the labels of a directed graph without cycles stand, after Sugiyama, Tagawa and Toda.

    ranks       an operand above its users; an input just above the first of them
    points      an arrow passes through a point of every rank between its ends; its label is the last of them
    orders      within a rank, points stand where their neighbours are in the middle; the order with the fewest crossings
    places      the mean of the neighbours, moved apart as little as squares allow (pool adjacent violators)

Boxes have the even ranks, labels the odd ones, so no label lies upon a box, and none upon another.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from matcalc.errors import UnsupportedError

__all__ = ["Layers", "layers_of"]

#: The most points that are laid out.
LARGEST = 40_000
#: The passes that order points, and those that move them.
ORDERING, MOVING, STRAIGHTENING = 12, 10, 4
#: How heavy a value is, and the points of the arrows from it, against an input; and a point that a long arrow passes.
MADE, PASSED = 100.0, 300.0
#: The distance between neighbours of one rank, and the width of an arrow that passes.
APART, PASSING = 26, 8

Edge = tuple[str, str]


@dataclass
class Layers:
    """The points of each rank from left to right, and their widths, weights, neighbours and middles.

    A point is a box or a place at which an arrow passes a rank; `paths` has the points of each arrow, ends included.
    """

    rows: list[list[int]] = field(default_factory=list)
    widths: list[float] = field(default_factory=list)
    ranks: list[int] = field(default_factory=list)
    above: list[list[int]] = field(default_factory=list)
    below: list[list[int]] = field(default_factory=list)
    middles: list[float] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)
    boxes: dict[str, int] = field(default_factory=dict)
    paths: dict[Edge, list[int]] = field(default_factory=dict)

    def add(self, rank: int, width: float, weight: float) -> int:
        """A new point, at the right end of its rank."""
        if len(self.widths) >= LARGEST:
            raise UnsupportedError(
                "the computation is too large to be drawn here", hint="draw a part of it (--of), or ask for dot"
            )
        while len(self.rows) <= rank:
            self.rows.append([])
        self.rows[rank].append(len(self.widths))
        self.widths.append(width)
        self.ranks.append(rank)
        self.weights.append(weight)
        self.above.append([])
        self.below.append([])
        return len(self.widths) - 1

    def between(self, points: Sequence[int], otherwise: int) -> float:
        """The mean of the middles of some points, heavy ones counted more often; of none, that of another one."""
        weight = sum(self.weights[p] for p in points)
        return sum(self.middles[p] * self.weights[p] for p in points) / weight if points else self.middles[otherwise]

    def connect(self, edge: Edge, label: float) -> None:
        """The points of an arrow, whose label has a width."""
        start, end = self.boxes[edge[0]], self.boxes[edge[1]]
        path = [start]
        for rank in range(self.ranks[start] + 1, self.ranks[end]):
            width = label if rank == self.ranks[end] - 1 else PASSING
            path.append(self.add(rank, width, self.weights[start]))
        path.append(end)
        for upper, lower in pairwise(path):
            self.below[upper].append(lower)
            self.above[lower].append(upper)
        self.paths[edge] = path


def layers_of(boxes: Mapping[str, float], edges: Mapping[Edge, float]) -> Layers:
    """The layers of boxes of some widths, operands first, and of arrows whose labels have some widths."""
    made = Layers()
    ranks = ranks_of(list(boxes), list(edges))
    made_by = {end for _, end in edges}
    for name, width in boxes.items():
        made.boxes[name] = made.add(2 * ranks[name], width, MADE if name in made_by else 1.0)
    for edge, width in edges.items():
        made.connect(edge, width)
    order(made)
    place(made)
    return made


def ranks_of(boxes: Sequence[str], edges: Sequence[Edge]) -> dict[str, int]:
    """The longest way from an input; an input stands just above the first box that uses it."""
    operands: dict[str, list[str]] = {name: [] for name in boxes}
    users: dict[str, list[str]] = {name: [] for name in boxes}
    for start, end in edges:
        operands[end].append(start)
        users[start].append(end)
    ranks: dict[str, int] = {}
    for name in boxes:
        ranks[name] = max((ranks[operand] + 1 for operand in operands[name]), default=0)
    for name in boxes:
        if not operands[name] and users[name]:
            ranks[name] = min(ranks[user] for user in users[name]) - 1
    return ranks


# ---- The order within ranks -----------------------------------------------------------------------------------------


def order(layers: Layers) -> None:
    """Sort every rank by the middles of the neighbours, down and up again, and keep the order with fewest crossings."""
    positions = [0.0] * len(layers.widths)
    number(layers, positions)
    best, fewest = [list(row) for row in layers.rows], crossings(layers, positions)
    for sweep in range(ORDERING):
        if not fewest:
            break
        down = sweep % 2 == 0
        for row in layers.rows if down else layers.rows[::-1]:
            neighbours = layers.above if down else layers.below
            row.sort(key=lambda p: mean([positions[n] for n in neighbours[p]], positions[p]))
            for k, point in enumerate(row):
                positions[point] = k
        found = crossings(layers, positions)
        if found < fewest:
            best, fewest = [list(row) for row in layers.rows], found
    layers.rows = best


def number(layers: Layers, positions: list[float]) -> None:
    """The positions of points within their ranks."""
    for row in layers.rows:
        for k, point in enumerate(row):
            positions[point] = k


def crossings(layers: Layers, positions: Sequence[float]) -> int:
    """How many pairs of arrows cross between neighbouring ranks."""
    count = 0
    for row in layers.rows:
        seen: list[float] = []
        for point in row:
            ends = sorted(positions[lower] for lower in layers.below[point])
            count += sum(len(seen) - bisect_right(seen, end) for end in ends)
            for end in ends:
                insort(seen, end)
    return count


def mean(values: Sequence[float], otherwise: float) -> float:
    """The mean; of nothing, another value."""
    return sum(values) / len(values) if values else otherwise


# ---- The places within ranks ----------------------------------------------------------------------------------------


def place(layers: Layers) -> None:
    """Move every point to the mean of its neighbours above, then below, and so on; at last straighten long arrows."""
    layers.middles = [0.0] * len(layers.widths)
    for row in layers.rows:
        settle(layers, row, [0.0] * len(row), layers.weights)
    for sweep in range(MOVING):
        down = sweep % 2 == 0
        for row in layers.rows if down else layers.rows[::-1]:
            neighbours = layers.above if down else layers.below
            settle(layers, row, [layers.between(neighbours[p], p) for p in row], layers.weights)
    straighten(layers)
    left = min(middle - width / 2 for middle, width in zip(layers.middles, layers.widths, strict=True))
    layers.middles = [middle - left for middle in layers.middles]


def straighten(layers: Layers) -> None:
    """Move boxes between all of their neighbours, and the points that an arrow passes to one line where that can be."""
    passed = {point: path[1:-1] for path in layers.paths.values() for point in path[1:-1] if len(path) > 3}
    weights = [PASSED if p in passed else weight for p, weight in enumerate(layers.weights)]
    for _ in range(STRAIGHTENING):
        middles = [mean([layers.middles[n] for n in passed.get(p, ())], 0.0) for p in range(len(layers.middles))]
        for row in layers.rows:
            wanted = [middles[p] if p in passed else layers.between(layers.above[p] + layers.below[p], p) for p in row]
            settle(layers, row, wanted, weights)


def settle(layers: Layers, row: Sequence[int], wanted: Sequence[float], weights: Sequence[float]) -> None:
    """The places nearest to those that are wanted (least squares) at which the points of a rank keep their distance."""
    offsets = [0.0]
    for left, right in pairwise(row):
        offsets.append(offsets[-1] + (layers.widths[left] + layers.widths[right]) / 2 + APART)
    pools: list[tuple[float, float, int]] = []
    for point, target, offset in zip(row, wanted, offsets, strict=True):
        weight, count = weights[point], 1
        total = (target - offset) * weight
        while pools and pools[-1][0] / pools[-1][1] > total / weight:
            earlier, heavier, members = pools.pop()
            total, weight, count = total + earlier, weight + heavier, count + members
        pools.append((total, weight, count))
    shifts = [total / weight for total, weight, count in pools for _ in range(count)]
    for point, shift, offset in zip(row, shifts, offsets, strict=True):
        layers.middles[point] = shift + offset
