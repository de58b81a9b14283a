"""What the rules of derivations say, each as one line.

The law of an operation's derivative is its record's rule, applied to variables and read as a matrix.
"""

from __future__ import annotations

from functools import cache

from matcalc.assumptions import Facts
from matcalc.differentiate import push
from matcalc.expr import Node, Variable, apply_elementwise, apply_matrix
from matcalc.form import Form, name, rewritten
from matcalc.notation.text import to_text
from matcalc.operation import Operation, operation
from matcalc.raising import Raising
from matcalc.steps.ordering import fixed_first

__all__ = ["law_of", "operation_law"]

#: The laws that are no derivatives of operations, in the order in which derivations use them.
LAWS = {
    "definition": "functions are written by their definitions, as crossentropy(y, p) = -y'*log(p)",
    "constant": "what does not depend on the variable has the derivative 0",
    "entry": "(A*B)[i,k] = sum[j: A[i,j]*B[j,k]]",
    "linearity": "d(a*U + b*V) = a*dU + b*dV for a and b that do not move",
    "product-rule": "d(U*V) = dU*V + U*dV",
    "power-rule": "d(u^p) = p*u^(p - 1)*du",
    "chain-rule": "d(f(u)) = f'(u).*du",
    "derivative-of-an-entry": "d(X[i,j])/d(X[k,l]) = delta(i,k)*delta(j,l)",
    "delta-contraction": "sum[j: delta(i,j)*x[j]] = x[i]",
    "cases": "delta(i,j) is 1 if i==j, else 0",
    "collect": "x'*y = y'*x, tr(A*B) = tr(B*A), tr(A') = tr(A): the differential is brought to the end",
    "identification": "dF = g'*dx says d(F)/d(x) = g', dF = tr(G'*dX) says d(F)/d(X) = G",
    "error-signal": "grad(J, v) is the sum of what each value that uses v passes back",
    "gradient-by-signals": "the sum of what each value that uses the variable passes back",
    "matrix-form": "the entries are those of this matrix",
    "tensor-form": "the entries, for all indices",
    "kronecker-form": "vec(A*X*B) = kron(B', A)*vec(X)",
    "vectorization": "vec(A*X*B) = kron(B', A)*vec(X)",
    "simplification": "the declared facts are used, like terms and common factors collected",
    "substitution": "signals and values are replaced by what they are",
    "tied-entries": "entries that are tied move together, not freely as above (Matrix Cookbook 2.8)",
}
DERIVATIVE = "derivative-of-"


def law_of(rule: str) -> str:
    """What a rule says: a line of the language, or of words."""
    if rule in LAWS:
        return LAWS[rule]
    return operation_law(rule.removeprefix(DERIVATIVE))


@cache
def operation_law(name_: str) -> str:
    """The differential of an operation: `d(inv(U)) = -inv(U)*dU*inv(U)`."""
    record = operation(name_)
    return _law(_applied(record))


def _variable(letter: str, order: int) -> Node:
    return Variable.make(letter, ("n",) * order)


def _applied(record: Operation) -> Node:
    """The operation applied to variables."""
    if record.elementwise:
        return apply_elementwise(record.name, *(_variable(letter, 1) for letter in "uvw"[: record.arity]))
    order = max(len(overload.inputs[0]) for overload in record.overloads)
    return apply_matrix(record.name, _variable("uU"[order - 1], order), (1,) * order)


def _law(node: Node) -> str:
    symbols = {operand: Variable.make(f"∂{operand.data[0]}", operand.shape) for operand in node.operands}
    raising = Raising(Facts(), "numerator")
    left, right = raising.form(node), raising.form(push(node, symbols, 0))
    if left is None or right is None:
        return ""
    right = rewritten(fixed_first(right, _is_symbol), _differential)
    return f"d({to_text(left)}) = {to_text(right)}"


def _is_symbol(part: Form) -> bool:
    return bool(part.head == "name" and part.value.startswith("∂"))


def _differential(part: Form) -> Form:
    """The name of a symbol as a differential."""
    if _is_symbol(part):
        inner = name(part.value[1:], part.kind, part.shape)
        return Form("differential", (inner,), kind=part.kind, shape=part.shape)
    return part
