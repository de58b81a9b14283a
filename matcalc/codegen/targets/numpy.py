"""NumPy, in which all text is written."""

from __future__ import annotations

from collections.abc import Sequence

from matcalc.codegen.steps import Step, walk
from matcalc.codegen.targets.target import Argument, Target, Writing
from matcalc.codegen.text import ATOM, PRODUCT, STATEMENT, SUM, Text, unpacked
from matcalc.form import Dimension

__all__ = ["NUMPY"]

#: So many arguments have a statement each.
MANY = 12

ARRAY = '''\
def _array(x):
    """x as an array of floating-point or complex numbers."""
    x = np.asarray(x)
    return x if x.dtype.kind in "fc" else x.astype(float)
'''

ARRAYS = '''\
def _arrays(*arrays):
    """The arrays, all of one type, as it is when they meet."""
    dtype = np.result_type(*(x.dtype for x in arrays))
    return [x.astype(dtype, copy=False) for x in arrays]
'''
# Helpers that work over arrays of their own; x may be a scalar where the function is one of numbers.

SIGMOID = '''\
def _sigmoid(x):
    """1/(1 + exp(-x)) without overflow, to full relative precision."""
    negative = x.real < 0.0
    e = np.exp(np.where(negative, x, -x))
    s = np.where(negative, e, 1.0)
    e += 1.0
    s /= e
    return s[()]
'''
SILU = '''\
def _silu(x):
    """x/(1 + exp(-x)) without overflow."""
    s = _sigmoid(x)
    s *= x
    return s
'''
SOFTMAX = '''\
def _softmax(x):
    """exp(x)/sum(exp(x)) along the last axis, without overflow."""
    e = x - x.max(axis=-1, keepdims=True)
    np.exp(e, out=e)
    e /= e.sum(axis=-1, keepdims=True)
    return e
'''
LOGSUMEXP = '''\
def _logsumexp(x):
    """log(sum(exp(x))) along the last axis, without overflow."""
    top = x.max(axis=-1)
    e = x - top[..., None]
    np.exp(e, out=e)
    return top + np.log(e.sum(axis=-1))
'''


def convert(arguments: Sequence[Argument], code: str) -> list[str]:
    """One statement for each argument, or for all if there are many; then those that must have one type get it."""
    names = [argument.name for argument in arguments]
    many = unpacked(names, "map(_array, ({}))", names) if len(names) > MANY else []
    lines = many or [f"{name} = _array({name})" for name in names]
    return lines + united([argument.name for argument in arguments if argument.together])


def united(names: Sequence[str]) -> list[str]:
    """The statements that bring arrays to one type."""
    if not names:
        return []
    types = [f"{name}.dtype" for name in names]
    line = f"if {' != '.join(types)}:" if len(types) == 2 else f"if not {' == '.join(types)}:"
    made = unpacked(names, "_arrays({})", names)
    return [line, "    " + made[0]] if max(len(line), len(made[0]) + 4) <= STATEMENT and len(made) == 1 else made


def scatter(writer: Writing, step: Step) -> Text:
    """Zeros or an array, and writes through views of its diagonals."""
    shape, has_dense, writes = step.data
    dense, terms = (step.args[0], step.args[1:]) if has_dense else (None, step.args)
    text = dense_text(writer, dense) if dense is not None else zeros(writer, shape)
    name = text
    if not text.isidentifier():
        name = writer.take("out")
        writer.statement(f"{name} = {text}")
    first = dense is None
    for term, (subscripts, sign) in zip(terms, writes, strict=True):
        text = writer.operand(term, SUM if sign > 0 or not first else PRODUCT)
        operator = ("=" if first else "+=") if sign > 0 else ("= -" if first else "-=")
        space = "" if operator.endswith("-") else " "
        writer.statement(f'np.einsum("{subscripts}", {name})[...] {operator}{space}{text}')
        first = False
    return name, ATOM


def zeros(writer: Writing, shape: Sequence[Dimension]) -> str:
    """An array of zeros of the type of the arguments."""
    return f"np.zeros({writer.shape(shape)}{', ' + writer.dtype() if writer.parameters else ''})"


def dense_text(writer: Writing, step: Step) -> str:
    """An array to write into: the only user of a fresh one takes it, else a copy is made."""
    fresh = writer.is_fresh(step)
    text = writer.operand(step, SUM) if fresh else f"{writer.operand(step, ATOM)}.copy()"
    if {str(s.data) for s in walk([step]) if s.kind == "name"} == writer.parameters:
        return text
    return f"{writer.operand(step, ATOM) if fresh else text}.astype({writer.dtype()}, copy=False)"


NUMPY = Target(
    name="numpy",
    namespace="np",
    imports={
        "np": "import numpy as np",
        "special": "from scipy import special",
        "LinearOperator": "from scipy.sparse.linalg import LinearOperator",
    },
    convert=convert,
    kinds={"scatter": scatter},
    helpers={
        "array": ARRAY,
        "arrays": ARRAYS,
        "sigmoid": SIGMOID,
        "silu": SILU,
        "softmax": SOFTMAX,
        "logsumexp": LOGSUMEXP,
    },
    in_place=True,
)
