"""Functions of one's own, loops and indexed names: a program with them is the program that one would write without."""

import ast
import json
import random
import shlex
import time
from collections.abc import Sequence

import numpy as np
import pytest
from click.testing import CliRunner

import matcalc
from matcalc.__main__ import main
from matcalc.errors import (
    DeclarationError,
    DimensionError,
    KindError,
    MatcalcError,
    ParseError,
    UnknownNameError,
    UnsupportedError,
)
from matcalc.form import Form
from matcalc.notation.latex_names import name_latex
from matcalc.parser import parse_declarations, parse_expression, parse_program


def tree(form: Form) -> str:
    """A form as one line: names and numbers as they are, other nodes as head(value; arguments)."""
    if form.head in ("name", "number"):
        return str(form.value)
    value = [] if form.value is None else [str(form.value).replace("'", "")]
    return f"{form.head}({'; '.join([*value, ', '.join(map(tree, form.args))])})"


def read(source: str, **options: object) -> tuple[object, ...]:
    """What later stages know of a program."""
    program = parse_program(source, **options)  # type: ignore[arg-type]
    declared = {name: (d.kind, d.axes, d.arguments, d.properties) for name, d in program.declarations.items()}
    return declared, {name: tree(form) for name, form in program.assignments.items()}, tree(program.output)


# --- the same program -----------------------------------------------------------------------------------------------

SAME = {
    "function": ("f(x, b) = tanh(A*x + b)\ny = f(z, c)", "y = tanh(A*z + c)"),
    "function of a function": ("f(x) = A*x\ng(x) = f(B*x)\ny = g(z)", "y = A*(B*z)"),
    "parameters hide outer names": ("A: matrix(n, n)\nf(A, x) = A*x\ny = A*f(B, x)", "A: matrix(n, n)\ny = A*(B*x)"),
    "one argument in another": ("f(x) = tanh(A*x)\ny = f(f(z))", "y = tanh(A*tanh(A*z))"),
    "argument used twice": ("f(v) = v'*v\ny = f(A*x)", "v = A*x\ny = v'*v"),
    "name used twice": ("f(v) = v'*v\ny = f(x)", "y = x'*x"),
    "number used twice": ("f(v) = v*x + v*y\nz = f(2)", "z = 2*x + 2*y"),
    "taken name": ("f(v) = v'*v\nv = A*x\ny = f(B*v)", "v = A*x\nf_v = B*v\ny = f_v'*f_v"),
    "unused argument": ("f(x, y) = x\nz = f(a, B*b)", "z = a"),
    "values are assigned in order": (
        "f(v) = v'*v\ng(w) = f(A*w) + sum(w)\ny = g(B*x)", "w = B*x\nv = A*w\ny = v'*v + sum(w)",
    ),
    "loop": ("for k in 1..3\n  h[k] = W[k]*h[k-1]", "h_1 = W_1*h_0\nh_2 = W_2*h_1\nh_3 = W_3*h_2"),
    "loop in one line": ("for k in 1..2: a[k] = k*x; b[k] = a[k] + x", "a_1 = 1*x\nb_1 = a_1 + x\na_2 = 2*x\nb_2 = a_2 + x"),
    "loop downwards": ("for k in 3..2\n  d[k] = d[k+1] + x", "d_3 = d_4 + x\nd_2 = d_3 + x"),
    "nested loops": (
        "for k in 1..2\n  for t in 1..2:\n    y[k,t] = k*t*x\n  s[k] = y[k,2]",
        "y_1_1 = 1*1*x\ny_1_2 = 1*2*x\ns_1 = y_1_2\ny_2_1 = 2*1*x\ny_2_2 = 2*2*x\ns_2 = y_2_2",
    ),
    "nested loops in one line": ("for k in 1..2: for t in 1..k: y[k,t] = x", "y_1_1 = x\ny_2_1 = x\ny_2_2 = x"),
    "a loop and what follows": ("for k in 1..2\n\n  # twice\n  a[k] = x\n\ny = a[2]", "a_1 = x\na_2 = x\ny = a_2"),
    "lines that are deeper in between": ("for k in 1..2\n     a[k] = x\n  b[k] = x", "a_1 = x\nb_1 = x\na_2 = x\nb_2 = x"),
    "tabs": ("for k in 1..2\n\ta[k] = x\n        b[k] = x", "a_1 = x\nb_1 = x\na_2 = x\nb_2 = x"),
    "a break inside brackets": ("for k in 1..2\n  a[k] = (x +\ny)\nz = x", "a_1 = x + y\na_2 = x + y\nz = x"),
    "an indented program": ("  for k in 1..1\n    a[k] = x\n  y = x", "a_1 = x\ny = x"),
    "declarations": (
        "for k in 1..2: W[k]: matrix(n[k], n[k-1]) positive; b[k]: vector(k)\nx",
        "W_1: matrix(n_1, n_0) positive\nb_1: vector(1)\nW_2: matrix(n_2, n_1) positive\nb_2: vector(2)\nx",
    ),
    "dependent variables": ("L[1](Y[1]): scalar\ny = L[1]", "L_1(Y_1): scalar\ny = L_1"),
    "indexed names anywhere": ("W[2]: matrix(n, n)\ny = W[2]*x[1]", "W_2: matrix(n, n)\ny = W_2*x_1"),
    "counted with": ("K = 2\ny = x[K] + x[2*K-1] + x[-1+K]", "K = 2\ny = x_2 + x_3 + x_1"),
    "a number made of numbers": ("K = 2\nL = 2*K - 1\ny = x[L]", "K = 2\nL = 2*K - 1\ny = x_3"),
    "entries": ("for k in 1..2: y[k] = [i,j: W[k][j,i]]", "y_1 = [i,j: W_1[j,i]]\ny_2 = [i,j: W_2[j,i]]"),
    "a bound index hides": ("k = 2\ny = [k: x[k]]", "k = 2\ny = [k: x[k]]"),
    "sum over rounds": ("y = A*sum[k in 1..3: k*x[k]]", "y = A*(1*x_1 + 2*x_2 + 3*x_3)"),
    "sum of one": ("y = 2*sum[k in 1..1: x[k] + z]", "y = 2*(x_1 + z)"),
    "sum sign": ("y = ∑[k in 2…1: x[k]]", "y = x_2 + x_1"),
    "sizes that are counted": ("K = 3\nx: vector(K)\ny = ones(K, K)*x", "K = 3\nx: vector(3)\ny = ones(3, 3)*x"),
    "an exponent": ("for k in 2..2: y[k] = A^-k*x.^k", "y_2 = A^-2*x.^2"),
    "a parameter as an exponent": ("f(p, x) = x.^p'\ny = f(2, z)", "y = z.^(2')"),
    "a parameter as an index": ("f(k, h) = W[k]*h\ny = f(2, f(1, x))", "y = W_2*(W_1*x)"),
    "an index as an argument": ("f(v, i) = v[i]^2\ny = [j: f(x, j)]", "y = [j: x[j]^2]"),
}  # fmt: skip


