"""Layers that repeat: consecutive equations that are the same but for numbers that all move by one.

    z_2 = W_2*h_1 + b_2
    h_2 = tanh(z_2)               for k in 2..63:
    z_3 = W_3*h_2 + b_3             z[k] = W[k]*h[k-1] + b[k]
    h_3 = tanh(z_3)                 h[k] = tanh(z[k])
    ..

A run is that only if each name either has the same number everywhere or moves by one from each block to the next.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain, count

from matcalc.backprop.equation import Equation
from matcalc.form import Form, name, rewritten
from matcalc.signals.naming import LONG, indexed

__all__ = ["Run", "found_runs", "letter"]

#: The longest block of equations that is looked for.
LONGEST = 32
NAME = re.compile(r"[^\W\d]\w*")


@dataclass(frozen=True)
class Run:
    """Blocks of equations that are the first one with its moving names moved: `first`, `first + step`, .., `last`."""

    equations: Sequence[Equation]
    moving: frozenset[str]
    first: int
    last: int

    @property
    def is_layer(self) -> bool:
        """Whether all that the block says is of one number."""
        return len({found[1] if (found := indexed(equation.name)) else None for equation in self.equations}) == 1

    def renamed(self, spell: Callable[[str, int], str]) -> Iterator[Equation]:
        """The equations of the block with each moving name spelled by its family and its distance from the first number."""

        def word(called: str) -> str:
            family, number = indexed(called) or (called, 0)
            return spell(family, number - self.first)

        def rule(part: Form) -> Form:
            if part.head == "name" and part.value in self.moving:
                return name(word(part.value), part.kind, part.shape)
            return part

        for equation in self.equations:
            left = None if equation.left is None else rewritten(equation.left, rule)
            # A gradient has the number of what it is by, for its name does not stand in the text.
            moves = (equation.name if equation.named else equation.value) in self.moving
            called = word(equation.name) if moves else equation.name
            yield replace(equation, name=called, left=left, right=rewritten(equation.right, rule))


class Reading:
    """An equation as its text without the numbers of its names, and these numbers."""

    def __init__(self, equation: Equation) -> None:
        self.equation = equation

    @cached_property
    def names(self) -> list[str]:
        """The names with numbers in the order of the text."""
        return [word for word in NAME.findall(self.equation.text) if indexed(word)]

    @cached_property
    def numbers(self) -> list[int]:
        """Their numbers."""
        return [found[1] for word in self.names if (found := indexed(word))]

    @cached_property
    def outline(self) -> str:
        """The text without the numbers."""
        return NAME.sub(lambda match: f"{found[0]}_#" if (found := indexed(match[0])) else match[0], self.equation.text)


def found_runs(equations: Sequence[Equation]) -> list[Equation | Run]:
    """The equations in order, runs of more than three blocks as one."""
    readings = [Reading(equation) for equation in equations]
    found: list[Equation | Run] = []
    place = 0
    while place < len(readings):
        start, run, length = chosen(readings, place)
        found += equations[place:start]
        found.append(equations[start] if run is None else run)
        place = start + length
    return found


def chosen(readings: Sequence[Reading], place: int) -> tuple[int, Run | None, int]:
    """The run to take from a place on, and where it starts: rather a little later, if its blocks are whole layers then."""
    run, length = longest_run(readings, place)
    if run is None or run.is_layer:
        return place, run, length
    size = len(run.equations)
    for start in range(place + 1, place + size):
        later, length_later = run_at(readings, start, size)
        if later is not None and later.is_layer:
            return start, later, length_later
    return place, run, length


def longest_run(readings: Sequence[Reading], start: int) -> tuple[Run | None, int]:
    """The run that begins at a place with the shortest block, and of how many equations it is; else one equation."""
    for size in range(1, min(LONGEST, (len(readings) - start) // LONG) + 1):
        run, length = run_at(readings, start, size)
        if run is not None:
            return run, length
    return None, 1


def run_at(readings: Sequence[Reading], start: int, size: int) -> tuple[Run | None, int]:
    """The run of blocks of a size that begins at a place, and of how many equations it is; else one equation."""
    moves = moved(readings, start, size)
    if moves is None:
        return None, 1
    blocks = 2
    while moved(readings, start + (blocks - 1) * size, size) == moves:
        blocks += 1
    run = run_of(readings[start : start + size], moves, blocks) if blocks >= LONG else None
    return run, 1 if run is None else blocks * size


def moved(readings: Sequence[Reading], start: int, size: int) -> list[int] | None:
    """By how much each number moves from one block to the next; None unless that is by nothing or by one step."""
    if start + 2 * size > len(readings) or readings[start].outline != readings[start + size].outline:
        return None
    pairs = [(readings[k], readings[k + size]) for k in range(start, start + size)]
    if any(a.outline != b.outline for a, b in pairs):
        return None
    moves = [j - i for a, b in pairs for i, j in zip(a.numbers, b.numbers, strict=True)]
    return moves if set(moves) - {0} in ({1}, {-1}) else None


def run_of(block: Sequence[Reading], moves: Sequence[int], blocks: int) -> Run | None:
    """The run of a block; None where a name moves in one place and stays in another."""
    names = [word for reading in block for word in reading.names]
    numbers = [number for reading in block for number in reading.numbers]
    moving = {word for word, move in zip(names, moves, strict=True) if move}
    if any(word in moving for word, move in zip(names, moves, strict=True) if not move):
        return None
    first, step = next((number, move) for number, move in zip(numbers, moves, strict=True) if move)
    return Run([reading.equation for reading in block], frozenset(moving), first, first + (blocks - 1) * step)


def letter(taken: Collection[str]) -> str:
    """The letter over which runs go."""
    return next(word for word in chain("klijtpq", (f"k{n}" for n in count(1))) if word not in taken)
