"""Values of core nodes where they exist, and points at which to ask for them: the judge of the normal form.

`Values` knows where a value does not exist, and the two conventions that hold inside of a normal form: the atom `log(v)`
is log |v|, and a root may be taken of what stands in a case that is not the one at hand (so roots are complex there, and
a factor 0 makes a product 0 whatever the others are).
"""

from __future__ import annotations

import itertools
import math
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from naive import FUNCTIONS, numpy_source

from matcalc.claim import Claim
from matcalc.expr import Add, Apply, Constant, Delta, Derivative, Node, Number, Power, Product, Size, Unknown, Variable
from matcalc.sampling import size_of
from matcalc.traversal import postorder
from matcalc.values import draw, has_properties

#: Sizes of dimensions in turn; how entries are drawn.
SIZES = ((3, 4, 2, 5, 6, 7), (1,), (2,), (2, 1, 3), (1, 2))
MANNERS = ("real", "positive", "small", "special", "tied", "zero", "one", "whole", "halves")
#: Matrices of a greater condition are taken for singular.
CONDITION = 1e6


# ---- Values -------------------------------------------------------------------------------------------------------------


def number(seed: str, *more: int) -> np.random.Generator:
    return np.random.default_rng([zlib.crc32(seed.encode()), *more])


def is_condition(node: Node) -> bool:
    """Whether a factor tells which entries the others are asked for: a polynomial in deltas."""
    below = postorder(node)
    plain = all(isinstance(n, Delta | Number | Add | Product) for n in below)
    return plain and any(isinstance(n, Delta) for n in below)


