"""`matcalc export`: notes as data, in three formats, by the built-in templates and by the user's own."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

import matcalc
from matcalc.__main__ import main
from matcalc.documents.derivatives import claim_of, notes_of_derivatives
from matcalc.documents.identities import notes_of_identities, prose, statement_of
from matcalc.documents.labels import Labels
from matcalc.documents.markdown import MARKDOWN, markdown_text, portable
from matcalc.documents.mathml import UnknownLatex, mathml
from matcalc.documents.model import Code, Display, Document, Math, Statement
from matcalc.documents.notation import Notation
from matcalc.documents.rendering import FORMATS, Template, TemplateError, built_in_template, rendered
from matcalc.documents.tex import TEX
from matcalc.form import name
from matcalc.identity import Identity, library_paths, load
from matcalc.notation.latex import Style
from matcalc.notation.latex_display import Equation
from matcalc.running import Result as Verified
from matcalc.verdict import VERDICTS, Verdict

KATEX = Path(__file__).parent / "katex"
FILES = load(library_paths())
LIBRARY = [identity for file in FILES for identity in file.identities]

NOTES = """\
[meta]
title = "Vectors & <matrices> of 100 %"
source = "A_Book, $5"

[[identity]]
name = "inner-product"
claim = "d(x'*a)/d(x) = a'"
source = "Book (69)"
tags = ["inner"]

[[identity]]
name = "quadratic-form"
declare = ["x: vector(n)", "W: matrix(n, n)"]
claim = "d(x'*W*x)/d(x) = 2*x'*W"
expect = "refuted"
note = "holds for `W` symmetric"

