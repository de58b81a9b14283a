"""The benchmarks of emitted code: every problem at a tiny size, turns, and the table of made-up figures.

No time is asserted.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from time import sleep

import numpy as np
import pytest

from benchmarks.codegen import measure
from benchmarks.codegen.contestants import emitted, hand_written, product, source
from benchmarks.codegen.derivations import Derivation
from benchmarks.codegen.forms import FORMS
from benchmarks.codegen.measure import Disagreement, Rival, Row, agree, measured
from benchmarks.codegen.problems import PROBLEMS, parts
from benchmarks.codegen.report import JAX, Results, figure, markdown, overview, targets, with_overview, write
from benchmarks.codegen.timing import Effort, Spread, in_turns, peak_bytes, quickest, ratios

TINY = 4
EFFORT = Effort(0.01, 2, 3)
BY_NAME = {problem.name: problem for problem in PROBLEMS}


# Problems


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.name)
def test_hand_written_forms_agree_with_the_emitted_code(problem):
    values = problem.values(TINY)
    kept = {name: array.copy() for name, array in values.items()}
    expected = parts(emitted(problem, values)(), problem.wrt)
    assert len(problem.forms) >= (1 if problem.kind == "vjp" else 2)
    for name, run in hand_written(problem, values).items():
        agree(problem, name, run(), expected)
    assert all(np.array_equal(values[name], array) for name, array in kept.items()), "an argument was written to"


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.name)
def test_problems_have_three_sizes_and_data_that_are_the_same_each_time(problem):
    assert len(problem.sizes) >= 3
    assert list(problem.sizes) == sorted(problem.sizes)
    first, second = problem.values(TINY), problem.values(TINY)
    assert all(np.array_equal(first[name], second[name]) for name in first)
    assert f"def {product(problem)}(" in source(problem)


def test_forms_belong_to_problems():
    assert set(FORMS) == set(BY_NAME)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [(lambda J: J * (1 + 1e-6), "differ"), (lambda J: J[:, :, 0], "shapes"), (lambda J: J * np.nan, "differ")],
)
def test_a_wrong_result_is_an_error(spoil, message):
    problem = BY_NAME["inverse-Jacobian"]
    right = emitted(problem, problem.values(TINY))()
    agree(problem, "itself", right * (1 + 1e-12), [right])
    with pytest.raises(Disagreement, match=message):
        agree(problem, "spoilt", spoil(right), [right])


def test_a_rival_that_errs_stops_the_run():
    problem = BY_NAME["quadratic-gradient"]
    with pytest.raises(Disagreement, match="liar"):
        list(measured(problem, (TINY,), {"liar": lambda *_: {"zero": lambda: np.zeros(TINY)}}, EFFORT))


def test_a_slow_rival_is_left_out_at_larger_sizes(monkeypatch):
    monkeypatch.setattr(measure, "PATIENCE", 0.0)
    problem = BY_NAME["quadratic-Hessian"]
    first, second = measured(problem, (TINY, TINY + 1), {"rival": hand_written}, EFFORT)
    assert list(first.rivals) == ["rival"]
    assert first.missing == second.rivals == {}
    assert f"at n = {TINY}" in second.missing["rival"]
    assert first.largest == TINY**2
    assert first.form in {form.__name__ for form in problem.forms}


def test_memory_is_compared_with_the_leanest_of_the_fastest_forms():
    times = {"fast": [1.0, 1.0], "as fast": [1.04, 1.05], "slow": [1.1, 1.1]}
    assert measure.nearly_fastest(times) == ["fast", "as fast"]


# Turns


def test_all_take_a_turn_in_every_round_and_every_second_round_runs_in_reverse():
    order: list[str] = []

    def noted(name):
        return lambda: (order.append(name), sleep(0.005))

    times = in_turns({"a": noted("a"), "b": noted("b")}, Effort(0.0, 4, 9))
    assert [len(found) for found in times.values()] == [4, 4]
    assert order[2:] == ["a", "b", "b", "a", "a", "b", "b", "a"]  # after one call of each to see how long it takes


def test_the_clock_is_that_of_the_effort():
    ticks = iter(range(1_000))
    times = in_turns({"a": lambda: None}, Effort(0.0, 3, 3, clock=lambda: float(next(ticks))))
    assert times == {"a": [1.0, 1.0, 1.0]}


def test_rounds_are_bounded():
    effort = Effort(1.0, 3, 20)
    assert [effort.rounds(seconds) for seconds in (1e-6, 0.1, 10.0)] == [20, 10, 3]


def test_ratios_are_of_neighbours():
    assert ratios([2.0, 40.0, 6.0], [1.0, 20.0, 3.0]) == Spread(2.0, 2.0, 2.0)
    assert Spread.of([3.0]) == Spread(3.0, 3.0, 3.0)


def test_the_quickest_is_found_by_calling():
    assert quickest({"slow": lambda: sleep(0.01), "fast": lambda: None}, EFFORT) == "fast"
    assert quickest({"only": lambda: 1 / 0}, EFFORT) == "only"


def test_peak_memory_is_that_of_arrays():
    assert 8e6 <= peak_bytes(lambda: np.ones(1_000_000)) < 8.1e6
    assert 16e6 <= peak_bytes(lambda: [np.ones(1_000_000) for _ in range(2)]) < 16.1e6
    assert 16e6 <= peak_bytes(lambda: sum(np.ones((2, 1_000_000)).sum(axis=1))) < 16.1e6  # what is given back counts, too


# The table


def made_up(name: str, n: int, ratio: float, jax: float | None = None, **others) -> Row:
    one = Spread(0.001, 0.0009, 0.0012)
    rivals = {} if jax is None else {JAX: Rival("hessian", one, Spread(jax, jax, jax))}
    row = Row(name, BY_NAME[name].kind, n, 10_000, one, "a_form", one, Spread(ratio, ratio, ratio), 110_000, 100_000, rivals)
    return replace(row, **others)


@pytest.fixture
def results():
    rows = [
        made_up("logdet-Hessian", 10, 9.0, 0.01, largest=2_499),  # too small to count
        made_up("logdet-Hessian", 20, 1.0, 20.0),
        made_up("logdet-Hessian", 30, 1.21, 4.0),
        made_up("logdet-gradient", 50, 1.2, 0.5, missing={"torch.func": "3.0 s at n = 30"}),
    ]
    derivations = [
        Derivation("logdet-Hessian", 9.0, (5.0, 1.0), "right", (50.0, 10.0), None),
        Derivation("logdet-gradient", 51.0, (5.0, 1.0), "not written", None, None),
    ]
    return Results({"Processor": "P"}, {"numpy": "2"}, {"tensorgrad": "tensorgrad is not installed"}, rows, derivations)


def test_targets_count_large_arrays_alone(results):
    found = {target.text.partition(",")[0] + "," + target.text.rpartition(",")[2]: target for target in targets(results)}
    assert [round(target.found, 4) for target in found.values()] == [1.1324, 1.21, 1.1, 2.0, 8.9443, 51.0]
    assert [target.met for target in found.values()] == [False, True, True, False, True, False]
    assert [target.where for target in found.values()][1:4] == [
        "logdet-Hessian, n = 30", "logdet-Hessian, n = 20", "logdet-gradient, n = 50",
    ]  # fmt: skip


def test_a_run_without_rivals_has_the_targets_that_need_none(results):
    alone = [replace(row, rivals={}) for row in results.rows]
    assert len(list(targets(replace(results, rows=alone, derivations=[])))) == 3
    assert list(targets(replace(results, rows=[], derivations=[]))) == []


def test_the_page_is_made_of_whole_tables(results):
    page = markdown(results, PROBLEMS)
    tables = [block.splitlines() for block in page.split("\n\n") if block.startswith("| ")]
    assert len(tables) == 5
    for table in tables:
        rows = [line for line in table if line.startswith("|")]
        assert len({line.count(" | ") for line in rows}) == 1, rows[0]
    assert "| logdet-Hessian | 30 | 1.00 | 1.00 | 1.21 (1.21–1.21) | `a_form` | 0.110 | 1.10 | 4.00 |" in page
    assert "| logdet-Hessian * | 10 |" in page
    assert "* tensorgrad: tensorgrad is not installed" in page
    assert "* logdet-gradient, n = 50: torch.func, 3.0 s at n = 30" in page
    assert "| JAX, jitted | 0.500 | 8.94 | 3 |" in page
    assert "SymPy over matcalc 10.0 fresh, 10.0 again (1 problems)" in page


def test_results_are_written_and_read_back(results, tmp_path):
    write(results, PROBLEMS, tmp_path / "new")
    assert (tmp_path / "new" / "code.md").read_text(encoding="utf-8") == markdown(results, PROBLEMS)
    read = json.loads((tmp_path / "new" / "code.json").read_text(encoding="utf-8"))
    assert read["rows"][1]["rivals"][JAX]["ratio"]["median"] == 20.0
    assert read["missing"] == results.missing


def test_the_overview_is_put_between_its_comments(results):
    table = overview(results)
    assert "| hand-written NumPy, the fastest form | 0.833 | 0.909 | 3 |" in table
    page = "a\n<!-- speed: begin -->\n\nold\n\n<!-- speed: end -->\nb\n"
    assert with_overview(page, table) == f"a\n<!-- speed: begin -->\n\n{table}\n\n<!-- speed: end -->\nb\n"
    with pytest.raises(ValueError, match="no place"):
        with_overview("a", table)


def test_the_readme_has_a_place_for_the_overview():
    page = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
    assert "\n\n## Speed\n" in with_overview(page, "")


@pytest.mark.parametrize(
    ("number", "text"),
    [(0.01234, "0.012"), (0.9996, "1.00"), (9.994, "9.99"), (9.996, "10.0"), (99.96, "100"), (12345.6, "12,346")],
)
def test_figures_have_three_digits(number, text):
    assert figure(number) == text
