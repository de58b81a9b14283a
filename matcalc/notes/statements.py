"""From what stands in a file of notes to the identities that the author marks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from matcalc.errors import Span
from matcalc.excerpt import Excerpt, Original
from matcalc.identity import Identity, IdentityError, IdentityFile
from matcalc.latex_reader.scope import paper_name
from matcalc.notes.directives import Said, read_mark
from matcalc.notes.events import Definition, Display, EndOfGroup, Event, Heading, Mark, Scan
from matcalc.notes.macros import Macros, expanded
from matcalc.notes.rows import Equation, equations

__all__ = ["identity_file"]

#: A label that marks its equation.
_MARKING = re.compile(r"(?:mc|matcalc):\s*+")
_MARKING_LABEL = re.compile(r"\\label[ \t]*+\{\s*+(?:mc|matcalc):")
_CONTROL_WORD = re.compile(r"\\(?:begin|end|label)[ \t]*+\{[^{}]*+\}|\\[A-Za-z]++")
#: A name of several letters in an upright face.
_UPRIGHT = re.compile(r"\\(?:operatorname\*?|mathrm|mathsf|text)[ \t]*+\{([A-Za-z]{2,})\}")
#: The letters and commands of a formula, of which some only say how the letters look.
_WORDS = re.compile(r"\\[A-Za-z]+|[^\W\d_]")
_FACES = frozenset({r"\mathbf", r"\boldsymbol", r"\bm", r"\mathrm", r"\mathsf", r"\mathit", r"\operatorname", r"\text"})
_SIZES = re.compile(r":[^(]*+\(([^)]*+)\)")
_BASE = re.compile(r"[^\W\d_]++")
_NO_EQUATION = "no equation follows this mark"
_HINT = "an equation is marked in the lines directly before it, or inside of it"


def identity_file(scan: Scan) -> IdentityFile:
    """The file of the marked equations; raises MatcalcError with the place of a mistake."""
    path = scan.original.path or "notes"
    collected = _Collector(scan.original, Path(path).stem)
    for event in scan.events:
        collected.take(event)
    collected.check_pending(scan.last_text, at_the_end=True)
    return IdentityFile(path, Path(path).stem, "", tuple(collected.identities()), (), collected.unmarked)


@dataclass
class _Collector:
    """The equations found so far, with what holds at the place that is reached."""

    original: Original
    title: str
    macros: Macros = field(default_factory=Macros)
    #: What is said of all equations from here on.
    common: Said = field(default_factory=Said)
    pending: list[Mark] = field(default_factory=list)
    found: list[tuple[Equation, Said, str]] = field(default_factory=list)
    #: How many displays nobody marks.
    unmarked: int = 0

    def take(self, event: Event) -> None:
        """Go on with what comes next in the file."""
        if isinstance(event, Heading):
            self.title = event.title or self.title
        elif isinstance(event, Definition):
            self.macros.define(event)
        elif isinstance(event, EndOfGroup):
            self.macros.end_group(event.count)
        elif isinstance(event, Display):
            self.display(event)
        else:
            self.mark(event)

    def mark(self, mark: Mark) -> None:
        said = read_mark(mark)
        if said.verb == "declare":
            self.common = self.without_macros(said).over(self.common)
        else:
            self.pending.append(mark)

    def check_pending(self, after: int, *, at_the_end: bool = False) -> None:
        """Refuse marks with text between them and the equation, or with no equation behind them."""
        for mark in self.pending:
            if at_the_end or after > mark.said.starts[0]:
                raise IdentityError(_NO_EQUATION, _place(mark), hint=_HINT)

    def without_macros(self, said: Said) -> Said:
        """The same with the macros expanded in what is LaTeX."""
        where = tuple(expanded(text, self.macros.known) for text in said.where)
        return replace(said, where=where, assume=tuple(expanded(text, self.macros.known) for text in said.assume))

    def display(self, display: Display) -> None:
        """Take the equations of a display, if they are marked."""
        self.check_pending(display.after)
        inside = [(mark, read_mark(mark)) for mark in display.marks]
        for definition in display.definitions:
            self.macros.define(definition)
        declared = (self.without_macros(said) for _, said in inside if said.verb == "declare")
        self.common = _over(declared, self.common)
        marks = self.pending + [mark for mark, said in inside if said.verb != "declare"]
        self.pending = []
        labelled = display.body is not None and _MARKING_LABEL.search(display.body.text) is not None
        named = display.name is not None and _MARKING.match(display.name.text) is not None
        if not (marks or labelled or named):
            self.unmarked += not display.inline and bool(display.body is None or display.body.text.strip())
        elif display.body is None:
            hint = "no empty line and no other display may stand before its end"
            raise IdentityError("this equation is marked and has no end", display.opening.span(), hint=hint)
        else:
            found = [read_mark(mark) for mark in marks]
            said = self.without_macros(_over(found, Said()))
            if any(one.verb == "define" for one in found):
                self.define(display, display.body, said)
            else:
                self.equations(display, display.body, said, all_of_them=bool(marks or named))

    def define(self, display: Display, body: Excerpt, said: Said) -> None:
        """Take the equations of a display as assignments for all that follow; a later one replaces an earlier one."""
        if said.values or said.where or said.assume:
            raise IdentityError("only declarations go with a definition", display.opening.span())
        where = {_left(formula): formula for formula in self.common.where}
        for equation in equations(expanded(body, self.macros.known), display.environment):
            if len(equation.steps) != 1:
                raise IdentityError("a definition has two sides, name = value", equation.formula.span())
            where.pop(_left(equation.formula), None)
            where[_left(equation.formula)] = equation.formula
        self.common = Said(said.declare).over(replace(self.common, where=tuple(where.values())))

    def equations(self, display: Display, body: Excerpt, said: Said, *, all_of_them: bool) -> None:
        """Take all equations of a display, or those with a label that marks."""
        every = equations(expanded(body, self.macros.known), display.environment)
        wanted = [e for e in every if all_of_them or (any(_MARKING.match(label.text) for label in e.labels))]
        self.unmarked += len(every) - len(wanted)
        if not wanted:
            raise IdentityError("there is no equation here", display.opening.span())
        for number, equation in enumerate(wanted, 1):
            name = _name(said, equation, display, f" ({number})" if len(wanted) > 1 else "")
            own = Said(values={} if name is None else {"name": name}).over(said)
            common = replace(self.common, where=_where_of_use(self.common, own, equation))
            self.found.append((equation, own.over(common), self.title))

    # ---- Identities -------------------------------------------------------------------------------------------------

    def identities(self) -> Iterator[Identity]:
        """The identities, each with a name of its own."""
        first: dict[str, Span] = {}
        for equation, said, title in self.found:
            line = equation.formula.line()
            name, place = said.value("name"), equation.formula.span()
            if not name:
                name = _free(f"equation at line {line}", first)
            elif name in first:
                related = (("the first one", first[name]),)
                raise IdentityError(f"two equations are called `{name}`", place, related=related)
            first[name] = place
            yield self.identity(equation, said, name, title)

    def identity(self, equation: Equation, said: Said, name: str, title: str) -> Identity:
        """One equation with all that is said of it."""
        declare = tuple(_of_use(said, equation))
        excerpts = (equation.formula, *declare, *said.where, *said.assume)
        return Identity(
            name,
            equation.formula.text,
            declare=tuple(declaration.text for declaration in declare),
            layout=said.value("layout") or "numerator",
            assume=tuple(assumption.text for assumption in said.assume),
            where=tuple(assignment.text for assignment in said.where),
            source=said.value("source"),
            expect=said.value("expect") or None,
            tags=tuple(tag.strip() for tag in said.value("tags").split(",") if tag.strip()),
            structured="structured" in said.values,
            note=_note(said, equation),
            title=title,
            path=self.original.path,
            line=equation.formula.line(),
            syntax="latex",
            excerpts=tuple(excerpt.cut() for excerpt in excerpts),
            steps=equation.steps,
        )


def _note(said: Said, equation: Equation) -> str:
    """The author's note, and which conditions in words are no part of what is verified."""
    left_out = [f"verified without the condition: {condition}" for condition in equation.conditions]
    return "; ".join(filter(None, [said.value("note"), *left_out]))


