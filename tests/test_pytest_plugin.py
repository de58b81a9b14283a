"""The pytest plugin: which files are tests, what a failure says, and what else of pytest works with it."""

from __future__ import annotations

import subprocess
import sys
from xml.etree import ElementTree

import pytest

import matcalc.pytest_plugin  # loaded once: NumPy cannot be loaded anew by each run of pytest in this process
from matcalc.identity import Identity
from matcalc.running import Result, judge

IDENTITIES = """\
[meta]
title = "Vectors"

[[identity]]
name = "inner-product"
claim = "d(x'*a)/d(x) = a'"
tags = ["inner"]

[[identity]]
name = "quadratic-form"
claim = "d(x'*W*x)/d(x) = 2*x'*W"
declare = ["x: vector(n)", "W: matrix(n, n)"]
tags = ["quadratic"]

[[identity]]
name = "erratum"
claim = "d(x'*a)/d(x) = 2*a'"
expect = "refuted"
"""
BAD = '[[identity]]\nname = "bad"\nclaim = "x*y = 1"\n'
#: The plugin is loaded by name, whether or not its entry point is installed; Hypothesis takes long to load.
PLUGIN = ("-p", "pytest_matcalc", "-p", "no:hypothesispytest")


@pytest.fixture
def files(pytester: pytest.Pytester) -> pytest.Pytester:
    """A folder with one identity file, and with another that is none by its name."""
    pytester.makefile(".identities.toml", vectors=IDENTITIES)
    pytester.makefile(".toml", other=IDENTITIES)
    return pytester


def test_each_identity_is_a_test(files: pytest.Pytester) -> None:
    result = files.runpytest(*PLUGIN, "-v")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(
        [
            "vectors.identities.toml::inner-product PASSED*",
            "vectors.identities.toml::quadratic-form FAILED*",
            "vectors.identities.toml::erratum PASSED*",
        ]
    )


def test_a_failure_is_short_and_says_why(files: pytest.Pytester) -> None:
    result = files.runpytest(*PLUGIN)
    lines = result.stdout.lines
    begin = next(k for k, line in enumerate(lines) if line.startswith("____") and "quadratic-form" in line)
    failure = lines[begin + 1 : next(k for k, line in enumerate(lines) if "short test summary" in line)]
    assert failure[0] == "refuted, expected proved"
    assert failure[1].endswith("vectors.identities.toml:9")
    assert failure[2] == "claim: d(x'*W*x)/d(x) = 2*x'*W"
    assert "n = " in "\n".join(failure)
    assert len(failure) < 10
    assert "Traceback" not in "\n".join(lines)


def test_reports_have_the_real_line(files: pytest.Pytester) -> None:
    reports = files.inline_run(*PLUGIN).getreports("pytest_runtest_logreport")
    places = {report.location for report in reports}  # type: ignore[union-attr]
    assert places == {
        ("vectors.identities.toml", 3, "inner-product"),
        ("vectors.identities.toml", 8, "quadratic-form"),
        ("vectors.identities.toml", 14, "erratum"),
    }


@pytest.mark.parametrize(
    ("ini", "passed"),
    [
        ("", 2),
        ("matcalc_identities = other.toml", 4),
        ("matcalc_identities =\n    none.toml\n    oth*.toml", 4),
        ("matcalc_identities = sub/*.toml", 2),
    ],
)
def test_further_files_are_named_by_a_setting(files: pytest.Pytester, ini: str, passed: int) -> None:
    files.makeini(f"[pytest]\n{ini}\n")
    files.runpytest(*PLUGIN).assert_outcomes(passed=passed, failed=passed // 2)


def test_identities_are_chosen_by_name_tag_and_node(files: pytest.Pytester) -> None:
    files.runpytest(*PLUGIN, "-k", "quadratic").assert_outcomes(failed=1, deselected=2)
    files.runpytest(*PLUGIN, "-k", "inner and not product").assert_outcomes(deselected=3)
    files.runpytest(*PLUGIN, "-k", "inner").assert_outcomes(passed=1, deselected=2)
    files.runpytest(*PLUGIN, "vectors.identities.toml::erratum").assert_outcomes(passed=1)


def test_tags_are_no_markers(files: pytest.Pytester) -> None:
    result = files.runpytest(*PLUGIN, "--strict-markers", "--strict-config")
    result.assert_outcomes(passed=2, failed=1)


def test_a_claim_that_is_not_well_formed_fails_with_its_place(pytester: pytest.Pytester) -> None:
    pytester.makefile(".identities.toml", bad=BAD + IDENTITIES.partition("\n\n")[2])
    result = pytester.runpytest(*PLUGIN)
    result.assert_outcomes(passed=2, failed=2)
    result.stdout.fnmatch_lines(
        [
            "error: `x[*]y` multiplies a column by a column",
            "*bad.identities.toml:1: in the identity bad",
            "  x[*]y = 1",
            "  ^^^",
        ]
    )


def test_a_broken_file_is_an_error_with_its_place(pytester: pytest.Pytester) -> None:
    pytester.makefile(".identities.toml", broken=BAD + "declrae = []\n")
    result = pytester.runpytest(*PLUGIN)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["error: `declrae` is not a key of an identity", "*broken.identities.toml:4:1:", "hint: did you mean `declare`?"]
    )
    assert "Traceback" not in result.stdout.str()


def test_the_time_of_an_identity_is_limited_by_a_setting(
    files: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = []

    def judged(identity: Identity, *, timeout: float) -> Result:
        limits.append(timeout)
        return judge(identity, timeout=timeout)

    monkeypatch.setattr(matcalc.pytest_plugin, "judge", judged)
    files.runpytest(*PLUGIN, "-k", "erratum").assert_outcomes(passed=1, deselected=2)
    files.makeini("[pytest]\nmatcalc_timeout = 7.5\n")
    files.runpytest(*PLUGIN, "-k", "erratum").assert_outcomes(passed=1, deselected=2)
    assert limits == [10.0, 7.5]


def test_several_processes_share_the_tests(files: pytest.Pytester) -> None:
    pytest.importorskip("xdist")
    files.runpytest_subprocess(*PLUGIN, "-n", "2").assert_outcomes(passed=2, failed=1)


def test_junit_has_names_failures_and_verdicts(files: pytest.Pytester) -> None:
    files.runpytest(*PLUGIN, "--junitxml=report.xml")
    cases = list(ElementTree.parse(files.path / "report.xml").iter("testcase"))
    assert [case.get("name") for case in cases] == ["inner-product", "quadratic-form", "erratum"]
    (failure,) = cases[1].iter("failure")
    assert (failure.get("message") or "").startswith("refuted, expected proved")
    verdicts = [[p.get("value") for p in case.iter("property") if p.get("name") == "verdict"] for case in cases]
    assert verdicts == [["proved"], ["refuted"], ["refuted"]]


def test_warnings_may_be_errors(files: pytest.Pytester) -> None:
    files.runpytest_subprocess(*PLUGIN, "-W", "error").assert_outcomes(passed=2, failed=1)


def test_without_identity_files_the_package_is_not_loaded(pytester: pytest.Pytester) -> None:
    pytester.makefile(".toml", other=IDENTITIES)
    pytester.makepyfile("import sys\n\ndef test_loaded():\n    assert not {'matcalc', 'sympy', 'numpy'} & set(sys.modules)\n")
    pytester.runpytest_subprocess(*PLUGIN).assert_outcomes(passed=1)


def test_the_plugin_imports_pytest_alone() -> None:
    program = "import pytest, sys; before = set(sys.modules); import pytest_matcalc; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["pytest_matcalc"]
