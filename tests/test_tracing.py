"""Derivatives of Python functions: what is printed, kinds of arguments, constants, refusals."""

from __future__ import annotations

import functools
import math
import re
import subprocess
import sys

import numpy as np
import pytest

import matcalc
from matcalc import functions, grad, hessian, jacobian, jvp, value_and_grad
from matcalc.operation import operations
from tests.random_functions import try_function
from tests.traced import ARRAYS, NUMBERS, Function, draw, signed

x, A, S = signed(3), signed(4, 3), signed(3, 3) + 3 * np.eye(3)


def energy(w: "vector(p)", X: "matrix(q, p)", y: "vector(q)"):  # noqa: F821, UP037
    residual = X @ w - y
    return residual @ residual / X.shape[0]


# --- values ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("function", [f for f in NUMBERS if f.name != "logaddexp-large"], ids=lambda f: f.name)
def test_gradient_agrees_with_differences(function: Function) -> None:
    """Central differences in every argument; what JAX says is compared to 1e-9 elsewhere."""
    f = function.make(np)
    for place, point in enumerate(function.arguments):
        found = grad(f, place)(*function.arguments)
        assert np.shape(found) == np.shape(point)
        direction = np.cos(np.arange(1.0, 1 + np.size(point))).reshape(np.shape(point))
        h = 1e-5
        ends = [f(*function.arguments[:place], point + s * h * direction, *function.arguments[place + 1 :]) for s in (1, -1)]
        difference = (ends[0] - ends[1]) / (2 * h)
        assert np.sum(found * direction) == pytest.approx(difference, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("function", ARRAYS, ids=lambda f: f.name)
def test_pushforward_is_the_jacobian_times_the_direction(function: Function) -> None:
    f, (point, *others) = function.make(np), function.arguments
    direction = np.sin(np.arange(1.0, 1 + np.size(point))).reshape(np.shape(point))
    expected = np.tensordot(jacobian(f)(point, *others), direction, np.ndim(point))
    np.testing.assert_allclose(jvp(f)(point, *others, direction), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("seed", range(0, 1500, 5))
def test_a_traced_function_has_the_value_that_numpy_computes(seed: int) -> None:
    assert try_function(seed).verdict in ("same", "both refuse", "refused")


def test_most_random_functions_are_not_refused() -> None:
    verdicts = [try_function(seed).verdict for seed in range(300)]
    assert verdicts.count("same") > 4 * verdicts.count("refused") > 0


def test_several_arguments_give_a_tuple_and_directions_keep_their_order() -> None:
    def f(x, A):
        return A @ x

    for found, place in zip(jacobian(f, argnums=(0, 1))(x, A), (0, 1), strict=True):
        np.testing.assert_array_equal(found, jacobian(f, place)(x, A))
    u, V = signed(3, seed=8), signed(4, 3, seed=8)
    np.testing.assert_allclose(jvp(f, argnums=(0, 1))(x, A, u, V), A @ u + V @ x)
    np.testing.assert_allclose(jvp(f, argnums=(1, 0))(x, A, V, u), A @ u + V @ x)


def test_blocks_of_a_hessian() -> None:
    def f(x, A):
        return np.sum(np.sin(A @ x))

    blocks = hessian(f, argnums=(0, 1))(x, A)
    assert [[block.shape for block in row] for row in blocks] == [[(3, 3), (3, 4, 3)], [(4, 3, 3), (4, 3, 4, 3)]]
    np.testing.assert_allclose(blocks[0][1], blocks[1][0].transpose(2, 0, 1))
    np.testing.assert_allclose(blocks[0][1], jacobian(grad(f), 1)(x, A))


def test_arguments_may_be_dicts_lists_and_tuples() -> None:
    def f(parameters, x):
        hidden = np.tanh(parameters["W"] @ x)
        return parameters["rest"][0] * np.sum(hidden) + parameters["rest"][1] ** 2

    found = grad(f)({"W": A, "rest": [2.0, 3.0]}, x)
    assert found["rest"] == [pytest.approx(np.sum(np.tanh(A @ x))), 6.0]
    np.testing.assert_allclose(found["W"], 2 * np.outer(1 - np.tanh(A @ x) ** 2, x))


def test_value_and_gradient() -> None:
    value, gradient = value_and_grad(energy)(x, A, np.ones(4))
    assert value == pytest.approx(energy(x, A, np.ones(4)))
    np.testing.assert_allclose(gradient, 2 * A.T @ (A @ x - 1) / 4)


def test_names_keywords_and_defaults() -> None:
    def f(x, *, scale=2.0, power=2):
        return scale * np.sum(x**power)

    np.testing.assert_allclose(grad(f)(x), 4 * x)
    np.testing.assert_allclose(grad(f)(x, scale=5.0, power=3), 15 * x**2)
    assert grad(f, argnums="scale")(x) == pytest.approx(x @ x)
    np.testing.assert_allclose(grad(functools.partial(f, scale=1.0))(x), 2 * x)
    np.testing.assert_allclose(grad(lambda *parts: parts[0] @ parts[1], 1)(x, 2 * x), x)


def test_a_list_that_is_declared_is_an_array() -> None:
    np.testing.assert_allclose(grad(energy)(list(x), A.tolist(), [1, 1, 1, 1]), grad(energy)(x, A, np.ones(4)))


def test_a_name_that_python_keeps_for_itself() -> None:
    def f(lambda_, sum, d):
        return lambda_**2 * sum * d

    assert grad(f)(3.0, 5.0, 7.0) == 210
    assert grad(f, 2)(3.0, 5.0, 7.0) == 45


# --- constants ------------------------------------------------------------------------------------------------------


def test_a_constant_keeps_its_name_and_its_transpose_is_seen() -> None:
    b = np.ones(4)
    gradient = grad(lambda x: np.sum((A @ x - b) ** 2) + x @ A.T @ b)
    gradient(x)
    assert gradient.text == "A'*(2*(A*x - b) + b)"
    assert set(gradient.declarations) == {"A: matrix(m, n)", "x: vector(n)", "b: vector(m)"}


def test_a_constant_that_changes_between_calls_is_read_anew() -> None:
    weights = np.ones(3)
    gradient = grad(lambda x: weights @ x)
    np.testing.assert_array_equal(gradient(x), [1, 1, 1])
    weights[:] = 7
    np.testing.assert_array_equal(gradient(x), [7, 7, 7])
    factor = [2.0]
    scaled = grad(lambda x: factor[0] * x @ x)
    np.testing.assert_array_equal(scaled(x), 4 * x)
    factor[0] = 3.0
    np.testing.assert_array_equal(scaled(x), 6 * x)


def test_a_constant_that_changes_within_a_call_has_both_values() -> None:
    def f(x):
        weights = np.array([1.0, 2.0, 3.0])
        first = weights @ x
        weights += 1
        return first * (weights @ x)

    weights = np.array([1.0, 2.0, 3.0])
    np.testing.assert_allclose(grad(f)(x), weights * ((weights + 1) @ x) + (weights + 1) * (weights @ x))


def test_a_choice_by_what_is_no_variable_is_python() -> None:
    def f(x, n, kind="square"):
        total = sum(x**k for k in range(1, n))
        return total if kind == "square" else 2 * total

    assert grad(f)(2.0, 4) == 1 + 4 + 12
    assert grad(f)(2.0, 4, kind="double") == 2 * (1 + 4 + 12)


def test_numbers_are_exact_where_they_are_short() -> None:
    assert grad(lambda t: 0.5 * t**2 + 0.1 * t, declare="t: scalar").text == "t + 1/10"
    assert grad(lambda t: np.sin(2 * np.pi * t), declare="t: scalar").text == "2*pi*cos(2*pi*t)"
    assert grad(lambda t: 0.123456789 * t, declare="t: scalar").text == "c"


# --- what is printed ------------------------------------------------------------------------------------------------


def test_text_before_any_call_is_for_kinds_by_name_or_by_declaration() -> None:
    assert grad(lambda x, A: x @ A @ x).text == "(A + A')*x"
    assert jacobian(lambda x: x * 2).text == "2*eye(n)"
    assert grad(lambda t, M: np.trace(t * M), declare=["t: scalar", "M: matrix(k, k)"]).text == "tr(M)"
    assert grad(energy).text == "2*X'*(X*w - y)/q"
    assert hessian(energy).text == "2*X'*X/q"
    assert jvp(energy).text == "2*(X*w - y)'*X*v/q"
    assert grad(energy).latex() == r"\frac{2}{q} \mathbf{X}^\top (\mathbf{X} \mathbf{w} - \mathbf{y})"
    assert isinstance(grad(energy).derivative, matcalc.Derivative)


def test_text_after_a_call_is_for_the_arrays_of_the_call() -> None:
    second = grad(grad(np.tanh))
    assert second(2.0) == pytest.approx(-2 * np.tanh(2.0) * (1 - np.tanh(2.0) ** 2))
    assert second.text == "-2*tanh(x)*(1 - tanh(x)^2)"
    assert second.declarations == ("x: scalar",)


def test_text_is_read_back_as_the_same_derivative() -> None:
    for function in NUMBERS[3:40:4]:
        gradient = grad(function.make(np))
        gradient(*function.arguments)
        D = gradient.derivative
        where = [f"{name} = {text}" for name, text in gradient.where.items()]
        source = D.expression.splitlines()
        claim = f"grad({source[-1]}, {D.wrt}) = {gradient.text}"
        verdict = matcalc.verify(claim, declare=gradient.declarations, where=source[:-1] + where)
        assert verdict.verdict in ("proved", "proved-at-sizes", "numeric"), (function.name, claim)


def test_gradients_by_several_names_are_written_as_backpropagation() -> None:
    def loss(W, U, x):
        return np.sum((U @ np.tanh(W @ x)) ** 2)

    text = grad(loss, argnums=(0, 1)).text
    assert re.search(r"delta = grad\(J, z\) = .*tanh\(z\)", text)
    assert "grad(J, W) = delta*x'" in text


def test_code_runs_by_itself() -> None:
    namespace: dict = {}
    exec(grad(energy).numpy(), namespace)
    found = namespace["derivative"](X=A, w=x, y=np.ones(4))
    np.testing.assert_allclose(found, grad(energy)(x, A, np.ones(4)))
    exec(jvp(energy).numpy(), namespace)
    np.testing.assert_allclose(namespace["jvp"](X=A, w=x, y=np.ones(4), v=x), found @ x)


# --- sizes ----------------------------------------------------------------------------------------------------------


def test_one_derivative_serves_all_sizes() -> None:
    gradient = grad(lambda x: np.sum(x**2) / x.shape[0])
    for n in (2, 3, 7, 1):
        np.testing.assert_allclose(gradient(np.ones(n)), np.full(n, 2 / n))
    assert grad(lambda x: np.sum(x**2) / x.shape[0]).text == "2*x/n"


def test_a_loop_over_an_axis_is_made_for_its_size() -> None:
    gradient = grad(lambda A: sum(row @ row * (k + 1) for k, row in enumerate(A)))
    for m in (1, 2, 4):
        np.testing.assert_allclose(gradient(A[:m]), 2 * A[:m] * np.arange(1, m + 1)[:, None])


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        (lambda x, A: np.sum(A @ x), (np.ones(4), A)),
        (lambda x, y: np.sum(x + y), (np.ones(3), np.ones(4))),
        (lambda x, y: np.sum(x * y), (np.ones((2, 3)), np.ones((3, 3)))),
        (lambda A: np.trace(A), (A,)),
        (lambda A: np.linalg.det(A), (A,)),
        (energy, (np.ones(3), A, np.ones(5))),
    ],
)
def test_sizes_that_differ_are_refused(function, arguments) -> None:
    with pytest.raises(matcalc.MatcalcError, match="size"):
        grad(function)(*arguments)


