"""Backpropagation: what is listed reads as the lectures do, holds as claims, and has the values of the gradients."""

from __future__ import annotations

import json
import time
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner
from interpreter import Reading, differences

import matcalc
from matcalc.__main__ import main
from matcalc.backprop import Backprop, Equation
from matcalc.backprop.runs import Run, found_runs
from matcalc.build import negate
from matcalc.errors import UnsupportedError
from matcalc.inference import infer
from matcalc.notation.text import to_text
from matcalc.operation import operations
from matcalc.parser import parse_program
from matcalc.signals.naming import signal_names

#: Source 004, problem 4.
NETWORK = """
W: matrix(M, D)
U: matrix(C, M)
x: vector(D)
y: vector(C) simplex
z = W*x
h = relu(z)
theta = U*h
yhat = softmax(theta)
J = crossentropy(y, yhat)
"""
#: Source 003.
BATCH = """
x: matrix(N, D); y: matrix(N, K); W1: matrix(D, H); W2: matrix(H, K); b1: vector(H); b2: vector(K)
h1 = x*W1 + b1'
z1 = sigmoid(h1)
z2 = z1*W2 + b2'
Loss = norm2(z2 - y)^2/N
"""
#: Source 002.
PERCEPTRON = """
u: vector; f: function
z = W*x + b
h = f(z)
s = u'*h
"""
#: Source 004, problem 2.
LAYER = """
L(Y): scalar
Y = X*W
L
"""
#: One sample as a row, as many programs have it.
ROW = """
x: vector; y: vector; b: vector
h = x'*W + b'
a = tanh(h)
p = a*V
J = norm2(p - y')^2
"""


def deep(layers: int) -> str:
    """A network of so many layers, with softmax cross-entropy (sources 000 and 001)."""
    return "\n".join([
        "x: vector(n_0); y: vector simplex",
        *(f"W_{k}: matrix(n_{k}, n_{k - 1}); b_{k}: vector(n_{k})" for k in range(1, layers + 1)),
        "h_0 = x",
        *(f"z_{k} = W_{k}*h_{k - 1} + b_{k}; h_{k} = tanh(z_{k})" for k in range(1, layers + 1)),
        f"J = crossentropy(y, softmax(h_{layers}))",
    ])  # fmt: skip


def parameters(layers: int) -> list[str]:
    """Its weights and biases."""
    return [f"{word}_{k}" for k in range(1, layers + 1) for word in "Wb"]


def listing(source: str, *names: str, signals: str = "gradient", **options: object) -> Backprop:
    """The backpropagation by some names."""
    return matcalc.derive(source, list(names), **options).backpropagation(signals)  # type: ignore[no-any-return, arg-type]


def sections(found: Backprop, **options: bool) -> dict[str, list[str]]:
    """The lines of each section of the text."""
    blocks = [block.split("\n") for block in found.to_text(**options).split("\n\n")]
    return {heading.removesuffix(":"): [line[2:] for line in lines] for heading, *lines in blocks}


def verdicts(found: Backprop, *, local: bool = False) -> dict[str, str]:
    """What is not proved."""
    return {text: v.verdict for text, v in found.verify(local=local).items() if v.verdict != "proved"}


# ---- As the lectures have it -------------------------------------------------------------------------------------------


def test_relu_softmax_network_with_gradients() -> None:
    found = listing(NETWORK, "U", "W", "x")
    assert sections(found) == {
        "forward": ["z = W*x", "h = relu(z)", "theta = U*h", "yhat = softmax(theta)", "J = crossentropy(y, yhat)"],
        "signals": ["delta_1 = grad(J, theta) = yhat - y", "delta_2 = grad(J, z) = U'*delta_1.*step(z)"],
        "gradients": ["grad(J, U) = delta_1*h'", "grad(J, W) = delta_2*x'", "grad(J, x) = W'*delta_2"],
    }
    assert verdicts(found, local=True) == {}