def _place(mark: Mark) -> Span:
    """Where a mark stands: the word and what it says."""
    start = mark.said.starts[0]
    line = mark.said.text.split("\n")[0].rstrip()
    return mark.said.original.span(start - len("matcalc"), start + len(line))


def _over(marks: Iterable[Said], common: Said) -> Said:
    """What several marks say together, the later ones first, over what else holds."""
    for said in marks:
        common = said.over(common)
    return common


def _name(said: Said, equation: Equation, display: Display, several: str) -> Excerpt | None:
    """The name of an equation: of a label that marks, of the mark, or of any other label.

    One that several equations share gets a number.
    """
    labels = [*equation.labels, *([display.name] if display.name is not None else [])]
    marking = [label.part(m.end(), len(label.text)) for label in labels if (m := _MARKING.match(label.text))]
    given = [said.values["name"]] if "name" in said.values else []
    name = next((name for name in [*marking, *given, *labels] if name.text), None)
    shared = several and name is not None and (name in given or not equation.labels)
    return name.standing_for(name.text + several) if shared and name is not None else name


def _free(name: str, taken: Mapping[str, Span]) -> str:
    """A name that is not taken, with a number if need be."""
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name} ({number})"
    return free


def _left(formula: Excerpt) -> str:
    """What stands before the relation of a definition."""
    return formula.text.partition("=")[0].rstrip(": ")


def _where_of_use(common: Said, own: Said, equation: Equation) -> tuple[Excerpt, ...]:
    """The assignments for all equations that one may use: of names that may occur in it, or in one another.

    Where a letter is no ASCII, it may be a command of another one, and all are kept.
    """
    written = "\n".join(excerpt.text for excerpt in (equation.formula, *own.where, *own.assume, *common.assume))
    kept: list[Excerpt] = []
    for assignment in reversed(common.where):
        words = set(_WORDS.findall(_left(assignment))) - _FACES
        if not words or words & set(_WORDS.findall(written)) or not (written + assignment.text).isascii():
            kept.insert(0, assignment)
            written += "\n" + assignment.text
    return tuple(kept)


def _of_use(said: Said, equation: Equation) -> Iterator[Excerpt]:
    """The declarations of names and sizes that may occur in an equation, or in what it may use."""
    written = "\n".join(excerpt.text for excerpt in (equation.formula, *said.where, *said.assume))
    letters = _CONTROL_WORD.sub(" ", _UPRIGHT.sub(" ", written))
    for name, declaration in said.declare.items():
        sizes = _SIZES.search(declaration.text)
        if any(_occurs(word, letters, written) for word in [name, *_BASE.findall(sizes[1] if sizes else "")]):
            yield declaration


def _occurs(name: str, letters: str, written: str) -> bool:
    """Whether a name may be meant by some letter or word of a formula; where in doubt, it is."""
    words = {base[0] for word in (name, paper_name(name)[0]) if (base := _BASE.match(word))} or {name}
    return not written.isascii() or any(word in letters or (len(word) > 1 and word in written) for word in words)