@pytest.mark.parametrize(("source", "plain"), SAME.values(), ids=SAME)
def test_a_program_is_the_one_that_is_written_out(source: str, plain: str) -> None:
    assert read(source) == read(plain)


def test_descending_ranges_that_have_names() -> None:
    source = "for k in K-1..1\n  d[k] = d[k+1]\ny = d[K]"
    assert list(parse_program(source, given={"K": 3}).assignments) == ["K", "d_2", "d_1", "y"]
    assert list(parse_program(source, given={"K": 1}).assignments) == ["K", "y"]


@pytest.mark.parametrize(("count", "expected"), [(3, "add(x_2, x_3)"), (2, "x_2"), (1, "0")])
def test_a_range_up_to_a_name_may_be_empty(count: int, expected: str) -> None:
    assert tree(parse_program("sum[k in 2..K: x[k]]", given={"K": count}).output) == expected


def test_what_is_given_wins() -> None:
    source = "K = 3\nfor k in 1..K: h[k] = h[k-1] + x\nh[K]/K"
    assert read(source, given={"K": 2}) == read("K = 2\nh_1 = h_0 + x\nh_2 = h_1 + x\nh_2/K")
    assert parse_program(source, given={"K": 2}).given == {"K": 2}


def test_names_of_values_tell_their_rounds() -> None:
    program = parse_program("norm(v) = v/sqrt(v'*v)\nfor k in 1..2: h[k] = norm(W[k]*h[k-1])")
    assert list(program.assignments) == ["v_1", "h_1", "v_2", "h_2"]


