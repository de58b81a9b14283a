"""Names that an answer introduces: only for parts that stand twice, never one that is taken, the same in every run."""

from __future__ import annotations

import re

import pytest

import matcalc
from matcalc.expr import Node, Unknown, Variable, add, apply_elementwise
from matcalc.form import Form, name, number
from matcalc.inference import infer_expression
from matcalc.naming import Naming, name_uses, reachable, replace_names
from matcalc.notation.text import to_text

#: Sources whose answers introduce names, with the variable and the order.
NAMED = {
    "logistic-hessian": ("sum(log(1 + exp(X*w)))", "w", 2),
    "softmax-layer": ("sum(softmax(W*x).*y)", "x", 1),
    "tanh-layer": ("sum(tanh(W*x).^2)", "x", 1),
    "two-layers": ("norm2(tanh(V*tanh(W*x)) - y)^2", "W", 1),
    "inverse": ("tr(inv(X*A)*B)", "X", 1),
    "sine": ("norm2(sin(W*x).*y - sin(W*x))^2", "x", 1),
}
TAKEN = "s: scalar; t: scalar; p: scalar; u: scalar"


def derived(key: str, **options) -> matcalc.Derivative:
    source, wrt, order = NAMED[key]
    return matcalc.derive(source, wrt=wrt, order=order, **options)


def words(text: str) -> list[str]:
    return re.findall(r"[A-Za-z_]\w*", text)


@pytest.mark.parametrize("key", NAMED)
def test_a_name_stands_at_least_twice(key: str) -> None:
    answer = derived(key)
    shown = words(" ".join([answer.text, *answer.where.values()]))
    assert answer.where
    assert min(shown.count(part) for part in answer.where) >= 2


@pytest.mark.parametrize("key", NAMED)
def test_every_name_that_an_answer_uses_is_explained(key: str) -> None:
    """By the declarations, as a function, or by `where`, in which definitions use only earlier names."""
    answer = derived(key)
    known = {line.split(":")[0].split("(")[0] for line in answer.declarations} | FUNCTIONS
    sizes = set(re.findall(r"\w+", " ".join(line.partition(":")[2] for line in answer.declarations)))
    for part, text in answer.where.items():
        assert set(words(text)) <= known | sizes
        known.add(part)
    assert set(words(answer.text)) <= known | sizes


FUNCTIONS = {"diag", "sin", "cos", "sum", "softmax", "sigmoid", "tanh", "inv", "exp", "norm2", "eye", "ones"}


@pytest.mark.parametrize("key", NAMED)
def test_names_are_not_those_of_the_program(key: str) -> None:
    """The first choices s, t, p, u are taken by variables that occur in the expression."""
    source, wrt, order = NAMED[key]
    answer = matcalc.derive(f"({source})*s*t*p*u", wrt=wrt, order=order, declare=TAKEN)
    variables = {line.split(":")[0] for line in answer.declarations}
    assert variables >= {"s", "t", "p", "u"}
    assert variables & set(answer.where) == set()


def test_names_are_not_those_of_dimensions() -> None:
    answer = derived("softmax-layer", declare="W: matrix(p, s); x: vector(s); y: vector(p)")
    assert {"p", "s"} & set(answer.where) == set()
    assert len(answer.where) == 1


def test_names_are_not_those_of_assigned_values() -> None:
    answer = matcalc.derive("p = W*x\nJ = sum(softmax(p).*y)", wrt="x")
    assert "p" not in answer.where
    assert len(answer.where) == 1


def test_a_letter_suits_its_function() -> None:
    found = {key: {part: text.partition("(")[0] for part, text in derived(key).where.items()} for key in NAMED}
    assert found["logistic-hessian"] == {"s": "sigmoid"}
    assert found["softmax-layer"] == {"p": "softmax"}
    assert found["tanh-layer"] == {"t": "tanh"}
    assert found["inverse"] == {"V": "inv"}


@pytest.mark.parametrize("key", NAMED)
def test_names_are_the_same_each_time(key: str) -> None:
    """Whatever was asked for before: another notation, another answer."""
    first, second = derived(key), derived(key)
    assert second.index == first.index
    assert list(second.where.items()) == list(first.where.items())
    assert second.text == first.text


@pytest.mark.parametrize(("source", "wrt"), [
    ("exp(x)", "x"), ("x'*A*x", "x"), ("a'*inv(X)*b", "X"), ("tanh(x)'*tanh(x)", "x"), ("sum(softmax(x).*y)", "x"),
    ("norm2(A*x - b)^2", "x"), ("sum(exp(A*x))", "x"), ("det(X)", "X"),
])  # fmt: skip
def test_small_parts_and_parts_used_once_have_no_name(source: str, wrt: str) -> None:
    assert matcalc.derive(source, wrt=wrt).where == {}


