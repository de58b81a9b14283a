r"""Subscripts: lists of letters, numbers and words, which are indices or parts of names, and superscripts of layers.

    x_i    A_{ij}    A_{i,j}    W_{12}    x_{\text{max}}    T_{(ij),k}    W^{(1)}    W^{[1]}
"""

from __future__ import annotations

from dataclasses import dataclass

from matcalc.errors import Span
from matcalc.latex_reader.lexer import Token
from matcalc.latex_reader.reader import Reader
from matcalc.latex_reader.symbols import STYLES

__all__ = ["Subscript", "subscript", "index_name", "layer_ahead", "layer"]

_OPEN, _CLOSE = frozenset({"(", "["}), frozenset({")", "]"})


@dataclass(frozen=True)
class Subscript:
    """What stands below: its parts, how many of them make each axis, whether commas part them, and its place."""

    parts: tuple[str, ...]
    lengths: tuple[int, ...]
    commas: bool
    span: Span

    @property
    def letters(self) -> bool:
        """Whether every part may be an index: a letter, or a word after a comma."""
        return all(not part[0].isdigit() for part in self.parts)

    @property
    def as_name(self) -> tuple[str, ...]:
        """The subscripts of a name: what no comma parts is one word."""
        return self.parts if self.commas else ("".join(self.parts),)


def subscript(reader: Reader) -> Subscript:
    """Read `_` and what stands below."""
    start = reader.advance().start
    if reader.token.kind != "{":
        token = reader.token
        if token.kind == "number" and len(token.text) > 1:
            reader.fail("a subscript without braces is one symbol", reader.place(token), f"write _{{{token.text}}}")
        part = _one(reader, braces=False)
        return Subscript((part,), (1,), False, reader.since(start))
    reader.enter()
    parts: list[str] = []
    lengths: list[int] = []
    commas = False
    while reader.token.kind != "}":
        if reader.token.kind == ",":
            commas = True
            reader.advance()
            continue
        before = len(parts)
        if reader.token.kind == "open" and reader.token.text in _OPEN:
            _compound(reader, parts)
        else:
            parts.append(_one(reader))
        lengths.append(len(parts) - before)
    if not parts:
        reader.fail("the subscript is empty", reader.since(start))
    reader.leave()
    return Subscript(tuple(parts), tuple(lengths), commas, reader.since(start))


def _compound(reader: Reader, parts: list[str]) -> None:
    """`(ij)` or `(i, j)`: the indices of one compound axis."""
    reader.enter()
    while reader.token.kind not in ("close", "bar", "end", "}"):
        reader.skip(",")
        parts.append(_one(reader))
    reader.leave()


def _one(reader: Reader, *, braces: bool = True) -> str:
    """One letter, number or word; in braces a letter may have a subscript of its own."""
    token = reader.token
    if token.kind in ("letter", "number"):
        reader.advance()
        if token.kind == "number" and "." in token.text:
            reader.fail("a subscript is a letter, a number or a word", reader.place(token))
        return token.text + (_own_subscript(reader) if braces else "")
    if token.kind == "text" and token.text.strip().isascii() and token.text.strip().isalnum():
        reader.advance()
        return token.text.strip()
    if token.kind == "command" and token.text in STYLES:
        return _styled(reader)
    if token.kind == "'" or token.text in ("*", "\\star", "\\ast", "\\dagger"):
        reader.fail("a mark has no meaning in a subscript", reader.place(token), "write a letter or a word instead")
    hint = "give the name another subscript, such as a letter" if token.text in ("+", "-") else None
    reader.check_command(token)
    reader.fail("a subscript is a list of letters, numbers or words", reader.place(token), hint)


def index_name(reader: Reader, hint: str) -> str:
    """One letter that stands for an index, with a subscript of its own or not."""
    token = reader.token
    if token.kind != "letter":
        reader.check_command(token)
        reader.fail("an index is a letter", reader.place(token), hint)
    reader.advance()
    return token.text + _own_subscript(reader)


def _own_subscript(reader: Reader) -> str:
    """The subscript of an index, `i_1` or `i_{1}`, which is a part of its name."""
    if reader.token.kind != "_":
        return ""
    reader.advance()
    braces = reader.token.kind == "{"
    if braces:
        reader.enter()
    token = reader.token
    if token.kind not in ("letter", "number") or "." in token.text:
        reader.fail("the subscript of a subscript is a letter or a number", reader.place(token))
    reader.advance()
    if braces:
        reader.leave()
    return f"_{token.text}"


def _styled(reader: Reader) -> str:
    r"""`\mathrm{max}`: the letters in the braces are one word."""
    start = reader.advance().start
    if reader.token.kind != "{":
        return _one(reader)
    reader.enter()
    word = ""
    while reader.token.kind in ("letter", "number", "underscore"):
        word += reader.advance().text
    if not word:
        reader.fail("a subscript is a list of letters, numbers or words", reader.since(start))
    reader.leave()
    return word


# --- layers ---------------------------------------------------------------------------------------------------------


def layer_ahead(reader: Reader) -> list[Token] | None:
    """The tokens of a superscript `^{(1)}` or `^{[l]}` inside of its brackets, if one follows; else None."""
    if reader.token.kind != "^" or reader.peek().kind != "{":
        return None
    opener, inner, closer = (reader.peek(k) for k in (2, 3, 4))
    if opener.kind != "open" or opener.text not in _OPEN or closer.text not in _CLOSE:
        return None
    return [inner] if inner.kind in ("letter", "number") and inner.text.isalnum() else None


def layer(reader: Reader) -> str:
    """Read `^{(1)}`, of which it is known that it follows; more in the same braces is left to be read as a superscript."""
    inner = reader.peek(3)
    after = reader.peek(5)
    if after.kind != "}":
        reader.fail("a layer stands alone above a name", reader.place(after), "write {\\mathbf{W}^{(1)}}^\\top")
    for _ in range(6):
        reader.advance()
    return inner.text
