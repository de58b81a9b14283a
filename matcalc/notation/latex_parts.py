r"""What all rules of the LaTeX writer share: the style and the names in use, parentheses that fit what they hold.

    (\mathbf{A} + \mathbf{B})    \bigl(\mathbf{A} (\mathbf{B} + \mathbf{C})\bigr)    \left(\frac{\alpha}{2}\right)
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cached_property

from matcalc.form import Form, subforms
from matcalc.notation.latex_names import BOLD, Style, is_letter, name_latex, split_name, whole_name
from matcalc.notation.precedence import Level, Piece

__all__ = ["Writer", "SUM_BREAK", "OPERATOR_BREAK", "PRODUCT_BREAK", "at", "atom", "enclosed", "fraction", "is_bold",
           "is_tall", "names_of"]  # fmt: skip

#: What makes brackets grow, and parentheses that are more than those of a function.
TALL = (r"\frac", r"\sum", r"\begin", r"\left", r"\Bigl")
GROUP = re.compile(r"(?<![A-Za-z}'!])\(")
#: The places where a formula may be broken, before a sign, before an operator and between factors, while one is written
#: that will be.
SUM_BREAK, OPERATOR_BREAK, PRODUCT_BREAK = "\x01", "\x04", "\x02"


def names_of(form: Form) -> set[str]:
    """The names that stand in a form, those of unknown functions too."""
    parts = list(subforms(form))
    found = {part.value for part in parts if part.head == "name"}
    return found | {part.value[0] for part in parts if part.head == "unknown"}


@dataclass(frozen=True)
class Writer:
    """What a rule needs to know besides the form: the style, all names in use, whether breaks are marked."""

    style: Style = BOLD
    names: frozenset[str] = frozenset()
    breaks: bool = False

    @cached_property
    def _shown(self) -> dict[str, list[str]]:
        """The names in use by what they look like without bold letters."""
        found: dict[str, list[str]] = {}
        for name in sorted(self.names):
            found.setdefault(name_latex(name, bold=False), []).append(name)
        return found

    @cached_property
    def bases(self) -> Collection[str]:
        """The letters and words that the names in use begin with."""
        return {split_name(name)[0] for name in self.names}

    def name(self, name: str, *, bold: bool) -> str:
        """A name, in whole where another name would look the same."""
        if len(self._shown.get(name_latex(name, bold=False), ())) > 1:
            return whole_name(name, bold=bold, style=self.style)
        return name_latex(name, bold=bold, style=self.style)

    def is_taken(self, latex: str) -> bool:
        """True if a name in use looks like this text."""
        return latex in self._shown


def is_bold(form: Form) -> bool:
    """True for vectors and matrices; without a kind, by the convention for undeclared names."""
    return form.kind != "scalar" if form.kind is not None else not is_letter(form.value)


# ---- Brackets -------------------------------------------------------------------------------------------------------


def is_tall(texts: Iterable[str]) -> bool:
    """True if brackets must grow around one of the texts."""
    return any(mark in text for text in texts for mark in TALL)


def enclosed(text: str, left: str = "(", right: str = ")", *, called: bool = False) -> str:
    r"""The text in brackets as tall as it needs; `called` after the name of a function, where `\left` would make a gap."""
    if is_tall([text]) or (text.startswith("-") and "|" in left):
        return (r"\!" if called else "") + rf"\left{left}{text}\right{right}"
    if "|" in left and "|" in text:
        size = "Big" if r"\bigl" in text else "big"
        return rf"\{size}l{left}{text}\{size}r{right}"
    if left != "(":
        return left + text + right
    if r"\bigl" in text:
        return rf"\Bigl({text}\Bigr)"
    return rf"\bigl({text}\bigr)" if GROUP.search(text) else f"({text})"


def at(piece: Piece, level: Level) -> str:
    """The text where `level` is asked for; a quotient written as a coefficient goes as a fraction where that will do."""
    if piece.level >= level:
        return piece.text
    if level <= Level.FRACTION and piece.quotient and not piece.text.startswith("-"):
        above, below = piece.quotient
        return fraction(above.text, below.text)
    return enclosed(piece.text)


def atom(text: str) -> Piece:
    """A text that stands anywhere."""
    return Piece(text, Level.ATOM)


def fraction(above: str, below: str) -> str:
    """A fraction."""
    return rf"\frac{{{above}}}{{{below}}}"
