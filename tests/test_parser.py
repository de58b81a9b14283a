"""Parsing: what each form of LANGUAGE section 3 means as a tree, and one clear message for each mistake."""

import time
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcalc.errors import DeclarationError, MatcalcError, ParseError, UnknownNameError
from matcalc.form import Form, subforms
from matcalc.parser import (
    MAX_DEPTH,
    MAX_NESTING,
    nearest,
    parse_claim,
    parse_declarations,
    parse_expression,
    parse_program,
    parse_statements,
)


def tree(form: Form) -> str:
    """A form as one line: names and numbers as they are, other nodes as head(value; arguments)."""
    if form.head in ("name", "number"):
        return str(form.value)
    value = [] if form.value is None else [str(form.value).replace("'", "")]
    return f"{form.head}({'; '.join([*value, ', '.join(map(tree, form.args))])})"


def parsed(text: str) -> str:
    return tree(parse_expression(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x'*A*x", "mul(transpose(x), A, x)"),
        ("A.T@B", "mul(transpose(A), B)"),
        ("Aᵀ + A^T + A⊤ + A^⊤", "add(transpose(A), transpose(A), transpose(A), transpose(A))"),
        ("A^-1", "power(A, -1)"),
        ("A⁻¹", "power(A, -1)"),
        ("A^-T", "transpose(power(A, -1))"),
        ("A⁻ᵀ", "transpose(power(A, -1))"),
        ("x²", "power(x, 2)"),
        ("X^-1'", "transpose(power(X, -1))"),
        ("X'^-1", "power(transpose(X), -1)"),
        ("X^(-1)'", "transpose(power(X, -1))"),
        ("x.^y'", "elpower(x, transpose(y))"),
        ("X.^2'", "transpose(elpower(X, 2))"),
        ("a^b^c", "power(a, power(b, c))"),
        ("a**b.^c", "power(a, elpower(b, c))"),
        ("a^-b^2", "power(a, neg(power(b, 2)))"),
        ("-x^2", "neg(power(x, 2))"),
        ("-x*y", "neg(mul(x, y))"),
        ("x*-y", "mul(x, neg(y))"),
        ("--x", "x"),
        ("x - -y", "add(x, y)"),
        ("a - b + c", "add(a, neg(b), c)"),
        ("a - (b + c)", "add(a, neg(add(b, c)))"),
        ("2/N*Z", "mul(div(2, N), Z)"),
        ("A*B/2*C", "mul(div(mul(A, B), 2), C)"),
        ("A*(B*C)", "mul(A, mul(B, C))"),
        ("a.*b*c./d⊗e", "kron(rdiv(mul(times(a, b), c), d), e)"),
        ("A⊗B", "kron(A, B)"),
        ("kron(A, B)", "kron(A, B)"),
        ("x⊙y", "times(x, y)"),
        ("f(x)", "call(f; x)"),
        ("f (x)", "call(f; x)"),
        ("f'(x)", "unknown((f, 1); x)"),
        ("f''(x)'", "transpose(unknown((f, 2); x))"),
        ("f″(x)", "unknown((f, 2); x)"),
        ("sum(X, 0)", "call(sum; X, 0)"),
        ("√(x) + √2", "add(call(sqrt; x), call(sqrt; 2))"),
        ("d(x'*x)/d(x)", "derivative(d; mul(transpose(x), x), x)"),
        ("a/d(E)/d(X)*b", "mul(div(a, derivative(d; E, X)), b)"),
        ("∂(E)/∂(X)", "derivative(d; E, X)"),
        ("∂E/∂X", "derivative(d; E, X)"),
        ("∂f(x)/∂x", "derivative(d; call(f; x), x)"),
        ("d(vec(E))/d(vec(X))", "derivative(d; call(vec; E), call(vec; X))"),
        ("d(E)/d(X[i,j])", "derivative(d; E, entry((i, j); X))"),
        ("grad(E, X)", "derivative(grad; E, X)"),
        ("jacobian(E, X)", "derivative(jacobian; E, X)"),
        ("hessian(E, X)", "derivative(hessian; E, X)"),
        ("d*x/d", "div(mul(d, x), d)"),
        ("delta*d", "mul(delta, d)"),
        ("[i,k,l: delta(i,k)*x[l]]", "tensor((i, k, l); mul(delta((i, k); ), entry((l,); x)))"),
        ("sum[k,l: B[k,l]]", "bsum((k, l); entry((k, l); B))"),
        ("∑[k: x[k]]", "bsum((k,); entry((k,); x))"),
        ("[i: inv(X)[i,i]]", "tensor((i,); entry((i, i); call(inv; X)))"),
        ("[i: (A*x)'[i]]", "tensor((i,); entry((i,); transpose(mul(A, x))))"),
        ("[i,j: x[i] if i==j else 0]", "tensor((i, j); cases((==, i, j); entry((i,); x), 0))"),
        ("[i,j: (1 if i!=j else 0)]", "tensor((i, j); cases((!=, i, j); 1, 0))"),
        ("[i,j: 1 if i==j and not i==j or i!=j else 0]",
         "tensor((i, j); cases((or, (and, (==, i, j), (not, (==, i, j))), (!=, i, j)); 1, 0))"),
        ("[i,j,k: 1 if i==j==k else 0]", "tensor((i, j, k); cases((and, (==, i, j), (==, j, k)); 1, 0))"),
        ("[i,j: 1 if i==j else 2 if i!=j else 3]",
         "tensor((i, j); cases((==, i, j); 1, cases((!=, i, j); 2, 3)))"),
        ("0.5*x", "mul(1/2, x)"),
        ("1e-3", "1/1000"),
        (".5", "1/2"),
        ("10^10^10", "power(10, power(10, 10))"),
        ("lambda + np + __import__ + derivative", "add(lambda, np, __import__, derivative)"),
        ("a +\n b", "add(a, b)"),
    ],
)  # fmt: skip
def test_meaning(text, expected):
    assert parsed(text) == expected


