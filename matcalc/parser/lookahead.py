"""What the tokens further on make of the one in place."""

from __future__ import annotations

from matcalc.parser.token_stream import TokenStream

__all__ = ["denominator_ahead", "primes_ahead", "transpose_ahead"]


def transpose_ahead(stream: TokenStream) -> bool | None:
    """None, or whether the exponent is `-T` and not `T`."""
    minus = stream.token.kind == "-"
    at = min(stream.at + minus, len(stream.tokens) - 2)
    token = stream.tokens[at]
    is_transpose = token.text == "T" and token.kind in ("name", "superscript")
    return minus if is_transpose and stream.tokens[at + 1].kind not in ("(", "[") else None


def primes_ahead(stream: TokenStream) -> int:
    """How many primes follow, if a bracket follows them: `f''(`; else 0."""
    order = 1
    while stream.peek(order) == "'":
        order += 1
    return order if stream.peek(order) == "(" else 0


def denominator_ahead(stream: TokenStream) -> bool:
    """True if `/d(` follows."""
    if stream.token.kind != "/" or stream.peek(2) != "(":
        return False
    token = stream.tokens[stream.at + 1]
    return token.kind == "name" and token.text == "d"
