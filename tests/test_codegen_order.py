"""The order of contractions: against all orders, for one size and for several, and what code gains by it."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable, Iterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import matcalc
from matcalc.codegen import order
from matcalc.codegen.order import EINSUM_COST, Labels, path, ratio, total_costs
from matcalc.codegen.scale import LARGE, SMALL, USUAL, scales

Pairs = Sequence[tuple[int, int]]


def cost(labels: Sequence[Labels], pairs: Pairs, out: frozenset[int], size: Callable[[int], int], known: Pairs = ()) -> int:
    """The cost of an order, by the definition."""
    sets = {k: frozenset(group) for k, group in enumerate(labels)}
    total = 0
    for number, (first, second) in enumerate(pairs, len(labels)):
        a, b = sets.pop(first), sets.pop(second)
        result = (a | b) & (out | frozenset().union(*sets.values()))
        batched = bool(a & b & result) and bool((a & b) - result)
        own = math.prod(map(size, a | b)) * (EINSUM_COST if batched else 1) + math.prod(map(size, result))
        total += 0 if tuple(sorted((first, second))) in known else own
        sets[number] = result
    return total


def all_orders(numbers: tuple[int, ...], fresh: int) -> Iterator[list[tuple[int, int]]]:
    """Every order in which some factors can meet."""
    if len(numbers) == 1:
        yield []
    for first, second in itertools.combinations(numbers, 2):
        rest = tuple(k for k in numbers if k not in (first, second))
        for following in all_orders((*rest, fresh), fresh + 1):
            yield [(first, second), *following]


def drawn(generator: random.Random, count: int) -> tuple[list[Labels], frozenset[int], dict[int, int]]:
    """A random contraction with its sizes."""
    names = range(generator.randint(count // 2 + 2, count + 3))
    labels = [tuple(generator.sample(names, generator.choice([1, 2, 2, 3]))) for _ in range(count)]
    carried = sorted({k for group in labels for k in group})
    out = frozenset(k for k in carried if sum(k in group for group in labels) == 1) | {generator.choice(carried)}
    return labels, out, {k: generator.choice([2, 3, 7, 20, 100, 500]) for k in carried}


@pytest.mark.parametrize("count", [3, 4, 5])
@pytest.mark.parametrize("seed", range(12))
def test_the_order_is_the_cheapest_of_all(count: int, seed: int) -> None:
    generator = random.Random(seed)
    labels, out, sizes = drawn(generator, count)
    known = [tuple(sorted(generator.sample(range(count), 2)))] if seed % 2 else []
    found = path(labels, out, [sizes.__getitem__], known)
    least = min(cost(labels, pairs, out, sizes.__getitem__, known) for pairs in all_orders(tuple(range(count)), count))
    assert cost(labels, found, out, sizes.__getitem__, known) == least
    if not known:
        assert total_costs(labels, out, [sizes.__getitem__]) == [least]


@pytest.mark.parametrize("count", [3, 4])
@pytest.mark.parametrize("seed", range(8))
def test_at_several_sizes_it_is_the_best_of_the_best_ones(count: int, seed: int) -> None:
    generator = random.Random(seed)
    labels, out, sizes = drawn(generator, count)
    several = [sizes, {k: generator.choice([2, 1000]) for k in sizes}, dict.fromkeys(sizes, 50)]
    found = path(labels, out, [one.__getitem__ for one in several])
    bests = [path(labels, out, [one.__getitem__]) for one in several]

    def mean(pairs: Pairs) -> float:
        return math.prod(cost(labels, pairs, out, one.__getitem__) for one in several) ** (1 / 3)

    assert found in bests
    assert mean(found) <= min(map(mean, bests)) * (1 + 1e-6)


@pytest.mark.parametrize("count", [7, 10, 11, 16, 24, 39, 41, 150])
def test_long_contractions_are_whole_and_cheap(count: int) -> None:
    """An order meets every factor once; that of many factors is no dearer than that of pairs by their cost alone."""
    labels, out, sizes = drawn(random.Random(count), count)
    found = path(labels, out, [sizes.__getitem__])
    assert sorted(k for pair in found for k in pair) == list(range(2 * count - 2))
    network, (volume,) = order.network_of(labels, out, [sizes.__getitem__])
    plain = order.greedy_path(network, volume)
    assert cost(labels, found, out, sizes.__getitem__) <= cost(labels, plain, out, sizes.__getitem__)


@pytest.mark.parametrize("count", [6, 8, 10])
def test_opt_einsum_has_no_order_that_costs_less(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Multiplications and entries of results, by its dynamic programming, which minimizes the first."""
    benchmark = pytest.importorskip("benchmarks.order", reason="opt_einsum is not installed")
    monkeypatch.setattr(order, "EINSUM_COST", 1)
    generator = random.Random(count)
    search, _ = benchmark.FINDERS["dp"]
    for case in (benchmark.drawn(generator, count) for _ in range(5)):
        inputs = [set(group) for group in case.factors]
        theirs = benchmark.pairs_of(search(inputs, set(case.out), dict(case.sizes), None), count)
        network, (volume,) = order.network_of(case.factors, case.out, [case.sizes.__getitem__])
        ours = path(case.factors, case.out, [case.sizes.__getitem__])
        assert network.cost(ours, volume) <= network.cost(theirs, volume)
        assert case.cost(theirs) <= case.cost(ours)  # so the comparison means something


