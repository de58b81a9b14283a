"""Closed forms as one writes them by hand in NumPy: for each problem several that could be the fastest.

Each takes arrays by the names of the problem and returns the derivative in the shape of the emitted code: an array, or a
dict by name where there are several variables.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.linalg import inv, solve

#: The forms of each problem, by its name; the names of the functions are those in the table.
FORMS: dict[str, tuple[Callable[..., Any], ...]] = {}


def form_of(problem: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make a function one of the forms of a problem."""

    def register(form: Callable[..., Any]) -> Callable[..., Any]:
        FORMS[problem] = (*FORMS.get(problem, ()), form)
        return form

    return register


def sigmoid(x):
    with np.errstate(over="ignore"):
        return 1.0 / (1.0 + np.exp(-x))


def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    e /= e.sum(axis=-1, keepdims=True)
    return e


# Logistic regression


@form_of("logistic-gradient")
def residual_times_matrix(X, w, y):
    return -((sigmoid(-y * (X @ w)) * y) @ X)


@form_of("logistic-gradient")
def residual_after_transpose(X, w, y):
    r = sigmoid(-y * (X @ w))
    r *= -y
    return X.T @ r


@form_of("logistic-Hessian")
def symmetric_product(X, w, y):
    s = sigmoid(y * (X @ w))
    Z = (np.abs(y) * np.sqrt(s * (1.0 - s)))[:, None] * X
    return Z.T @ Z


@form_of("logistic-Hessian")
def scaled_rows(X, w, y):
    s = sigmoid(y * (X @ w))
    return X.T @ ((s * (1.0 - s) * y**2)[:, None] * X)


@form_of("logistic-Hessian")
def scaled_columns(X, w, y):
    s = sigmoid(y * (X @ w))
    return (X.T * (s * (1.0 - s) * y**2)) @ X


# Matrix factorization


@form_of("factorization-gradient")
def residual_in_place(T, U, V):
    R = U @ V.T
    R -= T
    G = R @ V
    G *= 2.0
    return G


@form_of("factorization-gradient")
def gram_first(T, U, V):
    G = U @ (V.T @ V)
    G -= T @ V
    G *= 2.0
    return G


@form_of("factorization-gradient")
def one_line(T, U, V):
    return 2.0 * ((U @ V.T - T) @ V)


@form_of("factorization-Hessian")
def diagonal_view(T, U, V):
    m, k = U.shape
    H = np.zeros((m, k, m, k))
    np.einsum("ijik->ijk", H)[...] = 2.0 * (V.T @ V)
    return H


@form_of("factorization-Hessian")
def index_arrays(T, U, V):
    m, k = U.shape
    H = np.zeros((m, k, m, k))
    i = np.arange(m)
    H[i, :, i, :] = 2.0 * (V.T @ V)
    return H


# Quadratic forms


@form_of("quadratic-gradient")
def two_products(A, x):
    return A @ x + x @ A


@form_of("quadratic-gradient")
def two_products_in_place(A, x):
    g = A @ x
    g += x @ A
    return g


@form_of("quadratic-gradient")
def sum_first(A, x):
    return (A + A.T) @ x


@form_of("quadratic-Hessian")
def plain_sum(A, x):
    return A + A.T


@form_of("quadratic-Hessian")
def sum_into_copy(A, x):
    H = A.T.copy()
    H += A
    return H


# Least squares


@form_of("least-squares-gradient")
def factored(A, b, x):
    return 2.0 * ((A @ x - b) @ A)


@form_of("least-squares-gradient")
def factored_in_place(A, b, x):
    r = A @ x
    r -= b
    r *= 2.0
    return r @ A


@form_of("least-squares-gradient")
def factored_transpose(A, b, x):
    return A.T @ (2.0 * (A @ x - b))


@form_of("least-squares-Hessian")
def scaled_in_place(A, b, x):
    H = A.T @ A
    H *= 2.0
    return H


@form_of("least-squares-Hessian")
def scaled_after(A, b, x):
    return 2.0 * (A.T @ A)


# A Gram matrix by its factor


@form_of("gram-Jacobian")
def two_diagonal_views(B):
    m, n = B.shape
    J = np.zeros((n, n, m, n))
    np.einsum("ijki->ijk", J)[...] = B.T
    np.einsum("ijkj->ijk", J)[...] += B.T[:, None, :]
    return J


@form_of("gram-Jacobian")
def loop_over_columns(B):
    m, n = B.shape
    J = np.zeros((n, n, m, n))
    for k in range(n):
        J[k, :, :, k] = B.T
        J[:, k, :, k] += B.T
    return J


# Inverse


@form_of("inverse-Jacobian")
def outer_by_broadcasting(X):
    Y = inv(X)
    return (-Y)[:, None, :, None] * np.ascontiguousarray(Y.T)[:, None, :]


@form_of("inverse-Jacobian")
def outer_in_any_order(X):
    Y = inv(X)
    return (-Y)[:, None, :, None] * Y.T[:, None, :]


@form_of("inverse-Jacobian")
def outer_into_result(X):
    Y = inv(X)
    n = len(X)
    J = np.empty((n, n, n, n))
    np.multiply((-Y)[:, None, :, None], Y.T.copy()[None, :, None, :], out=J)
    return J


@form_of("inverse-Jacobian")
def blocks_of_rows(X):
    Y = inv(X)
    n = len(X)
    Yt, J = Y.T.copy(), np.empty((n, n, n, n))
    for i in range(n):
        np.multiply(-Y[i][:, None], Yt[:, None, :], out=J[i])
    return J


# Log determinant


@form_of("logdet-gradient")
def transposed_inverse(X):
    return inv(X).T


@form_of("logdet-gradient")
def inverse_of_transpose(X):
    return inv(X.T)


