"""NumPy's functions on traced values: each rule has the parameters of its function that can be traced."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from matcalc.errors import KindError
from matcalc.form import Form, number
from matcalc.interop.untyped import transposed
from matcalc.tracing.arithmetic import applied, divide, matmul, multiply, power, subtract
from matcalc.tracing.choices import choose
from matcalc.tracing.indexing import with_axes
from matcalc.tracing.operations import called, kron, places, reduce, same_axes, stacked
from matcalc.tracing.sizes import Size, shown
from matcalc.tracing.ufuncs import called_ufunc
from matcalc.tracing.value import Maker, Value, is_scalar, refuse, size_form

__all__ = ["call_function", "filled", "flat_order", "transpose"]

Rule = Callable[..., Any]


class Slogdet(NamedTuple):
    """What np.linalg.slogdet returns."""

    sign: Value
    logabsdet: Value


# --- sums -----------------------------------------------------------------------------------------------------------


def summed(word: str) -> Rule:
    """np.sum or np.mean."""

    def rule(make: Maker, a: object, axis: object = None, *, keepdims: bool = False) -> Value:
        return reduce(word, make.lift(a, f"np.{word}"), axis, keep=bool(keepdims))

    return rule


def variance(make: Maker, a: object, axis: object = None, *, ddof: int = 0, keepdims: bool = False) -> Value:
    """The mean of (x - mean(x))^2, divided by n - ddof."""
    value = make.lift(a, "np.var")
    centred = subtract(value, reduce("mean", value, axis, keep=True))
    squares = power(centred, make.lift(2, "np.var"))
    if not ddof:
        return reduce("mean", squares, axis, keep=bool(keepdims))
    entries = counted(value, places(axis, len(value.axes), "np.var"))
    return divide(reduce("sum", squares, axis, keep=bool(keepdims)), subtract(entries, make.lift(ddof, "ddof")))


def counted(value: Value, over: set[int]) -> Value:
    """How many entries some axes have."""
    factors = [size_form(size) for at, size in enumerate(value.axes) if at in over and size is not None]
    form = number(1) if not factors else factors[0] if len(factors) == 1 else Form("mul", tuple(factors))
    return value.run.made(form, ())


def deviation(make: Maker, a: object, axis: object = None, *, ddof: int = 0, keepdims: bool = False) -> Value:
    """The root of the variance."""
    return applied("sqrt", variance(make, a, axis, ddof=ddof, keepdims=keepdims))


def norm(make: Maker, x: object, ord: object = None, axis: object = None, keepdims: bool = False) -> Value:
    """The Euclidean or Frobenius norm, and the norms of vectors of any whole or broken order."""
    value = make.lift(x, "np.linalg.norm")
    over = places(axis, len(value.axes), "np.linalg.norm")
    if len(over) == 2 and ord not in (None, "fro"):
        refuse(f"np.linalg.norm(.., {ord!r}) of a matrix", "the Frobenius norm is, ord='fro'")
    if ord in (None, "fro", 2):
        if axis is None and not keepdims:
            return called("norm2", value)
        squares = power(value, make.lift(2, "np.linalg.norm"))
        return applied("sqrt", reduce("sum", squares, axis, keep=bool(keepdims)))
    if ord == 1:
        return reduce("sum", applied("abs", value), axis, keep=bool(keepdims))
    if not isinstance(ord, int | float) or not 1 < ord < 1000:
        refuse(f"np.linalg.norm(.., {ord!r})")
    exponent = make.lift(ord, "np.linalg.norm")
    powers = reduce("sum", power(applied("abs", value), exponent), axis, keep=bool(keepdims))
    return power(powers, divide(make.lift(1, "np.linalg.norm"), exponent))


# --- products -------------------------------------------------------------------------------------------------------


def dot(make: Maker, a: object, b: object) -> Value:
    """np.dot: a product with a number, else that of `@`."""
    x, y = make.lift(a, "np.dot"), make.lift(b, "np.dot")
    return matmul(x, y, "np.dot") if x.axes and y.axes else multiply(x, y)


def inner(make: Maker, a: object, b: object) -> Value:
    """np.inner: sums over the last axes of both."""
    x, y = make.lift(a, "np.inner"), make.lift(b, "np.inner")
    return matmul(x, transpose(y), "np.inner") if x.axes and y.axes else multiply(x, y)


def vdot(make: Maker, a: object, b: object) -> Value:
    """np.vdot: the sum of the products of all entries."""
    x, y = make.lift(a, "np.vdot"), make.lift(b, "np.vdot")
    same_axes(x, y, "np.vdot")
    return reduce("sum", multiply(x, y), None, keep=False)


def outer(make: Maker, a: object, b: object) -> Value:
    """np.outer: all products of an entry of one with an entry of the other."""
    x, y = (stacked(make.lift(part, "np.outer")) for part in (a, b))
    column, row = with_axes(x, (x.axes[0], None)), with_axes(y, (None, y.axes[0]))
    return matmul(column, row, "np.outer")


def tensordot(make: Maker, a: object, b: object, axes: object = 2) -> Value:
    """np.tensordot over no axis of vectors, over one, or over both of matrices."""
    if axes == 0:
        return outer(make, a, b)
    if axes in (1, 2):
        return dot(make, a, b) if axes == 1 else vdot(make, a, b)
    refuse(f"np.tensordot(.., axes={axes})", "write `@`, np.outer or np.vdot")


def multi_dot(make: Maker, arrays: Sequence[object]) -> Value:
    """np.linalg.multi_dot."""
    first, *rest = [make.lift(array, "np.linalg.multi_dot") for array in arrays]
    for other in rest:
        first = matmul(first, other, "np.linalg.multi_dot")
    return first


def solve(make: Maker, a: object, b: object) -> Value:
    """np.linalg.solve: inv(A)*b."""
    return matmul(called("inv", make.lift(a, "np.linalg.solve")), make.lift(b, "np.linalg.solve"), "np.linalg.solve")


def matrix_power(make: Maker, a: object, n: int) -> Value:
    """np.linalg.matrix_power."""
    value = make.lift(a, "np.linalg.matrix_power")
    square(value, "np.linalg.matrix_power")
    if not isinstance(n, int):
        raise KindError("np.linalg.matrix_power takes a whole number")
    return value.run.made(Form("power", (value.form, number(n))), value.axes)


def square(value: Value, where: str) -> None:
    """Refuse what is not a square matrix; its rows and columns become equal."""
    if len(value.axes) != 2:
        raise KindError(f"{where} takes a square matrix, not the shape {shown(value.axes)}")
    same_axes(value, transpose(value), where)


def slogdet(make: Maker, a: object) -> Slogdet:
    """np.linalg.slogdet: the sign and the logarithm of the absolute value of a determinant."""
    value = make.lift(a, "np.linalg.slogdet")
    return Slogdet(applied("sign", called("det", value)), called("logdet", value))


# --- axes -----------------------------------------------------------------------------------------------------------


def transpose(value: Value) -> Value:
    """The transpose of a matrix; a vector is its own."""
    form = transposed(value.form) if len(value.axes) == 2 and not is_scalar(value.axes) else value.form
    return value.run.made(form, value.axes[::-1], boolean=value.boolean)


def permuted(make: Maker, a: object, axes: Any = None) -> Value:
    """np.transpose."""
    value = make.lift(a, "np.transpose")
    order = None if axes is None else [place % 2 for place in axes]
    if order is not None and sorted(order) != list(range(len(value.axes))):
        raise KindError(f"np.transpose: an array of {len(value.axes)} axes has no order {axes}")
    return value if order == list(range(len(value.axes))) else transpose(value)


def swapped(make: Maker, a: object, axis1: int, axis2: int) -> Value:
    """np.swapaxes."""
    value = make.lift(a, "np.swapaxes")
    chosen = [min(places(axis, len(value.axes), "np.swapaxes")) for axis in (axis1, axis2)]
    return value if chosen[0] == chosen[1] else transpose(value)


def flat_order(order: object) -> bool:
    """True for columns first (`order="F"`)."""
    if order not in ("C", "F"):
        refuse(f"order={order!r}", 'row by row is order="C"')
    return order == "F"


def ravel(make: Maker, a: object, order: object = "C") -> Value:
    """np.ravel."""
    return stacked(make.lift(a, "np.ravel"), columns=flat_order(order))


def reshape(make: Maker, a: object, shape: Any, order: object = "C") -> Value:
    """np.reshape to the same shape, to one axis, or with axes of length 1 added or dropped."""
    value, columns = make.lift(a, "np.reshape"), flat_order(order)
    target = tuple(shape) if isinstance(shape, tuple | list) else (shape,)
    long = [size for size in value.axes if size is not None]
    lengths = [None if type(entry) is int and entry == 1 else entry for entry in target]
    kept = [entry for entry in lengths if entry is not None]
    if len(kept) == len(long) and len(long) < 2:
        check_lengths(long, kept)
        axes = iter(long)
        return with_axes(value, tuple(None if entry is None else next(axes) for entry in lengths))
    if len(kept) == len(long) == 2 and len(lengths) == 2:
        check_lengths(long, kept)
        return value
    flat = stacked(value, columns=columns)
    if len(kept) == 1 and flat.axes[0] is not None:
        check_lengths([flat.axes[0]], kept)
        return with_axes(flat, tuple(None if entry is None else flat.axes[0] for entry in lengths))
    if kept == [-1] and flat.axes == (None,):
        return with_axes(flat, (None,) * len(lengths))
    wanted = ", ".join(map(str, target))
    refuse(f"np.reshape of the shape {shown(value.axes)} to ({wanted})", "entries stay in their rows, or all go to one axis")


def check_lengths(sizes: Sequence[Size], wanted: Sequence[Any]) -> None:
    """Refuse lengths that an array has not; -1 is whatever it has, at most once."""
    for size, length in zip(sizes, wanted, strict=True):
        same = getattr(length, "sizes", None)
        if isinstance(same, tuple) and len(same) == 1 and same[0].root is size.root:
            continue
        known = size.root.value
        if length != -1 and (known is None or length != known):
            raise KindError(f"np.reshape: the array has {size} entries there, not {length}")
        if length != -1:
            size.pin()


def squeeze(make: Maker, a: object, axis: object = None) -> Value:
    """np.squeeze."""
    value = make.lift(a, "np.squeeze")
    gone = places(axis, len(value.axes), "np.squeeze")
    if axis is not None and any(value.axes[place] is not None for place in gone):
        raise KindError(f"np.squeeze: axis {axis} of the shape {shown(value.axes)} is longer than 1")
    return with_axes(value, tuple(size for at, size in enumerate(value.axes) if size is not None or at not in gone))


def expand_dims(make: Maker, a: object, axis: int) -> Value:
    """np.expand_dims."""
    value = make.lift(a, "np.expand_dims")
    at = min(places(axis, len(value.axes) + 1, "np.expand_dims"))
    return with_axes(value, (*value.axes[:at], None, *value.axes[at:]))


def at_least(count: int) -> Rule:
    """np.atleast_1d and np.atleast_2d."""

    def rule(make: Maker, a: object) -> Value:
        value = make.lift(a, f"np.atleast_{count}d")
        return with_axes(value, (None,) * (count - len(value.axes)) + value.axes)

    return rule


# --- matrices -------------------------------------------------------------------------------------------------------


def of_matrix(word: str) -> Rule:
    """A function of one matrix."""
    return lambda make, a: called(word, make.lift(a, f"np.{word}"))


def diagonal(make: Maker, v: object, k: int = 0) -> Value:
    """np.diag: the diagonal of a matrix, the diagonal matrix of a vector."""
    return called("diag", main(make, v, k, "np.diag"))


def diagonal_of(make: Maker, a: object, offset: int = 0) -> Value:
    """np.diagonal."""
    value = main(make, a, offset, "np.diagonal")
    square(value, "np.diagonal")
    return called("diag", value)


def trace(make: Maker, a: object, offset: int = 0) -> Value:
    """np.trace."""
    return called("tr", main(make, a, offset, "np.trace"))


def triangle(word: str) -> Rule:
    """np.tril or np.triu."""
    return lambda make, m, k=0: called(word, main(make, m, k, f"np.{word}"))


def main(make: Maker, a: object, offset: object, where: str) -> Value:
    """A value whose main diagonal is meant."""
    if offset != 0:
        refuse(f"{where} of another diagonal than the main one")
    return make.lift(a, where)


def filled(like: Value, fill: object) -> Value:
    """An array of the shape of another, all entries alike."""
    sizes = [size for size in like.axes if size is not None]
    entry = like.run.lift(fill, "np.full_like")
    if entry.axes:
        refuse("np.full_like with an array")
    if not sizes:
        return like.run.made(entry.form, like.axes)
    row = len(like.axes) == 2 and like.axes[0] is None
    ones = Form("call", tuple(size_form(size) for size in sizes), "ones")
    return multiply(entry, like.run.made(transposed(ones) if row else ones, like.axes))


def filled_with(fill: int) -> Rule:
    """np.ones_like and np.zeros_like."""
    return lambda make, a: filled(make.lift(a, "np.full_like"), fill)


def where(make: Maker, condition: object, x: object = None, y: object = None) -> Value:
    """np.where with both branches."""
    if x is None or y is None:
        refuse("np.where without branches")
    return choose(*(make.lift(part, "np.where") for part in (condition, x, y)))


def clip(make: Maker, a: object, a_min: object = None, a_max: object = None) -> Value:
    """np.clip: minimum(maximum(x, low), high)."""
    value = make.lift(a, "np.clip")
    value = value if a_min is None else applied("maximum", value, make.lift(a_min, "np.clip"))
    return value if a_max is None else applied("minimum", value, make.lift(a_max, "np.clip"))


def ufunc(word: str) -> Rule:
    """A function that is a ufunc in other versions of NumPy."""
    return lambda make, *values: called_ufunc(getattr(np, word), tuple(make.lift(value, f"np.{word}") for value in values))


#: Which function a rule is for, by its name in NumPy.
RULES: Mapping[str, Rule] = {
    "sum": summed("sum"), "mean": summed("mean"), "var": variance, "std": deviation, "linalg.norm": norm,
    "dot": dot, "inner": inner, "vdot": vdot, "outer": outer, "linalg.outer": outer, "tensordot": tensordot,
    "linalg.multi_dot": multi_dot, "linalg.solve": solve, "linalg.matrix_power": matrix_power, "linalg.slogdet": slogdet,
    "linalg.inv": of_matrix("inv"), "linalg.det": of_matrix("det"), "trace": trace, "linalg.trace": trace,
    "kron": lambda make, a, b: kron(make.lift(a, "np.kron"), make.lift(b, "np.kron")),
    "transpose": permuted, "swapaxes": swapped, "ravel": ravel, "reshape": reshape, "squeeze": squeeze,
    "matrix_transpose": permuted, "linalg.matrix_transpose": permuted,
    "expand_dims": expand_dims, "atleast_1d": at_least(1), "atleast_2d": at_least(2),
    "diag": diagonal, "diagonal": diagonal_of, "tril": triangle("tril"), "triu": triangle("triu"),
    "ones_like": filled_with(1), "zeros_like": filled_with(0), "where": where, "clip": clip,
    "full_like": lambda make, a, fill_value: filled(make.lift(a, "np.full_like"), fill_value),
    "copy": lambda make, a: make.lift(a, "np.copy"), "real": lambda make, val: make.lift(val, "np.real"),
    "linalg.matmul": lambda make, x1, x2: matmul(make.lift(x1, "np.matmul"), make.lift(x2, "np.matmul")),
    "shape": lambda make, a: a.shape, "ndim": lambda make, a: a.ndim, "size": lambda make, a: a.size,
}  # fmt: skip
HINTS = {
    "max": "write matcalc.functions.softmax or logsumexp where it only guards against overflow; they do so themselves",
    "einsum": "write `@`, np.outer, np.trace, np.sum(x * y, axis=..)",
    "concatenate": "write the function of several arguments",
    "stack": "write the function of several arguments",
    "prod": "write np.exp(np.sum(np.log(x))) where all entries are positive",
}
HINTS["amax"] = HINTS["max"]


@cache
def rules() -> dict[Any, tuple[str, Rule]]:
    """The rules by the functions of this version of NumPy."""
    found = {}
    for path, rule in RULES.items():
        function: Any = np
        for word in path.split("."):
            function = getattr(function, word, None)
        if function is not None:
            found[function] = (f"np.{path}", rule)
    return found


def call_function(make: Maker, function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """A function of NumPy called on traced values."""
    if function not in rules():
        word = function.__name__
        refuse(f"np.{word}", HINTS.get(word))
    path, rule = rules()[function]
    given = {word: value for word, value in kwargs.items() if value is not np._NoValue}
    try:
        inspect.signature(rule).bind(make, *args, **given)
    except TypeError as error:
        refuse(f"{path}({', '.join(given) or '..'}): {error}; it")
    return rule(make, *args, **given)
