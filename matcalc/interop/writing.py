"""Typed forms as SymPy expressions: the rules of the algebra, and `to_sympy`, which runs all rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import sympy

from matcalc.errors import UnsupportedError
from matcalc.form import Form
from matcalc.inference import infer_expression
from matcalc.interop import writing_entries, writing_functions
from matcalc.interop.matrix_expressions import flipped, inner, multiplied, orientation, sum_of
from matcalc.interop.writer import Rule, Writer
from matcalc.interop.writing_functions import general_power, kronecker
from matcalc.notation.text import to_text

__all__ = ["to_sympy", "RULES"]


def to_sympy(form: Form | str, declare: Iterable[str] = (), names: Mapping[str, Any] | None = None) -> Any:
    """The SymPy expression of a form, or of an expression in the language.

    A form that is not typed yet is typed with the declarations.  `names` says what names stand for: an n x 1 matrix
    expression for a column.  Other names become a MatrixSymbol or a Symbol, a positive integer one for a dimension.
    """
    try:
        if isinstance(form, Form) and form.kind is not None:
            return Writer(RULES, form, names or {}, {}).value(form)
        program = infer_expression(form if isinstance(form, str) else to_text(form), declare)
        writer = Writer(RULES, program.output, names or {}, program.assignments)
        writer.dimensions.update(program.dimensions)
        return writer.value(program.output)
    except RecursionError:
        raise UnsupportedError("the form is nested too deeply") from None


def _number(writer: Writer, form: Form) -> Any:
    return sympy.Rational(form.value.numerator, form.value.denominator)


def _name(writer: Writer, form: Form) -> Any:
    word = form.value
    if writer.names.get(word) is not None:
        return writer.names[word]
    if word in writer.definitions:
        return writer.value(writer.definitions[word])
    if form.kind == "tensor":
        raise UnsupportedError(f"`{word}` is a tensor of order {len(form.shape or ())}, which SymPy cannot name")
    if form.kind != "scalar":
        return sympy.MatrixSymbol(word, *writer.shape(form))
    if word in writer.dimensions:
        return writer.dimension(word)
    return sympy.pi if word == "pi" else sympy.Symbol(word)


def _negative(writer: Writer, form: Form) -> Any:
    return multiplied(sympy.S.NegativeOne, writer.value(form.args[0]))


def _sum(writer: Writer, form: Form) -> Any:
    return sum_of([writer.expanded(arg, form) for arg in form.args])


def _product(writer: Writer, form: Form) -> Any:
    """A chain read from the left; a row times a column is a scalar."""
    result, kind = writer.value(form.args[0]), form.args[0].kind
    for arg in form.args[1:]:
        value = writer.value(arg)
        if kind == "row" and arg.kind == "column":
            result, kind = inner(multiplied(result, value)), "scalar"
        elif kind == "scalar" or arg.kind == "scalar":
            result, kind = multiplied(result, value), arg.kind if kind == "scalar" else kind
        else:
            result = multiplied(result, value)
            kind = orientation((1 if kind == "row" else 2, 1 if arg.kind == "column" else 2))
    return result


def _hadamard(writer: Writer, form: Form) -> Any:
    first, second = form.args
    if "scalar" in (first.kind, second.kind):
        return multiplied(writer.value(first), writer.value(second))
    return sympy.HadamardProduct(writer.expanded(first, form), writer.expanded(second, form))


def _quotient(writer: Writer, form: Form) -> Any:
    first, second = form.args
    if second.kind == "scalar":
        return multiplied(writer.value(first), writer.value(second) ** -1)
    below = sympy.HadamardPower(writer.value(second), -1)
    if first.kind == "scalar":
        return multiplied(writer.value(first), below)
    return sympy.HadamardProduct(writer.expanded(first, form), writer.expand(below, second, form))


def _power(writer: Writer, form: Form) -> Any:
    base, exponent = map(writer.value, form.args)
    return base**exponent


def _elementwise_power(writer: Writer, form: Form) -> Any:
    base, exponent = form.args
    if exponent.kind != "scalar":
        return general_power(writer, form)
    x, p = writer.value(base), writer.value(exponent)
    return x**p if base.kind == "scalar" else sympy.HadamardPower(x, p)


def _transpose(writer: Writer, form: Form) -> Any:
    return flipped(writer.value(form.args[0]))


#: By the head of a form.
RULES: dict[str, Rule] = {
    "number": _number,
    "name": _name,
    "neg": _negative,
    "add": _sum,
    "mul": _product,
    "div": _quotient,
    "times": _hadamard,
    "rdiv": _quotient,
    "kron": kronecker,
    "power": _power,
    "elpower": _elementwise_power,
    "transpose": _transpose,
    **writing_functions.RULES,
    **writing_entries.RULES,
}
