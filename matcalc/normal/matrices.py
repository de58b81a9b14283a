"""Inverses and determinants.

    inv(c A B) = inv(B) inv(A)/c         for square factors of one dimension; c a number or scalars
    inv(diag(x)) = diag(1/x),   inv(inv(A)) = A,   inv(Q) = Q'
    det(c A B) = c^n det(A) det(B),   det(inv(A)) = 1/det(A),   det(A ⊗ B) = det(A)^q det(B)^p
    det(I + A B) = det(I + B A),   det(I + x y') = 1 + y'x,   det(A + U) = det(A) det(I + inv(A) U)

S and S' have one inverse and one determinant.  The last law shrinks the domain to invertible A; it is used only for a
square A beside a U of lower rank, where the claim itself speaks of the inverse of A.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from matcalc.expr import Apply, Delta, Node, Size, Variable
from matcalc.normal.functions import apply_function, general_power
from matcalc.normal.matching import pattern_of
from matcalc.normal.naming import Factor, components
from matcalc.normal.powers import content, of_factors, raise_power, units
from matcalc.normal.ring import Polynomial, Ring, Work
from matcalc.traversal import postorder

__all__ = ["inverse", "determinant", "adjugate"]

Groups = tuple[int, ...]


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


def scalar_content(ring: Ring, argument: Polynomial) -> tuple[Fraction, list[Factor], Polynomial]:
    """A number, scalar factors that all terms share, and the rest."""
    number, pulled, rest = content(ring, argument)
    scalars = [f for f in pulled if not f.labels]
    others = [f for f in pulled if f.labels]
    if others:
        rest = ring.times(of_factors(ring, others, argument.shape), rest)
    return number, scalars, rest


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


# ---- Paths --------------------------------------------------------------------------------------------------------------


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


def raise_diagonal(ring: Ring, block: Polynomial, exponent: int) -> Polynomial:
    """The power of a diagonal matrix of one term."""
    entries = diagonal_entries(ring, block)
    return ring.contract([(ring.delta(block.shape[0]), (0, 1)), (raise_power(ring, entries, exponent), (0,))], (0, 1))


def diagonal_entries(ring: Ring, block: Polynomial) -> Polynomial:
    """The diagonal of a matrix."""
    return ring.contract([(block, (0, 0))], (0,))


# ---- Determinants -------------------------------------------------------------------------------------------------------


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


def diagonal_matrix(ring: Ring, entries: Polynomial) -> Polynomial:
    """diag(x)."""
    return ring.contract([(ring.delta(entries.shape[0]), (0, 1)), (entries, (0,))], (0, 1))


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


def connects(factors: Sequence[Factor]) -> bool:
    """Whether a group of factors that share summed indices reaches both axes of a matrix."""
    groups = components(factors, {0: 0, 1: 1})
    return any({0, 1} <= {label for factor in group for label in factor.labels} for group in groups)


def adjugate(ring: Ring, argument: Polynomial, groups: Groups) -> Polynomial:
    """det(X) inv(X): at a singular X by continuity, so not where a sign is taken."""
    if not (len(argument.terms) == 1 and may_invert(ring, next(iter(argument.terms)))) and not is_generic(ring, argument):
        return adjugate_atom(ring, argument, groups)
    axes = range(len(argument.shape))
    ring.note("adjugate-by-continuity")
    return ring.contract([(determinant(ring, argument, groups), ()), (inverse(ring, argument, groups), axes)], axes)


def is_generic(ring: Ring, argument: Polynomial) -> bool:
    """Whether a sum is invertible almost everywhere: one of its terms is a variable that is in no other."""
    for term in argument.terms if ring.continuous else ():
        others = [other for other in argument.terms if other is not term]
        if isinstance(term, Variable) and may_invert_atom(ring, term) and term not in postorder(*others):
            return True
    return False


def adjugate_atom(ring: Ring, argument: Polynomial, groups: Groups) -> Polynomial:
    """adj(X) as it stands."""
    return ring.atom(Apply._intern(("adj", groups), (argument.node,), argument.shape))
