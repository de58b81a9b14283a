"""Every smooth derivative of the corpus against central differences of the plain numeric interpreter.

Needs no JAX. Each task is taken twice: at sizes that are pairwise different, and with one dimension of size 1.
A derivative of order k is compared with differences of the one of order k - 1, which the interpreter finds by
Taylor arithmetic.
"""

from __future__ import annotations

import numpy as np
from corpus import TASKS, Task, draw, in_layout
from interpreter import Reading, differences
from tasks import emitted_value, functions_of, named

SMOOTH = [task for task in TASKS if task.is_smooth and not task.dependents]
ABSENT = [task for task in SMOOTH if task.name.startswith("absent-")]
PRESENT = [task for task in SMOOTH if task not in ABSENT]
RESIZABLE = [task for task in PRESENT if task.dimensions]


def numeric_derivative(task: Task, arrays: dict) -> np.ndarray:
    """The derivative by differences, its axes in the order that the layout prescribes."""
    reading = Reading.of(task.source, task.declare, task.layout, functions_of(task))
    form = reading.jacobian(task.wrt, task.order - 1)
    sizes = reading.sizes(arrays)

    def value(moved: np.ndarray) -> np.ndarray:
        return reading.value({**arrays, task.wrt: moved}, sizes, form)

    return in_layout(task, differences(value, arrays[task.wrt]))


def assert_agree(found: np.ndarray, expected: np.ndarray) -> None:
    assert np.shape(found) == expected.shape
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-7 * np.abs(expected).max(initial=0.1))


@named(PRESENT)
def test_value_is_that_of_differences(task: Task) -> None:
    arrays = draw(task)
    assert_agree(emitted_value(task, arrays), numeric_derivative(task, arrays))


@named(RESIZABLE)
def test_value_is_that_of_differences_with_a_size_of_one(task: Task) -> None:
    arrays = draw(task, thin=True)
    assert_agree(emitted_value(task, arrays), numeric_derivative(task, arrays))


@named(ABSENT)
def test_derivative_by_an_absent_variable_is_zero(task: Task) -> None:
    arrays = draw(task)
    value = Reading.of(task.source, task.declare).value(arrays)
    found = emitted_value(task, arrays)
    assert np.shape(found) == np.shape(value) + np.shape(arrays[task.wrt])
    assert not np.any(found)
