"""The numeric interpreter against values by hand, NumPy one-liners, central differences and the identity files."""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from matcalc.errors import DimensionError, KindError, MatcalcError
from matcalc.evaluate import CONSTRUCTORS, HEADS, evaluate, interpret
from matcalc.form import Form, name, number
from matcalc.inference import TypedProgram, infer
from matcalc.jets import ALIASES, ELEMENTWISE, FUNCTIONS, smooth_function
from matcalc.operation import load_operations, operations
from matcalc.parser import parse_claim, parse_expression, parse_statements
from matcalc.sampling import Point, sample, unknowns_of

RANDOM = np.random.default_rng(20)

#: Values with pairwise different sizes and no property by accident: m = 2, n = 3, p = 4.
VALUES: dict[str, Any] = {
    "s": np.array(0.7),
    "t": np.array(-1.2),
    "x": np.array([0.3, -0.5, 0.8]),
    "y": np.array([1.1, 0.4, -0.2]),
    "z": np.array([0.6, 0.9, 0.25, 0.4]),
    "P": RANDOM.uniform(0.2, 0.9, (3, 3)),
    "A": RANDOM.normal(size=(3, 3)),
    "B": RANDOM.normal(size=(3, 4)),
    "C": RANDOM.normal(size=(4, 2)),
}
SIZES = {"m": 2, "n": 3, "p": 4}

s, t, x, y, z, P, A, B, C = VALUES.values()


def value(text: str, values: dict[str, Any] | None = None, **options: Any) -> np.ndarray:
    """The value of an expression at VALUES."""
    return evaluate(parse_expression(text), {**VALUES, **(values or {})}, SIZES, **options)


def kind(text: str, **options: Any) -> str:
    """The kind of an expression at VALUES."""
    return interpret(parse_expression(text), VALUES, SIZES, **options)[0]


def erf(v: np.ndarray) -> np.ndarray:
    return np.vectorize(math.erf)(v)


# ---- Operators and functions ----------------------------------------------------------------------------------------

