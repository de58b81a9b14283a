"""Assembly: from core nodes to steps, one value for each node.

A value is a step that holds only those axes of its node that carry something, in any order: an axis of ones is left to
broadcasting, and a transpose costs nothing until an array of a certain shape is needed.  A product with deltas between
axes of its result is a value on the distinct axes that is written through a strided view (`scatter`); an identity
matrix is made only where it is itself a term of order two below the answer, as in inv(eye + A).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from matcalc.codegen.contraction import contract, letters
from matcalc.codegen.steps import Step, Steps
from matcalc.expr import (
    Add,
    Apply,
    Constant,
    Delta,
    Derivative,
    Node,
    Number,
    Power,
    Product,
    Size,
    Unknown,
    Variable,
)
from matcalc.form import Dimension

__all__ = ["Assembly", "computed", "derivative_key", "unknown_key"]

#: The largest number of factors of a product into which factors that are products themselves are drawn.
MERGED = 6


@dataclass(frozen=True, slots=True)
class Value:
    """`sign` times a step whose axes are these axes of the node."""

    step: Step
    axes: tuple[int, ...]
    sign: int = 1


@dataclass(frozen=True, slots=True)
class Structured:
    """A value on axes of a node of which others are copies by deltas: `roots[k]` is the axis that axis k equals."""

    value: Value
    roots: tuple[int, ...]


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


class Assembly:
    """The steps that compute some nodes.  `names` gives the Python name of each parameter by its key."""

    def __init__(self, roots: Sequence[Node], names: Mapping[str, str], sizes: Mapping[str, int]) -> None:
        self.steps = Steps()
        self.names = names
        self.sizes = sizes
        self.values: dict[Node, Value] = {}
        self.structured: dict[Node, Structured] = {}
        order = computed(roots)
        self.uses, self.only_summed = parents(order, roots)
        for node in order:
            if not self.absorbed(node):
                self.compute(node)

    def absorbed(self, node: Node) -> bool:
        """True for a product that its only user, a product too, draws in."""
        return self.uses[node] == -1

    # ---- Answers.

    def answer(self, node: Node, groups: Sequence[int]) -> Step:
        """An array of the exact shape of the node, with its axes joined as `groups` says, that nothing else refers to."""
        step = self.owned(self.full(node, root=True))
        if any(n != 1 for n in groups):
            step = self.steps.make("reshape", (step,), grouped(node.shape, groups), len(groups))
        return step

    def owned(self, step: Step) -> Step:
        """The step, or a copy where it is a parameter or a view of one."""
        base = step
        while base.kind in ("transpose", "expand", "reshape"):
            base = base.args[0]
        if base.order == 0:
            return self.steps.make("scalar", (step,))
        shares = base.kind == "name" or (base.kind == "diagonal" and base.order > 0 and "->" in base.data)
        return self.steps.make("copy", (step,), None, step.order) if shares else step

    def full(self, node: Node, *, root: bool = False) -> Step:
        """An array with all axes of the node in order."""
        structured = self.structured.get(node)
        if structured is not None:
            return self.scatter(node.shape, None, [structured]) if root else self.dense(node, structured)
        value = self.values[node]
        step = self.signed(value)
        if len(value.axes) == node.order:
            return self.steps.place(step, value.axes, range(node.order))
        if not value.axes:
            return self.steps.full(step, node.shape)
        placed = self.steps.place(step, value.axes, range(node.order))
        return self.steps.make("broadcast", (placed,), node.shape, node.order)

    def signed(self, value: Value) -> Step:
        """The step with its sign."""
        return value.step if value.sign > 0 else self.steps.multiply(-1, [value.step])

    # ---- Values.

    def value(self, node: Node) -> Value:
        """The value of an operand; structure by deltas is given up."""
        if node not in self.values:
            self.values[node] = Value(self.dense(node, self.structured[node]), tuple(range(node.order)))
        return self.values[node]

    def compute(self, node: Node) -> None:
        """Make the value of a node from those of its operands."""
        if isinstance(node, Product | Delta):
            self.compute_product(node)
        elif isinstance(node, Add):
            self.values[node] = self.add(node)
        else:
            self.values[node] = RULES[type(node)](self, node)

    def leaf(self, key: str, node: Node) -> Value:
        """A parameter."""
        return Value(self.steps.make("name", (), self.names[key], node.order), tuple(range(node.order)))

    def power(self, node: Power) -> Value:
        value = self.value(node.operands[0])
        return Value(self.steps.power(self.signed(value), node.exponent), value.axes)

    def unknown(self, node: Unknown) -> Value:
        value = self.value(node.operands[0])
        made = self.steps.make("function", (self.signed(value),), self.names[unknown_key(node)], value.step.order)
        return Value(made, value.axes)

    def apply(self, node: Apply) -> Value:
        return self.apply_elementwise(node) if node.groups is None else self.apply_matrix(node)

    def apply_elementwise(self, node: Apply) -> Value:
        values = [self.value(operand) for operand in node.operands]
        steps, axes = self.aligned(values)
        order = max(step.order for step in steps)
        return Value(self.steps.make("call", steps, node.name, order), axes)

    def aligned(self, values: Sequence[Value]) -> tuple[list[Step], tuple[int, ...]]:
        """The steps of several values, ready to be broadcast, and the axes that they have together."""
        axes = max((value.axes for value in values), key=len)
        if not all(set(value.axes) <= set(axes) for value in values):
            axes = tuple(sorted({axis for value in values for axis in value.axes}))
        return [self.steps.place(self.signed(value), value.axes, axes) for value in values], axes

    def apply_matrix(self, node: Apply) -> Value:
        argument = node.operands[0]
        groups = [1] * node.rows + list(node.groups or ())
        step = self.full(argument)
        compound = any(n != 1 for n in groups)
        if compound:
            step = self.steps.make("reshape", (step,), grouped(argument.shape, groups), len(groups))
        kept = step.order - (argument.order - node.order if not compound else len(node.groups or ()))
        order = node.order if not compound else kept + (len(groups) - node.rows if node.order > node.rows else 0)
        made = self.steps.make("inverse" if node.name == "inv" else "call", (step,), inverse_data(node), order)
        if compound and node.order > node.rows:
            made = self.steps.make("reshape", (made,), tuple((d,) for d in node.shape), node.order)
        return Value(made, tuple(range(node.order)))

    # ---- Products.

    def compute_product(self, node: Node) -> None:
        """The value of a product, on the distinct axes of the result where deltas make some equal."""
        coefficient, factors = self.open(node)
        roots = list(range(node.order))
        for _, labels in (factor for factor in factors if isinstance(factor[0], Delta)):
            roots[max(labels)] = roots[min(labels)]
        lifted = node in self.only_summed and coefficient < 0
        value = self.contraction(-coefficient if lifted else coefficient, node, factors, sorted(set(roots)))
        value = Value(value.step, value.axes, -1 if lifted else 1)
        if roots == list(range(node.order)):
            self.values[node] = value
        else:
            self.structured[node] = Structured(value, tuple(roots))

    def open(self, node: Node) -> tuple[Fraction, list[tuple[Node, tuple[int, ...]]]]:
        """Coefficient and factors of a product, with those of factors that are absorbed in their place."""
        if not isinstance(node, Product):
            return Fraction(1), [(node, tuple(range(node.order)))]
        coefficient, factors = node.coefficient, []
        fresh = 1 + max((label for labels in node.labels for label in labels), default=node.order)
        for operand, labels in node.factors:
            if isinstance(operand, Product) and self.absorbed(operand):
                inner_coefficient, inner = self.open(operand)
                names = dict(enumerate(labels))
                for label in dict.fromkeys(k for _, group in inner for k in group if k >= operand.order):
                    names[label] = fresh
                    fresh += 1
                coefficient *= inner_coefficient
                factors += [(child, tuple(names[k] for k in group)) for child, group in inner]
            else:
                factors.append((operand, labels))
        return coefficient, factors

    def contraction(
        self, coefficient: Fraction, node: Node, factors: list[tuple[Node, tuple[int, ...]]], axes: Sequence[int]
    ) -> Value:
        """The contraction of factors that are no deltas to some axes of the node."""
        dimensions: dict[int, Dimension] = dict(enumerate(node.shape))
        operands: list[tuple[Step, tuple[int, ...]]] = []
        summed: dict[int, Dimension] = {}
        for operand, labels in factors:
            dimensions.update(zip(labels, operand.shape, strict=True))
            if not isinstance(operand, Delta):
                value = self.value(operand)
                coefficient *= value.sign
                operands.append((value.step, tuple(labels[axis] for axis in value.axes)))
                summed |= {label: dimensions[label] for label in labels if label >= node.order}
        carried = {label for _, labels in operands for label in labels}
        # A summed label that only ones axes have counts its dimension.
        operands += [(self.steps.size(d), ()) for label, d in summed.items() if label not in carried]
        out = frozenset(axes)
        result = contract(self.steps, coefficient, operands, out & carried, dimensions, self.sizes)
        return Value(result.step, result.labels)

    # ---- Sums and strided writes.

    def add(self, node: Add) -> Value:
        """A sum: plain terms broadcast together, terms with deltas written into it."""
        plain = [self.values[operand] for operand in node.operands if operand not in self.structured]
        written = [self.structured[operand] for operand in node.operands if operand in self.structured]
        axes: tuple[int, ...] = ()
        terms: list[tuple[int, Step]] = []
        if plain:
            placed, axes = self.aligned([Value(value.step, value.axes) for value in plain])
            terms = [signed_number(value.sign, step) for value, step in zip(plain, placed, strict=True)]
        everything = tuple(range(node.order))
        if not written:
            return Value(self.steps.add(terms), axes)
        if node.order == 2 and node in self.only_inner:
            terms = [(sign, self.steps.place(step, axes[-step.order :] if step.order else (), everything)) for sign, step in terms]
            terms += [(1, self.dense(node, term)) for term in written]
            return Value(self.steps.add(terms), everything)
        dense = self.completed(self.steps.add(terms), axes, node) if terms else None
        return Value(self.scatter(node.shape, dense, written), everything)

    @property
    def only_inner(self) -> set[Node]:
        return set()

    def completed(self, step: Step, axes: tuple[int, ...], node: Node) -> Step:
        """A step with all axes of a node, that may be written to."""
        if not axes:
            return self.steps.full(step, node.shape)
        placed = self.steps.place(step, axes, range(node.order))
        if len(axes) < node.order:
            return self.steps.make("broadcast", (placed,), node.shape, node.order)
        return placed

    def dense(self, node: Node, term: Structured) -> Step:
        """A product with deltas as an array; of order two as eye or diag."""
        if node.order != 2:
            return self.scatter(node.shape, None, [term])
        step = self.signed(term.value)
        if step.order:
            return self.steps.make("diag", (step,), None, 2)
        return self.steps.multiply(1, [step, self.steps.make("eye", (), node.shape[0], 2)])

    def scatter(self, shape: Sequence[Dimension], dense: Step | None, terms: Sequence[Structured]) -> Step:
        """Zeros or an array, with terms added along their diagonals."""
        args = [] if dense is None else [dense]
        writes: list[tuple[str, int]] = []
        for term in terms:
            distinct = sorted(set(term.roots))
            view, result = letters(term.roots, distinct)
            args.append(self.steps.place(term.value.step, term.value.axes, distinct))
            writes.append((f"{view}->{result}", term.value.sign))
        return self.steps.make("scatter", args, (tuple(shape), dense is not None, tuple(writes)), len(shape))


def inverse_data(node: Apply) -> str | None:
    return None if node.name == "inv" else node.name


def signed_number(sign: int, step: Step) -> tuple[int, Step]:
    return sign, step


def grouped(shape: Sequence[Dimension], groups: Sequence[int]) -> tuple[tuple[Dimension, ...], ...]:
    """The dimensions of a shape, as many to an axis as `groups` says."""
    remaining = iter(shape)
    return tuple(tuple(next(remaining) for _ in range(n)) for n in groups)
