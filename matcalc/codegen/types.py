"""Types of numbers: of what the type of each step's entries is made.

The type of most steps is the one that NumPy promotes those of their operands to.  So it is known by its sources, without any
type being known: the names of arguments, `FLOAT` for double precision, and a step itself where the type is its own matter,
as that of |z| or of what an unknown function returns.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from matcalc.codegen.steps import Step

__all__ = ["FLOAT", "PROMOTED", "Sources", "holds", "is_entire", "sources_of"]

#: The source of double precision.
FLOAT = "float64, whatever the arguments are"

#: Operations whose values have the type that the arguments are promoted to.
PROMOTED = frozenset(
    {
        "exp", "log", "sqrt", "sign", "relu", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "pow",
        "sigmoid", "silu", "softplus", "maximum", "minimum", "softmax", "logsoftmax", "logsumexp", "tril", "triu", "inv", "det",
    }
)  # fmt: skip

#: Operations of which the value is the same for a real number and for that number as a complex one.
ENTIRE = frozenset(
    {
        "exp", "sign", "abs", "relu", "sin", "cos", "tan", "atan", "sinh", "cosh", "tanh", "sigmoid", "silu", "maximum",
        "minimum", "softmax", "logsoftmax", "logsumexp", "tril", "triu", "inv", "det", "logdet",
    }
)  # fmt: skip

#: Kinds whose type is no promotion: another is chosen there, or somebody else chooses.
OWN = frozenset({"function", "scatter"})


@dataclass(frozen=True, slots=True)
class Sources:
    """`possible`: nothing else has a part in a type; `sure`: all these have.

    Before NumPy 2 a scalar beside an array had no part in the type, so what only scalars bring is not sure.
    """

    sure: frozenset[str | Step] = frozenset()
    possible: frozenset[str | Step] = frozenset()


def sources_of(order: Sequence[Step]) -> dict[Step, Sources]:
    """The sources of steps, given operands first."""
    found: dict[Step, Sources] = {}
    for step in order:
        found[step] = sources(step, [found[arg] for arg in step.args])
    return found


def sources(step: Step, operands: Sequence[Sources]) -> Sources:
    """The sources of a step, from those of its operands."""
    if step.kind == "name":
        return alone(str(step.data))
    if step.kind in OWN or (step.kind == "call" and step.data not in PROMOTED):
        return alone(step)
    arrays = [s for arg, s in zip(step.args, operands, strict=True) if arg.order] or operands
    sure, possible = united(s.sure for s in arrays), united(s.possible for s in operands)
    if not possible and (step.kind in ("full", "eye", "call", "power") or step.order):
        return alone(FLOAT)
    return Sources(sure, possible)


def alone(source: str | Step) -> Sources:
    """One source."""
    return Sources(frozenset((source,)), frozenset((source,)))


def united(sets: Iterable[frozenset[str | Step]]) -> frozenset[str | Step]:
    """The union."""
    return frozenset().union(*sets)


def holds(target: Step, step: Step, found: Mapping[Step, Sources]) -> frozenset[str] | None:
    """The arguments that must have one type, so that the array of `target` can hold the entries of a step; else None.

    The empty set if it can in any case.
    """
    sure, needed = found[target].sure, found[step].possible
    if needed <= sure:
        return frozenset()
    names = frozenset(str(source) for source in needed if is_name(source))
    if any(is_name(source) for source in sure) and all(is_name(source) for source in needed - sure):
        return names
    return None


def is_entire(step: Step) -> bool:
    """True for what may as well work on real numbers in complex form: not log(-1), and no unknown function."""
    if step.kind == "power":
        return bool(step.data.denominator == 1)
    return step.kind != "function" and (step.kind != "call" or step.data in ENTIRE)


def is_name(source: str | Step) -> bool:
    """True for an argument."""
    return isinstance(source, str) and source != FLOAT
