"""Compound axes in index notation: several indices in parentheses stand for one axis, as in `b[(i,j)]`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matcalc.build import column_kind
from matcalc.errors import UnsupportedError
from matcalc.form import Form, Shape, rewritten

__all__ = ["joined", "split_entries", "split_entry"]


def split_entries(form: Form, compound: Mapping[str, tuple[int, ...]]) -> Form:
    """The form with entries of variables that have compound axes written as `a[(i,j)]`."""

    def rule(part: Form) -> Form:
        if part.head == "entry" and part.args[0].head == "name" and part.args[0].value in compound:
            inner = Form("split", part.args, compound[part.args[0].value])
            return Form("entry", (inner,), part.value, kind="scalar", shape=())
        if part.head == "derivative" and part.args[1].head == "entry" and part.args[1].args[0].head == "split":
            return derivative_entry(part)
        return part

    return rewritten(form, rule) if compound else form


def derivative_entry(form: Form) -> Form:
    """d(L)/d(z[(i,j)]) as the entry (d(L)/d(z))[(i,j)], as only names are differentiated by; of F as jacobian(F, z)[..]."""
    function, indices, groups = entry_parts(form.args[0])
    by, own, lengths = entry_parts(form.args[1])
    if function.head != "name":
        raise UnsupportedError(f"the derivative by `{by.value}`, an axis of which is made of several, has no notation here")
    shape = (*grouped(function.shape or (), groups), *grouped(by.shape or (), lengths))
    notation = "jacobian" if groups else "d"
    whole = Form("derivative", (function, by), notation, kind=column_kind(len(shape)), shape=shape)
    return split_entry(whole, (*indices, *own), (*groups, *lengths))


def entry_parts(form: Form) -> tuple[Form, tuple[str, ...], tuple[int, ...]]:
    """A name, the indices of its entry, and how many of them stand for each axis; of a scalar none."""
    if form.head != "entry":
        return form, (), ()
    inner = form.args[0]
    return (inner.args[0], form.value, inner.value) if inner.head == "split" else (inner, form.value, (1,) * len(form.value))


def grouped(shape: Shape, lengths: Sequence[int]) -> Shape:
    """The dimensions of a shape, so many to each axis."""
    flat = iter([d for axis in shape for d in axis])
    return tuple(tuple(next(flat) for _ in range(length)) for length in lengths)


def split_entry(form: Form, indices: Sequence[str], groups: Sequence[int]) -> Form:
    """The entry of a form some of whose axes are made of several: `vec(X)[(j,i)]`."""
    inner = form if all(length == 1 for length in groups) else Form("split", (form,), tuple(groups))
    return Form("entry", (inner,), tuple(indices), kind="scalar", shape=())


def joined(form: Form, groups: Sequence[int], compound: Mapping[str, tuple[int, ...]], shape: Shape) -> Form:
    """A tensor by entries with its axes joined, so many to each; entries of variables with compound axes are split."""
    form = split_entries(form, compound)
    if all(length == 1 for length in groups):
        return form
    return Form("join", (form,), tuple(groups), kind=column_kind(len(groups)), shape=shape)
