"""Statements: what the lines of a program say, and the program that they make.

    program     [statement] ((newline | ";") [statement])*
    statement   declaration | definition | loop | name "=" expression
                | expression                                            at most once, after all assignments
    definition  name "(" names ")" "=" expression
    loop        "for" name "in" whole ".." whole [":"] block

Functions and loops are gone when a program is read: a call is its body, a loop its rounds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from matcalc.errors import DeclarationError, KindError, MatcalcError, ParseError, Span, UnknownNameError
from matcalc.form import Form, number, subforms
from matcalc.lexer import Token, spell
from matcalc.parser.completion import (
    check_bodies,
    check_families,
    check_once,
    check_order,
    check_twice,
    lifted_marks,
    sized,
    whole_value,
    words_of,
)
from matcalc.parser.declarations import RESERVED, Declaration, declaration, declaration_ahead
from matcalc.parser.depth import check_depth
from matcalc.parser.expressions import BUILT_IN, claim, expression, parse_expression
from matcalc.parser.functions import definition, definition_ahead
from matcalc.parser.indexed import after_index, base_of
from matcalc.parser.loops import loop, loop_ahead, rounds
from matcalc.parser.scope import Lifted, Reading, Scope, Spans
from matcalc.parser.suggestion import nearest
from matcalc.parser.token_stream import TokenStream

__all__ = ["Program", "Statements", "name_of"]


@dataclass(frozen=True)
class Program:
    """Declarations, assignments in order, and the form whose value the program is."""

    declarations: dict[str, Declaration]
    assignments: dict[str, Form]
    output: Form
    output_name: str | None
    source: str
    #: Where each assigned name is assigned.
    places: dict[str, Span] = field(default_factory=dict)
    #: Whole numbers that were given from outside.
    given: dict[str, int] = field(default_factory=dict)
    #: The names of whole numbers, and those of them by which rounds, indices or sizes are counted.
    numbers: dict[str, int] = field(default_factory=dict)
    counts: frozenset[str] = frozenset()
    #: The names that are written with an index, by what stands before it: W_1, W_2 for W.
    families: dict[str, list[str]] = field(default_factory=dict)


@dataclass
class Statements:
    """What has been read of a program, in the language or in LaTeX."""

    declarations: dict[str, Declaration] = field(default_factory=dict)
    assignments: dict[str, Form] = field(default_factory=dict)
    places: dict[str, Span] = field(default_factory=dict)
    #: The bare names in the value of each assigned name.
    uses: dict[str, Spans] = field(default_factory=dict)
    #: The expression without a name.
    bare: Form | None = None
    reading: Reading = field(default_factory=Reading)
    #: Arguments that became assigned values, expressions beside the program, and the bare names in these.
    lifted: list[Lifted] = field(default_factory=list)
    beside: list[Form] = field(default_factory=list)
    beside_uses: Spans = field(default_factory=list)
    #: The names in the body of each function, and how many names were assigned before it.
    bodies: list[tuple[Spans, int]] = field(default_factory=list)
    #: Declarations of one name that differ, unless a size in them is the name of a whole number.
    twice: list[tuple[Declaration, Declaration]] = field(default_factory=list)
    #: The variables of loops.
    variables: dict[str, Span] = field(default_factory=dict)

    # --- reading ----------------------------------------------------------------------------------------------------

    def read_text(self, source: str, name: str | None = None) -> None:
        """Read the statements of one text."""
        stream = TokenStream(source, name, lines=True, scope=Scope(self.reading))
        stream.whole(lambda stream: self._read(stream, self._statement, len(stream.tokens) - 1))

    def read_declarations(self, source: str) -> None:
        """Read the declarations of one text."""
        stream = TokenStream(source, lines=True, scope=Scope(self.reading))
        stream.whole(lambda stream: self._read(stream, self._declaration, len(stream.tokens) - 1))

    def checked_declarations(self) -> dict[str, Declaration]:
        """What is declared, where nothing else is read."""
        check_twice(self.twice, self.reading)
        return sized(self.declarations, self.reading)

    def read_claim(self, text: str) -> list[Form]:
        """Read the sides of a claim, which stands beside the program."""
        stream = TokenStream(text, scope=Scope(self.reading))
        sides = stream.whole(claim)
        self._lift(stream)
        self.beside += sides
        self.beside_uses += stream.uses
        return sides

    def _read(self, stream: TokenStream, statement: Callable[[TokenStream], None], end: int) -> None:
        """Read statements, and loops over them, up to a token."""
        while _statement_ahead(stream, end):
            if loop_ahead(stream):
                self._loop(stream, statement)
            else:
                statement(stream)
            _end_of_statement(stream)

    def _loop(self, stream: TokenStream, statement: Callable[[TokenStream], None]) -> None:
        """A loop, whose block is read once for each round."""
        token = stream.token
        stream.enter(token)
        found = loop(stream)
        self.variables.setdefault(found.variable, found.place)
        for _ in rounds(stream, found.variable, found.values, found.place, found.begin):
            self._read(stream, statement, found.end)
        stream.go_to(found.end)
        stream.leave()

    def _statement(self, stream: TokenStream) -> None:
        if definition_ahead(stream):
            self._define(stream)
        elif declaration_ahead(stream):
            self._declare(stream)
        else:
            self._assign(stream)

    def _declaration(self, stream: TokenStream) -> None:
        if not declaration_ahead(stream):
            hint = "write `name: kind`, as in x: vector, A: matrix(m, n), alpha: scalar, f: function"
            stream.fail("a declaration is expected", stream.place(stream.token), hint)
        self._declare(stream)

    def _declare(self, stream: TokenStream) -> None:
        declared = declaration(stream)
        first = self.declarations.setdefault(declared.name, declared)
        if not declared.states_the_same_as(first):
            self.twice.append((first, declared))

    def _define(self, stream: TokenStream) -> None:
        self.bodies.append((definition(stream, expression, BUILT_IN), len(self.assignments)))

    def _assign(self, stream: TokenStream) -> None:
        """An assignment, or the bare expression at the end."""
        if self.bare is not None:
            stream.fail(
                "only the last line is an expression without a name",
                self.bare.span or stream.place(stream.token),
                "give it a name: y = ...",
                (("this comes after it", stream.place(stream.token)),),
            )
        stream.uses = []
        if not _assignment_ahead(stream):
            self._bare(stream)
            return
        target = stream.advance()
        word, place = _target(stream, target)
        self.check_target(word, place)
        stream.advance()
        form = expression(stream)
        if stream.token.kind == "=":
            stream.fail("one line assigns one name", stream.place(stream.token))
        self._lift(stream)
        self.add(word, self._counted(word, form, place), place, stream.uses)

    def _bare(self, stream: TokenStream) -> None:
        """The expression without a name."""
        start = stream.token
        self.bare = expression(stream)
        if stream.scope.rounds:
            hint = "give it a name, such as y[k] = ..., or write sum[k in 1..3: ...]"
            stream.fail("a loop repeats an expression without a name", stream.place(start), hint)
        self._lift(stream)
        self.beside_uses += stream.uses

    def _lift(self, stream: TokenStream) -> None:
        """Assign the arguments that the calls of a statement use more than once."""
        for value in self.reading.lifted:
            check_depth(stream, value.form)
            uses = [(part.value, part.span) for part in subforms(value.form) if part.head == "name" and part.span]
            self.add(value.mark, value.form, value.place or stream.place(stream.token), uses)
        self.lifted += self.reading.lifted
        self.reading.lifted.clear()

    def _counted(self, name: str, form: Form, place: Span) -> Form:
        """The value of a name; a whole number is one that loops may use, and the one that is given if there is one."""
        value = whole_value(form, self.reading.numbers)
        given = self.reading.given.get(name)
        if given is not None and value is None:
            raise KindError(f"`{name}` is given as {given}, but it is no whole number here", place)
        if value is not None and given is None:
            self.reading.numbers[name] = value
        return form if given is None else number(given, form.span)

    def add(self, name: str, form: Form, place: Span, uses: Spans) -> None:
        """Assign a name, which `check_target` has passed; `uses` are the bare names in its value."""
        self.assignments[name] = form
        self.places[name] = place
        self.uses[name] = uses

    def check_target(self, name: str, place: Span) -> None:
        """Refuse to assign a constant or a function, or a name a second time."""
        if name in RESERVED:
            raise ParseError(f"`{name}` is a constant and cannot be assigned", place)
        if name in self.reading.functions:
            related = ((f"`{name}` is defined here", self.reading.functions[name].place),)
            raise DeclarationError(f"`{name}` is a function and cannot be assigned", place, related=related)
        if name in self.assignments:
            hint = "give it an index, such as z[k]" if place.within else "give the second value another name"
            related = ((f"`{name}` is assigned here first", self.places[name]),)
            raise DeclarationError(f"`{name}` is assigned twice", place, hint=hint, related=related)

    # --- the result -------------------------------------------------------------------------------------------------

    def program(self, source: str, of: str | None) -> Program:
        """The checked program of what was read, whose output is `of` or what stands last."""
        self._check()
        self._give()
        self._name_lifted()
        self.declarations = sized(self.declarations, self.reading)
        if of is not None:
            name = self._assigned(of)
            return self._program(source, self.assignments[name], name)
        if self.bare is not None:
            return self._program(source, self.bare, None)
        name = next(reversed(self.assignments))
        return self._program(source, self.assignments[name], name)

    def _program(self, source: str, output: Form, output_name: str | None) -> Program:
        reading = self.reading
        families: defaultdict[str, list[str]] = defaultdict(list)
        for name, (base, _) in reading.indexed.items():
            families[base].append(name)
        return Program(
            self.declarations, self.assignments, output, output_name, source, self.places,
            reading.given, reading.numbers, frozenset(reading.counts), dict(families),
        )  # fmt: skip

    def _assigned(self, word: str) -> str:
        """The assigned name that is spelled `word`."""
        name = name_of(word, self.reading.numbers)
        if name not in self.assignments:
            near = nearest(name, self.assignments)
            hint = f"did you mean `{near}`?" if near else "assigned are: " + (", ".join(self.assignments) or "none")
            raise UnknownNameError(f"`{word}` is not an assigned name of the program", hint=hint)
        return name

    def _check(self) -> None:
        """Refuse names that mean two things, or that are used before they mean anything."""
        declared = {name: declaration.span for name, declaration in self.declarations.items()}
        functions = {name: made.place for name, made in self.reading.functions.items()}
        hint = "a declared name is a variable: leave out the declaration, or assign another name"
        check_twice(self.twice, self.reading)
        check_once(self.places, "declared", declared, "assigned", hint)
        check_once(functions, "declared", declared, "defined", "a function that is defined is not declared")
        check_once(functions, "assigned", self.places, "defined", "give the function another name")
        check_once(self.variables, "declared", declared, "the variable of a loop", "give the loop another variable")
        check_once(self.variables, "assigned", self.places, "the variable of a loop", "give the loop another variable")
        check_order(self.assignments, self.uses, self.places)
        check_bodies(self.bodies, self.assignments, self.places)
        check_families(self.reading.indexed, self.declarations, self.assignments, [*self.uses.values(), self.beside_uses])

    def _give(self) -> None:
        """Assign the numbers that are given and that the program does not assign itself."""
        new: dict[str, Form] = {}
        for name, value in self.reading.given.items():
            if name in self.declarations:
                span = self.declarations[name].span
                raise DeclarationError(f"`{name}` is given as {value}, but it is declared as a variable", span)
            known = self.reading.words().union(self.reading.indexed)
            if name not in known:
                near = nearest(name, known)
                hint = f"did you mean `{near}`?" if near else None
                raise UnknownNameError(f"`{name}` is given, but it is no name of the program", hint=hint)
            if name not in self.assignments:
                new[name] = number(value)
        self.assignments = {**new, **self.assignments}

    def _name_lifted(self) -> None:
        """Give names to arguments that became assigned values."""
        if not self.lifted:
            return
        reading = self.reading
        forms = [*self.assignments.values(), *self.beside, *([self.bare] if self.bare is not None else [])]
        taken = {*reading.reserved, *reading.numbers, *reading.functions, *self.variables, *self.assignments}
        names = lifted_marks(self.lifted, taken.union(words_of(self.declarations.values(), forms)), forms)
        self.assignments = {names.get(name, name): form for name, form in self.assignments.items()}
        self.places = {names.get(name, name): place for name, place in self.places.items()}


def name_of(word: str, numbers: Mapping[str, int]) -> str:
    """The name that is spelled `word`, which may have an index: `W[2]`, `W[K]`."""
    try:
        form = parse_expression(word, numbers=numbers)
    except MatcalcError:
        return spell(word)
    return str(form.value) if form.head == "name" else spell(word)


# --- the beginnings and ends of statements --------------------------------------------------------------------------


def _statement_ahead(stream: TokenStream, end: int) -> bool:
    """Skip what parts statements, up to a token; True if one follows."""
    while stream.token.kind in ("newline", ";") and stream.at < end:
        stream.advance()
    return stream.at < end


def _end_of_statement(stream: TokenStream) -> None:
    if stream.token.kind not in ("newline", ";", "end"):
        stream.unexpected("an operator or the end of the line")


def _assignment_ahead(stream: TokenStream) -> bool:
    """True if `name =` follows, where the name may have indices."""
    return stream.token.kind == "name" and stream.tokens[after_index(stream, stream.at + 1)].kind == "="


def _target(stream: TokenStream, token: Token) -> tuple[str, Span]:
    """The name that is assigned, which begins with a token that was read."""
    word = base_of(stream, token)
    place = stream.since(token.start)
    if stream.token.kind == "[":
        hint = f"entries are assigned together: {token.text} = [i: ...]; in a loop, {token.text}[k] = ..."
        stream.fail(f"an entry of `{token.text}` cannot be assigned", place, hint)
    if word in stream.scope.rounds:
        stream.fail(f"`{word}` is the variable of the loop", place, "assign another name")
    return word, place
