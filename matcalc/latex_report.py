r"""Results as a LaTeX document: every claim under its name, with its verdict, its source and what it assumes.

The document is ASCII and needs amsmath and amssymb.  A claim that is not well formed is shown as it is typed.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from itertools import groupby

from matcalc.errors import MatcalcError
from matcalc.identity import Identity
from matcalc.notation.latex import name_latex
from matcalc.running import Result
from matcalc.sides import Sides, sides_of

__all__ = ["latex_report", "formula", "latex_text"]

_HEAD = r"""\documentclass{article}
\usepackage{amsmath,amssymb}
\allowdisplaybreaks
\begin{document}
"""
_TAIL = r"\end{document}"

#: Characters of text that have a meaning in LaTeX.
_SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"$<$", ">": r"$>$", "|": r"$|$", '"': "''",
}  # fmt: skip
#: Characters beyond ASCII that text is likely to have.
_SIGNS = {
    "–": "--", "—": "---", "‘": "`", "’": "'", "“": "``", "”": "''", "…": r"\dots{}", "ß": r"\ss{}", "ø": r"\o{}",
    "Ø": r"\O{}", "ł": r"\l{}", "Ł": r"\L{}", "æ": r"\ae{}", "Æ": r"\AE{}", "œ": r"\oe{}", "å": r"\aa{}", "Å": r"\AA{}",
    "×": r"$\times$", "·": r"$\cdot$", "∂": r"$\partial$", "⊗": r"$\otimes$", "⊙": r"$\odot$", "≤": r"$\le$",
    "≥": r"$\ge$", "≠": r"$\ne$", "→": r"$\to$", "∞": r"$\infty$", "∇": r"$\nabla$", "ᵀ": r"$^\top$", "⁻": r"$^-$",
    "−": r"$-$", "√": r"$\surd$", "Σ": r"$\Sigma$", "§": r"\S{}", "°": r"$^\circ$", "±": r"$\pm$", "\xa0": "~",
}  # fmt: skip
_ACCENTS = {
    "\u0300": "`", "\u0301": "'", "\u0302": "^", "\u0303": "~", "\u0304": "=", "\u0306": "u", "\u0307": ".",
    "\u0308": '"', "\u030b": "H", "\u030c": "v", "\u0327": "c", "\u0328": "k",
}  # fmt: skip


def latex_report(results: Sequence[Result]) -> str:
    """The document of some results, a section for each file."""
    lines: list[str] = []
    for (_, title), members in groupby(results, key=lambda result: (result.identity.path, result.identity.title)):
        lines += [rf"\section*{{{latex_text(title or 'Claims')}}}", r"\begin{description}"]
        lines += [line for result in members for line in item(result)]
        lines += [r"\end{description}", ""]
    return "\n".join([_HEAD, *lines, _TAIL])


def item(result: Result) -> list[str]:
    """What is said of one identity."""
    identity = result.identity
    verdict = result.verdict.verdict if result.verdict is not None else "not well formed"
    said = [rf"\emph{{{latex_text(verdict)}}}", *([latex_text(identity.source)] if identity.source else [])]
    lines = [rf"\item[{{{latex_text(identity.name)}}}] {'; '.join(said)}", *claim(identity)]
    lines += facts("Declared", identity.declare) + facts("Assumed", identity.assume)
    if identity.layout != "numerator":
        lines.append(f"{latex_text(identity.layout.capitalize())} layout.")
    if identity.structured:
        lines.append("Tied entries move together.")
    note = latex_text(identity.note)
    return lines + [f"Note: {note}{'' if note.endswith('.') else '.'}"] * bool(note)


def facts(heading: str, texts: Sequence[str]) -> list[str]:
    """Some lines of the language under a heading."""
    return [f"{heading}: {', '.join(typed(text) for text in texts)}."] if texts else []


def claim(identity: Identity) -> list[str]:
    """The claim as a display, or as it is typed where it cannot be read."""
    try:
        sides = sides_of(identity)
        rows = formula(sides)
    except MatcalcError:
        return [r"\begin{center}", typed(identity.claim), r"\end{center}"]
    return [r"\begin{align*}", *rows, r"\end{align*}"]


def formula(sides: Sides) -> list[str]:
    r"""The rows of a display: each side after the first under the first `=`, then what the claim uses."""
    first, *others = sides.latex
    rows = [f"{first} &= {others[0]}", *(f"&= {side}" for side in others[1:])]
    rows += [rf"&\text{{where }} {line}" for line in sides.where_latex]
    return [rf"{row} \\" for row in rows[:-1]] + rows[-1:]


def typed(text: str) -> str:
    """A text of the language as it is typed."""
    return rf"\texttt{{{latex_text(' '.join(text.split()))}}}"


def latex_text(text: str) -> str:
    """A text as LaTeX that prints it, in ASCII."""
    return "".join(_character(character) for character in unicodedata.normalize("NFC", text))


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
