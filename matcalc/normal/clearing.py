"""A difference multiplied by what stands inverted in it.

On the domain of a claim every S under a negative power is not zero and every S in inv(S) is invertible.  So D is zero if
D·S is: entry by entry for a power, and along a free axis at which inv(S) stands.  Woodbury, Sherman and Morrison,
push-through and Hua follow so.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from matcalc.expr import Apply, Delta, Node
from matcalc.normal.naming import Factor
from matcalc.normal.powers import of_factors
from matcalc.normal.ring import Polynomial, Ring, Work

__all__ = ["vanishes"]

#: How many multiplications are tried.
ROUNDS = 10
#: How many inverses at free axes are tried in a round.
CHOICES = 6


def vanishes(ring: Ring, difference: Polynomial) -> bool:
    """Whether the difference is zero, wherever it is defined, as far as multiplying out shows."""
    seen: set[Node] = set()
    for _ in range(ROUNDS):
        if not difference.terms:
            return True
        if difference.node in seen:
            return False
        seen.add(difference.node)
        cleared = without_denominators(ring, difference)
        simpler = without_an_inverse(ring, difference) if cleared is difference else cleared
        if simpler is None:
            return False
        difference = simpler
    return not difference.terms


def free_factors(ring: Ring, difference: Polynomial) -> Iterator[list[Factor]]:
    """For each term its factors whose indices are axes."""
    axes = range(len(difference.shape))
    for term in difference.terms:
        factors, bound = ring.opened(term, axes)
        yield [f for f in factors if not any(label in bound for label in f.labels)]


def without_denominators(ring: Ring, difference: Polynomial) -> Polynomial:
    """The difference times the highest negative powers of factors whose indices are free."""
    lowest: dict[tuple[Node, tuple[int, ...]], Fraction | int] = {}
    for factors in free_factors(ring, difference):
        for atom, labels, exponent in factors:
            if exponent < 0 and not isinstance(atom, Delta):
                key = (atom, labels)
                lowest[key] = min(lowest.get(key, 0), exponent)
    if not lowest:
        return difference
    ring.note("clearing-denominators")
    multiplier = of_factors(ring, [Factor(*key, -exponent) for key, exponent in lowest.items()], difference.shape)
    return ring.times(difference, multiplier)


def without_an_inverse(ring: Ring, difference: Polynomial) -> Polynomial | None:
    """The difference contracted with S along an axis at which inv(S) stands, the simplest result; None if there is none."""
    ends = sorted(inverse_ends(ring, difference), key=lambda end: (weight(end[0]), end[0].digest, end[1:]), reverse=True)
    if not ends:
        return None
    ring.note("clearing-inverses")
    results = [contracted(ring, difference, *end) for end in ends[:CHOICES]]
    return min(results, key=lambda result: sum(weight(term) for term in result.terms))


def inverse_ends(ring: Ring, difference: Polynomial) -> set[tuple[Node, int, int]]:
    """The inverses at free axes, each with its slot and the axis."""
    axes = range(len(difference.shape))
    ends: set[tuple[Node, int, int]] = set()
    for term in difference.terms:
        for atom, labels, exponent in ring.opened(term, axes)[0]:
            if is_inverse(atom) and exponent == 1:
                ends.update((atom, slot, label) for slot, label in enumerate(labels) if label in axes)
    return ends


def is_inverse(atom: Node) -> bool:
    return isinstance(atom, Apply) and atom.name == "inv" and atom.order == 2


def contracted(ring: Ring, difference: Polynomial, atom: Node, slot: int, axis: int) -> Polynomial:
    """The difference contracted with S along an axis: inv(S) at that axis becomes a delta."""
    axes = range(len(difference.shape))
    shape = difference.shape
    cancelled, rest = Polynomial(shape), Polynomial(shape)
    for term, coefficient in difference.terms.items():
        factors, bound = ring.opened(term, axes)
        carriers = [k for k, f in enumerate(factors) if axis in f.labels]
        # Where another factor carries the axis too, the sum over it is not that of S and inv(S) alone.
        position = carriers[0] if len(carriers) == 1 and ends_at(ring, factors[carriers[0]], atom, slot, axis) else None
        if position is None:
            rest.accumulate(term, coefficient)
            continue
        labels = factors[position].labels
        other = labels[1 - labels.index(axis)]
        remaining = [f for k, f in enumerate(factors) if k != position]
        delta = Factor(Delta.make(shape[axis]), (axis, other), 1)
        ring.reduce(Work(coefficient, [*remaining, delta], bound), axes, cancelled)
    total, new = ring.polynomial(atom.operands[0]), len(axes)
    own = (axis, new) if slot == 0 else (new, axis)
    moved = ring.contract([(total, own), (rest, [new if a == axis else a for a in axes])], axes)
    return ring.add([cancelled, moved], shape)


def ends_at(ring: Ring, factor: Factor, atom: Node, slot: int, axis: int) -> bool:
    """Whether a factor is the inverse with this slot at the axis."""
    if factor.atom is not atom or factor.exponent != 1 or factor.labels[0] == factor.labels[1]:
        return False
    slots = {order.index(slot) for order, _ in ring.symmetries(atom)}
    return any(factor.labels[k] == axis for k in slots)


def weight(root: Node) -> int:
    """How many nodes an expression is made of."""
    seen: set[Node] = set()
    stack = [root]
    while stack:
        node = stack.pop()
        if node not in seen:
            seen.add(node)
            stack.extend(node.operands)
    return len(seen)
