"""LaTeX as it is found is read right, or refused with its place: never a wrong tree in silence."""

from __future__ import annotations

import subprocess
import sys
import time
import tomllib
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import matcalc
from matcalc.claim import read_claim
from matcalc.identity import parse_identities
from matcalc.inference import TypedProgram, infer
from matcalc.latex_reader import latex_claim, latex_program, latex_variable
from matcalc.latex_reader.scope import convention, paper_name
from matcalc.notation.text import to_text
from matcalc.running import judge

SNIPPETS = tomllib.loads((Path(__file__).parent / "latex_snippets.toml").read_text())["snippet"]


# --- formulas as they are found -------------------------------------------------------------------------------------


def read_snippet(snippet: dict) -> str:
    """What a snippet is read as: the sides of a claim, else the output of a program."""
    latex, declare, where = snippet["latex"], snippet.get("declare", []), snippet.get("where", [])
    if snippet.get("program"):
        return output(latex_program(r" \\ ".join([*where, latex]), declare))
    sides, read, _ = latex_claim(latex, declare, where)
    typed = infer(read, extra=sides, alike=[(0, k) for k in range(1, len(sides))])
    return " = ".join(map(to_text, typed.extra))


def output(program) -> str:
    typed = infer(program)
    return (f"{program.output_name} = " if program.output_name else "") + to_text(typed.output)


@pytest.mark.parametrize("snippet", [s for s in SNIPPETS if "text" in s], ids=lambda s: s["name"])
def test_a_formula_as_it_is_found(snippet: dict) -> None:
    assert read_snippet(snippet) == snippet["text"]


@pytest.mark.parametrize("snippet", [s for s in SNIPPETS if "error" in s], ids=lambda s: s["name"])
def test_a_formula_with_two_readings(snippet: dict) -> None:
    with pytest.raises(matcalc.MatcalcError) as caught:
        read_snippet(snippet)
    assert snippet["error"] in caught.value.message
    assert caught.value.span is not None
    assert caught.value.span.text == snippet["place"]


def test_at_least_95_of_100_formulas_are_read() -> None:
    assert len(SNIPPETS) >= 100
    assert len({snippet["name"] for snippet in SNIPPETS}) == len(SNIPPETS)
    assert len({snippet["style"] for snippet in SNIPPETS}) >= 12
    assert sum("text" in snippet for snippet in SNIPPETS) >= 0.95 * len(SNIPPETS)


# --- what formulas mean ---------------------------------------------------------------------------------------------


def typed(latex: str, *declare: str) -> TypedProgram:
    return infer(latex_program(latex, declare))


def text(latex: str, *declare: str) -> str:
    return to_text(typed(latex, *declare).output)


