"""Lists of bound indices, and the conditions that compare them.

    entry       "[" (name | "(" name, ... ")"), ... "]"             several names in parentheses for a compound axis
    binding     "[" (name | "(" name, ... ")"), ... ":"             the same, no name twice; a sum binds single names
    condition   conjunction ("or" conjunction)*
    conjunction negation ("and" negation)*
    negation    "not" negation | "(" condition ")" | name ("==" | "!=") name ...

A list of indices is read as the names and how many of them stand on each axis.  A condition is a tuple, as
`matcalc.form` describes it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from matcalc.parser.indexed import index_of
from matcalc.parser.token_stream import TokenStream

__all__ = ["Condition", "binding_ahead", "delta_indices", "entry_indices", "bound_indices", "condition"]

Condition = tuple[Any, ...]


# --- lists of indices -----------------------------------------------------------------------------------------------


def binding_ahead(stream: TokenStream) -> bool:
    """True if `[i, j, ... :` follows."""
    at = stream.at + 1
    while stream.tokens[at].kind in ("name", "(", ")", ","):
        at += 1
    return at > stream.at + 1 and stream.tokens[at].kind == ":"


def entry_indices(stream: TokenStream) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Read `[i, (j, k)]`: the names, and how many of them stand on each axis."""
    stream.open()
    if stream.token.kind == "]":
        stream.fail("an entry needs indices", stream.place(stream.token), "write A[i,j] inside of [i,j: ...]")
    axes = stream.separated(_axis_of_entry)
    stream.close("`,`")
    return tuple(name for axis in axes for name in axis), tuple(map(len, axes))


def _axis_of_entry(stream: TokenStream) -> list[str]:
    """One index, or several in parentheses."""
    if stream.token.kind != "(":
        return [_bound_index(stream)]
    stream.open()
    names = stream.separated(_bound_index)
    stream.close("`,`")
    return names


def _bound_index(stream: TokenStream) -> str:
    """An index that is bound around the place, as it stands in forms."""
    token = stream.token
    _index(stream)
    return index_of(stream, token)


def _index(stream: TokenStream) -> str:
    """The name of one index."""
    if stream.token.kind == "number":
        stream.fail(
            "an index is a name, not a number",
            stream.place(stream.token),
            "bind indices with [i,j: ...] or sum[i: ...] and compare them with ==",
        )
    return stream.expect("name", "an index name").text


def bound_indices(stream: TokenStream, *, compound: bool) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Read `i, (j, k):`, with parentheses only where axes may be `compound`; as `entry_indices`."""
    names: list[str] = []

    def bound(stream: TokenStream) -> None:
        token = stream.token
        if _index(stream) in names:
            stream.fail(f"the index `{token.text}` is bound twice", stream.place(token))
        names.append(token.text)

    def axis(stream: TokenStream) -> int:
        before = len(names)
        if compound and stream.token.kind == "(":
            stream.open()
            stream.separated(bound)
            stream.close("`,`")
        else:
            bound(stream)
        return len(names) - before

    lengths = stream.separated(axis)
    stream.expect(":", "`:`")
    return tuple(names), tuple(lengths)


def delta_indices(stream: TokenStream) -> tuple[str, str] | None:
    """Read `(i, j)` if it follows."""
    found = stream.tokens[stream.at : stream.at + 5]
    if [token.kind for token in found] != ["(", "name", ",", "name", ")"]:
        return None
    for _ in found:
        stream.advance()
    return index_of(stream, found[1]), index_of(stream, found[3])


# --- conditions -----------------------------------------------------------------------------------------------------


def condition(stream: TokenStream) -> Condition:
    """A condition on indices: `or` is looser than `and`, `and` than `not`."""
    return _chain(stream, "or", _conjunction)


def _conjunction(stream: TokenStream) -> Condition:
    return _chain(stream, "and", _negation)


def _chain(stream: TokenStream, word: str, operand: Callable[[TokenStream], Condition]) -> Condition:
    """Operands with `word` between them, from the left."""
    left = operand(stream)
    levels = 0
    while stream.token.kind == word:
        stream.enter(stream.advance())
        levels += 1
        left = (word, left, operand(stream))
    stream.leave(levels)
    return left


def _negation(stream: TokenStream) -> Condition:
    if stream.token.kind == "not":
        stream.enter(stream.advance())
        inner = _negation(stream)
        stream.leave()
        return ("not", inner)
    if stream.token.kind == "(":
        stream.open()
        inner = condition(stream)
        stream.close("`and`, `or`")
        return inner
    return _comparison(stream)


def _comparison(stream: TokenStream) -> Condition:
    """`i==j`, also chained: `i==j==k`."""
    left = _compared(stream)
    result: Condition | None = None
    levels = 0
    while result is None or stream.token.kind in ("==", "!="):
        if stream.token.kind not in ("==", "!="):
            _bad_comparison(stream)
        operator = stream.advance().kind
        right = _compared(stream)
        step = (operator, left, right)
        result = step if result is None else ("and", result, step)
        left = right
        levels += 1
        stream.enter(stream.token)
    stream.leave(levels)
    return result


def _compared(stream: TokenStream) -> str:
    if stream.token.kind in ("end", "newline"):
        stream.check_open_bracket()
    if stream.token.kind != "name":
        _bad_comparison(stream)
    return index_of(stream, stream.advance())


def _bad_comparison(stream: TokenStream) -> NoReturn:
    stream.check_open_bracket()
    hint = "step(x), maximum(a, b) and minimum(a, b) compare values"
    if stream.token.kind == "=":
        hint = "write == for equal"
    stream.fail("a condition compares index names with == or !=", stream.place(stream.token), hint)
