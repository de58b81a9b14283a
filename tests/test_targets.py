"""Emitted code of every target, run by its library, against NumPy's and against nested loops.

The samples of `test_codegen` hold every kind of step, and every operation of the registry is run with every library.  A
library that is not installed is skipped, and pytest says so.
"""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
from functools import cache
from typing import Any

import numpy as np
import pytest
import sympy
from corpus import TASKS, draw
from libraries import ALL, LIBRARIES, Library
from tasks import arguments as task_arguments
from tasks import derived, emitted_value
from test_codegen import (
    DERIVATIVES,
    PLAIN,
    RIGHT,
    SIZES,
    A,
    B,
    Info,
    S,
    by_letters,
    domain_argument,
    naive,
    on_matrix,
    random_values,
    sizes_of,
    variables_of,
    x,
    y,
)

import matcalc
from matcalc.codegen import TARGETS, Function, Manner, Source, compile_function, generate_module, parameters_of
from matcalc.codegen.function import assembled
from matcalc.codegen.steps import walk
from matcalc.codegen.writer import WRITERS
from matcalc.differentiate import derivative
from matcalc.errors import MatcalcError
from matcalc.expr import Node, apply_elementwise
from matcalc.operation import Operation, load_operations, operations
from matcalc.tensor import plain

load_operations()

OTHERS = [name for name in TARGETS if name != "numpy"]
NODES: dict[str, Node] = {
    **{name: node for name, (node, _) in PLAIN.items()},
    **RIGHT,
    **{f"d-{name}": derivative(*pair) for name, pair in DERIVATIVES.items()},
    "together": apply_elementwise("maximum", *(by_letters("ij,j->i", on_matrix("inv", S), v) for v in (x, y))),
}
#: Few samples that hold every kind.
FEW = {
    "matrix-vector", "identity-in-inverse", "solve-right", "power-of-matrix", "scaled-columns", "two-thirds", "filled", "pi",
    "identity", "diagonal-matrix", "delta-in-function", "deltas-of-patterns", "delta-and-parameter", "tensordot-crossed",
    "row-products", "trace", "diagonal", "ones-axes", "unknown", "together", "fractional", "row-sums", "tensor-permuted",
    "compound-inverse", "rows-passed", "outer", "broadcast-sum", "size-everywhere", "itself", "scalar", "size", "transpose",
}
#: Samples that take seconds.
SLOW = {"long-product", "long-chain-and-vector", "powers-and-trace", "two-runs", "compound-inverse", "compound-determinant"}
CALLED = [record for record in operations() if record.derivative or record.jacobian]


#: An argument that is not used but for its type, where there is no other.
SPECTATOR = {"spectator": Info("column", (("r",),))}


def emitted(node: Node, target: str, **further: Info) -> Source:
    parameters = parameters_of([node], {**variables_of(node), **further}, TARGETS[target])
    function = Function("derivative", {"X": plain(node)}, parameters)
    return generate_module([function], Manner(TARGETS[target]), docstring="An answer.")


def value_of(node: Node, library: Library) -> np.ndarray:
    """What the emitted code of a node gives for random values."""
    function = compile_function(emitted(node, library.target, **SPECTATOR))
    known = {**SIZES, **{"f": lambda t: t**3, "df": lambda t: 3 * t**2}, **random_values(node), "spectator": np.ones(3)}
    given = {name: library.passed(known[name]) for name in inspect.signature(function).parameters}
    return np.asarray(library.out(function(**given)))


@cache
def expected_value(node: Node) -> np.ndarray:
    """The value by nested loops."""
    return naive(node, random_values(node))


def assert_right(node: Node, library: Library) -> None:
    found, expected = value_of(node, library), expected_value(node)
    assert found.shape == sizes_of(node.shape)
    assert found.dtype == float
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9, err_msg=emitted(node, library.target, **SPECTATOR))


# ---- Values -----------------------------------------------------------------------------------------------------------


def test_the_samples_hold_every_kind_of_step() -> None:
    """Else a kind that a target cannot write would go unseen."""
    found = set()
    for node in (NODES[name] for name in FEW):
        parameters = parameters_of([node], variables_of(node))
        _, answers = assembled([plain(node)], parameters, Manner())
        found |= {step.kind for step in walk(answers)}
    assert {*WRITERS, "scatter"} - found == set()


#: JAX compiles each operation of each size anew, so it takes the few samples; so do libraries whose target another has.
SAMPLES = [
    pytest.param(name, *library.values, id=f"{name}-{library.id}", marks=library.marks)
    for library in ALL
    for name in sorted(FEW if library.id in ("jax", "array-api-numpy", "array-api-torch") else NODES.keys() - SLOW)
]


