"""PyTorch: the arguments' type and device are kept, and the functions can be differentiated again.

Only what a function has made itself is written into, and never what the derivative of an operation needs.
"""

from __future__ import annotations

from collections.abc import Sequence

from matcalc.codegen.steps import Step
from matcalc.codegen.targets.target import Argument, Target, Writing
from matcalc.codegen.text import ATOM, SIGN, SUM, Text, unpacked

__all__ = ["TORCH"]

TENSORS = '''\
def _tensors(*values):
    """The values as tensors of one type on one device: those of the tensors among them."""
    tensors = [value for value in values if isinstance(value, torch.Tensor)]
    found = [t for t in tensors if t.ndim] or tensors or [torch.zeros(0, dtype=torch.float64)]
    dtype = found[0].dtype
    for tensor in found[1:]:
        dtype = torch.promote_types(dtype, tensor.dtype)
    if not (dtype.is_floating_point or dtype.is_complex):
        dtype = torch.get_default_dtype()
    return [torch.as_tensor(value, dtype=dtype, device=found[0].device) for value in values]
'''
STEP = '''\
def _step(x):
    """1 where x is positive, else 0."""
    return (x > 0.0).to(x.dtype)
'''
SOFTPLUS = '''\
def _softplus(x):
    """log(1 + exp(x)) without overflow, to full relative precision."""
    return torch.logaddexp(x, torch.zeros_like(x))
'''
GELU = '''\
def _gelu(x):
    """x times the standard normal distribution function, to full relative precision."""
    return 0.5 * x * torch.special.erfc(-x / 2.0**0.5)
'''
ADJ = '''\
def _adj(x):
    """Adjugate of a square matrix, singular ones too, by its singular values."""
    u, s, v = torch.linalg.svd(x)
    own = torch.eye(s.shape[-1], dtype=torch.bool, device=x.device)
    others = torch.where(own, torch.ones_like(s)[..., None, :], s[..., None, :]).prod(dim=-1)
    sign = torch.linalg.det(u) * torch.linalg.det(v)
    return sign[..., None, None] * (v.mH * others[..., None, :] @ u.mH)
'''

#: Kinds of steps whose derivative does not need their value, so that it may be written over.
FORGETFUL = frozenset({"add", "multiply", "matmul", "outer", "tensordot", "einsum", "full", "scatter"})


def convert(arguments: Sequence[Argument], code: str) -> list[str]:
    """One statement for all arguments."""
    names = [argument.name for argument in arguments]
    return unpacked(names, "_tensors({})", names) if names else []


def number(writer: Writing, text: str) -> str:
    """A tensor without axes."""
    like = writer.like()
    return f"{like}.new_tensor({text})" if like else f"torch.tensor({text}, dtype=torch.float64)"


def made(writer: Writing, name: str, shape: str, value: str = "") -> str:
    """A new tensor of one value."""
    like, arguments = writer.like(), ", ".join(filter(None, [shape, value]))
    return f"{like}.new_{name}({arguments})" if like else f"torch.{name}({arguments}, dtype=torch.float64)"


def full(writer: Writing, step: Step) -> Text:
    """A tensor whose entries are all the same."""
    (value,) = step.args
    shape = writer.shape(step.data)
    if value.kind == "number" and value.data in (0, 1):
        return made(writer, "ones" if value.data else "zeros", shape), ATOM
    if writer.is_plain(value):
        return made(writer, "full", shape if shape.startswith("(") else f"({shape},)", writer.operand(value, SUM)), ATOM
    return broadcast(writer, step)


def eye(writer: Writing, step: Step) -> Text:
    """The identity matrix."""
    like, size = writer.like(), writer.dimension(step.data)
    options = f"dtype={like}.dtype, device={like}.device" if like else "dtype=torch.float64"
    return f"torch.eye({size}, {options})", ATOM


def permute(writer: Writing, step: Step) -> Text | None:
    """A view with its axes in another order."""
    if step.data == (1, 0):
        return None
    return f"{writer.operand(step.args[0], ATOM)}.permute({', '.join(map(str, step.data))})", ATOM


