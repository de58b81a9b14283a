"""The names of error signals.

    delta                     of the one value that has a signal
    delta_1, delta_2, ..      from the output back
    delta_k                   of z_k, where the values are z_1, .., z_K
    delta_k, delta_theta      of z_k and theta, where z_1, .., z_K is a long run among others
    delta_z_k, delta_h_k      where there are several runs
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence

__all__ = ["LONG", "indexed", "signal_names"]

#: So many values z_1, z_2, .. are a long run.
LONG = 4


def indexed(name: str) -> tuple[str, int] | None:
    """The family and the number of a name such as `W_12`, else None."""
    found = re.fullmatch(r"(.*[^\W_])_(0|[1-9][0-9]{0,8})", name)
    return (found[1], int(found[2])) if found else None


def signal_names(values: Sequence[str], taken: Collection[str]) -> list[str]:
    """A name for the signal of each value, the last value first; none of them means anything in the program."""
    words = {word.partition("_")[0] for word in taken}
    base = next(w for w in ("delta", "signal", *(f"signal{k}" for k in range(1, len(words) + 2))) if w not in words)
    if len(values) == 1:
        return [base]
    families = Counter(found[0] for value in values if (found := indexed(value)))
    several = len(families) > 1
    if families.total() == len(values) and not several:
        return [f"{base}_{number_of(value)}" for value in values]
    if any(count >= LONG for count in families.values()):
        return [f"{base}_{value if several or not indexed(value) else number_of(value)}" for value in values]
    return [f"{base}_{number}" for number in range(1, len(values) + 1)]


def number_of(value: str) -> str:
    """The number at the end of an indexed name."""
    return value.rpartition("_")[2]
