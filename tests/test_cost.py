"""The cost of derivatives: figures against emitted code that runs on arrays which count, and against figures by hand."""

from __future__ import annotations

import gc
import json
import tracemalloc
from collections.abc import Callable, Mapping
from fractions import Fraction
from math import prod
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from sympy import Expr, Symbol

import matcalc
from matcalc.__main__ import main
from matcalc.codegen import parameters_of
from matcalc.codegen.steps import Step
from matcalc.codegen.writer import WRITERS
from matcalc.cost import Cost, entries_and_bytes
from matcalc.cost.amounts import bytes_text, count_text, dominates, flops_text, largest
from matcalc.cost.counting import COUNTS, OPERATION_FLOPS, Ledger
from matcalc.cost.figures import Run, ledger_of
from matcalc.errors import KindError, MatcalcError, UnknownNameError, UnsupportedError
from matcalc.operation import operations
from matcalc.sampling import sample

# ---- Arrays that count ----------------------------------------------------------------------------------------------


class Tally(np.ndarray):
    """An array that counts the flops of what is done with it; `Tally.flops` is the count since it was set to 0."""

    flops: Fraction = Fraction(0)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, out: Any = None, **kwargs: Any) -> Any:
        bare = [plain(x) for x in inputs]
        if out is not None:
            kwargs["out"] = tuple(plain(x) for x in out)
        result = getattr(ufunc, method)(*bare, **kwargs)
        if ufunc is np.matmul:
            Tally.flops += (1 if own_transpose(*bare) else 2) * matmul_combinations(*bare)
        elif method == "reduce":
            Tally.flops += bare[0].size
        elif np.ndim(result) or any(np.ndim(x) for x in bare):
            Tally.flops += np.size(result)
        return out[0] if out is not None else wrapped(result)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        bare = [plain(x) for x in args]
        Tally.flops += FUNCTION_FLOPS[function.__name__](*bare, **kwargs)
        result = function(*bare, **{key: plain(x) for key, x in kwargs.items()})
        return wrapped(result)


def plain(x: Any) -> Any:
    """The array without its counter, nested sequences too."""
    if isinstance(x, tuple | list):
        return type(x)(plain(y) for y in x)
    return x.view(np.ndarray) if isinstance(x, Tally) else x


def wrapped(x: Any) -> Any:
    """The array with a counter; numbers stay numbers."""
    return x.view(Tally) if isinstance(x, np.ndarray) else x


def own_transpose(a: Any, b: Any) -> bool:
    """True for M' and M: one piece of memory, looked at in two ways."""
    same = a.ndim == b.ndim == 2 and a.shape == b.shape[::-1]
    return same and a.ctypes.data == b.ctypes.data and a.strides == b.strides[::-1]


def matmul_combinations(a: Any, b: Any) -> int:
    columns = b.shape[-1] if b.ndim > 1 else 1
    batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    return int(prod(batch) * (a.shape[-2] if a.ndim > 1 else 1) * a.shape[-1] * columns)


def einsum_flops(subscripts: str, *arrays: Any) -> int:
    left, _, kept = subscripts.partition("->")
    sizes = {letter: d for group, x in zip(left.split(","), arrays, strict=True) for letter, d in zip(group, x.shape, strict=True)}
    summed = set(sizes) != set(kept)
    if len(arrays) == 1:
        return prod(sizes.values()) if summed else 0
    return prod(sizes.values()) * (2 if summed else 1)


