r"""The equations of one display: rows and columns become claims, what only typesets is left out.

A row that begins with a relation, or that has nothing before its first `&`, goes on with the equation of the row before,
so `a &= b \\ &= c` is the chain a = b = c; a row with a left side of its own begins another equation.  In `multline` all
rows are one equation.  Each pair of columns (`a &= b & c &= d`) has equations of its own.  Left out are labels, tags,
`\nonumber`, `\intertext`, empty space at the ends, the full stop or comma at the end of an equation, and remarks: a
`\text{..}` of several words, or one that stands behind a wide space or in a column of its own, with what comes after it
in its cell.  What comes after the words must be a condition (`for`, `if`, `since`, ..).  Anything else, such as a second
equation, would go unnoticed, and is an error; so is what stands behind a wide space without an operator or words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from matcalc.errors import MatcalcError
from matcalc.excerpt import Excerpt
from matcalc.notes.spaces import KERNS, LENGTH, SPACES, WIDE, length_of
from matcalc.notes.tokens import TOKEN, braced, bracketed, environment_at, groups
from matcalc.notes.words import CONDITION, DENIAL, JOINING, MEANING

__all__ = ["Equation", "equations"]

#: Environments within a display whose rows are those of the display.
_ROWS = frozenset({"aligned", "alignedat", "split", "gathered", "align", "align*", "gather", "gather*", "alignat", "alignat*"})
#: Commands that are left out with their argument, first those that are white space.
_BLANK = frozenset({r"\hspace", r"\phantom", r"\hphantom"})
_WITH_ARGUMENT = _BLANK | {r"\tag", r"\intertext", r"\shortintertext", r"\vspace", r"\vphantom", r"\color", r"\textcolor"}
_ALONE = frozenset({
    r"\nonumber", r"\notag", r"\displaybreak", r"\allowdisplaybreaks", r"\allowbreak", r"\qedhere", r"\hfill", r"\hfil",
    r"\displaystyle", r"\textstyle", r"\limits", r"\nolimits", r"\mathstrut", r"\strut", r"\relax", r"\noindent", r"\pause",
})  # fmt: skip
_TEXT = frozenset({r"\text", r"\textrm", r"\textnormal", r"\textit", r"\textsf", r"\textbf", r"\mbox", r"\hbox", r"\textup"})
_ABOVE = frozenset({r"\overset", r"\underset", r"\stackrel"})
_RELATIONS = frozenset({
    r"\triangleq", r"\equiv", r"\coloneqq", r"\eqqcolon", r"\doteq", r"\approx", r"\simeq", r"\cong", r"\sim", r"\le", r"\leq",
    r"\ge", r"\geq", r"\ne", r"\neq", r"\propto", r"\to", r"\Rightarrow", r"\implies", r"\iff", r"\Leftrightarrow",
    r"\leqslant", r"\geqslant", r"\in", r"\ll", r"\gg", r"\succ", r"\succeq", r"\prec", r"\preceq", r"\longrightarrow",
    r"\Longrightarrow", r"\Longleftrightarrow", r"\therefore",
})  # fmt: skip
_PUNCTUATION = frozenset(".,;")
_SIGNS = frozenset({"+", "-", r"\pm", r"\mp"})
_OPERATORS = frozenset({"*", "/", r"\cdot", r"\times", r"\odot", r"\circ", r"\otimes", r"\oslash", r"\ast"})
_OPTION = re.compile(r"\*?(?:\[\s*-?[\d.]*\s*(?:\\?[A-Za-z]{2,20})?\s*\])?")
_END = re.compile(r"(?:\s|[.,;]|\\[,;:!> ]|~|\\q?quad(?![A-Za-z])|\\enspace(?![A-Za-z])|\{\})+\Z")
_WORD = re.compile(r"[A-Za-z]+")
#: Fences that are invisible at the end of one row and the beginning of the next, and spaces by length.
_INVISIBLE = re.compile(
    r"\\right\s*+\.\s*+(?:(?:\\quad|\\qquad|\\[,;:! ]|~|\{\})\s*+)*+\\left\s*+\."
    r"|\\(?:mkern|kern|mskip|hskip)\s*+[-+]?[0-9.]++\s*+(?:mu|pt|em|ex|mm|cm)"
)
#: Environments whose columns do not come in pairs.
_ONE_COLUMN = ("eqnarray", "multline", "dmath")
#: What counts the equations of a display by hand.
_ENUMERATOR = re.compile(r"\s*\(?\w{1,4}[.):]\s*")
_NOTHING = re.compile(r"(?:\s|[.,;)]|\\[,;:! ]|~|\\q?quad(?![A-Za-z])|\\(?:nonumber|notag|qedhere)(?![A-Za-z]))*+")
_NOTHING_ELSE = re.compile(_NOTHING.pattern + r"(?=&|\\\\|\\end(?![A-Za-z])|\\label(?![A-Za-z])|\\tag(?![A-Za-z])|\Z)")


@dataclass(frozen=True)
class Equation:
    """One equation or chain, its labels, the line in the file of each relation, conditions in words, which are left out."""

    formula: Excerpt
    labels: tuple[Excerpt, ...]
    steps: tuple[int, ...]
    conditions: tuple[str, ...] = ()


@dataclass
class _Cell:
    """What stands between two `&`."""

    pieces: list[Excerpt] = field(default_factory=list)
    #: The relations that are not within braces.
    relations: list[Excerpt] = field(default_factory=list)
    labels: tuple[Excerpt, ...] = ()
    conditions: tuple[str, ...] = ()
    #: What the first token is that is no space: `relation`, `operator`, `sign` or `operand`; empty if there is none.
    begins: str = ""
    #: What the last token is that is no space or punctuation, and how wide the space behind it is, in em.
    last: str = ""
    space: float = 0.0
    #: A sign behind a wide space, with which another equation may begin.
    doubtful: Excerpt | None = None

    @property
    def wide(self) -> bool:
        return self.space >= WIDE


@dataclass
class _Part:
    """An equation that is being put together: what its rows say, each with what it begins with."""

    rows: list[tuple[str, Excerpt]]
    relations: list[Excerpt]
    labels: tuple[Excerpt, ...]
    conditions: tuple[str, ...]


def equations(body: Excerpt, environment: str) -> list[Equation]:
    """The equations of a display without comments and macros, in the order in which they begin."""
    rows = _Reader(body, environment).rows()
    if environment.startswith("multline"):
        rows = [[cell for row in rows for cell in row]]
    # In `eqnarray`, the relation has a column of its own.
    width = max(map(len, rows)) if environment.startswith(_ONE_COLUMN) else 2
    found: list[Equation] = []
    for column in range(0, max(map(len, rows)), width):
        parts = _column([row[column : column + width] for row in rows], body)
        found += [equation for part in parts if (equation := _finished(part, body)) is not None]
    return sorted(found, key=lambda equation: min(equation.formula.starts))


def _column(rows: list[list[_Cell]], body: Excerpt) -> list[_Part]:
    """The equations of one pair of columns."""
    parts: list[_Part] = []
    for cells in rows:
        said = Excerpt.joined([piece for cell in cells for piece in cell.pieces], body.original)
        relations = [relation for cell in cells for relation in cell.relations]
        labels = tuple(label for cell in cells for label in cell.labels)
        conditions = tuple(condition for cell in cells for condition in cell.conditions)
        begins = next((cell.begins for cell in cells if cell.begins), "")
        if parts and _goes_on(cells, begins, parts[-1], stated=bool(relations)):
            last = parts[-1]
            last.rows.append((begins, said))
            last.relations += relations
            last.labels, last.conditions = last.labels + labels, last.conditions + conditions
        elif begins or labels:
            parts.append(_Part([(begins, said)], relations, labels, conditions))
    return parts


def _goes_on(cells: list[_Cell], begins: str, last: _Part, *, stated: bool) -> bool:
    """Whether a row goes on with the equation of the row before; `stated` says that there is a relation in it."""
    indented = not cells or not cells[0].begins
    if begins in ("", "relation", "operator"):
        return True
    if begins == "sign":
        return indented or not stated or not last.relations
    return indented and not (stated and last.relations)


def _finished(part: _Part, body: Excerpt) -> Equation | None:
    """An equation without what stands at its ends."""
    pieces: list[Excerpt] = []
    following = [begins for begins, _ in part.rows[1:]] + [""]
    for (_, said), then in zip(part.rows, following, strict=True):
        kept = _without_end(said) if then in ("", "relation") else said
        if kept.text:
            pieces += [kept, kept.part(len(kept.text) - 1, len(kept.text)).standing_for(" ")]
    formula = _visible(Excerpt.joined(pieces, body.original)).squeezed()
    if not formula.text:
        return None
    return Equation(formula, part.labels, tuple(relation.line() for relation in part.relations), part.conditions)


def _visible(said: Excerpt) -> Excerpt:
    """A formula without what is not seen of it."""
    bounds = [0, *(at for match in _INVISIBLE.finditer(said.text) for at in match.span()), len(said.text)]
    kept = [said.part(start, end) for start, end in zip(bounds[::2], bounds[1::2], strict=True)]
    return Excerpt.joined(kept, said.original)


def _without_end(said: Excerpt) -> Excerpt:
    """A row without the space and the punctuation at its end; a dot that closes nothing, as in `\\right.`, stays."""
    end = len(said.text)
    while end and (match := _END.search(said.text, max(0, end - 60), end)):
        start = match.start()
        if said.text.endswith((r"\right", r"\left"), 0, start):
            break
        end = start
    return said.part(0, end)


class _Reader:
    """The tokens of one display, dealt out to rows and cells."""

    def __init__(self, body: Excerpt, environment: str) -> None:
        self.body = body
        self.text = body.text
        self.ends = groups(body.text)
        self.at = 0
        #: How many environments are open whose rows are their own, as in `cases`.
        self.depth = 0
        #: Whether a block of rows within the display has ended.
        self.ended = False
        #: Where frames end that are left out.
        self.frames: set[int] = set()
        #: Whether all columns of a row are one equation.
        self.one_column = environment.startswith(_ONE_COLUMN)
        self.table: list[list[_Cell]] = [[_Cell()]]
        self.skip_count(environment)

    @property
    def cell(self) -> _Cell:
        return self.table[-1][-1]

    @property
    def owner(self) -> _Cell:
        """The cell that a label or a condition belongs to: the last one of its row that says something."""
        return next((cell for cell in reversed(self.table[-1]) if cell.begins), self.cell)

    def rows(self) -> list[list[_Cell]]:
        """All cells."""
        while token := TOKEN.match(self.text, self.at):
            self.at = token.end()
            if token.start() in self.frames:
                continue
            if token.lastgroup == "open" and token.start() in self.ends:
                self.group(token)
            elif token.lastgroup == "command":
                self.command(token)
            elif self.depth:
                self.keep(token.span())
            elif token[0] == r"\\":
                self.at = _end_of(_OPTION, self.text, self.at)
                self.table.append([_Cell()])
            elif token.lastgroup == "column":
                self.table[-1].append(_Cell())
            elif token[0] == ":" and self.text.startswith("=", self.at):
                self.at += 1
                self.keep((token.start(), self.at), "relation")
            else:
                self.keep(token.span(), _kind(token[0]))
        return self.table

    def keep(self, span: tuple[int, int], kind: str = "operand") -> None:
        """Add a part of the text to the cell."""
        cell = self.cell
        piece = self.body.part(*span)
        cell.pieces.append(piece)
        if kind == "relation":
            cell.relations.append(piece)
        if kind == "space":
            cell.space += SPACES.get(piece.text, 0.0)
            return
        self.check_space(cell, piece, kind)
        cell.begins, cell.last, cell.space = cell.begins or kind, kind, 0.0

    def check_space(self, cell: _Cell, piece: Excerpt, kind: str) -> None:
        """Refuse what is no product as its author sees it: two operands with a wide space between them."""
        hint = "put a condition into words, as in \\quad \\text{for } n > 0, and an equation into a row of its own"
        if cell.wide and cell.last == kind == "operand":
            raise MatcalcError("what stands behind this space would be read as a factor", piece.span(), hint=hint)
        if cell.wide and cell.last == "operand" and kind == "sign" and cell.relations:
            cell.doubtful = piece
        elif kind == "relation" and cell.doubtful is not None and cell.last == "operand":
            place = cell.doubtful.span()
            raise MatcalcError("what stands behind this space would be read as a term", place, hint=hint)

    def group(self, token: re.Match[str]) -> None:
        """A group is kept as a whole; an empty one only keeps operators apart."""
        self.at = self.ends[token.start()]
        if self.text[token.start() + 1 : self.at - 1].strip() or self.text.startswith(("_", "^"), self.at) or self.depth:
            self.keep((token.start(), self.at))

    def command(self, token: re.Match[str]) -> None:
        """What a command does to the table, if it is not kept like any other."""
        word = token[0]
        inside = braced(self.text, self.at, self.ends)
        if word in (r"\begin", r"\end"):
            self.environment(token)
        elif word == r"\label" and inside:
            self.owner.labels += (self.body.part(*inside).stripped(),)
            self.at = inside[1] + 1
        elif self.depth:
            self.keep(token.span())
        elif word in _ALONE:
            self.at = _end_of(_OPTION, self.text, self.at) if word.endswith(("break", "breaks")) else self.at
        elif word in _WITH_ARGUMENT:
            at = self.at + (word in (r"\tag", r"\hspace", r"\vspace") and self.text.startswith("*", self.at))
            inside = braced(self.text, at, self.ends)
            self.cell.space += length_of(self.text, *inside) if inside and word in _BLANK else 0.0
            self.at = inside[1] + 1 if inside else at
        elif word in KERNS and (length := LENGTH.match(self.text, self.at)):
            self.cell.space += length_of(self.text, *length.span())
            self.at = length.end()
        elif word in (r"\eqno", r"\leqno"):
            self.rest()
        elif word == r"\boxed" and inside and self.is_whole(inside):
            self.frames.add(inside[1])
            self.at = inside[0]
        elif word in _TEXT and inside:
            self.words(token, inside)
        elif word in _ABOVE and inside:
            self.above(token, inside)
        else:
            self.keep(token.span(), _kind(word))

    def is_whole(self, inside: tuple[int, int]) -> bool:
        """Whether a frame stands around a whole equation."""
        equation = any(_is_relation(token[0]) for token in TOKEN.finditer(self.text, *inside))
        return equation and not self.cell.begins and _NOTHING_ELSE.match(self.text, inside[1] + 1) is not None

    def environment(self, token: re.Match[str]) -> None:
        """An environment of rows is as if it were not there; any other is kept."""
        name = environment_at(self.text, self.at)
        if name is None or name[1] not in _ROWS or self.depth:
            self.depth = max(0, self.depth + (1 if token[0] == r"\begin" else -1))
            self.at = name.end() if name else self.at
            self.keep((token.start(), self.at))
            return
        self.at = name.end()
        if token[0] == r"\end":
            self.ended = True
        elif self.ended:
            hint = "give each block of rows a display of its own"
            raise MatcalcError("two blocks of rows in one display", self.body.part(*token.span()).span(), hint=hint)
        else:
            option = bracketed(self.text, self.at)
            self.at = option.end() if option else self.at
            self.skip_count(name[1])

    def skip_count(self, environment: str) -> None:
        """Go behind the number of columns that some environments take."""
        count = braced(self.text, self.at, self.ends) if "alignat" in environment or environment == "alignedat" else None
        self.at = count[1] + 1 if count else self.at

    def above(self, token: re.Match[str], inside: tuple[int, int]) -> None:
        """A relation with something above it is the relation."""
        base = braced(self.text, inside[1] + 1, self.ends)
        if base is None or not _is_relation(self.text[slice(*base)].strip()):
            self.keep(token.span())
            return
        self.keep(base, "relation")
        self.at = base[1] + 1

    # ---- Remarks ----------------------------------------------------------------------------------------------------

    def words(self, token: re.Match[str], inside: tuple[int, int]) -> None:
        """Text: a part of the formula, or a remark, which is left out with what follows in the cell."""
        behind = inside[1] + 1
        if not self.is_remark(self.text[slice(*inside)], behind):
            self.keep((token.start(), behind))
            self.at = behind
            return
        first = _WORD.search(self.text, *inside)
        self.at = behind
        if _ENUMERATOR.fullmatch(self.text, *inside) and not self.cell.begins:
            return
        if _NOTHING_ELSE.match(self.text, behind):
            return
        follows = TOKEN.match(self.text, _end_of(_NOTHING, self.text, behind))
        if follows is not None and _is_relation(follows[0]) and not DENIAL.search(self.text, *inside):
            return  # the equation goes on behind the words
        start, end = self.rest()
        word = first[0].lower() if first else ""
        before = self.text[start:end].rpartition("=")[0]
        second = word not in MEANING and (r"\quad" in before or r"\qquad" in before)
        if word not in CONDITION or second:
            hint = "state it as an equation of its own, or leave it to the text"
            place = self.body.part(start, end).stripped().span()
            raise MatcalcError("what stands behind these words would not be verified", place, hint=hint)
        self.owner.conditions += (" ".join(f"{self.text[slice(*inside)]} {self.text[start:end]}".split()).rstrip(" .,;"),)

    def is_remark(self, said: str, behind: int) -> bool:
        """Whether text is more than a name, and what follows it is about the equation and no part of it."""
        word = _WORD.match(said.strip())
        if said != said.strip() or len(said.split()) != 1 or _ENUMERATOR.fullmatch(said):
            return True
        own_column = len(self.table[-1]) > 2 and not self.cell.begins
        leading = word is not None and word[0].lower() in CONDITION | JOINING
        alone = _NOTHING_ELSE.match(self.text, behind) is not None
        if not self.cell.wide and not own_column:
            return leading and alone and not self.cell.begins
        return leading or alone

    def rest(self) -> tuple[int, int]:
        """Go to the end of the cell, from a left side on behind its relation; what stands on the way."""
        start, columns = self.at, 10**6 if self.one_column else len(self.table[-1]) % 2
        while token := TOKEN.match(self.text, self.at):
            columns -= token.lastgroup == "column"
            if columns < 0 or token[0] == r"\\":
                break
            if token.lastgroup == "command" and token[0] in (r"\label", r"\end"):
                break
            self.at = self.ends.get(token.start(), token.end())
        return start, self.at


def _end_of(pattern: re.Pattern[str], text: str, at: int) -> int:
    """Where what a pattern finds ends."""
    found = pattern.match(text, at)
    return found.end() if found else at


def _is_relation(word: str) -> bool:
    return word in _RELATIONS or word in ("=", "<", ">")


def _kind(word: str) -> str:
    """What a token is for one who looks for equations."""
    if word in SPACES or word.isspace() or word in _PUNCTUATION:
        return "space"
    if _is_relation(word):
        return "relation"
    return "sign" if word in _SIGNS else "operator" if word in _OPERATORS else "operand"
