"""`differentiate`: a SymPy expression is read, derived as text of the language, and the answer is written in SymPy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import sympy

from matcalc.derivation import Derivative
from matcalc.deriving import derive
from matcalc.errors import KindError, MatcalcError, UnsupportedError
from matcalc.form import Form, bottom_up, name, subforms
from matcalc.interop import reading, writing
from matcalc.interop.matrix_expressions import is_matrix
from matcalc.interop.names import Names
from matcalc.interop.reader import Reader, shown
from matcalc.interop.writer import Writer
from matcalc.notation.text import to_text

__all__ = ["differentiate"]

#: A part nested deeper than this becomes a line of its own, so that the text can be read.
LARGEST_DEPTH = 40


def differentiate(expr: Any, variable: Any, layout: str = "numerator", order: int = 1) -> Any:
    """The derivative of a SymPy expression by a MatrixSymbol or a Symbol, as a SymPy expression.

    The axes are those of `derive`: in the numerator layout a scalar by an n x 1 symbol is 1 x n, a column by a column
    is the Jacobian matrix, a scalar by a matrix has the shape of the matrix.  Answers of order 0, 1 and 2 are scalars
    and matrix expressions, a FunctionMatrix where there is no matrix form.  Those of higher order are arrays of
    explicit entries where all sizes are numbers and there are at most 20,000 entries, else a Lambda of the indices,
    which count from 0.  Raises MatcalcError.
    """
    try:
        reader = Reader(reading.RULES, variable)
        wrt = variable_name(reader)
        form = reader.read(expr)
        declarations = reader.declarations()
        answer = derive(program_text(form, reader.names), wrt, declarations, layout, order)
        return answer_expression(answer, reader.names.meaning)
    except RecursionError:
        raise UnsupportedError("the expression is nested too deeply") from None


def variable_name(reader: Reader) -> str:
    """The name of the variable, declared."""
    variable = reader.variable
    if not isinstance(variable, sympy.Symbol | sympy.MatrixSymbol):
        raise KindError(
            f"differentiate by a MatrixSymbol or a Symbol, not by `{shown(variable)}`",
            hint="for an entry X[i, j], differentiate by X",
        )
    reader.read(variable)
    return reader.names.given[variable]


# --- the question ---------------------------------------------------------------------------------------------------


def program_text(form: Form, names: Names) -> str:
    """The form as text; parts that are used several times or nested deeply stand on lines of their own."""
    uses = Counter(id(arg) for part in subforms(form) for arg in part.args)
    lines: list[str] = []
    made: dict[int, Form] = {}
    depths: dict[int, int] = {}
    for part in bottom_up(form, arguments):
        args = arguments(part)
        short = Form(part.head, tuple([made[id(arg)] for arg in args]), part.value) if args else part
        depth = 1 + max([depths[id(arg)] for arg in args], default=0)
        if part is not form and (depth > LARGEST_DEPTH or (uses[id(part)] > 1 and depth > 2)):
            word = names.fresh("t")
            lines.append(f"{word} = {to_text(short)}")
            short, depth = name(word), 1
        made[id(part)], depths[id(part)] = short, depth
    return "\n".join([*lines, to_text(made[id(form)])])


def arguments(form: Form) -> tuple[Form, ...]:
    """The arguments that may stand on lines of their own: the body of a sum stays where its indices are bound."""
    return () if form.head == "bsum" else form.args


# --- the answer -----------------------------------------------------------------------------------------------------


def answer_expression(answer: Derivative, names: Mapping[str, Any]) -> Any:
    """The answer in SymPy, its shape checked."""
    form, where = answer._form_in("matrix")
    writer = Writer(writing.RULES, form, names, {**answer.program.assignments, **where})
    value = writer.value(form)
    check_shape(value, writer.shape(answer.form))
    return value


def check_shape(value: Any, expected: Sequence[Any]) -> None:
    """Raise MatcalcError for an answer that has not the shape of the derivative."""
    if isinstance(value, sympy.Lambda) and len(expected) > 2:
        found = tuple(expected) if len(value.variables) == len(expected) else value.variables
    else:
        found = value.shape if is_matrix(value) or isinstance(value, sympy.NDimArray) else ()
    if len(found) != len(expected) or any(sympy.expand(a - b) != 0 for a, b in zip(found, expected, strict=True)):
        raise MatcalcError(f"the answer in SymPy has the shape {found}, but the derivative has {expected}")
