"""Derivations step by step: the way from the question to the answer, each step verified.

    question ─┬─ differentials   a scalar function, or any function of a scalar: in matrix notation
              ├─ entries         tensors: by entries, with Kronecker deltas and cases
              └─ signals         the scalar value of a program: error signals from the output back

The rules are those of `matcalc.differentiate`, applied one at a time (`expansion`); the last step ends in the answer.
"""

from matcalc.signals import Setting
from matcalc.steps.derivation import steps_of
from matcalc.steps.question import Question
from matcalc.steps.sequence import Steps
from matcalc.steps.step import Step
from matcalc.steps.writing import steps_equations

__all__ = ["Question", "Setting", "Step", "Steps", "steps_equations", "steps_of"]
