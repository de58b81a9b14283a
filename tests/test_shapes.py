"""The shape rule: `matcalc check --shapes`."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from computations import PROGRAMS

import matcalc
from matcalc.__main__ import main
from matcalc.computations.shapes import balance
from matcalc.errors import MatcalcError
from matcalc.inference import infer_expression

NET = """W: matrix(M, D)
U: matrix(C, M)
x: vector(D)
y: vector(C) simplex
z = W*x
h = relu(z)
theta = U*h
J = crossentropy(y, softmax(theta))
"""


def test_the_network_of_the_lecture() -> None:
    assert matcalc.shapes(NET, ["W", "U", "x"]).text == """values:
  name   kind    shape   signal   its shape
  W      matrix  (M, D)  dJ/dW    (M, D)
  x      vector  (D)     dJ/dx    (D)
  U      matrix  (C, M)  dJ/dU    (C, M)
  y      vector  (C)
  z      vector  (M)     delta_2  (M)
  h      vector  (M)
  theta  vector  (C)     delta_1  (C)
  J      scalar  scalar

products on the way forward:
  z = W*x      (M) = (M, D)*(D)
  theta = U*h  (C) = (C, M)*(M)

products in signals and gradients:
  delta_2 = dJ/dz = U'*delta_1.*step(z)  (M) = (M, C)*(C).*(M)
  dJ/dW = delta_2*x'                     (M, D) = (M)*(1, D)
  dJ/dU = delta_1*h'                     (C, M) = (C)*(1, M)
  dJ/dx = W'*delta_2                     (D) = (D, M)*(M)"""


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("A*x", "(m, n)*(n)"),
        ("2*alpha*A*x/3", "(m, n)*(n)"),
        ("-(A*x)'", "((m, n)*(n))'"),
        ("A*x - b", "(m, n)*(n) - (m)"),
        ("b - A*x", "(m) - (m, n)*(n)"),
        ("x*y'/(x'*x)", "(n)*(1, p)/((1, n)*(n))"),
        ("tanh(A*x).*b", "tanh((m, n)*(n)).*(m)"),
        ("norm2(A*x)^2*b", "norm2((m, n)*(n))^2*(m)"),
        ("x'*x", "(1, n)*(n)"),
    ],
)
def test_balance(expression: str, expected: str) -> None:
    declare = ["A: matrix(m, n)", "x: vector(n)", "b: vector(m)", "y: vector(p)"]
    assert balance(infer_expression(expression, declare).output) == expected


@pytest.mark.parametrize("path", sorted(PROGRAMS.glob("*.mc")), ids=lambda path: path.stem)
def test_every_signal_has_the_shape_of_its_value(path: Path) -> None:
    found = matcalc.shapes(path.read_text(encoding="utf-8"))
    rows = [row for row in found.rows if row[3]]
    assert [row for row in rows if row[2].replace("(1, ", "(") != row[4].replace("(1, ", "(")] == []
    assert max(map(len, found.text.splitlines())) <= 79


def test_an_output_that_is_no_scalar_has_no_signals() -> None:
    text = matcalc.shapes("A*x").text
    assert "(output)  vector  (m)" in text
    assert "note: there are no signals" in text


def test_a_chain_that_does_not_fit_is_an_error_with_both_places() -> None:
    with pytest.raises(MatcalcError) as caught:
        matcalc.shapes("W: matrix(M, D)\nx: vector(M)\nz = W*x\nJ = sum(z)")
    assert "`W` has D columns, but `x` has M entries" in caught.value.render()


def run(*args: str, status: int = 0) -> str:
    result = CliRunner().invoke(main, ["check", *args])
    assert result.exit_code == status, result.output
    return result.output


def test_the_command(tmp_path: Path) -> None:
    path = tmp_path / "net.mc"
    path.write_text(NET, encoding="utf-8")
    assert run("--shapes", str(path)).rstrip("\n") == matcalc.shapes(NET).text
    assert "dJ/dx" not in run("--shapes", str(path), "--wrt", "W")


def test_the_check_itself_still_needs_a_variable() -> None:
    assert "Missing option '--wrt'" in run("x'*x", status=2)
    assert "they agree" in run("x'*x", "--wrt", "x")