EXPRESSIONS = {
    # products
    "x'*y": x @ y,
    "x*y'": np.outer(x, y),
    "A*x": A @ x,
    "x'*A": x @ A,
    "x'*A*y": x @ A @ y,
    "A*B*C": A @ B @ C,
    "s*A*t": s * A * t,
    "x*z'*C": np.outer(x, z) @ C,
    "A*x*z'": np.outer(A @ x, z),
    "x'*y*A": (x @ y) * A,
    "A/s": A / s,
    "2/4*A": A / 2,
    "-s^2": -(s**2),
    "A - P": A - P,
    "A.T": A.T,
    "B'": B.T,
    # MATLAB's expansion
    "x + z'": x[:, None] + z[None, :],
    "x'.*z'' ": x[None, :] * z[:, None],
    "B + x": B + x[:, None],
    "B.*z'": B * z,
    "B - s": B - s,
    "x.*y": x * y,
    "x./y": x / y,
    "1./P": 1 / P,
    "x'./z": x[None, :] / z[:, None],
    # powers
    "s^3": s**3,
    "s^-2": s**-2,
    "t^3": t**3,
    "s^t": s**t,
    "2^s": 2**s,
    "A^3": A @ A @ A,
    "A^0": np.eye(3),
    "A^-1": np.linalg.inv(A),
    "A^-2": np.linalg.inv(A @ A),
    "x.^2": x**2,
    "x.^3": x**3,
    "P.^A": P**A,
    "P.^x'": P ** x[None, :],
    "2.^x": 2**x,
    # element by element
    "exp(x)": np.exp(x),
    "log(P)": np.log(P),
    "sqrt(P)": np.sqrt(P),
    "abs(x)": np.abs(x),
    "sign(x)": np.array([1.0, -1.0, 1.0]),
    "step(x)": np.array([1.0, 0.0, 1.0]),
    "relu(x)": np.array([0.3, 0.0, 0.8]),
    "sin(A)": np.sin(A),
    "cos(A)": np.cos(A),
    "tan(P)": np.tan(P),
    "asin(P)": np.arcsin(P),
    "acos(P)": np.arccos(P),
    "atan(A)": np.arctan(A),
    "arcsin(P)": np.arcsin(P),
    "arccos(P)": np.arccos(P),
    "arctan(A)": np.arctan(A),
    "sinh(A)": np.sinh(A),
    "cosh(A)": np.cosh(A),
    "tanh(A)": np.tanh(A),
    "sigmoid(A)": 1 / (1 + np.exp(-A)),
    "softplus(A)": np.log1p(np.exp(A)),
    "erf(A)": erf(A),
    "gelu(A)": A * (1 + erf(A / np.sqrt(2))) / 2,
    "silu(A)": A / (1 + np.exp(-A)),
    "maximum(A, P)": np.maximum(A, P),
    "minimum(A, P)": np.minimum(A, P),
    "maximum(0, x)": np.maximum(0, x),
    "minimum(x, z')": np.minimum(x[:, None], z[None, :]),
    # of a whole vector or matrix
    "sum(B)": B.sum(),
    "sum(x)": x.sum(),
    "sum(B, 0)": B.sum(axis=0),
    "sum(B, 1)": B.sum(axis=1),
    "sum(B, -1)": B.sum(axis=-1),
    "sum(x, 0)": x.sum(axis=0),
    "mean(B)": B.mean(),
    "mean(B, 0)": B.mean(axis=0),
    "mean(B, 1)": B.mean(axis=1),
    "norm1(B)": np.abs(B).sum(),
    "norm2(B)": np.linalg.norm(B),
    "norm2(x)": np.linalg.norm(x),
    "tr(A)": np.trace(A),
    "trace(A)": np.trace(A),
    "det(A)": np.linalg.det(A),
    "logdet(A)": np.linalg.slogdet(A)[1],
    "logdet(-A)": np.linalg.slogdet(A)[1],
    "inv(A)": np.linalg.inv(A),
    "adj(A)": np.linalg.det(A) * np.linalg.inv(A),
    "diag(x)": np.diag(x),
    "diag(x')": np.diag(x),
    "diag(A)": np.diag(A),
    "tril(B)": np.tril(B),
    "triu(B)": np.triu(B),
    "tril(B')": np.tril(B.T),
    "vec(B)": B.T.ravel(),
    "vec(x)": x,
    "kron(B, C)": np.kron(B, C),
    "B⊗C": np.kron(B, C),
    "kron(x, z)": np.kron(x, z),
    "kron(x', z')": np.kron(x, z),
    "kron(x, z')": np.outer(x, z),
    "kron(x', z)": np.outer(z, x),
    "kron(x, A)": np.kron(x[:, None], A),
    "kron(x', A)": np.kron(x[None, :], A),
    "kron(A, x)": np.kron(A, x[:, None]),
    "dot(x, y)": x @ y,
    "dot(x', y)": x @ y,
    "outer(x, z)": np.outer(x, z),
    "softmax(x)": np.exp(x) / np.exp(x).sum(),
    "softmax(B)": np.exp(B) / np.exp(B).sum(axis=1, keepdims=True),
    "logsoftmax(B)": B - np.log(np.exp(B).sum(axis=1, keepdims=True)),
    "logsumexp(x)": np.log(np.exp(x).sum()),
    "logsumexp(B)": np.log(np.exp(B).sum(axis=1)),
    "crossentropy(y, softmax(x))": -(y * (x - np.log(np.exp(x).sum()))).sum(),
    # constants
    "eye(n)": np.eye(3),
    "ones(p)": np.ones(4),
    "ones(n, p)": np.ones((3, 4)),
    "ones(2)'/2": np.array([0.5, 0.5]),
    "zeros(2, p)": np.zeros((2, 4)),
    "zeros(n)": np.zeros(3),
    "eye(2*n)": np.eye(6),
    "ones(n*p, m)": np.ones((12, 2)),
    "commutation(n, p)*vec(B)": B.ravel(),
    "2/n": 2 / 3,
    "pi": math.pi,
    "0.1": 0.1,
    # entries
    "[i,k,l: delta(i,k)*A[i,l]]": np.einsum("ik,il->ikl", np.eye(3), A),
    "[i,j: delta(i,j)*x[i]]": np.diag(x),
    "[i: x[i] if i==i and not i!=i else 0]": x,
    "[i,j: x[i] if i==j else y[j]]": np.where(np.eye(3) == 1, x[:, None], y[None, :]),
    "[i,j: s if i!=j or i==j else log(t)]": np.full((3, 3), s),
    "[i,j: inv(A)[j,i]]": np.linalg.inv(A).T,
    "[i: (x[i]*A)[i,i]]": x * np.diag(A),
    "[i,j: sum[k: A[i,k]*P[k,j]]]": A @ P,
    "sum[i,j: A[i,j]*P[i,j]]": (A * P).sum(),
    "[i: sum[j: (y[j] if j!=i else 0)]]": y.sum() - y,
    "[j: sum[i: x[i]*sum[j: A[i,j]]] + y[j]]": x @ A.sum(axis=1) + y,
    "[i: sum[j: delta(i,j)]]": np.ones(3),
}


