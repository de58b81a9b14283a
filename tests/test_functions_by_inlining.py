"""Functions of a program against their bodies put into the text: random programs have the same values and derivatives.

`python -m tests.test_functions_by_inlining 1000` tries as many.
"""

import random
import re
import sys

import numpy as np
import pytest

import matcalc

DECLARED = "x: matrix(n, n); A: matrix(n, n); B: matrix(n, n)\n"
UNARY = ("tanh({})", "({})'", "-({})", "({}).^2", "sin({})", "[i,j: ({})[j,i]]", "[i,j: sum[k: ({})[i,k]*A[k,j]]]")
BINARY = ("({}) + ({})", "({})*({})", "({}) - 2*({})", "({}).*({})")


def expression(draw: random.Random, names: list[str], functions: dict[str, int], depth: int) -> str:
    """A random expression whose values are n x n; indices at different depths have different names."""

    def argument() -> str:
        return expression(draw, names, functions, depth - 1)

    kind = draw.random()
    if depth == 0 or kind < 0.2:
        return draw.choice(names)
    if kind < 0.45 and functions:
        name = draw.choice(list(functions))
        return f"{name}({', '.join(argument() for _ in range(functions[name]))})"
    if kind < 0.7:
        return re.sub(r"\b[ijk]\b", lambda found: f"{found[0]}{depth}", draw.choice(UNARY)).format(argument())
    return draw.choice(BINARY).format(argument(), argument())


def program(seed: int) -> tuple[str, str]:
    """A program with functions, and the one in which their bodies stand for them."""
    draw = random.Random(seed)
    arity: dict[str, int] = {}
    bodies: dict[str, str] = {}
    for name in ("f", "g", "h")[: draw.randint(1, 3)]:
        count = draw.randint(1, 2)
        bodies[name] = expression(draw, [*"pq"[:count], "A"], arity, 3)
        arity[name] = count
    lines = [f"{name}({', '.join('pq'[:count])}) = {bodies[name]}" for name, count in arity.items()]
    value = expression(draw, ["x", "A", "B"], arity, 4)
    plain = f"{DECLARED}y = {inlined(value, bodies)}\ns = sum(y)"
    return DECLARED + "\n".join([*lines, f"y = {value}", "s = sum(y)"]), plain


def inlined(text: str, bodies: dict[str, str]) -> str:
    """The text with calls replaced, the last one first, whose arguments hold no call; each body has indices of its own."""
    number = 0
    while calls := list(re.finditer(r"\b([fgh])\(", text)):
        call, number = calls[-1], number + 1
        arguments, end = parted(text, call.end())
        own = re.sub(r"\b([ijk]\w*)\b", rf"\1_{number}", bodies[call[1]])
        for parameter, argument in zip("pq", arguments, strict=False):  # no argument has a p or q in it
            own = re.sub(rf"\b{parameter}\b", f"({argument})", own)
        text = f"{text[: call.start()]}({own}){text[end:]}"
    return text


def parted(text: str, at: int) -> tuple[list[str], int]:
    """The arguments that begin at a place, and where their bracket ends."""
    arguments, depth = [""], 1
    while True:
        character, at = text[at], at + 1
        depth += (character in "([") - (character in ")]")
        if depth == 0:
            return arguments, at
        if character == "," and depth == 1:
            arguments.append("")
        else:
            arguments[-1] += character


def compare(seed: int) -> None:
    """Compare the two programs of a seed at random values."""
    draw = np.random.default_rng(seed)
    values = {name: 0.5 * draw.normal(size=(3, 3)) for name in "xAB"}
    results = []
    for source in program(seed):
        derivative = matcalc.derive(source, "x")
        results.append(derivative.function(value=True)(**{name: values[name] for name in derivative.free_variables}))
    for ours, theirs in zip(*results, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-8, atol=1e-12 * np.abs(theirs).max())


@pytest.mark.parametrize("seed", [s for s in range(70) if len(program(s)[1]) < 1500][:25])
def test_a_function_is_its_body(seed: int) -> None:
    compare(seed)


if __name__ == "__main__":
    for number in range(int(sys.argv[1])):
        if len(program(number)[1]) < 3000:
            compare(number)
