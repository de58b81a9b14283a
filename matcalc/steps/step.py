"""Steps: one application of a rule, what it made of what, and the claim by which it is verified.

A step says that `left` equals `right`.  Both are what a person reads; the same equation in the language is `claim`, in
which a differential dE is the derivative of E by a scalar parameter on which the variable depends.  The claim is
decided as any other, by code that knows nothing of how the step was made, when its verdict is first asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from matcalc.form import Form
from matcalc.notation.latex import to_latex
from matcalc.notation.latex_display import named_latex
from matcalc.notation.text import to_text
from matcalc.signals.setting import Setting
from matcalc.steps.laws import law_of
from matcalc.verdict import Verdict

__all__ = ["Step"]

@dataclass(frozen=True)
class Step:
    """One step.

    `rule` is the name of the rule.  With `continues`, `left` is the `right` of the step before; with `defines`, it is
    called that from here on.
    """

    rule: str
    left: Form
    right: Form
    claim: str
    setting: Setting = field(repr=False)
    continues: bool = False
    defines: str = ""

    @property
    def law(self) -> str:
        """What the rule says, as one line."""
        return law_of(self.rule)

    @property
    def text(self) -> str:
        """The step as an equation."""
        return " = ".join([self.defines] * bool(self.defines) + [to_text(self.left), to_text(self.right)])

    @property
    def latex(self) -> str:
        """The step as an equation in LaTeX."""
        named = [named_latex(self.defines, self.left)] if self.defines else []
        return " = ".join([*named, to_latex(self.left), to_latex(self.right)])

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
        return self.setting.decide(self.claim)

    def to_json(self) -> dict[str, Any]:
        """The step as an object of JSON."""
        return {
            "rule": self.rule,
            "law": self.law,
            "left": to_text(self.left),
            "right": to_text(self.right),
            "text": self.text,
            "latex": self.latex,
            "claim": self.claim,
            "declare": list(self.setting.declare),
            "where": list(self.setting.where),
            "layout": self.setting.layout,
            "structured": self.setting.structured,
            "verdict": self.verdict,
            "method": self.method,
        }
