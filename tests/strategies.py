"""Random well-typed expressions as text, built from the registry of operations.

`expressions(shape)` draws the text of an expression of a given symbolic shape: `()`, `("n",)`, `("m", "n")`, with
rows apart from columns. Every operation of the registry takes part by the signature of its record; a new record is
drawn by existing. Arguments are guarded so that every function stands inside its domain:

    invertible          diagonally dominant
    positive, nonzero   between 1 and 3
    (-1, 1)             between -1/2 and 1/2

The sizes of dimensions are pairwise different, no matrix is symmetric by accident, and each pair of dimensions has
a variable of its own.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from matcalc.operation import Operation, load_operations, operations

load_operations()

Shape = tuple[str, ...]

SIZES = {"m": 2, "n": 3, "p": 4}
SCALARS = ("s", "t")
VECTORS = {("m",): ("y", "b"), ("n",): ("x", "a"), ("p",): ("z", "c")}
MATRICES = {
    ("m", "n"): "A", ("n", "p"): "B", ("p", "m"): "C", ("n", "m"): "D", ("p", "n"): "E",
    ("m", "p"): "F", ("m", "m"): "G", ("n", "n"): "H", ("p", "p"): "P",
}  # fmt: skip
SHAPES_OF = {
    **dict.fromkeys(SCALARS, ()),
    **{name: shape for shape, names in VECTORS.items() for name in names},
    **{name: shape for shape, name in MATRICES.items()},
}
DECLARATIONS = {
    name: f"{name}: {('scalar', 'vector', 'matrix')[len(shape)]}" + f"({', '.join(shape)})" * bool(shape)
    for name, shape in SHAPES_OF.items()
}
UNKNOWN_FUNCTIONS = ("f",)

#: Operations whose arguments are sizes; they are drawn as leaves.
CONSTRUCTORS = frozenset(record.name for record in operations() if record.signature == "new")

GUARDS = {
    "positive": "(2 + sin({0}))",
    "nonnegative": "(2 + cos({0}))",
    "nonzero": "(2 + sin({0}))",
    "(-1, 1)": "(sin({0})/2)",
}


@dataclass(frozen=True)
class Expression:
    """A drawn text with the variables that occur in it."""

    text: str
    shape: Shape

    @property
    def variables(self) -> tuple[str, ...]:
        words = set(re.findall(r"[A-Za-z_]\w*", self.text))
        return tuple(name for name in SHAPES_OF if name in words)

    @property
    def declare(self) -> list[str]:
        """The declarations of the variables that occur."""
        return [DECLARATIONS[name] for name in self.variables]


def draw_values(variables: tuple[str, ...], seed: int) -> dict[str, np.ndarray]:
    """Values between -1.5 and 1.5, the same for a variable whatever the others are."""
    values = {}
    for name in variables:
        generator = np.random.default_rng([seed, ord(name)])
        values[name] = generator.uniform(-1.5, 1.5, size=tuple(SIZES[axis] for axis in SHAPES_OF[name]))
    return values


def guarded(text: str, domain: str, shape: Shape) -> str:
    """An argument brought into the domain of a function."""
    if domain == "invertible":
        return f"(6*eye({shape[0]}) + sin({text}))"
    return GUARDS.get(domain, "{0}").format(text)


def leaf(shape: Shape) -> st.SearchStrategy[str]:
    if not shape:
        return st.sampled_from([*SCALARS, "2", "1/3", "pi", "n"])
    if len(shape) == 1:
        return st.sampled_from([*VECTORS[shape], *VECTORS[shape], f"ones({shape[0]})"])
    identity = [f"eye({shape[0]})"] if shape[0] == shape[1] else []
    return st.sampled_from([MATRICES[shape]] * 3 + [f"{MATRICES[shape[::-1]]}'", f"ones({', '.join(shape)})", *identity])


def join(template: str, *parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Texts put into the places of a template."""
    return st.tuples(*parts).map(lambda texts: template.format(*texts))


def calls(record: Operation, shape: Shape, depth: int) -> list[st.SearchStrategy[str]]:
    """The ways in which an operation gives a value of a shape."""
    template = f"{record.name}({', '.join(f'{{{k}}}' for k in range(record.arity))})" if record.overloads else ""
    found = []
    for overload in record.overloads:
        for inputs in argument_shapes(record, overload, shape):
            arguments = (
                expressions(given, depth - 1).map(lambda text, given=given: guarded(text, record.domain, given))
                for given in inputs
            )
            found.append(join(template, *arguments))
    return found


def argument_shapes(record: Operation, overload, shape: Shape) -> list[tuple[Shape, ...]]:
    """The shapes of the arguments for which an overload gives a value of this shape."""
    if record.elementwise:
        return [(shape,) * record.arity]
    if overload.any:
        every = [(), *VECTORS, *MATRICES]
        return [(given,) * record.arity for given in every] if shape == () else []
    if any(len(axis) > 1 for group in (*overload.inputs, overload.output) for axis in group):
        return []  # Compound axes have no declared name; they are drawn inside of scalars, see `scalar_only`.
    rank = len(overload.output)
    if len(shape) not in ({rank, rank + 1} if overload.rows else {rank}):
        return []
    passed, own = shape[: len(shape) - rank], shape[len(shape) - rank :]
    names = sorted({axis[0] for group in (*overload.inputs, overload.output) for axis in group})
    found = []
    for choice in itertools.product(SIZES, repeat=len(names)):
        axes = dict(zip(names, choice, strict=True))
        if tuple(axes[axis[0]] for axis in overload.output) == own:
            found.append(tuple((*passed, *(axes[axis[0]] for axis in group)) for group in overload.inputs))
    return [given for given in found if all(len(axes) <= 2 for axes in given)]


