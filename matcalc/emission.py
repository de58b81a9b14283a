"""One emitted module for some derivatives of one expression, or for products with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from matcalc.codegen import (
    TARGETS,
    Function,
    Names,
    Operator,
    Parameter,
    Source,
    Trial,
    VariableInfo,
    generate_module,
    needed,
    parameters_of,
)
from matcalc.description import Description
from matcalc.errors import KindError
from matcalc.expr import Node, Variable
from matcalc.form import format_axis
from matcalc.lowering import lower
from matcalc.products import Differentiated, Point, axes_of, differential, gradient, pullback
from matcalc.refine import refine
from matcalc.request import Answer, Request
from matcalc.signals import Values, definitions_of, has_tangents, parted, takes_derivatives, tangents_of
from matcalc.tensor import Tensor, contract
from matcalc.traversal import substitute
from matcalc.trials import Direction, Tried, signs_of

__all__ = ["Emission", "emit", "gradient_function"]

def gradient_function(members: Mapping[str, Answer]) -> Function:
    """The function of several derivatives of one expression together, as it is emitted."""
    return Emission(members, False, Request(), None).function()


def emit(
    members: Mapping[str, Answer],
    *,
    single: bool,
    request: Request | None = None,
    listing: Callable[[], str] | None = None,
) -> Source:
    """The module that computes some derivatives of one expression, or a product with them.

    `listing` is the text of gradients through named signals, where the code goes through them.
    """
    return Emission(members, single, request or Request(), listing).module()


class Emission:
    """The making of one module.  `members` are the derivatives by name; `single`: there is one, no dict is returned."""

    def __init__(
        self, members: Mapping[str, Answer], single: bool, request: Request, listing: Callable[[], str] | None = None
    ) -> None:
        self.members = members
        self.listing = listing
        self.single = single
        self.request = request
        self.first = next(iter(members.values()))
        self.facts = self.first.facts
        self.shown = self.first.value if request.value else None
        self.directions: dict[str, Variable] = {}
        self.cotangent: Variable | None = None
        self.infos: dict[str, VariableInfo] = {**self.first.variables_with(list(members.values()))}

    def module(self) -> Source:
        """The source."""
        made = self.operator() if self.request.product == "operator" else self.function()
        manner = self.request.manner(self.facts if self.shown is None else signs_of(self.facts))
        if not self.request.random:
            return generate_module([made], manner, docstring=self.docstring())
        functions, trial = self.trial(made.parameters)
        return generate_module([made, *functions], manner, docstring=self.docstring(), trial=trial)

    # ---- What is computed.

    def function(self) -> Function:
        """The function of the derivatives, or of a product."""
        product = self.request.product
        if product == "derivative":
            if self.is_program_gradient():
                return self.swept()
            if self.is_pushed():
                return self.pushed()
            return self.made("derivative", {name: member.tensor for name, member in self.members.items()})
        results: dict[str, Tensor] = getattr(self, product)()
        single = self.single or product == "jvp"
        what = {"jvp": "the derivative times {}", "vjp": "{} times the derivative", "hvp": "the Hessian times {}"}[product]
        names = [v.name for v in self.directions.values()] or [self.cotangent.name if self.cotangent else ""]
        return self.made(product, results, single, what.format(" and ".join(names)), "products")

    def made(
        self, name: str, results: Mapping[str, Tensor], single: bool | None = None,
        what: str = "the derivative", several: str = "derivatives",
    ) -> Function:  # fmt: skip
        """A function that computes some tensors, with the directions as its last parameters."""
        parameters = self.parameters([tensor.node for tensor in results.values()])
        chosen = self.single if single is None else single
        names = Names(called=self.first.value_names)
        return Function(name, results, parameters, chosen, self.shown, what, several, names=names)

    def is_program_gradient(self) -> bool:
        """Whether what is asked for are gradients of a scalar that is computed in several steps, which go through signals.

        Signals are adjoints, so forward mode has none.
        """
        if self.first.program.mode == "forward":
            return False
        program, function = self.first.program, self.first.expression_form
        steps = set(program.assignments) - {program.output_name}
        return bool(steps) and self.first.order == 1 and not function.shape and not takes_derivatives(program, function)

    def swept(self) -> Function:
        """The function of gradients through the values of a program and its error signals, each computed once."""
        program = parted(self.first.program)
        environment = lower(program, self.first.layout)
        targets = {member.target: name for name, member in self.members.items()}
        points = {
            target: Point(environment.name(target), environment.ties(target), self.members[name].columns)
            for target, name in targets.items()
        }
        values = Values(program, environment, self.first.expression_form, list(targets), rows=True, symbols=True)
        found = definitions_of(values, self.facts, lambda target, node: points[target].shaped(node))
        results = {targets[t]: Tensor(node, points[t].like.groups) for t, node in found.gradients.items()}
        if self.shown is not None:
            self.shown = Tensor(found.output, ())
        return self.through(found.nodes, results)

    def through(self, definitions: Mapping[Variable, Node], results: Mapping[str, Tensor]) -> Function:
        """The function of results that are made of some definitions."""
        nodes = [tensor.node for tensor in [*results.values(), *([self.shown] if self.shown else [])]]
        parameters = self.parameters([*nodes, *needed(definitions, nodes).values()], shown=False)
        own = {variable.name for variable in definitions}
        return Function(
            "derivative", results, [p for p in parameters if p.name not in own], self.single, self.shown,
            names=Names(definitions),
        )  # fmt: skip

    def is_pushed(self) -> bool:
        """Whether forward mode is asked for, of a program that is computed in several steps."""
        first = self.first
        if first.program.mode != "forward" or first.order > 1 or any(member.columns for member in self.members.values()):
            return False
        return has_tangents(first.program, first.expression_form, [member.target for member in self.members.values()])

    def pushed(self) -> Function:
        """The function of derivatives through the values of a program and their tangents, each computed once."""
        program, output = self.first.program, self.first.value
        environment = lower(program, self.first.layout)
        targets = {member.target: name for name, member in self.members.items()}
        found = tangents_of(program, environment, self.first.expression_form, list(targets), self.facts)
        results = {}
        for target, node in found.gradients.items():
            groups = output.groups + environment.name(target).groups
            turned = self.first.layout == "denominator" and len(output.groups) == len(groups) - 1 == 1
            results[targets[target]] = contract("ij->ji", Tensor(node, groups)) if turned else Tensor(node, groups)
        if self.shown is not None:
            self.shown = Tensor(found.output, output.groups)
        return self.through(found.nodes, results)

    def parameters(self, nodes: Sequence[Node], *, shown: bool = True, later: bool = False) -> tuple[Parameter, ...]:
        """The parameters of a function that computes some nodes, directions last; they may be passed `later`."""
        below = [*nodes, *([self.shown.node] if self.shown is not None and shown else [])]
        added = {variable.name for variable in self.added}
        found = parameters_of(below, self.infos, TARGETS[self.request.target], added if later else ())
        return tuple(sorted(found, key=lambda p: p.name in added))

    @property
    def added(self) -> list[Variable]:
        """The directions and the cotangent."""
        return [*self.directions.values(), *([self.cotangent] if self.cotangent is not None else [])]

    def jvp(self) -> dict[str, Tensor]:
        """J·v: for several variables the sum over them."""
        order = self.first.order
        if len(self.members) > 1 and order > 1:
            raise KindError("products of higher order are by one variable", hint="differentiate by one name at a time")
        found = self.linear_parts(order)
        function = next(iter(found.values())).function
        node = differential(function.node, self.moves(found))
        return {"jvp": self.tensor(node, function.groups, found)}

    def hvp(self) -> dict[str, Tensor]:
        """H·v, the differential of each gradient; for several variables the sum over their directions."""
        if self.first.order > 2:
            raise KindError(f"a Hessian is of order 2, not {self.first.order}", hint="leave out `--order`")
        found = self.linear_parts(1)
        moves = self.moves(found)
        results = {}
        for name, part in found.items():
            if part.function.groups:
                shape = ", ".join(map(format_axis, axes_of(part.function)))
                raise KindError(f"a Hessian is that of a scalar, and this has shape ({shape})", hint="choose `jvp` or `vjp`")
            node = differential(gradient(part.function.node, part.point), moves)
            results[name] = self.tensor(node, part.point.like.groups, found)
        return results

    def vjp(self) -> dict[str, Tensor]:
        """u·J by each variable."""
        if len(self.members) > 1 and self.first.order > 1:
            raise KindError("products of higher order are by one variable", hint="differentiate by one name at a time")
        found = {name: member.differentiated(member.order) for name, member in self.members.items()}
        function = next(iter(found.values())).function
        cotangent = self.cotangent = self.new_variable("u", function)
        return {
            name: self.tensor(pullback(part.function.node, part.point, cotangent), part.point.like.groups, {name: part})
            for name, part in found.items()
        }

    def operator(self) -> Operator:
        """J as a linear operator."""
        if len(self.members) > 1:
            raise KindError("an operator is by one variable", hint="differentiate by one name at a time")
        forward, backward = self.jvp()["jvp"], next(iter(self.vjp().values()))
        parameters = self.parameters([forward.node, backward.node], later=True)
        added = {variable.name for variable in self.added}
        direction, cotangent = (next(p for p in parameters if p.name == v.name) for v in self.added)
        return Operator([p for p in parameters if p.name not in added], direction, cotangent, forward, backward)

    # ---- Directions.

    def linear_parts(self, order: int) -> dict[str, Differentiated]:
        """What is differentiated by each variable, none of them assigned if there are several."""
        found = {name: member.differentiated(order) for name, member in self.members.items()}
        if len(found) > 1 and any(part.held for part in found.values()):
            raise KindError("a product by several variables takes none that is assigned", hint="choose `vjp`")
        if len({part.name for part in found.values()}) < len(found):
            raise KindError("a product by several variables takes each of them once", hint="choose `vjp`")
        return found

    def moves(self, found: Mapping[str, Differentiated]) -> dict[Variable, Point]:
        """A direction for each variable: `v`, or `v_x` and so on for several."""
        for name, part in found.items():
            wanted = "v" if len(found) == 1 else f"v_{part.name}"
            self.directions[name] = self.new_variable(wanted, part.point.like)
        return {self.directions[name]: part.point for name, part in found.items()}

    def new_variable(self, wanted: str, like: Tensor) -> Variable:
        """A variable of the shape of a tensor with a name that nothing has."""
        taken = {name for member in self.members.values() for name in member.names_in_use} | set(self.infos)
        while wanted in taken:
            wanted += "_"
        self.infos[wanted] = Direction(axes_of(like))
        return Variable.make(wanted, like.node.shape)

    def tensor(self, node: Node, groups: tuple[int, ...], found: Mapping[str, Differentiated]) -> Tensor:
        """A refined answer, names that were held replaced by their values."""
        held = {name: value for part in found.values() for name, value in part.held.items()}
        return Tensor(refine(substitute(node, held) if held else node, self.facts), groups)

    # ---- The trial.

    def trial(self, parameters: Sequence[Parameter]) -> tuple[list[Function], Trial]:
        """What the main of the module compares, and the functions that it needs beside the one with these parameters."""
        tried = Tried(
            product=self.request.product,
            parts={name: m.differentiated(1 if self.request.product == "hvp" else m.order) for name, m in self.members.items()},
            parameters=parameters,
            infos={name: info for name, info in self.infos.items() if name not in {v.name for v in self.added}},
            properties=self.first.properties,
            facts=signs_of(self.facts),
            target=TARGETS[self.request.target],
        )
        single, pair = self.single or self.request.product == "jvp", self.request.value
        cotangent = self.cotangent.name if self.cotangent is not None else ""
        directions = [v.name for v in self.directions.values()]
        return tried.functions, tried.trial(single=single, pair=pair, directions=directions, cotangent=cotangent)

    # ---- The docstring.

    @property
    def outputs(self) -> Sequence[str]:
        """The assigned names that are differentiated."""
        name = self.first.source.output_name
        return [] if name is None else [name]

    def docstring(self) -> str:
        """The formulas of the module: by signals where the code computes them so, else each by itself."""
        listing = self.listing if self.request.product == "derivative" and self.is_program_gradient() else None
        return Description(self.members, self.request, self.outputs, listing).text
