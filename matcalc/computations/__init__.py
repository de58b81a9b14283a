"""Computations: values one operation each, local derivatives, adjoints and tangents, and drawings of the graph.

    typed program ─values (parting, letters)→ elementary operations ─answers→ derivatives ─report, drawings→ text, pictures
"""

from matcalc.computations.computation import WAYS, Computation, computation
from matcalc.computations.shapes import Shapes, shapes

__all__ = ["WAYS", "Computation", "Shapes", "computation", "shapes"]
