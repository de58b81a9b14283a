"""The programs of examples/programs, each beside the same function written by hand with JAX.

A function here never sees the program's text.  It is called as the file is, with dashes for underscores; its parameters
are the program's variables, and its decorator says what they are as in corpus.py: the axes, then what is declared, then
hints with a tilde that only restrict where values are drawn.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from corpus import DRAW, UNKNOWN, Variable, _loss, crossentropy, jax, jnp, logdet, parameter, relu, variable

FOLDER = Path(__file__).resolve().parent.parent / "examples" / "programs"


@dataclass(frozen=True)
class Network:
    """A program and the same function for JAX."""

    name: str
    value: Callable[..., Any]
    variables: Mapping[str, Variable]
    functions: tuple[str, ...] = ()
    #: What is handed over by its value instead of its arguments: the name, its argument, the argument's value.
    losses: tuple[tuple[str, str, Callable[..., Any]], ...] = ()

    @cached_property
    def source(self) -> str:
        return (FOLDER / f"{self.name}.mc").read_text(encoding="utf-8")

    @cached_property
    def sizes(self) -> dict[str, int]:
        """The sizes of the dimensions: from 2 up, no two the same."""
        axes = itertools.chain.from_iterable(described.axes for described in self.variables.values())
        return dict(zip(dict.fromkeys(axes), itertools.count(2), strict=False))

    def draw(self, seed: int = 0) -> dict[str, Any]:
        """Random values of the variables."""
        generator = np.random.default_rng([seed, *self.name.encode()])
        drawn = {}
        for name, described in self.variables.items():
            kind = (*described.domains, *described.properties, "real")[0]
            value = DRAW[kind](generator, described.shape(self.sizes))
            drawn[name] = value if described.axes else float(value)
        return drawn

    @cached_property
    def _automatic(self) -> Callable[..., Any]:
        """Value and gradients of the reference, compiled once."""
        given = {name: UNKNOWN[name].reference for name in self.functions}
        given |= {name: LOSSES[name] for name, _, _ in self.losses}

        def function(moving: Mapping[str, Any]) -> Any:
            return self.value(**given, **{parameter(name): at for name, at in moving.items()})

        return jax.jit(jax.value_and_grad(function))

    def gradients(self, values: Mapping[str, Any]) -> tuple[Any, dict[str, np.ndarray]]:
        """The value and its gradients by all variables, by automatic differentiation."""
        value, found = self._automatic({name: jnp.asarray(at) for name, at in values.items()})
        return np.asarray(value), {name: np.asarray(gradient) for name, gradient in found.items()}

    def symbols(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """What emitted code asks for besides the variables: `f` and `df`, or `L` and `dL_dY`."""
        made: dict[str, Any] = {}
        for name in self.functions:
            made |= {name: UNKNOWN[name].derivatives[0], f"d{name}": UNKNOWN[name].derivatives[1]}
        for name, argument, at in self.losses:
            point = jnp.asarray(at(**{parameter(key): value for key, value in values.items()}))
            made |= {name: np.asarray(LOSSES[name](point)), f"d{name}_d{argument}": np.asarray(jax.grad(LOSSES[name])(point))}
        return made


LOSSES = {"L": _loss(1)}
NETWORKS: dict[str, Network] = {}


def network(
    *,
    functions: tuple[str, ...] = (),
    losses: tuple[tuple[str, str, Callable[..., Any]], ...] = (),
    **variables: str,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The decorated function is the program that is called like it, of these variables."""

    def add(function: Callable[..., Any]) -> Callable[..., Any]:
        name = function.__name__.replace("_", "-")
        described = {key: variable(text) for key, text in variables.items()}
        NETWORKS[name] = Network(name, function, described, functions, losses)
        return function

    return add


def half_square(r: Any) -> Any:
    return jnp.vdot(r, r) / 2


def sigmoid(t: Any) -> Any:
    return 1 / (1 + jnp.exp(-t))


# ---- Of the lectures ------------------------------------------------------------------------------------------------


@network(x="")
def intermediate_values(x):
    return jnp.sqrt(x**2 + jnp.exp(x**2)) + jnp.cos(x**2 + jnp.exp(x**2))


@network(u="m", W="m n", x="n", b="m", functions=("f",))
def one_hidden_layer(u, W, x, b, f):
    return jnp.vdot(u, f(W @ x + b))


@network(X="N D", W="D M", losses=(("L", "Y", lambda X, W: X @ W),))
def linear_layer(X, W, L):
    return L(jnp.einsum("nd,dm->nm", X, W))


@network(x="D", y="C simplex", W="M D", U="C M")
def relu_softmax(x, y, W, U):
    theta = U @ relu(W @ x)
    exponentials = jnp.exp(theta)
    return crossentropy(y, exponentials / exponentials.sum())


@network(x="N D", y="N C", W_1="D H", b_1="H", W_2="H C", b_2="C")
def batch_network(x, y, W_1, b_1, W_2, b_2):
    return jnp.sum((sigmoid(x @ W_1 + b_1) @ W_2 + b_2 - y) ** 2) / x.shape[0]


# ---- Classifiers ----------------------------------------------------------------------------------------------------


