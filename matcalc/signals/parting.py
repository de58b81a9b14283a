"""Parting: a layer that is written in one line, h = tanh(W*x + b), as two values, z = W*x + b and h = tanh(z).

The error signal that textbooks name is that of z: all gradients behind it share it, and functions that cancel, as the
logarithm of a sigmoid does, meet within one signal.  Arguments of functions within a line, as in x + U*gelu(W*x + b), are
parted likewise if they are made of several vectors or matrices.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, count, groupby

from matcalc.form import Form, name, rewritten, subforms
from matcalc.inference import TypedProgram
from matcalc.notation.text import to_text
from matcalc.operation import find_operation
from matcalc.signals.naming import indexed
from matcalc.signals.setting import names_of

__all__ = ["is_mapping", "is_probability", "parted"]

#: What arguments are called if nothing is called so, those of one line in this order.
LETTERS = {"vector": "zausp", "matrix": "ZAUSP"}
#: What has a meaning only where it stands, or holds names as variables.
BOUND = frozenset({"derivative", "entry", "tensor", "bsum", "cases", "delta"})


def is_mapping(form: Form) -> bool:
    """True for a function entry by entry, or of rows, of one argument: tanh(E), softmax(E), f(E)."""
    record = find_operation(form.value) if form.head == "call" else None
    return len(form.args) == 1 and (form.head == "unknown" or (record is not None and record.keeps_shape))


def is_probability(form: Form) -> bool:
    """True for a mapping to numbers between 0 and 1, of which logarithms are taken: a sigmoid."""
    record = find_operation(form.value) if form.head == "call" else None
    return is_mapping(form) and record is not None and {"bounded", "positive"} <= record.facts


def is_activation(form: Form) -> bool:
    """True for a mapping whose argument gets a name; a logarithm is read with its argument, as in log(1 + exp(z))."""
    return is_mapping(form) and (form.head, form.value) != ("call", "log")


def parted(program: TypedProgram) -> TypedProgram:
    """The program with names for the arguments of its activations; the program itself if there are none."""
    parting = Parting()
    for value, form in program.assignments.items():
        parting.read(value, form)
    if not parting.found:
        return program
    words = names_for(parting.found, program)

    def rule(part: Form) -> Form:
        known = part.head == "name" and part.value in words
        return name(words[part.value], part.kind, part.shape) if known else part

    return replace(program, assignments={words.get(key, key): rewritten(f, rule) for key, f in parting.lines.items()})


# ---- Arguments ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Argument:
    """An argument that gets a name: the value in whose line it stands, what it is, and how many such are before it there."""

    value: str
    kind: str
    before: int


@dataclass
class Parting:
    """The lines so far, in which arguments have provisional names, `0`, `1`, .. in the order of `found`."""

    lines: dict[str, Form] = field(default_factory=dict)
    found: list[Argument] = field(default_factory=list)

    def read(self, value: str, form: Form) -> None:
        """Add the lines of a value."""
        known: dict[str, Form] = {}
        if not any(part.head in BOUND for part in subforms(form)):
            within = tuple(rewritten(arg, lambda part: self.parted(part, value, known)) for arg in form.args)
            form = with_arguments(form, within)
        if is_layer(form):
            form = self.named(form, value, known)
        self.lines[value] = form

    def parted(self, part: Form, value: str, known: dict[str, Form]) -> Form:
        """A function within a line, with a name for its argument if that is made of several vectors or matrices."""
        if part.kind == "scalar" or not is_activation(part) or len(vectors(part.args[0])) < 2:
            return part
        return self.named(part, value, known)

    def named(self, part: Form, value: str, known: dict[str, Form]) -> Form:
        """A function of a name for its argument; `known` are the arguments that have one in this line."""
        (argument,) = part.args
        text = to_text(argument)
        if text not in known:
            kind = "matrix" if argument.kind == "matrix" else "vector"
            before = sum((other.value, other.kind) == (value, kind) for other in known_arguments(self.found, known))
            word = str(len(self.found))
            known[text] = name(word, argument.kind, argument.shape)
            self.lines[word] = argument
            self.found.append(Argument(value, kind, before))
        return with_arguments(part, (known[text],))


def known_arguments(found: Sequence[Argument], known: dict[str, Form]) -> Iterator[Argument]:
    """The arguments that have a name in a line."""
    return (found[int(form.value)] for form in known.values())


def with_arguments(form: Form, args: tuple[Form, ...]) -> Form:
    """The form with other arguments of the same kinds."""
    return Form(form.head, args, form.value, span=form.span, kind=form.kind, shape=form.shape, symmetric=form.symmetric)


def is_layer(form: Form) -> bool:
    """True for an activation of what is neither a name nor a number; a scalar only if it is a probability."""
    wanted = is_probability(form) if form.kind == "scalar" else is_activation(form)
    return wanted and form.args[0].head not in ("name", "number")


def vectors(form: Form) -> set[str]:
    """The vectors and matrices by name that a form is made of."""
    return {part.value for part in subforms(form) if part.head == "name" and part.kind != "scalar"}


# ---- Names ----------------------------------------------------------------------------------------------------------


def names_for(found: Sequence[Argument], program: TypedProgram) -> dict[str, str]:
    """The name of each argument by its provisional one: z, or z_k in the line of h_k, or z_f in that of f."""
    taken = {word.partition("_")[0].rstrip("0123456789") for word in names_of(program)}

    def family(k: int) -> tuple[str, int]:
        return found[k].kind, found[k].before

    words: dict[str, str] = {}
    for (kind, _), places in groupby(sorted(range(len(found)), key=family), key=family):
        letter = next(word for word in letters(kind) if word not in taken)
        taken.add(letter)
        group = list(places)
        words |= zip(map(str, group), numbered(letter, [found[k].value for k in group]), strict=True)
    return words


def letters(kind: str) -> Iterator[str]:
    """The letters for vectors or matrices, then more of them."""
    first = LETTERS[kind]
    return chain(first, (first[0] * k for k in count(2)))


def numbered(letter: str, values: Sequence[str]) -> list[str]:
    """The letter with the numbers of values of one family; alone if there is one value; else with the values."""
    families = {found[0] for value in values if (found := indexed(value))}
    if len(families) == 1:
        return [f"{letter}_{value.rpartition('_')[2] if indexed(value) else value}" for value in values]
    return [letter] if len(values) == 1 else [f"{letter}_{value}" for value in values]
