r"""Notes that check themselves: which equations of .tex and .md files are read, what is said of them, and where."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from matcalc.errors import MatcalcError, Span
from matcalc.identity import Identity, IdentityFile
from matcalc.notes import parse_notes
from matcalc.running import judge
from matcalc.verdict import Verdict

ROOT = Path(__file__).resolve().parent.parent


def notes(text: str, name: str = "notes.tex") -> IdentityFile:
    """The file of a text."""
    return parse_notes(text, name)


def claims(text: str, name: str = "notes.tex") -> list[str]:
    """The claims of the marked equations."""
    return [identity.claim for identity in notes(text, name).identities]


def body(text: str) -> list[str]:
    """The claims of a marked display."""
    return claims("% matcalc:\n" + text)


def one(text: str, name: str = "notes.tex") -> Identity:
    """The only marked equation."""
    (identity,) = notes(text, name).identities
    return identity


def error_of(text: str, name: str = "notes.tex") -> MatcalcError:
    """The error with which a text is refused."""
    with pytest.raises(MatcalcError) as caught:
        notes(text, name)
    return caught.value


def place_of(error: MatcalcError) -> tuple[int, int, str]:
    """Line, column and text of the place of an error."""
    assert error.span is not None
    return (*error.span.line_and_column(), error.span.text)


# ---- Environments ---------------------------------------------------------------------------------------------------

ENVIRONMENTS = ("equation", "equation*", "align", "align*", "gather", "gather*", "multline", "multline*", "displaymath",
                "flalign", "eqnarray", "eqnarray*", "dmath")  # fmt: skip


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_environments_are_equations(name: str) -> None:
    assert body(rf"\begin{{{name}}} a = b \end{{{name}}}") == ["a = b"]
    assert body(rf"\begin{{ {name} }}" + "\n a = b\n" + rf"\end{{{name}}}") == ["a = b"]


@pytest.mark.parametrize("text", [r"\[ a = b \]", "$$ a = b $$", r"\[" + "\na\n=\nb\n" + r"\]", "$a = b$", r"\(a = b\)"])
def test_brackets_and_dollars_are_equations(text: str) -> None:
    assert body(text) == ["a = b"]


def test_alignat_has_an_argument_inside() -> None:
    assert body(r"\begin{alignat*}{2} a &= b & c &= d \end{alignat*}") == ["a = b", "c = d"]
    assert body(r"\[ \begin{alignedat}{2} a &= b \\ &= c \end{alignedat} \]") == ["a = b = c"]


@pytest.mark.parametrize("name", ["aligned", "split"])
def test_rows_inside_of_an_equation_are_its_rows(name: str) -> None:
    inner = rf"\begin{{{name}}} a &= b \\ &= c \end{{{name}}}"
    assert body(rf"\begin{{equation}} {inner} \end{{equation}}") == ["a = b = c"]
    assert body(rf"\[ {inner}. \]") == ["a = b = c"]
    assert body(r"\[ \begin{aligned}[t] a &= b \\ c &= d \end{aligned} \]") == ["a = b", "c = d"]


def test_environments_with_rows_of_their_own_are_kept() -> None:
    cases = r"\begin{cases} 1 & i = j \\ 0 & \text{otherwise} \end{cases}"
    assert body(rf"\begin{{align}} a &= {cases} \\ &= b \end{{align}}") == [rf"a = {cases} = b"]


# ---- Rows and columns -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        (r"a &= b \\ &= c \\ &= d", ["a = b = c = d"]),
        (r"a &= b \\ c &= d", ["a = b", "c = d"]),
        (r"a &= b, \\ c &= d.", ["a = b", "c = d"]),
        (r"a &= b + c \\ &\quad + d \\ &= e", [r"a = b + c \quad + d = e"]),
        (r"a &= b +{} \\ &\phantom{={}} d", ["a = b + d"]),
        (r"-a &= b \\ -c &= d", ["-a = b", "-c = d"]),
        (r"& a = b \\ & c = d", ["a = b", "c = d"]),
        (r"& a \\ &= b", ["a = b"]),
        (r"a \\ = b", ["a = b"]),
        (r"a & = b \\[2pt] & = c \\*[-1ex] & = d", ["a = b = c = d"]),
        (r"a &= b \\ [c]_{ij} &= d", ["a = b", "[c]_{ij} = d"]),
        (r"a &= b & c &= d \\ &= e & &= f", ["a = b = e", "c = d = f"]),
        (r"a &= b \nonumber \\ &= c \notag \\ &= d \tag{1} \label{eq:d}", ["a = b = c = d"]),
        (r"a &= b && \text{(chain rule)} \\ &= c && \text{symmetry}", ["a = b = c"]),
        (r"a &= b \qquad \text{for } i = 1 \\ &= c", ["a = b = c"]),
        (r"a &= b \text{ (by symmetry) } = c", ["a = b = c"]),
        (r"a &= b \\ \intertext{and with $c = d$} e &= f", ["a = b", "e = f"]),
        (r"a &\stackrel{\text{def}}{=} b \\ &\overset{(1)}{=} c", ["a = b = c"]),
        (r"a &:= b \\ &:= c", ["a := b := c"]),
        (r"\text{tr}(a) &= b", [r"\text{tr}(a) = b"]),
        (r"\operatorname{tr}(a) &= b \\ \\ ", [r"\operatorname{tr}(a) = b"]),
        (r"a &= \left. b \right.", [r"a = \left. b \right."]),
        (r"a &= \left( b \right. \\ &\qquad \left. + c \right)", [r"a = \left( b + c \right)"]),
        (r"a^{\mkern-1.5mu\top} &= b", [r"a^{\top} = b"]),
        (r"a &= b \\ \text{where } c &= d", ["a = b"]),
        (r"\text{(i)} a &= b \\ \text{ii)} c &= d", ["a = b", "c = d"]),
        (r"a \quad &= \quad b \\ &\qquad + c", [r"a \quad = \quad b \qquad + c"]),
        (r"a &= {}_1 b {} c", ["a = {}_1 b c"]),
        (r"a &= {b \\ c & d}", [r"a = {b \\ c & d}"]),
        (r"\displaystyle a &= b\;.~", ["a = b"]),
    ],
)
def test_rows_become_claims(rows: str, found: list[str]) -> None:
    assert body(rf"\begin{{align}} {rows} \end{{align}}") == found


def test_gather_multline_and_eqnarray() -> None:
    assert body(r"\begin{gather} a = b \\ c = d \end{gather}") == ["a = b", "c = d"]
    assert body(r"\begin{multline} a = b \\ + c \\ (d) \end{multline}") == ["a = b + c (d)"]
    assert body(r"\begin{eqnarray} a &=& b \\ &=& c \\ d & = & e \end{eqnarray}") == ["a = b = c", "d = e"]


@pytest.mark.parametrize(
    ("rows", "rest"),
    [
        (r"a &= b \quad \text{and} \quad c = d", r"\quad c = d"),
        (r"a = b \text{ so that } c = d", "c = d"),
        (r"a &= b \text{ plus } c \\ &= e", "c"),
        (r"a &= b && \text{a remark} + c \\ &= e", "+ c"),
        (r"a &= b \quad c > 0", "c"),
        (r"a &= b, \hspace{1em} (c = d)", "("),
        (r"\begin{aligned} a &= b \end{aligned} \begin{aligned} c &= d \end{aligned}", r"\begin"),
    ],
)
def test_what_stands_behind_words_is_not_skipped_in_silence(rows: str, rest: str) -> None:
    error = error_of("text\n\n% matcalc:\n\\begin{align}\n  " + rows + "\n\\end{align}\n")
    assert place_of(error) == (5, 3 + rows.rindex(rest), rest)


def test_empty_displays_are_no_equations() -> None:
    error = error_of("% matcalc:\n\\[ \\label{a} . \\]\n")
    assert place_of(error) == (2, 1, r"\[")


def test_comments_inside_are_left_out() -> None:
    assert body("\\[ a % b = c \\]\n  = d \\% % e\n\\]") == [r"a = d \%"]


# ---- Marks ----------------------------------------------------------------------------------------------------------


def test_unmarked_equations_are_left_alone() -> None:
    text = "\\[ a = b \\]\n% matcalc:\n\\[ c = d \\]\n$x$ and \\begin{align} e &= f \\\\ nonsense {} \\end{align}\n$$ g $$\n"
    file = notes(text)
    assert ([identity.claim for identity in file.identities], file.unmarked) == (["c = d"], 3)


def test_marks_stand_before_or_inside() -> None:
    assert claims("%matcalc:\n\n % other\n  \\label{a}\n\\[ a = b \\]\n") == ["a = b"]
    assert claims("\\begin{equation} % matcalc: x: vector\n x = y \\end{equation}\n") == ["x = y"]
    assert one("%% matcalc:\n\\begin{subequations}\\label{s}\n\\[ a = b \\] \\end{subequations}").claim == "a = b"


def test_several_marks_add_up() -> None:
    text = (
        "% matcalc: x: vector(n), A: matrix(n, n) symmetric, positive; b, c: vector\n"
        "% a remark\n"
        "% matcalc: layout: denominator; expect: refuted; name: first; structured\n"
        "% matcalc: assume: \\mathbf{1}^\\top y = f(1; 2)\\;; where: p = q, r\n"
        "% matcalc: source: Book (1); note: as printed; tags: one, two\n"
        "\\[ x = A b c p y \\]\n"
    )
    assert one(text) == Identity(
        "first",
        "x = A b c p y",
        declare=("x: vector(n)", "A: matrix(n, n) symmetric, positive", "b: vector", "c: vector"),
        layout="denominator",
        assume=("\\mathbf{1}^\\top y = f(1; 2)\\;",),
        where=("p = q, r",),
        source="Book (1)",
        expect="refuted",
        tags=("one", "two"),
        structured=True,
        syntax="latex",
        note="as printed",
        title="notes",
        path="notes.tex",
        line=6,
    )


def test_declarations_for_all_that_follow() -> None:
    text = (
        "% matcalc declare: x: vector(n), A: matrix(n, n); layout: denominator\n"
        "% matcalc:\n\\[ x = A \\]\n"
        "% matcalc: x: vector(m); layout: numerator\n\\[ x = b \\]\n"
        "% matcalc declare: A: matrix(n, n) symmetric\n% matcalc:\n\\[ A = x \\operatorname{exp} \\]\n"
    )
    found = [(identity.declare, identity.layout) for identity in notes(text).identities]
    assert found == [
        (("x: vector(n)", "A: matrix(n, n)"), "denominator"),
        (("x: vector(m)",), "numerator"),
        (("x: vector(n)", "A: matrix(n, n) symmetric"), "denominator"),
    ]


def test_definitions_serve_all_that_follow_and_use_them() -> None:
    text = (
        "\\def\\p{\\mathbf{p}}\n% matcalc define: z: vector(n)\n\\[ \\p := f(z) . \\]\n"
        "% matcalc define\n\\begin{align} \\hat y &= 2 \\p, \\\\ q &= z \\end{align}\n"
        "% matcalc:\n\\[ \\hat y = z \\]\n"
        "% matcalc define:\n$\\p = g(z)$\n"
        "% matcalc:\n\\[ \\p = 1 \\]\n"
    )
    file = notes(text)
    first, second = file.identities
    assert first.where == (r"\mathbf{p} := f(z)", r"\hat y = 2 \mathbf{p}")
    assert second.where == (r"\mathbf{p} = g(z)",)
    assert (first.declare, second.declare, file.unmarked) == (("z: vector(n)",),) * 2 + (0,)


@pytest.mark.parametrize(
    ("name", "formula"),
    [("theta", r"\theta = 1"), ("W_1", r"\mathbf{W}_1 = 1"), ("x_bar", r"\bar x = 1"), ("f", r"\operatorname{f}(x) = 1"),
     ("epsilon", r"\varepsilon = 1"), ("loss", r"\mathrm{loss} = 1"), ("θ", "θ = 1"), ("l", r"\mathit{l} = 1")],
)  # fmt: skip
def test_declarations_of_names_that_occur_are_used(name: str, formula: str) -> None:
    (declared,) = one(f"% matcalc declare: {name}: scalar, unused: vector(k)\n% matcalc:\n\\[ {formula} \\]\n").declare[:1]
    assert declared == f"{name}: scalar"


def test_a_label_marks_and_names() -> None:
    text = (
        "\\begin{align} a &= b \\label{mc:first} \\\\ c &= d \\\\ e &= f \\label{matcalc:third} \\end{align}\n"
        "% matcalc: name: given\n\\begin{equation} a = c \\label{eq:other} \\end{equation}\n"
        "% matcalc:\n\\begin{equation} \\label{eq:another} a = d \\end{equation}\n"
        "% matcalc: name: many\n\\begin{align} a &= e \\\\ b &= e \\end{align}\n"
        "% matcalc:\n$a = f$ and\n% matcalc:\n\\begin{align} a &= e & b &= e \\end{align}\n"
    )
    file = notes(text)
    assert [identity.name for identity in file.identities] == [
        "first", "third", "given", "eq:another", "many (1)", "many (2)", "equation at line 9", "equation at line 11",
        "equation at line 11 (2)",
    ]  # fmt: skip
    assert file.unmarked == 1


def test_titles_are_those_of_sections() -> None:
    text = "% matcalc:\n$a=b$\n\\section*[s]{Least \\emph{squares}}\n% matcalc:\n$a=b$\n\\subsection{Two}\n% matcalc:\n$a=b$"
    assert [identity.title for identity in notes(text).identities] == ["notes", r"Least \emph{squares}", "Two"]


@pytest.mark.parametrize(
    "text",
    [
        "\\begin{verbatim}\n% matcalc:\n\\[ a = b \\]\n\\end{verbatim}",
        "\\begin{comment}\n% matcalc:\n\\[ a = b \\]\n\\end{comment}",
        "\\begin{lstlisting}[language=TeX]\n% matcalc:\n\\[ a = b \\]\n\\end{lstlisting}",
        "\\verb|$$| \\verb*+$$+ \\lstinline!\\[!",
        "%\\[ a = b \\]\n%% \\begin{align}\n",
        "\\$\\$ 100\\% \\\\[2pt] ",
        "\\newenvironment{eq}[1][x]{\\begin{equation}}{\\end{equation}}",
        "\\newcommand{\\eq}{\\[ a = b \\]} \\def\\f#1{$$#1$$}",
        "\\begin{document}\\end{document}\n% matcalc:\n\\[ a = b \\]\n",
    ],
)
def test_what_is_no_equation(text: str) -> None:
    if "\\end{document}" in text:
        assert error_of(text).message == "notes.tex marks no equation"
    else:
        file = notes(text + "\n% matcalc:\n\\[ c = d \\]\n")
        assert ([identity.claim for identity in file.identities], file.unmarked) == (["c = d"], 0)


BAD_MARKS = [
    ("% matcalc x: vector(n)\n$a=b$", (1, 11, "x")),
    ("% matcalc: x: vectro(n)\n$a=b$", (1, 15, "vectro")),
    ("% matcalc: expcet: refuted\n$a=b$", (1, 20, "refuted")),
    ("% matcalc: expect: refutd\n$a=b$", (1, 20, "refutd")),
    ("% matcalc: layout: rows\n$a=b$", (1, 20, "rows")),
    ("% matcalc: layout:\n$a=b$", (1, 12, "layout")),
    ("% matcalc: A: matrix(n, n), A: matrix\n$a=b$", (1, 29, "A: matrix")),
    ("% matcalc: x\n$a=b$", (1, 12, "x")),
    ("% matcalc: a, b\n$a=b$", (1, 12, "a")),
    ("% matcalc: structured: yes\n$a=b$", (1, 24, "yes")),
    ("% matcalc: name: a; name: b\n$a=b$", (1, 21, "name")),
    ("% matcalc declare: name: a\n$a=b$", (1, 20, "name")),
    ("\n % matcalc: x: vector\nWe see that \\[ a = b \\]\n", (2, 4, "matcalc: x: vector")),
    ("% matcalc:\n\nThe end.", (1, 3, "matcalc:")),
    ("% matcalc:\n% matcalc: x: vector", (1, 3, "matcalc:")),
    ("% matcalc:\n\\begin{align} a = b \n\n \\end{align}", (2, 1, r"\begin{align}")),
    ("% matcalc: name: a\n$a=b$\n% matcalc: name: a\n$c=d$", (4, 2, "c=d")),
    ("% matcalc define: name: a\n$a=b$", (1, 19, "name")),
    ("% matcalc define\n$a=b=c$", (2, 2, "a=b=c")),
    ("% matcalc define x\n$a=b$", (1, 18, "x")),
    ("\\[ a = b \\label{mc:a} % matcalc: bad bad\n\\]", (1, 34, "bad")),
]


@pytest.mark.parametrize(("text", "place"), BAD_MARKS)
def test_a_bad_mark_is_an_error_with_its_place(text: str, place: tuple[int, int, str]) -> None:
    error = error_of(text)
    assert place_of(error) == place
    assert error.name == "notes.tex"
    assert f"notes.tex:{place[0]}:{place[1]}:" in error.render()
    assert place_of(error_of("\ufeff".join(["", text]).lstrip("\ufeff").replace("\n", "\r\n"))) == place


def test_hints_name_the_key() -> None:
    assert error_of("% matcalc: expcet: refuted\n$a=b$").hint == "did you mean `expect:`?"
    assert error_of("% matcalc: expect: refutd\n$a=b$").hint == "did you mean `refuted`?"
    assert "matcalc: x: vector(n)" in (error_of("\\[ a = b \\]").hint or "")
    assert "<!-- matcalc:" in (error_of("$$ a = b $$", "notes.md").hint or "")


# ---- Macros ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("definition", "use", "found"),
    [
        (r"\newcommand{\T}{^\top}", r"x\T = y", r"x^\top = y"),
        (r"\newcommand*\T{^\top}", r"x\T = y", r"x^\top = y"),
        (r"\def\x{\mathbf{x}}", r"\x = \x y", r"\mathbf{x} = \mathbf{x} y"),
        (r"\newcommand{\mat}[1]{\mathbf{#1}}", r"\mat{A} = \mat B", r"\mathbf{A} = \mathbf{B}"),
        (r"\newcommand{\vec}[1]{\mathbf#1}", r"\vec x = y", r"\mathbf x = y"),
        (r"\newcommand{\lam}{\lambda}", r"\lam x = y", r"\lambda x = y"),
        (r"\newcommand{\pd}[2]{\frac{\partial #1}{\partial #2}}", r"\pd{f}x = y", r"\frac{\partial f}{\partial x} = y"),
        (r"\newcommand{\n}[2][2]{\|#2\|_#1}", r"\n{x} = \n[1]{y}", r"\|x\|_2 = \|y\|_1"),
        (r"\DeclareMathOperator{\tr}{tr}", r"\tr(A) = y", r"\operatorname{tr}(A) = y"),
        (r"\DeclareMathOperator*{\am}{arg\,min}", r"\am A = y", r"\operatorname{arg\,min} A = y"),
        (r"\let\tp=\top", r"x^\tp = y", r"x^\top = y"),
        (r"\DeclarePairedDelimiter{\norm}{\lVert}{\rVert}", r"\norm{x} = \norm*{y}",
         r"\left\lVert x \right\rVert = \left\lVert y \right\rVert"),
        (r"\NewDocumentCommand{\p}{m m}{#2#1}", r"\p{a}{b} = c", "ba = c"),
        (r"\newcommand{\x}{\ensuremath{\mathbf{x}}\xspace}", r"\x = y", r"\mathbf{x} = y"),
        (r"\newcommand{\a}{\b{c}} \newcommand{\b}[1]{(#1)}", r"\a = \b{\a}", "(c) = ((c))"),
        (r"\newcommand{\x}{12}", r"\frac\x{3} = \frac3\x + \sqrt\x", r"\frac{12}{3} = \frac3{12} + \sqrt{12}"),
        (r"\newcommand{\x}{12}", r"\frac{\mathbf\x}\x = \sqrt[3]\x", r"\frac{\mathbf{12}}{12} = \sqrt[3]{12}"),
        (r"\newcommand{\x}{12} \newcommand{\f}[1]{\frac#1{3}}", r"\f\x = \mathbf{\x}", r"\frac{12}{3} = \mathbf{12}"),
        (r"\newcommand{\x}{a} \renewcommand{\x}{b}", r"\x = y", "b = y"),
        (r"\def\rows{a &= b \\ &= c}", r"\begin{aligned} \rows \end{aligned}", "a = b = c"),
    ],
)  # fmt: skip
def test_macros_are_expanded(definition: str, use: str, found: str) -> None:
    assert claims(f"{definition}\n% matcalc:\n\\[ {use} \\]\n") == [found]
    assert claims(f"{definition}\n\n<!-- matcalc: -->\n$$ {use} $$\n", "notes.md") == [found]
    assert claims(f"$$ {definition} $$\n<!-- matcalc: -->\n$$ {use} $$\n", "notes.md") == [found]


def test_macros_hold_from_their_definition_on_and_in_marks() -> None:
    text = "% matcalc:\n$\\x=b$\n\\def\\x{a}\n% matcalc: assume: \\x = 1; where: p = \\x\n$\\x=b$\n"
    first, second = notes(text).identities
    assert (first.claim, second.claim, second.assume, second.where) == (r"\x=b", "a=b", ("a = 1",), ("p = a",))


@pytest.mark.parametrize(
    ("definition", "use", "place"),
    [
        (r"\def\x{\x}", r"a = \x", (3, 8, r"\x")),
        (r"\def\x{\y}\def\y{\x\x}", r"a = \x", (3, 8, r"\x")),
        ("".join(rf"\def\{a}{{\{b}\{b}}}" for a, b in zip("abcdefghijklmnopq", "bcdefghijklmnopqr", strict=True)), r"x=\a",
         (3, 6, r"\a")),
        (r"\newcommand{\x}[1]{#1}", r"a = \x", (3, 8, r"\x")),
        (r"\def\x#1.{b}", r"a = \x b.", (3, 8, r"\x")),
        (r"\NewDocumentCommand{\x}{o m}{b}", r"a = \x b.", (3, 8, r"\x")),
    ],
)  # fmt: skip
def test_what_cannot_be_expanded_is_an_error_where_it_is_used(
    definition: str, use: str, place: tuple[int, int, str]
) -> None:
    assert place_of(error_of(f"{definition}\n% matcalc:\n\\[ {use} \\]\n")) == place


# ---- Places ---------------------------------------------------------------------------------------------------------


def told(text: str, wrong: str, name: str = "notes.tex") -> str:
    """What is said of the first equation if `wrong`, as it stands in the claim, is what is wrong with it."""

    def fail(claim: str, *_: object, **__: object) -> Verdict:
        raise MatcalcError("wrong", Span(claim, claim.index(wrong), len(wrong)))

    return judge(notes(text, name).identities[0], verify=fail).error or ""


@pytest.mark.parametrize(
    ("text", "wrong", "line", "column", "carets"),
    [
        ("A\n\n% matcalc:\n\\[ a = bc \\]\n", "bc", 4, 8, 2),
        ("% matcalc:\n\\begin{align}\n  a &= b \\\\ % c\n    &= cde\n\\end{align}\n", "cde", 4, 8, 3),
        ("% matcalc:\n\\begin{align}\n  a % b\n  {}   &= \\tfrac12\n\\end{align}\n", "tfrac", 4, 12, 5),
        ("\\def\\x{\\mathbf{y}}\n% matcalc:\n$a =\n\\x b$\n", "{y}", 4, 1, 2),
        ("\\newcommand{\\m}[1]{(#1)}\n% matcalc:\n$a = \\m{bcd} b$\n", "c", 3, 10, 1),
        ("\\newcommand{\\m}[1]{(#1)}\n% matcalc:\n$a = \\m{bcd} b$\n", ")", 3, 6, 2),
        ("% matcalc:\n$a = b$", "b", 2, 6, 1),
    ],
)
def test_a_mistake_in_a_formula_is_shown_in_the_file(text: str, wrong: str, line: int, column: int, carets: int) -> None:
    first, where, place, source, marks = told(text, wrong).split("\n")
    assert (first, place) == ("error: wrong", f"notes.tex:{line}:{column}:")
    assert where.startswith("notes.tex:")
    assert source == "  " + text.split("\n")[line - 1]
    assert marks == "  " + " " * (column - 1) + "^" * carets
    assert told(text.replace("\n", "\r\n"), wrong) == told(text, wrong)


def test_mistakes_in_marks_and_at_the_end_are_shown_in_the_file() -> None:
    text = "% matcalc: where: p = q\n$a = b$\n"

    def fail(claim: str, declare: object, layout: object, where: list[str], *_: object, **__: object) -> Verdict:
        raise MatcalcError("wrong", Span(where[0], 4), related=(("at the end", Span(claim, len(claim))),))

    said = judge(notes(text).identities[0], verify=fail).error or ""
    assert "\nnotes.tex:1:23:\n" in said
    assert "\nnotes.tex:2:7: at the end\n" in said


def test_the_line_of_a_wrong_step_is_told() -> None:
    text = "% matcalc:\n\\begin{align}\n a &= b \\\\\n\n".replace("\n\n", "\n") + " &= c\n  = d \\\\ &= e\n\\end{align}"

    def wrong(step: int) -> object:
        return lambda *_, **__: Verdict("refuted", "values at a point", step=step)

    (identity,) = notes(text).identities
    assert [judge(identity, verify=wrong(step)).wrong_line for step in (1, 2, 3, 4, 5)] == [3, 4, 5, 5, None]


# ---- Markdown -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "$$ a = b $$",
        "$$\na = b\n$$ {#eq-name}",
        "$$\na = b\n$$ (name)",
        "```math\na = b\n```",
        "``` math\na = b\n```",
        "~~~~math\na = b\n~~~~~",
        "```{math}\n:label: name\n\na = b\n```",
        "\\begin{equation}\na = b\n\\end{equation}",
        "$$\n\\begin{align}\na &= b\n\\end{align}\n$$",
        "$a = b$ holds",
        "> $$\n> a\n> = b\n> $$",
        "  $$a = b$$",
    ],
)
def test_markdown_has_several_ways_to_write_an_equation(text: str) -> None:
    assert claims(f"# Title\n\nText `$` \\$ 5 $ and $6.\n\n<!-- matcalc: -->\n{text}\n\nMore $c$.\n", "notes.md") == ["a = b"]


def test_markdown_marks_may_have_several_lines_and_may_be_labels() -> None:
    mark = "<!-- matcalc:\n  x: vector(n)\n  layout: denominator\n-->\n\n"
    text = mark + "$$ x = b $$ {#eq-first .c}\n\n$$ c = d $$ (mc:second)\n"
    first, second = notes(text, "notes.md").identities
    assert (first.name, first.declare, first.layout, first.line) == ("eq-first", ("x: vector(n)",), "denominator", 6)
    assert (second.name, second.claim) == ("second", "c = d")


@pytest.mark.parametrize(
    "text",
    [
        "```\n<!-- matcalc: -->\n$$ a = b $$\n```",
        "````tex\n```math\na = b\n```\n$$ a = b $$\n````",
        "~~~\n$$ a = b $$\n~~~",
        "`$$ a = b $$` and ``<!-- matcalc: --> ` $$a = b$$``",
        "<!-- $$ a = b $$ -->",
        "Costs \\$$5 and $ 5 $",
    ],
)
def test_markdown_code_is_no_equation(text: str) -> None:
    file = notes(f"{text}\n\n<!-- matcalc: -->\n$$ c = d $$\n", "notes.md")
    assert ([identity.claim for identity in file.identities], file.unmarked) == (["c = d"], 0)


def test_markdown_titles_and_places() -> None:
    text = "# Notes\n\n## Two ##\n\n<!-- matcalc: -->\n> $$\n> a = bc\n> $$\n\n$$ u $$\n"
    file = notes(text, "n.md")
    assert (file.identities[0].title, file.identities[0].line, file.unmarked) == ("Two", 7, 1)
    assert told(text, "bc", "n.md").split("\n")[2:] == ["n.md:7:7:", "  > a = bc", "        ^^"]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("<!-- matcalc: -->\ntext $$ a = b $$", (1, 6, "matcalc:")),
        ("a\n\n<!-- matcalc:\n  x: vectro\n-->\n$$ a = b $$", (4, 6, "vectro")),
        ("<!-- matcalc: -->\n$$ a = b\n\n$$", (2, 1, "$$")),
    ],
)
def test_markdown_mistakes_have_places(text: str, place: tuple[int, int, str]) -> None:
    assert place_of(error_of(text, "notes.md")) == place


# ---- Any input ------------------------------------------------------------------------------------------------------

SOUP = [
    "%", "% matcalc:", "% matcalc declare:", "<!-- matcalc:", "-->", "\n", "\n\n", " ", "$", "$$", "\\[", "\\]", "\\(", "\\)",
    "\\begin{align}", "\\end{align}", "\\begin{cases}", "\\end{cases}", "\\begin{aligned}", "\\end{aligned}", "&", "\\\\",
    "=", "+", "a", "\\x", "\\y", "{", "}", "[", "]", "\\newcommand{\\x}", "\\def\\y#1", "{\\x\\y}", "\\label{mc:", "\\text{",
    " and ", "\\quad", "x: vector(n)", ",", ";", ":", "(", ")", "```math\n", "```", "`", "> ", "# ", "\\let\\x\\y", "#1", ".",
    "name: a", "expect: ", "\\verb|", "\\section{", "\\begin{verbatim}", "\\", "é", "\x00", "\\overset{a}{=}", "\\tag",
]  # fmt: skip


FRAMES = ["{}", "% matcalc:\n\\begin{{align}}{}\\end{{align}}", "\\def\\x{{a}}% matcalc:\n$${}$$", "<!-- matcalc: -->\n$${}$$"]


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(st.lists(st.sampled_from(SOUP), max_size=40).map("".join), st.sampled_from(FRAMES), st.sampled_from(["n.tex", "n.md"]))
@example("% matcalc:\n\\begin{align}\\end{align}", "{}", "n.tex")
@example("% matcalc:\n$", "{}", "n.tex")
@example("<!-- matcalc:", "{}", "n.md")
def test_any_text_is_read_or_refused(soup: str, frame: str, name: str) -> None:
    text = frame.format(soup)
    with suppress(MatcalcError):
        for identity in parse_notes(text, name).identities:
            assert identity.claim
            for excerpt in identity.excerpts:
                lines = [excerpt.span(k).line_and_column()[0] for k in range(len(excerpt.text))]
                assert all(1 <= line <= text.count("\n") + 1 for line in lines)


HOSTILE = [
    "\\begin{align}", "\\begin{aligned}", "\\[", "\\(", "$", "$$ a", "{", "}", "\\newcommand{\\a}{", "\\def\\a", "\\section{",
    "% matcalc", "`", "` `` ", "<!--", "```\n", "> ", "\\verb|", "&", "\\\\", "\\begin{verbatim}", "\\left", "#", "\\ ", "\n ",
    "\\begin {", "*", "\\text{", "=", "a, ", "(", "[",
]  # fmt: skip


@pytest.mark.parametrize("name", ["n.tex", "n.md"])
def test_hostile_text_takes_no_quadratic_time(name: str) -> None:
    mark = "<!-- matcalc: -->\n" if name == "n.md" else "% matcalc:\n"
    began = time.process_time()
    for piece in HOSTILE:
        for text in (piece * (20_000 // len(piece)), f"{mark}$$ a = {piece * (10_000 // len(piece))}$$\n"):
            with suppress(MatcalcError):
                parse_notes(text, name)
    assert time.process_time() - began < 20  # a square of 20,000 steps takes longer than that


def test_a_long_file_is_read_in_a_moment() -> None:
    text = (ROOT / "examples" / "notes.tex").read_text(encoding="utf-8")
    head, page = text.split("\\maketitle")
    page = page.partition("\\end{document}")[0].replace("name: ", "note: ").replace("\\label", "\\tag")
    count = 500_000 // len(page)
    began = time.process_time()
    file = notes(head + page * count)
    assert (len(file.identities), file.unmarked) == (10 * count, count)
    assert time.process_time() - began < 30
