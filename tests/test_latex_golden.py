"""LaTeX that was looked at and found good: tests/golden/latex.toml holds results and claims with what is printed.

    python -m pytest tests/test_latex_golden.py --update-golden

writes the file anew; nothing else does.  A result has the arguments of `matcalc.derive` and of its `latex`, a claim those
of an identity.  Look at the difference, and at it on paper, before it is committed.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

import matcalc
from matcalc.identity import Identity
from matcalc.notation.latex_names import Style
from matcalc.sides import sides_of

PATH = Path(__file__).parent / "golden" / "latex.toml"
HEADING = "# LaTeX that was judged by eye; `python -m pytest tests/test_latex_golden.py --update-golden` writes it anew.\n"
ENTRIES: dict[str, list[dict[str, Any]]] = tomllib.loads(PATH.read_text(encoding="utf-8"))


def result(entry: dict[str, Any]) -> str:
    """The LaTeX of a derivative, and of the names that it introduces."""
    given = {key: entry[key] for key in ("declare", "layout", "order", "of") if key in entry}
    derivative = matcalc.derive(entry["source"], entry["wrt"], **given)
    style = entry.get("style", "bold"), entry.get("transpose", "top")
    form = entry.get("form", "matrix")
    where = derivative.where_latex(*style).items() if form != "elements" else ()
    rows = [derivative.latex(form, entry.get("sizes"), *style), *(rf"\text{{where }} {key} = {text}" for key, text in where)]
    return "\n".join(rows)


def claim(entry: dict[str, Any]) -> str:
    """The LaTeX of a claim, and of the names that it uses."""
    keys = ("declare", "where", "layout")
    given = {key: tuple(entry[key]) if isinstance(entry[key], list) else entry[key] for key in keys if key in entry}
    sides = sides_of(Identity(name=entry["name"], claim=entry["claim"], **given))
    style = Style(entry.get("style", "bold"), entry.get("transpose", "top"))
    where = [rf"\text{{where }} {line}" for line in sides.where_latex_in(style)]
    return "\n".join([" = ".join(sides.latex_in(style)), *where])


def golden() -> list[tuple[str, str]]:
    """The name and each line of LaTeX of every entry."""
    entries = ENTRIES.get("result", []) + ENTRIES.get("claim", [])
    return [(entry["name"], line) for entry in entries for line in entry["latex"].strip().split("\n")]


def typed(key: str, value: Any) -> str:
    """A line of TOML."""
    if key == "latex" or (isinstance(value, str) and "\n" in value):
        return f"{key} = '''\n{value.rstrip()}\n'''"
    if isinstance(value, dict):
        return f"{key} = {{ {', '.join(f'{name} = {size}' for name, size in value.items())} }}"
    if isinstance(value, list):
        return f"{key} = [{', '.join(f'{chr(34)}{text}{chr(34)}' for text in value)}]"
    return f'{key} = "{value}"' if isinstance(value, str) else f"{key} = {value}"


def document(entries: dict[str, list[dict[str, Any]]]) -> str:
    """The file with these entries."""
    tables = [(table, entry) for table in ("result", "claim") for entry in entries[table]]
    shown = ("\n".join([f"\n[[{table}]]", *(typed(*item) for item in entry.items())]) + "\n" for table, entry in tables)
    return HEADING + "".join(shown)


def test_update(request: pytest.FixtureRequest) -> None:
    if not request.config.getoption("--update-golden"):
        assert document(ENTRIES) == PATH.read_text(encoding="utf-8")  # what is written can be read, so nothing else differs
        return
    for table, render in (("result", result), ("claim", claim)):
        for entry in ENTRIES[table]:
            entry["latex"] = render(entry) + "\n"
    PATH.write_text(document(ENTRIES), encoding="utf-8")


@pytest.mark.parametrize("entry", ENTRIES["result"], ids=lambda entry: entry["name"])
def test_a_result_looks_as_it_was_judged(entry: dict[str, Any]) -> None:
    assert result(entry) == entry["latex"].strip()


@pytest.mark.parametrize("entry", ENTRIES["claim"], ids=lambda entry: entry["name"])
def test_a_claim_looks_as_it_was_judged(entry: dict[str, Any]) -> None:
    assert claim(entry) == entry["latex"].strip()


def test_there_are_many_of_all_forms_and_styles() -> None:
    entries = ENTRIES["result"] + ENTRIES["claim"]
    assert len(entries) >= 40
    assert len({entry["name"] for entry in entries}) == len(entries)
    assert {entry.get("form", "matrix") for entry in entries} >= {"matrix", "index", "cases", "vec", "elements"}
    assert {entry.get("style", "bold") for entry in entries} == {"bold", "plain", "bm"}
    assert {entry.get("transpose", "top") for entry in entries} == {"top", "prime", "T"}
