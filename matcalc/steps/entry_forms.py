"""Entries of states: what index notation makes of a node in which derivatives are still symbols."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from matcalc.build import eye
from matcalc.expr import Node
from matcalc.form import Form
from matcalc.notation.index import Entries, Request, Rule, used_names
from matcalc.notation.scalar_forms import entry, scalar
from matcalc.raising import Raising
from matcalc.traversal import postorder

__all__ = ["Meanings", "StateEntries", "state_entries"]


@dataclass(frozen=True)
class Meanings:
    """What the symbols of a state stand for: the derivatives of these nodes by the entries of `by` (or by a scalar).

    A symbol in `seeds` stands for the derivative of the variable by itself: deltas.
    """

    nodes: Mapping[Node, Node] = field(default_factory=dict)
    by: Form | None = None
    seeds: frozenset[Node] = frozenset()


class StateEntries(Entries):
    """The entries of a node whose symbols have a meaning; values that the program names are called by their names."""

    def __init__(self, raising: Raising, names: Mapping[Node, str], meanings: Meanings, avoid: set[str]) -> None:
        super().__init__(self._named, avoid)
        self.raising = raising
        self.names = names
        self.meanings = meanings

    def _named(self, node: Node) -> Form | None:
        held = any(part in self.meanings.nodes for part in postorder(node))
        return None if held else self.raising.form(node)

    def _entry(self, request: Request, *, root: bool) -> Rule:
        node = request.node
        if node in self.meanings.seeds:
            return self._deltas(request)
        if node in self.meanings.nodes:
            return self._derivative(request)
        if node in self.names and not root:
            form = self.raising.form(node)
            if form is not None:
                return self._constant(entry(form, request.indices))
        return super()._entry(request, root=root)

    def _derivative(self, request: Request) -> Rule:
        """∂U[..]/∂X[..] for the symbol of U."""
        meant = self.meanings.nodes[request.node]
        inner = yield Request(meant, request.indices[: meant.order], request.depth)
        by = self.meanings.by
        assert by is not None
        return scalar("derivative", inner, entry(by, request.indices[meant.order :]), value="d")

    def _deltas(self, request: Request) -> Rule:
        """∂X[i,j]/∂X[k,l] as entries of identities, which tell the ranges of their indices."""
        half = len(request.indices) // 2
        pairs = zip(request.indices[:half], request.indices[half:], request.node.shape, strict=False)
        factors = [scalar("entry", eye((size,)), value=(i, k)) for i, k, size in pairs]
        return self._constant(factors[0] if len(factors) == 1 else scalar("mul", *factors))

    def _constant(self, form: Form) -> Rule:
        return form
        yield


def state_entries(
    node: Node, indices: Sequence[str], raising: Raising, names: Mapping[Node, str], meanings: Meanings
) -> Form:
    """The entry of a state at some indices: a scalar form."""
    avoid = used_names(node).union(*(used_names(meant) for meant in meanings.nodes.values()), names.values())
    return StateEntries(raising, names, meanings, avoid).sum([node], tuple(indices))

