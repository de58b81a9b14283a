"""Taylor polynomials: their text, their numbers, their remainder, and what is refused."""

from __future__ import annotations

import json
import math
import re
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy
from click.testing import CliRunner

import matcalc
from matcalc.__main__ import main
from matcalc.check import arguments_at
from matcalc.errors import KindError, MatcalcError, UnknownNameError, UnsupportedError
from matcalc.form import Form
from matcalc.inference import infer
from matcalc.parser import parse_expression, parse_program
from matcalc.sampling import Point, sample, value_at

SCALAR = "x: scalar"

# What is printed.


TEXTS: dict[tuple[Any, ...], str] = {
    ("exp(x)", "x", "0", 4, SCALAR): "1 + x + x^2/2 + x^3/6 + x^4/24",
    ("sin(x)", "x", "0", 5, SCALAR): "x - x^3/6 + x^5/120",
    ("sin(x)", "x", "pi", 3, SCALAR): "-delta + delta^3/6",
    ("log(1 + x)", "x", 0, 3, SCALAR): "x - x^2/2 + x^3/3",
    ("sqrt(x)", "x", "4", 2, SCALAR): "2 + delta/4 - delta^2/64",
    ("atan(x)", "x", "1", 1, SCALAR): "pi/4 + delta/2",
    ("x^3", "x", "a", 2, SCALAR): "a^3 + 3*a^2*delta + 3*a*delta^2",
    ("f(x)", "x", "a", 2, f"f: function; {SCALAR}"): "f(a) + delta*f'(a) + delta^2*f''(a)/2",
    ("exp(x)", "x", "x", 1, SCALAR): "exp(x) + delta*exp(x)",
    ("x'*A*x", "x", "mu", 2): "mu'*A*mu + mu'*(A + A')*delta + delta'*(A + A')*delta/2",
    ("x'*A*x", "x", "0", 2): "x'*(A + A')*x/2",
    ("x'*A*x", "x", "mu", 2, "A: matrix symmetric"): "mu'*A*mu + 2*mu'*A*delta + delta'*A*delta",
    ("a'*x", "x", "A*b", 3): "a'*A*b + a'*delta",
    ("exp(x)", "x", "0", 2): "1 + x + x.^2/2",
    ("softmax(x)", "x", "mu", 1): "softmax(mu) + (diag(softmax(mu)) - softmax(mu)*softmax(mu)')*delta",
    ("logsumexp(x)", "x", "0", 2): "log(n) + sum(x)/n + x'*(eye(n)/n - 1/n^2)*x/2",
    ("sum(log(1 + exp(X*w)))", "w", "v", 2): "sum(softplus(X*v)) + s'*X*delta + delta'*X'*diag(s.*(1 - s))*X*delta/2",
    ("A*x + b", "x", "mu", 1): "A*mu + b + A*delta",
    ("x'*A", "x", "mu", 1): "mu'*A + delta'*A",
    ("inv(X)", "X", "A", 2): "inv(A) - inv(A)*delta*inv(A) + inv(A)*delta*inv(A)*delta*inv(A)",
    ("inv(eye - X)", "X", "0", 3): "eye(n) + X + X^2 + X^3",
    ("logdet(X)", "X", "eye", 4): "tr(delta) - tr(delta^2)/2 + tr(delta^3)/3 - tr(delta^4)/4",
    ("logdet(X)", "X", "2*eye(n)", 1): "n*log(2) + tr(delta)/2",
    ("det(X)", "X", "eye", 2): "1 + tr(delta) + (tr(delta)^2 - tr(delta^2))/2",
    ("tr(X*X)", "X", "1", 2): "n^2 + 2*sum(delta) + tr(delta^2)",
    ("kron(X, X)", "X", "A", 1): "kron(A, A) + kron(delta, A) + kron(A, delta)",
    ("z = W*x\nz'*z", "W", "0", 2): "x'*W'*W*x",
    ("a", "x", "mu", 3, f"{SCALAR}; a: scalar"): "a",
    ("x'*x", "x", "0", 1): "0",
    ("relu(x)", "x", "0", 1): "zeros(n)",
}


@pytest.mark.parametrize("question", TEXTS, ids=str)
def test_text(question: tuple[Any, ...]) -> None:
    assert matcalc.taylor(*question).text == TEXTS[question]


