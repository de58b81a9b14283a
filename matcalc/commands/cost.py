"""`matcalc cost`: what a derivative takes, computed in several ways."""

from __future__ import annotations

import json

import click

from matcalc.commands.expression import ExpressionCommand, sizes_of_dimensions
from matcalc.commands.source import by_name, function_options
from matcalc.commands.terminal import echo, reported_errors
from matcalc.cost.amounts import ITEM_BYTES
from matcalc.cost.report import EXPLANATION

__all__ = ["command"]


@click.command("cost", cls=ExpressionCommand)
@function_options
@click.option("--wrt", multiple=True, required=True, metavar="NAME", help="The variable. Repeatable.")
@click.option("--size", type=sizes_of_dimensions, metavar="m=2,n=3", help="Sizes of dimensions; without, polynomials.")
@click.option(
    "--dtype", type=click.Choice(list(ITEM_BYTES)), default="float64", show_default=True, help="The type of the numbers."
)
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="What to print."
)
@click.argument("source")
def command(
    source: str,
    wrt: tuple[str, ...],
    order: int | None,
    declare: tuple[str, ...],
    layout: str,
    of: str | None,
    structured: bool,
    syntax: str | None,
    size: dict[str, int] | None,
    dtype: str,
    form: str,
) -> None:
    """Count flops and memory of the derivative of SOURCE: made dense, by emitted code, and in forward and reverse mode.

    \b
    matcalc cost "X*W" --wrt W --size m=64,n=4096,p=4096 --dtype float32
    matcalc cost "sum(log(1 + exp(X*w)))" --wrt w --order 2
    matcalc cost net.mc --wrt all --size n=100
    """
    with reported_errors():
        derivatives = by_name(source, wrt, declare, layout, order, of, structured=structured, syntax=syntax)
        costs = derivatives.cost(size, dtype=dtype)
        if form == "json":
            objects = costs.to_json()
            echo(json.dumps(objects if len(objects) > 1 else objects[0], indent=2))
        else:
            echo("\n\n".join([*costs.bodies, EXPLANATION]))
