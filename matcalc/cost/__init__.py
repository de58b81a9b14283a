"""What a derivative costs: flops, memory and traffic of ways to compute it, at sizes or as polynomials in sizes.

    steps of code ─counting→ flops and shapes ─figures→ memory, traffic ─problem→ the rows of a `Cost` ─report→ text

`entries_and_bytes` tells whether an array can fit at all.
"""

from matcalc.cost.amounts import Size, entries_and_bytes
from matcalc.cost.figures import Figures
from matcalc.cost.problem import Problem, cost_of
from matcalc.cost.report import ChainCost, Cost
from matcalc.cost.together import Costs, Together, costs_of

__all__ = ["ChainCost", "Cost", "Costs", "Figures", "Problem", "Size", "Together", "cost_of", "costs_of", "entries_and_bytes"]
