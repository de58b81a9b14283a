r"""Letters and words where an operand stands: names, functions, constants, and letters with a meaning of their own.

    \mathbf{x}    \mathrm{tr}(\mathbf{A})    f(x)    \sigma(z)    e^{x}    \mathbf{I}    \mathbf{x^\top A x}
"""

from __future__ import annotations

from matcalc.form import Form
from matcalc.latex_reader import constants
from matcalc.latex_reader.doubts import (
    before_parentheses,
    check_bare_word,
    check_entry_mark,
    check_increment,
    check_primed,
)
from matcalc.latex_reader.functions import applied, function_named, no_function, unknown_applied
from matcalc.latex_reader.gradients import jacobian, jacobian_ahead
from matcalc.latex_reader.lexer import Token
from matcalc.latex_reader.names import (
    Symbol,
    is_one_letter,
    known_name,
    read_symbol,
    resolve,
    scripted_symbol,
    skip_word,
    symbol_ahead,
    word_ahead,
)
from matcalc.latex_reader.reader import Reader
from matcalc.latex_reader.scripts import exponential, is_mark_ahead
from matcalc.latex_reader.subscripts import layer_ahead
from matcalc.latex_reader.symbols import FUNCTIONS, STYLES

__all__ = ["function_ahead", "is_word", "named_operand", "styled", "symbol_operand", "text_word"]


def is_word(token: Token) -> bool:
    """Whether a text is one word, such as a name or a function."""
    word = token.text.strip()
    return word.isascii() and word.isalpha() and (len(word) == 1 or function_named(word) is not None)


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


def styled(reader: Reader) -> Form:
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
    return symbol_operand(reader)


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
    form = reader.grammar.single(reader)
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
    return symbol_operand(reader)


def text_word(reader: Reader) -> Form:
    token = reader.advance()
    word = token.text.strip()
    name = _function(reader, word)
    if name is not None and not reader.scope.is_function(word):
        return applied(reader, name, token.start)
    symbol = Symbol(word, (), "roman", f"text {word}", token.start)
    return named_operand(reader, symbol)


def symbol_operand(reader: Reader) -> Form:
    """A name with all that belongs to it, applied if it is a function."""
    check_bare_word(reader)
    return named_operand(reader, read_symbol(reader))


def named_operand(reader: Reader, symbol: Symbol) -> Form:
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
    check_increment(reader, symbol, form)
    check_entry_mark(reader, form, start)
    if form.head == "name" and reader.token.kind == "'":
        check_primed(reader, form, start)
    if form.head == "name" and reader.token.kind == "open" and reader.token.text in ("(", "["):
        return before_parentheses(reader, symbol, form, start)
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
