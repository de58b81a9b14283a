"""Inference: kinds and shapes of every form of the language, names that read well, errors with both places."""

import time
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcalc.errors import DimensionError, KindError, MatcalcError, UnknownNameError
from matcalc.form import format_axis, subforms
from matcalc.inference import TypedProgram, infer, infer_expression
from matcalc.parser import parse_claim, parse_expression, parse_program, parse_statements

ROOT = Path(__file__).parent.parent


def result(program: TypedProgram) -> str:
    """Kind and shape of the output, as in `matrix(m, n)`."""
    shape = ", ".join(map(format_axis, program.output.shape))
    return f"{program.output.kind}({shape})" if shape else program.output.kind


def inferred(text: str, *declare: str, layout: str = "numerator") -> str:
    return result(infer_expression(text, declare, layout))


#: Of all of these no two sizes are equal.
DECLARED = (
    "alpha: scalar; beta: scalar; x: vector(n); y: vector(n); b: vector(m); c: vector(p)",
    "A: matrix(m, n); B: matrix(n, p); C: matrix(m, n); S: matrix(n, n); f: function; g: function",
    "F(alpha): matrix(m, n); L(A): scalar; R: matrix(1, n); K: matrix(m, 1)",
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2*pi", "scalar"),
        ("n*x", "column(n)"),
        ("alpha*x*beta", "column(n)"),
        ("x'", "row(n)"),
        ("x''", "column(n)"),
        ("A'", "matrix(n, m)"),
        ("alpha'", "scalar"),
        ("x'*y", "scalar"),
        ("x*b'", "matrix(n, m)"),
        ("x'*y*b", "column(m)"),
        ("b*x'*y", "column(m)"),
        ("A*x", "column(m)"),
        ("b'*A", "row(n)"),
        ("A*B", "matrix(m, p)"),
        ("A*B*c", "column(m)"),
        ("b*R", "matrix(m, n)"),
        ("K*x'", "matrix(m, n)"),
        ("x*K'", "matrix(n, m)"),
        ("x/alpha", "column(n)"),
        ("x'/alpha", "row(n)"),
        ("A + alpha", "matrix(m, n)"),
        ("A + b", "matrix(m, n)"),
        ("A + x'", "matrix(m, n)"),
        ("b - x'", "matrix(m, n)"),
        ("x + y - 1", "column(n)"),
        ("x' + y'", "row(n)"),
        ("A.*b./x'", "matrix(m, n)"),
        ("2.^x", "column(n)"),
        ("x.^2", "column(n)"),
        ("b.^x'", "matrix(m, n)"),
        ("maximum(A, b)", "matrix(m, n)"),
        ("maximum(0, x')", "row(n)"),
        ("alpha^beta", "scalar"),
        ("S^3", "matrix(n, n)"),
        ("S^-2", "matrix(n, n)"),
        ("S^-T", "matrix(n, n)"),
        ("exp(A)", "matrix(m, n)"),
        ("tanh(x')", "row(n)"),
        ("f(A*x)", "column(m)"),
        ("f''(x)'", "row(n)"),
        ("softmax(x)", "column(n)"),
        ("softmax(x')", "row(n)"),
        ("softmax(A)", "matrix(m, n)"),
        ("logsumexp(x)", "scalar"),
        ("logsumexp(A)", "column(m)"),
        ("sum(A)", "scalar"),
        ("sum(A, 0)", "row(n)"),
        ("sum(A, 1)", "column(m)"),
        ("sum(A, -1)", "column(m)"),
        ("mean(x, 0)", "scalar"),
        ("norm2(A*x - b)", "scalar"),
        ("trace(S) + tr(S) + det(S) + logdet(S)", "scalar"),
        ("inv(S)", "matrix(n, n)"),
        ("diag(x)", "matrix(n, n)"),
        ("diag(x')", "matrix(n, n)"),
        ("diag(S)", "column(n)"),
        ("vec(A)", "column(n*m)"),
        ("vec(x)", "column(n)"),
        ("vec(x')", "column(n)"),
        ("kron(A, B)", "matrix(m*n, n*p)"),
        ("x⊗b", "column(n*m)"),
        ("x'⊗b'", "row(n*m)"),
        ("x⊗b'", "matrix(n, m)"),
        ("x'⊗b", "matrix(m, n)"),
        ("A⊗x", "matrix(m*n, n)"),
        ("x'⊗A", "matrix(m, n*n)"),
        ("alpha⊗A", "matrix(m, n)"),
        ("kron(B', A)*vec(S)", "column(p*m)"),
        ("kron(x', S)*vec(x*y')", "column(n)"),
        ("dot(x, y)", "scalar"),
        ("outer(x, b)", "matrix(n, m)"),
        ("crossentropy(x, y)", "scalar"),
        ("eye(n)", "matrix(n, n)"),
        ("A*eye", "matrix(m, n)"),
        ("ones(3)", "column(3)"),
        ("ones(m, 3)", "matrix(m, 3)"),
        ("zeros(m, n) + A", "matrix(m, n)"),
        ("ones(n*m) + vec(A)", "column(n*m)"),
        ("vector(1/2) + x", "column(n)"),
        ("matrix(0) + A", "matrix(m, n)"),
        ("commutation(m, n)*vec(A)", "column(m*n)"),
        ("vec(A') - commutation(m, n)*vec(A)", "column(m*n)"),
        ("[i: x[i]]", "column(n)"),
        ("[i,j: A[j,i]]", "matrix(n, m)"),
        ("[i,k,l: delta(i,k)*x[l] + sum[j: A[k,j]]]", "tensor(m, m, n)"),
        ("[i,j: x[i] if i==j else 0]", "matrix(n, n)"),
        ("[i: vec(A)[i]]", "column(n*m)"),
        ("sum[i,j: A[i,j]^2]", "scalar"),
        ("sin([i,j,k: x[i]*x[j]*x[k]])*2 - 1", "tensor(n, n, n)"),
        ("sum([i,j,k: x[i]*x[j]*x[k]])", "scalar"),
        ("d(A)/d(alpha)", "matrix(m, n)"),
        ("grad(x'*x, x)", "column(n)"),
        ("grad(sum(A), A)", "matrix(m, n)"),
        ("grad(alpha^2, alpha)", "scalar"),
        ("jacobian(x'*x, x)", "row(n)"),
        ("jacobian(A*x, x)", "matrix(m, n)"),
        ("jacobian(A*x, A)", "tensor(m, m, n)"),
        ("jacobian(x'*alpha, alpha)", "row(n)"),
        ("jacobian(sum(A), A)", "matrix(m, n)"),
        ("hessian(x'*x, x)", "matrix(n, n)"),
        ("hessian(alpha^3, alpha)", "scalar"),
        ("hessian(alpha^3*x', alpha)", "row(n)"),
        ("hessian(sum(A), A)", "tensor(m, n, m, n)"),
        ("hessian(A*x, x)", "tensor(m, n, n)"),
        ("d(vec(A*B))/d(vec(B))", "matrix(p*m, p*n)"),
        ("d(vec(A*x))/d(vec(x))", "matrix(m, n)"),
        ("[i,j: d(L)/d(A[i,j])]", "matrix(m, n)"),
        ("d(L)/d(A)*x", "column(m)"),
    ],
)
def test_kinds_and_shapes(text, expected):
    assert inferred(text, *DECLARED) == expected


