"""Emitted modules: one self-contained NumPy module with one function `derivative`, or several functions, as text.

    \"\"\"docstring\"\"\"        given by the caller
    import numpy as np      and scipy.special where erf is used
    def _softmax(x): ...    helpers that are used
    def derivative(A, x):   parameters by name, in alphabetical order
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from matcalc.assumptions import Facts
from matcalc.codegen.assembly import Assembly
from matcalc.codegen.helpers import ARRAY, helper_of, needed
from matcalc.codegen.parameters import DimensionSource, Parameter, dimension_sources, python_name
from matcalc.codegen.steps import Step
from matcalc.codegen.writer import Writer
from matcalc.form import Shape, format_axis
from matcalc.tensor import Tensor

__all__ = ["Source", "generate", "generate_functions", "compile_function"]

#: How wide a line of an emitted module may be.
COLUMNS = 100


class Source(str):
    """The text of a module that `generate` has made; nothing else can be compiled."""

    __slots__ = ()


def generate(
    results: Mapping[str, Tensor],
    parameters: Sequence[Parameter],
    *,
    docstring: str,
    single: bool = True,
    value: Tensor | None = None,
    sizes: Mapping[str, int] | None = None,
    facts: Facts | None = None,
) -> Source:
    """The source of a module whose function `derivative` computes some tensors.

    `results` are the tensors by name; `single`: there is one, and the function returns its array, else a dict of
    arrays by name.  With `value` it returns the pair of that value and this.  A tensor whose `groups` join axes is
    returned with its joined axes flattened in row-major order.  `parameters` are those of `parameters_of`; `docstring`
    is that of the module; `sizes` of symbolic dimensions, where they are known, let the order of products be chosen
    for them.  `facts` are what is known of the variables; the code may rely on it.
    """
    tensors = [*([value] if value is not None else []), *results.values()]
    body = Body(tensors, parameters, sizes or {}, facts)
    lines = [*body.lines, *returned(list(results), body.texts, single, value is not None)]
    text = function("derivative", parameters, described(results, single, value is not None), lines)
    return Source("\n".join([quoted(docstring, ""), *head([body], lines), "", "", *text]))


def generate_functions(functions: Mapping[str, Tensor], parameters: Sequence[Parameter], *, docstring: str) -> Source:
    """The source of a module with one function of the same parameters for each of some tensors.

    The keys are the names of the functions; `parameters` are those of all tensors.
    """
    bodies = [Body([tensor], parameters, {}) for tensor in functions.values()]
    lines: list[str] = []
    for (name, tensor), body in zip(functions.items(), bodies, strict=True):
        description = f"Return {shape_text(grouped_shape(tensor))}."
        statements = [*body.lines, *returned([name], body.texts, True, False)]
        lines += ["", "", *function(name, parameters, description, statements)[:-1]]
    return Source("\n".join([quoted(docstring, ""), *head(bodies, lines), *lines, ""]))


class Body:
    """The statements that compute some tensors (`lines`), and the expressions of their values (`texts`)."""

    def __init__(
        self,
        tensors: Sequence[Tensor],
        parameters: Sequence[Parameter],
        sizes: Mapping[str, int],
        facts: Facts | None = None,
    ) -> None:
        names = {parameter.name: parameter.python_name for parameter in parameters if parameter.kind != "size"}
        assembly = Assembly([tensor.node for tensor in tensors], names, sizes, facts)
        answers = distinct(assembly, [assembly.answer(tensor.node, tensor.groups) for tensor in tensors])
        self.preamble = Preamble(parameters)
        taken = {parameter.python_name for parameter in parameters} | set(self.preamble.dimension_names.values())
        self.writer = Writer(answers, taken, self.preamble.dimension_names.__getitem__)
        self.texts = [self.writer.result(answer) for answer in answers]
        self.lines = [*self.preamble.lines(self.writer), *self.writer.lines]


def distinct(assembly: Assembly, answers: Sequence[Step]) -> list[Step]:
    """The answers, with a copy where two would be one array."""
    seen: set[Step] = set()
    result: list[Step] = []
    for step in answers:
        again = step in seen and step.order > 0
        seen.add(step)
        result.append(assembly.steps.make("copy", (step,), len(result), step.order) if again else step)
    return result


def head(bodies: Sequence[Body], lines: Sequence[str]) -> list[str]:
    """The imports and the helpers that some functions use, whose lines these are."""
    operations = {name for body in bodies for name in body.writer.operations}
    sources = [ARRAY] * any(body.preamble.converted for body in bodies) + [helper_of(name) for name in needed(operations)]
    everything = "\n".join([*sources, *lines])
    imports = ["import numpy as np"] if re.search(r"\bnp\.", everything) else []
    imports += ["from scipy import special"] if re.search(r"\bspecial\.", everything) else []
    blocks = [["", *imports]] * bool(imports) + [["", "", *source.rstrip().split("\n")] for source in sources]
    return [line for block in blocks for line in block]


def function(name: str, parameters: Sequence[Parameter], description: str, body: Sequence[str]) -> list[str]:
    """The lines of a function."""
    arguments = [parameter.python_name for parameter in parameters]
    line = f"def {name}({', '.join(arguments)}):"
    if len(line) > COLUMNS:
        line = "\n".join([f"def {name}(", *(f"    {argument}," for argument in arguments), "):"])
    text = [description]
    if parameters:
        text += ["", *(f"{parameter.python_name}: {meaning(parameter)}" for parameter in parameters)]
    return [line, quoted("\n".join(text), "    "), *("    " + statement for statement in body), ""]


def described(results: Mapping[str, Tensor], single: bool, with_value: bool) -> str:
    """What the function returns, as a sentence."""
    shapes = [shape_text(grouped_shape(tensor)) for tensor in results.values()]
    answer = f"the derivative, {shapes[0]}" if single else "a dict of derivatives: "
    if not single:
        answer += "; ".join(f"{name}, {shape}" for name, shape in zip(results, shapes, strict=True))
    return f"Return {'the value and ' if with_value else ''}{answer}."


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


# ---- The first lines of the function --------------------------------------------------------------------------------


class Preamble:
    """What comes before the computation: arrays of the arguments, sizes from their shapes, the type of the result."""

    def __init__(self, parameters: Sequence[Parameter]) -> None:
        self.parameters = [parameter for parameter in parameters if parameter.kind == "array"]
        self.sources = dimension_sources([parameter.shape for parameter in self.parameters])
        self.converted: list[Parameter] = []
        self.dimension_names = {p.name: p.python_name for p in parameters if p.kind == "size"}
        taken = {parameter.python_name for parameter in parameters}
        for dimension in sorted(self.sources):
            name = python_name(dimension)
            while name in taken:
                name += "_"
            taken.add(name)
            self.dimension_names[dimension] = name

    def lines(self, writer: Writer) -> list[str]:
        """The statements that some code needs before it."""
        names = writer.parameters
        used = [p for p in self.parameters if p.python_name in names]
        compound = [p for p in used if any(len(axis) != 1 for axis in p.shape)]
        for axis in (axis for p in compound for axis in p.shape):
            writer.axis(axis)
        order = self.needed(writer.dimensions)
        names = names | {self.parameters[self.sources[d].parameter].python_name for d in order}
        self.converted = [p for p in self.parameters if p.python_name in names]
        lines = [f"{p.python_name} = _array({p.python_name})" for p in self.converted]
        lines += self.size_lines(order, writer)
        lines += [f"{p.python_name} = {p.python_name}.reshape({', '.join(self.flat(p, writer))})" for p in compound]
        if writer.needs_dtype:
            lines.append(f"dtype = np.result_type({', '.join(p.python_name for p in used)})")
        return lines

    def flat(self, parameter: Parameter, writer: Writer) -> list[str]:
        """The dimensions of a parameter, compound axes laid open."""
        return [writer.dimension(d) for axis in parameter.shape for d in axis]

    def needed(self, dimensions: set[str]) -> list[str]:
        """Dimensions that are read from arrays, with those that their computation needs, those before."""
        found = {d for d in dimensions if d in self.sources}
        for d in reversed(self.sources):
            found.update(o for o in self.sources[d].others if d in found and o in self.sources)
        return [d for d in self.sources if d in found]

    def size_lines(self, dimensions: Sequence[str], writer: Writer) -> list[str]:
        """Assignments of dimensions from shapes; all dimensions of one array in one line."""
        lines: list[str] = []
        read: dict[int, dict[int, str]] = {}
        for d in dimensions:
            if not self.sources[d].others:
                read.setdefault(self.sources[d].parameter, {})[self.sources[d].axis] = self.dimension_names[d]
        for position, names in sorted(read.items()):
            array = self.parameters[position].python_name
            if len(names) == len(self.parameters[position].shape) > 1:
                lines.append(f"{', '.join(names[axis] for axis in sorted(names))} = {array}.shape")
            else:
                lines += [f"{names[axis]} = {array}.shape[{axis}]" for axis in sorted(names)]
        return lines + [self.quotient(d, self.sources[d], writer) for d in dimensions if self.sources[d].others]

    def quotient(self, dimension: str, source: DimensionSource, writer: Writer) -> str:
        """The assignment of a dimension that is a part of an axis."""
        array = self.parameters[source.parameter].python_name
        others = writer.axis(source.others)
        return f"{self.dimension_names[dimension]} = {array}.shape[{source.axis}] // ({others})"


def compile_function(source: Source) -> Callable[..., Any]:
    """The function `derivative` of a generated module.

    This is the only place where text is executed.  It takes nothing but what `generate` returned: there, every name has
    passed `python_name`, strings are escaped literals and docstrings, and all else is this package's own text.
    """
    if not isinstance(source, Source):
        raise TypeError("only a module made by `generate` can be compiled")
    namespace: dict[str, Any] = {"__name__": "matcalc_emitted"}
    exec(compile(str(source), "<matcalc>", "exec"), namespace)
    function: Callable[..., Any] = namespace["derivative"]
    return function


