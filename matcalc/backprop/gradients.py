"""The signals of a program and its gradients through them, as equations."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from matcalc.assumptions import Facts, facts_of
from matcalc.backprop.equation import Equation
from matcalc.backprop.orientation import as_row, with_rows
from matcalc.errors import UnsupportedError
from matcalc.expr import Derivative as Symbol
from matcalc.expr import Node
from matcalc.form import Form, name, rewritten
from matcalc.inference import TypedProgram
from matcalc.lowering import Environment, lower
from matcalc.notation.compound import joined
from matcalc.notation.index import index_form, index_names
from matcalc.refine import refine
from matcalc.signals.claims import Claims, unused
from matcalc.signals.parting import parted
from matcalc.signals.setting import names_of, setting_of
from matcalc.signals.values import Values
from matcalc.structure import tied
from matcalc.tensor import Tensor
from matcalc.traversal import postorder

__all__ = ["Gradients", "SIGNALS", "problem_of"]

#: What a signal is: the gradient, of the shape of its value, or the derivative in the layout in force.
SIGNALS = {"gradient": "grad", "derivative": "d"}


def problem_of(program: TypedProgram, output: Form) -> tuple[TypedProgram, Form]:
    """The program with names for the arguments of its functions and for its output, J if that is an expression."""
    if output.head == "name":
        return parted(program), output
    word = unused("J", names_of(program))
    made = replace(program, assignments={**program.assignments, word: output}, output=output, output_name=word)
    return parted(made), name(word, output.kind, output.shape)


@dataclass(frozen=True)
class Gradients:
    """The gradients of the scalar output of a program by some names."""

    program: TypedProgram
    output: Form
    targets: tuple[str, ...]
    notation: str = "grad"

    @property
    def layout(self) -> str:
        """The layout in force."""
        return self.program.layout

    @cached_property
    def environment(self) -> Environment:
        """What the names of the program mean in the core."""
        return lower(self.program, self.layout)

    @cached_property
    def values(self) -> Values:
        """The values on the way."""
        return Values(self.program, self.environment, self.output, self.targets, rows=True, symbols=True)

    @cached_property
    def facts(self) -> Facts:
        """What the declared properties say."""
        return facts_of(self.program.variables.values())

    @cached_property
    def claims(self) -> Claims:
        """How equations are claimed."""
        return Claims(self.values, setting_of(self.program, structured=self.program.structured), self.notation)

    @cached_property
    def rows(self) -> Collection[str]:
        """The names that are rows: of values, and of signals where they are derivatives."""
        rows = {word for word, form in self.program.assignments.items() if form.kind == "row"}
        if self.notation == "d" and self.layout == "numerator":
            kinds = self.program.assignments
            rows |= {s for value, s in self.values.names.items() if kinds[value].kind in ("row", "column")}
        return rows

    # Equations.

    def forward(self) -> list[Equation]:
        """The values that the output is made of, and the output."""
        return [Equation(word, None, form) for word, form in self.used.items()]

    @cached_property
    def used(self) -> dict[str, Form]:
        """The assignments that the output is made of."""
        return self.values.lines(sorted(self.values.names_in(self.output)), set())

    def signals(self) -> list[Equation]:
        """The signals, that of the last value first."""
        return [self.equation(value, signal) for value, signal in self.values.names.items()]

    def gradients(self) -> list[Equation]:
        """The gradients by the names that are asked for."""
        taken = {word.partition("_d")[0] for word in names_of(self.program)}
        prefix = unused(f"d{self.output.value}", taken)
        return [self.equation(target, f"{prefix}_d{target}", named=False) for target in self.targets]

    def equation(self, value: str, word: str, *, named: bool = True) -> Equation:
        """The gradient by a value; the gradient by a value with a signal is that signal."""
        left = self.left(value)
        if not named and value in self.values.names:
            right = name(self.values.names[value], left.kind, left.shape)
        else:
            right = self.right(value, left)
        return Equation(word, left, right, value, named, self.claims)

    def left(self, value: str) -> Form:
        """grad(J, v), or d(J)/d(v) in the layout in force."""
        kind, shape = self.kind_of(value)
        by = name(value, kind, shape)
        made = "column" if len(shape) == 1 else kind
        if self.notation == "d" and len(shape) == 1 and self.layout == "numerator":
            made = "row"
        return Form("derivative", (self.output, by), self.notation, kind=made, shape=shape)

    def kind_of(self, value: str) -> tuple[str, tuple[tuple[int | str, ...], ...]]:
        """The kind and the shape of a name."""
        known = self.program.assignments.get(value) or self.program.variables[value]
        return str(known.kind), known.shape or ()

    def right(self, value: str, left: Form) -> Form:
        """What the gradient by a value is, in signals."""
        node = self.values.gradient(value)
        ties = self.environment.ties(value)
        if ties:
            node = tied(Tensor(node, self.environment.name(value).groups), ties).node
        node = refine(node, self.facts)
        self.check_partials(node)
        form = with_rows(self.called(self.form(node, value), value), self.rows)
        return as_row(form) if left.kind == "row" else form

    def form(self, node: Node, value: str) -> Form:
        """A gradient in matrix notation, or by entries where it has no such form."""
        raising = self.values.raising(value, self.layout, self.facts, within=self.used)
        groups = self.environment.name(value).groups
        plain = all(length == 1 for length in groups)
        form = raising.form(node) if plain else None
        if form is not None:
            return form
        taken = names_of(self.program).union(self.values.names.values())
        made = index_form(node, index_names(node.order, [], taken), raising.form)
        return joined(made, groups, self.values.compound, self.kind_of(value)[1])

    def called(self, form: Form, value: str) -> Form:
        """The form with other names of variables, h_0 = x, where the lines that use the value have only these."""
        lines = [self.program.assignments[user] for user in self.values.users(value)]
        lines += [self.program.assignments.get(str(self.output.value), self.output)] * self.values.reaches_output(value)
        used = set().union(*map(self.values.names_in, lines))
        words = {word: other for word, other in self.aliases.items() if other in used and word not in used}

        def rule(part: Form) -> Form:
            known = part.head == "name" and part.value in words
            return name(words[part.value], part.kind, part.shape) if known else part

        return rewritten(form, rule) if words else form

    @cached_property
    def aliases(self) -> dict[str, str]:
        """Other names of variables, by these."""
        lines = self.program.assignments.items()
        return {str(f.value): word for word, f in lines if f.head == "name" and f.value in self.program.variables}

    def check_partials(self, node: Node) -> None:
        """Refuse ∂L/∂Y where another argument of L depends on Y: the language would read the total derivative."""
        for part in postorder(node):
            if isinstance(part, Symbol):
                variable = part.operands[0]
                words = variable.data[1]
                for by in {words[position] for position in part.positions}:
                    if any(self.depends(other, by) for other in words if other != by):
                        raise UnsupportedError(
                            f"a signal holds the derivative of `{variable.data[0]}` by `{by}` while another argument,"
                            f" which depends on `{by}`, stays as it is; that has no notation"
                        )

    def depends(self, value: str, by: str) -> bool:
        """Whether a value depends on a name."""
        lines: Sequence[Form] = list(self.values.lines([value], set()).values())
        return any(by in self.values.names_in(line) for line in lines)
