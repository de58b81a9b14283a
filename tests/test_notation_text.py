"""Text: what is printed is the language, with the fewest parentheses, and reading it gives the same form back."""

from __future__ import annotations

import re
import time
import tomllib
from collections.abc import Iterator
from fractions import Fraction
from functools import reduce
from pathlib import Path

import numpy as np
import pytest
from corpus import TASKS
from hypothesis import given, settings
from hypothesis import strategies as st

from matcalc.errors import UnsupportedError
from matcalc.form import Form, name, number
from matcalc.notation.text import condition_text, to_text
from matcalc.parser import parse_expression, parse_program

IDENTITIES = Path(__file__).parent.parent / "identities"

#: Texts as they are printed: each has no parentheses and no space too many.
PRINTED = [
    "x'*(A + A')",
    "2*(A*x - b)'*A",
    "B*X*C*A + B'*X*A'*C'",
    "-inv(X)'*a*b'*inv(X)'",
    "-inv(A)*d(A)/d(alpha)*inv(A)",
    "diag(s.*(1 - s))",
    "(softmax(theta) - y)'",
    "2*kron(V'*V, eye(m))",
    "x'*x/2",
    "x/(2*n)",
    "x^2",
    "-x^2",
    "(-x)^2",
    "x^-2",
    "X.^2",
    "(x'*x)^(3/2)",
    "X'.^2",
    "(X.^2)'",
    "(x')'",
    "-x",
    "-(-x)",
    "-(a + b)*c",
    "a - b - c",
    "a - (b - c)",
    "a - (-b)",
    "a*(-b)",
    "A*(x'*y)",
    "A.*B./C",
    "A.*(B./C)",
    "a./(b*c)",
    "[i,k,l: delta(i,k)*x[l]]",
    "sum[l: B[l,p]*B[l,q]]",
    "sum[k,l: B[k,l]]^2",
    "[p,q,i,j: B[i,q] if j==p and p!=q else B[i,p] if j==q and p!=q else 2*B[i,q] if j==p and p==q else 0]",
    "[i,j: (x[i] if i==j else 0) + 1]",
    "[i,j: x[i] if not (i==j or i!=j) else 0]",
    "[i,j,k: x[i] if i==j and (j==k or i==k) else 0]",
    "inv(X)[i,j]",
    "(A*x - b)[i]",
    "f'(x)",
    "f''(a'*x)",
    "d(L)/d(Y)",
    "(d(L)/d(Y))'",
    "d(vec(A*X*B))/d(vec(X))",
    "grad(x'*A*x, x)",
    "hessian(sum(x.^3), x)",
    "sum(X, 0)",
    "eye*A",
    "pi*x",
    "1/2*x",
]


@pytest.mark.parametrize("text", PRINTED)
def test_text_is_printed_as_it_was_written(text: str) -> None:
    assert to_text(parse_expression(text)) == text


def test_needless_parentheses_and_spaces_go() -> None:
    assert to_text(parse_expression("((A)*((x)))+  ((B*y))-(c)")) == "A*x + B*y - c"


# ---- Forms that no text was read into -------------------------------------------------------------------------------

X = name("X", "matrix", (("m",), ("n",)))
x = name("x", "column", (("n",),))
s = name("s", "scalar", ())


def mul(*args: Form, kind: str | None = None) -> Form:
    return Form("mul", args, kind=kind)


