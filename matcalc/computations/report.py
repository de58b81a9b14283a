"""The text of a computation: its values, their local derivatives, and the signals in the order of computation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from matcalc.computations.graph import Graph
from matcalc.computations.wording import WIDTH, readable, shape_text, signal_lines, symbol, wrapped

__all__ = ["text_of"]

#: The column at which shapes stand where there is room.
SHAPES = 56


def text_of(graph: Graph) -> str:
    """Values, local derivatives, adjoints or tangents, and what was assumed, in lines of at most 79 columns."""
    blocks = [block("values", value_lines(graph)), block("local derivatives", local_lines(graph))]
    if graph.mode == "reverse":
        blocks.append(block("adjoints, in the order in which they are computed", adjoint_lines(graph)))
    else:
        for target in graph.targets:
            heading = f"tangents by {target}, in the order in which they are computed"
            blocks.append(block(heading, tangent_lines(graph, target)))
    return "\n\n".join([*blocks, "\n".join(assumed(graph, blocks[-1]))])


def block(heading: str, lines: Iterable[str]) -> str:
    """Lines under a heading."""
    return "\n".join([f"{heading}:", *(part for line in lines for part in wrapped(f"  {line}"))])


def value_lines(graph: Graph) -> Iterator[str]:
    """Each value with its operation and its shape."""
    for value in graph.values.values():
        text, shape = f"{value.name} = {value.text}", shape_text(graph, value.name)
        wide = len(text) + len(shape) + 4 > WIDTH
        yield text if wide else f"{text:{min(SHAPES, WIDTH - len(shape) - 4)}}  {shape}"


def local_lines(graph: Graph) -> Iterator[str]:
    """The derivative of each operation by each of its operands that moves."""
    for (value, operand), rule in graph.local.items():
        yield f"{symbol(value, operand)} = {readable(rule.text)}"


def adjoint_lines(graph: Graph) -> Iterator[str]:
    """Each adjoint through those of the values that use it."""
    for word, rule in graph.adjoints.items():
        yield from signal_lines(graph, word, word, rule)


def tangent_lines(graph: Graph, target: str) -> Iterator[str]:
    """Each tangent through those of its operands."""
    for word, rule in graph.tangents[target].items():
        yield from signal_lines(graph, target, word, rule)


def assumed(graph: Graph, signals: str) -> Iterator[str]:
    """What the text takes for granted, and what its signs mean."""
    declared = "; ".join(text.replace(" ", "\0") for text in graph.declarations)  # \0: no line break here
    yield from (line.replace("\0", " ") for line in wrapped(f"assumed: {declared}", 2))
    yield f"layout: {graph.layout}"
    if ":d" in signals:
        yield from wrapped("note: `:` sums over all entries of what stands on both sides of it, as W in dJ/dW:dW/dx", 2)
