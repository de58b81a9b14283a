"""Determinants and adjugates.

    det(c A B) = c^n det(A) det(B),   det(inv(A)) = 1/det(A),   det(A ⊗ B) = det(A)^q det(B)^p
    det(I + A B) = det(I + B A),   det(I + x y') = 1 + y'x,   det(A + U) = det(A) det(I + inv(A) U)

S and S' have one determinant.  The last law shrinks the domain to invertible A; `may_invert` says where nothing false
follows from that.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from matcalc.expr import Apply, Node, Size
from matcalc.normal.functions import apply_function, general_power
from matcalc.normal.inverses import inverse
from matcalc.normal.naming import Factor
from matcalc.normal.paths import (
    Groups,
    Piece,
    block_parts,
    connects,
    diagonal_entries,
    diagonal_matrix,
    is_generic,
    is_identity,
    is_square_base,
    may_invert,
    path,
    product_of,
    scalar_content,
    square_parts,
)
from matcalc.normal.powers import of_factors, raise_power, units
from matcalc.normal.ring import Polynomial, Ring, Work

__all__ = ["determinant", "adjugate"]


def determinant(ring: Ring, argument: Polynomial, groups: Groups) -> Polynomial:
    """The determinant of a square matrix."""
    shape = argument.shape
    half = groups[0]
    if not argument.terms:
        return Polynomial(())
    number, scalars, rest = scalar_content(ring, argument)
    size = ring.times(ring.one(), *(dimension_of(ring, d) for d in shape[:half]))
    outside = [number_by_size(ring, number, size), *(factor_by_size(ring, f, size) for f in scalars)]
    return ring.times(*outside, determinant_of_primitive(ring, rest, groups))


def dimension_of(ring: Ring, dimension: int | str) -> Polynomial:
    return ring.number(dimension) if isinstance(dimension, int) else ring.atom(Size.make(dimension))


def number_by_size(ring: Ring, number: Fraction, size: Polynomial) -> Polynomial:
    """c^n for a whole n: (-1)^n |c|^n."""
    signs = general_power(ring, ring.number(-1), size) if number < 0 else ring.one()
    return ring.times(signs, general_power(ring, ring.number(abs(number)), size))


def factor_by_size(ring: Ring, factor: Factor, size: Polynomial) -> Polynomial:
    """(u^k)^n = u^(k n) for whole k and n."""
    if isinstance(factor.exponent, int):
        return general_power(ring, ring.atom(factor.atom), size.scaled(factor.exponent))
    return general_power(ring, of_factors(ring, [factor], ()), size)


def power_by_size(ring: Ring, base: Polynomial, size: Polynomial) -> Polynomial:
    """p^n of a polynomial for a whole n."""
    if len(base.terms) != 1:
        return general_power(ring, base, size)
    ((term, number),) = base.terms.items()
    factors = [factor_by_size(ring, f, size) for f in units(ring, term)]
    return ring.times(number_by_size(ring, Fraction(number), size), *factors)


def determinant_of_primitive(ring: Ring, argument: Polynomial, groups: Groups) -> Polynomial:
    """The determinant of a matrix without scalar content."""
    if len(argument.terms) == 1:
        found = determinant_of_term(ring, next(iter(argument.terms)), groups)
    else:
        found = determinant_of_sum(ring, argument) if groups == (1, 1) else None
    return determinant_atom(ring, argument, groups) if found is None else found


def determinant_atom(ring: Ring, argument: Polynomial, groups: Groups) -> Polynomial:
    """det(S) as an atom; S and S' share it."""
    half = groups[0]
    axes = range(len(argument.shape))
    node = argument.node
    turned = ring.permute(argument, [*axes[half:], *axes[:half]]).node
    base = min(node, turned, key=lambda n: n.digest)
    return ring.atom(Apply._intern(("det", groups), (base,), ()))


def determinant_of_term(ring: Ring, term: Node, groups: Groups) -> Polynomial | None:
    """The determinant of one term, block by block; None if it is an atom."""
    parts = block_parts(ring, term, groups)
    if parts is None:
        return None
    _, blocks = parts
    half = groups[0]
    result = ring.one()
    for position, block in blocks:
        own = determinant_of_block(ring, block)
        if own is None:
            return None
        others = [dimension_of(ring, term.shape[k]) for k in range(half) if k != position]
        result = ring.times(result, power_by_size(ring, own, ring.times(ring.one(), *others)))
    return result


def determinant_of_block(ring: Ring, block: Polynomial) -> Polynomial:
    """The determinant of a matrix of one term without scalars: part by part."""
    ((term, _),) = block.terms.items()
    parts = square_parts(ring, term)
    if parts is None:
        return determinant_atom(ring, block, (1, 1))
    if len(parts) > 1:
        ring.note("determinant-of-a-product")
    return ring.times(ring.one(), *(determinant_of_part(ring, part) for part in parts))


def determinant_of_part(ring: Ring, part: Sequence[Piece]) -> Polynomial:
    """The determinant of a part of a path."""
    if len(part) > 1:
        return determinant_atom(ring, product_of(ring, part), (1, 1))
    (piece,) = part
    return determinant_of_diagonal(ring, piece.matrix) if piece.atom is None else determinant_of_matrix(ring, piece.atom)