@pytest.mark.parametrize(
    "text", ["K + A", "A + A'", "x + b", "A.*x", "b'*x", "kron(A, B)*vec(S)", "vec(A) + vec(A')", "outer(x, b) + A"]
)
def test_sizes_that_differ(text):
    with pytest.raises(DimensionError):
        infer_expression(text, DECLARED)


@pytest.mark.parametrize(
    ("text", "numerator", "denominator"),
    [
        ("d(x'*y)/d(x)", "row(n)", "column(n)"),
        ("d(A*x)/d(x)", "matrix(m, n)", "matrix(n, m)"),
        ("d(x'*A')/d(x)", "matrix(m, n)", "matrix(n, m)"),
        ("d(b'*A*x)/d(A)", "matrix(m, n)", "matrix(m, n)"),
        ("d(alpha*x)/d(alpha)", "column(n)", "column(n)"),
        ("d(alpha*A)/d(alpha)", "matrix(m, n)", "matrix(m, n)"),
        ("d(alpha)/d(alpha)", "scalar", "scalar"),
        ("d(A*x)/d(A)", "tensor(m, m, n)", "tensor(m, m, n)"),
        ("d(A'*A)/d(A)", "tensor(n, n, m, n)", "tensor(n, n, m, n)"),
        ("d(A*B)/d(x)", "tensor(m, p, n)", "tensor(m, p, n)"),
        ("d(vec(A*B))/d(vec(B))", "matrix(p*m, p*n)", "matrix(p*m, p*n)"),
        ("d(d(x'*S*x)/d(x))/d(x)", "matrix(n, n)", "matrix(n, n)"),
    ],
)
def test_layouts(text, numerator, denominator):
    assert inferred(text, *DECLARED) == numerator
    assert inferred(text, *DECLARED, layout="denominator") == denominator


