"""Every mistake ends in one clear message: `MatcalcError` with a place, what was expected and what to do.

A case states the source, the words that the message (with its hint) must hold, and the piece of the source
at which the caret must stand. Nothing here is timed; that an input of 100 kB ends at all is the claim.
"""

from __future__ import annotations

import builtins
import inspect
import keyword
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import matcalc


@dataclass(frozen=True)
class Mistake:
    """A derivation that must be refused, the words of the refusal, and the text at which the caret stands."""

    source: str
    words: tuple[str, ...]
    place: str = ""
    wrt: str = "x"
    declare: tuple[str, ...] = ()
    options: dict = field(default_factory=dict)


def mistake(source: str, *words: str, at: str = "", wrt: str = "x", declare: tuple[str, ...] = (), **options) -> Mistake:
    return Mistake(source, words, at, wrt, declare, options)


RECTANGLES = ("A: matrix(m, n)", "B: matrix(p, q)", "x: vector(n)", "y: vector(m)", "z: vector(q)")
SQUARES = ("A: matrix(n, n)", "B: matrix(n, n)", "x: vector(n)", "y: vector(n)", "s: scalar", "t: scalar")

UNKNOWN_NAMES = {
    "function-one-letter-missing": mistake("sofmax(x)", "sofmax", "softmax", at="sofmax"),
    "function-one-letter-wrong": mistake("sum(exq(x))", "exq", "exp", at="exq"),
    "function-two-letters-swapped": mistake("tarce(A)*x", "tarce", "trace", at="tarce"),
    "function-with-underscore": mistake("log_softmax(x)", "log_softmax", "logsoftmax", at="log_softmax"),
    "function-capitalised": mistake("Norm2(x)", "Norm2", "norm2", at="Norm2"),
    "function-longer-than-known": mistake("logdett(A)*x", "logdett", "logdet", at="logdett"),
    "function-like-no-other": mistake("frobnicate(x)", "frobnicate", "function", at="frobnicate"),
    "function-in-a-program": mistake("z = A*x\nJ = sum(rellu(z))", "rellu", "relu", at="rellu"),
    "name-called-that-is-a-vector": mistake("x(A)", "x", at="x"),
    "derivative-of-a-function-that-is-none": mistake("g'(x)", "g"),
    "property": mistake("x'*A*x", "symetric", "symmetric", at="symetric", declare=("A: matrix(n, n) symetric",)),
    "kind": mistake("x'*A*x", "matrx", "matrix", at="matrx", declare=("A: matrx(n, n)",)),
    "layout": mistake("x'*A*x", "sideways", "numerator", "denominator", layout="sideways"),
}

BRACKETS = {
    "parenthesis-not-closed": mistake("(x'*A*x", "(", "not closed", ")", at="*x"),
    "call-not-closed": mistake("sum(softmax(x)", "not closed", ")", at="x)"),
    "parenthesis-not-opened": mistake("x'*A*x)", ")", at=")"),
    "bracket-not-closed": mistake("[i,j: A[i,j]*x[j]", "not closed", "]", at="x[j]"),
    "entry-not-closed": mistake("sum[j: x[j]*y[j", "not closed", "]", at="y[j"),
    "brackets-crossed": mistake("sum[j: (x[j]]", "]", at="]"),
    "bracket-closed-by-parenthesis": mistake("(x + y]", "]", at="]"),
    "nothing-in-parentheses": mistake("x + ()", ")", at=")"),
    "brace": mistake("{x}", "{", at="{"),
    "derivative-not-closed": mistake("d(x'*x/d(x)", "not closed", ")", at="d(x)"),
}

