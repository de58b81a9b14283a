"""The laws of the normal form by name, as `matcalc verify --explain` states them.

Each holds wherever its left side is defined; u, v stand for entries, A, B for matrices, S for a sum.
"""

from __future__ import annotations

__all__ = ["LAWS", "stated"]

LAWS = {
    "abs-by-sign": "|u| = u sign(u)",
    "addition-theorem": "sin(u + v) = sin u cos v + cos u sin v, and cos likewise",
    "adjugate-by-continuity": "adj(A) = det(A) inv(A), for singular A by continuity",
    "assumption": "an equation of `assume` as a rule",
    "cases-by-sign": "what holds for u > 0, for u < 0 and for u = 0 holds for all u",
    "clearing-denominators": "E = 0 if E S = 0, where 1/S occurs in E",
    "clearing-inverses": "E = 0 if S E = 0, where inv(S) occurs in E",
    "collect-terms": "distributivity: sums of products of entries, like terms together",
    "defined-sides": "where log(u) is defined u > 0, where sqrt(u) is, u >= 0",
    "delta-contraction": "sum_j delta(i, j) u_j = u_i",
    "determinant-lemma": "det(A + U V) = det(A) det(I + V inv(A) U)",
    "determinant-of-a-product": "det(A B) = det(A) det(B)",
    "determinant-of-inverse": "det(inv(A)) = 1/det(A)",
    "determinant-of-orthogonal": "det(Q)^2 = 1 for orthogonal Q",
    "determinant-of-triangular": "det(A) is the product of the diagonal, for diagonal and triangular A",
    "division-by-a-sum": "u S^q = S^(q+1) - v S^q for S = u + v",
    "exp-of-a-sum": "exp(u + v) = exp(u) exp(v)",
    "exp-of-log": "exp(c log u) = u^c",
    "function-of-a-delta": "f(delta(i, j) u + v) is f(u + v) where i = j, else f(v)",
    "function-of-a-sign": "f(sign(u)) is one of f(-1), f(0), f(1)",
    "inverse-cancels": "inv(S) S = S inv(S) = I, solved for the longest product in S",
    "inverse-of-a-product": "inv(A B) = inv(B) inv(A) for square A and B",
    "inverse-of-inverse": "inv(inv(A)) = A",
    "log-of-a-product": "log |u v| = log |u| + log |v|",
    "log-of-exp": "log(exp(u)) = u",
    "logsumexp-definition": "logsumexp(u) = log(sum_i exp(u_i))",
    "orthogonal": "Q'Q = Q Q' = I",
    "power-of-a-product": "(u v)^k = u^k v^k for whole k",
    "relu-by-sign": "relu(u) = (u + |u|)/2",
    "same-index-notation": "both sides are one expression in index notation",
    "sherman-morrison": "inv(A + u v') = inv(A) - inv(A) u v' inv(A)/(1 + v' inv(A) u)",
    "sigmoid-definition": "sigmoid(u) = exp(u)/(1 + exp(u))",
    "sign-of-a-positive": "sign(u) = 1 where u > 0",
    "sign-squared": "u sign(u)^2 = u",
    "sin-cos-squares": "sin(u)^2 + cos(u)^2 = 1",
    "softmax-definition": "softmax(u)_i = exp(u_i)/sum_j exp(u_j)",
    "sums-to-one": "sum_i y_i = 1 for y on the simplex",
    "tanh-definition": "tanh(u) = (exp(2 u) - 1)/(exp(2 u) + 1)",
}


def stated(law: str) -> str:
    """A law with its name in front."""
    return f"{law}: {LAWS[law]}"
