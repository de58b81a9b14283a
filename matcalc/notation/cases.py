"""The textbook's piecewise form: the entries of a tensor by the cases in which indices are equal.

    d(B'*B)/d(B)   [p,q,i,j: B[i,q] if j==p and p!=q else B[i,p] if j==q and p!=q else 2*B[i,q] if j==p and p==q else 0]

The deltas of a node, multiplied out, compare pairs of indices.  Every consistent way in which these comparisons can
come out is a case; in it the terms whose deltas hold are added, with equal indices replaced by one of them.  Cases of
equal value become one, under the conditions that tell them from the others; the case in which no pair is equal is what
remains.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import reduce
from itertools import product as assignments
from operator import and_
from typing import Any, NamedTuple

from matcalc.expr import Delta, Node, Product, add, product, zero
from matcalc.form import Form
from matcalc.notation.index import (
    Entries,
    Named,
    contracts,
    index_form,
    laid_open,
    scalar,
    tensor_form,
    terms,
    used_names,
)

__all__ = ["cases_form"]

#: The most pairs of indices that are compared; beyond it the index form is given.
LARGEST_COMPARISON = 5

Pair = tuple[int, int]
Factor = tuple[Node, tuple[int, ...]]
Outcome = tuple[bool, ...]
#: What some comparisons must come out as, by the position of the pair.
Literals = dict[int, bool]


class Term(NamedTuple):
    """A coefficient and factors with labels of the result; it counts where all its pairs of labels are equal."""

    pairs: frozenset[Pair]
    coefficient: Fraction
    factors: tuple[Factor, ...]


class Case(NamedTuple):
    """The terms of a value, and the outcomes of the comparisons in which it is the value."""

    outcomes: list[Outcome]
    terms: list[Term]


def cases_form(node: Node, names: Sequence[Sequence[str]], named: Named) -> Form:
    """The piecewise form of a node whose axes have these names; the index form where no indices are compared."""
    split = [split_term(term) for term in terms(node)]
    pairs = sorted({pair for term in split for pair in term.pairs}, key=lambda pair: (pair[1], pair[0]))
    if not pairs or len(pairs) > LARGEST_COMPARISON:
        return index_form(node, names, named)
    flat = tuple(name for group in names for name in group)
    entries = Entries(named, used_names(node))
    other, *cases = distinguish(split, pairs, node)
    possible = {outcome for case in (other, *cases) for outcome in case.outcomes}
    body = entries.sum(value(other.terms, node), flat)
    for case in reversed(cases):
        cubes = cover(case.outcomes, possible - set(case.outcomes), len(pairs))
        condition = disjunction([conjunction(cube, pairs, flat) for cube in cubes])
        body = scalar("cases", entries.sum(value(case.terms, node), flat), body, value=condition)
    return tensor_form(body, flat, node)


# ---- Terms ----------------------------------------------------------------------------------------------------------


def split_term(node: Node) -> Term:
    """A term as its coefficient, its deltas and its other factors."""
    opened = laid_open(node)
    if isinstance(opened, Product):
        coefficient, factors = opened.coefficient, opened.factors
    else:
        coefficient, factors = Fraction(1), [(opened, tuple(range(opened.order)))]
    pairs = frozenset((min(labels), max(labels)) for factor, labels in factors if isinstance(factor, Delta))
    return Term(pairs, coefficient, tuple(f for f in factors if not isinstance(f[0], Delta)))


def relabelled(term: Term, replace: Callable[[int], int]) -> Term:
    """The term with its labels replaced."""
    factors = tuple((node, tuple(map(replace, labels))) for node, labels in term.factors)
    return Term(term.pairs, term.coefficient, factors)


def contraction(term: Term, node: Node) -> Node:
    """The tensor that a term is, without its deltas, over all axes of the node."""
    return product(term.coefficient, term.factors, range(node.order), dict(enumerate(node.shape)))


def canonical(term: Term, node: Node) -> Node:
    """The tensor of a term with coefficient 1 and its factors in an order that depends on their content alone."""
    factors = tuple(sorted(term.factors, key=lambda factor: (factor[0].digest, factor[1])))
    return contraction(Term(term.pairs, Fraction(1), factors), node)


def collect(found: Sequence[Term], node: Node, classes: Mapping[int, int]) -> dict[Node, tuple[Term, Fraction]]:
    """Like terms added up: the first of each and its whole coefficient, by what they are when equal labels are one."""
    sums: dict[Node, tuple[Term, Fraction]] = {}
    for term in found:
        key = canonical(relabelled(term, lambda label: classes.get(label, label)), node)
        first, coefficient = sums.get(key, (term, Fraction(0)))
        sums[key] = (first, coefficient + term.coefficient)
    return {key: (term, coefficient) for key, (term, coefficient) in sums.items() if coefficient}


# ---- Cases ----------------------------------------------------------------------------------------------------------


def distinguish(split: Sequence[Term], pairs: Sequence[Pair], node: Node) -> list[Case]:
    """The cases, that of no equal pair first, then those of few equal pairs before those of many."""
    outcomes = sorted(assignments((True, False), repeat=len(pairs)), key=lambda o: (sum(o), [not equal for equal in o]))
    cases: list[Case] = []
    for outcome in outcomes:
        classes = equal_labels(outcome, pairs)
        if classes is None:
            continue
        equal = {pair for pair, holds in zip(pairs, outcome, strict=True) if holds}
        collected = collect([term for term in split if term.pairs <= equal], node, classes)
        wanted = {key: coefficient for key, (_, coefficient) in collected.items()}
        for case in cases:
            if {key: c for key, (_, c) in collect(case.terms, node, classes).items()} == wanted:
                case.outcomes.append(outcome)
                break
        else:
            cases.append(Case([outcome], simplified(collected, classes)))
    return cases


def equal_labels(outcome: Outcome, pairs: Sequence[Pair]) -> dict[int, int] | None:
    """Each label with the first one that is equal to it; None if the outcome contradicts itself."""
    root = {label: label for pair in pairs for label in pair}
    for (i, j), holds in zip(pairs, outcome, strict=True):
        if holds:
            low, high = sorted((root[i], root[j]))
            root = {label: low if r == high else r for label, r in root.items()}
    consistent = all(holds or root[i] != root[j] for (i, j), holds in zip(pairs, outcome, strict=True))
    return root if consistent else None


def simplified(collected: Mapping[Node, tuple[Term, Fraction]], classes: Mapping[int, int]) -> list[Term]:
    """The terms of a value with every set of equal labels replaced by the one that occurs first."""
    shown: dict[int, int] = {}
    for term, _ in collected.values():
        for _, labels in term.factors:
            for label in labels:
                shown.setdefault(classes.get(label, label), label)
    return [
        relabelled(Term(frozenset(), coefficient, term.factors), lambda label: shown[classes.get(label, label)])
        for term, coefficient in collected.values()
    ]


def value(found: Sequence[Term], node: Node) -> list[Node]:
    """The nodes whose entries add up to a value; factors that all terms share stand in front: p_i (1 - p_i)."""
    shared = shared_factors(found, node) if len(found) > 1 else []
    rest = add([contraction(without(term, shared), node) for term in found]) if shared else None
    if rest is not None and not contracts(rest):
        return [product(1, [*shared, (rest, range(node.order))], range(node.order))]
    return [contraction(term, node) for term in found] or [zero(node.shape)]


def shared_factors(found: Sequence[Term], node: Node) -> list[Factor]:
    """The factors without summed labels that all terms have, as often as they do."""
    counts = reduce(and_, [Counter(term.factors) for term in found])
    return [factor for factor in counts.elements() if max(factor[1], default=0) < node.order]


def without(term: Term, shared: Sequence[Factor]) -> Term:
    """A term divided by some of its factors."""
    left = list(term.factors)
    for factor in shared:
        left.remove(factor)
    return Term(term.pairs, term.coefficient, tuple(left))


# ---- Conditions -----------------------------------------------------------------------------------------------------


def cover(wanted: Sequence[Outcome], forbidden: set[Outcome], length: int) -> list[Literals]:
    """The fewest conditions, each on few pairs, that hold in all wanted outcomes and in no forbidden one.

    Outcomes that contradict themselves are neither, so a condition may hold there.
    """
    cubes = [cube for cube in all_literals(length) if not any(holds(cube, outcome) for outcome in forbidden)]
    left = list(wanted)
    chosen: list[Literals] = []
    while left:
        best = max(cubes, key=lambda cube: (sum(holds(cube, outcome) for outcome in left), -len(cube)))
        chosen.append(best)
        left = [outcome for outcome in left if not holds(best, outcome)]
    return chosen


def all_literals(length: int) -> Iterator[Literals]:
    """Every choice of comparisons and of what they come out as."""
    for choice in assignments((True, False, None), repeat=length):
        yield {position: wanted for position, wanted in enumerate(choice) if wanted is not None}


def holds(literals: Literals, outcome: Outcome) -> bool:
    """True if an outcome is as the literals say."""
    return all(outcome[position] == wanted for position, wanted in literals.items())


def conjunction(literals: Literals, pairs: Sequence[Pair], names: Sequence[str]) -> tuple[Any, ...]:
    """The condition of some comparisons; an index that is equal to an earlier one is called by it from then on."""
    same: dict[int, int] = {}
    conditions: list[tuple[Any, ...]] = []
    for position in sorted(literals, key=lambda position: not literals[position]):
        i, j = sorted(same.get(label, label) for label in pairs[position])
        if i == j:
            continue
        condition = ("==" if literals[position] else "!=", *sorted((names[i], names[j])))
        if condition not in conditions:
            conditions.append(condition)
        if literals[position]:
            same = {label: i if to == j else to for label, to in same.items()} | {j: i}
    return nested("and", conditions)


def disjunction(conditions: Sequence[tuple[Any, ...]]) -> tuple[Any, ...]:
    """The condition that one of several holds."""
    return nested("or", conditions)


def nested(word: str, conditions: Sequence[tuple[Any, ...]]) -> tuple[Any, ...]:
    """Conditions joined two at a time, from the left."""
    first, *others = conditions
    for other in others:
        first = (word, first, other)
    return first
