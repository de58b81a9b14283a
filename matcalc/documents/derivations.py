"""The way to a derivative as a display: chains of equations, the rule beside each, and what the rules say below."""

from __future__ import annotations

from collections.abc import Iterator

from matcalc.derivation import Derivative
from matcalc.deriving import derive
from matcalc.documents.model import Derivation
from matcalc.documents.notation import Notation
from matcalc.errors import MatcalcError
from matcalc.form import Form, subforms
from matcalc.notation.text import to_text
from matcalc.sides import Sides
from matcalc.steps import Steps, steps_equations

__all__ = ["derivation_of", "derivation_of_claim"]


def derivation_of(derivative: Derivative, notation: Notation, *, verified: bool) -> Derivation | None:
    """The steps of a derivative, if it takes any; if they are `verified`, a step that is not proved says so."""
    steps = derivative.steps
    if not steps:
        return None
    equations = list(steps_equations(steps, verified=verified))
    return Derivation(notation.display(equations, steps.where, steps.names), tuple(laws(steps)))


def laws(steps: Steps) -> Iterator[tuple[str, str]]:
    """The rules in words with what they say, each once."""
    yield from {step.rule.replace("-", " "): step.law for step in steps if step.law}.items()


def derivation_of_claim(sides: Sides, notation: Notation, *, verified: bool) -> Derivation | None:
    """The way to the derivative that a side of a claim is, if one is a single derivative that can be derived."""
    for form in sides.forms:
        if is_derivative(form):
            try:
                return derivation_of(derivative_of(form, sides), notation, verified=verified)
            except MatcalcError:
                return None
    return None


def is_derivative(form: Form) -> bool:
    """Whether a form is the first derivative by a name of what has no derivative in it."""
    if form.head != "derivative" or form.value not in ("d", "grad") or form.args[1].head != "name":
        return False
    return not any(part.head == "derivative" for part in subforms(form.args[0]))


def derivative_of(form: Form, sides: Sides) -> Derivative:
    """The derivative that a form is; a gradient is a derivative in denominator layout."""
    program = sides.program
    lines = [f"{name} = {to_text(value)}" for name, value in program.assignments.items()]
    layout = "denominator" if form.value == "grad" else program.layout
    found: Derivative = derive(
        "\n".join([*lines, to_text(form.args[0])]),
        to_text(form.args[1]),
        list(program.declarations()),
        layout,
        structured=program.structured,
    )
    return found
