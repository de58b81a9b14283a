"""Functions of a whole matrix or vector, entry by entry: determinants by minors, inverses by cofactors.

Each function takes the rows of its argument, a vector as one row, and returns the entries of its value in C order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction

from matcalc.expr import Node, is_zero
from matcalc.normal.entry_scalars import ONE, ZERO, Scalars

__all__ = ["MATRIX_ENTRIES", "Matrices"]

Rows = tuple[tuple[Node, ...], ...]
Places = tuple[int, ...]


class Minors:
    """The determinants of the square parts of a matrix, each calculated once."""

    def __init__(self, scalars: Scalars, entries: Rows) -> None:
        self.scalars = scalars
        self.entries = entries
        self.known: dict[tuple[Places, Places], Node] = {}

    def __call__(self, rows: Places, columns: Places) -> Node:
        """The determinant of the part at these rows and columns, by Laplace's expansion along the first row."""
        if not rows:
            return ONE
        key = (rows, columns)
        if key not in self.known:
            # Minors that vanish cost a step too, for a triangular matrix has very many.
            self.scalars.budget.spend()
            self.known[key] = self.scalars.plus(list(self.terms(rows, columns)))
        return self.known[key]

    def terms(self, rows: Places, columns: Places) -> Iterator[Node]:
        first = self.entries[rows[0]]
        for k, column in enumerate(columns):
            if not is_zero(first[column]):
                yield self.signed(k, self.scalars.times(first[column], self(rows[1:], without(columns, column))))

    def cofactor(self, row: int, column: int) -> Node:
        """The signed determinant of the matrix without a row and a column."""
        every = tuple(range(len(self.entries)))
        return self.signed(row + column, self(without(every, row), without(every, column)))

    def signed(self, k: int, scalar: Node) -> Node:
        """(-1)^k u."""
        return self.scalars.negative(scalar) if k % 2 else scalar


def without(places: Places, place: int) -> Places:
    """The places but for one."""
    return tuple([k for k in places if k != place])


class Matrices:
    """The functions of matrices over some scalars; the minors of each matrix are shared among them."""

    def __init__(self, scalars: Scalars) -> None:
        self.scalars = scalars
        self.minors: dict[Rows, Minors] = {}

    # Determinants.

    def minors_of(self, rows: Rows) -> Minors:
        if rows not in self.minors:
            self.minors[rows] = Minors(self.scalars, rows)
        return self.minors[rows]

    def determinant(self, rows: Rows) -> list[Node]:
        every = tuple(range(len(rows)))
        return [self.minors_of(rows)(every, every)]

    def adjugate(self, rows: Rows) -> list[Node]:
        """The transpose of the matrix of cofactors; that of a symmetric matrix is symmetric."""
        axis, minors = range(len(rows)), self.minors_of(rows)
        symmetric = all(rows[i][j] is rows[j][i] for i in axis for j in range(i))
        places = [(min(i, j), max(i, j)) if symmetric else (i, j) for i in axis for j in axis]
        return [minors.cofactor(j, i) for i, j in places]

    def inverse(self, rows: Rows) -> list[Node]:
        """The adjugate over the determinant."""
        below = self.scalars.power(self.determinant(rows)[0], Fraction(-1))
        return [self.scalars.times(cofactor, below) for cofactor in self.adjugate(rows)]

    def logdet(self, rows: Rows) -> list[Node]:
        """log |det X|."""
        return [self.scalars.apply("log", self.scalars.apply("abs", self.determinant(rows)[0]))]

    # Functions of a vector.

    def softmax(self, rows: Rows) -> list[Node]:
        """exp(x)/Σ exp(x)."""
        exponentials = self.exponentials(rows)
        below = self.scalars.power(self.scalars.plus(exponentials), Fraction(-1))
        return [self.scalars.times(e, below) for e in exponentials]

    def logsumexp(self, rows: Rows) -> list[Node]:
        """log Σ exp(x)."""
        return [self.scalars.apply("log", self.scalars.plus(self.exponentials(rows)))]

    def logsoftmax(self, rows: Rows) -> list[Node]:
        """x - log Σ exp(x)."""
        less = self.scalars.negative(self.logsumexp(rows)[0])
        return [self.scalars.plus([entry, less]) for entry in rows[0]]

    def exponentials(self, rows: Rows) -> list[Node]:
        return [self.scalars.apply("exp", entry) for entry in rows[0]]

    # Masks.

    def lower(self, rows: Rows) -> list[Node]:
        """The entries on the diagonal and below, 0 above."""
        return [entry if i >= j else ZERO for i, row in enumerate(rows) for j, entry in enumerate(row)]


#: The functions by name.
MATRIX_ENTRIES: dict[str, Callable[[Matrices, Rows], list[Node]]] = {
    "det": Matrices.determinant,
    "adj": Matrices.adjugate,
    "inv": Matrices.inverse,
    "logdet": Matrices.logdet,
    "softmax": Matrices.softmax,
    "logsumexp": Matrices.logsumexp,
    "logsoftmax": Matrices.logsoftmax,
    "tril": Matrices.lower,
}
