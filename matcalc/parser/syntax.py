"""Syntaxes: what an expression, a claim or an assignment may be written in."""

from __future__ import annotations

from matcalc.errors import UnknownNameError
from matcalc.parser.suggestion import nearest

__all__ = ["SYNTAXES", "check_syntax"]

#: The language of matcalc, and LaTeX; declarations are in the language always.
SYNTAXES = ("matcalc", "latex")


def check_syntax(syntax: str) -> None:
    """Raise UnknownNameError for a syntax that does not exist."""
    if syntax not in SYNTAXES:
        near = nearest(str(syntax), SYNTAXES)
        hint = f"did you mean `{near}`?" if near else f"one of {', '.join(SYNTAXES)}"
        raise UnknownNameError(f"there is no syntax `{syntax}`", hint=hint)
