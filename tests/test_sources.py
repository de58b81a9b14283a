"""The derivations of five lectures on matrix calculus, in the form in which the lectures print them.

    000  Gradients of matrices, back-propagation and automatic differentiation (BITS Pilani)
    001  Vector calculus: back-propagation, the Hessian, Taylor series
    002  Computing gradients: building blocks and a network with one hidden layer
    003  Back-propagation for a network of two layers, and a primer of matrix calculus
    004  A tutorial: the inverse, a linear layer, activations, a network with softmax

Where a lecture has a misprint, what stands here is the corrected formula.  What the lectures state rather than derive is
in identities/source-*.toml, a claim each.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from programs import FOLDER

import matcalc
from matcalc.computations import Computation, computation
from matcalc.notation.text import to_text


@dataclass(frozen=True)
class Derivation:
    """A derivative, its answer as the lecture has it, and what the names in the answer stand for."""

    place: str
    source: str
    wrt: str
    answer: str
    where: dict[str, str] = field(default_factory=dict)
    form: str = "matrix"
    options: dict[str, Any] = field(default_factory=dict)


def of(place: str, source: str, wrt: str, answer: str, *declare: str, form: str = "matrix", **options: Any) -> Derivation:
    """A derivation; further keywords are names of the answer or options of `derive`."""
    known = {key: options.pop(key) for key in ("layout", "order", "of") if key in options}
    return Derivation(place, source, wrt, answer, options, form, {**known, "declare": list(declare)})


def program(name: str) -> str:
    """A program of the examples."""
    return (FOLDER / f"{name}.mc").read_text(encoding="utf-8")


def compact(text: str) -> str:
    """A text without its spaces."""
    return "".join(text.split())


# ---- One derivative -------------------------------------------------------------------------------------------------

SCALARS = ("x: scalar", "y: scalar", "z: scalar")
UPSTREAM = ("L(Y): scalar", "omega: function")
UPSTREAM_VECTOR = ("L(y): scalar", "omega: function")
CURVE = ("alpha: scalar", "A(alpha): matrix(m, m)")
DENOMINATOR: dict[str, Any] = {"layout": "denominator"}
SQUARES = "x^2 + y^2"
CUBE = "f = (x + y)*z"
ROOT = program("intermediate-values")
HIDDEN = program("one-hidden-layer")
SOFTMAX = program("relu-softmax")
#: One sample of the network of 003, as a column.
SAMPLE = "h_1 = W_1'*x + b_1\nz_1 = sigmoid(h_1)\nz_2 = W_2'*z_1 + b_2"

DERIVATIONS = [
    of("000: the entries of d(Ax)/dA", "A*x", "A", "[i,k,l: x[l] if i==k else 0]", form="cases"),
    of(
        "000: the piecewise form of d(B'B)/dB", "B'*B", "B",
        "[p,q,i,j: B[i,q] if j==p and p!=q else B[i,p] if j==q and p!=q else 2*B[i,q] if j==p and p==q else 0]",
        form="cases",
    ),
    of("000: (5.102) for f(X) = X, by entries", "inv(X)", "X", "[p,q,i,j: -inv(X)[p,i]*inv(X)[j,q]]", form="index"),
    of("000: (5.101) for f(X) = X", "det(X)", "X", "det(X)*inv(X)'"),
    of("000: (5.103)", "a'*inv(X)*b", "X", "-inv(X)'*a*b'*inv(X)'"),
    of("000: (5.104)", "x'*a", "x", "a'"),
    of("000: (5.105)", "a'*x", "x", "a'"),
    of("000: (5.106)", "a'*X*b", "X", "a*b'"),
    of("000: (5.107)", "x'*B*x", "x", "x'*(B + B')"),
    of("000: (5.108)", "(x - A*s)'*W*(x - A*s)", "s", "-2*(x - A*s)'*W*A", "W: matrix(m, m) symmetric"),
    of("001: (22)", "norm2(y - f)^2", "f", "-2*(y - f)'"),
    of("001: the Hessian of a quadratic form", "x'*A*x", "x", "A + A'", order=2),
    of("001: the (m, n, n) Hessian", "f(A*x)", "x", "[i,j,k: f''(A*x)[i]*A[i,j]*A[i,k]]", "f: function", order=2),
    of("002: an elementwise layer", "f(z)", "z", "diag(f'(z))", "f: function"),
    of("002: an elementwise layer, by cases", "f(z)", "z", "[i,j: f'(z[i]) if i==j else 0]", "f: function", form="cases"),
    of("002: a linear layer by x", "W*x + b", "x", "W"),
    of("002: a linear layer by b", "W*x + b", "b", "eye(m)"),
    of("002: a linear layer by W, by cases", "W*x + b", "W", "[i,k,l: x[l] if i==k else 0]", form="cases"),
    of("002: a dot product", "u'*v", "u", "v'"),
    of("002: the same in the other layout", "u'*v", "u", "v", **DENOMINATOR),
    of("002: ds/dh", HIDDEN, "h", "u'"),
    of("003: f(x, y) = x^2 + y^2", SQUARES, "x", "2*x", *SCALARS[:2]),
    of("003: f(x, y) = x^2 + y^2 by y", SQUARES, "y", "2*y", *SCALARS[:2]),
    of("003: f(x, y, z) = (x + y)z by x", CUBE, "x", "z", *SCALARS),
    of("003: f(x, y, z) = (x + y)z by y", CUBE, "y", "z", *SCALARS),
    of("003: f(x, y, z) = (x + y)z by z", CUBE, "z", "x + y", *SCALARS),
    of("003: y = Ax", "A*x", "x", "A"),
    of("003: y = omega(x)", "omega(x)", "x", "diag(omega'(x))", "omega: function"),
    of("003: upstream of y = Ax", "y = A*x\nJ = L", "x", "d(L)/d(y)*A", *UPSTREAM_VECTOR),
    of("003: the same in the other layout", "y = A*x\nJ = L", "x", "A'*d(L)/d(y)", *UPSTREAM_VECTOR, **DENOMINATOR),
    of(
        "003: upstream of y = omega(x), in the other layout", "y = omega(x)\nJ = L", "x", "d(L)/d(y).*omega'(x)",
        *UPSTREAM_VECTOR, **DENOMINATOR,
    ),
    of("003: upstream of Y = AX by X", "Y = A*X\nJ = L", "X", "A'*d(L)/d(Y)", *UPSTREAM),
    of("003: upstream of Y = AX by A", "Y = A*X\nJ = L", "A", "d(L)/d(Y)*X'", *UPSTREAM),
    of("003: upstream of Y = omega(X)", "Y = omega(X)\nJ = L", "X", "d(L)/d(Y).*omega'(X)", *UPSTREAM),
    of(
        "003: upstream of Y = AX by X, by entries", "Y = A*X\nJ = L", "X", "[i,j: sum[r: d(L)/d(Y[r,j])*A[r,i]]]",
        *UPSTREAM, form="index",
    ),
    of(
        "003: upstream of Y = omega(X), by entries", "Y = omega(X)\nJ = L", "X", "[i,j: d(L)/d(Y[i,j])*omega'(X[i,j])]",
        *UPSTREAM, form="index",
    ),
    of("003: dh_1/dx of one sample", SAMPLE, "x", "W_1", "W_1: matrix(D, H)", of="h_1", **DENOMINATOR),
    of("003: dz_2/dz_1 of one sample", SAMPLE, "z_1", "W_2", "W_2: matrix(H, C)", of="z_2", **DENOMINATOR),
    of("003: dz_1/dh_1 of one sample", "sigmoid(h_1)", "h_1", "diag(sigmoid(h_1).*(1 - sigmoid(h_1)))"),
    of("004: problem 1", "inv(A)", "alpha", "-inv(A)*d(A)/d(alpha)*inv(A)", *CURVE),
    of("004: problem 1, inv(A)*A is constant", "inv(A)*A", "alpha", "zeros(m, m)", *CURVE),
    of("004: problem 2 (b), dY/dX", "X*W", "X", "[p,q,i,j: delta(i,p)*W[j,q]]", "X: matrix(N, D)", form="index"),
    of("004: problem 2 (b), dY/dW", "X*W", "W", "[p,q,i,j: delta(j,q)*X[p,i]]", "X: matrix(N, D)", form="index"),
    of("004: problem 3 (a)", "relu(y)", "y", "step(y)", "y: scalar"),
    of("004: problem 3 (b)", "sigmoid(y)", "y", "sigmoid(y)*(1 - sigmoid(y))", "y: scalar"),
    of("004: problem 3 (b), from the definition", "1/(1 + exp(-y))", "y", "sigmoid(y)*(1 - sigmoid(y))", "y: scalar"),
    of("004: problem 3 (c)", "tanh(y)", "y", "1 - tanh(y)^2", "y: scalar"),
    of("004: problem 4 (a), dJ/dyhat", "crossentropy(y, yhat)", "yhat", "-y./yhat", **DENOMINATOR),
    of(
        "004: problem 4 (a), dyhat_j/dtheta_k by cases", SOFTMAX, "theta",
        "[i,j: p[i]*(1 - p[i]) if i==j else -p[i]*p[j]]", form="cases", of="yhat", p="softmax(U*relu(W*x))",
    ),
    of(
        "004: problem 4 (a), dJ/dtheta", "crossentropy(y, softmax(theta))", "theta", "softmax(theta) - y",
        "y: vector(C) simplex", "theta: vector(C)", **DENOMINATOR,
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", DERIVATIONS, ids=lambda case: case.place)
def test_answer_is_printed_as_in_the_lecture(case: Derivation) -> None:
    found = matcalc.derive(case.source, wrt=case.wrt, **case.options)
    assert compact(found.to_text(form=case.form)) == compact(case.answer)
    assert {name: compact(text) for name, text in found.where.items()} == {n: compact(t) for n, t in case.where.items()}


def test_the_long_derivative_of_000_is_the_one_of_the_lecture() -> None:
    """The lecture takes 2x(1 + exp(x^2)) out; what is printed here is proved equal to both of its lines."""
    function = "sqrt(x^2 + exp(x^2)) + cos(x^2 + exp(x^2))"
    quotient = "(2*x + 2*x*exp(x^2))/(2*sqrt(x^2 + exp(x^2))) - sin(x^2 + exp(x^2))*(2*x + 2*x*exp(x^2))"
    factored = "2*x*(1/(2*sqrt(x^2 + exp(x^2))) - sin(x^2 + exp(x^2)))*(1 + exp(x^2))"
    ours = matcalc.derive(function, wrt="x", declare=["x: scalar"])
    where = [f"{name} = {meaning}" for name, meaning in ours.where.items()]
    claim = f"d({function})/d(x) = {quotient} = {factored} = {ours.text}"
    assert matcalc.verify(claim, declare=["x: scalar"], where=where).verdict == "proved"


def test_values_of_the_example_of_003() -> None:
    """At x = -2, y = 5, z = -4 the derivatives of (x + y)z are -4, -4 and 3."""
    gradients = matcalc.derive(CUBE, wrt=["x", "y", "z"], declare=SCALARS).function()
    assert {name: float(value) for name, value in gradients(x=-2.0, y=5.0, z=-4.0).items()} == {"x": -4, "y": -4, "z": 3}


def test_size_of_the_jacobian_of_004() -> None:
    """Problem 2 (b): N = 64 and M = D = 4096 make some 6.8e10 numbers, 256 GB of 32 bits."""
    shape = matcalc.derive("X*W", wrt="X", declare=["X: matrix(N, D)", "W: matrix(D, M)"]).shape
    sizes = {"N": 64, "D": 4096, "M": 4096}
    count = 1
    for axis in shape:
        count *= sizes[axis]
    assert shape == ("N", "M", "N", "D")
    assert count == 68_719_476_736
    assert count * 4 == 256 * 2**30


# ---- Back-propagation: forward values, local derivatives, error signals, gradients ----------------------------------


@dataclass(frozen=True)
class Listing:
    """A program, the names that it is differentiated by, and the equations of the lecture."""

    source: str
    wrt: tuple[str, ...]
    equations: tuple[str, ...]
    signals: str = "gradient"
    options: dict[str, Any] = field(default_factory=dict)


LISTINGS = {
    "004: problem 4 (b), signals as columns": Listing(
        SOFTMAX, ("U", "W", "x"),
        (
            "delta_1 = grad(J, theta) = yhat - y", "delta_2 = grad(J, z) = U'*delta_1.*step(z)",
            "grad(J, U) = delta_1*h'", "grad(J, W) = delta_2*x'", "grad(J, x) = W'*delta_2",
        ),
    ),
    "004: problem 4 (b), signals as rows": Listing(
        SOFTMAX, ("U", "W", "x"),
        (
            "delta_1 = d(J)/d(theta) = (yhat - y)'", "delta_2 = d(J)/d(z) = delta_1*U.*step(z)'",
            "d(J)/d(U) = delta_1'*h'", "d(J)/d(W) = delta_2'*x'", "d(J)/d(x) = delta_2*W",
        ),
        "derivative",
    ),
    "002: one hidden layer": Listing(
        HIDDEN, ("W", "b", "x"),
        (
            "delta = d(s)/d(z) = u'.*f'(z)'",
            "d(s)/d(W) = delta'*x'", "d(s)/d(b) = delta", "d(s)/d(x) = delta*W",
        ),
        "derivative",
    ),
    "003: the batch network": Listing(
        program("batch-network"), ("x", "W_1", "b_1", "W_2", "b_2"),
        (
            "delta_1 = grad(Loss, z_2) = 2*(z_2 - y)/N", "delta_2 = grad(Loss, h_1) = delta_1*W_2'.*(z_1.*(1 - z_1))",
            "grad(Loss, x) = delta_2*W_1'", "grad(Loss, W_1) = x'*delta_2", "grad(Loss, b_1) = sum(delta_2, 0)'",
            "grad(Loss, W_2) = z_1'*delta_1", "grad(Loss, b_2) = sum(delta_1, 0)'",
        ),
    ),
    "004: problem 2 (a)": Listing(
        program("linear-layer"), ("X", "W"), ("grad(J, X) = d(L)/d(Y)*W'", "grad(J, W) = X'*d(L)/d(Y)")
    ),
}  # fmt: skip


def backprop(case: Listing) -> Any:
    return matcalc.derive(case.source, wrt=list(case.wrt), **case.options).backpropagation(case.signals)


@pytest.mark.parametrize("case", LISTINGS.values(), ids=LISTINGS.keys())
def test_signals_and_gradients_are_those_of_the_lecture(case: Listing) -> None:
    listing = backprop(case)
    found = [equation.text for equation in (*listing.signals, *listing.gradients)]
    assert sorted(map(compact, found)) == sorted(map(compact, case.equations))
    assert {verdict.verdict for verdict in listing.verify().values()} == {"proved"}


#: The local derivatives of 004, problem 4, and of 003, where a lecture writes one sample for what is a tensor.
LOCAL = {
    "004: problem 4 (b), signals as rows": (
        "d(theta)/d(h) = U", "d(h)/d(z) = diag(step(z))", "d(z)/d(x) = W", "d(yhat)/d(theta) = diag(yhat) - yhat*yhat'",
        "d(vec(theta))/d(vec(U)) = kron(h', eye(C))", "d(vec(z))/d(vec(W)) = kron(x', eye(M))",
    ),
    "002: one hidden layer": (
        "d(s)/d(h) = u'", "d(h)/d(z) = diag(f'(z))", "d(z)/d(b) = eye(m)", "d(z)/d(x) = W",
        "d(z)/d(W) = [i,k,l: delta(i,k)*x[l]]",
    ),
    "003: the batch network": (
        "d(Loss)/d(z_2) = 2*(z_2 - y)/N",
        "d(z_2)/d(W_2) = [p,q,i,j: delta(j,q)*z_1[p,i]]", "d(z_2)/d(b_2) = [i,j,k: delta(j,k)]",
        "d(z_2)/d(z_1) = [p,q,i,j: delta(i,p)*W_2[j,q]]",
        "d(vec(z_1))/d(vec(h_1)) = diag(vec(z_1.*(1 - z_1)))",
        "d(h_1)/d(W_1) = [p,q,i,j: delta(j,q)*x[p,i]]", "d(h_1)/d(b_1) = [i,j,k: delta(j,k)]",
        "d(h_1)/d(x) = [p,q,i,j: delta(i,p)*W_1[j,q]]",
    ),
    "004: problem 2 (a)": ("d(vec(Y))/d(vec(X)) = kron(W', eye(N))", "d(vec(Y))/d(vec(W)) = kron(eye(M), X)"),
}  # fmt: skip


@pytest.mark.parametrize("name", LOCAL)
def test_local_derivatives_are_those_of_the_lecture(name: str) -> None:
    found = {compact(equation.text) for equation in backprop(LISTINGS[name]).local}
    assert set(map(compact, LOCAL[name])) <= found


#: 000 and 001 (19)-(26): f_0 = x and f_k = sigma(A_(k-1) f_(k-1) + b_(k-1)), with the squared loss.
LAYERS = """
f[0]: vector(n[0])
y: vector(n[K])
for k in 1..K
    A[k-1]: matrix(n[k], n[k-1])
    b[k-1]: vector(n[k])
    z[k] = A[k-1]*f[k-1] + b[k-1]
    f[k] = sigmoid(z[k])
