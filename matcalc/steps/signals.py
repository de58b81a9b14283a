"""Derivations of programs: error signals from the output back to the variable, as backpropagation computes them.

    delta_1 = grad(J, theta) = softmax(theta) - y        J = crossentropy(y, softmax(theta))
    delta_2 = grad(J, z) = (U'*delta_1).*step(z)         theta = U*h,  h = relu(z)
    d(J)/d(W) = delta_2*x'                               z = W*x
"""

from __future__ import annotations

from matcalc.assumptions import Facts
from matcalc.build import transposed
from matcalc.expr import Node
from matcalc.form import Form, name
from matcalc.notation.index import index_form, index_names
from matcalc.notation.text import to_text
from matcalc.raising import Raising
from matcalc.refine import refine
from matcalc.signals.claims import Claims
from matcalc.signals.values import Values
from matcalc.steps.question import Question
from matcalc.steps.step import Step

__all__ = ["Signals"]


class Signals:
    """The error signals of one scalar output, from the output back to one variable."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self.target = str(question.variable.value)
        self.values = Values(question.program, question.environment, question.function, [self.target])
        self.claims = Claims(self.values, question.free_setting)

    def steps(self) -> list[Step]:
        """A definition of each signal, and the derivative through them."""
        found: list[Step] = []
        for value in self.values.carriers:
            found += self._equation("error-signal", value, self._gradient_form(value))
        found += self._equation("gradient-by-signals", self.target, self.question.derivative)
        if self.question.tied:
            return [*found, self.question.closing("tied-entries")]
        # The claim is about the derivative, which the step before is equal to: it needs no signals.
        answer = self.question.closing("substitution", left=found[-1].right)
        return found if to_text(found[-1].right) == to_text(answer.right) else [*found, answer]

    def _gradient_form(self, value: str) -> Form:
        """grad(J, v)."""
        form = self.question.program.assignments[value]
        by = name(value, form.kind, form.shape)
        return Form("derivative", (self.question.function, by), "grad", kind=form.kind, shape=form.shape)

    def _equation(self, rule: str, value: str, left: Form) -> list[Step]:
        """A gradient without facts, and with them where that differs."""
        raw = self.values.gradient(value)
        turned = left.kind == "row"
        raising = self.values.raising(value, self.question.layout)
        plain = self._form(refine(raw, Facts()), raising, turned=turned)
        simple = self._form(refine(raw, self.question.facts), raising, turned=turned)
        claim, setting = self.claims.of(value, left, plain)
        steps = [Step(rule, left, plain, claim, setting, defines=self._defined(left))]
        if to_text(simple) != to_text(plain):
            claim = f"{to_text(plain)} = {to_text(simple)}"
            steps.append(Step("simplification", plain, simple, claim, self.claims.whole(plain), continues=True))
        return steps

    def _form(self, node: Node, raising: Raising, *, turned: bool) -> Form:
        form = raising.form(node) if node.order <= 2 else None
        if form is None:
            taken = self.question.taken.union(self.values.names.values())
            form = index_form(node, index_names(node.order, [], taken), raising.form)
        return transposed(form) if turned else form

    def _defined(self, left: Form) -> str:
        """The name of the signal that an equation defines, if it does."""
        return self.values.names.get(str(left.args[1].value), "") if left.value == "grad" else ""
