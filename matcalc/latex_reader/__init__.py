"""LaTeX read into the untyped forms that the parser makes of the language.

    text --lexer-> tokens --reader-+- products - operands - letters, fences, functions, derivatives, .. -> form
                                   +- rows, statements -> program, sides of a claim

A hand-written Pratt parser in the manner of `matcalc.parser`.  LaTeX says less than the language: `A(x)` is a call or a
product, `|X|` a determinant or an absolute value.  What declarations, kinds and the look of letters settle is read; all
else is an error at its place (`doubts`).  Functions of a matrix act entry by entry, as in the language.
"""

from matcalc.latex_reader.statements import latex_claim, latex_program, latex_variable

__all__ = ["latex_claim", "latex_program", "latex_variable"]
