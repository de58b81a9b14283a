"""What a scanner finds in a file of notes, in the order in which it stands there."""

from __future__ import annotations

from dataclasses import dataclass

from matcalc.excerpt import Excerpt, Original

__all__ = ["Heading", "Mark", "Definition", "EndOfGroup", "Display", "Event", "Scan", "without"]


@dataclass(frozen=True)
class Heading:
    """The title of a section."""

    title: str


@dataclass(frozen=True)
class Mark:
    """What a comment says to matcalc: the text after that word."""

    said: Excerpt


@dataclass(frozen=True)
class Definition:
    """A macro: `body` with #1, #2, ... for its arguments; None if the definition is of a kind that is not expanded.

    `default` is the first argument where it may be left out, `starred` whether a star may follow the name.  With
    `alias`, it means what that command means at this place.
    """

    name: str
    body: str | None
    arguments: int = 0
    default: str | None = None
    starred: bool = False
    alias: str = ""
    #: Whether it defines only what is not defined yet.
    provided: bool = False
    #: Whether it outlasts the group in which it stands.
    lasting: bool = False
    #: Whether it stands in a branch of a condition, which may not be taken.
    conditional: bool = False
    #: Whether the body is a command of LaTeX that is not expanded further.
    final: bool = False


@dataclass(frozen=True)
class EndOfGroup:
    """The end of a group of TeX, with which as many of the last definitions end."""

    count: int


@dataclass(frozen=True)
class Display:
    """An equation, or several of one environment: the text between the delimiters, without comments.

    `after` is where the last text before it ends, `marks` are the comments to matcalc inside of it, `name` is a label
    that stands outside.  Where `body` is None, its end was not found.
    """

    environment: str
    opening: Excerpt
    body: Excerpt | None
    after: int
    marks: tuple[Mark, ...] = ()
    definitions: tuple[Definition, ...] = ()
    name: Excerpt | None = None

    @property
    def inline(self) -> bool:
        """Whether it stands in a line of text."""
        return self.environment == "$"


Event = Heading | Mark | Definition | EndOfGroup | Display


@dataclass(frozen=True)
class Scan:
    """All that was found, and where the last text of the file ends."""

    original: Original
    events: tuple[Event, ...]
    last_text: int


def without(original: Original, start: int, end: int, holes: list[tuple[int, int]]) -> Excerpt:
    """A part of a text without some parts of it, which stand in order."""
    pieces, at = [], start
    for first, last in holes:
        pieces.append(Excerpt.of(original, at, first))
        at = last
    return Excerpt.joined([*pieces, Excerpt.of(original, at, end)], original)
