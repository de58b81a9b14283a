"""What is known of steps before they are written: which depend on arrays, and how often the text of each will stand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from matcalc.codegen.steps import VIEWS, Step

__all__ = ["effective_uses", "varying"]


def varying(order: Sequence[Step]) -> set[Step]:
    """The steps, given operands first, that depend on an argument that is an array."""
    found: set[Step] = set()
    for step in order:
        if step.kind == "name" or step.order or any(arg in found for arg in step.args):
            found.add(step)
    return found


def effective_uses(order: Sequence[Step], results: Sequence[Step], template: Callable[[str], str]) -> Counter[Step]:
    """How often the text of each step is written; a view is written as often as it is used, so its argument is, too."""
    uses = Counter(results)
    for step in reversed(order):
        for position, arg in enumerate(step.args):
            uses[arg] += uses[step] if step.kind in VIEWS else occurrences(step, position, template)
    return uses


def occurrences(step: Step, position: int, template: Callable[[str], str]) -> int:
    """How often an argument stands in the text of its user."""
    return template(step.data).count(f"{{{position}}}") if step.kind == "call" else 1
