"""Derivatives by several names one after another, blocks of Hessians, and the symmetry of second derivatives."""

from __future__ import annotations

import json
from itertools import combinations_with_replacement

import numpy as np
import pytest
from click.testing import CliRunner
from interpreter import Printed
from symmetry import Pair, pairs

import matcalc
from matcalc.__main__ import main
from matcalc.check import arguments_at
from matcalc.errors import KindError, MatcalcError, UnknownNameError
from matcalc.sampling import sample
from matcalc.variables import LARGEST_ORDER, split_names

NET = "z = W*x + b\nh = tanh(z)\nJ = norm2(V*h - y)^2"


def value_of_text(derived: matcalc.Derivative) -> tuple[np.ndarray, np.ndarray]:
    """The value of the printed answer and that of the emitted function, at one point."""
    point, function = sample(derived.program, seed=4), derived.function()
    printed = Printed.of(derived.source.source, derived, derived.text)
    emitted = np.asarray(function(**arguments_at(function, derived.program, point)))
    return printed.kind_and_value(point.values, point.sizes)[1], emitted


# The axes are those of the expression, then of each name.


ANSWERS = {
    ("x'*A*y", "x,y"): "A",
    ("x'*A*y", "y,x"): "A'",
    ("x'*Y*x", "x,Y"): "[i,j,k: delta(i,j)*x[k] + delta(i,k)*x[j]]",
    ("x'*Y*x", "Y,x"): "[i,j,k: delta(i,k)*x[j] + delta(j,k)*x[i]]",
    ("x'*Y*x", "x,Y,x"): "[i,j,k,l: delta(i,j)*delta(k,l) + delta(i,k)*delta(j,l)]",
    ("A*x", "A,x"): "[i,j,k,l: delta(i,j)*delta(k,l)]",
    ("alpha*(x'*x)", "x,alpha"): "2*x",
    ("alpha*(x'*x)", "alpha,x"): "2*x'",
    ("alpha*beta*x", "alpha,beta"): "x",
    ("alpha^2*beta", "alpha,alpha,beta"): "2",
    ("alpha*tr(A*X)", "alpha,X"): "A'",
    ("logdet(A + alpha*B)", "A,alpha"): "-(inv(A + alpha*B)*B*inv(A + alpha*B))'",
}


@pytest.mark.parametrize(("source", "wrt"), [key for key in ANSWERS if "logdet" not in key[0]])
def test_text(source: str, wrt: str) -> None:
    derived = matcalc.derive(source, wrt=wrt)
    assert derived.text == ANSWERS[source, wrt]
    assert (derived.wrt, derived.order) == (wrt, wrt.count(",") + 1)


@pytest.mark.parametrize(("source", "wrt"), [*ANSWERS, (NET, "W,V"), (NET, "b,W"), (NET, "V,h"), (NET, "V,z")])
@pytest.mark.parametrize("layout", ["numerator", "denominator"])
def test_the_text_the_code_and_the_numbers_agree(source: str, wrt: str, layout: str) -> None:
    derived = matcalc.derive(source, wrt=wrt, layout=layout)
    assert derived.check(seed=2).agrees
    if layout == "numerator":
        printed, emitted = value_of_text(derived)
        np.testing.assert_allclose(printed, emitted, rtol=1e-9, atol=1e-9)


def test_several_equal_names_are_one_name_of_higher_order() -> None:
    one, other = matcalc.derive("x'*A*x", wrt="x,x"), matcalc.derive("x'*A*x", wrt="x", order=2)
    assert (one.wrt, one.order, one.text) == (other.wrt, other.order, other.text) == ("x", 2, "A + A'")
    assert one.shape == ("n", "n")


def test_the_hessian_of_a_vector_field_has_the_axes_m_n_n() -> None:
    derived = matcalc.derive("tanh(A*x)", wrt="x", order=2, declare="A: matrix(m, n)")
    assert derived.shape == ("m", "n", "n")
    assert derived.check().agrees
    third = matcalc.derive("tanh(A*x)", wrt="x", order=3, declare="A: matrix(m, n)")
    assert third.shape == ("m", "n", "n", "n")
    assert third.check().agrees


@pytest.mark.parametrize("wrt", ["x,Y", "Y,x", "x,Y,x"])
def test_every_step_of_a_mixed_derivative_is_proved(wrt: str) -> None:
    steps = matcalc.derive("x'*Y*x", wrt=wrt, declare="Y: matrix(n, n)").steps
    assert {step.verdict for step in steps} == {"proved"}


@pytest.mark.parametrize(
    ("wrt", "order", "said"),
    [
        ("x,Y", 1, "of order 2"), ("x,Y", 3, "of order 2"), ("x,", None, "no name"), ("x,,Y", None, "no name"),
        ("x,vec(Y)", None, "bare"), ("x,2", None, "not a name"), (",".join("x" * 60), None, "at most 50"),
    ],
)  # fmt: skip
def test_what_is_refused(wrt: str, order: int | None, said: str) -> None:
    with pytest.raises(KindError, match=said):
        matcalc.derive("x'*Y*x", wrt=wrt, order=order)