def test_numbers_are_exact():
    assert parse_expression("0.1").value == Fraction(1, 10)
    assert parse_expression("1e400").value == Fraction(10) ** 400


def test_every_node_knows_its_place():
    text = "2*(A + x)' - sin(x)"
    places = {form.span.text for form in subforms(parse_expression(text))}
    assert places == {text, "2*(A + x)'", "2", "(A + x)'", "(A + x)", "A", "x", "- sin(x)", "sin(x)"}


def test_a_claim_is_split_at_its_equality_signs():
    assert [tree(side) for side in parse_claim("a = b*c = [i,j: 1 if i==j else 0]")] == [
        "a",
        "mul(b, c)",
        "tensor((i, j); cases((==, i, j); 1, 0))",
    ]


@pytest.mark.parametrize("text", ["x", "x == y", "x =", "= x", "x = y z"])
def test_a_claim_needs_two_sides(text):
    with pytest.raises(ParseError):
        parse_claim(text)


@pytest.mark.parametrize(
    ("text", "place", "message", "hint"),
    [
        ("2x", "2x", "side by side", "2*x"),
        ("A B", "A B", "side by side", "A*B"),
        ("(a)(b)", ")(", "side by side", "`*`"),
        ("x'y", "'y", "side by side", "`*`"),
        ("x+y)", ")", "closes no bracket", "open one"),
        ("(x+y]", "]", "closes a `(`", "`)`"),
        ("x +", "+", "missing after `+`", None),
        ("* x", "*", "missing, before `*`", None),
        ("x + * y", "*", "missing after `+`, before `*`", None),
        ("()", ")", "missing after `(`", None),
        ("f(x,)", ")", "missing after `,`", None),
        ("x == y", "==", "after `if`", "one `=`"),
        ("A[i,j] if i==j else 0", "if", "only inside of", "[i,j:"),
        ("[i: x[i] if i==i]", "if", "`else` is missing", "else 0"),
        ("[i: x[i] if x*2==i else 0]", "*", "compares index names", "step"),
        ("[i: x[i] if i=i else 0]", "=", "compares index names", "=="),
        ("[i: x[1]]", "1", "is a name, not a number", "=="),
        ("[i,i: x[i]]", "i", "bound twice", None),
        ("[1,2,3]", "[", "begins with index names", "[i,j:"),
        ("[]", "[", "needs indices", None),
        ("x[]", "]", "needs indices", None),
        ("√x²", "√x", "√ without brackets", "sqrt(x)^2"),
        ("²x", "²", "superscript", None),
        ("∂f", "∂f", "quotient", "∂x"),
        ("∂²f/∂x²", "²", "powers of ∂", "hessian"),
        ("grad(x)", "grad(x)", "two arguments", None),
        ("sum(X, axis=0)", "=", "no names", "sum(X, 0)"),
        ("if", "if", "missing, before `if`", "word of the language"),
        ("x = y", "=", "no place here", "assignment"),
        ("x, y", ",", "no place here", None),
    ],
)
def test_one_message_for_each_mistake(text, place, message, hint):
    with pytest.raises(ParseError) as caught:
        parse_expression(text)
    error = caught.value
    assert error.span.text == place
    assert message in error.message
    assert (hint or "") in (error.hint or "")


