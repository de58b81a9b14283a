"""LaTeX read into the untyped forms that the parser makes of the language."""

from matcalc.latex_reader.statements import SYNTAXES, check_syntax, latex_claim, latex_program, latex_variable

__all__ = ["SYNTAXES", "check_syntax", "latex_claim", "latex_program", "latex_variable"]
