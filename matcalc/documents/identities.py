"""Notes of identities: a section for each file, a statement for each identity, with what was found out about it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from matcalc.documents.derivations import derivation_of_claim
from matcalc.documents.labels import Labels
from matcalc.documents.model import Code, Display, Document, Fact, Line, Mark, Math, Part, Section, Statement
from matcalc.documents.notation import Notation
from matcalc.documents.symbols import Symbols, declared
from matcalc.errors import MatcalcError
from matcalc.identity import Identity
from matcalc.running import Result
from matcalc.sides import Sides, sides_of

__all__ = ["mark_of", "notes_of_identities", "prose", "said", "statement_of"]


def notes_of_identities(
    identities: Sequence[Identity],
    results: Sequence[Result] = (),
    *,
    title: str = "",
    author: str = "",
    sources: Mapping[str | None, str] | None = None,
    notation: Notation | None = None,
    steps: bool = False,
) -> Document:
    """The notes of some identities in their order.

    `results` are what was found out about all of them, or nothing; `sources` those of the files by path.  With `steps`,
    each derivative is derived, and a proof names the laws that it used.
    """
    notation = notation or Notation()
    labels, symbols = Labels(), Symbols(notation)
    verdicts: Sequence[Result | None] = results or [None] * len(identities)
    pairs = list(zip(identities, verdicts, strict=True))
    sections = []
    for number, (key, members) in enumerate(groupby(pairs, key=lambda pair: (pair[0].path, pair[0].title)), 1):
        label, heading = labels.new(f"section-{number}"), key[1] or "Claims"
        found = tuple(
            statement_of(identity, result, number=f"{number}.{k}", labels=labels, symbols=symbols, steps=steps)
            for k, (identity, result) in enumerate(members, 1)
        )
        sections.append(Section(str(number), label, heading, found, (sources or {}).get(key[0], "").strip()))
    heading = title or (sections[0].title if len(sections) == 1 else "Identities")
    return Document(heading, author, tuple(sections), symbols.table())


def statement_of(
    identity: Identity,
    result: Result | None,
    *,
    number: str = "",
    labels: Labels | None = None,
    symbols: Symbols | None = None,
    steps: bool = False,
) -> Statement:
    """An identity with what belongs to it; one that cannot be read is shown as it is typed."""
    symbols = symbols or Symbols(Notation())
    sides, claim = read(identity, symbols.notation)
    if sides is not None:
        symbols.add(sides.program)
    derivation = None
    if steps and sides is not None:
        derivation = derivation_of_claim(sides, symbols.notation, verified=result is not None)
    return Statement(
        number=number,
        label=(labels or Labels()).new(identity.name),
        name=identity.name,
        claim=claim,
        facts=tuple(facts(identity, sides, result, symbols.notation, rules=steps)),
        mark=mark_of(result),
        source=identity.source,
        tags=identity.tags,
        derivation=derivation,
    )


def read(identity: Identity, notation: Notation) -> tuple[Sides | None, Display | Code]:
    """The typed sides and the claim as a display; no sides and what is typed if it cannot be read."""
    try:
        sides = sides_of(identity)
        return sides, notation.claim(sides)
    except MatcalcError:
        return None, Code(identity.claim)


def facts(
    identity: Identity, sides: Sides | None, result: Result | None, notation: Notation, *, rules: bool
) -> Iterator[Fact]:
    """What belongs to an identity, those first that decide what it means."""
    yield from typed_facts(sides, notation) if sides is not None else untyped_facts(identity)
    if identity.layout != "numerator":
        yield Fact("Layout:", (identity.layout,))
    if identity.structured:
        yield Fact("Tied entries", ("move together",))
    if identity.note:
        yield Fact("Note:", prose(identity.note))
    yield from said(result)
    verdict = result.verdict if result is not None else None
    if verdict is not None and rules and verdict.rules:
        yield Fact("Proof by", joined([Code(rule) for rule in verdict.rules]))


def said(result: Result | None) -> Iterator[Fact]:
    """What a verdict says, and how one that is no full proof was found."""
    verdict = result.verdict if result is not None else None
    if verdict is not None and verdict.verdict in ("proved-at-sizes", "numeric"):
        yield Fact("Shown:", (verdict.method,))
    if verdict is not None and verdict.message:
        yield Fact("Found:", (sentence(verdict.message),))


def sentence(message: str) -> str:
    """A message on one line, its parts kept apart."""
    return " ".join(re.sub(r"(?<![.;:])\n(?=the sides differ|step \d)", "; ", message).split())


def typed_facts(sides: Sides, notation: Notation) -> Iterator[Fact]:
    """The variables and the equations that are given."""
    program = sides.program
    variables = program.variables | {info.name: info for info in program.sized}
    if variables:
        yield Fact("For", declared(variables, notation, sides.names_in_use))
    if sides.claim.assume:
        pairs = sides.claim.assume
        names = sides.names_in_use
        shown = [Math(f"{notation.formula(a, names)} = {notation.formula(b, names)}") for a, b in pairs]
        yield Fact("Given", joined(shown))


def untyped_facts(identity: Identity) -> Iterator[Fact]:
    """What is declared and given of a claim that cannot be read, as it is typed."""
    for heading, texts in (("For", identity.declare), ("Where", identity.where), ("Given", identity.assume)):
        if texts:
            yield Fact(heading, joined([Code(text) for text in texts]))


def joined(parts: Sequence[Part]) -> Line:
    """Parts with commas between them."""
    return tuple(part for k, one in enumerate(parts) for part in ((", ", one) if k else (one,)))


def prose(text: str) -> Line:
    """A text in which what stands between backticks is typed."""
    parts = " ".join(text.split()).split("`")
    if len(parts) % 2 == 0:
        return (" ".join(text.split()),)
    return tuple(Code(part) if k % 2 else part for k, part in enumerate(parts) if part)


def mark_of(result: Result | None) -> Mark | None:
    """What was found out, in words beside the sign."""
    if result is None:
        return None
    if result.verdict is None:
        return Mark("malformed", "not well formed")
    verdict = result.verdict.verdict
    words = {"proved-at-sizes": "proved at sizes", "numeric": "numeric"}.get(verdict, verdict)
    if not result.ok:
        words += f", expected {result.expected}"
    elif verdict in ("refuted", "undecided"):
        words += ", as expected"
    return Mark(verdict, words)
