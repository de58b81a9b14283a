"""The numeric check: right functions agree, wrong twins do not, the arguments are those that the language promises."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

import matcalc
from matcalc.check import Check, arguments_at, check, numeric_derivative, relative_error
from matcalc.errors import MatcalcError
from matcalc.inference import TypedProgram, infer
from matcalc.parser import parse_expression, parse_program
from matcalc.sampling import Point, sample, value_at

SCALED = "L(Y): scalar", "A: matrix(m, n)", "X: matrix(n, p)"


def typed(source: str, *declare: str, layout: str = "numerator") -> TypedProgram:
    return infer(parse_program(source, declare), layout=layout)


def run(function: Callable[..., Any], program: TypedProgram, wrt: str, order: int = 1, seed: int = 1) -> Check:
    """The check of a function at a random point."""
    point = sample(program, seed=seed)
    return check(function, program, [parse_expression(wrt)] * order, program.layout, point)


def sigmoid(u: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-u))


def softmax(u: np.ndarray) -> np.ndarray:
    return np.exp(u) / np.exp(u).sum()


def gelu_slope(x: np.ndarray) -> np.ndarray:
    below = np.array([1 + math.erf(u / math.sqrt(2)) for u in x]) / 2
    return below + x * np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)


BOTH, DIFFERENCES = "central differences and complex step", "central differences"

#: source, declarations, wrt, order, layout, method, a right function, a wrong one
CASES: list[tuple[str, tuple[str, ...], str, int, str, str, Any, Any]] = [
    ("x'*A*x", (), "x", 1, "numerator", BOTH, lambda A, x: x @ (A + A.T), lambda A, x: 2 * x @ A),
    ("x'*A*x", (), "x", 2, "numerator", DIFFERENCES, lambda A, x: A + A.T, lambda A, x: 2 * A),
    ("x'*A*x", (), "A", 1, "numerator", BOTH, lambda A, x: np.outer(x, x), lambda A, x: -np.outer(x, x)),
    ("A*x", ("A: matrix(m, n)",), "x", 1, "numerator", BOTH, lambda A, x: A, lambda A, x: A.T),
    ("A*x", ("A: matrix(m, n)",), "x", 1, "denominator", BOTH, lambda A, x: A.T, lambda A, x: A),
    ("A*x", ("A: matrix(n, n)",), "x", 1, "denominator", BOTH, lambda A, x: A.T, lambda A, x: A),
    (
        "A*x", ("A: matrix(m, n)",), "A", 1, "denominator", BOTH,
        lambda A, x: np.einsum("ik,l->ikl", np.eye(len(A)), x),
        lambda A, x: np.einsum("ik,l->kil", np.eye(len(A)), x) * 1.001,
    ),
    (
        "vec(A*B)", ("A: matrix(m, n)", "B: matrix(n, p)"), "vec(B)", 1, "denominator", BOTH,
        lambda A, B: np.kron(np.eye(B.shape[1]), A), lambda A, B: np.kron(A, np.eye(B.shape[1])),
    ),
    ("sum(relu(A*x))", (), "x", 1, "numerator", DIFFERENCES, lambda A, x: (A @ x > 0) @ A, lambda A, x: A.sum(axis=0)),
    ("norm1(x)", (), "x", 1, "numerator", DIFFERENCES, lambda x: np.sign(x), lambda x: 1.000003 * np.sign(x)),
    ("sum(gelu(x))", (), "x", 1, "numerator", DIFFERENCES, gelu_slope, lambda x: sigmoid(1.7 * x)),
    (
        "softmax(x)", (), "x", 1, "numerator", BOTH,
        lambda x: np.diag(softmax(x)) - np.outer(softmax(x), softmax(x)), lambda x: np.diag(softmax(x)),
    ),
    (
        "crossentropy(y, softmax(theta))", ("y: vector(C) simplex", "theta: vector(C)"), "theta", 1, "numerator", BOTH,
        lambda theta, y: softmax(theta) - y, lambda theta, y: y - softmax(theta),
    ),
    ("inv(X)", ("X: matrix(n, n) invertible",), "X", 1, "numerator", BOTH,
        lambda X: -np.einsum("ik,lj->ijkl", np.linalg.inv(X), np.linalg.inv(X)),
        lambda X: -np.einsum("ik,jl->ijkl", np.linalg.inv(X), np.linalg.inv(X)),
    ),
    ("s^3*lambda", ("s: scalar", "lambda: scalar"), "s", 3, "numerator", DIFFERENCES,
        lambda lambda_, s: 6 * lambda_, lambda lambda_, s: 6 * lambda_ * s,
    ),
    ("J = sum(sin(h))\n", ("h: vector",), "h", 1, "numerator", BOTH, lambda h: np.cos(h), lambda h: -np.cos(h)),
    (
        "h = A*x\nJ = sum(sin(h))", (), "h", 1, "numerator", BOTH,
        lambda A, x: np.cos(A @ x), lambda A, x: np.cos(A @ x) @ A,
    ),
    (
        "sum(f(x))", ("f: function", "x: vector"), "x", 1, "numerator", BOTH,
        lambda df, x: df(x), lambda f, x: f(x),
    ),
    (
        "sum(f(x))", ("f: function", "x: vector"), "x", 2, "numerator", DIFFERENCES,
        lambda d2f, x: np.diag(d2f(x)), lambda df, x: np.diag(df(x)),
    ),
    (
        "inv(F)", ("t: scalar", "F(t): matrix(n, n) invertible"), "t", 1, "numerator", BOTH,
        lambda F, dF_dt, t: -np.linalg.inv(F) @ dF_dt @ np.linalg.inv(F),
        lambda F, dF_dt, t: -np.linalg.inv(F) @ np.linalg.inv(F) @ dF_dt,
    ),
    (
        "Y = A*X\nJ = 2*L", SCALED, "X", 1, "numerator", BOTH,
        lambda A, X, dL_dY: 2 * A.T @ dL_dY, lambda A, X, dL_dY: A.T @ dL_dY,
    ),
    (
        "Y = A*X\nJ = 2*L", SCALED, "X", 2, "numerator", DIFFERENCES,
        lambda A, X, d2L_dY2: 2 * np.einsum("ik,ijpq,pr->kjrq", A, d2L_dY2, A),
        lambda A, X, d2L_dY2: 2 * np.einsum("ik,ijpq,pr->jkrq", A, d2L_dY2, A),
    ),
]  # fmt: skip


def case_id(case: Any) -> str:
    return f"{case[0].strip()} by {case[2]}, order {case[3]}, {case[4]}".replace("\n", "; ")


@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_a_right_derivative_agrees(case: Any) -> None:
    source, declare, wrt, order, layout, method, right, _ = case
    program = typed(source, *declare, layout=layout)
    for seed in range(4):
        found = run(right, program, wrt, order, seed)
        assert found.agrees, found
        assert found.method == method
        assert found.largest_relative_error < 1e-7


@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_a_wrong_derivative_does_not(case: Any) -> None:
    source, declare, wrt, order, layout, _, _, wrong = case
    program = typed(source, *declare, layout=layout)
    assert not all(run(wrong, program, wrt, order, seed).agrees for seed in range(4))


def test_the_outcome_has_both_numbers_and_the_point() -> None:
    program = typed("x'*A*x")
    found = run(lambda A, x: x @ (A + A.T), program, "x")
    assert_allclose(found.analytic, found.numeric)
    assert found.analytic.shape == (found.sizes["n"],)
    assert set(found.point) == {"A", "x"}
    assert found.point["A"].shape == (found.sizes["n"],) * 2


def test_differences_are_accurate_without_the_complex_step() -> None:
    program = typed("sum(exp(sin(A*x)))")
    for seed in range(10):
        point = sample(program, seed=seed)
        exact = numeric_derivative(program, [parse_expression("x")], "numerator", point, complex_step=True)
        differences = numeric_derivative(program, [parse_expression("x")], "numerator", point)
        assert relative_error(exact, differences) < 1e-9


def test_a_kink_nearby_does_not_spoil_the_differences() -> None:
    """The step shrinks until it does not reach over the kink, which is 0.001 away."""
    program = typed("sum(abs(x))")
    point = Point({"n": 3}, {"x": np.array([0.001, -0.001, 0.5])})
    found = check(lambda x: np.sign(x), program, [parse_expression("x")], "numerator", point)
    assert found.agrees


def test_a_wrong_shape_does_not_agree() -> None:
    found = run(lambda A, x: (x @ (A + A.T))[:, None], typed("x'*A*x"), "x")
    assert not found.agrees
    assert found.largest_relative_error == np.inf


def test_a_derivative_that_is_zero() -> None:
    program = typed("x'*x + 0*sum(z)", "x: vector(n)", "z: vector(p)")
    assert run(lambda x, z: 0 * z, program, "z").agrees
    assert not run(lambda x, z: 0 * z + 1e-3, program, "z").agrees


def test_arguments_of_unknowns() -> None:
    """Callables for `f`, values for dependent variables, floats for scalars."""
    program = typed(
        "U*sum(f(x)) + L", "s: scalar", "t: scalar", "U(s, t): scalar", "x: vector", "f: function", "L(x): scalar"
    )
    point = sample(program, seed=0)

    def function(
        U: Any, dU_ds: Any, dU_dt: Any, d2U_ds2: Any, d2U_dsdt: Any, dL_dx: Any, d2L_dx2: Any,
        f: Any, df: Any, s: Any, t: Any, x: Any,
    ) -> None:  # fmt: skip
        """An emitted function with every kind of parameter."""

    found = arguments_at(function, program, point)
    assert list(found) == list(inspect.signature(function).parameters)
    assert isinstance(found["s"], float)
    assert isinstance(found["dU_ds"], float)
    assert found["dL_dx"].shape == found["x"].shape
    assert_allclose(found["d2L_dx2"], found["d2L_dx2"].T)
    mixed = value_at(program, infer(parse_program("d(d(U)/d(s))/d(t)", [*DECLARED])).output, point)
    assert_allclose(found["d2U_dsdt"], mixed)
    step = 1e-5
    slope = (found["f"](found["x"] + step) - found["f"](found["x"] - step)) / (2 * step)
    assert_allclose(found["df"](found["x"]), slope, atol=1e-8)


DECLARED = ("s: scalar", "t: scalar", "U(s, t): scalar")


def test_the_arguments_can_be_given() -> None:
    program = typed("x'*x")
    point = sample(program, seed=0)
    given = {"anything": point.values["x"]}
    found = check(lambda anything: 2 * anything, program, [parse_expression("x")], "numerator", point, arguments=given)
    assert found.agrees


def test_a_parameter_that_nobody_knows_is_an_error() -> None:
    with pytest.raises(MatcalcError, match="asks for `q`"):
        run(lambda q: q, typed("x'*x"), "x")


def test_the_output_may_be_the_variable() -> None:
    """dJ/dJ = 1."""
    derivative = matcalc.derive("z = x'*x\nJ = z^2", wrt="J")
    assert derivative.text == "1"
    assert derivative.check().agrees
