"""The derivatives of a computation, each an answer of its own: local ones, adjoints and tangents.

    local      ∂c/∂a      of one operation by one operand, the others held
    adjoint    df/dc      of the output by a value: sum over the users u of c of  df/du ∂u/∂c
    tangent    dc/dx      of a value by a variable: sum over the operands o of c of  ∂c/∂o do/dx

An adjoint is written in the adjoints of the values that use it, as symbols: f is an unknown function of those values,
and its derivative is taken.  A tangent is written in those of its operands, which are unknown functions of x.  An
adjoint or a tangent that holds no variable (1, a matrix of ones) stands itself for its symbol.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from matcalc.assumptions import facts_of
from matcalc.backprop.orientation import as_row, with_rows
from matcalc.build import column_kind, transposed
from matcalc.computations.values import Values
from matcalc.differentiate import derivative
from matcalc.expr import Apply, Node, Power, Unknown, Variable, add, identity, product, zero
from matcalc.expr import Derivative as Symbol
from matcalc.form import Form, Shape, name, rewritten
from matcalc.inference import TypedProgram
from matcalc.lowering import Environment
from matcalc.notation.compound import joined
from matcalc.notation.index import index_form, index_names
from matcalc.notation.text import to_text
from matcalc.raising import Raising
from matcalc.refine import refine
from matcalc.tensor import Tensor, axis_groups
from matcalc.traversal import postorder, substitute

__all__ = ["Held", "Rule", "adjoint_rules", "local_rules", "tangent_rules"]


class Held:
    """The values of a computation as variables, with what all answers about them share."""

    def __init__(self, values: Values, typed: TypedProgram) -> None:
        self.values = values
        self.typed = typed
        self.facts = facts_of(typed.variables.values())
        infos = {**{v.name: (v.kind, v.shape) for v in typed.variables.values() if v.kind != "function"}}
        infos |= {word: (str(form.kind), form.shape or ()) for word, form in typed.assignments.items()}
        self.shapes = infos
        self.variables = {word: variable(word, shape) for word, (_, shape) in infos.items()}
        self.environment = Environment(typed, typed.layout, self.variables)
        #: The names that have an axis made of several dimensions, and how many make each axis.
        self.compound = {w: t.groups for w, t in self.variables.items() if any(n != 1 for n in t.groups)}
        self.rows = frozenset(word for word, (kind, _) in infos.items() if kind == "row")
        self.taken = frozenset((*infos, *typed.dimensions))

    @cached_property
    def nodes(self) -> dict[str, Node]:
        """The operation of each value, applied to variables."""
        program = self.typed
        nodes = {word: self.environment.lower(program.assignments[word]).node for word in self.operations}
        return nodes | {v: self.dependent(v) for v in self.values.values if v not in nodes}

    @property
    def operations(self) -> list[str]:
        """The values that the program assigns."""
        return [word for word in self.values.values if word in self.typed.assignments]

    def dependent(self, word: str) -> Node:
        """A variable that depends on others, as an unknown function of them."""
        arguments = self.typed.variables[word].arguments
        return Variable.make(word, self.variables[word].node.shape, [(a, self.variables[a].node) for a in arguments])

    def lower(self, form: Form, meaning: Mapping[str, Tensor]) -> Tensor:
        """What a derivative is where its names mean this."""
        return Environment(self.typed, self.typed.layout, dict(meaning)).lower(form)

    def own_names(self, words: Sequence[str]) -> dict[Node, Node]:
        """The variables of values, but of scalars, by their operations: tanh(z) is h in 1 - h.^2."""
        nodes = {word: self.nodes[word] for word in words}
        named = {w: n for w, n in nodes.items() if n.order and isinstance(n, Apply | Power | Unknown)}
        return {made: self.variables[w].node for w, n in named.items() for made in (n, refine(n, self.facts))}


def variable(word: str, shape: Sequence[Sequence[int | str]]) -> Tensor:
    """A variable of a shape."""
    return Tensor(Variable.make(word, tuple(d for axis in shape for d in axis)), tuple(map(len, shape)))


class Rule:
    """One derivative of held values: `form` says what it is (its kind and shape), `tensor` what it comes to.

    `names` are the variables that stand for values which the tensor holds.
    """

    def __init__(self, held: Held, form: Form, tensor: Tensor, names: Mapping[Node, Node]) -> None:
        self.held = held
        self.form = form
        self.tensor = Tensor(substitute(refine(tensor.node, held.facts), dict(names)), tensor.groups)

    @property
    def node(self) -> Node:
        """The derivative as a core node, its axes in the order of its entries."""
        return self.tensor.node

    @property
    def shape(self) -> Shape:
        """The axes of the derivative."""
        return self.form.shape or ()

    @cached_property
    def answer(self) -> Form:
        """The derivative in matrix notation, or by entries where there is none."""
        raising = Raising(self.held.facts, self.held.typed.layout, compound=frozenset(self.held.compound))
        made = raising.grouped(self.node, axis_groups(self.tensor.groups)) if self.form.kind != "tensor" else None
        if isinstance(self.node, Variable) and self.tensor.groups == self.held.variables[self.node.name].groups:
            made = name(self.node.name, column_kind(len(self.shape)), self.shape)
        if made is None:
            made = index_form(self.node, index_names(self.node.order, [], self.held.taken), raising.form)
            made = joined(made, self.tensor.groups, self.held.compound, self.shape)
        oriented = as_row(made) if self.form.kind == "row" else made
        return rewritten(with_rows(oriented, self.held.rows), plain_symbol) if self.held.rows else oriented

    @property
    def text(self) -> str:
        """The derivative in the language; an adjoint in it is d(f)/d(c), a tangent d(c)/d(x)."""
        return to_text(self.answer)

    @property
    def is_constant(self) -> bool:
        """Whether no variable is in it."""
        return not any(isinstance(part, Variable | Symbol | Unknown) for part in postorder(self.node))


def plain_symbol(form: Form) -> Form:
    """A derivative of a row, or by one, that was turned: it is of the row; one of a row by a scalar is a row."""
    if form.head == "transpose" and form.args[0].head == "transpose":
        return form.args[0].args[0]
    if form.head != "derivative" or all(arg.head != "transpose" for arg in form.args):
        return form
    function, by = [arg.args[0] if arg.head == "transpose" else arg for arg in form.args]
    if function.kind == "row" and by.kind == "scalar":
        return transposed(Form(form.head, (function, by), form.value, kind="row", shape=form.shape))
    return Form(form.head, (function, by), form.value, kind=form.kind, shape=form.shape)


# ---- Local derivatives ----------------------------------------------------------------------------------------------


def local_rules(held: Held, forms: Mapping[tuple[str, str], Form]) -> dict[tuple[str, str], Rule]:
    """∂value/∂operand for each pair, by the derivatives `forms` of operations."""
    return {pair: local_rule(held, pair[0], form) for pair, form in forms.items()}


def local_rule(held: Held, value: str, form: Form) -> Rule:
    """The derivative of one operation by one of its operands."""
    operation, operand = Tensor(held.nodes[value], held.variables[value].groups), str(form.args[1].value)
    return Rule(held, form, held.lower(form, {value: operation, operand: held.variables[operand]}), held.own_names([value]))


# ---- Adjoints -------------------------------------------------------------------------------------------------------


def adjoint_rules(held: Held, forms: Mapping[str, Form]) -> dict[str, Rule]:
    """df/dv for each moving value v but the output f, the last one first, then for the targets, by derivatives `forms`."""
    values = held.values
    users = values.users()
    output = held.variables[values.output]
    rules: dict[str, Rule] = {}
    known: dict[str, Node] = {values.output: identity(output.node.shape)}
    for word, form in forms.items():
        function = Tensor(seen_from(held, [u for u in users[word] if u in values.moving], known), output.groups)
        tensor = held.lower(form, {values.output: function, word: held.variables[word]})
        rules[word] = rule = Rule(held, form, tensor, held.own_names(users[word]))
        if rule.is_constant:
            known[word] = derivative(function.node, held.variables[word].node)
    return rules


def seen_from(held: Held, users: Sequence[str], known: Mapping[str, Node]) -> Node:
    """The output as a function of some values: what its adjoint is known of enters linearly, for the rest it is unknown."""
    shape = held.variables[held.values.output].node.shape
    axes: list[object] = [("f", k) for k in range(len(shape))]
    terms = []
    for user in users:
        if user in known:
            own: list[object] = [("u", k) for k in range(held.nodes[user].order)]
            terms.append(product(1, [(known[user], [*axes, *own]), (held.nodes[user], own)], axes))
    unknown = [(user, held.nodes[user]) for user in users if user not in known]
    if unknown:
        terms.append(Variable.make(held.values.output, shape, unknown))
    return add(terms) if terms else zero(shape)


# ---- Tangents -------------------------------------------------------------------------------------------------------


def tangent_rules(held: Held, target: str, forms: Mapping[str, Form]) -> dict[str, Rule]:
    """dv/dx for each value v that moves with the target x, in order, by derivatives `forms`."""
    by = held.variables[target]
    moving: dict[str, Node] = {target: by.node}
    known: dict[Node, Node] = {}
    rules: dict[str, Rule] = {}
    for word, form in forms.items():
        groups = held.variables[word].groups
        swapped = {held.variables[o].node: moving[o] for o in held.values.values[word].operands if o in moving}
        function = Tensor(substitute(held.nodes[word], swapped), groups)
        made = held.lower(form, {word: function, target: by})
        named = {substitute(node, swapped): own for node, own in held.own_names([word]).items()}
        rules[word] = rule = Rule(held, form, Tensor(substitute(made.node, known), made.groups), named)
        moving[word] = Variable.make(word, function.node.shape, [(target, by.node)])
        if rule.is_constant:
            known[Symbol.make(moving[word], (0,))] = substitute(derivative(function.node, by.node), known)
    return rules
