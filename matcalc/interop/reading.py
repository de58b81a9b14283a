"""SymPy expressions as untyped forms: the rules of matrices and scalars, and `from_sympy`, which runs all rules."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cache
from typing import Any

import sympy
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction

from matcalc.errors import UnsupportedError
from matcalc.form import Form, name, number
from matcalc.interop import reading_entries
from matcalc.interop.matrix_expressions import is_matrix, orientation
from matcalc.interop.names import ensure_operations
from matcalc.interop.reader import Reader, Rule
from matcalc.interop.untyped import call, chain, transposed
from matcalc.operation import operation, operations

__all__ = ["from_sympy", "RULES"]

#: Numbers beyond it, and below one over it, are not written out.
LARGEST_NUMBER = sympy.Integer(10) ** 2000


def from_sympy(expr: Any) -> tuple[Form, list[str]]:
    """The untyped form of a SymPy expression, and the declarations of all its free symbols.

    A name that means something else in the language, or is none of its names, gets another one.
    """
    try:
        reader = Reader(RULES)
        return reader.read(expr), reader.declarations()
    except RecursionError:
        raise UnsupportedError("the expression is nested too deeply") from None


# --- products, of matrices and of scalars ---------------------------------------------------------------------------


def _product(reader: Reader, expr: Any) -> Form:
    """A product of scalars and matrices, scalars with a negative exponent below a fraction bar."""
    below = [arg for arg in expr.args if is_reciprocal(arg)]
    above = [arg for arg in expr.args if not is_reciprocal(arg)]
    times, over = ("times", "rdiv") if reader.element else ("mul", "div")
    form = chain(times, [reader.part(arg) for arg in above]) if above else number(1)
    if not below:
        return form
    return Form(over, (form, chain(times, [reader.scalar(arg.base**-arg.exp) for arg in below])))


def is_reciprocal(expr: Any) -> bool:
    """True for a power of a scalar with a negative number as exponent."""
    return bool(expr.is_Pow and not is_matrix(expr) and expr.exp.is_Rational and expr.exp.is_negative)


# --- matrices -------------------------------------------------------------------------------------------------------


def _chain(head: str) -> Rule:
    """The rule of a matrix expression that is a chain of its parts."""
    return lambda reader, expr: chain(head, [reader.part(arg) for arg in expr.args])


def _filled(reader: Reader, shape: Sequence[Any], word: str) -> Form:
    """The scalar, column, row or matrix whose entries all are 1 (`ones`) or 0 (`zeros`)."""
    kind = orientation(shape)
    if kind == "scalar":
        return number(word == "ones")
    form = call(word, *[reader.size(size) for size in (shape if kind == "matrix" else [shape[0] * shape[1]])])
    return transposed(form) if kind == "row" else form


def _identity(reader: Reader, expr: Any) -> Form:
    size = expr.shape[0]
    return number(1) if size == 1 else call("eye", reader.size(size))


def _transpose(reader: Reader, expr: Any) -> Form:
    form = reader.matrix(expr.arg)
    return form if orientation(expr.shape) == "scalar" else transposed(form)


def _matrix_power(reader: Reader, expr: Any) -> Form:
    base, exponent = expr.args
    if not exponent.is_Integer:
        return reader.constant(expr, "the exponent of a matrix is a whole number")
    return Form("power", (reader.matrix(base), number(int(exponent))))


def _inverse(reader: Reader, expr: Any) -> Form:
    form = reader.matrix(expr.args[0])
    return Form("power", (form, number(-1))) if orientation(expr.shape) == "scalar" else call("inv", form)


def _diagonal(reader: Reader, expr: Any) -> Form:
    """DiagMatrix of a column or row, DiagonalOf and DiagonalMatrix of a square matrix."""
    argument = expr.args[0]
    form = reader.matrix(argument)
    if orientation(argument.shape) == "scalar":
        return form
    if isinstance(expr, sympy.DiagMatrix):
        return call("diag", form)
    if argument.shape[0] != argument.shape[1]:
        return reader.constant(expr, "the diagonal is that of a square matrix")
    diagonal = call("diag", form)
    return diagonal if isinstance(expr, sympy.DiagonalOf) else call("diag", diagonal)


def _elementwise(reader: Reader, expr: Any) -> Form:
    """A function of one scalar, applied to each entry."""
    function, argument = expr.args
    form = reader.matrix(argument)
    (dummy,) = function.variables
    if not function.expr.has(dummy):
        return chain("times", [reader.scalar(function.expr), _filled(reader, argument.shape, "ones")])
    if reader.element:
        reader.refuse(expr, "an element-wise function is a function of one scalar")
    with reader.entrywise(dummy, form):
        return reader.scalar(function.expr)


MATRIX_RULES: dict[type, Rule] = {
    sympy.MatrixSymbol: lambda reader, expr: reader.declare(expr, expr.name, expr.shape),
    sympy.MatAdd: _chain("add"),
    sympy.MatMul: _product,
    sympy.Adjoint: lambda reader, expr: reader.constant(expr, "entries are real: write X.T"),
    sympy.MatPow: _matrix_power,
    sympy.Inverse: _inverse,
    sympy.Transpose: _transpose,
    sympy.Identity: _identity,
    sympy.ZeroMatrix: lambda reader, expr: _filled(reader, expr.shape, "zeros"),
    sympy.OneMatrix: lambda reader, expr: _filled(reader, expr.shape, "ones"),
    sympy.HadamardProduct: _chain("times"),
    sympy.HadamardPower: _chain("elpower"),
    sympy.KroneckerProduct: _chain("kron"),
    sympy.DiagMatrix: _diagonal,
    sympy.DiagonalOf: _diagonal,
    sympy.DiagonalMatrix: _diagonal,
    ElementwiseApplyFunction: _elementwise,
    sympy.MatrixExpr: Reader.constant,
    sympy.MatrixBase: Reader.constant,
}


# --- scalars --------------------------------------------------------------------------------------------------------


def _number(reader: Reader, expr: Any) -> Form:
    if not expr.is_finite:
        reader.refuse(expr, "values are real and finite")
    if sympy.Abs(expr) > LARGEST_NUMBER or 0 < sympy.Abs(expr) < 1 / LARGEST_NUMBER:
        raise UnsupportedError("a number is too large or too small to be written out")
    if expr.is_Float:
        return number(Fraction(repr(float(expr)) if expr._prec <= 53 and abs(float(expr)) > 1e-300 else str(expr)))
    value = Fraction(int(expr.p), int(expr.q))
    if value.denominator > LARGEST_NUMBER:
        raise UnsupportedError("a number has too many digits to be written out")
    return number(value)


def _symbol(reader: Reader, expr: Any) -> Form:
    if expr in reader.indices:
        reader.refuse(expr, "a bound index stands only in entries such as x[i, 0]")
    if not expr.is_commutative:
        reader.refuse(expr, "scalars commute")
    return reader.symbol(expr, expr.name)


def _sum(reader: Reader, expr: Any) -> Form:
    return chain("add", [reader.scalar(arg) for arg in expr.args])


def _power(reader: Reader, expr: Any) -> Form:
    base, exponent = expr.as_base_exp()
    return Form("elpower" if reader.element else "power", (reader.scalar(base), reader.scalar(exponent)))


def _of_square(word: str) -> Rule:
    """The rule of the trace and of the determinant; a 1 x 1 matrix is its own."""

    def rule(reader: Reader, expr: Any) -> Form:
        argument = expr.args[0]
        form = reader.matrix(argument)
        return form if orientation(argument.shape) == "scalar" else call(word, form)

    return rule


def _dot(reader: Reader, expr: Any) -> Form:
    """DotProduct of two vectors, each a row or a column."""
    x, y = (transposed(reader.matrix(a)) if orientation(a.shape) == "row" else reader.matrix(a) for a in expr.args)
    return Form("mul", (x if orientation(expr.args[0].shape) == "scalar" else transposed(x), y))


def _heaviside(reader: Reader, expr: Any) -> Form:
    """H(x) with H(0) = h is step(x) + h*(1 - sign(x)^2), as step(0) = sign(0) = 0."""
    argument, at_zero = expr.args
    step = call("step", reader.scalar(argument))
    if at_zero == 0:
        return step
    return Form("add", (step, reader.scalar(at_zero * (1 - sympy.sign(argument, evaluate=False) ** 2))))


def _function(reader: Reader, expr: Any) -> Form:
    """A function of the language, one written by others, an unknown function of one argument, or a constant."""
    rewritten = REWRITTEN.get(expr.func)
    if rewritten is not None:
        return reader.scalar(rewritten(*expr.args))
    word = function_names().get(expr.func)
    if word is not None and len(expr.args) == 1:
        return call(word, reader.scalar(expr.args[0]))
    if word is not None and operation(word).arity == 2:
        first, *rest = [reader.scalar(arg) for arg in expr.args]
        for part in rest:
            first = call(word, first, part)
        return first
    if isinstance(expr, sympy.core.function.AppliedUndef) and len(expr.args) == 1:
        return _unknown(reader, expr)
    return reader.constant(expr, "the language has no such scalar function")


def _unknown(reader: Reader, expr: Any) -> Form:
    word = reader.names.name(expr.func, expr.func.__name__)
    reader.lines.setdefault(word, f"{word}: function")
    return Form("unknown", (reader.scalar(expr.args[0]),), (word, 0))


@cache
def function_names() -> dict[Any, str]:
    """The element-wise functions of the registry by the SymPy functions of the same meaning."""
    ensure_operations()
    named = [(record.sympy, record.name) for record in operations() if record.elementwise and record.sympy]
    return {getattr(sympy, word): name for word, name in named if isinstance(word, str)}


#: Functions that the language writes by others.
REWRITTEN: dict[Any, Callable[..., Any]] = {
    sympy.cot: lambda x: 1 / sympy.tan(x),
    sympy.sec: lambda x: 1 / sympy.cos(x),
    sympy.csc: lambda x: 1 / sympy.sin(x),
    sympy.coth: lambda x: 1 / sympy.tanh(x),
    sympy.sech: lambda x: 1 / sympy.cosh(x),
    sympy.csch: lambda x: 1 / sympy.sinh(x),
    sympy.asinh: lambda x: sympy.log(x + sympy.sqrt(1 + x**2)),
    sympy.atanh: lambda x: (sympy.log(1 + x) - sympy.log(1 - x)) / 2,
    sympy.erfc: lambda x: 1 - sympy.erf(x),
}


SCALAR_RULES: dict[type, Rule] = {
    sympy.Number: _number,
    sympy.Symbol: _symbol,
    type(sympy.pi): lambda reader, expr: name("pi"),
    type(sympy.E): lambda reader, expr: call("exp", number(1)),
    sympy.Add: _sum,
    sympy.Mul: _product,
    sympy.Pow: _power,
    sympy.Trace: _of_square("tr"),
    sympy.Determinant: _of_square("det"),
    sympy.DotProduct: _dot,
    sympy.Heaviside: _heaviside,
    object: _function,
}

#: By the class of an expression; that of the nearest one in its order of inheritance counts.
RULES: dict[type, Rule] = MATRIX_RULES | SCALAR_RULES | reading_entries.RULES