@pytest.mark.parametrize(
    ("text", "declarations"),
    [
        ("x'*A*x", "x: vector(n); A: matrix(n, n)"),
        ("B'*B", "B: matrix(m, n)"),
        ("A*x", "A: matrix(m, n); x: vector(n)"),
        ("a'*X*b", "a: vector(m); X: matrix(m, n); b: vector(n)"),
        ("x'*y + z'*w", "x: vector(n); y: vector(n); z: vector(m); w: vector(m)"),
        ("tr(A*X'*B*X*C)", "A: matrix(m, n); X: matrix(p, n); B: matrix(p, p); C: matrix(n, m)"),
        ("norm2(T - U*V')^2", "T: matrix(m, n); U: matrix(m, p); V: matrix(n, p)"),
        ("inv(X)*A*x", "X: matrix(n, n); A: matrix(n, m); x: vector(m)"),
        ("kron(a, b) + y", "a: vector(n); b: vector(m); y: vector(n*m)"),
        ("vec(X) + y", "X: matrix(m, n); y: vector(n*m)"),
        ("kron(a, b) + y + kron(c, kron(e, f))",
         "a: vector(n); b: vector(m*p); y: vector(n*m*p); c: vector(n); e: vector(m); f: vector(p)"),
        ("n'*A*m", "n: vector(p); A: matrix(p, q); m: vector(q)"),
        ("Σ*θ + λ₁ + Δ", "Sigma: matrix(m, n); theta: scalar; lambda1: vector(m); Delta: matrix(m, n)"),
        ("A*ones(3)", "A: matrix(n, 3)"),
        ("alpha*e*d'*delta", "alpha: scalar; e: vector(n); d: vector(m); delta: scalar"),
    ],
)  # fmt: skip
def test_everything_assumed_is_stated_with_sizes_that_read_well(text, declarations):
    assert "; ".join(infer_expression(text).declarations()) == declarations


def test_statements_are_those_of_the_user_where_there_are_any():
    declare = [
        "y: vector(C) simplex; f: function; L(Y): scalar; W: matrix positive-definite; z: vector",
        "T: matrix lower; D: matrix(k, k); A(alpha): matrix(r, s)",
    ]
    program = infer_expression("L*f(y) + W*x + sum(T) + sum(D*Q) + sum(A)", declare)
    assert program.declarations() == (
        "L(Y): scalar",
        "Y: matrix(m, n)",
        "f: function",
        "y: vector(C) simplex",
        "W: matrix(C, C) positive-definite",
        "x: vector(C)",
        "T: matrix(p, p) lower",
        "D: matrix(k, k)",
        "Q: matrix(k, q)",
        "A(alpha): matrix(r, s)",
        "alpha: scalar",
    )
    assert program.dimensions == ("C", "k", "r", "s", "m", "n", "p", "q")
    assert program.variables["W"].properties == {"positive-definite", "symmetric"}
    assert program.variables["x"].declared is False
    assert "z" not in program.variables


