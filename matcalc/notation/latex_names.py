r"""Names in LaTeX, in the style that is asked for: letters, Greek, subscripts, accents, indices, conditions.

    x_1 -> \mathbf{x}_{1}    theta -> \boldsymbol{\theta}    y_hat -> \hat{\mathbf{y}}    loss -> \mathrm{loss}
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from matcalc.errors import UnknownNameError

__all__ = ["Style", "BOLD", "LETTERS", "TRANSPOSES", "name_latex", "whole_name", "split_name", "condition_latex",
           "indices_latex", "is_letter"]  # fmt: skip

#: How vectors and matrices are set, and how a transpose is marked.
LETTERS = ("bold", "plain", "bm")
TRANSPOSES = {"top": r"^\top", "prime": "'", "T": "^{T}"}


@dataclass(frozen=True)
class Style:
    r"""How LaTeX is written.

    `letters`: "bold" (`\mathbf{x}`, `\boldsymbol{\theta}`), "plain" (`x`, `\theta`), "bm" (`\bm{x}`, `\bm{\theta}`, of
    the package bm).  `transpose`: "top" (`^\top`), "prime" (`'`), "T" (`^{T}`).  Raises UnknownNameError for others.
    """

    letters: str = "bold"
    transpose: str = "top"

    def __post_init__(self) -> None:
        for value, known, what in ((self.letters, LETTERS, "style"), (self.transpose, TRANSPOSES, "transpose")):
            if value not in known:
                raise UnknownNameError(f"there is no {what} `{value}`", hint=f"one of {', '.join(known)}")

    @property
    def mark(self) -> str:
        """What stands behind a transposed matrix."""
        return TRANSPOSES[self.transpose]


BOLD = Style()

#: Greek letters by their names, which are the names of their LaTeX commands.
UNICODE = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ϵ": "epsilon", "ζ": "zeta", "η": "eta",
    "θ": "theta", "ι": "iota", "κ": "kappa", "λ": "lambda", "μ": "mu", "ν": "nu", "ξ": "xi", "ο": "omicron", "π": "pi",
    "ρ": "rho", "σ": "sigma", "ς": "sigma", "τ": "tau", "υ": "upsilon", "φ": "phi", "ϕ": "phi", "χ": "chi", "ψ": "psi",
    "ω": "omega",
}  # fmt: skip
GREEK = set(UNICODE.values())
#: Capitals that have a command of their own, and those that look like Latin ones.
CAPITALS = {"Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Upsilon", "Phi", "Psi", "Omega"}
LATIN_CAPITALS = {
    "Alpha": "A", "Beta": "B", "Epsilon": "E", "Zeta": "Z", "Eta": "H", "Iota": "I", "Kappa": "K", "Mu": "M", "Nu": "N",
    "Omicron": "O", "Rho": "P", "Tau": "T", "Chi": "X",
}  # fmt: skip
VARIANTS = {"epsilon": r"\varepsilon", "omicron": "o"}
#: Subscripts that are set as accents.
ACCENTS = ("hat", "bar", "tilde")

#: The number of a layer beside that of another one, `k+1`, which no name of a program can end in.
MOVED = re.compile(r"[a-z]\d*[+-]\d+", re.ASCII)

#: The commands of bold letters: Latin ones and Greek ones.
COMMANDS = {"bold": (r"\mathbf", r"\boldsymbol"), "bm": (r"\bm", r"\bm")}


@lru_cache(maxsize=4096)
def name_latex(name: str, *, bold: bool, style: Style = BOLD) -> str:
    r"""A name: `W_1` and `W1` are W with a subscript, `theta` is `\theta`, `y_hat` has its accent, words are upright."""
    base, subscripts = split_name(name)
    shown = _letter(base, style if bold else None)
    if subscripts and subscripts[0] in ACCENTS:
        shown, subscripts = rf"\{subscripts[0]}{{{shown}}}", subscripts[1:]
    return shown + "_{" + ",".join(_letter(s) for s in subscripts) + "}" if subscripts else shown


def whole_name(name: str, *, bold: bool, style: Style = BOLD) -> str:
    """A name with every character shown, for a name that would look like another one."""
    if bold and style.letters in COMMANDS:
        return rf"{COMMANDS[style.letters][0]}{{{_ascii(name)}}}"
    return name if len(name) == 1 and name.isascii() else rf"\mathrm{{{_ascii(name)}}}"


def split_name(name: str) -> tuple[str, list[str]]:
    """The letter or word that a name begins with, and its subscripts."""
    base, *subscripts = [part for part in name.split("_") if part] or [name]
    digits = re.fullmatch(r"(\D+)(\d+)", base)
    return (digits[1], [digits[2], *subscripts]) if digits else (base, subscripts)


def _letter(word: str, bold: Style | None = None) -> str:
    if MOVED.fullmatch(word):
        return word
    word = UNICODE.get(word, UNICODE.get(word.lower(), word).capitalize() if word.isupper() else word)
    greek = _greek(word)
    commands = COMMANDS.get(bold.letters) if bold is not None else None
    if greek.startswith("\\"):
        return f"{commands[1]}{{{greek}}}" if commands else greek
    plain = _ascii(greek)
    if commands:
        return f"{commands[0]}{{{plain}}}"
    return plain if len(plain) == 1 or plain.isdigit() else rf"\mathrm{{{plain}}}"


def _greek(word: str) -> str:
    """The command of a Greek letter, a Latin letter that looks like it, or the word itself."""
    if word in VARIANTS:
        return VARIANTS[word]
    if word in CAPITALS or word in GREEK:
        return "\\" + word
    return LATIN_CAPITALS.get(word, word)


def _ascii(word: str) -> str:
    return "".join(c if c.isascii() and c.isalnum() else r"\_" if c == "_" else f"u{ord(c):x}" for c in word)


def is_letter(name: str) -> bool:
    """True for a small Greek letter, which is a scalar unless it is declared."""
    base = split_name(name)[0]
    return base in GREEK or base in UNICODE


def indices_latex(indices: Sequence[str | int]) -> str:
    """Indices as they stand in a subscript, parted by commas unless all are letters."""
    shown = [name_latex(i, bold=False) if isinstance(i, str) else str(i) for i in indices]
    return ("" if all(len(s) == 1 and s.isalpha() for s in shown) else ",").join(shown)


def condition_latex(condition: tuple[Any, ...]) -> str:
    """A condition on indices; `and` is a comma."""
    match condition:
        case ("==" | "!=" as relation, i, j):
            sign = "=" if relation == "==" else r"\neq"
            return f"{indices_latex([i])} {sign} {indices_latex([j])}"
        case ("not", inner):
            return rf"\neg ({condition_latex(inner)})"
        case ("or", *parts):
            return r" \text{ or } ".join(condition_latex(part) for part in parts)
    return r",\ ".join(f"({condition_latex(p)})" if p[0] == "or" else condition_latex(p) for p in condition[1:])
