"""Programs: declarations and assignments, one a line or parted by `;`, and an expression at the end.

What a statement is, `matcalc.parser.statements` says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from matcalc.errors import KindError, ParseError, Span
from matcalc.form import Form, number
from matcalc.lexer import spell
from matcalc.parser.declarations import Declaration
from matcalc.parser.indexed import LARGEST
from matcalc.parser.scope import Reading
from matcalc.parser.statements import Program, Statements

__all__ = ["Program", "Statements", "parse_claims", "parse_declarations", "parse_program", "parse_statements"]


def parse_declarations(lines: Iterable[str]) -> dict[str, Declaration]:
    """The declarations of all lines by name; several stand on one line when `;` parts them."""
    return _statements(lines, None).checked_declarations()


def parse_program(
    source: str,
    declare: Iterable[str] = (),
    *,
    name: str | None = None,
    of: str | None = None,
    given: Mapping[str, int] | None = None,
    reserved: Iterable[str] = (),
) -> Program:
    """The program of `source`, with further declarations; its output is `of`, else what stands last.

    `given` are whole numbers by name, which win over those that the program assigns; `reserved` are names that no value
    is to have that comes from an argument of a function.
    """
    statements = _statements(declare, given)
    statements.reading.reserved = frozenset(reserved)
    statements.read_text(source, name)
    if statements.bare is None and not statements.assignments:
        raise ParseError(
            "there is no expression",
            Span(source, 0, max(1, len(source)), name) if source.strip() else None,
            hint="write an expression such as x'*A*x, or assignments, one a line: z = W*x",
        )
    return statements.program(source, of)


def parse_statements(lines: Iterable[str], declare: Iterable[str] = ()) -> Program:
    """The program whose lines are given one by one; its output is the last assignment, or the number 0."""
    return parse_claims((), lines, declare)[1]


def parse_claims(
    claims: Iterable[str], lines: Iterable[str] = (), declare: Iterable[str] = ()
) -> tuple[list[tuple[Form, ...]], Program]:
    """The sides of claims that may use what the lines assign and define, and the program of the lines."""
    statements = _statements(declare, None)
    sources = [lines] if isinstance(lines, str) else list(lines)
    for line in sources:
        statements.read_text(line, None)
    bare, statements.bare = statements.bare, statements.bare or number(0)
    sides = [tuple(statements.read_claim(text)) for text in claims]
    statements.bare = bare if bare is not None or statements.assignments else number(0)
    return sides, statements.program("\n".join(sources), None)


def _statements(declare: Iterable[str], given: Mapping[str, int] | None) -> Statements:
    """Statements before any is read."""
    numbers = _whole_numbers(given or {})
    statements = Statements(reading=Reading(given=numbers, numbers=dict(numbers)))
    for line in [declare] if isinstance(declare, str) else declare:
        statements.read_declarations(line)
    return statements


def _whole_numbers(given: Mapping[str, int]) -> dict[str, int]:
    """What is given, by the names as they are spelled."""
    if not isinstance(given, Mapping):
        raise KindError(f"numbers are given by name, not as {type(given).__name__}", hint='write given={"K": 3}')
    for word, value in given.items():
        if not isinstance(word, str) or not isinstance(value, int) or isinstance(value, bool) or abs(value) > LARGEST:
            raise KindError(f"`{word}` is given as {str(value)[:40]!r}, which is no whole number", hint="give one, such as 3")
    return {spell(word): value for word, value in given.items()}
