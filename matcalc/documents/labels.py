"""Labels: short names of ASCII letters, digits and hyphens, each once in a document."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["Labels"]

#: The longest label.
LONGEST = 80
#: The names of parts that every page may have.
RESERVED = ("rules", "symbols", "index")


class Labels:
    """The labels of a document while it grows."""

    def __init__(self) -> None:
        self.taken: set[str] = set(RESERVED)

    def new(self, name: str) -> str:
        """A label for a name, with a number if several names make the same."""
        plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
        base = re.sub(r"[^A-Za-z0-9]+", "-", plain).strip("-")[:LONGEST] or "statement"
        number, label = 1, base
        while label in self.taken:
            number += 1
            label = f"{base}-{number}"
        self.taken.add(label)
        return label
