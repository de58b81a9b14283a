"""Raising: from a core node back to the matrix notation that people read.

The contraction graph of a product has an index as a vertex, a matrix as an edge, a vector as a weight of a vertex.  It is
reduced: a summed vertex with one edge is a matrix-vector product, with two edges a matrix product (with `diag` of its
weight between them), with none an inner product; parallel edges are a Hadamard product; a loop is a diagonal or a
trace.  What is left hangs on the result's own indices: a scalar, a column, a matrix, or, for grouped axes, Kronecker
factors, with the commutation matrix where their columns cross.  What does not reduce has no matrix form: the answer
is None, never a guess.

Sums are factored: an equal coefficient or scalar first, then a common left factor, then a right one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction

from matcalc.assumptions import Facts
from matcalc.build import call, column_kind, eye, quotient, total, transposed, zeros_form
from matcalc.expr import (
    Add,
    Apply,
    Constant,
    Delta,
    Derivative,
    Node,
    Number,
    Power,
    Product,
    Size,
    Unknown,
    Variable,
    is_zero,
)
from matcalc.factoring import factored
from matcalc.form import Form, Shape, name, number
from matcalc.reduction import Factor, Groups, NoMatrixForm, Term, reduce, single
from matcalc.traversal import postorder

__all__ = ["Raising"]

class Raising:
    """The matrix forms of the nodes of one result.

    `layout` says what d(L)/d(y) of an unknown function stands for; `name_for(node, form)` may give a node a name, by
    which it is then called; `compound` holds variables that have an axis made of several dimensions.
    """

    def __init__(
        self,
        facts: Facts,
        layout: str,
        name_for: Callable[[Node, Form], str | None] = lambda node, form: None,
        compound: frozenset[str] = frozenset(),
    ) -> None:
        self.facts = facts
        self.layout = layout
        self.name_for = name_for
        self.compound = compound
        #: The definitions of the names that were given, in the order in which they were needed.
        self.named: dict[str, Form] = {}
        self._terms: dict[Node, Term | None] = {}
        self._forms: dict[Node, Form | None] = {}

    def form(self, node: Node) -> Form | None:
        """The scalar, column or matrix form of a node of at most two axes; None if it has none."""
        if node in self._forms:
            return self._forms[node]
        for below in postorder(node):
            if below not in self._forms:
                self._forms[below] = self._form(below)
        return self._forms[node]

    def term(self, node: Node) -> Term | None:
        """The unnamed form of a node as a term of a sum."""
        self.form(node)
        return self._terms.get(node)

    def grouped(self, node: Node, groups: Groups) -> Form | None:
        """The form of a node whose axes are joined to the axes of a column (one group) or matrix (two groups)."""
        if len(groups) == node.order and len(groups) <= 2 and groups == ((0,), (1,))[: len(groups)]:
            return self.form(node)
        if is_zero(node):
            return zeros_form(tuple([tuple([node.shape[k] for k in group]) for group in groups]))
        for operand in (node, *node.operands):
            self.form(operand)
        try:
            terms = [self._grouped_term(n, groups) for n in (node.operands if isinstance(node, Add) else (node,))]
        except NoMatrixForm:
            return None
        return factored(terms).form()

    def _grouped_term(self, node: Node, groups: Groups) -> Term:
        if isinstance(node, Product):
            for operand in node.operands:
                self.form(operand)
            return self.reduced(node, groups)
        form = self._forms[node]
        if form is None:
            raise NoMatrixForm
        labels = tuple(range(node.order))
        return reduce([Factor(form, labels)], dict(enumerate(node.shape)), groups, Fraction(1))

    def reduced(self, node: Product, groups: Groups, ignore: int | None = None) -> Term:
        """The term of a product whose result has these groups of axes (and an axis of ones that is ignored)."""
        factors = []
        coefficient = node.coefficient
        for operand, labels in node.factors:
            term = self.shown_term(operand) if isinstance(operand, Add | Product) else None
            if term is not None:
                coefficient *= term.coefficient
                factors += [Factor(form, ()) for form in term.above] + [Factor(form, (), True) for form in term.below]
                factors.append(Factor(self.chain_form(operand, term), labels))
                continue
            form, inverse = factor_form(self, operand)
            if form is None:
                raise NoMatrixForm
            factors.append(Factor(form, labels, inverse))
        dimensions = node.dimensions()
        if ignore is not None:
            del dimensions[ignore]
        return reduce(factors, dimensions, groups, coefficient)

    def chain_form(self, node: Node, term: Term) -> Form:
        """The matrices and vectors of a term, without its number and scalars."""
        form = replace(term, coefficient=Fraction(1), above=(), below=()).form()
        if node.order == 2 and not form.symmetric:
            form.symmetric = self.facts.symmetric(node)
        return form

    # One node, its operands being raised.

    def _form(self, node: Node) -> Form | None:
        if node.order > 2:
            return None
        term = self._term(node)
        self._terms[node] = term
        if term is None:
            return None
        form = term.form()
        if node.order == 2 and not form.symmetric:
            form.symmetric = self.facts.symmetric(node)
        given = self.name_for(node, form)
        if given is None:
            return form
        self.named.setdefault(given, form)
        shown = name(given, form.kind, form.shape)
        shown.symmetric = form.symmetric
        return shown

    def _term(self, node: Node) -> Term | None:
        if isinstance(node, Product):
            if is_zero(node):
                return Term(Fraction(1), (), (), (zeros_form(plain_shape(node)),), column_kind(node.order), plain_shape(node))
            try:
                return self.reduced(node, plain_groups(node))
            except NoMatrixForm:
                return None
        if isinstance(node, Add):
            return self._sum(node)
        if isinstance(node, Number):
            return Term(node.value, (), (), (), "scalar", ())
        form = self._function_form(node)
        if form is None:
            return None
        form.symmetric = node.order == 2 and self.facts.symmetric(node)
        return single(form)

    def _function_form(self, node: Node) -> Form | None:
        shape = plain_shape(node)
        kind = column_kind(node.order)
        if isinstance(node, Size):
            return name(node.dimension, "scalar", ())
        if isinstance(node, Constant):
            return name(node.name, "scalar", ())
        if isinstance(node, Delta):
            return eye(shape[0])
        if isinstance(node, Variable):
            return None if node.name in self.compound else name(node.name, kind, shape)
        if isinstance(node, Derivative):
            return self.derivative_form(node)
        forms = [self._argument(o) for o in node.operands]
        if any(f is None for f in forms):
            return None
        arguments = [f for f in forms if f is not None]
        if isinstance(node, Power):
            return power_form(node, arguments[0], self._squared(node.operands[0]))
        if isinstance(node, Unknown):
            return Form("unknown", (arguments[0],), (node.name, node.derivative_order), kind=kind, shape=shape)
        assert isinstance(node, Apply)
        if node.groups is None:
            if node.name == "pow":
                head = "power" if node.order == 0 else "elpower"
                return Form(head, tuple(arguments), kind=kind, shape=shape)
            return call(node.name, *arguments, kind=kind, shape=shape)
        own = self._forms[node.operands[0]]
        return None if own is None else self._matrix_function(node, own, kind, shape)

    def _argument(self, node: Node) -> Form | None:
        """The form of an argument; a scalar that is expanded over all axes is written as the scalar."""
        return broadcast_scalar(self, node) or self._forms[node]

    def _matrix_function(self, node: Apply, argument: Form, kind: str, shape: Shape) -> Form | None:
        groups = node.groups or ()
        if all(n == 1 for n in groups) and node.rows + len(groups) <= 2:
            return call(node.name, argument, kind=kind, shape=shape)
        if groups == (2,) and node.rows == 0:
            if node.name == "logsumexp":
                axis = ((argument.shape or ())[1] + (argument.shape or ())[0],)
                return call(node.name, call("vec", argument, kind="column", shape=axis), kind=kind, shape=shape)
            if node.name == "softmax":
                exponential = call("exp", argument, kind=kind, shape=shape)
                return quotient(exponential, call("sum", exponential, kind="scalar", shape=()))
        return None

    def _squared(self, node: Node) -> Form | None:
        """The form of u if the node is the sum of the squares of u's entries."""
        if isinstance(node, Product) and node.order == 0 and node.coefficient == 1:
            operands, labels = node.operands, node.labels
            if len(operands) == 2 and operands[0] is operands[1] and labels[0] == labels[1]:
                base = operands[0]
            elif len(operands) == 1 and isinstance(operands[0], Power) and operands[0].exponent == 2:
                base = operands[0].operands[0]
                self.form(base)
            else:
                return None
            if len(set(labels[0])) == len(labels[0]) == base.order > 0:
                return self._forms.get(base)
        return None

    def _sum(self, node: Add) -> Term | None:
        """A sum, with expanded scalars, rows and columns written without their ones."""
        terms: list[Term] = []
        expanded: list[Form] = []
        identity = any(isinstance(o, Delta) for o in node.operands)
        for operand in node.operands:
            form = broadcast_scalar(self, operand) or (None if identity else broadcast_vector(self, operand))
            if form is not None:
                expanded.append(form)
                continue
            term = self.shown_term(operand)
            if term is None:
                return None
            terms.append(term)
        if not terms:
            # Nothing in the sum has the full shape, so the ones are written out.
            found = [self._terms.get(operand) for operand in node.operands]
            return factored([t for t in found if t is not None]) if None not in found else None
        if not expanded:
            return factored(terms)
        body = factored(terms).form()
        leads = self._terms.get(node.operands[0]) is None or broadcast_scalar(self, node.operands[0]) is not None
        made = total([*expanded, body] if leads else [body, *expanded])
        return single(Form("add", made.args, kind=body.kind, shape=body.shape) if made.head == "add" else made)

    def shown_term(self, node: Node) -> Term | None:
        """The node as a term; by its name if it has got one."""
        form = self._forms[node]
        if form is not None and form.head == "name":
            return single(form)
        return self._terms.get(node)

    def derivative_form(self, node: Derivative) -> Form | None:
        """The symbol d(L)/d(Y) as a column or matrix, whatever the layout makes of it."""
        variable = node.operands[0]
        assert isinstance(variable, Variable)
        orders = [variable.operands[p].order for p in node.positions]
        names = [variable.argument_names[p] for p in node.positions]
        if self.compound.intersection((variable.name, *names)):
            return None
        shape = plain_shape(node)
        base = name(variable.name, column_kind(variable.order), plain_shape(variable))
        wrt = [name(n, column_kind(o)) for n, o in zip(names, orders, strict=True)]
        if len(orders) == 2 and names[0] == names[1] and variable.order == 0 and orders[0] == 1:
            return Form("derivative", (base, wrt[0]), "hessian", kind="matrix", shape=shape)
        if sum(o > 0 for o in orders) > 1 or node.order > 2:
            return None
        form = base
        kind, own = base.kind or "", variable.order
        for by, order in sorted(zip(wrt, orders, strict=True), key=lambda item: item[1]):
            if own + order == 2 and own == 1 and self.layout == "denominator":
                made = Form("derivative", (form, by), "d", kind="matrix", shape=shape[::-1])
                return transposed(made)
            own += order
            kind = column_kind(own) if order != 1 or own != 1 else ("row" if self.layout == "numerator" else "column")
            form = Form("derivative", (form, by), "d", kind=kind, shape=shape)
        return transposed(form) if kind == "row" else form


