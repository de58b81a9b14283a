"""The first lines of an emitted function: arrays of its arguments, their shapes checked, sizes, and the type of the result."""

from __future__ import annotations

from collections.abc import Sequence

from matcalc.codegen.parameters import DimensionSource, Parameter, dimension_sources, python_name
from matcalc.codegen.targets import NUMPY, Argument, Target
from matcalc.codegen.writer import Writer
from matcalc.form import format_axis

__all__ = ["EXPECT", "Preamble"]

#: What `--check` adds to a module.
EXPECT = '''\
def _expect(sizes, name, array, *axes):
    """Note the sizes of the axes of an array; ValueError where they are not the known ones."""
    shape, wanted = tuple(array.shape), f"({', '.join(map(str, axes))}{',' * (len(axes) == 1)})"
    if len(shape) != len(axes):
        raise ValueError(f"{name} has shape {shape}, but {wanted} is expected")
    for axis, size in zip(axes, shape):
        parts = str(axis).split("*")
        told = {part: sizes[part] for part in parts if part in sizes}
        free = [part for part in parts if not (part.isdigit() or part in sizes)]
        known = 1
        for part in parts:
            known *= int(part) if part.isdigit() else told.get(part, (1, ""))[0]
        if len(free) == 1 and known and size % known == 0:
            sizes[free[0]] = size // known, name
        elif size != known if not free else known and size % known:
            reason = " and ".join(f"{part} = {value} by {by}" for part, (value, by) in told.items())
            text = f"{name} has shape {shape}, but {wanted} is expected"
            raise ValueError(f"{text}: {reason}" if reason else text)
'''


class Preamble:
    """What comes before the computation."""

    def __init__(self, parameters: Sequence[Parameter], target: Target = NUMPY, *, check: bool = False) -> None:
        self.target = target
        self.check = check
        self.parameters = [parameter for parameter in parameters if parameter.kind == "array"]
        self.sizes = [parameter for parameter in parameters if parameter.kind == "size"]
        self.sources = dimension_sources([parameter.shape for parameter in self.parameters])
        self.dimension_names = {p.name: p.python_name for p in self.sizes}
        taken = {parameter.python_name for parameter in parameters}
        for dimension in sorted(self.sources):
            name = python_name(dimension, target)
            while name in taken:
                name += "_"
            taken.add(name)
            self.dimension_names[dimension] = name

    @property
    def arrays(self) -> list[str]:
        """The Python names of the array parameters."""
        return [parameter.python_name for parameter in self.parameters]

    def lines(self, writers: Sequence[Writer], answers: Sequence[str] = ()) -> list[str]:
        """The statements that the code of some writers and the text of answers need before them."""
        names = {name for writer in writers for name in writer.parameters}
        used = [p for p in self.parameters if p.python_name in names]
        compound = [p for p in used if any(len(axis) != 1 for axis in p.shape)]
        for axis in (axis for p in compound for axis in p.shape):
            writers[0].axis(axis)
        order = self.needed({dimension for writer in writers for dimension in writer.dimensions})
        names |= {self.parameters[self.sources[d].parameter].python_name for d in order}
        names |= {writer.liked for writer in writers if writer.liked}
        converted = [p for p in self.parameters if p.python_name in names or self.check]
        lines = self.expectations() if self.check else []
        lines += self.size_lines(order, writers[0])
        lines += [self.reshaped(p, writers[0]) for p in compound]
        if any(writer.needs_dtype for writer in writers):
            lines.append(self.target.renamed(f"dtype = np.result_type({', '.join(p.python_name for p in used)})"))
        code = "\n".join([*lines, *(line for writer in writers for line in writer.lines), *answers])
        together = frozenset[str]().union(*(writer.chains.plan.together for writer in writers))
        arguments = [Argument(p.python_name, len(p.shape), p.python_name in together) for p in converted]
        return self.target.convert(arguments, code) + lines

    def reshaped(self, parameter: Parameter, writer: Writer) -> str:
        """A parameter with its compound axes laid open."""
        sizes = ", ".join(writer.dimension(d) for axis in parameter.shape for d in axis)
        return f"{parameter.python_name} = {self.target.reshape.format(parameter.python_name, sizes)}"

    def expectations(self) -> list[str]:
        """Checks of the shapes of all arrays, those first that tell dimensions."""
        given = ", ".join(f'"{p.name}": ({p.python_name}, "the argument")' for p in self.sizes)
        arrays = sorted(self.parameters, key=lambda p: (any(len(axis) > 1 for axis in p.shape), not p.shape))
        lines = [f"_sizes = {{{given}}}"] if arrays else []
        for parameter in arrays:
            name, axes = parameter.python_name, [format_axis(axis) for axis in parameter.shape]
            wanted = ["", *(axis if axis.isdigit() else f'"{axis}"' for axis in axes)]
            lines.append(f'_expect(_sizes, "{name}", {name}{", ".join(wanted)})')
        return lines

    def needed(self, dimensions: set[str]) -> list[str]:
        """Dimensions that are read from arrays, with those that their computation needs, those before."""
        found = {d for d in dimensions if d in self.sources}
        for d in reversed(self.sources):
            found.update(o for o in self.sources[d].others if d in found and o in self.sources)
        return [d for d in self.sources if d in found]

    def size_lines(self, dimensions: Sequence[str], writer: Writer) -> list[str]:
        """Assignments of dimensions from shapes; all dimensions of one array in one line."""
        lines: list[str] = []
        read: dict[int, dict[int, str]] = {}
        for d in dimensions:
            if not self.sources[d].others:
                read.setdefault(self.sources[d].parameter, {})[self.sources[d].axis] = self.dimension_names[d]
        for position, names in sorted(read.items()):
            array = self.parameters[position].python_name
            if len(names) == len(self.parameters[position].shape) > 1:
                lines.append(f"{', '.join(names[axis] for axis in sorted(names))} = {array}.shape")
            else:
                lines += [f"{names[axis]} = {array}.shape[{axis}]" for axis in sorted(names)]
        return lines + [self.quotient(d, self.sources[d], writer) for d in dimensions if self.sources[d].others]

    def quotient(self, dimension: str, source: DimensionSource, writer: Writer) -> str:
        """The assignment of a dimension that is a part of an axis."""
        array = self.parameters[source.parameter].python_name
        others = writer.axis(source.others)
        return f"{self.dimension_names[dimension]} = {array}.shape[{source.axis}] // ({others})"