def test_the_order_of_names_that_depend_on_each_other_would_matter_so_they_are_refused() -> None:
    for wrt in ("h,W", "W,h", "h,z"):
        with pytest.raises(KindError, match="depends on"):
            matcalc.derive(NET, wrt=wrt)
    with pytest.raises(KindError, match="depends on"):
        matcalc.derive("tr(A)*alpha", wrt="A,alpha", declare="A(alpha): matrix(n, n); alpha: scalar")


def test_derivatives_of_different_orders_are_no_mapping() -> None:
    with pytest.raises(KindError, match="several orders"):
        matcalc.derive("x'*Y*x", wrt=["x", "x,Y"])
    assert list(matcalc.derive("x'*Y*x", wrt=["x", "x,Y"], order=2)) == ["x", "x,Y"]


def test_names_are_parted_at_commas_outside_of_brackets() -> None:
    assert split_names("x") == ["x"]
    assert split_names("a,f(b,c),[d,{e,f}],g") == ["a", "f(b,c)", "[d,{e,f}]", "g"]
    assert len(split_names(",".join("x" * LARGEST_ORDER))) == LARGEST_ORDER


def test_latex_names_may_be_several() -> None:
    source = r"\mathbf{x}^\top \mathbf{A} \mathbf{y}"
    assert matcalc.derive(source, wrt=r"\mathbf{x}, \mathbf{y}").text == "A"
    assert matcalc.derive(source, wrt="x,y").text == "A"


# Blocks.


def test_blocks_are_by_pairs_and_each_is_derived_once() -> None:
    blocks = matcalc.derive(NET, wrt=["W", "b", "V"], blocks=True)
    assert list(blocks) == ["W", "W,b", "W,V", "b", "b,V", "V"]
    assert blocks["W,W"] is blocks["W"]
    for first, second in combinations_with_replacement(["W", "b", "V"], 2):
        block, mirrored = blocks[f"{first},{second}"], blocks[f"{second},{first}"]
        assert block.check(seed=1).agrees
        assert mirrored.check(seed=1).agrees
        assert mirrored.wrt == (f"{second},{first}" if first != second else first)


