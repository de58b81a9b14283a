"""Matrices whose entries are tied: the mask of a triangle, and derivatives along the directions that a tie leaves.

The entries of a matrix X that is declared symmetric cannot move alone.  A structured derivative by X takes the tied
entries together: its entry (k, l) is the derivative along S^kl = dX/dX_kl, and so follows from the one by independent
entries, G_kl = ∂F/∂X_kl (The Matrix Cookbook (2012), section 2.8, equations (133) to (143)):

    X           S^kl = dX/dX_kl                 derivative
    symmetric   E_kl + E_lk - δ_kl E_kl         G_kl + G_lk - δ_kl G_kl
    skew        E_kl - E_lk                     G_kl - G_lk
    diagonal    δ_kl E_kl                       δ_kl G_kl
    lower       L_kl E_kl                       L_kl G_kl
    upper       L_lk E_kl                       L_lk G_kl

L is the mask tril(ones(m, n)), 1 where k >= l and else 0.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import reduce
from operator import add

from matcalc.errors import UnsupportedError
from matcalc.expr import Add, Apply, Node, ones, zero
from matcalc.tensor import Tensor, contract, delta, matrix_function

__all__ = ["is_mask", "lower", "upper", "tied"]

#: Properties of a variable that tie its entries in a way that no direction for each entry can say.
CURVED = ("orthogonal", "simplex")
#: A sum of at most this many terms is mirrored term by term.
SHORT = 3


def lower_mask(X: Tensor) -> Tensor:
    """L_ij = 1 where i >= j, else 0, of the shape of a matrix: the constant tril(ones(m, n)), the core's only triangle."""
    return matrix_function("tril", Tensor(ones(X.node.shape[X.node.order - sum(X.groups) :]), X.groups))


def is_mask(node: Node) -> bool:
    """True for the mask of a lower triangle."""
    return isinstance(node, Apply) and node.name == "tril" and node.operands[0] is ones(node.shape)


def lower(X: Tensor) -> Tensor:
    """The lower triangle of a matrix with the diagonal, L_ij X_ij."""
    return contract("ij,ij->ij", lower_mask(X), X)


def upper(X: Tensor) -> Tensor:
    """The upper triangle of a matrix with the diagonal, L_ji X_ij."""
    return transposed(lower(transposed(X)))


def transposed(X: Tensor) -> Tensor:
    """The transpose of a matrix."""
    return contract("ij->ji", X)


def diagonal(X: Tensor) -> Tensor:
    """The diagonal of a square matrix, all else 0: δ_ij X_ij."""
    return contract("ij,ij->ij", delta(X), X)


def tied(G: Tensor, properties: Collection[str]) -> Tensor:
    """The derivative by a variable with these properties whose tied entries move together.

    `G` is the derivative by its independent entries; what is differentiated has its axes among the free indices of `G`.
    Several properties hold together: symmetric and lower is diagonal, skew and diagonal is zero.  Raises
    UnsupportedError for an orthogonal variable and for a simplex, whose entries are tied all together.
    """
    given = set(properties)
    for name in CURVED:
        if name in given:
            message = f"there is no structured derivative by a variable that is {name}: its entries are tied all together"
            raise UnsupportedError(message)
    symmetric, skew = bool(given & {"symmetric", "positive-definite"}), "skew" in given
    triangles = given & {"lower", "upper"}
    if "diagonal" in given or (triangles and (symmetric or skew)):
        given, triangles = given | {"diagonal"}, set()
    if skew and (symmetric or "diagonal" in given):
        return Tensor(zero(G.node.shape), G.groups, G.indices)
    if "diagonal" in given:
        return diagonal(G)
    if symmetric or skew:
        parts = [Tensor(node, G.groups, G.indices) for node in terms(G.node)]
        return reduce(add, [T + transposed(T) - diagonal(T) if symmetric else T - transposed(T) for T in parts])
    return triangular(G, triangles)


def terms(node: Node) -> Sequence[Node]:
    """The terms of a short sum, so that what is symmetric among them is seen; else the node alone."""
    return node.operands if isinstance(node, Add) and len(node.operands) <= SHORT else (node,)


def triangular(G: Tensor, triangles: Collection[str]) -> Tensor:
    """The entries of the triangles that are given, the others 0; of both triangles of a square matrix the diagonal."""
    own = G.node.shape[G.node.order - sum(G.groups) :]
    if len(triangles) == 2 and own[: len(own) // 2] == own[len(own) // 2 :]:
        return diagonal(G)
    if "lower" in triangles:
        G = lower(G)
    return upper(G) if "upper" in triangles else G
