r"""Formulas as MathML: the LaTeX that matcalc prints, translated for the browsers of today (MathML Core).

    \mathbf{x}^\top \mathbf{A}    <msup><mi>𝐱</mi><mo>⊤</mo></msup><mi>𝐀</mi>

The commands are a closed list; any other is an error, never a guess.  MathML Core has no bold letters by attribute, so
they are characters of their own; a minus sign without a left operand says that it is a prefix; parentheses are grouped,
so that a power stands at the whole group.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from html import escape

from matcalc.documents.letters import DOUBLE_STRUCK, bold, bold_italic
from matcalc.documents.signs import (
    ACCENTS,
    ALIGNED,
    BINARY,
    DELIMITERS,
    FENCES,
    FUNCTIONS,
    IDENTIFIERS,
    IGNORED,
    OPENING,
    RELATIONS,
    SIZES,
    SPACES,
    TOGGLES,
    UPRIGHT,
)
from matcalc.errors import MatcalcError

__all__ = ["UnknownLatex", "mathml"]


class UnknownLatex(MatcalcError):
    """LaTeX that matcalc does not print."""


TOKEN = re.compile(r"\\text(?:rm)?\{[^{}]*\}|\\[a-zA-Z]+\*?|\\.|[0-9]+(?:\.[0-9]+)?|'+|\s+|.", re.DOTALL)
#: The deepest nesting that is translated.
DEEPEST = 100


@dataclass
class Atom:
    """A piece of MathML with TeX's class of it: ord, op, bin, rel, open, close, punct, space."""

    text: str
    kind: str = "ord"
    #: Whether scripts stand above and below.
    limits: bool = False


def mathml(latex: str, *, display: bool = False) -> str:
    """A `math` element; raises UnknownLatex for LaTeX that is not in the list."""
    inner = Translation([token for token in TOKEN.findall(latex) if not token.isspace()], display=display).whole()
    shown = ' display="block"' if display else ""
    return f'<math{shown} alttext="{escape(latex)}">{inner}</math>'


