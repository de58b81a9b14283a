"""JAX: pure functions that can be jitted, mapped and differentiated again.

Arrays cannot be written into, so `.at[...].set` makes what NumPy writes through a view.  The type of the arguments is
kept: `jax.config.update("jax_enable_x64", True)` is the caller's choice, and without it all is float32.
"""

from __future__ import annotations

from collections.abc import Sequence

from matcalc.codegen.steps import Step, walk
from matcalc.codegen.targets.numpy import convert
from matcalc.codegen.targets.target import Target, Writing
from matcalc.codegen.text import ATOM, SIGN, SUM, Text
from matcalc.form import Dimension

__all__ = ["JAX"]

ARRAY = '''\
def _array(x):
    """x as an array of floating-point or complex numbers."""
    x = jnp.asarray(x)
    return x if jnp.issubdtype(x.dtype, jnp.inexact) else x.astype(float)
'''


def typed(writer: Writing) -> str:
    """The type of a new array, as a last argument."""
    return f", {writer.dtype()}" if writer.like() else ""


def full(writer: Writing, step: Step) -> Text:
    """An array whose entries are all the same."""
    (value,) = step.args
    shape = writer.shape(step.data)
    if value.kind == "number" and value.data in (0, 1):
        return f"jnp.{'ones' if value.data else 'zeros'}({shape}{typed(writer)})", ATOM
    return f"jnp.full({shape}, {writer.operand(value, SUM)}{typed(writer) if writer.is_plain(value) else ''})", ATOM


def eye(writer: Writing, step: Step) -> Text:
    """The identity matrix."""
    dtype = f", dtype={writer.dtype()}" if writer.like() else ""
    return f"jnp.eye({writer.dimension(step.data)}{dtype})", ATOM


def copy(writer: Writing, step: Step) -> Text:
    """The array itself: nobody can write into it."""
    return writer.texts[step.args[0]]


def broadcast(writer: Writing, step: Step) -> Text:
    """An array of the given shape."""
    return f"jnp.broadcast_to({writer.operand(step.args[0], SUM)}, {writer.shape(step.data)})", ATOM


def scalar(writer: Writing, step: Step) -> Text:
    """An array without axes."""
    (value,) = step.args
    if writer.is_plain(value):
        return f"jnp.asarray({writer.operand(value, SUM)}{typed(writer)})", ATOM
    return writer.texts[value]


def scatter(writer: Writing, step: Step) -> Text:
    """Zeros or an array, with values set or added where indices of two axes are equal."""
    shape, has_dense, writes = step.data
    dense, terms = (step.args[0], step.args[1:]) if has_dense else (None, step.args)
    if dense is None and [subscripts for subscripts, _ in writes] == ["ii->i"] and terms[0].order == 1:
        text = f"jnp.diag({writer.operand(terms[0], SUM)})"
        return (text, ATOM) if writes[0][1] > 0 else ("-" + text, SIGN)
    name = writer.take("out")
    if dense is None:
        writer.statement(f"{name} = jnp.zeros({writer.shape(shape)}{typed(writer)})")
    else:
        known = {str(s.data) for s in walk([dense]) if s.kind == "name"} == writer.parameters
        typed_text = f"{writer.operand(dense, ATOM)}.astype({writer.dtype()})" if not known else ""
        writer.statement(f"{name} = {typed_text or writer.operand(dense, SUM)}")
    axes: dict[tuple[Dimension, ...], list[str]] = {}
    for number, (term, (subscripts, sign)) in enumerate(zip(terms, writes, strict=True)):
        view, _, result = subscripts.partition("->")
        dimensions = tuple(shape[view.index(letter)] for letter in result)
        if dimensions not in axes:
            axes[dimensions] = ranges(writer, result, dimensions)
        places = ", ".join(axes[dimensions][result.index(letter)] for letter in view)
        method = "set" if number == 0 and dense is None else "add"
        text = writer.operand(term, SUM if sign > 0 else ATOM)
        writer.statement(f"{name} = {name}.at[{places}].{method}({'' if sign > 0 else '-'}{text})")
    return name, ATOM


def ranges(writer: Writing, letters: str, dimensions: Sequence[Dimension]) -> list[str]:
    """Names of indices that run over these dimensions, made in one statement."""
    names = [writer.take(letter) for letter in letters]
    sizes = [writer.dimension(dimension) for dimension in dimensions]
    if len(names) == 1:
        writer.statement(f"{names[0]} = jnp.arange({sizes[0]})")
    else:
        writer.statement(f"{', '.join(names)} = jnp.indices(({', '.join(sizes)}), sparse=True)")
    return names


JAX = Target(
    name="jax",
    namespace="jnp",
    imports={"jnp": "import jax.numpy as jnp", "special": "from jax.scipy import special"},
    takes="The arguments are JAX or NumPy arrays, whose type is kept; sizes are static under `jax.jit`.",
    convert=convert,
    kinds={
        "full": full, "eye": eye, "copy": copy, "broadcast": broadcast, "scalar": scalar, "scatter": scatter,
    },
    helpers={"array": ARRAY},
)  # fmt: skip
