"""Substitution: the graph of steps with some of them replaced by others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matcalc.codegen.steps import LEAVES, VIEWS, Step, Steps

__all__ = ["substituted"]


def substituted(steps: Steps, roots: Sequence[Step], replaced: Mapping[Step, Step]) -> list[Step]:
    """The roots, every step that `replaced` has replaced wherever it stands, in what replaces others, too."""
    if not replaced:
        return list(roots)
    made: dict[Step, Step] = {}
    stack = [(root, False) for root in reversed(roots)]
    while stack:
        step, expanded = stack.pop()
        source = replaced.get(step, step)
        if expanded:
            args = [made[arg] for arg in source.args]
            same = all(a is b for a, b in zip(args, source.args, strict=True))
            made[step] = source if same else steps.make(source.kind, args, source.data, source.order)
            for names in (steps.called, steps.mirrored):
                if step in names and made[step].kind not in LEAVES | VIEWS:
                    names.setdefault(made[step], names[step])
        elif step not in made:
            stack.append((step, True))
            stack.extend((arg, False) for arg in reversed(source.args) if arg not in made)
    return [made[root] for root in roots]
