"""What follows from the fact that both sides are defined: under a logarithm u > 0, under a root u ≥ 0.

A fact is read off an argument as a whole: from log(x y) follows that x y is positive, not that x is.  So the law that is
used is sign(x) sign(y) = 1.  An even power says nothing of its base.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from matcalc.expr import Apply, Node, Power, Product
from matcalc.normal.atoms import least_form
from matcalc.normal.functions import apply_function
from matcalc.normal.matching import Rule, Rules, pattern_of
from matcalc.normal.powers import content, units
from matcalc.normal.ring import Polynomial, Ring

__all__ = ["arguments_with_a_sign", "use_signs"]


def arguments_with_a_sign(roots: Iterable[Node]) -> dict[Node, bool]:
    """The arguments of logarithms and roots in some graphs, each with whether it must be positive, not only ≥ 0.

    What is read at its diagonal only says nothing of its other entries, so it is left out.
    """
    found: dict[Node, bool] = {}
    for node in read_whole(roots):
        strict = None
        if isinstance(node, Apply) and node.name == "log":
            strict = True
        elif isinstance(node, Power) and node.exponent.denominator > 1:
            strict = node.exponent < 0
        if strict is not None:
            argument = node.operands[0]
            found[argument] = found.get(argument, False) or strict
    return found


def read_whole(roots: Iterable[Node]) -> Iterator[Node]:
    """The nodes that are reached without an operand of which an index stands twice, each once."""
    stack, seen = list(roots), set[Node]()
    while stack:
        node = stack.pop()
        if node in seen:
            continue
        seen.add(node)
        yield node
        if isinstance(node, Product):
            stack.extend(o for o, labels in node.factors if len(set(labels)) == len(labels))
        else:
            stack.extend(node.operands)


def use_signs(ring: Ring, rules: Rules, arguments: Iterable[tuple[Polynomial, bool]]) -> bool:
    """Make use of arguments that are positive (True) or not negative (False); whether there is anything to use."""
    used = False
    for argument, strict in arguments:
        if len(argument.terms) == 1:
            used |= use_sign_of_term(ring, argument, strict)
        elif argument.terms:
            used |= use_sign_of_sum(ring, argument, strict)
        if strict and argument.terms:
            used |= use_sign_product(ring, rules, argument)
    return used


def use_sign_of_term(ring: Ring, argument: Polynomial, strict: bool) -> bool:
    """u itself, where the term is a positive number times an odd power of u."""
    ((term, coefficient),) = argument.terms.items()
    factors = units(ring, term)
    if coefficient <= 0 or len(factors) != 1 or factors[0].exponent % 2 == 0:
        return False
    if len(set(factors[0].labels)) < factors[0].atom.order:
        return False  # the diagonal of a matrix says nothing of its other entries
    (ring.positive if strict else ring.nonnegative).add(factors[0].atom)
    return True


def use_sign_of_sum(ring: Ring, argument: Polynomial, strict: bool) -> bool:
    """A sum whose terms share no factor."""
    number, pulled, rest = content(ring, argument)
    if number <= 0 or pulled or len(rest.terms) < 2:
        return False
    known = ring.positive if strict else ring.nonnegative
    known.update((rest.node, least_form(ring, rest)[2]))
    return True


def use_sign_product(ring: Ring, rules: Rules, argument: Polynomial) -> bool:
    """sign(u) sign(v) = 1 where u v is positive."""
    signs = apply_function(ring, "sign", [argument])
    if len(signs.terms) != 1 or signs.constant() is not None:
        return False
    ((term, coefficient),) = signs.terms.items()
    pattern = pattern_of(term)
    carried = {label for factor in pattern for label in factor.labels}
    if len(pattern) < 2 or carried != set(range(term.order)):
        return False
    rules.assume(Rule("sign-of-a-positive", pattern, term.order, ring.number(1 / ring.fraction(coefficient), term.shape)))
    return True
