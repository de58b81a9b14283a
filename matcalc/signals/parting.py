"""Parting: a layer that is written in one line, h = tanh(W*x + b), as two values, z = W*x + b and h = tanh(z).

The error signal that textbooks name is that of z, and functions that cancel, as the logarithm of a sigmoid does, meet
within one signal.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from matcalc.form import Form, name
from matcalc.inference import TypedProgram
from matcalc.operation import find_operation
from matcalc.signals.naming import indexed
from matcalc.signals.setting import names_of

__all__ = ["is_mapping", "is_probability", "parted"]

#: What the argument of an activation is called, if nothing has that name.
WORDS = ("z", "a", "s", "net")


def is_mapping(form: Form) -> bool:
    """True for a function entry by entry, or of rows, of one argument: tanh(E), softmax(E), f(E)."""
    record = find_operation(form.value) if form.head == "call" else None
    return len(form.args) == 1 and (form.head == "unknown" or (record is not None and record.keeps_shape))


def is_probability(form: Form) -> bool:
    """True for a mapping to numbers between 0 and 1, of which logarithms are taken: a sigmoid."""
    record = find_operation(form.value) if form.head == "call" else None
    return is_mapping(form) and record is not None and {"bounded", "positive"} <= record.facts


def parted(program: TypedProgram) -> TypedProgram:
    """The program with a name for the argument of every activation that is a compound expression."""
    wanted = [word for word, form in program.assignments.items() if is_layer(form)]
    if not wanted:
        return program
    names = argument_names(wanted, names_of(program))
    assignments: dict[str, Form] = {}
    for word, form in program.assignments.items():
        if word in names:
            (argument,) = form.args
            assignments[names[word]] = argument
            inner = name(names[word], argument.kind, argument.shape)
            form = Form(form.head, (inner,), form.value, span=form.span, kind=form.kind, shape=form.shape)
        assignments[word] = form
    return replace(program, assignments=assignments)


def is_layer(form: Form) -> bool:
    """True for an activation of what is neither a name nor a number; a scalar only if it is a probability."""
    wanted = is_probability(form) if form.kind == "scalar" else is_mapping(form)
    return wanted and form.args[0].head not in ("name", "number")


def argument_names(values: list[str], taken: set[str]) -> dict[str, str]:
    """A name for the argument of each of some values: `z_3` for that of `h_3`, `z` for the only one."""
    families = {word.partition("_")[0] for word in taken}
    base = next(word for word in (*WORDS, *(f"z{k}" for k in range(1, len(families) + 2))) if word not in families)
    return dict(zip(values, endings(values, base), strict=True))


def endings(values: list[str], base: str) -> Iterator[str]:
    """The base alone, or with the number of the value, if all have different ones, or with the value behind it."""
    numbers = {found[1] for value in values if (found := indexed(value))}
    for value in values:
        found = indexed(value)
        if len(values) == 1:
            yield f"{base}_{found[1]}" if found else base
        elif found and len(numbers) == len(values):
            yield f"{base}_{found[1]}"
        else:
            yield f"{base}_{value}"
