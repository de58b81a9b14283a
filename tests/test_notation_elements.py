"""Explicit entries: what SymPy gives at given sizes is the derivative, and it is printed to be read."""

from __future__ import annotations

import math
import operator

import numpy as np
import pytest
import sympy
from corpus import TASKS
from scipy import special

from matcalc.errors import DimensionError, UnsupportedError
from matcalc.expr import Node, Variable, apply_matrix, call, identity, product
from matcalc.form import Form
from matcalc.inference import TypedProgram, infer
from matcalc.lowering import lower
from matcalc.notation.elements import elements, elements_latex, elements_text
from matcalc.parser import parse_expression, parse_program
from matcalc.sampling import sample, value_at
from matcalc.variables import derivative_form

SIZES = {"m": 2, "n": 3, "p": 2, "q": 3, "r": 2, "k": 2, "D": 3, "M": 2, "C": 3, "N": 2, "H": 2}


def derivative(source: str, wrt: str, declare: list[str], order: int = 1) -> tuple[TypedProgram, Node]:
    program = parse_program(source, declare)
    output = Form("name", (), program.output_name) if program.output_name else program.output
    form = derivative_form(output, [parse_expression(wrt)] * order)
    form = Form(form.head, form.args, "jacobian" if order == 1 else form.value)
    typed = infer(program, extra=[form])
    return typed, lower(typed).lower(typed.extra[0]).node


def sizes_of(typed: TypedProgram, given: dict[str, int]) -> dict[str, int]:
    return {d: given.get(d, SIZES.get(d, 2)) for d in typed.dimensions}


def symbol(name: str, index: tuple[int, ...]) -> sympy.Symbol:
    shown = ",".join(str(i + 1) for i in index)
    return sympy.Symbol((name, f"{name}_{shown}", f"{name}_{{{shown}}}")[min(len(index), 2)], real=True)


def flat(array: sympy.Expr | sympy.Array) -> list[sympy.Expr]:
    return list(sympy.flatten([array.tolist()])) if isinstance(array, sympy.NDimArray) else [array]


NUMPY = {
    "Abs": np.abs, "erf": special.erf, "Max": max, "Min": min, "asin": np.arcsin, "acos": np.arccos, "atan": np.arctan,
    "Add": lambda *terms: sum(terms), "Mul": lambda *factors: math.prod(factors), "Pow": operator.pow,
    "ExprCondPair": lambda value, condition: (value, condition),
    "BooleanTrue": lambda: True, "BooleanFalse": lambda: False,
    "Piecewise": lambda *pieces: next(value for value, holds in pieces if holds),
    "StrictGreaterThan": operator.gt, "StrictLessThan": operator.lt,
}  # fmt: skip


def value_of(entry: sympy.Basic, values: dict[sympy.Basic, float]) -> float:
    """The value of an entry, shared parts once; `values` holds those of the symbols and keeps what is found."""
    stack = [entry]
    while stack:
        pending = [argument for argument in stack[-1].args if argument not in values]
        part = stack.pop() if not pending else stack[-1]
        stack.extend(pending)
        if not pending and part not in values:
            arguments = [values[argument] for argument in part.args]
            values[part] = constant(part) if part.is_number and not part.args else function(part)(*arguments)
    return values[entry]


def constant(part: sympy.Basic) -> float:
    return float(part)


def function(part: sympy.Basic):
    name = type(part).__name__
    return NUMPY[name] if name in NUMPY else getattr(np, name)


def open_shape(typed: TypedProgram, name: str, sizes: dict[str, int]) -> tuple[int, ...]:
    """The sizes of the axes of a variable, compound ones laid open."""
    return tuple(sizes.get(d, d) for axis in typed.variables[name].shape for d in axis)


PLAIN = [task for task in TASKS if not task.has_symbols and task.layout == "numerator"]


@pytest.mark.parametrize("task", PLAIN, ids=lambda task: task.name)
def test_entries_are_the_derivative(task) -> None:
    typed, node = derivative(task.source, task.wrt, task.declare, task.order)
    sizes = sizes_of(typed, dict(task.sizes))
    point = sample(typed, seed=1, sizes=sizes)
    arrays = {name: np.reshape(value, open_shape(typed, name, sizes)) for name, value in point.values.items()}
    values = {symbol(name, i): float(array[i]) for name, array in arrays.items() for i in np.ndindex(array.shape)}
    found = [value_of(entry, values) for entry in flat(elements(node, sizes))]
    np.testing.assert_allclose(found, value_at(typed, typed.extra[0], point).ravel(), rtol=1e-7, atol=1e-9)


# ---- What the entries are -------------------------------------------------------------------------------------------

A, X = Variable.make("A", ("m", "n")), Variable.make("X", ("n", "n"))
x, s = Variable.make("x", ("n",)), Variable.make("s", ())


def test_symbols_are_real_and_counted_from_one() -> None:
    assert elements(s, {}) == symbol("s", ())
    assert flat(elements(x, {"n": 2})) == [symbol("x", (0,)), symbol("x", (1,))]
    assert elements(A, {"m": 2, "n": 3})[1, 2] == sympy.Symbol("A_{2,3}", real=True)


