"""Random programs, a sample of them: `python -m backprop_random 0 1000` tries many."""

from __future__ import annotations

import pytest
from backprop_random import Problem, wrong


@pytest.mark.parametrize("seed", range(24))
def test_a_listing_is_proved_and_has_the_values_of_the_gradients(seed: int) -> None:
    assert wrong(seed) == []


def test_the_sample_is_of_every_manner() -> None:
    found = [Problem(seed).listing()[1] for seed in range(24)]
    assert {(one.layout, one.kind) for one in found} == {
        (layout, kind) for layout in ("numerator", "denominator") for kind in ("gradient", "derivative")
    }
    assert sum(len(one.signals) for one in found) > 40
    assert any(one.right.kind == "row" for listing in found for one in listing.forward)
    assert any(one.value in {e.name for e in listing.forward} for listing in found for one in listing.gradients)
