"""matcalc: symbolic matrix calculus for symbolic shapes.

    >>> import matcalc
    >>> matcalc.derive("x'*A*x", wrt="x").text
    "x'*(A + A')"

    >>> matcalc.verify("d(x'*A*x)/d(x) = x'*(A + A')").verdict
    'proved'

`derive` gives derivatives of scalars, vectors and matrices by scalars, vectors and matrices, to any order, in matrix,
index, piecewise, vec and explicit notation, as LaTeX and as NumPy.  `verify` says whether an equation holds, how strongly
that was shown, and where it fails.  `grad`, `jacobian`, `hessian` and `jvp` take Python functions of NumPy arrays.
Every error is a `MatcalcError` with its place.
"""

import importlib
from typing import TYPE_CHECKING, Any

from matcalc.derivation import Derivative
from matcalc.deriving import Derivatives, derive
from matcalc.errors import MatcalcError
from matcalc.inference import infer_expression
from matcalc.interop import differentiate
from matcalc.operation import load_operations
from matcalc.parser import parse_expression

if TYPE_CHECKING:
    from matcalc import functions
    from matcalc.computations import Computation, Shapes, computation, shapes
    from matcalc.series import Taylor, linearize, taylor
    from matcalc.tracing import grad, hessian, jacobian, jvp, value_and_grad
    from matcalc.verification import Verdict, verify

__all__ = [
    "Computation",
    "Derivative",
    "Derivatives",
    "MatcalcError",
    "Shapes",
    "Taylor",
    "Verdict",
    "computation",
    "derive",
    "differentiate",
    "functions",
    "grad",
    "hessian",
    "infer_expression",
    "jacobian",
    "jvp",
    "linearize",
    "parse_expression",
    "shapes",
    "taylor",
    "value_and_grad",
    "verify",
]

__version__ = "0.1.0"

load_operations()

#: Names that are loaded on first use, and their modules.
_LATER = {
    **dict.fromkeys(("Verdict", "verify"), "matcalc.verification"),
    **dict.fromkeys(("grad", "hessian", "jacobian", "jvp", "value_and_grad"), "matcalc.tracing"),
    **dict.fromkeys(("Computation", "Shapes", "computation", "shapes"), "matcalc.computations"),
    **dict.fromkeys(("Taylor", "linearize", "taylor"), "matcalc.series"),
}


def __getattr__(name: str) -> Any:
    """What needs NumPy, which a derivation does without, on first use."""
    if name == "functions":
        return importlib.import_module("matcalc.functions")
    if name in _LATER:
        return getattr(importlib.import_module(_LATER[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
