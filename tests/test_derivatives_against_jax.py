"""Every derivative of the corpus against automatic differentiation of a hand-written JAX function.

The two share no code: the reference never sees the text, and the engine never sees the reference.
"""

from __future__ import annotations

import inspect
import itertools
import math
import re

import numpy as np
import pytest
from corpus import TASKS, Task, draw, parameter, reference_derivative, reference_value, symbol_values
from tasks import arguments, derived, emitted_value, named

import matcalc

pytest.importorskip("jax", reason="the references are JAX functions; `pip install .[oracle]` brings it")

PLAIN = [task for task in TASKS if not task.has_symbols]
#: Tasks whose derivative is zero everywhere; for all others a zero would mean that the values drawn tell nothing.
ZERO = {
    "sign-of-vector", "step-of-vector",
    *(f"{name}-second-by-matrix" for name in ("abs", "sign", "relu", "step")),
    *(f"{name}-third-by-scalar" for name in ("abs", "sign", "relu", "step")),
    "matrix-power-zero", "quadratic-form-third", "invertible-by-itself", "matrix-of-one-column",
    "absent-vector", "absent-matrix", "absent-scalar", "linear-second", "cancelling", "constant-of-the-variable",
}  # fmt: skip
EVERY_VARIABLE_OCCURS = [task for task in PLAIN if not task.name.startswith("absent-")]


def sizes_of(declarations, shapes: dict[str, tuple[int, ...]]) -> dict[str, int]:
    """The size of each dimension that the stated declarations name, from the shapes of the values."""
    stated = re.findall(r"^\s*(\w+)\s*:\s*(?:vector|matrix)\(([^()]*)\)", "\n".join(declarations), re.MULTILINE)
    pairs = (zip(axes.replace(" ", "").split(","), shapes[name], strict=True) for name, axes in stated)
    return dict(itertools.chain.from_iterable(pairs))


def sized(shape: tuple[str, ...], sizes: dict[str, int]) -> tuple[int, ...]:
    """A symbolic shape at sizes; an axis may be a product such as `m*n`."""
    return tuple(math.prod(sizes.get(part) or int(part) for part in axis.split("*")) for axis in shape)


def test_the_corpus_has_distinguishing_sizes() -> None:
    """A swapped axis shows: no two dimensions of a task have one size; and no two tasks one name."""
    for task in TASKS:
        sizes = [task.sizes[dimension] for dimension in task.dimensions]
        assert len(set(sizes)) == len(sizes), task.name
    assert len({task.name for task in TASKS}) == len(TASKS) >= 200


@named(TASKS)
def test_value_is_that_of_automatic_differentiation(task: Task) -> None:
    """Axes of E, then axes of X; a vector by a vector in denominator layout transposed."""
    arrays = draw(task)
    found = emitted_value(task, arrays, symbol_values(task, arrays))
    expected = reference_derivative(task, arrays)
    assert (np.abs(expected).max() < 1e-12) == (task.name in ZERO)
    assert np.shape(found) == expected.shape
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9 * np.abs(expected).max(initial=1e-3))


@named(PLAIN)
def test_shape_is_that_of_the_value(task: Task) -> None:
    arrays = draw(task)
    sizes = sizes_of(derived(task).declarations, {name: np.shape(array) for name, array in arrays.items()})
    assert sized(derived(task).shape, sizes) == emitted_value(task, arrays).shape


@named(EVERY_VARIABLE_OCCURS)
def test_parameters_are_all_variables_in_alphabetical_order(task: Task) -> None:
    parameters = inspect.signature(derived(task).function()).parameters
    assert list(parameters) == sorted(parameter(name) for name in task.variables)


@named([task for task in PLAIN if task.order == 1][::6])
def test_value_stands_beside_the_derivative(task: Task) -> None:
    """With `value=True` the emitted function returns the pair (value, derivative)."""
    arrays = draw(task)
    pair = derived(task).function(value=True)
    value, found = pair(**arguments(pair, task, arrays))
    expected = np.asarray(reference_value(task, arrays)(arrays[task.wrt]))
    np.testing.assert_allclose(value, expected, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(found, emitted_value(task, arrays), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("names", [("W_3", "b_1"), ("W_1", "W_2", "b_3", "x")], ids="-".join)
def test_several_derivatives_come_from_one_function(names: tuple[str, ...]) -> None:
    """For several variables the emitted function returns a dict by name."""
    tasks = {task.wrt: task for task in TASKS if task.name.startswith("three-layers-by-")}
    some = tasks[names[0]]
    found = matcalc.derive(some.source, wrt=list(names), declare=some.declare)
    namespace: dict = {}
    exec(found.numpy(), namespace)
    arrays = draw(some)
    results = namespace["derivative"](**arrays)
    assert list(results) == list(found) == list(names)
    for name in names:
        expected = reference_derivative(tasks[name], arrays)
        np.testing.assert_allclose(results[name], expected, rtol=1e-9, atol=1e-9 * np.abs(expected).max())
