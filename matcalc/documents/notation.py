"""Formulas of a document: forms as LaTeX in its style, and displays of equations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from matcalc.documents.model import Display
from matcalc.form import Form
from matcalc.notation.latex import BOLD, Style, name_latex, to_latex
from matcalc.notation.latex_display import LINE, Equation, equation_rows, named_latex
from matcalc.notation.latex_rows import to_rows
from matcalc.sides import Sides

__all__ = ["Notation"]

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

    def variable(self, name: str, kind: str | None, names: Iterable[str] = ()) -> str:
        """The name of a variable of some kind, as a formula writes it where some names are in use."""
        return self.formula(Form("name", (), name, kind=kind), names)

    def name_of(self, name: str, form: Form, names: Iterable[str] = ()) -> str:
        """The name of a form."""
        return self.variable(name, form.kind, names) if form.kind is not None else named_latex(name, form, self.style)

    def claim(self, sides: Sides) -> Display:
        """A claim: each side after the first under the first `=`, then what the claim uses."""
        first, *others = sides.forms
        equations = [Equation(None if k else first, side) for k, side in enumerate(others)]
        return self.display(equations, sides.program.assignments, sides.names_in_use)

    def display(
        self, equations: Sequence[Equation], where: Mapping[str, Form] | None = None, names: Iterable[str] = ()
    ) -> Display:
        """Equations under one another, then the names that they use."""
        return Display(tuple(equation_rows(equations, where or {}, self.style, names)))

    def definitions(self, assignments: Mapping[str, Form], names: Iterable[str] = ()) -> Display:
        """Names and what they stand for, under one another."""
        equations = [Equation(Form("name", (), key, kind=form.kind), form) for key, form in assignments.items()]
        return self.display(equations, names=names)

    def alone(self, form: Form, names: Iterable[str] = ()) -> Display:
        """A form that is no equation."""
        first, *others = to_rows(form, self.style, LINE, names)
        return Display((f"&{first}", *(rf"&\quad {row}" for row in others)))
