r"""LaTeX text to tokens, each with its place in the text.

What only moves or numbers a formula is no token: spaces, comments, `\,`, `\label{..}`, alignment marks `&`.  Fences carry
which side they are on where `\left`, `\bigl`, `\lvert` say so.  A row break before `=`, `+` or another operator is no
token either: the row goes on.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from matcalc.errors import ParseError, Span
from matcalc.latex_reader.symbols import (
    CASES,
    CLOSING,
    KNOWN,
    LETTERS,
    OPENING,
    OPERATORS,
    RELATIONS,
    SIZES,
    SPACES,
    TEXTS,
    UNREAD,
    WITH_ARGUMENT,
)  # fmt: skip
from matcalc.lexer import GREEK, MAX_DIGITS, MAX_LENGTH
from matcalc.parser import nearest

__all__ = ["Token", "lex", "unknown_command"]

_TOKEN = re.compile(
    r"""
      (?P<space>(?:\s|%[^\n]*(?:\n|\Z)|~)+)
    | (?P<row>\\\\(?:\*)?(?:\s*\[\s*-?[0-9.]+\s*[a-z]{2}\s*\])?|\\newline\b|\\cr\b)
    | (?P<command>\\(?:[A-Za-z]+\*?|[^A-Za-z]))
    | (?P<number>[0-9]+(?:\.[0-9]+)?|\.[0-9]+)
    | (?P<letter>[A-Za-z])
    | (?P<define>:=)
    | (?P<mark>\$\$?|[{}()\[\]|^_'&+\-*/=<>,.;:!])
    """,
    re.VERBOSE,
)
#: Characters that are read as others.
_PLAIN = {"−": "-", "–": "-", "·": "\\cdot", "⋅": "\\cdot", "×": "\\times", "⊙": "\\odot", "∘": "\\circ", "⊗": "\\otimes",
          "∂": "\\partial", "∇": "\\nabla", "∑": "\\sum", "⊤": "\\top", "′": "'", "’": "'", "‖": "\\|", "≠": "\\neq",
          "≈": "\\approx", "≤": "\\le", "≥": "\\ge"}  # fmt: skip
#: What a row goes on with.
_GOES_ON = frozenset({"+", "-", *OPERATORS, *RELATIONS})
_BRACES = re.compile(r"\\.|[{}]", re.DOTALL)
_ENVIRONMENT = re.compile(r"\s*\{\s*([A-Za-z]+\*?)\s*\}")


class Token(NamedTuple):
    """A token.

    `kind` is "letter", "number", "command", "open", "close", "bar", "text", "begin", "finish", "row" (in `cases` "case"),
    "gap" for a wide space, "math" for what parts formulas from text, "relation", "underscore", "end", or the mark itself.
    """

    kind: str
    text: str
    start: int
    end: int


class _Lexer:
    """One text and what was found in it."""

    def __init__(self, source: str, name: str | None) -> None:
        self.source = source
        self.name = name
        self.tokens: list[Token] = []
        #: The side that a size command says the next fence is on, and where the command begins.
        self.side: tuple[str, int] | None = None
        self.environments: list[str] = []
        #: The alignment marks of the row.
        self.marks = 0

    def fail(self, message: str, start: int, end: int, hint: str | None = None) -> ParseError:
        return ParseError(message, Span(self.source, start, max(1, end - start), self.name), hint=hint)

    def add(self, kind: str, text: str, start: int, end: int) -> None:
        self.tokens.append(Token(kind, text, start, end))

    def run(self) -> list[Token]:
        """The tokens, the last one of kind "end"."""
        at, size = 0, len(self.source)
        while at < size:
            at = self.one(at)
        if self.side is not None:
            raise self.fail("a fence is missing after its size", self.side[1], size, "write \\left( ... \\right)")
        self.add("end", "", size, size)
        return self.tokens

    def one(self, at: int) -> int:
        """Read what stands at a place; where the next thing begins."""
        found = _TOKEN.match(self.source, at)
        if found is None:
            return self.other(at)
        kind, text, end = found.lastgroup, found[0], found.end()
        if kind == "space":
            return end
        if self.side is not None and (kind not in ("mark", "command") or text in SPACES):
            raise self.fail("a fence is missing after its size", self.side[1], end, "write \\left( ... \\right)")
        if kind == "command":
            return self.command(text, at, end)
        if kind == "mark":
            self.mark(text, at, end)
        elif kind == "row":
            self.row(at, end)
        elif kind == "number":
            if len(text) > MAX_DIGITS:
                raise self.fail(f"a number of more than {MAX_DIGITS:,} digits", at, end)
            self.add("number", text, at, end)
        else:
            self.add("letter" if kind == "letter" else "=", text, at, end)
        return end

    def other(self, at: int) -> int:
        """A character beyond ASCII."""
        character = self.source[at]
        if character in GREEK:
            self.add("letter", GREEK[character], at, at + 1)
        elif character in _PLAIN:
            text = _PLAIN[character]
            self.mark(text, at, at + 1) if text[0] != "\\" else self.command(text, at, at + 1)
        elif character.isspace() or character in "\ufeff\u200b":
            return at + 1
        else:
            title = unicodedata.name(character, "a control character")
            shown = f"`{character}`, " if character.isprintable() and not unicodedata.combining(character) else ""
            message = f"a character that has no meaning here: {shown}U+{ord(character):04X} {title}"
            raise self.fail(message, at, at + 1, "write its command in LaTeX")
        return at + 1

    # --- marks ------------------------------------------------------------------------------------------------------

    def mark(self, text: str, at: int, end: int) -> None:
        if text in OPENING or text in CLOSING or text in ("|", "\\|"):
            self.fence(text, at, end)
        elif self.side is not None:
            if text != ".":
                raise self.fail(f"`{text}` is no fence", at, end, "write \\left( ... \\right)")
            raise self.fail("an invisible fence has no meaning here", self.side[1], end, "write both fences")
        elif text == "&":
            self.align(at, end)
        elif text in ("$", "$$"):
            self.add("math", text, at, end)
        elif text in ("<", ">"):
            self.add("relation", text, at, end)
        else:
            self.add(text, text, at, end)

    def fence(self, text: str, at: int, end: int) -> None:
        """A fence, on the side that it says itself, or that its size says."""
        side, start = self.side or ("", at)
        self.side = None
        own = "open" if text in OPENING else "close" if text in CLOSING else ""
        plain = OPENING.get(text) or CLOSING.get(text) or text
        if side and own and side != own:
            raise self.fail(f"`{self.source[start:end]}` turns a fence around", start, end, "write \\left( ... \\right)")
        self.add(own or side or "bar", plain, start, end)

    def align(self, at: int, end: int) -> None:
        """An alignment mark, which parts columns only in `cases`."""
        if self.in_cases():
            self.add("&", "&", at, end)
            return
        self.marks += 1
        before = self.tokens[-1].text if self.tokens else "="
        after = _TOKEN.match(self.source, self.after_space(end))
        word = after[0] if after else ""
        if self.marks > 1 and not {before, word} & (_GOES_ON | {"&", ""}) and word not in TEXTS and word[:2] != "\\\\":
            raise self.fail("several equations stand in one row", at, end, "read them one by one")

    def in_cases(self) -> bool:
        """Whether rows are those of a case distinction."""
        return bool(self.environments) and self.environments[-1] in CASES

    def after_space(self, at: int) -> int:
        found = _TOKEN.match(self.source, at)
        return found.end() if found is not None and found.lastgroup == "space" else at

    def row(self, at: int, end: int) -> None:
        """The end of a row."""
        self.marks = 0
        self.add("case" if self.in_cases() else "row", "\\\\", at, end)

    # --- commands ---------------------------------------------------------------------------------------------------

    def command(self, text: str, at: int, end: int) -> int:
        if len(text) > 2 and text.endswith("*") and text not in ("\\operatorname*", "\\hspace*"):
            text, end = text[:-1], end - 1
        if text in SIZES:
            if self.side is not None:
                raise self.fail("two sizes stand before one fence", at, end)
            self.side = (SIZES[text], at)
        elif text in OPENING or text in CLOSING or text == "\\|":
            self.fence(text, at, end)
        elif text in ("\\vert", "\\Vert"):
            self.fence("|" if text == "\\vert" else "\\|", at, end)
        elif self.side is not None:
            raise self.fail(f"`{text}` is no fence", at, end, "write \\left( ... \\right)")
        elif text in LETTERS:
            self.add("letter", LETTERS[text], at, end)
        elif text in WITH_ARGUMENT:
            return self.argument(text, at, end)[1]
        elif text in TEXTS:
            inner, after = self.argument(text, at, end)
            self.add("text", inner, at, after)
            return after
        elif text in ("\\begin", "\\end"):
            return self.environment(text, at, end)
        elif text in ("\\[", "\\]", "\\(", "\\)"):
            self.add("math", text, at, end)
        elif text == "\\prime":
            self.add("'", "'", at, end)
        elif text == "\\_":
            self.add("underscore", "_", at, end)
        elif text in ("\\quad", "\\qquad"):
            self.add("gap", text, at, end)
        elif text in ("\\lt", "\\gt"):
            self.add("relation", text, at, end)
        elif text not in SPACES:
            self.add("relation" if RELATIONS.get(text) == "relation" else "command", text, at, end)
        return end

    def argument(self, text: str, at: int, end: int) -> tuple[str, int]:
        """The text in the braces that follow, and where they end."""
        start = self.after_space(end)
        if not self.source.startswith("{", start):
            raise self.fail(f"`{text}` needs an argument in braces", at, end, f"write {text}{{...}}")
        depth = 0
        for found in _BRACES.finditer(self.source, start):
            depth += {"{": 1, "}": -1}.get(found[0], 0)
            if depth == 0:
                return self.source[start + 1 : found.start()], found.end()
        raise self.fail("`{` is not closed", start, start + 1, "add the missing `}`")

    def environment(self, text: str, at: int, end: int) -> int:
        found = _ENVIRONMENT.match(self.source, end)
        if found is None:
            raise self.fail(f"`{text}` needs the name of an environment", at, end, f"write {text}{{cases}}")
        name = found[1]
        if text == "\\begin":
            self.environments.append(name)
            self.add("begin", name, at, found.end())
        else:
            if not self.environments:
                raise self.fail(f"\\end{{{name}}} ends nothing", at, found.end(), f"write \\begin{{{name}}} before it")
            if self.environments[-1] != name:
                begun = self.environments[-1]
                raise self.fail(f"\\end{{{name}}} ends \\begin{{{begun}}}", at, found.end(), f"write \\end{{{begun}}}")
            self.environments.pop()
            self.add("finish", name, at, found.end())
        return found.end()


def lex(source: str, name: str | None = None) -> list[Token]:
    """The tokens of a formula, ending with one of kind "end"; raises ParseError."""
    if len(source) > MAX_LENGTH:
        raise ParseError(f"the text has {len(source):,} characters; at most {MAX_LENGTH:,} are read")
    tokens = _Lexer(source, name).run()
    tokens = [token for k, token in enumerate(tokens) if token.kind != "gap" or not _is_idle(tokens, k)]
    return [token for k, token in enumerate(tokens) if token.kind != "row" or not _goes_on(tokens, k)]


def _is_idle(tokens: list[Token], at: int) -> bool:
    """Whether a wide space stands beside an operator, or at the beginning of a row, and parts nothing."""
    before = tokens[at - 1] if at else None
    if before is None or before.kind in ("row", "begin", "gap", "math") or before.text in _GOES_ON:
        return True
    return tokens[at + 1].text in _GOES_ON


def _goes_on(tokens: list[Token], at: int) -> bool:
    """Whether the row after a break goes on with an operator; in `cases` it never does."""
    after = tokens[at + 1]
    if after.kind == "{" and tokens[at + 2].kind == "}":
        after = tokens[at + 3]
    return after.text in _GOES_ON


def unknown_command(token: Token) -> tuple[str, str | None]:
    """What is wrong with a command that is not read, and what to do about it."""
    word = token.text
    if UNREAD.get(word):
        return f"`{word}` is not read", UNREAD[word]
    near = nearest(word, KNOWN)
    hint = f"did you mean `{near}`?" if near else "macros are not expanded here: write what it stands for"
    return f"`{word}` is not a command that is read here", hint