def test_nested_calls_stay_short() -> None:
    program = parse_program("f(x) = x + x\ny = " + "f(" * 60 + "A*z" + ")" * 60)
    assert len(program.assignments) == 61
    assert max(len(tree(form)) for form in program.assignments.values()) < 40


# --- hygiene --------------------------------------------------------------------------------------------------------


def test_an_index_of_the_body_does_not_catch_one_of_the_argument() -> None:
    derivative = matcalc.derive("f(v) = v*sum[i: y[i]]\n[i: f(x[i])]", "x")
    assert derivative.text == "sum(y)*eye(n)"


def test_indices_of_an_argument_and_of_the_body_may_have_one_name() -> None:
    source = "t(v) = [i,j: v[j,i]]\nA: matrix(m, n)\n"
    assert matcalc.derive(source + "t(t(A))*x", "x").text == "A"
    assert matcalc.derive(source + "t([i,j: A[j,i]])*x", "x").text == "A"
    assert matcalc.derive(source + "[i: sum[j: t(t(A))[i,j]*x[j]]]", "x").text == "A"


def test_an_index_of_the_caller_is_none_of_the_body() -> None:
    with pytest.raises(ParseError, match="`i` is not an index here"):
        parse_program("f(v) = v[i]\n[i: f(x)]")


def test_a_value_with_indices_is_written_where_it_stands() -> None:
    assert matcalc.derive("f(v) = v*v + v\n[i: f(2*x[i])]", "x").text == matcalc.derive("[i: 4*x[i]^2 + 2*x[i]]", "x").text


# --- mistakes -------------------------------------------------------------------------------------------------------

NET = "layer(W, x) = tanh(W*x)\n"
MISTAKES = {
    "too few arguments": (NET + "y = layer(A)", "takes 2 arguments, not 1", "layer(A)", ["`layer` is defined here"]),
    "recursion": ("f(x) = 2*f(x)\nf(y)", "`f` calls itself", "f", []),
    "defined below": ("f(x) = g(x)\ng(x) = x\nf(y)", "`g` is called before it is defined", "g", ["`g` is defined here"]),
    "defined twice": ("f(x) = x\nf(y) = y\nf(z)", "`f` is defined twice", "f", ["`f` is defined here first"]),
    "built in": ("exp(x) = x\ny = exp(x)", "`exp` is a function of the language", "exp", []),
    "a derivative's name": ("grad(x) = x\nx", "`grad` is a function of the language", "grad", []),
    "constant": ("pi(x) = x\nx", "`pi` is a constant", "pi", []),
    "declared function": ("f: function\nf(x) = x\nf(y)", "`f` is declared and defined", "f", ["`f` is declared here"]),
    "declared below": ("f(x) = x\nf(y)\nf: function", "`f` is declared and defined", "f", ["`f` is declared here"]),
    "assigned": ("f = x\nf(x) = x\ny", "`f` is assigned and defined", "f", ["`f` is assigned here"]),
    "assigned below": ("f(x) = x\nf = x\nf", "`f` is a function and cannot be assigned", "f", ["`f` is defined here"]),
    "no parameter": ("f() = x\nf", "a function has a parameter", "f", []),
    "a parameter twice": ("f(x, x) = x\ny", "the name `x` is taken", "x", []),
    "a parameter that is a number": ("f(2) = x\ny", "a parameter is a name", "2", []),
    "a parameter that is called": ("f(g) = g(x)\ny", "`g` is a parameter, not a function", "g", []),
    "a function as a value": (NET + "y = layer + x", "`layer` is a function: it needs an argument", "layer", []),
    "a name that is assigned later": (
        "f(x) = c*x\nc = 2\nf(y)", "`c` is used before it is assigned", "c", ["`c` is assigned here"],
    ),
    "a function in a loop": ("for k in 1..2: f(x) = x", "outside of loops", "f", ["in the round k = 1"]),
    "no block": ("for k in 1..2\ny = x", "repeats nothing", "for k in 1..2", []),
    "no in": ("for k = 1..2: y[k] = x", "`in` is expected", "=", []),
    "no range": ("for k in 3: y[k] = x", "`..` is expected", ":", []),
    "no colon": ("for k in 1..2 y[k] = x", "the range of a loop ends here", "y", []),
    "not whole": ("for k in 1..2.5: y[k] = x", "a whole number is expected", "2.5", []),
    "unknown count": ("for k in 1..K: y[k] = x", "`K` has no whole number", "K", []),
    "a range of no clear way": (
        "for k in 1..2: for t in k..3: y[k,t] = x", "not clear whether", "k..3", ["in the round k = 1"],
    ),
    "range the wrong way": ("K = 2\nfor k in 5..K: y[k] = x", "this range goes up", "5..K", []),
    "indented below a line": ("for k in 1..2: y[k] = x\n  z = x", "indented below a loop", "z", []),
    "assigned in each round": (
        "for k in 1..2: y = x", "`y` is assigned twice", "y", ["`y` is assigned here first", "in the round k = 2"],
    ),
    "the variable is assigned": ("for k in 1..2: k = x", "`k` is the variable of the loop", "k", ["in the round k = 1"]),
    "the variable is assigned below": (
        "for k in 1..2: y[k] = x\nk = 2", "the variable of a loop", "for k in 1..2", ["`k` is assigned here"],
    ),
    "the variable is taken": ("for k in 1..2: for k in 1..2: y[k] = x", "the name `k` is taken", "k", ["in the round k = 1"]),
    "no name": ("for k in 1..2\n  x[k]", "an expression without a name", "x", ["in the round k = 1"]),
    "negative index": ("for k in 0..2: y[k] = y[k-1]", "not negative, but this is -1", "k-1", ["in the round k = 0"]),
    "entry assigned": ("y[i] = x[i]", "an entry of `y` cannot be assigned", "y", []),
    "an index and a number": ("y = [i: x[i+1]]", "`i` runs over entries", "i", []),
    "an entry by a number": ("x: vector(3)\ny = 2*x[2]", "`x[2]` is the name `x_2`, not an entry of `x`", "x[2]", []),
    "a size that is not positive": ("for k in 0..1: b[k]: vector(k)", "a size is positive", "k", ["in the round k = 0"]),
    "too many statements": ("for k in 1..20000: y[k] = x", "more than 10,000 statements", "for k in 1..20000", []),
    "syntax in a round": ("for k in 1..2: y[k] = x*", "an operand is missing", "*", ["in the round k = 1"]),
}  # fmt: skip