def test_delta_is_told_unless_the_point_is_zero_or_moves() -> None:
    assert matcalc.taylor("x'*x", "x", "mu").where == {"delta": "x - mu"}
    assert matcalc.taylor("x'*x", "x", "A*b").where == {"delta": "x - A*b"}
    assert matcalc.taylor("x'*x", "x").where == {}
    assert matcalc.taylor("x'*x", "x", "x").where == {}
    assert list(matcalc.taylor("sum(log(1 + exp(X*w)))", "w", "v").where) == ["delta", "s"]


def test_delta_has_another_name_where_the_program_has_one() -> None:
    made = matcalc.taylor("delta*x'*x", "x", "mu", 1)
    assert (made.text, made.where) == ("delta*mu'*mu + 2*delta*mu'*delta_x", {"delta_x": "x - mu"})


def test_a_new_name_is_declared_as_the_variable_is() -> None:
    made = matcalc.taylor("logdet(X)", "X", "M", 1, "X: matrix positive-definite")
    assert "M: matrix(n, n) positive-definite" in made.declarations
    assert made.text == "logdet(M) + sum(inv(M).*delta)"
    assert matcalc.taylor("alpha*x", "x", "mu", 1).declarations == ("alpha: scalar", "x: vector(n)", "mu: vector(n)")


def test_linearize_is_order_one() -> None:
    made = matcalc.linearize("tanh(W*x)", "x", "mu")
    assert (made.order, made.text) == (1, matcalc.taylor("tanh(W*x)", "x", "mu", 1).text)
    assert [term.order for term in made.terms] == [0, 1]


def test_terms_are_those_of_the_text_and_zero_ones_are_told() -> None:
    made = matcalc.taylor("cos(x)", "x", "0", 4, SCALAR)
    assert [term.text for term in made.terms] == ["1", "0", "-x^2/2", "0", "x^4/24"]
    assert [term.is_zero for term in made.terms] == [False, True, False, True, False]


def test_tensors_are_the_derivatives_at_the_point() -> None:
    assert matcalc.taylor("x'*A*x", "x", "mu", 3).tensors == ("mu'*(A + A')", "A + A'", "[i,j,k: 0]")
    assert matcalc.taylor("x'*A*x", "x", "mu", 1, layout="denominator").tensors == ("(A + A')*mu",)
    assert matcalc.taylor("exp(x)", "x", "0", 2).tensors == ("eye(n)", "[i,j,k: delta(i,j)*delta(i,k)]")
    assert matcalc.taylor("exp(x)", "x", "0", 3, SCALAR).tensors == ("1", "1", "1")
    assert matcalc.taylor("x", "x", "0", 0).tensors == ()


def test_latex() -> None:
    made = matcalc.taylor("x'*A*x", "x", "mu", 1)
    assert made.latex() == (
        r"\boldsymbol{\mu}^\top \mathbf{A} \boldsymbol{\mu} + "
        r"\boldsymbol{\mu}^\top (\mathbf{A} + \mathbf{A}^\top) \boldsymbol{\delta}"
    )
    assert made.where_latex() == {r"\boldsymbol{\delta}": r"\mathbf{x} - \boldsymbol{\mu}"}
    assert matcalc.taylor(r"\exp(x)", "x", "0", 2, SCALAR).latex() == r"1 + x + \frac{x^{2}}{2}"


# Coefficients, against SymPy's series.


UNIVARIATE = [
    ("exp(sin(x))", 0), ("tan(x)", 0), ("1/(1 + x^2)", 0), ("sqrt(1 + x)", 0), ("log(x)", 1), ("x^(3/2)", 4),
    ("exp(x)*cos(x)", 0), ("cosh(x)", 0), ("asin(x)", 0), ("atan(x)", 1), ("(x^2 + 1)^5", -2), ("sin(x)^2", 0),
]  # fmt: skip


@pytest.mark.parametrize(("source", "at"), UNIVARIATE)
def test_coefficients_are_those_of_sympy(source: str, at: int) -> None:
    order, x = 7, sympy.Symbol("x")
    made = matcalc.taylor(source, "x", at, order, SCALAR)
    function = sympy.sympify(re.sub(r"\^", "**", source))
    step = made.direction
    for term in made.terms:
        expected = function.diff(x, term.order).subs(x, at) / math.factorial(term.order)
        found = sympy.sympify(re.sub(r"\^", "**", term.text), locals={step: sympy.Integer(1)})
        assert sympy.simplify(found - expected) == 0, term.text


# Numbers.


