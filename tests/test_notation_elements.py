"""Explicit entries: what SymPy gives at given sizes is the derivative, and it is printed to be read."""

from __future__ import annotations

import numpy as np
import pytest
import sympy
from corpus import TASKS

from matcalc.derivation import derivative_form
from matcalc.errors import DimensionError, UnsupportedError
from matcalc.expr import Node, Variable, apply_matrix, call, identity, product
from matcalc.form import Form
from matcalc.inference import TypedProgram, infer
from matcalc.lowering import lower
from matcalc.notation.elements import elements, elements_latex, elements_text
from matcalc.parser import parse_expression, parse_program
from matcalc.sampling import sample, value_at

SIZES = {"m": 2, "n": 3, "p": 2, "q": 3, "r": 2, "k": 2, "D": 3, "M": 2, "C": 3, "N": 2, "H": 2}
#: Beyond this many operations, entries are not worth the time to evaluate them.
LARGEST = 5_000


def derivative(source: str, wrt: str, declare: list[str], order: int = 1) -> tuple[TypedProgram, Node]:
    program = parse_program(source, declare)
    output = Form("name", (), program.output_name) if program.output_name else program.output
    form = derivative_form(output, parse_expression(wrt), order)
    form = Form(form.head, form.args, "jacobian" if order == 1 else form.value)
    typed = infer(program, extra=[form])
    return typed, lower(typed).lower(typed.extra[0]).node


def sizes_of(typed: TypedProgram, given: dict[str, int]) -> dict[str, int]:
    return {d: given.get(d, SIZES.get(d, 2)) for d in typed.dimensions}


def symbol(name: str, index: tuple[int, ...]) -> sympy.Symbol:
    shown = ",".join(str(i + 1) for i in index)
    return sympy.Symbol((name, f"{name}_{shown}", f"{name}_{{{shown}}}")[min(len(index), 2)], real=True)


def flat(array: sympy.Expr | sympy.Array) -> list[sympy.Expr]:
    return list(sympy.flatten([array.tolist()])) if isinstance(array, sympy.NDimArray) else [array]


def is_small(task) -> bool:
    try:
        typed, node = derivative(task.source, task.wrt, task.declare, task.order)
    except Exception:
        return False
    entries = flat(elements(node, sizes_of(typed, task.sizes)))
    return len(entries) < 200 and sum(written_size(entry) for entry in entries) < LARGEST


def written_size(entry: sympy.Expr) -> int:
    sizes: dict[sympy.Basic, int] = {}
    for part in sympy.postorder_traversal(entry) if len(set(entry.args)) < 40 else ():
        sizes[part] = 1 + sum(sizes[argument] for argument in part.args)
        if sizes[part] > LARGEST:
            return LARGEST
    return sizes.get(entry, LARGEST)


PLAIN = [task for task in TASKS if not task.has_symbols and "inv" not in task.source and "layers" not in task.name]