def test_the_other_block_is_the_transposed_one_and_is_not_derived_again(monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = matcalc.derive("x'*A*y", wrt=["x", "y"], blocks=True)
    assert [blocks[key].text for key in ("x", "x,y", "y")] == ["zeros(m, m)", "A", "zeros(n, n)"]
    monkeypatch.setattr("matcalc.lowering.derivative", lambda *_: pytest.fail("derived again"))
    assert blocks["y,x"].text == "A'"
    assert blocks["y,x"].shape == ("n", "m")
    with pytest.raises(KeyError):
        blocks["y,z"]


def test_the_blocks_of_a_vector_field() -> None:
    blocks = matcalc.derive("tanh(A*x)", wrt=["A", "x"], blocks=True)
    assert blocks["A,x"].shape == ("m", "m", "n", "n")
    assert blocks["x,A"].shape == ("m", "n", "m", "n")
    assert blocks["x,A"].check().agrees
    printed, emitted = value_of_text(blocks["x,A"])
    np.testing.assert_allclose(printed, emitted, rtol=1e-9)


def test_one_function_computes_all_blocks_and_shares_their_work() -> None:
    blocks = matcalc.derive("sum(log(1 + exp(X*w)))", wrt=["X", "w"], blocks=True)
    source, rng = blocks.numpy(), np.random.default_rng(0)
    assert source.count("_sigmoid(") == 2  # its definition and one call
    X, w = rng.normal(size=(4, 3)), rng.normal(size=3)
    found = blocks.function()(X=X, w=w)
    assert list(found) == ["X", "X,w", "w"]
    for key, block in blocks.items():
        np.testing.assert_allclose(found[key], block.function()(X=X, w=w), rtol=1e-12)
    np.testing.assert_allclose(blocks["w,X"].function()(X=X, w=w), np.moveaxis(found["X,w"], -1, 0), rtol=1e-12)


def test_products_with_a_mixed_derivative() -> None:
    derived, rng = matcalc.derive("x'*Y*x", wrt="x,Y", declare="Y: matrix(n, n)"), np.random.default_rng(0)
    x, Y, V, u = rng.normal(size=3), rng.normal(size=(3, 3)), rng.normal(size=(3, 3)), rng.normal(size=3)
    tensor = derived.function()(x=x, Y=Y)
    namespace: dict = {}
    exec(derived.code(product="jvp"), namespace)
    np.testing.assert_allclose(namespace["jvp"](x=x, Y=Y, v=V), np.einsum("ijk,jk->i", tensor, V))
    exec(derived.code(product="vjp"), namespace)
    np.testing.assert_allclose(namespace["vjp"](x=x, Y=Y, u=u), np.einsum("ijk,i->jk", tensor, u))
    with pytest.raises(KindError, match="several names"):
        derived.code(product="hvp")


@pytest.mark.parametrize("order", [1, 3])
def test_blocks_are_of_order_two(order: int) -> None:
    with pytest.raises(KindError, match="order is 2"):
        matcalc.derive("x'*Y*x", wrt=["x", "Y"], order=order, blocks=True)
    with pytest.raises(KindError, match="of order 2, not 1"):
        matcalc.derive("x'*Y*x", wrt=["x,Y"], blocks=True)


def test_tied_entries_move_together_in_both_variables() -> None:
    declare = ["S: matrix(n, n) symmetric", "L: matrix(n, n) lower"]
    blocks = matcalc.derive("tr(S*L*S)", wrt=["S", "L"], declare=declare, structured=True, blocks=True)
    assert all(blocks[key].check().agrees for key in ("S", "S,L", "L,S", "L"))


# Symmetry.


SAMPLE = list(pairs())[::24]


@pytest.mark.parametrize("pair", SAMPLE, ids=lambda pair: pair.name)
def test_second_derivatives_are_symmetric(pair: Pair) -> None:
    """Two derivations that share nothing but the rules; all of the corpus: `python -m tests.symmetry`."""
    left, right = pair.values()
    np.testing.assert_allclose(left, right, rtol=1e-9, atol=1e-9 * np.abs(left).max(initial=1))


SYMMETRIC = {
    "quadratic": ("x'*Y*x", "x", "Y", "i,j,k", "j,k,i"),
    "logdet": ("logdet(Y + x*x')", "x", "Y", "i,j,k", "j,k,i"),
    "softmax": ("crossentropy(y, softmax(U*h))", "U", "h", "i,j,k", "k,i,j"),
    "logistic": ("sum(log(1 + exp(X*w)))", "X", "w", "i,j,k", "k,i,j"),
    "logsumexp": ("logsumexp(A*x + b)", "x", "b", "i,j", "j,i"),
    "gaussian": ("(x - m)'*inv(S)*(x - m) + logdet(S)", "m", "S", "i,j,k", "j,k,i"),
}


@pytest.mark.parametrize("name", SYMMETRIC)
def test_symmetry_is_proved(name: str) -> None:
    source, x, y, indices, moved = SYMMETRIC[name]
    right = f"jacobian(grad({source}, {y}), {x})[{moved}]"
    claim = f"[{indices}: jacobian(grad({source}, {x}), {y})[{indices}]] = [{indices}: {right}]"
    declare = ["y: vector simplex"] * ("y, soft" in source) + ["m: vector"] * (name == "gaussian")
    assert matcalc.verify(claim, declare=declare).verdict == "proved"
    wrong = matcalc.verify(claim.replace(f"[{indices}: {right}]", f"[{indices}: 2*{right}]"), declare=declare)
    assert wrong.verdict == "refuted"


# The command line.


def run(*arguments: str, status: int = 0) -> str:
    result = CliRunner().invoke(main, list(arguments))
    assert result.exit_code == status, result.output
    return result.output


def test_the_command_line_takes_names_and_blocks() -> None:
    assert run("derive", "x'*A*y", "--wrt", "x,y").splitlines()[0] == "A"
    assert "by x,y:\nA\n" in run("derive", "x'*A*y", "--wrt", "x", "--wrt", "y", "--blocks")
    found = json.loads(run("derive", "x'*A*y", "--wrt", "x", "--wrt", "y", "--blocks", "--emit", "json"))
    assert [(block["wrt"], block["order"]) for block in found] == [("x", 2), ("x,y", 2), ("y", 2)]
    assert "they agree" in run("check", "x'*Y*x", "--wrt", "x,Y,x")
    assert run("check", "x'*A*y", "--wrt", "x", "--wrt", "y", "--blocks").count("they agree") == 3
    assert "of order 2, not 3" in run("derive", "x'*A*y", "--wrt", "x,y", "--order", "3", status=2)


def test_the_command_in_the_docstring_of_blocks_makes_them_again() -> None:
    source = matcalc.derive("x'*Y*x", wrt=["x", "Y"], blocks=True).numpy()
    assert "--wrt x --wrt x,Y --wrt Y" in source
    again = run("derive", "x'*Y*x", "--wrt", "x", "--wrt", "x,Y", "--wrt", "Y", "--order", "2", "--emit", "numpy")
    assert again.split("import numpy")[1] == source.split("import numpy")[1].rstrip("\n") + "\n"


def test_no_input_raises_anything_else() -> None:
    for wrt in ("", ",", "x,(", "(,)", "x;y", "x,'", "[x", "x]", "é,x", "\\x,y", "\0"):
        with pytest.raises(MatcalcError):
            matcalc.derive("x'*A*y", wrt=wrt)
    with pytest.raises(UnknownNameError):
        matcalc.derive("x'*A*y", wrt="x,y").to_text(form="no")
