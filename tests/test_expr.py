"""Core nodes: one object for equal nodes, digests that do not depend on the process, the invariants of the makers."""

from __future__ import annotations

import os
import string
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from naive import SIZES, VARIABLES, Point, assert_equal, contraction, graphs, naive, random_point
from sympy import Basic

from matcalc.expr import (
    Add,
    Constant,
    Delta,
    Derivative,
    Node,
    Number,
    Power,
    Product,
    Size,
    Unknown,
    Variable,
    add,
    apply_elementwise,
    apply_matrix,
    expand,
    expanded_scalar,
    identity,
    is_zero,
    ones,
    power,
    product,
    rebuild,
    scale,
    split_coefficient,
    transpose,
    zero,
)

A, B, D, S, T = (VARIABLES[name] for name in "ABDST")
s, t, x, y, z = (VARIABLES[name] for name in "stxyz")
d_n = Delta.make("n")
HALF = Fraction(1, 2)
U = Variable.make("U", ("m",), [("x", x), ("s", s)])

#: One node of each kind and then some, pairwise different.
NODES: dict[str, Node] = {
    "variable": A,
    "variable-of-another-name": D,
    "variable-of-another-shape": Variable.make("A", ("n", "m")),
    "variable-of-integer-shape": Variable.make("A", (2, 3)),
    "dependent-variable": U,
    "dependent-on-another": Variable.make("U", ("m",), [("y", y), ("s", s)]),
    "derivative-by-first": Derivative.make(U, (0,)),
    "derivative-by-second": Derivative.make(U, (1,)),
    "derivative-by-both": Derivative.make(U, (1, 0)),
    "derivative-by-first-twice": Derivative.make(U, (0, 0)),
    "number": Number.make(Fraction(-2, 3)),
    "another-number": Number.make(Fraction(2, 3)),
    "size": Size.make("n"),
    "another-size": Size.make("m"),
    "constant": Constant.make("pi"),
    "delta": d_n,
    "another-delta": Delta.make("m"),
    "negative": -A,
    "sum": A + D,
    "difference": A - D,
    "product": contraction("ij,jk->ik", A, B),
    "product-transposed": contraction("ij,jk->ki", A, B),
    "product-scaled": contraction("ij,jk->ik", A, B, coefficient=-3),
    "product-of-three": contraction("ij,i,j->ij", A, z, x),
    "trace": contraction("ii->", S),
    "total": contraction("ij->", S),
    "diagonal": contraction("ii->i", S),
    "ones": ones(("m", "n")),
    "zeros": zero(("m", "n")),
    "expanded": expand(s, ("n",)),
    "square": power(x, Fraction(2)),
    "root": power(x, HALF),
    "elementwise": apply_elementwise("tanh", x),
    "elementwise-of-two": apply_elementwise("maximum", x, y),
    "elementwise-of-two-swapped": apply_elementwise("maximum", y, x),
    "matrix-function": apply_matrix("inv", S, (1, 1)),
    "rows-of-softmax": apply_matrix("softmax", A, (1,)),
    "softmax-of-all": apply_matrix("softmax", A, (2,)),
    "unknown": Unknown.make("f", 0, x),
    "unknown-derivative": Unknown.make("f", 1, x),
    "another-unknown": Unknown.make("g", 0, x),
}


# One object


AGAIN: dict[str, tuple[Node, Node]] = {
    "variable": (A, Variable.make("A", ("m", "n"))),
    "number": (Number.make(2), Number.make(Fraction(4, 2))),
    "size-of-a-number": (Size.make(7), Number.make(7)),
    "letters": (contraction("ij,jk->ik", A, B), contraction("pq,qr->pr", A, B)),
    "labels-of-any-type": (contraction("ij,j->i", A, x), product(1, [(A, (("a", 0), None)), (x, (None,))], [("a", 0)])),
    "sum": (A + D, add([A, D])),
    "derivative": (Derivative.make(U, (0, 1)), Derivative.make(U, (1, 0))),
    "transpose-twice": (transpose(transpose(A, (1, 0)), (1, 0)), A),
    "rotation-thrice": (
        transpose(transpose(transpose(contraction("i,jk->ijk", x, A), (1, 2, 0)), (1, 2, 0)), (1, 2, 0)),
        contraction("i,jk->ijk", x, A),
    ),
    "negative-twice": (-NODES["negative"], A),
    "half-of-twice": (scale(HALF, scale(2, A)), A),
    "coefficients": (contraction("ij,j->i", 2 * A, 3 * x), contraction("ij,j->i", A, x, coefficient=6)),
    "number-among-factors": (product(5, [(Number.make(HALF), ""), (x, "i")], "i"), scale(Fraction(5, 2), x)),
    "one-operand-product-inside": (contraction("ji,i->j", transpose(A, (1, 0)), z), contraction("ij,i->j", A, z)),
    "difference": (A - D, add([A, scale(-1, D)])),
    "negative-of-a-product": (-contraction("ij,j->i", A, x), contraction("ij,j->i", A, x, coefficient=-1)),
    "number-plus-tensor": (1 + x, add([x, ones(("n",))])),
    "number-minus-tensor": (1 - x, add([ones(("n",)), scale(-1, x)])),
    "tensor-minus-scalar": (s - s * Number.make(1), zero(())),
    "expanded-in-a-sum": (x + s, add([x, expand(s, ("n",))])),
    "quotient": (1 / x, power(x, Fraction(-1))),
}


