"""The cost of derivatives: figures against emitted code that runs on arrays which count, and against figures by hand."""

from __future__ import annotations

import gc
import json
import time
import tracemalloc
from collections.abc import Mapping
from fractions import Fraction
from math import prod
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from corpus import TASKS, Task
from counting_arrays import flops_of_run
from sympy import Expr, Symbol
from tasks import derived

import matcalc
from matcalc.__main__ import main
from matcalc.codegen import parameters_of
from matcalc.codegen.steps import Step, Steps
from matcalc.codegen.writer import WRITERS
from matcalc.cost import Cost, entries_and_bytes
from matcalc.cost.amounts import bytes_text, count_text, dominates, flops_text, largest
from matcalc.cost.counting import COUNTS, OPERATION_FLOPS, Ledger
from matcalc.cost.figures import Run, ledger_of, open_shape
from matcalc.errors import KindError, MatcalcError, UnknownNameError, UnsupportedError
from matcalc.operation import operations
from matcalc.sampling import sample

# ---- Flops: steps against runs ---------------------------------------------------------------------------------------


def flops_of_steps(derivative: matcalc.Derivative, sizes: Mapping[str, int]) -> Any:
    """The flops of the steps that work on arrays, in the code that is emitted for all sizes."""
    parameters = parameters_of([derivative.node], derivative.free_variables)
    emitted = ledger_of(derivative.tensor, parameters, {}, derivative.facts)
    shapes = {p.python_name: open_shape(p, sizes) for p in parameters if p.kind == "array"}
    ledger = Ledger([emitted.order[-1]], shapes, sizes, emitted.named)
    return sum(ledger.flops[s] for s in ledger.order if s.order or any(arg.order for arg in s.args))


#: Operations of numbers alone that a step may have, which no array counts: `2 * s` in `2 * s * A`.
NUMBERS = range(5)

#: Derivatives whose code takes no functions and no derivatives of dependent variables.
PLAIN = [task for task in TASKS if not task.has_symbols]

SIZES = (7, 5, 11, 3, 6)

PROBLEMS = [
    # expression, variable, order, declarations
    ("x'*A*x", "x", 1, ""),
    ("x'*A*x", "x", 2, ""),
    ("norm2(A*x - b)^2", "x", 1, ""),
    ("norm2(A*x - b)^2", "x", 2, ""),
    ("sum(log(1 + exp(X*w)))", "w", 1, ""),
    ("sum(log(1 + exp(X*w)))", "w", 2, ""),
    ("norm2(T - U*V')^2", "U", 1, ""),
    ("norm2(T - U*V')^2", "U", 2, ""),
    ("B'*B", "B", 1, ""),
    ("X*W", "W", 1, ""),
    ("inv(X)", "X", 1, ""),
    ("logdet(X)", "X", 1, ""),
    ("logdet(X)", "X", 2, ""),
    ("tr(A*X*B)", "X", 1, ""),
    ("a'*inv(X)*b", "X", 1, ""),
    ("inv(X)*b", "b", 1, ""),
    ("a'*X^6*b", "a", 1, ""),
    ("tr(X^5)", "X", 1, ""),
    ("softmax(A*x)", "x", 1, ""),
    ("logsumexp(A*x)", "x", 1, ""),
    ("logsumexp(A*x)", "x", 2, ""),
    ("A*B*C*x", "x", 1, ""),
    ("sum((A*x).^3)", "x", 1, ""),
    ("sum(tanh(X*w)./(1 + exp(X*w)))", "w", 1, ""),
    ("sum(sigmoid(W*x) .* y)", "W", 1, ""),
    ("kron(A, x)", "x", 1, ""),
    ("diag(x)*A*diag(x)", "x", 1, ""),
    ("x/norm2(x)", "x", 1, ""),
    ("sum(exp(-(x - mu).^2/s))", "s", 1, "x: vector(n); mu: vector(n); s: scalar"),
    ("U*relu(W*x)", "W", 1, ""),
]


