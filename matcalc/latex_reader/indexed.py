r"""Sums over indices and case distinctions.

    \sum_i x_i y_i    \sum_{i=1}^{n} x_i    \sum_{i,j} A_{ij}^2    \sum_{i \neq j} x_i    \begin{cases} .. \end{cases}

A sum takes the product up to the next `+` or `-`.  Where it says up to which size it runs, that is the size of an axis:
n is made the length of a vector of ones that is multiplied, unless a declaration says it already.
"""

from __future__ import annotations

from typing import Any

from matcalc.form import Form, number
from matcalc.form import name as named
from matcalc.latex_reader.reader import Reader
from matcalc.latex_reader.subscripts import index_name

__all__ = ["indexed_sum", "case_distinction"]

#: How the range of a sum is written.
RANGES = "write \\sum_i, \\sum_{i=1}^{n}, \\sum_{i,j} or \\sum_{i \\neq j}"
OTHER_LETTER = "give one of the two another letter"
_UNEQUAL = frozenset({"\\neq", "\\ne"})


# --- sums -----------------------------------------------------------------------------------------------------------


def indexed_sum(reader: Reader) -> Form:
    r"""`\sum` with what stands below, above and behind it."""
    sign = reader.advance()
    scope = reader.scope
    if reader.token.kind != "_":
        hint = "write \\sum_i x_i, or \\operatorname{sum}(x) for the sum of all entries"
        reader.fail("a sum needs an index", reader.place(sign), hint)
    indices, condition, bounded = _below(reader)
    size = _above(reader, bounded)
    for index in indices:
        if index in scope.bound:
            reader.fail(f"the index `{index}` is bound already", reader.since(sign.start), OTHER_LETTER)
        if index in scope.declarations or index in scope.assigned:
            reader.fail(f"`{index}` is a variable and no index here", reader.since(sign.start), OTHER_LETTER)
    scope.bind(indices)
    scope.ever_bound.update(indices)
    bare, reader.bare_argument = reader.bare_argument, False
    body = reader.grammar.term(reader)
    reader.bare_argument = bare
    scope.unbind(indices)
    body = _restricted(reader, body, indices, size, condition, sign.start)
    return reader.node("bsum", (body,), sign.start, tuple(indices))


def _restricted(
    reader: Reader, body: Form, indices: list[str], size: Form | None, condition: tuple[Any, ...] | None, start: int
) -> Form:
    """The summand where the sum says over what it runs: its size, and a condition."""
    if size is not None:
        stated = size.value if size.head == "name" else int(size.value)
        for index in indices:
            if not reader.scope.stands_on_axis(index, stated, body):
                ones = reader.node("call", (size,), start, "ones")
                body = reader.node("mul", (reader.node("entry", (ones,), start, (index,)), body), start)
    if condition is not None:
        body = reader.node("cases", (body, number(0, body.span)), start, condition)
    return body


def _below(reader: Reader) -> tuple[list[str], tuple[Any, ...] | None, bool]:
    """The indices below a sum, a condition that they fulfil, and whether the sum begins at 1."""
    reader.advance()
    if reader.token.kind != "{":
        return [index_name(reader, RANGES)], None, False
    reader.enter()
    indices = [index_name(reader, RANGES)]
    condition, bounded = None, False
    while reader.token.kind != "}":
        if reader.token.kind == ",":
            reader.advance()
        elif reader.token.kind == "=":
            reader.advance()
            _first(reader)
            bounded = True
            break
        elif reader.token.text in _UNEQUAL:
            reader.advance()
            condition = ("!=", indices[-1], index_name(reader, RANGES))
            _check_other(reader, *condition[1:])
            break
        else:
            indices.append(index_name(reader, RANGES))
    if reader.token.kind != "}":
        reader.fail("the range of a sum is not read", reader.place(reader.token), RANGES)
    reader.leave()
    if len(set(indices)) < len(indices):
        reader.fail("an index is bound twice", reader.place(reader.token))
    return indices, condition, bounded


def _check_other(reader: Reader, index: str, other: str) -> None:
    """Refuse a sum over i that is not j where nothing says that j is fixed: it may be a sum over both."""
    scope = reader.scope
    if not {other} & {*scope.bound, *scope.free, *scope.expected}:
        hint = f"write \\sum_{other} \\sum_{{{index} \\neq {other}}} for the sum over both"
        reader.fail(f"a sum over {index}, or over {index} and {other}?", reader.place(reader.token), hint)
    scope.use(other, reader.place(reader.token))


def _first(reader: Reader) -> None:
    """The first value of an index, which is 1."""
    token = reader.token
    if token.kind != "number" or token.text != "1":
        reader.fail("a sum begins at 1", reader.place(token), "indices run over all entries: \\sum_{i=1}^{n}")
    reader.advance()


def _above(reader: Reader, bounded: bool) -> Form | None:
    """The size above a sum, if there is one."""
    if reader.token.kind != "^":
        if bounded:
            reader.fail("the sum has no end", reader.place(reader.token), "write \\sum_i, or \\sum_{i=1}^{n}")
        return None
    caret = reader.advance()
    if not bounded:
        reader.fail("the sum has no beginning", reader.place(caret), "write \\sum_{i=1}^{n}")
    braces = reader.token.kind == "{"
    if braces:
        reader.enter()
    token = reader.token
    if token.kind not in ("letter", "number") or (braces and reader.peek().kind != "}"):
        hint = "sums run over all entries: up to n where x: vector(n)"
        reader.fail("the end of a sum is a size: a letter or a number", reader.place(token), hint)
    reader.advance()
    if braces:
        reader.leave()
    if token.kind == "number":
        if not token.text.isdigit() or int(token.text) < 1 or (not braces and len(token.text) > 1):
            reader.fail("the end of a sum is a whole number", reader.place(token), "write it in braces: ^{10}")
        return number(int(token.text), reader.place(token))
    return named(token.text, span=reader.place(token))


