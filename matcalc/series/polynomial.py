"""Taylor polynomials: T(x) = f(x0) + Df(x0)[δ] + D²f(x0)[δ, δ]/2 + .. + D^K f(x0)[δ, .., δ]/K!, with δ = x - x0."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from matcalc.codegen import TARGETS, Function, Manner, compile_function, generate_module, parameters_of
from matcalc.conventions import AT_KINKS, conventions, entrywise
from matcalc.errors import UnknownNameError
from matcalc.expr import Node, Variable, add, is_zero
from matcalc.form import Form, format_axis, subforms
from matcalc.notation.latex import to_latex
from matcalc.notation.latex_names import Style
from matcalc.notation.text import to_text
from matcalc.parser import nearest
from matcalc.refine import refine
from matcalc.series.question import Expanded, reached
from matcalc.series.remainder import Remainder, remainder_of
from matcalc.series.terms import Terms
from matcalc.series.writing import LONG, Writing
from matcalc.tensor import Tensor

__all__ = ["Taylor", "Term"]

#: What the derivative of an order is called, by how many axes the expression has: gradient, Hessian, Jacobian.
LETTERS = {(0, 1): "g", (0, 2): "H", (1, 1): "J"}


@dataclass(frozen=True)
class Term:
    """The term of one order, D^k f(x0)[δ, .., δ]/k!: what it is as a node and as it is read."""

    order: int
    node: Node
    form: Form
    latex: str

    @property
    def text(self) -> str:
        """The term in the language."""
        return to_text(self.form)

    @property
    def is_zero(self) -> bool:
        """Whether it is 0 as it stands."""
        return is_zero(self.node)


class Taylor:
    """The Taylor polynomial of an expression by one variable at a point.

    Attributes: `expression`, `wrt` and `at` as they are printed, `order`.  The polynomial is written in `delta`, which
    is the variable minus the point, and in the variable itself where the point is 0.
    """

    def __init__(self, question: Expanded, order: int) -> None:
        self.question = question
        self.order = order
        self.expression = question.source.source.strip()
        self.wrt = question.name
        self.at = to_text(question.point)
        self._terms = Terms(question)

    # ---- What it is.

    @cached_property
    def nodes(self) -> list[Node]:
        """The terms as core nodes, from order 0 on."""
        return [self._terms.term(k) for k in range(self.order + 1)]

    @cached_property
    def node(self) -> Node:
        """The polynomial as a core node."""
        return refine(add(self.nodes), self.question.facts)

    @property
    def direction(self) -> str:
        """The name in which the polynomial is written: `delta`, or the variable where the point is 0."""
        return self.question.direction.name

    @property
    def shape(self) -> tuple[str, ...]:
        """The dimensions of the polynomial, which are those of the expression."""
        return tuple(format_axis(axis) for axis in self.question.output.shape or ())

    @property
    def declarations(self) -> tuple[str, ...]:
        """Everything that is assumed of the variables, given and inferred, as declarations."""
        return self.question.program.declarations()

    # ---- How it reads.

    @cached_property
    def _kept(self) -> list[int]:
        """The orders of the terms that are not 0."""
        return [k for k, node in enumerate(self.nodes) if not is_zero(node)] or [0]

    @cached_property
    def _factors(self) -> dict[int, Node]:
        """Gradients, Jacobians, Hessians: what the terms have beside δ, where that has matrix notation."""
        found = {k: self._terms.factor(k) for k in self._kept}
        return {k: factor for k, factor in found.items() if factor is not None}

    @cached_property
    def _written(self) -> tuple[list[Form], dict[str, Form]]:
        """The forms of the terms that are not 0, and the names that they need: more of them if the text is long."""
        forms, named = self._plain
        return (forms, named) if len(to_text(self._sum(forms))) <= LONG else self._brief

    @property
    def _plain(self) -> tuple[list[Form], dict[str, Form]]:
        factors = self._factors
        nodes = [self._terms.contracted(k, factors[k]) if k in factors else self.nodes[k] for k in self._kept]
        writing = Writing(self.question, nodes)
        return writing.settled(writing.sum(nodes))

    @property
    def _brief(self) -> tuple[list[Form], dict[str, Form]]:
        """The same with g, J and H for gradient, Jacobian and Hessian: f(x0) + g'δ + δ'Hδ/2."""
        own, by, factors = self.question.function.node.order, self.question.variable.node.order, self._factors
        writing = Writing(self.question, [factors.get(k, self.nodes[k]) for k in self._kept], brief=True)
        parts = {k: writing.raising.form(factor) for k, factor in factors.items() if by == 1}
        shown = {k: form for k, form in parts.items() if form is not None and form.head != "name"}
        names = {k: Variable.make(writing.new_name(LETTERS[own, k]), factors[k].shape) for k in shown}
        heads = factors | names
        nodes = [self._terms.contracted(k, heads[k]) if k in heads else self.nodes[k] for k in self._kept]
        forms, named = writing.settled([*writing.sum(nodes), *shown.values()])
        count = len(self._kept)
        return forms[:count], named | {names[k].name: form for k, form in zip(shown, forms[count:], strict=True)}

    def _sum(self, forms: Sequence[Form]) -> Form:
        """The terms as one form."""
        if len(forms) == 1:
            return forms[0]
        output = self.question.output
        parts = [part for form in forms for part in (form.args if form.head == "add" else (form,))]
        return Form("add", tuple(parts), kind=output.kind, shape=output.shape)

    @property
    def form(self) -> Form:
        """The polynomial as it is read."""
        return self._sum(self._written[0])

    @property
    def text(self) -> str:
        """The polynomial in the language; with `where` it is an expression of the variable that can be read back."""
        return to_text(self.form)

    @cached_property
    def _definitions(self) -> dict[str, Form]:
        """The names that the polynomial introduces, delta first, each with what it stands for."""
        question, made = self.question, dict(self._written[1])
        if question.at_zero or question.moves:
            return made
        shape, kind = question.direction.shape, question.direction.kind
        variable = Form("name", (), self.wrt, kind=kind, shape=shape)
        return {self.direction: Form("add", (variable, minus(question.point)), kind=kind, shape=shape), **made}

    @property
    def where(self) -> dict[str, str]:
        """The names that the text introduces, each with its expression: `delta`, and parts that occur twice."""
        return {name: to_text(form) for name, form in self._definitions.items()}

    @cached_property
    def terms(self) -> tuple[Term, ...]:
        """The terms from order 0 to the order of the polynomial, zero ones too."""
        forms, zeros = dict(zip(self._kept, self._written[0], strict=True)), Writing(self.question, self.nodes)
        made, style = [], Style("bold", "top")
        for k, node in enumerate(self.nodes):
            form = forms.get(k) or zeros.form_of(node)
            made.append(Term(k, node, form, to_latex(form, style, self._names)))
        return tuple(made)

    @cached_property
    def tensors(self) -> tuple[str, ...]:
        """The derivatives D f(x0), D²f(x0), .. up to the order, as text: axes of the expression, then of the variable."""
        found = list(self._terms.tensors(self.order))
        output, by = self.question.output, self.question.variable
        writing = Writing(self.question, [tensor.node for tensor in found]) if found else None
        texts = []
        for k, tensor in enumerate(found, 1):
            count = len(tensor.groups)
            axes = (output.shape or ()) + (self.question.direction.shape * k)
            kind = str(output.kind) if count == len(output.shape or ()) else KINDS.get(count, "tensor")
            kind = "row" if kind == "column" and not output.shape and self.question.program.layout == "numerator" else kind
            assert writing is not None
            form = writing.form(tensor, kind, axes, [by.node.order] * k)
            texts.append(to_text(writing.unnamed(form)))
        return tuple(texts)

    def latex(self, style: str = "bold", transpose: str = "top") -> str:
        """The polynomial as LaTeX; `style` is "bold", "plain" or "bm", `transpose` "top", "prime" or "T"."""
        return to_latex(self.form, Style(style, transpose), self._names)

    def where_latex(self, style: str = "bold", transpose: str = "top") -> dict[str, str]:
        """`where` as LaTeX."""
        chosen = Style(style, transpose)
        parts = [(Form("name", (), name, kind=form.kind), form) for name, form in self._definitions.items()]
        return {to_latex(shown, chosen, self._names): to_latex(form, chosen, self._names) for shown, form in parts}

    @property
    def _names(self) -> set[str]:
        return {*self.question.taken, *self._definitions}

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """What a reader should know: kinks, and where the point is on the edge of where the expression is defined."""
        program, values = self.question.program, self._terms.values
        self.nodes  # what is found on the way  # noqa: B018
        forms = [part for form in (self.question.output, *program.assignments.values()) for part in subforms(form)]
        notes = list(entrywise(forms) if values.kinks else conventions(forms))
        if self.wrt not in {part.value for part in reached(self.question.output, program.assignments)}:
            notes.append(f"`{self.wrt}` does not occur in the expression, so that is the polynomial")
        if values.kinks:
            names = ", ".join(sorted(values.kinks))
            notes.append(f"the point is at a kink of {names} ({AT_KINKS}): around it the polynomial is no approximation")
        if values.at_boundary:
            notes.append("a fractional power of 0 occurs at the point, so derivatives may be one-sided there")
        return tuple(dict.fromkeys(notes))

    @cached_property
    def remainder(self) -> Remainder:
        """What the polynomial leaves out: its order, its first term, and Lagrange's form for a scalar of a scalar."""
        return remainder_of(self.question, self._terms, self.order)

    # ---- Code.

    def numpy(self) -> str:
        """The source of a NumPy module whose function `taylor` evaluates the polynomial; see `code`."""
        return self.code()

    def code(self, target: str = "numpy", *, sizes: Mapping[str, int] | None = None) -> str:
        """The source of a module for a target: "numpy", "jax", "torch", "array-api" or "sympy".

        Its function `taylor(.., delta)` takes the variables of the expression and of the point in alphabetical order,
        but for the one that is expanded by, and the step from the point last: `delta`, which is called as the variable
        is where the point is 0.  It returns an array of the shape of the expression.  Raises MatcalcError.
        """
        if target not in TARGETS:
            near = nearest(str(target), tuple(TARGETS))
            hint = f"did you mean `{near}`?" if near else f"one of {', '.join(TARGETS)}"
            raise UnknownNameError(f"there is no target `{target}`", hint=hint)
        infos = self.question.infos
        found = parameters_of([self.node], infos, TARGETS[target])
        parameters = sorted(found, key=lambda parameter: parameter.name == self.direction)
        result = {"taylor": Tensor(self.node, self.question.function.groups)}
        function = Function("taylor", result, parameters, what="the Taylor polynomial")
        manner = Manner(TARGETS[target], sizes or {}, self.question.facts)
        return generate_module([function], manner, docstring=self._docstring)

    def function(self) -> Callable[..., Any]:
        """The emitted function `taylor`, ready to call."""
        return compile_function(self.code(), "taylor")  # type: ignore[arg-type]

    @property
    def _docstring(self) -> str:
        lines = [f"Taylor polynomial of order {self.order} by {self.wrt} at {self.at} of", ""]
        lines += [f"    {line.strip()}" for line in self.expression.splitlines() if line.strip()]
        lines += ["", "which is", "", f"    {self.text}", *(f"    where {key} = {text}" for key, text in self.where.items())]
        step = self.question.direction
        tied = [str(step)] if step.properties and step.name not in self.question.program.variables else []
        return "\n".join([*lines, "", f"with {'; '.join([*self.declarations, *tied])}"])

    def to_json(self, *, tensors: bool = False) -> dict[str, Any]:
        """The polynomial as an object of JSON, on demand with the derivative tensors."""
        made: dict[str, Any] = {
            "expression": self.expression,
            "wrt": self.wrt,
            "at": self.at,
            "order": self.order,
            "declarations": list(self.declarations),
            "shape": list(self.shape),
            "text": self.text,
            "where": self.where,
            "latex": self.latex(),
            "terms": [{"order": term.order, "text": term.text, "latex": term.latex} for term in self.terms],
            "remainder": self.remainder.to_json(),
            "numpy": self.numpy(),
            "notes": list(self.notes),
        }
        return {**made, "tensors": list(self.tensors)} if tensors else made

    def __repr__(self) -> str:
        return f"<Taylor polynomial of {self.expression} by {self.wrt} at {self.at}: {self.text}>"


def minus(point: Form) -> Form:
    """The point with the other sign."""
    if point.head == "neg":
        return point.args[0]
    return Form("neg", (point,), kind=point.kind, shape=point.shape)


#: The kinds of values with so many axes.
KINDS = {0: "scalar", 1: "column", 2: "matrix"}
