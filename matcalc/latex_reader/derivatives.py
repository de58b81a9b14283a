r"""Fractions and derivatives.

    \frac{a}{b}    \frac{\partial f}{\partial \mathbf{x}}    \frac{\partial}{\partial \mathbf{x}} (..)    \frac{dy}{dx}
    \frac{\partial^2 f}{\partial \mathbf{x}^2}    \frac{\partial^2 f}{\partial \mathbf{x} \partial \mathbf{x}^\top}
    \partial f / \partial x

`\frac{\partial f}{\partial x}` is the derivative in the layout in force.  By a transposed vector it is the Jacobian with
the axes of f first, whatever the layout.  An operator without a numerator takes the parentheses that follow, else the
factors that follow.
"""

from __future__ import annotations

from dataclasses import dataclass

from matcalc.form import Form
from matcalc.latex_reader.fences import fenced
from matcalc.latex_reader.names import braced_symbol, read_symbol, resolve, scripted_symbol
from matcalc.latex_reader.reader import Reader
from matcalc.latex_reader.symbols import STYLES, TRANSPOSES

__all__ = ["fraction", "inline_partial", "order_above", "variable"]


@dataclass(frozen=True)
class By:
    """A variable of a derivative, how often, and whether it is transposed."""

    form: Form
    times: int = 1
    transposed: bool = False


# --- fractions ------------------------------------------------------------------------------------------------------


def fraction(reader: Reader) -> Form:
    r"""`\frac{..}{..}`: a quotient or a derivative."""
    start = reader.advance().start
    if _derivative_ahead(reader):
        return _differential_quotient(reader, start)
    above = reader.group("the numerator")
    below = reader.group("the denominator")
    return reader.node("div", (above, below), start)


def _derivative_ahead(reader: Reader) -> bool:
    """Whether both parts of a fraction begin with a sign of a derivative."""
    end = reader.closing(reader.at) if reader.token.kind == "{" else reader.at
    if end is None:
        return False
    above = _sign(reader, reader.at + (reader.token.kind == "{"))
    after = end + 1 if reader.token.kind == "{" else reader.at + 1
    below = _sign(reader, after + (reader.tokens[min(after, len(reader.tokens) - 1)].kind == "{"))
    if above == "d" == below and reader.scope.is_known("d"):
        hint = "write \\mathrm{d} or \\partial for a derivative; give the variable another name"
        reader.fail("`d` is a name here, so this may be a quotient", reader.place(reader.token), hint)
    return above is not None and below is not None


def _sign(reader: Reader, at: int) -> str | None:
    r"""The sign of a derivative at a token: `\partial`, an upright d, or the letter d; None if there is none."""
    token = reader.tokens[min(at, len(reader.tokens) - 1)]
    if token.text == "\\partial":
        return token.text
    if token.kind == "letter" and token.text == "d" and token.end - token.start == 1:
        return "d"
    if token.kind != "command" or STYLES.get(token.text) not in ("roman", "function", "sans"):
        return None
    inner = reader.tokens[at + 1 : at + 4]
    if [t.text for t in inner] == ["{", "d", "}"] or (inner and inner[0].text == "d"):
        return "upright d"
    return None


def _read_sign(reader: Reader) -> None:
    """Read the sign of a derivative."""
    if _sign(reader, reader.at) is None:
        reader.fail("the sign of a derivative is missing", reader.place(reader.token), "write \\partial before each variable")
    if _sign(reader, reader.at) != "upright d":
        reader.advance()
        return
    reader.advance()
    for _ in range(3 if reader.token.kind == "{" else 1):
        reader.advance()


def order_above(reader: Reader) -> int:
    r"""The order in `\partial^2`, else 1."""
    if reader.token.kind != "^":
        return 1
    reader.advance()
    exponent = reader.group("the order")
    if exponent.head != "number" or exponent.value.denominator != 1 or not 1 <= exponent.value <= 50:
        reader.fail("the order of a derivative is a whole number", exponent.span or reader.place(reader.token))
    return int(exponent.value)


