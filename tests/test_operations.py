"""Every record of the registry by itself: a new operation is tested by existing.

The reference of a record is its NumPy source, compared with the formulas of `naive` where those know the function.
Derivatives are compared with central differences, inside of the domain and away from kinks; the values at kinks are
stated.
"""

from __future__ import annotations

import inspect
from itertools import product as pairs
from typing import Any

import numpy as np
import pytest
import sympy
from interpreter import differences
from naive import FUNCTIONS, SIZES, Point, assert_equal, contraction, naive, numpy_source

import matcalc
from matcalc import operation as registry
from matcalc.differentiate import derivative
from matcalc.expr import Node, Variable, apply_elementwise, apply_matrix
from matcalc.inference import CONSTRUCTORS, infer_expression
from matcalc.operation import Operation, Overload, find_operation, operation, operations, parse_overload, register
from matcalc.tensor import Tensor

RECORDS = operations()
ELEMENTWISE = [record for record in RECORDS if record.derivative]
MATRIX = [record for record in RECORDS if record.jacobian]
DEFINED = [record for record in RECORDS if record.definition and record.overloads]
CALLABLE = [record for record in RECORDS if record.overloads]


def by_name(record: Operation) -> str:
    return record.name


def random(*words: str) -> np.random.Generator:
    return np.random.default_rng([*" ".join(words).encode()])


#: Where the entries of arguments are drawn; at a kink function they stay away from 0 and from each other.
INTERVALS = {
    "real": (-1.5, 1.5), "positive": (0.4, 2.0), "nonnegative": (0.4, 2.0), "nonzero": (0.4, 2.0),
    "(-1, 1)": (-0.8, 0.8),
}  # fmt: skip


def entries(record: Operation, shape: tuple[int, ...], position: int) -> np.ndarray:
    """Entries inside of the domain of a record."""
    generator = random(record.name, str(position))
    if record.domain == "kink":
        grid = generator.permutation(np.arange(int(np.prod(shape, initial=1)) * 2))[: int(np.prod(shape, initial=1))]
        signs = generator.choice([-1.0, 1.0], size=len(grid))
        return (signs * (0.3 + 0.2 * grid + 0.07 * position)).reshape(shape)
    if record.domain == "invertible":
        return 3 * np.eye(*shape) + generator.uniform(-1, 1, shape)
    return generator.uniform(*INTERVALS[record.domain], shape)


# The record


@pytest.mark.parametrize("record", RECORDS, ids=by_name)
def test_every_name_and_alias_finds_the_record(record: Operation) -> None:
    assert [find_operation(key) for key in (record.name, *record.aliases)] == [record] * (1 + len(record.aliases))
    assert operation(record.name) is record


def test_the_aliases_of_the_language() -> None:
    """LANGUAGE, section 3."""
    found = {alias: find_operation(alias).name for alias in ("arcsin", "arccos", "arctan", "trace")}
    assert found == {"arcsin": "asin", "arccos": "acos", "arctan": "atan", "trace": "tr"}


def test_the_functions_of_the_language_exist() -> None:
    """LANGUAGE, section 3."""
    words = """exp log sqrt abs sign sin cos tan asin acos atan sinh cosh tanh sigmoid relu step softplus erf gelu silu
        sum mean norm1 norm2 tr det logdet inv adj diag vec kron dot outer softmax logsoftmax logsumexp crossentropy
        maximum minimum eye ones vector matrix zeros commutation"""
    assert {word for word in words.split() if find_operation(word) is None} == set()


def test_operations_stand_once_and_by_name() -> None:
    names = [record.name for record in RECORDS]
    assert names == sorted(set(names))


@pytest.mark.parametrize("record", RECORDS, ids=by_name)
def test_the_record_says_what_the_function_is(record: Operation) -> None:
    assert record.summary.strip() == record.summary != ""
    assert "\n" not in record.summary
    assert record.name.isidentifier()
    assert repr(record) == f"<operation {record.name}>"


COMPLETE: dict[str, Any] = {
    "name": "twice", "signature": "()->()", "summary": "two times", "latex": "2{0}", "numpy": "2*{0}",
    "sympy": "twice", "derivative": (lambda x, y: x,),
}  # fmt: skip


def test_a_complete_record_can_be_made() -> None:
    assert Operation(**COMPLETE).arity == 1


