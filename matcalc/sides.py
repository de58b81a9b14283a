"""The sides of a claim: typed, with their shapes, as LaTeX, and as a module with a function for each."""

from __future__ import annotations

from dataclasses import dataclass

from matcalc.claim import Claim, read_claim
from matcalc.codegen import Source, generate_functions, parameters_of
from matcalc.form import Form, format_axis
from matcalc.identity import Identity
from matcalc.inference import TypedProgram
from matcalc.lowering import lower
from matcalc.notation.latex import BOLD, Style, to_latex

__all__ = ["Sides", "sides_of"]


@dataclass(frozen=True)
class Sides:
    """The sides of an identity in the order of the claim, typed in one program."""

    identity: Identity
    claim: Claim

    @property
    def program(self) -> TypedProgram:
        """The typed program of the claim."""
        return self.claim.program

    @property
    def forms(self) -> tuple[Form, ...]:
        """The typed forms."""
        return self.claim.sides

    @property
    def names(self) -> tuple[str, ...]:
        """What the sides are called: `left` and `right`, in a chain `side1`, `side2`, ..."""
        if len(self.forms) == 2:
            return ("left", "right")
        return tuple(f"side{number}" for number in range(1, len(self.forms) + 1))

    @property
    def shapes(self) -> tuple[str, ...]:
        """The kind and the shape of each side in words: `row (n)`, `matrix (m, n)`, `scalar`."""
        return tuple(_shape(form) for form in self.forms)

    @property
    def latex(self) -> tuple[str, ...]:
        """The LaTeX of each side."""
        return self.latex_in(BOLD)

    @property
    def where_latex(self) -> tuple[str, ...]:
        """The LaTeX of each assignment that the claim uses."""
        return self.where_latex_in(BOLD)

    def latex_in(self, style: Style) -> tuple[str, ...]:
        """The LaTeX of each side in a style."""
        return tuple(to_latex(form, style, self.names_in_use) for form in self.forms)

    def where_latex_in(self, style: Style) -> tuple[str, ...]:
        """The LaTeX of each assignment that the claim uses, in a style."""
        pairs = [(Form("name", (), key, kind=form.kind), form) for key, form in self.program.assignments.items()]
        names = self.names_in_use
        return tuple(f"{to_latex(name, style, names)} = {to_latex(form, style, names)}" for name, form in pairs)

    @property
    def names_in_use(self) -> frozenset[str]:
        """The names of the variables and of the assignments, by which the LaTeX of a side may have to be longer."""
        return frozenset((*self.program.variables, *self.program.assignments))

    def numpy(self) -> Source:
        """The source of a module with one function for each side, called as in `names`.

        The parameters of each are all free variables of the claim in alphabetical order; arrays, what they return and
        unknown functions are as in section 8 of the language.
        """
        environment = lower(self.program, self.program.layout)
        # Nothing is simplified: equal sides would become the same code, which nobody could compare.
        tensors = {name: environment.lower(form) for name, form in zip(self.names, self.forms, strict=True)}
        parameters = parameters_of([tensor.node for tensor in tensors.values()], self.program.variables)
        return generate_functions(tensors, parameters, docstring=self._docstring())

    def _docstring(self) -> str:
        identity = self.identity
        heading = "Both sides of" if len(self.forms) == 2 else "The sides of"
        lines = [heading, "", f"    {' '.join(identity.claim.split())}", *(f"    where {line}" for line in identity.where)]
        return "\n".join([*lines, "", f"in {identity.layout} layout, with {'; '.join(self.program.declarations())}"])


def sides_of(identity: Identity) -> Sides:
    """The typed sides; raises MatcalcError where the claim is not well formed."""
    i = identity
    claim = read_claim(i.claim, i.declare, i.layout, i.where, i.assume, structured=i.structured, syntax=i.syntax)
    return Sides(i, claim)


def _shape(form: Form) -> str:
    """`row (n)`, or `scalar`."""
    inner = ", ".join(map(format_axis, form.shape or ()))
    return f"{form.kind} ({inner})" if inner else str(form.kind)
