"""Backpropagation of the programs of examples/programs: each equation is proved, and the gradients are those of JAX."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from corpus import UNKNOWN
from interpreter import Reading
from programs import NETWORKS, Network
from test_latex_katex import READY, refused
from test_latex_pdf import PDFLATEX, typeset

import matcalc
from matcalc.backprop import Backprop
from matcalc.inference import infer
from matcalc.parser import parse_program

pytest.importorskip("jax", reason="the references are JAX functions; `pip install .[oracle]` brings it")


@cache
def listing(name: str, layout: str = "numerator", signals: str = "gradient") -> Backprop:
    derivatives = matcalc.derive(NETWORKS[name].source, list(NETWORKS[name].variables), layout=layout)
    return derivatives.backpropagation(signals)  # type: ignore[no-any-return]


@pytest.mark.parametrize("name", NETWORKS)
def test_every_equation_is_proved(name: str) -> None:
    found = listing(name)
    assert {text: v.verdict for text, v in found.verify().items() if v.verdict != "proved"} == {}
    assert found.signals or name in ("linear-layer",)


@pytest.mark.parametrize("name", ["attention", "batch-norm", "lstm", "layer-norm", "relu-softmax"])
@pytest.mark.parametrize("layout", ["numerator", "denominator"])
def test_derivatives_as_signals_and_local_derivatives_are_proved(name: str, layout: str) -> None:
    found = listing(name, layout, "derivative").verify(local=True)
    assert {text: v.verdict for text, v in found.items() if v.verdict not in ("proved", "proved-at-sizes")} == {}


#: An unknown loss has no value for the interpreter.
READ = [name for name, network in NETWORKS.items() if not network.losses]


def functions(network: Network) -> dict:
    """What the unknown functions are for the interpreter."""
    return {(name, order): f for name in network.functions for order, f in enumerate(UNKNOWN[name].derivatives)}


@pytest.mark.parametrize("name", READ)
def test_the_program_that_is_listed_computes_the_gradients(name: str) -> None:
    network, found = NETWORKS[name], listing(name)
    values = network.draw(3)
    _, expected = network.gradients(values)
    program = infer(parse_program(found.program))
    reading = Reading(program, functions(network))
    for equation in found.gradients:
        made = reading.value(values, network.sizes, program.assignments[equation.name])
        gradient = expected[equation.value]
        assert np.shape(made) == np.shape(gradient)
        np.testing.assert_allclose(made, gradient, rtol=1e-9, atol=1e-9 * np.abs(gradient).max(initial=1e-3))


@pytest.mark.parametrize("name", NETWORKS)
def test_lines_fit_a_terminal(name: str) -> None:
    assert max(map(len, listing(name).to_text(local=True).split("\n"))) <= 79


def displays() -> list[str]:
    """The LaTeX of all, in several manners."""
    found = [listing(name) for name in NETWORKS]
    rows = [listing(name, signals="derivative") for name in NETWORKS]
    return [
        *(one.latex(local=True) for one in rows),
        *(one.latex("plain", "prime") for one in found),
        *(one.latex("bm", "T", unrolled=True) for one in found),
    ]


def test_katex_takes_the_latex() -> None:
    if not READY:
        pytest.skip(f"KaTeX is not installed (make test does it where npm is): {len(displays())} displays went unchecked")
    assert refused(displays()) == []


def test_pdflatex_takes_the_latex(tmp_path: Path) -> None:
    if PDFLATEX is None:
        pytest.skip(f"pdflatex is not installed (texlive-latex-base): {len(displays())} displays were not set")
    log = typeset("\n\n".join(displays()), tmp_path)
    assert "LaTeX Warning" not in log
    assert "amsmath Warning" not in log
