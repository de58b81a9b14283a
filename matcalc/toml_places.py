"""Where the tables and keys of a TOML text stand: what a TOML reader does not tell.

The text is known to be valid TOML.  It is cut into strings, comments, brackets and the rest, so that a header inside of
a string, a comment or a list is not taken for one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

__all__ = ["Table", "tables"]

_TOKEN = re.compile(
    r'''
      (?P<string> """ (?:\\.|[^\\])*? "{3,5} | \'\'\' .*? '{3,5} | "(?:\\.|[^"\\\n])*" | '[^'\n]*' )
    | (?P<comment> \#[^\n]* )
    | (?P<newline> \n )
    | (?P<open> [\[{] )
    | (?P<close> [\]}] )
    | (?P<rest> [^"'#\n\[\]{}]+ | . )
    ''',
    re.VERBOSE | re.DOTALL,
)
_KEY = r"""(?: [A-Za-z0-9_-]+ | "[^"\n]*" | '[^'\n]*' )"""
_HEADER = re.compile(rf"\[\[? [ \t]* ({_KEY} (?: [ \t]* \. [ \t]* {_KEY})*) [ \t]* \]", re.VERBOSE)
_FIRST_KEY = re.compile(_KEY, re.VERBOSE)


@dataclass(frozen=True)
class Table:
    """A table: the name in its header (empty for the top of the text), where that starts, where each of its keys does."""

    name: str
    start: int
    keys: dict[str, int] = field(default_factory=dict)


def tables(text: str) -> list[Table]:
    """The tables of a valid TOML text in the order in which they stand, the top of the text first."""
    found = [Table("", 0)]
    for start in _statements(text):
        header = _HEADER.match(text, start) if text[start] == "[" else None
        if header is not None:
            found.append(Table(header[1].strip("\"'"), start))
        elif key := _FIRST_KEY.match(text, start):
            found[-1].keys.setdefault(key[0].strip("\"'"), start)
    return found


def _statements(text: str) -> Iterator[int]:
    """Where headers and assignments start: the first character of each line that is not inside of brackets."""
    depth = 0
    fresh = True
    for token in _TOKEN.finditer(text):
        kind = token.lastgroup
        if kind == "newline":
            fresh = fresh or depth == 0
        elif fresh and kind != "comment" and token[0].strip():
            yield token.start() + len(token[0]) - len(token[0].lstrip())
            fresh = False
        depth += (kind == "open") - (kind == "close")
