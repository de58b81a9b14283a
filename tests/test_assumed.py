"""What is assumed, as it is printed: families of names as loops that are read back."""

from __future__ import annotations

import pytest

from matcalc.commands.assumed import assumed
from matcalc.parser import parse_declarations


def test_a_family_of_names_is_declared_by_a_loop() -> None:
    declarations = ["x: vector(n)", *(f"{name}_{k}: {kind}" for k in range(1, 65) for name, kind in KINDS.items())]
    shapes = {f"W_{k}": "(n, n)" for k in range(1, 65)}
    assert assumed(declarations, "numerator", shapes, []) == "\n".join(
        [
            "assumed: x: vector(n)",
            "assumed: for k in 1..64: W[k]: matrix(n, n); b[k]: vector(n)",
            "layout: numerator",
            "shape by W[k] for k in 1..64: (n, n)",
        ]
    )


KINDS = {"W": "matrix(n, n)", "b": "vector(n)"}


def test_sizes_are_told_from_the_number_of_the_layer() -> None:
    declarations = [f"W_{k}: matrix(n_{k}, n_{k - 1})" for k in range(1, 6)]
    assert assumed(declarations, "numerator", {}, []).startswith("assumed: for k in 1..5: W[k]: matrix(n[k], n[k-1])\n")


@pytest.mark.parametrize(
    "declarations",
    [
        ["W_1: matrix(n, n)", "W_2: matrix(n, n)"],
        ["W_1: matrix(n, m)", "W_2: matrix(n, n)", "W_3: matrix(n, m)", "W_4: matrix(n, n)", "W_5: matrix(n, m)"],
        ["A(alpha): matrix(m, m)", "x_7: vector(n_7)", "x_10: vector(n_3)"],
    ],
)
def test_what_is_no_long_run_is_stated_as_it_is(declarations: list[str]) -> None:
    text = assumed(declarations, "numerator", {}, [])
    assert text.replace("\n  ", " ") == f"assumed: {'; '.join(declarations)}\nlayout: numerator"


def test_the_index_is_no_word_of_the_declarations() -> None:
    declarations = ["k: scalar", *(f"i_{j}: vector(n)" for j in range(1, 8))]
    assert "for j in 1..7: i[j]: vector(n)" in assumed(declarations, "numerator", {}, [])


def test_declarations_are_read_back() -> None:
    lines = ["for k in 1..5: W[k]: matrix(n[k], n[k-1]); b[k]: vector(n[k])"]
    found = parse_declarations(lines)
    assert list(found)[:4] == ["W_1", "b_1", "W_2", "b_2"]