def test_a_scalar_called_like_an_entry_is_another_symbol() -> None:
    node = product(1, [(x, "i"), (Variable.make("x_1", ()), "")], "i")
    assert flat(elements(node, {"n": 2}))[0] == sympy.Symbol("x_{1}", real=True) * sympy.Symbol("x_1", real=True)


def test_the_array_is_immutable_and_has_the_axes_of_the_node() -> None:
    array = elements(product(1, [(A, "ij"), (x, "k")], "kji"), {"m": 2, "n": 3})
    assert isinstance(array, sympy.ImmutableDenseNDimArray)
    assert array.shape == (3, 3, 2)


def test_repeated_and_free_axes() -> None:
    diagonal = elements(product(1, [(X, "ii")], "i"), {"n": 2})
    assert flat(diagonal) == [symbol("X", (0, 0)), symbol("X", (1, 1))]
    repeated = elements(product(2, [(x, "i")], "ji", {"j": "m"}), {"m": 2, "n": 2})
    assert repeated.tolist() == [[2 * symbol("x", (0,)), 2 * symbol("x", (1,))]] * 2


def test_the_inverse_is_the_adjugate_over_the_determinant() -> None:
    a, b, c, d = (symbol("X", i) for i in ((0, 0), (0, 1), (1, 0), (1, 1)))
    inverse = elements(apply_matrix("inv", X, (1, 1)), {"n": 2})
    assert flat(inverse) == [d / (a * d - b * c), -b / (a * d - b * c), -c / (a * d - b * c), a / (a * d - b * c)]


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])
def test_a_determinant_is_that_of_numpy(size: int) -> None:
    matrix = np.random.default_rng(size).normal(size=(size, size))
    values = {symbol("X", i): float(matrix[i]) for i in np.ndindex(matrix.shape)}
    determinant = elements(apply_matrix("det", X, (1, 1)), {"n": size})
    assert value_of(determinant, values) == pytest.approx(np.linalg.det(matrix))


# ---- Unknown functions ----------------------------------------------------------------------------------------------


def test_unknown_functions_are_those_of_sympy() -> None:
    node = node_of("f(x)", "x", ["f: function", "x: vector(n)"])
    entry = elements(node, {"n": 2})[0, 0]
    argument = symbol("x", (0,))
    assert entry == sympy.Function("f", real=True)(argument).diff(argument)


def test_unknown_functions_can_be_made_known() -> None:
    node = node_of("f(2*x)", "x", ["f: function", "x: vector(n)"])
    f = sympy.Function("f", real=True)
    entry = elements(node, {"n": 1})[0, 0].replace(f, sympy.sin).doit()
    assert entry == 2 * sympy.cos(2 * symbol("x", (0,)))


PRINTED = {
    ("f(x)", "x", "f: function; x: vector(n)"): ("[ f'(x_1)        0 ]\n[       0  f'(x_2) ]", "f'(x_{1})"),
    ("f(2*x)", "x", "f: function; x: scalar"): ("2*f'(2*x)", "2 f'(2 x)"),
    ("A", "c", "c: scalar; A(c): matrix(n, n)"): (
        "[ A_11'(c)  A_12'(c) ]\n[ A_21'(c)  A_22'(c) ]",
        "A_{11}'(c)",
    ),
    ("L", "y", "y: vector(n); L(y): scalar"): ("[d(L)/d(y_1), d(L)/d(y_2)]", r"\frac{\partial L}{\partial y_{1}}"),
    ("L", "y", "x: vector(n); L(y): scalar; y = 2*x"): ("[d(L)/d(2*x_1), d(L)/d(2*x_2)]", r"\partial (2 x_{1})"),
    ("x.^2", "x", "x: vector(n)"): ("[ 2*x_1      0 ]\n[     0  2*x_2 ]", r"\begin{bmatrix} 2 x_{1} & 0"),
    ("s^2*x", "s", "x: vector(n); s: scalar"): ("[2*s*x_1, 2*s*x_2]", r"\begin{bmatrix} 2 s x_{1} \\ 2 s x_{2}"),
    ("A_1*x", "x", "A_1: matrix(n, n)"): (
        "[ A_1_11  A_1_12 ]\n[ A_1_21  A_1_22 ]",
        "(A_{1})_{11} & (A_{1})_{12}",
    ),
    ("relu(s)", "s", "s: scalar"): ("(1 if s > 0 else 0)", r"\begin{cases} 1 & \text{if } s > 0 \\ 0 & \text{otherwise}"),
    ("maximum(s, t)", "", "s: scalar; t: scalar"): ("maximum(s, t)", r"\max(s, t)"),
    ("abs(s)", "", "s: scalar"): ("abs(s)", "|s|"),
    ("A*x", "A", "A: matrix(n, n)"): (
        "[1,:,:]\n[ x_1  x_2 ]\n[   0    0 ]\n\n[2,:,:]\n[   0    0 ]\n[ x_1  x_2 ]",
        r"\begin{bmatrix} \begin{bmatrix} x_{1} & x_{2} \\ 0 & 0 \end{bmatrix} \\[14pt] \begin{bmatrix} 0 & 0 \\ x_{1}",
    ),
    ("B'*B", "B", "B: matrix(1, n)"): (
        "[1,1,:,:]\n[ 2*B_11  0 ]\n\n[1,2,:,:]\n[ B_12  B_11 ]\n\n[2,1,:,:]\n[ B_12  B_11 ]\n\n[2,2,:,:]\n[ 0  2*B_12 ]",
        r"\begin{bmatrix} 2 B_{11} & 0 \end{bmatrix} & \begin{bmatrix} B_{12} & B_{11} \end{bmatrix} \\[8pt]",
    ),
    ("tanh(s)^2*exp(s/2)", "", "s: scalar"): ("exp(s/2)*tanh(s)^2", r"e^{\frac{s}{2}} \tanh^{2}(s)"),
    ("sin(1/s)", "", "s: scalar"): ("sin(1/s)", r"\sin\!\left(\frac{1}{s}\right)"),
    ("(s + t)*s", "", "s: scalar; t: scalar"): ("s*(s + t)", "s (s + t)"),
    ("1/(s + t)^2", "", "s: scalar; t: scalar"): ("(s + t)^(-2)", r"\frac{1}{(s + t)^{2}}"),
}


