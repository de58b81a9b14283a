"""Times of two or more callables in turns, and their peak memory.

pyperf and pytest-benchmark run one benchmark to its end before the next one begins, so a machine that slows down for a
while falls on one of a pair and not on the other.  Here all take a turn in each round, every second round in reverse, and
a ratio is that of two neighbouring times.  The loop is that of `timeit`.  The clock is CPU time where all have one thread,
so that what else the machine does counts little, else wall-clock time.
"""

from __future__ import annotations

import gc
import statistics
import timeit
import tracemalloc
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any

#: The least seconds that one timing lasts; a fast function is called in a loop for so long.
LEAST = 0.004


@dataclass(frozen=True)
class Spread:
    """The median of some figures and the quartiles on both sides."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, figures: list[float]) -> Spread:
        low, median, high = statistics.quantiles(figures, n=4, method="inclusive") if len(figures) > 1 else figures * 3
        return cls(median, low, high)


@dataclass(frozen=True)
class Effort:
    """How many rounds are run: as many as fit into `seconds`, but at least `least` and at most `most`, and by which clock."""

    seconds: float
    least: int
    most: int
    clock: Callable[[], float] = perf_counter

    def rounds(self, one: float) -> int:
        return max(self.least, min(self.most, int(self.seconds / one)))


def quickest(runs: Mapping[str, Callable[[], Any]], effort: Effort) -> str:
    """The name with the least time in three single calls; where there is no choice, nothing is called."""
    if len(runs) == 1:
        return next(iter(runs))
    return min(runs, key=lambda name: min(timeit.repeat(runs[name], timer=effort.clock, number=1, repeat=3)))


def loops_of(timer: timeit.Timer) -> int:
    """How many calls one timing makes, found by doubling as `timeit` does."""
    loops = 1
    while timer.timeit(loops) < LEAST:
        loops *= 2
    return loops


def in_turns(runs: Mapping[str, Callable[[], Any]], effort: Effort) -> dict[str, list[float]]:
    """The seconds of a call of each in every round."""
    timers = {name: timeit.Timer(run, timer=effort.clock) for name, run in runs.items()}
    loops = {name: loops_of(timer) for name, timer in timers.items()}
    times: dict[str, list[float]] = {name: [] for name in runs}

    def turn(name: str) -> float:
        spent = timers[name].timeit(loops[name])
        times[name].append(spent / loops[name])
        return spent

    first = sum(turn(name) for name in timers)
    for k in range(effort.rounds(first) - 1):
        for name in timers if k % 2 else reversed(timers):
            turn(name)
    return times


def ratios(above: list[float], below: list[float]) -> Spread:
    """The spread of the ratios of two lists of times from the same rounds."""
    return Spread.of([a / b for a, b in zip(above, below, strict=True)])


def fastest(times: Mapping[str, list[float]]) -> str:
    """The name with the least median."""
    return min(times, key=lambda name: statistics.median(times[name]))


def peak_bytes(run: Callable[[], Any]) -> int:
    """The most memory that a call holds beyond what was held before, as NumPy reports it to tracemalloc."""
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        run()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
