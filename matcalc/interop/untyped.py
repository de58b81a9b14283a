"""Untyped forms, as the parser makes them."""

from __future__ import annotations

from collections.abc import Sequence

from matcalc.form import Form

__all__ = ["call", "chain", "transposed"]


def call(word: str, *args: Form) -> Form:
    """A function of the language, applied."""
    return Form("call", args, word)


def chain(head: str, parts: Sequence[Form]) -> Form:
    """A chain of two-operand nodes, from the left; of `mul` and `add` one node."""
    if len(parts) == 1:
        return parts[0]
    if head in ("mul", "add"):
        return Form(head, tuple(parts))
    result = parts[0]
    for part in parts[1:]:
        result = call("kron", result, part) if head == "kron" else Form(head, (result, part))
    return result


def transposed(form: Form) -> Form:
    """The transpose; of a transpose its operand."""
    return form.args[0] if form.head == "transpose" else Form("transpose", (form,))
