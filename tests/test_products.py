"""Products with a derivative that is never formed, against the derivative; and what the options of code add to a module."""

from __future__ import annotations

import inspect
import subprocess
import sys
import time
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from corpus import TASKS, Task, draw, symbol_values
from libraries import ALL, Library
from tasks import arguments as task_arguments
from tasks import derived, emitted_value

import matcalc
from matcalc.__main__ import main
from matcalc.codegen import Source, compile_function
from matcalc.errors import KindError, MatcalcError, UnknownNameError

PLAIN = [task for task in TASKS if not task.has_symbols]
NETWORK = "sum((y - tanh(W*tanh(V*x))).^2)"
DECLARED = "V: matrix(p, n); W: matrix(m, p); x: vector(n); y: vector(m)"
LAYER = ("X*W", "X", "X: matrix(N, D); W: matrix(D, M)")


def function_of(answer: Any, product: str, target: str = "numpy", **options: Any) -> Any:
    return compile_function(Source(answer.code(target, product, **options)), product)


def names_of(function: Any) -> list[str]:
    return list(inspect.signature(function).parameters)


def close(found: Any, expected: Any, scale: float = 1.0) -> None:
    assert np.shape(found) == np.shape(expected)
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-9 * max(1e-3, scale))


# ---- Values -----------------------------------------------------------------------------------------------------------


def jacobian(task: Task) -> tuple[dict, np.ndarray, tuple[int, ...]]:
    """A point, the derivative there with the axes of the value first, and the shape of the value."""
    arrays = draw(task)
    found = emitted_value(task, arrays)
    found = found.T if derived(task).differentiated(task.order).transposed else found
    return arrays, found, found.shape[: found.ndim - np.ndim(arrays[task.wrt])]


def called(task: Task, product: str, arrays: dict, last: np.ndarray | None, target: Library | None = None) -> Any:
    function = function_of(derived(task), product, target.target if target else "numpy")
    names = names_of(function)
    given = task_arguments(function, task, arrays, {} if last is None else {names[-1]: last})
    return function(**{key: target.passed(value) if target else value for key, value in given.items()})


@pytest.mark.parametrize("task", PLAIN[::5], ids=lambda task: task.name)
def test_products_are_those_with_the_derivative(task: Task) -> None:
    if {"u", "v"} & set(task.variables):
        pytest.skip("the names of the directions are taken, which another test looks at")
    arrays, full, rows = jacobian(task)
    random = np.random.default_rng(1)
    v, u = random.normal(size=np.shape(arrays[task.wrt])), random.normal(size=rows)
    scale = np.abs(full).max(initial=0)
    close(called(task, "jvp", arrays, v), np.tensordot(full, v, axes=v.ndim), scale)
    close(called(task, "vjp", arrays, u), np.tensordot(u, full, axes=u.ndim), scale)
    operator = called(task, "operator", arrays, None)
    matrix = full.reshape(u.size, v.size)
    assert operator.shape == matrix.shape
    close(operator @ np.eye(v.size), matrix, scale)
    close(operator.H @ np.eye(u.size), matrix.T, scale)


@pytest.mark.parametrize("task", [task for task in PLAIN if task.order == 2][::4], ids=lambda task: task.name)
def test_hessian_products(task: Task) -> None:
    arrays, full, rows = jacobian(task)
    if rows != np.shape(arrays[task.wrt]):
        pytest.skip("no Hessian of a scalar")
    v = np.random.default_rng(1).normal(size=rows)
    first = matcalc.derive(task.source, task.wrt, task.declare)
    for answer in (derived(task), first):  # of order 2, and of order 1: both mean the Hessian
        function = function_of(answer, "hvp")
        given = task_arguments(function, task, arrays, {names_of(function)[-1]: v})
        close(function(**given), np.tensordot(full, v, axes=v.ndim), np.abs(full).max(initial=0))


@pytest.mark.parametrize("task", [task for task in TASKS if task.has_symbols][::3], ids=lambda task: task.name)
def test_products_with_dependent_variables_and_unknown_functions(task: Task) -> None:
    arrays = draw(task)
    symbols = symbol_values(task, arrays)
    full = emitted_value(task, arrays, symbols)
    v = np.random.default_rng(1).normal(size=np.shape(arrays[task.wrt]))
    function = function_of(derived(task), "jvp")
    given = task_arguments(function, task, arrays, {**symbols, names_of(function)[-1]: v})
    close(function(**given), np.tensordot(full, v, axes=v.ndim), np.abs(full).max())


