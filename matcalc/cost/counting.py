"""Counting: what each step of emitted code costs, by the shapes of its arrays.

Flops are counted as the field does: a multiplication and an addition are one each, so a multiply-add is two.  GVL is
Golub and Van Loan, Matrix Computations, 4th edition (2013), with the section.

    element-wise operations       1 an entry of the result, exp, log and other functions too
    sum, trace                    1 an entry of what is summed
    product of m×k and k×n        2mnk; of a matrix and a vector 2mk        GVL 1.1
    M'M of one k×n matrix M       n²k, half, as BLAS does it (syrk)         GVL 1.1, 1.2: symmetric, so half the entries
    tensordot, einsum             2 for each combination of indices, 1 where nothing is summed
    solve, k right-hand sides     2/3 n³ + 2n²k                             GVL 3.1, 3.2: LU and two triangles
    inv                           2n³                                       GVL 3.1, 3.2: LU, and triangles for I
    det, logdet                   2/3 n³ + n                                GVL 3.2: LU and its diagonal
    cholesky                      n³/3                                      GVL 4.2
    adj                           21n³, two determinants, a product 2n³     GVL 8.6: singular values with both bases
    matrix_power(A, p)            2n³ for each product of repeated squaring GVL 9.2
    softmax, logsoftmax           5 an entry: largest, difference, exp, sum, quotient or difference
    logsumexp                     4 an entry, 2 a row

Views, copies, zeros and identities are no flops.  Traffic counts each operand of a step read once and its result
written once, and what is written into zeros once more; a view is neither.  A step of an unknown kind is an error.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from matcalc.codegen.inplace import Plan
from matcalc.codegen.steps import LEAVES, Step, walk
from matcalc.codegen.text import coefficient_parts
from matcalc.cost.amounts import Amount, amount, product_of
from matcalc.errors import UnsupportedError
from matcalc.operation import operation

__all__ = ["COUNTS", "OPERATION_FLOPS", "OPERATION_SCRATCH", "STEP_VIEWS", "Kept", "Ledger"]

#: The shape of an array, and the flops that it takes.
Shape = tuple[Amount, ...]
Entry = tuple[Shape, Amount]

#: Kinds that look at another array without an array of their own.
STEP_VIEWS = frozenset({"transpose", "expand", "reshape", "column"})
#: Kinds that are numbers, not arrays.
NUMBERS = frozenset({"number", "size", "constant"})


class Kept(NamedTuple):
    """Where the code holds arrays: under the names of steps, and over others as it is planned."""

    named: Collection[Step] = ()
    plan: Plan = Plan()


class Ledger:
    """The shape and the flops of every step below some results, `order` in which they are computed.

    `shapes` gives the shape of each array by its name in the code, `named` are the steps that have names in the code as
    far as nothing is written over anything; `kept` says what is.  Raises
    UnsupportedError for a kind of step that has no rule.
    """

    def __init__(
        self,
        results: Sequence[Step],
        shapes: Mapping[str, Shape],
        sizes: Mapping[str, int],
        named: Collection[Step] = (),
        kept: Kept | None = None,
    ) -> None:
        self.parameters = shapes
        self.sizes = sizes
        self.named = named
        self.kept = kept or Kept(named)
        self.order = list(walk(results))
        self.solved = solved(self.order, named)
        self.divisors = used_by(self.order, "multiply", lambda s: s.kind == "power" and s.data < 0) - set(named)
        self.signed = used_by(self.order, "add", lambda s: s.kind == "multiply" and s.data < 0) - set(named)
        self.shapes: dict[Step, Shape] = {}
        self.flops: dict[Step, Amount] = {}
        for step in self.order:
            self.shapes[step], self.flops[step] = self.counted(step)

    def counted(self, step: Step) -> Entry:
        """The shape and the flops of a step whose arguments are counted."""
        rule = COUNTS.get(step.kind)
        if rule is None:
            hint = "its rule belongs into `matcalc.cost.counting`"
            raise UnsupportedError(f"no cost is known for the kind of step `{step.kind}`", hint=hint)
        return rule(self, step, *[self.shapes[arg] for arg in step.args])

    def dimensions(self, dimensions: Iterable[Any]) -> Shape:
        """The amounts of dimensions."""
        return tuple(amount(d, self.sizes) for d in dimensions)

    def entries(self, step: Step) -> Amount:
        """The entries of the array of a step."""
        return product_of(self.shapes[step])

    def scratch(self, step: Step) -> Amount:
        """The entries that a helper, or a matrix power, holds while it runs, beside its result."""
        if step.kind == "matrix_power":  # the last square but one, and what the squares before have made
            share = min(step.data.bit_count(), 2) if step.data > 3 else int(step.data == 3)
        else:
            share = OPERATION_SCRATCH.get(step.data, 0) if step.kind == "call" else 0
        return share * self.entries(step.args[0]) if share else 0

    def traffic(self, step: Step) -> Amount:
        """The entries that a step reads and writes."""
        if step.kind in LEAVES or step.kind in STEP_VIEWS:
            return 0
        read = sum(self.entries(arg) for arg in step.args if arg.kind not in NUMBERS)
        return read + (read if step.kind == "scatter" else 0) + self.entries(step)


def used_by(order: Sequence[Step], kind: str, wanted: Callable[[Step], bool]) -> frozenset[Step]:
    """The steps that a step of a kind uses."""
    return frozenset(arg for step in order if step.kind == kind for arg in step.args if wanted(arg))


def solved(order: Sequence[Step], named: Collection[Step]) -> frozenset[Step]:
    """The inverses that are multiplied once and nothing else: the code solves linear equations instead."""
    found = set()
    for step in order:
        if step.kind == "matmul":
            left, right = (inverse_of(arg, named) for arg in step.args)
            if left is not None and step.args[1].order <= 2:
                found.add(left)
            elif right is not None and step.args[0].order <= 2:
                found.add(right)
    return frozenset(found)


def inverse_of(step: Step, named: Collection[Step]) -> Step | None:
    """The inverse that a factor is, turned or not, if it has no name and so is used nowhere else."""
    base = step.args[0] if step.kind == "transpose" else step
    return base if base.kind == "inverse" and base.order == 2 and base not in named else None


# ---- Shapes ---------------------------------------------------------------------------------------------------------


def broadcast(*shapes: Shape) -> Shape:
    """The shape that arrays have together, as NumPy broadcasts them."""
    length = max(map(len, shapes))
    padded = [(1,) * (length - len(shape)) + shape for shape in shapes]
    return tuple(next((d for d in axis if d != 1), 1) for axis in zip(*padded, strict=True))


def subscripts(text: str, shapes: Sequence[Shape]) -> tuple[Shape, Amount, bool]:
    """The shape of the result of an einsum, the combinations of all its indices, and whether any is summed."""
    left, _, kept = text.partition("->")
    groups = zip(left.split(","), shapes, strict=True)
    of = {letter: d for group, shape in groups for letter, d in zip(group, shape, strict=True)}
    return tuple(of[letter] for letter in kept), product_of(of.values()), set(kept) != set(of)


# ---- Rules ----------------------------------------------------------------------------------------------------------


def leaf(ledger: Ledger, step: Step) -> Entry:
    return (ledger.parameters[step.data] if step.kind == "name" else ()), 0


def transpose(ledger: Ledger, step: Step, inner: Shape) -> Entry:
    return tuple(inner[k] for k in step.data), 0


def expand(ledger: Ledger, step: Step, inner: Shape) -> Entry:
    axes = iter(inner)
    return tuple(next(axes) if present else 1 for present in step.data), 0


def reshape(ledger: Ledger, step: Step, inner: Shape) -> Entry:
    return tuple(product_of(ledger.dimensions(axis)) for axis in step.data), 0


def diagonal(ledger: Ledger, step: Step, inner: Shape) -> Entry:
    shape, combinations, summed = subscripts(step.data, [inner])
    return shape, combinations if summed else 0


def sum_(ledger: Ledger, step: Step, inner: Shape) -> Entry:
    kept = () if step.data is None else tuple(d for k, d in enumerate(inner) if k not in step.data)
    return kept, product_of(inner)


def add(ledger: Ledger, step: Step, *shapes: Shape) -> Entry:
    """One flop an entry for each sign between terms, and for a minus before the first."""
    signs = [-sign if arg in ledger.signed else sign for sign, arg in zip(step.data, step.args, strict=True)]
    shape, flops = shapes[0], negated(ledger, step.args[0]) if signs[0] < 0 else 0
    for other in shapes[1:]:
        shape = broadcast(shape, other)
        flops += product_of(shape)
    return shape, flops


def negated(ledger: Ledger, step: Step) -> Amount:
    """The flops of a minus before the text of a step: Python negates the first factor of a product, not the product."""
    if step.kind not in ("multiply", "matmul") or step in ledger.named:
        return ledger.entries(step)
    if step.kind == "matmul":
        inverses = [inverse_of(arg, ledger.named) for arg in step.args]
        return ledger.entries(step) if ledger.solved.intersection(inverses) else negated(ledger, step.args[0])
    factors = [arg for arg in step.args if arg not in ledger.divisors]
    return negated(ledger, factors[0]) if factors and not coefficient_parts(step.data)[1] else 0


def multiply(ledger: Ledger, step: Step, *shapes: Shape) -> Entry:
    """A coefficient, factors and divisors from the left, one flop an entry of what has come together so far."""
    negative, above, below = coefficient_parts(step.data)
    factors = [shape for arg, shape in zip(step.args, shapes, strict=True) if arg not in ledger.divisors]
    divisors = [shape for arg, shape in zip(step.args, shapes, strict=True) if arg in ledger.divisors]
    parts: list[Shape] = [()] * len(above) + factors or [()]
    shape, flops = parts[0], 0
    if negative and factors and not above and step not in ledger.signed:
        flops = product_of(shape)
    for other in [*parts[1:], *[()] * len(below), *divisors]:
        shape = broadcast(shape, other)
        flops += product_of(shape)
    return shape, flops


def power(ledger: Ledger, step: Step, inner: Shape) -> Entry:
    """One flop an entry, and one for a reciprocal, unless a product divides by it."""
    count = int(abs(step.data) != 1) + int(step.data < 0 and step not in ledger.divisors)
    return inner, count * product_of(inner)


def call(ledger: Ledger, step: Step, *shapes: Shape) -> Entry:
    """An operation of the registry: 1 an entry, or what `OPERATION_FLOPS` says."""
    if operation(step.data).elementwise:
        shape = broadcast(*shapes)
        return shape, product_of(shape)
    if step.data not in OPERATION_FLOPS:
        raise UnsupportedError(f"no cost is known for the operation `{step.data}`")
    (inner,) = shapes
    return inner[: step.order], OPERATION_FLOPS[step.data](inner)


def function(ledger: Ledger, step: Step, inner: Shape) -> Entry:
    return inner, product_of(inner)


def inverse(ledger: Ledger, step: Step, inner: Shape) -> Entry:
    return inner, 0 if step in ledger.solved else 2 * cubes(inner)


def matrix_power(ledger: Ledger, step: Step, inner: Shape) -> Entry:
    squarings, products = step.data.bit_length() - 1, step.data.bit_count() - 1
    return inner, 2 * (squarings + products) * cubes(inner)


def matmul(ledger: Ledger, step: Step, left: Shape, right: Shape) -> Entry:
    """2 for each combination of indices; half for M'M; for an inverse that is only multiplied what `solve` takes."""
    combinations, shape = product_shape(left, right)
    first, second = step.args
    for factor, other in ((first, right), (second, left)):
        inner = inverse_of(factor, ledger.named)
        if inner is not None and inner in ledger.solved:
            n = ledger.shapes[inner][0]
            return shape, Fraction(2, 3) * n**3 + 2 * n * product_of(other)
    return shape, (1 if turned(first, second) else 2) * combinations


