"""Values of scalar core nodes, and of the scalar variables that entries are made of, from the numeric interpreter."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from scipy import special

from matcalc.check import partial_value
from matcalc.expr import Add, Apply, Constant, Derivative, Node, Number, Power, Product, Unknown, Variable
from matcalc.form import name
from matcalc.jets import smooth_function
from matcalc.sampling import Point, value_at
from matcalc.traversal import postorder

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "exp": np.exp, "log": np.log, "abs": np.abs, "sign": np.sign, "step": lambda x: np.heaviside(x, 0.0),
    "relu": lambda x: np.maximum(x, 0.0), "sin": np.sin, "cos": np.cos, "tan": np.tan, "asin": np.arcsin,
    "acos": np.arccos, "atan": np.arctan, "sinh": np.sinh, "cosh": np.cosh, "tanh": np.tanh,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)), "softplus": lambda x: np.log(1 + np.exp(x)),
    "silu": lambda x: x / (1 + np.exp(-x)), "erf": special.erf, "gelu": lambda x: x * (1 + special.erf(x / np.sqrt(2))) / 2,
    "pow": np.power, "maximum": np.maximum, "minimum": np.minimum,
}  # fmt: skip

#: The value of a scalar node, given those of its operands and of variables by name.
VALUES: dict[type[Node], Callable[[Any, list[float], Mapping[str, float]], float]] = {
    Number: lambda node, inner, at: float(node.value),
    Constant: lambda node, inner, at: {"pi": math.pi}[node.name],
    Variable: lambda node, inner, at: at[node.name],
    Add: lambda node, inner, at: sum(inner),
    Product: lambda node, inner, at: float(node.coefficient) * math.prod(inner),
    Power: lambda node, inner, at: np.power(inner[0], float(node.exponent)),
    Apply: lambda node, inner, at: FUNCTIONS[node.name](*inner),
    Unknown: lambda node, inner, at: float(smooth_function(node.name, node.derivative_order)(np.asarray(inner[0]))),
}


def values(scalars: Sequence[Node], at: Mapping[str, float]) -> list[float]:
    """The values of scalar nodes where scalar variables have these values."""
    memo: dict[Node, float] = {}
    for node in postorder(*scalars):
        assert node.shape == ()
        memo[node] = VALUES[type(node)](node, [memo[o] for o in node.operands], at)
    return [memo[node] for node in scalars]


def place(index: Sequence[int]) -> str:
    return f"[{','.join(str(k + 1) for k in index)}]" if index else ""


def named_entries(symbol: str, array: Any) -> Iterator[tuple[str, float]]:
    """The entries of the array of a variable by the names of their scalar variables."""
    return ((symbol + place(index), float(array[index])) for index in np.ndindex(array.shape))


def named_partials(node: Derivative, array: Any) -> Iterator[tuple[str, float]]:
    """The entries of the array of a derivative of a dependent variable by the names of their scalar variables."""
    (variable,) = node.operands
    order = len(node.positions)
    for index in np.ndindex(array.shape):
        rest, below = list(index[variable.order :]), []
        for position in node.positions:
            width = variable.operands[position].order
            below.append((position, [rest.pop(0) for _ in range(width)]))
        text = "".join(f"d{variable.argument_names[p]}{place(own)}" for p, own in sorted(below))
        first = f"d{order if order > 1 else ''}{variable.name}{place(index[: variable.order])}"
        yield f"{first}/{text}", float(array[index])


def scalars_at(program: Any, nodes: Iterable[Node], point: Point) -> dict[str, float]:
    """The values of all scalar variables that entries of nodes may have, from the arrays of the numeric interpreter."""
    found: dict[str, float] = {}
    for node in postorder(*nodes):
        shape = [d if isinstance(d, int) else point.sizes[d] for d in node.shape]
        if isinstance(node, Variable):
            array = np.reshape(value_at(program, name(node.name), point), shape)
            found.update(named_entries(node.name, array))
        if isinstance(node, Derivative):
            variable = node.operands[0]
            by = tuple(variable.argument_names[position] for position in node.positions)
            array = np.reshape(partial_value(program, variable.name, by, point), shape)
            found.update(named_partials(node, array))
    return found
