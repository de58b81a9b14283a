"""How long matcalc, SymPy and tensorgrad take to derive the problems, each in processes of its own.

A process is forked after all three were imported, and derives twice: "fresh" is the first time, as on a command line,
"again" the second.  matcalc's time holds the derivation with its text, SymPy's `.diff` and `str`, tensorgrad's `.grad` and
`.full_simplify`.  SymPy's answers are evaluated at small sizes and compared with the emitted code, as in `derive.py`;
tensorgrad's are not.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import multiprocessing
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from time import process_time
from typing import Any

import numpy as np
import sympy
from sympy import Determinant, Inverse, MatrixSymbol, OneMatrix, Trace, exp, log, symbols, tanh

from benchmarks.codegen.contestants import derivation, function, source
from benchmarks.codegen.problems import Problem
from benchmarks.derive import SIZES, agrees, explicit, norm_squared, total

Action = Callable[[], Any]


@dataclass(frozen=True)
class Derivation:
    """Medians in milliseconds; `verdict` says what SymPy's answer was worth. What has no time did not answer."""

    problem: str
    emission: float
    matcalc: tuple[float, float]
    verdict: str
    sympy: tuple[float, float] | None
    tensorgrad: tuple[float, float] | None


# Times in processes of their own


def twice(action: Action) -> tuple[float, float]:
    """The milliseconds of CPU time of an action and of its repetition."""
    times = []
    for _ in range(2):
        begin = process_time()
        action()
        times.append(1000 * (process_time() - begin))
    return times[0], times[1]


def forked(action: Action, patience: float) -> Any:
    """What an action returns in a process of its own; None where it raises or takes longer than `patience` seconds."""
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=lambda: sender.send(attempted(action)))
    child.start()
    found = receiver.recv() if receiver.poll(patience) else None
    child.terminate()
    child.join()
    return found


def attempted(action: Action) -> Any:
    """What an action returns; None where it raises."""
    try:
        return action()
    except Exception:
        return None


def medians(action: Action, rounds: int, patience: float) -> tuple[float, float] | None:
    """The median times of an action, fresh and again; None where it does not answer."""
    found = []
    for _ in range(rounds):
        times = forked(lambda: twice(action), patience)
        if times is None:
            return None
        found.append(times)
    return tuple(statistics.median(column) for column in zip(*found, strict=True))  # type: ignore[return-value]


# SymPy

m, n, p, q = symbols("m n p q", integer=True, positive=True)
u = sympy.Dummy("u", real=True)
softplus = sympy.Lambda(u, log(1 + exp(u)))


def column(name: str, size: Any) -> MatrixSymbol:
    return MatrixSymbol(name, size, 1)


def sympy_logistic() -> Any:
    margins = sympy.HadamardProduct(-column("y", m), MatrixSymbol("X", m, n) * column("w", n))
    return total(margins.applyfunc(softplus), m)


def sympy_logsumexp(vector: Any, size: Any) -> Any:
    return log(total(vector.applyfunc(exp), size))


def sympy_softmax() -> Any:
    x = column("x", n)
    return x.applyfunc(exp) * Inverse(OneMatrix(1, n) * x.applyfunc(exp))


def sympy_network_of_one() -> Any:
    W1, W2, W3 = (MatrixSymbol(f"W{k}", n, n) for k in (1, 2, 3))
    z = W3 * (W2 * (W1 * column("x", n)).applyfunc(tanh)).applyfunc(tanh)
    return sympy_logsumexp(z, n) - Trace(column("y", n).T * z)


def sympy_likelihood() -> Any:
    S = MatrixSymbol("S", n, n)
    R = MatrixSymbol("X", m, n) - OneMatrix(m, 1) * column("mu", n).T
    return m / 2 * log(Determinant(S)) + Trace(R * Inverse(S) * R.T) / 2


A, B, X = MatrixSymbol("A", m, n), MatrixSymbol("B", m, n), MatrixSymbol("X", n, n)