def test_an_open_bracket_is_shown_where_it_is_opened():
    with pytest.raises(ParseError, match="`\\(` is not closed") as caught:
        parse_program("z = (W*x\nh = relu(z)")
    ((label, opener),) = caught.value.related
    assert "opened" in label
    assert opener.line_and_column() == (1, 5)
    assert caught.value.span.line_and_column() == (1, 9)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 10_000 + "x" + ")" * 10_000,
        "sin(" * 10_000,
        "[i: " * 10_000,
        "^".join(["2"] * 10_000),
        ".*".join(["x"] * 10_000),
        "x" + "'" * 10_000,
        "d(" * 10_000 + "x" + ")/d(x)" * 10_000,
        "[i: x[i] if " + "not " * 10_000 + "i==i else 0]",
        "[i: x[i] if " + " and ".join(["i==i"] * 10_000) + " else 0]",
        "[i: " + "x[i] if i==i else " * 10_000 + "0]",
        "√" * 10_000 + "x",
    ],
)
def test_nesting_is_bounded(text):
    start = time.perf_counter()
    with pytest.raises(ParseError, match="nested") as caught:
        parse_expression(text)
    assert time.perf_counter() - start < 5
    assert caught.value.hint
    assert len(caught.value.render()) < 1000


def test_nesting_up_to_the_bound_is_read():
    assert parsed("(" * MAX_NESTING + "x" + ")" * MAX_NESTING) == "x"
    assert parse_expression("sin(" * (MAX_NESTING - 1) + "x" + ")" * (MAX_NESTING - 1)).head == "call"
    assert parse_expression("x" + "'" * (MAX_DEPTH - 1)).head == "transpose"


def test_long_sums_and_products_are_one_node():
    assert len(parse_expression(" + ".join(["x'*A*x"] * 10_000)).args) == 10_000
    assert len(parse_expression("*".join(["A"] * 10_000)).args) == 10_000


def outcome(text: str) -> str:
    """The head of the form of a text, or the message that refuses it."""
    try:
        return parse_expression(text).head
    except ParseError as error:
        return error.render()


@given(st.text(alphabet="xAf'()[]:,.*^/+-=!0127e ijd∂ᵀ²⊗√\n;#", max_size=40))
def test_any_text_is_a_form_or_a_parse_error(text):
    assert outcome(text)


# --- declarations ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("alpha: scalar", ("alpha", "scalar", (), set(), ())),
        ("λ: scalar positive", ("lambda", "scalar", (), {"positive"}, ())),
        ("x: vector", ("x", "vector", (None,), set(), ())),
        ("y: vector(C) simplex", ("y", "vector", ("C",), {"simplex"}, ())),
        ("A: matrix(3, n)", ("A", "matrix", (3, "n"), set(), ())),
        ("W: matrix(n, n) symmetric, invertible", ("W", "matrix", ("n", "n"), {"symmetric", "invertible"}, ())),
        ("S: matrix positive-definite", ("S", "matrix", (None, None), {"positive-definite"}, ())),
        ("v: vector(n*m)", ("v", "vector", (("n", "m"),), set(), ())),
        ("f: function", ("f", "function", (), set(), ())),
        ("A(alpha): matrix(m, m)", ("A", "matrix", ("m", "m"), set(), ("alpha",))),
        ("U(s, t): scalar", ("U", "scalar", (), set(), ("s", "t"))),
    ],
)
def test_declarations(line, expected):
    (declaration,) = parse_declarations([line]).values()
    found = (declaration.name, declaration.kind, declaration.axes, set(declaration.properties), declaration.arguments)
    assert found == expected
    assert declaration.span.text == line


def test_several_declarations_stand_on_one_line():
    assert list(parse_declarations(["x: vector; A: matrix(m, n)", "", "f: function  # unknown"])) == ["x", "A", "f"]


def test_a_declaration_may_be_repeated_but_not_changed():
    assert list(parse_declarations(["x: vector(n)", "x: vector(n)"])) == ["x"]
    with pytest.raises(DeclarationError, match="declared twice") as caught:
        parse_declarations(["x: vector(n)", "x: vector(m)"])
    assert caught.value.span.text == "x: vector(m)"
    assert caught.value.related[0][1].text == "x: vector(n)"


