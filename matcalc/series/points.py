"""Values at a point: a node in which the variable has become a value, constants evaluated exactly.

    exp(0) = 1,    sin(pi) = 0,    4^(1/2) = 2,    inv(c I) = I/c,    softmax(c 1) = 1/n

A value that does not exist is refused wherever it stands, also in a product with 0.  Constants whose value is no
fraction (log(2), exp(1)) stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import sympy

from matcalc.conventions import KINKS
from matcalc.errors import KindError
from matcalc.expr import (
    Add,
    Apply,
    Constant,
    Delta,
    Node,
    Number,
    Power,
    Product,
    Size,
    add,
    apply_elementwise,
    expand,
    expanded_scalar,
    identity,
    is_zero,
    ones,
    power,
    product,
    rebuild,
    scale,
    split_coefficient,
    zero,
)
from matcalc.traversal import postorder

__all__ = ["PointValues"]

#: The largest digits of a constant that is evaluated.
LARGEST = 10**30
#: The most bits of a power that is evaluated.
LONGEST_POWER = 3000


class PointValues:
    """The values of nodes at one point, and what is to be said of them."""

    def __init__(self, replacements: Mapping[Node, Node]) -> None:
        self._values = dict(replacements)
        #: The functions that have a kink at the point.
        self.kinks: dict[str, None] = {}
        #: Whether a power with a fraction as exponent is taken of 0.
        self.at_boundary = False

    def value(self, node: Node) -> Node:
        """The value of a node at the point.  Raises KindError if there is none."""
        for part in postorder(node):
            if part not in self._values:
                self._values[part] = self._settled(part, tuple([self._values[o] for o in part.operands]))
        return self._values[node]

    def _settled(self, node: Node, operands: tuple[Node, ...]) -> Node:
        if isinstance(node, Power):
            return self._power(operands[0], node.exponent)
        if isinstance(node, Apply):
            made = self._elementwise(node, operands) if node.groups is None else of_matrix(node, operands[0])
            if made is not None:
                return made
        return rebuild(node, operands)

    def _power(self, base: Node, exponent: Fraction) -> Node:
        scalar = base if base.order == 0 else expanded_scalar(base)
        if is_zero(base) or has_zeros(base):
            if exponent < 0:
                raise undefined("a power of 0 with a negative exponent")
            self.at_boundary |= exponent.denominator > 1
        if is_zero(base):
            return zero(base.shape)
        if isinstance(scalar, Number) and exponent.denominator > 1:
            found = constant(sympy.Pow, [scalar, Number.make(exponent)])
            if found is not None:
                return expand(found, base.shape)
        return power(base, exponent)

    def _elementwise(self, node: Apply, operands: tuple[Node, ...]) -> Node | None:
        """The value of a function entry by entry where its arguments are constants that are known exactly."""
        scalars = [o if o.order == 0 else expanded_scalar(o) for o in operands]
        if node.name in KINKS and kink(operands):
            self.kinks[node.name] = None
        if node.name == "pow" and isinstance(scalars[0], Number) and not is_constant_exponent(scalars[1]):
            return self._power_of_number(scalars[0], node)
        if len(operands) == 1 and has_zeros(operands[0]):
            for value in {Fraction(0), multiple(operands[0]) or Fraction(0)}:
                constant(function_of(node), [Number.make(value)])  # refuses a function that has no value there
        if node.name == "pow" and has_zeros(operands[0]) and not is_constant_exponent(scalars[1]):
            raise undefined("an unknown power of 0")
        known = [scalar for scalar in scalars if scalar is not None]
        if len(known) < len(scalars) or not all(is_constant(scalar) for scalar in known):
            return None
        found = constant(function_of(node), known)
        return expand(found, node.shape) if found is not None else apply_elementwise(node.name, *operands)

    def _power_of_number(self, base: Number, node: Apply) -> Node | None:
        """c^y for a number c and a y that is unknown: 1 for c = 1; 0^y may be anything."""
        if base.value <= 0:
            raise undefined("an unknown power of a number that is not positive")
        return ones(node.shape) if base.value == 1 else None


def undefined(what: str) -> KindError:
    """The error of a value that does not exist."""
    hint = "expand at a point around which it has as many derivatives as the order is"
    where = "at this point, in the expression or a derivative of it"
    return KindError(f"there is {what} {where}, so no Taylor polynomial of this order is found", hint=hint)


def kink(operands: tuple[Node, ...]) -> bool:
    """Whether a function with kinks has one at these arguments: at 0, or at a tie of two."""
    if len(operands) == 1:
        return is_zero(operands[0]) or has_zeros(operands[0])
    return is_zero(add([operands[0], scale(-1, operands[1])]))


def has_zeros(node: Node) -> bool:
    """Whether a matrix is 0 off its diagonal, as multiples of the identity and diag(y) are."""
    if node.order != 2 or node.shape == (1, 1):
        return False
    if isinstance(node, Add):
        return all(map(has_zeros, node.operands))
    if isinstance(node, Product):
        return any(isinstance(part, Delta) and sorted(labels) == [0, 1] for part, labels in node.factors)
    return isinstance(node, Delta)


def is_constant(node: Node) -> bool:
    """True for a fraction, pi, and fractions of pi."""
    rest = split_coefficient(node)[1] if isinstance(node, Product) else node
    return isinstance(rest, Number | Constant) and (not isinstance(rest, Number) or small(rest.value))


def is_constant_exponent(node: Node | None) -> bool:
    """Whether an exponent is a constant that is known exactly."""
    return node is not None and is_constant(node)


def small(value: Fraction) -> bool:
    """Whether a number is short enough to be computed with."""
    return abs(value.numerator) < LARGEST and value.denominator < LARGEST


def function_of(node: Apply) -> Callable[..., Any]:
    """The SymPy function of an operation."""
    given = node.operation.sympy
    return getattr(sympy, given) if isinstance(given, str) else lambda *arguments: given(sympy, *arguments)


def constant(function: Callable[..., Any], arguments: list[Node]) -> Node | None:
    """The value of a function of constants; None if it is no fraction and no fraction of pi."""
    values = [number(argument) for argument in arguments]
    if len(values) == 2 and long_power(*values):
        return None
    found = sympy.sympify(function(*values))
    if found.has(sympy.zoo, sympy.nan, sympy.oo, -sympy.oo) or found.is_extended_real is False:
        raise undefined("a function without a real value")
    if found.is_Rational:
        return Number.make(Fraction(int(found.p), int(found.q)))
    part = found / sympy.pi
    return scale(Fraction(int(part.p), int(part.q)), Constant.make("pi")) if part.is_Rational else None


def long_power(base: Any, exponent: Any) -> bool:
    """Whether a power of two constants has more digits than are worth writing."""
    digits = sum(part.p.bit_length() + part.q.bit_length() for part in base.atoms(sympy.Rational))
    return bool(abs(exponent) * digits > LONGEST_POWER)


def number(node: Node) -> Any:
    """A constant as a SymPy number."""
    coefficient, rest = split_coefficient(node) if isinstance(node, Product) else (Fraction(1), node)
    value = rest.value if isinstance(rest, Number) else Fraction(1)
    factor = sympy.Integer(1) if isinstance(rest, Number) else getattr(sympy, str(rest.data[0]))
    exact = Fraction(coefficient) * value
    return sympy.Rational(exact.numerator, exact.denominator) * factor


# ---- Matrix functions of simple values.


def of_matrix(node: Apply, argument: Node) -> Node | None:
    """The value of a matrix function of 0, of a multiple of the identity, of a vector whose entries are equal; or None."""
    rule = RULES.get(node.name)
    return rule(node, argument) if rule is not None and node.rows + len(node.groups or ()) == argument.order else None


def multiple(argument: Node) -> Fraction | None:
    """c of c I, 0 included; None for what is no multiple of the identity."""
    if is_zero(argument):
        return Fraction(0)
    coefficient, rest = split_coefficient(argument) if isinstance(argument, Product) else (Fraction(1), argument)
    return Fraction(coefficient) if isinstance(rest, Delta) else None


def check_regular(argument: Node, c: Fraction | None) -> None:
    """Refuse the inverse of 0 and of a matrix whose entries are equal."""
    if c == 0 or (expanded_scalar(argument) is not None and argument.shape[0] != 1):
        raise undefined("a matrix without an inverse")


def inverse(node: Apply, argument: Node) -> Node | None:
    """inv(c I) = I/c."""
    c = multiple(argument)
    check_regular(argument, c)
    return scale(1 / c, identity(argument.shape[:1])) if c is not None else None


def log_determinant(node: Apply, argument: Node) -> Node | None:
    """logdet(c I) = n log|c|."""
    c = multiple(argument)
    check_regular(argument, c)
    if c is None:
        return None
    return zero(()) if abs(c) == 1 else product(1, [(size(argument), ()), (log(abs(c)), ())], [])


def determinant(node: Apply, argument: Node) -> Node | None:
    """det(0) = 0, det(I) = 1."""
    c = multiple(argument)
    return Number.make(c) if c in (0, 1) else None


def adjugate(node: Apply, argument: Node) -> Node | None:
    """adj(I) = I."""
    return argument if multiple(argument) == 1 else None


def softmax(node: Apply, argument: Node) -> Node | None:
    """softmax(c 1) = 1/n."""
    equal = expanded_scalar(argument)
    return expand(power(size(argument), Fraction(-1)), node.shape) if equal is not None and node.groups == (1,) else None


def logsumexp(node: Apply, argument: Node) -> Node | None:
    """logsumexp(c 1) = c + log(n)."""
    equal = expanded_scalar(argument)
    if equal is None or node.groups != (1,):
        return None
    return expand(add([equal, log(size(argument))]), node.shape)


def logsoftmax(node: Apply, argument: Node) -> Node | None:
    """logsoftmax(c 1) = -log(n) 1."""
    equal = expanded_scalar(argument) is not None and node.groups == (1,)
    return expand(scale(-1, log(size(argument))), node.shape) if equal else None


def size(argument: Node) -> Node:
    """The number of entries along the last axis."""
    dimension = argument.shape[-1]
    return Number.make(dimension) if isinstance(dimension, int) else Size.make(dimension)


def log(value: Node | Fraction) -> Node:
    """The logarithm."""
    argument = value if isinstance(value, Node) else Number.make(value)
    return zero(()) if argument is Number.make(1) else apply_elementwise("log", argument)


#: What is known of the values of matrix functions.
RULES: dict[str, Callable[[Apply, Node], Node | None]] = {
    "inv": inverse, "logdet": log_determinant, "det": determinant, "adj": adjugate, "softmax": softmax,
    "logsumexp": logsumexp, "logsoftmax": logsoftmax,
}  # fmt: skip