L = norm2(y - f[K])^2
"""


@pytest.mark.parametrize("layers", [5, 12])
def test_the_recursion_over_the_layers_is_that_of_000_and_001(layers: int) -> None:
    """What was found for layer k + 1 is used for layer k; each layer's parameters take the signal of its own."""
    names = [f"{letter}_{k}" for k in range(layers) for letter in "Ab"]
    listing = matcalc.derive(LAYERS, wrt=names, given={"K": layers}).backpropagation("derivative")
    text = compact(listing.text)
    last = f"delta_{layers} = d(L)/d(z_{layers}) = -2*((y - f_{layers})'.*f_{layers}'.*(1 - f_{layers})')"
    down = f"for k in {layers - 1}..1: delta[k] = d(L)/d(z[k]) = delta[k+1]*A[k].*f[k]'.*(1 - f[k])'"
    assert compact(last) in text
    assert compact(down) in text
    gradients = {compact(equation.text) for equation in listing.gradients}
    assert gradients == {
        compact(line)
        for k in range(layers)
        for line in (f"d(L)/d(A_{k}) = delta_{k + 1}'*f_{k}'", f"d(L)/d(b_{k}) = delta_{k + 1}")
    }


# ---- Computation graphs and the modes of automatic differentiation --------------------------------------------------


