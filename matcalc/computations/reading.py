"""Reading what a computation is made of: a program in the language or in LaTeX, and names to differentiate by."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping, Sequence

from matcalc.asked import ALL, asked_names
from matcalc.claim import one_text, texts
from matcalc.errors import KindError
from matcalc.parser import Program, parse_program, syntax_of

__all__ = ["read"]


def read(
    source: str,
    wrt: str | Sequence[str] | None,
    declare: Iterable[str] | str | None,
    layout: str,
    *,
    of: str | None,
    given: Mapping[str, int] | None,
    name: str | None,
    syntax: str | None,
) -> tuple[Program, list[str]]:
    """The program, and the names as the language spells them; by default all variables."""
    text, declared = one_text(source, "the source"), texts(declare, "declarations")
    names = [ALL] if wrt is None else texts(wrt, "names to differentiate by")
    if syntax_of(text, syntax) != "latex":
        program = parse_program(text, declared, name=name, of=of, given=given, reserved=names)
        return program, asked_names(program, names, layout)
    if given:
        raise KindError("numbers are given to programs in the language, not to LaTeX", hint="leave out what is given")
    reader = importlib.import_module("matcalc.latex_reader")  # what only LaTeX needs is loaded for it alone
    named = [] if wrt is None else names
    program = reader.latex_program(text, declared, name=name, of=of, wrt=named, layout=layout)
    return program, asked_names(program, [reader.latex_variable(w, program) for w in named] or names, layout)
