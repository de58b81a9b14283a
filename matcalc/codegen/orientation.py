"""Orientation: transposes of what is used once are carried to where they vanish.

Steps on matrices are made in one of two orientations, so that equal work is seen.  Where a transpose of a result stands,
`(2 * (A.T @ B)).T`, the result is computed the other way round, `2 * (B.T @ A)`, if that needs fewer transposes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from matcalc.codegen.steps import VIEWS, Step, Steps, is_turned, walk
from matcalc.codegen.substitution import substituted

__all__ = ["oriented"]

#: Kinds that work entry by entry, so that they may as well work on transposes.
ELEMENTWISE = frozenset({"add", "multiply", "power", "function"})

#: How far below a transpose it may be carried.
DEPTH = 8


def oriented(steps: Steps, roots: Sequence[Step]) -> list[Step]:
    """The roots with fewer transposes."""
    roots = upright(steps, roots)
    turning = Turning(steps, roots)
    replaced: dict[Step, Step] = {}
    for step in turning.order:
        if is_turned(step):
            (inner,) = step.args
            made, turned = turning.turned(inner, DEPTH)
            if turned < 1 + turning.price(inner):
                replaced[step] = made
    return substituted(steps, roots, replaced)


def upright(steps: Steps, roots: Sequence[Step]) -> list[Step]:
    """The roots, what is the transpose of a value with a name computed the other way round, so that it is that value."""
    turning = Turning(steps, roots)
    replaced: dict[Step, Step] = {}
    for step in turning.order:
        name = steps.mirrored.pop(step, None)
        if name is not None and step not in steps.called:
            made, _ = turning.turned(step, DEPTH, whole=True)
            if made.kind in VIEWS:  # it cannot be turned
                steps.called[step] = f"{name}_T"
            else:
                steps.called.setdefault(made, name)
                replaced[step] = steps.make("transpose", (made,), (1, 0), 2)
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
            self.straight[step] = sum(map(self.price, step.args)) + is_turned(step)

    def price(self, arg: Step) -> int:
        """The transposes that an argument adds to the text of its user; a transpose is written wherever it is used."""
        if is_turned(arg):
            return 1 + (self.price(arg.args[0]) if self.uses[arg] == 1 else 0)
        return self.straight[arg] if self.is_inline(arg) else 0

    def is_inline(self, step: Step) -> bool:
        """True for what is written in the text of its only user."""
        return self.uses[step] == 1 and step not in self.steps.called

    def turned(self, step: Step, depth: int, *, whole: bool = False) -> tuple[Step, int]:
        """The transpose of a step, and how many transposes it has where it is used once; `whole`: used by nothing else."""
        if step.order < 2 or step in self.steps.symmetric:
            return self.steps.turned(step), 0
        if is_turned(step):
            return step.args[0], self.price(step) - 1
        if step.kind == "expand" and step.order == 2:
            return self.steps.turned(step), 0
        if step.kind == "outer":
            return self.steps.make("outer", step.args[::-1], None, 2), 0
        if depth and (whole or self.is_inline(step)) and step.order == 2 and self.turns(step):
            made = [self.turned(arg, depth - 1) for arg in step.args]
            args = [arg for arg, _ in made]
            turned = self.steps.make(step.kind, args[::-1] if step.kind == "matmul" else args, step.data, 2)
            return turned, sum(price for _, price in made)
        return self.steps.transpose(step, (1, 0)), 1 + self.price(step)

    def turns(self, step: Step) -> bool:
        """True for what can be computed the other way round; a solution of linear equations stays as it is."""
        if step.kind != "matmul":
            return step.kind in ELEMENTWISE
        solved = any((arg.args[0] if is_turned(arg) else arg).kind == "inverse" for arg in step.args)
        return not solved and all(arg.order == 2 for arg in step.args)
