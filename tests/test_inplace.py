"""Code that writes over its own arrays: the same values as code that does not, whatever the types and sizes of arguments.

Arguments are made read-only, so that a write into one is an error.  Beside the plans that the generator makes there are
wild ones, which write over whatever may be written over: what is allowed must be right, not only what is chosen.
`python -m tests.test_inplace` takes many more random expressions.
"""

from __future__ import annotations

import random
import re
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import matcalc
from matcalc.codegen import Function, Manner, Parameter, Source, compile_function, generate_module, inplace, parameters_of
from matcalc.codegen.memory import Memory
from matcalc.codegen.shapes import SHAPES
from matcalc.codegen.steps import Step
from matcalc.codegen.targets import NUMPY
from matcalc.codegen.targets.numpy import ARRAY
from matcalc.codegen.writer import WRITERS
from matcalc.errors import MatcalcError
from matcalc.operation import operations
from tests.corpus import TASKS, Task
from tests.strategies import SHAPES_OF, Expression, well_typed

#: NumPy as it is written without any of this, helpers included.
APART = replace(NUMPY, in_place=False, helpers={"array": ARRAY})

TYPES = (np.float32, np.float64, np.complex128, np.int64)

PROBLEMS = {
    "residual": ("norm2(A*x - b)^2", "x", "A: matrix(m, n)", 1),
    "residual Hessian": ("norm2(A*x - b)^2", "x", "A: matrix(m, n)", 2),
    "quadratic form": ("x'*A*x", "x", "A: matrix(n, n)", 1),
    "sum of a matrix and its transpose": ("x'*A*x", "x", "A: matrix(n, n)", 2),
    "skew": ("A - A'", "A", "A: matrix(n, n)", 1),
    "factors": ("norm2(T - U*V')^2", "U", "T: matrix(m, n); U: matrix(m, k); V: matrix(n, k)", 1),
    "logistic": ("sum(log(1 + exp(-y.*(X*w))))", "w", "X: matrix(m, n)", 1),
    "logsumexp": ("logsumexp(A*x)", "x", "A: matrix(m, n)", 2),
    "softmax": ("softmax(A*x)", "x", "A: matrix(m, n)", 1),
    "functions": ("sum(exp(sin(A*x)).*cos(A*x - b))", "x", "A: matrix(m, n)", 1),
    "scalars": ("s*sum((A*x - b).^2)/t", "x", "A: matrix(m, n); s: scalar; t: scalar", 1),
    "products": ("a'*X*X'*b + tr(B*X*C)", "X", "X: matrix(n, n); B: matrix(n, n); C: matrix(n, n)", 1),
    "Gaussian": ("logdet(S) + (x - mu)'*inv(S)*(x - mu)", "S", "S: matrix(n, n); x: vector(n); mu: vector(n)", 1),
    "network": ("sum(tanh(tanh(X*V)*W).^2)", "V", "X: matrix(b, d); V: matrix(d, h); W: matrix(h, c)", 1),
    "an unknown function": ("sum(f(A*x).*(A*x - b))", "x", "A: matrix(m, n); f: function", 1),
    "deltas": ("sum((A*x).^2)*eye(n) + x*x'", "x", "A: matrix(m, n); x: vector(n)", 1),
}  # fmt: skip


def known(name: str) -> tuple[matcalc.Derivative, tuple[Parameter, ...]]:
    """A problem, with its parameters."""
    source, wrt, declare, order = PROBLEMS[name]
    return with_parameters(matcalc.derive(source, wrt, declare, order=order))


def with_parameters(answer: matcalc.Derivative) -> tuple[matcalc.Derivative, tuple[Parameter, ...]]:
    return answer, parameters_of([answer.node], answer.free_variables)


def source_of(
    answer: matcalc.Derivative,
    parameters: tuple[Parameter, ...],
    target: Any,
    sizes: Mapping[str, int],
    *others: matcalc.Derivative,
) -> Source:
    """The module for a target; a dict of arrays, if there are other answers."""
    results = {f"answer{k}": found.tensor for k, found in enumerate((answer, *others))}
    function = Function("derivative", results, parameters, single=not others)
    return generate_module([function], Manner(target, sizes), docstring="An answer.")


