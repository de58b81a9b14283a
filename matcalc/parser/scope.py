"""What names mean while a program is read: whole numbers, functions, rounds of loops, parameters and bound indices.

A `Reading` is shared by all texts of one program; a `Scope` is what holds at one place of a text.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from matcalc.errors import ParseError, Span
from matcalc.form import Form
from matcalc.lexer import Token

__all__ = ["Argument", "Budget", "Definition", "Lifted", "Reading", "Scope", "Spans"]

#: Names with their places.
Spans = list[tuple[str, Span]]


@dataclass(frozen=True)
class Definition:
    """A function of the program: its parameters, and the tokens of which its body begins at `at`."""

    name: str
    parameters: tuple[str, ...]
    source: str
    file: str | None
    tokens: Sequence[Token]
    at: int
    place: Span


@dataclass
class Argument:
    """What a parameter stands for in one call; `form` is None while the definition itself is read.

    A name or a number is written in place of the parameter.  Anything else is a `mark`, a name that no text can spell,
    until the body is read and it is known how often it stands there.
    """

    name: str
    form: Form | None
    mark: str
    #: The indices in it that are bound around the call, and those that it binds itself.
    indices: frozenset[str] = frozenset()
    binds: frozenset[str] = frozenset()


@dataclass
class Lifted:
    """An argument that becomes an assigned value: its mark, its value, and what its name is made of."""

    mark: str
    form: Form
    function: str
    parameter: str
    rounds: tuple[int, ...]
    place: Span | None


@dataclass
class Budget:
    """How much repeated reading is left: a short program could stand for more than a computer holds."""

    statements: int = 10_000
    tokens: int = 500_000
    #: Parts of arguments that are written once more, since indices in them keep them from being assigned.
    copies: int = 20_000

    def spend(self, place: Span, *, statements: int = 0, tokens: int = 0, copies: int = 0) -> None:
        """Count what is read or written once more; raises ParseError when it is too much."""
        self.statements -= statements
        self.tokens -= tokens
        self.copies -= copies
        if self.statements < 0:
            raise ParseError("loops and functions make more than 10,000 statements", place, hint="shorten a range")
        if self.tokens < 0:
            raise ParseError("loops and functions make a program that is too long", place, hint="shorten a range")
        if self.copies < 0:
            hint = "assign the values by names, one a line, before entries are taken of them"
            raise ParseError("calls of functions among entries make an expression that is too long", place, hint=hint)


@dataclass
class Reading:
    """What is known of one program while its texts are read."""

    #: Whole numbers that are given from outside, which win over those of the program.
    given: dict[str, int] = field(default_factory=dict)
    #: The names of whole numbers, and which of them say how often, where or of what size something is.
    numbers: dict[str, int] = field(default_factory=dict)
    counts: dict[str, Span] = field(default_factory=dict)
    functions: dict[str, Definition] = field(default_factory=dict)
    #: Names that were called and are no functions of the program.
    called: dict[str, Span] = field(default_factory=dict)
    #: Names that were written with an index: what `W_2` was written as, and where.
    indexed: dict[str, tuple[str, Span]] = field(default_factory=dict)
    #: Values to be assigned before the statement that is being read, and all that ever were.
    lifted: list[Lifted] = field(default_factory=list)
    #: The arguments of the calls that are being read, by their marks.
    arguments: dict[str, Argument] = field(default_factory=dict)
    #: The tokens of texts whose names are not in `known` yet, which holds all others.
    texts: list[Sequence[Token]] = field(default_factory=list)
    known: set[str] = field(default_factory=set)
    #: Names that no value is to have that was an argument.
    reserved: frozenset[str] = frozenset()
    budget: Budget = field(default_factory=Budget)
    marks: int = 0

    def trial(self) -> Reading:
        """A reading of which only what it knows is shared, so that reading a definition leaves no trace."""
        return Reading(
            self.given, self.numbers, self.counts, self.functions, self.called,
            texts=self.texts, known=self.known, budget=self.budget,
        )  # fmt: skip

    def new_mark(self, word: str) -> str:
        """A name that no text can spell."""
        self.marks += 1
        return f"{word}\0{self.marks}"

    def words(self) -> set[str]:
        """All names that stand in any text."""
        while self.texts:
            self.known.update(token.text for token in self.texts.pop() if token.kind == "name")
        return self.known


@dataclass
class Scope:
    """What names mean at one place."""

    reading: Reading = field(default_factory=Reading)
    #: The variables of the loops around the place.
    rounds: dict[str, int] = field(default_factory=dict)
    #: The rounds in which the calls stand that are around the place.
    before: tuple[int, ...] = ()
    #: In a function: what its parameters stand for, else None.
    arguments: dict[str, Argument] | None = None
    #: Whether a definition is read, and no call of it.
    trial: bool = False
    #: The indices that are bound around the place in this text: as they are typed, and as they stand in forms.
    bound: dict[str, str] = field(default_factory=dict)
    #: The indices that are bound around the calls in which the place stands, as they stand in forms, and those that their
    #: arguments bind: no index that is bound here may be called like one of them.
    outer: frozenset[str] = frozenset()
    inner: frozenset[str] = frozenset()

    def argument(self, word: str) -> Argument | None:
        """What a parameter stands for; None if the name is not one."""
        return self.arguments.get(word) if self.arguments is not None else None

    def number(self, word: str) -> int | None:
        """The whole number that a name is here, if it is one."""
        if word in self.bound:
            return None
        argument = self.argument(word)
        if argument is not None:
            form = argument.form
            if form is None:
                return 1  # any number will do while the definition is read
            return int(form.value) if form.head == "number" and form.value.denominator == 1 else None
        return self.rounds[word] if word in self.rounds else self.reading.numbers.get(word)

    def is_global(self, word: str) -> bool:
        """True if a name means here what it means in the whole program."""
        return word not in self.bound and word not in self.rounds and self.argument(word) is None

    @property
    def path(self) -> tuple[int, ...]:
        """The values of the variables of all loops around the place, outermost first."""
        return (*self.before, *self.rounds.values())

    @property
    def indices(self) -> frozenset[str]:
        """All indices that are bound around the place, as they stand in forms."""
        return self.outer.union(self.bound.values())

    def bind(self, words: Iterable[str]) -> tuple[str, ...]:
        """Bind indices; the names that they have in forms differ from those that an argument may hold."""
        made = []
        for word in words:
            self.bound[word] = self._unused(word) if word in self.outer or word in self.inner else word
            made.append(self.bound[word])
        return tuple(made)

    def _unused(self, word: str) -> str:
        """A name of an index that stands nowhere."""
        taken = self.indices | self.inner | self.reading.words()
        return next(name for k in range(1, len(taken) + 2) if (name := f"{word}{k}") not in taken)