@pytest.mark.parametrize(
    ("form", "text"),
    [
        (mul(number(2), mul(X, x, kind="column")), "2*X*x"),
        (mul(X, mul(X, x, kind="column")), "X*X*x"),
        (mul(X, mul(Form("transpose", (x,), kind="row"), x, kind="scalar")), "X*(x'*x)"),
        (mul(X, mul(mul(Form("transpose", (x,), kind="row"), x, kind="scalar"), X, kind="matrix")), "X*((x'*x)*X)"),
        (mul(s, Form("neg", (x,), kind="column")), "s*(-x)"),
        (mul(number(-2), x), "-2*x"),
        (mul(x, number(-2)), "x*(-2)"),
        (mul(x, number(Fraction(1, 2))), "x*(1/2)"),
        (Form("add", (x, mul(number(-2), x))), "x - 2*x"),
        (Form("add", (x, number(Fraction(-1, 2)))), "x - 1/2"),
        (Form("add", (x, Form("neg", (Form("add", (s, x)),)))), "x - (s + x)"),
        (Form("add", (x, Form("add", (s, x)))), "x + s + x"),
        (Form("power", (number(-1), s)), "(-1)^s"),
        (Form("power", (s, number(Fraction(-1, 2)))), "s^(-1/2)"),
        (Form("power", (s, Form("power", (s, number(2))))), "s^(s^2)"),
        (Form("elpower", (X, Form("transpose", (x,)))), "X.^(x')"),
        (Form("kron", (X, X)), "kron(X, X)"),
        (Form("transpose", (Form("kron", (X, X)),)), "kron(X, X)'"),
        (Form("call", (), "eye"), "eye"),
        (Form("entry", (Form("transpose", (X,)),), ("i", "j")), "(X')[i,j]"),
    ],
)
def test_forms_that_are_made_by_the_program(form: Form, text: str) -> None:
    assert to_text(form) == text
    assert meaning(parse_expression(text)) == meaning(form)


def test_conditions_have_the_precedence_of_python() -> None:
    equal, different = ("==", "i", "j"), ("!=", "p", "q")
    assert condition_text(("and", ("or", equal, different), ("not", equal))) == "(i==j or p!=q) and not i==j"
    assert condition_text(("or", ("and", equal, different), equal)) == "i==j and p!=q or i==j"


# ---- Round trips ----------------------------------------------------------------------------------------------------


PRIME = 2**61 - 1
MIXERS = np.array([[[3, 1], [4, 1]], [[5, 9], [2, 6]], [[5, 3], [5, 8]], [[9, 7], [9, 3]]], dtype=object)


def leaf(key: object) -> np.ndarray:
    """A 2 x 2 matrix that stands for a name."""
    random = np.random.default_rng(list(repr(key).encode()))
    return random.integers(1, PRIME, (2, 2)).astype(object)


def meaning(form: Form) -> list[list[int]]:
    """A form in an algebra in which only equal forms are equal: 2 x 2 matrices modulo a prime.

    `*` is associative and linear, `.*` and its kin are linear and not associative, functions are not linear.
    """
    done: dict[int, np.ndarray] = {}
    for node in reversed(list(postorder(form))):
        args = [done[id(arg)] for arg in node.args]
        done[id(node)] = OPERATIONS.get(node.head, other)(node, args) % PRIME
    return done[id(form)].tolist()


def postorder(form: Form) -> Iterator[Form]:
    """Parents before their arguments, shared parts as often as they occur."""
    stack = [form]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(node.args)


def fraction(form: Form, args: list[np.ndarray]) -> np.ndarray:
    value = Fraction(form.value)
    return value.numerator * pow(value.denominator, -1, PRIME) * np.eye(2, dtype=object)


def quotient(form: Form, args: list[np.ndarray]) -> np.ndarray:
    return args[0] * pow(int(args[1][0, 0]), PRIME - 2, PRIME)


def bilinear(form: Form, args: list[np.ndarray]) -> np.ndarray:
    first, second = args
    return first @ MIXERS[("times", "rdiv", "kron").index(form.head)] @ second.T


def other(form: Form, args: list[np.ndarray]) -> np.ndarray:
    head = "call" if form.head == "name" else form.head
    key = leaf((head, form.value))
    return sum((arg @ key @ arg * k for k, arg in enumerate(args, 2)), key)


def call(form: Form, args: list[np.ndarray]) -> np.ndarray:
    return bilinear(Form("kron"), args) if form.value == "kron" else other(form, args)


