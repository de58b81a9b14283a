"""The terms of a Taylor polynomial: D^k f(x0)[δ, .., δ]/k!, one after another.

Each one is the differential of the one before in the direction δ, which does not move: its axes are those of f, and no
derivative tensor is formed.  Then the variable becomes the point, and facts are used.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import cached_property
from math import factorial

from matcalc.assumptions import Facts
from matcalc.differentiate import derivative
from matcalc.errors import UnsupportedError
from matcalc.expr import Add, Node, Number, Product, Variable, add, is_zero, power, product, scale, split_coefficient
from matcalc.notation.text import to_text
from matcalc.products import Point, differential
from matcalc.raising import Raising
from matcalc.refine import refine
from matcalc.series.points import PointValues
from matcalc.series.question import Expanded, step_of
from matcalc.tensor import Tensor
from matcalc.traversal import postorder, substitute

__all__ = ["Terms"]

#: The most nodes that a directional derivative may have.
LARGEST = 60_000
#: The most bits of a number in a term: longer ones cannot be printed.
LONGEST_NUMBER = 13_000


class Terms:
    """The terms of one expansion, found as they are asked for."""

    def __init__(self, question: Expanded) -> None:
        self.question = question
        self.values = PointValues(question.replacements)
        self._directional = [question.function.node]

    @cached_property
    def step(self) -> Variable:
        """The direction while derivatives are taken."""
        return step_of(self.question.variable.node.shape)

    def directional(self, k: int) -> Node:
        """D^k f(x)[δ, .., δ], nothing being known of x."""
        while len(self._directional) <= k:
            last = self._directional[-1]
            made = refine(differential(last, {self.step: Point(self.question.variable)}), Facts())
            if self.length(made) > LARGEST:
                message = f"the derivative of order {len(self._directional)} is too long"
                raise UnsupportedError(message, hint="ask for a lower order")
            self._directional.append(made)
        return self._directional[k]

    @staticmethod
    def length(node: Node) -> int:
        """How many nodes there are below a node."""
        return sum(1 for _ in postorder(node))

    def term(self, k: int) -> Node:
        """D^k f(x0)[δ, .., δ]/k!, with the axes of f."""
        there = refine(self.values.value(self.directional(k)), self.question.facts)
        made = refine(scale(Fraction(1, factorial(k)), gathered(there)), self.question.facts)
        if any(bits(part) > LONGEST_NUMBER for part in postorder(made)):
            raise UnsupportedError("a number in the polynomial has thousands of digits", hint="give a point of shorter numbers")
        return made

    def factor(self, k: int) -> Node | None:
        """What is multiplied by δ or δ^k in the term as it is read: gradient, Jacobian, Hessian, D^k f(x0) for a scalar x.

        None where that has no matrix notation: for derivatives of more than two axes, and for order 0.
        """
        question = self.question
        own, by = question.function.node.order, question.variable.node.order
        if k == 0 or own + k * by > 2:
            return None
        if by == 0:
            along = substitute(self.directional(k), {self.step: Number.make(1)})
            return refine(self.values.value(along), question.facts)
        *_, tensor = self.tensors(k)
        return tensor.node

    def contracted(self, k: int, factor: Node) -> Node:
        """The term as it is read: gradient or Jacobian times δ, δ'Hδ/2, and for a scalar variable D^k f(x0) times δ^k."""
        question = self.question
        own, by = question.function.node.order, question.variable.node.order
        step = question.replacements[self.step]
        if by == 0:
            return product(Fraction(1, factorial(k)), [(factor, range(own)), (power(step, Fraction(k)), ())], range(own))
        axes, blocks = range(own), [range(own + j * by, own + (j + 1) * by) for j in range(k)]
        factors = [(factor, range(own + k * by)), *((step, block) for block in blocks)]
        return product(Fraction(1, k), factors, axes)

    def at(self, k: int, point: Node, step: Node) -> Node:
        """D^k f(x) δ^k/k! of a scalar x at another point, in a direction that is called otherwise."""
        along = substitute(self.directional(k), {self.question.variable.node: point, self.step: Number.make(1)})
        factors = [(refine(along, self.question.facts), ()), (power(step, Fraction(k)), ())]
        return product(Fraction(1, factorial(k)), factors, ())

    def vanishes(self, k: int) -> bool:
        """Whether the derivative of this order is 0 as it stands, wherever it is taken."""
        return is_zero(self.directional(k))

    def tensors(self, order: int) -> Iterator[Tensor]:
        """D^k f(x0) from k = 1 on: the axes of f, then k times those of x."""
        by, made = self.question.variable, self.question.function
        for _ in range(order):
            node = refine(derivative(made.node, by.node), Facts())
            made = Tensor(node, made.groups + by.groups)
            yield Tensor(refine(self.values.value(node), self.question.facts), made.groups)


def bits(node: Node) -> int:
    """How long the number in a node is."""
    value = node.value if isinstance(node, Number) else node.coefficient if isinstance(node, Product) else Fraction(0)
    return value.numerator.bit_length() + value.denominator.bit_length()


def gathered(node: Node) -> Node:
    """The node with equal terms of a sum added where they are products of the same factors that differ in a cyclic order.

    Terms are equal if they have the same matrix notation: tr(A*B*A*B) is one text, wherever the product starts.
    """
    if not isinstance(node, Add) or node.order:
        return node
    raising, first = Raising(Facts(), "numerator"), []
    texts: dict[str, Node] = {}
    for term in node.operands:
        coefficient, base = split_coefficient(term)
        form = raising.form(base)
        like = texts.setdefault(to_text(form), base) if form is not None else base
        first.append(scale(coefficient, like))
    return add(first)
