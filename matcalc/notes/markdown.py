r"""Finding equations, marks, headings and macros in a Markdown file, in the flavours of GitHub, Pandoc, Quarto and MyST.

A display is `$$ .. $$`, a fenced block or directive whose language is `math` or `{math}`, or an environment such as `align`
that begins a line.  A mark is a comment `<!-- matcalc: .. -->`, or a line `% matcalc: ..` as MyST has it.  What stands in
other fenced blocks, in code and in comments is no equation.  A label after the display, `{#eq-name}` or `(name)`, or the
option `:label: name` of a block, is its name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from matcalc.excerpt import Excerpt, Original
from matcalc.identity import IdentityError
from matcalc.notes.events import Display, EndOfGroup, Event, Heading, Mark, Scan, without
from matcalc.notes.macros import DEFINING
from matcalc.notes.tex import DISPLAYS, STRAY, STRAY_HINT, TexScanner
from matcalc.notes.tokens import TOKEN, environment_at

__all__ = ["scan_markdown"]

_TOKEN = re.compile(
    r"""
      (?P<fence> (?:^|(?<=\n))[ \t>]*+(?P<bar>`{3,}+|~{3,}+)[ \t]*+(?P<language>[^\s`]*+)[^`\n]*+(?=\n|\Z) )
    | (?P<directive> (?:^|(?<=\n))[ \t>]*+(?P<colons>:{3,}+)[ \t]*+\{math\}[^\n]*+(?=\n|\Z) )
    | (?P<heading> (?:^|(?<=\n))\#{1,6}[ \t]++(?P<title>[^\n]*+) )
    | (?P<comment> <!--(?:-++(?!>))?+ )
    | (?P<percent> (?:^|(?<=\n))[ \t>]*+%[^\n]*+ )
    | (?P<stray> \{\#(?=(?:mc|matcalc):) | (?:^|(?<=\n))[ \t>]*+\((?=(?:mc|matcalc):[^\s()]++\)=) )
    | (?P<code> `++ )
    | (?P<begin> \\begin(?=[ \t]*+\{) )
    | (?P<command> \\[A-Za-z@]++ )
    | (?P<escape> \\. )
    | (?P<display> \$\$ )
    | (?P<inline> \$(?![\s$]) )
    | (?P<silent> [\s>] )
    | (?P<text> [A-Za-z0-9]++ | . )
    """,
    re.VERBOSE | re.DOTALL,
)
_INLINE = re.compile(r"(?:\\.|[^$\\\n]|\n(?![ \t]*+\n))++(?<!\s)\$(?![0-9$])", re.DOTALL)
_LABEL = re.compile(r"[ \t]*+(?:\{\#([^\s{}]++)[^{}\n]*+\}|\(([^\s()]++)\))(?=[ \t]*+(?:\n|\Z))")
_OPTION = re.compile(r"[ \t>]*+:([a-z-]++):[ \t]*+([^\n]*+)\n?")
_MARK = re.compile(r"\s*+(?:matcalc\b|(?i:matcalc)(?=\s*+(?:declare\b|define\b)?\s*+(?:\w++\s*+)?:))")
#: Directives of MyST whose content is Markdown like any other.
_DIRECTIVE = re.compile(
    r"\{(?:(?:prf|proof):[a-z-]+|admonition|attention|caution|danger|error|hint|important|note|seealso|tip|warning|todo|dropdown"
    r"|margin|sidebar|aside|topic|epigraph|card|grid|grid-item|grid-item-card|tab-set|tab-item|exercise|solution|exercise-start"
    r"|solution-start|details|theorem|lemma|definition|corollary|proof|example|remark|div)\}"
)
#: The languages of blocks that are equations.
MATH = ("math", "{math}")
_MARGIN = re.compile(r"\n[ \t]*+>[ \t>]*+")
_QUOTED = re.compile(r"[ \t]*+>")

#: The widest margin of a quotation.
MARGIN = 80


def scan_markdown(original: Original) -> Scan:
    """All that a Markdown file holds."""
    scanner = _MarkdownScanner(original)
    events = tuple(scanner.events())
    return Scan(original, events, scanner.last_text)


class _MarkdownScanner(TexScanner):
    """A reader of Markdown from the beginning of a file to its end; its equations are LaTeX."""

    def __init__(self, original: Original) -> None:
        super().__init__(original)
        #: The lengths of runs of backticks that do not come again.
        self.unclosed: set[int] = set()
        #: The fences of the directives that are open.
        self.directives: list[str] = []

    def events(self) -> Iterator[Event]:
        """What is found."""
        while token := _TOKEN.match(self.text, self.at):
            self.at = token.end()
            match token.lastgroup:
                case "comment":
                    yield from self.comment()
                case "percent":
                    yield from self.percent(token)
                case "stray":
                    raise IdentityError(STRAY, self.original.span(token.end() - 1, token.end()), hint=STRAY_HINT)
                case "heading":
                    yield Heading(token["title"].strip(" \t#"))
                    self.last_text = self.at
                case "fence":
                    if not self.is_directive(token["bar"], token["language"]):
                        yield from self.fence(token.start("bar"), token["bar"], equation=token["language"] in MATH)
                case "directive":
                    yield from self.fence(token.start("colons"), token["colons"], equation=True)
                case "display":
                    yield self.labelled(self.display(token.start(), "$$", "$$"))
                case "inline":
                    yield from self.inline(token)
                case "begin":
                    yield from self.environment_in_text(token)
                case "code":
                    self.code(len(token[0]))
                case "silent":
                    pass
                case _:
                    yield from self.definition(token) if token[0] in DEFINING else ()
                    self.last_text = self.at

    def comment(self) -> Iterator[Mark]:
        """A comment, which may be a mark."""
        end = self.text.find("-->", self.at)
        end = len(self.text) if end < 0 else end
        mark = _MARK.match(self.text, self.at, end)
        if mark is not None:
            stop = mark.end() + len(self.text[mark.end() : end].rstrip("-"))
            yield Mark(without(self.original, mark.end(), stop, self.margins(mark.end(), stop)))
        else:
            self.check_spelling(self.text[self.at : end], self.at)
        self.at = end + len("-->")

    def margins(self, start: int, end: int) -> list[tuple[int, int]]:
        """Where the signs of quotation stand in a comment of several lines that begins in a quotation."""
        if _QUOTED.match(self.before(start) or "") is None:
            return []
        return [(found.start() + 1, found.end()) for found in _MARGIN.finditer(self.text, start, end)]

    def percent(self, token: re.Match[str]) -> Iterator[Mark]:
        """A line that begins with a percent sign: a comment of MyST, if it is a mark, else text."""
        start = self.text.index("%", token.start())
        found = list(self.marks([comment] if (comment := TOKEN.match(self.text, start)) else []))
        yield from found
        if not found:
            self.at, self.last_text = start + 1, start + 1

    def code(self, length: int) -> None:
        """Code in a line of text, up to as many backticks as it began with."""
        self.last_text = self.at
        if length in self.unclosed:
            return
        end = re.compile(rf"(?<!`)`{{{length}}}(?!`)").search(self.text, self.at) if length < 100 else None
        if end is None:
            self.unclosed.add(length)
        elif "\n\n" not in self.text[self.at : end.start()]:
            self.at = self.last_text = end.end()

    def is_directive(self, bar: str, language: str) -> bool:
        """Whether a fence begins or ends a directive whose content is text."""
        if _DIRECTIVE.fullmatch(language):
            self.directives.append(bar)
        elif not language and self.directives and bar.startswith(self.directives[-1]):
            self.directives.pop()
        else:
            return False
        self.last_text = self.at
        return True

    def fence(self, start: int, bar: str, *, equation: bool) -> Iterator[Display]:
        """A fenced block: an equation if its language says so."""
        closing = re.compile(rf"\n[ \t>]*+{bar[0]}{{{len(bar)},}}+[ \t]*+(?=\n|\Z)")
        end = closing.search(self.text, self.at)
        stop, behind = end.span() if end else (len(self.text), len(self.text))
        if equation:
            self.at = min(self.at + 1, stop)
            name = self.options(stop)
            yield replace(self.display(start, "math", "", stop), name=name)
        else:
            self.last_text = behind
        self.at = behind

    def options(self, stop: int) -> Excerpt | None:
        """The label among the options with which a block begins."""
        name = None
        while option := _OPTION.match(self.text, self.at, stop):
            self.at = option.end()
            if option[1] == "label" and option[2].strip():
                name = Excerpt.of(self.original, *option.span(2)).stripped()
        return name

    def labelled(self, display: Display) -> Display:
        """A display with the label that stands behind it."""
        label = _LABEL.match(self.text, self.at) if display.body is not None else None
        if label is None:
            return display
        self.at = label.end()
        return replace(display, name=Excerpt.of(self.original, *label.span(1 if label[1] else 2)))

    def inline(self, token: re.Match[str]) -> Iterator[Display]:
        """An equation in a line of text, or a dollar."""
        found = _INLINE.match(self.text, self.at)
        if found is not None:
            ticked = self.text.startswith("`", self.at) and self.text.startswith("`$", found.end() - 2)
            stop = found.end() - 1
            if ticked and found.end() - 2 > self.at:  # GitHub's  $`a = b`$
                self.at, stop = self.at + 1, stop - 1
            yield self.display(token.start(), "$", "", stop)
            self.at = found.end()
        self.last_text = self.at

    def closed(self, display: Display) -> Iterator[Display | EndOfGroup]:
        """A display; the definitions in it hold on the whole page."""
        yield display

    def environment_in_text(self, token: re.Match[str]) -> Iterator[Display | EndOfGroup]:
        """An environment of equations without dollars, as MyST has it."""
        name = environment_at(self.text, self.at)
        if name is not None and name[1] in DISPLAYS:
            yield from self.environment(token)
        else:
            self.last_text = self.at

    def is_margin(self, token: re.Match[str], start: int) -> bool:
        """Whether a `>` begins the line of a quotation."""
        if token[0] != ">":
            return False
        margin = self.before(token.start())
        return margin is not None and not margin.strip(" \t>") and _QUOTED.match(self.before(start) or "") is not None

    def before(self, at: int) -> str | None:
        """What stands before a character on its line; None if that is long."""
        line = self.text.rfind("\n", max(0, at - MARGIN), at)
        return self.text[line + 1 : at] if line >= 0 else self.text[:at] if at < MARGIN else None
