"""SymPy in, SymPy out: answers against SymPy's derivatives of explicit scalar entries, round trips, refusals.

SymPy's matrix derivative is not asked: every expression is written out to entries first, at sizes that differ in pairs,
and scalar entries are differentiated by scalar entries.
"""

from __future__ import annotations

import random
from itertools import product

import numpy as np
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
from matcalc.evaluate import interpret
from matcalc.inference import infer_expression
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


# ---- Shapes and layouts ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "variable", "layout", "shape"),
    [
        (x.T * A * x, x, "numerator", (1, n)),
        (x.T * A * x, x, "denominator", (n, 1)),
        (r * A * r.T, r, "numerator", (1, n)),
        (M * x, x, "numerator", (m, n)),
        (M * x, x, "denominator", (n, m)),
        (Trace(M.T * K), M, "numerator", (m, n)),
        (Trace(M.T * K), M, "denominator", (m, n)),
        (a * M, a, "denominator", (m, n)),
        (a * r, a, "numerator", (1, n)),
        (ZeroMatrix(m, 1), x, "numerator", (m, n)),
    ],
)
def test_shape_is_that_of_the_layout(expression, variable, layout, shape):
    assert differentiate(expression, variable, layout=layout).shape == shape


def test_layouts_are_transposes():
    assert differentiate(W * u, u) == W
    assert differentiate(W * u, u, layout="denominator") == W.T


@pytest.mark.parametrize(
    ("expression", "variable", "answer"),
    [
        (x.T * A * x, x, x.T * (A + A.T)),
        (log(Determinant(X)), X, Inverse(X).T),
        (Trace(A * X), X, A.T),
        (a**2, a, 2 * a),
        (Trace(X), X, Identity(n)),
        (y.T * x, A, ZeroMatrix(n, n)),
        ((x.T * x)[0, 0], x, 2 * x.T),
        (Function("f")(a) * b, a, b * Function("f")(a).diff(a)),
    ],
)
def test_answer_reads_as_in_a_textbook(expression, variable, answer):
    found = differentiate(expression, variable)
    assert found == answer or found.doit() == answer.doit()


def test_second_derivative_of_a_quadratic_form():
    assert differentiate(x.T * A * x, x, order=2) == A + A.T


def test_symbolic_sizes_give_entries_as_a_function_of_indices():
    answer = differentiate(M * x, M)
    assert isinstance(answer, sympy.Lambda)
    assert answer(i, j, p) == KroneckerDelta(i, j) * x[p, 0]


def test_sizes_as_numbers_give_an_array():
    C, v = MatrixSymbol("C", 2, 3), MatrixSymbol("v", 3, 1)
    answer = differentiate(C * v, C)
    assert answer.shape == (2, 2, 3)
    assert answer[1, 1, 2] == v[2, 0]
    assert answer[0, 1, 2] == 0


def test_unknown_functions_of_entries():
    f = Function("f")
    found = differentiate(entrywise(f, x), x).subs(n, 2).as_explicit()
    entry = MatrixSymbol("x", 2, 1)[0, 0]
    slot = Symbol("q")
    assert found[0, 1] == 0
    assert found[0, 0].subs(entry, slot).doit() == f(slot).diff(slot)


def test_sympy_derives_no_matrix(monkeypatch):
    def refuse(*_):
        raise AssertionError("the matrix derivative of SymPy was called")

    monkeypatch.setattr(sympy.MatrixExpr, "_eval_derivative", refuse)
    monkeypatch.setattr(sympy.MatMul, "_eval_derivative_matrix_lines", refuse)
    assert differentiate(x.T * A * x, x).shape == (1, n)


def test_deep_network():
    value = x
    for k in range(40):
        value = sympy.MatMul(MatrixSymbol(f"W{k}", n, n), entrywise(tanh, value))
    assert differentiate(sympy.MatMul(y.T, value), x).shape == (1, n)


# ---- Names ----------------------------------------------------------------------------------------------------------

AWKWARD = [r"\lambda_{1}", "a b", "sum", "d", "delta", "T", "2x", "θ", "if", "pi", "e", "lambda", "eye", "x'"]


@pytest.mark.parametrize("name", AWKWARD)
def test_any_name_comes_back(name):
    scalar, matrix, vector = Symbol(name), MatrixSymbol(name, n, n), MatrixSymbol(name, n, 1)
    assert differentiate(scalar * matrix * vector, vector) == scalar * matrix
    assert differentiate(scalar**2, scalar) == 2 * scalar


