"""What can be said of a program only when all of it is read: its order, its names, and its sizes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from matcalc.errors import DeclarationError, ParseError, Span
from matcalc.form import Axis, Dimension, Form, subforms
from matcalc.parser.declarations import Declaration
from matcalc.parser.functions import lifted_names
from matcalc.parser.indexed import LARGEST
from matcalc.parser.scope import Lifted, Reading, Spans

__all__ = ["check_bodies", "check_families", "check_once", "check_order", "check_twice", "lifted_marks", "sized",
           "whole_value", "words_of"]  # fmt: skip


# --- checks ---------------------------------------------------------------------------------------------------------


def check_once(places: Mapping[str, Span], what: str, others: Mapping[str, Span], done: str, hint: str) -> None:
    """Refuse names that mean two things; `places` are those of the mistake."""
    for name, span in places.items():
        if name in others:
            related = ((f"`{name}` is {what} here", others[name]),)
            raise DeclarationError(f"`{name}` is {what} and {done}", span, hint=hint, related=related)


def check_twice(pairs: Iterable[tuple[Declaration, Declaration]], reading: Reading) -> None:
    """Refuse declarations of one name that say different things."""
    for first, other in pairs:
        if not _sized(other, reading).states_the_same_as(_sized(first, reading)):
            related = (("it is declared here first", first.span),)
            raise DeclarationError(f"`{other.name}` is declared twice", other.span, related=related)


def check_order(assignments: Iterable[str], uses: Mapping[str, Spans], places: Mapping[str, Span]) -> None:
    """Refuse names that are used before they are assigned."""
    order = {name: at for at, name in enumerate(assignments)}
    for target, at in order.items():
        for name, span in uses[target]:
            if order.get(name, -1) >= at:
                raise _too_early(name, span, places)


def check_bodies(bodies: Sequence[tuple[Spans, int]], assignments: Iterable[str], places: Mapping[str, Span]) -> None:
    """Refuse names in the bodies of functions that are assigned after them."""
    order = {name: at for at, name in enumerate(assignments)} if bodies else {}
    for uses, count in bodies:
        for name, span in uses:
            if order.get(name, -1) >= count:
                raise _too_early(name, span, places)


def _too_early(name: str, span: Span, places: Mapping[str, Span]) -> ParseError:
    return ParseError(
        f"`{name}` is used before it is assigned",
        span,
        hint=f"assign `{name}` on an earlier line, or give one of the two another name",
        related=((f"`{name}` is assigned here", places[name]),),
    )


def check_families(
    indexed: Mapping[str, tuple[str, Span]], declared: Mapping[str, Declaration], known: Iterable[str], uses: Iterable[Spans]
) -> None:
    """Refuse `x[2]` where it may be meant as an entry: `x` is a value, and `x_2` is neither declared nor assigned."""
    sizes = {part for found in declared.values() for part in sizes_of(found)}
    names = {*declared, *known}
    unknown = {name: place for name, place in indexed.items() if name not in names and name not in sizes}
    if not unknown:
        return
    values = names.union(word for spans in uses for word, _ in spans)
    for name, (base, span) in unknown.items():
        if base in values:
            hint = f"entries stand in [i: ...] and sum[i: ...]; if another variable is meant, declare `{span.text}`"
            raise ParseError(f"`{span.text}` is the name `{name}`, not an entry of `{base}`", span, hint=hint)


# --- whole numbers --------------------------------------------------------------------------------------------------


def whole_value(form: Form, numbers: Mapping[str, int]) -> int | None:
    """The whole number that a form is, made of numbers and names of them; None if it is something else."""
    value = None
    if form.head == "number" and form.value.denominator == 1:
        value = int(form.value)
    elif form.head == "name":
        value = numbers.get(form.value)
    elif form.head in ("neg", "add", "mul"):
        value = 0 if form.head == "add" else -1 if form.head == "neg" else 1
        for arg in form.args:
            part = whole_value(arg, numbers)
            if part is None or abs(value) > LARGEST:
                return None
            value = value + part if form.head == "add" else value * part
    return value if value is not None and abs(value) <= LARGEST else None


def sizes_of(declared: Declaration) -> Iterable[str]:
    """The names of sizes in a declaration."""
    for axis in declared.axes:
        yield from (part for part in (axis if isinstance(axis, tuple) else (axis,)) if isinstance(part, str))


def sized(declarations: Mapping[str, Declaration], reading: Reading) -> dict[str, Declaration]:
    """The declarations, sizes that are names of whole numbers replaced by them."""
    return {name: _sized(declared, reading) for name, declared in declarations.items()}


def _sized(declared: Declaration, reading: Reading) -> Declaration:
    words = [word for word in sizes_of(declared) if word in reading.numbers]
    if not words:
        return declared
    for word in words:
        reading.counts.setdefault(word, declared.span)
        if reading.numbers[word] < 1:
            raise DeclarationError(f"a size is positive, but `{word}` is {reading.numbers[word]}", declared.span)

    def number(part: Dimension) -> Dimension:
        return reading.numbers.get(part, part) if isinstance(part, str) else part

    def counted(axis: Dimension | Axis | None) -> Dimension | Axis | None:
        return tuple(map(number, axis)) if isinstance(axis, tuple) else None if axis is None else number(axis)

    return replace(declared, axes=tuple(map(counted, declared.axes)))


# --- arguments that became values -----------------------------------------------------------------------------------


def words_of(declarations: Iterable[Declaration], forms: Iterable[Form]) -> set[str]:
    """The names, sizes and indices in declarations and forms."""
    found: set[str] = set()
    for declared in declarations:
        found.update((declared.name, *declared.arguments, *sizes_of(declared)))
    for form in forms:
        for part in subforms(form):
            if part.head == "name":
                found.add(part.value)
            elif part.head in ("tensor", "bsum"):
                found.update(part.value)
    return found


def lifted_marks(values: Sequence[Lifted], taken: Iterable[str], forms: Iterable[Form]) -> dict[str, str]:
    """Names for the arguments that became assigned values, by their marks; they are written into the forms."""
    names = lifted_names(values, taken)
    for form in forms if names else ():
        for part in subforms(form):
            if part.head == "name" and part.value in names:
                part.value = names[part.value]
    return names