SYNTAX = {
    "empty": mistake("", "no expression"),
    "blank": mistake("   \t ", "no expression"),
    "blank-lines": mistake("\n\n\n", "no expression"),
    "only-a-comment": mistake("# nothing else", "no expression"),
    "only-declarations": mistake("x: vector(n)\nA: matrix(n, n)", "assign"),
    "ends-after-plus": mistake("x +", "missing", "+", at="+"),
    "ends-after-times": mistake("x'*", "missing", "*", at="*"),
    "begins-with-times": mistake("*x", "*", at="*"),
    "two-operators": mistake("x + * x", "*", at="* x"),
    "two-operands": mistake("x'*A x", "x", at=" x"),
    "number-before-name": mistake("2x", "x", at="x"),
    "two-points": mistake("x'*x + 1.2.3", "1.2", at="1.2.3"),
    "power-without-exponent": mistake("x.^", "missing", ".^", at=".^"),
    "comma-outside": mistake("x, x", ",", at=","),
    "comma-at-the-end-of-arguments": mistake("dot(x, )", ")", at=")"),
    "dollar": mistake("x'*$y", "$", at="$"),
    "quotes": mistake('"x"', '"', at='"'),
    "ampersand": mistake("x & y", "&", at="&"),
    "comparison": mistake("x == y", "==", at="=="),
    "backslash": mistake("A\\x", "\\", at="\\"),
    "if-without-else": mistake("[i: x[i] if i==i]", "else"),
    "if-outside-of-entries": mistake("x if 1", "if", at="if"),
    "sum-without-body": mistake("sum[i: ]", "]", at="]"),
    "assignment-to-an-expression": mistake("x + y = 3", "=", at="="),
    "assignment-without-a-value": mistake("z = \nJ = x'*x", "missing", "=", at="= "),
    "name-assigned-twice": mistake("z = x\nz = x + x\nJ = z'*z", "z", "twice", at="z"),
    "name-used-before-it-is-assigned": mistake("J = z'*z\nz = x", "z", at="z"),
}

DIMENSIONS = {
    "product": mistake("A*B", "n", "p", at="A*B", wrt="A", declare=RECTANGLES),
    "product-with-vector": mistake("A*z", "n", "q", at="A*z", wrt="z", declare=RECTANGLES),
    "inner-product": mistake("x'*y", "n", "m", at="x'*y", declare=RECTANGLES),
    "sum-of-vectors": mistake("A*x + z", "m", "q", at="A*x + z", declare=RECTANGLES),
    "sum-of-matrices": mistake("A + B", "m", "p", at="A + B", wrt="A", declare=RECTANGLES),
    "element-wise-product": mistake("A.*B", "m", "p", at="A.*B", wrt="A", declare=RECTANGLES),
    "matrix-times-column-by-entries": mistake("A.*x", "m", "n", at="A.*x", declare=RECTANGLES),
    "quadratic-form-of-a-rectangle": mistake("y'*A*y", "n", "m", at="y'*A*y", wrt="y", declare=RECTANGLES),
    "inverse-of-a-rectangle": mistake("inv(A)*y", "m", "n", "square", at="inv(A)", wrt="y", declare=RECTANGLES),
    "trace-of-a-rectangle": mistake("tr(A)", "m", "n", "square", at="tr(A)", wrt="A", declare=RECTANGLES),
    "determinant-of-a-rectangle": mistake("det(A)", "m", "n", "square", at="det(A)", wrt="A", declare=RECTANGLES),
    "logdet-of-a-rectangle": mistake("logdet(A)", "m", "n", "square", at="logdet(A)", wrt="A", declare=RECTANGLES),
    "adjugate-of-a-rectangle": mistake("adj(A)", "m", "n", "square", at="adj(A)", wrt="A", declare=RECTANGLES),
    "square-of-a-rectangle": mistake("A^2", "m", "n", "square", at="A^2", wrt="A", declare=RECTANGLES),
    "inverse-power-of-a-rectangle": mistake("A^-1", "m", "n", "square", at="A^-1", wrt="A", declare=RECTANGLES),
    "dot": mistake("dot(x, y)", "n", "m", at="dot(x, y)", declare=RECTANGLES),
    "cross-entropy": mistake("crossentropy(y, softmax(x))", "m", "n", at="crossentropy(y, softmax(x))", declare=RECTANGLES),
    "maximum": mistake("maximum(x, y)", "n", "m", at="maximum(x, y)", declare=RECTANGLES),
    "numbers": mistake("x + y", "3", "4", at="x + y", declare=("x: vector(3)", "y: vector(4)")),
    "number-against-name": mistake("inv(A)*x", "3", "4", at="inv(A)", declare=("A: matrix(3, 4)",)),
    "identity-of-a-size": mistake("A + eye(m)", "m", "n", at="A + eye(m)", declare=("A: matrix(n, n)", "x: vector(m)")),
    "diagonal-of-a-rectangle": mistake("diag(A)", "m", "n", "square", at="diag(A)", wrt="A", declare=RECTANGLES),
    "declared-in-a-program": mistake(
        "W: matrix(M, D)\nU: matrix(C, N)\nx: vector(D)\nh = tanh(W*x)\no = U*h", "N", "M", at="U*h"
    ),
    "entries": mistake("[i,j: A[i,j]*A[j,i]]", "m", "n", wrt="A", declare=RECTANGLES),
    "second-term-of-a-long-sum": mistake("x'*x + y'*x", "m", "n", at="y'*x", declare=RECTANGLES),
}

