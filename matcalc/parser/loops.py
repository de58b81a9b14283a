"""Loops: `for k in 1..K` over statements, `sum[k in 1..K: E]` over terms.

    loop        "for" name "in" range [":"] block
    range       whole ".." whole
    block       statements to the end of the line, or on the lines below that are indented deeper than the `for`

The way that a range goes is seen from how it is written, and not from values, which may differ from round to round: up,
but down where both bounds are numbers and the first is larger (`3..1`), or where only the first has a name in it
(`K..1`).  A range that would end a step before it begins (`2..K` for K = 1) is empty.  The block is read once for each
round, so that no later stage knows of loops.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from matcalc.errors import Span
from matcalc.form import Form, number
from matcalc.lexer import Token
from matcalc.parser.functions import CONSTANTS, TOLD
from matcalc.parser.indexed import whole
from matcalc.parser.token_stream import TokenStream

__all__ = ["Loop", "loop", "loop_ahead", "range_ahead", "repeated", "rounds"]

#: The width of a tab in the indentation of a line.
TAB = 8


@dataclass(frozen=True)
class Loop:
    """A loop whose head was read: its variable, the values that it has, and the tokens of its block."""

    variable: str
    values: Sequence[int]
    place: Span
    begin: int
    end: int


# --- ranges ---------------------------------------------------------------------------------------------------------


def loop_ahead(stream: TokenStream) -> bool:
    """True if `for name` follows, which begins nothing but a loop."""
    return stream.token.text == "for" and stream.token.kind == "name" and stream.peek() == "name"


def range_ahead(stream: TokenStream) -> bool:
    """True if `[name in` follows."""
    tokens = stream.tokens[stream.at : stream.at + 3]
    return [token.kind for token in tokens] == ["[", "name", "name"] and tokens[2].text == "in"


def _range(stream: TokenStream) -> tuple[Token, Sequence[int]]:
    """Read `name in range`."""
    variable = stream.expect("name", "the variable of the loop")
    _check_variable(stream, variable)
    if stream.token.kind != "name" or stream.token.text != "in":
        stream.fail("`in` is expected after the variable of a loop", stream.place(stream.token), "write for k in 1..3")
    stream.advance()
    start, at = stream.token.start, stream.at
    first = whole(stream)
    middle = stream.at
    stream.expect("..", "`..`")
    last = whole(stream)
    names = _names(stream, at, middle), _names(stream, middle + 1, stream.at)
    place = stream.since(start)
    down = bool(names[0] or first > last) and not names[1]
    if names[0] and not names[1] and last > 1 and not all(map(stream.scope.is_global, names[0])):
        hint = f"`n = {last}` on a line above and then ..n goes up; a range down to 1 or 0 is read as one that goes down"
        stream.fail("it is not clear whether this range goes up or down", place, hint)
    values = _values(first, last, down=down)
    if values is None:
        hint = "a range goes up if there is a name in its last bound, and down if there is one in its first bound only"
        way = "down" if down else "up"
        stream.fail(f"this range goes {way}, but its bounds are {first} and {last}", place, hint)
    return variable, values


def _names(stream: TokenStream, at: int, end: int) -> list[str]:
    """The names between two positions."""
    return [token.text for token in stream.tokens[at:end] if token.kind == "name"]


def _values(first: int, last: int, *, down: bool) -> Sequence[int] | None:
    """The values of a range; None where it goes the wrong way."""
    step = -1 if down else 1
    return range(first, last + step, step) if (last - first) * step >= -1 else None


def _check_variable(stream: TokenStream, token: Token) -> None:
    """Refuse a variable that means something else already."""
    word, scope = token.text, stream.scope
    taken = word in scope.rounds or word in scope.bound or scope.argument(word) is not None
    if taken or word in scope.reading.numbers or word in scope.reading.functions or word in CONSTANTS:
        stream.fail(f"the name `{word}` is taken", stream.place(token), "give the loop another variable")


# --- blocks ---------------------------------------------------------------------------------------------------------


def loop(stream: TokenStream) -> Loop:
    """Read the head of a loop, and find its block; the stream stands before the block then."""
    head = stream.advance()
    variable, values = _range(stream)
    place = stream.since(head.start)
    colon = stream.token.kind == ":"
    if colon:
        stream.advance()
    if stream.token.kind not in ("newline", "end"):
        if not colon:
            hint = "put a `:` before what stands on the same line, or begin a new line"
            stream.fail("the range of a loop ends here", stream.place(stream.token), hint)
        return Loop(variable.text, values, place, stream.at, _inline_end(stream, head))
    return Loop(variable.text, values, place, stream.at, _block_end(stream, head, place))


def _inline_end(stream: TokenStream, head: Token) -> int:
    """Where the line ends, below which nothing may be indented."""
    at = stream.at
    while stream.tokens[at].kind not in ("newline", "end"):
        at += 1
    following = stream.tokens[_next_line(stream, at)]
    if following.kind != "end" and _indentation(stream, following) > _indentation(stream, head):
        hint = "a loop is repeated to the end of its line, or over the lines that are indented below it"
        stream.fail("this line is indented below a loop that ends above it", stream.place(following), hint)
    return at


def _block_end(stream: TokenStream, head: Token, place: Span) -> int:
    """Where the lines end that are indented deeper than the `for`."""
    own, at, following = _indentation(stream, head), stream.at, _next_line(stream, stream.at)
    while stream.tokens[following].kind != "end" and _indentation(stream, stream.tokens[following]) > own:
        at = following
        while stream.tokens[at].kind not in ("newline", "end"):
            at += 1
        following = _next_line(stream, at)
    if at == stream.at:
        stream.fail("the loop repeats nothing", place, "indent the lines that it repeats, or write them after a `:`")
    return at


def _next_line(stream: TokenStream, at: int) -> int:
    """Where the next line begins that is not empty, or the end."""
    while stream.tokens[at].kind == "newline":
        at += 1
    return at


def _indentation(stream: TokenStream, token: Token) -> int:
    """The width of the space at the beginning of the line of a token."""
    begin = stream.source.rfind("\n", 0, token.start) + 1
    line = stream.source[begin : token.start].lstrip("\ufeff")
    return len((line[: len(line) - len(line.lstrip())]).expandtabs(TAB))


# --- rounds ---------------------------------------------------------------------------------------------------------


def rounds(stream: TokenStream, variable: str, values: Sequence[int], place: Span, begin: int) -> Iterator[int]:
    """Go back to `begin` for each value of a variable, which is known until the next one."""
    scope, within = stream.scope, stream.within
    for value in values:
        stream.go_to(begin)
        scope.rounds[variable] = value
        stream.within = ((f"in the round {variable} = {value}", place), *within)[:TOLD]
        yield value
        scope.reading.budget.spend(place, statements=1, tokens=stream.at - begin)
    scope.rounds.pop(variable, None)
    stream.within = within


def repeated(stream: TokenStream, start: int, expression: Callable[[TokenStream], Form]) -> Form:
    """Read `[k in range: E]` after `sum`: the sum of the terms, 0 without any."""
    stream.open()
    variable, values = _range(stream)
    stream.expect(":", "`:`")
    place, begin = stream.since(start), stream.at
    terms = [expression(stream) for _ in rounds(stream, variable.text, values, place, begin)]
    if not terms:
        _skip(stream)
    stream.close()
    if len(terms) < 2:
        return terms[0] if terms else number(0, stream.since(start))
    return stream.node("add", tuple(terms), start)


def _skip(stream: TokenStream) -> None:
    """Pass over a term that is not read."""
    depth = 0
    while stream.token.kind != "end" and (depth or stream.token.kind != "]"):
        depth += (stream.token.kind in ("(", "[")) - (stream.token.kind in (")", "]"))
        stream.advance()
