"""The environment: what each name of a program stands for.

A name is declared, assigned, the name of a dimension, a bound index, or a variable by its first use, whose kind its
spelling tells: a capital letter a matrix, a small Greek letter a scalar, any other a column.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from matcalc.errors import DeclarationError, Span
from matcalc.form import Form, Shape, format_axis, subforms
from matcalc.inference.constructors import SIZED
from matcalc.inference.dimensions import Axes, Axis, Solver, Unknown
from matcalc.lexer import GREEK
from matcalc.operation import find_operation
from matcalc.parser import SQUARE, Declaration, Program

__all__ = ["VariableInfo", "Variable", "Index", "Environment", "check_declarations"]

_SMALL_GREEK = frozenset(word for word in GREEK.values() if word.islower())
_ORDER = {"scalar": 0, "column": 1, "matrix": 2}
_DECLARED_KINDS = {"scalar": "scalar", "vector": "column", "matrix": "matrix", "function": "function"}


@dataclass(frozen=True)
class VariableInfo:
    """What is known of a free variable.  `properties` holds what follows from the declared ones, too."""

    name: str
    kind: str
    shape: Shape
    properties: frozenset[str]
    arguments: tuple[str, ...]
    declared: bool

    def __str__(self) -> str:
        """The declaration that states it, which can be read back."""
        arguments = f"({', '.join(self.arguments)})" if self.arguments else ""
        kind = "vector" if self.kind == "column" else self.kind
        sizes = f"({', '.join(map(format_axis, self.shape))})" if self.shape else ""
        implied = {"symmetric"} if "positive-definite" in self.properties else set()
        facts = "".join(f" {word}" for word in sorted(self.properties - implied))
        return f"{self.name}{arguments}: {kind}{sizes}{facts}"


@dataclass
class Variable:
    """A free variable while its axes are being solved."""

    kind: str
    shape: Axes
    declaration: Declaration | None

    def info(self, name: str) -> VariableInfo:
        """What is known of the variable of this name, once its axes are solved."""
        declaration = self.declaration
        properties = declaration.properties if declaration else frozenset()
        if "positive-definite" in properties:
            properties |= {"symmetric"}
        arguments = declaration.arguments if declaration else ()
        shape: Shape = self.shape  # type: ignore[assignment]
        return VariableInfo(name, self.kind, shape, properties, arguments, declaration is not None)


@dataclass
class Index:
    """A bound index: the axis over which it runs, and where that was first seen."""

    axis: Axis
    use: tuple[str, Span | None] | None = None
    #: True once it stands in an entry, a delta or a condition.
    used: bool = False


class Environment:
    """The names of one program, as far as they were met."""

    def __init__(self, program: Program, extra: Sequence[Form], solver: Solver) -> None:
        self.declarations = program.declarations
        #: All names that are assigned anywhere.
        self.assigned = frozenset(program.assignments)
        self.solver = solver
        #: The typed values of the names that are assigned so far.
        self.assignments: dict[str, Form] = {}
        #: The free variables in the order in which they were met.
        self.variables: dict[str, Variable] = {}
        #: The indices that are bound around the place, and the names of all that were ever bound.
        self.indices: dict[str, Index] = {}
        self.index_names: set[str] = set()
        #: The dimensions that have names, in order, and those of them whose names stand as scalars.
        self.dimensions = _dimension_names(program, extra)
        self.scalar_dimensions: dict[str, None] = {}

    def is_known(self, word: str) -> bool:
        """True if a name is declared, assigned, or that of a dimension."""
        return word in self.declarations or word in self.assignments or word in self.dimensions

    def is_function(self, word: str) -> bool:
        """True if a name is declared as an unknown function."""
        declaration = self.declarations.get(word)
        return declaration is not None and declaration.kind == "function"

    def spelled_variable(self, word: str) -> Variable:
        """The new variable of a name that is not declared."""
        kind = "matrix" if word[0].isupper() else "scalar" if word in _SMALL_GREEK else "column"
        return Variable(kind, tuple((Unknown(),) for _ in range(_ORDER[kind])), None)

    def declared_variable(self, declaration: Declaration) -> Variable:
        """The new variable that a declaration states."""
        shape: Axes = tuple(
            axis if isinstance(axis, tuple) else (axis,) if isinstance(axis, str) else (Unknown(axis),)
            for axis in declaration.axes
        )
        triangular = None not in declaration.axes or not declaration.properties & {"lower", "upper"}
        if len(shape) == 2 and (declaration.properties & SQUARE or not triangular):
            self.solver.unify(shape[0], shape[1], declaration.span)
        return Variable(_DECLARED_KINDS[declaration.kind], shape, declaration)

    def add_sized(self) -> None:
        """Add the declared variables that say that a name is a dimension, if no other variable says it."""
        stated = {part for v in self.variables.values() for axis in v.shape for part in self.solver.resolve(axis)}
        for word in self.scalar_dimensions:
            for declaration in self.declarations.values():
                if word not in stated and any(word in a if isinstance(a, tuple) else word == a for a in declaration.axes):
                    stated.add(word)
                    variable = self.declared_variable(declaration)
                    self.variables[declaration.name] = variable

    def taken_names(self) -> set[str]:
        """All names that a new dimension must not have."""
        arguments = {argument for declaration in self.declarations.values() for argument in declaration.arguments}
        return {
            *self.dimensions, *self.variables, *self.assignments, *self.index_names, *self.declarations, *arguments,
        }  # fmt: skip


def _dimension_names(program: Program, extra: Sequence[Form]) -> dict[str, None]:
    """The names of dimensions in declarations and in sizes such as ones(n), in order."""
    found: dict[str, None] = {}
    for declaration in program.declarations.values():
        for axis in declaration.axes:
            parts = axis if isinstance(axis, tuple) else (axis,)
            found.update(dict.fromkeys(part for part in parts if isinstance(part, str)))
    for form in (*program.assignments.values(), program.output, *extra):
        for part in subforms(form):
            if part.head == "call" and part.value in SIZED:
                found.update(dict.fromkeys(n.value for a in part.args for n in subforms(a) if n.head == "name"))
    return found


# --- checks ---------------------------------------------------------------------------------------------------------


def check_declarations(program: Program) -> None:
    """Refuse unknown functions that are known, and variables that depend on themselves."""
    declarations = program.declarations
    for declaration in declarations.values():
        if declaration.kind == "function" and find_operation(declaration.name) is not None:
            raise DeclarationError(f"`{declaration.name}` is a function of the language", declaration.span)
        for argument in declaration.arguments:
            if argument in declarations and declarations[argument].kind == "function":
                raise DeclarationError(f"`{argument}` is a function, not a variable", declaration.span)
    for declaration in declarations.values():
        if declaration.arguments and _depends_on_itself(declaration.name, program):
            raise DeclarationError(f"`{declaration.name}` depends on itself", declaration.span)


def _depends_on_itself(name: str, program: Program) -> bool:
    """True if the value of a name depends on that name."""
    seen: set[str] = set()
    stack = [name]
    while stack:
        for used in _uses(stack.pop(), program):
            if used == name:
                return True
            if used not in seen:
                seen.add(used)
                stack.append(used)
    return False


def _uses(name: str, program: Program) -> Iterator[str]:
    """The names that the value of a name is made of."""
    if name in program.declarations:
        yield from program.declarations[name].arguments
    elif name in program.assignments:
        yield from (f.value for f in subforms(program.assignments[name]) if f.head == "name")
