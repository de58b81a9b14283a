r"""LaTeX texts: programs, claims, and names to differentiate by.

    program     rows `name = expression` parted by `\\`, the last one without a name if it is the output
    claim       expression = expression = ..., in one row or in rows that go on with `=`
    target      a name, `f(\mathbf{x})` for a name f, or `z_i` for a vector z by its entries

Formulas may stand in `$`, `\[ \]` or a display environment; `&`, `\label`, `\tag`, `\nonumber` and a comma or full stop
at the end are no part of them, nor is a `\text{...}` at the end of a row.  A formula with free indices, `A_{ij} x_j` with
i bound by nothing, stands for the tensor of its values; on both sides of a claim the free indices are the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from matcalc.errors import ParseError, Span
from matcalc.form import Form, number, subforms
from matcalc.latex_reader.constants import sizes_of_constant
from matcalc.latex_reader.derivatives import variable
from matcalc.latex_reader.names import Symbol, look_of, new_name
from matcalc.latex_reader.products import GRAMMAR, check_depth, expression
from matcalc.latex_reader.reader import HINT_TO_SPLIT, Reader
from matcalc.latex_reader.rows import (
    begin_display,
    finish_display,
    is_capital,
    is_letter,
    read_equality,
    read_target,
    size_above,
    skip_remark,
)
from matcalc.latex_reader.scope import Scope
from matcalc.latex_reader.subscripts import Subscript
from matcalc.latex_reader.symbols import BOLD, SWITCHES
from matcalc.parser import Program, parse_declarations
from matcalc.parser.program import Statements

__all__ = ["latex_claim", "latex_program", "latex_variable"]


def latex_program(
    source: str,
    declare: Iterable[str] = (),
    *,
    name: str | None = None,
    of: str | None = None,
    wrt: Sequence[str] = (),
    layout: str = "numerator",
) -> Program:
    """The program of LaTeX rows; its output is `of`, else what stands last.

    `wrt` are names to differentiate by, which settle how names are spelled: `W1` or `W_1`.  Raises MatcalcError.
    """
    program = _Program(declare, [word for text in wrt if "\\" not in text for word in _words(text)], layout)
    reader = program.reader(source, name)
    program.look([reader])
    program.guarded(reader, program.rows)
    if program.statements.bare is None and not program.statements.assignments:
        reader.missing_operand()
    return program.finished(source, of)


def latex_claim(
    claim: str,
    declare: Iterable[str] = (),
    where: Iterable[str] = (),
    assume: Iterable[str] = (),
    *,
    layout: str = "numerator",
) -> tuple[tuple[Form, ...], Program, tuple[tuple[Form, ...], ...]]:
    """The sides of a claim in LaTeX, the program that they stand in, and the sides of each assumption."""
    program = _Program(declare, (), layout)
    given = list(where)
    rows = [program.reader(text) for text in given]
    sides, assumed = program.reader(claim), [program.reader(text) for text in assume]
    program.look([*rows, sides, *assumed])
    for reader in rows:
        program.guarded(reader, program.rows)
    found = program.guarded(sides, program.claim)
    equations = tuple([program.guarded(reader, program.claim) for reader in assumed])
    if program.statements.bare is not None:
        span = program.statements.bare.span
        raise ParseError("an assignment is expected", span, hint="write \\mathbf{p} = ..")
    if not program.statements.assignments:
        program.statements.bare = number(0)
    return found, program.finished("\n".join(given), None), equations


def latex_variable(text: str, program: Program) -> str:
    """A name to differentiate by, in LaTeX or in the language, as the language writes it."""
    if not any(mark in text for mark in "\\{^"):
        return text
    forms = [program.output, *program.assignments.values()]
    words = {str(part.value) for form in forms for part in subforms(form) if part.head == "name"}
    reader = Reader(text, Scope(program.declarations, [*program.assignments, *sorted(words)]), GRAMMAR)
    form = variable(reader)
    if reader.token.kind != "end":
        reader.unexpected("one name")
    if form.head == "entry":
        reader.fail("an entry is no name", reader.since(0), "differentiate by the vector or matrix")
    return f"vec({form.args[0].value})" if form.head == "call" else str(form.value)


def _words(text: str) -> list[str]:
    """The names in a name to differentiate by: `x`, `vec(X)`."""
    inner = text.strip().removeprefix("vec(").removesuffix(")").strip()
    return [inner] if inner.isidentifier() and inner.isascii() else []


class _Program:
    """The statements of one program while they are read."""

    def __init__(self, declare: Iterable[str], hints: Iterable[str], layout: str) -> None:
        self.statements = Statements(parse_declarations(declare))
        self.scope = Scope(self.statements.declarations, hints, layout)

    def reader(self, source: str, name: str | None = None) -> Reader:
        """A reader of one text in the scope of the program."""
        return Reader(source, self.scope, GRAMMAR, name)

    def look(self, readers: Iterable[Reader]) -> None:
        """Look at all texts before they are read: whether letters are bold, and which stand for sizes."""
        for reader in readers:
            tokens = reader.tokens
            self.scope.letters.update(token.text for token in tokens if token.kind == "letter")
            for at, token in enumerate(tokens):
                if token.text in BOLD or SWITCHES.get(token.text) == "bold":
                    self.scope.bold |= is_letter(tokens, at + 1)
                    self.scope.bold_capitals |= is_capital(tokens, at + 1)
                elif token.text == "\\sum" and token.kind == "command":
                    self.scope.dimensions.update(size_above(reader, at))
                if token.text in BOLD and (sizes := sizes_of_constant(tokens, at)):
                    self.scope.dimensions.update(size for size in sizes if not self.scope.is_known(size))

    def guarded(self, reader: Reader, production: object) -> tuple[Form, ...]:
        """What a production reads, which must be the whole text."""
        try:
            closing = begin_display(reader)
            result: tuple[Form, ...] = production(reader) or ()  # type: ignore[operator]
            finish_display(reader, closing)
        except RecursionError:
            raise ParseError("nested too deeply", reader.place(reader.token), hint=HINT_TO_SPLIT) from None
        return result

    def finished(self, source: str, of: str | None) -> Program:
        """The checked program, with the declarations that follow from how names look."""
        self.check_doubtful()
        for word, declaration in self.scope.implied.items():
            if word not in self.statements.assignments:
                self.statements.declarations.setdefault(word, declaration)
        return self.statements.program(source, of)

    def check_doubtful(self) -> None:
        """Refuse `x_k` where nothing binds k, nothing is so called, and x is a vector elsewhere."""
        for base, (count, span) in self.scope.doubtful.items():
            kind = self.scope.kind(base) if base in self.scope.seen else None
            if {"column": 1, "row": 1, "matrix": 2}.get(kind or "") == count:
                hint = f"declare `{base}` if it is an entry, or the name with its subscript if it is another variable"
                raise ParseError(f"`{span.text}` may be an entry of `{base}` or another variable", span, hint=hint)

    # --- claims -----------------------------------------------------------------------------------------------------

    def claim(self, reader: Reader) -> tuple[Form, ...]:
        """The sides of a claim, with the same free indices."""
        self.scope.expected.clear()
        start = reader.token.start
        read = [self.side(reader)]
        while read_equality(reader, definitions=False):
            read.append(self.side(reader))
        skip_remark(reader)
        if reader.token.kind == "row" and reader.peek().kind not in ("end", "finish", "math"):
            reader.fail("another equation begins here", reader.place(reader.peek()), "verify the equations one by one")
        if len(read) < 2 and reader.token.kind in ("end", "row", "finish", "math"):
            reader.fail("a claim is an equation", reader.since(start), "write it as E_1 = E_2")
        indices = next((tuple(free) for _, free in read if free), ())
        for form, free in read if sum(bool(free) for _, free in read) == 1 else ():
            self.check_once(reader, form, free)
        return tuple([_bound(reader, form, free, indices) for form, free in read])

    def side(self, reader: Reader) -> tuple[Form, dict[str, Span]]:
        """One expression and its free indices."""
        self.scope.start()
        form = expression(reader)
        check_depth(reader, form)
        free = dict(self.scope.free)
        outside = {**self.scope.loose, **free}
        both = [index for index in outside if index in self.scope.ever_bound]
        if both:
            hint = "put the sum and all that it is taken of in parentheses, or give one of the two another letter"
            reader.fail(f"the index `{both[0]}` stands outside of the sum that binds it", outside[both[0]], hint)
        return form, free

    # --- programs ---------------------------------------------------------------------------------------------------

    def rows(self, reader: Reader) -> tuple[Form, ...]:
        """All rows of a program."""
        reader.skip("row")
        while reader.token.kind not in ("end", "finish", "math"):
            self.row(reader)
            skip_remark(reader)
            if reader.token.kind not in ("row", "end", "finish", "math"):
                reader.unexpected("an operator or the end of the row")
            reader.skip("row")
        return ()

    def row(self, reader: Reader) -> None:
        """An assignment, or the bare expression at the end."""
        if self.statements.bare is not None:
            span = self.statements.bare.span or reader.place(reader.token)
            related = (("this comes after it", reader.place(reader.token)),)
            reader.fail("only the last row is an expression without a name", span, "give it a name: \\mathbf{y} = ..", related)
        target = read_target(reader)
        if target is None:
            self.statements.bare = self.value(reader, ())
            if reader.token.kind == "=":
                reader.fail("the left side of an assignment is a name", self.statements.bare.span or reader.since(0))
            return
        symbol, below, arguments, place = target
        word, indices = self.assigned(reader, symbol, below)
        self.statements.check_target(word, place)
        if not read_equality(reader, definitions=True):
            reader.unexpected("`=`")
        self.scope.expected = set(indices)
        form = self.value(reader, indices if below is not None else None)
        if reader.token.kind == "=":
            reader.fail("one row assigns one name", reader.place(reader.token))
        if below is not None and form.head != "tensor" and indices:
            word, indices = new_name(reader, symbol, below), ()
        uses = [(str(part.value), part.span or place) for part in subforms(form) if part.head == "name"]
        if not indices:
            self.scope.note(word, look_of(symbol, below), place)
        self.statements.add(word, form, place, uses)
        self.scope.assign(word, reader.kind(form), arguments)

    def assigned(self, reader: Reader, symbol: Symbol, below: Subscript | None) -> tuple[str, tuple[str, ...]]:
        """The name that is assigned, and the indices with which its entries are written."""
        whole = new_name(reader, symbol, below)
        if below is None or not below.letters or whole in self.scope.declarations:
            return whole, ()
        return new_name(reader, symbol), below.parts

    def value(self, reader: Reader, indices: tuple[str, ...] | None) -> Form:
        """The value of a row: with the free indices of the left side, the tensor of its values."""
        form, free = self.side(reader)
        if not free:
            return form
        if indices:
            return _bound(reader, form, free, indices)
        self.check_once(reader, form, free)
        return _bound(reader, form, free, tuple(free))

    def check_once(self, reader: Reader, form: Form, free: dict[str, Span]) -> None:
        """Refuse an index that stands twice in a product: it may be meant to be summed."""
        for part in subforms(form):
            if part.head != "mul":
                continue
            for index in free:
                if sum(any(index in p.value for p in subforms(arg) if p.head == "entry") for arg in part.args) > 1:
                    hint = f"write \\sum_{index} for the sum, [..]_{{{index}}} for the vector of the products"
                    reader.fail(f"the index `{index}` stands twice in a product", free[index], hint)


def _bound(reader: Reader, form: Form, free: dict[str, Span], indices: tuple[str, ...]) -> Form:
    """The tensor of a formula with free indices."""
    if not indices or (form.head == "number" and not form.value):
        return form
    for index, span in free.items():
        if index not in indices:
            hint = f"bind it with \\sum_{index}, or write it on every side"
            reader.fail(f"nothing binds the index `{index}`", span, hint)
    if not free:
        reader.fail(f"the index `{indices[0]}` stands on one side only", form.span or reader.since(0))
    return Form("tensor", (form,), indices, span=form.span)
