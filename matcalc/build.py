"""Making typed forms: each function returns a form with its kind and shape, simplified as a person would write it."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from matcalc.form import Axis, Form, Shape, number

__all__ = [
    "call",
    "column_kind",
    "counted",
    "diagonal",
    "eye",
    "hadamard",
    "mask_name",
    "multiply",
    "negate",
    "ones_form",
    "outline",
    "quotient",
    "same",
    "scaled",
    "size_form",
    "sum_all",
    "total",
    "transposed",
    "transposes",
    "triangle",
    "zeros_form",
]


def column_kind(order: int) -> str:
    """The kind of a value with this many axes, a vector being a column."""
    return ("scalar", "column", "matrix")[order] if order < 3 else "tensor"


def call(name: str, *args: Form, kind: str, shape: Shape) -> Form:
    """An operation of the registry applied to forms."""
    return Form("call", args, name, kind=kind, shape=shape)


def size_form(axis: Axis) -> Form:
    """The size of an axis as a form: a number, a name, or a product of names."""
    parts = [
        number(d) if isinstance(d, int) else Form("name", (), d, kind="scalar", shape=()) for d in axis
    ]
    return parts[0] if len(parts) == 1 else Form("mul", tuple(parts), kind="scalar", shape=())


def eye(axis: Axis) -> Form:
    """The identity matrix of this size."""
    return Form("call", (size_form(axis),), "eye", kind="matrix", shape=(axis, axis), symmetric=True)


def diagonal(weights: Form) -> Form:
    """The diagonal matrix of a column."""
    axis = (weights.shape or ())[0]
    return Form("call", (weights,), "diag", kind="matrix", shape=(axis, axis), symmetric=True)


def ones_form(shape: Shape) -> Form:
    """The column or matrix whose entries all are 1; the scalar 1."""
    if not shape:
        return number(1)
    return call("ones", *(size_form(axis) for axis in shape), kind=column_kind(len(shape)), shape=shape)


def zeros_form(shape: Shape) -> Form:
    """The column or matrix of zeros; the scalar 0."""
    if not shape:
        return number(0)
    return call("zeros", *(size_form(axis) for axis in shape), kind=column_kind(len(shape)), shape=shape)


def triangle(name: str, form: Form) -> Form:
    """One triangle of a matrix, `tril` or `triu`; the signs of triangles stand in front."""
    if form.head == "neg":
        return negate(triangle(name, form.args[0]))
    return call(name, form, kind="matrix", shape=form.shape or ())


def mask_name(form: Form) -> str | None:
    """`tril` or `triu` if the form is the mask of that triangle, `tril(ones(m, n))`; else None."""
    is_triangle = form.head == "call" and form.value in MIRRORED
    return form.value if is_triangle and form.args[0].head == "call" and form.args[0].value == "ones" else None


def sum_all(form: Form) -> Form:
    """The sum of all entries of a form."""
    while form.head == "transpose" or (form.head == "call" and form.value == "sum"):
        form = form.args[0]
    return call("sum", form, kind="scalar", shape=())


def same(first: Form, second: Form) -> bool:
    """True if two forms are the same tree."""
    stack = [(first, second)]
    while stack:
        a, b = stack.pop()
        if a is b:
            continue
        if a.head != b.head or a.value != b.value or len(a.args) != len(b.args) or a.kind != b.kind:
            return False
        stack.extend(zip(a.args, b.args, strict=True))
    return True


def outline(form: Form) -> object:
    """A key that equal forms share: their first nodes."""
    key: list[object] = []
    stack = [form]
    while stack and len(key) < OUTLINE:
        node = stack.pop()
        key.append((node.head, node.value, len(node.args)))
        stack.extend(reversed(node.args))
    return tuple(key)


def transposes(form: Form, limit: int = 200) -> int:
    """How many transposes a person would write in a form (counted up to a limit of nodes)."""
    count = 0
    stack = [form]
    while stack and limit:
        limit -= 1
        node = stack.pop()
        count += node.head == "transpose"
        stack.extend(node.args)
    return count


def negate(form: Form) -> Form:
    """The negative of a form; a minus sign moves to the front of a product and is never doubled."""
    if form.head == "neg":
        return form.args[0]
    if form.head == "number":
        return number(-form.value)
    return Form("neg", (form,), kind=form.kind, shape=form.shape)


#: How many nodes of a form its outline has.
OUTLINE = 12

#: The triangle of the transpose.
MIRRORED = {"tril": "triu", "triu": "tril"}

FLIPPED = {"column": "row", "row": "column", "matrix": "matrix", "scalar": "scalar"}


def transposed(form: Form) -> Form:
    """The transpose, driven inward where that does not cost more transposes."""
    kind, shape = FLIPPED[form.kind or ""], (form.shape or ())[::-1]
    if form.kind == "scalar" or form.symmetric:
        return form
    if form.head == "transpose":
        return form.args[0]
    if form.head == "neg":
        return negate(transposed(form.args[0]))
    if form.head == "mul":
        return Form("mul", reversed_product(form.args), kind=kind, shape=shape)
    if form.head == "div":
        return Form("div", (transposed(form.args[0]), form.args[1]), kind=kind, shape=shape)
    if form.head == "add":
        terms = ordered([transposed(arg) for arg in form.args])
        if sum(transposes(t) for t in terms) <= sum(transposes(t) for t in form.args):
            return Form("add", tuple(terms), kind=kind, shape=shape)
    if form.head == "call" and form.value in ("ones", "zeros") and form.kind == "matrix":
        return (ones_form if form.value == "ones" else zeros_form)(shape)
    if form.head == "call" and form.value in MIRRORED:
        inner = transposed(form.args[0])
        if mask_name(form) or transposes(inner) < transposes(form.args[0]):
            return triangle(MIRRORED[form.value], inner)
    if form.head == "call" and form.value == "kron" and form.kind == "matrix":
        parts = tuple(transposed(arg) for arg in form.args)
        if sum(map(transposes, parts)) <= sum(map(transposes, form.args)):
            return Form("call", parts, "kron", kind=kind, shape=shape)
    return Form("transpose", (form,), kind=kind, shape=shape)


def reversed_product(args: Sequence[Form]) -> tuple[Form, ...]:
    """The factors of the transposed product: scalars stay in front, the others turn and change places."""
    scalars = [a for a in args if a.kind == "scalar"]
    return tuple(scalars + [transposed(a) for a in reversed(args) if a.kind != "scalar"])


def ordered(terms: Sequence[Form]) -> list[Form]:
    """Terms as a person would order them: positive ones first, then those with fewer transposes; else as given."""
    return sorted(terms, key=lambda term: (term.head == "neg", transposes(term)))


def total(terms: Sequence[Form]) -> Form:
    """The sum of forms of one kind."""
    if len(terms) == 1:
        return terms[0]
    parts: list[Form] = []
    for term in ordered(terms):
        parts.extend(term.args if term.head == "add" else (term,))
    return Form("add", tuple(parts), kind=terms[0].kind, shape=terms[0].shape)


def multiply(args: Sequence[Form], kind: str, shape: Shape) -> Form:
    """The product of forms from left to right; products among the factors that associate freely are laid open."""
    flat: list[Form] = []
    sign = 1
    for arg in args:
        if arg.head == "neg":
            sign, arg = -sign, arg.args[0]
        flat.extend(arg.args if arg.head == "mul" and arg.kind != "scalar" else (arg,))
    scalars = [a for a in flat if a.kind == "scalar" and not (a.head == "number" and a.value == 1)]
    scalars = [Form("power", (f, number(n)), kind="scalar", shape=()) if n > 1 else f for f, n in counted(scalars)]
    scalars.sort(key=lambda a: 0 if a.head == "number" else 1 if is_simple(a) else 2)
    flat = scalars + powers([a for a in flat if a.kind != "scalar"])
    if not flat:
        return number(sign)
    result = flat[0] if len(flat) == 1 else Form("mul", tuple(flat), kind=kind, shape=shape)
    return negate(result) if sign < 0 else result


def counted(forms: Sequence[Form]) -> list[tuple[Form, int]]:
    """The distinct forms, in order of first appearance, with how often each occurs."""
    result: list[tuple[Form, int]] = []
    places: dict[object, list[int]] = {}
    for form in forms:
        alike = places.setdefault(outline(form), [])
        for k in alike:
            if same(result[k][0], form):
                result[k] = (form, result[k][1] + 1)
                break
        else:
            alike.append(len(result))
            result.append((form, 1))
    return result


def is_simple(scalar: Form) -> bool:
    """True for a name and a power of a name."""
    return scalar.head == "name" or (scalar.head == "power" and scalar.args[0].head == "name")


def powers(chain: Sequence[Form]) -> list[Form]:
    """A chain with equal neighbours joined: X*X*Y = X^2*Y."""
    runs: list[tuple[Form, int]] = []
    for form in chain:
        if runs and form.kind == "matrix" and same(runs[-1][0], form):
            runs[-1] = (form, runs[-1][1] + 1)
        else:
            runs.append((form, 1))
    return [matrix_power(form, n) if n > 1 else form for form, n in runs]


def matrix_power(base: Form, exponent: int) -> Form:
    """X^n; the transpose stands outside, (X^n)'."""
    if base.head == "transpose":
        return transposed(matrix_power(base.args[0], exponent))
    symmetric = base.symmetric
    return Form("power", (base, number(exponent)), kind="matrix", shape=base.shape, symmetric=symmetric)


