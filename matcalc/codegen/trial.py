"""The main of an emitted module that tries it: random data, central differences, the largest relative error.

The data are drawn once more, positive and smaller than 1, where the first give a value that is not finite.  Sizes are
small and pairwise different.  What depends on others is computed anew at every point (`matcalc.codegen.dependence`).
The exit status is 1 where the two disagree.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from matcalc.codegen.dependence import WAVE, Assigned, Wave, extent, extents, settled_lines
from matcalc.codegen.parameters import Parameter, dimension_sources
from matcalc.errors import UnsupportedError

__all__ = ["Trial", "Variation"]

#: The largest relative error that is taken for agreement.
TOLERANCE = 1e-5

#: The step of the differences.
STEP = 1e-5

#: What a direction becomes where tied entries move together.
TIES = {
    "symmetric": "move + move.T - np.diag(np.diag(move))",
    "positive-definite": "move + move.T - np.diag(np.diag(move))",
    "skew": "move - move.T",
    "diagonal": "np.diag(np.diag(move))",
    "lower": "np.tril(move)",
    "upper": "np.triu(move)",
}

#: How a value with a property is made of `draw(shape)`, strongest first; {0} is the shape, {1} the size of its first axis.
DRAWN = {
    "orthogonal": "np.linalg.qr(draw({0}))[0]",
    "simplex": "shares(np.abs(draw({0})) + 0.1)",
    "diagonal": "np.diag(np.abs(draw(({1},))) + 0.5)",
    "positive-definite": "gram(draw({0})) + np.eye({1})",
    "symmetric": "mirrored(draw({0}))",
    "skew": "opposed(draw({0}))",
    "lower": "lower(draw({0}))",
    "upper": "lower(draw({0}).T).T",
    "positive": "np.abs(draw({0})) + 0.1",
    "invertible": "draw({0}) + {1} * np.eye({1})",
}

#: The functions that give numbers a property.
SHAPING = {
    name: [f"def {name}(x):", f'    """{what}."""', f"    return {text}"]
    for name, what, text in (
        ("shares", "Entries of which those of each row sum to 1", "x / x.sum(axis=-1, keepdims=True)"),
        ("lower", "A lower triangle with 1 added to its diagonal", "np.tril(x) + np.eye(*x.shape)"),
        ("gram", "A matrix times its transpose", "x @ x.T"),
        ("mirrored", "The sum with the transpose", "x + x.swapaxes(0, 1)"),
        ("opposed", "The difference from the transpose", "x - x.swapaxes(0, 1)"),
    )
}

#: The functions that stand for an unknown one and its derivatives.
UNKNOWN = ("{np}.sin", "{np}.cos", "lambda x: -{np}.sin(x)", "lambda x: -{np}.cos(x)")


@dataclass(frozen=True)
class Variation:
    """A variable that is varied: its Python name, the key of its answer, the function of which differences are taken.

    `ties` are the properties that tie its entries.  `columns`: its entries are taken columns first, as `vec` has them.
    `transposed`: the answer has the axes of the variable first.
    """

    python_name: str
    key: str
    function: str = "function"
    ties: Collection[str] = ()
    columns: bool = False
    transposed: bool = False


@dataclass(frozen=True)
class Trial:
    """What is tried: `name`, a function, against differences of others; `parameters` are those of all functions.

    `settled` is what depends on other values, in the order of computation.  `single` is False where the answer is a dict;
    with `pair`, it is the second of a pair.  `directions` are the names of the directions of a product, `cotangent` that
    of the covector.
    """

    name: str
    parameters: Sequence[Parameter]
    variations: Sequence[Variation]
    properties: Mapping[str, Collection[str]]
    settled: Sequence[Assigned | Wave] = ()
    single: bool = True
    pair: bool = False
    product: str = "derivative"
    directions: Sequence[str] = ()
    cotangent: str = ""

    def lines(self, namespace: str) -> list[str]:
        """The lines of the main; `namespace` is the module of the unknown functions."""
        body = ["random = np.random.default_rng(0)", *self.size_lines(), *self.drawing(namespace), ""]
        body += self.comparison()
        body += [
            'print(f"largest relative error: {error:.1e}")',
            f"sys.exit(0 if error <= {TOLERANCE:g} else 1)",
        ]
        precision = ['jax.config.update("jax_enable_x64", True)'] if namespace == "jnp" else []
        parts = [CALLED, slope_lines(settled=bool(self.settled)), DIFFERENCE]
        parts += [WAVE] * any(isinstance(step, Wave) for step in self.settled)
        parts += [settled_lines(self.settled)] * bool(self.settled)
        text = "\n".join(body)
        parts += [made for name, made in SHAPING.items() if f" {name}(" in text]
        functions = [line for part in parts for line in (*part, "", "")]
        return [*functions, 'if __name__ == "__main__":', *indented([*precision, *body])]

    # ---- Data.

    @property
    def all_parameters(self) -> dict[str, Parameter]:
        """All parameters by their Python names."""
        found = {p.python_name: p for p in self.parameters}
        if any(found[p.python_name].name != p.name for p in self.parameters):
            raise UnsupportedError("two values of a trial have one name", hint="leave out `--random`")
        return found

    @property
    def drawn_parameters(self) -> dict[str, Parameter]:
        """The parameters that are drawn and not computed, by their Python names."""
        computed = {key for step in self.settled for key in keys_of(step)}
        return {name: p for name, p in self.all_parameters.items() if name not in computed}

    def size_lines(self) -> list[str]:
        """The sizes of the dimensions: 2, 3, 4, .., those that are fixed left out."""
        shapes = [p.shape for p in self.all_parameters.values() if p.kind == "array"]
        fixed = {d for shape in shapes for axis in shape for d in axis if isinstance(d, int)}
        free = (size for size in range(2, 1000) if size not in fixed)
        names = sorted({*dimension_sources(shapes), *(p.name for p in self.all_parameters.values() if p.kind == "size")})
        entries = ", ".join(f'"{name}": {size}' for name, size in zip(names, free, strict=False))
        return [f"sizes = {{{entries}}}"]

    def drawing(self, namespace: str) -> list[str]:
        """The point: as a dict of arguments of the function, drawn until its value is finite."""
        values = [f'    "{name}": {self.drawn(p, namespace)},' for name, p in self.drawn_parameters.items()]
        values += ["    " + line for step in self.settled if isinstance(step, Wave) for line in step.entry()]
        names = list(dict.fromkeys(variation.function for variation in self.variations))
        finite = [f"np.isfinite(np.asarray(called({name}, values))).all()" for name in names]
        return [
            "",
            "def drawn(low, high):",
            "    def draw(shape):",
            "        return random.uniform(low, high, shape)",
            "",
            "    return {",
            *("    " + value for value in values),
            "    }",
            "",
            "for low, high in ((-1.0, 1.0), (0.2, 0.8)):",
            *(["    values = drawn(low, high)"] if not self.settled else []),
            '    with np.errstate(all="ignore"):',
            *(["        values = settled(drawn(low, high))"] if self.settled else []),
            *broken(finite),
        ]

    def drawn(self, parameter: Parameter, namespace: str) -> str:
        """The expression of the value of one parameter."""
        if parameter.kind == "size":
            return f'sizes["{parameter.name}"]'
        if parameter.kind == "function":
            return UNKNOWN[parameter.name.count("'") % 4].format(np=namespace)
        properties = self.properties.get(parameter.name, ())
        text = next((text for name, text in DRAWN.items() if name in properties), "draw({0})")
        return text.format(extents(parameter), extent(parameter.shape[0]) if parameter.shape else "")

    # ---- Comparison.

    def comparison(self) -> list[str]:
        """The statements that find the largest relative error."""
        call = f"called({self.name}, values)" + "[1]" * self.pair
        if self.product == "operator":
            return self.operator(call)
        if self.product in ("jvp", "hvp"):
            return self.along(call)
        lines = [f"found = {call}", "error = 0.0"]
        for variation in self.variations:
            lines += self.columns(variation)
            answer = "found" if self.single else f'found["{variation.key}"]'
            if self.product == "vjp":
                cotangent = f'values["{self.cotangent}"]'
                lines.append(f"numeric = np.tensordot({cotangent}, numeric, axes=np.ndim({cotangent}))")
            elif variation.transposed:
                lines.append("numeric = numeric.T")
            lines.append(f"error = max(error, difference({answer}, numeric))")
        return lines

    def columns(self, variation: Variation) -> list[str]:
        """The numeric derivative by one variable, the axes of the value first."""
        name = variation.python_name
        places, place = ("shape[::-1]", "place[::-1]") if variation.columns else ("shape", "place")
        axes = "(-1,)" if variation.columns else "shape"
        ties = TIES.get(self.tie(variation), "")
        return [
            f'shape = np.shape(values["{name}"])',
            "columns = []",
            f"for place in np.ndindex({places}):",
            "    move = np.zeros(shape)",
            f"    move[{place}] = 1.0",
            *([f"    move = {ties}"] if ties else []),
            f"    columns.append(slope({variation.function}, values, {name}=move))",
            f"numeric = np.stack(columns, axis=-1).reshape(np.shape(columns[0]) + {axes})",
        ]

    def tie(self, variation: Variation) -> str:
        """The one property that ties the entries."""
        ties = sorted(set(variation.ties) & set(TIES))
        if len(set(ties) - {"symmetric"}) > 1 or (len(ties) > 1 and ties != ["positive-definite", "symmetric"]):
            raise UnsupportedError(f"no differences along {' and '.join(ties)} entries", hint="leave out `--random`")
        return ties[0] if ties else ""

    def along(self, call: str) -> list[str]:
        """A product with directions, against the difference along them."""
        lines = [f"found = {call}", "moves = {}", "error = 0.0"]
        for variation, direction in zip(self.variations, self.directions, strict=True):
            name, ties = variation.python_name, TIES.get(self.tie(variation), "move")
            shape = f'.reshape(np.shape(values["{name}"])[::-1]).T' if variation.columns else ""
            lines += [f'move = values["{direction}"]{shape}', f'moves["{name}"] = {ties}']
        for variation in self.variations[: 1 if self.single else None]:
            answer = "found" if self.single else f'found["{variation.key}"]'
            lines.append(f"error = max(error, difference({answer}, slope({variation.function}, values, **moves)))")
        return lines

    def operator(self, call: str) -> list[str]:
        """An operator, applied to all unit vectors, against all differences, and its adjoint."""
        (variation,) = self.variations
        return [
            f"found = {call}",
            *self.columns(variation),
            "numeric = numeric.reshape(found.shape)",
            "error = difference(found @ np.eye(found.shape[1]), numeric)",
            "error = max(error, difference(found.H @ np.eye(found.shape[0]), numeric.T))",
        ]


def keys_of(step: Assigned | Wave) -> tuple[str, ...]:
    """The keys of values that a step computes."""
    return (step.key,) if isinstance(step, Assigned) else (step.value.python_name, *step.derived)


def broken(finite: Sequence[str]) -> list[str]:
    """The statements that end a loop where all conditions hold."""
    if len(finite) == 1:
        return [f"        if {finite[0]}:", "            break"]
    return ["        if all((", *(f"            {condition}," for condition in finite), "        )):", "            break"]


#: Functions of the main.
CALLED = '''
def called(function, values):
    """A function at those of some values that are its arguments."""
    return function(**{name: values[name] for name in inspect.signature(function).parameters})
'''.strip("\n").split("\n")


def slope_lines(*, settled: bool) -> list[str]:
    """The function that finds derivatives by differences."""
    return [
        "def slope(function, values, /, **moves):",
        '    """The derivative of a function along some moves, by central differences."""',
        "    sides = []",
        f"    for step in ({STEP:g}, -{STEP:g}):",
        "        moved = {name: values[name] + step * move for name, move in moves.items()}",
        *(["        moved = settled({**values, **moved})"] if settled else []),
        "        sides.append(np.asarray(called(function, {**values, **moved})))",
        f"    return (sides[0] - sides[1]) / {2 * STEP:g}",
    ]


DIFFERENCE = '''
def difference(found, numeric):
    """The largest error of an entry relative to the largest entry; inf if the shapes differ."""
    found, scale = np.asarray(found), max(np.abs(numeric).max(initial=0.0), 0.01)
    if found.shape != numeric.shape or not np.isfinite(found).all():
        return np.inf
    return float(np.abs(found - numeric).max(initial=0.0) / scale)
'''.strip("\n").split("\n")


def indented(lines: Sequence[str]) -> list[str]:
    """The lines of a block."""
    return ["    " + line if line else "" for line in lines]
