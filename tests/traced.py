"""Python functions that are differentiated by tracing, each written once for NumPy and for JAX.

A function takes the module, `np` or `jax.numpy`, and returns the function to differentiate; `arguments` are those of a
call.  Sizes are pairwise different, and no matrix is symmetric by accident.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["ARRAYS", "NESTED", "NUMBERS", "Function"]


@dataclass(frozen=True)
class Function:
    """A function by its name, how it is made for a module, and arguments of one call."""

    name: str
    make: Callable[[Any], Callable[..., Any]]
    arguments: tuple[Any, ...]


def draw(*shape: int, seed: int = 0, low: float = 0.3, high: float = 1.7) -> np.ndarray:
    return np.random.default_rng([seed, *shape]).uniform(low, high, shape)


def signed(*shape: int, seed: int = 0) -> np.ndarray:
    return draw(*shape, seed=seed + 100, low=-1.5, high=1.5)


def square(n: int, seed: int = 0) -> np.ndarray:
    return signed(n, n, seed=seed) + 3 * np.eye(n)


x, y, z = signed(3), signed(3, seed=1), signed(4)
A, B, X, S = signed(4, 3), signed(3, 5), signed(5, 3), square(3)
W1, b1, W2, b2 = signed(3, 6), signed(6), signed(6, 2), signed(2)
CLASSES = np.array([0, 2, 1, 0, 2])


def network(np: Any) -> Callable[..., Any]:
    def loss(W1, b1, W2, b2, X):
        hidden = np.tanh(X @ W1 + b1)
        scores = hidden @ W2 + b2
        return np.mean((scores - 0.5) ** 2)

    return loss


def normalized(np: Any) -> Callable[..., Any]:
    def loss(X, g):
        centred = X - X.mean(axis=-1, keepdims=True)
        scale = np.sqrt(np.var(X, axis=-1, keepdims=True) + 1e-5)
        return np.sum((g * centred / scale) ** 3)

    return loss


def classifier(np: Any) -> Callable[..., Any]:
    def loss(W, X):
        scores = X @ W
        wanted = np.eye(W.shape[1])[CLASSES]
        return -np.sum(wanted * (scores - np.log(np.sum(np.exp(scores), axis=1, keepdims=True)))) / X.shape[0]

    return loss


def attention(np: Any) -> Callable[..., Any]:
    def value(Q, K, V):
        scores = np.exp(Q @ K.T / Q.shape[1] ** 0.5)
        return np.sum(np.sin(scores @ V / scores.sum(axis=1)[:, None]))

    return value


def recurrent(np: Any) -> Callable[..., Any]:
    def state(W, h):
        for step in range(6):
            h = np.tanh(W @ h + 0.1 * step)
        return h @ h

    return state


def kalman(np: Any) -> Callable[..., Any]:
    def trace(P, H):
        gain = P @ H.T @ np.linalg.inv(H @ P @ H.T + np.eye(4))
        return np.trace((np.eye(3) - gain @ H) @ P)

    return trace


def rosenbrock(np: Any) -> Callable[..., Any]:
    return lambda x: np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def accumulated(np: Any) -> Callable[..., Any]:
    def total(x, A):
        s = 0.0
        for row in range(4):
            s += np.exp(A[row] @ x) / (row + 1)
        return s

    return total


#: Functions that return a number.
NUMBERS = [
    Function("square", lambda np: lambda x: x**2, (1.5,)),
    Function("tanh", lambda np: np.tanh, (0.7,)),
    Function("pi", lambda np: lambda x: np.sin(2 * np.pi * x) / np.sqrt(2 * np.pi) + np.e**x, (0.3,)),
    Function("quadratic-form", lambda np: lambda x, S: x @ S @ x, (x, S)),
    Function("least-squares", lambda np: lambda x, A, b: np.sum((A @ x - b) ** 2), (x, A, z)),
    Function("dot", lambda np: lambda x, y: np.dot(x, y) * np.dot(x, x), (x, y)),
    Function("vector-times-matrix", lambda np: lambda x, B: np.sum((x @ B) ** 3), (x, B)),
    Function("norm", lambda np: lambda x: np.linalg.norm(x), (x,)),
    Function("norm-of-matrix", lambda np: lambda A: np.linalg.norm(A) ** 3, (A,)),
    Function("norm-3", lambda np: lambda x: np.linalg.norm(x, ord=3), (x,)),
    Function("norm-by-rows", lambda np: lambda A: np.sum(np.linalg.norm(A, axis=1) ** 3), (A,)),
    Function("norm-1", lambda np: lambda x: np.linalg.norm(x, 1) ** 2, (x,)),
    Function("determinant", lambda np: lambda S: np.linalg.det(S), (S,)),
    Function("slogdet", lambda np: lambda S: np.linalg.slogdet(S)[1], (S,)),
    Function("inverse", lambda np: lambda S, x: x @ np.linalg.inv(S) @ x, (S, x)),
    Function("solve", lambda np: lambda S, x: x @ np.linalg.solve(S, x), (S, x)),
    Function("trace", lambda np: lambda S: np.trace(S @ S @ S), (S,)),
    Function("matrix-power", lambda np: lambda S: np.trace(np.linalg.matrix_power(S, 3)), (S,)),
    Function("diagonal", lambda np: lambda S: np.sum(np.diag(S) ** 3), (S,)),
    Function("diagonal-matrix", lambda np: lambda x, A: np.sum((A @ np.diag(x)) ** 2), (x, A)),
    Function("outer", lambda np: lambda x, y: np.sum(np.sin(np.outer(x, y))), (x, z)),
    Function("kron", lambda np: lambda x, z: np.sum(np.sin(np.kron(x, z))), (x, z)),
    Function("kron-of-matrices", lambda np: lambda A, B: np.sum(np.sin(np.kron(A, B))), (A, B)),
    Function("ravel", lambda np: lambda A, c: np.sin(A.ravel()) @ c, (A, signed(12))),
    Function("columns", lambda np: lambda A, c: np.sin(A.T.reshape(-1)) @ c, (A, signed(12))),
    Function("row-scaling", lambda np: lambda x, A: np.sum((A * x) ** 3), (x, A)),
    Function("column-scaling", lambda np: lambda z, A: np.sum((z[:, None] * A) ** 3), (z, A)),
    Function("row-plus-column", lambda np: lambda x, z: np.sum(np.exp(x + z.reshape(-1, 1))), (x, z)),
    Function("division", lambda np: lambda x, A: np.sum(A / (1 + x**2)), (x, A)),
    Function("number-over-array", lambda np: lambda x: np.sum(1 / (2 + x) ** 2), (x,)),
    Function("power-of-number", lambda np: lambda x: np.sum(2.0**x), (x,)),
    Function("power-of-arrays", lambda np: lambda p, q: np.sum(p**q), (draw(3), draw(3, seed=1))),
    Function("root", lambda np: lambda p: np.sum(np.sqrt(p) * np.log(p)), (draw(3),)),
    Function("inverse-functions", lambda np: lambda p: np.sum(np.arcsin(p / 2) * np.arctan(p) - np.arccos(p / 3)), (draw(3),)),
    Function("hyperbolic", lambda np: lambda x: np.sum(np.sinh(x) * np.cosh(x) + np.arctanh(x / 2)), (x,)),
    Function("logarithms", lambda np: lambda p: np.sum(np.log2(p) + np.log10(p) * np.log1p(p) + np.expm1(p)), (draw(3),)),
    Function("logaddexp", lambda np: lambda x, y: np.sum(np.logaddexp(x, y) ** 2), (x, y)),
    Function("logaddexp-large", lambda np: lambda x, y: np.sum(np.logaddexp(x, y)), (900 * x, 900 * y)),
    Function("softplus", lambda np: lambda x: np.sum(np.log(1 + np.exp(x))), (x,)),
    Function("maximum", lambda np: lambda x, y: np.sum(np.maximum(x, y) ** 2 * np.minimum(x, 0.2)), (x, y)),
    Function("clip", lambda np: lambda x: np.sum(np.clip(x, -0.5, 0.5) ** 2 * x), (x,)),
    Function("where", lambda np: lambda x: np.sum(np.where(x > 0, x**2, np.sin(x))), (x,)),
    Function("where-both", lambda np: lambda x, y: np.sum(np.where((x > 0) & ~(y <= 0.1), x * y, 0.0)), (x, y)),
    Function("absolute", lambda np: lambda x: np.sum(abs(x) * np.sign(x) * x), (x,)),
    Function("mean-by-axis", lambda np: lambda A: np.sum(np.mean(A, axis=0) ** 2) + np.mean(A) ** 3, (A,)),
    Function("deviation", lambda np: lambda A: np.sum(A.std(axis=1, ddof=1) * np.var(A)), (A,)),
    Function("sum-of-sums", lambda np: lambda A: np.sum(np.sum(A, axis=0) ** 2) * np.sum(np.sum(A, axis=1) ** 3), (A,)),
    Function("keepdims", lambda np: lambda A: np.sum(np.sin(A - A.sum(0, keepdims=True) * A.mean(1, keepdims=True))), (A,)),
    Function("triangle", lambda np: lambda S, x: np.sum(np.tril(S) @ x * (np.triu(S) @ x)), (S, x)),
    Function("entries", lambda np: lambda x: x[0] ** 2 * x[1] + np.sin(x[-1]) * x[2], (x,)),
    Function("entries-of-matrix", lambda np: lambda A: A[0, 1] * A[2] @ A[1] + np.sum(A[:, 2] ** 3), (A,)),
    Function("slices", lambda np: lambda A: np.sum(A[1:, ::2] ** 3 * A[:-1, :2]), (A,)),
    Function("rosenbrock", rosenbrock, (signed(5),)),
    Function("sizes", lambda np: lambda A: np.sum(A**2) / A.shape[0] + A.size * np.sum(A) + len(A) * A[0, 0], (A,)),
    Function("transposes", lambda np: lambda A, B: np.sum((A @ B).T @ np.transpose(A).T ** 2), (A, B)),
    Function("one-row", lambda np: lambda R, A: np.sum(np.sin(R + A) * (R @ R.T)), (signed(1, 3), A)),
    Function("one-column", lambda np: lambda C, A: np.sum(np.sin(C * A) @ (A.T @ C)), (signed(4, 1), A)),
    Function("one-entry", lambda np: lambda c, x: np.sum(np.exp(c * x)) + c[0] ** 2, (signed(1), x)),
    Function("one-by-one", lambda np: lambda c, A: np.sum(np.sin(A * c) + np.linalg.inv(c) * np.trace(c)), (signed(1, 1), A)),
    Function("row-and-column", lambda np: lambda C, R: np.sum(np.exp(C @ R)) + np.sum(R @ R.T), (signed(4, 1), signed(1, 3))),
    Function("network", network, (W1, b1, W2, b2, X)),
    Function("layer-normalization", normalized, (X, draw(3))),
    Function("classifier", classifier, (signed(3, 4), X)),
    Function("attention", attention, (signed(4, 3), signed(5, 3), signed(5, 2))),
    Function("recurrent", recurrent, (square(3) / 4, x)),
    Function("kalman", kalman, (S @ S.T, A)),
    Function("accumulated", accumulated, (x, A)),
    Function("constants", lambda np: lambda x: np.sum((np.asarray(A) @ x) ** 2) + 0.123456789 * np.sum(x), (x,)),
    Function("constant", lambda np: lambda x, y: np.sum(y**2), (x, y)),
]

#: Functions that return an array.
ARRAYS = [
    Function("itself", lambda np: lambda x: x, (x,)),
    Function("linear", lambda np: lambda x, A: A @ x, (x, A)),
    Function("layer", lambda np: lambda x, A: np.tanh(A @ x) * 2 + 1, (x, A)),
    Function("vector-by-number", lambda np: lambda t, x: np.sin(t * x) / t, (0.8, x)),
    Function("softmax", lambda np: lambda x: np.exp(x) / np.sum(np.exp(x)), (x,)),
    Function("normalized", lambda np: lambda x: x / np.linalg.norm(x), (x,)),
    Function("matrix-by-vector", lambda np: lambda x, A: A * x, (x, A)),
    Function("matrix-by-number", lambda np: lambda t, A: np.exp(t * A), (0.8, A)),
    Function("vector-by-matrix", lambda np: lambda A, x: np.sin(A @ x), (A, x)),
    Function("row-sums", lambda np: lambda A: np.sum(A**2, axis=1), (A,)),
    Function("column-sums-kept", lambda np: lambda A: np.sum(A**2, axis=0, keepdims=True), (A,)),
    Function("as-column", lambda np: lambda x: x[:, None] ** 2, (x,)),
    Function("as-row", lambda np: lambda x, y: (x * y)[None, :], (x, y)),
    Function("of-a-row", lambda np: lambda R, A: A @ R.T, (signed(1, 3), A)),
    Function("outer-square", lambda np: lambda x: np.outer(x, x), (x,)),
    Function("gram", lambda np: lambda A: A.T @ A, (A,)),
    Function("inverse-matrix", lambda np: lambda S: np.linalg.inv(S), (S,)),
    Function("transpose", lambda np: lambda A: A.T, (A,)),
    Function("slice", lambda np: lambda x: x[1:] * x[:-1], (x,)),
    Function("stacked", lambda np: lambda A: A.ravel() ** 2, (A,)),
    Function("diagonals", lambda np: lambda x: np.diag(x**2), (x,)),
    Function("polar", lambda np: lambda p: p[0] * np.cos(p[1] * np.ones_like(p)), (draw(2),)),
]


def nested(make: Callable[..., Callable[..., Any]]) -> Callable[[Any], Callable[..., Any]]:
    """A function that is made of a module and of the derivatives that it takes."""
    return lambda pair: make(pair[0], **pair[1])


def by_gradient(np: Any, grad: Any, **_: Any) -> Callable[..., Any]:
    """A penalty on a gradient, as in learning with one."""
    return grad(lambda x, S: np.sum(grad(lambda y: np.sin(y @ S @ y))(x) ** 2), 1)


def elsewhere(np: Any, grad: Any, **_: Any) -> Callable[..., Any]:
    """A gradient at another point than the argument, of a function that uses the argument, too."""
    return grad(lambda x, S: grad(lambda y: np.sum(np.sin(y * x)))(S @ x) @ x)


def by_hessian(np: Any, grad: Any, hessian: Any, **_: Any) -> Callable[..., Any]:
    return grad(lambda x: np.trace(hessian(lambda y: np.sum(y**4) * y[0])(x)))


def by_jacobian(np: Any, grad: Any, jacobian: Any, **_: Any) -> Callable[..., Any]:
    return grad(lambda x, A: np.sum(jacobian(lambda y: np.tanh(A @ y))(x) ** 2))


def of_a_row(np: Any, grad: Any, **_: Any) -> Callable[..., Any]:
    return grad(lambda R: np.sum(grad(lambda Q: np.sum(np.sin(Q @ Q.T) * Q))(R) ** 2))


def by_pushforward(np: Any, grad: Any, jvp: Any, **_: Any) -> Callable[..., Any]:
    return grad(lambda x: jvp(lambda y: np.sum(y**3) * y)(x, np.cos(x)) @ x)


def of_a_matrix(np: Any, grad: Any, **_: Any) -> Callable[..., Any]:
    return grad(lambda S: np.trace(grad(lambda M: np.linalg.slogdet(M)[1])(S) @ S @ S))


def cubed(np: Any, grad: Any, jacobian: Any, **_: Any) -> Callable[..., Any]:
    return jacobian(grad(lambda x: np.sum(x**3) * x @ x))


def second_by_parts(np: Any, grad: Any, jacobian: Any, **_: Any) -> Callable[..., Any]:
    return jacobian(grad(lambda x, A: np.sum(np.sin(A @ x))), 1)


#: Derivatives of functions that take derivatives themselves; what is computed is a derivative.
NESTED = [
    Function("second", nested(lambda np, grad, **_: grad(grad(np.tanh))), (0.7,)),
    Function("third", nested(lambda np, grad, **_: grad(grad(grad(np.tanh)))), (0.7,)),
    Function("fifth", nested(lambda np, grad, **_: grad(grad(grad(grad(grad(np.sin)))))), (0.7,)),
    Function("jacobian-of-gradient", nested(cubed), (x,)),
    Function("jacobian-of-jacobian", nested(lambda np, jacobian, **_: jacobian(jacobian(lambda x: x / (1 + x @ x)))), (x,)),
    Function("penalty", nested(by_gradient), (x / 2, S)),
    Function("at-another-point", nested(elsewhere), (x, S)),
    Function("captured", nested(lambda np, grad, **_: grad(lambda t: t * grad(lambda s: t * s**2)(t))), (1.3,)),
    Function("held", nested(lambda np, grad, **_: grad(lambda t: t * grad(lambda s: t + s)(1.0))), (1.3,)),
    Function("trace-of-hessian", nested(by_hessian), (x,)),
    Function("jacobian-inside", nested(by_jacobian), (x, A)),
    Function("row-inside", nested(of_a_row), (signed(1, 3),)),
    Function("pushforward-inside", nested(by_pushforward), (x,)),
    Function("matrix-inside", nested(of_a_matrix), (S,)),
    Function("pushforward-of-gradient", nested(lambda np, grad, jvp, **_: jvp(grad(lambda x: np.sum(np.exp(x) * x)))), (x, y)),
    Function("hessian-by-parts", nested(second_by_parts), (x, A)),
]
