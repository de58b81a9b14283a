"""Operations that are index notation: sums, traces, products, triangles, reshapings, norms.

Each is its definition, tr(X) = X_ii; the core never sees them, but for the constant mask of a triangle, with which
tril(X)_ij = L_ij X_ij.
"""

from __future__ import annotations

from fractions import Fraction

from matcalc.operation import Operation, register
from matcalc.recognition import recognise
from matcalc.structure import lower, upper
from matcalc.tensor import Tensor, contract, delta, elementwise

LETTERS = "abcdefgh"


def inner(x: Tensor, y: Tensor) -> Tensor:
    """The sum of the products of corresponding entries."""
    letters = LETTERS[: len(x.groups)]
    return contract(f"{letters},{letters}->", x, y)


def diagonal(x: Tensor) -> Tensor:
    """The diagonal matrix of a vector; the diagonal of a matrix."""
    return contract("ii->i", x) if len(x.groups) == 2 else contract("i,ij->ij", x, delta(x))


register(
    Operation(
        "sum", "(*)->()", "sum of all entries; `sum(X, 0)` is the row of column sums, `sum(X, 1)` the column of row sums",
        r"\operatorname{{sum}}\left({0}\right)", "np.sum({0})", axis=True,
        definition=lambda x, axis=None: x.sum(axis),
    )
)
register(
    Operation(
        "mean", "(*)->()", "mean of all entries, or over a NumPy axis",
        r"\operatorname{{mean}}\left({0}\right)", "np.mean({0})", axis=True,
        definition=lambda x, axis=None: x.sum(axis) * x.count(axis) ** -1,
    )
)
register(
    Operation(
        "tr", "(n,n)->()", "trace of a square matrix", r"\operatorname{{tr}}\left({0}\right)", "np.trace({0})",
        aliases=("trace",),
        definition=lambda X: contract("ii->", X),
    )
)
register(
    Operation(
        "dot", "(n),(n)->()", "inner product of two vectors", r"{0}^\top {1}", "np.dot({0}, {1})",
        definition=inner,
    )
)
register(
    Operation(
        "outer", "(m),(n)->(m,n)", "outer product of two vectors", r"{0} {1}^\top", "np.outer({0}, {1})",
        definition=lambda x, y: contract("i,j->ij", x, y),
    )
)
register(
    Operation(
        "diag", "(n)->(n,n)|(n,n)->(n)", "diagonal matrix of a vector; diagonal of a matrix",
        r"\operatorname{{diag}}\left({0}\right)", "np.diag({0})",
        definition=diagonal,
    )
)
register(
    Operation(
        "tril", "(m,n)->(m,n)", "lower triangle with the diagonal, all else 0",
        r"\operatorname{{tril}}\left({0}\right)", "np.tril({0})", sympy=lambda s, x: x.lower_triangular(),
        definition=lower,
    )
)
register(
    Operation(
        "triu", "(m,n)->(m,n)", "upper triangle with the diagonal, all else 0",
        r"\operatorname{{triu}}\left({0}\right)", "np.triu({0})", sympy=lambda s, x: x.upper_triangular(),
        definition=upper,
    )
)
register(
    Operation(
        "vec", "(m,n)->(n*m)|(n)->(n)", "the columns of a matrix, stacked", r"\operatorname{{vec}}\left({0}\right)",
        '{0}.ravel(order="F")',
        # Tensor axes are joined by lowering: the column index is the slower one.
        definition=lambda X: contract("mn->nm", X) if len(X.groups) == 2 else X,
    )
)
register(
    Operation(
        "kron", "(m,n),(p,q)->(m*p,n*q)", "Kronecker product", r"{0} \otimes {1}", "np.kron({0}, {1})",
        definition=lambda X, Y: contract("mn,pq->mpnq", X, Y),
    )
)
register(
    Operation(
        "norm1", "(*)->()", "sum of the absolute values of all entries", r"\left\|{0}\right\|_1", "np.sum(np.abs({0}))",
        domain="kink",
        definition=lambda x: elementwise("abs", x).sum(),
    )
)
register(
    Operation(
        "norm2", "(*)->()", "Euclidean or Frobenius norm", r"\left\|{0}\right\|_2", "np.linalg.norm({0})",
        domain="nonzero",
        definition=lambda x: inner(x, x) ** Fraction(1, 2),
    )
)
register(
    Operation(
        "crossentropy", "(*),(*)->()", "cross-entropy -sum(y.*log(p))",
        r"\operatorname{{crossentropy}}\left({0}, {1}\right)", "-np.sum({0}*np.log({1}))", domain="positive",
        definition=lambda y, p: -inner(y, recognise(elementwise("log", p))),
    )
)
for constructor, meaning, latex in (
    ("eye", "identity matrix: `eye(n)`, or `eye` with its size inferred", r"\mathbf{{I}}"),
    ("ones", "all entries 1: `ones(n)` a column, `ones(m, n)` a matrix", r"\mathbf{{1}}"),
    ("zeros", "all entries 0: `zeros(n)` a column, `zeros(m, n)` a matrix", r"\mathbf{{0}}"),
    ("vector", "a column with all entries c, its size inferred", r"{0} \mathbf{{1}}"),
    ("matrix", "a matrix with all entries c, its size inferred", r"{0} \mathbf{{1}} \mathbf{{1}}^\top"),
    ("commutation", "the commutation matrix: `commutation(m, n)*vec(A) = vec(A')` for A of m x n", r"\mathbf{{K}}"),
):
    register(Operation(constructor, "new", meaning, latex))