def typed_by_hand(text: str) -> Form:
    """The form of a text, with the shapes of tensors and names put in, from which the sizes of indices are read."""
    form = parse_expression(text)
    stack = [form]
    while stack:
        node = stack.pop()
        stack.extend(node.args)
        if node.head == "tensor":
            node.shape = (("n",),) * len(node.value)
        if node.head == "name" and node.value in VALUES:
            node.shape = tuple((size,) for size in VALUES[node.value].shape)
    return form


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_expression_has_the_value_that_numpy_gives(text: str) -> None:
    found = evaluate(typed_by_hand(text), VALUES, SIZES)
    expected = np.asarray(EXPRESSIONS[text])
    assert found.shape == expected.shape
    assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x'*y", "scalar"),
        ("A*x", "column"),
        ("x'*A", "row"),
        ("x*z'", "matrix"),
        ("x + z'", "matrix"),
        ("x'.*y'", "row"),
        ("sum(B, 0)", "row"),
        ("sum(B, 1)", "column"),
        ("diag(A)", "column"),
        ("diag(x')", "matrix"),
        ("vec(B)", "column"),
        ("kron(x', z')", "row"),
        ("kron(x, z')", "matrix"),
        ("softmax(x')", "row"),
        ("logsumexp(B)", "column"),
        ("d(s*x)/d(s)", "column"),
        ("d(s*x')/d(s)", "row"),
        ("d(sum(x))/d(x)", "row"),
        ("grad(sum(x), x)", "column"),
        ("jacobian(sum(x), x)", "row"),
        ("d(sum(B))/d(B)", "matrix"),
        ("d(A*x)/d(x)", "matrix"),
        ("d(A*x)/d(A)", "tensor"),
        ("hessian(x'*A*x, x)", "matrix"),
        ("hessian(s^3, s)", "scalar"),
        ("hessian(s^3*x, s)", "column"),
        ("d(sum(x))/d(vec(B))", "row"),
    ],
)
def test_kind(text: str, expected: str) -> None:
    """Rows and columns are told apart without help from the inference: the forms are untyped."""
    assert kind(text) == expected


def test_denominator_layout_makes_a_gradient_a_column() -> None:
    assert kind("d(sum(x))/d(x)", layout="denominator") == "column"
    assert kind("jacobian(sum(x), x)", layout="denominator") == "row"
    assert kind("d(s*x')/d(s)", layout="denominator") == "row"


def test_every_operation_of_the_language_has_a_value() -> None:
    """A new record of the registry needs a line in the interpreter's own table."""
    load_operations()
    known = {*ELEMENTWISE, *FUNCTIONS, *CONSTRUCTORS, *HEADS}
    spellings = {spelling for record in operations() for spelling in (record.name, *record.aliases)}
    assert {ALIASES.get(spelling, spelling) for spelling in spellings} <= known


# ---- Derivatives ----------------------------------------------------------------------------------------------------


def difference(text: str, by: str, values: dict[str, Any], step: float = 1e-3) -> np.ndarray:
    """The Jacobian by central differences of order six, axes of the expression first."""

    def along(place: tuple[int, ...]) -> np.ndarray:
        def at(distance: float) -> np.ndarray:
            moved = np.array(values[by], dtype=float)
            moved[place] += distance
            return value(text, {**values, by: moved})

        odd = [at(k * step) - at(-k * step) for k in (1, 2, 3)]
        return (45 * odd[0] - 9 * odd[1] + odd[2]) / (60 * step)

    columns = [along(place) for place in np.ndindex(np.shape(values[by]))]
    stacked = np.stack(columns, axis=-1)
    return stacked.reshape(stacked.shape[:-1] + np.shape(values[by]))