#: What is differentiated, by problem; what stands for two problems is written once. Rows of a softmax cannot be written.
SYMPY: dict[str, Action] = {
    "logistic": sympy_logistic,
    "factorization": lambda: norm_squared(MatrixSymbol("T", m, n) - MatrixSymbol("U", m, p) * MatrixSymbol("V", n, p).T),
    "quadratic": lambda: column("x", n).T * MatrixSymbol("A", n, n) * column("x", n),
    "least-squares": lambda: norm_squared(A * column("x", n) - column("b", m)),
    "gram": lambda: B.T * B,
    "inverse": lambda: Inverse(X),
    "logdet": lambda: log(Determinant(X)),
    "softmax": sympy_softmax,
    "logsumexp": lambda: sympy_logsumexp(A * column("x", n), m),
    "network-Hessian": sympy_network_of_one,
    "linear": lambda: Trace(MatrixSymbol("u", m, p).T * MatrixSymbol("X", m, n) * MatrixSymbol("W", n, p)),
    "gaussian": sympy_likelihood,
}


def of_problem(table: dict[str, Action], problem: Problem) -> Action | None:
    """The entry for a problem: under its name or under that of its family."""
    return table.get(problem.name, table.get(problem.name.rpartition("-")[0]))


def sympy_derivatives(problem: Problem) -> list[Any]:
    """SymPy's derivatives by each variable."""
    expression = of_problem(SYMPY, problem)()  # type: ignore[misc]
    variables = {symbol.name: symbol for symbol in expression.atoms(MatrixSymbol)}
    found = []
    for name in problem.wrt:
        derivative = expression
        for _ in range(problem.order):
            derivative = derivative.diff(variables[name])
        found.append(derivative)
    return found


def small_values(problem: Problem) -> dict[str, np.ndarray]:
    """Data at the sizes of `derive.py`: positive, matrices that are square symmetric and well-conditioned."""
    random = np.random.default_rng(0)
    made = {}
    for name, info in derivation_variables(problem).items():
        array = random.uniform(0.2, 1.0, size=[SIZES[size] for axis in info.shape for size in axis])
        made[name] = array + array.T + 2 * np.eye(len(array)) if array.ndim == 2 and len(set(array.shape)) == 1 else array
    if problem.kind == "vjp":
        made["u"] = random.uniform(size=problem.function(None, **made).shape)
    return made


def derivation_variables(problem: Problem) -> dict[str, Any]:
    derived = derivation(problem)
    return (derived if len(problem.wrt) == 1 else derived[problem.wrt[0]]).program.variables


def verdict(problem: Problem) -> str:
    """`right`, `wrong`, `no answer` or `unchecked`."""
    found = sympy_derivatives(problem)
    if any(derivative.has(sympy.Derivative) for derivative in found):
        return "no answer"
    try:
        values = small_values(problem)
        own = function(problem)(**values)
        own = own if isinstance(own, dict) else {problem.wrt[0]: own}
        pairs = zip(found, problem.wrt, strict=True)
        return "right" if all(agrees(explicit(derivative, values), own[name]) for derivative, name in pairs) else "wrong"
    except Exception:
        return "unchecked"


# tensorgrad


