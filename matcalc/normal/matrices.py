"""Inverses and determinants.

    inv(c A B) = inv(B) inv(A)/c         for square factors of one dimension; c a number or scalars
    inv(diag(x)) = diag(1/x),   inv(inv(A)) = A,   inv(Q) = Q'
    det(c A B) = c^n det(A) det(B),   det(inv(A)) = 1/det(A),   det(A ⊗ B) = det(A)^q det(B)^p
    det(I + A B) = det(I + B A),   det(I + x y') = 1 + y'x,   det(A + U) = det(A) det(I + inv(A) U)

S and S' have one inverse and one determinant.  The last law shrinks the domain to invertible A; it is used only for a
square A beside a U of lower rank, where the claim itself speaks of the inverse of A.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from matcalc.expr import Apply, Delta, Node, Power, Product, Size
from matcalc.normal.functions import general_power
from matcalc.normal.matching import leading_path, path_factors, pattern_of
from matcalc.normal.naming import Factor, components
from matcalc.normal.positivity import node_is_positive
from matcalc.normal.powers import content, of_factors, raise_power, units
from matcalc.normal.ring import Polynomial, Ring, Work

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
    number, scalars, rest = scalar_content(ring, argument)
    below = [Factor(f.atom, (), -f.exponent) for f in scalars]
    outside = of_factors(ring, below, (), 1 / number)
    return ring.contract([(outside, ()), (inverse_atom(ring, rest, groups), range(len(shape)))], range(len(shape)))


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


def inverse_of_block(ring: Ring, block: Polynomial) -> Polynomial | None:
    """The inverse of a matrix of one term without scalars: diagonal, a path of square factors, or an atom."""
    ((term, _),) = block.terms.items()
    factors = pattern_of(term)
    if any(isinstance(f.atom, Delta) for f in factors):
        return raise_diagonal(ring, block, -1)
    dimension = block.shape[0]
    result = ring.delta(dimension)
    for segment in square_segments(path_factors(term) or [], dimension):
        own = inverse_of_segment(ring, segment)
        result = ring.contract([(own, (0, 2)), (result, (2, 1))], (0, 1))
    return result if path_factors(term) else inverse_atom(ring, block, (1, 1))


def square_segments(path: Sequence[Factor], dimension: int | str) -> Iterator[list[tuple[Node, bool]]]:
    """The parts of a path between places where its dimension is that of its ends, each of them a square matrix."""
    segment: list[tuple[Node, bool]] = []
    for atom, forward in word(path):
        segment.append((atom, forward))
        if atom.shape[1 if forward else 0] == dimension:
            yield segment
            segment = []


def product_of(ring: Ring, segment: Sequence[tuple[Node, bool]]) -> Polynomial:
    """The product of matrices, those that are not forward transposed."""
    factors: list[tuple[Polynomial, Sequence[int]]] = []
    for k, (atom, forward) in enumerate(segment):
        ends = (0 if k == 0 else k + 1, 1 if k == len(segment) - 1 else k + 2)
        factors.append((ring.atom(atom), ends if forward else ends[::-1]))
    return ring.contract(factors, (0, 1))


def inverse_of_segment(ring: Ring, segment: Sequence[tuple[Node, bool]]) -> Polynomial:
    """The inverse of a part of a path: of one matrix, or of a product of rectangular ones, which is an atom."""
    if len(segment) > 1:
        return inverse_atom(ring, product_of(ring, segment), (1, 1))
    ((atom, forward),) = segment
    found = inverse_of_matrix(ring, atom)
    return found if forward else ring.permute(found, (1, 0))


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
    factors = [power_by_size(ring, ring.number(number), size)]
    factors += [power_by_size(ring, of_factors(ring, [f], ()), size) for f in scalars]
    return ring.times(*factors, determinant_of_primitive(ring, rest, groups))


def dimension_of(ring: Ring, dimension: int | str) -> Polynomial:
    return ring.number(dimension) if isinstance(dimension, int) else ring.atom(Size.make(dimension))


def power_by_size(ring: Ring, base: Polynomial, size: Polynomial) -> Polynomial:
    """c^n."""
    number = size.constant()
    if number is not None:
        return raise_power(ring, base, number)
    if base.constant() == 1:
        return base
    return general_power(ring, base, size)


def determinant_of_primitive(ring: Ring, argument: Polynomial, groups: Groups) -> Polynomial:
    """The determinant of a matrix without scalar content."""
    if len(argument.terms) == 1:
        found = determinant_of_term(ring, next(iter(argument.terms)), groups)
        if found is not None:
            return found
    elif groups == (1, 1):
        found = determinant_of_sum(ring, argument)
        if found is not None:
            return found
    return determinant_atom(ring, argument, groups)


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


def determinant_of_block(ring: Ring, block: Polynomial) -> Polynomial | None:
    """The determinant of I, of a path of square matrices, or of an atom; None for other diagonal matrices."""
    ((term, _),) = block.terms.items()
    if isinstance(term, Delta):
        return ring.one()
    if any(isinstance(f.atom, Delta) for f in pattern_of(term)):
        return determinant_atom(ring, block, (1, 1))
    path = path_factors(term)
    if path is None:
        return determinant_atom(ring, block, (1, 1))
    segments = list(square_segments(path, block.shape[0]))
    if len(segments) > 1:
        ring.note("determinant-of-a-product")
    return ring.times(ring.one(), *(determinant_of_segment(ring, segment) for segment in segments))


def determinant_of_segment(ring: Ring, segment: Sequence[tuple[Node, bool]]) -> Polynomial:
    """The determinant of a part of a path."""
    if len(segment) > 1:
        return determinant_atom(ring, product_of(ring, segment), (1, 1))
    return determinant_of_matrix(ring, segment[0][0])


def determinant_of_matrix(ring: Ring, atom: Node) -> Polynomial:
    """The determinant of an atom."""
    if isinstance(atom, Apply) and atom.name == "inv":
        ring.note("determinant-of-inverse")
        return raise_power(ring, determinant(ring, ring.polynomial(atom.operands[0]), (1, 1)), -1)
    return determinant_atom(ring, ring.atom(atom), (1, 1))


def determinant_of_sum(ring: Ring, argument: Polynomial) -> Polynomial | None:
    """det(A + U) by the determinant lemma and Sylvester's law; None where they say nothing."""
    if len(argument.terms) != 2:
        return None
    dimension = argument.shape[0]
    for base, other in (argument.ordered(), argument.ordered()[::-1]):
        if not is_square_base(base[0], dimension):
            continue
        if isinstance(base[0], Delta) or not is_square_base(other[0], dimension):
            return determinant_lemma(ring, base, other, argument.shape)
    return None


