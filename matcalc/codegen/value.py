"""The value of a node as assembly has it: a step on those axes that carry something, or on those that are distinct."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matcalc.codegen.steps import Step, is_argument

__all__ = ["Structured", "Value", "starts_with_an_argument"]


@dataclass(frozen=True, slots=True)
class Value:
    """`sign` times a step whose axes are these axes of the node."""

    step: Step
    axes: tuple[int, ...]
    sign: int = 1


@dataclass(frozen=True, slots=True)
class Structured:
    """A value on axes of a node of which others are copies by deltas: `roots[k]` is the axis that axis k equals."""

    value: Value
    roots: tuple[int, ...]


def starts_with_an_argument(values: Sequence[Value]) -> bool:
    """True for T - U @ V.T: turned round, the difference is written over the product, which nothing else needs."""
    positive = [value.step for value in values if value.sign > 0]
    negative = [value.step for value in values if value.sign < 0]
    return all(is_argument(step) for step in positive) and not all(is_argument(step) for step in negative)
