"""Steps: one application of a rule, what it made of what, and the claim by which it is verified.

A step says that `left` equals `right`.  Both are what a person reads; the same equation in the language is `claim`, in
which a differential dE is the derivative of E by a scalar parameter on which the variable depends.  The claim is
decided as any other, by code that knows nothing of how the step was made, when its verdict is first asked for.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, overload

from matcalc.errors import MatcalcError
from matcalc.form import Form
from matcalc.notation.text import to_text
from matcalc.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["Setting", "Step", "Steps"]

#: Seconds for the proof of one step.
TIMEOUT = 5.0


@dataclass(frozen=True)
class Setting:
    """What the claims of a derivation are stated under: declarations, assignments, the layout."""

    declare: tuple[str, ...]
    where: tuple[str, ...] = ()
    layout: str = "numerator"
    structured: bool = False


@dataclass(frozen=True)
class Step:
    """One step.

    `rule` is its name and `law` what the rule says, as a line of the language, if it is more than its name.  With
    `continues`, `left` is the `right` of the step before; with `defines`, it is called that from here on.
    """

    rule: str
    left: Form
    right: Form
    claim: str
    setting: Setting = field(repr=False)
    continues: bool = False
    law: str = ""
    #: The name that the step gives to its left side, if any.
    defines: str = ""

    @property
    def text(self) -> str:
        """The step as an equation."""
        return f"{to_text(self.left)} = {to_text(self.right)}"

    @cached_property
    def verdict(self) -> str:
        """How strongly the step is shown: a verdict of `matcalc.verify`; `undecided` where its claim has no type."""
        return self._decided.verdict

    @property
    def method(self) -> str:
        """How the verdict was found."""
        return self._decided.method

    @property
    def proved(self) -> bool:
        """Whether the step holds for all dimensions and values."""
        return self.verdict == "proved"

    @cached_property
    def _decided(self) -> Verdict:
        # The prover and NumPy are loaded here, so that deriving alone starts fast.
        verify = importlib.import_module("matcalc.verification").verify
        s = self.setting
        try:
            found: Verdict = verify(
                self.claim, s.declare, s.layout, s.where, structured=s.structured, timeout=TIMEOUT, help=False
            )
        except MatcalcError as error:
            return Verdict("undecided", "not a claim of the language", error.message)
        return found

    def to_json(self) -> dict[str, Any]:
        """The step as an object of JSON."""
        return {
            "rule": self.rule,
            "law": self.law,
            "left": to_text(self.left),
            "right": to_text(self.right),
            "claim": self.claim,
            "declare": list(self.setting.declare),
            "where": list(self.setting.where),
            "layout": self.setting.layout,
            "structured": self.setting.structured,
            "verdict": self.verdict,
            "method": self.method,
        }


class Steps(Sequence[Step]):
    """The steps of a derivation in order, from the expression to its derivative."""

    def __init__(self, steps: Sequence[Step], where: Mapping[str, Form] | None = None) -> None:
        self._steps = tuple(steps)
        #: The names that the result introduces.
        self.where = dict(where or {})

    @overload
    def __getitem__(self, index: int) -> Step: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Step]: ...
    def __getitem__(self, index: int | slice) -> Step | Sequence[Step]:
        return self._steps[index]

    def __len__(self) -> int:
        return len(self._steps)

    def __iter__(self) -> Iterator[Step]:
        return iter(self._steps)

    def __add__(self, other: Steps) -> Steps:
        return Steps([*self._steps, *other._steps], {**self.where, **other.where})

    @property
    def proved(self) -> bool:
        """Whether every step is proved."""
        return all(step.proved for step in self)

    @property
    def result(self) -> Form:
        """The right side of the last step."""
        return self._steps[-1].right

    def with_law(self, laws: Mapping[str, str]) -> Steps:
        """The steps with the laws of their rules."""
        return Steps([replace(step, law=laws.get(step.rule, "")) for step in self], self.where)

    def to_json(self) -> list[dict[str, Any]]:
        """The steps as a list of JSON objects."""
        return [step.to_json() for step in self]
