"""Properties of derivations on random expressions and random programs.

* every step is a claim that holds: proved, or proved at sizes, hardly ever by numbers, never refuted;
* a step that continues begins where the one before ended, and the answer is among them;
* text, JSON and LaTeX can be made, whatever the names of the program are.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strategies import Expression, well_typed
from test_latex_katex import READY, refused

import matcalc
from matcalc.notation.latex_display import aligned, equation_rows
from matcalc.notation.latex_names import BOLD
from matcalc.notation.text import to_text
from matcalc.steps import Step, Steps, steps_equations

SHAPES = ((), ("n",), ("m", "n"))
LAYOUTS = ("numerator", "denominator")
#: Verdicts of steps that hold; `numeric` is left to a few sums of fractions.
STRONG = {"proved", "proved-at-sizes"}


def bounded(examples: int) -> settings:
    """As many examples, the same ones in every run."""
    checks = [HealthCheck.too_slow, HealthCheck.filter_too_much]
    return settings(max_examples=examples, deadline=None, derandomize=True, suppress_health_check=checks)


# ---- Random programs -----------------------------------------------------------------------------------------------------

#: What a derivation calls its own: the parameter of differentials, signals, losses, differentials, indices.
NAMES = (
    "t", "t1", "delta", "delta_1", "signal", "signal_1", "L", "L0", "d", "dx", "x", "T",
    "i", "j", "k", "r", "s", "p", "J", "e", "u", "A", "dA", "size_0",
)  # fmt: skip
#: Ways to make a value of each kind; `f` is an unknown function.
RULES = {
    "scalar": ("{vector}'*{vector}", "sum({vector})", "tr({matrix})", "sin({scalar})", "{scalar}*{scalar}", "{row}*{vector}",
               "norm2({vector})^2", "sum(f({matrix}))", "{vector}'*{matrix}*{vector}", "norm2(vec({matrix}))^2/2"),
    "vector": ("{matrix}*{vector}", "tanh({vector})", "f({vector})", "relu({vector})", "{vector}.*{vector}", "{row}'",
               "{vector} - {vector}", "{scalar}*{vector}", "{vector}/2", "softmax({vector})", "{matrix}'*{vector}"),
    "matrix": ("{matrix}*{matrix}", "{matrix}'", "{vector}*{vector}'", "sigmoid({matrix})", "{matrix} + {row}",
               "{scalar}*{matrix}", "{matrix}.*{matrix}", "{matrix} - {vector}", "softmax({matrix})"),
    "row": ("{vector}'*{matrix}", "{vector}'", "sum({matrix}, 0)"),
}  # fmt: skip
SIZES = {"scalar": "", "vector": "(n)", "matrix": "(n, n)"}
PROPERTIES = {"scalar": ("", " positive"), "vector": ("", " positive"), "matrix": ("", " symmetric", " lower")}


@dataclass(frozen=True)
class Drawn:
    """A program, and one of its names to differentiate by."""

    source: str
    wrt: str
    layout: str

    def derivative(self) -> matcalc.Derivative:
        return matcalc.derive(self.source, self.wrt, layout=self.layout)


@st.composite
def programs(draw: st.DrawFn) -> Drawn:
    """Declared variables of each kind, then values that are made of some of those before them, the last one a scalar."""
    names = iter(draw(st.permutations(NAMES)))
    pools: dict[str, list[str]] = {kind: [] for kind in RULES}
    lines = ["f: function"]
    for kind in ("scalar", "vector", "vector", "matrix"):
        pools[kind].append(next(names))
        lines.append(f"{pools[kind][-1]}: {kind}{SIZES[kind]}{draw(st.sampled_from(PROPERTIES[kind]))}")
    by = [name for pool in pools.values() for name in pool]
    drawn = draw(st.lists(st.sampled_from(("vector", "vector", "matrix", "scalar", "row")), min_size=2, max_size=4))
    for kind in ("row", *drawn, "scalar"):
        rule = draw(st.sampled_from(RULES[kind]))
        while "{" in rule:
            used = rule.partition("{")[2].partition("}")[0]
            # What was made last is used most.
            rule = rule.replace(f"{{{used}}}", draw(st.sampled_from(pools[used][-2:])), 1)
        pools[kind].append(next(names))
        lines.append(f"{pools[kind][-1]} = {rule}")
        by.append(pools[kind][-1])
    return Drawn("\n".join(lines), draw(st.sampled_from(by[:-1])), draw(st.sampled_from(LAYOUTS)))


# ---- What holds of every derivation --------------------------------------------------------------------------------------


def weak(found: Steps) -> dict[str, tuple[str, str]]:
    """The steps that are not shown, with their claims."""
    return {step.text: (step.verdict, step.claim) for step in found if step.verdict not in STRONG}


def faults(derivative: matcalc.Derivative) -> list[str]:
    """What is wrong with the steps, their verdicts apart."""
    found = derivative.steps
    texts = [to_text(step.right) for step in found]
    joints = [(before, after) for before, after in pairwise(found) if after.continues]
    broken = [after.text for before, after in joints if to_text(after.left) != to_text(before.right)]
    told = [step.text for step in found if not step.law or "∂" in step.text + step.claim]
    return [*broken, *told, *([] if derivative.text in texts else [f"no answer {derivative.text}"])]


def printed(found: Steps) -> None:
    """All that is printed is made."""
    assert all(isinstance(step, Step) for step in found)
    assert json.loads(json.dumps(found.to_json()))
    assert f"{len(found)} step" in found.text
    assert found.latex().startswith(r"\begin{align*}")


def unverified(found: Steps) -> str:
    """The LaTeX without the verdicts, which take long."""
    return aligned(equation_rows(list(steps_equations(found, verified=False)), found.where, BOLD, found.names))


@bounded(60)
@given(programs())
def test_steps_of_random_programs_hold(drawn: Drawn) -> None:
    derivative = drawn.derivative()
    assert faults(derivative) == []
    assert weak(derivative.steps) == {}
    printed(derivative.steps)


@bounded(60)
@given(well_typed(*SHAPES), st.sampled_from(LAYOUTS), st.data())
def test_steps_of_random_expressions_hold(expression: Expression, layout: str, data: st.DataObject) -> None:
    wrt = data.draw(st.sampled_from(expression.variables), label="wrt")
    derivative = matcalc.derive(expression.text, wrt, declare=expression.declare, layout=layout)
    assert faults(derivative) == []
    assert {verdict for verdict, _ in weak(derivative.steps).values()} <= {"numeric"}
    printed(derivative.steps)


@bounded(120)
@given(programs(), st.sampled_from((1, 2)))
def test_steps_of_random_programs_join_up(drawn: Drawn, order: int) -> None:
    derivative = matcalc.derive(drawn.source, drawn.wrt, layout=drawn.layout, order=order)
    assert faults(derivative) == []


def test_katex_takes_the_steps_of_random_programs() -> None:
    displays: list[str] = []

    @bounded(100)
    @given(programs())
    def collect(drawn: Drawn) -> None:
        displays.append(unverified(drawn.derivative().steps))

    collect()
    if not READY:
        pytest.skip(f"KaTeX is not installed: {len(displays)} derivations went unchecked")
    assert refused(displays) == []
