"""The options of backpropagation, and when `derive` prints its listing: for several names of a program, or when asked."""

from __future__ import annotations

from typing import Any

import click

import matcalc
from matcalc.backprop import Backprop
from matcalc.commands.assumed import assumed, oriented
from matcalc.errors import UnsupportedError

__all__ = ["backprop_options", "check_backprop", "listing", "listing_json", "listing_text"]


def backprop_options(command: click.decorators.FC) -> click.decorators.FC:
    """`--backprop`, `--signals` and `--local`, which are false or None where they are not given."""
    for option in (
        click.option("--local", is_flag=True, help="Backpropagation: list the derivative of each value by those it uses."),
        click.option(
            "--signals",
            type=click.Choice(["gradient", "derivative"]),
            help="Backpropagation: signals of the shape of their values, or as the layout says.  [default: gradient]",
        ),
        click.option("--backprop", is_flag=True, help="Write gradients through error signals; default for several names."),
    ):
        command = option(command)
    return command


def check_backprop(emit: str, form: str | None, *, backprop: bool, signals: str | None, local: bool, steps: bool) -> None:
    """Refuse the options where no listing is printed."""
    options = {"--backprop": backprop, "--signals": signals is not None, "--local": local}
    for option in (option for option, given in options.items() if given):
        if emit not in ("text", "latex", "json"):
            raise click.UsageError(f"{option} goes with --emit text, latex or json, not with --emit {emit}.")
        if form or steps:
            raise click.UsageError(f"{option} goes without {'--form' if form else '--steps'}.")


def listing(derivatives: matcalc.Derivatives, signals: str | None, *, asked: bool) -> Backprop | None:
    """The listing if it is asked for, or if it is what a program with several names is about; else None."""
    if asked:
        return derivatives.backpropagation(signals or "gradient")
    members = list(derivatives.values())
    first = members[0]
    scalar = first.expression_form.kind == "scalar" and first.order == 1
    plain = all(member.wrt.isidentifier() for member in members)
    if len(members) == 1 or not scalar or not plain or not first.source.assignments:
        return None
    try:
        return derivatives.backprop
    except UnsupportedError:
        return None


def listing_text(found: Backprop, *, local: bool) -> str:
    """The listing, then what is taken for granted."""
    shapes = {equation.value: oriented(equation.shape, equation.right.kind) for equation in found.gradients}
    columns = found.kind == "gradient" and any(shape.endswith("column") for shape in shapes.values())
    layout = f"{found.layout}; grad(.., v) has the shape of v in any layout" if columns else found.layout
    return "\n\n".join([found.to_text(local=local), assumed(found.declarations, layout, shapes, found.notes)])


def listing_json(derivatives: list[dict[str, Any]], found: Backprop | None, *, local: bool) -> Any:
    """One derivative, or the list of several; with a listing, that of one under `backprop` beside it."""
    shown: Any = derivatives[0] if len(derivatives) == 1 else derivatives
    if found is None:
        return shown
    beside = shown if len(derivatives) == 1 else {"derivatives": derivatives}
    return {**beside, "backprop": found.to_json(local=local)}
