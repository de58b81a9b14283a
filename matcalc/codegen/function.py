"""Emitted functions: the lines of one, from the tensors that it returns."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from matcalc.assumptions import Facts
from matcalc.codegen.assembly import Assembly
from matcalc.codegen.inplace import Planner
from matcalc.codegen.inverses import with_solutions
from matcalc.codegen.orientation import oriented
from matcalc.codegen.parameters import Parameter, python_name
from matcalc.codegen.preamble import Preamble
from matcalc.codegen.scale import usual
from matcalc.codegen.steps import Step
from matcalc.codegen.targets import NUMPY, Target
from matcalc.codegen.writer import Writer
from matcalc.expr import Node, Variable
from matcalc.form import Shape, format_axis
from matcalc.tensor import Tensor

__all__ = [
    "COLUMNS",
    "Function",
    "Manner",
    "Names",
    "Written",
    "assembled",
    "function_text",
    "grouped_shape",
    "quoted",
    "taken_names",
]

#: How wide a line of an emitted module may be.
COLUMNS = 100


@dataclass(frozen=True)
class Manner:
    """How code is written: for which target, for which sizes, on what facts it may rely, and whether it checks shapes."""

    target: Target = NUMPY
    sizes: Mapping[str, int] = field(default_factory=dict)
    facts: Facts | None = None
    check: bool = False


@dataclass(frozen=True)
class Names:
    """Values that code calls by given names.

    `definitions` are variables that are no parameters, each with the node that computes it, in order; `called` are nodes
    whose values have a name, if they are computed.
    """

    definitions: Mapping[Variable, Node] = field(default_factory=dict)
    called: Mapping[Node, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Written:
    """A function as `lines`, and its statements alone as `code`."""

    lines: Sequence[str]
    code: str


@dataclass(frozen=True)
class Function:
    """A function that computes some tensors: its name, its answers by name, its parameters.

    `single`: there is one answer, and the function returns its array, else a dict of arrays by name.  With `value` it
    returns the pair of that value and this.  `what` says what an answer is.
    """

    name: str
    results: Mapping[str, Tensor]
    parameters: Sequence[Parameter]
    single: bool = True
    value: Tensor | None = None
    what: str = "the derivative"
    several: str = "derivatives"
    #: The facts on which this function may rely, if they are not those of its module.
    facts: Facts | None = None
    #: Values that have names of their own.
    names: Names = field(default_factory=lambda: Names())
    #: The keys below which each answer stands in dicts of dicts, if it is not by its name in one dict.
    paths: Sequence[tuple[str, ...]] = ()

    def written(self, manner: Manner) -> Written:
        """The lines of the function."""
        tensors = [*([self.value] if self.value is not None else []), *self.results.values()]
        manner = manner if self.facts is None else replace(manner, facts=self.facts)
        target = manner.target
        preamble = Preamble(self.parameters, target, check=manner.check)
        assembly, answers = assembled(tensors, self.parameters, manner, names=self.names)
        planner = planner_of(self.parameters, manner) if target.in_place else None
        writer = writer_of(answers, self.parameters, preamble, target, assembly.steps.called, planner)
        texts = [writer.result(answer) for answer in answers]
        if target.answer is not None:
            texts = [target.answer(text, len(t.groups)) for text, t in zip(texts, tensors, strict=True)]
        code = [*preamble.lines([writer], texts), *writer.lines]
        if self.paths:
            code += nested(self.paths, texts)
        else:
            code += returned(list(self.results), texts, self.single, self.value is not None)
        return Written(function_text(self.name, self.parameters, self.description, code), "\n".join(code))

    @property
    def description(self) -> str:
        """What the function returns, as a sentence."""
        shapes = [shape_text(grouped_shape(tensor)) for tensor in self.results.values()]
        answer = f"{self.what}, {shapes[0]}" if self.what else shapes[0]
        if not self.single:
            answer = f"a dict of {self.several}: "
            answer += "; ".join(f"{name}, {shape}" for name, shape in zip(self.results, shapes, strict=True))
        return f"Return {'the value and ' if self.value is not None else ''}{answer}."


def assembled(
    tensors: Sequence[Tensor],
    parameters: Sequence[Parameter],
    manner: Manner,
    *,
    repeated: bool = False,
    names: Names | None = None,
) -> tuple[Assembly, list[Step]]:
    """The steps that compute some tensors; if products are `repeated`, an inverse is computed once for all of them."""
    given = {parameter.name: parameter.python_name for parameter in parameters if parameter.kind != "size"}
    names = names or Names()
    nodes = [tensor.node for tensor in tensors]
    assembly = Assembly(nodes, given, manner.sizes, manner.facts, names.definitions, names.called)
    answers = distinct(assembly, [assembly.answer(tensor.node, tensor.groups) for tensor in tensors])
    if not repeated:
        answers = with_solutions(assembly.steps, answers)
    return assembly, oriented(assembly.steps, answers)


def writer_of(
    answers: Sequence[Step],
    parameters: Sequence[Parameter],
    preamble: Preamble,
    target: Target,
    called: Mapping[Step, str] | None = None,
    planner: Planner | None = None,
) -> Writer:
    """The statements that compute some steps; those that are `called` something get that name."""
    taken = taken_names(parameters, preamble, target)
    wanted = {step: python_name(name, target) for step, name in (called or {}).items() if name.isascii()}
    dimension_name = preamble.dimension_names.__getitem__
    return Writer(answers, taken, dimension_name, target, preamble.arrays, called=wanted, planner=planner)


def planner_of(parameters: Sequence[Parameter], manner: Manner) -> Planner:
    """What decides which steps are written over others."""
    shapes = {p.python_name: tuple(d for axis in p.shape for d in axis) for p in parameters if p.kind == "array"}
    return Planner(shapes, lambda dimension: usual(dimension, manner.sizes))


def taken_names(parameters: Sequence[Parameter], preamble: Preamble, target: Target) -> set[str]:
    """The names that a function has before its first statement."""
    return {*(p.python_name for p in parameters), *preamble.dimension_names.values(), *target.reserved}


def distinct(assembly: Assembly, answers: Sequence[Step]) -> list[Step]:
    """The answers, with a copy where two would be one array."""
    seen: set[Step] = set()
    result: list[Step] = []
    for step in answers:
        again = step in seen and step.order > 0
        seen.add(step)
        result.append(assembly.steps.make("copy", (step,), len(result), step.order) if again else step)
    return result


# ---- Text -----------------------------------------------------------------------------------------------------------


def function_text(name: str, parameters: Sequence[Parameter], description: str, body: Sequence[str]) -> list[str]:
    """The lines of a function."""
    arguments = [parameter.python_name for parameter in parameters]
    line = f"def {name}({', '.join(arguments)}):"
    if len(line) > COLUMNS:
        line = "\n".join([f"def {name}(", *(f"    {argument}," for argument in arguments), "):"])
    text = [description]
    if parameters:
        text += ["", *(f"{parameter.python_name}: {meaning(parameter)}" for parameter in parameters)]
    return [line, quoted("\n".join(text), "    "), *("    " + statement if statement else "" for statement in body)]


def grouped_shape(tensor: Tensor) -> Shape:
    """The shape of a tensor with its axes joined."""
    remaining = iter(tensor.node.shape)
    return tuple(tuple(next(remaining) for _ in range(n)) for n in tensor.groups)


def shape_text(shape: Shape) -> str:
    """A shape in words."""
    inner = ", ".join(map(format_axis, shape))
    return f"an array of shape ({inner}{',' if len(shape) == 1 else ''})" if shape else "a float"


def meaning(parameter: Parameter) -> str:
    """What is passed for a parameter, in words."""
    if parameter.kind == "size":
        return "an int, the size of a dimension"
    if parameter.kind == "array":
        return shape_text(parameter.shape) + (f", the value of {parameter.name}" if "/" in parameter.name else "")
    return f"a function that works entry by entry, {parameter.name}"


def returned(names: Sequence[str], texts: Sequence[str], single: bool, with_value: bool) -> list[str]:
    """The return statement."""
    first = f"{texts[0]}, " if with_value else ""
    answers = texts[1:] if with_value else texts
    if single:
        line = f"return {first}{answers[0]}"
        if len(line) <= COLUMNS - 4 or not with_value:
            return [line]
        return ["return (", f"    {texts[0]},", f"    {answers[0]},", ")"]
    entries = [f"    {text_literal(name)}: {text}," for name, text in zip(names, answers, strict=True)]
    return [f"return {first}{{", *entries, "}"]


def nested(paths: Sequence[tuple[str, ...]], texts: Sequence[str]) -> list[str]:
    """The return statement of a dict, whose values are answers or dicts of them; equal first keys stand together."""
    lines = ["return {"]
    for key, group in groupby(zip(paths, texts, strict=True), key=lambda pair: pair[0][0]):
        answers = list(group)
        if len(answers[0][0]) == 1:
            lines.append(f"    {text_literal(key)}: {answers[0][1]},")
        else:
            inner = [f"        {text_literal(path[1])}: {text}," for path, text in answers]
            lines += [f"    {text_literal(key)}: {{", *inner, "    },"]
    return [*lines, "}"]


def text_literal(text: str) -> str:
    """A string literal of printable ASCII characters."""
    return '"' + text.encode("unicode_escape").decode("ascii").replace('"', '\\"') + '"'


def quoted(text: str, indent: str) -> str:
    """A docstring: backslashes, quotes and unprintable characters are escaped, long lines wrapped."""
    safe = text.rstrip().replace("\\", "\\\\")
    safe = re.sub(r'"{2,}|"\Z', lambda quotes: '\\"' * len(quotes[0]), safe)
    safe = "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode("ascii") for c in safe)
    lines = [part for line in safe.split("\n") for part in wrapped(line.rstrip(), COLUMNS - len(indent) - 7)]
    if len(lines) == 1:
        return f'{indent}"""{lines[0]}"""'
    return "\n".join([f'{indent}"""{lines[0]}', *((indent + line).rstrip() for line in lines[1:]), f'{indent}"""'])


def wrapped(line: str, width: int) -> list[str]:
    """A line of text in lines of at most some width, as far as its words are short enough."""
    if len(line) <= width:
        return [line]
    spaces = re.match(" *", line)
    indent = (spaces[0] if spaces else "") + "    "
    return textwrap.wrap(line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
