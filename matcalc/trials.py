"""The trial of an emitted module: the functions of which it takes differences, and the values that these need.

Differences are taken of what the last derivative is taken of, for the Hessian of the gradient.  An assigned name that is
differentiated by is computed once and then moved on its own; what a dependent variable depends on is computed at every
point.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from matcalc.assumptions import Facts
from matcalc.codegen import (
    Assigned,
    Function,
    Parameter,
    Trial,
    VariableInfo,
    Variation,
    Wave,
    computed,
    parameters_of,
    python_name,
)
from matcalc.codegen.targets import Target
from matcalc.errors import UnsupportedError
from matcalc.expr import Derivative, Node, Variable
from matcalc.form import Shape
from matcalc.products import Differentiated, axes_of, gradient
from matcalc.refine import refine
from matcalc.tensor import Tensor, plain

__all__ = ["Direction", "Tried", "signs_of"]

#: What the derivative of a dependent variable is called.
DERIVATIVE = re.compile(r"d\((.*)\)/d\((\w+)\)")


@dataclass(frozen=True)
class Direction:
    """A direction, or a name that is held, as a variable of a program."""

    shape: Shape
    kind: str = "tensor"
    arguments: tuple[str, ...] = ()


def signs_of(facts: Facts) -> Facts:
    """The facts that hold on in a neighbourhood: a value that is differenced by single entries must not rely on others."""
    return Facts({name: properties & {"positive"} for name, properties in facts.properties.items()})


@dataclass
class Tried:
    """The making of a trial.

    `parts` are what is differentiated, by the names of the answers; `parameters` those of the function that is tried,
    `infos` the variables of the expression; `facts` are such as hold on in a neighbourhood.
    """

    product: str
    parts: Mapping[str, Differentiated]
    parameters: Sequence[Parameter]
    infos: Mapping[str, VariableInfo]
    properties: Mapping[str, Collection[str]]
    facts: Facts
    target: Target
    functions: list[Function] = field(default_factory=list)
    settled: list[Assigned | Wave] = field(default_factory=list)
    arguments: list[Parameter] = field(default_factory=list)
    done: set[str] = field(default_factory=set)

    def trial(self, *, single: bool, pair: bool, directions: Sequence[str], cotangent: str) -> Trial:
        """What the main of the module compares."""
        held = {variable: value for part in self.parts.values() for variable, value in part.held.items()}
        for part in self.parts.values():
            if part.held:
                self.infos = {**self.infos, part.name: Direction(axes_of(part.point.value))}
        for variable, value in held.items():
            assert isinstance(variable, Variable)
            self.assign(variable.name, value, given=True)
        variations = self.variations()
        self.settle([tensor.node for function in self.functions for tensor in function.results.values()])
        if len(self.parts) > 1 and held and any(isinstance(step, Wave) for step in self.settled):
            raise UnsupportedError(
                "derivatives by several names, some of them assigned, with dependent variables are not tried",
                hint="leave out `--random`, or differentiate by one name at a time",
            )
        parameters = [*(p for function in self.functions for p in function.parameters), *self.parameters, *self.arguments]
        settled = [replace(s, derived=derived(s, parameters)) if isinstance(s, Wave) else s for s in self.settled]
        return Trial(
            self.product, parameters, variations, self.properties, settled, single=single, pair=pair, product=self.product,
            directions=directions, cotangent=cotangent,
        )  # fmt: skip

    # ---- Functions.

    def variations(self) -> list[Variation]:
        """The variables that are varied, each in a function of its own if they are not all in the same."""
        tensors = {name: self.differenced(part) for name, part in self.parts.items()}
        same = len({(tensor.node, tensor.groups) for tensor in tensors.values()}) == 1
        found: list[Variation] = []
        for name, part in self.parts.items():
            function = "function" if same else self.fresh(f"function_{part.name}")
            if not same or not found:
                self.function(function, tensors[name], "the value")
            key = self.parameter(part.point.value.node).python_name
            transposed = part.transposed and self.product == "derivative"
            found.append(Variation(key, name, function, part.point.ties, part.point.columns, transposed))
        return found

    def differenced(self, part: Differentiated) -> Tensor:
        """That of which differences are taken."""
        tensor = part.function
        if self.product == "hvp":
            tensor = Tensor(gradient(tensor.node, part.point), part.point.like.groups)
        return Tensor(refine(tensor.node, Facts()), tensor.groups)

    def function(
        self, name: str, tensor: Tensor, what: str, infos: Mapping[str, VariableInfo] | None = None
    ) -> Function:
        """A function of the module beside the one that is tried; its parameters are those of `infos`, else all."""
        parameters = parameters_of([tensor.node], self.infos if infos is None else infos, self.target)
        made = Function(name, {name: tensor}, parameters, what=what, facts=self.facts)
        self.functions.append(made)
        return made

    def fresh(self, wanted: str) -> str:
        """A name of a function that no other has."""
        chosen = python_name(wanted, self.target)
        while chosen in {function.name for function in self.functions}:
            chosen += "_"
        return chosen

    # ---- Values that depend on others.

    def assign(self, name: str, value: Node, *, given: bool = False) -> None:
        """Compute the value of an assigned name by a function of its own."""
        if name not in self.done:
            self.done.add(name)
            self.settle([value])
            key = self.parameter(Variable.make(name, value.shape)).python_name
            names = {node.name for node in computed([value]) if isinstance(node, Variable)}
            known = {name: info for name, info in self.infos.items() if name in names}
            made = self.function(self.fresh(f"value_of_{name}"), plain(refine(value, Facts())), f"the value of {name}", known)
            self.settled.append(Assigned(key, made.name, given))

    def settle(self, nodes: Sequence[Node]) -> None:
        """Compute the dependent variables on which some nodes depend."""
        for node in computed(nodes):
            variable = node.operands[0] if isinstance(node, Derivative) else node
            if isinstance(variable, Variable) and variable.operands and variable.name not in self.done:
                self.done.add(variable.name)
                self.settled.append(self.wave(variable))

    def wave(self, variable: Variable) -> Wave:
        """A dependent variable, once what it depends on is computed; its derivatives come later."""
        arguments = []
        for name, operand in zip(variable.argument_names, variable.operands, strict=True):
            if isinstance(operand, Variable) and operand.name == name:
                self.settle([operand])
            else:
                self.assign(name, operand)
            arguments.append(self.parameter(Variable.make(name, operand.shape)))
        self.arguments += arguments
        return Wave(self.parameter(variable), arguments, self.properties.get(variable.name, ()))

    def parameter(self, variable: Node) -> Parameter:
        """A variable as a parameter."""
        assert isinstance(variable, Variable)
        (found,) = (p for p in parameters_of([variable], self.infos, self.target) if p.name == variable.name)
        return found


def derived(wave: Wave, parameters: Sequence[Parameter]) -> dict[str, tuple[int, ...]]:
    """The derivatives of a dependent variable among parameters, with the positions of the arguments."""
    names = [argument.name for argument in wave.arguments]
    found = {}
    for parameter in parameters:
        key, positions = parameter.name, []
        while match := DERIVATIVE.fullmatch(key):
            key = match[1]
            positions.append(match[2])
        if positions and key == wave.value.name:
            found[parameter.python_name] = tuple(names.index(name) for name in reversed(positions))
    return found