@pytest.mark.parametrize("text", ["x'*A*x", "kron(a, b) + y", "softmax(W*x)'*c", "vec(X*Y) + z", "Z*ones(3)"])
def test_statements_can_be_read_back(text):
    first = infer_expression(text)
    again = infer_expression(text, first.declarations())
    assert again.declarations() == first.declarations()
    assert again.output.shape == first.output.shape


def test_a_declaration_that_only_gives_a_size_is_stated():
    program = infer_expression("norm2(Z)^2/N", ["Y: matrix(N, C); y: vector(N); b: vector(C)"])
    assert program.declarations() == ("Z: matrix(m, n)", "Y: matrix(N, C)")
    assert list(program.variables) == ["Z"]
    assert infer_expression("sum(y)/N", ["Y: matrix(N, C); y: vector(N)"]).declarations() == ("y: vector(N)",)


def test_names_mean_assigned_names_then_variables_then_dimensions():
    assert inferred("n = 2*ones(3)\nn", "x: vector(n)") == "column(3)"
    assert inferred("n", "n: matrix(2, 3); x: vector(n)") == "matrix(2, 3)"
    assert inferred("n", "x: vector(n)") == "scalar"
    assert inferred("n*ones(n)") == "column(n)"
    assert inferred("n") == "column(m)"


def test_a_number_is_the_size_of_a_compound_axis_too():
    declare = ["X: matrix(2, 3); Y: matrix(3, 2); y: vector(6)"]
    program = infer_expression("kron(X, Y)*y + vec(Y)", declare)
    assert program.variables["y"].shape == ((3, 2),)
    assert program.output.shape == ((2, 3),)
    assert infer_expression("X*ones(3)", declare).variables["X"].shape == ((2,), (3,))


def test_a_square_declaration_is_enough_once():
    assert inferred("A", "A: matrix symmetric") == "matrix(n, n)"
    assert inferred("A", "A: matrix(3, n) lower") == "matrix(3, n)"


NET = """\
W: matrix(M, D); U: matrix(C, M)
y: vector(C) simplex
z = W*x + b
h = relu(z)
theta = U*h
J = crossentropy(y, softmax(theta))
"""


def test_a_program_is_inferred_as_a_whole():
    wrt = [parse_expression("W"), parse_expression("d(J)/d(h)"), parse_expression("q")]
    program = infer(parse_program(NET), extra=wrt)
    assert {name: form.shape for name, form in program.assignments.items()} == {
        "z": (("M",),),
        "h": (("M",),),
        "theta": (("C",),),
        "J": (),
    }
    assert [form.kind for form in program.extra] == ["matrix", "row", "column"]
    assert program.output is program.assignments["J"]
    assert list(program.variables) == ["W", "x", "b", "U", "y", "q"]
    assert program.variables["b"].shape == (("M",),)


def test_sides_of_a_claim_are_made_alike_where_they_can_be():
    sides = parse_claim("A*inv(A) = eye = A*x = B = 0")
    pairs = [(i, i + 1) for i in range(4)]
    shapes = [form.shape for form in infer(parse_statements([]), extra=sides, alike=pairs).extra]
    assert shapes[0] == shapes[1] == (("n",), ("n",))
    assert shapes[2] == (("n",),)
    assert len(shapes[3]) == 2
    assert shapes[4] == ()


def test_sides_that_differ_are_left_as_they_are():
    declare = ["A: matrix(m, n)"]
    sides = parse_claim("[i,j: A[i,j]] = [i,j: A[j,i]]")
    left, right = infer(parse_statements([], declare), extra=sides, alike=[(0, 1)]).extra
    assert (left.shape, right.shape) == ((("m",), ("n",)), (("n",), ("m",)))


def test_a_tie_that_fails_half_way_leaves_no_trace():
    sides = parse_claim("x*ones(2)' = y*ones(3)'")
    program = infer(parse_statements([]), extra=sides, alike=[(0, 1)])
    assert program.variables["x"].shape != program.variables["y"].shape


