"""Derivations of programs: error signals from the output back to the variable, as backpropagation computes them.

    delta_1 = grad(J, theta) = softmax(theta) - y        J = crossentropy(y, softmax(theta))
    delta_2 = grad(J, z) = (U'*delta_1).*step(z)         theta = U*h,  h = relu(z)
    d(J)/d(W) = delta_2*x'                               z = W*x

Every assigned value between the variable and the output has a signal, the gradient of the output by it; an activation,
a value that is a function of another one entry by entry, has none of its own, as in textbooks.  A signal is made of
those of the values that use it: where u = f(v, ..), the gradient of <delta_u, f(v, ..)> by v, which is what reverse
mode adds to the adjoint of v.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

from matcalc.assumptions import Facts
from matcalc.build import transposed
from matcalc.differentiate import derivative
from matcalc.expr import Node, Variable, add, product, zero
from matcalc.form import Form, name, subforms
from matcalc.lowering import Environment
from matcalc.notation.index import index_form, index_names
from matcalc.notation.text import to_text
from matcalc.operation import find_operation
from matcalc.raising import Raising
from matcalc.refine import refine
from matcalc.steps.question import Question
from matcalc.steps.step import Setting, Step
from matcalc.traversal import postorder

__all__ = ["Signals"]


class Signals:
    """The error signals of one scalar output by the values on its way from one variable."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self.program = question.program
        self.target = str(question.variable.value)
        self.output = question.function
        moving = self._moving()
        #: The values with signals, the last one first.
        self.carriers = [n for n in reversed(self.program.assignments) if n in moving and not self._is_activation(n)]

    def _moving(self) -> set[str]:
        """The assigned names that depend on the variable and on which the output depends; not the output itself."""
        names = list(self.program.assignments)
        moving = {self.target}
        for name_ in names:
            if name_ != self.target and moving & self._names_in(self.program.assignments[name_]):
                moving.add(name_)
        wanted = self._names_in(self.output)
        if self.output.head == "name":
            wanted |= self._names_in(self.program.assignments.get(self.output.value, self.output))
        for name_ in reversed(names):
            if name_ in wanted:
                wanted |= self._names_in(self.program.assignments[name_])
        return (moving & wanted & set(names)) - {self.target, self.output.value}

    def _names_in(self, form: Form) -> set[str]:
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
    def raising(self) -> Raising:
        """Matrix forms in which activations are called by their names."""
        named = {self.environment.name(n).node: n for n in self.program.assignments if n not in self.carriers}
        named = {node: name_ for node, name_ in named.items() if node.operands}
        return Raising(Facts(), self.question.layout, lambda node, form: named.get(node))

    @cached_property
    def names(self) -> dict[str, str]:
        """The name of the signal of each value."""
        taken = {*self.program.variables, *self.program.assignments, *self.program.dimensions}
        base = "signal" if any(word.partition("_")[0] == "delta" for word in taken) else "delta"
        if len(self.carriers) == 1:
            return {self.carriers[0]: base}
        return {value: f"{base}_{number}" for number, value in enumerate(self.carriers, 1)}

    def gradient(self, name_: str) -> Node:
        """The gradient of the output by a value, in the signals of the values that use it; nothing is simplified."""
        by = self.environment.name(name_).node
        terms = [derivative(self.output_node, by)] if by in postorder(self.output_node) else []
        for user in self.carriers:
            value = self.environment.lower(self.program.assignments[user]).node
            if user != name_ and by in postorder(value):
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

    # Steps.

    def steps(self) -> list[Step]:
        """A definition of each signal, and the derivative through them."""
        found: list[Step] = []
        for name_ in self.carriers:
            found += self._equation("error-signal", self._gradient_form(name_), self.gradient(name_), turned=False)
        turned = self.question.derivative.kind == "row"
        found += self._equation("chain-rule", self.question.derivative, self.gradient(self.target), turned=turned)
        answer = self.question.closing("substitution", continues=True, left=found[-1].right)
        return found if to_text(found[-1].right) == to_text(answer.right) else [*found, answer]

    def _gradient_form(self, name_: str) -> Form:
        """grad(J, v)."""
        value = self.program.assignments[name_]
        by = name(name_, value.kind, value.shape)
        return Form("derivative", (self.output, by), "grad", kind=value.kind, shape=value.shape)

    def _equation(self, rule: str, left: Form, raw: Node, *, turned: bool) -> list[Step]:
        """A gradient without facts, and with them where that differs."""
        plain = self._form(refine(raw, Facts()), turned=turned)
        simple = self._form(refine(raw, self.question.facts), turned=turned)
        setting = self._setting()
        steps = [Step(rule, left, plain, f"{to_text(left)} = {to_text(plain)}", setting, defines=self._defined(left))]
        if to_text(simple) != to_text(plain):
            claim = f"{to_text(plain)} = {to_text(simple)}"
            steps.append(Step("simplification", plain, simple, claim, setting, continues=True))
        return steps

    def _form(self, node: Node, *, turned: bool) -> Form:
        form = self.raising.form(node) if node.order <= 2 else None
        if form is None:
            return index_form(node, index_names(node.order, [], self.program.variables), self.raising.form)
        return transposed(form) if turned else form

    def _defined(self, left: Form) -> str:
        """The name of the signal that an equation defines, if it does."""
        return self.names.get(str(left.args[1].value), "") if left.value == "grad" else ""

    def _setting(self) -> Setting:
        setting = self.question.setting
        output = to_text(self.output)
        lines = [f"{signal} = grad({output}, {value})" for value, signal in self.names.items()]
        return replace(setting, where=(*setting.where, *lines))

