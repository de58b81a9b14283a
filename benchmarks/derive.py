"""How long a derivation with its text takes, beside SymPy's `.diff` on the same expression in the same run.

    python benchmarks/derive.py [--rounds 7] [--timeout 20] [--output benchmarks/results]

with matcalc installed; start-up is measured fairly only on an installed wheel.

Every row is a line of the language of matcalc and the same expression written by hand with SymPy's matrix
symbols. SymPy's answer is evaluated at small sizes and compared with the emitted NumPy of matcalc, up to the
order of axes, since layouts differ. Its columns read:

    a time       SymPy answered
    wrong        the value differs
    no answer    an exception, an unevaluated derivative, or no result within the time limit
    not written  the expression cannot be written with matrix symbols

"fresh" is the time of the first derivation of a process that has imported both programs and done nothing else,
as on a command line; "first" that after all caches of both were emptied, "warm" that of the next run. All are
medians over the rounds. Absolute times depend on the machine; the ratios were taken side by side.
"""

from __future__ import annotations

import argparse
import gc
import itertools
import json
import multiprocessing
import platform
import shutil
import signal
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import sympy
from sympy import (
    Determinant,
    DiagMatrix,
    HadamardPower,
    HadamardProduct,
    Identity,
    Inverse,
    KroneckerProduct,
    MatrixSymbol,
    OneMatrix,
    Trace,
    erf,
    exp,
    log,
    sin,
    sqrt,
    symbols,
    tanh,
)
from sympy.core.cache import clear_cache
from sympy.matrices.expressions.diagonal import DiagonalMatrix

import matcalc

SIZES = {"m": 2, "n": 3, "p": 4, "q": 5}
m, n, p, q = symbols("m n p q", integer=True, positive=True)
s, t, alpha = symbols("s t alpha", real=True)
u = sympy.Dummy("u", real=True)
f = sympy.Function("f")

x, y, w = (MatrixSymbol(name, n, 1) for name in "xyw")
a, b = (MatrixSymbol(name, m, 1) for name in "ab")
c = MatrixSymbol("c", n, 1)
A, B, X, Y = (MatrixSymbol(name, m, n) for name in "ABXY")
P, Q, R, S = (MatrixSymbol(name, n, n) for name in "PQRS")
C, Z = MatrixSymbol("C", n, p), MatrixSymbol("Z", n, p)
D, T = MatrixSymbol("D", p, q), MatrixSymbol("T", m, n)
U, V = MatrixSymbol("U", m, p), MatrixSymbol("V", n, p)
HALF = sympy.Rational(1, 2)
ONES_M, ONES_N = OneMatrix(m, 1), OneMatrix(n, 1)

DECLARE = [
    "x: vector(n)", "y: vector(n)", "w: vector(n)", "c: vector(n)", "a: vector(m)", "b: vector(m)",
    "A: matrix(m, n)", "B: matrix(m, n)", "X: matrix(m, n)", "Y: matrix(m, n)",
    "P: matrix(n, n)", "Q: matrix(n, n)", "R: matrix(n, n)", "S: matrix(n, n)",
    "C: matrix(n, p)", "Z: matrix(n, p)", "D: matrix(p, q)", "T: matrix(m, n)", "U: matrix(m, p)", "V: matrix(n, p)",
    "s: scalar", "t: scalar", "f: function",
]  # fmt: skip


@dataclass(frozen=True)
class Case:
    """One derivative in both languages; `sympy` makes the expression, and is None where none can be written."""

    name: str
    source: str
    wrt: str
    sympy: Callable[[], Any] | None
    order: int = 1


def norm_squared(expression: Any) -> Any:
    return Trace(expression.T * expression)


def total(column: Any, size: Any) -> Any:
    """The sum of a column, as the trace of a 1 x 1 matrix, so that it is a scalar to SymPy."""
    return Trace(OneMatrix(1, size) * column)


