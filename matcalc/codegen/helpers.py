"""Functions that an emitted module defines for itself: operations whose stable form is more than an expression.

Each stands for the operation of the same name, and is emitted only where it is used.  All take real or complex arrays
of any order and work along the last axis (`_adj` along the last two).  Their names begin with an underscore.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Helper", "HELPERS", "HELPER_NAMES", "ARRAY"]


@dataclass(frozen=True, slots=True)
class Helper:
    """The source of a function, and the operations whose helpers it calls."""

    source: str
    needs: tuple[str, ...] = ()


#: What is done to every array argument: lists are welcome, integers do not truncate, complex numbers pass.
ARRAY = Helper(
    '''def _array(x):
    """x as an array of floating-point or complex numbers."""
    x = np.asarray(x)
    return x if x.dtype.kind in "fc" else x.astype(float)
'''
)

HELPERS: dict[str, Helper] = {
    "sigmoid": Helper(
        '''def _sigmoid(x):
    """1/(1 + exp(-x)) without overflow, to full relative precision."""
    negative = np.real(x) < 0.0
    e = np.exp(np.where(negative, x, -x))
    return np.where(negative, e, 1.0) / (1.0 + e)
'''
    ),
    "silu": Helper(
        '''def _silu(x):
    """x/(1 + exp(-x)) without overflow."""
    return x * _sigmoid(x)
''',
        ("sigmoid",),
    ),
    "gelu": Helper(
        '''def _gelu(x):
    """x times the standard normal distribution function, to full relative precision."""
    return 0.5 * x * special.erfc(-x / np.sqrt(2.0))
'''
    ),
    "softmax": Helper(
        '''def _softmax(x):
    """exp(x)/sum(exp(x)) along the last axis, without overflow."""
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)
'''
    ),
    "logsumexp": Helper(
        '''def _logsumexp(x):
    """log(sum(exp(x))) along the last axis, without overflow."""
    top = x.max(axis=-1)
    return top + np.log(np.exp(x - top[..., None]).sum(axis=-1))
'''
    ),
    "logsoftmax": Helper(
        '''def _logsoftmax(x):
    """log(softmax(x)) along the last axis, without overflow."""
    return x - _logsumexp(x)[..., None]
''',
        ("logsumexp",),
    ),
    "adj": Helper(
        '''def _adj(x):
    """Adjugate of a square matrix, singular ones too: det(U) det(V') V diag(products of the other s) U'."""
    u, s, v = np.linalg.svd(x)
    own = np.eye(s.shape[-1], dtype=bool)
    others = np.where(own, 1.0, s[..., None, :]).prod(axis=-1)
    sign = np.linalg.det(u) * np.linalg.det(v)
    v, u = v.conj().swapaxes(-1, -2), u.conj().swapaxes(-1, -2)
    return sign[..., None, None] * (v * others[..., None, :] @ u)
'''
    ),
}

HELPER_NAMES = frozenset({"_array", *("_" + name for name in HELPERS)})
