"""The main of an emitted module that tries it: random data, central differences, the largest relative error.

The data are drawn once more, positive and smaller than 1, where the first give a value that is not finite.  Sizes are
small and pairwise different.  The exit status is 1 where the two disagree.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from matcalc.codegen.parameters import Parameter, dimension_sources
from matcalc.errors import UnsupportedError
from matcalc.form import Axis

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
    "simplex": "(lambda part: part / part.sum(axis=-1, keepdims=True))(np.abs(draw({0})) + 0.1)",
    "diagonal": "np.diag(np.abs(draw(({1},))) + 0.5)",
    "positive-definite": "(lambda root: root @ root.T + np.eye({1}))(draw({0}))",
    "symmetric": "(lambda half: half + half.T)(draw({0}))",
    "skew": "(lambda half: half - half.T)(draw({0}))",
    "lower": "np.tril(draw({0})) + np.eye({0}[0], {0}[1])",
    "upper": "np.triu(draw({0})) + np.eye({0}[0], {0}[1])",
    "positive": "np.abs(draw({0})) + 0.1",
    "invertible": "draw({0}) + {1} * np.eye({1})",
}

#: The functions that stand for an unknown one and its derivatives.
UNKNOWN = ("{np}.sin", "{np}.cos", "lambda x: -{np}.sin(x)", "lambda x: -{np}.cos(x)")


@dataclass(frozen=True)
class Variation:
    """A variable that is varied: its Python name, the key of its answer, the properties that tie its entries.

    `columns`: its entries are taken columns first, as `vec` has them.  `transposed`: the answer has the axes of the
    variable first.
    """

    python_name: str
    key: str
    ties: Collection[str] = ()
    columns: bool = False
    transposed: bool = False


@dataclass(frozen=True)
class Trial:
    """What is tried: `name`, a function of `parameters`, against differences of `function`, one of `given`.

    `single` is False where the answer is a dict; with `pair`, it is the second of a pair.  `directions` are the names of
    the directions of a product, `cotangent` that of the covector.
    """

    name: str
    parameters: Sequence[Parameter]
    given: Sequence[Parameter]
    variations: Sequence[Variation]
    properties: Mapping[str, Collection[str]]
    single: bool = True
    pair: bool = False
    product: str = "derivative"
    directions: Sequence[str] = ()
    cotangent: str = ""

    def lines(self, namespace: str) -> list[str]:
        """The lines of the main; `namespace` is the module of the unknown functions."""
        body = ["random = np.random.default_rng(0)", *self.size_lines(), *self.drawing(namespace), ""]
        body += ["value = np.asarray(function(**point))"]
        body += self.comparison()
        body += [
            'print(f"largest relative error: {error:.1e}")',
            f"sys.exit(0 if error <= {TOLERANCE:g} else 1)",
        ]
        precision = ['jax.config.update("jax_enable_x64", True)'] if namespace == "jnp" else []
        return [*DIFFERENCE, "", "", 'if __name__ == "__main__":', *indented([*precision, *body])]

    # ---- Data.

    @property
    def all_parameters(self) -> dict[str, Parameter]:
        """All parameters by their Python names."""
        return {p.python_name: p for p in (*self.given, *self.parameters)}

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
        values = []
        for name, parameter in self.all_parameters.items():
            if "/" in parameter.name:
                raise UnsupportedError(f"no data can be made for {parameter.name}", hint="leave out `--random`")
            values.append(f'    "{name}": {self.drawn(parameter, namespace)},')
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
            "    values = drawn(low, high)",
            "    point = {name: values[name] for name in inspect.signature(function).parameters}",
            '    with np.errstate(all="ignore"):',
            "        if np.isfinite(np.asarray(function(**point))).all():",
            "            break",
        ]

    def drawn(self, parameter: Parameter, namespace: str) -> str:
        """The expression of the value of one parameter."""
        if parameter.kind == "size":
            return f'sizes["{parameter.name}"]'
        if parameter.kind == "function":
            return UNKNOWN[parameter.name.count("'") % 4].format(np=namespace)
        axes = [self.extent(axis) for axis in parameter.shape]
        shape = f"({', '.join(axes)}{',' * (len(axes) == 1)})"
        properties = self.properties.get(parameter.name, ())
        text = next((text for name, text in DRAWN.items() if name in properties), "draw({0})")
        return text.format(shape, axes[0] if axes else "")

    def extent(self, axis: Axis) -> str:
        """The size of an axis."""
        return " * ".join(str(d) if isinstance(d, int) else f'sizes["{d}"]' for d in axis) or "1"

    # ---- Comparison.

    def comparison(self) -> list[str]:
        """The statements that find the largest relative error."""
        call = f"{self.name}(**{{name: values[name] for name in inspect.signature({self.name}).parameters}})"
        call += "[1]" * self.pair
        if self.product == "operator":
            return self.operator(call)
        if self.product in ("jvp", "hvp"):
            return self.along(call)
        lines = [f"found = {call}", "error = 0.0"]
        for variation in self.variations:
            lines += self.columns(variation)
            answer = "found" if self.single else f'found["{variation.key}"]'
            if self.product == "vjp":
                lines.append(f'numeric = np.tensordot(values["{self.cotangent}"], numeric, axes=value.ndim)')
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
            f"    columns.append(slope(point, {name}=move))",
            f"numeric = np.stack(columns, axis=-1).reshape(value.shape + {axes})",
        ]

    def tie(self, variation: Variation) -> str:
        """The one property that ties the entries."""
        ties = sorted(set(variation.ties) & set(TIES))
        if len(set(ties) - {"symmetric"}) > 1 or (len(ties) > 1 and ties != ["positive-definite", "symmetric"]):
            raise UnsupportedError(f"no differences along {' and '.join(ties)} entries", hint="leave out `--random`")
        return ties[0] if ties else ""

    def along(self, call: str) -> list[str]:
        """A product with directions, against the difference along them."""
        lines = [f"found = {call}", "moves = {}"]
        for variation, direction in zip(self.variations, self.directions, strict=True):
            ties = TIES.get(self.tie(variation), "move")
            lines += [f'move = values["{direction}"]', f'moves["{variation.python_name}"] = {ties}']
        answer = "found" if self.single else f'found["{self.variations[0].key}"]'
        return [*lines, f"error = difference({answer}, slope(point, **moves))"]

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


#: Functions of the main.
DIFFERENCE = f'''

def slope(point, **moves):
    """The derivative of the function along some moves, by central differences."""
    sides = []
    for step in ({STEP:g}, -{STEP:g}):
        moved = {{name: point[name] + step * move for name, move in moves.items()}}
        sides.append(np.asarray(function(**{{**point, **moved}})))
    return (sides[0] - sides[1]) / {2 * STEP:g}


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
