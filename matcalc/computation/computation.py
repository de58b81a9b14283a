"""A computation: an expression or program as a list of values, with the derivatives that one mode of the chain rule takes.

    matcalc.computation("x: scalar; sqrt(x^2 + exp(x^2)) + cos(x^2 + exp(x^2))", wrt="x").text

Reverse mode carries the adjoint df/dv of every value from the output f down, forward mode the tangent dv/dx from the
variable x up; both multiply the local derivatives of elementary operations (Deisenroth, Faisal and Ong, Mathematics for
Machine Learning, 5.6.2).
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from matcalc.claim import one_text, texts
from matcalc.computation.answers import Held, Rule, adjoint_rules, local_rules, tangent_rules
from matcalc.computation.values import Value, Values, reached, values_of
from matcalc.errors import KindError, UnknownNameError
from matcalc.form import Form, name
from matcalc.inference import TypedProgram, infer
from matcalc.lowering import lower
from matcalc.parser import Program, nearest, parse_expression, parse_program, syntax_of

__all__ = ["WAYS", "Computation", "computation"]

#: The ways in which a computation is differentiated.
WAYS = ("reverse", "forward")


def computation(
    source: str,
    wrt: str | Sequence[str] | None = None,
    declare: Iterable[str] | str | None = (),
    layout: str = "numerator",
    *,
    mode: str = "reverse",
    of: str | None = None,
    name: str | None = None,
    syntax: str | None = None,
) -> Computation:
    """The computation of an expression or program, differentiated by some names, or by all of its variables.

    `mode` is "reverse" or "forward"; the other arguments are those of `derive`.  Parts of compound expressions get the
    next unused letters, equal parts once; the output keeps its name, or is called f.  Raises MatcalcError.
    """
    if mode not in WAYS:
        raise UnknownNameError(f"`{mode}` is not a way to differentiate a computation", hint="reverse or forward")
    text, declared = one_text(source, "the source"), texts(declare, "declarations")
    names = None if wrt is None else texts(wrt, "names to differentiate by")
    if syntax_of(text, syntax) == "latex":
        reader = importlib.import_module("matcalc.latex_reader")  # what only LaTeX needs is loaded for it alone
        program = reader.latex_program(text, declared, name=name, of=of, wrt=names or [], layout=layout)
        names = names and [reader.latex_variable(w, program) for w in names]
    else:
        program = parse_program(text, declared, name=name, of=of)
    return Computation(program, infer(program, layout=layout), names, mode)


class Computation:
    """The values of a program, one elementary operation each, and their derivatives in one mode.

    `values` is a mapping by name, in the order in which they are computed; `inputs` are the variables, `targets` the
    names to differentiate by, `output` is the name of the last value.
    """

    def __init__(self, program: Program, typed: TypedProgram, wrt: Sequence[str] | None, mode: str) -> None:
        self.mode = mode
        self.layout = typed.layout
        self.targets = targets_of(typed, wrt)
        self.declarations = typed.declarations()
        self._values = values_of(typed, lower(typed, typed.layout), self.targets)
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
        for word in reversed(self.values):
            if self.is_moving(word) and word != self.output:
                yield word
            yield from (t for t in self.targets if first[t] == order[word])

    def _forms(self, pairs: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Form]:
        """The typed derivative of each pair of names, the first by the second."""
        extra = [Form("derivative", (name(value), name(by)), "d") for value, by in pairs]
        return dict(zip(pairs, infer(self._values.program, layout=self.layout, extra=extra).extra, strict=True))


def targets_of(typed: TypedProgram, wrt: Sequence[str] | None) -> tuple[str, ...]:
    """The names to differentiate by: those that are given, else all variables that the output depends on."""
    links = links_of(typed)
    below = reached(list(links[""]), links, ())
    known = [v.name for v in typed.variables.values() if v.name in below and v.kind != "function" and not v.arguments]
    if wrt is None:
        if not known:
            raise KindError("there is no variable to differentiate by", hint="an expression of numbers has no derivative")
        return tuple(known)
    return tuple(dict.fromkeys(target(word, below, known) for word in wrt))


def links_of(typed: TypedProgram) -> dict[str, list[str]]:
    """What each name of a program is made of directly; the output is called ``."""
    raise NotImplementedError


def target(word: str, below: set[str], known: Sequence[str]) -> str:
    """A name to differentiate by, which the output must depend on."""
    raise NotImplementedError
