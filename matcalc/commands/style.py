"""The options of LaTeX: how vectors and matrices are set, and how a transpose is marked."""

from __future__ import annotations

import click

from matcalc.notation.latex_names import LETTERS, TRANSPOSES

__all__ = ["style_options", "check_style"]


def style_options(command: click.decorators.FC) -> click.decorators.FC:
    """`--style` and `--transpose`, which are None where they are not given."""
    letters = click.option(
        "--style",
        type=click.Choice(LETTERS),
        help="Vectors and matrices in LaTeX: by \\mathbf, as other letters, by \\bm.  [default: bold]",
    )
    mark = click.option(
        "--transpose", type=click.Choice(list(TRANSPOSES)), help="The mark of a transpose in LaTeX.  [default: top]"
    )
    return letters(mark(command))


def check_style(emit: str, style: str | None, transpose: str | None) -> None:
    """Refuse the options where no LaTeX is printed."""
    for option, value in (("--style", style), ("--transpose", transpose)):
        if value is not None and emit != "latex":
            raise click.UsageError(f"{option} goes with --emit latex, not with --emit {emit}.")
