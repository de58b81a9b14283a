"""Truncated Taylor arithmetic on NumPy arrays: values with infinitesimals, and every function of the language on them.

This is the arithmetic of the numeric interpreter `matcalc.evaluate`.  An infinitesimal e has e² = 0, and there may be
several; a value is a sum of arrays times products of them.  So sums, products and contractions are bilinear, and a
function needs its value and its first derivative only, which is applied to the value again for higher orders.
The numbers are those of NumPy, or of the arithmetic in force in arrays of objects (see `matcalc.precision`).

Axes of an array in a jet: in front one axis for each open scope (the directions of a derivative, the values of a bound
index), the innermost scope first, where an array that does not depend on a scope has size 1 or lacks the axis; then the
axes of the value.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matcalc.errors import DimensionError, KindError, MatcalcError, UnsupportedError
from matcalc.precision import entrywise, is_precise, numbers, pi, root, rounding

__all__ = ["Array", "Jet", "AXES", "ELEMENTWISE", "FUNCTIONS", "ALIASES"]

Array = NDArray[Any]

#: The axes of each kind: "r" runs over rows, "c" over columns.
AXES = {"scalar": "", "column": "r", "row": "c", "matrix": "rc"}
KIND = {axes: kind for kind, axes in AXES.items()}


# ---- Jets: values with infinitesimals -------------------------------------------------------------------------------


@dataclass(eq=False, slots=True)
class Jet:
    """A value: for each set of infinitesimals (bits of an int) its coefficient; a coefficient that is missing is zero.

    The last axes of each coefficient are those of the value, whole.  The operators act entry by entry on two jets of
    the same rank, or on a jet and a number.  Immutable by convention: a class that enforces it takes twice the time.
    """

    parts: dict[int, Array]
    shape: tuple[int, ...]
    kind: str

    def __post_init__(self) -> None:
        shape, rank = self.shape, len(self.shape)
        for bits, part in self.parts.items():
            if not rank:
                if not hasattr(part, "shape"):  # of arrays of objects without axes NumPy makes bare objects
                    self.parts = {**self.parts, bits: np.asarray(part, dtype=object)}
            elif part.shape[-rank:] != shape:
                whole = np.broadcast_to(part, np.broadcast_shapes(part.shape, shape))
                self.parts = {**self.parts, bits: whole}

    @property
    def rank(self) -> int:
        return len(self.shape)

    @property
    def primal(self) -> Array:
        """The value without infinitesimals."""
        return self.parts[0] if 0 in self.parts else numbers(np.zeros(self.shape))

    def __add__(self, other: Jet | float | Array) -> Jet:
        if not isinstance(other, Jet):
            return Jet({**self.parts, 0: self.primal + other}, self.shape, self.kind)
        parts = dict(self.parts)
        for bits, part in other.parts.items():
            parts[bits] = parts[bits] + part if bits in parts else part
        return Jet(parts, common(self.shape, other.shape), self.kind)

    def __mul__(self, other: Jet | float | Array) -> Jet:
        if not isinstance(other, Jet):
            return linear(self, lambda a: a * other)
        return bilinear(self, other, np.multiply, common(self.shape, other.shape), self.kind)

    def __neg__(self) -> Jet:
        return linear(self, np.negative)

    def __sub__(self, other: Jet | float | Array) -> Jet:
        return self + -other

    def __rsub__(self, other: float) -> Jet:
        return -self + other

    __radd__ = __add__
    __rmul__ = __mul__

    def split(self) -> tuple[Jet, Jet, int]:
        """The jet as low + e·high for its last infinitesimal e, which is given as its bit; 0 if it has none."""
        bit = 1 << (max(self.parts).bit_length() - 1) if any(self.parts) else 0
        if not bit:
            return self, Jet({}, self.shape, self.kind), 0
        high = {bits ^ bit: part for bits, part in self.parts.items() if bits & bit}
        low = {bits: part for bits, part in self.parts.items() if not bits & bit}
        return Jet(low, self.shape, self.kind), Jet(high, self.shape, self.kind), bit

    def lift(self, bit: int) -> Jet:
        """e times the jet, for the infinitesimal of this bit."""
        return Jet({bits | bit: part for bits, part in self.parts.items()}, self.shape, self.kind)


def common(first: tuple[int, ...], second: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of two values that are expanded to meet."""
    return first if first == second else np.broadcast_shapes(first, second)


