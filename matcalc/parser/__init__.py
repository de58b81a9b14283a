"""Parsing: text to untyped forms, declarations and programs, or a ParseError with the place of the mistake.

    text ─lexer→ tokens ─token_stream─┬─ expressions (with `indices`, `indexed`) ──────────→ form
                                      └─ declarations, functions, loops, statements ──────→ program

Functions and loops are gone after it: a call is replaced by its body, a loop by its rounds, `W[2]` by `W_2`.

It is a hand-written Pratt parser and not a lark LALR grammar.  Measured on one 2-core machine, Python 3.11, CPU time,
against a bare LALR grammar of the expressions alone (no declarations, no forms made of its trees):

                                  lark     this package
    import (bytecode cached)      38 ms    7 ms, most of it `dataclasses` and `fractions`
    building the tables           24 ms    none
    `x'*A*x`                      0.055 ms 0.017 ms
    a line of 60 characters       0.34 ms  0.11 ms

The 60 ms of start-up would be more than click takes.  Above all the places and the wording of errors are our own: the
common mistakes (`2x`, an open bracket, a missing operand, a condition outside of brackets) are told apart where they
occur instead of being read off a set of expected tokens.
"""

from matcalc.parser.declarations import PROPERTIES, SQUARE, Declaration
from matcalc.parser.depth import MAX_DEPTH
from matcalc.parser.expressions import parse_claim, parse_expression
from matcalc.parser.program import Program, parse_claims, parse_declarations, parse_program, parse_statements
from matcalc.parser.statements import name_of
from matcalc.parser.suggestion import nearest
from matcalc.parser.syntax import SYNTAXES, syntax_of
from matcalc.parser.token_stream import MAX_NESTING

__all__ = [
    "Declaration",
    "Program",
    "parse_expression",
    "parse_claim",
    "parse_claims",
    "parse_declarations",
    "parse_program",
    "parse_statements",
    "name_of",
    "nearest",
    "syntax_of",
    "SYNTAXES",
    "PROPERTIES",
    "SQUARE",
    "MAX_NESTING",
    "MAX_DEPTH",
]
