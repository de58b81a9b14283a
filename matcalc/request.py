"""What code is asked for, and what is needed of the derivatives of which it is made."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from matcalc.assumptions import Facts
from matcalc.codegen import TARGETS, Manner, VariableInfo
from matcalc.errors import KindError, UnknownNameError
from matcalc.expr import Node
from matcalc.form import Form
from matcalc.inference import TypedProgram
from matcalc.parser import Program, nearest
from matcalc.products import Differentiated
from matcalc.tensor import Tensor

__all__ = ["PRODUCTS", "Answer", "Request"]

#: What is emitted: the derivative itself, or a product with it.
PRODUCTS = ("derivative", "jvp", "vjp", "hvp", "operator")


@dataclass(frozen=True)
class Request:
    """What code is asked for.  Raises MatcalcError where the choices do not go together."""

    target: str = "numpy"
    product: str = "derivative"
    value: bool = False
    check: bool = False
    random: bool = False
    sizes: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, known, what in ((self.target, tuple(TARGETS), "target"), (self.product, PRODUCTS, "product")):
            if name not in known:
                near = nearest(str(name), known)
                hint = f"did you mean `{near}`?" if near else f"one of {', '.join(known)}"
                raise UnknownNameError(f"there is no {what} `{name}`", hint=hint)
        if self.product == "operator" and self.target != "numpy":
            raise KindError(f"an operator is one of SciPy, not of {self.target}", hint="choose the target `numpy`")
        if self.product == "operator" and self.value:
            raise KindError("an operator is returned without a value", hint="choose `jvp` or `vjp`")
        if self.random and self.target == "sympy":
            raise KindError("SymPy expressions are not tried at random data", hint="choose another target")

    def manner(self, facts: Facts) -> Manner:
        """How the code is written."""
        return Manner(TARGETS[self.target], self.sizes, facts, self.check)


class Answer(Protocol):
    """What is needed of a derivative."""

    expression: str
    wrt: str
    layout: str
    structured: bool
    source: Program
    program: TypedProgram

    @property
    def order(self) -> int: ...
    @property
    def tensor(self) -> Tensor: ...
    @property
    def value(self) -> Tensor: ...
    @property
    def text(self) -> str: ...
    @property
    def where(self) -> Mapping[str, str]: ...
    @property
    def declarations(self) -> tuple[str, ...]: ...
    @property
    def facts(self) -> Facts: ...
    @property
    def free_variables(self) -> Mapping[str, VariableInfo]: ...
    def variables_with(self, others: Sequence[Any]) -> Mapping[str, VariableInfo]: ...
    @property
    def target(self) -> str: ...
    @property
    def columns(self) -> bool: ...
    @property
    def expression_form(self) -> Form: ...
    @property
    def value_names(self) -> Mapping[Node, str]: ...
    @property
    def properties(self) -> Mapping[str, Collection[str]]: ...
    @property
    def names_in_use(self) -> Collection[str]: ...
    def differentiated(self, order: int) -> Differentiated: ...