def determinant_of_diagonal(ring: Ring, block: Polynomial) -> Polynomial:
    """The determinant of diag(x), an atom; that of diag(exp(x)) is exp(Σ x)."""
    entries = diagonal_entries(ring, block)
    if len(entries.terms) != 1:
        return determinant_atom(ring, block, (1, 1))
    result = ring.one()
    for atom, labels, exponent in units(ring, next(iter(entries.terms))):
        if isinstance(atom, Apply) and atom.name == "exp":
            inner = ring.polynomial(atom.operands[0])
            own = apply_function(ring, "exp", [ring.contract([(inner, labels)], ())])
        else:
            single = ring.reduced(Work(1, [Factor(atom, labels, 1)], {}), (0,), entries.shape)
            own = determinant_atom(ring, diagonal_matrix(ring, single), (1, 1))
        result = ring.times(result, raise_power(ring, own, exponent))
    return result


def determinant_of_matrix(ring: Ring, atom: Node) -> Polynomial:
    """The determinant of an atom."""
    if isinstance(atom, Apply) and atom.name == "inv":
        ring.note("determinant-of-inverse")
        return raise_power(ring, determinant(ring, ring.polynomial(atom.operands[0]), (1, 1)), -1)
    return determinant_atom(ring, ring.atom(atom), (1, 1))


def determinant_of_sum(ring: Ring, argument: Polynomial) -> Polynomial | None:
    """det(A + U) without inverses, then by the determinant lemma and Sylvester's law; None where they say nothing."""
    cleared = without_inverses(ring, argument)
    if cleared is not None:
        return cleared
    if len(argument.terms) != 2:
        return None
    dimension = argument.shape[0]
    for base, other in (argument.ordered(), argument.ordered()[::-1]):
        beside = is_identity(base[0]) or not is_square_base(ring, other[0], dimension)
        if beside and is_square_base(ring, base[0], dimension) and may_invert(ring, base[0]):
            return determinant_lemma(ring, base, other, argument.shape)
    return None


def without_inverses(ring: Ring, argument: Polynomial) -> Polynomial | None:
    """det(inv(A) + B) = det(I + A B)/det(A), where all terms are products of square matrices."""
    dimension = argument.shape[0]
    if not all(is_square_base(ring, term, dimension) for term in argument.terms):
        return None
    for term, _ in argument.ordered():
        pieces = path(ring, term) or []
        for piece, axis in ((pieces[0], 0), (pieces[-1], 1)) if pieces else ():
            if isinstance(piece.atom, Apply) and piece.atom.name == "inv":
                matrix = ring.polynomial(piece.atom.operands[0])
                matrix = matrix if piece.forward else ring.permute(matrix, (1, 0))
                both = [(matrix, (0, 2)), (argument, (2, 1))] if axis == 0 else [(argument, (0, 2)), (matrix, (2, 1))]
                ring.note("determinant-of-a-product")
                above, below = determinant(ring, ring.contract(both, (0, 1)), (1, 1)), determinant(ring, matrix, (1, 1))
                return ring.times(above, raise_power(ring, below, -1))
    return None


def determinant_lemma(
    ring: Ring, base: tuple[Node, Fraction | int], other: tuple[Node, Fraction | int], shape: tuple[int | str, ...]
) -> Polynomial | None:
    """det(B + U) = det(B) det(I + inv(B) U), and the last one by Sylvester's law."""
    matrix = Polynomial(shape, dict([base]))
    addend = Polynomial(shape, dict([other]))
    product = ring.contract([(inverse(ring, matrix, (1, 1)), (0, 2)), (addend, (2, 1))], (0, 1))
    if len(product.terms) != 1:
        return None
    ((term, coefficient),) = product.terms.items()
    last = sylvester(ring, term, coefficient)
    if last is None:
        return None
    ring.note("determinant-lemma")
    return ring.times(determinant(ring, matrix, (1, 1)), last)


def sylvester(ring: Ring, term: Node, coefficient: Fraction | int) -> Polynomial | None:
    """det(I + c w) for a word w: of all rotations of the word the least; of an outer product 1 + c y'x."""
    factors, bound = ring.opened(term, (0, 1))
    scalars = [f for f in factors if not f.labels]
    if not connects(factors):
        joined = [Factor(f.atom, tuple([0 if x == 1 else x for x in f.labels]), f.exponent) for f in factors]
        inner = ring.reduced(Work(coefficient, joined, {**bound, 0: term.shape[0]}), (), ())
        return ring.add([ring.one(), inner], ())
    pieces = path(ring, term)
    if pieces is None:
        return None
    number = of_factors(ring, scalars, (), coefficient)
    rotations = [rotated(ring, [*pieces[k:], *pieces[:k]], number) for k in range(len(pieces))]
    return determinant_atom(ring, min(rotations, key=lambda p: p.node.digest), (1, 1))


def rotated(ring: Ring, pieces: Sequence[Piece], number: Polynomial) -> Polynomial:
    """I + c w for a word w, or its transpose, whichever is less."""
    product = ring.times(number, product_of(ring, pieces))
    total = ring.add([ring.delta(product.shape[0]), product], product.shape)
    return min(total, ring.permute(total, (1, 0)), key=lambda p: p.node.digest)


def adjugate(ring: Ring, argument: Polynomial, groups: Groups) -> Polynomial:
    """det(X) inv(X): at a singular X by continuity, so not where a sign is taken."""
    if not (len(argument.terms) == 1 and may_invert(ring, next(iter(argument.terms)))) and not is_generic(ring, argument):
        return adjugate_atom(ring, argument, groups)
    axes = range(len(argument.shape))
    ring.note("adjugate-by-continuity")
    return ring.contract([(determinant(ring, argument, groups), ()), (inverse(ring, argument, groups), axes)], axes)


def adjugate_atom(ring: Ring, argument: Polynomial, groups: Groups) -> Polynomial:
    """adj(X) as it stands."""
    return ring.atom(Apply._intern(("adj", groups), (argument.node,), argument.shape))
