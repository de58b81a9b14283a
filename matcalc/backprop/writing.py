r"""Backpropagation as it is read: the values, the signals and the gradients, in the language and as LaTeX.

    signals:
      delta_1 = grad(J, theta) = yhat - y
      delta_2 = grad(J, z) = U'*delta_1.*step(z)

Layers that repeat stand as one: `for k in 63..1: delta[k] = ..`, and in LaTeX with `k = 63, \ldots, 1` beside it.
"""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from matcalc.backprop.equation import Equation
from matcalc.backprop.runs import Run, found_runs, letter
from matcalc.form import Form, name, subforms
from matcalc.notation import latex_display
from matcalc.notation.latex_display import aligned, equation_rows
from matcalc.notation.latex_names import Style, name_latex
from matcalc.signals.naming import indexed

__all__ = ["latex_of", "lines_of", "text_of"]

#: The columns of a terminal.
WIDTH = 79
#: Where a text without spaces may be broken.
OPERATOR = re.compile(r"(?<=[\w\])'])(?=\.[*/]|[*/])")


# ---- Text -----------------------------------------------------------------------------------------------------------


def text_of(sections: Iterable[tuple[str, Sequence[Equation]]], taken: Collection[str], *, unrolled: bool = False) -> str:
    """The sections that are not empty, each under its heading."""
    blocks = []
    for heading, equations in sections:
        lines = lines_of(equations, taken, unrolled=unrolled)
        blocks += ["\n".join([f"{heading}:", *(part for line in lines for part in wrapped("  " + line))])] if lines else []
    return "\n\n".join(blocks)


def lines_of(
    equations: Sequence[Equation], taken: Collection[str], *, unrolled: bool = False, assigned: bool = False
) -> list[str]:
    """The equations as lines of any length, those of a loop within it indented; `assigned`, right sides under their names."""
    index = letter({*taken, *families(taken), *bound(equations)})
    found: list[str] = []
    for item in list(equations) if unrolled else found_runs(equations):
        if isinstance(item, Run):
            block = item.renamed(lambda family, by: f"{family}[{moved(index, by)}]")
            found += loop(item, index, [equation.line if assigned else equation.text for equation in block])
        else:
            found.append(item.line if assigned else item.text)
    return found


def loop(run: Run, index: str, lines: Sequence[str]) -> list[str]:
    """A run as the loop of the language, on one line if that is short."""
    head = f"for {index} in {run.first}..{run.last}:"
    if len(lines) == 1 and len(head) + len(lines[0]) + 3 <= WIDTH:
        return [f"{head} {lines[0]}"]
    return [head, *(f"  {line}" for line in lines)]


def families(names: Iterable[str]) -> Iterator[str]:
    """The families of names with numbers: `W[k]` is of `W`."""
    return (found[0] for word in names if (found := indexed(word)))


def bound(equations: Iterable[Equation]) -> Iterator[str]:
    """The indices that stand in equations."""
    forms = (form for equation in equations for form in (equation.left, equation.right) if form is not None)
    for part in (part for form in forms for part in subforms(form) if part.head in ("tensor", "bsum")):
        yield from map(str, part.value)


def moved(index: str, by: int) -> str:
    """`k`, `k+1`, `k-1`."""
    return f"{index}{by:+d}" if by else index


def wrapped(line: str) -> Iterator[str]:
    """A line in lines of the width of a terminal, broken at spaces and else before operators; later ones are indented."""
    indent = " " * (len(line) - len(line.lstrip()) + 4)
    parts = textwrap.wrap(line, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
    for part in [line] if len(line) <= WIDTH else parts:
        rest = part
        while len(rest) > WIDTH and (place := last_operator(rest, len(indent))):
            yield rest[:place]
            rest = indent + rest[place:]
        yield rest


def last_operator(line: str, start: int) -> int:
    """The last place behind `start`, in the width of a terminal, at which a line may be broken; 0 if there is none."""
    return max((m.start() for m in OPERATOR.finditer(line, start + 1, WIDTH + 1)), default=0)


# ---- LaTeX ----------------------------------------------------------------------------------------------------------


def latex_of(
    equations: Sequence[Equation], style: Style, taken: Collection[str], fractions: bool, *, unrolled: bool = False
) -> str:
    r"""The equations as one `align*`; gradients are written as fractions of \partial where those are the same."""
    index = letter({*taken, *families(taken), *bound(equations)})
    shown: list[latex_display.Equation] = []
    for item in list(equations) if unrolled else found_runs(equations):
        if isinstance(item, Run):
            beside = rf"{index} = {item.first}, \ldots, {item.last}"
            block = item.renamed(lambda family, by: f"{family}_{moved(index, by)}")
            shown += [replace(display(equation, fractions), range=beside) for equation in block]
        else:
            shown.append(display(item, fractions))
    return aligned(equation_rows(shown, {}, style, alike(taken)))


def alike(names: Collection[str]) -> set[str]:
    """The names without those of layers that look like no other name, of which there may be very many."""
    looks = Counter(name_latex(word, bold=False) for word in names)
    return {word for word in names if not indexed(word) or looks[name_latex(word, bold=False)] > 1}


def display(equation: Equation, fractions: bool) -> latex_display.Equation:
    """The equation of a display."""
    left, right = equation.left, equation.right
    if left is None:
        return latex_display.Equation(name(equation.name, right.kind, right.shape), right)
    if fractions and left.value == "grad":
        left = Form("derivative", left.args, "d", kind=left.kind, shape=left.shape)
    return latex_display.Equation(left, right, name=equation.name if equation.named else "")
