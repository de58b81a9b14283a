"""Derivatives of Python functions: a function is run on traced arrays, and what it does becomes a program of the language.

    function ─arguments, runs→ traced arrays ─array, ufuncs, array_functions→ untyped forms
             ─program→ program ─the engine→ derivative ─derived→ emitted NumPy, called with the arrays

A traced array has the axes that NumPy would give it (`value`); what the language cannot say is an UnsupportedError that
names the Python operation, never another answer.
"""

from matcalc.tracing.interface import grad, hessian, jacobian, jvp, value_and_grad

__all__ = ["grad", "hessian", "jacobian", "jvp", "value_and_grad"]
