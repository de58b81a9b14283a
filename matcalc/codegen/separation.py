"""Separation: a factor that all terms of a sum have is multiplied in as late as possible.

a_ik x_j + b_ik x_j becomes (a_ik + b_ik) x_j, so that sums and contractions are done on the tensor without the axis j;
a_i X_ij + b_i X_ij becomes (a_i + b_i) X_ij.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from fractions import Fraction
from functools import reduce
from operator import and_

from matcalc.codegen.graph import computed
from matcalc.expr import Add, Delta, Derivative, Node, Product, Variable, add, product, rebuild

__all__ = ["separated"]

#: A factor of a product with its labels.
Factor = tuple[Node, tuple[int, ...]]

#: Tensors of this order are taken apart; matrices are cheap.
LEAST_ORDER = 3


def separated(roots: Sequence[Node]) -> list[Node]:
    """The same values, with vectors that all terms of a sum have on one axis taken out of it."""
    made: dict[Node, Node] = {}
    for node in computed(roots):
        made[node] = node if isinstance(node, Variable | Derivative) else remade(node, [made[o] for o in node.operands])
    return [made[root] for root in roots]


def remade(node: Node, operands: Sequence[Node]) -> Node:
    """The node with operands that are taken apart already."""
    if isinstance(node, Product) and any(vectors(o) for o in operands):
        return remade_product(node, operands)
    if isinstance(node, Add) and node.order > 1:
        return remade_sum(operands)
    return rebuild(node, tuple(operands))


def remade_product(node: Product, operands: Sequence[Node]) -> Node:
    """A product with the vectors of its factors as factors of their own."""
    factors = []
    for operand, labels in zip(operands, node.labels, strict=True):
        alone = vectors(operand)
        rest = [label for axis, label in enumerate(labels) if axis not in alone]
        factors.append((without(operand, alone), rest))
        factors += [(vector, [labels[axis]]) for axis, vector in alone.items()]
    return product(node.coefficient, factors, range(node.order), dict(enumerate(node.shape)))


def remade_sum(terms: Sequence[Node]) -> Node:
    """A sum with the factors that all its terms have taken out."""
    shape = terms[0].shape
    common = reduce(and_, (Counter(outer_factors(term)) for term in terms))
    rests = [remainder(term, common) for term in terms] if common else []
    axes = sorted({label for factors in rests for _, labels in factors for label in labels if label < len(shape)})
    carried = {label for _, labels in common for label in labels}
    if not common or not carried.issuperset(set(range(len(shape))) - set(axes)):
        return add(terms)
    sizes = {axis: shape[axis] for axis in axes}
    inner = add([product(coefficient(t), rest, axes, sizes) for t, rest in zip(terms, rests, strict=True)])
    return product(1, [*common.elements(), (inner, axes)], range(len(shape)))


def outer_factors(node: Node) -> list[Factor]:
    """The factors of a tensor with axes of its own that no delta has, each with these axes."""
    if not isinstance(node, Product):
        return [(node, tuple(range(node.order)))]
    tied = {label for o, labels in node.factors if isinstance(o, Delta) for label in labels}
    free = set(range(node.order)) - tied
    return [(o, labels) for o, labels in node.factors if labels and free.issuperset(labels)]


def remainder(node: Node, common: Counter[Factor]) -> list[Factor]:
    """The factors of a tensor but for the common ones."""
    left = common.copy()
    rest = []
    for factor in node.factors if isinstance(node, Product) else [(node, tuple(range(node.order)))]:
        if left[factor] > 0:
            left[factor] -= 1
        else:
            rest.append(factor)
    return rest


def coefficient(node: Node) -> Fraction:
    """The coefficient of a product."""
    return node.coefficient if isinstance(node, Product) else Fraction(1)


def vectors(node: Node) -> dict[int, Node]:
    """The vectors of a tensor that alone carry an axis of it, by axis."""
    if not isinstance(node, Product) or node.order < LEAST_ORDER:
        return {}
    counts = Counter(label for labels in node.labels for label in labels)
    alone = [(o, labels[0]) for o, labels in node.factors if len(labels) == 1 and counts[labels[0]] == 1]
    return {axis: vector for vector, axis in alone if axis < node.order}


def without(node: Node, axes: Collection[int]) -> Node:
    """A product without the vectors that alone carry some axes."""
    if not axes:
        return node
    assert isinstance(node, Product)
    factors = [(o, labels) for o, labels in node.factors if len(labels) != 1 or labels[0] not in axes]
    rest = [axis for axis in range(node.order) if axis not in axes]
    return product(node.coefficient, factors, rest, {axis: node.shape[axis] for axis in rest})
