r"""Formulas of a document: forms as LaTeX in its style, equations as rows of an `align*` that fit into its lines.

    left &= right            left
                             = a right side that is too long for the rest
                               + of the line
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from matcalc.documents.model import Display
from matcalc.form import Form
from matcalc.notation.latex import BOLD, Style, name_latex, to_latex
from matcalc.notation.latex_rows import to_rows
from matcalc.notation.latex_width import width
from matcalc.sides import Sides

__all__ = ["Equation", "Notation"]

#: The width of a line in em, and that of a left side beside which there is always room.
LINE, LEFT = 38.0, 13.0
#: What an equals sign and a letter of a remark take.
EQUALS, LETTER = 2.0, 0.42
#: Derivations, which have remarks, stand in a smaller type.
SMALL = 1.25
#: No right side gets less, whatever stands beside it.
LEAST = 12.0


@dataclass(frozen=True)
class Equation:
    """`name = left = right` with a remark beside it; without `left` it goes on from the equation before."""

    left: Form | None
    right: Form
    remark: str = ""
    name: str = ""


@dataclass(frozen=True)
class Notation:
    """The style in which a document writes its formulas."""

    style: Style = BOLD

    def formula(self, form: Form, names: Iterable[str] = ()) -> str:
        """A form, where some names are in use."""
        return to_latex(form, self.style, names)

    def name(self, name: str, *, bold: bool) -> str:
        """A name."""
        return name_latex(name, bold=bold, style=self.style)

    def name_of(self, name: str, form: Form) -> str:
        """The name of a form."""
        return self.formula(Form("name", (), name, kind=form.kind, shape=form.shape))

    def claim(self, sides: Sides) -> Display:
        """A claim: each side after the first under the first `=`, then what the claim uses."""
        first, *others = sides.forms
        equations = [Equation(None if k else first, side) for k, side in enumerate(others)]
        return self.display(equations, sides.program.assignments, sides.names_in_use)

    def display(
        self, equations: Sequence[Equation], where: Mapping[str, Form] | None = None, names: Iterable[str] = ()
    ) -> Display:
        """Equations under one another, then the names that they use."""
        return Display(tuple(_Rows(self, frozenset(names), equations).rows(where or {})))

    def definitions(self, assignments: Mapping[str, Form], names: Iterable[str] = ()) -> Display:
        """Names and what they stand for, under one another."""
        equations = [Equation(Form("name", (), key, kind=form.kind), form) for key, form in assignments.items()]
        return self.display(equations, names=names)

    def alone(self, form: Form, names: Iterable[str] = ()) -> Display:
        """A form that is no equation."""
        first, *others = to_rows(form, self.style, LINE, names)
        return Display((f"&{first}", *(rf"&\quad {row}" for row in others)))


class _Rows:
    """The rows of one display while they are written: its columns are as wide as all of its equations need."""

    def __init__(self, notation: Notation, names: frozenset[str], equations: Sequence[Equation]) -> None:
        self.notation = notation
        self.names = names
        self.equations = equations
        self.lefts = [self.left(equation) for equation in equations]
        self.remarks = max((LETTER * len(e.remark) + EQUALS for e in equations if e.remark), default=0.0)
        line = LINE * SMALL if self.remarks else LINE
        widest = max((width(notation.formula(e.right, names)) for e in equations), default=0.0)
        #: The widest left side that leaves room for the right sides beside it.
        self.room_left = max(LEFT, line - self.remarks - widest - EQUALS)
        self.column = max((size for left in self.lefts if (size := width(left)) <= self.room_left), default=0.0)
        self.room = max(LEAST, line - self.column - self.remarks - EQUALS)

    def left(self, equation: Equation) -> str:
        """The left side with the name that it gets, empty if there is none."""
        if equation.left is None:
            return ""
        shown = self.notation.formula(equation.left, self.names)
        return f"{self.notation.name_of(equation.name, equation.left)} = {shown}" if equation.name else shown

    def rows(self, where: Mapping[str, Form]) -> list[str]:
        """All rows."""
        found = [row for equation, left in zip(self.equations, self.lefts, strict=True) for row in self.of(equation, left)]
        start = len(found)
        for key, form in where.items():
            first, *others = to_rows(form, self.notation.style, self.room - LEFT / 2, self.names)
            said = r"\phantom{\text{where }}" if found[start:] else r"\text{where }"
            found.append(rf"&{said} {self.notation.name_of(key, form)} = {first}")
            found += [rf"&\qquad {row}" for row in others]
        return found

    def of(self, equation: Equation, left: str) -> list[str]:
        """The rows of an equation; a left side that leaves no room stands above."""
        found = []
        if left and width(left) > self.room_left:
            found, left = self.above(equation), ""
        first, *others = to_rows(equation.right, self.notation.style, self.room, self.names)
        rows = [*found, f"{left} &= {first}".lstrip(), *(rf"&\qquad {row}" for row in others)]
        if equation.remark:
            rows[-1] += rf" && \text{{{equation.remark}}}"
        return rows

    def above(self, equation: Equation) -> list[str]:
        """A long left side in rows of its own."""
        assert equation.left is not None
        name = f"{self.notation.name_of(equation.name, equation.left)} = " if equation.name else ""
        first, *others = to_rows(equation.left, self.notation.style, LINE - self.column, self.names)
        return [f"&{name}{first}", *(rf"&\quad {row}" for row in others)]
