"""The array libraries that run emitted code: how a value is passed to each, and how an answer is read.

`python -m tests.libraries` runs every derivative of the corpus with every library against NumPy; the suite takes a sample.
"""

from __future__ import annotations

import importlib.util
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

__all__ = ["ALL", "LIBRARIES", "Library"]


def itself(value: Any) -> Any:
    return value


@dataclass(frozen=True)
class Library:
    """An array library: the target of its code, the module that it needs, how values go in and come out."""

    name: str
    target: str
    module: str
    into: Callable[[np.ndarray], Any]
    out: Callable[[Any], Any] = np.asarray

    @property
    def installed(self) -> bool:
        return all(importlib.util.find_spec(name) for name in (self.module, *self.needs))

    @property
    def needs(self) -> tuple[str, ...]:
        return ("array_api_compat",) if self.target == "array-api" else ()

    def passed(self, value: Any) -> Any:
        """A value as the library takes it; functions and sizes are passed as they are."""
        return value if callable(value) or isinstance(value, int) else self.into(np.asarray(value, float))


def jax_array(value: np.ndarray) -> Any:
    import jax

    jax.config.update("jax_enable_x64", True)
    return jax.numpy.asarray(value)


def torch_tensor(value: np.ndarray) -> Any:
    import torch

    return torch.as_tensor(value, dtype=torch.float64)


def strict_array(value: np.ndarray) -> Any:
    import array_api_strict

    return array_api_strict.asarray(value)


def dask_array(value: np.ndarray) -> Any:
    import dask.array

    return dask.array.asarray(value)


def symbolic(value: np.ndarray) -> Any:
    import sympy

    exact = [sympy.Float(entry) for entry in value.ravel().tolist()]
    return sympy.Array(exact, value.shape) if value.ndim else exact[0]


def evaluated(answer: Any) -> np.ndarray:
    entries = np.array(answer.tolist() if hasattr(answer, "tolist") else answer, dtype=object)
    return np.vectorize(lambda entry: float(entry), otypes=[float])(entries) if entries.size else entries


LIBRARIES = {
    library.name: library
    for library in (
        Library("jax", "jax", "jax", jax_array),
        Library("torch", "torch", "torch", torch_tensor),
        Library("array-api-strict", "array-api", "array_api_strict", strict_array),
        Library("array-api-numpy", "array-api", "numpy", itself),
        Library("array-api-torch", "array-api", "torch", torch_tensor),
        Library("dask", "array-api", "dask", dask_array, lambda answer: np.asarray(answer.compute())),
        Library("sympy", "sympy", "sympy", symbolic, evaluated),
    )
}

#: A parameter of tests for each library; where one is not installed, its tests are skipped.
ALL = [
    pytest.param(library, id=name, marks=pytest.mark.skipif(not library.installed, reason=f"{name} is not installed"))
    for name, library in LIBRARIES.items()
]


def sweep(names: list[str]) -> int:
    """Every derivative of the corpus with some libraries; the number that disagree."""
    from tasks import arguments, derived, emitted_value

    from matcalc.codegen import Source, compile_function
    from tests.corpus import TASKS, draw

    counts: Counter[str] = Counter()
    for task in (task for task in TASKS if not task.has_symbols):
        arrays = draw(task)
        expected = emitted_value(task, arrays)
        for library in (LIBRARIES[name] for name in names):
            function = compile_function(Source(derived(task).code(library.target)))
            given = {key: library.passed(value) for key, value in arguments(function, task, arrays).items()}
            try:
                found = library.out(function(**given))
                assert found.shape == expected.shape
                np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9 * max(1e-3, np.abs(expected).max(initial=0)))
                counts[library.name, "right"] += 1
            except (AssertionError, AttributeError, TypeError, ValueError, NotImplementedError) as error:
                counts[library.name, "wrong"] += 1
                print(f"{library.name} {task.name}: {type(error).__name__} {str(error).strip()[:100]}")
    print(*(f"{name} {verdict}: {count}" for (name, verdict), count in sorted(counts.items())), sep="\n")
    return sum(count for (_, verdict), count in counts.items() if verdict == "wrong")


if __name__ == "__main__":
    sys.path.insert(0, "tests")
    sys.exit(min(1, sweep(sys.argv[1:] or [name for name in LIBRARIES if LIBRARIES[name].installed])))
