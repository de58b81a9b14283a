"""The package's plain numeric interpreter, called with arrays by name, and central differences of what it returns.

The interpreter reads typed text and shares no code with the symbolic engine; nothing here asks the engine anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from matcalc import Derivative
from matcalc.evaluate import interpret
from matcalc.form import Form, name
from matcalc.inference import TypedProgram, infer, infer_expression
from matcalc.parser import parse_declarations, parse_expression, parse_program

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
        form, variable = self.program.output, self.program.variables[wrt]
        for _ in range(order):
            form = Form("derivative", (form, name(wrt, variable.kind, variable.shape)), "jacobian")
        return form


@dataclass(frozen=True)
class Printed:
    """A printed answer read back: typed beside the derivative that it claims to be, so that their sizes agree."""

    reading: Reading

    @staticmethod
    def of(source: str, derived: Derivative, text: str, functions: Functions | None = None) -> Printed:
        """`text`, with the names that the answer introduces, as an answer to the derivative of `source`."""
        within = parse_program(source).declarations
        stated = [line for line in derived.declarations if parse_declarations([line]).keys().isdisjoint(within)]
        program = parse_program(source, stated)
        introduced = {key: parse_expression(meaning) for key, meaning in derived.where.items()}
        output = program.output if program.output_name is None else name(program.output_name)
        names = [derived.wrt] * derived.order
        heads = ["d"] if derived.order == 1 else ["hessian", *["jacobian"] * (derived.order - 2)]
        if "," in derived.wrt:
            names, heads = derived.wrt.split(","), ["jacobian"] * derived.order
        for wrt, head in zip(names, heads, strict=False):
            output = Form("derivative", (output, parse_expression(wrt)), head)
        typed = infer(
            replace(program, assignments={**program.assignments, **introduced}),
            layout=derived.layout,
            extra=[parse_expression(text), output],
            alike=[(0, 1)],
        )
        return Printed(Reading(typed, functions or {}))

    def kind_and_value(self, arrays: Mapping, sizes: Mapping[str, int] | None = None) -> tuple[str, np.ndarray]:
        """Of what was printed."""
        return self.reading.kind_and_value(arrays, sizes or {}, self.reading.program.extra[0])

    def expected_kind(self, arrays: Mapping, sizes: Mapping[str, int] | None = None) -> str:
        """The kind of the derivative itself, as the interpreter finds it."""
        return self.reading.kind_and_value(arrays, sizes or {}, self.reading.program.extra[1])[0]


def differences(function: Callable[[np.ndarray], np.ndarray], at: np.ndarray | float, step: float = 1e-3) -> np.ndarray:
    """Central differences with one extrapolation (an error of order h⁴), axes of the value first, then of the point."""

    def central(h: float, direction: np.ndarray) -> np.ndarray:
        return (function(point + h * direction) - function(point - h * direction)) / (2 * h)

    point = np.asarray(at, dtype=float)
    columns = []
    for index in np.ndindex(*point.shape):
        direction = np.zeros(point.shape)
        direction[index] = 1.0
        columns.append((4 * central(step / 2, direction) - central(step, direction)) / 3)
    stacked = np.stack(columns, axis=-1)
    return stacked.reshape(stacked.shape[:-1] + point.shape)
