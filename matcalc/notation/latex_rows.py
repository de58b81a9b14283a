r"""Formulas that are too long for a line, broken into rows as an author breaks them.

    \operatorname{tr}(\mathbf{A}) + .. + \operatorname{tr}(\mathbf{D})
    + \operatorname{tr}(\mathbf{E}) + ..

A row ends before a sign of a sum or between factors, outside of as many parentheses as can be; never within a fraction,
a root or an environment.  Parentheses that a break parts get a fixed size, since `\left` and `\right` cannot be parted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from matcalc.form import Form
from matcalc.notation.latex import written
from matcalc.notation.latex_names import BOLD, Style
from matcalc.notation.latex_parts import OPERATOR_BREAK, PRODUCT_BREAK, SUM_BREAK
from matcalc.notation.latex_width import CHARACTERS
from matcalc.notation.latex_width import width as width_of

__all__ = ["to_rows"]

#: What a break may stand in: groups and environments (never), brackets (seldom).
STRUCTURE = re.compile(
    r"\\begin\{|\\end\{|\\(?:left|right|[bB]igg?[lr])(?![A-Za-z])(?:\\.|.)|\\[A-Za-z]+|\\.|[{}()\[\]\x01\x02\x04]", re.DOTALL
)
#: How deep each kind of break counts, in brackets.
DEPTHS = {SUM_BREAK: 0.0, OPERATOR_BREAK: 0.25, PRODUCT_BREAK: 0.5}
#: How full a row is at least, before a break within more parentheses is looked for.
FULL = 0.5
#: How much the rows after the first are moved in, in em.
INDENT = 2.0
#: A row that ends.
END = "\x03"
GROWING = re.compile(rf"(?:\\!)?\\left(\\.|.)|\\right(\\.|.)|{END}", re.DOTALL)


class Break(NamedTuple):
    """A place where a row may end, and in how many brackets it stands, an operator and a product counted as part of one."""

    depth: float
    position: int


def to_rows(form: Form, style: Style = BOLD, width: float = 40.0, names: Iterable[str] = ()) -> list[str]:
    r"""The form in LaTeX as rows of at most about `width` em, one row if it fits.

    Rows after the first begin with `+`, `-`, `\odot`, .. or, within a product, `\cdot`; they are meant for `align*` or
    `aligned`, where they stand as `&\quad row`, and are `INDENT` em narrower.  A part that cannot be broken may be wider.
    """
    text = written(form, style, names, breaks=True)
    rows, start, room = [], 0, width
    while (place := _place(text, start, room)) is not None:
        rows.append(text[start:place])
        start, room = place, width - INDENT
    return [_continued(row) for row in _parted(END.join([*rows, text[start:]])).split(END)]


def _place(text: str, start: int, room: float) -> int | None:
    """Where the row that begins at `start` ends; None if all that is left fits or cannot be broken."""
    ahead = text[start : start + int(room * CHARACTERS)]
    if start + len(ahead) == len(text) and width_of(ahead) <= room:
        return None
    found = [place for place in _breaks(ahead) if place.position]
    sizes = _sizes(ahead, found, room)
    for least in (FULL * room, 0.0):
        full = [place for place, size in zip(found, sizes, strict=False) if size >= least]
        if full:
            shallow = min(place.depth for place in full)
            return start + max(place.position for place in full if place.depth == shallow)
    first = found[0] if found else next((place for place in _breaks(text[start:]) if place.position), None)
    return start + first.position if first else None


def _sizes(text: str, found: list[Break], room: float) -> list[float]:
    """The widths of what stands before each break, of those breaks that are in a row."""
    sizes: list[float] = []
    for place in found:
        sizes.append(width_of(text[: place.position]))
        if sizes[-1] > room:
            return sizes[:-1]
    return sizes


def _breaks(text: str) -> Iterator[Break]:
    """The breaks of a text that stand in no group and no environment."""
    groups, brackets = 0, 0
    for match in STRUCTURE.finditer(text):
        token = match[0]
        if token in DEPTHS:
            if groups <= 0:
                yield Break(brackets + DEPTHS[token], match.start())
        elif token == r"\begin{":
            groups += 2  # the group of its name, and the environment, which the group of `\end` closes
        elif token in ("{", "}"):
            groups += 1 if token == "{" else -1
        elif token in ("(", "[") or re.match(r"\\(left|[bB]igg?l)[^A-Za-z]", token):
            brackets += 1
        elif token in (")", "]") or re.match(r"\\(right|[bB]igg?r)[^A-Za-z]", token):
            brackets -= 1


def _parted(text: str) -> str:
    r"""The rows with fixed sizes for the brackets that are parted: `\biggl(` for `\left(`."""
    edits: list[tuple[int, int, str]] = []
    opened: list[tuple[re.Match[str], int]] = []
    ends = 0
    for match in GROWING.finditer(text):
        if match[0] == END:
            ends += 1
        elif match[1]:
            opened.append((match, ends))
        elif opened:
            left, before = opened.pop()
            if before != ends:
                edits += [(*left.span(), rf"\biggl{left[1]}"), (*match.span(), rf"\biggr{match[2]}")]
    for start, stop, shown in sorted(edits, reverse=True):
        text = text[:start] + shown + text[stop:]
    return text


def _continued(row: str) -> str:
    """A row without the marks of places for breaks; one that begins within a product begins with a dot."""
    dot = row.startswith(PRODUCT_BREAK) and not row.startswith(PRODUCT_BREAK + r" \cdot")
    plain = re.sub("|".join(DEPTHS), "", row).strip().removeprefix(r"\, ")
    return r"\cdot " + plain if dot else plain
