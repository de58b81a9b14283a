"""Derivations of programs: error signals from the output back to the variable, as backpropagation computes them.

    delta_1 = grad(J, theta) = softmax(theta) - y        J = crossentropy(y, softmax(theta))
    delta_2 = grad(J, z) = (U'*delta_1).*step(z)         theta = U*h,  h = relu(z)
    d(J)/d(W) = delta_2*x'                               z = W*x

A signal that is made of other signals is claimed for any loss of the values whose signals they are: the claim is as
long as a layer, whatever comes behind it.
"""

from __future__ import annotations

from dataclasses import replace

from matcalc.assumptions import Facts
from matcalc.build import transposed
from matcalc.expr import Node
from matcalc.form import Form, name
from matcalc.notation.index import index_form, index_names
from matcalc.notation.text import to_text
from matcalc.raising import Raising
from matcalc.refine import refine
from matcalc.steps.question import Question, declaration, size_declarations
from matcalc.steps.step import Setting, Step
from matcalc.steps.values import Values

__all__ = ["Signals"]


class Signals:
    """The error signals of one scalar output, from the output back to one variable."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self.values = Values(question)

    def steps(self) -> list[Step]:
        """A definition of each signal, and the derivative through them."""
        found: list[Step] = []
        for value in self.values.carriers:
            found += self._equation("error-signal", value, self._gradient_form(value))
        found += self._equation("gradient-by-signals", self.values.target, self.question.derivative)
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
        raising = self.values.raising(value)
        plain = self._form(refine(raw, Facts()), raising, turned=turned)
        simple = self._form(refine(raw, self.question.facts), raising, turned=turned)
        claim, setting = self._claim(value, left, plain)
        steps = [Step(rule, left, plain, claim, setting, defines=self._defined(left))]
        if to_text(simple) != to_text(plain):
            claim = f"{to_text(plain)} = {to_text(simple)}"
            steps.append(Step("simplification", plain, simple, claim, self._setting(plain), continues=True))
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

    # Claims.

    def _claim(self, value: str, left: Form, right: Form) -> tuple[str, Setting]:
        """The claim of a gradient, about the whole program only where the output uses the value itself."""
        users = self.values.users(value)
        if not users or self.values.reaches_output(value) or left.head != "derivative" or left.args[1].head != "name":
            return f"{to_text(left)} = {to_text(right)}", self._setting(right)
        loss = self.question.unused("L", *self.values.names.values())
        local = Form(left.head, (name(loss, "scalar", ()), left.args[1]), left.value, kind=left.kind, shape=left.shape)
        return f"{to_text(local)} = {to_text(right)}", self._local(value, users, loss, right)

    def _setting(self, form: Form) -> Setting:
        """What the program says, and what the signals in a form are."""
        setting = self.question.free_setting
        lines = self._signal_lines(to_text(self.question.function), form)
        return replace(setting, where=(*setting.where, *lines))

    def _local(self, value: str, users: list[str], loss: str, form: Form) -> Setting:
        """What the users of a value are, for any loss of them; the other values with signals are variables."""
        held = {value, *self.values.carriers} - set(users)
        lines = self.values.lines([*users, *sorted(self.values.names_in(form))], held)
        used = set(lines).union(*(self.values.names_in(line) for line in lines.values()), self.values.names_in(form))
        program = self.question.program
        infos = [v for v in (*program.variables.values(), *program.sized) if v.name in used or v.kind == "function"]
        fixed = {n: program.assignments[n] for n in sorted(held & used & set(program.assignments))}
        declared = [*map(str, infos), *(declaration(n, made) for n, made in fixed.items())]
        declared += size_declarations(program, used, [v.shape for v in infos] + [f.shape or () for f in fixed.values()])
        declared.append(f"{loss}({', '.join(users)}): scalar")
        where = [f"{n} = {to_text(line)}" for n, line in lines.items()]
        lines_ = (*where, *self._signal_lines(loss, form))
        return replace(self.question.free_setting, declare=tuple(declared), where=lines_)

    def _signal_lines(self, loss: str, form: Form) -> list[str]:
        used = self.values.names_in(form)
        return [f"{signal} = grad({loss}, {value})" for value, signal in self.values.names.items() if signal in used]

