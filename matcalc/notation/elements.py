"""Explicit entries at given sizes, as SymPy expressions, and how they are written as text and as LaTeX.

    d(B'*B)/d(B), m = 1, n = 2    [[[[2*B_{1,1}, 0]], ..

`explicit` calculates the entries, `entry_printing` prints one of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import sympy

from matcalc.errors import UnsupportedError
from matcalc.expr import Node, Variable
from matcalc.notation.entry_printing import entry_latex, entry_text
from matcalc.notation.explicit import Calculation, everywhere
from matcalc.notation.latex_width import width
from matcalc.traversal import postorder

__all__ = ["elements", "elements_text", "elements_latex"]

#: How many symbols and numbers are printed.
LARGEST_PRINT = 20_000

#: The columns of a text, and of a LaTeX `bmatrix`; the width of a line of LaTeX in em.
TEXT_WIDTH = 80
LATEX_COLUMNS = 10
LATEX_WIDTH = 36.0


def elements(node: Node, sizes: Mapping[str, int]) -> Any:
    """The entries of a node at these sizes: a SymPy expression for a scalar, else an immutable SymPy array.

    Raises DimensionError for a dimension without a size, UnsupportedError for a tensor of more than 200,000 entries.
    """
    parts = postorder(node)
    calculation = Calculation(sizes, {part.name for part in parts if isinstance(part, Variable)})
    for part in parts:
        calculation.take(part)
    entries, shape = calculation.entries[node], calculation.shape(node)
    if not shape:
        return entries.get((), sympy.S.Zero)
    flat = [entries.get(index, sympy.S.Zero) for index in everywhere(shape)]
    return sympy.ImmutableDenseNDimArray(flat, shape)


def check_size(array: Any) -> None:
    """Refuse to print what nobody reads: parts that are shared count each time."""
    entries = list(sympy.flatten(array.tolist())) if isinstance(array, sympy.NDimArray) else [array]
    sizes: dict[Any, int] = {}
    stack = list(entries)
    while stack:
        pending = [argument for argument in stack[-1].args if argument not in sizes]
        if pending:
            stack.extend(pending)
            continue
        part = stack.pop()
        sizes[part] = sum(sizes[argument] for argument in part.args) or 1
    total = sum(sizes[entry] for entry in entries)
    if total > LARGEST_PRINT:
        raise UnsupportedError(
            f"the entries have more than {LARGEST_PRINT:,} symbols", hint="give smaller sizes, or work with the array"
        )


def slices(array: Any, show: Callable[[Any], str]) -> Iterator[tuple[str, list[list[str]]]]:
    """The matrices of the last two axes: the places on the other axes, counted from 1, and the rows of entries."""
    rows, columns = array.shape[-2:]
    for leading in everywhere(array.shape[:-2]):
        title = "".join(f"{i + 1}," for i in leading)
        yield title, [[show(array[(*leading, i, j)]) for j in range(columns)] for i in range(rows)]


# ---- Text -----------------------------------------------------------------------------------------------------------


def elements_text(array: Any) -> str:
    """Explicit entries as lines of text: a list, an aligned matrix, or one such matrix for each slice."""
    check_size(array)
    if not isinstance(array, sympy.NDimArray):
        return entry_text(array)
    if len(array.shape) == 1:
        return list_text([entry_text(entry) for entry in array])
    found = slices(array, entry_text)
    return "\n\n".join((f"[{title}:,:]\n" if title else "") + matrix_text(rows, title) for title, rows in found)


def list_text(entries: Sequence[str]) -> str:
    """A list on one line, or one entry a line where that is too wide."""
    line = f"[{', '.join(entries)}]"
    if len(line) <= TEXT_WIDTH:
        return line
    return "\n".join(f"[{i}]  {entry}" for i, entry in enumerate(entries, 1))


def matrix_text(rows: Sequence[Sequence[str]], title: str) -> str:
    """Rows with aligned columns, or one entry a line where that is too wide."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    if sum(widths) + 2 * len(widths) + 2 <= TEXT_WIDTH:
        lines = ("  ".join(e.rjust(w) for e, w in zip(row, widths, strict=True)) for row in rows)
        return "\n".join(f"[ {line} ]" for line in lines)
    return "\n".join(f"[{title}{i},{j}]  {e}" for i, row in enumerate(rows, 1) for j, e in enumerate(row, 1))


# ---- LaTeX ----------------------------------------------------------------------------------------------------------


def elements_latex(array: Any) -> str:
    """Explicit entries in LaTeX: a scalar, a column, a matrix, a matrix of matrices, or one matrix for each slice.

    Of a tensor with four axes the block (i, j) is the matrix of the last two axes at i, j; with three axes the blocks
    stand one below the other.  Where that is too wide for a line, or there are more axes, each slice has its own line.
    """
    check_size(array)
    if not isinstance(array, sympy.NDimArray):
        return entry_latex(array)
    if len(array.shape) == 1:
        return matrix_latex([[entry_latex(entry)] for entry in array])
    matrices = [(title, matrix_latex(rows)) for title, rows in slices(array, entry_latex)]
    if len(array.shape) == 2:
        return matrices[0][1]
    if len(array.shape) <= 4:
        columns = array.shape[1] if len(array.shape) == 4 else 1
        blocks = [matrix for _, matrix in matrices]
        shown = matrix_latex([blocks[start : start + columns] for start in range(0, len(blocks), columns)])
        if columns <= LATEX_COLUMNS and width(shown) <= LATEX_WIDTH:
            return shown
    # The empty group keeps the bracket from being read as the height of the line above.
    lines = [rf"{{}}[{title}\cdot,\cdot] &= {matrix}" for title, matrix in matrices]
    return r"\begin{aligned} " + r" \\ ".join(lines) + r" \end{aligned}"


def matrix_latex(rows: Sequence[Sequence[str]]) -> str:
    """A matrix; `bmatrix` has no more than ten columns.  Rows with fractions or blocks are set apart."""
    gap = max(gap_below(entry) for row in rows for entry in row)
    body = (rf" \\[{gap}pt] " if gap else r" \\ ").join(" & ".join(row) for row in rows)
    if len(rows[0]) <= LATEX_COLUMNS:
        return rf"\begin{{bmatrix}} {body} \end{{bmatrix}}"
    return rf"\left[\begin{{array}}{{{'c' * len(rows[0])}}} {body} \end{{array}}\right]"


def gap_below(entry: str) -> int:
    """The points that a row needs below it, counted from a line of letters as TeX does, so that it touches no other."""
    lines = entry.count(r"\\") + 1
    if r"\begin" in entry:
        return 6 * lines + 2
    return 6 if r"\frac" in entry else 0