def with_kind(x: Jet, kind: str) -> Jet:
    return x if x.kind == kind else Jet(x.parts, x.shape, kind)


def constant(array: Array, kind: str, rank: int) -> Jet:
    """A value without infinitesimals, whose last `rank` axes are its own."""
    return Jet({0: array}, array.shape[array.ndim - rank :], kind)


def linear(
    x: Jet, function: Callable[[Array], Array], shape: tuple[int, ...] | None = None, kind: str | None = None
) -> Jet:
    """A linear function of a jet, which acts on each coefficient."""
    parts = {bits: function(part) for bits, part in x.parts.items()}
    return Jet(parts, x.shape if shape is None else shape, kind or x.kind)


def bilinear(x: Jet, y: Jet, function: Callable[[Array, Array], Array], shape: tuple[int, ...], kind: str) -> Jet:
    """A bilinear function of two jets: e² = 0, so only coefficients without a common infinitesimal meet."""
    parts: dict[int, Array] = {}
    for a, p in x.parts.items():
        for b, q in y.parts.items():
            if not a & b:
                term = function(p, q)
                parts[a | b] = parts[a | b] + term if a | b in parts else term
    return Jet(parts, shape, kind)


# ---- Functions entry by entry ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Elementwise:
    """A function of one variable: its value on arrays, and its derivative on jets in terms of x and the value y."""

    value: Callable[[Array], Array]
    slope: Callable[[Jet, Jet], Jet | float]


def compose(function: Elementwise, x: Jet) -> Jet:
    """f(low + e·high) = f(low) + e·f'(low)·high."""
    low, high, bit = x.split()
    if not bit:
        return Jet({0: function.value(x.primal)}, x.shape, x.kind)
    y = compose(function, low)
    return y + (high * function.slope(low, y)).lift(bit)


def apply(name: str, x: Jet) -> Jet:
    """An element-wise function by its name."""
    return compose(ELEMENTWISE[name], x)


def power(x: Jet, exponent: Jet) -> Jet:
    """x^p entry by entry; an exponent 0 has the derivative 0 everywhere."""
    low, high, bit = x.split()
    p, p_high, p_bit = exponent.split()
    if not (bit or p_bit):
        return Jet({0: raised(x.primal, exponent.primal)}, common(x.shape, exponent.shape), x.kind)
    if bit > p_bit:
        slope = power(low, exponent - 1) * exponent
        zero = exponent.primal == 0
        slope = linear(slope, lambda a: np.where(zero, numbers(0), a)) if not any(exponent.parts) else slope
        return power(low, exponent) + (slope * high).lift(bit)
    if bit < p_bit:
        y = power(x, p)
        return y + (y * apply("log", x) * p_high).lift(p_bit)
    y = power(low, p)
    return y + (power(low, p - 1) * p * high + y * apply("log", low) * p_high).lift(bit)


def raised(x: Array, p: Array) -> Array:
    return entrywise("power", x, p) if x.dtype == object else np.power(x, p)


def choose(condition: Array, x: Jet, y: Jet, kind: str) -> Jet:
    """x where the condition holds, else y; what is not chosen has no influence."""
    parts, zero = {}, numbers(0.0)
    for bits in sorted(x.parts.keys() | y.parts.keys()):
        parts[bits] = np.where(condition, x.parts.get(bits, zero), y.parts.get(bits, zero))
    return Jet(parts, common(x.shape, y.shape), kind)


def erf(x: Array) -> Array:
    if np.iscomplexobj(x):
        raise UnsupportedError("`erf` and `gelu` have no values at complex points here")
    return np.asarray(np.vectorize(math.erf, otypes=[float])(x))