MEANINGS = {
    r"\frac12 x": ("1/2*x", ["x: scalar"]),
    r"\tfrac12x^2": ("1/2*x^2", ["x: scalar"]),
    r"\frac1{2}": ("1/2", []),
    r"1/2\,x": ("1/2*x", ["x: scalar"]),
    r"1/(2n)\sum_{i=1}^n x_i": ("1/(2*n)*sum[i: x[i]]", ["x: vector(n)"]),
    r"\mathbf{W}_{1}": ("W1", ["W1: matrix(m, n)"]),
    r"\mathbf W_1": ("W_1", ["W_1: matrix(m, n)"]),
    r"\mathbf{W}^{(1)}": ("W1", ["W1: matrix(m, n)"]),
    r"{\mathbf{W}^{[1]}}^\top": ("W_1'", []),
    r"\hat{\mathbf y}_1": ("y_hat_1", []),
    r"\hat y": ("yhat", ["yhat: vector(n)"]),
    r"\bar{x}'\tilde{A}": ("x_bar'*A_tilde", []),
    r"x_{\text{max}}": ("x_max", ["x_max: scalar"]),
    r"\mathrm{loss}^2": ("loss^2", ["loss: scalar"]),
    r"\mathbf{AB}": ("AB", ["AB: matrix(m, n)"]),
    r"(\mathbf{x}^\top)^\top": ("(x')'", []),
    r"\mathbf{A}^{-1}{}^\top": ("inv(A)'", []),
    r"\mathbf{A}^{-\mathsf{T}}": ("inv(A)'", []),
    r"{\mathbf{A}^{\intercal}}^{-1}": ("inv(A')", []),
    r"\mathbf{x}^{\prime}\mathbf{y}": ("x'*y", []),
    r"\mathbf{x}^\text{T}\mathbf{y}": ("x'*y", []),
    r"\mathbf{x}^\mathrm T\mathbf{y}": ("x'*y", []),
    r"\mathbf{A}^3": ("A^3", []),
    r"a^{b^c}": ("a^(b^c)", ["a: scalar", "b: scalar", "c: scalar"]),
    r"\mathbf{x}\cdot\mathbf{y}": ("x'*y", []),
    r"2 \cdot \mathbf{x}": ("2*x", []),
    r"\mathbf{A}\odot\mathbf{B}\mathbf{C}": ("A.*(B*C)", []),
    r"\mathbf{A}\otimes\mathbf{B}": ("kron(A, B)", []),
    r"\mathbf{x}\oslash\mathbf{y}": ("x./y", []),
    r"\log\det\mathbf{X}": ("logdet(X)", []),
    r"\log|\mathbf{X}|": ("logdet(X)", []),
    r"\ln\left|\det\mathbf{X}\right|": ("logdet(X)", []),
    r"\log(\det(\mathbf{X}))": ("log(det(X))", []),
    r"\left|\mathbf{X}\right|": ("det(X)", []),
    r"\lvert x \rvert": ("abs(x)", ["x: scalar"]),
    r"|a||b|": ("abs(a)*abs(b)", ["a: scalar", "b: scalar"]),
    r"\operatorname{tr}\mathbf{A}\mathbf{B} + c": ("tr(A*B) + c", ["c: scalar"]),
    r"\operatorname{Tr}\{\mathbf{A}\}": ("tr(A)", []),
    r"\sin^2 x": ("sin(x)^2", ["x: scalar"]),
    r"\sin(x)^2": ("sin(x)^2", ["x: scalar"]),
    r"\log x^2": ("log(x^2)", ["x: scalar"]),
    r"\exp\{-x\}": ("exp(-x)", ["x: scalar"]),
    r"e^{-x}": ("exp(-x)", ["x: scalar"]),
    r"e^2": ("e^2", ["e: scalar"]),
    r"\max(0, \mathbf{z})": ("maximum(0, z)", []),
    r"\sigma(\mathbf{z})": ("sigmoid(z)", []),
    r"\sigma(a + b)": ("sigma*(a + b)", ["sigma: scalar", "a: scalar", "b: scalar"]),
    r"\sigma'(z)": ("sigmoid(z).*(1 - sigmoid(z))", ["z: vector(n)"]),
    r"f''(x) + f^{\prime}(x) + f^{(4)}(x)": ("f''(x) + f'(x) + f''''(x)", ["f: function", "x: scalar"]),
    r"a (b + c)": ("a*(b + c)", ["a: scalar", "b: scalar", "c: scalar"]),
    r"\mathbf{A}(\mathbf{x} + \mathbf{y})": ("A*(x + y)", []),
    r"2(\mathbf{x} + \mathbf{y})": ("2*(x + y)", []),
    r"\mathbf{1}_n^\top \mathbf{x}": ("ones(n)'*x", []),
    r"\mathbf{1}_{m \times n}": ("ones(m, n)", []),
    r"\mathbf{A} + \lambda\mathbf{I}": ("A + lambda*eye(n)", []),
    r"\mathbf{I}_{n} - \mathbf{0}_{n \times n}": ("eye(n) - zeros(n, n)", []),
    r"\mathbf{K}_{m,n}\operatorname{vec}(\mathbf{A})": ("commutation(m, n)*vec(A)", ["A: matrix(m, n)"]),
    r"\sum_{i,j} A_{ij}": ("sum[i,j: A[i,j]]", []),
    r"\sum_{ij} A_{i,j}": ("sum[i,j: A[i,j]]", []),
    r"\sum_{i=1}^{3} x_i": ("sum[i: ones(3)[i]*x[i]]", []),
    r"\sum_i [\mathbf{A}\mathbf{x}]_i": ("sum[i: (A*x)[i]]", []),
    r"\left[ x_i y_j \right]_{ij}": ("[i,j: x[i]*y[j]]", []),
    r"\|\mathbf{x}\|^2": ("norm2(x)^2", []),
    r"\left\|\mathbf{A}\right\|_F^2": ("norm2(A)^2", []),
    r"\lVert\mathbf{x}\rVert_1": ("norm1(x)", []),
    r"\sqrt{x}": ("sqrt(x)", ["x: scalar"]),
    r"\nabla_{\mathbf{x}} f": ("grad(f, x)", ["f(x): scalar", "x: vector(n)"]),
    r"\nabla f": ("grad(f, x)", ["f(x): scalar", "x: vector(n)"]),
    r"\frac{\partial f(\mathbf{x})}{\partial \mathbf{x}}": ("d(f)/d(x)", ["f(x): scalar", "x: vector(n)"]),
    r"\frac{\partial^2 f}{\partial \mathbf{x}^2}": ("hessian(f, x)", ["f(x): scalar", "x: vector(n)"]),
    r"\frac{\partial \mathbf{y}}{\partial \mathbf{x}^\top}": ("jacobian(y, x)", ["y(x): vector(m)", "x: vector(n)"]),
    r"\frac{\mathrm{d} y}{\mathrm{d} x}": ("d(y)/d(x)", ["y(x): scalar", "x: scalar"]),
    r"\frac{dy}{dx}": ("d(y)/d(x)", ["y(x): scalar", "x: scalar"]),
    r"\frac{d}{dx} y": ("d(y)/d(x)", ["y(x): scalar", "x: scalar"]),
    r"\begin{equation*} \mathbf{x} \label{eq:x} \end{equation*}": ("x", []),
    r"\boldsymbol{\theta}^\top\mathbf{x} % words": ("theta'*x", []),
    r"α + β": ("alpha + beta", []),
}  # fmt: skip


