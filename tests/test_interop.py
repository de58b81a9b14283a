"""SymPy in, SymPy out: answers against SymPy's derivatives of explicit scalar entries, round trips, refusals.

SymPy's matrix derivative is not asked: every expression is written out to entries first, at sizes that differ in pairs,
and scalar entries are differentiated by scalar entries.
"""

from __future__ import annotations

import random
from itertools import product

import pytest
import sympy
from sympy import (
    Determinant,
    DiagMatrix,
    DiagonalMatrix,
    DiagonalOf,
    DotProduct,
    Function,
    HadamardPower,
    HadamardProduct,
    Heaviside,
    Identity,
    Inverse,
    KroneckerDelta,
    KroneckerProduct,
    MatrixSymbol,
    Max,
    Min,
    OneMatrix,
    Rational,
    Sum,
    Symbol,
    Trace,
    ZeroMatrix,
    erf,
    exp,
    log,
    pi,
    sign,
    sin,
    sqrt,
    symbols,
    tanh,
)
from sympy.matrices.expressions.slice import MatrixSlice

from matcalc.errors import KindError, MatcalcError, UnsupportedError
from matcalc.interop import differentiate, from_sympy, to_sympy
from matcalc.notation.text import to_text

m, n, p = symbols("m n p", integer=True, positive=True)
a, b = symbols("a b")
t = Symbol("t", positive=True)
i, j = symbols("i j", integer=True)
A, B, X = (MatrixSymbol(name, n, n) for name in "ABX")
M, K = (MatrixSymbol(name, m, n) for name in "MK")
W = MatrixSymbol("W", p, m)
x, y = (MatrixSymbol(name, n, 1) for name in "xy")
u = MatrixSymbol("u", m, 1)
r = MatrixSymbol("r", 1, n)
s = MatrixSymbol("s", 1, 1)
SIZES = {m: 3, n: 2, p: 4}


def entrywise(function, value):
    return value.applyfunc(function)