def softplus(x: Array) -> Array:
    return np.where(x.real > 0, x + np.log1p(np.exp(-x)), np.log1p(np.exp(x)))


def normal_density(x: Jet) -> Jet:
    return apply("exp", x * x * numbers(-0.5)) * (1 / root(2 * pi()))


def normal_distribution(x: Jet) -> Jet:
    return (apply("erf", x * root(0.5)) + 1) * numbers(0.5)


def silu_slope(x: Jet, y: Jet) -> Jet:
    s = apply("sigmoid", x)
    return s + y * (1 - s)


ELEMENTWISE = {
    "reciprocal": Elementwise(lambda x: 1 / x, lambda x, y: -(y * y)),
    "exp": Elementwise(np.exp, lambda x, y: y),
    "log": Elementwise(np.log, lambda x, y: apply("reciprocal", x)),
    "sqrt": Elementwise(np.sqrt, lambda x, y: apply("reciprocal", y * 2)),
    "abs": Elementwise(np.abs, lambda x, y: apply("sign", x)),
    "sign": Elementwise(np.sign, lambda x, y: x * numbers(0.0)),
    "step": Elementwise(lambda x: np.heaviside(x, 0), lambda x, y: x * numbers(0.0)),
    "relu": Elementwise(lambda x: np.maximum(x, 0), lambda x, y: apply("step", x)),
    "sin": Elementwise(np.sin, lambda x, y: apply("cos", x)),
    "cos": Elementwise(np.cos, lambda x, y: -apply("sin", x)),
    "tan": Elementwise(np.tan, lambda x, y: y * y + 1),
    "asin": Elementwise(np.arcsin, lambda x, y: apply("reciprocal", apply("sqrt", 1 - x * x))),
    "acos": Elementwise(np.arccos, lambda x, y: -apply("reciprocal", apply("sqrt", 1 - x * x))),
    "atan": Elementwise(np.arctan, lambda x, y: apply("reciprocal", x * x + 1)),
    "sinh": Elementwise(np.sinh, lambda x, y: apply("cosh", x)),
    "cosh": Elementwise(np.cosh, lambda x, y: apply("sinh", x)),
    "tanh": Elementwise(np.tanh, lambda x, y: 1 - y * y),
    "sigmoid": Elementwise(lambda x: 1 / (1 + np.exp(-x)), lambda x, y: y * (1 - y)),
    "softplus": Elementwise(softplus, lambda x, y: apply("sigmoid", x)),
    "erf": Elementwise(erf, lambda x, y: apply("exp", -(x * x)) * (2 / root(pi()))),
    "gelu": Elementwise(
        lambda x: x * (1 + erf(x * math.sqrt(0.5))) / 2,
        lambda x, y: normal_distribution(x) + x * normal_density(x)
    ),
    "silu": Elementwise(lambda x: x / (1 + np.exp(-x)), silu_slope),
}


def at_every_precision(name: str, function: Elementwise) -> Elementwise:
    """A function of NumPy's numbers, and of those of the arithmetic in force."""
    return Elementwise(lambda x: entrywise(name, x) if x.dtype == object else function.value(x), function.slope)


ELEMENTWISE = {name: at_every_precision(name, function) for name, function in ELEMENTWISE.items()}

ALIASES = {"arcsin": "asin", "arccos": "acos", "arctan": "atan", "trace": "tr"}


def unknown_function(
    functions: Mapping[tuple[str, int], Callable[[Array], Array]], name: str, order: int
) -> Elementwise:
    """The derivative of this order of an unknown function."""

    def value(x: Array) -> Array:
        function = functions.get((name, order))
        if function is None and any(key[0] == name for key in functions):
            raise MatcalcError(f"no derivative of order {order} of the function `{name}` is given")
        return np.asarray((function or smooth_function(name, order))(x))

    return Elementwise(value, lambda x, y: compose(unknown_function(functions, name, order + 1), x))


