"""`matcalc export`: notes as LaTeX, Markdown or HTML, of identities or of derivatives."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from matcalc.answer import FORMS
from matcalc.commands.list import check_tags
from matcalc.commands.output import write_file
from matcalc.commands.selection import files_at, identities_of, only
from matcalc.commands.source import by_name, function_options
from matcalc.commands.style import style_options
from matcalc.commands.terminal import BadInput, complain, echo, reported_errors
from matcalc.commands.verify import progress
from matcalc.documents.derivatives import claim_of, notes_of_derivatives
from matcalc.documents.identities import notes_of_identities
from matcalc.documents.model import Document
from matcalc.documents.notation import Notation
from matcalc.documents.rendering import FORMATS, Template, built_in_template
from matcalc.identity import Identity
from matcalc.notation.latex import Style
from matcalc.running import TIMEOUT, OutOfTime, Result, run, time_limit

__all__ = ["command"]

#: The formats by the endings of file names.
ENDINGS = {".tex": "tex", ".ltx": "tex", ".md": "md", ".markdown": "md", ".qmd": "md", ".html": "html", ".htm": "html"}
#: Options that go with one kind of notes only, by the names of the parameters.
DERIVATIVE_OPTIONS = {
    **{name: f"--{name}" for name in ("declare", "layout", "of", "order", "structured", "form")},
    "syntax": "--from",
}
#: Seconds for a template.
LONGEST = 60
IDENTITY_OPTIONS = {"patterns": "--only", "wanted": "--tag"}


@dataclass(frozen=True)
class Wording:
    """What the user says of a document: title, author, style of formulas, and whether the way is shown."""

    title: str
    author: str
    notation: Notation
    steps: bool


@dataclass(frozen=True)
class Verification:
    """Whether and how statements are verified."""

    wanted: bool
    processes: int
    timeout: float

    def results(self, identities: Sequence[Identity]) -> list[Result]:
        """The results, none if they are not wanted; those that are not as expected are complained of."""
        if not self.wanted:
            return []
        with progress(len(identities)) as step:
            results = run(identities, processes=self.processes, timeout=self.timeout, progress=step)
        for result in results:
            if not result.ok:
                complain(result.error or unexpected(result))
        return results


def unexpected(result: Result) -> str:
    """The complaint about a statement that is not as expected."""
    assert result.verdict is not None
    place = f"{result.identity.place}: " if result.identity.place else ""
    return f"warning: {place}{result.identity.name} is {result.verdict.verdict}, expected {result.expected}"


@click.command("export")
@click.argument("sources", nargs=-1, metavar="[SOURCE|PATH]...")
@click.option("--wrt", multiple=True, metavar="NAME", help="A variable: notes of derivatives of SOURCE by it. Repeatable.")
@click.option("-o", "--output", metavar="FILE", help="The file to write; its ending says the format.  [default: print]")
@click.option("--format", "chosen", type=click.Choice(list(FORMATS)), help="The format.  [default: by FILE, else tex]")
@click.option("--title", default="", help="The title.")
@click.option("--author", default="", help="The author.")
@click.option("--steps", is_flag=True, help="Show the derivations, rule by rule.")
@style_options
@click.option("--form", type=click.Choice([f for f in FORMS if f != "elements"]), help="The notation of derivatives.")
@click.option("--only", "patterns", multiple=True, metavar="NAME", help="Only this identity; det-* is a pattern.")
@click.option("--tag", "wanted", multiple=True, metavar="TAG", help="Only identities with this tag. Repeatable.")
@click.option("--verify/--no-verify", "verified", default=True, help="Whether statements are verified.  [default: verify]")
@click.option("-j", "--jobs", "processes", type=click.IntRange(1, 512), default=1, metavar="N", help="Verify in N processes.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=TIMEOUT,
    show_default=True,
    metavar="S",
    help="Seconds for one statement, which is undecided after them.",
)
@click.option("--template", metavar="FILE", help="A template of your own, for Jinja2.")
@click.option("--print-template", type=click.Choice(list(FORMATS)), help="Print the template of a format, and do nothing else.")
@function_options
def command(
    sources: tuple[str, ...],
    wrt: tuple[str, ...],
    output: str | None,
    chosen: str | None,
    title: str,
    author: str,
    steps: bool,
    style: str | None,
    transpose: str | None,
    patterns: tuple[str, ...],
    wanted: tuple[str, ...],
    verified: bool,
    processes: int,
    timeout: float,
    template: str | None,
    print_template: str | None,
    **function: Any,
) -> None:
    """Write notes: identities with their verdicts, or derivatives.

    \b
    matcalc export identities/ -o notes.tex -j 2
    matcalc export net.mc --wrt W --steps -o notes.html
    matcalc export "x'*A*x" --wrt x -o notes.md

    Without a PATH the notes are those of the library.  Exit status: 0 the notes are written, and what is not as expected is
    told; 2 bad usage or bad input.
    """
    if print_template:
        echo(built_in_template(print_template).rstrip("\n"))
        return
    check_usage(sources, wrt)
    name = format_of(output, chosen)
    with reported_errors():
        refuse_inputs(output, [*sources, *([template] if template else [])])
        writer = Template(name, read_template(template), path=template or "template")
        wording = Wording(title, author, Notation(Style(style or "bold", transpose or "top")), steps)
        verification = Verification(verified, processes, timeout)
        if wrt:
            document = derivatives_document(sources[0], wrt, wording, verification, **function)
        else:
            document = identities_document(sources, patterns, wanted, wording, verification)
        write_file(output, written(writer, document))


def written(writer: Template, document: Document) -> str:
    """The text of a document; a template of the user's own may not come to an end."""
    try:
        with time_limit(LONGEST):
            return writer.rendered(document)
    except OutOfTime:
        hint = "hint: look for a loop in it"
        raise BadInput(f"error: the template does not come to an end within {LONGEST} s\n{hint}") from None


