"""Verifying a claim: its verdict, and what would make a wrong one true."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace

from matcalc.causes import cause
from matcalc.claim import read_claim
from matcalc.conventions import entrywise
from matcalc.decision import decide
from matcalc.errors import MatcalcError
from matcalc.verdict import Verdict

__all__ = ["Verdict", "verify"]

Texts = Iterable[str] | str | None


def verify(
    claim: str,
    declare: Texts = (),
    layout: str = "numerator",
    where: Texts = (),
    assume: Texts = (),
    *,
    structured: bool = False,
    syntax: str | None = None,
    timeout: float | None = None,
    help: bool = True,
) -> Verdict:
    """The verdict of a claim such as `d(x'*a)/d(x) = a'`, or of a chain E1 = E2 = E3.

    `declare` holds declarations, `where` assignments that the claim may use, `assume` equations that hold at the points
    where the sides are compared.  With `structured`, tied entries of symmetric, skew, diagonal and triangular variables
    move together.  With `syntax` "latex", or a backslash in the claim, it is LaTeX, as are assignments and equations.
    After `timeout` seconds nothing more is tried.  With `help` the message of a refuted claim says what would make it
    true, as far as one of the usual causes does.  Raises MatcalcError for input that is not well formed.
    """
    start = time.perf_counter()
    deadline = None if timeout is None else time.monotonic() + timeout
    try:
        read = read_claim(claim, declare, layout, where, assume, structured=structured, syntax=syntax)
        found = decide(read, deadline)
        if help and found.verdict == "refuted":
            said = [cause(read, deadline), *entrywise([*read.sides, *read.program.assignments.values()])]
            found = replace(found, message=with_cause(found, "; ".join(filter(None, said))))
    except RecursionError:
        raise MatcalcError("nested too deeply", hint="name parts of the claim with assignments") from None
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        what = f"the claim could not be decided: {type(error).__name__}: {error}"
        raise MatcalcError(what, hint="this is a defect of matcalc; a report with the claim helps to mend it") from error
    return replace(found, seconds=time.perf_counter() - start)


def with_cause(found: Verdict, clause: str) -> str:
    """The message of a refutation with its cause: in front of a counterexample, which is long, and after shapes."""
    if not clause:
        return found.message
    return f"{found.message}; {clause}" if found.counterexample is None else f"{clause}\n{found.message}"
