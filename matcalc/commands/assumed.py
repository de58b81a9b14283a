"""What answers take for granted, as it is printed below them."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping

from matcalc.commands.terminal import WIDTH

__all__ = ["assumed", "oriented"]


def oriented(shape: Iterable[str], kind: str | None) -> str:
    """A shape, with the orientation of one axis."""
    orientation = {"row": ", a row", "column": ", a column"}.get(str(kind), "")
    return f"({', '.join(shape)}){orientation}"


def assumed(declarations: Iterable[str], layout: str, shapes: Mapping[str, str], notes: Iterable[str]) -> str:
    """Declarations, the layout, the shapes of the answers by name, and notes, in lines of at most 79 characters."""
    facts = [
        "assumed: " + "; ".join(text.replace(" ", "\0") for text in declarations),  # \0: no line break here
        f"layout: {layout}",
        *(f"shape by {name}: {shape}" for name, shape in shapes.items()),
        *(f"note: {note}" for note in notes),
    ]
    return "\n".join(textwrap.fill(fact, WIDTH, subsequent_indent="  ") for fact in facts).replace("\0", " ")
