"""The values of a computation: a program in which every assignment is one elementary operation.

    program ─settled→ no derivative stands in it ─parting→ elementary operations ─infer→ the same, typed anew

The new program says the same as the old one and is a program of the language, too: `source` prints it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from matcalc.assumptions import facts_of
from matcalc.build import transposed
from matcalc.computations.letters import Letters, output_name
from matcalc.computations.parting import Parting, names_in
from matcalc.errors import KindError, UnsupportedError
from matcalc.form import Form, name, rewritten, subforms
from matcalc.inference import TypedProgram
from matcalc.lowering import Environment
from matcalc.notation.index import index_form, index_names
from matcalc.notation.text import to_text
from matcalc.parser import Program, parse_declarations
from matcalc.raising import Raising
from matcalc.refine import refine
from matcalc.tensor import axis_groups

__all__ = ["Value", "Values", "links_of", "reached", "values_of"]


@dataclass(frozen=True)
class Value:
    """One value: its name, the operation that makes it, and what that is applied to, in order of appearance.

    `part` tells a part of an expression, whose name is a letter, from what the program assigns.
    """

    name: str
    operation: Form
    operands: tuple[str, ...]
    part: bool

    @property
    def text(self) -> str:
        """The operation in the language; of an unknown function of others, which is used by its bare name, L(Y)."""
        if self.operation.head == "name" and self.operation.value == self.name:
            return f"{self.name}({', '.join(self.operands)})"
        return to_text(self.operation)


@dataclass(frozen=True)
class Values:
    """The values in the order in which they are computed, the output last, and the program that they are.

    `inputs` are the variables that they are computed from; `targets` those (or assigned names, then variables, too) to
    differentiate by; `moving` is what depends on a target, targets included.
    """

    program: Program
    values: Mapping[str, Value]
    output: str
    inputs: tuple[str, ...]
    targets: tuple[str, ...]
    moving: frozenset[str]

    def users(self) -> dict[str, list[str]]:
        """The values that use each name, in order."""
        found: dict[str, list[str]] = {word: [] for word in (*self.inputs, *self.targets, *self.values)}
        for value in self.values.values():
            for operand in value.operands:
                found[operand].append(value.name)
        return found


def values_of(typed: TypedProgram, environment: Environment, targets: Sequence[str]) -> Values:
    """The values that the output of a typed program needs, the targets being variables.

    A target that only stands in derivatives whose answers do not hold it is left out; KindError if all of them are.
    Raises UnsupportedError for a derivative by an entry.
    """
    taken = taken_names(typed)
    output = typed.output_name or own_name(typed, targets) or output_name(taken)
    found = Parting(frozenset((*typed.dimensions, "pi")), Letters({*taken, output}))
    assignments = {word: settled(form, typed, environment) for word, form in typed.assignments.items()}
    if output not in links_of(typed):
        assignments[output] = settled(typed.output, typed, environment)
    links = {**links_of(typed), **{word: list(names_in(form)) for word, form in assignments.items()}}
    check_partials(typed, links, targets)
    wanted = reached([output], links, targets)
    targets = [word for word in targets if word in wanted]
    if not targets:
        raise KindError("the derivatives in the program are constant, so the output depends on no variable")
    kept = reached(targets, links, ()) - wanted | {*targets}
    for word, form in assignments.items():
        if word in kept:
            found.values[word] = form  # what a target is made of is no part of the computation, but says its size
        elif word in wanted:
            found.assign(word, form)
    return arranged(typed, found, kept, output, targets)


def arranged(
    typed: TypedProgram, found: Parting, kept: Collection[str], output: str, targets: Sequence[str]
) -> Values:
    """The values with their operands, in order; a dependent variable comes after what it depends on."""
    dependent = {v.name: v.arguments for v in typed.variables.values() if v.arguments and v.name not in targets}
    values: dict[str, Value] = {}
    inputs: dict[str, None] = {}

    def add_operands(words: Sequence[str]) -> None:
        for word in words:
            if word in dependent and word not in values:
                add_operands(dependent[word])
                values[word] = Value(word, name(word), tuple(dependent[word]), part=False)
            elif word in typed.variables and word not in values and word not in targets:
                inputs[word] = None

    for word, form in found.values.items():
        if word not in kept:
            operands = tuple(n for n in names_in(form) if n not in found.constants)
            add_operands(operands)
            values[word] = Value(word, form, operands, word in found.parts)
    add_operands([output])
    moving = set(targets)
    for value in values.values():
        if moving.intersection(value.operands):
            moving.add(value.name)
    source = source_of(typed, found.values, output)
    result = found.values.get(output, name(output))
    named = output if output in found.values else None
    program = Program(parse_declarations(typed.declarations()), found.values, result, named, source)
    return Values(program, values, output, tuple(inputs), tuple(targets), frozenset(moving))


def own_name(typed: TypedProgram, targets: Collection[str]) -> str | None:
    """The name that the output is, if it is that of a value."""
    word = typed.output.value if typed.output.head == "name" else None
    variable = typed.variables.get(str(word))
    is_value = word in typed.assignments or (variable is not None and variable.arguments)
    return str(word) if is_value and word not in targets else None


def source_of(typed: TypedProgram, assignments: Mapping[str, Form], output: str) -> str:
    """The text of the program."""
    lines = [f"{word} = {to_text(form)}" for word, form in assignments.items()]
    last = [] if lines and output == [*assignments][-1] else [output]
    return "\n".join([*typed.declarations(), *lines, *last])


def check_partials(typed: TypedProgram, links: Mapping[str, Sequence[str]], targets: Collection[str]) -> None:
    """Refuse an unknown function of two values of which one depends on the other: d(L)/d(u) would be read as the total."""
    for variable in typed.variables.values():
        for word in variable.arguments:
            others = [other for other in variable.arguments if other != word]
            if word in reached(others, links, targets):
                raise UnsupportedError(
                    f"`{variable.name}` depends on `{word}` and on a value that itself depends on `{word}`;"
                    " its derivative by one of them alone has no notation",
                    hint="declare it as a function of independent values",
                )


def taken_names(typed: TypedProgram) -> set[str]:
    """The names that mean something in a program."""
    found = {*typed.variables, *(v.name for v in typed.sized), *typed.assignments, *typed.dimensions, "pi", "eye"}
    for form in (*typed.assignments.values(), typed.output):
        for part in subforms(form):
            if part.head in ("tensor", "bsum", "entry", "delta"):
                found.update(index for index in part.value if isinstance(index, str))
    return found


def links_of(typed: TypedProgram) -> dict[str, list[str]]:
    """What each name of a program is made of directly."""
    links = {v.name: list(v.arguments) for v in typed.variables.values() if v.kind != "function"}
    return links | {word: list(names_in(form)) for word, form in typed.assignments.items()}


def reached(roots: Sequence[str], links: Mapping[str, Sequence[str]], stops: Collection[str]) -> set[str]:
    """The names that some names are made of, themselves included; what the stops are made of is not looked at."""
    found: set[str] = set()
    stack = list(roots)
    while stack:
        word = stack.pop()
        if word not in found:
            found.add(word)
            stack.extend(links.get(word, ()) if word not in stops else ())
    return found


def settled(form: Form, typed: TypedProgram, environment: Environment) -> Form:
    """The form with the answers in the places of derivatives."""
    if not any(part.head == "derivative" for part in subforms(form)):
        return form
    return rewritten(form, lambda part: answer(part, typed, environment) if part.head == "derivative" else part)


def answer(form: Form, typed: TypedProgram, environment: Environment) -> Form:
    """What a derivative that stands in a program is."""
    if form.args[1].head == "entry":
        raise UnsupportedError(
            "a derivative by an entry is not taken apart into operations",
            form.span,
            hint="write the derivative by the whole variable",
        )
    value = environment.lower(form)
    node = refine(value.node, facts_of(typed.variables.values()))
    raising = Raising(facts_of(typed.variables.values()), typed.layout)
    made = raising.grouped(node, axis_groups(value.groups)) if len(value.groups) <= 2 else None
    if made is None:
        names = index_names(node.order, [], taken_names(typed))
        return index_form(node, names, raising.form)
    return transposed(made) if form.kind == "row" else made
