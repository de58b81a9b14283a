"""A candidate: a claim of two sides that differs a little from the refuted one, and the words for the difference."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from matcalc.claim import Claim
from matcalc.form import Form

__all__ = ["Candidate", "Candidates", "Changes", "RIGHT_FIRST", "with_side", "quoted"]

#: The order in which sides are changed: the right one is more often the answer, the left one the question.
RIGHT_FIRST = (1, 0)

#: Fields of a claim as it was written, with their new values.
Changes = dict[str, Any]


@dataclass(frozen=True)
class Candidate:
    """What is changed of a claim; the words read after "it holds"."""

    words: str
    changes: Changes
    #: Whether the changed claim is printed after the words.
    shows: bool = False
    #: Whether the words say that some sizes are equal or 1.
    narrows: bool = False
    #: Changes that ask for less, just what the words say; where the claim is refuted with them, other words are right.
    weaker: Changes | None = None
    otherwise: str = ""


Candidates = Iterator[Candidate]


def with_side(claim: Claim, number: int, form: Form) -> Changes:
    """The claim with another form as one of its sides."""
    sides = list(claim.written.sides)
    sides[number] = form
    return {"sides": tuple(sides)}


def quoted(text: str) -> str:
    """A text of the language within a sentence."""
    return f"`{text}`"
