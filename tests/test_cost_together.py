"""The cost of the gradient of a scalar by several variables together, and its ratio to that of the function."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from counting_arrays import flops_of_run

import matcalc
from matcalc.__main__ import main
from matcalc.assumptions import Facts
from matcalc.cost import Costs
from matcalc.cost.figures import Run, ledger_for
from matcalc.emission import gradient_function
from matcalc.sampling import sample

#: The example programs.
FOLDER = Path(__file__).resolve().parent.parent / "examples" / "programs"

PROGRAMS = {
    "two layers": "z = W*x\nh = tanh(z)\ntheta = U*h\nJ = norm2(theta - t)^2/2",
    "one line": "norm2(tanh(A*x) - b)^2",
    "a value used twice": "a = A*x\nb = exp(a)\nJ = a'*b + sum(b)",
}


def layers(count: int) -> str:
    lines = [f"z_{k} = W_{k}*h_{k - 1}; h_{k} = tanh(z_{k})" for k in range(1, count + 1)]
    shapes = [f"W_{k}: matrix(n, n)" for k in range(1, count + 1)]
    return "\n".join(["h_0: vector(n); t: vector(n)", *shapes, *lines, f"J = norm2(h_{count} - t)^2/2"])


@pytest.mark.parametrize("name", PROGRAMS)
def test_reverse_flops_are_those_that_running_the_code_takes(name: str) -> None:
    derivatives = matcalc.derive(PROGRAMS[name], "all")
    program = derivatives.first.program
    sizes = dict(zip(program.dimensions, (5, 7, 3, 4), strict=False))
    values: dict[str, Any] = dict(sample(program, seed=1, sizes=sizes).values)
    together = derivatives.cost(sizes).together
    assert together.figures["reverse"].flops == flops_of_run(derivatives.numpy(), values)
    assert together.figures["function"].flops == derivatives.first.cost(sizes).figures["function"].flops


#: The example programs of several variables whose output has a value.
EXAMPLES = [path for path in sorted(FOLDER.glob("*.mc")) if path.stem not in ("intermediate-values", "linear-layer")]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_gradient_of_every_program_costs_less_than_five_functions(path: Path) -> None:
    """The cheap-gradient principle: Griewank and Walther, Evaluating Derivatives, section 4.5."""
    derivatives = matcalc.derive(path.read_text(encoding="utf-8"), "all")
    dimensions = derivatives.first.program.dimensions
    costs = derivatives.cost({dimension: 12 + 5 * k for k, dimension in enumerate(dimensions)})
    assert costs.together is not None
    assert 1 < costs.together.ratios["reverse"] < 5


def test_the_gradient_of_64_layers_costs_less_than_five_functions() -> None:
    """Only what the gradient of all weights takes is counted, not forward mode."""
    derivatives = matcalc.derive(layers(64), ["h_0", *(f"W_{k}" for k in range(1, 65))])
    function = gradient_function(derivatives.members)
    assert function is not None
    ledger = ledger_for(list(function.results.values()), function.parameters, {"n": 20}, Facts(), function.names)
    whole = derivatives.first.cost(n=20).figures["function"].flops
    assert 1 < Run(ledger, 8).figures(0).flops / whole < 5


@pytest.mark.parametrize("count", [1, 4])
def test_a_gradient_costs_less_than_five_functions_whatever_the_number_of_layers(count: int) -> None:
    costs = matcalc.derive(layers(count), ["h_0", *(f"W_{k}" for k in range(1, count + 1))]).cost(n=20)
    assert 1 < costs.together.ratios["reverse"] < 5
    assert costs.together.ratios["forward"] > 30 * count


def test_forward_passes_are_the_entries_of_all_variables() -> None:
    costs = matcalc.derive(PROGRAMS["two layers"], ["W", "U"]).cost(dict.fromkeys(("m", "n", "p"), 6))
    together = costs.together
    assert together.passes == sum(cost.calls["forward"] for cost in costs.members) == 72
    assert together.figures["forward"].flops == sum(cost.figures["forward"].flops for cost in costs.members)


def test_polynomials_are_the_numbers_at_sizes_at_which_the_code_is_the_same() -> None:
    derivatives = matcalc.derive(PROGRAMS["two layers"], ["W", "U"])
    sizes = {"m": 11, "n": 13, "p": 17}
    symbolic, numeric = derivatives.cost().together, derivatives.cost(sizes).together
    for mode in ("function", "reverse"):
        polynomial = symbolic.figures[mode].flops
        assert polynomial.subs({s: sizes[s.name] for s in polynomial.free_symbols}) == numeric.figures[mode].flops


@pytest.mark.parametrize(
    ("source", "wrt", "options"),
    [("x'*A*x", ["x"], {}), ("A*x", ["x", "A"], {}), ("x'*A*x", ["x", "A"], {"order": 2})],
)
def test_what_is_no_gradient_by_several_variables_has_no_cost_together(source: str, wrt: list[str], options: dict) -> None:
    costs: Costs = matcalc.derive(source, wrt, **options).cost()
    assert costs.together is None
    assert len(costs.bodies) == len(costs.to_json()) == len(wrt)


def run(*args: str) -> str:
    result = CliRunner().invoke(main, ["cost", *args])
    assert result.exit_code == 0, result.output
    return result.output


def test_the_command_says_the_ratio_to_the_function() -> None:
    text = run("norm2(A*x - b)^2", "--wrt", "all", "--size", "m=40,n=30")
    assert "by A, x and b together, in float64, with m = 40, n = 30" in text
    assert "Reverse mode finds the gradient by all of them in one pass with" in text
    assert max(map(len, text.splitlines())) <= 79
    alone = run("norm2(A*x - b)^2", "--wrt", "x", "--size", "m=40,n=30")
    assert "Reverse mode takes 1.9 times the flops of the function." in alone


def test_the_command_without_sizes_prints_polynomials() -> None:
    text = run("norm2(A*x - b)^2", "--wrt", "A", "--wrt", "x")
    assert "all in reverse mode\n  entries  m*n + n\n" in text


def test_json_has_one_object_more() -> None:
    found = json.loads(run("norm2(A*x - b)^2", "--wrt", "all", "--size", "m=40,n=30", "--format", "json"))
    assert [part["wrt"] for part in found] == ["A", "x", "b", ["A", "x", "b"]]
    assert found[-1]["ratios"].keys() == {"reverse", "forward"}
    assert found[-1]["calls"] == {"forward": 40 * 30 + 30 + 40, "reverse": 1}