@pytest.mark.parametrize("library", ALL)
def test_products_in_every_target(library: Library) -> None:
    random = np.random.default_rng(0)
    point = {"V": random.normal(size=(3, 2)), "W": random.normal(size=(4, 3)), "x": random.normal(size=2)}
    point["y"] = random.normal(size=4)
    answer = matcalc.derive(NETWORK, "V", DECLARED)
    for product, last in (("jvp", random.normal(size=(3, 2))), ("hvp", random.normal(size=(3, 2))), ("vjp", np.float64(0.7))):
        found = function_of(answer, product, library.target)
        given = [library.passed(point[name]) for name in names_of(found)[:-1]]
        expected = function_of(answer, product)(**{**point, names_of(found)[-1]: last})
        close(library.out(found(*given, library.passed(last))), expected)


def test_products_by_several_variables_share_their_work() -> None:
    answers = matcalc.derive(NETWORK, ["V", "W"], DECLARED)
    random = np.random.default_rng(0)
    point = {"V": random.normal(size=(3, 2)), "W": random.normal(size=(4, 3)), "x": random.normal(size=2)}
    point["y"] = random.normal(size=4)
    moves = {"v_V": random.normal(size=(3, 2)), "v_W": random.normal(size=(4, 3))}
    gradients = answers.function()(**point)
    source = answers.code(product="vjp", value=True)
    value, found = compile_function(Source(source), "vjp")(**point, u=2.0)
    assert source.count("V @ x") == 1
    close(value, np.sum((point["y"] - np.tanh(point["W"] @ np.tanh(point["V"] @ point["x"]))) ** 2))
    for name in ("V", "W"):
        close(found[name], 2 * gradients[name])
    jvp = function_of(answers, "jvp")
    assert names_of(jvp)[-2:] == ["v_V", "v_W"]
    close(jvp(**point, **moves), sum(np.sum(gradients[name] * moves[f"v_{name}"]) for name in ("V", "W")))
    step, sides = 1e-5, []
    for sign in (1, -1):
        moved = {name: point[name] + sign * step * moves.get(f"v_{name}", 0) for name in point}
        sides.append(answers.function()(**moved))
    products = function_of(answers, "hvp")(**point, **moves)
    for name in ("V", "W"):
        np.testing.assert_allclose(products[name], (sides[0][name] - sides[1][name]) / (2 * step), rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("properties", ["symmetric", "skew", "diagonal", "lower", "upper", "symmetric positive-definite"])
def test_tied_entries_move_together(properties: str) -> None:
    answer = matcalc.derive("S*x", "S", f"S: matrix(n, n) {properties}", structured=True)
    random = np.random.default_rng(0)
    S, x, v, u = (random.normal(size=s) for s in ((3, 3), 3, (3, 3), 3))
    full = answer.function()(S, x)
    close(function_of(answer, "jvp")(S, x, v), np.tensordot(full, v, axes=2))
    close(function_of(answer, "vjp")(S, x, u), np.tensordot(u, full, axes=1))
    close(function_of(answer, "operator")(S, x).H @ u, np.tensordot(u, full, axes=1).ravel())


@pytest.mark.parametrize("properties", ["symmetric", "skew", "diagonal", "lower"])
def test_a_hessian_by_tied_entries(properties: str) -> None:
    options = {"declare": f"S: matrix(n, n) {properties}; A: matrix(n, n)", "structured": True}
    random = np.random.default_rng(0)
    A, S, v = (random.normal(size=(3, 3)) for _ in range(3))
    tied = {"symmetric": S + S.T, "skew": S - S.T, "lower": np.tril(S), "diagonal": np.diag(np.diag(S))}[properties]
    full = matcalc.derive("tr(S*A*S*S)", "S", order=2, **options).function()(A, tied)
    for order in (1, 2):
        found = function_of(matcalc.derive("tr(S*A*S*S)", "S", order=order, **options), "hvp")(A, tied, v)
        close(found, np.tensordot(full, v, axes=2), 10)


def test_products_by_an_assigned_name() -> None:
    answer = matcalc.derive("h = tanh(A*x); y = h'*h", "h")
    random = np.random.default_rng(0)
    A, x, v = random.normal(size=(3, 2)), random.normal(size=2), random.normal(size=3)
    close(function_of(answer, "jvp")(A, x, v), 2 * np.tanh(A @ x) @ v)
    close(function_of(answer, "vjp")(A, x, 1.0), 2 * np.tanh(A @ x))


@pytest.mark.parametrize(
    ("source", "declare", "structured"),
    [
        ("vec(A*X*B)", "A: matrix(m, n); X: matrix(n, p); B: matrix(p, q)", False),
        ("vec(X*X')", "X: matrix(n, p)", False),
        ("vec(A*inv(X))", "A: matrix(m, p); X: matrix(p, p) symmetric", True),
        ("vec(tanh(a*x'))", "a: vector(n); x: vector(p)", False),
    ],
)
@pytest.mark.parametrize("library", ALL)
def test_products_by_the_columns_of_a_matrix(source: str, declare: str, structured: bool, library: Library) -> None:
    """Directions, cotangents and answers are vectors of the entries, columns first."""
    variable = "x" if "x" in declare.split(": ")[1] else "X"
    answer = matcalc.derive(source, f"vec({variable})", declare, structured=structured)
    sizes, random = dict(zip("mnpqr", range(2, 7), strict=True)), np.random.default_rng(0)
    shapes = {name: tuple(sizes[d] for axis in v.shape for d in axis) for name, v in answer.free_variables.items()}
    point = {name: random.normal(size=shape) for name, shape in shapes.items()}
    full = answer.function()(**point)
    v, u = random.normal(size=full.shape[1]), random.normal(size=full.shape[0])
    given = {name: library.passed(value) for name, value in point.items()}
    jvp, vjp = (function_of(answer, product, library.target) for product in ("jvp", "vjp"))
    close(library.out(jvp(**given, v=library.passed(v))), full @ v, 10)
    close(library.out(vjp(**given, u=library.passed(u))), u @ full, 10)
    operator = function_of(answer, "operator")(**point)
    close(operator @ np.eye(v.size), full, 10)
    close(operator.H @ np.eye(u.size), full.T, 10)
    with pytest.raises(KindError, match="that of a scalar"):
        answer.code(product="hvp")


def test_products_by_the_columns_of_several_matrices() -> None:
    answers = matcalc.derive("vec(X*B*X)", ["vec(X)", "vec(B)"])
    random = np.random.default_rng(0)
    B, X, u = random.normal(size=(3, 2)), random.normal(size=(2, 3)), random.normal(size=6)
    moves = {"v_X": random.normal(size=6), "v_B": random.normal(size=6)}
    full = answers.function()(B, X)
    jvp = function_of(answers, "jvp")
    assert names_of(jvp) == ["B", "X", "v_B", "v_X"]
    close(jvp(B, X, **moves), full["vec(X)"] @ moves["v_X"] + full["vec(B)"] @ moves["v_B"], 10)
    found = function_of(answers, "vjp")(B, X, u)
    close(found["vec(X)"], u @ full["vec(X)"], 10)
    close(found["vec(B)"], u @ full["vec(B)"], 10)


def test_the_layout_does_not_matter() -> None:
    modules = [matcalc.derive("A*x", "x", layout=layout).code(product="jvp") for layout in ("numerator", "denominator")]
    assert len({module[module.index("def jvp") :] for module in modules}) == 1


# ---- Nothing is formed ------------------------------------------------------------------------------------------------


def test_a_derivative_that_cannot_fit_is_never_formed() -> None:
    """The derivative would have 300^4 entries, 60 GiB."""
    answer = matcalc.derive(*LAYER)
    random = np.random.default_rng(0)
    X, W, v = (random.normal(size=(300, 300)) for _ in range(3))
    start = time.perf_counter()
    close(function_of(answer, "jvp")(W, X, v), v @ W, 300)
    close(function_of(answer, "vjp")(W, X, v), v @ W.T, 300)
    operator = function_of(answer, "operator")(W, X)
    assert operator.shape == (90000, 90000)
    close(operator @ v.ravel(), (v @ W).ravel(), 300)
    assert time.perf_counter() - start < 5


def test_what_does_not_depend_on_the_vector_is_computed_once() -> None:
    source = matcalc.derive("log(det(X))", "X", order=2).code(product="operator")
    body = source[source.index("def operator") :]
    assert body.count("np.linalg.inv") == 1
    assert body.index("np.linalg.inv") < body.index("def matvec")


def test_an_operator_can_be_solved_with() -> None:
    linalg = pytest.importorskip("scipy.sparse.linalg")
    answer = matcalc.derive("sum(log(1 + exp(X*w))) + w'*w", "w", order=2)
    random = np.random.default_rng(0)
    X, w, b = random.normal(size=(40, 6)), random.normal(size=6), random.normal(size=6)
    found, status = linalg.cg(function_of(answer, "operator")(X, w), b, rtol=1e-12)
    assert status == 0
    np.testing.assert_allclose(found, np.linalg.solve(answer.function()(X, w), b), rtol=1e-8)
    assert function_of(answer, "operator")(X.astype(np.float32), w.astype(np.float32)).dtype == np.float32


# ---- Names ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "wrt", "product", "expected"),
    [
        ("A*x", "x", "jvp", ["A", "x", "v"]),
        ("A*x", "x", "vjp", ["A", "x", "u"]),
        ("A*v", "v", "jvp", ["A", "v", "v_"]),
        ("u'*A*v", "v", "vjp", ["A", "u", "v", "u_"]),
        ("zeta*A*x", "x", "jvp", ["A", "x", "zeta", "v"]),
    ],
)
def test_directions_come_last_with_names_that_are_free(text: str, wrt: str, product: str, expected: list[str]) -> None:
    assert names_of(function_of(matcalc.derive(text, wrt), product)) == expected


