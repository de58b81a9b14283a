"""Derivatives of Python functions as functions: what all of them are.

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

from matcalc.errors import KindError
from matcalc.tracing.arguments import Argument, Declared, bound, chosen, rebuilt, signature_of, tree
from matcalc.tracing.derived import Derived, Hessians, Pushed
from matcalc.tracing.program import program_of
from matcalc.tracing.runs import UNKNOWN, Run
from matcalc.tracing.trace import Trace, active
from matcalc.tracing.value import Value

__all__ = ["Transform", "shaped", "values_in"]

#: The derivatives of the last programs, for all functions; they are the same for equal programs.
KEPT = 256
kept: OrderedDict[Any, Any] = OrderedDict()
lock = Lock()

Made = TypeVar("Made", Derived, Hessians, Pushed)


class Latex(str):
    """LaTeX that is text as it is, and in another style when it is called: `latex`, `latex(style="bm")`."""

    written: Callable[..., str]

    def __new__(cls, written: Callable[..., str]) -> Latex:
        made = super().__new__(cls, written())
        made.written = written
        return made

    def __call__(self, **options: str) -> str:
        return self.written(**options)


class Transform(Generic[Made]):
    """A derivative of a Python function: call it with arrays, or read what it is as `text`, `latex` and `numpy()`.

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
        if not run.wrt:
            raise KindError("the argument to differentiate by holds no number and no array")
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

    def arguments(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> list[Argument]:
        """The arguments of a call."""
        return self.declared.arrays(bound(self.signature, args, kwargs))

    # --- calls ------------------------------------------------------------------------------------------------------

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        trace = active.get() or next((value.run for value in values_in(args, kwargs)), None)
        if isinstance(trace, Trace):
            return self.inside(trace, *args, **kwargs)
        arguments = self.arguments(args, kwargs)
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

    @property
    def latex(self) -> Latex:
        """The derivative as LaTeX; called with `style` and `transpose`, as `Derivative.latex` takes them, in that style."""
        return Latex(self.made.latex)

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
