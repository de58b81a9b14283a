r"""Finding equations, marks, headings and macros in a .tex file.

A display is `\[ .. \]`, `$$ .. $$` or one of the environments below; what stands in `verbatim` and its kin, in `\verb`, in
a comment and after `\end{document}` is none.  No file is read that `\input` names.  An equation in a line of text counts
only where a mark stands directly before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from matcalc.excerpt import Excerpt, Original
from matcalc.identity import IdentityError
from matcalc.notes.events import Definition, Display, EndOfGroup, Event, Heading, Mark, Scan, without
from matcalc.notes.macros import DEFINING, definition_at
from matcalc.notes.tokens import TOKEN, braced, bracketed, environment_at, groups
from matcalc.parser import nearest

__all__ = ["DISPLAYS", "TexScanner", "scan_tex"]

_PLAIN = ("equation", "align", "alignat", "flalign", "gather", "multline", "eqnarray", "xalignat", "dmath")
DISPLAYS = frozenset({"displaymath", *_PLAIN, *(f"{name}*" for name in _PLAIN)})
#: Environments whose content is no LaTeX.
VERBATIM = frozenset({
    "verbatim", "verbatim*", "Verbatim", "Verbatim*", "BVerbatim", "lstlisting", "minted", "comment", "filecontents",
    "filecontents*", "alltt", "tikzpicture",
})  # fmt: skip
#: Environments that may begin between a mark and its equation.
_TRANSPARENT = frozenset({"subequations"})
_HEADINGS = frozenset({r"\part", r"\chapter", r"\section", r"\subsection", r"\subsubsection", r"\paragraph"})
#: Commands that may stand between a mark and its equation.
_SILENT = frozenset({r"\label", r"\noindent", r"\centering", r"\smallskip", r"\medskip", r"\bigskip", r"\par"})
#: Commands whose argument is carried out in any case, at the beginning of the document.
_LATER = frozenset({r"\AtBeginDocument", r"\AtEndPreamble"})
#: Commands that begin with `\if` and have no `\fi`.
_NO_CONDITION = frozenset({r"\iff", r"\ifthenelse", r"\ifdef", r"\ifundef", r"\iftoggle", r"\ifbool", r"\ifstrequal"})
_BRANCH = re.compile(r"\\(?P<word>if[A-Za-z@]*+|else|fi)(?![A-Za-z@])|\\.|%[^\n]*+", re.DOTALL)
STRAY = "this label marks an equation and stands in none"
STRAY_HINT = "put it into the equation; a label of something else does not begin with `mc:`"
_MARKING_LABEL = re.compile(r"\s*+(?:mc|matcalc):")
_VERB = re.compile(r"\*?([^A-Za-z\s*])(?:(?!\1)[^\n])*+\1")
_MARK = re.compile(r"%++[ \t]*+(?:matcalc\b|(?i:matcalc)(?=[ \t]*+(?:declare\b|define\b)?[ \t]*+(?:\w++[ \t]*+)?:))")
#: A word that may be a misspelt mark, or a mark of the other format.
_MISSPELT = re.compile(r"[%\s]*+(?:<!--+\s*+)?([A-Za-z]{5,9})(?:[ \t]++(?:declare|define))?[ \t]*+:")


def scan_tex(original: Original) -> Scan:
    """All that a .tex file holds."""
    scanner = TexScanner(original)
    events = tuple(scanner.events())
    return Scan(original, events, scanner.last_text)


class TexScanner:
    """A reader of LaTeX from the beginning of a file to its end."""

    def __init__(self, original: Original) -> None:
        self.original = original
        self.text = original.text
        self.ends = groups(self.text)
        self.at = 0
        #: Where the last text ends that is neither an equation nor a comment.
        self.last_text = 0
        #: The open groups: what ends each, and how many definitions it has so far; an argument of a command has None.
        self.groups: list[tuple[object, int | None]] = []
        #: Whether a brace would begin an argument of a command, and how many conditions are open.
        self.takes, self.conditions = False, 0
        #: Whether a brace would begin what is carried out at the beginning of the document.
        self.later = False
        #: Whether a `\\fi` was looked for in vain.
        self.endless = False

    def events(self) -> Iterator[Event]:
        """What is found."""
        while token := TOKEN.match(self.text, self.at):
            self.at = token.end()
            kind = token.lastgroup
            if kind == "command":
                if token[0] == r"\end" and self.named(self.at) == "document":
                    return
                yield from self.command(token)
            elif kind == "comment":
                yield from self.marks([token])
            elif self.text.startswith("<!--", token.start()):
                self.foreign_comment(token.start())
            elif kind in ("dollar", "dollars") or token[0] in (r"\[", r"\("):
                yield from self.formula(token)
            elif kind not in ("space", "blank"):
                yield from self.brace(token)
                self.last_text = self.at
            self.takes = self.takes and kind in ("space", "command", "close", "comment")

    def named(self, at: int) -> str:
        """The name of the environment that begins or ends; empty if there is none."""
        found = environment_at(self.text, at)
        return found[1] if found else ""

    def marks(self, comments: list[re.Match[str]]) -> Iterator[Mark]:
        """The marks among some comments."""
        for comment in comments:
            mark = _MARK.match(comment[0])
            if mark is not None:
                yield Mark(Excerpt.of(self.original, comment.start() + mark.end(), comment.end()))
            else:
                self.check_spelling(comment[0], comment.start())

    def check_spelling(self, comment: str, start: int) -> None:
        """Refuse a comment that is nearly a mark: its equation would be left alone."""
        found = _MISSPELT.match(comment)
        word = found[1].lower() if found else ""
        if found and word[:2] == "ma" and (word[-1:] == "c" or word == "matcal") and nearest(word, ["matcalc"]):
            place = self.original.span(start + found.start(1), start + found.end(1))
            raise IdentityError(f"`{found[1]}` is no mark", place, hint="did you mean `matcalc:`?")

    def foreign_comment(self, start: int) -> None:
        """Refuse a mark of Markdown."""
        found = _MISSPELT.match(self.text, start)
        if found and found[1].lower() == "matcalc":
            hint = "write `% matcalc: ...` in LaTeX"
            raise IdentityError("a mark of Markdown", self.original.span(found.start(1), found.end(1)), hint=hint)
        self.last_text = self.at

    # ---- Groups -----------------------------------------------------------------------------------------------------

    def brace(self, token: re.Match[str]) -> Iterator[EndOfGroup]:
        """A brace in the text begins or ends a group, or an argument."""
        if token.start() in self.ends and self.later:
            self.later = self.takes = False
        elif token.start() in self.ends:
            self.groups.append((self.ends[token.start()], None if self.takes else 0))
            self.takes = False
        elif token.lastgroup == "close" and self.groups and self.groups[-1][0] == token.end():
            self.takes = self.groups[-1][1] is None
            yield from self.end_group(token.end())

    def begin_group(self, end: object) -> None:
        """Go into a group that ends with the name of an environment, or with a command."""
        self.groups.append((end, 0))

    def end_group(self, end: object) -> Iterator[EndOfGroup]:
        """Leave the innermost group, if this is what ends it."""
        if self.groups and self.groups[-1][0] == end and (count := self.groups.pop()[1]):
            yield EndOfGroup(count)

    def defined(self, definition: Definition) -> Definition:
        """A definition with what its place says of it."""
        argument = any(count is None for _, count in self.groups[-8:])
        for depth in range(len(self.groups) - 1, -1, -1):
            end, count = self.groups[depth]
            if count is not None:
                self.groups[depth] = (end, count + 1)
                break
        return replace(definition, conditional=argument or self.conditions > 0)

    def condition(self, word: str) -> None:
        """A condition begins or ends; a branch that is never taken is no part of the document."""
        if word == r"\fi":
            self.conditions = max(0, self.conditions - 1)
            return
        self.conditions += 1
        end = self.end_of_branch() if word == r"\iffalse" and not self.endless else None
        if end is not None:
            self.at = end

    def end_of_branch(self) -> int | None:
        """Where the `\\else` or `\\fi` of a condition stands."""
        depth = 0
        for found in _BRANCH.finditer(self.text, self.at):
            word = found["word"]
            if word in ("else", "fi") and depth == 0:
                return found.start()
            depth += (word is not None and word.startswith("if") and found[0] not in _NO_CONDITION) - (word == "fi")
        self.endless = True
        return None

    # ---- Commands ---------------------------------------------------------------------------------------------------

    def command(self, token: re.Match[str]) -> Iterator[Event]:
        """What a command begins."""
        word = token[0]
        self.takes, self.later = True, word in _LATER
        if word == r"\begin":
            yield from self.environment(token)
        elif word in DEFINING:
            yield from self.definition(token)
        elif word in (r"\newenvironment", r"\renewenvironment"):
            self.skip_environment()
        elif word in _HEADINGS:
            yield from self.heading()
        elif word in _SILENT or (word == r"\end" and self.named(self.at) in _TRANSPARENT):
            self.check_label(word)
            self.skip_group()
        else:
            yield from self.other(word)
            self.last_text = self.at

    def other(self, word: str) -> Iterator[EndOfGroup]:
        """A command of text, which may begin or end a group."""
        if word in (r"\begingroup", r"\bgroup"):
            self.begin_group("group")
            self.takes = False
        elif word in (r"\endgroup", r"\egroup"):
            yield from self.end_group("group")
        elif word == r"\end":
            yield from self.end_group(self.named(self.at) or word)
            self.skip_group()
        elif word == r"\newif":
            self.skip_name()
        elif word == r"\fi" or (word.startswith(r"\if") and word not in _NO_CONDITION):
            self.condition(word)
        else:
            self.verbatim_text(word)

    def check_label(self, word: str) -> None:
        """Refuse a label that marks an equation, but stands outside of all."""
        inside = braced(self.text, self.at, self.ends) if word == r"\label" else None
        if inside and _MARKING_LABEL.match(self.text, *inside):
            raise IdentityError(STRAY, self.original.span(*inside), hint=STRAY_HINT)

    def skip_name(self) -> None:
        """Go behind a command that follows."""
        token = TOKEN.match(self.text, self.at)
        self.at = token.end() if token is not None and token.lastgroup == "command" else self.at

    def skip_group(self) -> None:
        """Go behind a group that follows."""
        inside = braced(self.text, self.at, self.ends)
        self.at = inside[1] + 1 if inside else self.at

    def skip_environment(self) -> None:
        """Go behind the definition of an environment: its name, options, and two groups, none of which is an equation."""
        self.skip_group()
        while option := bracketed(self.text, self.at):
            self.at = option.end()
        self.skip_group()
        self.skip_group()
        self.last_text = self.at

    def verbatim_text(self, word: str) -> None:
        """Go behind the text of `\\verb` and its like."""
        literal = _VERB.match(self.text, self.at) if word in (r"\verb", r"\lstinline", r"\mintinline") else None
        self.at = literal.end() if literal else self.at

    def heading(self) -> Iterator[Heading]:
        self.at += self.text.startswith("*", self.at)
        short = bracketed(self.text, self.at)
        title = braced(self.text, short.end() if short else self.at, self.ends)
        if title is not None:
            yield Heading(" ".join(self.text[slice(*title)].split()))
            self.at = title[1] + 1
        self.last_text = self.at

    def definition(self, token: re.Match[str]) -> Iterator[Definition]:
        found = definition_at(self.text, token, self.ends)
        if found is not None:
            definition, self.at = found
            yield self.defined(definition)
        self.last_text, self.takes = self.at, False

    def environment(self, token: re.Match[str]) -> Iterator[Display | EndOfGroup]:
        """An environment: its content is an equation, is skipped, or is text like any other."""
        name = environment_at(self.text, self.at)
        if name is None:
            self.last_text = self.at
        elif name[1] in DISPLAYS:
            self.at = name.end()
            yield from self.closed(self.display(token.start(), name[1], rf"\end{{{name[1]}}}"))
        elif name[1] in VERBATIM:
            end = self.text.find(rf"\end{{{name[1]}}}", name.end())
            self.at = self.last_text = len(self.text) if end < 0 else end
        else:
            self.at = name.end()
            self.last_text = self.last_text if name[1] in _TRANSPARENT else self.at
            if name[1] not in _TRANSPARENT | {"document"}:
                self.begin_group(name[1])

    # ---- Equations --------------------------------------------------------------------------------------------------

    def closed(self, display: Display) -> Iterator[Display | EndOfGroup]:
        """A display, with which the definitions inside of it end."""
        yield display
        if display.definitions:
            yield EndOfGroup(len(display.definitions))

    def formula(self, token: re.Match[str]) -> Iterator[Display | EndOfGroup]:
        """An equation between dollars or brackets; one in a line of text is text, too."""
        environment = "$" if token[0] in ("$", r"\(") else token[0]
        closing = {r"\[": r"\]", r"\(": r"\)"}.get(token[0], token[0])
        display = self.display(token.start(), environment, closing)
        yield from self.closed(display)
        if display.inline:
            self.last_text = self.at

    def display(self, start: int, environment: str, closing: str, stop: int | None = None) -> Display:
        """The equation up to `closing`, or up to `stop`; where that is missing, the scanner goes on behind the opening."""
        inside, after = self.at, self.last_text
        opening = Excerpt.of(self.original, start, inside)
        holes: list[tuple[int, int]] = []
        comments: list[re.Match[str]] = []
        definitions: list[Definition] = []
        end, at = stop, inside
        while token := TOKEN.match(self.text, at, len(self.text) if stop is None else stop):
            at = token.end()
            if stop is None and self.closes(token, closing):
                end = token.start()
                self.at = self.behind_name(at) if token[0] == r"\end" else end + len(closing)
                break
            if stop is None and self.breaks_off(token, closing):
                break
            if token.lastgroup == "comment":
                comments.append(token)
                holes.append((token.start(), min(at + 1, len(self.text) if stop is None else stop)))
            elif self.is_margin(token, start):
                holes.append(token.span())
            elif token[0] in DEFINING and (found := definition_at(self.text, token, self.ends)):
                holes.append((token.start(), found[1]))
                definitions.append(found[0])
                at = found[1]
        body = None if end is None else without(self.original, inside, end, [hole for hole in holes if hole[1] <= end])
        return Display(environment, opening, body, after, tuple(self.marks(comments)), tuple(definitions))

    def closes(self, token: re.Match[str], closing: str) -> bool:
        """Whether a token ends an equation."""
        if token[0] == r"\end":
            return closing == rf"\end{{{self.named(token.end())}}}"
        return token[0] == closing or (token[0] == "$$" and closing == "$")

    def breaks_off(self, token: re.Match[str], closing: str) -> bool:
        """Whether an equation cannot reach over a token: an empty line, or the beginning of another equation."""
        if token[0] == r"\begin":
            return closing != "$$" and self.named(token.end()) in DISPLAYS
        return token.lastgroup == "blank" or token[0] in (r"\[", r"\(")

    def is_margin(self, _token: re.Match[str], _start: int) -> bool:
        """Whether a token of an equation belongs to the margin of the page."""
        return False

    def behind_name(self, at: int) -> int:
        """Where the name of an environment ends."""
        found = environment_at(self.text, at)
        return found.end() if found else at
