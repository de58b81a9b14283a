"""Errors: every mistake ends in one message with its place, what was expected and what to do.

`MatcalcError` is the only exception that a public function raises for bad input.  It knows the source text and the
place in it, and renders itself with a caret::

    error: `x*y` multiplies two columns
      x*y + 1
       ^
    hint: write `x'*y` for the inner product or `x.*y` for the element-wise one
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "MatcalcError",
    "ParseError",
    "UnknownNameError",
    "KindError",
    "DimensionError",
    "DeclarationError",
    "UnsupportedError",
    "Span",
]

#: The widest line that is shown whole; a longer one is cut around the place.
LINE_WIDTH = 76


@dataclass(frozen=True, slots=True)
class Span:
    """A place: `length` characters from `start` (0-based) in `source`, which is called `name` (a file) if it has a name.

    `within` says what was read there, where a text is read more than once: the round of a loop, the call of a function,
    innermost first, each with its own place.
    """

    source: str
    start: int
    length: int = 1
    name: str | None = None
    within: tuple[tuple[str, Span], ...] = ()

    @property
    def text(self) -> str:
        """The source text of the place."""
        return self.source[self.start : self.start + self.length]

    def line_and_column(self) -> tuple[int, int]:
        """Line and column of the place, both counted from 1."""
        line = self.source.count("\n", 0, self.start) + 1
        return line, self.start - (self.source.rfind("\n", 0, self.start) + 1) + 1

    def through(self, other: Span) -> Span:
        """The place from the start of this one to the end of `other` in the same source."""
        if other.source is not self.source or other.start < self.start:
            return self
        return Span(self.source, self.start, other.start + other.length - self.start, self.name, self.within)

    def picture(self) -> str:
        """The line of the place with carets under it, cut to a readable width."""
        begin = self.source.rfind("\n", 0, self.start) + 1
        end = self.source.find("\n", self.start)
        line = self.source[begin : len(self.source) if end < 0 else end]
        column = self.start - begin
        width = max(1, min(self.length, len(line) - column))
        if len(line) > LINE_WIDTH:
            left = max(0, column - LINE_WIDTH // 2)
            cut = line[left : left + LINE_WIDTH]
            head, tail = ("..." if left else ""), ("..." if left + LINE_WIDTH < len(line) else "")
            line, column = head + cut + tail, column - left + len(head)
            width = min(width, max(1, len(line) - column))
        shown = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in line)
        return f"  {shown}\n  {' ' * column}{'^' * width}"


class MatcalcError(Exception):
    """A mistake in the input: `message`, the `span` of its place, further `related` places, and a `hint` what to do."""

    def __init__(
        self,
        message: str,
        span: Span | None = None,
        *,
        hint: str | None = None,
        related: tuple[tuple[str, Span], ...] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.span = span
        self.hint = hint
        self.related = (*related, *(place for place in (span.within if span else ()) if place not in related))

    @property
    def source(self) -> str | None:
        """The source text in which the mistake stands."""
        return self.span.source if self.span else None

    @property
    def name(self) -> str | None:
        """The name of the file in which the mistake stands, if it has one."""
        return self.span.name if self.span else None

    @property
    def position(self) -> int | None:
        """The 0-based offset of the mistake in `source`."""
        return self.span.start if self.span else None

    @property
    def length(self) -> int:
        """The number of characters that the mistake spans."""
        return self.span.length if self.span else 0

    def render(self) -> str:
        """The message with its source lines, carets and hint, ready to print."""
        lines = [f"error: {self.message}"]
        places = ([("", self.span)] if self.span else []) + list(self.related)
        for label, span in places:
            line, column = span.line_and_column()
            if span.name or "\n" in span.source.strip("\n"):
                lines.append(f"{span.name or 'line'}:{line}:{column}:" + (f" {label}" if label else ""))
            elif label:
                lines.append(f"{label}:")
            lines.append(span.picture())
        if self.hint:
            lines.append(f"hint: {self.hint}")
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.render()


class ParseError(MatcalcError):
    """The text is not a sentence of the language."""


class UnknownNameError(MatcalcError):
    """A function, property or option that does not exist."""


class KindError(MatcalcError):
    """An operation on values of the wrong kind: two columns multiplied, a vector to a power."""


class DimensionError(MatcalcError):
    """Two dimensions that must be equal and are not."""


class DeclarationError(MatcalcError):
    """A declaration that contradicts itself, another one, or its use."""


class UnsupportedError(MatcalcError):
    """A correct request that has no answer in the form that was asked for."""
