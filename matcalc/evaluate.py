"""A plain numeric interpreter of typed forms, which shares no code with the symbolic engine: it is the engine's judge.

It reads the matrix notation itself (rows, columns, MATLAB's expansion, layouts), works on NumPy arrays, and has a table
of functions of its own (`matcalc.jets`).  A derivative is computed by truncated Taylor arithmetic, not by differences:
each derivative node brings in a new infinitesimal e with e² = 0, the variable becomes X + e·(every direction at once),
and the coefficient of e is the derivative; nested derivatives bring in one infinitesimal each.  So every order is exact
to rounding, there is no step size, and points at a kink follow the rules of the language.

    Context    what does not change: values, sizes, assignments, unknown functions, layout
    Frame      what names mean at a place: held variables, bound indices, values that are known already
    evaluate   the array of a form

A derivative opens a scope, and so does an index that is bound; each scope is one axis in front of all arrays, so a body
is evaluated once, for all directions and all values of the index.

Outside of its domain a function gives nan or inf; a branch of `... if ... else ...` that is not taken has no influence.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cache, cached_property, reduce
from typing import Any, Protocol

import numpy as np

from matcalc.directions import completed, tied
from matcalc.errors import DimensionError, KindError, MatcalcError, Span, UnknownNameError, UnsupportedError
from matcalc.form import Axis, Form, Shape
from matcalc.jets import (
    ALIASES,
    ELEMENTWISE,
    FUNCTIONS,
    Array,
    Jet,
    add,
    apply,
    choose,
    compose,
    constant,
    elementwise_power,
    generator,
    inverse,
    kron,
    linear,
    matmul,
    matrix_power,
    over,
    product,
    softmax,
    square,
    times,
    transpose,
    triangle,
    unknown_function,
    with_kind,
)
from matcalc.precision import is_precise, numbers, pi

__all__ = ["evaluate", "interpret", "evaluate_at_points", "Context", "Unknown"]

#: Heads of forms that need the values of all their arguments.
PLAIN = frozenset({
    "number", "neg", "add", "mul", "div", "times", "rdiv", "kron", "power", "elpower", "transpose", "unknown", "entry",
    "delta", "cases", "join", "split",
})  # fmt: skip

#: How deep a form of numbers and sizes may be to be computed exactly.
DEEPEST = 12

CONSTRUCTORS = ("eye", "ones", "zeros", "vector", "matrix", "commutation")


class Unknown(Protocol):
    """What the interpreter needs to know of a dependent variable, such as `A(alpha): matrix(m, m) symmetric`."""

    @property
    def kind(self) -> str: ...
    @property
    def shape(self) -> Shape: ...
    @property
    def properties(self) -> Any: ...
    @property
    def arguments(self) -> Any: ...


# ---- Dependent variables --------------------------------------------------------------------------------------------


def dependent(name: str, x: Jet, shape: tuple[int, ...], kind: str, properties: Any) -> Jet:
    """A smooth random function C·sin(W·x + p) + q of the vector x, which its name selects, with declared properties."""
    constants = map(numbers, dependent_constants(name, math.prod(shape), x.shape[0]))
    outward, inward = constant(next(constants), "matrix", 2), constant(next(constants), "matrix", 2)
    features = apply("sin", product(inward, with_kind(x, "column")) + next(constants))
    flat = product(outward, features) + next(constants)
    y = linear(flat, lambda a: a.reshape(a.shape[:-1] + shape), shape, kind)
    implied = {"invertible"} if {"orthogonal", "positive-definite", "skew"} & set(properties) else set()
    wanted = [rule for declared, rule in STRUCTURE.items() if declared in completed(properties) - implied]
    return reduce(lambda value, rule: rule(value), wanted, y)


@cache
def dependent_constants(name: str, size: int, inner: int) -> tuple[Array, ...]:
    """The constants C, W, p and q of the smooth function of a name, of `inner` numbers with `size` values."""
    random, width = generator(name), inner + size + 1
    outward = random.uniform(-1, 1, (size, width)) / math.sqrt(width)
    inward, phases = random.uniform(-1, 1, (width, inner)), random.uniform(-1, 1, width)
    return outward, inward, phases, random.uniform(0.2, 0.8, size)


def dominant(x: Jet) -> Jet:
    """The matrix with a diagonal so large that it is invertible."""
    return x + numbers(3 * np.eye(square(x)))


def cayley(x: Jet) -> Jet:
    """An orthogonal matrix."""
    skew = (x - transpose(x)) * numbers(0.5)
    unit = constant(numbers(np.eye(square(x))), "matrix", 2)
    return matmul(inverse(unit - skew), unit + skew)


#: How a declared property is given to a random value, in this order.
STRUCTURE: dict[str, Callable[[Jet], Jet]] = {
    "positive": lambda x: apply("exp", x),
    "simplex": softmax,
    "symmetric": lambda x: (x + transpose(x)) * numbers(0.5),
    "skew": lambda x: (x - transpose(x)) * numbers(0.5),
    "lower": lambda x: triangle(x, np.tril),
    "upper": lambda x: triangle(x, np.triu),
    "diagonal": lambda x: triangle(x, lambda a: a * np.eye(len(a))),
    "orthogonal": cayley,
    "positive-definite": lambda x: matmul(x, transpose(x)) + numbers(np.eye(square(x))),
    "invertible": lambda x: x if x.kind != "matrix" else dominant(x),
}


# ---- The interpreter ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Context:
    """What does not change while a form is evaluated."""

    values: Mapping[str, Any]
    sizes: Mapping[str, int]
    assignments: Mapping[str, Form]
    unknowns: Mapping[str, Unknown]
    functions: Mapping[tuple[str, int], Callable[[Array], Array]]
    layout: str
    #: The type of the numbers that are written in a form.
    number: type[np.floating[Any]]
    #: The properties of the variables whose tied entries move together.
    structured: Mapping[str, Collection[str]]
    #: The number of axes in front of every value: 1 if these are the values at many points.
    scopes: int = 0
    #: Whether a derivative has no value where what is differentiated has none; so it is in high precision.
    strict: bool = False
    #: The values of the variables that were asked for, in the numbers in force.
    known: dict[tuple[str, str | None], Jet] = field(default_factory=dict)

    @cached_property
    def arguments(self) -> dict[str, tuple[Form, ...]]:
        """The arguments of the dependent variables, as forms."""
        return {name: tuple(Form("name", (), a) for a in v.arguments) for name, v in self.unknowns.items()}

    def size(self, axis: Axis, span: Span | None = None) -> int:
        """The number of entries along an axis."""
        sizes = [d if isinstance(d, int) else self.sizes.get(d) for d in axis]
        if None in sizes:
            raise MatcalcError(f"the dimension `{axis[sizes.index(None)]}` has no size", span)
        return math.prod(n for n in sizes if n is not None)

    def shape(self, form: Form) -> tuple[int, ...]:
        """The sizes of the axes of a typed form."""
        if form.shape is None:
            raise MatcalcError("the form is not typed", form.span)
        return tuple(self.size(axis, form.span) for axis in form.shape)


@dataclass
class Frame:
    """What names mean at one place of a form."""

    context: Context
    #: The number of open scopes: derivatives and bound indices.
    depth: int = 0
    #: Names that a derivative holds as variables.
    held: dict[str, Jet] = field(default_factory=dict)
    #: Bound indices: the number of the scope, and the size.
    indices: dict[str, tuple[int, int]] = field(default_factory=dict)
    #: The values of the forms that are done, by identity, with the form itself so that it stays alive.
    done: dict[int, tuple[Form, Jet]] = field(default_factory=dict)

    def value(self, form: Form) -> Jet:
        """The value of a form; what it needs comes first, on a stack, so that deep forms are no matter."""
        stack, begun, done = [form], set[int](), self.done
        while stack:
            node = stack[-1]
            if id(node) in done:
                stack.pop()
                continue
            needs = node.args if node.head in PLAIN else self.needs(node)
            missing = [a for a in needs if id(a) not in done]
            if not missing:
                done[id(node)] = (node, self.step(node))
                stack.pop()
            elif id(node) in begun:
                raise MatcalcError("a name depends on itself", node.span)
            else:
                begun.add(id(node))
                stack.extend(missing)
        return done[id(form)][1]

    def needs(self, form: Form) -> tuple[Form, ...]:
        """The forms whose values are needed in this frame before the value of `form`."""
        if form.head in ("tensor", "bsum", "derivative"):
            return ()
        if form.head == "name":
            return self.definition(form.value)
        if form.head == "call":
            return form.args[: self.operands(form)]
        return form.args

    def operands(self, form: Form) -> int:
        """The number of arguments of a call that are values, not sizes or an axis."""
        if form.value in CONSTRUCTORS:
            return 1 if form.value in ("vector", "matrix") else 0
        return 1 if form.value in ("sum", "mean") else len(form.args)

    def definition(self, name: str) -> tuple[Form, ...]:
        """The form that is assigned to a name, or the arguments on which it depends; none if it is held or given."""
        if name in self.held or name in self.context.values:
            return ()
        if name in self.context.assignments:
            return (self.context.assignments[name],)
        return self.context.arguments.get(name, ())

    def step(self, form: Form) -> Jet:
        """The value of a form whose needs are done."""
        if form.head not in HEADS:
            raise UnsupportedError(f"the head {form.head!r} has no value", form.span)
        try:
            return HEADS[form.head](self, form)
        except MatcalcError as error:
            error.span = error.span or form.span
            raise

    def arguments(self, form: Form) -> list[Jet]:
        return [self.done[id(a)][1] for a in (form.args if form.head in PLAIN else self.needs(form))]

    # Names

    def name(self, form: Form) -> Jet:
        name, context = form.value, self.context
        if name in self.held:
            return self.held[name]
        if name in context.values:
            key = name, form.kind
            if key not in context.known:
                context.known[key] = given(form, context)
            return context.known[key]
        if name in context.assignments:
            return self.arguments(form)[0]
        if name in context.unknowns:
            unknown = context.unknowns[name]
            shape = tuple(context.size(axis) for axis in unknown.shape)
            return dependent(name, concatenate(self.arguments(form)), shape, unknown.kind, unknown.properties)
        if name in context.sizes:
            return self.scalar(Fraction(context.sizes[name]))
        if name == "pi":
            here = np.asarray(pi()) if is_precise() else 4 * np.arctan(np.asarray(1, context.number))
            return constant(here, "scalar", 0)
        raise MatcalcError(f"no value is given for `{name}`", form.span)

    # Heads

    def number(self, form: Form) -> Jet:
        return self.scalar(form.value)

    def scalar(self, value: Fraction) -> Jet:
        """An exact number, rounded; one that is out of range is infinite."""
        if is_precise():
            return constant(numbers(np.asarray(value, dtype=object)), "scalar", 0)
        number = self.context.number
        try:
            rounded = number(value.numerator) / number(value.denominator)
        except OverflowError:
            rounded = number(0 if abs(value) < 1 else math.inf if value > 0 else -math.inf)
        return constant(np.asarray(rounded), "scalar", 0)

    def rational(self, form: Form, depth: int = 0) -> Fraction | None:
        """The exact value of a form of numbers and sizes alone; None for others."""
        if form.head == "number":
            return Fraction(form.value)
        if form.head == "name":
            constant_size = form.value in self.context.sizes and not self.is_value(form.value)
            return Fraction(self.context.sizes[form.value]) if constant_size else None
        if form.head not in RATIONAL or depth > DEEPEST:
            return None
        found = [self.rational(a, depth + 1) for a in form.args]
        known = [value for value in found if value is not None]
        if len(known) < len(found) or (form.head == "div" and not known[1]):
            return None
        return RATIONAL[form.head](*known)

    def is_value(self, name: str) -> bool:
        """Whether a name is something else than a size."""
        context = self.context
        return any(name in known for known in (self.held, context.values, context.assignments, context.unknowns))

    def exponent(self, form: Form) -> Jet:
        """The exponent of a power, which is not rounded on the way: n*(n - 1)*(1/6) may be whole."""
        exact = None if form.head == "number" else self.rational(form)
        return self.done[id(form)][1] if exact is None else self.scalar(exact)

    def elpower(self, form: Form) -> Jet:
        return elementwise_power(self.arguments(form)[0], self.exponent(form.args[1]))

    def power(self, form: Form) -> Jet:
        base, exponent = self.arguments(form)[0], self.exponent(form.args[1])
        if base.kind == "scalar":
            return elementwise_power(base, exponent)
        whole = exponent.primal
        if any(exponent.parts) or whole.size != 1 or not float(whole.real.item()).is_integer():
            raise KindError("the power of a matrix is a constant integer", form.span)
        return matrix_power(base, int(whole.real.item()))

    def call(self, form: Form) -> Jet:
        name, arguments = ALIASES.get(form.value, form.value), self.arguments(form)
        if name in CONSTRUCTORS:
            return self.construct(name, form, arguments)
        if name in ELEMENTWISE:
            return apply(name, *arguments)
        if name not in FUNCTIONS:
            raise UnknownNameError(f"the function `{form.value}` has no value", form.span)
        axis = [integer(a) for a in form.args[len(arguments) :]]
        return FUNCTIONS[name](*arguments, *axis)

    def construct(self, name: str, form: Form, arguments: list[Jet]) -> Jet:
        """The constants: their sizes are arguments, or are those of the typed form."""
        if name in ("vector", "matrix"):
            kind, shape = ("column", 1) if name == "vector" else ("matrix", 2)
            return times(arguments[0], constant(numbers(np.ones(self.context.shape(form))), kind, shape))
        sizes = tuple(self.context.size(axis_of(a), a.span) for a in form.args) or self.context.shape(form)
        if name == "commutation":
            here = commutation(*(sizes if form.args else commuted(form, self.context)))
            return constant(numbers(here), "matrix", 2)
        if name == "eye":
            return constant(numbers(np.eye(sizes[0])), "matrix", 2)
        kind = form.kind or ("scalar", "column", "matrix", "tensor")[min(len(sizes), 3)]
        return constant(numbers(np.ones(sizes) * (name == "ones")), kind, len(sizes))

    def unknown(self, form: Form) -> Jet:
        name, order = form.value
        return compose(unknown_function(self.context.functions, name, order), self.arguments(form)[0])

    # Indices

    def index(self, index: str | int) -> Array:
        """The values of an index, counted from 0, along the axis of its scope."""
        if isinstance(index, int):
            return np.asarray(index - 1)
        if index not in self.indices:
            raise UnknownNameError(f"the index `{index}` is not bound")
        scope, size = self.indices[index]
        return np.arange(size).reshape((size,) + (1,) * scope)

    def entry(self, form: Form) -> Jet:
        (x,) = self.arguments(form)
        if len(form.value) != x.rank:
            raise KindError(f"{len(form.value)} indices for a value with {x.rank} axes", form.span)
        index = [self.index(i) for i in form.value]
        for i, size in zip(index, x.shape, strict=True):
            if i.max(initial=0) >= size or i.min(initial=0) < 0:
                raise DimensionError(f"an index runs outside of an axis of {size} entries", form.span)
        return linear(x, lambda a: pick(a, x.rank, index), (), "scalar")

    def delta(self, form: Form) -> Jet:
        i, j = form.value
        return constant(numbers(np.asarray((self.index(i) == self.index(j)) * 1.0)), "scalar", 0)

    def holds(self, condition: Any) -> Array:
        """Where a condition holds."""
        relation, *rest = condition
        if relation in ("==", "!="):
            equal = self.index(rest[0]) == self.index(rest[1])
            return np.asarray(equal if relation == "==" else ~equal)
        truths = [self.holds(c) for c in rest]
        if relation == "not":
            return np.asarray(~truths[0])
        return np.asarray(reduce(np.logical_and if relation == "and" else np.logical_or, truths))

    def cases(self, form: Form) -> Jet:
        x, y = self.arguments(form)
        return choose(self.holds(form.value), x, y, "scalar")

    def bound(self, form: Form, sizes: list[int]) -> Jet:
        """The body of a tensor or sum for all values of its indices, which are the first axes, the last index first."""
        indices = {name: (self.depth + k, sizes[k]) for k, name in enumerate(form.value)}
        frame = replace(self, depth=self.depth + len(sizes), indices={**self.indices, **indices}, done={})
        return linear(frame.value(form.args[0]), lambda a: spread(a, 0, self.depth, sizes[::-1]))

    def tensor(self, form: Form) -> Jet:
        count = len(form.value)
        sizes = list(self.context.shape(form)) if form.shape is not None else self.index_sizes(form)
        order = tuple(range(count))[::-1]
        body = self.bound(form, sizes)
        kind = ("scalar", "column", "matrix", "tensor")[min(count, 3)]
        return linear(body, lambda a: a.transpose((*range(count, a.ndim), *order)), tuple(sizes), kind)

    def join(self, form: Form) -> Jet:
        (x,) = self.arguments(form)
        sizes = iter(x.shape)
        shape = tuple(math.prod(next(sizes) for _ in range(n)) for n in form.value)
        kind = ("scalar", "column", "matrix", "tensor")[min(len(shape), 3)]
        return linear(x, lambda a: a.reshape(a.shape[: a.ndim - x.rank] + shape), shape, kind)

    def split(self, form: Form) -> Jet:
        (x,) = self.arguments(form)
        if form.shape is None:
            raise KindError("a compound axis is taken apart in typed forms only", form.span)
        shape = tuple(self.context.shape(form))
        kind = ("scalar", "column", "matrix", "tensor")[min(len(shape), 3)]
        return linear(x, lambda a: a.reshape(a.shape[: a.ndim - x.rank] + shape), shape, kind)

    def bsum(self, form: Form) -> Jet:
        axes = tuple(range(len(form.value)))
        return linear(self.bound(form, self.index_sizes(form)), lambda a: a.sum(axis=axes))

    def index_sizes(self, form: Form) -> list[int]:
        """The sizes of the indices that a form binds, from the entries in which they stand."""
        return [self.index_size(name, form) for name in form.value]

    def index_size(self, name: str, form: Form) -> int:
        """The size of the axis at which the index stands, or an index that a delta or condition compares with it."""
        body = form.args[0]
        equal = companions(name, body)
        for node in visible(body, name):
            if node.head == "entry" and node.args[0].shape is not None:
                for index, size in zip(node.value, self.context.shape(node.args[0]), strict=False):
                    if index in equal:
                        return size
        outer = [size for index, (_, size) in self.indices.items() if index in equal and index not in form.value]
        if not outer:
            raise MatcalcError(f"the size of the index `{name}` is not known", form.span)
        return outer[0]

    # Derivatives

    def derivative(self, form: Form) -> Jet:
        expression, wrt = form.args
        if form.value == "hessian":
            return self.hessian(expression, wrt)
        y, directions = self.along(expression, wrt)
        kind = derivative_kind(form.value, y, directions, self.context.layout)
        result = with_kind(y.jet, kind)
        swap = (
            form.value == "d"
            and kind == "matrix"
            and (y.rank, len(directions)) == (1, 1)
            and self.context.layout == "denominator"
            and not (is_vec(expression) and is_vec(wrt))
        )
        return transpose(result) if swap else result

    def along(self, expression: Form, wrt: Form, twice: bool = False) -> tuple[Derived, tuple[int, ...]]:
        """The derivative of a form, its axes first, then those of the variable; and the sizes of the latter."""
        name, x = self.variable(wrt)
        basis, directions = self.basis(wrt, x)
        basis = numbers(tied(basis, x.rank, self.context.structured.get(name, ())))
        bit, frame = 1 << self.depth, replace(self, depth=self.depth + 1, done={})
        frame.held = {**self.held, name: x + Jet({bit: basis}, x.shape, x.kind)}
        inner = frame.along(expression, wrt)[0].jet if twice else frame.value(expression)
        parts = {bits ^ bit: part for bits, part in inner.parts.items() if bits & bit}
        if self.context.strict or is_precise():
            parts = where_defined(parts, inner.primal)
        count = math.prod(directions)

        def axes_last(a: Array) -> Array:
            a = np.moveaxis(spread(a, inner.rank, self.depth, [count]), 0, -1)
            return a.reshape(a.shape[:-1] + directions)

        jet = linear(Jet(parts, inner.shape, inner.kind), axes_last, inner.shape + directions)
        return Derived(jet, inner.kind, inner.rank), directions

    def hessian(self, expression: Form, wrt: Form) -> Jet:
        y, directions = self.along(expression, wrt, twice=True)
        rank = y.jet.rank
        kind = y.kind if rank <= 1 and not directions else ("scalar", "column", "matrix", "tensor")[min(rank, 3)]
        return with_kind(y.jet, kind)

    def variable(self, wrt: Form) -> tuple[str, Jet]:
        """The name of the variable of a derivative, and its value."""
        base = wrt if wrt.head == "name" else wrt.args[0] if wrt.args else wrt
        if base.head != "name" or not (wrt.head in ("name", "entry") or is_vec(wrt)):
            raise UnsupportedError("a derivative is taken by a name, an entry of a name, or `vec` of a name", wrt.span)
        return base.value, self.value(base)

    def basis(self, wrt: Form, x: Jet) -> tuple[Array, tuple[int, ...]]:
        """The directions of a derivative along a new first axis, and the sizes of their axes in the end."""
        if wrt.head == "entry":
            here: Any = np.asarray(1.0)
            for position, index in enumerate(wrt.value):
                i = self.index(index)
                along = np.arange(x.shape[position]).reshape((-1,) + (1,) * (x.rank - 1 - position))
                here = here * (i.reshape(i.shape + (1,) * x.rank) == along)
            lead = (1,) * (1 + self.depth + x.rank - here.ndim)
            return here.reshape(lead + here.shape), ()
        count, scopes = math.prod(x.shape), (1,) * self.depth
        if is_vec(wrt) and x.rank == 2:
            rows, columns = x.shape
            unit = np.eye(count).reshape((count, *scopes, columns, rows))
            return np.swapaxes(unit, -1, -2), (count,)
        return np.eye(count).reshape((count, *scopes, *x.shape)), (count,) if is_vec(wrt) else x.shape


@dataclass(frozen=True)
class Derived:
    """A derivative, with the kind and the rank of what was differentiated."""

    jet: Jet
    kind: str
    rank: int


def derivative_kind(head: str, y: Derived, directions: tuple[int, ...], layout: str) -> str:
    """The kind of a derivative: a scalar by a vector is a row, but for a gradient and in denominator layout."""
    if head == "grad" and y.rank:
        raise KindError("a gradient is that of a scalar")
    if not directions:
        return y.kind
    if y.rank == 0 and len(directions) == 1:
        return "column" if head == "grad" or (head == "d" and layout == "denominator") else "row"
    return "matrix" if y.jet.rank == 2 else "tensor"


def where_defined(parts: dict[int, Array], value: Array) -> dict[int, Array]:
    """The coefficients of a derivative, not numbers where the value is not one: log has no slope at -1."""
    missing = np.asarray(value != value)
    if not missing.any():
        return parts
    nothing = {0: numbers(np.zeros(()))}
    return {bits: np.where(missing, numbers(np.nan), part) for bits, part in (nothing | parts).items()}


def is_vec(form: Form) -> bool:
    return form.head == "call" and form.value == "vec"


def pick(a: Array, rank: int, index: list[Array]) -> Array:
    """The entries at the indices, which run along axes of scopes."""
    scopes = a.ndim - rank
    own = [np.arange(a.shape[k]).reshape((-1,) + (1,) * (scopes - 1 - k)) for k in range(scopes)]
    return np.asarray(a[(*own, *index)])


def spread(a: Array, rank: int, depth: int, sizes: list[int]) -> Array:
    """An array with full first axes for the scopes from `depth` on, whose sizes are given, the innermost first."""
    missing = depth + len(sizes) + rank - a.ndim
    if not missing and a.shape[: len(sizes)] == tuple(sizes):
        return a
    a = a.reshape((1,) * missing + a.shape)
    return np.broadcast_to(a, (*sizes, *a.shape[len(sizes) :]))


def pairs(form: Form) -> Iterator[tuple[str | int, str | int]]:
    """The pairs of indices that a delta or a condition compares."""
    if form.head == "delta":
        yield form.value
    conditions = [form.value] if form.head == "cases" else []
    while conditions:
        relation, *rest = conditions.pop()
        if relation in ("==", "!="):
            yield rest[0], rest[1]
        else:
            conditions.extend(rest)


def companions(name: str, body: Form) -> set[str | int]:
    """The index of this name and those that deltas and conditions compare with it, directly or by way of others."""
    links = [pair for node in visible(body, name) for pair in pairs(node)]
    equal: set[str | int] = {name}
    while any((i in equal) != (j in equal) for i, j in links):
        equal.update(index for pair in links if equal & set(pair) for index in pair)
    return {index for index in equal if isinstance(index, str)}


def visible(form: Form, name: str) -> Iterator[Form]:
    """The subforms in which an index of this name is the one that is bound outside, each once."""
    stack, seen = [form], set[int]()
    while stack:
        node = stack.pop()
        if id(node) not in seen:
            seen.add(id(node))
            yield node
            stack.extend(a for a in node.args if not (node.head in ("tensor", "bsum") and name in node.value))


def precision(values: Mapping[str, Any]) -> type[np.floating[Any]]:
    """The type of numbers: double, or the long double of a value."""
    wide = any(np.asarray(v).dtype in (np.longdouble, np.clongdouble) for v in values.values())
    return np.longdouble if wide else np.float64


def given(form: Form, context: Context) -> Jet:
    """The value of a variable, checked against the shape of its form."""
    array = np.asarray(context.values[form.value])
    if array.dtype.kind not in "fc" and not is_precise():
        array = array.astype(float)
    shape = array.shape[context.scopes :]
    if form.shape is not None and shape != context.shape(form):
        expected = context.shape(form)
        raise DimensionError(f"the value of `{form.value}` has the shape {shape}, not {expected}", form.span)
    kind = ("scalar", "column", "matrix", "tensor")[min(len(shape), 3)]
    return constant(numbers(array), form.kind if len(shape) == 1 and form.kind else kind, len(shape))


def concatenate(values: list[Jet]) -> Jet:
    """The entries of several values in one vector."""
    sizes = [math.prod(v.shape) for v in values]
    total_size, start, result = sum(sizes), 0, Jet({}, (sum(sizes),), "column")
    for value, size in zip(values, sizes, strict=True):
        place = numbers(np.eye(total_size)[start : start + size])
        start += size

        def put(a: Array, value: Jet = value, size: int = size, place: Array = place) -> Array:
            return np.asarray(a.reshape((*a.shape[: a.ndim - value.rank], size)) @ place)

        result = result + linear(value, put, (total_size,), "column")
    return result


def integer(form: Form) -> int:
    """The integer that a form is."""
    if form.head == "neg":
        return -integer(form.args[0])
    if form.head != "number" or form.value.denominator != 1:
        raise KindError("an integer is expected", form.span)
    return int(form.value)


def axis_of(form: Form) -> Axis:
    """The axis that an argument of a constructor is: a dimension, or a product of dimensions."""
    if form.head == "mul":
        return tuple(dimension for factor in form.args for dimension in axis_of(factor))
    return (form.value if form.head == "name" else integer(form),)


def commutation(m: int, n: int) -> Array:
    """K with K·vec(A) = vec(A') for A of m × n."""
    return np.eye(m * n).reshape(m, n, m, n).transpose(0, 1, 3, 2).reshape(m * n, m * n)


def commuted(form: Form, context: Context) -> tuple[int, ...]:
    """The sizes m, n of `commutation` without arguments: its rows have the axis (m, n)."""
    axis = form.shape[0] if form.shape else ()
    return tuple(context.size((d,), form.span) for d in axis)


#: The operations of exact numbers.
RATIONAL: dict[str, Callable[..., Fraction]] = {
    "neg": lambda a: -a,
    "add": lambda *terms: sum(terms, Fraction(0)),
    "mul": lambda *factors: reduce(lambda a, b: a * b, factors),
    "div": lambda a, b: a / b,
}

HEADS: dict[str, Callable[[Frame, Form], Jet]] = {
    "number": Frame.number,
    "name": Frame.name,
    "neg": lambda frame, form: -frame.arguments(form)[0],
    "add": lambda frame, form: reduce(add, frame.arguments(form)),
    "mul": lambda frame, form: reduce(product, frame.arguments(form)),
    "div": lambda frame, form: over(*frame.arguments(form)),
    "times": lambda frame, form: times(*frame.arguments(form)),
    "rdiv": lambda frame, form: over(*frame.arguments(form)),
    "kron": lambda frame, form: kron(*frame.arguments(form)),
    "power": Frame.power,
    "elpower": Frame.elpower,
    "transpose": lambda frame, form: transpose(frame.arguments(form)[0]),
    "call": Frame.call,
    "unknown": Frame.unknown,
    "entry": Frame.entry,
    "delta": Frame.delta,
    "tensor": Frame.tensor,
    "bsum": Frame.bsum,
    "join": Frame.join,
    "split": Frame.split,
    "cases": Frame.cases,
    "derivative": Frame.derivative,
}


def interpret(
    form: Form,
    values: Mapping[str, Any],
    sizes: Mapping[str, int],
    *,
    assignments: Mapping[str, Form] | None = None,
    layout: str = "numerator",
    functions: Mapping[tuple[str, int], Callable[[Array], Array]] | None = None,
    unknowns: Mapping[str, Unknown] | None = None,
    structured: Mapping[str, Collection[str]] | None = None,
) -> tuple[str, Array]:
    """The kind ("scalar", "column", "row", "matrix", "tensor") and the array of a form; see `evaluate`."""
    context = Context(
        values, sizes, assignments or {}, unknowns or {}, functions or {}, layout, precision(values), structured or {}
    )
    with np.errstate(all="ignore"):
        result = Frame(context).value(form)
        return result.kind, np.array(np.broadcast_to(result.primal, result.shape))


def evaluate_at_points(forms: Sequence[Form], context: Context, count: int) -> list[Array]:
    """The arrays of several forms at so many points at once, which run along a first axis of values and results.

    The `scopes` of the context are 1.  What the forms share, such as assigned names, is evaluated once.  The arrays are
    not to be written to: some are those of the values.
    """
    with np.errstate(all="ignore"):
        frame = Frame(context, depth=context.scopes)
        results = [frame.value(form) for form in forms]
        return [spread(r.primal, r.rank, 0, [count]) for r in results]


def evaluate(
    form: Form,
    values: Mapping[str, Any],
    sizes: Mapping[str, int],
    *,
    assignments: Mapping[str, Form] | None = None,
    layout: str = "numerator",
    functions: Mapping[tuple[str, int], Callable[[Array], Array]] | None = None,
    unknowns: Mapping[str, Unknown] | None = None,
    structured: Mapping[str, Collection[str]] | None = None,
) -> Array:
    """The array of a typed form at a point; each axis, compound or not, is one axis of the array.

    `values` holds the arrays of the variables: scalars of shape (), rows and columns (n,), matrices (m, n).  A value
    that is given comes before an assignment, and makes the name a constant.  `sizes` holds the sizes of the dimensions,
    `functions` the unknown functions, by name and order of the derivative; where they are not given, each is a fixed
    smooth function that its name selects.  `unknowns` describes the dependent variables, which are such functions too.
    `structured` holds properties of variables: in a derivative by one of these, the entries that they tie move together.

    Within `with decimals(40):` (see `matcalc.precision`) the numbers are of that precision.

    Raises MatcalcError where a value or a size is missing or shapes do not agree; never because of the values.
    """
    return interpret(
        form,
        values,
        sizes,
        assignments=assignments,
        layout=layout,
        functions=functions,
        unknowns=unknowns,
        structured=structured,
    )[1]
