"""Random programs for backpropagation: what is listed is claimed and proved, and has the values of the gradients.

    python -m backprop_random 0 1000        from the folder of the tests
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from interpreter import Reading, differences

from matcalc.backprop import Backprop, backpropagation
from matcalc.inference import TypedProgram, infer
from matcalc.parser import parse_program

DECLARED = "x: vector(n); y: vector(m); W: matrix(n, n); V: matrix(m, n); X: matrix(m, n); t: scalar; b: vector(n); f: function"
VARIABLES = {
    "x": ("column", "n"), "y": ("column", "m"), "b": ("column", "n"), "t": ("scalar",),
    "W": ("matrix", "n", "n"), "V": ("matrix", "m", "n"), "X": ("matrix", "m", "n"),
}  # fmt: skip
SIZES = {"n": 3, "m": 2}
FUNCTIONS = ("tanh", "sigmoid", "softplus", "sin", "f", "silu", "cos")
SOFT = ("softmax", "logsoftmax", "tanh")

Kind = tuple[str, ...]


@dataclass
class Writer:
    """A random program: its values with their kinds, and its lines."""

    draw: random.Random
    values: dict[str, Kind] = field(default_factory=lambda: dict(VARIABLES))
    lines: list[str] = field(default_factory=list)

    def pick(self, kind: str, *axes: str | None) -> str | None:
        """A value of a kind, with given sizes; rather one that is assigned."""
        wanted = (kind, *axes)
        fits = [n for n, k in self.values.items() if all(a in (None, b) for a, b in zip(wanted, k, strict=False))]
        return self.draw.choice(fits + [n for n in fits if n not in VARIABLES] * 2) if fits else None

    def candidates(self) -> Iterator[tuple[str, Kind]]:
        """Ways to make a new value."""
        values, function = self.values, self.draw.choice(FUNCTIONS)
        column, row, matrix, scalar = (self.pick(kind) for kind in ("column", "row", "matrix", "scalar"))
        assert column
        assert matrix
        size, (rows, columns) = values[column][1], values[matrix][1:]
        left, right = self.pick("matrix", None, size), self.pick("matrix", columns)
        other, beside = self.pick("column", size), self.pick("column", columns)
        yield f"{function}({column})", values[column]
        yield f"{function}({matrix})", values[matrix]
        yield f"{self.draw.choice(SOFT)}({column})", values[column]
        yield f"{self.draw.choice(SOFT)}({matrix})", values[matrix]
        yield f"{column} {self.draw.choice(('+', '.*'))} {other}", values[column]
        yield f"{column} - 2*{other}", values[column]
        yield f"{column}'", ("row", size)
        yield f"{column}'*{other}/3", ("scalar",)
        yield f"{scalar}*{column}", values[column]
        yield f"{self.draw.choice(('tanh', 'sigmoid', 'sin'))}({scalar})", ("scalar",)
        yield f"{column}*{column}'", ("matrix", size, size)
        yield f"{matrix}'", ("matrix", columns, rows)
        yield f"sum({matrix}, 0)", ("row", columns)
        yield f"sum({matrix}, 1)", ("column", rows)
        yield f"tanh({matrix}*2 + t)", values[matrix]
        if left:
            yield f"{left}*{column}", ("column", values[left][1])
            yield f"{self.draw.choice((*SOFT, 'f'))}({left}*{column} + {left}*{other})", ("column", values[left][1])
        if right:
            yield f"{matrix}*{right}", ("matrix", rows, values[right][2])
        if beside:
            yield f"{matrix} + {beside}'", values[matrix]
        if row:
            yield f"{function}({row})", values[row]
            yield f"{row}.*{row}", values[row]
            if below := self.pick("matrix", values[row][1]):
                yield f"{row}*{below}", ("row", values[below][2])

    def write(self) -> str:
        """The program; its output is a sum over some of its values."""
        for k in range(1, self.draw.randint(4, 9)):
            expression, kind = self.draw.choice(list(self.candidates()))
            name = f"{self.draw.choice('hhhzqR')}_{k}"
            self.values[name] = kind
            self.lines.append(f"{name} = {expression}")
        assigned = [name for name in self.values if name not in VARIABLES]
        terms = [self.term(name) for name in {assigned[-1]: 0, self.draw.choice(assigned): 0}]
        return "\n".join([DECLARED, *self.lines, "J = " + " + ".join(terms)])

    def term(self, name: str) -> str:
        """A scalar that is made of a value."""
        kind = self.values[name]
        forms = [f"norm2({name})^2", f"sum(sin({name}))", f"crossentropy({name}, softmax({name}))"]
        return name if kind == ("scalar",) else forms[self.draw.randrange(2 if kind[0] != "column" else 3)]


@dataclass(frozen=True)
class Problem:
    """A random program, and the names and the manner of its backpropagation."""

    seed: int

    @property
    def draw(self) -> random.Random:
        return random.Random(f"{self.seed} manner")

    @property
    def source(self) -> str:
        return Writer(random.Random(self.seed)).write()

    def listing(self) -> tuple[TypedProgram, Backprop]:
        """The typed program and its backpropagation, by all variables and perhaps an assigned name."""
        draw, program = self.draw, parse_program(self.source)
        typed = infer(program, layout=draw.choice(("numerator", "denominator")))
        names = [name for name, info in typed.variables.items() if info.kind != "function"]
        names += draw.sample([name for name in typed.assignments if name != "J"], draw.randrange(2))
        draw.shuffle(names)
        return typed, backpropagation(program, names, typed.layout, draw.choice(("gradient", "derivative")))


def wrong(seed: int) -> list[str]:
    """What is wrong with a listing: equations that are not proved, values that are none of the gradients."""
    typed, found = Problem(seed).listing()
    said = [f"{text}: {v.verdict}" for text, v in found.verify(local=seed % 4 == 0).items() if v.verdict != "proved"]
    arrays = point(typed, seed)
    program = infer(parse_program(found.program), layout=typed.layout)
    reading, value = Reading(program), Reading(typed)
    for equation in found.gradients:
        name = equation.value
        kind, made = reading.kind_and_value(arrays, SIZES, program.assignments[equation.name])
        at = arrays[name] if name in arrays else value.value(arrays, SIZES, typed.assignments[name])
        # A value that is given comes before the line that assigns it.
        expected = differences(lambda x, name=name: value.value({**arrays, name: x}, SIZES, typed.assignments["J"]), at)
        if equation.left is None or kind != equation.left.kind or np.shape(made) != np.shape(expected):
            said.append(f"{equation.text} is a {kind} of shape {np.shape(made)}")
        elif not np.allclose(made, expected, rtol=1e-5, atol=1e-6 * max(1.0, np.abs(expected).max(initial=0.0))):
            said.append(f"{equation.text} is off by {np.abs(made - expected).max()}")
    return said


def point(typed: TypedProgram, seed: int) -> dict[str, np.ndarray]:
    """Values of the variables."""
    generator = np.random.default_rng(seed)
    known = {name: info for name, info in typed.variables.items() if info.kind != "function"}
    return {
        name: np.asarray(generator.uniform(-0.6, 0.6, tuple(SIZES[str(d)] for (d,) in info.shape)))
        for name, info in known.items()
    }


if __name__ == "__main__":
    for number in range(int(sys.argv[1]), int(sys.argv[2])):
        for line in wrong(number):
            print(number, line)
