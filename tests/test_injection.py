"""Hostile names and texts cannot inject code: by every way in, and for every target, a module is what it may be or an error.

What a module may be is a list: of statements, of names, of attributes and of the strings that stand in it.  A payload that
were executed, by whatever stage, would set `builtins.injected`.  `python -m tests.test_injection` tries every name with every
target and product, which takes minutes.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
import sympy

import matcalc
from matcalc.codegen import TARGETS
from matcalc.request import PRODUCTS

PAYLOAD = "__import__('builtins').__setattr__('injected',1)"

#: Texts that are no names, and would do harm where they stood as code.
TEXTS = [
    PAYLOAD, f"x); {PAYLOAD}; (", f"x]; {PAYLOAD}; [", f'"); {PAYLOAD}; ("', f"'); {PAYLOAD}; ('", f'""" ; {PAYLOAD} ; """',
    f"x\n{PAYLOAD}", f"x\r{PAYLOAD}", f"x\u2028{PAYLOAD}", f"x\x0c{PAYLOAD}", f"x\\\n{PAYLOAD}", f"x # \n{PAYLOAD}",
    f"{{{PAYLOAD}}}", f"{{0.__class__}}{PAYLOAD}", f"%({PAYLOAD})s", f"$({PAYLOAD})", f"`{PAYLOAD}`", "\\", '"', "'", '"""',
    "'''", "\\'", '\\"', "\0", "\ud800", "\u202e", "\ufeff", "x.__class__", "x=1", "*x", "**x", "x:=1", "lambda: 0",
    "x; import os", "a b", "", " ", "\t", "1x", "-x", "x,y", "(x)", "x)", "x'", "@x", "é\n", "\N{SUPERSCRIPT TWO}",
    "x" * 5000 + "(", f"x)\n{PAYLOAD}\n(", f"x\u0085{PAYLOAD}", f"\\\n{PAYLOAD}", f"x if {PAYLOAD} else x",
    f"[{PAYLOAD} for x in x]",
    f"f'{{{PAYLOAD}}}'", f"'{{{PAYLOAD}}}'.format()", "\\x22\\x22\\x22", "\\N{QUOTATION MARK}", "#", "# type: ignore", "x;;",
]  # fmt: skip

#: Names that are names, and mean something to Python, to a module or to its libraries.
NAMES = [
    "lambda", "class", "def", "None", "True", "import", "async", "match", "print", "exec", "eval", "open", "getattr", "type",
    "float", "zip", "dict", "range", "object", "__import__", "__builtins__", "__name__", "__class__", "__", "_", "_array",
    "_arrays", "_tensors", "_entries", "_each", "_expect", "_sizes", "_softmax", "_sigmoid", "_einsum", "np", "numpy", "jnp",
    "jax", "torch", "xp", "sp", "special", "scipy", "LinearOperator", "inspect", "sys", "random", "derivative", "function",
    "called", "slope", "difference", "settled", "wave", "drawn", "draw", "values", "value", "sizes", "found", "numeric",
    "error", "move", "moves", "matvec", "rmatvec", "jvp", "vjp", "hvp", "operator", "u", "v", "out", "dtype", "t1", "exp_x",
    "ｎｐ", "ﬁ", "é", "λ", "a" * 300, "ＥＶＡＬ",
]  # fmt: skip


def test_there_are_more_than_fifty_of_each() -> None:
    assert len(set(TEXTS)) >= 50
    assert len(set(NAMES)) >= 50


# ---- What a module may be ---------------------------------------------------------------------------------------------

STATEMENTS = (
    ast.Module, ast.FunctionDef, ast.arguments, ast.arg, ast.Import, ast.ImportFrom, ast.alias, ast.Assign, ast.AugAssign,
    ast.Return, ast.Expr, ast.If, ast.For, ast.While, ast.With, ast.withitem, ast.Break, ast.Raise,
)  # fmt: skip
EXPRESSIONS = (
    ast.Name, ast.Attribute, ast.Call, ast.keyword, ast.Constant, ast.Tuple, ast.List, ast.Dict, ast.Set, ast.Subscript,
    ast.Slice, ast.Starred, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.JoinedStr, ast.FormattedValue,
    ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.comprehension, ast.Lambda,
    ast.operator, ast.unaryop, ast.boolop, ast.cmpop, ast.expr_context,
)  # fmt: skip
MODULES = {
    "numpy", "scipy", "jax", "jax.numpy", "jax.scipy", "torch", "sympy", "array_api_compat", "scipy.sparse.linalg", "inspect",
    "sys",
}  # fmt: skip
BUILTINS = {
    "all", "any", "enumerate", "float", "int", "isinstance", "iter", "len", "list", "max", "min", "next", "range", "set",
    "sorted", "str", "sum", "tuple", "zip", "dict", "print", "ValueError", "object", "hasattr", "reversed", "map",
}  # fmt: skip


