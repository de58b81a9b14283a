"""matcalc: symbolic matrix calculus for symbolic shapes.

    >>> import matcalc
    >>> matcalc.derive("x'*A*x", wrt="x").text
    "x'*(A + A')"

    >>> matcalc.verify("d(x'*A*x)/d(x) = x'*(A + A')").verdict
    'proved'

`derive` gives derivatives of scalars, vectors and matrices by scalars, vectors and matrices, to any order, in matrix,
index, piecewise, vec and explicit notation, as LaTeX and as NumPy.  `verify` says whether an equation holds, how strongly
that was shown, and where it fails.  Every error is a `MatcalcError` with its place.
"""

import importlib
from typing import TYPE_CHECKING, Any

from matcalc.derivation import Derivative, Derivatives, derive
from matcalc.errors import MatcalcError
from matcalc.inference import infer_expression
from matcalc.interop import differentiate
from matcalc.operation import load_operations
from matcalc.parser import parse_expression

if TYPE_CHECKING:
    from matcalc.verification import Verdict, verify

__all__ = [
    "Derivative",
    "Derivatives",
    "MatcalcError",
    "Verdict",
    "derive",
    "differentiate",
    "infer_expression",
    "parse_expression",
    "verify",
]

__version__ = "0.1.0"

load_operations()


def __getattr__(name: str) -> Any:
    """`verify` and `Verdict` on first use: they need NumPy, which a derivation does without."""
    if name in ("Verdict", "verify"):
        return getattr(importlib.import_module("matcalc.verification"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
