"""Derivative tasks with independent references: data that shares no code with matcalc.

A `Task` states an expression in the language of matcalc and, beside it, the same expression written by
hand with jax.numpy. Automatic differentiation of the second is the reference for the first.

Variables are described by one string each: the axes, then properties that are declared, then hints with
a tilde that only restrict where values are drawn. `"n n symmetric ~invertible"` is a square matrix
declared symmetric and drawn invertible; `""` is a scalar; `"function"` an unknown function.

Sizes are pairwise different within a task, so that a transposed or swapped axis cannot go unseen.
Each task with named dimensions can also be drawn at `task.thin_sizes`, where one dimension has size 1.
"""

import itertools
import keyword
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

# Each reference is compiled once and run once, so compiling fast matters more than running fast.
os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true")

try:
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_platforms", "cpu")
    jax.config.update("jax_enable_x64", True)
except ImportError:  # The tasks can still be listed and drawn; only their references need JAX.
    jax = jnp = None

SIZES = {
    "m": 2, "n": 3, "p": 4, "q": 5, "r": 6, "k": 7,
    "D": 3, "M": 4, "C": 5, "N": 6, "H": 2,
}  # fmt: skip

PROPERTIES = frozenset(
    {
        "symmetric", "skew", "diagonal", "orthogonal", "invertible",
        "positive-definite", "positive", "simplex", "lower", "upper",
    }
)  # fmt: skip


# Records


@dataclass(frozen=True)
class Variable:
    """A free variable: its axes (names or integers), what is declared of it, and where it is drawn."""

    axes: tuple[str, ...] = ()
    properties: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()

    def shape(self, sizes: Mapping[str, int]) -> tuple[int, ...]:
        return tuple(sizes[axis] if axis in sizes else int(axis) for axis in self.axes)

    def declaration(self, name: str) -> str:
        kind = ("scalar", "vector", "matrix")[len(self.axes)]
        arguments = f"({', '.join(self.axes)})" if self.axes else ""
        return " ".join((f"{name}: {kind}{arguments}", *self.properties))


@dataclass(frozen=True)
class Unknown:
    """An unknown element-wise function with its first three derivatives, as NumPy callables."""

    reference: Callable
    derivatives: tuple[Callable, ...]


@dataclass(frozen=True)
class Dependent:
    """A dependent variable: a concrete function of its arguments, and where those stand."""

    declaration: str
    arguments: tuple[str, ...]
    reference: Callable
    at: Mapping[str, Callable] = field(default_factory=dict)


@dataclass(frozen=True)
class Task:
    """One derivative: `source` by `wrt`, `order` times, and `value`, the same expression for JAX."""

    name: str
    source: str
    wrt: str
    value: Callable
    variables: Mapping[str, Variable]
    order: int = 1
    layout: str = "numerator"
    declared: bool = True
    functions: tuple[str, ...] = ()
    dependents: Mapping[str, Dependent] = field(default_factory=dict)
    sizes: Mapping[str, int] = field(default_factory=dict)
    thin: str = ""

    @property
    def declare(self) -> list[str]:
        """The declarations to give along; none when the task leaves kinds and sizes to inference."""
        stated = [variable.declaration(name) for name, variable in self.variables.items()]
        stated += [f"{name}: function" for name in self.functions]
        stated += [dependent.declaration for dependent in self.dependents.values()]
        return stated * self.declared

    @property
    def dimensions(self) -> tuple[str, ...]:
        axes = (axis for variable in self.variables.values() for axis in variable.axes)
        return tuple(sorted({axis for axis in axes if not axis.isdigit()}))

    @property
    def thin_sizes(self) -> dict[str, int]:
        """The sizes with one dimension set to 1: `thin`, else one that the name of the task selects."""
        dimensions = self.dimensions
        selected = self.thin or dimensions[len(self.name) % len(dimensions)]
        return {**self.sizes, selected: 1}

    @property
    def has_symbols(self) -> bool:
        """Whether the task needs unknown functions or dependent variables."""
        return bool(self.functions or self.dependents)

    @property
    def is_smooth(self) -> bool:
        """Whether no variable is drawn at a kink, so that differences are meaningful."""
        domains = {domain for variable in self.variables.values() for domain in variable.domains}
        return domains.isdisjoint({"kinks", "opposite-kinks"})


def parameter(name: str) -> str:
    """The name of a variable in emitted code: a Python keyword gets a trailing underscore."""
    return name + "_" * keyword.iskeyword(name)


def variable(text: str) -> Variable:
    words = text.split()
    return Variable(
        axes=tuple(word for word in words if word not in PROPERTIES and not word.startswith("~")),
        properties=tuple(word for word in words if word in PROPERTIES),
        domains=tuple(word[1:] for word in words if word.startswith("~")),
    )


def task(
    name: str,
    source: str,
    wrt: str,
    value: Callable,
    /,
    *,
    of_order: int = 1,
    in_layout: str = "numerator",
    inferred: bool = False,
    functions: tuple[str, ...] = (),
    dependents: Mapping[str, Dependent] | None = None,
    at_sizes: Mapping[str, int] | None = None,
    thin: str = "",
    **variables: str,
) -> Task:
    """A task with one keyword a variable; `inferred` leaves out all declarations, `thin` names a size that may be 1."""
    return Task(
        name=name,
        source=source,
        wrt=wrt,
        value=value,
        variables={key: variable(text) for key, text in variables.items()},
        order=of_order,
        layout=in_layout,
        declared=not inferred,
        functions=functions,
        dependents=dependents or {},
        sizes={**SIZES, **(at_sizes or {})},
        thin=thin,
    )


# Drawing values


def _orthogonal(generator: np.random.Generator, size: int) -> np.ndarray:
    return np.linalg.qr(generator.normal(size=(size, size)))[0]