def product_shape(left: Shape, right: Shape) -> tuple[Amount, Shape]:
    """The combinations of indices of a matrix product, and its shape."""
    if len(left) == 1 or len(right) == 1:
        matrix, kept = (left, left[:-1]) if len(right) == 1 else (right, right[:-2] + right[-1:])
        return product_of(matrix), kept
    batch = broadcast(left[:-2], right[:-2])
    return product_of((*batch, *left[-2:], right[-1])), (*batch, left[-2], right[-1])


def turned(left: Step, right: Step) -> bool:
    """True for a matrix and its own transpose, of which BLAS computes one half."""
    pairs = ((left, right), (right, left))
    return any(a.kind == "transpose" and a.data == (1, 0) and a.args[0] is b for a, b in pairs)


def outer(ledger: Ledger, step: Step, left: Shape, right: Shape) -> Entry:
    return left + right, product_of(left + right)


def tensordot(ledger: Ledger, step: Step, left: Shape, right: Shape) -> Entry:
    first, second = step.data
    kept = [d for k, d in enumerate(left) if k not in first], [d for k, d in enumerate(right) if k not in second]
    return (*kept[0], *kept[1]), 2 * product_of((*left, *kept[1]))


def einsum(ledger: Ledger, step: Step, *shapes: Shape) -> Entry:
    shape, combinations, summed = subscripts(step.data, shapes)
    return shape, combinations * (2 if summed else 1)


