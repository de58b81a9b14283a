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
            return gradient_entry(part)
        return part

    return rewritten(form, rule) if compound else form


def gradient_entry(form: Form) -> Form:
    """The entry of d(L)/d(z) at several indices for one axis of z, as only names are differentiated by."""
    function, at = form.args
    by = at.args[0].args[0]
    if function.head != "name" or len(at.args[0].value) != 1:
        raise UnsupportedError(f"the derivative by `{by.value}`, an axis of which is made of several, has no notation here")
    axis = tuple([d for made in by.shape or () for d in made])
    whole = Form("derivative", (function, by), "d", kind="column", shape=(axis,))
    return split_entry(whole, at.value, at.args[0].value)


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
