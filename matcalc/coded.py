"""What has code: one derivative, or several of one expression together."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

from matcalc.codegen import Source, compile_function
from matcalc.request import Request

__all__ = ["Coded"]


class Coded(ABC):
    """Derivatives that are emitted as one function of a module."""

    @abstractmethod
    def emitted(self, request: Request) -> Source:
        """The module that is asked for.  Raises MatcalcError."""

    def code(
        self,
        target: str = "numpy",
        product: str = "derivative",
        *,
        value: bool = False,
        check: bool = False,
        random: bool = False,
        sizes: Mapping[str, int] | None = None,
    ) -> str:
        """The source of a module for a target: "numpy", "jax", "torch", "array-api" or "sympy".

        `product` is what its function is called and computes: "derivative"; "jvp", J·v, with the direction `v` as last
        argument; "vjp", u·J, with the cotangent `u`; "hvp", the Hessian of a scalar times `v`; or "operator", a SciPy
        LinearOperator of J, whose rows and columns are in C order.  None of the products forms J.  By vec(X), `v` and
        the answer are vectors of the entries, columns first.

        For derivatives by several names the function shares the work of all and returns a dict by name; "jvp" and "hvp"
        have a direction for each variable, `v_x` and so on, and "jvp" returns the sum of the products.

        With `value` the pair (value, answer) is returned; with `check` the shapes of the arguments are checked; with
        `random` the module, when it is run, compares with central differences.  `sizes` of dimensions let the order of
        operations be chosen for them.  Raises MatcalcError.
        """
        return self.emitted(Request(target, product, value, check, random, sizes or {}))

    def numpy(self, value: bool = False) -> str:
        """The source of a module with a function `derivative(...)`; with `value` it returns the pair (value, derivative)."""
        return self.code(value=value)

    def function(self, value: bool = False) -> Callable[..., Any]:
        """The emitted function, ready to call."""
        return compile_function(self.emitted(Request(value=value)))
