"""What every command does with a terminal: answers to standard output, errors to standard error, never a traceback."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from matcalc.errors import MatcalcError

__all__ = ["WIDTH", "BadInput", "reported_errors", "standard_input", "echo", "complain", "coloured"]

#: The columns of an answer, and the longest line of an error.
WIDTH, LONGEST_LINE = 79, 400


class BadInput(click.ClickException):
    """A message that ends the program with status 2."""

    exit_code = 2

    def show(self, file: object = None) -> None:
        complain(self.message)


def complain(message: str) -> None:
    """Print an error; a line that quotes very long input is cut in the middle."""
    lines = message.split("\n")
    cut = [line if len(line) <= LONGEST_LINE else f"{line[:240]} ... {line[-80:]}" for line in lines]
    click.echo("\n".join(cut), err=True)


@contextmanager
def reported_errors() -> Iterator[None]:
    """Turn every failure of the library into a message and exit status 2; no traceback reaches the user."""
    try:
        yield
    except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
        raise
    except MatcalcError as error:
        raise BadInput(error.render()) from None
    except RecursionError:
        raise BadInput("error: the expression is nested too deeply") from None
    except MemoryError:
        raise BadInput("error: the answer does not fit into memory") from None
    except Exception as error:
        raise BadInput(
            f"error: matcalc failed with {type(error).__name__}: {error}\n"
            "hint: this is a defect of matcalc; a report with the input helps to mend it"
        ) from None


def standard_input() -> str:
    """The text of standard input."""
    try:
        return sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(f"error: standard input is not UTF-8 text: byte {error.start + 1} is wrong") from None


def echo(text: str) -> None:
    """Print `text`; characters that standard output cannot encode are escaped."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    click.echo(text.encode(encoding, "backslashreplace").decode(encoding))


def coloured(text: str, colour: str) -> str:
    """The text in a colour, if standard output is a terminal and NO_COLOR does not say otherwise."""
    return click.style(text, fg=colour) if sys.stdout.isatty() and not os.environ.get("NO_COLOR") else text