def section(made: Computation, title: str) -> list[str]:
    """The lines of a section of what a computation prints, each step of a chain of equalities a line."""
    _, _, rest = made.text.partition(f"{title}:\n")
    lines = rest.partition("\n\n")[0].splitlines()
    return [compact(line) for line in lines]


GRAPH = [
    "a = x^2 scalar", "b = exp(a) scalar", "c = a + b scalar", "d = sqrt(c) scalar", "e = cos(c) scalar", "f = d + e scalar",
]  # fmt: skip
LOCAL_OF_GRAPH = [
    "da/dx = 2*x", "db/da = exp(a)", "dc/da = 1", "dc/db = 1", "dd/dc = 1/(2*sqrt(c))", "de/dc = -sin(c)",
    "df/dd = 1", "df/de = 1",
]  # fmt: skip
ADJOINTS = [
    "df/de = 1", "df/dd = 1",
    "df/dc = df/dd*dd/dc + df/de*de/dc", "= 1/(2*sqrt(c)) - sin(c)",
    "df/db = df/dc*dc/db", "= df/dc",
    "df/da = df/db*db/da + df/dc*dc/da", "= df/db*exp(a) + df/dc",
    "df/dx = df/da*da/dx", "= 2*x*df/da",
]  # fmt: skip


@pytest.mark.parametrize("source", [ROOT, "sqrt(x^2 + exp(x^2)) + cos(x^2 + exp(x^2))"], ids=["values", "one line"])
def test_the_graph_of_000_and_001_with_its_adjoints(source: str) -> None:
    """000, and 001 (30)-(50): a to f, each local derivative, and the adjoints in the order in which they are computed."""
    made = computation(source, wrt="x", declare=[] if source == ROOT else ["x: scalar"])
    assert section(made, "values") == list(map(compact, GRAPH))
    assert section(made, "local derivatives") == list(map(compact, LOCAL_OF_GRAPH))
    assert section(made, "adjoints, in the order in which they are computed") == list(map(compact, ADJOINTS))


