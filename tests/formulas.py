"""Everything that is printed as LaTeX, for those who judge it: KaTeX, pdflatex, the eye.

    python tests/formulas.py > formulas.jsonl

prints all of it, one JSON string a line.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from itertools import product

from tasks import TASKS, derived

from matcalc.answer import FORMS
from matcalc.errors import MatcalcError
from matcalc.identity import library_paths, load
from matcalc.notation.latex_names import LETTERS, TRANSPOSES, Style
from matcalc.sides import Sides, sides_of

STYLES = [Style(letters, transpose) for letters, transpose in product(LETTERS, TRANSPOSES)]
#: Sizes at which entries are written out.
SMALL = (2, 3)


@cache
def library() -> tuple[Sides, ...]:
    """The sides of all identities of the library that are well formed."""
    found = []
    for identity in (identity for file in load(library_paths()) for identity in file.identities):
        try:
            found.append(sides_of(identity))
        except MatcalcError:
            assert identity.expect, f"{identity.name} is not well formed"
    return tuple(found)


def of_library(style: Style) -> Iterator[str]:
    """Both sides of every identity, and what they use."""
    for sides in library():
        yield from sides.latex_in(style)
        yield from sides.where_latex_in(style)


def of_corpus(form: str, style: Style, every: int = 1) -> Iterator[str]:
    """The derivatives of the corpus, or every third or so, in one form, where they have that form."""
    for task in TASKS[::every]:
        try:
            derivative = derived(task)
            sizes = {name: SMALL[k % 2] for k, name in enumerate(derivative.program.dimensions)}
            yield derivative.latex(form, sizes, style.letters, style.transpose)
        except MatcalcError:
            continue
        yield from derivative.where_latex(style.letters, style.transpose).values()


def everything(every: int = 1) -> Iterator[str]:
    """Library and corpus in all forms and styles; entries written out, which take long, have no style."""
    for style in STYLES:
        yield from of_library(style)
        for form in FORMS[:-1]:
            yield from of_corpus(form, style)
    yield from of_corpus(FORMS[-1], STYLES[0], every)


if __name__ == "__main__":
    for formula in dict.fromkeys(everything()):
        print(json.dumps(formula))
