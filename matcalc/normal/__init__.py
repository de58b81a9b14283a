"""The normal form of core nodes: equal expressions, as far as the rules go, become one node.

A node is laid open to a sum of terms, a term to a number times powers of atoms at indices:

    3 · x_i^2 · A_ij · inv(S)_jk · (Σ_l y_l)^-1

    naming       the names of bound indices: every term has one way to be written
    symmetry     what permutations of its axes an atom allows
    ring         sums, products and powers of such polynomials
    reducing     the rules that every term obeys: deltas, equal factors, sums without free indices
    matching     where the left side of a rule stands in a term
    atoms        functions as atoms, apart in the cases of deltas and signs
    powers, functions, positivity    exp of a sum, log of a product, roots, relu by sign, and which signs are known
    settling     powers of sums, signs and angles within a term
    paths, inverses, determinants    products of matrices
    normalize    the pass over a graph of nodes
    clearing, signs                  a difference multiplied by what stands inverted in it, and by cases of a sign
    assuming, domain                 what is given, and what follows from logarithms and roots being defined
    entries      every entry of a node at given sizes
    laws         the laws by name

Every rule keeps the value wherever the left side has one; the right side may be defined at more points.  So if the two
sides of a claim have one normal form, they are equal wherever both are defined.  The exceptions are named where they
stand.  A rule that would have to guess does not fire, and a budget bounds the work: both only weaken a verdict.
"""

from matcalc.normal.budget import Budget, BudgetExceeded
from matcalc.normal.normalize import Normalizer

__all__ = ["Budget", "BudgetExceeded", "Normalizer"]