CASES = (
    Case("linear form", "c'*x", "x", lambda: c.T * x),
    Case("quadratic form", "x'*P*x", "x", lambda: x.T * P * x),
    Case("quadratic form, Hessian", "x'*P*x", "x", lambda: x.T * P * x, 2),
    Case("quadratic form by the matrix", "x'*P*y", "P", lambda: x.T * P * y),
    Case("bilinear form", "a'*X*c", "X", lambda: a.T * X * c),
    Case("bilinear form, transposed", "c'*X'*a", "X", lambda: c.T * X.T * a),
    Case("gram bilinear", "c'*X'*X*y", "X", lambda: c.T * X.T * X * y),
    Case("matrix times vector", "A*x", "x", lambda: A * x),
    Case("matrix times vector by the matrix", "A*x", "A", lambda: A * x),
    Case("least squares", "norm2(A*x - b)^2", "x", lambda: norm_squared(A * x - b)),
    Case("least squares, Hessian", "norm2(A*x - b)^2", "x", lambda: norm_squared(A * x - b), 2),
    Case("least squares by the matrix", "norm2(A*x - b)^2", "A", lambda: norm_squared(A * x - b)),
    Case("norm", "norm2(x)", "x", lambda: (x.T * x) ** HALF),
    Case("norm of a residual", "norm2(A*x - b)", "x", lambda: ((A * x - b).T * (A * x - b)) ** HALF),
    Case("unit vector", "x/norm2(x)", "x", lambda: x / sqrt(norm_squared(x))),
    Case("Frobenius norm", "norm2(X)", "X", lambda: sqrt(norm_squared(X))),
    Case("Frobenius norm squared", "norm2(X)^2", "X", lambda: norm_squared(X)),
    Case("Rayleigh quotient", "(x'*P*x)/(x'*x)", "x", lambda: (x.T * P * x) * Inverse(x.T * x)),
    Case("trace", "tr(P)", "P", lambda: Trace(P)),
    Case("trace of a product", "tr(A*X')", "X", lambda: Trace(A * X.T)),
    Case("trace, quadratic", "tr(P*X'*X*Q)", "X", lambda: Trace(P * X.T * X * Q)),
    Case("trace of a cube", "tr(P^3)", "P", lambda: Trace(P**3)),
    Case("trace of a gram matrix squared", "tr(X'*X*X'*X)", "X", lambda: Trace(X.T * X * X.T * X)),
    Case("trace of an inverse", "tr(inv(P)*Q)", "P", lambda: Trace(Inverse(P) * Q)),
    Case("trace, squared", "tr(P)^2", "P", lambda: Trace(P) ** 2),
    Case("determinant", "det(P)", "P", lambda: Determinant(P)),
    Case("determinant of a product", "det(Q*P*R)", "P", lambda: Determinant(Q * P * R)),
    Case("determinant of a gram matrix", "det(A'*A)", "A", lambda: Determinant(A.T * A)),
    Case("log determinant", "logdet(P)", "P", lambda: log(Determinant(P))),
    Case("log determinant, Hessian", "logdet(P)", "P", lambda: log(Determinant(P)), 2),
    Case("log determinant plus trace", "logdet(P) + tr(inv(P)*Q)", "P",
         lambda: log(Determinant(P)) + Trace(Inverse(P) * Q)),
    Case("inverse", "inv(P)", "P", lambda: Inverse(P)),
    Case("inverse, bilinear", "c'*inv(P)*y", "P", lambda: c.T * Inverse(P) * y),
    Case("square", "P^2", "P", lambda: P**2),
    Case("cube", "P^3", "P", lambda: P**3),
    Case("transpose", "X'", "X", lambda: X.T),
    Case("gram matrix", "X'*X", "X", lambda: X.T * X),
    Case("product by the left factor", "X*C", "X", lambda: X * C),
    Case("sandwich", "A*Z*D", "Z", lambda: A * Z * D),
    Case("Hadamard product", "X.*Y", "X", lambda: HadamardProduct(X, Y)),
    Case("Hadamard product of vectors", "(A*x).*(B*x)", "x", lambda: HadamardProduct(A * x, B * x)),
    Case("element-wise square", "x.^2", "x", lambda: HadamardPower(x, 2)),
    Case("trace of a Kronecker product", "tr(kron(P, Q))", "P", lambda: Trace(KroneckerProduct(P, Q))),
    Case("diagonal matrix", "diag(x)*P*y", "x", lambda: DiagMatrix(x) * P * y),
    Case("diagonal of a product", "diag(X*P*X')", "X", lambda: DiagonalMatrix(X * P * X.T) * ONES_M),
    Case("tanh layer", "tanh(A*x)", "x", lambda: (A * x).applyfunc(tanh)),
    Case("tanh layer by the weights", "b'*tanh(A*x)", "A", lambda: b.T * (A * x).applyfunc(tanh)),
    Case("tanh layer, second", "tanh(A*x)", "x", lambda: (A * x).applyfunc(tanh), 2),
    Case("exp of a vector", "exp(x)", "x", lambda: x.applyfunc(exp)),
    Case("sin of a matrix", "tr(sin(P))", "P", lambda: Trace(P.applyfunc(sin))),
    Case("erf", "c'*erf(x)", "x", lambda: c.T * x.applyfunc(erf)),
    Case("sigmoid", "sigmoid(A*x)", "x",
         lambda: (A * x).applyfunc(sympy.Lambda(u, 1 / (1 + exp(-u))))),
    Case("unknown function", "f(A*x + b)", "x", lambda: (A * x + b).applyfunc(sympy.Lambda(u, f(u)))),
    Case("logistic loss", "sum(log(1+exp(A*x)))", "x",
         lambda: ONES_M.T * (A * x).applyfunc(sympy.Lambda(u, log(1 + exp(u))))),
    Case("logistic loss, Hessian", "sum(log(1+exp(A*x)))", "x",
         lambda: ONES_M.T * (A * x).applyfunc(sympy.Lambda(u, log(1 + exp(u)))), 2),
    Case("log-sum-exp", "logsumexp(x)", "x", lambda: log(total(x.applyfunc(exp), n))),
    Case("log-sum-exp, Hessian", "logsumexp(A*x)", "x", lambda: log(total((A * x).applyfunc(exp), m)), 2),
    Case("softmax", "softmax(x)", "x", lambda: x.applyfunc(exp) * Inverse(ONES_N.T * x.applyfunc(exp))),
    Case("softmax of rows", "softmax(X)", "X", None),
    Case("softmax cross-entropy", "crossentropy(y, softmax(x))", "x",
         lambda: log(total(x.applyfunc(exp), n)) * total(y, n) - Trace(y.T * x)),
    Case("two layers", "norm2(a - tanh(A*tanh(P*x)))^2", "P",
         lambda: norm_squared(a - (A * (P * x).applyfunc(tanh)).applyfunc(tanh))),
    Case("factorization", "norm2(T - U*V')^2", "U", lambda: norm_squared(T - U * V.T)),
    Case("factorization, Hessian", "norm2(T - U*V')^2", "U", lambda: norm_squared(T - U * V.T), 2),
    Case("product of forms", "(c'*x)*(x'*P*x)", "x", lambda: (c.T * x) * (x.T * P * x)),
    Case("vector times a form", "x*(x'*P*x)", "x", lambda: x * (x.T * P * x)),
    Case("matrix by a scalar", "s^2*inv(P)", "s", lambda: s**2 * Inverse(P)),
    Case("inverse along a line", "inv(P + s*Q)", "s", lambda: Inverse(P + s * Q)),
    Case("log determinant along a line", "logdet(P + s*Q)", "s", lambda: log(Determinant(P + s * Q))),
    Case("ridge", "norm2(A*x - b)^2 + s*norm2(x)^2", "x", lambda: norm_squared(A * x - b) + s * norm_squared(x)),
    Case("Gaussian exponent", "exp(-x'*P*x/2)", "x", lambda: exp(-Trace(x.T * P * x) / 2)),
    Case("identity plus", "logdet(eye + X*X')", "X", lambda: log(Determinant(Identity(m) + X * X.T))),
)  # fmt: skip


