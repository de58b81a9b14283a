"""The entries of variables: scalar variables, fewer of them where properties tie entries or fix them.

    property                    entries of X, and what is known of them
    symmetric                   X[2,1] is X[1,2]
    skew                        X[2,1] is -X[1,2], X[1,1] is 0
    diagonal, lower, upper      0 off the diagonal, above it, below it
    simplex                     the last entry of a row that is not 0 is 1 minus the others
    positive                    the scalar variables are positive
    positive-definite           symmetric, and the scalar variables of the diagonal are positive

So whatever value with its properties a variable has, these scalars have values that give it; of an orthogonal or an
invertible matrix the entries say less than is known.  The same ties hold for the derivatives of a dependent variable,
but that constants vanish.  Its partial derivatives commute, so those that are equal have one name.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from matcalc.assumptions import SYMMETRIC, Facts
from matcalc.expr import Derivative, Node, Number, Variable, add, scale

__all__ = ["EntryVariables"]

Index = tuple[int, ...]
#: A number, and the factors of free entries: an entry is the sum of both.
Combination = tuple[int, dict[Index, int]]


class Structure:
    """The entries of a value of some shape and properties, as combinations of those that are free."""

    def __init__(self, shape: Index, properties: frozenset[str]) -> None:
        square = len(shape) == 2 and shape[0] == shape[1]
        #: Matrices have more properties than vectors; those of compound axes are not known by the core, so none is used.
        self.properties = properties if len(shape) <= 2 else frozenset()
        self.skew = square and "skew" in self.properties
        self.mirrored = self.skew or (square and bool(self.properties & SYMMETRIC))
        self.shape = shape

    def combination(self, index: Index) -> Combination:
        """An entry in terms of free ones."""
        if self.vanishes(index):
            return 0, {}
        if self.mirrored and index[0] > index[1]:
            return scaled(-1 if self.skew else 1, self.combination(index[::-1]))
        if "simplex" in self.properties and index and index[-1] == self.last(index[:-1]):
            return self.remainder(index)
        return 0, {index: 1}

    def vanishes(self, index: Index) -> bool:
        """Whether an entry is 0 as one of a triangle, or as one that is tied to such an entry."""
        if len(index) != 2:
            return False
        row, column = index
        if self.skew and (row == column or self.properties & SYMMETRIC):
            return True
        below, above = row > column, row < column
        lower, upper = (bool(self.properties & {"diagonal", word}) for word in ("lower", "upper"))
        return (above and lower) or (below and upper) or (self.mirrored and row != column and (lower or upper))

    def last(self, row: Index) -> int:
        """The last column of a row whose entry is not 0."""
        return max((k for k in range(self.shape[-1]) if not self.vanishes((*row, k))), default=-1)

    def remainder(self, index: Index) -> Combination:
        """1 minus the other entries of the row."""
        number, total = 1, dict[Index, int]()
        for column in range(index[-1]):
            own, factors = self.combination((*index[:-1], column))
            number -= own
            for free, factor in factors.items():
                total[free] = total.get(free, 0) - factor
        return number, total


def scaled(number: int, combination: Combination) -> Combination:
    """A number times a combination."""
    constant, factors = combination
    return number * constant, {free: number * factor for free, factor in factors.items()}


class EntryVariables:
    """The scalar variables of entries under declared properties; `facts` is what is known of those that were made."""

    def __init__(self, declared: Facts) -> None:
        self.declared = declared
        self.facts = Facts()
        #: What each dependent variable was found to depend on, in order of appearance.
        self.arguments: dict[str, list[tuple[Node, ...]]] = {}

    def entry(self, variable: Variable, shape: Index, index: Index) -> Node:
        """An entry of a variable."""
        number, factors = self.structure(variable, shape).combination(index)
        name = self.name(variable)
        return combined(number, [(factor, self.scalar(variable, name, free)) for free, factor in factors.items()])

    def derivative(self, node: Derivative, shape: Index, index: Index) -> Node:
        """A partial derivative of an entry of a dependent variable; `shape` and `index` are those of the node."""
        (variable,) = node.operands
        assert isinstance(variable, Variable)
        order = variable.order
        _, factors = self.structure(variable, shape[:order]).combination(index[:order])
        name, below = self.name(variable), self.below(node, index[order:])
        power = "" if len(node.positions) == 1 else len(node.positions)
        return combined(0, [(k, Variable.make(f"d{power}{name}{place(free)}/{below}", ())) for free, k in factors.items()])

    def structure(self, variable: Variable, shape: Index) -> Structure:
        """How the entries of a variable are tied."""
        return Structure(shape, self.declared.properties.get(variable.name, frozenset()))

    def scalar(self, variable: Variable, name: str, index: Index) -> Node:
        """The scalar variable of a free entry, with what is known of it."""
        made = Variable.make(name + place(index), ())
        on_diagonal = len(index) == 2 and index[0] == index[1]
        if self.declared.has(variable, "positive") or (on_diagonal and self.declared.has(variable, "positive-definite")):
            self.facts.properties[name + place(index)] = frozenset({"positive"})
        return made

    def name(self, variable: Variable) -> str:
        """The name of a variable; one that depends on something else each time gets a name of its own for it."""
        known = self.arguments.setdefault(variable.name, [])
        if variable.operands not in known:
            known.append(variable.operands)
        return variable.name + "'" * known.index(variable.operands)

    def below(self, node: Derivative, index: Index) -> str:
        """The entries of arguments by which is differentiated, in one order: `dY[1,1]dY[1,2]`."""
        (variable,) = node.operands
        assert isinstance(variable, Variable)
        found, rest = [], index
        for position in node.positions:
            width = variable.operands[position].order
            found.append((position, rest[:width]))
            rest = rest[width:]
        return "".join(f"d{variable.argument_names[position]}{place(own)}" for position, own in sorted(found))


def place(index: Index) -> str:
    """An index as it is shown, counted from 1; nothing for a scalar."""
    return f"[{','.join(str(k + 1) for k in index)}]" if index else ""


def combined(number: int, terms: Sequence[tuple[int, Node]]) -> Node:
    """A number and multiples of scalars, added up."""
    return add([Number.make(number), *(scale(Fraction(factor), scalar) for factor, scalar in terms)])
