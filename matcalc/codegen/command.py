"""The command that makes an emitted module again, for its docstring."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

__all__ = ["command_lines"]

#: How wide a line of the command may be.
WIDTH = 88

#: What a shell takes for itself between double quotes.
SPECIAL = re.compile(r'["$`\\!]')


def command_lines(source: str, names: Sequence[str], declarations: Sequence[str], options: Sequence[str]) -> list[str]:
    """The call of `matcalc derive` for a source; `options` are the others, each with its value.

    Empty for a source with a comment, which is no one line of a shell.
    """
    lines = [line.strip().rstrip(";") for line in source.splitlines() if line.strip()]
    if "#" in source or not all(line.isprintable() for line in lines):
        return []
    words = [f"matcalc derive {quoted('; '.join(lines))}", *(f"--wrt {quoted(name)}" for name in names)]
    words += [f"--declare {quoted('; '.join(declarations))}"] * bool(declarations)
    filled: list[str] = []
    for word in [*words, *options]:
        if filled and len(filled[-1]) + 1 + len(word) <= WIDTH:
            filled[-1] += " " + word
        else:
            filled.append("    " * bool(filled) + word)
    return filled


def quoted(text: str) -> str:
    """A word of a shell."""
    if re.fullmatch(r"[\w.,=/+-]+", text, re.ASCII) and not text.startswith("-"):
        return text
    return shlex.quote(text) if SPECIAL.search(text) else f'"{text}"'
