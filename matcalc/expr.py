"""The core language: tensors in index notation, as a closed set of interned nodes.

    node         operands             data                      value
    Variable     its arguments        name                      a named tensor; with arguments an unknown function of them
    Derivative   the variable         argument positions        ∂^k V / ∂a..∂b of a variable with arguments: axes of V, a, .., b
    Number       -                    Fraction                  an exact scalar
    Size         -                    dimension                 a dimension as a scalar
    Constant     -                    name                      pi
    Delta        -                    dimension                 δ_ij
    Add          terms                -                         sum of tensors of one shape
    Product      factors              coefficient, labels       contraction, as in an einsum
    Power        u                    Fraction                  u^p entry by entry
    Apply        arguments            operation, axis groups    an operation of the registry
    Unknown      u                    name, order               f^(k)(u) entry by entry, f an unknown function

A node has a `shape`, one dimension for each of its axes.  Inside a `Product` the axes carry small integers: the axes of
the result are 0, 1, .., r-1, and a label from r on is summed.  So expressions that differ only in the names of indices
are one object.  An axis of the result that no factor carries is a ones axis; a summed label that no factor carries has
become the factor `Size`.

Nodes are interned by class, data and operands, and compared by identity.  They are made by the functions below, which
keep these invariants: coefficients of products are in one place, one-operand products are merged, a delta with a summed
index is gone, like terms of a sum are collected.  None of that changes what the user's own products and sums are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import count
from typing import Any, ClassVar
from weakref import WeakValueDictionary

from sympy import Basic, Symbol

from matcalc.errors import UnsupportedError
from matcalc.operation import Operation, operation

__all__ = [
    "Node",
    "Variable",
    "Derivative",
    "Number",
    "Size",
    "Constant",
    "Delta",
    "Add",
    "Product",
    "Power",
    "Apply",
    "Unknown",
    "Label",
    "Shape",
    "product",
    "add",
    "scale",
    "power",
    "apply_elementwise",
    "apply_matrix",
    "call",
    "expand",
    "expanded_scalar",
    "ones",
    "zero",
    "identity",
    "is_zero",
    "transpose",
    "split_coefficient",
    "rebuild",
]

Dimension = int | str
Shape = tuple[Dimension, ...]
Label = Hashable
Factor = tuple["Node", Sequence[Label]]


#: Numbers are less than this; Python writes none of more than 4,300 digits.
LARGEST = 10**4000


def exact(value: Fraction | int) -> Fraction | int:
    """A rational number as it is kept: an int if it is whole, which counts many times faster.

    Raises UnsupportedError for numbers that are too long to be written out.
    """
    if abs(value.numerator) >= LARGEST or value.denominator >= LARGEST:
        raise UnsupportedError("a number has thousands of digits", hint="give a name to a part of it, and leave its value open")
    return value.numerator if type(value) is not int and value.denominator == 1 else value


class Data(Basic):  # type: ignore[misc]
    """The part of a node that is no node, so that `node.func(*node.args)` is the node again, as SymPy expects."""

    __slots__ = ("value",)

    def __new__(cls, value: Any) -> Data:
        self = Basic.__new__(cls)
        self.value = value
        return self  # type: ignore[no-any-return]

    def _hashable_content(self) -> tuple[Any, ...]:
        return (self.value,)


class Node(Basic):  # type: ignore[misc]
    """A tensor expression.  Interned: two equal nodes are one object."""

    __slots__ = ("data", "operands", "shape", "_digest", "__weakref__")

    data: tuple[Any, ...]
    operands: tuple[Node, ...]
    shape: Shape
    _digest: bytes | None

    _table: ClassVar[WeakValueDictionary[Any, Node]] = WeakValueDictionary()

    def __new__(cls, data: Data, *operands: Node) -> Node:
        return cls._intern(data.value[:-1], operands, data.value[-1])

    @classmethod
    def _intern(cls, data: tuple[Any, ...], operands: tuple[Node, ...], shape: Shape) -> Node:
        key = (cls, data, operands, shape)
        node = Node._table.get(key)
        if node is None:
            node = Basic.__new__(cls)
            node.data = data
            node.operands = operands
            node.shape = shape
            node._digest = None
            Node._table[key] = node
        return node

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other

    def __ne__(self, other: object) -> bool:
        return self is not other

    @property
    def args(self) -> tuple[Basic, ...]:
        """SymPy's view: the data as one atom, then the operands."""
        return (Data((*self.data, self.shape)), *self.operands)

    @property
    def order(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def digest(self) -> bytes:
        """A hash of the content that is the same in every process; the only thing that orders nodes."""
        if self._digest is None:
            stack = [self]
            while stack:
                node = stack[-1]
                pending = [o for o in node.operands if o._digest is None]
                if pending:
                    stack.extend(pending)
                    continue
                stack.pop()
                if node._digest is None:
                    text = f"{type(node).__name__}{node.data!r}{node.shape!r}".encode()
                    parts = b"".join(o._digest or b"" for o in node.operands)
                    node._digest = hashlib.blake2b(text + parts, digest_size=12).digest()
        return self._digest or b""

    @property
    def free_symbols(self) -> set[Basic]:
        """The variables, unknown functions left out, as SymPy symbols of their names."""
        return {Symbol(node.data[0]) for node in below(self) if isinstance(node, Variable | Size)}

    def xreplace(self, rule: Mapping[Any, Any]) -> Node:
        """The node with nodes replaced by others of the same shape, everywhere, at once; shared nodes once."""
        memo: dict[Node, Node] = {}
        for node in below(self):
            made = rule[node] if node in rule else rebuild(node, tuple([memo[o] for o in node.operands]))
            memo[node] = made
        return memo[self]

    def _sympystr(self, printer: object) -> str:
        return outline(self, 6)

    def _latex(self, printer: object) -> str:
        return rf"\texttt{{{outline(self, 3)}}}"

    def __repr__(self) -> str:
        return outline(self, 6)

    __str__ = __repr__

    # Arithmetic entry by entry, so that a rule reads as its line in a table of derivatives.

    def __add__(self, other: Node | int) -> Node:
        return add([self, _like(other, self)])

    __radd__ = __add__

    def __sub__(self, other: Node | int) -> Node:
        return add([self, scale(-1, _like(other, self))])

    def __rsub__(self, other: int) -> Node:
        return add([_like(other, self), scale(-1, self)])

    def __neg__(self) -> Node:
        return scale(-1, self)

    def __mul__(self, other: Node | int | Fraction) -> Node:
        if not isinstance(other, Node):
            return scale(other, self)
        axes = range(max(self.order, other.order))
        return product(1, [(self, range(self.order)), (other, range(other.order))], axes)

    __rmul__ = __mul__

    def __pow__(self, exponent: int | Fraction) -> Node:
        return power(self, Fraction(exponent))

    def __truediv__(self, other: Node) -> Node:
        return self * power(other, Fraction(-1))

    def __rtruediv__(self, other: int | Fraction) -> Node:
        return scale(other, power(self, Fraction(-1)))


class Variable(Node):
    """A named tensor; `arguments` are what it depends on (with their names in `data`), if anything."""

    __slots__ = ()

    @classmethod
    def make(cls, name: str, shape: Shape, arguments: Sequence[tuple[str, Node]] = ()) -> Node:
        """The variable of this name and shape that depends on these named values."""
        return cls._intern((name, tuple(n for n, _ in arguments)), tuple(v for _, v in arguments), shape)

    @property
    def name(self) -> str:
        """The name of the variable."""
        return str(self.data[0])

    @property
    def argument_names(self) -> tuple[str, ...]:
        """The names of what the variable depends on."""
        return tuple(self.data[1])


class Derivative(Node):
    """The symbol ∂^k V / ∂a..∂b; `positions` are the sorted positions of the arguments a, .., b of V."""

    __slots__ = ()

    @classmethod
    def make(cls, variable: Node, positions: Sequence[int]) -> Node:
        """The derivative of a variable by the arguments at these positions: axes of the variable, then of each argument.

        Partial derivatives commute, so the positions are sorted; the caller orders the axes.
        """
        ordered = tuple(sorted(positions))
        shape = variable.shape + tuple(d for p in ordered for d in variable.operands[p].shape)
        return cls._intern((ordered,), (variable,), shape)

    @property
    def positions(self) -> tuple[int, ...]:
        """Positions of the arguments by which the variable is differentiated, ascending."""
        return tuple(self.data[0])


class Number(Node):
    """An exact scalar."""

    __slots__ = ()

    @classmethod
    def make(cls, value: Fraction | int) -> Node:
        """The scalar of this value."""
        return cls._intern((exact(value),), (), ())

    @property
    def value(self) -> Fraction:
        """The value."""
        return Fraction(self.data[0])


class Size(Node):
    """A dimension as a positive scalar."""

    __slots__ = ()

    @classmethod
    def make(cls, dimension: Dimension) -> Node:
        """The scalar that a dimension is; a number if the dimension is one."""
        return Number.make(dimension) if isinstance(dimension, int) else cls._intern((dimension,), (), ())

    @property
    def dimension(self) -> str:
        """The name of the dimension."""
        return str(self.data[0])


class Constant(Node):
    """A named constant: pi."""

    __slots__ = ()

    @classmethod
    def make(cls, name: str) -> Node:
        """The constant of this name."""
        return cls._intern((name,), (), ())

    @property
    def name(self) -> str:
        """The name of the constant."""
        return str(self.data[0])


class Delta(Node):
    """Kronecker's δ_ij, the identity matrix."""

    __slots__ = ()

    @classmethod
    def make(cls, dimension: Dimension) -> Node:
        """δ_ij with i and j of this dimension."""
        return cls._intern((), (), (dimension, dimension))


class Add(Node):
    """A sum of at least two tensors of one shape.  Made by `add`."""

    __slots__ = ()


class Product(Node):
    """A contraction: coefficient times factors, summed over the labels from `order` on.  Made by `product`."""

    __slots__ = ()

    @property
    def coefficient(self) -> Fraction:
        """The numeric factor."""
        return Fraction(self.data[0])

    @property
    def labels(self) -> tuple[tuple[int, ...], ...]:
        """The labels of the axes of each factor."""
        return self.data[1]  # type: ignore[no-any-return]

    @property
    def factors(self) -> list[tuple[Node, tuple[int, ...]]]:
        """The factors with their labels."""
        return list(zip(self.operands, self.data[1], strict=True))

    def dimensions(self) -> dict[int, Dimension]:
        """The dimension of every label."""
        result: dict[int, Dimension] = dict(enumerate(self.shape))
        for node, labels in zip(self.operands, self.data[1], strict=True):
            result.update(zip(labels, node.shape, strict=True))
        return result


class Power(Node):
    """u^p entry by entry, p a fixed rational number.  Made by `power`."""

    __slots__ = ()

    @property
    def exponent(self) -> Fraction:
        """The exponent."""
        return Fraction(self.data[0])


class Apply(Node):
    """An operation of the registry.

    An element-wise operation has arguments of one shape and no groups.  A matrix operation has one argument, whose last
    axes are grouped into the axes of the operation's signature (`groups` tells how many axes make each); the axes
    before them are passed through, as rows are by softmax.
    """

    __slots__ = ()

    @property
    def operation(self) -> Operation:
        """The record of the operation."""
        return operation(self.data[0])

    @property
    def name(self) -> str:
        """The name of the operation."""
        return str(self.data[0])

    @property
    def groups(self) -> tuple[int, ...] | None:
        """How many axes of the argument make each axis of the signature; None for an element-wise operation."""
        return self.data[1]  # type: ignore[no-any-return]

    @property
    def rows(self) -> int:
        """The number of leading axes that are passed through."""
        return 0 if self.groups is None else self.operands[0].order - sum(self.groups)


class Unknown(Node):
    """f^(k)(u) entry by entry for an unknown function f."""

    __slots__ = ()

    @classmethod
    def make(cls, name: str, order: int, argument: Node) -> Node:
        """The derivative of this order of the unknown function at an argument; of an expanded scalar an expanded scalar."""
        scalar = expanded_scalar(argument)
        if scalar is not None:
            return expand(cls.make(name, order, scalar), argument.shape)
        return cls._intern((name, order), (argument,), argument.shape)

    @property
    def name(self) -> str:
        """The name of the function."""
        return str(self.data[0])

    @property
    def derivative_order(self) -> int:
        """How many times the function is differentiated."""
        return int(self.data[1])


def below(root: Node) -> list[Node]:
    """Every node of a graph once, operands before their users."""
    order: dict[Node, None] = {}
    stack = [root]
    while stack:
        pending = [o for o in stack[-1].operands if o not in order]
        if pending:
            stack.extend(reversed(pending))
        else:
            order.setdefault(stack.pop())
    return list(order)


def outline(node: Node, depth: int) -> str:
    """A node for a person who looks at the engine: class, data and operands, down to some depth."""
    if not node.operands:
        return " ".join([type(node).__name__, *map(str, node.data)])
    inner = ", ".join(outline(o, depth - 1) for o in node.operands) if depth else "..."
    return f"{type(node).__name__}[{', '.join(map(str, node.data))}]({inner})"


ONE = Number.make(1)


def ones(shape: Shape, coefficient: Fraction | int = 1) -> Node:
    """The tensor of this shape whose entries all are `coefficient`."""
    if not shape:
        return Number.make(coefficient)
    return Product._intern((exact(coefficient), ()), (), shape)


def zero(shape: Shape) -> Node:
    """The zero tensor of this shape."""
    return ones(shape, 0)


def is_zero(node: Node) -> bool:
    """True if the node is a zero tensor as it stands."""
    return isinstance(node, Product | Number) and node.data[0] == 0


def identity(shape: Shape) -> Node:
    """The identity map on tensors of this shape: δ_ik δ_jl.., axes of the value, then of the argument."""
    n = len(shape)
    return product(1, [(Delta.make(d), (i, n + i)) for i, d in enumerate(shape)], range(2 * n))


def _like(value: Node | int | Fraction, other: Node) -> Node:
    if not isinstance(value, Node):
        return ones(other.shape, value)
    return expand(value, other.shape) if value.order == 0 else value


def transpose(node: Node, axes: Sequence[int]) -> Node:
    """The node with its axes permuted: axis k of the result is axis `axes[k]` of the node."""
    return product(1, [(node, range(node.order))], axes)


def scale(coefficient: Fraction | int, node: Node) -> Node:
    """A number times a tensor."""
    if coefficient == 1:
        return node
    if isinstance(node, Product) and coefficient:
        return with_coefficient(node, coefficient * node.data[0])
    return product(coefficient, [(node, range(node.order))], range(node.order))


def with_coefficient(node: Product, coefficient: Fraction | int) -> Node:
    """The product with another coefficient."""
    if coefficient == 1 and len(node.operands) == 1 and node.labels[0] == tuple(range(node.order)):
        return node.operands[0]
    return Product._intern((exact(coefficient), node.labels), node.operands, node.shape)


def split_coefficient(node: Node) -> tuple[Fraction | int, Node]:
    """A tensor as a number times a tensor whose own coefficient is 1 (or the zero tensor with coefficient 0)."""
    if isinstance(node, Number):
        return node.data[0], ONE
    if isinstance(node, Product) and node.data[0] != 1:
        return node.data[0], with_coefficient(node, 1) if node.data[0] else ones(node.shape)
    return 1, node


def add(terms: Iterable[Node]) -> Node:
    """The sum of tensors of one shape; like terms are collected, zeros dropped.  Order of first appearance is kept."""
    terms = list(terms)
    scalars = [expanded_scalar(term) for term in terms]
    if terms and terms[0].order and None not in scalars:
        return expand(add([s for s in scalars if s is not None]), terms[0].shape)
    collected: dict[Node, Fraction | int] = {}
    shape: Shape = ()
    for term in terms:
        shape = term.shape
        coefficient, base = split_coefficient(term)
        collected[base] = collected.get(base, 0) + coefficient
    operands = tuple(scale(c, base) for base, c in collected.items() if c)
    if not operands:
        return zero(shape)
    return operands[0] if len(operands) == 1 else Add._intern((), operands, shape)


def expand(scalar: Node, shape: Shape) -> Node:
    """A scalar expanded to a tensor whose entries all are it."""
    return product(1, [(scalar, ())], range(len(shape)), dict(enumerate(shape)))


def expanded_scalar(node: Node) -> Node | None:
    """The scalar of which a node is the expansion over all its axes; None if it is none."""
    if node.order and isinstance(node, Product) and not any(node.labels):
        return product(node.data[0], node.factors, ())
    return None


class _Classes:
    """Labels that deltas make equal.  The root of a class is its first label in the result, if it has one."""

    def __init__(self, out: Sequence[Label]) -> None:
        self.parent: dict[Label, Label] = {}
        self.rank = {label: position for position, label in enumerate(out)}

    def root(self, label: Label) -> Label:
        while label in self.parent:
            label = self.parent[label]
        return label

    def join(self, a: Label, b: Label) -> None:
        a, b = self.root(a), self.root(b)
        if a == b:
            return
        last = len(self.rank)
        if self.rank.get(a, last) > self.rank.get(b, last):
            a, b = b, a
        self.parent[b] = a


_fresh = count()


def product(
    coefficient: Fraction | int,
    factors: Iterable[Factor],
    out: Sequence[Label],
    sizes: Mapping[Any, Dimension] | None = None,
    *,
    flatten: Callable[[Product], bool] | None = None,
) -> Node:
    """The contraction of labelled factors to the labels `out`; `sizes` has dimensions of labels that no factor carries.

    Products among the factors that have one operand or hold a delta are merged, and any for which `flatten` says so.
    A delta with a summed index renames it (δ_ij x_j = x_i); a delta between two indices of the result stays, and the
    later of them is replaced by the earlier one in the other factors.
    """
    dimension: dict[Label, Dimension] = dict(sizes) if sizes else {}
    classes: _Classes | None = None
    flat: list[tuple[Node, tuple[Label, ...]]] = []
    stack = [(node, tuple(labels)) for node, labels in factors]
    stack.reverse()
    while stack:
        node, labels = stack.pop()
        if isinstance(node, Number):
            coefficient *= node.data[0]
        elif isinstance(node, Product) and (
            len(node.operands) <= 1 or type(node.operands[0]) is Delta or (flatten is not None and flatten(node))
        ):
            coefficient *= node.data[0]
            dimension.update(zip(labels, node.shape, strict=True))
            names: dict[int, Label] = dict(enumerate(labels))
            inner = []
            for child, child_labels in parts(node):
                for c in child_labels:
                    if c not in names:
                        names[c] = ("f", next(_fresh))
                inner.append((child, tuple([names[c] for c in child_labels])))
            stack.extend(reversed(inner))
        else:
            if isinstance(node, Product) and node.data[0] != 1:
                coefficient *= node.data[0]
                node = with_coefficient(node, 1)
            dimension.update(zip(labels, node.shape, strict=True))
            if isinstance(node, Delta):
                if classes is None:
                    classes = _Classes(out)
                classes.join(*labels)
            else:
                flat.append((node, labels))
    shape = tuple([dimension[label] for label in out])
    if coefficient == 0:
        return zero(shape)
    if classes is not None and classes.parent:
        flat = _contract_deltas(flat, classes, out, dimension)
    return _canonical(coefficient, flat, out, shape, dimension, classes)


#: How many factors beside its deltas a product may have that is merged because it holds a delta.
MERGED = 8


def parts(node: Product) -> list[tuple[Node, tuple[int, ...]]]:
    """The factors of a product that is merged; beside deltas, many factors stay together, so that chains stay linear."""
    factors = node.factors
    rest = [factor for factor in factors if not isinstance(factor[0], Delta)]
    if len(rest) == len(factors) or len(rest) <= MERGED:
        return factors
    carried = {label for _, labels in rest for label in labels}
    out = [label for label in range(node.order) if label in carried]
    deltas = [factor for factor in factors if isinstance(factor[0], Delta)]
    return [*deltas, (product(1, rest, out), tuple(out))]


def _contract_deltas(
    flat: list[tuple[Node, tuple[Label, ...]]], classes: _Classes, out: Sequence[Label], dimension: Mapping[Label, Dimension]
) -> list[tuple[Node, tuple[Label, ...]]]:
    root = classes.root
    deltas = [(Delta.make(dimension[label]), (root(label), label)) for label in out if root(label) != label]
    return deltas + [(node, tuple([root(label) for label in labels])) for node, labels in flat]


def _canonical(
    coefficient: Fraction | int,
    flat: list[tuple[Node, tuple[Label, ...]]],
    out: Sequence[Label],
    shape: Shape,
    dimension: Mapping[Label, Dimension],
    classes: _Classes | None,
) -> Node:
    numbers: dict[Label, int] = {label: position for position, label in enumerate(out)}
    specification = []
    for _, labels in flat:
        for label in labels:
            if label not in numbers:
                numbers[label] = len(numbers)
        specification.append(tuple([numbers[label] for label in labels]))
    if len(numbers) < len(dimension):
        for label, size in dimension.items():
            if label not in numbers and (classes is None or label not in classes.parent):
                if isinstance(size, int):
                    coefficient *= size
                else:
                    flat.append((Size.make(size), ()))
                    specification.append(())
    if not flat:
        return ones(shape, coefficient)
    if len(flat) == 1 and coefficient == 1 and specification[0] == tuple(range(len(shape))):
        return flat[0][0]
    return Product._intern((exact(coefficient), tuple(specification)), tuple([node for node, _ in flat]), shape)


def power(base: Node, exponent: Fraction) -> Node:
    """base^exponent entry by entry."""
    scalar = expanded_scalar(base)
    if scalar is not None and exponent:
        return expand(power(scalar, exponent), base.shape)
    if exponent == 1:
        return base
    if exponent == 0:
        return ones(base.shape)
    if isinstance(base, Number) and exponent.denominator == 1 and base.value and abs(exponent) < 1000:
        return Number.make(base.value ** int(exponent))
    if isinstance(base, Power) and exponent.denominator == 1:
        return power(base.operands[0], base.exponent * exponent)
    if isinstance(base, Product) and exponent.denominator == 1 and base.data[0] not in (0, 1) and abs(exponent) < 1000:
        coefficient, rest = split_coefficient(base)
        return scale(Fraction(coefficient) ** int(exponent), power(rest, exponent))
    return Power._intern((exponent,), (base,), base.shape)


def apply_elementwise(name: str, *arguments: Node) -> Node:
    """An element-wise operation on arguments of one shape; of expanded scalars it is an expanded scalar."""
    scalars = [expanded_scalar(argument) for argument in arguments]
    if None not in scalars:
        return expand(apply_elementwise(name, *(s for s in scalars if s is not None)), arguments[0].shape)
    return Apply._intern((name, None), arguments, arguments[0].shape)


def apply_matrix(name: str, argument: Node, groups: tuple[int, ...]) -> Node:
    """A matrix operation on an argument whose last axes make up the axes of its signature, as `groups` says."""
    record = operation(name)
    inputs = next(o for o in record.overloads if len(o.inputs[0]) == len(groups)).inputs[0]
    output = next(o for o in record.overloads if len(o.inputs[0]) == len(groups)).output
    start = argument.order - sum(groups)
    dimensions: dict[tuple[str, ...], Shape] = {}
    for axis, length in zip(inputs, groups, strict=True):
        dimensions[axis] = argument.shape[start : start + length]
        start += length
    shape = argument.shape[: argument.order - sum(groups)] + tuple(d for axis in output for d in dimensions[axis])
    return Apply._intern((name, groups), (argument,), shape)


def call(name: str, *arguments: Node) -> Node:
    """An element-wise operation, for rules: `call("cos", x)`."""
    return apply_elementwise(name, *arguments)


def rebuild(node: Node, operands: tuple[Node, ...]) -> Node:
    """The node with other operands of the same shapes, made by the constructor of its class."""
    if operands == node.operands:
        return node
    if isinstance(node, Add):
        return add(operands)
    if isinstance(node, Product):
        factors = zip(operands, node.labels, strict=True)
        return product(node.data[0], factors, range(node.order), dict(enumerate(node.shape)))
    if isinstance(node, Power):
        return power(operands[0], node.exponent)
    if isinstance(node, Apply) and node.groups is None:
        return apply_elementwise(node.name, *operands)
    if isinstance(node, Unknown):
        return Unknown.make(node.name, node.derivative_order, operands[0])
    return type(node)._intern(node.data, operands, node.shape)
