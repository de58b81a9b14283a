"""Text that was taken out of a file, with the place in the file of each of its characters.

What is verified is seldom a piece of the file as it stands: comments and alignment marks are left out, rows are joined,
macros are expanded.  A mistake in such a text is still shown where the author finds it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from matcalc.errors import MatcalcError, Span

__all__ = ["Original", "Excerpt", "relocated"]

_CONTROL_WORD_AT_END = re.compile(r"\\[A-Za-z@]+\Z")
#: The longest control word whose end is looked for.
_WORD = 60


@dataclass(frozen=True)
class Original:
    """The text of a file, or some of its lines, `above` which others stand."""

    text: str
    path: str | None = None
    above: int = 0

    @cached_property
    def line_starts(self) -> list[int]:
        """Where each line begins."""
        return [0, *(match.end() for match in re.finditer("\n", self.text))]

    def line(self, offset: int) -> int:
        """The number of the line of a character in the file, counted from 1."""
        return self.above + bisect_right(self.line_starts, offset)

    def span(self, start: int, end: int) -> Span:
        """The place from one character of the text up to another one."""
        return Span("\n" * self.above + self.text, self.above + start, max(1, end - start), self.path)

    def lines(self, start: int, end: int) -> tuple[Original, int]:
        """The lines that hold a part of the text, and how far a character of it stands further left in them."""
        first = self.line(start) - self.above - 1
        last = self.line(max(start, end - 1)) - self.above
        begin = self.line_starts[first]
        stop = self.line_starts[last] if last < len(self.line_starts) else len(self.text)
        return Original(self.text[begin:stop], self.path, self.above + first), begin


@dataclass(frozen=True)
class Excerpt:
    """A text whose character number k is the one, or stands for those, from `starts[k]` to `ends[k]` of the original."""

    text: str
    original: Original
    starts: Sequence[int]
    ends: Sequence[int]

    @classmethod
    def of(cls, original: Original, start: int, end: int) -> Excerpt:
        """A part of a text as it stands."""
        return cls(original.text[start:end], original, range(start, end), range(start + 1, end + 1))

    @classmethod
    def joined(cls, pieces: Iterable[Excerpt], original: Original) -> Excerpt:
        """Some texts as one; a control word stays apart from a letter that comes after it."""
        texts: list[str] = []
        starts: list[int] = []
        ends: list[int] = []
        for piece in pieces:
            if texts and piece.text[:1].isalpha() and _CONTROL_WORD_AT_END.search(texts[-1][-_WORD:]):
                texts.append(" ")
                starts.append(piece.starts[0])
                ends.append(piece.starts[0])
            if piece.text:
                texts.append(piece.text)
                starts += piece.starts
                ends += piece.ends
        return cls("".join(texts), original, starts, ends)

    def part(self, start: int, end: int) -> Excerpt:
        """The characters from one number up to another one."""
        return Excerpt(self.text[start:end], self.original, self.starts[start:end], self.ends[start:end])

    def standing_for(self, text: str) -> Excerpt:
        """Another text that stands for this one: each of its characters has the place of the whole."""
        start, end = self.starts[0], self.ends[-1]
        return Excerpt(text, self.original, [start] * len(text), [end] * len(text))

    def stripped(self, characters: str | None = None) -> Excerpt:
        """The text without white space, or without some characters, at its ends."""
        start = len(self.text) - len(self.text.lstrip(characters))
        return self.part(start, max(start, len(self.text.rstrip(characters))))

    def squeezed(self) -> Excerpt:
        """The text on one line, a single space for each run of white space, none at the ends."""
        words = [self.part(*match.span()) for match in re.finditer(r"\S+", self.text)]
        spaced = [piece for word in words for piece in (word.part(0, 1).standing_for(" "), word)][1:]
        return Excerpt.joined(spaced, self.original)

    def cut(self) -> Excerpt:
        """The same with no more of the original than the lines that it needs."""
        if not self.text:
            return self
        lines, left = self.original.lines(min(self.starts), max(self.ends))
        return Excerpt(self.text, lines, [k - left for k in self.starts], [k - left for k in self.ends])

    def span(self, start: int = 0, length: int | None = None) -> Span:
        """The place in the file of some characters, of all if nothing is said; after the last one, that of its end."""
        if not self.text:
            return self.original.span(0, 1)
        if start >= len(self.text):
            return self.original.span(self.ends[-1], self.ends[-1] + 1)
        stop = len(self.text) if length is None else min(len(self.text), start + max(1, length))
        return self.original.span(min(self.starts[start:stop]), max(self.ends[start:stop]))

    def line(self, start: int = 0) -> int:
        """The number of the line in the file of a character."""
        return self.original.line(self.starts[start])


def relocated(error: MatcalcError, excerpts: Iterable[Excerpt]) -> MatcalcError:
    """The same error with its places in the file, as far as they lie in one of some excerpts."""
    known = {excerpt.text: excerpt for excerpt in reversed(list(excerpts))}

    def moved(span: Span) -> Span:
        excerpt = known.get(span.source)
        return span if excerpt is None else excerpt.span(span.start, span.length)

    span = None if error.span is None else moved(error.span)
    related = tuple((label, moved(place)) for label, place in error.related)
    return MatcalcError(error.message, span, hint=error.hint, related=related)
