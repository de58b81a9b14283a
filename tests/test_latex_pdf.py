"""pdflatex sets everything that is printed, with amsmath, amssymb and bm alone, and lines stay on the paper.

Where pdflatex is missing the test is skipped, and says how many formulas nobody set.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from formulas import STYLES, library, of_corpus, of_library
from test_latex_golden import golden

from matcalc.answer import FORMS
from matcalc.notation.latex_names import BOLD
from matcalc.notation.latex_rows import to_rows

PDFLATEX = shutil.which("pdflatex")
HEAD = r"""\documentclass{article}
\usepackage{amsmath,amssymb,bm}
\allowdisplaybreaks
\begin{document}
"""
#: A line of the document class in em, and what is set beside it at most, in points.
LINE = 34.0
OVERFULL = 20.0


def in_rows() -> list[list[str]]:
    """Every side of the library in rows as long as a line."""
    found = [to_rows(form, BOLD, LINE, sides.names_in_use) for sides in library() for form in sides.forms]
    return [list(rows) for rows in dict.fromkeys(map(tuple, found))]


def display(rows: Sequence[str]) -> str:
    """A formula in rows."""
    return "\n".join([r"\begin{align*}", "& " + " \\\\\n&\\quad ".join(rows), r"\end{align*}"])


def typeset(body: str, folder: Path) -> str:
    """Run pdflatex on a document with this body; the log."""
    assert PDFLATEX is not None
    (folder / "document.tex").write_text(HEAD + body + "\n\\end{document}\n", encoding="ascii")
    command = [PDFLATEX, "-interaction=nonstopmode", "-halt-on-error", "document.tex"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=180)
    log = (folder / "document.log").read_text(encoding="latin-1")
    assert done.returncode == 0, "\n".join(re.findall(r"^!.*(?:\n.*){4}", log, re.MULTILINE))
    return log


def overfull(log: str) -> list[float]:
    """By how many points lines are too wide."""
    return [float(points) for points in re.findall(r"Overfull \\hbox \(([\d.]+)pt too wide\)", log)]


def skip_without_pdflatex(count: int) -> None:
    if PDFLATEX is None:
        pytest.skip(f"pdflatex is not installed (texlive-latex-base): {count:,} formulas were not set")


def test_the_whole_library_is_set_and_keeps_to_the_lines(tmp_path: Path) -> None:
    formulas = in_rows()
    skip_without_pdflatex(len(formulas))
    assert len(formulas) > 1_000
    assert any(len(rows) > 1 for rows in formulas)
    log = typeset("\n".join(map(display, formulas)), tmp_path)
    assert "Output written on document.pdf" in log
    assert [points for points in overfull(log) if points > OVERFULL] == []


def others() -> Iterator[str]:
    """What has no rows: the library in the other styles, the corpus in all forms, what was judged by eye."""
    yield from (latex for _, latex in golden())
    for style in STYLES[1::3]:
        yield from of_library(style)
    for form in FORMS[:-1]:
        yield from of_corpus(form, BOLD)
    yield from of_corpus(FORMS[-1], BOLD, every=7)


def test_all_forms_and_styles_are_set(tmp_path: Path) -> None:
    formulas = list(dict.fromkeys(others()))
    skip_without_pdflatex(len(formulas))
    assert len(formulas) > 4_000
    log = typeset("\n".join(rf"\[ {latex} \]" for latex in formulas), tmp_path)
    assert "LaTeX Warning" not in log
    assert "amsmath Warning" not in log


@pytest.mark.skipif(PDFLATEX is None, reason="pdflatex is not installed: its strictness went unchecked")
@pytest.mark.parametrize("wrong", [r"\[ x^{T}^{T} \]", r"\[ \unknown{x} \]", r"\[ \left( x \]"])
def test_what_is_wrong_is_not_set(tmp_path: Path, wrong: str) -> None:
    with pytest.raises(AssertionError):
        typeset(wrong, tmp_path)


@pytest.mark.skipif(PDFLATEX is None, reason="pdflatex is not installed: its lines went unmeasured")
def test_a_line_that_is_too_wide_is_seen(tmp_path: Path) -> None:
    log = typeset(display([" + ".join([r"\mathbf{A} \mathbf{B}"] * 30)]), tmp_path)
    assert max(overfull(log)) > OVERFULL
