"""The command line, as a person uses it: what it prints, where, and with which exit status."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import matcalc
from matcalc.__main__ import main

ROOT = Path(__file__).resolve().parent.parent
QUADRATIC = "x'*A*x"
NETWORK = """\
W: matrix(M, D)          # the hidden layer
U: matrix(C, M)
x: vector(D)
y: vector(C) simplex
z = W*x
h = relu(z)
theta = U*h
J = crossentropy(y, softmax(theta))
"""


def run(*args: str, stdin: str | bytes | None = None) -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(main, list(args), input=stdin, prog_name="matcalc")


def run_outside(*args: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own."""
    return subprocess.run(
        [sys.executable, *args], capture_output=True, text=True, cwd=ROOT, env=os.environ | environment, check=False
    )


@pytest.fixture
def network(tmp_path: Path) -> str:
    path = tmp_path / "net.mc"
    path.write_text(NETWORK, encoding="utf-8")
    return str(path)


# What is printed ------------------------------------------------------------------------------------------------------


def test_first_line_is_the_answer_and_the_rest_what_was_assumed() -> None:
    result = run("derive", QUADRATIC, "--wrt", "x")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "x'*(A + A')",
        "",
        "assumed: x: vector(n); A: matrix(n, n)",
        "layout: numerator",
        "shape by x: (n), a row",
    ]


@pytest.mark.parametrize(
    ("form", "answer"),
    [("matrix", "X'*diag(s.*(1 - s))*X"), ("index", "[i,j: sum[r: X[r,i]*s[r]*(1 - s[r])*X[r,j]]]")],
)
def test_names_that_the_answer_introduces_follow_it(form: str, answer: str) -> None:
    arguments = ("sum(log(1+exp(X*w)))", "--wrt", "w", "--order", "2", "--declare", "X: matrix(m, n)")
    lines = run("derive", *arguments, "--form", form).stdout.splitlines()
    assert lines[:2] == [answer, "where s = sigmoid(X*w)"]


@pytest.mark.parametrize("form", ["matrix", "index", "cases", "vec"])
def test_form_prints_the_notation_of_the_library(form: str) -> None:
    expected = matcalc.derive("B'*B", wrt="B").to_text(form=form)
    assert run("derive", "B'*B", "--wrt", "B", "--form", form).stdout.startswith(expected + "\n")


def test_elements_are_printed_at_the_given_sizes() -> None:
    result = run("derive", "A*x", "--wrt", "A", "--form", "elements", "--size", "m=2,n=3")
    expected = matcalc.derive("A*x", wrt="A").to_text(form="elements", sizes={"m": 2, "n": 3})
    assert result.stdout.startswith(expected + "\n")


def test_declarations_change_the_answer() -> None:
    result = run("derive", QUADRATIC, "--wrt", "x", "--declare", "x: vector(k); A: matrix(k, k) symmetric")
    assert result.stdout.startswith("2*x'*A\n")
    assert "A: matrix(k, k) symmetric" in result.stdout


def test_denominator_layout_transposes() -> None:
    assert run("derive", "A*x", "--wrt", "x", "--layout", "denominator").stdout.startswith("A'\n")


def test_an_expression_may_start_with_a_minus_sign() -> None:
    assert run("derive", "-a'*x", "--wrt", "x").stdout.startswith("-a'\n")


def test_several_variables_have_a_heading_each(network: str) -> None:
    blocks = run("derive", network, "--wrt", "U", "--wrt", "W", "--form", "matrix").stdout.split("\n\n")
    assert [block.splitlines()[0] for block in blocks[:2]] == ["by U:", "by W:"]
    assert blocks[2].count("assumed:") == 1


def test_output_name_is_chosen(network: str) -> None:
    assert run("derive", network, "--of", "theta", "--wrt", "h").stdout.startswith("U\n")


def test_program_is_read_from_standard_input() -> None:
    assert run("derive", "-", "--wrt", "x", stdin="y = A*x\n").stdout.startswith("A\n")


def test_latex_is_the_latex_of_the_library() -> None:
    expected = matcalc.derive("B'*B", wrt="B").latex(form="cases")
    assert run("derive", "B'*B", "--wrt", "B", "--emit", "latex", "--form", "cases").stdout == expected + "\n"