KINDS = {
    "vector-times-vector": mistake("x*y", "x'*y", "x.*y", at="*", declare=("x: vector(n)", "y: vector(n)")),
    "vector-times-vector-undeclared": mistake("x*x", "x'*x", "x.*x", at="*"),
    "vector-times-product": mistake("x*(A*x)", "'", ".*", at="*"),
    "vector-squared": mistake("x^2", "x.^2", at="^"),
    "row-squared": mistake("x'^2", ".^", at="^"),
    "vector-to-a-vector": mistake("x^y", ".^", at="^"),
    "matrix-to-a-root": mistake("A^0.5*x", "whole number", at="0.5", declare=SQUARES),
    "matrix-to-a-scalar": mistake("A^s*x", "whole number", at="s", declare=SQUARES),
    "number-to-a-matrix": mistake("2^A*x", ".^", at="A", declare=SQUARES),
    "division-by-a-vector": mistake("x/y", "./", at="/y", declare=SQUARES),
    "division-by-a-matrix": mistake("x/A", "inv", at="/A", declare=SQUARES),
    "one-over-a-matrix": mistake("1/A*x", "inv", at="/A", declare=SQUARES),
    "column-times-matrix": mistake("x*A", "x'*A", at="*", declare=SQUARES),
    "trace-of-a-vector": mistake("tr(x)", "tr", "matrix", at="x"),
    "determinant-of-a-scalar": mistake("det(s)*x", "det", "matrix", at="s", declare=SQUARES),
    "inverse-of-a-vector": mistake("inv(x)", "inv", "matrix", at="x"),
    "logdet-of-a-vector": mistake("logdet(x)", "logdet", "matrix", at="x"),
    "adjugate-of-a-vector": mistake("adj(x)", "adj", "matrix", at="x"),
    "diagonal-of-a-scalar": mistake("diag(s)*x", "diag", at="s", declare=SQUARES),
    "softmax-of-a-scalar": mistake("softmax(s)*x", "softmax", at="s", declare=SQUARES),
    "dot-of-matrices": mistake("dot(A, B)*x", "dot", "vector", at="A", declare=SQUARES),
    "outer-of-a-matrix": mistake("outer(A, x)", "outer", "vector", at="A", declare=SQUARES),
    "gradient-of-a-vector": mistake("grad(A*x, x)", "grad", "scalar", declare=SQUARES),
    "entry-with-one-index-too-many": mistake("[i,j: x[i,j]]", "x", at="x[i,j]"),
    "entry-with-one-index-too-few": mistake("[i: A[i]*x[i]]", "A", at="A[i]"),
    "index-not-bound": mistake("[i: x[i]*y[j]]", "j", at="j"),
    "vector-in-entries": mistake("[i: x*y[i]]", "scalar"),
    "infinite-number": mistake("1e999999999*x", "1e999999999", at="1e999999999"),
}