NAMES = ["v", "u", "v_", "matvec", "rmatvec", "shape", "LinearOperator", "operator", "jvp", "np", "_sizes", "_expect", "t1"]


@pytest.mark.parametrize("name", NAMES)
def test_hostile_names_are_harmless(name: str) -> None:
    answer = matcalc.derive(f"tanh(A*{name})", name, f"{name}: vector(n); A: matrix(m, n)")
    random = np.random.default_rng(0)
    A, x, v, u = (random.normal(size=s) for s in ((3, 2), 2, 2, 3))
    full = (1 - np.tanh(A @ x) ** 2)[:, None] * A
    for product, last, expected in (("jvp", v, full @ v), ("vjp", u, u @ full)):
        function = function_of(answer, product, check=True)
        values = {"A": A, **dict(zip([n for n in names_of(function) if n != "A"], (x, last), strict=True))}
        close(function(**values), expected)
    operator = function_of(answer, "operator", check=True)
    values = {"A": A, **{n: x for n in names_of(operator) if n != "A"}}
    close(operator(**values) @ np.eye(2), full)


# ---- Checks of shapes -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shapes", "said"),
    [
        ({"A": (3, 2), "x": (3,)}, "x has shape (3,), but (n,) is expected: n = 2 by A"),
        ({"A": (3,), "x": (2,)}, "A has shape (3,), but (m, n) is expected"),
        ({"A": (3, 2), "x": (2, 1)}, "x has shape (2, 1), but (n,) is expected"),
        ({"A": (3, 2), "x": ()}, "x has shape (), but (n,) is expected"),
    ],
)
@pytest.mark.parametrize("library", [p for p in ALL if p.id not in ("sympy", "array-api-numpy")])
def test_wrong_shapes_are_said(shapes: dict[str, tuple[int, ...]], said: str, library: Library) -> None:
    function = function_of(matcalc.derive("tanh(A*x)", "x"), "derivative", library.target, check=True)
    with pytest.raises(ValueError) as caught:  # noqa: PT011  the whole text is compared
        function(**{name: library.passed(np.ones(shape)) for name, shape in shapes.items()})
    assert str(caught.value) == said


