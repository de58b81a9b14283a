"""Derivatives of core nodes: forward mode, reverse mode and central differences of the naive evaluation agree."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from interpreter import differences
from naive import (
    SIZES,
    VARIABLES,
    Point,
    assert_equal,
    contraction,
    graphs,
    naive,
    random_point,
    variables_of,
)

import matcalc
from matcalc.differentiate import derivative, forward, reverse
from matcalc.expr import (
    Delta,
    Derivative,
    Node,
    Number,
    Size,
    Unknown,
    Variable,
    add,
    apply_elementwise,
    apply_matrix,
    expand,
    identity,
    power,
    scale,
    transpose,
    zero,
)
from matcalc.traversal import postorder

MODES = (forward, reverse)
A, B, C, D, S, T = (VARIABLES[name] for name in "ABCDST")
s, t, x, y, z = (VARIABLES[name] for name in "stxyz")
HALF = Fraction(1, 2)
P = Variable.make("P", ("m", "n", "p"))
Q = Variable.make("Q", ("m", "n", "m", "n"))


def f(name: str, *nodes: Node) -> Node:
    return apply_elementwise(name, *nodes)


def inverse(node: Node) -> Node:
    return apply_matrix("inv", 3 * Delta.make(node.shape[0]) + node, (1, 1))


SINE = f("sin", contraction("ij,j->i", A, x))
HIDDEN = f("tanh", contraction("ij,j->i", S, x))
GRAM = contraction("ki,kj->ij", A, A)

#: A node and the variable by which it is differentiated.
CASES: dict[str, tuple[Node, Node]] = {
    "itself": (A, A),
    "transpose": (transpose(A, (1, 0)), A),
    "scaled": (scale(Fraction(-3, 2), A), A),
    "scalar-times-matrix": (s * A, s),
    "matrix-times-scalar": (s * A, A),
    "sum-of-both": (add([scale(2, S), transpose(S, (1, 0))]), S),
    "matrix-vector": (contraction("ij,j->i", A, x), A),
    "matrix-vector-by-vector": (contraction("ij,j->i", A, x), x),
    "row-matrix": (contraction("i,ij->j", z, A), A),
    "inner": (contraction("i,i->", x, y), y),
    "square": (contraction("i,i->", x, x), x),
    "quadratic-form": (contraction("i,ij,j->", x, S, x), x),
    "quadratic-form-by-matrix": (contraction("i,ij,j->", x, S, x), S),
    "outer": (contraction("i,j->ij", z, x), z),
    "trace": (contraction("ii->", S), S),
    "trace-of-product": (contraction("ij,ji->", S, T), S),
    "trace-of-square": (contraction("ij,ji->", S, S), S),
    "diagonal": (contraction("ii->i", S), S),
    "diagonal-times": (contraction("ii,i->i", S, x), S),
    "diagonal-matrix": (contraction("ij,i->ij", Delta.make("n"), x), x),
    "gram": (GRAM, A),
    "gram-other-side": (contraction("ik,jk->ij", A, A), A),
    "cube": (contraction("ij,jk,kl->il", S, S, S), S),
    "sandwich": (contraction("ij,jk,kl->il", A, S, contraction("jl,lk->jk", B, C)), S),
    "hadamard": (contraction("ij,ij->ij", A, D), A),
    "hyper-index": (contraction("ij,ij,ij->j", A, D, A), A),
    "scaled-rows": (contraction("i,ij->ij", z, A), z),
    "row-sums": (contraction("ij->i", A), A),
    "total": (contraction("ij->", A), A),
    "mean": (contraction("ij,,->", A, power(Size.make("m"), Fraction(-1)), power(Size.make("n"), Fraction(-1))), A),
    "expanded-scalar": (expand(s, ("m", "n")), s),
    "expanded-column": (contraction("i->ij", z, j="p"), z),
    "summed-and-lost": (contraction("ij->", contraction("i->ij", z, j="p")), z),
    "tensor-permuted": (transpose(P, (2, 0, 1)), P),
    "tensor-contracted": (contraction("ijk,j->ki", P, x), P),
    "tensor-partial-trace": (contraction("ijij->", Q), Q),
    "tensor-crossed": (contraction("ijkl,kl->ji", Q, A), Q),
    "power": (power(x, Fraction(3)), x),
    "norm": (power(contraction("i,i->", x, x), HALF), x),
    "reciprocal": (power(2 + f("sin", A), Fraction(-1)), A),
    "root": (power(2 + f("sin", A), HALF), A),
    "elementwise": (f("tanh", A), A),
    "two-arguments": (f("pow", 2 + f("sin", x), y), y),
    "both-arguments": (f("maximum", x, scale(2, x)), x),
    "shared": (contraction("i,i,i->", SINE, SINE, z), x),
    "shared-by-matrix": (contraction("i,i,j->j", SINE, f("exp", SINE), y), A),
    "unknown": (Unknown.make("f", 0, contraction("ij,j->i", A, x)), x),
    "unknown-derivative": (Unknown.make("f", 1, A), A),
    "inverse": (inverse(S), S),
    "inverse-inside": (contraction("i,ij,j->", x, inverse(contraction("ij,jk->ik", S, T)), y), T),
    "determinant": (apply_matrix("det", S, (1, 1)), S),
    "log-determinant-of-gram": (apply_matrix("logdet", Delta.make("n") + GRAM, (1, 1)), A),
    "adjugate": (apply_matrix("adj", S, (1, 1)), S),
    "softmax": (apply_matrix("softmax", x, (1,)), x),
    "softmax-by-rows": (apply_matrix("softmax", A, (1,)), A),
    "softmax-of-all": (apply_matrix("softmax", A, (2,)), A),
    "logsumexp-by-rows": (apply_matrix("logsumexp", contraction("ij,jk->ik", A, B), (1,)), B),
    "logsoftmax": (contraction("i,i->", y, apply_matrix("logsoftmax", contraction("ij,j->i", S, x), (1,))), S),
    "compound-inverse": (apply_matrix("inv", contraction("ik,jl->ijkl", Delta.make("m"), S) + Q, (2, 2)), Q),
    "layers": (contraction("i,i->", z, f("tanh", contraction("ij,j->i", A, HIDDEN))), S),
}


def differences_of(function: Node, variable: Node, point: Point) -> np.ndarray:
    """Central differences of the naive value of a node by a variable."""
    return differences(lambda moved: naive(function, point.moved(variable.name, moved)), point.values[variable.name])


@pytest.mark.parametrize("mode", MODES, ids=["forward", "reverse"])
@pytest.mark.parametrize("name", CASES)
def test_both_modes_have_the_value_of_differences(name: str, mode) -> None:
    function, variable = CASES[name]
    point = random_point(function, variable)
    expected = differences_of(function, variable, point)
    made = mode(function, variable)
    assert made.shape == function.shape + variable.shape
    assert_equal(naive(made, point), expected, rtol=1e-6)


@pytest.mark.parametrize("name", CASES)
def test_forward_equals_reverse(name: str) -> None:
    function, variable = CASES[name]
    point = random_point(function, variable, seed=1)
    assert_equal(naive(forward(function, variable), point), naive(reverse(function, variable), point))


@pytest.mark.parametrize("name", [name for name in CASES if CASES[name][0].order + 2 * CASES[name][1].order < 7])
def test_second_derivatives_have_the_value_of_differences(name: str) -> None:
    function, variable = CASES[name]
    point = random_point(function, variable, seed=2)
    first = derivative(function, variable)
    expected = differences_of(first, variable, point)
    found = [naive(mode(first, variable), point) for mode in MODES]
    assert_equal(found[0], expected, rtol=1e-6)
    assert_equal(found[1], found[0])


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(graphs(), st.data())
def test_random_nodes_have_the_derivative_of_differences(node: Node, data: st.DataObject) -> None:
    variable = data.draw(st.sampled_from(variables_of(node) or [x]))
    point = random_point(node, variable)
    expected = differences_of(node, variable, point)
    assume(np.abs(naive(node, point)).max() < 1e4 and np.abs(expected).max() < 1e5)
    found = naive(forward(node, variable), point)
    assert_equal(naive(reverse(node, variable), point), found)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6 * max(1.0, np.abs(expected).max()))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(graphs(3), st.data())
def test_partial_derivatives_of_random_nodes_commute(node: Node, data: st.DataObject) -> None:
    """∂²F/∂a∂b and ∂²F/∂b∂a have the same entries, the axes of a and b exchanged."""
    total = contraction(f"{'ab'[: node.order]}->", node)
    first, second = (data.draw(st.sampled_from(variables_of(node) or [x])) for _ in range(2))
    point = random_point(node, first, second)
    one = naive(derivative(derivative(total, first), second), point)
    other = naive(derivative(derivative(total, second), first), point)
    assume(np.isfinite(one).all() and np.abs(one).max(initial=0) < 1e5)
    turned = other.transpose([*range(second.order, one.ndim), *range(second.order)])
    np.testing.assert_allclose(one, turned, rtol=1e-8, atol=1e-8 * max(1.0, np.abs(one).max(initial=0)))


# What there is to differentiate


@pytest.mark.parametrize("mode", MODES, ids=["forward", "reverse"])
@pytest.mark.parametrize("node", [y, f("exp", A), Number.make(3), Delta.make("n"), Size.make("n")])
def test_what_does_not_hold_the_variable_has_the_zero_of_the_right_shape(node: Node, mode) -> None:
    assert mode(node, x) is zero((*node.shape, "n"))


def test_a_tensor_by_itself_is_the_identity() -> None:
    assert derivative(A, A) is identity(("m", "n"))
    assert derivative(s, s) is Number.make(1)


@pytest.mark.parametrize("mode", MODES, ids=["forward", "reverse"])
def test_below_the_variable_nothing_is_differentiated(mode) -> None:
    """By the value u = S*x itself, although u holds x; x beside it does not move."""
    u = contraction("ij,j->i", S, x)
    node = contraction("i,i->i", f("exp", u), x)
    point = random_point(node)
    values = point.values
    expected = np.diag(np.exp(values["S"] @ values["x"]) * values["x"])
    assert_equal(naive(mode(node, u), point), expected)


def test_the_mode_is_chosen_by_the_number_of_axes() -> None:
    """Forward when the variable has fewer axes than the function: both give one node for an inverse by a scalar."""
    by_scalar = inverse(s * S)
    assert derivative(by_scalar, s) is forward(by_scalar, s)
    assert derivative(contraction("ij->", inverse(S)), S) is reverse(contraction("ij->", inverse(S)), S)


def test_the_derivative_of_a_product_keeps_its_sums() -> None:
    """2 (A x - z)' A keeps A x - z as one node."""
    residual = contraction("ij,j->i", A, x) - z
    gradient = derivative(contraction("i,i->", residual, residual), x)
    assert residual in postorder(gradient)


