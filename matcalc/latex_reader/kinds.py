"""Kinds before inference: whether an untyped form is a scalar, a column, a row or a matrix, as far as that can be told.

LaTeX asks it where one notation means two things: bars around a matrix are its determinant, around a scalar its absolute
value.  What cannot be told is None, and the reader then says that it is ambiguous.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from matcalc.form import Form
from matcalc.operation import find_operation

__all__ = ["kind_of"]

Kind = str | None
Kinds = dict[int, tuple[Form, Kind]]

_SCALARS = frozenset({"number", "entry", "delta", "bsum", "cases"})
_VECTORS = frozenset({"column", "row"})
_CALLS: dict[str, Kind] = {
    "tr": "scalar", "trace": "scalar", "det": "scalar", "logdet": "scalar", "norm1": "scalar", "norm2": "scalar",
    "dot": "scalar", "crossentropy": "scalar", "inv": "matrix", "adj": "matrix", "outer": "matrix", "vec": "column",
    "eye": "matrix", "matrix": "matrix", "vector": "column", "commutation": "matrix",
}  # fmt: skip
_PRODUCTS: dict[tuple[Kind, Kind], Kind] = {
    ("row", "column"): "scalar", ("column", "row"): "matrix", ("matrix", "column"): "column", ("row", "matrix"): "row",
    ("matrix", "matrix"): "matrix", ("column", "matrix"): "matrix", ("matrix", "row"): "matrix",
}  # fmt: skip


def kind_of(form: Form, named: Callable[[str], Kind], known: Kinds, layout: str) -> Kind:
    """The kind of a form, given the kinds of names; what was found is kept in `known`."""
    stack = [form]
    while stack:
        node = stack[-1]
        pending = [arg for arg in node.args if id(arg) not in known]
        if pending:
            stack.extend(pending)
            continue
        stack.pop()
        if id(node) not in known:
            known[id(node)] = (node, _kind(node, [known[id(arg)][1] for arg in node.args], named, layout))
    return known[id(form)][1]


def _kind(form: Form, kinds: Sequence[Kind], named: Callable[[str], Kind], layout: str) -> Kind:
    """The kind of a form whose arguments have these kinds."""
    head = form.head
    if head in _SCALARS:
        return "scalar"
    if head == "name":
        return named(form.value)
    if head == "mul":
        return _product(kinds)
    if head in ("add", "times", "rdiv", "elpower"):
        return _expanded(kinds)
    if head == "transpose":
        return {"column": "row", "row": "column"}.get(kinds[0] or "", kinds[0])
    if head == "call":
        return _called(form, kinds)
    if head == "kron":
        return _kronecker(kinds[0], kinds[1])
    if head in ("tensor", "join"):
        return {1: "column", 2: "matrix"}.get(len(form.value), "tensor")
    if head == "derivative":
        return _derivative(form.value, kinds, layout)
    return kinds[0] if kinds else None


def _product(kinds: Sequence[Kind]) -> Kind:
    left = kinds[0]
    for right in kinds[1:]:
        if left is None or right is None:
            return None
        left = right if left == "scalar" else left if right == "scalar" else _PRODUCTS.get((left, right))
    return left


def _kronecker(left: Kind, right: Kind) -> Kind:
    if left is None or right is None:
        return None
    if "scalar" in (left, right):
        return right if left == "scalar" else left
    return left if left == right else "matrix"


def _expanded(kinds: Sequence[Kind]) -> Kind:
    """The kind of an element-wise operation: scalars, rows and columns expand over matrices."""
    found = set(kinds)
    if None in found or "tensor" in found:
        return "tensor" if "tensor" in found and None not in found else None
    if "matrix" in found or found >= _VECTORS:
        return "matrix"
    return "column" if "column" in found else "row" if "row" in found else "scalar"


def _called(form: Form, kinds: Sequence[Kind]) -> Kind:
    word: str = form.value
    if word in _CALLS:
        return _CALLS[word]
    if word in ("ones", "zeros"):
        return ("column", "matrix")[len(form.args) - 1] if form.args else None
    if word in ("sum", "mean"):
        return "scalar" if len(kinds) == 1 else None
    if word == "diag":
        return {"matrix": "column", None: None}.get(kinds[0], "matrix") if kinds else None
    if word == "logsumexp":
        return {"matrix": "column", None: None}.get(kinds[0], "scalar") if kinds else None
    record = find_operation(word)
    if record is not None and record.elementwise:
        return _expanded(kinds)
    return kinds[0] if kinds else None


def _derivative(notation: str, kinds: Sequence[Kind], layout: str) -> Kind:
    """The kind of a derivative; whether that of a scalar by a vector is a row or a column, the layout tells."""
    function, variable = kinds
    if function is None or variable is None:
        return None
    if notation == "grad":
        return variable
    if variable == "scalar":
        return function
    if notation == "hessian":
        return "matrix" if function == "scalar" and variable in _VECTORS else "tensor"
    if function == "scalar":
        return "matrix" if variable == "matrix" else "column" if (notation, layout) == ("d", "denominator") else "row"
    return "matrix" if function in _VECTORS and variable in _VECTORS else "tensor"
