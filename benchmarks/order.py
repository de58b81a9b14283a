"""The order of contractions beside opt_einsum's: how good an order is, and how long it takes to find.

    python -m benchmarks.order [--samples 40] [--output benchmarks/results]

in a checkout, with the extra `test` installed and opt_einsum, which JAX brings.  It writes order.md and order.json.

The contractions are those of the emitted code of every derivative of tests/corpus.py, at the sizes of
`matcalc.codegen.scale`, and random ones of 3 to 14 factors with one to three axes each and sizes from 2 to 1000.  The cost
of an order is the number of multiplications of all pairs, which both programs count; the weight that matcalc gives to what
only `np.einsum` can do is left out.  Ratios are geometric means over the contractions, theirs by ours, so that more than 1
is in favour of matcalc; beside each stands the least of them.
"""

from __future__ import annotations

import argparse
import json
import platform
import random
import statistics
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import exp, log, prod
from pathlib import Path
from time import perf_counter
from typing import Any
from unittest.mock import patch

import opt_einsum

import matcalc
from matcalc.codegen import contraction, order

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from corpus import TASKS

RESULTS = Path(__file__).parent / "results"

#: The finders of opt_einsum, and the largest number of factors that each is given.
FINDERS: dict[str, tuple[Callable[..., Any], int]] = {
    "optimal": (opt_einsum.paths.optimal, 7),
    "dp": (opt_einsum.paths.DynamicProgramming(minimize="flops", search_outer=True), 10),
    "greedy": (opt_einsum.paths.greedy, 14),
    "auto": (opt_einsum.paths.auto, 14),
}


@dataclass(frozen=True)
class Contraction:
    """Factors by the labels of their axes, the labels of the result, and the sizes of all."""

    factors: tuple[tuple[int, ...], ...]
    out: frozenset[int]
    sizes: dict[int, int]

    def cost(self, pairs: Sequence[tuple[int, int]]) -> int:
        """The multiplications of an order."""
        sets = {k: frozenset(group) for k, group in enumerate(self.factors)}
        total = 0
        for number, (first, second) in enumerate(pairs, len(sets)):
            a, b = sets.pop(first), sets.pop(second)
            total += prod(self.sizes[label] for label in a | b)
            sets[number] = (a | b) & self.out.union(*sets.values())
        return total


def drawn(generator: random.Random, count: int) -> Contraction:
    """A random contraction."""
    labels = range(generator.randint(count // 2 + 2, count + 3))
    factors = tuple(tuple(generator.sample(labels, generator.choice([1, 2, 2, 2, 3]))) for _ in range(count))
    carried = sorted({label for group in factors for label in group})
    alone = {label for label in carried if sum(label in group for group in factors) == 1}
    out = frozenset(alone | {generator.choice(carried)})
    return Contraction(factors, out, {label: generator.choice([2, 3, 10, 30, 100, 300, 1000]) for label in carried})


@contextmanager
def recorded() -> Iterator[list[Contraction]]:
    """The contractions of three factors or more whose order is searched."""
    found: list[Contraction] = []
    search = order.path

    def recording(labels: Any, out: Any, sizes: Any, known: Any = ()) -> Any:
        if len(labels) > 2:
            used = {label for group in labels for label in group}
            found.extend(Contraction(tuple(labels), frozenset(out) & used, {k: size(k) for k in used}) for size in sizes)
        return search(labels, out, sizes, known)

    with patch.object(contraction, "path", recording):
        yield found


def of_the_corpus() -> list[Contraction]:
    """The different contractions of all tasks."""
    with recorded() as found:
        for task in TASKS:
            matcalc.derive(task.source, task.wrt, task.declare, task.layout, task.order).code()
    return [c for k, c in enumerate(found) if c not in found[:k]]


def pairs_of(path: Sequence[Sequence[int]], count: int) -> list[tuple[int, int]]:
    """A path of opt_einsum, in which results go to the end of a list, as pairs of numbers."""
    numbers, pairs = list(range(count)), []
    for step in path:
        first, *others = [numbers.pop(k) for k in sorted(step, reverse=True)]
        for other in others:
            pairs.append((first, other))
            first = count + len(pairs) - 1
        numbers.append(first)
    return pairs


def timed(search: Callable[[], Any]) -> tuple[Any, float]:
    """What a search finds, and the least of three times in milliseconds."""
    times = []
    for _ in range(3):
        start = perf_counter()
        found = search()
        times.append(perf_counter() - start)
    return found, 1000 * min(times)


def found_by(case: Contraction) -> dict[str, tuple[int, float]]:
    """Cost and time of every program's order."""
    size = case.sizes.__getitem__
    pairs, time = timed(lambda: order.path(case.factors, case.out, [size]))
    results = {"matcalc": (case.cost(pairs), time)}
    inputs, output = [set(group) for group in case.factors], set(case.out)
    for name, (search, largest) in FINDERS.items():
        if len(inputs) <= largest:
            made, time = timed(lambda search=search: search([set(i) for i in inputs], output, dict(case.sizes), None))
            results[name] = case.cost(pairs_of(made, len(inputs))), time
    return results


def measured(name: str, cases: Sequence[Contraction]) -> dict[str, Any]:
    """A row of the table."""
    with patch.object(order, "EINSUM_COST", 1):
        results = [found_by(case) for case in cases]
    row: dict[str, Any] = {"contractions": name, "number": len(cases), "matcalc ms": mean_time(results, "matcalc")}
    for finder in FINDERS:
        if finder in results[0]:
            ratios = [max(r[finder][0], 1) / max(r["matcalc"][0], 1) for r in results if finder in r]
            row[finder] = exp(statistics.mean(map(log, ratios)))
            row[f"{finder} least"] = min(ratios)
            row[f"{finder} ms"] = mean_time(results, finder)
    return row


def mean_time(results: Sequence[dict[str, tuple[int, float]]], finder: str) -> float:
    """The mean time of a finder."""
    return statistics.mean(r[finder][1] for r in results if finder in r)


def markdown(rows: Sequence[dict[str, Any]]) -> str:
    """The table."""
    head = ["contractions", "number", "matcalc, ms", *(f"{name}: cost (least), ms" for name in FINDERS)]
    lines = [f"| {' | '.join(head)} |", "| --- |" + " ---: |" * (len(head) - 1)]
    for row in rows:
        cells = [row["contractions"], str(row["number"]), f"{row['matcalc ms']:.2f}"]
        for name in FINDERS:
            cells.append(f"{row[name]:.2f} ({row[name + ' least']:.2f}), {row[name + ' ms']:.2f}" if name in row else "")
        lines.append(f"| {' | '.join(cells)} |")
    text = (__doc__ or "").split("\n\n")
    machine = f"Python {platform.python_version()}, opt_einsum {opt_einsum.__version__}, {platform.machine()}."
    return "\n\n".join(["# The order of contractions", text[-1].strip(), "\n".join(lines), machine]) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.order", description="The order of contractions.")
    parser.add_argument("--samples", type=int, default=40, help="random contractions of each length (default 40)")
    parser.add_argument("--output", type=Path, default=RESULTS, help="where to write (default benchmarks/results)")
    options = parser.parse_args()
    rows = [measured("the corpus", of_the_corpus())]
    for count in range(3, 15):
        generator = random.Random(count)
        rows.append(measured(f"random, {count} factors", [drawn(generator, count) for _ in range(options.samples)]))
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / "order.json").write_text(json.dumps(rows, indent=2) + "\n")
    (options.output / "order.md").write_text(markdown(rows))
    print(markdown(rows))


if __name__ == "__main__":
    main()
