"""The shape of the package: imports point down only, and the distributions hold the package and nothing else."""

from __future__ import annotations

import ast
import graphlib
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder

import matcalc

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "matcalc"

#: From the ground up: a module imports modules of lower floors only.  A package counts as one module.
FLOORS = (
    ("errors",),
    ("form", "operation", "lexer", "jets", "directions"),
    ("expr", "build", "parser", "evaluate"),
    ("tensor", "traversal", "canonical", "inference", "sampling", "graph"),
    ("assumptions", "recognition", "reduction", "structure"),
    ("operations", "differentiate", "refine", "factoring", "naming", "notation", "codegen", "check"),
    ("lowering", "raising", "emission"),
    ("derivation",),
    ("interop",),
    ("__init__",),
    ("__main__",),
)


def name_of(path: Path) -> str:
    """`matcalc/notation/latex.py` is `matcalc.notation.latex`; a package is called by its folder."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def own_imports(tree: ast.AST, module: str) -> Iterator[str]:
    """The modules of the package that the code imports, wherever in it the import stands."""
    package = module if MODULES[module].name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*above, *filter(None, [node.module])])
            inner = [f"{base}.{alias.name}" for alias in node.names]
            names = [name if name in MODULES else base for name in inner]
        else:
            continue
        yield from (name for name in names if name.partition(".")[0] == "matcalc")


IMPORTS = {name: set(own_imports(ast.parse(path.read_text()), name)) for name, path in MODULES.items()}


def top(module: str) -> str:
    """The module, or the package below `matcalc` that holds it; `__init__` for `matcalc` itself."""
    return module.split(".")[1] if "." in module else "__init__"


FLOOR = {name: number for number, names in enumerate(FLOORS) for name in names}


def test_every_module_has_a_floor() -> None:
    assert {top(module) for module in MODULES} == set(FLOOR)


@pytest.mark.parametrize("module", MODULES)
def test_imports_point_down(module: str) -> None:
    others = {top(name) for name in IMPORTS[module]} - {top(module)}
    assert {name for name in others if FLOOR[name] >= FLOOR[top(module)]} == set()


def test_imports_make_no_cycle() -> None:
    order = list(graphlib.TopologicalSorter(IMPORTS).static_order())
    assert set(order) == set(MODULES)


@pytest.mark.parametrize("module", MODULES)
def test_own_imports_stand_at_the_top(module: str) -> None:
    tree = ast.parse(MODULES[module].read_text())
    functions = [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    assert [name for function in functions for name in own_imports(function, module)] == []


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    (path,) = WheelBuilder(str(ROOT)).build(directory=str(tmp_path_factory.mktemp("wheel")), versions=["standard"])
    with zipfile.ZipFile(path) as archive:
        return archive.namelist()


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    (path,) = SdistBuilder(str(ROOT)).build(directory=str(tmp_path_factory.mktemp("sdist")), versions=["standard"])
    with tarfile.open(path) as archive:
        return archive.getnames()


def test_wheel_holds_the_package_and_nothing_else(wheel: list[str]) -> None:
    modules = {path.relative_to(ROOT).as_posix() for path in MODULES.values()}
    assert modules <= set(wheel)
    assert {name.partition("/")[0] for name in wheel} == {"matcalc", f"matcalc_symbolic-{matcalc.__version__}.dist-info"}


def test_wheel_is_typed_and_carries_the_licence(wheel: list[str]) -> None:
    assert "matcalc/py.typed" in wheel
    assert f"matcalc_symbolic-{matcalc.__version__}.dist-info/licenses/LICENSE" in wheel


def test_sdist_holds_what_an_installation_needs(sdist: list[str]) -> None:
    inner = {name.partition("/")[2] for name in sdist}
    assert {"pyproject.toml", "README.md", "LICENSE", "matcalc/__main__.py", "matcalc/py.typed"} <= inner
    assert not {name for name in inner if name == "cli.py" or name.startswith("tests")}
