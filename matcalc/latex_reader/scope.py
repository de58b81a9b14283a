r"""What names mean in one program of LaTeX: which are known, of what kind they are, how they look.

A name on paper is a letter or a word with subscripts: `\mathbf{W}_{1}` is `W_1` or `W1`, whichever is known.  What is
not known follows the convention of the language, but for what the author's letters say: bold letters are vectors or
matrices, and where there are bold letters, small italic ones are scalars.  What was decided so is a declaration.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from matcalc.errors import DeclarationError, ParseError, Span
from matcalc.form import Form, subforms
from matcalc.lexer import GREEK
from matcalc.parser import Declaration

__all__ = ["Scope", "paper_name", "convention"]

_SMALL_GREEK = frozenset(word for word in GREEK.values() if word.islower())
_KINDS = {"scalar": "scalar", "vector": "column", "matrix": "matrix"}
_WORDS = {kind: word for word, kind in _KINDS.items()}
_AXES = {"scalar": 0, "column": 1, "matrix": 2}
#: Greek capitals that have no command, and the Latin letters that they look like.
_LATIN_CAPITALS = {
    "Alpha": "A", "Beta": "B", "Epsilon": "E", "Zeta": "Z", "Eta": "H", "Iota": "I", "Kappa": "K", "Mu": "M", "Nu": "N",
    "Omicron": "O", "Rho": "P", "Tau": "T", "Chi": "X", "omicron": "o",
}  # fmt: skip
#: A name on paper: a letter or word, and its subscripts.
Paper = tuple[str, tuple[str, ...]]


def paper_name(word: str) -> Paper:
    """How a name of the language looks on paper: `W1` and `W_1` are W with the subscript 1."""
    base, *subscripts = [part for part in word.split("_") if part] or [word]
    digits = re.fullmatch(r"([^0-9]+)([0-9]+)", base)
    if digits:
        base, subscripts = digits[1], [digits[2], *subscripts]
    return _LATIN_CAPITALS.get(base, base), tuple(subscripts)


def convention(word: str) -> str:
    """The kind of a name that is not declared, by its spelling alone."""
    return "matrix" if word[0].isupper() else "scalar" if word in _SMALL_GREEK else "column"


class Scope:
    """The names of one program."""

    def __init__(self, declarations: Mapping[str, Declaration], hints: Iterable[str] = (), layout: str = "numerator") -> None:
        self.layout = layout
        self.declarations = declarations
        #: The kinds of the names that are assigned so far; None for those that cannot be told.
        self.assigned: dict[str, str | None] = {}
        #: The arguments with which assigned names are written: `f(x) = ...`.
        self.arguments: dict[str, tuple[str, ...]] = {}
        self.dimensions = {
            part
            for declaration in declarations.values()
            for axis in declaration.axes
            for part in (axis if isinstance(axis, tuple) else (axis,))
            if isinstance(part, str)
        }
        #: Declarations that follow from how names look.
        self.implied: dict[str, Declaration] = {}
        #: Whether bold letters are used, and all letters that are.
        self.bold = False
        self.bold_capitals = False
        self.letters: set[str] = set()
        self._looks: dict[str, tuple[str, Span]] = {}
        self._known: dict[Paper, list[str]] = {}
        #: The names that were read so far, and unknown ones that could be entries of others: how many indices, and where.
        self.seen: set[str] = set()
        self.doubtful: dict[str, tuple[int, Span]] = {}
        for word in dict.fromkeys([*declarations, *self._arguments(), *self.dimensions, *hints]):
            self._know(word)
        self.hints = frozenset(hints)
        #: Indices that are bound around the place, all that ever were in this formula, and those that nothing binds.
        self.bound: dict[str, int] = {}
        self.ever_bound: set[str] = set()
        self.free: dict[str, Span] = {}
        #: What stands below names that are not known: no index as far as anybody can tell.
        self.loose: dict[str, Span] = {}
        #: The free indices of what was read before in the same equation.
        self.expected: set[str] = set()

    def _arguments(self) -> list[str]:
        return [argument for declaration in self.declarations.values() for argument in declaration.arguments]

    def _know(self, word: str) -> None:
        for paper in {paper_name(word), (word, ())}:
            same = self._known.setdefault(paper, [])
            if word not in same:
                same.append(word)

    # --- names ------------------------------------------------------------------------------------------------------

    def find(self, base: str, subscripts: Sequence[str], span: Span) -> str | None:
        """The known name that looks like this; None if there is none.  Raises DeclarationError if there are two."""
        found = self._known.get((base, tuple(subscripts)), [])
        exact = "_".join((base, *subscripts))
        if len(found) > 1 and not (subscripts == () and exact in found):
            names = " and ".join(f"`{word}`" for word in found)
            raise DeclarationError(f"{names} look alike in LaTeX", span, hint="give one of them another name")
        return exact if exact in found else found[0] if found else None

    def is_known(self, word: str) -> bool:
        """Whether a name is declared, assigned, or the name of a size."""
        return word in self.declarations or word in self.assigned or word in self.dimensions or word in self._arguments()

    def is_function(self, word: str) -> bool:
        """Whether a name is declared as an unknown function."""
        return word in self.declarations and self.declarations[word].kind == "function"

    def kind(self, word: str) -> str | None:
        """The kind of a name; None for a function."""
        if word in self.assigned:
            return self.assigned[word]
        declaration = self.declarations.get(word) or self.implied.get(word)
        if declaration is not None:
            return _KINDS.get(declaration.kind)
        if word in self.dimensions or word == "pi":
            return "scalar"
        return "matrix" if word == "eye" else convention(word)

    def assign(self, word: str, kind: str | None, arguments: tuple[str, ...] = ()) -> None:
        """Note that a name is assigned from here on."""
        self.assigned[word] = kind
        self.implied.pop(word, None)
        self._know(word)
        if arguments:
            self.arguments[word] = arguments

    def imply(self, word: str, kind: str, span: Span) -> None:
        """Say of what kind an unknown name is, if the convention says another one."""
        if not self.is_known(word) and word not in self.implied and kind != convention(word) and word != "pi":
            axes = (None,) * _AXES[kind]
            self.implied[word] = Declaration(word, _WORDS[kind], axes, frozenset(), (), span)

    def note(self, word: str, look: str, span: Span) -> None:
        """Note how a name is written; raises ParseError where one name is written in two ways."""
        first, place = self._looks.setdefault(word, (look, span))
        if first != look:
            related = ((f"it is written `{place.text}` here", place),)
            hint = "if they are two variables, give one of them a subscript; if not, write them alike"
            message = f"`{span.text}` and `{place.text}` are both read as the name `{word}`"
            raise ParseError(message, span, hint=hint, related=related)

    def see(self, word: str) -> None:
        """Note that a name stands for a variable as a whole, so that it is this one wherever it stands."""
        self.seen.add(word)
        self._know(word)

    # --- indices ----------------------------------------------------------------------------------------------------

    def bind(self, indices: Iterable[str]) -> None:
        """Bind indices around what is read next."""
        for index in indices:
            self.bound[index] = self.bound.get(index, 0) + 1

    def unbind(self, indices: Iterable[str]) -> None:
        """Undo `bind`."""
        for index in indices:
            self.bound[index] -= 1
            if not self.bound[index]:
                del self.bound[index]

    def use(self, index: str, span: Span) -> None:
        """Note that an index is used; if nothing binds it, it is free."""
        if index not in self.bound:
            self.free.setdefault(index, span)

    def start(self) -> None:
        """Begin a formula: no index is free in it yet."""
        self.expected.update(self.free)
        self.free, self.ever_bound, self.bound, self.loose = {}, set(), {}, {}

    def stands_on_axis(self, index: str, size: str | int, body: Form) -> bool:
        """Whether an index is seen to run over an axis of this size: in an entry of a variable that is declared so."""
        for part in subforms(body):
            if part.head != "entry" or index not in part.value or part.args[0].head != "name":
                continue
            declaration = self.declarations.get(part.args[0].value)
            axes = declaration.axes if declaration is not None else ()
            if len(axes) == len(part.value) and (axes[part.value.index(index)] in (size, (size,))):
                return True
        return False
