"""A point at which two sides of a claim differ, as data and in a few lines for people."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from matcalc.jets import Array, function_constants

__all__ = ["Counterexample", "plain", "shown", "function_in_words"]

#: The columns of a terminal, and the most entries of an axis that are shown.
WIDTH, MOST_ENTRIES = 80, 6


@dataclass(frozen=True)
class Counterexample:
    """Sizes and values at which two sides of a claim have different values."""

    sizes: dict[str, int]
    values: dict[str, Any]
    #: The values of the two sides as nested lists.
    left: Any
    right: Any
    #: The numbers of the two sides in the claim, from 0.
    step: tuple[int, int]
    #: What unknown functions and dependent variables stood for.
    functions: dict[str, str] = field(default_factory=dict)
    #: The largest difference of two entries in digits, which may be less than a double can show.
    difference: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain types."""
        return {
            "sizes": dict(self.sizes),
            "values": dict(self.values),
            "left": self.left,
            "right": self.right,
            "step": list(self.step),
            "functions": dict(self.functions),
            "difference": self.difference,
        }

    def __str__(self) -> str:
        stated = [f"{name} = {shown(value)}" for name, value in [*self.sizes.items(), *self.values.items()]]
        stated += [f"{name}: {words}" for name, words in self.functions.items()]
        place = f"at {', '.join(stated)}" if stated else "everywhere"
        first, second = ("left side", "right side") if self.step == (0, 1) else (f"side {k + 1}" for k in self.step)
        left, right = shown(self.left), shown(self.right)
        small = f" (they differ by {self.difference})" if left == right else ""
        return textwrap.fill(
            f"{place}: {first} {left}, {second} {right}{small}", WIDTH, break_long_words=False, break_on_hyphens=False
        )


def shown(value: Any) -> str:
    """A nested list of numbers; rows and columns beyond the first few are cut."""
    if not isinstance(value, list):
        return f"{value:.6g}" if isinstance(value, float) else str(value)
    entries = [shown(entry) for entry in value[:MOST_ENTRIES]]
    return f"[{', '.join(entries)}{', ...' if len(value) > MOST_ENTRIES else ''}]"


def plain(array: Array) -> Any:
    """An array as nested lists of ints, where a number is whole, and floats."""
    values = np.asarray(array, dtype=float)
    whole = np.isfinite(values) & (values == np.round(values)) & (np.abs(values) < 2.0**53)
    entries = [int(v) if w else float(v) for v, w in zip(values.ravel(), whole.ravel(), strict=True)]
    return np.array(entries, dtype=object).reshape(values.shape).tolist()


def function_in_words(name: str, arguments: Iterable[str]) -> str:
    """What the interpreter takes for an unknown function, or for a variable that depends on others."""
    if arguments := tuple(arguments):
        return f"a fixed smooth function of {', '.join(arguments)}"
    a, w, p, b, c = function_constants(name)
    return f"{a:.4g}*sin({w:.4g}*x + {p:.4g}) + {b:.4g}*x^3 + {c:.4g}*x"
