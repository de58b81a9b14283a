"""The numeric check of a derivative: an emitted function against differences of the expression at one point.

Nothing here knows how the derivative was found.  The expression is evaluated by the numeric interpreter, and the
derivative is taken of its values:

* by central differences, extrapolated to step 0 (Ridders), entry by entry with the step that has the least error;
* by a complex step, which is exact to rounding, where the derivative is the first one and all functions are analytic;
  differences that contradict it are inaccurate, near a pole for instance, and then it decides alone.

A derivative of order k is compared with the differences of the one of order k - 1, which the interpreter has by Taylor
arithmetic.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby, product
from typing import Any

import numpy as np

from matcalc.directions import tied
from matcalc.errors import UnsupportedError
from matcalc.form import Form, name, subforms
from matcalc.jets import Array, smooth_function
from matcalc.sampling import Point, Program, ties_of, unknowns_of, value_at

__all__ = ["Check", "check", "arguments_at", "numeric_derivative"]

#: The largest relative error with which two values agree, for differences and for the complex step.
DIFFERENCES, COMPLEX_STEP = 1e-6, 1e-9

#: Functions that are not analytic, or that have no values at complex points.
NOT_ANALYTIC = frozenset(("abs", "sign", "step", "relu", "maximum", "minimum", "norm1", "erf", "gelu"))

Values = Callable[[Array], Array]


@dataclass(frozen=True)
class Check:
    """The outcome of a check: both arrays, the largest relative error of an entry, and how and where they arose."""

    agrees: bool
    largest_relative_error: float
    method: str
    analytic: Array
    numeric: Array
    sizes: Mapping[str, int]
    point: Mapping[str, Array]


def check(
    function: Callable[..., Any],
    program: Program,
    variables: Sequence[Form],
    layout: str,
    point: Point,
    *,
    arguments: Mapping[str, Any] | None = None,
) -> Check:
    """Compare `function`, the emitted derivative of the output by `variables`, with a numeric one at a point.

    The function is called with `arguments`, else with the keyword arguments that it names; see `arguments_at`.
    """
    analytic = np.asarray(function(**(arguments or arguments_at(function, program, point))))
    numeric, method = numeric_derivative(program, variables, layout, point), "central differences"
    agrees = relative_error(analytic, numeric) <= DIFFERENCES
    if len(variables) == 1 and is_analytic(program, point):
        differences, method = numeric, "central differences and complex step"
        numeric = numeric_derivative(program, variables, layout, point, complex_step=True)
        inaccurate = relative_error(numeric, differences) > DIFFERENCES
        agrees = (agrees or inaccurate) and relative_error(analytic, numeric) <= COMPLEX_STEP
    error = relative_error(analytic, numeric)
    return Check(agrees, error, method, analytic, numeric, dict(point.sizes), dict(point.values))


def relative_error(analytic: Array, numeric: Array) -> float:
    """The largest relative error of an entry; inf if shapes differ or an entry is not finite.

    An entry less than a thousandth of the largest, or than 0.01, counts as if it were so large: differences are not
    more accurate than that where terms cancel.
    """
    if analytic.shape != numeric.shape or not np.isfinite(analytic).all() or not np.isfinite(numeric).all():
        return math.inf
    largest = float(np.abs(numeric).max(initial=0))
    floor = max(1e-3 * largest, 1e-2)
    return float((np.abs(analytic - numeric) / np.maximum(np.abs(numeric), floor)).max(initial=0))


def is_analytic(program: Program, point: Point) -> bool:
    """Whether all functions of a program have values at complex points, analytic ones."""
    forms = [program.output, *program.assignments.values()]
    called = {node.value for form in forms for node in subforms(form) if node.head == "call"}
    return not (called & NOT_ANALYTIC or point.functions)


# ---- The numeric derivative -----------------------------------------------------------------------------------------


def numeric_derivative(
    program: Program, variables: Sequence[Form], layout: str, point: Point, *, complex_step: bool = False
) -> Array:
    """The derivative of the program's output by some variables, axes of the output first, in a layout."""
    (*earlier, wrt), output = variables, program.output
    # By its name, so that the output itself may be held as a variable.
    named = program.output_name
    expression = output if named is None else Form("name", (), named, kind=output.kind, shape=output.shape)
    for by in earlier:
        expression = Form("derivative", (expression, by), "jacobian")
    variable = wrt if wrt.head == "name" else wrt.args[0]
    start = value_at(program, variable, point)

    def values(x: Array) -> Array:
        return value_at(program, expression, point, values={variable.value: x})

    ties = ties_of(program).get(variable.value, ())
    moves = [tied(unit(start.shape, place), start.ndim, ties) for place in entries(wrt, start.shape)]
    along = complex_derivative if complex_step else central_difference
    columns = [along(values, start, move) for move in moves]
    stacked = np.stack(columns, axis=-1) if columns else np.zeros((*values(start).shape, 0))
    tensor = stacked.reshape(stacked.shape[:-1] + axes_of(wrt, start.shape))
    return tensor.T if not earlier and layout == "denominator" and is_transposed(program.output, wrt, tensor) else tensor


