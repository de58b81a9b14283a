"""Notes of derivatives: the function or the program, then a statement for each derivative."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from matcalc.derivation import Derivative
from matcalc.documents.derivations import derivation_of
from matcalc.documents.identities import mark_of, prose, said
from matcalc.documents.labels import Labels
from matcalc.documents.model import Document, Fact, Line, Math, Section, Statement
from matcalc.documents.notation import Notation
from matcalc.documents.symbols import Symbols, declared, sizes
from matcalc.identity import Identity
from matcalc.notation.latex_display import Equation
from matcalc.notation.latex_width import width
from matcalc.notation.text import to_text
from matcalc.running import Result

__all__ = ["claim_of", "notes_of_derivatives"]

#: The widest formula in a heading, in em.
WIDEST = 20.0


def claim_of(derivative: Derivative) -> Identity:
    """That the derivative is what was found, as an identity that can be verified."""
    d = derivative
    where = [f"{name} = {to_text(form)}" for name, form in d.program.assignments.items()]
    where += [f"{name} = {text}" for name, text in d.where.items()]
    claim = f"{to_text(d.form)} = {d.text}"
    return Identity(f"by {d.wrt}", claim, d.declarations, d.layout, (), tuple(where), structured=d.structured)


def notes_of_derivatives(
    derivatives: Sequence[Derivative],
    results: Sequence[Result] = (),
    *,
    title: str = "",
    author: str = "",
    notation: Notation | None = None,
    form: str = "matrix",
    steps: bool = False,
) -> Document:
    """The notes of some derivatives of one expression or program.

    `results` are the verdicts of their claims (`claim_of`), or nothing.  `form` is the notation of the answers, `steps`
    asks for the way to each.
    """
    notation = notation or Notation()
    labels, symbols = Labels(), Symbols(notation)
    first = derivatives[0]
    symbols.add(first.program)
    for derivative in derivatives:
        answer = derivative.answer_in(form)[1]
        symbols.add_names(answer, {*derivative.program.variables, *derivative.program.assignments, *answer})
    verdicts: Sequence[Result | None] = results or [None] * len(derivatives)
    statements = tuple(
        statement(derivative, result, f"2.{k}", labels, notation, form, steps=steps)
        for k, (derivative, result) in enumerate(zip(derivatives, verdicts, strict=True), 1)
    )
    heading = title or f"{'Derivatives' if len(derivatives) > 1 else 'Derivative'} of {output_name(first)}"
    sections = (function_section(first, labels, notation), Section("2", labels.new("derivatives"), "Derivatives", statements))
    return Document(heading, author, sections, symbols.table())


def output_name(derivative: Derivative) -> str:
    """What is differentiated, as it is typed."""
    return to_text(derivative.expression_form)


def function_section(derivative: Derivative, labels: Labels, notation: Notation) -> Section:
    """The forward equations, or the expression, and what is taken for granted."""
    program = derivative.program
    names = {*program.variables, *program.assignments}
    if program.assignments:
        equations = notation.definitions(program.assignments, names)
    else:
        equations = notation.alone(program.output, names)
    variables = program.variables | {info.name: info for info in program.sized}
    text: Line = ("For ", *declared(variables, notation, names), f", in {derivative.layout} layout:")
    return Section("1", labels.new("function"), "The function", (), "", text, equations)


def statement(
    derivative: Derivative,
    result: Result | None,
    number: str,
    labels: Labels,
    notation: Notation,
    form: str,
    *,
    steps: bool,
) -> Statement:
    """One derivative with its shape and its notes."""
    answer, where = derivative.answer_in(form)
    names = {*derivative.program.variables, *derivative.program.assignments, *where}
    name = f"{output_name(derivative)} by {derivative.wrt}"
    function = Math(notation.formula(derivative.expression_form, names))
    variables = {variable.value: variable for variable in derivative.variables}.values()
    by = [Math(notation.formula(variable, names)) for variable in variables]
    shown = (function, " by ", by[0], *(part for variable in by[1:] for part in (", ", variable)))
    return Statement(
        number=number,
        label=labels.new(name),
        name=name,
        claim=notation.display([Equation(derivative.form, answer)], where, names),
        facts=tuple(facts(derivative, result)),
        mark=mark_of(result),
        heading=shown if width(function.latex) < WIDEST else (),
        derivation=derivation_of(derivative, notation, verified=result is not None) if steps else None,
    )


def facts(derivative: Derivative, result: Result | None) -> Iterator[Fact]:
    """The shape, the notes, and what a verdict says."""
    orientation = {"row": ", a row", "column": ", a column"}.get(str(derivative.form.kind), "")
    yield Fact("Shape:", (Math(sizes(derivative.form.shape)), orientation) if derivative.form.shape else ("a scalar",))
    yield from (Fact("Note:", prose(note)) for note in derivative.notes)
    yield from said(result)
