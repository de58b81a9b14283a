"""The context of one SymPy expression being read: what every reading rule may ask for.

A rule is a function of the reader and an expression.  It reads the parts with `Reader.part`, `Reader.matrix` and
`Reader.scalar`, and returns an untyped form.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from typing import Any, NoReturn

import sympy

from matcalc.errors import KindError, UnsupportedError
from matcalc.form import Dimension, Form, name, number
from matcalc.interop.matrix_expressions import is_matrix, orientation
from matcalc.interop.names import Names
from matcalc.interop.untyped import transposed

__all__ = ["Reader", "Rule", "shown"]

Rule = Callable[["Reader", Any], Form]


class Reader:
    """One run: names, declarations, and the dummies that are bound around the place.

    With a variable, a part that the language cannot say but that does not depend on the variable becomes a constant.
    """

    def __init__(self, rules: Mapping[type, Rule], variable: Any = None) -> None:
        self.rules = rules
        self.variable = variable
        self.names = Names()
        self.lines: dict[str, str] = {}
        self.dimensions: dict[str, Any] = {}
        #: The dummy of the element-wise function being read, and what it stands for.
        self.element: tuple[Any, Form] | None = None
        #: The bound index symbols, each with its name and the size of its range.
        self.indices: dict[Any, tuple[str, Any]] = {}
        self.memo: dict[Any, Form] = {}

    # --- forms ------------------------------------------------------------------------------------------------------

    def read(self, expr: Any) -> Form:
        """The form of a whole expression."""
        if isinstance(expr, str) or not isinstance(expr, sympy.Basic | sympy.MatrixBase | int | float | Fraction):
            raise KindError(f"a SymPy expression is expected, not {type(expr).__name__}")
        expr = sympy.sympify(expr)
        if not isinstance(expr, sympy.Expr | sympy.MatrixBase):
            self.refuse(expr)
        return self.part(expr)

    def part(self, expr: Any) -> Form:
        """The form of a matrix or scalar expression."""
        return self.matrix(expr) if is_matrix(expr) else self.scalar(expr)

    def matrix(self, expr: Any) -> Form:
        """The form of a matrix expression: a scalar where it is 1 x 1, a column, a row or a matrix."""
        if self.element and expr.has(self.element[0]):
            self.refuse(expr, "an element-wise function is a function of one scalar")
        return self._by_rule(expr)

    def scalar(self, expr: Any) -> Form:
        """The form of a scalar expression; in an element-wise function, of a function of the entries."""
        if self.element and expr == self.element[0]:
            return self.element[1]
        if not is_matrix(expr):
            return self._by_rule(expr)
        if orientation(expr.shape) != "scalar":
            self.refuse(expr, "a scalar is expected here")
        return self.matrix(expr)

    def _by_rule(self, expr: Any) -> Form:
        """What the rule of the nearest class gives; it is kept where no dummy is bound."""
        free = not self.element and not self.indices
        if free and expr in self.memo:
            return self.memo[expr]
        rule = next(self.rules[cls] for cls in type(expr).__mro__ if cls in self.rules)
        form = rule(self, expr)
        if free:
            self.memo[expr] = form
        return form

    def refuse(self, expr: Any, hint: str | None = None) -> NoReturn:
        """Raise the error that an expression cannot be read."""
        raise UnsupportedError(f"`{shown(expr)}` ({type(expr).__name__}) cannot be read from SymPy", hint=hint)

    # --- bound dummies ----------------------------------------------------------------------------------------------

    @contextmanager
    def entrywise(self, dummy: Any, form: Form) -> Iterator[None]:
        """Let the dummy of an element-wise function stand for the entries of a form."""
        self.element = (dummy, form)
        try:
            yield
        finally:
            self.element = None

    @contextmanager
    def binding(self, ranges: Sequence[tuple[Any, Any]]) -> Iterator[tuple[str, ...]]:
        """Bind index symbols; the names under which they are bound."""
        outer = self.indices
        words = tuple(self.names.fresh("i") for _ in ranges)
        self.indices = outer | {index: (word, size) for (index, size), word in zip(ranges, words, strict=True)}
        try:
            yield words
        finally:
            self.indices = outer

    # --- names and declarations -------------------------------------------------------------------------------------

    def declarations(self) -> list[str]:
        """The declarations of all variables; the name of a dimension needs none."""
        for size in self.dimensions.values():
            if self.variable is not None and size.has(self.variable):
                raise UnsupportedError(f"`{self.variable}` is part of the size {size}, so it cannot vary")
        return [line for word, line in self.lines.items() if word not in self.dimensions]

    def size(self, dimension: Any) -> Form:
        """The size of an axis: a positive number or a name."""
        value = self.dimension(dimension)
        return number(value) if isinstance(value, int) else name(value)

    def dimension(self, dimension: Any) -> Dimension:
        """A dimension of the language for a size in SymPy."""
        dimension = sympy.sympify(dimension)
        if dimension.is_Integer:
            if dimension < 1:
                raise UnsupportedError(f"a size is a positive integer, not {dimension}")
            return int(dimension)
        word = self.names.name(dimension, str(dimension) if dimension.is_Symbol else "n")
        self.dimensions[word] = dimension
        return word

    def declare(self, thing: Any, wish: str, shape: Sequence[Any]) -> Form:
        """The form of a matrix that has a name; as a column where it has one row or column."""
        rows, columns = shape
        kind = orientation(shape)
        if thing not in self.names.given:
            sizes = [str(self.dimension(size)) for size in (shape if kind == "matrix" else [rows * columns])]
            meaning = thing[0, 0] if kind == "scalar" else thing.T if kind == "row" else thing
            word = self.names.name(thing, wish, meaning)
            head = "matrix" if kind == "matrix" else "vector"
            self.lines[word] = f"{word}: " + ("scalar" if kind == "scalar" else f"{head}({', '.join(sizes)})")
        form = name(self.names.given[thing])
        return transposed(form) if kind == "row" else form

    def symbol(self, expr: Any, wish: str) -> Form:
        """The form of a scalar that has a name."""
        word = self.names.name(expr, wish)
        self.lines.setdefault(word, f"{word}: scalar" + (" positive" if expr.is_positive else ""))
        return name(word)

    def constant(self, expr: Any, hint: str | None = None) -> Form:
        """A name for a part that does not depend on the variable."""
        bound = [*self.indices, *([self.element[0]] if self.element else [])]
        if self.variable is None or expr.has(self.variable, *bound, sympy.I, sympy.nan):
            self.refuse(expr, hint)
        if is_matrix(expr):
            return self.declare(expr, "C", expr.shape)
        if expr.is_real is False or not expr.is_commutative or expr.is_infinite:
            self.refuse(expr, "values are real and finite")
        return self.symbol(expr, "c")


def shown(expr: Any) -> str:
    """A SymPy expression as it is named in a message."""
    text = str(expr)
    return text if len(text) <= 60 else text[:57] + "..."
