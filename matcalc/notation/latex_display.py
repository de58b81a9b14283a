r"""Equations under one another: rows of an `align*` that fit into a line, with remarks beside them.

    left &= right && remark        left
                                   = a right side that is too long for the rest
                                   + of the line
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from matcalc.form import Form
from matcalc.notation.latex import to_latex
from matcalc.notation.latex_names import BOLD, Style
from matcalc.notation.latex_rows import to_rows
from matcalc.notation.latex_width import width

__all__ = ["LINE", "Equation", "aligned", "equation_rows", "named_latex"]

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
    """`name = left = right` with a remark beside it; without `left` it goes on from the equation before.

    `range`, in LaTeX, says for which indices it holds.
    """

    left: Form | None
    right: Form
    remark: str = ""
    name: str = ""
    range: str = ""


def equation_rows(
    equations: Sequence[Equation], where: Mapping[str, Form], style: Style = BOLD, names: Iterable[str] = ()
) -> list[str]:
    """The rows of equations, then of the names that they use; `names` are those in use around them."""
    return _Rows(style, frozenset(names), equations).rows(where)


def aligned(rows: Sequence[str]) -> str:
    r"""Rows as an `align*`; no row begins with what `\\` would take for its argument."""
    guarded = [re.sub(r"^(?=[\[*])", "{}", row) for row in rows]
    return "\n".join([r"\begin{align*}", " \\\\\n".join(guarded), r"\end{align*}"])


def named_latex(name: str, form: Form, style: Style = BOLD) -> str:
    """The name of a form, in LaTeX."""
    return to_latex(Form("name", (), name, kind=form.kind, shape=form.shape), style)


class _Rows:
    """The rows of one display while they are written: its columns are as wide as all of its equations need."""

    def __init__(self, style: Style, names: frozenset[str], equations: Sequence[Equation]) -> None:
        self.style = style
        self.names = names
        self.equations = equations
        self.lefts = [self.left(equation) for equation in equations]
        self.remarks = max((LETTER * len(e.remark) + EQUALS for e in equations if e.remark), default=0.0)
        line = LINE * SMALL if self.remarks else LINE
        widest = max((width(to_latex(e.right, style, names)) for e in equations), default=0.0)
        #: The widest left side that leaves room for the right sides beside it.
        self.room_left = max(LEFT, line - self.remarks - widest - EQUALS)
        self.column = max((size for left in self.lefts if (size := width(left)) <= self.room_left), default=0.0)
        self.room = max(LEAST, line - self.column - self.remarks - EQUALS)

    def left(self, equation: Equation) -> str:
        """The left side with the name that it gets, empty if there is none."""
        if equation.left is None:
            return ""
        shown = to_latex(equation.left, self.style, self.names)
        return f"{named_latex(equation.name, equation.left, self.style)} = {shown}" if equation.name else shown

    def rows(self, where: Mapping[str, Form]) -> list[str]:
        """All rows."""
        found = [row for equation, left in zip(self.equations, self.lefts, strict=True) for row in self.of(equation, left)]
        start = len(found)
        for key, form in where.items():
            first, *others = to_rows(form, self.style, self.room - LEFT / 2, self.names)
            said = r"\phantom{\text{where }}" if found[start:] else r"\text{where }"
            found.append(rf"&{said} {named_latex(key, form, self.style)} = {first}")
            found += [rf"&\qquad {row}" for row in others]
        return found

    def of(self, equation: Equation, left: str) -> list[str]:
        """The rows of an equation; a left side that leaves no room stands above."""
        found = []
        if left and width(left) > self.room_left:
            found, left = self.above(equation), ""
        beside = width(equation.range) + EQUALS if equation.range else 0.0
        first, *others = to_rows(equation.right, self.style, max(LEAST, self.room - beside), self.names)
        rows = [*found, f"{left} &= {first}".lstrip(), *(rf"&\qquad {row}" for row in others)]
        if equation.range:
            rows[-1] += rf", \quad {equation.range}"
        if equation.remark:
            rows[-1] += rf" && \text{{{equation.remark}}}"
        return rows

    def above(self, equation: Equation) -> list[str]:
        """A long left side in rows of its own."""
        assert equation.left is not None
        name = f"{named_latex(equation.name, equation.left, self.style)} = " if equation.name else ""
        first, *others = to_rows(equation.left, self.style, LINE - self.column, self.names)
        return [f"&{name}{first}", *(rf"&\quad {row}" for row in others)]
