r"""Markdown for GitHub, Jupyter Book and Quarto: what all three show alike.

GitHub reads its backslash escapes in formulas, too, so `\,` and `\\` would lose their meaning: every command in a formula
is a word here.  Signs of text that have a meaning in Markdown are written as character references, which have none.
"""

from __future__ import annotations

import re

from matcalc.documents.format import UNICODE_SIGNS, Format

__all__ = ["MARKDOWN", "markdown_text", "portable"]

#: Signs that mean something within a line.
_SPECIAL = re.compile(r"[\\`*_{}\[\]<>#|$~&^@]")
#: Signs that mean something at the beginning of a line.
_LEADING = re.compile(r"^(\s*)([-+=](?=[-=]*(?:\s|$))|\d+[.)](?=\s|$))")
#: Commands of one sign, and the words for them.
_WORDS = {
    "\\\\": r"\cr", r"\,": r"\thinspace", r"\:": r"\medspace", r"\>": r"\medspace", r"\;": r"\thickspace",
    r"\!": r"\negthinspace", r"\{": r"\lbrace", r"\}": r"\rbrace", r"\|": r"\Vert", r"\ ": r"\space", "<": r"\lt",
    ">": r"\gt", "*": r"\ast", "|": r"\vert",
}  # fmt: skip
_COMMAND = re.compile(r"\\operatorname\*?\{([^{}]*)\}|\\[a-zA-Z]+\*?|\\.|[<>*|]")


def markdown_text(text: str) -> str:
    """A text as Markdown that prints it."""
    line = "".join(character if character.isprintable() else " " for character in text)
    escaped = _SPECIAL.sub(lambda match: f"&#{ord(match[0])};", line)
    return _LEADING.sub(lambda match: f"{match[1]}{match[2][:-1]}&#{ord(match[2][-1])};", escaped)


def portable(latex: str) -> str:
    """A formula whose commands are words, on one line."""
    return re.sub(r" +", " ", _COMMAND.sub(_word, " ".join(latex.split()))).strip()


def _word(match: re.Match[str]) -> str:
    """The word for a command of one sign; a function's name in the way that GitHub knows."""
    if match[1] is not None:
        return rf"\mathop{{\mathrm{{{match[1]}}}}}\nolimits "
    token = match[0]
    return f"{_WORDS[token]} " if token in _WORDS else token


def code(text: str) -> str:
    """A text as it is typed, between as many backticks as it takes."""
    line = "".join(character if character.isprintable() else " " for character in text)
    ticks = "`" * (max(map(len, re.findall("`+", line)), default=0) + 1)
    space = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{ticks}{space}{line}{space}{ticks}"


def alignments(row: str) -> list[int]:
    """Where the marks of alignment are, those within environments aside."""
    found, depth = [], 0
    for match in re.finditer(r"\\[a-zA-Z]+|\\.|&", row):
        depth += {"\\begin": 1, "\\end": -1}.get(match[0], 0)
        if match[0] == "&" and depth == 0:
            found.append(match.start())
    return found


def display(rows: tuple[str, ...]) -> str:
    """A displayed formula; it is one line, so that none begins with a sign that Markdown takes for a list."""
    marks = [place for row in rows for place in alignments(row)]
    if len(rows) == 1 and len(marks) < 2:
        row = rows[0]
        body = portable(row[: marks[0]] + row[marks[0] + 1 :] if marks else row)
    else:
        body = portable(r"\begin{aligned} " + r" \\ ".join(rows) + r" \end{aligned}")
    guard = "" if re.match(r"[a-zA-Z(\\]", body) else "{}"
    return f"$$\n{guard}{body}\n$$"


MARKDOWN = Format(
    name="md",
    text=markdown_text,
    math=lambda latex: f"${portable(latex)}$",
    display=display,
    code=code,
    signs=UNICODE_SIGNS,
)
