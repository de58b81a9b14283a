"""The targets of code: one file each, found by name."""

from __future__ import annotations

from matcalc.codegen.targets.array_api import ARRAY_API
from matcalc.codegen.targets.jax import JAX
from matcalc.codegen.targets.numpy import NUMPY
from matcalc.codegen.targets.sympy import SYMPY
from matcalc.codegen.targets.target import Argument, Target
from matcalc.codegen.targets.torch import TORCH

__all__ = ["NUMPY", "TARGETS", "Argument", "Target"]

#: All targets by name.
TARGETS = {target.name: target for target in (NUMPY, JAX, TORCH, ARRAY_API, SYMPY)}
