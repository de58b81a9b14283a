"""Derivations step by step: each step is a claim that holds, they lead to the answer, and they go as a textbook goes."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise

import pytest
from click.testing import CliRunner
from corpus import TASKS
from tasks import derived, named

import matcalc
from matcalc.__main__ import main
from matcalc.differentiate import push
from matcalc.expr import Add, Node, Product
from matcalc.notation.text import to_text
from matcalc.operation import operations
from matcalc.steps import Step, Steps, expansion
from matcalc.steps.laws import LAWS, law_of
from matcalc.verification import verify

NETWORK = """
W: matrix(M, D)
U: matrix(C, M)
x: vector(D)
y: vector(C) simplex
z = W*x
h = relu(z)
theta = U*h
J = crossentropy(y, softmax(theta))
"""
BATCH = """
X: matrix(N, d); Y: matrix(N, k); W1: matrix(d, h); W2: matrix(h, k); b1: vector(h); b2: vector(k)
h1 = X*W1 + b1'
z1 = sigmoid(h1)
z2 = z1*W2 + b2'
L = norm2(z2 - Y)^2/N
"""
LAYER = """
u: vector; f: function
z = W*x + b
h = f(z)
s = u'*h
"""
UPSTREAM = """
L(Y): scalar
Y = X*W
L
"""
SCALAR = """
x: scalar
a = x^2
b = exp(a)
c = a + b
p = sqrt(c)
q = cos(c)
f = p + q
"""
SHAPES = {"proved", "proved-at-sizes"}


def steps(source: str, wrt: str, *declare: str, **options: object) -> Steps:
    """The steps of a derivative."""
    return matcalc.derive(source, wrt, declare=declare, **options).steps  # type: ignore[no-any-return]


def lines(found: Steps) -> list[str]:
    """The right side of each step with its rule; where a chain begins, its left side."""
    shown = []
    for step in found:
        shown += [] if step.continues else [" = ".join([step.defines] * bool(step.defines) + [to_text(step.left)])]
        shown.append(f"= {to_text(step.right)}  [{step.rule}]")
    return shown


# ---- Every step holds, and they lead to the answer ---------------------------------------------------------------------


@named(TASKS)
def test_every_step_holds_and_the_steps_end_in_the_answer(task) -> None:
    derivative = derived(task)
    found = derivative.steps
    assert {step.text: step.verdict for step in found if step.verdict not in SHAPES} == {}
    assert derivative.text in [to_text(step.right) for step in found]
    chains = pairwise(found)
    assert all(to_text(after.left) == to_text(before.right) for before, after in chains if after.continues)
    assert all(step.law for step in found)


def test_nearly_every_step_of_the_corpus_is_proved_for_all_sizes() -> None:
    found = [step for task in TASKS[::5] for step in derived(task).steps]
    assert sum(step.proved for step in found) >= 0.99 * len(found)


@pytest.mark.parametrize(("source", "wrt"), [("x'*A*x", "x"), ("B'*B", "B"), ("logdet(X)", "X"), (NETWORK, "W"), (BATCH, "b1")])
def test_a_step_with_another_sign_is_refuted(source: str, wrt: str) -> None:
    for step in steps(source, wrt):
        left, right = step.claim.split(" = ")
        wrong = f"[{right[1:].partition(':')[0]}: 1 + ({right.partition(':')[2][:-1]})]" if right[0] == "[" else f"-({right})"
        s = step.setting
        assert verify(f"{left} = {wrong}", s.declare, s.layout, s.where).verdict == "refuted"


def test_a_wrong_rule_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def forgetful(node: Node, tangents: dict[Node, Node], order: int) -> Node:
        made = push(node, tangents, order)
        return made.operands[0] if isinstance(node, Product) and isinstance(made, Add) else made

    monkeypatch.setattr(expansion, "push", forgetful)
    found = steps("x'*A*x", "x")
    wrong = next(step for step in found if step.rule == "product-rule")
    assert wrong.verdict == "refuted"
    assert "product-rule (refuted, not proved)" in found.text
    assert "each proved" not in found.text
    assert r"\text{product rule (refuted, not proved)}" in found.latex()


def test_a_step_that_is_no_claim_says_so() -> None:
    step = replace(steps("x'*A*x", "x")[0], claim="x'*A = A*x")
    assert (step.verdict, step.proved) == ("refuted", False)
    assert replace(step, claim="x*x = 1").verdict == "undecided"


# ---- As textbooks go -------------------------------------------------------------------------------------------------


def test_quadratic_form() -> None:
    assert lines(steps("x'*A*x", "x")) == [
        "d(x'*A*x)",
        "= dx'*A*x + x'*A*dx  [product-rule]",
        "= x'*(A + A')*dx  [collect]",
        "d(x'*A*x)/d(x)",
        "= x'*(A + A')  [identification]",
    ]


def test_facts_are_used_after_the_derivative() -> None:
    found = lines(steps("x'*A*x", "x", "A: matrix(n, n) symmetric"))
    assert found[-2:] == ["= x'*(A + A')  [identification]", "= 2*x'*A  [simplification]"]
    assert lines(steps("tr(K*A)", "K", "K: matrix(n, n) skew"))[-1] == "= A'  [identification]"


def test_determinant_and_inverse() -> None:
    assert lines(steps("logdet(X)", "X"))[:2] == ["d(logdet(X))", "= tr(inv(X)*dX)  [derivative-of-logdet]"]
    assert lines(steps("tr(inv(X)*A)", "X"))[1:4] == [
        "= tr(d(inv(X))*A)  [linearity]",
        "= -tr(inv(X)*dX*inv(X)*A)  [derivative-of-inv]",
        "= -tr(inv(X)*A*inv(X)*dX)  [collect]",
    ]
    assert lines(steps("inv(A)", "alpha", "A(alpha): matrix(m, m)")) == [
        "d(inv(A))/d(alpha)",
        "= -inv(A)*d(A)/d(alpha)*inv(A)  [derivative-of-inv]",
    ]


def test_matrix_by_matrix() -> None:
    assert lines(steps("B'*B", "B")) == [
        "d((B'*B)[p,q])/d(B[i,j])",
        "= d(sum[r: B[r,p]*B[r,q]])/d(B[i,j])  [entry]",
        "= sum[r: d(B[r,p])/d(B[i,j])*B[r,q]] + sum[r: B[r,p]*d(B[r,q])/d(B[i,j])]  [product-rule]",
        "= sum[r: delta(i,r)*delta(j,p)*B[r,q]] + sum[r: B[r,p]*delta(i,r)*delta(j,q)]  [derivative-of-an-entry]",
        "= delta(j,p)*B[i,q] + delta(j,q)*B[i,p]  [delta-contraction]",
        "= B[i,q] if j==p and p!=q else B[i,p] if j==q and p!=q else 2*B[i,q] if j==p and p==q else 0  [cases]",
        "d(B'*B)/d(B)",
        "= [p,q,i,j: delta(j,p)*B[i,q] + delta(j,q)*B[i,p]]  [tensor-form]",
        "d(vec(B'*B))/d(vec(B))",
        "= kron(B', eye(n))*commutation(m, n) + kron(eye(n), B')  [kronecker-form]",
    ]


def test_vector_by_vector_is_recognised_as_a_matrix() -> None:
    assert lines(steps("f(z)", "z", "f: function"))[-3:] == [
        "= f'(z[i]) if i==j else 0  [cases]",
        "d(f(z))/d(z)",
        "= diag(f'(z))  [matrix-form]",
    ]
    assert lines(steps("A*x", "x", layout="denominator"))[-1] == "= A'  [matrix-form]"


def test_second_derivative_follows_the_first() -> None:
    found = lines(steps("x'*A*x", "x", order=2))
    assert "= x'*(A + A')  [identification]" in found
    assert found[-2:] == ["hessian(x'*A*x, x)", "= A + A'  [matrix-form]"]


def test_tied_entries_are_a_step() -> None:
    found = steps("logdet(X)", "X", "X: matrix(n, n) symmetric", structured=True)
    assert lines(found)[-4:] == [
        "d(logdet(X))/d(X)",
        "= inv(X)'  [identification]",
        "d(logdet(X))/d(X)",
        "= 2*inv(X) - diag(diag(inv(X)))  [tied-entries]",
    ]
    assert [step.setting.structured for step in found[-2:]] == [False, True]
    assert found.proved


def test_constant() -> None:
    assert lines(steps("a'*b", "x", "x: vector(n)")) == ["d(a'*b)/d(x)", "= zeros(n)'  [constant]"]


# ---- Networks --------------------------------------------------------------------------------------------------------


def test_error_signals_of_a_classifier() -> None:
    assert lines(steps(NETWORK, "W")) == [
        "delta_1 = grad(J, theta)",
        "= sum(y)*softmax(theta) - y  [error-signal]",
        "= softmax(theta) - y  [simplification]",
        "delta_2 = grad(J, z)",
        "= U'*delta_1.*step(z)  [error-signal]",
        "d(J)/d(W)",
        "= delta_2*x'  [gradient-by-signals]",
        "= U'*(softmax(U*relu(W*x)) - y).*step(W*x)*x'  [substitution]",
    ]
    assert "= delta*h'  [gradient-by-signals]" in lines(steps(NETWORK, "U"))
    assert "= W'*delta_2  [gradient-by-signals]" in lines(steps(NETWORK, "x", layout="denominator"))


def test_error_signals_of_a_batch_network() -> None:
    found = lines(steps(BATCH, "b1"))
    assert found[:5] == [
        "delta_1 = grad(L, z2)",
        "= 2*(z2 - Y)/N  [error-signal]",
        "delta_2 = grad(L, h1)",
        "= delta_1*W2'.*(z1.*(1 - z1))  [error-signal]",
        "d(L)/d(b1)",
    ]
    assert found[5] == "= sum(delta_2, 0)  [gradient-by-signals]"
    assert "= X'*delta_2  [gradient-by-signals]" in lines(steps(BATCH, "W1"))


def test_error_signal_of_a_layer_and_of_an_unknown_loss() -> None:
    assert lines(steps(LAYER, "W"))[:4] == [
        "delta = grad(s, z)",
        "= u.*f'(z)  [error-signal]",
        "d(s)/d(W)",
        "= delta*x'  [gradient-by-signals]",
    ]
    assert "= X'*delta  [gradient-by-signals]" in lines(steps(UPSTREAM, "W"))


def test_scalar_program_has_a_signal_for_every_value() -> None:
    found = lines(steps(SCALAR, "x"))
    assert found[4:6] == ["delta_3 = grad(f, c)", "= delta_2/(2*sqrt(c)) - delta_1*sin(c)  [error-signal]"]
    assert found[8:10] == ["delta_5 = grad(f, a)", "= delta_3 + delta_4*exp(a)  [error-signal]"]


def test_a_value_that_is_used_twice_collects_what_both_pass_back() -> None:
    source = "A: matrix(n, n); x: vector(n)\nz = A*x\nu = z.*z\nv = A*u + z\nJ = sum(v) + z'*z"
    found = steps(source, "x")
    signal = next(step for step in found if to_text(step.left) == "grad(J, z)")
    assert found.proved
    assert to_text(signal.right) == "2*z + delta_1 + 2*(delta_2.*z)"


def test_claims_about_deep_networks_are_as_long_as_a_layer() -> None:
    layers = ["x0: vector(n); y: vector(n)"]
    for k in range(1, 13):
        layers += [f"z{k} = W{k}*{f'h{k - 1}' if k > 1 else 'x0'}", f"h{k} = tanh(z{k})"]
    found = steps("\n".join([*layers, "J = norm2(h12 - y)^2"]), "W1")
    inner = [step for step in found if step.rule == "error-signal"][1:]
    assert len(inner) == 11
    assert max(len(step.setting.where) for step in inner) <= 3
    assert all(step.proved for step in inner)


def test_names_of_signals_are_not_those_of_the_program() -> None:
    source = "delta: vector(n)\nz = A*delta\nw = B*z\nJ = w'*w"
    assert steps(source, "delta")[0].defines == "signal_1"
    assert steps(source, "delta").proved


# ---- What is printed -------------------------------------------------------------------------------------------------


def test_text_names_rules_and_says_what_is_proved() -> None:
    text = steps("x'*A*x", "x").text
    assert text.splitlines()[:3] == [
        "d(x'*A*x)",
        "  = dx'*A*x + x'*A*dx   product-rule",
        "  = x'*(A + A')*dx      collect",
    ]
    assert "3 steps, each proved" in text
    assert "product-rule    d(U*V) = dU*V + U*dV" in text


def test_latex_is_one_display() -> None:
    latex = steps("x'*A*x", "x").latex()
    assert latex.splitlines()[0] == r"\begin{align*}"
    assert latex.splitlines()[-1] == r"\end{align*}"
    assert latex.count("&=") == 3
    assert r"\mathrm{d}\mathbf{x}^\top" in latex
    assert r"\text{product rule}" in latex
    assert r"\mathbf" not in steps("x'*A*x", "x").latex(style="plain")


def test_json_of_a_step_is_a_claim_that_can_be_verified_again() -> None:
    for row in steps("crossentropy(y, softmax(theta))", "theta", "y: vector(C) simplex; theta: vector(C)").to_json():
        again = verify(row["claim"], row["declare"], row["layout"], row["where"], structured=row["structured"])
        assert again.verdict == row["verdict"] == "proved"


def test_every_rule_of_the_engine_has_a_law() -> None:
    differentiated = [record.name for record in operations() if record.derivative or record.jacobian]
    assert all(law_of(f"derivative-of-{name}").startswith("d(") for name in differentiated)
    assert law_of("derivative-of-inv") == "d(inv(U)) = -inv(U)*dU*inv(U)"
    assert all(LAWS.values())


def test_command_line() -> None:
    runner = CliRunner()
    result = runner.invoke(main, ["derive", "x'*A*x", "--wrt", "x", "--steps"])
    assert result.exit_code == 0
    assert "product-rule" in result.output
    assert "layout: numerator" in result.output
    result = runner.invoke(main, ["derive", "x'*A*x", "--wrt", "x", "--steps", "--emit", "json"])
    assert [step["rule"] for step in json.loads(result.output)["steps"]] == ["product-rule", "collect", "identification"]
    result = runner.invoke(main, ["derive", "x'*A*x", "--wrt", "x", "--steps", "--emit", "latex"])
    assert result.output.startswith(r"\begin{align*}")


@pytest.mark.parametrize("options", [["--emit", "numpy"], ["--form", "index"]])
def test_steps_with_other_forms_are_bad_usage(options: list[str]) -> None:
    result = CliRunner().invoke(main, ["derive", "x'*A*x", "--wrt", "x", "--steps", *options])
    assert result.exit_code == 2
    assert "--steps goes with" in result.output


def test_steps_are_a_sequence_of_steps() -> None:
    found = steps("x'*A*x", "x")
    assert all(isinstance(step, Step) for step in found)
    assert [step.rule for step in found[1:]] == ["collect", "identification"]
    assert found[0].text == "d(x'*A*x) = dx'*A*x + x'*A*dx"
    assert found[0].latex.startswith(r"\mathrm{d}(")


def test_claims_say_what_the_named_values_in_them_are() -> None:
    source = "omega: function; L(Y): scalar; X: matrix(m, n)\nY = omega(X)\nT = omega'(X)\nJ = L"
    found = steps(source, "X")
    assert "= delta.*T  [gradient-by-signals]" in lines(found)
    assert found.proved


def test_kronecker_product_by_a_scalar() -> None:
    found = steps("kron(X, Y)", "s", "s: scalar; X(s): matrix(m, n); Y(s): matrix(p, q)")
    assert lines(found)[:2] == ["d(kron(X, Y))/d(s)", "= kron(d(X)/d(s), Y) + kron(X, d(Y)/d(s))  [product-rule]"]
    assert found.proved


# ---- What was wrong before -------------------------------------------------------------------------------------------------

#: Programs whose names are those that derivations use, rows, compound axes, sizes that no variable has, tied entries.
FOUND = (
    ("signal_1 = A*x\ndelta_2 = B*signal_1\nJ = sum(delta_2.*delta_2)", "x", (), {}),
    ("y = x'*A\nz = y'\nJ = z'*z", "x", ("x: vector(n)",), {}),
    ("y = x'\nJ = y*A*x", "x", ("x: vector(n)",), {}),
    ("y = x'*A\nz = tanh(y)\nJ = z*z'", "y", ("x: vector(n)",), {}),
    ("y = kron(A, A)\nJ = sum(y)", "A", ("A: matrix(m, n)",), {}),
    ("y = vec(A)\nJ = y'*y", "A", ("A: matrix(m, n)",), {}),
    ("y = vec(A)\nJ = y'*y", "y", ("A: matrix(m, n)",), {}),
    ("y = [i,j,k: A[i,j]*x[k]]\nJ = sum[i,j,k: y[i,j,k]]", "x", ("A: matrix(m, n)",), {}),
    ("vec(X*X')'", "s", ("s: scalar", "X(s): matrix(m, n)"), {}),
    ("z = A*x\ng = d(z'*z)/d(x)\nJ = g*x", "x", ("A: matrix(n, n)",), {}),
    ("z = A*x\nu = z/N\nJ = u'*u", "x", ("X: matrix(N, d)", "x: vector(k)"), {}),
    ("q = X*w\nz = A*x\nu = z*N\nJ = u'*u + q'*q", "x", ("X: matrix(N, d)", "x: vector(k)"), {}),
    ("sum(ones(p, m), 1) + x'*B", "x", ("x: vector(n)", "B: matrix(n, p)"), {}),
    ("logdet(A)", "A", ("A: matrix(n, n) symmetric",), {"structured": True, "order": 2}),
    ("tr(A*A*A)", "A", ("A: matrix(n, n) skew",), {"structured": True, "order": 3}),
    ("B = A*A\nJ = tr(B*A) + x'*B*x", "A", ("A: matrix(n, n) symmetric",), {"structured": True}),
)


@pytest.mark.parametrize(("source", "wrt", "declare", "options"), FOUND, ids=[f"{f[0].splitlines()[0]}-{f[1]}" for f in FOUND])
def test_steps_that_were_wrong_before_hold(source: str, wrt: str, declare: tuple[str, ...], options: dict[str, object]) -> None:
    derivative = matcalc.derive(source, wrt, declare=declare, **options)
    assert {step.text: step.verdict for step in derivative.steps if step.verdict not in SHAPES} == {}
    assert derivative.text in [to_text(step.right) for step in derivative.steps]


def test_no_equality_joins_derivatives_by_free_and_by_tied_entries() -> None:
    for source in ("x'*A*x", "B = A*A\nJ = tr(B*A)"):
        found = steps(source, "A", "A: matrix(n, n) symmetric", structured=True)
        tied = next(step for step in found if step.rule == "tied-entries")
        assert not tied.continues
        assert tied.proved
    # By a variable whose entries are free there is nothing to tie.
    rules = [step.rule for step in steps("x'*A*x", "x", "A: matrix(n, n) symmetric", structured=True)]
    assert rules[-1] == "simplification"


def test_a_name_of_the_first_derivative_does_not_stand_for_another_value_in_the_second() -> None:
    source = "s = sum(sigmoid(X*w))\nJ = s*sum(tanh(X*w).^2)"
    first, second = (matcalc.derive(source, "w", order=order) for order in (1, 2))
    assert first.where["t"] != second.where["t"]
    found = second.steps
    earlier = next(step for step in found if step.rule == "substitution")
    assert "sum(tanh(X*w).^2)" in to_text(earlier.right)
    assert {key: to_text(form) for key, form in found.where.items()} == second.where
    kept = first.steps + first.steps
    assert to_text(kept[-1].right) == first.text


def test_a_simplification_is_claimed_as_it_is_shown() -> None:
    for source, wrt in (("x'*A*x", "x"), ("logdet(A)", "A"), ("exp(-s^2)*x", "s"), ("(x'*A*x)/(x'*x)", "x")):
        found = steps(source, wrt, "A: matrix(n, n) symmetric", "s: scalar", "x: vector(n)")
        simplified = [step for step in found if step.rule == "simplification"]
        assert [step.claim for step in simplified] == [step.text for step in simplified]


def test_what_does_not_move_stands_before_a_differential() -> None:
    assert lines(steps("u'*f(W*x + b)", "W", "f: function", "b: vector(m)"))[1:4] == [
        "= u'*d(f(W*x + b))  [linearity]",
        "= u'*(f'(W*x + b).*d(W*x + b))  [chain-rule]",
        "= u'*(f'(W*x + b).*(dW*x))  [linearity]",
    ]
    assert lines(steps("det(X)", "X"))[1] == "= det(X)*tr(inv(X)*dX)  [derivative-of-det]"
    assert lines(steps("f(a'*x)", "x", "f: function"))[1:3] == [
        "= f'(a'*x)*d(a'*x)  [chain-rule]",
        "= f'(a'*x)*a'*dx  [linearity]",
    ]
    assert law_of("derivative-of-sigmoid") == "d(sigmoid(u)) = sigmoid(u).*(1 - sigmoid(u)).*du"


def test_what_divides_stands_behind_the_differential() -> None:
    assert lines(steps("norm2(x)", "x"))[3] == "= x'*dx/norm2(x)  [collect]"
    assert lines(steps("norm2(X)", "X"))[3] == "= tr(X'*dX)/norm2(X)  [collect]"


def test_product_rule_is_written_term_by_term() -> None:
    assert "= A*(dX*B*X + X*B*dX)" not in "\n".join(lines(steps("tr(A*X*B*X*C)", "X")))
    assert lines(steps("tr(A*X*B*X*C)", "X"))[2] == "= tr(A*dX*B*X*C + A*X*B*dX*C)  [product-rule]"
    long = steps("tr(" + "*".join(f"A{k}*X" for k in range(30)) + ")", "X", "X: matrix(n, n)")
    rule = next(step for step in long if step.rule == "product-rule")
    assert to_text(rule.right).count("dX") == 30


def test_order_of_terms_alone_is_no_step() -> None:
    assert lines(steps("x.*(A*x)", "x"))[-1] == "= diag(x)*A + diag(A*x)  [matrix-form]"


def test_gates_are_called_by_their_names() -> None:
    source = "i = sigmoid(W*x + U*h)\ng = tanh(P*x + Q*h)\nc = i.*g\nJ = norm2(c - y)^2"
    found = steps(source, "W", "h: vector(k)", "x: vector(d)")
    assert "= delta_2.*i.*(1 - i)*x'  [gradient-by-signals]" in lines(found)
    assert found.proved


def test_the_differential_of_x_is_not_the_variable_dx() -> None:
    found = steps("x'*A*x + dx'*x", "x", "dx: vector(n)")
    assert lines(found)[2] == "= d(x)'*A*x + x'*A*d(x) + dx'*d(x)  [product-rule]"
    assert found.proved


def test_factors_taken_out_of_the_expression_are_no_step() -> None:
    found = steps("norm2(y - X*w)^2/2 + lambda*norm2(w)^2/2", "w")
    assert [step.rule for step in found] == ["linearity", "product-rule", "linearity", "collect", "identification"]
    assert lines(found)[1] == "= d(norm2(y - X*w)^2/2) + lambda*d(w'*w)/2  [linearity]"
    assert steps("norm1(A*x - b)", "x")[0].rule == "definition"


def test_the_latex_of_a_step_names_the_signal_that_it_defines() -> None:
    step = steps(NETWORK, "W")[0]
    assert step.latex.startswith(r"\boldsymbol{\delta}_{1} = \nabla_{\boldsymbol{\theta}} J = ")
    assert step.text.startswith("delta_1 = grad(J, theta) = ")
