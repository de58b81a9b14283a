"""Second derivatives of the corpus by two names in both orders: ∂²f/∂x∂y = ∂²f/∂y∂x by two independent derivations.

    python -m tests.symmetry [--part K/N]
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np

import matcalc
from matcalc.check import arguments_at
from matcalc.sampling import sample

sys.path.insert(0, str(Path(__file__).parent))

from corpus import TASKS, Task


@dataclass(frozen=True)
class Pair:
    """Two variables of a task of the corpus."""

    task: Task
    first: str
    second: str

    @property
    def name(self) -> str:
        return f"{self.task.name}-{self.first}-{self.second}"

    def derived(self, wrt: str) -> matcalc.Derivative:
        return matcalc.derive(self.task.source, wrt=wrt, declare=self.task.declare, layout=self.task.layout)

    def values(self, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
        """The derivative by both, and that in the other order with its last axes exchanged, at one random point."""
        one, other = (self.derived(wrt) for wrt in (f"{self.first},{self.second}", f"{self.second},{self.first}"))
        point = sample(one.program, seed=seed)
        left, right = (np.asarray(f(**arguments_at(f, one.program, point))) for f in (one.function(), other.function()))
        first, second = (np.ndim(point.values[name]) for name in (self.first, self.second))
        own = right.ndim - first - second
        axes = [*range(own), *range(own + second, right.ndim), *range(own, own + second)]
        return left, right.transpose(axes)


def pairs() -> Iterator[Pair]:
    """Two variables of every program of the corpus, each program once."""
    programs = {(task.source, *task.declare, task.layout): task for task in TASKS if not task.has_symbols}
    for task in programs.values():
        yield from (Pair(task, *two) for two in combinations(sorted(task.variables), 2))


def failures(part: int = 0, parts: int = 1) -> list[str]:
    """The pairs for which the two orders do not agree."""
    wrong = []
    for pair in list(pairs())[part::parts]:
        left, right = pair.values()
        if left.shape != right.shape or not np.allclose(left, right, rtol=1e-9, atol=1e-9 * np.abs(left).max(initial=1)):
            wrong.append(pair.name)
    return wrong


if __name__ == "__main__":
    chosen = sys.argv[sys.argv.index("--part") + 1].split("/") if "--part" in sys.argv else ["0", "1"]
    found = failures(*map(int, chosen))
    print("\n".join(found) or "all pairs agree")
    sys.exit(bool(found))