@cache
def function_constants(name: str) -> tuple[float, ...]:
    """The constants a, w, p, b, c of the smooth function of a name."""
    return tuple(generator(name).uniform((0.5, 0.7, 0.1, 0.05, 0.2), (1.0, 1.4, 0.8, 0.15, 0.6)))


def smooth_function(name: str, order: int = 0) -> Callable[[Array], Array]:
    """The derivative of this order of the smooth function a·sin(wx + p) + bx³ + cx; the name selects the constants."""
    constants = function_constants(name)

    def function(x: Array) -> Array:
        a, w, p, b, c = map(numbers, constants)
        polynomial = (b * x**3 + c * x, 3 * b * x**2 + c, 6 * b * x, 6 * b)[order] if order < 4 else 0
        sine = ELEMENTWISE["sin"].value(np.asarray(w * x + p + order * pi() / 2))
        return np.asarray(a * w**order * sine + polynomial)

    return function


def generator(name: str) -> np.random.Generator:
    """Random numbers that depend on a name alone."""
    return np.random.default_rng(zlib.crc32(name.encode()))


# ---- Rows, columns and matrices -------------------------------------------------------------------------------------


def expand(x: Jet, kind: str, rank: int) -> Jet:
    """A scalar, row or column with axes of size 1 put in, so that it meets a value of a larger kind."""
    if x.kind == kind or x.rank == rank:
        return with_kind(x, kind)
    if x.kind == "scalar":
        return linear(x, lambda a: a.reshape(a.shape + (1,) * rank), (1,) * rank, kind)
    if kind == "matrix" and x.kind == "column":
        return linear(x, lambda a: a[..., :, None], (*x.shape, 1), kind)
    if kind == "matrix" and x.kind == "row":
        return linear(x, lambda a: a[..., None, :], (1, *x.shape), kind)
    raise KindError(f"a {x.kind} cannot be expanded to a {kind}")


def meet(x: Jet, y: Jet) -> tuple[Jet, Jet]:
    """Two values expanded to their common kind: a column and a row meet as a matrix."""
    if x.kind == "tensor" or y.kind == "tensor":
        kind, rank = "tensor", max(x.rank, y.rank)
    else:
        kind = KIND["".join(axis for axis in "rc" if axis in AXES[x.kind] + AXES[y.kind])]
        rank = len(AXES[kind])
    x, y = expand(x, kind, rank), expand(y, kind, rank)
    if any(a != b and 1 not in (a, b) for a, b in zip(x.shape, y.shape, strict=True)):
        raise DimensionError(f"the shapes {x.shape} and {y.shape} do not agree")
    return x, y


def add(x: Jet, y: Jet) -> Jet:
    x, y = meet(x, y)
    return x + y


def times(x: Jet, y: Jet) -> Jet:
    x, y = meet(x, y)
    return x * y


def over(x: Jet, y: Jet) -> Jet:
    return quotient(*meet(x, y))


def quotient(x: Jet, y: Jet) -> Jet:
    """x/(low + e·high) = q - e·q·(high/low) with q = x/low; so 6/3 is 2, which 6·(1/3) need not be."""
    low, high, bit = y.split()
    if not bit:
        return Jet({bits: part / y.primal for bits, part in x.parts.items()}, common(x.shape, y.shape), x.kind)
    q = quotient(x, low)
    return q - q * quotient(high, low).lift(bit)


def elementwise_power(x: Jet, y: Jet) -> Jet:
    return power(*meet(x, y))


def larger(x: Jet, y: Jet) -> Jet:
    """The larger of two, with the first one's derivative at a tie."""
    return prefer("maximum", np.greater_equal, *meet(x, y))


def smaller(x: Jet, y: Jet) -> Jet:
    return prefer("minimum", np.less_equal, *meet(x, y))


