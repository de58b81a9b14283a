"""Indexed names: `W[2]` is the name `W_2`, and so is `W[k]` where k is 2.

    indexed     name ("[" whole ("," whole)* "]")+
    whole       ["+" | "-"] product (("+" | "-") product)*
    product     factor ("*" factor)*
    factor      whole number | the name of one: the variable of a loop, or `K` after `K = 3`

An index that is bound, by `[i: ...]` or `sum[i: ...]`, keeps its meaning: `W[k][i,j]` is an entry of `W_k`.
"""

from __future__ import annotations

from typing import NoReturn

from matcalc.errors import Span
from matcalc.form import Form, number
from matcalc.lexer import Token
from matcalc.parser.token_stream import TokenStream

__all__ = ["after_index", "base_of", "indexed_name", "index_of", "size_of", "value_of", "whole"]

#: The largest whole number that is counted with.
LARGEST = 10**9
#: The tokens of whole numbers.
_WHOLE = frozenset({"name", "number", "+", "-", "*", ","})


# --- whole numbers --------------------------------------------------------------------------------------------------


def whole(stream: TokenStream) -> int:
    """Read a whole number that is written with numbers and names of whole numbers."""
    start = stream.token.start
    value, sign = 0, 1
    while True:
        while stream.token.kind in ("+", "-"):
            sign = -sign if stream.advance().kind == "-" else sign
        value += sign * _product(stream, start)
        if stream.token.kind not in ("+", "-"):
            return value
        sign = 1


def _product(stream: TokenStream, start: int) -> int:
    value = _factor(stream)
    while stream.token.kind == "*":
        stream.advance()
        value *= _factor(stream)
        if abs(value) > LARGEST:
            stream.fail("a whole number that is too large", stream.since(start))
    return value


def _factor(stream: TokenStream) -> int:
    token = stream.token
    if token.kind == "number":
        if not token.text.isdigit() or len(token.text) > 9:
            stream.fail("a whole number is expected", stream.place(token))
        return int(stream.advance().text)
    if token.kind != "name":
        stream.unexpected("a whole number")
    value = stream.scope.number(token.text)
    if value is None:
        _no_number(stream, token)
    if stream.scope.is_global(token.text):
        stream.scope.reading.counts.setdefault(token.text, stream.place(token))
    stream.advance()
    if abs(value) > LARGEST:
        stream.fail("a whole number that is too large", stream.place(token))
    return value


def _no_number(stream: TokenStream, token: Token) -> NoReturn:
    """Say what a name is that is no whole number."""
    word, scope = token.text, stream.scope
    place = stream.place(token)
    if word in scope.bound:
        stream.fail(f"`{word}` is an index of entries, with which nothing is counted", place)
    if scope.argument(word) is not None:
        stream.fail(f"`{word}` is not a whole number here", place)
    hint = f"write `{word} = 3` on a line above, or give it from outside: --given {word}=3"
    stream.fail(f"`{word}` has no whole number as its value here", place, hint)


# --- names ----------------------------------------------------------------------------------------------------------


def after_index(stream: TokenStream, at: int) -> int:
    """The position after the brackets with indices that may follow a name at `at - 1`."""
    while stream.tokens[at].kind == "[":
        end = at + 1
        while stream.tokens[end].kind in _WHOLE:
            end += 1
        if stream.tokens[end].kind != "]":
            return at
        at = end + 1
    return at


def indexed_name(stream: TokenStream, expected: str) -> str:
    """Read a name with the indices that follow it, which are whole numbers."""
    token = stream.expect("name", expected)
    return base_of(stream, token)


