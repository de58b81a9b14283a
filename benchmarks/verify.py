"""How long identities take: each of the library by stage, the library as a whole, and growth with size.

    python benchmarks/verify.py [--output benchmarks/results]

with matcalc installed.  Times are CPU times but for the whole library, which is wall-clock time, start-up included.  They
depend on the machine; the shares of the stages and the growth from row to row were taken side by side in one run.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter, process_time

import matcalc
from matcalc.causes import cause
from matcalc.claim import Claim, read_claim
from matcalc.decision import Proof, disagreement
from matcalc.identity import Identity, library_paths, load

STAGES = ("read", "points", "proof", "cause")


def stages_of(identity: Identity) -> tuple[dict[str, float], str]:
    """The CPU time of each stage of one identity, and its verdict."""
    times = dict.fromkeys(STAGES, 0.0)

    def timed(stage: str, work: Callable[[], object]) -> object:
        begin = process_time()
        result = work()
        times[stage] = process_time() - begin
        return result

    def read() -> Claim:
        return read_claim(
            identity.claim, identity.declare, identity.layout, identity.where, identity.assume,
            structured=identity.structured,
        )  # fmt: skip

    claim = read()  # what is imported on first use is not counted
    claim = timed("read", read)
    found = timed("points", lambda: disagreement(claim, confirm=False))
    if found is None:
        found = timed("proof", lambda: Proof(claim).verdict())
    elif found.verdict == "refuted":
        timed("cause", lambda: cause(claim))
    return times, found.verdict


def row(label: str, values: list[float]) -> str:
    """One row: median, 95th percentile, worst and sum in milliseconds."""
    ordered = sorted(values)
    cells = (statistics.median(ordered), ordered[int(0.95 * (len(ordered) - 1))], ordered[-1], sum(ordered))
    return f"| {label} | {len(values)} | " + " | ".join(f"{1000 * cell:.1f}" for cell in cells) + " |"


def library_rows() -> Iterator[str]:
    """The identities of the library by verdict and by stage."""
    identities = [identity for file in load(library_paths()) for identity in file.identities]
    measured = [stages_of(identity) for identity in identities]
    yield "| identities | number | median ms | 95th percentile | worst | sum |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: |"
    for verdict in dict.fromkeys(verdict for _, verdict in measured):
        yield row(verdict, [sum(times.values()) for times, own in measured if own == verdict])
    yield row("all", [sum(times.values()) for times, _ in measured])
    for stage in STAGES:
        yield row(f"stage: {stage}", [times[stage] for times, _ in measured if times[stage]])


def whole_rows() -> Iterator[str]:
    """The command on the whole library, start-up included."""
    yield "| command | seconds |"
    yield "| --- | ---: |"
    for processes in (1, 2):
        command = [sys.executable, "-m", "matcalc", "verify", *map(str, library_paths()), "-j", str(processes)]
        begin = perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        yield f"| `matcalc verify identities/ -j {processes}` | {perf_counter() - begin:.1f} |"


def growing(size: int) -> dict[str, str]:
    """Claims of a size, each true."""
    names = [f"x{k}" for k in range(size)]
    return {
        "sum of k terms, reversed": f"{' + '.join(names)} = {' + '.join(reversed(names))}",
        "chain of k matrices, transposed": f"({'*'.join(f'A{k}' for k in range(size))})' = "
        + "*".join(f"A{k}'" for k in reversed(range(size))),
        "power of a sum": f"(s + t)^{size} = (s + t)^{size - 1}*s + (s + t)^{size - 1}*t",
        "K layers by the input": "",
    }


def layers(count: int) -> tuple[str, list[str]]:
    """The chain rule through tanh layers, and the assignments that it uses."""
    where = ["h0 = x"] + [f"h{k + 1} = tanh(W{k}*h{k})" for k in range(count)] + [f"L = norm2(h{count})^2"]
    steps = "*".join(f"d(h{k + 1})/d(h{k})" for k in reversed(range(1, count)))
    tail = f"{steps}*" if steps else ""
    return f"d(L)/d(x) = d(L)/d(h{count})*{tail}d(h1)/d(x)", where


def growth_rows() -> Iterator[str]:
    """Time of a claim that grows, with the ratio to the row above."""
    yield "| claim | size | ms | ratio |"
    yield "| --- | ---: | ---: | ---: |"
    for kind, sizes in (
        ("sum of k terms, reversed", (50, 100, 200)),
        ("chain of k matrices, transposed", (4, 8, 16)),
        ("power of a sum", (4, 8, 16)),
        ("K layers by the input", (1, 2, 4)),
    ):
        before = 0.0
        for size in sizes:
            claim, where = layers(size) if kind.startswith("K") else (growing(size)[kind], [])
            declare = ["s: scalar; t: scalar"]
            begin = process_time()
            found = matcalc.verify(claim, declare, where=where)
            seconds = process_time() - begin
            ratio = f"{seconds / before:.1f}" if before else ""
            yield f"| {kind}: {found.verdict} | {size} | {1000 * seconds:.1f} | {ratio} |"
            before = seconds


def main() -> None:
    parser = argparse.ArgumentParser(description="How long identities take.")
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "results")
    folder = parser.parse_args().output
    folder.mkdir(parents=True, exist_ok=True)
    machine = f"Python {platform.python_version()}, {os.cpu_count()} cores"
    parts = ["# Verification", f"`python benchmarks/verify.py`, {machine}."]
    for title, rows in (("The library", library_rows), ("As a whole", whole_rows), ("Growth", growth_rows)):
        parts += [f"## {title}", "\n".join(rows())]
    page = "\n\n".join(parts) + "\n"
    (folder / "verify.md").write_text(page, encoding="utf-8")
    print(page)


if __name__ == "__main__":
    main()