@pytest.mark.parametrize(("source", "message", "place", "related"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_has_its_place(source: str, message: str, place: str, related: Sequence[str]) -> None:
    with pytest.raises(MatcalcError) as caught:
        parse_program(source)
    error = caught.value
    assert message in error.message
    assert error.span is not None
    assert error.span.text == place
    assert [label for label, _ in error.related] == list(related)


def test_a_mistake_of_kinds_in_a_body_shows_the_body_and_the_call() -> None:
    source = "layer(W, x) = W*x*x\nfor k in 1..2\n  h[k] = layer(A, h[k-1])\nh[2]"
    with pytest.raises(KindError) as caught:
        matcalc.derive(source, "h[0]")
    error = caught.value
    assert error.span is not None
    assert (error.span.text, error.span.line_and_column()) == ("W*x*x", (1, 15))
    assert [(label, span.text) for label, span in error.related] == [
        ("in this call of `layer`", "layer(A, h[k-1])"), ("in the round k = 1", "for k in 1..2"),
    ]  # fmt: skip


def test_a_mistake_of_sizes_tells_the_round() -> None:
    source = "for k in 1..3\n  W[k]: matrix(n[k], n[k-1])\nW[3]: matrix(p, q)\nfor k in 1..3: h[k] = W[k]*h[k-1]"
    with pytest.raises(DeclarationError, match="`W_3` is declared twice"):
        parse_program(source)
    wrong = "x: vector(n)\nfor k in 1..3: W[k]: matrix(n[k], k)\nfor k in 2..3\n  y[k] = W[k]*ones(2)\ny[3]"
    with pytest.raises(DimensionError) as caught:
        matcalc.derive(wrong, "W[3]")
    assert [label for label, _ in caught.value.related][-1] == "in the round k = 3"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"K": 2.5}, "no whole number"), ({"K": True}, "no whole number"), ({"K": 10**12}, "no whole number"),
        ([1], "given by name"), ({"L": 2}, "no name of the program"), ({1: 2}, "no whole number"),
    ],
)  # fmt: skip
def test_what_is_given_is_a_number_of_the_program(given: object, message: str) -> None:
    with pytest.raises(MatcalcError, match=message):
        parse_program("K*x", given=given)  # type: ignore[arg-type]