@pytest.mark.parametrize(("change", "message"), [
    ({"summary": ""}, "summary and LaTeX"),
    ({"latex": ""}, "summary and LaTeX"),
    ({"numpy": ""}, "NumPy and SymPy"),
    ({"sympy": ""}, "NumPy and SymPy"),
    ({"derivative": ()}, "exactly one of"),
    ({"definition": lambda x: x}, "exactly one of"),
    ({"jacobian": lambda X, Y: X}, "exactly one of"),
    ({"signature": "(),()->()"}, "one derivative for each argument"),
    ({"derivative": (lambda x, y: x,) * 2}, "one derivative for each argument"),
])  # fmt: skip
def test_an_incomplete_record_cannot_be_made(change: dict[str, Any], message: str) -> None:
    with pytest.raises(TypeError, match=f"'twice'.*{message}"):
        Operation(**{**COMPLETE, **change})


@pytest.mark.parametrize("facet", ["name", "signature", "summary", "latex"])
def test_a_record_cannot_leave_a_facet_out(facet: str) -> None:
    with pytest.raises(TypeError, match=facet):
        Operation(**{key: value for key, value in COMPLETE.items() if key != facet})


@pytest.fixture
def own_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """A registry that may be filled without a trace."""
    monkeypatch.setattr(registry, "_registry", dict(registry._registry))


@pytest.mark.usefixtures("own_registry")
def test_a_record_is_found_once_it_is_registered() -> None:
    record = Operation(**{**COMPLETE, "aliases": ("double",)})
    assert register(record) is record
    assert find_operation("twice") is find_operation("double") is record


@pytest.mark.usefixtures("own_registry")
@pytest.mark.parametrize(
    "change", [{"name": "exp"}, {"name": "trace"}, {"aliases": ("exp",)}], ids=["name", "alias", "own-alias"]
)
def test_a_name_can_be_taken_once(change: dict[str, Any]) -> None:
    known = dict(registry._registry)
    with pytest.raises(ValueError, match="is taken"):
        register(Operation(**{**COMPLETE, **change}))
    assert {key: find_operation(key) for key in known} == known


@pytest.mark.usefixtures("own_registry")
def test_a_record_that_is_refused_leaves_nothing_behind() -> None:
    with pytest.raises(ValueError, match="is taken"):
        register(Operation(**{**COMPLETE, "aliases": ("exp",)}))
    assert find_operation("twice") is None


def test_an_unknown_name_has_no_record() -> None:
    assert find_operation("frobnicate") is None
    with pytest.raises(KeyError):
        operation("frobnicate")


# Signatures


@pytest.mark.parametrize(("text", "overload"), [
    ("()->()", Overload(((),), ())),
    ("(n,n)->()", Overload(((("n",), ("n",)),), ())),
    ("(m,n)->(n*m)", Overload(((("m",), ("n",)),), (("n", "m"),))),
    ("(m), (n) -> (m,n)", Overload(((("m",),), (("n",),)), (("m",), ("n",)))),
    ("(...,n)->(...)", Overload(((("n",),),), (), rows=True)),
    ("(*),(*)->()", Overload(((), ()), (), any=True)),
])  # fmt: skip
def test_signatures_are_read(text: str, overload: Overload) -> None:
    assert parse_overload(text) == overload


@pytest.mark.parametrize("text", ["", "()", "->", "()->", "m->n", "(m->(n)", "(m)->(n))", "(m)->(n),(p)", "((m))->()"])
def test_what_is_no_signature_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a signature"):
        parse_overload(text)


# Arguments that fit a signature


def shapes_of(overload: Overload) -> list[tuple[tuple[str, ...], ...]]:
    """The shapes of the arguments of one overload, in all variants: with rows and without, of orders 1 and 2."""
    if overload.any:
        return [(shape,) * len(overload.inputs) for shape in (("n",), ("m", "n"))]
    plain = tuple(tuple(axis[0] for axis in axes) for axes in overload.inputs)
    return [plain] + [(("m", *plain[0]),)] * overload.rows


def signature_cases(records: list[Operation]) -> list[Any]:
    """Each record with each variant of its arguments."""
    return [
        pytest.param(record, shapes, id=f"{record.name}-{'-'.join(''.join(shape) for shape in shapes) or 'scalar'}")
        for record in records
        for overload in record.overloads
        for shapes in shapes_of(overload)
    ]


