"""The problems: each as a line of the language, as data of any size, and as a function for programs that differentiate."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.codegen.forms import FORMS

Values = dict[str, np.ndarray]

#: Entries of the largest array, argument or result, from which the targets count: those of a 50 x 50 matrix.
LARGE = 50 * 50


@dataclass(frozen=True)
class Problem:
    """One derivative.

    `kind` is "gradient", "Hessian", "Jacobian" or "vjp".  `function(lib, **values)` is what is differentiated, with the
    few operations that need a name taken from `lib`; that of a "vjp" is the map itself, and `u` in the data its cotangent.
    """

    name: str
    kind: str
    title: str
    source: str
    wrt: tuple[str, ...]
    declare: str
    sizes: tuple[int, ...]
    data: Callable[[int, np.random.Generator], Values]
    function: Callable[..., Any]

    @property
    def order(self) -> int:
        return 2 if self.kind == "Hessian" else 1

    @property
    def forms(self) -> tuple[Callable[..., Any], ...]:
        """The hand-written forms."""
        return FORMS[self.name]

    def values(self, n: int) -> Values:
        """Random data of a size, the same in every run."""
        return self.data(n, np.random.default_rng(n))


def gaussian(**shapes: Any) -> Callable[[int, np.random.Generator], Values]:
    """Data of normal numbers; a shape is a function of n; matrices are scaled so that products keep their magnitude."""

    def data(n: int, random: np.random.Generator) -> Values:
        made = {name: random.standard_normal(shape(n)) for name, shape in shapes.items()}
        return {name: array / np.sqrt(array.shape[-1]) if array.ndim == 2 else array for name, array in made.items()}

    return data


def vector(n: int) -> tuple[int, ...]:
    return (n,)


def long(n: int) -> tuple[int, ...]:
    return (2 * n,)


def square(n: int) -> tuple[int, ...]:
    return (n, n)


def tall(n: int) -> tuple[int, ...]:
    return (2 * n, n)


def thin(n: int) -> tuple[int, ...]:
    return (n, RANK)


def batch(n: int) -> tuple[int, ...]:
    return (BATCH, n)


#: The number of columns of the factors of a factorization, and the rows of a batch.
RANK = 5
BATCH = 64


def labelled(n: int, random: np.random.Generator) -> Values:
    """Rows with labels -1 and 1."""
    return {**gaussian(X=tall, w=vector)(n, random), "y": random.choice([-1.0, 1.0], 2 * n)}


def invertible(n: int, random: np.random.Generator) -> Values:
    """A well-conditioned matrix of positive determinant."""
    return {"X": random.standard_normal((n, n)) / np.sqrt(n) + 3 * np.eye(n)}


def classes(n: int, random: np.random.Generator) -> Values:
    """A batch of twice the width, ten classes, each row of Y a unit vector."""
    shapes = {"W1": square, "W2": square, "W3": lambda n: (n, 10), "X": tall}
    return {**gaussian(**shapes)(n, random), "Y": np.eye(10)[random.integers(10, size=2 * n)]}


def sample(n: int, random: np.random.Generator) -> Values:
    """A sample of 4n vectors, a mean and a covariance matrix."""
    root = random.standard_normal((n, 2 * n)) / np.sqrt(2 * n)
    return {"S": root @ root.T + np.eye(n), "X": random.standard_normal((4 * n, n)), "mu": random.standard_normal(n)}


def logistic(lib, X, w, y):
    return lib.softplus(-y * (X @ w)).sum()


def factorization(lib, T, U, V):
    return ((T - U @ V.T) ** 2).sum()


def quadratic(lib, A, x):
    return x @ (A @ x)


def least_squares(lib, A, b, x):
    return ((A @ x - b) ** 2).sum()


def network(lib, W1, W2, W3, X, Y):
    return -(Y * lib.logsoftmax(lib.tanh(lib.tanh(X @ W1) @ W2) @ W3)).sum()


def network_of_one(lib, W1, W2, W3, x, y):
    z = W3 @ lib.tanh(W2 @ lib.tanh(W1 @ x))
    return lib.logsumexp(z) - y @ z


def likelihood(lib, S, X, mu):
    R = X - mu
    return X.shape[0] / 2 * lib.logdet(S) + ((R @ lib.inv(S)) * R).sum() / 2


LOGISTIC = ("sum(log(1+exp(-y.*(X*w))))", ("w",), "X: matrix(m, n); w: vector(n); y: vector(m)")
FACTORIZATION = ("norm2(T - U*V')^2", ("U",), "T: matrix(m, n); U: matrix(m, p); V: matrix(n, p)")
QUADRATIC = ("x'*A*x", ("x",), "A: matrix(n, n); x: vector(n)")
LEAST_SQUARES = ("norm2(A*x - b)^2", ("x",), "A: matrix(m, n); b: vector(m); x: vector(n)")
LOGDET = ("logdet(X)", ("X",), "X: matrix(n, n)")
NETWORK = (
    "-sum(Y .* logsoftmax(tanh(tanh(X*W1)*W2)*W3))",
    ("W1", "W2", "W3"),
    "X: matrix(m, n); W1: matrix(n, p); W2: matrix(p, q); W3: matrix(q, r); Y: matrix(m, r)",
)
NETWORK_OF_ONE = (
    "logsumexp(W3*tanh(W2*tanh(W1*x))) - y'*W3*tanh(W2*tanh(W1*x))",
    ("W1",),
    "x: vector(n); y: vector(n); W1: matrix(n, n); W2: matrix(n, n); W3: matrix(n, n)",
)
LIKELIHOOD = (
    "m/2*logdet(S) + 1/2*sum((X - ones(m)*mu')*inv(S) .* (X - ones(m)*mu'))",
    ("mu", "S"),
    "S: matrix(n, n) symmetric; X: matrix(m, n); mu: vector(n)",
)

PROBLEMS = (
    Problem("logistic-gradient", "gradient", "logistic regression, gradient", *LOGISTIC,
            (100, 300, 1000), labelled, logistic),
    Problem("logistic-Hessian", "Hessian", "logistic regression, Hessian", *LOGISTIC,
            (50, 150, 500), labelled, logistic),
    Problem("factorization-gradient", "gradient", "factorization, gradient by U", *FACTORIZATION,
            (50, 200, 800), gaussian(T=square, U=thin, V=thin), factorization),
    Problem("factorization-Hessian", "Hessian", "factorization, Hessian by U", *FACTORIZATION,
            (50, 100, 200), gaussian(T=square, U=thin, V=thin), factorization),
    Problem("quadratic-gradient", "gradient", "x'Ax, gradient", *QUADRATIC,
            (100, 300, 1000), gaussian(A=square, x=vector), quadratic),
    Problem("quadratic-Hessian", "Hessian", "x'Ax, Hessian", *QUADRATIC,
            (100, 300, 1000), gaussian(A=square, x=vector), quadratic),
    Problem("least-squares-gradient", "gradient", "‖Ax−b‖², gradient", *LEAST_SQUARES,
            (100, 300, 1000), gaussian(A=tall, b=long, x=vector), least_squares),
    Problem("least-squares-Hessian", "Hessian", "‖Ax−b‖², Hessian", *LEAST_SQUARES,
            (100, 300, 1000), gaussian(A=tall, b=long, x=vector), least_squares),
    Problem("gram-Jacobian", "Jacobian", "∂(BᵀB)/∂B", "B'*B", ("B",), "B: matrix(m, n)",
            (10, 20, 30, 50), gaussian(B=square), lambda lib, B: B.T @ B),
    Problem("inverse-Jacobian", "Jacobian", "∂X⁻¹/∂X", "inv(X)", ("X",), "X: matrix(n, n)",
            (10, 20, 30, 50), invertible, lambda lib, X: lib.inv(X)),
    Problem("logdet-gradient", "gradient", "log det X, gradient", *LOGDET,
            (50, 150, 500), invertible, lambda lib, X: lib.logdet(X)),
    Problem("logdet-Hessian", "Hessian", "log det X, Hessian", *LOGDET,
            (10, 20, 30, 50), invertible, lambda lib, X: lib.logdet(X)),
    Problem("softmax-Jacobian", "Jacobian", "softmax, Jacobian", "softmax(x)", ("x",), "x: vector(n)",
            (50, 200, 1000), gaussian(x=vector), lambda lib, x: lib.softmax(x)),
    Problem("logsumexp-Hessian", "Hessian", "logsumexp(Ax), Hessian", "logsumexp(A*x)", ("x",),
            "A: matrix(m, n); x: vector(n)",
            (50, 150, 500), gaussian(A=tall, x=vector), lambda lib, A, x: lib.logsumexp(A @ x)),
    Problem("network-gradients", "gradient", "three layers, gradients by all weights", *NETWORK,
            (50, 150, 400), classes, network),
    Problem("network-Hessian", "Hessian", "three layers, Hessian by the first weights", *NETWORK_OF_ONE,
            (10, 20, 30), gaussian(W1=square, W2=square, W3=square, x=vector, y=vector), network_of_one),
    Problem("linear-vjp", "vjp", "linear layer, product with a cotangent", "X*W", ("W", "X"),
            "X: matrix(m, n); W: matrix(n, p)",
            (64, 256, 1024), gaussian(W=square, X=batch, u=batch), lambda lib, W, X: X @ W),
    Problem("gaussian-gradients", "gradient", "Gaussian likelihood, by mean and covariance", *LIKELIHOOD,
            (50, 150, 400), sample, likelihood),
)  # fmt: skip


def parts(result: Any, wrt: tuple[str, ...]) -> list[np.ndarray]:
    """The arrays of a result in the order of the variables."""
    return [np.asarray(result[name] if isinstance(result, Mapping) else result) for name in wrt]


def largest(values: Values, result: list[np.ndarray]) -> int:
    """The entries of the largest array among arguments and results."""
    return max(array.size for array in [*values.values(), *result])
