"""A computation as a Mermaid flowchart for Markdown: labels stand in quotes, with entities for what has a meaning there."""

from __future__ import annotations

from collections.abc import Iterator

from matcalc.computations.picture import IN_BOX, ON_ARROW, Box, Picture, cut

__all__ = ["mermaid_of"]

#: Characters that stand for themselves in a quoted label.
PLAIN = frozenset(" .,=+-/()':^")


def mermaid_of(picture: Picture) -> str:
    """The text of a flowchart from top to bottom."""
    return "\n".join(["flowchart TD", *(f"  {line}" for line in lines_of(picture))]) + "\n"


def lines_of(picture: Picture) -> Iterator[str]:
    """The nodes, the links and the classes."""
    numbers = {box.name: f"n{k}" for k, box in enumerate(picture.boxes)}
    for box in picture.boxes:
        yield f'{numbers[box.name]}["{label_of(box)}"]:::{box.role}'
    for arrow in picture.arrows:
        label = f'|"{escaped(cut(arrow.label, ON_ARROW))}"|' if arrow.label else ""
        yield f"{numbers[arrow.start]} -->{label} {numbers[arrow.end]}"
    yield "classDef input stroke:#0550ae,stroke-width:2px"
    yield "classDef value stroke:#57606a"
    yield "classDef output stroke:#b3261e,stroke-width:2px"


def label_of(box: Box) -> str:
    """The lines of a box, its signals in italics."""
    signals = [f"<i>{escaped(cut(line, IN_BOX))}</i>" for line in box.signals]
    return "<br/>".join([escaped(cut(box.text, IN_BOX)), escaped(box.shape), *signals])


def escaped(text: str) -> str:
    """A text in a label: what is neither a letter, a digit nor plain becomes an entity."""
    return "".join(c if (c.isascii() and c.isalnum()) or c in PLAIN else f"#{ord(c)};" for c in text)