def test_relu_softmax_network_with_signals_that_are_rows() -> None:
    """Source 004: delta_1 = (yhat - y)', delta_2 = delta_1 U o ReLU'(z)', dJ/dU = delta_1' h', dJ/dW = delta_2' x'."""
    found = listing(NETWORK, "U", "W", "x", signals="derivative")
    assert sections(found)["signals"] == [
        "delta_1 = d(J)/d(theta) = (yhat - y)'",
        "delta_2 = d(J)/d(z) = delta_1*U.*step(z)'",
    ]
    assert sections(found)["gradients"] == [
        "d(J)/d(U) = delta_1'*h'",
        "d(J)/d(W) = delta_2'*x'",
        "d(J)/d(x) = delta_2*W",
    ]
    assert verdicts(found) == {}


def test_in_denominator_layout_both_kinds_of_signals_are_columns() -> None:
    gradients = sections(listing(NETWORK, "W", "x", layout="denominator"))
    derivatives = sections(listing(NETWORK, "W", "x", layout="denominator", signals="derivative"))
    assert gradients["signals"][1] == "delta_2 = grad(J, z) = U'*delta_1.*step(z)"
    assert derivatives["signals"][1] == "delta_2 = d(J)/d(z) = U'*delta_1.*step(z)"
    assert derivatives["gradients"] == ["d(J)/d(W) = delta_2*x'", "d(J)/d(x) = W'*delta_2"]


def test_batch_network_with_all_local_and_all_full_gradients() -> None:
    """Source 003; the biases are rows that are added to each sample, so their gradients are sums over the samples."""
    found = listing(BATCH, "x", "W1", "b1", "W2", "b2", signals="derivative")
    assert sections(found, local=True) == {
        "forward": ["h1 = x*W1 + b1'", "z1 = sigmoid(h1)", "z2 = z1*W2 + b2'", "Loss = norm2(z2 - y)^2/N"],
        "local": [
            "d(h1)/d(x) = [p,q,i,j: delta(i,p)*W1[j,q]]",
            "d(vec(h1))/d(vec(x)) = kron(W1', eye(N))",
            "d(h1)/d(W1) = [p,q,i,j: delta(j,q)*x[p,i]]",
            "d(vec(h1))/d(vec(W1)) = kron(eye(H), x)",
            "d(h1)/d(b1) = [i,j,k: delta(j,k)]",
            "d(vec(h1))/d(vec(b1)) = kron(eye(H), ones(N))",
            "d(z1)/d(h1) = [p,q,i,j: delta(i,p)*delta(j,q)*z1[p,q]*(1 - z1[p,q])]",
            "d(vec(z1))/d(vec(h1)) = diag(vec(z1.*(1 - z1)))",
            "d(z2)/d(W2) = [p,q,i,j: delta(j,q)*z1[p,i]]",
            "d(vec(z2))/d(vec(W2)) = kron(eye(K), z1)",
            "d(z2)/d(b2) = [i,j,k: delta(j,k)]",
            "d(vec(z2))/d(vec(b2)) = kron(eye(K), ones(N))",
            "d(z2)/d(z1) = [p,q,i,j: delta(i,p)*W2[j,q]]",
            "d(vec(z2))/d(vec(z1)) = kron(W2', eye(N))",
            "d(Loss)/d(z2) = 2*(z2 - y)/N",
        ],
        "signals": [
            "delta_1 = d(Loss)/d(z2) = 2*(z2 - y)/N",
            "delta_2 = d(Loss)/d(h1) = delta_1*W2'.*(z1.*(1 - z1))",
        ],
        "gradients": [
            "d(Loss)/d(x) = delta_2*W1'",
            "d(Loss)/d(W1) = x'*delta_2",
            "d(Loss)/d(b1) = sum(delta_2, 0)",
            "d(Loss)/d(W2) = z1'*delta_1",
            "d(Loss)/d(b2) = sum(delta_1, 0)",
        ],
    }
    assert verdicts(found, local=True) == {}