def test_json_has_the_promised_keys() -> None:
    answer = json.loads(run("derive", QUADRATIC, "--wrt", "x", "--emit", "json").stdout)
    keys = "expression wrt order layout declarations shape text latex index cases numpy"
    assert set(keys.split()) <= set(answer)
    assert (answer["wrt"], answer["order"], answer["layout"], answer["shape"]) == ("x", 1, "numerator", ["n"])
    assert answer["text"] == "x'*(A + A')"


def test_json_of_several_variables_is_a_list(network: str) -> None:
    answers = json.loads(run("derive", network, "--wrt", "U", "--wrt", "W", "--emit", "json").stdout)
    assert [answer["wrt"] for answer in answers] == ["U", "W"]


@pytest.mark.parametrize("flags", [[], ["--value"]])
def test_numpy_is_the_module_of_the_library(flags: list[str], network: str) -> None:
    result = run("derive", network, "--wrt", "U", "--wrt", "W", "--emit", "numpy", *flags)
    assert result.stdout == matcalc.derive(NETWORK, wrt=["U", "W"]).numpy(value=bool(flags)).rstrip("\n") + "\n"


def test_what_was_assumed_fits_into_80_columns(network: str) -> None:
    output = run("derive", network, "--wrt", "U", "--wrt", "W").stdout
    assumptions = output[output.index("assumed:") :].splitlines()
    assert len(assumptions) > 4
    assert max(map(len, assumptions)) < 80


