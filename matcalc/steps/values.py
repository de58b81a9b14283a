"""The values of a program between a variable and the output, and what passes back between them.

Every assigned value on the way carries a signal, the gradient of the output by it; an activation, a value that is a
function of another one entry by entry, carries none of its own, as in textbooks.  A gradient is made of the signals of
the values that use it: where u = f(v, ..), the gradient of <delta_u, f(v, ..)> by v, which is what reverse mode adds to
the adjoint of v.
"""

from __future__ import annotations

from functools import cached_property

from matcalc.assumptions import Facts
from matcalc.differentiate import derivative
from matcalc.expr import Node, Variable, add, product, zero
from matcalc.form import Form, subforms
from matcalc.lowering import Environment
from matcalc.operation import find_operation
from matcalc.raising import Raising
from matcalc.steps.question import Question
from matcalc.traversal import postorder

__all__ = ["Values"]


class Values:
    """The values on the way from the variable of a question to its scalar output."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self.program = question.program
        self.target = str(question.variable.value)
        self.output = question.function
        moving = self._moving()
        plain = question.plain_names()
        #: The values with signals, the last one first; rows, and values with compound axes, are read through.
        self.carriers = [n for n in reversed(plain) if n in moving and not self._is_activation(n)]

    def _moving(self) -> set[str]:
        """The assigned names that depend on the variable and on which the output depends; not the output itself."""
        names = list(self.program.assignments)
        moving = {self.target}
        for name_ in names:
            if name_ != self.target and moving & self.names_in(self.program.assignments[name_]):
                moving.add(name_)
        wanted = self.names_in(self.output)
        if self.output.head == "name":
            wanted |= self.names_in(self.program.assignments.get(self.output.value, self.output))
        for name_ in reversed(names):
            if name_ in wanted:
                wanted |= self.names_in(self.program.assignments[name_])
        return (moving & wanted & set(names)) - {self.target, self.output.value}

    def names_in(self, form: Form) -> set[str]:
        """The names in a form, and what its variables depend on."""
        found = {str(part.value) for part in subforms(form) if part.head == "name"}
        for name_ in sorted(found & set(self.program.variables)):
            found.update(self.program.variables[name_].arguments)
        return found

    def _is_activation(self, name_: str) -> bool:
        """Whether a value is a function of another assigned one, entry by entry."""
        form = self.program.assignments[name_]
        if form.kind == "scalar" or not form.args or form.args[0].head != "name":
            return False
        record = find_operation(form.value) if form.head == "call" else None
        elementwise = form.head == "unknown" or (record is not None and record.elementwise)
        return elementwise and form.args[0].value in self.program.assignments

    # The values, those with signals being variables.

    @cached_property
    def environment(self) -> Environment:
        """The meaning of names where every value with a signal is a variable."""
        environment = self.question.environment
        for name_ in self.carriers:
            environment = environment.holding(name_)
        return environment

    @cached_property
    def values(self) -> dict[str, tuple[Node, set[Node]]]:
        """The expression of each value with a signal, and its parts."""
        nodes = {name_: self.environment.lower(self.program.assignments[name_]).node for name_ in self.carriers}
        return {name_: (node, set(postorder(node))) for name_, node in nodes.items()}

    @cached_property
    def activations(self) -> dict[Node, str]:
        """The names of the values without signals."""
        plain = [n for n in self.question.plain_names() if n not in self.carriers]
        return {node: n for n in plain if (node := self.environment.name(n).node).operands}

    def raising(self, name_: str) -> Raising:
        """Matrix forms for the gradient by a value: activations, and vectors that use it, are called by their names."""
        users = {self.values[user][0]: user for user in self.users(name_)}
        named = {**{node: user for node, user in users.items() if node.order and node.operands}, **self.activations}
        return Raising(Facts(), self.question.layout, lambda node, form: named.get(node))

    @cached_property
    def names(self) -> dict[str, str]:
        """The name of the signal of each value."""
        taken = {word.partition("_")[0] for word in self.question.taken}
        base = next(w for w in ("delta", "signal", *(f"signal{k}" for k in range(1, len(taken) + 2))) if w not in taken)
        if len(self.carriers) == 1:
            return {self.carriers[0]: base}
        return {value: f"{base}_{number}" for number, value in enumerate(self.carriers, 1)}

    def gradient(self, name_: str) -> Node:
        """The gradient of the output by a value, in the signals of the values that use it; nothing is simplified."""
        by = self.environment.name(name_).node
        terms = [derivative(self.output_node, by)] if by in postorder(self.output_node) else []
        for user, (value, parts) in self.values.items():
            if by in parts:
                signal = Variable.make(self.names[user], value.shape)
                axes = range(value.order)
                terms.append(derivative(product(1, [(signal, axes), (value, axes)], ()), by))
        return add(terms) if terms else zero(by.shape)

    @cached_property
    def output_node(self) -> Node:
        """The output, of values with signals."""
        form = self.output
        made = self.program.assignments.get(form.value, form) if form.head == "name" else form
        return self.environment.lower(made).node

    # Who uses whom.

    def users(self, name_: str) -> list[str]:
        """The values with signals that use a value directly, or through activations."""
        by = self.environment.name(name_).node
        return [user for user, (_, parts) in self.values.items() if by in parts]

    def reaches_output(self, name_: str) -> bool:
        """Whether the output itself uses a value, not only through values with signals."""
        return self.environment.name(name_).node in postorder(self.output_node)

    def lines(self, names: list[str], held: set[str]) -> dict[str, Form]:
        """The assignments that some names need, in order, those of held names left out."""
        wanted: set[str] = set()
        stack = list(names)
        while stack:
            name_ = stack.pop()
            if name_ in self.program.assignments and name_ not in wanted | held:
                wanted.add(name_)
                stack.extend(self.names_in(self.program.assignments[name_]))
        return {name_: form for name_, form in self.program.assignments.items() if name_ in wanted}