@form_of("logdet-gradient")
def solve_with_identity(X):
    return solve(X.T, np.eye(len(X)))


@form_of("logdet-Hessian")
def broadcast_rows(X):
    Y = inv(X)
    return (-Y.T.copy())[:, None, None, :] * Y[None, :, :, None]


@form_of("logdet-Hessian")
def broadcast_in_any_order(X):
    Y = inv(X)
    return (-Y.T)[:, None, None, :] * Y[None, :, :, None]


@form_of("logdet-Hessian")
def rows_into_result(X):
    Y = inv(X)
    n = len(X)
    Yt, H = -Y.T.copy(), np.empty((n, n, n, n))
    for i in range(n):
        np.multiply(Y[:, :, None], Yt[i], out=H[i])
    return H


# Softmax


@form_of("softmax-Jacobian")
def outer_then_diagonal(x):
    s = softmax(x)
    J = np.outer(-s, s)
    np.einsum("ii->i", J)[...] += s
    return J


@form_of("softmax-Jacobian")
def strided_diagonal(x):
    s = softmax(x)
    J = (-s)[:, None] * s
    J.flat[:: len(x) + 1] += s
    return J


@form_of("logsumexp-Hessian")
def symmetric_minus_outer(A, x):
    p = softmax(A @ x)
    Z = np.sqrt(p)[:, None] * A
    q = p @ A
    H = Z.T @ Z
    H -= np.outer(q, q)
    return H


@form_of("logsumexp-Hessian")
def centred_symmetric(A, x):
    p = softmax(A @ x)
    Z = A - p @ A
    Z *= np.sqrt(p)[:, None]
    return Z.T @ Z


@form_of("logsumexp-Hessian")
def centred_scaled_rows(A, x):
    p = softmax(A @ x)
    Z = A - p @ A
    return (Z.T * p) @ Z


@form_of("logsumexp-Hessian")
def scaled_rows_minus_outer(A, x):
    p = softmax(A @ x)
    q = p @ A
    H = A.T @ (p[:, None] * A)
    H -= np.outer(q, q)
    return H


# A network of three layers


@form_of("network-gradients")
def backpropagation(W1, W2, W3, X, Y):
    H1 = np.tanh(X @ W1)
    H2 = np.tanh(H1 @ W2)
    D3 = softmax(H2 @ W3)
    D3 *= Y.sum(axis=1)[:, None]
    D3 -= Y
    D2 = (D3 @ W3.T) * (1.0 - H2**2)
    D1 = (D2 @ W2.T) * (1.0 - H1**2)
    return {"W1": X.T @ D1, "W2": H1.T @ D2, "W3": H2.T @ D3}


@form_of("network-gradients")
def backpropagation_in_place(W1, W2, W3, X, Y):
    H1 = X @ W1
    np.tanh(H1, out=H1)
    H2 = H1 @ W2
    np.tanh(H2, out=H2)
    D = softmax(H2 @ W3)
    D *= Y.sum(axis=1)[:, None]
    D -= Y
    gradients = {"W3": H2.T @ D}
    D = D @ W3.T
    H2 *= H2
    np.subtract(1.0, H2, out=H2)
    D *= H2
    gradients["W2"] = H1.T @ D
    D = D @ W2.T
    H1 *= H1
    np.subtract(1.0, H1, out=H1)
    D *= H1
    gradients["W1"] = X.T @ D
    return gradients


@form_of("network-Hessian")
def curvature_of_hidden_layer(W1, W2, W3, x, y):
    K = hidden_curvature(W1, W2, W3, x, y)
    return K[:, None, :, None] * np.outer(x, x)[:, None, :]


@form_of("network-Hessian")
def curvature_twice_scaled(W1, W2, W3, x, y):
    K = hidden_curvature(W1, W2, W3, x, y)
    return (K[:, None, :] * x[:, None])[:, :, :, None] * x


def hidden_curvature(W1, W2, W3, x, y):
    """The Hessian of logsumexp(z) - y'z, z = W3 tanh(W2 tanh(a)), by a = W1 x."""
    h1 = np.tanh(W1 @ x)
    d1 = 1.0 - h1**2
    h2 = np.tanh(W2 @ h1)
    d2 = 1.0 - h2**2
    p = softmax(W3 @ h2)
    g2 = (p - y) @ W3
    M = W2 * d1
    J = (W3 * d2) @ M
    q = p @ J
    K = J.T @ (p[:, None] * J)
    K -= np.outer(q, q)
    K -= M.T @ ((2.0 * g2 * h2 * d2)[:, None] * M)
    np.einsum("ii->i", K)[...] -= 2.0 * ((g2 * d2) @ W2) * d1 * h1
    return K


# A linear layer


@form_of("linear-vjp")
def two_matrix_products(W, X, u):
    return {"W": X.T @ u, "X": u @ W.T}


# Gaussian negative log-likelihood


@form_of("gaussian-gradients")
def whitened_data(S, X, mu):
    P = inv(S)
    V = (X - mu) @ P
    G = V.T @ V
    G -= len(X) * P
    G *= -0.5
    return {"mu": -V.sum(axis=0), "S": G}


@form_of("gaussian-gradients")
def scatter_matrix(S, X, mu):
    P = inv(S)
    R = X - mu
    G = P @ (R.T @ R) @ P
    G -= len(X) * P
    G *= -0.5
    return {"mu": -(R.sum(axis=0) @ P), "S": G}


@form_of("gaussian-gradients")
def mean_before_centring(S, X, mu):
    P = inv(S)
    R = X - mu
    V = R @ P
    G = (len(X) * P - V.T @ V) * 0.5
    return {"mu": P @ (len(X) * mu - X.sum(axis=0)), "S": G}
