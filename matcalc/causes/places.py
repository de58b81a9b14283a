"""The places of a claim where something may be changed: subforms of its two sides, breadth first, the right side first."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from matcalc.causes.candidate import RIGHT_FIRST, Changes, quoted, with_side
from matcalc.claim import Claim
from matcalc.form import Form, with_arguments
from matcalc.inference import CONSTRUCTORS
from matcalc.notation.text import to_text

__all__ = ["Place", "places"]


@dataclass(frozen=True)
class Place:
    """A subform of a side: `path` are the positions of the arguments that lead to it, `parent` the form that holds it."""

    claim: Claim
    side: int
    path: tuple[int, ...]
    form: Form
    #: The typed form, or the untyped one where typing made another form of it.
    typed: Form
    parent: Form | None

    @cached_property
    def text(self) -> str:
        """The subform as it is printed, in quotes."""
        return quoted(to_text(self.form))

    def put(self, form: Form) -> Changes:
        """The changes of the claim that put another form into this place."""
        return with_side(self.claim, self.side, replaced(self.claim.written.sides[self.side], self.path, form))

    def inner(self) -> Iterator[Place]:
        """The places right below; what a derivative is taken by, and sizes, are no places."""
        if self.form.head == "call" and self.form.value in CONSTRUCTORS:
            return
        count = 1 if self.form.head == "derivative" else len(self.form.args)
        parallel = len(self.typed.args) == len(self.form.args)
        for k, arg in enumerate(self.form.args[:count]):
            yield Place(self.claim, self.side, (*self.path, k), arg, self.typed.args[k] if parallel else arg, self.form)


def places(claim: Claim) -> Iterator[Place]:
    """All places of both sides; a side comes first as a whole."""
    for side in RIGHT_FIRST:
        queue = deque([Place(claim, side, (), claim.written.sides[side], claim.sides[side], None)])
        while queue:
            place = queue.popleft()
            yield place
            queue.extend(place.inner())


def replaced(form: Form, path: tuple[int, ...], new: Form) -> Form:
    """The form with another subform at the end of a path."""
    if not path:
        return new
    args = list(form.args)
    args[path[0]] = replaced(args[path[0]], path[1:], new)
    return with_arguments(form, tuple(args))
