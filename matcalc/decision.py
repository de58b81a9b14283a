"""Deciding a claim: stages from the cheapest to the dearest, the first answer counts.

    shapes       sides of different shapes, or a row against a column, are refuted
    points       the numeric interpreter, which shares no code with the engine, may refute; what follows may only prove
    graphs       the sides are one node in index notation
    order        they are one node once the factors of every product are put in order, without multiplying out
    normal form  they have one normal form, perhaps under what is assumed and what their domain tells
    clearing     their difference vanishes once it is multiplied by what stands inverted in it
    entries      the normal form of every entry at given sizes; at sizes that all are given it is a full proof

So nothing is called proved that disagrees at a point, and nothing is refuted by the engine alone.  Where no point was
found at which all sides are defined and everything that is assumed holds, nothing is said: it may be a claim about nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from matcalc.assumptions import Facts, facts_of
from matcalc.claim import Claim, is_zero_form
from matcalc.counterexample import Counterexample
from matcalc.errors import UnsupportedError
from matcalc.expr import Apply, Node, is_zero, zero
from matcalc.form import Form, format_axis, subforms
from matcalc.lowering import lower
from matcalc.normal import Budget, BudgetExceeded, Normalizer
from matcalc.normal.assuming import Contradiction, use
from matcalc.normal.domain import arguments_with_a_sign, use_signs
from matcalc.normal.entries import Entries
from matcalc.normal.laws import stated
from matcalc.normal.signs import vanishes_by_sign
from matcalc.refutation import Comparison, compare
from matcalc.traversal import postorder, substitute
from matcalc.verdict import Verdict

__all__ = ["decide", "disagreement"]

#: Steps of the normal form in each attempt, for all dimensions and at given sizes.  No clock decides, unless a time is
#: given: a verdict does not depend on how busy the machine is.
STEPS, STEPS_AT_SIZES = 60_000, 60_000
#: The sizes at which entries are compared, dealt out to the dimensions in turn.
SIZES = ((2, 3, 2, 3), (1, 2, 3, 2), (3, 2, 1, 2))
#: The points of the check in higher precision that a claim has which nothing proves.
POINTS_WITHOUT_PROOF = 8

#: Functions that are not continuous, or not smooth; a law that holds by continuity is not used beside them.
DISCONTINUOUS = frozenset({"abs", "sign", "step", "relu", "maximum", "minimum"})
#: The ways to prove two sides equal, from the cheapest to the dearest.
METHODS = (
    "one index notation",
    "order of factors",
    "normal form",
    "normal form on the domain of the sides",
    "normal form with rank-one updates",
)
UNSETTLED = "the sides seem to differ at a point, but no interval shows it"
CONTRADICTION = "the assumptions contradict each other, so the claim says nothing"


def decide(claim: Claim, deadline: float | None = None) -> Verdict:
    """The verdict of a claim; `deadline` is a time of `time.monotonic()` after which nothing more is tried."""
    refuted, note = looked_at(claim, deadline, confirm=False)
    if refuted is not None:
        return refuted
    found = Proof(claim, deadline).verdict()
    return replace(found, message="; ".join(filter(None, [found.message, note])))


def disagreement(claim: Claim, deadline: float | None = None, *, confirm: bool = True) -> Verdict | None:
    """The refutation of a claim by its shapes or at a point, or that it says nothing; None where it agrees.

    Without `confirm` agreement in double precision is enough.
    """
    return looked_at(claim, deadline, confirm=confirm)[0]


def looked_at(claim: Claim, deadline: float | None, *, confirm: bool) -> tuple[Verdict | None, str]:
    """What `disagreement` says, and a note where one side of a claim that agrees is defined at more points."""
    odd = next((k for k in range(1, len(claim.sides)) if not same_shape(claim.sides[0], claim.sides[k])), None)
    if odd is not None:
        return Verdict("refuted", "shapes", shapes_message(claim, odd), step=odd), ""
    found = compare(claim.program, claim.sides, claim.assume, deadline=deadline, confirm=confirm)
    if found.counterexample is not None:
        return refutation(claim, found.counterexample), ""
    if not found.points:
        return Verdict("undecided", "no point", found.reason), ""
    return None, found.one_sided


def refutation(claim: Claim, found: Counterexample) -> Verdict:
    """The verdict that a point gives, which names the wrong step of a chain."""
    step, message = found.step, f"the sides differ {found}"
    if len(claim.sides) > 2:
        message = f"step {step[1]}, `{claim.side_text(step[0])} = {claim.side_text(step[1])}`, is wrong: {message}"
    return Verdict("refuted", "values at a point", message, found.to_json(), step=step[1])


def same_shape(left: Form, right: Form) -> bool:
    """Whether two sides may be equal as to kind and sizes; 0 is the zero of any shape."""
    if is_zero_form(left) or is_zero_form(right):
        return True
    return (left.kind, left.shape) == (right.kind, right.shape)


def shapes_message(claim: Claim, odd: int) -> str:
    """Which sides differ in shape."""
    first, other = claim.sides[0], claim.sides[odd]
    which = ("the left side", "the right side") if len(claim.sides) == 2 else ("side 1", f"side {odd + 1}")
    return f"{which[0]} is {described(first)}, {which[1]} is {described(other)}"


def described(form: Form) -> str:
    """A side's kind with its sizes."""
    sizes = " x ".join(format_axis(axis) for axis in form.shape or ())
    return f"a {form.kind}" + (f" of {sizes}" if sizes else "")


