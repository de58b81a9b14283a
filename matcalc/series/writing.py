"""Terms as they are read: in matrix notation where there is one, else by entries; with names for what occurs twice."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from matcalc.build import transposed
from matcalc.expr import Add, Apply, Node, expanded_scalar
from matcalc.form import Form, Shape, subforms
from matcalc.naming import Naming, candidates, replace_names
from matcalc.notation.compound import joined
from matcalc.notation.index import index_form, index_names
from matcalc.raising import Raising
from matcalc.series.question import Expanded
from matcalc.structure import is_mask
from matcalc.tensor import Tensor, axis_groups
from matcalc.traversal import uses

__all__ = ["LONG", "Writing"]

#: A text that is longer than this is written with more names: of gradient, Jacobian and Hessian, of what occurs twice.
LONG = 79


#: The letters of gradients, Hessians and Jacobians, which other parts of a long text do not get.
RESERVED = frozenset("gHJ")

#: A sum is named in a long text from this many different names on.
SMALL = 2
#: The same for a product.
LARGE = 3
#: A function whose name has no more letters than this is left as it is: inv(A) reads as well as a name.
SHORT = 4


class Brief(Naming):
    """Names for parts of a long text: for functions of names, too, for short sums and for products."""

    def wants_name(self, node: Node, form: Form) -> bool:
        """True for a part that is used twice and is more than a name."""
        if super().wants_name(node, form):
            return True
        if self.counts.get(node, 0) < 2 or is_mask(node):
            return False
        if isinstance(node, Apply):
            return len(node.name) > SHORT and any(part.head == "name" for part in subforms(form))
        count = sum(part.head == "name" for part in subforms(form))
        return count >= SMALL if isinstance(node, Add) else node.order > 0 and count >= LARGE


class Writing:
    """The forms of some nodes that are read together, such as the terms of one polynomial.

    With `brief`, more of what occurs twice gets a name.
    """

    def __init__(
        self, question: Expanded, nodes: Sequence[Node], taken: Sequence[str] = (), *, brief: bool = False
    ) -> None:
        self.question = question
        self.nodes = nodes
        self.taken = (*question.taken, *taken)
        self.brief = brief

    @cached_property
    def naming(self) -> Naming:
        """What names parts that occur twice."""
        indices = [name for node in self.nodes for group in self.names(node.order) for name in group]
        indices += RESERVED if self.brief else ()
        made = (Brief if self.brief else Naming)(self.question.program, self.nodes[0], [*self.taken, *indices])
        made.counts = uses(self.nodes)
        return made

    @cached_property
    def raising(self) -> Raising:
        """What makes matrix notation."""
        question = self.question
        return Raising(question.facts, question.program.layout, self.naming.name_for, frozenset(self.compound))

    @cached_property
    def compound(self) -> dict[str, tuple[int, ...]]:
        """The variables with an axis that is made of several dimensions, and how many make each axis."""
        program, direction = self.question.program, self.question.direction
        lengths = {v.name: tuple(map(len, v.shape)) for v in (*program.variables.values(), direction)}
        return {name: made for name, made in lengths.items() if any(n != 1 for n in made)}

    def names(self, order: int, *by: int) -> tuple[tuple[str, ...], ...]:
        """The names of the indices of a node: those of the expression, then those of each variable."""
        return index_names(order - sum(by), list(by), set(self.taken))

    def form(self, tensor: Tensor, kind: str, shape: Shape, by: Sequence[int] = ()) -> Form:
        """The form of a tensor of some kind and shape; its last axes are those of variables with so many axes each."""
        node, made = tensor.node, None
        if kind != "tensor":
            made = self.raising.grouped(node, axis_groups(tensor.groups))
        if made is None:
            made = index_form(node, self.names(node.order, *by), self.raising.form)
            made = joined(made, tensor.groups, self.compound, shape)
        return transposed(made) if kind == "row" else made

    def form_of(self, node: Node) -> Form:
        """The form of one term."""
        output = self.question.output
        return self.form(Tensor(node, self.question.function.groups), str(output.kind), output.shape or ())

    def sum(self, nodes: Sequence[Node]) -> list[Form]:
        """The forms of the terms of a sum; a term whose entries are equal is the scalar, if another has the whole shape."""
        equal, tensor = [expanded_scalar(node) for node in nodes], self.question.output.kind == "tensor"
        shorter = [self.raising.form(s) if s is not None and None in equal and not tensor else None for s in equal]
        return [short or self.form_of(node) for short, node in zip(shorter, nodes, strict=True)]

    def settled(self, forms: Sequence[Form]) -> tuple[list[Form], dict[str, Form]]:
        """The forms, and the names that they need; a name that is used once is replaced by what it stands for."""
        whole, named = self.naming.settle(Form("add", tuple(forms)), self.raising.named)
        return list(whole.args), named

    def new_name(self, letter: str) -> str:
        """A name that begins with one of the letters that are left for it and is not taken."""
        taken = {*self.taken, *(self.naming.taken - RESERVED)}
        found = next(name for name in candidates([letter], capital=letter.isupper()) if name not in taken)
        self.naming.taken.add(found)
        return found

    def unnamed(self, form: Form) -> Form:
        """The form without names for its parts."""
        return replace_names(form, self.raising.named)
