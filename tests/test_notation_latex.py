"""LaTeX: as a careful author writes it, in ASCII, with amsmath and amssymb only."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from corpus import TASKS

from matcalc.errors import MatcalcError
from matcalc.form import Form, name
from matcalc.inference import infer_expression
from matcalc.notation.latex import condition_latex, name_latex, to_latex
from matcalc.operation import load_operations, operations
from matcalc.parser import parse_expression, parse_program

load_operations()

IDENTITIES = Path(__file__).parent.parent / "identities"

EXPRESSIONS = {
    "x'*(A + A')": r"\mathbf{x}^\top (\mathbf{A} + \mathbf{A}^\top)",
    "2*(A*x - b)'*A": r"2 (\mathbf{A} \mathbf{x} - \mathbf{b})^\top \mathbf{A}",
    "-inv(X)'*a*b'*inv(X)'": r"-\mathbf{X}^{-\top} \mathbf{a} \mathbf{b}^\top \mathbf{X}^{-\top}",
    "inv(A*B)": r"(\mathbf{A} \mathbf{B})^{-1}",
    "diag(s.*(1 - s))": r"\operatorname{diag}(\mathbf{s} \odot (1 - \mathbf{s}))",
    "diag(x)*A": r"\operatorname{diag}(\mathbf{x}) \mathbf{A}",
    "(A.*B)*C": r"(\mathbf{A} \odot \mathbf{B}) \mathbf{C}",
    "A*B.*C": r"\mathbf{A} \mathbf{B} \odot \mathbf{C}",
    "A.*B.*C": r"\mathbf{A} \odot \mathbf{B} \odot \mathbf{C}",
    "A./B.*C": r"(\mathbf{A} \oslash \mathbf{B}) \odot \mathbf{C}",
    "alpha.*x": r"\alpha \mathbf{x}",
    "x./alpha": r"\frac{\mathbf{x}}{\alpha}",
    "2*kron(V'*V, eye(3))": r"2 (\mathbf{V}^\top \mathbf{V} \otimes \mathbf{I}_{3})",
    "x'*x/2": r"\frac{\mathbf{x}^\top \mathbf{x}}{2}",
    "-x/2": r"-\frac{\mathbf{x}}{2}",
    "1/2*x": r"\frac{1}{2} \mathbf{x}",
    "alpha^2": r"\alpha^{2}",
    "alpha^(1/2)": r"\sqrt{\alpha}",
    "(alpha + 1)^2": r"(\alpha + 1)^{2}",
    "(alpha/2)^2": r"\left(\frac{\alpha}{2}\right)^{2}",
    "A^3": r"\mathbf{A}^{3}",
    "X.^2": r"\mathbf{X}^{\odot 2}",
    "sqrt(x)": r"\sqrt{\mathbf{x}}",
    "exp(alpha/2)": r"\exp\left(\frac{\alpha}{2}\right)",
    "2*3*x": r"2 \cdot 3 \mathbf{x}",
    "A*(x'*y)": r"\mathbf{A} (\mathbf{x}^\top \mathbf{y})",
    "norm2(A*x - b)^2": r"\|\mathbf{A} \mathbf{x} - \mathbf{b}\|_2^{2}",
    "logdet(X)": r"\log|\det(\mathbf{X})|",
    "tr(A*B)": r"\operatorname{tr}(\mathbf{A} \mathbf{B})",
    "sum(X, 0)": r"\operatorname{sum}_{0}(\mathbf{X})",
    "ones(3, 2)*x": r"\mathbf{1}_{3 \times 2} \mathbf{x}",
    "commutation(2, 3)": r"\mathbf{K}_{2,3}",
    "maximum(x, y)": r"\max(\mathbf{x}, \mathbf{y})",
    "W_1*b1": r"\mathbf{W}_{1} \mathbf{b}_{1}",
    "mu*Sigma*x_hat": r"\mu \boldsymbol{\Sigma} \mathbf{x}_{\mathrm{hat}}",
    "alpha^(3/2)": r"\alpha^{3/2}",
    "x.^(-1/2)": r"\mathbf{x}^{\odot -1/2}",
    "grad(x'*A*x, x)": r"\nabla_{\mathbf{x}} (\mathbf{x}^\top \mathbf{A} \mathbf{x})",
    "d(x'*A*x)/d(x)": r"\frac{\partial}{\partial \mathbf{x}} (\mathbf{x}^\top \mathbf{A} \mathbf{x})",
    "d(vec(X))/d(vec(X))": r"\frac{\partial \operatorname{vec}(\mathbf{X})}{\partial \operatorname{vec}(\mathbf{X})}",
    "[i,k,l: delta(i,k)*x[l]]": r"\left[\delta_{ik} x_{l}\right]_{ikl}",
    "[p,q: 2*sum[l: B[l,p]*B[l,q]]]": r"\left[2 \sum_{l} B_{lp} B_{lq}\right]_{pq}",
    "[p,q: sum[l: B[l,p]*B[l,q]]*x[p]]": r"\left[\left(\sum_{l} B_{lp} B_{lq}\right) x_{p}\right]_{pq}",
    "[i,j: inv(X)[i,j]]": r"\left[\left[\mathbf{X}^{-1}\right]_{ij}\right]_{ij}",
    "[i: W_1[i,i]]": r"\left[\left[\mathbf{W}_{1}\right]_{ii}\right]_{i}",
    "[i,j: x[i] if i==j else 0]":
        r"\left[\begin{cases} x_{i}, & i = j \\ 0, & \text{otherwise} \end{cases}\right]_{ij}",
    "[i1,j: A[i1,j]]": r"\left[A_{i_{1},j}\right]_{i_{1},j}",
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
        ("loss", False, r"\mathrm{loss}"),
    ],
)
def test_names(word: str, bold: bool, latex: str) -> None:
    assert name_latex(word, bold=bold) == latex


def test_conditions() -> None:
    equal, different = ("==", "j", "p"), ("!=", "p", "q")
    assert condition_latex(("and", equal, different)) == r"j = p,\ p \neq q"
    assert condition_latex(("and", ("or", equal, different), ("not", equal))) == (
        r"(j = p\text{ or }p \neq q),\ \neg (j = p)"
    )


# ---- Everything that can be printed ---------------------------------------------------------------------------------

#: The commands of amsmath, amssymb and bm that are used, besides those of Greek letters.
COMMANDS = frozenset(
    re.findall(
        r"\\(?:[A-Za-z]+|.)",
        r"""\mathbf \boldsymbol \mathrm \operatorname \top \frac \odot \oslash \otimes \cdot \times \partial \nabla \sum
        \delta \left \right \begin \end \text \neq \neg \sqrt \| \log \exp \sin \cos \tan \arcsin \arccos \arctan \sinh
        \cosh \tanh \det \max \min \\ \, \_ \ """,
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
        "double superscript": re.search(r"\^\{[^{}]*\}\^|\\top\s*\^|'\^", latex) is not None,
        "double subscript": re.search(r"_\{[^{}]*\}_", latex) is not None,
        "signs": re.search(r"[+-] -", latex) is not None,
        "one": re.search(r"(?<![\d^{_])1 \\cdot", latex) is not None,
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
