"""Derivations by entries, for tensors: write the entry, apply the rules, contract the deltas, split into cases.

    d((B'*B)[p,q])/d(B[i,j]) = d(sum[r: B[r,p]*B[r,q]])/d(B[i,j])
                             = sum[r: d(B[r,p])/d(B[i,j])*B[r,q]] + ...
                             = sum[r: delta(i,r)*delta(j,p)*B[r,q]] + ... = delta(j,p)*B[i,q] + delta(j,q)*B[i,p]
"""

from __future__ import annotations

from matcalc.assumptions import Facts
from matcalc.expr import Node
from matcalc.form import Form, rewritten, subforms
from matcalc.notation.cases import cases_form
from matcalc.notation.compound import split_entries, split_entry
from matcalc.notation.index import index_form, tensor_form
from matcalc.notation.scalar_forms import entry, scalar
from matcalc.refine import refine
from matcalc.steps.answering import answered
from matcalc.steps.entry_forms import Meanings, state_entries
from matcalc.steps.expansion import Expansion
from matcalc.steps.question import Chain, Question
from matcalc.steps.step import Step

__all__ = ["EntryDerivation"]


class EntryDerivation:
    """∂F[..]/∂X[..] for a function that is no scalar, rule by rule."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self.raising = question.raising()
        self.names = question.value_names()
        self.expansion = Expansion(question.value.node, question.by, question.by.order)
        self.own, self.by = question.index_groups()
        self.indices = (*self.own, *self.by)

    def steps(self) -> list[Step]:
        """All steps."""
        expansion, function = self.expansion, self.question.value.node
        if not expansion.nodes:
            return [self.question.closing("constant")]
        given = self.entry_of_function()
        written = self.derivative(state_entries(function, self.own, self.raising, self.names, Meanings()))
        start = written if given is None else self.derivative(given)
        chain = Chain(start, self.question.free_setting, shown, self.claimed)
        chain.to("entry", written)
        while (rule := expansion.advance()) is not None:
            chain.to(rule, self.state())
        chain.to("derivative-of-an-entry", self.state(seeded=True))
        found = refine(expansion.seeded(), Facts())
        names = (self.own, self.by)
        contracted = index_form(found, names, self.raising.form)
        chain.to("delta-contraction", body(contracted))
        chain.to("cases", body(cases_form(found, names, self.raising.form)))
        return chain.steps + self.answer(found)

    def answer(self, found: Node) -> list[Step]:
        """The derivative as a matrix or tensor, and the Kronecker form of a tensor of order four."""
        matrix = self.question.derivative.kind != "tensor"
        steps = answered(self.question, found, self.raising, "matrix-form" if matrix else "tensor-form")
        return steps + self.question.kronecker()

    def entry_of_function(self) -> Form | None:
        """F[..] for the expression as it was given; None if it has indices of its own, which could be the same."""
        question = self.question
        if any(part.head in ("tensor", "bsum", "entry", "delta") for part in subforms(question.function)):
            return None
        return split_entry(question.function, self.own, question.value.groups)

    def derivative(self, form: Form) -> Form:
        """∂form/∂X[..]."""
        return scalar("derivative", form, entry(self.question.variable, self.by), value="d")

    def state(self, *, seeded: bool = False) -> Form:
        """The state of the expansion; with `seeded`, ∂X/∂X as deltas."""
        expansion = self.expansion
        seeds = frozenset({expansion.seed}) if seeded else frozenset()
        meanings = Meanings(expansion.meanings, self.question.variable, seeds)
        return state_entries(expansion.state, self.indices, self.raising, self.names, meanings)

    def claimed(self, form: Form) -> Form:
        """The tensor with these entries."""
        return tensor_form(split_entries(form, self.question.compound), self.indices, self.expansion.state)


def body(form: Form) -> Form:
    """The entries of a tensor."""
    return form.args[0] if form.head == "tensor" else form


def shown(form: Form) -> Form:
    """The form with entries of identities as deltas."""

    def rule(part: Form) -> Form:
        if part.head == "entry" and part.args[0].head == "call" and part.args[0].value == "eye":
            return scalar("delta", value=tuple(sorted(part.value)))
        return part

    return rewritten(form, rule)

