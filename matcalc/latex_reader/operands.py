"""Operands: numbers, names, groups, and everything that a command begins; one factor with all that stands around it."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from matcalc.form import Form, number
from matcalc.latex_reader import constants
from matcalc.latex_reader.derivatives import fraction, inline_partial
from matcalc.latex_reader.fences import fenced
from matcalc.latex_reader.functions import applied
from matcalc.latex_reader.gradients import nabla
from matcalc.latex_reader.indexed import case_distinction, indexed_sum
from matcalc.latex_reader.letters import is_word, named_operand, styled, symbol_operand, text_word
from matcalc.latex_reader.names import braced_symbol, read_symbol, resolve
from matcalc.latex_reader.reader import Reader
from matcalc.latex_reader.scripts import scripts
from matcalc.latex_reader.symbols import ACCENTS, CASES, FRACTIONS, FUNCTIONS, STYLES, SWITCHES, WRAPPERS

__all__ = ["factor", "single", "operand_ahead"]

_OPERANDS = frozenset({"letter", "number", "open", "{"})
#: Commands that begin an operand.
_COMMANDS = frozenset(
    {"\\sqrt", "\\sum", "\\partial", "\\nabla", *STYLES, *ACCENTS, *FRACTIONS, *FUNCTIONS, *WRAPPERS, *SWITCHES}
)


def operand_ahead(reader: Reader) -> bool:
    """Whether what follows can begin an operand, so that it is a further factor."""
    token = reader.token
    if token.kind == "bar":
        opener = reader.open[-1] if reader.open else None
        return opener is None or opener.kind not in ("open", "bar") or opener.text != token.text
    if token.kind == "begin":
        return True
    if token.kind == "text":
        return is_word(token)
    if token.kind != "command":
        return token.kind in _OPERANDS
    return token.text in _COMMANDS


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
        return symbol_operand(reader)
    if token.kind in ("open", "bar"):
        return fenced(reader)
    if token.kind == "{":
        return _braces(reader)
    if token.kind == "command":
        return _command(reader)
    if token.kind == "begin":
        return _environment(reader)
    if token.kind == "text" and is_word(token):
        return text_word(reader)
    reader.missing_operand()


def _number(reader: Reader) -> Form:
    token = reader.advance()
    if reader.style == "bold" and token.text in ("0", "1"):
        hint = f"write \\mathbf{{{token.text}}} for a vector, or take the number out of the bold letters"
        reader.fail("a bold digit may be a number or a vector", reader.place(token), hint)
    if reader.token.kind == "_" and token.text in ("0", "1"):
        return constants.digit_constant(reader, token.text, token.start)
    return number(Fraction(token.text), reader.place(token))


def _braces(reader: Reader) -> Form:
    """A group in braces, whose letters may have a style of their own."""
    symbol = braced_symbol(reader)
    if symbol is not None:
        return named_operand(reader, symbol)
    digit = _bold_digit(reader)
    if digit is None:
        return reader.group("the group")
    start, end = reader.token.start, reader.closing(reader.at) or reader.at
    reader.move(end)
    reader.advance()
    return constants.digit_constant(reader, digit, start)


def _bold_digit(reader: Reader) -> str | None:
    r"""The digit of `{\bf 1}` or `{\mathbf 1}`, which stands for a vector, if that is all in the braces that follow."""
    switch = reader.peek()
    bold = switch.kind == "command" and "bold" in (SWITCHES.get(switch.text), STYLES.get(switch.text))
    end = reader.closing(reader.at)
    if not bold or end is None or end > reader.at + 5:
        return None
    inner = [token.text for token in reader.tokens[reader.at + 2 : end] if token.kind not in ("{", "}")]
    return inner[0] if inner in (["0"], ["1"]) else None


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
        return styled(reader)
    if word in ACCENTS:
        return symbol_operand(reader)
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
