"""How long LaTeX takes: a thousand formulas of the library in each style, broken into rows, and growth with size.

    python benchmarks/latex.py [--rounds 5] [--output benchmarks/results]

with matcalc installed.  Times are CPU times, the least of the rounds; reading and typing the formulas is not counted but
in the rows that say so.  They depend on the machine; the growth from row to row was taken in one run.
"""

from __future__ import annotations

import argparse
import os
import platform
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from time import process_time

import matcalc
from matcalc.errors import MatcalcError
from matcalc.form import Form
from matcalc.identity import library_paths, load
from matcalc.inference import infer_expression
from matcalc.notation.latex import to_latex
from matcalc.notation.latex_names import LETTERS, TRANSPOSES, Style
from matcalc.notation.latex_rows import to_rows
from matcalc.notation.text import to_text
from matcalc.sides import Sides, sides_of

FORMULAS = 1_000
SIZES = (250, 500, 1_000, 2_000)


def library() -> Iterator[Sides]:
    """The sides of the identities that are well formed."""
    for identity in (identity for file in load(library_paths()) for identity in file.identities):
        try:
            yield sides_of(identity)
        except MatcalcError:
            continue


def least(work: Callable[[], object], rounds: int) -> float:
    """The least CPU time of some rounds, in seconds."""
    times = []
    for _ in range(rounds):
        begin = process_time()
        work()
        times.append(process_time() - begin)
    return min(times)


def thousand(rounds: int) -> Iterator[str]:
    """The rows of a thousand formulas."""
    forms = list(islice(((form, sides.names_in_use) for sides in library() for form in sides.forms), FORMULAS))
    assert len(forms) == FORMULAS

    def everything(style: Style) -> int:
        return sum(len(to_latex(form, style, names)) for form, names in forms)

    def row(label: str, work: Callable[[], object]) -> str:
        return f"| {label} | {1000 * least(work, rounds):.0f} |"

    for style in (Style(letters, transpose) for letters in LETTERS for transpose in TRANSPOSES):
        yield row(f"style {style.letters}, transpose {style.transpose}", lambda style=style: everything(style))
    yield row("broken into rows of 34 em", lambda: [to_rows(form, width=34.0, names=names) for form, names in forms])
    yield row("text, for comparison", lambda: [to_text(form) for form, _ in forms])
    yield row("with reading and typing the claims", lambda: list(islice((x for s in library() for x in s.latex), FORMULAS)))


def shapes(size: int) -> Iterator[tuple[str, Form]]:
    """Formulas of a size."""
    yield "sum of k products", typed(" + ".join(["x'*A*x"] * size))
    yield "product of k matrices", typed("*".join(["A"] * size))
    yield "sum of k functions of quotients", typed(" + ".join(["tr(A/2*inv(A))"] * size))
    yield "sum of k different names", typed(" + ".join(f"x_{number}" for number in range(size)))


def typed(source: str) -> Form:
    """The typed form of an expression."""
    return infer_expression(source).output


def growth(rounds: int) -> Iterator[str]:
    """The rows of growth, each with the ratio to the size before."""
    before: dict[tuple[str, str], float] = {}
    for size in SIZES:
        for label, form in shapes(size):
            works = {"": lambda form=form: to_latex(form), ", in rows": lambda form=form: to_rows(form, width=34.0)}
            for manner, work in works.items():
                spent = least(work, rounds)
                last = before.get((label, manner))
                ratio = f"{spent / last:.1f}" if last else ""
                before[label, manner] = spent
                yield f"| {label}{manner} | {size} | {1000 * spent:.1f} | {ratio} |"


def page(rounds: int) -> str:
    """The page of results."""
    python, cores = platform.python_version(), os.cpu_count()
    head = f"`python benchmarks/latex.py`, Python {python}, {cores} cores, matcalc {matcalc.__version__}."
    rows = sorted(growth(rounds), key=by_name)
    return "\n".join(
        [
            "# LaTeX", "", head, "", "## A thousand formulas of the library", "",
            "| | milliseconds |", "| --- | ---: |", *thousand(rounds), "",
            "## Growth", "", "| formula | k | ms | ratio |", "| --- | ---: | ---: | ---: |", *rows,
        ]
    ) + "\n"  # fmt: skip


def by_name(row: str) -> str:
    """The order of the rows of growth: by formula, sizes as they came."""
    return row.split("|")[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "results")
    arguments = parser.parse_args()
    text = page(arguments.rounds)
    (arguments.output / "latex.md").write_text(text, encoding="utf-8")
    print(text, end="")


if __name__ == "__main__":
    main()
