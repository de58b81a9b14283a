"""Local derivatives: each value of a program by each name that it is directly made of, the others being held.

    d(z)/d(W) = [i,k,l: delta(i,k)*x[l]]        z = W*x
    d(vec(z))/d(vec(W)) = kron(x', eye(M))
    d(h)/d(z) = diag(step(z))                   h = relu(z)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from matcalc.assumptions import Facts
from matcalc.backprop.equation import Equation
from matcalc.backprop.orientation import as_row, with_rows
from matcalc.build import call, column_kind
from matcalc.differentiate import derivative
from matcalc.expr import Node, Variable
from matcalc.form import Form, Shape, name
from matcalc.inference import TypedProgram
from matcalc.lowering import Environment
from matcalc.notation.index import index_form, index_names
from matcalc.notation.text import to_text
from matcalc.raising import Raising
from matcalc.reduction import Groups
from matcalc.refine import refine
from matcalc.signals.claims import Claims, declared_as, unused
from matcalc.signals.setting import Setting, names_of, size_declarations
from matcalc.signals.values import Values
from matcalc.traversal import substitute

__all__ = ["Locals"]


class LocalClaims(Claims):
    """Claims about one value, in which all names that it is made of are variables."""

    def of(self, value: str, left: Form, right: Form) -> tuple[str, Setting]:
        """The claim, under the one line of the value."""
        program = self.values.program
        form = program.assignments[value]
        used = self.values.names_in(form)
        infos = [v for v in (*program.variables.values(), *program.sized) if v.name in used or v.kind == "function"]
        fixed = {n: program.assignments[n] for n in sorted(used & set(program.assignments))}
        rows = {n: unused(f"{n}_column", names_of(program)) for n, made in fixed.items() if made.kind == "row"}
        declared = [*map(str, infos), *(declared_as(n, made, rows) for n, made in fixed.items())]
        declared += size_declarations(program, used, [v.shape for v in infos] + [f.shape or () for f in fixed.values()])
        where = (*(f"{row} = {column}'" for row, column in rows.items()), f"{value} = {to_text(form)}")
        setting = replace(self.setting, declare=tuple(declared), where=where, structured=False)
        return f"{to_text(left)} = {to_text(right)}", setting


@dataclass(frozen=True)
class Locals:
    """The local derivatives of the values on the way from some names to the output, and of the output."""

    values: Values
    facts: Facts
    setting: Setting

    @property
    def program(self) -> TypedProgram:
        """The typed program."""
        return self.values.program

    def equations(self) -> Iterator[Equation]:
        """The local derivatives, in the order of the program; those of order three and four also with vec, where that works."""
        for value in self.program.assignments:
            if value in self.environment.held and (value in self.values.moving or value == self.values.output.value):
                for operand in self.operands(value):
                    yield from self.derivative(value, operand)

    def operands(self, value: str) -> Sequence[str]:
        """The names that a value is directly made of and that it is differentiated by, in order of appearance."""
        wanted = self.values.moving.union(self.values.targets)
        used = self.values.names_in(self.program.assignments[value]) & wanted
        known = [*self.program.variables, *self.program.assignments]
        return [word for word in known if word in used and self.is_simple(word)]

    def is_simple(self, word: str) -> bool:
        """Whether each axis of a name is one axis of its node."""
        return all(length == 1 for length in self.values.outer.name(word).groups)

    @cached_property
    def environment(self) -> Environment:
        """The meaning of names where every assigned value is a variable."""
        simple = [n for n, form in self.program.assignments.items() if form.kind != "tensor" and self.is_simple(n)]
        return self.values.outer.holding(*simple)

    @cached_property
    def rows(self) -> set[str]:
        """The values that are rows."""
        return {word for word, form in self.program.assignments.items() if form.kind == "row"}

    @cached_property
    def claims(self) -> LocalClaims:
        """How the equations are claimed."""
        return LocalClaims(self.values, self.setting, "d")

    def derivative(self, value: str, operand: str) -> Iterator[Equation]:
        """d(value)/d(operand), and d(vec(value))/d(vec(operand)) where the first is a tensor and that has a form."""
        own = self.environment.lower(self.program.assignments[value]).node
        by = self.environment.name(operand).node
        node = refine(derivative(own, by), self.facts)
        if own.operands and not isinstance(own, Variable):
            node = substitute(node, {own: self.environment.name(value).node})
        raising = Raising(self.facts, self.program.layout)
        form = self.matrix(node, own.order, by.order, raising) if node.order <= 2 else None
        left = self.left(value, operand)
        if form is None:
            taken = names_of(self.program)
            form = index_form(node, index_names(own.order, [by.order], taken), raising.form)
        yield self.equation(value, operand, left, form)
        if node.order > 2:
            yield from self.kronecker(value, operand, node, own.order, raising)

    def equation(self, value: str, operand: str, left: Form, right: Form) -> Equation:
        """The equation of a local derivative."""
        right = with_rows(right, self.rows)
        right = as_row(right) if left.kind == "row" else right
        return Equation(f"d{value}_d{operand}", left, right, value, False, self.claims)

    def typed(self, word: str) -> Form:
        """A name with its kind and shape."""
        known = self.program.assignments.get(word) or self.program.variables[word]
        return name(word, known.kind, known.shape)

    def left(self, value: str, operand: str) -> Form:
        """d(value)/d(operand), in the layout in force."""
        function, variable = self.typed(value), self.typed(operand)
        e, x = function.shape or (), variable.shape or ()
        numerator = self.program.layout == "numerator"
        kind, shape = column_kind(len(e + x)), e + x
        if not x:
            kind = str(function.kind)
        elif not e and len(x) == 1:
            kind = "row" if numerator else "column"
        elif len(e) == len(x) == 1 and not numerator:
            shape = x + e
        return Form("derivative", (function, variable), "d", kind=kind, shape=shape)

    def matrix(self, node: Node, own: int, by: int, raising: Raising) -> Form | None:
        """The matrix form of a derivative of at most two axes."""
        numerator = self.program.layout == "numerator"
        groups: Groups = ((1,), (0,)) if own == by == 1 and not numerator else tuple((k,) for k in range(node.order))
        return raising.grouped(node, groups)

    def kronecker(self, value: str, operand: str, node: Node, own: int, raising: Raising) -> Iterator[Equation]:
        """d(vec(value))/d(vec(operand)), if it has a form."""
        sides = tuple(reversed(range(own))), tuple(reversed(range(own, node.order)))
        form = raising.grouped(node, sides)
        if form is not None and not self.rows & self.values.names_in(form):
            vecs = [self.vec(self.typed(word)) for word in (value, operand)]
            shape: Shape = form.shape or ()
            left = Form("derivative", tuple(vecs), "d", kind="matrix", shape=shape)
            yield self.equation(value, operand, left, form)

    def vec(self, form: Form) -> Form:
        """vec(X)."""
        axes = form.shape or ()
        return call("vec", form, kind="column", shape=(tuple(d for axis in reversed(axes) for d in axis),))
