r"""Names: letters and words with styles, accents, layers and subscripts, and what they stand for.

    \mathbf{W}_{1}    \hat{\mathbf{y}}    \mathbf{W}^{(1)}    \boldsymbol{\theta}    \mathrm{loss}    x_{i}    A_{ij}

A name that is known comes first.  A letter of one dimension less, `x_{i}`, is an entry where i is an index: one that a
sum or `[..]_{ij}` binds, or where x is known to be a vector and nothing is called `x_i`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

from matcalc.form import Form
from matcalc.form import name as named
from matcalc.latex_reader.lexer import Token
from matcalc.latex_reader.reader import Reader
from matcalc.latex_reader.scope import convention
from matcalc.latex_reader.subscripts import Subscript, layer, layer_ahead, subscript
from matcalc.latex_reader.symbols import ACCENTS, STYLES, SWITCHES

__all__ = [
    "Symbol", "symbol_ahead", "read_symbol", "braced_symbol", "resolve", "scripted_symbol", "word_ahead", "is_one_letter",
    "skip_word", "known_name", "new_name", "look_of", "entry",
]  # fmt: skip

_ORDERS = {"scalar": 0, "column": 1, "row": 1, "matrix": 2}


@dataclass(frozen=True)
class Symbol:
    """A letter or word, the subscripts that accents and layers add, its style, and where it begins."""

    base: str
    subscripts: tuple[str, ...]
    style: str
    look: str
    start: int


# --- letters --------------------------------------------------------------------------------------------------------


def symbol_ahead(reader: Reader, at: int | None = None) -> bool:
    """Whether a letter, an accent or a styled letter or word follows."""
    token = reader.tokens[reader.at if at is None else at]
    return token.kind == "letter" or (token.kind == "command" and (token.text in STYLES or token.text in ACCENTS))


def read_symbol(reader: Reader) -> Symbol:
    """Read a letter or word with its style and accents, without what stands above and below."""
    token = reader.token
    if token.kind == "command" and token.text in ACCENTS:
        return _accented(reader)
    if token.kind == "command" and token.text in STYLES:
        return _styled(reader)
    if token.kind != "letter":
        reader.missing_operand()
    reader.advance()
    style = reader.style or "plain"
    return Symbol(token.text, (), style, f"{style} {reader.source[token.start : token.end]}", token.start)


def braced_symbol(reader: Reader) -> Symbol | None:
    r"""Read `{x}`, `{\bf x}` or `{\mathbf x}`, a letter that is alone in braces, if it follows."""
    at = reader.at + 1
    while reader.tokens[at].kind == "command" and reader.tokens[at].text in SWITCHES:
        at += 1
    if not _is_lone_letter(reader, at):
        return None
    start = reader.enter().start
    outer = reader.style
    reader.switch()
    symbol = read_symbol(reader)
    reader.style = outer
    reader.leave()
    return replace(symbol, start=start)


def _is_lone_letter(reader: Reader, at: int) -> bool:
    """Whether a letter with its style is all that stands up to the end of the group, and is no sign of a derivative."""
    tokens = reader.tokens
    styled = tokens[at].kind == "command" and STYLES.get(tokens[at].text) not in (None, "function")
    inner = at + styled
    braces = styled and tokens[inner].kind == "{"
    texts = [token.kind for token in tokens[inner : inner + 4]]
    lone = texts[:4] == ["{", "letter", "}", "}"] if braces else texts[:2] == ["letter", "}"]
    return lone and not (styled and tokens[inner + braces].text in ("d", "J"))


def _accented(reader: Reader) -> Symbol:
    r"""`\hat{y}`: the name `y_hat`; an arrow only says that it is a vector."""
    token = reader.advance()
    braces = reader.token.kind == "{"
    if braces:
        reader.enter()
    if not symbol_ahead(reader):
        reader.fail(f"`{token.text}` needs a letter", reader.place(token), f"write {token.text}{{x}}")
    inner = read_symbol(reader)
    if braces:
        if reader.token.kind != "}":
            reader.fail(f"`{token.text}` is read over one letter", reader.place(reader.token), "name what it stands for")
        reader.leave()
    mark = ACCENTS[token.text]
    style = inner.style if mark or inner.style != "plain" else "bold"
    subscripts = (mark, *inner.subscripts) if mark else inner.subscripts
    return Symbol(inner.base, subscripts, style, f"{token.text} {inner.look}", token.start)


def word_ahead(reader: Reader) -> str | None:
    """The word that a style command has in its braces, or its one letter; None if it has something else."""
    if reader.peek().kind != "{":
        token = reader.peek()
        return token.text if token.kind == "letter" or (token.kind == "number" and len(token.text) == 1) else None
    end = reader.closing(reader.at + 1)
    if end is None or end == reader.at + 2:
        return None
    tokens = reader.tokens[reader.at + 2 : min(end, reader.at + 60)]
    if len(tokens) > 1 and not all(_is_of_word(token, before) for before, token in pairwise(tokens)):
        return None
    if tokens[0].kind not in ("letter", "number") or end > reader.at + 60:
        return None
    return "".join(token.text for token in tokens)


def is_one_letter(reader: Reader) -> bool:
    """Whether a style command has one letter, Greek ones too, and no word."""
    at = reader.at + 1 + (reader.peek().kind == "{")
    return reader.tokens[at].kind == "letter" and (reader.peek().kind != "{" or reader.tokens[at + 1].kind == "}")


def _is_of_word(token: Token, before: Token) -> bool:
    """Whether a token goes on with a word: letters, digits and underscores side by side."""
    return _is_plain(token) and _is_plain(before) and token.start == before.end


def _is_plain(token: Token) -> bool:
    """Whether a token is a Latin letter, digits or an underscore, which is written with a backslash."""
    if token.kind == "underscore":
        return True
    return token.kind in ("letter", "number") and token.end - token.start == len(token.text)


def _styled(reader: Reader) -> Symbol:
    """A letter or word in a style."""
    word = word_ahead(reader)
    token = reader.token
    if word is None:
        reader.fail(f"`{token.text}` needs a letter or a word here", reader.place(token), f"write {token.text}{{x}}")
    skip_word(reader)
    style = STYLES[token.text]
    return Symbol(word, (), style, f"{style} {word}", token.start)


def skip_word(reader: Reader) -> None:
    """Read a style command with the word in its braces."""
    reader.advance()
    end = reader.closing(reader.at) if reader.token.kind == "{" else None
    while end is not None and reader.at < end:
        reader.advance()
    reader.advance()


# --- scripts of a name ----------------------------------------------------------------------------------------------


def scripted_symbol(reader: Reader, symbol: Symbol) -> tuple[Symbol, Subscript | None]:
    """Read the layer and the subscript of a name, wherever they stand; what else stands above is left.

    In `A^\\top_1` the subscript stands behind: it is read first, and the place of the reader stays before `^`.
    """
    if layer_ahead(reader) is not None and not reader.scope.is_function(symbol.base):
        mark = layer(reader)
        symbol = replace(symbol, subscripts=(*symbol.subscripts, mark), look=symbol.look + " layer")
    if reader.token.kind == "_":
        below = subscript(reader)
        if layer_ahead(reader) is not None:
            mark = layer(reader)
            symbol = replace(symbol, subscripts=(*symbol.subscripts, mark), look=symbol.look + " layer")
        if reader.token.kind == "_":
            reader.fail("a second subscript", reader.place(reader.token), "write both in one pair of braces: x_{i,j}")
        return symbol, below
    return symbol, _subscript_behind(reader)


def _subscript_behind(reader: Reader) -> Subscript | None:
    """The subscript behind a superscript, which is taken out of the tokens."""
    if reader.token.kind not in ("^", "'"):
        return None
    at = reader.at
    while reader.tokens[at].kind == "'":
        at += 1
    if reader.tokens[at].kind == "^":
        inner = at + 1
        at = (reader.closing(inner) or inner) + 1
    if at >= len(reader.tokens) or reader.tokens[at].kind != "_":
        return None
    back, end = reader.at, reader.end
    reader.jumps.pop(at, None)
    reader.move(at)
    below = subscript(reader)
    reader.cut(at)
    reader.move(back)
    reader.end = end
    return below


# --- what a name stands for -----------------------------------------------------------------------------------------


def known_name(reader: Reader, symbol: Symbol, below: Subscript | None = None) -> str | None:
    """The known name that a symbol with its subscript is, or None."""
    span = reader.since(symbol.start)
    found = None
    for subscripts in _spellings(symbol, below):
        found = found or reader.scope.find(symbol.base, subscripts, span)
    if found is None and symbol.subscripts and below is None:
        found = reader.scope.find(symbol.base + "".join(symbol.subscripts), (), span)
    return found


def _spellings(symbol: Symbol, below: Subscript | None) -> list[tuple[str, ...]]:
    """The subscripts that a name may have, the most likely first."""
    own = symbol.subscripts
    if below is None:
        return [own]
    return [(*own, *below.as_name), (*own, *below.parts), (*below.as_name, *own)]


def new_name(reader: Reader, symbol: Symbol, below: Subscript | None = None) -> str:
    """The name of the language that a symbol with its subscript is, known or not."""
    known = known_name(reader, symbol, below)
    return known or "_".join((symbol.base, *_spellings(symbol, below)[0]))


def resolve(reader: Reader, symbol: Symbol, below: Subscript | None) -> Form:
    """The variable or the entry that a name with its subscript is."""
    scope, span = reader.scope, reader.since(symbol.start)
    if known_name(reader, symbol, below) is None and below is not None:
        found = _as_entry(reader, symbol, below)
        if found is not None:
            return found
        _check_numbered(reader, symbol, below)
    word = new_name(reader, symbol, below)
    _check_unbound(reader, symbol, below, word)
    if not scope.is_function(word) and word not in scope.dimensions:
        scope.note(word, look_of(symbol, below), span)
    scope.see(word)
    scope.imply(word, guessed_kind(reader, symbol, word), span)
    return named(word, span=span)


def _check_numbered(reader: Reader, symbol: Symbol, below: Subscript) -> None:
    """Refuse `x_1` and `x_n` where x is known and nothing is so called: an entry, or another variable?"""
    known = known_name(reader, symbol) or _capital(reader, symbol)
    order = _ORDERS.get(reader.scope.kind(known) or "", 0) if known is not None else 0
    sized = all(part[0].isdigit() or part in reader.scope.dimensions for part in below.parts)
    digits = len(below.parts) == 1 and below.parts[0].isdigit()
    count = len(below.parts[0]) if digits else len(below.parts)
    if symbol.style != "plain" or not sized or below.parts[0] == "0":  # entries are counted from 1
        return
    if known is None:
        reader.scope.doubtful.setdefault(symbol.base, (count, reader.since(symbol.start)))
    if order == count:
        span = reader.since(symbol.start)
        hint = f"entries are read by indices: x_i; declare `{new_name(reader, symbol, below)}` if it is a variable"
        reader.fail(f"`{span.text}` may be an entry of `{known}` or another variable", span, hint)


def _check_unbound(reader: Reader, symbol: Symbol, below: Subscript | None, word: str) -> None:
    """Refuse a name with a bound index in it, `x^{(i)}` in a sum over i: it is another one for each i."""
    parts = (*symbol.subscripts, *(below.parts if below is not None else ()))
    if reader.scope.is_known(word):
        return
    reader.scope.loose.update((part, reader.since(symbol.start)) for part in parts if part not in reader.scope.loose)
    moving = [part for part in parts if part in reader.scope.bound]
    if moving:
        span = reader.since(symbol.start)
        hint = "several vectors are the rows of a matrix: write its entries X_{ij}"
        reader.fail(f"`{span.text}` is another variable for each {moving[0]}", span, hint)


def look_of(symbol: Symbol, below: Subscript | None) -> str:
    """How a name is written, so that two ways to write one name are told apart."""
    return symbol.look + (f" {below.parts}" if below is not None else "")


def guessed_kind(reader: Reader, symbol: Symbol, word: str) -> str:
    """The kind of an unknown name by how it looks."""
    capital = symbol.base[0].isupper()
    if symbol.style == "bold":
        return "matrix" if capital else "column"
    if symbol.style in ("script", "fraktur") or symbol.base == "ell":
        return "scalar"
    if reader.scope.bold_capitals if capital else reader.scope.bold:
        return "scalar"
    return convention(symbol.base)


# --- entries --------------------------------------------------------------------------------------------------------


def _as_entry(reader: Reader, symbol: Symbol, below: Subscript) -> Form | None:
    """The entry or the delta that a letter with indices is; None if it is a name."""
    scope = reader.scope
    if not below.letters:
        return None
    bound = sum(part in scope.bound for part in below.parts)
    known = known_name(reader, symbol)
    if known is None and len(below.lengths) == 2:
        known = _capital(reader, symbol)
    if symbol.base == "delta" and symbol.style == "plain" and known is None and len(below.parts) == 2:
        return _delta(reader, symbol, below)
    kind = scope.kind(known) if known is not None else None
    order = _ORDERS.get(kind or "", 0)
    if not bound and (known is None or order != len(below.lengths)):
        _note_doubt(reader, symbol, below)
        return None
    if not bound and any(part in scope.dimensions or scope.is_known(part) for part in below.parts):
        return None
    _check_entry(reader, symbol, below, known, kind)
    word = known or "_".join((symbol.base, *symbol.subscripts))
    if known is None:
        scope.imply(word, "column" if len(below.lengths) == 1 else "matrix", reader.since(symbol.start))
    return entry(reader, named(word, span=reader.since(symbol.start)), below, symbol.start)


def _note_doubt(reader: Reader, symbol: Symbol, below: Subscript) -> None:
    """Note a name that is an entry if its letter turns out to be a vector or matrix."""
    if symbol.style == "plain" or len(below.parts) == 2:
        reader.scope.doubtful.setdefault(symbol.base, (len(below.parts), reader.since(symbol.start)))


def _capital(reader: Reader, symbol: Symbol) -> str | None:
    r"""The matrix whose entries a small letter stands for: `a_{ij}` is an entry of A where nothing is called a."""
    base = symbol.base.capitalize()
    if symbol.style != "plain" or base == symbol.base:
        return None
    if base not in reader.scope.letters and not reader.scope.is_known(base):
        return None
    return new_name(reader, replace(symbol, base=base))


def _check_entry(reader: Reader, symbol: Symbol, below: Subscript, known: str | None, kind: str | None) -> None:
    """Refuse what looks like an entry and is not sure to be one."""
    span = reader.since(symbol.start)
    shown = reader.source[symbol.start : below.span.start]
    if symbol.style == "bold" and (len(below.lengths) == 1 or kind != "matrix"):
        hint = f"an entry is x_i or [{shown}]_i; several vectors are the rows of a matrix"
        reader.fail(f"a bold `{span.text}` may be one of several vectors, or an entry", span, hint)
    if known is not None and _ORDERS.get(kind or "") not in (None, len(below.lengths)):
        a_kind = {"scalar": "a scalar", "matrix": "a matrix"}.get(kind or "", "a vector")
        reader.fail(f"`{known}` is {a_kind} and has no entry with {len(below.lengths)} indices", span)


def entry(reader: Reader, form: Form, below: Subscript, start: int) -> Form:
    """`form` at indices."""
    for part in below.parts:
        if part[0].isdigit():
            reader.fail("an index is a letter, not a number", below.span, "bind indices with \\sum_i or [..]_{ij}")
        reader.scope.use(part, below.span)
    if set(below.lengths) != {1}:
        form = reader.node("split", (form,), start, below.lengths)
    return reader.node("entry", (form,), start, below.parts)


def _delta(reader: Reader, symbol: Symbol, below: Subscript) -> Form:
    for part in below.parts:
        reader.scope.use(part, below.span)
    return reader.node("delta", (), symbol.start, below.parts)
