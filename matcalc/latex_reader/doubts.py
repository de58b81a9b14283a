r"""Doubts: what could be read in two ways and is settled by no declaration is an error here, with what to write.

    f(x)    f'(x)    A_{ij}^{-1}    \\Delta x    d x    tr(A)
"""

from __future__ import annotations

from matcalc.errors import DeclarationError
from matcalc.form import Form
from matcalc.latex_reader.functions import function_named
from matcalc.latex_reader.lexer import Token
from matcalc.latex_reader.names import Symbol, new_name, read_symbol, scripted_symbol, symbol_ahead
from matcalc.latex_reader.reader import Reader
from matcalc.latex_reader.scripts import is_mark_ahead
from matcalc.latex_reader.symbols import PLAIN_FUNCTIONS

#: The longest word of letters that is looked at.
LONGEST_WORD = 16

__all__ = ["before_parentheses", "check_bare_word", "check_entry_mark", "check_increment", "check_primed"]


def before_parentheses(reader: Reader, symbol: Symbol, form: Form, start: int) -> Form:
    """A name before parentheses: a factor, or a variable with what it depends on; what may be a function is an error."""
    scope, word = reader.scope, str(form.value)
    inside = _names_inside(reader)
    arguments = scope.declarations[word].arguments if word in scope.declarations else scope.arguments.get(word, ())
    if arguments and inside == list(arguments):
        end = reader.closing(reader.at) or reader.at
        reader.move(end)
        reader.advance()
        return Form("name", (), word, span=reader.since(start))
    if scope.is_known(word) or word in scope.hints or word == "pi":
        return form
    matrix = symbol.style == "bold" or symbol.base[0].isupper()
    if inside is None and matrix and not _comma_inside(reader):
        return form
    shown = reader.source[start : reader.end]
    hint = f"declare `{word}: function`, or `{word}: scalar`, vector or matrix for a product"
    reader.fail(f"`{shown}` before parentheses may be a function or a factor", reader.since(start), hint)


def _names_inside(reader: Reader) -> list[str] | None:
    """The names in the parentheses that follow if nothing else but commas is in them, else None."""
    end = reader.closing(reader.at)
    if end is None or end > reader.at + 60:
        return None
    back, before = reader.at, reader.end
    names: list[str] = []
    reader.move(back + 1)
    while reader.at < end and symbol_ahead(reader):
        names.append(_bare_name(reader))
        if reader.at < end and reader.token.kind == ",":
            reader.move(reader.at + 1)
    found = reader.at == end
    reader.move(back)
    reader.end = before
    return names if found and names else None


def _bare_name(reader: Reader) -> str:
    at = reader.at
    try:
        symbol = read_symbol(reader)
        symbol, below = scripted_symbol(reader, symbol)
        return new_name(reader, symbol, below)
    except DeclarationError:
        reader.move(at + 1)
        return ""


def _comma_inside(reader: Reader) -> bool:
    """Whether a comma stands in the parentheses that follow, not deeper."""
    end = reader.closing(reader.at)
    if end is None:
        return False
    at = reader.at + 1
    while at < end:
        if reader.tokens[at].kind == ",":
            return True
        at = reader.closing(at) or at
        at += 1
    return False


def check_increment(reader: Reader, symbol: Symbol, form: Form) -> None:
    r"""Refuse `\Delta x` and `d x` of unknown letters: an increment or a differential, and no product."""
    plain = symbol.style == "plain" and form.head == "name" and form.value in ("d", "delta", "Delta")
    if plain and symbol_ahead(reader) and not _is_settled(reader, str(form.value)):
        span = reader.since(symbol.start)
        hint = f"declare `{symbol.base}` for a product; differentials and increments are not read"
        reader.fail(f"`{span.text}` before a letter may be a differential or a factor", span, hint)


def _is_settled(reader: Reader, word: str) -> bool:
    return reader.scope.is_known(word) or word in reader.scope.hints


def check_entry_mark(reader: Reader, form: Form, start: int) -> None:
    """Refuse `A_{ij}^{-1}` and `A^{-1}_{ij}`: the entry of the inverse, or the inverse of the entry?"""
    if form.head != "entry" or reader.kind(form.args[0]) != "matrix" or reader.token.kind != "^":
        return
    after = reader.peek(2) if reader.peek().kind == "{" else reader.peek()
    if is_mark_ahead(reader) or after.text == "-":
        hint = "write (\\mathbf{A}^{-1})_{ij} for the entry of the inverse, 1/A_{ij} for the other"
        reader.fail("an entry of what stands above, or that of the entry?", reader.since(start), hint)


def check_primed(reader: Reader, form: Form, start: int) -> None:
    """Refuse `f'(x)` where f is unknown: it may be the derivative of a function."""
    if _is_settled(reader, str(form.value)):
        return
    at = reader.at
    while reader.tokens[at].kind == "'":
        at += 1
    if reader.tokens[at].kind != "open" or reader.tokens[at].text != "(":
        return
    back, end = reader.at, reader.end
    reader.move(at)
    alone = _names_inside(reader) is not None
    reader.move(back)
    reader.end = end
    if alone:
        shown = reader.source[start : reader.end]
        hint = f"declare `{form.value}: function`, or as a vector or matrix"
        reader.fail(f"`{shown}'` before parentheses may be a derivative or a transpose", reader.since(start), hint)


def check_bare_word(reader: Reader) -> None:
    """Refuse `tr(A)` and `log x`, in which TeX sees products of letters."""
    tokens, at = reader.tokens, reader.at
    if not _is_latin(tokens[at]) or (at and _is_latin(tokens[at - 1]) and tokens[at - 1].end == tokens[at].start):
        return
    end = at + 1
    while end - at < LONGEST_WORD and _is_latin(tokens[end]) and tokens[end].start == tokens[end - 1].end:
        end += 1
    word = "".join(token.text for token in tokens[at:end])
    function = function_named(word)
    if end - at < 2 or (function is None and word not in reader.scope.declarations):
        return
    command = f"\\{word}" if word in PLAIN_FUNCTIONS else f"\\{'operatorname' if function else 'mathrm'}{{{word}}}"
    span = reader.place(tokens[at]).through(reader.place(tokens[end - 1]))
    reader.fail(f"`{word}` is a product of letters in LaTeX", span, f"write {command}, or spaces between the letters")


def _is_latin(token: Token) -> bool:
    """Whether a token is one Latin letter."""
    return token.kind == "letter" and token.end - token.start == len(token.text) == 1
