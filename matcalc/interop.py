"""SymPy in, SymPy out: matrix expressions of SymPy as forms of the language, and answers as SymPy expressions.

`differentiate` reads a SymPy expression, derives with matcalc's own engine (SymPy's matrix derivative is never called),
and says the answer in SymPy.  How values correspond:

    matcalc             SymPy
    scalar              a scalar expression; a 1 x 1 matrix expression is read as one
    column, row         an n x 1 and a 1 x n matrix expression; a 1 x n MatrixSymbol is the transpose of a vector
    matrix              an m x n matrix expression
    tensor              an ImmutableDenseNDimArray where all sizes are numbers, else Lambda((i, j, k), entry) from 0

An inner product x'*y is written `Trace(x.T*y)`: unlike `(x.T*y)[0, 0]`, which SymPy expands into a sum over entries at
once, it stays in matrix notation, and `doit` evaluates it for explicit matrices.  Element-wise functions are
`ElementwiseApplyFunction`, `diag` of a vector is `DiagMatrix`, sums are products with `OneMatrix`, and step(x) is
`Heaviside(x, 0)`.  All values are real.  What one side can say and the other cannot is an `UnsupportedError`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from functools import cache
from itertools import product as tuples
from math import prod
from typing import Any, NoReturn

import sympy
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction
from sympy.matrices.expressions.matexpr import MatrixElement
from sympy.matrices.expressions.slice import MatrixSlice

from matcalc.derivation import Derivative, derive
from matcalc.errors import KindError, MatcalcError, UnsupportedError
from matcalc.form import Axis, Dimension, Form, number, subforms
from matcalc.inference import CONSTRUCTORS, infer_expression
from matcalc.lexer import KEYWORDS, spell
from matcalc.lowering import close_over_deltas, index_axes
from matcalc.notation.text import to_text
from matcalc.operation import Operation, find_operation, load_operations, operation, operations

__all__ = ["differentiate", "from_sympy", "to_sympy"]

#: A tensor with more entries than this is a Lambda even if all its sizes are numbers.
LARGEST_ARRAY = 20_000
#: Numbers beyond it, and below one over it, are not written out.
LARGEST_NUMBER = sympy.Integer(10) ** 2000
#: A part nested deeper than this becomes a line of its own, so that the text can be read.
LARGEST_DEPTH = 40

_RESERVED = KEYWORDS | frozenset({"pi", "d", "delta", "grad", "gradient", "jacobian", "hessian", "T"})


def differentiate(expr: Any, variable: Any, layout: str = "numerator", order: int = 1) -> Any:
    """The derivative of a SymPy expression by a MatrixSymbol or a Symbol, as a SymPy expression.

    The axes are those of `derive`: in the numerator layout a scalar by an n x 1 symbol is 1 x n, a column by a column
    is the Jacobian matrix, a scalar by a matrix has the shape of the matrix.  Answers of order 0, 1 and 2 are scalars
    and matrix expressions, a FunctionMatrix where there is no matrix form.  Those of higher order are arrays of
    explicit entries where all sizes are numbers and there are at most 20,000 entries, else a Lambda of the indices,
    which count from 0.  Raises MatcalcError.
    """
    try:
        reader = Reader(variable)
        form = reader.read(expr)
        declarations = reader.declarations()
        answer = derive(program_text(form, reader), reader.variable_name, declarations, layout, order)
        return answer_expression(answer, reader.meaning)
    except RecursionError:
        raise UnsupportedError("the expression is nested too deeply") from None


def from_sympy(expr: Any) -> tuple[Form, list[str]]:
    """The untyped form of a SymPy expression, and the declarations of all its free symbols.

    A name that means something else in the language, or is none of its names, gets another one.
    """
    try:
        reader = Reader()
        return reader.read(expr), reader.declarations()
    except RecursionError:
        raise UnsupportedError("the expression is nested too deeply") from None


def to_sympy(form: Form | str, declare: Iterable[str] = (), names: Mapping[str, Any] | None = None) -> Any:
    """The SymPy expression of a form, or of an expression in the language.

    A form that is not typed yet is typed with the declarations.  `names` says what names stand for: an n x 1 matrix
    expression for a column.  Other names become a MatrixSymbol or a Symbol, a positive integer one for a dimension.
    """
    try:
        if isinstance(form, str) or form.kind is None:
            program = infer_expression(form if isinstance(form, str) else to_text(form), declare)
            writer = Writer(program.output, names or {}, program.assignments)
            writer.dimensions.update(program.dimensions)
            return writer.value(program.output)
        return Writer(form, names or {}, {}).value(form)
    except RecursionError:
        raise UnsupportedError("the form is nested too deeply") from None


# ---- Names ----------------------------------------------------------------------------------------------------------


class Names:
    """Names of the language for SymPy objects, and what they stand for."""

    def __init__(self) -> None:
        self.given: dict[Any, str] = {}
        self.meaning: dict[str, Any] = {}

    def name(self, thing: Any, wish: str, meaning: Any = None) -> str:
        """The name of an object, which is the wish where that is free and a name of the language."""
        if thing not in self.given:
            name = self.fresh(wish)
            self.given[thing] = name
            self.meaning[name] = thing if meaning is None else meaning
        return self.given[thing]

    def fresh(self, wish: str) -> str:
        """A name that stands for nothing yet; it is taken from now on."""
        word = re.sub(r"[^0-9A-Za-z_]", "_", spell(wish)) or "v"
        word = f"v{word}" if word[0].isdigit() else word
        candidate, count = word, 0
        while candidate in self.meaning or is_reserved(candidate):
            count += 1
            candidate = f"{word}_{count}"
        self.meaning[candidate] = None
        return candidate


def is_reserved(word: str) -> bool:
    """True for a word that means something in the language."""
    ensure_operations()
    return word in _RESERVED or word in CONSTRUCTORS or find_operation(word) is not None


def ensure_operations() -> None:
    """Fill the registry if nothing has done so yet."""
    if not operations():
        load_operations()


# ---- From SymPy -----------------------------------------------------------------------------------------------------


def name_form(word: str) -> Form:
    return Form("name", (), word)


def called(word: str, *args: Form) -> Form:
    return Form("call", args, word)


def joined(head: str, parts: Sequence[Form]) -> Form:
    """A chain of two-operand nodes, from the left; of `mul` and `add` one node."""
    if len(parts) == 1:
        return parts[0]
    if head in ("mul", "add"):
        return Form(head, tuple(parts))
    result = parts[0]
    for part in parts[1:]:
        result = called("kron", result, part) if head == "kron" else Form(head, (result, part))
    return result


def transposed(form: Form) -> Form:
    return form.args[0] if form.head == "transpose" else Form("transpose", (form,))


class Reader(Names):
    """One SymPy expression being read: names, declarations, and the dummies that are bound around the place.

    With a variable, a part that the language cannot say but that does not depend on the variable becomes a constant.
    """

    def __init__(self, variable: Any = None) -> None:
        super().__init__()
        self.variable = variable
        self.lines: dict[str, str] = {}
        self.dimensions: dict[str, Any] = {}
        #: The dummy of the element-wise function being read, and what it stands for.
        self.element: tuple[Any, Form] | None = None
        #: The bound index symbols, each with its name and the size of its range.
        self.indices: dict[Any, tuple[str, Any]] = {}
        self.memo: dict[Any, Form] = {}
        self.variable_name = self.read_variable() if variable is not None else ""

    def read_variable(self) -> str:
        """The name of the variable, declared."""
        if not isinstance(self.variable, sympy.Symbol | sympy.MatrixSymbol):
            raise KindError(
                f"differentiate by a MatrixSymbol or a Symbol, not by `{shown(self.variable)}`",
                hint="for an entry X[i, j], differentiate by X",
            )
        form = self.read(self.variable)
        return str((form.args[0] if form.head == "transpose" else form).value)

    def read(self, expr: Any) -> Form:
        """The form of a whole expression."""
        if isinstance(expr, str) or not isinstance(expr, sympy.Basic | sympy.MatrixBase | int | float | Fraction):
            raise KindError(f"a SymPy expression is expected, not {type(expr).__name__}")
        expr = sympy.sympify(expr)
        if not isinstance(expr, sympy.Expr | sympy.MatrixBase):
            self.refuse(expr)
        return self.matrix(expr) if is_matrix(expr) else self.scalar(expr)

    def declarations(self) -> list[str]:
        """The declarations of all variables; the name of a dimension needs none."""
        for size in self.dimensions.values():
            if self.variable is not None and size.has(self.variable):
                raise UnsupportedError(f"`{self.variable}` is part of the size {size}, so it cannot vary")
        return [line for name, line in self.lines.items() if name not in self.dimensions]

    def refuse(self, expr: Any, hint: str | None = None) -> NoReturn:
        raise UnsupportedError(f"`{shown(expr)}` ({type(expr).__name__}) cannot be read from SymPy", hint=hint)

    # Leaves.

    def size(self, dimension: Any) -> Form:
        """The size of an axis: a positive number or a name."""
        value = self.dimension(dimension)
        return number(value) if isinstance(value, int) else name_form(value)

    def dimension(self, dimension: Any) -> Dimension:
        dimension = sympy.sympify(dimension)
        if dimension.is_Integer:
            if dimension < 1:
                raise UnsupportedError(f"a size is a positive integer, not {dimension}")
            return int(dimension)
        name = self.name(dimension, str(dimension) if dimension.is_Symbol else "n")
        self.dimensions[name] = dimension
        return name

    def declare(self, thing: Any, wish: str, shape: Sequence[Any]) -> Form:
        """The form of a matrix that has a name; as a column where it has one row or column."""
        rows, columns = shape
        kind = orientation(shape)
        if thing not in self.given:
            sizes = [str(self.dimension(size)) for size in ((rows, columns) if kind == "matrix" else (rows * columns,))]
            name = self.name(thing, wish, thing[0, 0] if kind == "scalar" else thing.T if kind == "row" else thing)
            words = {"scalar": "scalar", "matrix": f"matrix({', '.join(sizes)})"}
            self.lines[name] = f"{name}: {words.get(kind, f'vector({sizes[0]})')}"
        form = name_form(self.given[thing])
        return Form("transpose", (form,)) if kind == "row" else form

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

    def symbol(self, expr: Any, wish: str) -> Form:
        name = self.name(expr, wish)
        self.lines.setdefault(name, f"{name}: scalar" + (" positive" if expr.is_positive else ""))
        return name_form(name)

    # Matrices.

    def matrix(self, expr: Any) -> Form:
        """The form of a matrix expression: a scalar where it is 1 x 1, a column, a row or a matrix."""
        free = not self.element and not self.indices
        if free and expr in self.memo:
            return self.memo[expr]
        if self.element and expr.has(self.element[0]):
            self.refuse(expr, "an element-wise function is a function of one scalar")
        rule = rule_of(MATRIX_RULES, expr)
        form: Form = rule(self, expr) if rule else self.constant(expr)
        if free:
            self.memo[expr] = form
        return form

    def parts(self, expr: Any) -> list[Form]:
        return [self.part(arg) for arg in expr.args]

    def part(self, expr: Any) -> Form:
        return self.matrix(expr) if is_matrix(expr) else self.scalar(expr)

    def product(self, expr: Any) -> Form:
        """A product of scalars and matrices, scalars with a negative exponent below a fraction bar."""
        below = [arg for arg in expr.args if is_reciprocal(arg)]
        above = [arg for arg in expr.args if not is_reciprocal(arg)]
        times, over = ("times", "rdiv") if self.element else ("mul", "div")
        form = joined(times, [self.part(arg) for arg in above]) if above else number(1)
        if not below:
            return form
        return Form(over, (form, joined(times, [self.scalar(arg.base**-arg.exp) for arg in below])))

    def ones(self, shape: Sequence[Any], word: str = "ones") -> Form:
        """The scalar, column, row or matrix whose entries all are 1 (or 0)."""
        kind = orientation(shape)
        if kind == "scalar":
            return number(word == "ones")
        sizes = [self.size(size) for size in (shape if kind == "matrix" else [shape[0] * shape[1]])]
        form = called(word, *sizes)
        return Form("transpose", (form,)) if kind == "row" else form

    def unary(self, word: str, expr: Any, of_scalar: Callable[[Form], Form]) -> Form:
        """A function of a square matrix, and what it is for a 1 x 1 matrix."""
        argument = self.matrix(expr)
        return of_scalar(argument) if orientation(expr.shape) == "scalar" else called(word, argument)

    def power(self, expr: Any) -> Form:
        base, exponent = expr.args
        if not exponent.is_Integer:
            return self.constant(expr, "the exponent of a matrix is a whole number")
        return Form("power", (self.matrix(base), number(int(exponent))))

    def symbol_matrix(self, expr: Any) -> Form:
        return self.declare(expr, expr.name, expr.shape)

    def elementwise_power(self, expr: Any) -> Form:
        return Form("elpower", tuple(self.parts(expr)))

    def diagonal(self, expr: Any) -> Form:
        """DiagMatrix of a column or row, DiagonalOf and DiagonalMatrix of a square matrix."""
        argument = expr.args[0]
        kind = orientation(argument.shape)
        form = self.matrix(argument)
        if kind == "scalar":
            return form
        if isinstance(expr, sympy.DiagMatrix):
            return called("diag", form)
        if argument.shape[0] != argument.shape[1]:
            return self.constant(expr, "the diagonal is that of a square matrix")
        inner = called("diag", form)
        return inner if isinstance(expr, sympy.DiagonalOf) else called("diag", inner)

    def elementwise(self, expr: Any) -> Form:
        """A function of one scalar, applied to each entry."""
        function, argument = expr.args
        form = self.matrix(argument)
        (dummy,) = function.variables
        if not function.expr.has(dummy):
            return joined("times", [self.scalar(function.expr), self.ones(argument.shape)])
        if self.element:
            self.refuse(expr, "an element-wise function is a function of one scalar")
        self.element = (dummy, form)
        try:
            return self.scalar(function.expr)
        finally:
            self.element = None

    # Scalars.

    def scalar(self, expr: Any) -> Form:
        """The form of a scalar expression; in an element-wise function, of a function of the entries."""
        if self.element and expr == self.element[0]:
            return self.element[1]
        if is_matrix(expr):
            if orientation(expr.shape) != "scalar":
                self.refuse(expr, "a scalar is expected here")
            return self.matrix(expr)
        free = not self.element and not self.indices
        if free and expr in self.memo:
            return self.memo[expr]
        rule = rule_of(SCALAR_RULES, expr)
        form: Form = rule(self, expr) if rule else self.function(expr)
        if free:
            self.memo[expr] = form
        return form

    def number(self, expr: Any) -> Form:
        if not expr.is_finite:
            self.refuse(expr, "values are real and finite")
        if sympy.Abs(expr) > LARGEST_NUMBER or 0 < sympy.Abs(expr) < 1 / LARGEST_NUMBER:
            raise UnsupportedError("a number is too large or too small to be written out")
        if expr.is_Float:
            return number(Fraction(repr(float(expr)) if expr._prec <= 53 and abs(float(expr)) > 1e-300 else str(expr)))
        value = Fraction(int(expr.p), int(expr.q))
        if value.denominator > LARGEST_NUMBER:
            raise UnsupportedError("a number has too many digits to be written out")
        return number(value)

    def scalar_symbol(self, expr: Any) -> Form:
        if expr in self.indices:
            self.refuse(expr, "a bound index stands only in entries such as x[i, 0]")
        if not expr.is_commutative:
            self.refuse(expr, "scalars commute")
        return self.symbol(expr, expr.name)

    def sum(self, expr: Any) -> Form:
        return joined("add", [self.scalar(arg) for arg in expr.args])

    def scalar_power(self, expr: Any) -> Form:
        base, exponent = expr.as_base_exp() if expr.is_Pow else (expr.base, expr.exp)
        return Form("elpower" if self.element else "power", (self.scalar(base), self.scalar(exponent)))

    def pi(self, expr: Any) -> Form:
        return name_form("pi")

    def euler(self, expr: Any) -> Form:
        return called("exp", number(1))

    def trace(self, expr: Any) -> Form:
        return self.unary("tr", expr.args[0], lambda form: form)

    def determinant(self, expr: Any) -> Form:
        return self.unary("det", expr.args[0], lambda form: form)

    def inverse(self, expr: Any) -> Form:
        return self.unary("inv", expr.args[0], lambda form: Form("power", (form, number(-1))))

    def dot(self, expr: Any) -> Form:
        """DotProduct of two vectors, each a row or a column."""
        x, y = (transposed(self.matrix(a)) if orientation(a.shape) == "row" else self.matrix(a) for a in expr.args)
        if orientation(expr.args[0].shape) == "scalar":
            return Form("mul", (x, y))
        return Form("mul", (transposed(x), y))

    def heaviside(self, expr: Any) -> Form:
        """H(x) with H(0) = h is step(x) + h*(1 - sign(x)^2), as step(0) = sign(0) = 0."""
        argument, at_zero = expr.args
        step = called("step", self.scalar(argument))
        if at_zero == 0:
            return step
        return Form("add", (step, self.scalar(at_zero * (1 - sympy.sign(argument, evaluate=False) ** 2))))

    def function(self, expr: Any) -> Form:
        """A function of the language, one written by others, an unknown function of one argument, or a constant."""
        rewritten = REWRITTEN.get(expr.func)
        if rewritten is not None:
            return self.scalar(rewritten(*expr.args))
        word = function_names().get(expr.func)
        if word is not None and len(expr.args) == 1:
            return called(word, self.scalar(expr.args[0]))
        if word is not None and operation(word).arity == 2:
            first, *rest = [self.scalar(arg) for arg in expr.args]
            for part in rest:
                first = called(word, first, part)
            return first
        if isinstance(expr, sympy.core.function.AppliedUndef) and len(expr.args) == 1:
            return self.unknown(expr)
        return self.constant(expr, "the language has no such scalar function")

    def unknown(self, expr: Any) -> Form:
        name = self.name(expr.func, expr.func.__name__)
        self.lines.setdefault(name, f"{name}: function")
        return Form("unknown", (self.scalar(expr.args[0]),), (name, 0))

    # Entries.

    def bound_sum(self, expr: Any) -> Form:
        """A sum over entries, each index running over a whole axis from 0."""
        body, *limits = expr.args
        if self.element and expr.has(self.element[0]):
            self.refuse(expr, "an element-wise function has no sum inside")
        for index, lower, upper in limits:
            if lower != 0 or index in self.indices or (upper + 1).has(*[limit[0] for limit in limits]):
                self.refuse(expr, "a sum runs over a whole axis, (i, 0, n - 1)")
        used = [limit for limit in limits if body.has(limit[0])]
        count = [self.scalar(sympy.expand(upper + 1)) for index, _, upper in limits if not body.has(index)]
        with self.binding([(index, upper + 1) for index, _, upper in used]) as names:
            inner = self.scalar(body)
        return joined("mul", [*count, Form("bsum", (inner,), names) if names else inner])

    @contextmanager
    def binding(self, ranges: Sequence[tuple[Any, Any]]) -> Iterator[tuple[str, ...]]:
        """Bind index symbols; the names under which they are bound."""
        outer = self.indices
        names = tuple(self.fresh("i") for _ in ranges)
        self.indices = outer | {index: (name, size) for (index, size), name in zip(ranges, names, strict=True)}
        try:
            yield names
        finally:
            self.indices = outer

    def entry(self, expr: Any) -> Form:
        """M[i, j]; at a fixed place it is a product with a unit vector."""
        parent, i, j = expr.args
        shape = parent.shape
        kind = orientation(shape)
        form = self.matrix(parent)
        if kind == "scalar":
            return form
        if kind != "matrix":
            column, index, size = (transposed(form), j, shape[1]) if kind == "row" else (form, i, shape[0])
            if index in self.indices:
                return Form("entry", (column,), (self.index(index, size, expr),))
            return Form("mul", (transposed(column), self.unit(size, index, expr)))
        if i in self.indices and j in self.indices:
            return Form("entry", (form,), (self.index(i, shape[0], expr), self.index(j, shape[1], expr)))
        if i in self.indices:
            column = Form("mul", (form, self.unit(shape[1], j, expr)))
            return Form("entry", (column,), (self.index(i, shape[0], expr),))
        column = Form("mul", (transposed(form), self.unit(shape[0], i, expr)))
        if j in self.indices:
            return Form("entry", (column,), (self.index(j, shape[1], expr),))
        return Form("mul", (transposed(column), self.unit(shape[1], j, expr)))

    def index(self, symbol: Any, size: Any, expr: Any) -> str:
        """The name of a bound index, which runs over an axis of this size."""
        name, range_size = self.indices[symbol]
        if sympy.expand(range_size - size) != 0:
            self.refuse(expr, f"the index {symbol} takes {range_size} values, but the axis has {size}")
        return name

    def unit(self, size: Any, index: Any, expr: Any) -> Form:
        """The unit vector with a 1 at a fixed place."""
        if self.variable is None:
            self.refuse(expr, "an entry at a fixed place is no expression of the language")
        if sympy.sympify(index).has(self.variable, *self.indices):
            self.refuse(expr, "an index is fixed, or that of a Sum over the whole axis")
        if sympy.sympify(size).is_Integer and sympy.sympify(index).is_Integer:
            vector = sympy.ImmutableMatrix(size, 1, lambda i, _: int(i == index))
            return self.declare(vector, f"e{int(index) + 1}", vector.shape)
        vector = MatrixSlice(sympy.Identity(size), (0, size, 1), (index, index + 1, 1))
        return self.declare(vector, "e", (size, sympy.S.One))

    def delta(self, expr: Any) -> Form:
        i, j = expr.args[:2]
        if i in self.indices and j in self.indices:
            return Form("delta", (), (self.indices[i][0], self.indices[j][0]))
        return self.constant(expr, "the indices of a KroneckerDelta are those of a Sum")


def shown(expr: Any) -> str:
    """A SymPy expression as it is named in a message."""
    text = str(expr)
    return text if len(text) <= 60 else text[:57] + "..."


def is_matrix(expr: Any) -> bool:
    return bool(getattr(expr, "is_Matrix", False))


def is_reciprocal(expr: Any) -> bool:
    """True for a power of a scalar with a negative number as exponent."""
    return bool(expr.is_Pow and not is_matrix(expr) and expr.exp.is_Rational and expr.exp.is_negative)


def orientation(shape: Sequence[Any]) -> str:
    """The kind of a matrix expression of this shape."""
    one_row, one_column = shape[0] == 1, shape[1] == 1
    return "scalar" if one_row and one_column else "column" if one_column else "row" if one_row else "matrix"


Rule = Callable[[Reader, Any], Form]


def rule_of(rules: Mapping[type, Rule], expr: Any) -> Rule | None:
    """The rule of the nearest class of an expression."""
    return next((rules[cls] for cls in type(expr).__mro__ if cls in rules), None)


MATRIX_RULES: dict[type, Rule] = {
    sympy.MatrixSymbol: Reader.symbol_matrix,
    sympy.MatAdd: lambda reader, expr: joined("add", reader.parts(expr)),
    sympy.MatMul: Reader.product,
    sympy.Adjoint: lambda reader, expr: reader.constant(expr, "entries are real: write X.T"),
    sympy.MatPow: Reader.power,
    sympy.Inverse: Reader.inverse,
    sympy.Transpose: lambda reader, expr: (
        reader.matrix(expr.arg) if orientation(expr.shape) == "scalar" else transposed(reader.matrix(expr.arg))
    ),
    sympy.Identity: lambda reader, expr: number(1) if expr.shape[0] == 1 else called("eye", reader.size(expr.shape[0])),
    sympy.ZeroMatrix: lambda reader, expr: reader.ones(expr.shape, "zeros"),
    sympy.OneMatrix: lambda reader, expr: reader.ones(expr.shape),
    sympy.HadamardProduct: lambda reader, expr: joined("times", reader.parts(expr)),
    sympy.HadamardPower: Reader.elementwise_power,
    sympy.KroneckerProduct: lambda reader, expr: joined("kron", reader.parts(expr)),
    sympy.DiagMatrix: Reader.diagonal,
    sympy.DiagonalOf: Reader.diagonal,
    sympy.DiagonalMatrix: Reader.diagonal,
    ElementwiseApplyFunction: Reader.elementwise,
}

SCALAR_RULES: dict[type, Rule] = {
    sympy.Number: Reader.number,
    sympy.Symbol: Reader.scalar_symbol,
    type(sympy.pi): Reader.pi,
    type(sympy.E): Reader.euler,
    sympy.Add: Reader.sum,
    sympy.Mul: Reader.product,
    sympy.Pow: Reader.scalar_power,
    sympy.Trace: Reader.trace,
    sympy.Determinant: Reader.determinant,
    sympy.DotProduct: Reader.dot,
    sympy.Heaviside: Reader.heaviside,
    sympy.Sum: Reader.bound_sum,
    MatrixElement: Reader.entry,
    sympy.KroneckerDelta: Reader.delta,
}

#: Functions that the language writes by others.
REWRITTEN: dict[Any, Callable[..., Any]] = {
    sympy.cot: lambda x: 1 / sympy.tan(x),
    sympy.sec: lambda x: 1 / sympy.cos(x),
    sympy.csc: lambda x: 1 / sympy.sin(x),
    sympy.coth: lambda x: 1 / sympy.tanh(x),
    sympy.sech: lambda x: 1 / sympy.cosh(x),
    sympy.csch: lambda x: 1 / sympy.sinh(x),
    sympy.asinh: lambda x: sympy.log(x + sympy.sqrt(1 + x**2)),
    sympy.atanh: lambda x: (sympy.log(1 + x) - sympy.log(1 - x)) / 2,
    sympy.erfc: lambda x: 1 - sympy.erf(x),
}


@cache
def function_names() -> dict[Any, str]:
    """The element-wise functions of the registry by the SymPy functions of the same meaning."""
    ensure_operations()
    named = [(record.sympy, record.name) for record in operations() if record.elementwise and record.sympy]
    return {getattr(sympy, word): name for word, name in named if isinstance(word, str)}


def program_text(form: Form, names: Names) -> str:
    """The form as text; parts that are used several times or nested deeply stand on lines of their own."""
    uses: dict[int, int] = {}
    for part in subforms(form):
        for arg in part.args:
            uses[id(arg)] = uses.get(id(arg), 0) + 1
    lines: list[str] = []
    done: dict[int, tuple[Form, int]] = {}
    stack = [form]
    while stack:
        part = stack[-1]
        # The body of a sum over entries stays where its indices are bound.
        args = () if part.head == "bsum" else part.args
        pending = [arg for arg in args if id(arg) not in done]
        stack.extend(pending)
        if pending or id(stack.pop()) in done:
            continue
        made = Form(part.head, tuple([done[id(arg)][0] for arg in args]), part.value) if args else part
        depth = 1 + max([done[id(arg)][1] for arg in args], default=0)
        if part is not form and (depth > LARGEST_DEPTH or (uses[id(part)] > 1 and depth > 2)):
            word = names.fresh("t")
            lines.append(f"{word} = {to_text(made)}")
            made, depth = name_form(word), 1
        done[id(part)] = (made, depth)
    return "\n".join([*lines, to_text(done[id(form)][0])])


# ---- To SymPy -------------------------------------------------------------------------------------------------------


def answer_expression(answer: Derivative, names: Mapping[str, Any]) -> Any:
    """The answer in SymPy, its shape checked."""
    form, where = answer._form_in("matrix")
    definitions = {**answer.program.assignments, **where}
    writer = Writer(form, names, definitions)
    value = writer.tensor(form, answer.form.kind or "") if form.head == "tensor" else writer.value(form)
    check_shape(value, writer.shape(answer.form))
    return value


def check_shape(value: Any, expected: Sequence[Any]) -> None:
    """Raise MatcalcError for an answer that has not the shape of the derivative."""
    if isinstance(value, sympy.Lambda) and len(expected) > 2:
        found = tuple(expected) if len(value.variables) == len(expected) else value.variables
    else:
        found = value.shape if is_matrix(value) or isinstance(value, sympy.NDimArray) else ()
    if len(found) != len(expected) or any(sympy.expand(a - b) != 0 for a, b in zip(found, expected, strict=True)):
        raise MatcalcError(f"the answer in SymPy has the shape {found}, but the derivative has {expected}")


class Writer:
    """Forms as SymPy expressions.  `names` says what names stand for, `definitions` holds the forms of others."""

    def __init__(self, form: Form, names: Mapping[str, Any], definitions: Mapping[str, Form]) -> None:
        self.names = names
        self.definitions = definitions
        self.dimensions = {
            d for root in (form, *definitions.values()) for part in subforms(root) for a in part.shape or () for d in a
        }
        #: The SymPy indices of bound indices, and the axes over which bound indices run.
        self.at: dict[str, Any] = {}
        self.axes: dict[str, Axis] = {}
        self.memo: dict[int, Any] = {}

    # Sizes.

    def size(self, axis: Axis) -> Any:
        """The size of an axis."""
        return prod([self.dimension(d) for d in axis], start=sympy.S.One)

    def dimension(self, dimension: Dimension) -> Any:
        if isinstance(dimension, int):
            return sympy.Integer(dimension)
        found = self.names.get(dimension)
        return sympy.Symbol(dimension, integer=True, positive=True) if found is None else found

    def shape(self, form: Form) -> tuple[Any, ...]:
        """The shape of the SymPy expression of a form; () for a scalar."""
        sizes = tuple(map(self.size, form.shape or ()))
        return {"column": (*sizes, sympy.S.One), "row": (sympy.S.One, *sizes)}.get(form.kind or "", sizes)

    # Values.

    def value(self, form: Form) -> Any:
        """The SymPy expression of a typed form."""
        if id(form) in self.memo and not self.at:
            return self.memo[id(form)]
        rule = WRITE_RULES.get(form.head)
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
        if form.kind == target.kind:
            return value
        shape = self.shape(target)
        if form.kind == "scalar":
            return multiplied(value, sympy.OneMatrix(*shape))
        if form.kind == "column":
            return multiplied(value, sympy.OneMatrix(1, shape[1]))
        return multiplied(sympy.OneMatrix(shape[0], 1), value)

    def name(self, form: Form) -> Any:
        word = form.value
        if self.names.get(word) is not None:
            return self.names[word]
        if word in self.definitions:
            return self.value(self.definitions[word])
        if form.kind == "scalar":
            known = {"pi": sympy.pi}
            return self.dimension(word) if word in self.dimensions else known.get(word, sympy.Symbol(word))
        if form.kind == "tensor":
            raise UnsupportedError(f"`{word}` is a tensor of order {len(form.shape or ())}, which SymPy cannot name")
        return sympy.MatrixSymbol(word, *self.shape(form))

    def product(self, form: Form) -> Any:
        """A chain read from the left; a row times a column is a scalar."""
        result, kind = self.value(form.args[0]), form.args[0].kind
        for arg in form.args[1:]:
            value = self.value(arg)
            if kind == "row" and arg.kind == "column":
                result, kind = inner(multiplied(result, value)), "scalar"
            elif kind == "scalar" or arg.kind == "scalar":
                result, kind = multiplied(result, value), arg.kind if kind == "scalar" else kind
            else:
                result = multiplied(result, value)
                kind = orientation((1 if kind == "row" else 2, 1 if arg.kind == "column" else 2))
        return result

    def hadamard(self, form: Form) -> Any:
        first, second = form.args
        if "scalar" in (first.kind, second.kind):
            return multiplied(self.value(first), self.value(second))
        return sympy.HadamardProduct(self.expanded(first, form), self.expanded(second, form))

    def quotient(self, form: Form) -> Any:
        first, second = form.args
        if second.kind == "scalar":
            return multiplied(self.value(first), self.value(second) ** -1)
        below = sympy.HadamardPower(self.value(second), -1)
        if first.kind == "scalar":
            return multiplied(self.value(first), below)
        return sympy.HadamardProduct(self.expanded(first, form), self.expand(below, second, form))

    def elementwise_power(self, form: Form) -> Any:
        base, exponent = form.args
        if exponent.kind == "scalar":
            x, p = self.value(base), self.value(exponent)
            return x**p if base.kind == "scalar" else sympy.HadamardPower(x, p)
        return self.general_power(form)

    def general_power(self, form: Form) -> Any:
        """x.^p by exp(p.*log(x)): SymPy transposes a HadamardPower with a matrix exponent wrongly."""
        base, exponent = form.args
        if base.kind == "scalar":
            c = self.value(base)
            return applied(lambda d: c**d, self.value(exponent), c)
        logarithm = self.expand(applied(sympy.log, self.value(base)), base, form)
        return applied(sympy.exp, sympy.HadamardProduct(self.expanded(exponent, form), logarithm))

    def unknown(self, form: Form) -> Any:
        word, order = form.value
        function = self.names.get(word) or sympy.Function(word)

        def derived(x: Any) -> Any:
            slot = sympy.Dummy("x")
            return function(x) if order == 0 else function(slot).diff(slot, order).subs(slot, x)

        value = self.value(form.args[0])
        return derived(value) if form.kind == "scalar" else applied(derived, value)

    # Functions.

    def call(self, form: Form) -> Any:
        rule = CALL_RULES.get(form.value)
        if rule is not None:
            return rule(self, form)
        record = operation(form.value)
        if not record.elementwise:
            hint = "ask for explicit entries: D.elements(m=2, n=3)"
            raise UnsupportedError(f"SymPy has no `{form.value}` of a symbolic matrix", hint=hint)
        return self.elementwise(form, scalar_function(record))

    def elementwise(self, form: Form, function: Callable[..., Any]) -> Any:
        """A function of scalars, applied to each entry; of several arguments at most one is no scalar."""
        values = [self.value(arg) for arg in form.args]
        places = [k for k, arg in enumerate(form.args) if arg.kind != "scalar"]
        if not places:
            return function(*values)
        if len(places) > 1:
            return self.of_two(form)
        (place,) = places
        others = [v for k, v in enumerate(values) if k != place]
        return applied(lambda d: function(*values[:place], d, *values[place + 1 :]), values[place], *others)

    def of_two(self, form: Form) -> Any:
        """max(a, b) = (a + b + |a - b|)/2, min with a minus."""
        if form.value == "pow":
            return self.general_power(form)
        signs = {"maximum": 1, "minimum": -1}
        if form.value not in signs:
            raise UnsupportedError(f"SymPy has no `{form.value}` of two symbolic matrices")
        a, b = (self.expanded(arg, form) for arg in form.args)
        distance = applied(sympy.Abs, sum_of([a, multiplied(-1, b)]))
        return multiplied(sympy.S.Half, sum_of([a, b, multiplied(signs[form.value], distance)]))

    def sum(self, form: Form, value: Any = None) -> Any:
        """The sum of all entries, or with an axis the row of column sums or the column of row sums."""
        arg = form.args[0]
        value = self.value(arg) if value is None else value
        if arg.kind == "scalar":
            return value
        rows, columns = value.shape
        axis = int(form.args[1].value) if len(form.args) == 2 else None
        if axis is None or arg.kind != "matrix":
            return total(value)
        if axis == 0:
            return multiplied(sympy.OneMatrix(1, rows), value)
        return multiplied(value, sympy.OneMatrix(columns, 1))

    def mean(self, form: Form) -> Any:
        sizes = list(map(self.size, form.args[0].shape or ()))
        count = [sizes[int(form.args[1].value)]] if len(form.args) == 2 else sizes
        return multiplied(self.sum(form), prod(count, start=sympy.S.One) ** -1)

    def ones(self, form: Form) -> Any:
        return sympy.OneMatrix(*self.shape(form))

    def filled(self, form: Form) -> Any:
        """vector(c), matrix(c)."""
        return self.expanded(form.args[0], form)

    def diagonal(self, form: Form) -> Any:
        value = self.value(form.args[0])
        if form.args[0].kind == "matrix":
            size = value.shape[0]
            # SymPy cannot evaluate DiagonalOf of an explicit matrix.
            return multiplied(sympy.HadamardProduct(sympy.Identity(size), value), sympy.OneMatrix(size, 1))
        return diagonal_matrix(flipped(value) if form.args[0].kind == "row" else value)

    def kron(self, form: Form) -> Any:
        first, second = map(self.value, form.args)
        if "scalar" in (form.args[0].kind, form.args[1].kind):
            return multiplied(first, second)
        return sympy.KroneckerProduct(first, second)

    def dot(self, form: Form) -> Any:
        x, y = (flipped(self.value(arg)) if arg.kind == "row" else self.value(arg) for arg in form.args)
        return inner(multiplied(flipped(x), y))

    def outer(self, form: Form) -> Any:
        x, y = (flipped(self.value(arg)) if arg.kind == "row" else self.value(arg) for arg in form.args)
        return multiplied(x, flipped(y))

    def norm1(self, form: Form) -> Any:
        value = self.value(form.args[0])
        return total(applied(sympy.Abs, value)) if is_matrix(value) else sympy.Abs(value)

    def norm2(self, form: Form) -> Any:
        value = self.value(form.args[0])
        return sympy.sqrt(inner_product(value, value))

    def crossentropy(self, form: Form) -> Any:
        y, p = map(self.value, form.args)
        return -inner_product(y, applied(sympy.log, p) if is_matrix(p) else sympy.log(p))

    def softmax(self, form: Form) -> Any:
        """exp(x)/sum(exp(x)), of a matrix row by row."""
        exponential = applied(sympy.exp, self.value(form.args[0]))
        if form.kind != "matrix":
            return multiplied(exponential, total(exponential) ** -1)
        columns = exponential.shape[1]
        below = sympy.HadamardPower(multiplied(exponential, sympy.OneMatrix(columns, 1)), -1)
        return sympy.HadamardProduct(exponential, multiplied(below, sympy.OneMatrix(1, columns)))

    def logsumexp(self, form: Form) -> Any:
        exponential = applied(sympy.exp, self.value(form.args[0]))
        if form.kind == "scalar":
            return sympy.log(total(exponential))
        return applied(sympy.log, multiplied(exponential, sympy.OneMatrix(exponential.shape[1], 1)))

    def logsoftmax(self, form: Form) -> Any:
        value = self.value(form.args[0])
        exponential = applied(sympy.exp, value)
        rows, columns = value.shape
        if form.kind != "matrix":
            return sum_of([value, multiplied(-sympy.log(total(exponential)), sympy.OneMatrix(rows, columns))])
        sums = applied(sympy.log, multiplied(exponential, sympy.OneMatrix(columns, 1)))
        return sum_of([value, multiplied(-1, sums, sympy.OneMatrix(1, columns))])

    # Entries.

    def entry(self, form: Form) -> Any:
        parent = form.args[0]
        indices = [self.at[i] if isinstance(i, str) else sympy.Integer(i - 1) for i in form.value]
        if parent.head == "tensor":
            with self.indexing(zip(parent.value, indices, strict=True)):
                return self.value(parent.args[0])
        if parent.kind == "tensor":
            raise UnsupportedError(f"SymPy has no entries of the tensor `{to_text(parent)}`")
        value = self.closed(parent)
        place = {"column": (*indices, 0), "row": (0, *indices)}.get(parent.kind or "", tuple(indices))
        return value[place]

    def closed(self, form: Form) -> Any:
        """The value of a form outside of all indices."""
        at, self.at = self.at, {}
        try:
            return self.value(form)
        finally:
            self.at = at

    @contextmanager
    def indexing(self, indices: Iterable[tuple[str, Any]]) -> Iterator[None]:
        outer = self.at
        self.at = outer | dict(indices)
        try:
            yield
        finally:
            self.at = outer

    def delta(self, form: Form) -> Any:
        return sympy.KroneckerDelta(*(self.at[i] for i in form.value))

    def bound_sum(self, form: Form) -> Any:
        """A Sum; the sum written out where the places of all outer indices are numbers."""
        axes = dict(self.axes) | index_axes(form.args[0])
        close_over_deltas(form.args[0], axes)
        sizes = [self.size(axes[word]) for word in form.value]
        if self.at and all(v.is_Integer for v in (*self.at.values(), *sizes)):
            terms = []
            for place in tuples(*(range(int(size)) for size in sizes)):
                with self.indexing(zip(form.value, map(sympy.Integer, place), strict=True)):
                    terms.append(self.value(form.args[0]))
            return sympy.Add(*terms)
        symbols = [index_symbol(word) for word in form.value]
        with self.indexing(zip(form.value, symbols, strict=True)):
            body = self.value(form.args[0])
        return sympy.Sum(body, *[(i, 0, size - 1) for i, size in zip(symbols, sizes, strict=True)])

    def cases(self, form: Form) -> Any:
        chosen, other = map(self.value, form.args)
        return sympy.Piecewise((chosen, self.condition(form.value)), (other, True))

    def condition(self, condition: tuple[Any, ...]) -> Any:
        head, *parts = condition
        if head in ("==", "!="):
            return {"==": sympy.Eq, "!=": sympy.Ne}[head](*(self.at[i] for i in parts))
        return {"and": sympy.And, "or": sympy.Or, "not": sympy.Not}[head](*map(self.condition, parts))

    def tensor(self, form: Form, kind: str = "") -> Any:
        """A tensor by entries: a scalar, a FunctionMatrix, an array of explicit entries, or a Lambda of the indices."""
        words = form.value
        sizes = [self.size(axis) for axis in form.shape or ()]
        self.axes = dict(zip(words, form.shape or (), strict=True))
        if len(words) > 2 and all(size.is_Integer for size in sizes) and prod(map(int, sizes)) <= LARGEST_ARRAY:
            entries = [self.entry_at(form, place) for place in tuples(*(range(int(size)) for size in sizes))]
            return sympy.ImmutableDenseNDimArray(entries, tuple(map(int, sizes)))
        symbols = [index_symbol(word) for word in words]
        with self.indexing(zip(words, symbols, strict=True)):
            body = self.value(form.args[0])
        if len(words) > 2:
            return sympy.Lambda(tuple(symbols), body)
        other = index_symbol("_")
        slots, shape = {
            (1, False): ([*symbols, other], [*sizes, 1]),
            (1, True): ([other, *symbols], [1, *sizes]),
        }.get((len(words), kind == "row"), (symbols, sizes))
        return sympy.FunctionMatrix(*shape, sympy.Lambda(tuple(slots), body)) if words else body

    def entry_at(self, form: Form, place: Sequence[int]) -> Any:
        with self.indexing(zip(form.value, map(sympy.Integer, place), strict=True)):
            return self.value(form.args[0])


def index_symbol(word: str) -> Any:
    return sympy.Symbol(word, integer=True)


#: The argument of element-wise functions; one for all, so that equal functions are equal expressions.
_ENTRY = sympy.Dummy("d")


def applied(function: Callable[[Any], Any], value: Any, *others: Any) -> Any:
    """A function of scalars applied to each entry; `others` are the scalars that it holds."""
    slot = sympy.Dummy("d") if any(other.has(_ENTRY) for other in others) else _ENTRY
    return ElementwiseApplyFunction(sympy.Lambda(slot, function(slot)), value)


def scalar_function(record: Operation) -> Callable[..., Any]:
    """The function of scalars that an element-wise operation is in SymPy."""
    if record.name == "step":
        return lambda x: sympy.Heaviside(x, 0)
    if callable(record.sympy):
        rule = record.sympy
        return lambda *args: rule(sympy, *args)
    return getattr(sympy, record.sympy or record.name)  # type: ignore[no-any-return]


def multiplied(*values: Any) -> Any:
    """The product of scalars and matrices; unlike with `*`, SymPy does not evaluate all parts anew."""
    if not any(map(is_matrix, values)):
        return sympy.Mul(*values)
    return sympy.MatMul(*values).doit(deep=False)


def flipped(value: Any) -> Any:
    """The transpose, which stays outside: the form has it where it reads best."""
    if not is_matrix(value):
        return value
    if isinstance(value, _FLIPPED):
        return value.T
    return sympy.Transpose(value)


#: Matrices whose transpose is as simple.
_FLIPPED = (
    sympy.Transpose, sympy.MatrixBase, sympy.ZeroMatrix, sympy.OneMatrix, sympy.Identity, sympy.DiagMatrix
)  # fmt: skip


def sum_of(values: Sequence[Any]) -> Any:
    """The sum of values of one shape."""
    if not is_matrix(values[0]):
        return sympy.Add(*values)
    return sympy.MatAdd(*values).doit(deep=False)


def inner(value: Any) -> Any:
    """The only entry of a 1 x 1 matrix expression, as a trace."""
    if isinstance(value, sympy.MatrixBase):
        return value[0, 0]
    if isinstance(value, sympy.ZeroMatrix):
        return sympy.S.Zero
    if isinstance(value, sympy.OneMatrix | sympy.Identity):
        return sympy.S.One
    if isinstance(value, sympy.MatMul):
        coefficient, rest = value.as_coeff_mmul()
        return coefficient * (sympy.Trace(rest) if rest is value or isinstance(rest, sympy.MatMul) else inner(rest))
    return sympy.Trace(value)


def total(value: Any) -> Any:
    """The sum of all entries of a matrix expression."""
    rows, columns = value.shape
    if rows != 1:
        value = multiplied(sympy.OneMatrix(1, rows), value)
    return inner(multiplied(value, sympy.OneMatrix(columns, 1)) if columns != 1 else value)


def inner_product(x: Any, y: Any) -> Any:
    """The sum of the products of corresponding entries."""
    if not is_matrix(x):
        return x * y
    value = multiplied(x, flipped(y)) if x.shape[0] == 1 else multiplied(flipped(x), y)
    return inner(value) if value.shape == (1, 1) else sympy.Trace(value)


def diagonal_matrix(vector: Any) -> Any:
    """The diagonal matrix of a column; SymPy's DiagMatrix takes a column of zeros for a diagonal matrix."""
    rows = vector.shape[0]
    if isinstance(vector, sympy.ZeroMatrix):
        return sympy.ZeroMatrix(rows, rows)
    return sympy.DiagMatrix(vector)


