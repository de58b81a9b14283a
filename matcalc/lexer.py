"""Lexing: text to tokens, each with its place in the text as it was typed.

ASCII and Unicode spell the same tokens.  `θ` is the name `theta`, `x₁` is `x1`, `xᵢ` is `x_i`, `⊙` is `.*`, `A⁻¹` holds
the superscript `-1`.  Compatibility characters (bold or italic letters, full-width brackets, odd spaces) are read as
what they stand for, one character for one, so that every place is a place in the original text.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from matcalc.errors import ParseError, Span

__all__ = ["Token", "lex", "spell", "GREEK", "KEYWORDS", "MAX_DIGITS", "MAX_LENGTH"]

#: The longest text that is read, in characters.
MAX_LENGTH = 1_000_000
#: The most digits that a number may have when it is written out (Python converts no more than 4300 at once).
MAX_DIGITS = 4000

KEYWORDS = frozenset({"if", "else", "and", "or", "not"})

_SMALL = (
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu",
    "nu", "xi", "omicron", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega",
)  # fmt: skip
_SMALL_LETTERS = "αβγδεζηθικλμνξοπρστυφχψω"
#: Greek letters and the names that they stand for.
GREEK: dict[str, str] = {
    **dict(zip(_SMALL_LETTERS, _SMALL, strict=True)),
    **{letter.upper(): word.capitalize() for letter, word in zip(_SMALL_LETTERS, _SMALL, strict=True)},
    "ς": "sigma",
    "∆": "Delta",
}

_SUBSCRIPTS = {
    **{chr(0x2080 + digit): str(digit) for digit in range(10)},
    **{letter: f"_{plain}" for letter, plain in zip("ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", "aehijklmnoprstuvx", strict=True)},
}
_SUPERSCRIPTS = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ᵀ⊤⊺", "0123456789+-TTT", strict=True))
_SPELLING = str.maketrans(GREEK | _SUBSCRIPTS)
_RAISED = str.maketrans(_SUPERSCRIPTS)

#: Other spellings of the operators.
_OPERATORS = {
    "**": "^",
    ".'": "'",
    ".T": "'",
    "…": "..",
    "⊙": ".*",
    "∘": ".*",
    "⊘": "./",
    "−": "-",
    "–": "-",
    "‐": "-",
    "·": "*",
    "⋅": "*",
    "×": "*",
    "∗": "*",
    "•": "*",
    "÷": "/",
    "∕": "/",
    "⁄": "/",
    "′": "'",
    "\N{RIGHT SINGLE QUOTATION MARK}": "'",
    "≠": "!=",
    "∧": "and",
    "∨": "or",
    "¬": "not",
}
_PRIMES = {"″": 2, "‴": 3, "⁗": 4}
#: Characters that have a meaning of their own here.
_KEPT = frozenset({*GREEK, *_SUBSCRIPTS, *_SUPERSCRIPTS, *_PRIMES, *_OPERATORS})

#: What a compatibility character may be to be read as the plain one: of another font or width, not raised or circled.
_PLAIN_FORMS = frozenset({"", "<font", "<wide", "<narrow", "<noBreak", "<compat"})

_LETTER = "A-Za-z_" + "".join(GREEK)
_TOKEN = re.compile(
    rf"""
      (?P<space>[ \t\r\f\v]+|\#[^\n]*)
    | (?P<newline>\n)
    | (?P<number>(?:[0-9]+(?:\.[0-9]+|\.(?![0-9{_LETTER}*/^'.])|\.(?=[eE][-+0-9]))?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
    | (?P<name>[{_LETTER}][0-9{_LETTER}{"".join(_SUBSCRIPTS)}]*|∑)
    | (?P<superscript>[⁺⁻]?(?:[⁰¹²³⁴⁵⁶⁷⁸⁹]+|[ᵀ⊤⊺]))
    | (?P<primes>[{"".join(_PRIMES)}])
    | (?P<operator>\*\*|\.[*/^'.]|\.T(?![0-9{_LETTER}])|[=!]=|[-+*@/^'()\[\],:;=∂√⊗]|
        [{"".join(c for c in _OPERATORS if len(c) == 1)}])
    """,
    re.VERBOSE,
)

_HINTS = {
    "{": "use ( ) to group and [i,j: ...] for entries; LaTeX is not read",
    "}": "use ( ) to group and [i,j: ...] for entries; LaTeX is not read",
    "\\": "write inv(A)*b for A\\b; LaTeX is not read",
    "|": "write abs(x), norm2(x) or det(A)",
    "‖": "write norm2(x)",
    "%": "comments start with #",
    "!": "write i!=j for indices that differ",
    "~": "write i!=j for indices that differ",
    "&": "write `and`",
    "<": "conditions compare indices with == and !=; step(x), maximum(a, b) and minimum(a, b) compare values",
    ">": "conditions compare indices with == and !=; step(x), maximum(a, b) and minimum(a, b) compare values",
    "∇": "write grad(E, X) or hessian(E, X)",
    "†": "write ' for the transpose",
    "ᴴ": "write ' for the transpose",
    ".": "element-wise operators are .* ./ .^ and the transpose is A.T or A'",
    '"': "the transpose is one single quote: A'",
    "`": "the transpose is one single quote: A'",
    "½": "write 1/2",
    "²": "a superscript follows what it is a power of",
}
_MARKS = {"\u0302": "hat", "\u0303": "tilde", "\u0304": "bar", "\u0307": "dot", "\u20d7": "vec"}


class Token(NamedTuple):
    """A token: an operator, bracket or keyword is its own `kind`; `text` is spelled in ASCII."""

    kind: str
    text: str
    start: int
    end: int


def spell(text: str) -> str:
    """A name as the language spells it: Greek letters in words, subscripts on the line."""
    return text if text.isascii() else _fold(text).translate(_SPELLING)


@lru_cache(maxsize=4096)
def _fold_character(character: str) -> str:
    """The one character that a compatibility character stands for, or itself."""
    form, _, rest = unicodedata.decomposition(character).rpartition("> ")
    if character in _KEPT or form not in _PLAIN_FORMS or " " in rest:
        return character
    plain = unicodedata.normalize("NFKC", character)
    return plain if len(plain) == 1 else character


def _fold(text: str) -> str:
    """The text with compatibility characters replaced; of the same length."""
    return text if text.isascii() else "".join(c if c < "\x80" else _fold_character(c) for c in text)


def lex(source: str, name: str | None = None, *, lines: bool = False) -> list[Token]:
    """The tokens of `source`, ending with one of kind "end".

    With `lines`, a line break outside of brackets is a token of kind "newline"; else it is a space.
    """
    if len(source) > MAX_LENGTH:
        raise ParseError(f"the text has {len(source):,} characters; at most {MAX_LENGTH:,} are read")
    text = _fold(source)
    tokens: list[Token] = []
    add, match = tokens.append, _TOKEN.match
    at = 1 if text.startswith("\ufeff") else 0
    depth, size = 0, len(text)
    while at < size:
        found = match(text, at)
        if found is None:
            raise _bad_character(source, at, name)
        kind, end = found.lastgroup, found.end()
        word = text[at:end]
        if kind == "name":
            word = "sum" if word == "∑" else word if word.isascii() else word.translate(_SPELLING)
            add(Token(word if word in KEYWORDS else "name", word, at, end))
        elif kind == "operator":
            word = _OPERATORS.get(word, word)
            depth = depth + 1 if word in "([" else max(0, depth - 1) if word in ")]" else depth
            add(Token(word, word, at, end))
        elif kind == "number":
            add(Token("number", _bounded(word, source, at, name), at, end))
        elif kind == "superscript":
            add(Token("superscript", _bounded(word.translate(_RAISED), source, at, name), at, end))
        elif kind == "primes":
            tokens.extend([Token("'", "'", at, end)] * _PRIMES[word])
        elif kind == "newline" and lines and not depth:
            add(Token("newline", "\n", at, end))
        at = end
    add(Token("end", "", size, size))
    return tokens


def _bounded(literal: str, source: str, at: int, name: str | None) -> str:
    """The literal, if it has few enough digits when written out."""
    mantissa, _, exponent = literal.lower().partition("e")
    size = len(exponent) if len(exponent) > 9 else abs(int(exponent or 0))
    if len(exponent) > 9 or len(mantissa) + size > MAX_DIGITS:
        place = Span(source, at, len(literal), name)
        raise ParseError(f"a number of more than {MAX_DIGITS:,} digits", place, hint="write it as a power, 10^5000")
    return literal


def _bad_character(source: str, at: int, name: str | None) -> ParseError:
    """The error that a character makes which starts no token."""
    character = source[at]
    title = unicodedata.name(character, "a control character" if ord(character) < 32 else "no name")
    shown = f"`{character}`, " if character.isprintable() and not unicodedata.combining(character) else ""
    hint = _HINTS.get(character)
    if character == "\0":
        title = "NUL"
    elif unicodedata.combining(character):
        hint = f"write the accent as a word: x{_MARKS.get(character, 'hat')}"
    elif unicodedata.decomposition(character).startswith("<super>"):
        hint = hint or "only numbers and T are read as superscripts: write x^n"
    elif character.isalpha() and hint is None:
        hint = "names are made of Latin and Greek letters, digits and _"
    message = f"a character that has no meaning here: {shown}U+{ord(character):04X} {title}"
    return ParseError(message, Span(source, at, 1, name), hint=hint)