ARGUMENTS = {
    "none-for-one": mistake("exp()*x", "exp", "1", at="exp"),
    "two-for-one": mistake("exp(x, x)", "exp", "1", "2", at="exp"),
    "two-for-softmax": mistake("softmax(x, x)", "softmax", "1", "2", at="softmax"),
    "one-for-two": mistake("crossentropy(x)", "crossentropy", "2", "1", at="crossentropy"),
    "one-for-maximum": mistake("maximum(x)", "maximum", "2", "1", at="maximum"),
    "three-for-kron": mistake("kron(A, A, A)", "kron", "2", "3", at="kron", wrt="A"),
    "axis-of-three": mistake("sum(A, 2)*x", "axis", at="2"),
    "axis-that-is-a-vector": mistake("sum(A, x)", "axis", at="x"),
    "axis-of-a-norm": mistake("norm2(A, 1)*x", "norm2", at="norm2"),
    "three-sizes-for-eye": mistake("eye(n, n, n)*x", "eye", at="eye"),
    "one-size-for-commutation": mistake("commutation(n)*x", "commutation(m, n)", at="commutation"),
    "a-vector-as-a-size": mistake("ones(x)'*x", "x", at="x"),
    "size-zero": mistake("ones(0)'*x", "0", at="0"),
    "function-without-arguments": mistake("exp*x", "exp", at="exp"),
}

DERIVATIVES = {
    "by-an-expression": mistake("x'*A*x", "name", at="2*x", wrt="2*x"),
    "by-a-transposed-name": mistake("x'*A*x", "name", at="x'", wrt="x'"),
    "by-a-product": mistake("x'*A*x", "name", at="A*x", wrt="A*x"),
    "by-nothing": mistake("x'*A*x", "name", wrt=""),
    "by-a-number": mistake("x'*A*x", "3", at="3", wrt="3"),
    "by-two-names-without-a-comma": mistake("x'*A*x", "side by side", at="x A", wrt="x A"),
    "by-a-sum-within": mistake("d(x'*x)/d(x + y)", "name", at="x + y"),
    "by-a-call-within": mistake("d(x'*x)/d(exp(x))", "name", at="exp(x)"),
    "without-a-denominator": mistake("d(x'*x)", "d", at="d"),
    "with-a-wrong-denominator": mistake("d(x'*x)/e(x)", "d(E)/d(X)", at="d(x'*x)/e(x)"),
    "gradient-by-an-expression": mistake("grad(x'*x, 2*x)", "name", at="2*x"),
    "gradient-by-nothing": mistake("grad(x'*x)", "grad", at="grad"),
    "hessian-by-nothing": mistake("hessian(x'*x)", "hessian", at="hessian"),
    "order-zero": mistake("x'*A*x", "order", "0", order=0),
    "order-negative": mistake("x'*A*x", "order", "-1", order=-1),
    "by-an-unknown-function": mistake("f(x)", "f", "function", wrt="f", declare=("f: function",)),
}

