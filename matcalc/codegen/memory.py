"""Memory: the entries that the arrays of emitted code hold at most at once.

An array without a name is given back after its one use; a name keeps its array until the function returns, or until another
array takes the name.  Of a sum or product of several operands a partial result is held beside the operands, unless it is
written over one of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from matcalc.codegen.steps import LEAVES, VIEWS, Step, walk

__all__ = ["Memory"]

#: Kinds without an array of their own.
ALIASES = VIEWS | {"reshape"}

#: How many arrays of the size of its argument a helper holds beside the result.
SCRATCH = {"sigmoid": 1, "silu": 2, "gelu": 2}


@dataclass(frozen=True, slots=True, eq=False)
class Statement:
    """An assignment to a name: of a new array, or over `target`; `tree` is what is computed for it, operands first."""

    step: Step
    tree: tuple[Step, ...]
    reads: tuple[Step, ...]
    target: Step | None = None
    starts_chain: bool = False


class Memory:
    """What is held while some results are computed; `named` are the steps with names, `sizes` the entries of arrays.

    `lasting` are those whose names are theirs alone.  `targets`, wherever it is asked for, gives the operand that a step
    is written over.
    """

    def __init__(
        self,
        order: Sequence[Step],
        results: Sequence[Step],
        named: Collection[Step],
        lasting: Collection[Step],
        sizes: Mapping[Step, int],
    ) -> None:
        self.order = order
        self.results = results
        self.named = frozenset(named)
        self.lasting = frozenset(lasting) | frozenset(results)
        self.sizes = sizes
        #: The step that uses one without a name.
        self.only_user = {arg: step for step in order for arg in step.args if arg not in self.named}

    def peak(self, targets: Mapping[Step, Step]) -> tuple[int, Step | None]:
        """The most entries that are held, and the step that is computed then."""
        return self._run(targets)[:2]

    def renamed(self, targets: Mapping[Step, Step]) -> dict[Step, Step]:
        """The arrays whose names the first arrays of chains take, so that less is held, by these first arrays."""
        peak, _, renamed = self._run(targets)
        for step in list(renamed):
            fewer = {first: old for first, old in renamed.items() if first is not step}
            if self._run(targets, fewer)[0] <= peak:
                renamed = fewer
        return renamed

    def _run(
        self, targets: Mapping[Step, Step], only: Mapping[Step, Step] | None = None
    ) -> tuple[int, Step | None, dict[Step, Step]]:
        """The peak, where it is, and the names that chains take; `only` those that are given."""
        named = self.named | targets.keys() | set(targets.values())
        statements = list(self._statements(targets, named))
        freed = self._last_read(statements, targets, named)
        held, peak, at = 0, 0, None
        renamed: dict[Step, Step] = {}
        for statement in statements:
            for step in statement.tree:
                over = statement.target is not None and step is statement.step
                own = 0 if over or self._takes_dense(step, named) else self._own(step)
                if held + own + self._scratch(step, over) > peak:
                    peak, at = held + own + self._scratch(step, over), step
                held += own - sum(self._own(arg) for arg in self._below(step, named))
            if statement.starts_chain:
                dead = [old for old in freed.get(statement, ()) if only is None or only.get(statement.step) is old]
                if dead:
                    renamed[statement.step] = max(dead, key=self._own)
                    held -= self._own(renamed[statement.step])
        return peak, at, renamed

    def _last_read(
        self, statements: Sequence[Statement], targets: Mapping[Step, Step], named: frozenset[Step]
    ) -> dict[Statement, list[Step]]:
        """The arrays with names of their own that each statement is the last to read."""
        owner = {step: step for step in named}
        for step in self.order:
            if step in targets:
                owner[step] = owner[targets[step]]
        last = {owner[read]: statement for statement in statements for read in statement.reads}
        lasting = {owner[step] for step in self.lasting if step in owner}
        found: dict[Statement, list[Step]] = {}
        for step, statement in last.items():
            if step in self.named and step not in lasting:
                found.setdefault(statement, []).append(step)
        return found

    def _statements(self, targets: Mapping[Step, Step], named: frozenset[Step]) -> Iterator[Statement]:
        """The assignments in their order, then the results."""
        for step in self.order:
            if step in targets:
                target = targets[step]
                if target not in targets:
                    yield self._statement(target, target.args, named, starts_chain=True)
                yield self._statement(step, [arg for arg in step.args if arg is not target], named, target)
            elif step in self.named:
                yield self._statement(step, step.args, named)
        for step in self.results:
            if step not in named:
                yield self._statement(step, step.args, named)

    def _statement(
        self,
        step: Step,
        args: Sequence[Step],
        named: frozenset[Step],
        target: Step | None = None,
        *,
        starts_chain: bool = False,
    ) -> Statement:
        below = list(walk(args, named))
        tree = tuple(s for s in below if s not in named and s.kind not in LEAVES)
        return Statement(step, (*tree, step), tuple(s for s in below if s in named), target, starts_chain)

    def _own(self, step: Step) -> int:
        """The entries of the array that a step makes."""
        return 0 if step.order == 0 or step.kind in LEAVES or step.kind in ALIASES else self.sizes[step]

    def _scratch(self, step: Step, over: bool) -> int:
        """The entries that are held beside the result of a step while it is computed."""
        if step.kind == "call":
            return SCRATCH.get(step.data, 0) * self.sizes[step.args[0]]
        several = len(step.args) + (step.kind == "multiply" and step.data != 1) > 2
        if over or step.kind not in ("add", "multiply") or not several:
            return 0
        return max(self.sizes[arg] for arg in step.args[:-1])

    def _takes_dense(self, step: Step, named: frozenset[Step]) -> bool:
        """True for what is written into an operand that has no name."""
        return step.kind == "scatter" and step.data[1] and any(step.args[0] is s for s in self._below(step, named))

    def _below(self, step: Step, named: frozenset[Step]) -> Iterator[Step]:
        """The arrays without names that a step reads."""
        for arg in step.args:
            while arg.kind in ALIASES and arg not in named:
                (arg,) = arg.args
            if arg not in named:
                yield arg
