r"""Sums and products: the levels of the grammar, loosest first.

    expression     signs term (("+" | "-") signs term)*
    term           juxtaposition ((\cdot | \odot | \otimes | \oslash | "/" | ..) juxtaposition)*
    juxtaposition  factor factor*
    factor         operand with what stands above and below it

Juxtaposition binds tighter than an operator: `\mathbf{A} \odot \mathbf{B} \mathbf{C}` is A .* (B C).  Two different
element-wise or Kronecker operators need parentheses; so does a quotient `a/b` before a further factor.
"""

from __future__ import annotations

from matcalc.errors import Span
from matcalc.form import Form
from matcalc.latex_reader.letters import function_ahead
from matcalc.latex_reader.operands import factor, operand_ahead, single
from matcalc.latex_reader.reader import Grammar, Reader
from matcalc.latex_reader.symbols import OPERATORS
from matcalc.parser import MAX_DEPTH

__all__ = ["GRAMMAR", "expression", "check_depth"]

_VECTORS = frozenset({"column", "row"})


def expression(reader: Reader) -> Form:
    """A sum."""
    start = reader.token.start
    minus = _signs(reader)
    form = term(reader)
    if minus:
        form = reader.node("neg", (form,), start)
    terms = [form]
    while reader.token.kind in ("+", "-"):
        at = reader.token.start
        minus = _signs(reader)
        other = term(reader)
        terms.append(reader.node("neg", (other,), at) if minus else other)
    return reader.node("add", tuple(terms), start) if len(terms) > 1 else form


def _signs(reader: Reader) -> bool:
    """Read signs; True if they make a minus."""
    minus = False
    while reader.token.kind in ("+", "-"):
        minus ^= reader.advance().kind == "-"
        while reader.token.kind == "{" and reader.peek().kind == "}":
            reader.advance()
            reader.advance()
    return minus


# --- operators ------------------------------------------------------------------------------------------------------


def term(reader: Reader) -> Form:
    """A product up to the next sign, relation or fence."""
    start = reader.token.start
    form = juxtaposition(reader, None)
    last: str | None = None
    while (head := _operator(reader)) is not None:
        _check_reach(reader, head)
        token = reader.advance()
        if last is not None and "mul" not in (last, head) and last != head:
            reader.fail("two different operators side by side", reader.place(token), "put one of the products in parentheses")
        right_start = reader.token.start
        right = juxtaposition(reader, None) if head != "div" else _divisor(reader)
        form = _combined(reader, head, form, right, start, right_start)
        last = None if head in ("cross", "star") else head
    return form


def _operator(reader: Reader) -> str | None:
    token = reader.token
    if token.kind == "command" or token.kind in ("*", "/"):
        return OPERATORS.get(token.text)
    return None


def _check_reach(reader: Reader, head: str) -> None:
    """Refuse an operator behind a function without parentheses, of which nobody knows how far it reaches."""
    call = reader.bare_call
    if call is None or call[0] != reader.at or head in ("mul", "cross"):
        return
    hint = f"put the argument of `{call[1].text}` in parentheses"
    reader.fail(f"how far does `{call[1].text}` reach?", reader.place(reader.token), hint)


def _divisor(reader: Reader) -> Form:
    r"""What stands behind `/`: one factor, and a further one only behind a number or parentheses."""
    opening = reader.token
    form = factor(reader)
    settled = opening.kind in ("number", "open") or reader.is_command("\\sum")
    if operand_ahead(reader) and not settled:
        hint = "write \\frac{a}{b} c, or a/(b c)"
        reader.fail("does this factor belong to the divisor?", reader.place(reader.token), hint)
    return form


