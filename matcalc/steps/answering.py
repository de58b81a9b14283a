"""From what a derivation found to the answer: the facts, the layout, and tied entries come last.

What was found uses no declared fact, since a derivative looks around the point where the facts hold.
"""

from __future__ import annotations

from matcalc.build import transposed
from matcalc.expr import Node, transpose
from matcalc.form import Form
from matcalc.naming import replace_names
from matcalc.notation.compound import joined
from matcalc.notation.index import index_form
from matcalc.notation.text import to_text
from matcalc.raising import Raising
from matcalc.steps.ordering import alike
from matcalc.steps.question import Question
from matcalc.steps.step import Step
from matcalc.traversal import substitute

__all__ = ["answered", "found_form", "simplified"]


def answered(question: Question, found: Node, raising: Raising, rule: str) -> list[Step]:
    """The derivative as it was found, by a rule, if the answer differs from it, and the answer."""
    if question.derivative.args[1].head == "call":
        return [question.closing("vectorization")]
    plain = found_form(question, found, raising)
    if plain is None:
        return [question.closing(rule)]
    left = untied(question)
    first = Step(rule, left, plain, f"{to_text(left)} = {to_text(plain)}", question.free_setting)
    # The derivative by tied entries is another one: no equality joins the two.
    return [first, question.closing("tied-entries") if question.tied else simplified(question, plain)]


def simplified(question: Question, plain: Form) -> Step:
    """The answer, of what was found."""
    return question.closing("simplification", left=plain, claimed=plain)


def untied(question: Question) -> Form:
    """The derivative whose entries do not move together: that of what is differentiated, where ties made it."""
    if question.tied and question.order > 1:
        made = question.derivative
        return Form("derivative", (question.function, question.variable), "jacobian", kind=made.kind, shape=made.shape)
    return question.derivative


def found_form(question: Question, found: Node, raising: Raising) -> Form | None:
    """The form of the derivative that was found; None if it is the answer but for the names that the answer gives."""
    node = laid_out(question, found)
    if substitute(node, question.held()) is question.node:
        return None
    plain = plain_form(question, node, raising)
    answer = replace_names(question.answer, dict(question.where))
    return None if alike(plain, answer) or to_text(plain) == to_text(question.answer) else plain


def laid_out(question: Question, found: Node) -> Node:
    """The node with its axes in the order of the layout: a vector by a vector is transposed in the denominator layout."""
    turned = question.layout == "denominator" and question.order == 1 and question.value.node.order == question.by.order == 1
    return transpose(found, (1, 0)) if turned else found


def plain_form(question: Question, node: Node, raising: Raising) -> Form:
    """The form of a node in the orientation of the derivative; its entries where it has no matrix form."""
    plain = all(length == 1 for length in question.groups)
    form = raising.form(node) if node.order <= 2 and plain else None
    if form is None:
        entries = index_form(node, question.indices, raising.form)
        form = joined(entries, question.groups, question.compound, question.derivative.shape or ())
    return transposed(form) if question.derivative.kind == "row" else form
