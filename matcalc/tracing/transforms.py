"""Derivatives of Python functions as functions, a class each: gradients, Jacobians, Hessians, pushforwards."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from matcalc.errors import DimensionError, KindError
from matcalc.tracing.arguments import Argument, chosen, tree
from matcalc.tracing.derived import Derived, Hessians, Pushed
from matcalc.tracing.inside import Inner, pushed
from matcalc.tracing.runs import Run
from matcalc.tracing.sizes import shown
from matcalc.tracing.trace import Trace, active
from matcalc.tracing.transform import Transform, shaped, values_in
from matcalc.tracing.value import Value

__all__ = ["Grad", "Hessian", "Jacobian", "Jvp", "ValueAndGrad"]

# --- first derivatives ----------------------------------------------------------------------------------------------


class Jacobian(Transform[Derived]):
    """The derivative of an array: axes of the value, then axes of the argument."""

    make = Derived

    def evaluated(self, made: Derived, run: Run, arguments: Sequence[Argument]) -> Any:
        found = made.values(run.given)
        return self.structured(arguments, {word: shaped(found[word], run.shape(word)) for word in run.wrt}, run.names)

    def inside(self, trace: Trace, *args: Any, **kwargs: Any) -> Any:
        arguments = self.arguments(args, kwargs)
        inner = Inner(trace, self.function, arguments, chosen(self.argnums, arguments))
        self.check(inner.output)
        return self.structured(arguments, {word: inner.derivative(word) for word in inner.axes}, inner.names)


class Grad(Jacobian):
    """The gradient of a number: it has the shape of the argument."""

    layout = "denominator"

    def check(self, output: Value) -> None:
        if output.axes:
            message = f"a gradient is that of a number, but the function returns an array of shape {shown(output.axes)}"
            raise KindError(message, hint='take jacobian(f), or declare the argument: declare=["x: scalar"]')


class ValueAndGrad(Grad):
    """The pair of the value and the gradient."""

    def evaluated(self, made: Derived, run: Run, arguments: Sequence[Argument]) -> Any:
        value, found = made.pair(run.given)
        parts = {word: shaped(found[word], run.shape(word)) for word in run.wrt}
        return float(value), self.structured(arguments, parts, run.names)

    def inside(self, trace: Trace, *args: Any, **kwargs: Any) -> Any:
        return self.function(*args, **kwargs), super().inside(trace, *args, **kwargs)

    def numpy(self, *, value: bool = True) -> str:
        """The source of a module of NumPy that computes the value and the gradient."""
        return super().numpy(value=value)


# --- second derivatives ---------------------------------------------------------------------------------------------


class Hessian(Transform[Hessians]):
    """The second derivative: axes of the value, then twice those of the argument; for several arguments, blocks."""

    make = Hessians

    def evaluated(self, made: Hessians, run: Run, arguments: Sequence[Argument]) -> Any:
        found = made.values(run.given)
        blocks = {pair: shaped(block, run.shape(*pair)) for pair, block in found.items()}
        return self.blocks(arguments, blocks, run.names, run.wrt)

    def blocks(
        self, arguments: Sequence[Argument], found: Mapping[tuple[str, str], Any], names: Mapping[int, list[str]],
        wrt: Iterable[str],
    ) -> Any:  # fmt: skip
        """Blocks in the structure of the chosen arguments, twice."""
        rows = {a: self.structured(arguments, {b: found[a, b] for b in wrt}, names) for a in wrt}
        return self.structured(arguments, rows, names)

    def inside(self, trace: Trace, *args: Any, **kwargs: Any) -> Any:
        arguments = self.arguments(args, kwargs)
        inner = Inner(trace, self.function, arguments, chosen(self.argnums, arguments))
        found = {(a, b): inner.hessian(a, b) for a in inner.axes for b in inner.axes}
        return self.blocks(arguments, found, inner.names, list(inner.axes))


# --- pushforward ----------------------------------------------------------------------------------------------------


class Jvp(Transform[Pushed]):
    """The pushforward (x, v) -> Df(x) v: the arguments, then a direction for each chosen one."""

    make = Pushed

    def own_signature(self) -> inspect.Signature:
        """The arguments of the function, then the directions."""
        last = [p for p in self.signature.parameters.values() if p.kind in (p.KEYWORD_ONLY, p.VAR_KEYWORD)]
        first = [p.replace(kind=p.POSITIONAL_ONLY) for p in self.signature.parameters.values() if p not in last]
        count = len(self.argnums) if isinstance(self.argnums, tuple) else 1
        words = ["v"] if count == 1 else [f"v_{k}" for k in range(1, count + 1)]
        taken = set(self.signature.parameters)
        added = [inspect.Parameter(word + "_" * (word in taken), inspect.Parameter.POSITIONAL_ONLY) for word in words]
        if any(p.kind is p.VAR_POSITIONAL or p.default is not p.empty for p in first):
            return self.signature
        return inspect.Signature([*first, *added, *last])

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        trace = active.get() or next((value.run for value in values_in(args, kwargs)), None)
        count = len(self.argnums) if isinstance(self.argnums, tuple) else 1
        if len(args) <= count and not kwargs:
            raise KindError(f"jvp(f) takes the arguments of f and then {count} direction{'s' * (count > 1)}")
        args, directions = args[: len(args) - count], args[len(args) - count :]
        arguments = self.arguments(args, kwargs)
        if isinstance(trace, Trace):
            return pushed(trace, self.function, arguments, chosen(self.argnums, arguments), directions)
        run = self.run(arguments)
        self.last = self.derived(run)
        return shaped(self.last.push(run.given, self.leaves(run, arguments, directions)), run.shape())

    def leaves(self, run: Run, arguments: Sequence[Argument], directions: Sequence[Any]) -> dict[str, Any]:
        """The arrays of the directions, by the names of the variables."""
        parts: list[np.ndarray[Any, Any]] = []
        for place, direction in zip(chosen(self.argnums, arguments), directions, strict=True):
            own = list(tree(arguments[place].label, arguments[place].value))
            given = list(tree("v", direction))
            if len(own) != len(given):
                raise KindError(f"the direction of `{arguments[place].label}` has {len(given)} parts, not {len(own)}")
            parts += [direction_of(a.value, v.value, a.label) for a, v in zip(own, given, strict=True)]
        return {word: part.reshape([k for k in part.shape if k != 1]) for word, part in zip(run.wrt, parts, strict=True)}


def direction_of(value: Any, direction: Any, label: str) -> np.ndarray[Any, Any]:
    """A direction as an array of the shape of its argument."""
    array = np.asarray(direction)
    if array.dtype.kind not in "biuf" or array.shape != np.shape(value):
        message = f"the direction of `{label}` has the shape {array.shape}, not {np.shape(value)}"
        raise DimensionError(message, hint="a direction has the shape of its argument")
    return array.astype(float)
