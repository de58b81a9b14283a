"""The trial of `matcalc verify` by mutation: wrong twins of every identity, judged by the oracle and by `decide`.

    python -m tests.mutations --all        every twin; without --all those of the test suite

prints how many twins of each kind there are and what became of them, and every contradiction.  With `--proofs S` the
prover is asked as well for false twins, though points refute them before it comes to that: no search, of S seconds at
most each, may end in a proof.
"""

from __future__ import annotations

import argparse
import heapq
import re
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from statistics import median

from matcalc import MatcalcError
from matcalc.claim import Claim
from matcalc.decision import Proof, decide
from tests.oracle import Opinion, opinion, opinion_at
from tests.twins import Statement, Twin, statements, twins_of

__all__ = ["SAMPLE", "Trial", "sample", "tried", "contradiction"]

#: How many twins the test suite tries, and how many of each kind and file at least, if there are so many.
SAMPLE, LEAST = 1500, 4
#: Seconds after which `decide` may try nothing more.
SECONDS = 2.0
PROOFS = ("proved", "proved-at-sizes")


@dataclass(frozen=True)
class Trial:
    """What became of one claim."""

    name: str
    kind: str
    statement: Statement
    #: What the oracle says, "not typed", or "not evaluated".
    outcome: str
    verdict: str = ""
    message: str = ""
    opinion: Opinion | None = None
    #: What is wrong with the verdict of the prover alone, if it was asked, or nothing.
    proof: str = ""
    seconds: float = 0.0


def all_twins() -> list[Twin]:
    return [twin for statement in statements() for twin in twins_of(statement)]


def sample(count: int = SAMPLE) -> list[Twin]:
    """Twins of all files and kinds, the same ones every time."""
    groups: dict[tuple[str, str], list[Twin]] = defaultdict(list)
    everything = all_twins()
    for twin in everything:
        groups[twin.statement.file, twin.kind].append(twin)
    chosen = {twin.order: twin for g in groups.values() for twin in heapq.nsmallest(LEAST, g, key=lambda t: t.order)}
    others = (twin for twin in sorted(everything, key=lambda t: t.order) if twin.order not in chosen)
    rest = [twin for _, twin in zip(range(count - len(chosen)), others, strict=False)]
    return [*chosen.values(), *rest]


def tried(statement: Statement, kind: str, *, proof_seconds: float = 0.0) -> Trial:
    """Ask the oracle, then `decide`, then perhaps the prover alone."""
    name = f"{statement.file} {statement.name}"
    try:
        claim = statement.typed()
    except MatcalcError as error:
        return Trial(name, kind, statement, "not typed", message=error.message)
    try:
        said = opinion(claim)
    except MatcalcError as error:
        return Trial(name, kind, statement, "not evaluated", message=error.message)
    start = time.monotonic()
    verdict = decide(claim, start + SECONDS)
    seconds = time.monotonic() - start
    example = verdict.counterexample
    if said.outcome == "true" and verdict.verdict == "refuted" and example is not None:
        there = opinion_at(claim, example["sizes"], example["values"])
        said = there if there.outcome == "false" else said
    by_values = said.outcome == "false" and said.manner != "shape"
    proof = wrong_proof(claim, proof_seconds) if proof_seconds and by_values else ""
    return Trial(name, kind, statement, said.outcome, verdict.verdict, verdict.message, said, proof, seconds)


def wrong_proof(claim: Claim, seconds: float) -> str:
    """A proof that the prover alone finds of a false claim, and that the oracle does not confirm; else nothing."""
    verdict = Proof(claim, time.monotonic() + seconds).verdict()
    if verdict.verdict == "proved-at-sizes":
        false_at = [sizes for sizes in stated_sizes(verdict.method) if opinion(claim, sizes=sizes).outcome == "false"]
        return f"proved at {false_at}" if false_at else ""
    return verdict.method if verdict.verdict == "proved" else ""


def stated_sizes(method: str) -> Iterator[dict[str, int]]:
    """The sizes at which a claim is proved, from the method `entry by entry at m = 2, n = 3; m = 1, n = 2`."""
    for choice in method.partition(" at ")[2].split("; "):
        yield {name: int(size) for name, size in re.findall(r"(\S+) = (\d+)", choice)}


def contradiction(trial: Trial) -> str:
    """What is wrong with a trial, or nothing: a false claim that is not refuted, a true one that is."""
    if trial.outcome == "false" and trial.verdict in PROOFS:
        return "a false claim is proved"
    if trial.proof:
        return "the prover alone proves a false claim"
    if trial.outcome == "false" and trial.verdict != "refuted":
        return "a false claim is not refuted"
    if trial.outcome == "true" and trial.verdict == "refuted":
        return "a true claim is refuted"
    return ""


def described(trial: Trial) -> str:
    """A contradiction with all that is known of it."""
    lines = [f"{contradiction(trial)}: {trial.name} ({trial.kind}): {trial.verdict}", f"  {trial.statement}"]
    if trial.message:
        lines.append(f"  {trial.message}")
    if trial.proof:
        lines.append(f"  the prover alone: {trial.proof}")
    if trial.opinion is not None and trial.opinion.point is not None:
        found = trial.opinion
        lines.append(f"  apart by {found.difference:.3g} at a point of kind `{found.manner}`: {found.point}")
        lines += [f"    {value.tolist()!s:.300}" for value in found.values]
    return "\n".join(lines)


# ---- The table ------------------------------------------------------------------------------------------------------


COLUMNS = ("twins", "not typed", "not evaluated", "no point", "unclear", "false", "refuted", "true", "proved", "wrong")


def counted(trial: Trial) -> list[str]:
    """The columns in which a trial counts."""
    columns = ["twins", trial.outcome]
    columns += ["refuted"] * (trial.outcome == "false" and trial.verdict == "refuted")
    columns += ["proved"] * (trial.outcome == "true" and trial.verdict in PROOFS)
    return columns + ["wrong"] * bool(contradiction(trial))


def table(trials: Iterable[Trial]) -> str:
    """Counts for each kind of mutation, and of all."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for trial in trials:
        counts[trial.kind].update(counted(trial))
    counts["all"] = sum(counts.values(), Counter())
    lines = [f"{'mutation':14}" + "".join(f"{column:>15}" for column in COLUMNS)]
    lines += [f"{kind:14}" + "".join(f"{row[column]:15}" for column in COLUMNS) for kind, row in counts.items()]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description="Wrong twins of every identity, and what `decide` says of them.")
    parser.add_argument("--all", action="store_true", help="every twin, not a sample")
    parser.add_argument("--proofs", type=float, default=0.0, metavar="S", help="seconds for the prover alone, each")
    parser.add_argument("--unproved", action="store_true", help="list what the oracle calls true and nothing proves")
    parser.add_argument("--part", default="0/1", help="K/N: every N-th twin, beginning with number K")
    options = parser.parse_args()
    start, step = map(int, options.part.split("/"))
    twins = (all_twins() if options.all else sample())[start::step]
    trials = []
    for twin in twins:
        trial = tried(twin.statement, twin.kind, proof_seconds=options.proofs)
        trials.append(trial)
        if contradiction(trial):
            print(described(trial), flush=True)
        elif options.unproved and trial.outcome == "true" and trial.verdict not in PROOFS:
            print(f"{trial.verdict}: {trial.name} ({trial.kind}): {trial.message}\n  {trial.statement}", flush=True)
    print(table(trials))
    seconds = [trial.seconds for trial in trials if trial.verdict]
    print(f"decide took {1000 * median(seconds):.1f} ms in the median, {max(seconds):.2f} s at most")


if __name__ == "__main__":
    main()
