r"""Traps of notes: what looks like one equation and is another one, and marks that would be skipped in silence."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest

from matcalc.errors import MatcalcError
from matcalc.identity import Identity
from matcalc.notes import parse_notes
from matcalc.reports import described, paragraphs
from matcalc.running import judge


def found(text: str, name: str = "notes.tex") -> list[tuple[str, str]]:
    """Name and claim of each marked equation."""
    return [(identity.name, identity.claim) for identity in parse_notes(text, name, unmarked_ok=True).identities]


def claims(text: str, name: str = "notes.tex") -> list[str]:
    """The claims of the marked equations."""
    return [claim for _, claim in found(text, name)]


def refused(text: str, name: str = "notes.tex") -> tuple[int, str, str]:
    """The line, the text and the message of the place where a file is refused."""
    with pytest.raises(MatcalcError) as caught:
        parse_notes(text, name, unmarked_ok=True)
    span = caught.value.span
    assert span is not None
    return span.line_and_column()[0], span.text, caught.value.message


# ---- Macros ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("definitions", "use", "claim"),
    [
        ("\\newcommand{\\s}{% first\n  + b % second\n  - c}", r"a \s = a", "a + b - c = a"),
        ("\\newcommand{\\p}{5 \\% of % no\n}", r"a = \p a", r"a = 5 \% of a"),
        (r"\newcommand{\s}{a}\providecommand{\s}{b}", r"\s = b", "a = b"),
        (r"\providecommand{\s}{b}", r"\s = b", "b = b"),
        (r"\newcommand{\s}{a}\let\t\s\renewcommand{\s}{b}", r"\t = \s", "a = b"),
        (r"\let\old\phi\renewcommand{\phi}{\varphi}", r"\old = \phi", r"\phi = \varphi"),
        (r"\let\tmp\phi\let\phi\varphi\let\varphi\tmp", r"\phi = \varphi", r"\varphi = \phi"),
        (r"\newcommand{\s}{a}\let\t\s\renewcommand{\s}{\t b}", r"\s = a", "a b = a"),
        (r"\let\s b", r"\s = a", "b = a"),
        (r"\newcommand{\s}{a}{\renewcommand{\s}{b}}", r"\s = b", "a = b"),
        (r"\newcommand{\s}{a}\begingroup\renewcommand{\s}{b}\endgroup", r"\s = b", "a = b"),
        (r"\newcommand{\s}{a}\begin{quote}\renewcommand{\s}{b}\end{quote}", r"\s = b", "a = b"),
        (r"\newcommand{\s}{a}\[ \renewcommand{\s}{b} \]", r"\s = b", "a = b"),
        (r"\newcommand{\s}{a}$\def\s{b}$", r"\s = b", "a = b"),
        (r"\newcommand{\s}{a}{\def\s{c}{\gdef\s{b}}\def\s{d}}", r"\s = b", "b = b"),
        (r"\newcommand{\s}{a}{{\gdef\s{b}}}{\def\s{c}{\def\s{d}}", r"\s = b", "c = b"),
        (r"\AtBeginDocument{\newcommand{\s}{a}}", r"\s = b", "a = b"),
        (r"\newcommand{\s}{a}\iffalse\renewcommand{\s}{b}\fi", r"\s = b", "a = b"),
        (r"\newif\ifdraft\newcommand{\s}{a}\renewcommand{\s}{b}", r"\s = b", "b = b"),
        (r"\renewcommand{\,}{+}", r"a\,b = c", "a+b = c"),
        (r"\DeclareDocumentCommand{\s}{m}{(#1)}", r"\s{a} = b", "(a) = b"),
    ],
)
def test_macros_mean_what_tex_says(definitions: str, use: str, claim: str) -> None:
    assert claims(f"{definitions}\n% matcalc:\n\\[ {use} \\]\n") == [claim]


@pytest.mark.parametrize(
    "second",
    [
        r"\edef\s{b}", r"\renewcommand\s b", r"\DeclareMathSymbol{\s}{\mathord}{letters}{1}", r"\def\s#1 {b}",
        r"\ifdraft\renewcommand{\s}{b}\fi", r"\@ifpackageloaded{x}{\renewcommand{\s}{b}}{}", r"\newcommandx{\s}[1][1=2]{b}",
    ],
)  # fmt: skip
def test_a_definition_that_is_not_understood_hides_an_older_one(second: str) -> None:
    line, place, message = refused(f"\\newcommand{{\\s}}{{a}}{second}\n% matcalc:\n\\[ \\s = a \\]\n")
    assert (line, place) == (3, r"\s")
    assert "not expanded" in message


def test_definitions_in_markdown_hold_on_the_whole_page() -> None:
    assert claims("$$ \\def\\s{a} $$\n\n<!-- matcalc: -->\n$$ \\s = b $$\n", "n.md") == ["a = b"]


def test_a_definition_serves_another_spelling_of_its_name() -> None:
    text = "% matcalc define: z: vector(n)\n\\[ \\theta = 2 z \\]\n% matcalc:\n\\[ θ = z + z \\]\n"
    (identity,) = parse_notes(text, "n.tex").identities
    assert identity.where == (r"\theta = 2 z",)


# ---- What stands beside an equation ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "rest"),
    [
        (r"a = b \hskip 2em c = d", "c"), (r"a = b \kern 1cm c = d", "c"), (r"a = b \phantom{xx} c = d", "c"),
        (r"a = b \;\;\;\; c = d", "c"), (r"a = b ~~~~ c = d", "c"), (r"a = b \ \ \ c = d", "c"),
        (r"a = b \quad -c = d", "-"), (r"a = b \text{ if } c = d, \quad e = f", "c = d, \\quad e = f"),
        (r"a \text{ is not } = b", "= b"), (r"a \text{ is proportional to } = b", "= b"),
    ],
)  # fmt: skip
def test_a_second_equation_is_not_taken_for_a_factor_or_a_condition(row: str, rest: str) -> None:
    assert refused(f"% matcalc:\n\\[ {row} \\]\n")[:2] == (2, rest)


@pytest.mark.parametrize(
    ("row", "claim"),
    [
        (r"\displaystyle[a] + b = b", "[a] + b = b"),
        (r"a = \textstyle * b", "a = * b"),
        (r"a\mkern2mu b \kern-1pt c \; d \,\, e = f", "a b c \\; d \\,\\, e = f"),
        (r"a = b \quad + c", r"a = b \quad + c"),
        (r"\boxed{a = b}", "a = b"),
        (r"\boxed{a = b}.", "a = b"),
        (r"c = 2\boxed{a + b}", r"c = 2\boxed{a + b}"),
        (r"2\boxed{a = b}", r"2\boxed{a = b}"),
        (r"a = \textcolor{red}{b + c} d", "a = {b + c} d"),
        (r"a = b \eqno(1)", "a = b"),
        (r"a = b \pause", "a = b"),
        (r"a = b \quad \text{(why)}.", "a = b"),
        (r"a = b, \quad \text{(by symmetry)},\,", "a = b"),
        (r"a = b \text{ where } c = d, \quad e = f", "a = b"),
    ],
)
def test_typesetting_changes_no_equation(row: str, claim: str) -> None:
    assert claims(f"% matcalc:\n\\[ {row} \\]\n") == [claim]


def test_a_word_in_the_margin_is_a_remark() -> None:
    rows = r"&& a &= b && \\ \text{and} && c &= d &&"
    assert claims(f"% matcalc:\n\\begin{{flalign*}} {rows} \\end{{flalign*}}") == ["a = b", "c = d"]


def test_a_condition_that_is_left_out_is_noted() -> None:
    rows = r"a b &= a && \text{for } b = 1, \\ &= a \quad \text{(why)} \\ c &= c"
    first, second = parse_notes(f"% matcalc: note: mine\n\\begin{{align}} {rows} \\end{{align}}", "n.tex").identities
    assert (first.claim, first.note) == ("a b = a = a", "mine; verified without the condition: for b = 1")
    assert second.note == "mine"
    (plain,) = parse_notes("% matcalc: a: scalar, b: scalar\n$ a b = a \\text{ if } b = 1. $", "n.tex").identities
    assert "    note: verified without the condition: if b = 1" in described(judge(plain))


# ---- Labels and marks -----------------------------------------------------------------------------------------------


def test_each_label_that_marks_counts() -> None:
    rows = r"a &= b \label{mc:x}\label{eq:1} \\ c &= d \label{eq:2} \\ &= e \label{mc:y} \\ f &= g"
    assert found(f"\\begin{{align}} {rows} \\end{{align}}") == [("x", "a = b"), ("y", "c = d = e")]
    rows = r"a &= b && \text{why} \label{mc:x} \\ \label{mc:y} c &= d \\ e &= f & g &= h \label{mc:z}"
    named = [("x", "a = b"), ("y", "c = d"), ("z", "g = h")]
    assert found(f"\\begin{{align}} {rows} \\end{{align}}") == named


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("\\begin{equation} a = b \\end{equation} \\label{mc:x}", "n.tex"),
        ("\\label{ mc:x}\n\\[ a = b \\]", "n.tex"),
        ("\\section{A}\\label{matcalc:x}", "n.tex"),
        ("$$ a = b $$\n{#mc:x}\n", "n.md"),
        ("(mc:x)=\n$$ a = b $$\n", "n.md"),
    ],
)
def test_a_label_that_marks_nothing_is_an_error(text: str, name: str) -> None:
    assert refused(text, name)[2] == "this label marks an equation and stands in none"


@pytest.mark.parametrize(
    ("comment", "name", "place"),
    [
        ("% mathcalc: a: scalar", "n.tex", "mathcalc"), ("% matclac declare: a: scalar", "n.tex", "matclac"),
        ("% matcal: a: scalar", "n.tex", "matcal"), ("% Matcalc a: scalar", "n.tex", "a"),
        ("<!-- matcalc: a: scalar -->", "n.tex", "matcalc"), ("<!-- mathcalc: a: scalar -->", "n.md", "mathcalc"),
    ],
)  # fmt: skip
def test_what_is_nearly_a_mark_is_an_error(comment: str, name: str, place: str) -> None:
    assert refused(f"{comment}\n$$ a = b $$\n", name)[1] == place


@pytest.mark.parametrize("comment", ["% Matlab: see", "% magic: x", "% Mathematica: y", "% matrix: a", "% see matcalc: it"])
def test_other_comments_are_no_marks(comment: str) -> None:
    assert found(f"{comment}\n$$ a = b $$\n") == []


@pytest.mark.parametrize(
    "text",
    [
        "<!--- matcalc: a: scalar --->\n$$ a = b $$",
        "% matcalc: a: scalar\n$$ a = b $$",
        "> <!-- matcalc:\n>   a: scalar\n> -->\n> $$ a = b $$",
        "<!-- matcalc: a: scalar -->\n$`a = b`$ in a line",
        ":::{math}\na = b % matcalc: a: scalar\n:::",
        "````{admonition} Title\n% matcalc: a: scalar\n```{math}\na = b\n```\n````",
        "```{note}\n<!-- matcalc: a: scalar -->\n$$ a = b $$\n```",
    ],
)
def test_markdown_of_several_kinds(text: str) -> None:
    after = "\n\n```\n<!-- matcalc: -->\n$$ c = d $$\n```\n"
    (identity,) = parse_notes(f"# T\n\n{text}{after}", "n.md").identities
    assert (identity.claim, identity.declare) == ("a = b", ("a: scalar",))


def test_a_percent_sign_in_markdown_is_text() -> None:
    assert refused("<!-- matcalc: -->\n% remark\n$$ a = b $$", "n.md")[2] == "no equation follows this mark"
    assert found("100\n% of $a = b$ are\n", "n.md") == []


# ---- Reports --------------------------------------------------------------------------------------------------------


def test_the_first_step_that_is_not_proved_is_named() -> None:
    rows = "\\operatorname{tr}(X) &= \\operatorname{tr}(X^\\top) \\\\\n &= \\operatorname{tr}(\\exp(\\log X))"
    (identity,) = parse_notes(f"% matcalc: X: matrix(n, n)\n\\begin{{align}}\n {rows}\n\\end{{align}}", "n.tex").identities
    result = judge(identity)
    assert result.verdict is not None
    assert (result.verdict.verdict, result.verdict.step) == ("numeric", 2)
    assert (result.line_of_step, result.wrong_line) == (4, None)
    assert described(result)[0] == "    n.tex:4: this step is not proved"
    assert "step 2, `tr(X') = tr(exp(log(X)))`, is not proved" in result.verdict.message
    single = judge(Identity("a", "tr(X) = tr(exp(log(X)))"))
    assert single.verdict is not None
    assert (single.verdict.verdict, single.verdict.step) == ("numeric", None)


def test_a_cause_and_a_step_are_paragraphs_of_their_own() -> None:
    cause = "step 2 holds with the factor 2 in front of `-b`: grad(x'*x - 2*b'*x + b'*b, x) = 2*x - 2*b"
    lines = paragraphs(f"{cause}\nstep 2, `a = b`, is wrong: the sides differ at\nn = 1")
    assert [line for line in lines if line.startswith("    step")] == [lines[0], lines[2]]


# ---- Bounds ---------------------------------------------------------------------------------------------------------


def test_groups_and_definitions_take_no_quadratic_time() -> None:
    pieces = [
        "{", "\\a{", "\\begingroup", "\\endgroup", "\\def\\x{}", "{\\def\\x{}}", "\\gdef\\x{}{", "\\iffalse", "\\iffalse\\fi",
        "\\newif", "\\let\\x\\y", "\\begin{a}", "\\end{a}", "\\quad", "\\kern1pt", "\\boxed{", "(mc:x", "```{note}\n", "% m",
    ]  # fmt: skip
    began = time.process_time()
    for piece in pieces:
        for name in ("n.tex", "n.md"):
            for text in (piece * (20_000 // len(piece)), f"% matcalc:\n$$ a = {piece * (10_000 // len(piece))}$$\n"):
                with suppress(MatcalcError):
                    parse_notes(text, name)
    assert time.process_time() - began < 15