def test_every_node_is_typed_and_no_input_is_changed():
    program = parse_program(NET + "G = d(J)/d(W) + [i,j: W[i,j] if i!=i else 0]*eye + matrix(1)")
    forms = [*program.assignments.values()]
    before = [(id(f), f.kind, f.shape, f.args) for form in forms for f in subforms(form)]
    typed = infer(program)
    assert before == [(id(f), f.kind, f.shape, f.args) for form in forms for f in subforms(form)]
    nodes = [f for form in typed.assignments.values() for f in subforms(form)]
    assert all(f.kind and f.shape is not None for f in nodes)
    assert all(isinstance(part, (int, str)) for f in nodes for axis in f.shape for part in axis)


def test_calls_have_canonical_names_axes_and_sizes():
    form = infer_expression("A*arcsin(eye) + trace(S)*mean(A, -1)", ["S: matrix(k, k); A: matrix(m, n)"]).output
    calls = {f.value: [a.value for a in f.args] for f in subforms(form) if f.head == "call"}
    assert calls["eye"] == ["n"]
    assert calls["mean"][1] == 1
    assert {"asin", "tr"} <= set(calls)
    assert infer_expression("A^(-1)").output.args[1].value == -1


# --- errors ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "place", "message", "hint"),
    [
        ("x*y", "x*y", "a column by a column", "x'*y for the inner product, x.*y"),
        ("x'*y'", "x'*y'", "a row by a row", "x'*y for"),
        ("x*A", "x*A", "a column by a matrix", "x'*A"),
        ("A*x'", "A*x'", "a matrix by a row", "A*x"),
        ("alpha*A*x*y", "alpha*A*x*y", "a column by a column", "(alpha*A*x)'*y"),
        ("x^2", "x^2", "is a column", "x.^2"),
        ("x'^2", "x'^2", "is a row", "x'.^2"),
        ("2^x", "x", "must be a scalar", ".^"),
        ("A^0.5", "0.5", "whole number", "A.^0.5"),
        ("A^x", "x", "whole number", "A^2"),
        ("x/y", "y", "divides by a scalar", "x./y"),
        ("A/S", "S", "divides by a scalar", "A*inv(S)"),
        ("det(x)", "x", "takes a square matrix", "(n,n)->()"),
        ("softmax(alpha)", "alpha", "takes a vector or matrix", "row by row"),
        ("dot(A, x)", "A", "takes a vector", "(n),(n)->()"),
        ("exp(x, y)", "exp(x, y)", "takes 1 argument, not 2", "()->()"),
        ("sum(x, 0, 1)", "sum(x, 0, 1)", "at most one axis", "sum"),
        ("sum(A, 2)", "2", "no such axis", "0 and 1"),
        ("sum(x, 1)", "1", "no such axis", "is 0"),
        ("crossentropy(x, y')", "crossentropy(x, y')", "one shape", ""),
        ("softmx(x)", "softmx", "no function `softmx`", "`softmax`"),
        ("q(x)", "q", "no function `q`", "`q: function`"),
        ("x(y)", "x", "a variable, not a function", "x*(y)"),
        ("F(alpha)", "F", "a variable, not a function", "write F"),
        ("q'(x)", "q'(x)", "not an unknown function", "q: function"),
        ("tanh'(x)", "tanh'(x)", "not an unknown function", "d(tanh(x))/d(x)"),
        ("f(x, y)", "f(x, y)", "one argument", ""),
        ("f + 1", "f", "needs an argument", "f(x)"),
        ("exp + 1", "exp", "needs an argument", "exp: vector"),
        ("ones", "ones", "needs sizes", "ones(n)"),
        ("eye(m, n)", "eye(m, n)", "does not take 2", "eye(n)"),
        ("ones(0)", "0", "a size is", "ones(3)"),
        ("ones(n + 1)", "n + 1", "a size is", ""),
        ("vector(x)", "x", "must be a scalar", ""),
        ("x[i]", "x[i]", "not an index", "[i: ...]"),
        ("[i: A[i]]", "A[i]", "takes 2 indices, not 1", ""),
        ("[i: alpha[i]]", "alpha[i]", "has no entries", ""),
        ("[i: x[i]*i]", "i", "an index here", "entries"),
        ("[i: x]", "x", "must be a scalar", "entries"),
        ("[i: sum[i: x[i]]]", "sum[i: x[i]]", "bound already", "another name"),
        ("[i: x[i] if i==k else 0]", "x[i] if i==k else 0", "not an index", ""),
        ("sum[i: 1]", "sum[i: 1]", "does not occur", "x[i]"),
        ("delta(i, j)", "delta(i, j)", "only inside of", "eye"),
        ("delta(x)", "delta", "no function", "two indices"),
        ("d(x)", "d", "no function", "d(E)/d(X)"),
        ("d(x'*x)/d(2*x)", "2*x", "differentiate by a name, not by `2*x`", "h = ..."),
        ("d(x'*x)/d(sin(x))", "sin(x)", "differentiate by a name", ""),
        ("grad(x'*x, x')", "x'", "differentiate by a name", ""),
        ("d(x)/d(2)", "2", "differentiate by a name", ""),
        ("d(x)/d(n)", "n", "a constant", ""),
        ("d(x)/d(pi)", "pi", "a constant", ""),
        ("d(x)/d(f)", "f", "a function", ""),
        ("d(A)/d(vec(A))", "d(A)/d(vec(A))", "one of vec(E)", "d(vec(E))"),
        ("grad(A*x, x)", "A*x", "that of a scalar", "jacobian"),
        ("[i,j,k: x[i]*x[j]*x[k]]'", "[i,j,k: x[i]*x[j]*x[k]]'", "no transpose", "[i,j,k:"),
        ("[i,j,k: x[i]*x[j]*x[k]]*x", "[i,j,k: x[i]*x[j]*x[k]]*x", "tensor of order 3", "sum[k:"),
        ("[i,j,k: x[i]*x[j]*x[k]] + x", "[i,j,k: x[i]*x[j]*x[k]] + x", "order 3", "own order"),
    ],
)
def test_one_message_for_each_mistake(text, place, message, hint):
    with pytest.raises((KindError, UnknownNameError)) as caught:
        infer_expression(text, DECLARED)
    error = caught.value
    assert error.span.text == place
    assert message in error.message
    assert hint in (error.hint or "")


