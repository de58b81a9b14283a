"""The status of a library of identities as a table, and that table between two comments of a Markdown page.

    python -m matcalc.status              print the table of the library
    python -m matcalc.status README.md    put it into the page
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from matcalc.errors import MatcalcError
from matcalc.identity import IdentityFile, library_paths, load
from matcalc.running import Result, run
from matcalc.verdict import VERDICTS

__all__ = ["BEGIN", "END", "status_table", "with_status", "main"]

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


def with_status(page: str, table: str) -> str:
    """The page with the table between its two comments."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise MatcalcError(f"the page has no place for a table: {BEGIN} and {END}")
    return f"{before}{begin}\n\n{table}\n\n{end}{after}"


def main(arguments: Sequence[str]) -> None:
    """Print the table of the library, or put it into the pages that are named."""
    files = load(library_paths())
    identities = [identity for file in files for identity in file.identities]
    table = status_table(files, run(identities, processes=min(os.cpu_count() or 1, 8)))
    for path in map(Path, arguments):
        path.write_text(with_status(path.read_text(encoding="utf-8"), table), encoding="utf-8")
    if not arguments:
        print(table)


if __name__ == "__main__":
    main(sys.argv[1:])
