"""What is differentiated: the options that say it, and the text of an expression or a program."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click

import matcalc
from matcalc.commands.terminal import BadInput, standard_input
from matcalc.inference import MODES
from matcalc.parser import SYNTAXES

__all__ = [
    "blocks_option",
    "by_name",
    "function_options",
    "given_numbers",
    "mode_option",
    "program_options",
    "read_source",
]

#: Where the numbers that are given are kept.
GIVEN = "matcalc.given"
#: Where the mode of differentiation is kept.
MODE = "matcalc.mode"
#: Where standard input is kept.
INPUT = "matcalc.input"
#: The commands that take several outputs.
SEVERAL = frozenset({"derive"})


def read_source(source: str) -> tuple[str, str | None]:
    """The text of SOURCE and the name of the file it is from: `-` is standard input, a path to a program ends in `.mc`."""
    if source != "-" and not source.endswith(".mc"):
        return source, None
    if source == "-":
        kept = click.get_current_context().meta  # a command that prints several outputs reads it for each
        if INPUT not in kept:
            kept[INPUT] = standard_input()
        return kept[INPUT], "standard input"
    try:
        return Path(source).read_bytes().decode("utf-8-sig"), source
    except OSError as error:
        raise BadInput(f"error: cannot read {source}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise BadInput(f"error: {source} is not UTF-8 text: byte {error.start + 1} is wrong") from None


def by_name(
    source: str,
    wrt: tuple[str, ...],
    declare: tuple[str, ...],
    layout: str,
    order: int | None,
    of: str | tuple[str, ...] | None,
    *,
    structured: bool,
    syntax: str | None,
    blocks: bool = False,
) -> Any:
    """The derivatives, by the name of the variable; for several outputs a mapping by output of these."""
    text, name = read_source(source)
    mode = click.get_current_context().meta.get(MODE, MODES[0])
    return matcalc.derive(
        text, list(wrt), declare, layout, order,
        of=of, given=given_numbers(), mode=mode, name=name, structured=structured, syntax=syntax, blocks=blocks,
    )  # fmt: skip


def given_numbers() -> dict[str, int] | None:
    """The whole numbers that were given to the command that runs."""
    found: dict[str, int] | None = click.get_current_context().meta.get(GIVEN)
    return found


def _remember(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> None:
    """Keep the numbers that are given for `by_name`, so that no command has to hand them on."""
    found: dict[str, int] = {}
    for part in ",".join(values).split(",") if values else ():
        match = re.fullmatch(r"\s*([^\W\d]\w*)\s*=\s*([+-]?[0-9]{1,10})\s*", part)
        if match is None:
            raise click.BadParameter(f"{part.strip()!r} is not NAME=NUMBER with a whole number, as in K=64")
        found[match[1]] = int(match[2])
    context.meta[GIVEN] = found


def _one_or_several(
    context: click.Context, parameter: click.Parameter, values: tuple[str, ...]
) -> str | tuple[str, ...] | None:
    """The output that is named, or all of them where there are several."""
    if isinstance(values, str):
        return values  # the command is invoked for one of them
    if len(values) > 1 and context.info_name not in SEVERAL:
        raise click.UsageError("--of is given once; only `derive` takes several outputs.")
    return values if len(values) > 1 else values[0] if values else None


def program_options(command: click.decorators.FC) -> click.decorators.FC:
    """The options that say what SOURCE means."""
    for option in (
        click.option(
            "--from",
            "syntax",
            type=click.Choice(SYNTAXES),
            help="What SOURCE is written in, and --wrt may be.  [default: latex if it has a backslash]",
        ),
        click.option(
            "--of",
            multiple=True,
            callback=_one_or_several,
            metavar="NAME",
            help="The assigned name to differentiate; else the last one. Repeatable in `derive`.",
        ),
        click.option(
            "--given",
            multiple=True,
            expose_value=False,
            callback=_remember,
            metavar="K=64",
            help="A whole number of a program, such as how often a loop is repeated. Repeatable.",
        ),
        click.option(
            "--layout",
            type=click.Choice(["numerator", "denominator"]),
            default="numerator",
            show_default=True,
            help="Whether entry (i, j) of a vector by vector is dy_i/dx_j or dy_j/dx_i.",
        ),
        click.option(
            "--declare",
            multiple=True,
            metavar="TEXT",
            help="Declarations such as 'A: matrix(m, n) symmetric'; ';' parts several. Repeatable.",
        ),
    ):
        command = option(command)
    return command


def function_options(command: click.decorators.FC) -> click.decorators.FC:
    """The options that say what is differentiated, beside the variables."""
    for option in (
        program_options,
        click.option("--structured", is_flag=True, help="Let tied entries of symmetric, .. variables move together."),
        click.option("--order", type=click.IntRange(min=1), help="The order.  [default: 1, or as many as --wrt x,Y names]"),
    ):
        command = option(command)
    return command


def mode_option(command: click.decorators.FC) -> click.decorators.FC:
    """`--mode`, which is kept for `by_name`."""
    option = click.option(
        "--mode",
        type=click.Choice(MODES),
        default=MODES[0],
        show_default=True,
        expose_value=False,
        callback=lambda context, parameter, value: context.meta.__setitem__(MODE, value),
        help="Accumulate derivatives from the variable up, from the output down, or as suits.",
    )
    return option(command)


def blocks_option(command: click.decorators.FC) -> click.decorators.FC:
    """`--blocks`."""
    option = click.option("--blocks", is_flag=True, help="All blocks of the Hessian by several names, each pair once.")
    return option(command)