def _well_conditioned(generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Neither symmetric nor near singular: singular values lie between 0.8 and 2."""
    size = shape[0]
    values = generator.uniform(0.8, 2.0, size=size)
    return _orthogonal(generator, size) * values @ _orthogonal(generator, size)


def _symmetric(generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    half = generator.normal(size=shape)
    return half + half.T


def _skew(generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    half = generator.normal(size=shape)
    return half - half.T


def _positive_definite(generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    turn = _orthogonal(generator, shape[0])
    return turn * generator.uniform(0.7, 2.5, size=shape[0]) @ turn.T


def _simplex(generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    weights = generator.uniform(0.3, 1.0, size=shape)
    return weights / weights.sum(axis=-1, keepdims=True)


def _away(generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Away from 0, both signs in turn."""
    count = int(np.prod(shape))
    signs = np.resize([1.0, -1.0], count + 1)[generator.integers(2) :][:count]
    return signs.reshape(shape) * generator.uniform(0.4, 1.6, size=shape)


def _kinks(generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Small integers: zero, positive, negative, and again, so that kinks are hit for certain."""
    cycle = np.resize([0.0, 1.0, -1.0], int(np.prod(shape)))
    return (cycle * generator.integers(1, 3, size=cycle.shape)).reshape(shape)


def _opposite_kinks(generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Zero, negative, positive: beside `_kinks` each third is a tie, smaller, larger."""
    return -_kinks(generator, shape)


def _triangular_part(generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """A matrix both of whose triangular parts are well-conditioned."""
    return generator.uniform(-0.5, 0.5, size=shape) + np.diag(generator.uniform(1.0, 2.0, size=shape[0]))


DRAW: dict[str, Callable] = {
    "positive": lambda generator, shape: generator.uniform(0.5, 2.0, size=shape),
    "unit": lambda generator, shape: generator.uniform(-0.8, 0.8, size=shape),
    "small": lambda generator, shape: generator.uniform(-0.1, 0.1, size=shape),
    "simplex": _simplex,
    "away": _away,
    "kinks": _kinks,
    "opposite-kinks": _opposite_kinks,
    "invertible": _well_conditioned,
    "positive-definite": _positive_definite,
    "symmetric": _symmetric,
    "skew": _skew,
    "diagonal": lambda generator, shape: np.diag(_away(generator, shape[:1])),
    "orthogonal": lambda generator, shape: _orthogonal(generator, shape[0]),
    "lower": lambda generator, shape: np.tril(_triangular_part(generator, shape)),
    "upper": lambda generator, shape: np.triu(_triangular_part(generator, shape)),
    "real": lambda generator, shape: generator.normal(size=shape),
}


def draw(task: Task, *, thin: bool = False, seed: int = 0) -> dict[str, np.ndarray | float]:
    """Values of all free variables of a task, by name, inside the domain of its expression."""
    generator = np.random.default_rng([seed, *task.name.encode()])
    sizes = task.thin_sizes if thin else task.sizes
    arrays = {}
    for name, described in task.variables.items():
        kind = (*described.domains, *described.properties, "real")[0]
        drawn = DRAW[kind](generator, described.shape(sizes))
        arrays[name] = drawn if described.axes else float(drawn)
    return arrays


# Stand-ins for unknown functions and dependent variables

UNKNOWN = {
    "f": Unknown(
        reference=lambda t: jnp.sin(2 * t),
        derivatives=(
            lambda t: np.sin(2 * t),
            lambda t: 2 * np.cos(2 * t),
            lambda t: -4 * np.sin(2 * t),
            lambda t: -8 * np.cos(2 * t),
        ),
    ),
    "g": Unknown(
        reference=lambda t: jnp.exp(t / 2),
        derivatives=(
            lambda t: np.exp(t / 2),
            lambda t: np.exp(t / 2) / 2,
            lambda t: np.exp(t / 2) / 4,
            lambda t: np.exp(t / 2) / 8,
        ),
    ),
}


def _curve(seed: int, *shape: int) -> Callable:
    """A curve of well-conditioned arrays through scalar time; first and second derivative not zero."""
    generator = np.random.default_rng(seed)
    base = (3 * np.eye(*shape) if len(shape) == 2 else 2.0) + generator.uniform(size=shape) / 2
    speed, bend = generator.normal(size=(2, *shape)) / 4
    return lambda t: base + speed * jnp.sin(t) + bend * t**2


def _loss(seed: int) -> Callable:
    """A scalar function of an array whose gradient and second derivative are full."""
    weights = np.random.default_rng(seed).normal(size=100)
    return lambda y: jnp.sum(jnp.sin(weights[: y.size] * y.ravel())) + jnp.sum(y) ** 2 / 3


def symbol_values(task: Task, arrays: Mapping[str, np.ndarray]) -> dict[str, object]:
    """What emitted code may ask for besides plain variables: f, df, d2f, A, dA_dalpha, d2L_dY2, ..."""
    supplied: dict[str, object] = {}
    for name in task.functions:
        for prefix, callable_ in zip(("", "d", "d2", "d3"), UNKNOWN[name].derivatives, strict=True):
            supplied[prefix + name] = callable_
    for name, dependent in task.dependents.items():
        points = [
            dependent.at.get(argument, lambda argument=argument, **values: values[argument])(**arrays)
            for argument in dependent.arguments
        ]
        supplied[name] = np.asarray(dependent.reference(*points))
        count = range(len(dependent.arguments))
        for i in count:
            first = jax.jacfwd(dependent.reference, i)
            by = dependent.arguments[i]
            supplied[f"d{name}_d{by}"] = np.asarray(first(*points))
            supplied[f"d2{name}_d{by}2"] = np.asarray(jax.jacfwd(first, i)(*points))
        for i, j in itertools.permutations(count, 2):
            mixed = jax.jacfwd(jax.jacfwd(dependent.reference, i), j)(*points)
            supplied[f"d2{name}_d{dependent.arguments[i]}_d{dependent.arguments[j]}"] = np.asarray(mixed)
            supplied[f"d2{name}_d{dependent.arguments[i]}d{dependent.arguments[j]}"] = np.asarray(mixed)
    return supplied


def reference_value(task: Task, arrays: Mapping[str, np.ndarray]) -> Callable:
    """The hand-written expression as a JAX function of the variable that the task differentiates by."""
    given = {name: UNKNOWN[name].reference for name in task.functions}
    given |= {name: dependent.reference for name, dependent in task.dependents.items()}
    given |= {parameter(name): jnp.asarray(array) for name, array in arrays.items()}
    return lambda moving: task.value(**{**given, parameter(task.wrt): moving})


def in_layout(task: Task, derivative: np.ndarray) -> np.ndarray:
    """Axes of E, then axes of X; vector by vector in denominator layout is transposed."""
    is_transposed = (
        task.layout == "denominator"
        and task.order == 1
        and derivative.ndim == 2
        and len(task.variables[task.wrt].axes) == 1
    )
    return derivative.T if is_transposed else derivative


def reference_derivative(task: Task, arrays: Mapping[str, np.ndarray]) -> np.ndarray:
    """The derivative by automatic differentiation, its axes in the order that the layout prescribes."""
    moving = reference_value(task, arrays)
    for _ in range(task.order):
        moving = jax.jacfwd(moving)
    return in_layout(task, np.asarray(jax.jit(moving)(jnp.asarray(arrays[task.wrt]))))


# Functions that JAX lacks, or defines otherwise at a kink


def relu(t):
    return jnp.where(t > 0, t, 0.0)


def absolute(t):
    return jnp.where(t > 0, t, jnp.where(t < 0, -t, 0.0))


def step(t):
    return jnp.where(t > 0, 1.0, 0.0)


def maximum(a, b):
    return jnp.where(a >= b, a, b)


def minimum(a, b):
    return jnp.where(a <= b, a, b)


def norm(t):
    return jnp.sqrt(jnp.sum(t**2))


def logdet(t):
    return jnp.linalg.slogdet(t)[1]


def adj(t):
    return jnp.linalg.det(t) * jnp.linalg.inv(t)


def vec(t):
    return jnp.ravel(t.T)


def crossentropy(y, p):
    return -jnp.sum(y * jnp.log(p))


def commutation(m, n):
    """The permutation K with K vec(A) = vec(A') for A of m × n."""
    return np.eye(m * n)[np.arange(m * n).reshape(n, m).T.ravel()]


def vec_jacobian(function, at):
    """d(vec(E))/d(vec(X)) of a matrix function: columns stacked on both sides."""
    tensor = jax.jacfwd(function)(at)
    return tensor.transpose(1, 0, 3, 2).reshape(tensor.shape[0] * tensor.shape[1], -1)


def logistic(t):
    return 1 / (1 + jnp.exp(-t))


# Element-wise functions: by a vector, the second derivative by a matrix, the third by a scalar

ELEMENTWISE_FUNCTIONS: dict[str, tuple[Callable, str]] = {
    "exp": (lambda t: jnp.exp(t), "real"),
    "log": (lambda t: jnp.log(t), "positive"),
    "sqrt": (lambda t: jnp.sqrt(t), "positive"),
    "abs": (lambda t: absolute(t), "away"),
    "sign": (lambda t: jnp.sign(t), "away"),
    "sin": (lambda t: jnp.sin(t), "real"),
    "cos": (lambda t: jnp.cos(t), "real"),
    "tan": (lambda t: jnp.tan(t), "unit"),
    "asin": (lambda t: jnp.arcsin(t), "unit"),
    "acos": (lambda t: jnp.arccos(t), "unit"),
    "atan": (lambda t: jnp.arctan(t), "real"),
    "sinh": (lambda t: jnp.sinh(t), "real"),
    "cosh": (lambda t: jnp.cosh(t), "real"),
    "tanh": (lambda t: jnp.tanh(t), "real"),
    "sigmoid": (lambda t: logistic(t), "real"),
    "relu": (lambda t: relu(t), "away"),
    "step": (lambda t: step(t), "away"),
    "softplus": (lambda t: jnp.logaddexp(t, 0.0), "real"),
    "erf": (lambda t: jax.scipy.special.erf(t), "real"),
    "gelu": (lambda t: t * (1 + jax.scipy.special.erf(t / np.sqrt(2))) / 2, "real"),
    "silu": (lambda t: t * logistic(t), "real"),
}

ELEMENTWISE = (
    *(
        task(f"{name}-of-vector", f"{name}(x)", "x",
             lambda x, function=function: function(x), x=f"n ~{domain}")
        for name, (function, domain) in ELEMENTWISE_FUNCTIONS.items()
    ),
    *(
        task(f"{name}-second-by-matrix", f"c'*{name}(X*b)", "X",
             lambda c, X, b, function=function: c @ function(X @ b),
             of_order=2, c="m", X=f"m n ~{domain}", b="n ~simplex")
        for name, (function, domain) in ELEMENTWISE_FUNCTIONS.items()
    ),
    *(
        task(f"{name}-third-by-scalar", f"{name}(s)", "s",
             lambda s, function=function: function(s), of_order=3, s=f" ~{domain}")
        for name, (function, domain) in ELEMENTWISE_FUNCTIONS.items()
    ),
    *(
        task(f"arc{name[1:]}-is-{name}", f"A*arc{name[1:]}(x)", "x",
             lambda A, x, function=ELEMENTWISE_FUNCTIONS[name][0]: A @ function(x),
             A="m n", x="n ~unit")
        for name in ("asin", "acos", "atan")
    ),
    task("tanh-of-square-matrix", "tanh(X)", "X", lambda X: jnp.tanh(X), X="n n"),
    task("exp-of-rectangle", "exp(A*X)", "X", lambda A, X: jnp.exp(A @ X), A="m n", X="n p"),
    task("sin-of-trace-argument", "tr(sin(X))", "X", lambda X: jnp.trace(jnp.sin(X)), X="n n"),
)  # fmt: skip

# Sums, means and norms

REDUCTIONS = (
    task("sum-of-vector", "sum(x)", "x", lambda x: jnp.sum(x), x="n"),
    task("sum-of-matrix", "sum(A*X)", "X", lambda A, X: jnp.sum(A @ X), A="m n", X="n p"),
    task("sum-over-rows", "sum(X, 0)", "X", lambda X: jnp.sum(X, 0), X="m n"),
    task("sum-over-columns", "sum(X, 1)", "X", lambda X: jnp.sum(X, 1), X="m n"),
    task("row-sum-times-vector", "sum(X.^2, 0)*a", "X", lambda X, a: jnp.sum(X**2, 0) @ a, X="m n", a="n"),
    task("column-sum-of-product", "b'*sum(exp(A*X), 1)", "X",
         lambda A, X, b: b @ jnp.sum(jnp.exp(A @ X), 1), A="m n", X="n p", b="m"),
    task("mean-of-vector", "mean(x.^3)", "x", lambda x: jnp.mean(x**3), x="n"),
    task("mean-of-matrix", "mean(X.*Y)", "X", lambda X, Y: jnp.mean(X * Y), X="m n", Y="m n"),
    task("mean-over-rows", "mean(A*X, 0)", "X", lambda A, X: jnp.mean(A @ X, 0), A="m n", X="n p"),
    task("mean-over-columns", "mean(X, 1)", "X", lambda X: jnp.mean(X, 1), X="m n"),
    task("mean-over-columns-hessian", "mean(X.*X, 1)'*b", "X",
         lambda X, b: jnp.mean(X * X, 1) @ b, of_order=2, X="m n", b="m"),
    task("norm1-of-vector", "norm1(x)", "x", lambda x: jnp.sum(absolute(x)), x="n ~away"),
    task("norm1-of-residual", "norm1(A*x - b)", "x",
         lambda A, x, b: jnp.sum(absolute(A @ x - b)), A="m n", x="n", b="m"),
    task("norm1-of-matrix", "norm1(X*B)", "X", lambda X, B: jnp.sum(absolute(X @ B)), X="m n", B="n p"),
    task("norm2-of-vector", "norm2(x)", "x", lambda x: norm(x), x="n"),
    task("norm2-of-vector-hessian", "norm2(x)", "x", lambda x: norm(x), of_order=2, x="n"),
    task("norm2-of-vector-third", "norm2(x)", "x", lambda x: norm(x), of_order=3, x="n"),
    task("norm2-of-residual", "norm2(A*x - b)", "x", lambda A, x, b: norm(A @ x - b), A="m n", x="n", b="m"),
    task("norm2-of-residual-hessian", "norm2(A*x - b)", "x",
         lambda A, x, b: norm(A @ x - b), of_order=2, A="p n", x="n", b="p"),
    task("norm2-of-residual-squared", "norm2(A*x-b)^2", "x",
         lambda A, x, b: norm(A @ x - b) ** 2, inferred=True, A="m n", x="n", b="m"),
    task("norm2-of-matrix", "norm2(X)", "X", lambda X: norm(X), X="m n"),
    task("norm2-of-matrix-hessian", "norm2(X)", "X", lambda X: norm(X), of_order=2, X="m n"),
    task("norm2-of-matrix-residual", "norm2(A*X*B - C)", "X",
         lambda A, X, B, C: norm(A @ X @ B - C), A="m n", X="n p", B="p q", C="m q"),
    task("norm2-of-matrix-squared", "norm2(X*A)^2", "X",
         lambda X, A: norm(X @ A) ** 2, inferred=True, X="m n", A="n p"),
    task("norm2-cubed", "norm2(x)^3", "x", lambda x: norm(x) ** 3, of_order=2, x="n"),
    task("norm2-by-the-matrix", "norm2(A*x - b)", "A", lambda A, x, b: norm(A @ x - b), A="m n", x="n", b="m"),
    task("norm1-of-outer-argument", "norm1(exp(x)*y')", "y",
         lambda x, y: jnp.sum(absolute(jnp.outer(jnp.exp(x), y))), x="m", y="n ~away"),
)  # fmt: skip

# Traces, determinants, inverses and adjugates

DETERMINANTS = (
    task("trace", "tr(X)", "X", lambda X: jnp.trace(X), X="n n"),
    task("trace-sandwich", "tr(A*X*B)", "X", lambda A, X, B: jnp.trace(A @ X @ B), A="m n", X="n p", B="p m"),
    task("trace-of-transposed", "trace(A*X')", "X", lambda A, X: jnp.trace(A @ X.T), A="m n", X="m n"),
    task("trace-quadratic", "tr(A*X'*B*X*C)", "X",
         lambda A, X, B, C: jnp.trace(A @ X.T @ B @ X @ C), inferred=True, A="m n", X="p n", B="p p", C="n m"),
    task("trace-squared", "tr(X)^2", "X", lambda X: jnp.trace(X) ** 2, of_order=2, X="n n"),
    task("trace-of-inverse", "tr(A*inv(X)*B)", "X",
         lambda A, X, B: jnp.trace(A @ jnp.linalg.inv(X) @ B), A="m n", X="n n ~invertible", B="n m"),
    task("trace-of-inverse-hessian", "tr(inv(X))", "X",
         lambda X: jnp.trace(jnp.linalg.inv(X)), of_order=2, X="n n ~invertible"),
    task("trace-generalized-inverse", "tr(inv(X'*C*X)*A)", "X",
         lambda X, C, A: jnp.trace(jnp.linalg.inv(X.T @ C @ X) @ A),
         X="n m", C="n n positive-definite", A="m m", thin="m"),
    task("trace-of-kronecker", "tr(kron(X, X))", "X", lambda X: jnp.trace(jnp.kron(X, X)), X="n n"),
    task("determinant", "det(X)", "X", lambda X: jnp.linalg.det(X), inferred=True, X="n n ~invertible"),
    task("determinant-hessian", "det(X)", "X", lambda X: jnp.linalg.det(X), of_order=2, X="n n ~invertible"),
    task("determinant-sandwich", "det(A*X*B)", "X", lambda A, X, B: jnp.linalg.det(A @ X @ B),
         A="n n ~invertible", X="n n ~invertible", B="n n ~invertible"),
    task("determinant-of-gram", "det(X'*A*X)", "X",
         lambda X, A: jnp.linalg.det(X.T @ A @ X), X="p m", A="p p ~positive-definite", thin="m"),
    task("determinant-cubed", "det(X)^3", "X", lambda X: jnp.linalg.det(X) ** 3, X="n n ~invertible"),
    task("determinant-of-inverse", "det(inv(X))", "X",
         lambda X: jnp.linalg.det(jnp.linalg.inv(X)), X="n n ~invertible"),
    task("determinant-along-a-line", "det(A + s*B)", "s",
         lambda A, s, B: jnp.linalg.det(A + s * B), of_order=2, A="p p ~invertible", s=" ~unit", B="p p"),
    task("logdet", "logdet(X)", "X", lambda X: logdet(X), inferred=True, X="n n ~invertible"),
    task("logdet-hessian", "logdet(X)", "X", lambda X: logdet(X), of_order=2, X="n n ~invertible"),
    task("logdet-of-gram", "logdet(X'*X)", "X", lambda X: logdet(X.T @ X), X="p m", thin="m"),
    task("logdet-along-a-line", "logdet(A + s*B*B')", "s",
         lambda A, s, B: logdet(A + s * B @ B.T), of_order=2, A="n n positive-definite", s=" ~positive", B="n m"),
    task("logdet-of-identity-plus-gram", "logdet(eye + X*X')", "X",
         lambda X: logdet(jnp.eye(len(X)) + X @ X.T), X="m n"),
    task("logdet-of-diagonal", "logdet(A + diag(x))", "x",
         lambda A, x: logdet(A + jnp.diag(x)), of_order=2, A="n n ~positive-definite", x="n ~positive"),
    task("inverse", "inv(X)", "X", lambda X: jnp.linalg.inv(X), inferred=True, X="n n ~invertible"),
    task("inverse-second", "inv(X)", "X", lambda X: jnp.linalg.inv(X), of_order=2, X="m m ~invertible"),
    task("inverse-bilinear", "a'*inv(X)*b", "X",
         lambda a, X, b: a @ jnp.linalg.inv(X) @ b, inferred=True, a="n", X="n n ~invertible", b="n"),
    task("inverse-bilinear-hessian", "a'*inv(X)*b", "X",
         lambda a, X, b: a @ jnp.linalg.inv(X) @ b, of_order=2, a="n", X="n n ~invertible", b="n"),
    task("inverse-of-sum", "inv(A + X'*X)*b", "X",
         lambda A, X, b: jnp.linalg.inv(A + X.T @ X) @ b, A="n n ~positive-definite", X="m n", b="n"),
    task("inverse-along-a-line", "inv(A + s*B)", "s",
         lambda A, s, B: jnp.linalg.inv(A + s * B), A="n n ~invertible", s=" ~unit", B="n n ~invertible",
         at_sizes={"n": 4}),
    task("inverse-transposed", "inv(X)'*b", "X", lambda X, b: jnp.linalg.inv(X).T @ b, X="n n ~invertible", b="n"),
    task("adjugate", "adj(X)", "X", lambda X: adj(X), X="n n ~invertible"),
    task("adjugate-bilinear-hessian", "a'*adj(X)*b", "X",
         lambda a, X, b: a @ adj(X) @ b, of_order=2, a="n", X="n n ~invertible", b="n"),
    task("adjugate-times-vector", "adj(A + b*x')*c", "x",
         lambda A, b, x, c: adj(A + jnp.outer(b, x)) @ c, A="n n ~positive-definite", b="n ~unit", x="n ~unit", c="n"),
)  # fmt: skip

# diag, vec, Kronecker, inner and outer products

REARRANGEMENTS = (
    task("vector-to-diagonal", "diag(x)", "x", lambda x: jnp.diag(x), x="n"),
    task("matrix-to-diagonal", "diag(X)", "X", lambda X: jnp.diag(X), X="n n"),
    task("diagonal-scaling", "diag(A*x)*B", "x", lambda A, x, B: jnp.diag(A @ x) @ B, A="m n", x="n", B="m p"),
    task("diagonal-bilinear", "a'*diag(x)*B*c", "x",
         lambda a, x, B, c: a @ jnp.diag(x) @ B @ c, a="n", x="n", B="n p", c="p"),
    task("diagonal-of-product", "diag(X*A*X')", "X", lambda X, A: jnp.diag(X @ A @ X.T), X="m n", A="n n"),
    task("diagonal-of-diagonal", "diag(diag(X))*b", "X", lambda X, b: jnp.diag(jnp.diag(X)) @ b, X="n n", b="n"),
    task("lower-triangle", "tril(X)", "X", lambda X: jnp.tril(X), X="m n"),
    task("upper-triangle-of-product", "a'*triu(X*B)*c", "X",
         lambda a, X, B, c: a @ jnp.triu(X @ B) @ c, a="m", X="m n", B="n p", c="p"),
    task("lower-triangle-by-vector", "tril(x*y')*y", "x", lambda x, y: jnp.tril(jnp.outer(x, y)) @ y, x="n", y="m"),
    task("triangular-factor", "tr(A*tril(X)*tril(X)')", "X",
         lambda A, X: jnp.trace(A @ jnp.tril(X) @ jnp.tril(X).T), A="n n", X="n n"),
    task("triangular-factor-hessian", "norm2(triu(X)*b - c)^2", "X",
         lambda X, b, c: jnp.sum((jnp.triu(X) @ b - c) ** 2), of_order=2, X="m n", b="n", c="m"),
    task("diagonal-congruence", "tr(diag(x)*A*diag(x)*B)", "x",
         lambda x, A, B: jnp.trace(jnp.diag(x) @ A @ jnp.diag(x) @ B), of_order=2, x="n", A="n n", B="n n"),
    task("vec-of-matrix", "vec(X)", "X", lambda X: vec(X), X="m n"),
    task("vec-of-product", "vec(A*X*B)", "X", lambda A, X, B: vec(A @ X @ B), A="m n", X="n p", B="p q"),
    task("vec-dotted", "vec(Y)'*vec(X.^2)", "X", lambda Y, X: vec(Y) @ vec(X**2), Y="m n", X="m n"),
    task("vec-of-outer", "vec(x*y')", "x", lambda x, y: vec(jnp.outer(x, y)), x="m", y="n"),
    task("kronecker-right", "kron(A, X)", "X", lambda A, X: jnp.kron(A, X), A="m n", X="p q"),
    task("kronecker-left", "kron(X, A)", "X", lambda X, A: jnp.kron(X, A), X="m n", A="p q"),
    task("kronecker-of-vectors", "kron(x, y)", "x", lambda x, y: jnp.kron(x, y), x="m", y="n"),
    task("kronecker-times-vec", "kron(B', A)*vec(X)", "X",
         lambda B, A, X: jnp.kron(B.T, A) @ vec(X), B="p q", A="m n", X="n p"),
    task("kronecker-norm", "norm2(kron(X, A))^2", "X", lambda X, A: norm(jnp.kron(X, A)) ** 2, X="m n", A="p q"),
    task("dot-quadratic", "dot(x, A*x)", "x", lambda x, A: x @ A @ x, x="n", A="n n"),
    task("dot-by-matrix", "dot(X*a, b)", "X", lambda X, a, b: (X @ a) @ b, X="m n", a="n", b="m"),
    task("outer-left", "outer(x, y)", "x", lambda x, y: jnp.outer(x, y), x="m", y="n"),
    task("outer-right", "outer(A*x, x)", "x", lambda A, x: jnp.outer(A @ x, x), A="m n", x="n"),
    task("outer-by-operator", "x*y'", "y", lambda x, y: jnp.outer(x, y), inferred=True, x="m", y="n"),
    task("outer-bilinear-hessian", "a'*outer(x, x)*b", "x",
         lambda a, x, b: a @ jnp.outer(x, x) @ b, of_order=2, a="n", x="n", b="n"),
    task("commutation-times-vec", "commutation(m, n)*vec(X)", "X", lambda X: vec(X.T), X="m n"),
    task("commutation-bilinear", "vec(Y)'*commutation(m, n)*vec(X)", "X",
         lambda Y, X: vec(Y) @ vec(X.T), Y="n m", X="m n"),
    task("transposed-vec", "vec(X')'*vec(A)", "X", lambda X, A: vec(X.T) @ vec(A), X="m n", A="n m"),
)  # fmt: skip

# softmax and its family, cross-entropy, maximum and minimum

SOFT = (
    task("softmax-of-vector", "softmax(x)", "x", lambda x: jax.nn.softmax(x), inferred=True, x="n"),
    task("softmax-of-vector-second", "softmax(x)", "x", lambda x: jax.nn.softmax(x), of_order=2, x="n"),
    task("softmax-of-product", "softmax(A*x)", "x", lambda A, x: jax.nn.softmax(A @ x), A="m n", x="n"),
    task("softmax-by-weights", "softmax(A*x)", "A", lambda A, x: jax.nn.softmax(A @ x), A="m n", x="n"),
    task("softmax-of-matrix", "softmax(X)", "X", lambda X: jax.nn.softmax(X, axis=1), X="m n"),
    task("softmax-of-matrix-product", "tr(A*softmax(X*B))", "X",
         lambda A, X, B: jnp.trace(A @ jax.nn.softmax(X @ B, axis=1)), A="p m", X="m n", B="n p"),
    task("softmax-spelled-out", "exp(x)/sum(exp(x))", "x", lambda x: jnp.exp(x) / jnp.sum(jnp.exp(x)), x="n"),
    task("logsoftmax-of-vector", "logsoftmax(x)", "x", lambda x: jax.nn.log_softmax(x), x="n"),
    task("logsoftmax-of-matrix", "logsoftmax(X)", "X", lambda X: jax.nn.log_softmax(X, axis=1), X="m n"),
    task("logsoftmax-loss", "-sum(Y.*logsoftmax(X*W))", "W",
         lambda Y, X, W: -jnp.sum(Y * jax.nn.log_softmax(X @ W, axis=1)), Y="m p", X="m n", W="n p"),
    task("logsumexp-gradient", "logsumexp(x)", "x", lambda x: jnp.log(jnp.sum(jnp.exp(x))), inferred=True, x="n"),
    task("logsumexp-hessian", "logsumexp(A*x)", "x",
         lambda A, x: jax.nn.logsumexp(A @ x), of_order=2, A="m n", x="n"),
    task("logsumexp-third", "logsumexp(x)", "x", lambda x: jax.nn.logsumexp(x), of_order=3, x="n"),
    task("logsumexp-of-matrix", "logsumexp(X)", "X", lambda X: jax.nn.logsumexp(X, axis=1), X="m n"),
    task("logsumexp-of-rows-summed", "a'*logsumexp(X*W)", "W",
         lambda a, X, W: a @ jax.nn.logsumexp(X @ W, axis=1), of_order=2, a="m", X="m n", W="n p"),
    task("logsumexp-spelled-out", "log(sum(exp(A*x)))", "x",
         lambda A, x: jnp.log(jnp.sum(jnp.exp(A @ x))), of_order=2, A="m n", x="n"),
    task("logsumexp-scaled", "t*logsumexp(x/t)", "t",
         lambda t, x: t * jax.nn.logsumexp(x / t), of_order=2, t=" ~positive", x="n"),
    task("crossentropy-by-probabilities", "crossentropy(y, p)", "p",
         lambda y, p: crossentropy(y, p), y="n", p="n ~positive"),
    task("crossentropy-by-target", "crossentropy(y, sigmoid(A*x))", "y",
         lambda y, A, x: crossentropy(y, logistic(A @ x)), y="m", A="m n", x="n"),
    task("softmax-crossentropy-simplex", "crossentropy(y, softmax(theta))", "theta",
         lambda y, theta: crossentropy(y, jax.nn.softmax(theta)), y="C simplex", theta="C"),
    task("softmax-crossentropy", "crossentropy(y, softmax(theta))", "theta",
         lambda y, theta: crossentropy(y, jax.nn.softmax(theta)), y="C", theta="C"),
    task("softmax-crossentropy-hessian", "crossentropy(y, softmax(theta))", "theta",
         lambda y, theta: crossentropy(y, jax.nn.softmax(theta)), of_order=2, y="C simplex", theta="C"),
    task("softmax-crossentropy-by-weights", "crossentropy(y, softmax(W*x + b))", "W",
         lambda y, W, x, b: crossentropy(y, jax.nn.softmax(W @ x + b)), y="C simplex", W="C D", x="D", b="C"),
    task("softmax-crossentropy-by-weights-hessian", "crossentropy(y, softmax(W*x))", "W",
         lambda y, W, x: crossentropy(y, jax.nn.softmax(W @ x)), of_order=2, y="C simplex", W="C D", x="D"),
    task("maximum-left", "maximum(x, A*y)", "x", lambda x, A, y: maximum(x, A @ y), x="m", A="m n", y="n"),
    task("maximum-right", "maximum(x, A*y)", "y", lambda x, A, y: maximum(x, A @ y), x="m", A="m n", y="n"),
    task("maximum-with-zero", "sum(maximum(A*x - b, 0).^2)", "x",
         lambda A, x, b: jnp.sum(maximum(A @ x - b, 0.0) ** 2), of_order=2, A="p n", x="n", b="p"),
    task("minimum-of-matrices", "tr(A*minimum(X, Y))", "Y",
         lambda A, X, Y: jnp.trace(A @ minimum(X, Y)), A="n m", X="m n", Y="m n"),
    task("minimum-of-scalars", "minimum(s^2, 3*t)", "s",
         lambda s, t: minimum(s**2, 3 * t), s=" ~unit", t=" ~positive"),
    task("hinge-loss", "mean(maximum(0, 1 - y.*(X*w)))", "w",
         lambda y, X, w: jnp.mean(maximum(0.0, 1 - y * (X @ w))), y="N", X="N D", w="D"),
)  # fmt: skip

# Values at kinks: step(0) = sign(0) = 0; a tie takes the derivative of the first argument

KINKS = (
    task("relu-at-kinks", "relu(x)", "x", lambda x: relu(x), x="n ~kinks"),
    task("abs-at-kinks", "abs(x)", "x", lambda x: absolute(x), x="n ~kinks"),
    task("norm1-at-kinks", "norm1(X)", "X", lambda X: jnp.sum(absolute(X)), X="m n ~kinks"),
    task("step-at-kinks", "x.*step(x)", "x", lambda x: x * step(x), x="n ~kinks"),
    task("sign-at-kinks", "x.^2.*sign(x - 1)", "x", lambda x: x**2 * jnp.sign(x - 1), x="n ~kinks"),
    task("maximum-at-ties-left", "maximum(x, y)", "x", lambda x, y: maximum(x, y), x="n ~kinks", y="n ~opposite-kinks"),
    task("maximum-at-ties-right", "maximum(x, y)", "y", lambda x, y: maximum(x, y), x="n ~kinks", y="n ~opposite-kinks"),
    task("minimum-at-ties-left", "minimum(x, y)", "x", lambda x, y: minimum(x, y), x="n ~kinks", y="n ~opposite-kinks"),
    task("minimum-at-ties-right", "minimum(x, y)", "y", lambda x, y: minimum(x, y), x="n ~kinks", y="n ~opposite-kinks"),
    task("maximum-of-one-variable-twice", "maximum(x, 2*x)", "x", lambda x: maximum(x, 2 * x), x="n ~kinks"),
    task("relu-network-at-kinks", "sum(relu(W*relu(x)))", "x",
         lambda W, x: jnp.sum(relu(W @ relu(x))), W="m n ~kinks", x="n ~kinks"),
)  # fmt: skip

# Powers

POWERS = (
    task("matrix-square", "X^2", "X", lambda X: X @ X, inferred=True, X="n n"),
    task("matrix-cube", "X^3", "X", lambda X: X @ X @ X, X="n n"),
    task("matrix-power-zero", "X^0", "X", lambda X: jnp.eye(len(X)) + 0 * X, X="n n"),
    task("matrix-power-one", "A*X^1", "X", lambda A, X: A @ X, A="m n", X="n n"),
    task("matrix-power-minus-one", "b'*X^-1", "X",
         lambda b, X: b @ jnp.linalg.inv(X), b="n", X="n n ~invertible"),
    task("matrix-power-minus-two", "X^-2", "X",
         lambda X: jnp.linalg.inv(X) @ jnp.linalg.inv(X), X="n n ~invertible"),
    task("matrix-power-minus-three", "tr(A*X^-3)", "X",
         lambda A, X: jnp.trace(A @ jnp.linalg.inv(X @ X @ X)), A="n n", X="n n ~invertible"),
    task("matrix-power-four-hessian", "a'*X^4*b", "X",
         lambda a, X, b: a @ X @ X @ X @ X @ b, of_order=2, a="n", X="n n", b="n"),
    task("trace-of-fifth-power", "tr(X^5)", "X", lambda X: jnp.trace(X @ X @ X @ X @ X), X="n n"),
    task("power-of-product", "(A*X)^2", "X", lambda A, X: A @ X @ A @ X, A="n m", X="m n"),
    task("inverse-before-transpose", "X^-1'*b", "X",
         lambda X, b: jnp.linalg.inv(X).T @ b, X="n n ~invertible", b="n"),
    task("vector-squared-by-entries", "x.^2", "x", lambda x: x**2, inferred=True, x="n"),
    task("vector-power-minus-half", "A*x.^-0.5", "x", lambda A, x: A @ x**-0.5, A="m n", x="n ~positive"),
    task("matrix-cubed-by-entries", "tr(A*X.^3)", "X",
         lambda A, X: jnp.trace(A @ X**3), of_order=2, A="n m", X="m n"),
    task("matrix-reciprocals", "X.^-1*b", "X", lambda X, b: (1 / X) @ b, X="m n ~away", b="n"),
    task("exponent-scalar", "x.^s", "s", lambda x, s: x**s, x="n ~positive", s=""),
    task("base-vector", "x.^s", "x", lambda x, s: x**s, x="n ~positive", s=""),
    task("exponent-vector", "A*(x.^y)", "y", lambda A, x, y: A @ x**y, A="m n", x="n ~positive", y="n"),
    task("base-vector-of-vector-exponent", "A*(x.^y)", "x",
         lambda A, x, y: A @ x**y, A="m n", x="n ~positive", y="n"),
    task("power-of-rows", "x'.^y'*a", "y", lambda x, y, a: (x**y) @ a, x="n ~positive", y="n", a="n"),
    task("number-to-vector", "2.^x", "x", lambda x: 2.0**x, x="n"),
    task("scalar-base", "s^t", "s", lambda s, t: s**t, of_order=2, s=" ~positive", t=""),
    task("scalar-exponent", "s^t", "t", lambda s, t: s**t, of_order=2, s=" ~positive", t=""),
    task("power-tower", "s^t^u", "u", lambda s, t, u: s ** (t**u), s=" ~positive", t=" ~positive", u=""),
    task("minus-looser-than-power", "-s^2", "s", lambda s: -(s**2), of_order=2, s=""),
    task("double-star", "s**3 - s**-1", "s", lambda s: s**3 - 1 / s, of_order=3, s=" ~away"),
    task("power-of-quadratic-form", "(x'*A*x)^(3/2)", "x",
         lambda x, A: (x @ A @ x) ** 1.5, of_order=2, x="n", A="n n ~positive-definite"),
    task("root-of-quadratic-form", "sqrt(x'*A*x)", "x",
         lambda x, A: jnp.sqrt(x @ A @ x), x="n", A="n n positive-definite"),
    task("power-of-square-norm", "(x'*x)^5", "x", lambda x: (x @ x) ** 5, of_order=2, x="n ~unit"),
    task("power-by-dimension", "mean(x)^n", "x", lambda x: jnp.mean(x) ** len(x), x="n ~positive"),
)  # fmt: skip

# Broadcasting, division, constants

BROADCASTING = (
    task("matrix-plus-scalar", "norm2(X + s)^2", "s",
         lambda X, s: norm(X + s) ** 2, of_order=2, X="m n", s=""),
    task("scalar-minus-matrix", "s - X*Y", "X", lambda s, X, Y: s - X @ Y, s="", X="m n", Y="n p"),
    task("matrix-plus-row", "exp(X + b')", "b", lambda X, b: jnp.exp(X + b[None, :]), X="m n", b="n"),
    task("matrix-plus-column", "exp(X + a)", "a", lambda X, a: jnp.exp(X + a[:, None]), X="m n", a="m"),
    task("column-plus-row-by-column", "x + y'", "x", lambda x, y: x[:, None] + y[None, :], x="m", y="n"),
    task("column-plus-row-by-row", "tanh(x + y')", "y",
         lambda x, y: jnp.tanh(x[:, None] + y[None, :]), x="m", y="n"),
    task("row-minus-column", "norm2(y' - x)^2", "x",
         lambda y, x: jnp.sum((y[None, :] - x[:, None]) ** 2), of_order=2, y="n", x="m"),
    task("matrix-times-row", "X.*b'", "X", lambda X, b: X * b[None, :], X="m n", b="n"),
    task("matrix-by-column", "X./a", "a", lambda X, a: X / a[:, None], X="m n", a="m ~positive"),
    task("row-normalization", "X./sum(X, 1)", "X",
         lambda X: X / jnp.sum(X, 1, keepdims=True), X="m n ~positive"),
    task("column-centering", "norm2(X - mean(X, 0))^2", "X",
         lambda X: norm(X - jnp.mean(X, 0, keepdims=True)) ** 2, of_order=2, X="m n", thin="n"),
    task("squared-distances", "sum((x - y').^2.*A)", "x",
         lambda x, y, A: jnp.sum((x[:, None] - y[None, :]) ** 2 * A), of_order=2, x="m", y="n", A="m n"),
    task("affine-rows-by-bias", "norm2(X*W + b')^2", "b",
         lambda X, W, b: norm(X @ W + b[None, :]) ** 2, X="N D", W="D C", b="C"),
    task("softmax-of-affine-rows-by-bias", "softmax(X + b')", "b",
         lambda X, b: jax.nn.softmax(X + b[None, :], axis=1), X="m n", b="n"),
    task("scalar-over-vector", "s./x", "x", lambda s, x: s / x, s="", x="n ~away"),
    task("vector-over-square-norm", "x/(x'*x)", "x", lambda x: x / (x @ x), inferred=True, x="n"),
    task("unit-vector", "x/norm2(x)", "x", lambda x: x / norm(x), x="n"),
    task("unit-vector-second", "x/norm2(x)", "x", lambda x: x / norm(x), of_order=2, x="n"),
    task("matrix-over-trace", "X/tr(X)", "X", lambda X: X / jnp.trace(X), X="n n ~positive"),
    task("rayleigh-quotient", "(x'*A*x)/(x'*x)", "x", lambda x, A: (x @ A @ x) / (x @ x), of_order=2, x="n", A="n n"),
    task("layer-normalization", "(x - mean(x))/sqrt(mean((x - mean(x)).^2) + epsilon)", "x",
         lambda x, epsilon: (x - jnp.mean(x)) / jnp.sqrt(jnp.mean((x - jnp.mean(x)) ** 2) + epsilon),
         x="n", epsilon=" ~positive"),
    task("standardized-columns", "(X - mean(X, 0))./sqrt(mean((X - mean(X, 0)).^2, 0) + 1)", "X",
         lambda X: (X - X.mean(0)) / jnp.sqrt(((X - X.mean(0)) ** 2).mean(0) + 1), X="p m"),
    task("elementwise-product-of-products", "(A*x).*(B*x)", "x",
         lambda A, x, B: (A @ x) * (B @ x), A="m n", x="n", B="m n"),
    task("elementwise-quotient", "(A*x)./exp(B*x)", "x",
         lambda A, x, B: (A @ x) / jnp.exp(B @ x), A="m n", x="n", B="m n"),
    task("hadamard-in-trace", "tr(A*(X.*B)*C*(X.*X))", "X",
         lambda A, X, B, C: jnp.trace(A @ (X * B) @ C @ (X * X)), A="n m", X="m n", B="m n", C="n m"),
    task("identity-plus", "inv(eye + x*y')*y", "x",
         lambda x, y: jnp.linalg.inv(jnp.eye(len(x)) + jnp.outer(x, y)) @ y, x="n ~unit", y="n ~unit"),
    task("identity-of-size", "x'*(A - 3*eye(n))*x", "x",
         lambda x, A: x @ (A - 3 * jnp.eye(len(x))) @ x, x="n", A="n n"),
    task("ones-vector", "ones(m)'*exp(A*x)", "x", lambda A, x: jnp.sum(jnp.exp(A @ x)), A="m n", x="n"),
    task("ones-matrix", "x'*ones(n, n)*x", "x", lambda x: jnp.sum(x) ** 2, x="n"),
    task("constant-vector", "norm2(x - vector(2))^2", "x", lambda x: norm(x - 2.0) ** 2, x="n"),
    task("constant-matrix", "tr((X + matrix(1/2))*A*X')", "X",
         lambda X, A: jnp.trace((X + 0.5) @ A @ X.T), X="m n", A="n n"),
    task("zeros", "sum(exp(X + zeros(m, n)))*s", "X", lambda X, s: jnp.sum(jnp.exp(X)) * s, X="m n", s=""),
    task("pi-is-a-constant", "pi*sin(pi*x)", "x", lambda x: np.pi * jnp.sin(np.pi * x), x="n"),
    task("e-is-a-name", "e'*A*e", "e", lambda e, A: e @ A @ e, e="n", A="n n"),
    task("decimal-numbers-are-exact", "0.1*x'*x + 2.5e-1*sum(x)", "x",
         lambda x: 0.1 * (x @ x) + 0.25 * jnp.sum(x), x="n"),
    task("dimension-as-scalar", "2/N*X'*(X*w - y)", "w",
         lambda X, w, y: 2 / len(y) * X.T @ (X @ w - y), X="N D", w="D", y="N"),
    task("mean-squared-error", "norm2(X*w - y)^2/N", "w",
         lambda X, w, y: norm(X @ w - y) ** 2 / len(y), X="N D", w="D", y="N"),
    task("dimensions-multiplied", "(m*n - 1)*tr(X*A)", "X",
         lambda X, A: (X.size - 1) * jnp.trace(X @ A), X="m n", A="n m"),
)  # fmt: skip

# Scalars, vectors and matrices by scalars, vectors and matrices, in both layouts

SHAPES = (
    task("scalar-by-scalar", "s*t^2 + sin(s*t)", "t", lambda s, t: s * t**2 + jnp.sin(s * t), s="", t=""),
    task("scalar-by-scalar-second", "s*t^2 + sin(s*t)", "t",
         lambda s, t: s * t**2 + jnp.sin(s * t), of_order=2, s="", t=""),
    task("scalar-by-scalar-third", "exp(-s^2/2)*cos(t*s)", "s",
         lambda s, t: jnp.exp(-(s**2) / 2) * jnp.cos(t * s), of_order=3, s="", t=""),
    task("scalar-by-vector", "x'*A*x", "x", lambda x, A: x @ A @ x, inferred=True, x="n", A="n n"),
    task("scalar-by-vector-denominator", "x'*A*x", "x",
         lambda x, A: x @ A @ x, inferred=True, in_layout="denominator", x="n", A="n n"),
    task("scalar-by-matrix", "a'*X*b", "X", lambda a, X, b: a @ X @ b, inferred=True, a="m", X="m n", b="n"),
    task("scalar-by-matrix-denominator", "a'*X*b", "X",
         lambda a, X, b: a @ X @ b, inferred=True, in_layout="denominator", a="m", X="m n", b="n"),
    task("vector-by-scalar", "A*x*s^2 + x", "s", lambda A, x, s: A @ x * s**2 + x, A="n n", x="n", s=""),
    task("vector-by-scalar-denominator", "exp(s*x)", "s",
         lambda s, x: jnp.exp(s * x), in_layout="denominator", s="", x="n"),
    task("row-by-scalar", "s^3*x'*A", "s", lambda s, x, A: s**3 * (x @ A), s="", x="m", A="m n"),
    task("vector-by-vector", "A*x", "x", lambda A, x: A @ x, inferred=True, A="m n", x="n"),
    task("vector-by-vector-denominator", "A*x", "x",
         lambda A, x: A @ x, inferred=True, in_layout="denominator", A="m n", x="n"),
    task("nonlinear-vector-by-vector-denominator", "tanh(A*x).*b", "x",
         lambda A, x, b: jnp.tanh(A @ x) * b, in_layout="denominator", A="m n", x="n", b="m"),
    task("row-by-vector", "x'*A", "x", lambda x, A: x @ A, x="m", A="m n"),
    task("row-by-vector-denominator", "x'*A", "x", lambda x, A: x @ A, in_layout="denominator", x="m", A="m n"),
    task("vector-by-matrix", "A*x", "A", lambda A, x: A @ x, inferred=True, A="m n", x="n"),
    task("vector-by-matrix-denominator", "A*x", "A",
         lambda A, x: A @ x, inferred=True, in_layout="denominator", A="m n", x="n"),
    task("row-by-matrix", "x'*A", "A", lambda x, A: x @ A, x="m", A="m n"),
    task("vector-by-transposed-matrix", "A'*x", "A", lambda A, x: A.T @ x, A="m n", x="m"),
    task("matrix-by-scalar", "exp(s*A)*B", "s", lambda s, A, B: jnp.exp(s * A) @ B, s="", A="m n", B="n p"),
    task("matrix-by-scalar-second", "exp(s*A)*B", "s",
         lambda s, A, B: jnp.exp(s * A) @ B, of_order=2, s="", A="m n", B="n p"),
    task("matrix-by-scalar-denominator", "s^2*A", "s", lambda s, A: s**2 * A, in_layout="denominator", s="", A="m n"),
    task("matrix-by-vector", "x*x'*A", "x", lambda x, A: jnp.outer(x, x) @ A, x="m", A="m n"),
    task("matrix-by-vector-denominator", "A*diag(x)*B", "x",
         lambda A, x, B: A @ jnp.diag(x) @ B, in_layout="denominator", A="m n", x="n", B="n p"),
    task("matrix-by-itself", "X", "X", lambda X: X, X="m n"),
    task("matrix-by-its-transpose", "X'", "X", lambda X: X.T, X="m n"),
    task("matrix-product-by-left", "X*B", "X", lambda X, B: X @ B, X="m n", B="n p"),
    task("matrix-product-by-right", "A*X", "X", lambda A, X: A @ X, A="m n", X="n p"),
    task("matrix-sandwich", "A*X*B", "X", lambda A, X, B: A @ X @ B, inferred=True, A="m n", X="n p", B="p q"),
    task("gram-matrix", "B'*B", "B", lambda B: B.T @ B, inferred=True, B="m n"),
    task("gram-matrix-denominator", "B'*B", "B", lambda B: B.T @ B, in_layout="denominator", B="m n"),
    task("gram-matrix-second", "B'*B", "B", lambda B: B.T @ B, of_order=2, B="m n"),
    task("gram-matrix-other-side", "B*C*B'", "B", lambda B, C: B @ C @ B.T, B="m n", C="n n"),
    task("hadamard-product", "X.*Y", "X", lambda X, Y: X * Y, X="m n", Y="m n"),
    task("hadamard-with-transposed", "X.*X'", "X", lambda X: X * X.T, X="n n"),
    task("vector-by-itself", "x", "x", lambda x: x, x="n"),
    task("scalar-by-itself", "s", "s", lambda s: s, s=""),
    task("vector-sum-of-uses", "A*x + B'*x - 3*x", "x",
         lambda A, x, B: A @ x + B.T @ x - 3 * x, A="n n", x="n", B="n n"),
    task("many-uses", "(x'*x)*(x'*A*x)*x + A*x*x'*A'*x", "x",
         lambda x, A: (x @ x) * (x @ A @ x) * x + A @ x * (x @ A.T @ x), x="n", A="n n"),
    task("many-uses-of-a-matrix", "X*X'*X*A*X", "X", lambda X, A: X @ X.T @ X @ A @ X, X="m n", A="n m"),
)  # fmt: skip

# Hessians and orders above

HESSIANS = (
    task("quadratic-form-hessian", "x'*A*x", "x", lambda x, A: x @ A @ x, of_order=2, inferred=True, x="n", A="n n"),
    task("quadratic-form-third", "x'*A*x", "x", lambda x, A: x @ A @ x, of_order=3, x="n", A="n n"),
    task("least-squares-hessian", "norm2(A*x - b)^2", "x",
         lambda A, x, b: norm(A @ x - b) ** 2, of_order=2, inferred=True, A="m n", x="n", b="m"),
    task("logistic-hessian", "sum(log(1+exp(X*w)))", "w",
         lambda X, w: jnp.sum(jnp.log(1 + jnp.exp(X @ w))), of_order=2, X="m n", w="n"),
    task("logistic-loss-hessian", "-sum(y.*log(sigmoid(X*w)) + (1-y).*log(1-sigmoid(X*w)))", "w",
         lambda X, w, y: -jnp.sum(y * jnp.log(logistic(X @ w)) + (1 - y) * jnp.log(1 - logistic(X @ w))),
         of_order=2, X="m n", w="n", y="m"),
    task("factorization-gradient", "norm2(T - U*V')^2", "U",
         lambda T, U, V: norm(T - U @ V.T) ** 2, T="m n", U="m p", V="n p"),
    task("factorization-hessian-left", "norm2(T - U*V')^2", "U",
         lambda T, U, V: norm(T - U @ V.T) ** 2, of_order=2, T="m n", U="m p", V="n p"),
    task("factorization-hessian-right", "norm2(T - U*V')^2", "V",
         lambda T, U, V: norm(T - U @ V.T) ** 2, of_order=2, T="m n", U="m p", V="n p"),
    task("ridge-hessian", "norm2(Y - X*W)^2 + lambda*norm2(W)^2", "W",
         lambda Y, X, W, lambda_: norm(Y - X @ W) ** 2 + lambda_ * norm(W) ** 2,
         of_order=2, Y="m p", X="m n", W="n p", **{"lambda": ""}),
    task("vector-field-second", "tanh(A*x)", "x", lambda A, x: jnp.tanh(A @ x), of_order=2, A="m n", x="n"),
    task("vector-field-second-denominator", "tanh(A*x)", "x",
         lambda A, x: jnp.tanh(A @ x), of_order=2, in_layout="denominator", A="m n", x="n"),
    task("vector-field-third", "exp(A*x)", "x", lambda A, x: jnp.exp(A @ x), of_order=3, A="m n", x="n"),
    task("quadratic-vector-field-second", "x*(x'*A*x)", "x", lambda x, A: x * (x @ A @ x), of_order=2, x="n", A="n n"),
    task("cubic-form-third", "sum((A*x).^3)", "x", lambda A, x: jnp.sum((A @ x) ** 3), of_order=3, A="m n", x="n"),
    task("hessian-denominator", "exp(a'*x)*(b'*x)", "x",
         lambda a, x, b: jnp.exp(a @ x) * (b @ x), of_order=2, in_layout="denominator", a="n", x="n", b="n"),
    task("trace-of-square-hessian", "tr(X*A*X'*B)", "X",
         lambda X, A, B: jnp.trace(X @ A @ X.T @ B), of_order=2, X="m n", A="n n", B="m m"),
    task("trace-of-product-hessian", "tr(A*X*B*X)", "X",
         lambda A, X, B: jnp.trace(A @ X @ B @ X), of_order=2, A="n m", X="m n", B="n m"),
    task("softplus-of-matrix-hessian", "sum(softplus(X*A))", "X",
         lambda X, A: jnp.sum(jnp.logaddexp(X @ A, 0.0)), of_order=2, X="m n", A="n p"),
    task("gaussian-loglikelihood-by-mean", "-1/2*(x - mu)'*inv(S)*(x - mu)", "mu",
         lambda x, mu, S: -(x - mu) @ jnp.linalg.inv(S) @ (x - mu) / 2, of_order=2, x="n", mu="n", S="n n ~invertible"),
    task("log-barrier-hessian", "-sum(log(b - A*x))", "x",
         lambda b, A, x: -jnp.sum(jnp.log(b - A @ x)), of_order=2, b="m ~positive", A="m n ~unit", x="n ~small"),
    task("bilinear-mixed-twice", "x'*A*diag(x)*B*x", "x",
         lambda x, A, B: x @ A @ jnp.diag(x) @ B @ x, of_order=2, x="n", A="n n", B="n n"),
)  # fmt: skip

# Tensors by entries, bound sums, conditions

TENSORS = (
    task("entries-matrix", "[i,j: A[i,j]*x[j]]", "x", lambda A, x: A * x[None, :], A="m n", x="n"),
    task("entries-with-delta", "[i,k,l: delta(i,k)*A[k,l]*x[l]]", "x",
         lambda A, x: jnp.einsum("ik,kl,l->ikl", np.eye(len(A)), A, x), A="m n", x="n"),
    task("entries-gram", "[p,q: sum[l: B[l,p]*B[l,q]]]", "B", lambda B: B.T @ B, B="m n"),
    task("entries-condition", "[p,q: B[p,q]^2 if p==q else 0]", "B",
         lambda B: jnp.diag(jnp.diag(B) ** 2), B="n n"),
    task("entries-two-conditions", "[i,j,p,q: B[i,q] if j==p and p!=q else 0]", "B",
         lambda B: jnp.einsum("iq,jp,pq->ijpq", B, np.eye(B.shape[1]), 1 - np.eye(B.shape[1])), B="m n"),
    task("entries-condition-else", "[i,j: exp(x[i]*y[j]) if i==j else x[i]]", "x",
         lambda x, y: jnp.where(np.eye(len(x)) > 0, jnp.exp(jnp.outer(x, y)), x[:, None]), x="n", y="n"),
    task("entries-of-inverse", "[i,j: inv(X)[i,j]*X[j,i]]", "X",
         lambda X: jnp.linalg.inv(X) * X.T, X="n n ~invertible"),
    task("entries-of-function", "sum[i,j: exp(A*X)[i,j]*B[j,i]]", "X",
         lambda A, X, B: jnp.trace(jnp.exp(A @ X) @ B), A="m n", X="n p", B="p m"),
    task("bound-sum-dot", "sum[l: x[l]^2*y[l]]", "x", lambda x, y: jnp.sum(x**2 * y), of_order=2, x="n", y="n"),
    task("bound-sum-of-two", "sum[k,l: A[k,l]*x[k]*exp(y[l])]", "y",
         lambda A, x, y: x @ A @ jnp.exp(y), A="m n", x="m", y="n"),
    task("bound-sum-with-condition", "sum[k,l: A[k,l]*x[k]*x[l] if k!=l else 0]", "x",
         lambda A, x: x @ (A - jnp.diag(jnp.diag(A))) @ x, of_order=2, A="n n", x="n"),
    task("entries-tensor-by-vector", "[i,j,k: x[i]*A[j,k]*x[k]]", "x",
         lambda x, A: jnp.einsum("i,jk,k->ijk", x, A, x), x="n", A="m n"),
    task("entries-partial-derivative", "[i,j: d(tr(X*A*X*B))/d(X[i,j])]", "X",
         lambda X, A, B: jax.jacfwd(lambda Y: jnp.trace(Y @ A @ Y @ B))(X), X="m n", A="n m", B="n m"),
    task("entries-partial-of-entry", "[p,q,i,j: d(inv(X)[p,q])/d(X[i,j])]", "X",
         lambda X: jax.jacfwd(jnp.linalg.inv)(X), X="m m ~invertible"),
    task("entries-sum-inside-function", "[i: log(sum[j: exp(A[i,j]*x[j])])]", "x",
         lambda A, x: jnp.log(jnp.sum(jnp.exp(A * x[None, :]), 1)), A="m n", x="n"),
)  # fmt: skip

# Derivatives inside expressions

NESTED = (
    task("nested-jacobian-times-vector", "d(tanh(A*x))/d(x)*y", "x",
         lambda A, x, y: jax.jacfwd(lambda v: jnp.tanh(A @ v))(x) @ y, A="m n", x="n", y="n"),
    task("nested-jacobian-denominator", "d(tanh(A*x))/d(x)*b", "x",
         lambda A, x, b: jax.jacfwd(lambda v: jnp.tanh(A @ v))(x).T @ b,
         in_layout="denominator", A="m n", x="n", b="m"),
    task("nested-row-gradient", "d(x'*A*x)/d(x)*y", "A",
         lambda x, A, y: jax.grad(lambda v: v @ A @ v)(x) @ y, x="n", A="n n", y="n"),
    task("nested-column-gradient", "(d(x'*A*x)/d(x))'*y", "A",
         lambda x, A, y: jax.grad(lambda v: v @ A @ v)(x) @ y,
         in_layout="denominator", x="n", A="n n", y="n"),
    task("grad-is-a-column", "y'*grad(sum(exp(A*x)), x)", "x",
         lambda y, A, x: y @ jax.grad(lambda v: jnp.sum(jnp.exp(A @ v)))(x), y="n", A="m n", x="n"),
    task("grad-by-matrix", "norm2(grad(logdet(X), X))^2", "X",
         lambda X: norm(jax.grad(logdet)(X)) ** 2, X="n n ~invertible"),
    task("gradient-descent-step", "norm2(A*(x - s*grad(norm2(A*x - b)^2, x)) - b)^2", "s",
         lambda A, x, s, b: norm(A @ (x - s * jax.grad(lambda v: norm(A @ v - b) ** 2)(x)) - b) ** 2,
         A="m n", x="n", s="", b="m"),
    task("newton-step", "hessian(logsumexp(A*x) + x'*x, x)*y", "x",
         lambda A, x, y: jax.hessian(lambda v: jax.nn.logsumexp(A @ v) + v @ v)(x) @ y, A="m n", x="n", y="n"),
    task("hessian-vector-product-by-vector", "a'*hessian(sum((A*x).^3), x)*y", "x",
         lambda a, A, x, y: a @ jax.hessian(lambda v: jnp.sum((A @ v) ** 3))(x) @ y, a="n", A="m n", x="n", y="n"),
    task("jacobian-in-product", "jacobian(sin(A*x), x)'*b", "x",
         lambda A, x, b: jax.jacfwd(lambda v: jnp.sin(A @ v))(x).T @ b, A="m n", x="n", b="m"),
    task("jacobian-ignores-layout", "jacobian(sin(A*x), x)'*b", "x",
         lambda A, x, b: jax.jacfwd(lambda v: jnp.sin(A @ v))(x).T @ b,
         in_layout="denominator", A="m n", x="n", b="m"),
    task("jacobian-of-scalar-is-a-row", "jacobian(x'*A*x, x)*y", "x",
         lambda x, A, y: jax.grad(lambda v: v @ A @ v)(x) @ y, x="n", A="n n", y="n"),
    task("vec-jacobian", "d(vec(A*X*B))/d(vec(X))*vec(Y)", "A",
         lambda A, X, B, Y: vec_jacobian(lambda Z: A @ Z @ B, X) @ vec(Y),
         A="m n", X="n p", B="p q", Y="n p"),
    task("vec-jacobian-of-square", "d(vec(X*X))/d(vec(X))*vec(Y)", "X",
         lambda X, Y: vec(X @ Y + Y @ X), X="n n", Y="n n"),
    task("vec-jacobian-of-transposed", "vec(Y)'*(d(vec(X'*A*X))/d(vec(X)))*vec(X)", "X",
         lambda Y, X, A: vec(Y) @ vec(2 * X.T @ A @ X), Y="n n", X="m n", A="m m"),
    task("second-derivative-nested", "d(d(s^2*sin(t))/d(s))/d(t)", "s",
         lambda s, t: 2 * s * jnp.cos(t), s="", t=""),
    task("unicode-nested-derivative", "∂(x'*A*x)/∂(x)*y", "x",
         lambda x, A, y: (A + A.T) @ x @ y, x="n", A="n n", y="n"),
    task("scalar-derivative-of-program-names", "u = exp(A*x)\nJ = ∂u/∂x\nw = J'*b", "x",
         lambda A, x, b: A.T @ (b * jnp.exp(A @ x)), A="m n", x="n", b="m"),
    task("curvature-of-loss", "tr(hessian(sum(softplus(A*x)), x))", "x",
         lambda A, x: jnp.trace(jax.hessian(lambda v: jnp.sum(jnp.logaddexp(A @ v, 0.0)))(x)), A="m n", x="n"),
    task("divergence", "tr(jacobian(f(A*x).*x, x))", "x",
         lambda f, A, x: jnp.trace(jax.jacfwd(lambda v: f(A @ v) * v)(x)), functions=("f",), A="n n", x="n"),
)  # fmt: skip

# Programs

THREE_LAYERS = """
h_1 = tanh(W_1*x + b_1)      # first layer
h_2 = relu(W_2*h_1 + b_2)
theta = W_3*h_2 + b_3
J = crossentropy(y, softmax(theta))
"""


def three_layers(W_1, W_2, W_3, b_1, b_2, b_3, x, y):
    h_2 = relu(W_2 @ jnp.tanh(W_1 @ x + b_1) + b_2)
    return -y @ jax.nn.log_softmax(W_3 @ h_2 + b_3)


def three_layer_task(wrt: str, **options) -> Task:
    return task(
        f"three-layers-by-{wrt.replace('_', '').lower()}", THREE_LAYERS, wrt, three_layers,
        W_1="M D", W_2="H M", W_3="C H", b_1="M", b_2="H", b_3="C", x="D", y="C simplex", **options,
    )  # fmt: skip


def attention_head(Q, K, V, X):
    scores = (X @ Q) @ (X @ K).T / jnp.sqrt(1.0 * Q.shape[1])
    return jax.nn.softmax(scores, axis=1) @ X @ V


ATTENTION = """
Q: matrix(D, H)
K: matrix(D, H)
V: matrix(D, M); X: matrix(N, D)
S = X*Q*(X*K)'/sqrt(H)
P = softmax(S)
O = P*X*V
"""

PROGRAMS = (
    *(three_layer_task(wrt) for wrt in ("W_1", "W_2", "W_3", "b_1", "b_2", "b_3", "x", "y")),
    task("two-layers-declared-within",
         "W: matrix(M, D)\nU: matrix(C, M)\ny: vector(C) simplex\n"
         "z = W*x\nh = relu(z)\ntheta = U*h\nJ = crossentropy(y, softmax(theta))\n", "W",
         lambda W, U, x, y: -y @ jax.nn.log_softmax(U @ relu(W @ x)),
         inferred=True, W="M D", U="C M", x="D ~positive", y="C simplex"),
    task("by-assigned-name", "z = W*x\nh = tanh(z)\nJ = norm2(U*h - y)^2\ng = grad(J, h)", "U",
         lambda W, x, U, y: 2 * U.T @ (U @ jnp.tanh(W @ x) - y), W="M D", x="D", U="C M", y="C"),
    task("by-assigned-name-downstream-moves", "z = W*x\nh = exp(z)\nJ = (c'*h)^2 + sum(z)\nG = grad(J, z)", "x",
         lambda W, x, c: jax.grad(lambda z: (c @ jnp.exp(z)) ** 2 + jnp.sum(z))(W @ x), W="M D", x="D", c="M"),
    task("attention-by-values", ATTENTION, "V", attention_head,
         inferred=True, Q="D H", K="D H", V="D M", X="N D"),
    task("attention-loss-by-queries", ATTENTION + "J = norm2(O)^2", "Q",
         lambda Q, K, V, X: norm(attention_head(Q, K, V, X)) ** 2,
         inferred=True, Q="D H", K="D H", V="D M", X="N D"),
    task("attention-loss-by-input", ATTENTION + "J = sum(tanh(O))", "X",
         lambda Q, K, V, X: jnp.sum(jnp.tanh(attention_head(Q, K, V, X))),
         inferred=True, Q="D H", K="D H", V="D M", X="N D"),
    task("attention-head-bare", "softmax(Q*K'/sqrt(D))*V", "K",
         lambda Q, K, V: jax.nn.softmax(Q @ K.T / np.sqrt(1.0 * K.shape[1]), axis=1) @ V,
         Q="N D", K="M D", V="M H"),
    task("shared-intermediate", "u = A*x\nv = u.*u\nw = v + u\nJ = (v'*w)/(1 + u'*u)", "x",
         lambda A, x: (A @ x) ** 2 @ ((A @ x) ** 2 + A @ x) / (1 + (A @ x) @ (A @ x)), A="m n", x="n"),
    task("shared-intermediate-hessian", "u = A*x\nJ = log(1 + u'*u)*sum(u)", "x",
         lambda A, x: jnp.log(1 + (A @ x) @ (A @ x)) * jnp.sum(A @ x), of_order=2, A="m n", x="n"),
    task("variational-bound", "s = exp(rho)\nz = mu + s.*noise\n"
         "J = norm2(x - W*z)^2/2 + sum(s.^2 + mu.^2 - 1 - 2*rho)/2", "rho",
         lambda rho, mu, noise, x, W: norm(x - W @ (mu + jnp.exp(rho) * noise)) ** 2 / 2
         + jnp.sum(jnp.exp(2 * rho) + mu**2 - 1 - 2 * rho) / 2,
         rho="H", mu="H", noise="H", x="D", W="D H"),
    task("gaussian-process-evidence", "K = s^2*A + t*eye\nJ = logdet(K)/2 + y'*inv(K)*y/2", "s",
         lambda s, t, A, y: logdet(s**2 * A + t * jnp.eye(len(y))) / 2
         + y @ jnp.linalg.inv(s**2 * A + t * jnp.eye(len(y))) @ y / 2,
         of_order=2, s=" ~positive", t=" ~positive", A="n n positive-definite", y="n"),
    task("kalman-gain", "S = H*P*H' + R\nK = P*H'*inv(S)", "P",
         lambda H, P, R: P @ H.T @ jnp.linalg.inv(H @ P @ H.T + R),
         H="m n", P="n n ~positive-definite", R="m m ~positive-definite"),
    task("recurrent-network", "h_1 = tanh(W*h_0 + U*x_1)\nh_2 = tanh(W*h_1 + U*x_2)\nJ = norm2(h_2 - y)^2", "W",
         lambda W, U, h_0, x_1, x_2, y: norm(jnp.tanh(W @ jnp.tanh(W @ h_0 + U @ x_1) + U @ x_2) - y) ** 2,
         W="M M", U="M D", h_0="M", x_1="D", x_2="D", y="M"),
    task("batch-network-by-bias", "H_1 = relu(X*W + b')\nJ = mean((H_1*c - y).^2)", "b",
         lambda X, W, b, c, y: jnp.mean((relu(X @ W + b[None, :]) @ c - y) ** 2),
         X="N D", W="D M", b="M", c="M", y="N"),
)  # fmt: skip

# Formulas in the manner of the Matrix Cookbook

COOKBOOK = (
    task("bilinear-transposed", "a'*X'*b", "X", lambda a, X, b: a @ X.T @ b, a="n", X="m n", b="m"),
    task("gram-bilinear", "b'*X'*X*c", "X", lambda b, X, c: b @ X.T @ X @ c, b="n", X="m n", c="n"),
    task("affine-bilinear", "(B*x + b)'*C*(D*x + d)", "x",
         lambda B, x, b, C, D, d: (B @ x + b) @ C @ (D @ x + d), B="m n", x="n", b="m", C="m p", D="p n", d="p"),
    task("affine-bilinear-hessian", "(B*x + b)'*C*(D*x + d)", "x",
         lambda B, x, b, C, D, d: (B @ x + b) @ C @ (D @ x + d),
         of_order=2, B="m n", x="n", b="m", C="m p", D="p n", d="p"),
    task("affine-quadratic-in-matrix", "(X*b + c)'*A*(X*b + c)", "X",
         lambda X, b, c, A: (X @ b + c) @ A @ (X @ b + c), X="m n", b="n", c="m", A="m m"),
    task("gram-sandwich", "b'*X'*A*X*c", "X", lambda b, X, A, c: b @ X.T @ A @ X @ c, b="n", X="m n", A="m m", c="n"),
    task("weighted-distance", "(x - A*s)'*W*(x - A*s)", "s",
         lambda x, A, s, W: (x - A @ s) @ W @ (x - A @ s), x="m", A="m n", s="n", W="m m symmetric"),
    task("weighted-distance-by-matrix", "(x - A*s)'*W*(x - A*s)", "A",
         lambda x, A, s, W: (x - A @ s) @ W @ (x - A @ s), x="m", A="m n", s="n", W="m m symmetric"),
    task("trace-of-gram-squared", "tr(X'*X*X'*X)", "X", lambda X: jnp.trace(X.T @ X @ X.T @ X), X="m n"),
    task("trace-long-product", "tr(A*X*B*X*C)", "X",
         lambda A, X, B, C: jnp.trace(A @ X @ B @ X @ C), A="p m", X="m n", B="n m", C="n p"),
    task("trace-four-factors", "tr(B'*X'*C*X*B)", "X",
         lambda B, X, C: jnp.trace(B.T @ X.T @ C @ X @ B), B="n p", X="m n", C="m m"),
    task("trace-residual-gram", "tr((A*X*B + C)*(A*X*B + C)')", "X",
         lambda A, X, B, C: jnp.sum((A @ X @ B + C) ** 2), A="m n", X="n p", B="p q", C="m q"),
    task("trace-inverse-ratio", "tr(inv(X'*C*X)*(X'*B*X))", "X",
         lambda X, C, B: jnp.trace(jnp.linalg.inv(X.T @ C @ X) @ (X.T @ B @ X)),
         X="p m", C="p p positive-definite", B="p p symmetric", thin="m"),
    task("distance", "norm2(x - a)", "x", lambda x, a: norm(x - a), x="n", a="n"),
    task("direction", "(x - a)/norm2(x - a)", "x", lambda x, a: (x - a) / norm(x - a), x="n", a="n"),
    task("inverse-of-shifted", "tr(inv(X + A))", "X",
         lambda X, A: jnp.trace(jnp.linalg.inv(X + A)), X="n n ~positive-definite", A="n n ~positive-definite"),
    task("gaussian-loglikelihood-by-covariance", "-logdet(S)/2 - (x - mu)'*inv(S)*(x - mu)/2", "S",
         lambda S, x, mu: -logdet(S) / 2 - (x - mu) @ jnp.linalg.inv(S) @ (x - mu) / 2,
         S="n n positive-definite", x="n", mu="n"),
    task("logdet-of-quadratic", "logdet(X'*A*X)", "X",
         lambda X, A: logdet(X.T @ A @ X), X="p m", A="p p positive-definite", thin="m"),
    task("quartic-norm", "norm2(x*x' - A)^2", "x", lambda x, A: norm(jnp.outer(x, x) - A) ** 2, x="n", A="n n"),
    task("dcp-ratio", "log(a'*exp(x))/norm2(x)", "x",
         lambda a, x: jnp.log(a @ jnp.exp(x)) / norm(x), a="n ~positive", x="n"),
)  # fmt: skip

# Properties: facts for simplification; differentiation still treats entries as independent

PROPERTY_TASKS = (
    task("symmetric-quadratic-form", "x'*A*x", "x", lambda x, A: x @ A @ x, x="n", A="n n symmetric"),
    task("symmetric-by-the-matrix", "x'*A*y", "A", lambda x, A, y: x @ A @ y, x="n", A="n n symmetric", y="n"),
    task("skew-trace-by-the-matrix", "tr(K*A)", "K", lambda K, A: jnp.trace(K @ A), K="n n skew", A="n n"),
    task("skew-quadratic-form", "x'*K*y + x'*K*x", "x", lambda x, K, y: x @ K @ y + x @ K @ x,
         x="n", K="n n skew", y="n"),
    task("diagonal-by-the-matrix", "x'*A^2*y", "A", lambda x, A, y: x @ A @ A @ y, x="n", A="n n diagonal", y="n"),
    task("orthogonal-by-the-matrix", "tr(A*Q*B*Q')", "Q",
         lambda A, Q, B: jnp.trace(A @ Q @ B @ Q.T), A="n n", Q="n n orthogonal", B="n n"),
    task("orthogonal-rotation", "norm2(Q*x - y)^2", "x",
         lambda Q, x, y: norm(Q @ x - y) ** 2, of_order=2, Q="n n orthogonal", x="n", y="n"),
    task("simplex-by-itself", "sum(y)*A*y", "y", lambda y, A: jnp.sum(y) * (A @ y), y="n simplex", A="m n"),
    task("simplex-rows", "-sum(Y.*logsoftmax(X))", "X",
         lambda Y, X: -jnp.sum(Y * jax.nn.log_softmax(X, axis=1)), Y="m n simplex", X="m n"),
    task("simplex-entropy", "-sum(y.*log(y))", "y", lambda y: -jnp.sum(y * jnp.log(y)), of_order=2, y="n simplex"),
    task("positive-power", "sqrt(x'*x)*sum(log(x.^2))", "x",
         lambda x: jnp.sqrt(x @ x) * jnp.sum(jnp.log(x**2)), x="n positive"),
    task("positive-matrix", "sum(log(X*b))", "X", lambda X, b: jnp.sum(jnp.log(X @ b)), X="m n positive", b="n positive"),
    task("positive-definite-by-itself", "logdet(P) + tr(inv(P)*A)", "P",
         lambda P, A: logdet(P) + jnp.trace(jnp.linalg.inv(P) @ A), P="n n positive-definite", A="n n"),
    task("lower-factor", "norm2(S - L*L')^2", "L", lambda S, L: norm(S - L @ L.T) ** 2, S="n n symmetric", L="n n lower"),
    task("upper-factor", "logdet(R) + a'*inv(R)*b", "R",
         lambda R, a, b: logdet(R) + a @ jnp.linalg.inv(R) @ b, R="n n upper", a="n", b="n"),
    task("invertible-by-itself", "A*inv(A)*B", "A",
         lambda A, B: A @ jnp.linalg.inv(A) @ B, A="n n invertible", B="n m"),
)  # fmt: skip

# Unknown functions and dependent variables

UNKNOWN_TASKS = (
    task("unknown-of-vector", "f(x)", "x", lambda f, x: f(x), functions=("f",), x="n"),
    task("unknown-layer", "f(W*x + b)", "x", lambda f, W, x, b: f(W @ x + b), functions=("f",), W="m n", x="n", b="m"),
    task("unknown-layer-by-weights", "f(W*x + b)", "W",
         lambda f, W, x, b: f(W @ x + b), functions=("f",), W="m n", x="n", b="m"),
    task("unknown-layer-hessian", "c'*f(W*x)", "x",
         lambda f, c, W, x: c @ f(W @ x), of_order=2, functions=("f",), c="m", W="m n", x="n"),
    task("unknown-of-scalar-third", "f(s)", "s", lambda f, s: f(s), of_order=3, functions=("f",), s=""),
    task("unknown-product", "f(x).*g(A*x)", "x", lambda f, g, x, A: f(x) * g(A @ x), functions=("f", "g"), x="n", A="n n"),
    task("unknown-composition", "f(g(A*x))", "x", lambda f, g, A, x: f(g(A @ x)), functions=("f", "g"), A="m n", x="n"),
    task("unknown-composition-second", "f(g(s))", "s", lambda f, g, s: f(g(s)), of_order=2, functions=("f", "g"), s=""),
    task("unknown-derivative-given", "A*f'(x)", "x",
         lambda f, A, x: A @ jax.vmap(jax.grad(f))(x), functions=("f",), A="m n", x="n"),
    task("unknown-second-derivative-given", "f''(s)*t", "s",
         lambda f, s, t: jax.grad(jax.grad(f))(s) * t, functions=("f",), s="", t=""),
    task("unknown-of-matrix", "tr(A*f(X))", "X", lambda f, A, X: jnp.trace(A @ f(X)), functions=("f",), A="n m", X="m n"),
    task("unknown-of-square-matrix", "f(X)", "X", lambda f, X: f(X), functions=("f",), X="n n"),
)  # fmt: skip

_A = Dependent("A(alpha): matrix(n, n)", ("alpha",), _curve(1, 3, 3))
_B = Dependent("B(alpha): matrix(n, n)", ("alpha",), _curve(2, 3, 3))
_X = Dependent("x(t): vector(n)", ("t",), _curve(3, 3))
_L = Dependent("L(Y): scalar", ("Y",), _loss(4), at={"Y": lambda X, W, b, **_: X @ W + b[None, :]})
_L_OF_Z = Dependent("L(z): scalar", ("z",), _loss(5), at={"z": lambda W, x, **_: np.tanh(W @ x)})
_U = Dependent(
    "U(s, t): scalar", ("s", "t"), lambda s, t: jnp.sin(s) * t**2 + s**3 / 3,
    at={"s": lambda a, w, **_: a @ w, "t": lambda w, **_: w @ w},
)  # fmt: skip

DEPENDENT_TASKS = (
    task("dependent-inverse", "inv(A)", "alpha", lambda A, alpha: jnp.linalg.inv(A(alpha)),
         dependents={"A": _A}, alpha=""),
    task("dependent-inverse-second", "inv(A)", "alpha", lambda A, alpha: jnp.linalg.inv(A(alpha)),
         of_order=2, dependents={"A": _A}, alpha=""),
    task("dependent-logdet", "logdet(A)", "alpha", lambda A, alpha: logdet(A(alpha)), dependents={"A": _A}, alpha=""),
    task("dependent-logdet-second", "logdet(A)", "alpha", lambda A, alpha: logdet(A(alpha)),
         of_order=2, dependents={"A": _A}, alpha=""),
    task("dependent-product", "A*B*c", "alpha", lambda A, B, alpha, c: A(alpha) @ B(alpha) @ c,
         dependents={"A": _A, "B": _B}, alpha="", c="n"),
    task("dependent-and-direct", "alpha^2*x'*inv(A)*x", "alpha",
         lambda A, alpha, x: alpha**2 * x @ jnp.linalg.inv(A(alpha)) @ x, dependents={"A": _A}, alpha="", x="n"),
    task("dependent-trajectory", "x'*B*x", "t", lambda x, t, B: x(t) @ B @ x(t),
         of_order=2, dependents={"x": _X}, t="", B="n n"),
    task("upstream-loss-by-weights", "Y = X*W + b'\nJ = L", "W", lambda L, X, W, b: L(X @ W + b[None, :]),
         dependents={"L": _L}, X="N D", W="D H", b="H"),
    task("upstream-loss-by-bias", "Y = X*W + b'\nJ = L", "b", lambda L, X, W, b: L(X @ W + b[None, :]),
         dependents={"L": _L}, X="N D", W="D H", b="H"),
    task("upstream-loss-by-input", "Y = X*W + b'\nJ = L", "X", lambda L, X, W, b: L(X @ W + b[None, :]),
         dependents={"L": _L}, X="N D", W="D H", b="H"),
    task("upstream-loss-hessian", "z = tanh(W*x)\nJ = L", "x", lambda L, W, x: L(jnp.tanh(W @ x)),
         of_order=2, dependents={"L": _L_OF_Z}, W="m n", x="n"),
    task("potential-of-two", "s = a'*w\nt = w'*w\nJ = U", "w", lambda U, a, w: U(a @ w, w @ w),
         dependents={"U": _U}, a="n", w="n"),
    task("potential-of-two-hessian", "s = a'*w\nt = w'*w\nJ = U", "w", lambda U, a, w: U(a @ w, w @ w),
         of_order=2, dependents={"U": _U}, a="n", w="n"),
)  # fmt: skip

# Spellings, names, absent variables, sizes that are numbers

SPELLINGS = (
    task("unicode-transpose", "xᵀ*A*x", "x", lambda x, A: x @ A @ x, inferred=True, x="n", A="n n"),
    task("dot-t-transpose", "x.T@A@x", "x", lambda x, A: x @ A @ x, inferred=True, x="n", A="n n"),
    task("caret-t-transpose", "A^T*x", "x", lambda A, x: A.T @ x, inferred=True, A="m n", x="m"),
    task("unicode-inverse", "A⁻¹*b", "A", lambda A, b: jnp.linalg.inv(A) @ b, inferred=True, A="n n ~invertible", b="n"),
    task("unicode-kronecker", "X⊗A", "X", lambda X, A: jnp.kron(X, A), inferred=True, X="m n", A="p q"),
    task("unicode-hadamard", "X⊙Y", "Y", lambda X, Y: X * Y, inferred=True, X="m n", Y="m n"),
    task("greek-letter", "crossentropy(y, softmax(θ))", "theta",
         lambda y, theta: crossentropy(y, jax.nn.softmax(theta)), y="n simplex", theta="n"),
    task("small-greek-is-scalar", "α*x'*x", "alpha", lambda alpha, x: alpha * x @ x, inferred=True, alpha="", x="n"),
    task("capital-greek-is-matrix", "x'*Σ*x", "x", lambda x, Sigma: x @ Sigma @ x, inferred=True, x="n", Sigma="n n"),
    task("keyword-name", "lambda*x'*x", "lambda", lambda lambda_, x: lambda_ * x @ x,
         inferred=True, x="n", **{"lambda": ""}),
    task("d-is-a-name", "d'*A*d", "d", lambda d, A: d @ A @ d, inferred=True, d="n", A="n n"),
    task("delta-is-a-name", "delta*x + delta^2*y", "delta",
         lambda delta, x, y: delta * x + delta**2 * y, inferred=True, delta="", x="n", y="n"),
    task("same-level-left", "A.*B*C./D", "A", lambda A, B, C, D: ((A * B) @ C) / D,
         A="m n", B="m n", C="n p", D="m p ~away"),
    task("kronecker-left-associates", "tr(A⊗X*kron(B, Y))", "X",
         lambda A, X, B, Y: jnp.trace(jnp.kron(A, X) @ jnp.kron(B, Y)), A="m n", X="p q", B="n m", Y="q p"),
    task("underscored-names", "w_1'*x_2*w_1", "w_1", lambda w_1, x_2: w_1 @ x_2 * w_1, w_1="n", x_2="n"),
)  # fmt: skip

ZEROS = (
    task("absent-vector", "x'*A*x", "y", lambda x, A, y: x @ A @ x, x="n", A="n n", y="m"),
    task("absent-matrix", "A*x", "Y", lambda A, x, Y: A @ x, A="m n", x="n", Y="p q"),
    task("absent-scalar", "A*x", "s", lambda A, x, s: A @ x, A="m n", x="n", s=""),
    task("linear-second", "A*x", "x", lambda A, x: A @ x, of_order=2, A="m n", x="n"),
    task("cancelling", "A*x - A*x", "x", lambda A, x: A @ x - A @ x, A="m n", x="n"),
    task("constant-of-the-variable", "x'*eye(n)*y - y'*x", "x", lambda x, y: x @ y - y @ x, x="n", y="n"),
)  # fmt: skip

FIXED_SIZES = (
    task("numbered-vec", "a'*vec(X.^2)", "X", lambda a, X: a @ vec(X**2), a="6", X="2 3"),
    task("numbered-kronecker", "kron(X, Y)*b", "X", lambda X, Y, b: jnp.kron(X, Y) @ b, X="1 3", Y="4 2", b="6"),
    task("vector-of-one", "A*x", "A", lambda A, x: A @ x, A="m 1", x="1"),
    task("matrix-of-one-row", "B'*B", "B", lambda B: B.T @ B, B="1 n"),
    task("matrix-of-one-column", "softmax(X)", "X", lambda X: jax.nn.softmax(X, axis=1), X="m 1"),
    task("inverse-of-one", "inv(X)", "X", lambda X: jnp.linalg.inv(X), X="1 1 ~invertible"),
    task("numbered-sizes", "a'*inv(X)*X'*b", "X",
         lambda a, X, b: a @ jnp.linalg.inv(X) @ X.T @ b, of_order=2, a="3", X="3 3 ~invertible", b="3"),
    task("mixed-sizes", "tanh(A*x)'*B", "x", lambda A, x, B: jnp.tanh(A @ x) @ B, A="4 n", x="n", B="4 2"),
    task("broadcast-of-one-row", "X + y'", "y", lambda X, y: X + y[None, :], X="1 n", y="n"),
    task("adjugate-of-two", "adj(X)", "X", lambda X: adj(X), X="2 2 ~invertible"),
    task("determinant-of-four", "det(X)", "X", lambda X: jnp.linalg.det(X), X="4 4 ~invertible"),
)  # fmt: skip

TASKS: tuple[Task, ...] = (
    *ELEMENTWISE,
    *REDUCTIONS,
    *DETERMINANTS,
    *REARRANGEMENTS,
    *SOFT,
    *KINKS,
    *POWERS,
    *BROADCASTING,
    *SHAPES,
    *HESSIANS,
    *TENSORS,
    *NESTED,
    *PROGRAMS,
    *COOKBOOK,
    *PROPERTY_TASKS,
    *UNKNOWN_TASKS,
    *DEPENDENT_TASKS,
    *SPELLINGS,
    *ZEROS,
    *FIXED_SIZES,
)