def prefer(name: str, relation: Callable[[Array, Array], Array], x: Jet, y: Jet) -> Jet:
    """x where it has a relation to y, else y; not a number where one is not.

    Where intervals leave open which it is, the value is enclosed by `name`, and each derivative by those of both.
    """
    first = np.asarray(relation(x.primal, y.primal))
    if not is_precise():
        return choose(first | np.isnan(x.primal), x, y, x.kind)
    chosen, open_ = choose(first, x, y, x.kind), ~(first | np.asarray(relation(y.primal, x.primal)))
    if not open_.any():
        return chosen
    parts, zero = {}, np.asarray(numbers(0.0), dtype=object)
    for bits in chosen.parts.keys() | {0}:
        both = entrywise("hull" if bits else name, x.parts.get(bits, zero), y.parts.get(bits, zero))
        parts[bits] = np.where(open_, both, chosen.parts.get(bits, zero))
    return Jet(parts, chosen.shape, x.kind)


def as_matrix(x: Jet) -> Jet:
    """A row or column as a matrix with one row or one column."""
    if x.kind not in ("row", "column", "matrix"):
        raise KindError(f"a {x.kind} stands where a row, column or matrix is expected")
    return expand(x, "matrix", 2)


def product(x: Jet, y: Jet) -> Jet:
    """`x*y`: a scaling, or the matrix product; a row has no row axis in the result, and a column no column axis."""
    if "scalar" in (x.kind, y.kind):
        return times(x, y)
    a, b = as_matrix(x), as_matrix(y)
    if a.shape[1] != b.shape[0]:
        raise DimensionError(f"the product of a {x.kind} {x.shape} and a {y.kind} {y.shape} has no meaning")
    rows, columns = "" if x.kind == "row" else "r", "" if y.kind == "column" else "c"
    return drop(bilinear(a, b, np.matmul, (a.shape[0], b.shape[1]), "matrix"), rows + columns)


def drop(x: Jet, axes: str) -> Jet:
    """A matrix without those of its axes that are not named in `axes`, of size 1."""
    if axes == "rc":
        return x
    gone = tuple(-2 + i for i, axis in enumerate("rc") if axis not in axes)
    shape = tuple(n for axis, n in zip("rc", x.shape, strict=True) if axis in axes)
    return linear(x, lambda a: np.squeeze(a, gone), shape, KIND[axes])


def kron(x: Jet, y: Jet) -> Jet:
    if "scalar" in (x.kind, y.kind):
        return times(x, y)
    a, b = as_matrix(x), as_matrix(y)
    shape = (a.shape[0] * b.shape[0], a.shape[1] * b.shape[1])

    def blocks(p: Array, q: Array) -> Array:
        r = p[..., :, None, :, None] * q[..., None, :, None, :]
        return r.reshape(r.shape[:-4] + shape)

    axes = "".join(axis for axis in "rc" if axis in AXES[x.kind] + AXES[y.kind])
    return drop(bilinear(a, b, blocks, shape, "matrix"), axes)


def transpose(x: Jet) -> Jet:
    if x.kind in ("row", "column"):
        return with_kind(x, "column" if x.kind == "row" else "row")
    if x.kind == "matrix":
        return linear(x, lambda a: np.swapaxes(a, -1, -2), x.shape[::-1])
    if x.kind == "scalar":
        return x
    raise KindError("a tensor of order three or more has no transpose")


# ---- Functions of a whole matrix or vector --------------------------------------------------------------------------


def total(x: Jet) -> Jet:
    """The sum of all entries."""
    return linear(x, lambda a: a.sum(axis=tuple(range(a.ndim - x.rank, a.ndim))), (), "scalar")


def add_up(x: Jet, axis: int | None = None) -> Jet:
    """`sum(X)`, `sum(X, 0)` (a row) and `sum(X, 1)` (a column)."""
    if axis is None or (x.rank < 2 and axis in (0, -1)):
        return total(x)
    if not -x.rank <= axis < x.rank:
        raise KindError(f"a value with {x.rank} axes has no axis {axis}")
    axis %= x.rank
    kind = ("row", "column")[axis] if x.kind == "matrix" else ("column", "matrix", "tensor")[min(x.rank - 2, 2)]
    return linear(x, lambda a: a.sum(axis=axis - x.rank), x.shape[:axis] + x.shape[axis + 1 :], kind)