# --- refusals -------------------------------------------------------------------------------------------------------


def choosing(x):
    return x @ x if x[0] > 0 else np.sum(x)


def writing(x):
    x[0] = 1.0
    return np.sum(x)


def adding(x):
    x += 1
    return np.sum(x)


def filling(x):
    made = np.zeros(3)
    made[0] = x[0]
    return np.sum(made)


def collecting(x):
    made = np.zeros(3)
    made += x
    return np.sum(made)


REFUSED = {
    "if": (choosing, "`if x`"),
    "and": (lambda x: np.sum(x) and 1.0, "and"),
    "chain": (lambda x: np.sum(0 < x < 1), "`if x`"),
    "max-of-python": (lambda x: max(x[0], x[1]), "`if x`"),
    "float": (lambda x: float(x[0]), r"float\(x\)"),
    "math": (lambda x: math.exp(x[0]), "math"),
    "int": (lambda x: int(x[0]) * x[0], r"int\(x\)"),
    "index": (lambda x: A[x[0], 0], "index"),
    "write": (writing, "changes an array in place"),
    "in-place": (adding, r"`\+=`"),
    "fill": (filling, "np.array|float"),
    "out": (collecting, "out"),
    "asarray": (lambda x: np.sum(np.asarray(x)), "np.asarray"),
    "array-of-values": (lambda x: np.sum(np.array([x[0], x[1]])), "np.array"),
    "max": (lambda x: np.max(x), "np.max"),
    "method-max": (lambda x: x.max(), "x.max"),
    "einsum": (lambda x: np.einsum("i,i->", x, x), "np.einsum"),
    "concatenate": (lambda x: np.sum(np.concatenate([x, x])), "np.concatenate"),
    "sort": (lambda x: np.sort(x)[0], "np.sort"),
    "floor": (lambda x: np.sum(np.floor(x)), "np.floor"),
    "modulo": (lambda x: np.sum(x % 2), "`%`"),
    "round": (lambda x: round(x[0]), "rounding"),
    "reduce": (lambda x: np.add.reduce(x), "np.add.reduce"),
    "where-option": (lambda x: np.sum(np.exp(x, where=x > 0)), "where"),
    "dtype": (lambda x: np.sum(x, dtype=np.float32), "dtype"),
    "single-precision": (lambda x: np.sum(x.astype(np.float32)), "astype"),
    "partial-branch": (lambda x: np.sum(np.where(x > 0, np.log(x), 0.0)), "np.where of a branch with `log`"),
    "three-axes": (lambda x: np.sum(x[:, None, None]), "3 axes"),
    "fancy": (lambda x: np.sum(x[[0, 1]]), "x\\[list\\]"),
    "mask": (lambda x: np.sum(x[x > 0]), "x\\[Array\\]"),
    "conditions-added": (lambda x: np.sum((x > 0) + (x < 1)), "conditions"),
    "complex": (lambda x: np.sum(x * 1j), "real"),
    "infinite": (lambda x: np.sum(x * math.inf), "finite"),
    "text": (lambda x: x + "a", "str"),
    "nothing": (lambda x: None, "returns nothing"),
    "pair": (lambda x: (x @ x, 1), "returns a tuple"),
    "array-output": (lambda x: 2 * x, "a gradient is that of a number"),
    "matrix-class": (lambda x: np.sum(x * np.matrix(np.eye(3))), "matrix"),
    "masked": (lambda x: np.sum(np.ma.masked_array(np.ones(3)) * x), "Masked|np.asarray|np.array"),
    "hash": (functools.lru_cache(lambda x: x @ x), "hash"),
    "outside": (lambda x: x[5], "3 entries"),
    "vector-and-number": (lambda x: x @ 2.0, "takes vectors and matrices"),
    "norm-of-matrix": (lambda x: np.linalg.norm(np.outer(x, x), 2), "np.linalg.norm"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_said_is_refused_by_name(name: str) -> None:
    function, message = REFUSED[name]
    with pytest.raises(matcalc.MatcalcError, match=message):
        grad(function)(x)


@pytest.mark.parametrize(
    ("argument", "message"),
    [("a", "an array of <U1"), (None, "NoneType"), (x * 1j, "complex"), (np.ones((2, 2, 2)), "3 axes"), ([1, "a"], "<U1|str")],
)
def test_arguments_are_real_numbers_and_arrays(argument, message: str) -> None:
    with pytest.raises(matcalc.MatcalcError, match=message):
        grad(lambda x: np.sum(x))(argument)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: grad(3), "a function is differentiated"),
        (lambda: grad(energy)(x), "missing a required argument"),
        (lambda: grad(energy, 5)(x, A, x), "argnums=5"),
        (lambda: grad(energy, "W")(x, A, x), "no argument `W`"),
        (lambda: grad(energy, 0.5)(x, A, x), "argnums=0.5"),
        (lambda: grad(energy, ())(x, A, x), "names no argument"),
        (lambda: grad(lambda p: 1.0)({}), "holds no number"),
        (lambda: grad(energy, declare=5), "should be text"),
        (lambda: grad(energy, declare="v: vector").text, "`v` is declared, but it is no argument"),
        (lambda: grad(energy, declare="w: matrixx").text, "not a kind"),
        (lambda: grad(energy, declare="w: function").text, "a number or an array"),
        (lambda: grad(lambda w: w @ w, declare="w: vector(4)")(x), "4.*3 entries"),
        (lambda: grad(lambda w: w @ w, declare="w: matrix")(x), "declared a matrix"),
        (lambda: grad(lambda *parts: parts[0]).text, "not known before a call"),
        (lambda: grad(lambda x: np.sum(x) / len(x)).text, "not known yet"),
        (lambda: jvp(lambda x: x @ x)(x), "1 direction"),
        (lambda: jvp(lambda x: x @ x)(x, np.ones(4)), "the direction of `x`"),
        (lambda: functions.softmx(x), "no function `softmx`"),
        (lambda: functions.det(A), "sizes differ"),
        (lambda: functions.exp("a"), "<U1"),
        (lambda: functions.eye(0), "positive whole numbers"),
    ],
)
def test_wrong_use_is_an_error_of_matcalc(make, message: str) -> None:
    with pytest.raises(matcalc.MatcalcError, match=message):
        make()