def test_what_is_given_is_no_variable() -> None:
    with pytest.raises(DeclarationError, match="declared as a variable"):
        parse_program("K: scalar\nK*x", given={"K": 2})
    with pytest.raises(KindError, match="no whole number here"):
        parse_program("K = sum(x)\nK*x", given={"K": 2})


# --- what stays as it was -------------------------------------------------------------------------------------------


def test_words_of_loops_are_names_elsewhere() -> None:
    assert tree(parse_program("for = 2\nin = 3\ny = for*in*x").output) == "mul(for, in, x)"


@pytest.mark.parametrize("text", ["[i: x[1]]", "sum[i: x[2]*y[i]]"])
def test_a_number_alone_is_no_index_of_entries(text: str) -> None:
    with pytest.raises(ParseError, match="an index is a name, not a number"):
        parse_expression(text)


def test_declarations_alone() -> None:
    assert list(parse_declarations(["for k in 1..2: W[k]: matrix(n, n)", "b[3]: vector"])) == ["W_1", "W_2", "b_3"]


@pytest.mark.parametrize(
    ("name", "latex"), [("W_12", r"\mathbf{W}_{12}"), ("h_0", r"\mathbf{h}_{0}"), ("y_2_10", r"\mathbf{y}_{2,10}")]
)
def test_numbers_of_names_in_latex(name: str, latex: str) -> None:
    assert name_latex(name, bold=True) == latex


# --- derivatives ----------------------------------------------------------------------------------------------------

DEEP = """\
K = 3
y: vector(n)
layer(W, x, b) = tanh(W*x + b)
for k in 1..K:
    W[k]: matrix(n, n)
    h[k] = layer(W[k], h[k-1], b[k])
J = norm2(h[K] - y)^2/K
"""


@pytest.mark.parametrize("name", ["W[2]", "W_2", " W[ 2 ]", "W[K-1]"])
def test_an_indexed_name_is_differentiated_by(name: str) -> None:
    derivative = matcalc.derive(DEEP, name)
    assert derivative.wrt == "W_2"
    assert derivative.check().agrees


def test_the_output_may_be_indexed() -> None:
    plain = "h_1 = tanh(W_1*h_0 + b_1)\nh_2 = tanh(W_2*h_1 + b_2)\nJ = sum(h_2)"
    declared = ["W_1: matrix(n, n)", "W_2: matrix(n, n)"]
    expected = matcalc.derive(plain, "h_1", declared, of="h_2").text
    assert [matcalc.derive(DEEP, "h[1]", of=of, given={"K": 2}).text for of in ("h[2]", "h[K]", "h_2")] == [expected] * 3


def test_all_variables_in_order_of_appearance() -> None:
    found = matcalc.derive(DEEP, "all", given={"K": 2})
    assert list(found) == ["W_1", "h_0", "b_1", "W_2", "b_2", "y"]
    assert found["W[2]"].text == found["W_2"].text
    assert list(matcalc.derive(DEEP, ["all", "h[1]"], given={"K": 1})) == ["W_1", "h_0", "b_1", "y", "h_1"]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("L(Y): scalar\nY = X*W\nJ = L", ["X", "W"]),
        ("L(Y): scalar\nJ = L", ["Y"]),
        ("f: function\nsum(f(W*x))/2", ["W", "x"]),
        ("W: matrix(n, n)\nsum(W*x)/n", ["W", "x"]),
        ("a = B*x\nz = C*y\ns = sum(z)", ["C", "y"]),
        ("pi*x + eye*x", ["x"]),
    ],
)
def test_all_is_what_the_output_depends_on(source: str, expected: list[str]) -> None:
    assert list(matcalc.derive(source, "all")) == expected


def test_a_name_all_is_that_name() -> None:
    assert matcalc.derive("all = A*x\ny = 2*all", "all").text == "2*eye(m)"


@pytest.mark.parametrize(
    ("source", "wrt", "message"),
    [
        ("3 + 4", "all", "depends on no variable"),
        ("K = 2\nsum[k in 1..K: A^k*x]", "K", "not a variable"),
        ("sum[k in 1..2: W[k]*x]", "W", "stands only with an index"),
    ],
)
def test_names_that_are_no_variables(source: str, wrt: str, message: str) -> None:
    with pytest.raises(KindError, match=message):
        matcalc.derive(source, wrt)


