"""`matcalc show`: one identity in full, or its sides as LaTeX or as NumPy functions."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

import click

from matcalc.commands.selection import files_at, identities_of, named
from matcalc.commands.style import check_style, style_options
from matcalc.commands.terminal import WIDTH, BadInput, echo, reported_errors
from matcalc.errors import MatcalcError
from matcalc.identity import Identity
from matcalc.notation.latex_names import Style
from matcalc.reports import paragraphs
from matcalc.running import Result, explained, judge
from matcalc.sides import sides_of

__all__ = ["command"]


@click.command("show")
@click.argument("name")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option(
    "--emit",
    type=click.Choice(["text", "latex", "numpy"]),
    default="text",
    show_default=True,
    help="What to print: all about it, its sides as LaTeX, or a module with a function for each side.",
)
@style_options
def command(name: str, paths: tuple[str, ...], emit: str, style: str | None, transpose: str | None) -> None:
    """Show the identity NAME of the library, or of the files at PATH.

    \b
    matcalc show quadratic-form my.toml
    matcalc show quadratic-form my.toml --emit latex
    """
    check_style(emit, style, transpose)
    with reported_errors():
        found = named(identities_of(files_at(paths)), name)
        if emit == "numpy" and len(found) > 1:
            places = ", ".join(identity.place for identity in found)
            raise BadInput(f"error: several identities are called {name}: {places}\nhint: give the file of one")
        chosen = Style(style or "bold", transpose or "top")
        echo("\n\n".join(shown(identity, emit, chosen).rstrip("\n") for identity in found))


def shown(identity: Identity, emit: str, style: Style) -> str:
    """What is asked for of an identity."""
    try:
        return latex(identity, style) if emit == "latex" else {"text": text, "numpy": numpy}[emit](identity)
    except MatcalcError as error:
        raise BadInput(explained(error, identity)) from None


def latex(identity: Identity, style: Style) -> str:
    """The sides as one formula, each on a line of its own, then what the claim uses."""
    sides = sides_of(identity)
    where = (rf"\quad \text{{where }} {line}" for line in sides.where_latex_in(style))
    return "\n".join(["\n= ".join(sides.latex_in(style)), *where])


def numpy(identity: Identity) -> str:
    """The module of the sides."""
    return sides_of(identity).numpy()


def text(identity: Identity) -> str:
    """Everything that is known of an identity."""
    result = judge(identity)
    if result.error is not None:
        raise BadInput(result.error)
    lines = [identity.name, *filled("  " + " ".join(identity.claim.split())), ""]
    return "\n".join(lines + [line for fact in facts(result) for line in filled(fact)] + said(result))


def facts(result: Result) -> Iterator[str]:
    """The lines of what is known, those first that decide what the claim means."""
    identity, verdict = result.identity, result.verdict
    assert verdict is not None
    sides = sides_of(identity)
    as_expected = "as expected" if result.ok else f"expected {identity.expected}"
    yield f"verdict: {verdict.verdict}" + (f", {as_expected}" if identity.expect or not result.ok else "")
    yield f"method: {verdict.method}"
    yield "declared: " + "; ".join(sides.program.declarations())
    yield from (f"where: {line}" for line in identity.where)
    yield from (f"assumed: {line}" for line in identity.assume)
    yield f"layout: {identity.layout}" + (", tied entries move together" if identity.structured else "")
    yield from (f"shape of {name}: {shape}" for name, shape in zip(sides.names, sides.shapes, strict=True))
    yield from (f"source: {source}" for source in [identity.source] if source)
    yield from (f"tags: {', '.join(tags)}" for tags in [identity.tags] if tags)
    yield from (f"note: {note}" for note in [identity.note] if note)
    yield from (f"in: {title}, {identity.place}" for title in [identity.title] if identity.place)


def said(result: Result) -> list[str]:
    """What the verdict says: where the sides differ, why there is no proof."""
    assert result.verdict is not None
    lines = paragraphs(result.verdict.message)
    return ["", *textwrap.dedent("\n".join(lines)).split("\n")] if lines else []


def filled(line: str) -> list[str]:
    """A line in lines of at most 79 columns."""
    return textwrap.wrap(line, WIDTH, subsequent_indent="  ", break_on_hyphens=False, break_long_words=False)
