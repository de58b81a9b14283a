"""Random functions of NumPy: what tracing makes of them has the value and the shape that NumPy computes.

    python -m tests.random_functions 2000        more of them than the suite runs
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import matcalc
from matcalc.tracing.arguments import Leaf, new_axes
from matcalc.tracing.array import Array
from matcalc.tracing.derived import called
from matcalc.tracing.functions import value_function
from matcalc.tracing.program import Ended, program_of
from matcalc.tracing.runs import in_language, length, upright
from matcalc.tracing.trace import Trace

__all__ = ["Outcome", "random_function", "try_function"]

SHAPES = [(), (1,), (2,), (3,), (1, 1), (2, 1), (1, 3), (3, 1), (2, 3), (3, 2), (3, 3), (2, 2), (1, 2)]

UNARY: dict[str, Callable[[Any], Any]] = {
    "exp": lambda a: np.exp(0.3 * a), "sin": np.sin, "tanh": np.tanh, "square": np.square, "neg": lambda a: -a,
    "abs": np.abs, "T": lambda a: a.T, "sum": np.sum, "mean": np.mean, "sum0": lambda a: np.sum(a, axis=0),
    "sum1": lambda a: np.sum(a, axis=-1), "keep0": lambda a: a.sum(axis=0, keepdims=True), "var": lambda a: np.var(a, axis=0),
    "keep1": lambda a: np.mean(a, axis=1, keepdims=True), "ravel": np.ravel, "column": lambda a: a[:, None],
    "row": lambda a: a[None],
    "first": lambda a: a[0], "last": lambda a: a[..., -1], "rest": lambda a: a[1:], "reversed": lambda a: a[::-1],
    "diag": np.diag, "trace": np.trace, "tril": np.tril, "det": np.linalg.det, "norm": np.linalg.norm,
    "inv": lambda a: np.linalg.inv(a @ a.T + np.eye(len(a))), "squeeze": np.squeeze, "flat": lambda a: a.reshape(-1),
    "columns": lambda a: a.ravel(order="F"), "lonely": lambda a: a.reshape(-1, 1), "ones": np.ones_like,
    "shape": lambda a: a / a.shape[0], "size": lambda a: a * np.size(a), "where": lambda a: np.where(a > 0.1, a, -2 * a),
    "clip": lambda a: np.clip(a, -0.5, 0.6), "atleast": np.atleast_2d, "expand": lambda a: np.expand_dims(a, -1),
    "positive": lambda a: 1.0 * (a >= 0.2), "sqrt": lambda a: np.sqrt(1 + a**2), "log": lambda a: np.log1p(np.abs(a)),
    "power": lambda a: np.linalg.matrix_power(a, 2), "diagonal": lambda a: a.diagonal(),
    "iterated": lambda a: sum(a) + sum(a * a),
}  # fmt: skip
BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "add": lambda a, b: a + b, "subtract": lambda a, b: a - b, "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / (2 + b**2), "matmul": lambda a, b: a @ b, "dot": np.dot, "outer": np.outer, "kron": np.kron,
    "inner": np.inner, "maximum": np.maximum, "minimum": np.minimum, "vdot": np.vdot,
    "where": lambda a, b: np.where(a < b, a, b),
    "equal": lambda a, b: np.where((a <= b) & (b < 1), a * b, 0.0), "power": lambda a, b: np.abs(a) ** (1 + b * 0.1),
    "logaddexp": np.logaddexp, "hypot": lambda a, b: np.hypot(a, b + 3),
}  # fmt: skip

#: What NumPy raises where a function is not defined.
ERRORS = (ValueError, IndexError, TypeError, np.linalg.LinAlgError)


@dataclass(frozen=True)
class Outcome:
    """What became of a function: "same", "both refuse", "refused" by tracing alone, or what is wrong."""

    verdict: str
    what: str = ""


def random_function(seed: int) -> tuple[list[np.ndarray], Callable[..., Any], str]:
    """Arguments, a function of them, and what it does; arrays beside the first ones are constants of the function."""
    chance = random.Random(seed)
    numbers = np.random.default_rng(seed)
    pool = [numbers.uniform(-1.3, 1.3, chance.choice(SHAPES)) for _ in range(3)]
    steps = [
        (chance.choice([*UNARY]), chance.randrange(12), None) if chance.random() < 0.5
        else (chance.choice([*BINARY]), chance.randrange(12), chance.randrange(12))
        for _ in range(chance.randint(2, 6))
    ]  # fmt: skip

    def function(*args: Any) -> Any:
        made = [*args, pool[2]]
        for name, first, second in steps:
            a = made[-1 - first % len(made)]
            made.append(UNARY[name](a) if second is None else BINARY[name](a, made[-1 - second % len(made)]))
        return made[-1]

    return pool[:2], function, f"{[a.shape for a in pool]} {steps}"


def expected_value(arguments: list[np.ndarray], function: Callable[..., Any]) -> np.ndarray | None:
    """What NumPy computes, if it computes anything of at most two axes."""
    try:
        with np.errstate(all="ignore"):
            value = np.asarray(function(*arguments), dtype=float)
    except ERRORS:
        return None
    return value if value.ndim <= 2 and np.isfinite(value).all() and np.abs(value).max(initial=0) < 1e8 else None


def traced_value(arguments: list[np.ndarray], function: Callable[..., Any]) -> np.ndarray:
    """What the program computes that tracing makes of a function."""
    trace = Trace(Array)
    values = [trace.variable(Leaf(name, a).label, new_axes(a.shape), a) for name, a in zip("xy", arguments, strict=True)]
    result = trace.lift(function(*values), "the value")
    ended = Ended(trace, upright(result))
    given = {word: in_language(word, entry) for word, entry in trace.entries.items()}
    given |= {name: root.value for root, name in ended.dimensions.items()}
    with np.errstate(all="ignore"):
        found = called(value_function(program_of(ended)), given)
    return np.asarray(found).reshape(tuple(map(length, result.axes)))


def try_function(seed: int) -> Outcome:
    """One random function, traced and computed by NumPy."""
    arguments, function, what = random_function(seed)
    expected = expected_value(arguments, function)
    try:
        found = traced_value(arguments, function)
    except matcalc.MatcalcError as error:
        return Outcome("both refuse" if expected is None else "refused", f"{error.message}: {what}")
    except ERRORS as error:  # of NumPy, on constants of the function
        return Outcome("both refuse" if expected is None else "crashed", f"{type(error).__name__}: {error}: {what}")
    if expected is None:
        return Outcome("computed where NumPy does not", what)
    if found.shape != expected.shape or not np.allclose(found, expected, rtol=1e-7, atol=1e-9):
        return Outcome("wrong", f"{what}: {found!r} for {expected!r}")
    return Outcome("same")


if __name__ == "__main__":
    seen: Counter[str] = Counter()
    for number in range(int(sys.argv[1]) if len(sys.argv) > 1 else 300):
        outcome = try_function(number)
        seen[outcome.verdict] += 1
        if outcome.verdict not in ("same", "both refuse", *sys.argv[2:]):
            print(number, outcome.verdict, outcome.what[:300])
    print(dict(seen))
