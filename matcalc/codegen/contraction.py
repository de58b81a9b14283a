"""Contractions: which two factors meet first, and by which array operation.

The order (`matcalc.codegen.order`) is the cheapest one by given sizes, or by those of `matcalc.codegen.scale`, so that
vectors meet matrices before matrices meet each other.  A pair becomes the simplest operation that does it: `@`, an
element-wise product with broadcasting, `np.outer`, `np.tensordot`, and else `np.einsum`.  A product of a half with its
mirror image (`matcalc.codegen.gram`) is written `Z.T @ Z`, of which BLAS computes one triangle.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from itertools import combinations, product

from matcalc.codegen.gram import Gram, find_gram, gram_costs
from matcalc.codegen.order import Labels, SizeOf, path, ratio, total_costs
from matcalc.codegen.scale import scales
from matcalc.codegen.steps import Step, Steps
from matcalc.form import Dimension

__all__ = ["Operand", "contract", "letters"]

#: The letters of subscripts, in the order of use.
ALPHABET = "ijklmnopqrstuvwxyzabcdefgh" + "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Operand:
    """A step and what its axes are called; no label occurs twice."""

    step: Step
    labels: Labels


def letters(*groups: Sequence[int]) -> list[str]:
    """The labels of several operands as letters, in the order of their first appearance."""
    names: dict[int, str] = {}
    for label in (label for group in groups for label in group):
        names.setdefault(label, ALPHABET[len(names)])
    return ["".join(names[label] for label in group) for group in groups]


def contract(
    steps: Steps,
    coefficient: Fraction,
    factors: Sequence[tuple[Step, Labels]],
    out: frozenset[int],
    dimensions: Mapping[int, Dimension],
    sizes: Mapping[str, int],
) -> Operand:
    """The contraction of labelled steps to the labels `out`, in whatever order of axes is the cheapest."""
    factors = masked(steps, factors)
    counts = Counter(label for _, labels in factors for label in set(labels))
    operands = [simplified(steps, *factor, lambda label: label in out or counts[label] > 1) for factor in factors]
    operands = matrix_powers(steps, operands, frozenset(label for label in counts if counts[label] == 2) - out)
    parts = []
    for part in components(gathered(steps, operands, out)):
        own = [dimensions[label] for operand in part for label in operand.labels]
        by_label = [lambda label, scale=scale: scale(dimensions[label]) for scale in scales(own, sizes)]
        made, remaining = contract_part(steps, coefficient, part, out, by_label)
        parts.append(made)
        coefficient = remaining
    scalars = [part.step for part in parts if not part.labels]
    arrays = sorted((part for part in parts if part.labels), key=lambda part: min(part.labels))
    return combined(steps, coefficient, scalars, arrays)


def masked(steps: Steps, factors: Sequence[tuple[Step, Labels]]) -> list[tuple[Step, Labels]]:
    """The factors, the mask of a triangle and one that has both its labels drawn together."""
    result = list(factors)
    for mask, ends in [factor for factor in factors if is_mask(factor[0])]:
        others = [f for f in result if covers(f, ends) and len(set(f[1])) == len(f[1])]
        if others:
            step, labels = min(others, key=lambda factor: len(factor[1]))
            whole = triangle(steps, Operand(mask, ends), Operand(step, labels))
            result.remove((mask, ends))
            result[result.index((step, labels))] = (whole.step, whole.labels)
    return result


def is_mask(step: Step) -> bool:
    """True for the mask of a lower triangle, tril(ones(m, n))."""
    return step.kind == "call" and step.data == "tril" and step.args[0].kind == "full"


def covers(factor: tuple[Step, Labels], ends: Labels) -> bool:
    """True for what is no mask and has two different labels."""
    return not is_mask(factor[0]) and len(set(ends)) == 2 and set(ends) <= set(factor[1])


def triangle(steps: Steps, mask: Operand, whole: Operand) -> Operand:
    """The lower triangle of an operand that has both labels of the mask, which become the last ones."""
    labels = (*(label for label in whole.labels if label not in mask.labels), *mask.labels)
    placed = steps.place(whole.step, whole.labels, labels)
    return Operand(steps.make("call", (placed,), mask.step.data, len(labels)), labels)


def combined(steps: Steps, coefficient: Fraction, scalars: Sequence[Step], arrays: list[Operand]) -> Operand:
    """The product of scalars and of arrays that share no label, small arrays first; the scalars go to the smallest one."""
    if not arrays:
        return Operand(steps.multiply(coefficient, scalars), ())
    smallest = min(range(len(arrays)), key=lambda k: len(arrays[k].labels))
    scaled = arrays[smallest]
    arrays[smallest] = Operand(steps.scaled(coefficient, scalars, scaled.step), scaled.labels)
    arrays.sort(key=lambda operand: len(operand.labels))
    return reduce(lambda a, b: elementwise(steps, a, b), arrays)


def components(operands: Sequence[Operand]) -> list[list[Operand]]:
    """The operands, those together that share labels directly or through others."""
    parent = list(range(len(operands)))

    def root(k: int) -> int:
        while parent[k] != k:
            parent[k] = parent[parent[k]]
            k = parent[k]
        return k

    first: dict[int, int] = {}
    for k, operand in enumerate(operands):
        for label in operand.labels:
            low, high = sorted((root(k), root(first.setdefault(label, k))))
            parent[high] = low
    groups: dict[int, list[Operand]] = {}
    for k, operand in enumerate(operands):
        groups.setdefault(root(k), []).append(operand)
    return list(groups.values())


def gathered(steps: Steps, operands: Sequence[Operand], out: frozenset[int]) -> list[Operand]:
    """The operands, equal ones at the same labels as one power unless that leaves a label to be summed over it alone."""
    counts = Counter((operand.step, operand.labels) for operand in operands)
    carriers = Counter(label for _, labels in counts for label in labels)
    made: list[Operand] = []
    for (step, labels), number in counts.items():
        if number > 1 and labels and all(label in out or carriers[label] > 1 for label in labels):
            power = steps.power(step, number)
            if number % 2 == 0 or step in steps.nonnegative:
                steps.nonnegative.add(power)
            made.append(Operand(power, labels))
        else:
            made += [Operand(step, labels)] * number
    return made


def contract_part(
    steps: Steps, coefficient: Fraction, arrays: list[Operand], out: frozenset[int], sizes: Sequence[SizeOf]
) -> tuple[Operand, Fraction]:
    """The contraction of operands that share labels, and what of the coefficient is not in it yet."""
    labels = [operand.labels for operand in arrays]
    ends = [label for label in out if any(label in group for group in labels)]
    gram = find_gram([o.step for o in arrays], labels, ends, lambda k: arrays[k].step in steps.symmetric)
    if gram is not None:
        positive = all(arrays[k].step in steps.nonnegative for k in gram.middle)
        if ratio(gram_costs(gram, sizes, positive=positive), total_costs(labels, out, sizes)) <= 1:
            return mirrored(steps, coefficient, arrays, gram, sizes, positive=positive)
    return contract_arrays(steps, arrays, out, sizes), coefficient


def mirrored(
    steps: Steps,
    coefficient: Fraction,
    arrays: Sequence[Operand],
    gram: Gram,
    sizes: Sequence[SizeOf],
    *,
    positive: bool,
) -> tuple[Operand, Fraction]:
    """A symmetric product, and what of the coefficient is not in it."""
    parts = [Operand(arrays[k].step, labels) for k, labels in gram.half]
    half = contract_arrays(steps, parts, frozenset(gram.axes), sizes)
    matrix = steps.place(half.step, half.labels, gram.axes)
    if not gram.middle:
        return Operand(steps.gram(matrix), gram.ends), coefficient
    middle = contract_arrays(steps, [arrays[k] for k in gram.middle], frozenset((gram.label,)), sizes).step
    if not positive:
        scaled = steps.multiply(1, [steps.place(middle, (gram.label,), gram.axes), matrix])
        return Operand(steps.matmul(steps.turned(matrix), scaled), gram.ends), coefficient
    root = steps.power(steps.multiply(abs(coefficient), [middle]), Fraction(1, 2))
    scaled = steps.multiply(1, [steps.place(root, (gram.label,), gram.axes), matrix])
    return Operand(steps.gram(scaled), gram.ends), Fraction(1 if coefficient > 0 else -1)


def contract_arrays(steps: Steps, arrays: list[Operand], out: frozenset[int], sizes: Sequence[SizeOf]) -> Operand:
    """The contraction of operands that share labels."""
    pending = dict(enumerate(arrays))
    remaining = Counter(label for operand in arrays for label in operand.labels)
    order = path([operand.labels for operand in arrays], out, sizes, known_pairs(steps, arrays, out))
    for number, (first, second) in enumerate(order, len(arrays)):
        a, b = pending.pop(first), pending.pop(second)
        remaining.subtract((*a.labels, *b.labels))
        keep = out | {label for label in (*a.labels, *b.labels) if remaining[label]}
        steps.met |= {meeting(steps, a, b, keep), meeting(steps, b, a, keep)}
        result = pair(steps, a, b, keep)
        remaining.update(result.labels)
        pending[number] = result
    (last,) = pending.values()
    return last


def known_pairs(steps: Steps, arrays: Sequence[Operand], out: frozenset[int]) -> list[tuple[int, int]]:
    """The pairs of operands whose contraction has been computed before."""
    if len(arrays) < 3 or not steps.met:
        return []
    counts = Counter(label for operand in arrays for label in operand.labels)
    found = []
    for (j, a), (k, b) in combinations(enumerate(arrays), 2):
        own = Counter([*a.labels, *b.labels])
        if meeting(steps, a, b, out | {label for label in own if counts[label] > own[label]}) in steps.met:
            found.append((j, k))
    return found


def meeting(steps: Steps, a: Operand, b: Operand, keep: frozenset[int]) -> Hashable:
    """What identifies the contraction of two operands to the labels in `keep`, either way round for a symmetric one."""
    found = []
    for own, others in product(ways_round(steps, a), ways_round(steps, b)):
        first, second = letters(own, others)
        kept = {letter for letter, label in zip(first + second, (*own, *others), strict=True) if label in keep}
        found.append((first, second, "".join(sorted(kept))))
    return a.step, b.step, min(found)


def ways_round(steps: Steps, operand: Operand) -> list[Labels]:
    """The labels of an operand, and turned if it is symmetric."""
    return [operand.labels, operand.labels[::-1]] if operand.step in steps.symmetric else [operand.labels]


def simplified(steps: Steps, step: Step, labels: Labels, kept_labels: Callable[[int], bool]) -> Operand:
    """One factor by itself: equal labels become a diagonal, labels that nothing else has are summed."""
    kept = tuple(label for label in dict.fromkeys(labels) if kept_labels(label))
    if len(set(labels)) < len(labels):
        inner, result = letters(labels, kept)
        return Operand(steps.make("diagonal", (step,), f"{inner}->{result}", len(kept)), kept)
    if len(kept) == len(labels):
        return Operand(step, labels)
    own = tuple(k for k, label in enumerate(labels) if label not in kept)
    return Operand(steps.make("sum", (step,), own if kept else None, len(kept)), kept)


def matrix_powers(steps: Steps, operands: list[Operand], inner: frozenset[int]) -> list[Operand]:
    """Runs A_ij A_jk A_kl.. of four or more times one matrix become its power, unless there is a vector to start with.

    `inner` are the labels that connect just two factors.
    """
    if len(operands) < 4 or any(len(operand.labels) == 1 for operand in operands):
        return operands
    matrices = {operand.labels: operand for operand in operands if len(operand.labels) == 2}
    starts = {labels[0]: operand for labels, operand in matrices.items()}
    ends = {labels[1]: operand for labels, operand in matrices.items()}
    replaced: dict[Labels, Operand | None] = {}
    for labels, operand in matrices.items():
        before = ends.get(labels[0])
        if labels[0] in inner and before is not None and before.step is operand.step:
            continue
        run = [operand]
        while run[-1].labels[1] in inner:
            following = starts.get(run[-1].labels[1])
            if following is None or following.step is not operand.step or following.labels[1] == labels[0]:
                break
            run.append(following)
        if len(run) > 3:
            replaced |= {r.labels: None for r in run}
            replaced[labels] = as_power(steps, run)
    return [new for o in operands if (new := replaced.get(o.labels, o)) is not None]


def as_power(steps: Steps, run: Sequence[Operand]) -> Operand:
    """A run of one matrix as one operand."""
    step = steps.make("matrix_power", (run[0].step,), len(run), 2)
    return Operand(step, (run[0].labels[0], run[-1].labels[1]))


# ---- One pair ---------------------------------------------------------------------------------------


def pair(steps: Steps, a: Operand, b: Operand, keep: frozenset[int]) -> Operand:
    """The contraction of two operands to the labels in `keep`, by the simplest operation."""
    shared = [label for label in a.labels if label in b.labels]
    summed = [label for label in shared if label not in keep]
    batch = [label for label in shared if label in keep]
    if not summed:
        return elementwise(steps, a, b)
    if not batch and len(summed) == 1:
        return chained(steps, a, b, summed[0])
    rows = [label for label in a.labels if label not in shared]
    columns = [label for label in b.labels if label not in shared]
    if not batch and rows + columns:
        return tensordot(steps, a, b, summed)
    if len(summed) == len(rows) == len(columns) == 1:
        return batched(steps, a, b, (*batch,), rows[0], summed[0], columns[0])
    return einsum(steps, a, b, keep)


def elementwise(steps: Steps, a: Operand, b: Operand) -> Operand:
    """a * b, broadcast; an outer product of vectors where no label is shared; a triangle where one is its mask."""
    for mask, whole in ((a, b), (b, a)):
        if is_mask(mask.step) and covers((whole.step, whole.labels), mask.labels):
            return triangle(steps, mask, whole)
    if len(a.labels) == len(b.labels) == 1 and a.labels != b.labels:
        a, b = sorted((a, b), key=lambda operand: operand.labels)
        return Operand(steps.make("outer", (a.step, b.step), None, 2), a.labels + b.labels)
    wanted: Labels = max(a.labels, b.labels, key=len)
    if len(set(a.labels) | set(b.labels)) > len(wanted):
        wanted = tuple(sorted({*a.labels, *b.labels}))
    return Operand(steps.multiply(1, [steps.place(o.step, o.labels, wanted) for o in (a, b)]), wanted)


def chained(steps: Steps, a: Operand, b: Operand, label: int) -> Operand:
    """a @ b over one label, with as few transposes as possible."""
    if len(a.labels) > 2 or len(b.labels) > 2:
        return high_order_chained(steps, a, b, label)
    rows = tuple(k for k in a.labels if k != label)
    columns = tuple(k for k in b.labels if k != label)
    if not rows or not columns:
        matrix, vector = (a, b) if len(a.labels) >= len(b.labels) else (b, a)
        first, second = (matrix, vector) if matrix.labels[-1] == label else (vector, matrix)
        return Operand(steps.matmul(first.step, second.step), rows + columns)
    turned = (a.labels[1] != label) + (b.labels[0] != label)
    swap = turned > 1 or (turned == 1 and rows > columns)
    first, second = (b, a) if swap else (a, b)
    outer = columns + rows if swap else rows + columns
    left = steps.place(first.step, first.labels, (outer[0], label))
    right = steps.place(second.step, second.labels, (label, outer[1]))
    return Operand(steps.matmul(left, right), outer)


def high_order_chained(steps: Steps, a: Operand, b: Operand, label: int) -> Operand:
    """A contraction over one label in which an operand has three axes or more."""
    for first, second in ((a, b), (b, a)):
        if len(second.labels) == 1 and first.labels[-1] == label:
            return Operand(steps.matmul(first.step, second.step), first.labels[:-1])
        if len(second.labels) == 1 and first.labels[-2] == label:
            return Operand(steps.matmul(second.step, first.step), first.labels[:-2] + first.labels[-1:])
        if len(second.labels) == 2 and first.labels[-1] == label:
            (other,) = (k for k in second.labels if k != label)
            right = steps.place(second.step, second.labels, (label, other))
            return Operand(steps.matmul(first.step, right), (*first.labels[:-1], other))
    return tensordot(steps, a, b, [label])


def tensordot(steps: Steps, a: Operand, b: Operand, summed: Sequence[int]) -> Operand:
    """The contraction over several labels that leaves other labels."""
    if sorted(b.labels) < sorted(a.labels) and len(a.labels) == len(b.labels):
        a, b = b, a
    axes = tuple(a.labels.index(k) for k in summed), tuple(b.labels.index(k) for k in summed)
    kept = tuple(k for k in (*a.labels, *b.labels) if k not in summed)
    return Operand(steps.make("tensordot", (a.step, b.step), axes, len(kept)), kept)


def batched(steps: Steps, a: Operand, b: Operand, batch: Labels, row: int, label: int, column: int) -> Operand:
    """Matrix products side by side."""
    if row > column:
        a, b, row, column = b, a, column, row
    batch = tuple(sorted(batch))
    left = steps.place(a.step, a.labels, (*batch, row, label))
    right = steps.place(b.step, b.labels, (*batch, label, column))
    return Operand(steps.matmul(left, right), (*batch, row, column))


def einsum(steps: Steps, a: Operand, b: Operand, keep: frozenset[int]) -> Operand:
    """What fits no other operation."""
    kept = tuple(sorted({*a.labels, *b.labels} & keep))
    first, second, result = letters(a.labels, b.labels, kept)
    return Operand(steps.make("einsum", (a.step, b.step), f"{first},{second}->{result}", len(kept)), kept)