def _combined(reader: Reader, head: str, left: Form, right: Form, start: int, right_start: int) -> Form:
    if head == "div":
        quotient = reader.node("div", (left, right), start)
        if not operand_ahead(reader):
            return quotient
        rest = juxtaposition(reader, None)
        return reader.node("mul", (quotient, *_factors(reader, quotient, rest)), start)
    if head == "star" and "scalar" not in (reader.kind(left), reader.kind(right)):
        hint = "write \\odot for the product of entries; matrix products have no sign"
        reader.fail("`*` may be one of several products", reader.since(start), hint)
    if head in ("mul", "cross", "star"):
        return _dotted(reader, head, left, right, start)
    return reader.node(head, (left, right), start)


def _dotted(reader: Reader, head: str, left: Form, right: Form, start: int) -> Form:
    r"""`a \cdot b`: the inner product of two columns, else the product; `a \times b` of two vectors is another one."""
    kinds = (reader.kind(left), reader.kind(right))
    if head == "cross" and _VECTORS.issuperset(kinds):
        hint = "write \\mathbf{a} \\cdot \\mathbf{b} or \\mathbf{a} \\mathbf{b}^\\top"
        reader.fail("cross products are not read", reader.since(start), hint)
    if kinds == ("column", "column"):
        flipped = Form("transpose", (left,), span=left.span)
        return reader.node("mul", (flipped, right), start)
    if None in kinds and head == "mul" and kinds != (None, None) and "scalar" not in kinds and "matrix" not in kinds:
        reader.fail("an inner product, or a product?", reader.since(start), "write it without \\cdot")
    first = left.args if left.head == "mul" and not _in_fences(reader, left) else (left,)
    return reader.node("mul", (*first, *_factors(reader, left, right)), start)


def _factors(reader: Reader, left: Form, right: Form) -> tuple[Form, ...]:
    """The factors of `right` behind `left`, laid open where that changes nothing."""
    if right.head == "mul" and reader.kind(left) == "scalar" and not _in_fences(reader, right):
        return right.args
    return (right,)


def _in_fences(reader: Reader, form: Form) -> bool:
    """Whether a product stands in fences of its own."""
    return id(form) in reader.fenced


# --- juxtaposition --------------------------------------------------------------------------------------------------


def juxtaposition(reader: Reader, first: Form | None) -> Form:
    """Factors side by side; `first`, if it is given, was read already."""
    start = reader.token.start if first is None or first.span is None else first.span.start
    form = first if first is not None else factor(reader)
    factors = [form]
    while operand_ahead(reader) and not (reader.bare_argument and function_ahead(reader)):
        _check_factor(reader)
        factors.append(factor(reader))
    if len(factors) == 1:
        return form
    for zero in reader.zeros:
        if any(factor is zero for factor in factors):
            span = zero.span or reader.since(start)
            reader.fail("the size of this zero is not known", span, "write \\mathbf{0}_n or \\mathbf{0}_{m \\times n}")
    return reader.node("mul", tuple(factors), start)


def _check_factor(reader: Reader) -> None:
    """Refuse a number behind a factor, and what follows a function without parentheses."""
    token = reader.token
    if token.kind == "number" and not (token.text in ("0", "1") and reader.peek().kind == "_"):
        span = reader.place(reader.tokens[reader.at - 1]).through(reader.place(token))
        reader.fail("a number behind a factor", span, "write \\cdot for a product, x^2 for a power, x_2 for a name")
    call = reader.bare_call
    if call is not None and call[0] == reader.at and not function_ahead(reader):
        hint = f"put the argument of `{call[1].text}` in parentheses"
        reader.fail(f"how far does `{call[1].text}` reach?", reader.place(token), hint)


# --- depth ----------------------------------------------------------------------------------------------------------


def check_depth(reader: Reader, form: Form) -> None:
    """Refuse a form that is too deep for a recursion over it."""
    level = [form]
    for _ in range(MAX_DEPTH):
        level = [arg for node in level for arg in node.args if arg.args]
        if not level:
            return
    span: Span = level[0].span or reader.since(0)
    reader.fail(f"nested more than {MAX_DEPTH} operations deep", span, "split the formula with assignments: z = W x")


GRAMMAR = Grammar(expression, term, juxtaposition, factor, single, operand_ahead)
