"""The shape of the package: imports point down only, and the distributions hold the package and nothing else."""

from __future__ import annotations

import ast
import graphlib
import subprocess
import sys
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
    ("errors", "precision", "verdict"),
    ("form", "operation", "lexer", "jets", "directions", "toml_places", "intervals", "excerpt"),
    ("expr", "build", "conventions", "parser", "evaluate", "values", "counterexample"),
    ("tensor", "traversal", "canonical", "inference", "sampling", "graph", "identity", "latex_reader"),
    ("assumptions", "recognition", "reduction", "structure", "points", "notes"),
    (
        "operations", "differentiate", "refine", "factoring", "naming",
        "notation", "codegen", "check", "solving", "normal", "measure",
    ),
    ("cost",),
    ("lowering", "raising", "products", "refutation", "claim", "variables"),
    ("signals", "trials", "request"),
    ("description",),
    ("steps", "sides", "decision", "emission", "answer", "backprop", "asked"),
    ("coded", "computations"),
    ("outputs",),
    ("derivation",),
    ("deriving",),
    ("causes",),
    ("verification",),
    ("interop", "series"),
    ("tracing",),
    ("functions",),
    ("__init__",),
    ("running",),
    ("documents",),
    ("reports", "latex_report", "status"),
    ("commands", "pytest_plugin"),
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
def wheel(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The texts of the files in the wheel, by name."""
    (path,) = WheelBuilder(str(ROOT)).build(directory=str(tmp_path_factory.mktemp("wheel")), versions=["standard"])
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    (path,) = SdistBuilder(str(ROOT)).build(directory=str(tmp_path_factory.mktemp("sdist")), versions=["standard"])
    with tarfile.open(path) as archive:
        return archive.getnames()


METADATA = f"matcalc_symbolic-{matcalc.__version__}.dist-info"


def test_wheel_holds_the_package_the_pytest_plugin_and_nothing_else(wheel: dict[str, str]) -> None:
    modules = {path.relative_to(ROOT).as_posix() for path in MODULES.values()}
    assert modules <= set(wheel)
    assert {name.partition("/")[0] for name in wheel} == {"matcalc", "pytest_matcalc.py", METADATA}


def test_wheel_is_typed_and_carries_the_licence(wheel: dict[str, str]) -> None:
    assert "matcalc/py.typed" in wheel
    assert f"{METADATA}/licenses/LICENSE" in wheel


def test_wheel_holds_the_library_of_identities(wheel: dict[str, str]) -> None:
    library = {f"matcalc/identities/{path.name}": path.read_text() for path in (ROOT / "identities").iterdir()}
    assert len(library) >= 10
    assert {name: text for name, text in wheel.items() if name.startswith("matcalc/identities/")} == library


def test_wheel_holds_the_templates_of_documents(wheel: dict[str, str]) -> None:
    templates = {path.relative_to(ROOT).as_posix(): path.read_text() for path in PACKAGE.rglob("*.j2")}
    assert len(templates) == 3
    assert {name: text for name, text in wheel.items() if name.endswith(".j2")} == templates


def test_wheel_has_the_command_and_the_pytest_plugin(wheel: dict[str, str]) -> None:
    entries = wheel[f"{METADATA}/entry_points.txt"]
    assert "[console_scripts]\nmatcalc = matcalc.__main__:main\n" in entries
    assert "[pytest11]\npytest_matcalc = pytest_matcalc\n" in entries


def test_an_installed_package_finds_its_library(wheel: dict[str, str], tmp_path: Path) -> None:
    for name, text in wheel.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    program = "import sys; sys.path.insert(0, sys.argv[1]); from matcalc.identity import library_paths; print(*library_paths())"
    command = [sys.executable, "-c", program, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout.strip() == str(tmp_path.resolve() / "matcalc" / "identities")


def test_sdist_holds_what_an_installation_needs(sdist: list[str]) -> None:
    inner = {name.partition("/")[2] for name in sdist}
    assert {"pyproject.toml", "README.md", "LICENSE", "matcalc/__main__.py", "matcalc/py.typed", "pytest_matcalc.py"} <= inner
    assert {f"identities/{path.name}" for path in (ROOT / "identities").iterdir()} <= inner
    assert not {name for name in inner if name == "cli.py" or name.startswith("tests")}
