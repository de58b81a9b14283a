"""Reducing a product to a matrix form.

The contraction graph is reduced until only the indices of the result are left; what hangs on them is put together.  The
indices are grouped to the axes of a column or matrix: one index an axis for a plain product, several for a Kronecker
form, with the commutation matrix where its columns cross.  A vertex of the result with edges to several columns means
that there is no matrix form: NoMatrixForm, never a guess.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import permutations

from matcalc.build import (
    call,
    diagonal,
    eye,
    mask_name,
    multiply,
    ones_form,
    quotient,
    scaled,
    size_form,
    transposed,
    triangle,
    zeros_form,
)
from matcalc.form import Dimension, Form, Shape
from matcalc.graph import Edge, Factor, Graph, Groups, NoMatrixForm, hadamard_of

__all__ = ["Factor", "Groups", "NoMatrixForm", "Term", "reduce", "single"]


@dataclass(frozen=True, slots=True)
class Term:
    """coefficient * above * chain / below: numbers, scalars, and a chain of matrices and vectors."""

    coefficient: Fraction
    above: tuple[Form, ...]
    below: tuple[Form, ...]
    chain: tuple[Form, ...]
    kind: str
    shape: Shape

    def form(self) -> Form:
        """The term as a person writes it."""
        if self.coefficient == 0:
            zeros = zeros_form(self.shape)
            return transposed(zeros) if self.kind == "row" else zeros
        body = multiply([*self.above, *self.chain], self.kind, self.shape)
        if self.below:
            body = quotient(body, multiply(self.below, "scalar", ()))
        return scaled(self.coefficient, body)


def single(form: Form) -> Term:
    """A form as a term of its own."""
    return Term(Fraction(1), (), (), (form,), form.kind or "", form.shape or ())


def reduce(
    factors: Sequence[Factor], dimensions: Mapping[int, Dimension], groups: Groups, coefficient: Fraction
) -> Term:
    """The term that a product of factors is, its result's indices grouped to axes; raises NoMatrixForm.

    `dimensions` holds every index; those in no group are summed.
    """
    graph = Graph(dimensions, groups)
    for position, factor in enumerate(factors):
        graph.place(position, factor)
    graph.contract()
    return Assembly(graph, groups).term(coefficient)


@dataclass(frozen=True, slots=True)
class Component:
    """A Kronecker factor: a form with the row vertices and column vertices that it covers."""

    form: Form
    rows: tuple[int, ...]
    columns: tuple[int, ...]


class Assembly:
    """What hangs on the result's indices, put together to a scalar, column, or matrix."""

    def __init__(self, graph: Graph, groups: Groups) -> None:
        self.graph = graph
        self.groups = groups
        self.rows = groups[0] if groups else ()
        self.columns = groups[1] if len(groups) > 1 else ()
        self.shape: Shape = tuple(tuple(graph.dimensions[label] for label in group) for group in groups)
        self.kind = ("scalar", "column", "matrix")[len(groups)]

    def term(self, coefficient: Fraction) -> Term:
        """The reduced product."""
        self.graph.merge_parallel()
        left = self.take_inner_edge(self.rows)
        right = self.take_inner_edge(self.columns)
        chain = self.kronecker_chain()
        if left or right:
            chain = [form for form in chain if not is_identity(form)]
        scalars = sorted(self.graph.scalars, key=lambda w: w.position)
        above = tuple(w.form for w in scalars if not w.inverse)
        below = tuple(w.form for w in scalars if w.inverse)
        return Term(coefficient, above, below, (*left, *chain, *right), self.kind, self.shape)

    def take_inner_edge(self, labels: tuple[int, ...]) -> list[Form]:
        """An edge between two row indices (or two column indices) that is not alone, as diag(vec(M)) beside the rest."""
        if len(labels) != 2 or not self.columns:
            return []
        inside = [k for k, e in self.graph.edges.items() if {e.i, e.j} == set(labels)]
        if not inside or all(self.graph.at[label] == set(inside) for label in labels):
            return []
        edge = self.graph.remove(inside[0])
        if is_eye(edge.chain):
            self.share(labels, self.columns if labels == self.rows else self.rows)
        return [diagonal(self.vec_form(edge, labels))]

    def share(self, labels: tuple[int, ...], opposite: tuple[int, ...]) -> None:
        """Give each of two indices that are equal an edge of its own, to the opposite index at the same place."""
        crowded = max(labels, key=lambda label: len(self.graph.at[label]))
        for key in sorted(self.graph.at[crowded]):
            other = self.graph.edges[key].other(crowded)
            target = labels[opposite.index(other)] if other in opposite and len(opposite) == len(labels) else crowded
            if target != crowded:
                edge = self.graph.remove(key)
                self.graph.add(Edge(edge.oriented(other), other, target, edge.position))

    def vec_form(self, edge: Edge, labels: tuple[int, ...]) -> Form:
        """vec(M) of an edge between two grouped indices: the second index is the row of M."""
        matrix = self.graph.chain_form(edge, labels[1])
        axis = tuple(self.graph.dimensions[label] for label in labels)
        return call("vec", matrix, kind="column", shape=(axis,))

    def kronecker_chain(self) -> list[Form]:
        """The components in an order in which their rows and columns are those of the result."""
        if not self.groups:
            return []
        components = self.components()
        if all(not (c.rows and c.columns) for c in components):
            return self.outer(components)
        crossed: tuple[Component, ...] | None = None
        for order in permutations(components):
            if tuple([r for c in order for r in c.rows]) == self.rows:
                columns = tuple([x for c in order for x in c.columns])
                if columns == self.columns:
                    return [self.kron(order)]
                if len(columns) == 2 and columns == self.columns[::-1]:
                    crossed = crossed or order
        if crossed is None:
            raise NoMatrixForm
        return [self.kron(crossed), self.commutation()]

    def commutation(self) -> Form:
        """The commutation matrix that takes the columns in their order to the crossed order."""
        first, second = (self.graph.dimensions[label] for label in self.columns)
        sizes = (size_form((second,)), size_form((first,)))
        return call("commutation", *sizes, kind="matrix", shape=((second, first), (first, second)))

    def outer(self, components: Sequence[Component]) -> list[Form]:
        """A column times a row, from components that are columns and rows."""
        column = self.kron(sorted((c for c in components if c.rows), key=lambda c: self.rows.index(c.rows[0])))
        rows = [c for c in components if c.columns]
        if not rows:
            return [column]
        row = self.kron(sorted(rows, key=lambda c: self.columns.index(c.columns[0])))
        if is_ones(column) and is_ones(row):
            return [ones_form(self.shape)]
        return [column, row]

    def kron(self, components: Sequence[Component]) -> Form:
        """The Kronecker product of components."""
        result = components[0]
        for component in components[1:]:
            rows, columns = result.rows + component.rows, result.columns + component.columns
            axes = [tuple([self.graph.dimensions[x] for x in side]) for side in (rows, columns) if side]
            kind = "matrix" if rows and columns else "column" if rows else "row"
            form = call("kron", result.form, component.form, kind=kind, shape=tuple(axes))
            result = Component(form, rows, columns)
        return result.form

    def components(self) -> list[Component]:
        """Each edge with its weights, then the weights of vertices without edges."""
        graph = self.graph
        found: list[Component] = []
        covered: set[int] = set()
        for key in sorted(graph.edges, key=lambda k: graph.edges[k].position):
            edge = graph.edges[key]
            if edge.i in covered or edge.j in covered:
                raise NoMatrixForm
            covered |= {edge.i, edge.j}
            found.append(self.edge_component(edge))
        for label in (*self.rows, *self.columns):
            if label not in covered:
                found.append(self.weight_component(label))
        return found

    def edge_component(self, edge: Edge) -> Component:
        """diag(u)*M*diag(v) between a row and a column index, or vec(M) between two of a kind."""
        graph = self.graph
        if {edge.i, edge.j} in ({*self.rows}, {*self.columns}):
            labels = self.rows if edge.i in self.rows else self.columns
            if any(label in graph.weights for label in labels):
                self.absorb_weights(edge, labels[1])
            form = self.vec_form(edge, labels)
            return Component(form, labels, ()) if labels == self.rows else Component(transposed(form), (), labels)
        start = edge.i if edge.i in self.rows else edge.j
        if start not in self.rows or edge.other(start) not in self.columns:
            raise NoMatrixForm
        return Component(self.weighted(edge, start), (start,), (edge.other(start),))

    def weighted(self, edge: Edge, start: int) -> Form:
        """diag(u)*M*diag(v) with the rows of M at `start`."""
        graph = self.graph
        end = edge.other(start)
        before, after = graph.weights.get(start, []), graph.weights.get(end, [])
        chain = list(edge.oriented(start))
        shape = (graph.axis(start), graph.axis(end))
        if is_eye(chain):
            weights = [*before, *after]
            return diagonal(hadamard_of(weights)) if weights else eye(shape[0])
        mask = mask_name(chain[0]) if len(chain) == 1 else None
        if mask and before and after:
            return triangle(mask, multiply([hadamard_of(before), transposed(hadamard_of(after))], "matrix", shape))
        if before:
            chain.insert(0, diagonal(hadamard_of(before)))
        if after:
            chain.append(diagonal(hadamard_of(after)))
        return multiply(chain, "matrix", shape)

    def absorb_weights(self, edge: Edge, start: int) -> None:
        """Make weights at the ends of an edge part of its chain, which is read from `start`."""
        graph = self.graph
        form = self.weighted(edge, start)
        edge.chain, edge.i, edge.j = (form,), start, edge.other(start)
        graph.weights.pop(edge.i, None)
        graph.weights.pop(edge.j, None)

    def weight_component(self, label: int) -> Component:
        """The weights of an index without edges: a column or a row; ones if there are none."""
        weights = self.graph.weights.get(label)
        form = hadamard_of(weights) if weights else ones_form((self.graph.axis(label),))
        return Component(form, (label,), ()) if label in self.rows else Component(transposed(form), (), (label,))


def is_eye(chain: Sequence[Form]) -> bool:
    """True for the identity matrix alone."""
    return len(chain) == 1 and chain[0].head == "call" and chain[0].value == "eye"


def is_identity(form: Form) -> bool:
    """True for an identity matrix, also where it is a Kronecker product of them."""
    if form.head == "call" and form.value == "kron":
        return all(is_identity(part) for part in form.args)
    return is_eye((form,))


def is_ones(form: Form) -> bool:
    """True for a column or row of ones."""
    form = form.args[0] if form.head == "transpose" else form
    return form.head == "call" and form.value == "ones"
