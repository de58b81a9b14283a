"""One emitted module for several derivatives of one expression."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from matcalc.assumptions import Facts
from matcalc.codegen import TARGETS, Function, Manner, Source, VariableInfo, generate_module, parameters_of
from matcalc.errors import UnsupportedError
from matcalc.tensor import Tensor

__all__ = ["emit"]


class Answer(Protocol):
    """What is needed of a derivative."""

    expression: str
    order: int
    layout: str
    structured: bool

    @property
    def tensor(self) -> Tensor: ...
    @property
    def value(self) -> Tensor: ...
    @property
    def text(self) -> str: ...
    @property
    def where(self) -> Mapping[str, str]: ...
    @property
    def declarations(self) -> tuple[str, ...]: ...
    @property
    def facts(self) -> Facts: ...
    @property
    def free_variables(self) -> Mapping[str, VariableInfo]: ...


def emit(members: Mapping[str, Answer], *, single: bool, value: bool, target: str = "numpy") -> Source:
    """The module that computes some derivatives of one expression."""
    chosen = TARGETS[target]
    first = next(iter(members.values()))
    results = {name: member.tensor for name, member in members.items()}
    shown = first.value if value else None
    nodes = [tensor.node for tensor in results.values()] + ([shown.node] if shown is not None else [])
    variables = {name: info for member in members.values() for name, info in member.free_variables.items()}
    facts = first.facts if shown is None else signs_of(first.facts)
    function = Function("derivative", results, parameters_of(nodes, variables, chosen), single, shown)
    return generate_module([function], Manner(chosen, facts=facts), docstring=docstring(members))


def signs_of(facts: Facts) -> Facts:
    """The facts that hold on in a neighbourhood: a value that is differenced by single entries must not rely on others."""
    return Facts({name: properties & {"positive"} for name, properties in facts.properties.items()})


def docstring(members: Mapping[str, Answer]) -> str:
    """The formulas of an emitted module: the expression, its derivatives, and what is assumed."""
    first = next(iter(members.values()))
    manner = ", tied entries moving together," if first.structured else ""
    lines = [f"Derivative of order {first.order} in {first.layout} layout{manner} of", ""]
    lines += [f"    {line.strip()}" for line in first.expression.splitlines() if line.strip()]
    for name, member in members.items():
        try:
            lines += ["", f"by {name}:", "", f"    {member.text}"]
            lines += [f"    where {key} = {text}" for key, text in member.where.items()]
        except UnsupportedError:  # code can say what no notation can
            lines += ["", f"by {name}"]
    return "\n".join([*lines, "", f"with {'; '.join(first.declarations)}"])
