"""In place: which sums, products and functions are written over an operand that nothing else reads.

An array may be overwritten if this function has made it for one use, if it has every axis of the result, and if its type
holds the entries of the result for any types of the arguments, or does once all arguments have one.  Each is a chain of
statements on one name, `r = A @ x; r -= b`, and the first of them may take the name of an array that it reads last.  Chains
are made only where they lower the most memory that is held at once, as `matcalc.codegen.memory` tells it; all else stays
an expression.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from matcalc.codegen.memory import Memory
from matcalc.codegen.shapes import Shape, entries, shapes_of
from matcalc.codegen.steps import LEAVES, VIEWS, Step, is_turned
from matcalc.codegen.types import holds, is_entire, sources_of
from matcalc.form import Dimension

__all__ = ["FUNCTIONS", "Plan", "Planner"]

#: Functions of one argument that NumPy can write over it, in the type of the argument.
FUNCTIONS = frozenset(
    ("exp", "log", "sqrt", "sign", "relu", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh")
)

#: Functions with helpers or of two arguments whose values are new arrays, too.
MAKERS = FUNCTIONS | {"sigmoid", "silu", "softplus", "softmax", "logsoftmax", "maximum", "minimum", "pow"}

#: Kinds that always make an array of their own.
FRESH = frozenset({"add", "multiply", "matmul", "outer", "tensordot", "einsum", "sum", "broadcast", "inverse", "columns"})

#: Kinds that compute more than one entry after the other.
PRODUCTS = frozenset({"matmul", "outer", "tensordot", "einsum", "inverse", "matrix_power"})

#: The share of the peak that chains must save, altogether and each.
LEAST_GAIN = 0.05

#: The largest number of chains that are tried.
MOST_CHAINS = 24


@dataclass(frozen=True)
class Plan:
    """`targets`: the operand that a step is written over; a view, or an argument, is copied first.

    `renamed`: the array whose name the first array of a chain takes.  `together` are the names of arguments that must
    have one type.
    """

    targets: Mapping[Step, Step] = field(default_factory=dict)
    renamed: Mapping[Step, Step] = field(default_factory=dict)
    together: frozenset[str] = frozenset()

    def last(self, step: Step) -> Step:
        """The step that is last in the chain of a step."""
        users = {target: user for user, target in self.targets.items()}
        while step in users:
            step = users[step]
        return step


@dataclass(frozen=True)
class Planner:
    """Makes plans; `arrays` are the shapes of the arguments by name, `size` tells or guesses the size of a dimension."""

    arrays: Mapping[str, Shape]
    size: Callable[[Dimension], int]

    def plan(
        self, order: Sequence[Step], results: Sequence[Step], uses: Mapping[Step, int], called: Collection[Step]
    ) -> Plan:
        """The plan for steps, given operands first; `uses` says how often each is written, `called` have their own names."""
        shapes = shapes_of(order, self.arrays)
        allowed = overwritable(order, uses, called, shapes)
        named = {step for step in order if is_named(step, uses, called)}
        memory = Memory(order, results, named, called, {step: entries(shapes[step], self.size) for step in order})
        chosen = lowering(memory, allowed)
        chosen |= copied_sums([step for step in order if step in named or step in results], chosen)
        together = frozenset[str]().union(*(allowed[step][o] for step, o in chosen.items() if step in allowed))
        return Plan(chosen, memory.renamed(chosen), together)


def overwritable(
    order: Sequence[Step], uses: Mapping[Step, int], called: Collection[Step], shapes: Mapping[Step, Shape]
) -> dict[Step, dict[Step, frozenset[str]]]:
    """The operands that each step may be written over, with the arguments that must have one type for that.

    What is computed entry by entry alone, as 1 - 2 * x, stays one expression.  Arguments can be brought to one type, which
    may be complex, only if nothing that is computed with real ones has another value then.
    """
    found = sources_of(order)
    allowed: dict[Step, dict[Step, frozenset[str]]] = {}
    products: set[Step] = set()
    entire = all(is_entire(step) for step in order)
    for step in order:
        if step.kind in PRODUCTS or any(arg in products and uses[arg] == 1 for arg in step.args):
            products.add(step)
        for target in targets(step, uses, called) if step in products else ():
            names = holds(target, step, found)
            if names is not None and (entire or not names) and target.order == step.order and None not in shapes[target]:
                allowed.setdefault(step, {})[target] = names
    return allowed


def is_named(step: Step, uses: Mapping[Step, int], called: Collection[Step]) -> bool:
    """True for what gets a name however it is written."""
    return step.kind == "scatter" or ((uses[step] > 1 or step in called) and step.kind not in LEAVES | VIEWS)


def targets(step: Step, uses: Mapping[Step, int], called: Collection[Step]) -> list[Step]:
    """The operands of a step that are arrays of their own for this one use, if it can be written over one."""
    if step.kind not in ("add", "multiply", "power", "call") or not step.order:
        return []
    if (step.kind == "call" and step.data not in FUNCTIONS) or (step.kind == "power" and step.data < 0 and step.data != -1):
        return []
    return [arg for arg in step.args if uses[arg] == 1 and arg not in called and is_fresh(arg)]


def is_fresh(step: Step) -> bool:
    """True for what always makes an array of its own, and is no denominator."""
    if step.kind == "call":
        return step.data in MAKERS
    return step.kind in FRESH or (step.kind == "power" and step.data > 0)


def lowering(memory: Memory, allowed: Mapping[Step, Mapping[Step, object]]) -> dict[Step, Step]:
    """The operands that steps are written over, so that less memory is held.

    Where the most is held, that step is written over an operand, or else the next step that uses it; again and again while
    one can be.  Then all is taken back that the best of these choices can do without.
    """
    chosen: dict[Step, Step] = {}
    kept: dict[Step, Step] = {}
    first, at = memory.peak(chosen)
    best = first
    for _ in range(MOST_CHAINS):
        while at is not None and (at in chosen or at not in allowed):
            at = memory.only_user.get(at)
        if at is None:
            break
        chosen = min(({**chosen, at: target} for target in allowed[at]), key=lambda tried: memory.peak(tried)[0])
        peak, at = memory.peak(chosen)
        if peak < best:
            best, kept = peak, chosen
    if best > (1 - LEAST_GAIN) * first:
        return {}
    for step in list(kept):
        fewer = {other: target for other, target in kept.items() if other is not step}
        if memory.peak(fewer)[0] <= best:
            kept = fewer
    return kept


def copied_sums(wanted: Sequence[Step], chosen: Mapping[Step, Step]) -> dict[Step, Step]:
    """A + A.T is written over a copy of A.T, so that both are read along their rows."""
    found: dict[Step, Step] = {}
    for step in wanted:
        if step.kind == "add" and len(step.args) == 2 and step not in chosen:
            first, second = step.args
            for plain, turned in ((first, second), (second, first)):
                if is_turned(turned) and turned.args[0] is plain:
                    found[step] = turned
    return found