def test_unknown_functions_gain_an_order_each_time() -> None:
    node = Unknown.make("f", 0, x)
    for order in (1, 2, 3):
        node = derivative(contraction("i->", node), x)
        assert Unknown.make("f", order, x) in postorder(node)


# Dependent variables: the chain rule with the symbols d(V)/d(u)

FIELD = Variable.make("V", ("m",), [("u", f("tanh", x)), ("s", s)])


def field_point(**values: np.ndarray) -> Point:
    """V(u, s)_i = sin(w_i·u) + s² (w_i·u), with its derivatives."""
    w = np.array([[0.7, -0.4, 1.1], [0.2, 0.9, -0.6]])
    functions = {
        ("V", ()): lambda u, s: np.sin(w @ u) + s**2 * (w @ u),
        ("V", (0,)): lambda u, s: (np.cos(w @ u) + s**2)[:, None] * w,
        ("V", (1,)): lambda u, s: 2 * s * (w @ u),
        ("V", (0, 0)): lambda u, s: np.einsum("i,ij,ik->ijk", -np.sin(w @ u), w, w),
        ("V", (0, 1)): lambda u, s: 2 * s * w,
        ("V", (1, 1)): lambda u, s: 2 * (w @ u),
        ("V", (0, 0, 1)): lambda u, s: np.zeros((2, 3, 3)),
        ("V", (0, 1, 1)): lambda u, s: 2 * w,
        ("V", (1, 1, 1)): lambda u, s: np.zeros(2),
        ("V", (0, 0, 0)): lambda u, s: np.einsum("i,ij,ik,il->ijkl", -np.cos(w @ u), w, w, w),
    }
    return Point({"x": np.array([0.4, -0.8, 1.2]), "s": np.array(0.7), **values}, SIZES, functions)


