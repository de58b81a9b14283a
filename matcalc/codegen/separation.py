"""Separation: vectors that stand alone on an axis of a tensor are multiplied in as late as possible.

a_ik x_j + b_ik x_j becomes (a_ik + b_ik) x_j, so that sums and contractions are done on the tensor without the axis j.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from matcalc.codegen.graph import computed
from matcalc.expr import Add, Derivative, Node, Product, Variable, add, product, rebuild

__all__ = ["separated"]

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
    if isinstance(node, Add) and node.order >= LEAST_ORDER:
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
    """A sum with the vectors that all its terms have taken out."""
    order = terms[0].order
    found = [vectors(term) for term in terms]
    common = {axis: v for axis, v in found[0].items() if all(other.get(axis) is v for other in found)}
    if not common:
        return add(terms)
    inner = add([without(term, common) for term in terms])
    rest = [axis for axis in range(order) if axis not in common]
    factors = [(inner, rest), *((vector, [axis]) for axis, vector in common.items())]
    return product(1, factors, range(order))


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
