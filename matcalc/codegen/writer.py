"""Writing: from steps to statements and expressions of Python, as a person would write them.

A step that is used once is written where it is used, while the line stays short; every other step gets a name.  The text
is NumPy's; `matcalc.codegen.targets` says what another target writes instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction

from matcalc.codegen.inplace import Plan, Planner
from matcalc.codegen.namer import Namer
from matcalc.codegen.steps import LEAVES, VIEWS, Step, walk
from matcalc.codegen.targets import NUMPY, Target
from matcalc.codegen.text import ATOM, POWER, PRODUCT, SIGN, SUM, Text, bracketed, coefficient_parts, filled, joined
from matcalc.codegen.updates import Chains, Readers
from matcalc.codegen.uses import effective_uses, varying
from matcalc.form import Axis, Dimension
from matcalc.operation import operation

__all__ = ["Writer"]

#: How wide an expression may be, and one that is written along a diagonal.
WIDTH, LONG = 80, 44


class Writer:
    """The statements that compute some steps.

    `dimension_name` gives the Python name of a dimension; `arrays` are the names of all arguments that are arrays, of
    which new ones have their type; `given` are the texts of steps that are computed elsewhere, and `called` the names of
    steps that get these names, even if they are used once.  With a `planner`, some steps are written over others.
    """

    def __init__(
        self,
        results: Sequence[Step],
        taken: Iterable[str],
        dimension_name: Callable[[str], str],
        target: Target = NUMPY,
        arrays: Sequence[str] = (),
        given: Mapping[Step, Text] | None = None,
        called: Mapping[Step, str] | None = None,
        planner: Planner | None = None,
    ) -> None:
        self.called = called or {}
        self.dimension_name = dimension_name
        self.namer = Namer(taken)
        self.take = self.namer.take
        self.target = target
        self.arrays = arrays
        self.lines: list[str] = []
        self.dimensions: set[str] = set()
        self.needs_dtype = False
        self.texts: dict[Step, Text] = dict(given or {})
        self.named: set[Step] = set(self.texts)
        order = [step for step in walk(results, self.named) if step not in self.named]
        self.uses = effective_uses(order, results, self.template)
        self.parameters = {str(step.data) for step in order if step.kind == "name"}
        self.varying = varying(order)
        plan = planner.plan(order, results, self.uses, self.called) if planner is not None else Plan()
        self.chains = Chains(self, plan, Readers(order, results))
        #: An argument of which new arrays have their type, once one is asked for.
        self.liked: str | None = None
        for step in order:
            self.write(step)

    # ---- What targets ask for.

    def statement(self, line: str) -> None:
        """A statement, written for NumPy or for the target."""
        self.lines.append(self.target.renamed(line))

    def template(self, name: str) -> str:
        """The expression of an operation."""
        return self.target.template(operation(name))

    def like(self) -> str | None:
        """The name of an array argument, if there is any; one that is used, if one is."""
        if self.liked is None:
            chosen = sorted(self.parameters & set(self.arrays)) or self.arrays
            self.liked = chosen[0] if chosen else None
        return self.liked

    def is_plain(self, step: Step) -> bool:
        """True for a scalar that is no array: made of numbers and sizes alone."""
        return step.order == 0 and step not in self.varying

    def is_fresh(self, step: Step) -> bool:
        """True for an array that this function has made, for which nobody else has a use."""
        base = step.args[0] if step.kind in VIEWS else step
        named = base in self.named and base not in self.chains.targets
        return not (self.uses[base] > 1 or named or base.kind in ("name", "diagonal", "reshape"))

    def result(self, step: Step) -> str:
        """The expression for a result."""
        return self.texts[step][0]

    # ---- Statements.

    def write(self, step: Step) -> None:
        """Make the text of a step, and a statement if it needs a name."""
        if step in self.chains.targets:
            self.chains.write(step)
            return
        self.texts[step] = self.fitted(step)
        written = self.texts[step][0].isidentifier() or (self.uses[step] == 1 and len(self.texts[step][0]) < LONG)
        if step.kind == "scatter" and written:
            self.named.add(step)
            self.chains.note(step)
        elif (self.uses[step] > 1 or step in self.called or step.kind == "scatter") and step.kind not in LEAVES | VIEWS:
            self.name(step)

    def fitted(self, step: Step) -> Text:
        """The text of a step, with its widest arguments named until it fits into a line."""
        if step.kind == "scatter":
            for arg in step.args[step.data[1] :]:
                if len(self.texts[arg][0]) > LONG and self.can_be_named(arg):
                    self.name(arg)
            return self.text_of(step)
        text = self.text_of(step)
        while len(text[0]) > WIDTH:
            inner = [arg for arg in step.args if len(self.texts[arg][0]) > 12 and self.can_be_named(arg)]
            if not inner:
                break
            self.name(max(inner, key=lambda arg: len(self.texts[arg][0])))
            text = self.text_of(step)
        return text

    def text_of(self, step: Step) -> Text:
        """The text of a step as the target writes it."""
        own = self.target.kinds.get(step.kind)
        made: Text | None = own(self, step) if own is not None else None
        text, level = made or WRITERS[step.kind](self, step)
        return self.target.renamed(text), level

    def name(self, step: Step) -> None:
        """Give a step a name of its own."""
        if not self.can_be_named(step):
            return
        name = self.fresh_name(step)
        self.statement(f"{name} = {self.texts[step][0]}")
        self.texts[step] = (name, ATOM)
        self.named.add(step)
        self.chains.note(step)

    def can_be_named(self, step: Step) -> bool:
        """True for what is no name or number yet."""
        return step not in self.named and step.kind not in LEAVES

    def fresh_name(self, step: Step) -> str:
        """A name that nothing has: the one that is given, that of the operation and its argument, or a number."""
        if step in self.called:
            return self.take(self.called[step])
        argument = self.texts[step.args[0]][0] if len(step.args) == 1 else ""
        label = {"call": step.data, "inverse": "inv"}.get(step.kind)
        if label and argument.isidentifier() and len(argument) <= 12:
            return self.take(f"{label}_{argument}")
        return self.namer.number()

    def dtype(self) -> str:
        """The type of the numbers of all arguments together."""
        if len(self.parameters) == 1:
            (parameter,) = self.parameters
            return f"{parameter}.dtype"
        if not self.parameters:
            return f"{self.like()}.dtype"
        self.needs_dtype = True
        return "dtype"

    # ---- Parts of expressions.

    def operand(self, step: Step, level: int) -> str:
        """The text of an argument that must bind at least as tightly as `level`."""
        return bracketed(self.texts[step], level)

    def dimension(self, dimension: Dimension) -> str:
        """A dimension as Python text."""
        if isinstance(dimension, int):
            return str(dimension)
        self.dimensions.add(dimension)
        return self.dimension_name(dimension)

    def shape(self, shape: Sequence[Dimension]) -> str:
        """A shape as a tuple, a single dimension by itself."""
        parts = [self.dimension(dimension) for dimension in shape]
        return parts[0] if len(parts) == 1 else f"({', '.join(parts)})"

    def axis(self, axis: Axis) -> str:
        """A compound axis as a product of dimensions."""
        return " * ".join(self.dimension(d) for d in axis) or "1"

    # ---- One method for each kind of step.

    def leaf(self, step: Step) -> Text:
        return str(step.data), ATOM

    def number(self, step: Step) -> Text:
        return self.target.number_text(step.data)

    def size(self, step: Step) -> Text:
        return self.dimension(step.data), ATOM

    def transpose(self, step: Step) -> Text:
        (inner,) = step.args
        if step.data != (1, 0):
            return f"{self.operand(inner, ATOM)}.transpose({', '.join(map(str, step.data))})", ATOM
        if inner not in self.named and inner.kind == "outer":
            return f"np.outer({', '.join(self.operand(arg, SUM) for arg in reversed(inner.args))})", ATOM
        return f"{self.operand(inner, ATOM)}.T", ATOM

    def expand(self, step: Step) -> Text:
        slots = ", ".join(":" if present else "None" for present in step.data)
        return f"{self.operand(step.args[0], ATOM)}[{slots}]", ATOM

    def reshape(self, step: Step) -> Text:
        return f"{self.operand(step.args[0], ATOM)}.reshape({', '.join(map(self.axis, step.data))})", ATOM

    def diagonal(self, step: Step) -> Text:
        inner = self.operand(step.args[0], SUM)
        if step.data == "ii->":
            return f"np.trace({inner})", ATOM
        return f'np.einsum("{step.data}", {inner})', ATOM

    def sum(self, step: Step) -> Text:
        inner = self.operand(step.args[0], ATOM)
        if step.data is None:
            return f"{inner}.sum()", ATOM
        return f"{inner}.sum(axis={step.data[0] if len(step.data) == 1 else step.data})", ATOM

    def add(self, step: Step) -> Text:
        parts: list[str] = []
        for sign, arg in zip(step.data, step.args, strict=True):
            text = self.operand(arg, PRODUCT)
            if text.startswith("-"):
                sign, text = -sign, text[1:]
            parts.append((" + " if sign > 0 else " - ") + text)
        text = "".join(parts)
        return (text[3:] if text.startswith(" + ") else "-" + text[3:]), SUM

    def multiply(self, step: Step) -> Text:
        above: list[str] = []
        tail: list[str] = []
        negative, number, below = coefficient_parts(step.data, self.target.number_text)
        for arg in step.args:
            divisor = self.divisor(arg)
            if divisor is None:
                above.append(self.operand(arg, self.factor_level(step, arg, not (above or number or negative))))
            else:
                tail.append(divisor)
        return joined(negative, [*number, *above], [*below, *tail])

    def factor_level(self, step: Step, factor: Step, first: bool) -> int:
        """How tightly a factor must bind; products of arrays of one order may stand without parentheses."""
        if factor.kind == "multiply":
            flat = factor.order == step.order and factor.data > 0 and "/" not in self.texts[factor][0]
            return PRODUCT if first or flat else POWER
        return SIGN if first else POWER

    def divisor(self, step: Step) -> str | None:
        """The denominator of a reciprocal that is written in place, to divide by."""
        if step.kind != "power" or step.data >= 0 or step in self.named:
            return None
        return bracketed(self.root_or_power(step.args[0], -step.data), POWER)

    def root_or_power(self, base: Step, exponent: Fraction) -> Text:
        """base^exponent for a positive exponent."""
        if exponent == 1:
            return self.texts[base]
        exact = self.target.exact or (self.target.number is not None and self.is_plain(base))
        if exponent == Fraction(1, 2) and not exact:
            return f"np.sqrt({self.operand(base, SUM)})", ATOM
        text, level = self.target.number_text(exponent)
        return f"{self.operand(base, ATOM)}**{bracketed((text, level), ATOM)}", POWER

    def power(self, step: Step) -> Text:
        if step.data > 0:
            return self.root_or_power(step.args[0], step.data)
        return f"1 / {bracketed(self.root_or_power(step.args[0], -step.data), POWER)}", PRODUCT

    def call(self, step: Step) -> Text:
        return filled(self.template(step.data), [self.argument(arg) for arg in step.args])

    def argument(self, step: Step) -> Text:
        """The text of an argument of a function; an array where the target's functions take arrays only."""
        if self.target.number is not None and self.is_plain(step):
            return self.target.number(self, self.operand(step, SUM)), ATOM
        return self.texts[step]

    def function(self, step: Step) -> Text:
        return f"{step.data}({bracketed(self.argument(step.args[0]), SUM)})", ATOM

    def inverse(self, step: Step) -> Text:
        return f"np.linalg.inv({self.operand(step.args[0], SUM)})", ATOM

    def matrix_power(self, step: Step) -> Text:
        return f"np.linalg.matrix_power({self.operand(step.args[0], SUM)}, {step.data})", ATOM

    def matmul(self, step: Step) -> Text:
        left, right = step.args
        solved = self.solve(left, right)
        if solved is not None:
            return solved, ATOM
        first = self.texts[left][0] if left.kind == "matmul" and left not in self.named else self.operand(left, POWER)
        return f"{first} @ {self.operand(right, POWER)}", PRODUCT

    def solve(self, left: Step, right: Step) -> str | None:
        """The product with an inverse that is used nowhere else, as the solution of linear equations."""
        matrix = self.inverted(left)
        if matrix is not None and right.order <= 2:
            return f"np.linalg.solve({matrix[0]}, {self.operand(right, SUM)})"
        matrix = self.inverted(right)
        if matrix is None or left.order > 2:
            return None
        turned = ".T" if left.order == 2 else ""
        inner = self.operand(left, ATOM if turned else SUM)
        return f"np.linalg.solve({matrix[1]}, {inner}{turned}){turned}"

    def inverted(self, step: Step) -> tuple[str, str] | None:
        """S and S' if the step is inv(S), used once; S' and S if it is inv(S)'."""
        if step.kind == "transpose":
            inner = self.inverted(step.args[0])
            return inner and inner[::-1]
        if step.kind != "inverse" or step.order != 2 or step in self.named:
            return None
        inside = self.operand(step.args[0], SUM)
        turned = self.operand(step.args[0], ATOM)
        return inside, turned[:-2] if turned.endswith(".T") and turned[:-2].isidentifier() else turned + ".T"

    def outer(self, step: Step) -> Text:
        return f"np.outer({', '.join(self.operand(arg, SUM) for arg in step.args)})", ATOM

    def tensordot(self, step: Step) -> Text:
        left, right = (self.operand(arg, SUM) for arg in step.args)
        first, second = (axes[0] if len(axes) == 1 else axes for axes in step.data)
        count = len(step.data[0])
        if step.data == (tuple(range(step.args[0].order - count, step.args[0].order)), tuple(range(count))):
            return f"np.tensordot({left}, {right}, axes={count})", ATOM
        return f"np.tensordot({left}, {right}, axes=({first}, {second}))", ATOM

    def einsum(self, step: Step) -> Text:
        return f'np.einsum("{step.data}", {", ".join(self.operand(arg, SUM) for arg in step.args)})', ATOM

    def columns(self, step: Step) -> Text:
        return f"np.column_stack(({', '.join(self.operand(arg, SUM) for arg in step.args)}))", ATOM

    def column(self, step: Step) -> Text:
        return f"{self.operand(step.args[0], ATOM)}[:, {step.data}]", ATOM

    def full(self, step: Step) -> Text:
        (value,) = step.args
        if value.kind == "number" and value.data in (0, 1):
            return f"np.{'ones' if value.data else 'zeros'}({self.shape(step.data)})", ATOM
        text = self.target.float_text(value.data) if value.kind == "number" else self.operand(value, SUM)
        whole = value.kind != "number" and not any(s.kind == "name" for s in walk([value]))
        return f"np.full({self.shape(step.data)}, {text}{', dtype=float' if whole else ''})", ATOM

    def broadcast(self, step: Step) -> Text:
        return f"np.broadcast_to({self.operand(step.args[0], SUM)}, {self.shape(step.data)}).copy()", ATOM

    def eye(self, step: Step) -> Text:
        return f"np.eye({self.dimension(step.data)})", ATOM

    def diag(self, step: Step) -> Text:
        return f"np.diag({self.operand(step.args[0], SUM)})", ATOM

    def copy(self, step: Step) -> Text:
        return f"{self.operand(step.args[0], ATOM)}.copy()", ATOM

    def scalar(self, step: Step) -> Text:
        """A scalar result: a float, or NumPy's scalar, never an array without axes and never an int."""
        (value,) = step.args
        if value.kind == "number":
            return self.target.float_text(value.data), ATOM
        if not any(s.kind == "name" for s in walk([value])):
            return f"float({self.operand(value, SUM)})", ATOM
        if value.kind in ("name", "tensordot"):
            return f"{self.operand(value, ATOM)}[()]", ATOM
        return self.texts[value]


WRITERS: dict[str, Callable[[Writer, Step], Text]] = {
    **dict.fromkeys(("name", "constant"), Writer.leaf),
    **{
        kind: getattr(Writer, kind)
        for kind in (
            "number", "size", "transpose", "expand", "reshape", "diagonal", "sum", "add", "multiply", "power", "call", "copy",
            "function", "inverse", "matrix_power", "matmul", "outer", "tensordot", "einsum", "full", "broadcast", "eye",
            "columns", "column", "diag", "scalar",
        )
    },
}  # fmt: skip
