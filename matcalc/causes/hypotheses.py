"""Hypotheses that may have been forgotten: a property of a variable, an equation between variables, equal sizes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

from matcalc.causes.candidate import Candidate, Candidates
from matcalc.claim import Claim
from matcalc.errors import Span
from matcalc.form import Axis, Dimension, Form, name, number, rewritten
from matcalc.inference import VariableInfo
from matcalc.parser import PROPERTIES, SQUARE, Declaration, Program

__all__ = ["properties", "common_properties", "commuting", "angles", "sizes", "with_all_declared"]

#: The properties that are tried, the most usual ones first, and what is said of a variable that has one.
WORDS = {
    "symmetric": "symmetric",
    "simplex": "",
    "orthogonal": "orthogonal",
    "positive": "positive",
    "skew": "skew-symmetric",
    "diagonal": "diagonal",
    "positive-definite": "positive-definite",
    "invertible": "invertible",
    "lower": "lower triangular",
    "upper": "upper triangular",
}
#: Properties that several variables often need together.
TOGETHER = ("symmetric", "positive", "diagonal")
#: What would leave next to nothing of a variable: zero, signs, the identity, or sizes that are even.
CONFLICTS = {
    "skew": {"symmetric", "orthogonal", "positive", "simplex", "diagonal", "positive-definite", "invertible", "lower", "upper"},
    "orthogonal": {"positive", "simplex", "positive-definite", "lower", "upper"},
    "diagonal": {"positive", "simplex", "symmetric", "lower", "upper"},
    "symmetric": {"lower", "upper"},
    "positive-definite": {"lower", "upper"},
    "positive": {"lower", "upper"},
    "lower": {"upper"},
}
#: The most pairs of variables that are tried.
MOST_PAIRS = 6
#: The place of a declaration that is written nowhere.
NOWHERE = Span("", 0, 0)


# ---- Properties -----------------------------------------------------------------------------------------------------


def properties(claim: Claim) -> Candidates:
    """One variable with one more property."""
    for word in WORDS:
        for variable in able(claim, word):
            yield from on_simplex(claim, variable) if word == "simplex" else having(claim, [variable], word)


def common_properties(claim: Claim) -> Candidates:
    """All variables with a property that they can have."""
    for word in TOGETHER:
        if len(variables := able(claim, word)) > 1:
            yield from having(claim, variables, word)


def able(claim: Claim, word: str) -> list[VariableInfo]:
    """The variables that can have a property which they do not have."""
    found = [v for v in claim.program.variables.values() if word not in v.properties and can_have(v, word)]
    return [v for v in found if word not in SQUARE or is_square(v) or is_open(claim, v)]


def can_have(variable: VariableInfo, word: str) -> bool:
    """Whether a property is one of the kind of a variable and goes with the properties that it has."""
    kind = {"column": "vector"}.get(variable.kind, variable.kind)
    fits = (other not in CONFLICTS.get(word, ()) and word not in CONFLICTS.get(other, ()) for other in variable.properties)
    return kind in PROPERTIES[word] and all(fits)


def is_square(variable: VariableInfo) -> bool:
    """Whether a variable is a square matrix."""
    return len(variable.shape) == 2 and variable.shape[0] == variable.shape[1]


def is_open(claim: Claim, variable: VariableInfo) -> bool:
    """Whether no declaration fixes the sizes of a variable: a property may make it square."""
    declared = claim.written.program.declarations.get(variable.name)
    return declared is None or None in declared.axes


def having(claim: Claim, variables: Sequence[VariableInfo], word: str) -> Candidates:
    """Variables with one more property."""
    first, *others = variables
    if others:
        words = f"if {listed(v.name for v in variables)} are {WORDS[word]}"
    elif word == "positive" and first.shape:
        words = f"if the entries of {first.name} are positive"
    else:
        words = f"if {first.name} is {WORDS[word]}"
    program = with_property(claim, variables, word)
    yield Candidate(words, {"program": program}, narrows=word in SQUARE and not all(map(is_square, variables)))


def on_simplex(claim: Claim, variable: VariableInfo) -> Candidates:
    """A vector, or each row of a matrix, that sums to 1; if need be with entries that are not negative."""
    x = name(variable.name)
    one, sums = Form("call", (x,), "sum"), f"{variable.name} sums to 1"
    right = number(1)
    if variable.kind == "matrix":
        one, sums = Form("call", (x, number(1)), "sum"), f"the rows of {variable.name} sum to 1"
        right = Form("call", (number(1),), "vector")
    changes = {"program": with_property(claim, [variable], "simplex")}
    weaker = {"assume": (*claim.written.assume, (one, right))}
    yield Candidate(f"if {sums}", changes, weaker=weaker, otherwise=f"if {sums} and no entry is negative")


def listed(words: Iterable[str]) -> str:
    """`A`, `A and B`, `A, B and C`."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def with_property(claim: Claim, variables: Iterable[VariableInfo], word: str) -> Program:
    """The program with one more property in the declarations of some variables."""
    program = claim.written.program
    declarations = dict(program.declarations)
    for variable in variables:
        declared = declarations.get(variable.name) or declaration(variable, axes=(None,) * len(variable.shape))
        declarations[variable.name] = replace(declared, properties=declared.properties | {word})
    return replace(program, declarations=declarations)


