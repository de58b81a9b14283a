"""A difference multiplied by what stands inverted in it.

On the domain of a claim every S under a negative power is not zero and every S in inv(S) is invertible.  So D is zero if
D·S is: entry by entry for a power, and along a free axis at which inv(S) stands.  Woodbury, Sherman and Morrison,
push-through and Hua follow so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction

from matcalc.expr import Apply, Delta, Node
from matcalc.normal.naming import Factor
from matcalc.normal.powers import of_factors
from matcalc.normal.ring import Polynomial, Ring

__all__ = ["vanishes"]

#: How many multiplications are tried.
ROUNDS = 10


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
        if cleared is difference:
            cleared = without_an_inverse(ring, difference)
        if cleared is None:
            return False
        difference = cleared
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
    """The difference contracted with S along an axis at which inv(S) stands; None if there is none."""
    ends: Counter[tuple[Node, int, int]] = Counter()
    axes = range(len(difference.shape))
    for term in difference.terms:
        factors, _ = ring.opened(term, axes)
        for atom, labels, exponent in factors:
            if isinstance(atom, Apply) and atom.name == "inv" and atom.order == 2 and exponent == 1:
                for slot, label in enumerate(labels):
                    if label in axes:
                        ends[atom, slot, label] += 1
    if not ends:
        return None
    atom, slot, axis = max(ends, key=lambda end: (weight(end[0]), ends[end], -end[2], end[0].digest))
    ring.note("clearing-inverses")
    total = ring.polynomial(atom.operands[0])
    new = len(axes)
    labels = [new if a == axis else a for a in axes]
    own = (axis, new) if slot == 0 else (new, axis)
    return ring.contract([(total, own), (difference, labels)], axes)


def weight(atom: Node) -> int:
    """How large what is inverted is: the deepest inverse goes last."""
    seen: set[Node] = set()
    stack = [atom]
    while stack:
        node = stack.pop()
        if node not in seen:
            seen.add(node)
            stack.extend(node.operands)
    return len(seen)