[[identity]]
name = "sum of p"
where = ["p = softmax(z)"]
declare = ["z: vector(n)"]
claim = "sum(p) = 1"
"""
PROGRAM = """\
W: matrix(M, D)
U: matrix(C, M)
x: vector(D)
y: vector(C) simplex
h = relu(W*x)
J = crossentropy(y, softmax(U*h))
"""
#: Texts that mean something in one of the formats.
HOSTILE = (
    r"\input{/etc/passwd} \end{document} \csname x\endcsname ^^5c",
    "$x$ $$ % & # _ ^ ~ { } \\",
    "<script>alert(1)</script> <img src=http://a/b onerror=x> ]]> --> &lt; &amp;",
    "[a](http://b) ![c](d) `e` *f* _g_ # h | i | <!-- j --> {{ k }} {% l %} << m >> <% n %> \n\n# o\n- p",
    "θ é 漢 😀 \x00 \x1b \u202e \ufeff ∂",
)


@pytest.fixture
def notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a file of identities and a program."""
    (tmp_path / "notes.toml").write_text(NOTES, encoding="utf-8")
    (tmp_path / "net.mc").write_text(PROGRAM, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def export(*arguments: str) -> Result:
    """What `matcalc export` does."""
    return CliRunner().invoke(main, ["export", *arguments], prog_name="matcalc")


def verified(identity: Identity) -> Verified:
    """A result as it is expected."""
    return Verified(identity, Verdict(identity.expected, "assumed"), 0)


@cache
def library() -> Document:
    """The notes of the whole library, each verdict taken as expected."""
    return notes_of_identities(
        LIBRARY, [verified(i) for i in LIBRARY], title="Library", sources={file.path: file.source for file in FILES}
    )


def of(*identities: Identity, **options: object) -> Document:
    """Notes of a few identities without verdicts."""
    return notes_of_identities(list(identities), **options)  # type: ignore[arg-type]


# ---- Notes as data --------------------------------------------------------------------------------------------------


def test_sections_are_files_and_statements_are_numbered() -> None:
    document = library()
    assert [section.title for section in document.sections] == [file.title for file in FILES]
    assert [section.source for section in document.sections] == [file.source for file in FILES]
    for number, (section, file) in enumerate(zip(document.sections, FILES, strict=True), 1):
        assert [s.name for s in section.statements] == [identity.name for identity in file.identities]
        assert [s.number for s in section.statements] == [f"{number}.{k}" for k in range(1, len(file.identities) + 1)]


def test_labels_are_unique_and_plain() -> None:
    labels = [s.label for s in library().statements] + [section.label for section in library().sections]
    assert len(set(labels)) == len(labels)
    assert all(re.fullmatch("[A-Za-z0-9-]+", label) for label in labels)


@pytest.mark.parametrize(
    ("names", "labels"),
    [
        (["a b", "a-b", "a_b"], ["a-b", "a-b-2", "a-b-3"]),
        (["", "漢", "é!"], ["statement", "statement-2", "e"]),
        (["x" * 500], ["x" * 80]),
    ],
)
def test_labels_of_names(names: list[str], labels: list[str]) -> None:
    made = Labels()
    assert [made.new(given) for given in names] == labels


def test_the_library_has_every_formula_and_no_claim_is_only_typed() -> None:
    assert all(isinstance(statement.claim, Display) for statement in library().statements)
    assert len(list(library().statements)) == len(LIBRARY) > 1000


@pytest.mark.parametrize("verdict", VERDICTS)
def test_marks_say_the_verdict_and_whether_it_is_expected(verdict: str) -> None:
    words = {"proved-at-sizes": "proved at sizes"}.get(verdict, verdict)
    expected = Identity("a", "A = A", expect=verdict)
    mark = statement_of(expected, Verified(expected, Verdict(verdict, ""), 0)).mark
    assert mark is not None
    assert (mark.kind, mark.words.removesuffix(", as expected")) == (verdict, words)
    other = Identity("a", "A = A", expect="refuted" if verdict == "proved" else "proved")
    mark = statement_of(other, Verified(other, Verdict(verdict, ""), 0)).mark
    assert mark is not None
    assert mark.words == f"{words}, expected {other.expected}"


def test_a_claim_that_cannot_be_read_is_shown_as_it_is_typed() -> None:
    identity = Identity("wrong", "x*y = {1}", declare=("x: vector",))
    statement = statement_of(identity, Verified(identity, None, 0, "error"))
    assert statement.claim == Code("x*y = {1}")
    assert [(fact.heading, fact.text) for fact in statement.facts] == [("For", (Code("x: vector"),))]
    assert statement.mark is not None
    assert statement.mark.words == "not well formed"


def test_facts_say_what_a_claim_means() -> None:
    declare = ("x: vector(n)", "y: vector(n)", "A: matrix(m, n) positive", "f: function; g: function")
    identity = Identity(
        "a", "d(x'*p)/d(x) = 0", declare, "denominator",
        ("sum(y) = 1",), ("p = A'*A*y + f(g(x))",), note="see `x'`.", structured=True,
    )  # fmt: skip
    facts = [f"{fact.heading} {TEX.written(fact.text)}{fact.end}" for fact in statement_of(identity, None).facts]
    assert facts == [
        r"For $\mathbf{A} \in \mathbb{R}^{m \times n}$, positive; $\mathbf{y}, \mathbf{x} \in \mathbb{R}^{n}$; "
        "$f, g$ functions, applied element by element.",
        r"Given $\operatorname{sum}(\mathbf{y}) = 1$.",
        "Layout: denominator.",
        "Tied entries move together.",
        r"Note: see \texttt{x'}.",
    ]


def test_a_refutation_says_where_the_sides_differ() -> None:
    identity = Identity("a", "A = A'", expect="refuted")
    verdict = Verdict("refuted", "values", "the sides differ at\nn = 2")
    facts = statement_of(identity, Verified(identity, verdict, 0)).facts
    assert ("Found:", ("the sides differ at n = 2",)) in [(fact.heading, fact.text) for fact in facts]


def test_symbols_are_those_of_the_claims_with_all_that_they_stand_for() -> None:
    first = Identity("a", "d(x'*A*x)/d(x) = x'*(A + A')", ("x: vector(n)", "A: matrix(n, n)"))
    second = Identity("b", "x*A = A*x", ("x: scalar", "A: matrix(m, n)"))
    third = Identity("c", "tr(A) = tr(A')", ("A: matrix(n, n) orthogonal",))
    table = {row.symbol.latex: [TEX.written(meaning) for meaning in row.meanings] for row in of(first, second, third).symbols}
    assert table == {
        r"\mathbf{A}": [
            r"$\mathbb{R}^{n \times n}$", r"$\mathbb{R}^{m \times n}$", r"$\mathbb{R}^{n \times n}$, orthogonal",
        ],
        "m": ["a size"],
        "n": ["a size"],
        r"\mathbf{x}": [r"$\mathbb{R}^{n}$"],
        "x": [r"$\mathbb{R}$"],
    }  # fmt: skip


def test_a_symbol_with_many_meanings_says_how_many_are_left_out() -> None:
    identities = [Identity(f"a{k}", "A = A", (f"A: matrix({k}, n)",)) for k in range(1, 10)]
    (row,) = [row for row in of(*identities).symbols if row.symbol == Math(r"\mathbf{A}")]
    assert (len(row.meanings), row.more) == (6, 3)


def test_the_index_is_sorted_by_name() -> None:
    names = [statement.name for statement in library().index]
    assert names == sorted(names, key=lambda name: (name.casefold(), name))
    assert Counter(names) == Counter(identity.name for identity in LIBRARY)


def test_prose_takes_what_stands_between_backticks_as_typed() -> None:
    assert prose("`x` and `y'`") == (Code("x"), " and ", Code("y'"))
    assert prose("a ` b") == ("a ` b",)


def test_a_side_that_leaves_no_room_stands_above_and_long_ones_are_broken() -> None:
    long = matcalc.derive("+".join(f"tr(A_{k}*X*B_{k})" for k in range(12)), "X").answer_in()[0]
    rows = Notation().display([Equation(name("J", "scalar"), long)]).rows
    assert len(rows) > 1
    assert rows[0].startswith(r"J &= ")
    assert all(row.startswith(r"&\qquad + ") for row in rows[1:])
    above = Notation().display([Equation(long, long)]).rows
    assert above[0].startswith("&")
    assert sum(row.startswith("&=") for row in above) == 1


# ---- Derivatives ----------------------------------------------------------------------------------------------------


def test_notes_of_a_program_state_it_and_each_derivative() -> None:
    derivatives = list(matcalc.derive(PROGRAM, ["U", "W"]).values())
    document = notes_of_derivatives(derivatives, [verified(claim_of(d)) for d in derivatives])
    function, found = document.sections
    assert function.equations is not None
    assert function.equations.rows == (
        r"\mathbf{h} &= \operatorname{relu}(\mathbf{W} \mathbf{x})",
        r"J &= \operatorname{crossentropy}(\mathbf{y}, \operatorname{softmax}(\mathbf{U} \mathbf{h}))",
    )
    by_u, by_w = found.statements
    assert by_u.claim == Display(
        (
            r"\frac{\partial J}{\partial \mathbf{U}} &= "
            r"(\operatorname{softmax}(\mathbf{U} \mathbf{s}) - \mathbf{y}) \mathbf{s}^\top",
            r"&\text{where } \mathbf{s} = \operatorname{relu}(\mathbf{W} \mathbf{x})",
        )
    )
    assert (by_u.label, by_w.label) == ("J-by-U", "J-by-W")
    assert TEX.written(by_w.facts[0].text) == r"$M \times D$"
    assert {row.symbol.latex for row in document.symbols} >= {r"\mathbf{h}", "J", r"\mathbf{W}", "C"}


@pytest.mark.parametrize(
    ("source", "by", "options"),
    [
        ("x'*A*x", "x", {}),
        ("A*x", "A", {"layout": "denominator"}),
        ("logdet(X)", "X", {"declare": "X: matrix(n, n) symmetric", "structured": True}),
        ("sum(log(1+exp(X*w)))", "w", {"order": 2}),
        ("B'*B", "B", {}),
        (PROGRAM, "W", {}),
    ],
)
def test_the_claim_of_a_derivative_is_proved(source: str, by: str, options: dict[str, object]) -> None:
    claim = claim_of(matcalc.derive(source, by, **options))
    found = matcalc.verify(
        claim.claim, claim.declare, claim.layout, claim.where, claim.assume, structured=claim.structured
    )
    assert found.verdict == "proved"


def test_derivations_are_shown_on_request_with_the_rules_that_they_use() -> None:
    derivative = matcalc.derive("logdet(X)", "X")
    assert all(s.derivation is None for s in notes_of_derivatives([derivative]).statements)
    document = notes_of_derivatives([derivative], steps=True)
    (statement,) = document.statements
    assert statement.derivation is not None
    rows = statement.derivation.formula.rows
    assert len(rows) == len(derivative.steps)
    assert rows[-1].endswith(r"&& \text{identification}")
    assert [rule.name for rule in document.rules] == sorted({step.rule.replace("-", " ") for step in derivative.steps})


def test_identities_that_are_derivatives_are_derived_on_request() -> None:
    document = of(
        Identity("a", "grad(x'*A*x, x) = (A + A')*x"),
        Identity("b", "x'*f'(h) = d(h)/d(x)", ("f: function", "x: vector(n)"), where=("h = sum(f(x))",)),
        Identity("c", "tr(A) = tr(A')"),
        steps=True,
    )
    first, second, third = document.statements
    assert first.derivation is not None
    assert r"\mathbf{A} + \mathbf{A}^\top" in first.derivation.formula.rows[-1]
    assert second.derivation is not None
    assert third.derivation is None


# ---- Formats --------------------------------------------------------------------------------------------------------


class Balance(HTMLParser):
    """Which elements are open, which ids there are, and what points somewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        self.tags.add(tag)
        self.ids += [value or "" for key, value in attrs if key == "id"]
        self.links += [value or "" for key, value in attrs if key in ("href", "src", "xlink:href", "action", "style")]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def page(text: str) -> Balance:
    """A page of HTML whose elements are balanced; it is XML, too."""
    ElementTree.fromstring(text.removeprefix("<!DOCTYPE html>"))
    found = Balance()
    found.feed(text)
    assert found.open == []
    return found


def formulas(text: str) -> list[str]:
    """The formulas of Markdown; dollar signs are nothing else."""
    displays = re.findall(r"^\$\$\n(.+)\n\$\$$", text, re.MULTILINE)
    rest = re.sub(r"^\$\$\n.+\n\$\$$", "", text, flags=re.MULTILINE)
    inline = re.findall(r"(?<![\w$])\$([^\s$](?:[^$\n]*[^\s$])?)\$(?![\w$])", rest)
    assert rest.count("$") == 2 * len(inline)
    return displays + inline


def test_the_page_of_the_library_stands_alone() -> None:
    text = rendered(library(), "html")
    found = page(text)
    labels = [statement.label for statement in library().statements]
    assert Counter(found.ids) >= Counter(labels)
    assert max(Counter(found.ids).values()) == 1
    assert all(link.removeprefix("#") in found.ids for link in found.links)
    assert not found.tags & {"script", "link", "img", "iframe", "object"}
    assert "url(" not in text
    assert "@import" not in text
    assert '<div class="display"><code' not in text  # every formula has its MathML


def test_the_markdown_of_the_library_is_portable() -> None:
    text = rendered(library(), "md")
    found = formulas(text)
    assert len(found) > 2 * len(LIBRARY)
    for formula in found:
        assert formula.count("{") == formula.count("}")
        assert formula.count(r"\left") == formula.count(r"\right")
        assert not re.search(r"\\[^a-zA-Z]|[<>*|]|\\operatorname", formula)
    labels = [statement.label for statement in library().statements]
    assert re.findall(r'<a id="([^"]*)"></a>', text) == labels
    assert Counter(re.findall(r"\]\(#([^)]*)\)", text)) == Counter(labels)


def test_katex_shows_the_markdown_of_the_library() -> None:
    found = sorted(set(formulas(rendered(library(), "md"))))
    node = shutil.which("node")
    if node is None or not (KATEX / "node_modules" / "katex").is_dir():
        pytest.skip(f"KaTeX is not installed: {len(found)} formulas of Markdown are unchecked")
    lines = "\n".join(map(json.dumps, found))
    done = subprocess.run([node, "check.js"], cwd=KATEX, input=lines, capture_output=True, text=True, check=True)
    assert done.stdout == ""


def test_the_latex_of_the_library_is_ascii_with_each_label_once() -> None:
    text = rendered(library(), "tex")
    assert text.isascii()
    labels = [statement.label for statement in library().statements]
    assert re.findall(r"\\statement\{([^}]*)\}", text) == labels
    assert Counter(re.findall(r"\\indexrow\{([A-Za-z0-9-]*)\}", text)) == Counter(labels)
    assert "U+" not in text
    for number, section in enumerate(library().sections, 1):
        assert rf"\section{{{TEX.text(section.title)}}}\label{{section-{number}}}" in text


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason=f"pdflatex is not installed: {len(LIBRARY)} statements")
def test_the_library_compiles_without_wide_lines(tmp_path: Path) -> None:
    hostile = [Identity(f"odd {k}", text, title=text, source=text, note=text) for k, text in enumerate(HOSTILE)]
    (tmp_path / "library.tex").write_text(rendered(library(), "tex"), encoding="ascii")
    (tmp_path / "odd.tex").write_text(rendered(of(*hostile, author=HOSTILE[0]), "tex"), encoding="ascii")
    for file, runs in (("library", 2), ("odd", 1)):
        for _ in range(runs):
            command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", f"{file}.tex"]
            done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
            assert done.returncode == 0, done.stdout[-2000:]
    log = (tmp_path / "library.log").read_text(encoding="latin-1")
    assert [line for line in re.findall(r"Overfull \\hbox \((\d+)\.", log) if int(line) > 20] == []
    assert "undefined references" not in log
    assert "multiply defined" not in log


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("format_name", FORMATS)
def test_what_the_user_gives_is_only_shown(format_name: str, hostile: str) -> None:
    identity = Identity(hostile, hostile, note=hostile, source=hostile, declare=(hostile,), title=hostile, path=hostile)
    honest = Identity("a", "A = A", note="a", source="a", declare=("a",), title="a", path="a")
    texts = [
        rendered(of(i, title=i.title, author=i.title, sources={i.path: i.title}), format_name) for i in (identity, honest)
    ]
    checks = {"tex": same_commands, "md": same_structure, "html": same_elements}
    checks[format_name](*texts)


def same_commands(text: str, honest: str) -> None:
    """Only commands that show a character are added, and braces are balanced."""
    body, plain = (t.partition(r"\begin{document}")[2] for t in (text, honest))
    harmless = {
        "textbackslash", "textasciicircum", "textasciitilde", "texttt", "allowbreak", "char", "theta", "partial",
    }  # fmt: skip
    commands = [set(re.findall(r"\\([a-zA-Z]+)", t)) for t in (body, plain)]
    assert commands[0] - commands[1] - {"begin", "end"} <= harmless
    assert set(re.findall(r"\\(?:begin|end)\{(.*?)\}", body)) <= {"center", "document", "align*"}
    assert text.count(r"\end{document}") == text.count(r"\begin{document}") == 1
    bare = re.sub(r"\\.", "", body)
    assert bare.count("{") == bare.count("}")
    assert bare.count("$") % 2 == 0
    assert "%" not in bare
    assert text.isascii()


def same_structure(text: str, honest: str) -> None:
    """No line begins anything, no link, no formula, no code that is not closed, no element."""
    kinds = [re.findall(r"^(#+ |\||\$\$|<a|\*\*|- |\d+\. |```)", t, re.MULTILINE) for t in (text, honest)]
    code = r"(`+)(?!`).*?(?<!`)\1(?!`)"
    bare, plain = (re.sub(code, "", t) for t in (text, honest))
    assert Counter(kinds[0]) <= Counter(kinds[1]) + Counter(["**"])
    elements = [set(re.findall(r"<[^>]*>", re.sub(r'"[^"]*"', "", t))) for t in (bare, plain)]
    assert elements[0] <= elements[1]
    assert "](" not in re.sub(r"\]\(#[A-Za-z0-9-]+\)", "", bare)
    assert "`" not in bare
    assert "\n- " not in bare
    assert "$x$" not in bare


def same_elements(text: str, honest: str) -> None:
    """No element that is not in honest notes; what points somewhere points into the page."""
    found = page(text)
    assert found.tags <= page(honest).tags | {"code", "br"}
    assert all(link.startswith("#") for link in found.links)


def test_markdown_text_begins_nothing() -> None:
    for text in ("1. x", "- x", "+ x", "# x", "===", "---", "> x", "| x", "    x`", "1) x", "~~~"):
        shown = markdown_text(text)
        assert not re.match(r"\s*([-+](\s|$)|#|=+$|-+$|>|\||`|~|\d+[.)]\s)", shown)
    assert markdown_text("2.1 of it, x = -3") == "2.1 of it, x = -3"


def test_markdown_formulas_have_words_for_signs() -> None:
    assert portable(r"\|\mathbf{x}\| \, \left|y\right|") == r"\Vert \mathbf{x}\Vert \thinspace \left\vert y\right\vert"
    assert portable(r"\operatorname{tr}(\mathbf{A})") == r"\mathop{\mathrm{tr}}\nolimits (\mathbf{A})"
    assert MARKDOWN.display(("-x &= y", "&= z")) == (
        "$$\n\\begin{aligned} -x &= y \\cr &= z \\end{aligned}\n$$"
    )
    assert MARKDOWN.display(("-x &= y",)) == "$$\n{}-x = y\n$$"
    cases = r"\begin{cases} a & b \end{cases}"
    assert MARKDOWN.display((f"{cases} &= y",)) == f"$$\n{cases} = y\n$$"
    assert r"\begin{aligned} x &= y && \text{so}" in MARKDOWN.display((r"x &= y && \text{so}",))
    assert MARKDOWN.code("a `b`") == "`` a `b` ``"


def test_latex_rows_are_no_arguments() -> None:
    assert TEX.display(("a &= b", "[c] &= d")) == "\\begin{align*}\na &= b \\\\\n{}[c] &= d\n\\end{align*}"


@pytest.mark.parametrize("format_name", FORMATS)
def test_formats_follow_the_style(format_name: str) -> None:
    document = of(Identity("a", "theta'*A' = A", ("theta: vector(n)",)), notation=Notation(Style("plain", "prime")))
    text = rendered(document, format_name)
    assert ("θ" if format_name == "html" else r"\theta'") in text
    assert r"\mathbf" not in text


# ---- MathML ---------------------------------------------------------------------------------------------------------


def inner(latex: str) -> str:
    """The MathML inside of the `math` element and its row."""
    return re.sub(r"^<math[^>]*><mrow>|</mrow></math>$", "", mathml(latex))


@pytest.mark.parametrize(
    ("latex", "expected"),
    [
        (r"\mathbf{x}^\top", '<msup><mi>𝐱</mi><mrow><mi mathvariant="normal">⊤</mi></mrow></msup>'),
        (r"\boldsymbol{\theta}", "<mi>𝜽</mi>"),
        (r"\bm{x}", "<mi>𝒙</mi>"),
        (r"\theta", "<mi>θ</mi>"),
        (r"\mathbf{1}_{n}", "<msub><mi>𝟏</mi><mrow><mrow><mi>n</mi></mrow></mrow></msub>"),
        (r"\mathrm{d}x", '<mi mathvariant="normal">d</mi><mi>x</mi>'),
        (r"\mathbb{R}", "<mi>ℝ</mi>"),
        (r"x < 10.5", "<mi>x</mi><mo>&lt;</mo><mn>10.5</mn>"),
    ],
)
def test_mathml_of_letters(latex: str, expected: str) -> None:
    assert inner(latex) == expected


def test_a_minus_sign_is_a_prefix_where_nothing_stands_before_it() -> None:
    forms = re.findall(r'form="(infix|prefix)"[^>]*>−', mathml(r"-a - b (-c) = -d \cdot -e"))
    assert forms == ["prefix", "infix", "prefix", "prefix", "prefix"]


def test_scripts_stand_at_the_whole_group() -> None:
    assert re.fullmatch(r"<msup><mrow><mo .*?\(</mo>.*\)</mo></mrow><mrow><mn>2</mn></mrow></msup>", inner("(a + b)^2"))
    assert re.fullmatch(r"<msubsup><mrow><mo .*?‖</mo>.*‖</mo></mrow>.*</msubsup>", inner(r"\|\mathbf{x}\|_2^2"))
    nested = inner(r"\|a (b - \|c\|) - d\|_2")
    assert re.findall(r'form="(\w+)"[^>]*>‖', nested) == ["prefix", "prefix", "postfix", "postfix"]


def test_alignments_and_cases_are_tables() -> None:
    aligned = mathml(r"a &= b \\ &= c && \text{so what}", display=True)
    assert re.findall(r'<mtd class="(\w+)">', aligned) == ["right", "left", "right", "left", "right", "remark"]
    assert "<mtext>so\xa0what</mtext>" in aligned
    assert mathml(r"\begin{cases} a, & i = j \\ 0, & \text{otherwise} \end{cases}").count("<mtr>") == 2
    assert mathml(r"\begin{bmatrix} a & b \\ c & d \end{bmatrix}").count("<mtd") == 4


@pytest.mark.parametrize(
    "latex",
    [
        r"\unknown", r"\frac{a}", r"\left( a", r"a}", r"{a", r"\begin{cases} a", r"\begin{tikz} a \end{tikz}", "^", "a^",
        r"\mathbf{\frac{a}{b}}", r"\left\foo a \right)", "é#", r"\sqrt[3", "{" * 5000, "(" * 5000, r"\text{a",
    ],
)  # fmt: skip
def test_latex_that_is_not_known_is_an_error(latex: str) -> None:
    with pytest.raises(UnknownLatex):
        mathml(latex)


TOKENS = st.lists(
    st.sampled_from(
        [
            r"\frac", "{", "}", "(", ")", "^", "_", "|", r"\|", r"\left(", r"\right)", r"\begin{cases}", r"\end{cases}", "&",
            r"\\", "a", "1", "-", "+", r"\mathbf{x}", r"\operatorname{f}", "'", r"\sqrt", r"\bigl(", r"\bigr)", r"\text{a b}",
        ]
    ),
    max_size=30,
)  # fmt: skip


@given(TOKENS)
def test_any_tokens_are_well_formed_or_an_error(tokens: list[str]) -> None:
    try:
        made = mathml(" ".join(tokens), display=True)
    except UnknownLatex:
        return
    ElementTree.fromstring(made)


# ---- Templates ------------------------------------------------------------------------------------------------------

DOCUMENT = of(Identity("a_b", "d(x'*a)/d(x) = a'", title="On <x> & y"))


@pytest.mark.parametrize(
    ("format_name", "source", "expected"),
    [
        ("md", "{{ document.title }}!", "On &#60;x&#62; &#38; y!\n"),
        ("tex", r"\a{<< document.title >>} {{ no }} {% no %}", "\\a{On $<$x$>$ \\& y} {{ no }} {% no %}\n"),
        ("html", "{% for s in document.statements %}{{ s.title }}{{ s.mark }}{% endfor %}", "<code>a_b</code>\n"),
        ("html", "{% macro m(t) %}<b>{{ t }}</b>{% endmacro %}{{ m('<') }}{{ '<' ~ '>' }}", "<b>&lt;</b>&lt;&gt;\n"),
        ("tex", "<% macro m(t) %>[<< t >>]<% endmacro %><< m('_') >>", "[\\_]\n"),
    ],
)
def test_a_template_prints_what_it_says_escaped(format_name: str, source: str, expected: str) -> None:
    assert Template(format_name, source).rendered(DOCUMENT) == expected


@pytest.mark.parametrize("format_name", FORMATS)
def test_a_template_may_extend_the_built_in_one(format_name: str) -> None:
    begin, end = ("<%", "%>") if format_name == "tex" else ("{%", "%}")
    source = f'{begin} extends "notes.{format_name}" {end}{begin} block front {end}FRONT{begin} endblock {end}'
    text = Template(format_name, source, path=f"notes.{format_name}").rendered(DOCUMENT)
    plain = rendered(DOCUMENT, format_name)
    assert "FRONT" in text
    assert "FRONT" not in plain
    assert text.splitlines()[-3:] == plain.splitlines()[-3:]
    show = "<< statement.number >>" if format_name == "tex" else "{{ statement.number }}"
    source = f'{begin} extends "notes.{format_name}" {end}{begin} block statement {end}No. {show}{begin} endblock {end}'
    assert "No. 1.1" in Template(format_name, source).rendered(DOCUMENT)


def test_another_class_keeps_the_commands_of_the_built_in_template() -> None:
    source = '<% extends "notes.tex" %><% block head %>\\documentclass{amsart}<% endblock %>'
    text = Template("tex", source).rendered(DOCUMENT)
    assert text.startswith(r"\documentclass{amsart}")
    assert r"\newcommand{\statement}" in text
    assert "{article}" not in text


@pytest.mark.parametrize(
    ("source", "message", "line"),
    [
        ("a\n{% if %}", "Expected an expression", "{% if %}"),
        ("a\nb {{ document.nothing }}", "has no attribute 'nothing'", "b {{ document.nothing }}"),
        ("{{ document.__class__ }}", "unsafe", "{{ document.__class__ }}"),
        ("{{ ''.__class__.__mro__ }}", "unsafe", None),
        ("{{ 1/0 }}", "division by zero", None),
        ("{% include '/etc/passwd' %}", "/etc/passwd", None),
        ("{{ range(10000000)|list }}", "Range too big", None),
        ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "recursion", None),
        ("{{ document.title.format(1)", "unexpected", None),
    ],
)
def test_a_template_that_fails_is_an_error_with_its_line(source: str, message: str, line: str | None) -> None:
    with pytest.raises(TemplateError) as caught:
        Template("md", source, path="mine.j2").rendered(DOCUMENT)
    assert message.lower() in str(caught.value).lower()
    if line is not None:
        assert line in caught.value.render()
        assert "mine.j2" in caught.value.render()


# ---- The command ----------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("notes")
@pytest.mark.parametrize(
    ("ending", "begins", "sign"),
    [
        ("tex", "\\documentclass", r"$\checkmark$"),
        ("md", "# Vectors &#38; &#60;matrices", "✓"),
        ("html", "<!DOCTYPE html>", "✓"),
    ],
)
def test_the_ending_says_the_format(ending: str, begins: str, sign: str) -> None:
    result = export("notes.toml", "-o", f"out.{ending}")
    assert (result.exit_code, result.output) == (0, "")
    written = Path(f"out.{ending}").read_text(encoding="utf-8")
    assert written.startswith(begins)
    assert f"{sign} proved" in written
    assert "refuted, as expected" in written
    assert export("notes.toml", "--format", ending).output == written
    assert export("notes.toml", "--format", ending, "-o", "-").output == written


@pytest.mark.usefixtures("notes")
def test_title_author_and_selection() -> None:
    options = ["--title", "T_1", "--author", "A & B", "--only", "inner-*", "--tag", "inner"]
    result = export("notes.toml", "--format", "md", *options)
    assert result.output.startswith("# T&#95;1\n\nA &#38; B\n")
    assert result.output.count("<a id=") == 1


@pytest.mark.usefixtures("notes")
def test_without_verification_there_are_no_marks() -> None:
    output = export("notes.toml", "--no-verify", "--format", "md").output
    assert "✓" not in output
    assert "proved" not in output


@pytest.mark.usefixtures("notes")
def test_what_is_not_as_expected_is_told_and_the_notes_are_written() -> None:
    Path("wrong.toml").write_text(
        '[[identity]]\nname = "no"\nclaim = "A = A\'"\n[[identity]]\nname = "bad"\nclaim = "x*y = 1"\n', encoding="utf-8"
    )
    result = export("wrong.toml", "-o", "out.md")
    assert result.exit_code == 0
    assert "warning: wrong.toml:1: no is refuted, expected proved" in result.stderr
    assert "in the identity bad" in result.stderr
    written = Path("out.md").read_text(encoding="utf-8")
    assert "✗ refuted, expected proved" in written
    assert "! not well formed" in written
    assert "`x*y = 1`" in written


@pytest.mark.usefixtures("notes")
def test_notes_of_derivatives() -> None:
    result = export("net.mc", "--wrt", "W", "--wrt", "U", "--steps", "--format", "tex", "--style", "bm", "--transpose", "T")
    assert result.exit_code == 0
    assert r"\frac{\partial J}{\partial \bm{W}} &=" in result.output
    assert "^{T}" in result.output
    assert r"\emph{Derivation.}" in result.output
    cases = export("B'*B", "--wrt", "B", "--form", "cases", "--format", "md").output
    assert r"\begin{cases}" in cases
    assert "✓ proved" in cases


@pytest.mark.usefixtures("notes")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["notes.toml", "-o", "out.pdf"], "does not say the format"),
        (["notes.toml", "--declare", "x: vector"], "--declare goes with --wrt"),
        (["notes.toml", "--from", "latex"], "--from goes with --wrt"),
        (["x'*x", "--wrt", "x", "--only", "a"], "--only goes with identities"),
        (["x'*x", "y'*y", "--wrt", "x"], "one SOURCE"),
        (["net.mc"], "--wrt NAME"),
        (["x'*x"], "--wrt NAME"),
        (["nothing.toml"], "cannot read nothing.toml"),
        (["x'*", "--wrt", "x"], "error:"),
        (["notes.toml", "--only", "nothing"], "no identity is called nothing"),
        (["notes.toml", "--tag", "nothing"], "no identity has the tag"),
        (["notes.toml", "--only", "quad*", "--tag", "inner"], "no identity has all"),
        (["notes.toml", "--template", "nothing.j2"], "cannot read nothing.j2"),
        (["notes.toml", "--template", "net.mc", "-o", "no/such/folder.tex"], "cannot write no/such/folder.tex"),
        (["notes.toml", "-o", "notes.toml", "--format", "md"], "is read"),
        (["net.mc", "--wrt", "W", "-o", "./net.mc", "--format", "md"], "is read"),
    ],
)
def test_bad_usage(arguments: list[str], message: str) -> None:
    result = export(*arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert "Traceback" not in result.output
    assert Path("notes.toml").read_text(encoding="utf-8") == NOTES
    assert Path("net.mc").read_text(encoding="utf-8") == PROGRAM


@pytest.mark.usefixtures("notes")
def test_a_file_is_replaced_whole_or_not_at_all() -> None:
    out, template = Path("out.md"), Path("mine.j2")
    out.write_text("before", encoding="utf-8")
    out.chmod(0o640)
    template.write_text("{{ document.title }}\n{{ document.nothing }}\n", encoding="utf-8")
    failed = export("notes.toml", "--no-verify", "-o", "out.md", "--template", "mine.j2")
    assert (failed.exit_code, out.read_text(encoding="utf-8")) == (2, "before")
    assert "mine.j2:2" in failed.stderr
    template.write_text("{{ document.author }}", encoding="utf-8")
    Path("link.md").symlink_to("out.md")
    done = export("notes.toml", "--no-verify", "-o", "link.md", "--template", "mine.j2", "--author", "me")
    assert (done.exit_code, out.read_text(encoding="utf-8")) == (0, "me\n")
    assert Path("link.md").is_symlink()
    assert out.stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in Path().iterdir()) == ["link.md", "mine.j2", "net.mc", "notes.toml", "out.md"]


@pytest.mark.usefixtures("notes")
def test_a_new_file_has_the_permissions_of_the_user_and_a_device_is_written_to() -> None:
    assert export("notes.toml", "--no-verify", "-o", "out.md").exit_code == 0
    mask = os.umask(0)
    os.umask(mask)
    assert Path("out.md").stat().st_mode & 0o777 == 0o666 & ~mask
    assert export("notes.toml", "--no-verify", "--format", "md", "-o", os.devnull).exit_code == 0
    assert Path(os.devnull).is_char_device()


@pytest.mark.parametrize("format_name", FORMATS)
def test_the_built_in_template_is_printed_and_makes_the_same_notes(notes: Path, format_name: str) -> None:
    printed = export("--print-template", format_name)
    assert printed.output == built_in_template(format_name)
    (notes / "mine.j2").write_text(printed.output, encoding="utf-8")
    own = export("notes.toml", "--no-verify", "--format", format_name, "--template", "mine.j2")
    assert own.output == export("notes.toml", "--no-verify", "--format", format_name).output


@pytest.mark.usefixtures("notes")
def test_without_jinja_the_error_names_the_extra_and_verify_still_prints_latex(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    result = export("notes.toml", "-o", "out.tex")
    assert result.exit_code == 2
    assert "matcalc-symbolic[notes]" in result.stderr
    assert not Path("out.tex").exists()
    report = CliRunner().invoke(main, ["verify", "notes.toml", "--format", "latex"], prog_name="matcalc")
    assert report.exit_code == 0
    assert r"\item[{inner-product}]" in report.output


def test_notes_say_the_same_in_any_number_of_processes(notes: Path) -> None:
    assert export(str(notes / "notes.toml"), "-j", "2").output == export(str(notes / "notes.toml")).output


def test_statements_hold_their_title() -> None:
    plain = Statement("1", "a", "a b", Code("x"))
    assert plain.title == (Code("a b"),)
    assert not plain.readable