def plain_shape(node: Node) -> Shape:
    """The shape of a node whose every axis is an axis of its form."""
    return tuple((d,) for d in node.shape)


def plain_groups(node: Node) -> Groups:
    """Every axis on its own."""
    return tuple((k,) for k in range(node.order))


def broadcast_scalar(raising: Raising, node: Node) -> Form | None:
    """The scalar form of a node that is a scalar expanded over all its axes."""
    if isinstance(node, Product) and node.order > 0 and all(o.order == 0 for o in node.operands):
        forms = [raising._forms.get(o) for o in node.operands]
        if None not in forms:
            above, below = split_scalars(raising, list(node.operands))
            return Term(node.coefficient, tuple(above), tuple(below), (), "scalar", ()).form()
    return None


def broadcast_vector(raising: Raising, node: Node) -> Form | None:
    """The row or column form of a matrix that is a vector expanded over rows or columns."""
    if isinstance(node, Product) and node.order == 2:
        labels = {label for place in node.labels for label in place}
        for axis in (0, 1):
            if axis in labels and 1 - axis not in labels:
                try:
                    term = raising.reduced(node, ((axis,),), ignore=1 - axis)
                except NoMatrixForm:
                    return None
                return term.form() if axis == 0 else transposed(term.form())
    return None


def power_form(node: Power, base: Form, squared: Form | None) -> Form:
    """u^p: a norm where u is a sum of squares and p a half, a quotient where p is negative."""
    exponent = node.exponent
    kind, shape = base.kind or "", base.shape or ()
    if exponent < 0:
        below = positive_power(base, -exponent, squared)
        if kind == "scalar":
            return quotient(number(1), below)
        return Form("rdiv", (number(1), below), kind=kind, shape=shape)
    return positive_power(base, exponent, squared)


