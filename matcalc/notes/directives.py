r"""What a mark says of its equation: declarations, and settings with a key.

    x: vector(n), A: matrix(m, n) symmetric     declarations, in the language, parted by commas or semicolons
    x, y: vector(n)                             two of the same kind
    assume: \mathbf{1}^\top \mathbf{y} = 1      an equation that holds where the sides are compared, in LaTeX
    where: \mathbf{p} = \operatorname{softmax}(\mathbf{z})    an assignment that the equation may use, in LaTeX
    layout: denominator                         the layout
    expect: refuted                             the verdict that is right
    structured                                  tied entries move together
    name: ols-gradient                          what the equation is called
    source: ..., note: ..., tags: a, b          as in an identity file

Settings are parted by semicolons and lines.  After `declare` the same is said of all equations that follow, but for
what speaks of one equation only.  What an equation says itself goes before that, and what is said later before what is
said earlier.  After `define`, which may be followed by declarations, the equation is no claim, but an assignment that all
equations that follow may use.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from matcalc.errors import MatcalcError
from matcalc.excerpt import Excerpt, relocated
from matcalc.identity import LAYOUTS, IdentityError
from matcalc.notes.events import Mark
from matcalc.parser import PROPERTIES, nearest, parse_declarations
from matcalc.verdict import VERDICTS

__all__ = ["Said", "read_mark"]

#: The keys, and those that may be said of all equations that follow.
KEYS = ("layout", "expect", "name", "source", "note", "tags", "assume", "where", "structured")
COMMON = frozenset({"layout", "assume", "where", "structured"})
#: The values that some keys may have.
CHOICES = {"layout": LAYOUTS, "expect": VERDICTS}
#: What stands in brackets, or is a command of LaTeX, parts nothing.
_PIECES = re.compile(r"\\.|[()\[\]{}]|[;\n,]", re.DOTALL)
_KEY = re.compile(r"[ \t]*+([A-Za-z_-]++)[ \t]*+(?::|\Z)")
_NEXT = re.compile(r"\s*+(?:structured\s*+(?=,|\Z)|(?=(\w++))(?:[^\W\d]\w*+\s*+,\s*+)*+[^\W\d]\w*+\s*+(?:\([\w\s,]*+\)\s*+)?:)")
_NAMES = re.compile(r"\s*+((?:[^\W\d]\w*+\s*+,\s*+)++)(?=[^\W\d])")
_WORD = re.compile(r"\w++")
#: The longest mark.
MAX_LENGTH = 10_000
HINT = "write `% matcalc: x: vector(n), A: matrix(m, n)`, `% matcalc declare: ...`, or `% matcalc:` alone"


@dataclass(frozen=True)
class Said:
    """What one mark, or all of them together, say.  `declare` holds the declarations by name."""

    declare: dict[str, Excerpt] = field(default_factory=dict)
    assume: tuple[Excerpt, ...] = ()
    where: tuple[Excerpt, ...] = ()
    #: The values of the other keys.
    values: dict[str, Excerpt] = field(default_factory=dict)
    #: `declare`, `define`, or empty for a claim.
    verb: str = ""

    def over(self, other: Said) -> Said:
        """What is said here, and by `other` where nothing is said here."""
        return Said(
            other.declare | self.declare,
            other.assume + self.assume,
            other.where + self.where,
            other.values | self.values,
        )

    def value(self, key: str) -> str:
        """What is said under a key, on one line; empty where nothing is."""
        return " ".join(self.values[key].text.split()) if key in self.values else ""


def read_mark(mark: Mark) -> Said:
    """What a mark says; raises IdentityError with the place of a mistake."""
    said = mark.said
    head = re.match(r"[ \t]*+(declare\b|define\b)?[ \t]*+(:)?", said.text)
    assert head is not None
    if not head[2] and (head[1] != "define" or said.text[head.end() :].strip()):
        raise IdentityError("a colon is expected after `matcalc`", said.span(head.end(), 1), hint=HINT)
    if len(said.text) > MAX_LENGTH:
        raise IdentityError(f"a mark has at most {MAX_LENGTH} characters", said.span(0, 1))
    found = Said(verb=head[1] or "")
    for item in _parted(said.part(head.end(), len(said.text)), ";\n"):
        found = _with_item(found, item)
    return found


def _with_item(found: Said, item: Excerpt) -> Said:
    """What is said with one setting more, or with some declarations."""
    key = _KEY.match(item.text)
    if key is not None and key[1] in KEYS and (key[0].endswith(":") or key[1] == "structured"):
        return _with_value(found, key[1], item.part(*key.span(1)), item.part(key.end(), len(item.text)).stripped())
    for piece in _declarations(item) if item.text else ():
        inner = _KEY.match(piece.text)
        if inner is not None and inner[1] in KEYS:
            found = _with_item(found, piece)
            continue
        for declaration in _shared(piece):
            found = _with_declaration(found, declaration)
    return found


def _with_declaration(found: Said, declaration: Excerpt) -> Said:
    """What is said with one declaration more."""
    name = _declared_name(declaration)
    if name in found.declare:
        related = (("it is declared here first", found.declare[name].span()),)
        raise IdentityError(f"`{name}` is declared twice", declaration.span(), related=related)
    return replace(found, declare=found.declare | {name: declaration})


def _with_value(found: Said, key: str, place: Excerpt, value: Excerpt) -> Said:
    """What is said with the value of a key."""
    if found.verb == "define":
        raise IdentityError("only declarations go with a definition", place.span())
    if found.verb == "declare" and key not in COMMON:
        raise IdentityError(f"`{key}` speaks of one equation, not of all that follow", place.span())
    if key == "structured":
        if value.text:
            raise IdentityError("`structured` has no value", value.span())
        return replace(found, values=found.values | {key: place})
    _check_value(key, place, value)
    if key == "assume":
        return replace(found, assume=(*found.assume, value.squeezed()))
    if key == "where":
        return replace(found, where=(*found.where, value.squeezed()))
    if key in found.values:
        related = (("it stands here first", found.values[key].span()),)
        raise IdentityError(f"`{key}` is said twice", place.span(), related=related)
    return replace(found, values=found.values | {key: value})


def _check_value(key: str, place: Excerpt, value: Excerpt) -> None:
    """Refuse a value that a key cannot have."""
    if not value.text:
        raise IdentityError(f"`{key}` needs a value", place.span(), hint=f"write {key}: ...")
    if key in CHOICES and value.text not in CHOICES[key]:
        near = nearest(value.text, CHOICES[key])
        hint = f"did you mean `{near}`?" if near else f"one of {', '.join(CHOICES[key])}"
        raise IdentityError(f"`{value.text}` is not a {'verdict' if key == 'expect' else key}", value.span(), hint=hint)
    if key == "name" and not value.text.isprintable():
        raise IdentityError("a name is one line of printable characters", value.span())


# ---- Parts ----------------------------------------------------------------------------------------------------------


def _separators(text: str, wanted: str) -> Iterator[int]:
    """Where the separators are that stand in no brackets; the end of a line closes all brackets."""
    depth = 0
    for piece in _PIECES.finditer(text):
        character = piece[0]
        if character in wanted and (depth == 0 or character == "\n"):
            yield piece.start()
        if character in "([{":
            depth += 1
        elif character in ")]}\n":
            depth = max(0, depth - 1) if character != "\n" else 0


def _parted(text: Excerpt, separators: str) -> Iterator[Excerpt]:
    """The parts between separators."""
    start = 0
    for at in _separators(text.text, separators):
        yield text.part(start, at).stripped()
        start = at + 1
    yield text.part(start, len(text.text)).stripped()


def _declarations(item: Excerpt) -> Iterator[Excerpt]:
    """The declarations of one setting: a comma parts two of them where another one begins behind it."""
    start, named = 0, False
    for at in _separators(item.text, ","):
        named = named or ":" in item.text[start:at]
        if named and _begins(item.text, at + 1):
            yield item.part(start, at).stripped()
            start, named = at + 1, False
    yield item.part(start, len(item.text)).stripped()


def _begins(text: str, at: int) -> bool:
    """Whether a declaration, or another setting, begins at a place; a property and a comma are none."""
    found = _NEXT.match(text, at)
    return found is not None and (":" not in found[0] or found[1] not in PROPERTIES)


def _shared(declaration: Excerpt) -> Iterator[Excerpt]:
    """The declarations that `x, y: vector(n)` stands for."""
    names = _NAMES.match(declaration.text)
    if names is None:
        yield declaration
        return
    last = declaration.part(names.end(), len(declaration.text))
    said = last.part(last.text.find(":"), len(last.text)) if ":" in last.text else last.part(0, 0)
    for name in _WORD.finditer(names[1]):
        yield Excerpt.joined([declaration.part(*name.span()), said], declaration.original)
    yield last


def _declared_name(declaration: Excerpt) -> str:
    """The name that is declared; raises IdentityError where it is no declaration."""
    word = re.match(r"([A-Za-z_-]+)[ \t]*:", declaration.text)
    try:
        names = list(parse_declarations([declaration.text]))
    except MatcalcError as error:
        near = nearest(word[1], KEYS) if word else None
        moved = relocated(error, [declaration])
        hint = f"did you mean `{near}:`?" if near and len(near) > 3 else moved.hint
        raise IdentityError(moved.message, moved.span, hint=hint, related=moved.related) from None
    if len(names) != 1:
        raise IdentityError("a declaration is expected", declaration.span(), hint=HINT)
    return names[0]
