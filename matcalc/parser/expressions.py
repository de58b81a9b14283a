"""Expressions: a Pratt parser, one function for each level of the grammar, loosest first.

    expression  signs product (("+" | "-") product)* ["if" condition "else" expression]
                                                                        the condition only inside of [..: ...]
    product     factor (("*" | "@" | "/" | ".*" | "./" | "⊗") factor)*          one level, from the left
    factor      signs operand (transpose | "[" indices "]" | superscript | ("^" | ".^") exponent)*
    operand     number | name | indexed | name "(" arguments ")" | f'(E) | "(" expression ")" | "√" operand
                | "[" indices ":" expression "]" | "sum" "[" indices ":" expression "]"
                | "sum" "[" name "in" range ":" expression "]"
                | "d" "(" E ")" "/" "d" "(" X ")" | "∂" E "/" "∂" X

A sum and a chain of `*` are one node however long they are; what is nested more than `MAX_NESTING` brackets or
`MAX_DEPTH` nodes deep is refused, so that a recursion over one expression is safe.  One level of nesting takes five
Python frames at most.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

from matcalc.form import Form, number, subforms
from matcalc.lexer import Token
from matcalc.parser.depth import check_depth
from matcalc.parser.functions import call
from matcalc.parser.indexed import size_of, value_of
from matcalc.parser.indices import binding_ahead, bound_indices, condition, delta_indices, entry_indices
from matcalc.parser.lookahead import denominator_ahead, primes_ahead, transpose_ahead
from matcalc.parser.loops import range_ahead, repeated
from matcalc.parser.scope import Reading, Scope
from matcalc.parser.token_stream import TokenStream

__all__ = ["expression", "claim", "parse_expression", "parse_claim", "BUILT_IN"]

_PRODUCTS = {"*": "mul", "@": "mul", "/": "div", ".*": "times", "./": "rdiv", "⊗": "kron"}
_DERIVATIVES = {"grad": "grad", "gradient": "grad", "jacobian": "jacobian", "hessian": "hessian"}
#: Names that are written like functions and mean something of their own.
BUILT_IN = frozenset({"delta", "d", *_DERIVATIVES})
#: Functions whose arguments are sizes.
_SIZED = frozenset({"eye", "ones", "zeros", "commutation"})
_POSTFIXES = frozenset({"'", "[", "superscript", "^", ".^"})
_CONSTANT_HEADS = frozenset({"number", "neg", "add", "mul", "div", "power"})


def parse_expression(text: str, *, name: str | None = None, numbers: Mapping[str, int] | None = None) -> Form:
    """The form of one expression; raises ParseError with the place of the mistake.

    `numbers` are names of whole numbers that indices may be counted with, as in `W[K]`.
    """
    scope = Scope(Reading(numbers=dict(numbers or {})))
    return TokenStream(text, name, scope=scope).whole(expression)


def parse_claim(text: str, *, name: str | None = None) -> list[Form]:
    """The sides of a claim `E1 = E2 = ...`, at least two."""
    return TokenStream(text, name).whole(claim)


def claim(stream: TokenStream) -> list[Form]:
    """The sides of a claim."""
    sides = stream.separated(expression, "=")
    if stream.token.kind != "end":
        stream.unexpected("an operator, `=` or the end")
    if len(sides) < 2:
        stream.fail("a claim is an equation", stream.since(0), "write it as E1 = E2")
    return sides


# --- sums and products ----------------------------------------------------------------------------------------------


def expression(stream: TokenStream) -> Form:
    """A sum, in brackets of entries with a condition."""
    start = stream.token.start
    minus = stream.token.kind in ("+", "-") and _signs(stream)
    form = _product(stream)
    if minus:
        form = stream.node("neg", (form,), start)
    if stream.token.kind in ("+", "-"):
        form = stream.node("add", (form, *_further_terms(stream)), start)
    if stream.token.kind == "if" and stream.comprehensions:
        form = _cases(stream, form, start)
    if stream.depth == 0:
        check_depth(stream, form)
    return form


def _further_terms(stream: TokenStream) -> list[Form]:
    """The terms of a sum after the first."""
    terms: list[Form] = []
    while stream.token.kind in ("+", "-"):
        start = stream.token.start
        minus = _signs(stream)
        term = _product(stream)
        terms.append(stream.node("neg", (term,), start) if minus else term)
    return terms


def _signs(stream: TokenStream) -> bool:
    """Read signs; True if they make a minus."""
    minus = False
    while stream.token.kind in ("+", "-"):
        minus ^= stream.advance().kind == "-"
    return minus


def _product(stream: TokenStream) -> Form:
    start = stream.token.start
    form = _factor(stream)
    chain: list[Form] = []
    while (head := _PRODUCTS.get(stream.token.kind)) is not None:
        if chain and head != "mul":
            form, chain = stream.node("mul", tuple(chain), start), []
        stream.advance()
        right = _factor(stream)
        if head == "mul":
            chain = chain or [form]
            chain.append(right)
        else:
            form = stream.node(head, (form, right), start)
    return stream.node("mul", tuple(chain), start) if chain else form


def _cases(stream: TokenStream, value: Form, start: int) -> Form:
    """`value if condition else expression`."""
    token = stream.advance()
    stream.enter(token)
    test = condition(stream)
    if stream.token.kind != "else":
        stream.check_open_bracket()
        stream.fail("`else` is missing after the condition", stream.place(token), "write `... if i==j else 0`")
    stream.advance()
    otherwise = expression(stream)
    stream.leave()
    return stream.node("cases", (value, otherwise), start, test)


# --- what follows an operand ----------------------------------------------------------------------------------------


def _factor(stream: TokenStream) -> Form:
    """An operand with its signs, transposes, entries and powers."""
    outer = stream.token.start
    minus = stream.token.kind in ("+", "-") and _signs(stream)
    start = stream.token.start
    form = _OPERANDS.get(stream.token.kind, TokenStream.missing_operand)(stream)
    if stream.token.kind in _POSTFIXES:
        form = _postfix(stream, form, start, transposable=True)
    return stream.node("neg", (form,), outer) if minus else form


def _postfix(stream: TokenStream, form: Form, start: int, *, transposable: bool) -> Form:
    """`form` with the transposes, entries and powers that follow it."""
    while True:
        kind = stream.token.kind
        if kind == "'" and transposable:
            stream.advance()
            form = stream.node("transpose", (form,), start)
        elif kind == "[":
            form = _entry(stream, form, start)
        elif kind == "superscript":
            form = _raised(stream, form, start)
        elif kind in ("^", ".^"):
            stream.advance()
            form = _power(stream, form, start, "power" if kind == "^" else "elpower")
        else:
            return form


def _entry(stream: TokenStream, form: Form, start: int) -> Form:
    """`form` at the indices that follow."""
    indices, lengths = entry_indices(stream)
    if set(lengths) != {1}:
        form = stream.node("split", (form,), start, lengths)
    return stream.node("entry", (form,), start, indices)


def _raised(stream: TokenStream, form: Form, start: int) -> Form:
    """`form` with the superscript that follows: A⁻¹, x², Aᵀ, A⁻ᵀ."""
    token = stream.advance()
    place = stream.place(token)
    if token.text in ("T", "+T"):
        return stream.node("transpose", (form,), start)
    if token.text == "-T":
        return stream.node("transpose", (stream.node("power", (form, number(-1, place)), start),), start)
    return stream.node("power", (form, number(int(token.text), place)), start)


def _power(stream: TokenStream, form: Form, start: int, head: str) -> Form:
    """`form` to the exponent that follows; `^T` is the transpose and `^-T` that of the inverse."""
    if head == "power" and (inverse := transpose_ahead(stream)) is not None:
        if inverse:
            minus = stream.place(stream.advance())
            form = stream.node("power", (form, number(-1, minus)), start)
        stream.advance()
        return stream.node("transpose", (form,), start)
    return stream.node(head, (form, _exponent(stream, head)), start)


def _exponent(stream: TokenStream, head: str) -> Form:
    """The exponent of a power, which may be a power itself.

    The transpose in `x.^y'` belongs to y; in `X^-1'`, and after an exponent of numbers only, to the power.
    """
    stream.enter(stream.token)
    start = stream.token.start
    minus = stream.token.kind in ("+", "-") and _signs(stream)
    inner, before = stream.token.start, stream.at
    form = _OPERANDS.get(stream.token.kind, TokenStream.missing_operand)(stream)
    constant = all(token.kind != "name" for token in stream.tokens[before : stream.at]) and all(
        part.head in _CONSTANT_HEADS for part in subforms(form)
    )
    form = _postfix(stream, form, inner, transposable=head == "elpower" and not constant)
    stream.leave()
    while form.head == "neg" and form.args[0].head in ("neg", "number"):
        form, minus = form.args[0], not minus
    if form.head == "number":
        return number(-form.value if minus else form.value, stream.since(start))
    return stream.node("neg", (form,), start) if minus else form


# --- operands -------------------------------------------------------------------------------------------------------


def _number(stream: TokenStream) -> Form:
    token = stream.advance()
    text = token.text
    value = Fraction(int(text)) if text.isdigit() else Fraction(text + "0" if text.endswith(".") else text)
    return number(value, stream.place(token))


def _group(stream: TokenStream) -> Form:
    """An expression in parentheses; its place takes them in."""
    opener = stream.open()
    form = expression(stream)
    stream.close()
    form.span = stream.since(opener.start)
    return form


def _root(stream: TokenStream) -> Form:
    """`√x`, the square root of what follows; `√x²` could mean two things and is refused."""
    token = stream.advance()
    stream.enter(token)
    argument = _OPERANDS.get(stream.token.kind, TokenStream.missing_operand)(stream)
    stream.leave()
    if stream.token.kind in ("^", ".^", "superscript", "'"):
        stream.fail("√ without brackets before a power", stream.since(token.start), "write sqrt(x)^2 or sqrt(x^2)")
    return stream.node("call", (argument,), token.start, "sqrt")


def _named(stream: TokenStream) -> Form:
    """A name, a call, `f'(E)`, `delta(i, j)`, `sum[l: E]` or `d(E)/d(X)`."""
    token = stream.advance()
    following = stream.token.kind
    if following == "(":
        if token.text == "delta" and (indices := delta_indices(stream)) is not None:
            return stream.node("delta", (), token.start, indices)
        return _called(stream, token, _arguments(stream))
    if following == "'" and (order := primes_ahead(stream)):
        return _primed(stream, token, order)
    if following == "[" and token.text == "sum" and range_ahead(stream):
        return repeated(stream, token.start, expression)
    if following == "[" and token.text == "sum" and binding_ahead(stream):
        return _bound(stream, "bsum", token.start)
    return value_of(stream, token)


def _primed(stream: TokenStream, token: Token, order: int) -> Form:
    """`f'(E)`: a derivative of an unknown function."""
    for _ in range(order):
        stream.advance()
    args = _arguments(stream)
    if len(args) != 1:
        stream.fail(f"`{token.text}` takes one argument, not {len(args)}", stream.since(token.start))
    return stream.node("unknown", args, token.start, (token.text, order))


def _arguments(stream: TokenStream) -> tuple[Form, ...]:
    """The arguments of a call, in their brackets."""
    stream.open()
    args: list[Form] = []
    if stream.token.kind != ")":
        args.append(expression(stream))  # not by `separated`, whose frame would count for each level of nesting
        while stream.token.kind == ",":
            stream.advance()
            args.append(expression(stream))
    if stream.token.kind == "=" and args and args[-1].head == "name":
        stream.fail("arguments have no names", stream.place(stream.token), "write sum(X, 0) for sum(X, axis=0)")
    stream.close("`,`, an operator")
    return tuple(args)


def _called(stream: TokenStream, token: Token, args: tuple[Form, ...]) -> Form:
    """A call; `d(E)/d(X)`, `grad(E, X)`, `kron(A, B)` have heads of their own."""
    word = token.text
    reading = stream.scope.reading
    if stream.scope.argument(word) is not None:
        stream.fail(f"`{word}` is a parameter, not a function", stream.place(token), "call the function itself")
    if word in reading.functions:
        return call(stream, reading.functions[word], args, token.start, expression)
    if word == "d" and len(args) == 1 and denominator_ahead(stream):
        stream.advance()
        stream.advance()
        variable = _arguments(stream)
        if len(variable) != 1:
            stream.fail("d(...) takes one argument", stream.since(token.start))
        return stream.node("derivative", (args[0], variable[0]), token.start, "d")
    if word in _DERIVATIVES:
        if len(args) != 2:
            message = f"`{word}` takes two arguments, an expression and a variable"
            stream.fail(message, stream.since(token.start))
        return stream.node("derivative", args, token.start, _DERIVATIVES[word])
    if word == "kron" and len(args) == 2:
        return stream.node("kron", args, token.start)
    if word in _SIZED:
        args = tuple([size_of(stream, arg) for arg in args])
    reading.called.setdefault(word, stream.place(token))
    return stream.node("call", args, token.start, word)


def _partial_derivative(stream: TokenStream) -> Form:
    """`∂E/∂X`, where each of them is a name, a call, an entry or stands in brackets."""
    token = stream.advance()
    form = _partial_operand(stream)
    if stream.token.kind != "/" or stream.peek() != "∂":
        stream.fail(
            "∂ stands in a quotient ∂E/∂X",
            stream.since(token.start),
            "put a longer expression in brackets: ∂(A*x)/∂x; second derivatives are hessian(E, X)",
        )
    stream.advance()
    stream.advance()
    variable = _partial_operand(stream)
    return stream.node("derivative", (form, variable), token.start, "d")


def _partial_operand(stream: TokenStream) -> Form:
    if stream.token.kind == "superscript":
        stream.fail("powers of ∂ are not read", stream.place(stream.token), "write hessian(E, X)")
    if stream.token.kind not in ("name", "("):
        stream.missing_operand()
    start = stream.token.start
    form = _group(stream) if stream.token.kind == "(" else _named(stream)
    return _entry(stream, form, start) if stream.token.kind == "[" else form


def _comprehension(stream: TokenStream) -> Form:
    """`[i,j: E]`."""
    start = stream.token.start
    if binding_ahead(stream):
        return _bound(stream, "tensor", start)
    opener = stream.open()
    if stream.token.kind == "]":
        stream.fail("a tensor needs indices", stream.since(start), "write [i,j: A[j,i]]")
    stream.check_open_bracket()
    stream.fail(
        "a bracket [ begins with index names and `:`",
        stream.place(opener),
        "write [i,j: A[j,i]]; entries are given by a rule, not one by one",
    )


def _bound(stream: TokenStream, head: str, start: int) -> Form:
    """What binds indices: a tensor or a bound sum."""
    stream.open()
    words, lengths = bound_indices(stream, compound=head == "tensor")
    around = stream.scope.bound
    stream.scope.bound = dict(around)
    indices = stream.scope.bind(words)
    stream.comprehensions += 1
    body = expression(stream)
    stream.comprehensions -= 1
    stream.scope.bound = around
    stream.close()
    form = stream.node(head, (body,), start, indices)
    return form if set(lengths) == {1} else stream.node("join", (form,), start, lengths)


#: What each token begins.
_OPERANDS: dict[str, Callable[[TokenStream], Form]] = {
    "number": _number,
    "name": _named,
    "(": _group,
    "[": _comprehension,
    "∂": _partial_derivative,
    "√": _root,
}