# Times


def clear_caches() -> None:
    """Empty SymPy's caches and every function cache of matcalc, and collect what only they held."""
    clear_cache()
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == "matcalc":
            for value in list(vars(module).values()):
                getattr(value, "cache_clear", lambda: None)()
    gc.collect()


class TimeLimit(Exception):
    """A run took longer than allowed."""


@contextmanager
def time_limit(seconds: int) -> Iterator[None]:
    def stop(*_: object) -> None:
        raise TimeLimit

    previous = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, previous)


def milliseconds(action: Callable[[], Any]) -> float:
    begin = perf_counter()
    action()
    return 1000 * (perf_counter() - begin)


def first_and_warm(rounds: int, *actions: Callable[[], Any]) -> list[tuple[float, float]]:
    """For each action the medians of the time after the caches were emptied and of the run after that.

    The actions take turns within a round, so that what else the machine does falls on all of them.
    """
    times: list[list[tuple[float, float]]] = [[] for _ in actions]
    for _ in range(rounds):
        for action, found in zip(actions, times, strict=True):
            clear_caches()
            found.append((milliseconds(action), milliseconds(action)))
    return [(statistics.median(first for first, _ in found), statistics.median(warm for _, warm in found)) for found in times]


def fresh(rounds: int, action: Callable[[], Any]) -> float | None:
    """The median time of an action in processes forked from this one; None where it raises. Call it before all else."""
    context = multiprocessing.get_context("fork")
    times = []
    for _ in range(rounds):
        receiver, sender = context.Pipe(duplex=False)
        child = context.Process(target=lambda sender=sender: sender.send(attempted(action)))
        child.start()
        times.append(receiver.recv())
        child.join()
    return None if None in times else statistics.median(times)


