"""The cost of a derivative as an object: its figures, as a table of 79 columns, as sentences and as JSON."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from sympy import Expr

from matcalc.cost.amounts import Amount, bytes_text, count_text, exact, flops_text, polynomial_text
from matcalc.cost.figures import Figures

__all__ = ["EXPLANATION", "ROWS", "SHOWN_CHAINS", "ChainCost", "Cost", "filled", "listed", "ratio_text", "tabled"]

WIDTH = 79

#: What is counted, in the order of the table, in words.
ROWS = {
    "function": "the function",
    "dense": "the derivative, dense",
    "code": "the emitted code",
    "jvp": "one JVP",
    "vjp": "one VJP",
    "forward": "forward mode, all JVPs",
    "reverse": "reverse mode, all VJPs",
}

#: How many times the memory of a product with a vector a derivative has that is better not made.
MUCH = 8

#: How many chains are shown, the costliest first.
SHOWN_CHAINS = 4


def filled(text: str) -> list[str]:
    """A paragraph in lines."""
    return textwrap.wrap(text, WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)


#: What the words mean.
EXPLANATION = "\n".join(
    filled(
        "A JVP is the derivative times a direction of the variable, a VJP a direction of the value times the derivative; "
        "neither makes the derivative. Memory is that of all arrays alive at once beside the arguments, traffic what is "
        "read and written. A multiply-add is 2 flops; exp, log and other functions of a number count as 1."
    )
)


@dataclass(frozen=True, slots=True)
class ChainCost:
    """A chain of products as text, and the flops of three orders of multiplying it."""

    product: str
    chosen: Amount
    from_left: Amount
    from_right: Amount


@dataclass(frozen=True, slots=True)
class Cost:
    """What a derivative takes, computed in several ways.

    `figures` has the keys of `ROWS`, each with `entries`, `memory`, `flops` and `traffic`: whole numbers, or polynomials
    (of SymPy) in the dimensions whose sizes are not given (`unknown`).  `calls` says how many JVPs and VJPs
    make the derivative.
    """

    wrt: str
    order: int
    dtype: str
    sizes: Mapping[str, int]
    unknown: tuple[str, ...]
    shape: str
    figures: Mapping[str, Figures]
    calls: Mapping[str, Amount]
    chains: Sequence[ChainCost]

    @property
    def text(self) -> str:
        """A table, or one list of polynomials for each row, what follows from it, and what the words mean.

        At most 79 columns wide.
        """
        return "\n\n".join([self.body, EXPLANATION])

    @property
    def body(self) -> str:
        """The text without what the words mean."""
        rows = {ROWS[key]: figures for key, figures in self.figures.items()}
        body = listed(rows) if self.unknown else tabled(rows)
        blocks = ["\n".join(filled(self._title)), "\n".join(body)]
        if self.chains:
            blocks.append("\n".join(self._chain_lines()))
        return "\n\n".join([*blocks, *("\n".join(filled(part)) for part in self._findings())])

    def to_json(self) -> dict[str, Any]:
        """The figures as an object of JSON: whole numbers, polynomials as texts of the language, null where none is."""
        return {
            "wrt": self.wrt,
            "order": self.order,
            "shape": self.shape,
            "dtype": self.dtype,
            "sizes": dict(self.sizes),
            "symbolic": list(self.unknown),
            "figures": {key: as_json(figures) for key, figures in self.figures.items()},
            "calls": {key: exact(count) for key, count in self.calls.items()},
            "chains": [as_json(chain) for chain in self.chains],
        }

    def __repr__(self) -> str:
        return f"<Cost by {self.wrt}: {amount_text(self.figures['code'].flops, flops_text)}>"

    # ---- Lines.

    @property
    def _title(self) -> str:
        sizes = ", ".join(f"{name} = {size:,}" for name, size in self.sizes.items())
        order = f", order {self.order}" if self.order > 1 else ""
        return f"by {self.wrt}{order}, in {self.dtype}" + (f", with {sizes}" if sizes else "")

    def _chain_lines(self) -> Iterator[str]:
        for chain in self.chains:
            yield from filled(f"the product {chain.product}")
            for words, value in (
                ("in the order that the code takes", chain.chosen),
                ("from left to right", chain.from_left),
                ("from right to left", chain.from_right),
            ):
                yield from textwrap.wrap(f"  {words:34}{amount_text(value, flops_text)}", WIDTH, subsequent_indent=" " * 4)

    # ---- Sentences.

    def _findings(self) -> Iterator[str]:
        """What the figures say to someone who chooses."""
        if self.unknown:
            sizes = ",".join(f"{name}=100" for name in self.unknown)
            yield f"The figures are polynomials in sizes that are not given; `--size {sizes}` makes a table of numbers."
            return
        yield from self._too_large()
        yield from self._comparison()

    def _too_large(self) -> Iterator[str]:
        """Products with a vector need no dense derivative."""
        dense = self.figures["dense"]
        words = {"vjp": "vector-Jacobian product (`--as vjp`)", "jvp": "Jacobian-vector product (`--as jvp`)"}
        key = min(words, key=lambda k: self.figures[k].memory)
        several = all(count > 1 for count in self.calls.values())
        if several and dense.memory > MUCH * self.figures[key].memory:
            yield (
                f"The dense derivative has {self.shape} = {count_text(dense.entries)} entries, "
                f"{bytes_text(dense.memory)} in {self.dtype}; one "
                f"{words[key]} needs none of it: it takes {bytes_text(self.figures[key].memory)} and "
                f"{flops_text(self.figures[key].flops)}."
            )

    def _comparison(self) -> Iterator[str]:
        """The whole derivative by the emitted code against the modes of automatic differentiation."""
        flops = {key: self.figures[key].flops or 0 for key in ("forward", "reverse", "code")}
        key = "forward" if flops["forward"] < flops["reverse"] else "reverse"
        ours, theirs = flops["code"], flops[key]
        calls = f"{count_text(self.calls[key])} {'JVP' if key == 'forward' else 'VJP'}{'s' * (self.calls[key] != 1)}"
        code = f"takes {flops_text(ours)}{times(ours, theirs)}" if ours else "needs no flop, it copies entries only"
        yield (
            f"For the whole derivative, the better mode is {key} mode ({calls}) with {flops_text(theirs)}; "
            f"the emitted code {code}."
        )
        function = self.figures["function"].flops
        if self.order == 1 and self.calls["reverse"] == 1 and function:
            yield f"Reverse mode takes {ratio_text(flops['reverse'] / function)} the flops of the function."


def tabled(rows: Mapping[str, Figures]) -> Iterator[str]:
    """A table of numbers."""
    yield f"{'':22}{'entries':>14}{'memory':>12}{'flops':>15}{'traffic':>13}"
    for label, f in rows.items():
        flops = flops_text(f.flops) if f.flops is not None else "-"
        traffic = bytes_text(f.traffic) if f.traffic is not None else "-"
        yield f"{label:22}{count_text(f.entries):>14}{bytes_text(f.memory):>12}{flops:>15}{traffic:>13}"


def listed(rows: Mapping[str, Figures]) -> Iterator[str]:
    """A list of polynomials for each row."""
    for label, figures in rows.items():
        yield label
        for name, unit in (("entries", ""), ("memory", "bytes"), ("flops", ""), ("traffic", "bytes")):
            value = getattr(figures, name)
            if value is not None:
                text = f"  {name:9}{polynomial_text(value)} {unit}".rstrip()
                yield from textwrap.wrap(text, WIDTH, subsequent_indent=" " * 11, break_long_words=False)


def ratio_text(ratio: Any) -> str:
    """A ratio in words: 2.2 times."""
    return f"{float(ratio):.2g} times" if ratio < 100 else f"{count_text(round(ratio))} times"


def times(ours: Amount, theirs: Amount) -> str:
    """How many times fewer flops, where that is worth saying."""
    if not ours or theirs < 2 * ours:
        return ""
    ratio = theirs / ours
    return f", {f'{float(ratio):.2g}' if ratio < 10 else count_text(ratio)} times fewer"


def amount_text(value: Amount, unit: Any) -> str:
    """A number with its unit, or a polynomial."""
    return polynomial_text(value) if isinstance(value, Expr) and value.free_symbols else unit(value)


def as_json(record: Figures | ChainCost) -> dict[str, int | str | None]:
    """The fields of a record."""
    values = {field.name: getattr(record, field.name) for field in fields(record)}
    return {name: v if v is None or isinstance(v, str) else exact(v) for name, v in values.items()}
