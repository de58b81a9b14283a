"""Identity files: what is read, in which order, and what is said of a file that is not as it should be."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from matcalc.errors import MatcalcError
from matcalc.identity import Identity, IdentityError, library_paths, load, parse_identities, read_identities
from matcalc.toml_places import tables

FULL = """\
[meta]
title = "Vectors"
source = "A book"

[[identity]]
name = "quadratic-form"
declare = ["x: vector(n)", "A: matrix(n, n)"]
claim = "d(x'*A*x)/d(x) = x'*(A + A')"
layout = "denominator"
assume = ["sum(y) = 1"]
where = ["p = softmax(theta)"]
source = "Matrix Cookbook (81)"
expect = "refuted"
tags = ["scalar-by-vector", "erratum"]
structured = true
note = "as printed"

[[unstated]]
equation = "(63)"
why = "eigenvalues"
"""
SHORT = '[[identity]]\nname = "a"\nclaim = "x = x"\n'


def error_of(text: str) -> MatcalcError:
    """The error with which a text is refused."""
    with pytest.raises(IdentityError) as caught:
        parse_identities(text, "vectors.toml")
    return caught.value


# ---- What is read ---------------------------------------------------------------------------------------------------


def test_every_key_is_read() -> None:
    file = parse_identities(FULL, "vectors.toml")
    assert (file.path, file.title, file.source) == ("vectors.toml", "Vectors", "A book")
    assert file.identities == (
        Identity(
            name="quadratic-form",
            claim="d(x'*A*x)/d(x) = x'*(A + A')",
            declare=("x: vector(n)", "A: matrix(n, n)"),
            layout="denominator",
            assume=("sum(y) = 1",),
            where=("p = softmax(theta)",),
            source="Matrix Cookbook (81)",
            expect="refuted",
            tags=("scalar-by-vector", "erratum"),
            structured=True,
            note="as printed",
            title="Vectors",
            path="vectors.toml",
            line=5,
        ),
    )
    assert [(item.equation, item.why) for item in file.unstated] == [("(63)", "eigenvalues")]


def test_name_and_claim_are_enough() -> None:
    file = parse_identities(SHORT, "folder/vectors.identities.toml")
    (identity,) = file.identities
    assert identity == Identity("a", "x = x", title="vectors", path="folder/vectors.identities.toml", line=1)
    assert (identity.layout, identity.expect, identity.expected, identity.structured) == ("numerator", None, "proved", False)


def test_meta_may_hold_more() -> None:
    assert parse_identities('[meta]\nyear = 2012\nauthors = ["P"]\n' + SHORT).identities[0].name == "a"


STRENGTH = ("undecided", "numeric", "proved-at-sizes", "proved", "refuted")


@pytest.mark.parametrize(
    ("expect", "accepted"),
    [
        (None, {"proved", "proved-at-sizes"}),
        ("proved", {"proved"}),
        ("proved-at-sizes", {"proved", "proved-at-sizes"}),
        ("numeric", {"proved", "proved-at-sizes", "numeric"}),
        ("undecided", {"undecided"}),
        ("refuted", {"refuted"}),
    ],
)
def test_a_verdict_is_as_expected_or_stronger(expect: str | None, accepted: set[str]) -> None:
    identity = Identity("a", "x = x", expect=expect)
    assert {verdict for verdict in STRENGTH if identity.accepts(verdict)} == accepted


# ---- Lines ----------------------------------------------------------------------------------------------------------

HIDING_PLACES = [
    'note = "[[identity]]"',
    "note = '[[identity]]'",
    'note = """\n[[identity]]\nname = "b"\n"""',
    "note = '''\n[[identity]]\nname = \"b\"\n'''",
    'note = "say \\"\\n[[identity]]"',
    'note = "a # b" # [[identity]]',
    '# [[identity]]\nnote = ""',
    'tags = [ # a comment with "\n  "[[identity]]",\n  "]",\n]',
    'note = """a\\"""\n[[identity]]\n"""',
    'note = """""two quotes""\n[[identity]]"""',
    "note = '''it's\n[[identity]]'''",
    'note = "it\'s"',
    "tags = [\n]\n\n\n",
    'note = "\\\\"',
    'note = "a"\r',
]


