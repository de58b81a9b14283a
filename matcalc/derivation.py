"""Derivatives: from a line of text to a `Derivative`, which knows its answer in every notation.

`derive` runs the stages once: parse, infer, lower (which differentiates), refine.  Each notation is then made from the
one refined node, when it is asked for.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from math import prod
from typing import Any

from matcalc.assumptions import Facts, facts_of
from matcalc.build import transposed
from matcalc.claim import one_text, texts
from matcalc.codegen import compile_function
from matcalc.conventions import conventions
from matcalc.emission import Differentiated, Request, emit
from matcalc.errors import KindError, MatcalcError, UnknownNameError, UnsupportedError
from matcalc.expr import Apply, Node, is_zero
from matcalc.expr import Derivative as NodeDerivative
from matcalc.form import Form, Shape, format_axis, subforms
from matcalc.inference import TypedProgram, VariableInfo, infer
from matcalc.lowering import Environment, lower, partial
from matcalc.naming import Naming, replace_names
from matcalc.notation.cases import cases_form
from matcalc.notation.compound import joined
from matcalc.notation.elements import elements, elements_latex, elements_text
from matcalc.notation.index import index_form, index_names
from matcalc.notation.latex import to_latex
from matcalc.notation.latex_names import Style
from matcalc.notation.text import to_text
from matcalc.parser import Program, nearest, parse_expression, parse_program, syntax_of
from matcalc.products import Point
from matcalc.raising import Raising
from matcalc.refine import refine
from matcalc.steps import Question, Steps, steps_of
from matcalc.tensor import Tensor, axis_groups
from matcalc.traversal import postorder, substitute

__all__ = ["Derivative", "Derivatives", "derive", "FORMS"]

#: The highest order of a derivative.
LARGEST_ORDER = 50

#: The most work that a numeric check does: entries of the variable times entries of all values.
LARGEST_CHECK = 20_000_000

#: The notations of an answer.
FORMS = ("matrix", "index", "cases", "vec", "elements")


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


def name_form(text: str) -> Form:
    """An untyped name."""
    return Form("name", (), text)


def derivative_form(function: Form, variable: Form, order: int) -> Form:
    """The untyped form of a derivative of any order."""
    span = function.span
    if order == 1:
        return Form("derivative", (function, variable), "d", span=span)
    form = Form("derivative", (function, variable), "hessian", span=span)
    for _ in range(order - 2):
        form = Form("derivative", (form, variable), "jacobian", span=span)
    return form


class Derivative:
    """The derivative of one expression by one name.

    Attributes: `expression` and `wrt` as they were given, `order`, `layout`, `structured`, `program` (typed).
    """

    def __init__(self, program: Program, typed: TypedProgram, variable: Form, order: int) -> None:
        self.source = program
        self.program = typed
        self.form = typed.extra[0]
        self.variable = typed.extra[1]
        self.order = order
        self.layout = typed.layout
        self.structured = typed.structured
        self.expression = program.source.strip()
        self.wrt = to_text(variable)

    # The answer as a node.

    @cached_property
    def environment(self) -> Environment:
        """What the names of the program mean in the core."""
        return lower(self.program, self.layout)

    @cached_property
    def facts(self) -> Facts:
        """What the declared properties say."""
        return facts_of(self.program.variables.values())

    @cached_property
    def tensor(self) -> Tensor:
        """The refined answer in index notation."""
        raw = self.environment.lower(self.form)
        return Tensor(refine(raw.node, self.facts), raw.groups, raw.indices)

    @property
    def node(self) -> Node:
        """The refined answer as a core node, its axes in the order in which entries are returned."""
        return self.tensor.node

    # What is known of it.

    @property
    def shape(self) -> tuple[str, ...]:
        """The dimensions of the answer, in the order in which entries are returned."""
        return tuple(format_axis(axis) for axis in self.form.shape or ())

    @property
    def declarations(self) -> tuple[str, ...]:
        """Everything that is assumed of the variables, given and inferred, as declarations."""
        return self.program.declarations()

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """What a reader should know: zero answers, conventions at kinks, matrices that must be invertible."""
        notes = []
        if self._target not in self._names_below(self.expression_form):
            notes.append(f"`{self.wrt}` does not occur in the expression, so the derivative is zero")
        elif is_zero(self.node):
            notes.append("the derivative is zero")
        if self.structured:
            notes.append(self._ties_note())
        notes.extend(conventions(self._forms()))
        for node in postorder(self.node):
            if isinstance(node, Apply) and node.name == "inv":
                argument = self._raising.form(node.operands[0])
                if argument is not None:
                    notes.append(f"{to_text(argument)} is taken to be invertible")
        return tuple(notes)

    def _ties_note(self) -> str:
        """How the entries of the variable move in a structured derivative."""
        info = self.program.variables.get(self._target)
        ties = sorted(info.properties & TIES) if info is not None else []
        if not ties:
            return f"`{self._target}` is not declared with tied entries, so its entries move independently"
        return f"entries of `{self._target}` that are tied ({', '.join(ties)}) move together"

    def _forms(self) -> Iterator[Form]:
        yield from subforms(self.form)
        for form in self.program.assignments.values():
            yield from subforms(form)

    def _names_below(self, form: Form, *, arguments: bool = True) -> set[str]:
        """The names that a form depends on through assignments, and through arguments that are variables if wanted."""
        found: set[str] = set()
        stack = [form]
        while stack:
            for part in subforms(stack.pop()):
                if part.head == "name" and part.value not in found:
                    found.add(part.value)
                    if part.value in self.program.assignments:
                        stack.append(self.program.assignments[part.value])
                    elif part.value in self.program.variables:
                        below = self.program.variables[part.value].arguments
                        stack.extend(name_form(a) for a in below if arguments or a in self.program.assignments)
        return found

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
        outer = self.environment
        inner = outer.holding(self._target) if self._target in self.program.assignments else outer
        function, value = self._differentiated(inner)
        return Question(
            program=self.program,
            environment=inner,
            outer=outer,
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

    def _differentiated(self, environment: Environment) -> tuple[Form, Tensor]:
        """What the last derivative is taken of; no fact has been used on it."""
        form = self.expression_form
        if self.variable.head == "call" and form.head == "call" and form.value == "vec":
            form = form.args[0]
        value = environment.lower(form)
        if self.order == 1:
            return form, value
        by = environment.name(self._target)
        ties = environment.ties(self._target)
        node = value.node
        for _ in range(self.order - 1):
            node = partial(node, by, ties, self.variable)
        node = refine(node, Facts())
        raising = Raising(Facts(), self.layout)
        made = raising.form(node) if node.order <= 2 else None
        names = index_names(value.node.order, [by.node.order] * (self.order - 1), set(self.program.variables))
        return made or index_form(node, names, raising.form), Tensor(node, (1,) * node.order)

    # Notations.

    @cached_property
    def _naming(self) -> Naming:
        return Naming(self.program, self.node, [index for group in self.names for index in group])

    def _check_partials(self) -> None:
        """Refuse an answer with ∂L/∂Y where another argument of L depends on Y: the language would read the total."""
        for node in postorder(self.node):
            if isinstance(node, NodeDerivative):
                variable = node.operands[0]
                names = variable.data[1]
                for by in {names[position] for position in node.positions}:
                    if any(by in self._names_below(name_form(other)) for other in names if other != by):
                        raise UnsupportedError(
                            f"the answer holds the derivative of `{variable.data[0]}` by `{by}` while another argument,"
                            f" which depends on `{by}`, stays as it is; that has no notation",
                            hint="ask for code (--emit numpy), which takes its value as a parameter",
                        )

    @cached_property
    def _raising(self) -> Raising:
        self._check_partials()
        return Raising(self.facts, self.layout, self._naming.name_for, frozenset(self._compound))

    @property
    def _compound(self) -> dict[str, tuple[int, ...]]:
        """The variables with an axis that is made of several dimensions, and how many make each axis."""
        lengths = {v.name: tuple(map(len, v.shape)) for v in self.program.variables.values()}
        return {name: made for name, made in lengths.items() if any(n != 1 for n in made)}

    @cached_property
    def _matrix(self) -> Form | None:
        """The answer in matrix notation, oriented as the layout says; None if it has none."""
        if self.form.kind == "tensor":
            return None
        form = self._raising.grouped(self.node, axis_groups(self.tensor.groups))
        return transposed(form) if form is not None and self.form.kind == "row" else form

    @cached_property
    def _answer(self) -> tuple[Form, dict[str, Form]]:
        """The answer in the notation that is printed by default, and the names that it introduces."""
        form = self._matrix
        if form is None:
            form = self._index
        return self._naming.settle(form, self._raising.named)

    @cached_property
    def names(self) -> tuple[tuple[str, ...], ...]:
        """The names of the indices of the answer: those of the expression, then of each variable."""
        by = sum(self.environment.name(self._target).groups)
        own = self.node.order - self.order * by
        taken = set(self.program.variables) | set(self.program.assignments) | set(self.program.dimensions)
        named = index_names(own, [by] * self.order, taken)
        if self.layout == "denominator" and self.order == own == by == 1:
            return named[::-1]
        return named

    @property
    def _target(self) -> str:
        variable = self.variable
        return str(variable.args[0].value if variable.head == "call" else variable.value)

    @cached_property
    def _index(self) -> Form:
        return self._oriented(index_form(self.node, self.names, self._raising.form))

    @cached_property
    def _cases(self) -> Form:
        return self._oriented(cases_form(self.node, self.names, self._raising.form))

    def _oriented(self, form: Form) -> Form:
        """Entries with their axes joined as those of the answer are, a column turned to the row that the layout says."""
        form = joined(form, self.tensor.groups, self._compound, self.form.shape or ())
        return transposed(form) if self.form.kind == "row" else form

    def _form_in(self, form: str) -> tuple[Form, dict[str, Form]]:
        if form not in FORMS:
            near = nearest(str(form), FORMS)
            raise UnknownNameError(
                f"there is no form `{form}`", hint=f"did you mean `{near}`?" if near else f"one of {', '.join(FORMS)}"
            )
        if form == "matrix":
            return self._answer
        made = {"index": lambda: self._index, "cases": lambda: self._cases, "vec": self._vec}[form]()
        # Only the names that the text introduces stand in other forms, too, so that `where` explains them all.
        known = self._answer[1]
        unknown = {key: part for key, part in self._raising.named.items() if key not in known}
        return replace_names(made, unknown), known

    def elements(self, **sizes: int) -> Any:
        """The explicit entries at given sizes: a SymPy array of the answer's shape, a scalar for a scalar."""
        self._check_sizes(sizes)
        return reshaped(elements(self.node, sizes), self.tensor.groups)

    def _check_sizes(self, sizes: Mapping[str, int]) -> None:
        for name in sizes:
            if name not in self.program.dimensions:
                known = ", ".join(self.program.dimensions)
                hint = f"the dimensions are {known}" if known else "this expression has no named dimension"
                raise UnknownNameError(f"there is no dimension `{name}`", hint=hint)

    # Code.

    @cached_property
    def value(self) -> Tensor:
        """The value of the expression itself."""
        function = self.program.output
        name = self.program.output_name
        return self.environment.name(name) if name is not None else self.environment.lower(function)

    @property
    def free_variables(self) -> dict[str, VariableInfo]:
        """The variables that the expression or the name by which it is differentiated has, in order of appearance."""
        return {v.name: v for v in self.program.variables.values() if v.name in self._occurring}

    @cached_property
    def _occurring(self) -> set[str]:
        """The names in the text of the expression, assigned ones followed; what a variable depends on is not in it."""
        found = self._names_below(self.expression_form, arguments=False)
        return found if self._target in self._names_below(self.expression_form) else found | {self._target}

    @property
    def expression_form(self) -> Form:
        """The expression that is differentiated."""
        form = self.form
        for _ in range(1 if self.order == 1 else self.order - 1):
            form = form.args[0]
        return form

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
        assigned = self._target in self.program.assignments
        inner = self.environment.holding(self._target) if assigned else self.environment
        value, by, ties = inner.lower(self.expression_form), inner.name(self._target), self.environment.ties(self._target)
        for _ in range(order - 1):
            value = Tensor(partial(value.node, by, ties, self.variable), value.groups + by.groups)
        columns, one = self.variable.head == "call", len(value.groups) == len(by.groups) == 1
        transposed = self.layout == "denominator" and order == 1 and one and not columns
        held = {by.node: self.environment.name(self._target).node} if assigned else {}
        return Differentiated(value, Point(by, ties), held, columns, transposed)

    @property
    def properties(self) -> dict[str, frozenset[str]]:
        """What is declared of each variable."""
        return {v.name: v.properties for v in self.program.variables.values()}

    @property
    def names_in_use(self) -> frozenset[str]:
        """The names of the program: of variables, assignments and dimensions."""
        return frozenset((*self.program.variables, *self.program.assignments, *self.program.dimensions))

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
        outer = self.environment
        inner = outer.holding(self._target) if self._target in self.program.assignments else outer
        by, function = inner.name(self._target), inner.lower(self.expression_form)
        ties = inner.ties(self._target)
        node = function.node
        for _ in range(self.order - 1):
            node = partial(node, by, ties, self.variable)
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

    def _vec(self) -> Form:
        """The mn x pq Jacobian matrix ∂vec(E)/∂vec(X)', or the Hessian by vec(X)."""
        axes = axis_groups(self.tensor.groups)
        by = len(self.environment.name(self._target).groups) * self.order
        own = len(axes) - by
        rows, columns = axes[:own], axes[own:]
        if own == 0 and self.order == 2:
            rows, columns = axes[: by // 2], axes[by // 2 :]
        if len(rows) > 2 or len(columns) > 2:
            raise UnsupportedError(
                f"a derivative of order {self.node.order} has no vec form", hint="ask for the form `index` or `cases`"
            )
        sides = [tuple([k for axis in reversed(side) for k in axis]) for side in (rows, columns)]
        form = self._raising.grouped(self.node, tuple(side for side in sides if side))
        if form is None:
            raise UnsupportedError("this derivative has no Kronecker form", hint="ask for the form `index` or `cases`")
        return transposed(form) if not rows and self.layout == "numerator" else form

    def to_text(self, form: str = "matrix", sizes: Mapping[str, int] | None = None) -> str:
        """The answer in the language, in one of the forms of `FORMS`; `sizes` are for `elements`."""
        if form == "elements":
            return elements_text(self.elements(**(sizes or {})))
        return to_text(self._form_in(form)[0])

    @property
    def text(self) -> str:
        """The answer in the language: matrix notation where there is one, else a tensor by entries."""
        return to_text(self._answer[0])

    @property
    def where(self) -> dict[str, str]:
        """The names that the text introduces, each with its expression, in the order of definition."""
        return {key: to_text(form) for key, form in self._answer[1].items()}

    @property
    def index(self) -> str:
        """The answer by entries, with Kronecker deltas."""
        return self.to_text("index")

    @property
    def cases(self) -> str:
        """The answer by entries, piecewise."""
        return self.to_text("cases")

    def latex(
        self, form: str = "matrix", sizes: Mapping[str, int] | None = None, style: str = "bold", transpose: str = "top"
    ) -> str:
        """The answer as LaTeX, in one of the forms of `FORMS`.

        `style` is "bold", "plain" or "bm" (which needs the package bm), `transpose` "top", "prime" or "T".
        """
        chosen = Style(style, transpose)
        if form == "elements":
            return elements_latex(self.elements(**(sizes or {})))
        return to_latex(self._form_in(form)[0], chosen, self._names_in_use)

    def answer_in(self, form: str = "matrix") -> tuple[Form, dict[str, Form]]:
        """The answer in one of the forms of `FORMS` but "elements", and the names that it introduces, as typed forms."""
        return self._form_in(form)

    def where_latex(self, style: str = "bold", transpose: str = "top") -> dict[str, str]:
        """`where` as LaTeX: the names that the answer introduces, each with its expression."""
        chosen, names = Style(style, transpose), self._names_in_use
        parts = [(Form("name", (), key, kind=form.kind), form) for key, form in self._answer[1].items()]
        return {to_latex(shown, chosen, names): to_latex(form, chosen, names) for shown, form in parts}

    @property
    def _names_in_use(self) -> set[str]:
        """The names of the program and those that the answer introduces."""
        return {*self.program.variables, *self.program.assignments, *self._answer[1]}

    def __repr__(self) -> str:
        return f"<Derivative of {self.expression} by {self.wrt}: {self.text}>"


#: Properties that tie entries.
TIES = frozenset({"symmetric", "skew", "diagonal", "lower", "upper"})


def reshaped(array: Any, groups: Sequence[int]) -> Any:
    """A SymPy array whose consecutive axes are joined as `groups` says."""
    if all(length == 1 for length in groups):
        return array
    shape = array.shape
    return array.reshape(*(prod(shape[k] for k in axes) for axes in axis_groups(groups)))


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
