"""Traps of documents: names that look alike, parts of a message, labels of the page itself, templates without an end."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from matcalc import derive
from matcalc.__main__ import main
from matcalc.commands import export
from matcalc.documents.derivatives import notes_of_derivatives
from matcalc.documents.html import HTML
from matcalc.documents.identities import notes_of_identities, statement_of
from matcalc.documents.labels import Labels
from matcalc.documents.model import Display, Document
from matcalc.documents.rendering import Template, TemplateError, rendered
from matcalc.documents.tex import TEX
from matcalc.identity import Identity
from matcalc.running import Result, judge

CLASH = Identity("rules", "W1*W_1 = W_1*W1", declare=("W1: matrix(n, n)", "W_1: matrix(n, n)"), expect="refuted")


def notes(*identities: Identity, results: list[Result] | None = None, **options: object) -> Document:
    """Notes of a few identities."""
    return notes_of_identities(list(identities), results or [], **options)  # type: ignore[arg-type]


def test_names_that_look_alike_are_written_the_same_way_everywhere() -> None:
    document = notes(CLASH)
    (statement,) = document.statements
    assert isinstance(statement.claim, Display)
    shown = {r"\mathbf{W1}", r"\mathbf{W\_1}"}
    assert all(name in "".join(statement.claim.rows) for name in shown)
    assert all(name in TEX.written(statement.facts[0].text) for name in shown)
    assert {row.symbol.latex for row in document.symbols} == shown | {"n"}


def test_assigned_names_that_look_alike_are_told_apart() -> None:
    identity = Identity("a", "y1 = y_1", declare=("x: vector(n)",), where=("y1 = x", "y_1 = 2*x"))
    assert {row.symbol.latex for row in notes(identity).symbols} == {r"\mathbf{y1}", r"\mathbf{y\_1}", r"\mathbf{x}", "n"}


def test_variables_of_a_derivative_that_look_alike_are_told_apart() -> None:
    document = notes_of_derivatives([derive("tr(W1*W_1)", "W1", ["W1: matrix(n, n)", "W_1: matrix(n, n)"])])
    for page in (rendered(document, "tex"), rendered(document, "md")):
        assert r"\mathbf{W\_1}" in page
        assert not re.search(r"\\mathbf\{W\}_\{?1", page)


def test_a_variable_looks_the_same_where_another_depends_on_it() -> None:
    identity = Identity("a", "d(y)/d(x) = d(y)/d(x)", declare=("y(x): vector(m)", "x: vector(n)"))
    facts = next(iter(notes(identity).statements)).facts
    assert TEX.written(facts[0].text).startswith(r"$\mathbf{y}(\mathbf{x}) \in \mathbb{R}^{m}$; $\mathbf{x}")


def test_the_cause_of_a_refutation_is_a_clause_of_its_own() -> None:
    facts = {fact.heading: TEX.text(str(fact.text[0])) for fact in statement_of(CLASH, judge(CLASH)).facts}
    assert re.match(r"holds if W1 and W\\_1 commute; the sides differ at n = 2", facts["Found:"])


def test_labels_are_not_those_of_the_page() -> None:
    made = Labels()
    assert [made.new(name) for name in ("rules", "symbols", "index", "index")] == ["rules-2", "symbols-2", "index-2", "index-3"]
    page = rendered(notes(*(Identity(f"{name}", "A = A") for name in ("rules", "symbols", "index", *"abcdefgh"))), "html")
    identifiers = re.findall(r' id="([^"]*)"', page)
    assert len(set(identifiers)) == len(identifiers)
    assert set(re.findall(r'href="#([^"]*)"', page)) <= set(identifiers)


def test_a_source_is_emphasised_without_its_margins() -> None:
    document = notes(Identity("a", "A = A"), sources={None: "  * A book  "})
    assert "\n*&#42; A book*\n" in rendered(document, "md")


# ---- Templates ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", ['{{ "a" * 10**10 }}', '{{ "%1000000000d" % 1 }}', "{{ [1] * 10 }}", "{{ 10 ** 10000000 }}"])
def test_a_template_makes_no_endless_text_of_a_sign(source: str) -> None:
    with pytest.raises(TemplateError, match="not allowed in a template"):
        Template("md", source).rendered(notes())


def test_a_template_may_reckon() -> None:
    assert Template("md", "{{ 2 * 3 }} {{ 7 % 4 }} {{ 2 ** 10 }} {{ 1.5 * 2 }}").rendered(notes()) == "6 3 1024 3.0\n"


def test_a_template_without_an_end_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "LONGEST", 0.2)
    path = tmp_path / "loop.md"
    loop = "{% for _ in range(99999) %}"
    path.write_text(loop * 3 + "{% endfor %}" * 3, encoding="utf-8")
    arguments = ["export", "x'*A*x", "--wrt", "x", "--no-verify", "--format", "md", "--template", str(path)]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 2
    assert result.stderr.startswith("error: the template does not come to an end within 0.2 s\n")


def test_hostile_notes_make_one_page() -> None:
    name = '</code></a><script>alert(1)</script>"'
    page = rendered(notes(Identity(name, "A = A", source=name, note=f"`{name}` {name}", tags=(name,)), title=name), "html")
    assert "<script" not in page
    assert page.count(HTML.text(name)) >= 4
