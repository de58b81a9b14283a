"""The choice of the way: signals for programs, differentials for scalars, entries for tensors."""

from __future__ import annotations

from matcalc.signals import takes_derivatives
from matcalc.steps.differentials import Differential, ScalarDerivation
from matcalc.steps.entries import EntryDerivation
from matcalc.steps.question import Question
from matcalc.steps.sequence import Steps
from matcalc.steps.signals import Signals

__all__ = ["steps_of"]


def steps_of(question: Question) -> Steps:
    """The steps of the answer to a question."""
    plain = question.order == 1 and not takes_derivatives(question.program, question.function)
    signals = Signals(question) if plain and question.value.node.order == 0 else None
    if question.stands_alone:
        found = [question.closing("matrix-form" if question.derivative.kind != "tensor" else "tensor-form")]
    elif signals is not None and signals.values.carriers:
        found = signals.steps()
    elif question.by.order == 0:
        found = ScalarDerivation(question).steps()
    elif question.value.node.order == 0:
        found = Differential(question).steps()
    else:
        found = EntryDerivation(question).steps()
    program = question.program
    return Steps(found, question.where, {*program.variables, *program.assignments})
