"""The graph of a computation: the values, and the derivatives that one mode of the chain rule takes.

Reverse mode carries the adjoint df/dv of every value from the output f down, forward mode the tangent dv/dx from the
variable x up; both multiply the local derivatives of elementary operations (Deisenroth, Faisal and Ong, Mathematics for
Machine Learning, 5.6.2).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property

from matcalc.computations.answers import Held, Rule, adjoint_rules, local_rules, tangent_rules
from matcalc.computations.parting import names_in
from matcalc.computations.values import Value, links_of, reached, values_of
from matcalc.errors import KindError, UnknownNameError
from matcalc.form import Form, name
from matcalc.inference import TypedProgram, infer
from matcalc.lowering import lower
from matcalc.notation.text import to_text
from matcalc.parser import nearest
from matcalc.variables import variables_of

__all__ = ["Graph"]


class Graph:
    """The values of a program, one elementary operation each, and their derivatives in one mode.

    `values` is a mapping by name, in the order in which they are computed; `inputs` are the variables, `targets` the
    names to differentiate by, `output` is the name of the last value.
    """

    def __init__(self, typed: TypedProgram, wrt: Sequence[str], mode: str) -> None:
        self.mode = mode
        self.layout = typed.layout
        self._values = values_of(typed, lower(typed, typed.layout), targets_of(typed, wrt))
        self.targets = self._values.targets
        self.declarations = typed.declarations()
        self.typed = infer(self._values.program, layout=typed.layout)

    @property
    def values(self) -> Mapping[str, Value]:
        """The values in the order in which they are computed, the output last."""
        return self._values.values

    @property
    def inputs(self) -> tuple[str, ...]:
        """The variables that the values are computed from, those first that are differentiated by."""
        return (*self.targets, *(word for word in self._values.inputs if word not in self.targets))

    @property
    def output(self) -> str:
        """The name of the output."""
        return self._values.output

    @property
    def source(self) -> str:
        """The computation as a program of the language, an operation a line."""
        return self._values.program.source

    def is_moving(self, word: str) -> bool:
        """Whether a value depends on what is differentiated by."""
        return word in self._values.moving

    @cached_property
    def users(self) -> Mapping[str, Sequence[str]]:
        """The values that use each value and each input directly."""
        return self._values.users()

    # Derivatives.

    @cached_property
    def held(self) -> Held:
        """The values as variables."""
        return Held(self._values, self.typed)

    @cached_property
    def local(self) -> Mapping[tuple[str, str], Rule]:
        """The derivative of each operation by each of its operands that moves, by the names of both, others held."""
        pairs = [(v.name, o) for v in self.values.values() for o in v.operands if self.is_moving(o)]
        return local_rules(self.held, self._forms(pairs))

    @cached_property
    def adjoints(self) -> Mapping[str, Rule]:
        """The derivative of the output by each value that moves, in the order of computation: the output's users first."""
        forms = self._forms([(self.output, word) for word in self.backward()])
        return adjoint_rules(self.held, {word: form for (_, word), form in forms.items()})

    @cached_property
    def tangents(self) -> Mapping[str, Mapping[str, Rule]]:
        """For each name to differentiate by, the derivatives of the values that depend on it, in order."""
        return {target: self._tangents(target) for target in self.targets}

    def _tangents(self, target: str) -> Mapping[str, Rule]:
        moving = {target}
        for value in self.values.values():
            if moving.intersection(value.operands):
                moving.add(value.name)
        forms = self._forms([(word, target) for word in self.values if word in moving])
        return tangent_rules(self.held, target, {word: form for (word, _), form in forms.items()})

    def backward(self) -> Iterator[str]:
        """The values that move, last first, without the output; each name to differentiate by after its users."""
        order = {word: k for k, word in enumerate(self.values)}
        first = {t: min((order[u] for u in self.users[t]), default=-1) for t in self.targets}
        for word in reversed(list(self.values)):
            if self.is_moving(word) and word != self.output:
                yield word
            yield from (t for t in self.targets if first[t] == order[word])

    def _forms(self, pairs: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Form]:
        """The typed derivative of each pair of names, the first by the second."""
        extra = [Form("derivative", (name(value), name(by)), "d") for value, by in pairs]
        return dict(zip(pairs, infer(self._values.program, layout=self.layout, extra=extra).extra, strict=True))


def targets_of(typed: TypedProgram, wrt: Sequence[str]) -> tuple[str, ...]:
    """The names to differentiate by, each once, which the output depends on."""
    links = links_of(typed)
    roots = [typed.output_name] if typed.output_name is not None else list(names_in(typed.output))
    below = reached(roots, links, ()) - {typed.output_name}
    if not wrt:
        raise KindError("there is no name to differentiate by", hint="give one, such as `x`")
    return tuple(dict.fromkeys(target(word, below.intersection(links)) for word in wrt))


def target(word: str, below: Collection[str]) -> str:
    """A name to differentiate by, which the output must depend on."""
    variable = variables_of(word)[0]
    found = word.strip() if "," in word else to_text(variable)
    if variable.head != "name" or found not in below:
        near = nearest(found, sorted(below))
        hint = f"did you mean `{near}`?" if near else "it depends on " + ", ".join(sorted(below))
        raise UnknownNameError(f"the output does not depend on a name `{found}`", variable.span, hint=hint)
    return found