def argument_values(record: Operation, shapes: tuple[tuple[str, ...], ...]) -> list[np.ndarray]:
    sizes = [tuple(SIZES[d] for d in shape) for shape in shapes]
    return [entries(record, shape, position) for position, shape in enumerate(sizes)]


def variables(shapes: tuple[tuple[str, ...], ...]) -> list[Node]:
    return [Variable.make(f"x{k}", shape) for k, shape in enumerate(shapes)]


def at(values: list[np.ndarray]) -> Point:
    return Point({f"x{k}": value for k, value in enumerate(values)})


@pytest.mark.parametrize(("record", "shapes"), signature_cases(CALLABLE))
def test_the_signature_tells_the_shape_of_the_value(record: Operation, shapes: tuple[tuple[str, ...], ...]) -> None:
    """As inference reads it, and as NumPy finds it."""
    kinds = ("scalar", "vector", "matrix")
    declare = [f"x{k}: {kinds[len(s)]}" + f"({', '.join(s)})" * bool(s) for k, s in enumerate(shapes)]
    typed = infer_expression(f"{record.name}({', '.join(f'x{k}' for k in range(len(shapes)))})", declare)
    expected = tuple(int(np.prod([SIZES[d] for d in axis])) for axis in typed.output.shape)
    assert np.shape(numpy_value(record, argument_values(record, shapes))) == expected


def numpy_value(record: Operation, values: list[np.ndarray]) -> np.ndarray:
    """The value by the NumPy source of a record; where its signature passes rows through, of each row by itself."""
    if record.jacobian and np.ndim(values[0]) > len(record.overloads[0].inputs[0]):
        return np.array([numpy_source(record.name)(row) for row in values[0]])
    return np.asarray(numpy_source(record.name)(*values))


# Values


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if find_operation(name)])
def test_numpy_source_has_the_value_of_the_textbook_formula(name: str) -> None:
    record = operation(name)
    (shapes, *_) = shapes_of(record.overloads[0])
    values = argument_values(record, tuple(("m", "n") if record.elementwise else shape for shape in shapes))
    assert_equal(numpy_source(name)(*values), FUNCTIONS[name](*values))


def define(record: Operation, shapes: tuple[tuple[str, ...], ...], *axis: int) -> np.ndarray:
    """The value of a definition, its compound axes joined."""
    values = argument_values(record, shapes)
    arguments = [Tensor(node, (1,) * node.order) for node in variables(shapes)]
    made: Tensor = record.definition(*arguments, *axis)
    return naive(made.node, at(values))


@pytest.mark.parametrize(("record", "shapes"), signature_cases(DEFINED))
def test_definitions_have_the_value_of_their_numpy_source(
    record: Operation, shapes: tuple[tuple[str, ...], ...]
) -> None:
    expected = np.asarray(numpy_source(record.name)(*argument_values(record, shapes)))
    assert_equal(define(record, shapes).reshape(expected.shape), expected)


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize(("name", "function"), [("sum", np.sum), ("mean", np.mean)])
def test_axes_are_those_of_numpy(name: str, function: Any, axis: int) -> None:
    shapes = (("m", "n"),)
    expected = function(*argument_values(operation(name), shapes), axis=axis)
    assert_equal(define(operation(name), shapes, axis), expected)


def test_the_records_with_an_axis() -> None:
    assert {record.name for record in RECORDS if record.axis} == {"sum", "mean"}


def sympy_value(record: Operation, *arguments: Any) -> Any:
    """The value by the SymPy facet: a name, or a function of SymPy and the arguments."""
    facet = record.sympy if callable(record.sympy) else lambda s, *x: getattr(s, record.sympy)(*x)
    return facet(sympy, *arguments)


@pytest.mark.parametrize("record", ELEMENTWISE, ids=by_name)
def test_sympy_has_the_value_of_numpy(record: Operation) -> None:
    values = [entries(record, (4,), k) for k in range(record.arity)]
    found = [float(sympy_value(record, *map(sympy.Float, place))) for place in zip(*values, strict=True)]
    np.testing.assert_allclose(found, numpy_source(record.name)(*values), rtol=1e-12)


