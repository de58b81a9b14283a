"""Parameters of emitted functions: which there are, what they are called, and where dimensions are read from.

The parameters are all free variables, the unknown functions and their derivatives that an answer calls (`f`, `df`,
`d2f`), dependent variables and their derivatives by the values that it needs (`A`, `dA_dalpha`, `d2L_dY2`,
`d2U_dsdt`), and the dimensions that no array tells.

Every name that reaches emitted code passes `python_name`: it is an ASCII identifier, and no keyword and no name that
the module itself uses.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from matcalc.codegen.graph import computed, derivative_key, unknown_key
from matcalc.codegen.targets import NUMPY, Target
from matcalc.errors import MatcalcError
from matcalc.expr import Derivative, Node, Size, Unknown, Variable
from matcalc.form import Axis, Shape

__all__ = ["Parameter", "VariableInfo", "parameters_of", "python_name", "DimensionSource", "dimension_sources"]

#: Names that an emitted module uses for itself, beside those of its target.
RESERVED = frozenset({"derivative", "dtype", "float", "_expect", "_sizes"})


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of an emitted function.

    `name` is what the program calls it: the name of a variable or dimension, `f'` for the derivative of an unknown
    function, `d(A)/d(alpha)` for that of a dependent variable.  `shape` has an axis, a tuple of dimensions, for each
    axis of the array that is passed; an axis of several dimensions is flattened in row-major order.
    """

    name: str
    kind: str  # "array", "function" or "size"
    shape: Shape
    python_name: str


class VariableInfo(Protocol):
    """What is known of a variable of a program."""

    @property
    def kind(self) -> str: ...
    @property
    def shape(self) -> Shape: ...
    @property
    def arguments(self) -> Sequence[str]: ...


def python_name(name: str, target: Target = NUMPY) -> str:
    """The name in emitted code: itself, with an underscore behind it if Python or the module needs it otherwise."""
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise MatcalcError(
            f"{name!r} cannot be a name in code", hint="use a letter first, then letters, digits and underscores"
        )
    dunder = name.startswith("__") and name.endswith("__")
    taken = name in RESERVED or name in target.reserved
    return name + "_" if keyword.iskeyword(name) or taken or dunder else name


def derivative_name(node: Derivative) -> str:
    """`dA_dalpha`, `d2L_dY2`, `d2U_dsdt`."""
    variable = node.operands[0]
    assert isinstance(variable, Variable)
    order = len(node.positions)
    below = ""
    for position in dict.fromkeys(node.positions):
        count = node.positions.count(position)
        below += f"d{variable.argument_names[position]}{count if count > 1 else ''}"
    return f"d{order if order > 1 else ''}{variable.name}_{below}"


def unknown_name(node: Unknown) -> str:
    """`f`, `df`, `d2f`."""
    order = node.derivative_order
    return ("d" if order else "") + (str(order) if order > 1 else "") + node.name


def parameters_of(
    results: Iterable[Node],
    variables: Mapping[str, VariableInfo],
    target: Target = NUMPY,
    later: Collection[str] = (),
) -> tuple[Parameter, ...]:
    """The parameters of a function that computes some nodes, in alphabetical order of their Python names.

    `variables` are the free variables of the expression; those that are no functions and depend on nothing are
    parameters whether they are used or not.  No dimension is read from those that are passed `later`.
    """
    nodes = computed(results)
    shapes: dict[str, Shape] = {
        name: info.shape for name, info in variables.items() if info.kind != "function" and not info.arguments
    }
    functions: dict[str, str] = {}
    derived: dict[str, tuple[str, Shape]] = {}
    for node in nodes:
        if isinstance(node, Variable):
            shapes.setdefault(node.name, shape_of(node, node.name, variables))
        elif isinstance(node, Derivative):
            derived[derivative_key(node)] = derivative_name(node), derivative_shape(node, variables)
        elif isinstance(node, Unknown):
            functions[unknown_key(node)] = unknown_name(node)
    wanted = [(name, name, "array", shape) for name, shape in shapes.items()]
    wanted += [(key, text, "array", shape) for key, (text, shape) in derived.items()]
    wanted += [(key, text, "function", ()) for key, text in functions.items()]
    wanted += [(dimension, dimension, "size", ()) for dimension in untold(nodes, {w[0]: w[3] for w in wanted}, later)]
    return named(wanted, target)


def named(wanted: Iterable[tuple[str, str, str, Shape]], target: Target) -> tuple[Parameter, ...]:
    """Parameters with distinct Python names; a name that may stand as it is goes before one that is made."""
    made: list[Parameter] = []
    taken: set[str] = set()
    order = sorted(wanted, key=lambda w: (python_name(w[1], target) != w[0], w[2] == "size", w[1], w[0]))
    for name, text, kind, shape in order:
        chosen = python_name(text, target)
        while chosen in taken:
            chosen += "_"
        taken.add(chosen)
        made.append(Parameter(name, kind, shape, chosen))
    return tuple(sorted(made, key=lambda parameter: parameter.python_name))


def shape_of(node: Node, name: str, variables: Mapping[str, VariableInfo]) -> Shape:
    """The shape of a variable as the program knows it, else as its node has it."""
    info = variables.get(name)
    return info.shape if info is not None else tuple((d,) for d in node.shape)


def derivative_shape(node: Derivative, variables: Mapping[str, VariableInfo]) -> Shape:
    """The axes of a dependent variable, then those of each of its arguments."""
    variable = node.operands[0]
    assert isinstance(variable, Variable)
    shape = shape_of(variable, variable.name, variables)
    for position in node.positions:
        shape += shape_of(variable.operands[position], variable.argument_names[position], variables)
    return shape


# ---- Dimensions -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DimensionSource:
    """Axis `axis` of the array `parameter` (by position) is the dimension, times the dimensions `others`."""

    parameter: int
    axis: int
    others: Axis


def dimension_sources(shapes: Sequence[Shape]) -> dict[str, DimensionSource]:
    """Where dimensions are read from: simple axes first, then axes of which all other dimensions are known."""
    axes = [(k, position, axis) for k, shape in enumerate(shapes) for position, axis in enumerate(shape)]
    found: dict[str, DimensionSource] = {}
    for k, position, axis in axes:
        if len(axis) == 1 and isinstance(axis[0], str):
            found.setdefault(axis[0], DimensionSource(k, position, ()))
    before = -1
    while before < len(found):
        before = len(found)
        for k, position, axis in axes:
            unknown = [d for d in axis if isinstance(d, str) and d not in found]
            if len(unknown) == 1:
                others = tuple(d for d in axis if d != unknown[0])
                found[unknown[0]] = DimensionSource(k, position, others)
    return found


def untold(nodes: Iterable[Node], shapes: Mapping[str, Shape], later: Collection[str]) -> list[str]:
    """The dimensions of nodes and arrays that cannot be read from the arrays that are there."""
    told = dimension_sources([shape for name, shape in shapes.items() if name not in later])
    mentioned = {d for shape in shapes.values() for axis in shape for d in axis}
    for node in nodes:
        mentioned.update(node.shape)
        if isinstance(node, Size):
            mentioned.add(node.dimension)
    return sorted(d for d in mentioned if isinstance(d, str) and d not in told)
