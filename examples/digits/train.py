"""Train a network on handwritten digits with gradients that matcalc derived, and with NumPy alone.

    pip install ".[examples]"
    python examples/digits/train.py --plot loss.png

`network.mc` is the network.  matcalc reads it and writes a NumPy function of its loss and gradients, the same as

    matcalc derive examples/digits/network.mc --wrt W_1 --wrt b_1 --wrt W_2 --wrt b_2 --emit numpy --value

prints; stochastic gradient descent with momentum does the rest.  The 1,797 pictures of 8 by 8 pixels come with
scikit-learn.  Batches may be of any size, since the shapes in the derivation are symbols.

With `--compare` the whole run is done again with JAX's gradients of the same loss, written by hand; the two end at the
same weights, to rounding (`pip install ".[oracle]"` brings JAX).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
import numpy as np
from sklearn.datasets import load_digits

import matcalc

NETWORK = Path(__file__).with_name("network.mc")
Weights = dict[str, np.ndarray]
#: The loss and its gradients of the weights, a batch of pictures and their labels.
Gradients = Callable[..., tuple[float, Weights]]


@dataclass(frozen=True)
class Digits:
    """Pictures as rows, brightness from 0 to 1, and labels as rows with one 1: a part to learn from, a part to test with."""

    pictures: np.ndarray
    labels: np.ndarray
    test_pictures: np.ndarray
    test_labels: np.ndarray

    @staticmethod
    def load(generator: np.random.Generator) -> Digits:
        """A quarter of the pictures, drawn at random, is kept for the test."""
        pictures, digits = load_digits(return_X_y=True)
        order = generator.permutation(len(digits))
        test, rest = np.split(order, [len(digits) // 4])
        pictures, labels = pictures / 16, np.eye(10)[digits]
        return Digits(pictures[rest], labels[rest], pictures[test], labels[test])


@dataclass
class Run:
    """What a run ends with, and the losses after each pass over the data."""

    weights: Weights
    losses: list[float] = field(default_factory=list)
    test_losses: list[float] = field(default_factory=list)
    accuracy: float = 0.0


# ---- Gradients ------------------------------------------------------------------------------------------------------


def derived_gradients() -> Gradients:
    """The NumPy function that matcalc writes."""
    derivatives = matcalc.derive(NETWORK.read_text(encoding="utf-8"), wrt=["W_1", "b_1", "W_2", "b_2"], name=NETWORK.name)
    return derivatives.function(value=True)


def jax_gradients() -> Gradients:
    """Automatic differentiation of the same loss."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)

    def loss(weights: Weights, X: Any, Y: Any) -> Any:
        hidden = jnp.tanh(X @ weights["W_1"] + weights["b_1"])
        logits = jax.nn.log_softmax(hidden @ weights["W_2"] + weights["b_2"], axis=1)
        return -jnp.mean(jnp.sum(Y * logits, axis=1))

    compiled = jax.jit(jax.value_and_grad(loss))

    def gradients(X: np.ndarray, Y: np.ndarray, **weights: np.ndarray) -> tuple[float, Weights]:
        value, found = compiled(weights, X, Y)
        return float(value), {name: np.asarray(gradient) for name, gradient in found.items()}

    return gradients


# ---- Training -------------------------------------------------------------------------------------------------------


def first_weights(hidden: int, generator: np.random.Generator) -> Weights:
    """Small random weights, such that a layer neither blows up nor fades out."""
    return {
        "W_1": generator.normal(size=(64, hidden)) / 8,
        "b_1": np.zeros(hidden),
        "W_2": generator.normal(size=(hidden, 10)) / np.sqrt(hidden),
        "b_2": np.zeros(10),
    }


def batches(count: int, size: int, generator: np.random.Generator) -> list[np.ndarray]:
    """All numbers below `count` in random order, in pieces of a size; the last piece is what is left."""
    order = generator.permutation(count)
    return np.split(order, range(size, count, size))