@pytest.mark.parametrize("mode", MODES, ids=["forward", "reverse"])
@pytest.mark.parametrize("names", ["x", "s", "xs", "sx", "xx", "ss", "xss", "sxs", "ssx", "xxs", "xsx"])
def test_the_chain_rule_of_dependent_variables(names: str, mode) -> None:
    """Each derivative of V(tanh(x), s) has the value of differences of the one before."""
    node, point = FIELD, field_point()
    for name in names[:-1]:
        node = derivative(node, VARIABLES[name])
    last = VARIABLES[names[-1]]
    expected = differences_of(node, last, point)
    assert_equal(naive(mode(node, last), point), expected, rtol=1e-6)


def test_mixed_partial_derivatives_of_an_unknown_are_one_symbol() -> None:
    U = Variable.make("U", (), [("s", s), ("t", t)])
    both = Derivative.make(U, (0, 1))
    assert derivative(derivative(U, s), t) is both
    assert derivative(derivative(U, t), s) is both
    assert derivative(derivative(both, s), t) is derivative(derivative(both, t), s) is Derivative.make(U, (0, 0, 1, 1))


def test_mixed_partial_derivatives_by_vectors_have_their_axes_in_the_order_of_differentiation() -> None:
    U = Variable.make("U", (), [("x", x), ("z", z)])
    both = Derivative.make(U, (0, 1))
    assert both.shape == ("n", "m")
    assert derivative(derivative(U, x), z) is both
    assert derivative(derivative(U, z), x) is transpose(both, (1, 0))


