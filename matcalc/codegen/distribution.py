"""Distribution: a product with a sum is multiplied out where that makes it cheaper.

A'(diag(p) - pp')A is a symmetric product less an outer product of vectors, which costs half of two products of matrices.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from math import prod

from matcalc.codegen.gram import find_gram, gram_costs
from matcalc.codegen.graph import computed, is_plain_product
from matcalc.codegen.order import ratio, total_costs
from matcalc.codegen.scale import Scale, scales
from matcalc.codegen.signs import Signs
from matcalc.expr import Add, Delta, Derivative, Node, Product, Variable, add, product, rebuild

__all__ = ["distributed"]

#: The largest number of terms that are multiplied out, and of factors of a product that they may make.
LARGEST_SUM, LARGEST_PRODUCT = 4, 8

#: What must be saved, as a part of the cost.
LEAST_GAIN = 0.1


def distributed(roots: Sequence[Node], signs: Signs, sizes: Mapping[str, int]) -> list[Node]:
    """The same values, with products over sums multiplied out where that pays."""
    order = computed(roots)
    uses = Counter(operand for node in order for operand in node.operands)
    uses.update(roots)
    made: dict[Node, Node] = {}
    for node in order:
        made[node] = node
        if not isinstance(node, Variable | Derivative):
            whole = rebuild(node, tuple([made[o] for o in node.operands]))
            terms = multiplied_out(whole, uses, signs, sizes)
            made[node] = add(terms) if len(terms) > 1 else whole
            for fresh in {whole, *terms, made[node]} - {node}:
                signs.note(fresh)
                uses[fresh] = uses[node] if fresh is made[node] else 1
    return [made[root] for root in roots]


def multiplied_out(node: Node, uses: Mapping[Node, int], signs: Signs, sizes: Mapping[str, int]) -> list[Node]:
    """The terms of a product over the first sum for which that pays; else the node alone."""
    opened = laid_open(node, uses)
    if isinstance(opened, Product) and len(opened.operands) <= LARGEST_PRODUCT:
        for position, total in enumerate(opened.operands):
            if isinstance(total, Add) and total.order > 1 and len(total.operands) <= LARGEST_SUM:
                terms = expanded(opened, position)
                if terms and pays(opened, total, terms, uses, signs, sizes):
                    return terms
    return [node]


def laid_open(node: Node, uses: Mapping[Node, int]) -> Node:
    """A product with the factors of products that it alone has in their place."""
    inner = {o for o in node.operands if uses[o] == 1 and is_plain_product(o)} if isinstance(node, Product) else set()
    if not isinstance(node, Product) or not inner or sum(len(o.operands) for o in inner) > LARGEST_PRODUCT:
        return node
    sizes = dict(enumerate(node.shape))
    return product(node.coefficient, node.factors, range(node.order), sizes, flatten=inner.__contains__)


def expanded(node: Product, position: int) -> list[Node]:
    """The terms of a product over the sum at a position; none if one of them would be too long."""
    terms = []
    for term in node.operands[position].operands:
        factors = list(node.factors)
        factors[position] = (term, factors[position][1])
        sizes = dict(enumerate(node.shape))
        made = product(node.coefficient, factors, range(node.order), sizes, flatten={term}.__contains__)
        if not isinstance(made, Product) or len(made.operands) > LARGEST_PRODUCT:
            return []
        terms.append(made)
    return terms


def pays(
    node: Product, total: Add, terms: Sequence[Node], uses: Mapping[Node, int], signs: Signs, sizes: Mapping[str, int]
) -> bool:
    """True if the terms cost clearly less than the product and what is computed for it alone."""
    products = [node, *terms, *total.operands]
    chosen = scales([d for part in products if isinstance(part, Product) for d in part.dimensions().values()], sizes)
    before = [costs(node, signs, chosen)]
    if uses[total] == 1:
        before += [entries(total, chosen)] * len(terms)
        before += [costs(t, signs, chosen) for t in total.operands if uses[t] == 1 and isinstance(t, Product)]
    after = [costs(t, signs, chosen) for t in terms] + [entries(node, chosen)] * len(terms)
    return ratio(*([sum(parts) for parts in zip(*way, strict=True)] for way in (after, before))) < 1 - LEAST_GAIN


def entries(node: Node, chosen: Sequence[Scale]) -> list[int]:
    """The number of entries at each scale."""
    return [prod(map(scale, node.shape)) for scale in chosen]


def costs(node: Node, signs: Signs, chosen: Sequence[Scale]) -> list[int]:
    """What a product of values costs at each scale."""
    if not isinstance(node, Product):
        return entries(node, chosen)
    dimensions = node.dimensions()
    factors = [factor for factor in node.factors if not isinstance(factor[0], Delta)]
    operands, labels = [o for o, _ in factors], [group for _, group in factors]
    out = frozenset(label for group in labels for label in group if label < node.order)
    by_label = [lambda label, scale=scale: scale(dimensions[label]) for scale in chosen]
    general = total_costs(labels, out, by_label) if labels else [1] * len(chosen)
    gram = find_gram(operands, labels, sorted(out), lambda k: signs.facts.has(operands[k], "symmetric"))
    if gram is None:
        return general
    halved = gram_costs(gram, by_label, positive=signs.even([factors[k] for k in gram.middle]))
    return [min(pair) for pair in zip(general, halved, strict=True)]
