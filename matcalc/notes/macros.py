r"""The macros of the author: what `\newcommand` and its kin define, and their expansion in an equation.

Expansion is that of TeX for macros whose arguments are tokens or groups, the first of them perhaps in square brackets.
`\let` takes the meaning of that place, `\providecommand` leaves alone what is defined, and a definition ends with its group.
One that is not understood is remembered, too, so that no older one is used in its place: to use it is an error.
What comes from the body of a macro has the place where the macro is used.  Every expansion is counted, and so is what it
yields, so a macro that calls itself, or one that doubles again and again, is an error and no endless work.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from matcalc.errors import MatcalcError
from matcalc.excerpt import Excerpt
from matcalc.notes.events import Definition
from matcalc.notes.tokens import SPACE, TOKEN, braced, bracketed, groups

__all__ = ["DEFINING", "BUILT_IN", "Macros", "definition_at", "expanded"]

#: The commands that define, but for `\def` and `\let`.
_PROVIDING = frozenset({r"\providecommand", r"\providerobustcmd", r"\ProvideDocumentCommand"})
_DOCUMENT = frozenset({
    r"\NewDocumentCommand", r"\RenewDocumentCommand", r"\ProvideDocumentCommand", r"\DeclareDocumentCommand",
    r"\NewExpandableDocumentCommand",
})  # fmt: skip
#: Those whose definitions are not expanded.
_OTHER = frozenset({
    r"\edef", r"\xdef", r"\newcommandx", r"\renewcommandx", r"\DeclarePairedDelimiterX", r"\DeclarePairedDelimiterXPP",
    r"\DeclareMathSymbol", r"\DeclareMathAlphabet", r"\mathchardef", r"\chardef",
})  # fmt: skip
DEFINING = _DOCUMENT | _OTHER | {
    r"\newcommand", r"\renewcommand", r"\providecommand", r"\DeclareRobustCommand", r"\newrobustcmd", r"\renewrobustcmd",
    r"\providerobustcmd", r"\def", r"\gdef", r"\let", r"\DeclareMathOperator", r"\DeclarePairedDelimiter",
}  # fmt: skip
#: Macros that every document has.
BUILT_IN = {
    name: Definition(name, body, arguments)
    for name, body, arguments in ((r"\ensuremath", "#1", 1), (r"\xspace", "", 0), (r"\protect", "", 0))
}
#: Commands with arguments, which TeX takes as they stand: in `\frac\x3` all that `\x` stands for is above the line.
TAKING = dict.fromkeys((r"\frac", r"\dfrac", r"\tfrac", r"\cfrac", r"\binom", r"\overset", r"\underset", r"\stackrel"), 2) | (
    dict.fromkeys(
        (
            r"\sqrt", r"\mathbf", r"\boldsymbol", r"\bm", r"\mathrm", r"\mathsf", r"\mathit", r"\mathcal", r"\mathbb",
            r"\mathfrak", r"\operatorname", r"\hat", r"\widehat", r"\bar", r"\overline", r"\underline", r"\tilde",
            r"\widetilde", r"\dot", r"\ddot", r"\vec", r"\check", r"\breve", r"\text", r"\pmb", r"\mathscr", r"\boxed",
        ),
        1,
    )
)  # fmt: skip
#: The most expansions in one equation, the most characters that they yield, and how deep they may nest.
MAX_EXPANSIONS, MAX_YIELD, MAX_DEPTH = 5_000, 100_000, 40

_COMMAND = re.compile(r"\\(?:[A-Za-z@]++|.)", re.DOTALL)
_NAME = re.compile(r"\s*+(?:\{\s*+(\\(?:[A-Za-z@]++|[-,;:!>|*+/.<]))\s*+\}|(\\(?:[A-Za-z@]++|[-,;:!>|*+/.<])))")
_PARAMETERS = re.compile(r"(?:(#[1-9](?:#[1-9])*+)|\s*+)(?=\{)")
_ALIAS = re.compile(r"\s*+=?[ \t]*+(\\[A-Za-z@]++|\\[^\sA-Za-z@]|[A-Za-z0-9])")
_COMMENT = re.compile(r"(\\.)|%[^\n]*+\n?[ \t]*+", re.DOTALL)
_COUNT = re.compile(r"\s*+\[([0-9])\]")
_SLOT = re.compile(r"#([1-9])")


# ---- Definitions ----------------------------------------------------------------------------------------------------


def definition_at(text: str, command: re.Match[str], ends: dict[int, int]) -> tuple[Definition, int] | None:
    """The definition that a command begins, and where it ends, without body if it is not understood.

    None where no name follows.
    """
    word, at = command[0], command.end()
    at += text.startswith("*", at)
    name = _NAME.match(text, at)
    if name is None:
        return None
    macro = name[1] or name[2]
    definition, at = _said(word, macro, text, name.end(), ends) or (Definition(macro, None), name.end())
    body = None if definition.body is None else _COMMENT.sub(lambda found: found[1] or "", definition.body)
    return replace(definition, body=body, provided=word in _PROVIDING, lasting=word in (r"\gdef", r"\xdef")), at


def _said(word: str, macro: str, text: str, at: int, ends: dict[int, int]) -> tuple[Definition, int] | None:
    """What a command says of a macro, and where that ends; None if it is not understood."""
    if word in _OTHER:
        return None
    if word == r"\let":
        return _alias(macro, text, at)
    if word in (r"\def", r"\gdef"):
        return _plain(macro, text, at, ends)
    if word == r"\DeclarePairedDelimiter":
        return _delimiters(macro, text, at, ends)
    if word in _DOCUMENT:
        return _by_specification(macro, text, at, ends)
    return _new(macro, text, at, ends, operator=word == r"\DeclareMathOperator")


def _alias(macro: str, text: str, at: int) -> tuple[Definition, int] | None:
    other = _ALIAS.match(text, at)
    return None if other is None else (Definition(macro, other[1], alias=other[1]), other.end())


def _plain(macro: str, text: str, at: int, ends: dict[int, int]) -> tuple[Definition, int] | None:
    """What `\\def` says; parameters with text between them are not expanded."""
    parameters = _PARAMETERS.match(text, at)
    if parameters is None:
        return Definition(macro, None), at
    body = braced(text, parameters.end(), ends)
    count = len(parameters[1] or "") // 2
    return None if body is None else (Definition(macro, text[slice(*body)], count), body[1] + 1)


def _new(macro: str, text: str, at: int, ends: dict[int, int], *, operator: bool) -> tuple[Definition, int] | None:
    """What `\\newcommand` and `\\DeclareMathOperator` say."""
    count = None if operator else _COUNT.match(text, at)
    at = count.end() if count else at
    default = bracketed(text, at) if count else None
    at = default.end() if default else at
    body = braced(text, at, ends)
    if body is None:
        return None
    said = text[slice(*body)]
    written = rf"\operatorname{{{said}}}" if operator else said
    return Definition(macro, written, int(count[1]) if count else 0, default[1] if default else None), body[1] + 1


def _delimiters(macro: str, text: str, at: int, ends: dict[int, int]) -> tuple[Definition, int] | None:
    """What mathtools' command says: two delimiters that stand around one argument."""
    left = braced(text, at, ends)
    right = braced(text, left[1] + 1, ends) if left else None
    if left is None or right is None:
        return None
    written = rf"\left{text[slice(*left)]} #2 \right{text[slice(*right)]}"
    return Definition(macro, written, 2, default="", starred=True), right[1] + 1