def train(
    gradients: Gradients, digits: Digits, weights: Weights, *, epochs: int, batch: int, rate: float, seed: int, label: str
) -> Run:
    """Stochastic gradient descent with momentum 0.9 and a step size that falls to 0; the same seed takes the same batches."""
    generator = np.random.default_rng(seed)
    run, velocity = Run(dict(weights)), {name: np.zeros_like(weight) for name, weight in weights.items()}
    with click.progressbar(range(epochs), label=label, item_show_func=lambda _: progress(run)) as bar:
        for epoch in bar:
            step = rate * (1 - epoch / epochs)
            for chosen in batches(len(digits.pictures), batch, generator):
                _, found = gradients(X=digits.pictures[chosen], Y=digits.labels[chosen], **run.weights)
                for name, gradient in found.items():
                    velocity[name] = 0.9 * velocity[name] - step * gradient
                    run.weights[name] = run.weights[name] + velocity[name]
            measure(run, gradients, digits)
    return run


def measure(run: Run, gradients: Gradients, digits: Digits) -> None:
    """Note the losses, and the accuracy on the pictures that were kept for the test."""
    run.losses.append(gradients(X=digits.pictures, Y=digits.labels, **run.weights)[0])
    run.test_losses.append(gradients(X=digits.test_pictures, Y=digits.test_labels, **run.weights)[0])
    run.accuracy = float(np.mean(read(run.weights, digits.test_pictures) == digits.test_labels.argmax(axis=1)))


def read(weights: Weights, pictures: np.ndarray) -> np.ndarray:
    """The digits that the network sees in the pictures."""
    hidden = np.tanh(pictures @ weights["W_1"] + weights["b_1"])
    return (hidden @ weights["W_2"] + weights["b_2"]).argmax(axis=1)


def progress(run: Run) -> str:
    """The last loss, beside the bar."""
    return f"loss {run.losses[-1]:.4f}" if run.losses else ""


def difference(weights: Weights, others: Weights) -> float:
    """The largest difference of two sets of weights, relative to the largest weight."""
    return max(float(np.abs(weights[name] - others[name]).max() / np.abs(others[name]).max()) for name in others)


# ---- Pictures and the command ---------------------------------------------------------------------------------------


def plot(run: Run, path: str) -> None:
    """Draw both losses over the passes."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6.4, 4), layout="constrained")
    passes = range(1, len(run.losses) + 1)
    axes.semilogy(passes, run.losses, label="pictures to learn from")
    axes.semilogy(passes, run.test_losses, label="pictures kept for the test")
    axes.set(xlabel="pass over the data", ylabel="mean cross-entropy", title=f"test accuracy {run.accuracy:.1%}")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter("")
    axes.grid(alpha=0.3, which="both")
    axes.legend()
    figure.savefig(path, dpi=150)
    pyplot.close(figure)


@click.command()
@click.option("--epochs", type=click.IntRange(1), default=30, show_default=True, help="passes over the data")
@click.option("--batch", type=click.IntRange(1), default=32, show_default=True, help="pictures in a batch")
@click.option("--rate", default=0.2, show_default=True, help="step size at the beginning")
@click.option("--hidden", type=click.IntRange(1), default=48, show_default=True, help="units between the layers")
@click.option("--seed", default=0, show_default=True, help="of everything that is drawn")
@click.option("--plot", "picture", metavar="FILE", help="draw the losses, as PNG or another format of matplotlib")
@click.option("--compare", is_flag=True, help="do the same run with JAX's gradients")
def main(epochs: int, batch: int, rate: float, hidden: int, seed: int, picture: str | None, compare: bool) -> None:
    """Train the network of network.mc on handwritten digits."""
    generator = np.random.default_rng(seed)
    digits, weights = Digits.load(generator), first_weights(hidden, generator)
    settings = {"epochs": epochs, "batch": batch, "rate": rate, "seed": seed}
    run = train(derived_gradients(), digits, weights, **settings, label="NumPy")
    click.echo(f"loss {run.losses[-1]:.4f}, test accuracy {run.accuracy:.2%}")
    if picture:
        plot(run, picture)
        click.echo(f"losses drawn in {picture}")
    if compare:
        other = train(jax_gradients(), digits, weights, **settings, label="JAX  ")
        click.echo(f"largest relative difference of the final weights: {difference(run.weights, other.weights):.1e}")


if __name__ == "__main__":
    main()