@pytest.mark.parametrize("name", AGAIN)
def test_equal_nodes_are_one_object(name: str) -> None:
    first, second = AGAIN[name]
    assert first is second
    assert hash(first) == hash(second)


def test_different_nodes_are_different() -> None:
    assert len(set(NODES.values())) == len(NODES)
    assert A != D


def test_sums_keep_the_order_in_which_they_are_written() -> None:
    assert (A + D).operands == (A, D)
    assert (D + A).operands == (D, A)


@pytest.mark.parametrize("name", NODES)
def test_a_node_is_made_again_from_its_function_and_arguments(name: str) -> None:
    """`node.func(*node.args) is node`, as SymPy expects of a Basic."""
    node = NODES[name]
    assert isinstance(node, Basic)
    assert node.func(*node.args) is node


@pytest.mark.parametrize("name", NODES)
def test_a_node_is_rebuilt_from_its_operands(name: str) -> None:
    node = NODES[name]
    assert rebuild(node, node.operands) is node
    assert rebuild(node, tuple(operand for operand in node.operands)) is node


def test_rebuilding_puts_other_operands_in() -> None:
    assert rebuild(contraction("ij,j->i", A, x), (D, y)) is contraction("ij,j->i", D, y)
    assert rebuild(A + D, (D, D)) is scale(2, D)
    assert rebuild(power(x, Fraction(-1)), (power(y, Fraction(-1)),)) is y
    assert rebuild(apply_elementwise("exp", x), (y,)) is apply_elementwise("exp", y)


# Digests


def test_digests_tell_nodes_apart() -> None:
    assert len({node.digest for node in NODES.values()}) == len(NODES)


SCRIPT = """
import sys
sys.path.insert(0, sys.argv[1])
from test_expr import NODES
print(" ".join(node.digest.hex() for node in reversed(NODES.values())))
"""


def test_digests_do_not_depend_on_the_process() -> None:
    """Another hash seed, and another order of asking."""
    here = Path(__file__).resolve().parent
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(here)], capture_output=True, text=True, check=True, cwd=here.parent,
        env={**os.environ, "PYTHONHASHSEED": "4242", "PYTHONPATH": str(here.parent)},
    )  # fmt: skip
    assert run.stdout.split()[::-1] == [node.digest.hex() for node in NODES.values()]


# Products


def test_a_delta_with_a_summed_index_renames_it() -> None:
    assert contraction("ij,j->i", d_n, x) is x
    assert contraction("ij,jk->ik", d_n, B) is B
    assert contraction("ij,jk,kl->il", d_n, S, d_n) is S
    assert contraction("ij,ij->", d_n, S) is contraction("ii->", S)


def test_a_delta_between_two_indices_of_the_result_stays() -> None:
    node = contraction("ij,j->ij", d_n, x)
    assert isinstance(node, Product)
    assert node.operands == (d_n, x)
    assert node.labels == ((0, 1), (0,))


def test_the_later_index_of_a_delta_is_replaced_by_the_earlier() -> None:
    assert contraction("ij,jk->ijk", d_n, B) is contraction("ij,ik->ijk", d_n, B)
    assert contraction("ij,ij->ij", d_n, S) is contraction("ij,ii->ij", d_n, S)


