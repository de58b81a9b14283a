"""The order of a contraction: which two factors meet first.

The cheapest one by dynamic programming over the sets of up to ten factors.  Beyond, a greedy one of which every part of
a few results is put into its cheapest order.  An order is a list of pairs of numbers; each result takes the next free
number.

Several sizes may be given for one contraction, one function of its labels for each.  Then the order is the one, among
the best ones for each, whose cost is the least in the geometric mean: the ratio of two orders counts, so that large
sizes do not decide alone.  What is computed already costs nothing.

Beside opt_einsum 3.4 (`python -m benchmarks.order`), in multiplications: on the contractions of the test corpus and on
random ones of up to ten factors no finder of it has an order that is cheaper by more than the entries of results, which
count here, too.  Its dynamic programming finds orders as good in two to four times the time.  Its `auto`, 3 % dearer in the
mean on the corpus, is faster beyond seven factors, for orders 20 % to 130 % dearer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import combinations
from math import exp, fsum, log

__all__ = ["Labels", "SizeOf", "path", "best_path", "greedy_path", "ratio", "total_costs"]

#: The largest number of factors for which the best order is searched, for one size and for each of several.
EXHAUSTIVE, EXHAUSTIVE_AT_EACH = 10, 6

#: The largest number of factors for which the next pair is searched among all pairs.
GREEDY = 100

#: The largest number of factors for which a greedy order is mended, part by part, and of how many results a part is.
MENDED, PART = 40, 7

#: `np.einsum` over a pair costs about this much more a multiplication than `@`.
EINSUM_COST = 4

Labels = tuple[int, ...]

#: The size of a label.
SizeOf = Callable[[int], int]

#: An order.
Pairs = list[tuple[int, int]]


@dataclass(frozen=True)
class Network:
    """The factors of a contraction, each as the set of its labels; a set of labels is the sum of their bits.

    `out` are the labels of the result; `known` are the pairs of factors that have met before.
    """

    factors: Sequence[int]
    out: int
    known: Set[int] = frozenset()

    def result(self, chosen: int) -> int:
        """The labels that are left when the factors of a set have met."""
        inside = [factor for k, factor in enumerate(self.factors) if chosen >> k & 1]
        outside = mask_of(factor for k, factor in enumerate(self.factors) if not chosen >> k & 1)
        return mask_of(inside) & (outside | self.out) if len(inside) > 1 else inside[0]

    def cost(self, pairs: Pairs, volume: Volume) -> int:
        """What an order costs."""
        sets = dict(enumerate(self.factors))
        total = 0
        for number, (first, second) in enumerate(pairs, len(sets)):
            a, b = sets.pop(first), sets.pop(second)
            sets[number] = (a | b) & (self.out | mask_of(sets.values()))
            if 1 << first | 1 << second not in self.known:
                total += cost(a, b, sets[number], volume)
        return total


def network_of(
    labels: Sequence[Labels], out: Iterable[int], sizes: Sequence[SizeOf], known: Collection[tuple[int, int]] = ()
) -> tuple[Network, list[Volume]]:
    """The network of some labels, and the number of entries of its tensors at each of some sizes."""
    names = sorted({label for group in labels for label in group})
    bits = {label: 1 << position for position, label in enumerate(names)}
    factors = [mask_of(bits[label] for label in group) for group in labels]
    met = frozenset(1 << first | 1 << second for first, second in known)
    network = Network(factors, mask_of(bits[label] for label in out if label in bits), met)
    return network, [Volume([size(label) for label in names]) for size in sizes]


class Volume(dict[int, int]):
    """The number of entries of a tensor with some labels, remembered."""

    def __init__(self, sizes: Sequence[int]) -> None:
        super().__init__({0: 1})
        self.sizes = sizes

    def __missing__(self, mask: int) -> int:
        self[mask] = found = self.sizes[mask.bit_length() - 1] * self[mask & ~(1 << mask.bit_length() - 1)]
        return found


def mask_of(masks: Iterable[int]) -> int:
    """All labels of some sets."""
    result = 0
    for mask in masks:
        result |= mask
    return result


def cost(a: int, b: int, result: int, volume: Volume) -> int:
    """Multiplications of one pair, and the entries of its result."""
    shared = a & b
    weight = EINSUM_COST if shared & result and shared & ~result else 1
    return weight * volume[a | b] + volume[result]


def path(
    labels: Sequence[Labels], out: Iterable[int], sizes: Sequence[SizeOf], known: Collection[tuple[int, int]] = ()
) -> Pairs:
    """The pairs to contract, by number; each result takes the next free number.

    `known` are the pairs of factors whose product is there already.
    """
    if len(labels) <= 2:
        return [(0, 1)] if len(labels) == 2 else []
    network, volumes = network_of(labels, out, sizes, known)
    candidates: list[Pairs] = []
    for number, volume in enumerate(volumes):
        made = found_path(network, volume, EXHAUSTIVE_AT_EACH if number else EXHAUSTIVE)
        if made not in candidates:
            candidates.append(made)
    if len(candidates) == 1:
        return candidates[0]
    return min(candidates, key=lambda pairs: mean(network.cost(pairs, volume) for volume in volumes))


def total_costs(labels: Sequence[Labels], out: Iterable[int], sizes: Sequence[SizeOf]) -> list[int]:
    """What a contraction costs at each of the sizes, in the order that is the cheapest for the first of them."""
    network, volumes = network_of(labels, out, sizes)
    pairs = path(labels, out, sizes[:1])
    return [network.cost(pairs, volume) for volume in volumes]


def mean(costs: Iterable[int]) -> float:
    """The geometric mean, rounded so that orders of one cost tie."""
    logarithms = [log(max(cost, 1)) for cost in costs]
    return round(fsum(logarithms) / len(logarithms), 9)


def ratio(costs: Sequence[int], others: Sequence[int]) -> float:
    """How much dearer one way is than another: the geometric mean over all sizes."""
    return exp(mean(costs) - mean(others))


def found_path(network: Network, volume: Volume, exhaustive: int) -> Pairs:
    """An order for one size: the best one, or of several by steps the cheapest."""
    if len(network.factors) <= exhaustive:
        return best_path(network, volume)
    made = [greedy_path(network, volume, score) for score in SCORES]
    if len(network.factors) <= MENDED:
        made = [mended(network, pairs, volume) for pairs in made]
    return min(made, key=lambda pairs: network.cost(pairs, volume))


def best_path(network: Network, volume: Volume) -> Pairs:
    """The cheapest order, by dynamic programming over sets of factors."""
    count = len(network.factors)
    everything = (1 << count) - 1
    union = [0] * (everything + 1)
    for chosen in range(1, everything + 1):
        union[chosen] = union[chosen & (chosen - 1)] | network.factors[(chosen & -chosen).bit_length() - 1]
    result = [union[chosen] & (union[everything ^ chosen] | network.out) for chosen in range(everything + 1)]
    for position in range(count):
        result[1 << position] = network.factors[position]
    best, split = [0] * (everything + 1), [0] * (everything + 1)
    for chosen in range(1, everything + 1):
        low = chosen & -chosen
        part = (chosen - 1) & chosen
        least = -1
        while part:
            if part & low:
                before = best[part] + best[chosen ^ part]
                if least < 0 or before < least:
                    total = before + cost(result[part], result[chosen ^ part], result[chosen], volume)
                    if least < 0 or total <= least:
                        least, split[chosen] = total, part
            part = (part - 1) & chosen
        best[chosen] = max(least, 0) if chosen not in network.known else 0
    return unfold(everything, split, count)


def unfold(everything: int, split: Sequence[int], count: int) -> Pairs:
    """The tree of splits as a list of pairs."""
    pairs: Pairs = []

    def number(chosen: int) -> int:
        if chosen & (chosen - 1) == 0:
            return chosen.bit_length() - 1
        first, second = number(split[chosen]), number(chosen ^ split[chosen])
        pairs.append((first, second))
        return count + len(pairs) - 1

    number(everything)
    return pairs


def mended(network: Network, pairs: Pairs, volume: Volume) -> Pairs:
    """An order that is no dearer: every part of a few results in its cheapest order, from the first results to the last."""
    count = len(network.factors)
    parts = dict(enumerate(pairs, count))
    leaves = {k: 1 << k for k in range(count)}
    for number, (first, second) in parts.items():
        leaves[number] = leaves[first] | leaves[second]
    for top in list(parts):
        inner, ends = part_below(top, parts, lambda k: volume[network.result(leaves[k])])
        pairs_of_ends = combinations(range(len(ends)), 2)
        known = {1 << a | 1 << b for a, b in pairs_of_ends if leaves[ends[a]] | leaves[ends[b]] in network.known}
        own = Network([network.result(leaves[k]) for k in ends], network.result(leaves[top]), known)
        numbers = [*ends, *inner, top]
        for k, (first, second) in zip([*inner, top], best_path(own, volume), strict=True):
            parts[k] = numbers[first], numbers[second]
            leaves[k] = leaves[numbers[first]] | leaves[numbers[second]]
    return renumbered(parts, count)


def part_below(top: int, parts: Mapping[int, tuple[int, int]], weight: Callable[[int], int]) -> tuple[list[int], list[int]]:
    """Some results below one, the largest ones laid open first, and what these are made of."""
    inner, ends = [], list(parts[top])
    while len(ends) < PART and any(k in parts for k in ends):
        widest = max((k for k in ends if k in parts), key=lambda k: (weight(k), k))
        inner.append(widest)
        ends.remove(widest)
        ends += parts[widest]
    return inner, ends


def renumbered(parts: Mapping[int, tuple[int, int]], count: int) -> Pairs:
    """The pairs of results in an order in which each comes after those that it needs; the last one is the whole."""
    numbers = {k: k for k in range(count)}
    pairs: Pairs = []
    pending = [max(parts)]
    while pending:
        missing = [k for k in parts[pending[-1]] if k not in numbers]
        pending += missing
        if not missing:
            first, second = parts[pending[-1]]
            pairs.append((numbers[first], numbers[second]))
            numbers[pending.pop()] = count + len(pairs) - 1
    return pairs


#: What a greedy order looks for in the next pair: the least cost, or the most entries that vanish.
SCORES: tuple[Callable[[int, int, int, Volume], int], ...] = (
    cost,
    lambda a, b, result, volume: volume[result] - volume[a] - volume[b],
)


def greedy_path(network: Network, volume: Volume, score: Callable[[int, int, int, Volume], int] = cost) -> Pairs:
    """The best next pair, again and again; among very many factors only neighbours are looked at."""
    sets = dict(enumerate(network.factors))
    counts = Counter(bit for factor in sets.values() for bit in bits_of(factor))

    def merged(first: int, second: int) -> int:
        gone = mask_of(bit for bit in bits_of(sets[first] & sets[second]) if counts[bit] == 2)
        return (sets[first] | sets[second]) & ~(gone & ~network.out)

    def price(first: int, second: int) -> tuple[bool, int, bool, int, int]:
        fresh, apart = 1 << first | 1 << second not in network.known, not sets[first] & sets[second]
        return fresh, score(sets[first], sets[second], merged(first, second), volume), apart, first, second

    pairs: Pairs = []
    prices = {p: price(*p) for p in starting_pairs(len(sets))}
    for new in range(len(sets), 2 * len(sets) - 1):
        first, second = min(prices, key=prices.__getitem__)
        pairs.append((first, second))
        result = merged(first, second)
        counts.subtract([*bits_of(sets[first]), *bits_of(sets[second])])
        counts.update(bits_of(result))
        touched = {k for p in prices if first in p or second in p for k in p} - {first, second}
        sets[new] = result
        del sets[first], sets[second]
        prices = {p: c for p, c in prices.items() if first not in p and second not in p}
        prices |= {(k, new): price(k, new) for k in sorted(touched)}
    return pairs


def bits_of(mask: int) -> list[int]:
    """The labels of a set, one by one."""
    found = []
    while mask:
        found.append(mask & -mask)
        mask &= mask - 1
    return found


def starting_pairs(count: int) -> list[tuple[int, int]]:
    """The pairs of operands to choose the first one from."""
    reach = count if count <= GREEDY else 2
    return [(i, j) for i in range(count) for j in range(i + 1, min(count, i + reach))]
