"""Formulas of a document: forms as LaTeX in its style, long ones in rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matcalc.documents.model import Display
from matcalc.form import Form
from matcalc.notation.latex import name_latex, to_latex
from matcalc.sides import Sides

__all__ = ["Notation"]


@dataclass(frozen=True)
class Notation:
    """The style in which a document writes its formulas."""

    def formula(self, form: Form) -> str:
        """A form."""
        return to_latex(form)

    def rows(self, form: Form, width: float) -> list[str]:
        """A form in rows of some width, in em."""
        return [to_latex(form)]

    def name(self, name: str, *, bold: bool) -> str:
        """A name."""
        return name_latex(name, bold=bold)

    def name_of(self, name: str, form: Form) -> str:
        """The name of a form."""
        return self.name(name, bold=form.kind not in ("scalar", "tensor"))

    def assignment(self, name: str, form: Form) -> str:
        """`name = form`."""
        return f"{self.name_of(name, form)} = {self.formula(form)}"

    def claim(self, sides: Sides) -> Display:
        """A claim: each side after the first under the first `=`, then what the claim uses."""
        where = [self.assignment(name, form) for name, form in sides.program.assignments.items()]
        return self.equation(sides.forms, where)

    def equation(self, sides: Sequence[Form], where: Sequence[str] = ()) -> Display:
        """Equal forms one under the other, then what they use."""
        first, *others = (self.formula(side) for side in sides)
        rows = [f"{first} &= {others[0]}", *(f"&= {side}" for side in others[1:])]
        return Display((*rows, *(rf"&\text{{where }} {line}" for line in where)))
