"""Backpropagation: the values of a program, its error signals by name, and the gradients through them.

    signals (which values carry them) ─ gradients (as equations) ─┬─ runs (layers that repeat) ─ writing
                                                                  └─ claims, decided when asked
"""

from matcalc.backprop.equation import Equation
from matcalc.backprop.listing import Backprop, backpropagation

__all__ = ["Backprop", "Equation", "backpropagation"]