def attempted(action: Callable[[], Any]) -> float | None:
    """The time of an action, None if it raises."""
    try:
        return milliseconds(action)
    except Exception:
        return None


# SymPy's answers, judged at small sizes


def draw(name: str, shape: tuple[int, ...]) -> np.ndarray:
    generator = np.random.default_rng(list(name.encode()))
    square = 2 * np.eye(*shape) if len(shape) == 2 and shape[0] == shape[1] else 0
    return generator.uniform(0.2, 1.0, size=shape) + square


def sympy_derivative(case: Case) -> Any:
    variable = globals()[case.wrt]
    result = case.sympy()  # type: ignore[misc]
    for _ in range(case.order):
        result = result.diff(variable)
    return result


def values_of(expression: Any) -> dict[str, np.ndarray]:
    """A value for every matrix symbol and scalar in a case, by name, shaped as NumPy wants it."""
    drawn = {}
    for symbol in expression.atoms(MatrixSymbol):
        rows, columns = (SIZES.get(str(d), d) for d in symbol.shape)
        drawn[symbol.name] = draw(symbol.name, (int(rows),) if columns == 1 else (int(rows), int(columns)))
    return drawn | {symbol.name: draw(symbol.name, ()) for symbol in expression.atoms(sympy.Symbol) & {s, t}}


def explicit(result: Any, values: dict[str, np.ndarray]) -> np.ndarray:
    """SymPy's derivative at numbers: sizes first, then whole matrices or, where that fails, their entries."""
    sized = result.subs({m: SIZES["m"], n: SIZES["n"], p: SIZES["p"], q: SIZES["q"]})
    sized = sized.subs({symbol: sympy.Float(float(values[symbol.name])) for symbol in (s, t) if symbol.name in values})
    matrices = {
        symbol: sympy.ImmutableMatrix(values[symbol.name].reshape(tuple(int(d) for d in symbol.shape)).tolist())
        for symbol in sized.atoms(MatrixSymbol)
    }
    try:
        return numbers(sized.subs(matrices).doit())
    except Exception:
        entries = {symbol[i, j]: matrix[i, j] for symbol, matrix in matrices.items() for i, j in np.ndindex(*matrix.shape)}
        return numbers(sized.doit().as_explicit().subs(entries).doit())


