"""The functions of the language as functions of Python, one for each operation: `softmax`, `relu`, `logsumexp`, `kron`, ...

    >>> import numpy as np
    >>> from matcalc.functions import relu, softmax
    >>> relu(np.array([-1.0, 2.0]))
    array([0., 2.])
    >>> matcalc.grad(lambda x, w: w @ softmax(x)).text
    "w.*softmax(x) - (w'*softmax(x))*softmax(x)"

They take numbers and arrays and compute; inside of a function that `matcalc.grad` differentiates they become part of the
formula.  Shapes and axes are NumPy's: `sum(X, 0)` has one axis.  `eye`, `ones`, `zeros` and `commutation` take sizes.
They are made from the operations that are registered, so each has the meaning, and at kinks the derivative, that the
language gives it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from matcalc.errors import UnknownNameError
from matcalc.operation import find_operation, operations
from matcalc.tracing.functions import function_of, names

__all__ = names()


class MissingFunctionError(UnknownNameError, AttributeError):
    """A function that the language does not have."""

    name: Any = None  # Python sets it on an AttributeError


def __getattr__(name: str) -> Callable[..., Any]:
    record = find_operation(name)
    if record is None or name not in __all__:
        if name.startswith("__"):
            raise AttributeError(name)
        raise MissingFunctionError(f"there is no function `{name}`", hint=f"one of {', '.join(__all__)}")
    return function_of(record)


def __dir__() -> list[str]:
    return [*__all__, *(record.name for record in operations() if record.name in __all__)]