def declaration(variable: VariableInfo, axes: tuple[Dimension | Axis | None, ...]) -> Declaration:
    """The declaration of a variable that has none."""
    kind = {"column": "vector"}.get(variable.kind, variable.kind)
    return Declaration(variable.name, kind, axes, variable.properties, variable.arguments, NOWHERE)


# ---- Equations ------------------------------------------------------------------------------------------------------


def commuting(claim: Claim) -> Candidates:
    """Two square matrices that commute."""
    for a, b in pairs(v for v in independent(claim, "matrix") if is_square(v)):
        A, B = name(a.name), name(b.name)
        yield assuming(claim, f"if {a.name} and {b.name} commute", Form("mul", (A, B)), Form("mul", (B, A)))


def angles(claim: Claim) -> Candidates:
    """A vector of length 1, two vectors at right angles."""
    vectors = independent(claim, "column")
    for v in vectors[:MOST_PAIRS]:
        yield assuming(claim, f"if {v.name} has length 1", inner(v, v), number(1))
    for a, b in pairs(vectors):
        yield assuming(claim, f"if {a.name} and {b.name} are orthogonal", inner(a, b), number(0))


def independent(claim: Claim, kind: str) -> list[VariableInfo]:
    """The variables of a kind that depend on no others: an equation can be asked of them."""
    return [v for v in claim.program.variables.values() if v.kind == kind and not v.arguments]


def pairs(variables: Iterable[VariableInfo]) -> list[tuple[VariableInfo, VariableInfo]]:
    """The first pairs of variables of one shape."""
    return [(a, b) for a, b in combinations(variables, 2) if a.shape == b.shape][:MOST_PAIRS]


def inner(a: VariableInfo, b: VariableInfo) -> Form:
    """a'*b."""
    return Form("mul", (Form("transpose", (name(a.name),)), name(b.name)))


def assuming(claim: Claim, words: str, left: Form, right: Form) -> Candidate:
    """The claim with one more equation that may be used."""
    return Candidate(words, {"assume": (*claim.written.assume, (left, right))})


# ---- Sizes ----------------------------------------------------------------------------------------------------------


def sizes(claim: Claim) -> Candidates:
    """Two sizes that are equal, one that is 1, all that are 1."""
    axes = {d for v in claim.program.variables.values() for axis in v.shape for d in axis}
    names = [d for d in claim.program.dimensions if d in axes]
    for first, second in combinations(names, 2):
        yield sized(claim, {first: second}, f"for {first} = {second}")
    for one in names:
        yield sized(claim, {one: 1}, f"for {one} = 1")
    if len(names) > 1:
        matrices = any(v.kind == "matrix" for v in claim.program.variables.values())
        words = "for 1 x 1 matrices" if matrices else "for vectors of length 1"
        yield sized(claim, dict.fromkeys(names, 1), words)


def sized(claim: Claim, given: Mapping[str, Dimension], words: str) -> Candidate:
    """The claim with some sizes replaced everywhere."""
    written = claim.written

    def replaced(form: Form) -> Form:
        if form.head != "name" or form.value not in given:
            return form
        size = given[form.value]
        return number(size) if isinstance(size, int) else name(size)

    program = with_all_declared(claim)
    changes: dict[str, Any] = {
        "sides": tuple([rewritten(side, replaced) for side in written.sides]),
        "assume": tuple([tuple([rewritten(side, replaced) for side in equation]) for equation in written.assume]),
        "program": replace(
            program,
            declarations={name: resized(d, given) for name, d in program.declarations.items()},
            assignments={name: rewritten(form, replaced) for name, form in program.assignments.items()},
            output=rewritten(program.output, replaced),
        ),
    }
    return Candidate(words, changes, narrows=True)


def resized(declared: Declaration, given: Mapping[str, Dimension]) -> Declaration:
    """A declaration with some sizes replaced."""
    return replace(declared, axes=tuple([as_axis(resized_parts(axis, given)) for axis in declared.axes]))


def resized_parts(axis: Dimension | Axis | None, given: Mapping[str, Dimension]) -> Iterator[Dimension]:
    """The parts of an axis, replaced."""
    for part in axis if isinstance(axis, tuple) else (axis,):
        if part is not None:
            yield given.get(part, part) if isinstance(part, str) else part


def as_axis(parts: Iterable[Dimension]) -> Dimension | Axis | None:
    """An axis of a declaration: one part stands by itself."""
    found = tuple(parts)
    return found[0] if len(found) == 1 else found or None


def with_all_declared(claim: Claim) -> Program:
    """The program with a declaration of each variable, with all its sizes."""
    program = claim.written.program
    declarations = dict(program.declarations)
    for v in (*claim.program.variables.values(), *claim.program.sized):
        axes = tuple([as_axis(axis) for axis in v.shape])
        former = declarations.get(v.name)
        declarations[v.name] = declaration(v, axes) if former is None else replace(former, axes=axes)
    return replace(program, declarations=declarations)
