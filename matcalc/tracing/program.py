"""From a traced run to a program of the language: declarations, assignments for parts that are used again, and the output.

The forms are those that the parser would make.  The program is the same for all arrays of the same kinds, and its `key`
tells it apart from others, so that a derivative is found once for each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from matcalc.errors import Span
from matcalc.form import Axis, Form, bottom_up, name, number
from matcalc.inference import VariableInfo
from matcalc.inference.dimensions import Names, Solver
from matcalc.interop.untyped import chain
from matcalc.notation.text import to_text
from matcalc.parser import SQUARE, Declaration, Program
from matcalc.tracing.sizes import Axes, Size, dimensions
from matcalc.tracing.trace import Trace

__all__ = ["Ended", "program_of"]

#: A part nested deeper than this becomes a line of its own.
LARGEST_DEPTH = 40


class Ended:
    """A run that has ended in a form: the names of its dimensions, its declarations, and a key of all that it is."""

    def __init__(self, trace: Trace, output: Form) -> None:
        self.trace = trace
        self.output = output
        # Before the first use of a bound name comes its value.
        self.parts = list(bottom_up(output, lambda part: below_of(part, trace.bindings)))
        self.dimensions = named_sizes(trace)
        trace.names.meaning.update(dict.fromkeys(self.dimensions.values()))
        self.declarations = {word: self.declared(word) for word in trace.entries}
        self.key = (tuple(map(str, self.declarations.values())), structure(self.parts, trace.bindings, self.dimensions))

    def declared(self, word: str) -> VariableInfo:
        """What is known of a name."""
        entry = self.trace.entries[word]
        shape = tuple(dimensions(size, self.dimensions) for size in entry.axes if size is not None)
        kind = ("scalar", "column", "matrix")[len(shape)]
        square = len(shape) == 2 and shape[0] == shape[1]
        facts = entry.properties if square else entry.properties - SQUARE
        return VariableInfo(word, kind, shape, facts if shape or not entry.axes else facts & {"positive"}, (), True)

    def sized(self, form: Form) -> Form:
        """The form of a name, a size by the name or the number that it got."""
        return axis_form(dimensions(form.value, self.dimensions)) if isinstance(form.value, Size) else form


def axis_form(axis: Axis) -> Form:
    """The size of an axis as an untyped form."""
    return chain("mul", [number(part) if isinstance(part, int) else name(part) for part in axis])


def below_of(part: Form, bindings: dict[str, Form]) -> tuple[Form, ...]:
    """What a part is made of."""
    bound = bindings.get(part.value) if part.head == "name" and isinstance(part.value, str) else None
    return part.args if bound is None else (bound,)


def structure(parts: list[Form], bindings: dict[str, Form], names: dict[Size, str]) -> tuple[Any, ...]:
    """What a form is, with parts by number: the same for two forms that are equal trees."""
    numbers: dict[int, int] = {}
    found: dict[Any, int] = {}
    for part in parts:
        value = dimensions(part.value, names) if isinstance(part.value, Size) else part.value
        key = (part.head, value, *(numbers[id(below)] for below in below_of(part, bindings)))
        numbers[id(part)] = found.setdefault(key, len(found))
    return tuple(found)


# --- names of sizes -------------------------------------------------------------------------------------------------


def named_sizes(trace: Trace) -> dict[Size, str]:
    """A name for each size: the declared one, else m and n of the first matrix, then n, m, p, q, ... as in the language."""
    roots = list(dict.fromkeys(root for entry in trace.entries.values() for root in roots_of(entry.axes)))
    found = {root: root.name for root in roots if root.name}
    taken = {*trace.names.meaning, *trace.bindings, *found.values()}
    naming = Names(Solver(), taken)
    free = [root for root in roots if root not in found]
    for entry in trace.entries.values():
        pair = [root for root in roots_of(entry.axes) if root in free]
        if len(entry.axes) == 2 and pair:
            if len(set(pair)) == 2:
                found.update(zip(pair, (naming.take("m"), naming.take("n")), strict=True))
            break
    found.update({root: naming.take() for root in free if root not in found})
    return found


def roots_of(axes: Axes) -> Iterator[Size]:
    """The sizes of axes that have names: not those that are products, but their parts."""
    for size in axes:
        if size is not None:
            root = size.root
            yield from roots_of(root.parts) if root.parts else (root,)


# --- the program ----------------------------------------------------------------------------------------------------


def program_of(ended: Ended) -> Program:
    """The program of a run: parts that are used several times or nested deeply stand on lines of their own."""
    bindings = ended.trace.bindings
    uses = Counter(id(below) for part in ended.parts for below in part.args)
    values: dict[int, list[str]] = {}
    for word, bound in bindings.items():
        values.setdefault(id(bound), []).append(word)
    assignments: dict[str, Form] = {}
    made: dict[int, Form] = {}
    depths: dict[int, int] = {}
    for part in ended.parts:
        short = Form(part.head, tuple([made[id(arg)] for arg in part.args]), part.value) if part.args else ended.sized(part)
        depth = 1 + max([depths[id(arg)] for arg in part.args], default=0)
        if part is not ended.output and (depth > LARGEST_DEPTH or (uses[id(part)] > 1 and depth > 2)):
            word = ended.trace.fresh("t")
            assignments[word] = short
            short, depth = name(word), 1
        made[id(part)], depths[id(part)] = short, depth
        assignments.update(dict.fromkeys(values.get(id(part), ()), short))
    output = made[id(ended.output)]
    source = "\n".join([*(f"{word} = {to_text(form)}" for word, form in assignments.items()), to_text(output)])
    declarations = {word: declaration(info) for word, info in ended.declarations.items()}
    return Program(declarations, assignments, output, None, source)


def declaration(info: VariableInfo) -> Declaration:
    """A declaration as the parser would make it."""
    line = str(info)
    axes = tuple(axis[0] if len(axis) == 1 else axis for axis in info.shape)
    kind = "vector" if info.kind == "column" else info.kind
    return Declaration(info.name, kind, axes, info.properties, (), Span(line, 0, len(line)))


