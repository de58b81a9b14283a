"""Deriving: from a line of text to a `Derivative`, to several by name, or to the blocks of a Hessian.

`derive` runs the first stages once, parse and infer; lower (which differentiates) and refine follow when an answer is
asked for.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from matcalc.asked import asked_names, means_all
from matcalc.backprop import Backprop, backpropagation
from matcalc.claim import one_text, texts
from matcalc.coded import Coded
from matcalc.codegen import Source
from matcalc.derivation import Derivative, members_of
from matcalc.emission import emit, gradient_function
from matcalc.errors import KindError, MatcalcError
from matcalc.notation.text import to_text
from matcalc.outputs import Outputs
from matcalc.parser import Program, parse_program, syntax_of
from matcalc.request import Request
from matcalc.variables import (
    blocks_of,
    spelled,
    split_names,
    variables_of,
)

__all__ = ["Derivatives", "Hessian", "derive"]


def derive(
    source: str,
    wrt: str | Sequence[str],
    declare: Iterable[str] | str | None = (),
    layout: str = "numerator",
    order: int | None = None,
    *,
    blocks: bool = False,
    of: str | Sequence[str] | None = None,
    given: Mapping[str, int] | None = None,
    name: str | None = None,
    structured: bool = False,
    mode: str = "auto",
    syntax: str | None = None,
) -> Any:
    """The derivative of an expression or program by a name; for several names, or "all" variables, a mapping by name.

    * `wrt`: a name, or `x,Y`, the derivative by x and then by Y, with the axes of the expression, then of x, then of Y.
    * `declare`: declarations as in section 2 of the language; what is not declared is inferred.
    * `order`: 1 if none is given, 2 for the Hessian; of `x,Y` it is the number of its names.  With `blocks`, and several
      names, the blocks of the Hessian are derived, each pair once: a mapping by `x`, `x,Y`, `Y`.
    * `of`: the output of a program, or several, for a mapping by output.  `given`: whole numbers that loops are counted
      with.  `name`: the file that the source came from.
    * `structured`: a derivative by a variable that is declared symmetric, skew, diagonal, lower or upper lets its tied
      entries move together (Matrix Cookbook 2.8); the answer spells that out, so it is read back without.
    * `mode`: how partial derivatives are multiplied, "forward", from the variable up, "reverse", from the output down,
      or "auto", as suits.  The answers are equal; how they are factored, and the code, may differ.
    * `syntax`: "latex" or "matcalc", of the source and of names; without it a backslash tells.

    Raises MatcalcError.
    """
    if of is not None and not isinstance(of, str):
        options: dict[str, Any] = {
            "blocks": blocks, "given": given, "name": name, "structured": structured, "mode": mode, "syntax": syntax,
        }  # fmt: skip
        found = [derive(source, wrt, declare, layout, order, of=output, **options) for output in texts(of, "outputs")]
        return outputs_of(found)
    names = texts(wrt, "names to differentiate by")
    text, declared = one_text(source, "the source"), texts(declare, "declarations")
    if syntax_of(text, syntax) == "latex":
        if given:
            raise KindError("numbers are given to programs in the language, not to LaTeX", hint="leave out what is given")
        reader = importlib.import_module("matcalc.latex_reader")  # what only LaTeX needs is loaded for it alone
        parts = [part for w in names for part in split_names(w)]
        program = reader.latex_program(text, declared, name=name, of=of, wrt=parts, layout=layout)
        names = [",".join(reader.latex_variable(part, program) for part in split_names(w)) for w in names]
    else:
        program = parse_program(text, declared, name=name, of=of, given=given, reserved=names)
    single = isinstance(wrt, str) and not means_all(program, wrt)
    names = asked_names(program, names, layout)
    if blocks:
        return _blocks(program, names, layout, order, structured=structured, mode=mode)
    members = members_of(program, [variables_of(w, order) for w in names], layout, structured=structured, mode=mode)
    if single:
        return members[0]
    if not members:
        raise KindError("there is no name to differentiate by", hint="give one, such as `x`")
    if len({member.order for member in members}) > 1:
        raise KindError("these derivatives are of several orders", hint="give the order that all of them have")
    return Derivatives({member.wrt: member for member in members})


def outputs_of(found: Sequence[Derivative | Derivatives]) -> Outputs:
    """Derivatives of several outputs, by the names of these."""
    if not found:
        raise KindError("there is no output to differentiate", hint="name one that the program assigns")
    return Outputs({str((made if isinstance(made, Derivative) else made.first).source.output_name): made for made in found})


def _blocks(
    program: Program, names: Sequence[str], layout: str, order: int | None, *, structured: bool, mode: str
) -> Hessian:
    """The Hessian by several names, by blocks."""
    if order not in (None, 2) or not names:
        raise KindError("the blocks of a Hessian are by names, and their order is 2", hint="give names, and no order")
    parts = [variables_of(name, 1) for name in names]  # refuses what is more than a name
    pairs = blocks_of([to_text(part) for (part,) in parts])
    members = members_of(program, [variables_of(pair, 2) for pair in pairs], layout, structured=structured, mode=mode)
    return Hessian({member.wrt: member for member in members})


def spell(key: str) -> str:
    """Names as they are printed: `λ` is `lambda`."""
    try:
        return spelled(variables_of(key))
    except MatcalcError:
        return key


class Derivatives(Coded, Mapping[str, Derivative]):
    """Derivatives of one expression by several names, by name."""

    def __init__(self, members: Mapping[str, Derivative]) -> None:
        self.members = dict(members)

    def __getitem__(self, key: str) -> Derivative:
        return self.members[key if key in self.members else spell(key)]

    def __iter__(self) -> Iterator[str]:
        return iter(self.members)

    def __len__(self) -> int:
        return len(self.members)

    @property
    def first(self) -> Derivative:
        """The first of them; all are of one expression."""
        return next(iter(self.members.values()))

    @cached_property
    def backprop(self) -> Backprop:
        """The values of the program, the error signals and the gradients through them; see `backpropagation`."""
        return self.backpropagation()

    def backpropagation(self, signals: str = "gradient") -> Backprop:
        """How backpropagation computes these derivatives of a scalar output: named values, error signals, gradients.

        With `signals` "gradient" all have the shape of what they are by; with "derivative" they are d(J)/d(v) in the
        layout in force.  Raises MatcalcError for an output that is no scalar, and for derivatives of higher order.
        """
        first = next(iter(self.members.values()))
        if first.order > 1:
            raise KindError("backpropagation is of derivatives of order 1", hint="leave out the order")
        return backpropagation(first.source, list(self.members), first.layout, signals, structured=first.structured)

    def cost(self, sizes: Mapping[str, int] | None = None, /, *, dtype: str = "float64", **named: int) -> Any:
        """What each takes, as `Derivative.cost`, and the gradient of a scalar by all of them: a `matcalc.cost.Costs`."""
        # What only this method needs is loaded here, so that deriving alone starts fast.
        cost = importlib.import_module("matcalc.cost")
        members = [member.cost(sizes, dtype=dtype, **named) for member in self.members.values()]
        scalar = self.first.order == 1 and not self.first.expression_form.shape
        function = gradient_function(self.members) if scalar and len(members) > 1 else None
        shapes = [member.node.shape for member in self.members.values()] if scalar else []
        return cost.costs_of(members, function, self.first.facts, shapes)

    def emitted(self, request: Request) -> Source:
        """The module that is asked for, with one function of all derivatives, which shares their work."""
        for member in self.members.values():
            member._check_sizes(request.sizes)
        return emit(self.members, single=False, request=request, listing=lambda: self.backprop.text)


class Hessian(Derivatives):
    """The Hessian of one expression by several names, by blocks: `x`, `x,Y`, `Y`.

    The block `Y,x` is the block `x,Y` with its axes in the other order; it is not derived again.
    """

    def __getitem__(self, key: str) -> Derivative:
        first, _, second = spell(key).partition(",")
        mirrored = self.members.get(f"{second},{first}")
        return mirrored.swapped() if mirrored is not None else super().__getitem__(key)
