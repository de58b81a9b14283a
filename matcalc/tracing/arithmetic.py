"""The arithmetic of traced values, with NumPy's expansion: entry by entry, but for `@`."""

from __future__ import annotations

from collections.abc import Callable

from matcalc.errors import KindError
from matcalc.form import Form, number
from matcalc.interop.untyped import transposed
from matcalc.tracing.sizes import shown
from matcalc.tracing.value import Value, aligned, is_scalar, joined, make_equal, refuse

__all__ = [
    "absent", "add", "applied", "compare", "divide", "matmul", "multiply", "negative", "number_of", "one_minus", "power",
    "subtract", "truth",
]  # fmt: skip


def applied(word: str, *values: Value) -> Value:
    """An element-wise function of the language."""
    axes = joined(values, f"{word}(..)")
    form = Form("call", tuple(aligned(value, len(axes)) for value in values), word)
    return values[0].run.made(form, axes)


def entrywise(head: str, a: Value, b: Value, sign: str) -> Value:
    """Two values in one node that works entry by entry."""
    refuse_booleans(a, b, sign)
    axes = joined((a, b), f"`{sign}`")
    return a.run.made(Form(head, (aligned(a, len(axes)), aligned(b, len(axes)))), axes)


def refuse_booleans(a: Value, b: Value, sign: str) -> None:
    """Refuse arithmetic of two conditions, which is not that of numbers."""
    if a.boolean and b.boolean:
        refuse(f"`{sign}` of two conditions", "write `&`, `|` and `~`, or 1.0*(x > 0) for a number")


def add(a: Value, b: Value) -> Value:
    """a + b."""
    if absent(a) or absent(b):
        value, other = (b, a) if absent(a) else (a, b)
        if len(other.axes) <= len(value.axes):
            return value.run.made(value.form, value.axes)
    return entrywise("add", a, b, "+")


def absent(value: Value) -> bool:
    """True for the number 0, with which sums and loops begin."""
    return value.form.head == "number" and value.form.value == 0 and not value.axes


def subtract(a: Value, b: Value) -> Value:
    """a - b."""
    refuse_booleans(a, b, "-")
    return add(a, negative(b, boolean=b.boolean))


def negative(a: Value, *, boolean: bool = False) -> Value:
    """-a; a condition has none unless it is subtracted from a number."""
    if a.boolean and not boolean:
        refuse("`-` of a condition", "write `~` for the opposite condition")
    if a.form.head == "number":
        return a.run.made(number(-a.form.value), a.axes)
    return a.run.made(Form("neg", (a.form,)), a.axes)


def multiply(a: Value, b: Value) -> Value:
    """a * b, entry by entry."""
    if not (is_scalar(a.axes) or is_scalar(b.axes)):
        return entrywise("times", a, b, "*")
    return entrywise("mul", b, a, "*") if not is_scalar(a.axes) else entrywise("mul", a, b, "*")


def divide(a: Value, b: Value) -> Value:
    """a / b, entry by entry."""
    return entrywise("div" if is_scalar(b.axes) else "rdiv", a, b, "/")


def power(a: Value, b: Value) -> Value:
    """a ** b, entry by entry."""
    both = is_scalar(a.axes) and is_scalar(b.axes)
    return entrywise("power" if both else "elpower", a, b, "**")


def matmul(a: Value, b: Value, where: str = "`@`") -> Value:
    """a @ b: rows times columns; of two vectors the inner product."""
    if not a.axes or not b.axes:
        raise KindError(f"{where} takes vectors and matrices, but the shapes are {shown(a.axes)} and {shown(b.axes)}")
    make_equal(a.axes[-1], b.axes[0], where, (a, b))
    if len(a.axes) == 1 and len(b.axes) == 2:
        return a.run.made(Form("mul", (flipped(b), a.form)), b.axes[1:])
    left = flipped(a) if len(a.axes) == 1 else a.form
    return a.run.made(Form("mul", (left, b.form)), a.axes[:-1] + b.axes[1:])


def flipped(value: Value) -> Form:
    """The transpose of the form, of a scalar itself."""
    return value.form if is_scalar(value.axes) else transposed(value.form)


# --- conditions -----------------------------------------------------------------------------------------------------


def compare(relation: str, a: Value, b: Value) -> Value:
    """a < b and so on: 1 where it holds, else 0."""
    difference = add(number_of(a), negative(number_of(b)))
    found = RELATIONS[relation](difference)
    return found.run.made(found.form, found.axes, boolean=True)


def number_of(value: Value) -> Value:
    """A condition as a number."""
    return value.run.made(value.form, value.axes)


def one_minus(value: Value) -> Value:
    """1 - value."""
    return add(value.run.lift(1, "1"), negative(value))


def nonzero(value: Value) -> Value:
    """1 where a value is not 0: sign(x)^2."""
    return power(applied("sign", value), value.run.lift(2, "2"))


#: Each relation of a difference with 0; step(0) = sign(0) = 0.
RELATIONS: dict[str, Callable[[Value], Value]] = {
    ">": lambda d: applied("step", d),
    "<": lambda d: applied("step", negative(d)),
    ">=": lambda d: one_minus(applied("step", negative(d))),
    "<=": lambda d: one_minus(applied("step", d)),
    "!=": nonzero,
    "==": lambda d: one_minus(nonzero(d)),
}


def truth(value: Value) -> Value:
    """1 where a value counts as true, else 0."""
    return number_of(value) if value.boolean else nonzero(value)