def arguments(parameters: tuple[Parameter, ...], sizes: Mapping[str, int], types: Iterator[Any], seed: int) -> dict[str, Any]:
    """Read-only arrays of some types; unknown functions; sizes."""
    drawn = np.random.default_rng(seed)
    functions = iter([np.sin, np.cos, lambda z: -np.sin(z), lambda z: -np.cos(z)])
    found: dict[str, Any] = {}
    for parameter in parameters:
        if parameter.kind == "size":
            found[parameter.python_name] = sizes[parameter.name]
        elif parameter.kind == "function":
            found[parameter.python_name] = next(functions)
        else:
            shape = [int(np.prod([d if isinstance(d, int) else sizes[d] for d in axis])) for axis in parameter.shape]
            found[parameter.python_name] = array(drawn, shape, next(types))
    return found


def array(drawn: np.random.Generator, shape: list[int], kind: Any) -> np.ndarray:
    """A read-only array of a type; square matrices are regular."""
    values = drawn.uniform(0.2, 1.2, shape) + (3 * np.eye(shape[0]) if len(shape) == 2 and shape[0] == shape[1] else 0)
    if kind is np.complex128:
        values = values + 1j * drawn.uniform(-0.3, 0.3, shape)
    made = np.asarray(values * 3 if kind is np.int64 else values).astype(kind)
    made.flags.writeable = False
    return made


def called(source: Source, given: Mapping[str, Any]) -> Any:
    """The value, or the error that there is in NumPy without any of this, too."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            return compile_function(source)(**given)
        except (TypeError, ValueError, np.linalg.LinAlgError) as error:
            return type(error)


def assert_same(source: Source, plain: Source, given: Mapping[str, Any]) -> None:
    """Two modules compute the same, in the same type or, where arguments were brought to one type, in a wider one."""
    before = {name: np.array(value) for name, value in given.items() if isinstance(value, np.ndarray)}
    expected = called(plain, given)
    if isinstance(expected, type):
        return
    found = called(source, given)
    assert not isinstance(found, type), (found, str(source))
    assert isinstance(found, np.ndarray) == isinstance(expected, np.ndarray)
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.shape == expected.shape
    assert np.result_type(found, expected) == found.dtype
    assert found.dtype == expected.dtype or "_arrays(" in source
    narrow = any(value.dtype == np.float32 for value in before.values())
    with np.errstate(all="ignore"):
        scale = np.abs(expected[np.isfinite(expected)]).max(initial=1.0)
    np.testing.assert_allclose(
        found, expected, rtol=2e-3 if narrow else 1e-9, atol=(1e-4 if narrow else 1e-11) * scale, err_msg=str(source)
    )
    for name, value in before.items():
        np.testing.assert_array_equal(given[name], value)
        assert not np.shares_memory(found, given[name])


@contextmanager
def wild(seed: int) -> Iterator[None]:
    """All plans write over whatever they may, and take any name that is read no more."""
    chosen = random.Random(seed)

    def everything(memory: Memory, allowed: Mapping[Step, Mapping[Step, object]]) -> dict[Step, Step]:
        return {step: chosen.choice(list(targets)) for step, targets in allowed.items() if chosen.random() < 0.8}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inplace, "lowering", everything)
        patch.setattr(Memory, "renamed", lambda self, targets: self._run(targets)[2])
        patch.setattr(inplace, "PRODUCTS", frozenset(WRITERS))
        yield


# ---- Values ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["planned", "wild"])
@pytest.mark.parametrize("name", PROBLEMS)
@settings(max_examples=12, deadline=None)
@given(st.data())
def test_types_and_sizes(name: str, mode: str, data: st.DataObject) -> None:
    answer, parameters = known(name)
    dimensions = answer.program.dimensions
    real = {d: data.draw(st.sampled_from([0, 1, 2, 3]), label=d) for d in dimensions}
    told = {d: data.draw(st.sampled_from([1, 10, 1000]), label=f"{d} told") for d in dimensions}
    types = iter([data.draw(st.sampled_from(TYPES)) for _ in parameters])
    given = arguments(parameters, real, types, data.draw(st.integers(0, 99)))
    source = planned_or_wild(mode, data.draw(st.integers(0, 99)), lambda: source_of(answer, parameters, NUMPY, told))
    assert_same(source, source_of(answer, parameters, APART, told), given)


def planned_or_wild(mode: str, seed: int, make: Callable[[], Source]) -> Source:
    """What is made, with the generator's plans or wild ones."""
    if mode == "planned":
        return make()
    with wild(seed):
        return make()


