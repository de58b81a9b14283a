"""Taylor polynomials of expressions and programs, by scalars, vectors and matrices, at any point.

    question    what is expanded: variable and point, typed
    terms       D^k f(x0)[δ, .., δ]/k! by repeated differentials; no derivative tensor is formed
    points      values at the point: constants evaluated, what does not exist refused
    writing     matrix notation, or entries
    polynomial  the answer: text, LaTeX, code
    remainder   what is left out
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping

from matcalc.claim import one_text, texts
from matcalc.errors import KindError, MatcalcError
from matcalc.parser import parse_program, syntax_of
from matcalc.series.polynomial import Taylor, Term
from matcalc.series.question import expanded
from matcalc.series.remainder import Remainder
from matcalc.variables import split_names

__all__ = ["Remainder", "Taylor", "Term", "linearize", "taylor"]

#: The highest order of a polynomial.
LARGEST_ORDER = 30


def taylor(
    source: str,
    wrt: str,
    at: str | int = "0",
    order: int = 2,
    declare: Iterable[str] | str | None = (),
    layout: str = "numerator",
    *,
    of: str | None = None,
    given: Mapping[str, int] | None = None,
    name: str | None = None,
    syntax: str | None = None,
) -> Taylor:
    """The Taylor polynomial of an expression or program by one variable at a point.

    f(x0) + Df(x0)[δ] + D²f(x0)[δ, δ]/2 + .. + D^K f(x0)[δ, .., δ]/K!, with δ = x - x0 and K the `order`.

    `at` is the point: an expression such as "A*b" that has the shape of the variable, a scalar such as "0" or "1" for
    equal entries, or a name, which is declared as the variable is if the program does not have it; with a source in LaTeX
    that name may be LaTeX, too.  The other arguments are those of `derive`.  Raises MatcalcError, also where a derivative
    that is needed does not exist at the point.
    """
    if not isinstance(order, int) or isinstance(order, bool) or not 0 <= order <= LARGEST_ORDER:
        raise KindError(f"the order of a Taylor polynomial is a whole number from 0 to {LARGEST_ORDER}, not {order!r}")
    text, declared, by = one_text(source, "the source"), texts(declare, "declarations"), one_text(wrt, "the name to expand by")
    if syntax_of(text, syntax) == "latex":
        if given:
            raise KindError("numbers are given to programs in the language, not to LaTeX", hint="leave out what is given")
        reader = importlib.import_module("matcalc.latex_reader")  # what only LaTeX needs is loaded for it alone
        program = reader.latex_program(text, declared, name=name, of=of, wrt=split_names(by), layout=layout)
        by = reader.latex_variable(by, program)
        at = reader.latex_variable(at, program) if isinstance(at, str) and "\\" in at else at
    else:
        program = parse_program(text, declared, name=name, of=of, given=given, reserved=[by])
    try:
        made = Taylor(expanded(program, by, at, layout), order)
        made.nodes  # a derivative that does not exist at the point is told now  # noqa: B018
        return made
    except RecursionError:
        raise MatcalcError("nested too deeply", hint="split the expression with assignments, one a line") from None


def linearize(
    source: str, wrt: str, at: str | int = "0", declare: Iterable[str] | str | None = (), layout: str = "numerator",
    *, of: str | None = None, given: Mapping[str, int] | None = None, name: str | None = None, syntax: str | None = None,
) -> Taylor:  # fmt: skip
    """The linear function f(x0) + Df(x0)[x - x0] that is nearest to an expression around a point: `taylor` of order 1."""
    return taylor(source, wrt, at, 1, declare, layout, of=of, given=given, name=name, syntax=syntax)
