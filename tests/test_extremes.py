"""Extreme input: emitted code of every target against mpmath with 60 digits, where values and derivatives are representable.

Entries are compared to 1e-11 of themselves or 1e-16 of 1, whichever is more: what is 1 - sigmoid(40) is rounded as 1 is.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import mpmath
import numpy as np
import pytest
from libraries import ALL, Library

import matcalc
from matcalc.codegen import Source, compile_function

POINTS = [-800.0, -745.0, -40.0, -1.0, 0.0, 1.0, 40.0, 745.0, 800.0]

#: Functions of one number, as text and for mpmath.
FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "sigmoid(x)": lambda t: 1 / (1 + mpmath.exp(-t)),
    "1./(1 + exp(-x))": lambda t: 1 / (1 + mpmath.exp(-t)),
    "log(sigmoid(x))": lambda t: -mpmath.log(1 + mpmath.exp(-t)),
    "softplus(x)": lambda t: mpmath.log(1 + mpmath.exp(t)),
    "log(1 + exp(x))": lambda t: mpmath.log(1 + mpmath.exp(t)),
    "log(1 + exp(-x))": lambda t: mpmath.log(1 + mpmath.exp(-t)),
    "gelu(x)": lambda t: t * (1 + mpmath.erf(t / mpmath.sqrt(2))) / 2,
    "silu(x)": lambda t: t / (1 + mpmath.exp(-t)),
    "tanh(x)": mpmath.tanh,
    "erf(x)": mpmath.erf,
}

VECTORS = ([-800.0, 0.0, 800.0], [800.0, 799.0, -800.0], [-800.0, -799.0, -801.5], [1e300, 0.0, -1e300])

#: A library whose `erf` needs SciPy's switch for other libraries cannot run these.
LACKING = {"array-api-strict": ("gelu", "erf"), "array-api-torch": ("gelu", "erf"), "dask": ()}
LIBRARIES = [p for p in ALL if p.id not in ("sympy", "array-api-numpy")]
NUMPY = Library("numpy", "numpy", "numpy", np.asarray)


def evaluated(answer: matcalc.Derivative, library: Library, values: Mapping[str, Any], *, value: bool = False) -> np.ndarray:
    """The answer, or its value, in which no operation of NumPy may warn."""
    function = compile_function(Source(answer.code(library.target, value=value)))
    given = {name: library.passed(values[name]) for name in inspect.signature(function).parameters}
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        found = function(**given)
        return np.asarray(library.out(found[0] if value else found))


def close(found: Any, expected: Sequence[Any]) -> None:
    entries = [float(entry) for entry in np.ravel(found)]
    assert np.isfinite(entries).all(), entries
    for entry, right in zip(entries, expected, strict=True):
        assert abs(entry - right) <= max(mpmath.mpf("1e-11") * abs(right), mpmath.mpf("2e-16")), (entry, mpmath.nstr(right, 17))


@pytest.fixture(autouse=True)
def many_digits() -> Any:
    with mpmath.workdps(60):
        yield


@pytest.mark.parametrize("library", [pytest.param(NUMPY, id="numpy"), *LIBRARIES])
@pytest.mark.parametrize("source", FUNCTIONS)
def test_functions_and_their_derivatives(source: str, library: Library) -> None:
    if source.startswith(LACKING.get(library.name, ()) or ("-",)):
        pytest.skip(f"{library.name} lacks it")
    function, x = FUNCTIONS[source], np.array(POINTS)
    for order in (0, 1, 2):
        answer = matcalc.derive(source if order == 0 else f"sum({source})", "x", order=max(order, 1))
        found = evaluated(answer, library, {"x": x}, value=order == 0)
        expected = [mpmath.taylor(function, mpmath.mpf(t), order)[order] * mpmath.factorial(order) for t in POINTS]
        close(np.diag(found) if order == 2 else found, expected)


def softmax(vector: Sequence[float]) -> list[Any]:
    entries = [mpmath.exp(mpmath.mpf(t) - mpmath.mpf(max(vector))) for t in vector]
    return [entry / mpmath.fsum(entries) for entry in entries]


@pytest.mark.parametrize("library", [pytest.param(NUMPY, id="numpy"), *LIBRARIES])
@pytest.mark.parametrize("vector", VECTORS, ids=str)
def test_softmax_and_what_is_made_of_it(vector: list[float], library: Library) -> None:
    """Also where the softmax is saturated: its cross-entropy has the gradient p - y all the same."""
    p, y, n = softmax(vector), [0.25, 0.25, 0.5], range(3)
    top = mpmath.mpf(max(vector))
    total = top + mpmath.log(mpmath.fsum(mpmath.exp(mpmath.mpf(t) - top) for t in vector))
    logs = [mpmath.mpf(t) - total for t in vector]
    jacobian = [p[i] * ((i == j) - p[j]) for i in n for j in n]
    of_logs = [(i == j) - p[j] for i in n for j in n]
    cases: list[tuple[str, int, Sequence[Any]]] = [
        ("softmax(x)", 0, p), ("softmax(x)", 1, jacobian),
        ("logsumexp(x)", 0, [total]), ("logsumexp(x)", 1, p), ("logsumexp(x)", 2, jacobian),
        ("log(sum(exp(x)))", 0, [total]), ("log(sum(exp(x)))", 1, p), ("log(sum(exp(x)))", 2, jacobian),
        ("logsoftmax(x)", 0, logs), ("logsoftmax(x)", 1, of_logs),
        ("log(softmax(x))", 0, logs), ("log(softmax(x))", 1, of_logs),
        ("crossentropy(y, softmax(x))", 0, [-mpmath.fsum(a * b for a, b in zip(y, logs, strict=True))]),
        ("crossentropy(y, softmax(x))", 1, [p[i] - mpmath.mpf(y[i]) for i in n]), ("crossentropy(y, softmax(x))", 2, jacobian),
    ]  # fmt: skip
    for source, order, expected in cases:
        answer = matcalc.derive(source, "x", "y: vector(3) simplex" if "y" in source.split("(")[1] else (), order=max(order, 1))
        close(evaluated(answer, library, {"x": np.array(vector), "y": np.array(y)}, value=order == 0), expected)


@pytest.mark.parametrize("library", [pytest.param(NUMPY, id="numpy"), *LIBRARIES])
@pytest.mark.parametrize("conditioning", [1e6, 1e10, 1e13])
def test_nearly_singular_equations(conditioning: float, library: Library) -> None:
    """The error is that of the condition number times that of one operation, as of the solution of equations itself."""
    random = np.random.default_rng(0)
    Q = np.linalg.qr(random.normal(size=(5, 5)))[0]
    S, a, b = Q @ np.diag(np.geomspace(1, 1 / conditioning, 5)) @ Q.T, random.normal(size=5), random.normal(size=5)
    S = (S + S.T) / 2
    exact = mpmath.matrix(S.tolist())
    u, v = (mpmath.lu_solve(exact, mpmath.matrix(t.tolist())) for t in (a, b))
    answer = matcalc.derive("a'*inv(S)*b", "S", "S: matrix(n, n); a: vector(n); b: vector(n)")
    found = evaluated(answer, library, {"S": S, "a": a, "b": b})
    expected = np.array([[float(-u[i] * v[j]) for j in range(5)] for i in range(5)])
    assert np.isfinite(found).all()
    assert np.abs(found - expected).max() <= 100 * conditioning * np.finfo(float).eps * np.abs(expected).max()


def test_determinants_beyond_the_range_of_floats() -> None:
    X = 1e-200 * np.diag([1.0, 2.0, 4.0])
    answer = matcalc.derive("logdet(X)", "X")
    found = evaluated(answer, NUMPY, {"X": X}, value=True)
    close(found, [mpmath.log(mpmath.mpf(1e-200)) * 3 + mpmath.log(8)])
    np.testing.assert_allclose(evaluated(answer, NUMPY, {"X": X}), np.linalg.inv(X).T, rtol=1e-12)
