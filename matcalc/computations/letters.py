"""Names for the parts of compound expressions: the next unused letters a, b, c, ..., capitals for matrices.

A letter is used if it, small or capital, is a name of the program, an index or a word of the language.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import count
from string import ascii_lowercase

from matcalc.operation import find_operation

__all__ = ["Letters", "output_name"]

#: The names that an expression without a name may have.
OUTPUTS = ("f", "g", "y")


class Letters:
    """A supply of unused names."""

    def __init__(self, taken: Collection[str]) -> None:
        self.taken = {word.lower() for word in taken}
        self.supply = words()

    def next(self, *, capital: bool) -> str:
        """The next unused name."""
        word = next(w for w in self.supply if is_free(w, self.taken))
        return word.upper() if capital else word


def words() -> Iterator[str]:
    """a, .., z, a1, .., z1, a2, ..."""
    yield from ascii_lowercase
    for k in count(1):
        yield from (f"{letter}{k}" for letter in ascii_lowercase)


def is_free(word: str, taken: Collection[str]) -> bool:
    """Whether a small word means nothing yet."""
    return word not in taken and find_operation(word) is None


def output_name(taken: Collection[str]) -> str:
    """A name for an expression that has none: f where that is free."""
    used = {word.lower() for word in taken}
    return next(w for w in (*OUTPUTS, *(f"f{k}" for k in range(1, len(used) + 2))) if is_free(w, used))
