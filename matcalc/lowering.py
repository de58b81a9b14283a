"""Lowering: from a typed form to a core node.

Orientation ends here: a row and a column both become one axis, broadcasting becomes ones axes, `vec` and `kron` make
compound axes that are several axes of the node.  Derivatives are taken here, where they stand.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import reduce
from itertools import count
from operator import mul
from typing import Any

from matcalc.differentiate import derivative
from matcalc.errors import MatcalcError, UnsupportedError
from matcalc.expr import (
    Constant,
    Delta,
    Node,
    Number,
    Size,
    Unknown,
    Variable,
    add,
    identity,
    is_zero,
    ones,
    product,
    transpose,
)
from matcalc.form import Axis, Form, Shape, subforms
from matcalc.inference import TypedProgram
from matcalc.operation import operation
from matcalc.recognition import general_power, is_softmax, matrix_power, reciprocal, recognise
from matcalc.structure import tied
from matcalc.tensor import Tensor, align, axis_names, contract, elementwise, matrix_function
from matcalc.traversal import substitute

__all__ = ["Environment", "lower", "partial"]

def lower(program: TypedProgram, layout: str = "numerator") -> Environment:
    """The environment in which the forms of a program can be lowered."""
    return Environment(program, layout)


class Environment:
    """What the names of a program mean.  `held` names are variables although they are assigned."""

    def __init__(self, program: TypedProgram, layout: str, held: dict[str, Tensor] | None = None) -> None:
        self.program = program
        self.layout = layout
        self.held = held or {}
        #: The axes that the indices in scope run over.
        self.scope: dict[str, Axis] = {}
        self._values: dict[str, Tensor] = dict(self.held)

    def name(self, name: str) -> Tensor:
        """The value of a name: an assigned value, a variable, a dimension or pi."""
        if name not in self._values:
            for pending in self._pending(name):
                self._values[pending] = self._make(pending)
        return self._values[name]

    def _pending(self, name: str) -> list[str]:
        """The names that must be lowered before this one, in order, itself last; an explicit stack, for long programs."""
        order: list[str] = []
        seen: set[str] = set()
        stack = [(name, False)]
        while stack:
            current, expanded = stack.pop()
            if expanded:
                order.append(current)
            elif current not in seen and current not in self._values:
                seen.add(current)
                stack.append((current, True))
                stack.extend((n, False) for n in self._names_below(current))
        return order

    def _names_below(self, name: str) -> list[str]:
        if name in self.program.assignments:
            return [f.value for f in subforms(self.program.assignments[name]) if f.head == "name"]
        info = self.program.variables.get(name)
        return list(info.arguments) if info else []

    def _make(self, name: str) -> Tensor:
        if name in self.program.assignments:
            return self.lower(self.program.assignments[name])
        info = self.program.variables.get(name)
        if info is not None:
            arguments = [(argument, self.name(argument).node) for argument in info.arguments]
            return Tensor(Variable.make(name, flat(info.shape), arguments), tuple(len(axis) for axis in info.shape))
        if name == "pi":
            return Tensor(Constant.make("pi"), ())
        return Tensor(Size.make(name), ())

    def holding(self, *names: str) -> Environment:
        """This environment with some assigned names held as variables of their own."""
        values = {name: self.name(name) for name in names}
        held = {name: Tensor(Variable.make(name, v.node.shape), v.groups) for name, v in values.items()}
        return Environment(self.program, self.layout, {**self.held, **held})

    def lower(self, form: Form) -> Tensor:
        """The value of a typed form."""
        return getattr(self, "_lower_" + form.head)(form)  # type: ignore[no-any-return]

    # One method for each head of `matcalc.form`.

    def _lower_number(self, form: Form) -> Tensor:
        return Tensor(Number.make(form.value), ())

    def _lower_name(self, form: Form) -> Tensor:
        return self.name(form.value)

    def _lower_neg(self, form: Form) -> Tensor:
        return -self.lower(form.args[0])

    def _lower_add(self, form: Form) -> Tensor:
        terms = [self._expand(self.lower(arg), arg, form) for arg in form.args]
        nodes, groups, indices = align(*terms)
        return Tensor(add(nodes), groups, indices)

    def _lower_mul(self, form: Form) -> Tensor:
        """A chain of products: each factor's row index is the column index of what stands left of it."""
        if form.kind == "tensor":
            return self._scaled_tensor(form)
        factors_of = self._powers([(arg, self.lower(arg)) for arg in form.args])
        fresh = count()
        open_labels: dict[str, str] = {}
        factors: list[tuple[Tensor, list[str]]] = []
        for arg, value in factors_of:
            own = {side: f" {next(fresh)}" for side in SIDES[arg.kind or ""]}
            if "column" in open_labels and "row" in own:
                own["row"] = open_labels.pop("column")
                factors.append((value, list(own.values())))
                own.pop("row")
            else:
                factors.append((value, list(own.values())))
                own = {side: label for side, label in own.items() if side not in open_labels or side == "column"}
            open_labels.update(own)
        indices = tuple(dict.fromkeys(index for value, _ in factors for index in value.indices))
        lengths = {name: n for value, names in factors for name, n in zip(names, value.groups, strict=True)}
        result = [open_labels[side] for side in ("row", "column") if side in open_labels]
        out = [(name, part) for name, n in indices for part in range(n)]
        out += [(name, part) for name in result for part in range(lengths[name])]
        node = product(1, [(value.node, value.labels(names)) for value, names in factors], out)
        return Tensor(node, tuple(lengths[name] for name in result), indices)

    def _powers(self, factors: list[tuple[Form, Tensor]]) -> list[tuple[Form, Tensor]]:
        """The factors with equal scalars as one power: a*a*x is a^2*x, and stays linear for long chains."""
        counts = Counter(value.node for arg, value in factors if arg.kind == "scalar" and not value.indices)
        result = []
        for arg, value in factors:
            repeated = counts[value.node] if arg.kind == "scalar" and not value.indices else 1
            if repeated > 1 and not isinstance(value.node, Number):
                result.append((arg, value**repeated))
                counts[value.node] = 0
            elif repeated:
                result.append((arg, value))
        return result

    def _scaled_tensor(self, form: Form) -> Tensor:
        values = [self.lower(arg) for arg in form.args]
        result = values[0]
        for value in values[1:]:
            result = result * value
        return result

    def _lower_div(self, form: Form) -> Tensor:
        return self._quotient(self.lower(form.args[0]), self.lower(form.args[1]), form)

    def _quotient(self, above: Tensor, below: Tensor, form: Form) -> Tensor:
        check_divisor(below, form)
        if is_softmax(above.node, below.node) and len(above.groups) == 1 and not above.indices:
            return matrix_function("softmax", Tensor(above.node.operands[0], above.groups))
        return above * reciprocal(below)

    def _lower_times(self, form: Form) -> Tensor:
        return self._hadamard(form, [self.lower(arg) for arg in form.args])

    def _lower_rdiv(self, form: Form) -> Tensor:
        above, below = (self.lower(arg) for arg in form.args)
        if form.args[1].kind == "scalar":
            return self._quotient(above, below, form)
        check_divisor(below, form)
        return self._hadamard(form, [above, reciprocal(below)])

    def _hadamard(self, form: Form, values: list[Tensor]) -> Tensor:
        """The product entry by entry: a column has the first axis of a matrix, a row the second."""
        if form.kind in ("scalar", "tensor"):
            return values[0] * values[1]
        letters = [axis_letters(arg.kind) if arg.kind != "tensor" else "" for arg in form.args]
        return contract(f"{letters[0]},{letters[1]}->{axis_letters(form.kind)}", *values)

    def _lower_kron(self, form: Form) -> Tensor:
        first, second = (self.lower(arg) for arg in form.args)
        letters = [axis_names((f"{c}0", f"{c}1")) for c in "ab"]
        sides: dict[str, list[tuple[str, int]]] = {"0": [], "1": []}
        factors = []
        for arg, value, (row, column) in zip(form.args, (first, second), letters, strict=True):
            own = {"scalar": (), "column": (row,), "row": (column,), "matrix": (row, column)}[arg.kind or ""]
            factors.append((value.node, value.labels(own)))
            for letter, length in zip(own, value.groups, strict=True):
                sides[letter[-1]] += [(letter, part) for part in range(length)]
        indices = tuple(dict.fromkeys(first.indices + second.indices))
        out = [(n, part) for n, length in indices for part in range(length)] + sides["0"] + sides["1"]
        node = product(1, factors, out)
        groups = tuple(len(side) for side in sides.values() if side)
        return Tensor(node, groups, indices)

    def _lower_power(self, form: Form) -> Tensor:
        base = self.lower(form.args[0])
        exponent = self.lower(form.args[1])
        if form.args[0].kind == "matrix":
            assert isinstance(exponent.node, Number)
            return matrix_power(base, int(exponent.node.value), form)
        return self._entrywise_power(base, exponent, form)

    def _entrywise_power(self, base: Tensor, exponent: Tensor, form: Form) -> Tensor:
        if isinstance(exponent.node, Number) and exponent.node.value < 0 and is_zero(base.node):
            raise MatcalcError("zero to a negative power", form.span)
        return general_power(base, exponent)

    def _lower_elpower(self, form: Form) -> Tensor:
        base, exponent = (self.lower(arg) for arg in form.args)
        if isinstance(exponent.node, Number):
            return self._entrywise_power(base, exponent, form)
        base, exponent = (self._expand(v, a, form) for v, a in zip((base, exponent), form.args, strict=True))
        return elementwise("pow", base, exponent)

    def _lower_transpose(self, form: Form) -> Tensor:
        value = self.lower(form.args[0])
        return contract("ij->ji", value) if form.args[0].kind == "matrix" else value

    def _lower_call(self, form: Form) -> Tensor:
        record = operation(form.value)
        if record.signature == "new":
            return self._construct(form)
        if record.name == "kron":
            return self._lower_kron(form)
        arguments = [self.lower(arg) for arg in form.args]
        if record.axis:
            assert record.definition is not None
            axis = int(form.args[1].value) if len(form.args) == 2 else None
            return record.definition(arguments[0], axis)  # type: ignore[no-any-return]
        if record.elementwise:
            arguments = [self._expand(v, a, form) for v, a in zip(arguments, form.args, strict=True)]
        if record.definition is not None:
            result: Tensor = record.definition(*arguments)
            return vec_axis(result) if record.name == "vec" else result
        if record.elementwise:
            return recognise(elementwise(record.name, *arguments))
        (argument,) = arguments
        inputs = max(len(o.inputs[0]) for o in record.overloads)
        return matrix_function(record.name, argument, rows=len(argument.groups) - inputs)

    def _construct(self, form: Form) -> Tensor:
        shape = form.shape or ()
        groups = tuple(len(axis) for axis in shape)
        if form.value == "eye":
            return Tensor(identity(shape[0]), groups)
        if form.value == "commutation":
            m, n = shape[0]
            return Tensor(product(1, [(Delta.make(m), "ad"), (Delta.make(n), "bc")], "abcd"), groups)
        if form.value in ("ones", "zeros"):
            return Tensor(ones(flat(shape), 1 if form.value == "ones" else 0), groups)
        value = self.lower(form.args[0])
        return self._expand(value, form.args[0], form)

    def _lower_unknown(self, form: Form) -> Tensor:
        name, order = form.value
        value = self.lower(form.args[0])
        return Tensor(Unknown.make(name, order, value.node), value.groups, value.indices)

    # Entries, comprehensions, conditions.

    def _lower_entry(self, form: Form) -> Tensor:
        value = self.lower(form.args[0])
        labels = value.labels(form.value)
        out = list(dict.fromkeys(labels))
        lengths = dict(value.indices) | dict(zip(form.value, value.groups, strict=True))
        return Tensor(product(1, [(value.node, labels)], out), (), tuple((n, lengths[n]) for n in dict(out_names(out))))

    def _lower_delta(self, form: Form) -> Tensor:
        i, j = form.value
        if i == j:
            return Tensor(Number.make(1), ())
        axis = self.scope[i]
        n = len(axis)
        return Tensor(identity(axis), (), ((i, n), (j, n)))

    def _in_scope(self, form: Form, bound: dict[str, Axis]) -> Tensor:
        """The body of a comprehension or bound sum, the axes of its indices being known."""
        outer = self.scope
        self.scope = outer | index_axes(form.args[0]) | bound
        close_over_deltas(form.args[0], self.scope)
        try:
            return self.lower(form.args[0])
        finally:
            self.scope = outer

    def _lower_tensor(self, form: Form) -> Tensor:
        bound = dict(zip(form.value, form.shape or (), strict=True))
        body = self._in_scope(form, bound)
        free = tuple(index for index in body.indices if index[0] not in bound)
        sizes = {(name, part): d for name, axis in bound.items() for part, d in enumerate(axis)}
        out = [(n, part) for n, length in free for part in range(length)]
        out += [(n, part) for n, axis in bound.items() for part in range(len(axis))]
        node = product(1, [(body.node, body.labels(()))], out, sizes)
        return Tensor(node, tuple(len(axis) for axis in bound.values()), free)

    def _lower_join(self, form: Form) -> Tensor:
        value = self.lower(form.args[0])
        lengths = iter(value.groups)
        return Tensor(value.node, tuple(sum(next(lengths) for _ in range(n)) for n in form.value), value.indices)

    def _lower_split(self, form: Form) -> Tensor:
        value = self.lower(form.args[0])
        return Tensor(value.node, (1,) * sum(value.groups), value.indices)

    def _lower_bsum(self, form: Form) -> Tensor:
        body = self._in_scope(form, {})
        kept = tuple(index for index in body.indices if index[0] not in form.value)
        missing = set(form.value) - {name for name, _ in body.indices}
        sizes = {(name, part): d for name in sorted(missing) for part, d in enumerate(self._missing_axis(form, name))}
        out = [(n, part) for n, length in kept for part in range(length)]
        return Tensor(product(1, [(body.node, body.labels(()))], out, sizes), (), kept)

    def _missing_axis(self, form: Form, name: str) -> Axis:
        axes = index_axes(form.args[0]) | self.scope
        if name not in axes:
            raise MatcalcError(f"the index {name!r} occurs in no entry, so its range is unknown", form.span)
        return axes[name]

    def _lower_cases(self, form: Form) -> Tensor:
        chosen, other = (self.lower(arg) for arg in form.args)
        condition = self._indicator(form.value)
        return condition * chosen + (one() - condition) * other

    def _indicator(self, condition: tuple[Any, ...]) -> Tensor:
        """1 where a condition on indices holds, else 0: a polynomial in deltas."""
        match condition:
            case ("==", i, j):
                return self._lower_delta(Form("delta", (), (i, j)))
            case ("!=", i, j):
                return one() - self._lower_delta(Form("delta", (), (i, j)))
            case ("and", *parts):
                return reduce(mul, [self._indicator(part) for part in parts])
            case ("or", *parts):
                return one() - reduce(mul, [one() - self._indicator(part) for part in parts])
            case ("not", inner):
                return one() - self._indicator(inner)
        raise NotImplementedError(f"condition {condition!r}")

    # Derivatives where they stand.

    def _lower_derivative(self, form: Form) -> Tensor:
        function, variable = form.args
        target = variable.args[0] if variable.head in ("entry", "call") else variable
        inner = self
        if target.value in self.program.assignments and target.value not in self.held:
            inner = self.holding(target.value)
        inner.scope = self.scope
        value = inner.lower(function)
        by = inner.name(target.value)
        result = self._derivative_tensor(form, value, by, variable, self.ties(str(target.value)))
        if inner is not self:
            node = substitute(result.node, {by.node: self.name(target.value).node})
            result = Tensor(node, result.groups, result.indices)
        return result

    def ties(self, name: str) -> frozenset[str]:
        """The declared properties that tie the entries of a variable, if tied entries are to move together."""
        info = self.program.variables.get(name) if self.program.structured else None
        return info.properties if info is not None else frozenset()

    def _derivative_tensor(
        self, form: Form, value: Tensor, by: Tensor, variable: Form, ties: frozenset[str]
    ) -> Tensor:
        mode = self.program.mode
        node = partial(value.node, by, ties, variable, mode)
        groups = value.groups + by.groups
        if form.value == "hessian":
            return Tensor(partial(node, by, ties, variable, mode), groups + by.groups, value.indices)
        if variable.head == "entry":
            return self._at_entry(Tensor(node, groups, value.indices), value.groups, by.groups, variable.value)
        result = Tensor(node, groups, value.indices)
        if variable.head == "call":
            # d(vec(E))/d(vec(X)): E is lowered as vec(E); the axes of X are taken columns first.
            rows = value.node.order
            width = len(by.groups)
            if width == 2:
                first = by.groups[0]
                axes = [*range(rows), *range(rows + first, node.order), *range(rows, rows + first)]
                node = transpose(node, axes)
            return Tensor(node, (sum(value.groups), sum(by.groups)), value.indices)
        if form.value == "d" and self.layout == "denominator" and len(value.groups) == len(by.groups) == 1:
            return contract("ij->ji", result)
        return result

    def _at_entry(
        self, result: Tensor, own: tuple[int, ...], by: tuple[int, ...], names: tuple[str, ...]
    ) -> Tensor:
        letters = [f" {k}" for k in range(len(own))]
        labels = result.labels([*letters, *names])
        out = list(dict.fromkeys(labels))
        out.sort(key=lambda label: label[0].startswith(" "))
        lengths = dict(result.indices) | dict(zip(names, by, strict=True))
        indices = tuple((n, lengths[n]) for n in dict(out_names(out)) if not n.startswith(" "))
        return Tensor(product(1, [(result.node, labels)], out), own, indices)

    def _expand(self, value: Tensor, arg: Form, target: Form) -> Tensor:
        """A value expanded over the shape of `target` as MATLAB does."""
        if arg.kind == target.kind or (arg.kind == "tensor") or not target.shape:
            return value
        letters = axis_names(axis_letters(target.kind) if target.kind != "tensor" else "abcdefgh"[: len(target.shape)])
        own = axis_names(axis_letters(arg.kind))
        sizes = {(c, part): d for c, axis in zip(letters, target.shape, strict=True) for part, d in enumerate(axis)}
        out = [(n, part) for n, length in value.indices for part in range(length)] + list(sizes)
        node = product(1, [(value.node, value.labels(own))], out, sizes)
        return Tensor(node, tuple(len(axis) for axis in target.shape), value.indices)


