"""The cost of a derivative: the function, the tensor, the code and the modes of differentiation are counted one by one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from matcalc.assumptions import Facts
from matcalc.codegen import VariableInfo, parameters_of
from matcalc.cost.amounts import Amount, amount, item_bytes, product_of
from matcalc.cost.chains import chains
from matcalc.cost.figures import Figures, Run, ledger_of
from matcalc.cost.modes import paired, tangent
from matcalc.cost.report import SHOWN_CHAINS, ChainCost, Cost
from matcalc.errors import KindError, UnknownNameError
from matcalc.expr import Node, Variable
from matcalc.refine import refine
from matcalc.tensor import Tensor, plain

__all__ = ["Problem", "cost_of"]


@dataclass(frozen=True, slots=True)
class Problem:
    """A derivative as `cost_of` sees it.

    `value` is the expression, `answer` its derivative, both as code computes them; `function` is what the last derivative
    is taken of, `variable` what by; `gradient` is ∂/∂variable of a scalar, `settled` puts the value of an assigned name
    in the place of that name, and `printed` is a node as text.
    """

    wrt: str
    order: int
    value: Tensor
    answer: Tensor
    function: Node
    variable: Node
    gradient: Callable[[Node], Node]
    settled: Callable[[Node], Node]
    printed: Callable[[Node], str]
    variables: Mapping[str, VariableInfo]
    dimensions: Sequence[str]
    facts: Facts


def cost_of(problem: Problem, sizes: Mapping[str, int], dtype: str = "float64") -> Cost:
    """What a derivative takes at sizes; those that are not given stay symbols.

    Raises UnknownNameError for a dimension that there is not or a type that is neither float32 nor float64, KindError
    for a size that is no positive whole number, UnsupportedError for a step of code that has no rule of cost.
    """
    item = item_bytes(dtype)
    check_sizes(problem.dimensions, sizes)
    used = {name: sizes[name] for name in problem.dimensions if name in sizes}
    unknown = tuple(name for name in problem.dimensions if name not in sizes)
    counts = Counts(problem, used, item)
    found = chains([problem.value.node, problem.answer.node], used)
    shown = found if unknown else sorted(found, key=lambda chain: -max(chain.from_left, chain.from_right))
    return Cost(
        wrt=problem.wrt,
        order=problem.order,
        dtype=dtype,
        sizes=used,
        unknown=unknown,
        shape="*".join(map(str, problem.answer.node.shape)) or "1",
        figures=counts.figures(),
        calls={"forward": counts.entries(problem.variable), "reverse": counts.entries(problem.function)},
        chains=[ChainCost(problem.printed(c.node), c.chosen, c.from_left, c.from_right) for c in shown[:SHOWN_CHAINS]],
    )


def check_sizes(dimensions: Sequence[str], sizes: Mapping[str, int]) -> None:
    """Refuse sizes of what is no dimension, and what is no size."""
    for name, size in sizes.items():
        if name not in dimensions:
            known = f"the dimensions are {', '.join(dimensions)}" if dimensions else "there is no named dimension"
            raise UnknownNameError(f"there is no dimension `{name}`", hint=known)
        if not isinstance(size, int) or isinstance(size, bool) or size < 1:
            raise KindError(f"a size is a positive whole number, not {size!r}", hint=f"as in `{name}=100`")


class Counts:
    """The figures of a problem at sizes."""

    def __init__(self, problem: Problem, sizes: Mapping[str, int], item: int) -> None:
        self.problem = problem
        self.sizes = sizes
        self.item = item
        taken = set(problem.variables) | set(problem.dimensions)
        self.direction = next(name for name in ("v", "u", "direction", *(f"v{k}" for k in range(10**6))) if name not in taken)

    def figures(self) -> dict[str, Figures]:
        """One record for each row."""
        p = self.problem
        dense = self.entries(p.answer.node)
        forward = self.run(tangent(p.function, p.variable, self.direction_like(p.variable)))
        reverse = self.run(p.gradient(paired(p.function, self.direction_like(p.function))))
        return {
            "function": self.code(p.value).figures(),
            "dense": Figures(dense, self.item * dense, None, None),
            "code": self.code(p.answer).figures(),
            "jvp": forward.figures(),
            "vjp": reverse.figures(),
            "forward": forward.repeated(self.entries(p.variable), dense),
            "reverse": reverse.repeated(self.entries(p.function), dense),
        }

    def direction_like(self, node: Node) -> Node:
        """The argument that a product with the derivative has beside those of the function."""
        return Variable.make(self.direction, node.shape)

    def run(self, node: Node) -> Run:
        """The code of a product with the derivative, which is simplified as the derivative is."""
        return self.code(plain(refine(self.problem.settled(node), self.problem.facts)))

    def code(self, tensor: Tensor) -> Run:
        """The code that computes a tensor, counted."""
        parameters = parameters_of([tensor.node], self.problem.variables)
        moving = next((p.python_name for p in parameters if p.name == self.direction), "")
        return Run(ledger_of(tensor, parameters, self.sizes, self.problem.facts), self.item, moving)

    def entries(self, node: Node) -> Amount:
        """The entries of the value of a node."""
        return product_of(amount(d, self.sizes) for d in node.shape)
