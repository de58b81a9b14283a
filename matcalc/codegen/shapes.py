"""Shapes: the dimensions of the array of each step, as far as they are told.

An axis that `expand` has made, of length 1 and left to broadcasting, is None.  Two steps that both have a dimension at an
axis of an operation entry by entry have the same one, whatever it is called.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any

from matcalc.codegen.steps import Step
from matcalc.form import Axis, Dimension

__all__ = ["SHAPES", "Extent", "Shape", "entries", "shapes_of"]

#: A dimension, several that are joined, or None for an axis of length 1.
Extent = Dimension | Axis | None
Shape = tuple[Extent, ...]


def shapes_of(order: Sequence[Step], arrays: Mapping[str, Shape]) -> dict[Step, Shape]:
    """The shapes of steps, given operands first; `arrays` are those of the arguments by name."""
    found: dict[Step, Shape] = {}
    for step in order:
        if step.kind == "name":
            found[step] = arrays[step.data]
        else:
            found[step] = SHAPES[step.kind](step, *[found[arg] for arg in step.args])
    return found


def entries(shape: Shape, size: Callable[[Dimension], int]) -> int:
    """The number of entries, by the sizes of dimensions."""
    axes = [axis if isinstance(axis, tuple) else () if axis is None else (axis,) for axis in shape]
    return prod(size(dimension) for axis in axes for dimension in axis)


# ---- One rule for each kind of step ---------------------------------------------------------------------------------


def broadcast(step: Step, *shapes: Shape) -> Shape:
    length = max(map(len, shapes))
    padded = [(None,) * (length - len(shape)) + shape for shape in shapes]
    return tuple(next((d for d in axis if d is not None), None) for axis in zip(*padded, strict=True))


def number(step: Step) -> Shape:
    return ()


def same(step: Step, inner: Shape) -> Shape:
    return inner


def transpose(step: Step, inner: Shape) -> Shape:
    return tuple(inner[k] for k in step.data)


def expand(step: Step, inner: Shape) -> Shape:
    axes = iter(inner)
    return tuple(next(axes) if present else None for present in step.data)


def told(step: Step, *shapes: Shape) -> Shape:
    return tuple(step.data)


def subscripts(step: Step, *shapes: Shape) -> Shape:
    left, _, kept = step.data.partition("->")
    groups = zip(left.split(","), shapes, strict=True)
    of = {letter: d for group, shape in groups for letter, d in zip(group, shape, strict=True)}
    return tuple(of[letter] for letter in kept)


def sum_(step: Step, inner: Shape) -> Shape:
    return () if step.data is None else tuple(d for k, d in enumerate(inner) if k not in step.data)


def call(step: Step, *shapes: Shape) -> Shape:
    """An operation of the registry; of a matrix function the leading axes, as many as there are."""
    return broadcast(step, *shapes) if len(shapes) > 1 else shapes[0][: step.order]


def matmul(step: Step, left: Shape, right: Shape) -> Shape:
    if len(right) == 1:
        return left[:-1]
    if len(left) == 1:
        return right[:-2] + right[-1:]
    return (*broadcast(step, left[:-2], right[:-2]), left[-2], right[-1])


def outer(step: Step, left: Shape, right: Shape) -> Shape:
    return left + right


def tensordot(step: Step, left: Shape, right: Shape) -> Shape:
    first, second = step.data
    kept = [d for k, d in enumerate(left) if k not in first] + [d for k, d in enumerate(right) if k not in second]
    return tuple(kept)


def columns(step: Step, *shapes: Shape) -> Shape:
    return (*shapes[0], len(shapes))


def column(step: Step, inner: Shape) -> Shape:
    return inner[:1]


SHAPES: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(("number", "size", "constant"), number),
    **dict.fromkeys(("add", "multiply"), broadcast),
    **dict.fromkeys(("power", "function", "inverse", "matrix_power", "copy", "scalar"), same),
    **dict.fromkeys(("reshape", "full", "broadcast"), told),
    **dict.fromkeys(("diagonal", "einsum"), subscripts),
    "transpose": transpose,
    "expand": expand,
    "sum": sum_,
    "call": call,
    "matmul": matmul,
    "outer": outer,
    "tensordot": tensordot,
    "columns": columns,
    "column": column,
    "eye": lambda step: (step.data, step.data),
    "diag": lambda step, inner: inner * 2,
    "scatter": lambda step, *shapes: tuple(step.data[0]),
}
