"""Notes as data: what a document says, in no format yet.

A document has sections, a section statements, a statement a claim with what belongs to it.  Plain strings are texts that
the user gave, and are escaped wherever they are written; formulas are `Math` and `Display`, what is typed is `Code`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = [
    "Math",
    "Display",
    "Code",
    "Mark",
    "Sign",
    "Part",
    "Line",
    "Fact",
    "Statement",
    "Derivation",
    "Section",
    "Symbol",
    "Rule",
    "Document",
    "MARKS",
]


@dataclass(frozen=True)
class Math:
    """A formula in a line of text, as LaTeX without dollar signs."""

    latex: str


@dataclass(frozen=True)
class Display:
    r"""A displayed formula: the rows of an `align*`, without the `\\` between them."""

    rows: tuple[str, ...]


@dataclass(frozen=True)
class Code:
    """A text as it is typed."""

    text: str


#: What a line of text consists of.
Part = str | Math | Code
Line = tuple[Part, ...]

#: The kinds of marks, in the order of the legend, with what each means.
MARKS = {
    "proved": "proved for all sizes and all values where both sides are defined",
    "proved-at-sizes": "proved by entries at the sizes that are named",
    "numeric": "agreed at random points, which is no proof",
    "undecided": "neither proved nor refuted",
    "refuted": "false: the sides differ at some point",
    "malformed": "cannot be read",
}


@dataclass(frozen=True)
class Sign:
    """The sign of a kind of `MARKS`."""

    kind: str


@dataclass(frozen=True)
class Mark:
    """What was found out about a statement: a kind of `MARKS` and the words beside its sign."""

    kind: str
    words: str

    @property
    def sign(self) -> Sign:
        """Its sign alone."""
        return Sign(self.kind)


@dataclass(frozen=True)
class Fact:
    """Something that belongs to a statement, such as `Note` and its text."""

    heading: str
    text: Line

    @property
    def end(self) -> str:
        """A full stop, unless the text has one."""
        last = self.text[-1] if self.text else ""
        return "" if isinstance(last, str) and last.rstrip().endswith((".", "!", "?", ":")) else "."


@dataclass(frozen=True)
class Derivation:
    """The way to a statement: a formula with a rule beside each step, and what those rules say."""

    formula: Display
    rules: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Statement:
    """A numbered statement; `label` is unique in its document and consists of letters, digits and hyphens."""

    number: str
    label: str
    name: str
    claim: Display | Code
    facts: tuple[Fact, ...] = ()
    mark: Mark | None = None
    source: str = ""
    tags: tuple[str, ...] = ()
    derivation: Derivation | None = None
    #: What is printed for the name, if it is no identity's.
    heading: Line = ()

    @property
    def readable(self) -> bool:
        """Whether the claim is a formula."""
        return isinstance(self.claim, Display)

    @property
    def title(self) -> Line:
        """What it is called, as it is printed."""
        return self.heading or (Code(self.name),)


@dataclass(frozen=True)
class Section:
    """A section of statements under a title, perhaps after some equations that they are about."""

    number: str
    label: str
    title: str
    statements: tuple[Statement, ...]
    source: str = ""
    text: Line = ()
    equations: Display | None = None


@dataclass(frozen=True)
class Symbol:
    """A row of the table of symbols: all that a name stands for in the document."""

    symbol: Math
    meanings: tuple[Line, ...]
    #: How many meanings are left out.
    more: int = 0


@dataclass(frozen=True)
class Rule:
    """A rule of derivations: its name in words, and what it says."""

    name: str
    law: str

    @property
    def text(self) -> Line:
        """What it says; a line of the language is typed."""
        return (Code(self.law) if re.match(r"\S*[(\[*'^]|\S+ [-=+*] ", self.law) else self.law,)


@dataclass(frozen=True)
class Document:
    """Notes: sections, the symbols that occur in them, and who made them."""

    title: str
    author: str
    sections: tuple[Section, ...]
    symbols: tuple[Symbol, ...]

    @property
    def rules(self) -> list[Rule]:
        """The rules of all derivations by name, each once."""
        found = {rule for statement in self.statements if statement.derivation for rule in statement.derivation.rules}
        return [Rule(name, law) for name, law in sorted(found)]

    @property
    def statements(self) -> Iterator[Statement]:
        """All statements in order."""
        return (statement for section in self.sections for statement in section.statements)

    @property
    def index(self) -> list[Statement]:
        """All statements by name."""
        return sorted(self.statements, key=lambda statement: (statement.name.casefold(), statement.name, statement.label))

    @property
    def marks(self) -> list[tuple[Mark, int]]:
        """The kinds of marks that occur, with what they mean and how many statements have them."""
        kinds = [statement.mark.kind for statement in self.statements if statement.mark is not None]
        return [(Mark(kind, words), kinds.count(kind)) for kind, words in MARKS.items() if kind in kinds]
