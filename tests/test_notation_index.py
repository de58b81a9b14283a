"""Entries with deltas, and by cases: the forms of the textbook, equal to the derivative at random points."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from corpus import TASKS

from matcalc.assumptions import Facts
from matcalc.expr import Node, Variable, apply_matrix, call, product
from matcalc.form import Form
from matcalc.inference import TypedProgram, infer
from matcalc.lowering import lower
from matcalc.notation.cases import cases_form
from matcalc.notation.index import index_form, index_names, used_names
from matcalc.notation.text import to_text
from matcalc.parser import parse_expression, parse_program
from matcalc.raising import Raising
from matcalc.sampling import sample, value_at
from matcalc.variables import derivative_form


class Tensor:
    """The derivative of a program's output by a name, in the core and as a form for the interpreter."""

    def __init__(self, source: str, wrt: str, declare: list[str], order: int = 1) -> None:
        self.program = parse_program(source, declare)
        name = self.program.output_name
        output = Form("name", (), name) if name else self.program.output
        form = derivative_form(output, [parse_expression(wrt)] * order)
        self.form = Form(form.head, form.args, "jacobian" if order == 1 else form.value)
        self.typed = infer(self.program, extra=[self.form, parse_expression(wrt)])
        environment = lower(self.typed)
        self.node = environment.lower(self.typed.extra[0]).node
        width = environment.name(wrt).node.order
        self.names = index_names(self.node.order - order * width, [width] * order, self.taken)

    @property
    def taken(self) -> set[str]:
        typed = self.typed
        return {*typed.variables, *typed.assignments, *typed.dimensions}

    @property
    def named(self) -> Callable[[Node], Form | None]:
        facts = Facts({v.name: v.properties for v in self.typed.variables.values()})
        return Raising(facts, "numerator").form

    def with_text(self, text: str) -> TypedProgram:
        """The program with the derivative and another expression beside it, of the same shape."""
        return infer(self.program, extra=[self.form, parse_expression(text)], alike=[(0, 1)])


FORMS = {
    ("A*x", "A"): ("[i,k,l: delta(i,k)*x[l]]", "[i,k,l: x[l] if i==k else 0]"),
    ("B'*B", "B"): (
        "[p,q,i,j: delta(j,p)*B[i,q] + delta(j,q)*B[i,p]]",
        "[p,q,i,j: B[i,q] if j==p and p!=q else B[i,p] if j==q and p!=q else 2*B[i,q] if j==p and p==q else 0]",
    ),
    ("softmax(x)", "x"): (
        "[i,j: delta(i,j)*softmax(x)[i] - softmax(x)[i]*softmax(x)[j]]",
        "[i,j: softmax(x)[i]*(1 - softmax(x)[i]) if i==j else -softmax(x)[i]*softmax(x)[j]]",
    ),
    ("inv(X)", "X"): ("[p,q,i,j: -inv(X)[p,i]*inv(X)[j,q]]", "[p,q,i,j: -inv(X)[p,i]*inv(X)[j,q]]"),
    ("exp(x)", "x"): ("[i,j: delta(i,j)*exp(x[i])]", "[i,j: exp(x[i]) if i==j else 0]"),
    ("relu(W*x)", "W"): ("[i,k,l: delta(i,k)*step(W*x)[i]*x[l]]", "[i,k,l: step(W*x)[i]*x[l] if i==k else 0]"),
    ("X.^3", "X"): (
        "[p,q,i,j: 3*delta(i,p)*delta(j,q)*X[p,q]^2]",
        "[p,q,i,j: 3*X[p,q]^2 if i==p and j==q else 0]",
    ),
    ("x./y", "y"): ("[i,j: -delta(i,j)*x[i]/y[i]^2]", "[i,j: -x[i]/y[i]^2 if i==j else 0]"),
    ("diag(x)", "x"): ("[i,j,k: delta(i,j)*delta(i,k)]", "[i,j,k: 1 if i==j and i==k else 0]"),
    ("tr(X)", "X"): ("[i,j: delta(i,j)]", "[i,j: 1 if i==j else 0]"),
    ("tr(A*X)", "X"): ("[i,j: A[j,i]]", "[i,j: A[j,i]]"),
    ("norm2(A*x - b)", "x"): (
        "[i: sum[r: (A*x - b)[r]*A[r,i]]/norm2(A*x - b)]",
        "[i: sum[r: (A*x - b)[r]*A[r,i]]/norm2(A*x - b)]",
    ),
    ("sum(r)^2", "r"): ("[i: 2*sum(r)]", "[i: 2*sum(r)]"),
    ("softmax(X)", "X"): (
        "[p,q,i,j: delta(i,p)*delta(j,q)*softmax(X)[p,q] - delta(i,p)*softmax(X)[p,q]*softmax(X)[p,j]]",
        "[p,q,i,j: -softmax(X)[p,q]*softmax(X)[p,j] if i==p and j!=q "
        "else softmax(X)[p,q]*(1 - softmax(X)[p,q]) if i==p and j==q else 0]",
    ),
}


@pytest.mark.parametrize(("source", "wrt", "index", "cases"), [(*key, *texts) for key, texts in FORMS.items()])
def test_entries_read_as_in_a_textbook(source: str, wrt: str, index: str, cases: str) -> None:
    tensor = Tensor(source, wrt, [])
    assert to_text(index_form(tensor.node, tensor.names, tensor.named)) == index
    assert to_text(cases_form(tensor.node, tensor.names, tensor.named)) == cases


