"""Signs: which values have no negative entry, so that code may take their roots.

A value is taken for at most 1 only where rounding cannot carry it beyond: values of operations that are `bounded`, and
even powers and products of such.  A declared variable may be off by a rounding error, so 1 - p of one is left alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from matcalc.assumptions import Facts
from matcalc.expr import Add, Apply, Node, Number, Power, Product, Size, split_coefficient

__all__ = ["Signs"]

#: Operations of which every value is greater than 0, or at least 0.
AT_LEAST_0 = frozenset({"positive", "nonnegative"})


class Signs:
    """What is known of nodes that are noted, operands before their users; a variable is what `definitions` says it is."""

    def __init__(self, facts: Facts, definitions: Mapping[Node, Node] | None = None) -> None:
        self.facts = facts
        self.definitions = dict(definitions or {})
        self._nonnegative: dict[Node, bool] = {}
        self._bounded: dict[Node, bool] = {}

    def follow(self, rewritten: Mapping[Node, Node]) -> None:
        """Take what definitions were rewritten to for the definitions."""
        self.definitions = {variable: rewritten.get(node, node) for variable, node in self.definitions.items()}

    def note(self, node: Node) -> None:
        """Look at a node whose operands are known."""
        if node in self.definitions:
            defined = self.definitions[node]
            self._bounded[node], self._nonnegative[node] = self.bounded(defined), self.nonnegative(defined)
            return
        self._bounded[node] = self._is_bounded(node)
        self._nonnegative[node] = self._is_nonnegative(node)

    def nonnegative(self, node: Node) -> bool:
        """True if no entry is less than 0, as far as is known."""
        return self._nonnegative.get(node, False)

    def bounded(self, node: Node) -> bool:
        """True if no entry is less than -1 or greater than 1, as far as is known."""
        return self._bounded.get(node, False)

    def _is_bounded(self, node: Node) -> bool:
        if isinstance(node, Number):
            return abs(node.value) <= 1
        if isinstance(node, Apply):
            return "bounded" in node.operation.facts
        if isinstance(node, Power):
            return node.exponent > 0 and node.exponent.denominator == 1 and self.bounded(node.operands[0])
        if isinstance(node, Product):
            summed = any(label >= node.order for labels in node.labels for label in labels)
            return not summed and abs(node.coefficient) <= 1 and all(map(self.bounded, node.operands))
        return False

    def _is_nonnegative(self, node: Node) -> bool:
        if isinstance(node, Size) or self.facts.has(node, "positive", "simplex"):
            return True
        if isinstance(node, Number):
            return node.value >= 0
        if isinstance(node, Apply):
            return not AT_LEAST_0.isdisjoint(node.operation.facts)
        if isinstance(node, Power):
            exponent = node.exponent
            # A root is taken to be the principal one.
            return exponent.numerator % 2 == 0 or exponent.denominator % 2 == 0 or self.nonnegative(node.operands[0])
        if isinstance(node, Product):
            return node.coefficient >= 0 and self.even(node.factors)
        return isinstance(node, Add) and (all(map(self.nonnegative, node.operands)) or self.complement(node))

    def even(self, factors: Iterable[tuple[Node, tuple[int, ...]]]) -> bool:
        """True if every factor that may be negative stands an even number of times at the same labels."""
        counts = Counter(factors)
        return all(number % 2 == 0 or self.nonnegative(factor) for (factor, _), number in counts.items())

    def complement(self, node: Add) -> bool:
        """True for a number less a value that is at most as large: 1 - sigmoid(x), 1 - tanh(x)^2."""
        parts = [split_coefficient(term) for term in node.operands]
        constants = [coefficient for coefficient, rest in parts if is_one(rest)]
        others = [(coefficient, rest) for coefficient, rest in parts if not is_one(rest)]
        if len(constants) != 1 or len(others) != 1:
            return False
        ((coefficient, rest),) = others
        return self._is_bounded(rest) and -constants[0] <= coefficient <= constants[0]


def is_one(node: Node) -> bool:
    """True for a number and for a tensor of ones; their coefficients are apart."""
    return isinstance(node, Number) or (isinstance(node, Product) and not node.operands)