DIFFERENTIABLE = [
    ("x'*A*x", "x"), ("x'*A*x", "A"), ("A*B*C", "B"), ("A^3", "A"), ("A^-2", "A"), ("inv(A)", "A"), ("det(A)", "A"),
    ("logdet(A)", "A"), ("adj(A)", "A"), ("tr(A*P*A')", "A"), ("B + x", "x"), ("B.*z'", "z"), ("x./P", "P"),
    ("x'./z", "z"), ("s^t", "t"), ("2^s", "s"), ("s^3", "s"), ("t^4", "t"), ("P.^A", "P"), ("P.^A", "A"),
    ("P.^P", "P"), ("kron(A, B)", "B"), ("kron(x, B)", "x"), ("vec(B)", "B"), ("diag(x)", "x"), ("diag(A)", "A"),
    ("tril(B.*B)", "B"), ("triu(exp(B*C))", "B"),
    ("norm2(B)", "B"), ("norm1(B)", "B"), ("mean(B.^2, 0)", "B"), ("sum(B.^2, 1)", "B"), ("outer(x, x)", "x"),
    ("softmax(x)", "x"), ("softmax(B)", "B"), ("logsoftmax(B)", "B"), ("logsumexp(B)", "B"), ("logsumexp(x)", "x"),
    ("crossentropy(x, softmax(y))", "y"), ("maximum(A, P)", "A"), ("minimum(A, P)", "P"),
    *((f"{function}(P)", "P") for function in (
        "exp", "log", "sqrt", "abs", "sign", "step", "relu", "sin", "cos", "tan", "asin", "acos", "atan", "sinh",
        "cosh", "tanh", "sigmoid", "softplus", "erf", "gelu", "silu",
    )),
]  # fmt: skip