FUNCTIONS = [
    ("exp(sin(x))", "x", "a", SCALAR),
    ("tanh(x)/(1 + x^2)", "x", "1", SCALAR),
    ("exp(x)*b", "x", "a", f"{SCALAR}; b: vector"),
    ("inv(A + x*B)", "x", "a", f"{SCALAR}; B: matrix positive-definite; A: matrix positive-definite"),
    ("logsumexp(A*x)", "x", "mu", ""),
    ("norm2(x - b)^3", "x", "mu", ""),
    ("softmax(A*x)", "x", "A'*b", ""),
    ("tanh(A*x)", "x", "0", ""),
    ("exp(x)*exp(x)'", "x", "mu", ""),
    ("x'*A*sigmoid(x)", "x", "1", ""),
    ("sin(x)'*A", "x", "mu", ""),
    ("logdet(eye + X'*X)", "X", "M", "X: matrix(m, n)"),
    ("inv(eye + X*X')", "X", "M", "X: matrix(m, n)"),
    ("tanh(X*w)", "X", "0", ""),
    ("tr(exp(X)*A)", "X", "1", "X: matrix(m, n)"),
    ("z = tanh(W*x)\np = softmax(V*z)\n-log(p'*y)", "W", "U", "y: vector simplex"),
    ("[i,j,k: sin(x)[i]*x[j]*x[k]]", "x", "mu", ""),
]


class Numbers:
    """A polynomial with values for everything in it, and the exact expression beside it, by the numeric interpreter."""

    def __init__(self, source: str, wrt: str, at: str, declare: str, order: int) -> None:
        self.made = matcalc.taylor(source, wrt, at, order, declare)
        declared = [*self.made.declarations]
        variable = f"{wrt}: " + re.split(r": ", next(d for d in declared if re.match(rf"{wrt}\b", d)), maxsplit=1)[1]
        program = parse_program(source, list(dict.fromkeys([*declared, variable])))
        self.program = infer(program, extra=[parse_expression(str(at)), parse_expression(wrt)], alike=[(0, 1)])
        self.point = sample(self.program, seed=3)
        self.x0 = np.broadcast_to(value_at(self.program, self.program.extra[0], self.point), np.shape(self.point.values[wrt]))
        random = np.random.default_rng(5)
        self.direction = np.asarray(random.normal(size=self.x0.shape))
        self.function = self.made.function()

    def exact(self, x: np.ndarray) -> np.ndarray:
        return np.asarray(value_at(self.program, self.program.output, self.point, values={self.made.wrt: x}))

    def polynomial(self, delta: np.ndarray) -> np.ndarray:
        values = {**self.point.values, self.made.wrt: self.x0 + delta, self.made.direction: delta}
        known = arguments_at(self.function, Direction(self.made), Point(self.point.sizes, values))
        return np.asarray(self.function(**known))

    def error(self, h: float) -> float:
        delta = h * self.direction
        return float(np.abs(self.exact(self.x0 + delta) - self.polynomial(delta)).max())


class Direction:
    """The variables of a polynomial."""

    def __init__(self, made: matcalc.Taylor) -> None:
        self.variables = {**made.question.program.variables, made.direction: made.question.direction}


@pytest.mark.parametrize("order", [0, 1, 2, 3])
@pytest.mark.parametrize("question", FUNCTIONS, ids=lambda q: q[0])
def test_the_error_shrinks_with_the_right_power_of_the_step(question: tuple[str, str, str, str], order: int) -> None:
    """log error over log step has the slope of the remainder's order: K + 1, or more where that term is 0."""
    numbers = Numbers(*question, order)
    steps = np.geomspace(0.02, 0.005, 6)
    errors = np.array([numbers.error(h) for h in steps])
    slope = np.polyfit(np.log(steps), np.log(errors), 1)[0]
    expected = numbers.made.remainder.order
    assert expected is not None
    assert expected > order
    assert slope == pytest.approx(expected, abs=0.3)


def read_back(numbers: Numbers, order: int) -> np.ndarray:
    """The value of the text, read with what `where` says, 0.3 of the direction from the point."""
    made = numbers.made
    assert made.order == order
    lines = [f"{name} = {text}" for name, text in made.where.items()]
    read = infer(parse_program("\n".join([*lines, f"answer = {made.text}"]), list(made.declarations)))
    values = {name: value for name, value in numbers.point.values.items() if name in read.variables}
    values[made.wrt] = numbers.x0 + 0.3 * numbers.direction
    sizes = {name: numbers.point.sizes[name] for name in read.dimensions}
    return np.asarray(value_at(read, read.output, Point(sizes, values)))


