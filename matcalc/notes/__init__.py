r"""Notes that check themselves: the equations of a .tex or .md file that the author marks, as identities in LaTeX.

An equation is marked by a comment directly before it or inside of it, `% matcalc: x: vector(n)` in LaTeX and
`<!-- matcalc: x: vector(n) -->` in Markdown, or by a label such as `\label{mc:name}`.  All other equations are left alone.
A comment `% matcalc declare: ...` declares for all marked equations that follow, and `% matcalc define` makes of an equation
an assignment that they may use.

    excerpt       (in the package) a text with the place in the file of each character
    tokens        the tokens of LaTeX that matter
    tex, markdown the equations, marks, headings and macros of a file, as `events`
    macros        what `\newcommand` and its kin define, and its expansion
    spaces, words white space of formulas and its width; words beside equations
    rows          the equations of a display: rows and columns become claims, steps of `align` a chain
    directives    what a mark says
    statements    the identities

`\input` is not followed, and macros are known from the file that defines them only.
"""

from __future__ import annotations

from pathlib import Path

from matcalc.excerpt import Original
from matcalc.identity import IdentityError, IdentityFile, read_identities, read_text
from matcalc.notes.markdown import scan_markdown
from matcalc.notes.statements import identity_file
from matcalc.notes.tex import scan_tex

__all__ = ["SUFFIXES", "is_notes", "parse_notes", "read_file"]

TEX, MARKDOWN = (".tex", ".ltx"), (".md", ".markdown", ".qmd")
#: The endings of the names of files of notes.
SUFFIXES = TEX + MARKDOWN
HINTS = {
    TEX: "write `% matcalc: x: vector(n)` on the line before an equation, or \\label{mc:name} in it; \\input is not followed",
    MARKDOWN: "write `<!-- matcalc: x: vector(n) -->` on the line before an equation",
}


def is_notes(path: str | Path) -> bool:
    """Whether a file is one of notes, by its name."""
    return Path(path).suffix.lower() in SUFFIXES


def parse_notes(text: str, path: str, *, unmarked_ok: bool = False) -> IdentityFile:
    """The marked equations of a text; `path` tells LaTeX from Markdown.

    Raises MatcalcError with the place of the first mistake, and where no equation is marked, unless that is allowed.
    """
    original = Original(text.replace("\r\n", "\n").replace("\r", "\n"), path)
    markdown = Path(path).suffix.lower() in MARKDOWN
    scan = scan_markdown(original) if markdown else scan_tex(original)
    file = identity_file(scan)
    if not file.identities and not unmarked_ok:
        raise IdentityError(f"{path} marks no equation", hint=HINTS[MARKDOWN if markdown else TEX])
    return file


def read_file(path: str | Path, *, unmarked_ok: bool = False) -> IdentityFile:
    """The file at `path`: one of notes by its name, else one of identities."""
    return parse_notes(read_text(path), str(path), unmarked_ok=unmarked_ok) if is_notes(path) else read_identities(path)
