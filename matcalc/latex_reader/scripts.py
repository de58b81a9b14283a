r"""What stands above a factor: transposes, inverses, powers, primes; and indices below one that is no name.

    A^\top    A^T    A'    A^{-1}    A^{-\top}    x^2    X^{\odot 2}    {\mathbf{W}^{(1)}}^\top    [\mathbf{A}]_{ij}
"""

from __future__ import annotations

from fractions import Fraction

from matcalc.form import Form, number
from matcalc.latex_reader.lexer import Token
from matcalc.latex_reader.names import entry
from matcalc.latex_reader.reader import Reader
from matcalc.latex_reader.subscripts import subscript
from matcalc.latex_reader.symbols import STYLES, SWITCHES, TRANSPOSES

__all__ = ["scripts", "raised", "power", "exponential", "is_mark_ahead"]

#: What parts of a superscript change nothing of its meaning.
_TRANSPARENT = frozenset({*STYLES, *SWITCHES})
#: What has no meaning above a value.
_MARKS = {"*": "a star", "\\ast": "a star", "\\star": "a star", "\\dagger": "a dagger", "H": "H", "+": "a plus sign"}


def scripts(reader: Reader, form: Form, start: int) -> Form:
    """`form` with all that stands above and below it."""
    above = False
    while True:
        token = reader.token
        if token.kind == "'":
            form, above = primes(reader, form, start), False
        elif token.kind == "^":
            if above:
                reader.fail("a second superscript", reader.place(token), "put the first one in braces: {x^2}^\\top")
            form, above = raised(reader, form, start), True
        elif token.kind == "_":
            form = entry(reader, form, subscript(reader), start)
        elif token.kind == "{" and reader.peek().kind == "}":
            reader.advance()
            reader.advance()
            above = False
        elif token.text == "!":
            reader.fail("factorials are not read", reader.place(token))
        else:
            return form


def primes(reader: Reader, form: Form, start: int) -> Form:
    """One prime is a transpose."""
    token = reader.token
    count = 0
    while reader.token.kind == "'":
        reader.advance()
        count += 1
    if count > 1:
        hint = "the derivatives of an unknown function are f''(x); declare it: f: function"
        reader.fail("several primes are no transpose", reader.place(token), hint)
    return transposed(reader, form, start, token)


def transposed(reader: Reader, form: Form, start: int, token: Token) -> Form:
    """The transpose; of a scalar that is one name it is an error, since something else must be meant."""
    if reader.kind(form) == "scalar" and form.head in ("name", "number", "entry"):
        hint = "declare a vector or matrix; a derivative is \\frac{d f}{d x}, a second variable x_1"
        reader.fail(f"`{reader.source[start : token.start]}` is a scalar and has no transpose", reader.place(token), hint)
    return reader.node("transpose", (form,), start)


# --- superscripts ---------------------------------------------------------------------------------------------------


def raised(reader: Reader, form: Form, start: int) -> Form:
    """`form` with the superscript that follows."""
    words = _words(reader)
    done = _marked(reader, form, start, words) if words is not None else None
    if done is None:
        return _power_of_expression(reader, form, start)
    for _ in range(_length(reader, reader.at)):
        reader.advance()
    return reader.node(done.head, done.args, start, done.value)


def _length(reader: Reader, at: int) -> int:
    """How many tokens a superscript has, with its caret."""
    if reader.tokens[at + 1].kind != "{":
        token = reader.tokens[at + 1]
        if token.kind == "command" and token.text in _TRANSPARENT and reader.tokens[at + 2].kind == "{":
            return (reader.closing(at + 2) or at + 2) - at + 1
        return 3 if token.kind == "command" and token.text in _TRANSPARENT else 2
    return (reader.closing(at + 1) or at + 1) - at + 1


def _words(reader: Reader) -> list[str] | None:
    """The words of a short superscript without braces and styles; None for a long one."""
    length = _length(reader, reader.at)
    if length > 12:
        return None
    tokens = reader.tokens[reader.at + 1 : reader.at + length]
    return [token.text.strip() for token in tokens if token.kind not in ("{", "}") and token.text not in _TRANSPARENT]


