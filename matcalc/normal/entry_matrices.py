"""Functions of a whole matrix or vector, entry by entry: determinants by minors, inverses by cofactors.

Each function takes the rows of its argument, a vector as one row, and returns the entries of its value in C order.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from matcalc.expr import Node, is_zero
from matcalc.normal.entry_scalars import ONE, ZERO, Scalars

__all__ = ["MATRIX_ENTRIES", "Matrices"]

Rows = tuple[tuple[Node, ...], ...]


class Matrices:
    """The functions of matrices over some scalars; the minors of each matrix are calculated once."""

    def __init__(self, scalars: Scalars) -> None:
        self.scalars = scalars
        self.minors: dict[tuple[Rows, tuple[int, ...]], Node] = {}

    # Determinants.

    def minor(self, rows: Rows, columns: tuple[int, ...]) -> Node:
        """The determinant of rows at as many columns, by Laplace's expansion along the first row."""
        if not rows:
            return ONE
        key = (rows, columns)
        if key not in self.minors:
            # Minors that vanish cost a step too, for a triangular matrix has very many.
            self.scalars.budget.spend()
            first, *rest = rows
            places = [(k, c) for k, c in enumerate(columns) if not is_zero(first[c])]
            below = [self.minor(tuple(rest), columns[:k] + columns[k + 1 :]) for k, _ in places]
            terms = [self.scalars.times(first[c], own) for (_, c), own in zip(places, below, strict=True)]
            signed = [self.scalars.negative(t) if k % 2 else t for (k, _), t in zip(places, terms, strict=True)]
            self.minors[key] = self.scalars.plus(signed)
        return self.minors[key]

    def determinant(self, rows: Rows) -> list[Node]:
        return [self.minor(rows, tuple(range(len(rows))))]

    def adjugate(self, rows: Rows) -> list[Node]:
        """The transpose of the matrix of cofactors; that of a symmetric matrix is symmetric."""
        axis = range(len(rows))
        symmetric = all(rows[i][j] is rows[j][i] for i in axis for j in range(i))
        places = [(min(i, j), max(i, j)) if symmetric else (i, j) for i in axis for j in axis]
        return [self.cofactor(rows, j, i) for i, j in places]

    def cofactor(self, rows: Rows, row: int, column: int) -> Node:
        columns = tuple([k for k in range(len(rows)) if k != column])
        own = self.minor(rows[:row] + rows[row + 1 :], columns)
        return self.scalars.negative(own) if (row + column) % 2 else own

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
