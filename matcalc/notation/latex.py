r"""LaTeX: a form as a careful author writes it, in ASCII, with amsmath and amssymb (bm for the style `bm`).

    \mathbf{x}^\top (\mathbf{A} + \mathbf{A}^\top)    \delta_{ik} x_{l}    \mathbf{X}^{-\top}

Vectors and matrices are bold and upright, bold Greek letters are made by `\boldsymbol`; scalars and entries are italic;
`Style` says so and may say otherwise.  Parentheses come from the table of `matcalc.notation.precedence`, the LaTeX of a
function from its record.  No two expressions in the same names look the same, but for factors, signs and quotients that
are equal whichever way they are read: where a name would look like an entry or a function, the latter is written longer.

    latex ─ latex_functions, latex_derivatives ─ latex_parts (brackets) ─ latex_names, latex_width
    latex_rows breaks what is too long for a line
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from itertools import pairwise

from matcalc.form import Form
from matcalc.notation.latex_derivatives import derivative, differential
from matcalc.notation.latex_functions import call, constant
from matcalc.notation.latex_names import BOLD, Style, condition_latex, indices_latex, name_latex
from matcalc.notation.latex_parts import (
    OPERATOR_BREAK,
    PRODUCT_BREAK,
    SUM_BREAK,
    Writer,
    at,
    atom,
    enclosed,
    fraction,
    is_bold,
    is_tall,
    names_of,
)
from matcalc.notation.latex_width import is_wider
from matcalc.notation.precedence import Level, Piece, brackets, fold, join_terms, opens

__all__ = ["to_latex", "written", "name_latex", "condition_latex", "indices_latex", "Style", "BOLD"]

#: The widest numerators, in em, that stay above a number or a name: a product, and a sum.
WIDEST_PRODUCT, WIDEST_SUM = 2.0, 12.0
#: The widest vector or matrix that is divided as a fraction.
WIDEST_VECTOR = 9.0


#: Factors that begin and end with bars.
BAR_FIRST = re.compile(r"(?:\\left)?\\?\|")
BAR_LAST = re.compile(r"\|(?:_\w)?(?:\^\{[^{}]*\})?$")
#: A logarithm whose argument ends with a bar, where another bar must not follow.
LOG_BARS = re.compile(r"-?\\log(?:\\left)?\|")


def to_latex(form: Form, style: Style = BOLD, names: Iterable[str] = ()) -> str:
    """The form in LaTeX, without dollar signs.

    `names` are names in use besides those of the form: a name that looks like another one is then written in whole.
    """
    return written(form, style, names)


def written(form: Form, style: Style, names: Iterable[str], *, breaks: bool = False) -> str:
    """The form in LaTeX; with `breaks`, the places where it may be broken are marked."""
    writer = Writer(style, frozenset(names) | names_of(form), breaks)
    return fold(form, lambda node, parts: _RULES[node.head](writer, node, parts)).text


# ---- Numbers and names ----------------------------------------------------------------------------------------------


def _number(writer: Writer, form: Form, parts: list[Piece]) -> Piece:
    value = Fraction(form.value)
    size = abs(value)
    whole = size.denominator == 1
    shown = str(size) if whole else fraction(str(size.numerator), str(size.denominator))
    quotient = () if whole else (atom(str(value.numerator)), atom(str(size.denominator)))
    if value < 0:
        return Piece("-" + shown, Level.PRODUCT, quotient)
    return Piece(shown, Level.ATOM if whole else Level.FRACTION, quotient)


def _name(writer: Writer, form: Form, parts: list[Piece]) -> Piece:
    return atom(writer.name(form.value, bold=is_bold(form)))


# ---- Sums and products ----------------------------------------------------------------------------------------------


def _neg(writer: Writer, form: Form, parts: list[Piece]) -> Piece:
    operand = parts[0]
    inside = at(operand, Level.ATOM if operand.text.startswith("-") else Level.OPERATOR)
    quotient = tuple(Piece("-" * (k == 0) + part.text, part.level) for k, part in enumerate(operand.quotient))
    return Piece("-" + inside, min(max(operand.level, Level.OPERATOR), Level.PRODUCT), quotient)


def _add(writer: Writer, form: Form, parts: list[Piece]) -> Piece:
    return Piece(join_terms([at(p, Level.SUM) for p in parts], SUM_BREAK if writer.breaks else ""), Level.SUM)


def _mul(writer: Writer, form: Form, parts: list[Piece]) -> Piece:
    texts, last = [], len(parts) - 1
    for k, (arg, part) in enumerate(zip(form.args, parts, strict=True)):
        level = Level.FRACTION if k else Level.PRODUCT
        if brackets(form, k) or (arg.head == "call" and arg.value == "dot" and k < last):
            level = Level.FRACTION
        elif (opens(form.args[:k], arg) or _is_scaled(form.args[:k], arg)) and not part.text.startswith("-"):
            level = Level.PRODUCT
        open_end = k == last and part.level == Level.OPEN and not part.text.startswith("-")
        texts.append(part.text if open_end else at(part, level))
    return Piece(_juxtaposed(writer, texts), Level.OPEN if parts[-1].level == Level.OPEN and open_end else Level.PRODUCT)


def _is_scaled(left: Sequence[Form], factor: Form) -> bool:
    r"""True for a function that is written as a product, after scalars: `2 \mathbf{1}_{n}^\top \mathbf{X}`."""
    return factor.head == "call" and all(part.kind == "scalar" for part in left)


def _juxtaposed(writer: Writer, texts: Sequence[str]) -> str:
    """Factors side by side, parted by what the eye needs."""
    mark = PRODUCT_BREAK if writer.breaks else ""
    texts = [enclosed(left) if LOG_BARS.match(left) and BAR_FIRST.match(right) else left
             for left, right in pairwise([*texts, " "])]  # fmt: skip
    return texts[0] + "".join(mark + _between(left, right) + right for left, right in pairwise(texts))


def _between(left: str, factor: str) -> str:
    r"""A dot before a digit and between numbers, where `1 \frac{1}{2}` is read as a sum; a thin space before a differential
    and between bars."""
    if factor[0].isdigit() or (left.isdigit() and re.match(r"\\frac\{\d", factor)):
        return r" \cdot "
    thin = factor.startswith(r"\mathrm{d}") or (BAR_FIRST.match(factor) and BAR_LAST.search(left))
    return r" \, " if thin else " "


def _times(writer: Writer, form: Form, parts: list[Piece]) -> Piece:
    if any(arg.kind == "scalar" for arg in form.args):
        return _mul(writer, form, parts)
    return _operator(writer, r"\odot", form, parts)


def _rdiv(writer: Writer, form: Form, parts: list[Piece]) -> Piece:
    if form.args[1].kind == "scalar":
        return _div(writer, form, parts)
    return _operator(writer, r"\oslash", form, parts)


def _kron(writer: Writer, form: Form, parts: list[Piece]) -> Piece:
    return _operator(writer, r"\otimes", form, parts)


def _operator(writer: Writer, sign: str, form: Form, parts: list[Piece]) -> Piece:
    """An operator between two operands; only a chain of one operator goes without parentheses."""
    same = form.args[0].head == form.head
    first, second = at(parts[0], Level.OPERATOR if same else Level.PRODUCT), at(parts[1], Level.FRACTION)
    if not parts[1].text.startswith("-") and form.args[1].head == "mul":
        second = at(parts[1], Level.PRODUCT)
    return Piece(f"{first}{OPERATOR_BREAK * writer.breaks} {sign} {second}", Level.OPERATOR)


# ---- Quotients and powers -------------------------------------------------------------------------------------------


def _div(writer: Writer, form: Form, parts: list[Piece]) -> Piece:
    r"""A fraction, or a coefficient before what is long or tall or no scalar: `\frac{1}{2} \mathbf{x}^\top \mathbf{x}`."""
    above, below = parts
    if above.text.startswith("-") and above.level >= Level.OPEN:
        positive = _quotient(form, Piece(above.text[1:], above.level), below)
        return Piece("-" + positive.text, min(positive.level, Level.PRODUCT), (above, below))
    return _quotient(form, above, below)._replace(quotient=(above, below))


def _quotient(form: Form, above: Piece, below: Piece) -> Piece:
    if not _is_coefficient(form, above, below):
        return Piece(fraction(above.text, below.text), Level.FRACTION)
    number, rest = "1", above.text
    first = form.args[0].args[0] if form.args[0].head == "mul" else form
    if first.head == "number" and rest.replace(PRODUCT_BREAK, "", 1).startswith(f"{first.value} "):
        number, rest = str(first.value), rest.partition(" ")[2]
    elif above.level < Level.OPEN:
        rest = enclosed(rest)
    if rest[0].isdigit() or rest.startswith(r"\cdot"):
        return Piece(fraction(above.text, below.text), Level.FRACTION)
    return Piece(fraction(number, below.text) + " " + rest, min(max(above.level, Level.OPEN), Level.PRODUCT))


def _is_coefficient(form: Form, above: Piece, below: Piece) -> bool:
    """True if one over the divisor stands before what is divided."""
    if is_tall([above.text]):
        return above.level > Level.SUM
    simple = form.args[1].head in ("number", "name")
    if form.args[0].kind not in ("scalar", None):
        return simple or is_wider(above.text, WIDEST_VECTOR)
    return simple and is_wider(above.text, WIDEST_SUM if above.level == Level.SUM else WIDEST_PRODUCT)


def _power(writer: Writer, form: Form, parts: list[Piece]) -> Piece:
    exponent = _exact(form.args[1])
    if exponent == Fraction(1, 2) and form.head == "power":
        return atom(rf"\sqrt{{{parts[0].text}}}")
    shown = _exponent(parts[1]) if exponent is None else str(exponent)
    entrywise = form.head == "elpower" and any(arg.kind != "scalar" for arg in form.args)
    mark = r"\odot " if entrywise else ""
    base = at(parts[0], Level.ATOM)
    if form.args[0].head == "call" and base.startswith(r"\operatorname") and not (exponent and exponent > 0):
        base = enclosed(base)  # a power of the value, not of the argument, nor an inverse function
    return Piece(f"{base}^{{{mark}{shown}}}", Level.POWER)


def _exponent(piece: Piece) -> str:
    """An exponent; a quotient of two signs goes with a slash."""
    if piece.quotient:
        above, below = piece.quotient
        if below.level == Level.ATOM and above.level >= Level.PRODUCT and not is_tall([above.text, below.text]):
            return f"{above.text}/{below.text}"
    return piece.text


def _exact(form: Form) -> Fraction | None:
    """The number that a form is, or None."""
    if form.head == "neg":
        value = _exact(form.args[0])
        return None if value is None else -value
    if form.head == "div" and form.args[0].head == form.args[1].head == "number" and form.args[1].value:
        return Fraction(form.args[0].value, form.args[1].value)
    return Fraction(form.value) if form.head == "number" else None


def _transpose(writer: Writer, form: Form, parts: list[Piece]) -> Piece:
    operand, mark = form.args[0], writer.style.mark
    inverse = (operand.head == "call" and operand.value == "inv") or (
        operand.head == "power" and _exact(operand.args[1]) == -1
    )
    if operand.kind == "scalar" and mark == "^{T}" and "T" in writer.names:
        return parts[0]
    if inverse and mark != "'":
        exponent = mark[1:].strip("{}")
        return Piece(parts[0].text.removesuffix("^{-1}") + f"^{{-{exponent}}}", Level.POSTFIX)
    return Piece(at(parts[0], Level.ATOM) + mark, Level.POSTFIX)


# ---- Entries --------------------------------------------------------------------------------------------------------


def _unknown(writer: Writer, form: Form, parts: list[Piece]) -> Piece:
    name, order = form.value
    primes = "'" * order if order <= 3 else f"^{{({order})}}"
    return atom(writer.name(name, bold=False) + primes + enclosed(", ".join(p.text for p in parts), called=True))


def _entry(writer: Writer, form: Form, parts: list[Piece]) -> Piece:
    operand = form.args[0]
    lengths = operand.value if operand.head == "split" else (1,) * len(form.value)
    subscript = f"_{{{_grouped(form.value, lengths)}}}"
    if operand.head == "name" and _has_entries(writer, operand.value, subscript):
        return atom(name_latex(operand.value, bold=False) + subscript)
    if operand.head in ("call", "unknown") and parts[0].text.endswith(")") and parts[0].level == Level.ATOM:
        return atom(parts[0].text + subscript)
    return atom(enclosed(parts[0].text) + subscript)


def _has_entries(writer: Writer, name: str, subscript: str) -> bool:
    """True if the entries of a name look like nothing else: the name has no subscript, and no other name is so called."""
    shown = name_latex(name, bold=False)
    return "_" not in shown and not writer.is_taken(shown + subscript)


def _grouped(names: Sequence[str | int], lengths: Sequence[int]) -> str:
    """Indices as a subscript, those of a compound axis in parentheses."""
    if all(n == 1 for n in lengths):
        return indices_latex(names)
    rest = iter(names)
    groups = [indices_latex([next(rest) for _ in range(n)]) for n in lengths]
    return ",".join(f"({group})" if n > 1 else group for group, n in zip(groups, lengths, strict=True))


def _delta(writer: Writer, form: Form, parts: list[Piece]) -> Piece:
    r"""Kronecker's delta; where a name is called delta, an entry of the identity matrix: `(\mathbf{I})_{ij}`."""
    subscript = f"_{{{indices_latex(form.value)}}}"
    if writer.is_taken(r"\delta") or writer.is_taken(r"\delta" + subscript):
        return atom(enclosed(constant(writer, "eye").text) + subscript)
    return atom(r"\delta" + subscript)


