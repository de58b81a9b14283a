"""Points at which equations hold: found by Gauss and Newton in double precision, then to as many digits as wanted.

From random values every step is the shortest one that solves the linearized equations, so a point stays near where it
was drawn, and a matrix that is declared symmetric, skew, triangular or diagonal stays so.  That an orthogonal matrix is
one, and that entries sum to 1, are further equations; positive values stay positive since no step is taken that makes
them less.  The derivatives are those of the numeric interpreter.

Source: A. Ben-Israel, A Newton-Raphson method for the solution of systems of equations (1966).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

import numpy as np

from matcalc.directions import completed, tied
from matcalc.evaluate import Context, evaluate_at_points
from matcalc.form import Form, number, subforms
from matcalc.intervals import Interval
from matcalc.jets import Array
from matcalc.points import Batch
from matcalc.precision import context, decimals, numbers
from matcalc.sampling import Program, size_of, unknowns_of
from matcalc.values import has_properties, is_exact

__all__ = ["Equations", "equations", "is_zero"]

#: The most steps, the most halvings of one, and the largest remainder of equations that hold.
STEPS, HALVINGS, REMAINDER = 40, 5, 1e-9

#: Singular values less than this part of the largest count as zero: equations may say the same twice.
SINGULAR = 1e-9

#: Digits to which points are known in the end, and the distance from a solution that is then allowed for.
DIGITS, DISTANCE = 110, Decimal("1e-90")

#: A number so near to a multiple of 1/8 is that multiple.
NEAR = Decimal("1e-60")

#: Properties that are not equations, but must hold at each step.
OPEN = frozenset({"positive", "positive-definite", "invertible"})


@dataclass(frozen=True)
class Equations:
    """Forms that are zero, and the variables that are chosen so that they are."""

    program: Program
    sizes: dict[str, int]
    forms: tuple[Form, ...]
    names: tuple[str, ...]

    # Values of the variables as one row a point

    @cached_property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        variables = self.program.variables
        return {name: tuple(size_of(axis, self.sizes) for axis in variables[name].shape) for name in self.names}

    @cached_property
    def directions(self) -> Array:
        """The projection onto the directions in which values with their linear properties can move."""
        blocks = []
        for name, shape in self.shapes.items():
            count = int(np.prod(shape, dtype=int))
            linear = completed(self.program.variables[name].properties) - {"orthogonal", "simplex"}
            moves = tied(np.eye(count).reshape(count, *shape), len(shape), linear).reshape(count, count)
            blocks.append(np.linalg.pinv(moves) @ moves)
        whole, start = np.zeros((sum(map(len, blocks)),) * 2), 0
        for block in blocks:
            whole[start : start + len(block), start : start + len(block)] = block
            start += len(block)
        return whole

    def row(self, batch: Batch) -> Array:
        return np.concatenate([batch.values[name].reshape(batch.count, -1) for name in self.names], axis=1)

    def at(self, batch: Batch, row: Array) -> Batch:
        """The points, with other values of the variables."""
        moved, start = dict(batch.values), 0
        for name, shape in self.shapes.items():
            count = int(np.prod(shape, dtype=int))
            moved[name] = row[:, start : start + count].reshape(-1, *shape)
            start += count
        return Batch(batch.sizes, moved, batch.count)

    # What is left of the equations, and how it changes

    def evaluated(self, forms: Sequence[Form], batch: Batch) -> list[Array]:
        program = self.program
        context = Context(
            batch.values, batch.sizes, program.assignments, unknowns_of(program), {}, program.layout, np.float64, {}, 1
        )
        return evaluate_at_points(forms, context, batch.count)

    def remainders(self, batch: Batch) -> Array:
        """The values of the forms in one row a point."""
        return np.concatenate([v.reshape(batch.count, -1) for v in self.evaluated(self.forms, batch)], axis=1)

    def slopes(self, batch: Batch) -> Array:
        """The derivatives of the remainders by the values, along the directions in which these can move."""
        forms = [Form("derivative", (f, Form("name", (), name)), "jacobian") for f in self.forms for name in self.names]
        values = iter(self.evaluated(forms, batch))
        widths = [int(np.prod(shape, dtype=int)) for shape in self.shapes.values()]
        rows = [
            np.concatenate([next(values).reshape(batch.count, -1, width) for width in widths], axis=2) for _ in self.forms
        ]
        return np.asarray(np.concatenate(rows, axis=1) @ self.directions)

    def inverse_slopes(self, batch: Batch) -> Array:
        """The map from remainders to the shortest move that takes them away."""
        slopes = self.slopes(batch)
        defined = np.isfinite(slopes).all(axis=(1, 2), keepdims=True)
        return np.asarray(np.linalg.pinv(np.where(defined, slopes, 0), rcond=SINGULAR))

    def allowed(self, batch: Batch) -> Array:
        """Whether the properties hold that are not equations."""
        found = np.ones(batch.count, dtype=bool)
        for name in self.names:
            properties = self.program.variables[name].properties
            found = found & has_properties(batch.values[name], properties & OPEN)
            if "simplex" in properties:
                found = found & (batch.values[name] >= 0).reshape(batch.count, -1).all(axis=1)
        return found

    # Solutions

    def solved(self, batch: Batch) -> Batch:
        """Those points that could be moved to where the equations hold, to rounding."""
        if not self.names:
            return batch.take(np.flatnonzero(self.sizes_of_remainders(batch) < REMAINDER))
        best = self.row(batch)
        with np.errstate(all="ignore"):
            size = self.sizes_of_remainders(batch)
            for _ in range(STEPS):
                here = self.at(batch, best)
                move = -(self.inverse_slopes(here) @ self.remainders(here)[:, :, None])[:, :, 0]
                longest = 1 + np.abs(best).max(axis=1, initial=0)
                move *= np.minimum(1, longest / np.maximum(np.abs(move).max(axis=1, initial=0), 1e-300))[:, None]
                former = size
                best, size = self.improved(batch, best, size, np.where(np.isfinite(move), move, 0))
                if not (size < 0.99 * former).any():
                    break
            best, size = self.rounded(batch, best, size)
        return self.at(batch, best).take(np.flatnonzero(size < REMAINDER))

    def sizes_of_remainders(self, batch: Batch) -> Array:
        """The largest remainder at each point; infinite where the equations or the values are not defined."""
        size = np.abs(self.remainders(batch)).max(axis=1, initial=0)
        return np.where(np.isfinite(size) & self.allowed(batch), size, np.inf)

    def improved(self, batch: Batch, best: Array, size: Array, move: Array) -> tuple[Array, Array]:
        """The points after the move, or after a part of it, where that makes the remainders less."""
        start, waiting = best, np.ones(len(best), dtype=bool)
        for part in range(HALVINGS):
            tried = start + move / 4**part
            new = self.sizes_of_remainders(self.at(batch, tried))
            better = waiting & (new < size)
            best, size = np.where(better[:, None], tried, best), np.where(better, new, size)
            waiting = waiting & ~better
            if not waiting.any():
                break
        return best, size

    def rounded(self, batch: Batch, best: Array, size: Array) -> tuple[Array, Array]:
        """The points with values of few binary digits, where these solve the equations as well."""
        tried = np.round(best * 1024) / 1024
        new = self.sizes_of_remainders(self.at(batch, tried))
        return np.where((new <= 1e-15)[:, None], tried, best), np.where(new <= 1e-15, new, size)

    def polished(self, batch: Batch) -> tuple[Batch, Array]:
        """Points with decimal values at which the equations hold to `DIGITS` digits, and at which of them they do."""
        correction = self.inverse_slopes(batch)
        with decimals(DIGITS):
            correction, row = numbers(correction), numbers(self.row(batch))
            whole = np.asarray([not r.any() for r in self.remainders(self.at(batch, row))])
            for _ in range(12):
                here = self.at(batch, row)
                remainders = self.remainders(here)
                largest = [max(map(abs, r)) if all(v.is_finite() for v in r) else Decimal("inf") for r in remainders]
                good = np.asarray([r < Decimal(10) ** (8 - DIGITS) for r in largest])
                if good.all():
                    break
                row = row - (correction @ remainders[:, :, None])[:, :, 0]
            row = np.where(whole[:, None], row, np.asarray(np.frompyfunc(snapped, 1, 1)(row)))
        return self.at(batch, row), good

    def enclosed(self, batch: Batch) -> Batch:
        """The polished points, as intervals that hold a solution."""
        return self.at(batch, np.asarray(np.frompyfunc(around, 1, 1)(self.row(batch))))


def snapped(value: Decimal) -> Decimal:
    """The multiple of 1/8 that a number is, but for rounding."""
    if not value.is_finite():
        return value
    near = (value * 8).to_integral_value() / 8
    return near if abs(near - value) < NEAR else value


def around(value: Decimal) -> Interval:
    """The interval that holds a number of a solution: the number alone if it has few digits."""
    if len(value.as_tuple().digits) <= DIGITS // 2:
        return Interval(value, value)
    wide = context(2 * DIGITS)
    radius = DISTANCE * max(Decimal(1), abs(value))
    return Interval(wide.subtract(value, radius), wide.add(value, radius))


# ---- The equations of a point ---------------------------------------------------------------------------------------


def equations(program: Program, assume: Iterable[tuple[Form, Form]], batch: Batch) -> Equations | None:
    """What holds at the points of a batch but is not exact as their values were drawn; None if that is nothing."""
    forms = [difference(left, right) for left, right in assume]
    names = set(occurring(program, forms))
    names |= {n for n, v in batch.values.items() if not is_exact(v, program.variables[n].properties)}
    if not names:
        return Equations(program, dict(batch.sizes), tuple(forms), ()) if forms else None
    laws = [law for name in sorted(names) for law in laws_of(program, name, batch)]
    return Equations(program, dict(batch.sizes), (*forms, *laws), tuple(sorted(names)))


def is_zero(form: Form) -> bool:
    """Whether a side is the number 0, which is the zero of any shape."""
    return form.head == "number" and form.value == 0


def difference(left: Form, right: Form) -> Form:
    """The form that is zero where two are equal."""
    if is_zero(right):
        return left
    negative = Form("neg", (right,), kind=right.kind, shape=right.shape)
    return negative if is_zero(left) else Form("add", (left, negative), kind=left.kind, shape=left.shape)


def occurring(program: Program, forms: Iterable[Form]) -> Iterable[str]:
    """The variables with values of their own on which forms depend."""
    stack, seen = list(forms), set[str]()
    while stack:
        for node in subforms(stack.pop()):
            if node.head != "name" or node.value in seen:
                continue
            seen.add(node.value)
            variable = program.variables.get(node.value)
            if node.value in program.assignments:
                stack.append(program.assignments[node.value])
            elif variable is not None and variable.arguments:
                stack.extend(Form("name", (), argument) for argument in variable.arguments)
            elif variable is not None and variable.kind != "function":
                yield node.value


def laws_of(program: Program, name: str, batch: Batch) -> list[Form]:
    """The equations that declared properties of a variable are, as forms that are zero."""
    variable = program.variables[name]
    x = Form("name", (), name, kind=variable.kind, shape=variable.shape)
    laws = []
    if "orthogonal" in variable.properties:
        unit = Form("call", (number(batch.values[name].shape[-1]),), "eye")
        laws.append(difference(Form("mul", (Form("transpose", (x,)), x)), unit))
    if "simplex" in variable.properties:
        axis = (number(1),) if variable.kind == "matrix" else ()
        laws.append(difference(Form("call", (x, *axis), "sum"), number(1)))
    return laws