def test_perceptron_with_an_unknown_function() -> None:
    """Source 002: delta = u' o f'(z)', and the three gradients; its misprints are in the identities."""
    found = listing(PERCEPTRON, "b", "W", "x", "u", signals="derivative")
    assert sections(found)["signals"] == ["delta = d(s)/d(z) = u'.*f'(z)'"]
    assert sections(found)["gradients"] == [
        "d(s)/d(b) = delta",
        "d(s)/d(W) = delta'*x'",
        "d(s)/d(x) = delta*W",
        "d(s)/d(u) = h'",
    ]
    assert sections(found, local=True)["local"] == [
        "d(z)/d(W) = [i,k,l: delta(i,k)*x[l]]",
        "d(vec(z))/d(vec(W)) = kron(x', eye(m))",
        "d(z)/d(x) = W",
        "d(z)/d(b) = eye(m)",
        "d(h)/d(z) = diag(f'(z))",
        "d(s)/d(u) = h'",
        "d(s)/d(h) = u'",
    ]
    assert verdicts(found, local=True) == {}


@pytest.mark.parametrize("source", [LAYER, "X: matrix(N, D); L(Y): scalar\nY = X*W\nJ = L"])
def test_an_unknown_loss_is_its_own_signal(source: str) -> None:
    found = listing(source, "X", "W", signals="derivative")
    loss = "L" if source is LAYER else "J"
    assert sections(found)["gradients"] == [f"d({loss})/d(X) = d(L)/d(Y)*W'", f"d({loss})/d(W) = X'*d(L)/d(Y)"]
    assert found.signals == ()
    assert verdicts(found, local=True) == {}


def test_a_row_of_features() -> None:
    gradients = listing(ROW, "W", "b", "V", "x")
    assert sections(gradients)["signals"] == [
        "delta_1 = grad(J, p) = 2*(p' - y)",
        "delta_2 = grad(J, h) = V*delta_1.*(1 - a.^2)'",
    ]
    derivatives = listing(ROW, "W", "b", "V", "x", signals="derivative")
    assert sections(derivatives)["signals"] == [
        "delta_1 = d(J)/d(p) = 2*(p - y')",
        "delta_2 = d(J)/d(h) = delta_1*V'.*(1 - a.^2)",
    ]
    assert sections(derivatives)["gradients"] == [
        "d(J)/d(W) = x*delta_2",
        "d(J)/d(b) = delta_2",
        "d(J)/d(V) = a'*delta_1",
        "d(J)/d(x) = delta_2*W'",
    ]
    assert verdicts(gradients, local=True) == verdicts(derivatives, local=True) == {}


def test_latex_of_the_network() -> None:
    assert listing(NETWORK.replace("yhat", "y_hat"), "U", "W", "x", signals="derivative").latex("plain", "T") == "\n".join([
        r"\begin{align*}",
        r"z &= W x \\",
        r"h &= \operatorname{relu}(z) \\",
        r"\theta &= U h \\",
        r"\hat{y} &= \operatorname{softmax}(\theta) \\",
        r"J &= \operatorname{crossentropy}(y, \hat{y}) \\",
        r"\delta_{1} = \frac{\partial J}{\partial \theta} &= (\hat{y} - y)^{T} \\",
        r"\delta_{2} = \frac{\partial J}{\partial z} &= \delta_{1} U \odot \operatorname{step}(z)^{T} \\",
        r"\frac{\partial J}{\partial U} &= \delta_{1}^{T} h^{T} \\",
        r"\frac{\partial J}{\partial W} &= \delta_{2}^{T} x^{T} \\",
        r"\frac{\partial J}{\partial x} &= \delta_{2} W",
        r"\end{align*}",
    ])  # fmt: skip


def test_a_gradient_that_is_no_derivative_in_the_layout_is_written_with_nabla() -> None:
    assert r"\boldsymbol{\delta}_{2} = \nabla_{\mathbf{z}} J &=" in listing(NETWORK, "W").latex()
    assert r"\boldsymbol{\delta}_{2} = \frac{\partial J}{\partial \mathbf{z}} &=" in listing(
        NETWORK, "W", layout="denominator"
    ).latex()


# ---- Many layers -------------------------------------------------------------------------------------------------------