def test_a_value_of_another_call_is_refused() -> None:
    kept: list = []
    assert grad(lambda t: kept.append(t) or t * t)(2.0) == 4
    with pytest.raises(matcalc.MatcalcError, match="another run"):
        grad(lambda t: t * kept[0])(2.0)


def test_an_error_of_the_function_itself_is_its_own() -> None:
    with pytest.raises(ZeroDivisionError):
        grad(lambda t: t * (1 / 0))(2.0)


# --- functions of the language --------------------------------------------------------------------------------------

RECORDS = [record for record in operations() if record.signature != "new"]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.name)
def test_every_operation_is_a_function_that_computes_and_is_differentiated(record) -> None:
    function = getattr(functions, record.name)
    overload = record.overloads[0]
    sizes = {"m": 2, "n": 3, "p": 4, "q": 5}
    free = overload.any or overload.rows
    shapes = [(2, 3) if free else tuple(sizes[letter[0]] for letter in axes) or (3,) for axes in overload.inputs]
    arguments = [draw(*shape, seed=k, low=0.2, high=0.9) for k, shape in enumerate(shapes)]
    value = function(*arguments)
    direction = np.cos(np.arange(1.0, 1 + arguments[0].size)).reshape(arguments[0].shape)
    ends = [np.asarray(function(arguments[0] + s * 1e-5 * direction, *arguments[1:])) for s in (1, -1)]
    found = jvp(lambda first: function(first, *arguments[1:]))(arguments[0], direction)
    assert np.shape(found) == np.shape(value)
    np.testing.assert_allclose(found, (ends[0] - ends[1]) / 2e-5, rtol=1e-6, atol=1e-6)
    assert function.__doc__