def base_of(stream: TokenStream, token: Token) -> str:
    """The name that a token begins, with all indices that follow and are whole numbers: `W_2` for `W[2]`."""
    word = token.text
    while stream.token.kind == "[" and _counted(stream):
        stream.open()
        values = stream.separated(_index)
        stream.close("`,`")
        word += "".join(f"_{value}" for value in values)
    if word != token.text:
        scope = stream.scope
        if scope.argument(token.text) is not None and not scope.trial:
            hint = f"give each of them to the function: f({token.text}1, {token.text}2) = ..."
            stream.fail(f"`{token.text}` is a parameter, which stands for one value", stream.since(token.start), hint)
        scope.reading.indexed.setdefault(word, (token.text, stream.since(token.start)))
    return word


def _index(stream: TokenStream) -> int:
    start = stream.token.start
    value = whole(stream)
    if value < 0:
        stream.fail(f"an index is not negative, but this is {value}", stream.since(start))
    return value


def _counted(stream: TokenStream) -> bool:
    """True if whole numbers stand in the bracket that follows, and no indices that run over entries."""
    scope = stream.scope
    kinds: list[tuple[bool, Token]] = []
    at = stream.at + 1
    while stream.tokens[at].kind in _WHOLE:
        token = stream.tokens[at]
        if token.kind in ("name", "number"):
            counted = token.kind == "number" or scope.number(token.text) is not None
            kinds.append((counted, token))
        at += 1
    if stream.tokens[at].kind != "]" or not any(counted for counted, _ in kinds):
        return False
    if scope.indices and stream.tokens[at + 1].kind != "[" and all(token.kind == "number" for _, token in kinds):
        return False  # among entries x[1] would be taken for one: the name is written x_1 there
    other = next((token for counted, token in kinds if not counted), None)
    if other is None:
        return True
    if other.text in scope.bound:
        hint = "compare indices, as in x[j] if i!=j else 0; entries of the name W_2 are W[2][i,j]"
        stream.fail(f"`{other.text}` runs over entries, and no whole number stands beside it", stream.place(other), hint)
    _no_number(stream, other)


# --- values ---------------------------------------------------------------------------------------------------------


def value_of(stream: TokenStream, token: Token) -> Form:
    """What a name stands for that was just read, with the indices that follow it."""
    scope = stream.scope
    word = base_of(stream, token)
    span = stream.since(token.start)
    if word != token.text or word in scope.bound:
        return _name(stream, scope.bound.get(word, word), span)
    argument = scope.argument(word)
    if argument is not None:
        return _argument(stream, argument.form, argument.mark, span)
    if word in scope.rounds:
        return number(scope.rounds[word], span)
    definition = scope.reading.functions.get(word)
    if definition is not None:
        call = f"{word}({', '.join(definition.parameters)})"
        stream.fail(f"`{word}` is a function: it needs an argument", span, f"write {call}")
    return _name(stream, word, span)


def _name(stream: TokenStream, word: str, span: Span) -> Form:
    stream.uses.append((word, span))
    return Form("name", (), word, span=span)


def _argument(stream: TokenStream, form: Form | None, mark: str, span: Span) -> Form:
    """What a parameter stands for, in the place where it is used."""
    if form is not None and form.head == "number":
        return number(form.value, span)
    return Form("name", (), form.value if form is not None and form.head == "name" else mark, span=span)


def index_of(stream: TokenStream, token: Token) -> str:
    """The index that a token is, as it stands in forms."""
    scope, word = stream.scope, token.text
    if word in scope.bound:
        return scope.bound[word]
    if scope.arguments is None:
        return word
    argument = scope.arguments.get(word)
    form = argument.form if argument is not None else None
    if form is not None and form.head == "name" and form.value in scope.outer:
        return str(form.value)
    hint = f"indices are bound by [{word}: ...] or sum[{word}: ...]"
    stream.fail(f"`{word}` is not an index here", stream.place(token), hint)


def size_of(stream: TokenStream, form: Form) -> Form:
    """An argument that is a size; the name of a whole number is that number."""
    value = stream.scope.reading.numbers.get(form.value) if form.head == "name" else None
    if value is None:
        return form
    stream.scope.reading.counts.setdefault(form.value, form.span or stream.place(stream.token))
    return number(value, form.span)