@pytest.mark.parametrize(("text", "by"), DIFFERENTIABLE)
def test_derivative_is_that_of_central_differences(text: str, by: str) -> None:
    expected = difference(text, by, VALUES)
    found = value(f"jacobian({text}, {by})")
    assert found.shape == expected.shape
    assert_allclose(found, expected, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize(("text", "by"), DIFFERENTIABLE)
def test_second_derivative_is_the_difference_of_the_first(text: str, by: str) -> None:
    expected = difference(f"jacobian({text}, {by})", by, VALUES)
    assert_allclose(value(f"hessian({text}, {by})"), expected, rtol=1e-8, atol=1e-7)
    assert_allclose(value(f"jacobian(jacobian({text}, {by}), {by})"), expected, rtol=1e-8, atol=1e-7)


def test_third_derivative() -> None:
    found = value("jacobian(hessian((x'*y)^3, x), x)")
    assert_allclose(found, 6 * np.einsum("i,j,k->ijk", y, y, y), rtol=1e-12)
    assert_allclose(value("d(d(d(exp(2*s))/d(s))/d(s))/d(s)"), 8 * np.exp(2 * s))


def test_layouts() -> None:
    """A vector by a vector is transposed in denominator layout, and nothing else is."""
    assert_allclose(value("d(B'*x)/d(x)"), B.T)
    assert_allclose(value("d(B'*x)/d(x)", layout="denominator"), B)
    assert_allclose(value("jacobian(B'*x, x)", layout="denominator"), B.T)
    expected = np.kron(C.T, A)
    assert_allclose(value("d(vec(A*B*C))/d(vec(B))"), expected)
    assert_allclose(value("d(vec(A*B*C))/d(vec(B))", layout="denominator"), expected)
    tensor = np.einsum("ik,l->ikl", np.eye(3), x)
    assert_allclose(value("d(A*x)/d(A)"), tensor)
    assert_allclose(value("d(A*x)/d(A)", layout="denominator"), tensor)


def test_derivative_by_vec_runs_down_the_columns() -> None:
    assert_allclose(value("d(sum(B.^2))/d(vec(B))"), 2 * B.T.ravel())


def test_derivative_by_an_entry() -> None:
    """The partial derivatives, put together, are the derivative."""
    form = typed_by_hand("[i,j: d(x'*A*y)/d(A[i,j])]")
    assert_allclose(evaluate(form, VALUES, SIZES), np.outer(x, y))


def test_derivative_by_an_assigned_name_holds_it() -> None:
    """What is assigned from the name moves; what it is made of does not."""
    assignments = {"h": parse_expression("A*x"), "k": parse_expression("sin(h)")}
    h = A @ x
    assert_allclose(value("d(k + x)/d(h)", assignments=assignments), np.diag(np.cos(h)))
    assert_allclose(value("d(k)/d(x)", assignments=assignments), np.diag(np.cos(h)) @ A)
    assert_allclose(value("d(k)/d(h)*d(h)/d(x)", assignments=assignments), np.diag(np.cos(h)) @ A)
    second = value("d(grad(sum(k), h))/d(x)", assignments=assignments)
    assert_allclose(second, -np.diag(np.sin(h)) @ A)


def test_derivative_by_an_absent_name_is_zero() -> None:
    assert_array_equal(value("d(A*x)/d(z)"), np.zeros((3, 4)))


# ---- Kinks, domains, branches ---------------------------------------------------------------------------------------


def test_kinks() -> None:
    """step(0) = sign(0) = 0, so relu'(0) = abs'(0) = 0; at a tie the first argument's derivative counts."""
    at = {"x": np.array([0.0, -1.0, 2.0])}
    assert_array_equal(value("step(x)", at), [0, 0, 1])
    assert_array_equal(value("sign(x)", at), [0, -1, 1])
    assert_array_equal(value("d(sum(relu(x)))/d(x)", at), [0, 0, 1])
    assert_array_equal(value("d(norm1(x))/d(x)", at), [0, -1, 1])
    assert_array_equal(value("d(sum(maximum(x, 0)))/d(x)", at), [1, 0, 1])
    assert_array_equal(value("d(sum(maximum(0, x)))/d(x)", at), [0, 0, 1])
    assert_array_equal(value("d(sum(minimum(x, 0)))/d(x)", at), [1, 1, 0])
    assert_array_equal(value("d(sum(minimum(0, x)))/d(x)", at), [0, 1, 0])


def test_powers_at_zero() -> None:
    """A power is a polynomial where the exponent is one: its derivatives at 0 are not 0·inf."""
    at = {"x": np.array([0.0, 1.0, -2.0])}
    assert_array_equal(np.diag(value("d(x.^2)/d(x)", at)), [0, 2, -4])
    assert_array_equal(value("d(d(sum(x.^2))/d(x))/d(x)", at), 2 * np.eye(3))
    assert_array_equal(value("d(d(d(s^2)/d(s))/d(s))/d(s)", {"s": 0.0}), 0)


def test_determinant_of_a_singular_matrix_has_a_derivative() -> None:
    """It is the adjugate, transposed: the rank is two."""
    singular = np.array([[1.0, 2, 3], [4, 5, 6], [7, 8, 9]])
    adjugate = [[-3, 6, -3], [6, -12, 6], [-3, 6, -3]]
    assert_allclose(value("adj(A)", {"A": singular}), adjugate, atol=1e-12)
    assert_allclose(value("d(det(A))/d(A)", {"A": singular}), np.transpose(adjugate), atol=1e-12)


def test_domain_trouble_gives_nan_or_inf() -> None:
    assert np.isnan(value("log(t)"))
    assert value("log(s)", {"s": 0.0}) == -np.inf
    assert np.isnan(value("sqrt(t)"))
    assert not np.isfinite(value("inv(A)", {"A": np.zeros((3, 3))})).any()


def test_a_branch_that_is_not_taken_does_not_matter() -> None:
    form = typed_by_hand("[i,j: log(t) if i!=j else x[i]]")
    assert_allclose(np.diag(evaluate(form, VALUES, SIZES)), x)
    assert np.isnan(evaluate(form, VALUES, SIZES)[0, 1])
    form = typed_by_hand("jacobian([i: x[i]^2 if i==i else sqrt(t*x[i])], x)")
    assert_allclose(evaluate(form, VALUES, SIZES), np.diag(2 * x))


def test_softmax_of_large_values_does_not_overflow() -> None:
    at = {"x": np.array([1000.0, 999.0, -1000.0])}
    expected = np.array([1, math.exp(-1), 0]) / (1 + math.exp(-1))
    assert_allclose(value("softmax(x)", at), expected)
    assert_allclose(value("logsumexp(x)", at), 1000 + math.log1p(math.exp(-1)))
    assert_allclose(value("d(logsumexp(x))/d(x)", at), expected)
    assert_allclose(value("sigmoid(x)", at), [1, 1, 0])


# ---- Unknown functions and dependent variables ----------------------------------------------------------------------


def test_unknown_function_and_its_derivatives() -> None:
    form = Form("unknown", (name("x"),), ("f", 0))
    first = Form("derivative", (form, name("x")), "jacobian")
    assert_allclose(evaluate(form, VALUES, SIZES), smooth_function("f")(x))
    assert_allclose(evaluate(first, VALUES, SIZES), np.diag(smooth_function("f", 1)(x)))
    second = Form("derivative", (form, name("x")), "hessian")
    assert_allclose(np.einsum("iii->i", evaluate(second, VALUES, SIZES)), smooth_function("f", 2)(x))
    given = {("f", 0): np.sin, ("f", 1): np.cos}
    assert_allclose(evaluate(first, VALUES, SIZES, functions=given), np.diag(np.cos(x)))


def test_the_family_of_test_functions_has_the_right_derivatives() -> None:
    points, step = np.linspace(-1.5, 1.5, 7), 1e-5
    for order in range(6):
        f = smooth_function("phi", order)
        expected = (f(points + step) - f(points - step)) / (2 * step)
        assert_allclose(smooth_function("phi", order + 1)(points), expected, atol=1e-8)


def unknown(shape: tuple[int, ...], arguments: tuple[str, ...], properties: tuple[str, ...] = ()) -> Any:
    """The declaration of a dependent variable."""
    kinds = ("scalar", "column", "matrix")
    axes = tuple((size,) for size in shape)
    return SimpleNamespace(kind=kinds[len(shape)], shape=axes, arguments=arguments, properties=properties)


def test_dependent_matrix() -> None:
    unknowns = {"F": unknown((3, 3), ("s",), ("invertible",))}
    inverse = np.linalg.inv(value("F", unknowns=unknowns))
    moved = [value("F", {"s": s + h}, unknowns=unknowns) for h in (1e-5, -1e-5)]
    slope = value("d(F)/d(s)", unknowns=unknowns)
    assert_allclose(slope, (moved[0] - moved[1]) / 2e-5, atol=1e-8)
    assert_allclose(value("d(inv(F))/d(s)", unknowns=unknowns), -inverse @ slope @ inverse)
    assert_array_equal(value("d(F)/d(x)", unknowns=unknowns), np.zeros((3, 3, 3)))


def test_upstream_loss() -> None:
    unknowns = {"L": unknown((), ("Y",))}
    options: dict[str, Any] = {"unknowns": unknowns, "assignments": {"Y": parse_expression("A*B")}}
    upstream = value("d(L)/d(Y)", **options)
    assert upstream.shape == (3, 4)
    assert_allclose(value("d(L)/d(B)", **options), A.T @ upstream)
    assert_allclose(value("d(L)/d(A)", **options), upstream @ B.T)
    second = value("hessian(L, Y)", **options)
    assert_allclose(second, second.transpose(2, 3, 0, 1))
    assert np.linalg.matrix_rank(second.reshape(12, 12)) == 12


def test_unknown_of_several_arguments_has_mixed_derivatives() -> None:
    unknowns = {"U": unknown((), ("s", "t"))}
    mixed = value("d(d(U)/d(s))/d(t)", unknowns=unknowns)
    assert_allclose(mixed, value("d(d(U)/d(t))/d(s)", unknowns=unknowns))
    assert abs(mixed) > 1e-3


@pytest.mark.parametrize(
    ("declared", "holds"),
    [
        ("symmetric", lambda F: np.allclose(F, F.T)),
        ("skew", lambda F: np.allclose(F, -F.T)),
        ("diagonal", lambda F: np.allclose(F, np.diag(np.diag(F)))),
        ("lower", lambda F: np.allclose(F, np.tril(F))),
        ("upper", lambda F: np.allclose(F, np.triu(F))),
        ("orthogonal", lambda F: np.allclose(F @ F.T, np.eye(3))),
        ("positive", lambda F: (F > 0).all()),
        ("simplex", lambda F: np.allclose(F.sum(axis=1), 1) and (F > 0).all()),
        ("positive-definite", lambda F: np.allclose(F, F.T) and np.linalg.eigvalsh(F).min() > 0),
        ("invertible", lambda F: np.linalg.cond(F) < 50),
        ("orthogonal invertible", lambda F: np.allclose(F @ F.T, np.eye(3))),
    ],
)
def test_dependent_matrix_has_its_declared_property(declared: str, holds: Any) -> None:
    unknowns = {"F": unknown((3, 3), ("s", "x"), tuple(declared.split()))}
    assert holds(value("F", unknowns=unknowns))
    assert np.abs(value("d(F)/d(x)", unknowns=unknowns)).max() > 1e-3


# ---- Errors and size ------------------------------------------------------------------------------------------------


def test_errors_are_matcalc_errors_with_a_place() -> None:
    for text, error in [
        ("A*unheard", MatcalcError), ("inv(B)", DimensionError), ("A*z", DimensionError), ("x + z", DimensionError),
        ("x*y", DimensionError), ("x^2", MatcalcError), ("A^s", KindError), ("ones(q)", MatcalcError),
        ("grad(A*x, x)", KindError), ("softmax(s)", KindError),
    ]:  # fmt: skip
        with pytest.raises(error) as caught:
            value(text)
        assert caught.value.span is not None, text


def test_a_value_of_the_wrong_shape_is_refused() -> None:
    with pytest.raises(DimensionError, match="shape"):
        evaluate(name("x", "column", (("n",),)), {"x": np.ones(4)}, {"n": 3})


def test_a_name_that_depends_on_itself_is_refused() -> None:
    with pytest.raises(MatcalcError, match="depends on itself"):
        value("h", assignments={"h": parse_expression("k + 1"), "k": parse_expression("h + 1")})
    with pytest.raises(MatcalcError, match="depends on itself"):
        value("U", assignments={"h": parse_expression("U + 1")}, unknowns={"U": unknown((), ("h",))})


def test_deep_and_shared_forms_take_linear_time() -> None:
    """3,000 nodes deep, and 64 levels that use the one below twice."""
    form = name("s")
    for _ in range(3000):
        form = Form("call", (form,), "sin")
    assert np.isfinite(evaluate(form, VALUES, SIZES))
    shared = name("s")
    for _ in range(64):
        shared = Form("div", (Form("add", (shared, shared)), number(Fraction(2))))
    assert_allclose(evaluate(shared, VALUES, SIZES), s)


def test_long_doubles_stay_long() -> None:
    wide = A.astype(np.longdouble)
    assert np.abs(value("A*inv(A) - eye(n)", {"A": wide})).max() < 50 * np.finfo(np.longdouble).eps
    assert np.abs(value("det(A)*inv(A) - adj(A)", {"A": wide})).max() < 50 * np.finfo(np.longdouble).eps
    assert value("3*(1/3) - 1 + 0*s + mean(ones(3))/10 - 0.1", {"s": np.longdouble(1)}) == 0
    assert value("0.1", {"s": np.longdouble(1)}) == np.longdouble(1) / 10


def test_numbers_out_of_range_are_infinite_or_zero() -> None:
    assert value("10^400") == np.inf
    assert evaluate(number(-(10**400)), {}, {}) == -np.inf
    assert evaluate(number(Fraction(1, 10**400)), {}, {}) == 0
    assert np.isnan(value("0*s", {"s": np.inf}))


def test_large_powers_of_a_matrix_are_found_by_squaring() -> None:
    turn = np.array([[0.0, -1.0], [1.0, 0.0]])
    assert_array_equal(value("A^1000001", {"A": turn}), turn)


def test_complex_values_pass_through() -> None:
    """The complex step: the imaginary part of f(x + ih) is h·f'(x)."""
    moved = np.array(A, dtype=complex)
    moved[0, 1] += 1e-30j
    for text in ("logdet(A)", "inv(A)", "det(A)", "norm2(A)", "sum(softmax(A))", "sum(softplus(A))", "A^3", "A.^3"):
        step = value(text, {"A": moved}).imag / 1e-30
        assert_allclose(step, value(f"jacobian({text}, A)")[..., 0, 1], rtol=1e-12, atol=1e-13)


# ---- The identity files ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Identity:
    """A claim with its declarations, assignments and assumptions."""

    name: str
    claim: str
    declare: tuple[str, ...]
    where: tuple[str, ...]
    assume: tuple[str, ...]
    layout: str
    expect: str


def identities() -> list[Identity]:
    """All identities of the identity files."""
    files = sorted((Path(__file__).parents[1] / "identities").glob("source-*.toml"))
    tables = [table for file in files for table in tomllib.loads(file.read_text("utf-8"))["identity"]]
    return [
        Identity(
            table["name"],
            table["claim"],
            tuple(table.get("declare", ())),
            tuple(table.get("where", ())),
            tuple(table.get("assume", ())),
            table.get("layout", "numerator"),
            table.get("expect", "proved"),
        )
        for table in tables
    ]


IDENTITIES = identities()

#: Claims of equal entries that the language refutes all the same, since a column stands against a row.
COLUMN_AGAINST_ROW = {"full-b2-sum"}


def typed_sides(identity: Identity) -> TypedProgram:
    """The typed sides of a claim, of one shape where they can be."""
    sides = parse_claim(identity.claim)
    program = parse_statements(identity.where, identity.declare)
    alike = [(k, k + 1) for k in range(len(sides) - 1)]
    return infer(program, layout=identity.layout, extra=sides, alike=alike)


def assumed_point(identity: Identity, typed: TypedProgram, seed: int) -> Point:
    """A random point at which the assumptions hold: those that give a value, and `sum(y) = 1`."""
    point = sample(typed, seed=seed)
    values = dict(point.values)
    for equation in identity.assume:
        left, right = parse_claim(equation)
        target = float(evaluate(right, {}, {}))
        if left.head == "name":
            values[left.value] = np.asarray(target)
        else:
            (argument,) = left.args
            values[argument.value] = values[argument.value] * target / values[argument.value].sum()
    return Point(point.sizes, values)


def sides_at(identity: Identity, seed: int) -> tuple[set[str], list[np.ndarray]]:
    """The kinds and the values of all sides at a random point."""
    typed = typed_sides(identity)
    point = assumed_point(identity, typed, seed)
    options: dict[str, Any] = {"assignments": typed.assignments, "unknowns": unknowns_of(typed)}
    found = [interpret(f, point.values, point.sizes, layout=identity.layout, **options) for f in typed.extra]
    return {kind for kind, _ in found}, [array for _, array in found]


def equal(arrays: list[np.ndarray]) -> bool:
    """Whether all arrays have one shape and the same entries."""
    assert all(np.isfinite(array).all() for array in arrays)
    scale = max(1.0, *(float(np.abs(array).max(initial=0)) for array in arrays))
    return len({array.shape for array in arrays}) == 1 and all(
        np.abs(array - arrays[0]).max(initial=0) < 1e-9 * scale for array in arrays
    )


def holds(identity: Identity, seed: int) -> bool:
    """Whether all sides of the claim agree at a random point, in kind and in value."""
    kinds, arrays = sides_at(identity, seed)
    return len(kinds) == 1 and equal(arrays)


@pytest.mark.parametrize("identity", IDENTITIES, ids=lambda identity: identity.name)
def test_identity_holds_at_random_points_or_is_refuted(identity: Identity) -> None:
    expected = identity.expect != "refuted" and identity.name not in COLUMN_AGAINST_ROW
    assert all(holds(identity, seed) for seed in range(4)) is expected


def test_a_column_against_a_row_has_equal_entries() -> None:
    (identity,) = (identity for identity in IDENTITIES if identity.name in COLUMN_AGAINST_ROW)
    kinds, arrays = sides_at(identity, 0)
    assert kinds == {"column", "row"}
    assert equal(arrays)


def test_inference_and_interpreter_agree_on_kinds_and_shapes() -> None:
    """Both find out for themselves what is a row, a column, a matrix, at every side and every assignment."""
    for identity in IDENTITIES:
        typed = typed_sides(identity)
        point = assumed_point(identity, typed, 0)
        options: dict[str, Any] = {"assignments": typed.assignments, "unknowns": unknowns_of(typed)}
        for form in (*typed.extra, *typed.assignments.values()):
            kind, array = interpret(form, point.values, point.sizes, layout=identity.layout, **options)
            expected = tuple(math.prod(point.sizes.get(d, d) for d in axis) for axis in form.shape)
            assert (kind, array.shape) == (form.kind, expected), (identity.name, form)