@pytest.mark.parametrize("latex", MEANINGS, ids=str)
def test_meaning(latex: str) -> None:
    expected, declare = MEANINGS[latex]
    assert text(latex, *declare) == expected


def test_what_letters_say_becomes_declarations() -> None:
    assert typed(r"\boldsymbol{\alpha}^\top \mathbf{x} + c").declarations() == (
        "alpha: vector(n)", "x: vector(n)", "c: scalar",
    )  # fmt: skip
    assert typed(r"x^\top A x").declarations() == ("x: vector(n)", "A: matrix(n, n)")
    assert typed(r"\mathcal{L}").declarations() == ("L: scalar",)
    assert typed(r"J \mathbf{A}").declarations() == ("J: scalar", "A: matrix(m, n)")


@pytest.mark.parametrize("word", ["x", "A", "alpha", "Sigma", "loss", "x_1", "alpha_1", "b1", "Phi"])
def test_the_convention_is_that_of_the_language(word: str) -> None:
    assert matcalc.infer_expression(word).output.kind == convention(word)


def test_names_on_paper() -> None:
    assert paper_name("W1") == paper_name("W_1") == ("W", ("1",))
    assert paper_name("y_hat_2") == ("y", ("hat", "2"))
    assert paper_name("Alpha") == ("A", ())


def test_a_known_name_goes_before_an_entry() -> None:
    declare = ("x: vector(n)", "x_i: scalar")
    assert text(r"x_i^2", *declare) == "x_i^2"
    assert text(r"\left[x_j x_i\right]_j", *declare) == "[j: x[j]*x_i]"


def test_a_small_letter_with_two_indices_is_an_entry_of_the_capital_matrix() -> None:
    assert text(r"\sum_j a_{ij} x_j", "A: matrix(m, n)", "x: vector(n)") == "[i: sum[j: A[i,j]*x[j]]]"
    assert text(r"\sum_j a_{ij} x_j", "a: matrix(m, n)", "x: vector(n)") == "[i: sum[j: a[i,j]*x[j]]]"


def test_rows_of_a_program() -> None:
    program = latex_program(r"\begin{align} z &= W x \\ h &= \tanh(z) \\ J &= h^\top h \end{align}")
    assert list(program.assignments) == ["z", "h", "J"]
    assert program.output_name == "J"


