"""KaTeX takes all LaTeX that is printed, with every warning an error: npm's `katex`, the version of katex/package.json.

`make test` installs it where npm is; elsewhere the test is skipped, and says how many formulas nobody checked.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from formulas import everything
from test_latex_golden import golden

FOLDER = Path(__file__).parent / "katex"
NODE = shutil.which("node")
#: What is no LaTeX, or is none by its letters.
WRONG = [r"x^{T}^{T}", r"x_{1}_{2}", r"\left(x", r"\unknown{x}", r"x'^{2}^{3}", "\\mathbf{é}", r"\[x"]
READY = NODE is not None and (FOLDER / "node_modules" / "katex" / "package.json").exists()


def refused(formulas: Sequence[str]) -> list[tuple[str, str]]:
    """The formulas that KaTeX does not take, with what it says."""
    assert NODE is not None
    lines = "\n".join(map(json.dumps, formulas))
    done = subprocess.run([NODE, FOLDER / "check.js"], input=lines, capture_output=True, text=True, check=True, timeout=120)
    found = [json.loads(line) for line in done.stdout.splitlines()]
    return [(formulas[answer["line"]], answer["error"]) for answer in found]


def test_katex_takes_everything_that_is_printed() -> None:
    formulas = list(dict.fromkeys([*everything(every=5), *(latex for _, latex in golden())]))
    if not READY:
        pytest.skip(f"KaTeX is not installed (make test does it where npm is): {len(formulas):,} formulas went unchecked")
    assert len(formulas) > 10_000
    assert refused(formulas) == []


@pytest.mark.skipif(not READY, reason="KaTeX is not installed: the check of its strictness went unchecked")
@pytest.mark.parametrize("wrong", WRONG)
def test_katex_refuses_what_is_wrong(wrong: str) -> None:
    assert [formula for formula, _ in refused([r"\mathbf{x}^\top", wrong, r"\bm{x}"])] == [wrong]


@pytest.mark.skipif(not READY, reason="KaTeX is not installed: its version went unchecked")
def test_the_version_is_the_one_that_is_pinned() -> None:
    pinned = json.loads((FOLDER / "package.json").read_text())["dependencies"]["katex"]
    installed = json.loads((FOLDER / "node_modules" / "katex" / "package.json").read_text())["version"]
    assert installed == pinned
