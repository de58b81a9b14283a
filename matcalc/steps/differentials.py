"""Derivations in matrix notation: the differential rule by rule, then its identification.

    d(x'*A*x) = dx'*A*x + x'*A*dx = x'*(A + A')*dx,   so   d(x'*A*x)/d(x) = x'*(A + A')

For a scalar F and any X, dF = tr(G' dX) says that ∂F/∂X = G; for a vector x, dF = g' dx (Magnus and Neudecker, Matrix
Differential Calculus, chapter 9).  By a scalar s, anything is differentiated as it stands, ds/ds being 1.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from matcalc.assumptions import Facts
from matcalc.build import call, multiply, negate, quotient, transposed
from matcalc.differentiate import derivative
from matcalc.expr import Node, Number
from matcalc.form import Form, name, rewritten, subforms
from matcalc.notation.compound import joined
from matcalc.notation.index import tensor_form
from matcalc.notation.text import to_text
from matcalc.refine import refine
from matcalc.steps.answering import answered, found_form, simplified
from matcalc.steps.entry_forms import Meanings, state_entries
from matcalc.steps.expansion import Expansion
from matcalc.steps.ordering import fixed_first
from matcalc.steps.question import Chain, Question, depending
from matcalc.steps.step import Step
from matcalc.steps.sums import StateForms
from matcalc.tensor import axis_groups
from matcalc.traversal import substitute

__all__ = ["Differential", "ScalarDerivation"]


class Differential:
    """dF for a scalar F: the differential, expanded until only dX is left, and the identification."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self.raising = question.raising()
        self.names = question.value_names()
        self.expansion = Expansion(question.value.node, question.by, 0)
        self.forms = StateForms(self.raising, self.expansion.meanings.__contains__)
        #: What the forms of the language are differentiated by.
        self.by = self.parameter()

    def steps(self) -> list[Step]:
        """All steps."""
        if not self.expansion.nodes:
            return [self.question.closing("constant")]
        chain = self.chain()
        written = self.oriented(self.question.value.node)
        # Where no function is spelled out, it is the same in another order or with a factor taken out.
        if calls(written) != calls(self.question.function):
            chain.to("definition", self.moved(written))
        while (rule := self.expansion.advance()) is not None:
            chain.to(rule, self.oriented(self.expansion.state))
        return self.finished(chain)

    # What the two kinds of derivations differ in.

    def parameter(self) -> Form:
        """The scalar on which the variable depends in the claims."""
        return name(self.question.unused("t"), "scalar", ())

    def chain(self) -> Chain:
        """The chain that begins with dF."""
        question = self.question
        held = set(question.program.assignments) & {question.variable.value}
        lines = tuple(line for line in question.setting.where if line.partition(" = ")[0] not in held)
        declared = depending(question.program, question.variable, str(self.by.value))
        setting = replace(question.free_setting, declare=declared, where=lines)
        return Chain(self.moved(question.function), setting, self.shown)

    def finished(self, chain: Chain) -> list[Step]:
        """The differential with dX taken out, and the derivative that it says."""
        gradient = refine(derivative(self.expansion.state, self.expansion.seed), Facts())
        product = self.taken_out(gradient)
        if product is not None:
            chain.to("collect", product)
        return chain.steps + answered(self.question, gradient, self.raising, "identification")

    def taken_out(self, gradient: Node) -> Form | None:
        """G and dX as one product: g'*dx, or tr(G'*dX)."""
        form = self.raising.form(gradient)
        if form is None:
            return None
        seed = self.moved(self.question.variable)
        return product_with(transposed(form), seed)

    def shown(self, form: Form) -> Form:
        """A form of the language with differentials as they are read."""

        def rule(part: Form) -> Form:
            if self.is_differential(part):
                return differential(part.args[0], self.question.taken)
            return part

        return rewritten(form, rule)

    # Forms.

    def moved(self, form: Form) -> Form:
        """The derivative of a form by the parameter."""
        return Form("derivative", (form, self.by), "d", kind=form.kind, shape=form.shape)

    def oriented(self, node: Node) -> Form:
        """The form of a value like that of the function: a row or a column, with its compound axes."""
        groups = self.question.value.groups
        if any(length != 1 for length in groups):
            made = self.raising.grouped(node, axis_groups(groups))
            form = self.entries(node) if made is None else self.written(made)
        else:
            form = self.form(node)
        return transposed(form) if self.question.function.kind == "row" else form

    def form(self, node: Node) -> Form:
        """The matrix form of a node, else its entries; its symbols are differentials."""
        form = self.forms.form(node)
        return self.entries(node) if form is None else self.written(form)

    def written(self, form: Form) -> Form:
        """A form with its symbols as derivatives by the parameter, behind what does not move."""
        return fixed_first(rewritten(form, self.replaced), self.is_differential)

    def is_differential(self, part: Form) -> bool:
        """Whether a form is the derivative of another by the parameter."""
        return part.head == "derivative" and part.args[1] is self.by

    def replaced(self, part: Form) -> Form:
        """The name of a symbol replaced by what it stands for."""
        meant = self.expansion.named.get(part.value) if part.head == "name" else None
        return part if meant is None else self.moved(self.form(meant))

    def entries(self, node: Node) -> Form:
        """A node by its entries."""
        indices, _ = self.question.index_groups()
        body = state_entries(node, indices, self.raising, self.names, Meanings(self.expansion.meanings, self.by))
        question = self.question
        shape = question.function.shape or ()
        return joined(tensor_form(body, indices, node), question.value.groups, question.compound, shape)