DECLARATIONS = {
    "no-colon": mistake("x'*A*x", "name: kind", at="A matrix", declare=("A matrix(n, n)",)),
    "no-name": mistake("x'*A*x", ":", at=":", declare=(": matrix(n, n)",)),
    "no-kind": mistake("x'*A*x", "A", declare=("A:",)),
    "name-that-is-a-number": mistake("x'*A*x", "3", at="3", declare=("3: scalar",)),
    "one-size-for-a-matrix": mistake("x'*A*x", "matrix", at="(n)", declare=("A: matrix(n)",)),
    "two-sizes-for-a-vector": mistake("x'*A*x", "vector", at="(m, n)", declare=("x: vector(m, n)",)),
    "size-zero": mistake("x'*A*x", "0", at="0", declare=("x: vector(0)",)),
    "size-negative": mistake("x'*A*x", "-1", at="-", declare=("x: vector(-1)",)),
    "size-not-whole": mistake("x'*A*x", "1.5", at="1.5", declare=("x: vector(1.5)",)),
    "size-an-expression": mistake("x'*A*x", "+", at="+", declare=("x: vector(n+1)",)),
    "parenthesis-not-closed": mistake("x'*A*x", "not closed", ")", at="(n", declare=("x: vector(n",)),
    "property-of-a-rectangle": mistake("A*x", "symmetric", "m", "n", at="symmetric", declare=("A: matrix(m, n) symmetric",)),
    "property-of-a-vector": mistake("A*x", "symmetric", "vector", at="symmetric", declare=("x: vector(n) symmetric",)),
    "property-of-a-scalar": mistake("s*x", "orthogonal", "scalar", at="orthogonal", declare=("s: scalar orthogonal",)),
    "twice-and-different": mistake("x'*A*x", "x", "twice", at="x", declare=("x: vector(n)", "x: scalar")),
    "declared-otherwise-than-used": mistake("x'*A*x", "x", declare=("x: matrix(m, n)", "A: matrix(p, q)")),
    "function-with-a-size": mistake("f(x)", "function", declare=("f: function(n)",)),
    "scalar-with-a-size": mistake("s*x", "scalar", at="(n)", declare=("s: scalar(n)",)),
    "dependent-on-a-number": mistake("A*x", "name: kind", at="A(3)", declare=("A(3): matrix(n, n)",)),
    "dependent-on-itself": mistake("A*x", "A", at="A", declare=("A(A): matrix(n, n)",)),
    "expression-among-the-declarations": mistake("x'*x", "name: kind", at="x + y", declare=("x + y",)),
}

HOSTILE = {
    "nul-byte": mistake("x'*\0A*x", "U+0000", at="\0"),
    "only-a-nul-byte": mistake("\0", "U+0000", at="\0"),
    "lone-surrogate": mistake("x + \ud800", "U+D800", at="\ud800"),
    "right-to-left-override": mistake("x \u202e+ y", "U+202E", at="\u202e"),
    "zero-width-space": mistake("x\u200b*y", "U+200B", at="\u200b"),
    "emoji": mistake("x'*\N{PILE OF POO}", "\N{PILE OF POO}", at="\N{PILE OF POO}"),
    "private-use": mistake("\ue000*x", "U+E000", at="\ue000"),
    "form-feed": mistake("x\x0c*", ""),
    "nul-byte-in-a-declaration": mistake("x'*A*x", "U+0000", at="\0", declare=("A: matrix(n, n)\0",)),
    "nul-byte-in-wrt": mistake("x'*A*x", "U+0000", at="\0", wrt="x\0"),
    "import-call": mistake("__import__('os').system('true')", ""),
    "attribute": mistake("x.__class__", "", at="."),
    "eval": mistake("eval(x)", "eval", at="eval"),
    "exec": mistake("exec(x)", "exec", at="exec"),
    "open": mistake("open(x)", "open", at="open"),
    "lambda-expression": mistake("lambda x: x", ""),
    "import-statement": mistake("x'*x\nimport os", "import"),
    "module-function": mistake("os.system(x)", "", at="."),
    "format-string": mistake("f\"{x}\"", '"', at='"'),
    "walrus": mistake("(x := x)", ":", at=":"),
    "wrt-import": mistake("x'*x", "", wrt="__import__('os')"),
    "declared-code": mistake("x'*x", "", declare=("x: vector(__import__('os').getpid())",)),
    "parentheses-left-open": mistake("(" * 10_000, "nested"),
    "parentheses-too-many": mistake("x" + ")" * 10_000, ")", at=")"),
    "brackets-left-open": mistake("[" * 10_000, "["),
    "calls-left-open": mistake("exp(" * 10_000 + "x", "nested"),
    "operators-only": mistake("*" * 100_000, "*", at="*"),
    "quotes-only": mistake("'" * 100_000, "'", at="'"),
    "names-without-operators": mistake("x " * 50_000, "x"),
}  # fmt: skip

FAMILIES = {
    "unknown": UNKNOWN_NAMES,
    "brackets": BRACKETS,
    "syntax": SYNTAX,
    "dimensions": DIMENSIONS,
    "kinds": KINDS,
    "arguments": ARGUMENTS,
    "derivatives": DERIVATIVES,
    "declarations": DECLARATIONS,
    "hostile": HOSTILE,
}
MISTAKES = {f"{family}-{name}": case for family, cases in FAMILIES.items() for name, case in cases.items()}