# ---- Proofs -------------------------------------------------------------------------------------------------------------


@dataclass
class Proof:
    """The search for a proof of a claim that agrees at points.

    Each step of a chain is proved by itself: what the domain of its two sides tells holds for no other step.
    """

    claim: Claim
    deadline: float | None = None
    laws: dict[str, None] = field(default_factory=dict)
    nodes: list[Node] = field(default_factory=list)
    given: list[tuple[Node, Node]] = field(default_factory=list)
    #: Whether a part of a claim may be undefined where the claim is not: conditions on indices.
    guarded: bool = False

    def verdict(self) -> Verdict:
        """The strongest verdict that can be shown."""
        try:
            self.lower()
            methods = [self.method(pair) for pair in pairwise(self.nodes)]
        except UnsupportedError as error:
            return self.agreement(f"the engine cannot say a side: {error.message}")
        except Contradiction:
            return Verdict("undecided", "contradiction", CONTRADICTION)
        if None in methods:
            return self.naming(methods.index(None) + 1, self.at_sizes() or self.agreement(""))
        found = max(filter(None, methods), key=METHODS.index)
        rules = self.rules() if found != METHODS[0] else (stated("same-index-notation"),)
        return Verdict("proved", found, rules=rules)

    def naming(self, step: int, found: Verdict) -> Verdict:
        """What was found of a chain that is not proved, with the first step that is not."""
        if len(self.nodes) < 3 or found.verdict in ("proved", "refuted"):
            return found
        at_sizes = " for all sizes" if found.verdict == "proved-at-sizes" else ""
        said = f"step {step}, `{self.claim.side_text(step - 1)} = {self.claim.side_text(step)}`, is not proved{at_sizes}"
        return replace(found, message="\n".join(filter(None, [said, found.message])), step=step)

    def lower(self) -> None:
        """The nodes of the sides and of what is assumed."""
        environment = lower(self.claim.program, self.claim.layout)
        nodes = [environment.lower(side).node for side in self.claim.sides]
        self.nodes = like_first_order(nodes)
        self.given = [(environment.lower(a).node, environment.lower(b).node) for a, b in self.claim.assume]
        forms = [*self.claim.sides, *self.claim.program.assignments.values()]
        self.guarded = any(part.head == "cases" for form in forms for part in subforms(form))

    def method(self, sides: tuple[Node, Node]) -> str | None:
        """How two sides are proved equal; None if they are not."""
        if sides[0] is sides[1]:
            return METHODS[0]
        for method, attempt in zip(METHODS[1:], ATTEMPTS, strict=True):
            try:
                if attempt(self, sides):
                    return method
            except (BudgetExceeded, ZeroDivisionError):
                continue
        return None

    def facts(self) -> Facts:
        """What the declared properties say."""
        return facts_of(self.claim.program.variables.values())

    def prepared(self, sides: Sequence[Node], *, rank_one: bool = False) -> tuple[Normalizer, list[Node]]:
        """A normalizer that uses the assumptions, and the sides after substitutions."""
        facts, nodes, given = self.facts(), list(sides), list(self.given)
        budget = Budget(STEPS, self.deadline)
        normalizer = self.normalizer(facts, sides, budget, rank_one=rank_one)
        while given:
            left, right = given.pop(0)
            found = use(normalizer, *aligned(left, right))
            if any(word not in facts.properties.get(name, ()) for name, word in found.properties.items()):
                facts = with_properties(facts, found.properties)
                normalizer = self.normalizer(facts, sides, budget, rank_one=rank_one)
                nodes, given = list(sides), list(self.given)
            if found.replacements:
                nodes = [substitute(node, found.replacements) for node in nodes]
                given = [(substitute(a, found.replacements), substitute(b, found.replacements)) for a, b in given]
        return normalizer, nodes

    def normalizer(self, facts: Facts, sides: Sequence[Node], budget: Budget, *, rank_one: bool) -> Normalizer:
        """A normalizer that knows what is invertible in two sides, and whether a law may be used by continuity.

        An assumption may leave a domain that is thin, where continuity says nothing.
        """
        continuous = not functions(sides) & DISCONTINUOUS and not self.given
        made = Normalizer(facts, budget, continuous=continuous)
        inverted = (n.operands[0] for n in postorder(*sides) if isinstance(n, Apply) and n.name == "inv")
        made.ring.invertible.update(() if self.guarded else inverted)
        made.ring.rank_one = rank_one
        return made

    def agree(self, normalizer: Normalizer, sides: Sequence[Node]) -> bool:
        """Whether two sides have one normal form, or a difference that vanishes once cleared."""
        left, right = (normalizer(side) for side in sides)
        ring = normalizer.ring
        equal = left.node is right.node
        if not equal and not self.guarded:
            # Where a condition keeps a pole out of a side, nothing may be multiplied by it.
            equal = vanishes_by_sign(normalizer, ring.subtract(left, right))
        if equal:
            self.laws |= ring.laws
        return equal

    def rules(self) -> tuple[str, ...]:
        """The laws that the proof used, stated."""
        return tuple(map(stated, ["collect-terms", *self.laws]))

    # Weaker than a proof for all sizes.

    def at_sizes(self) -> Verdict | None:
        """A proof entry by entry; a full one where the claim leaves no size open."""
        names = self.claim.program.dimensions
        if self.given:
            return None
        choices = [dict(zip(names, cycled(sizes, len(names)), strict=True)) for sizes in (SIZES if names else SIZES[:1])]
        shown, budget = [], Budget(STEPS_AT_SIZES, self.deadline)
        for sizes in choices:
            try:
                if not self.agree_at(sizes, budget):
                    return None  # what differs at one size is no law, though it may hold at others
            except ZeroDivisionError:
                continue  # defined nowhere at these sizes, as the inverse of X'X for a wide X
            except BudgetExceeded:
                break
            shown.append(", ".join(f"{name} = {size}" for name, size in sizes.items()))
        if not shown:
            return None
        if not names:
            return Verdict("proved", "entry by entry", rules=self.rules())
        return Verdict("proved-at-sizes", "entry by entry at " + "; ".join(shown), rules=self.rules())

    def agree_at(self, sizes: dict[str, int], budget: Budget) -> bool:
        """Whether all entries agree at some sizes."""
        entries = Entries(sizes, self.facts())
        rows = [entries(node) for node in self.nodes]
        normalizer = Normalizer(entries.facts, budget)
        return all(self.agree(normalizer, step) for column in zip(*rows, strict=True) for step in pairwise(column))

    def agreement(self, reason: str) -> Verdict:
        """That the sides agree at points, looked at once more in higher precision."""
        claim = self.claim
        found = compare(
            claim.program, claim.sides, claim.assume, points=POINTS_WITHOUT_PROOF, deadline=self.deadline, precise=True
        )
        return numeric_verdict(claim, found, reason)


