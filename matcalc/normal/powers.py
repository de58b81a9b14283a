"""Powers that are not natural, and what a sum or a term has as factors.

(c u^a v^b)^q = c^q u^(aq) v^(bq) for integers q.  Under a root only a factor that is known to be positive leaves, or all
leave together if none can be negative: sqrt(x^2) = |x|, but sqrt(x y) stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import gcd, lcm

from matcalc.expr import Add, Apply, Delta, Node, Number, Shape, exact
from matcalc.normal.atoms import entrywise, least_form, make_atom
from matcalc.normal.budget import BudgetExceeded, power_of_number
from matcalc.normal.naming import Factor, components
from matcalc.normal.positivity import is_nonnegative, is_positive, node_is_nonnegative, node_is_positive
from matcalc.normal.ring import Polynomial, Ring, Work, canonical_part

__all__ = ["content", "units", "raise_power", "absolute_power", "number_power", "prime_factors", "of_factors", "sign_of_atom"]

Exponent = Fraction | int
#: The largest divisor that is tried when a number is parted into primes.
LARGEST_PRIME = 10_000


def of_factors(ring: Ring, factors: Sequence[Factor], shape: Shape, coefficient: Exponent = 1) -> Polynomial:
    """The polynomial of a product of factors whose labels are axes."""
    return ring.reduced(Work(coefficient, list(factors), {}), range(len(shape)), shape)


def units(ring: Ring, term: Node) -> list[Factor]:
    """The factors of a term that share no summed index; a contraction with free indices is one factor, a Product."""
    axes = range(term.order)
    factors, _ = ring.opened(term, axes)
    free = {axis: axis for axis in axes}
    found = []
    for group in components(factors, free):
        if len(group) == 1 and all(label in free for label in group[0].labels):
            found.append(group[0])
        else:
            found.append(canonical_part(ring, group, free))
    return found


def content(ring: Ring, argument: Polynomial) -> tuple[Fraction, list[Factor], Polynomial]:
    """A number, the factors that all terms share, and the rest, whose coefficients are whole and have no common divisor.

    The sum is number · factors · rest.  The rest may be a single term, where dividing made terms meet.
    """
    axes = range(len(argument.shape))
    rows = [(c, *ring.opened(term, axes)) for term, c in argument.ordered()]
    shared: dict[tuple[Node, tuple[int, ...]], Exponent] = {}
    for position, (_, factors, bound) in enumerate(rows):
        own = {(f.atom, f.labels): f.exponent for f in factors if not any(label in bound for label in f.labels)}
        keys = [*shared, *(key for key in own if key not in shared)] if position else list(own)
        shared = {k: min(shared.get(k, 0), own.get(k, 0)) for k in keys} if position else own
    pulled = [Factor(*key, e) for key, e in shared.items() if e and not isinstance(key[0], Delta)]
    inverse = [Factor(f.atom, f.labels, -f.exponent) for f in pulled]
    divided = Polynomial(argument.shape)
    for coefficient, factors, bound in rows:
        ring.reduce(Work(coefficient, factors + inverse, bound), axes, divided)
    number = common_number(divided)
    return number, pulled, divided.scaled(1 / number)


def common_number(total: Polynomial) -> Fraction:
    """The greatest number that divides all coefficients, with the sign of most of them; blind to the order of axes."""
    numbers = [Fraction(c) for _, c in total.ordered()]
    if not numbers:
        return Fraction(1)
    size = Fraction(gcd(*(c.numerator for c in numbers)), lcm(*(c.denominator for c in numbers)))
    balance: Fraction | int = sum(1 if c > 0 else -1 for c in numbers)
    balance = balance or sum(numbers, Fraction(0)) or numbers[0]
    return size if balance > 0 else -size


def raise_power(ring: Ring, argument: Polynomial, exponent: Exponent) -> Polynomial:
    """argument^exponent entry by entry."""
    exponent = exact(exponent)
    if isinstance(exponent, int) and exponent >= 0:
        return ring.power(argument, exponent)
    known = node_is_positive if exponent < 0 else node_is_nonnegative
    return entrywise(ring, argument, lambda ring, inner: power_of(ring, inner, exponent), known)


def sealed(ring: Ring, argument: Polynomial, exponent: Exponent = 1) -> Polynomial:
    """A power of a sum as one atom, whatever the exponent; a single term stays as it is, or is an atom under a power."""
    if not argument.terms and exponent < 0:
        raise ZeroDivisionError("a negative power of zero")
    if not argument.terms or (len(argument.terms) == 1 and exponent == 1):
        return argument
    _, axes, node = least_form(ring, argument)
    return of_factors(ring, [Factor(node, axes, exact(exponent))], argument.shape)


def power_of(ring: Ring, argument: Polynomial, exponent: Exponent) -> Polynomial:
    """A negative or fractional power of a polynomial that depends on all its axes."""
    if not argument.terms:
        if exponent < 0:
            raise ZeroDivisionError("a negative power of zero")
        return argument
    if len(argument.terms) == 1:
        ((term, coefficient),) = argument.terms.items()
        return power_of_product(ring, Fraction(coefficient), units(ring, term), argument.shape, exponent)
    number, pulled, rest = content(ring, argument)
    if len(rest.terms) == 1:
        # Divided by what its terms share, the sum has become one term.
        return power_of_product(ring, number, [*pulled, *units(ring, next(iter(rest.terms)))], argument.shape, exponent)
    if isinstance(exponent, int):
        ring.note("power-of-a-product")
        return power_of_product(ring, number, [*pulled, base_of(ring, rest)], argument.shape, exponent)
    positive = [f for f in pulled if is_positive(ring, f)]
    inside = [f for f in pulled if not is_positive(ring, f)]
    if inside:
        rest = ring.times(of_factors(ring, inside, argument.shape), rest)
    sign = 1 if number > 0 else -1
    base = base_of(ring, rest.scaled(sign))
    return power_of_product(ring, abs(number), [*positive, base], argument.shape, exponent)


def base_of(ring: Ring, total: Polynomial) -> Factor:
    """A sum as the base of a power, in its least form."""
    _, axes, node = least_form(ring, total)
    return Factor(node, axes, 1)


def power_of_product(
    ring: Ring, number: Fraction, factors: Sequence[Factor], shape: Shape, exponent: Exponent
) -> Polynomial:
    """(number · factors)^exponent, parted as far as signs allow."""
    if isinstance(exponent, int) and not any(isinstance(f.atom, Delta) for f in factors):
        raised = [Factor(f.atom, f.labels, exact(f.exponent * exponent)) for f in factors]
        return of_factors(ring, raised, shape, power_of_number(number, exponent))
    leaving = [f for f in factors if is_positive(ring, f)]
    staying = [f for f in factors if not is_positive(ring, f)]
    result = [raised_factor(ring, f, exponent, shape) for f in leaving]
    root = number_power(ring, abs(number), exponent, shape)
    alone = len(staying) == 1 and not isinstance(staying[0].atom, Delta)
    if number > 0 and (alone or all(is_nonnegative(ring, f) for f in staying)):
        result += [raised_factor(ring, f, exponent, shape) for f in staying]
    elif staying or number < 0:
        inner = of_factors(ring, staying, shape, 1 if number > 0 else -1)
        if not staying:
            raise BudgetExceeded("a root of a negative number")
        _, axes, node = least_form(ring, inner)
        result.append(of_factors(ring, [Factor(node, axes, exponent)], shape))
    return ring.times(root, *result)


def raised_factor(ring: Ring, factor: Factor, exponent: Exponent, shape: Shape) -> Polynomial:
    """(u^a)^q = |u|^(aq) for even a, else u^(aq)."""
    product = exact(factor.exponent * exponent)
    if isinstance(factor.exponent, int) and factor.exponent % 2 == 0:
        return absolute_power(ring, Factor(factor.atom, factor.labels, product), shape)
    return of_factors(ring, [Factor(factor.atom, factor.labels, product)], shape)


def absolute_power(ring: Ring, factor: Factor, shape: Shape) -> Polynomial:
    """|u|^q: u^q for even q, u^q sign(u) for odd q."""
    atom, labels, exponent = factor
    if is_positive(ring, factor) or is_nonnegative(ring, Factor(atom, labels, 1)):
        return of_factors(ring, [factor], shape)
    if isinstance(exponent, int):
        sign, more = sign_of_atom(ring, atom, labels) if exponent % 2 else (1, [])
        return of_factors(ring, [factor, *more], shape, sign)
    absolute = Apply._intern(("abs", None), (atom,), atom.shape)
    ring.symmetries.declare(absolute, [(order, 1) for order, _ in ring.symmetries(atom)])
    return of_factors(ring, [Factor(absolute, labels, exponent)], shape)


def sign_of_atom(ring: Ring, atom: Node, labels: Sequence[int]) -> tuple[int, list[Factor]]:
    """sign(u) of an atom or a sum at some labels: 1 or -1 times a factor; S and -S share one."""
    if not isinstance(atom, Add):
        node = Apply._intern(("sign", None), (atom,), atom.shape)
        ring.symmetries.declare(node, ring.symmetries(atom))
        return 1, [Factor(node, tuple(labels), 1)]
    value = make_atom(ring, ring.polynomial(atom), lambda n: Apply._intern(("sign", None), (n,), n.shape), -1)
    ((term, coefficient),) = value.terms.items()
    factors, _ = ring.opened(term, labels)
    return (1 if coefficient > 0 else -1), factors


def number_power(ring: Ring, number: Fraction, exponent: Exponent, shape: Shape = ()) -> Polynomial:
    """A positive number to a power, by its prime factors."""
    factors = [Factor(Number.make(p), (), exact(e * Fraction(exponent))) for p, e in prime_factors(number).items()]
    return of_factors(ring, factors, shape)


def prime_factors(number: Fraction) -> dict[int, int]:
    """The exponents of the primes in a positive number; a large divisor may be left whole."""
    found: dict[int, int] = {}
    for whole, sign in ((number.numerator, 1), (number.denominator, -1)):
        divisor = 2
        while divisor <= LARGEST_PRIME and divisor * divisor <= whole:
            while whole % divisor == 0:
                found[divisor] = found.get(divisor, 0) + sign
                whole //= divisor
            divisor += 1
        if whole > 1:
            found[whole] = found.get(whole, 0) + sign
    return {p: e for p, e in found.items() if e}