def test_chains_of_deltas_hang_on_the_first_index() -> None:
    node = contraction("ij,jk->ijk", d_n, d_n)
    assert isinstance(node, Product)
    assert sorted(node.labels) == [(0, 1), (0, 2)]
    assert contraction("jk,ik->ijk", d_n, d_n) is node


def test_a_closed_delta_is_its_dimension() -> None:
    assert contraction("ii->", d_n) is Size.make("n")
    assert contraction("ij,ij->", d_n, d_n) is Size.make("n")
    assert contraction("ii->", Delta.make(5)) is Number.make(5)


def test_a_delta_of_one_index_is_one_everywhere() -> None:
    assert contraction("ii->i", d_n) is ones(("n",))


def test_an_index_of_the_result_that_no_factor_carries_is_an_axis_of_ones() -> None:
    node = contraction("i->ij", z, j="n")
    assert node.shape == ("m", "n")
    assert_equal(naive(node, Point({"z": np.array([2.0, 5.0])})), np.array([[2.0, 2.0, 2.0], [5.0, 5.0, 5.0]]))


def test_a_summed_index_that_no_factor_carries_is_its_dimension() -> None:
    assert contraction("i->i", x, k="m") is product(1, [(x, "i"), (Size.make("m"), "")], "i")
    assert contraction("i->i", x, k=4) is scale(4, x)
    assert contraction("->", k="m", l="n") is product(1, [(Size.make("m"), ""), (Size.make("n"), "")], "")
    assert contraction("ij->j", ones(("m", "n"))) is expand(Size.make("m"), ("n",))


@pytest.mark.parametrize("node", [A, contraction("ij,j->i", A, x), Number.make(3), ones(("n",))])
def test_zero_times_anything_is_zero(node: Node) -> None:
    assert scale(0, node) is zero(node.shape)
    assert is_zero(scale(0, node))
    assert not is_zero(node)


def test_products_of_several_factors_are_kept_as_they_are_written() -> None:
    """(A*B)*C has two products: the user's own association is where adjoints meet."""
    C = VARIABLES["C"]
    left = contraction("ij,jk->ik", contraction("ij,jk->ik", A, B), C)
    right = contraction("ij,jk->ik", A, contraction("ij,jk->ik", B, C))
    assert left is not right
    assert left.operands == (contraction("ij,jk->ik", A, B), C)


def test_flatten_lays_open_the_products_it_selects() -> None:
    C = VARIABLES["C"]
    inner = contraction("ij,jk->ik", A, B)
    opened = product(1, [(inner, "ik"), (C, "kl")], "il", flatten=lambda p: p is inner)
    assert opened is contraction("ij,jk,kl->il", A, B, C)


def test_bound_labels_of_a_laid_open_product_stay_apart() -> None:
    """(x'y)(x'y) opened twice keeps two sums: it is not the sum of the squares."""
    inner = contraction("i,i->", x, y)
    node = product(1, [(inner, ""), (inner, "")], "", flatten=lambda p: True)
    point = random_point(x, y)
    assert_equal(naive(node, point), np.dot(point.values["x"], point.values["y"]) ** 2)


def test_the_coefficient_of_a_factor_is_that_of_the_product() -> None:
    node = contraction("ij,j->i", contraction("ij,j->ij", A, x, coefficient=-2), x, coefficient=HALF)
    assert isinstance(node, Product)
    assert node.coefficient == -1
    assert all(not isinstance(operand, Product) or operand.coefficient == 1 for operand in node.operands)


def test_identity_is_the_derivative_of_a_tensor_by_itself() -> None:
    value = naive(identity(("m", "n")), Point({}))
    assert_equal(value, np.einsum("ik,jl->ijkl", np.eye(2), np.eye(3)))


@pytest.mark.parametrize(("node", "coefficient", "base"), [
    (scale(-3, x), -3, x), (x, 1, x), (Number.make(HALF), HALF, Number.make(1)), (zero(("n",)), 0, ones(("n",))),
    (contraction("ij,j->i", A, x, coefficient=7), 7, contraction("ij,j->i", A, x)),
])  # fmt: skip
def test_split_coefficient(node: Node, coefficient: Fraction, base: Node) -> None:
    found, rest = split_coefficient(node)
    assert found == coefficient
    assert rest is base
    assert scale(found, rest) is node


# Random products