def check_usage(sources: Sequence[str], wrt: Sequence[str]) -> None:
    """Refuse options that do not go together."""
    context = click.get_current_context()
    others = IDENTITY_OPTIONS if wrt else DERIVATIVE_OPTIONS
    for name, option in others.items():
        if context.get_parameter_source(name) is not click.core.ParameterSource.DEFAULT:
            raise click.UsageError(f"{option} goes with {'identities, not with --wrt' if wrt else '--wrt'}.")
    if wrt and len(sources) != 1:
        raise click.UsageError("--wrt goes with one SOURCE: an expression, a file NAME.mc, or - for standard input.")
    for source in sources if not wrt else ():
        if source.endswith(".mc") or not (source == "-" or source.endswith(".toml") or Path(source).exists()):
            raise click.UsageError(f"{source} is no file of identities; for notes of a derivative say --wrt NAME.")


def format_of(output: str | None, chosen: str | None) -> str:
    """The format: that which is asked for, else that of the file's ending."""
    ending = Path(output).suffix.lower() if output and output != "-" else ".tex"
    if chosen is None and ending not in ENDINGS:
        raise click.UsageError(f"-o {output} does not say the format: end it in .tex, .md or .html, or give --format.")
    return chosen or ENDINGS[ending]


def refuse_inputs(output: str | None, inputs: Sequence[str]) -> None:
    """Refuse to write over what is read."""
    for path in inputs:
        if output and os.path.exists(output) and os.path.exists(path) and os.path.samefile(output, path):
            raise BadInput(f"error: {output} is read, so it is not written over\nhint: give another file with -o")


def read_template(path: str | None) -> str | None:
    """The source of the user's own template, if there is one."""
    if path is None:
        return None
    try:
        return Path(path).read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise BadInput(f"error: cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise BadInput(f"error: {path} is not UTF-8 text: byte {error.start + 1} is wrong") from None


def identities_document(
    paths: Sequence[str], patterns: Sequence[str], wanted: Sequence[str], wording: Wording, verification: Verification
) -> Document:
    """The notes of identities."""
    files = files_at(paths)
    identities = identities_of(files)
    check_tags(wanted, identities)
    selected = [i for i in only(identities, patterns) if set(wanted) <= set(i.tags)]
    if not selected:
        raise BadInput("error: no identity has all of what --only and --tag ask for")
    return notes_of_identities(
        selected,
        verification.results(selected),
        title=wording.title,
        author=wording.author,
        sources={file.path: file.source for file in files},
        notation=wording.notation,
        steps=wording.steps,
    )


def derivatives_document(
    source: str,
    wrt: tuple[str, ...],
    wording: Wording,
    verification: Verification,
    *,
    form: str | None,
    declare: tuple[str, ...],
    layout: str,
    order: int | None,
    of: str | None,
    structured: bool,
    syntax: str | None,
) -> Document:
    """The notes of derivatives."""
    found = by_name(source, wrt, declare, layout, order, of, structured=structured, syntax=syntax)
    derivatives = list(found.values())
    return notes_of_derivatives(
        derivatives,
        verification.results([claim_of(derivative) for derivative in derivatives]),
        title=wording.title,
        author=wording.author,
        notation=wording.notation,
        form=form or "matrix",
        steps=wording.steps,
    )
