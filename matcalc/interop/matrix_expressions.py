"""SymPy's matrix expressions: what they are, and how they are put together without being evaluated anew."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import sympy
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction

__all__ = [
    "is_matrix",
    "orientation",
    "applied",
    "multiplied",
    "flipped",
    "sum_of",
    "inner",
    "total",
    "inner_product",
    "diagonal_matrix",
]

#: The argument of element-wise functions; one for all, so that equal functions are equal expressions.
_ENTRY = sympy.Dummy("d")

#: Matrices whose transpose is as simple.
_FLIPPED = (
    sympy.Transpose, sympy.MatrixBase, sympy.ZeroMatrix, sympy.OneMatrix, sympy.Identity, sympy.DiagMatrix
)  # fmt: skip


def is_matrix(expr: Any) -> bool:
    """True for a matrix expression and for an explicit matrix."""
    return bool(getattr(expr, "is_Matrix", False))


def orientation(shape: Sequence[Any]) -> str:
    """The kind of a matrix expression of this shape."""
    one_row, one_column = shape[0] == 1, shape[1] == 1
    return "scalar" if one_row and one_column else "column" if one_column else "row" if one_row else "matrix"


def applied(function: Callable[[Any], Any], value: Any, *others: Any) -> Any:
    """A function of scalars applied to each entry; `others` are the scalars that it holds."""
    slot = sympy.Dummy("d") if any(other.has(_ENTRY) for other in others) else _ENTRY
    return ElementwiseApplyFunction(sympy.Lambda(slot, function(slot)), value)


def multiplied(*values: Any) -> Any:
    """The product of scalars and matrices; unlike with `*`, SymPy does not evaluate all parts anew."""
    if not any(map(is_matrix, values)):
        return sympy.Mul(*values)
    return sympy.MatMul(*values).doit(deep=False)


def flipped(value: Any) -> Any:
    """The transpose, which stays outside: the form has it where it reads best."""
    if not is_matrix(value):
        return value
    if isinstance(value, _FLIPPED):
        return value.T
    return sympy.Transpose(value)


def sum_of(values: Sequence[Any]) -> Any:
    """The sum of values of one shape."""
    if not is_matrix(values[0]):
        return sympy.Add(*values)
    return sympy.MatAdd(*values).doit(deep=False)


def inner(value: Any) -> Any:
    """The only entry of a 1 x 1 matrix expression, as a trace."""
    if isinstance(value, sympy.MatrixBase):
        return value[0, 0]
    if isinstance(value, sympy.ZeroMatrix):
        return sympy.S.Zero
    if isinstance(value, sympy.OneMatrix | sympy.Identity):
        return sympy.S.One
    if isinstance(value, sympy.MatMul):
        coefficient, rest = value.as_coeff_mmul()
        return coefficient * (sympy.Trace(rest) if rest is value or isinstance(rest, sympy.MatMul) else inner(rest))
    return sympy.Trace(value)


def total(value: Any) -> Any:
    """The sum of all entries of a matrix expression."""
    rows, columns = value.shape
    if rows != 1:
        value = multiplied(sympy.OneMatrix(1, rows), value)
    return inner(multiplied(value, sympy.OneMatrix(columns, 1)) if columns != 1 else value)


def inner_product(x: Any, y: Any) -> Any:
    """The sum of the products of corresponding entries."""
    if not is_matrix(x):
        return x * y
    value = multiplied(x, flipped(y)) if x.shape[0] == 1 else multiplied(flipped(x), y)
    return inner(value) if value.shape == (1, 1) else sympy.Trace(value)


def diagonal_matrix(vector: Any) -> Any:
    """The diagonal matrix of a column; SymPy's DiagMatrix takes a column of zeros for a diagonal matrix."""
    rows = vector.shape[0]
    if isinstance(vector, sympy.ZeroMatrix):
        return sympy.ZeroMatrix(rows, rows)
    return sympy.DiagMatrix(vector)
