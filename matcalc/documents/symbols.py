r"""What names stand for: declarations as an author writes them, and the table of symbols.

    A: matrix(m, n)    $\mathbf{A} \in \mathbb{R}^{m \times n}$
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence

from matcalc.documents.model import Line, Math, Symbol
from matcalc.documents.notation import Notation
from matcalc.form import Axis, Form, Shape
from matcalc.inference import TypedProgram
from matcalc.inference.environment import VariableInfo

__all__ = ["Symbols", "declared", "sizes", "space"]

#: Properties in words, in the order in which they are said.
PROPERTIES = {
    "symmetric": "symmetric",
    "skew": "skew-symmetric",
    "diagonal": "diagonal",
    "orthogonal": "orthogonal",
    "invertible": "invertible",
    "positive-definite": "positive definite",
    "lower": "lower triangular",
    "upper": "upper triangular",
    "positive": "positive",
}
#: What a declared function is.
FUNCTION: Line = ("a function, applied element by element",)
#: So many meanings of a symbol are named.
MEANINGS = 6
#: What follows from a property, and is not said beside it.
IMPLIED = {"positive-definite": {"symmetric", "invertible"}, "orthogonal": {"invertible"}}


class Symbols:
    """The table of symbols of a document while it grows."""

    def __init__(self, notation: Notation) -> None:
        self.notation = notation
        #: By name and LaTeX, how often each meaning occurs.
        self.found: dict[tuple[str, str], Counter[Line]] = {}

    def add(self, program: TypedProgram) -> None:
        """Add the variables, the sizes and the assigned names of a program."""
        names = {*program.variables, *program.assignments}
        for info in (*program.variables.values(), *program.sized):
            self.meaning(info.name, symbol(info, self.notation, names, program.variables), meaning(info, self.notation))
        self.add_names(program.assignments, names)
        for name in program.dimensions:
            self.meaning(name, self.notation.name(name, bold=False), ("a size",))

    def add_names(self, assignments: Mapping[str, Form], names: Collection[str] = ()) -> None:
        """Add names that stand for forms, where some names are in use."""
        for name, form in assignments.items():
            self.meaning(name, self.notation.name_of(name, form, names), (Math(space(form.shape or ())),))

    def meaning(self, name: str, latex: str, what: Line) -> None:
        """Count one meaning of a symbol."""
        self.found.setdefault((name, latex), Counter())[what] += 1

    def table(self) -> tuple[Symbol, ...]:
        """The rows by name, the most frequent meanings of each."""
        ordered = sorted(self.found.items(), key=lambda item: (item[0][0].casefold(), item[0]))
        return tuple(row(latex, [what for what, _ in counts.most_common()]) for (_, latex), counts in ordered)


def row(latex: str, meanings: Sequence[Line]) -> Symbol:
    """A row of the table."""
    return Symbol(Math(latex), tuple(meanings[:MEANINGS]), max(0, len(meanings) - MEANINGS))


def declared(variables: Mapping[str, VariableInfo], notation: Notation, names: Collection[str] = ()) -> Line:
    """What each variable is, where some names are in use; those of one kind are named together."""
    groups: dict[Line, list[str]] = {}
    for info in variables.values():
        groups.setdefault(meaning(info, notation), []).append(symbol(info, notation, names, variables))
    parts = [together(names, what) for what, names in groups.items()]
    return tuple(part for k, line in enumerate(parts) for part in ((("; ",) if k else ()) + line))


def together(names: Sequence[str], what: Line) -> Line:
    """Names and what they are: the space that they are in, or words."""
    joined = ", ".join(names)
    if what == FUNCTION and len(names) > 1:
        return (Math(joined), " functions, applied element by element")
    first, *rest = what
    if isinstance(first, Math):
        return (Math(rf"{joined} \in {first.latex}"), *rest)
    return (Math(joined), " ", *what)


def symbol(
    info: VariableInfo, notation: Notation, names: Collection[str], variables: Mapping[str, VariableInfo]
) -> str:
    """The name, with the names that it depends on."""
    known = info.kind in ("scalar", "column", "row", "matrix")
    shown = notation.variable(info.name, info.kind, names) if known else notation.name(info.name, bold=False)
    kinds = {name: variables[name].kind if name in variables else "scalar" for name in info.arguments}
    arguments = ", ".join(notation.variable(name, kind, names) for name, kind in kinds.items())
    return f"{shown}({arguments})" if arguments else shown


def meaning(info: VariableInfo, notation: Notation) -> Line:
    """What a variable is: the space that it is in, and its properties."""
    if info.kind == "function":
        return FUNCTION
    words = " and ".join(properties(info))
    return (Math(space(info.shape)), *([f", {words}"] if words else []))


def properties(info: VariableInfo) -> Iterator[str]:
    """The properties in words."""
    implied = {known for word in info.properties for known in IMPLIED.get(word, ())}
    yield from (said for word, said in PROPERTIES.items() if word in info.properties - implied)
    if "simplex" in info.properties:
        yield "each row of sum 1" if info.kind == "matrix" else "of sum 1"


def space(shape: Shape) -> str:
    r"""`\mathbb{R}^{m \times n}`."""
    if not shape:
        return r"\mathbb{R}"
    return rf"\mathbb{{R}}^{{{sizes(shape)}}}"


def sizes(shape: Shape) -> str:
    r"""`m \times n`."""
    return r" \times ".join(map(axis, shape))


def axis(made: Axis) -> str:
    """The size of an axis."""
    numbers = [str(size) for size in made if isinstance(size, int)]
    names = [Notation().name(size, bold=False) for size in made if isinstance(size, str)]
    return " ".join([r" \cdot ".join(numbers), *names]).strip() or "1"
