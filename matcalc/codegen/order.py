"""The order of a contraction: which two factors meet first.

The cheapest one by dynamic programming over the sets of up to six factors, greedy beyond.  An order is a list of pairs
of numbers; each result takes the next free number.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from math import prod

__all__ = ["Labels", "path", "best_path", "greedy_path", "total_cost"]

#: The largest number of factors for which the best order is searched.
EXHAUSTIVE = 6

#: The largest number of factors for which the next pair is searched among all pairs.
GREEDY = 100

#: `np.einsum` over a pair costs about this much more a multiplication than `@`.
EINSUM_COST = 4

Labels = tuple[int, ...]


def path(labels: Sequence[Labels], out: frozenset[int], size: Callable[[int], int]) -> list[tuple[int, int]]:
    """The pairs to contract, by number; each result takes the next free number."""
    if len(labels) <= 2:
        return [(0, 1)] if len(labels) == 2 else []
    if len(labels) <= EXHAUSTIVE:
        return best_path(labels, out, size)
    return greedy_path(labels, out, size)


def total_cost(labels: Sequence[Labels], out: frozenset[int], size: Callable[[int], int]) -> int:
    """What a contraction costs in the order that `path` gives."""
    sets = {k: frozenset(group) for k, group in enumerate(labels)}
    counts = Counter(label for group in sets.values() for label in group)
    total = 0
    for number, (first, second) in enumerate(path(labels, out, size), len(labels)):
        a, b = sets.pop(first), sets.pop(second)
        counts.subtract((*a, *b))
        sets[number] = frozenset(label for label in a | b if label in out or counts[label])
        counts.update(sets[number])
        total += cost(a, b, sets[number], size)
    return total


def cost(a: frozenset[int], b: frozenset[int], result: frozenset[int], size: Callable[[int], int]) -> int:
    """Multiplications of one pair, and the entries of its result."""
    batched = bool(a & b & result) and bool((a & b) - result)
    return prod(map(size, a | b)) * (EINSUM_COST if batched else 1) + prod(map(size, result))


def best_path(labels: Sequence[Labels], out: frozenset[int], size: Callable[[int], int]) -> list[tuple[int, int]]:
    """The cheapest order, by dynamic programming over sets of operands."""
    count = len(labels)
    everything = (1 << count) - 1
    sets = [frozenset(group) for group in labels]
    union = [frozenset[int]()] * (everything + 1)
    for mask in range(1, everything + 1):
        low = (mask & -mask).bit_length() - 1
        union[mask] = union[mask & (mask - 1)] | sets[low]
    result = [union[mask] & (union[everything ^ mask] | out) for mask in range(everything + 1)]
    best: dict[int, tuple[int, int]] = {1 << k: (0, 0) for k in range(count)}
    for mask in range(1, everything + 1):
        low = mask & -mask
        part = (mask - 1) & mask
        options = []
        while part:
            if part & low:
                rest = mask ^ part
                total = best[part][0] + best[rest][0] + cost(result[part], result[rest], result[mask], size)
                options.append((total, part))
            part = (part - 1) & mask
        if options:
            best[mask] = min(options)
    return unfold(everything, best, count)


def unfold(everything: int, best: Mapping[int, tuple[int, int]], count: int) -> list[tuple[int, int]]:
    """The tree of splits as a list of pairs."""
    pairs: list[tuple[int, int]] = []

    def number(mask: int) -> int:
        if mask & (mask - 1) == 0:
            return mask.bit_length() - 1
        first, second = number(best[mask][1]), number(mask ^ best[mask][1])
        pairs.append((first, second))
        return count + len(pairs) - 1

    number(everything)
    return pairs


def greedy_path(labels: Sequence[Labels], out: frozenset[int], size: Callable[[int], int]) -> list[tuple[int, int]]:
    """The cheapest next pair, again and again; among very many factors only neighbours are looked at."""
    sets: dict[int, frozenset[int]] = {k: frozenset(group) for k, group in enumerate(labels)}
    counts: dict[int, int] = {}
    for label in (label for group in sets.values() for label in group):
        counts[label] = counts.get(label, 0) + 1

    def merged(first: int, second: int) -> frozenset[int]:
        shared = sets[first] & sets[second]
        return (sets[first] | sets[second]) - {k for k in shared if counts[k] == 2 and k not in out}

    def price(first: int, second: int) -> tuple[int, bool, int, int]:
        apart = not sets[first] & sets[second]
        return cost(sets[first], sets[second], merged(first, second), size), apart, first, second

    pairs: list[tuple[int, int]] = []
    prices = {p: price(*p) for p in starting_pairs(len(labels))}
    for new in range(len(labels), 2 * len(labels) - 1):
        first, second = min(prices, key=prices.__getitem__)
        pairs.append((first, second))
        result = merged(first, second)
        for label in sets[first] & sets[second]:
            counts[label] -= 1 if label in result else 2
        touched = {k for p in prices if first in p or second in p for k in p} - {first, second}
        sets[new] = result
        del sets[first], sets[second]
        prices = {p: c for p, c in prices.items() if first not in p and second not in p}
        prices |= {(k, new): price(k, new) for k in sorted(touched)}
    return pairs


def starting_pairs(count: int) -> list[tuple[int, int]]:
    """The pairs of operands to choose the first one from."""
    reach = count if count <= GREEDY else 2
    return [(i, j) for i in range(count) for j in range(i + 1, min(count, i + reach))]
