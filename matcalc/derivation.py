"""One derivative: its answer in every notation, the way to it, and its code."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property, reduce
from math import prod
from typing import Any

from matcalc.answer import TIES, Answer
from matcalc.assumptions import Facts
from matcalc.coded import Coded
from matcalc.codegen import Source
from matcalc.emission import emit
from matcalc.errors import KindError, UnsupportedError
from matcalc.expr import Node
from matcalc.form import Form, Shape, subforms
from matcalc.inference import infer
from matcalc.lowering import Environment, partial
from matcalc.naming import replace_names
from matcalc.notation.index import index_form, index_names
from matcalc.notation.text import to_text
from matcalc.parser import Program
from matcalc.products import Differentiated, Point
from matcalc.raising import Raising
from matcalc.refine import refine
from matcalc.request import Request
from matcalc.steps import Question, Steps, steps_of
from matcalc.tensor import Tensor
from matcalc.traversal import substitute
from matcalc.variables import (
    derivative_form,
    exchanged,
    name_form,
    target_of,
)

__all__ = ["Derivative", "members_of"]

#: The most work that a numeric check does: entries of the variable times entries of all values.
LARGEST_CHECK = 20_000_000


def members_of(
    program: Program, asked: Sequence[Sequence[Form]], layout: str, *, structured: bool, mode: str
) -> list[Derivative]:
    """The derivatives by each of some variables, or of some sequences of variables, typed once for all of them.

    What the program does not use is typed apart, so that it is assumed in its own answer only.
    """
    used = {str(part.value) for form in (*program.assignments.values(), program.output) for part in subforms(form)}
    if len(asked) > 1 and not all(target_of(variable) in used for variables in asked for variable in variables):
        manner: dict[str, Any] = {"structured": structured, "mode": mode}
        return [made for variables in asked for made in members_of(program, [variables], layout, **manner)]
    output = program.output if program.output_name is None else name_form(program.output_name)
    several = any(len({to_text(variable) for variable in variables}) > 1 for variables in asked)
    scalar = several and infer(program, layout=layout).output.kind == "scalar"
    extras = [[derivative_form(output, variables, scalar=scalar), *variables] for variables in asked]
    forms = [form for extra in extras for form in extra]
    typed = infer(program, layout=layout, extra=forms, structured=structured, mode=mode)
    found = iter(typed.extra)
    members = [Derivative(program, replace(typed, extra=tuple(next(found) for _ in extra))) for extra in extras]
    for made in members:
        made.check_independent()
    return members


class Derivative(Answer, Coded):
    """The derivative of one expression by names, one after another: an answer, the way to it, and its code."""

    def check_independent(self) -> None:
        """Refuse names of which one depends on another: derivatives by them depend on the order in which they are taken."""
        for name in self._targets:
            below = self._names_below(name_form(name)).intersection(self._targets) - {name}
            if below:
                raise KindError(
                    f"`{name}` depends on `{min(below)}`, so one cannot vary while the other stays",
                    hint="differentiate by names that are independent of each other",
                )

    def swapped(self) -> Derivative:
        """The derivative of order 2 by the two names in the other order, which is not derived again: ∂²f/∂y∂x = ∂²f/∂x∂y.

        Second derivatives are symmetric where they are continuous (Schwarz), which all functions of the language are
        wherever they have second derivatives in a neighbourhood.
        """
        first, second = self.variables
        (made,) = members_of(self.source, [(second, first)], self.layout, **self._manner)
        made.tensor = exchanged(self.tensor, *(self.environment.name(target_of(v)).groups for v in self.variables))
        return made

    @property
    def _manner(self) -> dict[str, Any]:
        """How derivatives are taken."""
        return {"structured": self.structured, "mode": self.program.mode}

    # Steps.

    @cached_property
    def steps(self) -> Steps:
        """The way from the expression to the answer, rule by rule; each step is a claim that is verified when asked."""
        if self.order == 1:
            return steps_of(self._question)
        (lower,) = members_of(self.source, [self.variables[:-1]], self.layout, **self._manner)
        return lower.steps + steps_of(self._question)

    @property
    def _question(self) -> Question:
        """What the steps of the last derivative answer: that of the expression, or of the derivative of one order less."""
        held, last = self._held, self.variables[-1]
        function, value = self._differentiated(held)
        return Question(
            program=self.program,
            environment=held,
            outer=self.environment,
            function=function,
            value=value,
            variable=last.args[0] if last.head == "call" else last,
            derivative=self.form,
            answer=self._answer[0],
            where=self._answer[1],
            node=self.node,
            facts=self.facts,
            indices=self.names,
            compound=self._compound,
            groups=self.tensor.groups,
            layout=self.layout,
            structured=self.structured,
            tied=bool(self._ties),
            order=self.order,
            vec=self._kronecker(function) if self.order == 1 and self.node.order == 4 and not self.structured else None,
        )

    def _differentiated(self, environment: Environment) -> tuple[Form, Tensor]:
        """What the last derivative is taken of; no fact has been used on it."""
        form = self.expression_form
        if self.variables[0].head == "call" and form.head == "call" and form.value == "vec":
            form = form.args[0]
        if self.order == 1:
            return form, environment.lower(form)
        node = refine(self._lower_order(environment, form, self.order - 1).node, Facts())
        raising = Raising(Facts(), self.layout)
        made = raising.form(node) if node.order <= 2 else None
        counts = self._counts
        names = index_names(self.node.order - sum(counts), counts[:-1], set(self.program.variables))
        return made or index_form(node, names, raising.form), Tensor(node, (1,) * node.order)

    def _lower_order(self, environment: Environment, form: Form, order: int) -> Tensor:
        """The derivative of a form by the first variables, 0 for its value, before anything is simplified."""
        names = [target_of(variable) for variable in self.variables[:order]]
        assigned = {name for name in names if name in self.program.assignments} - set(environment.held)
        inner = reduce(Environment.holding, sorted(assigned), environment)
        value = inner.lower(form)
        for name, variable in zip(names, self.variables, strict=False):
            by = inner.name(name)
            node = partial(value.node, by, inner.ties(name), variable, self.program.mode)
            value = Tensor(node, value.groups + by.groups)
        values = {inner.name(name).node: environment.name(name).node for name in assigned}
        return Tensor(substitute(value.node, values), value.groups) if values else value

    @property
    def _last(self) -> str:
        """The name by which the last derivative is taken."""
        return target_of(self.variables[-1])

    @property
    def _held(self) -> Environment:
        """What names mean where the last variable is a variable, also where it is assigned."""
        return self.environment.holding(self._last) if self._last in self.program.assignments else self.environment

    @property
    def _ties(self) -> frozenset[str]:
        """The declared properties by which entries of the last variable move together."""
        info = self.program.variables.get(self._last) if self.structured else None
        return info.properties & TIES if info is not None else frozenset()

    def _kronecker(self, function: Form) -> tuple[Form, Form] | None:
        """d(vec(E))/d(vec(X)) of a matrix by a matrix, and its Kronecker form, if it has one."""
        vecs = [Form("call", (form,), "vec") for form in (function, *self.variables)]
        try:
            return Form("derivative", tuple(vecs), "d"), replace_names(self._vec(), self._raising.named)
        except UnsupportedError:
            return None

    # Code.

    def emitted(self, request: Request) -> Source:
        """The module that is asked for, with a function of this derivative."""
        self._check_sizes(request.sizes)
        return emit({self.wrt: self}, single=True, request=request)

    def differentiated(self, order: int) -> Differentiated:
        """What the last derivative of this order is taken of, and by what; code for products is made of it."""
        if order < self.order and len(self._targets) > 1:
            raise KindError(f"`{self.wrt}` is several names", hint="choose `jvp`, or give each name to `--wrt` of its own")
        held, name = self._held, self._last
        value, by = self._lower_order(held, self.expression_form, order - 1), held.name(name)
        columns, one = self.variables[-1].head == "call", len(value.groups) == len(by.groups) == 1
        transposed = self.layout == "denominator" and order == 1 and one and not columns
        assigned = {by.node: self.environment.name(name).node} if held is not self.environment else {}
        return Differentiated(value, Point(by, held.ties(name), columns), assigned, transposed)

    def check(self, seed: int = 0, sizes: Mapping[str, int] | None = None) -> Any:
        """The emitted function against differences of the expression at a random point: a `matcalc.check.Check`."""
        # NumPy and the numeric interpreter are loaded here, so that deriving alone starts fast.
        oracle = importlib.import_module("matcalc.check")
        sampling = importlib.import_module("matcalc.sampling")
        self._check_sizes(sizes or {})
        self._check_work(sizes or {})
        point = sampling.sample(self.program, seed=seed, sizes=sizes)
        return oracle.check(self.function(), self.program, self.variables, self.layout, point)

    def _check_work(self, sizes: Mapping[str, int]) -> None:
        """Refuse sizes at which differences would take minutes."""

        def entries(shape: Shape) -> int:
            return prod(d if isinstance(d, int) else sizes.get(d, 5) for axis in shape for d in axis)

        values = sum(entries(v.shape) for v in self.program.variables.values()) + entries(self.form.shape or ())
        if entries(self.variables[-1].shape or ()) * values > LARGEST_CHECK:
            raise UnsupportedError("a check at these sizes takes too long", hint="give smaller sizes")

    def cost(self, sizes: Mapping[str, int] | None = None, /, *, dtype: str = "float64", **named: int) -> Any:
        """What the derivative takes at sizes, computed in several ways: a `matcalc.cost.Cost`.

        Sizes are given by name, `D.cost(n=1000)`, or as a mapping; in those that are not given, the figures are
        polynomials.  `dtype` is "float32" or "float64".
        """
        # What only this method needs is loaded here, so that deriving alone starts fast.
        cost = importlib.import_module("matcalc.cost")
        held, outer = self._held, self.environment
        by, ties = held.name(self._last), held.ties(self._last)
        node = self._lower_order(held, self.expression_form, self.order - 1).node
        problem = cost.Problem(
            wrt=self.wrt,
            order=self.order,
            value=self.value,
            answer=self.tensor,
            function=refine(node, Facts()) if self.order > 1 else node,
            variable=by.node,
            gradient=lambda scalar: partial(scalar, by, ties, self.variables[-1]),
            settled=lambda made: substitute(made, {by.node: outer.name(self._last).node}),
            printed=self._printed,
            variables=self.free_variables,
            dimensions=self.program.dimensions,
            facts=self.facts,
        )
        return cost.cost_of(problem, {**(sizes or {}), **named}, dtype)

    def _printed(self, node: Node) -> str:
        """A part of the answer as text."""
        form = self._raising.form(node)
        return to_text(form if form is not None else self._index)

    def to_json(self, *, steps: bool = False) -> dict[str, Any]:
        """The answer as an object of JSON: the keys of section 7 of the language, on demand with the steps."""
        made = {
            "expression": self.expression,
            "wrt": self.wrt,
            "order": self.order,
            "layout": self.layout,
            "structured": self.structured,
            "declarations": list(self.declarations),
            "shape": list(self.shape),
            "text": self.text,
            "where": self.where,
            "latex": self.latex(),
            "index": self.index,
            "cases": self.cases,
            "numpy": self.numpy(),
            "notes": list(self.notes),
        }
        return {**made, "steps": self.steps.to_json()} if steps else made
