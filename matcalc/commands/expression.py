"""Commands whose argument is an expression, and the sizes of its dimensions."""

from __future__ import annotations

import re

import click

__all__ = ["ExpressionCommand", "sizes_of_dimensions"]


class ExpressionCommand(click.Command):
    """A command whose expression may start with a minus sign, as in `matcalc derive "-x'*x" --wrt x`.

    No option has a one-letter name, so an argument with one leading dash can only be an expression.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if "--" not in args:
            negative = [arg for arg in args if re.match("-[^-]", arg)]
            args = [arg for arg in args if arg not in negative] + ["--", *negative]
        return super().parse_args(ctx, args)


def sizes_of_dimensions(text: str) -> dict[str, int]:
    """Read `m=2,n=3`."""
    sizes = {}
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\w+)\s*=\s*0*([1-9][0-9]{0,8})\s*", part)
        if match is None:
            raise click.BadParameter(f"{part.strip()!r} is not NAME=SIZE with a positive whole number, as in m=2,n=3")
        sizes[match[1]] = int(match[2])
    return sizes
