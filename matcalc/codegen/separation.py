"""Separation: a factor that all terms of a sum have is multiplied in as late as possible.

a_ik x_j + b_ik x_j becomes (a_ik + b_ik) x_j, so that sums and contractions are done on the tensor without the axis j;
a_i X_ij + b_i X_ij becomes (a_i + b_i) X_ij, and X'a + X'b becomes X'(a + b).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from fractions import Fraction
from functools import reduce
from operator import and_

from matcalc.codegen.graph import computed, is_inverse
from matcalc.expr import Add, Delta, Derivative, Node, Product, Variable, add, product, rebuild

__all__ = ["separated"]

#: A factor of a product with its labels.
Factor = tuple[Node, tuple[int, ...]]

#: Tensors of this order are taken apart; matrices are cheap.
LEAST_ORDER = 3

#: The largest number of terms, and of factors of a term, that are searched for a factor that all have.
LARGEST_SUM, LARGEST_PRODUCT = 8, 12


def separated(roots: Sequence[Node]) -> list[Node]:
    """The same values, with factors that all terms of a sum have taken out of it."""
    made: dict[Node, Node] = {}
    for node in computed(roots):
        made[node] = node if isinstance(node, Variable | Derivative) else remade(node, [made[o] for o in node.operands])
    return [made[root] for root in roots]


def remade(node: Node, operands: Sequence[Node]) -> Node:
    """The node with operands that are taken apart already."""
    if isinstance(node, Product) and any(lone_factors(o) for o in operands):
        return remade_product(node, operands)
    if isinstance(node, Add) and node.order and len(operands) <= LARGEST_SUM and all(map(is_short, operands)):
        return remade_sum(operands)
    return rebuild(node, tuple(operands))


def is_short(node: Node) -> bool:
    """True for what has few factors."""
    return not isinstance(node, Product) or len(node.operands) <= LARGEST_PRODUCT


def factors_of(node: Node) -> list[Factor]:
    """The factors of a tensor; of what is no product, itself."""
    return node.factors if isinstance(node, Product) else [(node, tuple(range(node.order)))]


def coefficient(node: Node) -> Fraction:
    """The coefficient of a product."""
    return node.coefficient if isinstance(node, Product) else Fraction(1)


# ---- Factors of products.


def remade_product(node: Product, operands: Sequence[Node]) -> Node:
    """A product with those factors of its factors apart that alone carry an axis."""
    factors: list[tuple[Node, Sequence[int]]] = []
    for operand, labels in zip(operands, node.labels, strict=True):
        alone = lone_factors(operand)
        core, axes = without(operand, alone) if alone else (operand, range(operand.order))
        factors.append((core, [labels[axis] for axis in axes]))
        factors += [(factor, [labels[axis] for axis in own]) for factor, own in alone]
    return product(node.coefficient, factors, range(node.order), dict(enumerate(node.shape)))


def lone_factors(node: Node) -> list[Factor]:
    """The factors of a large tensor that no label is summed over and that alone carry an axis of it."""
    if not isinstance(node, Product) or node.order < LEAST_ORDER:
        return []
    counts = Counter(label for labels in node.labels for label in labels)
    return [factor for factor in outer_factors(node) if any(counts[label] == 1 for label in factor[1])]


def outer_factors(node: Node) -> list[Factor]:
    """The factors of a tensor with axes of its own that no delta has, each with these axes."""
    if not isinstance(node, Product):
        return factors_of(node)
    tied = {label for o, labels in node.factors if isinstance(o, Delta) for label in labels}
    free = set(range(node.order)) - tied
    return [(o, labels) for o, labels in node.factors if labels and free.issuperset(labels)]


def without(node: Node, removed: Collection[Factor]) -> tuple[Node, list[int]]:
    """A product without some factors, and those of its axes that this still has."""
    assert isinstance(node, Product)
    rest = remainder(node, Counter(removed))
    gone = {label for _, labels in removed for label in labels}
    kept = {label for _, labels in rest for label in labels}
    axes = [axis for axis in range(node.order) if axis in kept or axis not in gone]
    return product(node.coefficient, rest, axes, {axis: node.shape[axis] for axis in axes}), axes


def remainder(node: Node, removed: Counter[Factor]) -> list[Factor]:
    """The factors of a tensor but for some."""
    left = removed.copy()
    rest = []
    for factor in factors_of(node):
        if left[factor] > 0:
            left[factor] -= 1
        else:
            rest.append(factor)
    return rest


# ---- Factors of sums.


def remade_sum(terms: Sequence[Node]) -> Node:
    """A sum with the factors that all its terms have taken out."""
    shape = terms[0].shape
    common = reduce(and_, (Counter(outer_factors(term)) for term in terms)) if len(shape) > 1 else Counter[Factor]()
    rests = [remainder(term, common) for term in terms]
    axes = sorted({label for factors in rests for _, labels in factors for label in labels if label < len(shape)})
    carried = {label for _, labels in common for label in labels}
    if not common or not carried.issuperset(set(range(len(shape))) - set(axes)):
        return joined_at_a_sum(terms)
    sizes = {axis: shape[axis] for axis in axes}
    inner = remade_sum([product(coefficient(t), rest, axes, sizes) for t, rest in zip(terms, rests, strict=True)])
    return product(1, [*common.elements(), (inner, axes)], range(len(shape)))


def joined_at_a_sum(terms: Sequence[Node]) -> Node:
    """A sum with one factor taken out with which all its terms are contracted.

    No inverse: the linear equations of all its terms are solved together.
    """
    for candidate in factors_of(terms[0]):
        joined = len(candidate[1]) > 1 and any(label >= terms[0].order for label in candidate[1])
        if joined and not is_inverse(candidate[0]):
            matches = [match(candidate, term) for term in terms]
            if None not in matches:
                made = taken_out(candidate, terms, [m for m in matches if m is not None])
                if made is not None:
                    return made
    return add(terms)


def match(candidate: Factor, term: Node) -> Factor | None:
    """The factor of a term that is the candidate but for the names of summed labels."""
    if any(isinstance(o, Delta) for o in term.operands):
        return None
    for factor, labels in factors_of(term):
        pairs = list(zip(candidate[1], labels, strict=True)) if factor is candidate[0] else [(-1, -2)]
        alike = all(a == b if a < term.order else b >= term.order for a, b in pairs)
        if alike and len(set(pairs)) == len(pairs) == len({b for _, b in pairs}) == len({a for a, _ in pairs}):
            return factor, labels
    return None


def taken_out(candidate: Factor, terms: Sequence[Node], matches: Sequence[Factor]) -> Node | None:
    """The sum of what is left of the terms, contracted with a factor; None if that has as many axes as the sum."""
    order = terms[0].order
    rests = [remainder(term, Counter([found])) for term, found in zip(terms, matches, strict=True)]
    own = sorted({label for rest in rests for _, labels in rest for label in labels if label < order})
    bound = [k for k, label in enumerate(candidate[1]) if label >= order]
    covered = {*own, *candidate[1]}
    if not all(rests) or not covered.issuperset(range(order)) or len(own) + len(bound) > order:
        return None
    inner = []
    for term, rest, (factor, labels) in zip(terms, rests, matches, strict=True):
        axes = [*own, *(labels[k] for k in bound)]
        sizes = {label: term.shape[label] for label in own} | {labels[k]: factor.shape[k] for k in bound}
        inner.append(product(coefficient(term), rest, axes, sizes))
    axes = [*own, *(candidate[1][k] for k in bound)]
    return product(1, [candidate, (add(inner), axes)], range(order))
