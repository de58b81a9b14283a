"""What backpropagation computes: a `Backprop`, the values of a program, its error signals, and its gradients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from matcalc.backprop.equation import Equation
from matcalc.backprop.gradients import SIGNALS, Gradients, problem_of
from matcalc.backprop.local import Locals
from matcalc.backprop.writing import latex_of, lines_of, text_of
from matcalc.conventions import conventions
from matcalc.errors import KindError, UnknownNameError, UnsupportedError
from matcalc.form import Form, subforms
from matcalc.inference import TypedProgram, infer
from matcalc.notation.latex_names import Style
from matcalc.notation.text import to_text
from matcalc.parser import Program, parse_expression
from matcalc.signals import takes_derivatives
from matcalc.signals.setting import names_of
from matcalc.verdict import Verdict

__all__ = ["Backprop", "backpropagation"]


class Backprop:
    """The gradients of a scalar output through named error signals, as backpropagation computes them.

    `forward` are the values of the program, `signals` the gradients of the output by those that carry one, the last
    value first, `gradients` those by the names that were asked for: sequences of equations.  What stands on the right of
    each is made of the names before it, so every value and signal is computed once.  Gradients have the shape of what
    they are by, columns for vectors, whatever the layout; with signals that are derivatives, all are d(J)/d(v) in the
    layout in force.
    """

    def __init__(self, forward: Sequence[Equation], signals: Sequence[Equation], gradients: Sequence[Equation]) -> None:
        self.forward = tuple(forward)
        self.signals = tuple(signals)
        self.gradients = tuple(gradients)
        self.layout = "numerator"
        self.kind = "gradient"
        self.names: frozenset[str] = frozenset()
        self.declarations: tuple[str, ...] = ()
        self._locals: Locals | None = None

    @classmethod
    def of(cls, program: TypedProgram, output: Form, targets: Sequence[str], signals: str = "gradient") -> Backprop:
        """The backpropagation of a typed program, of the scalar `output`, by some names.

        `signals` is "gradient" or "derivative".  Raises MatcalcError for an output that is no scalar.
        """
        if signals not in SIGNALS:
            raise UnknownNameError(f"there are no signals `{signals}`", hint=f"one of {', '.join(SIGNALS)}")
        if output.kind != "scalar":
            raise KindError(f"backpropagation is of a scalar output, not of a {output.kind}", output.span)
        if takes_derivatives(program, output):
            raise UnsupportedError(
                "the program takes derivatives itself, through which error signals do not pass",
                hint="ask for the derivative by one name, without signals",
            )
        made = Gradients(*problem_of(program, output), tuple(targets), SIGNALS[signals])
        found = cls(made.forward(), made.signals(), made.gradients())
        found._locals = Locals(made.values, made.facts, made.claims.setting)
        found.layout, found.kind, found.declarations = program.layout, signals, program.declarations()
        found.names = frozenset(names_of(made.program).union(made.values.names.values()))
        return found

    def __iter__(self) -> Any:
        return iter(self.equations)

    @property
    def equations(self) -> tuple[Equation, ...]:
        """All equations in the order in which they are computed."""
        return (*self.forward, *self.signals, *self.gradients)

    @cached_property
    def local(self) -> tuple[Equation, ...]:
        """The local derivatives: each value on the way by each name that it is directly made of, in the layout in force.

        Tensors of order three and four are by entries, and with vec where that is a matrix of products.
        """
        return tuple(self._locals.equations()) if self._locals is not None else ()

    # What is read.

    @property
    def text(self) -> str:
        """The listing in lines of at most 79 columns, layers that repeat as a loop."""
        return self.to_text()

    def to_text(self, *, local: bool = False, unrolled: bool = False) -> str:
        """The listing, with local derivatives if `local`; `unrolled`, each layer stands for itself."""
        sections = [("forward", self.forward), ("local", self.local if local else ())]
        sections += [("signals", self.signals), ("gradients", self.gradients)]
        return text_of(sections, self.names, unrolled=unrolled)

    def latex(
        self, style: str = "bold", transpose: str = "top", *, local: bool = False, unrolled: bool = False
    ) -> str:
        r"""The listing as one `align*`, with local derivatives if `local`.

        Gradients of vectors are ∇ in numerator layout, where the fraction of ∂ is a row, and that fraction elsewhere.
        """
        fractions = self.kind == "derivative" or self.layout == "denominator"
        equations = (*self.forward, *(self.local if local else ()), *self.signals, *self.gradients)
        return latex_of(equations, Style(style, transpose), self.names, fractions, unrolled=unrolled)

    @property
    def program(self) -> str:
        """The right sides under their names, as a program of the language; gradients are called dJ_dW and so on."""
        parts = (self.forward, self.signals, self.gradients)
        lines = (line for part in parts for line in lines_of(part, self.names, assigned=True))
        return "\n".join([*self.declarations, *lines])

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """What a reader should know: zero gradients, conventions at kinks, matrices that must be invertible."""
        forms = [equation.right for equation in self.equations]
        zeros = [to_text(e.left) for e in self.gradients if e.left is not None and is_zero_form(e.right)]
        inverses = {to_text(part.args[0]): None for form in forms for part in subforms(form) if is_inverse(part)}
        return (
            *(f"{left} is zero" for left in zeros),
            *conventions(forms),
            *(f"{matrix} is taken to be invertible" for matrix in inverses),
        )

    def to_json(self, *, local: bool = False) -> dict[str, Any]:
        """The listing as an object of JSON, with local derivatives if `local`."""
        return {
            **({"local": [equation.to_json() for equation in self.local]} if local else {}),
            "signals_are": self.kind,
            "layout": self.layout,
            "forward": [equation.to_json() for equation in self.forward],
            "signals": [equation.to_json() for equation in self.signals],
            "gradients": [equation.to_json() for equation in self.gradients],
            "notes": list(self.notes),
            "text": self.to_text(local=local),
            "latex": self.latex(local=local),
            "program": self.program,
        }

    # What holds.

    def verify(self, *, local: bool = False) -> Mapping[str, Verdict]:
        """The verdict of each signal, gradient and, if `local`, local derivative, by its text; decided as any claim is."""
        equations = (*(self.local if local else ()), *self.signals, *self.gradients)
        return {equation.text: equation.decided for equation in equations}

    def __repr__(self) -> str:
        return f"<Backprop of {len(self.forward)} values, {len(self.signals)} signals, {len(self.gradients)} gradients>"


def backpropagation(
    program: Program, names: Sequence[str], layout: str = "numerator", signals: str = "gradient", *, structured: bool = False
) -> Backprop:
    """The backpropagation of a program by some names, typed once for all of them.

    With `structured`, the tied entries of symmetric, .. variables move together in their gradients.  Raises MatcalcError
    for an output that is no scalar, and for what is no name of the program.
    """
    variables = [parse_expression(text) for text in names]
    for text, variable in zip(names, variables, strict=True):
        if variable.head != "name":
            raise KindError(f"backpropagation is by names, not by `{text}`", variable.span)
    output = program.output if program.output_name is None else Form("name", (), program.output_name)
    extra = [output, *(Form("derivative", (output, variable), "d", span=output.span) for variable in variables)]
    typed = infer(program, layout=layout, extra=extra, structured=structured)
    targets = dict.fromkeys(str(form.args[1].value) for form in typed.extra[1:])
    return Backprop.of(typed, typed.extra[0], list(targets), signals)


def is_inverse(form: Form) -> bool:
    """True for inv(X), and X to a negative power."""
    return form.head == "call" and form.value == "inv"


def is_zero_form(form: Form) -> bool:
    """True for 0 and for zeros(..)."""
    return (form.head == "number" and form.value == 0) or (form.head == "call" and form.value == "zeros")
