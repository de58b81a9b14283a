"""The package's plain numeric interpreter, called with arrays by name, and central differences of what it returns.

The interpreter reads typed text and shares no code with the symbolic engine; nothing here asks the engine anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from matcalc.evaluate import interpret
from matcalc.form import Form, name
from matcalc.inference import TypedProgram, infer_expression

Functions = Mapping[tuple[str, int], Callable]


@dataclass(frozen=True)
class Reading:
    """A typed text with what its unknown functions stand for."""

    program: TypedProgram
    functions: Functions = field(default_factory=dict)

    @staticmethod
    def of(text: str, declare: Iterable[str], layout: str = "numerator", functions: Functions | None = None) -> Reading:
        return Reading(infer_expression(text, list(declare), layout), functions or {})

    def sizes(self, arrays: Mapping[str, np.ndarray]) -> dict[str, int]:
        """The size of every plain dimension, from the shapes of the values."""
        return {
            axis[0]: size
            for variable in self.program.variables.values()
            for axis, size in zip(variable.shape, np.shape(arrays.get(variable.name, 0.0)), strict=False)
            if len(axis) == 1 and isinstance(axis[0], str)
        }

    def kind_and_value(self, arrays: Mapping, sizes: Mapping[str, int], form: Form | None = None) -> tuple[str, np.ndarray]:
        """The kind ("column", "row", ...) and the array of a form, by default of the output."""
        return interpret(
            self.program.output if form is None else form,
            arrays,
            {**self.sizes(arrays), **sizes},
            assignments=self.program.assignments,
            layout=self.program.layout,
            functions=self.functions,
        )

    def value(self, arrays: Mapping, sizes: Mapping[str, int] | None = None, form: Form | None = None) -> np.ndarray:
        return self.kind_and_value(arrays, sizes or {}, form)[1]

    def jacobian(self, wrt: str, order: int) -> Form:
        """The form of the derivative of an order, axes of the output first; of order 0 the output itself."""
        form = self.program.output
        for _ in range(order):
            variable = self.program.variables[wrt]
            form = Form("derivative", (form, name(wrt, variable.kind, variable.shape)), "jacobian")
        return form


def differences(function: Callable[[np.ndarray], np.ndarray], at: np.ndarray | float) -> np.ndarray:
    """Central differences with one extrapolation (an error of order h⁴), axes of the value first, then of the point."""

    def central(step: float, direction: np.ndarray) -> np.ndarray:
        return (function(point + step * direction) - function(point - step * direction)) / (2 * step)

    point = np.asarray(at, dtype=float)
    columns = []
    for index in np.ndindex(*point.shape):
        direction = np.zeros(point.shape)
        direction[index] = 1.0
        columns.append((4 * central(5e-4, direction) - central(1e-3, direction)) / 3)
    stacked = np.stack(columns, axis=-1)
    return stacked.reshape(stacked.shape[:-1] + point.shape)