def refusal(case: Mistake) -> matcalc.MatcalcError:
    with pytest.raises(matcalc.MatcalcError) as caught:
        matcalc.derive(case.source, wrt=case.wrt, declare=list(case.declare), **case.options)
    return caught.value


def described(error: matcalc.MatcalcError) -> str:
    return f"{error.message}\n{error.hint or ''}\n{error.render()}".lower()


every_mistake = pytest.mark.parametrize("case", MISTAKES.values(), ids=MISTAKES.keys())
every_placed_mistake = pytest.mark.parametrize(
    "case", [case for case in MISTAKES.values() if case.place], ids=[name for name, case in MISTAKES.items() if case.place]
)


def test_there_are_many_kinds() -> None:
    assert len(MISTAKES) >= 80


@every_mistake
def test_message_says_what_is_wrong(case: Mistake) -> None:
    text = described(refusal(case))
    assert [word for word in case.words if word.lower() not in text] == []


@every_placed_mistake
def test_caret_stands_at_the_place(case: Mistake) -> None:
    """The place of the error overlaps the piece of text that is wrong, or follows it where something is missing."""
    error = refusal(case)
    starts = [start for start in range(len(error.source)) if error.source.startswith(case.place, start)]
    begin, end = error.position, error.position + max(1, error.length)
    assert [start for start in starts if start < end and begin <= start + len(case.place)]


@every_mistake
def test_rendering_is_short_and_printable(case: Mistake) -> None:
    """A few lines of bounded width, whatever the input: no traceback, no control characters."""
    text = refusal(case).render()
    lines = text.splitlines()
    assert 1 <= len(lines) <= 16
    assert max(map(len, lines)) <= 400
    assert "Traceback" not in text
    assert all(character.isprintable() or character == "\n" for character in text)


# Inputs that are right but extreme: an answer or a refusal, nothing else


EXTREME = {
    "nested-parentheses": "(" * 10_000 + "x" + ")" * 10_000,
    "nested-brackets": "[i: " * 3_000 + "x[i]" + "]" * 3_000,
    "nested-calls": "exp(" * 10_000 + "x" + ")" * 10_000,
    "nested-derivatives": "d(" * 2_000 + "x" + ")/d(x)" * 2_000,
    "minus-signs": "-" * 100_000 + "x",
    "transposes": "x" + "'" * 100_000,
    "powers": "x" + ".^2" * 20_000,
    "long-name": "x" * 100_000,
    "long-number": "1" * 100_000 + "*x",
    "long-fraction": "0." + "1" * 100_000 + "*x",
    "large-exponent": "x.^" + "9" * 1_000,
    "tower-of-powers": "x.^" + "^".join(["9"] * 50),
    "large-matrix-power": "A^1000000*x",
    "huge-matrix-power": "A^" + "9" * 30 + "*x",
    "large-decimal-exponent": "1e400*x",
    "long-sum-of-one-name": "+".join(["x"] * 50_000),
    "long-sum-of-many-names": "+".join(f"x_{k}" for k in range(10_000)) + " + x",
    "long-product": "*".join(["A"] * 5_000) + "*x",
    "long-program": "\n".join(["z_0 = x"] + [f"z_{k} = tanh(z_{k - 1})" for k in range(1, 3_000)]),
    "doubling-program": "\n".join(["z_0 = x"] + [f"z_{k} = z_{k - 1}.*z_{k - 1}" for k in range(1, 200)]),
    "many-blanks": " " * 100_000 + "x",
    "many-empty-lines": "\n" * 100_000 + "x",
    "carriage-returns": "z = x\r\nJ = z'*z\r\n",
    "byte-order-mark": "\ufeffx'*x",
    "full-width-digit": "x.^\uff12",
    "mathematical-italic": "\U0001d465'*x",
    "combining-accent": "x\u0301 + x",
    "ligature": "\ufb01 + x",
    "superscript-t": "x\u1d40*x",
    "arabic-digits": "x.^\u0663",
}  # fmt: skip


