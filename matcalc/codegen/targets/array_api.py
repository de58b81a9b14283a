"""The Python array API standard, through array-api-compat: NumPy, CuPy, Dask, PyTorch, JAX and others run it.

The standard has neither `einsum` nor views that can be written into.  A contraction for which no matrix product and no
`tensordot` serves is a product with broadcasting and a sum; what NumPy writes along diagonals is `where` over a mask of
equal indices.  Both are emitted as functions of the module.  `erf` and `gelu` take SciPy's functions, which serve other
libraries where SCIPY_ARRAY_API=1 is set.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from matcalc.codegen.steps import Step
from matcalc.codegen.targets.target import Argument, Target, Writing
from matcalc.codegen.text import ATOM, SIGN, SUM, Text, unpacked
from matcalc.errors import UnsupportedError

__all__ = ["ARRAY_API"]

ARRAYS = '''\
def _arrays(*values):
    """The library of the arrays among the values, and all values as its arrays of one type."""
    found = [value for value in values if is_array_api_obj(value)]
    xp = array_namespace(*found)
    inexact = [x for x in found if xp.isdtype(x.dtype, ("real floating", "complex floating"))]
    dtype = xp.result_type(*inexact) if inexact else xp.asarray(1.0).dtype
    where = device(found[0])
    made = [x if is_array_api_obj(x) else xp.asarray(x, dtype=dtype, device=where) for x in values]
    return [xp, *(x if x.dtype == dtype else xp.astype(x, dtype) for x in made)]
'''
EINSUM = '''\
def _einsum(xp, subscripts, *arrays):
    """The sum of products that the subscripts describe, by broadcasting."""
    inputs, result = subscripts.split("->")
    letters = result + "".join(sorted(set(inputs) - {",", *result}))
    whole = None
    for labels, x in zip(inputs.split(","), arrays):
        for letter in letters:
            while labels.count(letter) > 1:
                # A diagonal: entries 0, n + 1, 2n + 2, .. of the two axes as one.
                first, second = [k for k, label in enumerate(labels) if label == letter][:2]
                others = [k for k in range(len(labels)) if k not in (first, second)]
                x = xp.permute_dims(x, (*others, first, second))
                n = x.shape[-1]
                x = xp.reshape(x, (*x.shape[:-2], n * n))[..., :: n + 1]
                labels = "".join(labels[k] for k in others) + letter
        order = [labels.index(letter) for letter in letters if letter in labels]
        x = xp.permute_dims(x, tuple(order))
        sizes = iter(x.shape)
        x = xp.reshape(x, tuple(next(sizes) if letter in labels else 1 for letter in letters))
        whole = x if whole is None else whole * x
    summed = tuple(range(len(result), len(letters)))
    return xp.sum(whole, axis=summed) if summed else whole
'''
SPREAD = '''\
def _spread(xp, x, axes, shape):
    """Zeros of this shape but for x along a diagonal: axis k runs with axis axes[k] of x."""
    first = {axis: k for k, axis in reversed(list(enumerate(axes)))}
    own = (1,) * (len(first) - x.ndim) + tuple(x.shape)
    x = xp.reshape(x, tuple(own[axis] if first[axis] == k else 1 for k, axis in enumerate(axes)))
    mask = None
    for k, axis in enumerate(axes):
        if first[axis] != k:
            index = xp.arange(shape[k], device=device(x))
            ends = [tuple(-1 if j == a else 1 for j in range(len(axes))) for a in (first[axis], k)]
            equal = xp.reshape(index, ends[0]) == xp.reshape(index, ends[1])
            mask = equal if mask is None else mask & equal
    return xp.where(xp.broadcast_to(mask, shape), x, xp.zeros_like(x))
'''
OUTER = '''\
def _outer(x, y):
    """The outer product of two vectors."""
    return x[:, None] * y[None, :]
'''
SIGMOID = '''\
def _sigmoid(xp, x):
    """1/(1 + exp(-x)) without overflow, to full relative precision."""
    e = xp.exp(-xp.abs(x))
    return xp.where(x < 0.0, e, xp.ones_like(e)) / (1.0 + e)
'''
NUMBER = '''\
def _number(value, like):
    """A number as an array without axes, of the library and the type of another."""
    return array_namespace(like).asarray(value, dtype=like.dtype, device=device(like))
'''
STEP = '''\
def _step(xp, x):
    """1 where x is positive, else 0."""
    return xp.astype(x > 0.0, x.dtype)
'''
SILU = '''\
def _silu(xp, x):
    """x/(1 + exp(-x)) without overflow."""
    return x * _sigmoid(xp, x)
'''
SOFTPLUS = '''\
def _softplus(xp, x):
    """log(1 + exp(x)) without overflow, to full relative precision."""
    return xp.logaddexp(x, xp.zeros_like(x))
'''
GELU = '''\
def _gelu(x):
    """x times the standard normal distribution function, to full relative precision."""
    return 0.5 * x * special.erfc(-x / 2.0**0.5)
'''
ADJ = '''\
def _adj(xp, x):
    """Adjugate of a square matrix, singular ones too, by its singular values."""
    u, s, v = xp.linalg.svd(x)
    index = xp.arange(s.shape[-1], device=device(x))
    own = index[:, None] == index[None, :]
    others = xp.where(own, xp.ones_like(s)[..., None, :], s[..., None, :])
    sign = xp.linalg.det(u) * xp.linalg.det(v)
    v = xp.matrix_transpose(v) * xp.prod(others, axis=-1)[..., None, :]
    return sign[..., None, None] * (v @ xp.matrix_transpose(u))
'''
SOFTMAX = '''\
def _softmax(xp, x):
    """exp(x)/sum(exp(x)) along the last axis, without overflow."""
    e = xp.exp(x - xp.max(x, axis=-1, keepdims=True))
    return e / xp.sum(e, axis=-1, keepdims=True)
'''
LOGSUMEXP = '''\
def _logsumexp(xp, x):
    """log(sum(exp(x))) along the last axis, without overflow."""
    top = xp.max(x, axis=-1)
    return top + xp.log(xp.sum(xp.exp(x - top[..., None]), axis=-1))
'''
LOGSOFTMAX = '''\
def _logsoftmax(xp, x):
    """log(softmax(x)) along the last axis, without overflow."""
    return x - _logsumexp(xp, x)[..., None]
'''
MATRIX_POWER = '''\
def _matrix_power(x, exponent):
    """A positive power of a square matrix, by squaring."""
    result = None
    while exponent:
        if exponent % 2:
            result = x if result is None else result @ x
        x, exponent = x @ x, exponent // 2
    return result
'''


def convert(arguments: Sequence[Argument], code: str) -> list[str]:
    """One statement for all arguments."""
    names = [argument.name for argument in arguments]
    library = "xp" if re.search(r"\bxp\b", code) else "_"
    return unpacked([library, *names], "_arrays({})", names) if names else []


def like(writer: Writing) -> str:
    """An array argument."""
    name = writer.like()
    if name is None:
        raise UnsupportedError(
            "no argument is an array, so that nothing tells the array library", hint="choose the target `numpy`"
        )
    return name


def options(writer: Writing) -> str:
    """The type and the device of new arrays."""
    return f"dtype={like(writer)}.dtype, device=device({like(writer)})"


def number(writer: Writing, text: str) -> str:
    """An array without axes."""
    return f"_number({text}, {like(writer)})"


def full(writer: Writing, step: Step) -> Text:
    """An array whose entries are all the same."""
    (value,) = step.args
    shape = writer.shape(step.data)
    if not writer.is_plain(value):
        return broadcast(writer, step)
    if value.kind == "number" and value.data in (0, 1):
        return f"xp.{'ones' if value.data else 'zeros'}({shape}, {options(writer)})", ATOM
    return f"xp.full({shape}, {writer.operand(value, SUM)}, {options(writer)})", ATOM


def eye(writer: Writing, step: Step) -> Text:
    """The identity matrix."""
    return f"xp.eye({writer.dimension(step.data)}, {options(writer)})", ATOM


def diag(writer: Writing, step: Step) -> Text:
    """A diagonal matrix, whose size an axis of the vector tells."""
    return f"_diag(xp, {writer.operand(step.args[0], SUM)})", ATOM


DIAG = '''\
def _diag(xp, x):
    """The diagonal matrix of a vector."""
    return _spread(xp, x, (0, 0), (x.shape[0], x.shape[0]))
'''


def permute(writer: Writing, step: Step) -> Text | None:
    """The axes in another order."""
    if step.data == (1, 0):
        return None
    return f"xp.permute_dims({writer.operand(step.args[0], SUM)}, {step.data})", ATOM


def reshape(writer: Writing, step: Step) -> Text:
    """An array of another shape."""
    axes = ", ".join(map(writer.axis, step.data))
    shape = f"({axes},)" if len(step.data) == 1 else f"({axes})"
    return f"xp.reshape({writer.operand(step.args[0], SUM)}, {shape})", ATOM


def einsum(writer: Writing, step: Step) -> Text:
    """Contractions and diagonals."""
    arguments = ", ".join(writer.operand(arg, SUM) for arg in step.args)
    if step.data == "ii->":
        return f"xp.linalg.trace({arguments})", ATOM
    return f'_einsum(xp, "{step.data}", {arguments})', ATOM


def columns(writer: Writing, step: Step) -> Text:
    """The matrix whose columns are vectors."""
    return f"xp.stack(({', '.join(writer.operand(arg, SUM) for arg in step.args)}), axis=1)", ATOM


def sums(writer: Writing, step: Step) -> Text:
    """The sum over axes."""
    inner = writer.operand(step.args[0], SUM)
    if step.data is None:
        return f"xp.sum({inner})", ATOM
    return f"xp.sum({inner}, axis={step.data[0] if len(step.data) == 1 else step.data})", ATOM


def tensordot(writer: Writing, step: Step) -> Text:
    """A contraction over several axes."""
    left, right = (writer.operand(arg, SUM) for arg in step.args)
    first, second = step.data
    order, count = step.args[0].order, len(first)
    if step.data == (tuple(range(order - count, order)), tuple(range(count))):
        return f"xp.tensordot({left}, {right}, axes={count})", ATOM
    return f"xp.tensordot({left}, {right}, axes=({first}, {second}))", ATOM


def copy(writer: Writing, step: Step) -> Text:
    """An array of its own."""
    return f"xp.asarray({writer.operand(step.args[0], SUM)}, copy=True)", ATOM


def broadcast(writer: Writing, step: Step) -> Text:
    """An array of the given shape of its own."""
    shape = writer.shape(step.data)
    shape = shape if shape.startswith("(") else f"({shape},)"
    return f"xp.asarray(xp.broadcast_to({writer.operand(step.args[0], SUM)}, {shape}), copy=True)", ATOM


def scalar(writer: Writing, step: Step) -> Text:
    """An array without axes that is no argument."""
    (value,) = step.args
    if writer.is_plain(value):
        return number(writer, writer.operand(value, SUM)), ATOM
    return copy(writer, step) if value.kind == "name" else writer.texts[value]


def scatter(writer: Writing, step: Step) -> Text:
    """Zeros or an array, to which values along diagonals are added."""
    shape, has_dense, writes = step.data
    dense, terms = (step.args[0], step.args[1:]) if has_dense else (None, step.args)
    parts = [writer.operand(dense, SUM)] if dense is not None else []
    for term, (subscripts, sign) in zip(terms, writes, strict=True):
        view, _, result = subscripts.partition("->")
        axes = ", ".join(str(result.index(letter)) for letter in view)
        text = writer.operand(term, SUM)
        text = number(writer, text) if writer.is_plain(term) else text
        spread = f"_spread(xp, {text}, ({axes}), {writer.shape(shape)})"
        if not parts:
            parts.append(spread if sign > 0 else "-" + spread)
        else:
            parts.append((" + " if sign > 0 else " - ") + spread)
    if len(parts) == 1:
        return parts[0], SIGN if parts[0].startswith("-") else ATOM
    name = writer.take("out")
    writer.statement(f"{name} = {parts[0]}")
    for part in parts[1:]:
        writer.statement(f"{name} = {name}{part}")
    return name, ATOM


ARRAY_API = Target(
    name="array-api",
    namespace="xp",
    imports={
        **{name: f"from array_api_compat import {name}" for name in ("array_namespace", "device", "is_array_api_obj")},
        "special": "from scipy import special",
    },
    takes="The arguments are arrays of one library, or numbers beside at least one array; their type and device are kept.",
    convert=convert,
    names={
        "arcsin": "xp.asin", "arccos": "xp.acos", "arctan": "xp.atan", "outer": "_outer",
        "linalg.matrix_power": "_matrix_power", "trace": "xp.linalg.trace",
    },
    kinds={
        "full": full, "eye": eye, "diag": diag, "transpose": permute, "reshape": reshape, "diagonal": einsum,
        "einsum": einsum, "sum": sums, "tensordot": tensordot, "copy": copy, "broadcast": broadcast, "scalar": scalar,
        "scatter": scatter, "columns": columns,
    },
    templates={
        "step": "_step(xp, {0})",
        "relu": "xp.clip({0}, min=0.0)",
        "sigmoid": "_sigmoid(xp, {0})",
        "silu": "_silu(xp, {0})",
        "softplus": "_softplus(xp, {0})",
        "adj": "_adj(xp, {0})",
        "softmax": "_softmax(xp, {0})",
        "logsoftmax": "_logsoftmax(xp, {0})",
        "logsumexp": "_logsumexp(xp, {0})",
    },
    helpers={
        "arrays": ARRAYS, "number": NUMBER, "einsum": EINSUM, "spread": SPREAD, "outer": OUTER, "diag": DIAG,
        "sigmoid": SIGMOID, "step": STEP, "silu": SILU, "softplus": SOFTPLUS, "gelu": GELU, "adj": ADJ, "softmax": SOFTMAX,
        "logsumexp": LOGSUMEXP, "logsoftmax": LOGSOFTMAX, "matrix_power": MATRIX_POWER,
    },
    number=number,
    reshape="xp.reshape({0}, ({1},))",
)  # fmt: skip
