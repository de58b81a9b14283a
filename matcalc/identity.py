"""Identity files: what is claimed, under which declarations and facts, and what is expected of it.

The format is section 6 of the language: a TOML file with a table `meta`, tables `identity`, and tables `unstated` for
the numbered equations of a source that the language cannot say.  Reading is strict: a key that does not exist would be
a hypothesis that nobody uses, so it is an error with its place, as is everything else that is not as it should be.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from matcalc.errors import MatcalcError, Span
from matcalc.excerpt import Excerpt
from matcalc.parser import SYNTAXES, nearest
from matcalc.toml_places import Table, tables
from matcalc.verdict import VERDICTS

__all__ = [
    "LAYOUTS",
    "Identity",
    "Unstated",
    "IdentityFile",
    "IdentityError",
    "parse_identities",
    "read_identities",
    "read_text",
    "load",
    "library_paths",
]

#: The verdicts that say that a claim holds, weakest first.
AFFIRMATIVE = ("numeric", "proved-at-sizes", "proved")
LAYOUTS = ("numerator", "denominator")

#: What the value of each key is.
IDENTITY_KEYS = {
    "name": "text",
    "declare": "a list of texts",
    "claim": "text",
    "layout": "text",
    "assume": "a list of texts",
    "where": "a list of texts",
    "source": "text",
    "expect": "text",
    "tags": "a list of texts",
    "structured": "true or false",
    "syntax": "text",
    "note": "text",
}
UNSTATED_KEYS = {"equation": "text", "why": "text"}
TABLES = {"meta": "a table", "identity": "a list of tables", "unstated": "a list of tables"}


class IdentityError(MatcalcError):
    """An identity file that cannot be read or that is not as it should be."""


@dataclass(frozen=True)
class Identity:
    """One claim with all that belongs to it; `title` is that of its file, `line` counts from 1.

    `claim`, `where` and `assume` are in the language, or in LaTeX where `syntax` or a backslash says so.
    """

    name: str
    claim: str
    declare: tuple[str, ...] = ()
    layout: str = "numerator"
    assume: tuple[str, ...] = ()
    where: tuple[str, ...] = ()
    source: str = ""
    expect: str | None = None
    tags: tuple[str, ...] = ()
    structured: bool = False
    syntax: str | None = None
    note: str = ""
    title: str = ""
    path: str | None = None
    line: int = 1
    #: For one that stands in notes: its texts with their places, and the line of each step.
    excerpts: tuple[Excerpt, ...] = field(default=(), repr=False, compare=False)
    steps: tuple[int, ...] = field(default=(), repr=False, compare=False)

    @property
    def place(self) -> str:
        """The file and the line, as `identities/vectors.toml:12`; empty for a claim that no file holds."""
        return f"{self.path}:{self.line}" if self.path is not None else ""

    @property
    def expected(self) -> str:
        """The verdict that is expected: `proved` if nothing is said."""
        return self.expect or "proved"

    def accepts(self, verdict: str) -> bool:
        """Whether a verdict is as expected.

        A stronger affirmative verdict than the expected one is, too.  Where nothing is said, a proof is expected, for
        all sizes or for some.
        """
        weakest = self.expect or "proved-at-sizes"
        if weakest in AFFIRMATIVE and verdict in AFFIRMATIVE:
            return AFFIRMATIVE.index(verdict) >= AFFIRMATIVE.index(weakest)
        return verdict == weakest


@dataclass(frozen=True)
class Unstated:
    """A numbered equation of the source that is no identity of the file, and why."""

    equation: str
    why: str


@dataclass(frozen=True)
class IdentityFile:
    """What one file holds."""

    path: str
    title: str
    source: str
    identities: tuple[Identity, ...]
    unstated: tuple[Unstated, ...]
    #: Of notes, how many equations are not marked, and left alone.
    unmarked: int | None = None


# ---- Text -----------------------------------------------------------------------------------------------------------


def parse_identities(text: str, path: str = "standard input") -> IdentityFile:
    """The file that `text` is; raises IdentityError with the place of the first mistake."""
    try:
        data = tomllib.loads(text)
    except RecursionError:
        raise IdentityError(f"{path}: brackets are nested too deeply") from None
    except ValueError as error:
        raise _invalid_toml(str(error), text, path) from None
    return _Reader(text, path, data).file()


def _invalid_toml(message: str, text: str, path: str) -> IdentityError:
    """The error of text that is no TOML; the reader's message ends with the line and the column, or with the end."""
    place = re.search(r"\s*\(at line (\d+), column (\d+)\)$", message)
    start = max(0, len(text.rstrip()) - 1)
    if place is not None:
        start = sum(len(line) for line in text.splitlines(keepends=True)[: int(place[1]) - 1]) + int(place[2]) - 1
    said = re.sub(r"\s*\(at .*\)$", "", message)
    hint = "in single quotes, '...', a backslash is a backslash" if "\\" in said else None
    return IdentityError(f"this is not valid TOML: {said[:1].lower()}{said[1:]}", Span(text, start, 1, path), hint=hint)


