"""NumPy's ufuncs on traced values, each as the operation or the arithmetic that it is."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from matcalc.errors import KindError
from matcalc.form import name, number
from matcalc.tracing.arithmetic import (
    add,
    applied,
    compare,
    divide,
    matmul,
    multiply,
    negative,
    number_of,
    one_minus,
    power,
    subtract,
    truth,
)
from matcalc.tracing.operations import reduce
from matcalc.tracing.value import Value, refuse

__all__ = ["called_ufunc", "conjunction"]

Rule = Callable[..., Value]

#: NumPy's name of an element-wise function and the language's, where they are not the same.
RENAMED = {
    "absolute": "abs", "fabs": "abs", "arcsin": "asin", "arccos": "acos", "arctan": "atan", "fmax": "maximum",
    "fmin": "minimum", "expit": "sigmoid",
}  # fmt: skip
SAME = (
    "exp", "log", "sqrt", "sign", "sin", "cos", "tan", "sinh", "cosh", "tanh", "maximum", "minimum", "erf",
)  # fmt: skip
ARITHMETIC: dict[str, Rule] = {
    "add": add, "subtract": subtract, "multiply": multiply, "divide": divide, "true_divide": divide, "power": power,
    "float_power": power, "negative": negative, "matmul": matmul,
}  # fmt: skip
COMPARISONS = {"greater": ">", "greater_equal": ">=", "less": "<", "less_equal": "<=", "equal": "==", "not_equal": "!="}


def plain(x: Value, value: int) -> Value:
    """A whole number beside a value."""
    return x.run.made(number(value), ())


def logarithm(x: Value, base: int) -> Value:
    """The logarithm to a whole base."""
    return divide(applied("log", x), applied("log", plain(x, base)))


def square(x: Value) -> Value:
    return power(x, plain(x, 2))


def logaddexp(a: Value, b: Value) -> Value:
    """log(exp(a) + exp(b)) without overflow: a + softplus(b - a)."""
    return add(a, applied("softplus", subtract(b, a)))


def heaviside(x: Value, at_zero: Value) -> Value:
    """step(x), with the value at 0: step(x) + h*(1 - sign(x)^2)."""
    step = applied("step", x)
    if at_zero.form.head == "number" and at_zero.form.value == 0:
        return step
    return add(step, multiply(at_zero, one_minus(square(applied("sign", x)))))


def arctanh(x: Value) -> Value:
    """(log(1 + x) - log(1 - x))/2."""
    one = plain(x, 1)
    return divide(subtract(applied("log", add(one, x)), applied("log", subtract(one, x))), plain(x, 2))


def pi_times(x: Value) -> Value:
    return multiply(x.run.made(name("pi"), ()), x)


def conjunction(a: Value, b: Value) -> Value:
    """1 where both are true."""
    return condition(multiply(truth(a), truth(b)))


def disjunction(a: Value, b: Value) -> Value:
    """1 where one is true: a + b - ab."""
    x, y = truth(a), truth(b)
    return condition(subtract(add(x, y), multiply(x, y)))


def exclusion(a: Value, b: Value) -> Value:
    """1 where one is true and the other is not: a + b - 2ab."""
    x, y = truth(a), truth(b)
    return condition(subtract(add(x, y), multiply(plain(x, 2), multiply(x, y))))


def negation(a: Value) -> Value:
    """1 where a value is false."""
    return condition(one_minus(truth(a)))


def condition(value: Value) -> Value:
    """A value of zeros and ones as a condition."""
    return value.run.made(value.form, value.axes, boolean=True)


def of_conditions(word: str, rule: Rule) -> Rule:
    """A rule for `&`, `|`, `^` and `~`, which on numbers work bit by bit."""

    def checked(*values: Value) -> Value:
        if not all(value.boolean for value in values):
            refuse(f"np.{word} of numbers", "a condition is a comparison such as x > 0")
        return rule(*values)

    return checked


COMPOSED: dict[str, Rule] = {
    "positive": number_of,
    "conjugate": number_of,
    "square": square,
    "reciprocal": lambda x: divide(plain(x, 1), x),
    "exp2": lambda x: power(plain(x, 2), x),
    "expm1": lambda x: subtract(applied("exp", x), plain(x, 1)),
    "log1p": lambda x: applied("log", add(plain(x, 1), x)),
    "log2": lambda x: logarithm(x, 2),
    "log10": lambda x: logarithm(x, 10),
    "logaddexp": logaddexp,
    "heaviside": heaviside,
    "arctanh": arctanh,
    "hypot": lambda a, b: applied("sqrt", add(square(a), square(b))),
    "deg2rad": lambda x: divide(pi_times(x), plain(x, 180)),
    "radians": lambda x: divide(pi_times(x), plain(x, 180)),
    "rad2deg": lambda x: divide(multiply(plain(x, 180), x), pi_times(plain(x, 1))),
    "degrees": lambda x: divide(multiply(plain(x, 180), x), pi_times(plain(x, 1))),
    "vecdot": lambda a, b: reduce("sum", multiply(a, b), -1, keep=False),
    "matvec": lambda a, b: matmul(a, b, "np.matvec"),
    "vecmat": lambda a, b: matmul(a, b, "np.vecmat"),
    "logical_and": conjunction,
    "logical_or": disjunction,
    "logical_xor": exclusion,
    "logical_not": negation,
    "bitwise_and": of_conditions("bitwise_and", conjunction),
    "bitwise_or": of_conditions("bitwise_or", disjunction),
    "bitwise_xor": of_conditions("bitwise_xor", exclusion),
    "invert": of_conditions("invert", negation),
    "erfc": lambda x: one_minus(applied("erf", x)),
}


def renamed(word: str) -> Rule:
    return lambda *values: applied(word, *values)


def related(relation: str) -> Rule:
    return lambda a, b: compare(relation, a, b)


RULES: dict[str, Rule] = {
    **{word: renamed(word) for word in SAME},
    **{word: renamed(meaning) for word, meaning in RENAMED.items()},
    **{word: related(relation) for word, relation in COMPARISONS.items()},
    **ARITHMETIC,
    **COMPOSED,
}
HINTS = {
    "arcsinh": "write np.log(x + np.sqrt(x**2 + 1)) where x is not large and negative",
    "cbrt": "write np.sign(x)*np.abs(x)**(1/3)",
    "floor_divide": "it is piecewise constant",
}


def called_ufunc(ufunc: np.ufunc, values: tuple[Value, ...]) -> Value:
    """A ufunc of NumPy or SciPy applied to values, none of them of another library by the same name."""
    word = ufunc.__name__
    if word not in RULES or not belongs(ufunc):
        refuse(f"np.{word}", HINTS.get(word))
    if word in ("vecdot", "matvec", "vecmat") and any(not value.axes for value in values):
        raise KindError(f"np.{word} takes vectors and matrices")
    return RULES[word](*values)


def belongs(ufunc: Any) -> bool:
    """True if it is the very ufunc of NumPy, or of SciPy if that is in use."""
    libraries = (np, sys.modules.get("scipy.special"))
    return any(getattr(library, ufunc.__name__, None) is ufunc for library in libraries if library is not None)
