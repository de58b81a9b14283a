r"""Functions: what they are applied to, with and without parentheses, and unknown ones.

    \log(x)    \operatorname{tr} \mathbf{A} \mathbf{B}    \sin^2 x    \log \det \mathbf{X}    f'(x)    \sigma(z)    \max(0, x)

Without parentheses a function takes the factors that stand side by side behind it, up to the next function, sum or
operator.  What could be read in two ways then is an error.
"""

from __future__ import annotations

from matcalc.errors import Span
from matcalc.form import Form, number
from matcalc.latex_reader.names import Symbol
from matcalc.latex_reader.reader import Reader
from matcalc.latex_reader.scripts import power
from matcalc.latex_reader.subscripts import subscript
from matcalc.latex_reader.symbols import FUNCTIONS, TRANSPOSES, WORDS
from matcalc.operation import find_operation, operations
from matcalc.parser import nearest

__all__ = ["function_named", "applied", "unknown_applied", "arguments", "no_function", "logistic_derivative"]

#: Functions of several arguments.
_PAIRS = frozenset({"maximum", "minimum"})
#: Derivatives of element-wise functions that are written with a prime, in the language's other functions.
_PRIMED = frozenset({"sigmoid", "tanh", "relu", "exp", "sin", "softplus"})
#: Functions of the language that LaTeX writes otherwise, so that their words are no functions here.
_NOT_WORDS = frozenset({"ones", "zeros", "vector", "matrix"})


def function_named(word: str) -> str | None:
    """The function of the language that a command or an upright word stands for, or None."""
    if word in FUNCTIONS:
        return FUNCTIONS[word]
    if word in WORDS:
        return WORDS[word] or None
    if word == "jacobian":
        return word
    record = find_operation(word)
    return record.name if record is not None and word not in _NOT_WORDS else None


def no_function(reader: Reader, word: str, span: Span) -> None:
    """Say that an upright word is no function."""
    names = [key for record in operations() for key in (record.name, *record.aliases) if key not in _NOT_WORDS]
    near = nearest(word, [*names, *WORDS])
    hint = f"did you mean \\operatorname{{{near}}}? " if near else ""
    hint += f"an unknown function is declared, `{word}: function`"
    reader.fail(f"there is no function `{word}`", span, hint)


# --- arguments ------------------------------------------------------------------------------------------------------


def arguments(reader: Reader) -> tuple[Form, ...]:
    """The arguments in the fences that follow, parted by commas."""
    reader.enter()
    bare, reader.bare_argument = reader.bare_argument, False
    args = [reader.grammar.expression(reader)]
    while reader.token.kind in (",", ";"):
        reader.advance()
        args.append(reader.grammar.expression(reader))
    reader.bare_argument = bare
    reader.leave()
    return tuple(args)


def applied(reader: Reader, word: str, start: int) -> Form:
    """The function `word`, whose name was read, applied to what follows."""
    shown = reader.since(start)
    order = _prime(reader, word, shown)
    axis = _axis(reader, word) if reader.token.kind == "_" else None
    exponent = _exponent(reader, shown) if reader.token.kind == "^" else None
    if reader.token.kind == "_" and axis is None:
        axis = _axis(reader, word)
    form = _application(reader, word, start, shown, axis)
    if order:
        form = logistic_derivative(reader, word, form.args[0], start)
    return form if exponent is None else power(reader, form, exponent, start)


def _application(reader: Reader, word: str, start: int, shown: Span, axis: Form | None) -> Form:
    fenced = reader.token.kind == "open" and reader.token.text in ("(", "[", "\\{")
    if fenced:
        args = arguments(reader)
    elif reader.token.kind == "{":
        args = (reader.group("the argument"),)
    else:
        args = (_bare(reader, shown),)
        reader.bare_call = (reader.at, shown)
    if word == "jacobian":
        return _jacobian(reader, args, start)
    if word in _PAIRS:
        return _paired(reader, word, args, start)
    if word == "log" and not fenced and args[0].head == "call":
        inner = args[0]
        inner = inner.args[0] if inner.value == "abs" and inner.args[0].head == "call" else inner
        if inner.value == "det":
            return reader.node("call", inner.args, start, "logdet")
    return _checked_script(reader, word, reader.node("call", args if axis is None else (*args, axis), start, word), start)


def _checked_script(reader: Reader, word: str, form: Form, start: int) -> Form:
    """Refuse a superscript that may belong to the function or to its argument: the inverse of a trace."""
    if word in ("tr", "sum", "mean", "logdet") and reader.token.kind == "^":
        after = reader.peek(2) if reader.peek().kind == "{" else reader.peek()
        if after.text == "-" or after.text in TRANSPOSES:
            hint = "put the function in parentheses, or what is inside of them in a second pair"
            reader.fail("the superscript may belong to the function or to its argument", reader.place(reader.token), hint)
    return form


def _bare(reader: Reader, shown: Span) -> Form:
    """The argument of a function without parentheses: bars alone, else the factors that stand side by side."""
    if reader.token.kind in ("+", "-", "=", "end", "close", "}", "row", "relation", ",", "&", "case", "finish", "math", "/"):
        reader.fail(f"the argument of `{shown.text}` is missing", shown, "write it in parentheses")
    outer, reader.bare_argument = reader.bare_argument, True
    form = reader.grammar.factor(reader) if _bars_ahead(reader) else reader.grammar.juxtaposition(reader, None)
    reader.bare_argument = outer
    if reader.grammar.operand_ahead(reader) and reader.kind(form) != "scalar":
        hint = f"put the argument of `{shown.text}` in parentheses"
        reader.fail(f"how far does `{shown.text}` reach?", reader.place(reader.token), hint)
    return form


