"""The names that a program is differentiated by, as they are asked for: `W[2]`, `all`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from matcalc.errors import KindError
from matcalc.form import Form, subforms
from matcalc.inference import TypedProgram, infer
from matcalc.parser import Program, name_of
from matcalc.variables import split_names

__all__ = ["ALL", "asked_names", "means_all"]

#: What stands for every variable.
ALL = "all"


def asked_names(program: Program, names: Iterable[str], layout: str) -> list[str]:
    """The names to differentiate by: indexed ones as they are printed, and for `all` every variable of the output.

    A program that has a name `all` means that name.  Raises KindError for a name by which rounds, indices or sizes are
    counted, and for one that stands only with an index, such as W of W[1] and W[2].
    """
    found: dict[str, None] = {}
    for name in names:
        if means_all(program, name):
            found.update(dict.fromkeys(variables_of_output(infer(program, layout=layout))))
        else:
            found[",".join(_asked(program, part) for part in split_names(name))] = None
    return list(found)


def means_all(program: Program, name: str) -> bool:
    """True if a name to differentiate by stands for every variable."""
    return name.strip() == ALL and not _has(program, ALL)


def _asked(program: Program, part: str) -> str:
    """One name, checked."""
    name = name_of(part, program.numbers) if "[" in part else part.strip()
    inner = name.removeprefix("vec(").removesuffix(")").strip()
    if inner in program.counts:
        hint = "it is counted with when the program is read, so nothing can be said of other values"
        raise KindError(f"`{inner}` is the whole number {program.numbers[inner]}, not a variable", hint=hint)
    members = program.families.get(inner)
    if members and not _has(program, inner):
        shown = ", ".join(members[:3]) + (", ..." if len(members) > 3 else "")
        raise KindError(f"`{inner}` stands only with an index", hint=f"differentiate by one of {shown}, or by `all`")
    return name


def _has(program: Program, word: str) -> bool:
    """True if a program has a name."""
    if word in program.declarations or word in program.assignments:
        return True
    forms = [*program.assignments.values(), program.output]
    return any(part.head == "name" and part.value == word for form in forms for part in subforms(form))


def variables_of_output(program: TypedProgram) -> list[str]:
    """The variables that the output depends on, in order of appearance: no functions, dependent variables or sizes."""
    reached = _reached(program)
    found = [info.name for info in program.variables.values() if info.name in reached and not info.arguments]
    if not found:
        raise KindError("the output depends on no variable", hint="name one to differentiate by")
    return found


def _reached(program: TypedProgram) -> set[str]:
    """The names in the output, assigned names and dependent variables followed."""
    reached: set[str] = set()
    stack: list[Form | str] = [program.output]
    while stack:
        item = stack.pop()
        names: Sequence[str] = [item] if isinstance(item, str) else [p.value for p in subforms(item) if p.head == "name"]
        for name in names:
            if name in reached:
                continue
            reached.add(name)
            if name in program.assignments:
                stack.append(program.assignments[name])
            elif name in program.variables:
                stack.extend(program.variables[name].arguments)
    return reached
