"""A computation as DOT, the language of Graphviz: names are quoted, labels are HTML-like and escaped."""

from __future__ import annotations

from collections.abc import Iterator

from matcalc.computations.picture import IN_BOX, ON_ARROW, Box, Picture, cut

__all__ = ["dot_of"]

#: The colours of local derivatives and of signals, and what fills the boxes.
LOCAL, SIGNAL = "#0550ae", "#b3261e"
FILLS = {"input": "#ddf4ff", "value": "#f6f8fa", "output": "#fff8c5"}


def dot_of(picture: Picture) -> str:
    """The text of a directed graph."""
    return "\n".join(["digraph computation {", *(f"  {line}" for line in lines_of(picture)), "}"]) + "\n"


def lines_of(picture: Picture) -> Iterator[str]:
    """The statements of the graph."""
    yield f"label={quoted(picture.title)};"
    yield 'node [shape=box, style="rounded,filled", fontname="monospace", fontsize=11, color="#57606a"];'
    yield f'edge [fontname="monospace", fontsize=10, color="#57606a", fontcolor="{LOCAL}"];'
    for box in picture.boxes:
        yield f'{quoted(box.name)} [label=<{label_of(box)}>, fillcolor="{FILLS[box.role]}", tooltip={quoted(tooltip(box))}];'
    for arrow in picture.arrows:
        ends = f"{quoted(arrow.start)} -> {quoted(arrow.end)}"
        yield f"{ends} [label={quoted(cut(arrow.label, ON_ARROW))}, tooltip={quoted(arrow.title)}];"


def label_of(box: Box) -> str:
    """The lines of a box, its signals coloured."""
    signals = [f'<font color="{SIGNAL}">{escaped(cut(line, IN_BOX))}</font>' for line in box.signals]
    return "<br/>".join([f"<b>{escaped(cut(box.text, IN_BOX))}</b>", escaped(box.shape), *signals])


def tooltip(box: Box) -> str:
    """All that a box says, in full."""
    return "; ".join([box.text, box.shape, *box.signals])


def escaped(text: str) -> str:
    """A text within a label."""
    for character, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        text = text.replace(character, entity)
    return text


def quoted(text: str) -> str:
    """A string of DOT."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