def test_a_part_never_takes_a_name_of_the_program() -> None:
    answer = matcalc.derive("z = W*x\nt = tanh(z)\nJ = sum(t.*t)", wrt="x")
    assert answer.where == {"s": "tanh(W*x)"}


# The parts of it


x, y = (Variable.make(letter, ("n",)) for letter in "xy")
COLUMN = {"kind": "column", "shape": (("n",),)}


def naming_of(root: Node, source: str = "x'*y", *taken: str) -> Naming:
    return Naming(infer_expression(source, ["x: vector(n)", "y: vector(n)"]), root, taken)


def call_form(function: str, argument: Form) -> Form:
    return Form("call", (argument,), function, **COLUMN)


SUM_FORM = Form("add", (name("x", **COLUMN), name("y", **COLUMN)), **COLUMN)


def test_a_part_is_named_if_it_is_used_twice_and_not_tiny() -> None:
    inner = apply_elementwise("tanh", add([x, y]))
    twice = apply_elementwise("maximum", inner, inner)
    assert naming_of(twice).name_for(inner, call_form("tanh", SUM_FORM)) == "t"
    assert naming_of(inner).name_for(inner, call_form("tanh", SUM_FORM)) is None
    assert naming_of(twice).name_for(inner, call_form("tanh", name("x", **COLUMN))) is None


def test_a_part_keeps_its_name() -> None:
    inner = Unknown.make("f", 0, add([x, y]))
    naming = naming_of(apply_elementwise("maximum", inner, inner))
    given = naming.name_for(inner, call_form("f", SUM_FORM))
    assert given is not None
    assert naming.name_for(inner, call_form("f", SUM_FORM)) == given


def test_two_parts_get_two_names_and_no_index_is_taken() -> None:
    parts = [apply_elementwise("tanh", add([x, y])), apply_elementwise("tanh", x - y)]
    root = apply_elementwise("maximum", apply_elementwise("maximum", *parts), apply_elementwise("minimum", *parts))
    naming = naming_of(root, "x'*y", "t", "s")
    given = [naming.name_for(part, call_form("tanh", SUM_FORM)) for part in parts]
    assert given == ["u", "v"]


def test_names_do_not_run_out() -> None:
    letters = list("stuvwpqrgh")
    inner = apply_elementwise("tanh", add([x, y]))
    naming = naming_of(apply_elementwise("maximum", inner, inner), "x'*y", *letters)
    assert naming.name_for(inner, call_form("tanh", SUM_FORM)) == "t1"


def plus(*names: str) -> Form:
    return Form("add", tuple(name(part, **COLUMN) for part in names), **COLUMN)


SETTLED = {
    "kept": (plus("t", "t"), {"t": plus("x", "y")}, "t + t", {"t": "x + y"}),
    "used-once": (plus("t", "x"), {"t": call_form("exp", plus("x", "y"))}, "exp(x + y) + x", {}),
    "not-used": (plus("x", "y"), {"t": plus("x", "y")}, "x + y", {}),
    "used-by-another": (
        plus("t", "t", "u"), {"u": call_form("exp", plus("x", "y")), "t": call_form("sin", plus("u", "x"))},
        "t + t + u", {"u": "exp(x + y)", "t": "sin(u + x)"},
    ),
    "used-once-by-another": (
        plus("t", "t"), {"u": call_form("exp", plus("x", "y")), "t": call_form("sin", plus("u", "x"))},
        "t + t", {"t": "sin(exp(x + y) + x)"},
    ),
    "chain-of-single-uses": (
        plus("t", "x"), {"u": call_form("exp", name("x", **COLUMN)), "t": call_form("sin", name("u", **COLUMN))},
        "sin(exp(x)) + x", {},
    ),
}  # fmt: skip


@pytest.mark.parametrize("key", SETTLED)
def test_names_used_once_are_replaced_by_what_they_stand_for(key: str) -> None:
    form, named, text, where = SETTLED[key]
    settled, definitions = naming_of(x).settle(form, named)
    assert to_text(settled) == text
    assert {part: to_text(meaning) for part, meaning in definitions.items()} == where


def test_reachable_names_go_through_definitions() -> None:
    named = {"u": plus("x", "y"), "t": plus("u", "x"), "w": plus("x", "x")}
    assert list(reachable(plus("t", "y"), named)) == ["t", "u"]


def test_uses_of_a_shared_part_are_counted_as_often_as_it_stands() -> None:
    shared = plus("t", "x")
    form = Form("add", (shared, shared, number(1)), **COLUMN)
    assert name_uses(form)["t"] == 2


def test_replacing_goes_through_what_is_put_in() -> None:
    made = replace_names(plus("t", "y"), {"t": plus("u", "x"), "u": call_form("exp", name("y", **COLUMN))})
    assert to_text(made) == "exp(y) + x + y"
    same = plus("x", "y")
    assert replace_names(same, {"t": plus("x", "x")}) is same
