"""What a target is: a table of what is not written as for NumPy.

Emitted text is NumPy's with another name for `np`.  `names` says what a function is called instead, `kinds` how a kind of
step is written, `templates` and `helpers` how an operation of the registry is.  A target may hold functions that write
text; they take the writer, of which they need what `Writing` says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Protocol

from matcalc.codegen.steps import Step
from matcalc.codegen.text import ATOM, SIGN, Text, float_text, number_text
from matcalc.form import Dimension
from matcalc.operation import Operation, find_operation, operations

__all__ = ["Argument", "Target", "Writing"]


class Writing(Protocol):
    """What a target needs of the writer."""

    texts: dict[Step, Text]
    parameters: set[str]

    def operand(self, step: Step, level: int) -> str: ...
    def statement(self, line: str) -> None: ...
    def take(self, wanted: str) -> str: ...
    def like(self) -> str | None: ...
    def dtype(self) -> str: ...
    def dimension(self, dimension: Dimension) -> str: ...
    def shape(self, shape: Sequence[Dimension]) -> str: ...
    def axis(self, axis: Sequence[Dimension]) -> str: ...
    def is_plain(self, step: Step) -> bool: ...
    def is_fresh(self, step: Step) -> bool: ...


@dataclass(frozen=True, slots=True)
class Argument:
    """An array argument that is converted: its Python name, how many axes are passed.

    All that are `together` must have one type.
    """

    name: str
    order: int
    together: bool = False


def no_conversion(arguments: Sequence[Argument], code: str) -> list[str]:
    """No statement."""
    return []


@dataclass(frozen=True)
class Target:
    """How one library of arrays is written.

    `namespace` is the name of `np`; `imports` are the lines that bring names in, each where its name is used.  `convert`
    makes the statements that bring the arguments into arrays for some code.
    """

    name: str
    namespace: str
    imports: Mapping[str, str]
    #: What is passed, in words.
    takes: str = ""
    convert: Callable[[Sequence[Argument], str], list[str]] = no_conversion
    #: Functions of NumPy that have another name, without `np.`: `linalg.inv`.
    names: Mapping[str, str] = field(default_factory=dict)
    #: How a kind of step is written; None where NumPy's text serves.
    kinds: Mapping[str, Callable[[Any, Step], Text | None]] = field(default_factory=dict)
    #: The expression of an operation with `{0}`, `{1}`; else that of its record serves.
    templates: Mapping[str, str] = field(default_factory=dict)
    #: The source of helpers by name without the underscore; else those of the records serve.
    helpers: Mapping[str, str] = field(default_factory=dict)
    #: Makes an array without axes of the text of a plain number, where functions take arrays only.
    number: Callable[[Any, str], str] | None = None
    #: An array of another shape, `{0}` the array and `{1}` its sizes.
    reshape: str = "{0}.reshape({1})"
    #: What is done to each answer, with its number of axes.
    answer: Callable[[str, int], str] | None = None
    #: True if numbers are exact, and no decimal may stand in the text.
    exact: bool = False
    #: True if arrays may be written over.
    in_place: bool = False

    def renamed(self, text: str) -> str:
        """The text of NumPy in the names of the target."""
        if self.namespace == "np" and not self.names:
            return text
        return re.sub(r"\bnp\.([a-z_]\w*(?:\.[a-z_]\w*)*)", lambda found: self.function(found[1]), text)

    def function(self, name: str) -> str:
        """What a function of NumPy is called."""
        return self.names.get(name) or f"{self.namespace}.{name}"

    def number_text(self, value: Fraction) -> Text:
        """A number."""
        if not self.exact:
            return number_text(value)
        if value.denominator > 1:
            return f"sp.Rational({value.numerator}, {value.denominator})", ATOM
        return str(value), SIGN if value < 0 else ATOM

    def float_text(self, value: Fraction) -> str:
        """A number that is no int, unless numbers are exact."""
        return self.number_text(value)[0] if self.exact else float_text(value)

    def template(self, record: Operation) -> str:
        """The expression of an operation."""
        return self.templates.get(record.name) or self.renamed(record.numpy)

    def helper(self, name: str) -> str:
        """The source of the helper `_name`; empty if there is none."""
        record = find_operation(name)
        return self.helpers.get(name) or (self.renamed(record.helper) if record is not None else "")

    def helper_names(self) -> set[str]:
        """The names of all helpers, without their underscore."""
        return {*self.helpers, *(record.name for record in operations() if record.helper)}

    def needed(self, text: str) -> list[str]:
        """The helpers that a text calls or hands on, with those that these call, by name."""
        known, found = self.helper_names(), set[str]()
        pending = [text]
        while pending:
            called = {name for name in re.findall(r"\b_(\w+)(?=[(,])", pending.pop()) if name in known} - found
            found |= called
            pending += [self.helper(name) for name in sorted(called)]
        return sorted(found)

    @property
    def reserved(self) -> frozenset[str]:
        """The names that no parameter may have."""
        return frozenset({self.namespace, *self.imports, *("_" + name for name in self.helper_names())})

