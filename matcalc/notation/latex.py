r"""LaTeX: a form as a careful author writes it, in ASCII, with amsmath and amssymb.

    \mathbf{x}^\top (\mathbf{A} + \mathbf{A}^\top)    \delta_{ik} x_{l}    \mathbf{X}^{-\top}

Vectors and matrices are bold and upright, bold Greek letters are made by `\boldsymbol`; scalars and entries are italic.
Parentheses come from the table of `matcalc.notation.precedence`; the LaTeX of a function comes from its record.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cache
from typing import Any

from matcalc.form import Form
from matcalc.notation.precedence import Level, Piece, brackets, fold, join_terms, opens
from matcalc.operation import find_operation

__all__ = ["to_latex", "name_latex", "condition_latex", "indices_latex"]

#: Greek letters by their names, which are the names of their LaTeX commands.
UNICODE = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ϵ": "epsilon", "ζ": "zeta", "η": "eta",
    "θ": "theta", "ι": "iota", "κ": "kappa", "λ": "lambda", "μ": "mu", "ν": "nu", "ξ": "xi", "ο": "omicron", "π": "pi",
    "ρ": "rho", "σ": "sigma", "ς": "sigma", "τ": "tau", "υ": "upsilon", "φ": "phi", "ϕ": "phi", "χ": "chi", "ψ": "psi",
    "ω": "omega",
}  # fmt: skip
GREEK = set(UNICODE.values())
#: Capitals that have a command of their own, and those that look like Latin ones.
CAPITALS = {"Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Upsilon", "Phi", "Psi", "Omega"}
LATIN_CAPITALS = {
    "Alpha": "A", "Beta": "B", "Epsilon": "E", "Zeta": "Z", "Eta": "H", "Iota": "I", "Kappa": "K", "Mu": "M", "Nu": "N",
    "Omicron": "O", "Rho": "P", "Tau": "T", "Chi": "X",
}  # fmt: skip
VARIANTS = {"epsilon": r"\varepsilon", "omicron": "o"}

#: What makes parentheses grow.
TALL = (r"\frac", r"\sum", r"\begin")


def to_latex(form: Form) -> str:
    """The form in LaTeX, without dollar signs."""
    return fold(form, _print).text


# ---- Names ----------------------------------------------------------------------------------------------------------


def name_latex(name: str, *, bold: bool) -> str:
    r"""A name: `W_1` and `W1` are W with a subscript, `theta` is `\theta`, longer words are upright."""
    base, subscripts = _split(name)
    shown = _letter(base, bold=bold)
    return shown + "_{" + ",".join(_letter(s, bold=False) for s in subscripts) + "}" if subscripts else shown


def _split(name: str) -> tuple[str, list[str]]:
    base, *subscripts = [part for part in name.split("_") if part] or [name]
    digits = re.fullmatch(r"(\D+)(\d+)", base)
    return (digits[1], [digits[2], *subscripts]) if digits else (base, subscripts)


def _letter(word: str, *, bold: bool) -> str:
    word = UNICODE.get(word, UNICODE.get(word.lower(), word).capitalize() if word.isupper() else word)
    greek = _greek(word)
    if greek.startswith("\\"):
        return rf"\boldsymbol{{{greek}}}" if bold else greek
    plain = _ascii(greek)
    if bold:
        return rf"\mathbf{{{plain}}}"
    return plain if len(plain) == 1 or plain.isdigit() else rf"\mathrm{{{plain}}}"


def _greek(word: str) -> str:
    """The command of a Greek letter, a Latin letter that looks like it, or the word itself."""
    if word in VARIANTS:
        return VARIANTS[word]
    if word in CAPITALS or word in GREEK:
        return "\\" + word
    return LATIN_CAPITALS.get(word, word)


def _ascii(word: str) -> str:
    return "".join(c if c.isascii() and c.isalnum() else r"\_" if c == "_" else f"u{ord(c):x}" for c in word)


def _is_bold(form: Form) -> bool:
    """True for vectors and matrices; without a kind, by the convention for undeclared names."""
    if form.kind is not None:
        return form.kind != "scalar"
    base = _split(form.value)[0]
    return base not in GREEK and base not in UNICODE


def indices_latex(indices: Sequence[str | int]) -> str:
    """Indices as they stand in a subscript, parted by commas unless all are letters."""
    shown = [name_latex(i, bold=False) if isinstance(i, str) else str(i) for i in indices]
    return ("" if all(len(s) == 1 and s.isalpha() for s in shown) else ",").join(shown)


# ---- Conditions -----------------------------------------------------------------------------------------------------


def condition_latex(condition: tuple[Any, ...]) -> str:
    """A condition on indices; `and` is a comma."""
    match condition:
        case ("==" | "!=" as relation, i, j):
            sign = "=" if relation == "==" else r"\neq"
            return f"{indices_latex([i])} {sign} {indices_latex([j])}"
        case ("not", inner):
            return rf"\neg ({condition_latex(inner)})"
        case ("or", *parts):
            return r"\text{ or }".join(condition_latex(part) for part in parts)
    return r",\ ".join(f"({condition_latex(p)})" if p[0] == "or" else condition_latex(p) for p in condition[1:])


# ---- Forms ----------------------------------------------------------------------------------------------------------


def _print(form: Form, parts: list[Piece]) -> Piece:
    return _RULES[form.head](form, parts)


def _tall(*texts: str) -> bool:
    return any(mark in text for mark in TALL for text in texts)


def _at(piece: Piece, level: Level) -> str:
    """The text where `level` is asked for; parentheses grow around what is tall."""
    return piece.at(level, r"\left(", r"\right)") if _tall(piece.text) else piece.at(level)


def _atom(text: str) -> Piece:
    return Piece(text, Level.ATOM)


def _fraction(above: str, below: str) -> str:
    return rf"\frac{{{above}}}{{{below}}}"


def _number(form: Form, parts: list[Piece]) -> Piece:
    value = Fraction(form.value)
    size = abs(value)
    shown = str(size) if size.denominator == 1 else _fraction(str(size.numerator), str(size.denominator))
    if value < 0:
        return Piece("-" + shown, Level.PRODUCT)
    return Piece(shown, Level.ATOM if size.denominator == 1 else Level.FRACTION)


def _name(form: Form, parts: list[Piece]) -> Piece:
    return _atom(name_latex(form.value, bold=_is_bold(form)))


def _neg(form: Form, parts: list[Piece]) -> Piece:
    operand = parts[0]
    inside = _at(operand, Level.ATOM if operand.text.startswith("-") else Level.OPERATOR)
    return Piece("-" + inside, min(max(operand.level, Level.OPERATOR), Level.PRODUCT))


def _add(form: Form, parts: list[Piece]) -> Piece:
    return Piece(join_terms([_at(p, Level.SUM) for p in parts]), Level.SUM)


def _mul(form: Form, parts: list[Piece]) -> Piece:
    texts = []
    for k, (arg, part) in enumerate(zip(form.args, parts, strict=True)):
        level = Level.FRACTION if k else Level.PRODUCT
        if brackets(form, k):
            level = Level.FRACTION
        elif opens(form.args[:k], arg) and not part.text.startswith("-"):
            level = Level.PRODUCT
        if arg.head == "bsum" and k == len(parts) - 1:
            level = Level.OPERATOR
        texts.append(_at(part, level))
    return Piece(_juxtapose(texts), Level.PRODUCT)


def _juxtapose(texts: Sequence[str]) -> str:
    """Factors side by side; a dot parts a factor from a digit that follows, a thin space from a differential."""
    return texts[0] + "".join(_before(t) + t for t in texts[1:])


def _before(factor: str) -> str:
    if factor[0].isdigit():
        return r" \cdot "
    return r" \, " if factor.startswith(r"\mathrm{d}") else " "


def _div(form: Form, parts: list[Piece]) -> Piece:
    above, below = parts
    if above.text.startswith("-") and above.level >= Level.PRODUCT:
        return Piece("-" + _fraction(above.text[1:], below.text), Level.PRODUCT)
    return Piece(_fraction(above.text, below.text), Level.FRACTION)


def _times(form: Form, parts: list[Piece]) -> Piece:
    if any(arg.kind == "scalar" for arg in form.args):
        return _mul(form, parts)
    return _operator(r"\odot", form, parts)


def _rdiv(form: Form, parts: list[Piece]) -> Piece:
    if form.args[1].kind == "scalar":
        return _div(form, parts)
    return _operator(r"\oslash", form, parts)


def _kron(form: Form, parts: list[Piece]) -> Piece:
    return _operator(r"\otimes", form, parts)


def _operator(sign: str, form: Form, parts: list[Piece]) -> Piece:
    """An operator between two operands; only a chain of one operator goes without parentheses."""
    same = form.args[0].head == form.head
    first, second = _at(parts[0], Level.OPERATOR if same else Level.PRODUCT), _at(parts[1], Level.FRACTION)
    if not parts[1].text.startswith("-") and form.args[1].head == "mul":
        second = _at(parts[1], Level.PRODUCT)
    return Piece(f"{first} {sign} {second}", Level.OPERATOR)


def _power(form: Form, parts: list[Piece]) -> Piece:
    exponent = _exact(form.args[1])
    if exponent == Fraction(1, 2) and form.head == "power":
        return _atom(rf"\sqrt{{{parts[0].text}}}")
    shown = parts[1].text if exponent is None else str(exponent)
    entrywise = form.head == "elpower" and form.args[0].kind != "scalar"
    mark = r"\odot " if entrywise else ""
    return Piece(f"{_at(parts[0], Level.ATOM)}^{{{mark}{shown}}}", Level.POWER)


def _exact(form: Form) -> Fraction | None:
    """The number that a form is, or None."""
    if form.head == "neg":
        value = _exact(form.args[0])
        return None if value is None else -value
    if form.head == "div" and form.args[0].head == form.args[1].head == "number" and form.args[1].value:
        return Fraction(form.args[0].value, form.args[1].value)
    return Fraction(form.value) if form.head == "number" else None


def _transpose(form: Form, parts: list[Piece]) -> Piece:
    operand = form.args[0]
    if operand.head == "call" and operand.value == "inv":
        return Piece(parts[0].text.removesuffix("^{-1}") + r"^{-\top}", Level.POSTFIX)
    return Piece(_at(parts[0], Level.ATOM) + r"^\top", Level.POSTFIX)


def _unknown(form: Form, parts: list[Piece]) -> Piece:
    name, order = form.value
    primes = "'" * order if order <= 3 else f"^{{({order})}}"
    inside = ", ".join(p.text for p in parts)
    return _atom(name_latex(name, bold=False) + primes + _parentheses(inside))


def _parentheses(text: str) -> str:
    return rf"\left({text}\right)" if _tall(text) else f"({text})"


def _entry(form: Form, parts: list[Piece]) -> Piece:
    operand = form.args[0]
    if operand.head == "name" and not _split(operand.value)[1]:
        base = name_latex(operand.value, bold=False)
    else:
        base = rf"\left[{parts[0].text}\right]"
    return _atom(f"{base}_{{{indices_latex(form.value)}}}")


def _delta(form: Form, parts: list[Piece]) -> Piece:
    return _atom(rf"\delta_{{{indices_latex(form.value)}}}")


def _tensor(form: Form, parts: list[Piece]) -> Piece:
    return _atom(rf"\left[{parts[0].text}\right]_{{{indices_latex(form.value)}}}")


def _join(form: Form, parts: list[Piece]) -> Piece:
    inner = form.args[0]
    names = iter(inner.value)
    groups = [indices_latex([next(names) for _ in range(n)]) for n in form.value]
    shown = ",".join(f"({group})" if n > 1 else group for group, n in zip(groups, form.value, strict=True))
    return _atom(rf"{parts[0].text.rsplit('_', 1)[0]}_{{{shown}}}")


def _bsum(form: Form, parts: list[Piece]) -> Piece:
    return Piece(rf"\sum_{{{indices_latex(form.value)}}} {_at(parts[0], Level.OPERATOR)}", Level.OPERATOR)


def _cases(form: Form, parts: list[Piece]) -> Piece:
    rows = [f"{parts[0].text}, & {condition_latex(form.value)}"]
    other = parts[1].text
    begin, end = r"\begin{cases} ", r" \end{cases}"
    rows.append(other[len(begin) : -len(end)] if form.args[1].head == "cases" else rf"{other}, & \text{{otherwise}}")
    return Piece(begin + r" \\ ".join(rows) + end, Level.CASES)


# ---- Functions ------------------------------------------------------------------------------------------------------


def _call(form: Form, parts: list[Piece]) -> Piece:
    record = find_operation(form.value)
    if record is None:
        return _atom(rf"\operatorname{{{_ascii(form.value)}}}" + _parentheses(", ".join(p.text for p in parts)))
    if record.signature == "new" and "{0}" not in record.latex:
        return _atom(record.latex.format() + _sizes(form, parts))
    template = record.latex
    if record.axis and len(parts) == 2:
        template = template.replace(r"\left(", rf"_{{{{{parts[1].text}}}}}\left(", 1)
    slots, level = _layout(template)
    texts = [_at(p, slot) for p, slot in zip(parts, slots, strict=False)]
    if not _tall(*texts):
        template = template.replace(r"\left", "").replace(r"\right", "")
    return Piece(template.format(*texts), level)


def _sizes(form: Form, parts: list[Piece]) -> str:
    """The sizes of a constant as its subscript."""
    separator = "," if form.value == "commutation" else r" \times "
    pairs = zip(form.args, parts, strict=True)
    shown = [name_latex(arg.value, bold=False) if arg.head == "name" else part.text for arg, part in pairs]
    return "_{" + separator.join(shown) + "}" if parts else ""


@cache
def _layout(template: str) -> tuple[tuple[Level, ...], Level]:
    """The levels that the LaTeX of a function asks of its arguments, and its own level."""
    marks = "\x00\x01"
    shown = template.format(*marks)
    slots = tuple(_slot(shown, mark) for mark in marks if mark in shown)
    if r"\otimes" in shown:
        return slots, Level.OPERATOR
    if shown.strip("{}")[0] not in marks:
        return slots, Level.ATOM
    return slots, Level.PRODUCT if " " in shown else Level.POSTFIX


def _slot(shown: str, mark: str) -> Level:
    before, _, after = shown.partition(mark)
    if after.lstrip("}").startswith(("^", "_")) and not before.endswith("^{"):
        return Level.ATOM
    return Level.CASES if before.endswith(("(", "|", "{", ", ")) and after else Level.FRACTION


# ---- Derivatives ----------------------------------------------------------------------------------------------------


def _derivative(form: Form, parts: list[Piece]) -> Piece:
    function, variable = parts
    if form.value == "d":
        return _partial(form, function, variable)
    sign = {"grad": r"\nabla", "jacobian": r"\mathrm{J}", "hessian": r"\nabla^{2}"}[form.value]
    return Piece(f"{sign}_{{{variable.text}}} {_at(function, Level.FRACTION)}", Level.FRACTION)


def _partial(form: Form, function: Piece, variable: Piece) -> Piece:
    r"""A fraction of `\partial`s; a derivative of a derivative of a name is one of higher order."""
    core, variables = form.args[0], [form.args[1]]
    while core.head == "derivative" and core.value == "d":
        variables.append(core.args[1])
        core = core.args[0]
    if core.head == "name" and len(variables) > 1:
        below = r" \, ".join(rf"\partial {to_latex(v)}" for v in variables)
        return Piece(_fraction(rf"\partial^{{{len(variables)}}} {to_latex(core)}", below), Level.FRACTION)
    if function.level == Level.ATOM and not _tall(function.text):
        return Piece(_fraction(rf"\partial {function.text}", rf"\partial {variable.text}"), Level.FRACTION)
    return Piece(_fraction(r"\partial", rf"\partial {variable.text}") + " " + _at(function, Level.ATOM), Level.FRACTION)


def _differential(form: Form, parts: list[Piece]) -> Piece:
    r"""`\mathrm{d}\mathbf{x}` of a name, `\mathrm{d}(E)` of anything longer."""
    inside = parts[0].text if form.args[0].head == "name" else _parentheses(parts[0].text)
    return _atom(rf"\mathrm{{d}}{inside}")


_RULES: dict[str, Callable[[Form, list[Piece]], Piece]] = {
    "number": _number,
    "name": _name,
    "neg": _neg,
    "add": _add,
    "mul": _mul,
    "div": _div,
    "times": _times,
    "rdiv": _rdiv,
    "kron": _kron,
    "power": _power,
    "elpower": _power,
    "transpose": _transpose,
    "call": _call,
    "unknown": _unknown,
    "entry": _entry,
    "delta": _delta,
    "tensor": _tensor,
    "bsum": _bsum,
    "join": _join,
    "split": lambda form, parts: parts[0],
    "cases": _cases,
    "derivative": _derivative,
    "differential": _differential,
}
