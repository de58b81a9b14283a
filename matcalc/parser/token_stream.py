"""The tokens of one text, how far they are read, which brackets are open, and what is wrong where reading stops.

Every parsing function takes a `TokenStream` and moves it past what it reads.  The common mistakes (`2x`, an open
bracket, a missing operand, a condition outside of brackets) are told apart here, from the token in place and what
stands before it, so that the grammar says only what it expects.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NoReturn, TypeVar

from matcalc.errors import ParseError, Span
from matcalc.form import Form
from matcalc.lexer import KEYWORDS, Token, lex
from matcalc.parser.scope import Scope, Spans

__all__ = ["TokenStream", "MAX_NESTING", "HINT_TO_SPLIT"]

#: The deepest nesting of brackets and exponents in one expression.
MAX_NESTING = 150
#: What to do about an expression that is too deep.
HINT_TO_SPLIT = "split the expression with assignments, one a line: z = W*x"

_T = TypeVar("_T")

_CLOSING = {"(": ")", "[": "]"}
#: The tokens that an operand begins with.
_OPERAND_KINDS = frozenset({"number", "name", "(", "[", "∂", "√"})


class TokenStream:
    """One text, its tokens and how far it is read."""

    def __init__(
        self,
        source: str,
        name: str | None = None,
        *,
        lines: bool = False,
        scope: Scope | None = None,
        tokens: Sequence[Token] | None = None,
    ) -> None:
        if not isinstance(source, str):
            raise ParseError(f"text is expected, not {type(source).__name__}")
        self.source = source
        self.name = name
        self.scope = scope or Scope()
        if tokens is None:
            tokens = lex(source, name, lines=lines)
            self.scope.reading.texts.append(tokens)
        self.tokens = tokens
        #: What is read more than once around the place, for the places of mistakes.
        self.within: tuple[tuple[str, Span], ...] = ()
        self.go_to(0)
        self.brackets: list[Token] = []
        self.depth = 0
        #: How many comprehensions are open around the place.
        self.comprehensions = 0
        #: The bare names of the expression being read.
        self.uses: Spans = []

    # --- reading ----------------------------------------------------------------------------------------------------

    def go_to(self, at: int) -> None:
        """Go on with another token."""
        self.at = at
        #: The token in place, the next one to be read.
        self.token = self.tokens[at]
        #: Where the last token ended that was read.
        self.end = self.tokens[at - 1].end if at else 0

    def advance(self) -> Token:
        """Read one token."""
        token = self.token
        self.end = token.end
        if token.kind != "end":
            self.at += 1
            self.token = self.tokens[self.at]
        return token

    def peek(self, ahead: int = 1) -> str:
        """The kind of a token further on."""
        return self.tokens[min(self.at + ahead, len(self.tokens) - 1)].kind

    def expect(self, kind: str, expected: str) -> Token:
        """Read a token of this kind, or say what was expected."""
        if self.token.kind != kind:
            self.unexpected(expected)
        return self.advance()

    def separated(self, item: Callable[[TokenStream], _T], separator: str = ",") -> list[_T]:
        """Read one or more items with separators between them."""
        items = [item(self)]
        while self.token.kind == separator:
            self.advance()
            items.append(item(self))
        return items

    def whole(self, production: Callable[[TokenStream], _T]) -> _T:
        """What `production` reads, which must be the whole text."""
        try:
            result = production(self)
        except RecursionError:
            raise ParseError("nested too deeply", self.place(self.token), hint=HINT_TO_SPLIT) from None
        if self.token.kind != "end":
            self.unexpected("an operator or the end")
        return result

    # --- nesting ----------------------------------------------------------------------------------------------------

    def open(self) -> Token:
        """Read an opening bracket."""
        token = self.advance()
        self.brackets.append(token)
        self.enter(token)
        return token

    def close(self, expected: str = "an operator") -> None:
        """Read the bracket that closes the innermost open one."""
        closing = _CLOSING[self.brackets[-1].kind]
        if self.token.kind != closing:
            self.unexpected(f"{expected} or `{closing}`")
        self.advance()
        self.brackets.pop()
        self.depth -= 1

    def enter(self, token: Token) -> None:
        """Count one level of nesting."""
        self.depth += 1
        if self.depth > MAX_NESTING:
            self.fail(f"nested more than {MAX_NESTING} levels deep", self.place(token), HINT_TO_SPLIT)

    def leave(self, levels: int = 1) -> None:
        """Leave levels of nesting that were entered."""
        self.depth -= levels

    # --- places -----------------------------------------------------------------------------------------------------

    def place(self, token: Token) -> Span:
        """The place of a token."""
        return Span(self.source, token.start, max(1, token.end - token.start), self.name, self.within)

    def since(self, start: int) -> Span:
        """The place from `start` to the end of what was read."""
        return Span(self.source, start, max(1, self.end - start), self.name, self.within)

    def node(self, head: str, args: tuple[Form, ...], start: int, value: Any = None) -> Form:
        """A node that began at `start` and ends with the last token read."""
        return Form(head, args, value, span=Span(self.source, start, self.end - start, self.name, self.within))

    # --- mistakes ---------------------------------------------------------------------------------------------------

    def fail(
        self, message: str, span: Span, hint: str | None = None, related: tuple[tuple[str, Span], ...] = ()
    ) -> NoReturn:
        """Raise the error of a mistake."""
        raise ParseError(message, span, hint=hint, related=related)

    def unexpected(self, expected: str) -> NoReturn:
        """Say what is wrong with the token in place, when `expected` was to come after what is complete."""
        token = self.token
        kind, place = token.kind, self.place(token)
        self.check_open_bracket()
        if kind in (")", "]"):
            self.fail(f"`{kind}` closes no bracket", place, "take it away, or open one before it")
        if kind in _OPERAND_KINDS and self.at and self.tokens[self.at - 1].kind not in (",", ":", "newline", ";"):
            self._two_operands()
        if kind == "if":
            hint = "conditions compare indices, as in [i,j: A[i,j] if i==j else 0]"
            self.fail("a condition stands only inside of [..: ...] or sum[..: ...]", place, hint)
        if kind in ("==", "!="):
            hint = "write [i,j: A[i,j] if i==j else 0]; a claim has one `=`"
            self.fail(f"`{kind}` compares indices after `if`", place, hint)
        if kind == "=":
            self.fail("`=` has no place here", place, "an assignment is `name = expression`, one a line")
        if kind in ("end", "newline"):
            self.fail(f"{expected} is expected before {_described(token)}", place)
        self.fail(f"{_described(token)} has no place here: {expected} is expected", place)

    def check_open_bracket(self) -> None:
        """If an open bracket explains why the token in place does not fit, say so."""
        if not self.brackets:
            return
        token, opener = self.token, self.brackets[-1]
        related = ((f"`{opener.kind}` is opened here", self.place(opener)),)
        closing = _CLOSING[opener.kind]
        if token.kind in (")", "]") and token.kind != closing:
            self.fail(f"`{token.kind}` closes a `{opener.kind}`", self.place(token), f"write `{closing}`", related)
        if token.kind == "end" or "\n" in self.source[self.end : token.start]:
            end = self.place(Token("end", "", self.end, self.end))
            self.fail(f"`{opener.kind}` is not closed", end, f"add the missing `{closing}`", related)

    def _two_operands(self) -> NoReturn:
        """Two operands stand side by side: say how a product is written."""
        before, token = self.tokens[self.at - 1], self.token
        span = self.place(before).through(self.place(token))
        left, right = self.source[before.start : before.end], self.source[token.start : token.end]
        hint = "put an operator such as `*` between them"
        if before.kind in ("number", "name") and token.kind in ("number", "name"):
            hint = f"write {left}*{right}"
        elif token.kind == "(":
            hint = "write `*` before the bracket for a product"
        self.fail("two operands stand side by side", span, hint)

    def missing_operand(self) -> NoReturn:
        """Nothing that a value can begin with stands where one is needed."""
        token = self.token
        before = self.tokens[self.at - 1] if self.at else None
        after = f" after `{before.text}`" if before and before.kind not in ("newline", ";") else ""
        if token.kind in ("end", "newline"):
            if before is None or not after:
                self.fail("there is no expression", self.place(token), "write one, such as x'*A*x")
            self.fail(f"an operand is missing{after}", self.place(before))
        if token.kind == "superscript":
            self.fail("a superscript follows what it is a power of", self.place(token))
        if token.kind in (")", "]") and not self.brackets:
            self.fail(f"`{token.kind}` closes no bracket", self.place(token))
        hint = None
        if token.kind == "=":
            hint = "one `=` assigns; conditions compare indices with == and !="
        elif token.kind in KEYWORDS:
            hint = f"`{token.kind}` is a word of the language and no name"
        self.fail(f"an operand is missing{after}, before {_described(token)}", self.place(token), hint)


def _described(token: Token) -> str:
    """A token as it is named in a message."""
    names = {"end": "the end of the text", "newline": "the end of the line"}
    return names.get(token.kind, f"`{token.text[:40]}`")
