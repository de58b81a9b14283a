"""Forward and reverse mode: which of them is used, that answers are equal, and the option of the command line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from computations import PROGRAMS

import matcalc
from matcalc.__main__ import main
from matcalc.check import arguments_at
from matcalc.differentiate import derivative, forward, reverse
from matcalc.errors import MatcalcError
from matcalc.expr import Node
from matcalc.sampling import sample

EXPRESSIONS = [
    ("x'*A*x", "x", 1),
    ("x'*A*x", "x", 2),
    ("A*tanh(B*x)", "x", 1),
    ("norm2(A*X*B - C)^2", "X", 1),
    ("logdet(X)", "X", 2),
    ("B'*B", "B", 1),
    ("softmax(W*x)", "W", 1),
    ("z = W*x\nh = tanh(z)\nJ = sum(h.*z)", "W", 1),
    ("f: function\nu'*f(W*x + b)", "x", 1),
]


def nodes(source: str, wrt: str) -> tuple[Node, Node]:
    made = matcalc.derive(source, wrt)
    return made.value.node, made.environment.name(wrt).node


def test_the_mode_that_is_asked_for_is_used() -> None:
    function, variable = nodes("u'*tanh(W*x)", "x")
    assert derivative(function, variable, "forward") is forward(function, variable)
    assert derivative(function, variable, "reverse") is reverse(function, variable)
    assert forward(function, variable) is not reverse(function, variable)


def test_auto_is_forward_where_the_variable_has_fewer_axes() -> None:
    up, down = nodes("alpha*tanh(alpha*x)", "alpha"), nodes("u'*tanh(W*x)", "x")
    assert derivative(*up) is forward(*up)
    assert derivative(*down) is reverse(*down)


@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_a_derivative_is_taken_in_the_mode(mode: str) -> None:
    made = matcalc.derive("u'*tanh(W*x)", "x", mode=mode)
    function, variable = made.value.node, made.environment.name("x").node
    assert made.environment.lower(made.form).node is derivative(function, variable, mode)


@pytest.mark.parametrize(("source", "wrt", "order"), EXPRESSIONS)
def test_answers_and_code_of_both_modes_agree(source: str, wrt: str, order: int) -> None:
    made = {mode: matcalc.derive(source, wrt, order=order, mode=mode) for mode in ("forward", "reverse")}
    point = sample(made["forward"].program, seed=3)
    arguments = {k: float(v) if not v.shape else v for k, v in point.values.items()}
    if "function" in source:
        arguments |= {"f": np.sin, "df": np.cos}
    found = {mode: answer.function()(**_asked(answer, arguments)) for mode, answer in made.items()}
    np.testing.assert_allclose(found["forward"], found["reverse"], rtol=1e-12, atol=1e-12)
    assert made["forward"].shape == made["reverse"].shape
    assert all(answer.check().agrees for answer in made.values())


def _asked(answer: matcalc.Derivative, arguments: dict) -> dict:
    """The arguments that the emitted function has."""
    function = answer.function()
    names = function.__code__.co_varnames[: function.__code__.co_argcount]
    return {name: arguments[name] for name in names}


def test_second_derivatives_and_several_names_are_taken_in_the_mode() -> None:
    several = matcalc.derive("u'*tanh(W*x)", ["x", "u"], mode="forward")
    assert {member.program.mode for member in several.values()} == {"forward"}
    assert matcalc.derive("u'*tanh(W*x)", "x", order=2, mode="forward").program.mode == "forward"


def test_steps_of_a_second_derivative_keep_the_mode() -> None:
    made = matcalc.derive("x'*A*x", "x", order=2, mode="forward")
    assert made.steps.text == matcalc.derive("x'*A*x", "x", order=2).steps.text


def test_an_unknown_mode_is_an_error() -> None:
    with pytest.raises(MatcalcError, match="`foward` is not a mode of differentiation") as caught:
        matcalc.derive("x'*x", "x", mode="foward")
    assert "did you mean `forward`?" in caught.value.render()


# ---- Code of programs in forward mode -------------------------------------------------------------------------------

NET = """W: matrix(m, n); U: matrix(p, m); V: matrix(q, p); x: vector(n)
h = tanh(W*x)
k = tanh(U*h)
y = V*k"""


def values(source: str, **options) -> dict[str, np.ndarray]:
    """What the emitted function of all derivatives returns at a random point."""
    made = matcalc.derive(source, "all", **options)
    program = made.first.program
    sizes = {dimension: 2 + k % 2 for k, dimension in enumerate(program.dimensions)}
    function = made.function()
    return function(**arguments_at(function, program, sample(program, seed=5, sizes=sizes)))


@pytest.mark.parametrize("path", sorted(PROGRAMS.glob("*.mc")), ids=lambda path: path.stem)
def test_forward_code_of_programs_agrees_with_reverse_code(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    ahead, back = values(source, mode="forward"), values(source, mode="reverse")
    assert ahead.keys() == back.keys()
    for name, expected in back.items():
        np.testing.assert_allclose(ahead[name], expected, rtol=1e-9, atol=1e-9 * np.abs(expected).max(initial=1))


@pytest.mark.parametrize("layout", ["numerator", "denominator"])
def test_forward_code_of_a_vector(layout: str) -> None:
    ahead, back = (values(NET, mode=mode, layout=layout) for mode in ("forward", "reverse"))
    for name, expected in back.items():
        np.testing.assert_allclose(ahead[name], expected, rtol=1e-12, atol=1e-12)


def test_forward_code_computes_values_and_tangents_from_the_front_once() -> None:
    code = matcalc.derive(NET, "x", mode="forward").numpy().rpartition("def derivative")[2]
    lines = [line.strip() for line in code.splitlines()]
    names = [line.split(" = ")[0] for line in lines if " = " in line and line[0] in "hkd"]
    assert names == ["h", "dh_dx", "k", "dk_dx"]
    assert lines[-1] == "return V @ dk_dx"


def test_names_of_tangents_do_not_clash() -> None:
    source = "dh_dx: vector(n)\nh = tanh(W*x)\nJ = sum(h.*h) + dh_dx'*x"
    assert values(source, mode="forward").keys() == values(source, mode="reverse").keys()
    np.testing.assert_allclose(values(source, mode="forward")["x"], values(source, mode="reverse")["x"])


def test_the_value_beside_the_derivative() -> None:
    made = matcalc.derive(NET, "x", mode="forward")
    point = {"W": np.eye(3, 2), "U": np.eye(2, 3), "V": np.eye(4, 2), "x": np.array([0.5, -1.0])}
    value, derivative_ = made.function(value=True)(**point)
    np.testing.assert_allclose(derivative_, made.function()(**point))
    np.testing.assert_allclose(value[:2], np.tanh(np.tanh(point["x"])))


def test_unknown_functions_of_values_and_tied_entries_have_forward_code_too() -> None:
    matcalc.derive("Y = X*W\nL", "W", ["L(Y): scalar"], mode="forward").numpy()
    tied = matcalc.derive("z = S*x\nz'*z", "S", ["S: matrix(n, n) symmetric"], structured=True, mode="forward")
    assert tied.check().agrees


def run(*args: str, status: int = 0) -> str:
    result = CliRunner().invoke(main, ["derive", *args])
    assert result.exit_code == status, result.output
    return result.output


@pytest.mark.parametrize("mode", ["forward", "reverse", "auto"])
def test_the_option(mode: str) -> None:
    assert run("u'*tanh(W*x)", "--wrt", "x", "--mode", mode).startswith("(u.*(1 - tanh(W*x).^2))'*W\n")


def test_the_command_in_emitted_code_names_the_mode() -> None:
    assert "--mode forward" in run("x'*A*x", "--wrt", "x", "--mode", "forward", "--emit", "numpy")
    assert "--mode" not in run("x'*A*x", "--wrt", "x", "--emit", "numpy")


def test_a_bad_mode_is_bad_usage() -> None:
    assert "'sideways' is not one of" in run("x'*x", "--wrt", "x", "--mode", "sideways", status=2)
