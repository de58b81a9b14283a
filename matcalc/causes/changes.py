"""Changes of what is written: the layout, a transpose, a sign, a factor of a part, the order of two factors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise

from matcalc.causes.candidate import Candidate, Candidates, quoted, with_side
from matcalc.causes.places import Place, places
from matcalc.claim import Claim
from matcalc.form import Form, number, subforms, with_arguments
from matcalc.inference import LAYOUTS
from matcalc.notation.text import to_text

__all__ = ["layouts", "transposed_side", "transposed_parts", "primes", "signs", "scaled", "factors_of_parts", "swaps"]

#: Kinds that a transpose changes.
TURNED = frozenset({"row", "column", "matrix"})
#: Functions of two arguments whose order is often mistaken.
ORDERED = frozenset({"kron", "outer", "crossentropy"})
#: Properties that tie the entries of a matrix.
TYING = frozenset({"symmetric", "skew", "diagonal", "lower", "upper"})
#: What holds terms: sums, the arguments of functions, the branches of a case.
ADDING = frozenset({"add", "call", "unknown", "cases"})
#: Factors that are often lost or too many.
FACTORS = (Fraction(2), Fraction(1, 2))


def layouts(claim: Claim) -> Candidates:
    """The other layout, and tied entries that move together, or do not."""
    forms = [*claim.sides, *claim.program.assignments.values()]
    derivatives = [part for form in forms for part in subforms(form) if part.head == "derivative"]
    if any(part.value == "d" for part in derivatives):
        other = next(layout for layout in LAYOUTS if layout != claim.layout)
        yield Candidate(f"in {other} layout", {"layout": other})
    if derivatives and any(v.properties & TYING for v in claim.program.variables.values()):
        words = "if all entries move alone" if claim.written.structured else "if tied entries move together (`structured`)"
        yield Candidate(words, {"structured": not claim.written.structured})


# ---- Transposes -----------------------------------------------------------------------------------------------------


def transposed_side(claim: Claim) -> Candidates:
    """The right side transposed, which is as good as the left one."""
    if claim.sides[1].kind in TURNED:
        turned = with_side(claim, 1, transposed(claim.written.sides[1]))
        yield Candidate("with the right side transposed", turned, shows=True)


def transposed_parts(claim: Claim) -> Candidates:
    """One factor, term or name transposed."""
    for place in places(claim):
        if place.parent is not None and place.parent.head != "transpose" and place.typed.kind in TURNED:
            if place.form.head == "transpose":
                words = f"without the transpose of {quoted(to_text(place.form.args[0]))}"
            else:
                words = f"with {place.text} transposed"
            yield Candidate(words, place.put(transposed(place.form)), shows=True)


def primes(claim: Claim) -> Candidates:
    """An unknown function in place of its derivative, or the other way round."""
    for place in places(claim):
        if place.typed.head == "unknown":
            word, order = place.typed.value
            for other in (order + 1, order - 1)[: 2 if order else 1]:
                changed = Form("unknown", place.form.args, (word, other)) if other else Form("call", place.form.args, word)
                words = f"with {quoted(to_text(changed))} in place of {place.text}"
                yield Candidate(words, place.put(changed), shows=True)


def transposed(form: Form) -> Form:
    """The transpose; of a transpose its operand."""
    return form.args[0] if form.head == "transpose" else Form("transpose", (form,))


# ---- Signs and factors ----------------------------------------------------------------------------------------------


def signs(claim: Claim) -> Candidates:
    """The sign of a side, of a term, of an argument."""
    right = negated(claim.written.sides[1])
    yield Candidate("with the other sign on the right side", with_side(claim, 1, right), shows=True)
    for place in addends(claim):
        yield Candidate(words_of_sign(place), place.put(negated(place.form)), shows=True)


def words_of_sign(place: Place) -> str:
    """With or without a minus in front of what."""
    if place.form.head != "neg":
        return f"with `-` in front of {place.text}"
    inner = quoted(to_text(place.form.args[0]))
    later = place.parent is not None and place.parent.head == "add" and place.path[-1] > 0
    return f"with `+` in front of {inner}" if later else f"without `-` in front of {inner}"


def negated(form: Form) -> Form:
    """The negative, as one would write it: -(p - y) is y - p."""
    if form.head == "neg":
        return form.args[0]
    if form.head == "add" and any(term.head == "neg" for term in form.args):
        return with_arguments(form, tuple(sorted(map(negated, form.args), key=lambda term: term.head == "neg")))
    if form.head == "tensor" or (form.head == "transpose" and form.args[0].head == "add"):
        return with_arguments(form, (negated(form.args[0]),))
    return Form("neg", (form,))


def factors_of_parts(claim: Claim) -> Candidates:
    """Twice or half a term that stands within a side, or an argument."""
    for place in addends(claim):
        if len(place.path) > 1 or place.parent is None or place.parent.head != "add":
            for q in FACTORS:
                words = f"with the factor {q} in front of {place.text}"
                yield Candidate(words, place.put(scaled(place.form, q)), shows=True)


def addends(claim: Claim) -> Iterator[Place]:
    """The terms of all sums, the arguments of functions, the branches of cases."""
    for place in places(claim):
        if place.parent is not None and place.parent.head in ADDING and place.form.head != "cases":
            yield place


def scaled(form: Form, q: Fraction) -> Form:
    """A number times a form, as one would write it: a number that is there already is multiplied."""
    if form.head == "number":
        return number(form.value * q)
    if form.head == "neg":
        return negated(scaled(form.args[0], q))
    if form.head == "div" and form.args[1].head == "number":
        return scaled(form.args[0], q / form.args[1].value)
    if form.head == "tensor":
        return with_arguments(form, (scaled(form.args[0], q),))
    if form.head == "mul" and form.args[0].head == "number":
        rest = form.args[1:]
        return scaled(rest[0] if len(rest) == 1 else with_arguments(form, rest), form.args[0].value * q)
    if q < 0:
        return negated(scaled(form, -q))
    if q.numerator != 1:
        form = Form("mul", (number(q.numerator), *(form.args if form.head == "mul" else (form,))))
    return form if q.denominator == 1 else Form("div", (form, number(q.denominator)))


# ---- Orders ---------------------------------------------------------------------------------------------------------


def swaps(claim: Claim) -> Candidates:
    """Two neighbouring factors of a product, or two arguments, the other way round."""
    for place in places(claim):
        for i, j in neighbours(place):
            args = list(place.form.args)
            first, second = quoted(to_text(args[i])), quoted(to_text(args[j]))
            args[i], args[j] = args[j], args[i]
            swapped = place.put(with_arguments(place.form, tuple(args)))
            yield Candidate(f"with {first} and {second} swapped", swapped, shows=True)


def neighbours(place: Place) -> Sequence[tuple[int, int]]:
    """The positions of two factors, neither of them a scalar, with nothing but scalars between them."""
    form = place.form
    if form.head not in ("mul", "kron") and not (form.head == "call" and form.value in ORDERED):
        return ()
    kinds = [arg.kind for arg in place.typed.args]
    return list(pairwise([k for k, kind in enumerate(kinds) if kind != "scalar"]))