def _differential_quotient(reader: Reader, start: int) -> Form:
    function, order = _above(reader)
    variables = _below(reader)
    if sum(by.times for by in variables) != order:
        hint = "write \\frac{\\partial^2 f}{\\partial x \\partial y}"
        reader.fail(f"the derivative is of order {order} above and another below", reader.since(start), hint)
    if function is None:
        function = _operand(reader, start)
    return _derivative(reader, function, variables, start)


def _above(reader: Reader) -> tuple[Form | None, int]:
    """The function in the numerator, if it stands there, and the order."""
    braces = reader.token.kind == "{"
    if braces:
        reader.enter()
    _read_sign(reader)
    order = order_above(reader)
    function = None
    if braces:
        if reader.token.kind != "}":
            bare, reader.bare_argument = reader.bare_argument, False
            function = reader.grammar.term(reader)
            reader.bare_argument = bare
            if reader.token.kind in ("+", "-"):
                hint = "put what is differentiated in parentheses"
                reader.fail("a sum behind the sign of a derivative", reader.place(reader.token), hint)
        reader.leave()
    return function, order


def _below(reader: Reader) -> list[By]:
    """The variables in the denominator, from the left."""
    if reader.token.kind != "{":
        hint = "write \\frac{\\partial f}{\\partial x}"
        reader.fail("the variable of the derivative is missing", reader.place(reader.token), hint)
    reader.enter()
    found = [_by(reader)]
    while reader.token.kind != "}":
        if reader.token.kind in ("end", "row", "close"):
            reader.unexpected("the variable of a derivative")
        found.append(_by(reader))
    reader.leave()
    return found


def _by(reader: Reader) -> By:
    """One variable with its sign."""
    _read_sign(reader)
    form = variable(reader)
    if reader.token.kind == "'":
        reader.advance()
        return By(form, transposed=True)
    if reader.token.kind != "^":
        return By(form)
    caret = reader.advance()
    words = _superscript(reader)
    if len(words) == 1 and words[0] in (*TRANSPOSES, "'"):
        return By(form, transposed=True)
    if len(words) == 1 and words[0].isdigit() and 0 < int(words[0][:4]) <= 50:
        return By(form, times=int(words[0]))
    hint = "write \\partial \\mathbf{x}^\\top"
    reader.fail("what stands above a variable is a number or a transpose", reader.place(caret), hint)


def _superscript(reader: Reader) -> list[str]:
    """The words of a superscript whose caret was read, without styles and braces."""
    if reader.token.kind != "{" and reader.token.text not in STYLES:
        return [reader.advance().text]
    if reader.token.kind != "{":
        reader.advance()
    if reader.token.kind != "{":
        return [reader.advance().text]
    end = reader.closing(reader.at)
    if end is None:
        reader.enter()
        reader.unexpected("a superscript")
    words = []
    while reader.at < end:
        token = reader.advance()
        if token.kind not in ("{", "}") and token.text not in STYLES:
            words.append(token.text.strip())
    reader.advance()
    return words[:4]


def variable(reader: Reader) -> Form:
    """What is differentiated by: a name, an entry, or vec of a name, in parentheses or not."""
    token = reader.token
    start = token.start
    symbol = braced_symbol(reader) if token.kind == "{" else None
    if symbol is not None:
        form = resolve(reader, *scripted_symbol(reader, symbol))
    elif token.kind == "open":
        form = fenced(reader)
    elif token.kind == "{":
        form = reader.group("the variable")
    elif _is_vec(reader):
        reader.advance()
        for _ in range(5 if reader.token.kind == "{" else 0):
            reader.advance()
        inner = variable(reader)
        form = reader.node("call", (inner,), start, "vec")
    else:
        form = resolve(reader, *scripted_symbol(reader, read_symbol(reader)))
    if form.head in ("name", "entry") or (form.head == "call" and form.value == "vec"):
        return form
    hint = "give it a name, and differentiate by the name"
    reader.fail("differentiate by a name, an entry or vec of a name", reader.since(start), hint)


def _is_vec(reader: Reader) -> bool:
    token = reader.token
    if token.kind != "command" or token.text not in STYLES:
        return token.text in ("\\vect", "\\vecop", "\\Vec")
    return "".join(reader.peek(k).text for k in range(1, 6)) in ("{vec}", "{Vec}")