def copy(writer: Writing, step: Step) -> Text:
    """A tensor of its own."""
    return f"{writer.operand(step.args[0], ATOM)}.clone()", ATOM


def broadcast(writer: Writing, step: Step) -> Text:
    """A tensor of the given shape of its own."""
    shape = writer.shape(step.data)
    shape = shape if shape.startswith("(") else f"({shape},)"
    return f"torch.broadcast_to({writer.operand(step.args[0], SUM)}, {shape}).clone()", ATOM


def scalar(writer: Writing, step: Step) -> Text:
    """A tensor without axes that is no argument."""
    (value,) = step.args
    if writer.is_plain(value):
        return number(writer, writer.operand(value, SUM)), ATOM
    shared = value.kind in ("name", "diagonal")
    return (f"{writer.operand(value, ATOM)}.clone()", ATOM) if shared else writer.texts[value]


def tensordot(writer: Writing, step: Step) -> Text:
    """A contraction over several axes."""
    left, right = (writer.operand(arg, SUM) for arg in step.args)
    first, second = step.data
    order, count = step.args[0].order, len(first)
    if step.data == (tuple(range(order - count, order)), tuple(range(count))):
        return f"torch.tensordot({left}, {right}, dims={count})", ATOM
    return f"torch.tensordot({left}, {right}, dims=({list(first)}, {list(second)}))", ATOM


def scatter(writer: Writing, step: Step) -> Text:
    """Zeros or a tensor of its own, and writes through views of its diagonals."""
    shape, has_dense, writes = step.data
    dense, terms = (step.args[0], step.args[1:]) if has_dense else (None, step.args)
    if dense is None and [subscripts for subscripts, _ in writes] == ["ii->i"] and terms[0].order == 1:
        text = f"torch.diag({writer.operand(terms[0], SUM)})"
        return (text, ATOM) if writes[0][1] > 0 else ("-" + text, SIGN)
    name = writer.take("out")
    if dense is None:
        writer.statement(f"{name} = {made(writer, 'zeros', writer.shape(shape))}")
    else:
        fresh = writer.is_fresh(dense) and dense.kind in FORGETFUL
        writer.statement(f"{name} = {writer.operand(dense, SUM) if fresh else writer.operand(dense, ATOM) + '.clone()'}")
    for number_, (term, (subscripts, sign)) in enumerate(zip(terms, writes, strict=True)):
        first = number_ == 0 and dense is None
        text = writer.operand(term, SUM if sign > 0 or not first else ATOM)
        operator = ("= " if first else "+= ") if sign > 0 else ("= -" if first else "-= ")
        writer.statement(f'torch.einsum("{subscripts}", {name})[...] {operator}{text}')
    return name, ATOM


TORCH = Target(
    name="torch",
    namespace="torch",
    imports={"torch": "import torch"},
    takes="The arguments are tensors, whose type and device are kept, or numbers and lists, which take those of the others.",
    convert=convert,
    names={"arcsin": "torch.asin", "arccos": "torch.acos", "arctan": "torch.atan"},
    kinds={
        "full": full, "eye": eye, "transpose": permute, "copy": copy, "broadcast": broadcast, "scalar": scalar,
        "tensordot": tensordot, "scatter": scatter,
    },
    templates={
        "step": "_step({0})",
        "relu": "torch.relu({0})",
        "sigmoid": "torch.sigmoid({0})",
        "silu": "torch.nn.functional.silu({0})",
        "softplus": "_softplus({0})",
        "erf": "torch.special.erf({0})",
        "softmax": "torch.softmax({0}, dim=-1)",
        "logsoftmax": "torch.log_softmax({0}, dim=-1)",
        "logsumexp": "torch.logsumexp({0}, dim=-1)",
    },
    helpers={"tensors": TENSORS, "step": STEP, "softplus": SOFTPLUS, "gelu": GELU, "adj": ADJ},
    number=number,
)  # fmt: skip
