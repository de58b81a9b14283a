"""Functions entry by entry: what each is in terms of few of them.

Left over are exp of one term, log of the absolute value of one factor, sign of one factor, sin and cos of one angle, and
functions that have no law here.  So exp(a + b) is a product, log(a b) a sum, and abs, relu, step and maximum are
polynomials in signs.

Two conventions hold inside of a normal form only.  The atom `log(v)` stands for log |v|, which extends the domain; the
atom `abs(v)` stands only under a fractional power.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from matcalc.expr import Add, Apply, Constant, Delta, Node, Number, Shape, Unknown, exact
from matcalc.normal.atoms import entrywise, make_atom
from matcalc.normal.budget import BudgetExceeded
from matcalc.normal.matching import pattern_of
from matcalc.normal.naming import Factor
from matcalc.normal.positivity import is_positive, node_is_nonnegative, node_is_positive
from matcalc.normal.powers import (
    absolute_power,
    content,
    number_power,
    of_factors,
    prime_factors,
    raise_power,
    sign_of_atom,
    units,
)
from matcalc.normal.ring import Polynomial, Ring

__all__ = ["apply_function", "apply_unknown", "softmax", "logsumexp", "log_of"]

HALF = Fraction(1, 2)
#: The largest multiple of an angle, and the most summands of one, that are expanded.
LARGEST_MULTIPLE, MOST_SUMMANDS = 12, 3

Function = Callable[[Ring, Polynomial], Polynomial]


def apply_function(ring: Ring, name: str, arguments: Sequence[Polynomial]) -> Polynomial:
    """The value of an element-wise operation."""
    if name in BINARY:
        return BINARY[name](ring, *arguments)
    function = FUNCTIONS[name] if name in FUNCTIONS else generic(name)
    return entrywise(ring, arguments[0], function, DEFINED.get(name))


def entrywise_log(ring: Ring, argument: Polynomial) -> Polynomial:
    """log |u| of each entry."""
    return entrywise(ring, argument, log, node_is_positive)


def apply_unknown(ring: Ring, name: str, order: int, argument: Polynomial) -> Polynomial:
    """f^(k) of a polynomial for an unknown f."""

    def build(node: Node) -> Node:
        return Unknown._intern((name, order), (node,), node.shape)

    return entrywise(ring, argument, lambda ring, inner: make_atom(ring, inner, build))


#: f(-x) = f(x) is 1, f(-x) = -f(x) is -1.
PARITY = {"cos": 1, "sin": -1, "asin": -1, "atan": -1, "erf": -1, "sign": -1, "log": 1}
#: f(0) where it is a whole number.
AT_ZERO = {"sin": 0, "asin": 0, "atan": 0, "erf": 0, "sign": 0, "cos": 1}


def generic(name: str) -> Function:
    """A function without laws of its own but its parity and its value at 0."""

    def function(ring: Ring, argument: Polynomial) -> Polynomial:
        if not argument.terms and name in AT_ZERO:
            return ring.number(AT_ZERO[name], argument.shape)
        return make_atom(ring, argument, builder(name), PARITY.get(name, 0))

    return function


def builder(name: str) -> Callable[[Node], Node]:
    """The node of an element-wise operation on a node."""
    return lambda node: Apply._intern((name, None), (node,), node.shape)


# ---- exp and log --------------------------------------------------------------------------------------------------------


def exp(ring: Ring, argument: Polynomial) -> Polynomial:
    """exp(a t + b u) = exp(t)^a exp(u)^b; exp(a log u) = u^a."""
    if len(argument.terms) > 1:
        ring.note("exp-of-a-sum")
    shape = argument.shape
    return ring.times(ring.one(shape), *(exp_of_term(ring, term, c, shape) for term, c in argument.ordered()))


def exp_of_term(ring: Ring, term: Node, coefficient: Fraction | int, shape: Shape) -> Polynomial:
    found = units(ring, term)
    if len(found) == 1 and found[0].exponent == 1:
        atom, labels, _ = found[0]
        if isinstance(atom, Apply) and atom.name == "log":
            ring.note("exp-of-log")
            return power_of_argument(ring, atom.operands[0], labels, coefficient, shape)
    unit = entrywise(ring, Polynomial(shape, {term: 1}), lambda ring, inner: make_atom(ring, inner, builder("exp")))
    return raise_power(ring, unit, coefficient)


def power_of_argument(
    ring: Ring, node: Node, labels: Sequence[int], exponent: Fraction | int, shape: Shape
) -> Polynomial:
    """|node|^exponent, for a node that is the argument of a function."""
    if isinstance(node, Number):
        return number_power(ring, abs(Fraction(node.data[0])), exponent, shape)
    value = ring.expand(ring.polynomial(node), labels, shape)
    (term, coefficient), *more = value.ordered()
    found = units(ring, term) if not more and coefficient == 1 else []
    if len(found) == 1 and found[0].exponent == 1:
        return absolute_power(ring, Factor(found[0].atom, found[0].labels, exact(exponent)), shape)
    if node_is_nonnegative(ring, node) or (isinstance(exponent, int) and exponent % 2 == 0):
        return raise_power(ring, value, exponent)
    if isinstance(exponent, int):
        return ring.times(raise_power(ring, value, exponent), apply_function(ring, "sign", [value]))
    raise BudgetExceeded("a fractional power of the absolute value of a sum")


def log(ring: Ring, argument: Polynomial) -> Polynomial:
    """log |c u^a v^b| = log |c| + a log |u| + b log |v|."""
    if not argument.terms:
        raise ZeroDivisionError("the logarithm of zero")
    shape = argument.shape
    if len(argument.terms) == 1:
        ((term, coefficient),) = argument.terms.items()
        found = units(ring, term)
        number = Fraction(coefficient)
    else:
        number, pulled, rest = content(ring, argument)
        logs = log(ring, rest) if len(rest.terms) == 1 else make_atom(ring, rest, builder("log"), 1)
        return ring.add([logs, log_of_number(ring, abs(number), shape), *log_of(ring, pulled, shape)], shape)
    if len(found) + (abs(number) != 1) > 1:
        ring.note("log-of-a-product")
    return ring.add([log_of_number(ring, abs(number), shape), *log_of(ring, found, shape)], shape)


def log_of_number(ring: Ring, number: Fraction, shape: Shape) -> Polynomial:
    """The logarithm of a positive number, by its prime factors."""
    logs = [ring.atom(builder("log")(Number.make(p))).scaled(e) for p, e in prime_factors(number).items()]
    return ring.expand(ring.add(logs, ()), (), shape)


def log_of(ring: Ring, factors: Sequence[Factor], shape: Shape) -> list[Polynomial]:
    """The logarithms of the absolute values of factors."""
    return [log_of_factor(ring, factor, shape).scaled(factor.exponent) for factor in factors]


def log_of_factor(ring: Ring, factor: Factor, shape: Shape) -> Polynomial:
    atom, labels, _ = factor
    if isinstance(atom, Number):
        return log_of_number(ring, Fraction(atom.data[0]), shape)
    if isinstance(atom, Apply) and atom.name == "exp":
        ring.note("log-of-exp")
        return ring.expand(ring.polynomial(atom.operands[0]), labels, shape)
    if isinstance(atom, Apply) and atom.name == "sign":
        return Polynomial(shape)
    if isinstance(atom, Apply) and atom.name == "abs":
        return log_of_factor(ring, Factor(atom.operands[0], labels, 1), shape)
    if isinstance(atom, Apply) and atom.name == "pow":
        base, exponent = (ring.expand(ring.polynomial(o), labels, shape) for o in atom.operands)
        return ring.times(exponent, entrywise_log(ring, base))
    if isinstance(atom, Apply) and atom.name == "det":
        diagonal = diagonal_of_triangular(ring, atom.operands[0])
        if diagonal is not None:
            ring.note("determinant-of-triangular")
            return ring.expand(ring.contract([(entrywise_log(ring, diagonal), (0,))], ()), (), shape)
    if isinstance(atom, Add):
        return ring.expand(make_atom(ring, ring.polynomial(atom), builder("log"), 1), labels, shape)
    node = builder("log")(atom)
    ring.symmetries.declare(node, [(order, 1) for order, _ in ring.symmetries(atom)])
    return of_factors(ring, [Factor(node, labels, 1)], shape)


def diagonal_of_triangular(ring: Ring, matrix: Node) -> Polynomial | None:
    """The diagonal of a matrix whose determinant is the product of it; None if it is not known to be one."""
    total = ring.polynomial(matrix)
    if matrix.order != 2 or len(total.terms) != 1:
        return None
    factors = pattern_of(next(iter(total.terms)))
    triangular = len(factors) == 1 and ring.facts.has(factors[0].atom, "lower", "upper")
    if triangular or any(isinstance(f.atom, Delta) for f in factors):
        return ring.contract([(total, (0, 0))], (0,))
    return None


def sigmoid(ring: Ring, argument: Polynomial) -> Polynomial:
    """exp(x)/(1 + exp(x))."""
    ring.note("sigmoid-definition")
    e = exp(ring, argument)
    return ring.times(e, raise_power(ring, ring.add([ring.one(e.shape), e], e.shape), -1))


def softplus(ring: Ring, argument: Polynomial) -> Polynomial:
    """log(1 + exp(x))."""
    e = exp(ring, argument)
    return entrywise_log(ring, ring.add([ring.one(e.shape), e], e.shape))


def tanh(ring: Ring, argument: Polynomial) -> Polynomial:
    """(exp(2 x) - 1)/(exp(2 x) + 1)."""
    ring.note("tanh-definition")
    e = exp(ring, argument.scaled(2))
    one = ring.one(e.shape)
    return ring.times(ring.subtract(e, one), raise_power(ring, ring.add([e, one], e.shape), -1))


def hyperbolic(sign: int) -> Function:
    """(exp(x) ± exp(-x))/2."""

    def function(ring: Ring, argument: Polynomial) -> Polynomial:
        parts = [exp(ring, argument), exp(ring, argument.scaled(-1)).scaled(sign)]
        return ring.add(parts, argument.shape).scaled(HALF)

    return function


def softmax(ring: Ring, argument: Polynomial, rows: int) -> Polynomial:
    """exp(x)/Σ exp(x) over the axes from `rows` on."""
    ring.note("softmax-definition")
    axes = range(len(argument.shape))
    e = entrywise(ring, argument, exp)
    total = raise_power(ring, ring.contract([(e, axes)], axes[:rows]), -1)
    return ring.contract([(e, axes), (total, axes[:rows])], axes)


def logsumexp(ring: Ring, argument: Polynomial, rows: int) -> Polynomial:
    """log Σ exp(x) over the axes from `rows` on."""
    ring.note("logsumexp-definition")
    axes = range(len(argument.shape))
    return entrywise_log(ring, ring.contract([(entrywise(ring, argument, exp), axes)], axes[:rows]))


# ---- Signs --------------------------------------------------------------------------------------------------------------


def sign(ring: Ring, argument: Polynomial) -> Polynomial:
    """sign(c u^a v^b) = sign(c) sign(u)^a sign(v)^b."""
    if not argument.terms:
        return argument
    shape = argument.shape
    if len(argument.terms) == 1:
        ((term, coefficient),) = argument.terms.items()
        return ring.times(
            ring.number(1 if coefficient > 0 else -1, shape), *(sign_of(ring, u, shape) for u in units(ring, term))
        )
    number, pulled, rest = content(ring, argument)
    own = sign(ring, rest) if len(rest.terms) == 1 else sign_of_sum(ring, rest)
    return ring.times(own.scaled(1 if number > 0 else -1), *(sign_of(ring, u, shape) for u in pulled))


def sign_of_sum(ring: Ring, total: Polynomial) -> Polynomial:
    """The sign of a sum: 1 or -1 where that is known, else an atom."""
    if node_is_positive(ring, total.node):
        return ring.one(total.shape)
    if node_is_positive(ring, total.scaled(-1).node):
        return ring.number(-1, total.shape)
    return make_atom(ring, total, builder("sign"), -1)


def sign_of(ring: Ring, factor: Factor, shape: Shape) -> Polynomial:
    """The sign of a power; that of a root is 0 or 1."""
    if is_positive(ring, factor):
        return ring.one(shape)
    atom, labels, exponent = factor
    if isinstance(atom, Apply) and atom.name == "sign":
        return of_factors(ring, [factor], shape)
    power = (1 if exponent % 2 else 2) if isinstance(exponent, int) else 1
    own, factors = sign_of_atom(ring, atom, labels)
    return of_factors(ring, factors * power, shape, own**power)


def absolute(ring: Ring, argument: Polynomial) -> Polynomial:
    """u sign(u)."""
    for value in (argument, argument.scaled(-1)):
        if node_is_nonnegative(ring, value.node):
            return value
    ring.note("abs-by-sign")
    return ring.times(argument, sign(ring, argument))


def relu(ring: Ring, argument: Polynomial) -> Polynomial:
    """(u + |u|)/2."""
    ring.note("relu-by-sign")
    return ring.add([argument, absolute(ring, argument)], argument.shape).scaled(HALF)


def step(ring: Ring, argument: Polynomial) -> Polynomial:
    """(sign(u)^2 + sign u)/2, which is 0 at 0."""
    s = sign(ring, argument)
    return ring.add([ring.times(s, s), s], argument.shape).scaled(HALF)


def maximum(ring: Ring, a: Polynomial, b: Polynomial) -> Polynomial:
    """a + relu(b - a)."""
    return ring.add([a, entrywise(ring, ring.subtract(b, a), relu)], a.shape)


def minimum(ring: Ring, a: Polynomial, b: Polynomial) -> Polynomial:
    """a - relu(a - b)."""
    return ring.subtract(a, entrywise(ring, ring.subtract(a, b), relu))


def general_power(ring: Ring, base: Polynomial, exponent: Polynomial) -> Polynomial:
    """u^p: u^n for a number n; exp(p log u) for positive u; else an atom of both."""
    number = exponent.constant()
    if number is not None:
        return raise_power(ring, base, number)
    one = base.constant()
    if (one is not None and one > 0) or node_is_positive(ring, base.node):
        return entrywise(ring, ring.times(exponent, entrywise_log(ring, base)), exp)
    node = Apply._intern(("pow", None), (base.node, exponent.node), base.shape)
    return ring.atom(node)


# ---- Angles -------------------------------------------------------------------------------------------------------------


def angle(name: str) -> Function:
    """sin and cos by their addition theorems, multiples of one angle by its powers."""

    def function(ring: Ring, argument: Polynomial) -> Polynomial:
        both = sine_and_cosine(ring, argument)
        return both[0] if name == "sin" else both[1]

    return function


def sine_and_cosine(ring: Ring, argument: Polynomial) -> tuple[Polynomial, Polynomial]:
    """The sine and the cosine of a sum."""
    shape = argument.shape
    terms = argument.ordered()
    if len(terms) > 1:
        ring.note("addition-theorem")
    if len(terms) > MOST_SUMMANDS:
        return (make_atom(ring, argument, builder("sin"), -1), make_atom(ring, argument, builder("cos"), 1))
    sine, cosine = Polynomial(shape), ring.one(shape)
    for term, coefficient in terms:
        s, c = of_multiple(ring, term, Fraction(coefficient))
        sine, cosine = (
            ring.add([ring.times(sine, c), ring.times(cosine, s)], shape),
            ring.subtract(ring.times(cosine, c), ring.times(sine, s)),
        )
    return sine, cosine


def of_multiple(ring: Ring, term: Node, coefficient: Fraction) -> tuple[Polynomial, Polynomial]:
    """Sine and cosine of p/q·t by those of t/q."""
    quarter = ring.expand(ring.atom(Constant.make("pi")), (), term.shape)
    if term in quarter.terms and (2 * coefficient).denominator == 1:
        k = int(2 * coefficient) % 4
        return ring.number((0, 1, 0, -1)[k], term.shape), ring.number((1, 0, -1, 0)[k], term.shape)
    multiple = coefficient.numerator
    if abs(multiple) > LARGEST_MULTIPLE:
        multiple = 1 if coefficient > 0 else -1
    unit = Polynomial(term.shape, {term: exact(coefficient / abs(multiple))})
    s, c = (entrywise(ring, unit, generic(name)) for name in ("sin", "cos"))
    sine, cosine = s, c
    for _ in range(abs(multiple) - 1):
        sine, cosine = (
            ring.add([ring.times(sine, c), ring.times(cosine, s)], term.shape),
            ring.subtract(ring.times(cosine, c), ring.times(sine, s)),
        )
    return sine, cosine


def tangent(ring: Ring, argument: Polynomial) -> Polynomial:
    """sin/cos."""
    s, c = sine_and_cosine(ring, argument)
    return ring.times(s, raise_power(ring, c, -1))


def gelu(ring: Ring, argument: Polynomial) -> Polynomial:
    """x (1 + erf(x/sqrt 2))/2."""
    scaled = ring.times(argument, number_power(ring, Fraction(2), -HALF))
    value = ring.add([ring.one(argument.shape), generic("erf")(ring, scaled)], argument.shape)
    return ring.times(argument, value).scaled(HALF)


def arccosine(ring: Ring, argument: Polynomial) -> Polynomial:
    """pi/2 - asin(x)."""
    quarter = ring.expand(ring.atom(Constant.make("pi")), (), argument.shape).scaled(HALF)
    return ring.subtract(quarter, generic("asin")(ring, argument))


FUNCTIONS: dict[str, Function] = {
    "exp": exp,
    "log": log,
    "abs": absolute,
    "sign": sign,
    "relu": relu,
    "step": step,
    "sin": angle("sin"),
    "cos": angle("cos"),
    "tan": tangent,
    "sinh": hyperbolic(-1),
    "cosh": hyperbolic(1),
    "tanh": tanh,
    "sigmoid": sigmoid,
    "softplus": softplus,
    "silu": lambda ring, argument: ring.times(argument, sigmoid(ring, argument)),
    "gelu": gelu,
    "acos": arccosine,
}
#: Where a function surely has a value; those that are not named here have one everywhere, or have no law.
DEFINED: dict[str, Callable[[Ring, Node], bool]] = {"log": node_is_positive, "tan": lambda ring, node: False}
BINARY: dict[str, Callable[[Ring, Polynomial, Polynomial], Polynomial]] = {
    "maximum": maximum,
    "minimum": minimum,
    "pow": general_power,
}
