"""Pieces of Python text with how tightly they bind, so that parentheses stand only where they are needed."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Sequence
from fractions import Fraction

__all__ = [
    "ATOM",
    "POWER",
    "PRODUCT",
    "SIGN",
    "STATEMENT",
    "SUM",
    "Text",
    "bracketed",
    "coefficient_parts",
    "filled",
    "float_text",
    "joined",
    "number_text",
    "unpacked",
]

#: How wide a statement of an emitted function may be.
STATEMENT = 96

# What binds tighter has the higher level.
SUM, PRODUCT, SIGN, POWER, ATOM = range(5)

#: An expression and its level.
Text = tuple[str, int]


def unpacked(names: Sequence[str], function: str, arguments: Sequence[str]) -> list[str]:
    """`names = function(arguments)` in the lines of one statement; a single name is unpacked, too."""
    left, right = ", ".join(names), ", ".join(arguments)
    line = f"{left if len(names) > 1 else f'({left},)'} = {function.format(right)}"
    if len(line) <= STATEMENT:
        return [line]
    start, end = function.split("{}")
    return ["(", *filled_lines(left), f") = {start}", *filled_lines(right), end]


def filled_lines(text: str) -> list[str]:
    """Names between commas, in indented lines."""
    return textwrap.wrap(text + ",", STATEMENT, initial_indent="    ", subsequent_indent="    ", break_long_words=False)


def bracketed(text: Text, level: int) -> str:
    """A text in parentheses unless it binds at least as tightly as `level`."""
    return text[0] if text[1] >= level else f"({text[0]})"


def joined(negative: bool, above: Sequence[str], below: Sequence[str]) -> Text:
    """A product of texts divided by others."""
    text = " * ".join(above) or "1"
    for divisor in below:
        text += f" / {divisor}"
    simple = len(above) <= 1 and not below
    return ("-" if negative else "") + text, SIGN if simple and negative else PRODUCT


def coefficient_parts(
    value: Fraction, written: Callable[[Fraction], Text] | None = None
) -> tuple[bool, list[str], list[str]]:
    """A coefficient as its sign, factors and divisors: 2/3 is 2 over 3, 1/2 is 0.5."""
    size = abs(value)
    if size == 1:
        return value < 0, [], []
    text, level = (written or number_text)(size)
    if level == ATOM:
        return value < 0, [text], []
    above, below = text.split(" / ")
    return value < 0, [above] if above != "1" else [], [below]


def number_text(value: Fraction) -> Text:
    """A number: an int, a short decimal, or a quotient."""
    if value < 0:
        text, level = number_text(-value)
        return "-" + text, min(SIGN, level)
    if value.denominator == 1 and value < 2**31:
        return str(value), ATOM
    decimal = float_text(value)
    large = max(value.numerator, value.denominator) >= 2**31
    if large or Fraction(decimal) == value:
        return decimal, ATOM
    return f"{value.numerator} / {value.denominator}", PRODUCT


def float_text(value: Fraction) -> str:
    """A number as a float."""
    try:
        return repr(float(value))
    except OverflowError:
        return "np.inf" if value > 0 else "-np.inf"


def filled(template: str, arguments: Sequence[Text]) -> Text:
    """An expression of a record with its arguments, in parentheses where they are needed."""

    def argument(match: re.Match[str]) -> str:
        before, after = template[: match.start()], template[match.end() :]
        alone = before.endswith(("(", ", ")) and after.startswith((")", ","))
        return bracketed(arguments[int(match[1])], SUM if alone else ATOM)

    text = re.sub(r"\{(\d)\}", argument, template)
    return text, ATOM if is_call(text) else SUM


def is_call(text: str) -> bool:
    """True for `name(...)`, with an index behind it or not."""
    start = re.match(r"[\w.]+\(", text)
    if start is None:
        return False
    depth = 1
    position = start.end()
    while depth and position < len(text):
        depth += {"(": 1, ")": -1}.get(text[position], 0)
        position += 1
    return re.fullmatch(r"(\[\d+\])?", text[position:]) is not None
