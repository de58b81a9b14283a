"""Typed forms: the matrix notation that people read, as a tree.

A `Form` is what the parser makes of a text (untyped: `kind` is None), what inference makes of that (typed), and what
raising makes of an index expression.  The notations print it, the numeric interpreter evaluates it.

Heads, a closed list.  `E` stands for a form, `s` for a scalar form, indices are names.

    head        args            value                       meaning
    number                      Fraction                    an exact number
    name                        str                         a variable, an assigned name, a dimension as a scalar, `pi`
    neg         E                                           -E
    add         E, E, ...                                   sum; a subtraction is the sum with a `neg`
    mul         E, E, ...                                   `*`: matrix products and scalings, a chain read from the left
    div         E, s                                        `E/s`
    times       E, F                                        `E.*F`, element by element with MATLAB's expansion
    rdiv        E, F                                        `E./F`
    kron        E, F                                        Kronecker product
    power       E, F                                        `E^F`: scalar power, integer power of a square matrix
    elpower     E, F                                        `E.^F`
    transpose   E                                           `E'`
    split       E               (int, ...)                  E with compound axes taken apart, so many parts of each;
                                                            stands below an entry only: E[(i,j),k]
    call        E, ...          str                         an operation of the registry by its name; the sizes of
                                                            `eye`, `ones`, `zeros`, `commutation` are arguments
                                                            (`number` or `name` forms, a `mul` of them for a compound
                                                            axis), the axis of `sum`, `mean` too (a `number`)
    unknown     E               (str, int)                  unknown function and order of its derivative: f''(E) is ("f", 2)
    entry       E               (index, ...)                E[i,j]; an index is a name or a positive int
    delta                       (index, index)              delta(i, j)
    tensor      s               (index, ...)                [i,j: s]
    bsum        s               (index, ...)                sum[i,j: s]
    join        T               (int, ...)                  [(i,j),k: s]: the axes of the tensor T joined to compound
                                                            axes, so many to each; the first one is the slowest
    cases       s, s            condition                   `s if condition else s`; a condition is a tuple:
                                                            ("==", i, j), ("!=", i, j), ("and", c, c), ("or", c, c), ("not", c)
    derivative  E, X            "d", "grad", "jacobian"     d(E)/d(X) in the layout in force, grad(E, X), ...
                                or "hessian"                X is a `name`, a `call` of vec on a name, or an `entry` of a name
    differential  E                         dE in a derivation, of the kind and shape of E: `dx` of a name, else `d(E)`

Kinds: "scalar", "column", "row", "matrix", "tensor".  A shape is a tuple of axes, an axis a tuple of dimensions
(one, or several where `vec` and `kron` make compound axes; `vec(X)` of an m x n matrix has the one axis (n, m)), a
dimension a positive int or a name.  A row and a column both have one axis.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from operator import is_
from typing import Any

from matcalc.errors import Span

__all__ = ["Form", "Dimension", "Axis", "Shape", "KINDS", "number", "name", "subforms", "bottom_up", "rewritten", "format_axis"]

Dimension = int | str
Axis = tuple[Dimension, ...]
Shape = tuple[Axis, ...]

KINDS = ("scalar", "column", "row", "matrix", "tensor")


class Form:
    """One node of a form: a head, its arguments, its value; with kind and shape once it is typed.

    Immutable by convention; compared by identity, so use `same` to compare two trees.
    """

    __slots__ = ("head", "args", "value", "kind", "shape", "span", "symmetric")

    def __init__(
        self,
        head: str,
        args: tuple[Form, ...] = (),
        value: Any = None,
        *,
        kind: str | None = None,
        shape: Shape | None = None,
        span: Span | None = None,
        symmetric: bool = False,
    ) -> None:
        self.head = head
        self.args = args
        self.value = value
        self.kind = kind
        self.shape = shape
        self.span = span
        #: True for a matrix that is known to equal its transpose.
        self.symmetric = symmetric

    def __repr__(self) -> str:
        inner = ", ".join([repr(self.value)] * (self.value is not None) + [repr(a) for a in self.args])
        return f"{self.head}({inner})"


def number(value: int | Fraction, span: Span | None = None) -> Form:
    """The form of an exact number."""
    return Form("number", (), Fraction(value), kind="scalar", shape=(), span=span)


def name(text: str, kind: str | None = None, shape: Shape | None = None, span: Span | None = None) -> Form:
    """The form of a name."""
    return Form("name", (), text, kind=kind, shape=shape, span=span)


def subforms(form: Form) -> Iterator[Form]:
    """Every distinct node of a form once, parents before their arguments."""
    seen: set[int] = set()
    stack = [form]
    while stack:
        node = stack.pop()
        if id(node) not in seen:
            seen.add(id(node))
            yield node
            stack.extend(reversed(node.args))


def bottom_up(form: Form, below: Callable[[Form], Sequence[Form]]) -> Iterator[Form]:
    """The parts of a form, each once, after those that are `below` it."""
    seen: set[int] = set()
    stack = [form]
    while stack:
        part = stack[-1]
        pending = [other for other in below(part) if id(other) not in seen]
        if pending:
            stack.extend(pending)
            continue
        stack.pop()
        if id(part) not in seen:
            seen.add(id(part))
            yield part


def rewritten(form: Form, rule: Callable[[Form], Form]) -> Form:
    """The form with `rule` applied to each node, arguments first, shared nodes once."""
    memo: dict[int, Form] = {}
    stack = [(form, False)]
    while stack:
        part, expanded = stack.pop()
        if id(part) in memo:
            continue
        if expanded or not part.args:
            args = tuple([memo[id(a)] for a in part.args])
            memo[id(part)] = rule(part if all(map(is_, args, part.args)) else with_arguments(part, args))
        else:
            stack.append((part, True))
            stack.extend((a, False) for a in part.args)
    return memo[id(form)]


def with_arguments(form: Form, args: tuple[Form, ...]) -> Form:
    """The form with other arguments of the same kinds."""
    return Form(
        form.head, args, form.value, kind=form.kind, shape=form.shape, span=form.span, symmetric=form.symmetric
    )


def format_axis(axis: Axis) -> str:
    """An axis as a person reads it: `n`, `m*n`, `1` for an axis of no dimension."""
    return "*".join(str(d) for d in axis) if axis else "1"
