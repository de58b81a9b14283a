"""Derivatives of Python functions as functions: `grad`, `jacobian`, `hessian`, `jvp`, `value_and_grad`.

A function is run on traced arguments, and the program that it is goes through the engine; the code that is emitted for
its derivative is called with the arrays.  Each call runs the function again, so a changed constant is never missed; the
derivative is looked up if the program is the same.
"""

from __future__ import annotations

import functools
import inspect
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from threading import Lock
from typing import Any, Generic, TypeVar

import numpy as np

from matcalc.errors import DimensionError, KindError
from matcalc.tracing.arguments import Argument, Declared, bound, chosen, rebuilt, signature_of, tree
from matcalc.tracing.derived import Derived, Hessians, Pushed
from matcalc.tracing.inside import Inner, pushed
from matcalc.tracing.program import program_of
from matcalc.tracing.runs import UNKNOWN, Run
from matcalc.tracing.sizes import shown
from matcalc.tracing.trace import Trace, active
from matcalc.tracing.value import Value

__all__ = ["Grad", "HessianOf", "Jacobian", "Jvp", "Transform", "grad", "hessian", "jacobian", "jvp", "value_and_grad"]

#: The derivatives of the last programs, for all functions; they are the same for equal programs.
KEPT = 256
kept: OrderedDict[Any, Any] = OrderedDict()
lock = Lock()

Made = TypeVar("Made", Derived, Hessians, Pushed)


