"""Several outputs of one program: what `derive` prints for each of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import click

from matcalc.codegen import TARGETS
from matcalc.commands.terminal import echo
from matcalc.outputs import Outputs

__all__ = ["print_outputs"]


def print_outputs(found: Outputs, sizes: Mapping[str, int] | None) -> None:
    """Print what the running command prints, of each output under a heading; as code, one function of all."""
    context = click.get_current_context()
    options = context.params
    if options["emit"] in TARGETS:
        wanted = {"value": options["value"], "check": options["checked"], "random": options["trial"]}
        echo(found.code(options["emit"], options["product"] or "derivative", sizes=sizes, **wanted).rstrip("\n"))
    elif options["emit"] == "json":
        if options["backprop"] or options["signals"] or options["local"]:
            raise click.UsageError("--backprop, --signals and --local go with one --of in JSON.")
        echo(json.dumps({name: objects(made, options["steps"]) for name, made in found.items()}, indent=2))
    else:
        for at, name in enumerate(found):
            heading = f"% of {name}" if options["emit"] == "latex" else f"of {name}:"
            echo("\n" * bool(at) + heading)
            context.invoke(context.command, **{**options, "of": name})


def objects(made: Any, steps: bool) -> Any:
    """The derivatives of one output as JSON: an object, or a list of objects for several."""
    listed = [member.to_json(steps=steps) for member in made.values()]
    return listed if len(listed) > 1 else listed[0]
