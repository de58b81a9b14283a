"""Networks of many layers: code, text and LaTeX grow with the number of layers, and no faster."""

from __future__ import annotations

import ast

import pytest

import matcalc

LAYERS = """
h[0] = x
for k in 1..K
    h[k] = tanh(W[k]*h[k-1] + b[k])
J = norm2(h[K] - y)^2
"""

RESIDUAL = """
h[0] = x
for k in 1..K
    W[k]: matrix(n, n)
    h[k] = h[k-1] + relu(W[k]*h[k-1] + b[k])
J = norm2(h[K] - y)^2
"""


def statements(source: str) -> int:
    """The statements of the function `derivative`."""
    module = ast.parse(source)
    return next(len(node.body) for node in module.body if isinstance(node, ast.FunctionDef) and node.name == "derivative")


@pytest.mark.parametrize("program", [LAYERS, RESIDUAL], ids=["plain", "residual"])
@pytest.mark.parametrize("target", ["numpy", "jax", "torch", "array-api"])
def test_all_gradients_take_four_statements_a_layer(program: str, target: str) -> None:
    counts = [statements(matcalc.derive(program, "all", given={"K": count}).code(target)) for count in (16, 32)]
    assert counts[1] - counts[0] <= 4 * 16
    assert counts[0] <= 4 * 16 + 8


@pytest.mark.parametrize("program", [LAYERS, RESIDUAL], ids=["plain", "residual"])
def test_64_layers_are_one_loop_in_text_and_latex(program: str) -> None:
    """The number of layers does not change what is read, but for the numbers in it."""
    shown = {}
    for count in (8, 64):
        listing = matcalc.derive(program, "all", given={"K": count}).backprop
        assert len(listing.signals) in (count, 2 * count)
        shown[count] = listing.text.count("\n"), listing.latex().count("\n")
    assert shown[8] == shown[64]


def test_unrolled_text_is_as_long_as_the_network() -> None:
    listings = [matcalc.derive(LAYERS, "all", given={"K": count}).backprop for count in (16, 32, 64)]
    lengths = [listing.to_text(unrolled=True).count("\n") for listing in listings]
    assert lengths[2] - lengths[1] == 2 * (lengths[1] - lengths[0])
