"""The training run of examples/digits: emitted NumPy learns to read digits, and ends where JAX's gradients end."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from click.testing import CliRunner

pytest.importorskip("sklearn", reason="the digits come with scikit-learn; `pip install .[examples]` brings it")

SCRIPT = Path(__file__).resolve().parent.parent / "examples" / "digits" / "train.py"


@pytest.fixture(scope="module")
def example() -> ModuleType:
    """The script as a module."""
    spec = importlib.util.spec_from_file_location("digits_example", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def printed(example: ModuleType, *options: str) -> str:
    """What the script prints."""
    result = CliRunner().invoke(example.main, options, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def number(pattern: str, text: str) -> float:
    """The number that stands after some words."""
    (found,) = re.findall(pattern + r" ([-+.e\d]+)", text)
    return float(found)


def test_the_network_reads_more_than_95_of_100_digits(example: ModuleType) -> None:
    """Digits that it has not seen before; and the pictures show different digits, so that guessing would not do."""
    digits = example.Digits.load(np.random.default_rng(0))
    assert digits.test_labels.mean(axis=0).max() < 0.15
    assert number("test accuracy", printed(example, "--epochs", "15")) > 95


def test_the_accuracy_that_is_told_is_that_of_the_weights(example: ModuleType) -> None:
    generator = np.random.default_rng(0)
    digits, weights = example.Digits.load(generator), example.first_weights(16, generator)
    run = example.train(example.derived_gradients(), digits, weights, epochs=2, batch=50, rate=0.2, seed=0, label="")
    hidden = np.tanh(digits.test_pictures @ run.weights["W_1"] + run.weights["b_1"])
    right = sum(
        np.argmax(row @ run.weights["W_2"] + run.weights["b_2"]) == np.argmax(label)
        for row, label in zip(hidden, digits.test_labels, strict=True)
    )
    assert run.accuracy == right / len(digits.test_labels)
    assert run.losses[1] < run.losses[0]


def test_the_run_with_gradients_of_jax_ends_at_the_same_weights(example: ModuleType) -> None:
    pytest.importorskip("jax", reason="the other run takes its gradients; `pip install .[oracle]` brings it")
    output = printed(example, "--epochs", "5", "--compare")
    assert 0 < number("difference of the final weights:", output) < 1e-12


def test_the_losses_are_drawn(example: ModuleType, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="it draws the losses; `pip install .[examples]` brings it")
    printed(example, "--epochs", "2", "--plot", str(tmp_path / "loss.png"))
    assert (tmp_path / "loss.png").read_bytes().startswith(b"\x89PNG\r\n")


def test_the_network_is_trained_without_any_automatic_differentiation() -> None:
    """In a process of its own, neither JAX nor PyTorch is imported."""
    check = f"import runpy, sys; sys.argv = ['train.py', '--epochs', '1']; runpy.run_path({str(SCRIPT)!r}, run_name='__main__')"
    told = "import atexit, sys; atexit.register(lambda: print(sorted({'jax', 'torch', 'autograd'} & set(sys.modules))))"
    done = subprocess.run([sys.executable, "-c", f"{told}\n{check}"], capture_output=True, text=True, timeout=60, check=True)
    assert "test accuracy" in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"
