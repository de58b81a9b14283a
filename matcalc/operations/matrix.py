"""Functions of a matrix or vector as a whole: their Jacobians, in index notation.

X is the argument, Y the value; the axes of Y come first, then those of X.  Sources: The Matrix Cookbook (2012), the
equation numbers given; Magnus and Neudecker, Matrix Differential Calculus, chapter 8.
"""

from __future__ import annotations

from matcalc.operation import Operation, register
from matcalc.tensor import Tensor, contract, delta, matrix_function


def inverse(X: Tensor) -> Tensor:
    """The inverse of a matrix."""
    return matrix_function("inv", X)


register(
    Operation(
        "inv", "(n,n)->(n,n)", "inverse of a square matrix", r"{0}^{{-1}}", "np.linalg.inv({0})",
        sympy=lambda s, x: x.inv(), domain="invertible",
        # dX^-1 = -X^-1 dX X^-1, Matrix Cookbook (40) and (60)
        jacobian=lambda X, Y: -contract("ik,lj->ijkl", Y, Y),
    )
)
register(
    Operation(
        "det", "(n,n)->()", "determinant of a square matrix", r"\det\left({0}\right)", "np.linalg.det({0})",
        sympy=lambda s, x: x.det(), domain="invertible",
        # d det X = det(X) tr(X^-1 dX), Matrix Cookbook (41) and (49)
        jacobian=lambda X, y: contract(",lk->kl", y, inverse(X)),
    )
)
register(
    Operation(
        "logdet", "(n,n)->()", "log of the absolute value of the determinant",
        r"\log\left|\det\left({0}\right)\right|", "np.linalg.slogdet({0})[1]",
        sympy=lambda s, x: s.log(s.Abs(x.det())), domain="invertible",
        # d log |det X| = tr(X^-1 dX), Matrix Cookbook (43) and (57)
        jacobian=lambda X, y: contract("lk->kl", inverse(X)),
    )
)
register(
    Operation(
        "adj", "(n,n)->(n,n)", "adjugate of a square matrix: adj(X) = det(X)*inv(X)",
        r"\operatorname{{adj}}\left({0}\right)", "np.linalg.det({0})*np.linalg.inv({0})",
        sympy=lambda s, x: x.adjugate(), domain="invertible",
        # d adj X = tr(X^-1 dX) adj X - X^-1 dX adj X, from adj X = det(X) X^-1
        jacobian=lambda X, Y: contract("lk,ij->ijkl", inverse(X), Y) - contract("ik,lj->ijkl", inverse(X), Y),
    )
)
register(
    Operation(
        "softmax", "(...,n)->(...,n)", "exp(x)/sum(exp(x)); of a matrix, row by row",
        r"\operatorname{{softmax}}\left({0}\right)", "softmax({0})",
        sympy=lambda s, x: [s.exp(e) / sum(s.exp(f) for f in x) for e in x], facts=frozenset({"positive"}),
        jacobian=lambda X, Y: contract("i,ik->ik", Y, delta(X)) - contract("i,k->ik", Y, Y),
    )
)
register(
    Operation(
        "logsoftmax", "(...,n)->(...,n)", "x - logsumexp(x); of a matrix, row by row",
        r"\operatorname{{logsoftmax}}\left({0}\right)", "logsoftmax({0})",
        sympy=lambda s, x: [e - s.log(sum(s.exp(f) for f in x)) for e in x],
        jacobian=lambda X, Y: delta(X) - contract("k,ii->ik", matrix_function("softmax", X), delta(X)),
    )
)
register(
    Operation(
        "logsumexp", "(...,n)->(...)", "log(sum(exp(x))); of a matrix, row by row",
        r"\operatorname{{logsumexp}}\left({0}\right)", "logsumexp({0})",
        sympy=lambda s, x: s.log(sum(s.exp(e) for e in x)),
        jacobian=lambda X, y: matrix_function("softmax", X),
    )
)
