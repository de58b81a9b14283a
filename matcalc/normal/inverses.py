"""Inverses.

    inv(c A B) = inv(B) inv(A)/c         for square factors of one dimension; c a number or scalars
    inv(diag(x)) = diag(1/x),   inv(inv(A)) = A,   inv(Q) = Q',   inv(A ⊗ B) = inv(A) ⊗ inv(B)
    inv(A + x y') by inv(A), where that is asked for

S and S' have one inverse.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from matcalc.expr import Apply, Node
from matcalc.normal.naming import Factor
from matcalc.normal.paths import (
    Groups,
    Piece,
    block_parts,
    connects,
    diagonal_entries,
    diagonal_matrix,
    is_square_base,
    may_invert,
    product_of,
    scalar_content,
    square_parts,
)
from matcalc.normal.powers import of_factors, raise_power
from matcalc.normal.ring import Polynomial, Ring, Work

__all__ = ["inverse"]


def inverse(ring: Ring, argument: Polynomial, groups: Groups) -> Polynomial:
    """The inverse of a square matrix whose rows and columns are made of `groups` axes each."""
    if not argument.terms:
        raise ZeroDivisionError("the inverse of zero")
    shape = argument.shape
    if len(argument.terms) == 1:
        ((term, coefficient),) = argument.terms.items()
        found = inverse_of_term(ring, term, Fraction(coefficient), groups)
        if found is not None:
            return found
    elif ring.rank_one and groups == (1, 1):
        updated = inverse_of_update(ring, argument)
        if updated is not None:
            return updated
    number, scalars, rest = scalar_content(ring, argument)
    below = [Factor(f.atom, (), -f.exponent) for f in scalars]
    outside = of_factors(ring, below, (), 1 / number)
    return ring.contract([(outside, ()), (inverse_atom(ring, rest, groups), range(len(shape)))], range(len(shape)))


def inverse_of_update(ring: Ring, argument: Polynomial) -> Polynomial | None:
    """inv(A + t) = inv(A) - inv(A) t inv(A)/(1 + tr(inv(A) t)) for t of rank one (Sherman and Morrison)."""
    bases = [(term, c) for term, c in argument.ordered() if is_square_base(ring, term, argument.shape[0])]
    others = [(term, c) for term, c in argument.ordered() if not connects(ring.opened(term, (0, 1))[0])]
    if len(bases) != 1 or len(others) != 1 or len(argument.terms) != 2 or not may_invert(ring, bases[0][0]):
        return None
    ring.note("sherman-morrison")
    own = inverse(ring, Polynomial(argument.shape, dict(bases)), (1, 1))
    update = Polynomial(argument.shape, dict(others))
    half = ring.contract([(own, (0, 2)), (update, (2, 1))], (0, 1))
    below = raise_power(ring, ring.add([ring.one(), ring.contract([(half, (0, 0))], ())], ()), -1)
    return ring.subtract(own, ring.contract([(half, (0, 2)), (own, (2, 1)), (below, ())], (0, 1)))


def inverse_atom(ring: Ring, argument: Polynomial, groups: Groups) -> Polynomial:
    """inv(S) as an atom; S and S' share it."""
    axes = range(len(argument.shape))
    node, turned = argument.node, None
    half = groups[0]
    if groups == (half, half):
        turned = ring.permute(argument, [*axes[half:], *axes[:half]]).node
    transposed = turned is not None and turned.digest < node.digest
    base = turned if transposed and turned is not None else node
    atom = Apply._intern(("inv", groups), (base,), base.shape)
    swap = (*axes[half:], *axes[:half])
    ring.symmetries.declare(atom, [(tuple(axes), 1), (swap, 1)] if turned is node else [(tuple(axes), 1)])
    labels = swap if transposed else tuple(axes)
    return ring.reduced(Work(1, [Factor(atom, labels, 1)], {}), axes, argument.shape)


def inverse_of_term(ring: Ring, term: Node, number: Fraction, groups: Groups) -> Polynomial | None:
    """The inverse of a single term; None if it is an atom."""
    shape = term.shape
    axes = range(len(shape))
    parts = block_parts(ring, term, groups)
    if parts is None:
        return None
    scalars, blocks = parts
    outside = of_factors(ring, [Factor(f.atom, (), -f.exponent) for f in scalars], (), 1 / number)
    factors: list[tuple[Polynomial, Sequence[int]]] = [(outside, ())]
    for position, block in blocks:
        found = inverse_of_block(ring, block)
        if found is None:
            return None
        factors.append((found, (position, position + groups[0])))
    ring.note("inverse-of-a-product")
    return ring.contract(factors, axes)


def inverse_of_block(ring: Ring, block: Polynomial) -> Polynomial:
    """The inverse of a matrix of one term without scalars: part by part, the last one first."""
    ((term, _),) = block.terms.items()
    parts = square_parts(ring, term)
    if parts is None:
        return inverse_atom(ring, block, (1, 1))
    result = ring.delta(block.shape[0])
    for part in parts:
        result = ring.contract([(inverse_of_part(ring, part), (0, 2)), (result, (2, 1))], (0, 1))
    return result


def inverse_of_part(ring: Ring, part: Sequence[Piece]) -> Polynomial:
    """The inverse of a part of a path: of a diagonal, of one matrix, or of a product of rectangular ones, an atom."""
    if len(part) > 1:
        return inverse_atom(ring, product_of(ring, part), (1, 1))
    (piece,) = part
    if piece.atom is None:
        return raise_diagonal(ring, piece.matrix, -1)
    return inverse_of_matrix(ring, piece.atom) if piece.forward else ring.permute(inverse_of_matrix(ring, piece.atom), (1, 0))


def inverse_of_matrix(ring: Ring, atom: Node) -> Polynomial:
    """The inverse of an atom."""
    if isinstance(atom, Apply) and atom.name == "inv":
        ring.note("inverse-of-inverse")
        return ring.polynomial(atom.operands[0])
    if ring.facts.orthogonal(atom):
        ring.note("orthogonal")
        return ring.permute(ring.atom(atom), (1, 0))
    return inverse_atom(ring, ring.atom(atom), (1, 1))


def raise_diagonal(ring: Ring, block: Polynomial, exponent: int) -> Polynomial:
    """The power of a diagonal matrix of one term."""
    return diagonal_matrix(ring, raise_power(ring, diagonal_entries(ring, block), exponent))