def partial(function: Node, by: Tensor, ties: frozenset[str], variable: Form, mode: str = "auto") -> Node:
    """∂function/∂by, the axes of the function first; entries of a variable with `ties` move together."""
    node = derivative(function, by.node, mode)
    if not ties:
        return node
    free = tuple((f" {k}", 1) for k in range(function.order))
    try:
        return tied(Tensor(node, by.groups, free), ties).node
    except UnsupportedError as error:
        hint = "declare it without that property, or differentiate by independent entries"
        raise UnsupportedError(error.message, variable.span, hint=hint) from None


def check_divisor(divisor: Tensor, form: Form) -> None:
    """Refuse a division by a value that is zero as it stands."""
    if is_zero(divisor.node):
        raise MatcalcError("division by zero", form.args[1].span or form.span)


def flat(shape: Shape) -> tuple[int | str, ...]:
    """The dimensions of a shape, compound axes laid open."""
    return tuple(d for axis in shape for d in axis)


def one() -> Tensor:
    """The scalar 1."""
    return Tensor(Number.make(1), ())


def out_names(labels: list[tuple[str, int]]) -> Iterator[tuple[str, None]]:
    """The names of labels, in order, as the items of a dict."""
    return ((name, None) for name, _ in labels)


#: The axes that a value of each kind has.
SIDES = {"scalar": (), "column": ("row",), "row": ("column",), "matrix": ("row", "column")}


