"""Assembly: from core nodes to steps, one value for each node.

A value is a step that holds only those axes of its node that carry something, in any order: an axis of ones is left to
broadcasting, and a transpose costs nothing until an array of a certain shape is needed.  A product with deltas between
axes of its result is a value on the distinct axes that is written through a strided view (`scatter`); an identity
matrix is made only where it is added to an argument below the answer, as in inv(eye + A).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from matcalc.assumptions import Facts
from matcalc.codegen.contraction import contract, letters
from matcalc.codegen.distribution import distributed
from matcalc.codegen.graph import (
    absorbed,
    computed,
    derivative_key,
    is_inverse,
    needed,
    only_negated,
    only_summed,
    unknown_key,
)
from matcalc.codegen.logarithms import log_of_probability
from matcalc.codegen.separation import separated
from matcalc.codegen.signs import Signs
from matcalc.codegen.steps import Step, Steps, is_argument
from matcalc.codegen.value import Structured, Value, starts_with_an_argument
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
    ones,
)
from matcalc.form import Dimension

__all__ = ["Assembly"]

#: A factor of a product with its labels.
Factor = tuple[Node, tuple[int, ...]]


class Assembly:
    """The steps that compute some nodes.

    `names` gives the Python name of each parameter by its key.  `definitions` are variables that are no parameters, each
    with the node that computes it, those that it is made of before it: the value of such a variable is computed once,
    and called by its name.  `called` gives names to further nodes, where they are computed.
    """

    def __init__(
        self,
        roots: Sequence[Node],
        names: Mapping[str, str],
        sizes: Mapping[str, int],
        facts: Facts | None = None,
        definitions: Mapping[Variable, Node] | None = None,
        called: Mapping[Node, str] | None = None,
    ) -> None:
        self.steps = Steps()
        self.facts = facts or Facts()
        self.definitions = needed(definitions or {}, roots)
        self.called = called or {}
        self.signs = Signs(self.facts, self.definitions)
        self.names = names
        self.sizes = sizes
        self.values: dict[Node, Value] = {}
        self.structured: dict[Node, Structured] = {}
        every = list(dict.fromkeys([*self.definitions.values(), *roots]))
        self.rewritten = dict(zip(every, self.rewriting(every), strict=True))
        order = computed(self.rewritten.values())
        self.roots = frozenset(self.rewritten.values())
        self.only_summed = only_summed(order, self.roots)
        self.absorbed = absorbed(order, self.roots)
        self.only_negated = only_negated(order, self.roots, self.absorbed)
        for node in order:
            self.signs.note(node)
            if node not in self.absorbed:
                self.compute(node)
                self.note(node)

    def rewriting(self, roots: Sequence[Node]) -> list[Node]:
        """The nodes in a form that costs less."""
        apart = separated(roots)
        self.signs.follow(dict(zip(roots, apart, strict=True)))
        for node in computed(apart):
            self.signs.note(node)
        cheaper = distributed(apart, self.signs, self.sizes)
        self.signs.follow(dict(zip(apart, cheaper, strict=True)))
        return cheaper

    def note(self, node: Node) -> None:
        """Note what is known of the step that is the value of a node."""
        value = self.values.get(node)
        if value is not None and node in self.called:
            self.steps.call(value.step, value.axes, self.called[node], node.order)
        if value is not None and value.sign > 0 and self.signs.nonnegative(node):
            self.steps.nonnegative.add(value.step)
        if value is not None and isinstance(node, Variable) and node.order == 2 and self.facts.symmetric(node):
            self.steps.symmetric.add(value.step)

    # ---- Answers.

    def answer(self, node: Node, groups: Sequence[int]) -> Step:
        """An array of the shape of the node, its axes joined as `groups` says, that is no view of a parameter."""
        return self.joined(self.owned(self.full(self.rewritten[node])), node.shape, groups)

    def owned(self, step: Step) -> Step:
        """The step, or a copy where it is a parameter or a view of one."""
        base = step
        while base.kind in ("transpose", "expand", "reshape"):
            base = base.args[0]
        if base.order == 0:
            return self.steps.make("scalar", (step,))
        shares = base.kind == "name" or (base.kind == "diagonal" and base.order > 0 and "->" in base.data)
        return self.steps.make("copy", (step,), None, step.order) if shares else step

    def full(self, node: Node) -> Step:
        """An array with all axes of the node in order."""
        term = self.structured.get(node)
        if term is not None and node in self.roots and (node.order > 2 or term.value.step.kind != "number"):
            return self.scatter(node.shape, None, [term])
        return self.completed(self.value(node), node)

    def signed(self, value: Value) -> Step:
        """The step with its sign."""
        return value.step if value.sign > 0 else self.steps.scaled(Fraction(-1), [], value.step)

    # ---- Values.

    def value(self, node: Node) -> Value:
        """The value of an operand; structure by deltas is given up."""
        if node not in self.values:
            self.values[node] = self.dense(node, self.structured[node])
        return self.values[node]

    def compute(self, node: Node) -> None:
        """Make the value of a node from those of its operands."""
        if node in self.definitions:
            self.define(node)
        elif isinstance(node, Product):
            self.compute_product(node)
        elif isinstance(node, Add):
            self.add(node)
        elif isinstance(node, Delta):
            self.structured[node] = Structured(Value(self.steps.number(1), ()), (0, 0))
        else:
            self.values[node] = RULES[type(node)](self, node)

    def define(self, node: Node) -> None:
        """A variable that is defined here has the value of its definition, which gets its name."""
        assert isinstance(node, Variable)
        defined = self.rewritten[self.definitions[node]]
        if defined in self.structured:
            self.structured[node] = self.structured[defined]
        else:
            value = self.values[node] = self.values[defined]
            self.steps.call(value.step, value.axes, node.name, node.order)

    def leaf(self, key: str, node: Node) -> Value:
        """A parameter."""
        return Value(self.steps.make("name", (), self.names[key], node.order), tuple(range(node.order)))

    def number(self, node: Number) -> Value:
        """A number; a negative one that is a term of sums leaves them its sign."""
        sign = -1 if node in self.only_summed and node.value < 0 else 1
        return Value(self.steps.number(sign * node.value), (), sign)

    def power(self, node: Power) -> Value:
        value = self.value(node.operands[0])
        return Value(self.steps.power(self.signed(value), node.exponent), value.axes)

    def unknown(self, node: Unknown) -> Value:
        value = self.value(node.operands[0])
        made = self.steps.elementwise("function", (self.signed(value),), self.names[unknown_key(node)])
        return Value(made, value.axes)

    def apply(self, node: Apply) -> Value:
        return self.apply_elementwise(node) if node.groups is None else self.apply_matrix(node)

    def apply_elementwise(self, node: Apply) -> Value:
        values = [self.value(operand) for operand in node.operands]
        if node.name == "log" and values[0].sign > 0:
            found = log_of_probability(self.steps, values[0].step)
            if found is not None:
                made = Value(found[1], values[0].axes, found[0])
                # What a name is given to has its sign.
                return Value(self.signed(made), made.axes) if node in self.roots or node in self.called else made
        steps, axes = self.aligned(values)
        return Value(self.steps.elementwise("call", steps, node.name), axes)

    def aligned(self, values: Sequence[Value]) -> tuple[list[Step], tuple[int, ...]]:
        """The steps of several values, ready to be broadcast, and the axes that they have together.

        The axes stand in the order that most of the values have that have them all, if any has.
        """
        together = tuple(sorted({axis for value in values for axis in value.axes}))
        orders = Counter(value.axes for value in values if len(value.axes) == len(together))
        axes = max([together, *orders], key=lambda order: orders[order])
        return [self.steps.place(self.signed(value), value.axes, axes) for value in values], axes

    def apply_matrix(self, node: Apply) -> Value:
        """A matrix operation, compound axes joined before it and parted after it."""
        argument, signature = node.operands[0], node.groups or ()
        groups = [1] * node.rows + list(signature)
        overload = next(o for o in node.operation.overloads if len(o.inputs[0]) == len(signature))
        order = node.rows + len(overload.output)
        step = self.joined(self.full(argument), argument.shape, groups)
        if is_inverse(node):
            step = self.steps.make("inverse", (step,), None, order)
        else:
            step = self.steps.make("call", (step,), node.name, order)
        if order != node.order:
            step = self.steps.make("reshape", (step,), tuple((d,) for d in node.shape), node.order)
        return Value(step, tuple(range(node.order)))

    def joined(self, step: Step, shape: Sequence[Dimension], groups: Sequence[int]) -> Step:
        """An array of this shape with its axes joined as `groups` says."""
        if all(n == 1 for n in groups):
            return step
        remaining = iter(shape)
        axes = tuple(tuple(next(remaining) for _ in range(n)) for n in groups)
        return self.steps.make("reshape", (step,), axes, len(groups))

    # ---- Products.

    def compute_product(self, node: Product) -> None:
        """The value of a product, on the distinct axes of the result where deltas make some equal."""
        coefficient, factors = self.open(node)
        root = self.joined_labels(factors)
        factors = [(operand, tuple(root(label) for label in labels)) for operand, labels in factors]
        roots = tuple(root(axis) for axis in range(node.order))
        lifted = node in self.only_summed and coefficient < 0
        value = self.contraction(-coefficient if lifted else coefficient, node, factors, frozenset(roots))
        self.keep(node, Structured(Value(value.step, value.axes, -1 if lifted else 1), roots))

    def keep(self, node: Node, term: Structured) -> None:
        """Note what a node is."""
        if term.roots == tuple(range(node.order)):
            self.values[node] = term.value
        else:
            self.structured[node] = term

    def joined_labels(self, factors: Sequence[Factor]) -> Callable[[int], int]:
        """For each label the least one that deltas among the factors make equal to it."""
        parent: dict[int, int] = {}

        def root(label: int) -> int:
            while label in parent:
                label = parent[label]
            return label

        for operand, labels in factors:
            for k, equal in enumerate(self.roots_of(operand)):
                low, high = sorted((root(labels[k]), root(labels[equal])))
                if low < high:
                    parent[high] = low
        return root

    def roots_of(self, node: Node) -> tuple[int, ...]:
        """Which axis each axis of an operand equals."""
        term = self.structured.get(node)
        return term.roots if term is not None else tuple(range(node.order))

    def open(self, node: Product) -> tuple[Fraction, list[Factor]]:
        """Coefficient and factors of a product, with those of factors that are absorbed in their place."""
        coefficient, factors = node.coefficient, []
        # The labels of an absorbed factor come after all of this product's, those of axes of ones included.
        fresh = max(node.order, *(1 + label for labels in node.labels for label in labels), 0)
        for operand, labels in node.factors:
            if isinstance(operand, Product) and operand in self.absorbed:
                inner_coefficient, inner = self.open(operand)
                inner += self.ones_axes(operand, inner)
                names = dict(enumerate(labels))
                for label in dict.fromkeys(k for _, group in inner for k in group if k >= operand.order):
                    names[label] = fresh
                    fresh += 1
                coefficient *= inner_coefficient
                factors += [(child, tuple(names[k] for k in group)) for child, group in inner]
            else:
                factors.append((operand, labels))
        return coefficient, factors

    def ones_axes(self, node: Product, inner: Sequence[Factor]) -> list[Factor]:
        """A vector of ones for each axis of a product that none of its factors carries."""
        carried = {label for _, labels in inner for label in labels}
        found: list[Factor] = [(ones((d,)), (axis,)) for axis, d in enumerate(node.shape) if axis not in carried]
        for vector, _ in found:
            if vector not in self.values:
                self.values[vector] = Value(self.steps.number(1), ())
        return found

    def contraction(
        self, coefficient: Fraction, node: Node, factors: list[Factor], out: frozenset[int]
    ) -> Value:
        """The contraction of factors to some axes of the node; what deltas say is in the labels."""
        dimensions: dict[int, Dimension] = dict(enumerate(node.shape))
        operands: list[tuple[Step, tuple[int, ...]]] = []
        summed: dict[int, Dimension] = {}
        for operand, labels in factors:
            dimensions.update(zip(labels, operand.shape, strict=True))
            term = self.structured.get(operand)
            value = term.value if term is not None else self.value(operand)
            coefficient *= value.sign
            operands.append((value.step, tuple(labels[axis] for axis in value.axes)))
            summed |= {label: dimensions[label] for label in labels if label >= node.order}
        carried = {label for _, labels in operands for label in labels}
        # A summed label that only ones axes have counts its dimension.
        operands += [(self.steps.size(d), ()) for label, d in summed.items() if label not in carried]
        result = contract(self.steps, coefficient, operands, out & carried, dimensions, self.sizes)
        return Value(result.step, result.labels)

    # ---- Sums and strided writes.

    def add(self, node: Add) -> None:
        """A sum: plain terms broadcast together, terms with deltas written into it."""
        terms = self.terms(node)
        patterns = {self.roots_of(term) for term in terms}
        if len(patterns) == 1:
            values = [self.structured[t].value if t in self.structured else self.values[t] for t in terms]
            if node in self.only_negated and starts_with_an_argument(values):
                values = [Value(value.step, value.axes, -value.sign) for value in values]
                total = self.sum(values)
                self.keep(node, Structured(Value(total.step, total.axes, -total.sign), patterns.pop()))
            else:
                self.keep(node, Structured(self.sum(values), patterns.pop()))
            return
        write = node.order != 2 or node in self.roots or self.has_computed(terms)
        written = [self.structured[term] for term in terms if write and term in self.structured]
        plain = self.sum([self.value(term) for term in terms if not (write and term in self.structured)])
        if written:
            dense = self.completed(plain, node) if len(written) < len(terms) else None
            plain = Value(self.scatter(node.shape, dense, written), tuple(range(node.order)))
        self.values[node] = plain

    def has_computed(self, terms: Sequence[Node]) -> bool:
        """True if a term without deltas is no argument, so that others may be written into it."""
        return any(t not in self.structured and t.order and not is_argument(self.values[t].step) for t in terms)

    def terms(self, node: Add) -> list[Node]:
        """The terms of a sum, with those of the sums that it alone has laid open."""
        result: list[Node] = []
        stack = list(reversed(node.operands))
        while stack:
            term = stack.pop()
            if isinstance(term, Add) and term in self.absorbed:
                stack.extend(reversed(term.operands))
            else:
                result.append(term)
        return result

    def sum(self, values: Sequence[Value]) -> Value:
        """The sum of values, broadcast."""
        if not values:
            return Value(self.steps.number(0), ())
        if len(values) == 1:
            return values[0]
        placed, axes = self.aligned([Value(value.step, value.axes) for value in values])
        return Value(self.steps.add((value.sign, step) for value, step in zip(values, placed, strict=True)), axes)

    def completed(self, value: Value, node: Node) -> Step:
        """An array with all axes of a node in order."""
        step = self.signed(value)
        if not value.axes and node.order:
            return self.steps.full(step, node.shape)
        placed = self.steps.place(step, value.axes, range(node.order))
        if len(value.axes) < node.order:
            return self.steps.make("broadcast", (placed,), node.shape, node.order)
        return placed

    def dense(self, node: Node, term: Structured) -> Value:
        """A product with deltas as an array; of order two as eye or diag."""
        axes = tuple(range(node.order))
        if node.order != 2:
            return Value(self.scatter(node.shape, None, [term]), axes)
        if term.value.step.order:
            return Value(self.steps.make("diag", (term.value.step,), None, 2), axes, term.value.sign)
        eye = self.steps.make("eye", (), node.shape[0], 2)
        return Value(self.steps.multiply(1, [term.value.step, eye]), axes, term.value.sign)

    def scatter(self, shape: Sequence[Dimension], dense: Step | None, terms: Sequence[Structured]) -> Step:
        """Zeros or an array, with terms added along their diagonals, one write for each pattern of diagonals."""
        patterns: dict[tuple[int, ...], list[Value]] = {}
        for term in terms:
            patterns.setdefault(term.roots, []).append(term.value)
        args = [] if dense is None else [dense]
        writes: list[tuple[str, int]] = []
        for roots, values in patterns.items():
            value = self.sum(values)
            distinct = sorted(set(roots))
            view, result = letters(roots, distinct)
            args.append(self.steps.place(value.step, value.axes, distinct))
            writes.append((f"{view}->{result}", value.sign))
        return self.steps.make("scatter", args, (tuple(shape), dense is not None, tuple(writes)), len(shape))


#: How the value of a node is made from those of its operands; products and sums are apart.
RULES: dict[type[Node], Callable[[Assembly, Any], Value]] = {
    Variable: lambda assembly, node: assembly.leaf(node.name, node),
    Derivative: lambda assembly, node: assembly.leaf(derivative_key(node), node),
    Number: lambda assembly, node: assembly.number(node),
    Size: lambda assembly, node: Value(assembly.steps.size(node.dimension), ()),
    Constant: lambda assembly, node: Value(assembly.steps.make("constant", (), f"np.{node.name}"), ()),
    Power: Assembly.power,
    Unknown: Assembly.unknown,
    Apply: Assembly.apply,
}
