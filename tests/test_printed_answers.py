"""What is printed: the answers of the textbooks, spacing aside, and that every text can be read back.

An answer may take one of several forms that a textbook would print; they are listed as data. The forms of one
entry are equal by rules that a reader applies without a pencil: a sum in another order, a common factor on the
other side, a transpose taken inside.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest
from corpus import TASKS, Task, draw
from interpreter import Printed
from tasks import derived, emitted_value, functions_of, named

import matcalc


@dataclass(frozen=True)
class Answer:
    """A derivation and the texts that a textbook would print for it."""

    source: str
    wrt: str
    texts: tuple[str, ...]
    declare: tuple[str, ...] = ()
    form: str = "matrix"
    options: dict = field(default_factory=dict)


def answer(source: str, wrt: str, *texts: str, declare: tuple[str, ...] = (), form: str = "matrix", **options) -> Answer:
    return Answer(source, wrt, texts, declare, form, options)


DENOMINATOR = {"layout": "denominator"}
SIMPLEX = ("theta: vector(C)", "y: vector(C) simplex")

ANSWERS = {
    "quadratic-form": answer("x'*A*x", "x", "x'*(A + A')", "x'*(A' + A)"),
    "quadratic-form-denominator": answer("x'*A*x", "x", "(A + A')*x", "(A' + A)*x", **DENOMINATOR),
    "quadratic-form-symmetric": answer("x'*A*x", "x", "2*x'*A", declare=("A: matrix(n, n) symmetric",)),
    "quadratic-form-symmetric-denominator": answer(
        "x'*A*x", "x", "2*A*x", declare=("A: matrix(n, n) symmetric",), **DENOMINATOR
    ),
    "quadratic-form-hessian": answer("x'*A*x", "x", "A + A'", "A' + A", order=2),
    "least-squares": answer("norm2(A*x-b)^2", "x", "2*(A*x - b)'*A"),
    "least-squares-denominator": answer("norm2(A*x-b)^2", "x", "2*A'*(A*x - b)", **DENOMINATOR),
    "least-squares-hessian": answer("norm2(A*x-b)^2", "x", "2*A'*A", order=2),
    "trace-quadratic": answer("tr(A*X'*B*X*C)", "X", "B*X*C*A + B'*X*A'*C'", "B'*X*A'*C' + B*X*C*A"),
    "log-determinant": answer("logdet(X)", "X", "inv(X)'"),
    "bilinear-form": answer("a'*X*b", "X", "a*b'"),
    "inverse-bilinear": answer("a'*inv(X)*b", "X", "-inv(X)'*a*b'*inv(X)'"),
    "inverse-by-a-scalar": answer(
        "inv(A)", "alpha", "-inv(A)*d(A)/d(alpha)*inv(A)", declare=("alpha: scalar", "A(alpha): matrix(m, m)")
    ),
    "softmax": answer("softmax(x)", "x", "diag(softmax(x)) - softmax(x)*softmax(x)'"),
    "cross-entropy-simplex": answer("crossentropy(y, softmax(theta))", "theta", "(softmax(theta) - y)'", declare=SIMPLEX),
    "cross-entropy-simplex-denominator": answer(
        "crossentropy(y, softmax(theta))", "theta", "softmax(theta) - y", declare=SIMPLEX, **DENOMINATOR
    ),
    "cross-entropy": answer(
        "crossentropy(y, softmax(theta))", "theta", "sum(y)*softmax(theta)' - y'", "(sum(y)*softmax(theta) - y)'",
        declare=("theta: vector(C)", "y: vector(C)"),
    ),
    "unknown-layer": answer("f(W*x+b)", "x", "diag(f'(W*x + b))*W", declare=("f: function",)),
    "sandwich-vec": answer("A*X*B", "X", "kron(B', A)", form="vec"),
    "factorization-hessian-vec": answer(
        "norm2(T - U*V')^2", "U", "2*kron(V'*V, eye(m))", "2*kron(V'*V, eye)", form="vec", order=2,
        declare=("T: matrix(m, n)", "U: matrix(m, k)", "V: matrix(n, k)"),
    ),
    "matrix-times-vector": answer("A*x", "x", "A"),
    "matrix-times-vector-denominator": answer("A*x", "x", "A'", **DENOMINATOR),
    "linear-form": answer("x'*a", "x", "a'"),
    "linear-form-denominator": answer("x'*a", "x", "a", **DENOMINATOR),
    "square-norm": answer("x'*x", "x", "2*x'"),
    "square-norm-denominator": answer("x'*x", "x", "2*x", **DENOMINATOR),
    "trace": answer("tr(A*X)", "X", "A'"),
    "frobenius": answer("norm2(X)^2", "X", "2*X"),
    "determinant": answer("det(X)", "X", "det(X)*inv(X)'", "adj(X)'"),
    "matrix-by-itself-vec": answer("X", "X", "eye(m*n)", "kron(eye(n), eye(m))", form="vec", declare=("X: matrix(m, n)",)),
    "log-sum-exp": answer("logsumexp(x)", "x", "softmax(x)'"),
    "layer": answer("tanh(W*x)", "x", "diag(1 - tanh(W*x).^2)*W"),
    "exponential": answer("exp(x)", "x", "diag(exp(x))"),
    "entries-of-a-product": answer("A*x", "A", "[i,k,l: delta(i,k)*x[l]]", "[i,k,l: x[l]*delta(i,k)]", form="index"),
    "entries-of-a-gram-matrix": answer(
        "B'*B", "B", "[p,q,i,j: delta(j,p)*B[i,q] + delta(j,q)*B[i,p]]", "[p,q,i,j: B[i,q]*delta(j,p) + B[i,p]*delta(j,q)]",
        form="index",
    ),
    "cases-of-a-gram-matrix": answer(
        "B'*B", "B",
        "[p,q,i,j: B[i,q] if j==p and p!=q else B[i,p] if j==q and p!=q else 2*B[i,q] if j==p and p==q else 0]",
        form="cases",
    ),
}  # fmt: skip


def derivative(case: Answer) -> matcalc.Derivative:
    return matcalc.derive(case.source, wrt=case.wrt, declare=list(case.declare), **case.options)


def compact(text: str) -> str:
    """A text without its spaces."""
    return "".join(text.split())


@pytest.mark.parametrize("case", ANSWERS.values(), ids=ANSWERS.keys())
def test_answer_is_that_of_the_textbook(case: Answer) -> None:
    assert compact(derivative(case).to_text(form=case.form)) in map(compact, case.texts)


def test_logistic_hessian_names_the_sigmoid() -> None:
    """A part that is used twice gets a name, which `where` explains."""
    found = matcalc.derive("sum(log(1+exp(X*w)))", wrt="w", order=2, declare=["X: matrix(m, n)", "w: vector(n)"])
    ((name, meaning),) = found.where.items()
    assert compact(meaning) == "sigmoid(X*w)"
    assert compact(found.text) == compact(f"X'*diag({name}.*(1 - {name}))*X")


# Reading back. The interpreter evaluates what was printed, with the declarations that the answer states.

FORMS = ("matrix", "index", "cases")
READABLE = [task for task in TASKS if not task.dependents]
FOUR_AXES = [task for task in READABLE if task.name in (
    "matrix-by-itself", "matrix-by-its-transpose", "matrix-product-by-left", "matrix-product-by-right", "matrix-sandwich",
    "gram-matrix", "gram-matrix-other-side", "hadamard-product", "matrix-square", "matrix-cube", "inverse", "power-of-product",
    "factorization-hessian-left", "factorization-hessian-right", "trace-of-square-hessian", "trace-of-product-hessian",
    "logdet-hessian", "trace-of-inverse-hessian", "inverse-bilinear-hessian", "ridge-hessian", "matrix-power-four-hessian",
    "exp-of-rectangle", "scalar-minus-matrix", "kalman-gain", "matrix-power-one", "many-uses-of-a-matrix",
)]  # fmt: skip


def read_back(task: Task, form: str = "matrix") -> Printed:
    """What is printed in a form, read beside the derivative that it claims to be."""
    found = derived(task)
    return Printed.of(task.source, found, found.to_text(form=form), functions_of(task))


def assert_agree(found: np.ndarray, expected: np.ndarray) -> None:
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9 * np.abs(expected).max(initial=1e-3))


@pytest.mark.parametrize("form", FORMS)
@named(READABLE)
def test_text_reads_back_as_the_derivative(task: Task, form: str) -> None:
    """What is printed is an expression of the language with the value of the derivative."""
    arrays = draw(task)
    _, value = read_back(task, form).kind_and_value(arrays)
    assert_agree(value, emitted_value(task, arrays))


@named(READABLE)
def test_text_has_the_kind_of_the_derivative(task: Task) -> None:
    """A gradient is a row in numerator layout and a column in denominator layout, as d(E)/d(X) itself is."""
    arrays = draw(task)
    answer = read_back(task)
    assert answer.kind_and_value(arrays)[0] == answer.expected_kind(arrays)


@named(FOUR_AXES)
def test_vec_form_reads_back_as_the_jacobian_of_columns(task: Task) -> None:
    """The vec form is the matrix of d(vec(E))/d(vec(X)), or the Hessian by vec(X)."""
    arrays = draw(task)
    expected = emitted_value(task, arrays).transpose(1, 0, 3, 2)
    rows, columns = expected.shape[0] * expected.shape[1], expected.shape[2] * expected.shape[3]
    _, value = read_back(task, "vec").kind_and_value(arrays)
    assert_agree(value, expected.reshape(rows, columns))


def test_vec_form_is_refused_where_there_is_none() -> None:
    """Three axes more than a matrix has are no matrix; the message says so."""
    with pytest.raises(matcalc.MatcalcError, match="vec"):
        matcalc.derive("inv(X)", wrt="X", order=2).to_text(form="vec")
