"""Names for parts that an answer uses more than once.

A part is named if it is used twice and is more than a call on a name.  It gets a letter of its function (s for a
sigmoid, p for a softmax), a capital for a matrix, and none that the program uses.  A name that is used only once in
the end is replaced by what it stands for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import chain, count

from matcalc.expr import Add, Apply, Node, Unknown
from matcalc.form import Form, rewritten, subforms
from matcalc.inference import TypedProgram
from matcalc.structure import is_mask
from matcalc.traversal import uses

__all__ = ["Naming"]

#: First letters for parts, by operation; a matrix gets the capital.
LETTERS = {
    "sigmoid": "s", "softmax": "p", "tanh": "t", "exp": "u", "relu": "h", "softplus": "q", "inv": "v", "sin": "s",
    "cos": "c", "log": "l", "logsumexp": "l", "add": "r", "unknown": "g",
}
OTHERS = "stuvwpqrgh"
#: A sum is named from this many names on.
LARGE = 6


class Naming:
    """The names of the parts of one answer."""

    def __init__(self, program: TypedProgram, node: Node, indices: Collection[str]) -> None:
        self.counts = uses([node])
        self.taken = {*program.variables, *program.assignments, *program.dimensions, *indices}
        self.given: dict[Node, str | None] = {}

    def name_for(self, node: Node, form: Form) -> str | None:
        """The name of a part, or None if it goes without."""
        if node not in self.given:
            self.given[node] = self.new_name(node, form) if self.wants_name(node, form) else None
        return self.given[node]

    def wants_name(self, node: Node, form: Form) -> bool:
        """True for a part that is used twice and is not tiny."""
        if self.counts.get(node, 0) < 2 or is_mask(node):
            return False
        if isinstance(node, Apply | Unknown):
            return any(arg.head not in ("name", "number") for arg in form.args)
        return isinstance(node, Add) and sum(part.head == "name" for part in subforms(form)) >= LARGE

    def new_name(self, node: Node, form: Form) -> str:
        """A letter that suits the part and is not taken."""
        key = node.name if isinstance(node, Apply) else "add" if isinstance(node, Add) else "unknown"
        letter = LETTERS.get(key, "t")
        letters = [letter, *(x for x in OTHERS if x != letter)]
        for candidate in candidates(letters, capital=form.kind == "matrix"):
            if candidate not in self.taken:
                self.taken.add(candidate)
                return candidate
        raise AssertionError("candidates do not end")

    def settle(self, form: Form, named: dict[str, Form]) -> tuple[Form, dict[str, Form]]:
        """The form and the definitions that it needs, in order; names used only once are replaced by their parts."""
        while named:
            needed = reachable(form, named)
            times = dict.fromkeys(needed, 0)
            for root in (form, *(named[key] for key in needed)):
                for key, n in name_uses(root).items():
                    if key in times:
                        times[key] += n
            once = {key: named[key] for key in needed if times[key] == 1}
            if not once:
                return form, {key: named[key] for key in named if key in needed}
            form = replace_names(form, once)
            named = {key: replace_names(f, once) for key, f in named.items() if key not in once}
        return form, {}


def candidates(letters: list[str], *, capital: bool) -> Iterator[str]:
    """The letters, then the first of them numbered."""
    shown = [x.upper() if capital else x for x in letters]
    return chain(shown, (f"{shown[0]}{k}" for k in count(1)))


def reachable(form: Form, named: dict[str, Form]) -> Collection[str]:
    """The names that a form uses, directly or through definitions."""
    found: dict[str, None] = {}
    stack = [form]
    while stack:
        for part in subforms(stack.pop()):
            if part.head == "name" and part.value in named and part.value not in found:
                found[part.value] = None
                stack.append(named[part.value])
    return found


def name_uses(form: Form) -> dict[str, int]:
    """How often each name stands in the text of a form, shared parts counted as often as they stand (at most 2)."""
    counts: dict[str, int] = {}
    seen: dict[int, int] = {}
    stack = [form]
    while stack:
        part = stack.pop()
        if part.head == "name":
            counts[part.value] = counts.get(part.value, 0) + 1
        elif seen.get(id(part), 0) < 2:
            seen[id(part)] = seen.get(id(part), 0) + 1
            stack.extend(part.args)
    return counts


def replace_names(form: Form, parts: dict[str, Form]) -> Form:
    """The form with names replaced by what they stand for."""

    def rule(part: Form) -> Form:
        target = parts.get(part.value) if part.head == "name" else None
        return replace_names(target, parts) if target is not None else part

    return rewritten(form, rule)