def outcome(source: str, **options) -> object:
    """What a derivation ends in: its text, or a `MatcalcError`."""
    try:
        return matcalc.derive(source, **options).text
    except matcalc.MatcalcError as error:
        return error


@pytest.mark.parametrize("source", EXTREME.values(), ids=EXTREME.keys())
def test_extreme_input_ends_in_an_answer_or_a_message(source: str) -> None:
    assert isinstance(outcome(source, wrt="x"), str | matcalc.MatcalcError)


# Random input


TOKENS = (
    "x", "y", "z", "A", "B", "X", "alpha", "s", "f", "exp", "softmax", "tr", "inv", "det", "sum", "mean", "vec", "kron",
    "diag", "norm2", "d", "grad", "hessian", "jacobian", "delta", "eye", "ones", "vector", "matrix", "scalar",
    "function", "symmetric", "if", "else", "and", "or", "not", "lambda", "np", "pi", "'", "'", "*", "*", "+", "-", "/",
    "./", ".*", ".^", "^", "**", "@", "⊗", "⊙", "⁻¹", "ᵀ", "∂", "(", "(", ")", ")", "[", "]", ",", ":", ";", "=", "==",
    "!=", ".", "0", "1", "2", "3.5", "-1", "1e5", "T", "i", "j", "k", "n", "m", "\n", "#", " ",
)  # fmt: skip


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.text(max_size=60), st.sampled_from(["x", "A", "alpha", "y"]))
def test_random_text_raises_only_matcalc_errors(source: str, wrt: str) -> None:
    assert isinstance(outcome(source, wrt=wrt), str | matcalc.MatcalcError)


@settings(max_examples=600, deadline=None, derandomize=True)
@given(st.lists(st.sampled_from(TOKENS), max_size=14).map("".join), st.sampled_from(["x", "A", "z"]))
def test_token_soup_raises_only_matcalc_errors(source: str, wrt: str) -> None:
    assert isinstance(outcome(source, wrt=wrt), str | matcalc.MatcalcError)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.lists(st.sampled_from(TOKENS), max_size=9).map(" ".join))
def test_soup_of_declarations_raises_only_matcalc_errors(declaration: str) -> None:
    assert isinstance(outcome("x'*A*x", wrt="x", declare=[declaration]), str | matcalc.MatcalcError)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.text(max_size=12))
def test_random_variable_raises_only_matcalc_errors(wrt: str) -> None:
    assert isinstance(outcome("x'*A*x", wrt=wrt), str | matcalc.MatcalcError)


SOUND = ("x'*A*x", "norm2(A*x-b)^2", "crossentropy(y, softmax(W*x))", "[i,j: A[i,j]*x[j]]", "d(exp(A*x))/d(x)*x")


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.sampled_from(SOUND), st.data())
def test_one_wrong_character_raises_only_matcalc_errors(source: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(source) - 1))
    character = data.draw(st.sampled_from(["", *"()[]'*+-^.,:=0axA/ \n#|"]))
    changed = source[:place] + character + source[place + 1 :]
    assert isinstance(outcome(changed, wrt="x"), str | matcalc.MatcalcError)


# A name that does not occur


ABSENT = {
    "scalar": (("s: scalar",), "s", ("m",)),
    "vector": (("z: vector(k)",), "z", ("m", "k")),
    "matrix": (("Z: matrix(k, l)",), "Z", ("m", "k", "l")),
}


@pytest.mark.parametrize(("declare", "wrt", "shape"), ABSENT.values(), ids=ABSENT.keys())
def test_derivative_by_an_absent_name_is_a_zero_with_a_note(declare, wrt, shape) -> None:
    found = matcalc.derive("A*x", wrt=wrt, declare=["A: matrix(m, n)", "x: vector(n)", *declare])
    assert found.shape == shape
    assert [note for note in found.notes if wrt in note and "not occur" in note]
    assert "0" in found.text or "zeros" in found.text


# Names that emitted code must keep apart from its own


