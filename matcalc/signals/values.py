"""The values of a program between some variables and the output, and what passes back between them.

Every assigned value on the way carries a signal, the gradient of the output by it; an activation, a value that is a
function of another one entry by entry or row by row, as relu(z) and softmax(z) are, carries none of its own, as in
textbooks.  A gradient is made of the signals of the values that use it: where u = f(v, ..), the gradient of
<delta_u, f(v, ..)> by v, which is what reverse mode adds to the adjoint of v.  All of it is linear in the program.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cached_property

from matcalc.assumptions import Facts
from matcalc.differentiate import derivative
from matcalc.expr import Apply, Node, Unknown, Variable, add, product, zero
from matcalc.expr import Derivative as Symbol
from matcalc.form import Form, subforms
from matcalc.inference import TypedProgram
from matcalc.lowering import Environment
from matcalc.raising import Raising
from matcalc.refine import refine
from matcalc.signals.naming import signal_names
from matcalc.signals.parting import is_mapping, is_probability
from matcalc.signals.setting import names_of
from matcalc.traversal import postorder

__all__ = ["Values", "plain_names", "takes_derivatives"]

#: Kinds of values whose names can stand in forms that are made of nodes.
PLAIN = frozenset({"scalar", "column", "matrix"})


def plain_names(program: TypedProgram, environment: Environment, kinds: frozenset[str] = PLAIN) -> list[str]:
    """The assigned names of some kinds (a scalar, a column, a matrix) of simple axes, as their nodes have them."""
    return [n for n, form in program.assignments.items() if form.kind in kinds and is_simple(environment, n)]


def takes_derivatives(program: TypedProgram, output: Form) -> bool:
    """Whether a program differentiates: a value that one of its derivatives lets move cannot be held as a variable."""
    return any(part.head == "derivative" for form in (output, *program.assignments.values()) for part in subforms(form))


def is_simple(environment: Environment, name: str) -> bool:
    """Whether each axis of a value is one axis of its node."""
    return all(length == 1 for length in environment.name(name).groups)


class Values:
    """The values on the way from some variables to a scalar output.

    `targets` are the names to differentiate by, declared or assigned; an assigned one is a variable to what uses it.
    The program takes no derivatives itself (`takes_derivatives`).
    Values with compound axes are read through, and so are rows unless `rows`.  A value whose signal is the symbol of an
    unknown loss, d(L)/d(Y), needs no name for it if `symbols`: the symbol stands for the signal.
    """

    def __init__(
        self,
        program: TypedProgram,
        environment: Environment,
        output: Form,
        targets: Sequence[str],
        *,
        rows: bool = False,
        symbols: bool = False,
    ) -> None:
        self.program = program
        self.outer = environment
        self.output = output
        self.targets = list(targets)
        self.moving = self._moving()
        self.plain = plain_names(program, environment, PLAIN | {"row"} if rows else PLAIN)
        #: The values with signals, the last one first.
        self.carriers = [n for n in reversed(self.plain) if n in self.moving and not self._is_activation(n)]
        #: Those whose signal is a symbol and has no name, with it.
        self.symbols: dict[str, Node] = {}
        if symbols:
            self.symbols = {n: node for n in self.carriers if isinstance(node := self._direct(n), Symbol)}
        #: The name of the signal of each value.
        named = [n for n in self.carriers if n not in self.symbols]
        self.names = dict(zip(named, signal_names(named, names_of(program)), strict=True))

    def _moving(self) -> set[str]:
        """The assigned names that depend on a target and on which the output depends; the output itself only as a target."""
        names = list(self.program.assignments)
        moving: set[str] = set(self.targets)
        later: set[str] = set()
        for name in names:
            if moving & self.names_in(self.program.assignments[name]):
                moving.add(name)
                later.add(name)
        wanted = self.names_in(self.output) | {str(self.output.value)}
        if self.output.head == "name":
            wanted |= self.names_in(self.program.assignments.get(self.output.value, self.output))
        for name in reversed(names):
            if name in wanted:
                wanted |= self.names_in(self.program.assignments[name])
        return (later & wanted) - ({str(self.output.value)} - set(self.targets))

    def names_in(self, form: Form) -> set[str]:
        """The names in a form, and what its variables depend on."""
        found = {str(part.value) for part in subforms(form) if part.head == "name"}
        for name in sorted(found & self._dependent):
            found.update(self.program.variables[name].arguments)
        return found

    @cached_property
    def _dependent(self) -> set[str]:
        """The variables that depend on others."""
        return {name for name, info in self.program.variables.items() if info.arguments}

    def _is_activation(self, name: str) -> bool:
        """Whether a value is a function of another assigned one, entry by entry or row by row, or another name.

        So is a probability of a target, as logarithms of it cancel: yhat = softmax(theta).
        """
        form, node = self.program.assignments[name], self.outer.name(name).node
        if form.head == "name" and name not in self.targets:
            return True
        if name in self.targets or (form.kind == "scalar" and not is_probability(form)):
            return False
        by = form.args[0].value if is_mapping(form) and form.args[0].head == "name" else None
        if by in self.program.assignments or (by in self.targets and is_probability(form)):
            return True
        if isinstance(node, Apply | Unknown) and len(node.operands) == 1 and node.operands[0] in self._assigned:
            return isinstance(node, Unknown) or node.operation.keeps_shape
        return False

    @cached_property
    def _assigned(self) -> set[Node]:
        """The values of assigned names."""
        return {self.outer.name(name).node for name in self.program.assignments}

    # The values, those with signals being variables.

    @cached_property
    def environment(self) -> Environment:
        """The meaning of names where every value with a signal, and every assigned target, is a variable."""
        assigned = [name for name in self.targets if name in self.program.assignments]
        return self.outer.holding(*dict.fromkeys([*assigned, *self.carriers]))

    @cached_property
    def values(self) -> dict[str, Node]:
        """The expression of each value with a signal, in those that it uses."""
        return {name: self.environment.lower(self.program.assignments[name]).node for name in self.carriers}

    @cached_property
    def output_node(self) -> Node:
        """The output, of values with signals."""
        form = self.output
        if form.value in self.targets:
            return self.node(str(form.value))
        made = self.program.assignments.get(form.value, form) if form.head == "name" else form
        return self.environment.lower(made).node

    @cached_property
    def activations(self) -> dict[Node, str]:
        """The names of the values without signals."""
        plain = [n for n in self.plain if n not in self.values]
        return {node: n for n in plain if (node := self.environment.name(n).node).operands}

    def node(self, name: str) -> Node:
        """What stands for a name in the expressions of values and gradients."""
        return self.environment.name(name).node

    # What passes back.

    def signal(self, name: str) -> Node:
        """The signal of a value: a variable of its name, or a symbol."""
        return self.symbols[name] if name in self.symbols else Variable.make(self.names[name], self.values[name].shape)

    def gradient(self, name: str) -> Node:
        """The gradient of the output by a value, in the signals of the values that use it; nothing is simplified."""
        by = self.node(name)
        terms = [self.output_node] if by in self._output_parts else []
        for user in self.users(name):
            value = self.values[user]
            axes = range(value.order)
            terms.append(product(1, [(self.signal(user), axes), (value, axes)], ()))
        # One derivative of all, so that what comes back to an activation from several sides meets there.
        return derivative(add(terms), by) if terms else zero(by.shape)

    def _direct(self, name: str) -> Node | None:
        """The gradient by a value that only the output uses, without facts."""
        return None if self.users(name) else refine(self.gradient(name), Facts())

    # Who uses whom.

    @cached_property
    def _output_parts(self) -> set[Node]:
        return set(postorder(self.output_node))

    @cached_property
    def _users(self) -> dict[Node, list[str]]:
        """The values with signals that use each variable directly, or through activations; the last one first."""
        found: dict[Node, list[str]] = {self.node(name): [] for name in (*self.targets, *self.carriers)}
        for user, value in self.values.items():
            for part in postorder(value):
                if part in found:
                    found[part].append(user)
        return found

    def users(self, name: str) -> list[str]:
        """The values with signals that use a value directly, or through activations."""
        return self._users[self.node(name)]

    def reaches_output(self, name: str) -> bool:
        """Whether the output itself uses a value, not only through values with signals."""
        return self.node(name) in self._output_parts

    def lines(self, names: Sequence[str], held: set[str]) -> dict[str, Form]:
        """The assignments that some names need, in order, those of held names left out."""
        wanted: set[str] = set()
        stack = list(names)
        while stack:
            name = stack.pop()
            if name in self.program.assignments and name not in wanted | held:
                wanted.add(name)
                stack.extend(self.names_in(self.program.assignments[name]))
        return {name: form for name, form in self.program.assignments.items() if name in wanted}

    # Forms.

    def raising(
        self, name: str, layout: str, facts: Facts | None = None, within: Collection[str] | None = None
    ) -> Raising:
        """Matrix forms for the gradient by a value: activations, and vectors that use it, are called by their names.

        `within` are the names that may stand there, by default all of the program.
        """
        known = facts or Facts()
        users = {node: user for user in self.users(name) if (node := self.values[user]).order and node.operands}
        # As they are written, and as they stand in what is refined.
        refined = {self._refined(node, known): user for node, user in users.items()}
        named = {**{node: user for node, user in refined.items() if node.operands}, **users}

        def called(node: Node, form: Form) -> str | None:
            word = self.activations.get(node) or named.get(node)
            return word if within is None or word in within else None

        return Raising(known, layout, called, frozenset(self.compound))

    def _refined(self, node: Node, facts: Facts) -> Node:
        """A value, refined once."""
        if node not in self._simple:
            self._simple[node] = refine(node, facts)
        return self._simple[node]

    @cached_property
    def _simple(self) -> dict[Node, Node]:
        return {}

    @cached_property
    def compound(self) -> dict[str, tuple[int, ...]]:
        """The variables with an axis that is made of several dimensions, and how many make each axis."""
        lengths = {v.name: tuple(map(len, v.shape)) for v in self.program.variables.values()}
        return {name: made for name, made in lengths.items() if any(n != 1 for n in made)}
