"""Syntaxes: what an expression, a claim or an assignment may be written in."""

from __future__ import annotations

from matcalc.errors import UnknownNameError
from matcalc.parser.suggestion import nearest

__all__ = ["SYNTAXES", "syntax_of"]

#: The language of matcalc, and LaTeX; declarations are in the language always.
SYNTAXES = ("matcalc", "latex")


def syntax_of(text: str, given: str | None = None) -> str:
    r"""The syntax of a text: the one that is given, else LaTeX if a command such as `\frac` is in it.

    No text of the language has a backslash outside of comments, so a guess is never a choice between two readings.  Raises
    UnknownNameError for a syntax that does not exist.
    """
    if given is None:
        return SYNTAXES[any("\\" in line.partition("#")[0] for line in text.split("\n"))]
    if given not in SYNTAXES:
        near = nearest(str(given), SYNTAXES)
        hint = f"did you mean `{near}`?" if near else f"one of {', '.join(SYNTAXES)}"
        raise UnknownNameError(f"there is no syntax `{given}`", hint=hint)
    return given