def at_sizes(problem: tuple[str, str, int, str]) -> tuple[matcalc.Derivative, dict[str, int], dict[str, Any]]:
    expression, wrt, order, declare = problem
    derivative = matcalc.derive(expression, wrt, declare or (), order=order)
    sizes = dict(zip(derivative.program.dimensions, SIZES, strict=False))
    return derivative, sizes, dict(sample(derivative.program, seed=1, sizes=sizes).values)


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda p: f"{p[0]} by {p[1]}, {p[2]}")
def test_flops_of_the_code_are_those_that_running_it_takes(problem: tuple[str, str, int, str]) -> None:
    derivative, sizes, arguments = at_sizes(problem)
    assert flops_of_steps(derivative, sizes) == flops_of_run(derivative.numpy(), arguments)


@pytest.mark.parametrize("task", PLAIN[::6], ids=lambda task: task.name)
def test_flops_of_the_corpus(task: Task) -> None:
    assert difference(task) in NUMBERS


def difference(task: Task) -> Any:
    """How many flops more the steps have than a run, for one derivative of the corpus."""
    derivative = derived(task)
    dimensions = derivative.program.dimensions
    sizes = {d: task.sizes.get(d, number) for number, d in enumerate(dimensions, 2)}
    values = sample(derivative.program, seed=1, sizes=sizes).values
    parameters = parameters_of([derivative.node], derivative.free_variables)
    arguments = {p.python_name: sizes[p.name] if p.kind == "size" else values[p.name] for p in parameters}
    return flops_of_steps(derivative, sizes) - flops_of_run(derivative.numpy(), arguments)


@pytest.mark.parametrize("problem", PROBLEMS[::3], ids=lambda p: f"{p[0]} by {p[1]}, {p[2]}")
def test_polynomials_at_sizes_are_the_numbers_at_these_sizes(problem: tuple[str, str, int, str]) -> None:
    derivative, sizes, _ = at_sizes(problem)
    parameters = parameters_of([derivative.node], derivative.free_variables)
    numeric = ledger_of(derivative.tensor, parameters, sizes)
    shapes = {p.python_name: open_shape(p, {}) for p in parameters if p.kind == "array"}
    symbolic = Ledger([numeric.order[-1]], shapes, {}, numeric.named, numeric.kept)
    found, expected = Run(symbolic, 8).figures(), Run(numeric, 8).figures()
    for name in ("entries", "memory", "flops", "traffic"):
        assert at(getattr(found, name), sizes) == getattr(expected, name), name


def at(value: Any, sizes: Mapping[str, int]) -> Any:
    """A polynomial at sizes."""
    if not isinstance(value, Expr):
        return value
    return Fraction(str(value.subs({symbol: sizes[symbol.name] for symbol in value.free_symbols}, simultaneous=True).doit()))


# ---- Memory ----------------------------------------------------------------------------------------------------------


MEMORY = [
    ("x'*A*x", "x", 2, ""),
    ("norm2(A*x - b)^2", "x", 2, ""),
    ("sum(log(1 + exp(X*w)))", "w", 2, ""),
    ("norm2(T - U*V')^2", "U", 1, ""),
    ("B'*B", "B", 1, ""),
    ("inv(X)", "X", 1, ""),
    ("logdet(X)", "X", 1, ""),
    ("softmax(A*x)", "x", 1, ""),
    ("tr(X^5)", "X", 1, ""),
    ("A*B*C*x", "x", 1, ""),
]


@pytest.mark.parametrize("problem", MEMORY, ids=lambda p: f"{p[0]} by {p[1]}, {p[2]}")
def test_memory_is_what_a_run_allocates(problem: tuple[str, str, int, str]) -> None:
    """Within a quarter of the peak that `tracemalloc` sees; NumPy reports its arrays to it."""
    expression, wrt, order, declare = problem
    derivative = matcalc.derive(expression, wrt, declare or (), order=order)
    numbers = (24, 29, 27, 23) if derivative.node.order > 2 else (300, 360, 330, 280)
    sizes = dict(zip(derivative.program.dimensions, numbers, strict=False))
    arguments = point(derivative, sizes)
    function = derivative.function()
    function(**arguments)
    gc.collect()
    tracemalloc.start()
    function(**arguments)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert 0.8 * peak < derivative.cost(sizes).figures["code"].memory < 1.25 * peak


def point(derivative: matcalc.Derivative, sizes: Mapping[str, int]) -> dict[str, Any]:
    """Positive arrays for the variables; random square ones are invertible."""
    rng = np.random.default_rng(0)
    shapes = {v.name: [prod(sizes[d] for d in axis) for axis in v.shape] for v in derivative.free_variables.values()}
    return {name: rng.uniform(0.5, 1.5, shape) for name, shape in shapes.items()}


