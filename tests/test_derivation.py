"""`derive` and what a `Derivative` knows: shapes, kinds of answers, notes, names, programs, errors."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import sympy
from interpreter import Reading, differences
from naive import SIZES, assert_equal

import matcalc
from matcalc import Derivative, Derivatives, MatcalcError, derive
from matcalc.answer import FORMS
from matcalc.errors import DeclarationError, DimensionError, KindError, ParseError, UnknownNameError, UnsupportedError

NETWORK = """
W: matrix(m, n); U: matrix(p, m); x: vector(n); y: vector(p) simplex
z = W*x
h = relu(z)
theta = U*h
J = crossentropy(y, softmax(theta))
"""


def compact(text: str) -> str:
    return "".join(text.split())


def values_of(derived: Derivative, seed: int = 0) -> dict[str, np.ndarray]:
    """Random values of all parameters of the emitted function, sizes among them."""
    values = {}
    for name, info in derived.free_variables.items():
        shape = tuple(int(np.prod([SIZES.get(d, d) for d in axis])) for axis in info.shape)
        values[name] = np.random.default_rng([seed, *name.encode()]).uniform(0.3, 1.5, shape)
    return values


def called(function: Any, values: Mapping[str, np.ndarray]) -> Any:
    known = {**SIZES, **values}
    return function(**{name: known[name] for name in inspect.signature(function).parameters})


# Shapes: axes of the expression, then of the variable, in both layouts

DECLARE = (
    "s: scalar; t: scalar; x: vector(n); y: vector(n); z: vector(m); A: matrix(m, n); B: matrix(n, p); S: matrix(n, n)"
)
SHAPES: dict[str, tuple[str, str, int, tuple[str, ...], tuple[str, ...]]] = {
    "scalar-by-scalar": ("s^2*t", "s", 1, (), ()),
    "scalar-by-vector": ("x'*y", "x", 1, ("n",), ("n",)),
    "scalar-by-matrix": ("z'*A*x", "A", 1, ("m", "n"), ("m", "n")),
    "vector-by-scalar": ("s*x", "s", 1, ("n",), ("n",)),
    "row-by-scalar": ("s*x'", "s", 1, ("n",), ("n",)),
    "vector-by-vector": ("A*x", "x", 1, ("m", "n"), ("n", "m")),
    "row-by-vector": ("x'*A'", "x", 1, ("m", "n"), ("n", "m")),
    "vector-by-matrix": ("A*x", "A", 1, ("m", "m", "n"), ("m", "m", "n")),
    "matrix-by-scalar": ("s*A", "s", 1, ("m", "n"), ("m", "n")),
    "matrix-by-vector": ("x*z'", "x", 1, ("n", "m", "n"), ("n", "m", "n")),
    "matrix-by-matrix": ("A*B", "A", 1, ("m", "p", "m", "n"), ("m", "p", "m", "n")),
    "hessian-by-scalar": ("s^3*t", "s", 2, (), ()),
    "hessian-by-vector": ("x'*S*x", "x", 2, ("n", "n"), ("n", "n")),
    "hessian-by-matrix": ("tr(S*S)", "S", 2, ("n",) * 4, ("n",) * 4),
    "second-of-a-vector": ("A*exp(x)", "x", 2, ("m", "n", "n"), ("m", "n", "n")),
    "third": ("sum(x.^3)*s", "x", 3, ("n",) * 3, ("n",) * 3),
    "third-of-a-vector": ("A*exp(x)", "x", 3, ("m", "n", "n", "n"), ("m", "n", "n", "n")),
    "absent": ("x'*y", "z", 1, ("m",), ("m",)),
    "vec": ("vec(A*B)", "vec(A)", 1, ("p*m", "n*m"), ("p*m", "n*m")),
}


#: The order of axes where the layout turns them: a vector by a vector.
TURNED = {("vector-by-vector", "denominator"): (1, 0), ("row-by-vector", "denominator"): (1, 0)}


@pytest.mark.parametrize("name", SHAPES)
def test_shapes_in_both_layouts(name: str) -> None:
    source, wrt, order, numerator, denominator = SHAPES[name]
    for layout, shape in (("numerator", numerator), ("denominator", denominator)):
        derived = derive(source, wrt=wrt, declare=DECLARE, order=order, layout=layout)
        assert derived.shape == shape
        assert (derived.layout, derived.order, derived.wrt, derived.expression) == (layout, order, wrt, source)
        found = np.shape(called(derived.function(), {**values_of(derived), "z": np.ones(2)}))
        assert found == tuple(int(np.prod([SIZES[d] for d in axis.split("*")])) for axis in shape)


@pytest.mark.parametrize("name", [name for name in SHAPES if name not in ("vec", "absent")])
@pytest.mark.parametrize("layout", ["numerator", "denominator"])
def test_values_are_those_of_differences(name: str, layout: str) -> None:
    """Of the derivative of one order less, which the interpreter finds; transposed where the layout says so."""
    source, wrt, order, *_ = SHAPES[name]
    derived = derive(source, wrt=wrt, declare=DECLARE, order=order, layout=layout)
    reading, values = Reading.of(source, [DECLARE]), values_of(derived)
    form = reading.jacobian(wrt, order - 1)
    expected = differences(lambda moved: reading.value({**values, wrt: moved}, SIZES, form), values[wrt])
    expected = expected.transpose(TURNED.get((name, layout), range(expected.ndim)))
    assert_equal(np.asarray(called(derived.function(), values)), expected, rtol=1e-6)


@pytest.mark.parametrize(("source", "wrt", "numerator", "denominator"), [
    ("x'*y", "x", "y'", "y"), ("A*x", "x", "A", "A'"), ("z'*A*x", "A", "z*x'", "z*x'"), ("s*x", "s", "x", "x"),
    ("s*x'", "s", "x'", "x'"), ("x'*y", "z", "zeros(m)'", "zeros(m)"), ("A*y", "x", "zeros(m, n)", "zeros(n, m)"),
])  # fmt: skip
def test_texts_in_both_layouts(source: str, wrt: str, numerator: str, denominator: str) -> None:
    assert derive(source, wrt=wrt, declare=DECLARE).text == numerator
    assert derive(source, wrt=wrt, declare=DECLARE, layout="denominator").text == denominator


# Programs, several names


def test_the_last_assignment_is_the_output() -> None:
    assert derive("a = x'*x\nb = 3*a", wrt="x").text == "6*x'"


def test_another_output_can_be_named() -> None:
    assert derive("a = x'*x\nb = 3*a", wrt="x", of="a").text == "2*x'"


def test_an_output_that_is_not_assigned_is_an_error() -> None:
    with pytest.raises(UnknownNameError, match="`c` is not an assigned name") as caught:
        derive("a = x'*x\nb = 3*a", wrt="x", of="c")
    assert caught.value.hint == "assigned are: a, b"


def test_an_assigned_name_is_held() -> None:
    derived = derive(NETWORK, wrt="theta")
    assert derived.shape == ("p",)
    assert compact(derived.text) in {f"(softmax({theta})-y)'" for theta in ("theta", "U*h", "U*relu(W*x)")}


def test_several_names_give_a_mapping_in_their_order() -> None:
    answers = derive(NETWORK, wrt=["U", "W", "x"])
    assert isinstance(answers, Derivatives)
    assert isinstance(answers, Mapping)
    assert list(answers) == ["U", "W", "x"]
    assert len(answers) == 3
    assert {name: answers[name].shape for name in answers} == {"U": ("p", "m"), "W": ("m", "n"), "x": ("n",)}
    assert all(isinstance(answer, Derivative) for answer in answers.values())


def test_a_name_that_was_not_asked_for_is_no_key() -> None:
    with pytest.raises(KeyError):
        derive(NETWORK, wrt=["U"])["W"]


def test_one_function_computes_them_all() -> None:
    answers = derive(NETWORK, wrt=["U", "W"])
    values = values_of(answers["U"])
    found = called(answers.function(), values)
    assert list(found) == ["U", "W"]
    assert_equal(found["U"], called(answers["U"].function(), values))
    assert_equal(found["W"], called(answers["W"].function(), values))
    assert answers.numpy().count("def derivative(") == 1


def test_the_value_comes_with_the_derivatives() -> None:
    answers = derive(NETWORK, wrt=["U", "W"])
    values = values_of(answers["U"])
    value, found = called(answers.function(value=True), values)
    alone, gradient = called(answers["U"].function(value=True), values)
    expected = Reading.of(NETWORK, []).value(values, SIZES)
    assert_equal(np.asarray(value), expected)
    assert_equal(np.asarray(alone), expected)
    assert_equal(gradient, found["U"])


def test_declarations_may_be_one_text_or_several() -> None:
    texts = {derive("x'*A*x", wrt="x", declare=given).text for given in (
        "A: matrix(n, n) symmetric", ["A: matrix(n, n) symmetric"], ("x: vector(n)", "A: matrix(n, n) symmetric"),
        "x: vector(n); A: matrix(n, n) symmetric",
    )}  # fmt: skip
    assert texts == {"2*x'*A"}


def test_everything_that_is_assumed_is_declared() -> None:
    derived = derive("x'*A*x + alpha", wrt="x")
    assert set(derived.declarations) == {"x: vector(n)", "A: matrix(n, n)", "alpha: scalar"}


def test_declarations_can_be_given_back() -> None:
    first = derive("tr(X'*A*X)*beta", wrt="X")
    again = derive("tr(X'*A*X)*beta", wrt="X", declare=first.declarations)
    assert (again.text, again.declarations, again.shape) == (first.text, first.declarations, first.shape)


# Notes


@pytest.mark.parametrize(("source", "wrt", "expected"), [
    ("x'*y", "z", ["`z` does not occur in the expression, so the derivative is zero"]),
    ("tr(A - A)", "A", ["the derivative is zero"]),
    ("exp(x)", "x", []),
    ("x'*y", "x", []),
])  # fmt: skip
def test_notes_of_zero_derivatives(source: str, wrt: str, expected: list[str]) -> None:
    assert list(derive(source, wrt=wrt).notes) == expected


@pytest.mark.parametrize("function", ["abs", "relu", "norm1", "sign", "step"])
def test_a_note_tells_the_convention_at_a_kink(function: str) -> None:
    (note,) = (note for note in derive(f"sum({function}(x)) + x'*x", wrt="x").notes if "kink" in note)
    assert function in note
    assert "sign(0) = step(0) = 0" in note


def test_a_note_tells_what_happens_at_a_tie() -> None:
    (note,) = derive("sum(maximum(x, y))", wrt="x").notes
    assert "maximum" in note
    assert "first argument" in note


@pytest.mark.parametrize(("source", "matrix"), [
    ("a'*inv(X)*b", "X"), ("logdet(X)", "X"), ("logdet(A + X'*X)", "A + X'*X"), ("det(X)", "X"),
])  # fmt: skip
def test_a_note_tells_which_matrix_is_taken_to_be_invertible(source: str, matrix: str) -> None:
    assert f"{matrix} is taken to be invertible" in derive(source, wrt="X").notes


def test_zero_has_a_right_shape_in_every_notation() -> None:
    derived = derive("x'*x", wrt="X", declare="X: matrix(m, n)")
    assert derived.shape == ("m", "n")
    assert (derived.text, derived.index) == ("zeros(m, n)", "[i,j: 0]")
    assert not np.asarray(called(derived.function(), {**values_of(derived), "x": np.ones(4)})).any()


# Orders


@pytest.mark.parametrize("order", [1, 2, 3])
def test_orders_of_a_power(order: int) -> None:
    texts = {1: "4*s^3", 2: "12*s^2", 3: "24*s"}
    assert derive("s^4", wrt="s", order=order, declare="s: scalar").text == texts[order]


@pytest.mark.parametrize("order", [0, -1, 1.0, 1.5, "2", True])
def test_an_order_is_a_positive_integer(order: Any) -> None:
    with pytest.raises(KindError, match="whole number"):
        derive("x'*x", wrt="x", order=order)


def test_hessians_of_scalars_are_symmetric() -> None:
    derived = derive("exp(a'*x)*(b'*x)*norm2(C*x)", wrt="x", order=2, declare="C: matrix(m, n)")
    found = np.asarray(called(derived.function(), values_of(derived)))
    assert_equal(found, found.T)


# Notations


def test_the_default_notation_is_matrix_notation_where_there_is_one() -> None:
    derived = derive("A*x", wrt="x")
    assert derived.text == derived.to_text() == derived.to_text(form="matrix") == "A"
    assert derive("A*x", wrt="A").text == derive("A*x", wrt="A").index


@pytest.mark.parametrize(("form", "shown"), [
    ("matrix", "[p,q,i,j: delta(j,p)*B[i,q] + delta(j,q)*B[i,p]]"),
    ("index", "[p,q,i,j: delta(j,p)*B[i,q] + delta(j,q)*B[i,p]]"),
    ("cases", "[p,q,i,j: B[i,q] if j==p and p!=q else B[i,p] if j==q and p!=q else 2*B[i,q] if j==p and p==q else 0]"),
])  # fmt: skip
def test_forms_of_the_derivative_of_a_gram_matrix(form: str, shown: str) -> None:
    assert derive("B'*B", wrt="B").to_text(form=form) == shown


def test_elements_are_explicit() -> None:
    """As a SymPy array of the shape of the answer."""
    entries = derive("A*x", wrt="A").elements(m=2, n=3)
    x = ["x_1", "x_2", "x_3"]
    assert isinstance(entries, sympy.NDimArray)
    assert [[list(map(str, row)) for row in block] for block in entries.tolist()] == [[x, ["0"] * 3], [["0"] * 3, x]]


@pytest.mark.parametrize("form", FORMS)
def test_every_form_has_latex(form: str) -> None:
    derived = derive("tr(A*X*B*X)", wrt="X", order=2, declare="X: matrix(2, 3); A: matrix(3, 2); B: matrix(3, 2)")
    shown = derived.latex(form=form)
    assert shown.count("{") == shown.count("}") > 0


def test_an_unknown_form_is_an_error_with_a_suggestion() -> None:
    with pytest.raises(UnknownNameError, match="there is no form `indx`") as caught:
        derive("x'*x", wrt="x").to_text(form="indx")
    assert "index" in caught.value.hint


def test_a_form_that_does_not_exist_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="has no vec form"):
        derive("inv(X)", wrt="X", order=2).to_text(form="vec")


def test_the_vec_form_of_a_gradient_follows_the_layout() -> None:
    assert derive("tr(A'*X*B)", wrt="X").to_text(form="vec") == "vec(A*B')'"
    assert derive("tr(A'*X*B)", wrt="X", layout="denominator").to_text(form="vec") == "vec(A*B')"


def test_the_vec_form_of_a_gradient_that_is_a_variable() -> None:
    assert derive("tr(A'*X)", wrt="X").to_text(form="vec") == "vec(A)'"


def test_a_representation_says_what_it_is() -> None:
    assert repr(derive("x'*A*x", wrt="x")) == "<Derivative of x'*A*x by x: x'*(A + A')>"


# JSON


def test_json_has_the_keys_of_the_contract() -> None:
    """LANGUAGE, section 7."""
    derived = derive("sum(log(1 + exp(X*w)))", wrt="w", order=2, declare="X: matrix(m, n)")
    made = derived.to_json()
    keys = {"expression", "wrt", "order", "layout", "declarations", "shape", "text", "latex", "index", "cases", "numpy"}
    assert keys <= set(made)
    assert json.loads(json.dumps(made)) == made
    assert (made["expression"], made["wrt"], made["order"]) == ("sum(log(1 + exp(X*w)))", "w", 2)
    assert (made["shape"], made["layout"]) == (["n", "n"], "numerator")
    assert (made["text"], made["where"]) == (derived.text, derived.where)
    assert (made["index"], made["cases"]) == (derived.index, derived.cases)
    assert (made["latex"], made["numpy"]) == (derived.latex(), derived.numpy())
    assert made["declarations"] == list(derived.declarations)


@pytest.mark.parametrize(("source", "wrt"), [
    ("A*x", "A"), ("X^3", "X"), ("x'*y", "z"), ("alpha^2", "alpha"), ("softmax(X)", "X"),
])  # fmt: skip
def test_json_can_be_written_of_every_kind_of_answer(source: str, wrt: str) -> None:
    made = derive(source, wrt=wrt).to_json()
    assert json.loads(json.dumps(made)) == made


# The numeric check


@pytest.mark.parametrize(("source", "wrt", "order"), [
    ("x'*A*x", "x", 1), ("logdet(X)", "X", 1), ("sum(exp(A*x))", "x", 2), ("A*x", "A", 1),
])  # fmt: skip
def test_a_derivative_checks_itself(source: str, wrt: str, order: int) -> None:
    assert derive(source, wrt=wrt, order=order).check(seed=3).agrees


# Errors

ERRORS: dict[str, tuple[dict[str, Any], type[MatcalcError], str]] = {
    "empty-source": ({"source": "", "wrt": "x"}, ParseError, "no expression"),
    "empty-name": ({"source": "x'*x", "wrt": ""}, KindError, "no name to differentiate by"),
    "by-an-expression": ({"source": "x'*x", "wrt": "2*x"}, KindError, "is not a name"),
    "by-a-number": ({"source": "x'*x", "wrt": "3"}, KindError, "is not a name"),
    "by-a-call": ({"source": "x'*x", "wrt": "exp(x)"}, KindError, "is not a name"),
    "by-vec-of-a-matrix": ({"source": "A*X", "wrt": "vec(X)"}, KindError, r"one of vec\(E\)"),
    "layout": ({"source": "x'*x", "wrt": "x", "layout": "numerater"}, UnknownNameError, "is not a layout"),
    "two-columns": ({"source": "x*y", "wrt": "x"}, KindError, "multiplies a column by a column"),
    "unknown-function": ({"source": "frob(x)", "wrt": "x"}, MatcalcError, "frob"),
    "unbalanced": ({"source": "x'*(A*x", "wrt": "x"}, ParseError, r"\("),
    "declared-twice": (
        {"source": "x'*x", "wrt": "x", "declare": ["x: vector(n)", "x: vector(m)"]}, DeclarationError, "declared twice",
    ),
    "sizes": (
        {"source": "A*x", "wrt": "x", "declare": "A: matrix(m, n); x: vector(m)"}, DimensionError, "size|entries|rows",
    ),
    "not-square": ({"source": "inv(A)", "wrt": "A", "declare": "A: matrix(m, n)"}, MatcalcError, "square"),
}  # fmt: skip


@pytest.mark.parametrize("name", ERRORS)
def test_errors_are_of_their_kind(name: str) -> None:
    arguments, kind, message = ERRORS[name]
    with pytest.raises(kind, match=message) as caught:
        derive(**arguments)
    assert str(caught.value).startswith("error: ")


def test_every_error_is_a_matcalc_error() -> None:
    kinds = (DeclarationError, DimensionError, KindError, ParseError, UnknownNameError, UnsupportedError)
    assert all(issubclass(kind, MatcalcError) for kind in kinds)
    assert matcalc.MatcalcError is MatcalcError


def test_an_error_names_the_file_that_the_source_came_from() -> None:
    with pytest.raises(MatcalcError) as caught:
        derive("a = x'*x\nb = x*x", wrt="x", name="model.mc")
    assert "model.mc:2:" in str(caught.value)


def test_one_wrong_name_among_several_is_an_error() -> None:
    with pytest.raises(KindError, match="is not a name"):
        derive("x'*A*x", wrt=["x", "A + 1"])


def test_a_size_of_no_dimension_is_an_error() -> None:
    answer = matcalc.derive("A*x", wrt="A")
    with pytest.raises(MatcalcError, match="there is no dimension `z`"):
        answer.elements(m=2, n=2, z=3)
    with pytest.raises(MatcalcError, match="the dimensions are"):
        answer.check(sizes={"z": 3})


X, Y = (np.random.default_rng(seed).normal(size=(3, 4)) for seed in (1, 2))


@pytest.mark.parametrize(("source", "value"), [
    ("X - mean(X, 1)", X - X.mean(axis=1, keepdims=True)),
    ("X + alpha*sum(Y, 1)", X + 2 * Y.sum(axis=1, keepdims=True)),
    ("X + sum(Y, 1)/alpha", X + Y.sum(axis=1, keepdims=True) / 2),
    ("X + alpha*sum(Y, 0)", X + 2 * Y.sum(axis=0, keepdims=True)),
    ("X + alpha*(Y*X'*sum(Y, 1))", X + 2 * (Y @ X.T @ Y.sum(axis=1))[:, None]),
])  # fmt: skip
def test_value_of_a_scaled_sum_that_is_expanded(source: str, value: np.ndarray) -> None:
    function = derive(source, "X").function(value=True)
    given = {"X": X, "Y": Y, "alpha": 2.0}
    np.testing.assert_allclose(function(**{k: given[k] for k in inspect.signature(function).parameters})[0], value)


def test_value_of_a_cross_entropy_of_logits_far_apart_is_finite() -> None:
    value, gradient = derive("crossentropy(y, softmax(x))", "x").function(value=True)(
        x=np.array([1000.0, -1000.0]), y=np.array([0.0, 1.0])
    )
    assert value == 2000
    np.testing.assert_array_equal(gradient, [1, -1])


@pytest.mark.parametrize("source", ["x/0", "x*0/0", "x*0^-1", "1./(x - x)"])
def test_division_by_zero_is_an_error(source: str) -> None:
    with pytest.raises(MatcalcError, match="zero"):
        derive(source, "x").text  # noqa: B018


@pytest.mark.parametrize("given", [
    {"wrt": None}, {"wrt": 3}, {"wrt": [3]}, {"wrt": []}, {"wrt": "x", "declare": 3}, {"wrt": "x", "order": 10**20},
    {"wrt": "x", "order": True}, {"wrt": " "},
])  # fmt: skip
def test_arguments_of_other_types_are_errors(given: dict[str, Any]) -> None:
    with pytest.raises(MatcalcError):
        derive("x'*x", **given)


def test_no_declarations_may_be_none() -> None:
    assert derive("x'*x", "x", declare=None).text == "2*x'"


def test_derivatives_are_found_by_either_spelling_of_a_name() -> None:
    answers = derive("λ*x'*x", wrt=["λ", "x"])
    assert list(answers) == ["lambda", "x"]
    assert answers["λ"] is answers["lambda"]


def test_a_long_product_of_one_scalar_is_a_power() -> None:
    assert derive("*".join(["alpha"] * 2000) + "*x", "alpha").text == "2000*alpha^1999*x"


def test_code_can_be_had_where_no_notation_says_the_answer() -> None:
    answer = derive("inv(kron(A, B))*x", "A")
    with pytest.raises(UnsupportedError):
        answer.text  # noqa: B018
    assert "np.linalg" in answer.numpy()


def test_a_check_that_takes_too_long_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="too long"):
        derive("x'*A*x", "x").check(sizes={"n": 20_000})


def test_a_partial_derivative_that_would_be_read_as_the_total_one_is_refused() -> None:
    derivative = matcalc.derive("L(Y, Z): scalar\nY = X*W\nZ = Y*V\nL", "W")
    with pytest.raises(matcalc.MatcalcError, match="has no notation"):
        _ = derivative.text
    assert "dL_dY" in derivative.numpy()
    assert matcalc.derive("U(s, t): scalar\ns = a'*w\nt = w'*w\nU", "w").text == "(d(U)/d(s)*a + 2*d(U)/d(t)*w)'"
