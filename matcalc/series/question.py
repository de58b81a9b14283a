"""What is expanded: an expression or program, by a variable, at a point."""

from __future__ import annotations

from dataclasses import dataclass, replace

from matcalc.assumptions import Facts, facts_of
from matcalc.errors import DimensionError, KindError, UnsupportedError
from matcalc.expr import Node, Variable, expand, is_zero
from matcalc.form import Form, format_axis, subforms
from matcalc.inference import TypedProgram, VariableInfo, infer
from matcalc.lowering import Environment, lower
from matcalc.notation.text import to_text
from matcalc.operation import find_operation
from matcalc.parser import Program, parse_declarations, parse_expression
from matcalc.tensor import Tensor
from matcalc.traversal import postorder
from matcalc.variables import name_form, variables_of

__all__ = ["Expanded", "expanded", "reached", "step_of"]

#: Properties that the difference of two matrices has if both have them.
LINEAR = frozenset({"symmetric", "skew", "diagonal", "lower", "upper"})


@dataclass(frozen=True)
class Expanded:
    """An expression that is expanded by a variable at a point, all of them typed and as nodes.

    `direction` is the variable minus the point: a variable of its own, or that variable itself where the point is 0.
    """

    source: Program
    program: TypedProgram
    environment: Environment
    function: Tensor
    output: Form
    #: The name of the variable, and what it is in the core.
    name: str
    variable: Tensor
    point: Form
    value: Node
    direction: VariableInfo
    facts: Facts

    @property
    def replacements(self) -> dict[Node, Node]:
        """What becomes of the variable and of the step from the point."""
        shape = self.variable.node.shape
        return {self.variable.node: self.value, step_of(shape): Variable.make(self.direction.name, shape)}

    @property
    def moves(self) -> bool:
        """Whether the point is an expression of the variable itself, which then is no variable minus the point."""
        if self.name in self.program.assignments:
            return any(form.value == self.name for form in reached(self.point, self.program.assignments))
        return self.variable.node in postorder(self.value)

    @property
    def at_zero(self) -> bool:
        """Whether the point is 0."""
        return is_zero(self.value)

    @property
    def infos(self) -> dict[str, VariableInfo]:
        """The variables that the polynomial may have, the direction last."""
        below = {part.value for form in (self.output, self.point) for part in reached(form, self.program.assignments)}
        found = {name: info for name, info in self.program.variables.items() if name in below and name != self.name}
        if self.moves and self.name in self.program.variables:
            found[self.name] = self.program.variables[self.name]
        return found | {self.direction.name: self.direction}

    @property
    def taken(self) -> frozenset[str]:
        """The names that mean something."""
        program = self.program
        return frozenset((*program.variables, *program.assignments, *program.dimensions, self.direction.name))


def expanded(program: Program, wrt: str, at: str | int, layout: str) -> Expanded:
    """The question, typed; raises MatcalcError.

    A name that stands alone as the point, and that the program does not have, is declared as the variable is.
    """
    variable = variable_of(wrt)
    name, point = str(variable.value), point_of(at)
    output = program.output if program.output_name is None else name_form(program.output_name)
    if point.head == "name":
        program = declared_alike(program, name, str(point.value), layout)
    extra = [output, variable, point]
    typed = infer(program, layout=layout, extra=extra, alike=[(1, 2)])
    function, shown, point = typed.extra
    if name not in typed.variables and name not in typed.assignments:
        raise KindError(f"`{name}` is a constant here", variable.span, hint="expand by a variable")
    check_shapes(shown, point)
    environment = lower(typed, layout)
    held = environment.holding(name) if name in typed.assignments else environment
    of, by, value = held.lower(function), held.name(name), environment.lower(point)
    check_dependent(of.node, by.node, name)
    node = expand(value.node, by.node.shape) if point.kind == "scalar" else value.node
    direction = direction_of(typed, shown, point, node)
    facts = facts_of([*typed.variables.values(), direction])
    return Expanded(program, typed, held, of, function, name, by, point, node, direction, facts)


