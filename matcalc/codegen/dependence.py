"""Values that depend on others in the main of a module: those of assigned names, and of dependent variables.

A dependent variable A(x, y) is middle + height * sin(start + <slope, x> + <slope, y>) with random numbers, so that all
its derivatives are known, too.  `settled` computes such values anew for every point.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from matcalc.codegen.parameters import Parameter
from matcalc.errors import UnsupportedError
from matcalc.form import Axis

__all__ = ["WAVE", "Assigned", "Wave", "extent", "extents", "settled_lines"]

#: Properties that a wave can have: what its middle is added, and what is done to its start and its slopes.
SHAPED = {
    "positive-definite": (" + 2 * {0} * np.eye({0})", "mirrored({0})"),
    "skew": (" * 0.0", "opposed({0})"),
    "symmetric": ("", "mirrored({0})"),
    "invertible": (" + 2 * {0} * np.eye({0})", "{0}"),
    "positive": (" + 2.0", "{0}"),
}

#: Properties that follow where a value has others.
IMPLIED = {"positive-definite": {"symmetric", "invertible"}}


@dataclass(frozen=True)
class Assigned:
    """A name that is assigned: its key among the values, and the function of the module that computes it.

    With `given`, it is computed unless it is among the values, since it is moved on its own.
    """

    key: str
    function: str
    given: bool = False

    def lines(self) -> list[str]:
        """The statements that compute it."""
        line = f'values["{self.key}"] = np.asarray(called({self.function}, values))'
        return [f'if "{self.key}" not in values:', f"    {line}"] if self.given else [line]


@dataclass(frozen=True)
class Wave:
    """A dependent variable: the parameter of its value, the keys and shapes of its arguments, its properties.

    `derived` are the keys of its derivatives, each with the positions of the arguments by which they are taken.
    """

    value: Parameter
    arguments: Sequence[Parameter]
    properties: Collection[str] = ()
    derived: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    @property
    def shaped(self) -> tuple[str, str]:
        """What its middle is added, and what is done to its numbers."""
        chosen = next((name for name in SHAPED if name in self.properties), "")
        rest = set(self.properties) - {chosen} - IMPLIED.get(chosen, set())
        if rest:
            what = " and ".join(sorted(rest))
            raise UnsupportedError(f"no data are made for `{self.value.name}`, which is {what}", hint="leave out `--random`")
        return SHAPED.get(chosen, ("", "{0}"))

    def entry(self) -> list[str]:
        """The entry of a dict that holds its numbers."""
        middle, shape = self.shaped
        own = [extent(axis) for axis in self.value.shape]
        draws = []
        for argument in (None, *self.arguments):
            further = [extent(axis) for axis in argument.shape] if argument is not None else []
            draws.append(shape.format(f"draw({tupled([*own, *further])})"))
        return [
            f'"{self.value.python_name} wave": (',
            f"    (low + high) / 2{middle.format(own[0] if own else '')},",
            "    (high - low) / 2,",
            *(f"    {draw}," for draw in draws),
            "),",
        ]

    def lines(self) -> list[str]:
        """The statements that compute its value and its derivatives."""
        name = self.value.python_name
        arguments = ", ".join(f'values["{argument.python_name}"]' for argument in self.arguments)
        found = {name: (), **self.derived}
        return [
            f'values["{key}"] = wave(values["{name} wave"], [{arguments}]{"".join(f", {p}" for p in positions)})'
            for key, positions in found.items()
        ]


def settled_lines(steps: Sequence[Assigned | Wave]) -> list[str]:
    """The function that completes values by what depends on them."""
    lines = ["values = dict(values)", *(line for step in steps for line in step.lines()), "return values"]
    return ["def settled(values):", f'    """{SETTLED}"""', *("    " + line for line in lines)]


SETTLED = "The values with those of what depends on others."

#: The function that a dependent variable is.
WAVE = '''\
def wave(numbers, arguments, *positions):
    """middle + height * sin(start + <slope, argument> + ..), or a derivative of it by arguments."""
    middle, height, start, *slopes = numbers
    phase = start + np.pi / 2 * len(positions)
    for slope, argument in zip(slopes, arguments):
        phase = phase + np.tensordot(slope, argument, axes=np.ndim(argument))
    found = height * np.sin(phase)
    for position in positions:
        own = np.shape(slopes[position])[np.ndim(start) :]
        before = (1,) * (np.ndim(found) - np.ndim(start))
        slope = np.reshape(slopes[position], np.shape(start) + before + own)
        found = np.reshape(found, np.shape(found) + (1,) * len(own)) * slope
    return found if positions else middle + found
'''.rstrip().split("\n")


def extent(axis: Axis) -> str:
    """The size of an axis."""
    return " * ".join(str(d) if isinstance(d, int) else f'sizes["{d}"]' for d in axis) or "1"


def extents(parameter: Parameter) -> str:
    """The shape of a parameter."""
    return tupled([extent(axis) for axis in parameter.shape])


def tupled(parts: Sequence[str]) -> str:
    """The text of a tuple."""
    return f"({', '.join(parts)}{',' * (len(parts) == 1)})"
