"""The tokens of LaTeX that matter to one who looks for equations: control sequences, comments, dollars, braces."""

from __future__ import annotations

import re

__all__ = ["TOKEN", "SPACE", "groups", "braced", "bracketed", "environment_at"]

TOKEN = re.compile(
    r"""
      (?P<command> \\[A-Za-z@]+ )
    | (?P<symbol> \\. )
    | (?P<comment> %[^\n]*+ )
    | (?P<dollars> \$\$ )
    | (?P<dollar> \$ )
    | (?P<open> \{ )
    | (?P<close> \} )
    | (?P<column> & )
    | (?P<blank> \n(?:[ \t]*+\n)++ )
    | (?P<space> \s )
    | (?P<word> [A-Za-z0-9]++ )
    | (?P<other> . )
    """,
    re.VERBOSE | re.DOTALL,
)
SPACE = re.compile(r"(?:[ \t]|\n(?![ \t]*+\n))*+")
_BRACES = re.compile(r"\\.|%[^\n]*+|[{}]|\n(?:[ \t]*+\n)++", re.DOTALL)
_ENVIRONMENT = re.compile(r"[ \t]*+\{[ \t]*+([A-Za-z]++\*?)[ \t]*+\}")
_BRACKETED = re.compile(r"[ \t]*+\[([^\[\]\n]{0,200})\]")


def groups(text: str) -> dict[int, int]:
    """Where the group ends that begins at each `{`, its `}` included; a group holds no empty line."""
    found: dict[int, int] = {}
    open_at: list[int] = []
    for token in _BRACES.finditer(text):
        if token[0] == "{":
            open_at.append(token.start())
        elif token[0] == "}" and open_at:
            found[open_at.pop()] = token.end()
        elif token[0][0] == "\n":
            open_at.clear()
    return found


def braced(text: str, at: int, ends: dict[int, int]) -> tuple[int, int] | None:
    """The inside of a group that follows, after spaces; None if there is none."""
    space = SPACE.match(text, at)
    at = space.end() if space else at
    return (at + 1, ends[at] - 1) if at in ends else None


def bracketed(text: str, at: int) -> re.Match[str] | None:
    """An argument in square brackets, without other ones inside of it, that follows."""
    return _BRACKETED.match(text, at)


def environment_at(text: str, at: int) -> re.Match[str] | None:
    r"""The braces with the name of an environment after `\begin` or `\end`; the name is the first group."""
    return _ENVIRONMENT.match(text, at)