@pytest.mark.parametrize(("name", "library"), SAMPLES)
def test_every_kind_of_step_has_the_value_of_nested_loops(name: str, library: Library) -> None:
    if library.name == "dask" and "determinant" in name:
        pytest.skip("Dask has no determinant")
    assert_right(NODES[name], library)


#: What a library lacks; of the operations alone, not of their derivatives.
LACKING = {"dask": {"det", "logdet", "adj"}, "array-api-strict": {"erf", "gelu"}, "array-api-torch": {"erf", "gelu"}}


@pytest.mark.parametrize("library", ALL)
@pytest.mark.parametrize("record", CALLED, ids=repr)
def test_every_operation_has_the_value_of_nested_loops(record: Operation, library: Library) -> None:
    if record.name in LACKING.get(library.name, ()):
        pytest.skip(f"{library.name} lacks {record.name}")
    if record.derivative:
        node = apply_elementwise(record.name, *[domain_argument(record.domain, m) for m in (A, B)][: record.arity])
    else:
        node = on_matrix(record.name, x if len(record.overloads[0].inputs[0]) == 1 else S)
    assert_right(node, library)


@pytest.mark.parametrize("library", ALL)
@pytest.mark.parametrize("task", [task for task in TASKS if not task.has_symbols][::31], ids=lambda task: task.name)
def test_derivatives_of_the_corpus_are_those_of_numpy(task: Any, library: Library) -> None:
    lacking = [name for name in LACKING.get(library.name, ()) if name in task.source]
    if lacking:
        pytest.skip(f"{library.name} lacks {lacking[0]}")
    arrays = draw(task)
    function = compile_function(Source(derived(task).code(library.target)))
    given = {key: library.passed(value) for key, value in task_arguments(function, task, arrays).items()}
    found, expected = library.out(function(**given)), emitted_value(task, arrays)
    assert np.shape(found) == expected.shape
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9 * max(1e-3, np.abs(expected).max(initial=0)))


EXTREME = np.array([-800.0, -40.0, 0.0, 40.0, 800.0])


@pytest.mark.parametrize("library", [p for p in ALL if p.id != "sympy"])
@pytest.mark.parametrize("name", ["sigmoid", "softplus", "silu", "softmax", "logsoftmax", "logsumexp"])
def test_extreme_arguments(name: str, library: Library) -> None:
    node = on_matrix(name, x) if name.startswith(("log", "softmax")) else apply_elementwise(name, x)
    found = library.out(compile_function(emitted(node, library.target))(library.passed(EXTREME)))
    expected = compile_function(emitted(node, "numpy"))(EXTREME)
    np.testing.assert_allclose(found, expected, rtol=1e-13, atol=1e-300)


# ---- What a target promises -------------------------------------------------------------------------------------------

HESSIAN = ("sum(log(1 + exp(-y.*(X*w))))", "w", 2)
DIAGONAL = ("exp(x).*y + diag(y)*x", "x", 1)
CONSTANT = ("sum(x)", "x", 1)
LAYERS = [HESSIAN, DIAGONAL, CONSTANT]


def code(case: tuple[str, str, int], target: str, **options: Any) -> Any:
    text, wrt, order = case
    return compile_function(Source(matcalc.derive(text, wrt, order=order).code(target, **options)))


def values(function: Any) -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)
    shapes = {"X": (4, 3), "w": (3,), "x": (4,), "y": (4,)}
    return {name: random.normal(size=shapes[name]) for name in inspect.signature(function).parameters}


