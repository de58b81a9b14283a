"""How deep an expression may be, so that a recursion over it is safe."""

from __future__ import annotations

from matcalc.form import Form
from matcalc.parser.token_stream import HINT_TO_SPLIT, TokenStream

__all__ = ["MAX_DEPTH", "check_depth"]

#: The deepest nesting of nodes in one expression.
MAX_DEPTH = 250


def check_depth(stream: TokenStream, form: Form) -> None:
    """Refuse a form that is too deep for a recursion over it; forms without nesting are quick."""
    level = [form]
    for _ in range(MAX_DEPTH):
        level = [arg for node in level for arg in node.args if arg.args]
        if not level:
            return
    stream.fail(f"nested more than {MAX_DEPTH} operations deep", level[0].span or stream.since(0), HINT_TO_SPLIT)
