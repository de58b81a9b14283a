"""Matrix forms of states, their sums written term by term.

An answer takes common factors out of its sums; a derivation does not: d(A*X*B*X) = A*dX*B*X + A*X*B*dX is the product
rule, A*(dX*B*X + X*B*dX) is not.  Only a number that all terms share stands in front.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from matcalc.build import scaled
from matcalc.expr import Add, Node, Product, Variable, scale
from matcalc.form import Form, rewritten
from matcalc.raising import Raising
from matcalc.traversal import postorder, substitute

__all__ = ["StateForms"]


class StateForms:
    """The forms of states, of which `moves` tells the symbols."""

    def __init__(self, raising: Raising, moves: Callable[[Node], bool]) -> None:
        self.raising = raising
        self.moves = moves
        self._names: dict[Node, Node] = {}
        self._sums: dict[str, Form] = {}
        self._moving: dict[Node, bool] = {}

    def form(self, node: Node) -> Form | None:
        """The scalar, column or matrix form of a state; None if it has none."""
        for part in postorder(node):
            if part not in self._moving:
                self._moving[part] = self.moves(part) or any(self._moving[o] for o in part.operands)
                if isinstance(part, Add) and self._moving[part] and part.order <= 2:
                    self._name(part)
        return self._raised(node)

    def _name(self, node: Node) -> None:
        """A symbol that stands for a sum, and the form of the sum."""
        made = self._sum(node)
        if made is not None:
            word = f"∂+{len(self._sums)}"
            self._names[node] = Variable.make(word, node.shape)
            self._sums[word] = made

    def _raised(self, node: Node) -> Form | None:
        form = self.raising.form(substitute(node, self._names))
        return None if form is None else rewritten(form, self._spelled)

    def _spelled(self, part: Form) -> Form:
        return self._sums.get(part.value, part) if part.head == "name" else part

    def _sum(self, node: Node) -> Form | None:
        """The terms in their order, positive ones first."""
        shared = shared_number([term.coefficient if isinstance(term, Product) else Fraction(1) for term in node.operands])
        forms = [self._raised(term if shared == 1 else scale(1 / shared, term)) for term in node.operands]
        terms = [form for form in forms if form is not None]
        if len(terms) < len(forms):
            return None
        flat = [part for term in terms for part in (term.args if term.head == "add" else (term,))]
        flat.sort(key=lambda term: term.head == "neg")
        return scaled(shared, Form("add", tuple(flat), kind=terms[0].kind, shape=terms[0].shape))


def shared_number(numbers: Sequence[Fraction]) -> Fraction:
    """The number that all terms have, but for their signs; negative if all are."""
    size = abs(numbers[0]) if len(set(map(abs, numbers))) == 1 else Fraction(1)
    return -size if all(number < 0 for number in numbers) else size
