"""Inference: untyped forms to typed ones, by unification of dimensions over a whole program.

Kinds (scalar, column, row, matrix, tensor) are known from the leaves up: a declaration says them, or the spelling of
the name does.  Dimensions are solved: each axis is a list of dimensions and unknowns, every rule states which axes are
equal, and unification binds the unknowns (`dimensions`).  Two different declared names, or two different numbers, are
never equal; such a conflict is an error that shows both places and both sizes (`context`).  Unknowns that are left at
the end get names that read well.

Each head of a form has one typing rule.  The rules stand by family: `names`, `algebra`, `functions`, `entries`,
`derivatives`; `program` puts their tables together and runs them.
"""

from matcalc.inference.constructors import CONSTRUCTORS
from matcalc.inference.environment import VariableInfo
from matcalc.inference.program import LAYOUTS, MODES, TypedProgram, infer, infer_expression

__all__ = ["VariableInfo", "TypedProgram", "infer", "infer_expression", "LAYOUTS", "MODES", "CONSTRUCTORS"]
