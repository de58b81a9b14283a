"""The equations of backpropagation: a name, what it stands for, what that is, and the claim by which it is verified."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from matcalc.form import Form, format_axis
from matcalc.notation.text import to_text
from matcalc.signals.claims import Claims
from matcalc.signals.setting import Setting
from matcalc.verdict import Verdict

__all__ = ["Equation"]


@dataclass(frozen=True)
class Equation:
    """`name = left = right`: a value of the program (no left side), a signal, or a gradient (whose name is for code).

    `value` is what the gradient is by; `claims` state the claim, which is decided when its verdict is first asked for.
    """

    name: str
    left: Form | None
    right: Form
    value: str = ""
    #: Whether the name stands in front of the left side.
    named: bool = True
    claims: Claims | None = field(default=None, repr=False)

    @property
    def text(self) -> str:
        """The equation in the language."""
        names = [self.name] if self.named else []
        return " = ".join([*names, *([to_text(self.left)] if self.left is not None else []), to_text(self.right)])

    @property
    def line(self) -> str:
        """The right side under its name, as a program assigns it."""
        return f"{self.name} = {to_text(self.right)}"

    @property
    def shape(self) -> tuple[str, ...]:
        """The dimensions of what the equation says."""
        return tuple(format_axis(axis) for axis in self.right.shape or ())

    @cached_property
    def claim(self) -> str:
        """The claim; empty for a value of the program."""
        return self._claimed[0]

    @property
    def setting(self) -> Setting:
        """What the claim is stated under."""
        return self._claimed[1]

    @cached_property
    def _claimed(self) -> tuple[str, Setting]:
        if self.claims is None or self.left is None:
            return "", Setting(())
        return self.claims.of(self.value, self.left, self.right)

    @cached_property
    def decided(self) -> Verdict:
        """The verdict of the claim; what a program says itself is proved."""
        return self.setting.decide(self.claim) if self.claim else Verdict("proved", "a line of the program")

    @property
    def verdict(self) -> str:
        """How strongly the equation is shown: a verdict of `matcalc.verify`."""
        return self.decided.verdict

    def to_json(self) -> dict[str, Any]:
        """The equation as an object of JSON."""
        left = {} if self.left is None else {"left": to_text(self.left)}
        return {"name": self.name, **left, "right": to_text(self.right), "text": self.text, "shape": list(self.shape)}
