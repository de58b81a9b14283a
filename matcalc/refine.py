"""Refining: the one simplification of a finished result.

From the leaves up, once:

* products inside of products are laid open (a child used once, or of at most three factors), powers of one factor at one
  index are merged, an inverse beside its matrix cancels, facts are applied (rows of a softmax sum to 1, Q'Q = I);
* sums inside of sums are laid open, and terms that differ only in the order of their factors are collected;
* `shrink`: a sum that holds a delta is multiplied out if the result is not larger, any other small one if the result
  is smaller.

Why this ends: each node is visited once; laying open and merging lowers the number of nodes or factors, multiplying out
is accepted only if the count of factors does not grow (and the delta is then gone) and is bounded by a budget.
Every step is an equality at all points where the facts hold; u^a u^b = u^(a+b) may extend the domain.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations

from matcalc.assumptions import Facts
from matcalc.canonical import collect, label_colours
from matcalc.expr import (
    Add,
    Apply,
    Delta,
    Node,
    Number,
    Power,
    Product,
    expand,
    expanded_scalar,
    ones,
    power,
    product,
    rebuild,
    transpose,
)
from matcalc.structure import is_mask
from matcalc.traversal import postorder, uses

__all__ = ["refine"]

#: A product of at most this many factors is laid open in every product that uses it.
SMALL = 3
#: A product of more factors than this is never laid open, so that a chain of thousands costs no more than it is long.
LARGE = 40
#: Sums without a delta are multiplied out only in products of at most this many factors.
SMALL_PRODUCT = 6
PASSES = 8
#: At most this many products are multiplied out for each node of the input.
BUDGET = 8

Factors = list[tuple[Node, tuple[int, ...]]]


def refine(root: Node, facts: Facts) -> Node:
    """The result, simplified under the facts: passes until no terms or factors meet, at most `PASSES`.

    A pass may leave a product that was used twice used once, because like terms were collected; the next lays it open.
    """
    for _ in range(PASSES):
        run = Refinement(root, facts)
        root = run.run()
        if not run.merged:
            break
    return root


class Refinement:
    """One run: the facts, how often each node is used, and what is left of the budget."""

    def __init__(self, root: Node, facts: Facts) -> None:
        self.root = root
        self.facts = facts
        self.counts = uses([root])
        self.budget = BUDGET * len(self.counts)
        #: Whether terms or factors met, so that something may be used less often than before.
        self.merged = False

    def run(self) -> Node:
        """The refined root."""
        memo: dict[Node, Node] = {}
        for node in postorder(self.root):
            operands = tuple([memo[o] for o in node.operands])
            if isinstance(node, Product):
                memo[node] = self.product(self.lay_open(node, operands))
            elif isinstance(node, Add):
                memo[node] = self.sum(node, operands)
            else:
                made = rebuild(node, operands)
                scalar = expanded_scalar(made)
                memo[node] = self.function(made) if scalar is None else expand(self.function(scalar), made.shape)
        return memo[self.root]

    def lay_open(self, node: Product, operands: Sequence[Node]) -> Node:
        """The product with its products of once-used or few factors laid open."""
        once = {
            new
            for old, new in zip(node.operands, operands, strict=True)
            if isinstance(new, Product)
            and (len(new.operands) <= SMALL or (self.counts[old] == 1 and len(new.operands) <= LARGE))
        }
        factors = zip(operands, node.labels, strict=True)
        return product(
            node.data[0], factors, range(node.order), dict(enumerate(node.shape)), flatten=lambda p: p in once
        )

    def sum(self, node: Add, operands: Sequence[Node]) -> Node:
        """A sum with its once-used sums laid open and like terms collected."""
        terms: list[Node] = []
        for old, new in zip(node.operands, operands, strict=True):
            opened = isinstance(new, Add) and (self.counts[old] == 1 or len(new.operands) <= SMALL)
            terms.extend(new.operands if opened else (new,))
        made = collect(terms, self.facts)
        self.merged |= not isinstance(made, Add) or len(made.operands) < len(terms)
        return made

    def function(self, node: Node) -> Node:
        """A function value, simplified by what is known of its argument."""
        if isinstance(node, Apply) and node.groups is None and self.facts.positive(node.operands[0]):
            if node.name in ("abs", "relu"):
                return node.operands[0]
            if node.name in ("sign", "step"):
                return ones(node.shape)
        if isinstance(node, Apply) and node.name == "inv":
            argument = node.operands[0]
            if isinstance(argument, Apply) and argument.name == "inv":
                return argument.operands[0]
            if self.facts.orthogonal(argument):
                return transpose(argument, (1, 0))
        if isinstance(node, Power):
            return self.power(node)
        return node

    def power(self, node: Power) -> Node:
        """(u^p)^q = u^(p q) for positive u."""
        base = node.operands[0]
        if isinstance(base, Power) and self.facts.positive(base.operands[0]):
            return power(base.operands[0], base.exponent * node.exponent)
        return node

    def product(self, node: Node) -> Node:
        """A product under the rules for factors, then perhaps multiplied out."""
        if not isinstance(node, Product):
            return node
        simplified = simplify_factors(node, self.facts)
        self.merged |= simplified is not node
        if not isinstance(simplified, Product):
            return simplified
        return self.shrink(simplified)

    def shrink(self, node: Product) -> Node:
        """The product multiplied out over its first sum for which that pays."""
        for position, operand in enumerate(node.operands):
            if isinstance(operand, Add) and self.budget > 0:
                has_delta = any(holds_delta(term) for term in operand.operands)
                if not has_delta and not self.may_cancel(node, position):
                    continue
                self.budget -= 1
                terms = self.multiply_out(node, position)
                growth = sum(map(size, terms)) - size(node)
                if growth < 0 or (growth == 0 and has_delta):
                    self.merged = True
                    shrunk = [self.product(term) for term in terms]
                    return collect([t for s in shrunk for t in (s.operands if isinstance(s, Add) else (s,))], self.facts)
        return node

    def may_cancel(self, node: Product, position: int) -> bool:
        """True if a factor of the sum at this position could meet its inverse, or a fact, among the other factors."""
        total = node.operands[position]
        if len(node.operands) > SMALL_PRODUCT or len(total.operands) > SMALL_PRODUCT:
            return False
        outside = {base_of(o) for k, o in enumerate(node.operands) if k != position}
        terms = [o for term in total.operands for o in (term.operands if isinstance(term, Product) else (term,))]
        inside = {base_of(o) for o in terms}
        inverses = any(base_of(o) is not o for o in (*node.operands, *terms))
        summed = any(label >= node.order for labels in node.labels for label in labels)
        facts = summed and any(self.facts.sums_to_one(o) or self.facts.orthogonal(o) for o in outside | inside)
        return facts or (inverses and bool(outside & inside))

    def multiply_out(self, node: Product, position: int) -> list[Node]:
        """The terms of the product, multiplied out over the factor at this position."""
        terms = []
        for term in node.operands[position].operands:
            factors = list(node.factors)
            factors[position] = (term, factors[position][1])
            sizes = dict(enumerate(node.shape))
            made = product(node.data[0], factors, range(node.order), sizes, flatten={term}.__contains__)
            terms.append(simplify_factors(made, self.facts) if isinstance(made, Product) else made)
        made = collect(terms, self.facts)
        return list(made.operands) if isinstance(made, Add) else [made]


def base_of(node: Node) -> Node:
    """u of a power u^p or of an inverse; else the node."""
    inverse = isinstance(node, Apply) and node.name == "inv"
    return node.operands[0] if inverse or isinstance(node, Power) else node


def holds_delta(node: Node) -> bool:
    """True for a delta and for a product with one."""
    return isinstance(node, Delta) or (isinstance(node, Product) and any(isinstance(o, Delta) for o in node.operands))


def size(node: Node) -> int:
    """How many factors a person would write, sums inside of products included."""
    if isinstance(node, Add):
        return sum(size(term) for term in node.operands)
    if isinstance(node, Product):
        return sum(size(o) if isinstance(o, Add) else 1 for o in node.operands)
    return 0 if isinstance(node, Number) else 1


# Rules for the factors of one product.


def simplify_factors(node: Product, facts: Facts) -> Node:
    """The product under power-merging, cancellation and the facts, until none of them applies."""
    while True:
        factors = orient_symmetric(node, facts)
        sign = orient_skew(node, factors, facts)
        changed = (
            sign != 1
            or factors != node.factors
            or merge_powers(factors)
            or cancel_inverse(factors, node.order)
            or apply_simplex(factors, node.order, facts)
            or apply_orthogonal(factors, node.order, facts)
            or absorb_mask(factors, facts)
        )
        if not changed:
            return node
        # A label whose last carrier a fact consumed is gone; it must not become a dimension.
        made = product(sign * node.data[0], factors, range(node.order), dict(enumerate(node.shape)))
        if not isinstance(made, Product):
            return made
        node = made


def merge_powers(factors: Factors) -> bool:
    """u^a u^b = u^(a+b) for factors at the same indices; True if something was merged."""
    places: dict[tuple[Node, tuple[int, ...]], int] = {}
    for k, (factor, labels) in enumerate(factors):
        base, exponent = (factor.operands[0], factor.exponent) if isinstance(factor, Power) else (factor, Fraction(1))
        if isinstance(base, Delta):
            continue
        first = places.setdefault((base, labels), k)
        if first != k and (len(set(labels)) == len(labels)):
            other = factors[first][0]
            sum_of_exponents = (other.exponent if isinstance(other, Power) else Fraction(1)) + exponent
            if len(labels) == 0 or isinstance(other, Power) or isinstance(factor, Power):
                factors[first] = (power(base, sum_of_exponents), labels)
                del factors[k]
                return True
    return False


def carriers(factors: Factors, order: int) -> dict[int, list[int]]:
    """For each summed label the positions of the factors that carry it, repeated where one carries it twice."""
    found: dict[int, list[int]] = {}
    for k, (_, labels) in enumerate(factors):
        for label in labels:
            if label >= order:
                found.setdefault(label, []).append(k)
    return found


def cancel_inverse(factors: Factors, order: int) -> bool:
    """X^-1 X = X X^-1 = I; True if a pair was replaced by a delta."""
    inverses = [k for k, (f, _) in enumerate(factors) if isinstance(f, Apply) and f.name == "inv" and f.order == 2]
    if not inverses:
        return False
    carried = carriers(factors, order)
    for k in inverses:
        inverse, labels = factors[k]
        for m, (other, places) in enumerate(factors):
            for side in (0, 1):
                meets = other is inverse.operands[0] and places[1 - side] == labels[side]
                if meets and carried.get(labels[side]) == sorted((k, m)):
                    factors[k] = (Delta.make(inverse.shape[0]), (labels[1 - side], places[side]))
                    del factors[m]
                    return True
    return False


def apply_simplex(factors: Factors, order: int, facts: Facts) -> bool:
    """The sum of a value's entries along its last axis is 1; True if one was dropped."""
    if not any(facts.sums_to_one(f) for f, _ in factors):
        return False
    carried = carriers(factors, order)
    for k, (factor, labels) in enumerate(factors):
        if facts.sums_to_one(factor) and carried.get(labels[-1]) == [k]:
            rest = labels[:-1]
            factors[k] = (ones(factor.shape[:-1]), rest)
            return True
    return False


