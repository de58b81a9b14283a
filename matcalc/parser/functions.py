"""Functions of the program: `layer(W, x, b) = tanh(W*x + b)`, and their calls.

A call is replaced by the body, which is read anew with what its parameters stand for, so that no later stage knows of
functions.  An argument that is more than a name or a number and stands in the body more than once becomes an assigned
value, which keeps `f(f(f(x)))` as short as it is written.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from matcalc.errors import DeclarationError, ParseError
from matcalc.form import Form, rewritten, subforms, with_arguments
from matcalc.lexer import Token
from matcalc.operation import find_operation
from matcalc.parser.scope import Argument, Definition, Lifted, Scope, Spans
from matcalc.parser.token_stream import TokenStream

__all__ = ["CONSTANTS", "call", "definition", "definition_ahead", "lifted_names"]

#: Names of values that cannot be hidden.
CONSTANTS = frozenset({"pi"})
#: How many rounds and calls around a place are told.
TOLD = 6

Read = Callable[[TokenStream], Form]


# --- definitions ----------------------------------------------------------------------------------------------------


def definition_ahead(stream: TokenStream) -> bool:
    """True if `name(...) =` follows."""
    if stream.token.kind != "name" or stream.peek() != "(":
        return False
    at = stream.at + 2
    while stream.tokens[at].kind in ("name", "number", ",", "[", "]", "+", "-"):
        at += 1
    return stream.tokens[at].kind == ")" and stream.tokens[at + 1].kind == "="


def definition(stream: TokenStream, expression: Read, built_in: Iterable[str]) -> Spans:
    """Read `name(parameters) = body`, of which the beginning is known to be there; the names that the body uses."""
    token = stream.advance()
    reading = stream.scope.reading
    _check_name(stream, token, built_in)
    parameters = _parameters(stream, token)
    stream.advance()
    made = Definition(
        token.text, parameters, stream.source, stream.name, stream.tokens, stream.at, stream.place(token)
    )
    trial = reading.trial()
    arguments = {word: Argument(word, None, trial.new_mark(word)) for word in parameters}
    scope = Scope(trial, arguments=arguments, trial=True)
    inner = TokenStream(stream.source, stream.name, tokens=stream.tokens, scope=scope)
    inner.go_to(stream.at)
    expression(inner)
    if inner.token.kind == "=":
        stream.fail("one line assigns one name", inner.place(inner.token))
    if token.text in inner.scope.reading.called:
        place = inner.scope.reading.called[token.text]
        stream.fail(f"`{token.text}` calls itself", place, "a function is replaced by its body, so it cannot contain itself")
    stream.go_to(inner.at)
    reading.functions[token.text] = made
    return inner.uses


def _check_name(stream: TokenStream, token: Token, built_in: Iterable[str]) -> None:
    """Refuse a name that means something else already."""
    word, reading = token.text, stream.scope.reading
    place = stream.place(token)
    if stream.scope.rounds:
        stream.fail("a function is defined outside of loops", place)
    if word in CONSTANTS:
        stream.fail(f"`{word}` is a constant", place, "give the function another name")
    if word in built_in or find_operation(word) is not None:
        stream.fail(f"`{word}` is a function of the language", place, f"give yours another name, such as my_{word}")
    if word in reading.functions:
        related = ((f"`{word}` is defined here first", reading.functions[word].place),)
        raise DeclarationError(f"`{word}` is defined twice", place, related=related)
    if word in reading.called:
        related = ((f"`{word}` is defined here", place),)
        hint = f"define `{word}` on a line above"
        raise ParseError(f"`{word}` is called before it is defined", reading.called[word], hint=hint, related=related)


def _parameters(stream: TokenStream, name: Token) -> tuple[str, ...]:
    stream.open()
    if stream.token.kind == ")":
        stream.fail("a function has a parameter", stream.place(name), f"a value without one is assigned: {name.text} = ...")
    found: list[str] = []
    for token in stream.separated(_parameter):
        if token.text in CONSTANTS:
            stream.fail(f"`{token.text}` is a constant and no parameter", stream.place(token))
        if token.text in found or token.text == name.text:
            stream.fail(f"the name `{token.text}` is taken", stream.place(token), "give the parameter another name")
        found.append(token.text)
    stream.close("`,`")
    return tuple(found)


def _parameter(stream: TokenStream) -> Token:
    if stream.token.kind != "name":
        stream.fail("a parameter is a name", stream.place(stream.token), "write f(x, y) = ... with names of your own")
    return stream.advance()


# --- calls ----------------------------------------------------------------------------------------------------------


def call(stream: TokenStream, made: Definition, values: tuple[Form, ...], start: int, expression: Read) -> Form:
    """What a call stands for: the body, with `values` for the parameters."""
    scope, reading = stream.scope, stream.scope.reading
    place = stream.since(start)
    if len(values) != len(made.parameters):
        raise _wrong_count(made, values, place)
    marks = {word: reading.new_mark(word) for word in made.parameters}
    arguments = {
        word: Argument(word, _plain(value), marks[word], *_indices(stream, value))
        for word, value in zip(made.parameters, values, strict=True)
    }
    binds = scope.inner.union(*(argument.binds for argument in arguments.values()))
    inner = TokenStream(
        made.source, made.file, tokens=made.tokens,
        scope=Scope(reading, arguments=arguments, outer=scope.indices, inner=binds, before=scope.path),
    )  # fmt: skip
    inner.go_to(made.at)
    inner.within = ((f"in this call of `{made.name}`", place), *stream.within)[:TOLD]
    inner.depth = stream.depth
    inner.enter(inner.token)
    inner.enter(inner.token)
    reading.arguments.update({argument.mark: argument for argument in arguments.values()})
    before = len(reading.lifted)
    form = expression(inner)
    reading.budget.spend(place, statements=1, tokens=inner.at - made.at)
    stream.uses += inner.uses
    _settle(stream, made, list(arguments.values()), form, before)
    return form


def _wrong_count(made: Definition, values: tuple[Form, ...], place: Any) -> ParseError:
    count = len(made.parameters)
    takes = f"{count} argument" + "s" * (count != 1)
    message = f"`{made.name}` takes {takes}, not {len(values)}"
    hint = f"write {made.name}({', '.join(made.parameters)})"
    return ParseError(message, place, hint=hint, related=((f"`{made.name}` is defined here", made.place),))


def _plain(form: Form) -> Form:
    """The argument; a number with signs is one number."""
    if form.head == "neg" and form.args[0].head == "number":
        return Form("number", (), -form.args[0].value, kind="scalar", shape=(), span=form.span)
    return form


def _settle(stream: TokenStream, made: Definition, arguments: list[Argument], form: Form, before: int) -> None:
    """Put each argument where its mark stands, or make it an assigned value where it stands more than once."""
    reading = stream.scope.reading
    marked: defaultdict[str, list[Form]] = defaultdict(list)
    for root in (form, *(value.form for value in reading.lifted[before:])):
        for part in subforms(root):
            if part.head == "name":
                marked[part.value].append(part)
    new = []
    for argument in arguments:
        assert argument.form is not None
        nodes = marked.get(argument.mark, [])
        if len(nodes) > 1 and not argument.indices:
            path = stream.scope.path
            new.append(Lifted(argument.mark, argument.form, made.name, argument.name, path, argument.form.span))
            continue
        for at, node in enumerate(nodes):
            _fill(node, argument.form if not at else _copied(stream, argument.form))
    reading.lifted[before:before] = new


def _fill(node: Form, value: Form) -> None:
    """Make a mark the value that it stands for; the node is not yet part of anything that is finished."""
    node.head, node.args, node.value, node.kind, node.shape = value.head, value.args, value.value, value.kind, value.shape


def _copied(stream: TokenStream, form: Form) -> Form:
    """The form again, all its nodes new."""
    size = sum(1 for _ in subforms(form))
    stream.scope.reading.budget.spend(form.span or stream.place(stream.token), copies=size)
    return rewritten(form, lambda part: with_arguments(part, part.args))


def _indices(stream: TokenStream, form: Form) -> tuple[frozenset[str], frozenset[str]]:
    """The indices of entries in an argument that are bound around it, and those that it binds itself."""
    around, arguments = stream.scope.indices, stream.scope.reading.arguments
    free: set[str] = set()
    binds: set[str] = set()
    stack: list[tuple[Form, frozenset[str]]] = [(form, frozenset())]
    while stack:
        part, bound = stack.pop()
        if part.head in ("tensor", "bsum"):
            bound = bound.union(part.value)
            binds.update(part.value)
        elif part.head == "name":
            held = arguments.get(part.value)
            free |= held.indices if held is not None else {part.value} & around
            binds |= held.binds if held is not None else set()
        elif part.head in ("entry", "delta", "cases"):
            free |= _words(part.value) - bound
        stack.extend((arg, bound) for arg in part.args)
    return frozenset(free), frozenset(binds)


def _words(value: Any) -> set[str]:
    """The words in an index list or a condition."""
    found: set[str] = set()
    stack = [value]
    while stack:
        part = stack.pop()
        if isinstance(part, tuple):
            stack.extend(part)
        elif isinstance(part, str):
            found.add(part)
    return found


# --- names of assigned values ---------------------------------------------------------------------------------------


def lifted_names(values: Iterable[Lifted], taken: Iterable[str]) -> dict[str, str]:
    """A name for each assigned value that was an argument: that of the parameter if nothing has it, with its round."""
    used = set(taken)
    found: dict[str, str] = {}
    for value in values:
        rounds = "".join(f"_{abs(k)}" for k in value.rounds)
        bases = (f"{value.parameter}{rounds}", f"{value.function}_{value.parameter}{rounds}")
        found[value.mark] = next((base for base in bases if base not in used), None) or _numbered(bases[1], used)
        used.add(found[value.mark])
    return found


def _numbered(base: str, used: set[str]) -> str:
    return next(name for k in range(2, len(used) + 3) if (name := f"{base}_{k}") not in used)
