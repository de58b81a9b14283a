"""Which permutations of its axes leave an atom as it is, or change its sign.

A symmetric variable, the inverse of a symmetric sum, f(x_i - x_j) for an odd f, the second derivative of an unknown: all
of these are found by permuting what the atom is made of.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations

from matcalc.assumptions import Facts
from matcalc.expr import Delta, Derivative, Node, Variable

__all__ = ["Symmetries"]

Symmetry = tuple[tuple[int, ...], int]


class Symmetries:
    """The symmetries of atoms; those of functions are told by who makes them, see `declare`."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self._known: dict[Node, list[Symmetry]] = {}
        self._bases: dict[Node, list[Symmetry]] = {}

    def __call__(self, atom: Node) -> list[Symmetry]:
        """The permutations (of slots) with their signs, the identity first."""
        found = self._known.get(atom)
        if found is None:
            found = self._known[atom] = self.of_leaf(atom)
        return found

    def declare(self, atom: Node, symmetries: Sequence[Symmetry]) -> None:
        """What is known of an atom that is a function."""
        self._known[atom] = list(symmetries)

    def declare_base(self, node: Node, symmetries: Sequence[Symmetry]) -> None:
        """What is known of a sum, of which functions and powers may be atoms."""
        self._bases[node] = list(symmetries)
        if all(sign == 1 for _, sign in symmetries):
            self._known.setdefault(node, list(symmetries))

    def base(self, node: Node) -> list[Symmetry]:
        """What was declared of a sum."""
        return self._bases[node]

    def of_leaf(self, atom: Node) -> list[Symmetry]:
        identity = tuple(range(atom.order))
        if atom.order < 2:
            return [(identity, 1)]
        if isinstance(atom, Delta) or (isinstance(atom, Variable) and atom.order == 2):
            sign = 1 if isinstance(atom, Delta) or self.facts.symmetric(atom) else -1 if self.facts.skew(atom) else 0
            return [(identity, 1), ((1, 0), sign)] if sign else [(identity, 1)]
        if isinstance(atom, Derivative):
            return self.of_derivative(atom)
        return [(identity, 1)]

    def of_derivative(self, atom: Derivative) -> list[Symmetry]:
        """Partial derivatives commute; the derivative of a symmetric value is symmetric in its own axes."""
        variable = atom.operands[0]
        start = variable.order
        groups: list[tuple[int, tuple[int, ...]]] = []
        for position in atom.positions:
            length = variable.operands[position].order
            groups.append((position, tuple(range(start, start + length))))
            start += length
        found: list[Symmetry] = []
        for own, sign in self(variable):
            for order in permutations(groups) if len(groups) <= 4 else [tuple(groups)]:
                if all(a[0] == b[0] for a, b in zip(order, groups, strict=True)):
                    found.append(((*own, *(axis for _, axes in order for axis in axes)), sign))
        return found

    def oriented(self, atom: Node, labels: tuple[int, ...]) -> tuple[int, tuple[int, ...]]:
        """The sign and the least way to write the labels of an atom; the sign is 0 if it equals its own negative."""
        known = self(atom)
        if len(known) == 1:
            return 1, labels
        ways = [(tuple([labels[k] for k in order]), sign) for order, sign in known]
        least = min(way for way, _ in ways)
        signs = {sign for way, sign in ways if way == least}
        return (signs.pop() if len(signs) == 1 else 0), least