def numbers(value: Any) -> np.ndarray:
    """The floats of a SymPy array, matrix or number."""
    value = value.as_explicit() if hasattr(value, "as_explicit") else value
    entries = value.tolist() if hasattr(value, "tolist") else value
    return np.vectorize(lambda entry: float(sympy.N(entry)), otypes=[float])(np.array(entries, dtype=object))


def agrees(found: np.ndarray, expected: np.ndarray) -> bool:
    """Equal up to the order of axes and axes of size 1, since layouts differ."""
    found, expected = np.squeeze(found), np.squeeze(expected)
    return any(
        found.transpose(order).shape == expected.shape and np.allclose(found.transpose(order), expected, rtol=1e-6)
        for order in itertools.permutations(range(found.ndim))
    )


def verdict(case: Case, timeout: int) -> str:
    """`right`, `unchecked`, `wrong`, `no answer` or `not written`."""
    if case.sympy is None:
        return "not written"
    try:
        with time_limit(timeout):
            result = sympy_derivative(case)
    except Exception:
        return "no answer"
    if result.has(sympy.Derivative) and not result.has(f):
        return "no answer"
    try:
        values = values_of(case.sympy())
        function = derivation(case).function()
        with time_limit(timeout):
            return "right" if agrees(explicit(result, values), function(**values)) else "wrong"
    except Exception:
        return "unchecked"


def derivation(case: Case) -> Any:
    used = [line for line in DECLARE if line.partition(":")[0] in names(case.source)]
    return matcalc.derive(case.source, wrt=case.wrt, declare=used, order=case.order)


def names(source: str) -> set[str]:
    """The names in a source text."""
    text = "".join(character if character.isalnum() or character == "_" else " " for character in source)
    return set(text.split())


@dataclass(frozen=True)
class Row:
    """The times of one case in milliseconds, and what SymPy's answer was worth."""

    name: str
    source: str
    wrt: str
    order: int
    text: str
    matcalc_first: float
    matcalc_warm: float
    verdict: str
    sympy_first: float | None = None
    sympy_warm: float | None = None
    sympy_text_first: float | None = None
    sympy_text_warm: float | None = None
    matcalc_fresh: float | None = None
    sympy_fresh: float | None = None

    @property
    def ratio(self) -> float | None:
        """SymPy's `.diff` over matcalc's derivation with its text, first runs."""
        return self.sympy_first / self.matcalc_first if self.sympy_first else None


def measure_fresh(case: Case, rounds: int) -> tuple[float | None, float | None]:
    """matcalc's and SymPy's time in fresh processes."""
    return (
        fresh(rounds, lambda: derivation(case).text),
        fresh(rounds, lambda: sympy_derivative(case)) if case.sympy else None,
    )


def measure(case: Case, rounds: int, timeout: int, in_fresh: tuple[float | None, float | None]) -> Row:
    worth = verdict(case, timeout)
    others = [lambda: sympy_derivative(case), lambda: str(sympy_derivative(case))]
    answers = others * (worth in ("right", "wrong", "unchecked"))
    times = itertools.chain.from_iterable(first_and_warm(rounds, lambda: derivation(case).text, *answers))
    matcalc_first, matcalc_warm, *sympy_times = times
    matcalc_fresh, sympy_fresh = in_fresh
    return Row(
        case.name, case.source, case.wrt, case.order, derivation(case).text, matcalc_first, matcalc_warm, worth, *sympy_times,
        matcalc_fresh=matcalc_fresh, sympy_fresh=sympy_fresh if sympy_times else None,
    )  # fmt: skip


# Growth


def chain_expression(depth: int) -> str:
    inner = "x"
    for layer in range(1, depth + 1):
        inner = f"tanh(W_{layer}*{inner})"
    return f"norm2({inner} - y)^2"


