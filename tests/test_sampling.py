"""Random points: declared properties hold, the program is defined there, and nothing coincides by accident."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from matcalc.errors import MatcalcError
from matcalc.inference import infer
from matcalc.parser import parse_program
from matcalc.sampling import sample, value_at


def typed(source: str, *declare: str) -> Any:
    """A typed program."""
    return infer(parse_program(source, declare))


SEEDS = range(8)

PROPERTIES = {
    "symmetric": lambda W: np.array_equal(W, W.T),
    "skew": lambda W: np.array_equal(W, -W.T),
    "diagonal": lambda W: np.array_equal(W, np.diag(np.diag(W))),
    "lower": lambda W: np.array_equal(W, np.tril(W)),
    "upper": lambda W: np.array_equal(W, np.triu(W)),
    "orthogonal": lambda W: np.allclose(W @ W.T, np.eye(len(W))),
    "invertible": lambda W: np.linalg.cond(W) < 50,
    "positive-definite": lambda W: np.array_equal(W, W.T) and np.linalg.eigvalsh(W).min() > 0.1,
    "positive": lambda W: (W > 0).all(),
    "simplex": lambda W: (W > 0).all() and np.allclose(W.sum(axis=1), 1),
}

COMBINATIONS = [
    *((one,) for one in PROPERTIES),
    ("symmetric", "invertible"),
    ("symmetric", "positive"),
    ("symmetric", "simplex"),
    ("symmetric", "orthogonal"),
    ("diagonal", "orthogonal"),
    ("diagonal", "positive-definite"),
    ("positive", "positive-definite"),
    ("lower", "invertible"),
    ("skew", "invertible"),
]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("declared", COMBINATIONS, ids=" ".join)
def test_matrix_has_its_declared_properties(declared: tuple[str, ...], seed: int) -> None:
    W = sample(typed("W", f"W: matrix(n, n) {' '.join(declared)}"), seed=seed).values["W"]
    assert [one for one in declared if not PROPERTIES[one](W)] == []


@pytest.mark.parametrize("declared", PROPERTIES)
def test_matrix_has_no_other_property_by_accident(declared: str) -> None:
    """A matrix of which nothing is declared is neither symmetric nor sparse nor orthogonal."""
    W = sample(typed("W", "W: matrix(n, n)"), seed=3).values["W"]
    assert declared == "invertible" or not PROPERTIES[declared](W)


def test_vectors_and_scalars() -> None:
    program = typed("s*sum(p) + sum(q)", "p: vector(n) simplex", "q: vector(n) positive", "s: scalar positive")
    point = sample(program, seed=1)
    assert_allclose(point.values["p"].sum(), 1)
    assert (point.values["p"] > 0).all()
    assert (point.values["q"] > 0).all()
    assert point.values["s"].shape == ()
    assert point.values["s"] > 0


@pytest.mark.parametrize("seed", SEEDS)
def test_sizes_are_pairwise_different_and_not_those_of_the_program(seed: int) -> None:
    program = typed("A*B*C*x", "A: matrix(2, k)", "B: matrix(k, l)", "C: matrix(l, m)", "x: vector(m)")
    sizes = sample(program, seed=seed).sizes
    assert len({2, *sizes.values()}) == 4
    assert min(sizes.values()) > 1
    assert max(sizes.values()) <= 6


def test_sizes_can_be_fixed() -> None:
    point = sample(typed("A*x", "A: matrix(m, n)", "x: vector(n)"), seed=0, sizes={"m": 7})
    assert point.sizes["m"] == 7
    assert point.sizes["n"] != 7
    assert point.values["A"].shape == (7, point.sizes["n"])


def test_the_seed_selects_the_point() -> None:
    program = typed("sum(log(A*x))", "A: matrix(m, n)", "x: vector(n)")
    one, same, other = (sample(program, seed=seed) for seed in (5, 5, 6))
    assert one.sizes == same.sizes
    assert_array_equal(one.values["A"], same.values["A"])
    assert not np.array_equal(one.values["A"].ravel()[:2], other.values["A"].ravel()[:2])


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("text", "declare"),
    [
        ("sum(log(x))", "x: vector"),
        ("sum(sqrt(x)./log(y))", "x: vector(n); y: vector(n)"),
        ("sum(asin(x).*acos(x))", "x: vector"),
        ("atan(log(s - 1))", "s: scalar"),
        ("tr(log(A*B))", "A: matrix(n, n); B: matrix(n, n)"),
        ("s^t", "s: scalar; t: scalar"),
        ("logdet(A)", "A: matrix"),
        ("x'*inv(A + B)*x", "x: vector"),
        ("sum(asin(x) + log(y - 1))", "x: vector(n); y: vector(n)"),
    ],
)
def test_points_lie_in_the_domain(text: str, declare: str, seed: int) -> None:
    program = typed(text, declare)
    assert np.isfinite(value_at(program, program.output, sample(program, seed=seed)))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_determinant_is_that_of_an_invertible_matrix_where_that_can_be(seed: int) -> None:
    """X'*X is singular unless X has at least as many rows as columns; an outer product always is."""
    sizes = sample(typed("det(X'*X)", "X: matrix(m, n)"), seed=seed).sizes
    assert sizes["m"] > sizes["n"]
    program = typed("det(x*y')", "x: vector(n)", "y: vector(n)")
    assert abs(value_at(program, program.output, sample(program, seed=seed))) < 1e-12


def test_no_point_is_an_error_that_says_what_to_do() -> None:
    with pytest.raises(MatcalcError, match="no point was found"):
        sample(typed("log(-s^2)", "s: scalar"), seed=0)


def test_special_points_have_zeros_ties_and_sizes_of_one() -> None:
    program = typed("sum(maximum(x, y)) + sum(A*z)", "x: vector(m)", "y: vector(m)", "A: matrix(m, n)", "z: vector(n)")
    points = [sample(program, seed=seed, special=True) for seed in range(20)]
    assert any((p.values["x"] == 0).any() for p in points)
    assert any((p.values["x"] == p.values["y"]).any() for p in points)
    assert any(1 in p.sizes.values() for p in points)
    assert any(p.sizes["m"] == p.sizes["n"] for p in points)


def test_special_points_keep_to_the_domain() -> None:
    program = typed("sum(log(x)) + logdet(A)", "x: vector", "A: matrix(n, n) positive-definite")
    for seed in SEEDS:
        assert np.isfinite(value_at(program, program.output, sample(program, seed=seed, special=True)))


def test_dependent_variables_and_functions_are_not_sampled() -> None:
    program = typed("tr(A*B) + sum(f(x))", "alpha: scalar", "A(alpha): matrix(n, n)", "f: function", "x: vector")
    assert set(sample(program, seed=0).values) == {"alpha", "B", "x"}
