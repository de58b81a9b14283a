"""Names that nothing has: one like another, or a number."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["Namer"]


class Namer:
    """Gives each name once; `taken` are those that it has given, and those that it may not give."""

    def __init__(self, taken: Iterable[str]) -> None:
        self.taken = set(taken)
        self.counter = 0

    def take(self, wanted: str) -> str:
        """A name like this one that nothing has."""
        name, number = wanted, 1
        while name in self.taken:
            number += 1
            name = f"{wanted}{number}"
        self.taken.add(name)
        return name

    def number(self) -> str:
        """The next of t1, t2, .. that nothing has."""
        while True:
            self.counter += 1
            if f"t{self.counter}" not in self.taken:
                return self.take(f"t{self.counter}")