@pytest.mark.parametrize(
    ("line", "place", "message", "hint"),
    [
        ("x: vektor", "vektor", "not a kind", "`vector`"),
        ("x: tensor(n)", "tensor", "not a kind", ""),
        ("x:", "", "scalar, vector, matrix or function is expected", ""),
        ("A: matrix(n)", "matrix(n)", "two sizes, not 1", "matrix(m, n)"),
        ("x: scalar(n)", "scalar(n)", "no sizes", "scalar"),
        ("A: matrix(0, n)", "0", "positive whole number", ""),
        ("A: matrix(1.5, n)", "1.5", "positive whole number", ""),
        ("A: matrix(m, n", "", "not closed", "`)`"),
        ("A: matrix symetric", "symetric", "not a property", "`symmetric`"),
        ("A: matrix(m, n) symmetric", "symmetric", "square", ""),
        ("x: vector symmetric", "symmetric", "property of a matrix", ""),
        ("pi: scalar", "pi", "constant", ""),
        ("f(x): function", "f", "without arguments", "`f: function`"),
        ("d: function", "d", "of the language", ""),
        ("L(L): scalar", "L", "depend on", ""),
        ("x + y", "x", "a declaration is expected", "name: kind"),
        ("x: vector y: vector", "y", "not a property", ""),
        ("x: vector = 3", "=", "no place", ""),
    ],
)
def test_bad_declarations(line, place, message, hint):
    with pytest.raises(MatcalcError) as caught:
        parse_declarations([line])
    assert caught.value.span.text == place
    assert message in caught.value.message
    assert hint in (caught.value.hint or "")


# --- programs --------------------------------------------------------------------------------------------------------

NET = """\
# a network with one hidden layer
W: matrix(M, D); U: matrix(C, M)
y: vector(C) simplex

z = W*x          # before the ramp
h = relu(z)
theta = U*h
J = crossentropy(y,
                 softmax(theta))
"""


def test_a_program():
    program = parse_program(NET)
    assert list(program.declarations) == ["W", "U", "y"]
    assert list(program.assignments) == ["z", "h", "theta", "J"]
    assert program.output_name == "J"
    assert program.output is program.assignments["J"]
    assert program.places["h"].line_and_column() == (6, 1)


def test_another_output_may_be_picked():
    assert parse_program(NET, of="θ").output_name == "theta"
    with pytest.raises(UnknownNameError, match="not an assigned name"):
        parse_program(NET, of="W")


def test_an_expression_is_a_program():
    program = parse_program("x'*A*x", ["A: matrix(n, n)"])
    assert (program.output_name, tree(program.output)) == (None, "mul(transpose(x), A, x)")
    assert tree(parse_program("A: matrix(n, n); y = A*x; y'*y").output) == "mul(transpose(y), y)"


def test_statements_are_given_one_by_one():
    assert parse_statements(["z = W*x", "h = relu(z)"], ["x: vector"]).output_name == "h"
    assert tree(parse_statements([]).output) == "0"


@pytest.mark.parametrize(
    ("source", "first", "second", "message"),
    [
        ("x = 1\ny = 2\nx = 3", (3, 1), (1, 1), "assigned twice"),
        ("y = z\nz = 1", (1, 5), (2, 1), "before it is assigned"),
        ("y = 2\nx = x + 1", (2, 5), (2, 1), "before it is assigned"),
        ("x: vector\nx = 2", (2, 1), (1, 1), "declared and assigned"),
        ("x: vector\nx: scalar\nx", (2, 1), (1, 1), "declared twice"),
        ("a*b\nc = 2", (1, 1), (2, 1), "only the last line"),
    ],
)
def test_contradictions_show_both_places(source, first, second, message):
    with pytest.raises(MatcalcError, match=message) as caught:
        parse_program(source)
    assert caught.value.span.line_and_column() == first
    assert caught.value.related[0][1].line_and_column() == second


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("", "no expression"),
        ("# only a comment", "no expression"),
        ("x: vector", "no expression"),
        ("x = ", "missing after `=`"),
        ("z = W*x +\nh = 2", "missing after `+`"),
        ("a = b = c", "one line assigns one name"),
        ("A[i,j] = 2", "an entry of `A` cannot be assigned"),
        ("pi = 3", "constant"),
    ],
)
def test_bad_programs(source, message):
    with pytest.raises(ParseError) as caught:
        parse_program(source)
    assert message in caught.value.message


def test_three_thousand_assignments():
    lines = ["h0 = x", *(f"h{i + 1} = tanh(W{i}*h{i} + b{i})" for i in range(3000))]
    assert len(parse_program("\n".join(lines)).assignments) == 3001


def test_a_text_must_be_text():
    with pytest.raises(ParseError, match="not int"):
        parse_expression(3)  # type: ignore[arg-type]


def test_nearest():
    assert nearest("sofmax", ["softmax", "max", "sum"]) == "softmax"
    assert nearest("qqq", ["softmax"]) is None


def seconds(text: str) -> float:
    start = time.perf_counter()
    parse_expression(text)
    return time.perf_counter() - start


def test_parsing_is_fast():
    assert min(seconds("x'*A*x") for _ in range(50)) < 5e-4