NAMES = (
    "np", "numpy", "scipy", "special", "derivative", "lambda", "def", "class", "import", "return", "None", "True", "is", "in",
    "float", "print", "len", "range", "T", "I", "f", "t", "t0", "t1", "v1", "_1", "x0", "out", "result", "value", "einsum",
    "softmax", "shape", "self", "e", "d", "delta", "array", "type", "list", "dict", "int",
    "__import__", "__builtins__", "__name__",
)  # fmt: skip


def try_name(name: str) -> tuple[str, np.ndarray, np.ndarray] | None:
    """The parameter, and the emitted and the expected gradient of a quadratic form in a variable of this name.

    None where the name is refused.
    """
    declare = [f"{name}: vector(n)", "M: matrix(n, n)"]
    matrix, vector = np.array([[1.0, 2.0, -1.0], [0.5, 3.0, 4.0], [7.0, -2.0, 5.0]]), np.array([0.3, -1.2, 2.0])
    try:
        found = matcalc.derive(f"{name}'*M*{name}", wrt=name, declare=declare)
    except matcalc.MatcalcError:
        return None
    function = found.function()
    (parameter,) = inspect.signature(function).parameters.keys() - {"M"}
    return parameter, function(**{parameter: vector, "M": matrix}), vector @ (matrix + matrix.T)


SAFE_NAMES = [name for name in NAMES if not name.startswith("__") and name not in ("softmax", "import")]


@pytest.mark.parametrize("name", SAFE_NAMES)
def test_hostile_name_is_a_variable_like_any_other(name: str) -> None:
    """The emitted function is right, and its parameter is the name, if need be with an underscore behind it."""
    parameter, found, expected = try_name(name)
    assert parameter in (name, f"{name}_")
    assert parameter not in {"np", "derivative", *keyword.kwlist}
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("name", sorted(set(NAMES) - set(SAFE_NAMES)))
def test_name_with_a_meaning_is_refused_or_right(name: str) -> None:
    parameter, found, expected = try_name(name) or ("refused", np.zeros(1), np.zeros(1))
    assert parameter not in dir(builtins)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("name", [name for name in keyword.kwlist if name not in ("if", "else", "and", "or", "not")])
def test_keyword_gets_an_underscore(name: str) -> None:
    parameter, _, _ = try_name(name)
    assert parameter == f"{name}_"


def test_names_of_the_emitted_code_do_not_run() -> None:
    """A source that looks like code is never executed, neither when it is read nor when its code is emitted."""
    calls: list[str] = []
    builtins.matcalc_trap = lambda *_: calls.append("called")  # type: ignore[attr-defined]
    try:
        outcome("matcalc_trap(x)", wrt="x")
        outcome("x'*x", wrt="matcalc_trap(1)")
        outcome("x'*x", wrt="x", declare=["x: vector(matcalc_trap(1))"])
        namespace: dict = {}
        exec(matcalc.derive("matcalc_trap'*x", wrt="x", declare=["matcalc_trap: vector(n)"]).numpy(), namespace)
        namespace["derivative"](matcalc_trap=np.ones(2), x=np.ones(2))
    finally:
        del builtins.matcalc_trap  # type: ignore[attr-defined]
    assert calls == []


def test_position_counts_from_the_start_of_a_program() -> None:
    source = "# a network\nz = W*x\nJ = sum(rellu(z))\n"
    with pytest.raises(matcalc.MatcalcError) as caught:
        matcalc.derive(source, wrt="W")
    error = caught.value
    assert (error.source, error.position, error.length) == (source, source.index("rellu"), len("rellu"))
    assert "J = sum(rellu(z))\n" in error.render()
    assert "        ^^^^^\n" in error.render()


@pytest.mark.parametrize("source", ["(12345^900)*(12346^900)*(12347^900)*x", "x/(12345^900)/(12346^900)"])
def test_a_number_of_thousands_of_digits_is_refused(source: str) -> None:
    """Python writes no number of more than 4,300 digits."""
    with pytest.raises(matcalc.MatcalcError, match="digits"):
        _ = matcalc.derive(source, "x").text
