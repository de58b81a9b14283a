"""Rules for the factors of a term that are powers of sums, signs, cosines, absolute values.

    lead·S^q       = S^(q+1) - rest·S^q      for S = lead + rest and an exponent q that is not natural
    u·sign(u)^2    = u,   sign^3 = sign,   lead·sign(S)^2 = S·sign(S)^0 .. likewise
    cos^2          = 1 - sin^2;   sin^2 = 1 - cos^2 beside a cosine in a denominator
    |u|^k          = u^k for even k, u^k sign(u) for odd k
    L_ij L_ji      = δ_ij,   L_ij^2 = L_ij   for the mask L of a lower triangle

The leading term is the greatest in an order of terms that multiplication respects (degree, then atoms), so each rule
makes a term less.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from functools import cmp_to_key

from matcalc.expr import Add, Apply, Delta, Node, Number, Power, Size, ones
from matcalc.normal.matching import matches, pattern_of
from matcalc.normal.naming import Factor
from matcalc.normal.powers import sign_of_atom
from matcalc.normal.ring import Polynomial, Ring, Work, is_group, number_of

__all__ = ["settle"]


def settle(ring: Ring, work: Work, free: Mapping[int, int]) -> list[Work] | None:
    """The first of the rules that applies; None if none does."""
    for k, factor in enumerate(work.factors):
        atom, exponent = factor.atom, factor.exponent
        replaced = None
        if is_group(atom):
            replaced = merge_group(ring, work, factor)
        elif isinstance(atom, Add) and not ring.opaque:
            replaced = divide(ring, work, factor, 1) or divide_from_below(ring, work, factor)
        elif isinstance(atom, Apply) and atom.name in SETTLED:
            replaced = SETTLED[atom.name](ring, work, k)
        elif isinstance(atom, Apply) and atom.name == "pow":
            replaced = merge_general_powers(ring, work, k)
        if replaced is not None and exponent:
            return replaced
    return turn_mask(ring, work, free)


# ---- Powers of sums -------------------------------------------------------------------------------------------------


def leading_term(total: Polynomial) -> Node:
    """The greatest term of a sum: by degree, then by the exponents of its atoms."""
    degrees = [(term, degree_and_exponents(term)) for term in total.terms]
    return max(degrees, key=lambda row: Compared(row[1]))[0]


Degrees = tuple[float, dict[tuple[bytes, tuple[int, ...]], float]]


def degree_and_exponents(term: Node) -> Degrees:
    exponents: dict[tuple[bytes, tuple[int, ...]], float] = {}
    for factor in pattern_of(term):
        key = (factor.atom.digest, factor.labels)
        exponents[key] = exponents.get(key, 0) + float(factor.exponent)
    return sum(exponents.values()), exponents


def compare(a: Degrees, b: Degrees) -> int:
    if a[0] != b[0]:
        return 1 if a[0] > b[0] else -1
    for key in sorted(a[1].keys() | b[1].keys()):
        left, right = a[1].get(key, 0), b[1].get(key, 0)
        if left != right:
            return 1 if left > right else -1
    return 0


def divide(ring: Ring, work: Work, factor: Factor, raised: int) -> list[Work] | None:
    """lead·S^q by S^(q+1) - rest·S^q; the factor is S^q, or sign(S)^2 with `raised` 0."""
    node = factor.atom if raised else factor.atom.operands[0]
    total = ring.polynomial(node)
    lead = ring.leading.get(node) or ring.leading.setdefault(node, leading_term(total))
    remaining = removed(ring, work, lead, factor.labels)
    if remaining is None:
        return None
    ring.note("division-by-a-sum")
    carried = {x for f in remaining for x in f.labels}
    bound = {x: d for x, d in work.bound.items() if x in carried}
    ratio = work.coefficient / ring.fraction(total.terms[lead])
    without = [f for f in remaining if f is not factor]
    if raised:
        first = [Work(ratio, [*without, Factor(factor.atom, factor.labels, factor.exponent + 1)], bound)]
    else:
        lowered = Factor(factor.atom, factor.labels, factor.exponent - 2)
        first = [product_with(ring, Work(ratio * c, [*without, lowered], bound), term, factor.labels)
                 for term, c in total.terms.items()]  # fmt: skip
    rest = [
        product_with(ring, Work(-ratio * c, list(remaining), bound), term, factor.labels)
        for term, c in total.terms.items()
        if term is not lead
    ]
    return first + rest


def divide_from_below(ring: Ring, work: Work, factor: Factor) -> list[Work] | None:
    """u^-k S^q = (u^-k S^(q+1) - u^-k (S - c) S^q)/c for S = c + u (..): the power of 1/u goes down."""
    total = ring.polynomial(factor.atom)
    unit = ones(total.shape)
    if unit not in total.terms:
        return None
    others = [term for term in total.terms if term is not unit]
    shared = set.intersection(*({(f.atom, f.labels) for f in pattern_of(t) if f.exponent > 0} for t in others))
    inverted = {(f.atom, f.labels) for f in work.factors if f.exponent < 0}
    if not any((atom, tuple([factor.labels[x] for x in labels])) in inverted for atom, labels in own(shared, factor)):
        return None
    ring.note("division-by-a-sum")
    ratio = work.coefficient / ring.fraction(total.terms[unit])
    rest = [f for f in work.factors if f is not factor]
    first = Work(ratio, [*rest, Factor(factor.atom, factor.labels, factor.exponent + 1)], work.bound)
    lowered = [
        product_with(ring, Work(-ratio * total.terms[t], list(work.factors), work.bound), t, factor.labels) for t in others
    ]
    return [first, *lowered]


def own(atoms: Iterable[tuple[Node, tuple[int, ...]]], factor: Factor) -> list[tuple[Node, tuple[int, ...]]]:
    """Those atoms whose indices all are axes of the sum under a power."""
    return [(atom, labels) for atom, labels in atoms if all(x < len(factor.labels) for x in labels)]


def product_with(ring: Ring, work: Work, term: Node, labels: Sequence[int]) -> Work:
    """A term times another whose axes have these labels."""
    factors, bound = ring.opened(term, labels)
    return Work(work.coefficient * number_of(term), work.factors + factors, {**work.bound, **bound})


def removed(ring: Ring, work: Work, lead: Node, labels: Sequence[int]) -> list[Factor] | None:
    """The factors without those of `lead`; None if they do not hold them all."""
    wanted = pattern_of(lead)
    if not wanted or not {f.atom for f in wanted} <= {f.atom for f in work.factors}:
        return None
    names = dict(enumerate(labels))
    for found, rest in matches(ring, wanted, work.factors, lead.order, names, work.bound):
        gone = {place for label, place in found.items() if label >= lead.order}
        if not gone & {x for f in rest for x in f.labels} and not gone & set(labels):
            return rest
    return None


def merge_group(ring: Ring, work: Work, factor: Factor) -> list[Work] | None:
    """P·P^q = P^(q+1) for a contraction P with free indices that stands laid open beside its power."""
    if isinstance(factor.exponent, int) and factor.exponent > 0:
        return None
    remaining = removed(ring, work, factor.atom, factor.labels)
    if remaining is None:
        return None
    rest = [f for f in remaining if f is not factor]
    carried = {x for f in rest for x in f.labels} | set(factor.labels)
    bound = {x: d for x, d in work.bound.items() if x in carried}
    raised = Factor(factor.atom, factor.labels, factor.exponent + 1)
    return [Work(work.coefficient / ring.fraction(number_of(factor.atom)), [*rest, raised], bound)]


Compared = cmp_to_key(compare)

# ---- Signs, absolute values, angles -------------------------------------------------------------------------------------


def settle_sign(ring: Ring, work: Work, k: int) -> list[Work] | None:
    """sign^3 = sign, 1/sign = sign, and u sign(u)^2 = u."""
    factor = work.factors[k]
    exponent = factor.exponent
    rest = work.factors[:k] + work.factors[k + 1 :]
    if not isinstance(exponent, int):
        return None
    if exponent < 0 or exponent > 2:
        reduced = 2 - abs(exponent) % 2
        return [Work(work.coefficient, [*rest, Factor(factor.atom, factor.labels, reduced)], work.bound)]
    if exponent == 2:
        base = factor.atom.operands[0]
        if isinstance(base, Add):
            if any(f.atom is base and f.labels == factor.labels for f in rest):
                return [Work(work.coefficient, rest, work.bound)]
            return divide(ring, work, factor, 0)
        # The argument of a sign is one atom, perhaps with its axes in another order.
        wanted = atoms_below(ring, base, factor.labels)
        if wanted is not None and any((f.atom, f.labels) == wanted for f in rest):
            ring.note("sign-squared")
            return [Work(work.coefficient, rest, work.bound)]
    return None


def atoms_below(ring: Ring, base: Node, labels: tuple[int, ...]) -> tuple[Node, tuple[int, ...]] | None:
    """The atom that a function's argument is, and its labels."""
    found = pattern_of(base) if base.operands and isinstance(base, Power) else None
    if found is not None:
        return None
    _, places = ring.symmetries.oriented(base, labels)
    return base, places