def tensordot_flops(a: Any, b: Any, axes: Any) -> int:
    count = prod(a.shape[-axes:]) if isinstance(axes, int) else prod(a.shape[k] for k in np.atleast_1d(axes[0]))
    return int(2 * a.size * b.size // count)


def solve_flops(a: Any, b: Any) -> Fraction:
    return Fraction(2, 3) * len(a) ** 3 + 2 * len(a) * b.size


def determinant_flops(a: Any) -> Fraction:
    return Fraction(2, 3) * len(a) ** 3 + len(a)


def power_flops(a: Any, exponent: int) -> int:
    return (len(bin(exponent)) - 3 + bin(exponent).count("1") - 1) * 2 * len(a) ** 3


FUNCTION_FLOPS: dict[str, Callable[..., Any]] = {
    "einsum": einsum_flops,
    "tensordot": tensordot_flops,
    "outer": lambda a, b: a.size * b.size,
    "trace": len,
    "sum": lambda a, **_: a.size,
    "solve": solve_flops,
    "inv": lambda a: 2 * len(a) ** 3,
    "det": determinant_flops,
    "slogdet": determinant_flops,
    "matrix_power": power_flops,
    **dict.fromkeys(("diag", "broadcast_to", "copy", "copyto", "full", "result_type", "zeros_like", "empty_like"), lambda *_, **__: 0),
}


def counted(name: str) -> Callable[..., Any]:
    """What stands in for a helper of the code: its own steps are not counted, but what the docstring says of it."""
    per_entry = {"softmax": 5, "logsoftmax": 5, "logsumexp": 4}.get(name, 1)

    def stand_in(x: Any) -> Any:
        Tally.flops += per_entry * x.size + (2 * x.size // x.shape[-1] if name == "logsumexp" else 0)
        return wrapped(original[name](plain(x)))

    return stand_in


original: dict[str, Callable[..., Any]] = {}


def flops_of_run(source: str, arguments: Mapping[str, Any]) -> Fraction:
    """The flops of emitted code, counted by arrays while it runs."""
    namespace: dict[str, Any] = {}
    exec(compile(source, "emitted", "exec"), namespace)  # the tests' own expressions, emitted
    for record in operations():
        if f"_{record.name}" in namespace:
            original[record.name] = namespace[f"_{record.name}"]
            namespace[f"_{record.name}"] = counted(record.name)
    namespace["_array"] = lambda x: x
    values = {name: np.array(value, dtype=float).view(Tally) for name, value in arguments.items()}
    Tally.flops = Fraction(0)
    namespace["derivative"](**values)
    return Tally.flops


def flops_of_steps(derivative: matcalc.Derivative, sizes: Mapping[str, int]) -> Any:
    """The flops of the steps that work on arrays; Python's own numbers have no array that counts."""
    ledger = ledger_of(derivative.tensor, parameters_of([derivative.node], derivative.free_variables), sizes)
    arrays = [step for step in ledger.order if step.order or any(arg.order for arg in step.args)]
    return sum(ledger.flops[step] for step in arrays)


SIZES = (7, 5, 11, 3, 6)

PROBLEMS = [
    # expression, variable, order, declarations
    ("x'*A*x", "x", 1, ""),
    ("x'*A*x", "x", 2, ""),
    ("norm2(A*x - b)^2", "x", 1, ""),
    ("norm2(A*x - b)^2", "x", 2, ""),
    ("sum(log(1 + exp(X*w)))", "w", 1, ""),
    ("sum(log(1 + exp(X*w)))", "w", 2, ""),
    ("norm2(T - U*V')^2", "U", 1, ""),
    ("norm2(T - U*V')^2", "U", 2, ""),
    ("B'*B", "B", 1, ""),
    ("X*W", "W", 1, ""),
    ("inv(X)", "X", 1, ""),
    ("logdet(X)", "X", 1, ""),
    ("logdet(X)", "X", 2, ""),
    ("tr(A*X*B)", "X", 1, ""),
    ("a'*inv(X)*b", "X", 1, ""),
    ("inv(X)*b", "b", 1, ""),
    ("a'*X^6*b", "a", 1, ""),
    ("tr(X^5)", "X", 1, ""),
    ("softmax(A*x)", "x", 1, ""),
    ("logsumexp(A*x)", "x", 1, ""),
    ("logsumexp(A*x)", "x", 2, ""),
    ("A*B*C*x", "x", 1, ""),
    ("sum((A*x).^3)", "x", 1, ""),
    ("sum(tanh(X*w)./(1 + exp(X*w)))", "w", 1, ""),
    ("sum(sigmoid(W*x) .* y)", "W", 1, ""),
    ("kron(A, x)", "x", 1, ""),
    ("diag(x)*A*diag(x)", "x", 1, ""),
    ("x/norm2(x)", "x", 1, ""),
    ("sum(exp(-(x - mu).^2/s))", "s", 1, "x: vector(n); mu: vector(n); s: scalar"),
    ("U*relu(W*x)", "W", 1, ""),
]


def at_sizes(problem: tuple[str, str, int, str]) -> tuple[matcalc.Derivative, dict[str, int], dict[str, Any]]:
    expression, wrt, order, declare = problem
    derivative = matcalc.derive(expression, wrt, declare or (), order=order)
    sizes = dict(zip(derivative.program.dimensions, SIZES, strict=False))
    return derivative, sizes, dict(sample(derivative.program, seed=1, sizes=sizes).values)


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda p: f"{p[0]} by {p[1]}, {p[2]}")
def test_flops_of_the_code_are_those_that_running_it_takes(problem: tuple[str, str, int, str]) -> None:
    derivative, sizes, arguments = at_sizes(problem)
    assert flops_of_steps(derivative, sizes) == flops_of_run(derivative.numpy(), arguments)
