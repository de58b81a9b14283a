"""Emitted modules of the corpus, a sample of `python -m tests.modules`: linted, short, the same in every process."""

from __future__ import annotations

import ast

import pytest
from corpus import TASKS
from modules import COLUMNS, digest, emitted_modules, long_lines, ruff, trial

SAMPLE = TASKS[::37]


def test_modules_pass_ruff_and_have_short_lines() -> None:
    texts = list(emitted_modules(SAMPLE))
    assert len(texts) > 200
    assert ruff(texts) == ""
    assert [(name, line) for name, text in texts for line in long_lines(text)] == []


def test_what_is_wrong_would_be_seen() -> None:
    assert "F821" in ruff([("module", "def f(x):\n    return y\n")])
    assert long_lines(f'"""{"x" * COLUMNS}"""\n') == []
    assert long_lines(f"x = '{'x' * COLUMNS}'\n") != []
    assert trial("import sys\nif __name__ == '__main__':\n    sys.exit(1)\n") == 1
    assert trial("x = 1\n") == -1


def test_modules_do_not_depend_on_the_seed_of_hashes() -> None:
    assert " and " not in digest(5, 41)


@pytest.mark.parametrize("task", SAMPLE[::2], ids=lambda task: task.name)
def test_modules_try_themselves(task) -> None:
    tried = [(name, text) for name, text in emitted_modules([task]) if "_numpy_" in name and "__main__" in text]
    assert tried
    assert [name for name, text in tried if trial(text)] == []
    assert all(ast.parse(text) for _, text in tried)
