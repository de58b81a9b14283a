"""The order in which textbooks write factors: what does not move stands before a differential.

    f'(u).*du    det(X)*tr(inv(X)*dX)    but    dx'*A*x + x'*A*dx    where the order of factors has a meaning
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import reduce

from matcalc.build import hadamard
from matcalc.form import Form, rewritten, subforms
from matcalc.notation.text import to_text

__all__ = ["alike", "fixed_first"]


def fixed_first(form: Form, moves: Callable[[Form], bool]) -> Form:
    """The form with factors that commute in the order of textbooks; `moves` tells differentials."""
    found: dict[int, tuple[Form, bool]] = {}

    def moving(part: Form) -> bool:
        if id(part) not in found:
            # Arguments come first, so only what a rule made just now is looked through.
            found[id(part)] = (part, moves(part) or any(map(moving, part.args)))
        return found[id(part)][1]

    def rule(part: Form) -> Form:
        made = _RULES[part.head](part, moving) if part.head in _RULES else part
        moving(made)
        return made

    return rewritten(form, rule)


def _times(form: Form, moving: Callable[[Form], bool]) -> Form:
    """u.*v.*du: factors of one kind and shape commute."""
    factors = list(chain(form))
    if len({(f.kind, f.shape) for f in factors}) > 1:
        return form
    order = sorted(factors, key=moving)
    return form if order == factors else reduce(hadamard, order)


def _mul(form: Form, moving: Callable[[Form], bool]) -> Form:
    """a*da for scalars, and (x'*y)*da."""
    first, rest = form.args[0], form.args[1:]
    if all(arg.kind == "scalar" for arg in form.args):
        args: Sequence[Form] = sorted(form.args, key=moving)
    elif form.kind == "scalar" and first.kind == "scalar" and moving(first) and not any(map(moving, rest)):
        args = (Form("mul", rest, kind="scalar", shape=()), first)
    else:
        return form
    return Form("mul", tuple(args), kind=form.kind, shape=form.shape)


_RULES = {"times": _times, "mul": _mul}


def chain(form: Form) -> Iterator[Form]:
    """The factors of a product entry by entry."""
    factors = []
    while form.head == "times":
        factors.append(form.args[1])
        form = form.args[0]
    yield form
    yield from reversed(factors)


#: The most parts of forms whose order is compared.
LARGEST = 2000


def alike(first: Form, second: Form) -> bool:
    """Whether two forms are the same but for the order of terms and of factors that commute."""
    one, two = to_text(first), to_text(second)
    if one == two or sorted(one) != sorted(two):
        return one == two
    if any(sum(1 for _ in subforms(form)) > LARGEST for form in (first, second)):
        return False
    return to_text(rewritten(first, _sorted)) == to_text(rewritten(second, _sorted))


def _sorted(part: Form) -> Form:
    if part.head == "add" or part.head == "mul":
        loose = [arg for arg in part.args if part.head == "add" or arg.kind == "scalar"]
        tied = [arg for arg in part.args if part.head == "mul" and arg.kind != "scalar"]
        args = (*sorted(loose, key=to_text), *tied)
        return Form(part.head, args, part.value, kind=part.kind, shape=part.shape)
    return part
