"""Definitions: what code computes for a program, value by value from the front and signal by signal from the back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from matcalc.assumptions import Facts
from matcalc.expr import Node, Variable
from matcalc.refine import refine
from matcalc.signals.values import Values
from matcalc.traversal import substitute

__all__ = ["Definitions", "definitions_of"]


@dataclass(frozen=True)
class Definitions:
    """A program as code computes it.

    `nodes` are its values, then its signals, each a variable with the node that computes it from those before it;
    `gradients` are those of the output by each target, `output` is the output itself, all in these variables.
    """

    nodes: Mapping[Variable, Node]
    gradients: Mapping[str, Node]
    output: Node


def definitions_of(values: Values, facts: Facts, shaped: Callable[[str, Node], Node] = lambda _, node: node) -> Definitions:
    """The definitions of all values and signals.  Facts are used on each signal by itself, after it is derived.

    `shaped` is what becomes of the gradient by a target: tied entries are added up, a matrix is read as a vector.
    """
    called: dict[Node, Node] = {}
    nodes = dict(forward(values, called))

    def settled(node: Node) -> Node:
        return substitute(refine(node, facts), called)

    for carrier in values.names:
        signal = values.signal(carrier)
        assert isinstance(signal, Variable)
        nodes[signal] = settled(values.gradient(carrier))
    gradients = {name: settled(shaped(name, values.gradient(name))) for name in values.targets}
    return Definitions(nodes, gradients, substitute(values.output_node, called))


def forward(values: Values, called: dict[Node, Node]) -> Iterator[tuple[Variable, Node]]:
    """The values of the program in order; `called` gets the variables of those that gradients do not hold as variables."""
    for name in values.plain:
        node = substitute(values.environment.lower(values.program.assignments[name]).node, called)
        variable = Variable.make(name, node.shape)
        own = values.node(name)
        if own.operands and not isinstance(own, Variable):
            called[own] = variable
        if node is not variable:
            yield variable, node
