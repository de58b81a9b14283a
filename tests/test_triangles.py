"""`tril` and `triu`: one constant mask in the core, and triangles again in what is printed and emitted."""

from __future__ import annotations

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from interpreter import Printed
from naive import VARIABLES, assert_equal, contraction, fact_point, naive, product_nodes, random_point

import matcalc
from matcalc.assumptions import Facts
from matcalc.evaluate import interpret
from matcalc.expr import Delta, Node, apply_matrix, ones, transpose
from matcalc.raising import Raising
from matcalc.refine import refine
from matcalc.structure import is_mask

RANDOM = np.random.default_rng(7)
L, WIDE, TALL = (apply_matrix("tril", ones(shape), (1, 1)) for shape in (("n", "n"), ("m", "n"), ("n", "m")))
A, S, T = (VARIABLES[name] for name in "AST")
d_n = Delta.make("n")
NOTHING = Facts()


def test_the_mask_is_told_from_other_triangles() -> None:
    assert is_mask(L)
    assert not any(map(is_mask, (S, d_n, apply_matrix("tril", S, (1, 1)), ones(("n", "n")))))


# ---- What is printed ------------------------------------------------------------------------------------------------

ANSWERS = [
    ("tr(A*tril(X))", "X", "tril(A')"),
    ("tr(A*triu(X))", "X", "triu(A')"),
    ("tr(A'*tril(X))", "X", "tril(A)"),
    ("x'*tril(X)*y", "X", "tril(x*y')"),
    ("x'*triu(X)*y", "X", "triu(x*y')"),
    ("x'*tril(X)*y", "x", "y'*tril(X)'"),
    ("tril(X)*x", "x", "tril(X)"),
    ("sum(tril(X))", "X", "tril(ones(m, n))"),
    ("sum(triu(X))", "X", "triu(ones(m, n))"),
    ("norm2(tril(X))^2", "X", "2*tril(X)"),
    ("logdet(tril(X))", "X", "tril(inv(tril(X))')"),
    ("sum(exp(triu(A*B)))", "A", "triu(exp(triu(A*B)))*B'"),
    ("tr(tril(X))", "X", "eye(n)"),
    ("sum(triu(tril(X)).^2)", "X", "2*triu(tril(X))"),
    ("norm2(tril(A*X) - B)^2", "X", "2*A'*tril(tril(A*X) - B)"),
    ("sum(tril(alpha*X).^2)", "alpha", "2*alpha*sum(tril(X.^2))"),
    ("tr(tril(X)'*A*tril(X))", "X", "tril((A + A')*tril(X))"),
]


@pytest.mark.parametrize(("text", "wrt", "answer"), ANSWERS)
def test_triangles_are_printed_as_triangles(text: str, wrt: str, answer: str) -> None:
    derived = matcalc.derive(text, wrt)
    assert derived.text == answer
    assert derived.check().agrees


SIZES = {"m": 2, "n": 3, "p": 4, "k": 5}


@pytest.mark.parametrize("form", ["matrix", "index", "cases"])
@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize(("text", "wrt"), [answer[:2] for answer in ANSWERS] + [
    ("tril(X)", "X"), ("inv(tril(X))", "X"), ("tril(A*X)", "X"), ("tril(x*y')*y", "x"), ("triu(X*Y)", "Y"),
])  # fmt: skip
def test_what_is_printed_reads_back(text: str, wrt: str, order: int, form: str) -> None:
    derived = matcalc.derive(text, wrt, order=order)
    printed = Printed.of(text, derived, derived.to_text(form))
    typed = printed.reading.program
    shapes = {v.name: tuple(SIZES[axis[0]] for axis in v.shape) for v in typed.variables.values()}
    values = {name: np.random.default_rng(len(name)).normal(size=shape) for name, shape in shapes.items()}
    found = printed.kind_and_value(values, SIZES)[1]
    assert_equal(found, printed.reading.value(values, SIZES, typed.extra[1]))


def test_latex() -> None:
    assert matcalc.derive("tr(A*tril(X))", "X").latex() == r"\operatorname{tril}(\mathbf{A}^\top)"


def test_vec_form() -> None:
    assert matcalc.derive("tril(X)", "X").to_text("vec") == "diag(vec(tril(ones(m, n))))"


def test_elements() -> None:
    found = matcalc.derive("tr(A*tril(X))", "X").elements(m=2, n=3)
    symbols = [[sympy.Symbol(f"A_{{{j},{i}}}", real=True) if j <= i else 0 for j in (1, 2)] for i in (1, 2, 3)]
    assert found.tolist() == symbols