def mean(x: Jet, axis: int | None = None) -> Jet:
    count = math.prod(x.shape) if axis is None else x.shape[axis]
    return divided(add_up(x, axis), count)


def divided(x: Jet, number: int) -> Jet:
    """A value divided by a whole number, in the precision of the value."""
    return linear(x, lambda a: a / number)


def last_sum(x: Jet) -> Jet:
    """The sum over the last axis, which stays with size 1."""
    return linear(x, lambda a: a.sum(axis=-1, keepdims=True), (*x.shape[:-1], 1))


def shifted(x: Jet) -> tuple[Jet, Array]:
    """x less the largest entry of each row, and these entries, so that `exp` does not overflow."""
    if not x.rank:
        raise KindError("a scalar stands where a vector or matrix is expected")
    top = x.primal.real.max(axis=-1, keepdims=True)
    return x + -top, top


def softmax(x: Jet) -> Jet:
    e = apply("exp", shifted(x)[0])
    return e * apply("reciprocal", last_sum(e))


def logsoftmax(x: Jet) -> Jet:
    y, _ = shifted(x)
    return y - apply("log", last_sum(apply("exp", y)))


def logsumexp(x: Jet) -> Jet:
    y, top = shifted(x)
    result = apply("log", last_sum(apply("exp", y))) + top
    kind = {1: "scalar", 2: "column", 3: "matrix"}.get(x.rank, "tensor")
    return linear(result, lambda a: a[..., 0], x.shape[:-1], kind)


def dot(x: Jet, y: Jet) -> Jet:
    if x.shape != y.shape:
        raise DimensionError(f"the shapes {x.shape} and {y.shape} do not agree")
    return total(x * y)


def outer(x: Jet, y: Jet) -> Jet:
    if x.rank != 1 or y.rank != 1:
        raise KindError("`outer` takes two vectors")
    return product(with_kind(x, "column"), with_kind(y, "row"))


def norm2(x: Jet) -> Jet:
    return apply("sqrt", total(x * x))


def square(x: Jet) -> int:
    """The size of a square matrix."""
    if x.kind != "matrix" or x.shape[0] != x.shape[1]:
        raise DimensionError(f"a square matrix is expected, not a {x.kind} of shape {x.shape}")
    return x.shape[0]


def trace(x: Jet) -> Jet:
    square(x)
    return linear(x, lambda a: np.trace(a, axis1=-2, axis2=-1), (), "scalar")


def diag(x: Jet) -> Jet:
    """A vector to a diagonal matrix; a matrix to the column of its diagonal."""
    if x.rank == 1:
        n = x.shape[0]
        return linear(x, lambda a: a[..., :, None] * numbers(np.eye(n)), (n, n), "matrix")
    square(x)
    return linear(x, lambda a: np.diagonal(a, axis1=-2, axis2=-1), x.shape[:1], "column")


def triangle(x: Jet, mask: Callable[[Array], Array]) -> Jet:
    """A matrix times the mask of some of its entries; where an entry has no value outside of the mask, neither has this."""
    if x.kind != "matrix":
        raise KindError(f"a matrix is expected, not a {x.kind}")
    kept = numbers(mask(np.ones(x.shape)))
    return linear(x, lambda a: a * kept)


def vec(x: Jet) -> Jet:
    if x.rank < 2:
        return linear(x, lambda a: a.reshape((*a.shape[: a.ndim - x.rank], -1)), (math.prod(x.shape),), "column")
    size = (math.prod(x.shape),)
    return linear(x, lambda a: np.swapaxes(a, -1, -2).reshape(a.shape[:-2] + size), size, "column")


