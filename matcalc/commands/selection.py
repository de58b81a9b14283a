"""Which identities a command is about: those at some paths, of the library, of some names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from functools import partial

from matcalc.commands.terminal import BadInput, standard_input
from matcalc.identity import Identity, IdentityFile, library_paths, load, parse_identities
from matcalc.notes import read_file
from matcalc.parser import nearest

__all__ = ["files_at", "identities_of", "named", "only"]


def files_at(paths: Sequence[str], *, unmarked_ok: bool = False) -> tuple[IdentityFile, ...]:
    """The files at some paths, of identities or of notes; `-` is standard input, and no path at all is the library.

    Notes that mark no equation are an error, unless `unmarked_ok`.
    """
    if not paths:
        return load(library_paths())
    piped = (parse_identities(standard_input()),) if "-" in paths else ()
    return piped + load((path for path in paths if path != "-"), read=partial(read_file, unmarked_ok=unmarked_ok))


def identities_of(files: Iterable[IdentityFile]) -> list[Identity]:
    """All identities of some files."""
    return [identity for file in files for identity in file.identities]


def only(identities: Sequence[Identity], patterns: Sequence[str]) -> list[Identity]:
    """Those whose names match one of the patterns, such as `det-*`; all if there is no pattern."""
    for pattern in patterns:
        if not any(fnmatchcase(identity.name, pattern) for identity in identities):
            raise unknown(pattern, identities)
    return [i for i in identities if not patterns or any(fnmatchcase(i.name, pattern) for pattern in patterns)]


def named(identities: Sequence[Identity], name: str) -> list[Identity]:
    """Those that have this name; several files may use it."""
    found = [identity for identity in identities if identity.name == name]
    if not found:
        raise unknown(name, identities)
    return found


def unknown(name: str, identities: Sequence[Identity]) -> BadInput:
    """The error of a name that no identity has, with the nearest names."""
    names = {identity.name for identity in identities}
    parts = [known for known in sorted(names) if name.lower() in known.lower()]
    near = ([nearest(name, names)] if nearest(name, names) else []) or parts[:3]
    hint = f"did you mean {', '.join(map(str, near))}?" if near else "`matcalc list` shows all names of the library"
    return BadInput(f"error: no identity is called {name}\nhint: {hint}")
