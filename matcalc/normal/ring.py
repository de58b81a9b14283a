"""Polynomials in atoms at indices: sums of terms, their products and powers, and the rewriting of a single term.

A term is a node whose factors stand in canonical order; it is a Product of atoms and powers of atoms, of which those
without free indices are parted from the rest: a connected contraction such as x'x is one scalar factor, so (x'x)^5 and
the denominator of a softmax are powers of one thing.  A polynomial maps terms to numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import count

from matcalc.assumptions import Facts
from matcalc.expr import Add, Delta, Node, Number, Power, Product, Shape, exact, ones, scale, zero
from matcalc.normal.budget import Budget, BudgetExceeded
from matcalc.normal.naming import Factor, canonical, components
from matcalc.normal.symmetry import Symmetries

__all__ = ["Polynomial", "Ring", "Rewrite", "Work"]

Coefficient = Fraction | int
Dimension = int | str

#: The largest natural power of a sum that is multiplied out.
LARGEST_POWER = 40


class Polynomial:
    """A sum of terms of one shape, each with its number."""

    __slots__ = ("shape", "terms", "_node")

    def __init__(self, shape: Shape, terms: Mapping[Node, Coefficient] | None = None) -> None:
        self.shape = shape
        self.terms: dict[Node, Coefficient] = dict(terms) if terms else {}
        self._node: Node | None = None

    def accumulate(self, term: Node, coefficient: Coefficient) -> None:
        """Add a number times a term."""
        total = self.terms.get(term, 0) + coefficient
        if total:
            self.terms[term] = exact(total)
        else:
            self.terms.pop(term, None)
        self._node = None

    def scaled(self, coefficient: Coefficient) -> Polynomial:
        """A number times the polynomial."""
        if not coefficient:
            return Polynomial(self.shape)
        return Polynomial(self.shape, {term: exact(coefficient * c) for term, c in self.terms.items()})

    def ordered(self) -> list[tuple[Node, Coefficient]]:
        """The terms in an order that their content alone decides."""
        return sorted(self.terms.items(), key=lambda item: item[0].digest)

    @property
    def node(self) -> Node:
        """The polynomial as a node, the same one for equal polynomials."""
        if self._node is None:
            parts = tuple([scale(c, term) for term, c in self.ordered()])
            if not parts:
                self._node = zero(self.shape)
            else:
                self._node = parts[0] if len(parts) == 1 else Add._intern((), parts, self.shape)
        return self._node

    def constant(self) -> Coefficient | None:
        """The number that every entry is; None if the polynomial is none."""
        if not self.terms:
            return 0
        unit = ones(self.shape)
        return self.terms[unit] if len(self.terms) == 1 and unit in self.terms else None


class Work:
    """A term that is being rewritten: a number, its factors, and the labels over which it is summed."""

    __slots__ = ("coefficient", "factors", "bound")

    def __init__(self, coefficient: Coefficient, factors: list[Factor], bound: dict[int, Dimension]) -> None:
        self.coefficient = coefficient
        self.factors = factors
        self.bound = bound


#: A rule for one term: the terms that replace it, or None where it says nothing.
Rewrite = Callable[["Ring", Work, Mapping[int, int]], list[Work] | None]


class Ring:
    """The polynomials under given facts; `rewrites` are the rules for a term, `laws` the names of those that were used."""

    def __init__(self, facts: Facts, budget: Budget, rewrites: Sequence[Rewrite]) -> None:
        self.facts = facts
        self.budget = budget
        self.rewrites = rewrites
        self.symmetries = Symmetries(facts)
        self.laws: dict[str, None] = {}
        #: Atoms and sums that are positive, or not negative, wherever the claim has a meaning.
        self.positive: set[Node] = set()
        self.nonnegative: set[Node] = set()
        #: Atoms that are invertible wherever the claim has a meaning; whether all of it is continuous where it is defined.
        self.invertible: set[Node] = set()
        self.continuous = False
        #: Whether a sum in a product stays as it is, as one factor.
        self.opaque = False
        #: Whether the inverse of a matrix plus one of rank one is written by the inverse of the matrix.
        self.rank_one = False
        self._fresh = count(1_000_000)
        #: The leading term of each sum that was divided by.
        self.leading: dict[Node, Node] = {}
        self._powers: dict[tuple[Node, int], Polynomial] = {}
        self._polynomials: dict[Node, Polynomial] = {}

    def note(self, law: str) -> None:
        """Remember that a law was used."""
        self.laws[law] = None

    def fresh(self) -> int:
        """A label that was never used."""
        return next(self._fresh)

    # Polynomials.

    def one(self, shape: Shape = ()) -> Polynomial:
        """The polynomial whose entries all are 1."""
        return Polynomial(shape, {ones(shape): 1})

    def fraction(self, value: Coefficient) -> Fraction:
        """A number as a fraction, to divide by."""
        return Fraction(value)

    def number(self, value: Coefficient, shape: Shape = ()) -> Polynomial:
        """The polynomial whose entries all are a number."""
        return self.one(shape).scaled(value)

    def delta(self, dimension: Dimension) -> Polynomial:
        """δ_ij over a dimension."""
        return Polynomial((dimension, dimension), {Delta.make(dimension): 1})

    def atom(self, atom: Node, exponent: Coefficient = 1) -> Polynomial:
        """A power of an atom, which is a term by itself unless a rule rewrites it."""
        axes = tuple(range(atom.order))
        return self.reduced(Work(1, [Factor(atom, axes, exponent)], {}), axes, atom.shape)

    def add(self, polynomials: Iterable[Polynomial], shape: Shape) -> Polynomial:
        """The sum."""
        total = Polynomial(shape)
        for polynomial in polynomials:
            self.budget.spend(len(polynomial.terms))
            for term, coefficient in polynomial.terms.items():
                total.accumulate(term, coefficient)
        return total

    def subtract(self, left: Polynomial, right: Polynomial) -> Polynomial:
        """The difference."""
        return self.add([left, right.scaled(-1)], left.shape)

    def polynomial(self, node: Node) -> Polynomial:
        """The polynomial of a node that one was made into."""
        if node not in self._polynomials:
            found = Polynomial(node.shape)
            for part in node.operands if isinstance(node, Add) else (node,):
                coefficient = part.data[0] if isinstance(part, Product | Number) else 1
                found.accumulate(unit_of(part), coefficient)
            self._polynomials[node] = found
        return self._polynomials[node]

    def permute(self, polynomial: Polynomial, axes: Sequence[int]) -> Polynomial:
        """Axis k of the result is axis `axes[k]` of the polynomial."""
        if list(axes) == list(range(len(axes))):
            return polynomial
        return self.contract([(polynomial, range(len(polynomial.shape)))], axes)

    def contract(
        self,
        factors: Sequence[tuple[Polynomial, Sequence[int]]],
        out: Sequence[int],
        sizes: Mapping[int, Dimension] | None = None,
        coefficient: Coefficient = 1,
    ) -> Polynomial:
        """The contraction of polynomials with labelled axes to the labels `out`, collected after every multiplication."""
        dimensions: dict[int, Dimension] = dict(sizes or {})
        uncarried = dimensions.keys() - {label for _, labels in factors for label in labels}
        for polynomial, labels in factors:
            dimensions.update(zip(labels, polynomial.shape, strict=True))
        shape = tuple([dimensions[label] for label in out])
        later = [set(out)]
        for _, labels in reversed(factors[1:]):
            later.append(later[-1] | set(labels))
        later.reverse()
        free: list[int] = []
        current = self.one(())
        for k, (polynomial, labels) in enumerate(factors):
            last = k == len(factors) - 1
            reached = dict.fromkeys([*free, *labels])
            kept = list(out) if last else [label for label in reached if label in later[k]]
            summed = [*reached, *uncarried] if last else reached
            current = self.multiply(current, free, polynomial, labels, kept, dimensions, summed)
            free = kept
        if not factors:
            current = self.reduced_terms([self.sizes_only(out, dimensions)], out, shape)
        return current.scaled(coefficient)

    def sizes_only(self, out: Sequence[int], dimensions: Mapping[int, Dimension]) -> Work:
        return Work(1, [], {label: d for label, d in dimensions.items() if label not in out})

    def multiply(
        self,
        left: Polynomial,
        left_labels: Sequence[int],
        right: Polynomial,
        right_labels: Sequence[int],
        out: Sequence[int],
        dimensions: Mapping[int, Dimension],
        reached: Iterable[int],
    ) -> Polynomial:
        """One multiplication of a contraction: labels that are not in `out` are summed."""
        kept = set(out)
        bound = {label: dimensions[label] for label in reached if label not in kept}
        total = Polynomial(tuple([dimensions[label] for label in out]))
        opened = [(c, *self.opened(term, right_labels)) for term, c in right.terms.items()]
        for first, a in left.terms.items():
            factors, inner = self.opened(first, left_labels)
            for b, more, others in opened:
                work = Work(a * b, factors + more, {**bound, **inner, **others})
                self.reduce(work, out, total)
        return total

    def power(self, polynomial: Polynomial, exponent: int) -> Polynomial:
        """A natural power entry by entry."""
        if exponent > LARGEST_POWER:
            raise BudgetExceeded("a power that is too high to be multiplied out")
        key = (polynomial.node, exponent)
        if key not in self._powers:
            axes = range(len(polynomial.shape))
            if exponent == 0:
                result = self.one(polynomial.shape)
            elif exponent == 1:
                result = polynomial
            else:
                half = self.power(polynomial, exponent // 2)
                result = self.contract([(half, axes), (half, axes)], axes)
                if exponent % 2:
                    result = self.contract([(result, axes), (polynomial, axes)], axes)
            self._powers[key] = result
        return self._powers[key]

    def times(self, *polynomials: Polynomial) -> Polynomial:
        """The product entry by entry of polynomials of one shape, or of order 0."""
        shape = max((p.shape for p in polynomials), key=len)
        axes = range(len(shape))
        return self.contract([(p, axes if p.shape else ()) for p in polynomials], axes, dict(enumerate(shape)))

    def expand(self, polynomial: Polynomial, axes: Sequence[int], shape: Shape) -> Polynomial:
        """A polynomial of fewer axes as one of this shape: its axis k is the axis `axes[k]`."""
        return self.contract([(polynomial, axes)], range(len(shape)), dict(enumerate(shape)))

    # Terms.

    def opened(self, term: Node, labels: Sequence[int]) -> tuple[list[Factor], dict[int, Dimension]]:
        """The factors of a term whose axes have these labels, and the labels that are summed in it, which are fresh."""
        if isinstance(term, Number):
            return [], {}
        if not isinstance(term, Product):
            base, exponent = base_and_exponent(term)
            return [Factor(base, tuple(labels), exponent)], {}
        names = dict(enumerate(labels))
        factors, bound = [], {}
        for operand, places in zip(term.operands, term.data[1], strict=True):
            for place, dimension in zip(places, operand.shape, strict=True):
                if place not in names:
                    names[place] = self.fresh()
                    bound[names[place]] = dimension
            base, exponent = base_and_exponent(operand)
            factors.append(Factor(base, tuple([names[x] for x in places]), exponent))
        return factors, bound

    def reduced(self, work: Work, out: Sequence[int], shape: Shape) -> Polynomial:
        """The polynomial of one term."""
        return self.reduced_terms([work], out, shape)

    def reduced_terms(self, works: Iterable[Work], out: Sequence[int], shape: Shape) -> Polynomial:
        """The polynomial of several terms with the free labels `out`."""
        total = Polynomial(shape)
        for work in works:
            self.reduce(work, out, total)
        return total

    def reduce(self, work: Work, out: Sequence[int], total: Polynomial) -> None:
        """Add a term to a polynomial after all rules were applied to it.

        It ends because each rule makes a term less in an order of terms, and in any case by the budget.
        """
        free = {label: position for position, label in enumerate(out)}
        stack = [work]
        while stack:
            current = stack.pop()
            self.budget.spend(1 + len(current.factors))
            if not current.coefficient:
                continue
            for rewrite in self.rewrites:
                replaced = rewrite(self, current, free)
                if replaced is not None:
                    stack.extend(replaced)
                    break
            else:
                sign, term = self.closed(current, free, total.shape)
                if sign:
                    total.accumulate(term, sign * current.coefficient)

    def closed(self, work: Work, free: Mapping[int, int], shape: Shape) -> tuple[int, Node]:
        """The canonical node of a term to which no rule applies, and the sign that it costs."""
        parts = []
        sign = 1
        for component in components(work.factors, free):
            own, arranged = canonical(component, free, self.symmetries)
            sign *= own
            parts.append(arranged)
        if not sign:
            return 0, zero(shape)
        parts.sort(key=component_key)
        return sign, assembled([factor for part in parts for factor in part], parts, shape)


def component_key(component: Sequence[Factor]) -> tuple[object, ...]:
    return tuple([(f.atom.digest, f.labels, f.exponent) for f in component])


def assembled(factors: Sequence[Factor], parts: Iterable[Sequence[Factor]], shape: Shape) -> Node:
    """The product of components, the bound labels of each renamed so that all differ."""
    order = len(shape)
    operands, labels, used = [], [], order
    for part in parts:
        shift, top = used - order, used
        for factor in part:
            renamed = tuple([x if x < order else x + shift for x in factor.labels])
            top = max(top, *(x + 1 for x in renamed), 0) if renamed else top
            operands.append(powered(factor.atom, factor.exponent))
            labels.append(renamed)
        used = max(used, top)
    if not operands:
        return ones(shape)
    if len(operands) == 1 and labels[0] == tuple(range(order)) and not isinstance(operands[0], Product):
        return operands[0]
    return Product._intern((1, tuple(labels)), tuple(operands), shape)


def canonical_part(ring: Ring, group: Sequence[Factor], free: Mapping[int, int]) -> Factor:
    """A contraction with free indices as one factor: a Product over its own free axes, at their labels."""
    labels = tuple(sorted({x for factor in group for x in factor.labels if x in free}))
    own = {label: position for position, label in enumerate(labels)}
    sign, arranged = canonical(group, own, ring.symmetries)
    if sign != 1:
        raise BudgetExceeded("a factor with a sign of its own")
    dimensions = {x: d for factor in group for x, d in zip(factor.labels, factor.atom.shape, strict=True)}
    return Factor(assembled(arranged, [arranged], tuple([dimensions[x] for x in labels])), labels, 1)


def base_and_exponent(operand: Node) -> tuple[Node, Coefficient]:
    """u and p of a power u^p; a whole exponent as an int, for its parity is asked."""
    return (operand.operands[0], exact(operand.data[0])) if isinstance(operand, Power) else (operand, 1)


def powered(atom: Node, exponent: Coefficient) -> Node:
    """atom^exponent as one operand."""
    return atom if exponent == 1 else Power._intern((exact(exponent),), (atom,), atom.shape)


def unit_of(part: Node) -> Node:
    """A term without its number."""
    if isinstance(part, Number):
        return ones(())
    if isinstance(part, Product) and part.data[0] != 1:
        if len(part.operands) == 1 and part.labels[0] == tuple(range(part.order)):
            operand = part.operands[0]
            if not isinstance(operand, Product):
                return operand
        return Product._intern((1, part.labels), part.operands, part.shape) if part.operands else ones(part.shape)
    return part


def number_of(term: Node) -> Coefficient:
    """The number of a term, which `opened` leaves out; of a sum or an atom 1."""
    return exact(term.data[0]) if isinstance(term, Product | Number) else 1


def is_group(atom: Node) -> bool:
    """Whether an atom is a product that stands under a power only; a connected contraction to a scalar is none."""
    return isinstance(atom, Product) and (atom.order > 0 or not any(atom.labels))
