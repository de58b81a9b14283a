r"""Derivations as they are read: chains of equations with the rules beside them.

    d(x'*A*x)
      = dx'*A*x + x'*A*dx        product-rule
      = x'*(A + A')*dx           collect

In LaTeX this is one `align*`, which needs amsmath.
"""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from matcalc.form import Form
from matcalc.notation.latex_display import Equation, aligned, equation_rows
from matcalc.notation.latex_names import BOLD, Style
from matcalc.notation.text import to_text
from matcalc.steps.laws import law_of
from matcalc.steps.step import Step

__all__ = ["steps_equations", "steps_latex", "steps_text"]

#: The columns of a terminal, and the last one at which the name of a rule begins.
WIDTH, RULES = 79, 56


# ---- Text -----------------------------------------------------------------------------------------------------------


def steps_text(steps: Sequence[Step], where: Mapping[str, Form]) -> str:
    """The equations, then how many are proved, then what each rule says."""
    equations = [f"  = {to_text(step.right)}" for step in steps]
    column = max((len(line) for line in equations if len(line) < RULES - 2), default=0) + 3
    lines: list[str] = []
    for step, equation in zip(steps, equations, strict=True):
        if not step.continues:
            lines.append("".join(f"{word} = " for word in [step.defines] if word) + to_text(step.left))
        lines += beside(equation, label(step), column)
    lines += [f"where {key} = {to_text(form)}" for key, form in where.items()]
    return "\n".join([*lines, "", conclusion(steps), "", *rules(step.rule for step in steps)])


def beside(equation: str, note: str, column: int) -> list[str]:
    """A line with a note in a column, or in the line below where the line is long."""
    if len(equation) + 2 <= column:
        return [equation.ljust(column) + note]
    return [equation, " " * min(column, WIDTH - len(note)) + note]


def label(step: Step) -> str:
    """The rule, and the verdict where the step is not proved."""
    return step.rule if step.proved else f"{step.rule} ({step.verdict}, not proved)"


def conclusion(steps: Sequence[Step]) -> str:
    """How strongly the steps are shown."""
    counts = Counter(step.verdict for step in steps)
    count = f"{len(steps)} step" + "s" * (len(steps) != 1)
    if set(counts) == {"proved"}:
        return f"{count}, {'each' if len(steps) > 1 else 'it is'} proved"
    return f"{count}: " + ", ".join(f"{number} {verdict}" for verdict, number in counts.items())


def rules(names: Iterable[str]) -> list[str]:
    """What the rules say, each once."""
    found = [(rule, law) for rule in dict.fromkeys(names) if (law := law_of(rule))]
    column = max((len(rule) for rule, _ in found), default=0) + 4
    lines = (textwrap.fill(f"  {rule}".ljust(column) + law, WIDTH, subsequent_indent=" " * column) for rule, law in found)
    return ["rules:", *"\n".join(lines).split("\n")]


# ---- LaTeX ----------------------------------------------------------------------------------------------------------


def steps_latex(
    steps: Sequence[Step], where: Mapping[str, Form], style: Style = BOLD, names: Iterable[str] = ()
) -> str:
    r"""The steps as one `align*`; `names` are those of the program."""
    return aligned(equation_rows(list(steps_equations(steps)), where, style, names))


def steps_equations(steps: Sequence[Step], *, verified: bool = True) -> Iterator[Equation]:
    """The equations of the steps, each with its rule in words; if they are `verified`, one that is not proved says so."""
    for step in steps:
        remark = step.rule.replace("-", " ")
        if verified and not step.proved:
            remark += f" ({step.verdict}, not proved)"
        yield Equation(None if step.continues else step.left, step.right, remark, step.defines)