def _bars_ahead(reader: Reader) -> bool:
    return reader.token.text in ("|", "\\|") and reader.token.kind in ("open", "bar")


def _paired(reader: Reader, word: str, args: tuple[Form, ...], start: int) -> Form:
    """`max(a, b, c)`, from the left."""
    if len(args) < 2:
        hint = "write \\max(a, b), entry by entry; the largest entry of a vector is not read"
        reader.fail(f"`{word}` takes two arguments", reader.since(start), hint)
    form = args[0]
    for other in args[1:]:
        form = reader.node("call", (form, other), start, word)
    return form


def _jacobian(reader: Reader, args: tuple[Form, ...], start: int) -> Form:
    r"""`\operatorname{jacobian}(E, x)`, which is written so where J is a name."""
    if len(args) != 2 or args[1].head != "name":
        reader.fail("`jacobian` takes an expression and a name", reader.since(start), "write \\mathrm{J}_{\\mathbf{x}}(E)")
    return reader.node("derivative", args, start, "jacobian")


def _exponent(reader: Reader, shown: Span) -> Form:
    r"""The exponent of `\sin^2 x`, a positive number."""
    caret = reader.advance()
    token = reader.token
    if token.kind == "number" and len(token.text) > 1:
        reader.fail("an exponent without braces is one symbol", reader.place(token), f"write ^{{{token.text}}}")
    exponent = reader.group("the exponent")
    if exponent.head != "number" or exponent.value <= 0:
        hint = f"write ({shown.text} x)^{{-1}} for the power; inverse functions are \\arcsin, \\arccos, \\arctan"
        reader.fail("what stands above a function is a positive number", reader.place(caret), hint)
    return number(exponent.value, exponent.span)


def _axis(reader: Reader, word: str) -> Form | None:
    r"""The NumPy axis of `\operatorname{sum}_{0}`; nothing else may stand below a function."""
    below = subscript(reader)
    record = find_operation(word)
    if record is not None and record.axis and len(below.parts) == 1 and below.parts[0].isdigit():
        return number(int(below.parts[0]), below.span)
    hint = "declare a function of that name, or leave it out"
    if word == "log":
        hint = "logarithms are natural: write \\frac{\\log x}{\\log 2}"
    reader.fail(f"a subscript of `{word}` is not read", below.span, hint)


# --- primes and unknown functions -----------------------------------------------------------------------------------


def _prime(reader: Reader, word: str, shown: Span) -> int:
    """The number of primes behind a function of the language, at most one."""
    count = 0
    while reader.token.kind == "'":
        reader.advance()
        count += 1
    if count and (count > 1 or word not in _PRIMED):
        hint = f"write \\frac{{\\partial}}{{\\partial x}}, or declare an unknown function, f: function, for {shown.text}"
        reader.fail(f"this derivative of `{shown.text}` is not read", shown, hint)
    return count


def logistic_derivative(reader: Reader, word: str, arg: Form, start: int) -> Form:
    """The derivative of an element-wise function of the language, entry by entry."""
    same = reader.node("call", (arg,), start, word)
    if word in ("exp", "sin", "relu", "softplus"):
        other = {"exp": "exp", "sin": "cos", "relu": "step", "softplus": "sigmoid"}[word]
        return reader.node("call", (arg,), start, other)
    one = number(1, same.span)
    if word == "tanh":
        square = reader.node("elpower", (same, number(2)), start)
        return reader.node("add", (one, reader.node("neg", (square,), start)), start)
    rest = reader.node("add", (one, reader.node("neg", (same,), start)), start)
    return reader.node("times", (same, rest), start)


def unknown_applied(reader: Reader, symbol: Symbol, word: str) -> Form:
    """A declared unknown function, with its primes, applied to what stands in parentheses."""
    order = 0
    while reader.token.kind == "'":
        reader.advance()
        order += 1
    if reader.token.kind == "^":
        order += _order(reader, word)
    if reader.token.kind != "open":
        span = reader.since(symbol.start)
        reader.fail(f"`{word}` is a function: it needs an argument in parentheses", span, f"write {span.text}(x)")
    args = arguments(reader)
    if len(args) != 1:
        reader.fail(f"`{word}` takes one argument, not {len(args)}", reader.since(symbol.start))
    if order:
        return reader.node("unknown", args, symbol.start, (word, order))
    return reader.node("call", args, symbol.start, word)


def _order(reader: Reader, word: str) -> int:
    r"""The order of a derivative in a superscript: `f^{(4)}`, `f^{\prime\prime}`."""
    caret = reader.advance()
    end = reader.closing(reader.at)
    inner = reader.tokens[reader.at + 1 : end] if end is not None and end < reader.at + 12 else [reader.token]
    texts = [token.text for token in inner]
    if texts and all(text == "'" for text in texts):
        order = len(texts)
    elif len(texts) == 3 and texts[0] == "(" and texts[1].isdigit() and len(texts[1]) < 4:
        order = int(texts[1])
    else:
        hint = f"write ({word}(x))^2 for a power of its value, {word}'(x) or {word}^{{(4)}}(x) for a derivative"
        reader.fail("what stands above a function is the order of a derivative", reader.place(caret), hint)
    for _ in range(len(inner) + 2 if end is not None else 1):
        reader.advance()
    return order
