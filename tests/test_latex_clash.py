"""Names that look like entries, functions, constants or one another on paper: what is printed is read back as it was meant."""

from __future__ import annotations

import pytest
from test_latex_round_trip import STYLES, declarations, same

from matcalc.inference import infer
from matcalc.latex_reader import latex_claim
from matcalc.notation.latex import to_latex
from matcalc.operation import load_operations
from matcalc.parser import parse_program

load_operations()

CLASHES = (
    ("W_1: matrix(n, n); W1: matrix(n, n)", "W_1*W1"),
    ("A: matrix(n, n); Alpha: matrix(n, n)", "A*Alpha + Alpha'"),
    ("m_1: scalar; m1: scalar", "m_1*m1^2"),
    ("x_hat: vector(n); xhat: vector(n)", "2*x_hat + xhat"),
    ("x: vector(n); x_i: scalar", "sum[i: x[i]]*x_i"),
    ("x: vector(n); x_i: scalar", "[i: x[i]*x_i]"),
    ("x: vector(n); x_j: scalar", "sum[i: x[i]]*x_j"),
    ("X: matrix(n, n); x: vector(n)", "[i,j: X[i,j]*x[i]]"),
    ("delta: matrix(n, n)", "[i,j: delta(i,j)*delta[i,j]]"),
    ("delta: vector(n)", "[i,j: delta(i,j)*delta[i]]"),
    ("delta_1: vector(n)", "[i,j: delta(i,j)*delta_1[i]]"),
    ("sigma: scalar", "sigmoid(sigma)"),
    ("sigma: function; x: vector(n)", "sigma(x) + sigmoid(x)"),
    ("I: matrix(n, n)", "I*eye(n) + 2*I'"),
    ("K: matrix(3, 3)", "commutation(3, 1)*K"),
    ("J: scalar; x: vector(n); A: matrix(m, n)", "J*jacobian(A*x, x)"),
    ("T: matrix(n, n); x: vector(n)", "x'*T*x + sum((T')^2)"),
    ("d: scalar; e: scalar; x: vector(n)", "d*e^2*exp(e)*x"),
    ("f: function; g: scalar; x: vector(n)", "f(g)*g*(g + 1)*f'(x)"),
    ("loss: scalar; l: scalar; o: scalar; s: scalar", "loss*l*o*s"),
    ("alpha: scalar; beta: scalar", "abs(abs(alpha) - abs(beta))*abs(beta)"),
    ("alpha: scalar; beta: scalar", "alpha^(beta/2)*alpha^(-beta/2)*(alpha/beta)^2*alpha^beta^2"),
    ("x: vector(n)", "norm2(norm2(x)*x)*norm1(-x)"),
    ("x: vector(n)", "(2*sum[i: x[i]])*sum[j: x[j]]*3"),
    ("X: matrix(n, n)", "det(X)^-1*tr(X)^-1*log(det(X))*logdet(X)*abs(det(X))*log(abs(det(X)))"),
    ("X: matrix(m, n)", "-sum(-X, 1)/2 + mean(X.^2, 1)"),
    ("x: vector(n); L(x): scalar", "grad(L, x)'*hessian(L, x)*grad(L, x)*L"),
    ("x: vector(n); y: vector(m)", "kron(x, kron(y, x)) - 2*kron(kron(x, y), x)"),
    ("A: matrix(n, n); x: vector(n); s: scalar", "d(s*x'*A*x)/d(x)*A"),
)  # fmt: skip


@pytest.mark.parametrize(("declare", "source"), CLASHES, ids=[f"{source} with {declare}" for declare, source in CLASHES])
def test_names_that_clash_are_read_back(declare: str, source: str) -> None:
    program = infer(parse_program(source, [declare]))
    for style in STYLES:
        latex = to_latex(program.output, style, program.variables)
        (side, _), read, _ = latex_claim(f"{latex} = 0", declarations(program), [], layout=program.layout)
        typed = infer(read, layout=program.layout, extra=[side])
        assert same(program.output, program, typed.extra[0], typed), latex
