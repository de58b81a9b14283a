"""Writing a document by a template: one of those that come with matcalc, or the user's own.

Templates are those of Jinja2 in its sandbox.  Whatever a template prints is escaped for its format, so no title or name
can do anything but be read; formulas and what is typed are written as the format has them.  A template of the user's own
may extend a built-in one, which is called `notes.tex`, `notes.md` or `notes.html`, and change some of its blocks.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from functools import cache
from importlib import import_module, resources
from operator import mod, mul
from typing import Any

from matcalc.documents.format import Format
from matcalc.documents.html import HTML
from matcalc.documents.markdown import MARKDOWN
from matcalc.documents.model import Document
from matcalc.documents.tex import TEX
from matcalc.errors import MatcalcError, Span

__all__ = ["FORMATS", "Template", "TemplateError", "built_in_template", "rendered"]

FORMATS = {format.name: format for format in (TEX, MARKDOWN, HTML)}

#: Braces and percent signs have a meaning of their own in LaTeX.
DELIMITERS = {
    "tex": {
        "variable_start_string": "<<",
        "variable_end_string": ">>",
        "block_start_string": "<%",
        "block_end_string": "%>",
        "comment_start_string": "<#",
        "comment_end_string": "#>",
    }
}


#: What a template may reckon with numbers, and nothing else.
_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {"*": mul, "%": mod, "**": pow}


class TemplateError(MatcalcError):
    """A template that cannot be read, or that fails."""


@cache
def built_in_template(name: str) -> str:
    """The source of the template of a format."""
    return resources.files("matcalc.documents").joinpath("templates", f"notes.{name}.j2").read_text(encoding="utf-8")


def rendered(document: Document, name: str) -> str:
    """The document in a format of `FORMATS`, by the built-in template."""
    return Template(name).rendered(document)


class Template:
    """A template, compiled: that of a format of `FORMATS`, or the user's own."""

    def __init__(self, name: str, source: str | None = None, *, path: str = "template") -> None:
        """`source` is the text of the user's own template, `path` where it is from.

        Raises TemplateError where Jinja2 is missing, and with the line where the template is wrong.
        """
        self.sources = {f"notes.{known}": built_in_template(known) for known in FORMATS}
        chosen = f"notes.{name}"
        if source is not None:
            chosen = path if path not in self.sources else f"./{path}"  # a file may be called like a built-in one
            self.sources[chosen] = source
        environment = _environment(FORMATS[name], self.sources)
        try:
            self.compiled = environment.get_template(chosen)
        except Exception as error:
            raise _failed(error, self.sources) from None

    def rendered(self, document: Document) -> str:
        """The text of a document; raises TemplateError with the line where the template fails."""
        try:
            text: str = self.compiled.render(document=document)
        except Exception as error:
            raise _failed(error, self.sources) from None
        return text.rstrip("\n") + "\n"


def _environment(format: Format, sources: dict[str, str]) -> Any:
    """Jinja2 for a format."""
    try:
        jinja2, sandbox, markup = (import_module(name) for name in ("jinja2", "jinja2.sandbox", "markupsafe"))
    except ImportError:
        hint = 'install it with the extra `notes`: pip install "matcalc-symbolic[notes]"'
        raise TemplateError("documents are written with Jinja2, which is not installed", hint=hint) from None

    def finalize(value: Any) -> Any:
        """What the template prints: what macros and blocks have made stays, nothing is nothing, content is written."""
        return value if value is None or hasattr(value, "__html__") else markup.Markup(format.written(value))

    return _bounded(sandbox)(
        autoescape=True,  # so that what macros return is known to be written already
        finalize=lambda value: "" if value is None else finalize(value),
        undefined=jinja2.StrictUndefined,
        loader=jinja2.DictLoader(sources),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        **DELIMITERS.get(format.name, {}),
    )


def _bounded(sandbox: Any) -> Any:
    """Jinja2's sandbox, in which no short template makes an endless text of a sign, or an endless number."""

    def call_binop(_: Any, _context: Any, operator: str, left: Any, right: Any) -> Any:
        if not isinstance(left, (int, float)) or not isinstance(right, (int, float)) or (operator == "**" and right > 64):
            raise sandbox.SecurityError(f"`{operator}` of these operands is not allowed in a template")
        return _ARITHMETIC[operator](left, right)

    return type(
        "BoundedEnvironment",
        (sandbox.ImmutableSandboxedEnvironment,),
        {"intercepted_binops": frozenset(_ARITHMETIC), "call_binop": call_binop},
    )


def _failed(error: Exception, sources: dict[str, str]) -> TemplateError:
    """The error of a template, with its line."""
    name, line = getattr(error, "name", None), getattr(error, "lineno", None)
    if line is None:
        for frame in traceback.extract_tb(error.__traceback__):
            if frame.filename in sources or frame.filename == "<template>":
                name, line = frame.filename, frame.lineno
    said = " ".join(str(error).split()) or type(error).__name__
    message = f"the template fails: {said}"
    return TemplateError(message, _place(sources, name, line))


def _place(sources: dict[str, str], name: str | None, line: int | None) -> Span | None:
    """The line of a template."""
    if name == "<template>":  # Jinja2 forgets the name of a template that no file holds
        name = next(reversed(sources))
    text = sources.get(name or "")
    lines = (text or "").splitlines(keepends=True)
    if text is None or line is None or not 1 <= line <= len(lines):
        return None
    start = sum(map(len, lines[: line - 1]))
    blank = len(lines[line - 1]) - len(lines[line - 1].lstrip())
    return Span(text, start + blank, max(1, len(lines[line - 1].strip())), name)
