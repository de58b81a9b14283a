"""A claim: equations between typed expressions, with what they may use.

    E1 = E2 = E3    where assignments, under declarations, given equations (`assume`)

All of it is parsed and typed at once, so a dimension means the same in every part.  What was parsed is kept, so that a
claim which differs a little can be typed from it.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from matcalc.errors import KindError
from matcalc.form import Form
from matcalc.inference import TypedProgram, infer
from matcalc.notation.text import to_text
from matcalc.parser import Program, parse_claims, syntax_of

__all__ = ["Claim", "Written", "read_claim", "is_zero_form"]


@dataclass(frozen=True)
class Written:
    """A claim as it was parsed: untyped sides and equations, declarations and assignments."""

    sides: tuple[Form, ...]
    program: Program
    layout: str = "numerator"
    assume: tuple[tuple[Form, ...], ...] = ()
    structured: bool = False


@dataclass(frozen=True)
class Claim:
    """A typed claim.  `sides` are the expressions that are said to be equal, `assume` pairs that are given as equal."""

    text: str
    program: TypedProgram
    sides: tuple[Form, ...]
    assume: tuple[tuple[Form, Form], ...]
    written: Written = field(repr=False)

    @property
    def layout(self) -> str:
        """The layout in force."""
        return self.program.layout

    def side_text(self, number: int) -> str:
        """One side, as it is printed."""
        return to_text(self.sides[number])

    def changed(self, **changes: Any) -> Claim:
        """The claim with other fields of `written`, typed from scratch; raises MatcalcError where it has no type."""
        return typed_claim(self.text, replace(self.written, **changes))


def read_claim(
    claim: str,
    declare: Iterable[str] | str | None = (),
    layout: str = "numerator",
    where: Iterable[str] | str | None = (),
    assume: Iterable[str] | str | None = (),
    *,
    structured: bool = False,
    syntax: str | None = None,
) -> Claim:
    """Parse and type a claim; raises MatcalcError with the place of a mistake.

    With `syntax` "latex", or where a backslash in the claim tells so, the claim, assignments and assumptions are LaTeX;
    declarations never are.
    """
    text, declared = one_text(claim, "the claim"), texts(declare, "declarations")
    assigned, assumed = texts(where, "assignments"), texts(assume, "assumptions")
    if syntax_of(text, syntax) == "latex":
        reader = importlib.import_module("matcalc.latex_reader")  # what only LaTeX needs is loaded for it alone
        sides, program, given = reader.latex_claim(text, declared, assigned, assumed, layout=layout)
    else:
        (sides, *equations), program = parse_claims([text, *assumed], assigned, declared)
        given = tuple(equations)
    return typed_claim(claim, Written(sides, program, layout, given, structured))


def typed_claim(text: str, written: Written) -> Claim:
    """Type parsed sides and assumptions in one program."""
    sides = written.sides
    extra, alike = list(sides), [(0, k) for k in range(1, len(sides))]
    pairs = []
    for equation in written.assume:
        start = len(extra)
        extra += equation
        for k in range(start, len(extra) - 1):
            alike.append((k, k + 1))
            pairs.append((k, k + 1))
    typed = infer(written.program, layout=written.layout, extra=extra, alike=alike, structured=written.structured)
    given = tuple((typed.extra[i], typed.extra[j]) for i, j in pairs)
    return Claim(text, typed, typed.extra[: len(sides)], given, written)


def one_text(value: object, what: str) -> str:
    """A text; anything else is an error that says what it should have been."""
    if not isinstance(value, str):
        raise KindError(f"{what} should be text, not {type(value).__name__}")
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
