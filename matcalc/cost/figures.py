"""Figures: what code for some tensors takes, from the steps that it is made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from matcalc.assumptions import Facts
from matcalc.codegen import Manner, Names, Parameter
from matcalc.codegen.function import assembled, planner_of, writer_of
from matcalc.codegen.preamble import Preamble
from matcalc.codegen.steps import LEAVES, Step
from matcalc.codegen.targets import NUMPY
from matcalc.cost.amounts import Amount, amount, largest, total
from matcalc.cost.counting import STEP_VIEWS, Kept, Ledger, Shape
from matcalc.tensor import Tensor

__all__ = ["Figures", "Run", "ledger_for", "ledger_of"]

#: Kinds of steps that take the array of an operand for their result if nothing else uses it.
WRITTEN_INTO = frozenset({"add", "multiply"})


@dataclass(frozen=True, slots=True)
class Figures:
    """What a computation takes.

    `entries` of its result; `memory`: the bytes of all arrays that are alive at once, at most, without the arguments;
    `flops`; `traffic`: the bytes that are read and written.  Numbers, or polynomials in sizes that are not known.
    `flops` and `traffic` are None for an array that is only kept.
    """

    entries: Amount
    memory: Amount
    flops: Amount | None
    traffic: Amount | None


def ledger_of(
    tensor: Tensor, parameters: Sequence[Parameter], sizes: Mapping[str, int], facts: Facts | None = None
) -> Ledger:
    """The steps of the code that computes a tensor, counted; the code may rely on facts."""
    return ledger_for([tensor], parameters, sizes, facts)


def ledger_for(
    tensors: Sequence[Tensor],
    parameters: Sequence[Parameter],
    sizes: Mapping[str, int],
    facts: Facts | None = None,
    names: Names | None = None,
) -> Ledger:
    """The steps of the code that computes some tensors together, counted; `names` are those of its values."""
    assembly, answers = assembled(tensors, parameters, Manner(sizes=sizes, facts=facts), names=names)
    called = assembly.steps.called if names is not None else None
    shapes = {p.python_name: open_shape(p, sizes) for p in parameters if p.kind == "array"}
    preamble = Preamble(parameters, NUMPY)
    named = writer_of(answers, parameters, preamble, NUMPY, called).named
    planner = planner_of(parameters, Manner(sizes=sizes, facts=facts))
    code = writer_of(answers, parameters, preamble, NUMPY, called, planner)
    return Ledger(answers, shapes, sizes, named, Kept(code.named, code.chains.plan))


def open_shape(parameter: Parameter, sizes: Mapping[str, int]) -> Shape:
    """The shape of the array of a parameter, compound axes laid open."""
    return tuple(amount(d, sizes) for axis in parameter.shape for d in axis)


class Run:
    """What computing a tensor takes, once, and again for another value of one argument.

    `moving` is the name of that argument in the code; what does not depend on it need not be computed again.
    """

    def __init__(self, ledger: Ledger, item: int, moving: str = "") -> None:
        self.ledger = ledger
        self.item = item
        self.again = depending(ledger.order, moving)

    def figures(self, entries: Amount | None = None) -> Figures:
        """One run, whose results have so many entries, by default those of the last step."""
        result = self.ledger.entries(self.ledger.order[-1]) if entries is None else entries
        flops, traffic = self._sums(self.ledger.order)
        return Figures(total([result]), self.item * self.memory, flops, traffic)

    def repeated(self, times: Amount, entries: Amount) -> Figures:
        """A run for each of many values of the argument, the results kept in one array of so many entries."""
        once, each = self._sums(s for s in self.ledger.order if s not in self.again), self._sums(self.again)
        flops, traffic = (total([a + times * b]) for a, b in zip(once, each, strict=True))
        return Figures(entries, total([self.item * (entries + self.memory)]), flops, traffic)

    def _sums(self, steps: Iterable[Step]) -> tuple[Amount, Amount]:
        chosen = list(steps)
        flops = total(self.ledger.flops[step] for step in chosen)
        return flops, total(self.item * self.ledger.traffic(step) for step in chosen)

    @cached_property
    def memory(self) -> Amount:
        """The entries of all arrays that are alive at once, at most.

        An array without a name is given back after its one use, one with a name when the function returns, or when
        another array takes the name.  A sum or product is written into such an array of its own size, as NumPy does with
        large ones, and what the code writes over an operand takes its array.
        """
        return total([largest(self._alive())])

    def _alive(self) -> Iterator[Amount]:
        alive: Amount = 0
        yield alive
        named, plan = self.ledger.kept
        for step in self.ledger.order:
            if not holds_array(step):
                continue
            freed = [arg for arg in arrays_below(step) if arg not in named]
            if step in plan.renamed:
                freed.append(plan.renamed[step])
            if step in plan.targets and holds_array(plan.targets[step]):
                yield alive
                alive = alive - sum(map(self.ledger.entries, freed))
                continue
            reused = [arg for arg in freed if arg in step.args and self._can_be_written_into(arg, step)]
            if reused:
                freed.remove(reused[0])
            else:
                alive = alive + self.ledger.entries(step)
            yield alive + self.ledger.scratch(step)
            alive = alive - sum(map(self.ledger.entries, freed))

    def _can_be_written_into(self, arg: Step, step: Step) -> bool:
        """True for an array of the shape of the result, where all other operands are numbers or have that shape, too."""
        shapes = self.ledger.shapes
        alike = all(a.order == 0 or shapes[a] == shapes[step] for a in step.args)
        return step.kind in WRITTEN_INTO and arg.order > 0 and alike


def holds_array(step: Step) -> bool:
    """True for a step with an array of its own."""
    return step.kind not in LEAVES and step.kind not in STEP_VIEWS and step.order > 0


def arrays_below(step: Step) -> Iterator[Step]:
    """The arrays that a step reads, each once, views looked through."""
    found: dict[Step, None] = {}
    for arg in step.args:
        base = arg
        while base.kind in STEP_VIEWS:
            base = base.args[0]
        if holds_array(base):
            found[base] = None
    return iter(found)


def depending(order: Sequence[Step], name: str) -> dict[Step, None]:
    """The steps that depend on an argument, in order."""
    found: dict[Step, None] = {}
    for step in order:
        if (step.kind == "name" and step.data == name) or any(arg in found for arg in step.args):
            found[step] = None
    return found
