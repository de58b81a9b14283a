"""Text: a form printed in the language, so that reading it gives the same form back.

    x'*(A + A')    2*(A*x - b)'*A    [i,k,l: delta(i,k)*x[l]]    B[i,q] if j==p and p!=q else 0
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from matcalc.form import Form
from matcalc.notation.precedence import LEVELS, OPERANDS, Level, Piece, brackets, fold, join_terms, opens

__all__ = ["to_text", "condition_text"]

#: The operators that stand between two operands.
OPERATORS = {"div": "/", "times": ".*", "rdiv": "./", "power": "^", "elpower": ".^"}


def to_text(form: Form) -> str:
    """The form in the language, with the fewest parentheses."""
    return fold(form, _print).text


def condition_text(condition: tuple[Any, ...]) -> str:
    """A condition on indices as the language writes it."""
    return _condition(condition, 0)


def _condition(condition: tuple[Any, ...], level: int) -> str:
    match condition:
        case ("==" | "!=" as relation, i, j):
            return f"{i}{relation}{j}"
        case ("not", inner):
            return f"not {_condition(inner, 3)}"
    own = {"or": 1, "and": 2}[condition[0]]
    text = f" {condition[0]} ".join(_condition(part, own) for part in condition[1:])
    return f"({text})" if own < level else text


def _print(form: Form, parts: list[Piece]) -> Piece:
    if form.head in _RULES:
        return _RULES[form.head](form, parts)
    first, other = OPERANDS[form.head]
    text = OPERATORS[form.head].join([parts[0].at(first), *(p.at(other) for p in parts[1:])])
    return Piece(text, LEVELS[form.head])


def _atom(text: str) -> Piece:
    return Piece(text, Level.ATOM)


def _number(form: Form, parts: list[Piece]) -> Piece:
    value = Fraction(form.value)
    return Piece(str(value), Level.ATOM if value >= 0 and value.denominator == 1 else Level.PRODUCT)


def _name(form: Form, parts: list[Piece]) -> Piece:
    return _atom(str(form.value))


def _neg(form: Form, parts: list[Piece]) -> Piece:
    operand = parts[0]
    minus = operand.text.startswith("-")
    return Piece("-" + (f"({operand.text})" if minus else operand.at(Level.PRODUCT)), Level.PRODUCT)


def _add(form: Form, parts: list[Piece]) -> Piece:
    return Piece(join_terms([p.at(Level.SUM) for p in parts]), Level.SUM)


def _mul(form: Form, parts: list[Piece]) -> Piece:
    return Piece("*".join(_factors(form, parts)), Level.PRODUCT)


def _factors(form: Form, parts: Sequence[Piece]) -> list[str]:
    """The factors of a product as texts; the text of a nested product that may be laid open stands as it is."""
    first, other = OPERANDS["mul"]
    texts = [parts[0].at(Level.FRACTION if brackets(form, 0) else first)]
    for k, (arg, part) in enumerate(zip(form.args[1:], parts[1:], strict=True), 1):
        plain = opens(form.args[:k], arg) and not part.text.startswith("-") and not brackets(form, k)
        texts.append(part.text if plain else part.at(other))
    return texts


def _power(form: Form, parts: list[Piece]) -> Piece:
    first, other = OPERANDS[form.head]
    exponent = form.args[1]
    whole = exponent.head == "number" and exponent.value.denominator == 1
    shown = str(exponent.value) if whole else parts[1].at(other)
    return Piece(parts[0].at(first) + OPERATORS[form.head] + shown, Level.POWER)


def _transpose(form: Form, parts: list[Piece]) -> Piece:
    return Piece(parts[0].at(Level.ATOM) + "'", Level.POSTFIX)


def _kron(form: Form, parts: list[Piece]) -> Piece:
    return _atom(f"kron({_arguments(parts)})")


def _arguments(parts: Sequence[Piece]) -> str:
    return ", ".join(p.at(Level.SUM) for p in parts)


def _call(form: Form, parts: list[Piece]) -> Piece:
    return _atom(f"{form.value}({_arguments(parts)})" if parts else str(form.value))


def _unknown(form: Form, parts: list[Piece]) -> Piece:
    name, order = form.value
    return _atom(f"{name}{chr(39) * order}({_arguments(parts)})")


def _indices(form: Form) -> str:
    return ",".join(str(i) for i in form.value)


def _entry(form: Form, parts: list[Piece]) -> Piece:
    if form.args[0].head == "split":
        return _atom(f"{parts[0].text}[{_grouped(form.value, form.args[0].value)}]")
    return _atom(f"{parts[0].at(Level.ATOM)}[{_indices(form)}]")


def _delta(form: Form, parts: list[Piece]) -> Piece:
    return _atom(f"delta({_indices(form)})")


def _tensor(form: Form, parts: list[Piece]) -> Piece:
    return _atom(f"[{_indices(form)}: {parts[0].text}]")


def _join(form: Form, parts: list[Piece]) -> Piece:
    inner = form.args[0]
    return _atom(f"[{_grouped(inner.value, form.value)}{parts[0].text[1 + len(_indices(inner)) :]}")


def _split(form: Form, parts: list[Piece]) -> Piece:
    return _atom(parts[0].at(Level.ATOM))


def _grouped(names: Sequence[str], lengths: Sequence[int]) -> str:
    """Indices, those of a compound axis in parentheses."""
    rest = iter(names)
    groups = [[next(rest) for _ in range(n)] for n in lengths]
    return ",".join(f"({','.join(group)})" if len(group) > 1 else group[0] for group in groups)


def _bsum(form: Form, parts: list[Piece]) -> Piece:
    return _atom(f"sum[{_indices(form)}: {parts[0].text}]")


def _cases(form: Form, parts: list[Piece]) -> Piece:
    chosen, other = (p.at(level) for p, level in zip(parts, OPERANDS["cases"], strict=True))
    return Piece(f"{chosen} if {condition_text(form.value)} else {other}", Level.CASES)


def _derivative(form: Form, parts: list[Piece]) -> Piece:
    function, variable = (p.at(Level.SUM) for p in parts)
    if form.value == "d":
        return Piece(f"d({function})/d({variable})", Level.FRACTION)
    return _atom(f"{form.value}({function}, {variable})")


def _differential(form: Form, parts: list[Piece]) -> Piece:
    """`dx` of a name, `d(E)` of anything longer."""
    return _atom("d" + (parts[0].text if form.args[0].head == "name" else f"({parts[0].text})"))


_RULES: dict[str, Callable[[Form, list[Piece]], Piece]] = {
    "number": _number,
    "name": _name,
    "neg": _neg,
    "add": _add,
    "mul": _mul,
    "power": _power,
    "elpower": _power,
    "transpose": _transpose,
    "kron": _kron,
    "call": _call,
    "unknown": _unknown,
    "entry": _entry,
    "delta": _delta,
    "tensor": _tensor,
    "bsum": _bsum,
    "join": _join,
    "split": _split,
    "cases": _cases,
    "derivative": _derivative,
    "differential": _differential,
}
