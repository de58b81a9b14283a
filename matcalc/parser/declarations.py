"""Declarations: what a line says of a name before it is used.

    declaration  name ["(" names ")"] ":" kind ["(" size, ... ")"] property ...
    size         positive number | name | size "*" size

as in `x: vector(n)`, `A: matrix(m, n)`, `S: matrix symmetric`, `w(t): vector`, `f: function`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matcalc.errors import DeclarationError, Span, UnknownNameError
from matcalc.form import Axis, Dimension
from matcalc.lexer import Token
from matcalc.parser.expressions import BUILT_IN
from matcalc.parser.functions import CONSTANTS
from matcalc.parser.indexed import after_index, indexed_name
from matcalc.parser.suggestion import nearest
from matcalc.parser.token_stream import TokenStream

__all__ = ["Declaration", "declaration", "declaration_ahead", "PROPERTIES", "SQUARE", "RESERVED"]

#: The kinds of value that each property can be a fact about.
PROPERTIES: dict[str, frozenset[str]] = {
    **dict.fromkeys(
        ("symmetric", "skew", "diagonal", "orthogonal", "invertible", "positive-definite", "lower", "upper"),
        frozenset({"matrix"}),
    ),
    "positive": frozenset({"scalar", "vector", "matrix"}),
    "simplex": frozenset({"vector", "matrix"}),
}
#: Properties that only a square matrix can have.
SQUARE = frozenset(PROPERTIES) - {"positive", "simplex", "lower", "upper"}
#: Names that can be neither declared nor assigned.
RESERVED = CONSTANTS

#: The number of axes of each kind that can be declared.
_ORDERS = {"scalar": 0, "vector": 1, "matrix": 2, "function": 0}


@dataclass(frozen=True)
class Declaration:
    """What one line declares: a name, its kind and axes (None where a size is to be inferred), facts, and arguments.

    An axis is a dimension, or a tuple of them where it is compound (`vector(n*m)`).
    """

    name: str
    kind: str
    axes: tuple[Dimension | Axis | None, ...]
    properties: frozenset[str]
    arguments: tuple[str, ...]
    span: Span

    def states_the_same_as(self, other: Declaration) -> bool:
        """True if both say the same of one name, wherever they stand."""
        return (self.name, self.kind, self.axes, self.properties, self.arguments) == (
            other.name, other.kind, other.axes, other.properties, other.arguments,
        )  # fmt: skip


def declaration_ahead(stream: TokenStream) -> bool:
    """True if `name:` or `name(names):` follows, where a name may have indices."""
    if stream.token.kind != "name":
        return False
    at = after_index(stream, stream.at + 1)
    if stream.tokens[at].kind == "(":
        at = _after_names(stream, at + 1)
        if stream.tokens[at].kind != ")":
            return False
        at += 1
    return stream.tokens[at].kind == ":"


def _after_names(stream: TokenStream, at: int) -> int:
    """The position after names, with their indices, and the commas between them."""
    while stream.tokens[at].kind in ("name", ","):
        at = after_index(stream, at + 1) if stream.tokens[at].kind == "name" else at + 1
    return at


def declaration(stream: TokenStream) -> Declaration:
    """Read `name[(arguments)]: kind[(sizes)] properties`, of which the beginning is known to be there."""
    start = stream.token.start
    name = _name(stream, "a name")
    if name.text in RESERVED:
        raise DeclarationError(f"`{name.text}` is a constant and cannot be declared", stream.place(name))
    if name.text in stream.scope.rounds:
        raise DeclarationError(f"`{name.text}` is the variable of the loop", stream.place(name))
    arguments = _arguments(stream, name) if stream.token.kind == "(" else ()
    stream.advance()
    word = _kind(stream)
    kind = word.text
    axes = _axes(stream, word)
    properties = _properties(stream, kind, axes)
    if kind == "function":
        _check_function(stream, name, arguments)
    return Declaration(name.text, kind, axes, properties, arguments, stream.since(start))


def _name(stream: TokenStream, expected: str) -> Token:
    """Read a name with its indices, `W[2]`, as one token."""
    token = stream.token
    word = indexed_name(stream, expected)
    return token._replace(text=word, end=stream.end)


def _kind(stream: TokenStream) -> Token:
    """The word for the kind."""
    word = stream.expect("name", "scalar, vector, matrix or function")
    if word.text not in _ORDERS:
        near = nearest(word.text, _ORDERS)
        hint = f"did you mean `{near}`?" if near else "the kinds are scalar, vector, matrix and function"
        raise DeclarationError(f"`{word.text}` is not a kind of value", stream.place(word), hint=hint)
    return word


def _check_function(stream: TokenStream, name: Token, arguments: tuple[str, ...]) -> None:
    if arguments:
        raise DeclarationError(
            "an unknown function is declared without arguments",
            stream.place(name),
            hint=f"write `{name.text}: function`, or `{name.text}({', '.join(arguments)}): scalar`",
        )
    if name.text in BUILT_IN:
        raise DeclarationError(f"`{name.text}` is a function of the language", stream.place(name))


def _arguments(stream: TokenStream, name: Token) -> tuple[str, ...]:
    """The names that a variable depends on."""
    stream.open()
    arguments = stream.separated(lambda stream: _name(stream, "the name of a variable"))
    stream.close("`,`")
    seen = {name.text, *RESERVED}
    for token in arguments:
        if token.text in seen:
            raise DeclarationError(f"`{name.text}` cannot depend on `{token.text}` here", stream.place(token))
        seen.add(token.text)
    return tuple(token.text for token in arguments)


# --- sizes ----------------------------------------------------------------------------------------------------------


def _axes(stream: TokenStream, word: Token) -> tuple[Dimension | Axis | None, ...]:
    """The sizes of a declared variable; None for each one that is left to inference."""
    kind = word.text
    order = _ORDERS[kind]
    if stream.token.kind != "(":
        return (None,) * order
    stream.open()
    axes = stream.separated(_axis)
    stream.close("`,`")
    if len(axes) != order:
        forms = {"scalar": "scalar", "function": "function", "vector": "vector(n)", "matrix": "matrix(m, n)"}
        count = ("no sizes", "one size", "two sizes")[order]
        message = f"a {kind} has {count}, not {len(axes)}"
        raise DeclarationError(message, stream.since(word.start), hint=f"write {forms[kind]}")
    return tuple(axes)


def _axis(stream: TokenStream) -> Dimension | Axis:
    """A size: a positive whole number, a name, or a product of them."""
    parts = stream.separated(_dimension, "*")
    return parts[0] if len(parts) == 1 else tuple(parts)


def _dimension(stream: TokenStream) -> Dimension:
    token = stream.token
    if token.kind == "name" and token.text in stream.scope.rounds:
        return _positive(stream, stream.scope.rounds[token.text], stream.advance())
    if token.kind == "name":
        return _name(stream, "a size").text
    if token.kind == "number" and token.text.isdigit() and int(token.text) > 0:
        stream.advance()
        return int(token.text)
    stream.check_open_bracket()
    stream.fail("a size is a positive whole number or a name", stream.place(token), "write A: matrix(m, 3)")


def _positive(stream: TokenStream, value: int, token: Token) -> int:
    if value < 1:
        stream.fail(f"a size is positive, but `{token.text}` is {value} here", stream.place(token))
    return value


# --- properties -----------------------------------------------------------------------------------------------------


def _properties(stream: TokenStream, kind: str, axes: Sequence[Dimension | Axis | None]) -> frozenset[str]:
    """The facts that a declaration states."""
    found: list[str] = []
    while stream.token.kind in ("name", ","):
        if stream.token.kind == ",":
            stream.advance()
        start = stream.token.start
        word = stream.expect("name", "a property").text
        while stream.token.kind == "-":
            stream.advance()
            word += "-" + stream.expect("name", "the rest of the property").text
        _check_property(word, kind, axes, stream.since(start))
        found.append(word)
    return frozenset(found)


def _check_property(word: str, kind: str, axes: Sequence[Dimension | Axis | None], span: Span) -> None:
    if word not in PROPERTIES:
        near = nearest(word, PROPERTIES)
        hint = f"did you mean `{near}`?" if near else "the properties are " + ", ".join(PROPERTIES)
        raise UnknownNameError(f"`{word}` is not a property", span, hint=hint)
    if kind not in PROPERTIES[word]:
        kinds = " or ".join(sorted(PROPERTIES[word]))
        raise DeclarationError(f"`{word}` is a property of a {kinds}, not of a {kind}", span)
    if word in SQUARE and None not in axes and axes[0] != axes[1]:
        sizes = f"{_size(axes[0])} and {_size(axes[1])}"
        raise DeclarationError(f"`{word}` needs a square matrix, but the sizes are {sizes}", span)


def _size(axis: Dimension | Axis | None) -> str:
    return "*".join(map(str, axis)) if isinstance(axis, tuple) else str(axis)
