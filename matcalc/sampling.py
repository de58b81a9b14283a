"""Random points at which a program has a value: sizes, arrays with the declared properties, all selected by one seed.

A checker must not be fooled by its points.  So sizes are pairwise different and different from those that are written
in the program, matrices have no property by accident, and a point is drawn again where the output is not finite or
depends on rounding.  Real values are tried first, then positive and small ones, for `log`, `sqrt` and `asin`.
Special points have zeros, ties and sizes 1.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from matcalc.errors import MatcalcError
from matcalc.evaluate import Unknown, evaluate
from matcalc.form import Axis, Form
from matcalc.jets import Array
from matcalc.values import ORDINARY, draw, has_properties

__all__ = ["Point", "sample", "value_at"]

#: How values are drawn, in the order of the tries.
MANNERS = ("real",) * 5 + ("positive",) * 4 + ("small",) * 3 + ("small positive",) * 3 + ("mixed",) * 35

#: The manners that are mixed, variable by variable.
MIXTURE = tuple(ORDINARY)

#: Largest entry of an output that is accepted, and the largest growth of a relative error of the values.
LARGEST, GROWTH = 1e12, 1e3


class Variable(Unknown, Protocol):
    """What is sampled: a variable with its name."""

    @property
    def name(self) -> str: ...


class Program(Protocol):
    """What is needed of a typed program."""

    @property
    def variables(self) -> Mapping[str, Variable]: ...
    @property
    def assignments(self) -> Mapping[str, Form]: ...
    @property
    def dimensions(self) -> Sequence[str]: ...
    @property
    def output(self) -> Form: ...
    @property
    def output_name(self) -> str | None: ...
    @property
    def extra(self) -> Sequence[Form]: ...
    @property
    def layout(self) -> str: ...
    @property
    def structured(self) -> bool: ...


@dataclass(frozen=True)
class Point:
    """Sizes of the dimensions, values of the variables, and unknown functions by name and order of the derivative.

    Unknown functions that are not listed, and dependent variables, are the interpreter's own for their name.
    """

    sizes: Mapping[str, int]
    values: Mapping[str, Array]
    functions: Mapping[tuple[str, int], Callable[[Array], Array]] = field(default_factory=dict)


def unknowns_of(program: Program) -> dict[str, Variable]:
    """The dependent variables of a program by name."""
    return {name: v for name, v in program.variables.items() if v.arguments}


def ties_of(program: Program) -> dict[str, Collection[str]]:
    """The properties of the variables whose tied entries move together in derivatives."""
    return {name: v.properties for name, v in program.variables.items()} if program.structured else {}


def value_at(
    program: Program,
    form: Form,
    point: Point,
    *,
    values: Mapping[str, Array] | None = None,
    structured: Mapping[str, Collection[str]] | None = None,
) -> Array:
    """The value of a form at a point, in the layout of the program; `values` replaces some of the point's.

    `structured` holds the properties that tie entries in derivatives, if these are not those of the program.
    """
    return evaluate(
        form,
        {**point.values, **(values or {})},
        point.sizes,
        assignments=program.assignments,
        layout=program.layout,
        functions=point.functions,
        unknowns=unknowns_of(program),
        structured=ties_of(program) if structured is None else structured,
    )


# ---- Sizes ----------------------------------------------------------------------------------------------------------


def draw_sizes(
    program: Program, random: np.random.Generator, fixed: Mapping[str, int], special: bool
) -> dict[str, int]:
    """Sizes of the dimensions: small, pairwise different, and different from the sizes that the program gives."""
    free = [name for name in program.dimensions if name not in fixed]
    if special:
        return {**{name: int(random.integers(1, 4)) for name in free}, **fixed}
    taken = {*fixed.values(), *written_sizes(program)}
    choice = [n for n in range(2, 3 + len(free) + len(taken)) if n not in taken][: len(free) + 1]
    return {**dict(zip(free, map(int, random.permutation(choice)), strict=False)), **fixed}


def written_sizes(program: Program) -> set[int]:
    """The sizes that stand in the program as numbers."""
    axes = (axis for variable in program.variables.values() for axis in variable.shape)
    return {d for axis in axes for d in axis if isinstance(d, int)}


# ---- Values ---------------------------------------------------------------------------------------------------------


def draw_values(
    program: Program, sizes: Mapping[str, int], random: np.random.Generator, manner: str
) -> dict[str, Array] | None:
    """Values of all variables that are not functions of others; None where one cannot have its properties."""
    values: dict[str, Array] = {}
    for name, variable in sorted(program.variables.items()):
        if variable.kind == "function" or variable.arguments:
            continue
        shape = tuple(size_of(axis, sizes) for axis in variable.shape)
        own = str(random.choice(MIXTURE)) if manner == "mixed" else manner
        tries = (draw(random, [own], shape, variable.properties) for _ in range(20))
        value = next((v for v in tries if has_properties(v, variable.properties).all()), None)
        if value is None:
            return None
        values[name] = value[0]
    return values


def size_of(axis: Axis, sizes: Mapping[str, int]) -> int:
    """The number of entries along an axis."""
    return int(np.prod([d if isinstance(d, int) else sizes[d] for d in axis], dtype=int))


# ---- Points ---------------------------------------------------------------------------------------------------------


def is_finite(program: Program, point: Point) -> bool:
    """Whether all forms have finite values of moderate size at the point."""
    values = [value_at(program, form, point) for form in (program.output, *program.extra)]
    return all(np.isfinite(v).all() and np.abs(v).max(initial=0) < LARGEST for v in values)


def is_regular(program: Program, point: Point, random: np.random.Generator) -> bool:
    """Whether no form magnifies small relative errors of the values by much."""
    error = 1e-7
    for form in (program.output, *program.extra):
        here = value_at(program, form, point)
        scale = max(1.0, float(np.abs(here).max(initial=0)))
        for _ in range(3):
            moved = {key: v * (1 + error * random.uniform(-1, 1, v.shape)) for key, v in point.values.items()}
            there = value_at(program, form, point, values=moved)
            if not np.abs(here - there).max(initial=0) < GROWTH * error * scale:
                return False
    return True


def inverted(program: Program) -> list[Form]:
    """The inverses of the matrices whose determinants occur: the derivative of `det` is often said with them."""
    forms = (program.output, *program.extra, *program.assignments.values())
    called = {id(f): f for form in forms for f in unindexed(form) if f.head == "call" and f.value in ("det", "adj")}
    return [Form("call", form.args, "inv") for form in called.values()]


def unindexed(form: Form) -> Iterator[Form]:
    """Every subform once that is not under a bound index."""
    stack, seen = [form], set[int]()
    while stack:
        node = stack.pop()
        if id(node) not in seen:
            seen.add(id(node))
            yield node
            stack.extend(node.args if node.head not in ("tensor", "bsum") else ())


def sample(
    program: Program, *, seed: int, sizes: Mapping[str, int] | None = None, special: bool = False
) -> Point:
    """A random point of the domain of a typed program; the same for the same seed.

    `sizes` fixes some dimensions.  With `special` the values have zeros and ties, and sizes may be 1 or equal, as
    far as the program is defined there.  Else a matrix whose determinant occurs is invertible, if that can be.  Raises
    MatcalcError where no point is found.
    """
    random, singular = np.random.default_rng(seed), None
    for manner in (("special",) * 10 if special else ()) + MANNERS:
        drawn = draw_sizes(program, random, sizes or {}, special)
        values = draw_values(program, drawn, random, manner)
        point = Point(drawn, values or {})
        if values is None or not is_finite(program, point):
            continue
        if manner != "special" and not is_regular(program, point, random):
            continue
        if manner == "special" or all(np.isfinite(value_at(program, f, point)).all() for f in inverted(program)):
            return point
        singular = singular or point
    if singular:
        return singular
    raise MatcalcError(
        "no point was found at which the expression has a finite value",
        hint="declare what the variables need, such as `x: vector positive`, or fix the sizes",
    )