def assert_random(expression: Expression, order: int, seed: int) -> bool:
    """Check the derivative of a drawn expression; True if something is written over in the wild code."""
    drawn = random.Random(seed)
    names = [name for name in expression.variables if SHAPES_OF[name]] or list(expression.variables)
    try:
        answer = matcalc.derive(expression.text, drawn.choice(names), expression.declare, order=order)
    except MatcalcError:
        return False
    if answer.node.order > 4:
        return False
    answer, parameters = with_parameters(answer)
    sizes = {d: drawn.choice([1, 2, 3]) for d in answer.program.dimensions}
    types = iter([drawn.choice(TYPES) for _ in parameters])
    plain = source_of(answer, parameters, APART, {})
    given = arguments(parameters, sizes, types, seed)
    with wild(seed):
        source = source_of(answer, parameters, NUMPY, {})
    assert_same(source, plain, given)
    assert_same(source_of(answer, parameters, NUMPY, {}), plain, given)
    return re.search(r"^    \w+ (\*\*|[-+*/])= |, out=\w+\)$", source.rpartition("def ")[2], re.M) is not None


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(well_typed((), ("n",), ("m", "n"), ("p", "p"), depth=3), st.integers(1, 2), st.integers(0, 10**6))
def test_random_expressions(expression: Expression, order: int, seed: int) -> None:
    assert_random(expression, order, seed)


@pytest.mark.parametrize("task", [task for task in TASKS if not task.functions][::12], ids=lambda task: task.name)
def test_the_corpus(task: Task) -> None:
    answer, parameters = with_parameters(
        matcalc.derive(task.source, wrt=task.wrt, declare=task.declare, layout=task.layout, order=task.order)
    )
    sizes = {d: number for number, d in enumerate(answer.program.dimensions, 2)}
    with wild(7):
        source = source_of(answer, parameters, NUMPY, {})
    for kind in (np.float64, np.complex128):
        given = arguments(parameters, sizes, iter([kind, np.float32] * 40), 3)
        assert_same(source, source_of(answer, parameters, APART, {}), given)


SHARED = {
    "a layer": ("norm2(tanh(A*B*x) - b)^2", ("A", "B", "x", "b"), "A: matrix(m, n); B: matrix(n, n); x: vector(n)"),
    "a quotient": ("(x'*A*x + b'*x)/(1 + x'*x)", ("x", "A", "b"), "A: matrix(n, n); x: vector(n)"),
    "an inverse": ("logdet(S) + tr(inv(S)*A) + x'*inv(S)*x", ("S", "A", "x"), "S: matrix(n, n); A: matrix(n, n); x: vector(n)"),
    "a softmax": ("logsumexp(A*x) - b'*A*x", ("A", "x", "b"), "A: matrix(m, n)"),
}


@pytest.mark.parametrize("name", SHARED)
@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.booleans())
def test_several_answers(name: str, seed: int, planned: bool) -> None:
    """What one answer needs is not written over by another."""
    drawn = random.Random(seed)
    source, names, declare = SHARED[name]
    wanted = [*drawn.sample(names, drawn.randint(2, len(names)))]
    first, *others = [matcalc.derive(source, wrt, declare) for wrt in wanted]
    parameters = parameters_of([answer.node for answer in (first, *others)], first.free_variables)
    told = {d: drawn.choice([1, 10, 1000]) for d in first.program.dimensions}
    real = {d: drawn.choice([1, 2, 3]) for d in first.program.dimensions}
    given = arguments(parameters, real, iter([drawn.choice(TYPES) for _ in parameters]), seed)
    made = planned_or_wild("planned" if planned else "wild", seed, lambda: source_of(first, parameters, NUMPY, told, *others))
    found, expected = called(made, given), called(source_of(first, parameters, APART, told, *others), given)
    assert list(found) == list(expected)
    narrow = any(value.dtype == np.float32 for value in given.values())
    for key in expected:
        np.testing.assert_allclose(found[key], expected[key], rtol=2e-3 if narrow else 1e-9, atol=1e-4 if narrow else 1e-11)
    arrays = [value for value in found.values() if isinstance(value, np.ndarray)]
    assert not any(np.shares_memory(a, b) for k, a in enumerate(arrays) for b in [*arrays[:k], *given.values()])


# ---- Helpers --------------------------------------------------------------------------------------------------------


