"""Sums of terms: what they share is taken out, as a person would.

An equal number or scalar of all terms first, then equal scalars of some, then a common left factor, then a common right
one: 2*x'*A + 2*x'*A' = 2*x'*(A + A').  Each step joins at least two terms, so it ends.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction

from matcalc.build import eye, outline, same, total
from matcalc.form import Form, Shape
from matcalc.reduction import Term, single

__all__ = ["factored"]


def factored(terms: Sequence[Term]) -> Term:
    """The sum of terms, what they share taken out: numbers and scalars, then a left factor, then a right one."""
    terms = collected(terms)
    if len(terms) == 1:
        return terms[0]
    shared, rest = take_common(terms)
    body = factored_chains(rest)
    return single(body) if shared is None else replace(shared, chain=(body,))


def collected(terms: Sequence[Term]) -> list[Term]:
    """Terms that read alike as one."""
    result = []
    for group in grouped_by(terms, lambda term: tuple(map(outline, term.chain)), alike):
        coefficient = sum((t.coefficient for t in group), Fraction(0))
        result.append(replace(group[0], coefficient=coefficient))
    return [t for t in result if t.coefficient] or [replace(terms[0], coefficient=Fraction(0))]


def alike(first: Term, second: Term) -> bool:
    """True if two terms differ in their coefficients only."""
    chains = len(first.chain) == len(second.chain) and all(map(same, first.chain, second.chain))
    return chains and same_scalars(first, replace(second, coefficient=first.coefficient))


def take_common(terms: Sequence[Term]) -> tuple[Term | None, list[Term]]:
    """The numbers and scalars that terms share, as a term without a chain, and the terms without them."""
    coefficient = common_coefficient(terms)
    above = common(terms, lambda t: t.above)
    below = common(terms, lambda t: t.below)
    if coefficient == 1 and not above and not below:
        return None, list(terms)
    rest = [
        replace(t, coefficient=t.coefficient / coefficient, above=without(t.above, above), below=without(t.below, below))
        for t in terms
    ]
    return replace(terms[0], coefficient=coefficient, above=above, below=below, chain=()), rest


def common_coefficient(terms: Sequence[Term]) -> Fraction:
    """The number that all terms share: equal absolute values, and the sign if all are negative."""
    first = abs(terms[0].coefficient)
    if any(abs(t.coefficient) != first for t in terms):
        return Fraction(1)
    negative = all(t.coefficient < 0 for t in terms)
    return -first if negative else first


def common(terms: Sequence[Term], part: Callable[[Term], tuple[Form, ...]]) -> tuple[Form, ...]:
    """The scalars that all terms have among these, each as often as every term has it."""
    if not all(t.chain for t in terms):
        return ()
    shared = part(terms[0])
    for term in terms[1:]:
        shared = without(shared, without(shared, part(term)))
    return shared


def without(forms: tuple[Form, ...], removed: tuple[Form, ...]) -> tuple[Form, ...]:
    """The forms less one of each that is removed."""
    rest = list(forms)
    for form in removed:
        for k, candidate in enumerate(rest):
            if same(candidate, form):
                del rest[k]
                break
    return tuple(rest)


def factored_chains(terms: Sequence[Term], *, inner: bool = False) -> Form:
    """The sum of terms: those with equal scalars joined, then those with an equal first or last matrix or vector.

    `inner`: the sum is a factor, so that A' + A'*B may become A'*(I + B).
    """
    for joined in (joined_scalars(terms), joined_terms(terms, 0, inner), joined_terms(terms, -1, inner)):
        if len(joined) < len(terms):
            return factored_chains(joined, inner=inner) if len(joined) > 1 else joined[0].form()
    return total([t.form() for t in terms])


def joined_scalars(terms: Sequence[Term]) -> list[Term]:
    """Terms with equal scalars and coefficients of one size joined: 3*s*A/2 + 3*s*B/2 = 3*s*(A + B)/2."""

    def key(term: Term) -> object:
        scalars = [frozenset(outline(form) for form in side) for side in (term.above, term.below)]
        return (abs(term.coefficient), *scalars) if term.above or term.below else id(term)

    result = []
    for group in grouped_by(terms, key, same_scalars):
        shared, rest = take_common(group)
        result.append(group[0] if len(group) == 1 or shared is None else replace(shared, chain=(factored_chains(rest),)))
    return result


def grouped_by(
    terms: Sequence[Term], key: Callable[[Term], object], alike: Callable[[Term, Term], bool]
) -> list[list[Term]]:
    """Terms in groups of alike ones, in order of first appearance; only terms with equal keys are compared."""
    buckets: dict[object, list[list[Term]]] = {}
    groups: list[list[Term]] = []
    for term in terms:
        bucket = buckets.setdefault(key(term), [])
        for group in bucket:
            if alike(group[0], term):
                group.append(term)
                break
        else:
            bucket.append([term])
            groups.append(bucket[-1])
    return groups


def same_scalars(first: Term, second: Term) -> bool:
    """True if two terms differ in their chains and signs only."""
    if abs(first.coefficient) != abs(second.coefficient) or not (first.chain and second.chain):
        return False
    pairs = ((first.above, second.above), (first.below, second.below))
    return all(len(a) == len(b) and not without(a, b) for a, b in pairs)


def joined_terms(terms: Sequence[Term], end: int, inner: bool) -> list[Term]:
    """Terms with an equal factor at this end of the chain joined: A*B + A*C = A*(B + C)."""

    def key(term: Term) -> object:
        return outline(flat_chain(term)[end]) if term.chain else None

    groups = grouped_by(terms, key, lambda a, b: joinable(a, b, end, inner))
    return [join(group, end) if len(group) > 1 else group[0] for group in groups]


def flat_chain(term: Term) -> tuple[Form, ...]:
    """The chain of a term with products laid open."""
    return tuple([f for form in term.chain for f in (form.args if form.head == "mul" else (form,))])


def joinable(first: Term, second: Term, end: int, inner: bool) -> bool:
    """True if two terms share the factor at this end, and what is left of both can be added."""
    a, b = flat_chain(first), flat_chain(second)
    if not a or not b or not same(a[end], b[end]) or len(a) == len(b) == 1:
        return False
    if min(len(a), len(b)) == 1 and not (inner and a[end].kind == "matrix"):
        return False
    rest_a, rest_b = rest_of(a, end), rest_of(b, end)
    return rest_kind(rest_a) == rest_kind(rest_b) and rest_shape(rest_a) == rest_shape(rest_b)


def rest_of(chain: Sequence[Form], end: int) -> Sequence[Form]:
    """The chain without the factor at this end; the identity if that was all."""
    if len(chain) == 1:
        return (eye((chain[0].shape or ())[0 if end else 1]),)
    return chain[1:] if end == 0 else chain[:-1]


def rest_kind(chain: Sequence[Form]) -> tuple[bool, bool]:
    """Whether a chain has rows and whether it has columns."""
    return chain[0].kind in ("column", "matrix"), chain[-1].kind in ("row", "matrix")


def rest_shape(chain: Sequence[Form]) -> Shape:
    """The shape of a chain."""
    rows, columns = rest_kind(chain)
    shape: Shape = ((chain[0].shape or ())[0],) if rows else ()
    return (*shape, (chain[-1].shape or ())[-1]) if columns else shape


def join(terms: Sequence[Term], end: int) -> Term:
    """The terms as one, the shared factor taken out."""
    common_part, rest = take_common(terms)
    factor = flat_chain(terms[0])[end]
    rests = [rest_of(flat_chain(t), end) for t in terms]
    kind = {(True, True): "matrix", (True, False): "column", (False, True): "row"}.get(rest_kind(rests[0]), "scalar")
    shape = rest_shape(rests[0])
    parts = [replace(t, chain=tuple(chain), kind=kind, shape=shape) for t, chain in zip(rest, rests, strict=True)]
    parts = collected(parts)
    inner = factored_chains(parts, inner=True) if len(parts) > 1 else parts[0].form()
    chain = (factor, inner) if end == 0 else (inner, factor)
    outside = common_part or replace(terms[0], coefficient=Fraction(1), above=(), below=())
    return replace(outside, chain=chain)