# ---- By hand -----------------------------------------------------------------------------------------------------------


def linear_layer(dtype: str = "float32", wrt: str = "X") -> Cost:
    derivative = matcalc.derive("X*W", wrt, ["X: matrix(N, D)", "W: matrix(D, M)"])
    cost: Cost = derivative.cost(N=64, D=4096, M=4096, dtype=dtype)
    return cost


def test_the_linear_layer() -> None:
    """Y = XW, N = 64, D = M = 4096: 6.9e10 entries, 256 GiB in float32; reverse mode along one direction is G W'."""
    cost = linear_layer()
    entries = 64 * 4096 * 64 * 4096
    assert cost.figures["dense"].entries == cost.figures["code"].entries == entries == 68_719_476_736
    assert cost.figures["dense"].memory == 256 * 2**30
    vjp = cost.figures["vjp"]
    assert (vjp.entries, vjp.flops, vjp.memory) == (64 * 4096, 2 * 64 * 4096 * 4096, 4 * 64 * 4096)
    assert cost.calls == {"forward": 64 * 4096, "reverse": 64 * 4096}
    assert "N*M*N*D = 6.9e10 entries, 256 GiB in float32" in " ".join(cost.text.split())
    assert "vector-Jacobian product (`--as vjp`) needs none of it: it takes 1 MiB and 2.15 Gflop" in " ".join(cost.text.split())


def test_the_linear_layer_by_its_weights() -> None:
    cost = linear_layer(wrt="W")
    assert cost.figures["dense"].entries == 64 * 4096 * 4096 * 4096
    assert cost.figures["vjp"].entries == 4096 * 4096
    assert cost.figures["vjp"].flops == 2 * 64 * 4096 * 4096


def test_bytes_follow_the_type() -> None:
    single, double = linear_layer("float32").figures, linear_layer("float64").figures
    assert all(double[k].memory == 2 * single[k].memory for k in single)
    assert all(double[k].flops == single[k].flops for k in single)


def test_modes_of_a_gradient() -> None:
    """norm2(Ax - b)²: one VJP is the gradient; one JVP costs as much and gives one number."""
    n, m = Symbol("n", integer=True, positive=True), Symbol("m", integer=True, positive=True)
    cost = matcalc.derive("norm2(A*x - b)^2", "x").cost()
    assert cost.figures["vjp"].entries == n
    assert cost.figures["jvp"].entries == 1
    assert cost.calls == {"forward": n, "reverse": 1}
    assert (cost.figures["vjp"].flops - 4 * m * n).expand().coeff(m * n) == 0
    assert cost.figures["forward"].flops.expand().coeff(m * n**2) == 2


def test_forward_mode_computes_the_function_once() -> None:
    """The tangent of exp(x).*x is exp(x).*v + exp(x).*x.*v: exp(x), and what comes of it alone, is not repeated."""
    cost = matcalc.derive("exp(x)", "x").cost(n=10)
    assert cost.figures["jvp"].flops == 10 + 10
    assert cost.figures["forward"].flops == 10 + 10 * 10


@pytest.mark.parametrize(
    ("expression", "chosen", "from_left", "from_right"),
    [
        # m, n, p, q = 10, 20, 30, 40
        ("A*B*C*x", 2 * (30 * 40 + 20 * 30 + 10 * 20), 2 * (10 * 20 * 30 + 10 * 30 * 40 + 10 * 40), None),
        ("a'*B*C*x", 2 * (20 * 30 + 10 * 20 + 10), 2 * (10 * 20 + 20 * 30 + 30), 2 * (20 * 30 + 10 * 20 + 10)),
    ],
)
def test_orders_of_a_chain(expression: str, chosen: int, from_left: int, from_right: int | None) -> None:
    derivative = matcalc.derive(expression, "x")
    sizes = dict(zip(derivative.program.dimensions, (10, 20, 30, 40), strict=False))
    cost = derivative.cost(sizes)
    (chain,) = [c for c in cost.chains if c.product == expression]
    assert chain.chosen == min(chain.chosen, chain.from_left, chain.from_right) <= chosen
    assert chain.from_left == from_left
    assert chain.from_right == (chosen if from_right is None else from_right)


