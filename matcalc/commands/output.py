"""Files that commands write: whole or not at all."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from matcalc.commands.terminal import BadInput, echo

__all__ = ["write_file"]


def write_file(path: str | None, text: str) -> None:
    """Write a text to a file, or print it if there is no path or the path is `-`.

    A file that is there is replaced at once, when the text is complete; its permissions are kept.
    """
    if path is None or path == "-":
        echo(text.rstrip("\n"))
        return
    target = Path(os.path.realpath(path))
    try:
        if target.exists() and not target.is_file():
            target.write_text(text, encoding="utf-8")  # a device or a pipe cannot be replaced
        else:
            replace(target, text)
    except OSError as error:
        raise BadInput(f"error: cannot write {path}: {error.strerror}") from None


def replace(target: Path, text: str) -> None:
    """Put a file with a text in the place of another."""
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        os.chmod(name, permissions(target))
        os.replace(name, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise


def permissions(target: Path) -> int:
    """Those of the file that is there, else those that a new file gets."""
    if target.exists():
        return target.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
