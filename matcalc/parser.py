"""Parsing: text to untyped forms, declarations and programs.

The grammar, loosest first; each level is one method of `Parser`::

    expression  signs product (("+" | "-") product)* ["if" condition "else" expression]
                                                                        the condition only inside of [..: ...]
    product     factor (("*" | "@" | "/" | ".*" | "./" | "⊗") factor)*          one level, from the left
    factor      signs atom (transpose | "[" indices "]" | superscript | ("^" | ".^") exponent)*
    atom        number | name | name "(" arguments ")" | f'(E) | "(" expression ")" | "√" atom
                | "[" indices ":" expression "]" | "sum" "[" indices ":" expression "]"
                | "d" "(" E ")" "/" "d" "(" X ")" | "∂" operand "/" "∂" operand

A sum and a chain of `*` are one node however long they are; what is nested more than `MAX_NESTING` brackets or
`MAX_DEPTH` nodes deep is refused, so that a recursion over one expression is safe.

It is a hand-written Pratt parser and not a lark LALR grammar.  Measured on one 2-core machine, Python 3.11, CPU time,
against a bare LALR grammar of the expressions alone (no declarations, no forms made of its trees):

                                  lark     this module
    import (bytecode cached)      38 ms    7 ms, most of it `dataclasses` and `fractions`
    building the tables           24 ms    none
    `x'*A*x`                      0.055 ms 0.017 ms
    a line of 60 characters       0.34 ms  0.11 ms

The 60 ms of start-up would be more than click takes.  Above all the places and the wording of errors are our own: the
common mistakes (`2x`, an open bracket, a missing operand, a condition outside of brackets) are told apart where they
occur instead of being read off a set of expected tokens.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from typing import Any, NoReturn, TypeVar

from matcalc.errors import DeclarationError, ParseError, Span, UnknownNameError
from matcalc.form import Axis, Dimension, Form, subforms
from matcalc.lexer import KEYWORDS, Token, lex, spell

__all__ = [
    "Declaration",
    "Program",
    "parse_expression",
    "parse_claim",
    "parse_declarations",
    "parse_program",
    "parse_statements",
    "nearest",
    "PROPERTIES",
    "MAX_NESTING",
    "MAX_DEPTH",
]

#: The deepest nesting of brackets and exponents, and of nodes, in one expression.
MAX_NESTING = 150
MAX_DEPTH = 250

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

_T = TypeVar("_T")

_ORDERS = {"scalar": 0, "vector": 1, "matrix": 2, "function": 0}
_PRODUCTS = {"*": "mul", "@": "mul", "/": "div", ".*": "times", "./": "rdiv", "⊗": "kron"}
_DERIVATIVES = {"grad": "grad", "gradient": "grad", "jacobian": "jacobian", "hessian": "hessian"}
_CONSTANT_HEADS = frozenset({"number", "neg", "add", "mul", "div", "power"})
_OPERAND_KINDS = frozenset({"number", "name", "(", "[", "∂", "√"})
_POSTFIXES = frozenset({"'", "[", "superscript", "^", ".^"})
_CLOSING = {"(": ")", "[": "]"}
_RESERVED = frozenset({"pi"})
#: Names that are written like functions and mean something of their own.
_BUILT_IN = frozenset({"delta", "d", *_DERIVATIVES})


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


@dataclass(frozen=True)
class Program:
    """Declarations, assignments in order, and the form whose value the program is."""

    declarations: dict[str, Declaration]
    assignments: dict[str, Form]
    output: Form
    output_name: str | None
    source: str
    #: Where each assigned name is assigned.
    places: dict[str, Span] = field(default_factory=dict)


@dataclass
class _Statements:
    """What has been read of a program."""

    declarations: dict[str, Declaration] = field(default_factory=dict)
    assignments: dict[str, Form] = field(default_factory=dict)
    places: dict[str, Span] = field(default_factory=dict)
    uses: dict[str, list[tuple[str, Span]]] = field(default_factory=dict)
    bare: Form | None = None


def parse_expression(text: str, *, name: str | None = None) -> Form:
    """The form of one expression; raises ParseError with the place of the mistake."""
    parser = Parser(text, name)
    return parser.whole(parser.expression)


def parse_claim(text: str, *, name: str | None = None) -> list[Form]:
    """The sides of a claim `E1 = E2 = ...`, at least two."""
    parser = Parser(text, name)
    return parser.whole(parser.claim)


def parse_declarations(lines: Iterable[str]) -> dict[str, Declaration]:
    """The declarations of all lines by name; several stand on one line when `;` parts them."""
    read = _Statements()
    for line in [lines] if isinstance(lines, str) else lines:
        parser = Parser(line, lines=True)
        parser.whole(partial(parser.statements, read, only="declaration"))
    return read.declarations


def parse_program(
    source: str, declare: Iterable[str] = (), *, name: str | None = None, of: str | None = None
) -> Program:
    """The program of `source`, with further declarations; its output is `of`, else what stands last."""
    read = _Statements(parse_declarations(declare))
    parser = Parser(source, name, lines=True)
    parser.whole(partial(parser.statements, read))
    if read.bare is None and not read.assignments:
        raise ParseError(
            "there is no expression",
            Span(source, 0, max(1, len(source)), name) if source.strip() else None,
            hint="write an expression such as x'*A*x, or assignments, one a line: z = W*x",
        )
    return _program(read, source, of)


def parse_statements(lines: Iterable[str], declare: Iterable[str] = ()) -> Program:
    """The program whose lines are given one by one; its output is the last assignment, or the number 0."""
    read = _Statements(parse_declarations(declare))
    sources = [lines] if isinstance(lines, str) else list(lines)
    for line in sources:
        parser = Parser(line, lines=True)
        parser.whole(partial(parser.statements, read))
    if read.bare is None and not read.assignments:
        read.bare = Form("number", (), Fraction(0), kind="scalar", shape=())
    return _program(read, "\n".join(sources), None)


def nearest(word: str, words: Iterable[str]) -> str | None:
    """The one of `words` that `word` most likely was meant to be, or None."""
    found = difflib.get_close_matches(word[:40], sorted(words), n=1, cutoff=0.6)
    return found[0] if found else None


def _program(read: _Statements, source: str, of: str | None) -> Program:
    """The checked program of what was read."""
    _check_order(read)
    output_name = None if read.bare is not None else next(reversed(read.assignments))
    if of is not None:
        output_name = spell(of)
        if output_name not in read.assignments:
            near = nearest(output_name, read.assignments)
            hint = f"did you mean `{near}`?" if near else "assigned are: " + (", ".join(read.assignments) or "none")
            raise UnknownNameError(f"`{of}` is not an assigned name of the program", hint=hint)
    output = read.bare if output_name is None else read.assignments[output_name]
    assert output is not None
    return Program(read.declarations, read.assignments, output, output_name, source, read.places)


def _check_order(read: _Statements) -> None:
    """Refuse names that are assigned and declared, or used before they are assigned."""
    for name, span in read.places.items():
        if name in read.declarations:
            raise DeclarationError(
                f"`{name}` is declared and assigned",
                span,
                hint="a declared name is a variable: leave out the declaration, or assign another name",
                related=((f"`{name}` is declared here", read.declarations[name].span),),
            )
    order = {name: at for at, name in enumerate(read.assignments)}
    for at, target in enumerate(read.assignments):
        for name, span in read.uses[target]:
            if order.get(name, -1) >= at:
                raise ParseError(
                    f"`{name}` is used before it is assigned",
                    span,
                    hint=f"assign `{name}` on an earlier line, or give one of the two another name",
                    related=((f"`{name}` is assigned here", read.places[name]),),
                )


class Parser:
    """One text, its tokens and how far it is read."""

    def __init__(self, source: str, name: str | None = None, *, lines: bool = False) -> None:
        if not isinstance(source, str):
            raise ParseError(f"text is expected, not {type(source).__name__}")
        self.source = source
        self.name = name
        self.tokens = lex(source, name, lines=lines)
        self.at = 0
        self.token = self.tokens[0]
        #: Where the last token ended that was read.
        self.end = 0
        self.brackets: list[Token] = []
        self.depth = 0
        #: How many comprehensions are open around the place.
        self.comprehensions = 0
        #: The bare names of the expression being read.
        self.uses: list[tuple[str, Span]] = []
        self.atoms: dict[str, Callable[[], Form]] = {
            "number": self.number,
            "name": self.named,
            "(": self.group,
            "[": self.comprehension,
            "∂": self.partial,
            "√": self.root,
        }

    # --- tokens -----------------------------------------------------------------------------------------------------

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
            self.fail(
                f"nested more than {MAX_NESTING} levels deep",
                self.place(token),
                hint="split the expression with assignments, one a line: z = W*x",
            )

    def place(self, token: Token) -> Span:
        """The place of a token."""
        return Span(self.source, token.start, max(1, token.end - token.start), self.name)

    def since(self, start: int) -> Span:
        """The place from `start` to the end of what was read."""
        return Span(self.source, start, max(1, self.end - start), self.name)

    def node(self, head: str, args: tuple[Form, ...], start: int, value: Any = None) -> Form:
        """A node that began at `start` and ends with the last token read."""
        return Form(head, args, value, span=Span(self.source, start, self.end - start, self.name))

    # --- errors -----------------------------------------------------------------------------------------------------

    def fail(
        self, message: str, span: Span, hint: str | None = None, related: tuple[tuple[str, Span], ...] = ()
    ) -> NoReturn:
        raise ParseError(message, span, hint=hint, related=related)

    def unexpected(self, expected: str) -> NoReturn:
        """Say what is wrong with the token in place, when `expected` was to come after what is complete."""
        token = self.token
        self.check_open_bracket(token)
        if token.kind in (")", "]"):
            hint = "take it away, or open one before it"
            self.fail(f"`{token.kind}` closes no bracket", self.place(token), hint)
        if token.kind in _OPERAND_KINDS and self.at and self.tokens[self.at - 1].kind not in (",", ":", "newline", ";"):
            self.two_operands(token)
        if token.kind == "if":
            self.fail(
                "a condition stands only inside of [..: ...] or sum[..: ...]",
                self.place(token),
                hint="conditions compare indices, as in [i,j: A[i,j] if i==j else 0]",
            )
        if token.kind in ("==", "!="):
            self.fail(
                f"`{token.kind}` compares indices after `if`",
                self.place(token),
                hint="write [i,j: A[i,j] if i==j else 0]; a claim has one `=`",
            )
        if token.kind == "=":
            hint = "an assignment is `name = expression`, one a line"
            self.fail("`=` has no place here", self.place(token), hint)
        if token.kind in ("end", "newline"):
            self.fail(f"{expected} is expected before {describe(token)}", self.place(token))
        self.fail(f"{describe(token)} has no place here: {expected} is expected", self.place(token))

    def check_open_bracket(self, token: Token) -> None:
        """If an open bracket explains why `token` does not fit, say so."""
        if not self.brackets:
            return
        opener = self.brackets[-1]
        related = ((f"`{opener.kind}` is opened here", self.place(opener)),)
        closing = _CLOSING[opener.kind]
        if token.kind in (")", "]") and token.kind != closing:
            self.fail(f"`{token.kind}` closes a `{opener.kind}`", self.place(token), f"write `{closing}`", related)
        if token.kind == "end" or "\n" in self.source[self.end : token.start]:
            end = self.place(Token("end", "", self.end, self.end))
            self.fail(f"`{opener.kind}` is not closed", end, f"add the missing `{closing}`", related)

    def two_operands(self, token: Token) -> NoReturn:
        """Two operands stand side by side: say how a product is written."""
        before = self.tokens[self.at - 1]
        span = self.place(before).through(self.place(token))
        left, right = self.source[before.start : before.end], self.source[token.start : token.end]
        hint = "put an operator such as `*` between them"
        if before.kind in ("number", "name") and token.kind in ("number", "name"):
            hint = f"write {left}*{right}"
        elif token.kind == "(":
            hint = "write `*` before the bracket for a product"
        self.fail("two operands stand side by side", span, hint=hint)

    def missing_operand(self) -> NoReturn:
        """Nothing that a value can begin with stands where one is needed."""
        token = self.token
        before = self.tokens[self.at - 1] if self.at else None
        after = f" after `{before.text}`" if before and before.kind not in ("newline", ";") else ""
        if token.kind in ("end", "newline"):
            if before is None or not after:
                self.fail("there is no expression", self.place(token), hint="write one, such as x'*A*x")
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
        self.fail(f"an operand is missing{after}, before {describe(token)}", self.place(token), hint=hint)

    # --- expressions ------------------------------------------------------------------------------------------------

    def whole(self, production: Callable[[], _T]) -> _T:
        """What `production` reads, which must be the whole text."""
        try:
            result = production()
        except RecursionError:
            hint = "split the expression with assignments, one a line: z = W*x"
            raise ParseError("nested too deeply", self.place(self.token), hint=hint) from None
        if self.token.kind != "end":
            self.unexpected("an operator or the end")
        return result

    def claim(self) -> list[Form]:
        sides = [self.expression()]
        while self.token.kind == "=":
            self.advance()
            sides.append(self.expression())
        if self.token.kind != "end":
            self.unexpected("an operator, `=` or the end")
        if len(sides) < 2:
            self.fail("a claim is an equation", self.since(0), hint="write it as E1 = E2")
        return sides

    def expression(self) -> Form:
        """A sum, in brackets of entries with a condition.  One level of nesting takes five Python frames at most."""
        start = self.token.start
        minus = self.token.kind in ("+", "-") and self.signs()
        form = self.product()
        if minus:
            form = self.node("neg", (form,), start)
        if self.token.kind in ("+", "-"):
            terms = [form]
            while self.token.kind in ("+", "-"):
                at = self.token.start
                minus = self.signs()
                term = self.product()
                terms.append(self.node("neg", (term,), at) if minus else term)
            form = self.node("add", tuple(terms), start)
        if self.token.kind == "if" and self.comprehensions:
            form = self.cases(form, start)
        if self.depth == 0:
            self.check_depth(form)
        return form

    def signs(self) -> bool:
        """Read signs; True if they make a minus."""
        minus = False
        while self.token.kind in ("+", "-"):
            minus ^= self.advance().kind == "-"
        return minus

    def product(self) -> Form:
        start = self.token.start
        form = self.factor()
        chain: list[Form] = []
        while (head := _PRODUCTS.get(self.token.kind)) is not None:
            if chain and head != "mul":
                form, chain = self.node("mul", tuple(chain), start), []
            self.advance()
            right = self.factor()
            if head == "mul":
                chain = chain or [form]
                chain.append(right)
            else:
                form = self.node(head, (form, right), start)
        return self.node("mul", tuple(chain), start) if chain else form

    def factor(self) -> Form:
        """An operand with its signs, transposes, entries and powers."""
        outer = self.token.start
        minus = self.token.kind in ("+", "-") and self.signs()
        start = self.token.start
        form = self.atoms.get(self.token.kind, self.missing_operand)()
        if self.token.kind in _POSTFIXES:
            form = self.postfix(form, start, transposable=True)
        return self.node("neg", (form,), outer) if minus else form

    def postfix(self, form: Form, start: int, *, transposable: bool) -> Form:
        """`form` with the transposes, entries and powers that follow it."""
        while True:
            kind = self.token.kind
            if kind == "'" and transposable:
                self.advance()
                form = self.node("transpose", (form,), start)
            elif kind == "[":
                form = self.entry(form, start)
            elif kind == "superscript":
                form = self.raised(form, start)
            elif kind in ("^", ".^"):
                self.advance()
                form = self.power(form, start, "power" if kind == "^" else "elpower")
            else:
                return form

    def raised(self, form: Form, start: int) -> Form:
        """`form` with the superscript that follows: A⁻¹, x², Aᵀ, A⁻ᵀ."""
        token = self.advance()
        if token.text in ("T", "+T"):
            return self.node("transpose", (form,), start)
        if token.text == "-T":
            return self.node("transpose", (self.node("power", (form, self.constant(-1, token)), start),), start)
        return self.node("power", (form, self.constant(int(token.text), token)), start)

    def constant(self, value: int, token: Token) -> Form:
        return Form("number", (), Fraction(value), kind="scalar", shape=(), span=self.place(token))

    def power(self, form: Form, start: int, head: str) -> Form:
        """`form` to the exponent that follows; `^T` is the transpose and `^-T` that of the inverse."""
        if head == "power" and (inverse := self.transpose_ahead()) is not None:
            if inverse:
                form = self.node("power", (form, self.constant(-1, self.advance())), start)
            self.advance()
            return self.node("transpose", (form,), start)
        return self.node(head, (form, self.exponent(head)), start)

    def transpose_ahead(self) -> bool | None:
        """None, or whether the exponent is `-T` and not `T`."""
        minus = self.token.kind == "-"
        at = min(self.at + minus, len(self.tokens) - 2)
        token = self.tokens[at]
        is_transpose = token.text == "T" and token.kind in ("name", "superscript")
        return minus if is_transpose and self.tokens[at + 1].kind not in ("(", "[") else None

    def exponent(self, head: str) -> Form:
        """The exponent of a power, which may be a power itself.

        The transpose in `x.^y'` belongs to y; in `X^-1'`, and after an exponent of numbers only, to the power.
        """
        self.enter(self.token)
        start = self.token.start
        minus = self.token.kind in ("+", "-") and self.signs()
        inner = self.token.start
        form = self.atoms.get(self.token.kind, self.missing_operand)()
        constant = all(part.head in _CONSTANT_HEADS for part in subforms(form))
        form = self.postfix(form, inner, transposable=head == "elpower" and not constant)
        self.depth -= 1
        while form.head == "neg" and form.args[0].head in ("neg", "number"):
            form, minus = form.args[0], not minus
        if minus and form.head != "number":
            return self.node("neg", (form,), start)
        if form.head == "number":
            value = -form.value if minus else form.value
            return Form("number", (), value, kind="scalar", shape=(), span=self.since(start))
        return form

    def check_depth(self, form: Form) -> None:
        """Refuse a form that is too deep for a recursion over it; forms without nesting are quick."""
        level = [form]
        for _ in range(MAX_DEPTH):
            level = [arg for node in level for arg in node.args if arg.args]
            if not level:
                return
        span = level[0].span or self.since(0)
        self.fail(
            f"nested more than {MAX_DEPTH} operations deep",
            span,
            hint="split the expression with assignments, one a line: z = W*x",
        )

    # --- atoms ------------------------------------------------------------------------------------------------------

    def number(self) -> Form:
        token = self.advance()
        text = token.text
        value = Fraction(int(text)) if text.isdigit() else Fraction(text + "0" if text.endswith(".") else text)
        return Form("number", (), value, kind="scalar", shape=(), span=self.place(token))

    def group(self) -> Form:
        opener = self.open()
        form = self.expression()
        self.close()
        form.span = self.since(opener.start)
        return form

    def root(self) -> Form:
        """`√x`, the square root of what follows; `√x²` could mean two things and is refused."""
        token = self.advance()
        self.enter(token)
        argument = self.atoms.get(self.token.kind, self.missing_operand)()
        self.depth -= 1
        if self.token.kind in ("^", ".^", "superscript", "'"):
            self.fail("√ without brackets before a power", self.since(token.start), hint="write sqrt(x)^2 or sqrt(x^2)")
        return self.node("call", (argument,), token.start, "sqrt")

    def named(self) -> Form:
        """A name, a call, `f'(E)`, `delta(i, j)`, `sum[l: E]` or `d(E)/d(X)`."""
        token = self.advance()
        following = self.token.kind
        if following == "(":
            if token.text == "delta" and (indices := self.delta_ahead()) is not None:
                return self.node("delta", (), token.start, indices)
            return self.called(token, self.arguments())
        if following == "'" and (order := self.primes_ahead()):
            for _ in range(order):
                self.advance()
            return self.unknown(token, order, self.arguments())
        if following == "[" and token.text == "sum" and self.indices_ahead():
            return self.bound("bsum", token.start)
        span = self.place(token)
        self.uses.append((token.text, span))
        return Form("name", (), token.text, span=span)

    def primes_ahead(self) -> int:
        """How many primes follow, if a bracket follows them: `f''(`; else 0."""
        order = 1
        while self.peek(order) == "'":
            order += 1
        return order if self.peek(order) == "(" else 0

    def unknown(self, token: Token, order: int, args: tuple[Form, ...]) -> Form:
        """`f'(E)`: a derivative of an unknown function."""
        if len(args) != 1:
            self.fail(f"`{token.text}` takes one argument, not {len(args)}", self.since(token.start))
        return self.node("unknown", args, token.start, (token.text, order))

    def arguments(self) -> tuple[Form, ...]:
        """The arguments of a call, in their brackets."""
        self.open()
        args: list[Form] = []
        if self.token.kind != ")":
            args.append(self.expression())
            while self.token.kind == ",":
                self.advance()
                args.append(self.expression())
        if self.token.kind == "=" and args and args[-1].head == "name":
            self.fail("arguments have no names", self.place(self.token), hint="write sum(X, 0) for sum(X, axis=0)")
        self.close("`,`, an operator")
        return tuple(args)

    def called(self, token: Token, args: tuple[Form, ...]) -> Form:
        """A call; `d(E)/d(X)`, `grad(E, X)`, `kron(A, B)` have heads of their own."""
        word = token.text
        if word == "d" and len(args) == 1 and self.derivative_ahead():
            self.advance()
            self.advance()
            variable = self.arguments()
            if len(variable) != 1:
                self.fail("d(...) takes one argument", self.since(token.start))
            return self.node("derivative", (args[0], variable[0]), token.start, "d")
        if word in _DERIVATIVES:
            if len(args) != 2:
                self.fail(f"`{word}` takes two arguments, an expression and a variable", self.since(token.start))
            return self.node("derivative", args, token.start, _DERIVATIVES[word])
        if word == "kron" and len(args) == 2:
            return self.node("kron", args, token.start)
        return self.node("call", args, token.start, word)

    def delta_ahead(self) -> tuple[str, str] | None:
        """Read `(i, j)` if it follows."""
        found = self.tokens[self.at : self.at + 5]
        if [t.kind for t in found] != ["(", "name", ",", "name", ")"]:
            return None
        for _ in found:
            self.advance()
        return found[1].text, found[3].text

    def derivative_ahead(self) -> bool:
        """True if `/d(` follows."""
        if self.token.kind != "/" or self.peek(2) != "(":
            return False
        token = self.tokens[self.at + 1]
        return token.kind == "name" and token.text == "d"

    def partial(self) -> Form:
        """`∂E/∂X`, where each of them is a name, a call, an entry or stands in brackets."""
        token = self.advance()
        form = self.partial_operand()
        if self.token.kind != "/" or self.peek() != "∂":
            self.fail(
                "∂ stands in a quotient ∂E/∂X",
                self.since(token.start),
                hint="put a longer expression in brackets: ∂(A*x)/∂x; second derivatives are hessian(E, X)",
            )
        self.advance()
        self.advance()
        variable = self.partial_operand()
        return self.node("derivative", (form, variable), token.start, "d")

    def partial_operand(self) -> Form:
        if self.token.kind == "superscript":
            self.fail("powers of ∂ are not read", self.place(self.token), hint="write hessian(E, X)")
        if self.token.kind not in ("name", "("):
            self.missing_operand()
        start = self.token.start
        form = self.group() if self.token.kind == "(" else self.named()
        return self.entry(form, start) if self.token.kind == "[" else form

    # --- entries ----------------------------------------------------------------------------------------------------

    def indices_ahead(self) -> bool:
        """True if `[i, j, ... :` follows."""
        at = self.at + 1
        while self.tokens[at].kind in ("name", "(", ")", ","):
            at += 1
        return at > self.at + 1 and self.tokens[at].kind == ":"

    def index(self) -> str:
        """One index."""
        if self.token.kind == "number":
            self.fail(
                "an index is a name, not a number",
                self.place(self.token),
                hint="bind indices with [i,j: ...] or sum[i: ...] and compare them with ==",
            )
        return self.expect("name", "an index name").text

    def entry(self, form: Form, start: int) -> Form:
        self.open()
        if self.token.kind == "]":
            self.fail("an entry needs indices", self.place(self.token), hint="write A[i,j] inside of [i,j: ...]")
        indices: list[str] = []
        lengths = [self.entry_indices(indices)]
        while self.token.kind == ",":
            self.advance()
            lengths.append(self.entry_indices(indices))
        self.close("`,`")
        if set(lengths) != {1}:
            form = self.node("split", (form,), start, tuple(lengths))
        return self.node("entry", (form,), start, tuple(indices))

    def entry_indices(self, indices: list[str]) -> int:
        """Add one index, or several of a compound axis in parentheses; how many they are."""
        if self.token.kind != "(":
            indices.append(self.index())
            return 1
        self.open()
        before = len(indices)
        indices.append(self.index())
        while self.token.kind == ",":
            self.advance()
            indices.append(self.index())
        self.close("`,`")
        return len(indices) - before

    def comprehension(self) -> Form:
        """`[i,j: E]`."""
        if not self.indices_ahead():
            opener = self.open()
            if self.token.kind == "]":
                self.fail("a tensor needs indices", self.since(opener.start), hint="write [i,j: A[j,i]]")
            self.check_open_bracket(self.token)
            self.fail(
                "a bracket [ begins with index names and `:`",
                self.place(opener),
                hint="write [i,j: A[j,i]]; entries are given by a rule, not one by one",
            )
        return self.bound("tensor", self.token.start)

    def bound(self, head: str, start: int) -> Form:
        """What binds indices: a tensor or a bound sum."""
        self.open()
        indices: list[str] = []
        lengths: list[int] = []
        while not indices or self.token.kind == ",":
            if indices:
                self.advance()
            lengths.append(self.bound_indices(indices, joined=head == "tensor"))
        self.expect(":", "`:`")
        self.comprehensions += 1
        body = self.expression()
        self.comprehensions -= 1
        self.close()
        form = self.node(head, (body,), start, tuple(indices))
        return form if set(lengths) == {1} else self.node("join", (form,), start, tuple(lengths))

    def bound_indices(self, indices: list[str], *, joined: bool) -> int:
        """Add one index, or several of a compound axis in parentheses; how many they are."""
        if not (joined and self.token.kind == "("):
            token = self.token
            if self.index() in indices:
                self.fail(f"the index `{token.text}` is bound twice", self.place(token))
            indices.append(token.text)
            return 1
        self.open()
        count = self.bound_indices(indices, joined=False)
        while self.token.kind == ",":
            self.advance()
            count += self.bound_indices(indices, joined=False)
        self.close("`,`")
        return count

    def cases(self, value: Form, start: int) -> Form:
        """`value if condition else expression`."""
        token = self.advance()
        self.enter(token)
        condition = self.condition()
        if self.token.kind != "else":
            self.check_open_bracket(self.token)
            self.fail("`else` is missing after the condition", self.place(token), hint="write `... if i==j else 0`")
        self.advance()
        otherwise = self.expression()
        self.depth -= 1
        return self.node("cases", (value, otherwise), start, condition)

    def condition(self, kind: str = "or") -> tuple[Any, ...]:
        """A condition on indices: `or` is looser than `and`, `and` than `not`."""
        left = self.condition("and") if kind == "or" else self.negation()
        levels = 0
        while self.token.kind == kind:
            self.enter(self.advance())
            levels += 1
            left = (kind, left, self.condition("and") if kind == "or" else self.negation())
        self.depth -= levels
        return left

    def negation(self) -> tuple[Any, ...]:
        if self.token.kind == "not":
            self.enter(self.advance())
            inner = self.negation()
            self.depth -= 1
            return ("not", inner)
        if self.token.kind == "(":
            self.open()
            inner = self.condition()
            self.close("`and`, `or`")
            return inner
        return self.comparison()

    def comparison(self) -> tuple[Any, ...]:
        """`i==j`, also chained: `i==j==k`."""
        left = self.compared()
        result: tuple[Any, ...] | None = None
        levels = 0
        while result is None or self.token.kind in ("==", "!="):
            if self.token.kind not in ("==", "!="):
                self.bad_comparison()
            operator = self.advance().kind
            right = self.compared()
            step = (operator, left, right)
            result = step if result is None else ("and", result, step)
            left = right
            levels += 1
            self.enter(self.token)
        self.depth -= levels
        return result

    def compared(self) -> str:
        if self.token.kind in ("end", "newline"):
            self.check_open_bracket(self.token)
        if self.token.kind != "name":
            self.bad_comparison()
        return self.advance().text

    def bad_comparison(self) -> NoReturn:
        self.check_open_bracket(self.token)
        hint = "step(x), maximum(a, b) and minimum(a, b) compare values"
        if self.token.kind == "=":
            hint = "write == for equal"
        self.fail("a condition compares index names with == or !=", self.place(self.token), hint=hint)

    # --- statements -------------------------------------------------------------------------------------------------

    def statements(self, read: _Statements, only: str | None = None) -> None:
        """Read statements up to the end into `read`."""
        while self.token.kind != "end":
            if self.token.kind in ("newline", ";"):
                self.advance()
                continue
            if self.declaration_ahead():
                self.add_declaration(read)
            elif only:
                self.fail(
                    "a declaration is expected",
                    self.place(self.token),
                    hint="write `name: kind`, as in x: vector, A: matrix(m, n), alpha: scalar, f: function",
                )
            else:
                self.add_statement(read)
            if self.token.kind not in ("newline", ";", "end"):
                self.unexpected("an operator or the end of the line")

    def add_statement(self, read: _Statements) -> None:
        """An assignment or the bare expression at the end."""
        if read.bare is not None:
            place = read.bare.span or self.place(self.token)
            self.fail(
                "only the last line is an expression without a name",
                place,
                hint="give it a name: y = ...",
                related=(("this comes after it", self.place(self.token)),),
            )
        self.uses = []
        target = None
        if self.token.kind == "name" and self.peek() == "=":
            target = self.advance()
            self.check_target(target, read)
            self.advance()
        form = self.expression()
        if target is None:
            read.bare = form
            return
        if self.token.kind == "=":
            self.fail("one line assigns one name", self.place(self.token))
        read.assignments[target.text] = form
        read.places[target.text] = self.place(target)
        read.uses[target.text] = self.uses

    def check_target(self, target: Token, read: _Statements) -> None:
        if target.text in _RESERVED:
            self.fail(f"`{target.text}` is a constant and cannot be assigned", self.place(target))
        if target.text in read.assignments:
            raise DeclarationError(
                f"`{target.text}` is assigned twice",
                self.place(target),
                hint="give the second value another name",
                related=((f"`{target.text}` is assigned here first", read.places[target.text]),),
            )

    def declaration_ahead(self) -> bool:
        """True if `name:` or `name(names):` follows."""
        if self.token.kind != "name":
            return False
        at = self.at + 1
        if self.tokens[at].kind == "(":
            at += 1
            while self.tokens[at].kind in ("name", ","):
                at += 1
            if self.tokens[at].kind != ")":
                return False
            at += 1
        return self.tokens[at].kind == ":"

    def add_declaration(self, read: _Statements) -> None:
        declaration = self.declaration()
        first = read.declarations.setdefault(declaration.name, declaration)
        same = (first.kind, first.axes, first.properties, first.arguments) == (
            declaration.kind,
            declaration.axes,
            declaration.properties,
            declaration.arguments,
        )
        if not same:
            raise DeclarationError(
                f"`{declaration.name}` is declared twice",
                declaration.span,
                related=(("it is declared here first", first.span),),
            )

    def declaration(self) -> Declaration:
        """`name[(arguments)]: kind[(axes)] properties`."""
        start = self.token.start
        name = self.advance()
        if name.text in _RESERVED:
            raise DeclarationError(f"`{name.text}` is a constant and cannot be declared", self.place(name))
        arguments = self.declared_arguments(name) if self.token.kind == "(" else ()
        self.advance()
        word = self.expect("name", "scalar, vector, matrix or function")
        kind = word.text
        if kind not in _ORDERS:
            near = nearest(kind, _ORDERS)
            hint = f"did you mean `{near}`?" if near else "the kinds are scalar, vector, matrix and function"
            raise DeclarationError(f"`{kind}` is not a kind of value", self.place(word), hint=hint)
        axes = self.declared_axes(kind, word)
        properties = self.declared_properties(kind, axes)
        self.check_function(name, kind, arguments)
        return Declaration(name.text, kind, axes, properties, arguments, self.since(start))

    def check_function(self, name: Token, kind: str, arguments: tuple[str, ...]) -> None:
        if kind == "function" and arguments:
            raise DeclarationError(
                "an unknown function is declared without arguments",
                self.place(name),
                hint=f"write `{name.text}: function`, or `{name.text}({', '.join(arguments)}): scalar`",
            )
        if kind == "function" and name.text in _BUILT_IN:
            raise DeclarationError(f"`{name.text}` is a function of the language", self.place(name))

    def declared_arguments(self, name: Token) -> tuple[str, ...]:
        """The names that a variable depends on."""
        self.open()
        arguments = [self.expect("name", "the name of a variable")]
        while self.token.kind == ",":
            self.advance()
            arguments.append(self.expect("name", "the name of a variable"))
        self.close("`,`")
        seen = {name.text, *_RESERVED}
        for token in arguments:
            if token.text in seen:
                raise DeclarationError(f"`{name.text}` cannot depend on `{token.text}` here", self.place(token))
            seen.add(token.text)
        return tuple(token.text for token in arguments)

    def declared_axes(self, kind: str, word: Token) -> tuple[Dimension | Axis | None, ...]:
        """The sizes of a declared variable; None for each one that is left to inference."""
        order = _ORDERS[kind]
        if self.token.kind != "(":
            return (None,) * order
        self.open()
        axes = [self.declared_axis()]
        while self.token.kind == ",":
            self.advance()
            axes.append(self.declared_axis())
        self.close("`,`")
        if len(axes) != order:
            forms = {"scalar": "scalar", "function": "function", "vector": "vector(n)", "matrix": "matrix(m, n)"}
            count = ("no sizes", "one size", "two sizes")[order]
            raise DeclarationError(
                f"a {kind} has {count}, not {len(axes)}", self.since(word.start), hint=f"write {forms[kind]}"
            )
        return tuple(axes)

    def declared_axis(self) -> Dimension | Axis:
        """A size: a positive whole number, a name, or a product of them."""
        parts: list[Dimension] = [self.dimension()]
        while self.token.kind == "*":
            self.advance()
            parts.append(self.dimension())
        return parts[0] if len(parts) == 1 else tuple(parts)

    def dimension(self) -> Dimension:
        token = self.token
        if token.kind == "name":
            return self.advance().text
        if token.kind == "number" and token.text.isdigit() and int(token.text) > 0:
            self.advance()
            return int(token.text)
        self.check_open_bracket(token)
        self.fail("a size is a positive whole number or a name", self.place(token), hint="write A: matrix(m, 3)")

    def declared_properties(self, kind: str, axes: Sequence[Dimension | Axis | None]) -> frozenset[str]:
        """The facts that a declaration states."""
        found: list[str] = []
        while self.token.kind in ("name", ","):
            if self.token.kind == ",":
                self.advance()
            start = self.token.start
            word = self.expect("name", "a property").text
            while self.token.kind == "-":
                self.advance()
                word += "-" + self.expect("name", "the rest of the property").text
            self.check_property(word, kind, axes, self.since(start))
            found.append(word)
        return frozenset(found)

    def check_property(self, word: str, kind: str, axes: Sequence[Dimension | Axis | None], span: Span) -> None:
        if word not in PROPERTIES:
            near = nearest(word, PROPERTIES)
            hint = f"did you mean `{near}`?" if near else "the properties are " + ", ".join(PROPERTIES)
            raise UnknownNameError(f"`{word}` is not a property", span, hint=hint)
        if kind not in PROPERTIES[word]:
            kinds = " or ".join(sorted(PROPERTIES[word]))
            raise DeclarationError(f"`{word}` is a property of a {kinds}, not of a {kind}", span)
        if word in SQUARE and None not in axes and axes[0] != axes[1]:
            raise DeclarationError(
                f"`{word}` needs a square matrix, but the sizes are {_size(axes[0])} and {_size(axes[1])}", span
            )


def describe(token: Token) -> str:
    """A token as it is named in a message."""
    names = {"end": "the end of the text", "newline": "the end of the line"}
    return names.get(token.kind, f"`{token.text[:40]}`")


def _size(axis: Dimension | Axis | None) -> str:
    return "*".join(map(str, axis)) if isinstance(axis, tuple) else str(axis)
