r"""Functions in LaTeX, from the templates of their records: `\operatorname{tr}(\mathbf{A})`, `\|\mathbf{x}\|_2`.

A template holds `\left` and `\right` where brackets may have to grow.  Names in use go before signs of functions: where
a variable is called sigma, the logistic function is `\operatorname{sigmoid}`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from matcalc.form import Form
from matcalc.notation.latex_names import Style, name_latex
from matcalc.notation.latex_parts import Writer, at, atom, enclosed
from matcalc.notation.precedence import Level, Piece
from matcalc.operation import Operation, find_operation

__all__ = ["call", "constant"]

#: Functions whose sign may be the name of a variable, with that letter.
SIGNS = {"sigmoid": "sigma", "eye": "I", "commutation": "K"}
#: Constants whose arguments are their sizes.
SIZED = frozenset({"eye", "ones", "zeros", "commutation"})


def call(writer: Writer, form: Form, parts: list[Piece]) -> Piece:
    """A function of the registry, or one that is called by its name."""
    record = find_operation(form.value)
    if record is None or SIGNS.get(record.name) in writer.bases:
        return _by_name(form.value if record is None else record.name, parts)
    if record.name in SIZED:
        return atom(_template(record, writer.style).format() + _sizes(record.name, form, parts))
    if record.axis and len(parts) == 2 and form.args[0].kind == "matrix" and form.args[0].shape:
        return _along_axis(writer, record.name, form, parts[0])
    if record.name in ("norm1", "norm2"):
        return _norm(record.name, form, parts[0])
    if record.name == "log" and _is_bare(form.args[0]):
        return Piece(r"\log" + parts[0].text, Level.FRACTION)
    if record.name == "abs" and form.args[0].kind not in ("scalar", None):
        return _by_name("abs", parts)  # bars around a matrix are its determinant
    if record.name == "pow" and form.kind not in ("scalar", None):
        return Piece(f"{at(parts[0], Level.ATOM)}^{{\\odot {parts[1].text}}}", Level.POWER)
    return _filled(writer, record, parts)


def _is_bare(form: Form) -> bool:
    """True for the argument of a logarithm that is seen without parentheses: log |a|, not log |det X|, which is logdet."""
    if form.head != "call" or form.kind not in ("scalar", None):
        return False
    return bool(form.value == "abs" and form.args[0].head == "name" and form.args[0].kind == "scalar")


def constant(writer: Writer, name: str) -> Piece:
    """A constant without its sizes."""
    return call(writer, Form("call", (), name), [])


def _by_name(name: str, parts: Sequence[Piece]) -> Piece:
    word = "".join(c if c.isascii() and c.isalnum() else r"\_" for c in name)
    inside = enclosed(", ".join(p.text for p in parts), called=True) if parts else ""
    return atom(rf"\operatorname{{{word}}}" + inside)


def _norm(name: str, form: Form, part: Piece) -> Piece:
    """A norm; that of a matrix is the Frobenius norm, and the sum of absolute values is that of its entries."""
    matrix = form.args[0].kind in ("matrix", "tensor")
    if name == "norm1":
        inside = r"\operatorname{vec}" + enclosed(part.text, called=True) if matrix else part.text
        return atom(enclosed(inside, r"\|", r"\|") + "_1")
    return atom(enclosed(part.text, r"\|", r"\|") + ("_F" if matrix else "_2"))


def _along_axis(writer: Writer, name: str, form: Form, part: Piece) -> Piece:
    r"""The sum or mean along an axis of a matrix: `\mathbf{1}_{m}^\top \mathbf{X}`, `\frac{1}{n} \mathbf{X} \mathbf{1}_{n}`."""
    axis = int(form.args[1].value)
    size = " ".join(map(_dimension, (form.args[0].shape or ())[axis]))
    ones = rf"\mathbf{{1}}_{{{size}}}"
    plain = form.args[0].head == "mul" and not part.text.startswith("-")
    product = f"{ones}{writer.style.mark} {at(part, Level.PRODUCT if plain else Level.FRACTION)}"
    if axis:
        product = f"{at(part, Level.PRODUCT)} {ones}"
    return Piece(product if name == "sum" else rf"\frac{{1}}{{{size}}} {product}", Level.PRODUCT)


def _dimension(dimension: int | str) -> str:
    return name_latex(dimension, bold=False) if isinstance(dimension, str) else str(dimension)


def _filled(writer: Writer, record: Operation, parts: Sequence[Piece]) -> Piece:
    """The template of a record with its arguments, each as tightly bound as its place asks."""
    template = _template(record, writer.style)
    slots, level = _layout(template)
    texts = [at(p, slot) for p, slot in zip(parts, slots, strict=False)]
    axis = f"_{{{parts[1].text}}}" if record.axis and len(parts) == 2 else ""
    if not slots or r"\left" not in template:
        return Piece(template.format(*texts), level)
    return Piece(_brackets(template, texts, axis), level)


def _brackets(template: str, texts: Sequence[str], axis: str) -> str:
    r"""The template with each `\left..\right` made as tall as what it holds, the innermost first."""
    before, _, rest = template.partition(r"\left")
    left = rest[:2] if rest.startswith("\\") else rest[0]
    inside, _, after = rest[len(left) :].rpartition(r"\right")
    right = after[: len(left)]
    filled = _brackets(inside, texts, "") if r"\left" in inside else inside.format(*texts)
    return before.format() + axis + enclosed(filled, left, right, called=left == "(") + after[len(left) :].format()


def _sizes(name: str, form: Form, parts: Sequence[Piece]) -> str:
    """The sizes of a constant as its subscript."""
    separator = "," if name == "commutation" else r" \times "
    return "_{" + separator.join(map(_size, form.args)) + "}" if parts else ""


def _size(form: Form) -> str:
    """A size: a number, a name, a product of them for a compound axis."""
    if form.head == "mul":
        return " ".join(map(_size, form.args))
    return name_latex(form.value, bold=False) if form.head == "name" else str(form.value)


@cache
def _template(record: Operation, style: Style) -> str:
    """The LaTeX of a record in a style: the mark of a transpose, the letters of I and K; 1 and 0 stay bold."""
    template = record.latex.replace(r"^\top", style.mark.replace("{", "{{").replace("}", "}}"))
    for letter in "IK":
        plain = {"plain": letter, "bm": rf"\bm{{{{{letter}}}}}"}.get(style.letters)
        template = template.replace(rf"\mathbf{{{{{letter}}}}}", plain) if plain else template
    return template


@cache
def _layout(template: str) -> tuple[tuple[Level, ...], Level]:
    """The levels that the LaTeX of a function asks of its arguments, and its own level."""
    marks = "\x00\x03"
    shown = template.format(*marks)
    slots = tuple(_slot(shown, mark) for mark in marks if mark in shown)
    if r"\otimes" in shown:
        return slots, Level.OPERATOR
    if shown.strip("{}")[0] not in marks:
        return slots, Level.FRACTION if shown.startswith(r"\log\left|") else Level.ATOM
    return slots, Level.PRODUCT if " " in shown else Level.POSTFIX


def _slot(shown: str, mark: str) -> Level:
    before, _, after = shown.partition(mark)
    if after.lstrip("}").startswith(("^", "_", "'")) and not before.endswith("^{"):
        return Level.ATOM
    return Level.CASES if before.endswith(("(", "|", "{", ", ")) and after else Level.FRACTION