#: Functions of numbers with helpers take arrays of any shape, those of vectors need a last axis with entries.
HELPED = [
    (record.name, shape)
    for record in operations()
    for shape in [(), (0,), (1,), (5,), (2, 3)]
    if record.name in NUMPY.helpers and (record.elementwise or any(shape[-1:]))
]


@pytest.mark.parametrize(("name", "shape"), HELPED)
@pytest.mark.parametrize("kind", [np.float16, *TYPES[:3]])
def test_helpers_are_those_of_the_registry(name: str, kind: Any, shape: tuple[int, ...]) -> None:
    values = array(np.random.default_rng(1), [*shape], kind)
    found, expected = (run(code, values) for code in (helpers(name, NUMPY), helpers(name, APART)))
    assert type(found) is type(expected)
    assert found.dtype == expected.dtype == kind
    np.testing.assert_allclose(found, expected, rtol=4 * float(np.finfo(kind).eps), atol=0)
    assert not np.shares_memory(found, values)


def helpers(name: str, target: Any) -> str:
    """The source of a helper with those that it calls."""
    needed = target.needed(f"_{name}(x)")
    return "\n".join(["import numpy as np", *map(target.helper, needed), f"value = _{name}"])


def run(code: str, values: np.ndarray) -> Any:
    namespace: dict[str, Any] = {}
    exec(code, namespace)
    return namespace["value"](values[()])


# ---- Plans ----------------------------------------------------------------------------------------------------------


def test_every_kind_of_step_has_a_shape() -> None:
    assert {*SHAPES, "name"} == {*WRITERS, "scatter"}


def test_an_argument_that_may_be_wider_is_brought_to_one_type_with_the_others() -> None:
    answer, parameters = known("residual")
    source = source_of(answer, parameters, NUMPY, {"m": 1000, "n": 10})
    assert "if not A.dtype == b.dtype == x.dtype:" in source
    assert "t1 -= b" in source
    A, x = np.ones((3, 2), np.float32), np.ones(2, np.float32)
    found = compile_function(source)(A=A, b=np.full(3, 1j), x=x)
    np.testing.assert_allclose(found, [12 - 6j, 12 - 6j])


@pytest.mark.parametrize("function", ["softplus", "log", "sqrt", "f"])
def test_arguments_keep_their_types_where_a_function_of_one_is_another_for_complex_numbers(function: str) -> None:
    answer, parameters = with_parameters(
        matcalc.derive(f"norm2(A*x - {function}(b))^2", "x", "A: matrix(m, n); b: vector(m); f: function")
    )
    source = source_of(answer, parameters, NUMPY, {"m": 1000, "n": 10})
    assert "_arrays" not in source
    given = {"A": np.ones((3, 2)), "b": np.array([-1.0, 0.5, 2.0]), "x": np.full(2, 1j), "f": lambda z: np.logaddexp(0.0, z)}
    given = {parameter.python_name: given[parameter.name] for parameter in parameters}
    assert_same(source, source_of(answer, parameters, APART, {}), given)


def test_nothing_is_written_over_where_that_saves_nothing() -> None:
    answer, parameters = known("residual")
    assert "return 2 * ((A @ x - b) @ A)" in source_of(answer, parameters, NUMPY, {})


def test_what_an_unknown_function_returns_is_left_alone() -> None:
    """It may be its argument, or an array that it keeps."""
    answer = matcalc.derive("sum(f(A*x).*(A*x - b))", "x", "A: matrix(m, n); f: function")
    kept: list[np.ndarray] = []

    def f(z: np.ndarray) -> np.ndarray:
        kept.extend([z, z.copy()])
        return z

    answer, parameters = with_parameters(answer)
    with wild(1):
        source = source_of(answer, parameters, NUMPY, {"m": 1000})
    compile_function(source)(A=np.ones((3, 2)), b=np.ones(3), x=np.ones(2), f=f, df=np.ones_like)
    np.testing.assert_array_equal(kept[0], kept[1])


def main(count: int) -> int:
    """Many random expressions; how many wild codes wrote over anything."""
    written = 0

    @settings(max_examples=count, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(well_typed((), ("n",), ("m", "n"), ("p", "p"), depth=4), st.integers(1, 2), st.integers(0, 10**6))
    def check(expression: Expression, order: int, seed: int) -> None:
        nonlocal written
        written += assert_random(expression, order, seed)

    check()
    return written


if __name__ == "__main__":
    print(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000), "wrote over arrays")