def _power(writer: Writer, form: Form) -> Any:
    base, exponent = map(writer.value, form.args)
    return base**exponent


Write = Callable[[Writer, Form], Any]

WRITE_RULES: dict[str, Write] = {
    "number": lambda writer, form: sympy.Rational(form.value.numerator, form.value.denominator),
    "name": Writer.name,
    "neg": lambda writer, form: multiplied(sympy.S.NegativeOne, writer.value(form.args[0])),
    "add": lambda writer, form: sum_of([writer.expanded(arg, form) for arg in form.args]),
    "mul": Writer.product,
    "div": Writer.quotient,
    "times": Writer.hadamard,
    "rdiv": Writer.quotient,
    "kron": Writer.kron,
    "power": _power,
    "elpower": Writer.elementwise_power,
    "transpose": lambda writer, form: flipped(writer.value(form.args[0])),
    "call": Writer.call,
    "unknown": Writer.unknown,
    "entry": Writer.entry,
    "delta": Writer.delta,
    "bsum": Writer.bound_sum,
    "cases": Writer.cases,
    "tensor": lambda writer, form: writer.tensor(form, form.kind or ""),
}


CALL_RULES: dict[str, Write] = {
    "sum": Writer.sum,
    "mean": Writer.mean,
    "tr": lambda writer, form: sympy.Trace(writer.value(form.args[0])),
    "inv": lambda writer, form: writer.value(form.args[0]) ** -1,
    "det": lambda writer, form: sympy.Determinant(writer.value(form.args[0])),
    "logdet": lambda writer, form: sympy.log(sympy.Abs(sympy.Determinant(writer.value(form.args[0])))),
    "adj": lambda writer, form: multiplied(sympy.Determinant(x := writer.value(form.args[0])), x**-1),
    "dot": Writer.dot,
    "outer": Writer.outer,
    "diag": Writer.diagonal,
    "kron": Writer.kron,
    "norm1": Writer.norm1,
    "norm2": Writer.norm2,
    "crossentropy": Writer.crossentropy,
    "softmax": Writer.softmax,
    "logsoftmax": Writer.logsoftmax,
    "logsumexp": Writer.logsumexp,
    "eye": lambda writer, form: sympy.Identity(writer.shape(form)[0]),
    "ones": Writer.ones,
    "zeros": lambda writer, form: sympy.ZeroMatrix(*writer.shape(form)),
    "vector": Writer.filled,
    "matrix": Writer.filled,
}
