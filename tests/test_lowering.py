"""Lowering: a typed text and the core node that it becomes have one value.

The value of the text is that of the numeric interpreter, the value of the node that of the naive evaluation; neither
knows the other.
"""

from __future__ import annotations

from itertools import chain

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from naive import SIZES, UNKNOWN, Point, assert_equal, naive
from strategies import SIZES as DRAWN_SIZES
from strategies import draw_values, well_typed

import matcalc
from matcalc.errors import MatcalcError, UnsupportedError
from matcalc.evaluate import interpret
from matcalc.expr import Apply, Node
from matcalc.form import subforms
from matcalc.inference import TypedProgram, infer_expression
from matcalc.lowering import Environment, lower
from matcalc.operation import operations
from matcalc.traversal import postorder

DECLARE = (
    "s: scalar; t: scalar; x: vector(n); y: vector(n); z: vector(m); u: vector(p); w: vector(q)",
    "A: matrix(m, n); B: matrix(n, p); C: matrix(p, m); D: matrix(m, n); S: matrix(n, n); T: matrix(n, n)",
    "E: matrix(p, q); f: function",
)

#: Texts by the head of `matcalc.form` that they are about.
TEXTS: dict[str, list[str]] = {
    "number": ["3", "0.5", "1/3 - 2", "1e2"],
    "name": ["x", "A", "n", "2/n*A", "pi*x", "m*n + s"],
    "neg": ["-x", "-(A*B)", "-x'", "-s^2", "-S^-1"],
    "add": [
        "A + D", "x - y", "A - D + A", "x + s", "s - A", "A + z", "A - x'", "z + x'", "x' - z", "x' + s", "S + eye",
        "1 - x",
    ],
    "mul": [
        "A*B", "A*x", "z'*A", "x'*y", "x'*S*y", "z*x'", "A*B*C", "z'*A*x", "s*A", "A*s", "2*x'*3", "s*x'*y*t",
        "x*x'*y", "x*(x'*y)", "x'*y*z", "z*x'*S*y*z'", "A*B*u*t", "(x'*y)*A", "A*(x'*y)*B", "z*(x'*S)", "x'*S*T*S",
        "z*s*x'", "x*y'*x*y'",
    ],
    "div": ["A/s", "x/(x'*x)", "x'/s/t", "1/s", "A*B/n", "exp(x)/(1 + s^2)"],
    "times": [
        "A.*D", "x.*y", "x'.*y'", "A.*z", "A.*x'", "z.*A", "z.*x'", "x'.*z", "s.*A", "A.*s", "x.*s", "s.*t",
        "A.*D.*A",
    ],
    "rdiv": [
        "A./(2 + D)", "x./(2 + y)", "A./(2 + z)", "A./(2 + x')", "z./(2 + x')", "x'./(2 + z)", "s./(2 + x)", "A./2",
        "1./(2 + A)",
    ],
    "kron": [
        "kron(A, E)", "kron(x, z)", "kron(x', z')", "kron(A, x)", "kron(x', A)", "kron(s, A)", "kron(A, kron(B, E))",
        "A⊗x'", "kron(A, B)*vec(u*x')", "kron(A, E)'", "kron(A + D, B)*kron(B, E)",
    ],
    "power": [
        "s^3", "(2 + s^2)^t", "(2 + s^2)^-1.5", "S^2", "S^3*x", "S^-1", "S^-2", "S^0", "S^1", "(A*A')^2", "4^0.5",
    ],
    "elpower": [
        "x.^2", "A.^3", "(2 + A).^-1", "(2 + A).^0.5", "(2 + x).^s", "2.^x", "(3 + A).^D", "(3 + A).^z", "(3 + x).^s",
        "s.^x'",
    ],
    "transpose": ["A'", "x'", "x''", "(A*B)'", "(x*z')'", "s'", "(A + z)'", "kron(x, z)'"],
    "call": [
        "exp(A)", "maximum(A, D)", "maximum(A, z)", "minimum(x, 0)", "maximum(s, x')", "tanh(A*x)", "sqrt(2 + x)",
        "norm2(A)", "norm2(A*x - z)", "norm1(x)", "sum(A)", "sum(A, 0)", "sum(A, 1)", "sum(x)", "sum(x')",
        "sum(x, 0)", "mean(A)", "mean(A, 0)", "mean(A, 1)", "mean(x)", "tr(S)", "tr(A*D')", "det(S + 3*eye)",
        "logdet(S)", "inv(S)*x", "adj(S)", "diag(x)", "diag(S)", "diag(x')*A'", "vec(A)", "vec(x)", "vec(A*B)",
        "tril(A)*x", "triu(A')",
        "vec(kron(A, E))", "dot(x, y)", "outer(z, x)", "softmax(x)", "softmax(x')", "softmax(A)", "logsoftmax(A)",
        "logsumexp(x)", "logsumexp(A)", "crossentropy(x, softmax(y))", "crossentropy(A, softmax(D))", "eye(n)",
        "ones(n)", "ones(m, n)", "zeros(m, n)", "zeros(p)", "x + vector(2)", "A + matrix(s)", "vector(t)'*x",
        "commutation(m, n)", "commutation(m, n)*vec(A)", "eye*x", "ones(m)*x'", "inv(kron(S, eye(m)) + 3*eye)",
        "sum(kron(A, x), 1)", "inv(S)'*inv(T)", "pow(2 + x, s)",
    ],
    "unknown": ["f(x)", "f'(A)", "f''(s)", "f(A*x + z)", "f(x')", "f(f'(s))*A"],
    "entry": [
        "[i,j: A[i,j]]", "[j,i: A[i,j]]", "[i: S[i,i]]", "[i,j: S[i,j]*S[j,i]]", "[i: inv(S)[i,i]*x[i]]",
        "[i: (x + y)[i]]", "[i,j,k: A[i,j]*u[k]]", "[i,j: (A*B)[i,j]]",
    ],
    "delta": [
        "[i,j: delta(i,j)*x[i]]", "[i,j,k: delta(i,j)*S[j,k]]", "[i,j: delta(i,j)*S[i,j]]", "[i: delta(i,i)*x[i]]",
        "[i,k,l: A[i,l]*delta(l,k)*x[k]]",
    ],
    "tensor": [
        "[i: s*x[i]]", "[i,k,l: x[i]*A[k,l]]", "2*[i,j: A[i,j]]", "[i,j: A[i,j]] - A", "[i: x[i]]'*y",
        "A*[j: exp(x[j])]", "[k,i,j: A[i,j] + u[k]]", "[i,j,k: A[i,j]*x[k]]/2",
        "[i,j,k: x[i]] + [i,j,k: y[i]*x[j]*S[j,k]]", "exp([i,j,k: A[i,j]*x[k]])",
    ],
    "join": ["[(i,j): A[i,j]]", "[(i,j),k: A[i,j]*u[k]]", "[i,(j,k): S[i,j]*z[k]]", "[(i,j),(k,l): A[i,l]*B[j,k]]"],
    "bsum": [
        "sum[l: x[l]*y[l]]", "[p,q: sum[l: A[l,p]*D[l,q]]]", "sum[i,j: A[i,j]]", "[i: sum[j: S[i,j]*x[j]]]",
        "sum[i: S[i,i]]", "[j: sum[i,k: A[i,j]*A[i,k]*x[k]]]", "sum[l: x[l]]^2", "[i: sum[j: S[i,j]]*sum[j: S[j,i]]]",
        "[i: sum[j: 2*x[i]*delta(i,j)]]", "sum[i: sum[j: S[i,j]*S[j,i]]]", "exp(sum[i: x[i]*y[i]])",
        "[i: sum[j: x[i] if i==j else 2]]", "[i: sum[j: delta(j,j) + delta(i,j)*x[i]]]",
        "[i: sum[j: S[i,i]*delta(j,i)]]", "[i: x[i]*sum[k: y[k]]]", "sum[i: sum[j: A[i,j]]^2]",
        "[i,j: sum[k: A[k,i]*A[k,j]]/sum[k: z[k]^2]]",
    ],
    "cases": [
        "[i,j: S[i,j] if i==j else 0]", "[i,j: x[i] if i!=j else y[j]]", "[i,j,k: x[i] if i==j and j==k else 0]",
        "[i,j,k: x[i] if i==j or j==k else y[k]]", "[i,j: S[i,j] if not i==j else x[i]*x[j]]",
        "[i,j: (x[i] if i==j else 2)*S[j,i]]", "[i,j: x[i] if i==j else y[i] if i!=j else 0]",
        "sum[i,j: S[i,j] if i==j else 0]", "[i,j,k: x[i] if not (i==j or j==k) and i!=k else 1]",
    ],
    "split": ["[i,j: vec(A)[(j,i)]]", "[i,j,k,l: kron(A, B)[(i,j),(k,l)]]", "sum[i,j: kron(z, x)[(i,j)]*A[i,j]]"],
    "derivative": [
        "d(x'*S*x)/d(x)", "d(A*x)/d(x)", "d(z'*A*x)/d(A)", "d(A*s)/d(s)", "d(s*x)/d(s)", "d(s*x')/d(s)",
        "grad(x'*y, x)'*x", "grad(x'*S*x, x)", "grad(tr(S*T), S)", "grad(s^2*t, s)", "jacobian(A*x, x)",
        "jacobian(x'*S*x, x)", "jacobian(A*x, A)", "jacobian(A*B, B)", "jacobian(S*S, S)", "hessian(x'*S*x, x)",
        "hessian(sum(exp(A*x)), x)", "hessian(tr(S*S*T), S)", "hessian(A*exp(x), x)", "d(vec(A*B))/d(vec(A))",
        "d(vec(A'))/d(vec(A))", "d(vec(S*x))/d(vec(S))", "d(vec(x))/d(vec(x))", "d(vec(A*B*C))/d(vec(B))",
        "d(A*B)/d(A)", "d(softmax(x))/d(x)", "d(tanh(A*x))/d(A)", "[i: d(x'*S*x)/d(x[i])]",
        "[i,j: d(z'*A*x)/d(A[i,j])]", "[k,i,j: d((A*x)[k])/d(A[i,j])]", "[i: d(s*x[i])/d(s)]",
        "sum[i: d(exp(x[i]))/d(x[i])]", "d(d(s^3*t^2)/d(s))/d(t)", "d(grad(x'*S*x, x))/d(x)", "(d(x'*S*x)/d(x))'",
        "d(x')/d(x)", "d(f(x))/d(x)", "d(inv(S))/d(S)", "d(y'*x)/d(z)", "[i,j: d(x[i]*y[j])/d(x[j])]",
    ],
}  # fmt: skip
HEADS = set(TEXTS)


