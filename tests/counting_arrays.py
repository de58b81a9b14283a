"""Arrays that count the floating-point operations that are done with them, as the field counts, and code run on them.

A multiply-add is two, a function of a number one, M'M half a product; sums count what is summed.  Python's own numbers and
arrays without axes are not counted.  Helpers of emitted code count as their docstrings say, not step by step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from math import prod
from typing import Any

import numpy as np

from matcalc.operation import operations

__all__ = ["flops_of_run"]


class Tally(np.ndarray):
    """An array that counts; `Tally.flops` is the count since it was set to 0."""

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
        return wrapped(function(*bare, **{key: plain(x) for key, x in kwargs.items()}))


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
    pairs = zip(left.split(","), arrays, strict=True)
    sizes = {letter: d for group, x in pairs for letter, d in zip(group, x.shape, strict=True)}
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
    """2n³ for each digit after the first, and for each further digit that is 1."""
    digits = f"{exponent:b}"
    return (len(digits) - 1 + digits.count("1") - 1) * 2 * len(a) ** 3


def free(*_: Any, **__: Any) -> int:
    return 0


#: What NumPy's functions take; any other function is an error.
FUNCTION_FLOPS: dict[str, Callable[..., Any]] = {
    "einsum": einsum_flops,
    "tensordot": tensordot_flops,
    "outer": lambda a, b: a.size * b.size,
    "trace": len,
    "solve": solve_flops,
    "inv": lambda a: 2 * len(a) ** 3,
    "det": determinant_flops,
    "slogdet": determinant_flops,
    "matrix_power": power_flops,
    **dict.fromkeys(
        ("diag", "broadcast_to", "copy", "copyto", "full", "result_type", "tril", "triu", "column_stack", "asarray"), free
    ),
}

#: What the helpers of emitted code take, by the shape of the argument.
HELPER_FLOPS: dict[str, Callable[[tuple[int, ...]], int]] = {
    "softmax": lambda shape: 5 * prod(shape),
    "logsoftmax": lambda shape: 5 * prod(shape),
    "logsumexp": lambda shape: 4 * prod(shape) + 2 * prod(shape[:-1]),
    "adj": lambda shape: (21 + 2) * shape[-1] ** 3 + 2 * Fraction(2, 3) * shape[-1] ** 3,
}


def stand_in(name: str, helper: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A helper that counts as its docstring says; one that works entry by entry as 1 an entry."""

    def counted(x: Any) -> Any:
        Tally.flops += HELPER_FLOPS.get(name, prod)(plain(x).shape) if np.ndim(plain(x)) else 0
        return wrapped(helper(plain(x)))

    return counted


class CountingNumPy:
    """NumPy, whose new arrays count, too."""

    def __getattr__(self, name: str) -> Any:
        found = getattr(np, name)
        if name not in ("zeros", "ones", "eye", "full", "empty"):
            return found
        return lambda *args, **kwargs: wrapped(found(*plain(args), **kwargs))


def flops_of_run(source: str, arguments: Mapping[str, Any]) -> Fraction:
    """The flops of the function of an emitted module, counted by arrays while it runs."""
    code = compile(source, "<emitted>", "exec")
    helpers: dict[str, Any] = {}
    namespace: dict[str, Any] = {}
    exec(code, helpers)
    exec(code, namespace)
    for name in [f"_{record.name}" for record in operations() if f"_{record.name}" in helpers]:
        namespace[name] = stand_in(name[1:], helpers[name])
    namespace |= {"_array": lambda x: x, "np": CountingNumPy()}
    values = {k: v if isinstance(v, int) else np.array(v, dtype=float).view(Tally) for k, v in arguments.items()}
    Tally.flops = Fraction(0)
    namespace["derivative"](**values)
    return Tally.flops