def chain_program(depth: int) -> str:
    layers = [f"h_{k} = tanh(W_{k}*{f'h_{k - 1}' if k > 1 else 'x'})" for k in range(1, depth + 1)]
    return "\n".join([*layers, f"J = norm2(h_{depth} - y)^2"])


def long_sum(terms: int) -> str:
    return " + ".join(f"(a_{k}'*x)^2" for k in range(1, terms + 1))


def growth(source: Callable[[int], str], wrt: str, sizes: tuple[int, ...], rounds: int) -> dict[int, float]:
    """The median time in milliseconds of a derivation with its text, by size."""
    times = {}
    for size in sizes:
        text = source(size)
        ((times[size], _),) = first_and_warm(rounds, lambda text=text: matcalc.derive(text, wrt=wrt).text)
    return times


# Start-up


def start_up(rounds: int) -> dict[str, float]:
    """Median times in milliseconds of whole processes, run alternately."""
    script = shutil.which("matcalc", path=str(Path(sys.executable).parent)) or shutil.which("matcalc")
    command = [script] if script else [sys.executable, "-m", "matcalc"]
    commands = {
        "python -c 'import sympy'": [sys.executable, "-c", "import sympy"],
        'matcalc derive "x\'*A*x" --wrt x': [*command, "derive", "x'*A*x", "--wrt", "x"],
    }
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, arguments in commands.items():
            times[name].append(
                milliseconds(lambda arguments=arguments: subprocess.run(arguments, check=True, capture_output=True))
            )
    return {name: statistics.median(found) for name, found in times.items()}


# Report


def percentile(values: list[float], share: float) -> float:
    return float(np.percentile(values, 100 * share))


def median_ratio(rows: list[Row], above: str, below: str) -> float:
    return statistics.median(getattr(row, above) / getattr(row, below) for row in rows)


def summary(rows: list[Row]) -> dict[str, Any]:
    first = [row.matcalc_first for row in rows]
    answered = [row for row in rows if row.verdict in ("right", "unchecked")]
    ratios = [row.ratio for row in answered if row.ratio]
    verdicts = [row.verdict for row in rows]
    return {
        "expressions": len(rows),
        "matcalc_first_median_ms": statistics.median(first),
        "matcalc_first_percentile_95_ms": percentile(first, 0.95),
        "matcalc_first_largest_ms": max(first),
        "matcalc_warm_median_ms": statistics.median(row.matcalc_warm for row in rows),
        "ratio_median": statistics.median(ratios),
        "ratio_least": min(ratios),
        "ratio_warm_median": median_ratio(answered, "sympy_warm", "matcalc_warm"),
        "matcalc_fresh_median_ms": statistics.median(row.matcalc_fresh for row in rows),
        "matcalc_fresh_percentile_95_ms": percentile([row.matcalc_fresh for row in rows], 0.95),
        "ratio_fresh_median": median_ratio(answered, "sympy_fresh", "matcalc_fresh"),
        "ratio_text_median": median_ratio(answered, "sympy_text_first", "matcalc_first"),
        "ratio_text_warm_median": median_ratio(answered, "sympy_text_warm", "matcalc_warm"),
        "sympy": {worth: verdicts.count(worth) for worth in dict.fromkeys(verdicts)},
    }


def shown(row: Row) -> str:
    order = f", order {row.order}" if row.order > 1 else ""
    worth = {"right": "", "unchecked": " (unchecked)", "wrong": " (wrong)"}.get(row.verdict, row.verdict)
    cells = [
        row.name,
        f"`{row.source}` by {row.wrt}{order}",
        f"{row.matcalc_fresh:.2f}",
        f"{row.matcalc_first:.2f}",
        f"{row.matcalc_warm:.2f}",
        tenths(row.sympy_fresh),
        tenths(row.sympy_first) + worth,
        tenths(row.sympy_warm),
        tenths(row.sympy_text_first),
        tenths(row.ratio),
    ]
    return f"| {' | '.join(cells)} |"


