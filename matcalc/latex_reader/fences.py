r"""Fences: parentheses, entries and tensors `[..]_{ij}`, bars, norms, inner products."""

from __future__ import annotations

from matcalc.form import Form
from matcalc.latex_reader.names import entry
from matcalc.latex_reader.reader import Reader
from matcalc.latex_reader.subscripts import Subscript, subscript
from matcalc.latex_reader.symbols import STYLES

__all__ = ["fenced"]


def fenced(reader: Reader) -> Form:
    """What stands in the fences that follow."""
    text = reader.token.text
    if text == "|":
        return _bars(reader)
    if text == "\\|":
        return _norm(reader)
    if text == "\\langle":
        return _inner_product(reader)
    return _parentheses(reader)


def _inside(reader: Reader) -> Form:
    """The expression in the fences that follow, which are read, too."""
    reader.enter()
    bare, reader.bare_argument = reader.bare_argument, False
    form = reader.grammar.expression(reader)
    reader.bare_argument = bare
    if reader.token.kind == ",":
        hint = "only functions take several arguments; declare f: function"
        reader.fail("a list has no meaning here", reader.place(reader.token), hint)
    reader.leave()
    reader.fenced[id(form)] = form
    return form


# --- parentheses, entries and tensors -------------------------------------------------------------------------------


def _parentheses(reader: Reader) -> Form:
    """An expression in parentheses; with indices below, an entry of it or the tensor of all its values."""
    start = reader.token.start
    below = _indices_behind(reader)
    if below is None:
        return _inside(reader)
    reader.scope.bind(below.parts)
    form = _inside(reader)
    reader.scope.unbind(below.parts)
    subscript(reader)
    kind = reader.kind(form)
    if kind == "scalar":
        return _tensor(reader, form, below, start)
    if kind is None:
        hint = "name the expression with an assignment, and write x_i for its entries"
        reader.fail("an entry, or the tensor of these values?", reader.since(start), hint)
    return entry(reader, form, below, start)


def _indices_behind(reader: Reader) -> Subscript | None:
    """The indices below the fences that follow, if there are some; they are read again later."""
    end = reader.closing(reader.at)
    if end is None or reader.tokens[end + 1].kind != "_":
        return None
    back, before, opened, depth = reader.at, reader.end, list(reader.open), reader.depth
    reader.move(end + 1)
    below = subscript(reader)
    reader.move(back)
    reader.end, reader.open, reader.depth = before, opened, depth
    for part in below.parts:
        if part[0].isdigit():
            reader.fail("an index is a letter, not a number", below.span, "bind indices with \\sum_i or [..]_{ij}")
    return below


def _tensor(reader: Reader, form: Form, below: Subscript, start: int) -> Form:
    if len(set(below.parts)) < len(below.parts):
        reader.fail("an index is bound twice", below.span)
    reader.scope.ever_bound.update(below.parts)
    tensor = reader.node("tensor", (form,), start, below.parts)
    return tensor if set(below.lengths) == {1} else reader.node("join", (tensor,), start, below.lengths)


# --- bars -----------------------------------------------------------------------------------------------------------


def _bars(reader: Reader) -> Form:
    """The determinant of a matrix, the absolute value of a scalar."""
    start = reader.token.start
    form = _inside(reader)
    kind = reader.kind(form)
    if kind == "matrix":
        return reader.node("call", (form,), start, "det")
    if kind == "scalar":
        return reader.node("call", (form,), start, "abs")
    if kind in ("column", "row"):
        hint = "write \\|x\\| for the norm, \\operatorname{abs}(x) for the absolute value of each entry"
        reader.fail("bars around a vector", reader.since(start), hint)
    hint = "write \\det(..) for the determinant, \\operatorname{abs}(..) for the absolute value"
    reader.fail("bars around something that may be a matrix or a scalar", reader.since(start), hint)


def _norm(reader: Reader) -> Form:
    """A norm: Euclidean, Frobenius, or the sum of absolute values."""
    start = reader.token.start
    form = _inside(reader)
    below = _norm_name(reader)
    kind = reader.kind(form)
    if below in ("F", "Fro", "fro"):
        return reader.node("call", (form,), start, "norm2")
    if below not in ("", "1", "2"):
        hint = "norms are \\|x\\|_2, \\|x\\|_1 and \\|A\\|_F"
        reader.fail(f"there is no norm `{below}`", reader.since(start), hint)
    if kind == "matrix":
        hint = "write \\|A\\|_F for the Frobenius norm, \\|\\operatorname{vec}(A)\\|_1 for the sum of absolute values"
        reader.fail("this norm of a matrix may be one of several", reader.since(start), hint)
    if kind not in ("column", "row", "scalar"):
        hint = "write \\|..\\|_F for the root of the sum of squares, whatever the shape"
        reader.fail("a norm of something that may be a matrix", reader.since(start), hint)
    return reader.node("call", (form,), start, "norm1" if below == "1" else "norm2")


def _norm_name(reader: Reader) -> str:
    """What stands below a norm, as text; nothing if there is nothing."""
    if reader.token.kind != "_":
        return ""
    after = reader.peek(2) if reader.peek().kind == "{" else reader.peek()
    styled = after.kind == "command" and after.text in STYLES
    if styled or after.kind in ("letter", "number", "text"):
        return "".join(subscript(reader).parts)
    reader.fail("there is no such norm", reader.place(after), "norms are \\|x\\|_2, \\|x\\|_1 and \\|A\\|_F")


# --- inner products -------------------------------------------------------------------------------------------------


def _inner_product(reader: Reader) -> Form:
    r"""`\langle x, y \rangle`: x'y, of matrices tr(X'Y)."""
    start = reader.token.start
    reader.enter()
    bare, reader.bare_argument = reader.bare_argument, False
    left = reader.grammar.expression(reader)
    reader.expect(",", "`,`")
    right = reader.grammar.expression(reader)
    reader.bare_argument = bare
    reader.leave()
    kind, other = reader.kind(left), reader.kind(right)
    if kind != other or kind not in ("column", "matrix", "scalar"):
        reader.fail("an inner product is one of two vectors or of two matrices", reader.since(start))
    flipped = left if kind == "scalar" else Form("transpose", (left,), span=left.span)
    product = reader.node("mul", (flipped, right), start)
    return reader.node("call", (product,), start, "tr") if kind == "matrix" else product
