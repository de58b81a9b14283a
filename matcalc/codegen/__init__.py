"""NumPy code from core nodes: `generate` gives the text of a module, `compile_function` its function.

    nodes ─assembly→ steps (shared array operations; `contraction` chooses them) ─writer→ statements ─module→ text

Emitted functions take anything that `np.asarray` takes.  Integers become floats; complex numbers stay, so that a
derivative can be checked by a complex step wherever its functions are analytic.  A scalar result is a float (NumPy's,
mostly), any other an array of its own that shares no memory with an argument.
"""

from matcalc.codegen.module import Source, compile_function, generate, generate_functions
from matcalc.codegen.parameters import Parameter, VariableInfo, parameters_of, python_name

__all__ = [
    "Parameter",
    "Source",
    "VariableInfo",
    "compile_function",
    "generate",
    "generate_functions",
    "parameters_of",
    "python_name",
]