def test_sizes_and_compound_axes_are_checked() -> None:
    answer = matcalc.derive("kron(A, B)*z", "z", "A: matrix(m, n); B: matrix(p, q); z: vector(n*q)")
    function = function_of(answer, "derivative", check=True)
    A, B = np.ones((2, 3)), np.ones((4, 5))
    assert function(A, B, np.ones(15)).shape == (8, 15)
    with pytest.raises(ValueError, match=r"z has shape \(14,\), but \(n\*q,\) is expected: n = 3 by A and q = 5 by B"):
        function(A, B, np.ones(14))
    fixed = function_of(matcalc.derive("A*x", "x", "A: matrix(m, 3)"), "derivative", check=True)
    with pytest.raises(ValueError, match=r"A has shape \(2, 4\), but \(m, 3\) is expected$"):
        fixed(np.ones((2, 4)), np.ones(4))
    padded = function_of(matcalc.derive("ones(m, n)*x", "x"), "derivative", check=True)
    assert padded(m=2, x=np.ones(3)).shape == (2, 3)


def test_without_check_nothing_is_added() -> None:
    assert "_expect" not in matcalc.derive("A*x", "x").code()


# ---- Trials -----------------------------------------------------------------------------------------------------------

TRIED = [
    ("log(x'*A*x)", "x", "", 1),
    ("log(det(X))", "X", "X: matrix(n, n) positive-definite", 2),
    ("asin(x)", "x", "", 1),
    ("S*x", "S", "S: matrix(n, n) symmetric", 1),
    ("p'*log(p)", "p", "p: vector(n) simplex", 1),
    ("f(x)", "x", "f: function", 2),
    ("inv(X)", "X", "", 1),
    ("A*x", "x", "A: matrix(m, 3)", 1),
    ("Q'*x", "Q", "Q: matrix(n, n) orthogonal", 1),
    ("alpha^3", "alpha", "", 2),
]  # fmt: skip


