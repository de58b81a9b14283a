"""The contraction graph of a product, and the elimination of its summed indices.

An index is a vertex, a matrix an edge, a vector a weight of a vertex.  A summed vertex goes away:

    edges   becomes
    0       the inner product of its weights, u'v
    1       a matrix-vector product, a weight of the other end; without a weight a row sum
    2       a matrix product, with `diag` of the weight in between; between one pair of vertices a trace or a diagonal
    more    only after parallel edges are merged to a Hadamard product

Each elimination takes away one summed vertex, each merging one edge, so it ends.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

from matcalc.build import (
    call,
    counted,
    diagonal,
    hadamard,
    mask_name,
    multiply,
    same,
    sum_all,
    transposed,
    transposes,
    triangle,
)
from matcalc.form import Axis, Dimension, Form, number

__all__ = ["Edge", "Factor", "Graph", "Groups", "NoMatrixForm", "Weight", "hadamard_of"]

Groups = tuple[tuple[int, ...], ...]


class NoMatrixForm(Exception):
    """The contraction graph does not reduce to a matrix form."""


@dataclass(frozen=True, slots=True)
class Factor:
    """A factor of a product: its scalar, column or matrix form, the indices of its axes; `inverse` if it is 1/form."""

    form: Form
    labels: tuple[int, ...]
    inverse: bool = False


@dataclass(slots=True)
class Edge:
    """A chain of matrices from vertex `i` to vertex `j`; `position` is that of its first factor in the product."""

    chain: tuple[Form, ...]
    i: int
    j: int
    position: int

    def oriented(self, start: int) -> tuple[Form, ...]:
        """The chain read from `start` to the other end."""
        if self.i == start:
            return self.chain
        return tuple([transposed(form) for form in reversed(self.chain)])

    def other(self, vertex: int) -> int:
        """The end that is not `vertex`."""
        return self.j if self.i == vertex else self.i


@dataclass(frozen=True, slots=True)
class Weight:
    """A column or scalar among the factors; `inverse` if the factor is 1/form."""

    position: int
    form: Form
    inverse: bool = False


class Graph:
    """The contraction graph while it is reduced."""

    def __init__(self, dimensions: Mapping[int, Dimension], groups: Groups) -> None:
        self.dimensions = dimensions
        self.result = {label for group in groups for label in group}
        self.summed = {label for label in dimensions if label not in self.result}
        self.edges: dict[int, Edge] = {}
        self.at: dict[int, set[int]] = {label: set() for label in dimensions}
        self.loops: dict[int, list[Edge]] = {}
        self.weights: dict[int, list[Weight]] = {}
        self.scalars: list[Weight] = []
        self._next = 0

    def place(self, position: int, factor: Factor) -> None:
        """Add one factor of the product."""
        form, labels = factor.form, factor.labels
        if not labels:
            self.scalars.append(Weight(position, form, factor.inverse))
        elif len(labels) == 1:
            self.weigh(labels[0], Weight(position, form, factor.inverse))
        elif len(labels) == 2:
            if factor.inverse:
                form = Form("rdiv", (number(1), form), kind=form.kind, shape=form.shape, symmetric=form.symmetric)
            self.add(Edge((form,), labels[0], labels[1], position))
        else:
            raise NoMatrixForm

    def weigh(self, vertex: int, weight: Weight) -> None:
        """Put a weight on a vertex."""
        self.weights.setdefault(vertex, []).append(weight)

    def add(self, edge: Edge) -> None:
        """Add an edge, or a loop."""
        if edge.i == edge.j:
            self.loops.setdefault(edge.i, []).append(edge)
            return
        self.edges[self._next] = edge
        self.at[edge.i].add(self._next)
        self.at[edge.j].add(self._next)
        self._next += 1

    def remove(self, key: int) -> Edge:
        """Take an edge out."""
        edge = self.edges.pop(key)
        self.at[edge.i].discard(key)
        self.at[edge.j].discard(key)
        return edge

    def axis(self, vertex: int) -> Axis:
        """The axis that a vertex runs over."""
        return (self.dimensions[vertex],)

    def contract(self) -> None:
        """Take out every summed vertex, those with the fewest edges first."""
        self.merge_masks()
        while self.summed:
            vertex = min(self.summed, key=lambda v: (min(len(self.at[v]), 3), v))
            if len(self.at[vertex]) > 2 and not self.merge_parallel():
                raise NoMatrixForm
            if len(self.at[vertex]) <= 2:
                self.summed.remove(vertex)
                self.eliminate(vertex)
        for vertex in list(self.loops):
            self.open_loops(vertex)

    def merge_masks(self) -> None:
        """Merge masks of triangles with what stands between the same vertices: tril(A.*B)."""
        for key, mask in [(k, edge) for k, edge in self.edges.items() if is_mask(edge)]:
            others = sorted((self.at[mask.i] & self.at[mask.j]) - {key})
            if others and key in self.edges:
                whole = reduce(self.parallel, [self.remove(k) for k in others])
                self.add(self.masked(self.remove(key), whole))

    def masked(self, mask: Edge, edge: Edge) -> Edge:
        """A triangle of a matrix, read from the rows of the result, else with the fewest transposes."""
        ends = sorted((mask.i, mask.j))
        inside = [v for v in ends if v not in self.result]
        start = min(ends, key=lambda v: transposes(self.chain_form(edge, v))) if inside else ends[0]
        name = mask_name(self.chain_form(mask, start)) or ""
        form = triangle(name, self.chain_form(edge, start))
        return Edge((form,), start, mask.other(start), min(mask.position, edge.position))

    def merge_parallel(self) -> bool:
        """Merge edges between one pair of vertices; False if there are none."""
        pairs: dict[tuple[int, int], int] = {}
        merged = False
        for key in sorted(self.edges):
            edge = self.edges[key]
            pair = (min(edge.i, edge.j), max(edge.i, edge.j))
            if pair in pairs:
                first, second = self.remove(pairs[pair]), self.remove(key)
                self.add(self.parallel(first, second))
                pairs[pair] = self._next - 1
                merged = True
            else:
                pairs[pair] = key
        return merged

    def parallel(self, first: Edge, second: Edge) -> Edge:
        """The Hadamard product of two edges between the same vertices."""
        if first.position > second.position:
            first, second = second, first
        for mask, other in ((first, second), (second, first)):
            if is_mask(mask) and not is_mask(other):
                return self.masked(mask, other)
        start = first.i
        left, right = self.chain_form(first, start), self.chain_form(second, start)
        if same(left, right):
            form = Form("elpower", (left, number(2)), kind="matrix", shape=left.shape)
        elif left.head == "rdiv" and left.args[0].head == "number" and left.args[0].value == 1:
            form = Form("rdiv", (right, left.args[1]), kind="matrix", shape=left.shape)
        elif right.head == "rdiv" and right.args[0].head == "number" and right.args[0].value == 1:
            form = Form("rdiv", (left, right.args[1]), kind="matrix", shape=left.shape)
        else:
            form = hadamard(left, right)
        form.symmetric = left.symmetric and right.symmetric
        return Edge((form,), start, first.other(start), first.position)

    def chain_form(self, edge: Edge, start: int) -> Form:
        """The matrix form of an edge, its rows at `start`."""
        return multiply(edge.oriented(start), "matrix", (self.axis(start), self.axis(edge.other(start))))

    def eliminate(self, vertex: int) -> None:
        """Sum over a vertex with at most two edges."""
        keys = sorted(self.at[vertex])
        if not keys:
            self.eliminate_isolated(vertex)
            return
        self.open_loops(vertex)
        if len(keys) == 1:
            self.eliminate_pendant(vertex, self.remove(keys[0]))
        else:
            first, second = self.remove(keys[0]), self.remove(keys[1])
            self.eliminate_series(vertex, first, second)

    def eliminate_isolated(self, vertex: int) -> None:
        """tr(A), or the inner product of weights."""
        loops = self.loops.get(vertex, [])
        if len(loops) == 1 and vertex not in self.weights:
            edge = self.loops.pop(vertex)[0]
            self.scalars.append(Weight(edge.position, self.trace(edge, vertex)))
            return
        self.open_loops(vertex)
        weights = self.weights.pop(vertex)
        self.scalars.append(Weight(min(w.position for w in weights), inner_product(weights)))

    def trace(self, edge: Edge, vertex: int) -> Form:
        """The trace of a closed chain, read in the direction and from the factor that a person would choose."""
        forms, backward = edge.chain, edge.oriented(-1)
        if sum(map(transposes, backward)) < sum(map(transposes, forms)):
            forms = backward
        shape = (self.axis(vertex), self.axis(vertex))
        if len(forms) == 1 and forms[0].head == "transpose":
            forms = forms[0].args
        return call("tr", multiply(forms, "matrix", shape), kind="scalar", shape=())

    def open_loops(self, vertex: int) -> None:
        """Turn loops at a vertex into weights: the diagonals of their matrices."""
        for edge in self.loops.pop(vertex, []):
            shape = (self.axis(vertex), self.axis(vertex))
            matrix = multiply(edge.chain, "matrix", shape)
            if matrix.head == "transpose":
                matrix = matrix.args[0]
            self.weigh(vertex, Weight(edge.position, call("diag", matrix, kind="column", shape=shape[:1])))

    def eliminate_pendant(self, vertex: int, edge: Edge) -> None:
        """A*v at the other end of the edge, or the row sums of A."""
        other = edge.other(vertex)
        chain = list(edge.oriented(other))
        weights = self.weights.pop(vertex, [])
        position = min([edge.position, *(w.position for w in weights)])
        last = hadamard_of(weights) if weights else row_sums(chain.pop())
        form = multiply([*chain, last], "column", (self.axis(other),))
        self.weigh(other, Weight(position, form))

    def eliminate_series(self, vertex: int, first: Edge, second: Edge) -> None:
        """A*B, or A*diag(v)*B; a chain that closes on itself becomes a loop."""
        if first.position > second.position:
            first, second = second, first
        start, end = first.other(vertex), second.other(vertex)
        weights = self.weights.pop(vertex, [])
        if start == end and not weights and self.close_pair(vertex, start, first, second):
            return
        between = (diagonal(hadamard_of(weights)),) if weights else ()
        position = min([first.position, second.position, *(w.position for w in weights)])
        self.add(Edge(first.oriented(start) + between + second.oriented(vertex), start, end, position))

    def close_pair(self, vertex: int, other: int, first: Edge, second: Edge) -> bool:
        """Σ A_ik B_ik as a sum over a Hadamard product, where that reads better than a trace or a diagonal."""
        plain = self.transposes_from(other, first, second)
        position = min(first.position, second.position)
        length = len(first.chain) + len(second.chain)
        if self.is_alone(other):
            if length > 2 or plain:
                return False
            self.summed.remove(other)
            self.scalars.append(Weight(position, self.closed(other, first, second)))
            return True
        turned = self.transposes_from(vertex, first, second) + 1
        diagonal = sum(map(transposes, (*first.oriented(other), *second.oriented(vertex))))
        if min(plain, turned) > diagonal or (min(plain, turned) == diagonal and length == 2):
            return False
        start = other if plain <= turned else vertex
        product = self.chain_form(self.parallel(first, second), start)
        self.weigh(other, Weight(position, row_sums(product if start == other else transposed(product))))
        return True

    def transposes_from(self, start: int, first: Edge, second: Edge) -> int:
        """The transposes in two edges that are read from one of their ends."""
        return sum(transposes(self.chain_form(edge, start)) for edge in (first, second))

    def is_alone(self, vertex: int) -> bool:
        """True for a summed vertex at which nothing else hangs."""
        return vertex in self.summed and not self.at[vertex] and vertex not in self.weights and vertex not in self.loops

    def closed(self, start: int, first: Edge, second: Edge) -> Form:
        """The sum of all entries of a Hadamard product, or a squared norm."""
        if same(left := self.chain_form(first, start), self.chain_form(second, start)):
            norm = call("norm2", left, kind="scalar", shape=())
            return Form("power", (norm, number(2)), kind="scalar", shape=())
        return sum_all(self.chain_form(self.parallel(first, second), start))


def is_mask(edge: Edge) -> bool:
    """True for the mask of a triangle alone."""
    return len(edge.chain) == 1 and mask_name(edge.chain[0]) is not None


def hadamard_of(weights: Sequence[Weight]) -> Form:
    """The product of weights of one vertex, entry by entry, those below the fraction bar last."""
    ordered = sorted(weights, key=lambda w: w.position)
    above = merge_equal([w.form for w in ordered if not w.inverse])
    below = merge_equal([w.form for w in ordered if w.inverse])
    if not below:
        return above if above is not None else number(1)
    assert below is not None
    first = above if above is not None else number(1)
    return Form("rdiv", (first, below), kind=below.kind, shape=below.shape)


def merge_equal(forms: Sequence[Form]) -> Form | None:
    """u.*v.*w with equal factors as powers; None for no factor."""
    result: Form | None = None
    for form, n in counted(forms):
        if n > 1:
            form = Form("elpower", (form, number(n)), kind=form.kind, shape=form.shape)
        result = form if result is None else hadamard(result, form)
    return result


def inner_product(weights: Sequence[Weight]) -> Form:
    """The sum over a vertex without edges: u'v, u'u as a squared norm, the sum of entries, u'(v.*w)."""
    ordered = sorted(weights, key=lambda w: w.position)
    plain = [w.form for w in ordered if not w.inverse]
    if len(plain) < len(ordered) or len(plain) == 1:
        return sum_all(hadamard_of(ordered))
    first, rest = plain[0], hadamard_of([Weight(k, form) for k, form in enumerate(plain[1:])])
    if same(first, rest) and first.head == "add":
        norm = call("norm2", first, kind="scalar", shape=())
        return Form("power", (norm, number(2)), kind="scalar", shape=())
    forward, backward = [transposed(first), rest], [transposed(rest), first]
    if sum(map(transposes, backward)) < sum(map(transposes, forward)):
        forward = backward
    return multiply(forward, "scalar", ())


def row_sums(form: Form) -> Form:
    """The column of row sums of a matrix form."""
    shape = form.shape or ()
    if form.head == "transpose":
        inner = form.args[0]
        row = call("sum", inner, number(0), kind="row", shape=shape[:1])
        return transposed(row)
    return call("sum", form, number(1), kind="column", shape=shape[:1])
