"""The table of a run, as Markdown and JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import geometric_mean

from benchmarks.codegen.derivations import Derivation
from benchmarks.codegen.measure import Rival, Row
from benchmarks.codegen.problems import LARGE, Problem
from benchmarks.codegen.timing import Spread

JAX = "JAX, jitted"


@dataclass
class Results:
    """All figures of a run; `missing` says why a program takes no part."""

    machine: dict[str, str]
    versions: dict[str, str]
    missing: dict[str, str]
    rows: list[Row]
    derivations: list[Derivation]

    @property
    def large(self) -> list[Row]:
        """The rows for which the targets hold."""
        return [row for row in self.rows if row.largest >= LARGE]

    @property
    def rivals(self) -> list[str]:
        """The programs that took part, in the order of the first row that has all."""
        return list(dict.fromkeys(name for row in self.rows for name in row.rivals))


@dataclass(frozen=True)
class Target:
    """What is asked of a figure: at most, or at least, a bound."""

    text: str
    bound: float
    found: float
    where: str = ""
    least: bool = False

    @property
    def met(self) -> bool:
        return self.found >= self.bound if self.least else self.found <= self.bound

    def line(self) -> str:
        sign = "≥" if self.least else "≤"
        return cells(self.text, f"{sign} {self.bound:g}", figure(self.found), "yes" if self.met else "**no**", self.where)


def figure(number: float) -> str:
    """Three significant digits, thousands with a comma."""
    digits = 0 if number >= 99.95 else 1 if number >= 9.995 else 2 if number >= 0.9995 else 3
    return f"{number:,.{digits}f}"


def cells(*texts: str) -> str:
    return "| " + " | ".join(texts) + " |"


def place(row: Row) -> str:
    return f"{row.problem}, n = {row.n}"


def worst(rows: Iterable[Row], figure_of: Callable[[Row], float]) -> tuple[float, str]:
    """The largest figure and where it stands."""
    row = max(rows, key=figure_of)
    return figure_of(row), place(row)


def targets(results: Results) -> Iterator[Target]:
    """The targets that the run can judge."""
    large = results.large
    if large:
        mean = geometric_mean(row.ratio.median for row in large)
        yield Target("emitted over best hand-written, geometric mean", 1.1, mean)
        yield Target("emitted over best hand-written, worst", 1.25, *worst(large, lambda row: row.ratio.median))
    heavy = [row for row in large if row.emitted_bytes >= 8 * LARGE]
    if heavy:
        yield Target("peak memory over hand-written, worst", 1.2, *worst(heavy, lambda row: row.memory))
    beside = [row for row in large if JAX in row.rivals]
    if beside:
        yield Target("emitted over jitted JAX, worst", 1.25, *worst(beside, lambda row: 1 / row.rivals[JAX].ratio.median))
    tensors = [row.rivals[JAX].ratio.median for row in beside if row.kind in ("Hessian", "Jacobian")]
    if tensors:
        text = "jitted JAX over emitted, Hessians and Jacobians, geometric mean"
        yield Target(text, 8.0, geometric_mean(tensors), least=True)
    if results.derivations:
        slowest = max(results.derivations, key=lambda derivation: derivation.emission)
        yield Target("derivation and emission in a fresh process, ms, worst", 50.0, slowest.emission, slowest.problem)


def target_lines(results: Results) -> Iterator[str]:
    yield cells("target", "bound", "found", "met", "where")
    yield cells("---", "---:", "---:", "---", "---")
    yield from (target.line() for target in targets(results))


def mean(figures: list[float]) -> str:
    """The geometric mean as text; of nothing, nothing."""
    return figure(geometric_mean(figures)) if figures else ""


def mean_lines(results: Results) -> Iterator[str]:
    """How many times as long as the emitted code each program takes, by kind of problem."""
    yield cells("program", "gradients and vector products", "Hessians and Jacobians", "rows")
    yield cells("---", "---:", "---:", "---:")
    for name in results.rivals:
        rows = [row for row in results.large if name in row.rivals]
        kinds = (("gradient", "vjp"), ("Hessian", "Jacobian"))
        means = [[row.rivals[name].ratio.median for row in rows if row.kind in kind] for kind in kinds]
        yield cells(name, *map(mean, means), str(len(rows)))


def overview(results: Results) -> str:
    """The table for README.md: hand-written forms and each program, by kind of problem."""
    kinds = (("gradient", "vjp"), ("Hessian", "Jacobian"))
    means = [[1 / row.ratio.median for row in results.large if row.kind in kind] for kind in kinds]
    head, rule, *lines = mean_lines(results)
    own = cells("hand-written NumPy, the fastest form", *map(mean, means), str(len(results.large)))
    return "\n".join([head, rule, own, *lines])


def with_overview(page: str, table: str) -> str:
    """A page with the table between its two comments. Raises ValueError where it has no place for one."""
    before, begin, rest = page.partition("<!-- speed: begin -->")
    _, end, after = rest.partition("<!-- speed: end -->")
    if not (begin and end):
        raise ValueError("the page has no place for the table of speed")
    return f"{before}{begin}\n\n{table}\n\n{end}{after}"


def spread(found: Spread) -> str:
    return f"{found.median:.2f} ({found.low:.2f}–{found.high:.2f})"


def beside(rival: Rival | None) -> str:
    return figure(rival.ratio.median) if rival else ""


def row_lines(results: Results) -> Iterator[str]:
    rivals = results.rivals
    own = ("problem", "n", "emitted ms", "hand-written ms", "emitted / hand-written", "fastest form", "peak MB", "peak ratio")
    yield cells(*own, *rivals)
    yield cells("---", *["---:"] * 4, "---", *["---:"] * (2 + len(rivals)))
    for row in results.rows:
        small = "" if row.largest >= LARGE else " *"
        yield cells(
            row.problem + small, f"{row.n:,}", figure(1e3 * row.emitted.median), figure(1e3 * row.hand_written.median),
            spread(row.ratio), f"`{row.form}`", figure(row.emitted_bytes / 1e6), figure(row.memory),
            *(beside(row.rivals.get(name)) for name in rivals),
        )  # fmt: skip


def missing_lines(results: Results) -> Iterator[str]:
    """What took no part, and why."""
    for name, reason in results.missing.items():
        yield f"* {name}: {reason}"
    for row in results.rows:
        yield from (f"* {place(row)}: {name}, {reason}" for name, reason in row.missing.items() if name not in results.missing)


def pair(times: tuple[float, float] | None, reason: str) -> list[str]:
    return [figure(time) for time in times] if times else [reason, ""]


def derivation_lines(results: Results) -> Iterator[str]:
    programs = ("matcalc", "again", "SymPy", "again", "SymPy's answer", "tensorgrad", "again")
    yield cells("problem", "derivation and emission", *programs)
    yield cells("---", *["---:"] * 5, "---", *["---:"] * 2)
    for found in results.derivations:
        other = pair(found.tensorgrad, "" if "tensorgrad" in results.missing else "no answer")
        ours = [figure(time) for time in (found.emission, *found.matcalc)]
        yield cells(found.problem, *ours, *pair(found.sympy, ""), found.verdict, *other)
    yield ""
    yield f"Geometric means over what was answered: {'; '.join(derivation_means(results.derivations))}."


def derivation_means(derivations: list[Derivation]) -> Iterator[str]:
    """How many times as long as matcalc the other programs take, fresh and again."""
    for name in ("sympy", "tensorgrad"):
        answered = [(getattr(found, name), found.matcalc) for found in derivations if getattr(found, name)]
        if answered:
            fresh, again = (geometric_mean(other[k] / own[k] for other, own in answered) for k in (0, 1))
            shown = {"sympy": "SymPy"}.get(name, name)
            yield f"{shown} over matcalc {figure(fresh)} fresh, {figure(again)} again ({len(answered)} problems)"


def formula_lines(problems: Iterable[Problem]) -> Iterator[str]:
    yield cells("problem", "what", "expression", "by", "order")
    yield cells("---", "---", "---", "---", "---:")
    for problem in problems:
        yield cells(problem.name, problem.title, f"`{problem.source}`", ", ".join(problem.wrt), str(problem.order))


TEXT = """\
`python -m benchmarks.codegen`. Times are medians; what stands in brackets are the quartiles of a ratio. Emitted code and all
hand-written forms take turns in one process, and so do emitted code and each other program; a ratio is that of two
neighbouring times. All work in double precision on the CPU, with data already converted and functions already compiled.
Before anything is timed, all results are compared with the emitted one, to 1e-8 of the largest entry. Columns of other
programs say how many times as long as the emitted code they take. "Peak" is what a call holds beyond its arguments, as NumPy
reports it to `tracemalloc`; its ratio is to the least of the hand-written forms within 5 % of the fastest. The targets
count rows whose largest array has at least 2,500 entries (50 × 50), that of memory those that hold as much; other rows carry
a star. torch.autograd is backward for gradients, and backward of backward for Hessians and Jacobians; JAX and torch.func take
the faster of forward and reverse mode for Jacobians."""

DERIVATION_TEXT = """\
Milliseconds of CPU time, medians, each in processes forked after the imports: the first derivation, then the same again.
matcalc's time holds the derivation with its text, SymPy's `.diff` and `str`, tensorgrad's `.grad` and `.full_simplify`.
SymPy's answers are checked by value, tensorgrad's are not. What takes ten seconds counts as no answer."""


def headline(given: Mapping[str, str]) -> str:
    return "; ".join(f"{key} {value}" for key, value in given.items())


def markdown(results: Results, problems: Iterable[Problem]) -> str:
    """The page of a run."""
    sections = [
        ("Targets", target_lines(results)),
        ("How many times as long other programs take, geometric means", mean_lines(results)),
        ("Times", row_lines(results)),
        ("Left out", missing_lines(results)),
        ("Derivation", derivation_lines(results) if results.derivations else iter(())),
        ("Problems", formula_lines(problems)),
    ]
    parts = ["# Speed of emitted code", TEXT, headline(results.machine) + ".  \n" + headline(results.versions) + "."]
    for title, lines in sections:
        body = "\n".join(lines)
        if body:
            parts += [f"## {title}", *([DERIVATION_TEXT] if title == "Derivation" else []), body]
    return "\n\n".join(parts) + "\n"


def write(results: Results, problems: Iterable[Problem], folder: Path) -> None:
    """Write code.md and code.json."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "code.md").write_text(markdown(results, problems), encoding="utf-8")
    (folder / "code.json").write_text(json.dumps(asdict(results), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
