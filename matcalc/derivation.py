"""Derivatives: from a line of text to a `Derivative`, which knows its answer in every notation, the way to it, and its code.

`derive` runs the stages once: parse, infer, lower (which differentiates), refine.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from math import prod
from typing import Any

from matcalc.answer import TIES, Answer, derivative_form, name_form
from matcalc.assumptions import Facts
from matcalc.claim import one_text, texts
from matcalc.codegen import compile_function
from matcalc.emission import Differentiated, Request, emit
from matcalc.errors import KindError, MatcalcError, UnsupportedError
from matcalc.expr import Node
from matcalc.form import Form, Shape
from matcalc.inference import TypedProgram, infer
from matcalc.lowering import Environment, partial
from matcalc.naming import replace_names
from matcalc.notation.index import index_form, index_names
from matcalc.notation.text import to_text
from matcalc.parser import Program, parse_expression, parse_program, syntax_of
from matcalc.products import Point
from matcalc.raising import Raising
from matcalc.refine import refine
from matcalc.steps import Question, Steps, steps_of
from matcalc.tensor import Tensor
from matcalc.traversal import substitute

__all__ = ["Derivative", "Derivatives", "derive"]

#: The highest order of a derivative.
LARGEST_ORDER = 50

#: The most work that a numeric check does: entries of the variable times entries of all values.
LARGEST_CHECK = 20_000_000


def derive(
    source: str,
    wrt: str | Sequence[str],
    declare: Iterable[str] | str | None = (),
    layout: str = "numerator",
    order: int = 1,
    *,
    of: str | None = None,
    name: str | None = None,
    structured: bool = False,
    syntax: str | None = None,
) -> Any:
    """The derivative of an expression or program by a name; for several names a mapping by name.

    `declare` holds declarations as in section 2 of the language; what is not declared is inferred.  `order` 2 is the
    Hessian.  `of` names the output of a program, `name` the file that the source came from.  With `structured`, every
    derivative by a variable that is declared symmetric, skew, diagonal, lower or upper lets its tied entries move
    together (Matrix Cookbook 2.8); the answer spells that out, so it is read back without.  The
    source may be LaTeX, a formula or rows of assignments, and names to differentiate by may be then, too: `syntax` is
    "latex" or "matcalc"; without it a backslash tells.  Raises MatcalcError.
    """
    if not isinstance(order, int) or isinstance(order, bool) or not 1 <= order <= LARGEST_ORDER:
        raise KindError(f"the order of a derivative is a whole number from 1 to {LARGEST_ORDER}, not {order!r}")
    names = texts(wrt, "names to differentiate by")
    text, declared = one_text(source, "the source"), texts(declare, "declarations")
    if syntax_of(text, syntax) == "latex":
        reader = importlib.import_module("matcalc.latex_reader")  # what only LaTeX needs is loaded for it alone
        program = reader.latex_program(text, declared, name=name, of=of, wrt=names, layout=layout)
        names = [reader.latex_variable(w, program) for w in names]
    else:
        program = parse_program(text, declared, name=name, of=of)
    members = [_derive(program, w, layout, order, structured=structured) for w in names]
    if isinstance(wrt, str):
        return members[0]
    if not members:
        raise KindError("there is no name to differentiate by", hint="give one, such as `x`")
    return Derivatives({member.wrt: member for member in members})


def _derive(program: Program, wrt: str, layout: str, order: int, *, structured: bool) -> Derivative:
    if not wrt.strip():
        raise KindError("there is no name to differentiate by", hint="give one, such as `x`")
    variable = parse_expression(wrt)
    target = variable.args[0] if variable.head == "call" and variable.value == "vec" and variable.args else variable
    if target.head != "name":
        raise KindError(f"`{wrt}` is not a name", variable.span, hint="differentiate by a name, such as `--wrt x`")
    return Derivative(*_typed(program, wrt, layout, order, structured=structured))


def _typed(
    program: Program, wrt: str, layout: str, order: int, *, structured: bool
) -> tuple[Program, TypedProgram, Form, int]:
    """The program typed together with the derivative: what a `Derivative` is made of."""
    variable = parse_expression(wrt)
    output = program.output if program.output_name is None else name_form(program.output_name)
    extra = [derivative_form(output, variable, order), variable]
    return program, infer(program, layout=layout, extra=extra, structured=structured), variable, order


class Derivative(Answer):
    """The derivative of one expression by one name: an answer, the way to it, and its code."""

    # Steps.

    @cached_property
    def steps(self) -> Steps:
        """The way from the expression to the answer, rule by rule; each step is a claim that is verified when asked."""
        if self.order == 1:
            return steps_of(self._question)
        lower = Derivative(*_typed(self.source, self.wrt, self.layout, self.order - 1, structured=self.structured))
        return lower.steps + steps_of(self._question)

    @property
    def _question(self) -> Question:
        """What the steps of the last derivative answer: that of the expression, or of the derivative of one order less."""
        held = self._held
        function, value = self._differentiated(held)
        return Question(
            program=self.program,
            environment=held,
            outer=self.environment,
            function=function,
            value=value,
            variable=self.variable.args[0] if self.variable.head == "call" else self.variable,
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
        if self.variable.head == "call" and form.head == "call" and form.value == "vec":
            form = form.args[0]
        if self.order == 1:
            return form, environment.lower(form)
        own = environment.lower(form).node.order
        node = refine(self._lower_order(environment, form, self.order - 1).node, Facts())
        raising = Raising(Facts(), self.layout)
        made = raising.form(node) if node.order <= 2 else None
        by = environment.name(self._target).node.order
        names = index_names(own, [by] * (self.order - 1), set(self.program.variables))
        return made or index_form(node, names, raising.form), Tensor(node, (1,) * node.order)

    def _lower_order(self, environment: Environment, form: Form, order: int) -> Tensor:
        """The derivative of a form of some order, 0 for its value, before anything is simplified."""
        value, by, ties = environment.lower(form), environment.name(self._target), environment.ties(self._target)
        for _ in range(order):
            value = Tensor(partial(value.node, by, ties, self.variable), value.groups + by.groups)
        return value

    @property
    def _held(self) -> Environment:
        """What names mean where the variable is a variable, also where it is assigned."""
        assigned = self._target in self.program.assignments
        return self.environment.holding(self._target) if assigned else self.environment

    @property
    def _ties(self) -> frozenset[str]:
        """The declared properties by which entries of the variable move together."""
        info = self.program.variables.get(self._target) if self.structured else None
        return info.properties & TIES if info is not None else frozenset()

    def _kronecker(self, function: Form) -> tuple[Form, Form] | None:
        """d(vec(E))/d(vec(X)) of a matrix by a matrix, and its Kronecker form, if it has one."""
        vecs = [Form("call", (form,), "vec") for form in (function, self.variable)]
        try:
            return Form("derivative", tuple(vecs), "d"), replace_names(self._vec(), self._raising.named)
        except UnsupportedError:
            return None

    # Code.

    def numpy(self, value: bool = False) -> str:
        """The source of a module with a function `derivative(...)`; with `value` it returns the pair (value, derivative)."""
        return self.code(value=value)

    def code(
        self,
        target: str = "numpy",
        product: str = "derivative",
        *,
        value: bool = False,
        check: bool = False,
        random: bool = False,
        sizes: Mapping[str, int] | None = None,
    ) -> str:
        """The source of a module for a target: "numpy", "jax", "torch", "array-api" or "sympy".

        `product` is what its function is called and computes: "derivative"; "jvp", J·v, with the direction `v` as last
        argument; "vjp", u·J, with the cotangent `u`; "hvp", the Hessian of a scalar times `v`; or "operator", a SciPy
        LinearOperator of J, whose rows and columns are in C order.  None of the products forms J.

        With `value` the pair (value, answer) is returned; with `check` the shapes of the arguments are checked; with
        `random` the module, when it is run, compares with central differences.  `sizes` of dimensions let the order of
        operations be chosen for them.  Raises MatcalcError.
        """
        self._check_sizes(sizes or {})
        request = Request(target, product, value, check, random, sizes or {})
        return emit({self.wrt: self}, single=True, request=request)

    def function(self, value: bool = False) -> Callable[..., Any]:
        """The emitted function, ready to call."""
        return compile_function(emit({self.wrt: self}, single=True, request=Request(value=value)))

    def differentiated(self, order: int) -> Differentiated:
        """What the last derivative of this order is taken of, and by what; code for products is made of it."""
        held = self._held
        value, by = self._lower_order(held, self.expression_form, order - 1), held.name(self._target)
        columns, one = self.variable.head == "call", len(value.groups) == len(by.groups) == 1
        transposed = self.layout == "denominator" and order == 1 and one and not columns
        assigned = {by.node: self.environment.name(self._target).node} if held is not self.environment else {}
        return Differentiated(value, Point(by, held.ties(self._target)), assigned, columns, transposed)

    def check(self, seed: int = 0, sizes: Mapping[str, int] | None = None) -> Any:
        """The emitted function against differences of the expression at a random point: a `matcalc.check.Check`."""
        # NumPy and the numeric interpreter are loaded here, so that deriving alone starts fast.
        oracle = importlib.import_module("matcalc.check")
        sampling = importlib.import_module("matcalc.sampling")
        self._check_sizes(sizes or {})
        self._check_work(sizes or {})
        point = sampling.sample(self.program, seed=seed, sizes=sizes)
        return oracle.check(self.function(), self.program, self.variable, self.order, self.layout, point)

    def _check_work(self, sizes: Mapping[str, int]) -> None:
        """Refuse sizes at which differences would take minutes."""

        def entries(shape: Shape) -> int:
            return prod(d if isinstance(d, int) else sizes.get(d, 5) for axis in shape for d in axis)

        values = sum(entries(v.shape) for v in self.program.variables.values()) + entries(self.form.shape or ())
        if entries(self.variable.shape or ()) * values > LARGEST_CHECK:
            raise UnsupportedError("a check at these sizes takes too long", hint="give smaller sizes")

    def cost(self, sizes: Mapping[str, int] | None = None, /, *, dtype: str = "float64", **named: int) -> Any:
        """What the derivative takes at sizes, computed in several ways: a `matcalc.cost.Cost`.

        Sizes are given by name, `D.cost(n=1000)`, or as a mapping; in those that are not given, the figures are
        polynomials.  `dtype` is "float32" or "float64".
        """
        # What only this method needs is loaded here, so that deriving alone starts fast.
        cost = importlib.import_module("matcalc.cost")
        held, outer = self._held, self.environment
        by, ties = held.name(self._target), held.ties(self._target)
        node = self._lower_order(held, self.expression_form, self.order - 1).node
        problem = cost.Problem(
            wrt=self.wrt,
            order=self.order,
            value=self.value,
            answer=self.tensor,
            function=refine(node, Facts()) if self.order > 1 else node,
            variable=by.node,
            gradient=lambda scalar: partial(scalar, by, ties, self.variable),
            settled=lambda made: substitute(made, {by.node: outer.name(self._target).node}),
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
    """A name as it is printed: `λ` is `lambda`."""
    try:
        return to_text(parse_expression(key))
    except MatcalcError:
        return key


class Derivatives(Mapping[str, Derivative]):
    """Derivatives of one expression by several names, by name."""

    def __init__(self, members: Mapping[str, Derivative]) -> None:
        self.members = dict(members)

    def __getitem__(self, key: str) -> Derivative:
        return self.members[key if key in self.members else spell(key)]

    def __iter__(self) -> Iterator[str]:
        return iter(self.members)

    def __len__(self) -> int:
        return len(self.members)

    def numpy(self, value: bool = False) -> str:
        """The source of a module whose one function returns a dict of all derivatives by name."""
        return self.code(value=value)

    def code(
        self,
        target: str = "numpy",
        product: str = "derivative",
        *,
        value: bool = False,
        check: bool = False,
        random: bool = False,
        sizes: Mapping[str, int] | None = None,
    ) -> str:
        """The source of a module whose function shares the work of all derivatives; options as for `Derivative.code`.

        It returns a dict by name; "jvp" has a direction for each variable, `v_x` and so on, and returns the sum of the
        products; "hvp" has these, too, and returns a dict.
        """
        for member in self.members.values():
            member._check_sizes(sizes or {})
        return emit(self.members, single=False, request=Request(target, product, value, check, random, sizes or {}))

    def function(self, value: bool = False) -> Callable[..., Any]:
        """The emitted function of all derivatives, ready to call."""
        return compile_function(emit(self.members, single=False, request=Request(value=value)))
