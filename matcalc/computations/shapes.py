"""The shape rule: every value of a program with its shape and that of its error signal, and how products balance.

    z = W*x             (M) = (M, D)*(D)
    dJ/dW = delta*x'    (M, D) = (M)*(1, D)

A gradient has the shape of what it is by; so the shapes of the factors say where a transpose must stand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from matcalc.backprop import Backprop, backpropagation
from matcalc.computations.reading import read
from matcalc.computations.wording import WIDTH, wrapped
from matcalc.errors import MatcalcError
from matcalc.form import Form, Shape, format_axis, name
from matcalc.inference import TypedProgram, infer
from matcalc.notation.text import to_text
from matcalc.parser import Program

__all__ = ["Balance", "Shapes", "balance", "shapes"]

#: Products, whose factors must fit.
PRODUCTS = frozenset({"mul", "times", "rdiv", "kron"})
#: What is read as one value: entries are not multiplied as matrices are.
CLOSED = frozenset({"tensor", "bsum", "entry", "join", "derivative"})
#: What an output is called that has no name.
OUTPUT = "(output)"
#: What a column, a row and a matrix are called.
KINDS = {"column": "vector"}


def shapes(
    source: str,
    wrt: str | Sequence[str] | None = None,
    declare: Iterable[str] | str | None = (),
    *,
    of: str | None = None,
    given: Mapping[str, int] | None = None,
    name: str | None = None,
    syntax: str | None = None,
) -> Shapes:
    """The shapes of an expression or program, with gradients by some names; by default by all variables.

    The arguments are those of `derive`.  Raises MatcalcError, where sizes do not fit for one.
    """
    return Shapes(*read(source, wrt, declare, "numerator", of=of, given=given, name=name, syntax=syntax))


@dataclass(frozen=True)
class Balance:
    """A line `name = expression`, and the shapes of its two sides: `(M, D) = (M)*(1, D)`."""

    line: str
    shape: str
    balance: str

    @property
    def text(self) -> str:
        """The shapes."""
        return f"{self.shape} = {self.balance}"


class Shapes:
    """The values of a program, their shapes, and the balance of every product on the way forward and back."""

    def __init__(self, program: Program, names: Sequence[str]) -> None:
        self.typed: TypedProgram = infer(program)
        self.note = ""
        self.backprop: Backprop | None = None
        if self.typed.output.kind != "scalar":
            self.note = "there are no signals and gradients, since the output is no scalar"
            return
        try:
            self.backprop = backpropagation(program, names)
        except MatcalcError as error:
            self.note = f"there are no signals and gradients: {error.message}"

    @cached_property
    def values(self) -> dict[str, Form]:
        """The expression of each value."""
        if self.backprop is not None:
            return {equation.name: equation.right for equation in self.backprop.forward}
        named = self.typed.assignments
        return {**named} if self.typed.output_name is not None else {**named, OUTPUT: self.typed.output}

    @property
    def signals(self) -> dict[str, tuple[str, str]]:
        """The signal or gradient by each name, and its shape."""
        if self.backprop is None:
            return {}
        found = {e.value: (e.name, shape_of(e.right.kind, e.right.shape)) for e in self.backprop.signals}
        shown = {e.value: (left_of(e.left), shape_of(e.right.kind, e.right.shape)) for e in self.backprop.gradients}
        return {**shown, **found}

    @property
    def rows(self) -> Iterator[tuple[str, str, str, str, str]]:
        """Name, kind, shape, signal and the signal's shape, of variables and then of values."""
        known = [(v.name, v.kind, v.shape) for v in self.typed.variables.values() if v.kind != "function"]
        known += [(word, str(form.kind), form.shape or ()) for word, form in self.values.items()]
        for word, kind, shape in known:
            yield (word, KINDS.get(kind, kind), shape_of(kind, shape), *self.signals.get(word, ("", "")))

    @cached_property
    def forward(self) -> list[Balance]:
        """The balance of the products of values."""
        return [made for word, form in self.values.items() for made in balanced(word, form)]

    @cached_property
    def backward(self) -> list[Balance]:
        """The balance of the products of signals and gradients."""
        if self.backprop is None:
            return []
        signals = [made for e in self.backprop.signals for made in balanced(f"{e.name} = {left_of(e.left)}", e.right)]
        return signals + [made for e in self.backprop.gradients for made in balanced(left_of(e.left), e.right)]

    @property
    def text(self) -> str:
        """All of it, in lines of at most 79 columns."""
        blocks = [("values", self._table()), ("products on the way forward", aligned(self.forward))]
        blocks.append(("products in signals and gradients", aligned(self.backward)))
        shown = ["\n".join([f"{heading}:", *lines]) for heading, lines in blocks if lines]
        return "\n\n".join([*shown, *(["\n".join(wrapped(f"note: {self.note}", 2))] if self.note else [])])

    def _table(self) -> list[str]:
        rows = [("name", "kind", "shape", "signal", "its shape"), *self.rows]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
        return [part for line in lines for part in wrapped(f"  {line}")]


