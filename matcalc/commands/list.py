"""`matcalc list`: the identities of the library by name, text and tag."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import click

from matcalc.commands.selection import files_at, identities_of
from matcalc.commands.terminal import WIDTH, BadInput, echo, reported_errors
from matcalc.identity import Identity
from matcalc.notes import is_notes
from matcalc.parser import nearest

__all__ = ["command"]


@click.command("list")
@click.argument("words", nargs=-1, metavar="[WORD|PATH]...")
@click.option("--tag", "wanted", multiple=True, metavar="TAG", help="Only those with this tag. Repeatable.")
@click.option("--tags", "show_tags", is_flag=True, help="List the tags of what is found, with counts.")
def command(words: tuple[str, ...], wanted: tuple[str, ...], show_tags: bool) -> None:
    """List the identities of the library, or of the files at PATH, in whose text all WORDs occur.

    \b
    matcalc list det inverse
    matcalc list --tag softmax
    matcalc list my.toml --tags

    A PATH ends in .toml, or in .tex or .md for notes, is a folder written with a slash, or is - for standard input.
    """
    with reported_errors():
        paths = [word for word in words if is_path(word)]
        identities = identities_of(files_at(paths))
        check_tags(wanted, identities)
        searched = [word.lower() for word in words if not is_path(word)]
        found = [i for i in identities if set(wanted) <= set(i.tags) and matches(i, searched)]
        lines = tag_lines(found) if show_tags else [shortened(f"{i.name}  {' '.join(i.claim.split())}") for i in found]
        echo("\n".join([*lines, f"{len(found)} of {len(identities)} identities"]))


def is_path(word: str) -> bool:
    """Whether a word names a file or a folder."""
    return word == "-" or word.endswith(".toml") or is_notes(word) or ("/" in word and Path(word).is_dir())


def matches(identity: Identity, words: Sequence[str]) -> bool:
    """Whether each word occurs in what the identity says."""
    fields = (identity.name, identity.claim, identity.source, identity.note, *identity.tags, *identity.declare)
    text = "\n".join(fields).lower()
    return all(word in text for word in words)


def check_tags(wanted: Sequence[str], identities: Sequence[Identity]) -> None:
    """Refuse a tag that no identity has."""
    known = {tag for identity in identities for tag in identity.tags}
    for tag in wanted:
        if tag not in known:
            near = nearest(tag, known)
            hint = f"did you mean `{near}`?" if near else "`matcalc list --tags` shows all tags"
            raise BadInput(f"error: no identity has the tag `{tag}`\nhint: {hint}")


def tag_lines(identities: Sequence[Identity]) -> list[str]:
    """The tags with their counts, the most used ones first."""
    counts = Counter(tag for identity in identities for tag in identity.tags)
    return [f"{count:6}  {tag}" for tag, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]


def shortened(line: str) -> str:
    """A line of at most 79 columns."""
    return line if len(line) <= WIDTH else line[: WIDTH - 4] + " ..."
