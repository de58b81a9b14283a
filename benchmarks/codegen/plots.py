"""One picture a problem: the time of a call over the size, with a line for each program."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmarks.codegen.measure import Row
from benchmarks.codegen.problems import Problem

#: Colour and marker of each line, told apart without colour, too.
STYLES = {
    "emitted": ("#0b5cad", "o"),
    "hand-written": ("#222222", "x"),
    "JAX, jitted": ("#d9730d", "s"),
    "torch.func": ("#b3261e", "^"),
    "torch.autograd": ("#7b3fa0", "v"),
    "HIPS autograd": ("#3c8d40", "D"),
}


def lines_of(rows: list[Row]) -> dict[str, tuple[list[int], list[float]]]:
    """Sizes and milliseconds by program."""
    found: dict[str, tuple[list[int], list[float]]] = {}
    for row in rows:
        times = {"emitted": row.emitted, "hand-written": row.hand_written}
        times |= {name: rival.seconds for name, rival in row.rivals.items()}
        for name, seconds in times.items():
            sizes, milliseconds = found.setdefault(name, ([], []))
            sizes.append(row.n)
            milliseconds.append(1e3 * seconds.median)
    return found


def picture(pyplot: Any, problem: Problem, rows: list[Row], file: Path) -> None:
    figure, axes = pyplot.subplots(figsize=(5.2, 3.6), layout="constrained")
    for name, (sizes, milliseconds) in lines_of(rows).items():
        colour, marker = STYLES[name]
        width, style = (2.4, "-") if name == "emitted" else (1.4, "--" if name == "hand-written" else "-")
        axes.plot(sizes, milliseconds, style, color=colour, marker=marker, markersize=5, linewidth=width, label=name)
    sizes = [row.n for row in rows]
    axes.set(xscale="log", yscale="log", xlabel="n", ylabel="ms a call")
    figure.suptitle(problem.title, fontsize=11)
    axes.set_xticks(sizes, [f"{n:,}" for n in sizes])
    axes.minorticks_off()
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside right center", frameon=False, fontsize=8)
    figure.savefig(file, dpi=90)
    pyplot.close(figure)


def draw(problems: Iterable[Problem], rows: list[Row], folder: Path) -> None:
    """Draw the pictures of the problems that have rows, as code-NAME.png. Raises ImportError without matplotlib."""
    matplotlib = importlib.import_module("matplotlib")
    matplotlib.use("Agg")
    pyplot = importlib.import_module("matplotlib.pyplot")
    folder.mkdir(parents=True, exist_ok=True)
    for problem in problems:
        own = [row for row in rows if row.problem == problem.name]
        if own:
            picture(pyplot, problem, own, folder / f"code-{problem.name}.png")
