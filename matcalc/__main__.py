"""The command line: parse options, call `matcalc`, print, map errors to exit codes.

Exit status: 0 done, 1 a check disagrees or an identity is not as expected, 2 bad usage or bad input.  Answers go to
standard output, errors to standard error with the source line and a caret under the place.  `derive` does not import
NumPy.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import product
from typing import Any

import click

import matcalc
from matcalc.answer import FORMS
from matcalc.commands.assumed import assumed, oriented
from matcalc.commands.backprop import backprop_options, check_backprop, listing, listing_json, listing_text
from matcalc.commands.code import CODE, check_code, code_options, warn_of_size
from matcalc.commands.expression import ExpressionCommand, sizes_of_dimensions
from matcalc.commands.outputs import print_outputs
from matcalc.commands.source import blocks_option, by_name, function_options, given_numbers, mode_option, read_source
from matcalc.commands.style import check_style, style_options
from matcalc.commands.terminal import WIDTH, echo, reported_errors
from matcalc.outputs import Outputs

__all__ = ["main"]

#: How many entries `check` shows.
SHOWN_ENTRIES = 8
#: What `--wrt` takes.
WRT = "The variable, `all` for each, or `x,Y` for one after the other. Repeatable."

#: The modules of commands that are loaded when they are called.
LATER_COMMANDS = {name: f"matcalc.commands.{name}" for name in ("verify", "show", "list", "export", "cost", "graph", "taylor")}


def answer(derivative: matcalc.Derivative, form: str, sizes: dict[str, int] | None) -> str:
    """The derivative, alone on its line when it is one line, then what stands for the names that it introduces."""
    where = [f"where {name} = {text}" for name, text in derivative.where.items()] if form != "elements" else []
    return "\n".join([derivative.to_text(form=form, sizes=sizes), *where])


def latex_answer(
    derivative: matcalc.Derivative, form: str, sizes: dict[str, int] | None, style: str, transpose: str
) -> str:
    """The derivative as LaTeX, then what stands for the names that it introduces."""
    where = derivative.where_latex(style, transpose).items() if form != "elements" else ()
    shown = derivative.latex(form, sizes, style, transpose)
    return "\n".join([shown, *(rf"\quad \text{{where }} {name} = {text}" for name, text in where)])


def shape(derivative: matcalc.Derivative) -> str:
    """The shape, with the orientation that the layout gives to one axis."""
    return oriented(derivative.shape, derivative.form.kind)


def assumptions(derivatives: Sequence[matcalc.Derivative]) -> str:
    """What the answers take for granted, in lines of at most 79 characters: declarations, layout, shapes, notes."""
    declarations = dict.fromkeys(text for derivative in derivatives for text in derivative.declarations)
    shapes = {derivative.wrt: shape(derivative) for derivative in derivatives}
    return assumed(declarations, derivatives[0].layout, shapes, notes_of(derivatives))


def notes_of(derivatives: Sequence[matcalc.Derivative]) -> Iterator[str]:
    """The notes of answers, each once; one that is not about all of them says which it is about."""
    about: dict[str, list[str]] = {}
    for derivative in derivatives:
        for note in derivative.notes:
            about.setdefault(note, []).append(derivative.wrt)
    for note, names in about.items():
        yield note if len(names) == len(derivatives) else f"by {' and by '.join(names)}: {note}"


def derivation(derivative: matcalc.Derivative) -> str:
    """The steps from the expression to the derivative."""
    return derivative.steps.text


def text_answer(derivatives: Sequence[matcalc.Derivative], show: Callable[[matcalc.Derivative], str]) -> str:
    """The answers, each under a heading when there are several, then what was assumed."""
    blocks = [show(derivative) for derivative in derivatives]
    if len(derivatives) > 1:
        blocks = [f"by {derivative.wrt}:\n{block}" for derivative, block in zip(derivatives, blocks, strict=True)]
    return "\n\n".join([*blocks, assumptions(derivatives)])


def comparison(derivative: matcalc.Derivative, found: Any) -> str:
    """Entries of the derivative and of the numeric one side by side, those that differ most first, and the verdict."""
    sizes = ", ".join(f"{name} = {size}" for name, size in found.sizes.items())
    lines = [f"by {derivative.wrt}, by {found.method}" + (f", with {sizes}" if sizes else "")]
    if found.analytic.shape == found.numeric.shape:
        places = product(*(range(1, size + 1) for size in found.analytic.shape))
        pairs = zip(places, found.analytic.ravel().tolist(), found.numeric.ravel().tolist(), strict=True)
        rows = sorted(pairs, key=lambda row: -abs(row[1] - row[2]))
        lines.append(f"{'entry':16}{'derivative':>24}{'numeric':>24}")
        for place, ours, theirs in rows[:SHOWN_ENTRIES]:
            lines.append(f"{list(place)!s:16}{ours + 0.0:24.15g}{theirs + 0.0:24.15g}")  # + 0.0 makes 0 of -0
        if len(rows) > SHOWN_ENTRIES:
            lines.append(f"... and {len(rows) - SHOWN_ENTRIES} more entries, which differ no more")
        if not found.numeric.any():
            lines.append("note: every entry is 0 at this point; --seed draws another point")
    else:
        lines.append(f"the derivative has shape {found.analytic.shape}, the numeric one {found.numeric.shape}")
    verdict = "they agree" if found.agrees else "they DISAGREE"
    return "\n".join([*lines, f"largest relative error: {found.largest_relative_error:.1e}; {verdict}"])


def source_options(command: click.decorators.FC) -> click.decorators.FC:
    """The argument and the options that say what is differentiated, and by what."""
    for option in (
        function_options,
        blocks_option,
        click.option("--wrt", multiple=True, required=True, metavar="NAME", help=WRT),
        click.argument("source"),
    ):
        command = option(command)
    return command


class Commands(click.Group):
    """The commands; those of `LATER_COMMANDS` are loaded when they are called, so that `derive` starts fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*super().list_commands(ctx), *LATER_COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in LATER_COMMANDS:
            return super().get_command(ctx, cmd_name)
        command: click.Command = importlib.import_module(LATER_COMMANDS[cmd_name]).command
        return command


