"""What an operation is: one record that holds everything the program knows of one function.

A record names the function, its signature, exactly one rule (a definition in index notation, an element-wise
derivative, or the Jacobian of a matrix function), its LaTeX and NumPy, and its domain.  An incomplete record cannot be
made.  The registry is filled by the modules of `matcalc.operations`, which are discovered, never listed.

Signatures are written as NumPy writes those of its generalised ufuncs, with overloads parted by `|`:

    ()->()              element by element; a second `()` for two arguments, expanded as MATLAB does
    (n,n)->()           a square matrix to a scalar
    (n)->(n,n)          a row or column to a matrix
    (m,n)->(n*m)        a matrix to a column with one compound axis
    (...,n)->(...,n)    a vector, or a matrix row by row
    (*)->()             a value of any shape; several `(*)` must have the same shape
    new                 a constructor, whose arguments are sizes (its rule is in inference)
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

__all__ = ["Operation", "Overload", "register", "operation", "find_operation", "operations", "load_operations"]

#: An axis of a signature: the names whose product it is.
SignatureAxis = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Overload:
    """One way to call an operation: the axes of each argument and of the result, as names.

    `rows` says that leading axes of the only argument are passed through (`...`), `any` that the arguments may have any
    one shape (`*`).
    """

    inputs: tuple[tuple[SignatureAxis, ...], ...]
    output: tuple[SignatureAxis, ...]
    rows: bool = False
    any: bool = False


def parse_overload(text: str) -> Overload:
    """The overload that one signature without `|` describes; raises ValueError if it is none."""
    left, arrow, right = text.replace(" ", "").partition("->")
    if not arrow or not re.fullmatch(r"(\([^()]*\),?)+", left) or not re.fullmatch(r"\([^()]*\)", right):
        raise ValueError(f"not a signature: {text!r}")

    def axes(group: str) -> tuple[SignatureAxis, ...]:
        return tuple(tuple(a.split("*")) for a in group.split(",") if a not in ("", "...", "*"))

    groups = re.findall(r"\(([^()]*)\)", left)
    return Overload(
        tuple(axes(g) for g in groups), axes(right[1:-1]), rows="..." in left, any=any(g == "*" for g in groups)
    )


@dataclass(frozen=True, eq=False)
class Operation:
    """One function of the language.  Rules are given as index notation over core nodes.

    Exactly one of these is given, but for constructors, whose values their sizes tell:

    * `definition(*args)`: the value in terms of simpler operations; such an operation reaches the core as a constant at most.
    * `derivative`: for element-wise functions, one function (x.., y) -> ∂y/∂x for each argument, y being the value.
    * `jacobian`: for matrix functions of one argument, (X, Y) -> ∂Y/∂X with the axes of Y first.

    `numpy` is an expression with `{0}`, `{1}` for the arguments; where a stable form is more than an expression it calls
    the function `_name` that `helper` defines, which works along the last axes.  `latex` is LaTeX with `{0}`, `{1}`.
    `domain` names where the function is defined and differentiable: "real", "positive", "nonnegative",
    "nonzero", "(-1, 1)", "invertible", or "kink" (defined everywhere, a kink at 0 or at a tie).
    """

    name: str
    signature: str
    summary: str
    latex: str
    numpy: str = ""
    helper: str = ""
    aliases: tuple[str, ...] = ()
    domain: str = "real"
    definition: Callable[..., Any] | None = None
    derivative: tuple[Callable[..., Any], ...] = ()
    jacobian: Callable[..., Any] | None = None
    #: True if the function takes a NumPy axis as an optional last argument.
    axis: bool = False
    #: The name of the SymPy function of the same meaning, for explicit entries; a callable where SymPy has no such name.
    sympy: str | Callable[..., Any] = ""
    #: Names of facts that hold for every value: "positive", "nonnegative", "bounded" (from -1 to 1), "symmetric-preserving".
    facts: frozenset[str] = field(default=frozenset())

    def __post_init__(self) -> None:
        rules = [self.definition is not None, bool(self.derivative), self.jacobian is not None]
        if sum(rules) != (0 if self.signature == "new" else 1):
            raise TypeError(f"operation {self.name!r} needs exactly one of definition, derivative and jacobian")
        if not (self.summary and self.latex):
            raise TypeError(f"operation {self.name!r} needs a summary and LaTeX")
        if (self.derivative or self.jacobian) and not (self.numpy and self.sympy):
            raise TypeError(f"operation {self.name!r} needs NumPy and SymPy forms")
        if self.derivative and len(self.derivative) != self.arity:
            raise TypeError(f"operation {self.name!r} needs one derivative for each argument")

    @cached_property
    def overloads(self) -> tuple[Overload, ...]:
        """The overloads of the signature; none for a constructor."""
        return () if self.signature == "new" else tuple(parse_overload(s) for s in self.signature.split("|"))

    @property
    def elementwise(self) -> bool:
        """True if the function acts entry by entry."""
        return self.signature.replace("()", "").replace(",", "") == "->"

    @property
    def keeps_shape(self) -> bool:
        """True if the function acts entry by entry, or maps a vector to one of its shape (a matrix row by row)."""
        return self.elementwise or (bool(self.overloads) and all(o.rows and o.inputs == (o.output,) for o in self.overloads))

    @property
    def arity(self) -> int:
        """The number of arguments (without the optional axis)."""
        return len(self.overloads[0].inputs)

    def __repr__(self) -> str:
        return f"<operation {self.name}>"


_registry: dict[str, Operation] = {}


def register(record: Operation) -> Operation:
    """Add a record to the registry and return it; a name or alias can be taken only once."""
    keys = (record.name, *record.aliases)
    for key in keys:
        if key in _registry:
            raise ValueError(f"the operation name {key!r} is taken")
    _registry.update(dict.fromkeys(keys, record))
    operations.cache_clear()
    return record


def load_operations(package: str = "matcalc.operations") -> None:
    """Import every module of `package`, so that all its records are registered."""
    for module in pkgutil.iter_modules(importlib.import_module(package).__path__):
        importlib.import_module(f"{package}.{module.name}")


def find_operation(key: str) -> Operation | None:
    """The operation of this name or alias, or None."""
    return _registry.get(key)


def operation(key: str) -> Operation:
    """The operation of this name or alias; KeyError if there is none."""
    return _registry[key]


@cache
def operations() -> tuple[Operation, ...]:
    """All operations, each once, by name."""
    return tuple(sorted(set(_registry.values()), key=lambda record: record.name))