def test_entries_on_the_left_side() -> None:
    program = latex_program(r"z_i = \sum_j W_{ij} x_j \\ z^\top z", ["W: matrix(m, n)", "x: vector(n)"])
    assert to_text(program.assignments["z"]) == "[i: sum[j: W[i,j]*x[j]]]"


# --- the interfaces -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrt", ["x", r"\mathbf{x}", r"{\mathbf x}"])
def test_derive(wrt: str) -> None:
    derivative = matcalc.derive(r"\mathbf{x}^\top \mathbf{A} \mathbf{x}", wrt, syntax="latex")
    assert derivative.text == "x'*(A + A')"


def test_the_name_to_differentiate_by_settles_how_names_are_spelled() -> None:
    assert matcalc.derive(r"\mathbf{W}_1 \mathbf{x}", "W1", syntax="latex").wrt == "W1"
    assert matcalc.derive(r"\mathbf{W}_1 \mathbf{x}", "W_1", syntax="latex").wrt == "W_1"
    assert matcalc.derive(r"\mathbf{W}_1 \mathbf{x}", r"\mathbf{W}_1", syntax="latex").wrt == "W_1"


def test_vec_of_a_name_to_differentiate_by() -> None:
    program = latex_program(r"\operatorname{vec}(\mathbf{A}\mathbf{X})")
    assert latex_variable(r"\operatorname{vec}(\mathbf{X})", program) == "vec(X)"


def test_verify() -> None:
    function = r"\frac{\partial\, \mathbf{x}^\top \mathbf{A} \mathbf{x}}{\partial \mathbf{x}}"
    claim = function + r" = \mathbf{x}^\top (\mathbf{A} + \mathbf{A}^\top)"
    assert matcalc.verify(claim, syntax="latex").verdict == "proved"
    wrong = claim.replace(r"\mathbf{A} + \mathbf{A}^\top", r"\mathbf{A} + \mathbf{A}")
    assert matcalc.verify(wrong, syntax="latex").verdict == "refuted"


def test_verify_with_assignments_and_assumptions() -> None:
    verdict = matcalc.verify(
        r"\frac{\partial J}{\partial \boldsymbol{\theta}} = (\mathbf{p} - \mathbf{y})^\top",
        ["y: vector(C)"],
        where=[r"\mathbf{p} = \operatorname{softmax}(\boldsymbol{\theta})", r"J = -\mathbf{y}^\top \log \mathbf{p}"],
        assume=[r"\mathbf{1}^\top \mathbf{y} = 1"],
        syntax="latex",
    )
    assert verdict.verdict in ("proved", "proved-at-sizes")


def test_a_layout_is_that_of_the_claim() -> None:
    claim = r"\left\|\frac{\partial f}{\partial \mathbf{x}}\right\|^2 = 4 \mathbf{x}^\top \mathbf{x}"
    for layout in ("numerator", "denominator"):
        verdict = matcalc.verify(claim, layout=layout, where=[r"f = \mathbf{x}^\top \mathbf{x}"], syntax="latex")
        assert verdict.verdict == "proved"


def test_a_backslash_tells_latex() -> None:
    assert matcalc.derive(r"\mathbf{x}^\top \mathbf{A} \mathbf{x}", "x").text == "x'*(A + A')"
    assert matcalc.verify(r"\operatorname{tr}(\mathbf{A}) = \operatorname{tr}(\mathbf{A}^\top)").verdict == "proved"
    assert matcalc.derive("y = A*x  # a comment with \\alpha\ny'*y", "x").text == "2*x'*A'*A"
    with pytest.raises(matcalc.MatcalcError):
        matcalc.derive(r"\mathbf{x}^\top \mathbf{A} \mathbf{x}", "x", syntax="matcalc")


def test_an_unknown_syntax() -> None:
    with pytest.raises(matcalc.MatcalcError, match="latex"):
        matcalc.derive("x", "x", syntax="latexx")
    with pytest.raises(matcalc.MatcalcError, match="there is no syntax"):
        matcalc.verify("x = x", syntax="tex")


FILE = r"""
[[identity]]
name = "gram"
syntax = "latex"
declare = ["B: matrix(m, n)"]
claim = '\operatorname{tr}(\mathbf{B}^\top \mathbf{B}) = \|\mathbf{B}\|_F^2'
"""


