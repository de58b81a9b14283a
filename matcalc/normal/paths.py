"""Matrices that are products: the path that a term is from its first axis to its second, and what is known of it.

    A B diag(x) C       a path of pieces; cut where its dimension is that of its ends, each part is a square matrix
    A ⊗ B               blocks, one for each pair of a row axis and a column axis
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from matcalc.expr import Apply, Delta, Node, Variable
from matcalc.normal.matching import pattern_of
from matcalc.normal.naming import Factor, components
from matcalc.normal.powers import content, of_factors
from matcalc.normal.ring import Polynomial, Ring, Work
from matcalc.traversal import postorder

__all__ = [
    "Groups",
    "Piece",
    "block_parts",
    "connects",
    "diagonal_entries",
    "diagonal_matrix",
    "is_generic",
    "is_identity",
    "is_square_base",
    "may_invert",
    "path",
    "product_of",
    "scalar_content",
    "square_parts",
]

Groups = tuple[int, ...]


def scalar_content(ring: Ring, argument: Polynomial) -> tuple[Fraction, list[Factor], Polynomial]:
    """A number, scalar factors that all terms share, and the rest."""
    number, pulled, rest = content(ring, argument)
    scalars = [f for f in pulled if not f.labels]
    others = [f for f in pulled if f.labels]
    if others:
        rest = ring.times(of_factors(ring, others, argument.shape), rest)
    return number, scalars, rest


def block_parts(
    ring: Ring, term: Node, groups: Groups
) -> tuple[list[Factor], list[tuple[int, Polynomial]]] | None:
    """The scalars of a term, and for each position its matrix: A ⊗ B has one for each of two positions."""
    half = groups[0]
    if groups != (half, half):
        return None
    factors, bound = ring.opened(term, range(term.order))
    scalars = [f for f in factors if not f.labels]
    blocks: dict[int, list[Factor]] = {}
    for group in components([f for f in factors if f.labels], {}):
        free = {x % half for f in group for x in f.labels if x < term.order}
        if len(free) != 1:
            return None
        blocks.setdefault(free.pop(), []).extend(group)
    result = []
    for position in range(half):
        group = blocks.get(position, [])
        ends = (position, position + half)
        if {x for f in group for x in f.labels if x in ends} != set(ends):
            return None
        inner = {x: d for x, d in bound.items() if any(x in f.labels for f in group)}
        total = Polynomial((term.shape[position], term.shape[position + half]))
        ring.reduce(Work(1, group, inner), ends, total)
        result.append((position, total))
    return scalars, result


class Piece(NamedTuple):
    """One factor of a path of matrices: an atom, as it is or transposed, or (without an atom) a diagonal matrix."""

    matrix: Polynomial
    atom: Node | None = None
    forward: bool = True


def path(ring: Ring, term: Node) -> list[Piece] | None:
    """The factors of a term that is a product of matrices and diagonals from axis 0 to axis 1; None if it is none."""
    factors = [f for f in pattern_of(term) if f.labels]
    if isinstance(term, Delta):
        return []
    if any(isinstance(f.atom, Delta) for f in factors):
        return [Piece(ring.polynomial(term))] if all(set(f.labels) <= {0, 1} for f in factors) else None
    weights: dict[int, list[Factor]] = {}
    for factor in factors:
        if len(set(factor.labels)) == 1:
            weights.setdefault(factor.labels[0], []).append(factor)
    matrices = [f for f in factors if len(set(f.labels)) > 1]
    if any(len(f.labels) != 2 or f.exponent != 1 for f in matrices):
        return None
    found, here = diagonal(ring, weights.pop(0, [])), 0
    while matrices:
        step = [f for f in matrices if here in f.labels]
        if len(step) != 1:
            return None
        matrices.remove(step[0])
        atom, labels, _ = step[0]
        forward = labels[0] == here
        here = labels[1] if forward else labels[0]
        own = ring.atom(atom)
        found.append(Piece(own if forward else ring.permute(own, (1, 0)), atom, forward))
        found += diagonal(ring, weights.pop(here, []))
    return found if here == 1 and not weights else None


def diagonal(ring: Ring, factors: Sequence[Factor]) -> list[Piece]:
    """The diagonal matrix of factors at one index."""
    if not factors:
        return []
    dimension = factors[0].atom.shape[0]
    own = [Factor(f.atom, tuple(0 for _ in f.labels), f.exponent) for f in factors]
    entries = ring.reduced(Work(1, own, {}), (0,), (dimension,))
    return [Piece(ring.contract([(ring.delta(dimension), (0, 1)), (entries, (0,))], (0, 1)))]


def square_parts(ring: Ring, term: Node) -> list[list[Piece]] | None:
    """A path cut where its dimension is that of its ends, so that each part is square."""
    pieces = path(ring, term)
    if pieces is None:
        return None
    parts: list[list[Piece]] = []
    part: list[Piece] = []
    for piece in pieces:
        part.append(piece)
        if piece.matrix.shape[1] == term.shape[0]:
            parts.append(part)
            part = []
    return None if part else parts


def product_of(ring: Ring, part: Sequence[Piece]) -> Polynomial:
    """The product of the matrices of a path."""
    factors: list[tuple[Polynomial, Sequence[int]]] = []
    for k, piece in enumerate(part):
        factors.append((piece.matrix, (0 if k == 0 else k + 1, 1 if k == len(part) - 1 else k + 2)))
    return ring.contract(factors, (0, 1))


def diagonal_entries(ring: Ring, block: Polynomial) -> Polynomial:
    """The diagonal of a matrix."""
    return ring.contract([(block, (0, 0))], (0,))


def diagonal_matrix(ring: Ring, entries: Polynomial) -> Polynomial:
    """diag(x)."""
    return ring.contract([(ring.delta(entries.shape[0]), (0, 1)), (entries, (0,))], (0, 1))


def may_invert(ring: Ring, term: Node) -> bool:
    """Whether nothing false can follow from taking a path of square matrices as invertible.

    It is invertible, or its inverse stands in the claim, or all is continuous: then what holds for invertible matrices
    holds for all.
    """
    if isinstance(term, Delta):
        return True
    pieces = path(ring, term) or []
    scalars = any(not factor.labels for factor in pattern_of(term))
    if scalars and not ring.continuous:
        return False
    return all(piece.atom is not None and may_invert_atom(ring, piece.atom) for piece in pieces if not is_unit(piece))


def is_unit(piece: Piece) -> bool:
    """Whether a piece is the identity, with the scalars of its term."""
    return piece.atom is None and all(is_identity(term) for term in piece.matrix.terms)


def may_invert_atom(ring: Ring, atom: Node) -> bool:
    """The same for one matrix; a variable that may be anything is invertible almost everywhere, a skew one perhaps never."""
    generic = isinstance(atom, Variable) and not ring.facts.has(atom, "skew", "simplex")
    return is_invertible(ring, atom) or (ring.continuous and generic)


def is_invertible(ring: Ring, atom: Node) -> bool:
    """Whether an atom has an inverse wherever the claim has a meaning."""
    known = isinstance(atom, Apply) and atom.name == "inv"
    return known or atom in ring.invertible or ring.facts.has(atom, "invertible", "positive-definite", "orthogonal")


def is_identity(term: Node) -> bool:
    """Whether a term is I, perhaps with scalars."""
    factors = [f for f in pattern_of(term) if f.labels]
    return len(factors) == 1 and isinstance(factors[0].atom, Delta)


def is_square_base(ring: Ring, term: Node, dimension: int | str) -> bool:
    """Whether a term is I or a path of square matrices, perhaps with scalars."""
    pieces = path(ring, term)
    return pieces is not None and all(piece.matrix.shape == (dimension, dimension) for piece in pieces)


def connects(factors: Sequence[Factor]) -> bool:
    """Whether a group of factors that share summed indices reaches both axes of a matrix."""
    groups = components(factors, {0: 0, 1: 1})
    return any({0, 1} <= {label for factor in group for label in factor.labels} for group in groups)


def is_generic(ring: Ring, argument: Polynomial) -> bool:
    """Whether a sum is invertible almost everywhere: one of its terms is a variable that is in no other."""
    for term in argument.terms if ring.continuous else ():
        others = [other for other in argument.terms if other is not term]
        if isinstance(term, Variable) and may_invert_atom(ring, term) and term not in postorder(*others):
            return True
    return False
