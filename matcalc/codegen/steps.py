"""Steps: the array operations of an emitted function, as a shared graph between core nodes and text.

A step has a kind, steps as arguments, data, and the number of axes of its array.  Equal steps are one object, so an
operation that two terms have in common is done once.

    kind          arguments        data                    array
    name          -                Python name             a parameter
    number        -                Fraction
    size          -                dimension               a dimension as a scalar
    constant      -                Python text             pi
    transpose     x                permutation             axis k is axis `data[k]` of x
    expand        x                slots                   x[:, None]: True for an axis of x, False for a new one
    reshape       x                axes of dimensions
    diagonal      x                subscripts              np.einsum("ii->i", x)
    sum           x                axes, None for all
    add           x, ..            signs                   broadcast
    multiply      x, ..            coefficient             broadcast
    power         x                exponent                entry by entry
    call          x, ..            operation name          an operation of the registry
    function      x                Python name             an unknown function
    inverse       x                -                       of a matrix
    matrix_power  x                exponent
    matmul        x, y             -                       x @ y
    outer         x, y             -                       of two vectors
    tensordot     x, y             axes of x, axes of y
    einsum        x, y             subscripts
    columns       x, ..            -                       the matrix whose columns are vectors
    column        x                number                  a column of a matrix
    full          c                dimensions              all entries c
    broadcast     x                dimensions              an array of its own
    eye           -                dimension
    diag          x                -                       the diagonal matrix of a vector
    copy          x                -
    scalar        x                -                       x as a scalar that is no array
    scatter       d?, x, ..        dimensions, writes      zeros, or d, with each x added to a strided view

Kinds that only look at an array in another way are the `VIEWS`; they cost nothing and are never named.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Any

from matcalc.form import Dimension

__all__ = ["Step", "Steps", "VIEWS", "LEAVES", "carried", "is_argument", "is_turned", "walk"]

VIEWS = frozenset({"transpose", "expand", "column"})
LEAVES = frozenset({"name", "number", "size", "constant"})

#: The largest number of terms in one statement.
LONGEST_SUM = 6


class Step:
    """One array operation; equal steps of one function are one object."""

    __slots__ = ("kind", "args", "data", "order", "serial")

    def __init__(self, kind: str, args: tuple[Step, ...], data: Any, order: int, serial: int) -> None:
        self.kind = kind
        self.args = args
        self.data = data
        self.order = order
        self.serial = serial

    def __repr__(self) -> str:
        return f"{self.kind}({', '.join(map(repr, (*self.args, self.data)))})"


class Steps:
    """The steps of one function, made so that trivial ones do not arise.

    An operation on matrices and the same one on their transposes are one step and its transpose.  `nonnegative` and
    `symmetric` are the steps of which that is known, `called` those whose name is given, `mirrored` those of whose
    transpose it is.
    """

    def __init__(self) -> None:
        self._table: dict[Hashable, Step] = {}
        self.nonnegative: set[Step] = set()
        self.symmetric: set[Step] = set()
        self.called: dict[Step, str] = {}
        self.mirrored: dict[Step, str] = {}
        #: The pairs of steps that have been contracted, with their labels.
        self.met: set[Hashable] = set()

    def call(self, step: Step, axes: Sequence[int], name: str, order: int) -> None:
        """Give the name of a value of some order to the step that has these of its axes, if it is an array of its own."""
        if is_turned(step):
            step, axes = step.args[0], axes[::-1]
        if step.kind in LEAVES | VIEWS or len(axes) != order:
            return
        if list(axes) == list(range(order)):
            self.called.setdefault(step, name)
        elif order == 2:
            self.mirrored.setdefault(step, name)

    def make(self, kind: str, args: Sequence[Step] = (), data: Hashable = None, order: int = 0) -> Step:
        """The step of this kind."""
        key = (kind, tuple(args), data, order)
        if key not in self._table:
            self._table[key] = made = Step(kind, tuple(args), data, order, len(self._table))
            if order == 2 and self._is_symmetric(made):
                self.symmetric.add(made)
        return self._table[key]

    def _is_symmetric(self, step: Step) -> bool:
        """True for a matrix that equals its transpose by the way it is computed."""
        if step.kind == "matmul":
            return self.turned(step.args[0]) is step.args[1]
        if step.kind == "outer":
            return step.args[0] is step.args[1]
        if step.kind == "scatter":
            _, has_dense, writes = step.data
            return all(view == "ii->i" for view, _ in writes) and (not has_dense or step.args[0] in self.symmetric)
        return step.kind in ("eye", "diag") or (step.kind in ("inverse", "matrix_power") and step.args[0] in self.symmetric)

    def elementwise(self, kind: str, args: Sequence[Step], data: Hashable = None) -> Step:
        """An operation entry by entry with broadcasting; of transposed matrices it is the transpose of that of the matrices."""
        order = max(arg.order for arg in args)
        if order == 2 and self._is_turned(args):
            return self.transpose(self.make(kind, [self.turned(arg) for arg in args], data, order), (1, 0))
        made = self.make(kind, args, data, order)
        if order == 2 and all(arg.order == 0 or arg in self.symmetric for arg in args):
            self.symmetric.add(made)
        return made

    def _is_turned(self, args: Sequence[Step]) -> bool:
        """True if most of some matrices are transposed; at a tie, if the one that was made first is."""
        whole = [arg for arg in args if arg.order == 2 and arg.kind != "expand" and arg not in self.symmetric]
        turned = [arg for arg in whole if is_turned(arg)]
        if 2 * len(turned) != len(whole):
            return 2 * len(turned) > len(whole)
        return bool(whole) and is_turned(min(whole, key=origin))

    def turned(self, step: Step) -> Step:
        """The transpose, where a vector stands for a row as it does when it is broadcast."""
        if step.kind == "expand" and step.data == (True, False):
            return step.args[0]
        if step.order == 1:
            return self.make("expand", (step,), (True, False), 2)
        return self.transpose(step, (1, 0)) if step.order == 2 else step

    def number(self, value: Fraction | int) -> Step:
        """An exact number."""
        return self.make("number", (), Fraction(value))

    def size(self, dimension: Dimension) -> Step:
        """A dimension as a scalar."""
        return self.number(dimension) if isinstance(dimension, int) else self.make("size", (), dimension)

    def transpose(self, step: Step, axes: Sequence[int]) -> Step:
        """Axis k of the result is axis `axes[k]` of the step."""
        if list(axes) == list(range(step.order)) or (step.order == 2 and step in self.symmetric):
            return step
        if step.kind == "transpose":
            return self.transpose(step.args[0], [step.data[a] for a in axes])
        return self.make("transpose", (step,), tuple(axes), step.order)

    def place(self, step: Step, labels: Sequence[int], wanted: Sequence[int], *, full: bool = False) -> Step:
        """The step, whose axes are `labels`, with its axes in the order `wanted` and new axes where it has none.

        New leading axes are left to broadcasting unless `full`.
        """
        if step.kind == "power" and step.data < 0:
            # A quotient is written x / y[:, None], not x * (1 / y)[:, None].
            return self.power(self.place(step.args[0], labels, wanted, full=full), step.data)
        present = [label for label in wanted if label in labels]
        moved = self.transpose(step, [labels.index(label) for label in present])
        slots = [label in labels for label in wanted]
        if not full:
            slots = slots[slots.index(True) :] if present else []
        return moved if all(slots) else self.make("expand", (moved,), tuple(slots), len(slots))

    def add(self, terms: Iterable[tuple[int, Step]]) -> Step:
        """The sum of signed terms, equal ones together; long sums are parted, so that no statement is too long."""
        counts: dict[Step, int] = {}
        for sign, step in terms:
            counts[step] = counts.get(step, 0) + sign
        collected = [(count, step) for step, count in counts.items() if count] or [(0, next(iter(counts)))]
        if len(collected) == 1:
            return self.scaled(Fraction(collected[0][0]), [], collected[0][1])
        ordered = [(1 if n > 0 else -1, self.scaled(Fraction(abs(n)), [], step)) for n, step in collected]
        first = next((k for k, (sign, _) in enumerate(ordered) if sign > 0), 0)
        ordered.insert(0, ordered.pop(first))
        while len(ordered) > LONGEST_SUM:
            ordered = [(1, self._add(ordered[:LONGEST_SUM])), *ordered[LONGEST_SUM:]]
        return self._add(ordered)

    def _add(self, terms: Sequence[tuple[int, Step]]) -> Step:
        if len(terms) == 1:
            return self.multiply(terms[0][0], [terms[0][1]])
        common = {size_of_coefficient(step) for _, step in terms}
        if len(common) == 1 and common != {1}:
            (number,) = common
            inner = [(sign, self.multiply(step.data / number, step.args)) for sign, step in terms]
            return self.multiply(number, [self._add(inner)])
        return self.elementwise("add", [step for _, step in terms], tuple(sign for sign, _ in terms))

    def multiply(self, coefficient: Fraction | int, factors: Iterable[Step]) -> Step:
        """The product entry by entry, scalars first."""
        value = Fraction(coefficient)
        steps: list[Step] = []
        for step in sorted(factors, key=lambda s: s.order > 0):
            if step.kind == "number":
                value *= step.data
            else:
                steps.append(step)
        if len(steps) == 1 and steps[0].kind == "multiply":
            value *= steps[0].data
            steps = list(steps[0].args)
        if not steps:
            return self.number(value)
        if value == 1 and len(steps) == 1:
            return steps[0]
        while len(steps) > LONGEST_SUM:
            head = steps[:LONGEST_SUM]
            steps = [self.elementwise("multiply", head, Fraction(1)), *steps[LONGEST_SUM:]]
        return self.elementwise("multiply", steps, value)

    def scaled(self, coefficient: Fraction, scalars: Sequence[Step], step: Step) -> Step:
        """Scalars times an array; they go to the smallest factor of an outer or broadcast product."""
        if coefficient == 1 and not scalars:
            return step
        if step.kind == "outer":
            left, right = step.args
            return self.make("outer", (self.scaled(coefficient, scalars, left), right), None, 2)
        if step.kind == "multiply":
            small = min(range(len(step.args)), key=lambda k: carried(step.args[k]))
            if carried(step.args[small]) < step.order:
                args = list(step.args)
                args[small] = self.scaled(coefficient * step.data, scalars, args[small])
                return self.multiply(1, args)
        if step.kind == "expand":
            (inner,) = step.args
            return self.make("expand", (self.scaled(coefficient, scalars, inner),), step.data, step.order)
        if step.kind == "matmul" and step.order == 2:
            return self.scaled_matmul(coefficient, scalars, step)
        return self.multiply(coefficient, [*scalars, step])

    def scaled_matmul(self, coefficient: Fraction, scalars: Sequence[Step], step: Step) -> Step:
        """Scalars times a matrix product: into a row scaling of the left or right factor, if there is one.

        A symmetric product is left alone, which would be a general one with a factor changed.
        """
        if step in self.symmetric:
            return self.multiply(coefficient, [*scalars, step])
        for k, arg in enumerate(step.args):
            base = arg.args[0] if arg.kind == "transpose" else arg
            if base.kind == "multiply" and any(carried(a) < 2 for a in base.args):
                scaled = self.scaled(coefficient, scalars, base)
                scaled = self.transpose(scaled, arg.data) if arg.kind == "transpose" else scaled
                return self.matmul(*[scaled if j == k else a for j, a in enumerate(step.args)])
        return self.multiply(coefficient, [*scalars, step])

    def power(self, base: Step, exponent: Fraction | int) -> Step:
        """base^exponent entry by entry; NumPy is slow at third and fourth powers of arrays, so these are multiplied."""
        exponent = Fraction(exponent)
        if abs(exponent) in (3, 4) and base.order:
            square = self.power(base, 2)
            whole = self.multiply(1, [square, base if abs(exponent) == 3 else square])
            return whole if exponent > 0 else self.power(whole, -1)
        return self.elementwise("power", (base,), exponent)

    def matmul(self, left: Step, right: Step) -> Step:
        """left @ right; a vector is summed with the last axis of the left or the last but one of the right array."""
        orders = left.order, right.order
        if orders == (2, 2) and self._is_mirrored(left, right):
            left, right = self.turned(right), self.turned(left)
            return self.transpose(self._matmul(left, right), (1, 0))
        if orders in ((1, 2), (2, 1)):
            matrix, vector = (left, right) if left.order == 2 else (right, left)
            if is_turned(matrix):
                matrix = matrix.args[0]
                left, right = (vector, matrix) if right is vector else (matrix, vector)
            elif matrix in self.symmetric:
                left, right = matrix, vector
        return self._matmul(left, right)

    def _is_mirrored(self, left: Step, right: Step) -> bool:
        """True if B'A' is the better way to write AB: with fewer transposes, else with the factor first that was made first."""
        turned = is_turned(left) + is_turned(right)
        symmetric = (left in self.symmetric) + (right in self.symmetric)
        if 2 * turned + symmetric != 2:
            return 2 * turned + symmetric > 2
        return origin(right) < origin(left)

    def _matmul(self, left: Step, right: Step) -> Step:
        order = max(left.order, right.order) if min(left.order, right.order) > 1 else left.order + right.order - 2
        return self.make("matmul", (left, right), None, order)

    def gram(self, matrix: Step) -> Step:
        """Z'Z."""
        return self.matmul(self.turned(matrix), matrix)

    def full(self, value: Step, shape: Sequence[Dimension]) -> Step:
        """The array whose entries all are one scalar."""
        return self.make("full", (value,), tuple(shape), len(shape))