def test_an_identity_in_latex() -> None:
    (identity,) = parse_identities(FILE).identities
    assert identity.syntax == "latex"
    assert judge(identity).ok
    with pytest.raises(matcalc.MatcalcError, match="did you mean `latex`"):
        parse_identities(FILE.replace('"latex"', '"latx"'))


def run(*args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "matcalc", *args], capture_output=True, text=True, timeout=60, check=False)


def test_command_line() -> None:
    done = run("derive", "--from", "latex", r"\mathbf{x}^\top \mathbf{A} \mathbf{x}", "--wrt", r"\mathbf{x}")
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "x'*(A + A')")
    assert run("check", "--from", "latex", r"-\mathbf{x}^\top \mathbf{x}", "--wrt", "x").returncode == 0
    claim = r"\operatorname{tr}(\mathbf{A}\mathbf{B}) = \operatorname{tr}(\mathbf{B}\mathbf{A})"
    assert run("verify", "--from", "latex", "-e", claim).returncode == 0
    wrong = run("derive", "--from", "latex", r"\frac{\mathbf{x}", "--wrt", "x")
    assert wrong.returncode == 2
    assert "^" in wrong.stderr
    alone = run("verify", "--from", "latex", "identities/")
    assert alone.returncode == 2
    assert "--from goes with -e" in alone.stderr


def test_inference_shows_its_places_in_latex() -> None:
    with pytest.raises(matcalc.MatcalcError) as caught:
        matcalc.derive(r"\mathbf{A}\mathbf{x} + \mathbf{x}\mathbf{y}", "x", syntax="latex")
    assert caught.value.span.text == r"\mathbf{x}\mathbf{y}"
    with pytest.raises(matcalc.MatcalcError) as caught:
        read_claim(r"\mathbf{A}\mathbf{x} = \mathbf{b}", ["A: matrix(m, n)", "x: vector(m)"], syntax="latex")
    assert caught.value.source == r"\mathbf{A}\mathbf{x} = \mathbf{b}"


# --- mistakes -------------------------------------------------------------------------------------------------------

