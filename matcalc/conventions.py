"""Conventions that a reader may not share, said wherever they matter: kinks, and functions of a square matrix."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from matcalc.form import Form, subforms

__all__ = ["conventions", "entrywise"]

#: Operations with kinks, and the convention there.
KINKS = frozenset({"abs", "sign", "step", "relu", "maximum", "minimum", "norm1"})
AT_KINKS = "sign(0) = step(0) = 0, and at a tie the first argument counts"
#: Functions that are also the names of functions of a square matrix as a whole.
MATRIX_FUNCTIONS = frozenset({"exp", "log", "sqrt"})


def conventions(forms: Iterable[Form]) -> Iterator[str]:
    """What a reader should know of the functions in some typed forms."""
    found = list(forms)
    kinks = sorted({call.value for call in calls(found)} & KINKS)
    if kinks:
        yield f"at kinks of {', '.join(kinks)}: {AT_KINKS}"
    yield from entrywise(found)


def entrywise(forms: Iterable[Form]) -> Iterator[str]:
    """That exp, log and sqrt of a square matrix are no functions of the matrix as a whole."""
    names = {call.value for call in calls(forms) if call.value in MATRIX_FUNCTIONS and of_square_matrix(call)}
    yield from (f"`{name}` of a square matrix acts entry by entry" for name in sorted(names))


def calls(forms: Iterable[Form]) -> Iterator[Form]:
    """The calls of operations in some forms."""
    return (part for form in forms for part in subforms(form) if part.head == "call")


def of_square_matrix(call: Form) -> bool:
    """Whether the argument of a call is a square matrix."""
    argument = call.args[0]
    return argument.kind == "matrix" and argument.shape is not None and argument.shape[0] == argument.shape[1]