def left_of(form: Form | None) -> str:
    """dJ/dW for the derivative of J by W, the gradient, too."""
    assert form is not None
    return f"d{to_text(form.args[0])}/d{to_text(form.args[1])}"


def aligned(lines: Sequence[Balance]) -> list[str]:
    """The lines with their balances in one column, or below where they are long."""
    width = max((len(made.line) for made in lines if len(made.line) + len(made.text) + 4 <= WIDTH), default=0)
    found: list[str] = []
    for made in lines:
        if max(width, len(made.line)) + len(made.text) + 4 <= WIDTH:
            found.append(f"  {made.line:{width}}  {made.text}")
        else:
            shown = made.text.replace(", ", ",\0")  # \0: no line break here
            found += [*wrapped(f"  {made.line}"), *(line.replace("\0", " ") for line in wrapped(f"      {shown}", 8))]
    return found


# ---- The balance of one expression ----------------------------------------------------------------------------------


def balanced(line: str, form: Form) -> Iterator[Balance]:
    """The balance of an expression, if there is a product in it."""
    if has_product(form):
        shown = f"{line} = {to_text(form)}" if line != OUTPUT else to_text(form)
        yield Balance(shown, shape_of(form.kind, form.shape), balance(form))


def balance(form: Form) -> str:
    """An expression with shapes in the places of values; numbers and scalar factors are left out."""
    return to_text(skeleton(form))


def skeleton(form: Form) -> Form:
    """The products of a form, of shapes."""
    if form.head == "number" or not has_product(form):
        return form if form.head == "number" else name(shape_of(form.kind, form.shape), form.kind, form.shape)
    if form.head == "add":
        return Form("add", tuple(map(term, form.args)), kind=form.kind, shape=form.shape)
    args = [arg for arg in form.args if has_product(arg) or arg.kind != "scalar" or form.head not in ("mul", "div")]
    made = [skeleton(arg) for arg in args]
    if form.head in ("mul", "div", "neg") and len(made) == 1:
        return made[0]
    return Form(form.head, tuple(made), form.value, kind=form.kind, shape=form.shape)


def term(form: Form) -> Form:
    """A term of a sum, with its sign."""
    return Form("neg", (skeleton(form.args[0]),), kind=form.kind, shape=form.shape) if form.head == "neg" else skeleton(form)


def has_product(form: Form) -> bool:
    """Whether values that are no scalars are multiplied in a form."""
    return any(is_product(part) for part in open_parts(form))


def is_product(form: Form) -> bool:
    """Whether at least two factors of a product are no scalars."""
    called = form.head == "call" and form.value == "kron"
    return (form.head in PRODUCTS or called) and sum(arg.kind != "scalar" for arg in form.args) > 1


def open_parts(form: Form) -> Iterator[Form]:
    """The parts of a form that are values, not entries."""
    if form.head in CLOSED:
        return
    yield form
    for arg in form.args:
        yield from open_parts(arg)


def shape_of(kind: str | None, shape: Shape | None) -> str:
    """(M, D), (M) for a column, (1, D) for a row, scalar."""
    sizes = [format_axis(axis) for axis in shape or ()]
    if not sizes:
        return "scalar"
    return f"({', '.join(['1', *sizes] if kind == 'row' else sizes)})"
