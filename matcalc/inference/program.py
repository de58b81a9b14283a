"""Inference over a whole program: every node typed, all equations solved, names for the dimensions that are left."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from matcalc.errors import MatcalcError, UnknownNameError
from matcalc.form import Form
from matcalc.inference import algebra, derivatives, entries, functions, names
from matcalc.inference.constructors import size_form
from matcalc.inference.context import Context, Rule
from matcalc.inference.dimensions import Names, axes
from matcalc.inference.environment import VariableInfo, check_declarations
from matcalc.parser import Program, nearest, parse_program

__all__ = ["TypedProgram", "infer", "infer_expression", "LAYOUTS", "MODES"]

LAYOUTS = ("numerator", "denominator")

#: The ways in which derivatives are accumulated: from the variable up, from the function down, or as suits.
MODES = ("auto", "forward", "reverse")

#: The typing rule of each head of a form.
_RULES: dict[str, Rule] = {
    **names.RULES,
    **algebra.RULES,
    **functions.RULES,
    **entries.RULES,
    **derivatives.RULES,
}


@dataclass(frozen=True)
class TypedProgram:
    """A program whose every node has a kind and a shape."""

    variables: dict[str, VariableInfo]
    assignments: dict[str, Form]
    output: Form
    extra: tuple[Form, ...]
    dimensions: tuple[str, ...]
    layout: str = "numerator"
    output_name: str | None = None
    #: Declared variables that occur only by the name of a size, as in `2/N`.
    sized: tuple[VariableInfo, ...] = ()
    #: Whether derivatives by declared variables let tied entries move together.
    structured: bool = False
    #: How derivatives are accumulated; one of `MODES`.
    mode: str = "auto"

    def declarations(self) -> tuple[str, ...]:
        """Everything that is assumed of the variables, as declarations."""
        return tuple(map(str, (*self.variables.values(), *self.sized)))


def infer(
    program: Program,
    *,
    layout: str = "numerator",
    extra: Sequence[Form] = (),
    alike: Sequence[tuple[int, int]] = (),
    structured: bool = False,
    mode: str = "auto",
) -> TypedProgram:
    """The typed program, with the typed forms of `extra`.

    `alike` are pairs of positions in `extra` (sides of a claim) whose sizes are made equal where they can be; a pair
    that cannot be made equal is left as it is.  No form that is given is changed.  With `structured`, a derivative by a
    variable that is declared symmetric, skew, diagonal, lower or upper lets its tied entries move together.
    """
    _check_word(layout, LAYOUTS, "layout")
    _check_word(mode, MODES, "mode of differentiation")
    try:
        return replace(_typed(program, layout, extra, alike), structured=structured, mode=mode)
    except RecursionError:
        raise MatcalcError("nested too deeply", hint="split the expression with assignments, one a line") from None


def _check_word(word: str, words: Sequence[str], what: str) -> None:
    """Refuse what is none of some words."""
    if not isinstance(word, str) or word not in words:
        near = nearest(str(word), words)
        hint = f"did you mean `{near}`?" if near else f"one of {', '.join(words)}"
        raise UnknownNameError(f"`{word}` is not a {what}", hint=hint)


def infer_expression(text: str, declare: Iterable[str] = (), layout: str = "numerator") -> TypedProgram:
    """The typed program of one expression or program text."""
    return infer(parse_program(text, declare), layout=layout)


def _typed(program: Program, layout: str, extra: Sequence[Form], alike: Sequence[tuple[int, int]]) -> TypedProgram:
    """The typed program; see `infer`."""
    context = Context(program, extra, layout, _RULES)
    environment = context.environment
    check_declarations(program)
    for name, form in program.assignments.items():
        environment.assignments[name] = context.type(form)
    output_name = program.output_name
    output = context.type(program.output) if output_name is None else environment.assignments[output_name]
    sides = tuple(context.type(form) for form in extra)
    context.solver.settle()
    for left, right in alike:
        context.make_alike(sides[left], sides[right])
    occurring = len(environment.variables)
    environment.add_sized()
    dimensions = _name_dimensions(context)
    infos = {name: variable.info(name) for name, variable in environment.variables.items()}
    variables = dict(islice(infos.items(), occurring))
    sized = tuple(islice(infos.values(), occurring, None))
    return TypedProgram(variables, environment.assignments, output, sides, dimensions, layout, output_name, sized)


def _name_dimensions(context: Context) -> tuple[str, ...]:
    """Give names to the unknowns that are left, and put solved shapes into all nodes."""
    environment = context.environment
    naming = Names(context.solver, environment.taken_names())
    for variable in environment.variables.values():
        if variable.kind == "matrix" and naming.first_matrix(*variable.shape):
            break
    for variable in environment.variables.values():
        variable.shape = naming.solved(variable.shape)
    for node in context.nodes:
        node.shape = naming.solved(axes(node))  # type: ignore[assignment]
        if node.head == "call" and node.value == "eye" and not node.args:
            node.args = (size_form(axes(node)[0], node.span),)
    return (*environment.dimensions, *naming.given)