def settle_absolute(ring: Ring, work: Work, k: int) -> list[Work] | None:
    """|u|^k for a whole k, and |u| where u is known not to be negative."""
    factor = work.factors[k]
    if not isinstance(factor.exponent, int):
        return None
    rest = work.factors[:k] + work.factors[k + 1 :]
    base = factor.atom.operands[0]
    sign, more = sign_of_atom(ring, base, factor.labels) if factor.exponent % 2 else (1, [])
    made = [Factor(base, factor.labels, factor.exponent), *more]
    return [Work(work.coefficient * sign, rest + made, work.bound)]


def settle_cosine(ring: Ring, work: Work, k: int) -> list[Work] | None:
    """cos^2 = 1 - sin^2."""
    return trade(ring, work, k, "sin") if work.factors[k].exponent >= 2 else None


def settle_sine(ring: Ring, work: Work, k: int) -> list[Work] | None:
    """sin^2 = 1 - cos^2 beside a negative power of the cosine."""
    factor = work.factors[k]
    if factor.exponent < 2:
        return None
    below = any(
        isinstance(f.atom, Apply) and f.atom.name == "cos" and f.atom.operands == factor.atom.operands
        and f.labels == factor.labels and f.exponent < 0
        for f in work.factors
    )  # fmt: skip
    return trade(ring, work, k, "cos") if below else None


