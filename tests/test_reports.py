"""Reports: what is said of results as text, JSON, JUnit XML and LaTeX."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

from matcalc.documents.tex import latex_text
from matcalc.identity import Identity, library_paths, load
from matcalc.latex_report import latex_report
from matcalc.reports import json_report, junit_report, text_report
from matcalc.running import Result
from matcalc.status import BEGIN, END, status_table, with_status
from matcalc.verdict import Verdict

PROVED = Verdict("proved", "normal form", rules=("trace-cyclic: tr(A*B) = tr(B*A)", "transpose"))
SIZES = Verdict("proved-at-sizes", "sizes n = 2, 3")
NUMERIC = Verdict("numeric", "random points", "agreed at 12 points")
REFUTED = Verdict(
    "refuted",
    "evaluation",
    "the sides differ; holds if W is symmetric",
    {
        "sizes": {"n": 2, "m": 3},
        "values": {"x": [1.0, -0.0], "W": [[0.12345678, 2], [3, 4]]},
        "left": 1.5,
        "right": float("nan"),
    },
)
WIDE = "d(x'*" + "*".join(f"A_{k}" for k in range(60)) + "*x)/d(x) = 0"


def result(verdict: Verdict | None, name: str = "some-name", claim: str = "A = B", **given: object) -> Result:
    """A result of an identity of a file."""
    identity = Identity(name, claim, **({"path": "vectors.toml", "line": 7, "title": "Vectors"} | given))  # type: ignore[arg-type]
    error = None if verdict is not None else "error: `y` is wrong\nvectors.toml:7: in the identity some-name"
    return Result(identity, verdict, 0.25, error)


# ---- Text -----------------------------------------------------------------------------------------------------------


def test_few_are_listed_one_a_line_and_counted() -> None:
    results = [result(PROVED, "one"), result(SIZES, "two"), result(REFUTED, "three", expect="refuted")]
    assert text_report(results).split("\n") == [
        "proved           one",
        "proved-at-sizes  two",
        "refuted          three",
        "    the sides differ; holds if W is symmetric",
        "",
        "3 identities: 1 proved, 1 proved-at-sizes, 1 refuted as expected",
        "all as expected",
    ]


def test_what_is_not_as_expected_is_said_in_full() -> None:
    report = text_report([result(REFUTED, claim="d(x'*W*x)/d(x) = 2*x'*W"), result(NUMERIC, "other")])
    assert report.split("\n") == [
        "refuted          some-name",
        "    expected: proved",
        "    vectors.toml:7",
        "    claim: d(x'*W*x)/d(x) = 2*x'*W",
        "    method: evaluation",
        "    the sides differ; holds if W is symmetric",
        "numeric          other",
        "    expected: proved",
        "    vectors.toml:7",
        "    claim: A = B",
        "    method: random points",
        "    agreed at 12 points",
        "",
        "2 identities: 1 numeric, 1 refuted",
        "2 are not as expected",
    ]


def test_of_many_only_those_are_listed_that_are_not_as_expected() -> None:
    results = [result(PROVED, f"fine-{k}") for k in range(30)] + [result(REFUTED, "wrong")]
    report = text_report(results)
    assert report.startswith("refuted          wrong\n    expected: proved\n")
    assert "fine-" not in report
    assert report.endswith("31 identities: 30 proved, 1 refuted\n1 is not as expected")
    assert text_report(results, verbose=True).count("fine-") == 30


def test_many_that_are_fine_are_counts_alone() -> None:
    assert text_report([result(PROVED)] * 30) == "30 identities: 30 proved\nall as expected"


def test_one_claim_is_answered_without_counts() -> None:
    assert text_report([result(PROVED, "A = B", path=None)]) == "proved           A = B\n    method: normal form"


def test_rules_and_times_are_said_if_asked_for() -> None:
    report = text_report([result(PROVED)], explain=True, verbose=True)
    assert "    rule: trace-cyclic: tr(A*B) = tr(B*A)\n    rule: transpose\n    time: 0.250 s" in report
    assert "rule:" not in text_report([result(PROVED)], verbose=True)
    assert "time:" not in text_report([result(PROVED)], explain=True)


def test_the_whole_counterexample_is_said_if_asked_for() -> None:
    lines = text_report([result(REFUTED)], verbose=True).split("\n")
    assert lines[-6:] == [
        "    n = 2, m = 3",
        "    x = [1, 0]",
        "    W = [[0.123457, 2], [3, 4]]",
        "    left = 1.5",
        "    right = nan",
        "    time: 0.250 s",
    ]


def test_messages_are_filled_anew() -> None:
    message = "word " * 18 + "end\nof the line\nholds if W is symmetric"
    lines = text_report([result(Verdict("refuted", "evaluation", message))]).split("\n")
    assert lines[-3:] == ["    " + "word " * 14 + "word", "      word word word end of the line", "    holds if W is symmetric"]


def test_input_that_is_not_well_formed_is_counted() -> None:
    assert text_report([result(None), result(PROVED)]) == (
        "proved           some-name\n\n2 identities: 1 proved, 1 not well formed"
    )


def test_lines_are_shorter_than_80_columns() -> None:
    report = text_report([result(REFUTED, WIDE, WIDE + " ", source=WIDE), result(REFUTED, "b", WIDE)], verbose=True)
    assert max(map(len, report.split("\n"))) < 80
    assert report.replace("\n", "").replace(" ", "").count("A_59*x)") == 3


def test_verdicts_have_colours_where_there_are_colours() -> None:
    report = text_report([result(PROVED), result(REFUTED)], style=lambda text, colour: f"<{colour}>{text}</>")
    assert "<green>proved           </>some-name" in report
    assert "<red>refuted          </>some-name" in report
    assert report.endswith("<red>1 is not as expected</>")


# ---- JSON -----------------------------------------------------------------------------------------------------------

KEYS = ["name", "claim", "verdict", "expected", "ok", "method", "seconds", "counterexample", "message"]


def test_json_has_exactly_the_promised_keys() -> None:
    first, second, third = json.loads(json_report([result(PROVED), result(REFUTED, expect="refuted"), result(None)]))
    assert list(first) == list(second) == list(third) == KEYS
    assert list(first.values()) == ["some-name", "A = B", "proved", "proved", True, "normal form", 0.25, None, ""]
    assert (second["verdict"], second["expected"], second["ok"]) == ("refuted", "refuted", True)
    assert second["message"] == "the sides differ; holds if W is symmetric"
    assert (third["verdict"], third["ok"], third["message"].split("\n")[0]) == (None, False, "error: `y` is wrong")


def test_json_explains_with_rules() -> None:
    (answer,) = json.loads(json_report([result(PROVED)], explain=True))
    assert list(answer) == [*KEYS, "rules"]
    assert answer["rules"] == ["trace-cyclic: tr(A*B) = tr(B*A)", "transpose"]


def test_json_has_no_numbers_that_json_does_not_have() -> None:
    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    (answer,) = json.loads(json_report([result(REFUTED)]), parse_constant=refuse)
    assert answer["counterexample"]["right"] == "nan"
    assert answer["counterexample"]["values"]["W"] == [[0.12345678, 2], [3, 4]]


def test_json_of_nothing_is_an_empty_list() -> None:
    assert json.loads(json_report([])) == []


# ---- JUnit ----------------------------------------------------------------------------------------------------------


def test_junit_has_a_suite_for_each_file() -> None:
    results = [result(PROVED), result(REFUTED), result(None), result(PROVED, path="b.toml"), result(PROVED, path=None)]
    root = ElementTree.fromstring(junit_report(results))
    suites = [(suite.get("name"), suite.get("tests")) for suite in root]
    assert suites == [("vectors.toml", "3"), ("b.toml", "1"), ("claims", "1")]
    assert [root.get(key) for key in ("tests", "failures", "errors", "time")] == ["5", "1", "1", "1.250"]
    case = root[0][0]
    assert case.attrib == {"classname": "vectors", "name": "some-name", "time": "0.250", "file": "vectors.toml", "line": "7"}


def test_junit_says_what_failed() -> None:
    root = ElementTree.fromstring(junit_report([result(PROVED), result(REFUTED), result(None)]))
    fine, wrong, bad = root[0]
    assert list(fine) == []
    assert wrong[0].tag == "failure"
    assert wrong[0].attrib == {"message": "refuted, expected proved", "type": "refuted"}
    assert (wrong[0].text or "").split("\n")[:2] == ["vectors.toml:7", "claim: A = B"]
    assert (bad[0].tag, bad[0].get("message")) == ("error", "error: `y` is wrong")


@pytest.mark.parametrize("odd", ["\x00", "\x1b[31m", "\ud800", "\ufffe", "]]>", "<&\"'", "\x7f", "θ 😀"])
def test_junit_is_xml_whatever_is_said(odd: str) -> None:
    verdict = Verdict("refuted", odd, odd)
    report = junit_report([result(verdict, f"name{odd}", f"claim{odd}", path=f"{odd}.toml"), result(None, odd)])
    assert report.isascii()
    assert len(list(ElementTree.fromstring(report.encode()).iter("testcase"))) == 2


# ---- LaTeX ----------------------------------------------------------------------------------------------------------


def test_latex_shows_claims_with_what_belongs_to_them() -> None:
    document = latex_report(
        [
            result(
                PROVED,
                "softmax_rule",
                "d(x'*p)/d(x) = p' + x'*d(p)/d(x) = zeros(n)'",
                declare=("x: vector(n)",),
                where=("p = softmax(x)",),
                assume=("sum(x) = 1",),
                source="Book & (81)",
                note="50 % of it",
                layout="denominator",
                structured=True,
            )
        ]
    )
    for part in [
        r"\section*{Vectors}",
        r"\item[{softmax\_rule}] \emph{proved}; Book \& (81)",
            " &= \\mathbf{p}^\\top + ",
            "\n&= \\mathbf{0}_{n}^\\top \\\\\n&\\text{where } ",
            r"\text{where } \mathbf{p} = \operatorname{softmax}(\mathbf{x})",
        r"For $\mathbf{x} \in \mathbb{R}^{n}$.",
        r"Given $\operatorname{sum}(\mathbf{x}) = 1$.",
        "Layout: denominator.",
        "Tied entries move together.",
        r"Note: 50 \% of it.",
    ]:
        assert part in document


def test_latex_shows_a_claim_that_cannot_be_read_as_it_is_typed() -> None:
    assert r"\texttt{x*y = \{1\}}" in latex_report([result(None, claim="x*y = {1}")])


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("a_b^c #1 & 50% of {$x$}", r"a\_b\textasciicircum{}c \#1 \& 50\% of \{\$x\$\}"),
        ("~ \\", r"\textasciitilde{} \textbackslash{}"),
        ("é Ö č ł ß", r"\'{e} \"{O} \v{c} \l{} \ss{}"),
        ("θ Σ ∂ – “x”", r"$\theta$ $\Sigma$ $\partial$ -- ``x''"),
        ("a\tb\x00", "a b "),
        ("漢 😀", r"\texttt{U+6F22} \texttt{U+1F600}"),
        ("a < b | c", r"a $<$ b $|$ c"),
    ],
)
def test_text_is_escaped(text: str, latex: str) -> None:
    assert latex_text(text) == latex


LIBRARY = [identity for file in load(library_paths()) for identity in file.identities]


def test_latex_of_the_library_is_ascii_and_shows_every_formula() -> None:
    document = latex_report([Result(identity, PROVED, 0) for identity in LIBRARY])
    assert document.isascii()
    assert document.count(r"\begin{align*}") == document.count(r"\item[") == len(LIBRARY)
    assert "U+" not in document


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
def test_latex_compiles(tmp_path: Path) -> None:
    odd = result(REFUTED, "a_b [c] θ # \\ ~", "x*y = {1}", title="% & $ é 漢", note='"quoted" <x> |y| ^ 😀', path=None)
    path = tmp_path / "report.tex"
    path.write_text(latex_report([Result(identity, PROVED, 0) for identity in LIBRARY[::5]] + [odd]), encoding="ascii")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", path.name]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    assert path.with_suffix(".pdf").exists()


# ---- Status ---------------------------------------------------------------------------------------------------------


def test_status_counts_what_is_as_expected(tmp_path: Path) -> None:
    text = '[meta]\ntitle = "Vectors"\n' + "".join(f'[[identity]]\nname = "{k}"\nclaim = "x = x"\n' for k in "abcd")
    (tmp_path / "a.toml").write_text(text + 'expect = "refuted"\n[[unstated]]\nequation = "(1)"\nwhy = "limits"\n')
    (tmp_path / "b.toml").write_text('[[identity]]\nname = "e"\nclaim = "x = x"\n')
    files = load([tmp_path])
    identities = [identity for file in files for identity in file.identities]
    verdicts = [PROVED, SIZES, PROVED, REFUTED, PROVED]
    table = status_table(files, [Result(i, v, 0) for i, v in zip(identities, verdicts, strict=True)])
    assert table.split("\n") == [
        "| chapter | identities | proved | proved-at-sizes | numeric | refuted | unstated |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
        "| Vectors | 4 | 2 | 1 | 0 | 1 | 1 |",
        "| b | 1 | 1 | 0 | 0 | 0 | 0 |",
        "| all | 5 | 3 | 1 | 0 | 1 | 1 |",
    ]
    wrong = status_table(files, [Result(i, REFUTED, 0) for i in identities])
    assert "| not as expected |" in wrong.split("\n")[0]
    assert wrong.split("\n")[-1] == "| all | 5 | 0 | 0 | 0 | 1 | 4 | 1 |"


def test_status_stands_between_its_comments() -> None:
    page = f"before\n{BEGIN}\nold\n{END}\nafter\n"
    assert with_status(page, "| new |") == f"before\n{BEGIN}\n\n| new |\n\n{END}\nafter\n"
    assert with_status(with_status(page, "| new |"), "| new |") == with_status(page, "| new |")