def test_names_that_read_alike_stay_apart():
    assert differentiate(Symbol("a b") * Symbol("a_b") ** 2 * a, Symbol("a_b")) == 2 * a * Symbol("a b") * Symbol("a_b")
    assert differentiate(Symbol("θ") * Symbol("theta"), Symbol("θ")) == Symbol("theta")


def test_sizes_that_are_no_names():
    wide, long = MatrixSymbol("Z", n + 1, 2 * n), MatrixSymbol("w", 2 * n, 1)
    assert differentiate(wide * long, long) == wide


# ---- Round trips ----------------------------------------------------------------------------------------------------

#: Those without constants that only SymPy can say, and without entries at a fixed place.
SAYABLE = sorted(set(CASES) - {"sum with a delta", "foreign function of a constant", "entry", "entry of a vector"})


@pytest.mark.parametrize("name", SAYABLE)
def test_into_the_language_and_back(name):
    expression, variable = CASES[name]
    form, declarations = from_sympy(expression)
    names = {str(symbol): symbol for symbol in (m, n, p, t, x, y, u)} | {"r": r.T, "s": s[0, 0]}
    back = to_sympy(form, declarations, names)
    point = Point(expression, variable)
    assert_close(point.value(back), point.value(expression))


def test_reading_gives_untyped_forms_and_declarations():
    form, declarations = from_sympy(Trace(x.T * A * x) + 2 * t)
    assert form.kind is None
    assert sorted(declarations) == ["A: matrix(n, n)", "t: scalar positive", "x: vector(n)"]


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (M.T * u, "M'*u"),
        (r * x, "r'*x"),
        (HadamardProduct(x, y), "x.*y"),
        (Trace(Inverse(X)), "tr(inv(X))"),
        (log(Determinant(X)), "log(det(X))"),
        (OneMatrix(1, n) * x, "ones(n)'*x"),
        (entrywise(sin, x), "sin(x)"),
        ((x.T * y)[0, 0], "sum[i_1: x[i_1]*y[i_1]]"),
        (X / Trace(X), "X/tr(X)"),
        (Trace(X) * n, "n*tr(X)"),
    ],
)
def test_reading(expression, text):
    form, _ = from_sympy(expression)
    assert to_text(form).replace("[i:", "[i_1:").replace("[i]", "[i_1]") == text


DECLARED = ["A: matrix(n, n)", "M: matrix(m, n)", "K: matrix(m, n)", "x: vector(n)", "y: vector(n)", "u: vector(m)",
            "a: scalar", "b: scalar"]  # fmt: skip
TEXTS = """
x'*A*y; M+u; M+x'; u+x'; M+a; a-x'; M.*u; M./x'; M./K; a./M; M.^2; a.^M; M.^a; kron(x, y); kron(x', y); kron(A, M);
kron(a, M); A^2; A^-1; a^b; x'*y*M; M*x*y'; (x*y')'; sum(M); sum(M, 0); sum(M, 1); sum(x'); sum(a); mean(M);
mean(M, 0); mean(M, 1); norm1(M); norm2(M); norm2(x'); norm2(a); norm1(a); tr(A); det(A); logdet(A); adj(A); diag(x);
diag(A); diag(x'); diag(zeros(n)); dot(x, y); outer(x, u); softmax(x); softmax(M); softmax(x'); logsoftmax(x);
logsoftmax(M); logsoftmax(x'); logsumexp(x); logsumexp(M); logsumexp(x'); maximum(x, y); minimum(M, K); maximum(M, u);
maximum(x, a); minimum(a, x); maximum(a, b); eye(n)+A; ones(n)+x; zeros(m, n)+M; vector(a)+x; matrix(a)+M;
sum[i: x[i]*y[i]]; [i,j: M[i,j]*x[j]]; [i,j: x[i] if i==j else a]; [i: x[i]*sum[j: A[i,j]]]; n*a; pi*x; x.*diag(A);
diag(A)'; [i,j: inv(A)[i,j]]; relu(x-y); step(x-y); sigmoid(M); softplus(M); gelu(a*x); silu(M); sqrt(A*A'); erf(a);
atan(M)
""".replace("\n", " ")


