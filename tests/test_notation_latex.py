"""LaTeX: as a careful author writes it, in ASCII, with amsmath and amssymb only."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from corpus import TASKS

import matcalc
from matcalc.errors import MatcalcError, UnknownNameError
from matcalc.form import Form, name
from matcalc.inference import infer_expression
from matcalc.notation.latex import BOLD, Style, condition_latex, name_latex, to_latex
from matcalc.notation.latex_rows import INDENT, to_rows
from matcalc.notation.latex_width import width
from matcalc.operation import load_operations, operations
from matcalc.parser import parse_expression, parse_program

load_operations()

IDENTITIES = Path(__file__).parent.parent / "identities"

EXPRESSIONS = {
    "x'*(A + A')": r"\mathbf{x}^\top (\mathbf{A} + \mathbf{A}^\top)",
    "2*(A*x - b)'*A": r"2 (\mathbf{A} \mathbf{x} - \mathbf{b})^\top \mathbf{A}",
    "-inv(X)'*a*b'*inv(X)'": r"-\mathbf{X}^{-\top} \mathbf{a} \mathbf{b}^\top \mathbf{X}^{-\top}",
    "inv(A*B)": r"(\mathbf{A} \mathbf{B})^{-1}",
    "diag(s.*(1 - s))": r"\operatorname{diag}\bigl(\mathbf{s} \odot (1 - \mathbf{s})\bigr)",
    "tr(A*(B + C*(D + E)))":
        r"\operatorname{tr}\Bigl(\mathbf{A} \bigl(\mathbf{B} + \mathbf{C} (\mathbf{D} + \mathbf{E})\bigr)\Bigr)",
    "diag(x)*A": r"\operatorname{diag}(\mathbf{x}) \mathbf{A}",
    "(A.*B)*C": r"(\mathbf{A} \odot \mathbf{B}) \mathbf{C}",
    "A*B.*C": r"\mathbf{A} \mathbf{B} \odot \mathbf{C}",
    "A.*B.*C": r"\mathbf{A} \odot \mathbf{B} \odot \mathbf{C}",
    "A./B.*C": r"(\mathbf{A} \oslash \mathbf{B}) \odot \mathbf{C}",
    "alpha.*x": r"\alpha \mathbf{x}",
    "x./alpha": r"\frac{1}{\alpha} \mathbf{x}",
    "x/norm2(x)": r"\frac{\mathbf{x}}{\|\mathbf{x}\|_2}",
    "A*(x/2)": r"\mathbf{A} \frac{\mathbf{x}}{2}",
    "3*x/alpha": r"\frac{3}{\alpha} \mathbf{x}",
    "(A*x - b)'*(A*x - b)/2":
        r"\frac{1}{2} (\mathbf{A} \mathbf{x} - \mathbf{b})^\top (\mathbf{A} \mathbf{x} - \mathbf{b})",
    "sum[i,j: A[i,j]]/2": r"\frac{1}{2} \sum_{i,j} A_{ij}",
    "sum[i,j: -A[i,j]]*alpha": r"\left(\sum_{i,j} (-A_{ij})\right) \alpha",
    "alpha*sum[i: x[i]*sum[j: A[i,j]]]": r"\alpha \sum_{i} x_{i} \sum_{j} A_{ij}",
    "(2*sum[i: x[i]])*alpha": r"\left(2 \sum_{i} x_{i}\right) \alpha",
    "1*(1/2)": r"1 \cdot \frac{1}{2}",
    "exp(-alpha^2/2)": r"\exp\!\left(-\frac{\alpha^{2}}{2}\right)",
    "alpha^(-beta/2)": r"\alpha^{-\beta/2}",
    "log(det(X))": r"\log(\det(\mathbf{X}))",
    "log(det(X))^2": r"\log(\det(\mathbf{X}))^{2}",
    "log(abs(alpha))": r"\log|\alpha|",
    "log(abs(det(X)))": r"\log(|\det(\mathbf{X})|)",
    "logdet(X)^2": r"(\log|\det(\mathbf{X})|)^{2}",
    "tr(X)^2": r"\operatorname{tr}(\mathbf{X})^{2}",
    "tr(X)^-1": r"(\operatorname{tr}(\mathbf{X}))^{-1}",
    "norm2(X)": r"\|\mathbf{X}\|_F",
    "norm1(X)": r"\|\operatorname{vec}(\mathbf{X})\|_1",
    "norm1(-x)": r"\left\|-\mathbf{x}\right\|_1",
    "abs(abs(alpha) - abs(beta))": r"\bigl||\alpha| - |\beta|\bigr|",
    "abs(alpha)": r"|\alpha|",
    "abs(alpha)*norm2(x)^2*abs(beta)*alpha": r"|\alpha| \, \|\mathbf{x}\|_2^{2} \, |\beta| \alpha",
    "abs(x)": r"\operatorname{abs}(\mathbf{x})",
    "(X^-1)'": r"\mathbf{X}^{-\top}",
    "(X^2)'": r"(\mathbf{X}^{2})^\top",
    "(X')^2": r"(\mathbf{X}^\top)^{2}",
    "(X')'": r"(\mathbf{X}^\top)^\top",
    "dot(x, y)*A": r"(\mathbf{x}^\top \mathbf{y}) \mathbf{A}",
    "2*kron(V'*V, eye(3))": r"2 (\mathbf{V}^\top \mathbf{V} \otimes \mathbf{I}_{3})",
    "x'*x/2": r"\frac{\mathbf{x}^\top \mathbf{x}}{2}",
    "-x/2": r"-\frac{1}{2} \mathbf{x}",
    "1/2*x": r"\frac{1}{2} \mathbf{x}",
    "alpha^2": r"\alpha^{2}",
    "alpha^(1/2)": r"\sqrt{\alpha}",
    "(alpha + 1)^2": r"(\alpha + 1)^{2}",
    "(alpha/2)^2": r"\left(\frac{\alpha}{2}\right)^{2}",
    "A^3": r"\mathbf{A}^{3}",
    "X.^2": r"\mathbf{X}^{\odot 2}",
    "sqrt(x)": r"\sqrt{\mathbf{x}}",
    "exp(alpha/2)": r"\exp\!\left(\frac{\alpha}{2}\right)",
    "2*3*x": r"2 \cdot 3 \mathbf{x}",
    "A*(x'*y)": r"\mathbf{A} (\mathbf{x}^\top \mathbf{y})",
    "norm2(A*x - b)^2": r"\|\mathbf{A} \mathbf{x} - \mathbf{b}\|_2^{2}",
    "logdet(X)": r"\log|\det(\mathbf{X})|",
    "tr(A*B)": r"\operatorname{tr}(\mathbf{A} \mathbf{B})",
    "sum(X, 0)": r"\mathbf{1}_{m}^\top \mathbf{X}",
    "A*mean(X + Y, 1)": r"\mathbf{A} \left(\frac{1}{p} (\mathbf{X} + \mathbf{Y}) \mathbf{1}_{p}\right)",
    "2*sum(-X, 1)": r"2 (-\mathbf{X} \mathbf{1}_{n})",
    "2*sum(kron(A, B), 0)": r"2 \mathbf{1}_{m p}^\top (\mathbf{A} \otimes \mathbf{B})",
    "ones(3, 2)*x": r"\mathbf{1}_{3 \times 2} \mathbf{x}",
    "commutation(2, 3)": r"\mathbf{K}_{2,3}",
    "maximum(x, y)": r"\max(\mathbf{x}, \mathbf{y})",
    "W_1*b1": r"\mathbf{W}_{1} \mathbf{b}_{1}",
    "mu*Sigma*x_hat": r"\mu \boldsymbol{\Sigma} \hat{\mathbf{x}}",
    "zeros(3, 2)*x": r"\mathbf{0}_{3 \times 2} \mathbf{x}",
    "alpha^(3/2)": r"\alpha^{3/2}",
    "x.^(-1/2)": r"\mathbf{x}^{\odot -1/2}",
    "grad(x'*A*x, x)": r"\nabla_{\mathbf{x}} (\mathbf{x}^\top \mathbf{A} \mathbf{x})",
    "hessian(x'*A*x, x)'": r"\bigl(\nabla^{2}_{\mathbf{x}} (\mathbf{x}^\top \mathbf{A} \mathbf{x})\bigr)^\top",
    "jacobian(A*x, x)*y": r"\mathrm{J}_{\mathbf{x}}(\mathbf{A} \mathbf{x}) \mathbf{y}",
    "d(x'*A*x)/d(x)": r"\frac{\partial \mathbf{x}^\top \mathbf{A} \mathbf{x}}{\partial \mathbf{x}}",
    "d(alpha*beta)/d(alpha)": r"\frac{\partial (\alpha \beta)}{\partial \alpha}",
    "d(X.*Y)/d(alpha)": r"\frac{\partial (\mathbf{X} \odot \mathbf{Y})}{\partial \alpha}",
    "d(alpha/beta)/d(alpha)": r"\frac{\partial}{\partial \alpha} \left(\frac{\alpha}{\beta}\right)",
    "d(alpha/beta)/d(alpha)*gamma":
        r"\left(\frac{\partial}{\partial \alpha} \left(\frac{\alpha}{\beta}\right)\right) \gamma",
    "d((A*x - b)'*W*(A*x - b) + alpha*x'*x)/d(x)":
        r"\frac{\partial}{\partial \mathbf{x}} \bigl((\mathbf{A} \mathbf{x} - \mathbf{b})^\top \mathbf{W} "
        r"(\mathbf{A} \mathbf{x} - \mathbf{b}) + \alpha \mathbf{x}^\top \mathbf{x}\bigr)",
    "d(d(det(alpha*X))/d(alpha))/d(alpha)": r"\frac{\partial^{2} \det(\alpha \mathbf{X})}{\partial \alpha^{2}}",
    "d(d(exp(alpha*beta))/d(alpha))/d(beta)": r"\frac{\partial^{2} \exp(\alpha \beta)}{\partial \beta \, \partial \alpha}",
    "d(vec(X))/d(vec(X))": r"\frac{\partial \operatorname{vec}(\mathbf{X})}{\partial \operatorname{vec}(\mathbf{X})^\top}",
    "[i,k,l: delta(i,k)*x[l]]": r"[\delta_{ik} x_{l}]_{ikl}",
    "[p,q: 2*sum[l: B[l,p]*B[l,q]]]": r"\left[2 \sum_{l} B_{lp} B_{lq}\right]_{pq}",
    "[p,q: sum[l: B[l,p]*B[l,q]]*x[p]]": r"\left[\left(\sum_{l} B_{lp} B_{lq}\right) x_{p}\right]_{pq}",
    "[i,j: inv(X)[i,j]]": r"[(\mathbf{X}^{-1})_{ij}]_{ij}",
    "[i: softmax(x)[i]*(A*x)[i]]": r"[\operatorname{softmax}(\mathbf{x})_{i} (\mathbf{A} \mathbf{x})_{i}]_{i}",
    "[i: W_1[i,i]]": r"[(\mathbf{W}_{1})_{ii}]_{i}",
    "[i: y_hat[i]]": r"[\hat{y}_{i}]_{i}",
    "[i,j: x[i] if i==j else 0]":
        r"\left[\begin{cases} x_{i} & \text{if } i = j \\ 0 & \text{otherwise} \end{cases}\right]_{ij}",
    "[i,j: x[i] if i==j else -x[j] if i!=j else 0]":
        r"\left[\begin{cases} x_{i} & \text{if } i = j \\ -x_{j} & \text{if } i \neq j \\ 0 & \text{otherwise} "
        r"\end{cases}\right]_{ij}",
    "[i1,j: A[i1,j]]": r"[A_{i_{1},j}]_{i_{1},j}",
    "[(i,j),k,l: A[i,k]*A[j,l]]": r"[A_{ik} A_{jl}]_{(ij),k,l}",
}  # fmt: skip


@pytest.mark.parametrize(("text", "latex"), EXPRESSIONS.items(), ids=EXPRESSIONS.keys())
def test_an_expression_is_typeset_as_in_a_book(text: str, latex: str) -> None:
    assert to_latex(infer_expression(text).output) == latex


SYMBOLS = {
    ("f: function", "f''(x)"): r"f''(\mathbf{x})",
    ("L(Y): scalar; Y: matrix(m, n)", "d(L)/d(Y)"): r"\frac{\partial L}{\partial \mathbf{Y}}",
    ("s: scalar; t: scalar; U(s, t): scalar", "d(d(U)/d(s))/d(t)"): r"\frac{\partial^{2} U}{\partial t \, \partial s}",
    ("alpha: scalar; A(alpha): matrix(m, m)", "A*d(A)/d(alpha)"):
        r"\mathbf{A} \frac{\partial \mathbf{A}}{\partial \alpha}",
    ("theta: vector(n)", "theta'*theta"): r"\boldsymbol{\theta}^\top \boldsymbol{\theta}",
    ("loss: scalar; x: vector(n)", "loss*x"): r"\mathrm{loss} \mathbf{x}",
    ("x: vector(n)", "eye(n)*x"): r"\mathbf{I}_{n} \mathbf{x}",
}  # fmt: skip


@pytest.mark.parametrize(("declare", "text", "latex"), [(*key, latex) for key, latex in SYMBOLS.items()])
def test_a_declared_symbol_is_typeset_as_its_kind(declare: str, text: str, latex: str) -> None:
    assert to_latex(infer_expression(text, [declare]).output) == latex


@pytest.mark.parametrize(
    ("word", "bold", "latex"),
    [
        ("x", True, r"\mathbf{x}"),
        ("x", False, "x"),
        ("theta", False, r"\theta"),
        ("theta", True, r"\boldsymbol{\theta}"),
        ("θ", False, r"\theta"),
        ("Σ", True, r"\boldsymbol{\Sigma}"),
        ("Alpha", True, r"\mathbf{A}"),
        ("epsilon", False, r"\varepsilon"),
        ("W_1", True, r"\mathbf{W}_{1}"),
        ("W12", True, r"\mathbf{W}_{12}"),
        ("x_1_theta", False, r"x_{1,\theta}"),
        ("x_hidden", False, r"x_{\mathrm{hidden}}"),
        ("y_hat", True, r"\hat{\mathbf{y}}"),
        ("theta_bar_2", False, r"\bar{\theta}_{2}"),
        ("A_tilde", True, r"\tilde{\mathbf{A}}"),
        ("lambda_", False, r"\lambda"),
        ("W_1_2", True, r"\mathbf{W}_{1,2}"),
        ("alpha2", False, r"\alpha_{2}"),
        ("loss", False, r"\mathrm{loss}"),
    ],
)
def test_names(word: str, bold: bool, latex: str) -> None:
    assert name_latex(word, bold=bold) == latex


def test_conditions() -> None:
    equal, different = ("==", "j", "p"), ("!=", "p", "q")
    assert condition_latex(("and", equal, different)) == r"j = p,\ p \neq q"
    assert condition_latex(("and", ("or", equal, different), ("not", equal))) == (
        r"(j = p \text{ or } p \neq q),\ \neg (j = p)"
    )


# ---- Styles ---------------------------------------------------------------------------------------------------------

STYLES = {
    ("x'*A*inv(X)'", "bold", "top"): r"\mathbf{x}^\top \mathbf{A} \mathbf{X}^{-\top}",
    ("x'*A*inv(X)'", "bold", "prime"): r"\mathbf{x}' \mathbf{A} (\mathbf{X}^{-1})'",
    ("x'*A*inv(X)'", "bm", "T"): r"\bm{x}^{T} \bm{A} \bm{X}^{-T}",
    ("x'*A*inv(X)'", "plain", "top"): r"x^\top A X^{-\top}",
    ("W_1'*theta", "bold", "T"): r"\mathbf{W}_{1}^{T} \theta",
    ("(A')^2 + (A^2)'", "plain", "T"): r"(A^{T})^{2} + (A^{2})^{T}",
    ("(A')^2 + (A')'", "plain", "prime"): r"(A')^{2} + (A')'",
    ("outer(x, y)*dot(a, b)", "plain", "prime"): r"x y' (a' b)",
    ("Sigma*y_hat + loss", "bm", "top"): r"\bm{\Sigma} \hat{\bm{y}} + \bm{loss}",
    ("Sigma*y_hat + loss", "plain", "top"): r"\Sigma \hat{y} + \mathrm{loss}",
    ("ones(n)*ones(n)' - eye(n)", "plain", "prime"): r"\mathbf{1}_{n} \mathbf{1}_{n}' - I_{n}",
    ("commutation(m, n)*zeros(n*m)", "bm", "top"): r"\bm{K}_{m,n} \mathbf{0}_{n m}",
    ("d(vec(X))/d(vec(X))", "plain", "prime"): r"\frac{\partial \operatorname{vec}(X)}{\partial \operatorname{vec}(X)'}",
}  # fmt: skip


@pytest.mark.parametrize(("text", "letters", "transpose", "latex"), [(*key, latex) for key, latex in STYLES.items()])
def test_a_style_says_how_letters_and_transposes_look(text: str, letters: str, transpose: str, latex: str) -> None:
    assert to_latex(parse_expression(text), Style(letters, transpose)) == latex


def test_a_prime_of_a_function_is_none_of_a_transpose() -> None:
    shown = to_latex(infer_expression("f'(x)'*A'", ["f: function"]).output, Style("bold", "prime"))
    assert shown == r"f'(\mathbf{x})' \mathbf{A}'"


@pytest.mark.parametrize(("letters", "transpose"), [("huge", "top"), ("bold", "dagger"), ("", "T"), ("bold", "")])
def test_there_are_no_other_styles(letters: str, transpose: str) -> None:
    with pytest.raises(UnknownNameError, match="one of"):
        matcalc.derive("x'*A*x", "x").latex(style=letters, transpose=transpose)


# ---- Names that look alike ------------------------------------------------------------------------------------------

ALIKE = {
    ("W_1: matrix; W1: matrix", "W_1*W1"): r"\mathbf{W\_1} \mathbf{W1}",
    ("A: matrix; Alpha: matrix", "A*Alpha"): r"\mathbf{A} \mathbf{Alpha}",
    ("x: vector(n); x_i: scalar", "sum[i: x[i]]*x_i"): r"\left(\sum_{i} (\mathbf{x})_{i}\right) x_{i}",
    ("x: vector(n); x_j: scalar", "sum[i: x[i]]*x_j"): r"\left(\sum_{i} x_{i}\right) x_{j}",
    ("delta: matrix(n, n)", "[i,j: delta(i,j)*delta[i,j]]"): r"[(\mathbf{I})_{ij} \delta_{ij}]_{ij}",
    ("delta: vector(n)", "[i,j: delta(i,j)*delta[i]]"): r"[(\mathbf{I})_{ij} \delta_{i}]_{ij}",
    ("delta_1: vector(n)", "[i,j: delta(i,j)*delta_1[i]]"): r"[\delta_{ij} (\boldsymbol{\delta}_{1})_{i}]_{ij}",
    ("J: scalar; x: vector(n)", "J*jacobian(A*x, x)"):
        r"J \operatorname{jacobian}(\mathbf{A} \mathbf{x}, \mathbf{x})",
    ("sigma: scalar", "sigmoid(sigma)"): r"\operatorname{sigmoid}(\sigma)",
    ("I: matrix(n, n)", "I*eye(n)"): r"\mathbf{I} \operatorname{eye}(n)",
    ("K: matrix", "commutation(2, 3)*K"): r"\operatorname{commutation}(2, 3) \mathbf{K}",
}  # fmt: skip


@pytest.mark.parametrize(("declare", "text", "latex"), [(*key, latex) for key, latex in ALIKE.items()])
def test_what_would_look_like_another_name_is_written_longer(declare: str, text: str, latex: str) -> None:
    assert to_latex(infer_expression(text, [declare]).output) == latex


def test_names_in_use_elsewhere_count() -> None:
    form = infer_expression("sigmoid(alpha)", []).output
    assert to_latex(form, BOLD, ["sigma"]) == r"\operatorname{sigmoid}(\alpha)"
    program = "W1: matrix(n, n)\nW_1: matrix(n, n)\nz = W1*x\nf = sum(W_1*z)\n"
    assert matcalc.derive(program, "x").latex() == r"\mathbf{1}_{n}^\top \mathbf{W\_1} \mathbf{W1}"


# ---- Rows -----------------------------------------------------------------------------------------------------------


def test_a_formula_that_fits_is_one_row() -> None:
    form = infer_expression("tr(A*(B + C))/2 + sum[i: A[i,i]]").output
    assert to_rows(form) == [to_latex(form)]


@pytest.mark.parametrize("limit", [10.0, 20.0, 40.0])
def test_rows_keep_to_the_width_and_say_the_same(limit: float) -> None:
    source = "+".join(["det(A)*tr(A*(B + C'))", "-x'*A*B*x", "sum[i,j: A[i,j]*x[i]]/2", "logdet(A)"] * 6)
    form = infer_expression(source.replace("+-", "-")).output
    rows = to_rows(form, width=limit)
    assert [row for row in rows if width(row) > limit] == []
    assert all(row.startswith(("+ ", "- ", r"\cdot ")) for row in rows[1:])
    assert len(rows) <= 1.9 * width(to_latex(form)) / (limit - INDENT)
    assert " ".join(rows).replace(r" \cdot", "") == to_latex(form)


def test_a_row_ends_outside_of_parentheses_where_it_can() -> None:
    source = "(A + B + C)*(A - B - C)*(A + B + C) + (A - B - C)*(A + B + C)*(A - B - C)"
    rows = to_rows(infer_expression(source).output, width=32.0)
    assert [row[:2] for row in rows] == ["(\\", "+ "]


def test_brackets_that_are_parted_have_a_fixed_size() -> None:
    source = "tr(d(A)/d(alpha)*B + d(B)/d(alpha)*A + B*A)*beta"
    form = infer_expression(source, ["alpha: scalar; A(alpha): matrix(n, n); B(alpha): matrix(n, n)"]).output
    first, *others = to_rows(form, width=9.0)
    assert first.startswith(r"\operatorname{tr}\biggl(\frac{\partial")
    assert r"\biggr) \beta" in others[-1]
    assert not any(r"\left" in row for row in [first, *others])


def test_no_row_ends_in_a_fraction_a_root_or_a_case() -> None:
    source = "[i: sqrt(x[i] + y[i] + z[i] + x[i])/(x[i] + y[i] + z[i]) if i==i else x[i] + y[i] + z[i]]"
    form = parse_expression(source)
    assert to_rows(form, width=3.0) == [to_latex(form)]


def test_widths_are_those_of_what_is_seen() -> None:
    assert width(r"\mathbf{A}") == width("A")
    assert width(r"\frac{A + B}{C}") < width("A + B + C")
    assert width(r"x_{1}") < width("x 1")
    wide, narrow = r"\begin{cases} A B C & D \\ A & D \end{cases}", r"\begin{cases} A & D \\ A & D \end{cases}"
    assert width(wide) > width(narrow) > width("A D")
    assert [width(text) for text in ("", "}", "{", r"\end{x}", "^_^")] == [0.0] * 5


# ---- Everything that can be printed ---------------------------------------------------------------------------------

#: The commands of amsmath, amssymb and bm that are used, besides those of Greek letters.
COMMANDS = frozenset(
    re.findall(
        r"\\(?:[A-Za-z]+|.)",
        r"""\mathbf \boldsymbol \mathrm \operatorname \top \frac \odot \oslash \otimes \cdot \times \partial \nabla \sum
        \delta \left \right \begin \end \text \neq \neg \sqrt \| \log \exp \sin \cos \tan \arcsin \arccos \arctan \sinh
        \cosh \tanh \det \max \min \hat \bar \tilde \bm \bigl \bigr \Bigl \Bigr \\ \, \! \_ \ """,
    )
)
GREEK = re.compile(
    r"\\(alpha|beta|gamma|delta|varepsilon|zeta|eta|theta|iota|kappa|lambda|mu|nu|xi|pi|rho|sigma|tau|upsilon|phi|chi|psi|omega"
    r"|Gamma|Delta|Theta|Lambda|Xi|Pi|Sigma|Upsilon|Phi|Psi|Omega)"
)


def problems(latex: str) -> list[str]:
    """What KaTeX would refuse, or a reader."""
    commands = set(re.findall(r"\\(?:[A-Za-z]+|.)", latex))
    found = {
        "not ASCII": not latex.isascii(),
        "braces": latex.count("{") != latex.count("}"),
        "left and right": len(re.findall(r"\\left\b", latex)) != len(re.findall(r"\\right\b", latex)),
        "environments": sorted(re.findall(r"\\begin\{(\w+)", latex)) != sorted(re.findall(r"\\end\{(\w+)", latex)),
        "empty group": "{}" in latex,
        "placeholder": re.search(r"(?<![\^_A-Za-z}|])\{\d\}", latex) is not None,
        "double superscript": re.search(r"\^\{[^{}]*\}['^]|\\top\s*['^]|'\^", latex) is not None,
        "double subscript": re.search(r"_\{[^{}]*\}_", latex) is not None,
        "signs": re.search(r"[+-] -", latex) is not None,
        "one": re.search(r"(?<![\d^{_])1 \\cdot (?!\\frac\{\d)", latex) is not None,  # 1 times 1/2 is typed so
        "unknown commands": any(c not in COMMANDS and not GREEK.fullmatch(c) for c in commands),
    }
    return [name for name, wrong in found.items() if wrong]


def claims() -> list[str]:
    """The sides of the claims of the library."""
    files = [tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(IDENTITIES.glob("*.toml"))]
    texts = [identity["claim"] for file in files for identity in file.get("identity", [])]
    return sorted({side.strip() for text in texts for side in re.split(r"(?<![=!])=(?!=)", text)})


@pytest.mark.parametrize("source", claims())
def test_the_library_can_be_typeset(source: str) -> None:
    assert problems(to_latex(parse_expression(source))) == []


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_programs_can_be_typeset(task) -> None:
    program = parse_program(task.source, task.declare)
    assert [problems(to_latex(form)) for form in (program.output, *program.assignments.values())] == [[]] * (
        1 + len(program.assignments)
    )


@pytest.mark.parametrize("record", operations(), ids=lambda record: record.name)
def test_every_operation_can_be_typeset_within_others(record) -> None:
    x = name("x", "column", (("n",),))
    inner = Form("add", (x, Form("neg", (x,))), kind="column")
    count = len(record.overloads[0].inputs) if record.overloads else record.latex.count("{0}")
    call = Form("call", (inner,) * count, record.name, kind="column")
    around = [
        call,
        Form("transpose", (call,)),
        Form("power", (call, Form("number", (), 2))),
        Form("mul", (x, call, x)),
        Form("times", (call, call)),
        Form("add", (x, Form("neg", (call,)))),
        Form("call", (call,) * count, record.name),
    ]
    assert [problems(to_latex(form)) for form in around] == [[]] * len(around)


def test_a_function_that_nobody_registered_is_typeset_by_its_name() -> None:
    assert to_latex(Form("call", (name("x"),), "mystery")) == r"\operatorname{mystery}(\mathbf{x})"


def test_what_cannot_be_read_is_no_latex() -> None:
    with pytest.raises(MatcalcError):
        infer_expression("x*y")
