"""Structured derivatives: tied entries move together, in the engine, in the numeric interpreter and in numeric checks.

The judge is NumPy alone: the matrices of a structure are the null space of the equations that its properties state, and
entry (k, l) moves along the projection of E_kl on that space, scaled to have 1 there.  The first derivative is a complex
step along it, the second a central difference of the first.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from interpreter import Printed
from naive import UNKNOWN, assert_equal, naive
from naive import Point as CorePoint
from numpy.testing import assert_allclose, assert_array_equal
from scipy.linalg import null_space
from strategies import SIZES as DRAWN_SIZES
from strategies import Expression, draw_values, well_typed

import matcalc
from matcalc.__main__ import main
from matcalc.check import arguments_at, check
from matcalc.directions import tied
from matcalc.errors import UnsupportedError
from matcalc.evaluate import evaluate
from matcalc.form import Form
from matcalc.inference import TypedProgram, infer
from matcalc.lowering import lower
from matcalc.parser import parse_expression, parse_program
from matcalc.sampling import Point, sample, value_at

RANDOM = np.random.default_rng(28)
ROWS, SIZE = 3, 4
SIZES = {"m": ROWS, "n": SIZE}
OTHERS = {
    "A": RANDOM.normal(size=(SIZE, SIZE)),
    "B": RANDOM.normal(size=(SIZE, SIZE)),
    "C": RANDOM.normal(size=(SIZE, ROWS)),
    "a": RANDOM.normal(size=SIZE),
    "b": RANDOM.normal(size=SIZE),
}
A, B, C, a, b = OTHERS.values()
DECLARED = ("A: matrix(n, n)", "B: matrix(n, n)", "C: matrix(n, m)", "a: vector(n)", "b: vector(n)")

#: Properties of an n x n matrix; all but the last three leave it invertible.
STRUCTURES = (
    "symmetric", "skew", "diagonal", "lower", "upper", "positive-definite", "diagonal lower", "lower upper",
    "symmetric lower", "positive-definite upper", "symmetric diagonal", "skew diagonal", "skew lower", "symmetric skew",
)  # fmt: skip
REGULAR = STRUCTURES[:-3]

# ---- Structures, from the equations that their properties state -----------------------------------------------------


def equations(structure: str, shape: tuple[int, ...]) -> np.ndarray:
    """The linear equations of the entries, one a row; the last one says nothing."""
    units = np.eye(int(np.prod(shape))).reshape(*shape, -1)
    rows = [np.zeros(units.shape[-1])]
    for i, j in np.ndindex(*shape):
        zero = ("diagonal" in structure and i != j, "lower" in structure and i < j, "upper" in structure and i > j)
        rows += [units[i, j]] * any(zero)
        rows += [units[i, j] - units[j, i]] if structure.startswith(("symmetric", "positive-definite")) else []
        rows += [units[i, j] + units[j, i]] if "skew" in structure else []
    return np.array(rows)


def directions(structure: str, shape: tuple[int, ...]) -> np.ndarray:
    """S^kl for all k, l, its own axes last."""
    basis = null_space(equations(structure, shape))
    projection = basis @ basis.T
    scale = np.diag(projection)
    moving = scale > 1e-9
    scaled = np.where(moving, projection / np.where(moving, scale, 1), 0)
    return scaled.T.reshape(*shape, *shape)


def matrix(structure: str, shape: tuple[int, ...] = (SIZE, SIZE)) -> np.ndarray:
    """A matrix of a structure, invertible if that can be."""
    drawn = np.random.default_rng(len(structure)).normal(size=shape)
    found = np.einsum("ij,ijkl->kl", drawn, directions(structure, shape)) / 2
    if "skew" in structure:
        return found
    return found @ found.T + np.eye(SIZE) if "positive" in structure else found + 3 * np.eye(*shape)


def derivative_along(function: Callable, at: np.ndarray, moves: np.ndarray) -> np.ndarray:
    """The derivative along each direction, by a complex step: axes of the value, then of the matrix."""
    columns = [np.imag(function(at + 1e-30j * moves[place])) / 1e-30 for place in np.ndindex(*at.shape)]
    stacked = np.stack(columns, axis=-1)
    return stacked.reshape(stacked.shape[:-1] + at.shape)


def second_derivative_along(function: Callable, at: np.ndarray, moves: np.ndarray) -> np.ndarray:
    """The second derivative, by central differences of the first, extrapolated once."""

    def central(move: np.ndarray, step: float) -> np.ndarray:
        ends = [derivative_along(function, at + sign * step * move, moves) for sign in (1, -1)]
        return (ends[0] - ends[1]) / (2 * step)

    columns = [(4 * central(moves[p], 1e-3) - central(moves[p], 2e-3)) / 3 for p in np.ndindex(*at.shape)]
    stacked = np.stack(columns, axis=-1)
    return stacked.reshape(stacked.shape[:-1] + at.shape)


# ---- Expressions ----------------------------------------------------------------------------------------------------

SMOOTH: dict[str, Callable] = {
    "tr(A*X)": lambda X: np.trace(A @ X),
    "a'*X*b": lambda X: a @ X @ b,
    "norm2(X*b - a)^2": lambda X: ((X @ b - a) ** 2).sum(),
    "tr(A*X*B*X')": lambda X: np.trace(A @ X @ B @ X.T),
    "sum(exp(X).*A)": lambda X: (np.exp(X) * A).sum(),
    "sum(X)*tr(A*X)^2": lambda X: X.sum() * np.trace(A @ X) ** 2,
    "sum(tril(X*A)*b)": lambda X: (np.tril(X @ A) @ b).sum(),
    "X*X*b": lambda X: X @ X @ b,
    "A*X*B": lambda X: A @ X @ B,
}
INVERTIBLE: dict[str, Callable] = {
    "det(X)": np.linalg.det,
    "logdet(X)": lambda X: np.log(np.linalg.det(X) ** 2) / 2,
    "a'*inv(X)*b": lambda X: a @ np.linalg.inv(X) @ b,
    "inv(X)": np.linalg.inv,
}
CASES = [
    *((text, structure) for text in SMOOTH for structure in STRUCTURES),
    *((text, structure) for text in INVERTIBLE for structure in REGULAR),
]
SCALARS = [case for case in CASES if case[0] not in ("X*X*b", "A*X*B", "inv(X)")]
LAYOUTS = ("numerator", "denominator")
FUNCTIONS = SMOOTH | INVERTIBLE


def derive(text: str, structure: str, wrt: str = "X", **options: Any) -> matcalc.Derivative:
    """The structured derivative by an n x n matrix X."""
    declared = [f"X: matrix(n, n) {structure}", *DECLARED]
    return matcalc.derive(text, wrt, declared, structured=True, **options)


def emitted(derived: matcalc.Derivative, X: np.ndarray) -> np.ndarray:
    """The value of the emitted function."""
    function, values = derived.function(), {**OTHERS, "X": X}
    return np.asarray(function(**{name: values[name] for name in inspect.signature(function).parameters}))


def interpreted(program: TypedProgram, form: Form, X: np.ndarray) -> np.ndarray:
    """The value of a form by the numeric interpreter."""
    return value_at(program, form, Point(SIZES, {**OTHERS, "X": X}))


def read_back(derived: matcalc.Derivative, text: str, claimed: str) -> tuple[TypedProgram, Form]:
    """A printed answer, typed without ties and beside what it claims to be, with the names that it introduces."""
    definitions = [f"{name} = {meaning}" for name, meaning in derived.where.items()]
    program = parse_program("\n".join([*definitions, "t = 0"]), derived.declarations)
    forms = [parse_expression(text), parse_expression(claimed)]
    typed = infer(program, layout=derived.layout, extra=forms, alike=[(0, 1)])
    return typed, typed.extra[0]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("text", "structure"), CASES)
def test_first_derivative(text: str, structure: str, layout: str) -> None:
    X, derived = matrix(structure), derive(text, structure, layout=layout)
    expected = derivative_along(FUNCTIONS[text], X, directions(structure, X.shape))
    assert_allclose(emitted(derived, X), expected, rtol=1e-9, atol=1e-9)
    assert_allclose(interpreted(derived.program, derived.form, X), expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(("text", "structure"), SCALARS)
def test_second_derivative(text: str, structure: str) -> None:
    X, derived = matrix(structure), derive(text, structure, order=2)
    expected = second_derivative_along(FUNCTIONS[text], X, directions(structure, X.shape))
    scale = max(1.0, np.abs(expected).max())
    assert_allclose(emitted(derived, X), expected, rtol=1e-7, atol=1e-8 * scale)
    assert_allclose(interpreted(derived.program, derived.form, X), expected, rtol=1e-7, atol=1e-8 * scale)


@pytest.mark.parametrize("structure", ["lower", "upper", "lower upper"])
@pytest.mark.parametrize("order", [1, 2])
def test_rectangular_triangles(structure: str, order: int) -> None:
    X, moves = matrix(structure, (ROWS, SIZE)), directions(structure, (ROWS, SIZE))
    declared = [f"X: matrix(m, n) {structure}", *DECLARED]
    derived = matcalc.derive("tr(C*X)^2 + sum(exp(X*b))", "X", declared, order=order, structured=True)
    differentiate = {1: derivative_along, 2: second_derivative_along}[order]
    expected = differentiate(lambda Y: np.trace(C @ Y) ** 2 + np.exp(Y @ b).sum(), X, moves)
    assert_allclose(emitted(derived, X), expected, rtol=1e-8, atol=1e-8)
    assert_allclose(interpreted(derived.program, derived.form, X), expected, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize(("text", "structure"), CASES)
def test_printed_answer_reads_back_without_ties(text: str, structure: str) -> None:
    X, derived = matrix(structure), derive(text, structure)
    expected = derivative_along(FUNCTIONS[text], X, directions(structure, X.shape))
    for form in ("matrix", "index", "cases"):
        program, answer = read_back(derived, derived.to_text(form), f"jacobian({text}, X)")
        assert_allclose(interpreted(program, answer, X), expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("text", ["A*X*B", "inv(X)", "X"])
@pytest.mark.parametrize("structure", REGULAR)
def test_vec_form(text: str, structure: str, layout: str) -> None:
    """As an expression of its own and as a form of the answer: the columns of both matrices stacked."""
    function, X = {**FUNCTIONS, "X": lambda X: X}[text], matrix(structure)
    tensor = derivative_along(function, X, directions(structure, X.shape))
    expected = np.einsum("ijkl->jilk", tensor).reshape(SIZE**2, SIZE**2)
    by_vec = derive(f"vec({text})", structure, "vec(X)", layout=layout)
    assert_allclose(emitted(by_vec, X), expected, atol=1e-9)
    assert_allclose(interpreted(by_vec.program, by_vec.form, X), expected, atol=1e-9)
    derived = derive(text, structure, layout=layout)
    program, answer = read_back(derived, derived.to_text("vec"), f"d(vec({text}))/d(vec(X))")
    assert_allclose(interpreted(program, answer, X), expected, atol=1e-9)


SQUARES = ("G", "H", "P")


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    well_typed((), ("n",), ("p", "p")).filter(lambda e: any(name in e.variables for name in SQUARES)),
    st.sampled_from(REGULAR), st.sampled_from(LAYOUTS),
)  # fmt: skip
def test_random_expressions(expression: Expression, structure: str, layout: str) -> None:
    """The emitted function and the printed answer against the interpreter, to order 2 for a scalar."""
    wrt = next(name for name in SQUARES if name in expression.variables)
    declared = [line + f" {structure}" * line.startswith(f"{wrt}:") for line in expression.declare]
    values = draw_values(expression.variables, 1)
    moves = directions(structure, values[wrt].shape)
    values[wrt] = np.einsum("ij,ijkl->kl", values[wrt], moves)
    for order in (1, 2)[: 1 + (expression.shape == ())]:
        derived = matcalc.derive(expression.text, wrt, declared, layout=layout, order=order, structured=True)
        point = Point(DRAWN_SIZES, values, UNKNOWN)
        with np.errstate(all="ignore"):
            expected = value_at(derived.program, derived.form, point)
            assume(np.isfinite(expected).all() and np.abs(expected).max(initial=0) < 1e8)
            function = derived.function()
            found = np.asarray(function(**arguments_at(function, derived.program, point)))
            printed = Printed.of(expression.text, derived, derived.text, UNKNOWN).kind_and_value(values, DRAWN_SIZES)[1]
        assert_equal(found, expected, rtol=1e-7)
        assert_equal(printed, expected, rtol=1e-7)


# ---- Derivatives inside of expressions ------------------------------------------------------------------------------


def both_values(text: str, structure: str) -> tuple[np.ndarray, np.ndarray]:
    """The value of an expression with structured derivatives by the engine and by the interpreter."""
    program = parse_program(text, [f"X: matrix(n, n) {structure}", *DECLARED])
    typed, X = infer(program, structured=True), matrix(structure)
    node = lower(typed).lower(typed.output).node
    return naive(node, CorePoint({**OTHERS, "X": X}, SIZES)), interpreted(typed, typed.output, X)


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize(("text", "same"), [
    ("[i,j: d(tr(A*X*X))/d(X[i,j])]", "grad(tr(A*X*X), X)"),
    ("[k,l,i,j: d((X*X)[k,l])/d(X[i,j])]", "jacobian(X*X, X)"),
    ("sum[i,j: B[i,j]*d(tr(A*X*X))/d(X[i,j])]", "sum(B.*grad(tr(A*X*X), X))"),
    ("[i: d(a'*X*X*b)/d(X[i,i])]", "diag(grad(a'*X*X*b, X))"),
    ("jacobian(grad(tr(A*X*X*X), X), X)", "hessian(tr(A*X*X*X), X)"),
    ("[i,j,k,l: d(d(tr(A*X*X*X))/d(X[i,j]))/d(X[k,l])]", "hessian(tr(A*X*X*X), X)"),
])  # fmt: skip
def test_derivatives_inside_of_an_expression(text: str, same: str, structure: str) -> None:
    expected = both_values(same, structure)
    assert_allclose(expected[0], expected[1], rtol=1e-10, atol=1e-10)
    for value in both_values(text, structure):
        assert_allclose(value, expected[0], rtol=1e-10, atol=1e-10)


def test_an_assigned_name_has_independent_entries() -> None:
    """The value of S happens to be symmetric, but S is not declared so."""
    derived = matcalc.derive("S = X*X'\nf = tr(A*S)", "S", DECLARED, structured=True)
    assert derived.text == "A'"
    assert any("is not declared with tied entries" in note for note in derived.notes)


@pytest.mark.parametrize(("kind", "text"), [("vector(n)", "tr(A)*norm2(y)^2"), ("scalar", "y^3*sum(A)")])
def test_vectors_and_scalars_have_no_ties(kind: str, text: str) -> None:
    declared = [f"y: {kind} positive", "A: matrix(n, n) symmetric"]
    plain, structured = (matcalc.derive(text, "y", declared, structured=flag) for flag in (False, True))
    assert structured.node is plain.node
    assert structured.check().agrees


def test_an_unknown_function_of_a_symmetric_matrix() -> None:
    """Matrix Cookbook (138); in the answer d(L)/d(Y) is by independent entries, and so is the parameter of the code."""
    derived = matcalc.derive("L", "Y", ["Y: matrix(n, n) symmetric", "L(Y): scalar"], structured=True)
    assert derived.text == "d(L)/d(Y) + (d(L)/d(Y))' - diag(diag(d(L)/d(Y)))"
    gradient = RANDOM.normal(size=(SIZE, SIZE))
    found = derived.function()(dL_dY=gradient)
    assert_allclose(found, gradient + gradient.T - gradient * np.eye(SIZE))
    assert derived.check().agrees
    assert matcalc.derive("L^2*tr(Y)", "Y", ["Y: matrix symmetric", "L(Y): scalar"], order=2, structured=True).check().agrees


def test_a_symmetric_function_of_a_scalar() -> None:
    derived = matcalc.derive("tr(A*M*M)", "M", ["t: scalar", "M(t): matrix(n, n) symmetric"], structured=True)
    assert derived.check().agrees
    value = RANDOM.normal(size=(SIZE, SIZE))
    G = (A @ (value + value.T) + (value + value.T) @ A).T
    found = derived.function()(A=A, M=value + value.T)
    assert_allclose(found, G + G.T - G * np.eye(SIZE))


# ---- The Matrix Cookbook, section 2.8 -------------------------------------------------------------------------------


def by_structure(text: str, structure: str) -> tuple[np.ndarray, np.ndarray]:
    """A structured derivative and the matrix."""
    X = matrix(structure)
    return emitted(derive(text, structure), X), X


COOKBOOK: dict[str, tuple[str, str, Callable[[np.ndarray], np.ndarray]]] = {
    "(139)": ("tr(A*X)", "symmetric", lambda X: A + A.T - A * np.eye(SIZE)),
    "(140)": (
        "det(X)", "symmetric",
        lambda X: np.linalg.det(X) * (2 * np.linalg.inv(X) - np.linalg.inv(X) * np.eye(SIZE)),
    ),
    "(141)": ("logdet(X)", "symmetric", lambda X: 2 * np.linalg.inv(X) - np.linalg.inv(X) * np.eye(SIZE)),
    "(142)": ("tr(A*X)", "diagonal", lambda X: A * np.eye(SIZE)),
}  # fmt: skip


@pytest.mark.parametrize("equation", COOKBOOK)
def test_formulas_of_the_cookbook(equation: str) -> None:
    text, structure, formula = COOKBOOK[equation]
    found, X = by_structure(text, structure)
    assert_allclose(found, formula(X), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("structure", STRUCTURES)
def test_the_general_rule(structure: str) -> None:
    """(133), (134) and, for symmetric ones, (138): df/dX_ij = tr(G' S^ij), where S^ij is the derivative of X itself."""
    X = matrix(structure)
    plain = matcalc.derive("tr(A*X*B*X')", "X", [f"X: matrix(n, n) {structure}", *DECLARED])
    structure_matrices, _ = by_structure("X", structure)
    rule = np.einsum("kl,klij->ij", emitted(plain, X), structure_matrices)
    assert_allclose(by_structure("tr(A*X*B*X')", structure)[0], rule, rtol=1e-10, atol=1e-10)
    assert_allclose(structure_matrices, np.einsum("ijkl->klij", directions(structure, X.shape)), atol=1e-12)


@pytest.mark.parametrize("structure", STRUCTURES)
def test_the_chain_rule(structure: str) -> None:
    """(137): dg/dX_ij = tr((dg/dU)' dU/dX_ij) for U = X*B*X' and g = tr(A*U*U)."""
    X = matrix(structure)
    U = X @ B @ X.T
    outer = (A @ U + U @ A).T
    inner, _ = by_structure("X*B*X'", structure)
    found, _ = by_structure("U = X*B*X'\ng = tr(A*U*U)", structure)
    assert_allclose(found, np.einsum("kl,klij->ij", outer, inner), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(("text", "structure", "answer"), [
    ("tr(A*X)", "symmetric", "A + A' - diag(diag(A))"),
    ("tr(A*X)", "skew", "A' - A"),
    ("tr(A*X)", "diagonal", "diag(diag(A))"),
    ("tr(A*X)", "lower", "tril(A')"),
    ("tr(A*X)", "upper", "triu(A')"),
    ("tr(A*X)", "skew lower", "zeros(n, n)"),
    ("a'*X*b", "lower", "tril(a*b')"),
    ("a'*X*a", "symmetric", "2*a*a' - diag(a.^2)"),
    ("logdet(X)", "positive-definite", "2*inv(X) - diag(diag(inv(X)))"),
    ("logdet(X)", "upper", "triu(inv(X)')"),
])  # fmt: skip
def test_what_is_printed(text: str, structure: str, answer: str) -> None:
    assert derive(text, structure).text == answer


# ---- What is refused, what is said, and the numeric check -----------------------------------------------------------


@pytest.mark.parametrize("structure", ["orthogonal", "orthogonal symmetric", "simplex"])
def test_entries_that_are_tied_all_together(structure: str) -> None:
    derived = derive("tr(A*X)", structure)
    with pytest.raises(UnsupportedError, match=f"no structured derivative .* {structure.split()[0]}"):
        _ = derived.text
    with pytest.raises(UnsupportedError, match=structure.split()[0]):
        interpreted(derived.program, derived.form, np.eye(SIZE))
    assert matcalc.derive("tr(A*X)", "A", [f"X: matrix(n, n) {structure}"], structured=True).check().agrees


def test_directions_of_a_vector_are_its_units() -> None:
    assert_array_equal(tied(np.eye(3), 1, {"positive"}), np.eye(3))
    with pytest.raises(UnsupportedError, match="simplex"):
        tied(np.eye(3), 1, {"simplex"})


@pytest.mark.parametrize("structure", STRUCTURES)
def test_the_numeric_check_moves_tied_entries(structure: str) -> None:
    """It agrees with the structured derivative, and not with that by independent entries or with a wrong twin."""
    right = derive("tr(A*X*X) + sum(X*b)", structure)
    point = sample(right.program, seed=3)
    found = check(right.function(), right.program, right.variables, "numerator", point)
    assert found.agrees
    plain = matcalc.derive("tr(A*X*X) + sum(X*b)", "X", [f"X: matrix(n, n) {structure}", *DECLARED]).function()
    assert not check(plain, right.program, right.variables, "numerator", point).agrees


@pytest.mark.parametrize("structure", ["symmetric lower", "positive-definite upper", "skew lower", "symmetric skew"])
def test_sampled_values_have_all_their_properties(structure: str) -> None:
    value = sample(derive("tr(A*X)", structure).program, seed=1).values["X"]
    assert_allclose(equations(structure, value.shape) @ value.ravel(), 0, atol=1e-12)


def test_evaluate_takes_the_ties_explicitly() -> None:
    form, values = parse_expression("grad(tr(A*X), X)"), {"A": A, "X": B}
    assert_allclose(evaluate(form, values, {}), A.T)
    assert_allclose(evaluate(form, values, {}, structured={"X": {"skew"}, "A": {"symmetric"}}), A.T - A)


def test_notes_and_json_say_it() -> None:
    plain = matcalc.derive("tr(A*X)", "X", ["X: matrix symmetric"])
    structured = derive("tr(A*X)", "positive-definite")
    assert [d.to_json()["structured"] for d in (plain, structured)] == [False, True]
    assert "entries of `X` that are tied (symmetric) move together" in structured.notes
    assert not any("tied" in note for note in plain.notes)
    assert "tied entries moving together" in structured.numpy()
    assert "tied" not in plain.numpy()


def run(*arguments: str) -> tuple[int, str]:
    """Exit status and output of a command by a lower triangular matrix."""
    result = CliRunner().invoke(main, [*arguments, "tr(A*L)", "--wrt", "L", "--declare", "L: matrix(n, n) lower"])
    return result.exit_code, result.output


def test_commands() -> None:
    assert run("derive")[1].splitlines()[0] == "A'"
    status, output = run("derive", "--structured")
    assert (status, output.splitlines()[0]) == (0, "tril(A')")
    answer: Mapping[str, Any] = json.loads(run("derive", "--structured", "--emit", "json")[1])
    assert (answer["text"], answer["structured"]) == ("tril(A')", True)
    status, output = run("check", "--structured")
    assert (status, "they agree" in output) == (0, True)