def axis_letters(kind: str | None) -> str:
    """The letters of a value's axes in a contraction: `r` for the row index, `c` for the column index."""
    return {"scalar": "", "column": "r", "row": "c", "matrix": "rc"}[kind or ""]


def vec_axis(value: Tensor) -> Tensor:
    """A value whose own axes are joined to one."""
    return Tensor(value.node, (sum(value.groups),), value.indices)


def index_axes(form: Form) -> dict[str, Axis]:
    """The axes that the indices of a body run over, as its entries tell."""
    found: dict[str, Axis] = {}
    for part in subforms(form):
        if part.head == "entry":
            found.update(zip(part.value, part.args[0].shape or (), strict=True))
        elif part.head == "derivative" and part.args[1].head == "entry":
            entry = part.args[1]
            found.update(zip(entry.value, entry.args[0].shape or (), strict=True))
    return found


def close_over_deltas(form: Form, axes: dict[str, Axis]) -> None:
    """Add the axes of indices that are only compared with indices of known axes."""

    def pairs(condition: tuple[object, ...]) -> Iterator[tuple[str, str]]:
        if condition[0] in ("==", "!="):
            yield condition[1], condition[2]  # type: ignore[misc]
        else:
            for part in condition[1:]:
                yield from pairs(part)  # type: ignore[arg-type]

    equal: list[tuple[str, str]] = []
    for part in subforms(form):
        if part.head == "delta":
            equal.append(part.value)
        elif part.head == "cases":
            equal.extend(pairs(part.value))
    for _ in equal:
        for i, j in equal:
            if i in axes or j in axes:
                axis = axes[i] if i in axes else axes[j]
                axes.setdefault(i, axis)
                axes.setdefault(j, axis)
