r"""White space of formulas and its width: what stands on both sides of a wide one is no product for its reader."""

from __future__ import annotations

import re

__all__ = ["KERNS", "LENGTH", "SPACES", "WIDE", "length_of"]

#: Spaces with their widths in em, and the width of a wide one.
SPACES = {
    r"\quad": 1.0, r"\qquad": 2.0, r"\enspace": 0.7, r"\,": 0.17, r"\;": 0.28, r"\:": 0.22, r"\>": 0.22, r"\!": -0.17,
    r"\ ": 0.3, "~": 0.3, r"\thinspace": 0.17, r"\medspace": 0.22, r"\thickspace": 0.28, r"\space": 0.3,
}  # fmt: skip
WIDE = 0.7
#: The units of length in em.
_UNITS = {"em": 1.0, "ex": 0.43, "mu": 0.056, "pt": 0.1, "mm": 0.28, "cm": 2.8, "in": 7.2, "bp": 0.1}
#: Commands that a length follows, and a length.
KERNS = frozenset({r"\kern", r"\mkern", r"\hskip", r"\mskip"})
LENGTH = re.compile(
    r"\s*+(?P<number>[-+]?[0-9]*+\.?[0-9]*+)\s*+(?P<unit>[a-z]{2})"
    r"(?:\s*+(?:plus|minus)\s*+[0-9.]++\s*+[a-z]{2,4})*+"
)


def length_of(text: str, start: int, end: int) -> float:
    """The width of some white space, in em; wide where it is not a number."""
    found = LENGTH.fullmatch(text, start, end)
    if found is None or found["unit"] not in _UNITS or not any(map(str.isdigit, found["number"])):
        return WIDE
    return float(found["number"]) * _UNITS[found["unit"]]