def hadamard(first: Form, second: Form) -> Form:
    """The product of two forms entry by entry."""
    if first.head == "neg" or second.head == "neg":
        return negate(hadamard(negate(first), second) if first.head == "neg" else hadamard(first, negate(second)))
    return Form("times", (first, second), kind=first.kind, shape=first.shape)


def quotient(above: Form, below: Form) -> Form:
    """A form divided by a scalar form."""
    if above.head == "neg":
        return negate(quotient(above.args[0], below))
    return Form("div", (above, below), kind=above.kind, shape=above.shape)


def scaled(coefficient: Fraction, form: Form) -> Form:
    """A number times a form, as a person writes it: 2*x, x/2, 3*x/2, -x."""
    if coefficient < 0:
        return negate(scaled(-coefficient, form))
    if form.head == "neg":
        return negate(scaled(coefficient, form.args[0]))
    if form.head == "number":
        return number(coefficient * form.value)
    if coefficient.numerator != 1:
        if form.head == "div":
            form = quotient(scaled(Fraction(coefficient.numerator), form.args[0]), form.args[1])
        else:
            form = multiply([number(coefficient.numerator), form], form.kind or "", form.shape or ())
    if coefficient.denominator != 1:
        if form.head == "div":
            below = multiply([number(coefficient.denominator), form.args[1]], "scalar", ())
            return quotient(form.args[0], below)
        form = quotient(form, number(coefficient.denominator))
    return form