def trade(ring: Ring, work: Work, k: int, name: str) -> list[Work]:
    """One square of a sine or cosine by 1 minus the square of the other."""
    ring.note("sin-cos-squares")
    factor = work.factors[k]
    other = Apply._intern((name, None), factor.atom.operands, factor.atom.shape)
    rest = work.factors[:k] + work.factors[k + 1 :] + [Factor(factor.atom, factor.labels, factor.exponent - 2)]
    return [
        Work(work.coefficient, rest, work.bound),
        Work(-work.coefficient, [*rest, Factor(other, factor.labels, 2)], work.bound),
    ]


def settle_mask(ring: Ring, work: Work, k: int) -> list[Work] | None:
    """The mask L_ij, 1 for i >= j else 0: L_ii = 1, L^2 = L, L_ij L_ji = δ_ij, L_ij + L_ji = 1 + δ_ij."""
    mask = work.factors[k]
    i, j = mask.labels
    rest = work.factors[:k] + work.factors[k + 1 :]
    square = mask.atom.shape[0] == mask.atom.shape[1]
    delta = Factor(Delta.make(mask.atom.shape[0]), (i, j), 1)
    if i == j or absorbs(ring, rest, (i, j), "lower") or absorbs(ring, rest, (j, i), "upper"):
        return [Work(work.coefficient, rest, work.bound)]
    if mask.exponent != 1:
        return [Work(work.coefficient, [*rest, Factor(mask.atom, mask.labels, 1)], work.bound)]
    if not square:
        return None
    if absorbs(ring, rest, (j, i), "lower") or absorbs(ring, rest, (i, j), "upper"):
        return [Work(work.coefficient, [*rest, delta], work.bound)]
    turned = Factor(mask.atom, (j, i), 1)
    if turned in rest:
        return [Work(work.coefficient, [*(f for f in rest if f != turned), delta], work.bound)]
    return None


def absorbs(ring: Ring, factors: Sequence[Factor], labels: tuple[int, int], word: str) -> bool:
    """Whether a triangular variable stands at these indices."""
    return any(f.labels == labels and ring.facts.has(f.atom, word) for f in factors)