def tensorgrad_functions() -> dict[str, Action]:
    """What is differentiated, and the names of the variables; empty where tensorgrad is not installed."""
    try:
        tg, F = importlib.import_module("tensorgrad"), importlib.import_module("tensorgrad.functions")
    except ImportError:
        return {}
    # The sizes of edges, apart from SymPy's above: tensorgrad wants plain symbols.
    i, j, k, c, d = symbols("i j k c d")

    def logistic() -> Any:
        w, y = tg.Variable("w", j), tg.Variable("y", i)
        return F.sum(F.log(1 + F.exp(-y * (tg.Variable("X", i, j) @ w)))), w

    def factorization() -> Any:
        U = tg.Variable("U", i, k)
        return F.frobenius2(tg.Variable("T", i, j) - U @ tg.Variable("V", j, k)), U

    def quadratic() -> Any:
        x = tg.Variable("x", i)
        return x @ tg.Variable("A", i, j=i) @ x.rename(i="j"), x

    def least_squares() -> Any:
        x = tg.Variable("x", j)
        return F.frobenius2(tg.Variable("A", i, j) @ x - tg.Variable("b", i)), x

    def gram() -> Any:
        B = tg.Variable("B", i, j)
        return B @ B.rename(j="k"), B

    def inverse() -> Any:
        X = tg.Variable("X", i, j=i)
        return F.inverse(X), X

    def logdet() -> Any:
        X = tg.Variable("X", i, j=i)
        return F.log(F.det(X)), X

    def softmax() -> Any:
        x = tg.Variable("x", i)
        return F.softmax(x, dim="i"), x

    def logsumexp() -> Any:
        x = tg.Variable("x", j)
        return F.log(F.sum(F.exp(tg.Variable("A", i, j) @ x))), x

    def network() -> Any:
        W1, W2, W3 = tg.Variable("W1", j, k), tg.Variable("W2", k, c), tg.Variable("W3", c, d)
        z = F.tanh(F.tanh(tg.Variable("X", i, j) @ W1) @ W2) @ W3
        return -F.sum(tg.Variable("Y", i, d) * F.log_softmax(z, dim="d")), W1, W2, W3

    def network_of_one() -> Any:
        W1, W2, W3 = tg.Variable("W1", j=i, i=i), tg.Variable("W2", k=i, j=i), tg.Variable("W3", c=i, k=i)
        z = W3 @ F.tanh(W2 @ F.tanh(W1 @ tg.Variable("x", i)))
        return F.log(F.sum(F.exp(z))) - tg.Variable("y", c=i) @ z, W1

    def linear() -> Any:
        W, X = tg.Variable("W", j, k), tg.Variable("X", i, j)
        return tg.Variable("G", i, k) @ (X @ W), W, X

    def likelihood() -> Any:
        mu, S = tg.Variable("mu", j), tg.Variable("S", j, k=j)
        R = tg.Variable("X", i, j) - tg.Ones(i) @ mu
        return i / 2 * F.log(F.det(S)) + F.sum(R @ F.inverse(S) * R.rename(j="k")) / 2, mu, S

    return {
        "logistic": logistic, "factorization": factorization, "quadratic": quadratic, "least-squares": least_squares,
        "gram": gram, "inverse": inverse, "logdet": logdet, "softmax": softmax, "logsumexp": logsumexp,
        "network-gradients": network, "network-Hessian": network_of_one, "linear": linear, "gaussian": likelihood,
    }  # fmt: skip


def tensorgrad_derivatives(make: Action, order: int) -> list[Any]:
    """tensorgrad's derivatives by each variable, simplified."""
    expression, *variables = make()
    found = []
    for variable in variables:
        derivative = expression
        for _ in range(order):
            derivative = derivative.grad(variable)
        found.append(derivative.full_simplify())
    return found


# All of it


def text(problem: Problem) -> list[str]:
    """matcalc's answers as text."""
    derived = derivation(problem)
    return [derived.text] if len(problem.wrt) == 1 else [member.text for member in derived.values()]


def derived(problem: Problem, rounds: int, patience: float, tensorgrad: dict[str, Action]) -> Derivation:
    """The times of one problem; to be called before any program that starts threads is loaded."""
    ours = medians(lambda: text(problem), rounds, patience)
    emission = medians(lambda: source(problem), rounds, patience)
    if ours is None or emission is None:
        raise RuntimeError(f"matcalc does not answer on {problem.name}")
    judged, times = "not written", None
    if of_problem(SYMPY, problem) is not None:
        times = medians(lambda: [str(found) for found in sympy_derivatives(problem)], rounds, patience)
        judged = forked(lambda: verdict(problem), patience) or "no answer"
    make = of_problem(tensorgrad, problem)
    other = medians(lambda: tensorgrad_derivatives(make, problem.order), rounds, patience) if make is not None else None
    return Derivation(problem.name, emission[0], ours, judged, times if judged != "no answer" else None, other)