def scalar_only(depth: int) -> list[st.SearchStrategy[str]]:
    """Scalars made by way of compound axes."""
    return [
        join("vec({0})'*vec({1})", expressions(("m", "n"), depth - 1), expressions(("m", "n"), depth - 1)),
        join("tr(kron({0}, {1}))", expressions(("m", "m"), depth - 1), expressions(("n", "n"), depth - 1)),
        join("sum(kron({0}, {1}))", expressions(("m", "n"), depth - 1), expressions(("n", "p"), depth - 1)),
        join("norm2(kron({0}, {1}) + 3)", expressions(("m",), depth - 1), expressions(("p",), depth - 1)),
        join("vec({0})'*(commutation(n, m)*vec({1}))", expressions(("m", "n"), depth - 1), expressions(("n", "m"), depth - 1)),
    ]


def combined(shape: Shape, depth: int) -> list[st.SearchStrategy[str]]:
    """Sums, scalings and element-wise products, which exist for every shape."""

    def same() -> st.SearchStrategy[str]:
        return expressions(shape, depth - 1)

    def scalar() -> st.SearchStrategy[str]:
        return expressions((), depth - 1)

    entrywise = [join("({0}).*({1})", same(), same()), join("({0}).^2", same()), join("({0})./(2 + sin({1}))", same(), same())]
    return [
        join("{0} + {1}", same(), same()),
        join("{0} - ({1})", same(), same()),
        join("-({0})", same()),
        join("({0})*({1})", scalar(), same()),
        join("({0})/(2 + cos({1}))", same(), scalar()),
        join("f({0})", same()),
        join("({0}) + ({1})", same(), scalar()),
        *entrywise * bool(shape),
    ]


def products(shape: Shape, depth: int) -> list[st.SearchStrategy[str]]:
    """Matrix products, transposes, broadcasting, reductions by axes, powers and tensors by entries."""
    below = depth - 1
    if not shape:
        inner = [join("({0})'*({1})", expressions((k,), below), expressions((k,), below)) for k in SIZES]
        entries = join("sum[i,j: ({0})[i,j]*({1})[j,i]]", expressions(("m", "n"), below), expressions(("n", "m"), below))
        return [*inner, entries, *scalar_only(depth), join("({0})^3", expressions((), below))]
    if len(shape) == 1:
        (k,) = shape
        return [
            *(join("({0})*({1})", expressions((k, j), below), expressions((j,), below)) for j in SIZES),
            *(join("(({0})'*({1}))'", expressions((j,), below), expressions((j, k), below)) for j in SIZES),
            *(join("sum({0}, 1)", expressions((k, j), below)) for j in SIZES),
            *(join("mean({0}, 0)'", expressions((j, k), below)) for j in SIZES),
            join("[i: ({0})[i]*({1})[i,i]]", expressions((k,), below), expressions((k, k), below)),
        ]  # fmt: skip
    k, j = shape
    square = [
        join("({0})^2", expressions(shape, below)),
        join("(6*eye({1}) + sin({0}))^-1", expressions(shape, below), st.just(k)),
        join("[i,j: ({0})[i,j] if i==j else ({1})[j]]", expressions(shape, below), expressions((k,), below)),
    ]
    return [
        *(join("({0})*({1})", expressions((k, i), below), expressions((i, j), below)) for i in SIZES),
        join("({0})'", expressions((j, k), below)),
        join("({0})*({1})'", expressions((k,), below), expressions((j,), below)),
        join("{0} + ({1})'", expressions((k,), below), expressions((j,), below)),
        join("({0}).*({1})'", expressions(shape, below), expressions((j,), below)),
        join("({0}) - ({1})", expressions(shape, below), expressions((k,), below)),
        *square * (k == j),
    ]


def expressions(shape: Shape, depth: int = 2) -> st.SearchStrategy[str]:
    """Texts of expressions of a shape, nested at most `depth` times."""
    if depth <= 0:
        return leaf(shape)

    def deeper() -> st.SearchStrategy[str]:
        called = [way for record in operations() for way in calls(record, shape, depth)]
        return st.one_of(st.one_of(called), st.one_of(combined(shape, depth)), st.one_of(products(shape, depth)))

    return st.one_of(leaf(shape), st.deferred(deeper), st.deferred(deeper))


def well_typed(*shapes: Shape, depth: int = 2) -> st.SearchStrategy[Expression]:
    """Expressions of one of the shapes, in which at least one variable occurs."""
    drawn = (expressions(shape, depth).map(lambda text, shape=shape: Expression(text, shape)) for shape in shapes)
    return st.one_of(*drawn).filter(lambda expression: bool(expression.variables))