# ---- The same values as the derivative ------------------------------------------------------------------------------


def entries_can_be_written(task) -> bool:
    """True unless an axis of the derivative or of a variable is made of several dimensions."""
    tensor = Tensor(task.source, task.wrt, task.declare, task.order)
    shapes = [tensor.typed.extra[0].shape or (), *(v.shape for v in tensor.typed.variables.values())]
    return all(len(axis) == 1 for shape in shapes for axis in shape)


WRITABLE = [task for task in TASKS if task.layout == "numerator" and entries_can_be_written(task)]


def test_nearly_all_tasks_can_be_written_by_entries() -> None:
    assert len(WRITABLE) > 0.9 * len(TASKS)


@pytest.mark.parametrize("make", [index_form, cases_form])
@pytest.mark.parametrize("task", WRITABLE, ids=lambda task: task.name)
def test_entries_with_matrix_forms_are_the_derivative(task, make) -> None:
    tensor = Tensor(task.source, task.wrt, task.declare, task.order)
    agree(tensor, to_text(make(tensor.node, tensor.names, tensor.named)), task)


@pytest.mark.parametrize("make", [index_form, cases_form])
@pytest.mark.parametrize("task", WRITABLE[::3], ids=lambda task: task.name)
def test_entries_without_matrix_forms_are_the_derivative(task, make) -> None:
    tensor = Tensor(task.source, task.wrt, task.declare, task.order)
    agree(tensor, to_text(make(tensor.node, tensor.names, lambda node: None)), task)


def agree(tensor: Tensor, text: str, task) -> None:
    """The text and the derivative, both read by the interpreter, have one value at a random point."""
    typed = tensor.with_text(text)
    point = sample(typed, seed=1, sizes={d: n for d, n in task.sizes.items() if d in typed.dimensions})
    expected, found = (value_at(typed, form, point) for form in typed.extra)
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-9, err_msg=text)


# ---- Names of indices -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("orders", "names"),
    [
        ((0, [1]), ("", "i")),
        ((0, [2]), ("", "ij")),
        ((1, [1]), ("i", "j")),
        ((1, [2]), ("i", "kl")),
        ((2, [2]), ("pq", "ij")),
        ((2, [1]), ("ij", "k")),
        ((2, [0]), ("ij", "")),
        ((1, [1, 1]), ("i", "j", "k")),
        ((0, [1, 1]), ("", "i", "j")),
        ((0, [2, 2]), ("", "ij", "kl")),
        ((2, [2, 2]), ("pq", "ij", "kl")),
    ],
)
def test_indices_are_those_of_the_textbook(orders: tuple[int, list[int]], names: tuple[str, ...]) -> None:
    assert index_names(*orders) == tuple(map(tuple, names))


def test_names_of_the_program_are_no_indices() -> None:
    names = index_names(2, [2], {"p", "i", "k"})
    flat = [name for group in names for name in group]
    assert len(set(flat)) == 4
    assert not {"p", "i", "k"} & set(flat)


def test_any_number_of_indices_has_names() -> None:
    flat = [name for group in index_names(20, [20, 3]) for name in group]
    assert len(set(flat)) == 43


def test_bound_indices_avoid_variables_and_names_that_a_matrix_form_brings_in() -> None:
    s, r = Variable.make("s", ("n",)), Variable.make("r", ("n", "n"))
    node = product(1, [(r, "ij"), (call("exp", s), "j")], "i")
    brought = Form("name", (), "t", kind="column", shape=(("n",),))
    form = index_form(node, [["i"]], lambda part: brought if part.operands == (s,) else None)
    assert used_names(node) == {"s", "r", "n"}
    assert to_text(form) == "[i: sum[t: r[i,t]*exp(s[t])]]"
    form = index_form(node, [["i"]], lambda part: brought)
    assert to_text(form) == "[i: sum[t: r[i,t]*exp(s[t])]]"
    outer = product(1, [(r, "ij"), (call("exp", node), "j")], "i")
    assert to_text(index_form(outer, [["i"]], lambda part: brought)) == "[i: sum[u: r[i,u]*t[u]]]"


def test_a_matrix_function_without_a_form_is_one_of_its_entries() -> None:
    A = Variable.make("A", ("n", "n"))
    node = apply_matrix("inv", product(1, [(A, "ij"), (A, "jk")], "ik"), (1, 1))
    assert to_text(index_form(node, [["i", "j"]], lambda part: None)) == (
        "[i,j: inv([r,s: sum[t: A[r,t]*A[t,s]]])[i,j]]"
    )


# ---- Cost -----------------------------------------------------------------------------------------------------------


def test_depth_is_no_matter() -> None:
    A, x = Variable.make("A", ("n", "n")), Variable.make("x", ("n",))
    node = x
    for _ in range(500):
        node = call("tanh", product(1, [(A, "ij"), (node, "j")], "i"))
    assert to_text(index_form(node, [["i"]], lambda part: None)).count("tanh") == 500


def test_many_pairs_of_indices_stay_with_deltas() -> None:
    tensor = Tensor("diag(x)*diag(y)*diag(z)", "x", [])
    six = product(1, [(tensor.node, "abc"), (tensor.node, "def")], "abcdef")
    assert "delta" not in to_text(cases_form(six, [["a", "b", "c", "d", "e", "f"]], lambda part: None))
    nine = product(1, [(six, "abcdef"), (tensor.node, "ghi")], "abcdefghi")
    assert "delta" in to_text(cases_form(nine, [list("abcdefghi")], lambda part: None))
