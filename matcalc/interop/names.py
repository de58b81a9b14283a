"""Names of the language for SymPy objects, and what the names stand for."""

from __future__ import annotations

import re
from typing import Any

from matcalc.inference import CONSTRUCTORS
from matcalc.lexer import KEYWORDS, spell
from matcalc.operation import find_operation, load_operations, operations

__all__ = ["Names", "ensure_operations"]

_RESERVED = KEYWORDS | frozenset({"pi", "d", "delta", "grad", "gradient", "jacobian", "hessian", "T"})


class Names:
    """The names given so far: no two objects share one, and none means something else in the language."""

    def __init__(self) -> None:
        self.given: dict[Any, str] = {}
        self.meaning: dict[str, Any] = {}

    def name(self, thing: Any, wish: str, meaning: Any = None) -> str:
        """The name of an object, which is the wish where that is free and a name of the language."""
        if thing not in self.given:
            name = self.fresh(wish)
            self.given[thing] = name
            self.meaning[name] = thing if meaning is None else meaning
        return self.given[thing]

    def fresh(self, wish: str) -> str:
        """A name that stands for nothing yet; it is taken from now on."""
        word = re.sub(r"[^0-9A-Za-z_]", "_", spell(wish)) or "v"
        word = f"v{word}" if word[0].isdigit() else word
        candidate, count = word, 0
        while candidate in self.meaning or is_reserved(candidate):
            count += 1
            candidate = f"{word}_{count}"
        self.meaning[candidate] = None
        return candidate


def is_reserved(word: str) -> bool:
    """True for a word that means something in the language."""
    ensure_operations()
    return word in _RESERVED or word in CONSTRUCTORS or find_operation(word) is not None


def ensure_operations() -> None:
    """Fill the registry if nothing has done so yet."""
    if not operations():
        load_operations()
