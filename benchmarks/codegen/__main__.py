"""The speed of emitted code beside code by hand and programs that differentiate at run time.

    python -m benchmarks.codegen [--only NAME] [--quick] [--threads 1] [--output benchmarks/results]

in a checkout, with the extra `benchmarks` installed; what is not installed is left out, and the table says so.  It writes
code.md, code.json and plots/code-NAME.png, and an overview into README.md.  The whole takes under ten minutes, `--quick`
(one size and few rounds, no pictures) one.  With `--quick` or `--only` nothing is written unless `--output` is given.

BLAS, XLA and PyTorch run with one thread (OMP_NUM_THREADS=1) unless `--threads` says otherwise: with as many threads as
cores, a BLAS that waits for a core that something else holds takes ten times as long, whoever calls it.  With one thread
times are CPU times.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import sys
from dataclasses import replace
from pathlib import Path
from time import perf_counter, process_time

import numpy as np

import matcalc
from benchmarks.codegen.contestants import RIVALS, Maker
from benchmarks.codegen.derivations import Derivation, derived, tensorgrad_functions
from benchmarks.codegen.measure import Row, measured
from benchmarks.codegen.plots import draw
from benchmarks.codegen.problems import PROBLEMS, Problem
from benchmarks.codegen.report import Results, figure, markdown, overview, spread, with_overview, write
from benchmarks.codegen.timing import Effort

RESULTS = Path(__file__).parent.parent / "results"
README = Path(__file__).parent.parent.parent / "README.md"
FULL, QUICK = Effort(0.4, 5, 25), Effort(0.1, 3, 7)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.codegen", description="The speed of emitted code.")
    parser.add_argument("--only", metavar="NAME", help="the problems whose names contain NAME")
    parser.add_argument("--quick", action="store_true", help="the second size of each problem and few rounds")
    parser.add_argument("--threads", type=int, default=1, help="threads of BLAS and of the other programs (default 1)")
    parser.add_argument("--output", type=Path, help="where to write (default benchmarks/results for a whole run)")
    return parser.parse_args()


def environment(threads: int) -> dict[str, str]:
    """What has to be set before NumPy and the others are loaded."""
    one = {"XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"}
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    wanted = {"JAX_ENABLE_X64": "1", "JAX_PLATFORMS": "cpu", "PYTHONHASHSEED": "0"}  # tensorgrad's answers vary with the seed
    return dict.fromkeys(names, str(threads)) | wanted | (one if threads == 1 else {})


def begin_again(wanted: dict[str, str]) -> None:
    """Start this program anew with the environment that it wants, unless it has it."""
    if any(os.environ.get(name) != value for name, value in wanted.items()):
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], {**os.environ, **wanted})


def machine(threads: int) -> dict[str, str]:
    """What the figures depend on."""
    information = Path("/proc/cpuinfo")
    lines = information.read_text().splitlines() if information.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return {
        "Processor": f"{models[0] if models else platform.machine()}, {os.cpu_count()} cores",
        "system": platform.system(),
        "BLAS": f"{np.show_config('dicts')['Build Dependencies']['blas']['name']}",
        "OMP_NUM_THREADS": f"{threads} ({'CPU' if threads == 1 else 'wall-clock'} time)",
        "load before": f"{os.getloadavg()[0]:.1f}",
    }


def versions() -> dict[str, str]:
    found = {"Python": platform.python_version(), "matcalc": matcalc.__version__}
    for name in ("numpy", "jax", "torch", "autograd", "sympy", "tensorgrad"):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def derivations(problems: list[Problem], rounds: int, patience: float) -> list[Derivation]:
    tensorgrad = tensorgrad_functions()
    found = []
    for problem in problems:
        found.append(derived(problem, rounds, patience, tensorgrad))
        print(f"{problem.name:24} derived and emitted in {found[-1].emission:.1f} ms", flush=True)
    return found


def makers() -> dict[str, Maker]:
    """The programs that are installed."""
    return {rival.name: rival.load() for rival in RIVALS if rival.version is not None}


def absent() -> dict[str, str]:
    """The programs that are not."""
    found = {rival.name: f"{rival.distribution} is not installed" for rival in RIVALS if rival.version is None}
    return found if tensorgrad_functions() else {**found, "tensorgrad": "tensorgrad is not installed"}


def told(row: Row) -> Row:
    """Say how a row came out while the run goes on."""
    others = ", ".join(f"{name} {figure(rival.ratio.median)}" for name, rival in row.rivals.items())
    line = f"{row.problem:24} n = {row.n:5}  {figure(1e3 * row.emitted.median):>7} ms  / by hand {spread(row.ratio)}"
    print(f"{line}  memory {figure(row.memory)}  {others}", flush=True)
    return row


def chosen_sizes(problem: Problem, *, quick: bool) -> tuple[int, ...]:
    return problem.sizes[1:2] if quick else problem.sizes


def main() -> None:
    given = arguments()
    begin_again(environment(given.threads))
    problems = [problem for problem in PROBLEMS if given.only is None or given.only in problem.name]
    if not problems:
        sys.exit(f"no problem is named {given.only}; there are {', '.join(problem.name for problem in PROBLEMS)}")
    conditions = machine(given.threads)
    rounds, patience = (1, 1.0) if given.quick else (5, 10.0)
    derivation = derivations(problems, rounds, patience)  # by forking, so before programs with threads are loaded
    clock = process_time if given.threads == 1 else perf_counter
    programs, effort = makers(), replace(QUICK if given.quick else FULL, clock=clock)
    rows = [
        told(row) for problem in problems
        for row in measured(problem, chosen_sizes(problem, quick=given.quick), programs, effort)
    ]  # fmt: skip
    results = Results(conditions, versions(), absent(), rows, derivation)
    finish(results, problems, given)


def finish(results: Results, problems: list[Problem], given: argparse.Namespace) -> None:
    """Print the page, and write and draw it where that was asked for."""
    folder = given.output or (None if given.only or given.quick else RESULTS)
    if folder is not None and not given.quick:
        try:
            draw(problems, results.rows, folder / "plots")
        except ImportError:
            results.missing["plots"] = "matplotlib is not installed"
    print("\n" + markdown(results, problems))
    if folder is not None:
        write(results, problems, folder)
    if folder == RESULTS:
        README.write_text(with_overview(README.read_text(encoding="utf-8"), overview(results)), encoding="utf-8")


if __name__ == "__main__":
    main()
