r"""Gradients, Hessians and Jacobians that are written by an operator.

    \nabla_{\mathbf{x}} f    \nabla^2_{\mathbf{x}} f    \mathrm{J}_{\mathbf{x}}(f)

A gradient is taken of the factor that follows, or of all factors that follow where the first one cannot be it alone.
"""

from __future__ import annotations

from matcalc.errors import Span
from matcalc.form import Form
from matcalc.form import name as named
from matcalc.latex_reader.derivatives import order_above, variable
from matcalc.latex_reader.fences import fenced
from matcalc.latex_reader.names import read_symbol, resolve
from matcalc.latex_reader.reader import Reader
from matcalc.latex_reader.symbols import STYLES

__all__ = ["jacobian", "jacobian_ahead", "nabla"]


def nabla(reader: Reader) -> Form:
    r"""`\nabla_{x} f` and `\nabla^2_{x} f`."""
    sign = reader.advance()
    by, order = None, 1
    while reader.token.kind in ("_", "^"):
        if reader.token.kind == "^":
            order = order_above(reader)
        else:
            by = _variable_below(reader)
    if order > 2:
        reader.fail("only first and second derivatives are written with \\nabla", reader.place(sign))
    operator = reader.since(sign.start)
    if reader.is_command("\\cdot", "\\times"):
        reader.fail("divergence and curl are not read", reader.place(reader.token))
    function = _tight_operand(reader, sign.start)
    if by is None:
        by = _only_argument(reader, function, operator)
    return reader.node("derivative", (function, by), sign.start, "grad" if order == 1 else "hessian")


def _variable_below(reader: Reader) -> Form:
    reader.advance()
    if reader.token.kind != "{":
        return resolve(reader, read_symbol(reader), None)
    reader.enter()
    form = variable(reader)
    reader.leave()
    return form


def _only_argument(reader: Reader, function: Form, operator: Span) -> Form:
    """The variable of a gradient that does not say it: the only one on which the function is declared to depend."""
    declaration = reader.scope.declarations.get(function.value) if function.head == "name" else None
    arguments = declaration.arguments if declaration is not None else ()
    if function.head == "name" and not arguments:
        arguments = reader.scope.arguments.get(function.value, ())
    if len(arguments) != 1:
        reader.fail("the variable of the gradient is not said", operator, "write \\nabla_{\\mathbf{x}} f")
    return named(arguments[0], span=function.span)


def _tight_operand(reader: Reader, start: int) -> Form:
    """What a gradient is applied to: one factor, or several that begin with what cannot be it alone."""
    operator = reader.since(start)
    if not reader.grammar.operand_ahead(reader):
        reader.fail("the operator has nothing to be applied to", operator, "write \\nabla_{\\mathbf{x}} f")
    form = reader.grammar.factor(reader)
    if not reader.grammar.operand_ahead(reader):
        return form
    if reader.kind(form) == "scalar" and form.head != "number" and not (form.head == "div" and form.args[0].head == "number"):
        hint = "put the gradient in parentheses, or all that it is taken of"
        place, related = reader.place(reader.token), (("the gradient", operator),)
        reader.fail("how far does the gradient before it reach?", place, hint, related)
    form = reader.grammar.juxtaposition(reader, form)
    reader.bare_call = (reader.at, operator)
    return form


def jacobian_ahead(reader: Reader) -> bool:
    r"""Whether `\mathrm{J}_{x}` follows, with a variable below."""
    token = reader.token
    if token.kind != "command" or STYLES.get(token.text) not in ("roman", "function") or reader.scope.is_known("J"):
        return False
    texts = [reader.peek(k).text for k in range(1, 5)]
    return texts == ["{", "J", "}", "_"]


def jacobian(reader: Reader) -> Form:
    r"""`\mathrm{J}_{x} f`."""
    start = reader.token.start
    for _ in range(4):
        reader.advance()
    by = _variable_below(reader)
    function = fenced(reader) if reader.token.kind == "open" else _tight_operand(reader, start)
    return reader.node("derivative", (function, by), start, "jacobian")
