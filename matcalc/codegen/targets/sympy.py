"""SymPy: explicit expressions, exactly.

The function takes symbols, SymPy matrices and arrays, and returns a SymPy array of the answer's shape, a scalar as an
expression.  Between the two it works on NumPy's arrays of objects, which share NumPy's products, sums and diagonals.
"""

from __future__ import annotations

from collections.abc import Sequence

from matcalc.codegen.steps import Step
from matcalc.codegen.targets.target import Argument, Target, Writing
from matcalc.codegen.text import ATOM, SUM, Text, bracketed
from matcalc.operation import Operation

__all__ = ["SYMPY"]

ENTRIES = '''\
def _entries(x, order):
    """x, a SymPy matrix or array or a list, as an array of expressions with `order` axes."""
    if order == 0:
        return sp.sympify(x)
    x = np.array(x.tolist() if hasattr(x, "tolist") else x, dtype=object)
    x = x.ravel() if order == 1 else x
    return _each(sp.sympify, x)
'''
EACH = '''\
def _each(function, *arguments):
    """The function entry by entry."""
    return np.frompyfunc(function, len(arguments), 1)(*arguments)
'''
ANSWER = '''\
def _answer(x):
    """x as a SymPy array."""
    x = np.asarray(x, dtype=object)
    return sp.Array(x.ravel().tolist(), x.shape)
'''
MATRIX = '''\
def _matrix(x):
    """x as a SymPy matrix."""
    return sp.Matrix(x.tolist())
'''
INV = '''\
def _inv(x):
    """The inverse of a square matrix."""
    return np.array(_matrix(x).inv().tolist(), dtype=object)
'''
SOLVE = '''\
def _solve(a, b):
    """The solution x of a x = b."""
    solution = _matrix(a).LUsolve(_matrix(b.reshape(b.shape[0], -1)))
    return np.array(solution.tolist(), dtype=object).reshape(b.shape)
'''
DET = '''\
def _det(x):
    """The determinant of a square matrix."""
    return _matrix(x).det()
'''
ADJ = '''\
def _adj(x):
    """The adjugate of a square matrix."""
    return np.array(_matrix(x).adjugate().tolist(), dtype=object)
'''
SOFTMAX = '''\
def _softmax(x):
    """exp(x)/sum(exp(x)) along the last axis."""
    e = _each(sp.exp, x)
    return e / e.sum(axis=-1, keepdims=True)
'''
LOGSUMEXP = '''\
def _logsumexp(x):
    """log(sum(exp(x))) along the last axis."""
    return _each(sp.log, _each(sp.exp, x).sum(axis=-1))
'''
LOGSOFTMAX = '''\
def _logsoftmax(x):
    """log(softmax(x)) along the last axis."""
    total = _each(sp.exp, x).sum(axis=-1, keepdims=True)
    return x - _each(sp.log, total)
'''
STEP = '''\
def _step(x):
    """1 where x is positive, else 0."""
    return _each(lambda entry: sp.Piecewise((1, entry > 0), (0, True)), x)
'''


class SympyTarget(Target):
    """A target whose operations are those of the records' SymPy names."""

    def template(self, record: Operation) -> str:
        """The expression of an operation: its function, entry by entry."""
        if record.name in self.templates or not isinstance(record.sympy, str):
            return super().template(record)
        return f"_each(sp.{record.sympy}, {', '.join(f'{{{k}}}' for k in range(record.arity))})"


def convert(arguments: Sequence[Argument], code: str) -> list[str]:
    """One statement for each argument."""
    return [f"{a.name} = _entries({a.name}, {a.order})" for a in arguments]


def size(writer: Writing, step: Step) -> Text:
    """A dimension that divides exactly."""
    return f"sp.Integer({writer.dimension(step.data)})", ATOM


def constant(writer: Writing, step: Step) -> Text:
    """pi."""
    return f"sp.{step.data.removeprefix('np.')}", ATOM


def full(writer: Writing, step: Step) -> Text:
    """An array whose entries are all the same."""
    (value,) = step.args
    return f"np.full({writer.shape(step.data)}, {writer.operand(value, SUM)}, dtype=object)", ATOM


def eye(writer: Writing, step: Step) -> Text:
    """The identity matrix."""
    return f"np.eye({writer.dimension(step.data)}, dtype=object)", ATOM


def function(writer: Writing, step: Step) -> Text:
    """An unknown function, entry by entry."""
    return f"_each({step.data}, {writer.operand(step.args[0], SUM)})", ATOM


def scalar(writer: Writing, step: Step) -> Text:
    """An expression."""
    (value,) = step.args
    return (f"sp.sympify({writer.operand(value, SUM)})", ATOM) if value.kind == "number" else writer.texts[value]


def scatter(writer: Writing, step: Step) -> Text:
    """Zeros or a copy of an array, and writes through views of its diagonals."""
    shape, has_dense, writes = step.data
    dense, terms = (step.args[0], step.args[1:]) if has_dense else (None, step.args)
    name = writer.take("out")
    writer.statement(f"{name} = np.zeros({writer.shape(shape)}, dtype=object)")
    if dense is not None:
        writer.statement(f"{name} += {writer.operand(dense, SUM)}")
    for term, (subscripts, sign) in zip(terms, writes, strict=True):
        text = bracketed(writer.texts[term], SUM)
        writer.statement(f'np.einsum("{subscripts}", {name})[...] {"+=" if sign > 0 else "-="} {text}')
    return name, ATOM


def answer(text: str, order: int) -> str:
    """A SymPy array, a scalar as it is."""
    return f"_answer({text})" if order else text


SYMPY = SympyTarget(
    name="sympy",
    namespace="np",
    imports={"np": "import numpy as np", "sp": "import sympy as sp"},
    takes="The arguments are symbols, SymPy matrices and arrays; the answer is a SymPy array.",
    convert=convert,
    names={"linalg.inv": "_inv", "linalg.solve": "_solve"},
    kinds={
        "size": size, "constant": constant, "full": full, "eye": eye, "function": function, "scalar": scalar,
        "scatter": scatter,
    },
    templates={
        "step": "_step({0})",
        "relu": "_each(sp.Max, {0}, 0)",
        "sigmoid": "1 / (1 + _each(sp.exp, -{0}))",
        "softplus": "_each(sp.log, 1 + _each(sp.exp, {0}))",
        "silu": "{0} / (1 + _each(sp.exp, -{0}))",
        "gelu": "{0} * (1 + _each(sp.erf, {0} / sp.sqrt(2))) / 2",
        "det": "_det({0})",
        "logdet": "sp.log(sp.Abs(_det({0})))",
    },
    helpers={
        "entries": ENTRIES, "each": EACH, "answer": ANSWER, "matrix": MATRIX, "inv": INV, "solve": SOLVE, "det": DET,
        "adj": ADJ, "softmax": SOFTMAX, "logsumexp": LOGSUMEXP, "logsoftmax": LOGSOFTMAX, "step": STEP,
    },
    answer=answer,
    exact=True,
)  # fmt: skip
