"""A claim: equations between typed expressions, with what they may use.

    E1 = E2 = E3    where assignments, under declarations, given equations (`assume`)

All of it is parsed and typed at once, so a dimension means the same in every part.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from matcalc.errors import KindError
from matcalc.form import Form
from matcalc.inference import TypedProgram, infer
from matcalc.notation.text import to_text
from matcalc.parser import parse_claim, parse_statements

__all__ = ["Claim", "read_claim", "is_zero_form"]


@dataclass(frozen=True)
class Claim:
    """A typed claim.  `sides` are the expressions that are said to be equal, `assume` pairs that are given as equal."""

    text: str
    program: TypedProgram
    sides: tuple[Form, ...]
    assume: tuple[tuple[Form, Form], ...]

    @property
    def layout(self) -> str:
        """The layout in force."""
        return self.program.layout

    def side_text(self, number: int) -> str:
        """One side, as it is printed."""
        return to_text(self.sides[number])


def read_claim(
    claim: str,
    declare: Iterable[str] | str | None = (),
    layout: str = "numerator",
    where: Iterable[str] | str | None = (),
    assume: Iterable[str] | str | None = (),
    *,
    structured: bool = False,
) -> Claim:
    """Parse and type a claim; raises MatcalcError with the place of a mistake."""
    sides = parse_claim(one_text(claim))
    program = parse_statements(texts(where, "assignments"), texts(declare, "declarations"))
    return typed_claim(claim, sides, program, layout, [parse_claim(a) for a in texts(assume, "assumptions")], structured)


def typed_claim(
    text: str, sides: Sequence[Form], program: object, layout: str, assume: Sequence[Sequence[Form]], structured: bool
) -> Claim:
    """Type parsed sides and assumptions in one program."""
    extra, alike = list(sides), [(0, k) for k in range(1, len(sides))]
    pairs = []
    for equation in assume:
        start = len(extra)
        extra += equation
        for k in range(start, len(extra) - 1):
            alike.append((k, k + 1))
            pairs.append((k, k + 1))
    typed = infer(program, layout=layout, extra=extra, alike=alike, structured=structured)  # type: ignore[arg-type]
    given = tuple((typed.extra[i], typed.extra[j]) for i, j in pairs)
    return Claim(text, typed, typed.extra[: len(sides)], given)


def one_text(value: object) -> str:
    """A text; anything else is an error."""
    if not isinstance(value, str):
        raise KindError(f"a claim is text, not {type(value).__name__}")
    return value


def texts(value: object, what: str) -> list[str]:
    """A text or several as a list; anything else is an error that says what it should have been."""
    found = [] if value is None else [value] if isinstance(value, str) else value
    if not isinstance(found, Iterable):
        raise KindError(f"{what} should be text, not {type(value).__name__}")
    result = list(found)
    for text in result:
        if not isinstance(text, str):
            raise KindError(f"{what} should be text, not {type(text).__name__}")
    return result


def is_zero_form(form: Form) -> bool:
    """Whether a side is the number 0, which is the zero of any shape."""
    return form.head == "number" and form.value == 0
