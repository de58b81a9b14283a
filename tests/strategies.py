"""Random well-typed expressions as text, built from the registry of operations.

`well_typed(shape, ...)` draws expressions of symbolic shapes: `()`, `("n",)` (a column), `("m", "n")`. Every
operation of the registry takes part by the signature of its record; a new record is drawn by existing.
Arguments are guarded so that every function stands inside its domain:

    invertible          diagonally dominant
    positive, nonzero   between 1 and 3
    (-1, 1)             between -1/2 and 1/2

The sizes of dimensions are pairwise different, no matrix is symmetric by accident, and each pair of dimensions has
a variable of its own.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
from hypothesis import strategies as st

from matcalc.operation import Operation, Overload, load_operations, operations

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
        """The declarations of the variables that occur, and of the unknown function."""
        return [*(DECLARATIONS[name] for name in self.variables), "f: function"]


@dataclass(frozen=True)
class Production:
    """A way to make a text: `{0}`, `{1}` stand for expressions of the shapes in `arguments`, `i#` for a fresh index."""

    template: str
    arguments: tuple[Shape, ...]
    domain: str = "real"


def draw_values(variables: tuple[str, ...], seed: int) -> dict[str, np.ndarray]:
    """Values between -1.5 and 1.5, the same for a variable whatever the others are."""
    values = {}
    for name in variables:
        generator = np.random.default_rng([seed, ord(name)])
        values[name] = generator.uniform(-1.5, 1.5, size=tuple(SIZES[axis] for axis in SHAPES_OF[name]))
    return values


def guarded(text: str, domain: str, shape: Shape) -> str:
    """An argument brought into the domain of a function."""
    guard = "(6*eye({1}) + sin({0}))" if domain == "invertible" else GUARDS.get(domain, "{0}")
    return guard.format(text, *shape[:1])


def leaves(shape: Shape) -> tuple[str, ...]:
    if not shape:
        return (*SCALARS, *SCALARS, "2", "1/3", "pi")
    if len(shape) == 1:
        return (*VECTORS[shape], *VECTORS[shape], f"ones({shape[0]})")
    identity = (f"eye({shape[0]})",) * (shape[0] == shape[1])
    return (*[MATRICES[shape]] * 3, f"{MATRICES[shape[::-1]]}'", f"ones({', '.join(shape)})", *identity)


def calls(record: Operation, shape: Shape) -> Iterator[Production]:
    """The ways in which an operation gives a value of a shape."""
    template = f"{record.name}({', '.join(f'{{{k}}}' for k in range(record.arity))})" if record.overloads else ""
    for overload in record.overloads:
        for arguments in argument_shapes(record, overload, shape):
            yield Production(template, arguments, record.domain)


def argument_shapes(record: Operation, overload: Overload, shape: Shape) -> Iterator[tuple[Shape, ...]]:
    """The shapes of the arguments for which an overload gives a value of this shape."""
    groups = (*overload.inputs, overload.output)
    if record.elementwise:
        yield (shape,) * record.arity
    elif overload.any:
        every: list[Shape] = [(), *VECTORS, *MATRICES]
        yield from ((given,) * record.arity for given in every if shape == ())
    elif all(len(axis) == 1 for group in groups for axis in group):  # Compound axes: see `scalars`.
        rows = max(0, len(shape) - len(overload.output)) * overload.rows
        passed, own = shape[:rows], shape[rows:]
        names = sorted({axis[0] for group in groups for axis in group})
        for choice in itertools.product(SIZES, repeat=len(names)):
            axes = dict(zip(names, choice, strict=True))
            found = tuple((*passed, *(axes[axis[0]] for axis in group)) for group in overload.inputs)
            if tuple(axes[axis[0]] for axis in overload.output) == own and all(len(given) <= 2 for given in found):
                yield found


def combined(shape: Shape) -> Iterator[Production]:
    """Sums, scalings and element-wise products, which exist for every shape."""
    yield Production("{0} + {1}", (shape, shape))
    yield Production("{0} - ({1})", (shape, shape))
    yield Production("-({0})", (shape,))
    yield Production("({0})*({1})", ((), shape))
    yield Production("({0})/(2 + cos({1}))", (shape, ()))
    yield Production("({0}) + ({1})", (shape, ()))
    yield Production("f({0})", (shape,))
    yield Production("f'({0})", (shape,))
    yield Production("({0}).*({1})", (shape, shape))
    yield Production("({0}).^2", (shape,))
    yield Production("({0})./(2 + sin({1}))", (shape, shape))


def scalars() -> Iterator[Production]:
    """Inner products, powers, bound sums, and scalars made by way of compound axes."""
    yield from (Production("({0})'*({1})", ((k,), (k,))) for k in SIZES)
    yield Production("({0})^3", ((),))
    yield Production("norm2({0})^2/n", (("n",),))
    yield Production("sum[i#,j#: ({0})[i#,j#]*({1})[j#,i#]]", (("m", "n"), ("n", "m")))
    yield Production("vec({0})'*vec({1})", (("m", "n"), ("m", "n")))
    yield Production("tr(kron({0}, {1}))", (("m", "m"), ("n", "n")))
    yield Production("sum(kron({0}, {1}))", (("m", "n"), ("n", "p")))
    yield Production("norm2(kron({0}, {1}) + 3)", (("m",), ("p",)))
    yield Production("vec({0})'*(commutation(n, m)*vec({1}))", (("m", "n"), ("n", "m")))


def vectors(k: str) -> Iterator[Production]:
    """Products with matrices, sums and means along an axis, entries."""
    for j in SIZES:
        yield Production("({0})*({1})", ((k, j), (j,)))
        yield Production("(({0})'*({1}))'", ((j,), (j, k)))
        yield Production("sum({0}, 1)", ((k, j),))
        yield Production("mean({0}, 0)'", ((j, k),))
    yield Production("[i#: ({0})[i#]*({1})[i#,i#]]", ((k,), (k, k)))


def matrices(k: str, j: str) -> Iterator[Production]:
    """Products, transposes, outer products, broadcasting, powers, entries with a condition."""
    yield from (Production("({0})*({1})", ((k, i), (i, j))) for i in SIZES)
    yield Production("({0})'", ((j, k),))
    yield Production("({0})*({1})'", ((k,), (j,)))
    yield Production("{0} + ({1})'", ((k,), (j,)))
    yield Production("({0}).*({1})'", ((k, j), (j,)))
    yield Production("({0}) - ({1})", ((k, j), (k,)))
    if k == j:
        yield Production("({0})^2", ((k, k),))
        yield Production(f"(6*eye({k}) + sin({{0}}))^-1", ((k, k),))
        yield Production("[i#,j#: ({0})[i#,j#] if i#==j# else ({1})[j#]]", ((k, k), (k,)))


@cache
def productions(shape: Shape) -> tuple[tuple[Production, ...], ...]:
    """All productions of a shape, by family."""
    own = (scalars, vectors, matrices)[len(shape)](*shape)
    called = (production for record in operations() for production in calls(record, shape))
    return tuple(called), tuple(combined(shape)), tuple(own)


@st.composite
def texts(draw: st.DrawFn, shape: Shape, depth: int) -> str:
    """Texts of expressions of a shape, nested at most `depth` times."""
    family = draw(st.sampled_from([(), *productions(shape)])) if depth else ()
    if not family:
        return draw(st.sampled_from(leaves(shape)))
    production = draw(st.sampled_from(family))
    parts = (guarded(draw(texts(given, depth - 1)), production.domain, given) for given in production.arguments)
    return production.template.replace("#", str(depth)).format(*parts)


def well_typed(*shapes: Shape, depth: int = 2) -> st.SearchStrategy[Expression]:
    """Expressions of one of the shapes, in which at least one variable occurs."""
    drawn = st.sampled_from(shapes).flatmap(lambda shape: texts(shape, depth).map(lambda text: Expression(text, shape)))
    return drawn.filter(lambda expression: bool(expression.variables))


def calls_of(record: Operation) -> st.SearchStrategy[Expression]:
    """Calls of one operation on variables, guarded into its domain, of each shape that it can give."""
    shapes: tuple[Shape, ...] = ((), ("n",), ("m", "n"), ("p", "p"))
    plain = [(shape, production) for shape in shapes for production in calls(record, shape)]
    drawn = st.sampled_from(plain or [(("n",), Production(COMPOUND[record.name], (("m", "n"), ("n", "p"))))])
    return drawn.flatmap(lambda pair: filled(*pair)).filter(lambda expression: bool(expression.variables))


#: Operations with compound axes, whose values have no declared shape, inside of a scalar.
COMPOUND = {"vec": "norm2(vec({0}) + 3)", "kron": "norm2(kron({0}, {1}) + 3)"}


@st.composite
def filled(draw: st.DrawFn, shape: Shape, production: Production) -> Expression:
    """A production with variables in its places."""
    parts = (guarded(draw(texts(given, 0)), production.domain, given) for given in production.arguments)
    return Expression(production.template.format(*parts), shape)