def columns(ledger: Ledger, step: Step, *shapes: Shape) -> Entry:
    """Vectors side by side."""
    return (*shapes[0], len(shapes)), 0


def column(ledger: Ledger, step: Step, inner: Shape) -> Entry:
    return inner[:1], 0


def made(ledger: Ledger, step: Step, *shapes: Shape) -> Entry:
    """An array of given dimensions that is filled."""
    return ledger.dimensions(step.data), 0


def eye(ledger: Ledger, step: Step) -> Entry:
    return ledger.dimensions((step.data, step.data)), 0


def diag(ledger: Ledger, step: Step, inner: Shape) -> Entry:
    return inner * 2, 0


def same(ledger: Ledger, step: Step, inner: Shape) -> Entry:
    return inner, 0


def scatter(ledger: Ledger, step: Step, *shapes: Shape) -> Entry:
    """One flop for each entry that is added to, or negated; the first write into zeros is none."""
    dimensions, has_dense, writes = step.data
    shape = ledger.dimensions(dimensions)
    flops: Amount = 0
    for k, (text, sign) in enumerate(writes):
        if has_dense or k or sign < 0:
            view, _, _ = subscripts(text, [shape])
            flops += product_of(view if has_dense or k else shapes[k])
    return shape, flops


COUNTS: dict[str, Callable[..., Entry]] = {
    "name": leaf,
    "number": leaf,
    "size": leaf,
    "constant": leaf,
    "transpose": transpose,
    "expand": expand,
    "reshape": reshape,
    "diagonal": diagonal,
    "sum": sum_,
    "add": add,
    "multiply": multiply,
    "power": power,
    "call": call,
    "function": function,
    "inverse": inverse,
    "matrix_power": matrix_power,
    "matmul": matmul,
    "outer": outer,
    "tensordot": tensordot,
    "einsum": einsum,
    "columns": columns,
    "column": column,
    "full": made,
    "broadcast": made,
    "eye": eye,
    "diag": diag,
    "copy": same,
    "scalar": same,
    "scatter": scatter,
}


def cubes(shape: Shape) -> Amount:
    """n³ for each of the square matrices of a stack."""
    return product_of(shape) * shape[-1]


#: The flops of operations that are not element-wise, by the shape of the argument.
OPERATION_FLOPS: dict[str, Callable[[Shape], Amount]] = {
    "inv": lambda shape: 2 * cubes(shape),
    "det": lambda shape: Fraction(2, 3) * cubes(shape) + product_of(shape[:-1]),
    "logdet": lambda shape: Fraction(2, 3) * cubes(shape) + product_of(shape[:-1]),
    "adj": lambda shape: (21 + Fraction(4, 3) + 2) * cubes(shape),
    "softmax": lambda shape: 5 * product_of(shape),
    "logsoftmax": lambda shape: 5 * product_of(shape),
    "logsumexp": lambda shape: 4 * product_of(shape) + 2 * product_of(shape[:-1]),
    "tril": lambda shape: 0,
    "triu": lambda shape: 0,
}

#: The arrays of the size of the argument that helpers hold at most beside their result.
OPERATION_SCRATCH = {"sigmoid": 1, "silu": 1, "gelu": 1, "logsoftmax": 1, "logsumexp": 1, "adj": 6}
