"""Wrong twins: small changes to every identity of the library, most of which make it false.

Each kind of mutation is a rule that yields what may stand instead of one node of a side, of an assignment of `where` or
of an assumption; others change declarations, assumptions, the layout.  Twins that are alike are kept once.  Nothing here
knows whether a twin is false.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from itertools import combinations
from pathlib import Path
from typing import Any

from matcalc.claim import Claim, Written, typed_claim
from matcalc.form import Form, number, rewritten, subforms
from matcalc.notation.text import to_text
from matcalc.parser import parse_claim, parse_statements

__all__ = ["Statement", "Twin", "statements", "twins_of"]

FOLDER = Path(__file__).parent.parent / "identities"

#: Functions whose arguments are sizes.
SIZED = ("eye", "ones", "zeros", "commutation")
#: The most pairs of variables that are exchanged in one side.
MOST_PAIRS = 4
NEAR_ONE = number(1 + Fraction(1, 10**9))


@dataclass(frozen=True)
class Statement:
    """An identity as it is parsed."""

    file: str
    name: str
    written: Written
    expect: str | None = None

    @staticmethod
    def of(file: str, data: Mapping[str, Any]) -> Statement:
        written = Written(
            tuple(parse_claim(data["claim"])),
            parse_statements(data.get("where", []), data.get("declare", [])),
            data.get("layout", "numerator"),
            tuple(tuple(parse_claim(text)) for text in data.get("assume", [])),
            data.get("structured", False),
        )
        return Statement(file, data["name"], written, data.get("expect"))

    def typed(self) -> Claim:
        """The claim that it makes; raises MatcalcError where it is not well formed."""
        return typed_claim(self.name, self.written)

    def changed(self, **fields: Any) -> Statement:
        return replace(self, written=replace(self.written, **fields))

    @cached_property
    def content(self) -> str:
        """All that it says; equal for equal statements."""
        w = self.written
        facts = {name: (d.kind, d.axes, sorted(d.properties)) for name, d in w.program.declarations.items()}
        return repr((w.sides, w.program.assignments, facts, w.assume, w.layout, w.structured))

    def __str__(self) -> str:
        claim = self.typed()
        lines = [" = ".join(map(to_text, claim.sides))]
        lines += [f"  where {name} = {to_text(form)}" for name, form in claim.program.assignments.items()]
        lines += [f"  assume {to_text(a)} = {to_text(b)}" for a, b in claim.assume]
        manner = claim.layout + " layout" + ", structured" * claim.program.structured
        lines.append(f"  in {manner}: {'; '.join(claim.program.declarations())}")
        return "\n".join(lines)


@dataclass(frozen=True)
class Twin:
    """A changed statement; `place` says where the `count`-th change of this kind was made."""

    kind: str
    place: str
    count: int
    statement: Statement

    @property
    def order(self) -> bytes:
        """A number that looks random and never changes, by which samples are chosen."""
        text = f"{self.statement.file} {self.statement.name} {self.kind} {self.place} {self.count}"
        return hashlib.blake2b(text.encode(), digest_size=8).digest()


def statements() -> list[Statement]:
    """The library."""
    return [
        Statement.of(path.stem, data)
        for path in sorted(FOLDER.glob("*.toml"))
        for data in tomllib.loads(path.read_text(encoding="utf-8"))["identity"]
    ]


# ---- One node changed -----------------------------------------------------------------------------------------------


Change = Callable[[Form], Iterator[Form]]


def instead(form: Form, *args: Form) -> Form:
    """The form with other arguments."""
    return Form(form.head, args, form.value)


def without(form: Form, k: int) -> Form:
    """A product or sum without one of its parts."""
    rest = (*form.args[:k], *form.args[k + 1 :])
    return rest[0] if len(rest) == 1 else instead(form, *rest)


def with_part(form: Form, k: int, part: Form) -> Form:
    return instead(form, *form.args[:k], part, *form.args[k + 1 :])


def negative(form: Form) -> Form:
    return form.args[0] if form.head == "neg" else Form("neg", (form,))


def scaled(factor: Form, form: Form) -> Form:
    return Form("mul", (factor, form))


def transposes(form: Form) -> Iterator[Form]:
    if form.head == "transpose":
        yield form.args[0]
    elif form.head == "name":
        yield Form("transpose", (form,))


def signs(form: Form) -> Iterator[Form]:
    if form.head == "neg":
        yield form.args[0]
    if form.head == "add":
        yield from (with_part(form, k, negative(term)) for k, term in enumerate(form.args))


def factors(form: Form) -> Iterator[Form]:
    if form.head == "mul":
        yield from (without(form, k) for k, part in enumerate(form.args) if part.head == "number")
    if form.head == "div" and form.args[1].head == "number":
        yield form.args[0]
    if form.head == "add":
        yield from (with_part(form, k, scaled(number(2), term)) for k, term in enumerate(form.args))


def lost_factors(form: Form) -> Iterator[Form]:
    if form.head == "mul":
        yield from (without(form, k) for k, part in enumerate(form.args) if part.head != "number")
    if form.head in ("times", "rdiv") or (form.head == "div" and form.args[1].head != "number"):
        yield form.args[0]
    if form.head == "times":
        yield form.args[1]


def lost_terms(form: Form) -> Iterator[Form]:
    if form.head == "add":
        yield from (without(form, k) for k in range(len(form.args)))


def swaps(form: Form) -> Iterator[Form]:
    if form.head == "mul":
        for k in range(len(form.args) - 1):
            a, b = form.args[k : k + 2]
            yield instead(form, *form.args[:k], b, a, *form.args[k + 2 :])
    two = form.head == "call" and len(form.args) == 2 and form.value not in (*SIZED, "sum", "mean")
    if form.head in ("kron", "rdiv") or two:
        yield instead(form, *form.args[::-1])


def other_axes(form: Form) -> Iterator[Form]:
    if form.head == "call" and form.value in ("sum", "mean") and len(form.args) == 2 and form.args[1].head == "number":
        yield instead(form, form.args[0], number(1 - form.args[1].value))
        yield instead(form, form.args[0])


def exponents(form: Form) -> Iterator[Form]:
    if form.head in ("power", "elpower") and form.args[1].head == "number":
        yield from (instead(form, form.args[0], number(form.args[1].value + step)) for step in (-1, 1))


#: Functions of one kind that are taken for one another.
NEAR = {
    "exp": ("log", "sinh"), "log": ("exp", "sqrt"), "sqrt": ("abs",), "abs": ("relu", "sign"), "sign": ("step",),
    "step": ("sign",), "sin": ("cos", "tan"), "cos": ("sin",), "tan": ("tanh",), "sinh": ("cosh",), "cosh": ("sinh",),
    "tanh": ("sigmoid", "tan"), "sigmoid": ("tanh", "softplus"), "relu": ("abs", "softplus"), "softplus": ("relu",),
    "asin": ("acos",), "acos": ("asin",), "atan": ("tanh",), "erf": ("tanh",), "gelu": ("silu",), "silu": ("gelu",),
    "norm1": ("norm2", "sum"), "norm2": ("norm1",), "tr": ("det", "sum"), "trace": ("det",), "det": ("tr", "logdet"),
    "logdet": ("det",), "inv": ("adj",), "adj": ("inv",), "softmax": ("logsoftmax", "sigmoid"),
    "logsoftmax": ("softmax",), "logsumexp": ("sum",), "sum": ("mean",), "mean": ("sum",), "maximum": ("minimum",),
    "minimum": ("maximum",), "ones": ("eye",), "eye": ("ones",), "dot": ("outer",), "outer": ("dot",),
}  # fmt: skip


def near_functions(form: Form) -> Iterator[Form]:
    if form.head == "call":
        yield from (Form("call", form.args, other) for other in NEAR.get(form.value, ()))
    if form.head == "unknown":
        name, order = form.value
        yield Form("unknown", form.args, (name, order + 1))


def swapped_indices(form: Form) -> Iterator[Form]:
    if form.head in ("entry", "tensor"):
        for k in range(len(form.value) - 1):
            i, j = form.value[k : k + 2]
            yield Form(form.head, form.args, (*form.value[:k], j, i, *form.value[k + 2 :]))


def opposite_conditions(form: Form) -> Iterator[Form]:
    if form.head == "delta":
        yield Form("add", (number(1), negative(form)))
    if form.head == "cases":
        yield Form("cases", form.args, ("not", form.value))
        if form.value[0] in ("and", "or"):
            yield Form("cases", form.args, ({"and": "or", "or": "and"}[form.value[0]], *form.value[1:]))


def other_numbers(form: Form) -> Iterator[Form]:
    if form.head == "number":
        yield number(form.value + 1)


def other_derivatives(form: Form) -> Iterator[Form]:
    if form.head == "derivative":
        other = {"d": "grad", "grad": "d", "jacobian": "d", "hessian": "jacobian"}[form.value]
        yield Form("derivative", form.args, other)


RULES: dict[str, Change] = {
    "transpose": transposes,
    "sign": signs,
    "factor": factors,
    "lost factor": lost_factors,
    "lost term": lost_terms,
    "swap": swaps,
    "axis": other_axes,
    "exponent": exponents,
    "function": near_functions,
    "indices": swapped_indices,
    "condition": opposite_conditions,
    "number": other_numbers,
    "derivative": other_derivatives,
}


def places(form: Form) -> Iterator[Form]:
    """The nodes that may be changed: values, not sizes, axes, exponents that are numbers, or variables of derivatives."""
    stack = [form]
    while stack:
        node = stack.pop()
        yield node
        args = node.args
        if node.head == "derivative" or (node.head == "call" and node.value in ("sum", "mean")):
            args = args[:1]
        elif node.head == "call" and node.value in SIZED:
            args = ()
        elif node.head in ("power", "elpower") and args[1].head == "number":
            args = args[:1]
        stack.extend(reversed(args))


def replaced(form: Form, old: Form, new: Form) -> Form:
    return rewritten(form, lambda part: new if part is old else part)


def changed(form: Form, dimensions: tuple[str, ...]) -> Iterator[tuple[str, Form]]:
    """Every change of one node, with its kind."""
    for node in places(form):
        for kind, rule in RULES.items():
            yield from ((kind, replaced(form, node, new)) for new in rule(node))
        if node.head == "name" and node.value in dimensions:
            yield "dimension", replaced(form, node, Form("add", (node, number(-1))))
            others = [d for d in dimensions if d != node.value][:1]
            yield from (("dimension", replaced(form, node, Form("name", (), d))) for d in others)


def changed_side(form: Form, dimensions: tuple[str, ...]) -> Iterator[tuple[str, Form]]:
    """Every change of one side: of one node, and as a whole.  The zero of any shape stays."""
    if form.head == "number" and form.value == 0:
        return
    yield "sign", negative(form)
    yield "factor", scaled(number(2), form)
    yield "factor", Form("div", (form, number(2)))
    yield "near factor", scaled(NEAR_ONE, form)
    yield "transpose", Form("transpose", (form,))
    yield from changed(form, dimensions)


# ---- Variables, hypotheses, layouts ---------------------------------------------------------------------------------


def exchanged(form: Form, pair: tuple[str, str]) -> Form:
    """The form with two names exchanged."""
    other = dict(zip(pair, reversed(pair), strict=True))

    def rule(part: Form) -> Form:
        return Form("name", (), other[part.value]) if part.head == "name" and part.value in other else part

    return rewritten(form, rule)


def names_in(form: Form) -> set[str]:
    return {part.value for part in subforms(form) if part.head == "name"}


def exchanges(statement: Statement, claim: Claim) -> Iterator[tuple[str, Statement]]:
    """Two variables of one shape exchanged in one side."""
    variables = [v for v in claim.program.variables.values() if v.kind != "function"]
    pairs = [(a.name, b.name) for a, b in combinations(variables, 2) if (a.kind, a.shape) == (b.kind, b.shape)]
    for k, side in enumerate(statement.written.sides):
        present = names_in(side)
        for pair in [p for p in pairs if present & set(p)][:MOST_PAIRS]:
            yield f"side {k + 1}", with_side(statement, k, exchanged(side, pair))


#: What a declared property is taken for.
WEAKER = {
    "symmetric": "skew", "skew": "symmetric", "lower": "upper", "upper": "lower", "orthogonal": "invertible",
    "positive-definite": "symmetric", "diagonal": "symmetric", "simplex": "positive", "positive": "simplex",
    "invertible": "symmetric",
}  # fmt: skip


def other_properties(statement: Statement) -> Iterator[tuple[str, Statement]]:
    """Each declared property dropped, and replaced by another one."""
    for name, declaration in statement.written.program.declarations.items():
        for word in sorted(declaration.properties):
            rest = declaration.properties - {word}
            fitting = not (word == "positive" and declaration.kind == "scalar")
            for properties in (rest, rest | {WEAKER[word]}) if fitting else (rest,):
                declarations = {**statement.written.program.declarations, name: replace(declaration, properties=properties)}
                yield name, statement.changed(program=replace(statement.written.program, declarations=declarations))


def other_assumptions(statement: Statement) -> Iterator[tuple[str, Statement]]:
    """Each assumption dropped, and changed in one place."""
    for k, equation in enumerate(statement.written.assume):
        before, after = statement.written.assume[:k], statement.written.assume[k + 1 :]
        yield f"assumption {k + 1}", statement.changed(assume=before + after)
        for at, form in enumerate(equation):
            for _, new in changed(form, ()):
                other = (*equation[:at], new, *equation[at + 1 :])
                yield f"assumption {k + 1}", statement.changed(assume=(*before, other, *after))


def with_side(statement: Statement, k: int, side: Form) -> Statement:
    return statement.changed(sides=(*statement.written.sides[:k], side, *statement.written.sides[k + 1 :]))


def with_assignment(statement: Statement, name: str, form: Form) -> Statement:
    program = statement.written.program
    output = form if program.output is program.assignments[name] else program.output
    return statement.changed(program=replace(program, assignments={**program.assignments, name: form}, output=output))


def changes(statement: Statement) -> Iterator[tuple[str, str, Statement]]:
    """Every changed statement with the kind and the place of its change."""
    claim = statement.typed()
    dimensions = claim.program.dimensions
    for k, side in enumerate(statement.written.sides):
        for kind, form in changed_side(side, dimensions):
            yield kind, f"side {k + 1}", with_side(statement, k, form)
    for name, assigned in statement.written.program.assignments.items():
        for kind, form in changed(assigned, dimensions):
            yield kind, name, with_assignment(statement, name, form)
    yield from (("exchange", *change) for change in exchanges(statement, claim))
    yield from (("property", *change) for change in other_properties(statement))
    yield from (("assumption", *change) for change in other_assumptions(statement))
    layout = {"numerator": "denominator", "denominator": "numerator"}[statement.written.layout]
    yield "layout", "all", statement.changed(layout=layout)
    if statement.written.structured:
        yield "structure", "all", statement.changed(structured=False)


def twins_of(statement: Statement) -> Iterator[Twin]:
    """The different twins of an identity, none of which says the same as the identity itself."""
    seen = {statement.content}
    for count, (kind, place, other) in enumerate(changes(statement)):
        if other.content not in seen:
            seen.add(other.content)
            yield Twin(kind, place, count, other)