CHAIN = "a = f(x)\nb = g(a)\ny = h(b)"
CHAINED = ["x: scalar", "f: function", "g: function", "h: function"]


def test_reverse_and_forward_mode_of_001() -> None:
    """(28) begins with dy/db*db/da, (29) with db/da*da/dx."""
    reverse, forward = (computation(CHAIN, wrt="x", declare=CHAINED, mode=mode) for mode in ("reverse", "forward"))
    assert section(reverse, "adjoints, in the order in which they are computed")[1::2] == [
        "dy/da=dy/db*db/da", "dy/dx=dy/da*da/dx",
    ]  # fmt: skip
    assert section(forward, "tangents by x, in the order in which they are computed")[1::2] == [
        "db/dx=db/da*da/dx", "dy/dx=dy/db*db/dx",
    ]  # fmt: skip


# ---- Taylor series of 001 -------------------------------------------------------------------------------------------

POINT = ("x: scalar", "x_0: scalar")
EXPANSIONS = {
    "(12), degree 3": ("f(x)", "x_0", 3, (*POINT, "f: function"),
                       "f(x_0) + delta*f'(x_0) + delta^2*f''(x_0)/2 + delta^3*f'''(x_0)/6"),
    "(13), x_0 = 0": ("sin(x)", "0", 5, ("x: scalar",), "x - x^3/6 + x^5/120"),
    "(53)": ("A*x + b", "x_0", 1, (), "A*x_0 + b + A*delta"),
    "(53), a gradient": ("x'*A*x", "x_0", 1, (), "x_0'*A*x_0 + x_0'*(A + A')*delta"),
    "(57), n = 2": ("x'*A*x", "x_0", 2, (), "x_0'*A*x_0 + x_0'*(A + A')*delta + delta'*(A + A')*delta/2"),
}  # fmt: skip