def test_claims_may_call_functions() -> None:
    where = ["layer(W, x) = tanh(W*x)", "for k in 1..2: h[k] = layer(W[k], h[k-1])"]
    claim = "d(h[2])/d(h[1]) = diag(1 - layer(W[2], h[1]).^2)*W[2]"
    assert matcalc.verify(claim, where=where).verdict == "proved"
    assert matcalc.verify(claim.replace("1 -", "2 -"), where=where).verdict == "refuted"
    assert matcalc.verify("d(sq(A*x))/d(x) = 2*(A*x)'*A", where=["sq(v) = v'*v"]).verdict == "proved"


# --- the command line -----------------------------------------------------------------------------------------------


def run(*words: str, text: str = DEEP) -> tuple[int, str]:
    ran = CliRunner().invoke(main, list(words), input=text)
    return ran.exit_code, ran.output


def test_the_command_line_gives_and_takes_all() -> None:
    status, text = run("derive", "-", "--wrt", "all", "--given", "K=1", "--form", "matrix")
    assert status == 0
    assert [line for line in text.splitlines() if line.startswith("by ")] == ["by W_1:", "by h_0:", "by b_1:", "by y:"]


@pytest.mark.parametrize("given", ["K", "K=", "K=2.5", "=3", "K=x"])
def test_the_command_line_refuses_what_is_no_number(given: str) -> None:
    status, text = run("derive", "-", "--wrt", "y", "--given", given)
    assert (status, "NAME=NUMBER" in text) == (2, True)


def test_the_place_is_told_on_the_command_line() -> None:
    status, text = run("derive", "-", "--wrt", "x", text="for k in 1..2\n  y[k] = y[k-2]\n")
    assert status == 2
    assert "standard input:2:12:" in text
    assert "in the round k = 1" in text


@pytest.mark.parametrize("given", [None, {"K": 2}])
def test_the_command_of_a_loop_makes_its_module_again(given: dict[str, int] | None) -> None:
    module = matcalc.derive(DEEP, "W[1]", given=given).numpy()
    docstring = ast.get_docstring(ast.parse(module)) or ""
    words = shlex.split(docstring[docstring.index("matcalc derive") :])
    status, text = run(*words[1:])
    assert (status, text[text.index("import numpy") :].strip()) == (0, module[module.index("import numpy") :].strip())
    assert f"--given K={given['K']}" in docstring if given else "--given" not in docstring


# --- several outputs ------------------------------------------------------------------------------------------------

TWO = "z = W*x\nh = tanh(z)\ns = sum(h)\nq = h'*h\n"


def test_several_outputs_are_what_each_of_them_is() -> None:
    found = matcalc.derive(TWO, ["W", "x"], of=["s", "q"])
    for output in ("s", "q"):
        alone = matcalc.derive(TWO, ["W", "x"], of=output)
        assert {name: made.text for name, made in found[output].items()} == {name: made.text for name, made in alone.items()}
    assert {name: made.text for name, made in matcalc.derive(TWO, "x", of=["h", "s"]).items()} == {
        name: matcalc.derive(TWO, "x", of=name).text for name in ("h", "s")
    }


def test_outputs_by_indexed_names() -> None:
    found = matcalc.derive(DEEP, "h[0]", of=["h[1]", "h[K]"], given={"K": 2})
    assert list(found) == ["h_1", "h_2"]
    assert found["h[2]"].wrt == "h_0"


@pytest.mark.parametrize("wrt", ["x", "all", ["W"]])
def test_code_of_several_outputs_is_one_function(wrt: str | list[str]) -> None:
    values = {"W": np.array([[1.0, 2.0, -1.0], [0.5, -1.0, 0.25]]), "x": np.array([0.1, -0.2, 0.3])}
    together = matcalc.derive(TWO, wrt, of=["s", "h"]).function()(**values)
    for output in ("s", "h"):
        alone = matcalc.derive(TWO, wrt, of=output).function()(**values)
        np.testing.assert_equal(flat(together[output]), flat(alone))


def flat(found: object) -> dict[str, list[float]]:
    """Arrays by name."""
    return {name: np.round(a, 12).tolist() for name, a in (found if isinstance(found, dict) else {"": found}).items()}