@pytest.mark.parametrize("case", LAYERS, ids=lambda case: case[0])
def test_jax_functions_are_pure_and_can_be_jitted_mapped_and_differentiated(case: tuple[str, str, int]) -> None:
    jax = pytest.importorskip("jax")
    function = code(case, "jax")
    given = {key: LIBRARIES["jax"].passed(value) for key, value in values(function).items()}
    expected = function(**given)
    np.testing.assert_allclose(jax.jit(function)(**given), expected, rtol=1e-12)
    stacked = {key: jax.numpy.stack([value, 2 * value]) for key, value in given.items()}
    np.testing.assert_allclose(jax.vmap(lambda kw: function(**kw))(stacked)[0], expected, rtol=1e-12)
    text, wrt, order = case
    higher = code((text, wrt, order + 1), "jax")(**given)
    found = jax.jacfwd(lambda at: function(**{**given, wrt: at}))(given[wrt])
    np.testing.assert_allclose(found, higher, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("case", LAYERS, ids=lambda case: case[0])
def test_torch_functions_can_be_differentiated(case: tuple[str, str, int]) -> None:
    """Nothing is written over that the derivative of an operation needs."""
    torch = pytest.importorskip("torch")
    function = code(case, "torch")
    given = {key: LIBRARIES["torch"].passed(value) for key, value in values(function).items()}
    before = {key: value.clone() for key, value in given.items()}
    text, wrt, order = case
    found = torch.func.jacrev(lambda at: function(**{**given, wrt: at}))(given[wrt])
    np.testing.assert_allclose(found, code((text, wrt, order + 1), "torch")(**given), rtol=1e-9, atol=1e-12)
    assert all(torch.equal(given[key], before[key]) for key in given)


@pytest.mark.parametrize("case", LAYERS, ids=lambda case: case[0])
@pytest.mark.parametrize("name", ["jax", "torch", "array-api-strict", "array-api-numpy"])
def test_the_type_is_kept(name: str, case: tuple[str, str, int]) -> None:
    library = LIBRARIES[name]
    if not library.installed:
        pytest.skip(f"{name} is not installed")
    function = code(case, library.target)
    half = {key: library.into(value.astype(np.float32)) for key, value in values(function).items()}
    if name == "torch":
        half = {key: value.float() for key, value in half.items()}
    assert str(function(**half).dtype).rpartition(".")[2] == "float32"


@pytest.mark.parametrize("case", LAYERS, ids=lambda case: case[0])
def test_the_device_of_tensors_is_kept(case: tuple[str, str, int]) -> None:
    """On the device `meta` nothing is computed, and a tensor that were made elsewhere could not meet the arguments."""
    torch = pytest.importorskip("torch")
    function = code(case, "torch")
    made = {key: torch.as_tensor(value, dtype=torch.float64, device="meta") for key, value in values(function).items()}
    assert function(**made).device.type == "meta"


def test_numbers_take_the_type_of_the_tensors_beside_them() -> None:
    torch = pytest.importorskip("torch")
    function = compile_function(Source(matcalc.derive("alpha*x'*x", "x").code("torch")))
    found = function(0.1, torch.ones(3, dtype=torch.float64))
    assert found.dtype == torch.float64
    np.testing.assert_allclose(found, np.full(3, 0.2), rtol=1e-15)
    assert function(0.5, torch.ones(3)).dtype == torch.float32
    assert function(torch.tensor(0.5), [1, 2]).dtype == torch.float32
    assert function(1, [1, 2]).dtype == torch.float64


def test_dask_arrays_stay_lazy_and_chunked() -> None:
    dask = pytest.importorskip("dask.array")
    pytest.importorskip("array_api_compat")
    function = code(HESSIAN, "array-api")
    random = np.random.default_rng(0)
    given = {"X": random.normal(size=(40, 6)), "w": random.normal(size=6), "y": random.normal(size=40)}
    chunks = {"X": (10, 3), "w": 3, "y": 5}
    chunked = {key: dask.from_array(value, chunks=chunks[key]) for key, value in given.items()}
    found = function(**chunked)
    assert isinstance(found, dask.Array)
    np.testing.assert_allclose(found.compute(), code(HESSIAN, "numpy")(**given), rtol=1e-10)


def test_the_array_api_needs_an_array() -> None:
    with pytest.raises(MatcalcError, match="no argument is an array"):
        emitted(PLAIN["ones"][0], "array-api")


# ---- SymPy ------------------------------------------------------------------------------------------------------------

EXACT = [
    ("x'*A*x/3", "x", 1), ("x'*A*x/3", "x", 2), ("inv(A)", "A", 1), ("log(det(A))", "A", 1), ("softmax(x)", "x", 1),
    ("norm2(x)", "x", 1), ("sum(sqrt(2*pi)*exp(-x.^2/2))", "x", 1), ("mean(sigmoid(x))", "x", 1), ("B'*B", "B", 1),
    ("x*x' + 3*diag(x)", "x", 1), ("inv(A)*x", "A", 1), ("sum(x)^(1/3)", "x", 1),
]  # fmt: skip


def symbols(answer: matcalc.Derivative, sizes: dict[str, int]) -> dict[str, sympy.Array]:
    """The variables as arrays of the symbols that `elements` has for their entries."""
    found = {}
    for variable in answer.free_variables.values():
        shape = tuple(sizes[d] for axis in variable.shape for d in axis)
        places = [",".join(str(k + 1) for k in place) for place in np.ndindex(shape)]
        names = [f"{variable.name}_{{{place}}}" if "," in place else f"{variable.name}_{place}" for place in places]
        found[variable.name] = sympy.Array([sympy.Symbol(name, real=True) for name in names], shape)
    return found


@pytest.mark.parametrize(("text", "wrt", "order"), EXACT)
def test_sympy_expressions_are_the_explicit_entries_exactly(text: str, wrt: str, order: int) -> None:
    answer = matcalc.derive(text, wrt, order=order)
    sizes = dict(zip(answer.program.dimensions, (2, 3), strict=False))
    function = compile_function(Source(answer.code("sympy")))
    found, expected = function(**symbols(answer, sizes)), answer.elements(**sizes)
    assert not found.has(sympy.Float)
    assert found.shape == expected.shape == tuple(sizes[d] for d in answer.shape)
    point = {s: sympy.Rational(3 * k + 2, 7 + k) for k, s in enumerate(sorted(expected.free_symbols, key=str))}
    assert found.free_symbols <= expected.free_symbols
    for own, theirs in zip(np.ravel(found.tolist()), np.ravel(expected.tolist()), strict=True):
        assert sympy.simplify((own - theirs).subs(point)) == 0


def test_sympy_takes_matrices_and_symbols() -> None:
    function = compile_function(Source(matcalc.derive("alpha*x'*A*x", "x").code("sympy")))
    alpha, *rest = sympy.symbols("alpha a b c d s t")
    matrix, vector = sympy.Matrix(2, 2, rest[:4]), sympy.Matrix(rest[4:])
    expected = alpha * (matrix + matrix.T) * vector
    assert sympy.simplify(sympy.Matrix(function(matrix, alpha, vector).tolist()) - expected) == sympy.zeros(2, 1)


# ---- The text ---------------------------------------------------------------------------------------------------------

TEXTS = ["together", "delta-of-two", "scaled-columns", "deltas-of-patterns", "delta-and-parameter", "ones-axes", "unknown"]


@pytest.mark.parametrize("target", OTHERS)
def test_modules_pass_ruff_and_have_short_lines(target: str, tmp_path: Any) -> None:
    nodes = [node for name, node in NODES.items() if name in TEXTS]
    nodes += [apply_elementwise(r.name, *[A, B][: r.arity]) for r in CALLED if r.derivative]
    nodes += [on_matrix(r.name, x if len(r.overloads[0].inputs[0]) == 1 else S) for r in CALLED if r.jacobian]
    for number, node in enumerate(nodes):
        text = emitted(node, target, **SPECTATOR)
        assert max(map(len, text.split("\n"))) <= 100
        (tmp_path / f"module{number}.py").write_text(text)
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--quiet", tmp_path]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")


