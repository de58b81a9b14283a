"""Everything that is printed as LaTeX is read back to the same: the library, derivatives in all forms, random expressions.

Two forms are the same if they print alike, if they are one node of the core, or if the verifier proves that they are equal.
`python -m tests.test_latex_round_trip` reads the whole library in all styles and many random expressions.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))

from strategies import Expression, well_typed
from tasks import TASKS, derived

import matcalc
from matcalc.assumptions import Facts
from matcalc.claim import Claim, Written
from matcalc.decision import decide
from matcalc.form import Form
from matcalc.identity import Identity, library_paths, load
from matcalc.inference import TypedProgram, infer
from matcalc.latex_reader import latex_claim, latex_program
from matcalc.lowering import lower
from matcalc.notation.latex import to_latex
from matcalc.notation.latex_names import Style, name_latex
from matcalc.notation.latex_rows import to_rows
from matcalc.notation.text import to_text
from matcalc.parser import parse_expression, parse_statements
from matcalc.refine import refine
from matcalc.sides import Sides, sides_of

STYLES = tuple(Style(letters, mark) for letters in ("bold", "plain", "bm") for mark in ("top", "prime", "T"))
#: Names of one letter, which need no braces.
SINGLE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ10")
LIBRARY = [identity for file in load(library_paths()) for identity in file.identities]


# --- reading back ---------------------------------------------------------------------------------------------------


def declarations(program: TypedProgram) -> list[str]:
    """All that is known of the variables, and a vector of each size, so that the names of sizes are known."""
    sizes = [f"size_of_{name}: vector({name})" for name in program.dimensions]
    return [*map(str, program.variables.values()), *map(str, program.sized), *sizes]


def assignments(forms: Mapping[str, Form], style: Style) -> list[str]:
    """Assignments in LaTeX."""
    return [
        f"{name_latex(name, bold=form.kind not in ('scalar', 'tensor'), style=style)} = {to_latex(form, style)}"
        for name, form in forms.items()
    ]


def read_back(
    forms: tuple[Form, ...], program: TypedProgram, style: Style, where: Mapping[str, Form] | None = None
) -> tuple[TypedProgram, tuple[Form, ...]]:
    """The forms that their LaTeX is read as, typed."""
    chain = " = ".join(to_latex(form, style) for form in forms) + (" = 0" if len(forms) == 1 else "")
    given = assignments({**program.assignments, **(where or {})}, style)
    sides, read, _ = latex_claim(chain, declarations(program), given, layout=program.layout)
    typed = infer(read, layout=program.layout, extra=sides[: len(forms)], structured=program.structured)
    return typed, typed.extra


def same(form: Form, program: TypedProgram, other: Form, read: TypedProgram) -> str | None:
    """How two typed forms are seen to be the same; None if they are not."""
    if to_text(form) == to_text(other):
        return "text"
    one, two = lower(program, program.layout).lower(form).node, lower(read, read.layout).lower(other).node
    if one == two:
        return "node"
    if refine(one, Facts()) == refine(two, Facts()):
        return "refined"
    return "proved" if proved_equal(form, other, program) else None


def proved_equal(form: Form, other: Form, program: TypedProgram) -> bool:
    """Whether the verifier proves that two forms are equal."""
    given = [f"{name} = {to_text(value)}" for name, value in program.assignments.items()]
    sides = (parse_expression(to_text(form)), parse_expression(to_text(other)))
    written = Written(sides, parse_statements(given, declarations(program)), program.layout, (), program.structured)
    typed = infer(written.program, layout=program.layout, extra=sides, alike=[(0, 1)], structured=program.structured)
    verdict = decide(Claim("", typed, typed.extra, (), written), None).verdict
    return verdict in ("proved", "proved-at-sizes")


def check_sides(found: Sides, style: Style) -> Iterator[tuple[str, str | None]]:
    """How each side of an identity is read back."""
    typed, back = read_back(found.forms, found.program, style)
    for form, other in zip(found.forms, back, strict=True):
        label = f"{found.identity.name}: {to_latex(form, style)} is read as {to_text(other)}"
        yield label, same(form, found.program, other, typed)


# --- the library ----------------------------------------------------------------------------------------------------


def failures(identities: list[Identity], style: Style) -> tuple[list[str], Counter[str]]:
    """What is not read back, and how the rest was seen to be the same."""
    wrong: list[str] = []
    ways: Counter[str] = Counter()
    for identity in identities:
        found = sides_of(identity)
        try:
            for label, way in check_sides(found, style):
                ways[way or "not"] += 1
                if way is None:
                    wrong.append(label)
        except matcalc.MatcalcError as error:
            wrong.append(f"{identity.name}: {found.latex}: {error}")
    return wrong, ways


def test_library_in_the_default_style() -> None:
    wrong, ways = failures(LIBRARY, Style())
    assert wrong == []
    assert ways.total() > 2500
    assert ways["text"] > 0.8 * ways.total()


@pytest.mark.parametrize("number", range(1, len(STYLES)), ids=lambda n: f"{STYLES[n].letters}-{STYLES[n].transpose}")
def test_library_in_other_styles(number: int) -> None:
    wrong, ways = failures(LIBRARY[number :: 4 * len(STYLES)], STYLES[number])
    assert wrong == []
    assert ways.total() > 60


# --- random expressions and derivatives -----------------------------------------------------------------------------

random_expressions = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
SHAPES = ((), ("n",), ("m", "n"), ("p", "p"))


def typed_program(text: str, declare: list[str]) -> TypedProgram:
    return matcalc.infer_expression(text, declare)


def check_form(form: Form, program: TypedProgram, style: Style, where: Mapping[str, Form] | None = None) -> None:
    """A form is read back to the same."""
    latex = to_latex(form, style)
    try:
        typed, (other,) = read_back((form,), program, style, where)
    except matcalc.MatcalcError as error:
        raise AssertionError(f"{to_text(form)} is printed as {latex}: {error}") from error
    assert same(form, program, other, typed), f"{to_text(form)} is printed as {latex} and read as {to_text(other)}"


@random_expressions
@given(well_typed(*SHAPES), st.sampled_from(STYLES))
def test_random_expressions(expression: Expression, style: Style) -> None:
    program = typed_program(expression.text, expression.declare)
    check_form(program.output, program, style)


def printed_program(derivative: matcalc.Derivative, form: str) -> TypedProgram:
    """The typed text of an answer with all that it uses."""
    given = {**{name: to_text(value) for name, value in derivative.program.assignments.items()}, **derivative.where}
    lines = [f"{name} = {text}" for name, text in given.items()]
    program = parse_statements(lines, declarations(derivative.program))
    text = parse_expression(derivative.to_text(form))
    return infer(program, layout=derivative.layout, extra=[text])


def check_derivative(derivative: matcalc.Derivative, form: str, style: Style) -> bool:
    """An answer in LaTeX is read back to the answer in the language; False if it has no such form."""
    try:
        derivative.to_text(form)
    except matcalc.MatcalcError:
        return False
    program = printed_program(derivative, form)
    check_form(program.extra[0], program, style)
    return True


ANSWER_FORMS = ("matrix", "index", "cases", "vec")


@pytest.mark.parametrize("form", ANSWER_FORMS)
def test_answers_of_the_corpus(form: str) -> None:
    wrong, count = [], 0
    for number, task in enumerate(TASKS):
        try:
            count += check_derivative(derived(task), form, STYLES[number % len(STYLES)])
        except AssertionError as error:
            wrong.append(f"{task.name}: {error}")
    assert wrong == []
    assert count > 100


@random_expressions
@given(well_typed(*SHAPES), st.sampled_from(STYLES), st.sampled_from(ANSWER_FORMS), st.data())
def test_derivatives_of_random_expressions(expression: Expression, style: Style, form: str, data: st.DataObject) -> None:
    wrt = data.draw(st.sampled_from(expression.variables or ("x",)))
    check_derivative(matcalc.derive(expression.text, wrt, expression.declare), form, style)


@random_expressions
@given(well_typed(*SHAPES), st.sampled_from(STYLES))
def test_broken_rows(expression: Expression, style: Style) -> None:
    program = typed_program(expression.text, expression.declare)
    rows = to_rows(program.output, style, width=8.0)
    latex = r"\begin{aligned} & " + r" \\ &\quad ".join(rows) + r" \end{aligned}"
    read = infer(latex_program(latex, declarations(program)))
    assert same(program.output, program, read.output, read), f"{latex} is read as {to_text(read.output)}"

# --- the habits of authors ------------------------------------------------------------------------------------------

HABITS = {
    "T": [(r"^\top", "^T")],
    "sans": [(r"^\top", r"^{\mathsf{T}}"), (r"\mathbf{", r"\boldsymbol{")],
    "bm": [(r"\mathbf{", r"\bm{"), (r"\boldsymbol{", r"\bm{"), (r"\frac", r"\dfrac")],
    "spaces": [(" ", r" \, "), (r"\operatorname{tr}", r"\mathrm{Tr}")],
    "no-braces": [(r"\mathbf{", r"{\mathbf "), (r"\top", r"{\top}")],
    "switch": [(r"\mathbf{", r"{\bf ")],
    "signs": [(r"\left", ""), (r"\right", ""), (r"\odot", r"\circ"), (r"\log", r"\ln")],
    "line": [(" + ", " % and so on\n + {} "), (r"\|", r"\Vert ")],
}


@pytest.mark.parametrize("habit", HABITS)
def test_habits_of_authors_change_nothing(habit: str) -> None:
    changed = 0
    for identity in LIBRARY[:: len(HABITS)]:
        found = sides_of(identity)
        chain = " = ".join(to_latex(form) for form in found.forms)
        if not set(re.findall(r"\\mathbf\{(\w*)", chain)) <= SINGLE:
            continue
        other = chain
        for old, new in HABITS[habit]:
            other = other.replace(old, new)
        changed += other != chain
        one, two = (latex_claim(text, declarations(found.program), assignments(found.program.assignments, Style()))[0]
                    for text in (chain, other))  # fmt: skip
        assert list(map(repr, one)) == list(map(repr, two)), other
    assert changed > 20


def main() -> None:
    """Read the library back in all styles."""
    for style in STYLES:
        wrong, ways = failures(LIBRARY, style)
        print(style, dict(ways), *wrong, sep="\n")


if __name__ == "__main__":
    main()
