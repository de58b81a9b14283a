"""A computation: an expression or program as a list of values, one elementary operation each, and its derivatives.

    matcalc.computation("sqrt(x^2 + exp(x^2)) + cos(x^2 + exp(x^2))", wrt="x", declare="x: scalar").text
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from matcalc.computations.dot import dot_of
from matcalc.computations.graph import Graph
from matcalc.computations.mermaid import mermaid_of
from matcalc.computations.picture import picture_of
from matcalc.computations.reading import read
from matcalc.computations.report import text_of
from matcalc.computations.svg import svg_of
from matcalc.errors import UnknownNameError
from matcalc.inference import infer

__all__ = ["WAYS", "Computation", "computation"]

#: The ways in which a computation is differentiated.
WAYS = ("reverse", "forward")


def computation(
    source: str,
    wrt: str | Sequence[str] | None = None,
    declare: Iterable[str] | str | None = (),
    layout: str = "numerator",
    *,
    mode: str = "reverse",
    of: str | None = None,
    given: Mapping[str, int] | None = None,
    name: str | None = None,
    syntax: str | None = None,
) -> Computation:
    """The computation of an expression or program, differentiated by some names; by default by all of its variables.

    `mode` is "reverse" or "forward"; the other arguments are those of `derive`.  Parts of compound expressions get the
    next unused letters, equal parts once; the output keeps its name, or is called f.  Raises MatcalcError.
    """
    if mode not in WAYS:
        raise UnknownNameError(f"`{mode}` is not a way to differentiate a computation", hint="reverse or forward")
    program, names = read(source, wrt, declare, layout, of=of, given=given, name=name, syntax=syntax)
    return Computation(infer(program, layout=layout), names, mode)


class Computation(Graph):
    """The graph of a computation as text and as a picture."""

    @property
    def text(self) -> str:
        """Values, local derivatives, and adjoints or tangents in the order of computation; 79 columns."""
        return text_of(self)

    def svg(self) -> str:
        """The graph as a self-contained SVG; raises UnsupportedError where it is too large to be laid out."""
        return svg_of(picture_of(self))

    def dot(self) -> str:
        """The graph in DOT, which Graphviz draws."""
        return dot_of(picture_of(self))

    def mermaid(self) -> str:
        """The graph as a Mermaid flowchart, which Markdown shows."""
        return mermaid_of(picture_of(self))

    def __repr__(self) -> str:
        return f"<Computation of {self.output} from {', '.join(self.inputs)}: {len(self.values)} values>"