def test_outputs_that_are_none() -> None:
    with pytest.raises(KindError, match="no output"):
        matcalc.derive(TWO, "x", of=[])
    with pytest.raises(UnknownNameError, match="`t` is not an assigned name"):
        matcalc.derive(TWO, "x", of=["s", "t"])
    with pytest.raises(UnsupportedError, match="one output at a time"):
        matcalc.derive(TWO, "x", of=["s", "q"]).code(product="vjp")


def test_the_command_line_prints_each_output_under_its_name() -> None:
    status, text = run("derive", "-", "--wrt", "x", "--of", "s", "--of", "h", text=TWO)
    assert status == 0
    assert [line for line in text.splitlines() if line.startswith("of ")] == ["of s:", "of h:"]
    alone = run("derive", "-", "--wrt", "x", "--of", "h", text=TWO)[1]
    assert text.endswith(alone)


def test_the_command_line_emits_outputs_together() -> None:
    status, text = run("derive", "-", "--wrt", "all", "--of", "s", "--of", "q", "--emit", "numpy", text=TWO)
    assert (status, text.count("np.tanh")) == (0, 1)
    words = shlex.split((ast.get_docstring(ast.parse(text)) or "").partition("made by")[2])
    assert run(*words[1:])[1].partition("import")[2] == text.partition("import")[2]


def test_json_of_outputs_is_by_output() -> None:
    status, text = run("derive", "-", "--wrt", "x", "--of", "s", "--of", "h", "--emit", "json", text=TWO)
    assert (status, {name: made["shape"] for name, made in json.loads(text).items()}) == (0, {"s": ["n"], "h": ["m", "n"]})


def test_other_commands_take_one_output() -> None:
    status, text = run("check", "-", "--wrt", "x", "--of", "s", "--of", "h", text=TWO)
    assert (status, "--of is given once" in text) == (2, True)


# --- anything at all ------------------------------------------------------------------------------------------------

PIECES = (
    "for", "k", "in", "1..3", "K..1", ":", "\n", "\n  ", ";", "W[k]", "h[k-1]", "f(x)", "f(", ")", "=", "[", "]", "x", "2",
    "sum[k in 1..2:", "[i,j:", "A[i,j]", ",", "-", "..", "matrix(n, n)", "'", "*", "d(", "K = 2", "\t", "#", "if i==j else 0",
)  # fmt: skip
SEEDS = [source for source, _ in SAME.values()] + [DEEP]


def mutated(text: str, draw: random.Random) -> str:
    """The text with a few pieces put in, taken away or doubled."""
    for _ in range(draw.randint(1, 4)):
        at, length = draw.randrange(len(text) + 1), draw.choice([0, 0, 1, 3, 10])
        text = text[:at] + draw.choice([draw.choice(PIECES), "", text[at : at + length] * 2]) + text[at + length :]
    return text


def outcome(text: str) -> str:
    """What is said of a text: nothing if it is a program, else its mistake."""
    try:
        parse_program(text)
    except MatcalcError as error:
        return error.render()
    return ""


def test_whatever_is_read_ends_soon_and_is_a_program_or_a_mistake() -> None:
    draw, refused = random.Random(6), 0
    for _ in range(1500):
        text = mutated(draw.choice(SEEDS), draw)
        start = time.process_time()
        refused += bool(outcome(text))
        assert time.process_time() - start < 5, text
    assert 300 < refused < 1400  # both kinds were tried


@pytest.mark.parametrize(
    "text",
    [
        "f(v) = v*v\n[i: " + "f(" * 40 + "x[i]+1" + ")" * 40 + "]",
        "f0(x) = x+x\n" + "".join(f"f{k + 1}(x) = f{k}(x)+f{k}(x)\n" for k in range(40)) + "f40(x)",
        "".join(f"for i{k} in 1..9: " for k in range(120)) + "a = 1",
        "for k in 1..3:\n" + "\n" * 100_000 + "  a[k] = x",
        "J = x[" + "1+" * 50_000 + "1]",
        "sum[a in 1..999: sum[b in 1..999: sum[c in 1..999: x]]]",
        "f0(x) = x\n" + "".join(f"f{k + 1}(x) = f{k}(x)\n" for k in range(1000)) + "f1000(x)",
    ],
)
def test_a_short_text_does_not_make_a_long_program(text: str) -> None:
    start = time.process_time()
    assert len(outcome(text)) < 5_000
    assert time.process_time() - start < 10