@pytest.mark.parametrize(
    ("text", "declare", "first", "second"),
    [
        ("A*x", "A: matrix(2, 3); x: vector(4)", "`A` has 3 columns", "`x` has 4 entries"),
        ("A*B", "A: matrix(m, n); B: matrix(p, q)", "`A` has n columns", "`B` has p rows"),
        ("A + B", "A: matrix(m, n); B: matrix(n, m)", "`A` has m rows", "`B` has n rows"),
        ("A + 1 + x'", "A: matrix(m, n); x: vector(m)", "`A` has n columns", "`x'` has m entries"),
        ("A*x + B*x", "A: matrix(m, 2); B: matrix(m, 3)", "`B` has 3 columns", "`x` has 2 entries"),
        ("y + vec(X)", "y: vector(5); X: matrix(2, 3)", "`y` has 5 entries", "`vec(X)` has 3*2 entries"),
        ("y + vec(X)", "y: vector(q); X: matrix(m, n)", "`y` has q entries", "`vec(X)` has n*m entries"),
        ("y + vec(X)", "y: vector(6); X: matrix(m, 2)", "`y` has 6 entries", "`vec(X)` has 2*m entries"),
        ("crossentropy(x, y)", "x: vector(n); y: vector(m)", "`x` has n entries", "`y` has m entries"),
        ("y + kron(y, x)", "", "`y` has ? entries", "`kron(y, x)` has ?*? entries"),
        ("A*eye(k)", "A: matrix(m, n)", "`A` has n columns", "`eye(k)` has k rows"),
    ],
)
def test_a_conflict_of_sizes_shows_both_places_and_both_sizes(text, declare, first, second):
    with pytest.raises(DimensionError) as caught:
        infer_expression(text, [declare])
    error = caught.value
    assert first in error.message
    assert second in error.message
    assert first.split("`")[1] == error.span.text
    assert error.related[0][1].text == second.split("`")[1]
    assert error.span != error.related[0][1]


