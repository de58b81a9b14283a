"""Derivatives of traced Python functions against JAX, which shares no code with the engine: values and axes.

    python -m tests.test_tracing_against_jax        every function by every argument, all four derivatives
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import matcalc
from tests.traced import ARRAYS, NESTED, NUMBERS, Function

jax = pytest.importorskip("jax", reason="the references are JAX's own derivatives; `pip install .[oracle]` brings it")
jax.config.update("jax_enable_x64", True)
jnp = jax.numpy

Case = tuple[Function, int]
#: Every function by every argument.
CASES = [(f, place) for f in NUMBERS + ARRAYS for place in range(len(f.arguments))]
#: Every function by one of its arguments, another one for each.
ROTATED = [(f, k % len(f.arguments)) for k, f in enumerate(NUMBERS + ARRAYS)]


def is_small(case: Case) -> bool:
    """Whether the second derivative has few entries, and is not lost in rounding."""
    function, place = case
    return np.size(function.arguments[place]) <= 9 and function.name != "logaddexp-large"


def named(cases: list[Case]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", cases, ids=[f"{f.name}-{place}" for f, place in cases])


def reference(derivative: Callable[..., Any], case: Case) -> np.ndarray:
    """A derivative of the function, made for JAX."""
    function, place = case
    return np.asarray(jax.jit(derivative(function.make(jnp), place))(*map(jnp.asarray, function.arguments)))


def check(found: Any, expected: np.ndarray) -> None:
    assert np.shape(found) == expected.shape
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9 * max(1.0, np.abs(expected).max(initial=0)))


def check_gradient(case: Case) -> None:
    function, place = case
    check(matcalc.grad(function.make(np), place)(*function.arguments), reference(jax.grad, case))


def check_jacobian(case: Case) -> None:
    function, place = case
    check(matcalc.jacobian(function.make(np), place)(*function.arguments), reference(jax.jacfwd, case))


def check_hessian(case: Case) -> None:
    function, place = case
    check(matcalc.hessian(function.make(np), place)(*function.arguments), reference(jax.hessian, case))


def check_pushforward(case: Case) -> None:
    function, place = case
    point = function.arguments[place]
    direction = np.cos(np.arange(1.0, 1 + np.size(point))).reshape(np.shape(point))

    def pushed(f: Callable[..., Any], place: int) -> Callable[..., Any]:
        def along(*arguments: Any) -> Any:
            def moved(part: Any) -> Any:
                return f(*arguments[:place], part, *arguments[place + 1 :])

            return jax.jvp(moved, (arguments[place],), (jnp.asarray(direction),))[1]

        return along

    check(matcalc.jvp(function.make(np), place)(*function.arguments, direction), reference(pushed, case))


@named([case for case in ROTATED if case[0] in NUMBERS])
def test_gradient(case: Case) -> None:
    check_gradient(case)


@named([case for case in ROTATED if case[0] in ARRAYS])
def test_jacobian(case: Case) -> None:
    check_jacobian(case)


@named([case for case in ROTATED if is_small(case)][::5])
def test_hessian(case: Case) -> None:
    check_hessian(case)


@named(ROTATED[1::7])
def test_pushforward(case: Case) -> None:
    check_pushforward(case)


@pytest.mark.parametrize("function", NESTED, ids=lambda f: f.name)
def test_derivatives_inside_of_functions(function: Function) -> None:
    """`make` takes the module, and the module whose `grad`, `jacobian`, `hessian` and `jvp` are meant."""
    jaxed = {"grad": jax.grad, "jacobian": jax.jacfwd, "hessian": jax.hessian, "jvp": jax_jvp}
    own = {name: getattr(matcalc, name) for name in jaxed}
    found = function.make((np, own))(*function.arguments)
    check(found, np.asarray(jax.jit(function.make((jnp, jaxed)))(*map(jnp.asarray, function.arguments))))


def jax_jvp(f: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x, v: jax.jvp(f, (x,), (v,))[1]


if __name__ == "__main__":
    for number, (function, place) in enumerate(CASES):
        sys.stderr.write(f"\r{number}/{len(CASES)} {function.name:30}")
        case = (function, place)
        if function in NUMBERS:
            check_gradient(case)
        check_jacobian(case)
        check_pushforward(case)
        if is_small(case):
            check_hessian(case)
    print(f"\n{len(CASES)} functions by an argument agree with JAX")