@st.composite
def raw_products(draw: st.DrawFn) -> tuple[Fraction, list[tuple[Node, str]], str, dict[str, str]]:
    """Factors with labels, deltas among them, the labels of the result, and the dimension of every label."""
    letters = "abcdef"
    dimensions = {letter: draw(st.sampled_from(["m", "n", "p"])) for letter in letters}
    factors: list[tuple[Node, str]] = []
    for number in range(draw(st.integers(0, 4))):
        labels = draw(st.text(letters, max_size=3))
        shape = tuple(dimensions[c] for c in labels)
        variable = Variable.make(f"V{number}{''.join(shape)}", shape)
        factors.append((scale(draw(st.sampled_from([1, 1, -2, HALF])), variable), labels))
    alike = [(c, d) for c in letters for d in letters if dimensions[c] == dimensions[d]]
    factors += [(Delta.make(dimensions[c]), c + d) for c, d in draw(st.lists(st.sampled_from(alike), max_size=3))]
    factors = draw(st.permutations(factors))
    out = "".join(draw(st.permutations(letters))[: draw(st.integers(0, 4))])
    return draw(st.sampled_from([Fraction(1), Fraction(-3, 2)])), factors, out, dimensions


def plain_einsum(
    coefficient: Fraction, factors: list[tuple[Node, str]], out: str, dimensions: dict[str, str], point: Point
) -> np.ndarray:
    """The einsum of the factors as they are given, with ones for every label, so that each is carried."""
    arrays = [naive(node, point) for node, _ in factors] + [np.ones(SIZES[d]) for d in dimensions.values()]
    specification = ",".join([labels for _, labels in factors] + list(dimensions)) + "->" + out
    return float(coefficient) * np.einsum(specification, *arrays, optimize="greedy")


@settings(max_examples=150, deadline=None)
@given(raw_products())
def test_random_products_have_the_value_of_the_einsum_of_their_factors(raw: tuple[Any, ...]) -> None:
    coefficient, factors, out, dimensions = raw
    node = product(coefficient, factors, out, dimensions)
    point = random_point(node, *(factor for factor, _ in factors))
    assert_equal(naive(node, point), plain_einsum(*raw, point))


@settings(max_examples=100, deadline=None)
@given(raw_products())
def test_random_products_keep_the_invariants(raw: tuple[Any, ...]) -> None:
    """Labels are numbered in order of appearance; no delta has a summed index; no operand has a coefficient."""
    node = product(*raw)
    labels = [label for group in getattr(node, "labels", ()) for label in group]
    summed = [label for label in dict.fromkeys(labels) if label >= node.order]
    assert summed == [node.order + k for k in range(len(summed))]
    deltas = [group for operand, group in getattr(node, "factors", ()) if isinstance(operand, Delta)]
    assert all(i < j < node.order for i, j in deltas)
    assert len({j for _, j in deltas}) == len(deltas)
    assert {split_coefficient(operand)[0] for operand in getattr(node, "operands", ())} <= {Fraction(1)}
    assert not any(isinstance(operand, Number) for operand in getattr(node, "operands", ()))


@settings(max_examples=80, deadline=None)
@given(raw_products(), st.data())
def test_names_of_labels_do_not_matter(raw: tuple[Any, ...], data: st.DataObject) -> None:
    coefficient, factors, out, dimensions = raw
    renamed = dict(zip("abcdef", data.draw(st.permutations(string.ascii_uppercase))[:6], strict=True))

    def rename(labels: str) -> str:
        return "".join(renamed[c] for c in labels)

    again = product(
        coefficient, [(node, rename(labels)) for node, labels in factors], rename(out),
        {renamed[c]: dimensions[c] for c in reversed(dimensions)},
    )  # fmt: skip
    point = random_point(again)
    assert_equal(naive(again, point), naive(product(*raw), point), rtol=1e-12)


@settings(max_examples=100, deadline=None)
@given(graphs())
def test_random_nodes_are_made_again_from_their_arguments(node: Node) -> None:
    assert node.func(*node.args) is node
    assert rebuild(node, node.operands) is node


# Sums


