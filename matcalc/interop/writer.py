"""The context of one form being written in SymPy: what every writing rule may ask for.

A rule is a function of the writer and a typed form.  It asks for the values of the parts with `Writer.value`, and
returns a SymPy expression.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import prod
from typing import Any

import sympy

from matcalc.errors import UnsupportedError
from matcalc.form import Axis, Dimension, Form, subforms
from matcalc.interop.matrix_expressions import multiplied
from matcalc.notation.text import to_text

__all__ = ["Writer", "Rule", "placed"]

Rule = Callable[["Writer", Form], Any]


class Writer:
    """One run.  `names` says what names stand for, `definitions` holds the forms of others."""

    def __init__(
        self, rules: Mapping[str, Rule], form: Form, names: Mapping[str, Any], definitions: Mapping[str, Form]
    ) -> None:
        self.rules = rules
        self.names = names
        self.definitions = definitions
        self.dimensions = {
            d for root in (form, *definitions.values()) for part in subforms(root) for a in part.shape or () for d in a
        }
        #: The SymPy indices of bound indices, and the axes over which bound indices run.
        self.at: dict[str, Any] = {}
        self.axes: dict[str, Axis] = {}
        self.memo: dict[int, Any] = {}

    # --- values -----------------------------------------------------------------------------------------------------

    def value(self, form: Form) -> Any:
        """The SymPy expression of a typed form; it is kept where no index is bound."""
        if id(form) in self.memo and not self.at:
            return self.memo[id(form)]
        rule = self.rules.get(form.head)
        if rule is None or (form.kind == "tensor" and form.head not in ("tensor", "name")):
            raise UnsupportedError(f"SymPy has no expression for `{to_text(form)}`")
        result = rule(self, form)
        if not self.at:
            self.memo[id(form)] = result
        return result

    def expanded(self, form: Form, target: Form) -> Any:
        """The value of a form, expanded over the shape of another as MATLAB does."""
        return self.expand(self.value(form), form, target)

    def expand(self, value: Any, form: Form, target: Form) -> Any:
        """A value of the kind of a form, expanded over the shape of another."""
        if form.kind == target.kind:
            return value
        shape = self.shape(target)
        if form.kind == "scalar":
            return multiplied(value, sympy.OneMatrix(*shape))
        if form.kind == "column":
            return multiplied(value, sympy.OneMatrix(1, shape[1]))
        return multiplied(sympy.OneMatrix(shape[0], 1), value)

    # --- sizes ------------------------------------------------------------------------------------------------------

    def shape(self, form: Form) -> tuple[Any, ...]:
        """The shape of the SymPy expression of a form; () for a scalar."""
        return placed(form.kind, [self.size(axis) for axis in form.shape or ()], sympy.S.One)

    def size(self, axis: Axis) -> Any:
        """The size of an axis."""
        return prod([self.dimension(d) for d in axis], start=sympy.S.One)

    def dimension(self, dimension: Dimension) -> Any:
        """The size of a dimension."""
        if isinstance(dimension, int):
            return sympy.Integer(dimension)
        found = self.names.get(dimension)
        return sympy.Symbol(dimension, integer=True, positive=True) if found is None else found

    # --- bound indices ----------------------------------------------------------------------------------------------

    @contextmanager
    def indexing(self, indices: Iterable[tuple[str, Any]]) -> Iterator[None]:
        """Bind indices, each to what it is in SymPy."""
        outer = self.at
        self.at = outer | dict(indices)
        try:
            yield
        finally:
            self.at = outer

    def body(self, form: Form, indices: Sequence[Any]) -> Any:
        """The body of a tensor or of a sum over entries, its indices bound."""
        with self.indexing(zip(form.value, indices, strict=True)):
            return self.value(form.args[0])

    def closed(self, form: Form) -> Any:
        """The value of a form outside of all indices."""
        outer, self.at = self.at, {}
        try:
            return self.value(form)
        finally:
            self.at = outer


def placed(kind: str | None, items: Sequence[Any], added: Any) -> tuple[Any, ...]:
    """One item for each axis of a value, with one added for the axis that only SymPy's columns and rows have."""
    return {"column": (*items, added), "row": (added, *items)}.get(kind or "", tuple(items))
