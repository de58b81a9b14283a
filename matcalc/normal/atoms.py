"""Atoms that are functions: f of a sum, in its least form under permutations of its axes.

A function of a sum that does not depend on some axis is an atom without that axis; a function of a sum with a delta is
parted into the case where the indices are equal and the case where they differ.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import permutations
from typing import NamedTuple

from matcalc.expr import Apply, Delta, Node, Product, Shape
from matcalc.normal.naming import Factor
from matcalc.normal.ring import Polynomial, Ring, Work

__all__ = ["entrywise", "make_atom", "least_form", "axes_of"]

Function = Callable[[Ring, Polynomial], Polynomial]
#: The largest order for which all permutations of the axes are tried.
LARGEST_ORDER = 4
#: The most terms of an argument whose signs are told apart.
MOST_TERMS = 12


def entrywise(
    ring: Ring, argument: Polynomial, function: Function, defined: Callable[[Ring, Node], bool] | None = None
) -> Polynomial:
    """f of a polynomial, over the axes on which it depends, and apart where deltas are 1 and where they are 0.

    A case stands, multiplied by 0, where it does not apply too; so each must have a value there: a case 1/x beside
    1 - sign(x)^2 would bring in a pole that f of the argument does not have.  `defined` tells of an argument whether f
    surely has a value; without it f has one everywhere.
    """
    used = sorted({axis for term in argument.terms for axis in axes_of(term)})
    shape = argument.shape
    if len(used) < len(shape):
        inner = entrywise(ring, restricted(ring, argument, used), function, defined)
        return ring.expand(inner, used, shape)
    cases = cases_of(ring, argument)
    if cases is None or not all(defined is None or defined(ring, case.node) for case in cases.arguments):
        return function(ring, argument)
    return cases.joined(ring, [entrywise(ring, case, function, defined) for case in cases.arguments])


class Cases(NamedTuple):
    """The arguments in the cases of a delta or of a sign, and how the values in the cases are put together."""

    arguments: tuple[Polynomial, ...]
    joined: Callable[[Ring, Sequence[Polynomial]], Polynomial]


def cases_of(ring: Ring, argument: Polynomial) -> Cases | None:
    """The cases of an argument by its first delta, else by its first sign; None if there is none."""
    pair = delta_axes(argument)
    if pair is not None:
        return Cases(
            (joined(ring, argument, *pair), without_delta(argument, *pair)),
            lambda ring, values: by_delta(ring, pair, values),
        )
    sign = sign_factor(ring, argument) if len(argument.terms) < MOST_TERMS else None
    if sign is None:
        return None
    return Cases(
        tuple([with_sign(ring, argument, sign, value) for value in (-1, 0, 1)]),
        lambda ring, values: by_sign(ring, sign, values),
    )


def by_delta(ring: Ring, pair: tuple[int, int], values: Sequence[Polynomial]) -> Polynomial:
    """δ_ij u + (1 - δ_ij) v."""
    ring.note("function-of-a-delta")
    equal, unequal = values
    shape = equal.shape
    delta = ring.expand(ring.delta(shape[pair[0]]), pair, shape)
    return ring.add([ring.times(delta, ring.subtract(equal, unequal)), unequal], shape)


def sign_factor(ring: Ring, argument: Polynomial) -> Factor | None:
    """A sign without summed indices in one of the terms."""
    axes = range(len(argument.shape))
    for term, _ in argument.ordered():
        factors, bound = ring.opened(term, axes)
        for factor in factors:
            named = isinstance(factor.atom, Apply) and factor.atom.name == "sign"
            whole = isinstance(factor.exponent, int)
            if named and whole and not any(label in bound for label in factor.labels):
                return factor
    return None


def by_sign(ring: Ring, sign: Factor, values: Sequence[Polynomial]) -> Polynomial:
    """u_0 (1 - s^2) + u_1 (s^2 + s)/2 + u_-1 (s^2 - s)/2 for a sign s."""
    ring.note("function-of-a-sign")
    low, zero, high = values
    shape = zero.shape
    s = ring.reduced(Work(1, [Factor(sign.atom, sign.labels, 1)], {}), range(len(shape)), shape)
    odd = ring.times(s, ring.subtract(high, low).scaled(Fraction(1, 2)))
    even = ring.times(s, s, ring.subtract(ring.add([high, low], shape).scaled(Fraction(1, 2)), zero))
    return ring.add([zero, odd, even], shape)


def with_sign(ring: Ring, argument: Polynomial, sign: Factor, value: int) -> Polynomial:
    """The polynomial where a sign has this value."""
    axes = range(len(argument.shape))
    total = Polynomial(argument.shape)
    for term, coefficient in argument.terms.items():
        factors, bound = ring.opened(term, axes)
        mine = [f for f in factors if (f.atom, f.labels) == (sign.atom, sign.labels)]
        rest = [f for f in factors if (f.atom, f.labels) != (sign.atom, sign.labels)]
        for factor in mine:
            coefficient *= value ** int(factor.exponent)
        ring.reduce(Work(coefficient, rest, bound), axes, total)
    return total


def axes_of(term: Node) -> set[int]:
    """The axes on which a term depends."""
    if isinstance(term, Product):
        return {label for labels in term.labels for label in labels if label < term.order}
    return set(range(term.order))


def restricted(ring: Ring, argument: Polynomial, used: Sequence[int]) -> Polynomial:
    """A polynomial that does not depend on the other axes, without them."""
    return relabelled(ring, argument, range(len(argument.shape)), used, tuple([argument.shape[axis] for axis in used]))


def joined(ring: Ring, argument: Polynomial, a: int, b: int) -> Polynomial:
    """The polynomial where index b equals index a; it does not depend on b."""
    axes = range(len(argument.shape))
    return relabelled(ring, argument, [a if axis == b else axis for axis in axes], axes, argument.shape)


def relabelled(
    ring: Ring, argument: Polynomial, names: Sequence[int], out: Sequence[int], shape: Shape
) -> Polynomial:
    """The polynomial with its axes called by these names; no label is summed."""
    total = Polynomial(shape)
    for term, coefficient in argument.terms.items():
        factors, bound = ring.opened(term, names)
        ring.reduce(Work(coefficient, factors, bound), out, total)
    return total


def delta_axes(argument: Polynomial) -> tuple[int, int] | None:
    """Two axes that a delta in one of the terms compares."""
    for term, _ in argument.ordered():
        if isinstance(term, Delta):
            return (0, 1)
        if isinstance(term, Product):
            for operand, labels in zip(term.operands, term.labels, strict=True):
                if isinstance(operand, Delta) and max(labels) < term.order:
                    return (min(labels), max(labels))
    return None


def without_delta(argument: Polynomial, a: int, b: int) -> Polynomial:
    """The polynomial where the indices differ: terms with their delta are gone."""
    kept = {t: c for t, c in argument.terms.items() if not compares(t, a, b)}
    return Polynomial(argument.shape, kept)


def compares(term: Node, a: int, b: int) -> bool:
    """Whether a term holds the delta of two of its axes."""
    if isinstance(term, Product):
        pairs = zip(term.operands, term.labels, strict=True)
        return any(isinstance(operand, Delta) and set(labels) == {a, b} for operand, labels in pairs)
    return isinstance(term, Delta)


def least_form(ring: Ring, argument: Polynomial, parity: int = 0) -> tuple[int, tuple[int, ...], Node]:
    """A sign, the axes and a node so that the argument is sign times the node with its slots at these axes.

    The node is the same for all arguments that differ in the order of axes and, where the parity of the function is not
    0, in sign.  The symmetries that show are declared for the node.
    """
    order = len(argument.shape)
    rows: list[tuple[Node, tuple[int, ...], int]] = []
    for axes in permutations(range(order)) if order <= LARGEST_ORDER else [tuple(range(order))]:
        turned = ring.permute(argument, axes)
        rows.extend((turned.scaled(sign).node, tuple(axes), sign) for sign in ((1, -1) if parity else (1,)))
    node, axes, sign = min(rows, key=lambda row: row[0].digest)
    same = [(tuple([axes.index(k) for k in other]), sign * s) for found, other, s in rows if found is node]
    same.sort(key=lambda row: (row[0] != tuple(range(order)), row))
    ring.symmetries.declare_base(node, same)
    return sign, axes, node


def make_atom(ring: Ring, argument: Polynomial, build: Callable[[Node], Node], parity: int = 0) -> Polynomial:
    """f(argument) as an atom; `parity` is 1 for an even function, -1 for an odd one, else 0."""
    sign, axes, node = least_form(ring, argument, parity)
    atom = build(node)
    known = dict.fromkeys((order, s if parity < 0 else 1) for order, s in ring.symmetries.base(node))
    ring.symmetries.declare(atom, list(known))
    value = ring.reduced(Work(1, [Factor(atom, axes, 1)], {}), range(len(axes)), argument.shape)
    return value.scaled(sign if parity < 0 else 1)