#: Names, names of answers, shapes and subscripts.
STRING = re.compile(r"[\w*,. /()'-]*|[A-Za-z,]*->[A-Za-z]*", re.ASCII)


def refuse(text: str) -> list[str]:
    """What a module has that it may not have."""
    tree = ast.parse(text)
    found = []
    bound = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}
    bound |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    bound |= {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    bound |= {alias.asname or alias.name for node in imports for alias in node.names}
    for node in ast.walk(tree):
        if not isinstance(node, (*STATEMENTS, *EXPRESSIONS)):
            found.append(f"a {type(node).__name__}")
        elif isinstance(node, ast.Import):
            found += [f"import {a.name}" for a in node.names if a.name not in MODULES]
        elif isinstance(node, ast.ImportFrom) and node.module not in MODULES:
            found.append(f"from {node.module} import")
        elif isinstance(node, ast.Name) and node.id not in bound | BUILTINS | {"__name__"}:
            found.append(f"the name {node.id}")
        elif isinstance(node, ast.Name | ast.arg):
            name = node.id if isinstance(node, ast.Name) else node.arg
            own = name.isascii() and (name == "__name__" or not re.fullmatch(r"__\w*[^\W_]__", name))
            found += [] if own else [f"the name {name}"]
        elif isinstance(node, ast.Attribute) and node.attr.startswith("_"):
            found.append(f"the attribute {node.attr}")
        elif isinstance(node, ast.Expr) and not isinstance(node.value, ast.Call | ast.Constant):
            found.append("an expression")
    return [*found, *strings(tree)]


def strings(tree: ast.AST) -> Iterator[str]:
    """What the strings outside of docstrings and messages may not be: anything but names, subscripts and shapes."""
    blocks = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.Module)]
    docstrings = {id(block.body[0].value) for block in blocks if isinstance(block.body[0], ast.Expr)}
    formatted = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)}
    for node in ast.walk(tree):
        text = node.value if isinstance(node, ast.Constant) and id(node) not in docstrings | formatted else ""
        if isinstance(text, str) and not STRING.fullmatch(text):
            yield f"the string {text!r}"


def test_the_list_refuses_what_it_must() -> None:
    for text in (
        PAYLOAD, "import os", "from os import system", "x = eval", "x.__class__", "def f(): yield 1", "global x", "del x",
        "1 + 1", "class A: pass", "x = 'a; b'", "try:\n    x = 1\nexcept E:\n    y = 2", "é = 1", "assert f(1)", "(y := 1)",
    ):  # fmt: skip
        assert refuse(text), text
    assert refuse(matcalc.derive("x'*A*x", "x").code(check=True, random=True)) == []


# ---- Ways in ----------------------------------------------------------------------------------------------------------

SIMPLE = "tanh(A*x)"


def declared(name: str) -> matcalc.Derivative:
    return matcalc.derive(f"tanh(A*{name})", name, [f"{name}: vector(n)", "A: matrix(m, n)"])


def undeclared(name: str) -> matcalc.Derivative:
    return matcalc.derive(f"x'*{name}*x", "x", [f"{name}: matrix(n, n)"])


def assigned(name: str) -> matcalc.Derivatives:
    return matcalc.derive(f"{name} = tanh(A*x)\ny = {name}'*{name}", ["x", "A"])


def by_assigned(name: str) -> matcalc.Derivative:
    return matcalc.derive(f"{name} = tanh(A*x)\ny = {name}'*{name}", name)


def dimension(name: str) -> matcalc.Derivative:
    return matcalc.derive("softmax(A*x + y)", "x", [f"x: vector({name}); A: matrix(m, {name}); y: vector(m)"])


def untold_dimension(name: str) -> matcalc.Derivative:
    return matcalc.derive(f"ones({name}, n)*x/{name}", "x")


def unknown(name: str) -> matcalc.Derivative:
    return matcalc.derive(f"sum({name}(A*x))", "x", [f"{name}: function"])


def dependent(name: str) -> matcalc.Derivative:
    return matcalc.derive(f"logdet({name})", "alpha", [f"{name}(alpha): matrix(m, m)"])


