"""Every example in README.md is run, and prints what the page shows.

A `console` block holds commands after `$ ` and their output, a `python` block an interactive session, and a `matcalc`,
`toml` or `tex` block that begins with `# NAME`, or `% NAME`, is the file that later commands and sessions read.
"""

from __future__ import annotations

import doctest
import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from matcalc.__main__ import main
from matcalc.identity import library_paths, load
from matcalc.operation import load_operations, operations
from matcalc.running import run
from matcalc.status import equations_page, status_table, with_status

load_operations()
ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
CONSOLE = "".join(text for language, text in BLOCKS if language == "console")
COMMANDS = re.findall(r"^\$ (matcalc .*)\n((?:(?!\$ ).*\n)*)", CONSOLE, re.MULTILINE)
SESSIONS = [text for language, text in BLOCKS if language == "python"]
FILES = {text.split()[1]: text for language, text in BLOCKS if language in ("matcalc", "toml", "tex") and text[0] in "#%"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder with the files of the page."""
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_page_has_examples() -> None:
    assert len(COMMANDS) >= 5
    assert len(SESSIONS) >= 2


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(("command", "output"), COMMANDS, ids=[command for command, _ in COMMANDS])
def test_command_prints_what_is_shown(command: str, output: str) -> None:
    result = CliRunner().invoke(main, shlex.split(command)[1:], prog_name="matcalc")
    assert result.output.strip("\n") == output.strip("\n")


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("session", SESSIONS)
def test_session_prints_what_is_shown(session: str) -> None:
    test = doctest.DocTestParser().get_doctest(session, {}, "README.md", "README.md", 0)
    report: list[str] = []
    failed, attempted = doctest.DocTestRunner(verbose=False).run(test, out=report.append)
    assert failed == 0, "".join(report)
    assert attempted > 0


def test_the_status_of_the_library_is_the_one_that_is_shown() -> None:
    files = load(library_paths())
    results = run([identity for file in files for identity in file.identities], processes=2)
    assert with_status(README, status_table(files, results)) == README
    assert equations_page(files, results) == (ROOT / "identities" / "STATUS.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted({record.name for record in operations()}))
def test_every_operation_is_on_the_page(name: str) -> None:
    table = README[README.index("## The language in one table") : README.index("## Layouts")]
    assert name in re.findall(r"\w+", table)
