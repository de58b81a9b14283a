"""Computations against the plain numeric interpreter: every value, local derivative, adjoint and tangent at a random point.

The values are compared with those of the program that was given; a local derivative with differences of one operation
whose other operands are held; an adjoint or tangent with differences of all that is computed behind what is moved.
`python -m tests.computations` does that for the whole corpus and prints what disagrees.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from matcalc.check import central_difference, unit
from matcalc.computations import Computation, computation
from matcalc.computations.answers import Rule
from matcalc.errors import MatcalcError
from matcalc.form import Form, name
from matcalc.inference import infer
from matcalc.parser import parse_expression, parse_program
from matcalc.sampling import Point, sample, value_at

PROGRAMS = Path(__file__).resolve().parent.parent / "examples" / "programs"

#: The largest relative error of differences that are extrapolated.
CLOSE = 1e-5


def differs(found: np.ndarray, expected: np.ndarray) -> bool:
    """Whether two arrays are not close or differ in shape; entries are compared with the largest."""
    scale = np.abs(expected).max(initial=1e-2)
    return found.shape != expected.shape or not bool(np.all(np.abs(found - expected) <= CLOSE * scale))


def disagreements(made: Computation, source: str, declare: list[str], seed: int = 0) -> Iterator[str]:
    """What does not agree at a random point."""
    sizes = {dimension: 2 + k % 2 for k, dimension in enumerate(made.typed.dimensions)}
    point = sample(made.typed, seed=seed, sizes=sizes)
    yield from wrong_values(made, source, declare, point)
    yield from wrong_local(made, point)
    yield from wrong_adjoints(made, point)
    yield from wrong_tangents(made, point)


def persistent(made: Computation, source: str, declare: list[str]) -> list[str]:
    """What does not agree at any of three points: differences are not accurate at all of them."""
    wrong = list(disagreements(made, source, declare))
    for seed in (1, 2):
        wrong = [line for line in wrong if line in {*disagreements(made, source, declare, seed)}] if wrong else wrong
    return wrong


def named(made: Computation, word: str) -> Form:
    kind, shape = made.held.shapes[word]
    return name(word, kind, shape)


def wrong_values(made: Computation, source: str, declare: list[str], point: Point) -> Iterator[str]:
    """Values that the program has under the same name, and the output."""
    given = infer(parse_program(source, declare), layout=made.layout)
    if not {v.name for v in given.variables.values() if not v.arguments and v.kind != "function"} <= set(point.values):
        return  # a variable by which a derivative in the program is taken, and which is not in its answer
    pairs = {word: form for word, form in given.assignments.items() if word in made.values}
    for word, form in {**pairs, made.output: given.output}.items():
        if differs(value_at(made.typed, named(made, word), point), value_at(given, form, point)):
            yield f"value {word}"


def read_back(made: Computation, rules: list[Rule]) -> Iterator[tuple[Rule, Form]]:
    """The texts of derivatives as they are read in the program of the computation."""
    extra = [form for rule in rules for form in (rule.form, parse_expression(rule.text))]
    alike = [(k, k + 1) for k in range(0, len(extra), 2)]
    read = infer(parse_program(made.source), layout=made.layout, extra=extra, alike=alike).extra
    return zip(rules, read[1::2], strict=True)


def wrong_local(made: Computation, point: Point) -> Iterator[str]:
    """Each derivative of one operation, the other operands held at their values."""
    read = dict(read_back(made, list(made.local.values())))
    for (value, operand), rule in made.local.items():
        operation = made.values[value]
        if operation.operation.head == "name" and value == operation.operation.value:
            continue  # an unknown function of other values: its derivative is a symbol
        held = {o: value_at(made.typed, named(made, o), point) for o in operation.operands}

        def moved(x: np.ndarray, operand: str = operand, form: Form = operation.operation, held: dict = held) -> np.ndarray:
            return value_at(made.typed, form, point, values={**held, operand: x})

        expected = by_entries(moved, held[operand])
        if differs(value_at(made.typed, read[rule], point), in_layout(made, expected, value, operand)):
            yield f"d{value}/d{operand} = {rule.text}"


def by_entries(function, start: np.ndarray) -> np.ndarray:
    """The derivative by differences, axes of the function first."""
    columns = [central_difference(function, start, unit(start.shape, place)) for place in np.ndindex(start.shape)]
    stacked = np.stack(columns, axis=-1)
    return stacked.reshape(stacked.shape[:-1] + start.shape)


def in_layout(made: Computation, array: np.ndarray, value: str, by: str) -> np.ndarray:
    orders = [len(made.held.shapes[word][1]) for word in (value, by)]
    return array.T if made.layout == "denominator" and orders == [1, 1] else array


def wrong_adjoints(made: Computation, point: Point) -> Iterator[str]:
    """Each adjoint: the language reads d(f)/d(v) in it as what differences of all that follows v give."""
    read = dict(read_back(made, list(made.adjoints.values())))
    for word, rule in made.adjoints.items():
        if not agrees(made, made.output, word, read[rule], point):
            yield f"d{made.output}/d{word} = {rule.text}"


def wrong_tangents(made: Computation, point: Point) -> Iterator[str]:
    for target, rules in made.tangents.items():
        read = dict(read_back(made, list(rules.values())))
        for word, rule in rules.items():
            if not agrees(made, word, target, read[rule], point):
                yield f"d{word}/d{target} = {rule.text}"


def agrees(made: Computation, value: str, by: str, answer: Form, point: Point) -> bool:
    form = named(made, value)

    def moved(x: np.ndarray) -> np.ndarray:
        return value_at(made.typed, form, point, values={by: x})

    expected = by_entries(moved, value_at(made.typed, named(made, by), point))
    return not differs(value_at(made.typed, answer, point), in_layout(made, expected, value, by))


def sources() -> Iterator[tuple[str, str, list[str]]]:
    """All programs and tasks: name, source, declarations."""
    for path in sorted(PROGRAMS.glob("*.mc")):
        yield path.stem, path.read_text(encoding="utf-8"), []
    from corpus import TASKS

    yield from ((task.name, task.source, task.declare) for task in TASKS)


def main() -> None:
    wanted = sys.argv[1:]
    for label, source, declare in sources():
        if wanted and label not in wanted:
            continue
        for layout in ("numerator", "denominator"):
            try:
                wrong = persistent(computation(source, None, declare, layout), source, declare)
            except MatcalcError as error:
                wrong = [f"{type(error).__name__}: {error.message}"]
            for line in wrong:
                print(f"{label} ({layout}): {line}", flush=True)


if __name__ == "__main__":
    main()
