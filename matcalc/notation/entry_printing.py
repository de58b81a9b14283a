"""One explicit entry as text and as LaTeX: SymPy's printers with the names and functions of the language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import sympy
from sympy.printing.latex import LatexPrinter
from sympy.printing.str import StrPrinter

from matcalc.notation.latex_names import name_latex
from matcalc.notation.latex_parts import enclosed

__all__ = ["entry_text", "entry_latex"]


def entry_text(entry: Any) -> str:
    """One entry, with `^` for powers and the names of the language for functions."""
    return str(TextPrinter().doprint(entry)).replace("**", "^")


def entry_latex(entry: Any) -> str:
    """One entry in LaTeX."""
    return plain_brackets(EntryLatexPrinter({"ln_notation": False, "fold_short_frac": False}).doprint(entry))


#: SymPy's parentheses, which always grow; those of a function stand in a group.
GROWING = re.compile(r"(\{?\\left\(|\s?\\right\)\}?)")
FUNCTION = re.compile(r"\\(?!frac|sqrt)(?:operatorname\{\w+\}|[a-z]+)(?:\^\{[^{}]*\})?$")


def plain_brackets(latex: str) -> str:
    r"""The LaTeX with plain parentheses where `{\left(x \right)}` need not grow."""
    parts, called = [""], [False]
    for token in GROWING.split(latex):
        if token.endswith(r"\left("):
            called.append(token[0] == "{" and FUNCTION.search(parts[-1]) is not None)
            parts[-1] += "{" * (token[0] == "{" and not called[-1])
            parts.append("")
        elif r"\right)" in token and len(parts) > 1:
            function, inside = called.pop(), parts.pop()
            parts[-1] += enclosed(inside, called=function) + "}" * (token[-1] == "}" and not function)
        else:
            parts[-1] += token
    return "".join(parts)


def split_symbol(name: str) -> tuple[str, str]:
    """The name and the indices of an entry: `A_{1,2}` is A at 1,2; a name without indices has none."""
    match = re.fullmatch(r"(.+?)_(?:\{([\d,]+)\}|(\d+))", name)
    return (match[1], match[2] or match[3]) if match else (name, "")


def indices_shown(indices: str) -> str:
    """Indices side by side where each is one digit: 12 for 1,2."""
    return indices.replace(",", "") if all(len(i) == 1 for i in indices.split(",")) else indices


def differentiated(derivative: Any, point: Mapping[Any, Any] | None = None) -> tuple[Any, list[Any]]:
    """A partial derivative as the unknown function and the arguments by which it is differentiated."""
    replace = point or {}
    function = derivative.expr.func(*(replace.get(argument, argument) for argument in derivative.expr.args))
    return function, [replace.get(symbol, symbol) for symbol, count in derivative.variable_count for _ in range(count)]


class TextPrinter(StrPrinter):  # type: ignore[misc]
    """SymPy's text with entries as `A_12`, derivatives as `f'(x)` and `d(L)/d(Y_12)`, functions as in the language."""

    def _print_Symbol(self, symbol: Any) -> str:
        return self.name(symbol.name)

    def name(self, name: str) -> str:
        base, indices = split_symbol(name)
        shown = indices_shown(indices)
        return f"{base}_{shown}" if shown.isdigit() else f"{base}_{{{shown}}}" if shown else base

    def _print_Function(self, function: Any) -> str:
        if not isinstance(function, sympy.core.function.AppliedUndef):
            return super()._print_Function(function)  # type: ignore[no-any-return]
        name = self.name(function.func.__name__)
        return f"{name}({self._print(function.args[0])})" if len(function.args) == 1 else name

    def _print_Derivative(self, derivative: Any, point: Mapping[Any, Any] | None = None) -> str:
        function, variables = differentiated(derivative, point)
        name = self.name(function.func.__name__)
        if len(function.args) == 1:
            return f"{name}{chr(39) * len(variables)}({self._print(function.args[0])})"
        order = "" if len(variables) == 1 else str(len(variables))
        return f"d{order}({name})/" + "".join(f"d({self._print(variable)})" for variable in variables)

    def _print_Subs(self, substitution: Any) -> str:
        point = dict(zip(substitution.variables, substitution.point, strict=True))
        return self._print_Derivative(substitution.expr, point)

    def _print_Abs(self, absolute: Any) -> str:
        return f"abs({self._print(absolute.args[0])})"

    def _print_Max(self, maximum: Any) -> str:
        return f"maximum({self.stringify(maximum.args, ', ')})"

    def _print_Min(self, minimum: Any) -> str:
        return f"minimum({self.stringify(minimum.args, ', ')})"

    def _print_Piecewise(self, piecewise: Any) -> str:
        *branches, (other, _) = piecewise.args
        chosen = "".join(f"{self._print(value)} if {self._print(condition)} else " for value, condition in branches)
        return f"({chosen}{self._print(other)})"


class EntryLatexPrinter(LatexPrinter):  # type: ignore[misc]
    r"""SymPy's LaTeX with names as in the other notations, and `f'(x)`, `\frac{\partial L}{\partial Y_{12}}`."""

    def _print_Symbol(self, symbol: Any, style: str = "plain") -> str:
        return self.name(symbol.name)

    def name(self, name: str) -> str:
        base, indices = split_symbol(name)
        shown = name_latex(base, bold=False)
        if not indices:
            return shown
        return f"{shown if '_' not in shown else f'({shown})'}_{{{indices_shown(indices)}}}"

    def _print_Function(self, function: Any, exp: Any = None) -> str:
        if not isinstance(function, sympy.core.function.AppliedUndef):
            return super()._print_Function(function, exp)  # type: ignore[no-any-return]
        name = self.name(function.func.__name__)
        return self.raised(rf"{name}({self._print(function.args[0])})" if len(function.args) == 1 else name, exp)

    def _print_Derivative(self, derivative: Any, exp: Any = None, point: Mapping[Any, Any] | None = None) -> str:
        function, variables = differentiated(derivative, point)
        name, order = self.name(function.func.__name__), len(variables)
        if len(function.args) == 1:
            primes = "'" * order if order <= 3 else f"^{{({order})}}"
            return self.raised(f"{name}{primes}({self._print(function.args[0])})", exp)
        above = r"\partial " if order == 1 else rf"\partial^{{{order}}} "
        shown = [self._print(variable) for variable in variables]
        moved = [text if v.is_Symbol else enclosed(text) for v, text in zip(variables, shown, strict=True)]
        below = r" \, ".join(rf"\partial {text}" for text in moved)
        return self.raised(rf"\frac{{{above}{name}}}{{{below}}}", exp)

    def _print_Subs(self, substitution: Any, exp: Any = None) -> str:
        point = dict(zip(substitution.variables, substitution.point, strict=True))
        return self._print_Derivative(substitution.expr, exp, point)

    def _print_Piecewise(self, piecewise: Any) -> str:
        *branches, (other, _) = piecewise.args
        rows = [rf"{self._print(value)} & \text{{if }} {self._print(condition)}" for value, condition in branches]
        rows.append(rf"{self._print(other)} & \text{{otherwise}}")
        return r"\begin{cases} " + r" \\ ".join(rows) + r" \end{cases}"

    def _print_Abs(self, absolute: Any, exp: Any = None) -> str:
        shown = enclosed(self._print(absolute.args[0]), "|", "|")
        return shown if exp is None else f"{shown}^{{{exp}}}"

    def raised(self, text: str, exponent: Any) -> str:
        return text if exponent is None else rf"\left({text}\right)^{{{exponent}}}"
