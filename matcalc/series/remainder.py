"""What a Taylor polynomial leaves out: f(x) - T(x) = D^m f(x0)[δ, .., δ]/m! + .., m being the first order with a term.

For a scalar f of a scalar x, Lagrange: f(x) - T(x) = f^(K+1)(ξ)/(K+1)! δ^(K+1) for some ξ between x0 and x, if f has
K + 1 derivatives there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from matcalc.conventions import KINKS
from matcalc.errors import MatcalcError
from matcalc.expr import Apply, Node, Variable, is_zero
from matcalc.notation.text import to_text
from matcalc.series.question import Expanded
from matcalc.series.terms import Terms
from matcalc.series.writing import LONG, Writing
from matcalc.traversal import postorder
from matcalc.verification import verify

__all__ = ["Remainder", "remainder_of"]

#: How many orders after the polynomial's are looked through for the first term that is not 0.
LOOKED_AT = 8

#: A term of more nodes than this is not looked at.
LONGEST = 150

#: Lagrange's form is not told if it has more characters than this.
LONGEST_FORM = 400

#: How many seconds are spent on whether a term is 0.
PATIENCE = 0.5


@dataclass(frozen=True)
class Remainder:
    """The remainder of a polynomial.

    `exact`: there is none, the polynomial is the expression wherever that is defined on the way from the point.  Else
    its first term is of the order `order`, and `text` is that term (with the names of `where`).  Where no term was
    found, or one could not be shown to be 0 or not, `text` is None and `order` is the least that it can be: None if all
    further derivatives are 0 and kinks alone make the difference.  `lagrange` is Lagrange's form, in `xi` between the
    point and the variable, for a scalar by a scalar; else None.
    """

    exact: bool
    order: int | None
    text: str | None
    where: dict[str, str]
    lagrange: str | None

    def to_json(self) -> dict[str, Any]:
        """The remainder as an object of JSON."""
        names = ("exact", "order", "text", "where", "lagrange")
        return {name: getattr(self, name) for name in names}


def remainder_of(question: Expanded, terms: Terms, order: int) -> Remainder:
    """The remainder of the polynomial of an order."""
    if terms.length(terms.directional(order)) > 2 * LONGEST:
        return Remainder(False, order + 1, None, {}, None)
    form, smooth = lagrange(question, terms, order + 1), not kinked(question)
    for k in range(order + 1, order + 1 + LOOKED_AT):
        try:
            if terms.vanishes(k):
                return Remainder(smooth, None, None, {}, form if not smooth else None)
            if terms.length(terms.term(k)) > LONGEST:
                return Remainder(False, k, None, {}, form)
            shown, where = written(question, terms.term(k))
            zero = vanishing(question, terms.term(k), shown, where)
        except MatcalcError:  # there is no derivative of this order, or it is too long: nothing is said of it
            return Remainder(False, k, None, {}, form)
        if zero is not True:
            return Remainder(False, k, None if zero is None else shown, {} if zero is None else where, form)
    return Remainder(False, order + 1 + LOOKED_AT, None, {}, form)


def written(question: Expanded, node: Node) -> tuple[str, dict[str, str]]:
    """A term as text, and the names that it needs: more of them where it is long."""
    for brief in (False, True):
        writing = Writing(question, [node], brief=brief)
        (form,), named = writing.settled([writing.form_of(node)])
        if len(to_text(form)) <= LONG:
            break
    return to_text(form), {name: to_text(part) for name, part in named.items()}


def kinked(question: Expanded) -> bool:
    """Whether the expression has a function with kinks, so that vanishing derivatives make no polynomial of it."""
    return any(isinstance(node, Apply) and node.name in KINKS for node in postorder(question.function.node))


def vanishing(question: Expanded, node: Node, text: str, where: dict[str, str]) -> bool | None:
    """Whether a term is 0; None if that was not decided."""
    if is_zero(node):
        return True
    declare = [str(info) for info in (*question.infos.values(), *question.program.sized)]
    lines = [f"{name} = {value}" for name, value in where.items()]
    verdict = verify(f"{text} = 0", declare=declare, where=lines, timeout=PATIENCE, help=False).verdict
    return {"proved": True, "refuted": False}.get(verdict)


def lagrange(question: Expanded, terms: Terms, order: int) -> str | None:
    """f^(m)(xi)/m! delta^m; None if it does not hold, or the expression has no such derivative in a formula of fair length."""
    if question.function.groups or question.variable.groups or kinked(question):
        return None
    name = "xi"
    while name in question.taken:
        name += "_"
    step = Variable.make(question.direction.name, ())
    try:
        node = terms.at(order, Variable.make(name, ()), step)
        if terms.length(node) > LONGEST:
            return None
        found = Writing(question, [node], [name])
        text = to_text(found.unnamed(found.form_of(node)))
        return text if len(text) <= LONGEST_FORM else None
    except MatcalcError:
        return None
