"""The graph of core nodes as code sees it: what is computed, what is passed, what is drawn into its user."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set

from matcalc.expr import Add, Apply, Delta, Derivative, Node, Product, Unknown, Variable

__all__ = ["computed", "derivative_key", "unknown_key", "needed", "only_summed", "only_negated", "absorbed", "is_inverse"]

#: The operation that has a step of its own, since a product with it may be a solution of linear equations.
INVERSE = "inv"

#: The largest number of factors of a product into which factors that are products themselves are drawn.
MERGED = 6


def derivative_key(node: Derivative) -> str:
    """What a derivative of a dependent variable is called among the parameters: `d(A)/d(alpha)`."""
    variable = node.operands[0]
    assert isinstance(variable, Variable)
    key = variable.name
    for position in node.positions:
        key = f"d({key})/d({variable.argument_names[position]})"
    return key


def unknown_key(node: Unknown) -> str:
    """What an unknown function is called among the parameters: `f`, `f'`, `f''`."""
    return node.name + "'" * node.derivative_order


def computed(roots: Iterable[Node]) -> list[Node]:
    """The nodes whose values are computed or passed, operands first; below a variable nothing is."""
    done: set[Node] = set()
    order: list[Node] = []
    stack = [(root, False) for root in reversed(list(roots))]
    while stack:
        node, expanded = stack.pop()
        if expanded:
            order.append(node)
        elif node not in done:
            done.add(node)
            stack.append((node, True))
            if not isinstance(node, Variable | Derivative):
                stack.extend((operand, False) for operand in reversed(node.operands) if operand not in done)
    return order


def needed(definitions: Mapping[Variable, Node], roots: Sequence[Node]) -> dict[Node, Node]:
    """The definitions on which some nodes depend, in their order."""
    wanted: set[Node] = set(computed(roots))
    for variable in reversed(list(definitions)):
        if variable in wanted:
            wanted.update(computed([definitions[variable]]))
    return {variable: node for variable, node in definitions.items() if variable in wanted}


def only_summed(order: Sequence[Node], roots: frozenset[Node]) -> set[Node]:
    """The nodes that are terms of sums and nothing else; their sign is left to the sum."""
    terms = {operand for node in order if isinstance(node, Add) for operand in node.operands}
    others = {operand for node in order if not isinstance(node, Add) for operand in node.operands}
    return terms - others - roots


def only_negated(order: Sequence[Node], roots: frozenset[Node], drawn: Set[Node]) -> set[Node]:
    """The sums that all their users multiply by a negative number, so that their sign may as well be the other one.

    `drawn` are the products that their user draws in.
    """
    users: dict[Node, list[Node]] = {}
    for node in order:
        for operand in node.operands:
            users.setdefault(operand, []).append(node)
    result: set[Node] = set()
    for node in reversed(order):
        negated = all(
            isinstance(user, Product) and (user.coefficient < 0) != (user in drawn and user in result)
            for user in users.get(node, ())
        )
        if negated and node not in roots and users.get(node) and isinstance(node, Add | Product):
            result.add(node)
    return {node for node in result if isinstance(node, Add)}


def absorbed(order: Sequence[Node], roots: frozenset[Node]) -> set[Node]:
    """What its only user of the same kind draws in: sums, and products, whose order is then chosen over all factors."""
    uses = Counter(operand for node in order for operand in node.operands)
    sums = {operand for node in order if isinstance(node, Add) for operand in node.operands if isinstance(operand, Add)}
    result = {node for node in sums - roots if uses[node] == 1}
    owner: dict[Node, Node] = {}
    count: Counter[Node] = Counter()
    for node in reversed(order):
        if not isinstance(node, Product):
            continue
        top = owner.get(node, node)
        count[top] += len(node.operands)
        for operand in node.operands:
            drawn = uses[operand] == 1 and operand not in roots and is_plain_product(operand)
            if drawn and count[top] + len(operand.operands) - 1 <= MERGED:
                result.add(operand)
                owner[operand] = top
                count[top] -= 1
    return result


def is_plain_product(node: Node) -> bool:
    """True for a product of some order that holds no delta."""
    return isinstance(node, Product) and node.order > 0 and not any(isinstance(o, Delta) for o in node.operands)


def is_inverse(node: Node) -> bool:
    """True for the inverse of a matrix."""
    return isinstance(node, Apply) and node.name == INVERSE
