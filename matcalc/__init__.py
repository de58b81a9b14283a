"""matcalc: symbolic matrix calculus for symbolic shapes.

    >>> import matcalc
    >>> matcalc.derive("x'*A*x", wrt="x").text
    "x'*(A + A')"

`derive` gives derivatives of scalars, vectors and matrices by scalars, vectors and matrices, to any order, in matrix,
index, piecewise, vec and explicit notation, as LaTeX and as NumPy.  Every error is a `MatcalcError` with its place.
"""

from matcalc.derivation import Derivative, Derivatives, derive
from matcalc.errors import MatcalcError
from matcalc.inference import infer_expression
from matcalc.interop import differentiate
from matcalc.operation import load_operations
from matcalc.parser import parse_expression

__all__ = [
    "Derivative",
    "Derivatives",
    "MatcalcError",
    "derive",
    "differentiate",
    "infer_expression",
    "parse_expression",
]

__version__ = "0.1.0"

load_operations()
