"""Suggestions: the known word that a mistyped one most likely was meant to be."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = ["nearest"]


def nearest(word: str, words: Iterable[str]) -> str | None:
    """The one of `words` that `word` most likely was meant to be, or None."""
    found = difflib.get_close_matches(word[:40], sorted(words), n=1, cutoff=0.6)
    return found[0] if found else None
