"""What matcalc answers to a task of the corpus: its derivative, and the value of the code that it emits."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from functools import cache

import numpy as np
import pytest
from corpus import TASKS, UNKNOWN, Task, parameter

import matcalc

BY_NAME = {task.name: task for task in TASKS}


def named(tasks: Iterable[Task]) -> pytest.MarkDecorator:
    """One test for each task, called by its name."""
    return pytest.mark.parametrize("task", list(tasks), ids=lambda task: task.name)


@cache
def _derived(name: str) -> matcalc.Derivative:
    task = BY_NAME[name]
    return matcalc.derive(task.source, wrt=task.wrt, declare=task.declare, layout=task.layout, order=task.order)


def derived(task: Task) -> matcalc.Derivative:
    """The derivative of a task, found once a process."""
    return _derived(task.name)


def functions_of(task: Task) -> dict:
    """What stands for the unknown functions of a task, by name and order of the derivative."""
    return {(name, order): f for name in task.functions for order, f in enumerate(UNKNOWN[name].derivatives)}


def arguments(function, task: Task, arrays: dict, further: dict | None = None) -> dict:
    """What an emitted function asks for, by name; `further` holds values that stand in for symbols."""
    known = {parameter(name): array for name, array in arrays.items()}
    known |= {("", "d", "d2", "d3")[order] + name: f for (name, order), f in functions_of(task).items()}
    known |= further or {}
    return {name: known[name] for name in inspect.signature(function).parameters}


def emitted_value(task: Task, arrays: dict, further: dict | None = None) -> np.ndarray:
    """The value of the emitted function."""
    function = derived(task).function()
    return np.asarray(function(**arguments(function, task, arrays, further)))
