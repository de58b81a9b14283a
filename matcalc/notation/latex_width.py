r"""How wide a formula is on paper, in rough em: what is seen is measured, not what is typed.

    \mathbf{x}^\top \mathbf{A}    about 2 em
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["width", "is_wider", "CHARACTERS"]

TOKEN = re.compile(r"\\[A-Za-z]+|\\.|[^\s]", re.DOTALL)

#: No em of a formula takes more characters to type.
CHARACTERS = 80
#: Commands that show nothing of themselves.
INVISIBLE = frozenset({
    r"\mathbf", r"\boldsymbol", r"\bm", r"\mathrm", r"\operatorname", r"\text", r"\hat", r"\bar", r"\tilde", r"\bigl",
    r"\bigr", "\x01", "\x02", "\x04",
})  # fmt: skip
#: The widths of other signs; a function has the width of its letters, any other command that of a letter.
WIDTHS = {
    r"\,": 0.17, r"\!": -0.17, r"\ ": 0.3, r"\quad": 1.0, r"\sum": 1.5, r"\nabla": 0.8, r"\partial": 0.55,
    "+": 1.3, "-": 1.3, "=": 1.4, r"\neq": 1.4, r"\odot": 1.3, r"\oslash": 1.3, r"\otimes": 1.3, r"\times": 1.3,
    r"\cdot": 0.8, ",": 0.45, "(": 0.4, ")": 0.4, "[": 0.3, "]": 0.3, "|": 0.3, r"\|": 0.5, "/": 0.5, "'": 0.3, "&": 1.0,
    r"\left": 0.3, r"\right": 0.3, r"\Bigl": 0.2, r"\Bigr": 0.2, r"\biggl": 0.3, r"\biggr": 0.3, r"\top": 0.85,
}  # fmt: skip
FUNCTIONS = frozenset({
    r"\exp", r"\log", r"\sin", r"\cos", r"\tan", r"\arcsin", r"\arccos", r"\arctan", r"\sinh", r"\cosh", r"\tanh",
    r"\det", r"\max", r"\min",
})  # fmt: skip
#: How wide the signs of a sub- or superscript are beside those of the line.
SCRIPT = 0.65


@dataclass(slots=True)
class Frame:
    """A group that is being measured: how wide it is so far, and what it will be to the group around it."""

    role: str = ""
    total: float = 0.0
    #: The widest row so far, or the numerator of a fraction.
    other: float = 0.0


def width(latex: str) -> float:
    """The width of a formula in rough em."""
    stack = [Frame()]
    role = ""
    for token in TOKEN.findall(latex):
        role = measure(stack, token, role)
    return sum(frame.total for frame in stack)


def is_wider(latex: str, limit: float) -> bool:
    """True for a formula of more than `limit` em; a long one is not measured."""
    return len(latex) > limit * CHARACTERS or width(latex) > limit


def measure(stack: list[Frame], token: str, role: str) -> str:
    """Add one token; `role` is what the next group or sign will be, and the answer is that of the one after."""
    top = stack[-1]
    if token == "{":
        stack.append(Frame(role, other=top.other if role == "below" else 0.0))
    elif token == "}":
        return close(stack)
    elif token in ("^", "_"):
        return "script"
    elif token == r"\frac":
        return "above"
    elif token in (r"\begin", r"\end"):
        return token[1:]
    elif token == r"\\":
        top.total, top.other = 0.0, max(top.total, top.other)
    elif token in INVISIBLE:
        return role
    else:
        top.total += sign(token) * (SCRIPT if role == "script" else 1.0)
    return ""


def sign(token: str) -> float:
    """The width of one sign or word."""
    if token in WIDTHS:
        return WIDTHS[token]
    if token in FUNCTIONS:
        return 0.5 * len(token)
    return 0.8 if token.isupper() else 0.55


def close(stack: list[Frame]) -> str:
    """End a group: what it was decides what it adds to the group around it, and what the next group will be."""
    if len(stack) == 1:
        return ""
    frame = stack.pop()
    top = stack[-1]
    if frame.role == "above":
        top.other = frame.total
        return "below"
    if frame.role == "begin":
        stack.append(Frame("rows"))
    elif frame.role == "end":
        if frame_is_open(stack):
            rows = stack.pop()
            stack[-1].total += max(rows.total, rows.other) + 1.5
    elif frame.role == "below":
        top.total += max(frame.total, frame.other) + 0.25
    else:
        top.total += frame.total * (SCRIPT if frame.role == "script" else 1.0)
    return ""


def frame_is_open(stack: list[Frame]) -> bool:
    """True if an environment has begun that can end here."""
    return len(stack) > 1 and stack[-1].role == "rows"
