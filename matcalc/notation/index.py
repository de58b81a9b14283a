"""Index notation: the entries of a tensor with Kronecker deltas and bound sums.

    d(A*x)/d(A)    [i,k,l: delta(i,k)*x[l]]
    d(B'*B)/d(B)   [p,q,i,j: delta(j,p)*B[i,q] + delta(j,q)*B[i,p]]

A core node is already in index notation; what is done here is naming.  The axes of the result get the names given, a
summed label gets the next free one of r, s, t, ..  Sums that hold deltas are multiplied out, so that every delta stands
in front of a product; other sums stay as they are.  A part that has a matrix form is an entry of that form, as in
`softmax(x)[i]` and `(A*x - b)[i]`.

    node ─expansion→ terms ─index→ forms of entries (made by `scalar_forms`, their indices named by `indices`)
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Sequence
from fractions import Fraction
from typing import ClassVar, NamedTuple

from matcalc.errors import UnsupportedError
from matcalc.expr import Add, Apply, Node, Power, Product, Unknown, power, product
from matcalc.form import Form, subforms
from matcalc.notation.expansion import Exponent, contracts, laid_open, parts, terms
from matcalc.notation.indices import fresh_names, index_names, used_names
from matcalc.notation.scalar_forms import Fractional, bound_sum, entry, leaf, scalar

__all__ = [
    "index_form",
    "index_names",
    "Entries",
    "Named",
    "contracts",
    "laid_open",
    "scalar",
    "tensor_form",
    "terms",
    "used_names",
]

#: The matrix form of a node of order two or less, or None.
Named = Callable[[Node], Form | None]

#: How many entries a form may have.
LARGEST_FORM = 20_000
#: The names of the indices that sums bind.
BOUND = "rstuvw"


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


def _constantly(form: Form) -> Rule:
    return form
    yield


def prefers_form(node: Node) -> bool:
    """True if the entry of the matrix form of a node reads better than the form of its entries."""
    if isinstance(node, Apply | Unknown):
        matrix_function = isinstance(node, Apply) and node.groups is not None
        return matrix_function or node.order == 0 or contracts(node, through_functions=True)
    if isinstance(node, Add | Product):
        return node.order == 0 or contracts(node)
    return isinstance(node, Power) and node.order == 0