def positive_power(base: Form, exponent: Fraction, squared: Form | None) -> Form:
    """u^p for p > 0."""
    kind, shape = base.kind or "", base.shape or ()
    if squared is not None and (exponent.denominator == 2 or exponent.denominator == 1):
        norm = call("norm2", squared, kind="scalar", shape=())
        power = 2 * exponent
        return norm if power == 1 else Form("power", (norm, number(power)), kind="scalar", shape=())
    if exponent == Fraction(1, 2):
        return call("sqrt", base, kind=kind, shape=shape)
    if exponent == 1:
        return base
    return Form("power" if kind == "scalar" else "elpower", (base, number(exponent)), kind=kind, shape=shape)


def split_scalars(raising: Raising, nodes: Sequence[Node]) -> tuple[list[Form], list[Form]]:
    """Scalar factors above and below the fraction bar."""
    above: list[Form] = []
    below: list[Form] = []
    for node in nodes:
        form, inverse = factor_form(raising, node)
        if form is None:
            raise NoMatrixForm
        (below if inverse else above).append(form)
    return above, below


def factor_form(raising: Raising, node: Node) -> tuple[Form | None, bool]:
    """The form of a factor, and whether the factor is one over that form."""
    if isinstance(node, Power) and node.exponent < 0:
        base = raising._argument(node.operands[0])
        if base is None:
            return None, False
        return positive_power(base, -node.exponent, raising._squared(node.operands[0])), True
    return raising._forms.get(node), False
