"""Nodes made ready for index notation: sums with deltas multiplied out, products taken apart into their factors."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from itertools import product as combinations

from matcalc.canonical import collect
from matcalc.expr import Add, Apply, Delta, Node, Power, Product, Unknown, product
from matcalc.traversal import postorder

__all__ = ["Exponent", "terms", "contracts", "laid_open", "parts"]

Factor = tuple[Node, tuple[int, ...]]
Exponent = tuple[Factor, Fraction]

#: How many terms a sum with deltas may be multiplied out to.
LARGEST_EXPANSION = 256


# ---- Multiplying out ------------------------------------------------------------------------------------------------


def terms(node: Node) -> list[Node]:
    """The terms of a node, multiplied out where a factor is a sum that holds deltas."""
    holds: dict[Node, bool] = {}
    expanded: dict[Node, list[Node]] = {}
    for part in postorder(node):
        sums = isinstance(part, Add | Product)
        holds[part] = isinstance(part, Delta) or (sums and any(holds[o] for o in part.operands))
        if isinstance(part, Add) and (holds[part] or part is node):
            expanded[part] = [term for o in part.operands for term in expanded[o]]
        elif isinstance(part, Product) and holds[part]:
            expanded[part] = multiplied_out(part, [expanded[o] for o in part.operands], holds)
        else:
            expanded[part] = [part]
    made = collect(expanded[node])
    return list(made.operands) if isinstance(made, Add) else [made]


def multiplied_out(node: Product, factors: list[list[Node]], holds: dict[Node, bool]) -> list[Node]:
    """The products of one term of each factor; products that hold deltas or sum over nothing are merged."""
    size = 1
    for choices in factors:
        size *= len(choices)
    if size > LARGEST_EXPANSION:
        return [node]
    sizes = dict(enumerate(node.shape))
    results = []
    for chosen in combinations(*factors):
        pairs = zip(chosen, node.labels, strict=True)
        merged = {n for n in chosen if isinstance(n, Product) and is_opened(n, holds)}
        results.append(product(node.coefficient, pairs, range(node.order), sizes, flatten=merged.__contains__))
    return results


def is_opened(node: Product, holds: Mapping[Node, bool]) -> bool:
    """True for a product that holds deltas and for one that sums over nothing."""
    entrywise = all(label < node.order for labels in node.labels for label in labels)
    return entrywise or any(holds.get(o, False) for o in node.operands)


def laid_open(node: Node) -> Node:
    """A product with the products among its factors laid open, but for inner products, which may have a form."""
    if not isinstance(node, Product):
        return node
    sizes = dict(enumerate(node.shape))
    return product(node.coefficient, node.factors, range(node.order), sizes, flatten=lambda p: not is_inner_product(p))


def is_inner_product(node: Product) -> bool:
    """True for a scalar, and for factors that all hang together by summed labels, as in A_ir x_r."""
    if node.order == 0:
        return True
    free, groups = parts(node)
    return not free and len(groups) == 1


# ---- Factors --------------------------------------------------------------------------------------------------------


def parts(node: Product) -> tuple[list[Exponent], list[list[Exponent]]]:
    """The factors without summed labels, deltas and scalars first, and the groups of those that share summed labels."""
    free: list[Exponent] = []
    groups: list[tuple[set[int], list[Exponent]]] = []
    for factor, exponent in collected(node):
        bound = {label for label in factor[1] if label >= node.order}
        if not bound:
            free.append((factor, exponent))
            continue
        members = [(factor, exponent)]
        apart = []
        for labels, others in groups:
            if labels & bound:
                bound, members = bound | labels, others + members
            else:
                apart.append((labels, others))
        groups = [*apart, (bound, members)]
    free.sort(key=lambda item: (0 if isinstance(item[0][0], Delta) else 1 if item[0][0].order == 0 else 2, *item[0][1]))
    return free, [members for _, members in groups]


def collected(node: Product) -> list[Exponent]:
    """The factors of a product with the exponents with which they occur."""
    exponents: dict[Factor, Fraction] = {}
    for factor, labels in node.factors:
        if isinstance(factor, Power) and factor.exponent.denominator == 1:
            base, exponent = factor.operands[0], factor.exponent
        else:
            base, exponent = factor, Fraction(1)
        exponents[base, labels] = exponents.get((base, labels), Fraction(0)) + exponent
    return [(factor, exponent) for factor, exponent in exponents.items() if exponent]


def contracts(node: Node, *, through_functions: bool = False) -> bool:
    """True if the entries of a node hold a bound sum in a sum or product of vectors or matrices.

    Element-wise functions and powers are looked into on demand; scalars and matrix functions never.
    """
    stack = [node]
    seen: set[Node] = set()
    while stack:
        part = stack.pop()
        if isinstance(part, Product) and any(label >= part.order for labels in part.labels for label in labels):
            return True
        elementwise = isinstance(part, Power | Unknown) or (isinstance(part, Apply) and part.groups is None)
        if isinstance(part, Add | Product) or (through_functions and elementwise):
            stack.extend(operand for operand in part.operands if operand.order and operand not in seen)
            seen.update(part.operands)
    return False