#: Each with a part of the message or hint, and what the caret stands under.
MISTAKES = {
    r"\mathbf{x": ("is not closed", "{"),
    r"x}": ("closes nothing", "}"),
    r"(x]": ("closes `(`", "]"),
    r"\left( x": ("is not closed", r"\left("),
    r"x \right)": ("closes nothing", r"\right)"),
    r"\left x": ("a fence is missing", r"\left x"),
    r"\left( x \right.": ("invisible fence", r"\right."),
    r"\alpha^2^3": ("second superscript", "^"),
    r"x_1_2": ("second subscript", "_"),
    r"x^{}": ("the exponent is empty", "{}"),
    r"x^": ("the exponent is missing", " "),
    r"x^10": ("^{10}", "10"),
    r"\frac{1}": ("the denominator is missing", " "),
    r"\frac{}{2}": ("the numerator is empty", "{}"),
    r"\sqrt": ("what the root is taken of is missing", " "),
    r"\mathbff{x}": (r"did you mean `\mathbf`", r"\mathbff"),
    r"\tranpose{x}": ("is not a command", r"\tranpose"),
    r"\operatorname{sofmax}(x)": ("softmax", r"\operatorname{sofmax}"),
    r"\newcommand{\x}{y}": ("macros are not expanded", r"\newcommand"),
    r"\int x": ("integrals and limits are not read", r"\int"),
    r"x \approx y": ("is no equation", r"\approx"),
    r"x \le y": ("is no equation", r"\le"),
    r"x +": ("an operand is missing", "+"),
    r"\cdot x": ("an operand is missing", r"\cdot"),
    r"": ("there is no formula", " "),
    r"\sum_i \mathbf{x}_i": ("one of several vectors", r"\mathbf{x}_i"),
    r"\mathbf{x}_i + \sum_i \mathbf{x}_i": ("another variable for each i", r"\mathbf{x}_i"),
    r"A_{11} + A": ("may be an entry of `A`", r"A_{11}"),
    r"x_k + x^\top x x": ("may be an entry of `x`", "x_k"),
    r"\sum_i y_i x^{(i)}": ("another variable for each i", "x^{(i)}"),
    r"f(x)": ("may be a function or a factor", "f"),
    r"f'(x)": ("may be a derivative or a transpose", "f"),
    r"\mathbf{AB}": ("may be one name or a product", r"\mathbf{AB}"),
    r"tr(A)": (r"\operatorname{tr}", "tr"),
    r"log x": (r"write \log", "log"),
    r"|\mathbf{x}|": ("bars around a vector", r"|\mathbf{x}|"),
    r"\|\mathbf{X}\|": ("this norm of a matrix", r"\|\mathbf{X}\|"),
    r"\|x\|_\infty": ("no such norm", r"\infty"),
    r"\mathbf{x}^2": ("a vector has no power", r"\mathbf{x}^2"),
    r"\mathbf{x}^*": ("a star above", "*"),
    r"c' + \mathbf{x}^\top\mathbf{x}": ("is a scalar and has no transpose", "'"),
    r"a/b c": ("belong to the divisor", "c"),
    r"\mathbf{A}\odot\mathbf{B}\otimes\mathbf{C}": ("two different operators", r"\otimes"),
    r"\log \mathbf{x} \odot \mathbf{y}": ("how far does", r"\odot"),
    r"\mathbf{x} + x": ("both read as the name `x`", "x"),
    r"\epsilon + \varepsilon": ("both read as the name `epsilon`", r"\varepsilon"),
    r"\sum x": ("needs an index", r"\sum"),
    r"\sum_{i=0}^{n} x_i": ("begins at 1", "0"),
    r"\sum_{i=1}^{n-1} x_i": ("the end of a sum is a size", "n"),
    r"\sum_{i \neq j} x_i x_j": ("over i and j?", "}"),
    r"\sum_i x_i + y_i": ("stands outside of the sum", "y_i"),
    r"y_i + \sum_i x_i": ("stands outside of the sum", "y_i"),
    r"\frac{\partial}{\partial\alpha}(\alpha^2) y": ("how far does the operator", "y"),
    r"\frac{\partial f}{\partial x^3}": ("of order 1 above and another below", r"\frac{\partial f}{\partial x^3}"),
    r"\frac{\partial f}{x}": ("the sign of a derivative", r"\partial f"),
    r"\partial x": ("stands in a quotient", r"\partial x"),
    r"\nabla f": ("the variable of the gradient is not said", r"\nabla"),
    r"\Delta \mathbf{x}": ("may be a differential", r"\Delta"),
    r"\mathrm{d}\mathbf{x}": ("a differential is not read", r"\mathrm"),
    r"A^{-1}_{ij} + A_{ij}": ("or that of the entry?", "A"),
    r"\begin{bmatrix} 1 & 2 \end{bmatrix}": ("bmatrix is not read", r"\begin{bmatrix}"),
    r"\begin{align} x": ("is not ended", r"\begin{align}"),
    r"\begin{align} x \end{aligned}": (r"ends \begin{align}", r"\end{aligned}"),
    r"\begin{cases} 1 & i = j \end{cases}": ("the other cases are missing", r"\begin{cases} 1 & i = j \end{cases}"),
    r"x \quad y": ("no place here", r"\quad"),
    r"\mathbf{A} : \mathbf{B}": ("no place here", ":"),
    r"\mathbf{0} \mathbf{x}": ("the size of this zero", r"\mathbf{0}"),
    r"\mathbb{E}[x]": ("double strokes", r"\mathbb"),
    r"2 3": ("a number behind a factor", "2 3"),
    r"x!": ("factorials", "!"),
    "x \u2603": ("U+2603", "\u2603"),
}  # fmt: skip


@pytest.mark.parametrize("latex", MISTAKES, ids=str)
def test_a_mistake_is_refused_with_its_place(latex: str) -> None:
    said, place = MISTAKES[latex]
    declare = ["A: matrix(n, n)"] if "A_{ij}" in latex else []
    with pytest.raises(matcalc.MatcalcError) as caught:
        infer(latex_program(latex, declare))
    assert said in f"{caught.value.message} {caught.value.hint}"
    assert caught.value.span is not None
    assert caught.value.span.text in (place, place.strip())