def step_of(shape: tuple[int | str, ...]) -> Variable:
    """The step from the point while derivatives are taken: it is not the variable, even where that is its name."""
    made = Variable.make(" step", shape)
    assert isinstance(made, Variable)
    return made


def variable_of(wrt: str) -> Form:
    """The untyped variable: one name."""
    variables = variables_of(wrt, None)
    if len(variables) > 1 or variables[0].head != "name":
        raise KindError(f"`{wrt.strip()}` is not one name", variables[0].span, hint="expand by a name, such as `--wrt x`")
    return variables[0]


def point_of(at: object) -> Form:
    """The untyped point: an expression, or a number of Python."""
    if isinstance(at, bool) or not isinstance(at, str | int):
        raise KindError(f"the point is an expression as text, not {at!r}", hint='give text, such as "0" or "mu"')
    return parse_expression(str(at))


def declared_alike(program: Program, name: str, point: str, layout: str) -> Program:
    """The program with the point declared as the variable is, if it is a name that the program does not have."""
    typed = infer(program, layout=layout, extra=[name_form(name)])
    names = {*typed.variables, *typed.assignments, *typed.dimensions, *program.declarations, "pi"}
    if point in names or find_operation(point) is not None:
        return program
    form = typed.extra[0]
    if form.kind not in ("scalar", "column", "matrix") or any(len(axis) != 1 for axis in form.shape or ()):
        return program
    properties = typed.variables[name].properties if name in typed.variables else frozenset()
    info = VariableInfo(point, form.kind, form.shape or (), properties, (), declared=True)
    return replace(program, declarations={**program.declarations, **parse_declarations([str(info)])})


def check_shapes(variable: Form, point: Form) -> None:
    """Refuse a point that is no value of the variable; a scalar stands for equal entries."""
    if point.kind != "scalar" and (point.kind != variable.kind or point.shape != variable.shape):
        shapes = [f"a {form.kind} ({', '.join(map(format_axis, form.shape or ()))})" for form in (variable, point)]
        raise DimensionError(f"`{to_text(variable)}` is {shapes[0]} and the point is {shapes[1]}", point.span)


def check_dependent(function: Node, variable: Node, name: str) -> None:
    """Refuse an unknown function of the variable: its value at a point has no notation."""
    for node in postorder(function):
        if isinstance(node, Variable) and node is not variable and variable in postorder(node):
            raise UnsupportedError(
                f"`{node.name}` depends on `{name}` in a way that is unknown, and its value at a point has no notation",
                hint=f"declare a function, `f: function`, and write f({name})",
            )


def direction_of(program: TypedProgram, variable: Form, point: Form, value: Node) -> VariableInfo:
    """The direction as a variable: the variable itself where the point is 0, else one called delta."""
    name, shape = str(variable.value), variable.shape or ()
    own = program.variables[name].properties if name in program.variables else frozenset()
    if is_zero(value):
        return VariableInfo(name, str(variable.kind), shape, own & LINEAR, (), declared=True)
    there = program.variables[str(point.value)].properties if is_variable(point, program) else frozenset()
    return VariableInfo(unused(program, name), str(variable.kind), shape, own & there & LINEAR, (), declared=True)


def is_variable(form: Form, program: TypedProgram) -> bool:
    """Whether a form is the name of a variable."""
    return form.head == "name" and form.value in program.variables


def unused(program: TypedProgram, name: str) -> str:
    """`delta`, or `delta_x` for x if the program has that."""
    taken = {*program.variables, *program.assignments, *program.dimensions}
    word = "delta" if "delta" not in taken else f"delta_{name}"
    while word in taken:
        word += "_"
    return word


def reached(form: Form, assignments: dict[str, Form]) -> list[Form]:
    """The names below a form, assigned ones followed."""
    found: dict[str, Form] = {}
    stack: list[Form] = [form]
    while stack:
        for part in subforms(stack.pop()):
            if part.head == "name" and part.value not in found:
                found[str(part.value)] = part
                stack.extend([assignments[part.value]] if part.value in assignments else [])
    return list(found.values())


