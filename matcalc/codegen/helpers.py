"""Functions that an emitted module defines for itself: the `helper` of each operation that has one, and `_array`.

A helper is emitted only where it is used, together with those that it calls.
"""

from __future__ import annotations

import re

from matcalc.operation import find_operation, operations

__all__ = ["ARRAY", "helper_names", "helper_of", "needed"]

#: What is done to every array argument: lists are welcome, integers do not truncate, complex numbers pass.
ARRAY = '''def _array(x):
    """x as an array of floating-point or complex numbers."""
    x = np.asarray(x)
    return x if x.dtype.kind in "fc" else x.astype(float)
'''


def helper_of(name: str) -> str:
    """The source of the helper of an operation; empty if it has none."""
    record = find_operation(name)
    return record.helper if record is not None else ""


def helper_names() -> frozenset[str]:
    """The names of all helpers."""
    return frozenset({"_array", *("_" + record.name for record in operations() if record.helper)})


def needed(names: set[str]) -> list[str]:
    """The operations among some whose helpers are to be emitted, with those that these call, by name."""
    found = {name for name in names if helper_of(name)}
    pending = list(found)
    while pending:
        called = set(re.findall(r"\b_(\w+)\(", helper_of(pending.pop()))) - found
        pending += [name for name in called if helper_of(name)]
        found |= {name for name in called if helper_of(name)}
    return sorted(found)
