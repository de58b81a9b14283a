"""Expansion: the rules of the calculus applied one at a time, the parts not yet differentiated being symbols.

The tangent of a node U is a symbol, ∂U, until a rule is applied to it; then it is the rule's right side in the symbols
of U's operands.  The rules are those of `matcalc.differentiate.push`, which also make the answer: once every symbol is
expanded, the state is what forward mode computes.

Why this ends: an expansion replaces a symbol by symbols of operands, and no symbol is expanded before those of which
its node is an operand; so each node is expanded once.
"""

from __future__ import annotations

from collections.abc import Mapping

from matcalc.differentiate import dependents, push
from matcalc.expr import Add, Apply, Node, Power, Product, Variable, identity, zero
from matcalc.traversal import postorder, substitute

__all__ = ["Expansion", "rule_of", "LINEARITY"]

LINEARITY = "linearity"


class Expansion:
    """The derivative of a node by another, as far as it is expanded.

    `order` is how many axes of the variable a tangent has: all, or 0 for a differential.
    """

    def __init__(self, function: Node, variable: Node, order: int) -> None:
        self.function = function
        self.variable = variable
        self.order = order
        #: The nodes that depend on the variable, operands first.
        self.nodes = dependents(function, variable)
        axes = variable.shape[len(variable.shape) - order :]
        #: The symbol of each node, and the node of each symbol.
        self.symbols = {node: Variable.make(f"∂{k}", node.shape + axes) for k, node in enumerate(self.nodes)}
        self.meanings = {symbol: node for node, symbol in self.symbols.items()}
        self.named = {str(symbol.data[0]): node for symbol, node in self.meanings.items()}
        self.state: Node = self.symbols.get(function) or zero(function.shape + axes)
        #: The symbol of the variable itself: dX, or ∂X_ij/∂X_kl.
        self.seed = self.symbols.get(variable) or Variable.make("∂", variable.shape + axes)

    def pending(self) -> list[Node]:
        """The nodes whose symbols are next: those that are no part of another with a symbol; the last of the text first."""
        present = [self.meanings[part] for part in postorder(self.state) if part in self.meanings]
        open_nodes = {node for node in present if node is not self.variable}
        below = {part for node in open_nodes for part in postorder(node) if part is not node}
        return [node for node in reversed(self.nodes) if node in open_nodes and node not in below]

    def advance(self) -> str | None:
        """Apply one rule wherever it applies, and name it; None if nothing is left to expand.

        Sums and constant factors are passed through together.
        """
        waiting = self.pending()
        if not waiting:
            return None
        rule = rule_of(waiting[0], self.symbols)
        while waiting:
            self._expand([node for node in waiting if rule_of(node, self.symbols) == rule])
            waiting = self.pending() if rule == LINEARITY else []
            if not waiting or rule_of(waiting[0], self.symbols) != rule:
                break
        return rule

    def seeded(self) -> Node:
        """The state with ∂X/∂X = 1, the identity."""
        return substitute(self.state, {self.seed: identity(self.variable.shape)})

    def _expand(self, nodes: list[Node]) -> None:
        made = {self.symbols[node]: push(node, self.symbols, self.order) for node in nodes}
        self.state = substitute(self.state, made)


def rule_of(node: Node, moving: Mapping[Node, Node]) -> str:
    """The name of the rule that differentiates a node, some of whose operands move."""
    if isinstance(node, Add):
        return LINEARITY
    if isinstance(node, Product):
        return LINEARITY if sum(o in moving for o in node.operands) == 1 else "product-rule"
    if isinstance(node, Power):
        return "power-rule"
    return f"derivative-of-{node.name}" if isinstance(node, Apply) else "chain-rule"