def test_a_variable_does_not_depend_on_what_it_is_not_declared_to_depend_on() -> None:
    U = Variable.make("U", (), [("x", x)])
    assert derivative(U, y) is zero(("n",))
    assert derivative(U, x) is Derivative.make(U, (0,))


def test_dependence_goes_through_assigned_values() -> None:
    """L(y) with y = S x: dL/dx = dL/dy S."""
    L = Variable.make("L", (), [("y", contraction("ij,j->i", S, x))])
    assert derivative(L, x) is contraction("i,ij->j", Derivative.make(L, (0,)), S)


# Facts are not used while differentiating: they hold at points, a derivative looks around them


def value_of(derived: matcalc.Derivative, **values: np.ndarray) -> np.ndarray:
    """The emitted function at values of its parameters."""
    return np.asarray(derived.function()(**values))


def test_the_sum_of_a_simplex_moves() -> None:
    """d(sum(y)*x)/d(y) is x*ones', not 0."""
    derived = matcalc.derive("sum(y)*x", wrt="y", declare="y: vector(n) simplex; x: vector(m)")
    found = value_of(derived, x=np.array([2.0, -3.0]), y=np.array([0.5, 0.3, 0.2]))
    assert_equal(found, np.array([[2.0, 2.0, 2.0], [-3.0, -3.0, -3.0]]))


@pytest.mark.parametrize(("source", "declare", "expected"), [
    ("tr(K*A)", "K: matrix(n, n) skew", "A'"),
    ("tr(K'*A)", "K: matrix(n, n) skew", "A"),
    ("tr(K*A)", "K: matrix(n, n) symmetric", "A'"),
    ("tr(K'*A)", "K: matrix(n, n) symmetric", "A"),
    ("x'*K*x", "K: matrix(n, n) skew", "x*x'"),
    ("tr(K'*K)", "K: matrix(n, n) orthogonal", "2*K"),
    ("tr(K'*K*A)", "K: matrix(n, n) orthogonal", "K*(A + A')"),
])  # fmt: skip
def test_a_property_of_the_variable_is_used_only_after_the_derivative(source: str, declare: str, expected: str) -> None:
    texts = (expected, expected.replace("(A + A')", "(A' + A)"))
    assert matcalc.derive(source, wrt="K", declare=declare).text in texts


def test_a_skew_form_vanishes_only_once_it_is_differentiated() -> None:
    """x'Kx = 0 for every x, so its gradient by x is 0 at every point; by K it is not."""
    assert matcalc.derive("x'*K*x", wrt="x", declare="K: matrix(n, n) skew").text == "zeros(n)'"


@pytest.mark.parametrize(("source", "expected"), [
    ("(x + abs(x))/2", 0.5), ("relu(x)", 0.0), ("maximum(x, 0)", 1.0), ("maximum(0, x)", 0.0), ("minimum(x, 0)", 1.0),
    ("abs(x)", 0.0), ("x*step(x)", 0.0), ("x*sign(x)", 0.0), ("(x - abs(x))/2", 0.5),
])  # fmt: skip
def test_a_kink_has_the_derivative_of_the_formula_as_it_is_written(source: str, expected: float) -> None:
    derived = matcalc.derive(source, wrt="x", declare="x: scalar")
    assert float(value_of(derived, x=np.array(0.0))) == expected


# Assigned names


def test_differentiating_by_an_assigned_name_holds_it() -> None:
    """J = sum(h.*z) with h = tanh(z): by h it is z, whatever h is made of."""
    program = "z: vector(n)\nh = tanh(z)\nJ = sum(h.*z)"
    assert matcalc.derive(program, wrt="h").text == "z'"


def test_what_is_assigned_from_a_held_name_moves() -> None:
    """J = sum(g.^2), g = 3*h, h = tanh(z): by h it is 2*9*h."""
    program = "z: vector(n)\nh = tanh(z)\ng = 3*h\nJ = sum(g.*g)"
    values = np.array([0.3, -1.1, 0.8])
    assert_equal(value_of(matcalc.derive(program, wrt="h"), z=values), 18 * np.tanh(values))


def test_two_derivatives_by_held_names_in_one_expression() -> None:
    """The chain rule, spelled out: d(J)/d(h)*d(h)/d(x) is d(J)/d(x)."""
    program = "W: matrix(m, n)\nx: vector(n)\nh = tanh(W*x)\nJ = norm2(h)^2\nR = (d(J)/d(h)*d(h)/d(x) - d(J)/d(x))*x"
    values = {"W": np.array([[0.2, -0.5, 1.0], [0.7, 0.1, -0.3]]), "x": np.array([0.3, 1.2, -0.4])}
    found = value_of(matcalc.derive(program, wrt="x"), **values)
    np.testing.assert_allclose(found, np.zeros(3), atol=1e-12)