@dataclass(frozen=True)
class _Reader:
    """The tables of one file, being checked."""

    text: str
    path: str
    data: Mapping[str, Any]

    def file(self) -> IdentityFile:
        """The file, once all of it is checked."""
        places = tables(self.text)
        self.check_keys(self.data, TABLES, places[0], "a file", self.top_places(places))
        meta = self.meta(places)
        title = meta.get("title") or Path(self.path).name.removesuffix(".toml").removesuffix(".identities")
        identities = tuple(self.identity(item, table, title) for item, table in self.items("identity", places))
        unstated = tuple(self.unstated(item, table) for item, table in self.items("unstated", places))
        self.check_names(places)
        return IdentityFile(self.path, title, meta.get("source", ""), identities, unstated)

    def top_places(self, places: Sequence[Table]) -> dict[str, int]:
        """Where each key of the top is used first, by a header or by an assignment."""
        found = dict(places[0].keys)
        for table in places[1:]:
            found.setdefault(table.name.split(".")[0].strip(" \t\"'"), table.start)
        return found

    def meta(self, places: Sequence[Table]) -> Mapping[str, Any]:
        """The table `meta`, which may hold anything besides a title and a source."""
        meta: Mapping[str, Any] = self.data.get("meta", {})
        table = next((table for table in places if table.name == "meta"), places[0])
        for key in ("title", "source"):
            if key in meta:
                self.check_type(meta[key], key, "text", table)
        return meta

    def items(self, name: str, places: Sequence[Table]) -> Iterator[tuple[Mapping[str, Any], Table]]:
        """The tables of one name with their places; tables that stand in a list share the place of the list."""
        items = self.data.get(name, [])
        found = [table for table in places if table.name == name]
        if len(found) != len(items):
            found = [Table(name, places[0].keys.get(name, 0))] * len(items)
        yield from zip(items, found, strict=True)

    def identity(self, item: Mapping[str, Any], table: Table, title: str) -> Identity:
        self.check_keys(item, IDENTITY_KEYS, table, "an identity", table.keys)
        for key in ("name", "claim"):
            self.check_given(item, key, table, "an identity")
        self.check_name(item["name"], table)
        self.check_choice(item, "layout", LAYOUTS, table)
        self.check_choice(item, "expect", VERDICTS, table)
        self.check_choice(item, "syntax", SYNTAXES, table)
        values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in item.items()}
        return Identity(**values, title=title, path=self.path, line=self.text.count("\n", 0, table.start) + 1)

    def unstated(self, item: Mapping[str, Any], table: Table) -> Unstated:
        self.check_keys(item, UNSTATED_KEYS, table, "an unstated equation", table.keys)
        for key in UNSTATED_KEYS:
            self.check_given(item, key, table, "an unstated equation")
        return Unstated(item["equation"], item["why"])

    # Checks.

    def span(self, start: int, length: int = 1) -> Span:
        return Span(self.text, start, length, self.path)

    def place(self, key: str, table: Table) -> Span:
        """The place of a key, else of the header of its table."""
        if key in table.keys:
            return self.span(table.keys[key], len(key))
        return self.span(table.start, len(table.name) + 4 if self.text.startswith("[[", table.start) else 1)

    def check_keys(
        self, item: Mapping[str, Any], known: Mapping[str, str], table: Table, what: str, places: Mapping[str, int]
    ) -> None:
        """Refuse unknown keys and values of the wrong type."""
        for key, value in item.items():
            if key not in known:
                near = nearest(key, known)
                hint = f"did you mean `{near}`?" if near else f"the keys of {what} are {', '.join(known)}"
                span = self.span(places[key], len(key)) if key in places else self.place(key, table)
                raise IdentityError(f"`{key}` is not a key of {what}", span, hint=hint)
            self.check_type(value, key, known[key], Table(table.name, table.start, dict(places)))

    def check_type(self, value: Any, key: str, wanted: str, table: Table) -> None:
        if not _is_of_type(value, wanted):
            hint = f'write {key} = ["..."]' if wanted == "a list of texts" and isinstance(value, str) else None
            raise IdentityError(f"`{key}` should be {wanted}", self.place(key, table), hint=hint)

    def check_given(self, item: Mapping[str, Any], key: str, table: Table, what: str) -> None:
        if key not in item:
            raise IdentityError(f"{what} needs a {key}", self.place("", table), hint=f'write {key} = "..."')
        if not item[key].strip():
            raise IdentityError(f"the {key} is empty", self.place(key, table))

    def check_name(self, name: str, table: Table) -> None:
        if not name.isprintable():
            raise IdentityError("a name is one line of printable characters", self.place("name", table))

    def check_choice(self, item: Mapping[str, Any], key: str, known: Sequence[str], table: Table) -> None:
        if key in item and item[key] not in known:
            near = nearest(item[key], known)
            hint = f"did you mean `{near}`?" if near else f"one of {', '.join(known)}"
            what = {"expect": "a verdict", "layout": "a layout"}.get(key, "a syntax")
            raise IdentityError(f"`{item[key]}` is not {what}", self.place(key, table), hint=hint)

    def check_names(self, places: Sequence[Table]) -> None:
        """Refuse a name that is used twice, and a file without an identity."""
        if not self.data.get("identity"):
            raise IdentityError(f"{self.path} holds no identity", hint='write [[identity]], name = "...", claim = "..."')
        first: dict[str, Table] = {}
        for item, table in self.items("identity", places):
            name = item["name"]
            if name in first:
                related = (("the first one", self.place("name", first[name])),)
                raise IdentityError(f"two identities are called `{name}`", self.place("name", table), related=related)
            first[name] = table


