"""What answers take for granted, as it is printed below them.

What is said of W_1, W_2, .., W_64 alike is said once, as a loop of the language, which may be read back.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from matcalc.commands.terminal import WIDTH
from matcalc.signals.naming import LONG, indexed

__all__ = ["assumed", "oriented"]


@dataclass(frozen=True)
class Line:
    """What is said of one name, or of a run of names `W[k]` for k from the first to the last number."""

    name: str
    text: str
    first: int | None = None
    last: int = 0

    @property
    def run(self) -> str:
        """The range of the run, empty for one name."""
        return f"{self.first}..{self.last}" if self.first is not None else ""


def oriented(shape: Iterable[str], kind: str | None) -> str:
    """A shape, with the orientation of one axis."""
    orientation = {"row": ", a row", "column": ", a column"}.get(str(kind), "")
    return f"({', '.join(shape)}){orientation}"


def assumed(declarations: Iterable[str], layout: str, shapes: Mapping[str, str], notes: Iterable[str]) -> str:
    """Declarations, the layout, the shapes of the answers by name, and notes, in lines of at most 79 characters."""
    stated = list(declarations)
    index = unused_index([*stated, *shapes])
    facts = [
        *("assumed: " + line.replace(" ", "\0").replace(";\0", "; ") for line in declared(stated, index)),  # \0: no break
        f"layout: {layout}",
        *(shape_line(line, index) for line in collected(shapes.items(), index)),
        *(f"note: {note}" for note in notes),
    ]
    return "\n".join(textwrap.fill(fact, WIDTH, subsequent_indent="  ") for fact in facts).replace("\0", " ")


def shape_line(line: Line, index: str) -> str:
    """The shape of an answer, or that of a run of answers."""
    return f"shape by {line.name}{f' for {index} in {line.run}' if line.run else ''}: {line.text}"


def declared(declarations: Iterable[str], index: str) -> list[str]:
    """Declarations parted by `;`, then a loop for each range."""
    lines = collected((tuple(text.split(": ", 1)) for text in declarations), index)  # type: ignore[misc]
    loops: dict[str, list[str]] = {}
    for line in lines:
        loops.setdefault(line.run, []).append(f"{line.name}: {line.text}")
    alone = loops.pop("", [])
    return [*(["; ".join(alone)] if alone or not loops else []), *loop_lines(loops, index)]


def loop_lines(loops: Mapping[str, list[str]], index: str) -> list[str]:
    """Loops that declare families of names."""
    return [f"for {index} in {run}: {'; '.join(texts)}" for run, texts in loops.items()]


def collected(items: Iterable[tuple[str, str]], index: str) -> list[Line]:
    """What is said of names, runs of names together, in the order in which the first of each comes."""
    lines: list[Line] = []
    families: dict[tuple[str, str], list[int]] = {}
    for name, text in items:
        found = indexed(name)
        if found is None:
            lines.append(Line(name, text))
            continue
        family, number = found
        template = relative(text, number, index)
        at = families.get((family, template))
        if at is not None and (last := lines[at[-1]]).first is not None and last.last + 1 == number:
            lines[at[-1]] = Line(last.name, template, last.first, number)
        else:
            families.setdefault((family, template), []).append(len(lines))
            lines.append(Line(f"{family}[{index}]", template, number, number))
    return [part for line in lines for part in (unrolled(line, index) if is_short(line) else [line])]


def is_short(line: Line) -> bool:
    """True for a run that is not worth a loop."""
    return line.first is not None and line.last - line.first + 1 < LONG


def unrolled(line: Line, index: str) -> list[Line]:
    """A run as lines of their own."""
    assert line.first is not None

    def at(text: str, number: int) -> str:
        return re.sub(rf"\[{index}([+-]1)?\]", lambda m: f"_{number + int(m[1] or 0)}", text)

    return [Line(at(line.name, k), at(line.text, k)) for k in range(line.first, line.last + 1)]


def relative(text: str, number: int, index: str) -> str:
    """A text in which the numbers of names are told from `number`: n_3 is n[k-1] for k = 4."""

    def told(match: re.Match[str]) -> str:
        offset = int(match[1]) - number
        return f"[{index}{f'{offset:+d}' if offset else ''}]" if abs(offset) <= 1 else match[0]

    return re.sub(r"(?<=[^\W_])_(0|[1-9][0-9]{0,8})(?!\w)", told, text)


def unused_index(texts: Iterable[str]) -> str:
    """A letter to count with that no text has as a word."""
    words = {word for text in texts for word in re.findall(r"[^\W_]+", text)}
    letters = ("k", "i", "j", "l", "t", *(f"k{number}" for number in range(len(words) + 1)))
    return next(letter for letter in letters if letter not in words)