@pytest.mark.parametrize("case", EXPANSIONS.values(), ids=EXPANSIONS.keys())
def test_taylor_polynomials_are_those_of_001(case: tuple[str, str, int, tuple[str, ...], str]) -> None:
    source, at, order, declare, expected = case
    found = matcalc.taylor(source, "x", at, order, declare=list(declare))
    assert compact(found.text) == compact(expected)
    assert found.where == ({"delta": f"x - {at}"} if at != "0" else {})


def test_terms_of_001_for_a_function_of_a_vector() -> None:
    """(58) to (61): each term contracts a tensor with as many deltas, the third one three of them."""
    vectors = ["x: vector(D)", "x_0: vector(D)", "delta: vector(D)"]
    found = matcalc.taylor("sum(exp(x))", "x", "x_0", 3, declare=vectors[:2])
    assert [compact(tensor) for tensor in found.tensors] == [
        compact("exp(x_0)'"), compact("diag(exp(x_0))"), compact("[i,j,k: delta(i,j)*delta(i,k)*exp(x_0[i])]"),
    ]  # fmt: skip
    first, second, third = (to_text(term.form) for term in found.terms[1:])
    named = [f"{name} = {text}" for name, text in found.where.items() if name != "delta"]
    gradient, hessian = "grad(sum(exp(x_0)), x_0)", "hessian(sum(exp(x_0)), x_0)"
    cube = f"sum[i,j,k: jacobian({hessian}, x_0)[i,j,k]*delta[i]*delta[j]*delta[k]]"
    for claim in (f"{first} = {gradient}'*delta", f"{second} = delta'*{hessian}*delta/2", f"{third} = {cube}/6"):
        assert matcalc.verify(claim, declare=vectors, where=named).verdict == "proved", claim