def _is_of_type(value: Any, wanted: str) -> bool:
    if wanted == "text":
        return isinstance(value, str)
    if wanted == "true or false":
        return isinstance(value, bool)
    if wanted == "a table":
        return isinstance(value, dict)
    inner = str if wanted == "a list of texts" else dict
    return isinstance(value, list) and all(isinstance(part, inner) for part in value)


# ---- Files and folders ----------------------------------------------------------------------------------------------


def read_identities(path: str | Path) -> IdentityFile:
    """The file at `path`."""
    return parse_identities(read_text(path), str(path))


def read_text(path: str | Path) -> str:
    """The text of the file at `path`, without a byte order mark."""
    try:
        return Path(path).read_bytes().decode("utf-8-sig")
    except OSError as error:
        hint = "a claim goes with -e" if "=" in str(path) else None
        raise IdentityError(f"cannot read {path}: {error.strerror}", hint=hint) from None
    except UnicodeDecodeError as error:
        raise IdentityError(f"{path} is not UTF-8 text: byte {error.start + 1} is wrong") from None


def load(
    paths: Iterable[str | Path], read: Callable[[Path], IdentityFile] = read_identities
) -> tuple[IdentityFile, ...]:
    """All files at `paths` in that order, each once, as `read` reads them; a folder stands for all *.toml below it, sorted.

    Files and folders whose names begin with a dot are skipped below a folder.
    """
    found: dict[Path, Path] = {}
    for path in map(Path, paths):
        for file in _files_below(path) if path.is_dir() else [path]:
            found.setdefault(file.resolve(), file)
    return tuple(map(read, found.values()))


def _files_below(folder: Path) -> list[Path]:
    below = sorted(folder.rglob("*.toml"))
    files = [file for file in below if not any(part.startswith(".") for part in file.relative_to(folder).parts)]
    if not files:
        raise IdentityError(f"no identity file NAME.toml is below the folder {folder}")
    return files


def library_paths() -> tuple[Path, ...]:
    """The folder of the identities that come with matcalc: in the installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parent
    inside, beside = package / "identities", package.parent / "identities"
    if inside.is_dir():
        return (inside,)
    if beside.is_dir() and (package.parent / "pyproject.toml").is_file():
        return (beside,)
    raise IdentityError("the library of identities is not installed", hint="give files or folders of your own")
