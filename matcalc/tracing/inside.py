"""Derivatives inside of a function that is traced itself, as the language writes them: grad(E, t), jacobian(E, t).

The argument is bound to a name, t = ..., which is held as a variable while it is differentiated by; what the function
uses beside it stays as it is.  So derivatives of derivatives are those of the engine.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from matcalc.errors import KindError
from matcalc.form import Form, name
from matcalc.interop.untyped import transposed
from matcalc.tracing.arguments import Argument, rebuilt, tree
from matcalc.tracing.arithmetic import add, multiply
from matcalc.tracing.runs import output_of, upright
from matcalc.tracing.sizes import Axes, shown
from matcalc.tracing.trace import Trace
from matcalc.tracing.value import Value, is_scalar, refuse

__all__ = ["Inner", "pushed"]


class Inner:
    """A function that has run on names bound to its arguments: its output, and the bound names of each chosen argument."""

    def __init__(
        self, trace: Trace, function: Callable[..., Any], arguments: Sequence[Argument], chosen: Sequence[int]
    ) -> None:
        self.trace = trace
        self.names: dict[int, list[str]] = {}
        self.axes: dict[str, Axes] = {}
        given = [self.bound(argument, place) if place in chosen else argument.value for place, argument in enumerate(arguments)]
        self.output = output_of(trace, function, arguments, given)

    def bound(self, argument: Argument, place: int) -> Any:
        """An argument with its leaves bound to names."""
        leaves = list(tree(argument.label, argument.value))
        made = [self.trace.bind(leaf.label, self.trace.lift(leaf.value, leaf.label)) for leaf in leaves]
        self.names[place] = [word for word, _ in made]
        self.axes |= {word: value.axes for word, value in made}
        return rebuilt(argument.value, iter([value for _, value in made]))

    def derivative(self, word: str) -> Value:
        """The derivative of the output by a name, axes of the output first."""
        return derived(self.output, word, self.axes[word])

    def hessian(self, first: str, second: str) -> Value:
        """The second derivative of the output by two names."""
        if first != second:
            return derived(self.derivative(first), second, self.axes[second])
        axes = self.output.axes + self.axes[first] * 2
        return oriented(self.trace, Form("derivative", (upright(self.output), name(first)), "hessian"), axes)


def derived(value: Value, word: str, by: Axes) -> Value:
    """The derivative of a value by a name."""
    kind = "grad" if is_scalar(value.axes) else "jacobian"
    form = Form("derivative", (upright(value), name(word)), kind)
    trace = value.run
    assert isinstance(trace, Trace)
    return oriented(trace, form, value.axes + by)


def oriented(trace: Trace, form: Form, axes: Axes) -> Value:
    """The value of a form that is a scalar, a column or a matrix, with axes of length 1 where NumPy has them."""
    if len(axes) > 2:
        refuse(f"a derivative of shape {shown(axes)} inside of a function", "traced arrays have at most two axes")
    row = len(axes) == 2 and axes[0] is None and axes[1] is not None
    return trace.made(transposed(form) if row else form, axes)


def pushed(
    trace: Trace, function: Callable[..., Any], arguments: Sequence[Argument], chosen: Sequence[int], directions: Sequence[Any]
) -> Value:
    """The derivative of the output along directions: that of f(x + s*v) by s at s = 0."""
    word, step = trace.bind("s", trace.lift(0, "s"))
    moves = dict(zip(chosen, directions, strict=True))
    given = [moved(trace, a, moves[place], step) if place in moves else a.value for place, a in enumerate(arguments)]
    return derived(output_of(trace, function, arguments, given), word, ())


def moved(trace: Trace, argument: Argument, direction: Any, step: Value) -> Any:
    """x + s*v for each leaf of an argument."""
    leaves, moves = list(tree(argument.label, argument.value)), list(tree("v", direction))
    if len(leaves) != len(moves):
        raise KindError(f"the direction of `{argument.label}` has {len(moves)} parts, not {len(leaves)}")
    pairs = zip(leaves, moves, strict=True)
    return rebuilt(argument.value, iter([moved_leaf(trace, x.value, v.value, step) for x, v in pairs]))


def moved_leaf(trace: Trace, value: Any, direction: Any, step: Value) -> Value:
    """x + s*v, of the shape of x."""
    x, v = trace.lift(value, "an argument"), trace.lift(direction, "a direction")
    made = add(x, multiply(step, v))
    if len(made.axes) != len(x.axes) or any((a is None) != (b is None) for a, b in zip(made.axes, x.axes, strict=True)):
        raise KindError(f"a direction has the shape of its argument, {shown(x.axes)}, not {shown(v.axes)}")
    return made
