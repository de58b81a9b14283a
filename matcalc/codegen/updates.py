"""Updates: the statements that write a step over one of its operands, `r -= b`, `np.exp(t, out=t)`.

A chain begins with its first array, under the name of its last step: a new name, or that of an array which the statement is
the last to read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Protocol

from matcalc.codegen.inplace import Plan
from matcalc.codegen.namer import Namer
from matcalc.codegen.steps import LEAVES, VIEWS, Step, carried
from matcalc.codegen.targets import Target
from matcalc.codegen.text import ATOM, POWER, SIGN, SUM, Text, coefficient_parts, joined

__all__ = ["Chains", "Readers"]


#: Names that say nothing of what they hold.
NUMBERED = re.compile(r"t\d+")


class Readers:
    """Who reads each step, and what of that is written: whether a name may be given to another array."""

    def __init__(self, order: Sequence[Step], results: Iterable[Step]) -> None:
        self.results = frozenset(results)
        self.users: dict[Step, list[Step]] = {}
        for step in order:
            for arg in dict.fromkeys(step.args):
                self.users.setdefault(arg, []).append(step)
        self.written: set[Step] = set()

    def note(self, step: Step, named: Collection[Step]) -> None:
        """A statement with the text of a step has been written, in which those in `named` are called by name."""
        stack = [step]
        while stack:
            below = stack.pop()
            if below is step or below.kind not in VIEWS:
                self.written.add(below)
            stack += [arg for arg in below.args if arg not in named and arg.kind not in LEAVES]

    def is_dead(self, step: Step) -> bool:
        """True if nothing that is still to be written reads a step."""
        if step in self.results:
            return False
        return all(user in self.written or (user.kind in VIEWS and self.is_dead(user)) for user in self.users.get(step, ()))

    def is_returned(self, step: Step) -> bool:
        """True for a result, and for what becomes one by writes into it."""
        if step in self.results:
            return True
        users = self.users.get(step, [])
        return len(users) == 1 and users[0].kind == "scatter" and users[0].args[0] is step


class Writing(Protocol):
    """What is needed of the writer."""

    texts: dict[Step, Text]
    named: set[Step]
    called: Mapping[Step, str]
    target: Target
    namer: Namer

    def statement(self, line: str) -> None: ...
    def operand(self, step: Step, level: int) -> str: ...
    def divisor(self, step: Step) -> str | None: ...
    def template(self, name: str) -> str: ...


class Chains:
    """The chains of a plan, as the writer comes to their steps."""

    def __init__(self, writer: Writing, plan: Plan, readers: Readers) -> None:
        self.writer = writer
        self.plan = plan
        self.readers = readers
        self.names: dict[Step, str] = {}

    @property
    def targets(self) -> Mapping[Step, Step]:
        """The operand that a step is written over."""
        return self.plan.targets

    def note(self, step: Step) -> None:
        """A statement with the text of a step has been written."""
        self.readers.note(step, self.writer.named)

    def write(self, step: Step) -> None:
        """Write a step over one of its operands, which gets a name before, if it has none."""
        target = self.targets[step]
        name = self.names[target] if target in self.targets else self.start(target)
        for line in update_lines(self.writer, step, target, name):
            self.writer.statement(line)
        self.keep(step, name)
        self.note(step)

    def start(self, step: Step) -> str:
        """Write the first array of a chain, a copy of what is a view; its name."""
        copied = step.kind in VIEWS
        text = f"{self.writer.operand(step, ATOM)}.copy()" if copied else self.writer.texts[step][0]
        self.note(step)
        name = self.name(step)
        self.writer.statement(f"{name} = {text}")
        if not copied:
            self.keep(step, name)
        return name

    def keep(self, step: Step, name: str) -> None:
        """The value of a step has a name now."""
        self.names[step] = name
        self.writer.texts[step] = (name, ATOM)
        self.writer.named.add(step)

    def name(self, step: Step) -> str:
        """The name of a chain: a given one, that of an array that is read no more, `out` for a result, or a number."""
        last, old = self.plan.last(step), self.plan.renamed.get(step)
        if last in self.writer.called:
            return self.writer.namer.take(self.writer.called[last])
        if old in self.writer.named and old not in self.writer.called and self.readers.is_dead(old):
            name = self.writer.texts[old][0]
            if NUMBERED.fullmatch(name):
                return name
        if self.readers.is_returned(last):
            return self.writer.namer.take("out")
        return self.writer.namer.number()


def update_lines(writer: Writing, step: Step, target: Step, name: str) -> list[str]:
    """The statements that write a step over the array of an operand, which has a name."""
    return UPDATES[step.kind](writer, step, step.args.index(target), name)


def add_into(writer: Writing, step: Step, position: int, name: str) -> list[str]:
    """The other terms, added one by one."""
    terms = [(sign, arg) for k, (sign, arg) in enumerate(zip(step.data, step.args, strict=True)) if k != position]
    lines: list[str] = []
    if step.data[position] < 0:
        positive = next((term for term in terms if term[0] > 0), None)
        if positive is None:
            lines.append(f"np.negative({name}, out={name})")
        else:
            terms.remove(positive)
            lines.append(f"np.subtract({writer.operand(positive[1], SUM)}, {name}, out={name})")
    for sign, arg in terms:
        text, level = writer.texts[arg]
        if text.startswith("-") and level > SUM:
            sign, text = -sign, text[1:]
        lines.append(f"{name} {'+' if sign > 0 else '-'}= {text}")
    return lines


def multiply_into(writer: Writing, step: Step, position: int, name: str) -> list[str]:
    """Number, scalars and the smallest array together, if it is smaller than the result, then each array."""
    negative, above, below = coefficient_parts(step.data, writer.target.number_text)
    others = [arg for k, arg in enumerate(step.args) if k != position]
    factors = [arg for arg in others if writer.divisor(arg) is None]
    divisors = [text for arg in others if (text := writer.divisor(arg)) is not None]
    for arg in sorted((arg for arg in factors if carried(arg) < step.order), key=carried):
        if arg.order == 0 or above or negative:
            above.append(writer.operand(arg, POWER if above or negative else SIGN))
            factors.remove(arg)
        if arg.order:
            break
    lines: list[str] = []
    if above:
        lines.append(f"{name} *= {joined(negative, above, [])[0]}")
    elif negative:
        lines.append(f"np.negative({name}, out={name})")
    lines += [f"{name} *= {writer.texts[arg][0]}" for arg in factors]
    return lines + [f"{name} /= {text}" for text in [*below, *divisors]]


def power_into(writer: Writing, step: Step, position: int, name: str) -> list[str]:
    if step.data == 2:
        return [f"{name} *= {name}"]
    if step.data == -1:
        return [f"np.divide(1, {name}, out={name})"]
    if step.data == Fraction(1, 2):
        return [f"np.sqrt({name}, out={name})"]
    return [f"{name} **= {writer.target.number_text(step.data)[0]}"]


def call_into(writer: Writing, step: Step, position: int, name: str) -> list[str]:
    """A function of NumPy, with the array for its result, too."""
    return [writer.template(step.data).format(name)[:-1] + f", out={name})"]


UPDATES: Mapping[str, Callable[[Writing, Step, int, str], list[str]]] = {
    "add": add_into,
    "multiply": multiply_into,
    "power": power_into,
    "call": call_into,
}
