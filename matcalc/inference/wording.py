"""Typed forms in the words of a message."""

from __future__ import annotations

from matcalc.form import Form
from matcalc.inference.dimensions import axes

__all__ = ["text_of", "shown", "factor_text", "transposed_text", "a_kind"]

#: The heads whose text as a factor needs brackets.
_LOOSE = frozenset({"add", "neg", "mul", "div", "times", "rdiv", "kron", "cases"})


def text_of(form: Form) -> str:
    """The source text of a form, cut to a readable length."""
    text = " ".join(form.span.text.split()) if form.span else "..."
    return text if len(text) <= 40 else text[:37] + "..."


def shown(form: Form) -> str:
    """The source text of a form, quoted."""
    return f"`{text_of(form)}`"


def factor_text(form: Form) -> str:
    """The source text of a form as a factor, in brackets where it needs them."""
    text = text_of(form)
    return f"({text})" if form.head in _LOOSE and not text.startswith("(") else text


def transposed_text(form: Form) -> str:
    """The source text of the transpose of a form."""
    if form.head == "transpose":
        return factor_text(form.args[0])
    text = factor_text(form)
    return f"({text})'" if form.head == "elpower" and not text.startswith("(") else f"{text}'"


def a_kind(form: Form) -> str:
    """The kind of a typed form with its article."""
    return f"a tensor of order {len(axes(form))}" if form.kind == "tensor" else f"a {form.kind}"
