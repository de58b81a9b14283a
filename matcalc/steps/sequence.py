"""All steps of a derivation, as text, LaTeX and JSON."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, overload

from matcalc.build import same
from matcalc.form import Form
from matcalc.naming import replace_names
from matcalc.notation.latex_names import Style
from matcalc.steps.step import Step
from matcalc.steps.writing import steps_latex, steps_text

__all__ = ["Steps"]


def spelled_out(step: Step, names: dict[str, Form]) -> Step:
    """The step with some names replaced by what they stand for."""
    return replace(step, left=replace_names(step.left, names), right=replace_names(step.right, names)) if names else step


class Steps(Sequence[Step]):
    """The steps of a derivation in order, from the expression to its derivative."""

    def __init__(
        self, steps: Sequence[Step], where: Mapping[str, Form] | None = None, names: Collection[str] = ()
    ) -> None:
        self._steps = tuple(steps)
        #: The names that the result introduces, and all names that are in use.
        self.where = dict(where or {})
        self.names = frozenset(names) | set(self.where)

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
        # A name that says something else in what follows is spelled out in what comes before.
        clash = {key: form for key, form in self.where.items() if key in other.where and not same(form, other.where[key])}
        kept = {key: replace_names(form, clash) for key, form in self.where.items() if key not in clash}
        return Steps(
            [*(spelled_out(step, clash) for step in self), *other], {**kept, **other.where}, self.names | other.names
        )

    @property
    def proved(self) -> bool:
        """Whether every step is proved."""
        return all(step.proved for step in self)

    @property
    def text(self) -> str:
        """The derivation for a terminal: chains of equations with the rules beside them, then what the rules say."""
        return steps_text(self, self.where)

    def latex(self, style: str = "bold", transpose: str = "top") -> str:
        """The derivation as a display of LaTeX, `align*`, with the rules beside the equations."""
        return steps_latex(self, self.where, Style(style, transpose), self.names)

    def to_json(self) -> list[dict[str, Any]]:
        """The steps as a list of JSON objects."""
        return [step.to_json() for step in self]