def argument(name: str) -> matcalc.Derivative:
    return matcalc.derive(f"L*{name}'*{name}", name, [f"L({name}): scalar", f"{name}: vector"])


def source(name: str) -> matcalc.Derivative:
    return matcalc.derive(f"y = A*x # {name}\nz = tanh(y)", "x")


def file(name: str) -> matcalc.Derivative:
    return matcalc.derive(SIMPLE, "x", name=name)


def latex(name: str) -> matcalc.Derivative:
    return matcalc.derive(rf"\mathbf{{x}}^\top \mathbf{{{name}}} \mathbf{{x}}", "x", syntax="latex")


def latex_text(name: str) -> matcalc.Derivative:
    return matcalc.derive(rf"\operatorname{{tr}}(A_{{\text{{{name}}}}} X)", "X", syntax="latex")


WAYS: list[Callable[[str], matcalc.Derivative | matcalc.Derivatives]] = [
    declared, undeclared, assigned, by_assigned, dimension, untold_dimension, unknown, dependent, argument, source, file, latex,
    latex_text,
]  # fmt: skip


@pytest.fixture(autouse=True)
def nothing_is_executed() -> Iterator[None]:
    yield
    assert not hasattr(builtins, "injected")


def modules(answer: matcalc.Derivative | matcalc.Derivatives, target: str, product: str) -> Iterator[str]:
    """The module of a target and a product, if there is one."""
    with contextlib.suppress(matcalc.MatcalcError):
        yield answer.code(target, product, check=True, value=product != "operator", random=target != "sympy")


def accepted(way: Callable[[str], Any], texts: Sequence[str], combinations: Sequence[tuple[str, str]]) -> int:
    """How many modules are emitted, all of them such as a module may be; each text with the next combination."""
    emitted = 0
    for text, (target, product) in zip(texts, itertools.cycle(combinations)):
        try:
            answer = way(text)
        except matcalc.MatcalcError:
            continue
        for module in modules(answer, target, product):
            emitted += 1
            assert refuse(module) == [], text
            compile(module, "module", "exec")
    return emitted


ALL = list(itertools.product(TARGETS, PRODUCTS))


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_no_text_becomes_code(way: Callable[[str], Any]) -> None:
    accepted(way, TEXTS, ALL[:: len(PRODUCTS)])


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_names_stay_names(way: Callable[[str], Any]) -> None:
    assert accepted(way, NAMES[WAYS.index(way) % 2 :: 2], ALL[::7] + ALL[::5]) > 1


def test_an_emitted_module_executes_nothing_but_itself() -> None:
    for name in NAMES[::3]:
        with contextlib.suppress(matcalc.MatcalcError):
            namespace = {"__name__": "injection"}
            exec(compile(declared(name).code(check=True, random=True), "module", "exec"), namespace)
            assert callable(namespace["derivative"])


def test_names_of_answers_and_sizes_are_texts() -> None:
    for text in TEXTS:
        for options in ({"sizes": {text: 3}}, {"target": text}, {"product": text}):
            with pytest.raises(matcalc.MatcalcError):
                matcalc.derive(SIMPLE, "x").code(**options)
        with contextlib.suppress(matcalc.MatcalcError):
            matcalc.derive(SIMPLE, "x", of=text)
        with contextlib.suppress(matcalc.MatcalcError):
            matcalc.derive(SIMPLE, text)


def test_symbols_of_sympy_are_names_or_refused() -> None:
    """SymPy takes any text for the name of a symbol, of a matrix, of a size and of a function."""
    n = sympy.Symbol("n", integer=True, positive=True)
    for text in [*TEXTS, *NAMES]:
        if not text:
            continue
        x, symbol, size = sympy.Symbol("x"), sympy.Symbol(text), sympy.Symbol(text, integer=True, positive=True)
        X, Y = sympy.MatrixSymbol(text, n, n), sympy.MatrixSymbol("Y", size, size)
        cases = [(symbol**2, symbol), (sympy.Trace(X**2), X), (sympy.Trace(Y), Y)]
        if text.isprintable():  # SymPy makes a class of that name
            cases.append((sympy.Function(text)(x), x))
        for expression, variable in cases:
            with contextlib.suppress(matcalc.MatcalcError):
                assert isinstance(matcalc.differentiate(expression, variable), sympy.Basic)


if __name__ == "__main__":
    print(sum(accepted(way, NAMES + TEXTS, [combination]) for way in WAYS for combination in ALL), "modules")
    assert not hasattr(builtins, "injected")