def test_the_general_recursion() -> None:
    found = listing(deep(64), *parameters(64))
    assert sections(found) == {
        "forward": [
            "h_0 = x",
            "for k in 1..64:",
            "  z[k] = W[k]*h[k-1] + b[k]",
            "  h[k] = tanh(z[k])",
            "J = crossentropy(y, softmax(h_64))",
        ],
        "signals": [
            "delta_64 = grad(J, z_64) = (softmax(h_64) - y).*(1 - h_64.^2)",
            "for k in 63..1: delta[k] = grad(J, z[k]) = W[k+1]'*delta[k+1].*(1 - h[k].^2)",
        ],
        "gradients": [
            "for k in 1..64:",
            "  grad(J, W[k]) = delta[k]*h[k-1]'",
            "  grad(J, b[k]) = delta[k]",
        ],
    }
    latex = found.latex()
    assert (
        r"\boldsymbol{\delta}_{k} = \nabla_{\mathbf{z}_{k}} J &= \mathbf{W}_{k+1}^\top \boldsymbol{\delta}_{k+1}"
        r" \odot (1 - \mathbf{h}_{k}^{\odot 2}), \quad k = 63, \ldots, 1 \\"
    ) in latex
    assert r"\nabla_{\mathbf{b}_{k}} J &= \boldsymbol{\delta}_{k}, \quad k = 1, \ldots, 64" in latex


def test_loops_say_what_the_equations_say() -> None:
    """The program with its loops is read, and each right side is that of the equation of its name."""
    found = listing(deep(7), *parameters(7))
    program = parse_program(found.program)
    assert "for k in 6..1: delta[k] = W[k+1]'*delta[k+1].*(1 - h[k].^2)" in found.program
    assert list(program.assignments) == [equation.name for equation in found]
    for equation in found:
        assert to_text(program.assignments[equation.name]) == equation.line.partition(" = ")[2]


def test_every_layer_stands_for_itself_on_demand() -> None:
    found = listing(deep(7), *parameters(7))
    lines = sections(found, unrolled=True)
    assert [len(lines[part]) for part in ("forward", "signals", "gradients")] == [16, 7, 14]
    assert lines["signals"] == [equation.text for equation in found.signals]
    assert found.latex(unrolled=True).count("&=") == len(found.equations) == 37


def test_64_layers_are_quick_and_the_length_is_that_of_the_program() -> None:
    start = time.perf_counter()
    found = listing(deep(64), *parameters(64))
    assert found.text.count("\n") < 20
    assert found.latex().count("\n") < 20
    assert time.perf_counter() - start < 2.0
    assert len(found.equations) == 2 * 64 + 2 + 64 + 2 * 64
    lengths = [len(listing(deep(n), *parameters(n)).to_text(unrolled=True)) for n in (20, 40, 80)]
    assert lengths[2] - lengths[1] == pytest.approx(2 * (lengths[1] - lengths[0]), rel=0.01)


def equations(*lines: str) -> list[Equation]:
    """Equations without claims."""
    program = infer(parse_program("\n".join(lines)))
    return [Equation(name, None, form) for name, form in program.assignments.items()]


@pytest.mark.parametrize(
    "lines",
    [
        [f"h_{k} = A*x_{k}" for k in (1, 2, 3)],  # three are told one by one
        [f"h_{k} = A*x_{k}" for k in (1, 3, 5, 7, 9)],  # steps of two are none of the language
        [f"h_{k} = A*x_{j}" for k, j in zip(range(1, 6), (1, 2, 3, 5, 6), strict=True)],
        [f"h_{k} = {'A' if k % 3 else 'B'}*x_{k}" for k in range(1, 6)],
        [f"h_{k} = A*h_{9 - k}" for k in range(5, 9)],  # numbers that run against each other
        [f"h{k} = A*x{k}" for k in range(1, 6)],  # not indexed
    ],
)
def test_what_is_no_run(lines: list[str]) -> None:
    assert not any(isinstance(item, Run) for item in found_runs(equations(*lines)))


def test_a_name_that_stays_is_no_name_that_moves() -> None:
    items = found_runs(equations("a_1 = x", *(f"h_{k} = W_1*W_{k}*a_1" for k in range(1, 7))))
    assert [type(item) for item in items] == [Equation, Equation, Run]  # where k = 1, W_1 would do both
    run = items[2]
    assert isinstance(run, Run)
    assert (run.first, run.last, sorted(run.moving)) == (2, 6, ["W_2", "h_2"])


