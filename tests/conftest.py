"""Plugins of the tests: `pytester` runs pytest on files of its own, for the tests of the pytest plugin.

`--update-golden` writes the LaTeX of tests/golden/latex.toml anew; look at what changed before it is committed.
"""

import pytest

pytest_plugins = ["pytester"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write tests/golden/latex.toml anew")
