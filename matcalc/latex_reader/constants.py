r"""Constants: vectors and matrices of ones and zeros, the identity, commutation matrices.

    \mathbf{1}    \mathbf{1}_{n}    \mathbf{0}_{m \times n}    \mathbf{I}    \mathbf{I}_{n}    \mathbf{K}_{m,n}

A constant without sizes has those that the formula around it asks for; a zero without sizes stands alone.
"""

from __future__ import annotations

from collections.abc import Sequence

from matcalc.form import Form, number
from matcalc.form import name as named
from matcalc.latex_reader.lexer import Token
from matcalc.latex_reader.names import Symbol
from matcalc.latex_reader.reader import Reader

__all__ = ["digit_constant", "identity_ahead", "identity", "commutation_ahead", "commutation", "sizes_of_constant"]

_STYLES = frozenset({"bold", "blackboard", "roman"})


def digit_constant(reader: Reader, digit: str, start: int) -> Form:
    r"""`\mathbf{1}` or `\mathbf{0}`, whose digit was read."""
    word = {"1": "ones", "0": "zeros"}.get(digit)
    if word is None:
        reader.fail("only 1 and 0 stand for vectors", reader.since(start), "write c \\mathbf{1} for other values")
    if reader.token.kind == "_":
        return reader.node("call", tuple(sizes(reader)), start, word)
    if word == "ones":
        return reader.node("call", (number(1, reader.since(start)),), start, "vector")
    zero = number(0, reader.since(start))
    reader.zeros.append(zero)
    return zero


def sizes(reader: Reader) -> list[Form]:
    r"""The sizes below a constant: `_n`, `_{m \times n}`, `_{m,n}`; letters side by side are a product."""
    start = reader.advance().start
    if reader.token.kind != "{":
        return [_part(reader, single=True)]
    reader.enter()
    found = [_size(reader)]
    while reader.token.kind == "," or reader.is_command("\\times"):
        reader.advance()
        found.append(_size(reader))
    if len(found) > 2:
        reader.fail("a constant has one size or two", reader.since(start), "write _{m \\times n}")
    reader.leave()
    return found


def _size(reader: Reader) -> Form:
    start = reader.token.start
    parts = [_part(reader)]
    while reader.token.kind in ("letter", "number") or reader.is_command("\\cdot"):
        if reader.is_command("\\cdot"):
            reader.advance()
        parts.append(_part(reader))
    return parts[0] if len(parts) == 1 else reader.node("mul", tuple(parts), start)


def _part(reader: Reader, *, single: bool = False) -> Form:
    token = reader.token
    if token.kind == "number" and token.text.isdigit() and int(token.text) > 0 and not (single and len(token.text) > 1):
        reader.advance()
        return number(int(token.text), reader.place(token))
    if token.kind != "letter":
        reader.fail("a size is a positive whole number or a letter", reader.place(token), "write \\mathbf{1}_{n}")
    reader.advance()
    word = token.text
    while reader.token.kind == "_" and not single:
        reader.advance()
        braces = reader.token.kind == "{"
        if braces:
            reader.enter()
        word += "_" + reader.advance().text
        if braces:
            reader.leave()
    known = reader.scope.find(*_paper(word), reader.place(token))
    return named(known or word, span=reader.place(token))


def _paper(word: str) -> tuple[str, tuple[str, ...]]:
    base, *rest = word.split("_")
    return base, tuple(rest)


# --- identity and commutation ---------------------------------------------------------------------------------------


def identity_ahead(reader: Reader, symbol: Symbol, known: str | None) -> bool:
    """Whether a symbol is the identity: an I that is no variable and has no indices that are bound."""
    if symbol.base != "I" or symbol.subscripts or known is not None or symbol.style in ("script", "fraktur"):
        return False
    return not (reader.token.kind == "_" and _names_bound(reader))


def _names_bound(reader: Reader) -> bool:
    tokens = [reader.peek()] if reader.peek().kind != "{" else [reader.peek(2), reader.peek(3)]
    return any(token.text in reader.scope.bound for token in tokens)


def identity(reader: Reader, start: int) -> Form:
    r"""`\mathbf{I}` or `\mathbf{I}_n`, whose letter was read."""
    if reader.token.kind != "_":
        return named("eye", span=reader.since(start))
    below = sizes(reader)
    if len(below) == 2 and (below[0].head, below[0].value) != (below[1].head, below[1].value):
        reader.fail("an identity matrix has one size", reader.since(start), "write \\mathbf{I}_{n}")
    return reader.node("call", (below[0],), start, "eye")


def commutation_ahead(reader: Reader, symbol: Symbol, known: str | None) -> bool:
    r"""Whether a symbol is the commutation matrix `\mathbf{K}_{m,n}`: two sizes that are known stand below."""
    if symbol.base != "K" or symbol.style not in ("bold", "plain") or known is not None or symbol.subscripts:
        return False
    if reader.token.kind != "_":
        return False
    one, two, end = (reader.peek(k) for k in (2, 3, 4))
    inner = [one, two] if end.kind == "}" else [one, end] if two.kind == "," and reader.peek(5).kind == "}" else []
    return reader.peek().kind == "{" and bool(inner) and all(_is_size(reader, token.text) for token in inner)


def _is_size(reader: Reader, text: str) -> bool:
    return text.isdigit() or text in reader.scope.dimensions


def sizes_of_constant(tokens: Sequence[Token], at: int) -> list[str]:
    r"""The letters below a bold 1, 0, I or below `\mathbf{K}_{m,n}`, which begins at a token: the names of sizes."""
    texts = [token.text for token in tokens[at + 1 : at + 12]]
    if len(texts) < 5 or texts[0] != "{" or texts[2] != "}" or texts[3] != "_" or texts[1] not in ("1", "0", "I", "K"):
        return []
    inner = texts[5 : texts.index("}", 5)] if texts[4] == "{" and "}" in texts[5:] else texts[4:5]
    if texts[1] == "K" and (len(inner) != 3 or inner[1] != ","):
        return []
    letters = [token.text for token in tokens[at + 5 : at + 5 + len(inner) + 1] if token.kind == "letter"]
    return [letter for letter in letters if letter in inner]


def commutation(reader: Reader, start: int) -> Form:
    """The commutation matrix, whose letter was read."""
    reader.advance()
    reader.enter()
    first = _part(reader)
    reader.skip(",")
    second = _part(reader)
    reader.leave()
    return reader.node("call", (first, second), start, "commutation")