@pytest.mark.parametrize("record", MATRIX, ids=by_name)
def test_sympy_has_the_value_of_numpy_for_matrix_functions(record: Operation) -> None:
    (shape,) = shapes_of(record.overloads[0])[0]
    values = argument_values(record, (shape,))
    argument = {1: list, 2: sympy.Matrix}[len(shape)](values[0])
    expected = np.asarray(numpy_source(record.name)(*values))
    found = np.array(sympy_value(record, argument)).astype(float).reshape(expected.shape)
    np.testing.assert_allclose(found, expected, rtol=1e-10)


@pytest.mark.parametrize("record", [r for r in RECORDS if {"positive", "nonnegative"} & r.facts], ids=by_name)
def test_facts_of_a_record_hold(record: Operation) -> None:
    value = numpy_source(record.name)(*[np.linspace(-2.0, 2.0, 9) + 0.01 * k for k in range(record.arity)])
    assert (value > -1e-300).all()
    assert (value > 0).all() == ("positive" in record.facts)


# Text


@pytest.mark.parametrize("record", RECORDS, ids=by_name)
def test_latex_has_balanced_braces(record: Operation) -> None:
    shown = record.latex.format("U", "V")
    depths = np.cumsum([(c == "{") - (c == "}") for c in shown])
    assert depths[-1] == 0
    assert (depths >= 0).all()
    assert shown.count(r"\left") == shown.count(r"\right")


@pytest.mark.parametrize("record", CALLABLE, ids=by_name)
def test_latex_and_numpy_show_every_argument(record: Operation) -> None:
    arguments = ["ARGUMENT", "OTHER"][: record.arity]
    assert [name in record.latex.format("ARGUMENT", "OTHER") for name in arguments] == [True] * len(arguments)
    assert [name in record.numpy.format("ARGUMENT", "OTHER") for name in arguments] == [True] * len(arguments)


@pytest.mark.parametrize("record", CALLABLE, ids=by_name)
def test_numpy_source_compiles(record: Operation) -> None:
    compile(record.numpy.format("(a + b)", "(c - d)"), record.name, "eval")


@pytest.mark.parametrize("record", CALLABLE, ids=by_name)
def test_the_rule_takes_the_arguments_of_the_signature(record: Operation) -> None:
    """x.. and y for an element-wise derivative, X and Y for a Jacobian, the arguments for a definition."""
    rules = [rule for rule in (record.definition, record.jacobian, *record.derivative) if rule]
    extra = bool(record.derivative or record.jacobian) + record.axis
    assert [len(inspect.signature(rule).parameters) for rule in rules] == [record.arity + extra] * len(rules)


def test_constructors_are_those_that_inference_knows() -> None:
    assert {record.name for record in RECORDS if not record.overloads} == set(CONSTRUCTORS)


# Element-wise derivatives


ARGUMENTS = [pytest.param(r, k, id=f"{r.name}-{k}") for r in ELEMENTWISE for k in range(r.arity)]
TWO_ARGUMENTS = [
    pytest.param(r, j, k, id=f"{r.name}-{j}{k}") for r in ELEMENTWISE for j, k in pairs(range(r.arity), repeat=2)
]


def elementwise_case(record: Operation) -> tuple[list[Node], Node, Point]:
    shapes = (("m", "n"),) * record.arity
    nodes = variables(shapes)
    return nodes, apply_elementwise(record.name, *nodes), at(argument_values(record, shapes))


def assert_derivative(function: Node, by: Node, point: Point) -> None:
    """The derivative of a node has the value of central differences of the node."""
    expected = differences(lambda moved: naive(function, point.moved(by.name, moved)), point.values[by.name])
    found = naive(derivative(function, by), point)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-8 * float(np.abs(expected).max(initial=1.0)))


@pytest.mark.parametrize(("record", "position"), ARGUMENTS)
def test_first_derivative_of_an_elementwise_function(record: Operation, position: int) -> None:
    nodes, value, point = elementwise_case(record)
    assert_derivative(value, nodes[position], point)


@pytest.mark.parametrize(("record", "first", "second"), TWO_ARGUMENTS)
def test_second_derivative_of_an_elementwise_function(record: Operation, first: int, second: int) -> None:
    """The weights part the entries, so that none can stand for another."""
    nodes, value, point = elementwise_case(record)
    weights = Variable.make("w", ("m", "n"))
    point = point.moved("w", np.array([[1.0, -0.7, 0.4], [2.0, 0.9, -1.3]]))
    assert_derivative(derivative(contraction("ij,ij->", weights, value), nodes[first]), nodes[second], point)


