"""`matcalc graph`: an expression or program as a computation, in text and as a picture."""

from __future__ import annotations

import click

from matcalc.commands.expression import ExpressionCommand
from matcalc.commands.output import write_file
from matcalc.commands.source import given_numbers, program_options, read_source
from matcalc.commands.terminal import reported_errors
from matcalc.computations import WAYS, computation

__all__ = ["command"]


@click.command("graph", cls=ExpressionCommand)
@program_options
@click.option("--wrt", multiple=True, metavar="NAME", help="The variable. Repeatable.  [default: all variables]")
@click.option(
    "--mode",
    type=click.Choice(WAYS),
    default=WAYS[0],
    show_default=True,
    help="Adjoints from the output down, or tangents from the variables up.",
)
@click.option(
    "--emit",
    type=click.Choice(["text", "svg", "dot", "mermaid"]),
    default="text",
    show_default=True,
    help="A list, a picture, or the language of Graphviz or of Mermaid.",
)
@click.option("--output", metavar="FILE", help="The file to write, else standard output.")
@click.argument("source")
def command(
    source: str,
    wrt: tuple[str, ...],
    declare: tuple[str, ...],
    layout: str,
    of: str | None,
    syntax: str | None,
    mode: str,
    emit: str,
    output: str | None,
) -> None:
    """Show SOURCE as a computation: values, local derivatives, and how the chain rule combines them.

    \b
    matcalc graph "sqrt(x^2 + exp(x^2)) + cos(x^2 + exp(x^2))" --declare "x: scalar"
    matcalc graph net.mc --wrt W --emit svg --output net.svg
    matcalc graph net.mc --emit dot | dot -Tpdf -o net.pdf
    """
    with reported_errors():
        text, name = read_source(source)
        names = list(wrt) or None
        made = computation(
            text, names, declare, layout, mode=mode, of=of, given=given_numbers(), name=name, syntax=syntax
        )
        written = {"text": lambda: made.text, "svg": made.svg, "dot": made.dot, "mermaid": made.mermaid}
        write_file(output, written[emit]().rstrip("\n") + "\n")
