r"""LaTeX: texts escaped to ASCII, formulas between dollar signs, displays as `align*`."""

from __future__ import annotations

import unicodedata
from collections.abc import Set

from matcalc.documents.format import Format
from matcalc.notation.latex import name_latex
from matcalc.notation.latex_display import aligned

__all__ = ["TEX", "latex_text"]

#: Characters of text that have a meaning in LaTeX.
_SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "/": r"/\allowbreak{}",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"$<$", ">": r"$>$", "|": r"$|$", '"': "''",
}  # fmt: skip
#: Characters beyond ASCII that text is likely to have.
_SIGNS = {
    "–": "--", "—": "---", "‘": "`", "’": "'", "“": "``", "”": "''", "…": r"\dots{}", "ß": r"\ss{}", "ø": r"\o{}",
    "Ø": r"\O{}", "ł": r"\l{}", "Ł": r"\L{}", "æ": r"\ae{}", "Æ": r"\AE{}", "œ": r"\oe{}", "å": r"\aa{}", "Å": r"\AA{}",
    "×": r"$\times$", "·": r"$\cdot$", "∂": r"$\partial$", "⊗": r"$\otimes$", "⊙": r"$\odot$", "≤": r"$\le$",
    "≥": r"$\ge$", "≠": r"$\ne$", "→": r"$\to$", "∞": r"$\infty$", "∇": r"$\nabla$", "ᵀ": r"$^\top$", "⁻": r"$^-$",
    "−": r"$-$", "√": r"$\surd$", "Σ": r"$\Sigma$", "§": r"\S{}", "°": r"$^\circ$", "±": r"$\pm$", "\xa0": "~",
    "²": "$^2$", "³": "$^3$", "¹": "$^1$", "½": r"$\frac{1}{2}$", "‖": r"$\|$", "∈": r"$\in$", "∑": r"$\sum$",
}  # fmt: skip
_ACCENTS = {
    "\u0300": "`", "\u0301": "'", "\u0302": "^", "\u0303": "~", "\u0304": "=", "\u0306": "u", "\u0307": ".",
    "\u0308": '"', "\u030b": "H", "\u030c": "v", "\u0327": "c", "\u0328": "k",
}  # fmt: skip
#: What a typewriter face has itself.
_TYPED = {'"': r"\char34{}", "<": "<", ">": ">", "|": "|", "/": r"/\allowbreak{}"}
#: Where a line may end within what is typed.
_BREAKS = frozenset("-_*+,:;)=")
#: What is typed and shorter than this stays on one line.
SHORT = 24


def latex_text(text: str) -> str:
    """A text as LaTeX that prints it, in ASCII."""
    return "".join(_character(character) for character in unicodedata.normalize("NFC", text))


def typed(text: str) -> str:
    """A text as it is typed; within a long one a line may end after a sign of operation."""
    breaks = _BREAKS if len(text) > SHORT else frozenset()
    shown = "".join(_typed(character, breaks) for character in unicodedata.normalize("NFC", text))
    return rf"\texttt{{{shown}}}"


def _typed(character: str, breaks: Set[str]) -> str:
    """The LaTeX of one character in a typewriter face."""
    return _TYPED.get(character) or _character(character) + r"\allowbreak{}" * (character in breaks)


def _character(character: str) -> str:
    """The LaTeX of one character of text."""
    if character in _SPECIAL:
        return _SPECIAL[character]
    if character.isascii():
        return character if character.isprintable() else " "
    if character in _SIGNS:
        return _SIGNS[character]
    if "GREEK" in unicodedata.name(character, ""):
        return f"${name_latex(character, bold=False)}$"
    base, *marks = list(unicodedata.normalize("NFD", character))
    if base.isascii() and len(marks) == 1 and marks[0] in _ACCENTS:
        return rf"\{_ACCENTS[marks[0]]}{{{base}}}"
    return rf"\texttt{{U+{ord(character):04X}}}"


TEX = Format(
    name="tex",
    text=latex_text,
    math=lambda latex: f"${latex}$",
    display=aligned,
    code=typed,
    signs={
        "proved": r"$\checkmark$",
        "proved-at-sizes": r"$\checkmark$",
        "numeric": r"$\approx$",
        "undecided": "?",
        "refuted": r"$\times$",
        "malformed": "!",
    },
)
