"""NumPy, in which all text is written."""

from __future__ import annotations

from collections.abc import Sequence

from matcalc.codegen.targets.target import Argument, Target

__all__ = ["NUMPY"]

ARRAY = '''\
def _array(x):
    """x as an array of floating-point or complex numbers."""
    x = np.asarray(x)
    return x if x.dtype.kind in "fc" else x.astype(float)
'''


def convert(arguments: Sequence[Argument]) -> list[str]:
    """One statement for each argument."""
    return [f"{argument.name} = _array({argument.name})" for argument in arguments]


NUMPY = Target(
    name="numpy",
    namespace="np",
    imports={
        "np": "import numpy as np",
        "special": "from scipy import special",
        "LinearOperator": "from scipy.sparse.linalg import LinearOperator",
    },
    convert=convert,
    helpers={"array": ARRAY},
    in_place=True,
)
