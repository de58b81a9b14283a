"""What was found of a claim: a verdict with its strength, how it was found, and where the sides differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["Verdict", "VERDICTS"]

#: Strongest first; the last two are no statement of truth.
VERDICTS = ("proved", "proved-at-sizes", "numeric", "undecided", "refuted")


@dataclass(frozen=True)
class Verdict:
    """The verdict of one claim.

    `verdict` is one of

        proved            for all dimensions and all values where both sides are defined
        proved-at-sizes   entry by entry, for all values at the sizes that `method` lists
        numeric           the sides agreed at random points, which is no proof
        undecided         nothing was shown
        refuted           the sides differ at the sizes and values of `counterexample`, or in shape

    `method` says how it was found, `message` what a person should know, `rules` the laws that a proof used,
    `step` the number of the first wrong step of a chain that is refuted, or of the first one that is not proved.
    """

    verdict: str
    method: str
    message: str = ""
    counterexample: dict[str, Any] | None = None
    rules: tuple[str, ...] = ()
    seconds: float = 0.0
    step: int | None = None

    def __str__(self) -> str:
        lines = [f"{self.verdict} ({self.method})" if self.method else self.verdict]
        return "\n".join([*lines, *filter(None, [self.message])])