PRODUCT = contraction("ij,j->i", A, x)
LIKE_TERMS: dict[str, tuple[Node, Node]] = {
    "twice": (A + A, scale(2, A)),
    "scaled": (scale(3, A) + scale(HALF, A), scale(Fraction(7, 2), A)),
    "cancelled": (A - A, zero(("m", "n"))),
    "cancelled-among-others": (add([A, D, scale(-1, A)]), D),
    "zeros-dropped": (add([zero(("m", "n")), A, zero(("m", "n"))]), A),
    "products": (PRODUCT + scale(4, PRODUCT), scale(5, PRODUCT)),
    "numbers": (Number.make(2) + Number.make(HALF), Number.make(Fraction(5, 2))),
    "one-term": (add([A]), A),
    "ones": (ones(("n",), 2) + ones(("n",), HALF), ones(("n",), Fraction(5, 2))),
    "expanded": (expand(s, ("n",)) + expand(t, ("n",)), expand(s + t, ("n",))),
}


@pytest.mark.parametrize("name", LIKE_TERMS)
def test_like_terms_are_collected(name: str) -> None:
    found, expected = LIKE_TERMS[name]
    assert found is expected


def test_unlike_terms_are_not_collected() -> None:
    node = add([S, transpose(S, (1, 0))])
    assert isinstance(node, Add)
    assert node.operands == (S, transpose(S, (1, 0)))


# Powers, expanded scalars


POWERS: dict[str, tuple[Node, Node]] = {
    "first": (power(x, Fraction(1)), x),
    "zeroth": (power(x, Fraction(0)), ones(("n",))),
    "number": (power(Number.make(Fraction(2, 3)), Fraction(-2)), Number.make(Fraction(9, 4))),
    "power-of-a-power": (power(power(x, Fraction(3)), Fraction(-2)), power(x, Fraction(-6))),
    "power-of-a-root": (power(power(x, HALF), Fraction(2)), x),
    "coefficient": (power(scale(-2, x), Fraction(3)), scale(-8, power(x, Fraction(3)))),
    "coefficient-below": (power(scale(2, x), Fraction(-2)), scale(Fraction(1, 4), power(x, Fraction(-2)))),
    "expanded": (power(expand(s, ("n",)), Fraction(2)), expand(power(s, Fraction(2)), ("n",))),
    "operator": (x**3, power(x, Fraction(3))),
}


@pytest.mark.parametrize("name", POWERS)
def test_powers(name: str) -> None:
    found, expected = POWERS[name]
    assert found is expected


@pytest.mark.parametrize("node", [
    power(power(x, Fraction(2)), HALF),  # |x|, not x
    power(scale(-2, x), HALF),  # the root of -2 is no number
    power(Number.make(2), HALF),
], ids=["root-of-a-square", "root-of-a-multiple", "root-of-a-number"])  # fmt: skip
def test_powers_that_stay(node: Node) -> None:
    assert isinstance(node, Power)
    assert node.exponent == HALF


def test_zero_to_a_negative_power_is_no_error_before_it_is_evaluated() -> None:
    assert isinstance(power(Number.make(0), Fraction(-1)), Power)


def test_functions_of_expanded_scalars_are_expanded_scalars() -> None:
    node = apply_elementwise("exp", expand(s, ("m", "n")))
    assert node is expand(apply_elementwise("exp", s), ("m", "n"))
    assert expanded_scalar(node) is apply_elementwise("exp", s)


@pytest.mark.parametrize("node", [x, s, contraction("i->ij", z, j="n"), apply_elementwise("exp", x)])
def test_what_is_not_expanded_over_all_axes_is_no_expanded_scalar(node: Node) -> None:
    assert expanded_scalar(node) is None


# Shapes of operations


@pytest.mark.parametrize(("name", "node", "groups", "shape"), [
    ("inv", S, (1, 1), ("n", "n")),
    ("det", S, (1, 1), ()),
    ("softmax", A, (1,), ("m", "n")),
    ("logsumexp", A, (1,), ("m",)),
    ("logsumexp", A, (2,), ()),
    ("inv", Variable.make("P", ("m", "n", "m", "n")), (2, 2), ("m", "n", "m", "n")),
    ("logdet", Variable.make("P", ("p", "m", "n", "m", "n")), (2, 2), ("p",)),
])  # fmt: skip
def test_shapes_of_matrix_operations(name: str, node: Node, groups: tuple[int, ...], shape: tuple[str, ...]) -> None:
    made = apply_matrix(name, node, groups)
    assert made.shape == shape
    assert made.rows == node.order - sum(groups)


def test_shape_of_a_derivative_symbol() -> None:
    assert Derivative.make(U, (1, 0)).shape == ("m", "n")
    assert Derivative.make(U, (0, 0)).shape == ("m", "n", "n")
    assert Derivative.make(U, (1, 0)).positions == (0, 1)