@pytest.mark.parametrize("hiding", HIDING_PLACES)
@pytest.mark.parametrize("header", ["[[identity]]", "  [[ identity ]] # here", '[["identity"]]'])
def test_lines_are_those_of_the_headers(hiding: str, header: str) -> None:
    text = f'[meta]\n{SHORT}{hiding}\n{header}\nname = "last"\nclaim = "x = x"\n'
    assert len(tomllib.loads(text)["identity"]) == 2
    first, last = parse_identities(text).identities
    assert text.split("\n")[first.line - 1] == "[[identity]]"
    assert text.split("\n")[last.line - 1] == header
    assert text.split("\n")[last.line] == 'name = "last"'


def test_identities_of_a_list_share_its_line() -> None:
    text = '\n\nidentity = [{name = "a", claim = "x = x"}, {name = "b", claim = "x = x"}]\n'
    assert [(i.name, i.line) for i in parse_identities(text).identities] == [("a", 3), ("b", 3)]


def test_tables_and_their_keys_are_found() -> None:
    text = 'top = 1\n[a.b]\n  "k" = [[1], # ]\n2]\nl = {m = 1}\n'
    found = [(table.name, text[table.start :].split("\n")[0], sorted(table.keys)) for table in tables(text)]
    assert found == [("", "top = 1", ["top"]), ("a.b", "[a.b]", ["k", "l"])]


# ---- What is refused ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message", "line", "hint"),
    [
        (SHORT + 'declrae = ["x: vector"]\n', "`declrae` is not a key of an identity", 4, "did you mean `declare`?"),
        (SHORT + "colour = 1\n", "`colour` is not a key of an identity", 4, "the keys of an identity are name, declare, "),
        (SHORT + 'declare = "x: vector"\n', "`declare` should be a list of texts", 4, 'write declare = ["..."]'),
        (SHORT + 'where = ["p = x", 1]\n', "`where` should be a list of texts", 4, None),
        (SHORT + 'structured = "yes"\n', "`structured` should be true or false", 4, None),
        (SHORT + "note = 1\n", "`note` should be text", 4, None),
        (SHORT + 'expect = "prooved"\n', "`prooved` is not a verdict", 4, "did you mean `proved`?"),
        (SHORT + 'expect = "x"\n', "`x` is not a verdict", 4, "one of proved, proved-at-sizes, numeric, undecided, refuted"),
        (SHORT + 'layout = "numeratr"\n', "`numeratr` is not a layout", 4, "did you mean `numerator`?"),
        ('[[identity]]\nname = "a"\n', "an identity needs a claim", 1, 'write claim = "..."'),
        (SHORT + '[[identity]]\nclaim = "x = x"\n', "an identity needs a name", 4, 'write name = "..."'),
        ('[[identity]]\nname = " "\nclaim = "x = x"\n', "the name is empty", 2, None),
        ('[[identity]]\nname = "a"\nclaim = ""\n', "the claim is empty", 3, None),
        ('[[identity]]\nname = "a\\nb"\nclaim = "x = x"\n', "a name is one line of printable characters", 2, None),
        (SHORT + "\n" + SHORT, "two identities are called `a`", 6, None),
        (SHORT + '[[unstated]]\nequation = "(1)"\n', "an unstated equation needs a why", 4, None),
        (SHORT + '[[unstated]]\nequation = "(1)"\nwhy = "b"\nx = 1\n', "`x` is not a key of an unstated equation", 7, None),
        (SHORT + '[[identities]]\nname = "b"\n', "`identities` is not a key of a file", 4, "did you mean `identity`?"),
        ("[identity]\n" + 'name = "a"\n', "`identity` should be a list of tables", 1, None),
        ("[meta]\ntitle = 1\n" + SHORT, "`title` should be text", 2, None),
        ("a = [\n", "this is not valid TOML: invalid value", 1, None),
        (SHORT + "note = a\n", "this is not valid TOML: invalid value", 4, None),
        (SHORT + 'note = "\\d"\n', "this is not valid TOML: unescaped '\\' in a string", 4, "in single quotes"),
        (SHORT + 'claim = "y = y"\n', "this is not valid TOML: cannot overwrite a value", 4, None),
    ],
)
def test_mistakes_are_shown_where_they_stand(text: str, message: str, line: int, hint: str | None) -> None:
    error = error_of(text)
    assert error.message == message
    assert error.span is not None
    assert (error.span.line_and_column()[0], error.name) == (line, "vectors.toml")
    assert f"vectors.toml:{line}:" in error.render()
    assert (hint or "") in (error.hint or "")