@dataclass
class Translation:
    """The tokens of one formula while they are read."""

    tokens: list[str]
    display: bool = False
    at: int = 0
    depth: int = 0

    def whole(self) -> str:
        """All of it."""
        rows = self.table_rows(end="")
        return self.table(rows, "aligned") if len(rows) > 1 or len(rows[0]) > 1 else rows[0][0]

    # Tokens.

    @property
    def token(self) -> str:
        """The next token, empty at the end."""
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def advance(self) -> str:
        """Take the next token."""
        token = self.token
        self.at += 1
        return token

    def expect(self, token: str) -> None:
        """Take this token."""
        if self.advance() != token:
            raise UnknownLatex(f"a formula lacks {token}")

    # Lists of atoms.

    def row(self, *stops: str) -> str:
        """Atoms up to one of some tokens, which is left, as one element."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise UnknownLatex("a formula is nested too deeply")
        atoms: list[Atom] = []
        while self.token and self.token not in stops:
            self.scripted(atoms, stops)
        self.depth -= 1
        return joined(atoms)

    def scripted(self, atoms: list[Atom], stops: tuple[str, ...]) -> None:
        """The next atom with its scripts."""
        atom = self.atom(stops)
        below = above = ""
        while self.token in ("^", "_") or self.token.startswith("'"):
            token = self.advance()
            if token == "_":
                below = self.argument()
            elif token == "^":
                above += self.argument()
            else:
                above += "<mo>" + {1: "′", 2: "″", 3: "‴"}.get(len(token), "′" * len(token)) + "</mo>"
        atoms.append(with_scripts(atom, below, above, limits=atom.limits and self.display))

    def argument(self) -> str:
        """A group in braces, or one atom."""
        if self.token == "{":
            return self.group()
        if not self.token:
            raise UnknownLatex("a formula ends too early")
        return self.atom(()).text

    def group(self) -> str:
        """A group in braces."""
        self.expect("{")
        inner = self.row("}")
        self.expect("}")
        return inner

    def braced(self) -> str:
        """The characters of a group in braces."""
        self.expect("{")
        start, depth = self.at, 1
        while depth:
            if not self.token:
                raise UnknownLatex("a formula lacks }")
            depth += {"{": 1, "}": -1}.get(self.advance(), 0)
        return "".join(self.tokens[start : self.at - 1])

    # Atoms.

    def atom(self, stops: tuple[str, ...]) -> Atom:
        """The next atom without scripts."""
        token = self.token
        if token in OPENING or (token in TOGGLES and token not in stops):
            return self.delimited(OPENING.get(token, token), stops)
        if token[1:-1] in SIZES and token.endswith("l"):
            return self.sized(token[1:-1], stops)
        self.advance()
        if token == "{":
            self.at -= 1
            return Atom(self.group())
        if token.startswith("\\text") and token.endswith("}"):
            return words(token)
        if len(token) > 1 and token[0] == "\\":
            return self.command(token[1:])
        return character(token)

    def delimited(self, closing: str, stops: tuple[str, ...]) -> Atom:
        """What stands between two delimiters, of which the second one may be missing."""
        opening = self.advance()
        around = stops if opening in TOGGLES else tuple(stop for stop in stops if stop not in TOGGLES)  # a norm in a norm
        inner = self.row(closing, *around)
        end = fence(self.advance(), "postfix") if self.token == closing else ""
        return Atom(f"<mrow>{fence(opening, 'prefix')}{inner}{end}</mrow>", "group")

    def command(self, name: str) -> Atom:
        """The atom of a command whose name is read."""
        for table, tag, kind in ((IDENTIFIERS, "mi", "ord"), (BINARY, "mo", "bin"), (RELATIONS, "mo", "rel")):
            if name in table:
                return Atom(f"<{tag}{UPRIGHT.get(name, '')}>{escape(table[name])}</{tag}>", kind)
        if name in FUNCTIONS:
            return Atom(f"<mi>{name}</mi>", "op", limits=name in ("max", "min", "sup", "inf", "lim"))
        if name in SPACES:
            return space(SPACES[name])
        if name in DELIMITERS:
            return Atom(f'<mo stretchy="false">{DELIMITERS[name]}</mo>', "ord")
        if name in IGNORED:
            return Atom("", "space")
        if name.rstrip("rl") in SIZES:
            return Atom(fence(self.advance(), "postfix"))
        if name in COMMANDS:
            return COMMANDS[name](self)
        if name in ACCENTS:
            return Atom(f'<mover accent="true">{self.argument()}<mo stretchy="false">{ACCENTS[name]}</mo></mover>')
        raise UnknownLatex(f"\\{name} is not LaTeX that matcalc prints")

    def big_sum(self) -> Atom:
        """A sum, whose indices stand below it in a display."""
        return Atom("<mo>∑</mo>", "op", limits=True)

    def fraction(self) -> Atom:
        above, below = self.argument(), self.argument()
        return Atom(f"<mfrac>{above}{below}</mfrac>", "group")

    def root(self) -> Atom:
        if self.token != "[":
            return Atom(f"<msqrt>{self.argument()}</msqrt>")
        self.advance()
        order = self.row("]")
        self.expect("]")
        return Atom(f"<mroot>{self.argument()}{order}</mroot>")

    def stretched(self) -> Atom:
        r"""`\left( ... \right)`."""
        opening = self.advance()
        inner = self.row(r"\right")
        self.expect(r"\right")
        closing = self.advance()
        return enclosed(opening, inner, closing)

    def sized(self, size: str, stops: tuple[str, ...]) -> Atom:
        r"""`\bigl( ... \bigr)`, of which the second one may be missing where a row ends."""
        self.advance()
        opening = self.advance()
        inner = self.row(f"\\{size}r", *stops)
        if self.token != f"\\{size}r":
            return Atom(f"<mrow>{fence(opening, 'prefix')}{inner}</mrow>", "group")
        self.advance()
        return enclosed(opening, inner, self.advance())

    def letters(self, alphabet: Callable[[str], str]) -> Atom:
        """Letters of an alphabet."""
        inner = self.braced() if self.token == "{" else self.advance()
        plain = re.sub(r"\\([a-zA-Z]+|_)", lambda match: IDENTIFIERS.get(match[1], "\\"), inner)
        if "\\" in plain or "{" in plain:
            raise UnknownLatex(f"{inner} is not in one alphabet")
        return Atom(f"<mi>{escape(alphabet(plain))}</mi>")

    def upright(self) -> Atom:
        shown = self.braced() if self.token == "{" else self.advance()
        normal = ' mathvariant="normal"' if len(shown) == 1 else ""
        return Atom(f"<mi{normal}>{escape(shown.replace(chr(92) + '_', '_'))}</mi>")

    def operator(self) -> Atom:
        atom = self.upright()
        return Atom(atom.text, "op")

    def invisible(self) -> Atom:
        """What takes room only."""
        return Atom(f"<mphantom>{self.argument()}</mphantom>")

    # Tables.

    def environment(self) -> Atom:
        r"""`\begin{cases} ... \end{cases}` and its like."""
        name = self.braced()
        if name == "array":
            self.braced()
        rows = self.table_rows(end=r"\end")
        self.expect(r"\end")
        if self.braced() != name:
            raise UnknownLatex(f"a formula lacks \\end{{{name}}}")
        if name == "cases":
            return Atom(f'<mrow><mo stretchy="true" form="prefix">{{</mo>{self.table(rows, "cases")}</mrow>', "group")
        if name in ALIGNED:
            return Atom(self.table(rows, "aligned"))
        if name not in FENCES and name != "array":
            raise UnknownLatex(f"the environment {name} is not LaTeX that matcalc prints")
        opening, closing = FENCES.get(name, ("", ""))
        parts = [fence(opening, "prefix", "true"), self.table(rows, "array"), fence(closing, "postfix", "true")]
        return Atom(f"<mrow>{''.join(parts)}</mrow>", "group")

    def table_rows(self, end: str) -> list[list[str]]:
        r"""The cells of the rows up to a token, without an empty last row."""
        rows, row = [], [self.row("&", r"\\", r"\cr", end)]
        while self.token in ("&", r"\\", r"\cr"):
            if self.advance() == "&":
                row.append(self.row("&", r"\\", r"\cr", end))
            else:
                rows.append(row)
                row = [self.row("&", r"\\", r"\cr", end)]
        if self.token != end:
            raise UnknownLatex(f"{self.token} stands where a formula ends")
        return [*rows, row] if row != [EMPTY] or not rows else rows

    def table(self, rows: list[list[str]], kind: str) -> str:
        """Rows of cells; the columns of an alignment are turned to one another."""
        shown = ' displaystyle="true"' if kind == "aligned" else ""
        lines = ["".join(f'<mtd class="{side(kind, k)}">{cell}</mtd>' for k, cell in enumerate(row)) for row in rows]
        return f'<mtable class="{kind}"{shown}>' + "".join(f"<mtr>{line}</mtr>" for line in lines) + "</mtable>"


#: An element without content.
EMPTY = "<mrow></mrow>"
COMMANDS: dict[str, Callable[[Translation], Atom]] = {
    "frac": Translation.fraction,
    "sqrt": Translation.root,
    "left": Translation.stretched,
    "sum": Translation.big_sum,
    "mathbf": lambda t: t.letters(bold),
    "boldsymbol": lambda t: t.letters(bold_italic),
    "bm": lambda t: t.letters(bold_italic),
    "mathbb": lambda t: t.letters(lambda text: "".join(DOUBLE_STRUCK.get(c, c) for c in text)),
    "mathrm": Translation.upright,
    "operatorname": Translation.operator,
    "operatorname*": Translation.operator,
    "begin": Translation.environment,
    "phantom": Translation.invisible,
}


def side(kind: str, column: int) -> str:
    """The class of a cell, which says where its content stands."""
    if kind == "aligned":
        return "remark" if column > 2 else "left" if column % 2 else "right"
    return "left" if kind == "cases" else "centre"


def character(token: str) -> Atom:
    """The atom of a character or a number."""
    if token[0].isdigit():
        return Atom(f"<mn>{token}</mn>")
    if token.isalpha():
        return Atom(f"<mi>{token}</mi>")
    if token in "+-":
        return Atom(token.replace("-", "−"), "sign")
    if token in "=<>:":
        return Atom(f"<mo>{escape(token)}</mo>", "rel")
    if token in ",;":
        return Atom(f"<mo>{token}</mo>", "punct")
    if token == "~":
        return space(SPACES["~"])
    if token in ")]|/!.*":
        return Atom(f'<mo stretchy="false"{TIGHT}>{token}</mo>', "ord")
    raise UnknownLatex(f"{token} has no meaning in a formula")


#: No space around an operator.
TIGHT = ' lspace="0" rspace="0"'


def space(width: float) -> Atom:
    """A space of some em."""
    return Atom(f'<mspace width="{width:g}em"></mspace>', "space")


def words(token: str) -> Atom:
    r"""`\text{ where }`, with its spaces."""
    return Atom(f"<mtext>{escape(token.partition('{')[2][:-1].replace(' ', chr(0xA0)))}</mtext>")


def enclosed(opening: str, inner: str, closing: str) -> Atom:
    """What stands between two delimiters that are as high as it is."""
    left, right = fence(opening, "prefix", "true"), fence(closing, "postfix", "true")
    return Atom(f"<mrow>{left}{inner}{right}</mrow>", "group")


def delimiter(token: str) -> str:
    """The character of a delimiter; `.` is none."""
    if token == ".":
        return ""
    if token in ("(", ")", "[", "]", "|", "/"):
        return token
    if token[:1] == "\\" and token[1:] in DELIMITERS:
        return DELIMITERS[token[1:]]
    raise UnknownLatex(f"{token or 'nothing'} is not a delimiter")


def fence(token: str, form: str, stretchy: str = "false") -> str:
    """The element of a delimiter, empty if there is none."""
    shown = delimiter(token or ".")
    return f'<mo stretchy="{stretchy}" form="{form}"{TIGHT}>{shown}</mo>' if shown else ""


def with_scripts(atom: Atom, below: str, above: str, *, limits: bool) -> Atom:
    """An atom with what stands below and above it."""
    if not below and not above:
        return atom
    tag = {(True, True): "msubsup", (True, False): "msub", (False, True): "msup"}[bool(below), bool(above)]
    if limits:
        tag = {"msubsup": "munderover", "msub": "munder", "msup": "mover"}[tag]
    base = atom.text if atom.kind != "sign" else f"<mo>{atom.text}</mo>"
    scripts = "".join(f"<mrow>{script}</mrow>" for script in (below, above) if script)
    return Atom(f"<{tag}>{base or EMPTY}{scripts}</{tag}>", atom.kind if atom.kind in ("op", "rel", "group") else "ord")


def joined(atoms: list[Atom]) -> str:
    """Atoms as one element, with the spaces and the prefix signs that TeX finds by their classes."""
    parts = []
    before = "start"
    for atom in atoms:
        text = atom.text
        if atom.kind == "sign":
            prefix = before in ("start", "op", "bin", "rel", "open", "punct", "sign")
            text = f'<mo form="prefix"{TIGHT}>{text}</mo>' if prefix else f'<mo form="infix">{text}</mo>'
        elif (atom.kind == "op" and before in ("ord", "group", "op")) or (atom.kind == "ord" and before == "op"):
            parts.append(space(SPACES[","]).text)
        parts.append(text)
        before = before if atom.kind == "space" and not text else atom.kind
    return "<mrow>" + "".join(parts) + "</mrow>"