def test_a_path_of_opt_einsum_is_read_as_pairs() -> None:
    benchmark = pytest.importorskip("benchmarks.order", reason="opt_einsum is not installed")
    assert benchmark.pairs_of([(1, 2), (0, 2), (0, 1)], 4) == [(2, 1), (4, 0), (5, 3)]
    case = benchmark.Contraction(((0, 1), (1, 2), (2, 3)), frozenset({0, 3}), {0: 2, 1: 3, 2: 5, 3: 7})
    assert case.cost([(0, 1), (3, 2)]) == 2 * 3 * 5 + 2 * 5 * 7
    assert case.cost([(1, 2), (0, 3)]) == 3 * 5 * 7 + 2 * 3 * 7


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.text("abcdef", max_size=3).map(lambda t: tuple(dict.fromkeys(map(ord, t)))), min_size=3, max_size=12))
def test_any_factors_have_an_order(labels: list[Labels]) -> None:
    out = frozenset(k for group in labels for k in group if sum(k in other for other in labels) == 1)
    found = path(labels, out, [lambda _: 100, lambda label: label])
    assert sorted(k for pair in found for k in pair) == list(range(2 * len(labels) - 2))


# ---- Scales -----------------------------------------------------------------------------------------------------------


def test_every_dimension_is_large_and_small_by_itself() -> None:
    found = scales(["n", 3, "m", "n", "k"], {"k": 7})
    assert [{d: scale(d) for d in ("m", "n", "k", 3)} for scale in found] == [
        {"m": m, "n": n, "k": 7, 3: 3}
        for m, n in ((USUAL, USUAL), (LARGE, USUAL), (SMALL, USUAL), (USUAL, LARGE), (USUAL, SMALL))
    ]


def test_given_sizes_and_a_single_dimension_leave_one_scale() -> None:
    assert len(scales(["n"], {})) == len(scales(["m", "n"], {"m": 2, "n": 3})) == len(scales([2, 3], {})) == 1
    assert len(scales([f"d{k}" for k in range(30)], {})) == 1


def test_a_ratio_is_that_of_geometric_means() -> None:
    assert math.isclose(ratio([1, 8], [2, 1]), 2.0)
    assert ratio([3, 5], [5, 3]) == 1.0


@pytest.mark.parametrize(
    ("source", "wrt", "declare", "expected"),
    [
        # X A A' costs as much as X (A A') where all sizes are equal, and is never far dearer.
        ("norm2(X*A)^2", "X", "X: matrix(m, p); A: matrix(p, n)", "2 * (X @ A @ A.T)"),
        # X Q and X K are each computed once.
        ("sum(tanh(X*Q*K'*X'))", "Q", "X: matrix(N, d); Q: matrix(d, k); K: matrix(d, k)", None),
    ],
)
def test_orders_that_no_size_makes_far_dearer(source: str, wrt: str, declare: str, expected: str | None) -> None:
    text = matcalc.derive(source, wrt, declare).code()
    body = text[text.rindex('"""') :]
    assert expected is None or expected in body
    assert body.count("X @ K") <= 1


def test_what_is_computed_is_used_again() -> None:
    """(C X) is there already when the product with A could as well begin elsewhere."""
    answer = matcalc.derive("tr(inv(X'*C*X)*A)", "X", "C: matrix(n, n) symmetric; X: matrix(n, m); A: matrix(m, m)")
    text = answer.code()
    assert text[text.rindex('"""') :].count("C @ X") == 1
    assert answer.check().agrees