@click.group(cls=Commands, context_settings={"max_content_width": WIDTH})
@click.version_option(matcalc.__version__, prog_name="matcalc")
def main() -> None:
    """Symbolic matrix calculus: any derivative, for symbolic shapes, and proofs of identities.

    SOURCE is an expression, the path of a program (a file NAME.mc), or - for standard input.  A PATH is a file of
    identities, a folder of them, or - for standard input.
    """


@main.command(cls=ExpressionCommand)
@source_options
@click.option("--form", type=click.Choice(FORMS), help="The notation of text and LaTeX.  [default: matrix]")
@click.option("--size", type=sizes_of_dimensions, metavar="m=2,n=3", help="Sizes of dimensions, for --form elements and code.")
@click.option(
    "--emit",
    type=click.Choice(["text", "latex", "json", *CODE]),
    default="text",
    show_default=True,
    help="What to print: a notation, or code.",
)
@style_options
@mode_option
@code_options
@backprop_options
@click.option("--steps", is_flag=True, help="Show the way to the answer, rule by rule, each step verified.")
def derive(
    source: str,
    wrt: tuple[str, ...],
    blocks: bool,
    order: int | None,
    declare: tuple[str, ...],
    layout: str,
    of: str | tuple[str, ...] | None,
    structured: bool,
    syntax: str | None,
    form: str | None,
    size: dict[str, int] | None,
    emit: str,
    style: str | None,
    transpose: str | None,
    product: str | None,
    value: bool,
    checked: bool,
    trial: bool,
    backprop: bool,
    signals: str | None,
    local: bool,
    steps: bool,
) -> None:
    """Print the derivative of SOURCE.

    \b
    matcalc derive "x'*A*x" --wrt x
    matcalc derive "B'*B" --wrt B --form index
    matcalc derive "A*x" --wrt A --size m=2,n=3 --form elements
    matcalc derive "x'*A*x" --wrt x --steps
    matcalc derive net.mc --wrt U --wrt W
    matcalc derive net.mc --wrt U --wrt W --emit numpy
    matcalc derive "log(det(X))" --wrt X --emit jax --as hvp --check
    matcalc derive "x'*Y*x" --wrt x --wrt Y --blocks
    matcalc derive --from latex '\\mathbf{x}^\\top \\mathbf{A} \\mathbf{x}' --wrt x
    """
    if form and emit not in ("text", "latex"):
        raise click.UsageError(f"--form goes with --emit text or latex, not with --emit {emit}.")
    if size and form != "elements" and emit not in CODE:
        raise click.UsageError("--size goes with --form elements, or with code such as --emit numpy.")
    check_style(emit, style, transpose)
    check_code(emit, product, value=value, checked=checked, trial=trial)
    check_backprop(emit, form, backprop=backprop, signals=signals, local=local, steps=steps)
    if steps and (emit in CODE or form):
        raise click.UsageError("--steps goes with --emit text, latex or json, and without --form.")
    with reported_errors():
        derivatives = by_name(source, wrt, declare, layout, order, of, structured=structured, syntax=syntax, blocks=blocks)
        if isinstance(derivatives, Outputs):
            print_outputs(derivatives, size)
            return
        printed = list(derivatives.values())
        asked = backprop or signals is not None or local
        notation = emit not in CODE and not form and not steps and (asked or emit != "json")
        found = listing(derivatives, signals, asked=asked) if notation else None
        if emit in CODE:
            if product in (None, "derivative"):
                warn_of_size(printed, size)
            options = {"value": value, "check": checked, "random": trial}
            source_of = derivatives if len(printed) > 1 else printed[0]
            echo(source_of.code(emit, product or "derivative", sizes=size, **options).rstrip("\n"))
        elif emit == "json":
            objects = [derivative.to_json(steps=steps) for derivative in printed]
            echo(json.dumps(listing_json(objects, found, local=local), indent=2))
        elif found is not None:
            marks = style or "bold", transpose or "top"
            echo(found.latex(*marks, local=local) if emit == "latex" else listing_text(found, local=local))
        elif emit == "latex" and steps:
            echo("\n\n".join(derivative.steps.latex(style or "bold", transpose or "top") for derivative in printed))
        elif emit == "latex":
            marks = style or "bold", transpose or "top"
            echo("\n\n".join(latex_answer(derivative, form or "matrix", size, *marks) for derivative in printed))
        else:
            show = derivation if steps else partial(answer, form=form or "matrix", sizes=size)
            echo(text_answer(printed, show))