def test_chains_are_shown_by_their_worst_order() -> None:
    text = matcalc.derive("A*B*C*x", "x").cost(m=1000, n=1000, p=1000, q=1000).text
    assert "the product A*B*C*x\n  in the order that the code takes  6 Mflop\n  from left to right" in text


# ---- Kinds of steps and operations -----------------------------------------------------------------------------------


def test_every_kind_of_step_has_a_rule() -> None:
    assert set(WRITERS) | {"scatter"} <= set(COUNTS)


def test_an_unknown_kind_is_an_error_that_names_it() -> None:
    with pytest.raises(UnsupportedError, match="kind of step `sorting`"):
        Ledger([Steps().make("sorting")], {}, {})


def test_every_operation_that_code_calls_has_a_rule() -> None:
    whole = {record.name for record in operations() if record.jacobian is not None}
    assert len(whole) >= 7
    assert whole <= set(OPERATION_FLOPS)


def test_an_operation_without_a_rule_is_an_error_that_names_it() -> None:
    steps = Steps()
    called = steps.make("call", (steps.make("name", (), "x", 1),), "vec", 1)
    with pytest.raises(UnsupportedError, match="operation `vec`"):
        Ledger([called], {"x": (3,)}, {})


STEPS = Steps()


def step(kind: str, *args: Step, data: Any = None, order: int = 2) -> Step:
    return STEPS.make(kind, args, data, order)


M = step("name", data="M")
RIGHT = step("name", data="R")
INVERSE = step("inverse", M)


@pytest.mark.parametrize(
    ("made", "flops"),
    [
        (step("matmul", M, RIGHT), 2 * 6 * 6 * 4),
        (step("matmul", step("transpose", M, data=(1, 0)), M), 6 * 6 * 6),
        (step("matmul", INVERSE, RIGHT), Fraction(2, 3) * 6**3 + 2 * 6 * 6 * 4),
        (INVERSE, 2 * 6**3),
        (step("matrix_power", M, data=5), 3 * 2 * 6**3),
        (step("call", M, data="logdet", order=0), Fraction(2, 3) * 6**3 + 6),
        (step("call", M, data="exp"), 36),
        (step("call", M, data="softmax"), 5 * 36),
        (step("tensordot", M, RIGHT, data=((0,), (0,))), 2 * 6 * 6 * 4),
        (step("einsum", M, RIGHT, data="ij,ik->ijk", order=3), 6 * 6 * 4),
        (step("einsum", M, RIGHT, data="ij,ik->jk"), 2 * 6 * 6 * 4),
        (step("diagonal", M, data="ii->", order=0), 6),
        (step("diagonal", M, data="ii->i", order=1), 0),
        (step("add", M, M, data=(1, -1)), 36),
        (step("power", M, data=Fraction(-1, 2)), 2 * 36),
        (step("multiply", step("power", M, data=Fraction(-1, 2)), data=Fraction(3)), 2 * 36),
        (step("scatter", M, M, data=((6, 6), False, (("ij->ij", 1), ("ij->ij", 1)))), 36),
    ],
    ids=lambda value: str(value)[:40],
)
def test_flops_of_a_step(made: Step, flops: Any) -> None:
    ledger = Ledger([made], {"M": (6, 6), "R": (6, 4)}, {})
    assert sum(ledger.flops.values()) == flops


def test_an_inverse_with_a_name_is_computed() -> None:
    ledger = Ledger([step("matmul", INVERSE, RIGHT)], {"M": (6, 6), "R": (6, 4)}, {}, {INVERSE})
    assert sum(ledger.flops.values()) == 2 * 6**3 + 2 * 6 * 6 * 4


# ---- Amounts ---------------------------------------------------------------------------------------------------------


def test_entries_and_bytes() -> None:
    assert entries_and_bytes(("n", ("m", 3)), {"n": 2, "m": 5}, "float32") == (30, 120)
    assert entries_and_bytes((), {}) == (1, 8)
    with pytest.raises(UnknownNameError, match="the size of `m`, `n` is not known"):
        entries_and_bytes(("n", "m", "n"), {})
    with pytest.raises(UnknownNameError, match="there is no type `int8`"):
        entries_and_bytes((), {}, "int8")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (bytes_text(0), "0 B"),
        (bytes_text(1023), "1,023 B"),
        (bytes_text(1536), "1.5 KiB"),
        (bytes_text(2**40 * 3), "3 TiB"),
        (flops_text(Fraction(2, 3)), "1 flop"),
        (flops_text(999), "999 flop"),
        (flops_text(2_147_483_648), "2.15 Gflop"),
        (flops_text(10**25), "1.0e7 Eflop"),
        (count_text(999_999_999), "999,999,999"),
        (count_text(68_719_476_736), "6.9e10"),
        (count_text(99_999_999_999), "1.0e11"),
    ],
)
def test_numbers_are_short(text: str, shown: str) -> None:
    assert text == shown