CLAIMS = {
    r"x": "a claim is an equation",
    r"x = y \\ z = w": "another equation begins here",
    r"x := y": "a definition is no claim",
    r"x_i = y_j": "nothing binds the index",
    r"a &= b & c &= d": "several equations stand in one row",
    r"x = y \Rightarrow z": "is no equation",
    r"x = (y": "is not closed",
    r"A_{ij} = \operatorname{tr}(B)": "stands on one side only",
}


@pytest.mark.parametrize("claim", CLAIMS, ids=str)
def test_no_claim(claim: str) -> None:
    declare = ["x: vector(n)", "y: vector(n)", "A: matrix(n, n)", "B: matrix(n, n)"]
    with pytest.raises(matcalc.MatcalcError) as caught:
        latex_claim(claim, declare if "_" in claim else [])
    assert CLAIMS[claim] in f"{caught.value.message} {caught.value.hint}"


# --- any text -------------------------------------------------------------------------------------------------------

SOUP = r"""
\mathbf{x} \mathbf{A} x A \frac { } ( ) [ ] | \| \left( \right) \left| \right| ^ _ ' + - * / = \cdot \odot \otimes 1 23
\partial \nabla \sum_{i} \sum _{ij} ^{-1} ^\top ^{(1)} \operatorname{tr} \log \det f \sigma e d \mathrm{d} \mathbf{1}
\mathbf{I}_n \begin{cases} \end{cases} \begin{align} \end{align} & \\ , . \quad
\text{if} \hat \bar \sqrt \sqrt[3] {} i j \delta_{ij}
\mathrm{J}_{x} \max , \langle \rangle \bigl \neq $ \[ \foo % \_ \mathbf \bf \nabla_x \Delta \mathbf{0}
\underbrace \vec := ^{\prime}
"""
soups = st.lists(st.sampled_from(SOUP.split()), max_size=14).map(" ".join)
DECLARED = ("", "f: function", "x: vector(n)", "A: matrix(m, n)")


@settings(max_examples=1500, deadline=None, derandomize=True)
@given(soups, st.sampled_from(DECLARED))
def test_any_soup_of_tokens_ends_in_a_form_or_an_error_of_ours(latex: str, declare: str) -> None:
    for read in (lambda: infer(latex_program(latex, [declare])), lambda: read_claim(latex, [declare], syntax="latex")):
        with suppress(matcalc.MatcalcError):
            read()


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.text(max_size=30))
def test_any_text_ends_in_a_form_or_an_error_of_ours(latex: str) -> None:
    with suppress(matcalc.MatcalcError):
        infer(latex_program(latex))


DEEP = [
    "(" * 5000, "{" * 5000, r"\frac{" * 3000, "x^{" * 3000, r"\nabla " * 3000 + "x", r"\sqrt" * 5000, "|" * 5001,
    r"\left(" * 3000, r"\mathbf" * 4000, r"\hat{" * 3000, r"\sum_i " * 400 + "x_i", r"\log " * 3000 + "x",
    "[" * 400 + "x_i" + "]_i" * 400, r"\begin{cases}" * 500, r"\vec" * 3000, r"\frac\partial" * 3000,
]  # fmt: skip


@pytest.mark.parametrize("latex", DEEP, ids=lambda s: s[:8])
def test_deep_nesting_is_refused(latex: str) -> None:
    with pytest.raises(matcalc.MatcalcError) as caught:
        latex_program(latex, ["x: vector(n)"])
    assert len(caught.value.render()) < 2000


def test_many_signs_are_one() -> None:
    assert text("-" * 5001 + "x") == "-x"


def test_reading_takes_linear_time() -> None:
    def seconds(count: int) -> float:
        latex = " + ".join([r"\mathbf{x}^\top \mathbf{A}_{1}^\top [\mathbf{A}_1 \mathbf{x}]_{i} \log(\alpha)"] * count)
        start = time.perf_counter()
        with pytest.raises(matcalc.MatcalcError):
            latex_program(latex + r" \foo")
        return time.perf_counter() - start

    seconds(20)
    assert seconds(3200) < 40 * seconds(200) + 0.5