def eliminate(a: Array) -> tuple[Array, Array]:
    """The inverse and the determinant of each matrix of a stack, by Gauss and Jordan with row exchanges.

    A pivot that is nothing but rounding is 0: the determinant of a singular matrix is 0, its inverse not finite.
    """
    n = a.shape[-1]
    nothing = 4 * n * rounding(a) * np.abs(a).max(axis=(-1, -2), initial=0, keepdims=True).reshape(-1)
    stack = np.concatenate([a, np.broadcast_to(np.eye(n, dtype=a.dtype), a.shape)], axis=-1).reshape(-1, n, 2 * n)
    every, det = np.arange(len(stack)), np.ones(len(stack), dtype=a.dtype)
    for k in range(n):
        pivot = k + np.abs(stack[:, k:, k]).argmax(axis=1)
        upper, lower = stack[every, k].copy(), stack[every, pivot].copy()
        lower[np.abs(lower[:, k]) <= nothing, k] = numbers(0)
        stack[every, pivot], stack[every, k] = upper, lower / lower[:, k, None]
        det = det * lower[:, k] * np.where(pivot == k, 1, -1)
        factor = stack[:, :, k, None] * (np.arange(n) != k)[:, None]
        stack = stack - factor * stack[:, None, k, :]
    return stack[..., n:].reshape(a.shape), det.reshape(a.shape[:-2])


def matmul(x: Jet, y: Jet) -> Jet:
    return bilinear(x, y, np.matmul, (x.shape[0], y.shape[1]), "matrix")


def inverse(x: Jet) -> Jet:
    """inv(low + e·high) = inv(low) - e·inv(low)·high·inv(low)."""
    square(x)
    low, high, bit = x.split()
    if not bit:
        return Jet({0: eliminate(x.primal)[0]}, x.shape, x.kind)
    y = inverse(low)
    return y - matmul(matmul(y, high), y).lift(bit)


def logdet(x: Jet) -> Jet:
    """log |det(low + e·high)| = log |det low| + e·tr(inv(low)·high); the square stands for |..| at complex points."""
    square(x)
    low, high, bit = x.split()
    if not bit:
        det = constant(eliminate(x.primal)[1], "scalar", 0)
        return divided(apply("log", det * det), 2)
    return logdet(low) + trace(matmul(inverse(low), high)).lift(bit)


def characteristic(x: Jet) -> tuple[Jet, Jet]:
    """Determinant and adjugate by Faddeev and LeVerrier: no division but by whole numbers."""
    n = square(x)
    unit = constant(numbers(np.eye(n)), "matrix", 2)
    adjugate = unit
    for k in range(1, n):
        y = matmul(x, adjugate)
        adjugate = times(divided(trace(y), k), unit) - y
    return divided(trace(matmul(x, adjugate)), n), adjugate


def determinant(x: Jet) -> Jet:
    return characteristic(x)[0]


def adjugate(x: Jet) -> Jet:
    """It has a value where the matrix has one: that of a 1 x 1 matrix is 1, whatever the entry."""
    return characteristic(x)[1] + (x - x)


def matrix_power(x: Jet, exponent: int) -> Jet:
    """x^k by squaring."""
    base = inverse(x) if exponent < 0 else x
    result, rest = constant(numbers(np.eye(square(x))), "matrix", 2), abs(exponent)
    while rest:
        if rest % 2:
            result = matmul(result, base)
        rest //= 2
        base = matmul(base, base) if rest else base
    return result


FUNCTIONS: dict[str, Callable[..., Jet]] = {
    "sum": add_up,
    "mean": mean,
    "norm1": lambda x: total(apply("abs", x)),
    "norm2": norm2,
    "tr": trace,
    "det": determinant,
    "logdet": logdet,
    "inv": inverse,
    "adj": adjugate,
    "diag": diag,
    "tril": lambda x: triangle(x, np.tril),
    "triu": lambda x: triangle(x, np.triu),
    "vec": vec,
    "kron": kron,
    "dot": dot,
    "outer": outer,
    "softmax": softmax,
    "logsoftmax": logsoftmax,
    "logsumexp": logsumexp,
    "crossentropy": lambda y, p: -dot(y, apply("log", p)),
    "maximum": larger,
    "minimum": smaller,
    "pow": elementwise_power,
}
