"""The calculation of explicit entries: each node of an answer at given sizes.

Variables become symbols: `alpha`, `x_1`, `A_{1,2}`, real and counted from 1.  Unknown functions become SymPy's, their
derivatives `Derivative`.  A value is kept as its entries that are not zero, so deltas cost what they hold.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import combinations
from itertools import product as tuples
from math import prod
from typing import Any

import sympy

from matcalc.errors import DimensionError, UnsupportedError
from matcalc.expr import (
    Add,
    Apply,
    Constant,
    Delta,
    Derivative,
    Node,
    Number,
    Power,
    Product,
    Size,
    Unknown,
    Variable,
)

__all__ = ["Calculation", "everywhere", "LARGEST_TENSOR"]

#: How many entries a tensor may have, and how many products of entries one contraction may take.
LARGEST_TENSOR = 200_000
LARGEST_CONTRACTION = 2_000_000
#: The largest matrix whose determinant is written out.
LARGEST_DETERMINANT = 8

Index = tuple[int, ...]
#: The entries of a tensor that are not zero, by their indices counted from 0.
Entries = dict[Index, Any]


def everywhere(shape: Sequence[int]) -> Iterator[Index]:
    """All indices of a shape, the last one running fastest."""
    return tuples(*map(range, shape))


class Calculation:
    """The entries of nodes, each calculated once from those of its operands."""

    def __init__(self, sizes: Mapping[str, int], names: Collection[str]) -> None:
        for name, size in sizes.items():
            if isinstance(size, bool) or not isinstance(size, int) or size < 1:
                raise DimensionError(f"the size of `{name}` is {size!r}, which is no positive integer")
        self.sizes = sizes
        #: The names of all variables.
        self.names = names
        self.entries: dict[Node, Entries] = {}

    def take(self, node: Node) -> None:
        """Calculate the entries of a node whose operands are done."""
        self.check(prod(self.shape(node)), LARGEST_TENSOR, "entries")
        found = next(rule(self, node) for kind, rule in RULES.items() if isinstance(node, kind))
        self.entries[node] = {index: entry for index, entry in found.items() if entry != 0}

    def symbol_name(self, name: str, index: Index) -> str:
        """The name of an entry, which counts from 1: `x_1`, `A_{1,2}`; `x_{1}` where `x_1` is a variable of its own."""
        if not index:
            return name
        shown = ",".join(str(i + 1) for i in index)
        plain = len(index) == 1 and f"{name}_{shown}" not in self.names
        return f"{name}_{shown}" if plain else f"{name}_{{{shown}}}"

    def check(self, count: int, limit: int, what: str) -> None:
        """Refuse what is too large."""
        if count > limit:
            hint = "give smaller sizes"
            raise UnsupportedError(f"at these sizes a tensor has {count:,} {what}; the limit is {limit:,}", hint=hint)

    def size(self, dimension: int | str) -> int:
        """The size of a dimension."""
        if isinstance(dimension, int):
            return dimension
        if dimension not in self.sizes:
            hint = f"give one, for example {dimension}=3"
            raise DimensionError(f"the dimension `{dimension}` has no size", hint=hint)
        return self.sizes[dimension]

    def shape(self, node: Node) -> Index:
        """The sizes of the axes of a node."""
        return tuple(self.size(dimension) for dimension in node.shape)

    def dense(self, node: Node) -> Iterator[tuple[Index, Any]]:
        """All entries of a node with their indices."""
        entries = self.entries[node]
        return ((index, entries.get(index, sympy.S.Zero)) for index in everywhere(self.shape(node)))


# ---- Leaves ---------------------------------------------------------------------------------------------------------


def number(calculation: Calculation, node: Number) -> Entries:
    return {(): sympy.Rational(node.value.numerator, node.value.denominator)}


def size(calculation: Calculation, node: Size) -> Entries:
    return {(): sympy.Integer(calculation.size(node.dimension))}


def constant(calculation: Calculation, node: Constant) -> Entries:
    return {(): getattr(sympy, node.name)}


def delta(calculation: Calculation, node: Delta) -> Entries:
    return {(i, i): sympy.S.One for i in range(calculation.size(node.shape[0]))}


def variable(calculation: Calculation, node: Variable) -> Entries:
    names = {index: calculation.symbol_name(node.name, index) for index in everywhere(calculation.shape(node))}
    if not node.operands:
        return {index: sympy.Symbol(name, real=True) for index, name in names.items()}
    arguments = [entry for operand in node.operands for _, entry in calculation.dense(operand)]
    return {index: sympy.Function(name, real=True)(*arguments) for index, name in names.items()}


def derivative(calculation: Calculation, node: Derivative) -> Entries:
    """The partial derivatives of an unknown function by the entries of its arguments."""
    values = calculation.entries[node.operands[0]]
    operands = node.operands[0].operands
    ranges = [list(everywhere(calculation.shape(operand))) for operand in operands]
    starts = [sum(map(len, ranges[:position])) for position in range(len(operands))]
    order = node.operands[0].order
    found: Entries = {}
    for index in everywhere(calculation.shape(node)):
        positions, rest = [], index[order:]
        for position in node.positions:
            width = operands[position].order
            positions.append(starts[position] + ranges[position].index(rest[:width]))
            rest = rest[width:]
        found[index] = partial(values[index[:order]], positions)
    return found


def partial(function: Any, positions: Sequence[int]) -> Any:
    """The derivative of F(a, b, ..) by the arguments at these positions."""
    if len(set(function.args)) == len(function.args) and all(argument.is_Symbol for argument in function.args):
        return sympy.Derivative(function, *(function.args[position] for position in positions))
    dummies = [sympy.Dummy(f"xi_{k + 1}", real=True) for k in range(len(function.args))]
    generic = sympy.Derivative(function.func(*dummies), *(dummies[position] for position in positions))
    return sympy.Subs(generic, dummies, function.args)


# ---- Sums and products ----------------------------------------------------------------------------------------------


def total(calculation: Calculation, node: Add) -> Entries:
    collected: dict[Index, list[Any]] = {}
    for operand in node.operands:
        for index, entry in calculation.entries[operand].items():
            collected.setdefault(index, []).append(entry)
    return {index: sympy.Add(*terms) for index, terms in collected.items()}


def contraction(calculation: Calculation, node: Product) -> Entries:
    """The factors joined from the left; a summed label is summed as soon as no later factor carries it."""
    coefficient = sympy.Rational(node.coefficient.numerator, node.coefficient.denominator)
    labels: tuple[int, ...] = ()
    state: Entries = {(): coefficient}
    for position, (factor, own) in enumerate(node.factors):
        later = {label for other in node.labels[position + 1 :] for label in other}
        kept = tuple(dict.fromkeys(k for k in (*labels, *own) if k in later or k < node.order))
        state = joined(calculation, state, labels, calculation.entries[factor], own, kept)
        labels = kept
    return expanded(state, labels, calculation.shape(node))


def joined(
    calculation: Calculation, left: Entries, left_labels: Index, right: Entries, right_labels: Index, kept: Index
) -> Entries:
    """The products of entries whose labels agree, added up over the labels that are not kept."""
    shared = [label for label in left_labels if label in right_labels]
    by_shared: dict[Index, list[tuple[dict[int, int], Any]]] = {}
    for index, entry in right.items():
        place = dict(zip(right_labels, index, strict=True))
        if all(place[label] == i for label, i in zip(right_labels, index, strict=True)):
            by_shared.setdefault(tuple([place[label] for label in shared]), []).append((place, entry))
    terms: dict[Index, list[Any]] = {}
    count = 0
    for index, entry in left.items():
        here = dict(zip(left_labels, index, strict=True))
        matches = by_shared.get(tuple([here[label] for label in shared]), [])
        count += len(matches)
        calculation.check(count, LARGEST_CONTRACTION, "products of entries to add up")
        for place, other in matches:
            both = {**here, **place}
            terms.setdefault(tuple([both[label] for label in kept]), []).append(entry * other)
    return {index: sympy.Add(*summands) for index, summands in terms.items()}


def expanded(entries: Entries, labels: Index, shape: Index) -> Entries:
    """The entries in the order of the axes, repeated along the axes that no factor carries."""
    missing = [axis for axis in range(len(shape)) if axis not in labels]
    found: Entries = {}
    for index, entry in entries.items():
        place = dict(zip(labels, index, strict=True))
        for repeat in everywhere([shape[axis] for axis in missing]):
            place.update(zip(missing, repeat, strict=True))
            found[tuple([place[axis] for axis in range(len(shape))])] = entry
    return found


# ---- Functions ------------------------------------------------------------------------------------------------------


def power(calculation: Calculation, node: Power) -> Entries:
    exponent = sympy.Rational(node.exponent.numerator, node.exponent.denominator)
    return {index: entry**exponent for index, entry in calculation.dense(node.operands[0])}


def unknown(calculation: Calculation, node: Unknown) -> Entries:
    function, order = sympy.Function(node.name, real=True), node.derivative_order
    entries = {index: function(entry) for index, entry in calculation.dense(node.operands[0])}
    return {index: partial(entry, [0] * order) for index, entry in entries.items()} if order else entries


def applied(calculation: Calculation, node: Apply) -> Entries:
    return matrix_function(calculation, node) if node.groups is not None else elementwise(calculation, node)


def elementwise(calculation: Calculation, node: Apply) -> Entries:
    function = sympy_function(node)
    columns = [dict(calculation.dense(operand)) for operand in node.operands]
    return {index: function(*(column[index] for column in columns)) for index in everywhere(calculation.shape(node))}


def sympy_function(node: Apply) -> Callable[..., Any]:
    """The SymPy function of an operation."""
    given = node.operation.sympy
    if isinstance(given, str):
        return getattr(sympy, given)  # type: ignore[no-any-return]
    return lambda *arguments: given(sympy, *arguments)


def matrix_function(calculation: Calculation, node: Apply) -> Entries:
    """A function of a whole vector or matrix, for each row that is passed through."""
    function, groups = sympy_function(node), node.groups or ()
    argument = node.operands[0]
    entries = dict(calculation.dense(argument))
    shape = calculation.shape(argument)
    found: Entries = {}
    for row in everywhere(shape[: node.rows]):
        own = [entries[row + index] for index in everywhere(shape[node.rows :])]
        if len(groups) == 2:
            columns = prod(shape[node.rows + groups[0] :])
            value = function(Matrix(len(own) // columns, columns, own))
        else:
            value = function(own)
        flat = [value] if node.order == node.rows else list(value)
        places = everywhere(calculation.shape(node)[node.rows :])
        found.update((row + index, entry) for index, entry in zip(places, flat, strict=True))
    return found


class Matrix(sympy.ImmutableDenseMatrix):  # type: ignore[misc]
    """A matrix whose determinant and adjugate are written out by rows, without a division or a search for a pivot."""

    def det(self, *args: Any, **options: Any) -> Any:
        """The determinant by Laplace's expansion along the rows; minors are shared."""
        return determinant(self.tolist())

    def adjugate(self, *args: Any, **options: Any) -> Any:
        """The transpose of the matrix of cofactors."""
        size, rows = self.rows, self.tolist()
        return sympy.ImmutableDenseMatrix(size, size, lambda i, j: (-1) ** (i + j) * determinant(minor(rows, j, i)))

    def inv(self, *args: Any, **options: Any) -> Any:
        """The adjugate over the determinant."""
        whole = self.det()
        return self.adjugate().applyfunc(lambda cofactor: cofactor / whole)