def _tensor(writer: Writer, form: Form, parts: list[Piece]) -> Piece:
    return atom(enclosed(parts[0].text, "[", "]") + f"_{{{indices_latex(form.value)}}}")


def _join(writer: Writer, form: Form, parts: list[Piece]) -> Piece:
    names = form.args[0].value
    entries = parts[0].text.removesuffix(f"_{{{indices_latex(names)}}}")
    return atom(entries + f"_{{{_grouped(names, form.value)}}}")


def _split(writer: Writer, form: Form, parts: list[Piece]) -> Piece:
    return parts[0]


def _bsum(writer: Writer, form: Form, parts: list[Piece]) -> Piece:
    body = enclosed(parts[0].text) if parts[0].text.startswith("-") else at(parts[0], Level.OPEN)
    return Piece(rf"\sum_{{{','.join(indices_latex([i]) for i in form.value)}}} {body}", Level.OPEN)


def _cases(writer: Writer, form: Form, parts: list[Piece]) -> Piece:
    other = parts[1].text
    begin, end = r"\begin{cases} ", r" \end{cases}"
    rest = other[len(begin) : -len(end)] if form.args[1].head == "cases" else rf"{other} & \text{{otherwise}}"
    gap = r" \\[4pt] " if r"\frac" in parts[0].text else r" \\ "
    return Piece(rf"{begin}{parts[0].text} & \text{{if }} {condition_latex(form.value)}{gap}{rest}{end}", Level.CASES)


_RULES: dict[str, Callable[[Writer, Form, list[Piece]], Piece]] = {
    "number": _number,
    "name": _name,
    "neg": _neg,
    "add": _add,
    "mul": _mul,
    "div": _div,
    "times": _times,
    "rdiv": _rdiv,
    "kron": _kron,
    "power": _power,
    "elpower": _power,
    "transpose": _transpose,
    "call": call,
    "unknown": _unknown,
    "entry": _entry,
    "delta": _delta,
    "tensor": _tensor,
    "bsum": _bsum,
    "join": _join,
    "split": _split,
    "cases": _cases,
    "derivative": derivative,
    "differential": differential,
}
