"""The interpreter on numbers of high precision and on intervals: the same values and derivatives as in double precision."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from decimal import Decimal
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from test_evaluate import DIFFERENTIABLE, EXPRESSIONS, SIZES, VALUES, typed_by_hand, unknown

from matcalc import intervals, precision
from matcalc.evaluate import evaluate
from matcalc.form import Form, name
from matcalc.intervals import Interval, enclosures, meet
from matcalc.jets import ELEMENTWISE
from matcalc.parser import parse_expression
from matcalc.precision import BINARY, decimals, entrywise, is_precise, numbers

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


def jacobian(text: str, by: str, order: int) -> Form:
    """The derivative of a text, of an order."""
    form = parse_expression(text)
    for _ in range(order):
        form = Form("derivative", (form, name(by)), "jacobian")
    return form


FORMS = {
    **{text: typed_by_hand(text) for text in EXPRESSIONS},
    **{f"d({text})/d({by})": jacobian(text, by, 1) for text, by in DIFFERENTIABLE},
    **{f"d²({text})/d({by})²": jacobian(text, by, 2) for text, by in DIFFERENTIABLE},
    **{f"f{k * chr(39)}(x)": Form("unknown", (name("x"),), ("f", k)) for k in range(6)},
}


def value(form: Form, arithmetic: AbstractContextManager[None] | None = None, **options: Any) -> np.ndarray:
    """The value of a form at the values of the tests, in an arithmetic."""
    values = {**VALUES, **options.pop("values", {})}
    if arithmetic is None:
        return evaluate(form, values, SIZES, **options)
    with arithmetic:
        return evaluate(form, values, SIZES, **options)


def assert_agree(found: np.ndarray, expected: np.ndarray, tolerance: str) -> None:
    """Entry by entry, beside the largest entry or 1; what is not a number in one is none in the other."""
    assert found.shape == expected.shape
    pairs = [(Decimal(a), Decimal(b)) for a, b in zip(found.flat, expected.flat, strict=True)]
    finite = [(a, b) for a, b in pairs if a.is_finite() or b.is_finite()]
    scale = max([Decimal(1), *(abs(b) for _, b in finite)])
    assert [(a, b) for a, b in finite if not abs(a - b) <= Decimal(tolerance) * scale] == []


# ---- Decimal numbers ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", FORMS)
def test_values_are_those_of_double_precision(key: str) -> None:
    found = value(FORMS[key], decimals(40))
    assert {type(entry) for entry in found.flat} == {Decimal}
    assert_agree(found.astype(float), value(FORMS[key]), "1e-12")


@pytest.mark.parametrize("key", FORMS)
def test_forty_digits_agree_with_sixty(key: str) -> None:
    assert_agree(value(FORMS[key], decimals(40)), value(FORMS[key], decimals(60)), "1e-35")


@pytest.mark.parametrize("key", FORMS)
def test_intervals_hold_the_value_and_are_narrow(key: str) -> None:
    found, expected = value(FORMS[key], enclosures(40)), value(FORMS[key], decimals(80))
    assert [x.is_defined for x in found.flat] == [y.is_finite() for y in expected.flat]
    outside = [(x, y) for x, y in zip(found.flat, expected.flat, strict=True) if y.is_finite() and not x.lo <= y <= x.hi]
    assert outside == []
    scale = max([1.0, *(abs(float(y)) for y in expected.flat if y.is_finite())])
    assert max((float(x.hi - x.lo) for x in found.flat if x.is_defined), default=0) < 1e-34 * scale


@pytest.mark.parametrize("properties", [
    "", "positive", "simplex", "symmetric", "skew", "lower", "upper", "diagonal", "orthogonal", "positive-definite",
    "invertible",
])  # fmt: skip
def test_dependent_variables_are_the_same_at_every_precision(properties: str) -> None:
    unknowns = {"F": unknown((3, 3), ("s", "x"), tuple(properties.split()))}
    for form in (name("F"), jacobian("F", "s", 1), jacobian("F", "x", 2)):
        double, forty, sixty = (value(form, with_, unknowns=unknowns) for with_ in (None, decimals(40), decimals(60)))
        assert_agree(forty.astype(float), double, "1e-12")
        assert_agree(forty, sixty, "1e-35")


def test_there_is_a_function_of_every_name_in_every_arithmetic() -> None:
    assert set(ELEMENTWISE) <= set(precision.FUNCTIONS)
    assert set(ELEMENTWISE) <= set(intervals.FUNCTIONS)


#: What mpmath says of functions where they are hard: near zeros, near poles, far out.
REFERENCE: dict[str, Callable[[Any], Any]] = {
    "exp": mpmath.exp, "log": mpmath.log, "sqrt": mpmath.sqrt, "sin": mpmath.sin, "cos": mpmath.cos, "tan": mpmath.tan,
    "asin": mpmath.asin, "acos": mpmath.acos, "atan": mpmath.atan, "sinh": mpmath.sinh, "cosh": mpmath.cosh,
    "tanh": mpmath.tanh, "erf": mpmath.erf,
    "sigmoid": lambda x: 1 / (1 + mpmath.exp(-x)),
    "softplus": lambda x: mpmath.log1p(mpmath.exp(x)),
    "silu": lambda x: x / (1 + mpmath.exp(-x)),
    "gelu": lambda x: x * mpmath.erfc(-x / mpmath.sqrt(2)) / 2,
    "normal": lambda x: mpmath.erfc(-x / mpmath.sqrt(2)) / 2,
}  # fmt: skip

HARD = [
    "0.734573847583745873485873", "-0.31", "2.5", "-2.5", "20.25", "-20.25", "-150", "1e-30", "-1e-30", "1e-300",
    "3.141592653589793238462643383279502884197", "1.570796326794896619231321691639751442099", "1e20",
    "0.9999999999999999999999999999999999999999", "-0.999999999999999999999999999999999999999",
    "1.00000000000000000000000000000000000001",
]  # fmt: skip


@pytest.mark.parametrize("text", HARD)
@pytest.mark.parametrize("function", REFERENCE)
def test_functions_are_accurate_where_they_are_hard(function: str, text: str) -> None:
    with decimals(40):
        found = precision.FUNCTIONS[function](+Decimal(text))
    with enclosures(40):
        interval = intervals.FUNCTIONS[function](intervals.interval_class(40).of(Decimal(text)))
    with mpmath.workdps(400):
        expected = REFERENCE[function](mpmath.mpf(text))
        real = isinstance(expected, mpmath.mpf)
        if real and found.is_finite():
            error = abs(mpmath.mpf(str(found)) - expected) / max(abs(expected), mpmath.mpf("1e-2000"))
            assert error < mpmath.mpf("1e-37")
        assert real or found.is_nan()
        if interval.is_defined:
            doubt = abs(expected) * mpmath.mpf("1e-300")  # the interval may be a single number
            assert mpmath.mpf(str(interval.lo)) - doubt <= expected <= mpmath.mpf(str(interval.hi)) + doubt


@pytest.mark.parametrize("text", ["-2", "0", "1e500", "-1e500", "1e999990", "-1e999990", "1e-999990", "nan", "inf", "-inf"])
@pytest.mark.parametrize("function", ELEMENTWISE)
def test_no_function_raises_or_takes_long_or_leaves_the_reals(function: str, text: str) -> None:
    with decimals(40):
        assert type(precision.FUNCTIONS[function](Decimal(text))) is Decimal
    with enclosures(40):
        assert isinstance(intervals.FUNCTIONS[function](intervals.interval_class(40).of(Decimal(text))), Interval)


def test_outside_of_the_domain_is_not_a_number() -> None:
    for text in ("log(t)", "sqrt(t)", "asin(2*t)", "acos(2*t)", "t^s", "log(0*s)", "1/(0*s)", "d(log(t))/d(t)"):
        assert not value(parse_expression(text), decimals(40)).item().is_finite(), text
        assert not value(parse_expression(text), enclosures(40)).item().is_defined, text
    singular = {"A": np.ones((3, 3))}
    assert not any(x.is_finite() for x in value(parse_expression("inv(A)"), decimals(40), values=singular).flat)
    assert not any(x.is_defined for x in value(parse_expression("inv(A)"), enclosures(40), values=singular).flat)
    assert not value(parse_expression("logdet(A)"), enclosures(40), values=singular).item().is_defined


@pytest.mark.parametrize("arithmetic", [decimals(40), enclosures(40)])
def test_kinks_are_those_of_the_language(arithmetic: AbstractContextManager[None]) -> None:
    at = {"x": np.array([0.0, -1.0, 2.0]), "y": np.array([0.0, 5.0, 2.0])}
    expected = {
        "step(x)": [0, 0, 1], "sign(x)": [0, -1, 1], "relu(x)": [0, 0, 2], "x.^0": [1, 1, 1], "abs(x)": [0, 1, 2],
        "d(sum(relu(x)))/d(x)": [0, 0, 1], "d(norm1(x))/d(x)": [0, -1, 1], "d(sum(x.^2))/d(x)": [0, -2, 4],
        "d(sum(maximum(x, y)))/d(x)": [1, 0, 1], "d(sum(minimum(y, x)))/d(x)": [0, 1, 0], "maximum(x, 1)": [1, 1, 2],
    }  # fmt: skip
    with arithmetic:
        for text, entries in expected.items():
            found = evaluate(parse_expression(text), {**VALUES, **at}, SIZES)
            assert list(found) == entries, text


def test_a_branch_that_is_not_taken_does_not_matter() -> None:
    form = typed_by_hand("jacobian([i: x[i]^2 if i==i else sqrt(t*x[i])], x)")
    assert_agree(value(form, decimals(40)).astype(float), np.diag(2 * VALUES["x"]), "1e-15")


def test_exact_numbers_are_exact_at_every_precision() -> None:
    with decimals(50):
        third = evaluate(parse_expression("1/3"), {}, {}).item()
        assert third == Decimal(1) / 3
        assert evaluate(parse_expression("0.1"), {}, {}).item() == Decimal("0.1")
        assert evaluate(parse_expression("s"), {"s": np.asarray(0.125)}, {}).item() == Decimal("0.125")
        assert abs(evaluate(parse_expression("sin(pi/6) - 1/2"), {}, {}).item()) < Decimal("1e-48")


# ---- What is in force -----------------------------------------------------------------------------------------------


def test_nothing_changes_outside_of_a_precision() -> None:
    array = np.array([1.0, 2.0])
    assert numbers(array) is array
    assert numbers(0.5) == 0.5
    with pytest.raises(ZeroDivisionError), decimals(40):
        raise ZeroDivisionError
    assert not is_precise()
    assert value(parse_expression("A*x")).dtype == np.float64
    with pytest.raises(TypeError):
        entrywise("sin", np.array([Decimal(1)], dtype=object))


def test_a_precision_is_that_of_its_thread() -> None:
    seen: list[bool] = []
    with decimals(40):
        other = threading.Thread(target=lambda: seen.append(is_precise()))
        other.start()
        other.join()
        assert is_precise()
    assert seen == [False]


def test_precisions_nest() -> None:
    with decimals(60):
        with decimals(30):
            short = evaluate(parse_expression("1/3"), {}, {}).item()
        assert evaluate(parse_expression("1/3"), {}, {}).item() != short
    assert len(short.as_tuple().digits) == 30


def test_long_doubles_are_exact() -> None:
    wide = np.longdouble(1) / 3
    with decimals(90):
        (found,) = numbers(np.array([wide]))
    assert Fraction(found) == Fraction(*wide.as_integer_ratio())


# ---- Intervals ------------------------------------------------------------------------------------------------------

NUMBERS = st.fractions(-3, 3, max_denominator=40)
Three = intervals.interval_class(3)
OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b, "/": lambda a, b: a / b,
    "2-": lambda a, b: 2 - a, "*3": lambda a, b: a * 3, "abs": lambda a, b: abs(a), "neg": lambda a, b: -a,
    "^3": lambda a, b: a**3, "^4": lambda a, b: a**4, "^-2": lambda a, b: a**-2, "1/": lambda a, b: 1 / a,
}  # fmt: skip


#: The functions of one number; pi is none.
FUNCTIONS_OF_ONE = {name: function for name, function in intervals.FUNCTIONS.items() if name not in BINARY}


@given(NUMBERS, NUMBERS, st.fractions(0, 1, max_denominator=20), st.fractions(0, 1), st.sampled_from(sorted(OPERATORS)))
def test_operations_hold_what_they_hold(a: Fraction, b: Fraction, width: Fraction, at: Fraction, operator: str) -> None:
    """Of any two numbers in two intervals of three digits, the result lies in that of the intervals."""
    low, high = Three.of(a), Three.of(a + width)
    first, second = Three(low.lo, high.hi), Three.of(b)
    found = OPERATORS[operator](first, second)
    assume(found.is_defined)
    inside = Fraction(first.lo) + at * (Fraction(first.hi) - Fraction(first.lo))
    exact = OPERATORS[operator](inside, b)
    assert Fraction(found.lo) <= exact <= Fraction(found.hi)


@given(NUMBERS, st.fractions(0, 1, max_denominator=20), st.sampled_from(sorted(set(REFERENCE) | {"step", "sign", "relu"})))
def test_functions_hold_the_values_between(a: Fraction, width: Fraction, function: str) -> None:
    with enclosures(20):
        cls = intervals.interval_class(20)
        low, high = cls.of(a), cls.of(a + width)
        whole = cls(low.lo, high.hi)
        result = intervals.FUNCTIONS[function](whole) if function != "normal" else intervals.increasing(function, whole)
        assume(result.is_defined)
        for at in (whole.lo, whole.middle, whole.hi):
            exact = precision.FUNCTIONS[function](at)
            assert result.lo <= exact <= result.hi


def test_undefined_passes_through_and_equals_nothing() -> None:
    cls = intervals.interval_class(20)
    with enclosures(20):
        nothing = cls.of(1) / cls.of(0)
        results = [operator(nothing, cls.of(1)) for operator in OPERATORS.values()]
        results += [nothing, cls.of(0) * nothing, 1 / cls(Decimal(-1), Decimal(1)), nothing**0, nothing**2]
        results += [function(nothing) for function in FUNCTIONS_OF_ONE.values()]
        pairs = [(nothing, cls.of(1)), (cls.of(1), nothing)]
        results += [intervals.FUNCTIONS[name](*pair) for name in BINARY for pair in pairs]
        assert [x for x in results if x.is_defined] == []
        assert nothing != nothing
        assert [nothing < 1, nothing > 1, nothing <= 1, nothing >= 1, nothing == 1] == [False] * 5


def test_comparisons_are_certain() -> None:
    cls = intervals.interval_class(20)
    wide, one, two = cls(Decimal(0), Decimal(3)), cls.of(1), cls.of(2)
    assert one < two
    assert one <= 1
    assert two > 1
    assert one == 1
    assert [wide < one, wide > one, wide <= one, wide >= one, wide == 1] == [False] * 5
    assert meet(wide, one)
    assert not meet(one, two)


def test_an_uncertain_branch_has_no_certain_value() -> None:
    """softmax(x) sums to 1, but no interval shows that: sign is anything, a maximum with 1 is 1 or a little more."""
    sign = value(parse_expression("sign(sum(softmax(x)) - 1)"), enclosures(40)).item()
    assert (sign.lo, sign.hi) == (-1, 1)
    for function, sum_ in (("maximum", 1), ("minimum", -1)):
        found = value(parse_expression(f"{function}({sum_}*sum(softmax(x)), {sum_})"), enclosures(40)).item()
        assert found.lo <= sum_ <= found.hi
        assert sum_ in (found.lo, found.hi)
        assert 0 < found.hi - found.lo < Decimal("1e-36")


def test_a_derivative_at_an_uncertain_tie_is_one_of_two() -> None:
    """The slopes are 1 and 4 where s + 1 meets 4·s + 1 at s = 0; what is not defined stays so."""
    for text in ("maximum(sum(softmax(x)) + s, 1 + 4*s)", "minimum(1 + 4*s, sum(softmax(x)) + s)"):
        found = value(jacobian(text, "s", 1), enclosures(40), values={"s": np.array(0.0)}).item()
        assert (found.lo, found.hi) == (1, 4)
    for text in ("maximum(sum(softmax(x)), 1/(s - s))", "minimum(1/(s - s), 1)"):
        assert not value(parse_expression(text), enclosures(40)).item().is_defined


def test_rational_numbers_are_exact_as_long_as_they_are_short() -> None:
    with enclosures(40):
        third = evaluate(parse_expression("1/3 + 1/10^200"), {}, {}).item()
        assert third.exact == Fraction(1, 3) + Fraction(1, 10**200)
        assert third.lo < third.exact < third.hi
        unit = evaluate(parse_expression("A*inv(A)"), VALUES, SIZES)
        assert [x.exact for x in unit.flat] == np.eye(len(unit)).ravel().tolist()
        long = evaluate(parse_expression("(1 + 1/3^100)^50"), {}, {}).item()
        assert long.exact is None
        assert long.lo < long.hi
    assert not meet(third, third + third.rational(Fraction(1, 10**300)))
    assert intervals.distance(third, third - third.rational(Fraction(1, 10**300))) == Decimal("1e-300")


@given(NUMBERS, st.sampled_from(["sqrt", *intervals.KNOWN]))
def test_exact_values_of_functions_lie_in_their_intervals(a: Fraction, function: str) -> None:
    with enclosures(20):
        for x in (a, a * a, Fraction(0), Fraction(1)):
            found = intervals.FUNCTIONS[function](intervals.interval_class(20).of(x))
            near = precision.FUNCTIONS[function](precision.decimal(x))
            assert found.exact is None or not near.is_nan()
            assert found.exact is None or abs(precision.decimal(found.exact) - near) < Decimal("1e-20")


def test_small_and_large_numbers_stay_enclosed() -> None:
    """What underflows is not 0, and what overflows has no value."""
    with enclosures(40):
        tiny = evaluate(parse_expression("exp(-10^14)"), {}, {}).item()
        power = evaluate(parse_expression("exp(-10^12)^3"), {}, {}).item()
        assert not evaluate(parse_expression("exp(10^14)"), {}, {}).item().is_defined
    assert tiny.lo <= 0 < tiny.hi
    assert power.lo <= 0 < power.hi


def test_the_whole_powers_of_a_matrix_are_read_from_intervals() -> None:
    with enclosures(40):
        found = evaluate(parse_expression("A^-2"), VALUES, SIZES)
    expected = np.linalg.inv(VALUES["A"] @ VALUES["A"])
    np.testing.assert_allclose(found.astype(float), expected, rtol=1e-12)


def test_interval_of_another_precision_is_rounded_outward() -> None:
    long = intervals.interval_class(60).of(Fraction(1, 3))
    short = intervals.interval_class(20).of(long)
    assert short.lo < long.lo < long.hi < short.hi
    assert math.isclose(float(short), 1 / 3)
    assert repr(short).startswith("[0.333")
    assert repr(intervals.interval_class(20).of(Decimal("nan"))) == "undefined"