def tenths(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}"


def growth_table(title: str, times: dict[int, float]) -> list[str]:
    return [
        f"| {title} | size | " + " | ".join(str(size) for size in times) + " |",
        "| --- " * (len(times) + 2) + "|",
        "| | ms | " + " | ".join(f"{time:.1f}" for time in times.values()) + " |",
        "",
    ]


def markdown(rows: list[Row], grown: dict[str, dict[int, float]], started: dict[str, float]) -> str:
    total_ = summary(rows)
    lines = [
        "# Time of a derivation with its text",
        "",
        f"Python {platform.python_version()}, SymPy {sympy.__version__}, matcalc {matcalc.__version__}. "
        "Milliseconds; medians; caches of both programs emptied before each first run.",
        "",
        "| | |",
        "| --- | --- |",
        f"| expressions | {total_['expressions']} |",
        f"| matcalc, fresh process, median | {total_['matcalc_fresh_median_ms']:.2f} ms |",
        f"| matcalc, fresh process, 95th percentile | {total_['matcalc_fresh_percentile_95_ms']:.2f} ms |",
        f"| matcalc, first run, median | {total_['matcalc_first_median_ms']:.2f} ms |",
        f"| matcalc, first run, 95th percentile | {total_['matcalc_first_percentile_95_ms']:.2f} ms |",
        f"| matcalc, warm run, median | {total_['matcalc_warm_median_ms']:.2f} ms |",
        f"| SymPy's `.diff` over matcalc where SymPy answers rightly, median in fresh processes "
        f"| {total_['ratio_fresh_median']:.1f} |",
        f"| SymPy's `.diff` over matcalc where SymPy answers rightly, median of first runs | {total_['ratio_median']:.1f} |",
        f"| the same, median of warm runs | {total_['ratio_warm_median']:.1f} |",
        f"| the same, least of first runs | {total_['ratio_least']:.1f} |",
        f"| SymPy's `.diff` with `str` over matcalc, median of first runs | {total_['ratio_text_median']:.1f} |",
        f"| the same, median of warm runs | {total_['ratio_text_warm_median']:.1f} |",
        f"| SymPy's answers | {', '.join(f'{count} {worth}' for worth, count in total_['sympy'].items())} |",
        "",
        "| name | expression | matcalc fresh | first | warm | SymPy fresh | first | warm | with `str` first | ratio of first |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
        *(shown(row) for row in rows),
        "",
        "## Growth",
        "",
        *(line for title, times in grown.items() for line in growth_table(title, times)),
        "## Start-up",
        "",
        "| process | ms |",
        "| --- | ---: |",
        *(f"| `{name}` | {time:.0f} |" for name, time in started.items()),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--timeout", type=int, default=20, help="seconds that SymPy may take for one answer")
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "results")
    options = parser.parse_args()

    in_fresh = [measure_fresh(case, max(3, options.rounds // 2)) for case in CASES]
    _ = matcalc.derive("z'*z", wrt="z").text  # imports that are made on demand are no part of the other times
    rows = [measure(case, options.rounds, options.timeout, times) for case, times in zip(CASES, in_fresh, strict=True)]
    depths = (1, 2, 4, 8, 16, 32, 64)
    few = max(3, options.rounds // 2)
    grown = {
        "layers, as one expression": growth(chain_expression, "W_1", depths, few),
        "layers, as a program": growth(chain_program, "W_1", depths, few),
        "terms of a sum": growth(long_sum, "x", (250, 500, 1000), few),
    }
    started = start_up(options.rounds)

    report = markdown(rows, grown, started)
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / "derive.md").write_text(report, encoding="utf-8")
    data = {"summary": summary(rows), "rows": [asdict(row) | {"ratio": row.ratio} for row in rows],
            "growth": grown, "start_up": started}  # fmt: skip
    (options.output / "derive.json").write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")
    print(report)


if __name__ == "__main__":
    main()