class ScalarDerivation(Differential):
    """dF/ds for a scalar s, F of any kind; the claims are about d(F)/d(s) itself."""

    def parameter(self) -> Form:
        return self.question.variable

    def chain(self) -> Chain:
        return Chain(self.moved(self.question.function), self.question.free_setting, self.shown)

    def finished(self, chain: Chain) -> list[Step]:
        found = found_form(self.question, refine(self.expansion.seeded(), Facts()), self.raising)
        if found is not None:
            chain.to("collect", found)
        answer = simplified(self.question, chain.last) if chain.steps else self.question.closing("simplification")
        return chain.steps + [answer] * (to_text(answer.left) != to_text(answer.right))

    def shown(self, form: Form) -> Form:
        return form

    def oriented(self, node: Node) -> Form:
        return super().oriented(substitute(node, {self.expansion.seed: Number.make(1)}))


def differential(form: Form, taken: Collection[str]) -> Form:
    """dE; d(x) where a name `dx` means something else."""
    if form.head == "name" and f"d{form.value}" in taken:
        return Form("unknown", (form,), ("d", 0), kind=form.kind, shape=form.shape)
    return Form("differential", (form,), kind=form.kind, shape=form.shape)


def product_with(form: Form, seed: Form) -> Form:
    """g'*dx or tr(G'*dX) for g' or G'; what divides stands behind: x'*dx/a."""
    if form.head == "neg":
        return negate(product_with(form.args[0], seed))
    if form.head == "div":
        return quotient(product_with(form.args[0], seed), form.args[1])
    if seed.kind == "matrix":
        return trace(multiply([form, seed], "matrix", ((seed.shape or ())[1],) * 2))
    return multiply([form, seed], "scalar", ())


def calls(form: Form) -> set[str]:
    """The functions of the language in a form."""
    return {str(part.value) for part in subforms(form) if part.head == "call"}


def trace(product: Form) -> Form:
    """The trace of a product, its sign and scalar factors in front."""
    if product.head == "neg":
        return negate(trace(product.args[0]))
    scalars = [arg for arg in product.args if arg.kind == "scalar"] if product.head == "mul" else []
    rest = [arg for arg in product.args if arg.kind != "scalar"] if scalars else [product]
    inner = call("tr", multiply(rest, "matrix", product.shape or ()), kind="scalar", shape=())
    return multiply([*scalars, inner], "scalar", ())
