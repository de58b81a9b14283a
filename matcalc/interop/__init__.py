"""SymPy in, SymPy out: matrix expressions of SymPy as forms of the language, and answers as SymPy expressions.

    SymPy ─reading→ untyped form ─┐                                  ┌─ typed form ─writing→ SymPy
                                  └─ differentiation, by `derive` ───┘

`differentiate` reads a SymPy expression, derives with matcalc's own engine (SymPy's matrix derivative is never called),
and says the answer in SymPy.  How values correspond:

    matcalc             SymPy
    scalar              a scalar expression; a 1 x 1 matrix expression is read as one
    column, row         an n x 1 and a 1 x n matrix expression; a 1 x n MatrixSymbol is the transpose of a vector
    matrix              an m x n matrix expression
    tensor              an ImmutableDenseNDimArray where all sizes are numbers, else Lambda((i, j, k), entry) from 0

An inner product x'*y is written `Trace(x.T*y)`: unlike `(x.T*y)[0, 0]`, which SymPy expands into a sum over entries at
once, it stays in matrix notation, and `doit` evaluates it for explicit matrices.  Element-wise functions are
`ElementwiseApplyFunction`, `diag` of a vector is `DiagMatrix`, sums are products with `OneMatrix`, and step(x) is
`Heaviside(x, 0)`.  All values are real.  What one side can say and the other cannot is an `UnsupportedError`.

Each class of SymPy has one rule of `reading`, each head of a form one of `writing`.  The rules are functions of the
context of one run, a `Reader` or a `Writer`.
"""

from matcalc.interop.differentiation import differentiate
from matcalc.interop.reading import from_sympy
from matcalc.interop.writing import to_sympy

__all__ = ["differentiate", "from_sympy", "to_sympy"]
