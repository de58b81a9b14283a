"""The status of a library of identities as tables of Markdown.

    python -m matcalc.status                                     print the tables of the library
    python -m matcalc.status README.md identities/STATUS.md      put the first into a page, write the second to another

The first has a row for each chapter; it stands between two comments of its page.  The second has a row for each numbered
equation of a chapter: the identities that state it with their verdicts, or why it cannot be stated.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from matcalc.errors import MatcalcError
from matcalc.identity import IdentityFile, library_paths, load
from matcalc.running import Result, run
from matcalc.verdict import VERDICTS

__all__ = ["BEGIN", "END", "status_table", "equations_page", "with_status", "main"]

BEGIN, END = "<!-- status: begin -->", "<!-- status: end -->"


def status_table(files: Sequence[IdentityFile], results: Sequence[Result]) -> str:
    """A Markdown table with a row for each file: how many of its identities have which verdict, all as expected.

    Those that are not as expected have a column of their own, if there are any.
    """
    of: dict[str | None, list[Result]] = {file.path: [] for file in files}
    for result in results:
        of[result.identity.path].append(result)
    unstated = {file.path: len(file.unstated) for file in files}
    rows: list[list[str | int]] = [[file.title, *counts(of[file.path]), unstated[file.path]] for file in files]
    rows.append(["all", *counts(results), sum(unstated.values())])
    heading = ["chapter", "identities", *VERDICTS, "not as expected", "unstated"]
    shown = [k for k, name in enumerate(heading) if name not in ("undecided", "not as expected") or rows[-1][k]]
    lines: list[Sequence[str | int]] = [heading, ["---"] + ["---:"] * (len(heading) - 1), *rows]
    return "\n".join("| " + " | ".join(str(line[k]) for k in shown) + " |" for line in lines)


def counts(results: Sequence[Result]) -> list[int]:
    """How many identities there are, how many of each verdict as expected, and how many that are not."""
    fine = [result.verdict.verdict for result in results if result.ok and result.verdict is not None]
    return [len(results), *(fine.count(verdict) for verdict in VERDICTS), len(results) - len(fine)]


def equations_page(files: Sequence[IdentityFile], results: Sequence[Result]) -> str:
    """A page with a table for each chapter that follows the numbered equations of a book."""
    verdict_of = {(r.identity.path, r.identity.name): r.verdict.verdict if r.verdict else "error" for r in results}
    parts = ["# The numbered equations", "`make status` writes this page."]
    for file in files:
        rows = sorted(set(equation_rows(file, verdict_of)), key=lambda row: (equation_key(row[0]), row))
        if 2 * len(rows) > len(file.identities):
            lines = [("equation", "identity", "verdict"), ("---",) * 3, *rows]
            parts += [f"## {file.title}", "\n".join("| " + " | ".join(line) + " |" for line in lines)]
    return "\n\n".join(parts) + "\n"


def equation_rows(
    file: IdentityFile, verdict_of: Mapping[tuple[str | None, str], str]
) -> Iterator[tuple[str, str, str]]:
    """For each numbered equation of a chapter: its identities, and those that cannot be stated with the reason."""
    for identity in file.identities:
        for number in re.findall(r"\(\d[\w.]*\)", identity.source):
            yield number, f"`{identity.name}`", verdict_of[identity.path, identity.name]
    for unstated in file.unstated:
        yield unstated.equation, unstated.why.replace("|", "\\|"), "unstated"


def equation_key(number: str) -> tuple[int, ...]:
    """The order of equations: (9) before (10), (4.90) before (4.110)."""
    return tuple(map(int, re.findall(r"\d+", number)))


def with_status(page: str, table: str) -> str:
    """The page with the table between its two comments."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise MatcalcError(f"the page has no place for a table: {BEGIN} and {END}")
    return f"{before}{begin}\n\n{table}\n\n{end}{after}"


def main(arguments: Sequence[str]) -> None:
    """Print the tables of the library, or put them into the two pages that are named."""
    files = load(library_paths())
    identities = [identity for file in files for identity in file.identities]
    results = run(identities, processes=min(os.cpu_count() or 1, 8))
    table, page = status_table(files, results), equations_page(files, results)
    if arguments:
        overview, equations = map(Path, arguments)
        overview.write_text(with_status(overview.read_text(encoding="utf-8"), table), encoding="utf-8")
        equations.write_text(page, encoding="utf-8")
    else:
        print(table, page, sep="\n\n", end="")


if __name__ == "__main__":
    main(sys.argv[1:])