def apply_orthogonal(factors: Factors, order: int, facts: Facts) -> bool:
    """Q'Q = QQ' = I; True if a pair was replaced by a delta."""
    found = [k for k, (factor, _) in enumerate(factors) if facts.orthogonal(factor)]
    carried = carriers(factors, order) if len(found) > 1 else {}
    for a, b in combinations(found, 2):
        (first, labels), (second, places) = factors[a], factors[b]
        for side in (0, 1):
            if first is second and labels[side] == places[side] and carried.get(labels[side]) == [a, b]:
                factors[a] = (Delta.make(first.shape[0]), (labels[1 - side], places[1 - side]))
                del factors[b]
                return True
    return False


def absorb_mask(factors: Factors, facts: Facts) -> bool:
    """L_ii = 1, L_ij L_ij = L_ij, L_ij L_ji = δ_ij, L_ij T_ij = T_ij for a lower T; True if a mask is gone."""
    for k in [k for k, (factor, _) in enumerate(factors) if is_mask(factor)]:
        mask, labels = factors[k]
        if labels[0] == labels[1]:
            factors[k] = (ones(mask.shape[:1]), labels[:1])
            return True
        for m, (factor, places) in enumerate(factors):
            turned = places == labels[::-1]
            if m == k or not (turned or places == labels):
                continue
            if facts.has(factor, "diagonal", "upper" if turned else "lower") or (factor is mask and not turned):
                del factors[k]
                return True
            if factor is mask:
                factors[k] = (Delta.make(mask.shape[0]), labels)
                del factors[m]
                return True
    return False


def orient_symmetric(node: Product, facts: Facts) -> Factors:
    """The factors, symmetric ones with two labels of the result turned so that the earlier label is first."""
    factors = node.factors
    for k, (factor, labels) in enumerate(factors):
        if len(labels) == 2 and labels[1] < labels[0] < node.order and facts.symmetric(factor):
            factors[k] = (factor, labels[::-1])
    return factors


def orient_skew(node: Product, factors: Factors, facts: Facts) -> int:
    """Turn skew factors to one orientation: the sign that this costs, 0 if the product vanishes."""
    if not any(facts.skew(factor) for factor, _ in factors):
        return 1
    colours = label_colours(node, facts)
    sign = 1
    for k, (factor, labels) in enumerate(factors):
        if facts.skew(factor):
            if labels[0] == labels[1]:
                return 0
            if colours[labels[0]] > colours[labels[1]]:
                factors[k] = (factor, labels[::-1])
                sign = -sign
    return sign