def test_the_largest_of_polynomials() -> None:
    m, n = Symbol("m", integer=True, positive=True), Symbol("n", integer=True, positive=True)
    assert largest([0, n, n * m, m]) == n * m
    assert str(largest([n**2, n * m, n])) == "Max(n**2, m*n)"
    assert not dominates(n**2, 2 * n)
    assert dominates(n**2 + n, 2 * n)
    assert largest([]) == 0


def test_a_bound_for_many_polynomials() -> None:
    """Each coefficient is the largest of all, so that no polynomial exceeds the bound."""
    symbols = [Symbol(f"n_{k}", integer=True, positive=True) for k in range(12)]
    polynomials = [sum(symbols) + k + 2 * s for k, s in enumerate(symbols)]
    assert largest(polynomials) == sum(3 * s for s in symbols) + 11
    assert all(dominates(largest(polynomials), p) for p in polynomials)


def test_many_layers_take_bounded_time() -> None:
    layers = range(1, 21)
    lines = [f"W_{k}: matrix(n_{k}, n_{k - 1})" for k in layers] + ["h_0: vector(n_0)"]
    lines += [f"h_{k} = tanh(W_{k}*h_{k - 1})" for k in layers] + ["J = sum(h_20.^2)"]
    derivative = matcalc.derive("\n".join(lines), "W_1")
    start = time.process_time()
    cost = derivative.cost()
    assert time.process_time() - start < 10
    assert {s.name for s in cost.figures["vjp"].memory.free_symbols} == {f"n_{k}" for k in range(21)}


# ---- The command and the method --------------------------------------------------------------------------------------


def run(*args: str) -> Result:
    return CliRunner().invoke(main, ["cost", *args], prog_name="matcalc")


def test_the_command_prints_at_most_79_columns() -> None:
    layer = ("X*W", "--wrt", "X", "--wrt", "W", "--declare", "X: matrix(N, D); W: matrix(D, M)")
    for extra in ((), ("--size", "N=64,D=4096,M=4096"), ("--size", "N=999999999,D=999999999,M=999999999")):
        result = run(*layer, *extra)
        assert result.exit_code == 0
        assert max(map(len, result.stdout.splitlines())) <= 79
        assert result.stdout.count("A multiply-add is 2 flops") == 1


def test_the_command_writes_json() -> None:
    result = run("-x'*A*x", "--wrt", "x", "--size", "n=10", "--format", "json", "--dtype", "float32")
    found = json.loads(result.stdout)
    assert found["sizes"] == {"n": 10}
    assert found["figures"]["dense"] == {"entries": 10, "memory": 40, "flops": None, "traffic": None}
    both = json.loads(run("x'*A*x", "--wrt", "x", "--wrt", "A", "--format", "json").stdout)
    assert both[1]["figures"]["vjp"]["entries"] == "n^2"


def test_programs_orders_and_layouts(tmp_path: Any) -> None:
    path = tmp_path / "net.mc"
    path.write_text("W: matrix(M, D)\nU: matrix(C, M)\nx: vector(D)\nh = relu(W*x)\nJ = norm2(U*h)^2\n", encoding="utf-8")
    sizes = ("--size", "M=20,D=30,C=10")
    reverse = json.loads(run(str(path), "--wrt", "W", *sizes, "--format", "json").stdout)["figures"]["vjp"]
    assert reverse["entries"] == 600
    held = json.loads(run(str(path), "--wrt", "h", *sizes, "--format", "json").stdout)
    assert held["calls"] == {"forward": 20, "reverse": 1}
    second = json.loads(run(str(path), "--wrt", "x", "--order", "2", *sizes, "--format", "json").stdout)
    assert second["calls"] == {"forward": 30, "reverse": 30}
    of = json.loads(run(str(path), "--wrt", "W", "--of", "h", "--layout", "denominator", *sizes, "--format", "json").stdout)
    assert of["figures"]["dense"]["entries"] == 20 * 600