@pytest.mark.parametrize("text", ["", "# nothing\n", "[meta]\ntitle = 'a'\n", "[[unstated]]\nequation='1'\nwhy='a'\n"])
def test_a_file_holds_an_identity(text: str) -> None:
    assert error_of(text).message == "vectors.toml holds no identity"


@pytest.mark.parametrize("text", ["a = " + "[" * 100_000, "[[" * 50_000, 'a = "' + "x" * 100_000, "\0", "a = 1e99999999\n"])
def test_hostile_text_is_refused(text: str) -> None:
    assert error_of(text).render().count("\n") < 6


def test_both_places_of_a_name_are_shown() -> None:
    assert [span.line_and_column()[0] for _, span in error_of(SHORT + SHORT).related] == [2]


# ---- Files and folders ----------------------------------------------------------------------------------------------


def write(path: Path, *names: str) -> Path:
    """A file with some identities."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f'[[identity]]\nname = "{name}"\nclaim = "x = x"\n' for name in names), encoding="utf-8")
    return path


def names(*paths: Path) -> list[str]:
    """The names of all identities at some paths."""
    return [identity.name for file in load(paths) for identity in file.identities]


def test_a_folder_is_all_files_below_it_in_order(tmp_path: Path) -> None:
    write(tmp_path / "b.toml", "b2", "b1")
    write(tmp_path / "a" / "z.toml", "a")
    write(tmp_path / ".hidden" / "h.toml", "hidden")
    write(tmp_path / "notes.txt", "text")
    assert names(tmp_path) == ["a", "b2", "b1"]


def test_paths_keep_their_order_and_files_come_once(tmp_path: Path) -> None:
    one, two = write(tmp_path / "one.toml", "1"), write(tmp_path / "two.toml", "2")
    assert names(two, tmp_path, one, tmp_path / "." / "two.toml") == ["2", "1"]


def test_the_path_is_the_one_that_was_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "folder" / "one.toml", "1")
    monkeypatch.chdir(tmp_path)
    assert [file.path for file in load(["folder"])] == [str(Path("folder/one.toml"))]


def test_a_byte_order_mark_is_skipped(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_bytes(b"\xef\xbb\xbf" + SHORT.encode())
    assert names(path) == ["a"]


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_bytes(SHORT.encode() + b"\xff")
    with pytest.raises(IdentityError, match=r"bad\.toml is not UTF-8 text: byte 41 is wrong"):
        read_identities(tmp_path / "bad.toml")
    with pytest.raises(IdentityError, match=r"cannot read .*none\.toml: No such file"):
        read_identities(tmp_path / "none.toml")
    (tmp_path / "empty").mkdir()
    with pytest.raises(IdentityError, match=r"no identity file NAME\.toml is below the folder .*empty"):
        load([tmp_path / "empty"])


def test_a_claim_for_a_path_is_noticed() -> None:
    with pytest.raises(IdentityError) as caught:
        load(["x = x"])
    assert caught.value.hint == "a claim goes with -e"


# ---- The library ----------------------------------------------------------------------------------------------------


def test_the_library_is_found_and_its_names_are_unique() -> None:
    files = load(library_paths())
    found = [identity.name for file in files for identity in file.identities]
    assert len(found) >= 500
    assert sorted(found) == sorted(set(found))


def test_lines_of_the_library_are_those_of_its_identities() -> None:
    identities = [identity for file in load(library_paths()) for identity in file.identities]
    lines = {path: Path(path).read_text(encoding="utf-8").split("\n") for path in {i.path for i in identities} if path}
    assert all(lines[i.path][i.line - 1 : i.line + 1] == ["[[identity]]", f'name = "{i.name}"'] for i in identities if i.path)


def test_every_file_of_the_library_has_a_title_and_every_identity_a_source() -> None:
    files = load(library_paths())
    assert all(file.title != Path(file.path).stem for file in files)
    assert [identity.name for file in files for identity in file.identities if not identity.source] == []