# The attempts, each dearer than the one before.


def by_order(proof: Proof, sides: tuple[Node, Node]) -> bool:
    """One order of all factors, without multiplying out."""
    if proof.given:
        return False
    normalizer = Normalizer(proof.facts(), Budget(STEPS, proof.deadline), opaque=True)
    left, right = (normalizer(side) for side in sides)
    if left.node is not right.node:
        return False
    proof.laws |= normalizer.ring.laws
    return True


def by_normal_form(proof: Proof, sides: tuple[Node, Node]) -> bool:
    """One normal form of both sides, under the assumptions."""
    return proof.agree(*proof.prepared(sides))


def by_domain(proof: Proof, sides: tuple[Node, Node]) -> bool:
    """The same with what follows from the fact that logarithms and roots are defined."""
    if proof.guarded or not arguments_with_a_sign(sides):
        return False
    arguments = arguments_with_a_sign(sides)
    normalizer, nodes = proof.prepared([*sides, *arguments])
    known = [(normalizer(node), strict) for node, strict in zip(nodes[2:], arguments.values(), strict=True)]
    if not use_signs(normalizer.ring, normalizer.rules, known):
        return False
    normalizer.memo.clear()
    normalizer.ring.note("defined-sides")
    return proof.agree(normalizer, nodes[:2])


