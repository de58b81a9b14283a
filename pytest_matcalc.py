"""The pytest plugin of matcalc: each identity of a file NAME.identities.toml is a test.

Further files are named by the ini setting `matcalc_identities`, which takes patterns such as `identities/*.toml`, or
`notes/*.tex` for the marked equations of notes.  This module stands outside of the package: every run of pytest loads it,
and the package, which takes half a second to load, is needed only where there is such a file.
"""

from __future__ import annotations

import importlib
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

SUFFIX = ".identities.toml"


def pytest_addoption(parser: pytest.Parser) -> None:
    """The settings."""
    files = f"files of identities or of notes to test besides *{SUFFIX}: patterns of paths below the root folder"
    parser.addini("matcalc_identities", files, type="linelist", default=[])
    parser.addini("matcalc_timeout", "seconds for one identity, which is undecided after them", default="10")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """The identities of a file, if it asks for it by its name or is named by the setting."""
    if not (file_path.name.endswith(SUFFIX) or is_named(file_path, parent.config)):
        return None
    collector: pytest.Collector = importlib.import_module("matcalc.pytest_plugin").IdentityTests.from_parent(
        parent, path=file_path
    )
    return collector


def is_named(path: Path, config: pytest.Config) -> bool:
    """Whether one of the patterns of the setting is that of the path."""
    patterns = config.getini("matcalc_identities")
    if not patterns or not path.is_relative_to(config.rootpath):
        return False
    return any(fnmatchcase(path.relative_to(config.rootpath).as_posix(), pattern) for pattern in patterns)
