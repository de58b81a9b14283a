r"""Finding equations, marks, headings and macros in a .tex file.

A display is `\[ .. \]`, `$$ .. $$` or one of the environments below; what stands in `verbatim` and its kin, in `\verb`, in
a comment and after `\end{document}` is none.  No file is read that `\input` names.  An equation in a line of text counts
only where a mark stands directly before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from matcalc.excerpt import Excerpt, Original
from matcalc.notes.events import Definition, Display, Event, Heading, Mark, Scan, without
from matcalc.notes.macros import DEFINING, definition_at
from matcalc.notes.tokens import TOKEN, braced, bracketed, environment_at, groups

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
_VERB = re.compile(r"\*?([^A-Za-z\s*])(?:(?!\1)[^\n])*+\1")
_MARK = re.compile(r"%++[ \t]*+(?:matcalc\b|(?i:matcalc)(?=[ \t]*+(?:declare|define)?[ \t]*+:))")


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
            elif kind in ("dollar", "dollars") or token[0] in (r"\[", r"\("):
                yield from self.formula(token)
            elif kind not in ("space", "blank"):
                self.last_text = self.at

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

    # ---- Commands ---------------------------------------------------------------------------------------------------

    def command(self, token: re.Match[str]) -> Iterator[Event]:
        """What a command begins."""
        word = token[0]
        if word == r"\begin":
            yield from self.environment(token)
        elif word in DEFINING:
            yield from self.definition(token)
        elif word in (r"\newenvironment", r"\renewenvironment"):
            self.skip_environment()
        elif word in _HEADINGS:
            yield from self.heading()
        elif word in _SILENT or (word == r"\end" and self.named(self.at) in _TRANSPARENT):
            self.skip_group()
        else:
            self.verbatim_text(word)
            self.last_text = self.at

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
            yield definition
        self.last_text = self.at

    def environment(self, token: re.Match[str]) -> Iterator[Display]:
        """An environment: its content is an equation, is skipped, or is text like any other."""
        name = environment_at(self.text, self.at)
        if name is None:
            self.last_text = self.at
        elif name[1] in DISPLAYS:
            self.at = name.end()
            yield self.display(token.start(), name[1], rf"\end{{{name[1]}}}")
        elif name[1] in VERBATIM:
            end = self.text.find(rf"\end{{{name[1]}}}", name.end())
            self.at = self.last_text = len(self.text) if end < 0 else end
        else:
            self.at = name.end()
            self.last_text = self.last_text if name[1] in _TRANSPARENT else self.at

    # ---- Equations --------------------------------------------------------------------------------------------------

    def formula(self, token: re.Match[str]) -> Iterator[Display]:
        """An equation between dollars or brackets; one in a line of text is text, too."""
        environment = "$" if token[0] in ("$", r"\(") else token[0]
        closing = {r"\[": r"\]", r"\(": r"\)"}.get(token[0], token[0])
        display = self.display(token.start(), environment, closing)
        yield display
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
