"""Logarithms of probabilities in programs: they cancel in signals, and code for them does not underflow."""

from __future__ import annotations

import numpy as np
import pytest
from test_backprop import listing, sections

import matcalc


def test_a_softmax_of_a_variable_cancels_as_that_of_a_value_does() -> None:
    found = listing("theta: vector; y: vector simplex; yhat = softmax(theta); J = crossentropy(y, yhat)", "theta", "y")
    assert sections(found)["gradients"] == ["grad(J, theta) = yhat - y", "grad(J, y) = -logsoftmax(theta)"]
    assert found.signals == ()


def test_a_logarithm_is_read_with_its_argument() -> None:
    found = listing("z = X*w\ns = log(1 + exp(z))\nJ = sum(s) - y'*z", "w", declare=["w: vector; y: vector"])
    assert sections(found)["signals"] == ["delta = grad(J, z) = sigmoid(z) - y"]


LOGITS = np.array([800.0, -800.0, 0.0, 40.0])
EXTREME = {
    "p = sigmoid(X*w); J = -sum(y.*log(p) + (1 - y).*log(1 - p))": "sigmoid",
    "p = sigmoid(X*w); a = log(p); b = log(1 - p); J = -y'*a - (1 - y)'*b": "sigmoid",
    "z = X*w; s = log(1 + exp(z)); J = sum(s) - y'*z": "sigmoid",
    "p = softmax(X*w); J = -sum(y.*log(p))": "softmax",
}


@pytest.mark.parametrize("targets", ["w", ["w", "X"]])
@pytest.mark.parametrize("target", ["numpy", "torch"])
@pytest.mark.parametrize("labels", [[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0]])
@pytest.mark.parametrize("source", EXTREME)
def test_losses_of_extreme_logits_are_finite_and_right(
    source: str, labels: list[float], target: str, targets: str | list[str]
) -> None:
    library = np if target == "numpy" else pytest.importorskip("torch")
    module: dict[str, object] = {}
    derivatives = matcalc.derive(source, targets, declare=["X: matrix(m, n); w: vector(n); y: vector(m)"])
    exec(derivatives.code(target, value=True), module)
    y = np.array(labels)
    given = (library.asarray(a) for a in (np.eye(4), LOGITS, y))
    value, gradient = module["derivative"](*given)  # type: ignore[operator]
    gradient = np.asarray(gradient if isinstance(targets, str) else gradient["w"])
    if EXTREME[source] == "sigmoid":
        expected = float(np.sum(np.logaddexp(0, LOGITS) - y * LOGITS))
        wanted = np.array([1.0, 0.0, 0.5, 1.0]) - y
    else:
        expected, wanted = float(800 - y @ LOGITS), np.array([1.0, 0.0, 0.0, 0.0]) - y
    np.testing.assert_allclose(float(value), expected, rtol=1e-12)
    np.testing.assert_allclose(gradient, wanted, atol=1e-12)


def test_an_entropy_of_extreme_logits_is_finite() -> None:
    derivatives = matcalc.derive("p = softmax(x); J = -sum(p.*log(p))", ["x"], declare=["x: vector"])
    value, gradient = derivatives.function(value=True)(np.array([800.0, 0.0, -800.0]))
    assert value == 0
    np.testing.assert_allclose(gradient["x"], np.zeros(3), atol=1e-12)


def test_a_logarithm_that_has_a_name_has_its_sign() -> None:
    source = "q = sigmoid(x); a = log(q); J = sum(a.*a.*a)"
    derivatives = matcalc.derive(source, ["x", "a"], declare=["x: vector"])
    x = np.array([-2.0, 0.5])
    value, gradient = derivatives.function(value=True)(x)
    a = -np.log1p(np.exp(-x))
    np.testing.assert_allclose(value, np.sum(a**3))
    np.testing.assert_allclose(gradient["a"], 3 * a**2)
    np.testing.assert_allclose(gradient["x"], 3 * a**2 / (1 + np.exp(x)))