#: Expressions with the variable of their derivative.
CASES = {
    "linear form": (y.T * x, x),
    "quadratic form": (x.T * A * x, x),
    "quadratic form by the matrix": (x.T * A * x, A),
    "sum over entries": ((x.T * A * x)[0, 0], x),
    "dot product": (DotProduct(x, A * y), x),
    "dot product of a row": (DotProduct(r, x), r),
    "row variable": (r * A * r.T, r),
    "row by row": (r * A, r),
    "column by row": (A * r.T, r),
    "matrix times vector": (M * x, x),
    "matrix times vector by the matrix": (M * x, M),
    "outer product": (x * y.T, x),
    "trace": (Trace(A * X), X),
    "trace with a transpose": (Trace(M.T * K), M),
    "trace of a power": (Trace(X**3), X),
    "trace of a sum": (Trace((X + A) * (X - B.T)), X),
    "matrix power": (y.T * X**2 * x, X),
    "negative matrix power": (y.T * X**-2 * x, X),
    "inverse": (y.T * Inverse(X) * x, X),
    "inverse of a sum": (Inverse(X + A) * x, X),
    "determinant": (Determinant(X), X),
    "determinant of a product": (Determinant(M.T * M), M),
    "log of a determinant": (log(Determinant(X)), X),
    "scalar chain": (exp(a * Trace(A * X)) / (1 + Trace(X) ** 2), X),
    "by a scalar": (exp(a * Trace(A * X)) / (1 + a**2), a),
    "matrix by a scalar": (a**2 * X + sin(a) * A, a),
    "vector by a scalar": (entrywise(exp, a * x), a),
    "scalar by a scalar": (a**b + b ** Rational(1, 3) * pi, b),
    "positive power": (t**a * Trace(X), t),
    "Frobenius norm": (sqrt(Trace(M.T * M)), M),
    "Euclidean norm": (sqrt((x.T * x)[0, 0]), x),
    "norm of a residual": (sqrt(DotProduct(M * x - u, M * x - u)), x),
    "normalized vector": (x / sqrt(Trace(x.T * x)), x),
    "hadamard product": (HadamardProduct(x, y, x), x),
    "hadamard product of matrices": (Trace(M.T * HadamardProduct(M, K)), M),
    "hadamard power": (HadamardPower(x, 3), x),
    "hadamard root": (HadamardPower(HadamardProduct(M, M), Rational(1, 2)) * x, M),
    "kronecker product of vectors": (KroneckerProduct(x, u).T * KroneckerProduct(x, u), x),
    "kronecker product of rows": (KroneckerProduct(r, u.T) * KroneckerProduct(x, u), r),
    "diagonal matrix": (y.T * DiagMatrix(x) * A * x, x),
    "diagonal matrix of a row": (DiagMatrix(r) * x, r),
    "diagonal": (DiagonalOf(X * A), X),
    "diagonal part": (Trace(DiagonalMatrix(X) * X), X),
    "element-wise functions": (W * entrywise(tanh, M * x), x),
    "element-wise in the matrix": (y.T * entrywise(sin, X) * x, X),
    "logistic function": (u.T * entrywise(lambda v: 1 / (1 + exp(-v)), M * x), x),
    "logistic loss": (OneMatrix(1, m) * entrywise(lambda v: log(1 + exp(v)), M * x), x),
    "element-wise polynomial": (entrywise(lambda v: a * v**3 - v / 2 + b, x), x),
    "element-wise constant": (x.T * entrywise(lambda v: a, x), x),
    "absolute values": (OneMatrix(1, n) * entrywise(sympy.Abs, x), x),
    "largest of two": (entrywise(lambda v: Max(v, 0, a), x), x),
    "smallest of two": (entrywise(lambda v: Min(v, b), x), x),
    "step": (entrywise(lambda v: v * Heaviside(v), x), x),
    "step with a value": (entrywise(lambda v: v**2 * Heaviside(v, 0) + sign(v), x), x),
    "error function": (entrywise(erf, x), x),
    "tangents": (entrywise(lambda v: sympy.cot(v) + sympy.asinh(v) + sympy.sech(v), x), x),
    "identity and ones": (Trace((X + 2 * Identity(n)) * OneMatrix(n, n)) + 3, X),
    "zeros": (M * x + ZeroMatrix(m, 1), x),
    "size as a scalar": (Trace(X) / n + n**2 * Trace(A * X), X),
    "does not occur": (M * x, y),
    "one by one symbol": (s * x.T * A * x, x),
    "by a one by one symbol": (s[0, 0] ** 2 * x, s),
    "float": (0.5 * x.T * x, x),
    "entry": (X[0, 1] * X[1, 1] + x[1, 0] ** 2, X),
    "entry of a vector": (x[1, 0] * Trace(x.T * y) + r[0, 1], x),
    "sum with a delta": (Sum(X[i, j] * KroneckerDelta(i, j) * A[j, 0], (i, 0, n - 1), (j, 0, n - 1)), X),
    "sum without its index": (Sum(x[i, 0] ** 2, (i, 0, n - 1), (j, 0, n - 1)), x),
    "foreign function of a constant": (sympy.gamma(t) * x.T * x + sympy.Catalan * y.T * x, x),
    "matrix by a matrix": (M.T * M, M),
    "product by a matrix": (A * X * B, X),
    "matrix by a vector": (x * x.T, x),
    "shared parts": (Trace((X * A + A * X) * (X * A - A * X) * (X * A + A * X)), X),
}
SECOND = {
    "quadratic form": (x.T * A * x, x),
    "quartic": (Trace(x.T * x) ** 2, x),
    "logistic loss": (OneMatrix(1, m) * entrywise(lambda v: log(1 + exp(v)), M * x), x),
    "scalar twice": (exp(a * Trace(A * X)), a),
    "vector by a scalar twice": (entrywise(exp, a * x), a),
    "third order": (HadamardPower(x, 3), x),
    "fourth order": (Trace(A * X.T * X), X),
    "cubic trace": (Trace(X**3), X),
}


