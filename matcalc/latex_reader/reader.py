"""The tokens of one LaTeX text, how far they are read, what is open, and what is wrong where reading stops.

Every reading function takes a `Reader` and moves it past what it reads.  The grammar is recursive: what stands in braces
is an expression again, so the reader carries the three functions that all others need (`Grammar`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

from matcalc.errors import ParseError, Span
from matcalc.form import Form
from matcalc.latex_reader.kinds import kind_of
from matcalc.latex_reader.lexer import Token, lex, unknown_command
from matcalc.latex_reader.scope import Scope
from matcalc.latex_reader.symbols import KNOWN, PAIRS, SWITCHES, UNREAD
from matcalc.parser import MAX_NESTING

__all__ = ["Reader", "Grammar", "described"]

#: Tokens that are no argument of a command.
NO_ARGUMENT = frozenset({"end", "}", "close", "row", "&", "case", "finish", "^", "_", "=", "+", "-"})
HINT_TO_SPLIT = "split the formula with assignments: z = W x"


@dataclass(frozen=True)
class Grammar:
    """What reads a sum, a product up to the next `+` or `-`, factors side by side, one factor, and one symbol."""

    expression: Callable[[Reader], Form]
    term: Callable[[Reader], Form]
    #: Its second argument is the first factor, if that was read already.
    juxtaposition: Callable[[Reader, Form | None], Form]
    factor: Callable[[Reader], Form]
    single: Callable[[Reader], Form]
    operand_ahead: Callable[[Reader], bool]


class Reader:
    """One text, its tokens and how far it is read."""

    def __init__(self, source: str, scope: Scope, grammar: Grammar, name: str | None = None) -> None:
        self.source = source
        self.scope = scope
        self.grammar = grammar
        self.name = name
        self.tokens = lex(source, name)
        self.pairs = _pairs(self.tokens)
        self.at = 0
        #: Where reading goes on instead of at some tokens, which were read before.
        self.jumps: dict[int, int] = {}
        #: The token in place, the next one to be read.
        self.token = self.tokens[0]
        #: Where the last token ended that was read.
        self.end = 0
        #: Whether the token in place is the first digit of the one that follows.
        self.held = False
        #: What is open around the place: fences and braces.
        self.open: list[Token] = []
        self.depth = 0
        #: The style of letters that a group around the place sets.
        self.style: str | None = None
        #: True inside of the argument of a function that stands without parentheses.
        self.bare_argument = False
        #: Where the argument of a function ended that stands without parentheses, which function it is.
        self.bare_call: tuple[int, Span] | None = None
        #: The forms that stand in parentheses, kept so that none of their ids is used again.
        self.fenced: dict[int, Form] = {}
        #: Zeros without sizes, which stand only alone.
        self.zeros: list[Form] = []
        self.kinds: dict[int, tuple[Form, str | None]] = {}

    # --- reading ----------------------------------------------------------------------------------------------------

    def advance(self) -> Token:
        """Read one token."""
        token = self.token
        self.end = token.end
        if token.kind != "end":
            self.move(self.at + (not self.held))
            self.held = False
        return token

    def move(self, at: int) -> None:
        """Go to a token."""
        self.at = self.jumps.get(at, at)
        self.token = self.tokens[self.at]

    def peek(self, ahead: int = 1) -> Token:
        """A token further on."""
        return self.tokens[min(self.at + ahead, len(self.tokens) - 1)]

    def cut(self, at: int) -> None:
        """Take the tokens from `at` to the place out; those of a subscript that was read before what stands above."""
        self.jumps[at] = self.at

    def is_command(self, *words: str) -> bool:
        """Whether the token in place is one of these commands."""
        return self.token.kind == "command" and self.token.text in words

    def expect(self, kind: str, expected: str) -> Token:
        """Read a token of this kind, or say what was expected."""
        if self.token.kind != kind:
            self.unexpected(expected)
        return self.advance()

    def skip(self, *kinds: str) -> None:
        """Skip all tokens of some kinds."""
        while self.token.kind in kinds:
            self.advance()

    # --- groups -----------------------------------------------------------------------------------------------------

    def enter(self) -> Token:
        """Read what opens a group or a fence."""
        token = self.advance()
        self.open.append(token)
        self.depth += 1
        if self.depth > MAX_NESTING:
            self.fail(f"nested more than {MAX_NESTING} levels deep", self.place(token), HINT_TO_SPLIT)
        return token

    def leave(self) -> Token:
        """Read what closes the innermost group or fence."""
        if not _closes(self.token, self.open[-1]):
            self.unexpected("an operator")
        self.open.pop()
        self.depth -= 1
        return self.advance()

    def split_number(self) -> None:
        """Part a number after its first digit, as TeX does for arguments without braces."""
        token = self.token
        self.tokens[self.at] = Token("number", token.text[1:], token.start + 1, token.end)
        self.token = Token("number", token.text[:1], token.start, token.start + 1)
        self.held = True

    def enter_environment(self, begin: Token) -> None:
        """Begin what stands in an environment, whose \\begin was read."""
        self.open.append(begin)
        self.depth += 1
        if self.depth > MAX_NESTING:
            self.fail(f"nested more than {MAX_NESTING} levels deep", self.place(begin), HINT_TO_SPLIT)

    def leave_environment(self) -> None:
        """Read the \\end of the innermost environment."""
        self.expect("finish", "the end of the environment")
        self.open.pop()
        self.depth -= 1

    def group(self, what: str) -> Form:
        """The expression in the braces that follow, or the one symbol that an argument without braces is."""
        if self.token.kind == "{":
            start = self.token.start
            self.enter()
            if self.token.kind == "}":
                self.fail(f"{what} is empty", Span(self.source, start, self.token.end - start, self.name))
            style, bare = self.style, self.bare_argument
            self.bare_argument = False
            self.switch()
            form = self.grammar.expression(self)
            self.style, self.bare_argument = style, bare
            self.leave()
            return form
        if self.token.kind in NO_ARGUMENT:
            self.fail(f"{what} is missing", self.place(self.token), "write it in braces: {...}")
        return self.grammar.single(self)

    def switch(self) -> None:
        """Read switches of letters, such as `\\bf`, which hold to the end of the group."""
        while self.token.kind == "command" and self.token.text in SWITCHES:
            self.style = SWITCHES[self.advance().text]

    def closing(self, opener: int) -> int | None:
        """Where the group or fence at a token is closed, or None."""
        return self.pairs.get(opener)

    # --- forms ------------------------------------------------------------------------------------------------------

    def node(self, head: str, args: tuple[Form, ...], start: int, value: Any = None) -> Form:
        """A node that began at `start` and ends with the last token read."""
        return Form(head, args, value, span=self.since(start))

    def kind(self, form: Form) -> str | None:
        """The kind of a form, as far as it can be told before inference; None where it cannot."""
        return kind_of(form, self.scope.kind, self.kinds, self.scope.layout)

    # --- places -----------------------------------------------------------------------------------------------------

    def place(self, token: Token) -> Span:
        """The place of a token."""
        return Span(self.source, token.start, max(1, token.end - token.start), self.name)

    def since(self, start: int) -> Span:
        """The place from `start` to the end of what was read."""
        return Span(self.source, start, max(1, self.end - start), self.name)

    # --- mistakes ---------------------------------------------------------------------------------------------------

    def fail(
        self, message: str, span: Span, hint: str | None = None, related: tuple[tuple[str, Span], ...] = ()
    ) -> NoReturn:
        """Raise the error of a mistake."""
        raise ParseError(message, span, hint=hint, related=related)

    def unexpected(self, expected: str) -> NoReturn:
        """Say what is wrong with the token in place, when `expected` was to come after what is complete."""
        token, place = self.token, self.place(self.token)
        self.check_command(token)
        if self.open:
            self.check_open()
        if token.kind in ("close", "}"):
            self.fail(f"`{token.text}` closes nothing", place, "take it away, or open something before it")
        if token.kind == "end":
            self.fail(f"{expected} is expected before the end", place)
        self.fail(f"{described(token)} has no place here: {expected} is expected", place)

    def check_command(self, token: Token) -> None:
        """If a token is a command that is not read here, say so."""
        if token.kind == "command" and (token.text in UNREAD or token.text not in KNOWN):
            message, hint = unknown_command(token)
            self.fail(message, self.place(token), hint)
        if token.kind == "relation":
            self.fail(f"`{token.text}` is no equation", self.place(token), "only equations are read")

    def check_open(self) -> None:
        """If something that is open explains why the token in place does not fit, say so."""
        token, opener = self.token, self.open[-1]
        if opener.kind == "begin":
            if token.kind == "end":
                self.fail(f"\\begin{{{opener.text}}} is not ended", self.place(opener), f"add \\end{{{opener.text}}}")
            return
        wanted = "}" if opener.kind == "{" else PAIRS[opener.text]
        shown = self.source[opener.start : opener.end]
        related = ((f"`{shown}` is opened here", self.place(opener)),)
        if token.kind in ("close", "}"):
            closer = self.source[token.start : token.end]
            self.fail(f"`{closer}` closes `{shown}`", self.place(token), f"write `{wanted}`", related)
        if token.kind in ("end", "row", "finish", "case", "math", "="):
            self.fail(f"`{shown}` is not closed", self.place(opener), f"add the missing `{wanted}`")

    def missing_operand(self) -> NoReturn:
        """Nothing that a value can begin with stands where one is needed."""
        token = self.token
        self.check_command(token)
        before = self.tokens[self.at - 1] if self.at else None
        if before is None and token.kind == "end":
            hint = "write one, such as \\mathbf{x}^\\top \\mathbf{A} \\mathbf{x}"
            self.fail("there is no formula", self.place(token), hint)
        if token.kind in ("close", "}") and not self.open:
            self.fail(f"`{token.text}` closes nothing", self.place(token))
        after = f" after {described(before)}" if before is not None else ""
        place = before if token.kind in ("end", "row", "finish", "}", "close") and before is not None else token
        self.fail(f"an operand is missing{after}", self.place(place))


def _pairs(tokens: list[Token]) -> dict[int, int]:
    """Where each group and each fence that shows its side is closed; those that do not match are left out."""
    found: dict[int, int] = {}
    stack: list[int] = []
    for at, token in enumerate(tokens):
        if token.kind in ("{", "open"):
            stack.append(at)
        elif token.kind in ("}", "close") and stack:
            opener = stack.pop()
            if _closes(token, tokens[opener]):
                found[opener] = at
    return found


def _closes(token: Token, opener: Token) -> bool:
    """Whether a token closes what another one opens."""
    if opener.kind == "begin":
        return False
    if opener.kind == "{" or token.kind == "}":
        return token.kind == "}" and opener.kind == "{"
    return token.kind in ("close", "bar") and token.text == PAIRS[opener.text]


def described(token: Token) -> str:
    """A token as it is named in a message."""
    names = {"end": "the end of the text", "row": "the end of the row", "finish": "the end of the environment"}
    return names.get(token.kind, f"`{token.text[:40]}`")