@network(X="m n", w="n", y="m", beta="", **{"lambda": ""})
def logistic(X, w, y, beta, lambda_):
    p = sigmoid(X @ w + beta)
    return -jnp.sum(y * jnp.log(p) + (1 - y) * jnp.log(1 - p)) + lambda_ / 2 * jnp.sum(w**2)


@network(x="D", y="C simplex", W_1="H D", b_1="H", W_2="M H", b_2="M", W_3="N M", b_3="N", U="C N", c="C")
def classifier(x, y, W_1, b_1, W_2, b_2, W_3, b_3, U, c):
    for W, b in ((W_1, b_1), (W_2, b_2), (W_3, b_3)):
        x = jnp.tanh(W @ x + b)
    return -y @ jax.nn.log_softmax(U @ x + c)


@network(X="N D", Y="N C simplex", W_1="D H", b_1="H", W_2="H M", b_2="M", W_3="M L", b_3="L", U="L C", c="C")
def classifier_batch(X, Y, W_1, b_1, W_2, b_2, W_3, b_3, U, c):
    for W, b in ((W_1, b_1), (W_2, b_2), (W_3, b_3)):
        X = relu(X @ W + b)
    return -jnp.mean(jnp.sum(Y * jax.nn.log_softmax(X @ U + c, axis=1), axis=1))


def layer_variables(count: int) -> dict[str, str]:
    """The variables of so many layers, each of a size of its own."""
    kinds = {f"W_{k}": f"n_{k} n_{k - 1}" for k in range(1, count + 1)} | {f"b_{k}": f"n_{k}" for k in range(1, count + 1)}
    return {"h_0": "n_0", "y": f"n_{count}"} | kinds


