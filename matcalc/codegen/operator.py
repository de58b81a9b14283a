"""A derivative as a SciPy linear operator: its products with a vector and with a covector, and nothing of it formed.

What depends on the point alone is computed once, when the operator is made; what depends on the vector, in each product.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matcalc.codegen.function import COLUMNS, Manner, Written, assembled, function_text, taken_names
from matcalc.codegen.parameters import Parameter
from matcalc.codegen.preamble import Preamble
from matcalc.codegen.steps import LEAVES, VIEWS, Step, walk
from matcalc.codegen.text import ATOM
from matcalc.codegen.writer import Writer
from matcalc.tensor import Tensor

__all__ = ["Operator"]


@dataclass(frozen=True)
class Operator:
    """A function `operator` of the point that returns a `scipy.sparse.linalg.LinearOperator`.

    `forward` is the product with the variable `direction`, `backward` that with `cotangent`; both are parameters of
    neither, and all of `parameters` are the point.
    """

    parameters: Sequence[Parameter]
    direction: Parameter
    cotangent: Parameter
    forward: Tensor
    backward: Tensor

    def written(self, manner: Manner) -> Written:
        """The lines of the function."""
        given = [*self.parameters, self.direction, self.cotangent]
        _, answers = assembled([self.forward, self.backward], given, manner, repeated=True)
        preamble = Preamble(self.parameters, manner.target, check=manner.check)
        moving = {self.direction.python_name, self.cotangent.python_name}
        fixed = boundary(answers, moving)
        taken = {p.python_name for p in given} | taken_names(self.parameters, preamble, manner.target)
        outer = Writer(fixed, taken, preamble.dimension_names.__getitem__, manner.target, preamble.arrays)
        names = [outer.take(name) for name in ("matvec", "rmatvec")]
        for step in fixed:
            outer.name(step)
        texts = {step: outer.texts[step] for step in fixed if outer.texts[step][1] == ATOM}
        taken = outer.namer.taken
        inner = [
            Writer([answer], taken, outer.dimension_name, manner.target, preamble.arrays, texts) for answer in answers
        ]
        products = self.product(inner[0], answers[0], names[0], self.direction)
        products += self.product(inner[1], answers[1], names[1], self.cotangent)
        rows, columns = (self.extent(outer, p) for p in (self.cotangent, self.direction))
        shared = preamble.lines([outer, *inner])
        arrays = [name for name in preamble.arrays if any(line.startswith(f"{name} = ") for line in shared)]
        dtype = f"np.result_type({', '.join(arrays)})" if arrays else "float"
        made = [f"({rows}, {columns})", f"matvec={names[0]}", f"rmatvec={names[1]}", f"dtype={dtype}"]
        result = [f"return LinearOperator({', '.join(made)})"]
        if len(result[0]) > COLUMNS - 4:
            result = ["return LinearOperator(", *(f"    {argument}," for argument in made), ")"]
        code = [*shared, *outer.lines, "", *products, *result]
        return Written(function_text("operator", self.parameters, DESCRIPTION, code), "\n".join(code))

    def extent(self, writer: Writer, parameter: Parameter) -> str:
        """The number of entries of an array."""
        return " * ".join(writer.dimension(d) for axis in parameter.shape for d in axis) or "1"

    def product(self, writer: Writer, answer: Step, name: str, vector: Parameter) -> list[str]:
        """The lines of one product: a function of a vector of its own."""
        sizes = ", ".join(writer.dimension(d) for axis in vector.shape for d in axis)
        lines = [f"def {name}({vector.python_name}):"]
        lines.append(f"    {vector.python_name} = _array({vector.python_name}).reshape({sizes or '()'})")
        if writer.needs_dtype:
            lines.append(f"    dtype = np.result_type({', '.join(sorted(writer.parameters))})")
            writer.needs_dtype = False
        if len(writer.result(answer)) > COLUMNS - 4 - len("    return np.ravel()"):
            writer.name(answer)
        text = writer.result(answer)
        lines += ["    " + line for line in writer.lines]
        return [*lines, f"    return {text if answer.order == 1 else f'np.ravel({text})'}", ""]


DESCRIPTION = """\
Return the derivative as a linear operator.

Its rows are the entries of the value, its columns those of the variable, in C order."""


def boundary(answers: Sequence[Step], moving: set[str]) -> list[Step]:
    """The steps that depend on no moving name and are used where one is, without views and leaves, arguments first."""
    order = list(walk(answers))
    depends: set[Step] = set()
    for step in order:
        if (step.kind == "name" and step.data in moving) or any(arg in depends for arg in step.args):
            depends.add(step)
    used = {arg for step in order if step in depends for arg in step.args if arg not in depends}
    used |= {step for step in answers if step not in depends}
    while views := [step for step in used if step.kind in VIEWS]:
        used = (used - set(views)) | {arg for view in views for arg in view.args}
    return [step for step in order if step in used and step.kind not in LEAVES]
