"""Identities as pytest's test items: what the plugin `pytest_matcalc` loads once there is a file of them."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from matcalc.errors import MatcalcError
from matcalc.identity import Identity
from matcalc.notes import read_file
from matcalc.reports import described
from matcalc.running import Result, judge

__all__ = ["IdentityTests", "IdentityTest"]


class NotAsExpected(Exception):
    """An identity whose verdict is not the expected one, or that is not well formed."""

    def __init__(self, result: Result) -> None:
        super().__init__(result)
        self.result = result

    def __str__(self) -> str:
        """The verdict and why, with claim and counterexample."""
        verdict = self.result.verdict
        if verdict is None:
            return self.result.error or ""
        details = textwrap.dedent("\n".join(described(self.result)))
        return f"{verdict.verdict}, expected {self.result.expected}\n{details}"


class IdentityTests(pytest.File):
    """A file of identities, or of notes with marked equations."""

    def collect(self) -> Iterator[pytest.Item]:
        """A test for each identity; a file that is not as it should be is an error with its place."""
        try:
            file = read_file(self.path)
        except MatcalcError as error:
            raise self.CollectError(error.render()) from None
        for identity in file.identities:
            yield IdentityTest.from_parent(self, name=identity.name, identity=identity)


class IdentityTest(pytest.Item):
    """The test that the verdict of an identity is as expected; `-k` finds it by its tags, too."""

    def __init__(self, *, identity: Identity, **given: Any) -> None:
        super().__init__(**given)
        self.identity = identity
        # No markers: those would have to be registered one by one.
        self.extra_keyword_matches.update(identity.tags)

    def runtest(self) -> None:
        """Verify the identity."""
        result = judge(self.identity, timeout=float(self.config.getini("matcalc_timeout")))
        if result.verdict is not None:
            self.user_properties.append(("verdict", result.verdict.verdict))
        if not result.ok:
            raise NotAsExpected(result)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The claim, the verdict and the counterexample, without a traceback."""
        return str(excinfo.value) if isinstance(excinfo.value, NotAsExpected) else super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """The file, the line of the identity counted from 0, and its name."""
        return self.path, self.identity.line - 1, self.name