def run_module(source: str, path: Any) -> subprocess.CompletedProcess:
    file = path / "module.py"
    file.write_text(source)
    return subprocess.run([sys.executable, file], capture_output=True, text=True, check=False)


def status(source: str) -> int:
    """The exit status of a module that is run in this process."""
    with pytest.raises(SystemExit) as caught:
        exec(compile(source, "module", "exec"), {"__name__": "__main__"})
    return int(caught.value.code or 0)


@pytest.mark.parametrize(("text", "wrt", "declare", "order"), TRIED, ids=[case[0] for case in TRIED])
@pytest.mark.parametrize("product", ["derivative", "jvp", "vjp", "operator"])
def test_a_module_tries_itself(text: str, wrt: str, declare: str, order: int, product: str, capsys: Any) -> None:
    source = matcalc.derive(text, wrt, declare, order=order).code(product=product, random=True)
    assert status(source) == 0
    assert float(capsys.readouterr().out.removeprefix("largest relative error: ")) < 1e-6


@pytest.mark.parametrize("product", ["derivative", "jvp", "vjp", "hvp", "operator"])
def test_a_wrong_module_is_found_out(product: str, capsys: Any) -> None:
    source = matcalc.derive("sum(exp(A*x).*y)", "x").code(product=product, random=True)
    right, wrong = "np.exp(", "1.001 * np.exp("
    before, after = source.split("def function", 1)
    assert right in before
    assert status(before.replace(right, wrong) + "def function" + after) == 1
    assert float(capsys.readouterr().out.removeprefix("largest relative error: ")) > 1e-5


@pytest.mark.parametrize("target", ["numpy", "jax", "torch", "array-api"])
def test_a_module_of_a_target_tries_itself(target: str, tmp_path: Any) -> None:
    for name in {"jax": ["jax"], "torch": ["torch"], "array-api": ["array_api_compat"]}.get(target, []):
        pytest.importorskip(name)
    source = matcalc.derive("sum(exp(f(A*x)).*y)", ["x", "A"], "f: function").code(target, check=True, random=True)
    done = run_module(source, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("largest relative error: ")
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--quiet", tmp_path]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (0, "")
    assert max(map(len, source.split("\n"))) <= 100


@pytest.mark.parametrize("product", ["derivative", "vjp", "jvp", "hvp"])
def test_a_module_with_a_value_tries_itself(product: str, capsys: Any) -> None:
    answers = matcalc.derive(NETWORK, ["V", "W"] if product != "hvp" else ["V"], DECLARED)
    assert status(answers.code(product=product, value=True, check=True, random=True)) == 0
    assert "largest relative error" in capsys.readouterr().out


def test_structured_derivatives_and_vec_are_tried(capsys: Any) -> None:
    for properties in ("symmetric", "skew", "diagonal", "lower", "upper"):
        answer = matcalc.derive("S*S*x", "S", f"S: matrix(n, n) {properties}", structured=True)
        assert status(answer.code(random=True)) == status(answer.code(product="jvp", random=True)) == 0
    assert status(matcalc.derive("vec(A*X)", "vec(X)").code(random=True)) == 0
    assert status(matcalc.derive("tanh(A*x)", "x", layout="denominator").code(random=True)) == 0
    assert capsys.readouterr().out.count("error") == 12


# ---- What is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "wrt", "arguments", "options", "kind", "said"),
    [
        ("A*x", "x", ("nunpy",), {}, UnknownNameError, "did you mean `numpy`"),
        ("A*x", "x", ("numpy", "jpv"), {}, UnknownNameError, "did you mean `vjp`"),
        ("A*x", "x", ("numpy", "hvp"), {}, KindError, "that of a scalar, and this has shape (m)"),
        ("x'*x", "x", ("jax", "operator"), {}, KindError, "an operator is one of SciPy"),
        ("x'*x", "x", ("numpy", "operator"), {"value": True}, KindError, "without a value"),
        ("x'*x", "x", ("sympy",), {"random": True}, KindError, "are not tried"),
        ("x'*x", "x", (), {"sizes": {"k": 3}}, UnknownNameError, "there is no dimension `k`"),
        ("vec(X*X)", ["X", "vec(X)"], ("numpy", "jvp"), {}, KindError, "each of them once"),
        ("A*x", ["A", "x"], ("numpy", "operator"), {}, KindError, "by one variable"),
    ],
)
def test_what_does_not_go_together_is_refused(
    source: str, wrt: Any, arguments: tuple[str, ...], options: dict, kind: type[MatcalcError], said: str
) -> None:
    with pytest.raises(kind) as caught:
        matcalc.derive(source, wrt).code(*arguments, **options)
    assert said in str(caught.value)