# --- what is differentiated -----------------------------------------------------------------------------------------


def _operand(reader: Reader, start: int) -> Form:
    """What an operator of a derivative is applied to: the parentheses that follow, else the factors that follow."""
    operator = reader.since(start)
    if reader.token.kind in ("end", "}", "close", "=", "+", "-", "row"):
        hint = "write what it is applied to in parentheses behind it"
        reader.fail("the operator has nothing to be applied to", operator, hint)
    if reader.token.kind == "open" and reader.token.text in ("(", "[", "\\{"):
        form = reader.grammar.factor(reader)
        if reader.grammar.operand_ahead(reader):
            hint = "put the operator and what it is applied to in parentheses, or all that it is applied to"
            place, related = reader.place(reader.token), (("the operator", operator),)
            reader.fail("how far does the operator before it reach?", place, hint, related)
        return form
    bare, reader.bare_argument = reader.bare_argument, False
    form = reader.grammar.juxtaposition(reader, None)
    reader.bare_argument = bare
    reader.bare_call = (reader.at, operator)
    return form


def _derivative(reader: Reader, function: Form, variables: list[By], start: int) -> Form:
    """The form of a derivative by variables, the last of which is taken first."""
    if len(variables) == 1:
        return _by_one(reader, function, variables[0], start)
    if len(variables) == 2 and all(by.times == 1 for by in variables) and any(by.transposed for by in variables):
        return _second(reader, function, variables, start)
    form = function
    for by in reversed(variables):
        if by.transposed:
            reader.fail("a transposed variable stands in a second derivative only", reader.since(start))
        for _ in range(by.times):
            form = reader.node("derivative", (form, by.form), start, "d")
    return form


def _by_one(reader: Reader, function: Form, by: By, start: int) -> Form:
    is_vec = by.form.head == "call"
    if by.times > 1:
        form = reader.node("derivative", (function, by.form), start, "hessian")
        for _ in range(by.times - 2):
            form = reader.node("derivative", (form, by.form), start, "jacobian")
        return form
    if not by.transposed or is_vec:
        return reader.node("derivative", (function, by.form), start, "d")
    if reader.kind(by.form) == "matrix":
        form = reader.node("derivative", (function, by.form), start, "grad")
        return reader.node("transpose", (form,), start)
    return reader.node("derivative", (function, by.form), start, "jacobian")


def _second(reader: Reader, function: Form, variables: list[By], start: int) -> Form:
    r"""`\partial x \partial y^\top`: the matrix of ∂²f/∂x_i∂y_j."""
    first, second = variables
    if reader.kind(function) not in ("scalar", None) or first.transposed or not second.transposed:
        hint = "write \\frac{\\partial^2 f}{\\partial \\mathbf{x} \\partial \\mathbf{x}^\\top} of a scalar f"
        reader.fail("these transposes in a second derivative are not read", reader.since(start), hint)
    if (first.form.head, first.form.value) == (second.form.head, second.form.value) and first.form.head == "name":
        return reader.node("derivative", (function, first.form), start, "hessian")
    gradient = reader.node("derivative", (function, first.form), start, "grad")
    return reader.node("derivative", (gradient, second.form), start, "jacobian")


# --- other notations ------------------------------------------------------------------------------------------------


def inline_partial(reader: Reader) -> Form:
    r"""`\partial f / \partial x`."""
    start = reader.advance().start
    order = order_above(reader)
    hint = "a derivative is \\frac{\\partial f}{\\partial x} or \\partial f / \\partial x"
    function = None if reader.token.kind == "/" else reader.grammar.factor(reader)
    if reader.token.kind != "/" or reader.peek().text != "\\partial":
        reader.fail("the sign of a derivative stands in a quotient", reader.since(start), hint)
    reader.advance()
    variables = [_by(reader)]
    while reader.token.text == "\\partial":
        variables.append(_by(reader))
    if sum(by.times for by in variables) != order:
        reader.fail(f"the derivative is of order {order} above and another below", reader.since(start))
    if function is None:
        function = _operand(reader, start)
    return _derivative(reader, function, variables, start)
