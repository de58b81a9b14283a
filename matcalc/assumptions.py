"""Facts about values that follow from the declared properties of variables.

A fact holds at every admissible point.  It may simplify a result, never something that is still to be differentiated.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from matcalc.canonical import product_key
from matcalc.expr import Add, Apply, Delta, Node, Number, Power, Product, Size, Unknown, Variable, product
from matcalc.form import Shape

__all__ = ["Facts", "facts_of"]

SYMMETRIC = frozenset({"symmetric", "positive-definite", "diagonal"})


class Declared(Protocol):
    """What is asked of a variable."""

    @property
    def name(self) -> str: ...
    @property
    def shape(self) -> Shape: ...
    @property
    def properties(self) -> frozenset[str]: ...


def facts_of(variables: Iterable[Declared]) -> Facts:
    """What the declared properties say.

    A compound axis is several axes of a node, so of a variable that has one only the signs of its entries are known:
    a `vector(n*m)` whose entries sum to 1 is no matrix whose rows do.
    """
    return Facts({v.name: v.properties & (v.properties if is_plain(v) else {"positive"}) for v in variables})


def is_plain(variable: Declared) -> bool:
    """Whether each axis of a variable is one axis of its node."""
    return all(len(axis) == 1 for axis in variable.shape)


class Facts:
    """What is known of nodes, given the properties of variables by name."""

    def __init__(self, properties: Mapping[str, frozenset[str]] | None = None) -> None:
        self.properties = {name: given for name, given in (properties or {}).items() if given}
        self._positive: dict[Node, bool] = {}
        self._symmetric: dict[Node, bool] = {}

    def has(self, node: Node, *names: str) -> bool:
        """True if the node is a variable with one of these properties."""
        return isinstance(node, Variable) and not self.properties.get(node.name, frozenset()).isdisjoint(names)

    def symmetric(self, node: Node) -> bool:
        """True if a matrix is known to equal its transpose."""
        if node.order != 2:
            return False
        stack = [node] if node not in self._symmetric else []
        while stack:
            pending = [o for o in stack[-1].operands if o.order == 2 and o not in self._symmetric]
            if pending:
                stack.extend(pending)
            else:
                current = stack.pop()
                self._symmetric[current] = self._is_symmetric(current)
        return self._symmetric[node]

    def _is_symmetric(self, node: Node) -> bool:
        if isinstance(node, Delta) or self.has(node, *SYMMETRIC):
            return True
        if isinstance(node, Apply) and node.groups is not None:
            return node.name in ("inv", "adj") and self.symmetric(node.operands[0])
        if isinstance(node, Product):
            if any(isinstance(o, Delta) for o in node.operands):
                return True  # a delta between the two axes: diag(x)
            # B'B, xx': the transpose is the same product.
            axes = range(2)
            ends = [sorted(o.digest for o, labels in node.factors if axis in labels) for axis in axes]
            if node.shape[0] != node.shape[1] or ends[0] != ends[1]:
                return False
            turned = product(1, [(node, axes)], axes[::-1], flatten=lambda p: p is node)
            return isinstance(turned, Product) and product_key(node, self) == product_key(turned, self)
        return isinstance(node, Add | Power | Unknown | Apply) and all(map(self.symmetric, node.operands))

    def skew(self, node: Node) -> bool:
        """True if the node is a variable declared skew-symmetric."""
        return self.has(node, "skew")

    def orthogonal(self, node: Node) -> bool:
        """True if the node is a variable declared orthogonal."""
        return self.has(node, "orthogonal")

    def sums_to_one(self, node: Node) -> bool:
        """True if the entries along the last axis sum to 1."""
        if isinstance(node, Apply) and node.name == "softmax":
            return node.groups == (1,)
        return self.has(node, "simplex") and node.order > 0

    def positive(self, node: Node) -> bool:
        """True if every entry is known to be greater than 0."""
        stack = [node] if node not in self._positive else []
        while stack:
            current = stack[-1]
            pending = [o for o in current.operands if o not in self._positive] if needs_operands(current) else []
            if pending:
                stack.extend(pending)
            else:
                stack.pop()
                self._positive[current] = self._is_positive(current)
        return self._positive[node]

    def _is_positive(self, node: Node) -> bool:
        if isinstance(node, Size) or self.has(node, "positive"):
            return True
        if isinstance(node, Number):
            return node.value > 0
        if isinstance(node, Apply):
            return "positive" in node.operation.facts
        if isinstance(node, Product) and node.coefficient <= 0:
            return False
        return needs_operands(node) and all(self._positive[o] for o in node.operands)


def needs_operands(node: Node) -> bool:
    """True for nodes that are positive if their operands are."""
    return isinstance(node, Power | Add | Product)
