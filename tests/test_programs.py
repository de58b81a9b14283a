"""The programs of examples/programs: their gradients by all variables, what is printed of them, and the code.

The reference is automatic differentiation of a JAX function that was written by hand: see programs.py.
"""

from __future__ import annotations

import inspect
import re
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from corpus import UNKNOWN, parameter, variable
from interpreter import Printed, Reading
from programs import FOLDER, NETWORKS, Network, layer_variables
from test_latex_katex import READY, refused

import matcalc
from matcalc.__main__ import main
from matcalc.codegen import compile_function
from matcalc.inference import TypedProgram, infer
from matcalc.latex_reader import latex_claim
from matcalc.parser import parse_expression, parse_program

pytest.importorskip("jax", reason="the references are JAX functions; `pip install .[oracle]` brings it")


def each(*names: str) -> pytest.MarkDecorator:
    """One test for each program, or for the named ones."""
    chosen = [NETWORKS[name] for name in names or NETWORKS]
    return pytest.mark.parametrize("network", chosen, ids=lambda network: network.name)


@cache
def _derived(name: str) -> matcalc.Derivatives:
    network = NETWORKS[name]
    return matcalc.derive(network.source, wrt=list(network.variables), name=f"{name}.mc")


def derived(network: Network) -> matcalc.Derivatives:
    """The derivatives by all variables, found once a process."""
    return _derived(network.name)


def called(function: Any, network: Network, values: dict[str, Any]) -> Any:
    """The answer of an emitted function."""
    known = {parameter(name): value for name, value in values.items()} | network.symbols(values)
    return function(**{name: known[name] for name in inspect.signature(function).parameters})


def functions(network: Network) -> dict[tuple[str, int], Any]:
    """What the unknown functions are for the interpreter."""
    return {(name, order): f for name in network.functions for order, f in enumerate(UNKNOWN[name].derivatives)}


def close(found: Any, expected: np.ndarray) -> None:
    """Equal to nine digits of the largest entry."""
    assert np.shape(found) == np.shape(expected)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9 * np.abs(expected).max(initial=1e-3))


def test_every_program_has_a_reference() -> None:
    assert {path.stem for path in FOLDER.glob("*.mc")} == set(NETWORKS)


@each()
@pytest.mark.parametrize("seed", range(3))
def test_gradients_are_those_of_automatic_differentiation(network: Network, seed: int) -> None:
    values = network.draw(seed)
    value, expected = network.gradients(values)
    found_value, found = called(derived(network).function(value=True), network, values)
    close(found_value, value)
    assert list(found) == list(network.variables)
    for name, gradient in expected.items():
        assert np.abs(gradient).max() > 1e-6, name
        close(found[name], gradient)


@pytest.mark.parametrize("count", [1, 7])
def test_the_number_of_layers_may_be_given(count: int) -> None:
    plain = NETWORKS["layers"]
    variables = {name: variable(text) for name, text in layer_variables(count).items()}
    network = replace(plain, variables=variables)
    found = matcalc.derive(plain.source, wrt=list(variables), given={"K": count})
    values = network.draw()
    _, expected = network.gradients(values)
    gradients = called(found.function(), network, values)
    for name, gradient in expected.items():
        close(gradients[name], gradient)


@each()
def test_the_command_prints_all_gradients(network: Network) -> None:
    """Every variable that the reference has is told by its shape."""
    result = CliRunner().invoke(main, ["derive", str(FOLDER / f"{network.name}.mc"), "--wrt", "all"], catch_exceptions=False)
    assert result.exit_code == 0
    told = [line.removeprefix("shape by ") for line in result.output.splitlines() if line.startswith("shape by ")]
    assert {name for line in told for name in names_told(line)} == set(network.variables)


def names_told(line: str) -> list[str]:
    """The names of `x: (n), a column` and of `W[k] for k in 1..4: (n, n)`."""
    run = re.match(r"(\w+)\[k\] for k in (\d+)\.\.(\d+):", line)
    return [f"{run[1]}_{k}" for k in range(int(run[2]), int(run[3]) + 1)] if run else [line.split(":")[0]]


#: An unknown loss has no value for the interpreter; its answer has the form that test_sources.py expects.
READ = [name for name, network in NETWORKS.items() if not network.losses]


@each(*READ)
def test_what_is_printed_has_the_value_of_the_gradient(network: Network) -> None:
    """Each answer is read back as text, with the names that it introduces, and evaluated."""
    values = network.draw()
    _, expected = network.gradients(values)
    for name, member in derived(network).items():
        printed = Printed.of(network.source, member, member.text, functions(network))
        close(printed.kind_and_value(values, network.sizes)[1], expected[name])


@each(*READ)
def test_latex_is_read_back_with_the_value_of_the_gradient(network: Network) -> None:
    values = network.draw()
    _, expected = network.gradients(values)
    for name, member in derived(network).items():
        typed = read_latex(member)
        close(Reading(typed, functions(network)).value(values, network.sizes, typed.extra[0]), expected[name])


def read_latex(member: matcalc.Derivative) -> TypedProgram:
    """What the LaTeX of an answer is read as, among the same variables."""
    sizes = [f"size_of_{name}: vector({name})" for name in member.program.dimensions]
    where = [f"{name} = {meaning}" for name, meaning in member.where_latex().items()]
    (form, *_), program, _ = latex_claim(f"{member.latex()} = 0", [*member.declarations, *sizes], where)
    return infer(program, extra=[form])


@each(*READ)
def test_the_listing_of_backpropagation_computes_the_gradients(network: Network) -> None:
    """The listing is a program; the interpreter runs it, and each of its equations is proved."""
    values = network.draw()
    _, expected = network.gradients(values)
    listing = derived(network).backprop
    typed = infer(parse_program(listing.program), extra=[parse_expression(equation.name) for equation in listing.gradients])
    for equation, form in zip(listing.gradients, typed.extra, strict=True):
        close(Reading(typed, functions(network)).value(values, network.sizes, form), expected[equation.value])
    assert {equation.value for equation in listing.gradients} == set(expected)
    assert {text: found.verdict for text, found in listing.verify().items() if found.verdict != "proved"} == {}


@each("attention", "layer-norm-batch", "mixture-density", "rnn")
def test_products_with_the_hessian_are_differences_of_gradients(network: Network) -> None:
    """Over all variables together, each moved in a direction of its own."""
    values, directions = network.draw(), network.draw(seed=1)
    function = compile_function(derived(network).code("numpy", "hvp"), "hvp")
    known = {parameter(name): value for name, value in values.items()}
    known |= {f"v_{name}": value for name, value in directions.items()}
    found = function(**{name: known[name] for name in inspect.signature(function).parameters})
    up, down = (
        network.gradients({name: value + step * directions[name] for name, value in values.items()})[1]
        for step in (1e-5, -1e-5)
    )
    for name in network.variables:
        difference = (up[name] - down[name]) / 2e-5
        np.testing.assert_allclose(found[name], difference, rtol=1e-5, atol=1e-5 * np.abs(difference).max(initial=1.0))


def test_katex_takes_the_latex() -> None:
    answers = [member for network in NETWORKS.values() for member in derived(network).values()]
    formulas = [latex for answer in answers for latex in (answer.latex(), *answer.where_latex().values())]
    formulas += [derived(network).backprop.latex() for network in NETWORKS.values()]
    assert len(formulas) > len(answers) > 100
    if not READY:
        pytest.skip(f"KaTeX is not installed (make test does it where npm is): {len(formulas)} formulas went unchecked")
    assert refused(formulas) == []