#: At a kink: the function, its arguments, its value, and its derivatives by each argument (LANGUAGE, section 3).
KINKS = {
    "abs": ([0.0], 0.0, [0.0]),
    "sign": ([0.0], 0.0, [0.0]),
    "step": ([0.0], 0.0, [0.0]),
    "relu": ([0.0], 0.0, [0.0]),
    "maximum": ([0.7, 0.7], 0.7, [1.0, 0.0]),
    "minimum": ([0.7, 0.7], 0.7, [1.0, 0.0]),
}


def test_every_function_with_a_kink_is_listed() -> None:
    assert {record.name for record in ELEMENTWISE if record.domain == "kink"} == set(KINKS)


@pytest.mark.parametrize("name", KINKS)
def test_values_and_derivatives_at_a_kink(name: str) -> None:
    place, value, slopes = KINKS[name]
    nodes = variables(((),) * len(place))
    node = apply_elementwise(name, *nodes)
    point = at([np.array(v) for v in place])
    assert numpy_source(name)(*place) == value
    assert float(naive(node, point)) == value
    assert [float(naive(derivative(node, by), point)) for by in nodes] == slopes


@pytest.mark.parametrize(("name", "below", "above"), [
    ("maximum", [0.0, 1.0], [1.0, 0.0]), ("minimum", [1.0, 0.0], [0.0, 1.0]),
    ("relu", [0.0], [1.0]), ("abs", [-1.0], [1.0]), ("step", [0.0], [0.0]), ("sign", [0.0], [0.0]),
])  # fmt: skip
def test_derivatives_beside_a_kink(name: str, below: list[float], above: list[float]) -> None:
    """Below and above: the first argument less and greater than the second, or than 0."""
    nodes = variables(((),) * len(below))
    slopes = [derivative(apply_elementwise(name, *nodes), by) for by in nodes]
    places = [[np.array(v)] + [np.array(0.0)] * (len(nodes) - 1) for v in (-0.5, 0.5)]
    found = [[float(naive(slope, at(place))) for slope in slopes] for place in places]
    assert found == [below, above]


# Derivatives of matrix functions


def matrix_case(record: Operation, shapes: tuple[tuple[str, ...], ...]) -> tuple[Node, Node, Point]:
    (argument,) = variables(shapes)
    groups = (1,) * len(record.overloads[0].inputs[0])
    return argument, apply_matrix(record.name, argument, groups), at(argument_values(record, shapes))


@pytest.mark.parametrize(("record", "shapes"), signature_cases(MATRIX))
def test_first_derivative_of_a_matrix_function(record: Operation, shapes: tuple[tuple[str, ...], ...]) -> None:
    argument, value, point = matrix_case(record, shapes)
    assert_derivative(value, argument, point)


@pytest.mark.parametrize(("record", "shapes"), signature_cases(MATRIX))
def test_second_derivative_of_a_matrix_function(record: Operation, shapes: tuple[tuple[str, ...], ...]) -> None:
    argument, value, point = matrix_case(record, shapes)
    assert_derivative(derivative(value, argument), argument, point)


@pytest.mark.parametrize("record", MATRIX, ids=by_name)
def test_derivative_of_a_matrix_function_on_compound_axes(record: Operation) -> None:
    """Each axis of the signature is made of two axes of the argument."""
    count = len(record.overloads[0].inputs[0])
    argument = Variable.make("x0", ("m", "n") * count)
    joined = entries(record, (6,) * count, 0)
    point = at([joined.reshape((2, 3) * count)])
    value = apply_matrix(record.name, argument, (2,) * count)
    expected = np.asarray(numpy_source(record.name)(joined))
    assert_equal(naive(value, point).reshape(expected.shape), expected)
    assert_derivative(value, argument, point)


# Aliases and names in the language


@pytest.mark.parametrize("record", [record for record in RECORDS if record.aliases], ids=by_name)
def test_an_alias_is_the_function(record: Operation) -> None:
    texts = {matcalc.derive(f"sum({name}(X*A))", wrt="X", declare="X: matrix(n, n); A: matrix(n, n)").text
             for name in (record.name, *record.aliases)}  # fmt: skip
    assert len(texts) == 1
