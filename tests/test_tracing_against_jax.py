"""Derivatives of traced Python functions against JAX, which shares no code with the engine: values and axes."""

from __future__ import annotations

import numpy as np
import pytest
from traced import ARRAYS, NUMBERS, Function

import matcalc

jax = pytest.importorskip("jax", reason="the references are JAX's own derivatives; `pip install .[oracle]` brings it")
jax.config.update("jax_enable_x64", True)
jnp = jax.numpy

#: Every function by every argument.
CASES = [(f, place) for f in NUMBERS + ARRAYS for place in range(len(f.arguments))]
#: Whose second derivatives are checked: those of few entries.
SMALL = [(f, place) for f, place in CASES if np.size(f.arguments[place]) <= 9 and f.name != "logaddexp-large"]


def named(cases):
    return pytest.mark.parametrize(("function", "place"), cases, ids=[f"{f.name}-{place}" for f, place in cases])


def compare(found, expected) -> None:
    assert np.shape(found) == np.shape(expected)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9 * max(1.0, np.abs(expected).max(initial=0)))


@named([case for case in CASES if case[0] in NUMBERS])
def test_gradient(function: Function, place: int) -> None:
    found = matcalc.grad(function.make(np), place)(*function.arguments)
    compare(found, jax.grad(function.make(jnp), place)(*map(jnp.asarray, function.arguments)))


@named(CASES)
def test_jacobian(function: Function, place: int) -> None:
    found = matcalc.jacobian(function.make(np), place)(*function.arguments)
    compare(found, jax.jacfwd(function.make(jnp), place)(*map(jnp.asarray, function.arguments)))


@named(SMALL)
def test_hessian(function: Function, place: int) -> None:
    found = matcalc.hessian(function.make(np), place)(*function.arguments)
    compare(found, jax.hessian(function.make(jnp), place)(*map(jnp.asarray, function.arguments)))


@named(CASES)
def test_pushforward(function: Function, place: int) -> None:
    point = function.arguments[place]
    direction = np.cos(np.arange(1.0, 1 + np.size(point))).reshape(np.shape(point))
    found = matcalc.jvp(function.make(np), place)(*function.arguments, direction)
    others = list(map(jnp.asarray, function.arguments))

    def restricted(moving):
        return function.make(jnp)(*others[:place], moving, *others[place + 1 :])

    compare(found, jax.jvp(restricted, (others[place],), (jnp.asarray(direction),))[1])
