"""The options of code: what `derive` emits for a target, and a warning before what cannot fit."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence

import click

import matcalc
from matcalc.codegen import TARGETS
from matcalc.commands.terminal import complain
from matcalc.request import PRODUCTS

__all__ = ["CODE", "check_code", "code_options", "warn_of_size"]

#: What `--emit` takes for code.
CODE = tuple(TARGETS)

#: The largest derivative, in bytes, that is emitted without a warning.
LARGEST = 16 * 2**30


def code_options(command: click.decorators.FC) -> click.decorators.FC:
    """`--as`, `--value`, `--check` and `--random`."""
    for option in (
        click.option("--random", "trial", is_flag=True, help="Code: run as a program, it compares with differences."),
        click.option("--check", "checked", is_flag=True, help="Code: the function checks the shapes of its arguments."),
        click.option("--value", is_flag=True, help="Code: the function returns (value, derivative)."),
        click.option(
            "--as",
            "product",
            type=click.Choice(PRODUCTS),
            help="Code: the derivative itself, or a product with it that never forms it.  [default: derivative]",
        ),
    ):
        command = option(command)
    return command


def check_code(emit: str, product: str | None, *, value: bool, checked: bool, trial: bool) -> None:
    """Refuse options that do not go together."""
    given = {"--as": product is not None, "--value": value, "--check": checked, "--random": trial}
    for option, present in given.items():
        if present and emit not in CODE:
            raise click.UsageError(f"{option} goes with --emit {', '.join(CODE[:-1])} or {CODE[-1]}.")
    if product == "operator" and emit != "numpy":
        raise click.UsageError(f"--as operator goes with --emit numpy, not with --emit {emit}.")
    if product == "operator" and value:
        raise click.UsageError("--value goes with --as derivative, jvp, vjp or hvp.")
    if trial and emit == "sympy":
        raise click.UsageError("--random goes with --emit numpy, jax, torch or array-api.")


def warn_of_size(derivatives: Sequence[matcalc.Derivative], sizes: Mapping[str, int] | None) -> None:
    """Say on standard error which derivatives cannot fit at these sizes; a dimension without a size counts as 1."""
    for derivative in derivatives:
        shape = derivative.form.shape or ()
        known = {d: (sizes or {}).get(d, 1) for axis in shape for d in axis if isinstance(d, str)}
        if any(known.get(str(d), d) != 1 for axis in shape for d in axis):
            found = importlib.import_module("matcalc.cost").entries_and_bytes(shape, known)
            if found.bytes > LARGEST:
                size = f"{found.entries:.1e} entries, {found.bytes / 2**30:,.0f} GiB in float64"
                hint = "hint: --as vjp and --as jvp emit products with it that never form it"
                complain(f"warning: the derivative by {derivative.wrt} has {size}\n{hint}")
