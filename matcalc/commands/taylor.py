"""`matcalc taylor`: Taylor polynomials, and linearizations as those of order 1."""

from __future__ import annotations

import json
import textwrap

import click

from matcalc.codegen import TARGETS
from matcalc.commands.expression import ExpressionCommand
from matcalc.commands.source import given_numbers, program_options, read_source
from matcalc.commands.terminal import WIDTH, echo, reported_errors
from matcalc.series import Remainder, Taylor, taylor

__all__ = ["command"]

#: The longest formula that fits on a line of its own, indented and with a mark behind it.
LONGEST = WIDTH - 3


@click.command("taylor", cls=ExpressionCommand)
@click.option("--wrt", required=True, metavar="NAME", help="The variable.")
@click.option("--at", default="0", show_default=True, metavar="POINT", help="The point: 0, 1, mu, A*b, ..")
@click.option("--order", type=click.IntRange(min=0), default=2, show_default=True, help="The order of the polynomial.")
@program_options
@click.option(
    "--emit", type=click.Choice(["text", "latex", "json", *TARGETS]), default="text", show_default=True,
    help="What to print: a notation, or code.",
)  # fmt: skip
@click.option("--tensors", is_flag=True, help="Show the derivatives at the point, too.")
@click.argument("source")
def command(
    source: str, wrt: str, at: str, order: int, declare: tuple[str, ...], layout: str, of: str | None,
    syntax: str | None, emit: str, tensors: bool,
) -> None:  # fmt: skip
    """Expand SOURCE by a variable at a point, to an order.

    \b
    matcalc taylor "log(1 + x)" --wrt x --order 4 --declare "x: scalar"
    matcalc taylor "x'*A*x" --wrt x --at mu
    matcalc taylor "inv(X)" --wrt X --at A --order 3 --emit numpy
    """
    if tensors and emit not in ("text", "json"):
        raise click.UsageError("--tensors goes with --emit text or json.")
    with reported_errors():
        text, name = read_source(source)
        made = taylor(text, wrt, at, order, declare, layout, of=of, given=given_numbers(), name=name, syntax=syntax)
        if emit == "json":
            echo(json.dumps(made.to_json(tensors=tensors), indent=2))
        elif emit == "latex":
            where = [rf"\quad \text{{where }} {key} = {value}" for key, value in made.where_latex().items()]
            echo("\n".join([made.latex(), *where]))
        elif emit == "text":
            echo(shown(made, tensors=tensors))
        else:
            echo(made.code(emit).rstrip("\n"))


def shown(made: Taylor, *, tensors: bool) -> str:
    """The polynomial, what stands for the names that it introduces, what it leaves out, and what was assumed."""
    blocks = [polynomial(made)]
    if tensors and made.order:
        blocks.append("\n".join(f"D{k if k > 1 else ''} = {text}" for k, text in enumerate(made.tensors, 1)))
    facts = ["assumed: " + "; ".join(text.replace(" ", "\0") for text in made.declarations)]  # \0: no line break here
    facts += [remainder(made.remainder, made), *(f"note: {note}" for note in made.notes)]
    blocks.append("\n".join(textwrap.fill(fact, WIDTH, subsequent_indent="  ") for fact in facts).replace("\0", " "))
    return "\n\n".join(blocks)


def polynomial(made: Taylor) -> str:
    """The polynomial on one line, or a term a line where that is too long."""
    where = [f"where {name} = {text}" for name, text in made.where.items()]
    terms = [term.text for term in made.terms if not term.is_zero]
    lines = [made.text]
    if len(made.text) > WIDTH and len(terms) > 1:
        lines = [terms[0], *(f"  - {text[1:]}" if text.startswith("-") else f"  + {text}" for text in terms[1:])]
    return "\n".join([*lines, *where])


def unbroken(text: str) -> str:
    """A formula that is not broken into lines, if it fits on one."""
    return text.replace(" ", "\0") if len(text) <= LONGEST else text


def remainder(found: Remainder, made: Taylor) -> str:
    """What is said of the remainder."""
    if found.exact:
        return "remainder: none, the polynomial is the expression"
    if found.order is None:
        return "remainder: no further term, but the expression is no polynomial: it has kinks"
    others = [f"{name} = {text}" for name, text in found.where.items() if made.where.get(name) != text]
    first = ""
    if found.text is not None and len("".join([found.text, *others])) <= LONGEST:
        where = f", where {', '.join(map(unbroken, others))}" if others else ""
        first = f" that begins with {unbroken(found.text)}{where}"
    said = f"remainder: of order {'at least ' * (found.text is None)}{found.order}{first}"
    between = f"{made.at} + {made.direction}" if made.question.moves else made.wrt
    return said + (f"; it is {unbroken(found.lagrange)} for some xi between {made.at} and {between}" if found.lagrange else "")
