"""A page of HTML that stands alone: MathML for the formulas, nothing from the network, no script."""

from __future__ import annotations

from html import escape

from matcalc.documents.format import UNICODE_SIGNS, Format
from matcalc.documents.mathml import UnknownLatex, mathml

__all__ = ["HTML", "html_text"]


def html_text(text: str) -> str:
    """A text as HTML that prints it; control characters, which a page cannot hold, are spaces."""
    return escape("".join(character if character.isprintable() else " " for character in text))


def formula(latex: str) -> str:
    """A formula in a line of text, as LaTeX where there is no MathML for it."""
    try:
        return mathml(latex)
    except UnknownLatex:
        return code(latex)


def display(rows: tuple[str, ...]) -> str:
    """A displayed formula."""
    latex = r" \\ ".join(rows)
    try:
        shown = mathml(latex, display=True)
    except UnknownLatex:
        shown = code(latex)
    return f'<div class="display">{shown}</div>'


def code(text: str) -> str:
    """A text as it is typed; a long one may break after a hyphen."""
    return f"<code>{html_text(text)}</code>"


HTML = Format(
    name="html",
    text=html_text,
    math=formula,
    display=display,
    code=code,
    signs=UNICODE_SIGNS,
)