def is_argument(step: Step) -> bool:
    """True for an argument and for a number."""
    return (step.args[0] if step.kind in VIEWS else step).kind in LEAVES


def is_turned(step: Step) -> bool:
    """True for a transposed matrix."""
    return step.kind == "transpose" and step.order == 2


def origin(step: Step) -> int:
    """When a matrix or its transpose was made."""
    return step.args[0].serial if step.kind == "transpose" else step.serial


def carried(step: Step) -> int:
    """The number of axes of a step that are not new ones."""
    return sum(step.data) if step.kind == "expand" else step.order


def walk(roots: Iterable[Step], stop: Collection[Step] = ()) -> Iterator[Step]:
    """Every step below the roots once, arguments before their users; nothing below those of `stop`."""
    done: set[Step] = set()
    stack = [(root, False) for root in reversed(list(roots))]
    while stack:
        step, expanded = stack.pop()
        if expanded:
            yield step
        elif step not in done:
            done.add(step)
            stack.append((step, True))
            stack.extend((arg, False) for arg in reversed(step.args) if arg not in done and step not in stop)


def size_of_coefficient(step: Step) -> Fraction:
    """The absolute value of the number by which an array is multiplied as a whole."""
    return abs(step.data) if step.kind == "multiply" and step.order else Fraction(1)