def test_the_text_does_not_depend_on_the_hash_seed() -> None:
    cases = [*LAYERS, ("inv(X)*w + softmax(w)", "w", 2), ("x'*inv(S)*x + y'*inv(S)*y", "S", 2)]
    program = (
        "import matcalc\n"
        f"for text, wrt, order in {cases!r}:\n"
        "    answer = matcalc.derive(text, wrt, order=order)\n"
        f"    print(*(answer.code(target, product) for target in {OTHERS!r} for product in ('derivative', 'jvp', 'vjp')))"
    )
    printed = set()
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        ran = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
        printed.add(ran.stdout)
    assert len(printed) == 1


HOSTILE = [
    "np", "jnp", "jax", "torch", "xp", "sp", "special", "device", "array_namespace", "is_array_api_obj", "out", "i", "j", "k",
    "_arrays", "_array", "_tensors", "_entries", "_each", "_answer", "_einsum", "_spread", "_expect", "_sizes", "dtype",
    "lambda", "t1", "float",
    "sum", "range", "ValueError", "tuple", "print", "derivative", "sizes", "sys", "function", "value", "point",
]  # fmt: skip


@pytest.mark.parametrize("target", OTHERS)
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_harmless(name: str, target: str) -> None:
    library = next(entry for entry in LIBRARIES.values() if entry.target == target)
    if not library.installed:
        pytest.skip(f"{library.name} is not installed")
    answer = matcalc.derive(f"exp({name})'*A*{name}", name, declare=[f"{name}: vector(n); A: matrix(n, n)"], order=2)
    function = compile_function(Source(answer.code(target, check=True)))
    random = np.random.default_rng(0)
    shapes = {"A": (3, 3)}
    given = {p: random.random(shapes.get(p, (3,))) for p in inspect.signature(function).parameters}
    expected = compile_function(Source(answer.code()))
    names = [[key for key in inspect.signature(f).parameters if key != "A"] for f in (expected, function)]
    reference = {"A": given["A"]} | {own: given[other] for own, other in zip(*names, strict=True)}
    found = library.out(function(**{key: library.passed(value) for key, value in given.items()}))
    np.testing.assert_allclose(found, expected(**reference), rtol=1e-9)


def test_numpy_is_written_as_before() -> None:
    answer = matcalc.derive("x'*A*x", "x")
    assert answer.code() == answer.code("numpy", "derivative") == answer.numpy()


def test_unknown_functions_are_called_in_every_target() -> None:
    for target in OTHERS:
        assert ("_each(df, x)" if target == "sympy" else "df(x)") in emitted(NODES["unknown"], target)
