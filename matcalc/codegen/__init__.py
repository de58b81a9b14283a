"""Code from core nodes: `generate` gives the text of a NumPy module, `compile_function` its function.

    nodes ─separation, distribution→ nodes that cost less
          ─assembly→ steps (shared array operations; `contraction` chooses them)
          ─inverses, orientation→ steps with fewer inverses and transposes
          ─writer→ statements ─module→ text

`generate_module` does so for any target (`TARGETS`) and any functions.  Emitted NumPy functions take anything that
`np.asarray` takes.  Integers become floats; complex numbers stay, so that a derivative can be checked by a complex step
wherever its functions are analytic.  A scalar result is a float (NumPy's, mostly), any other an array of its own that
shares no memory with an argument.
"""

from matcalc.codegen.dependence import Assigned, Wave
from matcalc.codegen.function import Function, Manner, Names
from matcalc.codegen.graph import computed, needed
from matcalc.codegen.module import Source, compile_function, generate, generate_functions, generate_module
from matcalc.codegen.operator import Operator
from matcalc.codegen.parameters import Parameter, VariableInfo, parameters_of, python_name
from matcalc.codegen.targets import TARGETS
from matcalc.codegen.trial import Trial, Variation

__all__ = [
    "TARGETS",
    "Assigned",
    "Function",
    "Manner",
    "Names",
    "Operator",
    "Parameter",
    "Source",
    "Trial",
    "VariableInfo",
    "Variation",
    "Wave",
    "compile_function",
    "computed",
    "generate",
    "generate_functions",
    "generate_module",
    "needed",
    "parameters_of",
    "python_name",
]
