"""LaTeX texts: programs, claims, and names to differentiate by."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from matcalc.errors import UnknownNameError, UnsupportedError
from matcalc.form import Form
from matcalc.parser import Program, nearest

__all__ = ["SYNTAXES", "check_syntax", "latex_claim", "latex_program", "latex_variable"]

#: What an expression, a claim or an assignment may be written in.
SYNTAXES = ("matcalc", "latex")


def check_syntax(syntax: str) -> None:
    """Refuse a syntax that does not exist."""
    if syntax not in SYNTAXES:
        near = nearest(str(syntax), SYNTAXES)
        hint = f"did you mean `{near}`?" if near else f"one of {', '.join(SYNTAXES)}"
        raise UnknownNameError(f"there is no syntax `{syntax}`", hint=hint)


def latex_program(
    source: str,
    declare: Iterable[str] = (),
    *,
    name: str | None = None,
    of: str | None = None,
    wrt: Sequence[str] = (),
) -> Program:
    """The program of LaTeX rows `name = expression`; its output is `of`, else what stands last."""
    raise UnsupportedError("LaTeX is not read yet")


def latex_claim(
    claim: str, declare: Iterable[str] = (), where: Iterable[str] = (), assume: Iterable[str] = ()
) -> tuple[tuple[Form, ...], Program, tuple[tuple[Form, ...], ...]]:
    """The sides of a claim in LaTeX, the program that they stand in, and the sides of each assumption."""
    raise UnsupportedError("LaTeX is not read yet")


def latex_variable(text: str, program: Program) -> str:
    """A name to differentiate by, in LaTeX or in the language, as the language writes it."""
    return text
