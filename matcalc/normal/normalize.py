"""The normal form of a graph of nodes: one pass, operands first, each node once."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from matcalc.assumptions import Facts
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
from matcalc.normal import atoms, determinants, functions, inverses, powers
from matcalc.normal.budget import Budget, power_of_number
from matcalc.normal.matching import Rules
from matcalc.normal.naming import Factor
from matcalc.normal.reducing import lay_open, part_scalars, tidy
from matcalc.normal.ring import Polynomial, Ring, Work
from matcalc.normal.settling import settle
from matcalc.traversal import postorder

__all__ = ["Normalizer"]


class Normalizer:
    """Normal forms under given facts, with the laws that were used; one for all sides of a claim."""

    def __init__(
        self, facts: Facts, budget: Budget | None = None, *, continuous: bool = False, opaque: bool = False
    ) -> None:
        """`continuous` says that everything to come is continuous where it is defined: no sign, abs, step, maximum, ..

        With `opaque` a sum in a product is one factor and a function is an atom: factors are only put in order.  That
        is a weaker normal form, but linear in the depth of a chain of layers, where multiplying out is exponential.
        """
        self.facts = facts
        self.rules = Rules()
        self.ring = Ring(facts, budget or Budget(), [tidy, lay_open, self.rules, settle, part_scalars])
        self.ring.continuous = continuous
        self.ring.opaque = opaque
        self.memo: dict[Node, Polynomial] = {}

    def __call__(self, root: Node) -> Polynomial:
        """The normal form; raises BudgetExceeded, or ZeroDivisionError where a value is defined nowhere."""
        for node in postorder(root):
            if node not in self.memo:
                self.memo[node] = self.step(node)
        return self.memo[root]

    def step(self, node: Node) -> Polynomial:
        """The normal form of a node whose operands are done."""
        return STEPS[type(node)](self, node)

    def number(self, node: Node) -> Polynomial:
        return self.ring.number(node.data[0])

    def leaf(self, node: Node) -> Polynomial:
        return self.ring.atom(node)

    def variable(self, node: Node) -> Polynomial:
        """A variable, which may be diagonal: X_ij = δ_ij X_ii."""
        if self.facts.has(node, "diagonal"):
            axes = (0, 1)
            factors = [Factor(Delta.make(node.shape[0]), axes, 1), Factor(node, (0, 0), 1)]
            return self.ring.reduced(Work(1, factors, {}), axes, node.shape)
        return self.ring.atom(node)

    def add(self, node: Node) -> Polynomial:
        return self.ring.add([self.memo[o] for o in node.operands], node.shape)

    def product(self, node: Node) -> Polynomial:
        assert isinstance(node, Product)
        factors = [(self.factor(o, node), labels) for o, labels in zip(node.operands, node.labels, strict=True)]
        return self.ring.contract(factors, range(node.order), dict(enumerate(node.shape)), node.data[0])

    def factor(self, operand: Node, node: Product) -> Polynomial:
        """An operand of a product; a sum beside other factors as one atom, if sums are opaque."""
        found = self.memo[operand]
        beside = len(node.operands) > 1 or any(label >= node.order for labels in node.labels for label in labels)
        return powers.sealed(self.ring, found) if self.ring.opaque and beside else found

    def power(self, node: Node) -> Polynomial:
        """u^p; a product under an integer power is parted before it is multiplied out."""
        if self.ring.opaque:
            return powers.sealed(self.ring, self.memo[node.operands[0]], Fraction(node.data[0]))
        exponent, (base,) = Fraction(node.data[0]), node.operands
        if exponent.denominator == 1 and exponent < 0 and isinstance(base, Product) and parts_entrywise(base):
            factors = [
                (powers.raise_power(self.ring, self.memo[o], exponent), labels)
                for o, labels in zip(base.operands, base.labels, strict=True)
            ]
            number = power_of_number(base.data[0], int(exponent))
            return self.ring.contract(factors, range(node.order), dict(enumerate(node.shape)), number)
        return powers.raise_power(self.ring, self.memo[base], exponent)

    def apply(self, node: Node) -> Polynomial:
        assert isinstance(node, Apply)
        arguments = [self.memo[o] for o in node.operands]
        if self.ring.opaque:
            return self.opaque(node, arguments)
        if node.groups is None:
            return functions.apply_function(self.ring, node.name, arguments)
        if node.name in MATRIX_FUNCTIONS:
            return MATRIX_FUNCTIONS[node.name](self, node)
        return self.ring.atom(Apply._intern(node.data, (arguments[0].node,), node.shape))

    def opaque(self, node: Apply, arguments: list[Polynomial]) -> Polynomial:
        """A function of normal forms as an atom."""
        if node.groups is None and len(arguments) == 1:
            return atoms.make_atom(self.ring, arguments[0], lambda base: Apply._intern(node.data, (base,), base.shape))
        return self.ring.atom(Apply._intern(node.data, tuple([a.node for a in arguments]), node.shape))

    def inverse(self, node: Apply) -> Polynomial:
        """An inverse; a product of square matrices is inverted factor by factor before it is multiplied out."""
        path = square_path(node.operands[0]) if node.groups == (1, 1) else None
        if path is None:
            return inverses.inverse(self.ring, self.memo[node.operands[0]], node.groups or ())
        number, word = path
        result = self.ring.delta(node.shape[0])
        for matrix, forward in word:
            own = inverses.inverse(self.ring, self.memo[matrix], (1, 1))
            result = self.ring.contract([(own, (0, 2) if forward else (2, 0)), (result, (2, 1))], (0, 1))
        return result.scaled(1 / number)

    def determinant(self, node: Apply) -> Polynomial:
        """A determinant; that of a product of square matrices factor by factor."""
        path = square_path(node.operands[0]) if node.groups == (1, 1) else None
        if path is not None and path[0] == 1:
            return self.ring.times(
                self.ring.one(), *(determinants.determinant(self.ring, self.memo[matrix], (1, 1)) for matrix, _ in path[1])
            )
        return determinants.determinant(self.ring, self.memo[node.operands[0]], node.groups or ())

    def logdet(self, node: Apply) -> Polynomial:
        """log |det X|."""
        return functions.apply_function(self.ring, "log", [self.determinant(node)])

    def adjugate(self, node: Apply) -> Polynomial:
        return determinants.adjugate(self.ring, self.memo[node.operands[0]], node.groups or ())

    def softmax(self, node: Apply) -> Polynomial:
        return functions.softmax(self.ring, self.memo[node.operands[0]], node.rows)

    def logsumexp(self, node: Apply) -> Polynomial:
        return functions.logsumexp(self.ring, self.memo[node.operands[0]], node.rows)

    def logsoftmax(self, node: Apply) -> Polynomial:
        """x - logsumexp(x)."""
        argument = self.memo[node.operands[0]]
        total = self.ring.expand(self.logsumexp(node), range(node.rows), node.shape)
        return self.ring.subtract(argument, total)

    def unknown(self, node: Node) -> Polynomial:
        assert isinstance(node, Unknown)
        return functions.apply_unknown(self.ring, node.name, node.derivative_order, self.memo[node.operands[0]])


def parts_entrywise(node: Product) -> bool:
    """Whether a product sums over nothing, so that its power is the product of powers."""
    return len(node.operands) > 1 and all(
        len(set(labels)) == len(labels) and all(label < node.order for label in labels) for labels in node.labels
    )


def square_path(node: Node) -> tuple[Fraction, list[tuple[Node, bool]]] | None:
    """The number and the factors of a product of square matrices of one dimension, each with whether it is forward."""
    if not isinstance(node, Product) or len(node.operands) < 2 or node.order != 2:
        return None
    if any(o.shape != node.shape or node.shape[0] != node.shape[1] for o in node.operands):
        return None
    remaining, here, word = list(node.factors), 0, []
    while remaining:
        step = [f for f in remaining if here in f[1]]
        if len(step) != 1 or step[0][1][0] == step[0][1][1]:
            return None
        matrix, labels = step[0]
        remaining.remove(step[0])
        word.append((matrix, labels[0] == here))
        here = labels[1] if labels[0] == here else labels[0]
    return (node.coefficient, word) if here == 1 and node.coefficient else None


MATRIX_FUNCTIONS: dict[str, Callable[[Normalizer, Apply], Polynomial]] = {
    "inv": Normalizer.inverse,
    "det": Normalizer.determinant,
    "logdet": Normalizer.logdet,
    "adj": Normalizer.adjugate,
    "softmax": Normalizer.softmax,
    "logsumexp": Normalizer.logsumexp,
    "logsoftmax": Normalizer.logsoftmax,
}
STEPS: dict[type[Node], Callable[[Normalizer, Node], Polynomial]] = {
    Number: Normalizer.number,
    Size: Normalizer.leaf,
    Constant: Normalizer.leaf,
    Delta: Normalizer.leaf,
    Variable: Normalizer.variable,
    Derivative: Normalizer.leaf,
    Add: Normalizer.add,
    Product: Normalizer.product,
    Power: Normalizer.power,
    Apply: Normalizer.apply,
    Unknown: Normalizer.unknown,
}