def typed(text: str, layout: str = "numerator") -> TypedProgram:
    return infer_expression(text, DECLARE, layout)


def node_of(text: str, layout: str = "numerator") -> Node:
    program = typed(text, layout)
    return lower(program, layout).lower(program.output).node


def point_of(program: TypedProgram, seed: int = 0) -> Point:
    """Values of the variables of a program, each the same whatever the others are."""
    values = {}
    for name, info in program.variables.items():
        shape = tuple(int(np.prod([SIZES.get(d, d) for d in axis])) for axis in info.shape)
        values[name] = np.random.default_rng([seed, *name.encode()]).uniform(-1.5, 1.5, shape)
    return Point(values)


def both_values(program: TypedProgram, layout: str, point: Point) -> tuple[np.ndarray, np.ndarray]:
    """The value of the node, its compound axes joined, and the value of the text."""
    tensor = lower(program, layout).lower(program.output)
    assert tensor.indices == ()
    assert len(tensor.groups) == len(program.output.shape)
    given = {"assignments": program.assignments, "layout": layout, "functions": point.functions}
    expected = interpret(program.output, point.values, point.sizes, **given)[1]
    return naive(tensor.node, point).reshape(expected.shape), expected


CASES = [pytest.param(text, id=text) for text in dict.fromkeys(chain.from_iterable(TEXTS.values()))]