@pytest.mark.parametrize("text", [text.strip() for text in TEXTS.split(";")])
def test_every_form_in_sympy_has_the_value_of_the_form(text):
    expression = to_sympy(text, DECLARED)
    draw = np.random.default_rng(3)
    shapes = {"A": (2, 2), "M": (3, 2), "K": (3, 2), "x": (2,), "y": (2,), "u": (3,), "a": (), "b": ()}
    arrays = {name: draw.integers(1, 30, shape) / 16 for name, shape in shapes.items()}
    kind, wanted = interpret(infer_expression(text, DECLARED).output, arrays, {"m": 3, "n": 2}, assignments={})
    values = {Symbol(name): Rational(float(array)) for name, array in arrays.items() if array.ndim == 0}
    for name, array in arrays.items():
        column = array.reshape(*array.shape, *([1] * (2 - array.ndim)))
        values[MatrixSymbol(name, *column.shape)] = sympy.ImmutableMatrix(column.tolist()).applyfunc(Rational)
    found = evaluated(expression.subs(SIZES).xreplace(values))
    shape = {"column": (-1, 1), "row": (1, -1)}.get(kind, np.shape(wanted))
    assert getattr(found, "shape", ()) == np.reshape(wanted, shape).shape
    assert np.allclose(np.array([float(entry) for entry in flat(found)]), np.ravel(wanted))


# ---- Refusals -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "variable", "error", "words"),
    [
        (X.T.conjugate(), X, UnsupportedError, "real"),
        (X**Symbol("k"), X, UnsupportedError, "whole number"),
        (sympy.I * a, a, UnsupportedError, "real|no such"),
        (sympy.Piecewise((a, a > 0), (0, True)), a, UnsupportedError, "Piecewise"),
        (sympy.Derivative(Trace(X), X), X, UnsupportedError, "Derivative"),
        (sympy.gamma(a), a, UnsupportedError, "gamma"),
        (sympy.Permanent(X), X, UnsupportedError, "Permanent"),
        (sympy.BlockMatrix([[X, X]]), X, UnsupportedError, "BlockMatrix"),
        (sympy.Matrix([[a, 1]]) * MatrixSymbol("v", 2, 1), a, UnsupportedError, "a, 1"),
        (entrywise(lambda v: Trace(v * X), x), x, UnsupportedError, "one scalar"),
        (Sum(X[i, i], (i, 1, n - 1)), X, UnsupportedError, "whole axis"),
        (Sum(i * X[i, i], (i, 0, n - 1)), X, UnsupportedError, "bound index"),
        (Sum(x[i, 0], (i, 0, m - 1)), x, UnsupportedError, "values"),
        (X * M, X, MatcalcError, "sizes differ"),
        (KroneckerProduct(x, x) + MatrixSymbol("q", n**2, 1), x, MatcalcError, "sizes differ"),
        (MatrixSymbol("q", n, 1), n, UnsupportedError, "size"),
        (ZeroMatrix(0, 2), a, UnsupportedError, "positive integer"),
        (Symbol("c", commutative=False), a, UnsupportedError, "commute"),
        (a, X[0, 0], KindError, "MatrixSymbol"),
        (a, "a", KindError, "MatrixSymbol"),
        ("a", a, KindError, "SymPy expression"),
        (None, a, KindError, "SymPy expression"),
        (sympy.Array([1, 2]), a, UnsupportedError, "Array"),
        (sympy.oo, a, UnsupportedError, "finite"),
        (float("nan"), a, UnsupportedError, "finite"),
        (True, a, UnsupportedError, "BooleanTrue"),
        (sympy.Integer(10) ** 9000 * a, a, UnsupportedError, "too large"),
        (a / sympy.Integer(10) ** 9000, a, UnsupportedError, "too"),
        (sympy.Float("1e-9000", 20) * a, a, UnsupportedError, "too small"),
    ],
)
def test_refusals(expression, variable, error, words):
    with pytest.raises(error, match=words):
        differentiate(expression, variable)


@pytest.mark.parametrize("options", [{"layout": "sideways"}, {"order": 0}, {"order": "two"}])
def test_options_are_checked(options):
    with pytest.raises(MatcalcError):
        differentiate(a * x, x, **options)


def test_entry_at_a_fixed_place_has_no_form():
    with pytest.raises(UnsupportedError, match="fixed place"):
        from_sympy(X[0, 1])


@pytest.mark.parametrize("text", ["vec(A)", "commutation(m, n)", "[i,j,k: A[i,j]*x[k]] + [i,j,k: A[i,j]*x[k]]"])
def test_what_sympy_cannot_say(text):
    with pytest.raises(UnsupportedError, match="SymPy"):
        to_sympy(text, DECLARED)
