"""Derivatives of core nodes, in forward and in reverse mode over the shared graph.

`derivative(F, X)` is the tensor ∂F/∂X with the axes of F, then those of X.  X is a variable (or any node): below it
nothing is differentiated.  The rules are those of the core nodes and, for operations, those of their records:

    d(A + B) = dA + dB,    d(A B) = dA B + A dB,    d u^p = p u^(p-1) du,    d f(u) = f'(u) du,    dY = ∂Y/∂X dX

Forward mode carries ∂node/∂X upward, reverse mode ∂F/∂node downward: the transpose of the same linear program.  Where
neither is asked for, forward mode is used when X has fewer axes than F.  Nothing is simplified on the way, and no fact
about a variable is used: facts hold at points, a derivative looks around them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from matcalc.expr import (
    Add,
    Apply,
    Delta,
    Derivative,
    Node,
    Power,
    Product,
    Unknown,
    Variable,
    add,
    identity,
    is_zero,
    power,
    product,
    scale,
    transpose,
    zero,
)
from matcalc.tensor import Tensor
from matcalc.traversal import postorder

__all__ = ["derivative", "dependents", "forward", "push", "reverse"]

#: A partial derivative: what by, ∂node/∂that, and how many leading axes the two share entry by entry.
Partial = tuple[Node, Node, int]


def derivative(function: Node, variable: Node, mode: str = "auto") -> Node:
    """∂function/∂variable, the axes of the function first, in "forward" or "reverse" mode or in the one that suits.

    The modes agree in value and differ in the order in which partial derivatives are multiplied.
    """
    if mode == "auto":
        mode = "forward" if variable.order < function.order else "reverse"
    return (forward if mode == "forward" else reverse)(function, variable)


def dependents(function: Node, variable: Node) -> list[Node]:
    """The nodes of the function that depend on the variable, operands first."""
    found = {variable}
    order = []
    for node in postorder(function, stop=variable):
        if node is variable or any(o in found for o in node.operands):
            found.add(node)
            order.append(node)
    return order if variable in order else []


def partials(node: Node) -> Iterator[Partial]:
    """The partial derivatives of a node that is neither a sum nor a product, by each node that it depends on directly."""
    if isinstance(node, Power):
        base = node.operands[0]
        yield base, scale(node.exponent, power(base, node.exponent - 1)), node.order
    elif isinstance(node, Unknown):
        argument = node.operands[0]
        yield argument, Unknown.make(node.name, node.derivative_order + 1, argument), node.order
    elif isinstance(node, Apply) and node.groups is None:
        for argument, rule in zip(node.operands, node.operation.derivative, strict=True):
            yield argument, rule(*node.operands, node), node.order
    elif isinstance(node, Apply):
        yield node.operands[0], jacobian(node), node.rows
    elif isinstance(node, Variable):
        for position, argument in enumerate(node.operands):
            yield argument, Derivative.make(node, (position,)), 0
    elif isinstance(node, Derivative):
        for position, argument in enumerate(node.operands[0].operands):
            yield argument, higher_derivative(node, position), 0
    else:
        raise NotImplementedError(f"no derivative of {type(node).__name__}")


def jacobian(node: Apply) -> Node:
    """∂Y/∂X of a matrix operation from its record: axes that are passed through, then those of Y, then of X."""
    groups = node.groups or ()
    argument = node.operands[0]
    rows = tuple((f"row{k}", 1) for k in range(node.rows))
    letters = next(o for o in node.operation.overloads if len(o.inputs[0]) == len(groups))
    lengths = dict(zip(letters.inputs[0], groups, strict=True))
    value = Tensor(node, tuple(lengths[axis] for axis in letters.output), rows)
    assert node.operation.jacobian is not None
    result: Tensor = node.operation.jacobian(Tensor(argument, groups, rows), value)
    return result.node


def higher_derivative(node: Derivative, position: int) -> Node:
    """The derivative of the symbol ∂^k V / ∂a..∂b by the argument at `position`, its new axes last."""
    variable = node.operands[0]
    arguments = variable.operands
    positions = (*node.positions, position)
    made = Derivative.make(variable, positions)
    # The symbol keeps its arguments sorted, so the new axes stand after those of the last equal argument.
    before = variable.order + sum(arguments[p].order for p in node.positions if p <= position)
    new = arguments[position].order
    axes = [*range(before), *range(before + new, made.order), *range(before, before + new)]
    return transpose(made, axes)


def chain(outer: Node, outer_axes: list[object], partial: Node, axes: list[object], out: list[object]) -> Node:
    """The contraction of a derivative with a partial derivative, whose factors are laid open.

    The Jacobian of a matrix operation is contracted term by term (so its deltas go); a factor entry by entry, as 1 - y²
    is, stays one.
    """
    if is_zero(partial):
        dimensions = dict(zip(outer_axes, outer.shape, strict=True)) | dict(zip(axes, partial.shape, strict=True))
        return zero(tuple([dimensions[label] for label in out]))
    entrywise = set(axes) <= set(outer_axes)
    terms = partial.operands if isinstance(partial, Add) and not entrywise else (partial,)
    opened = set(terms)
    return add([product(1, [(outer, outer_axes), (t, axes)], out, flatten=opened.__contains__) for t in terms])


def reverse(function: Node, variable: Node) -> Node:
    """∂function/∂variable by one adjoint ∂function/∂node for each node, from the function down."""
    order = dependents(function, variable)
    if not order:
        return zero(function.shape + variable.shape)
    relevant = set(order)
    rank = function.order
    # What each user of a node contributes, last user first; the sum is taken in the order of the text.
    contributions: dict[Node, list[list[Node]]] = {function: [[identity(function.shape)]]}
    for node in reversed(order):
        users = contributions.pop(node, [])
        if not users:  # a variable whose derivatives alone occur
            continue
        adjoint = add([term for user in reversed(users) for term in user])
        if node is variable:
            return adjoint
        pulled: dict[Node, list[Node]] = {}
        for operand, contribution in pull_back(node, adjoint, rank, relevant):
            pulled.setdefault(operand, []).append(contribution)
        for operand, terms in pulled.items():
            contributions.setdefault(operand, []).append(terms)
    return zero(function.shape + variable.shape)


def pull_back(node: Node, adjoint: Node, rank: int, relevant: set[Node]) -> Iterator[tuple[Node, Node]]:
    """What the adjoint of a node (`rank` axes of the function, then those of the node) adds to those of its operands."""
    function_axes: list[object] = [("F", k) for k in range(rank)]
    if isinstance(node, Add):
        yield from ((operand, adjoint) for operand in node.operands if operand in relevant)
    elif isinstance(node, Product):
        yield from pull_back_product(node, adjoint, function_axes, relevant)
    else:
        for operand, partial, shared in partials(node):
            if operand in relevant:
                value_axes: list[object] = [("v", k) for k in range(node.order)]
                operand_axes = value_axes[:shared] + [("o", k) for k in range(shared, operand.order)]
                out = function_axes + operand_axes
                axes = value_axes + operand_axes[shared:]
                yield operand, chain(adjoint, function_axes + value_axes, partial, axes, out)


def pull_back_product(
    node: Product, adjoint: Node, function_axes: list[object], relevant: set[Node]
) -> Iterator[tuple[Node, Node]]:
    dimensions = node.dimensions()
    for position, (operand, labels) in enumerate(node.factors):
        if operand not in relevant:
            continue
        # A label that the operand carries twice (X_ii) is parted, and a delta holds the two together.
        out: list[object] = []
        deltas: list[tuple[Node, tuple[object, object]]] = []
        for k, label in enumerate(labels):
            if label in out:
                deltas.append((Delta.make(dimensions[label]), (label, ("twin", k))))
                out.append(("twin", k))
            else:
                out.append(label)
        others = [factor for k, factor in enumerate(node.factors) if k != position]
        factors = [(adjoint, [*function_axes, *range(node.order)]), *others]
        sizes = {label: dimensions[label] for label in labels}
        yield operand, product(node.data[0], [*factors, *deltas], [*function_axes, *out], sizes)


def forward(function: Node, variable: Node) -> Node:
    """∂function/∂variable by one tangent ∂node/∂variable for each node, from the variable up."""
    order = dependents(function, variable)
    if not order:
        return zero(function.shape + variable.shape)
    tangents: dict[Node, Node] = {variable: identity(variable.shape)}
    for node in order:
        if node is not variable:
            tangents[node] = push(node, tangents, variable.order)
    return tangents[function]


def push(node: Node, tangents: Mapping[Node, Node], order: int) -> Node:
    """The tangent of a node from those of its operands: one rule of the calculus.

    A tangent has the axes of its node, then `order` axes of what is differentiated by (none for a differential).
    """
    variable_axes: list[object] = [("X", k) for k in range(order)]
    if isinstance(node, Add):
        return add([tangents[o] for o in node.operands if o in tangents])
    if isinstance(node, Product):
        return add(push_product(node, tangents, variable_axes))
    return push_partials(node, tangents, variable_axes)


def push_product(node: Product, tangents: Mapping[Node, Node], variable_axes: list[object]) -> list[Node]:
    """The product rule: the tangents of a product, one term for each factor that moves."""
    sizes = dict(enumerate(node.shape))
    out = [*range(node.order), *variable_axes]
    terms = []
    for position, (operand, labels) in enumerate(node.factors):
        if operand in tangents:
            factors: list[tuple[Node, object]] = list(node.factors)
            factors[position] = (tangents[operand], [*labels, *variable_axes])
            terms.append(product(node.data[0], factors, out, sizes))  # type: ignore[arg-type]
    return terms


def push_partials(node: Node, tangents: Mapping[Node, Node], variable_axes: list[object]) -> Node:
    """The chain rule: the tangent of a node from those of its operands."""
    terms = []
    for operand, partial, shared in partials(node):
        if operand in tangents:
            value_axes: list[object] = [("v", k) for k in range(node.order)]
            operand_axes = value_axes[:shared] + [("o", k) for k in range(shared, operand.order)]
            axes = value_axes + operand_axes[shared:]
            out = value_axes + variable_axes
            terms.append(chain(tangents[operand], operand_axes + variable_axes, partial, axes, out))
    return add(terms)
