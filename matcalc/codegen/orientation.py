"""Orientation: transposes of what is used once are carried to where they vanish.

Steps on matrices are made in one of two orientations, so that equal work is seen.  Where a transpose of a result stands,
`(2 * (A.T @ B)).T`, the result is computed the other way round, `2 * (B.T @ A)`, if that needs fewer transposes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from matcalc.codegen.steps import Step, Steps, is_turned, walk
from matcalc.codegen.substitution import substituted

__all__ = ["oriented"]

#: Kinds that work entry by entry, so that they may as well work on transposes.
ELEMENTWISE = frozenset({"add", "multiply", "power", "function"})

#: How far below a transpose it may be carried.
DEPTH = 8


def oriented(steps: Steps, roots: Sequence[Step]) -> list[Step]:
    """The roots with fewer transposes."""
    turning = Turning(steps, roots)
    replaced: dict[Step, Step] = {}
    for step in turning.order:
        if is_turned(step):
            (inner,) = step.args
            made, turned = turning.turned(inner, DEPTH)
            if turned < 1 + turning.straight[inner]:
                replaced[step] = made
    return substituted(steps, roots, replaced)


class Turning:
    """How many transposes the text of steps has as they are (`straight`) and turned."""

    def __init__(self, steps: Steps, roots: Sequence[Step]) -> None:
        self.steps = steps
        self.order = list(walk(roots))
        self.uses = Counter(roots)
        for step in self.order:
            self.uses.update(step.args)
        self.straight: dict[Step, int] = {}
        for step in self.order:
            parts = sum(self.straight[arg] for arg in step.args if self.uses[arg] == 1)
            self.straight[step] = parts + is_turned(step)

    def turned(self, step: Step, depth: int) -> tuple[Step, int]:
        """The transpose of a step, and how many transposes it has where it is used once."""
        if step.order < 2 or step in self.steps.symmetric:
            return self.steps.turned(step), 0
        if is_turned(step):
            return step.args[0], self.straight[step.args[0]] if self.uses[step.args[0]] == 1 else 0
        if step.kind == "expand" and step.order == 2:
            return self.steps.turned(step), 0
        if step.kind == "outer":
            return self.steps.make("outer", step.args[::-1], None, 2), 0
        if depth and self.uses[step] == 1 and step.order == 2 and step not in self.steps.called and self.turns(step):
            made = [self.turned(arg, depth - 1) for arg in step.args]
            args = [arg for arg, _ in made]
            turned = self.steps.make(step.kind, args[::-1] if step.kind == "matmul" else args, step.data, 2)
            return turned, sum(price for _, price in made)
        return self.steps.transpose(step, (1, 0)), 1 + (self.straight[step] if self.uses[step] == 1 else 0)

    def turns(self, step: Step) -> bool:
        """True for what can be computed the other way round; a solution of linear equations stays as it is."""
        if step.kind != "matmul":
            return step.kind in ELEMENTWISE
        solved = any((arg.args[0] if is_turned(arg) else arg).kind == "inverse" for arg in step.args)
        return not solved and all(arg.order == 2 for arg in step.args)
