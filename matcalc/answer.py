"""The answer to one question: a refined node, and its forms in every notation.

Each notation is made from the one node when it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from math import prod
from textwrap import dedent
from typing import Any

from matcalc.assumptions import Facts, facts_of
from matcalc.build import transposed
from matcalc.conventions import conventions
from matcalc.errors import UnknownNameError, UnsupportedError
from matcalc.expr import Apply, Node, is_zero
from matcalc.expr import Derivative as NodeDerivative
from matcalc.form import Form, format_axis, subforms
from matcalc.inference import TypedProgram, VariableInfo
from matcalc.lowering import Environment, lower
from matcalc.naming import Naming, replace_names
from matcalc.notation.cases import cases_form
from matcalc.notation.compound import joined
from matcalc.notation.elements import elements, elements_latex, elements_text
from matcalc.notation.index import index_form, index_names
from matcalc.notation.latex import to_latex
from matcalc.notation.latex_names import Style
from matcalc.notation.text import to_text
from matcalc.parser import Program, nearest
from matcalc.raising import Raising
from matcalc.refine import refine
from matcalc.tensor import Tensor, axis_groups
from matcalc.traversal import postorder
from matcalc.variables import differentiated_form, name_form, spelled, target_of

__all__ = ["FORMS", "Answer"]

#: The notations of an answer.
FORMS = ("matrix", "index", "cases", "vec", "elements")

#: Properties that tie entries.
TIES = frozenset({"symmetric", "skew", "diagonal", "lower", "upper"})


class Answer:
    """The derivative of one expression by names, one after another, as it is read.

    Attributes: `expression` and `wrt` as they were given, `variables` (as many as the order is, equal ones if `wrt` is
    one name), `layout`, `structured`, `program` (typed with the derivative and the variables as its `extra`).
    """

    def __init__(self, program: Program, typed: TypedProgram) -> None:
        self.source = program
        self.program = typed
        self.form, *variables = typed.extra
        self.variables = tuple(variables)
        self.layout = typed.layout
        self.structured = typed.structured
        self.expression = dedent(program.source).strip("\n").rstrip()  # not the first line's indentation alone
        self.wrt = spelled(variables)

    @property
    def order(self) -> int:
        """How many derivatives are taken."""
        return len(self.variables)

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
    def _below(self) -> set[str]:
        """The names that the expression depends on."""
        return self._names_below(self.expression_form)

    @cached_property
    def _occurring(self) -> set[str]:
        """The names in the text of the expression, assigned ones followed; what a variable depends on is not in it."""
        return self._names_below(self.expression_form, arguments=False) | ({*self._targets} - self._below)

    def variables_with(self, others: Sequence[Answer]) -> dict[str, VariableInfo]:
        """The free variables of derivatives of one expression: of this one, and of others."""
        targets = {name for other in others for name in other._targets} - self._below
        known = {name: info for other in others for name, info in other.program.variables.items() if name in targets}
        return self.free_variables | known

    @property
    def expression_form(self) -> Form:
        """The expression that is differentiated."""
        return differentiated_form(self.form, self.order)

    @cached_property
    def value_names(self) -> dict[Node, str]:
        """The names that the program gives to values, by node: as they are written, and as they stand in an answer."""
        found: dict[Node, str] = {}
        for name in self.program.assignments:
            node = self.environment.name(name).node
            found |= {made: name for made in (node, refine(node, self.facts)) if made.operands}
        return found

    @property
    def properties(self) -> dict[str, frozenset[str]]:
        """What is declared of each variable."""
        return {v.name: v.properties for v in self.program.variables.values()}

    @property
    def names_in_use(self) -> frozenset[str]:
        """The names of the program: of variables, assignments and dimensions."""
        return frozenset((*self.program.variables, *self.program.assignments, *self.program.dimensions))

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """What a reader should know: zero answers, conventions at kinks, matrices that must be invertible."""
        notes = []
        missing = [name for name in self._targets if name not in self._names_below(self.expression_form)]
        if missing:
            notes.append(f"`{missing[0]}` does not occur in the expression, so the derivative is zero")
        elif is_zero(self.node):
            notes.append("the derivative is zero")
        if self.structured:
            notes.extend(map(self._ties_note, self._targets))
        notes.extend(conventions(self._forms()))
        for node in postorder(self.node):
            if isinstance(node, Apply) and node.name == "inv":
                argument = self._raising.form(node.operands[0])
                if argument is not None:
                    notes.append(f"{to_text(argument)} is taken to be invertible")
        return tuple(notes)

    def _ties_note(self, target: str) -> str:
        """How the entries of a variable move in a structured derivative."""
        info = self.program.variables.get(target)
        ties = sorted(info.properties & TIES) if info is not None else []
        if not ties:
            return f"`{target}` is not declared with tied entries, so its entries move independently"
        return f"entries of `{target}` that are tied ({', '.join(ties)}) move together"

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

    @property
    def _targets(self) -> tuple[str, ...]:
        """The names of the variables, each once, in order."""
        return tuple(dict.fromkeys(map(target_of, self.variables)))

    @property
    def _counts(self) -> list[int]:
        """How many axes of the node belong to each variable."""
        return [sum(self.environment.name(target_of(variable)).groups) for variable in self.variables]

    @property
    def target(self) -> str:
        """The name by which is differentiated first."""
        return self._targets[0]

    @property
    def columns(self) -> bool:
        """Whether it is first differentiated by the vector of the entries of a matrix, vec(X)."""
        return self.variables[0].head == "call"

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
        """The names with an axis that is made of several dimensions, and how many make each axis."""
        shapes = {v.name: v.shape for v in self.program.variables.values()}
        shapes |= {name: form.shape or () for name, form in self.program.assignments.items()}
        lengths = {name: tuple(map(len, shape)) for name, shape in shapes.items()}
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
        counts = self._counts
        own = self.node.order - sum(counts)
        taken = set(self.program.variables) | set(self.program.assignments) | set(self.program.dimensions)
        named = index_names(own, counts, taken)
        if self.layout == "denominator" and counts == [own] == [1]:
            return named[::-1]
        return named

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

    def _vec(self) -> Form:
        """The mn x pq Jacobian matrix ∂vec(E)/∂vec(X)', or the Hessian by vec(X)."""
        axes = axis_groups(self.tensor.groups)
        by = [len(self.environment.name(target_of(variable)).groups) for variable in self.variables]
        own = len(axes) - sum(by)
        if own == 0 and self.order == 2:
            own = by[0]
        rows, columns = axes[:own], axes[own:]
        if len(rows) > 2 or len(columns) > 2:
            raise UnsupportedError(
                f"a derivative of order {self.node.order} has no vec form", hint="ask for the form `index` or `cases`"
            )
        sides = [tuple([k for axis in reversed(side) for k in axis]) for side in (rows, columns)]
        form = self._raising.grouped(self.node, tuple(side for side in sides if side))
        if form is None:
            raise UnsupportedError("this derivative has no Kronecker form", hint="ask for the form `index` or `cases`")
        return transposed(form) if not rows and self.layout == "numerator" else form

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


def reshaped(array: Any, groups: Sequence[int]) -> Any:
    """A SymPy array whose consecutive axes are joined as `groups` says."""
    if all(length == 1 for length in groups):
        return array
    shape = array.shape
    return array.reshape(*(prod(shape[k] for k in axes) for axes in axis_groups(groups)))