@pytest.mark.parametrize("question", FUNCTIONS, ids=lambda q: q[0])
def test_the_text_read_back_is_the_polynomial(question: tuple[str, str, str, str]) -> None:
    numbers = Numbers(*question, 2)
    np.testing.assert_allclose(read_back(numbers, 2), numbers.polynomial(0.3 * numbers.direction), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("source", "wrt", "degree"),
    [("x'*A*x + b'*x", "x", 2), ("X*A*X", "X", 2), ("(a'*x)^3*x", "x", 4), ("x^5 - x", "x", 5), ("tr(X)*det(A)*X", "X", 2)],
)
def test_a_polynomial_is_reproduced_exactly_at_its_degree(source: str, wrt: str, degree: int) -> None:
    declare = SCALAR if source.startswith("x^5") else ""
    numbers = Numbers(source, wrt, "mu" if wrt == "x" else "M", declare, degree)
    for h in (0.1, 1.0, 10.0):
        delta = h * numbers.direction
        np.testing.assert_allclose(numbers.polynomial(delta), numbers.exact(numbers.x0 + delta), rtol=1e-9, atol=1e-7)
    assert numbers.made.remainder.exact
    below = matcalc.taylor(source, wrt, "mu" if wrt == "x" else "M", degree - 1, declare).remainder
    assert (below.exact, below.order) == (False, degree)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_terms_agree_with_jax(order: int) -> None:
    jax = pytest.importorskip("jax")
    jnp = jax.numpy
    jax.config.update("jax_enable_x64", True)
    random = np.random.default_rng(0)
    W, V, y = random.normal(size=(4, 3)), random.normal(size=(2, 4)), np.array([0.3, 0.7])
    x, v = random.normal(size=3), random.normal(size=3)

    def value(x: Any) -> Any:
        return -jnp.sum(y * jax.nn.log_softmax(V @ jnp.tanh(W @ x)))

    def along(t: float) -> Any:
        return value(x + t * v)

    expected, function = 0.0, along
    for k in range(order + 1):
        expected += float(function(0.0)) / math.factorial(k)
        function = jax.jacfwd(function)
    source = "h = tanh(W*x)\ncrossentropy(y, softmax(V*h))"
    found = matcalc.taylor(source, "x", "x0", order, "y: vector simplex").function()(V=V, W=W, x0=x, y=y, delta=v)
    assert found == pytest.approx(expected, rel=1e-10)


# The remainder.


@pytest.mark.parametrize(
    ("source", "order", "first", "text", "lagrange"),
    [
        ("exp(x)", 2, 3, "x^3/6", "x^3*exp(xi)/6"),
        ("sin(x)", 1, 3, "-x^3/6", "-x^2*sin(xi)/2"),
        ("cos(x)", 0, 2, "-x^2/2", "-x*sin(xi)"),
        ("1/(1 - x)", 3, 4, "x^4", "x^4/(1 - xi)^5"),
    ],
)
def test_the_remainder_of_a_scalar_by_a_scalar(source: str, order: int, first: int, text: str, lagrange: str) -> None:
    found = matcalc.taylor(source, "x", "0", order, SCALAR).remainder
    assert (found.exact, found.order, found.text, found.lagrange) == (False, first, text, lagrange)


def test_lagrange_holds_for_some_xi() -> None:
    """|f - T| lies between the extremes of Lagrange's form over xi."""
    made = matcalc.taylor("exp(sin(x))", "x", "0.5", 3, SCALAR)
    lagrange = sympy.sympify(re.sub(r"\^", "**", made.remainder.lagrange or ""))
    xi, delta, h = sympy.Symbol("xi"), sympy.Symbol("delta"), 0.4
    left = math.exp(math.sin(0.5 + h)) - made.function()(delta=h)
    bounds = [float(lagrange.subs({delta: h, xi: 0.5 + h * t})) for t in np.linspace(0, 1, 50)]
    assert min(bounds) <= left <= max(bounds)


def test_what_is_not_known_of_a_remainder_is_not_said() -> None:
    made = matcalc.taylor("f(x)", "x", "0", 1, f"{SCALAR}; f: function").remainder
    assert (made.exact, made.order, made.text) == (False, 2, None)
    assert matcalc.taylor("x'*x", "x", "mu").remainder.lagrange is None
    kinked = matcalc.taylor("abs(x)", "x", "1", 1, SCALAR).remainder
    assert (kinked.exact, kinked.order, kinked.lagrange) == (False, None, None)