@network(**layer_variables(4))
def layers(h_0, y, **weights):
    for k in range(1, len(weights) // 2 + 1):
        h_0 = jnp.tanh(weights[f"W_{k}"] @ h_0 + weights[f"b_{k}"])
    return half_square(h_0 - y)


@network(x="D", t="C", G="K D", B="H D", A="K H", V="C K")
def experts(x, t, G, B, A, V):
    gate = jax.nn.softmax(G @ x)
    said = jnp.tanh(A @ jax.nn.gelu(B @ x, approximate=False))
    return half_square(jnp.einsum("ck,k,k->c", V, gate, said) - t)


@network(S="N N", X="N D", Y="N C simplex", W_1="D H", W_2="H C")
def graph_network(S, X, Y, W_1, W_2):
    logits = S @ relu(S @ X @ W_1) @ W_2
    return -jnp.sum(Y * jax.nn.log_softmax(logits, axis=1)) / S.shape[0]


# ---- Weights that are used again ------------------------------------------------------------------------------------


@network(h_0="n", t="n", W_1="m n", b_1="m", U_1="n m", W_2="m n", b_2="m", U_2="n m")
def residual(h_0, t, W_1, b_1, U_1, W_2, b_2, U_2):
    for W, b, U in ((W_1, b_1, U_1), (W_2, b_2, U_2)):
        h_0 = h_0 + U @ jax.nn.gelu(W @ h_0 + b, approximate=False)
    return half_square(h_0 - t)


@network(x="n", t="n", W="n n", b="n")
def shared_weight(x, t, W, b):
    return half_square(jnp.tanh(W @ jnp.tanh(W @ x + b) + b) - t)


@network(x="n", y="n", W="m n ~small", b="m", mu="~positive")
def siamese(x, y, W, b, mu):
    distance = jnp.sum((jnp.tanh(W @ x + b) - jnp.tanh(W @ y + b)) ** 2)
    return distance + jnp.where(mu > distance, (mu - distance) ** 2, 0.0)


@network(X="N n", W="n k", b="k", c="n")
def tied_autoencoder(X, W, b, c):
    return jnp.mean(jnp.sum((sigmoid(X @ W + b) @ W.T + c - X) ** 2, axis=1))


# ---- Normalization and attention ------------------------------------------------------------------------------------


@network(x="D", t="C", W="n D", U="C n", g="n", b="n", epsilon="positive")
def layer_norm(x, t, W, U, g, b, epsilon):
    a = W @ x
    z = (a - jnp.mean(a)) / jnp.sqrt(jnp.var(a) + epsilon)
    return half_square(U @ relu(g * z + b) - t)


@network(X="N n", T="N n", g="n", b="n", epsilon="positive")
def layer_norm_batch(X, T, g, b, epsilon):
    Z = (X - X.mean(axis=1, keepdims=True)) / jnp.sqrt(X.var(axis=1, keepdims=True) + epsilon)
    return jnp.sum((Z * g + b - T) ** 2) / X.shape[0]


@network(X="N n", T="N n", W="n n", g="n", b="n", epsilon="positive")
def batch_norm(X, T, W, g, b, epsilon):
    A = X @ W
    Z = (A - A.mean(axis=0)) / jnp.sqrt(A.var(axis=0) + epsilon)
    return jnp.sum((Z * g + b - T) ** 2) / X.shape[0]


@network(X="N D", T="N M", W_Q="D d", W_K="D d", W_V="D M", W_O="M M")
def attention(X, T, W_Q, W_K, W_V, W_O):
    scores = jnp.einsum("id,jd->ij", X @ W_Q, X @ W_K) / np.sqrt(W_Q.shape[1])
    return jnp.sum((jax.nn.softmax(scores, axis=1) @ X @ W_V @ W_O - T) ** 2) / X.shape[0]


def _heads(**axes: str) -> dict[str, str]:
    return {f"{name}_{k}": text for k in (1, 2) for name, text in axes.items()}


@network(X="N D", T="N D", **_heads(Q="D d", K="D d", V="D M", P="M D"))
def multi_head(X, T, **weights):
    Q, K, V, P = (jnp.stack([weights[f"{name}_{k}"] for k in (1, 2)]) for name in "QKVP")
    scores = jnp.einsum("nd,hdk,hek,me->hnm", X, Q, K, X) / np.sqrt(Q.shape[2])
    Y = X + jnp.einsum("hnm,md,hdk,hke->ne", jax.nn.softmax(scores, axis=2), X, V, P)
    return jnp.sum((Y - T) ** 2) / X.shape[0]


# ---- Sequences ------------------------------------------------------------------------------------------------------


def _inputs(letter: str, axes: str) -> dict[str, str]:
    return {f"{letter}_{k}": axes for k in range(1, 9)}


@network(W="n n", V="n D", b="n", u="n", h_0="n", **_inputs("x", "D"), **_inputs("t", ""))
def rnn(W, V, b, u, h_0, **series):
    def step(h, at):
        x, t = at
        h = jnp.tanh(W @ h + V @ x + b)
        return h, (u @ h - t) ** 2

    xs, ts = (jnp.stack([series[f"{letter}_{k}"] for k in range(1, 9)]) for letter in "xt")
    return jax.lax.scan(step, h_0, (xs, ts))[1].sum()


def _gates(letters: str) -> dict[str, str]:
    return {f"{kind}_{letter}": axes for letter in letters for kind, axes in (("W", "n D"), ("U", "n n"), ("b", "n"))}


def _affine(weights: Mapping[str, Any], gate: str, x: Any, h: Any) -> Any:
    return weights[f"W_{gate}"] @ x + weights[f"U_{gate}"] @ h + weights[f"b_{gate}"]


@network(x="D", h="n", t="n", **_gates("zrc"))
def gru(x, h, t, **weights):
    z, r = (sigmoid(_affine(weights, gate, x, h)) for gate in "zr")
    candidate = jnp.tanh(_affine(weights, "c", x, r * h))
    return half_square(h + z * (candidate - h) - t)


@network(x="D", h="n", c="n", t="n", **_gates("fioc"))
def lstm(x, h, c, t, **weights):
    forget, write, read = (sigmoid(_affine(weights, gate, x, h)) for gate in "fio")
    cell = forget * c + write * jnp.tanh(_affine(weights, "c", x, h))
    return half_square(read * jnp.tanh(cell) - t)


# ---- Probability ----------------------------------------------------------------------------------------------------


@network(x="D", t="", W="H D", b="H", A="K H", B="K H", C="K H")
def mixture_density(x, t, W, b, A, B, C):
    h = jnp.tanh(W @ x + b)
    deviation = jnp.exp(C @ h)
    densities = jnp.exp(-((t - B @ h) ** 2) / (2 * deviation**2)) / (deviation * np.sqrt(2 * np.pi))
    return -jnp.log(jax.nn.softmax(A @ h) @ densities)


@network(x="D", epsilon="k", W="H D", b="H", M="k H", S="k H", V="H k", c="H", U="D H", a="D")
def vae(x, epsilon, W, b, M, S, V, c, U, a):
    h = jnp.tanh(W @ x + b)
    mean, variance = M @ h, jnp.exp(S @ h)
    decoded = U @ jnp.tanh(V @ (mean + jnp.sqrt(variance) * epsilon) + c) + a
    divergence = (jnp.sum(variance) + mean @ mean - mean.size - jnp.sum(jnp.log(variance))) / 2
    return half_square(x - decoded) + divergence


@network(X="N D", t="N", W="D k", sigma="positive")
def gaussian_process(X, t, W, sigma):
    features = jnp.tanh(X @ W)
    covariance = features @ features.T + sigma**2 * jnp.eye(t.size)
    return t @ jnp.linalg.solve(covariance, t) / 2 + logdet(covariance) / 2 + t.size * np.log(2 * np.pi) / 2


@network(X="N D", Y="N E", V="D k", W="E k", tau="positive")
def matching(X, Y, V, W, tau):
    scores = jnp.tanh(X @ V) @ jnp.tanh(Y @ W).T / tau
    both = [jnp.diagonal(jax.nn.log_softmax(scores, axis=axis)).mean() for axis in (0, 1)]
    return -sum(both) / 2


@network(T="m n", B="m n", U="m k", V="n k", **{"lambda": ""})
def factorization(T, B, U, V, lambda_):
    return half_square(B * (jnp.einsum("ik,jk->ij", U, V) - T)) + lambda_ * (half_square(U) + half_square(V))