@pytest.mark.parametrize("layout", ["numerator", "denominator"])
@pytest.mark.parametrize("text", CASES)
def test_a_text_and_its_node_have_one_value(text: str, layout: str) -> None:
    program = typed(text, layout)
    found, expected = both_values(program, layout, point_of(program))
    assert np.isfinite(expected).all()
    assert_equal(found, expected)


@pytest.mark.parametrize("head", TEXTS)
def test_every_head_is_lowered(head: str) -> None:
    """The texts listed under a head hold it."""
    assert all(head in {form.head for form in subforms(typed(text).output)} for text in TEXTS[head])


def test_the_heads_are_those_of_the_language() -> None:
    lowered = {name.removeprefix("_lower_") for name in dir(Environment) if name.startswith("_lower_")}
    assert lowered == HEADS


def test_every_function_is_lowered() -> None:
    shown = " ".join(TEXTS["call"] + TEXTS["kron"])
    smooth = {record.name for record in operations() if record.elementwise}
    assert {record.name for record in operations() if f"{record.name}(" not in shown} - smooth == set()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(well_typed((), ("n",), ("m", "n"), ("p", "p")))
def test_a_random_text_and_its_node_have_one_value(expression) -> None:
    program = infer_expression(expression.text, expression.declare)
    point = Point(draw_values(expression.variables, 1), DRAWN_SIZES, UNKNOWN)
    with np.errstate(all="ignore"):
        found, expected = both_values(program, "numerator", point)
    assume(np.isfinite(expected).all() and np.abs(expected).max(initial=0) < 1e8)
    assert_equal(found, expected, rtol=1e-8)