# What a reader must know, and what is refused.


def test_kinks_get_a_note() -> None:
    for source in ("relu(x)", "abs(x)", "maximum(x, 0*x)", "norm1(x)"):
        notes = matcalc.taylor(source, "x", "0", 1).notes
        assert any("at a kink" in note for note in notes), source
    assert not any("at a kink" in note for note in matcalc.taylor("abs(x)", "x", "1", 1, SCALAR).notes)
    assert any("kinks of abs" in note for note in matcalc.taylor("abs(x)", "x", "mu", 1).notes)
    assert any("one-sided" in note for note in matcalc.taylor("x^(3/2)", "x", "0", 1, SCALAR).notes)


@pytest.mark.parametrize(
    ("source", "wrt", "at", "declare"),
    [
        ("norm2(x)", "x", "0", ""), ("1/x", "x", "0", SCALAR), ("log(x)", "x", "0", SCALAR), ("log(x)", "x", "-1", SCALAR),
        ("sqrt(x)", "x", "0", SCALAR), ("tan(x)", "x", "pi/2", SCALAR), ("asin(x)", "x", "1", SCALAR),
        ("inv(X)", "X", "0", ""), ("logdet(X)", "X", "0", ""), ("inv(X)", "X", "1", ""), ("x./x", "x", "0", ""),
        ("x'*x/norm2(x)", "x", "0", ""), ("x^y", "x", "0", f"{SCALAR}; y: scalar"), ("sin(x)/x", "x", "0", SCALAR),
        ("0*x + x*log(x)", "x", "0", SCALAR),
    ],
)  # fmt: skip
def test_a_point_without_derivatives_is_refused(source: str, wrt: str, at: str, declare: str) -> None:
    with pytest.raises(KindError, match="no Taylor polynomial"):
        matcalc.taylor(source, wrt, at, 1, declare)


@pytest.mark.parametrize(
    "question",
    [
        ("x", "x,y"), ("x", "vec(x)"), ("x", ""), ("x", "2"), ("f(x)", "f", "0", 1, "f: function"), ("x", "pi"),
        ("x", "x", ""), ("x", "x", "(1"), ("x", "x", "y'"), ("x'*x", "x", "A", 1, "A: matrix(2, 3)"), ("x", "x", "f"),
        ("x", "x", "0", -1), ("x", "x", "0", 31), ("x", "x", "0", 1.5), ("x", "x", "0", True), ("x", "x", 1.5),
        ("x", "x", None), ("x", "x", True), (None, "x"), ("x", None), ("", "x"),
        ("x", "x", "x; y"), ("x", "x", "\0"), ("x", "x", "delta(i,j)"),
    ],
    ids=str,
)  # fmt: skip
def test_bad_input_is_refused(question: tuple[Any, ...]) -> None:
    declare = "f: function" if "f" in question[2:3] else ()
    with pytest.raises(MatcalcError):
        matcalc.taylor(*question, **({"declare": declare} if len(question) < 5 else {}))


def test_a_function_that_is_unknown_has_no_value_at_a_point() -> None:
    with pytest.raises(UnsupportedError, match="depends on"):
        matcalc.taylor("L^2", "Y", "M", 1, "Y: matrix; L(Y): scalar")


# Code.


def test_code_is_a_function_of_the_step() -> None:
    made = matcalc.taylor("x'*A*x", "x", "mu", 2)
    assert "def taylor(A, mu, delta):" in made.numpy()
    assert "def taylor(A, x):" in matcalc.taylor("x'*A*x", "x", "0", 2).numpy()
    assert "def taylor(x, delta):" in matcalc.taylor("exp(x)", "x", "x", 2).numpy()
    with pytest.raises(UnknownNameError, match="no target"):
        made.code("fortran")


def test_code_tells_that_the_step_is_symmetric_where_that_is_used() -> None:
    declare = "S: matrix(n, n) symmetric; T: matrix(n, n) symmetric"
    assert "; delta: matrix(n, n) symmetric\n" in matcalc.taylor("logdet(S)", "S", "T", 2, declare).numpy()
    assert "delta: matrix" not in matcalc.taylor("logdet(S)", "S", "T", 2, "S: matrix(n, n) symmetric; T: matrix").numpy()


