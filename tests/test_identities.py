"""Every formula of the source documents: the engine's value of each side equals that of the numeric interpreter.

Whether the sides are equal, as most of them claim, is another question; here both programs must mean the same by each.
"""

import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import matcalc  # noqa: F401  (fills the registry)
from matcalc.check import arguments_at
from matcalc.codegen import compile_function, generate, parameters_of
from matcalc.inference import infer
from matcalc.lowering import lower
from matcalc.parser import parse_claim, parse_statements
from matcalc.sampling import sample, value_at

FOLDER = Path(__file__).parent.parent / "identities"
IDENTITIES = [
    pytest.param(identity, id=identity["name"])
    for path in sorted(FOLDER.glob("*.toml"))
    for identity in tomllib.loads(path.read_text(encoding="utf-8"))["identity"]
]


def test_the_source_documents_are_here() -> None:
    assert len(IDENTITIES) >= 292


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("identity", IDENTITIES)
def test_engine_and_interpreter_mean_the_same(identity: dict) -> None:
    layout = identity.get("layout", "numerator")
    sides = parse_claim(identity["claim"])
    program = parse_statements(identity.get("where", []), identity.get("declare", []))
    alike = [(0, k) for k in range(1, len(sides))]
    typed = infer(program, layout=layout, extra=sides, alike=alike)
    environment = lower(typed, layout)
    point = sample(replace(typed, output=typed.extra[0]), seed=1)
    for side in typed.extra:
        tensor = environment.lower(side)
        parameters = parameters_of([tensor.node], typed.variables)
        function = compile_function(generate({"side": tensor}, parameters, docstring=identity["name"]))
        value = np.asarray(function(**arguments_at(function, typed, point)))
        wanted = np.asarray(value_at(typed, side, point))
        assert value.shape == wanted.shape
        np.testing.assert_allclose(value, wanted, rtol=1e-7, atol=1e-9)
