"""Values during lowering: a node together with what its axes mean.

The axes of the node are, in this order, those of the free indices (inside of `[i,j: ...]` and `sum[l: ...]`) and those
of the value's own axes.  An index or an axis may be compound, made of several axes of the node.

`contract` is the index notation in which the operations are defined: `contract("ii->", X)` is the trace X_ii.  A letter
stands for a whole axis; free indices are carried along.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from matcalc.expr import (
    Node,
    add,
    apply_elementwise,
    apply_matrix,
    identity,
    power,
    product,
    scale,
)

__all__ = ["Tensor", "contract", "align", "axis_groups", "axis_names", "elementwise", "matrix_function", "delta", "plain"]

Index = tuple[str, int]
Key = tuple[str, int]


class Tensor:
    """A node, its free indices (name and number of axes of each) and how many axes of the node make each own axis."""

    __slots__ = ("node", "indices", "groups")

    def __init__(self, node: Node, groups: tuple[int, ...], indices: tuple[Index, ...] = ()) -> None:
        self.node = node
        self.groups = groups
        self.indices = indices

    def labels(self, letters: Sequence[str]) -> list[Key]:
        """The labels of the axes of the node when its own axes are called `letters`."""
        names = [(name, part) for name, length in self.indices for part in range(length)]
        return names + [(letter, part) for letter, n in zip(letters, self.groups, strict=True) for part in range(n)]

    def __neg__(self) -> Tensor:
        return Tensor(scale(-1, self.node), self.groups, self.indices)

    def __add__(self, other: Tensor) -> Tensor:
        nodes, groups, indices = align(self, other)
        return Tensor(add(nodes), groups, indices)

    def __sub__(self, other: Tensor) -> Tensor:
        return self + -other

    def __mul__(self, other: Tensor) -> Tensor:
        nodes, groups, indices = align(self, other)
        axes = range(nodes[0].order)
        return Tensor(product(1, [(n, axes) for n in nodes], axes), groups, indices)

    def __pow__(self, exponent: Fraction | int) -> Tensor:
        return Tensor(power(self.node, Fraction(exponent)), self.groups, self.indices)

    def sum(self, axis: int | None = None) -> Tensor:
        """The sum over all axes, or over one as NumPy counts them."""
        letters = "abcdefgh"[: len(self.groups)]
        kept = "" if axis is None or len(letters) < 2 else letters[:axis] + letters[axis + 1 :]
        return contract(f"{letters}->{kept}", self)

    def count(self, axis: int | None = None) -> Tensor:
        """The number of entries that `sum` adds, as a scalar."""
        letters = "abcdefgh"[: len(self.groups)]
        counted = letters if axis is None or len(letters) < 2 else letters[axis]
        start = sum(n for _, n in self.indices)
        sizes: dict[Key, int | str] = {}
        for letter, n in zip(letters, self.groups, strict=True):
            for part in range(n):
                if letter in counted:
                    sizes[(letter, part)] = self.node.shape[start]
                start += 1
        return Tensor(product(1, [], [], sizes), ())


def plain(node: Node) -> Tensor:
    """A node whose every axis is an axis of the value."""
    return Tensor(node, (1,) * node.order)


def _union(tensors: Sequence[Tensor]) -> tuple[Index, ...]:
    return tuple(dict.fromkeys(index for t in tensors for index in t.indices))


def contract(specification: str, *tensors: Tensor) -> Tensor:
    """The contraction that an einsum specification describes, one letter an axis."""
    left, _, output = specification.partition("->")
    indices = _union(tensors)
    factors = []
    lengths: dict[str, int] = {}
    for letters, tensor in zip(left.split(","), tensors, strict=True):
        lengths.update(zip(letters, tensor.groups, strict=True))
        factors.append((tensor.node, tensor.labels(axis_names(letters))))
    out = [(name, n) for name, n in indices] + [(name, lengths[c]) for c, name in zip(output, axis_names(output), strict=True)]
    labels = [(name, part) for name, n in out for part in range(n)]
    return Tensor(product(1, factors, labels), tuple(lengths[c] for c in output), indices)


def axis_names(letters: Sequence[str]) -> list[str]:
    """Names for own axes that no index has: the index `i` and the axis `i` are two."""
    return [f" {letter}" for letter in letters]


def delta(tensor: Tensor, axis: int = -1) -> Tensor:
    """The identity on one axis of a tensor."""
    ends = [sum(tensor.groups[:k]) for k in range(len(tensor.groups) + 1)]
    start = tensor.node.order - ends[-1]
    axis %= len(tensor.groups)
    shape = tensor.node.shape[start + ends[axis] : start + ends[axis + 1]]
    return Tensor(identity(shape), (len(shape), len(shape)))


def align(*tensors: Tensor) -> tuple[list[Node], tuple[int, ...], tuple[Index, ...]]:
    """The nodes of several tensors expanded to all their free indices; a scalar is expanded over the others' axes."""
    first = tensors[0]
    if all(t.indices == first.indices and t.groups == first.groups for t in tensors):
        return [t.node for t in tensors], first.groups, first.indices
    indices = _union(tensors)
    groups = max((t.groups for t in tensors), key=len)
    letters = axis_names("abcdefgh"[: len(groups)])
    sizes: dict[Key, int | str] = {}
    labelled = []
    for tensor in tensors:
        labels = tensor.labels(letters if tensor.groups else ())
        sizes.update(zip(labels, tensor.node.shape, strict=True))
        labelled.append((tensor.node, labels))
    out = [(name, part) for name, n in (*indices, *zip(letters, groups, strict=True)) for part in range(n)]
    expand = {label: sizes[label] for label in out}
    return [product(1, [factor], out, expand) for factor in labelled], groups, indices


def elementwise(name: str, *tensors: Tensor) -> Tensor:
    """An element-wise operation on tensors that `align` can bring to one shape."""
    nodes, groups, indices = align(*tensors)
    return Tensor(apply_elementwise(name, *nodes), groups, indices)


def matrix_function(name: str, tensor: Tensor, rows: int = 0) -> Tensor:
    """A matrix operation on the own axes of a tensor but for the first `rows` ones, which are passed through."""
    node = apply_matrix(name, tensor.node, tensor.groups[rows:])
    passed = sum(n for _, n in tensor.indices) + sum(tensor.groups[:rows])
    kept = tensor.groups if node.order > passed else tensor.groups[:rows]
    return Tensor(node, kept, tensor.indices)


def axis_groups(groups: Sequence[int]) -> tuple[tuple[int, ...], ...]:
    """Consecutive axes of a node, grouped by these lengths."""
    result = []
    start = 0
    for length in groups:
        result.append(tuple(range(start, start + length)))
        start += length
    return tuple(result)
