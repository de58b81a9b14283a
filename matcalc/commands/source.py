"""What is differentiated: the options that say it, and the text of an expression or a program."""

from __future__ import annotations

from pathlib import Path

import click

import matcalc
from matcalc.commands.terminal import BadInput, standard_input
from matcalc.parser import SYNTAXES

__all__ = ["blocks_option", "by_name", "function_options", "read_source"]


def read_source(source: str) -> tuple[str, str | None]:
    """The text of SOURCE and the name of the file it is from: `-` is standard input, a path to a program ends in `.mc`."""
    if source != "-" and not source.endswith(".mc"):
        return source, None
    if source == "-":
        return standard_input(), "standard input"
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
    of: str | None,
    *,
    structured: bool,
    syntax: str | None,
    blocks: bool = False,
) -> matcalc.Derivatives:
    """The derivatives, by the name of the variable."""
    text, name = read_source(source)
    derivatives: matcalc.Derivatives = matcalc.derive(
        text, list(wrt), declare, layout, order, of=of, name=name, structured=structured, syntax=syntax, blocks=blocks
    )
    return derivatives


def function_options(command: click.decorators.FC) -> click.decorators.FC:
    """The options that say what is differentiated, beside the variables."""
    for option in (
        click.option(
            "--from",
            "syntax",
            type=click.Choice(SYNTAXES),
            help="What SOURCE is written in, and --wrt may be.  [default: latex if it has a backslash]",
        ),
        click.option("--of", metavar="NAME", help="The assigned name to differentiate; else the last one."),
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
        click.option("--structured", is_flag=True, help="Let tied entries of symmetric, .. variables move together."),
        click.option("--order", type=click.IntRange(min=1), help="The order.  [default: 1, or as many as --wrt x,Y names]"),
    ):
        command = option(command)
    return command


def blocks_option(command: click.decorators.FC) -> click.decorators.FC:
    """`--blocks`."""
    option = click.option("--blocks", is_flag=True, help="All blocks of the Hessian by several names, each pair once.")
    return option(command)
