r"""Derivatives in LaTeX: `\frac{\partial \mathbf{A} \mathbf{x}}{\partial \mathbf{x}}`, `\nabla_{\mathbf{x}} L`, differentials.

A function stands above the bar where it is short, else behind the operator: `\frac{\partial}{\partial \mathbf{x}} (..)`.
Derivatives of derivatives are one of higher order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from matcalc.form import Form
from matcalc.notation.latex_parts import Writer, at, atom, enclosed, fraction, is_tall
from matcalc.notation.latex_width import is_wider
from matcalc.notation.precedence import Level, Piece

__all__ = ["derivative", "differential"]

#: How wide, in em, a function above the bar may be, and one in parentheses.
WIDEST = 16.0
WIDEST_GROUP = 9.0


def derivative(writer: Writer, form: Form, parts: list[Piece]) -> Piece:
    """A derivative of one of the four kinds."""
    function, variable = parts
    if form.value == "d":
        return _partial(writer, form, function, variable)
    if form.value == "jacobian" and "J" in writer.bases:
        return atom(r"\operatorname{jacobian}" + enclosed(f"{function.text}, {variable.text}", called=True))
    if form.value == "jacobian":
        return atom(rf"\mathrm{{J}}_{{{variable.text}}}" + enclosed(function.text, called=True))
    sign = r"\nabla" if form.value == "grad" else r"\nabla^{2}"
    return Piece(f"{sign}_{{{variable.text}}} {at(function, Level.POWER)}", Level.OPEN)


def _partial(writer: Writer, form: Form, function: Piece, variable: Piece) -> Piece:
    r"""A fraction of `\partial`s, the variable of the outermost derivative first."""
    core, inner, chain = function, form.args[0], [(form.args[1], _below(writer, form, variable))]
    if inner.head == "derivative" and inner.value == "d":
        core, *others = function.chain
        while inner.head == "derivative" and inner.value == "d":
            chain.append((inner.args[1], others[len(chain) - 1]))
            inner = inner.args[0]
    pieces = (core, *(piece for _, piece in chain))
    order = f"^{{{len(chain)}}}" if len(chain) > 1 else ""
    below = r" \, ".join(_repeated(chain))
    shown = _above(inner, core)
    if shown is not None:
        return Piece(fraction(rf"\partial{order} {shown}", below), Level.FRACTION, chain=pieces)
    bare = core.level in (Level.ATOM, Level.OPEN) and not core.text.startswith("-")
    behind = core.text if bare else enclosed(core.text)
    return Piece(fraction(rf"\partial{order}", below) + " " + behind, Level.OPEN, chain=pieces)


def _below(writer: Writer, form: Form, variable: Piece) -> Piece:
    """A variable as it stands below the bar: one made of columns is transposed, unless the derivative is a column."""
    row = form.args[1].head == "call" and form.kind != "column"
    return Piece(variable.text + (writer.style.mark if row else ""), Level.POSTFIX)


def _repeated(chain: Sequence[tuple[Form, Piece]]) -> Iterator[str]:
    """The variables below the bar; a scalar one that is there several times in a row gets an exponent."""
    for (text, scalar), group in groupby(chain, key=lambda link: (link[1].text, link[0].kind == "scalar")):
        count = len(list(group))
        if scalar and count > 1:
            yield rf"\partial {text}^{{{count}}}"
        else:
            yield from [rf"\partial {text}"] * count


def _above(form: Form, function: Piece) -> str | None:
    """What stands above the bar beside the sign, or None if it stands behind."""
    if is_tall([function.text]):
        return None
    if function.level >= Level.POWER or (function.level == Level.PRODUCT and _begins_bold(form)):
        return None if is_wider(function.text, WIDEST) else function.text
    return None if is_wider(function.text, WIDEST_GROUP) else enclosed(function.text)


def _begins_bold(form: Form) -> bool:
    """True for a product that begins with a vector or a matrix, so that all of it is seen to be differentiated."""
    while form.head == "mul":
        form = form.args[0]
    return form.kind not in ("scalar", None) and form.head not in ("neg", "times", "kron", "div", "rdiv")


def differential(writer: Writer, form: Form, parts: list[Piece]) -> Piece:
    r"""`\mathrm{d}\mathbf{x}` of a name, `\mathrm{d}(E)` of anything longer."""
    return atom(r"\mathrm{d}" + (parts[0].text if form.args[0].head == "name" else enclosed(parts[0].text, called=True)))
