"""The claims by which gradients that are written in error signals are verified.

A signal that is made of other signals is claimed for any loss of the values whose signals they are: the claim is as
long as a layer, whatever comes behind it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain, count

from matcalc.form import Form, format_axis, name
from matcalc.notation.text import to_text
from matcalc.signals.setting import Setting, declaration, names_of, size_declarations
from matcalc.signals.values import Values

__all__ = ["Claims", "unused"]


def unused(word: str, taken: set[str]) -> str:
    """The word, numbered if it is taken."""
    return next(w for w in chain([word], (f"{word}{k}" for k in count(1))) if w not in taken)


@dataclass(frozen=True)
class Claims:
    """The claims about the gradients of some values, under a setting in which entries move independently."""

    values: Values
    setting: Setting
    #: What a signal is: "grad", or "d" in the layout of the setting.
    notation: str = "grad"

    def of(self, value: str, left: Form, right: Form) -> tuple[str, Setting]:
        """The claim of a gradient, about the whole program only where the output uses the value itself."""
        users = self.values.users(value)
        # A symbol d(L)/d(Y) is one of the loss itself, and a tensor by entries is no derivative by a name.
        symbolic = any(user in self.values.symbols for user in users)
        named = left.head == "derivative" and left.args[1].head == "name"
        if not users or symbolic or not named or self.values.reaches_output(value):
            return f"{to_text(left)} = {to_text(right)}", self.whole(right)
        loss = unused("L", self._taken())
        local = Form(left.head, (name(loss, "scalar", ()), left.args[1]), left.value, kind=left.kind, shape=left.shape)
        return f"{to_text(local)} = {to_text(right)}", self._local(value, users, loss, right)

    def whole(self, form: Form) -> Setting:
        """What the program says, and what the signals in a form are."""
        return self.setting.knowing(self._signal_lines(to_text(self.values.output), form))

    def _taken(self) -> set[str]:
        return names_of(self.values.program).union(self.values.names.values())

    def _local(self, value: str, users: list[str], loss: str, form: Form) -> Setting:
        """What the users of a value are, for any loss of them; the other values with signals are variables."""
        values, program = self.values, self.values.program
        held = {value, *values.carriers} - set(users)
        in_form = values.names_in(form)
        lines = values.lines([*users, *sorted(in_form)], held)
        used = set(lines).union(in_form, *(values.names_in(line) for line in lines.values()))
        infos = [v for v in (*program.variables.values(), *program.sized) if v.name in used or v.kind == "function"]
        fixed = {n: program.assignments[n] for n in sorted(held & used & set(program.assignments))}
        rows = {n: unused(f"{n}_column", self._taken()) for n, made in fixed.items() if made.kind == "row"}
        declared = [*map(str, infos), *(declared_as(n, made, rows) for n, made in fixed.items())]
        declared += size_declarations(program, used, [v.shape for v in infos] + [f.shape or () for f in fixed.values()])
        declared.append(f"{loss}({', '.join(users)}): scalar")
        where = [*(f"{row} = {column}'" for row, column in rows.items()), *(f"{n} = {to_text(f)}" for n, f in lines.items())]
        return replace(self.setting, declare=tuple(declared), where=(*where, *self._signal_lines(loss, form)))

    def _signal_lines(self, loss: str, form: Form) -> Iterator[str]:
        used = self.values.names_in(form)
        for value, signal in self.values.names.items():
            if signal in used:
                yield f"{signal} = " + (f"grad({loss}, {value})" if self.notation == "grad" else f"d({loss})/d({value})")


def declared_as(word: str, form: Form, rows: dict[str, str]) -> str:
    """The declaration of a held value; a row is the transpose of a column."""
    if word in rows:
        return f"{rows[word]}: vector({', '.join(map(format_axis, form.shape or ()))})"
    return declaration(word, form)
