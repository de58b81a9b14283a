"""What a drawing of a computation shows: boxes with lines of text, and arrows with the local derivatives.

Every drawing cuts long texts to these lengths and gives the whole text where its format has a place for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from matcalc.computations.answers import Rule
from matcalc.computations.graph import Graph
from matcalc.computations.wording import readable, shape_text, symbol
from matcalc.notation.text import to_text

__all__ = ["Arrow", "Box", "Picture", "cut", "picture_of"]

#: The characters of a line in a box, and of a label of an arrow.
IN_BOX, ON_ARROW = 34, 24

#: How many tangents a box shows.
SHOWN_TANGENTS = 2


@dataclass(frozen=True)
class Box:
    """A variable or a value: its name, its role (input, value, output), its operation, its shape and its signals."""

    name: str
    role: str
    operation: str
    shape: str
    signals: tuple[str, ...]

    @property
    def text(self) -> str:
        """The name, with the operation that makes it."""
        return f"{self.name} = {self.operation}" if self.operation else self.name


@dataclass(frozen=True)
class Arrow:
    """An operand and the value that uses it, with the local derivative, which is empty where the operand does not move.

    `label` is what stands on the arrow: of a tensor the entries alone.
    """

    start: str
    end: str
    derivative: str
    label: str

    @property
    def title(self) -> str:
        """What the arrow says in full."""
        return f"{symbol(self.end, self.start)} = {self.derivative}" if self.label else f"{self.start} in {self.end}"


@dataclass(frozen=True)
class Picture:
    """The boxes of a computation, inputs first, and its arrows, both in order."""

    title: str
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    #: What the signals are called.
    signal: str


def picture_of(graph: Graph) -> Picture:
    """The picture of a computation."""
    signals = signals_of(graph)
    boxes = [Box(word, "input", "", shape_text(graph, word), tuple(signals.get(word, ()))) for word in graph.inputs]
    for value in graph.values.values():
        role = "output" if value.name == graph.output else "value"
        boxes.append(Box(value.name, role, value.text, shape_text(graph, value.name), tuple(signals.get(value.name, ()))))
    title = f"The computation of {graph.output} from {', '.join(graph.inputs)}"
    signal = f"d{graph.output}/dv" if graph.mode == "reverse" else f"dv/d{graph.targets[0]}"
    return Picture(title, tuple(boxes), tuple(arrows_of(graph)), signal)


def arrows_of(graph: Graph) -> Iterator[Arrow]:
    """From each operand to the value that uses it."""
    for value in graph.values.values():
        for operand in value.operands:
            rule = graph.local.get((value.name, operand))
            yield Arrow(operand, value.name, *(label_of(rule) if rule is not None else ("", "")))


def label_of(rule: Rule) -> tuple[str, str]:
    """A local derivative in full, and as it stands on an arrow: of a tensor the entries alone."""
    form = rule.answer
    return readable(rule.text), readable(to_text(form.args[0]) if form.head == "tensor" else rule.text)


def signals_of(graph: Graph) -> dict[str, list[str]]:
    """The adjoint of each value, or its tangents."""
    if graph.mode == "reverse":
        return {w: [f"{symbol(graph.output, w)} = {readable(rule.text)}"] for w, rule in graph.adjoints.items()}
    found: dict[str, list[str]] = {}
    for target, rules in graph.tangents.items():
        for word, rule in rules.items():
            found.setdefault(word, []).append(f"{symbol(word, target)} = {readable(rule.text)}")
    return {word: lines[:SHOWN_TANGENTS] + ["..."] * (len(lines) > SHOWN_TANGENTS) for word, lines in found.items()}


def cut(text: str, length: int) -> str:
    """The beginning of a text that is too long."""
    return text if len(text) <= length else text[: length - 3].rstrip() + "..."
