"""`--random`: modules that compare themselves with differences, where values depend on others."""

from __future__ import annotations

import ast
import subprocess
import sys
from typing import Any

import pytest

import matcalc
from matcalc.errors import MatcalcError, UnsupportedError

PROGRAM = "h = tanh(A*x); g = h'*A*x; y = h'*h + g"
LOSS = "Y = W*x; J = L^2"
INNER = "B(alpha): matrix(n, n)\nz = B*x\nJ = L*sum(z)"

#: Source, names to differentiate by, declarations, order, and the products that are tried.
ALL = ("derivative", "jvp", "vjp", "hvp", "operator")
LINEAR = ("derivative", "jvp", "vjp", "operator")
CASES: dict[str, tuple[str, Any, str, int, tuple[str, ...]]] = {
    "columns": ("vec(A*X*A)", "vec(X)", "", 1, LINEAR),
    "columns of tied entries": ("vec(X*B*X)", "vec(X)", "X: matrix(n, n) symmetric", 1, LINEAR),
    "columns of two": ("vec(X*B*X)", ["vec(X)", "vec(B)"], "", 1, ("derivative", "jvp", "vjp")),
    "both ways": ("vec(X*B*X)", ["vec(X)", "X"], "", 1, ("derivative", "vjp")),
    "assigned": (PROGRAM, "h", "", 1, ALL),
    "assigned twice": (PROGRAM, "h", "", 2, ALL),
    "assigned and others": (PROGRAM, ["h", "x", "g", "A"], "", 1, ("derivative", "vjp")),
    "two Hessians": ("x'*A*x + sum(exp(A))", ["x", "A"], "", 2, ("derivative", "hvp")),
    "Hessian products": ("sum(tanh(A*x))^2", ["x", "A"], "", 1, ("jvp", "hvp")),
    "Hessians by assigned names": (PROGRAM, ["h", "A"], "", 2, ("derivative",)),
    "matrix of a scalar": ("logdet(A)", "alpha", "A(alpha): matrix(m, m)", 2, ALL),
    "symmetric": ("logdet(A)", "alpha", "A(alpha): matrix(m, m) symmetric", 1, ALL),
    "skew": ("x'*exp(A)*x", "alpha", "A(alpha): matrix(m, m) skew", 1, ALL),
    "positive-definite": ("logdet(A)", "alpha", "A(alpha): matrix(m, m) positive-definite", 2, ALL),
    "positive": ("sum(log(A))", "alpha", "A(alpha): matrix(m, n) positive", 1, ALL),
    "drawn anew": ("sum(log(A))", "alpha", "A(alpha): matrix(m, n)", 1, ALL),
    "loss": (LOSS, "W", "L(Y): scalar", 2, ALL),
    "loss by its argument": (LOSS, "Y", "L(Y): scalar", 2, ALL),
    "loss by two": (LOSS, ["W", "x"], "L(Y): scalar", 1, ("derivative", "jvp", "vjp", "hvp")),
    "two arguments": ("U*x", "s", "U(s, t): scalar", 2, ("derivative", "jvp", "vjp", "operator")),
    "one within another": (INNER, ["alpha", "x"], "L(z): scalar", 1, ("derivative", "jvp", "vjp", "hvp")),
    "argument with axes": ("Z*a", "X", "Z(X): matrix(p, q); X: matrix(m, n)", 1, LINEAR),
    "names of the main": ("values*values'", "values", "values(function): vector(n); slope: scalar", 1, ()),
    "argument called function": ("x'*x*f", "function", "f(function): scalar", 2, ALL),
}  # fmt: skip


def module(name: str, product: str, target: str = "numpy", **options: Any) -> str:
    source, wrt, declare, order, _ = CASES[name]
    structured = name == "columns of tied entries"
    answer = matcalc.derive(source, wrt, declare, order=order, structured=structured)
    return answer.code(target, product, random=True, **options)


def status(source: str) -> int:
    """The exit status of a module that is run in this process."""
    with pytest.raises(SystemExit) as caught:
        exec(compile(source, "module", "exec"), {"__name__": "__main__"})
    return int(caught.value.code or 0)


def wrong(source: str, product: str) -> str:
    """The module with an answer of the function that is tried twice as large."""
    tree = ast.parse(source)
    (function,) = (f for f in tree.body if isinstance(f, ast.FunctionDef) and f.name == product)
    inner = [f for f in ast.walk(function) if isinstance(f, ast.FunctionDef) and f.name in (product, "matvec")][-1]
    (answer,) = (statement for statement in inner.body if isinstance(statement, ast.Return))
    parts = answer.value.values if isinstance(answer.value, ast.Dict) else [answer.value]
    parts[-1] = ast.BinOp(ast.Constant(2.0), ast.Mult(), parts[-1])
    if isinstance(answer.value, ast.Dict):
        answer.value.values = parts
    else:
        answer.value = parts[0]
    return ast.unparse(ast.fix_missing_locations(tree))


@pytest.mark.parametrize(("name", "product"), [(name, product) for name, case in CASES.items() for product in case[4]])
def test_a_module_tries_itself_and_finds_out_what_is_wrong(name: str, product: str, capsys: Any) -> None:
    source = module(name, product, check=True)
    assert status(source) == 0
    assert float(capsys.readouterr().out.removeprefix("largest relative error: ")) < 1e-6
    assert max(map(len, source.split("\n"))) <= 100
    assert status(wrong(source, product)) == 1


@pytest.mark.parametrize("target", ["jax", "torch", "array-api"])
@pytest.mark.parametrize("name", ["loss", "assigned and others", "one within another", "two Hessians"])
def test_every_target_tries_itself(name: str, target: str, tmp_path: Any) -> None:
    for needed in {"jax": ["jax"], "torch": ["torch"], "array-api": ["array_api_compat"]}[target]:
        pytest.importorskip(needed)
    file = tmp_path / "module.py"
    file.write_text(module(name, "derivative", target))
    done = subprocess.run([sys.executable, file], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("largest relative error: ")


def test_modules_pass_ruff(tmp_path: Any) -> None:
    for number, (name, case) in enumerate(CASES.items()):
        for product in case[4]:
            (tmp_path / f"module{number}_{product}.py").write_text(module(name, product, check=True))
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--quiet", tmp_path]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (0, "")


@pytest.mark.parametrize(
    ("source", "wrt", "declare", "said"),
    [
        ("p'*log(S*q)", "alpha", "S(alpha): matrix(n, n) simplex", "no data are made for `S`, which is simplex"),
        ("Q'*x", "alpha", "Q(alpha): matrix(n, n) orthogonal", "which is orthogonal"),
        (LOSS, ["W", "Y"], "L(Y): scalar", "are not tried"),
    ],
)
def test_what_is_not_tried_is_said(source: str, wrt: Any, declare: str, said: str) -> None:
    with pytest.raises(UnsupportedError) as caught:
        matcalc.derive(source, wrt, declare).code(random=True)
    assert said in str(caught.value)
    assert isinstance(caught.value, MatcalcError)
