"""Programs: declarations and assignments, one a line or parted by `;`, and an expression at the end.

    program     [statement] ((newline | ";") [statement])*
    statement   declaration | name "=" expression | expression          the last one at most once, after all assignments
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from matcalc.errors import DeclarationError, ParseError, Span, UnknownNameError
from matcalc.form import Form, number
from matcalc.lexer import spell
from matcalc.parser.declarations import RESERVED, Declaration, declaration, declaration_ahead
from matcalc.parser.expressions import expression
from matcalc.parser.suggestion import nearest
from matcalc.parser.token_stream import TokenStream

__all__ = ["Program", "Statements", "parse_declarations", "parse_program", "parse_statements"]


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


def parse_declarations(lines: Iterable[str]) -> dict[str, Declaration]:
    """The declarations of all lines by name; several stand on one line when `;` parts them."""
    statements = Statements()
    for line in [lines] if isinstance(lines, str) else lines:
        TokenStream(line, lines=True).whole(statements.read_declarations)
    return statements.declarations


def parse_program(
    source: str, declare: Iterable[str] = (), *, name: str | None = None, of: str | None = None
) -> Program:
    """The program of `source`, with further declarations; its output is `of`, else what stands last."""
    statements = Statements(parse_declarations(declare))
    TokenStream(source, name, lines=True).whole(statements.read)
    if statements.bare is None and not statements.assignments:
        raise ParseError(
            "there is no expression",
            Span(source, 0, max(1, len(source)), name) if source.strip() else None,
            hint="write an expression such as x'*A*x, or assignments, one a line: z = W*x",
        )
    return statements.program(source, of)


def parse_statements(lines: Iterable[str], declare: Iterable[str] = ()) -> Program:
    """The program whose lines are given one by one; its output is the last assignment, or the number 0."""
    statements = Statements(parse_declarations(declare))
    sources = [lines] if isinstance(lines, str) else list(lines)
    for line in sources:
        TokenStream(line, lines=True).whole(statements.read)
    if statements.bare is None and not statements.assignments:
        statements.bare = number(0)
    return statements.program("\n".join(sources), None)


@dataclass
class Statements:
    """What has been read of a program, in the language or in LaTeX."""

    declarations: dict[str, Declaration] = field(default_factory=dict)
    assignments: dict[str, Form] = field(default_factory=dict)
    places: dict[str, Span] = field(default_factory=dict)
    #: The bare names in the value of each assigned name.
    uses: dict[str, list[tuple[str, Span]]] = field(default_factory=dict)
    #: The expression without a name.
    bare: Form | None = None

    # --- reading ----------------------------------------------------------------------------------------------------

    def read(self, stream: TokenStream) -> None:
        """Read statements up to the end of the text."""
        while _statement_ahead(stream):
            if declaration_ahead(stream):
                self._declare(stream)
            else:
                self._assign(stream)
            _end_of_statement(stream)

    def read_declarations(self, stream: TokenStream) -> None:
        """Read declarations up to the end of the text."""
        while _statement_ahead(stream):
            if not declaration_ahead(stream):
                hint = "write `name: kind`, as in x: vector, A: matrix(m, n), alpha: scalar, f: function"
                stream.fail("a declaration is expected", stream.place(stream.token), hint)
            self._declare(stream)
            _end_of_statement(stream)

    def _declare(self, stream: TokenStream) -> None:
        declared = declaration(stream)
        first = self.declarations.setdefault(declared.name, declared)
        if not declared.states_the_same_as(first):
            related = (("it is declared here first", first.span),)
            raise DeclarationError(f"`{declared.name}` is declared twice", declared.span, related=related)

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
        if stream.token.kind != "name" or stream.peek() != "=":
            self.bare = expression(stream)
            return
        target = stream.advance()
        self.check_target(target.text, stream.place(target))
        stream.advance()
        form = expression(stream)
        if stream.token.kind == "=":
            stream.fail("one line assigns one name", stream.place(stream.token))
        self.add(target.text, form, stream.place(target), stream.uses)

    def add(self, name: str, form: Form, place: Span, uses: list[tuple[str, Span]]) -> None:
        """Assign a name, which `check_target` has passed; `uses` are the bare names in its value."""
        self.assignments[name] = form
        self.places[name] = place
        self.uses[name] = uses

    def check_target(self, name: str, place: Span) -> None:
        """Refuse to assign a constant, or a name a second time."""
        if name in RESERVED:
            raise ParseError(f"`{name}` is a constant and cannot be assigned", place)
        if name in self.assignments:
            raise DeclarationError(
                f"`{name}` is assigned twice",
                place,
                hint="give the second value another name",
                related=((f"`{name}` is assigned here first", self.places[name]),),
            )

    # --- the result -------------------------------------------------------------------------------------------------

    def program(self, source: str, of: str | None) -> Program:
        """The checked program of what was read, whose output is `of` or what stands last."""
        self._check_not_declared()
        self._check_order()
        if of is not None:
            name = self._assigned(of)
            return self._program(source, self.assignments[name], name)
        if self.bare is not None:
            return self._program(source, self.bare, None)
        name = next(reversed(self.assignments))
        return self._program(source, self.assignments[name], name)

    def _program(self, source: str, output: Form, output_name: str | None) -> Program:
        return Program(self.declarations, self.assignments, output, output_name, source, self.places)

    def _assigned(self, word: str) -> str:
        """The assigned name that is spelled `word`."""
        name = spell(word)
        if name not in self.assignments:
            near = nearest(name, self.assignments)
            hint = f"did you mean `{near}`?" if near else "assigned are: " + (", ".join(self.assignments) or "none")
            raise UnknownNameError(f"`{word}` is not an assigned name of the program", hint=hint)
        return name

    def _check_not_declared(self) -> None:
        """Refuse names that are assigned and declared."""
        for name, span in self.places.items():
            if name in self.declarations:
                raise DeclarationError(
                    f"`{name}` is declared and assigned",
                    span,
                    hint="a declared name is a variable: leave out the declaration, or assign another name",
                    related=((f"`{name}` is declared here", self.declarations[name].span),),
                )

    def _check_order(self) -> None:
        """Refuse names that are used before they are assigned."""
        order = {name: at for at, name in enumerate(self.assignments)}
        for at, target in enumerate(self.assignments):
            for name, span in self.uses[target]:
                if order.get(name, -1) >= at:
                    raise ParseError(
                        f"`{name}` is used before it is assigned",
                        span,
                        hint=f"assign `{name}` on an earlier line, or give one of the two another name",
                        related=((f"`{name}` is assigned here", self.places[name]),),
                    )


def _statement_ahead(stream: TokenStream) -> bool:
    """Skip what parts statements; True if one follows."""
    while stream.token.kind in ("newline", ";"):
        stream.advance()
    return stream.token.kind != "end"


def _end_of_statement(stream: TokenStream) -> None:
    if stream.token.kind not in ("newline", ";", "end"):
        stream.unexpected("an operator or the end of the line")
