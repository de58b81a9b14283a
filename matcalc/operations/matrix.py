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
ADJ = '''\
def _adj(x):
    """Adjugate of a square matrix, singular ones too, by its singular values."""
    u, s, v = np.linalg.svd(x)
    own = np.eye(s.shape[-1], dtype=bool)
    others = np.where(own, 1.0, s[..., None, :]).prod(axis=-1)
    sign = np.linalg.det(u) * np.linalg.det(v)
    v, u = v.conj().swapaxes(-1, -2), u.conj().swapaxes(-1, -2)
    return sign[..., None, None] * (v * others[..., None, :] @ u)
'''

register(
    Operation(
        "adj", "(n,n)->(n,n)", "adjugate of a square matrix: adj(X) = det(X)*inv(X)",
        r"\operatorname{{adj}}\left({0}\right)", "_adj({0})",
        helper=ADJ,
        sympy=lambda s, x: x.adjugate(), domain="invertible",
        # d adj X = tr(X^-1 dX) adj X - X^-1 dX adj X, from adj X = det(X) X^-1
        jacobian=lambda X, Y: contract("lk,ij->ijkl", inverse(X), Y) - contract("ik,lj->ijkl", inverse(X), Y),
    )
)
SOFTMAX = '''\
def _softmax(x):
    """exp(x)/sum(exp(x)) along the last axis, without overflow."""
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)
'''

register(
    Operation(
        "softmax", "(...,n)->(...,n)", "exp(x)/sum(exp(x)); of a matrix, row by row",
        r"\operatorname{{softmax}}\left({0}\right)", "_softmax({0})",
        helper=SOFTMAX,
        sympy=lambda s, x: [s.exp(e) / sum(s.exp(f) for f in x) for e in x], facts=frozenset({"bounded", "positive"}),
        jacobian=lambda X, Y: contract("i,ik->ik", Y, delta(X)) - contract("i,k->ik", Y, Y),
    )
)
LOGSOFTMAX = '''\
def _logsoftmax(x):
    """log(softmax(x)) along the last axis, without overflow."""
    return x - _logsumexp(x)[..., None]
'''

register(
    Operation(
        "logsoftmax", "(...,n)->(...,n)", "x - logsumexp(x); of a matrix, row by row",
        r"\operatorname{{logsoftmax}}\left({0}\right)", "_logsoftmax({0})",
        helper=LOGSOFTMAX,
        sympy=lambda s, x: [e - s.log(sum(s.exp(f) for f in x)) for e in x],
        jacobian=lambda X, Y: delta(X) - contract("k,ii->ik", matrix_function("softmax", X), delta(X)),
    )
)
LOGSUMEXP = '''\
def _logsumexp(x):
    """log(sum(exp(x))) along the last axis, without overflow."""
    top = x.max(axis=-1)
    return top + np.log(np.exp(x - top[..., None]).sum(axis=-1))
'''

register(
    Operation(
        "logsumexp", "(...,n)->(...)", "log(sum(exp(x))); of a matrix, row by row",
        r"\operatorname{{logsumexp}}\left({0}\right)", "_logsumexp({0})",
        helper=LOGSUMEXP,
        sympy=lambda s, x: s.log(sum(s.exp(e) for e in x)),
        jacobian=lambda X, y: matrix_function("softmax", X),
    )
)