@pytest.mark.parametrize(("key", "text", "latex"), [(key, *shown) for key, shown in PRINTED.items()])
def test_entries_are_printed_to_be_read(key: tuple[str, str, str], text: str, latex: str) -> None:
    source, wrt, declare = key
    lines = [part.strip() for part in declare.split(";")]
    statements = [line for line in lines if "=" in line]
    program = "\n".join([*statements, *([f"J = {source}"] if statements else [source])])
    declared = [line for line in lines if "=" not in line]
    node = node_of(program, wrt, declared)
    assert elements_text(elements(node, {"n": 2})) == text
    assert latex in elements_latex(elements(node, {"n": 2}))


def node_of(source: str, wrt: str, declare: list[str]) -> Node:
    if wrt:
        return derivative(source, wrt, declare)[1]
    typed = infer(parse_program(source, declare))
    return lower(typed).lower(typed.output).node


def test_slices_of_a_tensor_that_is_too_wide_or_too_deep_have_a_line_each() -> None:
    wide = elements_latex(elements(derivative("B'*B", "B", ["B: matrix(m, n)"])[1], {"m": 9, "n": 9}))
    assert wide.startswith(r"\begin{aligned} {}[1,1,\cdot,\cdot] &= \begin{bmatrix} 2 B_{11} & 0")
    assert wide.count("&= ") == 81
    deep = elements_latex(elements(derivative("A*A*x", "A", ["A: matrix(n, n)"], 2)[1], {"n": 1}))
    assert deep == r"\begin{aligned} {}[1,1,1,\cdot,\cdot] &= \begin{bmatrix} 2 x_{1} \end{bmatrix} \end{aligned}"


def test_wide_matrices_have_one_entry_a_line() -> None:
    array = elements(apply_matrix("inv", X, (1, 1)), {"n": 3})
    lines = elements_text(array).splitlines()
    assert [line.split("  ")[0] for line in lines[:4]] == ["[1,1]", "[1,2]", "[1,3]", "[2,1]"]


def test_wide_lists_have_one_entry_a_line() -> None:
    lines = elements_text(elements(x, {"n": 30})).splitlines()
    assert lines[0] == "[1]  x_1"
    assert len(lines) == 30


def test_indices_of_two_digits_are_parted() -> None:
    assert "A_{1,12}" in elements_text(elements(A, {"m": 1, "n": 12}))
    assert "A_{1,12}" in elements_latex(elements(A, {"m": 1, "n": 12}))


def test_a_matrix_of_more_columns_than_amsmath_allows_is_an_array() -> None:
    assert elements_latex(elements(A, {"m": 1, "n": 11})).startswith(r"\left[\begin{array}{ccccccccccc} ")


# ---- Refusals -------------------------------------------------------------------------------------------------------


def test_a_missing_size_is_named() -> None:
    with pytest.raises(DimensionError, match="`n` has no size"):
        elements(A, {"m": 2})


@pytest.mark.parametrize("size", [0, -1, True, 1.5, "2"])
def test_a_size_is_a_positive_integer(size: object) -> None:
    with pytest.raises(DimensionError, match="positive integer"):
        elements(x, {"n": size})  # type: ignore[dict-item]


def test_too_many_entries_are_refused() -> None:
    with pytest.raises(UnsupportedError, match="200,000"):
        elements(identity(("m", "n")), {"m": 30, "n": 30})


def test_a_large_determinant_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="rows"):
        elements(apply_matrix("det", X, (1, 1)), {"n": 9})


def test_what_nobody_could_read_is_not_printed() -> None:
    node = x
    for _ in range(40):
        node = call("exp", node + node * x)
    array = elements(node, {"n": 2})
    with pytest.raises(UnsupportedError, match="symbols"):
        elements_text(array)
    with pytest.raises(UnsupportedError, match="symbols"):
        elements_latex(array)
