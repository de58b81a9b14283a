"""A naive evaluation of core nodes, one `np.einsum` a contraction, and random core nodes to evaluate.

The evaluation follows the table of node types in `matcalc.expr` and nothing else: no broadcasting, no association that
is better than another, the functions by their textbook formulas.  A function that the table below does not know is that
of the NumPy source of its record, so a new record can be evaluated by existing.

Dimensions have pairwise different sizes, and no matrix is symmetric by accident.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
from corpus import DRAW
from hypothesis import strategies as st
from scipy import special

from matcalc.expr import (
    Add,
    Apply,
    Constant,
    Delta,
    Derivative,
    Node,
    Number,
    Power,
    Product,
    Size,
    Unknown,
    Variable,
    add,
    apply_elementwise,
    apply_matrix,
    expand,
    power,
    product,
    scale,
)
from matcalc.operation import load_operations, operation, operations
from matcalc.traversal import postorder

load_operations()

SIZES = {"m": 2, "n": 3, "p": 4, "q": 5, "r": 6}


# The evaluation


def softmax(x: np.ndarray) -> np.ndarray:
    return np.exp(x) / np.exp(x).sum(axis=-1, keepdims=True)


def logsumexp(x: np.ndarray) -> np.ndarray:
    return np.log(np.exp(x).sum(axis=-1))


def adjugate(x: np.ndarray) -> np.ndarray:
    """The transposed matrix of cofactors."""

    def cofactor(i: int, j: int) -> float:
        return (-1) ** (i + j) * np.linalg.det(np.delete(np.delete(x, i, 0), j, 1))

    return np.array([[cofactor(j, i) for j in range(len(x))] for i in range(len(x))])


FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{name: getattr(np, name) for name in ("exp", "log", "abs", "sign", "sin", "cos", "tan", "sinh", "cosh", "tanh")},
    **{"asin": np.arcsin, "acos": np.arccos, "atan": np.arctan, "pow": np.power, "erf": special.erf},
    "maximum": lambda a, b: np.where(a > b, a, b),
    "minimum": lambda a, b: np.where(a < b, a, b),
    "step": lambda x: np.where(x > 0, 1.0, 0.0),
    "relu": lambda x: np.where(x > 0, x, 0.0),
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "softplus": lambda x: np.log(1 + np.exp(x)),
    "silu": lambda x: x / (1 + np.exp(-x)),
    "gelu": lambda x: x * (1 + special.erf(x / math.sqrt(2))) / 2,
    "inv": np.linalg.inv,
    "det": np.linalg.det,
    "logdet": lambda x: np.log(np.abs(np.linalg.det(x))),
    "adj": adjugate,
    "softmax": softmax,
    "logsoftmax": lambda x: np.log(softmax(x)),
    "logsumexp": logsumexp,
}

#: What the unknown function f and its derivatives stand for.
UNKNOWN = {
    ("f", 0): lambda u: np.sin(2 * u),
    ("f", 1): lambda u: 2 * np.cos(2 * u),
    ("f", 2): lambda u: -4 * np.sin(2 * u),
    ("f", 3): lambda u: -8 * np.cos(2 * u),
}


def numpy_source(name: str) -> Callable[..., Any]:
    """The function that the NumPy source of a record describes."""
    record = operation(name)
    parameters = ", ".join(f"x{k}" for k in range(record.arity))
    source = record.numpy.format(*(f"x{k}" for k in range(record.arity)))
    module = {"np": np, "special": special}
    helpers = "\n\n".join(other.helper for other in operations())
    exec(f"{helpers}\n\ndef function({parameters}):\n    return {source}", module)
    return module["function"]


def function(name: str) -> Callable[..., Any]:
    """The NumPy function of an operation."""
    return FUNCTIONS.get(name) or numpy_source(name)


@dataclass(frozen=True)
class Point:
    """Sizes by dimension and values by variable.

    `functions` holds unknown functions by name and order of the derivative, and what depends on others, and its partial
    derivatives, by name and positions of the arguments: ("U", ()) and ("U", (0, 1)).
    """

    values: Mapping[str, Any]
    sizes: Mapping[str, int] = field(default_factory=lambda: SIZES)
    functions: Mapping[tuple[str, Any], Callable[..., Any]] = field(default_factory=lambda: UNKNOWN)

    def shape(self, shape: Sequence[int | str]) -> tuple[int, ...]:
        return tuple(d if isinstance(d, int) else self.sizes[d] for d in shape)

    def moved(self, name: str, value: Any) -> Point:
        """The point with one value replaced."""
        return replace(self, values={**self.values, name: value})


def contracted(node: Product, values: list[np.ndarray], point: Point) -> np.ndarray:
    """One einsum; an axis of the result that no factor carries is that of a factor of ones."""
    carried = {label for labels in node.labels for label in labels}
    bare = [k for k in range(node.order) if k not in carried]
    given: list[Any] = [np.asarray(float(node.coefficient)), []]
    for value, labels in zip(values, node.labels, strict=True):
        given += [value, list(labels)]
    for k in bare:
        given += [np.ones(point.shape(node.shape)[k]), [k]]
    return np.einsum(*given, list(range(node.order)), optimize="greedy")


def matrix_value(node: Apply, value: np.ndarray, point: Point) -> np.ndarray:
    """A matrix operation, compound axes joined, for each row by itself."""
    ends = list(accumulate((1,) * node.rows + (node.groups or ()), initial=0))
    joined = value.reshape([math.prod(value.shape[a:b]) for a, b in pairwise(ends)])
    rows = [function(node.name)(joined[place]) for place in np.ndindex(joined.shape[: node.rows])]
    return np.array(rows).reshape(point.shape(node.shape))


def node_value(node: Node, below: list[np.ndarray], point: Point) -> Any:
    """The value of a node from those of its operands."""
    match node:
        case Variable() if node.operands:
            return point.functions[node.name, ()](*below)
        case Variable():
            # A variable with a compound axis is given with that axis as one.
            return np.reshape(point.values[node.name], point.shape(node.shape))
        case Derivative():
            arguments = [naive(operand, point) for operand in node.operands[0].operands]
            return point.functions[node.operands[0].name, node.positions](*arguments)
        case Number():
            return float(node.value)
        case Size():
            return float(point.sizes[node.dimension])
        case Constant():
            return {"pi": math.pi}[node.name]
        case Delta():
            return np.eye(*point.shape(node.shape))
        case Add():
            return sum(below)
        case Product():
            return contracted(node, below, point)
        case Power():
            return below[0] ** float(node.exponent)
        case Unknown():
            return point.functions[node.name, node.derivative_order](below[0])
        case Apply() if node.groups is None:
            return function(node.name)(*below)
        case Apply():
            return matrix_value(node, below[0], point)
    raise NotImplementedError(type(node).__name__)


def naive(root: Node, point: Point) -> np.ndarray:
    """The array of a node at a point."""
    values: dict[Node, np.ndarray] = {}
    for node in postorder(root):
        values[node] = np.asarray(node_value(node, [values[operand] for operand in node.operands], point), dtype=float)
        assert values[node].shape == point.shape(node.shape), node
    return values[root]


def assert_equal(found: np.ndarray, expected: np.ndarray, rtol: float = 1e-9) -> None:
    """The arrays have one shape and agree up to rounding."""
    assert np.shape(found) == np.shape(expected)
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=rtol * float(np.abs(expected).max(initial=1e-3)))


# Making nodes


def contraction(specification: str, *nodes: Node, coefficient: Fraction | int = 1, **sizes: str | int) -> Node:
    """The product that an einsum specification describes; `sizes` are those of letters that no node carries."""
    left, _, out = specification.partition("->")
    letters = left.split(",") if nodes else []
    return product(coefficient, list(zip(nodes, letters, strict=True)), out, sizes)


SHAPES = {
    "s": (), "t": (), "x": ("n",), "y": ("n",), "z": ("m",), "A": ("m", "n"), "B": ("n", "p"), "C": ("p", "m"),
    "D": ("m", "n"), "S": ("n", "n"), "T": ("n", "n"),
}  # fmt: skip
VARIABLES = {name: Variable.make(name, shape) for name, shape in SHAPES.items()}


def random_point(*roots: Node, seed: int = 0, low: float = -1.5, high: float = 1.5, **given: Any) -> Point:
    """Values of the variables below the roots, each the same whatever the others are; some may be given."""
    values = dict(given)
    for node in postorder(*roots):
        if isinstance(node, Variable) and not node.operands:
            generator = np.random.default_rng([seed, *node.name.encode()])
            drawn = generator.uniform(low, high, Point({}).shape(node.shape))
            values.setdefault(node.name, drawn)
    return Point(values)


def fact_point(properties: Mapping[str, frozenset[str]], seed: int = 0) -> Point:
    """Values of all of `VARIABLES`; those that have a property are drawn with the first of theirs."""
    values = {}
    for name, variable in VARIABLES.items():
        kind = (*sorted(properties.get(name, ())), "real")[0]
        generator = np.random.default_rng([seed, *name.encode()])
        values[name] = DRAW[kind](generator, Point({}).shape(variable.shape))
    return Point(values)


# Random nodes.  Each strategy makes a node from those that are there already, so parts are shared.


def elementwise_nodes(pool: list[Node]) -> st.SearchStrategy[Node]:
    names = st.sampled_from(["tanh", "sin", "cos", "sigmoid", "softplus", "atan", "erf", "gelu"])
    return st.builds(apply_elementwise, names, st.sampled_from(pool))


def unknown_nodes(pool: list[Node]) -> st.SearchStrategy[Node]:
    return st.builds(Unknown.make, st.just("f"), st.integers(0, 1), st.sampled_from(pool))


def power_nodes(pool: list[Node]) -> st.SearchStrategy[Node]:
    whole = st.builds(power, st.sampled_from(pool), st.sampled_from([Fraction(2), Fraction(3)]))
    exponents = st.sampled_from([Fraction(-1), Fraction(-2), Fraction(1, 2), Fraction(-1, 2)])
    positive = st.builds(lambda u, p: power(2 + apply_elementwise("sin", u), p), st.sampled_from(pool), exponents)
    return st.one_of(whole, positive)


def sum_nodes(pool: list[Node]) -> st.SearchStrategy[Node]:
    coefficients = st.sampled_from([1, -1, 2, Fraction(1, 3)])

    def with_another(node: Node) -> st.SearchStrategy[Node]:
        others = st.sampled_from([other for other in pool if other.shape == node.shape])
        return st.builds(lambda a, b, other: add([scale(a, node), scale(b, other)]), coefficients, coefficients, others)

    return st.sampled_from(pool).flatmap(with_another)


@st.composite
def product_nodes(draw: st.DrawFn, pool: list[Node], orders: tuple[int, ...] = (0, 1, 2), most: int = 3) -> Node:
    """Contractions of up to `most` factors, with repeated labels, hyper-indices and ones axes."""
    factors = []
    dimensions: dict[tuple[str, int], str] = {}
    for _ in range(draw(st.integers(1, most))):
        node = draw(st.sampled_from(pool))
        labels = [(d, draw(st.integers(0, 2))) for d in node.shape]
        dimensions.update({label: label[0] for label in labels})
        factors.append((node, labels))
    dimensions[("m", 9)] = "m"  # a label that no factor carries
    order = draw(st.sampled_from([k for k in orders if k <= len(dimensions)] or [0]))
    out = draw(st.permutations(sorted(dimensions)))[:order]
    sizes = {label: dimensions[label] for label in out}
    return product(draw(st.sampled_from([1, -1, Fraction(2, 3)])), factors, out, sizes)


def matrix_function_nodes(pool: list[Node]) -> st.SearchStrategy[Node]:
    vectors = st.sampled_from([node for node in pool if node.order])
    rows = st.builds(lambda name, u: apply_matrix(name, u, (1,)), st.sampled_from(["softmax", "logsumexp"]), vectors)
    squares = st.sampled_from([node for node in pool if node.shape == ("n", "n")])
    whole = st.builds(
        lambda name, u: apply_matrix(name, 4 * Delta.make("n") + apply_elementwise("sin", u), (1, 1)),
        st.sampled_from(["inv", "logdet"]), squares,
    )  # fmt: skip
    return st.one_of(rows, whole)


def expanded_nodes(pool: list[Node]) -> st.SearchStrategy[Node]:
    scalars = st.sampled_from([node for node in pool if not node.order])
    return st.builds(expand, scalars, st.sampled_from([("n",), ("m", "n")]))


MAKERS = (
    elementwise_nodes, unknown_nodes, power_nodes, sum_nodes, product_nodes, product_nodes, product_nodes,
    matrix_function_nodes, expanded_nodes,
)  # fmt: skip


@st.composite
def graphs(draw: st.DrawFn, steps: int = 5) -> Node:
    """Random nodes of at most two axes, smooth in all their variables, with shared parts."""
    pool: list[Node] = list(VARIABLES.values())
    for _ in range(draw(st.integers(1, steps))):
        recent = pool[-3:] + [node for node in pool if node not in pool[-3:]]
        pool.append(draw(draw(st.sampled_from(MAKERS))(recent)))
    return pool[-1]


def variables_of(node: Node) -> list[Node]:
    """The variables below a node, by name."""
    return sorted((v for v in postorder(node) if isinstance(v, Variable)), key=lambda v: v.name)