def test_the_letter_of_a_loop_is_no_other_name() -> None:
    source = deep(5).replace("n_0", "k").replace("W_", "l_").replace("b_", "i_")
    found = listing(source, *(f"{word}_{k}" for k in range(1, 6) for word in "li"))
    assert "for j in 4..1: delta[j]" in found.text


# ---- Names of signals ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "taken", "expected"),
    [
        (["z"], ["x"], ["delta"]),
        (["theta", "z"], ["x"], ["delta_1", "delta_2"]),
        (["z_3", "z_2", "z_1"], ["x"], ["delta_3", "delta_2", "delta_1"]),
        (["p", "z_2", "z_1"], ["x"], ["delta_1", "delta_2", "delta_3"]),
        (["p", "z_4", "z_3", "z_2", "z_1"], [], ["delta_p", "delta_4", "delta_3", "delta_2", "delta_1"]),
        (["h_4", "z_4", "h_3", "h_2", "h_1"], [], ["delta_h_4", "delta_z_4", "delta_h_3", "delta_h_2", "delta_h_1"]),
        (["z"], ["delta_2"], ["signal"]),
        (["theta", "z"], ["delta", "signal"], ["signal1_1", "signal1_2"]),
        ([], [], []),
    ],
)
def test_names_of_signals(values: list[str], taken: list[str], expected: list[str]) -> None:
    assert signal_names(values, taken) == expected


def test_an_activation_is_what_keeps_its_shape() -> None:
    keep = {record.name for record in operations() if record.keeps_shape and not record.elementwise}
    assert keep == {"softmax", "logsoftmax"}  # inv, adj and tril are functions of the matrix as a whole


# ---- Numbers -------------------------------------------------------------------------------------------------------------

SIZES = {"M": 3, "D": 4, "C": 2, "N": 5, "H": 3, "K": 2, "n": 4, "m": 3, "p": 2, "q": 4, "r": 2}


@pytest.mark.parametrize("signals", ["gradient", "derivative"])
@pytest.mark.parametrize("layout", ["numerator", "denominator"])
@pytest.mark.parametrize("source", [NETWORK, BATCH, PERCEPTRON, ROW, deep(4)], ids=lambda source: source.split()[-1])
def test_the_program_computes_the_gradients(source: str, layout: str, signals: str) -> None:
    """The interpreter, which knows nothing of derivatives of ours, runs the listing; differences are the reference."""
    typed = infer(parse_program(source))
    names = [info.name for info in typed.variables.values() if info.kind != "function"]
    found = listing(source, *names, layout=layout, signals=signals)
    sizes = {d: SIZES.get(d, 2 + len(d) % 3) for d in typed.dimensions}
    random = np.random.default_rng(5)
    shapes = {name: tuple(sizes[d] for (d,) in typed.variables[name].shape) for name in names}
    arrays = {name: random.uniform(0.2, 1.0, shape) for name, shape in shapes.items()}
    if "y" in arrays and "simplex" in source:
        arrays["y"] /= arrays["y"].sum()
    program = infer(parse_program(found.program), layout=layout)
    reading, value = Reading(program), Reading(typed)
    for equation in found.gradients:
        kind, made = reading.kind_and_value(arrays, sizes, program.assignments[equation.name])
        form = typed.assignments[str(typed.output_name)]
        if equation.value == "y" and "simplex" in source:
            continue  # off the simplex the facts do not hold
        expected = differences(
            lambda at, name=equation.value, form=form: value.value({**arrays, name: at}, sizes, form), arrays[equation.value]
        )
        assert equation.left is not None
        assert kind == equation.left.kind
        np.testing.assert_allclose(made, expected, rtol=1e-6, atol=1e-8)


# ---- Soundness -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", [NETWORK, BATCH, PERCEPTRON, ROW])
def test_a_wrong_equation_is_refuted(source: str) -> None:
    typed = infer(parse_program(source))
    names = [info.name for info in typed.variables.values() if info.kind != "function"]
    found = listing(source, *names)
    for equation in (*found.signals, *found.gradients):
        wrong = replace(equation, right=negate(equation.right))
        assert wrong.verdict == "refuted", wrong.text
    for equation in found.local:
        twice = f"2*({equation.claim.partition(' = ')[2]})"
        assert equation.setting.decide(f"{equation.claim.partition(' = ')[0]} = {twice}").verdict == "refuted"


