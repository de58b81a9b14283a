r"""Rows of formulas: displays around them, remarks behind them, equality signs, left sides of assignments.

    \[ .. \]    \begin{align} .. & .. \\ .. \end{align}    x = y, \quad \text{for all } x.    f(\mathbf{x}) = ..    z_i = ..
"""

from __future__ import annotations

from matcalc.errors import DeclarationError, MatcalcError, Span
from matcalc.latex_reader.lexer import Token
from matcalc.latex_reader.names import Symbol, new_name, read_symbol, scripted_symbol, symbol_ahead
from matcalc.latex_reader.reader import Reader
from matcalc.latex_reader.subscripts import Subscript
from matcalc.latex_reader.symbols import DISPLAYS, RELATIONS

__all__ = [
    "Target", "begin_display", "finish_display", "skip_remark", "read_equality", "read_target", "is_letter", "is_capital",
    "size_above",
]  # fmt: skip

_MATH = {"\\[": "\\]", "\\(": "\\)", "$": "$", "$$": "$$"}
#: A letter with its subscript, the arguments with which it is written, and its place.
Target = tuple[Symbol, Subscript | None, tuple[str, ...], Span]


def begin_display(reader: Reader) -> list[Token]:
    """Read what opens a display; the tokens that open it."""
    opened: list[Token] = []
    while reader.token.kind == "math" or (reader.token.kind == "begin" and reader.token.text in DISPLAYS):
        token = reader.advance()
        if token.kind == "math" and token.text not in _MATH:
            reader.fail(f"`{token.text}` ends nothing", reader.place(token))
        opened.append(token)
        if token.text.startswith("alignedat") and reader.token.kind == "{":
            reader.move(reader.closing(reader.at) or reader.at)
            reader.advance()
    return opened


def finish_display(reader: Reader, opened: list[Token]) -> None:
    """Read what closes a display, and the end of the text."""
    skip_remark(reader)
    while opened:
        token = opened.pop()
        reader.skip("row", ",", ".", ";", "gap")
        kind, text = ("finish", token.text) if token.kind == "begin" else ("math", _MATH[token.text])
        if (reader.token.kind, reader.token.text) != (kind, text):
            if reader.token.kind == "end":
                reader.fail(f"`{reader.source[token.start : token.end]}` is not ended", reader.place(token))
            reader.unexpected("an operator or the end")
        reader.advance()
    reader.skip("row", ",", ".", ";", "gap")
    if reader.token.kind != "end":
        reader.unexpected("an operator or the end")


def skip_remark(reader: Reader) -> None:
    """Skip the stop behind a formula, and words behind it that a comma or a gap parts from it."""
    back, before = reader.at, reader.end
    parted = reader.token.kind in (",", ".", ";", "gap", ":")
    reader.skip(",", ".", ";", "gap", ":")
    if parted and reader.token.kind not in ("text", "row", "finish", "end", "math", "="):
        reader.move(back)
        reader.end = before
    if reader.token.kind == "text":
        if not parted:
            reader.fail("words stand behind a comma or \\quad", reader.place(reader.token), "write \\quad \\text{..}")
        while reader.token.kind not in ("row", "finish", "end", "math", "=", "close", "}"):
            reader.advance()


def read_equality(reader: Reader, *, definitions: bool) -> bool:
    r"""Read `=`, or a sign that means the same; False if none follows."""
    token = reader.token
    if token.kind == "command" and token.text in ("\\stackrel", "\\overset", "\\underset") and _over_equality(reader):
        return True
    meaning = RELATIONS.get(token.text, "relation")
    if meaning == "definition" and token.kind in ("command", "="):
        if not definitions:
            reader.fail("a definition is no claim", reader.place(token), "give it as an assignment (`where`)")
        reader.advance()
        return True
    if meaning or token.kind not in ("=", "command"):
        return False
    reader.advance()
    return True


def _over_equality(reader: Reader) -> bool:
    r"""Read `\stackrel{(1)}{=}`; the mark over the sign is left out."""
    first = reader.closing(reader.at + 1)
    if first is None or [token.text for token in reader.tokens[first + 1 : first + 4]] != ["{", "=", "}"]:
        return False
    reader.move(first + 3)
    reader.advance()
    return True


def read_target(reader: Reader) -> Target | None:
    """The left side of an assignment, if one follows; else the place does not move."""
    if not symbol_ahead(reader):
        return None
    back, before = reader.at, reader.end
    start = reader.token.start
    try:
        symbol, below = scripted_symbol(reader, read_symbol(reader))
        place = reader.since(start)
        arguments = _target_arguments(reader)
    except MatcalcError as error:
        if isinstance(error, DeclarationError):
            raise
        arguments = None
    assigns = reader.token.kind in ("=", "command") and RELATIONS.get(reader.token.text, "relation") != "relation"
    if arguments is not None and assigns:
        return symbol, below, arguments, place
    reader.move(back)
    reader.end = before
    reader.open.clear()
    reader.depth = 0
    return None


def _target_arguments(reader: Reader) -> tuple[str, ...] | None:
    r"""The names in the parentheses of `f(\mathbf{x}) = ..`; nothing if there are none, None if they hold something else."""
    if reader.token.kind != "open" or reader.token.text != "(":
        return ()
    names: list[str] = []
    reader.enter()
    while symbol_ahead(reader):
        symbol, below = scripted_symbol(reader, read_symbol(reader))
        names.append(new_name(reader, symbol, below))
        reader.skip(",")
    if reader.token.kind != "close" or not names:
        return None
    reader.leave()
    return tuple(names)


def is_letter(tokens: list[Token], at: int) -> bool:
    """Whether a letter follows, with braces or not; digits are bold in plain formulas, too."""
    token = tokens[min(at, len(tokens) - 1)]
    inner = tokens[min(at + 1, len(tokens) - 1)] if token.kind == "{" else token
    return inner.kind in ("letter", "command")


def is_capital(tokens: list[Token], at: int) -> bool:
    """Whether a capital letter follows, with braces or not, that is no constant."""
    token = tokens[min(at, len(tokens) - 1)]
    inner = tokens[min(at + 1, len(tokens) - 1)] if token.kind == "{" else token
    return inner.kind == "letter" and inner.text[0].isupper() and inner.text not in ("I", "K")


def size_above(reader: Reader, at: int) -> list[str]:
    """The letter above a sum, which is the name of a size."""
    tokens = reader.tokens
    end = reader.closing(at + 2) if tokens[at + 1].text == "_" and tokens[min(at + 2, len(tokens) - 1)].kind == "{" else None
    if end is None or tokens[end + 1].kind != "^":
        return []
    token = tokens[min(end + 2, len(tokens) - 1)]
    if token.kind == "{":
        token = tokens[end + 3] if tokens[min(end + 4, len(tokens) - 1)].kind == "}" else tokens[end + 2]
    return [token.text] if token.kind == "letter" else []