@pytest.mark.parametrize(("text", "wrt", "body"), [
    ("tr(A*tril(X))", "X", "return np.tril(A.T)"),
    ("norm2(tril(X))^2", "X", "return 2 * np.tril(X)"),
    ("logdet(tril(X))", "X", "return np.tril(np.linalg.inv(np.tril(X)).T)"),
    ("x'*triu(X)*y", "x", "return y @ np.tril(X.T)"),
])  # fmt: skip
def test_emitted_code_takes_triangles(text: str, wrt: str, body: str) -> None:
    assert matcalc.derive(text, wrt).numpy().splitlines()[-1].strip() == body


@pytest.mark.parametrize("name", ["tril", "triu"])
def test_triangles_of_compound_axes_have_code(name: str) -> None:
    """tril(kron(P, Q)) has a compound row and a compound column index."""
    derived = matcalc.derive(f"sum({name}(kron(P, Q)).^2)", "P", ["P: matrix(m, n)", "Q: matrix(k, p)"])
    P, Q = RANDOM.normal(size=(2, 3)), RANDOM.normal(size=(5, 4))
    kept = getattr(np, name)(np.ones((10, 12))).reshape(2, 5, 3, 4)
    expected = 2 * np.einsum("ij,ikjl,kl->ij", P, kept, Q**2)
    assert_equal(derived.function()(P=P, Q=Q), expected)


# ---- Rules and facts ------------------------------------------------------------------------------------------------

C = contraction


@pytest.mark.parametrize(("node", "simpler"), [
    (C("ij,ij->ij", L, L), L),
    (C("ij,ij,ij->ij", L, S, L), C("ij,ij->ij", S, L)),
    (C("ij,ji->ij", L, L), d_n),
    (C("ij,ji,ij->ij", L, L, S), C("ij,ij->ij", d_n, S)),
    (C("ii->i", L), ones(("n",))),
    (C("ii->", L), C("->", n="n")),
    (C("ii,i->", L, VARIABLES["x"]), C("i->", VARIABLES["x"])),
    (C("ij,ji->ij", WIDE, TALL), C("ij,ji->ij", WIDE, TALL)),
    (C("ij,ij->ij", L, S), C("ij,ij->ij", L, S)),
])  # fmt: skip
def test_masks_meet(node: Node, simpler: Node) -> None:
    assert refine(node, NOTHING) is simpler
    assert_equal(naive(simpler, random_point(node)), naive(node, random_point(node)))


@pytest.mark.parametrize(("properties", "specification", "absorbed"), [
    ("lower", "ij,ij->ij", True), ("upper", "ij,ij->ij", False), ("lower", "ji,ij->ij", False),
    ("upper", "ji,ij->ij", True), ("diagonal", "ij,ij->ij", True), ("diagonal", "ji,ij->ij", True),
    ("symmetric", "ij,ij->ij", False), ("lower", "ik,ij->ij", False),
])  # fmt: skip
def test_a_declared_triangle_is_its_own(properties: str, specification: str, absorbed: bool) -> None:
    node = C(specification, L, S)
    known = {"S": frozenset({properties})}
    found = refine(node, Facts(known))
    assert (found is S) == absorbed
    point = fact_point(known)
    assert_equal(naive(found, point), naive(node, point))


def test_facts_come_after_the_derivative() -> None:
    """The mask of tril(L) stays: entries of L are independent while the derivative is taken."""
    assert matcalc.derive("tr(A*tril(L))", "L", ["L: matrix(n, n) lower"]).text == "tril(A')"
    assert matcalc.derive("tr(A*tril(L)*X)", "X", ["L: matrix(n, n) lower"]).text == "L'*A'"


def test_a_transposed_symmetric_value_is_itself() -> None:
    known = {"S": frozenset({"symmetric"})}
    assert refine(transpose(S, (1, 0)), Facts(known)) is S
    assert refine(transpose(T, (1, 0)), Facts(known)) is not T


@settings(max_examples=300, deadline=None)
@given(product_nodes([L, L, WIDE, TALL, S, A, VARIABLES["x"], VARIABLES["z"], d_n], most=4))
def test_forms_with_masks_have_the_value_of_their_node(node: Node) -> None:
    """Raised as it stands and refined; what has no matrix form is not guessed."""
    point = random_point(node)
    expected = naive(node, point)
    assert_equal(naive(refine(node, NOTHING), point), expected)
    for given_node in (node, refine(node, NOTHING)):
        form = Raising(NOTHING, "numerator").form(given_node)
        if form is not None:
            assert_equal(interpret(form, point.values, point.sizes)[1], expected)


def test_coefficients_stand_in_front() -> None:
    derived = matcalc.derive("-tr(A*tril(X))/2", "X")
    assert derived.text == "-tril(A')/2"
    given_A = RANDOM.normal(size=(3, 2))
    assert_equal(derived.function()(A=given_A, X=np.ones((2, 3))), -np.tril(given_A.T) / 2)
