"""Taylor polynomials as they are read: names in long ones, points, what is said of the remainder."""

from __future__ import annotations

import pytest
from test_taylor import SCALAR, Numbers, read_back, run

import matcalc
from matcalc.errors import KindError, UnsupportedError

# Long polynomials.


LONG = [
    ("z = tanh(W*x + b)\nh = tanh(U*z + c)\nsum(h)", "x", "x0", 2, ""),
    ("softmax(x)", "x", "mu", 3, ""),
    ("logsumexp(x)", "x", "mu", 4, ""),
    ("sum(log(1 + exp(X*w)))", "w", "v", 4, ""),
    ("logdet(eye + X'*X)", "X", "M", 2, "X: matrix(m, n)"),
    ("exp(-x'*S*x)", "x", "mu", 4, ""),
    ("x*exp(-x^2)*sigmoid(x)", "x", "a", 3, SCALAR),
    ("g'*x*exp(g'*H*x) + norm2(x - g)", "x", "mu", 2, ""),
]


def test_a_long_polynomial_is_written_with_gradient_and_hessian() -> None:
    made = matcalc.taylor(*LONG[0])
    assert made.text == "sum(s) + g'*delta + delta'*H*delta/2"
    assert list(made.where) == ["delta", "t", "s", "g", "H"]
    assert made.where["g"] == "W'*(U'*(1 - s.^2).*(1 - t.^2))"
    assert [term.text for term in made.terms] == ["sum(s)", "g'*delta", "delta'*H*delta/2"]
    assert made.latex().endswith(
        r"\mathbf{g}^\top \boldsymbol{\delta} + \frac{1}{2} \boldsymbol{\delta}^\top \mathbf{H} \boldsymbol{\delta}"
    )
    assert matcalc.taylor("softmax(x)", "x", "mu", 2).text.startswith("p + J*delta + ")
    assert "g" not in matcalc.taylor("logsumexp(A*x)", "x", "mu", 2).where


def test_names_of_a_long_polynomial_are_not_taken() -> None:
    made = matcalc.taylor(*LONG[-1])
    assert {"g1", "H1"} <= set(made.where)


@pytest.mark.parametrize("question", LONG, ids=lambda q: q[0])
def test_what_occurs_often_in_a_long_polynomial_has_a_name(question: tuple[str, str, str, int, str]) -> None:
    source, wrt, at, order, declare = question
    numbers = Numbers(source, wrt, at, declare, order)
    made = numbers.made
    assert sum(map(len, [made.text, *made.where.values()])) < 560
    assert read_back(numbers, order) == pytest.approx(numbers.polynomial(0.3 * numbers.direction), rel=1e-9)
    assert numbers.error(0.01) < 1e-5


# Points.


@pytest.mark.parametrize(
    ("at", "delta"), [("-1", "x + 1"), ("-mu", "x + mu"), ("-A*b", "x + A*b"), ("1", "x - 1"), ("a - b", "x - (a - b)")]
)
def test_the_step_from_a_negative_point_is_a_sum(at: str, delta: str) -> None:
    assert matcalc.taylor("x'*x", "x", at, 1).where == {"delta": delta}


def test_an_assigned_name_is_expanded_around_its_own_value() -> None:
    made = matcalc.taylor("z = tanh(W*x)\nz'*z", "z", "z", 1)
    assert (made.text, made.where) == ("t'*t + 2*t'*delta", {"t": "tanh(W*x)"})
    assert "def taylor(W, x, delta):" in made.numpy()
    assert matcalc.taylor("z = tanh(W*x)\nz'*z", "z", "mu", 1).where == {"delta": "z - mu"}


def test_the_point_may_be_latex() -> None:
    made = matcalc.taylor(r"\mathbf{x}^\top \mathbf{x}", r"\mathbf{x}", r"\boldsymbol{\mu}", 1)
    assert (made.text, made.where) == ("mu'*mu + 2*mu'*delta", {"delta": "x - mu"})


def test_a_name_that_does_not_occur_is_told() -> None:
    assert matcalc.taylor("x'*x", "y", "mu", 2).notes == ("`y` does not occur in the expression, so that is the polynomial",)
    assert matcalc.taylor("z = x'*x\nz", "x", "mu", 2).notes == ()