class Transform(Generic[Made]):
    """A derivative of a Python function: call it with arrays, or read what it is as `text`, `latex()` and `numpy()`.

    The kinds of the arguments are, at a call, those of the arrays.  Before any call they are declared (`declare`, or
    annotations such as "matrix(m, n)"), else told by the names as in the language.  After a call, where nothing is
    declared, they are those of the last call.
    """

    make: Callable[..., Made]
    layout = "numerator"

    def __init__(self, function: Callable[..., Any], argnums: Any = 0, declare: Iterable[str] | str = ()) -> None:
        self.signature = signature_of(function)
        functools.update_wrapper(self, function, updated=())
        self.function = function
        self.argnums = tuple(argnums) if isinstance(argnums, list) else argnums
        self.__signature__ = self.own_signature()
        self.declared = Declared(declare, self.signature)
        self.last: Made | None = None

    def own_signature(self) -> inspect.Signature:
        """What the derivative is called with."""
        return self.signature

    # --- runs -------------------------------------------------------------------------------------------------------

    def run(self, arguments: Sequence[Argument]) -> Run:
        """The function run on the values of a call."""
        places = chosen(self.argnums, arguments)
        made = Run(self.function, arguments, places, self.declared, values=True)
        self.check(made.output)
        return made

    def symbolic(self) -> Run:
        """The function run on symbols."""
        unknown = [p for p in self.signature.parameters.values() if p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
        if unknown:
            raise KindError(f"how many arguments `*{unknown[0].name}` are is not known before a call")
        arguments = [
            Argument(word, UNKNOWN if parameter.default is parameter.empty else parameter.default, parameter)
            for word, parameter in self.signature.parameters.items()
        ]
        made = Run(self.function, arguments, chosen(self.argnums, arguments), self.declared, values=False)
        self.check(made.output)
        return made

    def derived(self, run: Run) -> Made:
        """The derivatives of a run, kept for the next run of the same program."""
        key = self.make, self.layout, run.ended.key, tuple(run.wrt)
        with lock:
            found: Made | None = kept.pop(key, None)
        found = found or self.make(program_of(run.ended), run.wrt, self.layout)
        with lock:
            kept[key] = found
            if len(kept) > KEPT:
                kept.popitem(last=False)
        return found

    def check(self, output: Value) -> None:
        """Refuse an output that has no such derivative."""

    def structured(self, arguments: Sequence[Argument], found: Mapping[str, Any], names: Mapping[int, list[str]]) -> Any:
        """Values by name in the structure of the chosen arguments: a tuple if these are several."""
        places = chosen(self.argnums, arguments)
        parts = [rebuilt(arguments[place].value, iter([found[word] for word in names[place]])) for place in places]
        return tuple(parts) if isinstance(self.argnums, tuple) else parts[0]

    # --- calls ------------------------------------------------------------------------------------------------------

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        trace = active.get() or next((value.run for value in values_in(args, kwargs)), None)
        if isinstance(trace, Trace):
            return self.inside(trace, *args, **kwargs)
        arguments = bound(self.signature, args, kwargs)
        run = self.run(arguments)
        self.last = self.derived(run)
        return self.evaluated(self.last, run, arguments)

    def evaluated(self, made: Made, run: Run, arguments: Sequence[Argument]) -> Any:
        """The numbers of a derivative."""
        raise NotImplementedError

    def inside(self, trace: Trace, *args: Any, **kwargs: Any) -> Any:
        """The derivative as a traced value."""
        raise NotImplementedError

    # --- what it is -------------------------------------------------------------------------------------------------

    @property
    def made(self) -> Made:
        """The derivatives that are shown."""
        if self.last is not None and not self.declared.by_name:
            return self.last
        return self.derived(self.symbolic())

    @property
    def derivative(self) -> Any:
        """The `matcalc.Derivative`; for several variables a mapping."""
        return self.made.answer

    @property
    def text(self) -> str:
        """The derivative in the language, its names those of `declarations` and `where`."""
        return self.made.text()

    @property
    def where(self) -> dict[str, str]:
        """The names that the text introduces, each with its expression."""
        return self.made.where()

    @property
    def declarations(self) -> tuple[str, ...]:
        """The variables, with their kinds and sizes."""
        answer = self.derivative
        first = answer if hasattr(answer, "declarations") else next(iter(answer.values()))
        return tuple(first.declarations)

    def latex(self, **options: Any) -> str:
        """The derivative as LaTeX; options as for `Derivative.latex`."""
        return self.made.latex(**options)

    def numpy(self, *, value: bool = False) -> str:
        """The source of a module of NumPy that computes the derivative; with `value`, the value too."""
        return self.made.numpy(value=value)

    def __repr__(self) -> str:
        return f"<{type(self).__name__.lower()} of {getattr(self.function, '__name__', self.function)!s}>"


def values_in(args: Iterable[Any], kwargs: Mapping[str, Any]) -> Iterator[Value]:
    """The traced values among some arguments."""
    for argument in (*args, *kwargs.values()):
        yield from (leaf.value for leaf in tree("", argument) if isinstance(leaf.value, Value))


def shaped(result: Any, shape: tuple[int, ...]) -> Any:
    """A result with the axes that NumPy has; a scalar as a float."""
    array = np.asarray(result)
    return array.reshape(shape) if shape else float(array.reshape(()))


# --- first derivatives ----------------------------------------------------------------------------------------------


class Jacobian(Transform[Derived]):
    """The derivative of an array: axes of the value, then axes of the argument."""

    make = Derived

    def evaluated(self, made: Derived, run: Run, arguments: Sequence[Argument]) -> Any:
        found = made.values(run.given)
        return self.structured(arguments, {word: shaped(found[word], run.shape(word)) for word in run.wrt}, run.names)

    def inside(self, trace: Trace, *args: Any, **kwargs: Any) -> Any:
        arguments = bound(self.signature, args, kwargs)
        inner = Inner(trace, self.function, arguments, chosen(self.argnums, arguments))
        self.check(inner.output)
        return self.structured(arguments, {word: inner.derivative(word) for word in inner.axes}, inner.names)


class Grad(Jacobian):
    """The gradient of a number: it has the shape of the argument."""

    layout = "denominator"

    def check(self, output: Value) -> None:
        if output.axes:
            hint = 'take jacobian(f), or declare the argument: declare=["x: scalar"]'
            raise KindError(f"a gradient is that of a number, but the function returns an array of shape {shown(output.axes)}", hint=hint)


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


class HessianOf(Transform[Hessians]):
    """The second derivative: axes of the value, then twice those of the argument; for several arguments, blocks."""

    make = Hessians

    def evaluated(self, made: Hessians, run: Run, arguments: Sequence[Argument]) -> Any:
        found = made.values(run.given)
        blocks = {pair: shaped(block, run.shape(*pair)) for pair, block in found.items()}
        return self.blocks(arguments, blocks, run.names, run.wrt)

    def blocks(
        self, arguments: Sequence[Argument], found: Mapping[tuple[str, str], Any], names: Mapping[int, list[str]], wrt: Iterable[str]
    ) -> Any:
        """Blocks in the structure of the chosen arguments, twice."""
        rows = {a: self.structured(arguments, {b: found[a, b] for b in wrt}, names) for a in wrt}
        return self.structured(arguments, rows, names)

    def inside(self, trace: Trace, *args: Any, **kwargs: Any) -> Any:
        arguments = bound(self.signature, args, kwargs)
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
        arguments = bound(self.signature, args, kwargs)
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


# --- the functions --------------------------------------------------------------------------------------------------


def grad(function: Callable[..., Any], argnums: Any = 0, *, declare: Iterable[str] | str = ()) -> Grad:
    """The gradient of a function that returns a number, as a function of the same arguments.

        >>> import numpy as np
        >>> g = matcalc.grad(lambda x, A: x @ A @ x)
        >>> g.text
        "(A + A')*x"
        >>> g(np.ones(2), np.eye(2))
        array([2., 2.])

    Law: the entries are df/dx_i, or df/dX_ij, at the arguments of the call.  Shape: that of the argument.  `argnums` is
    the position or the name of the argument to differentiate by, or a tuple of them for a tuple of gradients; an
    argument may be a dict, list or tuple of arrays.  The function is written with operators, NumPy's functions and those
    of `matcalc.functions`.  It may close over arrays, which keep their names, and take derivatives itself.  At kinks,
    relu'(0) = 0, abs'(0) = 0, and `maximum` takes its first argument's derivative at a tie.  Raises MatcalcError, also
    for any operation that cannot be traced, such as a choice by value (`if x > 0`).
    """
    return Grad(function, argnums, declare)


def value_and_grad(function: Callable[..., Any], argnums: Any = 0, *, declare: Iterable[str] | str = ()) -> ValueAndGrad:
    """The value of a function that returns a number, and its gradient, in one pair and with shared work; see `grad`."""
    return ValueAndGrad(function, argnums, declare)


def jacobian(function: Callable[..., Any], argnums: Any = 0, *, declare: Iterable[str] | str = ()) -> Jacobian:
    """The derivative of a function that returns a number or an array, as a function of the same arguments.

    Law: the entries are df_i/dx_k.  Shape: the axes of the value, then those of the argument.  `text` is in the numerator
    layout.  Arguments, functions and errors as for `grad`.
    """
    return Jacobian(function, argnums, declare)


def hessian(function: Callable[..., Any], argnums: Any = 0, *, declare: Iterable[str] | str = ()) -> HessianOf:
    """The second derivative of a function, as a function of the same arguments.

    Law: the entries are d2f_i/dx_k dx_l.  Shape: the axes of the value, then those of the argument twice; for a tuple of
    arguments a tuple of tuples of blocks.  Arguments, functions and errors as for `grad`.
    """
    return HessianOf(function, argnums, declare)


def jvp(function: Callable[..., Any], argnums: Any = 0, *, declare: Iterable[str] | str = ()) -> Jvp:
    """The pushforward of a function, (x, v) -> Df(x) v, as a function of its arguments and of a direction.

    Law: the derivative of f(x + s*v) by s at s = 0; the Jacobian is never formed.  Shape: that of the value; a direction
    has the shape of its argument, and there is one for each of `argnums`, last.  Arguments, functions and errors as for
    `grad`.
    """
    return Jvp(function, argnums, declare)


