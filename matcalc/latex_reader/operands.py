"""Operands: numbers, names, groups, and everything that a command begins; one factor with all that stands around it."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from matcalc.errors import DeclarationError
from matcalc.form import Form, number
from matcalc.latex_reader import constants
from matcalc.latex_reader.derivatives import fraction, inline_partial, jacobian, jacobian_ahead, nabla
from matcalc.latex_reader.fences import fenced
from matcalc.latex_reader.functions import applied, function_named, no_function, unknown_applied
from matcalc.latex_reader.indexed import case_distinction, indexed_sum
from matcalc.latex_reader.lexer import Token
from matcalc.latex_reader.names import (
    Symbol, is_one_letter, known_name, read_symbol, resolve, scripted_symbol, skip_word, symbol_ahead, word_ahead,
)  # fmt: skip
from matcalc.latex_reader.reader import Reader
from matcalc.latex_reader.scripts import exponential, is_mark_ahead, scripts
from matcalc.latex_reader.subscripts import layer_ahead
from matcalc.latex_reader.symbols import ACCENTS, CASES, FRACTIONS, FUNCTIONS, PLAIN_FUNCTIONS, STYLES, SWITCHES, WRAPPERS

__all__ = ["factor", "single", "operand_ahead", "function_ahead"]

_OPERANDS = frozenset({"letter", "number", "open", "{"})
_COMMANDS = frozenset({"\\sqrt", "\\sum", "\\partial", "\\nabla"})


def operand_ahead(reader: Reader) -> bool:
    """Whether what follows can begin an operand, so that it is a further factor."""
    token = reader.token
    if token.kind == "bar":
        opener = reader.open[-1] if reader.open else None
        return opener is None or opener.kind not in ("open", "bar") or opener.text != token.text
    if token.kind == "begin":
        return True
    if token.kind == "text":
        return _is_word(token)
    if token.kind != "command":
        return token.kind in _OPERANDS
    word = token.text
    return word in _COMMANDS or word in STYLES or word in ACCENTS or word in FRACTIONS or word in FUNCTIONS or word in WRAPPERS or word in SWITCHES


def function_ahead(reader: Reader) -> bool:
    """Whether a function, a sum or an operator follows, at which an argument without parentheses ends."""
    token = reader.token
    if token.kind == "text":
        return function_named(token.text.strip()) is not None
    if token.kind != "command":
        return False
    if token.text in FUNCTIONS or token.text in ("\\sum", "\\nabla", "\\partial"):
        return True
    word = word_ahead(reader) if token.text in STYLES else None
    return word is not None and not is_one_letter(reader) and _function(reader, word) is not None


def _is_word(token: Token) -> bool:
    """Whether a text is one word, such as a name or a function."""
    word = token.text.strip()
    return word.isascii() and word.isalpha() and (len(word) == 1 or function_named(word) is not None)


def factor(reader: Reader) -> Form:
    """An operand with what stands above and below it."""
    reader.bare_call = None
    start = reader.token.start
    while reader.token.kind == "{" and reader.peek().kind == "}":
        reader.advance()
        reader.advance()
    return scripts(reader, _operand(reader), start)


def single(reader: Reader) -> Form:
    r"""The one symbol that TeX takes without braces: the 1 of `\frac12`, the n of `x^n`."""
    token = reader.token
    if token.kind == "number" and len(token.text) > 1:
        reader.split_number()
        token = reader.token
    if token.kind == "number":
        return _number(reader)
    if token.kind == "letter":
        return resolve(reader, read_symbol(reader), None)
    if token.kind == "command" and (token.text in STYLES or token.text in FRACTIONS or token.text in ACCENTS):
        return _operand(reader)
    reader.check_command(token)
    reader.fail("an argument without braces is one letter or digit", reader.place(token), "write it in braces: {...}")


def _operand(reader: Reader) -> Form:
    token = reader.token
    if token.kind == "number":
        return _number(reader)
    if token.kind == "letter":
        return _symbol(reader)
    if token.kind in ("open", "bar"):
        return fenced(reader)
    if token.kind == "{":
        return _braces(reader)
    if token.kind == "command":
        return _command(reader)
    if token.kind == "begin":
        return _environment(reader)
    if token.kind == "text" and _is_word(token):
        return _text_word(reader)
    reader.missing_operand()


def _number(reader: Reader) -> Form:
    token = reader.advance()
    if reader.token.kind == "_" and token.text in ("0", "1"):
        return constants.digit_constant(reader, token.text, token.start)
    return number(Fraction(token.text), reader.place(token))


def _braces(reader: Reader) -> Form:
    """A group in braces, whose letters may have a style of their own."""
    reader.enter()
    outer, bare = reader.style, reader.bare_argument
    reader.bare_argument = False
    while reader.token.kind == "command" and reader.token.text in SWITCHES:
        reader.style = SWITCHES[reader.advance().text]
    form = reader.grammar.expression(reader)
    reader.style, reader.bare_argument = outer, bare
    reader.leave()
    return form


def _environment(reader: Reader) -> Form:
    token = reader.token
    if token.text in CASES:
        return case_distinction(reader)
    hint = "write a matrix by a letter, or its entries by a rule: [..]_{ij}"
    reader.fail(f"the environment {token.text} is not read here", reader.place(token), hint)


# --- commands -------------------------------------------------------------------------------------------------------


def _command(reader: Reader) -> Form:
    word = reader.token.text
    if word in _RULES:
        return _RULES[word](reader)
    if word in STYLES:
        return _styled(reader)
    if word in ACCENTS:
        return _symbol(reader)
    if word in FRACTIONS:
        return fraction(reader)
    if word in FUNCTIONS:
        start = reader.advance().start
        return applied(reader, FUNCTIONS[word], start)
    if word in WRAPPERS:
        return _wrapped(reader)
    if word in SWITCHES:
        hint = "put the switch and its letters in braces: {\\bf x}"
        reader.fail("a switch of letters holds to the end of its group", reader.place(reader.token), hint)
    reader.missing_operand()


def _wrapped(reader: Reader) -> Form:
    r"""`\boxed{..}`, and `\underbrace{..}_{\text{..}}`, whose label is no part of the formula."""
    token = reader.advance()
    form = reader.group(f"the argument of {token.text}")
    if token.text in ("\\underbrace", "\\overbrace") and reader.token.kind in ("_", "^"):
        reader.advance()
        end = reader.closing(reader.at)
        if end is None:
            reader.fail("a label stands in braces", reader.place(reader.token))
        reader.move(end)
        reader.advance()
    return form


def _root(reader: Reader) -> Form:
    start = reader.advance().start
    degree: Form | None = None
    if reader.token.kind == "open" and reader.token.text == "[":
        reader.enter()
        degree = reader.grammar.expression(reader)
        reader.leave()
        if degree.head != "number" or not degree.value or degree.value.denominator != 1:
            reader.fail("the degree of a root is a whole number", degree.span or reader.since(start))
    form = reader.group("what the root is taken of")
    if degree is None:
        return reader.node("call", (form,), start, "sqrt")
    head = "power" if reader.kind(form) == "scalar" else "elpower"
    return reader.node(head, (form, number(1 / degree.value, degree.span)), start)


_RULES: dict[str, Callable[[Reader], Form]] = {
    "\\sqrt": _root,
    "\\sum": indexed_sum,
    "\\partial": inline_partial,
    "\\nabla": nabla,
}


# --- letters and words ----------------------------------------------------------------------------------------------


def _styled(reader: Reader) -> Form:
    """A letter, a word, a constant, a function or a whole formula in a style."""
    token = reader.token
    style = STYLES[token.text]
    if jacobian_ahead(reader):
        return jacobian(reader)
    word = word_ahead(reader)
    if word is None:
        return _styled_formula(reader, style)
    if word in ("0", "1") and style in ("bold", "blackboard", "roman"):
        skip_word(reader)
        return constants.digit_constant(reader, word, token.start)
    if word == "d" and style in ("roman", "function"):
        reader.fail("a differential is not read", reader.place(token), "write derivatives as \\frac{\\partial f}{\\partial x}")
    if style == "blackboard" and not reader.scope.find(word, (), reader.place(token)):
        reader.fail("letters with double strokes are no values", reader.place(token), "declare shapes: x: vector(n)")
    if style == "function" or not is_one_letter(reader):
        return _word(reader, word, style)
    return _symbol(reader)


def _styled_formula(reader: Reader, style: str) -> Form:
    r"""`\mathbf{x^\top A x}`: all letters in a style."""
    token = reader.advance()
    if reader.token.kind != "{":
        if symbol_ahead(reader):
            return _symbol_in(reader, style)
        reader.fail(f"`{token.text}` needs a letter", reader.place(token), f"write {token.text}{{x}}")
    outer, reader.style = reader.style, style
    form = reader.group(f"the argument of {token.text}")
    reader.style = outer
    return form


def _symbol_in(reader: Reader, style: str) -> Form:
    r"""`\mathbf\hat x`: one letter in a style."""
    outer, reader.style = reader.style, style
    form = single(reader)
    reader.style = outer
    return form


def _function(reader: Reader, word: str) -> str | None:
    """The function that a word stands for here, where it is no name."""
    if reader.scope.is_known(word):
        return word if reader.scope.is_function(word) else None
    return function_named(word)


def _word(reader: Reader, word: str, style: str) -> Form:
    """A word: a function of the language, an unknown one, or a name of several letters."""
    scope, start = reader.scope, reader.token.start
    span = reader.place(reader.token)
    known = scope.find(word, (), span)
    if known is None and (name := _function(reader, word)) is not None:
        skip_word(reader)
        return applied(reader, name, start)
    if known is None and style == "function":
        skip_word(reader)
        no_function(reader, word, reader.since(start))
    if known is None and style == "bold" and word.isalpha():
        skip_word(reader)
        letters = "".join(f"\\mathbf{{{letter}}}" for letter in word)
        hint = f"write {letters[:80]} for a product, or declare `{word}`"
        reader.fail(f"`{word}` may be one name or a product", reader.since(start), hint)
    return _symbol(reader)


def _text_word(reader: Reader) -> Form:
    token = reader.advance()
    word = token.text.strip()
    name = _function(reader, word)
    if name is not None and not reader.scope.is_function(word):
        return applied(reader, name, token.start)
    symbol = Symbol(word, (), "roman", f"text {word}", token.start)
    return _named(reader, symbol)


def _symbol(reader: Reader) -> Form:
    """A name with all that belongs to it, applied if it is a function."""
    _check_bare_word(reader)
    return _named(reader, read_symbol(reader))


def _named(reader: Reader, symbol: Symbol) -> Form:
    scope, start = reader.scope, symbol.start
    known = known_name(reader, symbol)
    if known is not None and scope.is_function(known):
        return unknown_applied(reader, symbol, known)
    special = _special(reader, symbol, known)
    if special is not None:
        return special
    symbol, below = scripted_symbol(reader, symbol)
    word = known_name(reader, symbol, below)
    if word is not None and scope.is_function(word):
        return unknown_applied(reader, symbol, word)
    form = resolve(reader, symbol, below)
    _check_increment(reader, symbol, form)
    _check_entry_mark(reader, form, start)
    if form.head == "name" and reader.token.kind == "'":
        _check_primed(reader, form, start)
    if form.head == "name" and reader.token.kind == "open" and reader.token.text in ("(", "["):
        return _before_parentheses(reader, symbol, form, start)
    return form


def _special(reader: Reader, symbol: Symbol, known: str | None) -> Form | None:
    """What a letter means that is no variable: the identity, e to a power, the logistic function."""
    start = symbol.start
    if constants.identity_ahead(reader, symbol, known):
        return constants.identity(reader, start)
    if constants.commutation_ahead(reader, symbol, known):
        return constants.commutation(reader, start)
    if known is not None or symbol.subscripts or symbol.style not in ("plain", "roman"):
        return None
    if symbol.base == "e" and reader.token.kind == "^" and not is_mark_ahead(reader) and layer_ahead(reader) is None:
        reader.scope.note("e", "Euler's number", reader.since(start))
        reader.advance()
        return exponential(reader, reader.group("the exponent"), start)
    if symbol.base == "sigma" and symbol.style == "plain" and _applied_ahead(reader):
        reader.scope.note("sigma", "logistic function", reader.since(start))
        return applied(reader, "sigmoid", start)
    return None


def _applied_ahead(reader: Reader) -> bool:
    """Whether parentheses follow, with a prime before them or not."""
    token = reader.peek() if reader.token.kind == "'" else reader.token
    return token.kind == "open" and token.text in ("(", "[", "\\{")


def _before_parentheses(reader: Reader, symbol: Symbol, form: Form, start: int) -> Form:
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


def _check_increment(reader: Reader, symbol: Symbol, form: Form) -> None:
    r"""Refuse `\Delta x` and `d x` of unknown letters: an increment or a differential, and no product."""
    plain = symbol.style == "plain" and not symbol.subscripts and symbol.base in ("d", "delta", "Delta")
    if plain and form.head == "name" and form.value == symbol.base and symbol_ahead(reader) and not _is_settled(reader, symbol.base):
        span = reader.since(symbol.start)
        hint = f"declare `{symbol.base}` for a product; differentials and increments are not read"
        reader.fail(f"`{span.text}` before a letter may be a differential or a factor", span, hint)


def _is_settled(reader: Reader, word: str) -> bool:
    return reader.scope.is_known(word) or word in reader.scope.hints


def _check_entry_mark(reader: Reader, form: Form, start: int) -> None:
    """Refuse `A_{ij}^{-1}` and `A^{-1}_{ij}`: the entry of the inverse, or the inverse of the entry?"""
    if form.head != "entry" or reader.kind(form.args[0]) != "matrix" or reader.token.kind != "^":
        return
    after = reader.peek(2) if reader.peek().kind == "{" else reader.peek()
    if is_mark_ahead(reader) or after.text == "-":
        hint = "write (\\mathbf{A}^{-1})_{ij} for the entry of the inverse, 1/A_{ij} for the other"
        reader.fail("an entry of what stands above, or that of the entry?", reader.since(start), hint)


def _check_primed(reader: Reader, form: Form, start: int) -> None:
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
        return known_name(reader, symbol, below) or "_".join((symbol.base, *symbol.subscripts, *(below.as_name if below else ())))
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


def _check_bare_word(reader: Reader) -> None:
    """Refuse `tr(A)` and `log x`, in which TeX sees products of letters."""
    tokens, at = reader.tokens, reader.at
    if tokens[at].kind != "letter" or tokens[at].end - tokens[at].start != 1:
        return
    if at and tokens[at - 1].kind == "letter" and tokens[at - 1].end == tokens[at].start and tokens[at - 1].end - tokens[at - 1].start == 1:
        return
    end = at
    while end - at < 16 and tokens[end].kind == "letter" and (end == at or tokens[end].start == tokens[end - 1].end) and len(tokens[end].text) == 1:
        end += 1
    word = "".join(token.text for token in tokens[at:end])
    if end - at < 2 or (function_named(word) is None and word not in reader.scope.declarations):
        return
    span = reader.place(tokens[at]).through(reader.place(tokens[end - 1]))
    command = f"\\operatorname{{{word}}}" if function_named(word) else f"\\mathrm{{{word}}}"
    if word in PLAIN_FUNCTIONS:
        command = f"\\{word}"
    reader.fail(f"`{word}` is a product of letters in LaTeX", span, f"write {command}, or spaces between the letters")