def test_the_output_and_assigned_names_are_names_to_differentiate_by() -> None:
    assert sections(listing(NETWORK, "J"))["gradients"] == ["grad(J, J) = 1"]
    found = listing(NETWORK, "W", "yhat", "J")
    assert sections(found)["signals"][:2] == ["delta_1 = grad(J, J) = 1", "delta_2 = grad(J, yhat) = -delta_1*(y./yhat)"]
    assert sections(found)["gradients"] == ["grad(J, W) = delta_4*x'", "grad(J, yhat) = delta_2", "grad(J, J) = delta_1"]
    assert verdicts(found) == {}


def test_another_name_of_a_variable_is_used_where_the_program_does() -> None:
    found = listing("h_0 = x\nz = W*h_0\nJ = sum(tanh(z)) + c'*x", "W", "c", "x")
    assert sections(found)["gradients"] == ["grad(J, W) = delta*h_0'", "grad(J, c) = x", "grad(J, x) = c + W'*delta"]
    assert verdicts(found) == {}


def test_arguments_of_activations_get_names() -> None:
    """Otherwise each gradient would hold the derivative of the function, which is computed once so."""
    found = listing("h_1 = x + U*gelu(W*x + b)\np = softmax(V*h_1)\nJ = crossentropy(y, p)", "U", "W", "b", "V", "x")
    assert sections(found)["forward"] == [
        "z_1 = W*x + b",
        "h_1 = x + U*gelu(z_1)",
        "z_p = V*h_1",
        "p = softmax(z_p)",
        "J = crossentropy(y, p)",
    ]
    assert [equation.name for equation in found.signals] == ["delta_1", "delta_2", "delta_3"]
    assert "grad(J, b) = delta_3" in sections(found)["gradients"]
    assert verdicts(found, local=True) == {}


def test_tied_entries_move_together() -> None:
    found = listing("W: matrix(n, n) symmetric\nz = W*x\nJ = z'*tanh(z)", "W", "x", structured=True)
    assert sections(found)["gradients"][0] == "grad(J, W) = delta*x' + x*delta' - diag(delta.*x)"
    assert verdicts(found) == {}


def test_compound_axes_are_told_by_entries() -> None:
    found = listing("x: vector(n*m)\nA: matrix(k, n*m)\nz = A*x\nJ = sum(tanh(z))", "A", "x")
    assert sections(found)["gradients"] == [
        "grad(J, A) = [i,(j,l): delta[i]*x[(j,l)]]",
        "grad(J, x) = [(i,j): sum[r: delta[r]*A[r,(i,j)]]]",
    ]
    assert verdicts(found) == {}


def test_a_name_that_the_output_does_not_depend_on() -> None:
    found = listing(NETWORK, "W", "Q")
    assert sections(found)["gradients"][1] == "grad(J, Q) = zeros(m, n)"
    assert "grad(J, Q) is zero" in found.notes


def test_a_value_that_the_output_does_not_use_is_no_name_for_a_part() -> None:
    found = listing("h = tanh(x)\ng = sigmoid(h)\nJ = sum(softplus(h))", "x")
    assert "g" not in [equation.name for equation in found.forward]
    assert sections(found)["signals"] == ["delta = grad(J, h) = sigmoid(h)"]
    assert verdicts(found) == {}


@pytest.mark.parametrize(
    ("source", "names", "words"),
    [
        ("z = A*x\nh = tanh(z)", ["A", "x"], "scalar output, not of a column"),
        ("z = A*x\nJ = z'*z", ["vec(A)", "x"], "a derivative by vec(X) is one of vec(E)"),
        ("L(Y, Z): scalar\nY = X*W\nZ = Y*A\nL", ["X", "W"], "has no notation"),
    ],
)
def test_what_has_no_listing(source: str, names: list[str], words: str) -> None:
    with pytest.raises(matcalc.MatcalcError, match=words.replace("(", r"\(").replace(")", r"\)")):
        listing(source, *names)


