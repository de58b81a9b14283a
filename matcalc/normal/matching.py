"""Rules with a pattern: a contraction of atoms that may stand anywhere in a term, and the polynomial that replaces it.

The axes 0 .. order-1 of a pattern meet any indices; its other labels are summed and must be summed in the term too, with
no factor beside those of the pattern that carries them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from matcalc.expr import Apply, Delta, Node, Number, Product, Variable, ones
from matcalc.normal.naming import Factor
from matcalc.normal.ring import Polynomial, Ring, Work, base_and_exponent

__all__ = ["Rule", "Rules", "pattern_of"]


@dataclass(frozen=True)
class Rule:
    """A law: wherever the factors stand, the polynomial over the axes may stand."""

    law: str
    factors: tuple[Factor, ...]
    order: int
    replacement: Polynomial


def pattern_of(term: Node) -> tuple[Factor, ...]:
    """The factors of a term, its axes 0, 1, .. and its summed labels as they are numbered in it."""
    if isinstance(term, Number):
        return ()
    axes = tuple(range(term.order))
    parts = zip(term.operands, term.data[1], strict=True) if isinstance(term, Product) else [(term, axes)]
    found = []
    for operand, labels in parts:
        base, exponent = base_and_exponent(operand)
        found.append(Factor(base, labels, exponent))
    return tuple(found)


class Rules:
    """The rules that the atoms of a term bring with them, and those that were assumed."""

    def __init__(self) -> None:
        self.assumed: list[Rule] = []
        self._of_atom: dict[Node, list[Rule]] = {}

    def of(self, ring: Ring, atom: Node) -> list[Rule]:
        """The rules that an atom brings."""
        found = self._of_atom.get(atom)
        if found is None:
            self._of_atom[atom] = []  # none while they are being made
            found = self._of_atom[atom] = [*self.own(ring, atom), *(r for r in self.assumed if r.factors[0].atom is atom)]
        return found

    def own(self, ring: Ring, atom: Node) -> Iterator[Rule]:
        if isinstance(atom, Variable) and atom.order == 2 and ring.facts.orthogonal(atom):
            yield from orthogonal_rules(ring, atom)
        if isinstance(atom, Variable) and atom.order and ring.facts.sums_to_one(atom):
            yield simplex_rule(atom)
        if isinstance(atom, Apply) and atom.name == "inv":
            yield from inverse_rules(ring, atom)

    def assume(self, rule: Rule) -> None:
        """Use a rule from now on."""
        self.assumed.append(rule)
        self._of_atom.clear()

    def __call__(self, ring: Ring, work: Work, free: Mapping[int, int]) -> list[Work] | None:
        for atom in dict.fromkeys(factor.atom for factor in work.factors):
            for rule in self.of(ring, atom):
                replaced = apply(ring, rule, work, free)
                if replaced is not None:
                    ring.note(rule.law)
                    return replaced
        return None


def apply(ring: Ring, rule: Rule, work: Work, free: Mapping[int, int]) -> list[Work] | None:
    """The terms that replace a term in which the pattern of the rule stands; None if it does not."""
    needed = {factor.atom for factor in rule.factors}
    if not needed <= {factor.atom for factor in work.factors}:
        return None
    for names, rest in matches(ring, rule.factors, work.factors, rule.order, {}, work.bound):
        gone = {names[label] for label in names if label >= rule.order}
        carried = {label for factor in rest for label in factor.labels}
        axes = [names[axis] for axis in range(rule.order) if axis in names]
        if gone & carried or gone & set(axes) or len(axes) < rule.order:
            continue
        bound = {label: d for label, d in work.bound.items() if label not in gone}
        replaced = []
        for term, coefficient in rule.replacement.terms.items():
            factors, inner = ring.opened(term, axes)
            replaced.append(Work(work.coefficient * coefficient, rest + factors, {**bound, **inner}))
        return replaced
    return None


def matches(
    ring: Ring,
    pattern: Sequence[Factor],
    factors: list[Factor],
    order: int,
    names: dict[int, int],
    bound: Mapping[int, object],
) -> Iterator[tuple[dict[int, int], list[Factor]]]:
    """All ways in which the pattern stands in the factors: names of its labels, and what is left of the factors."""
    if not pattern:
        yield names, factors
        return
    wanted = pattern[0]
    for k, factor in enumerate(factors):
        if factor.atom is not wanted.atom or not reaches(factor.exponent, wanted.exponent):
            continue
        rest = factors[:k] + factors[k + 1 :]
        if factor.exponent != wanted.exponent:
            rest.append(Factor(factor.atom, factor.labels, factor.exponent - wanted.exponent))
        for arrangement, sign in ring.symmetries(factor.atom):
            if sign != 1:
                continue
            extended = named(wanted.labels, [factor.labels[slot] for slot in arrangement], order, names, bound)
            if extended is not None:
                yield from matches(ring, pattern[1:], rest, order, extended, bound)


def reaches(exponent: object, wanted: object) -> bool:
    """Whether a power holds another as a factor."""
    if exponent == wanted:
        return True
    return bool(isinstance(exponent, int) and isinstance(wanted, int) and exponent > wanted > 0)


def named(
    labels: Sequence[int], places: Sequence[int], order: int, names: dict[int, int], bound: Mapping[int, object]
) -> dict[int, int] | None:
    """The names with labels of the pattern put at places of the term; None if that contradicts."""
    extended = dict(names)
    for label, place in zip(labels, places, strict=True):
        if extended.setdefault(label, place) != place:
            return None
        if label >= order and (place not in bound or any(extended[x] == place for x in extended if x != label)):
            return None
    return extended


# ---- What atoms bring with them ---------------------------------------------------------------------------------------


def delta_of(ring: Ring, atom: Node) -> Polynomial:
    """δ_ik over the first axis of a matrix."""
    dimension = atom.shape[0]
    return ring.delta(dimension)


def orthogonal_rules(ring: Ring, atom: Node) -> Iterator[Rule]:
    """Q'Q = QQ' = I."""
    unit = delta_of(ring, atom)
    yield Rule("orthogonal", (Factor(atom, (2, 0), 1), Factor(atom, (2, 1), 1)), 2, unit)
    yield Rule("orthogonal", (Factor(atom, (0, 2), 1), Factor(atom, (1, 2), 1)), 2, unit)


def simplex_rule(atom: Node) -> Rule:
    """The entries along the last axis sum to 1."""
    order = atom.order - 1
    axes = (*range(order), order)
    return Rule("sums-to-one", (Factor(atom, axes, 1),), order, Polynomial(atom.shape[:-1], {ones(atom.shape[:-1]): 1}))


def inverse_rules(ring: Ring, atom: Apply) -> Iterator[Rule]:
    """inv(S) S = S inv(S) = I, solved for the longest path in S: inv(S) L = I - inv(S) (S - L)."""
    if atom.order != 2:
        return
    total = ring.polynomial(atom.operands[0])
    lead = leading_path(total)
    if lead is None:
        return
    coefficient = total.terms[lead]
    rest = Polynomial(total.shape, {term: -c for term, c in total.terms.items() if term is not lead})
    inverse = ring.atom(atom)
    path = pattern_of(lead)
    shift = 2 + max((label for factor in path for label in factor.labels), default=0)
    for left in (True, False):
        # The pattern has the axes 0 and 1 and meets at the label `shift`.
        ends = {0: shift, 1: 1} if left else {0: 0, 1: shift}
        own = Factor(atom, (0, shift) if left else (shift, 1), 1)
        factors = [Factor(f.atom, tuple([ends.get(x, x) for x in f.labels]), f.exponent) for f in path]
        remainder = ring.contract(
            [(inverse, (0, 2)), (rest, (2, 1))] if left else [(rest, (0, 2)), (inverse, (2, 1))], (0, 1)
        )
        replacement = ring.add([delta_of(ring, atom), remainder], atom.shape).scaled(1 / ring.fraction(coefficient))
        yield Rule("inverse-cancels", (own, *factors), 2, replacement)


def leading_path(total: Polynomial) -> Node | None:
    """The longest term that connects both axes by matrices; None if there is none."""
    found = [(len(factors), term) for term in total.terms if (factors := path_factors(term)) is not None]
    if not found:
        return None
    return min(found, key=lambda item: (-item[0], scalars_in(item[1]), item[1].digest))[1]


def scalars_in(term: Node) -> int:
    return sum(not factor.labels for factor in pattern_of(term))


def path_factors(term: Node) -> list[Factor] | None:
    """The matrices of a term that is a path from axis 0 to axis 1, in order; scalars beside them are left out."""
    factors = [factor for factor in pattern_of(term) if factor.labels]
    if any(len(f.labels) != 2 or f.exponent != 1 or f.labels[0] == f.labels[1] for f in factors):
        return None
    path, here = [], 0
    while factors:
        step = [f for f in factors if here in f.labels]
        if len(step) != 1:
            return None
        factors.remove(step[0])
        path.append(step[0])
        here = step[0].labels[1] if step[0].labels[0] == here else step[0].labels[0]
    return path if here == 1 and path and not is_delta(path[0]) else None


def is_delta(factor: Factor) -> bool:
    return isinstance(factor.atom, Delta)
