"""Index notation: the entries of a tensor with Kronecker deltas and bound sums.

    d(A*x)/d(A)    [i,k,l: delta(i,k)*x[l]]
    d(B'*B)/d(B)   [p,q,i,j: delta(j,p)*B[i,q] + delta(j,q)*B[i,p]]

A core node is already in index notation; what is done here is naming.  The axes of the result get the names given, a
summed label gets the next free one of r, s, t, ..  Sums that hold deltas are multiplied out, so that every delta stands
in front of a product; other sums stay as they are.  A part that has a matrix form is an entry of that form, as in
`softmax(x)[i]` and `(A*x - b)[i]`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import partial
from itertools import count
from itertools import product as combinations
from typing import ClassVar, NamedTuple

from matcalc.canonical import collect
from matcalc.errors import UnsupportedError
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
    power,
    product,
)
from matcalc.form import Dimension, Form, number, rewritten, subforms
from matcalc.traversal import postorder

__all__ = ["index_form", "index_names", "Entries", "Named", "terms", "used_names", "tensor_form", "collected", "scalar"]

Named = Callable[[Node], Form | None]
Factor = tuple[Node, tuple[int, ...]]
Exponent = tuple[Factor, Fraction]

#: How many terms a sum with deltas may be multiplied out to, and how many entries a form may have.
LARGEST_EXPANSION = 256
LARGEST_FORM = 20_000

#: The names of the indices, by the orders of the value and of the variables.
INDEX_NAMES: dict[tuple[int, ...], tuple[str, ...]] = {
    (0, 1): ("", "i"),
    (0, 2): ("", "ij"),
    (0, 1, 1): ("", "i", "j"),
    (0, 2, 2): ("", "ij", "kl"),
    (1, 1): ("i", "j"),
    (1, 2): ("i", "kl"),
    (1, 1, 1): ("i", "j", "k"),
    (2, 1): ("ij", "k"),
    (2, 2): ("pq", "ij"),
    (2, 2, 2): ("pq", "ij", "kl"),
}
LETTERS = "ijklpqmnabcdefghuvwxyzrst"
BOUND = "rstuvw"


# ---- Names ----------------------------------------------------------------------------------------------------------


def index_names(
    value_order: int, variable_orders: Sequence[int], avoid: Collection[str] = ()
) -> tuple[tuple[str, ...], ...]:
    """The names of the indices of a derivative: those of the value, then those of each variable; none is in `avoid`."""
    orders = (value_order, *variable_orders)
    wanted = INDEX_NAMES.get(orders, tuple("?" * order for order in orders))
    used = set(avoid)
    free = fresh_names(LETTERS, used.union(*wanted))
    groups = []
    for group in wanted:
        names = tuple(next(free) if letter in used or letter == "?" else letter for letter in group)
        used.update(names)
        groups.append(names)
    return tuple(groups)


def fresh_names(letters: str, avoid: Collection[str]) -> Iterator[str]:
    """The letters, then the first of them with numbers, without those to avoid."""
    yield from (letter for letter in letters if letter not in avoid)
    yield from (name for k in count(1) if (name := f"{letters[0]}{k}") not in avoid)


def used_names(node: Node) -> set[str]:
    """The names of variables, functions and dimensions of a node."""
    found: set[str] = set()
    for part in postorder(node):
        found.update(d for d in part.shape if isinstance(d, str))
        if isinstance(part, Variable):
            found.update((part.name, *part.argument_names))
        elif isinstance(part, Unknown | Constant):
            found.add(part.name)
        elif isinstance(part, Size):
            found.add(part.dimension)
    return found


# ---- The whole form -------------------------------------------------------------------------------------------------


def index_form(node: Node, names: Sequence[Sequence[str]], named: Named) -> Form:
    """The entries of a node whose axes have these names, as `[names: ..]`, or without it for a scalar.

    `named` gives the matrix form of a node of order two or less, or None.  Raises UnsupportedError for a form of too
    many entries.
    """
    flat = tuple(name for group in names for name in group)
    return tensor_form(Entries(named, used_names(node)).sum(terms(node), flat), flat, node)


def tensor_form(body: Form, names: tuple[str, ...], node: Node) -> Form:
    """The tensor with these entries; the shape is that of the node."""
    if not names:
        return body
    kind = {1: "column", 2: "matrix"}.get(node.order, "tensor")
    return Form("tensor", (body,), names, kind=kind, shape=tuple((d,) for d in node.shape))


# ---- Multiplying out ------------------------------------------------------------------------------------------------


def terms(node: Node) -> list[Node]:
    """The terms of a node, multiplied out where a factor is a sum that holds deltas."""
    holds: dict[Node, bool] = {}
    expanded: dict[Node, list[Node]] = {}
    for part in postorder(node):
        sums = isinstance(part, Add | Product)
        holds[part] = isinstance(part, Delta) or (sums and any(holds[o] for o in part.operands))
        if isinstance(part, Add) and (holds[part] or part is node):
            expanded[part] = [term for o in part.operands for term in expanded[o]]
        elif isinstance(part, Product) and holds[part]:
            expanded[part] = _multiply_out(part, [expanded[o] for o in part.operands], holds)
        else:
            expanded[part] = [part]
    made = collect(expanded[node])
    return list(made.operands) if isinstance(made, Add) else [made]


def _multiply_out(node: Product, factors: list[list[Node]], holds: dict[Node, bool]) -> list[Node]:
    """The products of one term of each factor; products that hold deltas or sum over nothing are merged."""
    size = 1
    for choices in factors:
        size *= len(choices)
    if size > LARGEST_EXPANSION:
        return [node]
    sizes = dict(enumerate(node.shape))
    results = []
    for chosen in combinations(*factors):
        pairs = zip(chosen, node.labels, strict=True)
        merged = {n for n in chosen if isinstance(n, Product) and is_opened(n, holds)}
        results.append(product(node.coefficient, pairs, range(node.order), sizes, flatten=merged.__contains__))
    return results


def is_opened(node: Product, holds: Mapping[Node, bool]) -> bool:
    """True for a product that holds deltas and for one that sums over nothing."""
    entrywise = all(label < node.order for labels in node.labels for label in labels)
    return entrywise or any(holds.get(o, False) for o in node.operands)


# ---- Entries --------------------------------------------------------------------------------------------------------


class Request(NamedTuple):
    """The entry of a node at these indices, inside of `depth` bound indices."""

    node: Node
    indices: tuple[str, ...]
    depth: int


Rule = Generator[Request, Form, Form]


class Entries:
    """Entries of nodes as forms.

    Each rule is a small coroutine that asks for the entries of its operands, so the depth of a node is no matter.
    """

    def __init__(self, named: Named, avoid: Collection[str] = ()) -> None:
        self.named = named
        self.avoid = set(avoid)
        self._done: dict[Request, Form] = {}
        self._forms: dict[Node, Form | None] = {}

    def sum(self, nodes: Sequence[Node], indices: tuple[str, ...]) -> Form:
        """The sum of the entries of nodes at the same indices; no bound index has a name that a matrix form uses."""
        self.avoid.update(indices)
        while True:
            form = self._run(self._sum([Request(node, indices, 0) for node in nodes]))
            parts = list(subforms(form))
            bound = {index for f in parts if f.head in ("bsum", "tensor") for index in f.value}
            clash = {f.value for f in parts if f.head == "name"} & bound
            if not clash:
                return form
            self.avoid |= clash
            self._done.clear()

    def _run(self, root: Rule) -> Form:
        stack: list[tuple[Request | None, Rule]] = [(None, root)]
        answer: Form | None = None
        while True:
            request, rule = stack[-1]
            try:
                wanted = next(rule) if answer is None else rule.send(answer)
            except StopIteration as end:
                stack.pop()
                answer = end.value
                if request is None:
                    return end.value  # type: ignore[no-any-return]
                self._done[request] = end.value
                continue
            answer = self._done.get(wanted)
            if answer is None:
                if len(self._done) > LARGEST_FORM:
                    raise UnsupportedError(f"the index form has more than {LARGEST_FORM} entries")
                stack.append((wanted, self._entry(wanted, root=wanted.depth == 0 and len(stack) == 1)))

    def _bound(self, request: Request, length: int) -> tuple[str, ...]:
        """The names of `length` indices that are bound inside of those of the request."""
        free = fresh_names(BOUND, self.avoid)
        return tuple([next(free) for _ in range(request.depth + length)][request.depth :])

    def _form(self, node: Node) -> Form | None:
        if node not in self._forms:
            self._forms[node] = self.named(node) if node.order <= 2 else None
        return self._forms[node]

    # One rule for each kind of node.

    def _entry(self, request: Request, *, root: bool) -> Rule:
        node = request.node
        if prefers_form(node) and not (root and isinstance(node, Add | Product)):
            form = self._form(node)
            if form is not None:
                return _constantly(entry(form, request.indices))
        for kind, rule in self._RULES.items():
            if isinstance(node, kind):
                return rule(self, request)
        raise NotImplementedError(f"no entry of {type(node).__name__}")

    def _leaf(self, request: Request) -> Rule:
        return _constantly(leaf(request.node, request.indices))

    def _add(self, request: Request) -> Rule:
        return self._sum([request._replace(node=term) for term in request.node.operands])

    def _sum(self, requests: Sequence[Request]) -> Rule:
        summands: list[Form] = []
        for request in requests:
            term = yield request
            summands.extend(term.args if term.head == "add" else (term,))
        summands.sort(key=lambda summand: summand.head == "neg")
        return scalar("add", *summands) if len(summands) > 1 else summands[0]

    def _product(self, request: Request) -> Rule:
        node = laid_open(request.node)
        if not isinstance(node, Product):
            return (yield request._replace(node=node))
        free, components = parts(node)
        fraction = Fractional(node.coefficient)
        yield from self._factors(fraction, free, dict(enumerate(request.indices)), request.depth)
        for component in components:
            form = self._component_form(component, node, request.indices)
            if form is not None:
                fraction.multiply(form, Fraction(1))
                continue
            bound = sorted({label for factor, _ in component for label in factor[1] if label >= node.order})
            names = self._bound(request, len(bound))
            indices = dict(enumerate(request.indices)) | dict(zip(bound, names, strict=True))
            inner = Fractional(Fraction(1))
            yield from self._factors(inner, component, indices, request.depth + len(bound))
            fraction.coefficient *= inner.coefficient
            inner.coefficient = Fraction(1)
            dimensions = node.dimensions()
            bound_names = dict(zip(names, (dimensions[label] for label in bound), strict=True))
            bound_sum(fraction, inner.form(), bound_names)
        return fraction.form()

    def _component_form(self, component: Sequence[Exponent], node: Product, indices: tuple[str, ...]) -> Form | None:
        """A scalar, or a contraction of three factors or more, as an entry of its matrix form, if it has one."""
        free = sorted({label for factor, _ in component for label in factor[1] if label < node.order})
        if len(free) > 2 or (free and sum(abs(exponent) for _, exponent in component) <= 2):
            return None
        factors = [(power(base, exponent), labels) for (base, labels), exponent in component]
        made = product(1, factors, free)
        form = self._form(made) if made is not node else None
        if form is None or form.head in ("add", "neg", "div"):
            return None
        return entry(form, tuple(indices[label] for label in free))

    def _factors(
        self, fraction: Fractional, factors: Sequence[Exponent], indices: dict[int, str], depth: int
    ) -> Generator[Request, Form, None]:
        """Multiply a fraction by the entries of factors."""
        for (node, labels), exponent in factors:
            form = yield Request(node, tuple(indices[label] for label in labels), depth)
            fraction.multiply(form, exponent)

    def _power(self, request: Request) -> Rule:
        node = request.node
        assert isinstance(node, Power)
        base = yield request._replace(node=node.operands[0])
        fraction = Fractional(Fraction(1))
        fraction.multiply(base, node.exponent)
        return fraction.form()

    def _elementwise(self, request: Request) -> Rule:
        node = request.node
        arguments = []
        for operand in node.operands:
            arguments.append((yield request._replace(node=operand)))
        if isinstance(node, Unknown):
            return scalar("unknown", *arguments, value=(node.name, node.derivative_order))
        assert isinstance(node, Apply)
        return scalar("power", *arguments) if node.name == "pow" else scalar("call", *arguments, value=node.name)

    def _apply(self, request: Request) -> Rule:
        node = request.node
        assert isinstance(node, Apply)
        return self._elementwise(request) if node.groups is None else self._matrix_function(request)

    def _matrix_function(self, request: Request) -> Rule:
        """A function of a matrix that has no form: of its entries, `inv([r,s: ..])[i,j]`."""
        node = request.node
        assert isinstance(node, Apply)
        if any(length != 1 for length in node.groups or ()):
            raise UnsupportedError(f"{node.name} of an axis made of several indices has no index form")
        argument = node.operands[0]
        passed = request.indices[: node.rows]
        bound = self._bound(request, argument.order - node.rows)
        body = yield Request(argument, (*passed, *bound), request.depth + len(bound))
        shape = tuple((d,) for d in argument.shape[node.rows :])
        kind = "column" if len(bound) == 1 else "matrix"
        tensor = Form("tensor", (body,), bound, kind=kind, shape=shape)
        value_shape = tuple((d,) for d in node.shape[node.rows :])
        value_kind = ("scalar", "column", "matrix")[len(value_shape)]
        value = Form("call", (tensor,), node.name, kind=value_kind, shape=value_shape)
        return entry(value, request.indices[node.rows :])

    _RULES: ClassVar[dict[type[Node], Callable[[Entries, Request], Rule]]] = {
        Add: _add,
        Product: _product,
        Power: _power,
        Unknown: _elementwise,
        Apply: _apply,
        Node: _leaf,
    }


def bound_sum(fraction: Fractional, body: Form, names: Mapping[str, Dimension]) -> None:
    """Multiply a fraction by the sum of a body; over an index that the body does not have, that is a factor."""
    ranging = {index for part in subforms(body) if part.head == "entry" for index in part.value}
    body = rewritten(body, partial(delta_entry, names={n: d for n, d in names.items() if n not in ranging}))
    used = {index for part in subforms(body) if part.head in ("entry", "delta") for index in part.value}
    for index, dimension in names.items():
        if index not in used:
            size = number(dimension) if isinstance(dimension, int) else scalar("name", value=dimension)
            fraction.multiply(size, Fraction(1))
    summed = tuple(index for index in names if index in used)
    fraction.above.append(scalar("bsum", body, value=summed) if summed else body)


def delta_entry(form: Form, names: Mapping[str, Dimension]) -> Form:
    """A delta of two bound indices that stand in deltas only, as an entry of the identity, which tells their range."""
    if form.head != "delta" or not set(form.value) <= set(names):
        return form
    axis = (names[form.value[0]],)
    size = number(axis[0]) if isinstance(axis[0], int) else scalar("name", value=axis[0])
    eye = Form("call", (size,), "eye", kind="matrix", shape=(axis, axis))
    return scalar("entry", eye, value=form.value)


def _constantly(form: Form) -> Rule:
    return form
    yield


def scalar(head: str, *args: Form, value: object = None) -> Form:
    """A scalar form."""
    return Form(head, args, value, kind="scalar", shape=())


def prefers_form(node: Node) -> bool:
    """True if the entry of the matrix form of a node reads better than the form of its entries."""
    if isinstance(node, Apply | Unknown):
        matrix_function = isinstance(node, Apply) and node.groups is not None
        return matrix_function or node.order == 0 or contracts(node, through_functions=True)
    if isinstance(node, Add | Product):
        return node.order == 0 or contracts(node)
    return isinstance(node, Power) and node.order == 0


def contracts(node: Node, *, through_functions: bool = False) -> bool:
    """True if the entries of a node hold a bound sum in a sum or product of vectors or matrices.

    Element-wise functions and powers are looked into on demand; scalars and matrix functions never.
    """
    stack = [node]
    seen: set[Node] = set()
    while stack:
        part = stack.pop()
        if isinstance(part, Product) and any(label >= part.order for labels in part.labels for label in labels):
            return True
        elementwise = isinstance(part, Power | Unknown) or (isinstance(part, Apply) and part.groups is None)
        if isinstance(part, Add | Product) or (through_functions and elementwise):
            stack.extend(operand for operand in part.operands if operand.order and operand not in seen)
            seen.update(part.operands)
    return False


def laid_open(node: Node) -> Node:
    """A product with the products among its factors laid open, but for inner products, which may have a form."""
    if not isinstance(node, Product):
        return node
    sizes = dict(enumerate(node.shape))
    return product(node.coefficient, node.factors, range(node.order), sizes, flatten=lambda p: not is_inner_product(p))


def is_inner_product(node: Product) -> bool:
    """True for a scalar, and for factors that all hang together by summed labels, as in A_ir x_r."""
    if node.order == 0:
        return True
    free, groups = parts(node)
    return not free and len(groups) == 1


def parts(node: Product) -> tuple[list[Exponent], list[list[Exponent]]]:
    """The factors without summed labels, deltas and scalars first, and the groups of those that share summed labels."""
    free: list[Exponent] = []
    groups: list[tuple[set[int], list[Exponent]]] = []
    for factor, exponent in collected(node):
        bound = {label for label in factor[1] if label >= node.order}
        if not bound:
            free.append((factor, exponent))
            continue
        members = [(factor, exponent)]
        apart = []
        for labels, others in groups:
            if labels & bound:
                bound, members = bound | labels, others + members
            else:
                apart.append((labels, others))
        groups = [*apart, (bound, members)]
    free.sort(key=lambda item: (0 if isinstance(item[0][0], Delta) else 1 if item[0][0].order == 0 else 2, *item[0][1]))
    return free, [members for _, members in groups]


def collected(node: Product) -> list[Exponent]:
    """The factors of a product with the exponents with which they occur."""
    exponents: dict[Factor, Fraction] = {}
    for factor, labels in node.factors:
        if isinstance(factor, Power) and factor.exponent.denominator == 1:
            base, exponent = factor.operands[0], factor.exponent
        else:
            base, exponent = factor, Fraction(1)
        exponents[base, labels] = exponents.get((base, labels), Fraction(0)) + exponent
    return [(factor, exponent) for factor, exponent in exponents.items() if exponent]


class Fractional:
    """A product of scalar forms: a number, and the factors above and below the line."""

    def __init__(self, coefficient: Fraction) -> None:
        self.coefficient = coefficient
        self.above: list[Form] = []
        self.below: list[Form] = []

    def multiply(self, form: Form, exponent: Fraction) -> None:
        """Multiply by a power of a form; what is a product, a quotient or a negative is taken apart."""
        whole = exponent.denominator == 1
        if form.head == "neg" and whole:
            self.coefficient *= (-1) ** int(exponent)
            self.multiply(form.args[0], exponent)
        elif form.head == "mul" and whole and all(arg.kind == "scalar" for arg in form.args):
            for arg in form.args:
                self.multiply(arg, exponent)
        elif form.head == "div" and whole:
            self.multiply(form.args[0], exponent)
            self.multiply(form.args[1], -exponent)
        elif form.head == "number" and whole and form.value:
            self.coefficient *= form.value ** int(exponent)
        else:
            side = self.above if exponent > 0 else self.below
            side.append(raised(form, abs(exponent)))

    def form(self) -> Form:
        """The product as a form."""
        size = abs(self.coefficient)
        above = [number(size.numerator)] * (size.numerator != 1 or not self.above) + self.above
        below = [number(size.denominator)] * (size.denominator != 1) + self.below
        result = scalar("div", times(above), times(below)) if below else times(above)
        return scalar("neg", result) if self.coefficient < 0 else result


def times(factors: Sequence[Form]) -> Form:
    """The product of at least one scalar form."""
    return factors[0] if len(factors) == 1 else scalar("mul", *factors)


def raised(form: Form, exponent: Fraction) -> Form:
    """A positive power of a scalar form."""
    if exponent == 1:
        return form
    if exponent == Fraction(1, 2):
        return scalar("call", form, value="sqrt")
    if form.head == "power" and form.args[1].head == "number" and exponent.denominator == 1:
        return scalar("power", form.args[0], number(form.args[1].value * exponent))
    return scalar("power", form, number(exponent))


def leaf(node: Node, indices: tuple[str, ...]) -> Form:
    """The entry of a node that is no function of others."""
    if isinstance(node, Number):
        return number(node.value)
    if isinstance(node, Size):
        return scalar("name", value=node.dimension)
    if isinstance(node, Constant):
        return scalar("name", value=node.name)
    if isinstance(node, Delta):
        i, j = sorted(indices)
        return number(1) if i == j else scalar("delta", value=(i, j))
    if isinstance(node, Derivative):
        return partial_derivative(node, indices)
    if isinstance(node, Variable):
        return entry(variable_form(node.name, node), indices)
    raise NotImplementedError(f"no entry of {type(node).__name__}")


def variable_form(name: str, node: Node) -> Form:
    """A name with the kind and shape of a node."""
    kind = {0: "scalar", 1: "column", 2: "matrix"}.get(node.order, "tensor")
    return Form("name", (), name, kind=kind, shape=tuple((d,) for d in node.shape))


def partial_derivative(node: Derivative, indices: tuple[str, ...]) -> Form:
    """The entry d(L[..])/d(Y[i,j]) of the derivative of an unknown function."""
    variable = node.operands[0]
    assert isinstance(variable, Variable)
    form = entry(variable_form(variable.name, variable), indices[: variable.order])
    start = variable.order
    for position in node.positions:
        argument = variable.operands[position]
        by = variable_form(variable.argument_names[position], argument)
        form = scalar("derivative", form, entry(by, indices[start : start + argument.order]), value="d")
        start += argument.order
    return form


def entry(form: Form, indices: tuple[str, ...]) -> Form:
    """The entry of a form at some indices; that of a transpose or of a negative is one of its operand.

    A scalar stands for a tensor whose entries all are that scalar.
    """
    if form.kind == "scalar":
        return form
    if form.head == "transpose":
        return entry(form.args[0], indices[::-1])
    if form.head == "neg":
        return scalar("neg", entry(form.args[0], indices))
    if form.head == "tensor":
        raise UnsupportedError("an entry of a tensor by entries")
    if form.head == "call" and form.value == "eye":
        return scalar("delta", value=tuple(sorted(indices)))
    return scalar("entry", form, value=indices)
