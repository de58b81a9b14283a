"""The context of one inference: what every typing rule may ask for, and the error of two sizes that differ.

A typing rule is a function of the context and an untyped form.  It types the arguments with `Context.type`, states
which axes are equal with `Context.agree`, and returns a typed node made by `Context.node`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from matcalc.errors import DimensionError, KindError, MatcalcError, Span
from matcalc.form import Form
from matcalc.inference.dimensions import Axes, Axis, Solver, Unknown, axes
from matcalc.inference.environment import Environment
from matcalc.inference.wording import a_kind, shown
from matcalc.parser import Program

__all__ = ["Context", "Rule", "Place"]

Rule = Callable[["Context", Form], Form]
#: One axis of a value, by its position.
Place = tuple[Form, int]


class Context:
    """One run: the names met so far, the equations solved so far, the nodes made."""

    def __init__(self, program: Program, extra: Sequence[Form], layout: str, rules: Mapping[str, Rule]) -> None:
        self.layout = layout
        self.solver = Solver()
        self.environment = Environment(program, extra, self.solver)
        #: The nodes that have axes.
        self.nodes: list[Form] = []
        self.rules = rules

    def type(self, form: Form) -> Form:
        """The typed form of an untyped one, axes still to be solved."""
        return self.rules[form.head](self, form)

    def scalar(self, form: Form, what: str, hint: str | None = None) -> Form:
        """The typed form, which must be a scalar."""
        typed = self.type(form)
        if typed.kind != "scalar":
            raise KindError(f"{what} must be a scalar, but {shown(typed)} is {a_kind(typed)}", form.span, hint=hint)
        return typed

    def node(
        self, form: Form, kind: str | None, shape: Axes, args: tuple[Form, ...] = (), value: Any = None
    ) -> Form:
        """A typed node in the place of `form`."""
        typed = Form(form.head, args, value, kind=kind, shape=shape, span=form.span)  # type: ignore[arg-type]
        if shape:
            self.nodes.append(typed)
        return typed

    # --- equal axes -------------------------------------------------------------------------------------------------

    def agree(self, left: Form, i: int, right: Form, j: int, place: Form) -> None:
        """Axis i of `left` and axis j of `right` are equal."""
        a: Axis = axes(left)[i]
        b: Axis = axes(right)[j]
        if a is not b:
            self.solver.equate(a, b, place.span, lambda: self._conflict(left, i, right, j, place))

    def joined(self, first: Place | None, other: Place, place: Form) -> Place:
        """The axis that stands for both, which are made equal."""
        if first is None:
            return other
        self.agree(*first, *other, place)
        return first

    def make_alike(self, left: Form, right: Form) -> None:
        """Make the axes of two forms equal if their orders are, and if they can be."""
        a, b = axes(left), axes(right)
        if len(a) == len(b):
            self.solver.attempt(list(zip(a, b, strict=True)), right.span)

    # --- sizes that differ ------------------------------------------------------------------------------------------

    def _conflict(self, left: Form, i: int, right: Form, j: int, place: Form) -> MatcalcError:
        """The error that two axes differ, with both places and both sizes."""
        if left is right:
            return self._not_square(left, place)
        a, b = axes(left)[i], axes(right)[j]
        first, second = self._measure(left, i), self._measure(right, j)
        hint = None
        if "?" in first or "?" in second:
            hint = "no sizes make them equal"
        elif len(self.solver.resolve(a)) != len(self.solver.resolve(b)):
            hint = "a compound axis such as that of vec(X) keeps its parts: declare `y: vector(n*m)`"
        elif isinstance(self.solver.resolve(a)[0], str) and isinstance(self.solver.resolve(b)[0], str):
            hint = "two declared names are two different sizes: use one name for both if they are equal"
        if len(self.solver.resolve(a)) > 1 and sorted(map(str, self.solver.resolve(a))) == sorted(
            map(str, self.solver.resolve(b))
        ):
            hint = "they are equally many, but made of the same sizes in another order, which is not supported"
        places = [(second, right.span)] if right.span else []
        places += [o for o in (*self._origins(left, a), *self._origins(right, b)) if o[1] not in (left.span, right.span)]
        message = f"sizes differ in {shown(place)}: {first}, but {second}"
        return DimensionError(message, left.span or place.span, hint=hint, related=tuple(places))

    def _not_square(self, form: Form, place: Form) -> MatcalcError:
        rows, columns = axes(form)
        message = f"{shown(form)} is not square: {self.size(rows)} rows and {self.size(columns)} columns"
        related = self._origins(form, rows, columns)
        return DimensionError(message, form.span or place.span, hint="a square matrix is needed", related=related)

    def _measure(self, form: Form, i: int) -> str:
        """`A` has n columns."""
        parts = {"column": ("entries",), "row": ("entries",), "matrix": ("rows", "columns")}.get(form.kind or "")
        part = parts[i] if parts else f"values of index {i + 1}"
        return f"{shown(form)} has {self.size(axes(form)[i])} {part}"

    def size(self, axis: Axis) -> str:
        """A size as it is shown in an error; an unknown is `?`."""
        items = [item.size or "?" if isinstance(item, Unknown) else item for item in self.solver.resolve(axis)]
        return "*".join(map(str, items)) or "1"

    def _origins(self, form: Form, *sizes: Axis) -> tuple[tuple[str, Span], ...]:
        """Where the variable of `form` was declared, and where its unknown sizes were found."""
        while form.head in ("transpose", "neg"):
            form = form.args[0]
        places: list[tuple[str, Span]] = []
        variable = self.environment.variables.get(form.value) if form.head == "name" else None
        if variable is not None and variable.declaration is not None:
            places.append((f"`{form.value}` is declared here", variable.declaration.span))
        for axis in sizes:
            for item in axis:
                if isinstance(item, Unknown) and item.size is None and item.place is not None:
                    places.append((f"the size {self.size((item,))} comes from here", item.place))
        return tuple(places)
