"""The docstring of an emitted module: the expression, its derivatives, what is assumed, and the command that makes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from matcalc.codegen import TARGETS
from matcalc.codegen.command import command_lines
from matcalc.errors import MatcalcError, UnsupportedError
from matcalc.request import Answer, Request

__all__ = ["Description"]

#: What each product is, as a sentence of the docstring begins.
HEADINGS = {
    "derivative": "Derivative",
    "jvp": "Products with a direction, J*v, of the derivative J",
    "vjp": "Products with a cotangent, u*J, of the derivative J",
    "hvp": "Products with a direction, H*v, of the Hessian H",
    "operator": "Linear operator of the derivative",
}


@dataclass(frozen=True)
class Description:
    """What is said of derivatives by name, of some outputs; `listing` is the text of gradients through named signals."""

    members: Mapping[str, Answer]
    request: Request
    outputs: Sequence[str]
    listing: Callable[[], str] | None = None

    @property
    def first(self) -> Answer:
        """All are of one expression."""
        return next(iter(self.members.values()))

    @property
    def text(self) -> str:
        """The docstring."""
        first, product = self.first, self.request.product
        manner = ", tied entries moving together," if first.structured else ""
        order = f" of order {first.order}" if product != "hvp" else ""
        layout = f" in {first.layout} layout" if product == "derivative" else ""
        lines = [f"{HEADINGS[product]}{order}{layout}{manner} of", ""]
        lines += [f"    {line.rstrip()}" for line in first.expression.splitlines() if line.strip()]
        lines += self.formulas() if product == "derivative" else [x for name in self.members for x in ("", f"by {name}")]
        takes = TARGETS[self.request.target].takes
        lines += ["", f"with {'; '.join(first.declarations)}", *(["", takes] if takes else [])]
        names = list(dict.fromkeys(member.wrt for member in self.members.values()))
        command = command_lines(first.expression, names, first.declarations, self.options)
        return "\n".join([*lines, *(["", "made by", "", *("    " + line for line in command)] if command else [])])

    @property
    def options(self) -> list[str]:
        """The options of the command line that ask for this module."""
        first, request = self.first, self.request
        found = [] if first.order == 1 else [f"--order {first.order}"]
        found += [] if first.layout == "numerator" else [f"--layout {first.layout}"]
        found += ["--structured"] * first.structured
        found += [] if first.program.mode == "auto" else [f"--mode {first.program.mode}"]
        found += [f"--of {name}" for name in self.outputs]
        found += [f"--given {name}={value}" for name, value in first.source.given.items()]
        found += ["--size " + ",".join(f"{name}={size}" for name, size in request.sizes.items())] * bool(request.sizes)
        found += [f"--emit {request.target}"]
        found += [] if request.product == "derivative" else [f"--as {request.product}"]
        return found + ["--value"] * request.value + ["--check"] * request.check + ["--random"] * request.random

    def formulas(self) -> list[str]:
        """The formulas of the derivatives: through signals if there is a listing, else each by itself."""
        if self.listing is not None:
            with suppress(MatcalcError):  # code can say what no notation can
                return ["", *(f"    {line}".rstrip() for line in self.listing().splitlines())]
        return [line for name, member in self.members.items() for line in self.formula(name, member)]

    def formula(self, name: str, member: Answer) -> list[str]:
        """The formula of one derivative."""
        try:
            where = [f"    where {key} = {text}" for key, text in member.where.items()]
            return ["", f"by {name}:", "", f"    {member.text}", *where]
        except UnsupportedError:  # code can say what no notation can
            return ["", f"by {name}"]