def test_functions_have_the_axes_of_numpy() -> None:
    np.testing.assert_array_equal(functions.sum(A, 0), A.sum(axis=0))
    np.testing.assert_array_equal(functions.mean(A, axis=1, keepdims=True), A.mean(axis=1, keepdims=True))
    np.testing.assert_allclose(functions.softmax(A), np.exp(A) / np.exp(A).sum(axis=1, keepdims=True))
    np.testing.assert_array_equal(functions.vec(A), A.ravel(order="F"))
    np.testing.assert_array_equal(functions.commutation(4, 3) @ A.ravel(order="F"), A.T.ravel(order="F"))
    assert functions.trace(S) == pytest.approx(np.trace(S))
    assert functions.relu(-2) == 0
    assert set(functions.__all__) <= set(dir(functions))


def test_constructors_take_sizes_of_arguments() -> None:
    gradient = grad(lambda x: x @ functions.eye(x.shape[0]) @ x + functions.ones(x.shape[0]) @ x)
    assert gradient.text == "2*x + 1"
    np.testing.assert_allclose(gradient(x), 2 * x + 1)


def test_deriving_alone_does_not_load_numpy() -> None:
    program = "import sys, matcalc; matcalc.derive(\"x'*A*x\", wrt='x').text; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_code_of_a_program_that_takes_derivatives_itself() -> None:
    """grad(t^3, t)*x with t = 2*x is 12*x^3, though u = t^2 is a value on the way."""
    D = matcalc.derive("t = 2*x\nu = t^2\ngrad(u*t, t)*x", wrt="x", declare=["x: scalar"])
    assert D.text == "36*x^2"
    assert D.function()(2.0) == pytest.approx(144)


def test_latex_is_text_and_takes_a_style() -> None:
    derived = matcalc.grad(lambda x: x @ x)
    assert derived.latex == derived.latex() == r"2 \mathbf{x}"
    assert derived.latex(style="plain") == "2 x"