# --- case distinctions ----------------------------------------------------------------------------------------------


def case_distinction(reader: Reader) -> Form:
    r"""`\begin{cases} value, & condition \\ value, & \text{otherwise} \end{cases}`."""
    begin = reader.advance()
    rows: list[tuple[Form, tuple[Any, ...] | None]] = []
    bare, reader.bare_argument = reader.bare_argument, False
    reader.enter_environment(begin)
    while reader.token.kind != "finish":
        rows.append(_case(reader, rows))
        if reader.token.kind == "case":
            reader.advance()
        elif reader.token.kind != "finish":
            reader.unexpected("the end of the case")
    reader.leave_environment()
    reader.bare_argument = bare
    return _joined(reader, rows, begin.start)


def _case(reader: Reader, before: list[tuple[Form, tuple[Any, ...] | None]]) -> tuple[Form, tuple[Any, ...] | None]:
    """One row: a value and its condition, None for all others."""
    if before and before[-1][1] is None:
        reader.fail("a case stands behind the last one", reader.place(reader.token), "`otherwise` is the last row")
    value = reader.grammar.expression(reader)
    reader.skip(",", "gap", "&")
    if reader.token.kind in ("case", "finish"):
        reader.fail("a condition is missing", reader.place(reader.token), "write & i = j, or & \\text{otherwise}")
    if reader.token.kind == "text" and _said(reader.token.text) in ("otherwise", "else", "other", "others"):
        reader.advance()
        reader.skip(",", ".")
        return value, None
    return value, _condition(reader)


def _said(text: str) -> str:
    return text.strip(" ~.,;\\").lower()


def _condition(reader: Reader) -> tuple[Any, ...]:
    """Conditions parted by commas or `and`, looser by `or`."""
    if reader.token.kind == "text" and _said(reader.token.text) in ("if", "for", "when", "where"):
        reader.advance()
    alternatives = [_conjunction(reader)]
    while _is_word(reader, "or", "\\lor"):
        reader.advance()
        alternatives.append(_conjunction(reader))
    reader.skip(".", ",")
    return _chain("or", alternatives)


def _conjunction(reader: Reader) -> tuple[Any, ...]:
    parts = [_comparison(reader)]
    while _is_word(reader, "and", "\\land") or (reader.token.kind == "," and reader.peek().kind not in ("case", "finish", ",")):
        reader.advance()
        reader.skip("gap")
        parts.append(_comparison(reader))
    return _chain("and", parts)


def _chain(word: str, parts: list[tuple[Any, ...]]) -> tuple[Any, ...]:
    result = parts[0]
    for part in parts[1:]:
        result = (word, result, part)
    return result


def _is_word(reader: Reader, word: str, command: str) -> bool:
    token = reader.token
    return (token.kind == "text" and _said(token.text) == word) or (token.kind == "command" and token.text == command)


def _comparison(reader: Reader) -> tuple[Any, ...]:
    token = reader.token
    if token.kind == "command" and token.text in ("\\neg", "\\lnot"):
        reader.advance()
        reader.enter()
        inner = _condition(reader)
        reader.leave()
        return ("not", inner)
    if token.kind == "open" and token.text == "(":
        reader.enter()
        inner = _condition(reader)
        reader.leave()
        return inner
    left = _compared(reader)
    result: tuple[Any, ...] | None = None
    while result is None or reader.token.kind == "=" or reader.token.text in _UNEQUAL:
        relation = reader.token
        if relation.kind != "=" and relation.text not in _UNEQUAL:
            hint = "values are compared by \\operatorname{step}(x), \\max(a, b) and \\min(a, b)"
            reader.fail("a condition compares indices with = or \\neq", reader.place(relation), hint)
        reader.advance()
        right = _compared(reader)
        step = ("==" if relation.kind == "=" else "!=", left, right)
        result = step if result is None else ("and", result, step)
        left = right
    return result


def _compared(reader: Reader) -> str:
    token = reader.token
    hint = "values are compared by \\operatorname{step}(x), \\max(a, b) and \\min(a, b)"
    if token.kind != "letter":
        reader.fail("a condition compares indices with = or \\neq", reader.place(token), hint)
    index = index_name(reader, hint)
    reader.scope.use(index, reader.place(token))
    return index


def _joined(reader: Reader, rows: list[tuple[Form, tuple[Any, ...] | None]], start: int) -> Form:
    """The nested cases; the last row is that of all other cases, or the opposite of the one before."""
    if not rows:
        reader.fail("there is no case", reader.since(start), "write a value, & and a condition in each row")
    value, condition = rows[-1]
    if condition is not None and not (len(rows) > 1 and _opposite(condition, rows[-2][1])):
        reader.fail("the other cases are missing", reader.since(start), "write & \\text{otherwise} in the last row")
    for other, test in reversed(rows[:-1]):
        value = reader.node("cases", (other, value), start, test)
    return value


def _opposite(condition: tuple[Any, ...], other: tuple[Any, ...] | None) -> bool:
    """Whether one of two comparisons holds where the other does not."""
    if other is None or condition[0] not in ("==", "!=") or other[0] not in ("==", "!="):
        return False
    return condition[0] != other[0] and set(condition[1:]) == set(other[1:])
