"""What claims about a program are stated under: declarations, assignments, the layout.

A claim of a derivation or of backpropagation is decided as any other, by code that knows nothing of how it was made,
when its verdict is first asked for.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import count

from matcalc.errors import MatcalcError
from matcalc.form import Form, Shape, format_axis
from matcalc.inference import TypedProgram
from matcalc.notation.text import to_text
from matcalc.verdict import Verdict

__all__ = ["Setting", "declaration", "names_of", "setting_of", "size_declarations"]

#: Seconds for the proof of one claim.
TIMEOUT = 5.0


@dataclass(frozen=True)
class Setting:
    """What claims are stated under: declarations, assignments, the layout."""

    declare: tuple[str, ...]
    where: tuple[str, ...] = ()
    layout: str = "numerator"
    structured: bool = False

    def decide(self, claim: str) -> Verdict:
        """The verdict of a claim; `undecided` where it has no type."""
        # The prover and NumPy are loaded here, so that deriving alone starts fast.
        verify: Callable[..., Verdict] = importlib.import_module("matcalc.verification").verify
        try:
            return verify(
                claim, self.declare, self.layout, self.where, structured=self.structured, timeout=TIMEOUT, help=False
            )
        except MatcalcError as error:
            return Verdict("undecided", "not a claim of the language", error.message)

    def knowing(self, lines: Iterable[str]) -> Setting:
        """This setting with further assignments."""
        return replace(self, where=(*self.where, *lines))


def setting_of(program: TypedProgram, *, structured: bool = False) -> Setting:
    """What a program says: what is declared or inferred of its variables, and its assignments."""
    lines = [f"{name} = {to_text(form)}" for name, form in program.assignments.items()]
    declared = (*program.declarations(), *size_declarations(program))
    return Setting(declared, tuple(lines), program.layout, structured)


def names_of(program: TypedProgram) -> set[str]:
    """The names of variables, values and sizes."""
    return {*program.variables, *program.assignments, *program.dimensions}


def size_declarations(program: TypedProgram, wanted: Iterable[str] | None = None, shapes: Iterable[Shape] = ()) -> list[str]:
    """Declarations by which the names of some sizes (or of all) are numbers though no variable that is declared has them.

    `shapes` are those of what is declared, by default of all variables.
    """
    known = list(shapes) if wanted is not None else [info.shape for info in (*program.variables.values(), *program.sized)]
    sizes = {size for shape in known for axis in shape for size in axis}
    missing = [d for d in program.dimensions if d not in sizes and (wanted is None or d in wanted)]
    taken = names_of(program)
    spare = (word for k in count() if (word := f"size_{k}") not in taken)
    return [f"{word}: vector({size})" for size, word in zip(missing, spare, strict=False)]


def declaration(word: str, form: Form, *arguments: str) -> str:
    """The declaration of a name as a variable of the kind and shape of a form, depending on some others."""
    kind = "vector" if form.kind == "column" else form.kind
    sizes = ", ".join(map(format_axis, form.shape or ()))
    depends = f"({', '.join(arguments)})" if arguments else ""
    return f"{word}{depends}: {kind}" + (f"({sizes})" if sizes else "")
