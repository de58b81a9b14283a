"""The names of indices: those of an answer, fresh ones for sums, and the names that they must not have."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import count

from matcalc.expr import Constant, Node, Size, Unknown, Variable
from matcalc.traversal import postorder

__all__ = ["index_names", "fresh_names", "used_names"]

#: The names of the indices, by the orders of the value and of the variables.
INDEX_NAMES: dict[tuple[int, ...], tuple[str, ...]] = {
    (0, 1): ("", "i"),
    (0, 2): ("", "ij"),
    (0, 1, 1): ("", "i", "j"),
    (0, 2, 2): ("", "ij", "kl"),
    (1, 1): ("i", "j"),
    (1, 2): ("i", "kl"),
    (1, 1, 1): ("i", "j", "k"),
    (2, 1): ("ij", "k"),
    (2, 2): ("pq", "ij"),
    (2, 2, 2): ("pq", "ij", "kl"),
}

LETTERS = "ijklpqmnabcdefghuvwxyzrst"


def index_names(
    value_order: int, variable_orders: Sequence[int], avoid: Collection[str] = ()
) -> tuple[tuple[str, ...], ...]:
    """The names of the indices of a derivative: those of the value, then those of each variable; none is in `avoid`."""
    orders = (value_order, *variable_orders)
    wanted = INDEX_NAMES.get(orders, tuple("?" * order for order in orders))
    used = set(avoid)
    free = fresh_names(LETTERS, used.union(*wanted))
    groups = []
    for group in wanted:
        names = tuple(next(free) if letter in used or letter == "?" else letter for letter in group)
        used.update(names)
        groups.append(names)
    return tuple(groups)


def fresh_names(letters: str, avoid: Collection[str]) -> Iterator[str]:
    """The letters, then the first of them with numbers, without those to avoid."""
    yield from (letter for letter in letters if letter not in avoid)
    yield from (name for k in count(1) if (name := f"{letters[0]}{k}") not in avoid)


def used_names(node: Node) -> set[str]:
    """The names of variables, functions and dimensions of a node."""
    found: set[str] = set()
    for part in postorder(node):
        found.update(d for d in part.shape if isinstance(d, str))
        if isinstance(part, Variable):
            found.update((part.name, *part.argument_names))
        elif isinstance(part, Unknown | Constant):
            found.add(part.name)
        elif isinstance(part, Size):
            found.add(part.dimension)
    return found
