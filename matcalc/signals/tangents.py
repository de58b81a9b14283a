"""Tangents: what code computes in forward mode, the values of a program and their derivatives from the front.

    z = W*x        dz_dx = W
    h = tanh(z)    dh_dx = (1 - h.^2).*dz_dx, row by row

Each tangent is made of those of the values before it and is computed once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matcalc.assumptions import Facts
from matcalc.differentiate import push
from matcalc.expr import Apply, Node, Power, Unknown, Variable, identity, zero
from matcalc.form import Form
from matcalc.inference import TypedProgram
from matcalc.lowering import Environment
from matcalc.refine import refine
from matcalc.signals.definitions import Definitions
from matcalc.signals.setting import names_of
from matcalc.signals.values import PLAIN, plain_names, takes_derivatives
from matcalc.traversal import postorder, substitute

__all__ = ["has_tangents", "tangents_of"]

#: The most tangents that are named: of each value by each variable.
LARGEST = 2_000


def has_tangents(program: TypedProgram, output: Form, targets: Sequence[str]) -> bool:
    """Whether a program computes its output in several steps whose tangents by some variables can be values of code.

    They cannot where a derivative stands in the program, or an unknown function of its values, or where entries are tied.
    """
    steps = set(program.assignments) - {program.output_name}
    known = all(word in program.variables for word in targets)
    unknown = any(variable.arguments for variable in program.variables.values())
    few = len(targets) * len(steps) <= LARGEST
    return bool(steps) and known and few and not (unknown or program.structured or takes_derivatives(program, output))


def tangents_of(
    program: TypedProgram, environment: Environment, output: Form, targets: Sequence[str], facts: Facts
) -> Definitions:
    """The definitions of all values and tangents; `gradients` have the axes of the output, then those of the target.

    Facts are used on each tangent by itself, after it is derived.
    """
    held = environment.holding(*plain_names(program, environment, PLAIN | {"row"}))
    words = [word for word in program.assignments if word in held.held and word != output.value]
    nodes: dict[Variable, Node] = {}
    known: dict[str, dict[Node, Node]] = {t: {held.name(t).node: identity(held.name(t).node.shape)} for t in targets}
    taken = set(names_of(program))
    for word in words:
        variable, node = held.name(word).node, held.lower(program.assignments[word]).node
        assert isinstance(variable, Variable)
        nodes[variable] = node
        for target in targets:
            made = tangent(node, known[target], held.name(target).node.order)
            if made is not None:
                named = Variable.make(unused(f"d{word}_d{target}", taken), made.shape)
                assert isinstance(named, Variable)
                nodes[named] = substitute(refine(made, facts), {node: variable} if is_function(node) else {})
                known[target][variable] = named
    form = program.assignments.get(str(output.value), output) if output.head == "name" else output
    last = held.lower(form).node
    found = {t: tangent(last, known[t], held.name(t).node.order) for t in targets}
    gradients = {t: zero(last.shape + held.name(t).node.shape) if made is None else made for t, made in found.items()}
    return Definitions(nodes, {t: refine(made, facts) for t, made in gradients.items()}, last)


def tangent(node: Node, known: Mapping[Node, Node], order: int) -> Node | None:
    """The derivative of a node from those of its variables, which have `order` further axes; None if none of them moves."""
    tangents = dict(known)
    for part in postorder(node):
        if part not in tangents and any(operand in tangents for operand in part.operands):
            tangents[part] = push(part, tangents, order)
    return tangents.get(node)


def is_function(node: Node) -> bool:
    """Whether a node is a function of another one, tanh(z), whose derivative it stands in."""
    return isinstance(node, Apply | Power | Unknown) and node.order > 0


def unused(word: str, taken: set[str]) -> str:
    """A new name, which is then taken."""
    while word in taken:
        word += "_"
    taken.add(word)
    return word