def turn_mask(ring: Ring, work: Work, free: Mapping[int, int]) -> list[Work] | None:
    """L_ji = 1 + δ_ij - L_ij for free indices of which the later stands first."""
    for k, (atom, labels, _) in enumerate(work.factors):
        if not (isinstance(atom, Apply) and atom.name == "tril" and atom.shape[0] == atom.shape[1]):
            continue
        i, j = labels
        if i in free and j in free and free[i] > free[j]:
            rest = work.factors[:k] + work.factors[k + 1 :]
            delta = Factor(Delta.make(atom.shape[0]), (j, i), 1)
            return [
                Work(work.coefficient, rest, work.bound),
                Work(work.coefficient, [*rest, delta], work.bound),
                Work(-work.coefficient, [*rest, Factor(atom, (j, i), 1)], work.bound),
            ]
    return None


def settle_determinant(ring: Ring, work: Work, k: int) -> list[Work] | None:
    """det(Q)^2 = 1 for orthogonal Q."""
    factor = work.factors[k]
    if not ring.facts.orthogonal(factor.atom.operands[0]) or factor.exponent in (0, 1):
        return None
    if not isinstance(factor.exponent, int):
        return None
    rest = work.factors[:k] + work.factors[k + 1 :]
    ring.note("determinant-of-orthogonal")
    return [Work(work.coefficient, [*rest, Factor(factor.atom, (), factor.exponent % 2)], work.bound)]


def merge_general_powers(ring: Ring, work: Work, k: int) -> list[Work] | None:
    """u^p u^q = u^(p+q) for powers whose exponents are not numbers."""
    factor = work.factors[k]
    base, exponent = factor.atom.operands
    if not isinstance(factor.exponent, int):
        return None  # the root of (u^p)^2 is |u|^p
    if factor.exponent != 1:
        raised = power_node(ring, base, ring.polynomial(exponent).scaled(factor.exponent))
        rest = work.factors[:k] + work.factors[k + 1 :]
        return [product_with(ring, Work(work.coefficient, rest, work.bound), raised, factor.labels)]
    for m, other in enumerate(work.factors):
        if m == k or other.labels != factor.labels:
            continue
        if isinstance(other.atom, Apply) and other.atom.name == "pow" and other.atom.operands[0] is base:
            if not isinstance(other.exponent, int):
                continue
            more = ring.polynomial(other.atom.operands[1]).scaled(other.exponent)
        elif other.atom is base:
            more = ring.number(other.exponent, base.shape)
        else:
            continue
        total = ring.add([ring.polynomial(exponent).scaled(factor.exponent), more], base.shape)
        rest = [f for n, f in enumerate(work.factors) if n not in (k, m)]
        raised = power_node(ring, base, total)
        return [product_with(ring, Work(work.coefficient, rest, work.bound), raised, factor.labels)]
    return None


def power_node(ring: Ring, base: Node, exponent: Polynomial) -> Node:
    """u^p as a term; u^n where p is the number n."""
    if base is Number.make(-1):
        exponent = modulo_two(exponent)
    number = exponent.constant()
    if number is None:
        return Apply._intern(("pow", None), (base, exponent.node), base.shape)
    if number == 0:
        return ones(base.shape)
    return base if number == 1 else Power._intern((number,), (base,), base.shape)


def modulo_two(exponent: Polynomial) -> Polynomial:
    """An exponent of -1 whose terms are whole numbers."""
    factors = [f for term in exponent.terms for f in pattern_of(term)]
    whole = all(isinstance(f.atom, Size) and isinstance(f.exponent, int) and f.exponent > 0 for f in factors)
    if not whole or any(isinstance(c, Fraction) for c in exponent.terms.values()):
        return exponent
    return Polynomial((), {term: 1 for term, c in exponent.terms.items() if c % 2})


SETTLED: dict[str, Callable[[Ring, Work, int], list[Work] | None]] = {
    "sign": settle_sign,
    "abs": settle_absolute,
    "cos": settle_cosine,
    "sin": settle_sine,
    "det": settle_determinant,
    "tril": settle_mask,
}
