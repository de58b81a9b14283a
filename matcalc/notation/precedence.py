"""What binds how tightly: the one table of precedence, for text and for LaTeX.

A form is printed from its leaves up.  Each part is a `Piece`, its text with the level at which that text stands; a head
says which level it asks of its operands, and a part below that level is put in parentheses.  No other rule makes
parentheses.

A text that begins with a minus sign has the level of a product: `-a*b` may stand first in a product and in a sum
(where `a + -b` becomes `a - b`), and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import IntEnum
from typing import NamedTuple

from matcalc.errors import UnsupportedError
from matcalc.form import Form

__all__ = ["Level", "Piece", "OPERANDS", "LEVELS", "fold", "join_terms", "opens", "brackets"]

#: The longest text that is printed.
LONGEST_TEXT = 1_000_000


class Level(IntEnum):
    r"""How tightly a text holds together, loosest first."""

    CASES = 0
    SUM = 1
    #: `A \odot B` in LaTeX, where juxtaposition binds tighter; text has one level for all products.
    OPERATOR = 2
    #: A product in LaTeX whose last factor is a sum `\sum_i ..` or an operator `\frac{\partial}{\partial x} ..`, which
    #: would take in what follows.
    OPEN = 3
    PRODUCT = 4
    FRACTION = 5
    POWER = 6
    POSTFIX = 7
    ATOM = 8


#: The level of what a head prints; a head that is not listed prints an atom.
LEVELS: dict[str, Level] = {
    "cases": Level.CASES,
    "add": Level.SUM,
    "neg": Level.PRODUCT,
    "mul": Level.PRODUCT,
    "div": Level.PRODUCT,
    "times": Level.PRODUCT,
    "rdiv": Level.PRODUCT,
    "kron": Level.PRODUCT,
    "power": Level.POWER,
    "elpower": Level.POWER,
    "transpose": Level.POSTFIX,
}

#: The levels that a head asks of its first operand and of the others.
OPERANDS: dict[str, tuple[Level, Level]] = {
    "cases": (Level.SUM, Level.CASES),
    "add": (Level.SUM, Level.SUM),
    "neg": (Level.PRODUCT, Level.PRODUCT),
    "mul": (Level.PRODUCT, Level.FRACTION),
    "div": (Level.PRODUCT, Level.FRACTION),
    "times": (Level.PRODUCT, Level.FRACTION),
    "rdiv": (Level.PRODUCT, Level.FRACTION),
    "kron": (Level.PRODUCT, Level.FRACTION),
    "power": (Level.POSTFIX, Level.ATOM),
    "elpower": (Level.POSTFIX, Level.ATOM),
    "transpose": (Level.ATOM, Level.ATOM),
    "entry": (Level.ATOM, Level.ATOM),
    "call": (Level.SUM, Level.SUM),
    "unknown": (Level.SUM, Level.SUM),
    "derivative": (Level.SUM, Level.SUM),
    "differential": (Level.SUM, Level.SUM),
    "tensor": (Level.CASES, Level.CASES),
    "bsum": (Level.CASES, Level.CASES),
}


class Piece(NamedTuple):
    """A printed part: its text and the level at which it stands.

    What the head above may write in another way has its pieces: `quotient`, the numerator and the denominator; `chain`,
    the function and the variables of a derivative, the outermost first.
    """

    text: str
    level: Level
    quotient: tuple[Piece, ...] = ()
    chain: tuple[Piece, ...] = ()

    def at(self, level: Level, left: str = "(", right: str = ")") -> str:
        """The text where `level` is asked for, in parentheses if it holds together less."""
        return self.text if self.level >= level else left + self.text + right


def fold(form: Form, rule: Callable[[Form, list[Piece]], Piece]) -> Piece:
    """A form printed from its leaves up, each distinct node once, without recursion.

    Raises UnsupportedError where shared parts, written out each time, make a text that nobody reads.
    """
    done: dict[int, Piece] = {}
    stack = [form]
    while stack:
        node = stack[-1]
        pending = [a for a in node.args if id(a) not in done]
        if pending:
            stack.extend(reversed(pending))
            continue
        stack.pop()
        if id(node) not in done:
            piece = rule(node, [done[id(a)] for a in node.args])
            if len(piece.text) > LONGEST_TEXT:
                raise UnsupportedError(
                    f"the answer has more than {LONGEST_TEXT:,} characters",
                    hint="give names to parts of the expression, or ask for code, which shares equal parts",
                )
            done[id(node)] = piece
    return done[id(form)]


def join_terms(terms: Sequence[str], mark: str = "") -> str:
    """A sum of printed terms; a term that begins with a minus sign is subtracted.  `mark` stands before each sign."""
    first, *rest = terms
    return first + "".join(f"{mark} - {t[1:]}" if t.startswith("-") else f"{mark} + {t}" for t in rest)


def opens(left: Sequence[Form], factor: Form) -> bool:
    """True if a product may stand in a product without parentheses, after the factors `left`.

    `s*(A*B)` is `s*A*B` and `A*(B*C)` is `A*B*C`, but `A*(x'*y)` is not `A*x'*y`.
    """
    if factor.head != "mul":
        return False
    if all(f.kind == "scalar" for f in left):
        return True
    for part in factor.args:
        if part.kind is None or LEVELS.get(part.head, Level.ATOM) <= Level.PRODUCT:
            return False
        if part.kind != "scalar":
            return part.kind in ("matrix", "column")
    return False


def brackets(product: Form, position: int) -> bool:
    """True if a factor is an inner product, a scalar made of vectors, that needs parentheses to be seen: `(x'*x)*A`.

    At the end of a product of scalars it is seen without: `2*x'*y`.
    """
    if not is_inner_product(product.args[position]):
        return False
    others = (arg for k, arg in enumerate(product.args) if k != position)
    return position != len(product.args) - 1 or any(arg.kind != "scalar" or is_inner_product(arg) for arg in others)


def is_inner_product(form: Form) -> bool:
    """True for a scalar that is a product of vectors."""
    return form.head == "mul" and form.kind == "scalar" and any(arg.kind != "scalar" for arg in form.args)
