"""LaTeX on the command line: styles of letters and of transposes, names that an answer introduces, wrong options."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import matcalc
from matcalc.__main__ import main

QUADRATIC = ["derive", "x'*A*x", "--wrt", "x"]
LOGISTIC = ["derive", "sum(log(1 + exp(X*w)))", "--wrt", "w", "--order", "2"]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments), prog_name="matcalc")


@pytest.mark.parametrize(
    ("options", "latex"),
    [
        ([], r"\mathbf{x}^\top (\mathbf{A} + \mathbf{A}^\top)"),
        (["--style", "bold", "--transpose", "top"], r"\mathbf{x}^\top (\mathbf{A} + \mathbf{A}^\top)"),
        (["--style", "plain"], r"x^\top (A + A^\top)"),
        (["--style", "bm", "--transpose", "T"], r"\bm{x}^{T} (\bm{A} + \bm{A}^{T})"),
        (["--transpose", "prime"], r"\mathbf{x}' (\mathbf{A} + \mathbf{A}')"),
    ],
)
def test_derive_writes_in_the_style_that_is_asked_for(options: list[str], latex: str) -> None:
    assert run(*QUADRATIC, "--emit", "latex", *options).output == latex + "\n"


def test_show_writes_in_the_style_that_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "one.toml"
    path.write_text("[[identity]]\nname = 'one'\nclaim = \"d(x'*A*x)/d(x) = r'\"\nwhere = [\"r = (A + A')*x\"]\n")
    shown = run("show", "one", str(path), "--emit", "latex", "--style", "plain", "--transpose", "prime").output
    assert shown == "\\frac{\\partial x' A x}{\\partial x}\n= r'\n\\quad \\text{where } r = (A + A') x\n"


def test_names_that_the_answer_introduces_are_explained() -> None:
    assert run(*LOGISTIC, "--emit", "latex", "--transpose", "T").output == (
        r"\mathbf{X}^{T} \operatorname{diag}\bigl(\mathbf{s} \odot (1 - \mathbf{s})\bigr) \mathbf{X}" + "\n"
        r"\quad \text{where } \mathbf{s} = \sigma(\mathbf{X} \mathbf{w})" + "\n"
    )  # fmt: skip
    derivative = matcalc.derive("sum(log(1 + exp(X*w)))", "w", order=2)
    assert derivative.where_latex("plain") == {"s": r"\sigma(X w)"}


def test_entries_written_out_introduce_no_names() -> None:
    assert "where" not in run(*LOGISTIC, "--emit", "latex", "--form", "elements", "--size", "m=2,n=2").output


def test_steps_are_written_in_the_style_that_is_asked_for() -> None:
    shown = run(*QUADRATIC, "--steps", "--emit", "latex", "--style", "bm", "--transpose", "prime").output
    assert r"\bm{x}'" in shown
    assert r"\mathbf{x}" not in shown
    assert r"\top" not in shown


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([*QUADRATIC, "--style", "bm"], "--style goes with --emit latex, not with --emit text."),
        ([*QUADRATIC, "--emit", "numpy", "--transpose", "T"], "--transpose goes with --emit latex, not with --emit numpy."),
        ([*QUADRATIC, "--emit", "json", "--style", "plain"], "--style goes with --emit latex, not with --emit json."),
        ([*QUADRATIC, "--emit", "latex", "--style", "huge"], "'huge' is not one of 'bold', 'plain', 'bm'"),
        ([*QUADRATIC, "--emit", "latex", "--transpose", "'"], "is not one of 'top', 'prime', 'T'"),
        (["show", "x", "--style", "bm"], "--style goes with --emit latex, not with --emit text."),
    ],
)
def test_styles_go_with_latex_alone(arguments: list[str], said: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert said in " ".join(result.output.split())