def entries(wrt: Form, shape: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """The entries of the variable by which the derivative is taken, in the order of the result."""
    if wrt.head == "entry":
        yield tuple(int(i) - 1 for i in wrt.value)
    elif wrt.head == "call":
        yield from (place[::-1] for place in np.ndindex(shape[::-1]))
    else:
        yield from np.ndindex(shape)


def axes_of(wrt: Form, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The axes of the variable in the result."""
    return {"entry": (), "call": (math.prod(shape),)}.get(wrt.head, shape)


def is_transposed(expression: Form, wrt: Form, tensor: Array) -> bool:
    """Whether denominator layout transposes: a vector by a vector, unless both are `vec` of something."""
    both_vec = wrt.head == "call" and expression.head == "call" and expression.value == "vec"
    return tensor.ndim == 2 and len(expression.shape or ()) == 1 and not both_vec


def unit(shape: tuple[int, ...], place: tuple[int, ...]) -> Array:
    """The array with one entry 1 and all others 0."""
    array = np.zeros(shape)
    array[place] = 1
    return array


def complex_derivative(values: Values, x: Array, move: Array) -> Array:
    """The derivative along a direction, by a complex step: Im f(x + ih) / h has no cancellation."""
    step = 1e-30
    return np.asarray(values(x + 1j * step * move).imag / step)


def central_difference(values: Values, x: Array, move: Array) -> Array:
    """The derivative along a direction, by central differences and Ridders' extrapolation to step 0.

    Each step is 1/1.6 of the one before.  Each entry of the result comes from the place of the tableau at which its
    estimated error is least, so that a kink nearby or a pole costs accuracy only where it must.
    """
    ratio, step = 1.6, 0.03 * max(1.0, float(np.abs(x * move).max(initial=0)))
    row: list[Array] = []
    best, least = np.asarray(np.nan), np.asarray(np.inf)
    with np.errstate(all="ignore"):
        for _ in range(14):
            first = (values(x + step * move) - values(x - step * move)) / (2 * step)
            new, factor = [first], ratio**2
            for old in row:
                new.append((new[-1] * factor - old) / (factor - 1))
                error = np.maximum(np.abs(new[-1] - new[-2]), np.abs(new[-1] - old))
                better = error < least
                best, least = np.where(better, new[-1], best), np.where(better, error, least)
                factor *= ratio**2
            row, step = new, step / ratio
    return np.asarray(best)


# ---- The arguments of an emitted function ---------------------------------------------------------------------------


def arguments_at(function: Callable[..., Any], program: Program, point: Point) -> dict[str, Any]:
    """The keyword arguments of an emitted function at a point.

    Variables are passed by value, an unknown function `f` as `f`, `df`, `d2f`, a dependent variable by the values that
    are asked for: `A`, `dA_dalpha`, `dL_dY`, `d2L_dY2`, `d2U_dsdt`.  An underscore behind a name, as Python keywords
    have it, is no part of it.
    """
    known = dict(candidates(program, point))
    found = {}
    for parameter in inspect.signature(function).parameters:
        key = parameter if parameter in known else parameter.rstrip("_")
        if key not in known:
            raise UnsupportedError(f"the function asks for `{parameter}`, which the expression does not have")
        found[parameter] = known[key]()
    return found


def candidates(program: Program, point: Point) -> Iterator[tuple[str, Callable[[], Any]]]:
    """All parameters that an emitted function may have, with what makes their values."""
    for dimension, size in point.sizes.items():
        yield dimension, partial(int, size)
    for variable in program.variables.values():
        if variable.kind == "function":
            yield from function_candidates(variable.name, point)
        elif variable.arguments:
            yield from dependent_candidates(program, variable.name, point)
        else:
            yield variable.name, partial(plain, point.values[variable.name])


def plain(value: Array) -> Any:
    """A value as a user passes it: a float for a scalar."""
    return float(value) if np.ndim(value) == 0 else value


def partial_value(program: Program, dependent: str, by: tuple[str, ...], point: Point) -> Any:
    """The value of a derivative of a dependent variable as a user passes it: that by independent entries."""
    form = name(dependent)
    for argument in by:
        form = Form("derivative", (form, name(argument)), "jacobian")
    ties = {key: properties for key, properties in ties_of(program).items() if key not in by}
    return plain(value_at(program, form, point, structured=ties))


def itself(value: Any) -> Any:
    """The value."""
    return value


def prefix(order: int) -> str:
    """Nothing, `d`, `d2`, ...: what stands before a name for its derivative of an order."""
    return ("", "d")[order] if order < 2 else f"d{order}"


def function_candidates(function: str, point: Point) -> Iterator[tuple[str, Callable[[], Any]]]:
    """`f`, `df`, `d2f`, ... as callables."""
    for order in range(8):
        key = prefix(order) + function
        given = point.functions.get((function, order)) or smooth_function(function, order)
        yield key, partial(itself, given)


def dependent_candidates(program: Program, dependent: str, point: Point) -> Iterator[tuple[str, Callable[[], Any]]]:
    """`A`, `dA_dalpha`, `d2A_dalpha2`, `d2U_dsdt` and so on, as values: axes of the variable, then of its arguments."""
    arguments = list(unknowns_of(program)[dependent].arguments)
    for order in range(5):
        for by in product(arguments, repeat=order):
            if len(list(groupby(by))) == len(set(by)):
                yield derivative_name(dependent, by), partial(partial_value, program, dependent, by, point)


def derivative_name(dependent: str, by: tuple[str, ...]) -> str:
    """The name of the value of a derivative: `d3U_ds2dt`."""
    counts = [(variable, len(list(run))) for variable, run in groupby(by)]
    below = "".join(f"d{variable}{count if count > 1 else ''}" for variable, count in counts)
    return prefix(len(by)) + dependent + ("_" + below if by else "")
