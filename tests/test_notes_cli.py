r"""`matcalc verify`, `list` and `show` on notes, as a lecturer uses them; the examples; notes as tests of pytest."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

import matcalc.pytest_plugin  # noqa: F401  # loaded once: NumPy cannot be loaded anew by each run of pytest here
from matcalc.__main__ import main
from matcalc.notes import read_file

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = sorted((ROOT / "examples").glob("notes.*"))
NOTES = r"""\documentclass{article}
\newcommand{\x}{\mathbf{x}}
\begin{document}
\section{Norms}
The square of the norm, $\|\x\|^2$:
% matcalc: x: vector(n); name: square
\begin{equation}
  \frac{\partial}{\partial \x} (\x^\top \x) = 2 \x^\top .
\end{equation}
% matcalc: x: vector(n), A: matrix(n, n)
\begin{align}
  \frac{\partial}{\partial \x} (\x^\top \mathbf{A} \x)
    &= \x^\top \mathbf{A}^\top + \x^\top \mathbf{A} \\
    &= \x^\top (\mathbf{A}^\top - \mathbf{A}) .
\end{align}
\[ \text{not marked} = ? \]
\end{document}
"""
MARKDOWN = """# Sums

<!-- matcalc: a: vector(n), b: vector(n) -->
$$ \\mathbf{a} + \\mathbf{b} = \\mathbf{b} + \\mathbf{a} $$
"""
BAD = "% matcalc: x: vector(n)\n\\begin{align}\n  a &= a \\\\ % remark\n    &= \\mathbf{x} \\mathbf{x}\n\\end{align}\n"
TOML = '[[identity]]\nname = "inner-product"\nclaim = "d(x\'*a)/d(x) = a\'"\n'


def run(*args: str) -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(main, list(args), prog_name="matcalc")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with notes and identities."""
    (tmp_path / "notes.tex").write_text(NOTES, encoding="utf-8")
    (tmp_path / "page.md").write_bytes(b"\xef\xbb\xbf" + MARKDOWN.replace("\n", "\r\n").encode())
    (tmp_path / "bad.tex").write_text(BAD, encoding="utf-8")
    (tmp_path / "plain.md").write_text("$$ a = b $$\n", encoding="utf-8")
    (tmp_path / "sets").mkdir()
    (tmp_path / "sets" / "vectors.toml").write_text(TOML, encoding="utf-8")
    (tmp_path / "sets" / "left.tex").write_text("no mark", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


# ---- verify ---------------------------------------------------------------------------------------------------------


def test_each_marked_equation_has_a_verdict_with_its_line() -> None:
    result = run("verify", "notes.tex")
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert lines[0] == "proved           notes.tex:8: square"
    assert lines[1] == "refuted          notes.tex:12: equation at line 12"
    assert "    notes.tex:14: this step is wrong" in lines
    assert lines[-3:] == [
        "2 identities: 1 proved, 1 refuted",
        "1 is not as expected",
        "notes.tex: 2 equations marked, 1 left alone",
    ]


def test_all_as_expected_ends_with_0() -> None:
    result = run("verify", "page.md")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith("proved           page.md:4: equation at line 4\n")
    assert result.stdout.endswith("\npage.md: 1 equation marked, 0 left alone\n")


def test_a_mistake_in_a_formula_ends_with_2_after_the_others_ran() -> None:
    result = run("verify", "bad.tex", "page.md")
    assert result.exit_code == 2
    assert "page.md:4: equation at line 4" in result.stdout
    assert "bad.tex:3: in the identity equation at line 3\n" in result.stderr
    assert re.search(r"\nbad\.tex:4:8:\n      &= \\mathbf\{x\} \\mathbf\{x\}\n         \^", result.stderr)


def test_notes_without_a_mark_end_with_2_and_a_hint() -> None:
    result = run("verify", "plain.md")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        "error: plain.md marks no equation\nhint: write `<!-- matcalc: x: vector(n) -->` on the line before an equation\n"
    )
    allowed = run("verify", "plain.md", "--unmarked-ok")
    assert (allowed.exit_code, allowed.stdout) == (0, "plain.md: 0 equations marked, 1 left alone\n")


def test_notes_folders_identities_and_claims_go_together() -> None:
    result = run("verify", "notes.tex", "sets", "page.md", "-e", "x = x", "-j", "2")
    names = [line.split(maxsplit=1)[1] for line in result.stdout.splitlines() if re.match(r"(proved|refuted) ", line)]
    assert names == [
        "notes.tex:8: square", "notes.tex:12: equation at line 12", "inner-product", "page.md:4: equation at line 4", "x = x",
    ]  # fmt: skip
    assert run("verify", "notes.tex", "--only", "square").exit_code == 0


def test_formats_have_file_and_line() -> None:
    first, second = json.loads(run("verify", "notes.tex", "--format", "json").stdout)
    assert (first["file"], first["line"], first["wrong_line"]) == ("notes.tex", 8, None)
    assert (second["file"], second["line"], second["wrong_line"]) == ("notes.tex", 12, 14)
    assert "file" not in json.loads(run("verify", "sets", "--format", "json").stdout)[0]
    junit = ElementTree.fromstring(run("verify", "notes.tex", "--format", "junit").stdout)
    cases = [(case.get("name"), case.get("file"), case.get("line")) for case in junit.iter("testcase")]
    assert cases == [("square", "notes.tex", "8"), ("equation at line 12", "notes.tex", "12")]
    assert "notes.tex:14: this step is wrong" in (junit.find(".//failure").text or "")  # type: ignore[union-attr]
    assert run("verify", "notes.tex", "--format", "latex").stdout.count(r"\item[") == 2


# ---- list, show, pytest ---------------------------------------------------------------------------------------------


def test_list_and_show_know_notes() -> None:
    assert run("list", "square", "notes.tex").stdout.splitlines()[1] == "1 of 2 identities"
    shown = run("show", "square", "notes.tex").stdout
    assert "verdict: proved" in shown
    assert "in: Norms, notes.tex:8" in shown
    bad = run("show", "equation at line 3", "bad.tex", "--emit", "latex")
    assert (bad.exit_code, "\nbad.tex:4:8:\n" in bad.stderr) == (2, True)


def test_marked_equations_are_tests_where_the_setting_says_so(pytester: pytest.Pytester) -> None:
    pytester.makefile(".tex", notes=NOTES, other=NOTES)
    pytester.makeini("[pytest]\nmatcalc_identities = notes.tex\n")
    result = pytester.runpytest("-p", "pytest_matcalc", "-p", "no:hypothesispytest", "-v")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["notes.tex::square PASSED*", "notes.tex::equation at line 12 FAILED*"])
    result.stdout.fnmatch_lines(["*notes.tex:14: this step is wrong"])


# ---- Examples -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_the_examples_verify(path: Path) -> None:
    result = run("verify", str(path))
    assert (result.exit_code, result.stderr) == (0, "")
    assert "1 refuted as expected" in result.stdout
    assert len(read_file(path).identities) >= 6


def test_the_example_compiles(tmp_path: Path) -> None:
    pdflatex = shutil.which("pdflatex")
    if pdflatex is None:
        pytest.skip("pdflatex is not installed: 1 document is not compiled")
    command = [pdflatex, "-interaction=nonstopmode", "-halt-on-error", str(ROOT / "examples" / "notes.tex")]
    done = subprocess.run(command, capture_output=True, cwd=tmp_path, check=False)
    said = done.stdout.decode("latin-1")
    assert done.returncode == 0, said
    assert "Overfull" not in said
