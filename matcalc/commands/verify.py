"""`matcalc verify`: identities of files and claims of the command line, in this or in several processes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click

from matcalc.commands.selection import files_at, identities_of, only
from matcalc.commands.terminal import coloured, complain, echo, reported_errors
from matcalc.identity import LAYOUTS, Identity, IdentityFile
from matcalc.latex_report import latex_report
from matcalc.parser import SYNTAXES
from matcalc.reports import json_report, junit_report, text_report
from matcalc.running import TIMEOUT, Result, run

__all__ = ["command"]

HINT = """give files or folders of identities, or a claim:

  matcalc verify identities/
  matcalc verify -e "d(x'*a)/d(x) = a'\""""

#: What goes with -e, by the names of the parameters.
CLAIM_OPTIONS = {
    **{name: f"--{name}" for name in ("declare", "layout", "where", "assume", "structured")},
    "syntax": "--from",
}


@click.command("verify")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("-e", "--claim", "claims", multiple=True, metavar="CLAIM", help="A claim E1 = E2. Repeatable.")
@click.option("--declare", multiple=True, metavar="TEXT", help="Declarations for -e, such as 'A: matrix(m, n) symmetric'.")
@click.option("--layout", type=click.Choice(LAYOUTS), help="The layout for -e.  [default: numerator]")
@click.option("--where", multiple=True, metavar="TEXT", help="An assignment that -e may use, such as 'p = softmax(z)'.")
@click.option("--assume", multiple=True, metavar="TEXT", help="An equation that -e may use, such as 'sum(y) = 1'.")
@click.option("--structured", is_flag=True, help="For -e: tied entries of symmetric, .. variables move together.")
@click.option(
    "--from",
    "syntax",
    type=click.Choice(SYNTAXES),
    help="What -e, --where and --assume are written in.  [default: latex if -e has a backslash]",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "junit", "latex"]),
    default="text",
    show_default=True,
    help="What to print.",
)
@click.option("-j", "--jobs", "processes", type=click.IntRange(1, 512), default=1, metavar="N", help="Run in N processes.")
@click.option("--fail-fast", is_flag=True, help="Stop at the first that is not as expected.")
@click.option("--only", "patterns", multiple=True, metavar="NAME", help="Only this identity; det-* is a pattern.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=TIMEOUT,
    show_default=True,
    metavar="S",
    help="Seconds for one identity, which is undecided after them.",
)
@click.option("--unmarked-ok", is_flag=True, help="Notes that mark no equation are no error.")
@click.option("--explain", is_flag=True, help="Name the rules that each proof used.")
@click.option("--verbose", is_flag=True, help="Say all of each identity.")
@click.pass_context
def command(
    context: click.Context,
    paths: tuple[str, ...],
    claims: tuple[str, ...],
    declare: tuple[str, ...],
    layout: str | None,
    where: tuple[str, ...],
    assume: tuple[str, ...],
    structured: bool,
    syntax: str | None,
    form: str,
    processes: int,
    fail_fast: bool,
    patterns: tuple[str, ...],
    timeout: float,
    unmarked_ok: bool,
    explain: bool,
    verbose: bool,
) -> None:
    """Verify identities: files or folders of them, notes, or claims.

    \b
    matcalc verify identities/ my.toml -j 2
    matcalc verify notes.tex notes.md
    matcalc verify -e "d(x'*a)/d(x) = a'"
    matcalc verify -e "d(x'*W*x)/d(x) = 2*x'*W" --declare "W: matrix(n, n) symmetric"

    In a .tex or .md file, the equations after a comment `% matcalc: x: vector(n)`, or
    `<!-- matcalc: x: vector(n) -->`, are verified, all steps of `align` included.

    Exit status: 0 all as expected, 1 an identity is not, 2 bad usage or bad input.
    """
    if not paths and not claims:
        raise click.UsageError(HINT)
    given = [option for name, option in CLAIM_OPTIONS.items() if context.params[name]]
    if given and not claims:
        raise click.UsageError(f"{given[0]} goes with -e; an identity of a file has its own.")
    with reported_errors():
        manner: dict[str, Any] = {"structured": structured, "syntax": syntax}
        typed = [Identity(line(c), c, declare, layout or LAYOUTS[0], assume, where, **manner) for c in claims]
        files = files_at(paths, unmarked_ok=unmarked_ok) if paths else ()
        read = identities_of(files)
        wanted = only(read, patterns) + typed
        with progress(len(wanted)) as step:
            results = run(wanted, processes=processes, timeout=timeout, fail_fast=fail_fast, progress=step)
        said = [report(results, form, explain=explain, verbose=verbose)] if results or form != "text" else []
        echo("\n".join(said + (marked(files) if form == "text" else [])))
    context.exit(concluded(results))


def line(text: str) -> str:
    """A text as one line."""
    return " ".join(text.split())


def marked(files: Sequence[IdentityFile]) -> list[str]:
    """For each file of notes, how many of its equations are marked, and how many are not."""
    lines = []
    for file in files:
        if file.unmarked is not None:
            count = len(file.identities)
            said = f"{count} equation{'' if count == 1 else 's'} marked"
            lines.append(f"{file.path}: {said}, {file.unmarked} left alone")
    return lines


def report(results: Sequence[Result], form: str, *, explain: bool, verbose: bool) -> str:
    """The results in one of the formats."""
    if form == "json":
        return json_report(results, explain=explain)
    if form == "junit":
        return junit_report(results)
    if form == "latex":
        return latex_report(results)
    return text_report(results, verbose=verbose, explain=explain, style=coloured)


def concluded(results: Sequence[Result]) -> int:
    """The exit status, once the errors of all identities are printed."""
    errors = [result.error for result in results if result.error is not None]
    for error in errors:
        complain(error)
    return 2 if errors else 0 if all(result.ok for result in results) else 1


@contextmanager
def progress(count: int) -> Iterator[Callable[[Result], None]]:
    """What is called with each result: it moves a bar if a person is watching."""
    if count < 2 or not sys.stderr.isatty():
        yield lambda _: None
        return
    with click.progressbar(length=count, label="verifying", file=sys.stderr) as bar:
        yield lambda _: bar.update(1)
