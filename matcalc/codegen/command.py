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

#: A loop, whose lines are told apart by their indentation.
LOOP = re.compile(r"(?:^|[;:])\s*for\s+\w+\s+in\b", re.MULTILINE)


def command_lines(source: str, names: Sequence[str], declarations: Sequence[str], options: Sequence[str]) -> list[str]:
    """The call of `matcalc derive` for a source; `options` are the others, each with its value.

    A source with loops, or one that is too long for one line, keeps its lines, which stay as deep as they are.  Empty
    for a source with a comment, which is no one line of a shell, and for lines that would have to be broken.
    """
    lines = [line.rstrip().rstrip(";").expandtabs() for line in source.splitlines() if line.strip()]
    if "#" in source or not all(line.isprintable() for line in lines):
        return []
    words = [f"--wrt {quoted(name)}" for name in names]
    words += [f"--declare {quoted(text)}" for text in grouped(declarations)]
    command = f"matcalc derive {quoted('; '.join(line.strip() for line in lines))}"
    if LOOP.search(source) is None and (len(lines) == 1 or len(command) <= WIDTH):
        return filled([command, *words, *options])
    if max(map(len, lines)) > WIDTH:
        return []
    # The first line stands below the quote, so that its indentation is that of the others.
    *program, end = f"matcalc derive {quoted(chr(10).join(['', *lines, '']))}".split("\n")
    return [*program, *filled([end, *words, *options])]


def grouped(declarations: Sequence[str]) -> list[str]:
    """Declarations with `;` between them, as many together as fit on a line."""
    groups: list[str] = []
    for declaration in declarations:
        if groups and len(groups[-1]) + len(declaration) <= WIDTH - 25:
            groups[-1] += f"; {declaration}"
        else:
            groups.append(declaration)
    return groups


def filled(words: Sequence[str]) -> list[str]:
    """The words on lines, those after the first indented."""
    lines: list[str] = []
    for word in words:
        if lines and len(lines[-1]) + 1 + len(word) <= WIDTH:
            lines[-1] += " " + word
        else:
            lines.append("    " * bool(lines) + word)
    return lines


def quoted(text: str) -> str:
    """A word of a shell."""
    if re.fullmatch(r"[\w.,=/+-]+", text, re.ASCII) and not text.startswith("-"):
        return text
    return shlex.quote(text) if SPECIAL.search(text) else f'"{text}"'
