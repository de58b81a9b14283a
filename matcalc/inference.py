"""Inference: untyped forms to typed ones, by unification of dimensions over a whole program.

Kinds (scalar, column, row, matrix, tensor) are known from the leaves up: a declaration says them, or the spelling of
the name does.  Dimensions are solved: each axis is a list of dimensions and unknowns, every rule states which axes are
equal, and unification binds the unknowns.  Two different declared names, or two different numbers, are never equal;
such a conflict is an error that shows both places and both sizes.  Unknowns that are left at the end get names that
read well: rows m and columns n of the first matrix, n for a square one, then p, q, r, ...
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from math import prod
from typing import Any

from matcalc.errors import DeclarationError, DimensionError, KindError, MatcalcError, Span, UnknownNameError
from matcalc.form import Form, Shape, format_axis, subforms
from matcalc.lexer import GREEK
from matcalc.operation import Operation, Overload, find_operation, load_operations, operations
from matcalc.parser import SQUARE, Declaration, Program, nearest, parse_program

__all__ = ["VariableInfo", "TypedProgram", "infer", "infer_expression", "LAYOUTS", "CONSTRUCTORS"]

LAYOUTS = ("numerator", "denominator")

#: How many arguments each constructor takes; those of `vector` and `matrix` are scalars, the others sizes.
CONSTRUCTORS: dict[str, tuple[int, ...]] = {
    "eye": (0, 1),
    "ones": (1, 2),
    "zeros": (1, 2),
    "vector": (1,),
    "matrix": (1,),
    "commutation": (2,),
}
_SIZED = frozenset({"eye", "ones", "zeros", "commutation"})
_USAGE = {
    "eye": "eye or eye(n)",
    "ones": "ones(n) or ones(m, n)",
    "zeros": "zeros(n) or zeros(m, n)",
    "vector": "vector(c)",
    "matrix": "matrix(c)",
    "commutation": "commutation(m, n)",
}

_SMALL_GREEK = frozenset(word for word in GREEK.values() if word.islower())
_VECTORS = frozenset({"column", "row"})
_ORDER = {"scalar": 0, "column": 1, "row": 1, "matrix": 2}
_KIND_OF_ORDER = ("scalar", "column", "matrix")
_DECLARED_KINDS = {"scalar": "scalar", "vector": "column", "matrix": "matrix", "function": "function"}
#: Names for dimensions that were not given, in the order in which they are taken.
_POOL = tuple("nmpqrsklhtuvwg")


class _Unknown:
    """A part of an axis that is not known: bound to a list of items at `place` once it is.

    An axis that was declared with a number has that `size`, but its parts are unknown: a vector(6) can be as long as
    vec(X) of a 2 x 3 matrix, whose axis has the parts 3 and 2.
    """

    __slots__ = ("items", "place", "size")

    def __init__(self, size: int | None = None) -> None:
        self.items: _Axis | None = None
        self.place: Span | None = None
        self.size = size


_Item = int | str | _Unknown
_Axis = tuple[_Item, ...]


class _Solver:
    """Unification of axes, each a list of dimensions and unknowns."""

    def __init__(self) -> None:
        #: The unknowns in the order in which they were bound.
        self.trail: list[_Unknown] = []
        #: True while bindings may be taken back.
        self.tentative = False
        #: Equations between lists of different lengths, which wait until more is known.
        self.waiting: list[tuple[_Axis, _Axis, Callable[[], MatcalcError]]] = []

    def resolve(self, axis: _Axis) -> _Axis:
        """The axis with bound unknowns replaced."""
        if len(axis) == 1:
            item = axis[0]
            if not isinstance(item, _Unknown) or item.items is None:
                return axis
            return self.follow(item)
        return tuple(part for item in axis for part in self.resolve((item,)))

    def follow(self, unknown: _Unknown) -> _Axis:
        """What a bound unknown stands for.  Chains are cut short, except while bindings may be taken back."""
        chain = [unknown]
        items = unknown.items or ()
        while len(items) == 1 and isinstance(items[0], _Unknown) and items[0].items is not None:
            chain.append(items[0])
            items = items[0].items
        if len(items) > 1:
            return self.resolve(items)
        if not self.tentative:
            for link in chain:
                link.items, link.place = items, chain[-1].place
        return items

    def unify(self, left: _Axis, right: _Axis, place: Span | None) -> bool | None:
        """Make two axes equal: True if they are, False if they cannot be, None if that cannot be told yet."""
        left, right = self.resolve(left), self.resolve(right)
        while left and right and left[0] == right[0]:
            left, right = left[1:], right[1:]
        while left and right and left[-1] == right[-1]:
            left, right = left[:-1], right[:-1]
        if not left or not right:
            return not left and not right
        if len(left) == 1 and isinstance(left[0], _Unknown):
            return self.bind(left[0], right, place)
        if len(right) == 1 and isinstance(right[0], _Unknown):
            return self.bind(right[0], left, place)
        return self.unify_lists(left, right, place)

    def unify_lists(self, left: _Axis, right: _Axis, place: Span | None) -> bool | None:
        """Make two lists equal, neither of them a single unknown; an unknown stands for at least one dimension."""
        if len(left) != len(right):
            shorter = min(left, right, key=len)
            return None if any(isinstance(item, _Unknown) for item in shorter) else False
        if len(left) == 1:
            return False
        verdicts = [self.unify((a,), (b,), place) for a, b in zip(left, right, strict=True)]
        return False if False in verdicts else None if None in verdicts else True

    def bind(self, unknown: _Unknown, items: _Axis, place: Span | None) -> bool | None:
        """Let an unknown stand for a list, if it can; None if that cannot be told yet."""
        if unknown in items:
            return False
        if unknown.size is not None:
            other = items[0]
            if len(items) == 1 and isinstance(other, _Unknown) and other.size is None:
                return self.bind(other, (unknown,), place)
            if (total := self.total(items)) is None:
                return False if any(isinstance(item, str) for item in items) else None
            if total != unknown.size:
                return False
        unknown.items, unknown.place = items, place
        self.trail.append(unknown)
        return True

    def total(self, items: _Axis) -> int | None:
        """The product of the sizes, or None if it is not a known number."""
        sizes = [item.size if isinstance(item, _Unknown) else item for item in items]
        return prod(size for size in sizes if isinstance(size, int)) if all(isinstance(s, int) for s in sizes) else None

    def is_one(self, axis: _Axis) -> bool:
        """True if an axis has the size 1."""
        return self.total(self.resolve(axis)) == 1

    def attempt(self, pairs: Sequence[tuple[_Axis, _Axis]], place: Span | None) -> bool:
        """Make all pairs of axes equal, or change nothing."""
        mark, self.tentative = len(self.trail), True
        equal = all(self.unify(left, right, place) for left, right in pairs)
        self.tentative = False
        if equal:
            return True
        for unknown in self.trail[mark:]:
            unknown.items = None
        del self.trail[mark:]
        return False

    def settle(self) -> None:
        """Solve the equations that wait; where several solutions exist, pair from the left."""
        progress = True
        while self.waiting and progress:
            before, self.waiting = self.waiting, []
            for left, right, error in before:
                self.equate(left, right, None, error)
            progress = len(self.waiting) < len(before)
        for left, right, error in self.waiting:
            if not self.pair(self.resolve(left), self.resolve(right)):
                raise error()

    def pair(self, left: _Axis, right: _Axis) -> bool:
        """Pair two lists from the left; the last unknown of the shorter one takes the rest."""
        shorter, longer = sorted((left, right), key=len)
        at = max((i for i, item in enumerate(shorter) if isinstance(item, _Unknown)), default=len(shorter))
        rest = len(longer) - len(shorter) + 1
        groups = [longer[i : i + 1] for i in range(at)] + [longer[at : at + rest]]
        groups += [longer[i : i + 1] for i in range(at + rest, len(longer))]
        return len(groups) == len(shorter) and all(
            self.unify((item,), group, None) for item, group in zip(shorter, groups, strict=True)
        )

    def equate(self, left: _Axis, right: _Axis, place: Span | None, error: Callable[[], MatcalcError]) -> None:
        """Make two axes equal; raise the error if they cannot be."""
        verdict = self.unify(left, right, place)
        if verdict is None:
            self.waiting.append((left, right, error))
        elif not verdict:
            raise error()


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


@dataclass(frozen=True)
class TypedProgram:
    """A program whose every node has a kind and a shape."""

    variables: dict[str, VariableInfo]
    assignments: dict[str, Form]
    output: Form
    extra: tuple[Form, ...]
    dimensions: tuple[str, ...]
    layout: str = "numerator"
    output_name: str | None = None
    #: Declared variables that occur only by the name of a size, as in `2/N`.
    sized: tuple[VariableInfo, ...] = ()

    def declarations(self) -> tuple[str, ...]:
        """Everything that is assumed of the variables, as declarations."""
        return tuple(map(str, (*self.variables.values(), *self.sized)))


@dataclass
class _Variable:
    """A free variable while its axes are being solved."""

    kind: str
    shape: tuple[_Axis, ...]
    declaration: Declaration | None


@dataclass
class _Index:
    """A bound index: the axis over which it runs, and where that was first seen."""

    axis: _Axis
    use: tuple[str, Span | None] | None = None
    #: True once it stands in an entry, a delta or a condition.
    used: bool = False


def infer(
    program: Program,
    *,
    layout: str = "numerator",
    extra: Sequence[Form] = (),
    alike: Sequence[tuple[int, int]] = (),
) -> TypedProgram:
    """The typed program, with the typed forms of `extra`.

    `alike` are pairs of positions in `extra` (sides of a claim) whose sizes are made equal where they can be; a pair
    that cannot be made equal is left as it is.  No form that is given is changed.
    """
    if layout not in LAYOUTS:
        near = nearest(str(layout), LAYOUTS)
        hint = f"did you mean `{near}`?" if near else "the layouts are numerator and denominator"
        raise UnknownNameError(f"`{layout}` is not a layout", hint=hint)
    if not operations():
        load_operations()
    try:
        return _Inference(program, layout, extra).run(alike)
    except RecursionError:
        raise MatcalcError("nested too deeply", hint="split the expression with assignments, one a line") from None


def infer_expression(text: str, declare: Iterable[str] = (), layout: str = "numerator") -> TypedProgram:
    """The typed program of one expression or program text."""
    return infer(parse_program(text, declare), layout=layout)


class _Inference:
    """One run: the program, the variables met so far, the nodes made."""

    def __init__(self, program: Program, layout: str, extra: Sequence[Form]) -> None:
        self.program = program
        self.layout = layout
        self.extra = extra
        self.solver = _Solver()
        self.variables: dict[str, _Variable] = {}
        self.assignments: dict[str, Form] = {}
        self.indices: dict[str, _Index] = {}
        self.nodes: list[Form] = []
        self.index_names: set[str] = set()
        #: The dimensions whose names stand as scalars, in order.
        self.scalar_dimensions: dict[str, None] = {}
        self.declared_dimensions = self.dimension_names()
        self.rules: dict[str, Callable[[Form], Form]] = {
            "number": lambda form: form,
            "name": self.name,
            "neg": self.negative,
            "add": self.elementwise,
            "mul": self.product,
            "div": self.quotient,
            "times": self.elementwise,
            "rdiv": self.elementwise,
            "elpower": self.elementwise,
            "kron": self.kronecker,
            "power": self.power,
            "transpose": self.transpose,
            "call": self.call,
            "unknown": self.unknown_function,
            "entry": self.entry,
            "delta": self.delta,
            "tensor": self.tensor,
            "bsum": self.tensor,
            "join": self.join,
            "split": self.split,
            "cases": self.cases,
            "derivative": self.derivative,
        }

    def run(self, alike: Sequence[tuple[int, int]]) -> TypedProgram:
        self.check_declarations()
        for name, form in self.program.assignments.items():
            self.assignments[name] = self.type(form)
        output_name = self.program.output_name
        output = self.type(self.program.output) if output_name is None else self.assignments[output_name]
        extra = tuple(self.type(form) for form in self.extra)
        self.solver.settle()
        for left, right in alike:
            self.make_alike(extra[left], extra[right])
        occurring = len(self.variables)
        self.add_sized()
        dimensions = self.name_dimensions()
        infos = self.variable_infos()
        variables = dict(islice(infos.items(), occurring))
        sized = tuple(islice(infos.values(), occurring, None))
        return TypedProgram(
            variables, self.assignments, output, extra, dimensions, self.layout, output_name, sized
        )  # fmt: skip

    def add_sized(self) -> None:
        """Add the declared variables that say that a name is a dimension, if no other variable says it."""
        stated = {part for v in self.variables.values() for axis in v.shape for part in self.solver.resolve(axis)}
        for word in self.scalar_dimensions:
            for declaration in self.program.declarations.values():
                if word not in stated and any(word in a if isinstance(a, tuple) else word == a for a in declaration.axes):
                    stated.add(word)
                    variable = self.declared_variable(declaration)
                    self.variables[declaration.name] = variable

    # --- solving ----------------------------------------------------------------------------------------------------

    def type(self, form: Form) -> Form:
        """The typed form of an untyped one, axes still to be solved."""
        return self.rules[form.head](form)

    def node(
        self, form: Form, kind: str, shape: tuple[_Axis, ...], args: tuple[Form, ...] = (), value: Any = None
    ) -> Form:
        """A typed node in the place of `form`."""
        typed = Form(form.head, args, value, kind=kind, shape=shape, span=form.span)  # type: ignore[arg-type]
        if shape:
            self.nodes.append(typed)
        return typed

    def agree(self, left: Form, i: int, right: Form, j: int, place: Form) -> None:
        """Axis i of `left` and axis j of `right` are equal."""
        a: _Axis = axes(left)[i]
        b: _Axis = axes(right)[j]
        if a is not b:
            self.solver.equate(a, b, place.span, lambda: self.conflict(left, i, right, j, place))

    def conflict(self, left: Form, i: int, right: Form, j: int, place: Form) -> MatcalcError:
        """The error that two axes differ, with both places and both sizes."""
        a, b = axes(left)[i], axes(right)[j]
        first, second = self.measure(left, i), self.measure(right, j)
        if left is right:
            message = f"{shown(left)} is not square: {self.size(a)} rows and {self.size(b)} columns"
            span = left.span or place.span
            return DimensionError(message, span, hint="a square matrix is needed", related=self.origins(left, a, b))
        hint = None
        if "?" in first or "?" in second:
            hint = "no sizes make them equal"
        elif len(self.solver.resolve(a)) != len(self.solver.resolve(b)):
            hint = "a compound axis such as that of vec(X) keeps its parts: declare `y: vector(n*m)`"
        elif isinstance(self.solver.resolve(a)[0], str) and isinstance(self.solver.resolve(b)[0], str):
            hint = "two declared names are two different sizes: use one name for both if they are equal"
        places = [(second, right.span)] if right.span else []
        places += [o for o in (*self.origins(left, a), *self.origins(right, b)) if o[1] not in (left.span, right.span)]
        message = f"sizes differ in {shown(place)}: {first}, but {second}"
        return DimensionError(message, left.span or place.span, hint=hint, related=tuple(places))

    def measure(self, form: Form, i: int) -> str:
        """`A` has n columns."""
        parts = {"column": ("entries",), "row": ("entries",), "matrix": ("rows", "columns")}.get(form.kind or "")
        part = parts[i] if parts else f"values of index {i + 1}"
        return f"{shown(form)} has {self.size(axes(form)[i])} {part}"

    def size(self, axis: _Axis) -> str:
        """A size as it is shown in an error; an unknown is `?`."""
        items = [item.size or "?" if isinstance(item, _Unknown) else item for item in self.solver.resolve(axis)]
        return "*".join(map(str, items)) or "1"

    def origins(self, form: Form, *sizes: _Axis) -> tuple[tuple[str, Span], ...]:
        """Where the variable of `form` was declared, and where its unknown sizes were found."""
        while form.head in ("transpose", "neg"):
            form = form.args[0]
        places: list[tuple[str, Span]] = []
        variable = self.variables.get(form.value) if form.head == "name" else None
        if variable is not None and variable.declaration is not None:
            places.append((f"`{form.value}` is declared here", variable.declaration.span))
        for axis in sizes:
            for item in axis:
                if isinstance(item, _Unknown) and item.size is None and item.place is not None:
                    places.append((f"the size {self.size((item,))} comes from here", item.place))
        return tuple(places)

    def make_alike(self, left: Form, right: Form) -> None:
        """Make the axes of two forms equal if their orders are, and if they can be."""
        a, b = axes(left), axes(right)
        if len(a) == len(b):
            self.solver.attempt(list(zip(a, b, strict=True)), right.span)

    # --- names ------------------------------------------------------------------------------------------------------

    def dimension_names(self) -> dict[str, None]:
        """The names of dimensions in declarations and in sizes such as ones(n), in order."""
        found: dict[str, None] = {}
        for declaration in self.program.declarations.values():
            for axis in declaration.axes:
                parts = axis if isinstance(axis, tuple) else (axis,)
                found.update(dict.fromkeys(part for part in parts if isinstance(part, str)))
        for form in (*self.program.assignments.values(), self.program.output, *self.extra):
            for part in subforms(form):
                if part.head == "call" and part.value in _SIZED:
                    found.update(dict.fromkeys(n.value for a in part.args for n in subforms(a) if n.head == "name"))
        return found

    def check_declarations(self) -> None:
        """Refuse unknown functions that are known, and variables that depend on themselves."""
        declarations = self.program.declarations
        for declaration in declarations.values():
            if declaration.kind == "function" and find_operation(declaration.name) is not None:
                raise DeclarationError(f"`{declaration.name}` is a function of the language", declaration.span)
            for argument in declaration.arguments:
                if argument in declarations and declarations[argument].kind == "function":
                    raise DeclarationError(f"`{argument}` is a function, not a variable", declaration.span)
        for declaration in declarations.values():
            if declaration.arguments and self.depends(declaration.name):
                raise DeclarationError(f"`{declaration.name}` depends on itself", declaration.span)

    def depends(self, name: str) -> bool:
        """True if the value of a name depends on that name."""
        seen: set[str] = set()
        stack = [name]
        while stack:
            for used in self.uses(stack.pop()):
                if used == name:
                    return True
                if used not in seen:
                    seen.add(used)
                    stack.append(used)
        return False

    def uses(self, name: str) -> Iterator[str]:
        """The names that the value of a name is made of."""
        if name in self.program.declarations:
            yield from self.program.declarations[name].arguments
        elif name in self.program.assignments:
            yield from (f.value for f in subforms(self.program.assignments[name]) if f.head == "name")

    def name(self, form: Form) -> Form:
        """An assigned name, a variable, a dimension, `pi`, `eye`, or an undeclared variable."""
        word: str = form.value
        if word in self.assignments:
            value = self.assignments[word]
            return self.node(form, value.kind or "", axes(value), (), word)
        variable = self.variables.get(word) or self.new_variable(form)
        if variable is None:
            return self.constant(form)
        if variable.kind == "function":
            raise KindError(f"`{word}` is a function: it needs an argument", form.span, hint=f"write {word}(x)")
        return self.node(form, variable.kind, variable.shape, (), word)

    def constant(self, form: Form) -> Form:
        """A name that is no variable."""
        if form.value == "eye":
            return self.construct(Form("call", (), "eye", span=form.span))
        if form.value in self.declared_dimensions:
            self.scalar_dimensions[form.value] = None
        return self.node(form, "scalar", (), (), form.value)

    def new_variable(self, form: Form) -> _Variable | None:
        """The variable that a name is, met for the first time; None if the name is a constant."""
        word: str = form.value
        declaration = self.program.declarations.get(word)
        if declaration is None and (word in self.declared_dimensions or word in ("pi", "eye")):
            return None
        if declaration is None:
            self.check_bare(form)
            kind = "matrix" if word[0].isupper() else "scalar" if word in _SMALL_GREEK else "column"
            variable = _Variable(kind, tuple((_Unknown(),) for _ in range(_ORDER[kind])), None)
            self.variables[word] = variable
            return variable
        variable = self.declared_variable(declaration)
        if variable.kind != "function":
            self.variables[word] = variable
        for argument in declaration.arguments:
            if argument not in self.program.assignments and argument not in self.variables:
                self.name(Form("name", (), argument, span=declaration.span))
        return variable

    def declared_variable(self, declaration: Declaration) -> _Variable:
        shape: tuple[_Axis, ...] = tuple(
            axis if isinstance(axis, tuple) else (axis,) if isinstance(axis, str) else (_Unknown(axis),)
            for axis in declaration.axes
        )
        triangular = None not in declaration.axes or not declaration.properties & {"lower", "upper"}
        if len(shape) == 2 and (declaration.properties & SQUARE or not triangular):
            self.solver.unify(shape[0], shape[1], declaration.span)
        return _Variable(_DECLARED_KINDS[declaration.kind], shape, declaration)

    def check_bare(self, form: Form) -> None:
        """Refuse an undeclared name that is an index here or a function of the language."""
        word = form.value
        if word in self.indices:
            raise KindError(
                f"`{word}` is an index here, not a value",
                form.span,
                hint="indices stand in entries A[i,j], in delta(i, j) and in conditions",
            )
        if word in CONSTRUCTORS:
            raise KindError(f"`{word}` needs sizes", form.span, hint=f"write {_USAGE[word]}")
        record = find_operation(word)
        if record is not None:
            raise KindError(
                f"`{word}` is a function: it needs an argument",
                form.span,
                hint=f"write {word}(...); to use it as a variable declare it, `{word}: vector`",
            )

    def is_known(self, word: str) -> bool:
        """True if a name is declared, assigned, or that of a dimension."""
        return word in self.program.declarations or word in self.assignments or word in self.declared_dimensions

    # --- results ----------------------------------------------------------------------------------------------------

    def name_dimensions(self) -> tuple[str, ...]:
        """Give names to the unknowns that are left, and put solved shapes into all nodes."""
        names = _Names(self.solver, self.taken_names())
        for variable in self.variables.values():
            if variable.kind == "matrix" and names.first_matrix(*variable.shape):
                break
        for variable in self.variables.values():
            variable.shape = names.solved(variable.shape)
        for node in self.nodes:
            node.shape = names.solved(axes(node))  # type: ignore[assignment]
            if node.head == "call" and node.value == "eye" and not node.args:
                node.args = (size_form(axes(node)[0], node.span),)
        return (*self.declared_dimensions, *names.given)

    def taken_names(self) -> set[str]:
        """All names that a new dimension must not have."""
        declarations = self.program.declarations
        arguments = {argument for declaration in declarations.values() for argument in declaration.arguments}
        return {
            *self.declared_dimensions, *self.variables, *self.assignments, *self.index_names, *declarations, *arguments,
        }  # fmt: skip

    def variable_infos(self) -> dict[str, VariableInfo]:
        infos = {}
        for name, variable in self.variables.items():
            declaration = variable.declaration
            properties = declaration.properties if declaration else frozenset()
            if "positive-definite" in properties:
                properties |= {"symmetric"}
            arguments = declaration.arguments if declaration else ()
            shape: Shape = variable.shape  # type: ignore[assignment]
            infos[name] = VariableInfo(name, variable.kind, shape, properties, arguments, declaration is not None)
        return infos

    # --- algebra ----------------------------------------------------------------------------------------------------

    def scalar(self, form: Form, what: str, hint: str | None = None) -> Form:
        """The typed form, which must be a scalar."""
        typed = self.type(form)
        if typed.kind != "scalar":
            raise KindError(f"{what} must be a scalar, but {shown(typed)} is {a_kind(typed)}", form.span, hint=hint)
        return typed

    def negative(self, form: Form) -> Form:
        arg = self.type(form.args[0])
        return self.node(form, arg.kind or "", axes(arg), (arg,))

    def elementwise(self, form: Form) -> Form:
        args = tuple(map(self.type, form.args))
        kind, shape = self.expand(form, args)
        return self.node(form, kind, shape, args)

    def expand(self, form: Form, args: Sequence[Form]) -> tuple[str, tuple[_Axis, ...]]:
        """Kind and shape of an element-wise operation: scalars, rows and columns expand over matrices."""
        tensors = [arg for arg in args if arg.kind == "tensor"]
        if tensors:
            return self.expand_tensors(form, args, tensors)
        rows: tuple[Form, int] | None = None
        columns: tuple[Form, int] | None = None
        for arg in args:
            kind = arg.kind
            if kind in ("column", "matrix"):
                rows = self.joined(rows, (arg, 0), form)
            if kind in ("row", "matrix"):
                columns = self.joined(columns, (arg, 0 if kind == "row" else 1), form)
        shape = tuple(axes(side[0])[side[1]] for side in (rows, columns) if side is not None)
        kind = "matrix" if len(shape) == 2 else "column" if rows else "row" if columns else "scalar"
        return kind, shape

    def joined(self, first: tuple[Form, int] | None, other: tuple[Form, int], place: Form) -> tuple[Form, int]:
        """The axis that stands for both, which are made equal."""
        if first is None:
            return other
        self.agree(*first, *other, place)
        return first

    def expand_tensors(
        self, form: Form, args: Sequence[Form], tensors: Sequence[Form]
    ) -> tuple[str, tuple[_Axis, ...]]:
        """A tensor goes with scalars and with tensors of its own shape."""
        first = tensors[0]
        for arg in args:
            if arg.kind != "scalar" and len(axes(arg)) != len(axes(first)):
                raise KindError(
                    f"{shown(first)} has order {len(axes(first))} and {shown(arg)} has order {len(axes(arg))}",
                    form.span,
                    hint="a tensor goes with scalars and tensors of its own order",
                )
            if arg.kind == "tensor" and arg is not first:
                for axis in range(len(axes(first))):
                    self.agree(first, axis, arg, axis, form)
        return "tensor", axes(first)

    def product(self, form: Form) -> Form:
        args = tuple(map(self.type, form.args))
        left = args[0]
        for right in args[1:]:
            kind, shape = self.multiplied(left, right, form)
            span = left.span.through(right.span) if left.span and right.span else form.span
            left = Form("mul", kind=kind, shape=shape, span=span)  # type: ignore[arg-type]
        return self.node(form, left.kind or "", axes(left), args)

    def multiplied(self, left: Form, right: Form, place: Form) -> tuple[str, tuple[_Axis, ...]]:
        """Kind and shape of the product of two values."""
        a, b = axes(left), axes(right)
        match left.kind, right.kind:
            case "scalar", kind:
                return kind or "", b
            case kind, "scalar":
                return kind or "", a
            case "row", "column":
                self.agree(left, 0, right, 0, place)
                return "scalar", ()
            case "column", "row":
                return "matrix", (a[0], b[0])
            case "matrix", "column":
                self.agree(left, 1, right, 0, place)
                return "column", (a[0],)
            case "row", "matrix":
                self.agree(left, 0, right, 0, place)
                return "row", (b[1],)
            case "matrix", "matrix":
                self.agree(left, 1, right, 0, place)
                return "matrix", (a[0], b[1])
            case "column", "matrix" if self.solver.is_one(b[0]):
                return "matrix", (a[0], b[1])
            case "matrix", "row" if self.solver.is_one(a[1]):
                return "matrix", (a[0], b[0])
        raise self.bad_product(left, right)

    def bad_product(self, left: Form, right: Form) -> KindError:
        """The error of a product that is not defined, with what may have been meant."""
        x, y = factor_text(left), factor_text(right)
        x_t, y_t = transposed_text(left), transposed_text(right)
        span = left.span.through(right.span) if left.span and right.span else left.span
        if "tensor" in (left.kind, right.kind):
            hint = "write products of tensors by entries: [i,j: sum[k: A[i,k]*T[k,j,i]]]"
        elif left.kind == right.kind == "column":
            hint = f"write {x_t}*{y} for the inner product, {x}.*{y} entry by entry, or {x}*{y_t} for the outer product"
        elif left.kind == right.kind == "row":
            hint = f"write {x}*{y_t} for the inner product, or {x}.*{y} entry by entry"
        elif left.kind == "column":
            hint = f"write {x_t}*{y} for a row times a matrix, or {x}.*{y} to scale its rows"
        else:
            hint = f"write {x}*{y_t} for a matrix times a column, or {x}.*{y} to scale its columns"
        return KindError(f"`{x}*{y}` multiplies {a_kind(left)} by {a_kind(right)}", span, hint=hint)

    def quotient(self, form: Form) -> Form:
        left, right = map(self.type, form.args)
        if right.kind != "scalar":
            x, y = factor_text(left), factor_text(right)
            hint = f"write {x}./{y} to divide entry by entry"
            if right.kind == "matrix":
                hint += f", or {x}*inv({y})"
            raise KindError(f"`/` divides by a scalar, but {shown(right)} is {a_kind(right)}", right.span, hint=hint)
        return self.node(form, left.kind or "", axes(left), (left, right))

    def kronecker(self, form: Form) -> Form:
        left, right = map(self.type, form.args)
        if "tensor" in (left.kind, right.kind):
            raise KindError("kron takes no tensor of order 3 or more", form.span)
        if "scalar" in (left.kind, right.kind):
            other = right if left.kind == "scalar" else left
            return self.node(form, other.kind or "", axes(other), (left, right))
        rows = axes_part(left, "row") + axes_part(right, "row")
        columns = axes_part(left, "column") + axes_part(right, "column")
        if left.kind == right.kind and left.kind in _VECTORS:
            return self.node(form, left.kind or "", (rows or columns,), (left, right))
        return self.node(form, "matrix", (rows, columns), (left, right))

    def power(self, form: Form) -> Form:
        base = self.type(form.args[0])
        if base.kind == "scalar":
            x = factor_text(base)
            exponent = self.scalar(form.args[1], "the exponent", f"write {x}.^... to raise entry by entry")
            return self.node(form, "scalar", (), (base, exponent))
        exponent = form.args[1]
        if base.kind != "matrix":
            x, y = factor_text(base), exponent.value if exponent.head == "number" else text_of(exponent)
            hint = f"write {x}.^{y} to raise each entry"
            if base.kind == "column" and exponent.head == "number" and exponent.value == 2:
                hint += f", or {x}'*{x}"
            message = f"{shown(base)} is {a_kind(base)}, and `^` raises scalars and matrices"
            raise KindError(message, form.span, hint=hint)
        exponent = self.integer(exponent, base)
        self.square(base, form)
        return self.node(form, "matrix", axes(base), (base, exponent))

    def integer(self, exponent: Form, base: Form) -> Form:
        """The exponent of a matrix as a number form, which must be a whole number."""
        value = literal(exponent)
        if value is None or value.denominator != 1:
            x, y = factor_text(base), text_of(exponent)
            raise KindError(
                f"the exponent of the matrix {shown(base)} must be a whole number",
                exponent.span,
                hint=f"write {x}^2 or {x}^-1, or {x}.^{y} to raise each entry",
            )
        return Form("number", (), value, kind="scalar", shape=(), span=exponent.span)

    def square(self, form: Form, place: Form) -> None:
        """A matrix is square."""
        self.agree(form, 0, form, 1, place)

    def transpose(self, form: Form) -> Form:
        arg = self.type(form.args[0])
        if arg.kind == "tensor":
            hint = "write the axes in another order: [i,j,k: T[k,j,i]]"
            raise KindError(f"{shown(arg)} has order {len(axes(arg))} and no transpose", form.span, hint=hint)
        if arg.kind == "scalar" and text_of(form).endswith("^T") and self.is_known("T"):
            hint = "write ^(T) for the power"
            raise KindError("`^T` is the transpose, not a power, and T is a name here", form.span, hint=hint)
        kinds = {"column": "row", "row": "column"}
        return self.node(form, kinds.get(arg.kind or "", arg.kind or ""), axes(arg)[::-1], (arg,))

    # --- functions --------------------------------------------------------------------------------------------------

    def call(self, form: Form) -> Form:
        word: str = form.value
        declaration = self.program.declarations.get(word)
        if declaration is not None and declaration.kind == "function":
            return self.apply_unknown(form, word, 0)
        if word in CONSTRUCTORS:
            return self.construct(form)
        record = find_operation(word)
        if record is None:
            raise self.no_function(form)
        args = form.args
        if record.axis and len(args) == 2:
            return self.reduced(form, record)
        if len(args) != record.arity:
            raise self.wrong_count(form, record)
        return self.applied(form, record, tuple(map(self.type, args)))

    def no_function(self, form: Form) -> MatcalcError:
        """The error that a name which is called is no function."""
        word: str = form.value
        name_span = Span(form.span.source, form.span.start, len(word), form.span.name) if form.span else None
        inner = text_of(form)[len(word) :] or "(...)"
        declaration = self.program.declarations.get(word)
        if declaration is not None and declaration.arguments:
            hint = f"a dependent variable is used by its bare name: write {word}"
            return KindError(f"`{word}` is a variable, not a function", name_span, hint=hint)
        if declaration is not None or word in self.assignments or word in self.variables:
            hint = f"write {word}*{inner} for a product"
            return KindError(f"`{word}` is a variable, not a function", name_span, hint=hint)
        names = [key for record in operations() for key in (record.name, *record.aliases)]
        near = nearest(word, [*names, "grad", "jacobian", "hessian", *CONSTRUCTORS])
        hint = f"did you mean `{near}`? " if near else ""
        if word == "d":
            hint += "a derivative is d(E)/d(X)"
        elif word == "delta":
            hint += "delta(i, j) takes two indices"
        else:
            hint += f"an unknown function is declared, `{word}: function`; a product is written {word}*{inner}"
        return UnknownNameError(f"there is no function `{word}`", name_span, hint=hint)

    def wrong_count(self, form: Form, record: Operation) -> KindError:
        count = len(form.args)
        expected = f"{record.arity} argument{'s' * (record.arity != 1)}"
        if record.axis:
            expected += " and at most one axis"
        return KindError(
            f"`{form.value}` takes {expected}, not {count}", form.span, hint=f"{record.name}: {usage(record)}"
        )

    def applied(self, form: Form, record: Operation, args: tuple[Form, ...]) -> Form:
        """A call of an operation by the first overload that takes arguments of these kinds."""
        if record.elementwise:
            kind, shape = self.expand(form, args)
            return self.node(form, kind, shape, args, record.name)
        for overload in record.overloads:
            if all(accepts(overload, i, arg) for i, arg in enumerate(args)):
                kind, shape = self.by_overload(form, overload, args)
                return self.node(form, kind, shape, args, record.name)
        raise self.wrong_kind(form, record, args)

    def by_overload(self, form: Form, overload: Overload, args: tuple[Form, ...]) -> tuple[str, tuple[_Axis, ...]]:
        """Kind and shape of a result, by the signature."""
        if overload.any:
            self.same_shape(form, args)
            return "scalar", ()
        if overload.rows:
            shape = (*axes(args[0])[:-1], *(axes(args[0])[-1:] if overload.output else ()))
            same = len(shape) == len(axes(args[0]))
            return (args[0].kind or "") if same else _KIND_OF_ORDER[len(shape)], shape
        seen: dict[str, tuple[Form, int]] = {}
        for arg, names in zip(args, overload.inputs, strict=True):
            for i, axis in enumerate(names):
                seen[axis[0]] = self.joined(seen.get(axis[0]), (arg, i), form)
        shape = tuple(
            tuple(item for name in axis for item in axes(seen[name][0])[seen[name][1]]) for axis in overload.output
        )
        return _KIND_OF_ORDER[len(shape)], shape

    def same_shape(self, form: Form, args: tuple[Form, ...]) -> None:
        """Several arguments of any one shape."""
        first = args[0]
        for arg in args[1:]:
            if arg.kind != first.kind:
                raise KindError(
                    f"`{form.value}` takes arguments of one shape, but {shown(first)} is {a_kind(first)} and "
                    f"{shown(arg)} is {a_kind(arg)}",
                    form.span,
                )
            for i in range(len(axes(first))):
                self.agree(first, i, arg, i, form)

    def wrong_kind(self, form: Form, record: Operation, args: tuple[Form, ...]) -> KindError:
        """The error that no overload takes arguments of these kinds."""
        overload = record.overloads[0]
        at = next((i for i, arg in enumerate(args) if not accepts(overload, i, arg)), 0)
        wanted = " or ".join(dict.fromkeys(parameter(o, at) for o in record.overloads))
        return KindError(
            f"`{form.value}` takes {wanted}, but {shown(args[at])} is {a_kind(args[at])}",
            args[at].span or form.span,
            hint=f"{record.name}: {usage(record)}",
        )

    def reduced(self, form: Form, record: Operation) -> Form:
        """A call with a NumPy axis: sum(X, 0) is a row, sum(X, 1) a column."""
        arg = self.type(form.args[0])
        order = len(axes(arg))
        value = literal(form.args[1])
        axis = None if value is None or value.denominator != 1 else int(value)
        if arg.kind == "tensor" or axis is None or not -order <= axis < order:
            choices = {0: "a scalar has no axis", 1: "the axis of a vector is 0", 2: "the axes of a matrix are 0 and 1"}
            hint = choices.get(order, "sum a tensor by entries: [i,j: sum[k: T[i,j,k]]]")
            raise KindError(f"`{form.value}` has no such axis here", form.args[1].span or form.span, hint=hint)
        axis %= order
        args = (arg, Form("number", (), Fraction(axis), kind="scalar", shape=(), span=form.args[1].span))
        if order == 1:
            return self.node(form, "scalar", (), args, record.name)
        kind = "row" if axis == 0 else "column"
        return self.node(form, kind, (axes(arg)[1 - axis],), args, record.name)

    def construct(self, form: Form) -> Form:
        """A constructor: `eye`, `ones`, ... with sizes, `vector(c)` and `matrix(c)` with a value."""
        word: str = form.value
        if len(form.args) not in CONSTRUCTORS[word]:
            hint = f"write {_USAGE[word]}"
            raise KindError(f"`{word}` does not take {len(form.args)} arguments", form.span, hint=hint)
        if word not in _SIZED:
            entry = self.scalar(form.args[0], f"the entries of {word}(c)", "sizes are inferred; ones(n) takes a size")
            shape: tuple[_Axis, ...] = tuple((_Unknown(),) for _ in range(1 if word == "vector" else 2))
            return self.node(form, _KIND_OF_ORDER[len(shape)], shape, (entry,), word)
        sizes = tuple(size_axis(arg) for arg in form.args)
        args = tuple(size_form(size, arg.span) for size, arg in zip(sizes, form.args, strict=True))
        if word == "commutation":
            shape = (sizes[0] + sizes[1], sizes[1] + sizes[0])
        elif word == "eye":
            shape = ((sizes or ((_Unknown(),),))[0],) * 2
        else:
            shape = sizes
        return self.node(form, _KIND_OF_ORDER[len(shape)], shape, args, word)

    def unknown_function(self, form: Form) -> Form:
        """`f'(E)`."""
        word, order = form.value
        declaration = self.program.declarations.get(word)
        if declaration is None or declaration.kind != "function":
            if find_operation(word) is not None:
                hint = f"write d({word}(x))/d(x) for its derivative"
            else:
                hint = f"declare it, `{word}: function`; for a transpose times a bracket write {word}'*(...)"
            raise UnknownNameError(f"`{word}` is not an unknown function", form.span, hint=hint)
        return self.apply_unknown(form, word, order)

    def apply_unknown(self, form: Form, word: str, order: int) -> Form:
        if len(form.args) != 1:
            raise KindError(f"the unknown function `{word}` takes one argument, not {len(form.args)}", form.span)
        if word not in self.variables:
            self.variables[word] = _Variable("function", (), self.program.declarations[word])
        arg = self.type(form.args[0])
        typed = self.node(form, arg.kind or "", axes(arg), (arg,), (word, order))
        typed.head = "unknown"
        return typed

    # --- entries ----------------------------------------------------------------------------------------------------

    def index(self, word: str, form: Form) -> _Index:
        """The index of a name, which must be bound around the place."""
        found = self.indices.get(word)
        if found is None:
            near = nearest(word, self.indices)
            hint = f"did you mean `{near}`? " if near else ""
            raise UnknownNameError(
                f"`{word}` is not an index here",
                form.span,
                hint=f"{hint}indices are bound by [{word}: ...] or sum[{word}: ...]",
            )
        found.used = True
        return found

    def entry(self, form: Form) -> Form:
        arg = self.type(form.args[0])
        words: tuple[str, ...] = form.value
        order = len(axes(arg))
        if order != len(words):
            takes = f"takes {order} {'index' if order == 1 else 'indices'}" if order else "has no entries"
            raise KindError(f"{shown(arg)} is {a_kind(arg)} and {takes}, not {len(words)}", form.span)
        for i, word in enumerate(words):
            self.run_over(self.index(word, form), word, arg, i, form)
        return self.node(form, "scalar", (), (arg,), words)

    def run_over(self, index: _Index, word: str, arg: Form, i: int, form: Form) -> None:
        """An index runs over an axis."""
        axis = axes(arg)[i]
        use = self.measure_of(arg, i)
        before = index.use

        def error() -> MatcalcError:
            related = ((f"`{word}` runs over {before[0]} here", before[1]),) if before and before[1] else ()
            sizes = f"{self.size(index.axis)} and {self.size(axis)}"
            return DimensionError(
                f"the index `{word}` runs over axes of two sizes, {sizes}", form.span, related=related
            )

        self.solver.equate(index.axis, axis, form.span, error)
        index.use = before or (use, form.span)

    def measure_of(self, arg: Form, i: int) -> str:
        """The rows of `A`."""
        parts = {"matrix": ("rows", "columns")}.get(arg.kind or "", ("entries",))
        return f"the {parts[min(i, len(parts) - 1)]} of {shown(arg)}"

    def delta(self, form: Form) -> Form:
        left, right = form.value
        if left not in self.indices and right not in self.indices and not self.indices:
            raise KindError(
                "delta(i, j) stands only inside of [..: ...] or sum[..: ...]",
                form.span,
                hint="its arguments are bound indices, as in [i,j: delta(i,j)*x[j]]; the identity matrix is eye",
            )
        self.same_index(left, right, form)
        return self.node(form, "scalar", (), (), (left, right))

    def same_index(self, left: str, right: str, form: Form) -> None:
        """Two indices that are compared run over axes of one size."""
        a, b = self.index(left, form), self.index(right, form)

        def error() -> MatcalcError:
            related = tuple(
                (f"`{word}` runs over {index.use[0]} here", index.use[1])
                for word, index in ((left, a), (right, b))
                if index.use and index.use[1]
            )
            sizes = f"{self.size(a.axis)} and {self.size(b.axis)}"
            message = f"the indices `{left}` and `{right}` run over axes of two sizes, {sizes}"
            return DimensionError(message, form.span, related=related)

        self.solver.equate(a.axis, b.axis, form.span, error)

    def tensor(self, form: Form) -> Form:
        """A tensor by entries, or a bound sum."""
        words: tuple[str, ...] = form.value
        for word in words:
            if word in self.indices:
                raise KindError(
                    f"the index `{word}` is bound already", form.span, hint="give the inner index another name"
                )
        outer = self.indices
        self.index_names.update(words)
        indices = [_Index((_Unknown(),)) for _ in words]
        self.indices = {**outer, **dict(zip(words, indices, strict=True))}
        body = self.scalar(form.args[0], "what stands after `:`", "write entries: x[i], A[i,j]")
        self.indices = outer
        if form.head == "bsum":
            self.check_used(form, indices)
            return self.node(form, "scalar", (), (body,), words)
        shape = tuple(index.axis for index in indices)
        return self.node(form, kind_of(shape), shape, (body,), words)

    def join(self, form: Form) -> Form:
        """A tensor whose axes are joined to compound ones."""
        inner = self.type(form.args[0])
        parts = iter(axes(inner))
        shape = tuple(tuple(item for _ in range(n) for item in next(parts)) for n in form.value)
        return self.node(form, kind_of(shape), shape, (inner,), form.value)

    def split(self, form: Form) -> Form:
        """A value whose compound axes are taken apart, for an entry."""
        inner = self.type(form.args[0])
        if len(axes(inner)) != len(form.value):
            raise KindError(f"{shown(inner)} is {a_kind(inner)}, not one with {len(form.value)} axes", form.span)
        shape: tuple[_Axis, ...] = ()
        for axis, n in zip(axes(inner), form.value, strict=True):
            parts = tuple(_Unknown() for _ in range(n))
            error = DimensionError(f"an axis of {shown(inner)} is not made of {n} dimensions", form.span)
            self.solver.equate(parts, axis, form.span, lambda error=error: error)  # type: ignore[misc]
            shape += tuple((part,) for part in parts)
        return self.node(form, kind_of(shape), shape, (inner,), form.value)

    def check_used(self, form: Form, indices: Sequence[_Index]) -> None:
        """The indices of a sum stand in it, or nobody knows over what they run."""
        for word, index in zip(form.value, indices, strict=True):
            if not index.used:
                raise KindError(
                    f"the index `{word}` does not occur in the sum, so its range is not known",
                    form.span,
                    hint=f"write an entry such as x[{word}]; the size of a declared dimension n is the scalar n",
                )

    def cases(self, form: Form) -> Form:
        value, otherwise = (self.scalar(arg, "each case", "write entries: x[i], A[i,j]") for arg in form.args)
        stack = [form.value]
        while stack:
            operator, *parts = stack.pop()
            if operator in ("==", "!="):
                self.same_index(parts[0], parts[1], form)
            else:
                stack.extend(reversed(parts))
        return self.node(form, "scalar", (), (value, otherwise), form.value)

    # --- derivatives ------------------------------------------------------------------------------------------------

    def derivative(self, form: Form) -> Form:
        expression, variable = self.type(form.args[0]), self.differentiated(form.args[1])
        if variable.head == "call":
            return self.vec_jacobian(form, expression, variable)
        rule = {"d": self.by_layout, "grad": self.gradient, "jacobian": self.jacobian, "hessian": self.hessian}
        kind, shape = rule[form.value](form, expression, variable)
        return self.node(form, kind, shape, (expression, variable), form.value)

    def differentiated(self, form: Form) -> Form:
        """The typed X of a derivative: a name, an entry of a name, or vec of a name."""
        is_vec = form.head == "call" and form.value == "vec" and len(form.args) == 1
        inner = form.args[0] if (form.head == "entry" or is_vec) and form.args else form
        if inner.head != "name":
            raise KindError(
                f"differentiate by a name, not by `{text_of(form)}`",
                form.span,
                hint="give it a name on a line of its own, h = ..., and differentiate by h",
            )
        word = inner.value
        declaration = self.program.declarations.get(word)
        if declaration is not None and declaration.kind == "function":
            raise KindError(f"`{word}` is a function; differentiate by a variable", form.span)
        typed = self.type(form)
        root = typed if typed.head in ("name", "call") and not typed.args else typed.args[0]
        if root.head != "name" or (word not in self.variables and word not in self.assignments):
            raise KindError(f"`{word}` is a constant here; differentiate by a variable", form.span)
        return typed

    def vec_jacobian(self, form: Form, expression: Form, variable: Form) -> Form:
        """d(vec(E))/d(vec(X)): a matrix with the axis of vec(E) and that of vec(X), in both layouts."""
        is_vec = expression.head == "call" and expression.value == "vec"
        if form.value != "d" or not is_vec:
            hint = "write d(vec(E))/d(vec(X)), or jacobian(E, X)"
            raise KindError("a derivative by vec(X) is one of vec(E)", form.span, hint=hint)
        return self.node(form, "matrix", axes(expression) + axes(variable), (expression, variable), form.value)

    def by_layout(self, form: Form, expression: Form, variable: Form) -> tuple[str, tuple[_Axis, ...]]:
        e, x = axes(expression), axes(variable)
        if not x:
            return expression.kind or "", e
        if not e:
            vector = "row" if self.layout == "numerator" else "column"
            return (vector if len(x) == 1 else variable.kind or ""), x
        if len(e) == len(x) == 1:
            return "matrix", e + x if self.layout == "numerator" else x + e
        return "tensor", e + x

    def gradient(self, form: Form, expression: Form, variable: Form) -> tuple[str, tuple[_Axis, ...]]:
        if expression.kind != "scalar":
            raise KindError(
                f"a gradient is that of a scalar, but {shown(expression)} is {a_kind(expression)}",
                expression.span or form.span,
                hint="write jacobian(E, X)",
            )
        return kind_of(axes(variable)), axes(variable)

    def jacobian(self, form: Form, expression: Form, variable: Form) -> tuple[str, tuple[_Axis, ...]]:
        e, x = axes(expression), axes(variable)
        if not x:
            return expression.kind or "", e
        return "row" if not e and len(x) == 1 else kind_of(e + x), e + x

    def hessian(self, form: Form, expression: Form, variable: Form) -> tuple[str, tuple[_Axis, ...]]:
        e, x = axes(expression), axes(variable)
        return (expression.kind or "", e) if not x else (kind_of(e + x + x), e + x + x)


class _Names:
    """Names for the dimensions that were not given."""

    def __init__(self, solver: _Solver, taken: set[str]) -> None:
        self.solver = solver
        self.taken = taken
        self.given: list[str] = []
        self.count = 0

    def take(self, *wishes: str) -> str:
        """A new name, the first of the wishes that is free."""
        for word in (*wishes, *_POOL):
            if word not in self.taken:
                break
        else:
            word = ""
            while not word or word in self.taken:
                self.count += 1
                word = f"n{self.count}"
        self.taken.add(word)
        self.given.append(word)
        return word

    def first_matrix(self, rows: _Axis, columns: _Axis) -> bool:
        """Name rows m and columns n, n alone if they are equal; False if both are known."""
        r, c = self.solver.resolve(rows), self.solver.resolve(columns)
        free = [item for item in r + c if isinstance(item, _Unknown) and item.size is None]
        if r != c and len(r) == len(c) == 1 and len(free) == 2:
            self.solver.bind(free[0], (self.take("m"),), None)
            self.solver.bind(free[1], (self.take("n"),), None)
        return bool(free)

    def solved(self, shape: tuple[_Axis, ...]) -> tuple[_Axis, ...]:
        """The shape with names for what is left unknown."""
        return tuple(map(self.solved_axis, shape))

    def solved_axis(self, axis: _Axis) -> _Axis:
        result = self.solver.resolve(axis)
        for item in result:
            if isinstance(item, _Unknown) and item.items is None:
                item.items = (item.size or self.take(),)
        return self.solver.resolve(result)


def axes(form: Form) -> tuple[Any, ...]:
    """The axes of a typed form; while it is being solved they hold unknowns."""
    return form.shape or ()


def axes_part(form: Form, part: str) -> _Axis:
    """The row or column axis of a value read as a matrix; a column has one column, of the empty axis."""
    if form.kind == "matrix":
        axis: _Axis = axes(form)[0 if part == "row" else 1]
        return axis
    return axes(form)[0] if (form.kind == "column") == (part == "row") else ()


def kind_of(shape: tuple[_Axis, ...]) -> str:
    """The kind of a tensor by its order; one axis is a column."""
    return _KIND_OF_ORDER[len(shape)] if len(shape) < 3 else "tensor"


def size_axis(form: Form) -> _Axis:
    """The axis that a size stands for: a positive whole number, a name, or a product of them."""
    if form.head == "name":
        return (form.value,)
    if form.head == "number" and form.value.denominator == 1 and form.value > 0:
        return (int(form.value),)
    if form.head == "mul":
        return tuple(item for arg in form.args for item in size_axis(arg))
    hint = "write ones(3), ones(n) or ones(m, n)"
    raise KindError("a size is a positive whole number or a name", form.span, hint=hint)


def size_form(axis: tuple[_Item, ...], span: Span | None) -> Form:
    """The typed form of a size."""
    parts = tuple(
        Form("number", (), Fraction(item), kind="scalar", shape=(), span=span)
        if isinstance(item, int)
        else Form("name", (), item, kind="scalar", shape=(), span=span)
        for item in axis
    )
    return parts[0] if len(parts) == 1 else Form("mul", parts, kind="scalar", shape=(), span=span)


def literal(form: Form) -> Fraction | None:
    """The value of a number with or without a sign, or None."""
    minus = form.head == "neg"
    inner = form.args[0] if minus else form
    if inner.head != "number":
        return None
    value: Fraction = inner.value
    return -value if minus else value


def accepts(overload: Overload, i: int, arg: Form) -> bool:
    """True if the argument has the order that the signature asks for."""
    if overload.any:
        return True
    order = len(axes(arg))
    return order in (1, 2) if overload.rows else order == len(overload.inputs[i]) and arg.kind != "tensor"


def parameter(overload: Overload, i: int) -> str:
    """An argument of a signature in words."""
    if overload.rows:
        return "a vector or matrix"
    names = overload.inputs[i]
    if len(names) == 2:
        return "a square matrix" if names[0] == names[1] else "a matrix"
    return "a vector" if names else "a scalar"


def usage(record: Operation) -> str:
    """The signature and summary of an operation."""
    return f"{record.signature.replace('|', ' or ')}, {record.summary}"


def text_of(form: Form) -> str:
    """The source text of a form, cut to a readable length."""
    text = " ".join(form.span.text.split()) if form.span else "..."
    return text if len(text) <= 40 else text[:37] + "..."


def shown(form: Form) -> str:
    return f"`{text_of(form)}`"


def factor_text(form: Form) -> str:
    """The source text of a form as a factor, in brackets where it needs them."""
    text = text_of(form)
    if text.startswith("(") or form.head not in ("add", "neg", "mul", "div", "times", "rdiv", "kron", "cases"):
        return text
    return f"({text})"


def transposed_text(form: Form) -> str:
    """The source text of the transpose of a form."""
    if form.head == "transpose":
        return factor_text(form.args[0])
    text = factor_text(form)
    return f"({text})'" if form.head == "elpower" and not text.startswith("(") else f"{text}'"


def a_kind(form: Form) -> str:
    """The kind of a typed form with its article."""
    return f"a tensor of order {len(axes(form))}" if form.kind == "tensor" else f"a {form.kind}"
