"""The question of a derivation, and what is common to its answers by different ways."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import chain, count

from matcalc.assumptions import Facts
from matcalc.expr import Node
from matcalc.form import Form
from matcalc.inference import TypedProgram
from matcalc.lowering import Environment
from matcalc.notation.text import to_text
from matcalc.raising import Raising
from matcalc.signals.setting import Setting, declaration, names_of, setting_of, size_declarations
from matcalc.signals.values import plain_names
from matcalc.steps.step import Step
from matcalc.tensor import Tensor

__all__ = ["Question", "Chain", "depending"]


@dataclass(frozen=True)
class Question:
    """What is asked: the derivative of `function` (with its typed form) by `variable`, a name, in a program.

    `environment` gives the names their meaning, an assigned `variable` being held as a variable, which it is not in
    `outer`.  `derivative` is the form of the derivative, `answer` what it is, `where` the names that the answer
    introduces, `node` its node, `indices` the names of its indices and `groups` how many make each of its axes.
    """

    program: TypedProgram
    environment: Environment
    outer: Environment
    function: Form
    value: Tensor
    variable: Form
    derivative: Form
    answer: Form
    where: Mapping[str, Form]
    node: Node
    facts: Facts
    indices: tuple[tuple[str, ...], ...]
    compound: Mapping[str, tuple[int, ...]]
    groups: tuple[int, ...]
    layout: str
    structured: bool
    #: Whether entries of the variable move together in the answer.
    tied: bool
    order: int
    #: d(vec(E))/d(vec(X)) and its Kronecker form, where there is one.
    vec: tuple[Form, Form] | None = None

    @property
    def by(self) -> Node:
        """The variable as a node."""
        return self.environment.name(str(self.variable.value)).node

    def held(self) -> dict[Node, Node]:
        """The value of an assigned variable, by the variable that stands for it."""
        name = str(self.variable.value)
        return {self.by: self.outer.name(name).node} if name in self.program.assignments else {}

    def index_groups(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The names of the indices of the function, and of the variable."""
        flat = [index for group in self.indices for index in group]
        count = self.value.node.order
        if self.layout == "denominator" and self.order == count == self.by.order == 1:
            flat.reverse()
        return tuple(flat[:count]), tuple(flat[count:])

    @property
    def setting(self) -> Setting:
        """What claims about the answer are stated under."""
        return replace(setting_of(self.program, structured=self.structured), layout=self.layout)

    @property
    def free_setting(self) -> Setting:
        """What claims are stated under in which the entries of the variable are independent."""
        return replace(self.setting, structured=self.structured and not self.tied)

    def raising(self) -> Raising:
        """Matrix forms that use no facts and call values by the names that the program gives them."""
        names = self.value_names()
        return Raising(Facts(), self.layout, lambda node, form: names.get(node), frozenset(self.compound))

    def value_names(self) -> dict[Node, str]:
        """The names of the values that the program assigns, but for the one that is differentiated."""
        values = {self.environment.name(name).node: name for name in self.plain_names()}
        return {node: name for node, name in values.items() if node.operands and node is not self.value.node}

    def plain_names(self) -> list[str]:
        """The assigned names that stand for a scalar, a column or a matrix of simple axes, as their nodes do."""
        return plain_names(self.program, self.environment)

    @property
    def stands_alone(self) -> bool:
        """Whether the variable is an assigned row or compound axis, which no variable of the claims can be."""
        name = str(self.variable.value)
        return name in self.program.assignments and name not in self.plain_names()

    @property
    def taken(self) -> set[str]:
        """The names that mean something in the program."""
        return names_of(self.program)

    def unused(self, word: str, *further: str) -> str:
        """The word, numbered if it means something in the program or is one of some further names."""
        taken = self.taken.union(further)
        return next(w for w in chain([word], (f"{word}{k}" for k in count(1))) if w not in taken)

    def closing(self, rule: str, *, left: Form | None = None, claimed: Form | None = None) -> Step:
        """The step that ends in the answer, from the derivative or from what it was found to be so far.

        What it was found to be is `claimed` to be the answer, or else the derivative is.
        """
        where = [f"{name} = {to_text(form)}" for name, form in self.where.items()]
        setting = self.setting.knowing(where)
        claim = f"{to_text(claimed or self.derivative)} = {to_text(self.answer)}"
        return Step(rule, left or self.derivative, self.answer, claim, setting, continues=left is not None)

    def kronecker(self) -> list[Step]:
        """The Kronecker form of a tensor, as a step of its own."""
        if self.vec is None:
            return []
        left, right = self.vec
        return [Step("kronecker-form", left, right, f"{to_text(left)} = {to_text(right)}", self.free_setting)]


class Chain:
    """Steps under one setting, each continuing the one before; what reads the same is no step."""

    def __init__(
        self,
        start: Form,
        setting: Setting,
        shown: Callable[[Form], Form],
        claimed: Callable[[Form], Form] = lambda form: form,
    ) -> None:
        self.steps: list[Step] = []
        self.last = start
        self.setting = setting
        #: What a person reads of a form of the chain, and what the claims say of it.
        self.shown = shown
        self.claimed = claimed

    def to(self, rule: str, form: Form) -> None:
        """The next form of the chain, by a rule."""
        left, right = self.shown(self.last), self.shown(form)
        if to_text(left) != to_text(right):
            claim = f"{to_text(self.claimed(self.last))} = {to_text(self.claimed(form))}"
            self.steps.append(Step(rule, left, right, claim, self.setting, continues=bool(self.steps)))
        self.last = form


def depending(program: TypedProgram, variable: Form, parameter: str) -> tuple[str, ...]:
    """The declarations of a program in which a variable depends on a parameter.

    Of the variable's properties only the sign of its entries stays: a differential of a symmetric matrix need not be
    symmetric, as entries are independent.
    """
    name = str(variable.value)
    lines = [f"{parameter}: scalar"]
    for info in (*program.variables.values(), *program.sized):
        if info.name == name:
            info = replace(info, arguments=(*info.arguments, parameter), properties=info.properties & {"positive"})
        lines.append(str(info))
    if name in program.assignments:
        lines.append(declaration(name, variable, parameter))
    return (*lines, *size_declarations(program))