def is_mark_ahead(reader: Reader) -> bool:
    """Whether the superscript that follows is a transpose or a prime."""
    words = _words(reader)
    return bool(words) and all(word in TRANSPOSES or word == "'" for word in words or ())


def _marked(reader: Reader, form: Form, start: int, words: list[str]) -> Form | None:
    """The form that a superscript of marks makes: transposes and inverses; None if it is an exponent."""
    caret = reader.token
    if len(words) == 1 and words[0] in TRANSPOSES:
        if words[0] == "T" and reader.kind(form) == "scalar" and reader.scope.is_known("T"):
            return None
        return transposed(reader, form, start, caret)
    if words and all(word == "'" for word in words):
        if len(words) > 1:
            reader.fail("several primes are no transpose", reader.place(reader.peek()))
        return transposed(reader, form, start, caret)
    inverse = [["-", "1", mark] for mark in TRANSPOSES] + [["-", mark] for mark in TRANSPOSES]
    if words in inverse or (len(words) == 3 and words[0] in TRANSPOSES and words[1:] == ["-", "1"]):
        return Form("transpose", (power(reader, form, number(-1, reader.place(caret)), start),), span=form.span)
    if len(words) == 1 and words[0] in _MARKS and not (words[0] == "H" and reader.scope.is_known("H")):
        what = _MARKS[words[0]]
        hint = "write ^\\top for the transpose, ^{-1} for the inverse; a second variable is x_1"
        reader.fail(f"{what} above has no meaning here", reader.place(reader.peek()), hint)
    return None


def _power_of_expression(reader: Reader, form: Form, start: int) -> Form:
    """`form` to an exponent, entry by entry after `\\odot` or `\\circ`."""
    reader.advance()
    token = reader.token
    if token.kind == "number" and len(token.text) > 1:
        reader.fail("an exponent without braces is one symbol", reader.place(token), f"write ^{{{token.text}}}")
    if token.kind == "{" and reader.peek().text in ("\\odot", "\\circ"):
        return _entrywise(reader, form, start)
    if token.kind == "{" and reader.peek().kind == "open" and _wrapped(reader):
        hint = "an exponent stands without parentheses: x^{2}; a layer stands above a name: W^{(1)}"
        reader.fail("parentheses above may be an exponent or an index", reader.place(token), hint)
    outer, reader.style = reader.style, None
    exponent = reader.group("the exponent")
    reader.style = outer
    return power(reader, form, _number(exponent), start)


def _wrapped(reader: Reader) -> bool:
    """Whether the superscript that follows is all in one pair of fences."""
    inner, outer = reader.closing(reader.at + 1), reader.closing(reader.at)
    return inner is not None and outer == inner + 1


def _entrywise(reader: Reader, form: Form, start: int) -> Form:
    reader.enter()
    reader.advance()
    exponent = reader.grammar.expression(reader)
    reader.leave()
    return reader.node("elpower", (form, _number(exponent)), start)


def _number(form: Form) -> Form:
    """A negative number as one form, as the language reads exponents."""
    if form.head == "neg" and form.args[0].head == "number":
        return number(-form.args[0].value, form.span)
    return form


def power(reader: Reader, form: Form, exponent: Form, start: int) -> Form:
    """A power; the first negative one of a matrix is its inverse."""
    kind = reader.kind(form)
    if kind in ("column", "row"):
        behind = exponent.span is not None and exponent.span.start > start
        shown = reader.source[start : exponent.span.start].rstrip("{^ ") if exponent.span and behind else "x"
        hint = f"write {shown}^{{\\odot 2}} to raise each entry, \\|{shown}\\|^2 for the squared norm"
        reader.fail("a vector has no power", reader.since(start), hint)
    if kind == "matrix" and exponent.head == "number" and exponent.value == Fraction(-1):
        return reader.node("call", (form,), start, "inv")
    return reader.node("power", (form, exponent), start)


def exponential(reader: Reader, exponent: Form, start: int) -> Form:
    """`e^{x}`, of each entry; the exponential of a matrix is another function."""
    if reader.kind(exponent) == "matrix":
        hint = "write \\exp(\\mathbf{A}) for the exponential of each entry; that of a matrix is not read"
        reader.fail("e to a matrix", reader.since(start), hint)
    return reader.node("call", (exponent,), start, "exp")
