"""What a user calls: `grad`, `value_and_grad`, `jacobian`, `hessian`, `jvp`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from matcalc.tracing.transforms import Grad, Hessian, Jacobian, Jvp, ValueAndGrad

__all__ = ["grad", "hessian", "jacobian", "jvp", "value_and_grad"]


def grad(function: Callable[..., Any], argnums: Any = 0, *, declare: Iterable[str] | str = ()) -> Grad:
    """The gradient of a function that returns a number, as a function of the same arguments.

        >>> import numpy as np
        >>> g = matcalc.grad(lambda x, A: x @ A @ x)
        >>> g.text
        "(A + A')*x"
        >>> g(np.ones(2), np.eye(2))
        array([2., 2.])

    Law: the entries are df/dx_i, or df/dX_ij, at the arguments of the call.  Shape: that of the argument.  `argnums` is
    the position or the name of the argument to differentiate by, or a tuple of them for a tuple of gradients; an
    argument may be a dict, list or tuple of arrays.  The function is written with operators, NumPy's functions and those
    of `matcalc.functions`.  It may close over arrays, which keep their names, and take derivatives itself.  At kinks,
    relu'(0) = 0, abs'(0) = 0, and `maximum` takes its first argument's derivative at a tie.  Raises MatcalcError, also
    for any operation that cannot be traced, such as a choice by value (`if x > 0`).
    """
    return Grad(function, argnums, declare)


def value_and_grad(function: Callable[..., Any], argnums: Any = 0, *, declare: Iterable[str] | str = ()) -> ValueAndGrad:
    """The value of a function that returns a number, and its gradient, in one pair and with shared work; see `grad`."""
    return ValueAndGrad(function, argnums, declare)


def jacobian(function: Callable[..., Any], argnums: Any = 0, *, declare: Iterable[str] | str = ()) -> Jacobian:
    """The derivative of a function that returns a number or an array, as a function of the same arguments.

    Law: the entries are df_i/dx_k.  Shape: the axes of the value, then those of the argument.  `text` is in the numerator
    layout.  Arguments, functions and errors as for `grad`.
    """
    return Jacobian(function, argnums, declare)


def hessian(function: Callable[..., Any], argnums: Any = 0, *, declare: Iterable[str] | str = ()) -> Hessian:
    """The second derivative of a function, as a function of the same arguments.

    Law: the entries are d2f_i/dx_k dx_l.  Shape: the axes of the value, then those of the argument twice; for a tuple of
    arguments a tuple of tuples of blocks.  Arguments, functions and errors as for `grad`.
    """
    return Hessian(function, argnums, declare)


def jvp(function: Callable[..., Any], argnums: Any = 0, *, declare: Iterable[str] | str = ()) -> Jvp:
    """The pushforward of a function, (x, v) -> Df(x) v, as a function of its arguments and of a direction.

    Law: the derivative of f(x + s*v) by s at s = 0; the Jacobian is never formed.  Shape: that of the value; a direction
    has the shape of its argument, and there is one for each of `argnums`, last.  Arguments, functions and errors as for
    `grad`.
    """
    return Jvp(function, argnums, declare)
