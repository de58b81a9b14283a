"""The measurements of one problem at one size."""

from __future__ import annotations

import gc
import statistics
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from benchmarks.codegen.contestants import Maker, Run, emitted, hand_written
from benchmarks.codegen.problems import Problem, Values, largest, parts
from benchmarks.codegen.timing import Effort, Spread, fastest, in_turns, peak_bytes, quickest, ratios

#: How far results may lie apart, relative to the largest entry.
TOLERANCE = 1e-8

#: Seconds of a call from which a contestant is left out at larger sizes.
PATIENCE = 0.5


class Disagreement(Exception):
    """Two contestants found different derivatives."""


@dataclass(frozen=True)
class Rival:
    """The times of another program beside the emitted code: seconds, and how many times as long it takes."""

    form: str
    seconds: Spread
    ratio: Spread


@dataclass
class Row:
    """One problem at one size.

    `ratio` is the time of the emitted code over that of the fastest hand-written form, `largest` the entries of the largest
    array; a rival that was left out stands in `missing` with the reason.
    """

    problem: str
    kind: str
    n: int
    largest: int
    emitted: Spread
    form: str
    hand_written: Spread
    ratio: Spread
    emitted_bytes: int
    hand_written_bytes: int
    rivals: dict[str, Rival] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)

    @property
    def memory(self) -> float:
        """Peak memory of the emitted code over the least of the hand-written forms that are as fast as the fastest."""
        return self.emitted_bytes / max(1, self.hand_written_bytes)


def agree(problem: Problem, name: str, found: Any, expected: list[np.ndarray]) -> None:
    """Raise Disagreement unless two results are equal up to TOLERANCE."""
    for variable, own, wanted in zip(problem.wrt, parts(found, problem.wrt), expected, strict=True):
        far = np.abs(own - wanted).max() if own.shape == wanted.shape else np.inf
        if not far <= TOLERANCE * np.abs(wanted).max():
            shapes = f"shapes {own.shape} and {wanted.shape}, " if own.shape != wanted.shape else ""
            raise Disagreement(f"{problem.name} by {variable}: {name} and the emitted code differ ({shapes}by {far:.1e})")


def checked(problem: Problem, who: str, runs: Mapping[str, Run], expected: list[np.ndarray]) -> Mapping[str, Run]:
    """The callables of a contestant, after each has been seen to agree with the emitted code."""
    for name, run in runs.items():
        agree(problem, f"{who} ({name})", run(), expected)
    return runs


def measure(problem: Problem, n: int, rivals: Mapping[str, Maker | str], effort: Effort) -> Row:
    """The figures of one problem at one size; a rival that is a text is left out for the reason that it gives."""
    values = problem.values(n)
    run = emitted(problem, values)
    expected = parts(run(), problem.wrt)
    row = beside_forms(problem, n, values, run, expected, effort)
    for name, maker in rivals.items():
        if isinstance(maker, str):
            row.missing[name] = maker
        else:
            row.rivals[name] = beside_rival(checked(problem, name, maker(problem, values), expected), run, effort)
        gc.collect()
    return row


def beside_forms(problem: Problem, n: int, values: Values, run: Run, expected: list[np.ndarray], effort: Effort) -> Row:
    """The emitted code in turns with all hand-written forms."""
    forms = checked(problem, "by hand", hand_written(problem, values), expected)
    times = in_turns({"emitted": run, **forms}, effort)
    own = times.pop("emitted")
    best = fastest(times)
    return Row(
        problem=problem.name,
        kind=problem.kind,
        n=n,
        largest=largest(values, expected),
        emitted=Spread.of(own),
        form=best,
        hand_written=Spread.of(times[best]),
        ratio=ratios(own, times[best]),
        emitted_bytes=peak_bytes(run),
        hand_written_bytes=min(peak_bytes(forms[name]) for name in nearly_fastest(times)),
    )


def nearly_fastest(times: Mapping[str, list[float]]) -> list[str]:
    """The forms that take at most 5 % longer than the fastest: which of them that is, is chance."""
    medians = {name: statistics.median(found) for name, found in times.items()}
    return [name for name, found in medians.items() if found <= 1.05 * min(medians.values())]


def beside_rival(candidates: Mapping[str, Run], run: Run, effort: Effort) -> Rival:
    """Another program in turns with the emitted code; of several candidates the quickest."""
    best = quickest(candidates, effort)
    times = in_turns({"emitted": run, "rival": candidates[best]}, effort)
    return Rival(best, Spread.of(times["rival"]), ratios(times["rival"], times["emitted"]))


def measured(problem: Problem, sizes: tuple[int, ...], rivals: Mapping[str, Maker], effort: Effort) -> Iterator[Row]:
    """The rows of a problem; a rival that has become slow is left out at larger sizes."""
    entrants: dict[str, Maker | str] = dict(rivals)
    for n in sizes:
        row = measure(problem, n, entrants, effort)
        for name, rival in row.rivals.items():
            if rival.seconds.median > PATIENCE:
                entrants[name] = f"{rival.seconds.median:.1f} s at n = {n}"
        yield row