# Programs


PROGRAMS = {
    "assigned": "h = tanh(A*x)\nz'*h",
    "used-twice": "h = A*x\nk = h.*h\nsum(k) + h'*k",
    "held": "h = tanh(A*x)\nJ = h'*h\nd(J)/d(h)",
    "held-and-moved": "h = tanh(A*x)\ng = exp(h)\nJ = g'*g\nd(J)/d(h)",
    "held-inside-of-a-product": "h = tanh(A*x)\nJ = h'*h\ngrad(J, h)'*jacobian(h, x)",
    "held-twice": "h = A*x\ng = exp(h)\nJ = sum(g) + sum(h)\nhessian(J, h)",
    "by-what-is-below": "h = tanh(A*x)\nJ = h'*h\nd(J)/d(x)",
    "value-beside-its-derivative": "h = x.*x\nJ = sum(h)\nd(J)/d(h) + h'",
    "matrix": "M = A*B\nJ = tr(M*C)\nd(J)/d(M)",
    "entries": "M = A*B\n[i,j: d(sum(M.*M))/d(M[i,j])]",
    "vec": "M = A*B\nd(vec(2*M))/d(vec(M))",
}


@pytest.mark.parametrize("layout", ["numerator", "denominator"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_and_its_node_have_one_value(name: str, layout: str) -> None:
    *assignments, last = PROGRAMS[name].split("\n")
    program = typed("\n".join([*assignments, f"R = {last}"]), layout)
    found, expected = both_values(program, layout, point_of(program))
    assert_equal(found, expected)


def test_a_long_program_is_lowered_without_recursion() -> None:
    lines = ["z_0 = x", *(f"z_{k} = tanh(z_{k - 1})" for k in range(1, 3001))]
    program = typed("\n".join(lines))
    assert len(postorder(lower(program).lower(program.output).node)) == 3001


def test_an_assigned_name_is_lowered_once() -> None:
    """Used twice, it is one node."""
    node = node_of("h = tanh(A*x)\nR = h'*h + sum(h)")
    assert sum(isinstance(n, Apply) for n in postorder(node)) == 1


# Recognised functions


@pytest.mark.parametrize(("text", "plain"), [
    ("log(1 + exp(x))", "softplus(x)"),
    ("log(exp(x) + 1)", "softplus(x)"),
    ("log(1 + exp(A*x - z))", "softplus(A*x - z)"),
    ("log(1 + exp(-s))", "softplus(-s)"),
    ("1/(1 + exp(-s))", "sigmoid(s)"),
    ("1./(1 + exp(-x))", "sigmoid(x)"),
    ("1./(1 + exp(x))", "sigmoid(-x)"),
    ("(1 + exp(-x)).^-1", "sigmoid(x)"),
    ("x./(1 + exp(-x))", "x.*sigmoid(x)"),
    ("log(sum(exp(x)))", "logsumexp(x)"),
    ("log(sum(exp(A), 1))", "logsumexp(A)"),
    ("exp(x)/sum(exp(x))", "softmax(x)"),
    ("exp(A*x)/sum(exp(A*x))", "softmax(A*x)"),
    ("log(softmax(x))", "logsoftmax(x)"),
    ("log(softmax(A))", "logsoftmax(A)"),
])  # fmt: skip
def test_a_function_that_is_spelled_out_is_recognised(text: str, plain: str) -> None:
    assert node_of(text) is node_of(plain)


@pytest.mark.parametrize("text", [
    "log(2 + exp(x))", "log(1 - exp(x)/9)", "log(1 + exp(x) + exp(y))", "log(1 + 2*exp(x))", "log(1 + exp(x).*y.^2)",
    "1/(2 + exp(-s))", "1./(1 + exp(x) + x.^2)", "1/(1 + exp(-s))^2", "1./(1 + 2*exp(x))", "log(1 + sinh(s)^2)",
    "log(sum(exp(x))/n)", "log(sum(exp(A), 0))", "log(sum(2*exp(x)))", "log(sum(exp(x).*y.^2))", "log(sum(exp(x) + 1))",
    "log(sum(exp(S), 0)')", "exp(x)/sum(exp(y))", "exp(x)/sum(exp(2*x))", "exp(x)/(1 + sum(exp(x)))",
    "x.^2/sum(x.^2)", "exp(x)./exp(y)", "sum(log(softmax(x).^2))", "log(softmax(x) + 1)", "tr(exp(S))/sum(exp(S))",
    "diag(exp(S))/sum(exp(S))", "exp(x)/sum(exp(x))^2", "log(1 + exp(x)').*x'.*0", "log(x'*exp(x) + 9)",
    "log(exp(x)'*exp(x))", "log(sum(exp(x*z')))",
])  # fmt: skip
def test_what_looks_like_a_recognised_function_keeps_its_value(text: str) -> None:
    program = typed(text)
    found, expected = both_values(program, "numerator", point_of(program))
    assert np.isfinite(expected).all()
    assert_equal(found, expected)


ATOMS = {"sigmoid", "softplus", "softmax", "logsoftmax", "logsumexp"}


@pytest.mark.parametrize("text", [
    "log(2 + exp(x))", "log(1 + 2*exp(x))", "log(1 + exp(x) + exp(y))", "1/(2 + exp(-s))", "1./(1 + 2*exp(x))",
    "log(sum(exp(x).*y.^2))", "exp(x)/sum(exp(y))", "exp(x)/sum(exp(2*x))", "exp(x)/(1 + sum(exp(x)))",
    "exp(x)/sum(exp(x))^2", "log(sum(exp(x) + 1))", "exp(s)/(1 + exp(t))^2",
])  # fmt: skip
def test_what_looks_like_a_recognised_function_is_not_taken_for_one(text: str) -> None:
    names = {node.name for node in postorder(node_of(text)) if isinstance(node, Apply)}
    assert names & ATOMS == set()


# Names of indices


@pytest.mark.parametrize("text", [
    "[i,j: tr(S*S[i,j])]", "[r,c: sum(x + y[r]*y[c])]", "[a: sum[b: sum(x.*S[a,b])]]", "[r: norm2(S + y*x[r])]",
    "[a,b: sum(maximum(x, S[a,b]))]", "[c: det(S*x[c])]", "[a,b: sum(kron(x*y[a], y*y[b]))]", "[j: sum(diag(S*x[j]))]",
    "[i: sum(diag(x)*S[i,i])]", "[k: dot(x, y*x[k])]", "[n0: mean(S*x[n0])]",
])  # fmt: skip
def test_an_index_is_not_confused_with_an_axis_of_an_operation(text: str) -> None:
    """Operations are defined with letters (tr(X) is `ii->`), which a user's index may have for a name too."""
    program = typed(text)
    found, expected = both_values(program, "numerator", point_of(program))
    assert_equal(found, expected)


# What cannot be lowered


@pytest.mark.parametrize("text", ["S^65", "S^-100", "S^1000000"])
def test_powers_of_matrices_have_a_limit(text: str) -> None:
    with pytest.raises(UnsupportedError, match="matrix powers go up to 64"):
        node_of(text)


def test_a_large_power_of_a_matrix_has_its_value() -> None:
    """32 factors, as einsum has letters for 52."""
    program = typed("(S/2)^32")
    found, expected = both_values(program, "numerator", point_of(program))
    assert_equal(found, expected)


@pytest.mark.parametrize("text", ["sum[i: 2]", "sum[i: s]", "[i: sum[k: x[i]]]"])
def test_a_bound_index_without_a_range_is_an_error(text: str) -> None:
    with pytest.raises(MatcalcError, match=r"does not occur|occurs in no entry|unknown"):
        matcalc.derive(text, wrt="x", declare=DECLARE)
