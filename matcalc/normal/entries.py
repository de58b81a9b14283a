"""The entries of a core node at given sizes, as scalar core nodes, of which the normal form can decide one by one.

    B'B at m = 2, n = 1    [B[1,1]^2 + B[2,1]^2]

A variable becomes a scalar variable for each entry (see `entry_variables`), a dimension a number, a contraction a sum
of products, a function of a matrix a formula in its entries (see `entry_matrices`).  What a dependent variable depends
on does not matter here: its entries are variables, and so are their partial derivatives.

A value is kept as its entries that are not zero.  So every entry has the value of the node wherever that has one; where
a factor is zero, the other need not have a value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import product as tuples
from math import prod
from typing import Any

from matcalc.assumptions import Facts
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
    is_zero,
)
from matcalc.normal.budget import Budget, BudgetExceeded
from matcalc.normal.entry_matrices import MATRIX_ENTRIES, Matrices
from matcalc.normal.entry_scalars import ONE, ZERO, Scalars
from matcalc.normal.entry_variables import EntryVariables

__all__ = ["Entries"]

#: How many operations on scalars may be done, and how many entries one value may have.
LARGEST = 20_000

Index = tuple[int, ...]
#: The entries of a value that are not zero, by their indices counted from 0.
Sparse = dict[Index, Node]
#: A value with the label of each of its axes.
Labelled = tuple[Sparse, Index]


class Entries:
    """The entries of nodes at given sizes under given facts; one for all sides of a claim, for shared parts are done once.

    `facts` are those of the scalar variables that the entries so far have.  An axis of a variable is one axis of its
    node: properties of a value with compound axes do not belong into the given facts, only `positive` does.
    """

    def __init__(self, sizes: Mapping[str, int], facts: Facts, *, largest: int = LARGEST) -> None:
        self.sizes = sizes
        self.largest = largest
        self.scalars = Scalars(Budget(largest))
        self.matrices = Matrices(self.scalars)
        self.variables = EntryVariables(facts)
        self.facts = self.variables.facts
        self.memo: dict[Node, Sparse] = {}

    def __call__(self, root: Node) -> list[Node]:
        """All entries of a node as scalar nodes, in C order: the last index runs fastest.

        Raises BudgetExceeded where more than `largest` scalar nodes would be made or looked at, or a part has more entries;
        ZeroDivisionError where an entry of a part has a value nowhere, DimensionError for a dimension without a size.
        """
        stack = [root]
        while stack:
            node = stack[-1]
            pending = [o for o in below(node) if o not in self.memo]
            if pending:
                stack.extend(reversed(pending))
                continue
            stack.pop()
            if node not in self.memo:
                self.memo[node] = {index: entry for index, entry in STEPS[type(node)](self, node) if not is_zero(entry)}
        return [self.memo[root].get(index, ZERO) for index in self.everywhere(root.shape)]

    # Shapes.

    def size(self, dimension: int | str) -> int:
        """The size of a dimension."""
        if isinstance(dimension, int):
            return dimension
        if dimension not in self.sizes:
            raise DimensionError(f"the dimension `{dimension}` has no size", hint=f"give one, for example {dimension}=3")
        return self.sizes[dimension]

    def shape(self, dimensions: Sequence[int | str]) -> Index:
        """The sizes of some axes."""
        return tuple([self.size(dimension) for dimension in dimensions])

    def everywhere(self, dimensions: Sequence[int | str]) -> Iterator[Index]:
        """All indices of some axes, in C order."""
        shape = self.shape(dimensions)
        if prod(shape) > self.largest:
            raise BudgetExceeded("a tensor with too many entries")
        return tuples(*map(range, shape))

    def dense(self, node: Node) -> list[Node]:
        """All entries of a node that is done."""
        return [self.memo[node].get(index, ZERO) for index in self.everywhere(node.shape)]

    # Leaves.

    def number(self, node: Number) -> Iterator[tuple[Index, Node]]:
        yield (), node

    def dimension(self, node: Size) -> Iterator[tuple[Index, Node]]:
        yield (), Number.make(self.size(node.dimension))

    def delta(self, node: Delta) -> Iterator[tuple[Index, Node]]:
        return (((i, i), ONE) for (i,) in self.everywhere(node.shape[:1]))

    def variable(self, node: Variable) -> Iterator[tuple[Index, Node]]:
        shape = self.shape(node.shape)
        for index in self.everywhere(node.shape):
            self.scalars.budget.spend()
            yield index, self.variables.entry(node, shape, index)

    def derivative(self, node: Derivative) -> Iterator[tuple[Index, Node]]:
        shape = self.shape(node.shape)
        for index in self.everywhere(node.shape):
            self.scalars.budget.spend()
            yield index, self.variables.derivative(node, shape, index)

    # Sums and products.

    def add(self, node: Add) -> Iterator[tuple[Index, Node]]:
        collected: dict[Index, list[Node]] = {}
        for operand in node.operands:
            for index, entry in self.memo[operand].items():
                collected.setdefault(index, []).append(entry)
        return ((index, self.scalars.plus(terms)) for index, terms in collected.items())

    def product(self, node: Product) -> Iterator[tuple[Index, Node]]:
        """A sum over all summed labels; what has no labels is multiplied last, once for each entry."""
        factors = [(self.memo[factor], labels) for factor, labels in node.factors]
        entries, labels = self.contracted([f for f in factors if f[1]], node.order)
        scalars = [found.get((), ZERO) for found, own in factors if not own]
        if any(map(is_zero, scalars)) or not node.coefficient:
            return
        outside = [Number.make(node.coefficient), *scalars]
        scaled = {index: self.scalars.times(*outside, entry) for index, entry in entries.items()}
        yield from self.expanded(scaled, labels, node)

    def contracted(self, factors: Sequence[Labelled], order: int) -> Labelled:
        """The product of factors summed over the labels from `order` on: joined one by one, the least result first."""
        waiting = list(factors)
        value: Labelled = ({(): ONE}, ())
        while waiting:
            kept = [self.kept(value[1], k, waiting, order) for k in range(len(waiting))]
            best = min(range(len(waiting)), key=lambda k: len(kept[k]))
            value = self.joined(value, waiting.pop(best), kept[best]), kept[best]
        return value

    def kept(self, labels: Index, position: int, factors: Sequence[Labelled], order: int) -> Index:
        """The labels that stay when a factor is multiplied: those of the result and of the factors after it."""
        later = {label for k, (_, own) in enumerate(factors) if k != position for label in own}
        return tuple(dict.fromkeys(x for x in (*labels, *factors[position][1]) if x < order or x in later))

    def joined(self, left: Labelled, right: Labelled, kept: Index) -> Sparse:
        """The product of two values, summed over the labels that are not kept."""
        shared = [label for label in left[1] if label in right[1]]
        partners: dict[Index, list[tuple[dict[int, int], Node]]] = {}
        for here, entry in located(right):
            partners.setdefault(tuple([here[label] for label in shared]), []).append((here, entry))
        terms: dict[Index, list[Node]] = {}
        for here, entry in located(left):
            for there, other in partners.get(tuple([here[label] for label in shared]), ()):
                both = here | there
                index = tuple([both[label] for label in kept])
                terms.setdefault(index, []).append(self.scalars.times(entry, other))
        return {index: total for index, summands in terms.items() if not is_zero(total := self.scalars.plus(summands))}

    def expanded(self, entries: Sparse, labels: Index, node: Node) -> Iterator[tuple[Index, Node]]:
        """The entries in the order of the axes of a node, repeated along those that no factor carries."""
        missing = [axis for axis in range(node.order) if axis not in labels]
        repeats = list(self.everywhere([node.shape[axis] for axis in missing]))
        if len(repeats) * len(entries) > self.largest:
            raise BudgetExceeded("a tensor with too many entries")
        for index, entry in entries.items():
            for repeat in repeats:
                here = dict(zip((*labels, *missing), index + repeat, strict=True))
                yield tuple([here[axis] for axis in range(node.order)]), entry

    # Functions.

    def power(self, node: Power) -> Iterator[tuple[Index, Node]]:
        exponent, (base,) = Fraction(node.exponent), node.operands
        if exponent > 0:
            return ((i, self.scalars.power(entry, exponent)) for i, entry in self.memo[base].items())
        entries = self.dense(base)
        powers = (self.scalars.power(entry, exponent) for entry in entries)
        return zip(self.everywhere(node.shape), powers, strict=True)

    def apply(self, node: Apply) -> Iterator[tuple[Index, Node]]:
        if node.groups is not None:
            return self.matrix_function(node, node.groups)
        columns = [self.dense(operand) for operand in node.operands]
        values = (self.scalars.apply(node.name, *arguments) for arguments in zip(*columns, strict=True))
        return zip(self.everywhere(node.shape), values, strict=True)

    def matrix_function(self, node: Apply, groups: Sequence[int]) -> Iterator[tuple[Index, Node]]:
        """A function of the last axes of its argument, for each index of the axes before them."""
        if node.name not in MATRIX_ENTRIES:
            raise UnsupportedError(f"the entries of `{node.name}` are not known")
        (argument,) = node.operands
        entries, shape = self.dense(argument), self.shape(argument.shape)
        length, width = prod(shape[node.rows :]), prod(shape[node.rows + groups[0] :]) if len(groups) > 1 else 0
        values: list[Node] = []
        for start in range(0, len(entries), length):
            values += MATRIX_ENTRIES[node.name](self.matrices, rows_of(entries[start : start + length], width))
        return zip(self.everywhere(node.shape), values, strict=True)

    def unknown(self, node: Unknown) -> Iterator[tuple[Index, Node]]:
        (argument,) = node.operands
        for index, entry in zip(self.everywhere(node.shape), self.dense(argument), strict=True):
            self.scalars.budget.spend()
            yield index, Unknown.make(node.name, node.derivative_order, entry)


def below(node: Node) -> tuple[Node, ...]:
    """The nodes of which the entries of a node are made; what a dependent variable depends on is none of them."""
    return () if isinstance(node, Variable | Derivative) else node.operands


def located(value: Labelled) -> Iterator[tuple[dict[int, int], Node]]:
    """The entries of a value with the place of each label; those where one label has two places are left out."""
    entries, labels = value
    for index, entry in entries.items():
        here = dict(zip(labels, index, strict=True))
        if len(here) == len(labels) or all(here[x] == i for x, i in zip(labels, index, strict=True)):
            yield here, entry


def rows_of(entries: Sequence[Node], width: int) -> tuple[tuple[Node, ...], ...]:
    """Entries in C order as rows of some width; 0 for a vector, which is one row."""
    width = width or len(entries)
    return tuple([tuple(entries[start : start + width]) for start in range(0, len(entries), width)])


STEPS: dict[type[Node], Callable[[Entries, Any], Iterator[tuple[Index, Node]]]] = {
    Number: Entries.number,
    Size: Entries.dimension,
    Constant: Entries.number,
    Delta: Entries.delta,
    Variable: Entries.variable,
    Derivative: Entries.derivative,
    Add: Entries.add,
    Product: Entries.product,
    Power: Entries.power,
    Apply: Entries.apply,
    Unknown: Entries.unknown,
}