@pytest.mark.parametrize("target", ["jax", "torch", "array-api", "sympy"])
def test_code_for_a_target_computes_the_same(target: str) -> None:
    module = {"array-api": "array_api_compat"}.get(target, target)
    pytest.importorskip(module)
    made = matcalc.taylor("logsumexp(A*x)", "x", "mu", 2)
    random, namespace = np.random.default_rng(0), {}
    arrays = {"A": random.normal(size=(3, 2)), "mu": random.normal(size=2), "delta": random.normal(size=2)}
    exec(made.code(target), namespace)
    convert = {"torch": lambda a: namespace["torch"].tensor(a), "sympy": lambda a: sympy.Array(a.tolist())}.get(target)
    found = namespace["taylor"](**{name: convert(a) if convert else a for name, a in arrays.items()})
    assert float(found) == pytest.approx(float(made.function()(**arrays)), rel=1e-6)


def test_long_programs_and_high_orders_take_moderate_time() -> None:
    layers = [f"h{k} = tanh(W{k}*{f'h{k - 1}' if k > 1 else 'x'})" for k in range(1, 17)]
    made = matcalc.taylor("\n".join([*layers, "h16'*h16"]), "x", "x0", 2)
    assert len(made.text) < 6000
    assert len(made.numpy().splitlines()) < 400
    assert matcalc.taylor("exp(x)", "x", "0", 30, SCALAR).terms[30].text == f"x^30/{math.factorial(30)}"


# The command line.


def run(*arguments: str, status: int = 0) -> str:
    result = CliRunner().invoke(main, ["taylor", *arguments])
    assert result.exit_code == status, result.output
    return result.output


def test_the_command_line() -> None:
    shown = run("x'*A*x", "--wrt", "x", "--at", "mu", "--tensors")
    assert shown.splitlines()[:5] == [
        "mu'*A*mu + mu'*(A + A')*delta + delta'*(A + A')*delta/2",
        "where delta = x - mu",
        "",
        "D = mu'*(A + A')",
        "D2 = A + A'",
    ]
    assert "remainder: none" in shown
    long = run("inv(X)", "--wrt", "X", "--at", "A", "--order", "4").splitlines()
    assert long[:3] == ["inv(A)", "  - inv(A)*delta*inv(A)", "  + inv(A)*delta*inv(A)*delta*inv(A)"]
    assert "for some xi between 0 and x" in " ".join(run("exp(x)", "--wrt", "x", "--declare", SCALAR).split())
    assert max(map(len, shown.splitlines())) <= 79


def test_programs_with_loops_take_numbers() -> None:
    source = "x: vector(n)\nh[0] = x\nfor k in 1..K\n    h[k] = tanh(W[k]*h[k-1])\nJ = h[K]'*h[K]"
    made = matcalc.taylor(source, "x", "0", 2, given={"K": 2})
    assert made.text == "x'*W_1'*W_2'*W_2*W_1*x"
    shown = CliRunner().invoke(main, ["taylor", "-", "--wrt", "x", "--given", "K=2"], input=source).output
    assert shown.splitlines()[0] == made.text


def test_the_command_line_emits_json_latex_and_code() -> None:
    found = json.loads(run("exp(x)", "--wrt", "x", "--declare", SCALAR, "--emit", "json", "--tensors"))
    assert found["text"] == "1 + x + x^2/2"
    assert [term["text"] for term in found["terms"]] == ["1", "x", "x^2/2"]
    assert found["tensors"] == ["1", "1"]
    assert found["remainder"]["order"] == 3
    assert run("exp(x)", "--wrt", "x", "--declare", SCALAR, "--emit", "latex").strip() == r"1 + x + \frac{x^{2}}{2}"
    assert "def taylor(A, mu, delta):" in run("x'*A*x", "--wrt", "x", "--at", "mu", "--emit", "numpy")
    assert "no Taylor polynomial" in run("1/x", "--wrt", "x", "--declare", SCALAR, status=2)
    assert "--tensors goes with" in run("x", "--wrt", "x", "--tensors", "--emit", "latex", status=2)


def test_numbers_are_exact() -> None:
    term = matcalc.taylor("x^(1/2)", "x", "9/4", 1, SCALAR).terms[1]
    assert isinstance(term.form, Form)
    assert Fraction(1, 3) == Fraction(sympy.Rational(str(sympy.sympify(term.text, locals={"delta": sympy.Integer(1)}))))
