"""Derivatives of a run: found once for each program, then only computed."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from itertools import product
from typing import Any

from matcalc.codegen import compile_function, python_name
from matcalc.derivation import Derivative
from matcalc.deriving import Derivatives
from matcalc.emission import Emission
from matcalc.errors import UnsupportedError
from matcalc.form import Form, name, subforms
from matcalc.inference import infer
from matcalc.naming import Naming
from matcalc.notation.compound import joined
from matcalc.notation.index import index_form, index_names
from matcalc.notation.latex import to_latex
from matcalc.notation.latex_names import Style
from matcalc.notation.text import to_text
from matcalc.parser import Program
from matcalc.raising import Raising
from matcalc.request import Request
from matcalc.tensor import axis_groups
from matcalc.variables import derivative_form

__all__ = ["Derived", "Hessians", "Pushed", "derivative_of"]


def derivative_of(program: Program, wrt: Sequence[str], layout: str = "numerator") -> Derivative:
    """The derivative of the output of a program by names, one after another."""
    variables = [name(word) for word in wrt]
    scalar = len(wrt) > 1 and infer(program).output.kind == "scalar"
    extra = [derivative_form(program.output, variables, scalar=scalar), *variables]
    return Derivative(program, infer(program, layout=layout, extra=extra))


class Unread(Emission):
    """Code that is only run: formulas for its docstring would take longer than all else."""

    def docstring(self) -> str:
        """What the module is."""
        return "Derivatives of a traced function."


class Derived:
    """Derivatives by some names: `members` in the order of the names, and their common function.

    `function(values)` computes them from the values of the variables by name: a dict by name.
    """

    def __init__(self, program: Program, wrt: Sequence[str], layout: str) -> None:
        self.members = {word: derivative_of(program, [word], layout) for word in wrt}

    @property
    def answer(self) -> Any:
        """One derivative, or a mapping of several."""
        return next(iter(self.members.values())) if len(self.members) == 1 else Derivatives(self.members)

    @cached_property
    def plain(self) -> Callable[..., Any]:
        """The emitted function."""
        return compile_function(Unread(self.members, False, Request()).module())

    @cached_property
    def valued(self) -> Callable[..., Any]:
        """The emitted function that returns the value, too."""
        return compile_function(Unread(self.members, False, Request(value=True)).module())

    def values(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The derivatives by name, of the values of all variables."""
        found: dict[str, Any] = called(self.plain, given)
        return found

    def pair(self, given: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
        """The value of the function, and its derivatives by name."""
        found: tuple[Any, dict[str, Any]] = called(self.valued, given)
        return found

    @cached_property
    def listing(self) -> Any:
        """Backpropagation, for gradients of a number by several names; None where the function takes derivatives itself."""
        first = next(iter(self.members.values()))
        forms = (first.expression_form, *first.program.assignments.values())
        inner = any(part.head == "derivative" for form in forms for part in subforms(form))
        if len(self.members) == 1 or inner or first.expression_form.kind != "scalar":
            return None
        try:
            return self.answer.backprop
        except UnsupportedError:
            return None

    def text(self) -> str:
        """The derivative in the language; several as backpropagation finds them, or as one equation a line."""
        if len(self.members) == 1:
            return str(self.answer.text)
        if self.listing is not None:
            return str(self.listing.text)
        return "\n".join(f"d(f)/d({word}) = {member.text}" for word, member in self.members.items())

    def where(self) -> dict[str, str]:
        """The names that the text introduces."""
        if self.listing is not None:
            return {}
        return {word: text for member in self.members.values() for word, text in member.where.items()}

    def latex(self, **options: Any) -> str:
        """The derivative as LaTeX; several as one formula a line."""
        if self.listing is not None:
            return str(self.listing.latex(**options))
        return "\n".join(member.latex(**options) for member in self.members.values())

    def numpy(self, *, value: bool = False) -> str:
        """The source of a module that computes them."""
        return str(self.answer.numpy(value=value))


def called(function: Callable[..., Any], given: Mapping[str, Any]) -> Any:
    """An emitted function called with the values of its parameters by name."""
    values = {python_name(word): value for word, value in given.items()}
    return function(**{word: values[word] for word in inspect.signature(function).parameters})


class Hessians:
    """Second derivatives by pairs of names."""

    def __init__(self, program: Program, wrt: Sequence[str], layout: str) -> None:
        self.blocks = {(a, b): derivative_of(program, (a, b)) for a, b in product(wrt, repeat=2)}
        self.functions: dict[tuple[str, str], Callable[..., Any]] = {}

    @property
    def answer(self) -> Any:
        """One derivative, or a dict of blocks by pairs of names."""
        return next(iter(self.blocks.values())) if len(self.blocks) == 1 else dict(self.blocks)

    def values(self, given: Mapping[str, Any]) -> dict[tuple[str, str], Any]:
        """The blocks by pairs of names."""
        for pair, member in self.blocks.items():
            if pair not in self.functions:
                made = Unread({member.wrt: member}, True, Request()).module()
                self.functions[pair] = compile_function(made)
        return {pair: called(function, given) for pair, function in self.functions.items()}

    def text(self) -> str:
        """The Hessian in the language; blocks as one equation a line."""
        if len(self.blocks) == 1:
            return str(self.answer.text)
        return "\n".join(f"d(d(f)/d({a}))/d({b}) = {member.text}" for (a, b), member in self.blocks.items())

    def where(self) -> dict[str, str]:
        """The names that the text introduces."""
        return {word: text for member in self.blocks.values() for word, text in member.where.items()}

    def latex(self, **options: Any) -> str:
        """The Hessian as LaTeX; blocks as one formula a line."""
        return "\n".join(member.latex(**options) for member in self.blocks.values())

    def numpy(self, *, value: bool = False) -> str:
        """The source of a module, or one of each block."""
        return "\n\n".join(member.numpy(value=value) for member in self.blocks.values())


class Pushed(Derived):
    """Products of the derivative with directions."""

    @cached_property
    def emission(self) -> Emission:
        """What makes the code, which gives each direction a name."""
        return Unread(self.members, False, Request(product="jvp"))

    @cached_property
    def plain(self) -> Callable[..., Any]:
        """The emitted function of the variables and the directions."""
        return compile_function(self.emission.module(), "jvp")

    def push(self, given: Mapping[str, Any], directions: Mapping[str, Any]) -> Any:
        """The product of the derivative with directions, by the names of their variables."""
        function = self.plain
        named = {self.emission.directions[word].name: direction for word, direction in directions.items()}
        return called(function, {**given, **named})

    @cached_property
    def parts(self) -> tuple[Form, dict[str, Form]]:
        """The product as a form, and the names that it introduces."""
        first = next(iter(self.members.values()))
        emission = Emission(self.members, False, Request(product="jvp"))
        made = emission.jvp()["jvp"]
        lengths = {word: tuple(map(len, info.shape)) for word, info in emission.infos.items()}
        compound = {word: counts for word, counts in lengths.items() if any(n != 1 for n in counts)}
        taken = {*first.names_in_use, *emission.infos}
        names = index_names(made.node.order, [], taken)
        naming = Naming(first.program, made.node, [*taken, *(index for group in names for index in group)])
        raising = Raising(first.facts, "numerator", naming.name_for, frozenset(compound))
        form = raising.grouped(made.node, axis_groups(made.groups)) if len(made.groups) <= 2 else None
        form = form or joined(index_form(made.node, names, raising.form), made.groups, compound, ())
        return naming.settle(form, raising.named)

    def text(self) -> str:
        """The product in the language; `v` is the direction."""
        return to_text(self.parts[0])

    def where(self) -> dict[str, str]:
        """The names that the text introduces."""
        return {word: to_text(form) for word, form in self.parts[1].items()}

    def latex(self, **options: Any) -> str:
        """The product as LaTeX."""
        names = {word for member in self.members.values() for word in member.names_in_use}
        return to_latex(self.parts[0], Style(**{"style": "bold", "transpose": "top", **options}), names | set(self.parts[1]))

    def numpy(self, *, value: bool = False) -> str:
        """The source of a module with a function `jvp`."""
        return str(self.answer.code(product="jvp", value=value))
