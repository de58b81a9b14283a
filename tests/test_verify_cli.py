"""`matcalc verify`, `show` and `list`, as a person uses them: what they print, where, and with which exit status."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from functools import partial
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from click.testing import CliRunner, Result

from matcalc.__main__ import main
from matcalc.commands import verify as verify_command
from matcalc.identity import library_paths, load
from matcalc.running import run as run_identities
from matcalc.verdict import Verdict

ROOT = Path(__file__).resolve().parent.parent
TRUE, FALSE = "d(x'*a)/d(x) = a'", "d(x'*W*x)/d(x) = 2*x'*W"
VECTORS = """\
[meta]
title = "Vectors"

[[identity]]
name = "inner-product"
claim = "d(x'*a)/d(x) = a'"
source = "Book (69)"
tags = ["inner", "vector"]

[[identity]]
name = "quadratic-form"
declare = ["x: vector(n)", "W: matrix(n, n)"]
claim = "d(x'*W*x)/d(x) = 2*x'*W"
expect = "refuted"
tags = ["quadratic", "vector"]
note = "needs a symmetric W"
"""
WRONG = '\n[[identity]]\nname = "wrong"\nclaim = "d(x\'*x)/d(x) = x\'"\n'
BAD = '\n[[identity]]\nname = "bad"\nclaim = "x*y = 1"\n'


def run(*args: str, stdin: str | bytes | None = None) -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(main, list(args), input=stdin, prog_name="matcalc")


def run_outside(*args: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own."""
    command, given = [sys.executable, "-m", "matcalc", *args], os.environ | environment
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=given, check=False)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with some identity files."""
    (tmp_path / "sets").mkdir()
    (tmp_path / "sets" / "vectors.toml").write_text(VECTORS, encoding="utf-8")
    (tmp_path / "wrong.toml").write_text(VECTORS + WRONG, encoding="utf-8")
    (tmp_path / "bad.toml").write_text(VECTORS + BAD + WRONG, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


# ---- Claims ---------------------------------------------------------------------------------------------------------


def test_a_true_claim_is_proved() -> None:
    result = run("verify", "-e", TRUE)
    assert (result.exit_code, result.stderr) == (0, "")
    first, second = result.stdout.splitlines()
    assert first == f"proved           {TRUE}"
    assert second.startswith("    method: ")


def test_a_false_claim_is_refuted_where_its_sides_differ() -> None:
    result = run("verify", "-e", FALSE)
    assert result.exit_code == 1
    assert result.stdout.startswith(f"refuted          {FALSE}\n    method: ")
    assert "n = " in result.stdout
    assert "W = " in result.stdout


def test_what_belongs_to_a_claim_is_given_by_options() -> None:
    assert run("verify", "-e", FALSE, "--declare", "W: matrix(n, n) symmetric").exit_code == 0
    assert run("verify", "-e", "d(x'*a)/d(x) = a", "--layout", "denominator").exit_code == 0
    assert run("verify", "-e", "sum(p) = 1", "--where", "p = softmax(x)").exit_code == 0
    assert run("verify", "-e", "2*sum(y) = 2", "--assume", "sum(y) = 1").exit_code == 0
    diagonal = ("-e", "d(tr(A*X))/d(X) = A.*eye(n)", "--declare", "A: matrix(n, n); X: matrix(n, n) diagonal")
    assert run("verify", *diagonal).exit_code == 1
    assert run("verify", *diagonal, "--structured").exit_code == 0


def test_claims_may_start_with_a_minus_sign_and_be_several() -> None:
    result = run("verify", "-e", "-x = -x", "-e", FALSE, "-e", TRUE)
    assert result.exit_code == 1
    assert [line.split()[0] for line in result.stdout.splitlines() if not line.startswith(" ") and line] == [
        "proved", "refuted", "proved", "3", "1",
    ]  # fmt: skip


def test_a_claim_that_is_not_well_formed_is_shown_after_the_others() -> None:
    result = run("verify", "-e", "x*y = 1", "-e", TRUE)
    assert result.exit_code == 2
    assert result.stderr.startswith("error: `x*y` multiplies a column by a column\n  x*y = 1\n  ^^^\nhint: ")
    assert result.stdout.startswith("proved ")


# ---- Files ----------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("folder")
def test_folders_and_files() -> None:
    result = run("verify", "sets", "wrong.toml")
    assert result.exit_code == 1
    assert [line for line in result.stdout.splitlines() if not line.startswith(" ")] == [
        "proved           inner-product",
        "refuted          quadratic-form",
        "proved           inner-product",
        "refuted          quadratic-form",
        "refuted          wrong",
        "",
        "5 identities: 2 proved, 3 refuted",
        "1 is not as expected",
    ]
    assert f"wrong.toml:{VECTORS.count(chr(10)) + 2}" in result.stdout


@pytest.mark.usefixtures("folder")
def test_all_as_expected_ends_with_0() -> None:
    result = run("verify", "sets")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.endswith("2 identities: 1 proved, 1 refuted as expected\nall as expected\n")


@pytest.mark.usefixtures("folder")
def test_an_identity_that_is_not_well_formed_ends_with_2_after_all_others_ran() -> None:
    result = run("verify", "bad.toml")
    assert result.exit_code == 2
    assert "refuted          wrong" in result.stdout
    assert "4 identities: 1 proved, 2 refuted, 1 not well formed\n1 is not as expected" in result.stdout
    assert result.stderr.splitlines()[:2] == [
        "error: `x*y` multiplies a column by a column",
        f"bad.toml:{VECTORS.count(chr(10)) + 2}: in the identity bad",
    ]


@pytest.mark.parametrize("stdin", [VECTORS, VECTORS.encode("utf-8-sig")])
def test_toml_is_read_from_standard_input(stdin: str | bytes) -> None:
    result = run("verify", "-", stdin=stdin)
    assert result.exit_code == 0
    assert "2 identities: " in result.stdout


@pytest.mark.usefixtures("folder")
def test_files_and_claims_go_together() -> None:
    assert "3 identities: 2 proved, 1 refuted as expected" in run("verify", "sets", "-e", TRUE).stdout


@pytest.mark.usefixtures("folder")
def test_only_some_are_run() -> None:
    result = run("verify", "wrong.toml", "--only", "inner-*", "--only", "quadratic-form")
    assert result.exit_code == 0
    assert "2 identities" in result.stdout
    assert "wrong" not in run("verify", "wrong.toml", "--only", "*-*").stdout


@pytest.mark.usefixtures("folder")
def test_fail_fast_stops() -> None:
    (Path("wrong.toml")).write_text(WRONG + VECTORS, encoding="utf-8")
    result = run("verify", "wrong.toml", "--fail-fast")
    assert result.exit_code == 1
    assert result.stdout.startswith("refuted          wrong")
    assert "inner-product" not in result.stdout


@pytest.mark.usefixtures("folder")
def test_processes_find_the_same() -> None:
    arguments = ("verify", "wrong.toml", "--format", "json")
    alone, together = run(*arguments), run(*arguments, "-j", "2")
    assert alone.exit_code == together.exit_code == 1
    first, second = json.loads(alone.stdout), json.loads(together.stdout)
    assert [answer | {"seconds": 0} for answer in first] == [answer | {"seconds": 0} for answer in second]


# ---- Formats --------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("folder")
def test_json_is_the_list_of_the_language() -> None:
    answers = json.loads(run("verify", "bad.toml", "--format", "json").stdout)
    keys = "name claim verdict expected ok method seconds counterexample message"
    assert [list(answer) for answer in answers] == [keys.split()] * 4
    assert [(a["name"], a["verdict"], a["expected"], a["ok"]) for a in answers] == [
        ("inner-product", "proved", "proved", True),
        ("quadratic-form", "refuted", "refuted", True),
        ("bad", None, "proved", False),
        ("wrong", "refuted", "proved", False),
    ]
    assert answers[0]["counterexample"] is None
    assert answers[3]["counterexample"]


@pytest.mark.usefixtures("folder")
def test_explain_names_rules() -> None:
    answers = json.loads(run("verify", "sets", "--format", "json", "--explain").stdout)
    assert [type(answer["rules"]) for answer in answers] == [list, list]
    rules = [f"    rule: {rule}" for rule in answers[0]["rules"]]
    assert set(rules) <= set(run("verify", "sets", "--explain").stdout.splitlines())


@pytest.mark.usefixtures("folder")
def test_junit_and_latex_have_all_identities() -> None:
    junit = run("verify", "wrong.toml", "--format", "junit")
    assert junit.exit_code == 1
    cases = ElementTree.fromstring(junit.stdout).iter("testcase")
    assert [case.get("name") for case in cases] == ["inner-product", "quadratic-form", "wrong"]
    latex = run("verify", "wrong.toml", "--format", "latex")
    assert latex.exit_code == 1
    assert latex.stdout.startswith(r"\documentclass")
    assert latex.stdout.count(r"\item[") == 3


def test_timeout_and_verdicts_without_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = []

    def fake(*_: object, timeout: float, **__: object) -> Verdict:
        limits.append(timeout)
        return Verdict("undecided", "time limit", "the time was not enough")

    monkeypatch.setattr(verify_command, "run", partial(run_identities, verify=fake))
    result = run("verify", "-e", TRUE, "--timeout", "0.5")
    assert (result.exit_code, limits) == (1, [0.5])
    assert result.stdout.splitlines()[1:] == [
        "    method: time limit",
        "    the time was not enough",
    ]
    run("verify", "-e", TRUE)
    assert limits == [0.5, 10.0]


def test_standard_output_need_not_encode_unicode() -> None:
    result = run_outside("verify", "-e", "∂(θᵀ⊙θᵀ)/∂θ = 0", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert "Traceback" not in result.stderr
    assert result.stdout.startswith("refuted          \\u2202(")


# ---- Terminals ------------------------------------------------------------------------------------------------------


def on_terminal(*args: str, **environment: str) -> tuple[str, str]:
    """What the command writes to a terminal, to standard output and to standard error."""
    texts = []
    for stream in ("stdout", "stderr"):
        ours, theirs = pty.openpty()
        given = os.environ | {"TERM": "xterm", **environment}
        streams = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, stream: theirs}
        process = subprocess.Popen([sys.executable, "-m", "matcalc", *args], cwd=ROOT, env=given, **streams)  # type: ignore[call-overload]
        os.close(theirs)
        texts.append(all_of(ours))
        process.wait()
    return texts[0], texts[1]


def all_of(descriptor: int) -> str:
    """Everything that is written to a terminal until it is closed."""
    found = b""
    with open(descriptor, "rb", buffering=0) as stream:
        while True:
            try:
                part = stream.read(4096)
            except OSError:  # how Linux says that the other end is closed
                part = b""
            if not part:
                return found.decode()
            found += part


def test_a_terminal_has_colours_and_a_bar() -> None:
    output, errors = on_terminal("verify", "-e", TRUE, "-e", TRUE, NO_COLOR="")
    assert "\x1b[32mproved" in output
    assert "verifying" in errors
    assert "100%" in errors


def test_no_color_is_respected() -> None:
    output, _ = on_terminal("verify", "-e", TRUE, "-e", TRUE, NO_COLOR="1", FORCE_COLOR="1")
    assert "proved" in output
    assert "\x1b" not in output


def test_pipes_have_neither() -> None:
    result = run_outside("verify", "-e", TRUE, "-e", TRUE, FORCE_COLOR="1")
    assert "\x1b" not in result.stdout
    assert result.stderr == ""


# ---- Bad usage and bad input ----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["verify"], "matcalc verify -e"),
        (["verify", "missing.toml"], "cannot read missing.toml"),
        (["verify", "x = x"], "a claim goes with -e"),
        (["verify", "sets", "--declare", "x: vector"], "--declare goes with -e"),
        (["verify", "sets", "--structured"], "--structured goes with -e"),
        (["verify", "sets", "--layout", "numerator"], "--layout goes with -e"),
        (["verify", "sets", "--only", "inner-prodct"], "did you mean inner-product?"),
        (["verify", "sets", "--format", "html"], "'--format'"),
        (["verify", "sets", "-j", "0"], "'-j'"),
        (["verify", "sets", "--timeout", "0"], "'--timeout'"),
        (["verify", "-e", "x"], "a claim is an equation"),
        (["verify", "-e", "x = "], "error: "),
        (["verify", "-e", TRUE, "--declare", "x: vektor"], "vector"),
        (["show", "inner-prodct", "sets"], "did you mean inner-product?"),
        (["show", "product", "sets"], "did you mean inner-product?"),
        (["show", "zzz", "sets"], "matcalc list"),
        (["show", "bad", "bad.toml"], "bad.toml:"),
        (["show", "bad", "bad.toml", "--emit", "latex"], "in the identity bad\n  x*y = 1\n  ^^^"),
        (["show", "inner-product", "sets", "bad.toml", "--emit", "numpy"], "several identities are called inner-product"),
        (["list", "sets/", "--tag", "innr"], "did you mean `inner`?"),
        (["list", "missing.toml"], "cannot read missing.toml"),
        (["lst"], "No such command 'lst'"),
    ],
)
def test_bad_input_ends_with_2_and_a_message(arguments: list[str], said: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert "Traceback" not in result.stderr
    assert "defect" not in result.stderr


@pytest.mark.parametrize("stdin", [b"\xff", b"", b"[[identity]]", b"\0", b"a = [" * 9999, VECTORS.encode() + b"\nx = "])
def test_hostile_toml_ends_with_a_short_message(stdin: bytes) -> None:
    result = run("verify", "-", stdin=stdin)
    assert result.exit_code == 2
    assert "standard input" in result.stderr
    assert len(result.stderr) < 2_000


# ---- show -----------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("folder")
def test_show_says_everything() -> None:
    lines = run("show", "inner-product", "sets").stdout.splitlines()
    assert lines[:4] == ["inner-product", "  d(x'*a)/d(x) = a'", "", "verdict: proved"]
    assert lines[5:] == [
        "declared: x: vector(n); a: vector(n)",
        "layout: numerator",
        "shape of left: row (n)",
        "shape of right: row (n)",
        "source: Book (69)",
        "tags: inner, vector",
        f"in: Vectors, {Path('sets/vectors.toml')}:4",
    ]


@pytest.mark.usefixtures("folder")
def test_show_says_what_is_wrong() -> None:
    result = run("show", "quadratic-form", "sets")
    assert result.exit_code == 0
    assert "verdict: refuted, as expected" in result.stdout
    assert "note: needs a symmetric W" in result.stdout
    assert "n = " in result.stdout.split("\n\n")[-1]


def test_show_says_what_a_claim_assumes() -> None:
    toml = (
        '[[identity]]\nname = "a"\nclaim = "sum(p)*sum(y) = 1"\ndeclare = ["y: vector(n)"]\nwhere = ["p = softmax(z)"]\n'
        'assume = ["sum(y) = 1"]\nlayout = "denominator"\nexpect = "refuted"\n'
    )
    output = run("show", "a", "-", stdin=toml).stdout
    for line in ("verdict: proved, expected refuted", "where: p = softmax(z)", "assumed: sum(y) = 1", "layout: denominator"):
        assert line in output.splitlines()


def test_show_emits_latex() -> None:
    toml = '[[identity]]\nname = "a"\nclaim = "d(x\'*p)/d(p) = x\' = x\'*eye"\nwhere = ["q = 2*x"]\n'
    assert run("show", "a", "-", "--emit", "latex", stdin=toml).stdout.splitlines()[1:] == [
        r"= \mathbf{x}^\top",
        r"= \mathbf{x}^\top \mathbf{I}_{n}",
        r"\quad \text{where } \mathbf{q} = 2 \mathbf{x}",
    ]


@pytest.mark.usefixtures("folder")
def test_show_emits_functions_of_both_sides() -> None:
    module: dict[str, object] = {}
    exec(run("show", "quadratic-form", "sets", "--emit", "numpy").stdout, module)
    W, x = np.array([[1.0, 2.0], [4.0, 8.0]]), np.array([1.0, -1.0])
    assert module["left"](W, x).tolist() == (x @ (W + W.T)).tolist()  # type: ignore[operator]
    assert module["right"](W, x).tolist() == (2 * x @ W).tolist()  # type: ignore[operator]


def test_show_knows_the_library() -> None:
    identity = load(library_paths())[0].identities[0]
    assert identity.claim in run("show", identity.name).stdout.replace("\n  ", " ")


# ---- list -----------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        ([], ["inner-product", "quadratic-form"]),
        (["inner"], ["inner-product"]),
        (["BOOK"], ["inner-product"]),
        (["symmetric", "2*x"], ["quadratic-form"]),
        (["symmetric", "inner"], []),
        (["--tag", "vector"], ["inner-product", "quadratic-form"]),
        (["--tag", "vector", "--tag", "quadratic"], ["quadratic-form"]),
    ],
)
def test_list_searches_names_texts_and_tags(arguments: list[str], names: list[str]) -> None:
    result = run("list", "sets/", *arguments)
    assert result.exit_code == 0
    *lines, count = result.stdout.splitlines()
    assert [line.split()[0] for line in lines] == names
    assert count == f"{len(names)} of 2 identities"


@pytest.mark.usefixtures("folder")
def test_list_shows_claims_and_tags() -> None:
    assert run("list", "inner", "sets/vectors.toml").stdout.startswith("inner-product  d(x'*a)/d(x) = a'\n")
    tags = run("list", "-", "--tags", stdin=VECTORS).stdout.splitlines()
    assert [line.split() for line in tags[:-1]] == [["2", "vector"], ["1", "inner"], ["1", "quadratic"]]


def test_list_of_the_library_fits_into_80_columns() -> None:
    lines = run("list", "det").stdout.splitlines()
    assert len(lines) > 20
    assert max(map(len, lines)) < 80
