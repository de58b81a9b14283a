"""Entries at given sizes have the values of their node, are tied as properties say, and are few where parts are shared."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import special

import matcalc  # noqa: F401  (fills the registry)
from matcalc.assumptions import Facts
from matcalc.check import partial_value
from matcalc.claim import Claim, read_claim
from matcalc.errors import DimensionError, MatcalcError
from matcalc.expr import (
    Add,
    Apply,
    Constant,
    Derivative,
    Node,
    Number,
    Power,
    Product,
    Unknown,
    Variable,
    apply_elementwise,
    apply_matrix,
    identity,
    ones,
    power,
    product,
    transpose,
    zero,
)
from matcalc.form import name
from matcalc.jets import smooth_function
from matcalc.lowering import lower
from matcalc.normal import Budget, BudgetExceeded, Normalizer
from matcalc.normal.entries import Entries
from matcalc.operation import operations
from matcalc.sampling import Point, draw_value, sample, value_at
from matcalc.traversal import postorder

FOLDER = Path(__file__).parent.parent / "identities"
#: Each with an order in which sizes are dealt out to its dimensions: all pairs are different, one is 1 if there are three.
ORDERS = ((3, 2, 1), (2, 3, 1), (3, 1, 2))
IDENTITIES = [
    pytest.param(identity, ORDERS[k % len(ORDERS)], id=identity["name"])
    for path in sorted(FOLDER.glob("*.toml"))
    for k, identity in enumerate(tomllib.loads(path.read_text(encoding="utf-8"))["identity"])
]

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


def facts_of(program: Any) -> Facts:
    """What is declared of the variables; of those with compound axes, properties do not speak of axes of the core."""
    return Facts(
        {
            v.name: v.properties if all(len(axis) == 1 for axis in v.shape) else v.properties & {"positive"}
            for v in program.variables.values()
        }
    )


def point_of(program: Any, order: Sequence[int]) -> Point:
    """A point at sizes 1, 2, 3 in some order, or in the next order at which the output has a value."""
    for choice in sorted(permutations((1, 2, 3)), key=lambda sizes: sizes != tuple(order)):
        sizes = dict(zip(program.dimensions, choice * len(program.dimensions), strict=False))
        try:
            return sample(program, seed=1, sizes=sizes)
        except MatcalcError as error:
            last = error
    raise last


def check_values(claim: Claim, order: Sequence[int]) -> None:
    """The entries of each side have the values that the numeric interpreter finds."""
    program = replace(claim.program, output=claim.sides[0])
    point, environment = point_of(program, order), lower(program, claim.layout)
    nodes = [environment.lower(side).node for side in claim.sides]
    entries, at = Entries(point.sizes, facts_of(program), largest=100_000), scalars_at(program, nodes, point)
    for side, node in zip(claim.sides, nodes, strict=True):
        wanted = np.asarray(value_at(program, side, point))
        found = np.reshape(values(entries(node), at), wanted.shape)
        np.testing.assert_allclose(found, wanted, rtol=1e-7, atol=1e-9)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(("identity", "order"), IDENTITIES)
def test_entries_have_the_values_of_their_node(identity: dict, order: tuple[int, ...]) -> None:
    keys = ("declare", "layout", "where", "assume")
    given = {key: identity[key] for key in keys if key in identity}
    check_values(read_claim(identity["claim"], **given, structured=identity.get("structured", False)), order)


EXPRESSIONS = {
    "power with a vector as exponent": ("x.^y", ["x: vector(n) positive", "y: vector(n)"]),
    "derivative of a power by its exponent": ("d(sum(x.^y))/d(y)", ["x: vector(n) positive", "y: vector(n)"]),
    "general scalar power": ("a^b*x", ["a: scalar positive", "b: scalar", "x: vector(n)"]),
    "maximum": ("maximum(x, y)'*A", ["x: vector(m)", "A: matrix(m, n)"]),
    "derivative of a minimum": ("jacobian(minimum(A*x, y), x)", ["A: matrix(m, n)"]),
    "condition": ("[i,j: A[i,j] if i==j or i==k else x[j]*A[i,j]]", ["A: matrix(n, n)", "x: vector(n)"]),
    "nested conditions": ("[i,j,k: (A[i,k] if k!=j else x[i]) if i!=k else 2*x[j]]", ["A: matrix(n, n)"]),
    "bound sum": ("[i: sum[j: A[i,j]^2*(x[j] if i!=j else 1)]]", ["A: matrix(n, n)"]),
    "functions of a number": ("(exp(0*x) + cos(0*x) + sigmoid(0*x)).*x", ["x: vector(n)"]),
    "determinant for each row": ("[k: det(x[k]*A + B)]", ["A: matrix(n, n)", "B: matrix(n, n)", "x: vector(m)"]),
    "inverse for each row": ("[k,i,j: inv(x[k]*A + B)[i,j]]", ["A: matrix(n, n)", "B: matrix(n, n)", "x: vector(m)"]),
    "inverse of a Kronecker product and a sum": ("inv(kron(A, B) + kron(A', eye))", ["A: matrix(m, m)", "B: matrix(n, n)"]),
    "adjugate": ("adj(A)*B", ["A: matrix(n, n)", "B: matrix(n, m)"]),
    "log-determinant of a small matrix": ("logdet(A*A' + eye)", ["A: matrix(m, n)"]),
    "softmax row by row": ("softmax(A*B)", ["A: matrix(m, n)", "B: matrix(n, p)"]),
    "logsoftmax row by row": ("logsoftmax(A)*x", ["A: matrix(m, n)"]),
    "logsumexp row by row": ("logsumexp(A)", ["A: matrix(m, n)"]),
    "softmax of a compound vector": ("softmax(vec(A))", ["A: matrix(m, n)"]),
    "triangles": ("tril(A) - 2*triu(A')'", ["A: matrix(m, n)"]),
    "triangle of a Kronecker product": ("tril(kron(A, B))", ["A: matrix(m, n)", "B: matrix(n, m)"]),
    "compound variables": ("A*x + vec(B)", ["A: matrix(m*n, m*n) symmetric", "x: vector(m*n)", "B: matrix(n, m)"]),
    "sizes as numbers": ("m*x/n + 2^n*x", ["x: vector(n)", "y: vector(m)"]),
    "unknown functions": ("d(sum(f(A*x)))/d(x)", ["A: matrix(m, n)", "f: function"]),
    "second derivative of an unknown function": ("hessian(sum(f(A*x)), x)", ["A: matrix(m, n)", "f: function"]),
    "dependent matrix": ("d(inv(A))/d(alpha)", ["A(alpha): matrix(n, n)"]),
    "dependent symmetric matrix": ("d(A*x)/d(alpha) + A*x", ["A(alpha): matrix(n, n) symmetric", "x: vector(n)"]),
    "dependent skew matrix": ("d(A*B)/d(alpha)", ["A(alpha): matrix(n, n) skew", "B: matrix(n, n)"]),
    "dependent positive definite matrix": ("d(logdet(A))/d(x)", ["A(x): matrix(n, n) positive-definite", "x: vector(m)"]),
    "dependent triangular matrix": ("d(A*A')/d(x)", ["A(x): matrix(n, n) lower", "x: vector(m)"]),
    "dependent simplex": ("jacobian(y.*log(y), x)", ["y(x): vector(n) simplex positive", "x: vector(m)"]),
    "mixed second derivatives": ("d(d(U)/d(x))/d(Y)", ["U(x, Y): scalar", "x: vector(m)", "Y: matrix(n, m)"]),
    "derivative by an assigned name": ("d(L(Y))/d(W)", ["L(Y): scalar", "X: matrix(m, n)", "W: matrix(n, p)"]),
}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("order", [(2, 3, 1), (3, 1, 2), (1, 2, 3)])
@pytest.mark.parametrize("key", EXPRESSIONS)
def test_entries_of_all_kinds_of_nodes(key: str, order: tuple[int, ...]) -> None:
    expression, declare = EXPRESSIONS[key]
    check_values(read_claim(f"{expression} = {expression}", declare), order)
