"""Emitted modules of the corpus: every target and product, with and without what the options add.

`python -m tests.modules` emits all of them, which takes minutes: ruff's default rules, short lines, the same text for every
seed of hashes, and for NumPy the trial that each module brings along.  The suite takes a sample.
"""

from __future__ import annotations

import ast
import contextlib
import hashlib
import io
import os
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path

import matcalc
from matcalc.codegen import TARGETS
from matcalc.request import PRODUCTS

__all__ = ["digest", "emitted_modules", "long_lines", "ruff", "trial"]

#: How wide a line of an emitted module may be.
COLUMNS = 100


def emitted_modules(tasks: Iterable, *, random: bool = True) -> Iterator[tuple[str, str]]:
    """Names and texts of the modules of some tasks; what a product or a trial is not made for is left out."""
    for task in tasks:
        answer = matcalc.derive(task.source, task.wrt, task.declare, task.layout, task.order)
        for target in TARGETS:
            for product in PRODUCTS:
                for full in (False, True) if target == "numpy" else (True,):
                    options = {"value": full and product != "operator", "check": full, "random": full and random}
                    options["random"] &= target != "sympy"
                    with contextlib.suppress(matcalc.MatcalcError):
                        name = f"{task.name}_{target}_{product}_{int(full)}".replace("-", "_")
                        yield name, answer.code(target, product, **options)


def long_lines(text: str) -> list[str]:
    """The lines that are too long; a docstring may hold a word that is, and a name in a line of its own."""
    lines = set(range(1, text.count("\n") + 2))
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.FunctionDef) and ast.get_docstring(node) is not None:
            lines -= set(range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1))
    return [line for number, line in enumerate(text.split("\n"), 1) if number in lines and len(line) > COLUMNS]


def ruff(texts: Iterable[tuple[str, str]]) -> str:
    """What ruff's default rules say of some modules."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in texts:
            (Path(folder) / f"{name}.py").write_text(text)
        command = [sys.executable, "-m", "ruff", "check", "--isolated", "--quiet", "--output-format=concise", folder]
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
        return ran.stdout + ran.stderr


def trial(text: str) -> int:
    """The exit status of a module that is run as a program."""
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            exec(compile(text, "module", "exec"), {"__name__": "__main__"})
        except SystemExit as end:
            return int(end.code or 0)
    return -1


def digest(start: int, step: int) -> str:
    """A digest of the modules of every so many tasks, found in a process of its own for each of two seeds."""
    program = (
        "import hashlib, sys; sys.path[:0] = ['tests', '.']\n"
        "from corpus import TASKS\nfrom modules import emitted_modules\n"
        f"texts = ''.join(name + text for name, text in emitted_modules(TASKS[{start}::{step}]))\n"
        "print(len(texts), hashlib.sha256(texts.encode()).hexdigest())"
    )
    found = []
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        root = Path(__file__).parent.parent
        command = [sys.executable, "-c", program]
        ran = subprocess.run(command, env=environment, cwd=root, capture_output=True, text=True, check=True)
        found.append(ran.stdout.strip())
    return found[0] if found[0] == found[1] else f"{found[0]} and {found[1]}"


def sweep() -> int:
    """All modules of the corpus; the number of complaints."""
    from corpus import TASKS

    texts = list(emitted_modules(TASKS))
    complaints = [f"{name}: {line}" for name, text in texts for line in long_lines(text)]
    complaints += ruff(texts).splitlines()
    tried = [(name, trial(text)) for name, text in texts if "_numpy_" in name and "__main__" in text]
    complaints += [f"{name}: its trial ends with {status}" for name, status in tried if status]
    same = digest(0, 1)
    complaints += [f"the texts depend on the seed of hashes: {same}"] * (" and " in same)
    print(*complaints, sep="\n")
    sha = hashlib.sha256("".join(text for _, text in texts).encode()).hexdigest()[:16]
    print(f"{len(texts)} modules, {len(tried)} of them tried, {len(complaints)} complaints; {sha}")
    return min(1, len(complaints))


if __name__ == "__main__":
    sys.path.insert(0, "tests")
    sys.exit(sweep())