@main.command(cls=ExpressionCommand)
@function_options
@blocks_option
@click.option("--wrt", multiple=True, metavar="NAME", help="The variable, or x,Y. Repeatable; with --shapes all if none.")
@click.option("--size", type=sizes_of_dimensions, metavar="m=2,n=3", help="Sizes of dimensions; the others are drawn.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="The seed of the random point.")
@click.option("--shapes", is_flag=True, help="List values with their shapes, and how products balance, instead.")
@click.argument("source")
def check(
    source: str,
    wrt: tuple[str, ...],
    blocks: bool,
    order: int | None,
    declare: tuple[str, ...],
    layout: str,
    of: str | None,
    structured: bool,
    syntax: str | None,
    size: dict[str, int] | None,
    seed: int,
    shapes: bool,
) -> None:
    """Compare the derivative of SOURCE with a numeric one at a random point; status 1 when they disagree.

    \b
    matcalc check "x'*A*x" --wrt x
    matcalc check --shapes net.mc
    """
    if not wrt and not shapes:
        raise click.UsageError("Missing option '--wrt'.")
    with reported_errors():
        if shapes:
            text, file = read_source(source)
            names = list(wrt) or None
            echo(matcalc.shapes(text, names, declare, of=of, given=given_numbers(), name=file, syntax=syntax).text)
            return
        derivatives = by_name(source, wrt, declare, layout, order, of, structured=structured, syntax=syntax, blocks=blocks)
        checks = [(derivative, derivative.check(seed=seed, sizes=size)) for derivative in derivatives.values()]
        echo("\n\n".join(comparison(derivative, found) for derivative, found in checks))
    sys.exit(0 if all(found.agrees for _, found in checks) else 1)


if __name__ == "__main__":
    main(prog_name="matcalc")
