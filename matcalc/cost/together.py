"""The cost of the gradient of a scalar by several variables: one reverse pass serves all, forward mode one pass an entry.

The cheap-gradient principle: reverse mode takes at most about five times the flops of the function, however many
variables there are (Griewank and Walther, Evaluating Derivatives, 2nd edition, 3.3).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sympy import Expr, Max

from matcalc.assumptions import Facts
from matcalc.codegen import Function
from matcalc.cost.amounts import Amount, amount, count_text, exact, flops_text, item_bytes, largest, product_of, total
from matcalc.cost.figures import Figures, Run, ledger_for
from matcalc.cost.report import Cost, filled, listed, ratio_text, tabled

__all__ = ["Costs", "Together", "costs_of"]

#: What is counted for all variables together, in words.
ROWS = {
    "function": "the function",
    "reverse": "all in reverse mode",
    "forward": "all in forward mode",
}


@dataclass(frozen=True, slots=True)
class Together:
    """What the gradient by several variables takes: `figures` of the function, and of all gradients in both modes.

    `passes` says how many directions forward mode takes: the entries of all variables.
    """

    wrt: Sequence[str]
    dtype: str
    sizes: Mapping[str, int]
    unknown: Sequence[str]
    figures: Mapping[str, Figures]
    passes: Amount

    @property
    def ratios(self) -> dict[str, float]:
        """The flops of each mode over those of the function; empty where sizes are not known."""
        function = self.figures["function"].flops
        if self.unknown or not function:
            return {}
        return {mode: float((self.figures[mode].flops or 0) / function) for mode in ("reverse", "forward")}

    @property
    def body(self) -> str:
        """A table, or one list of polynomials for each row, and how the modes compare with the function."""
        names = ", ".join(self.wrt[:-1]) + f" and {self.wrt[-1]}"
        sizes = ", ".join(f"{name} = {size:,}" for name, size in self.sizes.items())
        title = f"by {names} together, in {self.dtype}" + (f", with {sizes}" if sizes else "")
        rows = {ROWS[key]: figures for key, figures in self.figures.items()}
        lines = listed(rows) if self.unknown else tabled(rows)
        return "\n\n".join(["\n".join(filled(part)) for part in [title]] + ["\n".join(lines)] + self._findings())

    def _findings(self) -> list[str]:
        if not self.ratios:
            return []
        flops = {mode: flops_text(self.figures[mode].flops or 0) for mode in ("reverse", "forward")}
        said = (
            f"Reverse mode finds the gradient by all of them in one pass with {flops['reverse']}, "
            f"{ratio_text(self.ratios['reverse'])} the function; forward mode takes {count_text(self.passes)} passes with "
            f"{flops['forward']}, {ratio_text(self.ratios['forward'])} the function."
        )
        return ["\n".join(filled(said))]

    def to_json(self) -> dict[str, Any]:
        """The figures as an object of JSON, its `wrt` a list."""
        figures = {
            key: {"memory": exact(f.memory), "flops": exact(f.flops), "traffic": exact(f.traffic)}
            for key, f in self.figures.items()
        }
        shown = {"wrt": list(self.wrt), "dtype": self.dtype, "sizes": dict(self.sizes), "symbolic": list(self.unknown)}
        return {**shown, "figures": figures, "calls": {"forward": exact(self.passes), "reverse": 1}, "ratios": self.ratios}


@dataclass(frozen=True, slots=True)
class Costs:
    """The costs of several derivatives, and of all together where they are gradients of one scalar."""

    members: Sequence[Cost]
    together: Together | None = None

    @property
    def bodies(self) -> list[str]:
        """The texts without what the words mean."""
        return [cost.body for cost in self.members] + ([self.together.body] if self.together is not None else [])

    def to_json(self) -> list[dict[str, Any]]:
        """An object of JSON for each derivative, and at last one for all together."""
        return [cost.to_json() for cost in self.members] + ([self.together.to_json()] if self.together is not None else [])


def most(amounts: Sequence[Amount]) -> Amount:
    """The largest of amounts, some of which may hold maxima of polynomials, which are not compared."""
    if any(isinstance(value, Expr) and value.has(Max) for value in amounts):
        distinct = list(dict.fromkeys(amounts))
        return Max(*distinct, evaluate=False) if len(distinct) > 1 else distinct[0]
    return largest(amounts)


def costs_of(members: Sequence[Cost], function: Function | None, facts: Facts, shapes: Sequence[Sequence[Any]]) -> Costs:
    """The costs of members; with the `function` that computes all gradients, of them together, too.

    `shapes` are those of the variables.
    """
    if function is None or len(members) < 2:
        return Costs(members)
    first = members[0]
    item = item_bytes(first.dtype)
    names = function.names
    tensors = list(function.results.values())
    run = Run(ledger_for(tensors, function.parameters, first.sizes, facts, names), item)
    entries = [product_of(amount(d, first.sizes) for d in shape) for shape in shapes]
    kept = total(entries)
    forward = [cost.figures["forward"] for cost in members]
    flops, traffic = (total([getattr(f, field) for f in forward]) for field in ("flops", "traffic"))
    memory = most([f.memory for f in forward])
    figures = {
        "function": first.figures["function"],
        "reverse": run.figures(kept),
        "forward": Figures(kept, memory, flops, traffic),
    }
    return Costs(members, Together([c.wrt for c in members], first.dtype, first.sizes, first.unknown, figures, kept))