def by_rank_one(proof: Proof, sides: tuple[Node, Node]) -> bool:
    """The same with inverses of rank-one updates written by the inverse of what is updated."""
    return "inv" in functions(sides) and proof.agree(*proof.prepared(sides, rank_one=True))


ATTEMPTS = (by_order, by_normal_form, by_domain, by_rank_one)


def functions(sides: Sequence[Node]) -> set[str]:
    """The names of the operations that occur."""
    return {node.name for node in postorder(*sides) if isinstance(node, Apply)}


def numeric_verdict(claim: Claim, found: Comparison, reason: str) -> Verdict:
    """The verdict of a comparison that nothing proves."""
    if found.counterexample is not None:
        return refutation(claim, found.counterexample)
    if not found.points:
        return Verdict("undecided", "no point", found.reason)
    if found.unsettled:
        return Verdict("undecided", "values at a point", "; ".join(filter(None, [reason, UNSETTLED])))
    return Verdict("numeric", f"agreed at {found.points} points to {found.digits} digits", reason)


def with_properties(facts: Facts, more: dict[str, str]) -> Facts:
    """Facts with further properties."""
    properties = dict(facts.properties)
    for name, word in more.items():
        properties[name] = properties.get(name, frozenset()) | {word}
    return Facts(properties)


def aligned(left: Node, right: Node) -> tuple[Node, Node]:
    """Two nodes of one shape, where a 0 is the zero of any shape."""
    shaped = like_first_order([left, right])
    return shaped[0], shaped[1]


def like_first_order(nodes: Iterable[Node]) -> list[Node]:
    """Nodes of which those that are the number 0 have the shape of the others."""
    found = list(nodes)
    shape = max((node.shape for node in found), key=len)
    return [zero(shape) if not node.shape and shape and is_zero(node) else node for node in found]


def cycled(sizes: Sequence[int], count: int) -> Iterator[int]:
    """That many sizes, in turn."""
    return (sizes[k % len(sizes)] for k in range(count))
