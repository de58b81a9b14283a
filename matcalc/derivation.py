"""Derivatives: from a line of text to a `Derivative`, which knows its answer in every notation, the way to it, and its code.

`derive` runs the stages once: parse, infer, lower (which differentiates), refine.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, reduce
from math import prod
from typing import Any

from matcalc.answer import TIES, Answer
from matcalc.asked import asked_names, means_all
from matcalc.assumptions import Facts
from matcalc.backprop import Backprop, backpropagation
from matcalc.claim import one_text, texts
from matcalc.coded import Coded
from matcalc.codegen import Source
from matcalc.emission import emit, gradient_function
from matcalc.errors import KindError, MatcalcError, UnsupportedError
from matcalc.expr import Node
from matcalc.form import Form, Shape, subforms
from matcalc.inference import infer
from matcalc.lowering import Environment, partial
from matcalc.naming import replace_names
from matcalc.notation.index import index_form, index_names
from matcalc.notation.text import to_text
from matcalc.outputs import Outputs
from matcalc.parser import Program, parse_program, syntax_of
from matcalc.products import Differentiated, Point
from matcalc.raising import Raising
from matcalc.refine import refine
from matcalc.request import Request
from matcalc.steps import Question, Steps, steps_of
from matcalc.tensor import Tensor
from matcalc.traversal import substitute
from matcalc.variables import (
    blocks_of,
    derivative_form,
    exchanged,
    name_form,
    spelled,
    split_names,
    target_of,
    variables_of,
)

__all__ = ["Derivative", "Derivatives", "Hessian", "derive"]

#: The most work that a numeric check does: entries of the variable times entries of all values.
LARGEST_CHECK = 20_000_000


def derive(
    source: str,
    wrt: str | Sequence[str],
    declare: Iterable[str] | str | None = (),
    layout: str = "numerator",
    order: int | None = None,
    *,
    blocks: bool = False,
    of: str | Sequence[str] | None = None,
    given: Mapping[str, int] | None = None,
    name: str | None = None,
    structured: bool = False,
    mode: str = "auto",
    syntax: str | None = None,
) -> Any:
    """The derivative of an expression or program by a name; for several names, or "all" variables, a mapping by name.

    * `wrt`: a name, or `x,Y`, the derivative by x and then by Y, with the axes of the expression, then of x, then of Y.
    * `declare`: declarations as in section 2 of the language; what is not declared is inferred.
    * `order`: 1 if none is given, 2 for the Hessian; of `x,Y` it is the number of its names.  With `blocks`, and several
      names, the blocks of the Hessian are derived, each pair once: a mapping by `x`, `x,Y`, `Y`.
    * `of`: the output of a program, or several, for a mapping by output.  `given`: whole numbers that loops are counted
      with.  `name`: the file that the source came from.
    * `structured`: a derivative by a variable that is declared symmetric, skew, diagonal, lower or upper lets its tied
      entries move together (Matrix Cookbook 2.8); the answer spells that out, so it is read back without.
    * `mode`: how partial derivatives are multiplied, "forward", from the variable up, "reverse", from the output down,
      or "auto", as suits.  The answers are equal; how they are factored, and the code, may differ.
    * `syntax`: "latex" or "matcalc", of the source and of names; without it a backslash tells.

    Raises MatcalcError.
    """
    if of is not None and not isinstance(of, str):
        options: dict[str, Any] = {
            "blocks": blocks, "given": given, "name": name, "structured": structured, "mode": mode, "syntax": syntax,
        }  # fmt: skip
        found = [derive(source, wrt, declare, layout, order, of=output, **options) for output in texts(of, "outputs")]
        return outputs_of(found)
    names = texts(wrt, "names to differentiate by")
    text, declared = one_text(source, "the source"), texts(declare, "declarations")
    if syntax_of(text, syntax) == "latex":
        if given:
            raise KindError("numbers are given to programs in the language, not to LaTeX", hint="leave out what is given")
        reader = importlib.import_module("matcalc.latex_reader")  # what only LaTeX needs is loaded for it alone
        parts = [part for w in names for part in split_names(w)]
        program = reader.latex_program(text, declared, name=name, of=of, wrt=parts, layout=layout)
        names = [",".join(reader.latex_variable(part, program) for part in split_names(w)) for w in names]
    else:
        program = parse_program(text, declared, name=name, of=of, given=given, reserved=names)
    single = isinstance(wrt, str) and not means_all(program, wrt)
    names = asked_names(program, names, layout)
    if blocks:
        return _blocks(program, names, layout, order, structured=structured, mode=mode)
    members = _members(program, [variables_of(w, order) for w in names], layout, structured=structured, mode=mode)
    if single:
        return members[0]
    if not members:
        raise KindError("there is no name to differentiate by", hint="give one, such as `x`")
    if len({member.order for member in members}) > 1:
        raise KindError("these derivatives are of several orders", hint="give the order that all of them have")
    return Derivatives({member.wrt: member for member in members})


def outputs_of(found: Sequence[Derivative | Derivatives]) -> Outputs:
    """Derivatives of several outputs, by the names of these."""
    if not found:
        raise KindError("there is no output to differentiate", hint="name one that the program assigns")
    return Outputs({str((made if isinstance(made, Derivative) else made.first).source.output_name): made for made in found})


def _blocks(
    program: Program, names: Sequence[str], layout: str, order: int | None, *, structured: bool, mode: str
) -> Hessian:
    """The Hessian by several names, by blocks."""
    if order not in (None, 2) or not names:
        raise KindError("the blocks of a Hessian are by names, and their order is 2", hint="give names, and no order")
    parts = [variables_of(name, 1) for name in names]  # refuses what is more than a name
    pairs = blocks_of([to_text(part) for (part,) in parts])
    members = _members(program, [variables_of(pair, 2) for pair in pairs], layout, structured=structured, mode=mode)
    return Hessian({member.wrt: member for member in members})


def _members(
    program: Program, asked: Sequence[Sequence[Form]], layout: str, *, structured: bool, mode: str
) -> list[Derivative]:
    """The derivatives by each of some variables, or of some sequences of variables, typed once for all of them.

    What the program does not use is typed apart, so that it is assumed in its own answer only.
    """
    used = {str(part.value) for form in (*program.assignments.values(), program.output) for part in subforms(form)}
    if len(asked) > 1 and not all(target_of(variable) in used for variables in asked for variable in variables):
        manner: dict[str, Any] = {"structured": structured, "mode": mode}
        return [made for variables in asked for made in _members(program, [variables], layout, **manner)]
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
        (made,) = _members(self.source, [(second, first)], self.layout, **self._manner)
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
        (lower,) = _members(self.source, [self.variables[:-1]], self.layout, **self._manner)
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


def spell(key: str) -> str:
    """Names as they are printed: `λ` is `lambda`."""
    try:
        return spelled(variables_of(key))
    except MatcalcError:
        return key


class Derivatives(Coded, Mapping[str, Derivative]):
    """Derivatives of one expression by several names, by name."""

    def __init__(self, members: Mapping[str, Derivative]) -> None:
        self.members = dict(members)

    def __getitem__(self, key: str) -> Derivative:
        return self.members[key if key in self.members else spell(key)]

    def __iter__(self) -> Iterator[str]:
        return iter(self.members)

    def __len__(self) -> int:
        return len(self.members)

    @property
    def first(self) -> Derivative:
        """The first of them; all are of one expression."""
        return next(iter(self.members.values()))

    @cached_property
    def backprop(self) -> Backprop:
        """The values of the program, the error signals and the gradients through them; see `backpropagation`."""
        return self.backpropagation()

    def backpropagation(self, signals: str = "gradient") -> Backprop:
        """How backpropagation computes these derivatives of a scalar output: named values, error signals, gradients.

        With `signals` "gradient" all have the shape of what they are by; with "derivative" they are d(J)/d(v) in the
        layout in force.  Raises MatcalcError for an output that is no scalar, and for derivatives of higher order.
        """
        first = next(iter(self.members.values()))
        if first.order > 1:
            raise KindError("backpropagation is of derivatives of order 1", hint="leave out the order")
        return backpropagation(first.source, list(self.members), first.layout, signals, structured=first.structured)

    def cost(self, sizes: Mapping[str, int] | None = None, /, *, dtype: str = "float64", **named: int) -> Any:
        """What each takes, as `Derivative.cost`, and the gradient of a scalar by all of them: a `matcalc.cost.Costs`."""
        # What only this method needs is loaded here, so that deriving alone starts fast.
        cost = importlib.import_module("matcalc.cost")
        members = [member.cost(sizes, dtype=dtype, **named) for member in self.members.values()]
        scalar = self.first.order == 1 and not self.first.expression_form.shape
        function = gradient_function(self.members) if scalar and len(members) > 1 else None
        shapes = [member.node.shape for member in self.members.values()] if scalar else []
        return cost.costs_of(members, function, self.first.facts, shapes)

    def emitted(self, request: Request) -> Source:
        """The module that is asked for, with one function of all derivatives, which shares their work."""
        for member in self.members.values():
            member._check_sizes(request.sizes)
        return emit(self.members, single=False, request=request, listing=lambda: self.backprop.text)


class Hessian(Derivatives):
    """The Hessian of one expression by several names, by blocks: `x`, `x,Y`, `Y`.

    The block `Y,x` is the block `x,Y` with its axes in the other order; it is not derived again.
    """

    def __getitem__(self, key: str) -> Derivative:
        first, _, second = spell(key).partition(",")
        mirrored = self.members.get(f"{second},{first}")
        return mirrored.swapped() if mirrored is not None else super().__getitem__(key)