def is_square_base(term: Node, dimension: int | str) -> bool:
    """Whether a term is I or a path of square matrices, perhaps with scalars."""
    path = [f for f in pattern_of(term) if f.labels]
    if isinstance(term, Delta) or (len(path) == 1 and isinstance(path[0].atom, Delta)):
        return True
    found = path_factors(term)
    return found is not None and all(f.atom.shape == (dimension, dimension) for f in found)


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
    matrices = [f for f in factors if f.labels]
    groups = list(components(matrices, {0: 0, 1: 1}))
    if len(groups) == 2:
        joined = [Factor(f.atom, tuple([0 if x == 1 else x for x in f.labels]), f.exponent) for f in factors]
        inner = ring.reduced(Work(coefficient, joined, {**bound, 0: term.shape[0]}), (), ())
        return ring.add([ring.one(), inner], ())
    path = path_factors(term)
    if path is None:
        return None
    oriented = word(path)
    number = of_factors(ring, scalars, (), coefficient)
    candidates = [rotated(ring, oriented, k, number) for k in range(len(oriented))]
    return determinant_atom(ring, min(candidates, key=lambda p: (len(p.node.digest), p.node.digest)), (1, 1))


def word(path: Sequence[Factor]) -> list[tuple[Node, bool]]:
    """The matrices of a path with whether each stands as it is or transposed."""
    here, found = 0, []
    for factor in path:
        forward = factor.labels[0] == here
        here = factor.labels[1] if forward else factor.labels[0]
        found.append((factor.atom, forward))
    return found


def rotated(ring: Ring, matrices: Sequence[tuple[Node, bool]], start: int, number: Polynomial) -> Polynomial:
    """I + c w for the word that begins at another of its matrices, or its transpose, whichever is less."""
    product = ring.times(number, product_of(ring, [*matrices[start:], *matrices[:start]]))
    total = ring.add([ring.delta(product.shape[0]), product], product.shape)
    other = ring.permute(total, (1, 0))
    return min(total, other, key=lambda p: p.node.digest)


def adjugate(ring: Ring, argument: Polynomial, groups: Groups) -> Polynomial:
    """det(X) inv(X): at a singular X by continuity, so never where a sign is taken."""
    axes = range(len(argument.shape))
    ring.note("adjugate-by-continuity")
    return ring.contract([(determinant(ring, argument, groups), ()), (inverse(ring, argument, groups), axes)], axes)
