"""Sizes of traced axes: symbols that become equal as a function is run, with the number that each has at a call.

An axis of a traced array is a `Size`, or None where its length is 1: NumPy expands axes of length 1 and no others, so
that must be known, while all other sizes stay symbols.
"""

from __future__ import annotations

from math import prod

from matcalc.form import Axis, Dimension

__all__ = ["Axes", "Size", "dimensions", "product_of", "shown", "unify"]


class Size:
    """The length of an axis: its `value` at a call, its declared `name`, or the `parts` whose product it is.

    Sizes that were made equal share one root.  A `pinned` size is the number itself: a program asked for it.
    """

    __slots__ = ("value", "name", "parts", "pinned", "parent")

    def __init__(
        self, value: int | None = None, name: str | None = None, parts: tuple[Size, ...] = (), *, pinned: bool = False
    ) -> None:
        self.value = value
        self.name = name
        self.parts = parts
        self.pinned = pinned
        self.parent: Size | None = None

    @property
    def root(self) -> Size:
        """The size that stands for all that are equal to this one."""
        size = self
        while size.parent is not None:
            size = size.parent
        return size

    def pin(self) -> int | None:
        """The number of this size, which the derivative is made for from now on; None if it is not known."""
        root = self.root
        if root.value is not None:
            root.pinned = True
            for part in root.parts:
                part.pin()
        return root.value

    def __str__(self) -> str:
        root = self.root
        named = root.name or "*".join(map(str, root.parts)) or "n"
        return named if root.value is None else str(root.value)


#: The axes of a traced array.
Axes = tuple[Size | None, ...]


def shown(axes: Axes) -> str:
    """Axes as Python shows a shape."""
    inner = ", ".join("1" if axis is None else str(axis) for axis in axes)
    return f"({inner}{',' if len(axes) == 1 else ''})"


def product_of(axes: Axes) -> Size | None:
    """The size of axes that are joined to one, the first of them the slowest."""
    parts = [part for axis in axes if axis is not None for part in (axis.root.parts or (axis,))]
    if len(parts) < 2:
        return parts[0] if parts else None
    values = [part.root.value for part in parts]
    known = prod(value for value in values if value is not None) if None not in values else None
    return Size(known, parts=tuple(parts))


def unify(left: Size, right: Size) -> bool:
    """Make two sizes equal, if they can be."""
    a, b = left.root, right.root
    if a is b:
        return True
    if differ(a.name, b.name) or differ(a.value, b.value) or not compatible(a, b):
        return False
    b.parent = a
    a.name, a.parts = a.name or b.name, a.parts or b.parts
    a.value = b.value if a.value is None else a.value
    a.pinned |= b.pinned
    return True


def differ(a: int | str | None, b: int | str | None) -> bool:
    """True if both are known and not the same."""
    return a is not None and b is not None and a != b


def compatible(a: Size, b: Size) -> bool:
    """True if one is no product, or if both are products of equal sizes; a declared name is no product."""
    if a.parts and b.parts:
        return len(a.parts) == len(b.parts) and all(map(unify, a.parts, b.parts))
    joined, other = (a, b) if a.parts else (b, a)
    return not (joined.parts and (other.name or any(part.root is other for part in joined.parts)))


def dimensions(size: Size, names: dict[Size, str]) -> Axis:
    """The dimensions of an axis in the language; `names` has one for each root."""
    root = size.root
    if root.parts:
        return tuple(part for factor in root.parts for part in dimensions(factor, names))
    dimension: Dimension = root.value if root.pinned and root.value is not None else names[root]
    return (dimension,)