def test_there_are_two_kinds_of_signals() -> None:
    with pytest.raises(matcalc.MatcalcError, match="no signals `rows`"):
        listing(NETWORK, "W", signals="rows")


def test_derivatives_of_higher_order_have_no_listing() -> None:
    with pytest.raises(matcalc.MatcalcError, match="order 1"):
        listing(NETWORK, "W", "x", order=2)


# ---- The command line ------------------------------------------------------------------------------------------------------


def run(*arguments: str) -> str:
    result = CliRunner().invoke(main, ["derive", NETWORK, *arguments])
    assert result.exit_code == 0, result.output
    return result.output


def test_several_names_of_a_program_are_listed() -> None:
    printed = run("--wrt", "W", "--wrt", "x")
    assert printed.startswith(listing(NETWORK, "W", "x").text + "\n\nassumed: W: matrix(M, D);")
    assert "shape by W: (M, D)\nshape by x: (D), a column\n" in printed
    assert run("--wrt", "W", "--wrt", "x", "--emit", "latex") == listing(NETWORK, "W", "x").latex() + "\n"


def test_a_form_that_is_asked_for_is_expanded() -> None:
    assert run("--wrt", "W", "--wrt", "x", "--form", "matrix").startswith("by W:\nU'*(softmax(U*relu(W*x)) - y)")


def test_one_name_is_listed_on_demand() -> None:
    assert run("--wrt", "W").startswith("U'*(softmax")
    assert run("--wrt", "W", "--backprop").startswith("forward:\n  z = W*x\n")
    assert "delta_1 = d(J)/d(theta) = (yhat - y)'" in run("--wrt", "W", "--signals", "derivative")
    assert "local:\n  d(z)/d(W) = [i,k,l: delta(i,k)*x[l]]\n" in run("--wrt", "W", "--local")
    assert "shape by x: (D), a row" in run("--wrt", "x", "--signals", "derivative")


def test_json_has_the_listing_on_demand() -> None:
    one = json.loads(run("--wrt", "W", "--backprop", "--emit", "json"))
    assert one["wrt"] == "W"
    assert one["backprop"]["signals"][1]["text"] == "delta_2 = grad(J, z) = U'*delta_1.*step(z)"
    two = json.loads(run("--wrt", "W", "--wrt", "x", "--local", "--emit", "json"))
    assert [found["wrt"] for found in two["derivatives"]] == ["W", "x"]
    assert two["backprop"]["local"][0]["right"] == "[i,k,l: delta(i,k)*x[l]]"
    assert isinstance(json.loads(run("--wrt", "W", "--wrt", "x", "--emit", "json")), list)


@pytest.mark.parametrize("options", ["--backprop --emit numpy", "--local --form index", "--signals derivative --steps"])
def test_options_that_do_not_go_together(options: str) -> None:
    result = CliRunner().invoke(main, ["derive", NETWORK, "--wrt", "W", *options.split()])
    assert result.exit_code == 2
    assert f"{options.split()[0]} goes with" in result.output


def test_lines_fit_a_terminal() -> None:
    terms = (f"norm2(A_{k}*h - t_{k})^2*exp(norm2(C_{k}*D_{k}*E_{k}*F_{k}))" for k in range(3))
    source = f"h = tanh(W*x + b)\nJ = {' + '.join(terms)}"
    found = listing(source, *(f"{word}_{k}" for k in range(3) for word in "ACDEF"), "W", "x")
    assert max(map(len, found.to_text(local=True).split("\n"))) <= 79



DIFFERENTIATING = "x: scalar\nt = 2*x\nu = t^2\nJ = grad(u*t, t)*x"


def test_signals_do_not_pass_through_derivatives() -> None:
    """J = 12*x^3: a value that the inner derivative lets move cannot be held as a variable."""
    Ds = matcalc.derive(DIFFERENTIATING, wrt=["x"])
    with pytest.raises(UnsupportedError, match="takes derivatives itself"):
        _ = Ds.backprop
    assert Ds["x"].text == "36*x^2"
    assert Ds.function()(x=2.0)["x"] == 144
    assert all(verdict == "proved" for verdict in (step.verdict for step in Ds["x"].steps))