def _by_specification(macro: str, text: str, at: int, ends: dict[int, int]) -> tuple[Definition, int] | None:
    """What `\\NewDocumentCommand` says, if all its arguments are mandatory."""
    wanted = braced(text, at, ends)
    body = braced(text, wanted[1] + 1, ends) if wanted else None
    if wanted is None or body is None:
        return None
    kinds = text[slice(*wanted)].split()
    known = all(kind == "m" for kind in kinds)
    return Definition(macro, text[slice(*body)] if known else None, len(kinds)), body[1] + 1


# ---- What holds at a place ------------------------------------------------------------------------------------------


@dataclass
class Macros:
    """The macros that hold at the place of a file that is reached."""

    known: dict[str, Definition] = field(default_factory=lambda: dict(BUILT_IN))
    #: What each definition has replaced, in the order of the definitions.
    _replaced: list[tuple[str, Definition | None]] = field(default_factory=list)
    #: Definitions that outlast their groups, with the number of older ones that they replace for good.
    _lasting: dict[str, tuple[int, Definition]] = field(default_factory=dict)

    def define(self, definition: Definition) -> None:
        """Go on behind a definition."""
        name, before = definition.name, self.known.get(definition.name)
        meant = self._meant(definition, before)
        self._replaced.append((name, before))
        if definition.lasting:
            self._lasting[name] = (len(self._replaced), meant)
        self.known[name] = meant

    def _meant(self, definition: Definition, before: Definition | None) -> Definition:
        """What a definition makes of its macro, which may have been defined before."""
        if before is not None and definition.provided:
            return before
        if definition.alias:
            aliased = self.known.get(definition.alias)
            final = replace(definition, final=True)
            definition = replace(aliased, name=definition.name) if aliased is not None else final
        if definition.conditional and before is not None and definition.body != before.body:
            return Definition(definition.name, None)
        return definition

    def end_group(self, count: int) -> None:
        """Forget the last definitions, which have ended with their group."""
        for _ in range(count):
            name, before = self._replaced.pop()
            older, lasting = self._lasting.get(name, (0, None))
            if older > len(self._replaced) and lasting is not None:
                self._lasting[name] = (len(self._replaced), lasting)
                before = lasting
            if before is None:
                self.known.pop(name, None)
            else:
                self.known[name] = before


# ---- Expansion ------------------------------------------------------------------------------------------------------