def test_a_conflict_shows_the_declarations_and_where_a_size_was_found():
    with pytest.raises(DimensionError) as caught:
        infer_expression("y = A*x\nB*x", ["A: matrix(m, 2); B: matrix(m, 3)"])
    places = {label: span.text for label, span in caught.value.related}
    assert places == {
        "`x` has 2 entries": "x",
        "`B` is declared here": "B: matrix(m, 3)",
        "the size 2 comes from here": "A*x",
    }


@pytest.mark.parametrize("text", ["inv(A)", "tr(A)", "A^2", "diag(A)", "A^-1"])
def test_two_declared_names_are_two_sizes(text):
    with pytest.raises(DimensionError, match="`A` is not square: m rows and n columns") as caught:
        infer_expression(text, ["A: matrix(m, n)"])
    assert caught.value.related[0][1].text == "A: matrix(m, n)"


def test_an_index_runs_over_one_size():
    with pytest.raises(DimensionError, match="two sizes, 3 and 2") as caught:
        infer_expression("[i: sum[j: A[i,j]*x[j]]]", ["A: matrix(2, 3); x: vector(2)"])
    assert caught.value.span.text == "x[j]"
    assert caught.value.related == (("`j` runs over the columns of `A` here", caught.value.related[0][1]),)
    with pytest.raises(DimensionError, match="`i` and `j` run over"):
        infer_expression("[i,j: x[i]*y[j] if i==j else 0]", ["x: vector(2); y: vector(3)"])


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("A(B): matrix; B(A): matrix\nA*B", "depends on itself"),
        ("L(Y): scalar\nY = L*x\nY", "depends on itself"),
        ("f: function; A(f): matrix\nA", "is a function, not a variable"),
        ("exp: function\nexp(x)", "function of the language"),
        ("T: scalar\nalpha^T", "transpose, not a power"),
    ],
)
def test_bad_declarations(source, message):
    with pytest.raises(MatcalcError, match=message):
        infer_expression(source)


def test_an_unknown_layout():
    with pytest.raises(UnknownNameError) as caught:
        infer_expression("x", layout="numerater")
    assert "`numerator`" in caught.value.hint


def outcome(text: str) -> str:
    """The kind of a text, or the message that refuses it."""
    try:
        return infer_expression(text).output.kind
    except MatcalcError as error:
        return error.render()


@given(st.text(alphabet="xyABα1()[]:,.*^/+-'=deij ", max_size=30))
def test_any_text_is_typed_or_a_matcalc_error(text):
    assert outcome(text)


# --- the identities and the speed ------------------------------------------------------------------------------------

IDENTITIES = [
    pytest.param(entry, id=f"{path.stem}:{entry['name']}")
    for path in sorted((ROOT / "identities").glob("*.toml"))
    for entry in tomllib.loads(path.read_text())["identity"]
]


@pytest.mark.parametrize("entry", IDENTITIES)
def test_every_identity_is_read_and_typed(entry):
    program = parse_statements(entry.get("where", []), entry.get("declare", []))
    sides = parse_claim(entry["claim"])
    assumed = [side for text in entry.get("assume", []) for side in parse_claim(text)]
    typed = infer(program, layout=entry.get("layout", "numerator"), extra=[*sides, *assumed])
    assert all(side.kind for side in typed.extra)


def seconds(text: str) -> float:
    start = time.perf_counter()
    infer_expression(text)
    return time.perf_counter() - start


def test_inference_is_fast():
    seconds("x")
    assert min(seconds("x'*A*x") for _ in range(20)) < 1e-3


def test_a_long_sum_takes_linear_time():
    assert seconds(" + ".join(f"x'*A{i}*x" for i in range(10_000))) < 10


def test_three_thousand_assignments():
    lines = ["h0 = x", *(f"h{i + 1} = tanh(W{i}*h{i} + b{i})" for i in range(3000))]
    program = infer_expression("\n".join(lines))
    assert len(program.assignments) == 3001
    assert len(program.dimensions) == len(set(program.dimensions)) == 3001
