"""Taking an expression apart: every value one elementary operation of earlier values.

    f = sqrt(x^2 + exp(x^2))      a = x^2;  b = exp(a);  c = a + b;  f = sqrt(c)

What is constant (numbers, sizes, `ones(n)`) stays inside of the operation that uses it, and so do a transpose of a name,
signs within a sum, and the norm within a squared norm.  A chain of products is parted so that it has a vector on its
right for as long as it can: x'*A*B*y is x'*(A*(B*y)).  What stands under bound indices is one operation.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from matcalc.computations.letters import Letters
from matcalc.form import Form, name, subforms
from matcalc.notation.text import to_text

__all__ = ["Parting", "names_in"]

#: Heads whose indices are free where they stand.
INDEXED = frozenset({"entry", "delta", "cases"})


class Parting:
    """The values found so far: the operation of each, of names and constants, by its name."""

    def __init__(self, constants: frozenset[str], letters: Letters) -> None:
        #: Names that do not move: dimensions and `pi`.
        self.constants = constants
        self.letters = letters
        self.values: dict[str, Form] = {}
        #: The names of parts, those that were given letters.
        self.parts: set[str] = set()
        self._known: dict[str, str] = {}

    def assign(self, word: str, form: Form) -> None:
        """Add a name with its expression, and before it the parts of that."""
        operation = self.operation(form)
        equal = self._known.setdefault(to_text(operation), word)
        self.values[word] = operation if equal == word else name(equal, form.kind, form.shape, form.span)

    def operation(self, form: Form) -> Form:
        """The last operation of an expression, of the names of its parts, which are added."""
        memo: dict[int, Form] = {}
        stack = [(form, False)]
        while stack:  # arguments from left to right, so that letters go from left to right
            part, expanded = stack.pop()
            if id(part) in memo:
                continue
            if expanded or not part.args:
                memo[id(part)] = self._of_parts(with_arguments(part, tuple([memo[id(arg)] for arg in part.args])))
            else:
                stack.append((part, True))
                stack.extend((arg, False) for arg in reversed(part.args))
        return memo[id(form)]

    def _of_parts(self, form: Form) -> Form:
        """One node whose arguments are operations: they become names where they must."""
        if form.head == "mul" and len(self._moving(form.args)) > 2 and not open_indices(form):
            return self._chain(form)
        if form.head == "add":
            return with_arguments(form, tuple([self._term(arg) for arg in form.args]))
        args = tuple([arg if stays(form, arg, k) else self.named(arg) for k, arg in enumerate(form.args)])
        return with_arguments(form, args) if args else form

    def _term(self, form: Form) -> Form:
        """A term of a sum: a name or a constant, with a sign."""
        if open_indices(form):
            return form
        if form.head == "neg" and form.args[0].head not in ("name", "transpose", "number"):
            return with_arguments(form, (self.named(form.args[0]),))
        return form if form.head == "neg" else self.named(form)

    def named(self, form: Form) -> Form:
        """The name of an operation, or what needs none."""
        if form.head in ("name", "number") or self.is_constant(form):
            return form
        if form.head == "transpose" and form.args[0].head == "name":
            return form
        key = to_text(form)
        if key not in self._known:
            word = self.letters.next(capital=form.kind == "matrix")
            self.parts.add(word)
            self.values[word] = form
            self._known[key] = word
        return name(self._known[key], form.kind, form.shape, form.span)

    def is_constant(self, form: Form) -> bool:
        """Whether nothing in a form is a variable, a value or an index."""
        return not any(part.head in INDEXED or part.head == "unknown" for part in subforms(form)) and not (
            set(names_in(form)) - self.constants
        )

    def _moving(self, forms: Sequence[Form]) -> list[Form]:
        return [form for form in forms if not self.is_constant(form)]

    # Chains of products.

    def _chain(self, form: Form) -> Form:
        """A product of three values or more as one of two, the others being parts."""
        constants = [arg for arg in form.args if arg.kind == "scalar" and self.is_constant(arg)]
        scalars = [self.named(arg) for arg in form.args if arg.kind == "scalar" and not self.is_constant(arg)]
        last: Form | None = None
        for segment in segments([arg for arg in form.args if arg.kind != "scalar"]):
            if last is not None:
                scalars.append(self.named(last))
            last = self._segment([self.named(arg) for arg in segment])
        if last is not None and last.kind == "scalar" and scalars:
            scalars.append(self.named(last))
            last = None
        if last is None:
            last = scalars.pop()
        while len(scalars) > 1:
            scalars[:2] = [self.named(product(scalars[:2]))]
        if scalars and last.head == "mul":
            last = self.named(last)
        factors = last.args if last.head == "mul" else (last,)
        return with_arguments(form, (*constants, *scalars, *factors))

    def _segment(self, factors: list[Form]) -> Form:
        """The last product of a chain of matrices, rows and columns."""
        from_right = associates_freely([factor.kind for factor in factors])
        while len(factors) > 2:
            if from_right and factors[-1].kind == "column":
                factors[-2:] = [self.named(product(factors[-2:]))]
            else:
                factors[:2] = [self.named(product(factors[:2]))]
        return product(factors) if len(factors) == 2 else factors[0]


def segments(factors: Sequence[Form]) -> Iterator[list[Form]]:
    """The factors up to where the product, read from the left, is a scalar, and so on."""
    run: list[Form] = []
    starts_with_row = False
    for factor in factors:
        if not run:
            starts_with_row = factor.kind == "row"
        run.append(factor)
        if starts_with_row and factor.kind == "column" and len(run) > 1:
            yield run
            run = []
    if run:
        yield run


def associates_freely(kinds: Sequence[str | None]) -> bool:
    """Whether a product may be read from the right: no column meets a matrix of one row, no matrix of one column a row."""
    return not {("column", "matrix"), ("matrix", "row")}.intersection(pairwise(kinds))


def product(factors: Sequence[Form]) -> Form:
    """The product of two factors."""
    left, right = factors
    rows = (left.shape or ())[:1] if left.kind in ("matrix", "column") else ()
    columns = (right.shape or ())[-1:] if right.kind in ("matrix", "row") else ()
    kind = {(1, 1): "matrix", (1, 0): "column", (0, 1): "row", (0, 0): "scalar"}[len(rows), len(columns)]
    return Form("mul", (left, right), kind=kind, shape=rows + columns)


def stays(form: Form, arg: Form, position: int) -> bool:
    """Whether an argument is part of the operation that uses it."""
    if arg.head in ("tensor", "split") and form.head in ("join", "entry"):
        return True
    if form.head == "neg" and arg.head in ("mul", "div"):
        return any(part.head == "number" for part in arg.args)
    if form.head == "power" and position == 0 and arg.head == "call" and arg.value == "norm2":
        exponent = form.args[1]
        return exponent.head == "number" and exponent.value > 0 and exponent.value % 2 == 0
    return open_indices(arg)


def open_indices(form: Form) -> bool:
    """Whether a form holds an index that is bound outside of it."""
    return bool(free_indices(form))


def free_indices(form: Form) -> set[str]:
    """The indices of a form that it does not bind itself."""
    inner = set().union(*(free_indices(arg) for arg in form.args)) if form.args else set()
    if form.head in ("tensor", "bsum"):
        return inner - set(form.value)
    if form.head in ("entry", "delta"):
        return inner | {index for index in form.value if isinstance(index, str)}
    if form.head == "cases":
        return inner | set(compared(form.value))
    return inner


def compared(condition: Sequence[object]) -> Iterator[str]:
    """The indices in a condition."""
    for part in condition[1:]:
        if isinstance(part, tuple):
            yield from compared(part)
        elif isinstance(part, str):
            yield part


def names_in(form: Form) -> dict[str, None]:
    """The names in a form, in order of appearance."""
    return {str(part.value): None for part in subforms(form) if part.head == "name"}


def with_arguments(form: Form, args: tuple[Form, ...]) -> Form:
    """The form with other arguments of the same kinds."""
    return Form(form.head, args, form.value, kind=form.kind, shape=form.shape, span=form.span, symmetric=form.symmetric)
