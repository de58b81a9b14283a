"""Inverses that only meet vectors: linear equations are solved instead, those with one matrix together.

An inverse costs about four times a solution, and a second right-hand side costs next to nothing.  One that also meets a
matrix, or is an answer, is computed once and shared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matcalc.codegen.steps import Step, Steps, walk
from matcalc.codegen.substitution import substituted

__all__ = ["with_solutions"]

#: The largest number of solutions that are cheaper than an inverse.
MOST_SOLUTIONS = 3


@dataclass(frozen=True, slots=True)
class Use:
    """A product with an inverse, or with its transpose if `turned`, and the vector."""

    product: Step
    vector: Step
    turned: bool


def with_solutions(steps: Steps, roots: Sequence[Step]) -> list[Step]:
    """The roots, products of vectors with an inverse replaced by solutions where that is cheaper."""
    order = list(walk(roots))
    users: dict[Step, list[Step]] = {}
    for step in order:
        for arg in dict.fromkeys(step.args):
            users.setdefault(arg, []).append(step)
    found = {step: vector_uses(step, users[step], steps) for step in order if is_candidate(step, users, roots)}
    found = {inverse: uses for inverse, uses in found.items() if len(uses) == len(users[inverse])}
    replaced: dict[Step, Step] = {}
    for inverse in order:
        if inverse.kind == "inverse" and inverse in steps.symmetric and len(users.get(inverse, ())) == 1:
            replaced |= from_the_left(steps, inverse, users[inverse][0])
    level = levels(order, {use.product for uses in found.values() for use in uses})
    for inverse, uses in found.items():
        groups: dict[tuple[int, bool], list[Use]] = {}
        for use in uses:
            groups.setdefault((level[use.product], use.turned), []).append(use)
        if len(groups) <= MOST_SOLUTIONS:
            for number, group in enumerate(groups.values()):
                replaced |= solutions(steps, inverse, group, number)
    return substituted(steps, roots, replaced)


def from_the_left(steps: Steps, inverse: Step, product: Step) -> dict[Step, Step]:
    """A product with a symmetric inverse behind a matrix, turned round, so that no transpose of its matrix is taken."""
    left, right = product.args if product.kind == "matmul" else (inverse, None)
    if right is not inverse or left is inverse or left.order != 2:
        return {}
    turned = steps.make("matmul", (inverse, steps.turned(left)), None, 2)
    return {product: steps.make("transpose", (turned,), (1, 0), 2)}


def is_candidate(step: Step, users: Mapping[Step, Sequence[Step]], roots: Sequence[Step]) -> bool:
    """True for the inverse of a matrix that several steps use and no answer is; a single use is a solution anyway."""
    return step.kind == "inverse" and step.order == 2 and step not in roots and len(users[step]) > 1


def levels(order: Sequence[Step], products: set[Step]) -> dict[Step, int]:
    """How many of some products are computed one after another for each step; those of one level can be computed together."""
    level: dict[Step, int] = {}
    for step in order:
        level[step] = max((level[arg] for arg in step.args), default=0) + (step in products)
    return level


def vector_uses(inverse: Step, users: Sequence[Step], steps: Steps) -> list[Use]:
    """The products of the inverse with vectors."""
    found = []
    for step in users:
        if step.kind == "matmul" and {arg.order for arg in step.args} == {1, 2}:
            left, right = step.args
            turned = right is inverse and inverse not in steps.symmetric
            found.append(Use(step, left if right is inverse else right, turned))
    return found


def solutions(steps: Steps, inverse: Step, group: Sequence[Use], number: int) -> dict[Step, Step]:
    """The products of a group as solutions with an inverse of their own, which is never computed."""
    own = steps.make("inverse", inverse.args, number, 2)
    if len(group) == 1:
        (use,) = group
        args = (use.vector, own) if use.turned else (own, use.vector)
        return {use.product: steps.make("matmul", args, None, 1)}
    matrix = steps.make("transpose", (own,), (1, 0), 2) if group[0].turned else own
    together = steps.make("columns", [use.vector for use in group], None, 2)
    solved = steps.make("matmul", (matrix, together), None, 2)
    return {use.product: steps.make("column", (solved,), k, 1) for k, use in enumerate(group)}
