"""Equations that may be used: each becomes a substitution, a property, or a rule.

Tried in this order: a bare variable is replaced by the rest; X = X' and X = -X' are properties, X'X = I of a square
X another; a power of one scalar is solved for the scalar; else the longest term is replaced by the rest.  What cannot be
used is left out, which only weakens what can be shown.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from matcalc.expr import Delta, Node, Variable
from matcalc.normal.matching import Rule, pattern_of
from matcalc.normal.naming import Factor
from matcalc.normal.normalize import Normalizer
from matcalc.normal.powers import raise_power
from matcalc.normal.ring import Polynomial
from matcalc.traversal import postorder

__all__ = ["Contradiction", "Use", "use"]


class Contradiction(Exception):
    """The equations have no common solution."""


@dataclass
class Use:
    """What became of one equation: nodes to be replaced, or a property of a variable; neither where a rule was made."""

    replacements: dict[Node, Node] = field(default_factory=dict)
    properties: dict[str, str] = field(default_factory=dict)
    used: bool = True


def use(normalizer: Normalizer, left: Node, right: Node) -> Use:
    """Use left = right; raises Contradiction where they differ by a number that is not 0."""
    ring = normalizer.ring
    difference = ring.subtract(normalizer(left), normalizer(right))
    if not difference.terms:
        return Use()
    if difference.constant():
        raise Contradiction
    return (
        substitution(difference, (left, right))
        or as_property(difference)
        or as_rule(normalizer, difference)
        or Use(used=False)
    )


def substitution(difference: Polynomial, sides: tuple[Node, Node]) -> Use | None:
    """A variable that stands alone and nowhere else is the rest; a function of others may have derivatives, so none is."""
    bare = [term for term in difference.terms if isinstance(term, Variable) and not term.operands]
    bare.sort(key=lambda term: (term not in sides, sides.index(term) if term in sides else 0, term.digest))
    for variable in bare:
        rest = {term: c for term, c in difference.terms.items() if term is not variable}
        if not any(variable in postorder(term) for term in rest):
            solved = Polynomial(difference.shape, rest).scaled(-1 / Fraction(difference.terms[variable]))
            return Use(replacements={variable: solved.node})
    return None


def as_property(difference: Polynomial) -> Use | None:
    """X - X', X + X' and X'X - I for a square variable X that is no function of others."""
    shape = difference.shape
    if len(difference.terms) != 2 or len(shape) != 2 or shape[0] != shape[1]:
        return None
    terms = [pattern_of(term) for term in difference.terms]
    atoms = {factor.atom for own in terms for factor in own if isinstance(factor.atom, Variable)}
    if len(atoms) != 1:
        return None
    (variable,) = atoms
    first, second = difference.terms.values()
    if variable.operands or variable.shape != shape or abs(first) != abs(second):
        return None
    if all(is_atom(own, variable) for own in terms) and {own[0].labels for own in terms} == {(0, 1), (1, 0)}:
        return Use(properties={variable.name: "symmetric" if first == -second else "skew"})
    grams = [own for own in terms if [(f.atom, f.exponent) for f in own] == [(variable, 1)] * 2 and is_gram(own)]
    if grams and first == -second and any(isinstance(term, Delta) for term in difference.terms):
        return Use(properties={variable.name: "orthogonal"})
    return None


def is_atom(factors: tuple[Factor, ...], atom: Node) -> bool:
    """Whether a term is an atom, perhaps with its axes in another order."""
    return [(f.atom, f.exponent) for f in factors] == [(atom, 1)]


def is_gram(factors: tuple[Factor, ...]) -> bool:
    """Whether two factors are X'X or XX', not XX."""
    (a, b), (c, d) = factors[0].labels, factors[1].labels
    return (a == c > 1 and {b, d} == {0, 1}) or (b == d > 1 and {a, c} == {0, 1})


def as_rule(normalizer: Normalizer, difference: Polynomial) -> Use | None:
    """The longest term by the rest; of one power of a scalar the scalar."""
    ring = normalizer.ring
    lead = max(difference.terms, key=lambda term: (length(term), term.digest))
    pattern = pattern_of(lead)
    if not pattern:
        return None
    rest = {term: c for term, c in difference.terms.items() if term is not lead}
    replacement = Polynomial(difference.shape, rest).scaled(-1 / Fraction(difference.terms[lead]))
    carried = {label for factor in pattern for label in factor.labels}
    if not set(range(lead.order)) <= carried:
        return None
    if len(pattern) == 1 and pattern[0].exponent != 1:
        solved = solve_power(normalizer, pattern[0], replacement)
        if solved is not None:
            pattern, replacement = solved
    if any(isinstance(f.exponent, Fraction) or f.exponent < 0 for f in pattern):
        return None
    normalizer.rules.assume(Rule("assumption", pattern, lead.order, replacement))
    normalizer.memo.clear()
    ring.note("assumption")
    return Use()


def solve_power(
    normalizer: Normalizer, factor: Factor, value: Polynomial
) -> tuple[tuple[Factor, ...], Polynomial] | None:
    """u = v^k from u^(1/k) = v, u = 1/v from 1/u = v."""
    inverse = 1 / Fraction(factor.exponent)
    if inverse.denominator != 1 or factor.labels or not value.terms:
        return None
    return (Factor(factor.atom, (), 1),), raise_power(normalizer.ring, value, int(inverse))


def length(term: Node) -> int:
    """The number of factors, those of contractions counted one by one."""
    total = 0
    for factor in pattern_of(term):
        inner = pattern_of(factor.atom) if factor.atom.order == 0 and factor.atom.operands else ()
        total += max(1, len(inner))
    return total