def evaluated(expression):
    """An expression of explicit matrices and numbers, evaluated from its leaves up."""
    if isinstance(expression, sympy.MatrixBase):
        return expression.applyfunc(evaluated)
    if isinstance(expression, sympy.FunctionMatrix | MatrixSlice | Identity | OneMatrix | ZeroMatrix):
        return expression.as_explicit().applyfunc(evaluated)
    if isinstance(expression, DiagonalOf | DiagonalMatrix):
        # SymPy cannot evaluate either of an explicit matrix.
        inner = evaluated(expression.arg)
        return inner.diagonal().T if isinstance(expression, DiagonalOf) else sympy.diag(*inner.diagonal())
    if not expression.args or isinstance(expression, sympy.Lambda):
        return expression
    if isinstance(expression, sympy.Sum | sympy.Subs | sympy.Derivative):
        return expression.doit()
    made = expression.func(*map(evaluated, expression.args))
    done = made.doit() if isinstance(made, sympy.MatrixExpr | Trace | Determinant | DotProduct) else made
    return evaluated(done.as_explicit()) if isinstance(done, sympy.MatrixExpr) else done


class Point:
    """Random values for all symbols of an expression, the variable's entries as symbols too."""

    def __init__(self, expression, variable):
        draw = random.Random(7)
        found = expression.free_symbols | variable.free_symbols
        self.values, self.entries, self.numbers = {}, {}, {}
        for symbol in sorted(found - set(SIZES), key=str):
            sized = symbol.subs(SIZES)
            shape = getattr(sized, "shape", (1, 1))
            allowed = [k for k in range(-20 if hasattr(symbol, "shape") else 3, 30) if k]
            values = sympy.ImmutableMatrix(*shape, lambda *_: Rational(draw.choice(allowed), 13))  # noqa: B023
            names = sympy.ImmutableMatrix(*shape, lambda k, q: Symbol(f"{symbol}_{k}{q}", real=True))  # noqa: B023
            self.values[sized] = values if hasattr(symbol, "shape") else values[0]
            self.entries[sized] = names if hasattr(symbol, "shape") else names[0]
            self.numbers.update(zip(names, values, strict=True))
        self.variable = variable.subs(SIZES)

    def derivative(self, expression, order):
        """The entries of the expression, differentiated by each entry of the variable, axes of the expression first."""
        entries = {**self.values, self.variable: self.entries[self.variable]}
        found = flat(evaluated(expression.subs(SIZES).xreplace(entries)))
        for _ in range(order):
            found = [entry.diff(name) for entry in found for name in flat(self.entries[self.variable])]
        return [sympy.N(entry.subs(self.numbers).doit(), 30) for entry in found]

    def value(self, expression):
        """The entries of a matrix or scalar expression."""
        return [sympy.N(entry, 30) for entry in flat(evaluated(expression.subs(SIZES).xreplace(self.values)))]


def flat(value):
    return list(value) if isinstance(value, sympy.MatrixBase) else [value]


def axes(expression):
    """The sizes of the axes of an expression: none for a scalar, one for a vector."""
    return tuple(int(k) for k in getattr(expression.subs(SIZES), "shape", ()) if k != 1)


def written_out(answer, point, shape):
    """The entries of an answer, whatever it is."""
    if isinstance(answer, sympy.Lambda):
        places = product(*map(range, shape))
        return [value for place in places for value in point.value(answer(*map(sympy.Integer, place)))]
    if isinstance(answer, sympy.NDimArray):
        assert answer.shape == shape
        return [value for entry in answer.reshape(len(answer)) for value in point.value(entry)]
    return point.value(answer)


def assert_close(found, wanted):
    assert len(found) == len(wanted)
    for one, other in zip(found, wanted, strict=True):
        assert abs(one - other) < 1e-12 * (1 + abs(other))


def check(expression, variable, order=1):
    answer = differentiate(expression, variable, order=order)
    point = Point(expression, variable)
    shape = axes(expression) + axes(variable) * order
    assert_close(written_out(answer, point, shape), point.derivative(expression, order))


@pytest.mark.parametrize("name", CASES)
def test_symbolic_sizes(name):
    check(*CASES[name])


@pytest.mark.parametrize("name", CASES)
def test_sizes_as_numbers(name):
    expression, variable = CASES[name]
    check(expression.subs(SIZES), variable.subs(SIZES))


@pytest.mark.parametrize("name", SECOND)
def test_second_order(name):
    check(*SECOND[name], order=2)


@pytest.mark.parametrize("name", SECOND)
def test_second_order_at_sizes_as_numbers(name):
    expression, variable = SECOND[name]
    check(expression.subs(SIZES), variable.subs(SIZES), order=2)
