"""The rules that every term obeys: deltas, equal factors, natural powers of sums, contractions without free indices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matcalc.expr import Add, Delta, Node, Number, Size, exact
from matcalc.normal.budget import BudgetExceeded, power_of_number
from matcalc.normal.naming import Factor, canonical, components
from matcalc.normal.ring import LARGEST_POWER, Coefficient, Ring, Work, assembled, is_group, number_of

__all__ = ["tidy", "lay_open", "part_scalars"]


def tidy(ring: Ring, work: Work, free: Mapping[int, int]) -> list[Work] | None:
    """Numbers out, deltas contracted, equal atoms merged, sums without a carrier counted; None if nothing changed."""
    return contract_deltas(ring, work, free) or merge_equal(ring, work) or count_uncarried(ring, work)


def contract_deltas(ring: Ring, work: Work, free: Mapping[int, int]) -> list[Work] | None:
    """δ_ij f_j = f_i where j is summed; of two free labels the later is replaced elsewhere."""
    for k, factor in enumerate(work.factors):
        if not isinstance(factor.atom, Delta) or factor.exponent <= 0:
            continue
        a, b = factor.labels
        if a in free and (b not in free or free[a] < free[b]):
            a, b = b, a  # a is the one that goes
        rest = work.factors[:k] + work.factors[k + 1 :]
        if a == b:
            return [Work(work.coefficient, rest, work.bound)]
        keep = a in free and b in free
        if keep and factor.exponent == 1 and not any(a in f.labels for f in rest):
            continue  # as it should be
        ring.note("delta-contraction")
        renamed = [Factor(f.atom, tuple([b if x == a else x for x in f.labels]), f.exponent) for f in rest]
        if keep:
            renamed.append(Factor(factor.atom, (b, a), 1))
        return [Work(work.coefficient, renamed, {x: d for x, d in work.bound.items() if x != a})]
    return None


def merge_equal(ring: Ring, work: Work) -> list[Work] | None:
    """u^a u^b = u^(a+b) at the same indices; u^0 = 1; numbers join the coefficient."""
    merged: dict[tuple[Node, tuple[int, ...]], Coefficient] = {}
    coefficient, changed = work.coefficient, False
    for factor in work.factors:
        labels, exponent = factor.labels, factor.exponent
        if len(labels) > 1:
            sign, labels = ring.symmetries.oriented(factor.atom, labels)
            coefficient *= sign if exponent % 2 else 1
            changed |= labels != factor.labels
        key = (factor.atom, labels)
        changed |= key in merged
        merged[key] = merged.get(key, 0) + exponent
    for (atom, labels), exponent in list(merged.items()):
        if isinstance(atom, Number):
            whole, fraction = divmod(exponent, 1)
            if whole or fraction == 0:
                coefficient *= power_of_number(atom.data[0], int(whole))
                merged[atom, labels] = fraction
                changed = True
        if merged[atom, labels] == 0:
            del merged[atom, labels]
            changed = True
    if not changed:
        return None
    factors = [Factor(atom, labels, exact(exponent)) for (atom, labels), exponent in merged.items()]
    return [Work(coefficient, factors, work.bound)]


def count_uncarried(ring: Ring, work: Work) -> list[Work] | None:
    """Σ_i 1 = n."""
    carried = {label for factor in work.factors for label in factor.labels}
    gone = [label for label in work.bound if label not in carried]
    if not gone:
        return None
    coefficient, factors = work.coefficient, list(work.factors)
    for label in gone:
        dimension = work.bound[label]
        if isinstance(dimension, int):
            coefficient *= dimension
        else:
            factors.append(Factor(Size.make(dimension), (), 1))
    return [Work(coefficient, factors, {x: d for x, d in work.bound.items() if x in carried})]


def lay_open(ring: Ring, work: Work, free: Mapping[int, int]) -> list[Work] | None:
    """A natural power of a sum, or of a contraction, is multiplied out."""
    for k, factor in enumerate(work.factors):
        exponent = factor.exponent
        if isinstance(factor.atom, Add) and isinstance(exponent, int) and exponent > 0 and not ring.opaque:
            rest = work.factors[:k] + work.factors[k + 1 :]
            total = ring.power(ring.polynomial(factor.atom), exponent)
            return [substituted(ring, work, rest, term, factor.labels, c) for term, c in total.terms.items()]
        if is_group(factor.atom) and isinstance(exponent, int) and exponent > 0:
            rest = work.factors[:k] + work.factors[k + 1 :]
            if exponent > LARGEST_POWER:
                raise BudgetExceeded("a power that is too high to be multiplied out")
            if exponent > 1:
                rest.append(Factor(factor.atom, factor.labels, exponent - 1))
            return [substituted(ring, work, rest, factor.atom, factor.labels, 1)]
    return None


def substituted(
    ring: Ring, work: Work, rest: list[Factor], term: Node, labels: Sequence[int], coefficient: Coefficient
) -> Work:
    """The rest of a term times another term."""
    factors, bound = ring.opened(term, labels)
    return Work(work.coefficient * coefficient * number_of(term), rest + factors, {**work.bound, **bound})


def part_scalars(ring: Ring, work: Work, free: Mapping[int, int]) -> list[Work] | None:
    """A contraction without free indices becomes one scalar factor."""
    if not work.bound:
        return None
    factors: list[Factor] = []
    coefficient: Coefficient = work.coefficient
    gone: set[int] = set()
    for component in components(work.factors, free):
        labels = {label for factor in component for label in factor.labels}
        if not labels or any(label in free for label in labels):
            factors.extend(component)
            continue
        sign, arranged = canonical(component, {}, ring.symmetries)
        coefficient *= sign
        gone |= labels
        if sign:
            factors.append(Factor(assembled(arranged, [arranged], ()), (), 1))
    if not gone:
        return None
    return [Work(coefficient, factors, {x: d for x, d in work.bound.items() if x not in gone})]