def test_lagrange_is_told_in_powers_of_the_step_unless_it_is_long() -> None:
    made = matcalc.taylor("tanh(x)", "x", "0", 2, SCALAR).remainder
    assert made.lagrange == "x^3*(4*(1 - tanh(xi)^2)*tanh(xi)^2 - 2*(1 - tanh(xi)^2)^2)/6"
    assert matcalc.taylor("x^x", "x", "1", 4, SCALAR).remainder.lagrange is None


def test_names_in_the_remainder_are_told() -> None:
    shown = run("sum(sigmoid(A*x + b))", "--wrt", "x", "--at", "mu", "--order", "0")
    assert shown.splitlines()[-2:] == [
        "remainder: of order 1 that begins with (s.*(1 - s))'*A*delta, where",
        "  s = sigmoid(A*mu + b)",
    ]
    assert "p = softmax(A*mu)" in run("logsumexp(A*x)", "--wrt", "x", "--at", "mu", "--order", "1")
    assert matcalc.taylor("softmax(x)", "x", "mu", 1).remainder.text == "(delta.*r - (delta'*p)*r - (delta'*r)*p)/2"


def test_the_remainder_at_the_variable_itself_is_between_it_and_a_step_away() -> None:
    shown = run("exp(w)", "--wrt", "w", "--at", "w", "--declare", "w: scalar")
    assert "between w and w + delta" in " ".join(shown.split())


def test_a_formula_in_the_remainder_stays_on_one_line() -> None:
    shown = run("sum(tanh(A*x) + tanh(A*x).^2)", "--wrt", "x", "--at", "mu", "--order", "0").splitlines()
    assert shown[-1] == "  sum(A*delta.*(1 - t.^2) + 2*(A*delta.*(1 - t.^2).*t))"


@pytest.mark.parametrize("source", ["log(X)", "1./X", "X.^(-1/2)", "sum(sqrt(X))", "log(2*X)"])
@pytest.mark.parametrize("at", ["eye", "2*eye", "diag(y)", "eye + diag(y)"])
def test_a_matrix_with_zeros_off_its_diagonal_is_no_point_of_a_function_that_has_none_at_0(source: str, at: str) -> None:
    with pytest.raises(KindError, match="no Taylor polynomial"):
        matcalc.taylor(source, "X", at, 1)
    assert matcalc.taylor("exp(X)", "X", at, 1).terms
    assert any("the point is at a kink of relu" in note for note in matcalc.taylor("relu(X)", "X", at, 1).notes)


@pytest.mark.parametrize(("source", "at"), [("asin(X)", "2*eye"), ("X.^Y", "eye"), ("acos(X)", "-eye - eye")])
def test_entries_on_the_diagonal_and_unknown_powers_are_looked_at(source: str, at: str) -> None:
    with pytest.raises(KindError, match="no Taylor polynomial"):
        matcalc.taylor(source, "X", at, 1)
    assert matcalc.taylor("atan(X) + X.^3 + exp(X)", "X", at, 1).terms


@pytest.mark.parametrize("source", ["x^x", "2^x", "(2*pi)^x", "x^(1000000001/2)", "(1/3)^x"])
@pytest.mark.parametrize("at", ["100000", "10^9", "-10^9 + 2*10^9", "4"])
def test_powers_with_millions_of_digits_stay_as_they_are(source: str, at: str) -> None:
    assert len(matcalc.taylor(source, "x", at, 1, SCALAR).text) < 300


def test_numbers_that_cannot_be_printed_are_refused() -> None:
    with pytest.raises(UnsupportedError, match="thousands of digits"):
        matcalc.taylor("x^900*(x+1)^900*(x+2)^900*(x+3)^900", "x", "12345", 2, SCALAR)
    assert matcalc.taylor("x^900", "x", "12345", 1, SCALAR).text


def test_a_matrix_of_one_entry_has_no_zeros_off_its_diagonal() -> None:
    assert matcalc.taylor("log(X)", "X", "eye(1)", 1).terms
