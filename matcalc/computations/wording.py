"""The words of a computation: how derivatives, chains and shapes are written in its text and its drawings.

    df/dc    the derivative of f by c, where it is a symbol; d(f)/d(c) in the language
    *        the product of matrices, rows and columns
    :        the sum over all entries of what stands between, as in dJ/dZ:dZ/dW
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from matcalc.computations.answers import Rule
from matcalc.computations.graph import Graph
from matcalc.form import format_axis

__all__ = ["WIDTH", "chain_text", "readable", "shape_text", "signal_lines", "symbol", "wrapped"]

#: The columns of a terminal.
WIDTH = 79

#: A derivative of a name by a name, as the language writes it.
SYMBOL = re.compile(r"\bd\((\w+)\)/d\((\w+)\)")
#: Where a line may be broken: at spaces, else before operators.
BREAK = re.compile(r"(?<=[\w\])'])(?=\.[*/^]|[*/:])|(?<=,)|(?<= )")


def symbol(value: str, by: str) -> str:
    """The derivative of a value by another one."""
    return f"d{value}/d{by}"


def readable(text: str) -> str:
    """A text of the language with df/dc for d(f)/d(c)."""
    return SYMBOL.sub(lambda found: symbol(found[1], found[2]), text)


def shape_text(graph: Graph, word: str) -> str:
    """The kind and shape of a value: scalar, (n), row (n), (m, n)."""
    kind, shape = graph.held.shapes[word]
    sizes = f"({', '.join(map(format_axis, shape))})"
    return {"scalar": "scalar", "row": f"row {sizes}"}.get(kind, sizes)


def chain_text(graph: Graph, word: str) -> str:
    """An adjoint as a sum over the users of its value; empty where only the output uses that."""
    users = [user for user in graph.users[word] if graph.is_moving(user)]
    if users == [graph.output]:
        return ""
    terms = [term(graph, user, word) for user in users]
    return " + ".join(terms)


def term(graph: Graph, user: str, word: str) -> str:
    """What one user adds to the adjoint of a value."""
    output = graph.output
    if user == output:
        text = readable(graph.local[output, word].text)
        return f"({text})" if " " in text or text.startswith("-") else text
    adjoint, local = symbol(output, user), symbol(user, word)
    return multiplied(graph, adjoint, local, (output, user, word))


def tangent_chain(graph: Graph, word: str, target: str) -> str:
    """A tangent as a sum over the operands of its value; empty where the only one is the variable."""
    operands = [o for o in graph.values[word].operands if o == target or o in graph.tangents[target]]
    if operands == [target]:
        return ""
    return " + ".join(forward_term(graph, word, operand, target) for operand in operands)


def forward_term(graph: Graph, word: str, operand: str, target: str) -> str:
    """What one operand adds to the tangent of a value."""
    if operand == target:
        text = readable(graph.local[word, target].text)
        return f"({text})" if " " in text or text.startswith("-") else text
    local, tangent = symbol(word, operand), symbol(operand, target)
    return multiplied(graph, local, tangent, (word, operand, target))


def multiplied(graph: Graph, outer: str, inner: str, names: Sequence[str]) -> str:
    """dw/du du/dv for the names w, u, v: a product of matrices in the order that the layout says, else a sum over entries."""
    last, between, first = [len(graph.held.shapes[name][1]) for name in names]
    numerator = graph.layout == "numerator"
    if between > 1 or (between == 1 and (last > 1 or first > 1 or (first == 0 and not numerator))):
        return f"{outer}:{inner}"
    return f"{outer}*{inner}" if numerator or between == 0 else f"{inner}*{outer}"


def signal_lines(graph: Graph, target: str, word: str, rule: Rule) -> list[str]:
    """A derivative through others, then with the local derivatives in their places."""
    if graph.mode == "reverse":
        name, chain = symbol(graph.output, word), chain_text(graph, word)
    else:
        name, chain = symbol(word, target), tangent_chain(graph, word, target)
    text = readable(rule.text)
    if not chain or chain == text:
        return [f"{name} = {text}"]
    return [f"{name} = {chain}", f"{' ' * len(name)} = {text}"]


def wrapped(line: str, indent: int = 6) -> Iterator[str]:
    """A line in lines of the width of a terminal, the later ones indented."""
    rest = line
    while len(rest) > WIDTH:
        places = [m.end() for m in BREAK.finditer(rest, indent + 1, WIDTH + 1) if m.end() > indent]
        spaces = [place for place in places if rest[place - 1] == " " and place > WIDTH // 2]
        place = (spaces or places or [WIDTH])[-1]
        yield rest[:place].rstrip()
        rest = " " * indent + rest[place:].lstrip()
    yield rest