class Values:
    """The values of nodes at one point; NaN where there is none.  `inside`: the nodes are those of a normal form."""

    def __init__(self, sizes: Mapping[str, int], values: Mapping[str, Any], *, inside: bool) -> None:
        self.sizes = sizes
        self.values = values
        self.inside = inside
        self.memo: dict[Node, np.ndarray] = {}

    def __call__(self, root: Node) -> np.ndarray:
        with np.errstate(all="ignore"):
            for node in postorder(root):
                if node not in self.memo:
                    value = real(np.asarray(self.value(node, [self.memo[o] for o in node.operands])))
                    self.memo[node] = np.where(np.isfinite(value), value, np.nan)
        return self.memo[root]

    def shape(self, dimensions: Sequence[int | str]) -> tuple[int, ...]:
        return tuple(d if isinstance(d, int) else self.sizes[d] for d in dimensions)

    def value(self, node: Node, below: list[np.ndarray]) -> Any:
        match node:
            case Variable() if node.operands:
                return self.dependent(node, (), below)
            case Variable():
                return np.reshape(np.asarray(self.values[node.name], dtype=float), self.shape(node.shape))
            case Derivative():
                inner = node.operands[0]
                return self.dependent(inner, node.positions, [self.memo[o] for o in inner.operands])
            case Number():
                return float(node.value)
            case Size():
                return float(self.sizes[node.dimension])
            case Constant():
                return math.pi
            case Delta():
                return np.eye(*self.shape(node.shape))
            case Add():
                return sum(below)
            case Product():
                return self.product(node, below)
            case Power():
                return self.power(below[0], node.exponent)
            case Unknown():
                wave = (np.sin, np.cos, lambda t: -np.sin(t), lambda t: -np.cos(t))[node.derivative_order % 4]
                speed = 1 + len(node.name)
                return speed**node.derivative_order * wave(speed * below[0] + 0.5)
            case Apply() if node.groups is None:
                return self.function(node.name, below)
        return self.matrix_function(node, below[0])

    def dependent(self, node: Node, positions: Sequence[int], arguments: Sequence[np.ndarray]) -> np.ndarray:
        """A sum of waves in all entries of the arguments, its own entries tied as those of `values`, differentiated."""
        ends = np.cumsum([0, *(argument.size for argument in arguments)])
        entries = np.concatenate([argument.ravel() for argument in arguments])
        total: Any = 0
        for k, own in enumerate(self.values[node.name]):
            weights = number("weights", k).uniform(-1, 1, len(entries))
            angle = k + weights @ entries
            order = len(positions)
            wave = (np.cos, lambda t: -np.sin(t), lambda t: -np.cos(t), np.sin)[(order - 1) % 4](angle) + (order == 0) * 2
            term = np.reshape(own, self.shape(node.shape)) * wave
            for position in positions:
                part = weights[ends[position] : ends[position + 1]].reshape(arguments[position].shape)
                term = np.multiply.outer(term, part)
            total = total + term
        return total

    def product(self, node: Product, below: list[np.ndarray]) -> np.ndarray:
        """All products, summed; a factor 0 hides others that have no value where `hides` says so."""
        dimensions = dict(enumerate(self.shape(node.shape)))
        for labels, value in zip(node.labels, below, strict=True):
            dimensions.update(zip(labels, value.shape, strict=True))
        bare = [(np.ones(d), [label]) for label, d in dimensions.items() if not any(label in own for own in node.labels)]
        pairs = [*zip(below, map(list, node.labels), strict=True), *bare]
        out = list(range(node.order))
        if not any(np.isnan(value).any() for value in below):
            return float(node.coefficient) * np.einsum(*(x for pair in pairs for x in pair), out, optimize="greedy")
        hiding = [self.inside or is_condition(factor) for factor in node.operands]
        spread = self.spread(pairs, dimensions)
        total = float(node.coefficient) * math.prod(spread)
        hidden = sum(((x == 0) for x, hides in zip(spread, hiding, strict=False) if hides), np.zeros(total.shape, bool))
        return np.where(hidden, 0, total).sum(axis=tuple(range(node.order, total.ndim)))

    def spread(self, pairs: Sequence[tuple[np.ndarray, Sequence[int]]], dimensions: Mapping[int, int]) -> list[np.ndarray]:
        """Every factor over all labels."""
        labels = sorted(dimensions)
        shape = [dimensions[label] for label in labels]
        if math.prod(shape) > 1_000_000:
            return [np.full(shape[:1], np.nan)]
        places = dict(zip(labels, np.indices(shape, sparse=True), strict=True))
        return [np.broadcast_to(value[tuple(places[label] for label in own)], shape) for value, own in pairs]

    def power(self, base: np.ndarray, exponent: Any) -> np.ndarray:
        root = exponent.denominator > 1
        value = np.power(base + 0j if root and self.inside else base, abs(float(exponent)))
        return value if exponent > 0 else 1 / value

    def function(self, name: str, arguments: list[np.ndarray]) -> np.ndarray:
        if name == "log" and self.inside:
            value = np.log(np.abs(arguments[0]))
        elif any(np.iscomplexobj(x) for x in arguments) and name in ("sign", "pow", "maximum", "minimum", "step", "relu"):
            value = np.full(arguments[0].shape, np.nan)
        else:
            value = (FUNCTIONS.get(name) or numpy_source(name))(*arguments)
        return np.where(sum(np.isnan(x) for x in arguments) > 0, np.nan, value)

    def matrix_function(self, node: Apply, value: np.ndarray) -> np.ndarray:
        ends = list(itertools.accumulate((1,) * node.rows + (node.groups or ()), initial=0))
        joined = value.reshape([math.prod(value.shape[a:b]) for a, b in itertools.pairwise(ends)])
        whole = not np.isnan(joined).any() and not (node.name in ("inv", "logdet") and np.linalg.cond(joined) > CONDITION)
        if not whole:
            return np.full(self.shape(node.shape), np.nan)
        rows = [(FUNCTIONS.get(node.name) or numpy_source(node.name))(joined[k]) for k in np.ndindex(joined.shape[: node.rows])]
        return np.array(rows).reshape(self.shape(node.shape))


def real(value: np.ndarray) -> np.ndarray:
    """A complex value whose imaginary part is rounding as a real one."""
    small = np.iscomplexobj(value) and (np.abs(value.imag) <= 1e-12 * (1 + np.abs(value.real))).all()
    return value.real if small else value


# ---- Points -------------------------------------------------------------------------------------------------------------


def points(claim: Claim) -> Iterator[tuple[dict[str, int], dict[str, Any]]]:
    """Sizes and values: ordinary ones, equal sizes, sizes 1, zeros and ties."""
    names = claim.program.dimensions
    for k, pattern in enumerate(SIZES):
        sizes = dict(zip(names, itertools.cycle(pattern), strict=False))
        for manner in MANNERS:
            values = {name: drawn(v, sizes, manner, k) for name, v in claim.program.variables.items() if v.kind != "function"}
            if all(value is not None for value in values.values()):
                yield sizes, values


def drawn(variable: Any, sizes: Mapping[str, int], manner: str, seed: int) -> Any:
    """A value with the declared properties, three of them for what depends on others; None if there is none."""
    shape = tuple(size_of(axis, sizes) for axis in variable.shape)
    manners = ["positive"] * 3 if variable.arguments else [manner]
    values = draw(number(variable.name, seed, len(manner)), manners, shape, variable.properties)
    if not has_properties(values, variable.properties).all():
        return None
    return values if variable.arguments else values[0]