def minor(rows: Sequence[Sequence[Any]], row: int, column: int) -> list[list[Any]]:
    """The rows without one row and one column."""
    return [[*r[:column], *r[column + 1 :]] for i, r in enumerate(rows) if i != row]


def determinant(rows: Sequence[Sequence[Any]]) -> Any:
    """The determinant of rows, each minor of the last rows calculated once."""
    size = len(rows)
    if size > LARGEST_DETERMINANT:
        raise UnsupportedError(f"a determinant is written out up to {LARGEST_DETERMINANT} rows; this one has {size}")
    minors: dict[tuple[int, ...], Any] = {(): sympy.S.One}
    for row in reversed(rows):
        width = len(next(iter(minors))) + 1
        minors = {
            columns: sympy.Add(
                *((-1) ** k * row[c] * minors[(*columns[:k], *columns[k + 1 :])] for k, c in enumerate(columns))
            )
            for columns in combinations(range(size), width)
        }
    return minors[tuple(range(size))]


RULES: dict[type[Node], Callable[[Calculation, Any], Entries]] = {
    Number: number,
    Size: size,
    Constant: constant,
    Delta: delta,
    Variable: variable,
    Derivative: derivative,
    Add: total,
    Product: contraction,
    Power: power,
    Unknown: unknown,
    Apply: applied,
}