def test_tied_entries() -> None:
    """The adjoint of a structured derivative is tied, too, so it is the emitted gradient."""
    derivative = matcalc.derive("tr(A*X)", "X", "X: matrix(n, n) symmetric", structured=True)
    cost = derivative.cost(n=10)
    assert cost.figures["vjp"].flops == cost.figures["code"].flops > 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--size", "q=3"), "there is no dimension `q`"),
        (("--size", "n=0"), "is not NAME=SIZE"),
        (("--dtype", "int8"), "'int8' is not one of"),
    ],
)
def test_mistakes_are_errors(arguments: tuple[str, ...], message: str) -> None:
    result = run("x'*A*x", "--wrt", "x", *arguments)
    assert result.exit_code == 2
    assert message in result.stderr


@pytest.mark.parametrize("size", [0, -1, 2.5, True, "3"])
def test_sizes_are_positive_whole_numbers(size: Any) -> None:
    with pytest.raises(KindError, match="a size is a positive whole number"):
        matcalc.derive("x'*A*x", "x").cost(n=size)


def test_a_type_that_is_none_is_an_error() -> None:
    with pytest.raises(MatcalcError, match="there is no type"):
        matcalc.derive("x'*A*x", "x").cost(dtype="bfloat")


@pytest.mark.parametrize("name", ["v", "u", "dtype"])
def test_names_of_the_program_are_not_taken(name: str) -> None:
    """The direction of a product is an argument of its own; a dimension may be called like an option."""
    derivative = matcalc.derive(f"{name}'*A*x", "x", [f"{name}: vector(dtype)", "x: vector(n)"])
    cost = derivative.cost({"dtype": 10, "n": 20})
    assert cost.figures["jvp"].flops == 2 * 200 + 2 * min(10, 20)
    assert cost.sizes == {"dtype": 10, "n": 20}


def test_derivatives_of_no_and_of_constant_functions() -> None:
    assert matcalc.derive("3", "x", "x: vector(n)").cost(n=4).figures["code"].flops == 0
    assert matcalc.derive("x", "x", "x: scalar").cost().figures["jvp"].flops == 0
    assert matcalc.derive("x^2", "x", "x: scalar").cost().unknown == ()


# ---- A second opinion ------------------------------------------------------------------------------------------------


JAX = {
    ("norm2(A*x - b)^2", "x"): lambda jnp: lambda A, b, x: jnp.sum((A @ x - b) ** 2),
    ("sum(log(1 + exp(X*w)))", "w"): lambda jnp: lambda X, w: jnp.sum(jnp.logaddexp(0.0, X @ w)),
    ("norm2(T - U*V')^2", "U"): lambda jnp: lambda T, U, V: jnp.sum((T - U @ V.T) ** 2),
    ("tr(A*X*B*X')", "X"): lambda jnp: lambda A, B, X: jnp.trace(A @ X @ B @ X.T),
}


@pytest.mark.parametrize("problem", JAX, ids=str)
def test_gradients_cost_what_the_compiler_of_jax_counts(problem: tuple[str, str]) -> None:
    """XLA's own count of jit(grad f), within a factor of 1.5: matrix products decide at these sizes."""
    jax = pytest.importorskip("jax", reason="the second opinion is XLA's; `pip install .[oracle]` brings it")
    expression, wrt = problem
    derivative = matcalc.derive(expression, wrt)
    sizes = dict(zip(derivative.program.dimensions, (60, 70, 80), strict=False))
    arguments = point(derivative, sizes)
    names = sorted(arguments)
    gradient = jax.grad(JAX[problem](jax.numpy), argnums=names.index(wrt))
    values = [jax.numpy.asarray(arguments[name], dtype="float32") for name in names]
    analysis = jax.jit(gradient).lower(*values).compile().cost_analysis()
    theirs = (analysis[0] if isinstance(analysis, list) else analysis)["flops"]
    assert 1 / 1.5 < float(derivative.cost(sizes).figures["vjp"].flops) / theirs < 1.5


if __name__ == "__main__":
    # All of the corpus: `python tests/test_cost.py`.
    print("\n".join(f"{task.name}: {difference(task)}" for task in PLAIN if difference(task) not in NUMBERS) or "all agree")