def expanded(excerpt: Excerpt, macros: Mapping[str, Definition]) -> Excerpt:
    """An equation without the author's macros."""
    return _Expansion(macros).of(excerpt, 0) if macros else excerpt


@dataclass
class _Expansion:
    """The expansion of one equation, with what it has cost so far."""

    macros: Mapping[str, Definition]
    count: int = 0
    size: int = 0
    _ends: dict[int, int] = field(default_factory=dict)

    def of(self, excerpt: Excerpt, depth: int) -> Excerpt:
        """A text without macros."""
        excerpt = self.with_braces(excerpt)
        text, ends = excerpt.text, groups(excerpt.text)
        pieces, at, kept = [], 0, 0
        while token := TOKEN.match(text, at):
            at = token.end()
            macro = self.macros.get(token[0]) if token.lastgroup in ("command", "symbol") else None
            if macro is None:
                continue
            pieces.append(excerpt.part(kept, token.start()))
            use = excerpt.part(*token.span())
            at, arguments = self.arguments(macro, excerpt, at, ends, use)
            filled = self.filled(macro, arguments, use, depth)
            pieces.append(filled if macro.final else self.of(filled, depth + 1))
            kept = at
        return Excerpt.joined([*pieces, excerpt.part(kept, len(text))], excerpt.original)

    def with_braces(self, excerpt: Excerpt) -> Excerpt:
        """The same with braces around each macro that is a whole argument of a command."""
        pieces, kept = [], 0
        for start, end in sorted(set(self.whole_arguments(excerpt.text))):
            use = excerpt.part(start, end)
            pieces += [excerpt.part(kept, start), use.standing_for("{"), use, use.standing_for("}")]
            kept = end
        if not pieces:
            return excerpt
        return Excerpt.joined([*pieces, excerpt.part(kept, len(excerpt.text))], excerpt.original)

    def whole_arguments(self, text: str) -> Iterator[tuple[int, int]]:
        """Where macros stand that are a whole argument of a command."""
        ends = groups(text)
        for command in _COMMAND.finditer(text):
            count = TAKING.get(command[0], 0) if command[0] not in self.macros else 0
            option = bracketed(text, command.end()) if command[0] == r"\sqrt" else None
            at = option.end() if option else command.end()
            for _ in range(count):
                token = TOKEN.match(text, _end_of_space(text, at))
                if token is None or token.lastgroup not in ("command", "open", "word"):
                    break
                at = ends.get(token.start(), token.start() + 1 if token.lastgroup == "word" else token.end())
                if token[0] in self.macros:
                    yield token.span()

    def arguments(
        self, macro: Definition, excerpt: Excerpt, at: int, ends: dict[int, int], use: Excerpt
    ) -> tuple[int, list[Excerpt]]:
        """The arguments of a macro, and where they end."""
        if macro.body is None:
            hint = "write out what it stands for, or define it with \\newcommand"
            raise MatcalcError(f"the definition of `{macro.name}` is of a kind that is not expanded", use.span(), hint=hint)
        found: list[Excerpt] = []
        at += macro.starred and excerpt.text.startswith("*", at)
        if macro.default is not None:
            given = bracketed(excerpt.text, at)
            found.append(excerpt.part(*given.span(1)) if given else use.standing_for(macro.default))
            at = given.end() if given else at
        while len(found) < macro.arguments:
            at, argument = _argument(excerpt, at, ends, use)
            found.append(argument)
        return at, found

    def filled(self, macro: Definition, arguments: list[Excerpt], use: Excerpt, depth: int) -> Excerpt:
        """The body of a macro with its arguments."""
        body = macro.body or ""
        pieces, at = [], 0
        for slot in _SLOT.finditer(body):
            pieces.append(use.standing_for(body[at : slot.start()]))
            pieces += arguments[int(slot[1]) - 1 : int(slot[1])]
            at = slot.end()
        self.count += 1
        self.size += len(body) + sum(len(argument.text) for argument in arguments)
        if self.count > MAX_EXPANSIONS or self.size > MAX_YIELD or depth >= MAX_DEPTH:
            hint = "a macro may not use itself"
            raise MatcalcError(f"the expansion of `{macro.name}` does not come to an end", use.span(), hint=hint)
        return Excerpt.joined([*pieces, use.standing_for(body[at:])], use.original)


def _end_of_space(text: str, at: int) -> int:
    space = SPACE.match(text, at)
    return space.end() if space else at


def _argument(excerpt: Excerpt, at: int, ends: dict[int, int], use: Excerpt) -> tuple[int, Excerpt]:
    """The next group without its braces, or the next token."""
    text = excerpt.text
    at = _end_of_space(text, at)
    token = TOKEN.match(text, at)
    if at in ends:
        return ends[at], excerpt.part(at + 1, ends[at] - 1)
    if token is None or token.lastgroup in ("close", "blank", "column", "open"):
        raise MatcalcError(f"`{use.text}` needs an argument", use.span(), hint=f"write {use.text}{{...}}")
    end = at + 1 if token.lastgroup == "word" else token.end()
    return end, excerpt.part(at, end)
