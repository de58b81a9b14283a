"""Logarithms of probabilities, which do not underflow: of sigmoid(u), of 1 - sigmoid(u), of softmax(u)."""

from __future__ import annotations

from fractions import Fraction

from matcalc.codegen.steps import Step, Steps

__all__ = ["log_of_probability"]


def log_of_probability(steps: Steps, step: Step) -> tuple[int, Step] | None:
    """A sign and a step, whose product is the logarithm of a probability; None for other steps.

    It is found among steps, where values that have names are seen through: p = sigmoid(z), J = -sum(y.*log(p)).
    """
    if step.kind == "call" and step.data == "softmax":
        return 1, steps.make("call", step.args, "logsoftmax", step.order)
    argument = negative_logit(steps, step)
    return None if argument is None else (-1, steps.elementwise("call", [argument], "softplus"))


def negative_logit(steps: Steps, step: Step) -> Step | None:
    """-u of sigmoid(u), u of 1 - sigmoid(u), else None."""
    if step.kind == "call" and step.data == "sigmoid":
        return steps.scaled(Fraction(-1), [], step.args[0])
    if step.kind != "add" or step.data != (1, -1):
        return None
    one, other = step.args
    found = one.kind == "number" and one.data == 1 and other.kind == "call" and other.data == "sigmoid"
    return other.args[0] if found else None
