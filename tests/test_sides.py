"""The sides of a claim: names, shapes, LaTeX, and functions that have the values of the sides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from matcalc.check import arguments_at
from matcalc.errors import MatcalcError
from matcalc.identity import Identity, library_paths, load
from matcalc.sampling import sample, value_at
from matcalc.sides import Sides, sides_of

#: Every tenth identity of the library, and one whose denominator is in the text.
SAMPLE = [identity for file in load(library_paths()) for identity in file.identities][::10]


def functions_of(sides: Sides) -> dict[str, Callable[..., Any]]:
    """The functions of the emitted module, by name."""
    namespace: dict[str, Any] = {}
    exec(compile(str(sides.numpy()), "sides", "exec"), namespace)
    return {name: namespace[name] for name in sides.names}


def test_names_and_shapes() -> None:
    two = sides_of(Identity("a", "d(x'*A*x)/d(x) = x'*(A + A')"))
    assert (two.names, two.shapes) == (("left", "right"), ("row (n)", "row (n)"))
    three = sides_of(Identity("a", "tr(A*B) = tr(B*A) = sum(A.*B')", ("A: matrix(m, n)",)))
    assert (three.names, three.shapes) == (("side1", "side2", "side3"), ("scalar",) * 3)
    assert sides_of(Identity("a", "A*x = x'*A'", ("A: matrix(m, n)",))).shapes == ("column (m)", "row (m)")


def test_layout_and_ties_are_those_of_the_identity() -> None:
    claim, declare = "d(a'*X*b)/d(X) = d(a'*x)/d(x)", ("X: matrix(n, n) symmetric", "x: vector(n)")
    plain = sides_of(Identity("a", claim, declare))
    other = sides_of(Identity("a", claim, declare, "denominator", structured=True))
    assert (plain.shapes, other.shapes) == (("matrix (n, n)", "row (n)"), ("matrix (n, n)", "column (n)"))
    a, b, X = np.array([1.0, 2.0]), np.array([3.0, 5.0]), np.eye(2)
    given = {"X": X, "a": a, "b": b, "x": a}
    assert functions_of(plain)["left"](**given).tolist() == np.outer(a, b).tolist()
    assert functions_of(other)["left"](**given).tolist() == [[3.0, 11.0], [11.0, 10.0]]


def test_parameters_are_all_free_variables_in_alphabetical_order() -> None:
    source = sides_of(Identity("a", "x'*B*x + 0*alpha = sum(y)", where=("y = x.*(B*x)",))).numpy()
    assert "def left(B, alpha, x):" in source
    assert "def right(B, alpha, x):" in source
    assert source.count("import numpy as np") == 1
    assert "x'*B*x + 0*alpha = sum(y)\n    where y = x.*(B*x)" in source


def test_helpers_are_shared() -> None:
    source = sides_of(Identity("a", "sum(softmax(x)) = sum(softmax(y))")).numpy()
    assert source.count("def _softmax(") == 1
    assert source.count("def ") == 4


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("identity", SAMPLE, ids=lambda identity: identity.name)
def test_functions_have_the_values_of_the_sides(identity: Identity) -> None:
    sides = sides_of(identity)
    point = sample(sides.program, seed=1)
    for form, function in zip(sides.forms, functions_of(sides).values(), strict=True):
        value = np.asarray(function(**arguments_at(function, sides.program, point)))
        wanted = np.asarray(value_at(sides.program, form, point))
        assert value.shape == wanted.shape
        np.testing.assert_allclose(value, wanted, rtol=1e-7, atol=1e-9)


def test_a_claim_that_is_not_well_formed_is_an_error() -> None:
    with pytest.raises(MatcalcError):
        sides_of(Identity("a", "x*y = 1"))