def test_standard_output_need_not_encode_unicode() -> None:
    arguments = ("θᵀ*Σ*θ", "--wrt", "θ", "--declare", "θ: vector")
    result = run_outside("cli.py", "derive", *arguments, PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("theta'*(Sigma + Sigma')\n")


def test_checkout_and_package_are_the_same_command() -> None:
    from_checkout = run_outside("cli.py", "derive", QUADRATIC, "--wrt", "x")
    from_package = run_outside("-m", "matcalc", "derive", QUADRATIC, "--wrt", "x")
    assert (from_checkout.stdout, from_checkout.returncode) == (from_package.stdout, 0)


def test_a_derivation_imports_neither_numpy_nor_scipy() -> None:
    program = (
        "import sys; from matcalc.__main__ import main; "
        f"main(['derive', {QUADRATIC!r}, '--wrt', 'x'], standalone_mode=False); "
        "print(sorted({'numpy', 'scipy', 'jax'} & set(sys.modules)))"
    )
    assert run_outside("-c", program).stdout.splitlines()[-1] == "[]"


# check ----------------------------------------------------------------------------------------------------------------


def test_check_prints_both_numbers_and_the_error() -> None:
    result = run("check", QUADRATIC, "--wrt", "x", "--size", "n=3")
    found = matcalc.derive(QUADRATIC, wrt="x").check(sizes={"n": 3})
    assert result.exit_code == 0
    assert all(f"{number:.15g}" in result.stdout for number in [*found.analytic, *found.numeric])
    assert f"largest relative error: {found.largest_relative_error:.1e}; they agree" in result.stdout


def test_check_shows_few_of_many_entries() -> None:
    result = run("check", "B'*B", "--wrt", "B", "--size", "m=3,n=4")
    assert "... and 184 more entries, which differ no more" in result.stdout
    assert max(map(len, result.stdout.splitlines())) < 80


def test_check_says_when_a_point_shows_nothing() -> None:
    assert "note: every entry is 0 at this point" in run("check", "step(x)", "--wrt", "x").stdout
    assert "note:" not in run("check", QUADRATIC, "--wrt", "x").stdout


def test_check_follows_the_seed() -> None:
    first, again, other = (run("check", QUADRATIC, "--wrt", "x", "--seed", seed).stdout for seed in ("1", "1", "2"))
    assert first == again != other


def test_check_ends_with_1_on_disagreement(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = matcalc.derive("x'*A'*x + sum(x)", wrt="x").function()
    monkeypatch.setattr(matcalc.Derivative, "function", lambda _: wrong)
    result = run("check", QUADRATIC, "--wrt", "x")
    assert result.exit_code == 1
    assert "they DISAGREE" in result.stdout


def test_check_ends_with_1_on_a_wrong_shape(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = matcalc.derive("A*x", wrt="x").function()
    monkeypatch.setattr(matcalc.Derivative, "function", lambda _: wrong)
    result = run("check", QUADRATIC, "--wrt", "x", "--size", "n=3")
    assert result.exit_code == 1
    assert "the derivative has shape (3, 3), the numeric one (3,)" in result.stdout


# Bad usage and bad input ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["derive", "x"], "Missing option '--wrt'"),
        (["derive", "x", "--wrt", "x", "--order", "0"], "'--order'"),
        (["derive", "x", "--wrt", "x", "--size", "n=0", "--form", "elements"], "'n=0' is not NAME=SIZE"),
        (["derive", "x", "--wrt", "x", "--size", "n=2"], "--size goes with --form elements"),
        (["derive", "x", "--wrt", "x", "--value"], "--value goes with --emit numpy"),
        (["derive", "x", "--wrt", "x", "--emit", "json", "--form", "index"], "--form goes with --emit text or latex"),
        (["derive", "x", "--wtr", "x"], "Did you mean"),
        (["derive", "missing.mc", "--wrt", "x"], "cannot read missing.mc"),
        (["derive", "x*y", "--wrt", "x"], "x'*y"),
        (["derive", "x'*A*x + sofmax(x)", "--wrt", "x"], "softmax"),
        (["derive", "(x", "--wrt", "x"], "^"),
        (["derive", "", "--wrt", "x"], "error: "),
        (["derive", "A*B", "--wrt", "A", "--declare", "A: matrix(m, 2); B: matrix(3, n)"], "^"),
        (["derive", "x", "--wrt", "x", "--declare", "x: vektor"], "vector"),
        (["derive", "x'*x", "--wrt", "x'*x"], "error: "),
    ],
)
def test_bad_input_ends_with_2_and_a_message(arguments: list[str], said: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert said in result.stderr
    assert "Traceback" not in result.stderr
    assert "defect" not in result.stderr


@pytest.mark.parametrize(
    "source",
    [
        b"\xff\xfe",
        b"x\x00'*x",
        b"(" * 10_000 + b"x" + b")" * 10_000,
        b"(" * 10_000,
        b"-" * 10_000 + b"x)",
        b"x" + b"'" * 50_000 + b"*",
        b"x + " * 25_000,
        b"x" * 100_000 + b" y",
        "x\u202e'*x \U0001f600".encode(),
        b"\n" * 5_000,
        b"d(" * 3_000,
    ],
    ids=lambda source: repr(source[:12]),
)
def test_hostile_input_ends_with_a_short_message(source: bytes) -> None:
    result = run("derive", "-", "--wrt", "x", stdin=source)
    assert result.exit_code in (0, 2)
    assert "Traceback" not in result.stderr
    assert "defect" not in result.stderr
    assert len(result.stderr) < 2_000


def test_error_shows_the_line_of_the_file_and_a_caret(tmp_path: Path) -> None:
    path = tmp_path / "bad.mc"
    path.write_text("x: vector(n)\ny: vector(n)\nf = x*y\n", encoding="utf-8")
    result = run("derive", str(path), "--wrt", "x")
    assert result.exit_code == 2
    lines = result.stderr.splitlines()
    assert lines[0].startswith("error: ")
    assert "bad.mc:3" in lines[1]
    assert lines[2] == "  f = x*y"
    assert set(lines[3]) == {" ", "^"}


def test_an_unexpected_failure_is_reported_without_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise KeyError("axis")

    monkeypatch.setattr(matcalc, "derive", fail)
    result = run("derive", QUADRATIC, "--wrt", "x")
    assert result.exit_code == 2
    assert result.stderr.startswith("error: matcalc failed with KeyError: 'axis'\n")
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(("error", "said"), [(RecursionError(), "too deeply"), (MemoryError(), "memory")])
def test_exhausted_resources_are_a_message(monkeypatch: pytest.MonkeyPatch, error: Exception, said: str) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(matcalc, "derive", fail)
    result = run("derive", QUADRATIC, "--wrt", "x")
    assert result.exit_code == 2
    assert said in result.stderr
