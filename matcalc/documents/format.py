"""A format: how each kind of content is written in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from matcalc.documents.model import Code, Display, Mark, Math, Sign

__all__ = ["UNICODE_SIGNS", "Format"]

#: The signs of marks where any character can be written.
UNICODE_SIGNS = {
    "proved": "✓",
    "proved-at-sizes": "✓",
    "numeric": "≈",
    "undecided": "?",
    "refuted": "✗",
    "malformed": "!",
}


@dataclass(frozen=True)
class Format:
    """The writer of each kind of content; `signs` are those of the kinds of marks."""

    name: str
    text: Callable[[str], str]
    math: Callable[[str], str]
    display: Callable[[tuple[str, ...]], str]
    code: Callable[[str], str]
    signs: Mapping[str, str]

    def written(self, value: object) -> str:
        """Any content in this format; what is not content is written as text."""
        if isinstance(value, tuple):
            return "".join(map(self.written, value))
        if isinstance(value, Math):
            return self.math(value.latex)
        if isinstance(value, Display):
            return self.display(value.rows)
        if isinstance(value, Code):
            return self.code(" ".join(value.text.split()))
        if isinstance(value, Sign):
            return self.signs[value.kind]
        if isinstance(value, Mark):
            return f"{self.signs[value.kind]} {self.text(value.words)}"
        return self.text(str(value))
