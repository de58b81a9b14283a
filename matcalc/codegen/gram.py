"""Symmetric products: a contraction Z'WZ of a half with its own mirror image, W diagonal.

B'B, X'diag(s)X and (AB)'diag(s)(AB) are such.  The half Z is computed once, and if the entries of the diagonal are known
to be nonnegative their roots scale Z, so that the product is `Z.T @ Z`, which BLAS does with half the work of a general
one.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field

from matcalc.codegen.order import Labels, SizeOf, total_costs

__all__ = ["Gram", "find_gram", "gram_costs"]

#: With so many columns a symmetric product of a scaled matrix takes about as long as a general one.
SMALL = 64


@dataclass(frozen=True, slots=True)
class Gram:
    """Which operands make the half, with their labels, and which the diagonal that both halves meet at.

    `label` is what the halves and the diagonal are joined at, `ends` are the labels of the result.
    """

    half: tuple[tuple[int, Labels], ...]
    middle: tuple[int, ...]
    label: int
    ends: tuple[int, int]

    @property
    def axes(self) -> Labels:
        """The labels of the axes of the half once it is computed."""
        return self.label, self.ends[0]


@dataclass(slots=True)
class Mirror:
    """The search for an exchange of labels that maps a contraction to itself.

    Two operands mirror each other if they are one array and the labels of one are the images of those of the other.
    """

    keys: Sequence[Hashable]
    labels: Sequence[Labels]
    symmetric: Callable[[int], bool]
    image: dict[int, int] = field(default_factory=dict)
    fixed: set[int] = field(default_factory=set)
    used: set[int] = field(default_factory=set)
    half: list[tuple[int, Labels]] = field(default_factory=list)

    def spread(self, start: int, end: int) -> bool:
        """Mirror everything that is reached from a label without passing a fixed one; False if that cannot be."""
        self.image[start] = end
        pending = [start]
        while pending:
            label = pending.pop()
            for k, labels in enumerate(self.labels):
                if k in self.used or label not in labels:
                    continue
                found = self.partner(k)
                if found is None:
                    return False
                pending += self.join(k, *found)
        mirrored = {*self.image, *self.image.values()}
        return all(k in self.used or mirrored.isdisjoint(labels) for k, labels in enumerate(self.labels))

    def partner(self, k: int) -> tuple[int, Labels] | None:
        """The operand that can mirror operand k, and its labels, turned if it is symmetric."""
        for other, labels in enumerate(self.labels):
            if other == k or other in self.used or self.keys[other] is not self.keys[k]:
                continue
            for arrangement in (labels, labels[::-1]) if self.symmetric(other) else (labels,):
                if self.fits(self.labels[k], arrangement):
                    return other, arrangement
        return None

    def fits(self, labels: Labels, mirrored: Labels) -> bool:
        """True if each label can be the image of the other."""
        images = set(self.image.values())
        known = {*self.image, *images, *self.fixed}
        moved = {image for label, image in zip(labels, mirrored, strict=True) if label != image}
        if len(set(labels)) < len(labels) or not moved.isdisjoint(labels):
            return False
        for label, image in zip(labels, mirrored, strict=True):
            if label in self.image:
                fitting = self.image[label] == image
            elif label == image:
                fitting = label not in images
            else:
                fitting = known.isdisjoint((label, image))
            if not fitting:
                return False
        return True

    def join(self, k: int, other: int, mirrored: Labels) -> list[int]:
        """Note a pair; the labels that are new and not fixed."""
        self.used |= {k, other}
        self.half.append((k, self.labels[k]))
        fresh = []
        for label, image in zip(self.labels[k], mirrored, strict=True):
            if label == image:
                self.fixed.add(label)
            elif label not in self.image:
                self.image[label] = image
                fresh.append(label)
        return fresh


def find_gram(
    keys: Sequence[Hashable], labels: Sequence[Labels], out: Sequence[int], symmetric: Callable[[int], bool]
) -> Gram | None:
    """The symmetric product that a contraction of operands is, if it is one.

    `keys` are one object for equal operands, `out` the labels of the result, and `symmetric` tells of the operand at a
    position whether it equals its transpose.
    """
    if len(out) != 2 or len(keys) < 2:
        return None
    first, second = sorted(out)
    mirror = Mirror(keys, labels, symmetric)
    if not mirror.spread(first, second) or len(mirror.fixed) != 1:
        return None
    (label,) = mirror.fixed
    middle = tuple(k for k in range(len(keys)) if k not in mirror.used)
    return Gram(tuple(mirror.half), middle, label, (first, second))


def gram_costs(gram: Gram, sizes: Sequence[SizeOf], *, positive: bool) -> list[int]:
    """What a symmetric product costs at each of some sizes; with a positive diagonal half the work of a general one.

    With few columns it is not: roots are taken, and the product of BLAS has less to gain.
    """
    halves = total_costs([labels for _, labels in gram.half], frozenset(gram.axes), sizes)
    found = []
    for half, size in zip(halves, sizes, strict=True):
        rows, columns = map(size, gram.axes)
        scaled = rows * columns * bool(gram.middle)
        work = rows * columns * (columns + SMALL * bool(gram.middle)) // 2 if positive else rows * columns**2
        found.append(half + scaled + work)
    return found
