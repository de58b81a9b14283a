"""Emitted modules: one self-contained module with a function `derivative`, or several functions, as text.

    \"\"\"docstring\"\"\"        given by the caller
    import numpy as np      and what else the target and its special functions need
    def _softmax(x): ...    helpers that are used
    def derivative(A, x):   parameters by name, in alphabetical order
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from matcalc.assumptions import Facts
from matcalc.codegen.function import Function, Manner, Written, quoted
from matcalc.codegen.parameters import Parameter
from matcalc.codegen.preamble import EXPECT
from matcalc.codegen.targets import Target
from matcalc.codegen.trial import Trial
from matcalc.tensor import Tensor

__all__ = ["Source", "generate", "generate_functions", "generate_module", "compile_function"]

#: What a main needs of the standard library.
STANDARD = {"inspect": "import inspect", "sys": "import sys"}

#: The helpers that bring arguments into arrays stand first.
CONVERSIONS = frozenset({"array", "arrays", "tensors", "entries"})


class Source(str):
    """The text of a module that was generated here; nothing else can be compiled."""

    __slots__ = ()


class Writable(Protocol):
    """A function that can be written."""

    def written(self, manner: Manner) -> Written: ...


def generate(
    results: Mapping[str, Tensor],
    parameters: Sequence[Parameter],
    *,
    docstring: str,
    single: bool = True,
    value: Tensor | None = None,
    sizes: Mapping[str, int] | None = None,
    facts: Facts | None = None,
) -> Source:
    """The source of a NumPy module whose function `derivative` computes some tensors.

    `results` are the tensors by name; `single`: there is one, and the function returns its array, else a dict of
    arrays by name.  With `value` it returns the pair of that value and this.  A tensor whose `groups` join axes is
    returned with its joined axes flattened in row-major order.  `parameters` are those of `parameters_of`; `docstring`
    is that of the module; `sizes` of symbolic dimensions, where they are known, let the order of products be chosen
    for them.  `facts` are what is known of the variables; the code may rely on it.
    """
    function = Function("derivative", results, parameters, single, value)
    return generate_module([function], Manner(sizes=sizes or {}, facts=facts), docstring=docstring)


def generate_functions(functions: Mapping[str, Tensor], parameters: Sequence[Parameter], *, docstring: str) -> Source:
    """The source of a NumPy module with one function of the same parameters for each of some tensors.

    The keys are the names of the functions; `parameters` are those of all tensors.
    """
    made = [Function(name, {name: tensor}, parameters, what="") for name, tensor in functions.items()]
    return generate_module(made, Manner(), docstring=docstring)


def generate_module(
    functions: Sequence[Writable], manner: Manner, *, docstring: str, trial: Trial | None = None
) -> Source:
    """The source of a module with some functions; with a trial, running the module compares them with differences."""
    written = [function.written(manner) for function in functions]
    namespace = manner.target.namespace.replace("xp", "np")
    main = trial.lines(namespace) if trial is not None else []
    lines = head("\n".join([*(w.code for w in written), *main]), manner.target)
    lines += [line for w in written for line in ["", "", *w.lines]]
    return Source("\n".join([quoted(docstring, ""), *lines, *(["", "", *main] if main else []), ""]))


def head(code: str, target: Target) -> list[str]:
    """The imports and the helpers that some code needs."""
    names = sorted(target.needed(code), key=lambda name: name not in CONVERSIONS)
    sources = [target.helper(name) for name in names] + [EXPECT] * ("_expect(" in code)
    everything = "\n".join([*sources, code])
    blocks = [["", "", *source.rstrip().split("\n")] for source in sources]
    imports: list[str] = []
    known = STANDARD, {"np": "import numpy as np", "jax": "import jax"} | dict(target.imports)
    for table in known:
        used = [line for name, line in table.items() if re.search(rf"(?<![.\w]){name}[.(]", everything)]
        imports += ["", *imported(used)] * bool(used)
    return [*imports, *(line for block in blocks for line in block)]


def imported(lines: Sequence[str]) -> list[str]:
    """Import statements in the order of style guides, those from one module as one."""
    names: dict[str, list[str]] = {}
    for line in lines:
        before, keyword, name = line.rpartition(" import ")
        names.setdefault(before + keyword if keyword else line, []).append(name if keyword else "")
    made = [start + ", ".join(parts) for start, parts in names.items()]
    return sorted(made, key=lambda line: (line.startswith("from "), line))


def compile_function(source: Source, name: str = "derivative") -> Callable[..., Any]:
    """A function of a generated module.

    This is the only place where text is executed.  It takes nothing but what `generate_module` returned: there, every
    name has passed `python_name`, strings are escaped literals and docstrings, and all else is this package's own text.
    """
    if not isinstance(source, Source):
        raise TypeError("only a module made by `generate` can be compiled")
    namespace: dict[str, Any] = {"__name__": "matcalc_emitted"}
    exec(compile(str(source), "<matcalc>", "exec"), namespace)
    function: Callable[..., Any] = namespace[name]
    return function