OPERATIONS = {
    "number": fraction,
    "neg": lambda form, args: -args[0],
    "add": lambda form, args: sum(args),
    "mul": lambda form, args: reduce(lambda product, arg: product @ arg % PRIME, args),
    "div": quotient,
    "transpose": lambda form, args: args[0].T,
    "call": call,
    **dict.fromkeys(("times", "rdiv", "kron"), bilinear),
}


def sides(claim: str) -> list[str]:
    """The expressions between the equality signs of a claim."""
    return [side.strip() for side in re.split(r"(?<![=!])=(?!=)", claim)]


def expressions() -> list[str]:
    """The sides of all claims of the library."""
    files = [tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(IDENTITIES.glob("*.toml"))]
    claims = [identity["claim"] for file in files for identity in file.get("identity", [])]
    return sorted({side for claim in claims for side in sides(claim)})


@pytest.mark.parametrize("source", expressions())
def test_the_library_is_read_back(source: str) -> None:
    form = parse_expression(source)
    assert meaning(parse_expression(to_text(form))) == meaning(form)


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_programs_are_read_back(task) -> None:
    program = parse_program(task.source, task.declare)
    forms = [program.output, *program.assignments.values()]
    assert [meaning(parse_expression(to_text(form))) for form in forms] == list(map(meaning, forms))


LEAVES = st.one_of(
    st.sampled_from("xyABs").map(name),
    st.fractions(-3, 3, max_denominator=4).map(number),
    st.sampled_from([("A", ("i", "j")), ("x", ("k",))]).map(lambda e: Form("entry", (name(e[0]),), e[1])),
)


def compound(children: st.SearchStrategy[Form]) -> st.SearchStrategy[Form]:
    def node(head: str, *args: st.SearchStrategy[Form], value: object = None) -> st.SearchStrategy[Form]:
        return st.tuples(*args).map(lambda parts: Form(head, parts, value))

    unary = [node(head, children) for head in ("neg", "transpose")]
    binary = [node(h, children, children) for h in ("add", "mul", "div", "times", "rdiv", "power", "elpower", "kron")]
    return st.one_of(
        *unary,
        *binary,
        st.lists(children, min_size=3, max_size=4).map(lambda parts: Form("add", tuple(parts))),
        st.lists(children, min_size=3, max_size=4).map(lambda parts: Form("mul", tuple(parts))),
        node("call", children, value="exp"),
        node("unknown", children, value=("f", 2)),
        node("entry", children, value=("i", "j")),
        node("bsum", children, value=("l",)),
        node("derivative", children, st.just(name("x")), value="d"),
    )


@given(st.recursive(LEAVES, compound, max_leaves=12))
@settings(max_examples=300, deadline=None)
def test_random_forms_are_read_back(form: Form) -> None:
    assert meaning(parse_expression(to_text(form))) == meaning(form)


# ---- Cost -----------------------------------------------------------------------------------------------------------


def seconds_for(terms: int) -> float:
    """The time to print a sum of so many terms, the least of three tries."""
    form = Form("add", tuple(mul(name(f"a{k}"), Form("neg", (x,))) for k in range(terms)))
    times = []
    for _ in range(3):
        start = time.process_time()
        to_text(form)
        times.append(time.process_time() - start)
    return min(times)


def test_a_long_sum_is_not_quadratic() -> None:
    assert seconds_for(8_000) < 30 * seconds_for(1_000)


def test_depth_is_no_matter() -> None:
    form = x
    for _ in range(3_000):
        form = Form("call", (form,), "sin")
    assert to_text(form).startswith("sin(sin(sin(")


def test_a_text_that_doubles_forever_is_refused() -> None:
    form = x
    for _ in range(64):
        form = Form("call", (Form("add", (form, form)),), "sin")
    with pytest.raises(UnsupportedError, match="characters"):
        to_text(form)