def test_a_hessian_of_order_3_is_refused() -> None:
    with pytest.raises(KindError, match="order 2, not 3"):
        matcalc.derive("x'*x", "x", order=3).code(product="hvp")


# ---- The command ------------------------------------------------------------------------------------------------------


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments, prog_name="matcalc")


def test_the_command_emits_what_python_does() -> None:
    answer = matcalc.derive("log(det(X))", "X")
    options = ["--emit", "torch", "--as", "hvp", "--check", "--random", "--value", "--size", "n=5"]
    done = run("derive", "log(det(X))", "--wrt", "X", *options)
    assert done.exit_code == 0
    assert done.stdout == answer.code("torch", "hvp", check=True, random=True, value=True, sizes={"n": 5})


def test_sizes_choose_the_order_of_products() -> None:
    chain = ["A: matrix(m, n); B: matrix(n, p); C: matrix(p, q)"]
    made = [matcalc.derive("A*B*C*X", "X", chain).code(sizes={"m": m, "n": 90, "p": 90, "q": q}) for m, q in ((2, 90), (90, 2))]
    assert "A @ B @ C" in made[0]
    assert "A @ (B @ C)" in made[1]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--as", "jvp"], "--as goes with --emit numpy, jax, torch, array-api or sympy."),
        (["--check", "--emit", "latex"], "--check goes with --emit numpy"),
        (["--random"], "--random goes with --emit numpy"),
        (["--emit", "jax", "--as", "operator"], "--as operator goes with --emit numpy, not with --emit jax."),
        (["--emit", "numpy", "--as", "operator", "--value"], "--value goes with --as derivative, jvp, vjp or hvp."),
        (["--emit", "sympy", "--random"], "--random goes with --emit numpy, jax, torch or array-api."),
        (["--emit", "torch", "--steps"], "--steps goes with"),
        (["--emit", "torch", "--form", "index"], "--form goes with"),
        (["--emit", "numpy", "--as", "hvp"], "a Hessian is that of a scalar"),
        (["--emit", "numpy", "--size", "k=2"], "there is no dimension `k`"),
    ],
)
def test_wrong_combinations_end_with_2_and_a_message(options: list[str], said: str) -> None:
    done = run("derive", "A*x", "--wrt", "x", *options)
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_what_cannot_fit_is_said_before_it_is_emitted() -> None:
    layer = ["derive", "X*W", "--wrt", "X", "--declare", LAYER[2], "--emit", "numpy", "--size"]
    done = run(*layer, "N=64,D=4096,M=4096")
    assert done.exit_code == 0
    assert "def derivative" in done.stdout
    assert "warning: the derivative by X has 6.9e+10 entries, 512 GiB in float64" in done.stderr
    assert "--as vjp" in done.stderr
    assert run(*layer, "N=64,D=4096,M=4096", "--as", "vjp").stderr == ""
    assert run(*layer, "N=6,D=40,M=40").stderr == ""
    fixed = run("derive", "X*W", "--wrt", "X", "--declare", "X: matrix(640, 4096); W: matrix(4096, 4096)", "--emit", "jax")
    assert "warning: the derivative by X has 6.9e+12 entries" in fixed.stderr
