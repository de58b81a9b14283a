"""`where` on traced values: c.*a + (1 - c).*b, for branches that are finite everywhere.

The sum is the choice only where both branches have a value: 0 times a missing value is missing.  So branches with a
logarithm, a root, a quotient or an inverse are refused: a missing value would come where NumPy has a number.
"""

from __future__ import annotations

from matcalc.form import Form, subforms
from matcalc.operation import find_operation
from matcalc.tracing.arithmetic import absent, add, multiply, one_minus, truth
from matcalc.tracing.value import Value, refuse

__all__ = ["choose"]

#: Nodes that have a value wherever their arguments have one.
TOTAL = frozenset({"number", "name", "neg", "add", "mul", "times", "transpose", "kron"})
#: The domains of operations that have a value everywhere.
EVERYWHERE = frozenset({"real", "kink"})


def choose(condition: Value, chosen: Value, other: Value) -> Value:
    """The entries of one value where a condition holds, else those of the other."""
    for branch in (chosen, other):
        check_total(branch.form)
    holds = truth(condition)
    first, second = multiply(holds, chosen), multiply(one_minus(holds), other)
    if absent(chosen) or absent(other):
        return second if absent(chosen) else first
    return add(first, second)


def check_total(form: Form) -> None:
    """Refuse a branch that may have no value at some points."""
    for part in subforms(form):
        if not is_total(part):
            hint = "take the choice inside: np.log(np.where(x > 0, x, 1.0)); or write np.maximum, matcalc.functions.relu"
            refuse(f"np.where of a branch with `{described(part)}`, which is not defined everywhere,", hint)


def is_total(part: Form) -> bool:
    """True if a node has a value wherever its arguments have one."""
    if part.head in ("power", "elpower"):
        exponent = part.args[1]
        return exponent.head == "number" and exponent.value.denominator == 1 and exponent.value >= 0
    if part.head == "div":
        return part.args[1].head == "number" or (part.args[1].head == "name" and not isinstance(part.args[1].value, str))
    if part.head == "call":
        record = find_operation(part.value)
        return record is not None and (record.signature == "new" or record.domain in EVERYWHERE)
    return part.head in TOTAL


def described(part: Form) -> str:
    """A node as a person names it."""
    return {"div": "/", "rdiv": "/", "power": "**", "elpower": "**"}.get(part.head, str(part.value or part.head))
